//! A cluster read as persons and their stays.

use super::loose::loose_end;
use super::{Book, NOWHERE, Place};
use crate::id::RecordId;
use crate::stay::coverage::Coverage;
use crate::stay::explain::{Recorded, Seen, Stay, judge};
use crate::stay::fact::{LinkKey, StatusChange, What};
use crate::stay::identity::{connected_undecided, persons};
use crate::stay::pairing::{Basis, Moved, Movement, Passage, passages};
use crate::stay::timeline::Permission;
use jiff::Timestamp;

/// One person of a cluster.
pub(super) struct Member {
    /// Their nodes.
    pub(super) members: Vec<Place>,
    pub(super) is_doubtful: bool,
}

impl Book {
    pub(super) fn persons_of(&self, cluster: Place) -> Vec<Member> {
        if cluster == NOWHERE || self.clusters[cluster as usize].nodes.is_empty() {
            return Vec::new();
        }
        let nodes = &self.clusters[cluster as usize].nodes;
        let identities = nodes.iter().flat_map(|n| &*self.nodes[*n as usize].keys);
        let mut identities = identities.filter(|key| key.is_identity()).peekable();
        let first = identities.peek().copied();
        // Who is set apart has another identity than the key says.
        let is_apart = |n: &Place| self.decisions.sets_apart(self.nodes[*n as usize].record);
        if first.is_none() || (identities.all(|key| Some(key) == first) && !nodes.iter().any(is_apart)) {
            return vec![Member { members: nodes.clone(), is_doubtful: false }];
        }
        // Ordered by record: who has which place must not depend on who came first.
        let mut nodes = nodes.clone();
        nodes.sort_by_key(|n| self.nodes[*n as usize].record);
        let keys: Vec<Vec<LinkKey>> = nodes.iter().map(|n| self.connecting(*n)).collect();
        let place = |person: crate::stay::identity::Person| Member {
            members: person.members.into_iter().map(|m| nodes[m]).collect(),
            is_doubtful: person.is_doubtful,
        };
        persons(&keys).into_iter().map(place).collect()
    }

    /// A person's crossings in order, paired; places are those in their list of members.
    pub(super) fn passages_of(&self, person: &Member) -> Vec<Passage<'_>> {
        let moved = |(n, place): (usize, &Place)| {
            let node = &self.nodes[*place as usize];
            match &*node.what {
                What::Crossed(crossing) => Some(Moved { n, record: node.record, at: node.at, crossing }),
                _ => None,
            }
        };
        passages(person.members.iter().enumerate().filter_map(moved).collect(), &self.rules)
    }

    /// Changes of what a person's stay is allowed, in order.
    fn changes_of(&self, person: &Member) -> Vec<(Timestamp, RecordId, StatusChange)> {
        let change = |place: &Place| {
            let node = &self.nodes[*place as usize];
            match &*node.what {
                What::Changed(change) => Some((node.at, node.record, change.clone())),
                _ => None,
            }
        };
        let mut changes: Vec<_> = person.members.iter().filter_map(change).collect();
        changes.sort();
        changes
    }

    pub(super) fn stays_of(&self, person: &Member, coverage: &Coverage, now: Timestamp) -> Vec<Stay> {
        let changes = self.changes_of(person);
        let records = person.members.iter().map(|n| self.nodes[*n as usize].record);
        let Some(least) = records.min() else { return Vec::new() };
        let passages = self.passages_of(person);
        let stay = |passage: &Passage<'_>| {
            let ended = passage.exit.as_ref().map(|exit| exit.chosen.at).or(passage.bound);
            let proposals = loose_end(passage, &person.members).map(|end| self.proposals(&end));
            let recorded = Recorded {
                person: least,
                entry: passage.entry.as_ref().map(seen),
                exit: passage.exit.as_ref().map(seen),
                entered_again: passage.bound,
                basis: self.basis(passage, person),
                allowed: allowed(passage, &changes, ended),
                proposals: proposals.unwrap_or_default(),
                is_doubtful: person.is_doubtful,
            };
            judge(recorded, &self.rules, coverage, now)
        };
        passages.iter().map(stay).collect()
    }

    fn basis(&self, passage: &Passage<'_>, person: &Member) -> Option<Basis> {
        let (entry, exit) = (passage.entry.as_ref()?, passage.exit.as_ref()?);
        let keys = |n: usize| self.connecting(person.members[n]);
        let (a, b) = (entry.chosen.n, exit.chosen.n);
        Some(Basis::of(&keys(a), &keys(b), || {
            let all: Vec<Vec<LinkKey>> = (0..person.members.len()).map(keys).collect();
            connected_undecided(&all, a, b)
        }))
    }
}

fn seen(movement: &Movement<'_>) -> Seen {
    let chosen = &movement.chosen;
    Seen {
        record: chosen.record,
        at: chosen.at,
        port: chosen.crossing.port.clone(),
        mode: chosen.crossing.mode,
        source: chosen.crossing.source.clone(),
        also: movement.also.iter().map(|moved| moved.record).collect(),
    }
}

/// What a stay is allowed: the admission of the record that tells its entry, else of another of it, and the changes until
/// it ended.
fn allowed(
    passage: &Passage<'_>,
    changes: &[(Timestamp, RecordId, StatusChange)],
    ended: Option<Timestamp>,
) -> Permission {
    let Some(entry) = &passage.entry else { return Permission::default() };
    let records = std::iter::once(&entry.chosen).chain(&entry.also);
    let admission = records.into_iter().find_map(|moved| moved.crossing.admission.clone());
    let during = |(at, _, change): &&(Timestamp, RecordId, StatusChange)| {
        // Who is settled stays so, whenever they travel.
        let since = entry.chosen.at <= *at || matches!(change, StatusChange::Settled { .. });
        since && ended.is_none_or(|ended| *at < ended)
    };
    let changes = changes.iter().filter(during).map(|(at, _, change)| (*at, change.clone()));
    Permission::after(admission, changes.collect())
}
