//! What an entry is found by: hashes of parts of it. Two people with none in common are never compared.
//!
//! Of a person: each component's consonants with each year in which they may be born; each pair of components' consonants,
//! whatever the birth; the day of birth alone. So a slip in one component is found by the others, slips in all of them by
//! the day, and a wrong year by two components. A collision of hashes only costs a comparison.

use super::born::{Born, swapped};
use crate::name::Part;
use jiff::civil::Date;

/// FNV-1a over the pieces, each ended by a byte that no text has.
fn hash(what: u8, pieces: &[&[u8]]) -> u32 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64 ^ u64::from(what);
    for piece in pieces {
        for byte in piece.iter().chain(&[0xff]) {
            state = (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    // Folded, not cut: FNV's upper half mixes better.
    ((state >> 32) ^ state) as u32
}

/// Of a document.
pub(super) fn document(text: &str) -> u32 {
    hash(1, &[text.as_bytes()])
}

/// Of a voyage, on any day.
pub(super) fn voyage(carrier: &str, number: &str) -> u32 {
    hash(2, &[carrier.as_bytes(), number.as_bytes()])
}

fn in_year(part: &Part<'_>, year: i16) -> u32 {
    hash(3, &[part.skeleton.as_bytes(), &year.to_le_bytes()])
}

fn pair(one: &Part<'_>, other: &Part<'_>) -> u32 {
    let (a, b) = (one.skeleton.min(other.skeleton), one.skeleton.max(other.skeleton));
    hash(4, &[a.as_bytes(), b.as_bytes()])
}

fn on_day(day: Date) -> u32 {
    hash(5, &[&day.year().to_le_bytes(), &[day.month().unsigned_abs(), day.day().unsigned_abs()]])
}

fn only(part: &Part<'_>) -> u32 {
    hash(6, &[part.skeleton.as_bytes()])
}

/// Pairs are made of this many components: with all twelve an entry would have 66.
const PAIRED_MAX: usize = 6;

fn of_name(parts: &[Part<'_>], years: Option<std::ops::RangeInclusive<i16>>, put: &mut impl FnMut(u32)) {
    for year in years.into_iter().flatten() {
        parts.iter().for_each(|part| put(in_year(part, year)));
    }
    let paired = &parts[..parts.len().min(PAIRED_MAX)];
    for (at, one) in paired.iter().enumerate() {
        paired[at + 1..].iter().for_each(|other| put(pair(one, other)));
    }
    if let [one] = parts {
        put(only(one));
    }
}

/// What a listed person is found by; `names`: each spelling's components.
pub(super) fn of_person(names: &[Vec<Part<'_>>], born: Born, mut put: impl FnMut(u32)) {
    for parts in names {
        of_name(parts, born.years(), &mut put);
    }
    if let Born::Day(day) = born {
        put(on_day(day));
    }
}

/// By what a traveller is looked up.
pub(super) fn of_traveller(names: &[Vec<Part<'_>>], born: Born, mut put: impl FnMut(u32)) {
    for parts in names {
        of_name(parts, born.years(), &mut put);
    }
    if let Born::Day(day) = born {
        put(on_day(day));
        if let Some(other) = swapped(day) {
            put(on_day(other));
        }
    }
}
