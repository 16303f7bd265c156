//! What officers' decisions do to keys: two records of one person share a key more; who is set apart has other keys.

use crate::id::{DecisionId, RecordId};
use crate::stay::fact::{Decided, Decision, LinkKey};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Every decision, and what those in force do.
#[derive(Default)]
pub(super) struct Decisions {
    all: BTreeMap<DecisionId, Decided>,
    undone: BTreeSet<DecisionId>,
    extras: HashMap<RecordId, Extra>,
    rejected: BTreeMap<(RecordId, RecordId), BTreeSet<DecisionId>>,
}

/// What decisions add to a record's keys.
#[derive(Default)]
struct Extra {
    /// The decisions that set it apart, XORed.
    apart: [u8; 16],
    same: BTreeSet<DecisionId>,
}

/// The records of whose persons it speaks.
fn named(decided: &Decided) -> Vec<RecordId> {
    match decided {
        Decided::Same { a, b } | Decided::NotSame { a, b } => vec![*a, *b],
        Decided::Apart { records } => records.iter().copied().collect::<BTreeSet<_>>().into_iter().collect(),
        Decided::Undone { .. } => Vec::new(),
    }
}

impl Decisions {
    /// The records whose clusters change when `decision` is noted; `None` when it is no news.
    pub(super) fn would_touch(&self, decision: &Decision) -> Option<Vec<RecordId>> {
        match &decision.decided {
            Decided::Undone { decision: undone } => {
                (!self.undone.contains(undone)).then(|| self.all.get(undone).map_or_else(Vec::new, named))
            }
            other => (!self.all.contains_key(&decision.id))
                .then(|| if self.undone.contains(&decision.id) { Vec::new() } else { named(other) }),
        }
    }

    /// Takes it; what was undone before it came never counts.
    pub(super) fn note(&mut self, decision: &Decision) {
        if let Decided::Undone { decision: undone } = &decision.decided {
            if self.undone.insert(*undone)
                && let Some(decided) = self.all.get(undone).cloned()
            {
                self.count(*undone, &decided, false);
            }
            return;
        }
        if self.all.contains_key(&decision.id) {
            return;
        }
        self.all.insert(decision.id, decision.decided.clone());
        if !self.undone.contains(&decision.id) {
            self.count(decision.id, &decision.decided, true);
        }
    }

    fn count(&mut self, id: DecisionId, decided: &Decided, is_on: bool) {
        if let Decided::NotSame { a, b } = decided {
            let pair = self.rejected.entry(((*a).min(*b), (*a).max(*b))).or_default();
            if is_on {
                pair.insert(id)
            } else {
                pair.remove(&id)
            };
            return;
        }
        for record in named(decided) {
            let extra = self.extras.entry(record).or_default();
            match decided {
                Decided::Same { .. } if is_on => {
                    extra.same.insert(id);
                }
                Decided::Same { .. } => {
                    extra.same.remove(&id);
                }
                _ => extra.apart.iter_mut().zip(id.bytes()).for_each(|(byte, other)| *byte ^= other),
            }
        }
    }

    /// The keys by which a record is connected, its own being `keys`.
    pub(super) fn connecting(&self, record: RecordId, keys: &[LinkKey]) -> Vec<LinkKey> {
        match self.extras.get(&record) {
            None => keys.to_vec(),
            Some(extra) => {
                let own = keys.iter().map(|key| key.apart(extra.apart));
                own.chain(extra.same.iter().map(|id| LinkKey::decision(*id))).collect()
            }
        }
    }

    /// Whether a record is set apart from those with whom it shares keys.
    pub(super) fn sets_apart(&self, record: RecordId) -> bool {
        self.extras.get(&record).is_some_and(|extra| extra.apart != [0; 16])
    }

    /// Whether an officer said that these two are not one person's.
    pub(super) fn is_rejected(&self, a: RecordId, b: RecordId) -> bool {
        self.rejected.get(&(a.min(b), a.max(b))).is_some_and(|ids| !ids.is_empty())
    }
}
