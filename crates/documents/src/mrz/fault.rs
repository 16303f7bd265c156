//! What is wrong in a machine-readable zone: where, and what was expected. Never what was found: that may be a
//! person's name or number.

use super::layout::Field;
use serde::Serialize;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The text is laid out as no machine-readable zone.
    Layout,
    /// A line is longer or shorter than its format's.
    Length,
    /// A character that no zone has.
    Character,
    /// A character that this field does not hold.
    Content,
    /// A field that must hold something is empty.
    Empty,
    /// A date that is on no calendar.
    Date,
    /// A check digit does not fit what it speaks for.
    CheckDigit,
}

/// One fault. Serialises for machines, displays as one line for people; says nothing of what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// In which field; none where no field can be told.
    pub field: Option<Field>,
    /// In which line, from 1; blank lines are not counted.
    pub line: usize,
    /// At which character of the line, from 1; blanks are not counted. Of a line that is too short or too long, the
    /// first that is missing or too many.
    pub column: usize,
    /// What was expected: a digit where a check digit is wrong, else words.
    pub expected: String,
}

impl Fault {
    pub(super) fn layout(expected: &str) -> Self {
        Self { kind: FaultKind::Layout, field: None, line: 1, column: 1, expected: expected.to_owned() }
    }

    /// At a cell, counted from nought.
    pub(super) fn at(
        kind: FaultKind,
        field: Option<Field>,
        (line, cell): (usize, usize),
        expected: impl Into<String>,
    ) -> Self {
        Self { kind, field, line: line + 1, column: cell + 1, expected: expected.into() }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, field, line, column, expected } = self;
        match kind {
            FaultKind::Layout => return write!(f, "expected {expected}"),
            FaultKind::Length => return write!(f, "line {line}: expected {expected}"),
            _ => write!(f, "line {line}, character {column}")?,
        }
        if let Some(field) = field {
            write!(f, " ({})", field.in_words())?;
        }
        match kind {
            FaultKind::CheckDigit => write!(f, ": expected the check digit {expected}"),
            _ => write!(f, ": expected {expected}"),
        }
    }
}
