//! `portunus manifest import|show`: carriers' passenger lists from files, and what is known of voyages.

use crate::house::{Folder, now, open_store, read_at_most};
use anyhow::{Context as _, Result, bail};
use portunus_core::voyage::{Capacity, Voyage, VoyageKey};
use portunus_documents::edifact::paxlst;
use portunus_server::service::{Taken, TakenMessage, take_manifests};
use portunus_store::{Listed, Store};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Read PAXLST interchanges and apply them
    Import(Import),
    /// Show voyages, or one voyage's people
    Show(Show),
}

#[derive(clap::Args, Debug)]
pub(crate) struct Import {
    #[command(flatten)]
    folder: Folder,
    /// EDIFACT files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Read and report, change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Show {
    #[command(flatten)]
    folder: Folder,
    /// A voyage, for example LH400/2026-11-23; all voyages when not said
    voyage: Option<VoyageKey>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Imported {
    file: String,
    #[serde(flatten)]
    taken: Taken,
}

pub(crate) fn run(command: &Command) -> Result<()> {
    match command {
        Command::Import(args) => import(args),
        Command::Show(args) => show(args),
    }
}

fn import(args: &Import) -> Result<()> {
    let store = if args.dry_run { None } else { Some(open_store(&args.folder.path()?)?) };
    let (mut files, mut unread) = (Vec::new(), Vec::new());
    for path in &args.files {
        // What became of the other files is told, also when one cannot be read.
        match import_file(store.as_ref(), path) {
            Ok(file) => {
                if file.taken.messages.iter().all(|message| message.refused.is_some()) {
                    unread.push(format!("{}: no message was taken; what is wrong stands above", file.file));
                }
                files.push(file);
            }
            Err(error) => unread.push(format!("{error:#}")),
        }
    }
    if args.json {
        crate::print_json(&files)?;
    } else {
        files.iter().try_for_each(|file| crate::print(&in_words(file)))?;
    }
    if !unread.is_empty() {
        bail!("{}", unread.join("\n"));
    }
    Ok(())
}

fn import_file(store: Option<&Store>, path: &Path) -> Result<Imported> {
    let file = path.display().to_string();
    let reading = paxlst::read(&read_at_most(path, paxlst::INPUT_BYTES_MAX)?);
    let taken = match store {
        Some(store) => take_manifests(store, reading, now())?,
        None => Taken {
            messages: reading.messages.iter().map(TakenMessage::listing).collect(),
            problems: reading.problems,
            problems_left_out: reading.problems_left_out,
        },
    };
    Ok(Imported { file, taken })
}

fn in_words(imported: &Imported) -> String {
    let Taken { messages, problems, problems_left_out } = &imported.taken;
    let mut lines = vec![format!("{}:", imported.file)];
    for m in messages {
        let what = m.refused.clone().unwrap_or_else(|| {
            format!(
                "{} added, {} updated, {} removed, {} unchanged",
                m.added, m.updated, m.removed, m.unchanged
            )
        });
        lines.push(format!(
            "  {} ({} passengers, {} infants, {} crew): {what}",
            m.voyage, m.passengers, m.infants, m.crew
        ));
    }
    lines.extend(problems.iter().map(|problem| format!("  {problem}")));
    if *problems_left_out > 0 {
        lines.push(format!("  and {problems_left_out} further problems"));
    }
    lines.join("\n")
}

#[derive(Serialize)]
struct Row {
    capacity: Capacity,
    name: String,
    nationality: Option<String>,
    document: Option<String>,
    reference: Option<String>,
    boarded: bool,
}

fn show(args: &Show) -> Result<()> {
    let store = open_store(&args.folder.with_data()?)?;
    let Some(key) = &args.voyage else { return show_all(&store, args.json) };
    let voyage = store.voyage_by_key(key)?.with_context(|| format!("no voyage {key} is known"))?;
    let staging = store.staging(voyage.id)?;
    let row = |listed: Listed| {
        let stated = listed.passenger.stated;
        Row {
            capacity: stated.capacity,
            name: format!("{}, {}", stated.family_name, stated.given_names),
            nationality: stated.nationality.map(|state| state.to_string()),
            document: stated
                .documents
                .first()
                .map(|d| format!("{} {} {}", d.issuer, d.kind.as_str(), d.number())),
            reference: staging
                .iter()
                .find(|(id, _)| *id == listed.passenger.id)
                .map(|(_, state)| state.clone()),
            boarded: listed.boarding.is_some(),
        }
    };
    let rows: Vec<Row> = store.passengers(voyage.id)?.into_iter().map(row).collect();
    if args.json {
        return crate::print_json(&serde_json::json!({ "voyage": voyage, "people": rows }));
    }
    crate::print(&line(&voyage, rows.len()))?;
    for row in rows {
        crate::print(&format!(
            "  {:<10} {:<36} {:<4} {:<22} {:<14} {}",
            format!("{:?}", row.capacity).to_lowercase(),
            row.name,
            row.nationality.unwrap_or_default(),
            row.document.unwrap_or_default(),
            row.reference.unwrap_or_else(|| "not staged".to_owned()),
            if row.boarded { "boarded" } else { "" }
        ))?;
    }
    Ok(())
}

fn show_all(store: &Store, json: bool) -> Result<()> {
    let mut voyages = store.voyages()?;
    // A watch's list is nobody's manifest.
    voyages.retain(|voyage| voyage.watch.is_none());
    if json {
        return crate::print_json(&voyages);
    }
    for voyage in &voyages {
        crate::print(&line(voyage, store.passengers(voyage.id)?.len()))?;
    }
    if voyages.is_empty() {
        crate::print("no voyage is known; `portunus manifest import FILE` reads a passenger list")?;
    }
    Ok(())
}

fn line(voyage: &Voyage, people: usize) -> String {
    let mut way: Vec<&str> = voyage.legs.iter().map(|leg| leg.from.as_str()).collect();
    way.extend(voyage.legs.last().map(|leg| leg.to.as_str()));
    let status = format!("{:?}", voyage.status).to_lowercase();
    format!("{} {} {status}, {people} people", voyage.key, way.join("-"))
}
