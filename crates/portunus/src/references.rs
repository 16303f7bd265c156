//! `portunus references import`: portraits from a folder, a zip or a CSV, each under its document.

use crate::bundle::{self, Item};
use crate::house::Choices;
use anyhow::{Context as _, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use portunus_core::voyage::VoyageStatus;
use portunus_server::service::{ReferenceOutcome, Service};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Portraits that are read before the first of them is taken in.
const TOGETHER_MAX: usize = 32;

#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Take in portraits and stage them for the voyages that expect their holders
    Import(Import),
}

#[derive(clap::Args, Debug)]
pub(crate) struct Import {
    #[command(flatten)]
    choices: Choices,
    /// A folder or zip of ISSUER-KIND-NUMBER.jpg, or with references.csv (issuer,kind,number,file); or the CSV
    path: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Imported {
    source: String,
    #[serde(flatten)]
    outcome: ReferenceOutcome,
}

#[derive(Serialize)]
struct Report {
    added: usize,
    unchanged: usize,
    replaced: usize,
    refused: Vec<Imported>,
    voyages: Vec<Staged>,
}

#[derive(Serialize)]
struct Staged {
    voyage: String,
    people: usize,
    staged: usize,
    /// How many have no template, by reason.
    without: BTreeMap<&'static str, usize>,
}

pub(crate) fn run(command: &Command) -> Result<()> {
    let Command::Import(args) = command;
    let bundle = bundle::open(&args.path).with_context(|| args.path.display().to_string())?;
    let service = args.choices.open()?;
    let bar = bar(bundle.len() as u64, "portraits");
    let mut report = Report { added: 0, unchanged: 0, replaced: 0, refused: Vec::new(), voyages: Vec::new() };
    let mut bundle = bundle.into_iter().peekable();
    while bundle.peek().is_some() {
        // Several at once, on all cores; what names a document again waits, so that the later one stands.
        let mut together = Vec::new();
        let mut documents = HashSet::new();
        while together.len() < TOGETHER_MAX
            && bundle.peek().is_some_and(|item| {
                item.result.as_ref().is_ok_and(|(of, _)| documents.insert(of.clone())) || item.result.is_err()
            })
        {
            together.extend(bundle.next());
        }
        for (source, outcome) in added(&service, together) {
            match outcome? {
                ReferenceOutcome::Added => report.added += 1,
                ReferenceOutcome::Unchanged => report.unchanged += 1,
                ReferenceOutcome::Replaced => report.replaced += 1,
                outcome @ ReferenceOutcome::Refused { .. } => {
                    report.refused.push(Imported { source, outcome })
                }
            }
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    report.voyages = stage(&service)?;
    if args.json {
        crate::print_json(&report)?;
    } else {
        say(&report)?;
    }
    if report.added + report.unchanged + report.replaced == 0 {
        bail!("no portrait was taken; what is wrong stands above");
    }
    Ok(())
}

/// What became of each item, in their order.
fn added(service: &Service, items: Vec<Item>) -> Vec<(String, Result<ReferenceOutcome>)> {
    let one = |item: Item| {
        let outcome = match item.result {
            Ok((document, portrait)) => service.add_reference(&document, &portrait).map_err(Into::into),
            Err(problem) => Ok(ReferenceOutcome::Refused { reason: problem.to_string() }),
        };
        (item.source, outcome)
    };
    let waiting: Vec<Mutex<Option<Item>>> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = waiting.get(at) else { return done };
            let item = item.lock().unwrap_or_else(PoisonError::into_inner).take();
            done.extend(item.map(|item| (at, one(item))));
        }
    };
    let mut done: Vec<(usize, _)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..crate::eval::threads()).map(|_| scope.spawn(work)).collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, Vec<_>>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

fn stage(service: &Service) -> Result<Vec<Staged>> {
    let mut voyages = Vec::new();
    for voyage in service.store().voyages()? {
        if !matches!(voyage.status, VoyageStatus::Scheduled | VoyageStatus::Open) {
            continue;
        }
        let report = service.stage(voyage.id)?;
        let mut without = BTreeMap::new();
        for why in report.members.iter().filter_map(|member| member.unstaged) {
            *without.entry(why.slug()).or_default() += 1;
        }
        let people = report.members.len();
        let staged = people - without.values().sum::<usize>();
        voyages.push(Staged { voyage: voyage.key.to_string(), people, staged, without });
    }
    Ok(voyages)
}

fn say(report: &Report) -> Result<()> {
    for refused in &report.refused {
        if let ReferenceOutcome::Refused { reason } = &refused.outcome {
            crate::print(&format!("{}: {reason}", refused.source))?;
        }
    }
    crate::print(&format!(
        "{} added, {} unchanged, {} replaced, {} refused",
        report.added,
        report.unchanged,
        report.replaced,
        report.refused.len()
    ))?;
    for voyage in &report.voyages {
        let without: Vec<String> = voyage.without.iter().map(|(why, n)| format!("{n} {why}")).collect();
        let tail =
            if without.is_empty() { String::new() } else { format!("; without: {}", without.join(", ")) };
        crate::print(&format!("{}: {} of {} staged{tail}", voyage.voyage, voyage.staged, voyage.people))?;
    }
    Ok(())
}

/// A progress bar on a terminal; nothing elsewhere.
pub(crate) fn bar(length: u64, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} {elapsed} (about {eta} left)");
    let bar = ProgressBar::new(length).with_message(what);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
