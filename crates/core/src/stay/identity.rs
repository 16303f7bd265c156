//! Records that some key connects become persons.
//!
//! An identity that an authority established goes before documents: where documents connect two identities, each keeps
//! the records that are plainly its own, and what could be either's is nobody's until an officer says whose.

use super::fact::LinkKey;
use std::collections::{BTreeMap, BTreeSet};

/// One person among records that keys connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their records, by their place in the list given, ascending.
    pub members: Vec<usize>,
    /// Documents connect them with somebody else, and there are records that could be either's.
    pub is_doubtful: bool,
}

/// Sets that grow together.
pub(super) struct Groups {
    parent: Vec<u32>,
}

impl Groups {
    pub(super) fn new(len: usize) -> Self {
        Self { parent: (0..u32::try_from(len).unwrap_or(u32::MAX)).collect() }
    }

    pub(super) fn root(&mut self, of: usize) -> usize {
        let mut at = of;
        while self.parent[at] as usize != at {
            self.parent[at] = self.parent[self.parent[at] as usize];
            at = self.parent[at] as usize;
        }
        at
    }

    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        // The smaller place is the root, so that the outcome does not depend on the order of joining.
        self.parent[a.max(b)] = a.min(b) as u32;
    }

    /// Joins what shares one of the keys that `counts`.
    fn by_keys(keys: &[Vec<LinkKey>], counts: impl Fn(LinkKey) -> bool) -> Self {
        let mut groups = Self::new(keys.len());
        let mut first = BTreeMap::new();
        for (n, keys) in keys.iter().enumerate() {
            for key in keys.iter().filter(|key| counts(**key)) {
                groups.join(*first.entry(*key).or_insert(n), n);
            }
        }
        groups
    }

    fn members(&mut self, of: impl Iterator<Item = usize>) -> BTreeMap<usize, Vec<usize>> {
        let mut all: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for n in of {
            all.entry(self.root(n)).or_default().push(n);
        }
        all
    }
}

/// Whether two records are connected by other keys than decisions.
pub(super) fn connected_undecided(keys: &[Vec<LinkKey>], a: usize, b: usize) -> bool {
    let mut groups = Groups::by_keys(keys, |key| key.is_identity() || key.is_document());
    groups.root(a) == groups.root(b)
}

/// The persons among records that their keys connect.
pub fn persons(keys: &[Vec<LinkKey>]) -> Vec<Person> {
    let identities = keys.iter().flatten().filter(|key| key.is_identity());
    let mut identities = identities.peekable();
    let first = identities.peek().copied().copied();
    if identities.all(|key| Some(*key) == first) {
        return vec![Person { members: (0..keys.len()).collect(), is_doubtful: false }];
    }
    // What identities and decisions connect is one person's; documents come after.
    let mut known = Groups::by_keys(keys, |key| !key.is_document());
    let has_identity: BTreeSet<usize> = (0..keys.len())
        .filter(|n| keys[*n].iter().any(|key| key.is_identity()))
        .map(|n| known.root(n))
        .collect();
    if has_identity.len() == 1 {
        return vec![Person { members: (0..keys.len()).collect(), is_doubtful: false }];
    }
    let mut whose: BTreeMap<LinkKey, BTreeSet<usize>> = BTreeMap::new();
    for (n, keys) in keys.iter().enumerate() {
        let root = known.root(n);
        if has_identity.contains(&root) {
            for key in keys.iter().filter(|key| key.is_document()) {
                whose.entry(*key).or_default().insert(root);
            }
        }
    }
    let mut left_over = Vec::new();
    let groups = known.members(0..keys.len());
    for (root, members) in groups.into_iter().filter(|(root, _)| !has_identity.contains(root)) {
        let of = |n: &usize| keys[*n].iter().filter_map(|key| whose.get(key)).flatten().copied();
        let owners: BTreeSet<usize> = members.iter().flat_map(of).collect();
        match owners.first().filter(|_| owners.len() == 1) {
            Some(owner) => known.join(*owner, root),
            None => left_over.extend(members),
        }
    }
    let is_doubtful = !left_over.is_empty();
    // What is nobody's is grouped by its keys alone.
    let alone: BTreeSet<usize> = left_over.iter().copied().collect();
    let theirs = |n: usize| if alone.contains(&n) { keys[n].clone() } else { Vec::new() };
    let mut rest = Groups::by_keys(&(0..keys.len()).map(theirs).collect::<Vec<_>>(), |_| true);
    let owned = known.members((0..keys.len()).filter(|n| !alone.contains(n)));
    let rest = rest.members(alone.iter().copied());
    owned.into_values().chain(rest.into_values()).map(|members| Person { members, is_doubtful }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::DecisionId;

    fn identity(n: u8) -> LinkKey {
        LinkKey::identity([n; 16])
    }

    fn document(n: u8) -> LinkKey {
        LinkKey::document([n; 16])
    }

    fn members(keys: &[Vec<LinkKey>]) -> Vec<(Vec<usize>, bool)> {
        persons(keys).into_iter().map(|person| (person.members, person.is_doubtful)).collect()
    }

    #[test]
    fn one_identity_or_none_is_one_person() {
        let keys = [vec![document(1)], vec![document(1), document(2)], vec![document(2), identity(9)]];
        assert_eq!(members(&keys), [(vec![0, 1, 2], false)]);
    }

    #[test]
    fn two_identities_on_one_document_are_two_people_and_the_rest_is_nobodys() {
        let keys = [
            vec![identity(1), document(1)],
            vec![identity(2), document(1)],
            vec![document(1)],
            vec![identity(2), document(2)],
            vec![document(2)],
        ];
        // 4 shares a document with the second alone; 2 could be either's.
        assert_eq!(members(&keys), [(vec![0], true), (vec![1, 3, 4], true), (vec![2], true)]);
    }

    #[test]
    fn a_decision_makes_two_identities_one_person() {
        let same = LinkKey::decision(DecisionId::from_bytes([5; 16]));
        let keys = [vec![identity(1), document(1), same], vec![identity(2), same], vec![document(1)]];
        assert_eq!(members(&keys), [(vec![0, 1, 2], false)]);
        let undone = [vec![identity(1), document(1)], vec![identity(2), document(1)], vec![document(1)]];
        assert_eq!(members(&undone).len(), 3);
    }
}
