//! Bytes become the cells of a zone: lines of the right number and length, and nothing in them but its characters.

use super::fault::{Fault, FaultKind};
use super::layout::{Field, Format, Span};

/// Most bytes that are looked at: ten times what the longest zone has.
pub const INPUT_BYTES_MAX: usize = 1_024;

/// What is expected of any text.
const LINES: &str = "two lines of 44 or 36 characters, or three lines of 30";

/// The cells of a zone: `A` to `Z`, `0` to `9` and `<` alone. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Zone {
    pub(super) format: Format,
    lines: Vec<String>,
}

impl Zone {
    /// Reads typed, pasted or scanned text. Blanks and empty lines are left out, small letters are made large; lines
    /// that came as one are parted. Nothing else is changed.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > INPUT_BYTES_MAX {
            return Err(Fault::layout(&format!(
                "{LINES}, and at most {INPUT_BYTES_MAX} bytes with all that stands around them"
            )));
        }
        let lines = lines(&String::from_utf8_lossy(bytes));
        let format = format(&lines)?;
        for (line, text) in lines.iter().enumerate() {
            let known = |c: &char| matches!(c, 'A'..='Z' | '0'..='9' | '<');
            if let Some(cell) = text.iter().position(|c| !known(c)) {
                let field = field_at(format, line, cell);
                let expected = "a letter from A to Z, a digit or <";
                return Err(Fault::at(FaultKind::Character, field, (line, cell), expected));
            }
        }
        // France's identity cards of before 2021: two lines of 36, but fields of their own.
        if format == Format::Td2 && lines[0].starts_with(&['I', 'D', 'F', 'R', 'A']) {
            return Err(Fault::layout(
                "a zone after ICAO 9303; France's identity cards of before 2021 have another: type its fields by hand",
            ));
        }
        Ok(Self { format, lines: lines.iter().map(|line| line.iter().collect()).collect() })
    }

    /// The text of some cells. They are ASCII and each line has its format's width: every cell is there.
    pub(super) fn text(&self, span: Span) -> &str {
        &self.lines[span.line][span.from..span.to]
    }

    /// The text of a field; empty where the format has none such.
    pub(super) fn field(&self, field: Field) -> &str {
        self.format.span(field).map_or("", |span| self.text(span))
    }

    /// One cell.
    pub(super) fn cell(&self, (line, cell): (usize, usize)) -> char {
        char::from(self.lines[line].as_bytes()[cell])
    }

    /// The same with some cells written anew, which must be ASCII and as many.
    pub(super) fn with(&self, span: Span, text: &str) -> Self {
        let mut changed = self.clone();
        changed.lines[span.line].replace_range(span.from..span.to, text);
        changed
    }

    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }
}

fn lines(text: &str) -> Vec<Vec<char>> {
    text.split(['\r', '\n'])
        .map(|line| {
            // A byte-order mark is what editors put before a text.
            let cells = line.chars().filter(|c| !c.is_whitespace() && *c != '\u{feff}');
            cells.map(|c| c.to_ascii_uppercase()).collect::<Vec<char>>()
        })
        .filter(|line| !line.is_empty())
        .flat_map(|line| match line.len() {
            // A scanner that sends no end of line, or a form that dropped it.
            72 => parted(&line, 36),
            88 => parted(&line, 44),
            90 => parted(&line, 30),
            _ => vec![line],
        })
        .collect()
}

fn parted(line: &[char], width: usize) -> Vec<Vec<char>> {
    line.chunks(width).map(<[char]>::to_vec).collect()
}

/// Of what format lines of these lengths are, or which of them is not as long as the others say.
fn format(lines: &[Vec<char>]) -> Result<Format, Fault> {
    let width = match lines.len() {
        3 => 30,
        2 if lines[0].len() == 36 || lines[0].len() != 44 && lines[1].len() == 36 => 36,
        2 => 44,
        // One line that is whole lacks the next.
        1 if lines[0].len() == 30 => return Err(length(1, 0, 30)),
        1 if lines[0].len() == 36 => return Err(length(1, 0, 36)),
        1 if lines[0].len() == 44 => return Err(length(1, 0, 44)),
        _ => return Err(Fault::layout(LINES)),
    };
    if let Some(line) = lines.iter().position(|line| line.len() != width) {
        return Err(length(line, lines[line].len(), width));
    }
    let first = u8::try_from(lines[0][0]).unwrap_or(b'?');
    Format::of(lines.len(), width, first).ok_or_else(|| Fault::layout(LINES))
}

fn length(line: usize, found: usize, expected: usize) -> Fault {
    let expected_in_words = format!("{expected} characters, not {found}");
    Fault::at(FaultKind::Length, None, (line, found.min(expected)), expected_in_words)
}

/// The field that a cell belongs to; a check digit belongs to the field it speaks for.
pub(super) fn field_at(format: Format, line: usize, cell: usize) -> Option<Field> {
    let within = |span: Span| span.line == line && (span.from..span.to).contains(&cell);
    let of_field = format.fields().iter().find(|field| format.span(**field).is_some_and(within)).copied();
    of_field.or_else(|| format.checked().find(|field| format.digit(*field) == Some((line, cell))))
}
