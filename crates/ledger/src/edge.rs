//! The right edge of a growing tree: of each level of tiles the hashes that do not fill one.

use crate::merkle::{Hash, empty_root, node_hash, root_of};
use crate::tile::{HEIGHT, Kind, Tile, WIDTH};

#[derive(Debug, Clone, Default)]
pub(crate) struct Edge {
    pub(crate) size: u64,
    pub(crate) levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// Adds a leaf's hash; each tile that it fills is given to `full`.
    pub(crate) fn push<E>(
        &mut self,
        leaf: Hash,
        full: &mut impl FnMut(Tile, &[Hash]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.size += 1;
        let (mut hash, mut level) = (leaf, 0);
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(hash);
            if (self.levels[level].len() as u64) < WIDTH {
                return Ok(());
            }
            let hashes = std::mem::take(&mut self.levels[level]);
            let kind = Kind::Hashes(level as u32);
            level += 1;
            full(Tile { kind, index: (self.size >> (HEIGHT * level as u32)) - 1, width: WIDTH }, &hashes)?;
            hash = root_of(&hashes);
        }
    }

    /// The partial tiles, with their hashes.
    pub(crate) fn partial(&self) -> impl Iterator<Item = (Tile, &[Hash])> {
        self.levels.iter().enumerate().filter(|(_, hashes)| !hashes.is_empty()).map(|(level, hashes)| {
            let index = self.size >> (HEIGHT * (level as u32 + 1));
            (Tile { kind: Kind::Hashes(level as u32), index, width: hashes.len() as u64 }, hashes.as_slice())
        })
    }

    pub(crate) fn root(&self) -> Hash {
        // The complete subtrees from left to right, the largest first.
        let mut subtrees = Vec::new();
        for hashes in self.levels.iter().rev() {
            let mut rest = hashes.as_slice();
            while !rest.is_empty() {
                let (subtree, others) = rest.split_at(1 << rest.len().ilog2());
                subtrees.push(root_of(subtree));
                rest = others;
            }
        }
        let last = subtrees.pop().unwrap_or_else(empty_root);
        subtrees.iter().rev().fold(last, |right, left| node_hash(left, &right))
    }
}
