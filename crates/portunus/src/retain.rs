//! `portunus retain`: what is held until when, and the erasing of what is due.

use crate::house::{Folder, now, open_store};
use crate::policy::slug;
use anyhow::{Result, bail};
use jiff::{SignedDuration, Timestamp};
use portunus_core::policy::{DataClass, PersonClass};
use portunus_store::Store;
use serde::Serialize;
use std::collections::BTreeMap;

/// Records erased in one go: a service beside it commits in between.
const BATCH: usize = 200;
const HOURS: [i64; 4] = [1, 24, 30 * 24, 365 * 24];

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    folder: Folder,
    /// Say what is held and what would be erased, and erase nothing
    #[arg(long)]
    dry_run: bool,
    /// Say that the clock is right, where erasing was halted because it is far from the last look
    #[arg(long, conflicts_with = "dry_run")]
    confirm_clock: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// How much of one class and kind is held, by how soon it is due; each counted once.
#[derive(Debug, Default, Clone, Serialize)]
struct Until {
    due_now: u64,
    within_an_hour: u64,
    within_a_day: u64,
    within_30_days: u64,
    within_a_year: u64,
    later: u64,
}

#[derive(Debug, Serialize)]
struct Row {
    class: PersonClass,
    data: DataClass,
    #[serde(flatten)]
    until: Until,
}

#[derive(Debug, Serialize)]
struct Report {
    at: Timestamp,
    dry_run: bool,
    /// How long the longest overdue is overdue, in seconds.
    late_seconds: i64,
    held: Vec<Row>,
    erased: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let store = open_store(&args.folder.with_data()?)?;
    if args.confirm_clock {
        store.believe_clock(now())?;
    }
    let mut report = look(&store, now(), args.dry_run)?;
    if !args.dry_run {
        let Some(by) = store.look_at_clock(report.at)?.erase_by(report.at) else {
            bail!(
                "nothing was erased: the clock says {}, far from when these data were last looked after; set the \
                 clock right, or say that it is with --confirm-clock",
                report.at
            );
        };
        let due = report.held.iter().map(|row| row.until.due_now).sum();
        let bar = crate::references::bar(due, "erased");
        store.erase_all_due(by, BATCH, |records| {
            report.erased += records as u64;
            bar.set_position(report.erased);
        })?;
        bar.finish_and_clear();
    }
    if args.json { crate::print_json(&report) } else { say(&report) }
}

fn look(store: &Store, at: Timestamp, dry_run: bool) -> Result<Report> {
    let mut held: BTreeMap<(PersonClass, DataClass), Until> = BTreeMap::new();
    let mut late = SignedDuration::ZERO;
    store.holdings(|holding| {
        let until = held.entry((holding.class, holding.data)).or_default();
        let left = holding.due.duration_since(at);
        late = late.max(-left);
        let within = |hours: i64| left <= SignedDuration::from_hours(hours);
        let [hour, day, month, year] = HOURS.map(within);
        *match (left <= SignedDuration::ZERO, hour, day, month, year) {
            (true, ..) => &mut until.due_now,
            (_, true, ..) => &mut until.within_an_hour,
            (_, _, true, ..) => &mut until.within_a_day,
            (_, _, _, true, _) => &mut until.within_30_days,
            (_, _, _, _, true) => &mut until.within_a_year,
            _ => &mut until.later,
        } += 1;
    })?;
    let held = held.into_iter().map(|((class, data), until)| Row { class, data, until }).collect();
    Ok(Report { at, dry_run, late_seconds: late.as_secs(), held, erased: 0 })
}

fn say(report: &Report) -> Result<()> {
    crate::print(&format!(
        "{:36} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        format!("held at {}", report.at.strftime("%F %H:%M UTC")),
        "due now",
        "1 hour",
        "1 day",
        "30 days",
        "1 year",
        "later"
    ))?;
    for Row { class, data, until } in &report.held {
        crate::print(&format!(
            "{:36} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
            format!("{}, {}", class.in_words(), slug(data)),
            until.due_now,
            until.within_an_hour,
            until.within_a_day,
            until.within_30_days,
            until.within_a_year,
            until.later
        ))?;
    }
    if report.held.is_empty() {
        crate::print("nothing")?;
    }
    if report.late_seconds > 0 {
        crate::print(&format!("the longest overdue is late by {} s", report.late_seconds))?;
    }
    match report.dry_run {
        true => crate::print("dry run: nothing was erased"),
        false => crate::print(&format!("{} erased", report.erased)),
    }
}
