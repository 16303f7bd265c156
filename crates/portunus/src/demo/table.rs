//! The table of what happened.

use super::cast::Part;
use super::play::{Passage, Played};
use anyhow::Result;
use std::collections::BTreeMap;

/// With more travellers than this, only those who were not simply confirmed are listed one by one.
const LISTED_MAX: usize = 30;

/// One traveller in a line.
pub(super) fn line(passage: &Passage) -> String {
    let outcome = match (passage.step.as_str(), passage.lane) {
        ("proceed", _) => "confirmed".to_owned(),
        (_, "manual") => "declined".to_owned(),
        _ => format!("referred: {}", passage.reasons.join(", ")),
    };
    let took = passage.decision_ms.map_or_else(String::new, |ms| format!("{ms} ms"));
    let score = passage.score.map_or_else(String::new, |score| format!("{score:.2}"));
    let wrong = if passage.wrong_person { "  WRONG PERSON" } else { "" };
    format!(
        "{:<24} {:<20} {:<44} {:>5} {:>8}  photo {:<14} {}{wrong}",
        passage.traveller,
        passage.part.in_words(),
        outcome,
        score,
        took,
        passage.photo,
        passage.ruling.unwrap_or("")
    )
}

/// Prints what became of each voyage.
pub(super) fn print(played: &[Played]) -> Result<()> {
    for voyage in played {
        crate::print(&format!("\n{}", voyage.voyage))?;
        let all = voyage.passages.len() <= LISTED_MAX;
        for passage in voyage.passages.iter().filter(|p| all || p.step != "proceed" || p.wrong_person) {
            crate::print(&line(passage))?;
        }
        crate::print(&summary(voyage))?;
    }
    Ok(())
}

fn summary(voyage: &Played) -> String {
    let mut outcomes: BTreeMap<(Part, String), usize> = BTreeMap::new();
    for passage in &voyage.passages {
        let outcome = match (passage.step.as_str(), passage.lane) {
            ("proceed", _) => "confirmed".to_owned(),
            (_, "manual") => "declined, seen by an officer".to_owned(),
            _ => format!("referred ({})", passage.reasons.join(", ")),
        };
        *outcomes.entry((passage.part, outcome)).or_default() += 1;
    }
    let mut times: Vec<u64> = voyage.passages.iter().filter_map(|p| p.decision_ms).collect();
    times.sort_unstable();
    let rank = |percent: usize| {
        times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0)
    };
    let mut lines = vec![String::new()];
    lines.extend(
        outcomes
            .iter()
            .map(|((part, outcome), count)| format!("{count:>5}  {:<20} {outcome}", part.in_words())),
    );
    let progress = &voyage.progress;
    let wrong = voyage.passages.iter().filter(|p| p.wrong_person).count();
    lines.push(format!(
        "\nreferences: {} staged, {} refused.  expected {}, boarded {} by face and {} by document; {} departures recorded",
        voyage.references,
        voyage.references_refused,
        progress.expected,
        progress.face_matched,
        progress.document_inspected,
        voyage.crossings
    ));
    lines.push(format!("found as somebody else: {wrong}"));
    lines.push(format!(
        "frames sent to answer: p50 {} ms, p95 {} ms, longest {} ms",
        rank(50),
        rank(95),
        times.last().copied().unwrap_or(0)
    ));
    let waits = |lane: &portunus_core::encounter::LaneWaits| {
        format!("{} people, p50 {} ms, p95 {} ms", lane.people, lane.passed_p50_ms, lane.passed_p95_ms)
    };
    lines.push(format!(
        "through within: photo {}; no photo {}",
        waits(&voyage.photo_waits),
        waits(&voyage.manual_waits)
    ));
    lines.join("\n")
}
