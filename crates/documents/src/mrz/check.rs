//! What each field may hold, and whether each check digit fits (ICAO 9303-3 sections 4.2 to 4.9).
//!
//! Stricter than the crate `mrz` in three ways, because what is accepted here names a document: a `<` is no check
//! digit but where the standard has it (an empty optional field of a TD3); the eight-character form of long numbers
//! that this crate once wrote is no number; a digit in a name or a state's code is a fault.

use super::fault::{Fault, FaultKind};
use super::layout::{Field, Format, Span, span};
use super::zone::Zone;
use super::{Birth, century};
use jiff::civil::Date;
use serde::Serialize;

/// What a check digit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "expected")]
pub enum Verdict {
    /// It fits.
    Fits,
    /// It does not; this digit would.
    Wrong(char),
    /// It cannot be worked out: there is something else in its field than the field holds.
    Unreadable,
}

/// One check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it speaks for.
    pub field: Field,
    /// Its line, from 1.
    pub line: usize,
    /// Its character in the line, from 1.
    pub column: usize,
    /// Whether it fits.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// The verdicts of a zone: one for each check digit, and every fault, the first of each field.
pub(super) struct Judgement {
    pub(super) checks: Vec<Check>,
    pub(super) faults: Vec<Fault>,
}

/// The check digit over some characters, all of which a zone may have.
fn digit_over(text: &str) -> Option<char> {
    char::from_digit(mrz::check_digit(text).ok()?, 10)
}

/// A number that is longer than its nine cells goes on in the optional data (ICAO 9303-5 note j, 9303-6 note j; some
/// issuers of passports do the same): a `<` stands for the check digit, then comes the rest, its check digit, a `<`.
pub(super) struct Long {
    /// The rest of the number.
    pub(super) rest: Span,
    /// Where its check digit stands.
    digit: (usize, usize),
}

pub(super) fn long_number(zone: &Zone) -> Option<Long> {
    if zone.format.is_visa() || zone.cell(zone.format.digit(Field::Number)?) != '<' {
        return None;
    }
    let optional = zone.format.span(Field::Optional)?;
    let end = zone.text(optional).find('<')?;
    let at = optional.from + end.checked_sub(1)?;
    let full = !zone.field(Field::Number).contains('<') && end >= 2;
    let long = Long { rest: span(optional.line, optional.from, at), digit: (optional.line, at) };
    (full && zone.cell(long.digit).is_ascii_digit()).then_some(long)
}

/// Judges a zone. `today` settles centuries.
pub(super) fn judge(zone: &Zone, today: Date) -> Judgement {
    let format = zone.format;
    let mut faults: Vec<Fault> =
        format.fields().iter().filter_map(|field| content(zone, *field, today)).collect();
    let readable = |field: Field, faults: &[Fault]| faults.iter().all(|fault| fault.field != Some(field));
    let mut checks: Vec<Check> = Vec::new();
    for field in format.checked().filter(|field| *field != Field::Composite) {
        let check = check(zone, field, readable(field, &faults));
        checks.push(check);
    }
    let wrong: Vec<Fault> = checks.iter().filter_map(fault_of).collect();
    if let Some(place) = format.digit(Field::Composite) {
        let covered = [Field::Number, Field::Birth, Field::Expiry, Field::Optional, Field::SecondOptional];
        let digits = checks.iter().all(|check| {
            let cell = zone.cell((check.line - 1, check.column - 1));
            cell.is_ascii_digit() || cell == '<'
        });
        let all = digits && covered.iter().all(|field| readable(*field, &faults));
        let text: String = format.composite().iter().map(|span| zone.text(*span)).collect();
        let check = composite(zone.cell(place), place, digit_over(&text).filter(|_| all));
        // A wrong character makes two digits wrong; the nearer one says which it is.
        if wrong.is_empty() {
            faults.extend(fault_of(&check));
        }
        checks.push(check);
    }
    faults.extend(wrong);
    faults.sort_by_key(|fault| (fault.line, fault.column));
    Judgement { checks, faults }
}

fn composite(found: char, (line, cell): (usize, usize), expected: Option<char>) -> Check {
    let verdict = match expected {
        None => Verdict::Unreadable,
        Some(expected) if expected == found => Verdict::Fits,
        Some(expected) => Verdict::Wrong(expected),
    };
    Check { field: Field::Composite, line: line + 1, column: cell + 1, verdict }
}

/// The check digit of one field; `readable` says whether the field holds what it may.
pub(super) fn check(zone: &Zone, field: Field, readable: bool) -> Check {
    let long = if field == Field::Number { long_number(zone) } else { None };
    let mut text = zone.field(field).to_owned();
    let (line, cell) = match &long {
        Some(long) => {
            text.push_str(zone.text(long.rest));
            long.digit
        }
        // `checked` names only fields that have one.
        None => zone.format.digit(field).unwrap_or_default(),
    };
    let found = zone.cell((line, cell));
    let unused = zone.format == Format::Td3 && field == Field::Optional && text.bytes().all(|b| b == b'<');
    let verdict = match digit_over(&text).filter(|_| readable) {
        None => Verdict::Unreadable,
        Some(_) if unused && found == '<' => Verdict::Fits,
        Some(expected) if expected == found => Verdict::Fits,
        Some(expected) => Verdict::Wrong(expected),
    };
    Check { field, line: line + 1, column: cell + 1, verdict }
}

fn fault_of(check: &Check) -> Option<Fault> {
    let Verdict::Wrong(expected) = check.verdict else { return None };
    let place = (check.line - 1, check.column - 1);
    Some(Fault::at(FaultKind::CheckDigit, Some(check.field), place, expected))
}

/// What is wrong with what a field holds, check digits aside.
fn content(zone: &Zone, field: Field, today: Date) -> Option<Fault> {
    let place = zone.format.span(field)?;
    let text = zone.text(place);
    let fault = |kind, cell, expected: &str| {
        Some(Fault::at(kind, Some(field), (place.line, place.from + cell), expected))
    };
    let first_not = |holds: fn(u8) -> bool| text.bytes().position(|b| !holds(b));
    match field {
        Field::DocumentCode => {
            let (first, expected) = match zone.format {
                Format::Td1 | Format::Td2 => ("IAC", "I, A or C"),
                Format::Td3 => ("P", "P, or V for a visa"),
                Format::MrvA | Format::MrvB => ("V", "V"),
            };
            let holds = text.starts_with(|c| first.contains(c));
            if holds { None } else { fault(FaultKind::Content, 0, expected) }
        }
        Field::Issuer | Field::Nationality => {
            let letters = text.trim_end_matches('<');
            let other = letters.bytes().position(|b| !b.is_ascii_uppercase());
            match other {
                _ if letters.is_empty() => fault(FaultKind::Empty, 0, "a state's code"),
                Some(cell) => fault(FaultKind::Content, cell, "a letter of a state's code"),
                // Three letters, and Germany's one (ICAO 9303-3 section 5).
                None if letters.len() < 3 && letters != "D" => {
                    fault(FaultKind::Content, letters.len(), "a letter of a state's code")
                }
                None => None,
            }
        }
        Field::Name => match first_not(|b| b.is_ascii_uppercase() || b == b'<') {
            Some(cell) => fault(FaultKind::Content, cell, "a letter or <"),
            None if text.bytes().all(|b| b == b'<') => fault(FaultKind::Empty, 0, "a name"),
            None => None,
        },
        Field::Number if text.starts_with('<') => fault(FaultKind::Empty, 0, "the number's first character"),
        Field::Birth => match first_not(|b| b.is_ascii_digit() || b == b'<') {
            Some(cell) => fault(FaultKind::Content, cell, "a digit, or < where it is not known"),
            None if Birth::read(text, today).is_none() => fault(FaultKind::Date, 0, "a date, YYMMDD"),
            None => None,
        },
        Field::Expiry => match first_not(|b| b.is_ascii_digit()) {
            Some(cell) => fault(FaultKind::Content, cell, "a digit"),
            None if century::expiry(text, today).is_none() => fault(FaultKind::Date, 0, "a date, YYMMDD"),
            None => None,
        },
        Field::Sex => match first_not(|b| matches!(b, b'M' | b'F' | b'<')) {
            Some(cell) => fault(FaultKind::Content, cell, "M, F or <"),
            None => None,
        },
        Field::Number | Field::Optional | Field::SecondOptional | Field::Composite => None,
    }
}
