//! `portunus lookouts import|export|list|calibrate`: lists in and out, and how often hits by name are right.

pub(crate) mod calibrate;
pub(crate) mod mangle;
pub(crate) mod people;

use crate::dice::Dice;
use crate::house::{Folder, now, open_store, read_at_most};
use anyhow::{Context as _, Result, bail};
use calibrate::Drawing;
use portunus_core::lookout::Standing;
use portunus_core::lookout::index::ENTRIES_MAX;
use portunus_core::role::Role;
use portunus_documents::lookout::{INPUT_BYTES_MAX, fields, read, write_csv};
use std::path::PathBuf;

#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Read a list, CSV or JSON: all of it comes in and waits for approval, or nothing does
    Import(Import),
    /// Write all that is kept as a list that can be imported
    Export(Export),
    /// Show what is kept
    List(List),
    /// Measure on synthetic people how often hits by name are right and missed, and choose thresholds
    Calibrate(Calibrate),
}

#[derive(clap::Args, Debug)]
pub(crate) struct Import {
    #[command(flatten)]
    folder: Folder,
    /// The list
    file: PathBuf,
    /// Who writes these lookouts: somebody who signs in as a lookout author; another approves them
    #[arg(long, value_name = "NAME")]
    author: String,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Export {
    #[command(flatten)]
    folder: Folder,
    /// As JSON instead of CSV
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    folder: Folder,
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Calibrate {
    /// The same seed draws the same people
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// People on the list
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=ENTRIES_MAX as i64))]
    entries: u32,
    /// Travellers asked with, one in four of them listed
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..))]
    travellers: u32,
    /// How many of a million travellers are listed
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..1_000_000))]
    listed_per_million: u32,
    /// How many wrong hits weigh as much as a right one
    #[arg(long, default_value_t = 100.0, value_parser = worth)]
    wrong_worth_one_right: f64,
    /// The same of lookouts that know no date of birth, of which few are in force
    #[arg(long, default_value_t = 5000.0, value_parser = worth)]
    undated_wrong_worth_one_right: f64,
    /// File for the page of the book
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// File for the thresholds, as crates/core/src/lookout/calibration.toml
    #[arg(long, value_name = "FILE")]
    thresholds: Option<PathBuf>,
    /// Print the calibration as JSON
    #[arg(long)]
    json: bool,
}

/// How many looks at somebody else a right hit is worth.
fn worth(text: &str) -> Result<f64, String> {
    let worth = text.parse().ok().filter(|worth: &f64| worth.is_finite() && *worth > 0.0);
    worth.ok_or_else(|| "expected a number above 0".to_owned())
}

/// So many faults, in words.
fn faults(n: usize) -> String {
    format!("{n} {}", if n == 1 { "fault" } else { "faults" })
}

pub(crate) fn run(command: &Command) -> Result<()> {
    match command {
        Command::Import(args) => import(args),
        Command::Export(args) => export(args),
        Command::List(args) => list(args),
        Command::Calibrate(args) => calibrate(args),
    }
}

fn import(args: &Import) -> Result<()> {
    let store = open_store(&args.folder.with_data()?)?;
    let author =
        store.user_by_name(&args.author)?.with_context(|| format!("nobody signs in as {}", args.author))?;
    if author.role != Role::LookoutAuthor || !author.signs_in() {
        bail!("{} is no lookout author who can sign in", args.author);
    }
    let now = now();
    let reading =
        read(&read_at_most(&args.file, INPUT_BYTES_MAX)?, now, |lookout| store.keeps_lookout(lookout, now))?;
    if !reading.faults.is_empty() {
        if args.json {
            crate::print_json(
                &serde_json::json!({ "faults": reading.faults, "faults_left_out": reading.faults_left_out }),
            )?;
        } else {
            reading.faults.iter().try_for_each(|fault| crate::print(&fault.to_string()))?;
            if reading.faults_left_out > 0 {
                crate::print(&format!("and {} more", faults(reading.faults_left_out)))?;
            }
        }
        bail!("nothing was kept: {}", faults(reading.faults.len() + reading.faults_left_out));
    }
    let put = store.put_lookouts(&reading.lookouts, author.id, now)?;
    if args.json {
        return crate::print_json(&put);
    }
    crate::print(&format!(
        "{} new, {} replaced, {} unchanged; what is new or replaced waits for approval",
        put.written, put.replaced, put.unchanged
    ))
}

fn export(args: &Export) -> Result<()> {
    let all = open_store(&args.folder.with_data()?)?.lookouts(now())?;
    if args.json {
        return crate::print_json(&all.iter().map(|(_, lookout)| fields(lookout)).collect::<Vec<_>>());
    }
    crate::print(write_csv(all.iter().map(|(_, lookout)| lookout)).trim_end())
}

fn list(args: &List) -> Result<()> {
    let all = open_store(&args.folder.with_data()?)?.lookouts(now())?;
    let state = |standing| match standing {
        Standing::Proposed => "proposed",
        Standing::InForce { .. } => "in-force",
    };
    if args.json {
        let rows = all.iter().map(|(row, lookout)| {
            serde_json::json!({
                "id": row.id,
                "state": state(row.standing),
                "written_at": row.written_at,
                "lookout": fields(lookout),
            })
        });
        return crate::print_json(&rows.collect::<Vec<_>>());
    }
    for (row, lookout) in &all {
        // Whom it is on is for who asks for it: `export`.
        crate::print(&format!(
            "{} {:<8} {:<9} {} {}; until {}, review {}",
            row.id,
            row.kind,
            state(row.standing),
            row.authority,
            lookout.reference,
            row.expires_at,
            row.review_on
        ))?;
    }
    if all.is_empty() {
        crate::print("no lookout is kept; `portunus lookouts import FILE --author NAME` reads a list")?;
    }
    Ok(())
}

fn calibrate(args: &Calibrate) -> Result<()> {
    let drawing = Drawing {
        seed: args.seed,
        entries: args.entries as usize,
        travellers: args.travellers as usize,
        listed_per_million: args.listed_per_million,
        wrong_worth_one_right: args.wrong_worth_one_right,
        undated_wrong_worth_one_right: args.undated_wrong_worth_one_right,
    };
    let mut dice = Dice::new(drawing.seed);
    let list = calibrate::list(drawing, &mut dice, calibrate::LONG_FROM_NOW)?;
    let counted = calibrate::count(&list, drawing.travellers, &mut dice, now());
    let calibration = counted.calibration(drawing);
    if let Some(file) = &args.page {
        std::fs::write(file, counted.page(drawing)).with_context(|| file.display().to_string())?;
    }
    if let Some(file) = &args.thresholds {
        std::fs::write(file, toml::to_string(&calibration)?).with_context(|| file.display().to_string())?;
    }
    if args.json { crate::print_json(&calibration) } else { crate::print(&counted.page(drawing)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_of_hits_holds_on_people_drawn_anew() {
        // Fewer people than the calibration in force was made with, so what is asked is that it is near.
        let drawing = Drawing { seed: 20_261_123, entries: 20_000, travellers: 4000, ..Drawing::default() };
        let mut dice = Dice::new(drawing.seed);
        let list = calibrate::list(drawing, &mut dice, calibrate::LONG_FROM_NOW).unwrap();
        let counted =
            calibrate::count(&list, drawing.travellers, &mut dice, "2026-11-23T12:00:00Z".parse().unwrap());
        let (recall, wrongly) = counted.in_force();
        let stated = portunus_core::lookout::Calibration::in_force();
        assert!((recall - stated.recall).abs() < 0.05, "{recall} {}", stated.recall);
        assert!(wrongly * 1e5 <= stated.wrongly_referred_per_100k, "{wrongly}");
    }

    #[test]
    fn numbers_that_nothing_can_be_drawn_or_weighed_with_are_refused() {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            of: Calibrate,
        }
        let parse =
            |argument: &str| <Line as clap::Parser>::try_parse_from(["", argument]).map(|line| line.of);
        for bad in [
            "--entries=0",
            "--entries=2000001",
            "--travellers=0",
            "--listed-per-million=0",
            "--listed-per-million=1000000",
            "--wrong-worth-one-right=-5",
            "--wrong-worth-one-right=NaN",
            "--undated-wrong-worth-one-right=inf",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert_eq!(parse("--entries=2000000").unwrap().entries, 2_000_000);
    }

    #[test]
    fn the_same_seed_draws_the_same_people() {
        let draw = || {
            let mut dice = Dice::new(7);
            let who = people::person(&mut dice);
            let (recorded, slips) = mangle::as_traveller(&who, &mut dice);
            (recorded.family, recorded.given, recorded.born, slips)
        };
        assert!(draw() == draw());
    }
}
