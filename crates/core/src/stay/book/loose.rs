//! Ends that nothing closes: entries without an exit, exits without an entry; found by what people of one name or one day
//! of birth share, so that few are compared.

use super::{Book, NOWHERE, Place};
use crate::id::RecordId;
use crate::stay::fact::{What, Who};
use crate::stay::likeness::{Proposal, in_order, likeness};
use crate::stay::pairing::Passage;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::HashMap;

/// At most so many are compared with one: a name or day that so many loose ends share says little.
const COMPARED_MAX: usize = 512;

/// What a pair that is compared has in common.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Block {
    Born(Date),
    Name(Box<str>),
    Sealed([u8; 16]),
}

fn blocks(who: &Who) -> impl Iterator<Item = Block> {
    let two = match who {
        Who::Sealed(mac) => [Some(Block::Sealed(*mac)), None],
        Who::Stated(stated) => {
            let name = Some(in_order(stated)).filter(|name| !name.is_empty());
            [stated.born.map(Block::Born), name.map(|name| Block::Name(name.into_boxed_str()))]
        }
    };
    two.into_iter().flatten()
}

/// The index.
#[derive(Default)]
pub(super) struct Loose {
    ends: HashMap<Block, Vec<Place>>,
}

impl Loose {
    fn insert(&mut self, n: Place, who: &Who) {
        for block in blocks(who) {
            self.ends.entry(block).or_default().push(n);
        }
    }

    fn remove(&mut self, n: Place, who: &Who) {
        for block in blocks(who) {
            if let Some(ends) = self.ends.get_mut(&block) {
                ends.retain(|other| *other != n);
                if ends.is_empty() {
                    self.ends.remove(&block);
                }
            }
        }
    }

    /// Others that share something, each once; none where too many do.
    fn sharing(&self, who: &Who) -> Vec<Place> {
        let few = |block| self.ends.get(&block).filter(|ends| ends.len() <= COMPARED_MAX);
        let mut all: Vec<Place> = blocks(who).filter_map(few).flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The end of a passage that nothing closes: its records, and the instants between which the missing end lies.
pub(super) struct LooseEnd {
    pub(super) n: Place,
    /// Of the same movement.
    also: Vec<RecordId>,
    pub(super) is_entry: bool,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// The loose end of a passage, of a person's `members`.
pub(super) fn loose_end(passage: &Passage<'_>, members: &[Place]) -> Option<LooseEnd> {
    match (&passage.entry, &passage.exit) {
        (Some(entry), None) => Some(LooseEnd {
            n: members[entry.chosen.n],
            also: entry.also.iter().map(|moved| moved.record).collect(),
            is_entry: true,
            from: entry.chosen.at,
            to: passage.bound.unwrap_or(Timestamp::MAX),
        }),
        (None, Some(exit)) => Some(LooseEnd {
            n: members[exit.chosen.n],
            also: exit.also.iter().map(|moved| moved.record).collect(),
            is_entry: false,
            from: passage.bound.unwrap_or(Timestamp::MIN),
            to: exit.chosen.at,
        }),
        _ => None,
    }
}

impl Book {
    /// Pairs a cluster's crossings, and keeps its loose ends in the index.
    pub(super) fn settle(&mut self, cluster: Place) {
        if cluster == NOWHERE {
            return;
        }
        self.unsettle(cluster);
        let mut loose = Vec::new();
        // Where nobody is to be compared there is nothing to find.
        let compared = |n: &Place| self.nodes[*n as usize].who.is_some();
        if self.clusters[cluster as usize].nodes.iter().any(compared) {
            for person in self.persons_of(cluster) {
                let ends = self
                    .passages_of(&person)
                    .iter()
                    .filter_map(|p| loose_end(p, &person.members))
                    .collect::<Vec<_>>();
                loose.extend(ends.into_iter().map(|end| end.n).filter(compared));
            }
        }
        for n in &loose {
            if let Some(who) = &self.nodes[*n as usize].who {
                self.loose.insert(*n, who);
            }
        }
        self.clusters[cluster as usize].loose = loose;
    }

    pub(super) fn unsettle(&mut self, cluster: Place) {
        for n in std::mem::take(&mut self.clusters[cluster as usize].loose) {
            if let Some(who) = &self.nodes[n as usize].who {
                self.loose.remove(n, who);
            }
        }
    }

    /// The other ends that may close this one, by what is known of the people; the likeliest first.
    pub(super) fn proposals(&self, end: &LooseEnd) -> Vec<Proposal> {
        let node = &self.nodes[end.n as usize];
        let Some(who) = &node.who else { return Vec::new() };
        let mut proposals: Vec<Proposal> = self
            .loose
            .sharing(who)
            .into_iter()
            .filter(|other| self.nodes[*other as usize].cluster != node.cluster)
            .filter_map(|other| self.proposal(end, other))
            .collect();
        proposals.sort_by_key(|p| (std::cmp::Reverse(p.likeness.confidence), p.entry, p.exit));
        proposals
    }

    fn proposal(&self, end: &LooseEnd, other: Place) -> Option<Proposal> {
        let (node, found) = (&self.nodes[end.n as usize], &self.nodes[other as usize]);
        let What::Crossed(crossing) = &*found.what else { return None };
        let is_other_way = (crossing.direction == crate::place::Direction::Exit) == end.is_entry;
        let fits = |end: &LooseEnd, at: Timestamp| end.from <= at && at <= end.to;
        if !is_other_way || !fits(end, found.at) {
            return None;
        }
        // The other person's crossings bound it as well.
        let theirs = self.loose_end_of(other)?;
        if self.is_rejected(end, &theirs) {
            return None;
        }
        let likeness = likeness(node.who.as_ref()?, found.who.as_ref()?);
        let (entry, exit): (RecordId, RecordId) =
            if end.is_entry { (node.record, found.record) } else { (found.record, node.record) };
        (fits(&theirs, node.at) && likeness.confidence >= self.rules.proposed_from).then_some(Proposal {
            entry,
            exit,
            likeness,
        })
    }

    /// Whether an officer said of any records of the two movements that they are not one person's.
    fn is_rejected(&self, one: &LooseEnd, other: &LooseEnd) -> bool {
        let records =
            |end: &LooseEnd| std::iter::once(self.nodes[end.n as usize].record).chain(end.also.clone());
        records(one).any(|a| records(other).any(|b| self.decisions.is_rejected(a, b)))
    }

    fn loose_end_of(&self, n: Place) -> Option<LooseEnd> {
        let persons = self.persons_of(self.nodes[n as usize].cluster);
        let person = persons.into_iter().find(|person| person.members.contains(&n))?;
        let ends: Vec<LooseEnd> =
            self.passages_of(&person).iter().filter_map(|p| loose_end(p, &person.members)).collect();
        ends.into_iter().find(|end| end.n == n)
    }
}
