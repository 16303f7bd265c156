//! `references.csv`: which picture belongs to which document (RFC 4180, UTF-8, with a header).

use csv::ByteRecord;
use portunus_core::document::DocumentKey;

use super::{Bounds, BundleError, Entry, ItemProblem, name};

/// Reads a list. Its paths begin at `top`, which is empty or ends in `/`.
pub(super) fn read(text: &[u8], top: &str, bounds: &Bounds) -> Result<Vec<Entry>, BundleError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut rows = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let mut row = ByteRecord::new();
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut entries = Vec::new();
    let mut columns = None;
    // Reading from memory, rows of any length: the `csv` crate has no error left to give.
    while rows.read_byte_record(&mut row).map_err(|_| BundleError::Header("not a list"))? {
        let Some(columns) = &columns else {
            columns = Some(Columns::new(&row)?);
            continue;
        };
        if entries.len() == bounds.items_max {
            return Err(BundleError::TooMany(bounds.items_max));
        }
        let line = lines.of(row.position().map_or(0, csv::Position::byte));
        entries.push(Entry {
            source: format!("the list, line {line}"),
            names: columns.entry(&row, line, top, bounds),
        });
    }
    Ok(entries)
}

/// Where the four columns are; others are passed over.
struct Columns {
    all: usize,
    places: [usize; 4],
}

impl Columns {
    fn new(header: &ByteRecord) -> Result<Self, BundleError> {
        let mut places = [0; 4];
        for (place, wanted) in places.iter_mut().zip(["issuer", "kind", "number", "file"]) {
            let mut found = header
                .iter()
                .enumerate()
                .filter(|(_, h)| h.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes()));
            match (found.next(), found.next()) {
                (Some((at, _)), None) => *place = at,
                (Some(_), Some(_)) => return Err(BundleError::Header("a column stands twice")),
                (None, _) if header.iter().any(|h| h.contains(&b';') || h.contains(&b'\t')) => {
                    return Err(BundleError::Header("separated by semicolons or tabs"));
                }
                (None, _) => return Err(BundleError::Header("a column is missing")),
            }
        }
        Ok(Self { all: header.len(), places })
    }

    fn entry(
        &self,
        row: &ByteRecord,
        line: u64,
        top: &str,
        bounds: &Bounds,
    ) -> Result<(DocumentKey, String), ItemProblem> {
        // Before the count of fields: a quote left open takes the following rows into one field.
        let breaks: usize = row.iter().map(line_breaks).sum();
        if breaks > 0 {
            return Err(ItemProblem::RunsOn(line + breaks as u64));
        }
        if row.len() != self.all {
            return Err(ItemProblem::Fields { found: row.len(), expected: self.all });
        }
        let field = |at: usize| {
            let field = row.get(self.places[at]).unwrap_or_default();
            std::str::from_utf8(field).map(str::trim).map_err(|_| ItemProblem::NotUtf8)
        };
        let key = name::key(field(0)?, field(1)?, field(2)?)?;
        Ok((key, format!("{top}{}", name::inside(field(3)?, bounds)?)))
    }
}

/// Line numbers of byte offsets that only grow. The `csv` crate's own count stands before empty lines.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, byte: u64) -> u64 {
        let rest = &self.text[self.at..];
        let from = usize::try_from(byte).unwrap_or(usize::MAX).saturating_sub(self.at).min(rest.len());
        let empty = rest[from..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let (before, _) = rest.split_at(from + empty);
        self.line += line_breaks(before) as u64;
        self.at += before.len();
        self.line
    }
}

/// How often a line ends in it: by LF, CR LF, or CR alone.
fn line_breaks(text: &[u8]) -> usize {
    let ends = |i: usize, b: u8| b == b'\n' || (b == b'\r' && text.get(i + 1) != Some(&b'\n'));
    text.iter().enumerate().filter(|(i, b)| ends(*i, **b)).count()
}
