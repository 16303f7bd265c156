//! One person's crossings, in order, become passages: an entry, an exit, or both.

use super::fact::{Crossing, LinkKey, Source};
use super::likeness::PROPOSED_FROM;
use crate::id::RecordId;
use crate::place::Direction;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What is decided by rule, not by an officer.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Two records of one movement at one port lie at most so far apart.
    pub same_port_within: SignedDuration,
    /// One of them entered after an outage.
    pub outage_within: SignedDuration,
    /// One of them a neighbour's, who sees the traveller at the end of the voyage.
    pub imported_within: SignedDuration,
    /// Nothing less sure is proposed, in thousandths; 0 to measure with.
    pub proposed_from: u16,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            same_port_within: SignedDuration::from_hours(2),
            outage_within: SignedDuration::from_hours(24),
            imported_within: SignedDuration::from_hours(48),
            proposed_from: PROPOSED_FROM,
        }
    }
}

impl Rules {
    /// Whether two crossings in one direction, with none in the other between, are one movement.
    fn one_movement(&self, a: &Moved<'_>, b: &Moved<'_>) -> bool {
        let apart = b.at.duration_since(a.at).abs();
        let any = |is: fn(&Source) -> bool| is(&a.crossing.source) || is(&b.crossing.source);
        if any(|source| matches!(source, Source::Imported { .. })) {
            return apart <= self.imported_within;
        }
        let within =
            if any(|source| *source == Source::Outage) { self.outage_within } else { self.same_port_within };
        a.crossing.port == b.crossing.port && a.crossing.mode == b.crossing.mode && apart <= within
    }
}

/// By what an entry and an exit are one person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// An identity that an authority established.
    Identity,
    /// One document.
    Document,
    /// Two documents of one person.
    OtherDocument,
    /// An officer said so.
    Decision,
}

impl Basis {
    /// Of two records that share `a` and `b`; `is_connected` tells whether something else than a decision connects them.
    pub(super) fn of(a: &[LinkKey], b: &[LinkKey], is_connected: impl FnOnce() -> bool) -> Self {
        let share = |is: fn(LinkKey) -> bool| a.iter().any(|key| is(*key) && b.contains(key));
        if share(LinkKey::is_identity) {
            Self::Identity
        } else if share(LinkKey::is_document) {
            Self::Document
        } else if is_connected() {
            Self::OtherDocument
        } else {
            Self::Decision
        }
    }

    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Identity => "paired by identity",
            Self::Document => "paired by document",
            Self::OtherDocument => "paired by another document of the same person",
            Self::Decision => "paired by an officer's decision",
        }
    }
}

/// One crossing of a person. Personal data: no `Debug`.
#[derive(Clone, Copy)]
pub struct Moved<'a> {
    /// Where it stands among their records.
    pub n: usize,
    /// The record that says it.
    pub record: RecordId,
    /// When.
    pub at: Timestamp,
    /// Where and which way.
    pub crossing: &'a Crossing,
}

/// One movement, as known from one record or from several. Personal data: no `Debug`.
#[derive(Clone)]
pub struct Movement<'a> {
    /// The record that tells its instant: the best source's.
    pub chosen: Moved<'a>,
    /// The others of it.
    pub also: Vec<Moved<'a>>,
}

/// An entry and the exit that closes it; one of them may be missing. Personal data: no `Debug`.
#[derive(Clone)]
pub struct Passage<'a> {
    /// How they came in.
    pub entry: Option<Movement<'a>>,
    /// How they left.
    pub exit: Option<Movement<'a>>,
    /// When they crossed next, or before, where that bounds the missing side.
    pub bound: Option<Timestamp>,
}

/// Pairs one person's crossings, whatever their order.
pub fn passages<'a>(mut moves: Vec<Moved<'a>>, rules: &Rules) -> Vec<Passage<'a>> {
    moves.sort_by_key(|moved| (moved.at, moved.crossing.direction, moved.record));
    let mut passages: Vec<Passage<'a>> = Vec::with_capacity(moves.len() / 2 + 1);
    let mut last_at = None;
    for movement in movements(moves, rules) {
        let at = movement.chosen.at;
        match (movement.chosen.crossing.direction, passages.last_mut()) {
            (Direction::Exit, Some(open)) if open.exit.is_none() => open.exit = Some(movement),
            (Direction::Exit, _) => {
                passages.push(Passage { entry: None, exit: Some(movement), bound: last_at });
            }
            (Direction::Entry, last) => {
                if let Some(open) = last.filter(|last| last.exit.is_none()) {
                    open.bound = Some(at);
                }
                passages.push(Passage { entry: Some(movement), exit: None, bound: None });
            }
        }
        last_at = Some(at);
    }
    passages
}

/// Records of one movement, together.
fn movements<'a>(moves: Vec<Moved<'a>>, rules: &Rules) -> Vec<Movement<'a>> {
    let mut all: Vec<Vec<Moved<'a>>> = Vec::with_capacity(moves.len());
    for moved in moves {
        match all.last_mut() {
            // Beside the first of them: no chain of repeats grows without end.
            Some(same)
                if same[0].crossing.direction == moved.crossing.direction
                    && rules.one_movement(&same[0], &moved) =>
            {
                same.push(moved);
            }
            _ => all.push(vec![moved]),
        }
    }
    let best = |mut same: Vec<Moved<'a>>| {
        same.sort_by_key(|moved| (moved.crossing.source.rank(), moved.at, moved.record));
        let chosen = same.remove(0);
        Movement { chosen, also: same }
    };
    all.into_iter().map(best).collect()
}
