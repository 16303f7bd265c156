//! What was wrong in an interchange: where, what was expected, and what it cost.
//!
//! A problem never says anything about a person: what was found is a code of a standard's list, a count or a
//! length, never a name, a number, a date or a nationality.

use serde::Serialize;
use std::borrow::Cow;

/// How grave a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Someone, a message or the whole input was left out.
    Error,
    /// All was taken but for a single value, or something disagrees with the rest.
    Warning,
}

/// What was left out because of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cost {
    /// Nothing: everything was taken all the same.
    Nothing,
    /// One value, or one segment that carries no person.
    Value,
    /// One document of a person.
    Document,
    /// One person.
    Person,
    /// One message.
    Message,
    /// The rest of the input.
    Input,
}

impl Cost {
    fn in_words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing is left out",
            Self::Value => "the value is left out",
            Self::Document => "the document is left out, the person stays",
            Self::Person => "the person is left out",
            Self::Message => "the message is left out",
            Self::Input => "the rest of the input is left out",
        }
    }
}

/// Where something is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The segment's tag; empty where the bytes are not a segment.
    pub segment: String,
    /// The segment's number within its message, `UNH` being 1; `None` outside messages.
    pub position: Option<usize>,
    /// Bytes from the start of the input to the segment.
    pub offset: usize,
}

/// One problem. Serialises for machines, displays as one line for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How grave it is.
    pub severity: Severity,
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// What was found: codes, counts and lengths only.
    pub found: Cow<'static, str>,
    /// What was expected.
    pub expected: Cow<'static, str>,
    /// What was left out because of it.
    pub cost: Cost,
}

impl Problem {
    /// A problem that costs as much as `cost` says; an error from a person on.
    pub fn new(
        place: Place,
        found: impl Into<Cow<'static, str>>,
        expected: impl Into<Cow<'static, str>>,
        cost: Cost,
    ) -> Self {
        let severity = match cost {
            Cost::Nothing | Cost::Value | Cost::Document => Severity::Warning,
            Cost::Person | Cost::Message | Cost::Input => Severity::Error,
        };
        Self { severity, place, found: found.into(), expected: expected.into(), cost }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { severity, place, found, expected, cost } = self;
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity} at byte {}", place.offset)?;
        match (place.segment.as_str(), place.position) {
            ("", _) => {}
            (tag, None) => write!(f, " ({tag})")?,
            (tag, Some(position)) => write!(f, " ({tag}, segment {position} of its message)")?,
        }
        write!(f, ": found {found}, expected {expected}; {}", cost.in_words())
    }
}

/// Problems as they are found, bounded: the first of each severity are kept, the rest counted.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub(super) kept: Vec<Problem>,
    pub(super) left_out: usize,
    errors: usize,
}

impl Problems {
    /// Errors kept, and warnings kept, so that a flood of one does not hide the other.
    pub(super) const MAX_OF_EACH: usize = 250;

    pub(super) fn push(&mut self, problem: Problem) {
        let errors = self.errors;
        let of_its_kind = match problem.severity {
            Severity::Error => errors,
            Severity::Warning => self.kept.len() - errors,
        };
        if of_its_kind >= Self::MAX_OF_EACH {
            self.left_out += 1;
            return;
        }
        self.errors += usize::from(problem.severity == Severity::Error);
        self.kept.push(problem);
    }
}

/// A code fit to be shown: up to six capital letters and digits; anything else is only described.
pub(super) fn shown(code: &str) -> Cow<'static, str> {
    match code.len() {
        0 => Cow::Borrowed("nothing"),
        1..=6 if code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) => {
            Cow::Owned(format!("\u{201c}{code}\u{201d}"))
        }
        _ => Cow::Borrowed("something that is no code"),
    }
}
