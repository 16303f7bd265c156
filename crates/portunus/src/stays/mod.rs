//! `portunus stays`: who is past their last day, and why that is said, without a name; neighbours' entries taken in as
//! exits; ways out of the state declared. Whose stay it is opens in a case of the records office, and nowhere else.

mod calibrate;
mod read;

use crate::dice::Dice;
use crate::house::Choices;
use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use portunus_core::id::RecordId;
use portunus_core::stay::{Book, Mode, Rules, Span, Stay};
use portunus_server::service::{ImportDone, OVERSTAYS_SHOWN_MAX, Service, neighbour};
use portunus_store::Subject;
use serde::Serialize;
use std::path::PathBuf;

/// Taken in before the bar moves on.
const AT_ONCE: usize = 5000;

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    choices: Choices,
    #[command(subcommand)]
    command: Option<Command>,
    /// Stays that are shown, the longest past first
    #[arg(long, value_name = "N", default_value_t = OVERSTAYS_SHOWN_MAX)]
    at_most: usize,
    /// Print the result as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Take in a neighbour's entries as exits: JSON, or CSV with the same names in its first line
    Import(Import),
    /// Say why a stay is what it is, by the record of its entry or exit
    Explain {
        /// As the list has it
        record: RecordId,
    },
    /// Declare a way out of the state: while exits by it are recorded, or that they are not
    WayOut(WayOut),
    /// Measure on synthetic people how often a pair that no document makes is one person's
    Calibrate(Calibrate),
}

#[derive(clap::Args, Debug)]
struct Calibrate {
    /// The same seed draws the same people
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Entries that no document closes, and as many exits
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
    ends: u64,
    /// How many of a thousand of these entries are closed by one of these exits
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    matched_per_thousand: u32,
    /// File for the page of the book
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// File for the table, as crates/core/src/stay/calibration.toml
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
}

#[derive(clap::Args, Debug)]
struct Import {
    /// Who recorded them, by its ICAO 9303 code
    #[arg(long, value_name = "STATE")]
    source: String,
    /// at, port, mode, issuer, kind, number, family_name, given_names, born, nationality, sex
    file: PathBuf,
    /// Read and report, change nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(clap::Args, Debug)]
struct WayOut {
    /// air, sea or land
    #[arg(long, value_parser = mode)]
    mode: Mode,
    /// A port or a region [default: anywhere by this mode]
    #[arg(long, value_name = "NAME")]
    at: Option<String>,
    /// Exits are recorded from this instant [default: they are not]
    #[arg(long, value_name = "INSTANT")]
    recorded_from: Option<Timestamp>,
    /// And not from this instant on
    #[arg(long, value_name = "INSTANT", requires = "recorded_from")]
    recorded_until: Option<Timestamp>,
    /// Why that is so, for everybody to read
    #[arg(long)]
    reason: String,
}

fn mode(text: &str) -> Result<Mode, String> {
    let named = Mode::ALL.into_iter().find(|mode| mode.in_words() == text);
    named.ok_or_else(|| "expected air, sea or land".to_owned())
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.command {
        Some(Command::Import(import)) => take_in(args, import),
        Some(Command::Explain { record }) => explain(args, *record),
        Some(Command::WayOut(way)) => declare(args, way),
        Some(Command::Calibrate(how)) => calibrate(args, how),
        None => list(args),
    }
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// A line as a terminal may have it: ports are as others wrote them.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn opened(args: &Args) -> Result<Service> {
    args.choices.folder.with_data()?;
    args.choices.open()
}

fn list(args: &Args) -> Result<()> {
    let service = opened(args)?;
    service.compute_overstays()?;
    let list = service.overstays(args.at_most)?;
    if args.json {
        return crate::print_json(&list);
    }
    for stay in &list.stays {
        let state = stay.state.in_words();
        let explained = shown(&stay.explained);
        crate::print(&format!("{}  {}  {state}: {explained}", stay.record, stay.until))?;
    }
    if list.stays.len() < list.all {
        let left_out = list.all - list.stays.len();
        crate::print(&format!("{left_out} more are not shown: --at-most {} shows them", list.all))?;
    }
    crate::print(&counted(list.all, "stay is past its last day", "stays are past their last day"))
}

/// One stay, without a name.
#[derive(Serialize)]
struct Explained {
    entry: Option<RecordId>,
    exit: Option<RecordId>,
    #[serde(flatten)]
    state: portunus_core::stay::StayState,
    explained: String,
}

impl Explained {
    fn of(stay: &Stay) -> Self {
        Self {
            entry: stay.entry.as_ref().map(|seen| seen.record),
            exit: stay.exit.as_ref().map(|seen| seen.record),
            state: stay.state,
            explained: stay.explained(),
        }
    }
}

fn explain(args: &Args, record: RecordId) -> Result<()> {
    let service = opened(args)?;
    let now = service.now();
    let nobody = Subject { documents: &[], person: None };
    let events = service.store().stay_events_about(&nobody, &[record], now)?;
    let stays = Book::of(Rules::default(), events).stays(record, &service.coverage()?, now);
    if stays.is_empty() {
        bail!("no crossing that is kept has the record {record}");
    }
    if args.json {
        return crate::print_json(&stays.iter().map(Explained::of).collect::<Vec<_>>());
    }
    for stay in &stays {
        crate::print(&format!("{}: {}", stay.state.in_words(), shown(&stay.explained())))?;
    }
    Ok(())
}

fn declare(args: &Args, way: &WayOut) -> Result<()> {
    let service = args.choices.open()?;
    let recorded = way.recorded_from.map(|from| Span { from, until: way.recorded_until });
    service.declare_way_out(way.mode, way.at.as_deref(), recorded, &way.reason)?;
    service.compute_overstays()?;
    let ways = service.ways_shown()?;
    if args.json {
        return crate::print_json(&ways);
    }
    for way in ways {
        let spans: Vec<String> = way
            .recorded
            .iter()
            .map(|span| {
                let until = span.until.map_or(String::new(), |until| format!(" until {until}"));
                format!("recorded from {}{until}", span.from)
            })
            .collect();
        let recorded = if spans.is_empty() { "not recorded".to_owned() } else { spans.join(", ") };
        crate::print(&shown(&format!("{}: {recorded} ({})", way.way, way.because.join("; "))))?;
    }
    Ok(())
}

fn take_in(args: &Args, import: &Import) -> Result<()> {
    let path = import.file.display();
    let from = neighbour(&import.source, &args.choices.policy()?)?;
    let reading = read::file(&import.file, crate::house::now())?;
    let (faulty, all) = (reading.faulty(), reading.faulty() + reading.entries.len());
    if faulty > 0 {
        if args.json {
            let (faults, left_out) = (&reading.faults, reading.faults_left_out);
            crate::print_json(&serde_json::json!({ "faults": faults, "faults_left_out": left_out }))?;
        } else {
            reading.faults.iter().try_for_each(|fault| crate::print(&format!("{path}: {fault}")))?;
        }
        bail!("{path}: {faulty} of {all} entries are faulty; nothing was imported");
    }
    if import.dry_run {
        if args.json {
            return crate::print_json(&serde_json::json!({ "can_be_imported": all }));
        }
        return crate::print(&counted(all, "entry can be imported", "entries can be imported"));
    }
    let service = opened(args)?;
    let bar = crate::references::bar(all as u64, "entries taken in");
    let mut done = ImportDone::default();
    for some in reading.entries.chunks(AT_ONCE) {
        let of = service.import_exits(&from, some).with_context(|| {
            format!("{path}: after {} entries; the same file again goes on from there", bar.position())
        })?;
        done.added += of.added;
        done.known += of.known;
        done.not_kept += of.not_kept;
        bar.inc(some.len() as u64);
    }
    bar.finish_and_clear();
    if args.json {
        return crate::print_json(&done);
    }
    crate::print(&format!(
        "{}, {} known before, {} not kept: of citizens, of people of whom no entry is held that it could close, or past \
         their date",
        counted(done.added, "exit added", "exits added"),
        done.known,
        done.not_kept
    ))
}

fn calibrate(args: &Args, how: &Calibrate) -> Result<()> {
    let mut dice = Dice::new(how.seed);
    let drawn = calibrate::Drawn::of(how.ends, how.matched_per_thousand, &mut dice);
    let counted = drawn.counted(how.seed);
    if let Some(file) = &how.page {
        std::fs::write(file, counted.page()).with_context(|| file.display().to_string())?;
    }
    if let Some(file) = &how.table {
        std::fs::write(file, toml::to_string(&counted.calibration)?)
            .with_context(|| file.display().to_string())?;
    }
    if args.json { crate::print_json(&counted.calibration) } else { crate::print(&counted.page()) }
}
