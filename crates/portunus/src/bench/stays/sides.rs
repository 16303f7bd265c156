//! What is measured, each in its own process.

use super::super::alone::peak_bytes;
use super::crossings::{events, plain, unlinked};
use crate::ambient::instant;
use anyhow::Result;
use jiff::Timestamp;
use portunus_core::id::RecordId;
use portunus_core::stay::{Book, Coverage, Event, Rules};
use std::collections::{HashMap, HashSet};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Side {
    /// The crossings are made, and nothing is done with them.
    Made,
    /// A book of all of them.
    AtOnce,
    /// A book that takes one after the other.
    OneByOne,
    /// The plain way's crossings are made, and nothing is done with them.
    PlainMade,
    /// A map of numbers.
    Plain,
}

impl Side {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::AtOnce => "at-once",
            Self::OneByOne => "one-by-one",
            Self::PlainMade => "plain-made",
            Self::Plain => "plain",
        }
    }
}

/// What a process says of its side.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Measured {
    pub(super) seconds: f64,
    pub(super) peak_bytes: u64,
    pub(super) paired: usize,
    /// Exits that are proposed, those of them that are right, and those that no document links.
    pub(super) proposed: usize,
    pub(super) proposed_rightly: usize,
    pub(super) unlinked: usize,
}

pub(super) fn run(side: Side, crossings: u64) -> Result<Measured> {
    let began = instant();
    match side {
        Side::Made => {
            let made = events(crossings)
                .fold(0_usize, |n, event| n + usize::from(std::hint::black_box(event) != nothing()));
            measured(began, made)
        }
        Side::PlainMade => {
            let made = plain(crossings).map(|made| std::hint::black_box(made).number.len().min(1)).sum();
            measured(began, made)
        }
        Side::Plain => {
            let paired = by_number(crossings);
            measured(began, paired)
        }
        Side::AtOnce => {
            let book = Book::of(Rules::default(), events(crossings));
            let paired = book.counted().paired;
            let mut measured = measured(began, paired)?;
            judge_proposals(&book, crossings, &mut measured);
            Ok(measured)
        }
        Side::OneByOne => {
            let (mut book, coverage) = (Book::new(Rules::default()), Coverage::default());
            for event in events(crossings) {
                book.apply(&event);
                if let Event::Fact(fact) = &event {
                    std::hint::black_box(book.stays(fact.record, &coverage, fact.at));
                }
            }
            let paired = book.counted().paired;
            measured(began, paired)
        }
    }
}

/// Some event that no crossing is.
fn nothing() -> Event {
    let id = portunus_core::id::DecisionId::from_bytes([0; 16]);
    let decided = portunus_core::stay::Decided::Undone { decision: id };
    Event::Decision(portunus_core::stay::Decision { id, decided })
}

fn measured(began: std::time::Instant, paired: usize) -> Result<Measured> {
    let seconds = began.elapsed().as_secs_f64();
    Ok(Measured { seconds, peak_bytes: peak_bytes()?, paired, ..Measured::default() })
}

/// As one would otherwise write it.
fn by_number(crossings: u64) -> usize {
    let mut all: HashMap<String, Vec<(Timestamp, bool)>> = HashMap::new();
    for crossing in plain(crossings) {
        all.entry(crossing.number).or_default().push((crossing.at, crossing.is_entry));
    }
    let closed = |moves: &mut Vec<(Timestamp, bool)>| {
        moves.sort_unstable();
        moves.windows(2).filter(|pair| pair[0].1 && !pair[1].1).count()
    };
    all.values_mut().map(closed).sum()
}

/// Counts the exits that are proposed, beside the truth.
fn judge_proposals(book: &Book, crossings: u64, measured: &mut Measured) {
    let truth: HashSet<(RecordId, RecordId)> = unlinked(crossings).collect();
    let coverage = Coverage::default();
    book.each_stay(&coverage, Timestamp::MAX, |stay| {
        if stay.exit.is_none() {
            measured.proposed += stay.proposals.len();
            measured.proposed_rightly +=
                stay.proposals.iter().filter(|p| truth.contains(&(p.entry, p.exit))).count();
        }
    });
    measured.unlinked = truth.len();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_pair_the_same_and_the_plain_way_less() {
        let (book, streamed) = (run(Side::AtOnce, 4_000).unwrap(), run(Side::OneByOne, 4_000).unwrap());
        assert_eq!(book.paired, streamed.paired);
        assert!(run(Side::Plain, 4_000).unwrap().paired < book.paired);
        assert!(book.unlinked > 0 && book.proposed_rightly * 10 >= book.unlinked * 9);
    }
}
