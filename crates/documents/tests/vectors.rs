//! Every real message that we have is taken or refused for a stated reason, as `vectors.tsv` says.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its files fails")]

use portunus_core::voyage::Capacity;
use portunus_documents::edifact::paxlst::{self, Reading};
use portunus_documents::edifact::problem::{Problem, Severity};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folder of real messages; `None`, loudly, where it is not on this machine.
fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/edifact");
    if !folder.is_dir() {
        eprintln!("SKIPPED: no ../shared/vectors/edifact beside the workspace, real messages are not read");
        return None;
    }
    Some(folder)
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for group in std::fs::read_dir(folder).unwrap() {
        let group = group.unwrap().path();
        for file in std::fs::read_dir(&group).unwrap() {
            let file = file.unwrap().path();
            let name = format!(
                "{}/{}",
                group.file_name().unwrap().to_str().unwrap(),
                file.file_name().unwrap().to_str().unwrap()
            );
            if !name.ends_with("LICENSE.txt") {
                files.insert(name, std::fs::read(&file).unwrap());
            }
        }
    }
    files
}

/// A reading as a row of the table: verdict, messages, voyages, legs, passengers, infants, crew, their documents,
/// errors, warnings, and what was found wrong.
fn row(reading: &Reading) -> String {
    let people = |capacity| -> usize {
        let of = |m: &paxlst::Message| m.manifest.people.iter().filter(|p| p.capacity == capacity).count();
        reading.messages.iter().map(of).sum()
    };
    let voyages: Vec<_> = reading.messages.iter().map(|m| m.manifest.voyage.to_string()).collect();
    let legs = reading.messages.iter().flat_map(|m| &m.manifest.legs);
    let legs: Vec<_> = legs.map(|leg| format!("{}-{}", leg.from, leg.to)).collect();
    let all = reading.messages.iter().flat_map(|m| &m.manifest.people);
    let documents: usize = all.map(|p| p.documents.len()).sum();
    let problems = |severity| reading.problems.iter().filter(|p| p.severity == severity).count();
    let mut reasons: Vec<&str> = reading.problems.iter().map(|p: &Problem| &*p.found).collect();
    reasons.dedup();
    let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    [
        if reading.messages.is_empty() { "refused" } else { "taken" }.to_owned(),
        reading.messages.len().to_string(),
        or_dash(voyages.join(",")),
        or_dash(legs.join(",")),
        people(Capacity::Passenger).to_string(),
        people(Capacity::Infant).to_string(),
        people(Capacity::Crew).to_string(),
        documents.to_string(),
        problems(Severity::Error).to_string(),
        problems(Severity::Warning).to_string(),
        or_dash(reasons.join("; ")),
    ]
    .join("\t")
}

#[test]
fn every_real_message_is_taken_or_refused_for_a_stated_reason() {
    let Some(folder) = folder() else { return };
    let table = include_str!("vectors.tsv");
    let expected: BTreeMap<&str, &str> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .collect();
    let files = files(&folder);
    let mut wrong = Vec::new();
    for (name, bytes) in &files {
        let reading = paxlst::read(bytes);
        let actual = row(&reading);
        if expected.get(name.as_str()) != Some(&actual.as_str()) {
            let problems: Vec<_> = reading.problems.iter().map(|p| format!("\n    {p}")).collect();
            wrong.push(format!("{name}\t{actual}{}", problems.concat()));
        }
        if reading.messages.is_empty() {
            assert!(
                reading.problems.iter().any(|p| p.severity == Severity::Error),
                "{name} is refused silently"
            );
        }
    }
    assert!(wrong.is_empty(), "the table does not say:\n{}", wrong.join("\n"));
    let gone: Vec<_> = expected.keys().filter(|name| !files.contains_key(**name)).collect();
    assert!(gone.is_empty(), "the table names files that are not there: {gone:?}");
}
