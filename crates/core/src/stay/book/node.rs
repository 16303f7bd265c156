//! A fact as it stands in memory: what many share is kept once.

use super::{NOWHERE, Place};
use crate::id::RecordId;
use crate::stay::fact::{Fact, LinkKey, What, Who};
use jiff::Timestamp;
use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

/// One fact.
pub(super) struct Node {
    pub(super) record: RecordId,
    pub(super) at: Timestamp,
    pub(super) revision: u32,
    pub(super) cluster: Place,
    pub(super) keys: Box<[LinkKey]>,
    pub(super) what: Arc<What>,
    pub(super) who: Option<Arc<Who>>,
}

impl Node {
    /// As it came, its keys in order.
    pub(super) fn fact(&self) -> Fact {
        Fact {
            record: self.record,
            revision: self.revision,
            at: self.at,
            keys: self.keys.to_vec(),
            who: self.who.as_deref().cloned(),
            what: (*self.what).clone(),
        }
    }
}

/// The order of keys says nothing. What was withdrawn says nothing else.
pub(super) fn tidy(mut fact: Fact) -> Fact {
    if fact.what == What::Withdrawn {
        fact.keys.clear();
        fact.who = None;
    }
    fact.keys.sort_unstable();
    fact.keys.dedup();
    fact
}

/// What facts share: where people cross, who they are.
#[derive(Default)]
pub(super) struct Interned {
    what: HashSet<Arc<What>>,
    who: HashSet<Arc<Who>>,
}

fn shared<T: Eq + Hash>(all: &mut HashSet<Arc<T>>, value: T) -> Arc<T> {
    if let Some(known) = all.get(&value) {
        return Arc::clone(known);
    }
    let value = Arc::new(value);
    all.insert(Arc::clone(&value));
    value
}

impl Interned {
    pub(super) fn node(&mut self, fact: Fact) -> Node {
        let Fact { record, revision, at, keys, who, what } = tidy(fact);
        Node {
            record,
            at,
            revision,
            cluster: NOWHERE,
            keys: keys.into_boxed_slice(),
            what: shared(&mut self.what, what),
            who: who.map(|who| shared(&mut self.who, who)),
        }
    }

    /// Lets go of who a replaced node was about, unless another is about them.
    pub(super) fn forget(&mut self, node: Node) {
        // One is here and one in the node.
        if let Some(who) = node.who.filter(|who| Arc::strong_count(who) == 2) {
            self.who.remove(&who);
        }
    }
}

/// Hashes keys and identifiers, which are random bytes already, by their last eight.
#[derive(Clone, Copy, Default)]
pub(super) struct Raw;

impl BuildHasher for Raw {
    type Hasher = LastEight;
    fn build_hasher(&self) -> LastEight {
        LastEight(0)
    }
}

pub(super) struct LastEight(u64);

impl Hasher for LastEight {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            // Multiplied, so that identifiers that somebody counts up spread all the same.
            self.0 = u64::from_le_bytes(*last).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}
