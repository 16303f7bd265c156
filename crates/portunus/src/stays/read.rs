//! A neighbour's file: each entry read field by field, each fault named with its line and field.

use crate::house::read_at_most;
use anyhow::Result;
use jiff::Timestamp;
use portunus_core::document::{DocumentKey, DocumentKind, State};
use portunus_core::lookout::Fault;
use portunus_core::stay::Mode;
use portunus_core::voyage::Sex;
use portunus_documents::table::{self, Placed, Row, field};
use portunus_server::service::ForeignEntry;
use std::path::Path;

/// A file holds at most so many entries: a country's neighbour has more in some days, and sends several files then.
const ENTRIES_MAX: usize = 1_000_000;
/// A file has at most so many bytes: that many entries, and room to spare.
const FILE_BYTES_MAX: usize = 512 << 20;
/// Faults that are told; the others are counted.
const FAULTS_MAX: usize = 100;

const FIELDS: [&str; 11] = [
    "at",
    "port",
    "mode",
    "issuer",
    "kind",
    "number",
    "family_name",
    "given_names",
    "born",
    "nationality",
    "sex",
];

/// A file, read. Either there is no fault, or nothing of it is to be kept.
pub(super) struct Reading {
    entries_max: usize,
    pub(super) entries: Vec<ForeignEntry>,
    pub(super) faults: Vec<Placed>,
    pub(super) faults_left_out: usize,
}

impl Reading {
    /// How many entries are faulty, the file itself counted as one.
    pub(super) fn faulty(&self) -> usize {
        self.faults.len() + self.faults_left_out
    }

    fn take(&mut self, line: usize, entry: Result<ForeignEntry, Fault>) {
        match entry {
            Ok(_) if self.entries.len() == self.entries_max => {
                let expected = format!("at most {} entries; send it in parts", self.entries_max);
                self.take(line, Err(Fault::new("line", expected)));
            }
            Ok(entry) => self.entries.push(entry),
            Err(fault) if self.faults.len() < FAULTS_MAX => self.faults.push(Placed::new(line, fault)),
            Err(_) => self.faults_left_out += 1,
        }
    }
}

/// What stands in a file, and what of it cannot be read.
///
/// # Errors
/// When the file cannot be read, or is too long.
pub(super) fn file(path: &Path, now: Timestamp) -> Result<Reading> {
    Ok(entries(&read_at_most(path, FILE_BYTES_MAX)?, ENTRIES_MAX, now))
}

fn entries(bytes: &[u8], entries_max: usize, now: Timestamp) -> Reading {
    let mut reading = Reading { entries_max, entries: Vec::new(), faults: Vec::new(), faults_left_out: 0 };
    let checked = |entry: ForeignEntry| entry.fault(now).map_or(Ok(entry), Err);
    table::read(bytes, &FIELDS, "at", |line, row| reading.take(line, row.and_then(entry).and_then(checked)));
    reading
}

/// What is expected, of an error that begins with the word.
fn said(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    text.strip_prefix("expected ").unwrap_or(&text).to_owned()
}

fn entry(row: &Row<'_>) -> Result<ForeignEntry, Fault> {
    fn parsed<T: std::str::FromStr>(
        row: &Row<'_>,
        name: &'static str,
        expected: &str,
    ) -> Result<Option<T>, Fault> {
        let text = field(row, name);
        let parsed = (!text.is_empty()).then(|| text.parse().map_err(|_| Fault::new(name, expected)));
        parsed.transpose()
    }
    let state = |name: &'static str| match field(row, name) {
        "" => Ok(None),
        text => State::new(text).map(Some).map_err(|error| Fault::new(name, said(&error))),
    };
    let at = "an instant as in 2026-03-01T12:00:00Z";
    let mode = Mode::ALL.into_iter().find(|mode| mode.in_words() == field(row, "mode"));
    let sex = match field(row, "sex") {
        "" | "<" => None,
        "F" => Some(Sex::F),
        "M" => Some(Sex::M),
        "X" => Some(Sex::X),
        _ => return Err(Fault::new("sex", "F, M or X")),
    };
    let document = match (state("issuer")?, field(row, "number")) {
        (None, "") => None,
        (None, _) => return Err(Fault::new("issuer", "the state that issued the document")),
        (Some(_), "") => return Err(Fault::new("number", "the document's, beside its issuer")),
        (Some(issuer), number) => {
            let kind = DocumentKind::new(field(row, "kind"));
            let kind = kind.map_err(|error| Fault::new("kind", said(&error)))?;
            let document = DocumentKey::new(issuer, kind, number);
            let document = document.map_err(|error| Fault::new("number", said(&error)))?;
            if document.is_placeholder() {
                return Err(Fault::new(
                    "number",
                    "more than one character over and over, which names nobody's",
                ));
            }
            Some(document)
        }
    };
    let born = parsed(row, "born", "a date as in 1990-01-31")?;
    let [family_name, given_names, port] =
        ["family_name", "given_names", "port"].map(|name| field(row, name));
    Ok(ForeignEntry {
        at: parsed(row, "at", at)?.ok_or_else(|| Fault::new("at", at))?,
        port: port.to_owned(),
        mode: mode.ok_or_else(|| Fault::new("mode", "air, sea or land"))?,
        document,
        family_name: family_name.to_owned(),
        given_names: given_names.to_owned(),
        born,
        nationality: state("nationality")?,
        sex,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = "at,port,mode,issuer,kind,number,family_name,given_names,born,nationality,sex\n";
    const GOOD: &str = "2026-02-28T08:00:00Z,YYZ,air,FRA,P,12AB34567,MULLER,ANNA,1980-02-09,FRA,F\n";

    fn entries(bytes: &[u8], entries_max: usize) -> Reading {
        super::entries(bytes, entries_max, "2026-03-01T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn every_fault_has_its_line_and_its_field_and_repeats_nothing() {
        assert_eq!(entries(format!("{NAMES}{GOOD}").as_bytes(), 9).faulty(), 0);
        for (from, to, what) in [
            ("2026-02-28T08:00:00Z", "yesterday", "line 3, at: expected an instant as in"),
            ("2026-02-28", "2999-02-28", "line 3, at: expected an instant that is past"),
            ("YYZ", "", "line 3, port: expected"),
            ("YYZ", "Y\u{1b}Z", "line 3, port: expected"),
            (",air,", ",rocket,", "line 3, mode: expected"),
            ("FRA,P", ",P", "line 3, issuer: expected"),
            ("12AB34567", "", "line 3, number: expected the document's"),
            ("12AB34567", "000000", "line 3, number: expected more than one character"),
            (",P,", ",!,", "line 3, kind: expected"),
            ("1980-02-09", "09/02/1980", "line 3, born: expected a date"),
            ("1980", "2027", "line 3, born: expected a date before"),
            ("FRA,F", "FR4NCE,F", "line 3, nationality: expected"),
            (",F\n", ",W\n", "line 3, sex: expected"),
            (",F\n", "\n", "line 3, line: expected 11 cells"),
        ] {
            let bad = GOOD.replacen(from, to, 1);
            assert_ne!(bad, GOOD);
            let reading = entries(format!("{NAMES}{GOOD}{bad}").as_bytes(), 9);
            assert_eq!((reading.entries.len(), reading.faulty()), (1, 1));
            let fault = reading.faults[0].to_string();
            assert!(fault.starts_with(what), "{to}: {fault}");
            assert!(!fault.contains("MULLER") && !fault.contains("12AB34567"));
        }
        let header = entries(b"at,port,colour\n", 9);
        assert!(
            header.faults[0]
                .to_string()
                .starts_with("line 1, line: expected a header of these columns, each once: at,")
        );
    }

    #[test]
    fn json_is_read_as_csv_is() {
        let json = r#"[{"at": "2026-02-28T08:00:00Z", "port": "YYZ", "mode": "air", "family_name": "MULLER",
            "given_names": "ANNA", "born": "1980-02-09"}, {"at": "2026-02-28T08:00:00Z", "port": "YYZ", "mode": "air"}, {"mood": "air"}]"#;
        let reading = entries(json.as_bytes(), 9);
        assert_eq!((reading.entries.len(), reading.faulty()), (1, 2));
        let faults: Vec<String> = reading.faults.iter().map(ToString::to_string).collect();
        assert!(faults[0].starts_with("line 2, number: expected a document"), "{}", faults[0]);
        assert!(faults[1].starts_with("line 3, line: expected texts alone"), "{}", faults[1]);
    }

    #[test]
    fn what_is_beyond_the_bounds_is_a_fault_and_never_dropped() {
        let reading = entries(format!("{NAMES}{}", "x\n".repeat(FAULTS_MAX + 5)).as_bytes(), 9);
        assert_eq!((reading.faults.len(), reading.faults_left_out), (FAULTS_MAX, 5));
        let reading = entries(format!("{NAMES}{}", GOOD.repeat(5)).as_bytes(), 3);
        assert_eq!((reading.entries.len(), reading.faulty()), (3, 2));
        let fault = reading.faults[0].to_string();
        assert_eq!(fault, "line 5, line: expected at most 3 entries; send it in parts");
    }
}
