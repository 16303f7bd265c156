//! `portunus manifest import|show`: carriers' passenger lists from files, and what is known of voyages.

use crate::house::{Folder, now, open_store};
use anyhow::{Context as _, Result, bail};
use portunus_core::voyage::{Capacity, Voyage, VoyageKey};
use portunus_documents::edifact::paxlst;
use portunus_documents::edifact::problem::Problem;
use portunus_store::Store;
use portunus_store::{Listed, ManifestOutcome};
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
struct ImportedMessage {
    voyage: String,
    reference: String,
    passengers: usize,
    infants: usize,
    crew: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    added: usize,
    updated: usize,
    removed: usize,
    unchanged: usize,
}

#[derive(Serialize)]
struct ImportedFile {
    file: String,
    messages: Vec<ImportedMessage>,
    problems: Vec<Problem>,
    problems_left_out: usize,
}

pub(crate) fn run(command: &Command) -> Result<()> {
    match command {
        Command::Import(args) => import(args),
        Command::Show(args) => show(args),
    }
}

fn import(args: &Import) -> Result<()> {
    let store = if args.dry_run { None } else { Some(open_store(&args.folder.path()?)?) };
    let mut files = Vec::new();
    let mut taken = 0;
    for path in &args.files {
        let file = import_file(store.as_ref(), path)?;
        taken += file.messages.iter().filter(|m| m.refused.is_none()).count();
        files.push(file);
    }
    if args.json {
        crate::print_json(&files)?;
    } else {
        files.iter().try_for_each(|file| crate::print(&in_words(file)))?;
    }
    if taken == 0 {
        bail!("no message was taken; what is wrong stands above");
    }
    Ok(())
}

fn import_file(store: Option<&Store>, path: &Path) -> Result<ImportedFile> {
    let name = path.display().to_string();
    let length = std::fs::metadata(path).with_context(|| format!("reading {name}"))?.len();
    if length > paxlst::INPUT_BYTES_MAX as u64 {
        bail!("{name}: {length} bytes, at most {} are read", paxlst::INPUT_BYTES_MAX);
    }
    let bytes = std::fs::read(path).with_context(|| format!("reading {name}"))?;
    let reading = paxlst::read(&bytes);
    let mut messages = Vec::new();
    for message in &reading.messages {
        let people = &message.manifest.people;
        let count = |capacity| people.iter().filter(|p| p.capacity == capacity).count();
        let mut imported = ImportedMessage {
            voyage: message.manifest.voyage.to_string(),
            reference: message.reference.clone(),
            passengers: count(Capacity::Passenger),
            infants: count(Capacity::Infant),
            crew: count(Capacity::Crew),
            refused: None,
            added: 0,
            updated: 0,
            removed: 0,
            unchanged: 0,
        };
        match store.map(|store| store.apply_manifest(&message.manifest, now())).transpose()? {
            Some(ManifestOutcome::Applied(applied)) => {
                (imported.added, imported.updated) = (applied.added, applied.updated);
                (imported.removed, imported.unchanged) = (applied.removed, applied.unchanged);
            }
            Some(ManifestOutcome::Refused { status, .. }) => {
                imported.refused = Some(format!("the voyage is {status:?}: nothing can be added").to_lowercase());
            }
            None => {}
        }
        messages.push(imported);
    }
    let problems_left_out = reading.problems_left_out;
    Ok(ImportedFile { file: name, messages, problems: reading.problems, problems_left_out })
}

fn in_words(file: &ImportedFile) -> String {
    let mut lines = vec![format!("{}:", file.file)];
    for m in &file.messages {
        let what = m.refused.clone().unwrap_or_else(|| {
            format!("{} added, {} updated, {} removed, {} unchanged", m.added, m.updated, m.removed, m.unchanged)
        });
        lines.push(format!(
            "  {} ({} passengers, {} infants, {} crew): {what}",
            m.voyage, m.passengers, m.infants, m.crew
        ));
    }
    lines.extend(file.problems.iter().map(|problem| format!("  {problem}")));
    if file.problems_left_out > 0 {
        lines.push(format!("  and {} further problems", file.problems_left_out));
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
    let store = open_store(&args.folder.path()?)?;
    let Some(key) = &args.voyage else { return show_all(&store, args.json) };
    let voyage = store.voyage_by_key(key)?.with_context(|| format!("no voyage {key} is known"))?;
    let staging = store.staging(voyage.id)?;
    let row = |listed: Listed| {
        let stated = listed.passenger.stated;
        Row {
            capacity: stated.capacity,
            name: format!("{}, {}", stated.family_name, stated.given_names),
            nationality: stated.nationality.map(|state| state.to_string()),
            document: stated.documents.first().map(|d| format!("{} {} {}", d.issuer, d.kind.as_str(), d.number())),
            reference: staging.iter().find(|(id, _)| *id == listed.passenger.id).map(|(_, state)| state.clone()),
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
    let voyages = store.voyages()?;
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
