//! The figures as tables that a person reads in a terminal.

use super::figures::{Figures, Identification};
use super::groups::{Cell, PEOPLE_MIN};
use std::fmt::Write as _;

/// A rate as a percentage.
pub(super) fn percent(rate: f64) -> String {
    let percent = rate * 100.0;
    if percent != 0.0 && percent < 0.1 { format!("{percent:.3} %") } else { format!("{percent:.2} %") }
}

/// An interval of a rate as a percentage.
pub(super) fn between(low: f64, high: f64) -> String {
    format!("{:.2} to {:.2} %", low * 100.0, high * 100.0)
}

/// A star at what too little stands behind.
pub(super) fn star(few: bool) -> &'static str {
    if few { "*" } else { "" }
}

/// One line for each reason, "12 no-face, 3 poor-quality".
pub(super) fn reasons(figures: &Figures) -> String {
    let each: Vec<String> = figures.fta_reasons.iter().map(|(why, count)| format!("{count} {why}")).collect();
    if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) }
}

/// What to know before reading: for whatever the figures hold.
pub(super) fn notes(figures: &Figures) -> Vec<String> {
    let mut notes = Vec::new();
    if !figures.identification.is_empty() {
        notes.push(
            "FNIR: mated searches whose person is not first at or over the threshold; what could not be acquired is a \
             miss. Intervals: 95 %, by drawing people, the threshold found anew in each of 1,000 draws."
                .to_owned(),
        );
    }
    let few = figures.identification.iter().any(|at| at.few) || figures.verification.iter().any(|at| at.few);
    if few {
        notes.push(
            "* Fewer than 30 errors stand behind the wanted rate (rule of 30): the threshold, and what follows from \
             it, is uncertain; with fewer than 3 expected nothing can be claimed of that rate (rule of 3)."
                .to_owned(),
        );
    }
    if figures.pairs_not_compared > 0 {
        notes.push(format!(
            "{} pairs are in no FMR or FNMR, a picture of theirs could not be acquired; the accuracy judges them \"not \
             the same\".",
            figures.pairs_not_compared
        ));
    }
    if figures.groups.iter().any(|cell| cell.suppressed) {
        notes.push(format!(
            "Groups of fewer than {PEOPLE_MIN} people give no figures: they could point at someone."
        ));
    }
    notes
}

/// Columns, padded: the first is text, the others are numbers.
fn columns(rows: &[Vec<String>]) -> String {
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(at, cell)| {
                let width = width(at).unwrap_or(0);
                if at == 0 { format!("{cell:width$}") } else { format!("{cell:>width$}") }
            })
            .collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {}", cells.join("   ").trim_end());
    }
    text
}

pub(super) fn cells(row: &[&str]) -> Vec<String> {
    row.iter().map(|cell| (*cell).to_owned()).collect()
}

/// The header and rows of one protocol's figures.
pub(super) fn identification(of: &[&Identification]) -> Vec<Vec<String>> {
    let mut rows = vec![cells(&[
        "FPIR wanted",
        "FNIR",
        "95 %",
        "threshold",
        "wrong person",
        "selectivity",
        "pack's FPIR",
        "pack's FNIR",
    ])];
    rows.extend(of.iter().map(|at| {
        vec![
            format!("{}{}", percent(at.fpir), star(at.few)),
            percent(at.fnir),
            between(at.low, at.high),
            format!("{:.4}", at.threshold),
            percent(at.wrong_person),
            format!("{:.4}", at.selectivity),
            percent(at.calibrated.fpir),
            percent(at.calibrated.fnir),
        ]
    }));
    rows
}

/// The header and rows of the pairs' figures.
pub(super) fn verification(figures: &Figures) -> Vec<Vec<String>> {
    let mut rows = vec![cells(&["FMR wanted", "FNMR", "95 %", "threshold"])];
    rows.extend(figures.verification.iter().map(|at| {
        let fmr = format!("{}{}", percent(at.fmr), star(at.few));
        vec![fmr, percent(at.fnmr), between(at.low, at.high), format!("{:.4}", at.threshold)]
    }));
    rows
}

/// The header and rows of the pipeline's steps.
pub(super) fn steps(figures: &Figures) -> Vec<Vec<String>> {
    let mut header = cells(&["step", "ms each"]);
    if let Some(first) = figures.steps.first() {
        let of = |missed: &super::steps::Missed| {
            format!("FNIR at FPIR {}, {}", percent(missed.fpir), missed.protocol)
        };
        header.extend(first.identification.iter().map(of));
    }
    let rows = figures.steps.iter().map(|step| {
        let missed = step
            .identification
            .iter()
            .map(|at| format!("{} ({})", percent(at.fnir), between(at.low, at.high)));
        [step.step.to_owned(), format!("{:.1}", step.milliseconds)].into_iter().chain(missed).collect()
    });
    std::iter::once(header).chain(rows).collect()
}

/// The header and rows of the groups of one protocol.
pub(super) fn groups(of: &[&Cell]) -> Vec<Vec<String>> {
    let mut rows =
        vec![cells(&["group", "FPIR of all", "people", "mated", "nonmated", "FNIR", "95 %", "FPIR"])];
    rows.extend(of.iter().map(|cell| {
        let rate = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), percent);
        let mut row = vec![format!("{} {}", cell.attribute, cell.group), percent(cell.fpir)];
        match &cell.figures {
            None => row.push(format!("fewer than {PEOPLE_MIN}")),
            Some(own) => row.extend([
                own.people.to_string(),
                own.mated.to_string(),
                own.nonmated.to_string(),
                rate(own.fnir),
                own.low.zip(own.high).map_or_else(|| "-".to_owned(), |(low, high)| between(low, high)),
                rate(own.fpir_measured),
            ]),
        }
        row
    }));
    rows
}

/// What runs over one protocol: its figures at each rate.
pub(super) fn by_protocol(figures: &Figures) -> Vec<Vec<&Identification>> {
    let mut protocols: Vec<Vec<&Identification>> = Vec::new();
    for at in &figures.identification {
        match protocols.last_mut() {
            Some(last)
                if last[0].protocol == at.protocol && last.len() < super::identification::FPIRS.len() =>
            {
                last.push(at)
            }
            _ => protocols.push(vec![at]),
        }
    }
    protocols
}

/// One line that says what a protocol is.
pub(super) fn describe(at: &Identification) -> String {
    let references = if at.references == 1 {
        "1 reference".to_owned()
    } else {
        format!("up to {} references", at.references)
    };
    let galleries = if at.trials == 1 { "1 gallery".to_owned() } else { format!("{} galleries", at.trials) };
    format!(
        "{}: {galleries} of {} people with {references}; {} mated and {} non-mated searches of {} people",
        at.protocol, at.gallery, at.mated, at.nonmated, at.people
    )
}

/// One line of what holds at every threshold of a protocol.
pub(super) fn at_any_threshold(at: &Identification) -> String {
    format!(
        "rank-1 miss {}, probes not acquired {}, members not enrolled {}",
        percent(at.rank1_miss),
        percent(at.fta),
        percent(at.fte)
    )
}

/// All of it.
pub(super) fn text(figures: &Figures) -> String {
    let mut text = format!("Model pack {}\n", figures.pack);
    let _ = writeln!(
        text,
        "Failure to acquire: {} of {} pictures{}",
        percent(figures.fta),
        figures.pictures,
        reasons(figures)
    );
    for protocol in by_protocol(figures) {
        let _ = write!(text, "\n{}\n{}", describe(protocol[0]), columns(&identification(&protocol)));
        let _ = writeln!(text, "  {}", at_any_threshold(protocol[0]));
        let groups_of: Vec<&Cell> =
            figures.groups.iter().filter(|c| c.protocol == protocol[0].protocol).collect();
        if !groups_of.is_empty() {
            let _ = write!(text, "\n{}", columns(&groups(&groups_of)));
        }
    }
    if !figures.steps.is_empty() {
        let _ = write!(text, "\nwhat each step buys and costs\n{}", columns(&steps(figures)));
    }
    if let Some(first) = figures.verification.first() {
        let _ = write!(
            text,
            "\n{} genuine and {} impostor pairs\n{}",
            first.genuine,
            first.impostor,
            columns(&verification(figures))
        );
        let rate = |rate: Option<f64>| rate.map_or_else(|| "unknown".to_owned(), percent);
        let _ = writeln!(text, "  EER {}, ten-fold accuracy {}", rate(figures.eer), rate(figures.accuracy));
    }
    for note in notes(figures) {
        let _ = write!(text, "\n{note}\n");
    }
    text.trim_end().to_owned()
}
