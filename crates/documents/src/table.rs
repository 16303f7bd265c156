//! Lists that people send: CSV (RFC 4180, by the crate `csv`; the names of the fields stand in its first line) or a JSON
//! list of objects whose fields are texts. Each row is given away as it is read; each fault has its line and its field, and
//! repeats nothing of what was sent.

use portunus_core::lookout::Fault;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Cells are at most this long, in bytes.
pub const CELL_BYTES_MAX: usize = 10_000;

/// One row, by the names of its fields; fields that are not said are missing.
pub type Row<'a> = BTreeMap<&'static str, Cow<'a, str>>;

/// A fault with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Placed {
    /// The line of the file, from 1; of JSON, the entry, from 1.
    pub line: usize,
    /// The field; `line` where it is not of one.
    pub field: &'static str,
    /// What should stand there.
    pub expected: String,
}

impl Placed {
    /// A fault at its place.
    pub fn new(line: usize, fault: Fault) -> Self {
        Self { line, field: fault.field, expected: fault.expected }
    }
}

impl std::fmt::Display for Placed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, {}: expected {}", self.line, self.field, self.expected)
    }
}

fn of_line(expected: impl Into<String>) -> Fault {
    Fault::new("line", expected)
}

/// What a row says of a field, without spaces around it; nothing where it says none.
pub fn field<'a>(row: &'a Row<'_>, name: &str) -> &'a str {
    row.get(name).map_or("", |value| value.trim())
}

/// Reads CSV or JSON, whichever it is: JSON begins with `[`. Gives `each` every row with its place, or what is wrong with
/// it; a list that cannot be read as one at all has one fault. No field but those of `fields` is taken, and in CSV `needed`
/// stands in the first line.
///
/// The caller bounds the bytes; no more than one row is held beside them.
pub fn read(
    bytes: &[u8],
    fields: &'static [&'static str],
    needed: &str,
    mut each: impl FnMut(usize, Result<&Row<'_>, Fault>),
) {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}'),
        Err(error) => {
            let good = &bytes[..error.valid_up_to()];
            let behind = good.iter().rev().take_while(|byte| !matches!(byte, b'\r' | b'\n')).count();
            let expected = format!("UTF-8: byte {} of the line is none", behind + 1);
            return each(1 + line_ends(good), Err(of_line(expected)));
        }
    };
    match text.trim_start().chars().next() {
        Some('[') => read_json(text, fields, &mut each),
        Some('{') => each(1, Err(of_line("a JSON list: [ before the first object and ] behind the last"))),
        _ => read_csv(text, fields, needed, &mut each),
    }
}

fn read_csv(
    text: &str,
    fields: &'static [&'static str],
    needed: &str,
    each: &mut impl FnMut(usize, Result<&Row<'_>, Fault>),
) {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    // It is UTF-8, and rows may be of any length: nothing goes wrong in memory.
    let names = match header(&reader.headers().cloned().unwrap_or_default(), fields, needed) {
        Ok(names) => names,
        Err(fault) => return each(1, Err(fault)),
    };
    let mut lines = Lines { text, upto: 0, line: 1 };
    let mut record = csv::StringRecord::new();
    loop {
        let began = reader.position().byte() as usize;
        if !matches!(reader.read_record(&mut record), Ok(true)) {
            return;
        }
        let line = lines.of_row(began);
        let row = &text[began..reader.position().byte() as usize];
        if record.len() == 1 && record[0].trim().is_empty() {
            continue;
        }
        // What is quoted and ends elsewhere than was meant would take other rows in.
        if let Err(fault) = quotes(row) {
            each(line, Err(fault));
        } else if record.len() != names.len() {
            each(line, Err(of_line(format!("{} cells, as the header has", names.len()))));
        } else if record.iter().any(|cell| cell.len() > CELL_BYTES_MAX) {
            each(line, Err(of_line("shorter cells")));
        } else {
            each(line, Ok(&names.iter().copied().zip(record.iter().map(Cow::Borrowed)).collect()));
        }
    }
}

/// Which field each column is; what is wrong with the first line is said without repeating it.
fn header(
    columns: &csv::StringRecord,
    fields: &'static [&'static str],
    needed: &str,
) -> Result<Vec<&'static str>, Fault> {
    let (mut names, mut wrong) = (Vec::new(), Vec::new());
    if columns.len() == 1 && columns[0].contains([';', '\t']) {
        wrong.push("commas between the columns, nothing else".to_owned());
    }
    for (at, column) in columns.iter().enumerate() {
        match fields.iter().copied().find(|field| *field == column.trim()) {
            Some(name) if names.contains(&name) => wrong.push(format!("{name} stands twice")),
            Some(name) => names.push(name),
            None => wrong.push(format!("column {} is none of them", at + 1)),
        }
    }
    if !names.contains(&needed) {
        wrong.push(format!("{needed} is missing"));
    }
    if wrong.is_empty() {
        return Ok(names);
    }
    let expected =
        format!("a header of these columns, each once: {} ({})", fields.join(","), wrong.join("; "));
    Err(of_line(expected))
}

/// Whether a row's quotes are what they seem (RFC 4180 section 2): one opens where a cell begins, within it two stand for one,
/// and behind the closing one the cell ends. The crate takes any others as it can.
fn quotes(row: &str) -> Result<(), Fault> {
    enum In {
        Beginning,
        Plain,
        Quoted,
        Closed,
    }
    let mut place = In::Beginning;
    for byte in row.bytes() {
        place = match (place, byte) {
            (In::Beginning | In::Closed, b'"') | (In::Quoted, 0..=b'!' | b'#'..) => In::Quoted,
            (In::Quoted, b'"') => In::Closed,
            (In::Plain, b'"') => {
                return Err(of_line(
                    "no quote within a cell: quote all of it, and write \"\" for each quote in it",
                ));
            }
            (_, b',' | b'\r' | b'\n') => In::Beginning,
            (In::Closed, _) => {
                return Err(of_line(
                    "the end of the cell behind its closing quote: write \"\" for each quote within a quoted cell",
                ));
            }
            (In::Beginning | In::Plain, _) => In::Plain,
        };
    }
    if matches!(place, In::Quoted) { Err(of_line("a closing quote")) } else { Ok(()) }
}

/// How many lines end in it: by CR LF, LF or CR.
fn line_ends(bytes: &[u8]) -> usize {
    let lone = |at: &usize| bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    bytes.iter().filter(|byte| **byte == b'\n').count() + (0..bytes.len()).filter(lone).count()
}

/// Lines counted up to a place, going forward. (The crate's own count is one behind after CR LF.)
struct Lines<'a> {
    text: &'a str,
    upto: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of the row that begins at `from`, or behind empty lines there.
    fn of_row(&mut self, from: usize) -> usize {
        let rest = self.text.as_bytes().get(from..).unwrap_or_default();
        let from = from + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = self.text.as_bytes().get(self.upto..from).unwrap_or_default();
        self.line += line_ends(passed);
        self.upto = from;
        self.line
    }
}

fn read_json(
    text: &str,
    fields: &'static [&'static str],
    each: &mut impl FnMut(usize, Result<&Row<'_>, Fault>),
) {
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut entry = 0;
    let rows = Rows { fields, entry: &mut entry, each: &mut *each };
    let read = reader.deserialize_seq(rows).and_then(|()| reader.end());
    // The message would quote what was sent: its place is enough.
    if let Err(error) = read {
        let expected = format!(
            "a JSON list of objects whose fields are texts, up to line {}, column {} of the file",
            error.line(),
            error.column()
        );
        each(entry + 1, Err(of_line(expected)));
    }
}

struct Rows<'e, E> {
    fields: &'static [&'static str],
    /// How many were read.
    entry: &'e mut usize,
    each: &'e mut E,
}

impl<'de, E: FnMut(usize, Result<&Row<'_>, Fault>)> Visitor<'de> for Rows<'_, E> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(entry) = list.next_element::<Entry>()? {
            *self.entry += 1;
            match row(&entry, self.fields) {
                Ok(row) => (self.each)(*self.entry, Ok(&row)),
                Err(fault) => (self.each)(*self.entry, Err(fault)),
            }
        }
        Ok(())
    }
}

/// What stands in a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Object(Members),
    Other(IgnoredAny),
}

/// An object's members as they stand: a map would keep the last of those that stand twice.
struct Members(Vec<(String, serde_json::Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

fn row<'a>(entry: &'a Entry, fields: &'static [&'static str]) -> Result<Row<'a>, Fault> {
    let not_texts = || of_line(format!("texts alone, of these fields: {}", fields.join(",")));
    let Entry::Object(Members(members)) = entry else { return Err(not_texts()) };
    let mut row = Row::new();
    for (name, value) in members {
        let field = fields.iter().copied().find(|field| field == name);
        let text = value.as_str().filter(|text| text.len() <= CELL_BYTES_MAX);
        let (field, text) = field.zip(text).ok_or_else(not_texts)?;
        if row.insert(field, Cow::Borrowed(text)).is_some() {
            return Err(Fault::new(field, "to be said once"));
        }
    }
    Ok(row)
}

/// Writes CSV that [`read`] reads back; lines end with CR LF.
pub fn write_csv<'a>(
    fields: &[&'static str],
    rows: impl IntoIterator<Item = BTreeMap<&'a str, String>>,
) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Into memory nothing fails, and every row has as many cells as the header.
    let _ = writer.write_record(fields);
    for row in rows {
        let _ = writer.write_record(fields.iter().map(|field| row.get(field).map_or("", String::as_str)));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIELDS: [&str; 3] = ["name", "born", "note"];

    /// Rows by their places, faults by theirs.
    fn told(bytes: &[u8]) -> Vec<(usize, Result<Vec<String>, String>)> {
        let mut all = Vec::new();
        read(bytes, &FIELDS, "name", |line, row| {
            let cells = |row: &Row<'_>| FIELDS.iter().map(|name| field(row, name).to_owned()).collect();
            all.push((line, row.map(cells).map_err(|fault| fault.expected)));
        });
        all
    }

    fn cells(one: &str, two: &str, three: &str) -> Result<Vec<String>, String> {
        Ok(vec![one.to_owned(), two.to_owned(), three.to_owned()])
    }

    #[test]
    fn rows_have_the_lines_that_an_editor_shows_whatever_ends_them() {
        let text = "note,name\n\"a, \"\"b\"\"\",ANNA\n\n\"two\nlines\",BEN\nCARL\n,DORA\n";
        let forms = [
            text.to_owned(),
            text.replace('\n', "\r\n"),
            text.replace('\n', "\r"),
            format!("\u{feff}{text}"),
        ];
        for text in forms {
            let told = told(text.as_bytes());
            let lines: Vec<usize> = told.iter().map(|(line, _)| *line).collect();
            assert_eq!(lines, [2, 4, 6, 7], "{text:?}");
            assert_eq!(told[0].1, cells("ANNA", "", "a, \"b\""));
            assert_eq!(told[2].1, Err("2 cells, as the header has".to_owned()));
            assert_eq!(told[3].1, cells("DORA", "", ""));
        }
    }

    #[test]
    fn a_quote_that_never_ends_is_told_and_takes_no_row_in_unseen() {
        // As many cells as the header has: the rest of the list would be a note.
        let told = told(b"name,note\nANNA,fine\nBEN,\"not closed\nCARL,lost\n");
        assert_eq!(told[1], (3, Err("a closing quote".to_owned())));
    }

    #[test]
    fn a_quote_opens_where_a_cell_begins_and_closes_where_it_ends_and_any_other_is_told() {
        let at = |text: &str| told(text.as_bytes()).into_iter().find(|(_, row)| row.is_err());
        // As many quotes as there should be: the crate takes CARL into BEN's note.
        let swallowed = at("name,note\nANNA,fine\nBEN,\"tall\nCARL,\"short\nDORA,x\n").unwrap();
        assert!(swallowed.0 == 3 && swallowed.1.unwrap_err().starts_with("the end of the cell"));
        assert!(at("name\n\"SMITH\"/JOHN\n").unwrap().1.unwrap_err().starts_with("the end of the cell"));
        for bad in ["SMITH \"JOHN\"\n", " \"SMITH\"\n", "\"SMITH\" \n"] {
            assert_eq!(at(&format!("name\nANNA\n{bad}")).map(|(line, _)| line), Some(3), "{bad}");
        }
        for good in ["\"SMITH\"", "\"SMITH\"\r\n", "\"\"\"\"\n", "\"\"", "\"a\r\n,b\"\r"] {
            assert_eq!(at(&format!("name\n{good}")), None, "{good}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_first_line_is_said_without_repeating_it() {
        let why = |text: &str| told(text.as_bytes())[0].1.clone().unwrap_err();
        assert!(why("name,SECRET,name\n").ends_with("(column 2 is none of them; name stands twice)"));
        assert!(why("born,note\n").ends_with("(name is missing)"));
        assert!(why("name;born\nA;1990\n").contains("commas between the columns"));
        assert!(why("{\"name\":\"A\"}").starts_with("a JSON list"));
    }

    #[test]
    fn a_member_that_stands_twice_is_told_and_what_is_no_json_says_where() {
        let told = told(br#"[{"name":"ANNA","name":"BEN"},{"name":"CARL"}]"#);
        assert_eq!(told[0], (1, Err("to be said once".to_owned())));
        assert_eq!(told[1], (2, cells("CARL", "", "")));
        let told = super::tests::told(b"[{\"name\":\"ANNA\"},\n {\"name\" \"BEN\"}]");
        assert!(
            told[1].0 == 2 && told[1].1.as_ref().is_err_and(|why| why.contains("line 2, column 10")),
            "{told:?}"
        );
        let told = super::tests::told(b"name\nANNA\r\nBEN \xff\n");
        assert_eq!(told, [(3, Err("UTF-8: byte 5 of the line is none".to_owned()))]);
    }

    #[test]
    fn what_is_no_list_has_one_fault_and_an_entry_that_is_none_has_its_own() {
        for (bad, line) in [
            (&b"\xff"[..], 1),
            (b"name,who\nA,B\n", 1),
            (b"born\n1990\n", 1),
            (b"name,name\nA,B\n", 1),
            (b"[{\"name\":\"A\"}\n,", 2),
            (b"[] x", 1),
        ] {
            let told = told(bad);
            let last = told.last().unwrap();
            assert!(last.0 == line && last.1.is_err(), "{told:?}");
        }
        let told = told(br#"[{"name":"ANNA","born":"1990"},{"name":1},{"colour":"red"},7,{"name":"BEN"}]"#);
        assert_eq!(told[0], (1, cells("ANNA", "1990", "")));
        assert_eq!(told[4], (5, cells("BEN", "", "")));
        assert!(
            told[1..4].iter().all(|(_, row)| row.as_ref().is_err_and(|why| why.starts_with("texts alone")))
        );
        let long = format!("name\n{}\n", "A".repeat(CELL_BYTES_MAX + 1));
        assert_eq!(super::tests::told(long.as_bytes()), [(2, Err("shorter cells".to_owned()))]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(rows in prop::collection::vec(prop::collection::vec("\\PC{0,12}|[\",\n\r ]{0,4}", 3), 0..6)) {
            let of = |row: &Vec<String>| FIELDS.into_iter().zip(row.iter().map(|cell| format!("x{cell}y"))).collect();
            let written = write_csv(&FIELDS, rows.iter().map(of));
            let read: Vec<_> = told(written.as_bytes()).into_iter().map(|(_, row)| row.unwrap()).collect();
            let wanted: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| format!("x{cell}y")).collect()).collect();
            prop_assert_eq!(read, wanted);
        }

        #[test]
        fn no_input_brings_it_down(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "[\\[{\",:\n\r a]{0,60}") {
            told(&bytes);
            told(text.as_bytes());
            told(format!("name,note\n{text}").as_bytes());
        }
    }
}
