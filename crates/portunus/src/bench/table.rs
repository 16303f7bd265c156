//! The records as a table for people, as text and as a page of documentation.

use super::machine::Machine;
use super::{Better, Comparison};
use std::fmt::Write as _;

/// What stands above each group of the page.
const GROUPS: [(&str, &str, &str); 5] = [
    (
        "photo",
        "From a photograph to a template",
        "Both sides are given the same bytes and decode them themselves. The peer is what one would write in Python \
         with OpenCV: its detector, alignment and recogniser with the weights of our model pack.",
    ),
    (
        "search",
        "Search in a gallery",
        "Every row is compared, by both sides: no index that may miss somebody. The sizes are those of a full \
         aeroplane and of a port's day. `bandwidth` records compare the rate at which our search reads rows with the \
         rate at which a plain sum reads memory: the distance to the limit.",
    ),
    (
        "erasing",
        "Erasing",
        "Records that are all due, erased as the service erases them: invisible, keys destroyed, rows gone, the log emptied. \
         The peer is the same store with a key for each record.",
    ),
    (
        "ledger",
        "The public ledger",
        "Leaves that wait in the outbox get their places, are written as tiles, stated by a signed head and forgotten, as the \
         service does it; every write is on the disk before the next step. Our own limit stands in a peer's place.",
    ),
    (
        "service",
        "The service",
        "The running service measured from outside, by a load tool on the same machine whose own share is stated. \
         Where nobody offers the same, our own aim stands in a peer's place.",
    ),
];

/// Three significant digits.
fn number(value: f64) -> String {
    let digits = if value == 0.0 || !value.is_finite() { 0.0 } else { value.abs().log10().floor() };
    format!("{value:.*}", (2.0 - digits).clamp(0.0, 6.0) as usize)
}

/// A missing peer is a word, not a gap.
fn of_peer(value: Option<f64>) -> String {
    value.map_or_else(|| "missing".to_owned(), number)
}

fn of_ratio(record: &Comparison) -> String {
    let Some(ratio) = record.ratio else { return "-".to_owned() };
    let mark = if record.better == Better::Higher { " (more is better)" } else { "" };
    format!("{}{mark}", number(ratio))
}

/// The quartiles of the rounds' ratios, or of our own rounds where there is no ratio.
fn noise(record: &Comparison) -> String {
    match (record.ratio_spread, record.ours_spread) {
        (Some([low, high]), _) => format!("{} to {}", number(low), number(high)),
        (None, Some([low, high])) => format!("ours {} to {}", number(low), number(high)),
        (None, None) => "one round".to_owned(),
    }
}

/// The notes, each once, and for each record which is its own.
fn notes(records: &[Comparison]) -> (Vec<&str>, Vec<Option<usize>>) {
    let mut notes: Vec<&str> = Vec::new();
    let mut numbers = Vec::new();
    for record in records {
        numbers.push(record.note.as_deref().map(|note| {
            notes.iter().position(|known| *known == note).unwrap_or_else(|| {
                notes.push(note);
                notes.len() - 1
            }) + 1
        }));
    }
    (notes, numbers)
}

/// Lines of text in columns; a number in brackets leads to a note below.
pub(super) fn text(machine: &Machine, records: &[Comparison]) -> String {
    let (notes, numbers) = notes(records);
    let mut rows = vec![["name", "ours", "peer", "ratio", "quartiles", "unit", "against"].map(str::to_owned)];
    for (record, note) in records.iter().zip(&numbers) {
        rows.push([
            record.name.clone(),
            number(record.ours),
            of_peer(record.peer),
            of_ratio(record),
            noise(record),
            record.unit.to_owned(),
            format!("{}{}", record.peer_name, note.map_or(String::new(), |n| format!(" [{n}]"))),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    let mut out = format!("{}\n\n", about(machine).join("\n"));
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        // Writing to a string does not fail.
        let _ = writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    for (n, note) in notes.iter().enumerate() {
        let _ = write!(out, "\n[{}] {note}", n + 1);
    }
    out
}

fn about(machine: &Machine) -> Vec<String> {
    let versions: Vec<String> =
        machine.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let load = machine.load_before.map_or("unknown".to_owned(), |load| format!("{load:.2}"));
    vec![
        format!("{}, {} cores ({}), {} GB", machine.cpu, machine.cores, machine.caches, machine.memory_gb),
        format!("{}; load of the minute before: {load}; search kernel {}", machine.system, machine.kernel),
        versions.join(", "),
        format!("commit {}, {}", machine.commit, machine.date),
    ]
}

/// The page of documentation, written by this function alone.
pub(super) fn page(machine: &Machine, records: &[Comparison], command: &str) -> String {
    let mut out = String::from(
        "# Performance\n\nGenerated by `portunus bench --write`; do not edit, run it again.\n\n\
         In each round we and the peer take turns in one run; `ours` and `peer` are medians over the rounds, `ratio` \
         is ours through the peer's, so less is better unless it says otherwise, and `quartiles` are those of the \
         rounds' ratios: the noise. Ratios hold better than times: another machine, or other work on this one, \
         moves both sides.\n\n## Machine\n\n",
    );
    about(machine).iter().for_each(|line| _ = writeln!(out, "- {line}"));
    let _ = write!(
        out,
        "\nTo repeat: `{command}`. The peers are installed by pip into a folder of the cache, with the versions \
         above; a peer that cannot be had is said to be missing.\n"
    );
    for (group, title, prose) in GROUPS {
        let of_group = |record: &&Comparison| record.name.split('/').next() == Some(group);
        let records: Vec<Comparison> = records.iter().filter(of_group).cloned().collect();
        if records.is_empty() {
            continue;
        }
        let (notes, numbers) = notes(&records);
        let _ = write!(out, "\n## {title}\n\n{prose}\n\n");
        out.push_str("| name | ours | peer | unit | ratio | quartiles | rounds | against | note |\n");
        out.push_str("|---|--:|--:|---|--:|---|--:|---|--:|\n");
        for (record, note) in records.iter().zip(numbers) {
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} | {} | {} | {} | {} | {} |",
                record.name,
                number(record.ours),
                of_peer(record.peer),
                record.unit,
                of_ratio(record),
                noise(record),
                record.rounds,
                record.peer_name,
                note.map_or(String::new(), |n| n.to_string()),
            );
        }
        if !notes.is_empty() {
            out.push_str("\nNotes:\n\n");
            notes.iter().enumerate().for_each(|(n, note)| _ = writeln!(out, "{}. {note}.", n + 1));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            cpu: "a processor".to_owned(),
            cores: 2,
            kernel: "scalar",
            caches: "L1 1K".to_owned(),
            memory_gb: 1.0,
            system: "a system".to_owned(),
            load_before: None,
            date: "2026-11-23".to_owned(),
            commit: "0123456789ab".to_owned(),
            versions: [("numpy".to_owned(), "1".to_owned())].into(),
        }
    }

    #[test]
    fn a_missing_peer_is_said_with_its_reason_in_text_and_on_the_page() {
        let record = |name: &str, peer: &[f64]| {
            Comparison::new(name, "ms", &[12.345, 12.5], "faiss-cpu 1.15.1", peer)
                .noting("python3 was not found")
        };
        let records = [record("search/420/a", &[]), record("photo/b", &[24.69, 25.0])];
        let text = text(&machine(), &records);
        assert!(text.contains("missing") && text.contains("[1] python3 was not found"), "{text}");
        assert_eq!(text.matches("python3").count(), 1, "equal notes are one: {text}");
        assert!(text.contains("12.4") && text.contains("0.500"), "{text}");
        let page = page(&machine(), &records, "portunus bench");
        for told in
            ["| missing |", "1. python3 was not found.", "0123456789ab", "numpy 1", "## Search", "## From a"]
        {
            assert!(page.contains(told), "{told} is not in: {page}");
        }
        assert!(!page.contains("## The service"), "no group without records");
    }

    #[test]
    fn numbers_have_three_digits_that_count() {
        let said = [0.0, 0.01234, 1.0, 12.34, 123.4, 12_345.6].map(number);
        assert_eq!(said, ["0.00", "0.0123", "1.00", "12.3", "123", "12346"]);
    }
}
