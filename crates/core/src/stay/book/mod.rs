//! The book of stays: facts and decisions in, stays out; one event at a time or many at once.
//!
//! Facts that some key connects stand in one *cluster*. An event touches the cluster of its record and those that its keys
//! lead to, and no other. What a cluster says is a function of the facts and decisions in it alone, so the order in which
//! they came does not matter, nor whether they came one by one.
//!
//! | module | what it holds |
//! |---|---|
//! | `node` | a fact as it stands in memory: small |
//! | `decisions` | what officers' decisions do to keys |
//! | `clusters` | nodes that keys connect: joined, taken apart, joined again |
//! | `loose` | ends that nothing closes, found by date of birth and by name |
//! | `stays` | a cluster read as persons and their stays |

mod clusters;
mod decisions;
mod loose;
mod node;
mod stays;

use super::coverage::Coverage;
use super::explain::Stay;
use super::fact::{Decision, Event, Fact, LinkKey, What};
use super::pairing::Rules;
use crate::id::RecordId;
use clusters::Cluster;
use decisions::Decisions;
use jiff::Timestamp;
use loose::Loose;
use node::{Interned, Node, Raw};
use std::collections::HashMap;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is news.
    Changed,
    /// It was known, or a later revision is.
    Known,
}

/// Where a node or a cluster stands.
type Place = u32;
/// No cluster: a fact that was withdrawn.
const NOWHERE: Place = Place::MAX;

/// All that is known of people's stays. It holds what it is given in memory, for as long as it lives. Personal data: no
/// `Debug`.
pub struct Book {
    rules: Rules,
    nodes: Vec<Node>,
    by_record: HashMap<RecordId, Place, Raw>,
    clusters: Vec<Cluster>,
    free: Vec<Place>,
    by_key: HashMap<LinkKey, Place, Raw>,
    decisions: Decisions,
    loose: Loose,
    interned: Interned,
}

impl Book {
    /// An empty book.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            nodes: Vec::new(),
            by_record: HashMap::default(),
            clusters: Vec::new(),
            free: Vec::new(),
            by_key: HashMap::default(),
            decisions: Decisions::default(),
            loose: Loose::default(),
            interned: Interned::default(),
        }
    }

    /// A book of many events: what [`Self::apply`] makes of them in any order, each cluster paired once.
    pub fn of(rules: Rules, events: impl IntoIterator<Item = Event>) -> Self {
        let mut book = Self::new(rules);
        for event in events {
            match event {
                Event::Fact(fact) => {
                    book.keep(fact);
                }
                Event::Decision(decision) => {
                    book.decisions.note(&decision);
                }
            }
        }
        book.by_key.reserve(book.nodes.len() / 4);
        for n in 0..book.nodes.len() as Place {
            book.attach(n);
        }
        for cluster in 0..book.clusters.len() as Place {
            book.settle(cluster);
        }
        book
    }

    /// Takes one event; only the people whom it concerns are paired anew.
    pub fn apply(&mut self, event: &Event) -> Applied {
        match event {
            Event::Fact(fact) => self.apply_fact(fact),
            Event::Decision(decision) => self.apply_decision(decision),
        }
    }

    fn apply_fact(&mut self, fact: &Fact) -> Applied {
        let known = self.by_record.get(&fact.record).copied();
        if let Some(n) = known {
            if !self.is_news(n, fact) {
                return Applied::Known;
            }
            let mut rest = self.take_apart(self.nodes[n as usize].cluster);
            if rest.is_empty() {
                // It was withdrawn, and stood nowhere.
                rest.push(n);
            }
            self.replace(n, fact.clone());
            self.put_together(rest);
        } else {
            let n = self.insert(fact.clone());
            let cluster = self.attach(n);
            self.settle(cluster);
        }
        Applied::Changed
    }

    fn apply_decision(&mut self, decision: &Decision) -> Applied {
        let Some(touched) = self.decisions.would_touch(decision) else { return Applied::Known };
        let mut rest = Vec::new();
        for record in touched {
            if let Some(n) = self.by_record.get(&record) {
                rest.extend(self.take_apart(self.nodes[*n as usize].cluster));
            }
        }
        self.decisions.note(decision);
        self.put_together(rest);
        Applied::Changed
    }

    /// Keeps the fact where it is news, in no cluster yet.
    fn keep(&mut self, fact: Fact) {
        match self.by_record.get(&fact.record).copied() {
            Some(n) if self.is_news(n, &fact) => self.replace(n, fact),
            Some(_) => {}
            None => {
                self.insert(fact);
            }
        }
    }

    /// A later revision; or another of the same, of which the greater counts, whatever their order.
    fn is_news(&self, n: Place, fact: &Fact) -> bool {
        let known = &self.nodes[n as usize];
        fact.revision > known.revision
            || (fact.revision == known.revision && self.nodes[n as usize].fact() < node::tidy(fact.clone()))
    }

    fn insert(&mut self, fact: Fact) -> Place {
        let n = self.nodes.len() as Place;
        self.by_record.insert(fact.record, n);
        self.nodes.push(self.interned.node(fact));
        n
    }

    fn replace(&mut self, n: Place, fact: Fact) {
        let node = self.interned.node(fact);
        self.interned.forget(std::mem::replace(&mut self.nodes[n as usize], node));
    }

    /// How many facts it holds, withdrawn ones among them.
    pub fn facts(&self) -> usize {
        self.nodes.len()
    }

    /// The stays of the person whom a record is about, as of `now`, in order. None where there is no such record.
    pub fn stays(&self, of: RecordId, coverage: &Coverage, now: Timestamp) -> Vec<Stay> {
        let Some(n) = self.by_record.get(&of) else { return Vec::new() };
        let cluster = self.nodes[*n as usize].cluster;
        let persons = self.persons_of(cluster);
        let of_person = persons.into_iter().find(|person| person.members.contains(n));
        of_person.map_or_else(Vec::new, |person| self.stays_of(&person, coverage, now))
    }

    /// Every stay as of `now`, person by person, in the order of the book.
    pub fn each_stay(&self, coverage: &Coverage, now: Timestamp, mut each: impl FnMut(Stay)) {
        for cluster in 0..self.clusters.len() as Place {
            for person in self.persons_of(cluster) {
                self.stays_of(&person, coverage, now).into_iter().for_each(&mut each);
            }
        }
    }

    /// Every stay as of `now`, in the order of persons and instants: the same for the same facts.
    pub fn all(&self, coverage: &Coverage, now: Timestamp) -> Vec<Stay> {
        let mut all = Vec::new();
        self.each_stay(coverage, now, |stay| all.push(stay));
        all.sort_by_key(|stay| {
            let side = |seen: &Option<super::explain::Seen>| seen.as_ref().map(|seen| (seen.at, seen.record));
            (stay.person, side(&stay.entry).max(side(&stay.exit)), side(&stay.entry))
        });
        all
    }

    /// Calls for each passage with both ends, each open one, and each exit alone: how many of each there are.
    pub fn counted(&self) -> Counted {
        let mut counted = Counted::default();
        for cluster in 0..self.clusters.len() as Place {
            for person in self.persons_of(cluster) {
                counted.persons += 1;
                for passage in self.passages_of(&person) {
                    match (passage.entry.is_some(), passage.exit.is_some()) {
                        (true, true) => counted.paired += 1,
                        (true, false) => counted.entries_alone += 1,
                        _ => counted.exits_alone += 1,
                    }
                }
            }
        }
        counted
    }

    /// The records of each person.
    #[cfg(test)]
    pub(super) fn partition(&self) -> std::collections::BTreeSet<std::collections::BTreeSet<RecordId>> {
        let persons = (0..self.clusters.len() as Place).flat_map(|cluster| self.persons_of(cluster));
        let records = |n: &Place| self.nodes[*n as usize].record;
        persons.map(|person| person.members.iter().map(records).collect()).collect()
    }

    fn is_withdrawn(&self, n: Place) -> bool {
        matches!(*self.nodes[n as usize].what, What::Withdrawn)
    }
}

/// How much a book holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// People.
    pub persons: usize,
    /// Entries with their exits.
    pub paired: usize,
    /// Entries without.
    pub entries_alone: usize,
    /// Exits without an entry.
    pub exits_alone: usize,
}
