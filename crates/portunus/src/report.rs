//! `portunus report`: what a data folder says of the service's own errors, and what of it anybody may read.

use crate::house::{Folder, now};
use anyhow::{Context as _, Result};
use portunus_server::pages::oversight::oversight_file;
use portunus_server::service::oversight::{Oversight, Parity, of_folder};
use portunus_server::service::report::{AccuracyReport, RateFigure, accuracy, percent};
use portunus_store::Tallies;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What it takes.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    folder: Folder,
    /// Print JSON
    #[arg(long, conflicts_with = "text")]
    json: bool,
    /// What anybody may read, as one HTML file with its plots: as the page /oversight has it
    #[arg(long, conflicts_with_all = ["text", "json"])]
    html: bool,
    /// Write into this file instead of printing
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The year that passages and captures are of [default: the latest]
    #[arg(long, value_name = "YEAR")]
    year: Option<String>,
    /// Print text (so also when nothing is said)
    #[arg(long)]
    text: bool,
    /// Travellers a day to work out people per day for [default: each port's own average]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    per_day: Option<u64>,
}

/// Prints the report. Changes nothing in the folder; a service may run on it.
pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = args.folder.with_data()?;
    let (tallies, points) =
        Tallies::in_folder(&folder).with_context(|| format!("reading the counts in {}", folder.display()))?;
    let report = accuracy(&tallies, &points, args.per_day, now());
    let text = if args.html {
        oversight_file(&oversight(args, &folder)?).into_string()
    } else if args.json {
        let oversight = oversight(args, &folder)?;
        serde_json::to_string_pretty(&serde_json::json!({ "accuracy": report, "oversight": oversight }))?
    } else {
        text(&report) + &parity_text(&oversight(args, &folder)?.parity)
    };
    match &args.out {
        Some(file) => crate::eval::place(file, text.as_bytes()),
        None => crate::print(text.trim_end()),
    }
}

/// What anybody may read of the folder.
fn oversight(args: &Args, folder: &Path) -> Result<Oversight> {
    let year = args.year.as_deref();
    let report = of_folder(folder, year, now()).with_context(|| format!("reading {}", folder.display()))?;
    let mut report =
        report.with_context(|| format!("nothing is published of the year {}", year.unwrap_or_default()))?;
    report.ledger.verify = report.ledger.command("ledger");
    Ok(report)
}

fn text(report: &AccuracyReport) -> String {
    let mut text = format!("Accuracy, as of {}\n", report.as_of);
    if report.ports.is_empty() {
        text.push_str("Nobody was photographed yet: there is nothing to report.\n");
    }
    for port in &report.ports {
        for pack in &port.packs {
            let _ = writeln!(text, "\nPort {}, model pack {}, {} days", port.port, pack.pack, port.days);
            for rate in &pack.rates {
                let _ = writeln!(text, "  {:40} {}", rate.name, in_words(rate));
            }
            for sentence in pack.rates.iter().filter_map(|rate| rate.in_words.as_deref()) {
                let _ = writeln!(text, "  {sentence}");
            }
            for dimension in &pack.groups {
                for cell in &dimension.cells {
                    for rate in &cell.rates {
                        let _ = writeln!(text, "  {:16} {:40} {}", cell.cell, rate.name, in_words(rate));
                    }
                }
            }
        }
    }
    text.push('\n');
    for note in &report.notes {
        let _ = writeln!(text, "{note}");
    }
    text
}

/// What declining costs in time, point by point, then month by month.
fn parity_text(parity: &Parity) -> String {
    let seconds = |ms: Option<u64>| ms.map_or("-".to_owned(), |ms| format!("{:.1} s", ms as f64 / 1000.0));
    let mut text = "\nWhat declining costs in time (p95 of waits)\n".to_owned();
    for at in &parity.points {
        let (manual, photo) = (seconds(at.manual_p95_ms), seconds(at.photo_p95_ms));
        let promised = seconds(Some(at.limit_ms));
        let _ = writeln!(
            text,
            "  {:20} {:16} no photo {manual}, photo {photo}, promised {promised}",
            at.point, at.judgement
        );
    }
    for month in &parity.trend {
        let count = |n: Option<u64>| n.map_or("withheld".to_owned(), |n| n.to_string());
        let _ = writeln!(
            text,
            "  {:20} no photo {}, photo {}, officers {} and {}, declined and left waiting {}",
            month.month,
            seconds(month.manual_p95_ms),
            seconds(month.photo_p95_ms),
            count(month.manual_officers),
            count(month.photo_officers),
            count(month.declined_left_waiting),
        );
    }
    if parity.points.is_empty() && parity.trend.is_empty() {
        text.push_str("  Nothing is published yet.\n");
    }
    text
}

/// A rate with all that belongs to it, on one line: never bare.
pub(crate) fn in_words(rate: &RateFigure) -> String {
    match (rate.interval, rate.events, rate.trials) {
        (Some(of), Some(events), Some(trials)) => {
            let (low, high) = (percent(of.low), percent(of.high));
            format!("{} ({low} to {high}), {events} of {trials}", percent(of.estimate))
        }
        _ => rate.withheld.unwrap_or("not known").to_owned(),
    }
}
