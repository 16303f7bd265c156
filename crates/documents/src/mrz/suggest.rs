//! What a zone that does not fit may have been meant to say: characters that readers mistake for one another.
//!
//! A suggestion is shown, never applied. It is made only where every check digit then fits; of fields that no check
//! digit speaks for (names, states, sex) there is none.

use super::check::{Check, Verdict, check, judge, long_number};
use super::layout::{Field, Span, span};
use super::zone::Zone;
use jiff::civil::Date;
use serde::Serialize;

/// Most suggestions: with more to choose from, looking once more is better.
const SUGGESTIONS_MAX: usize = 4;
/// Most fields that are put right at once.
const FIELDS_MAX: usize = 3;
/// Most readings of one field that are tried with those of the others.
const READINGS_MAX: usize = 16;

/// A zone in which everything fits that a check digit speaks for. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// The characters that differ from what was read.
    pub changes: Vec<Change>,
    /// The whole zone.
    pub lines: Vec<String>,
}

/// One character read otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its line, from 1.
    pub line: usize,
    /// Its character in the line, from 1.
    pub column: usize,
    /// What may stand there.
    pub instead: char,
}

/// What the zone may have been meant to say, likeliest first.
pub(super) fn suggest(zone: &Zone, today: Date) -> Vec<Suggestion> {
    let plain = with_digits(zone);
    let judgement = judge(&plain, today);
    if fits(&plain, today) {
        return if plain == *zone { Vec::new() } else { vec![suggestion(zone, &plain)] };
    }
    let wrong = |check: &&Check| check.verdict != Verdict::Fits;
    let mut fields: Vec<Field> = judgement.checks.iter().filter(wrong).map(|check| check.field).collect();
    if fields == [Field::Composite] {
        // Only it speaks for the optional data of cards, and each field alone may be the one.
        let apart = [Field::Optional, Field::SecondOptional].map(|field| readings(&plain, &[field]));
        return chosen(zone, apart.concat(), today);
    }
    fields.retain(|field| *field != Field::Composite);
    if fields.is_empty() || fields.len() > FIELDS_MAX {
        return Vec::new();
    }
    chosen(zone, readings(&plain, &fields), today)
}

/// The readings that fit.
fn chosen(zone: &Zone, readings: Vec<Zone>, today: Date) -> Vec<Suggestion> {
    let fitting = readings.into_iter().filter(|reading| fits(reading, today));
    fitting.take(SUGGESTIONS_MAX).map(|reading| suggestion(zone, &reading)).collect()
}

/// Whether everything fits that a check digit speaks for.
fn fits(zone: &Zone, today: Date) -> bool {
    let judgement = judge(zone, today);
    judgement.checks.iter().all(|check| check.verdict == Verdict::Fits)
        && judgement.faults.iter().all(|fault| fault.field.is_some_and(|f| !f.is_checked(zone.format)))
}

/// Letters become the digits they look like, where only digits stand.
fn with_digits(zone: &Zone) -> Zone {
    let dates = [Field::Birth, Field::Expiry].into_iter().filter_map(|field| zone.format.span(field));
    let digits = zone.format.checked().filter_map(|field| zone.format.digit(field));
    let spans = dates.chain(digits.map(|(line, cell)| span(line, cell, cell + 1)));
    spans.fold(zone.clone(), |zone, span| {
        let text: String = zone.text(span).chars().map(as_digit).collect();
        zone.with(span, &text)
    })
}

fn as_digit(c: char) -> char {
    match c {
        'O' | 'Q' | 'D' => '0',
        'I' | 'L' => '1',
        'Z' => '2',
        'A' => '4',
        'S' => '5',
        'G' => '6',
        'T' => '7',
        'B' => '8',
        other => other,
    }
}

/// The zone with one character of each of these fields read otherwise, in every way, within bounds.
fn readings(zone: &Zone, fields: &[Field]) -> Vec<Zone> {
    fields.iter().fold(vec![zone.clone()], |zones, field| {
        let Some(cells) = zone.format.span(*field) else { return zones };
        zones
            .iter()
            .flat_map(|zone| {
                // A long number goes on in the optional data, and its one digit speaks for both.
                let rest = long_number(zone).filter(|_| *field == Field::Number).map(|long| long.rest);
                let parts = [Some(cells), rest].into_iter().flatten();
                parts.flat_map(|cells| of_field(zone, *field, cells)).collect::<Vec<_>>()
            })
            .collect()
    })
}

fn of_field(zone: &Zone, field: Field, cells: Span) -> Vec<Zone> {
    // The optional data of cards has no digit of its own: the composite decides.
    let own = zone.format.digit(field).is_some();
    let read_as = |text: String| zone.with(cells, &text);
    let fits = |reading: &Zone| !own || check(reading, field, true).verdict == Verdict::Fits;
    mrz::substitution_candidates(zone.text(cells))
        .into_iter()
        .map(read_as)
        .filter(fits)
        .take(READINGS_MAX)
        .collect()
}

fn suggestion(zone: &Zone, meant: &Zone) -> Suggestion {
    let mut changes = Vec::new();
    for (line, (before, after)) in zone.lines().iter().zip(meant.lines()).enumerate() {
        for (cell, (before, after)) in before.chars().zip(after.chars()).enumerate() {
            if before != after {
                changes.push(Change { line: line + 1, column: cell + 1, instead: after });
            }
        }
    }
    Suggestion { changes, lines: meant.lines().to_vec() }
}
