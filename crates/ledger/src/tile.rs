//! The tree as files (C2SP tlog-tiles): tiles of up to 256 hashes, bundles of up to 256 leaves.

use crate::merkle::{Hash, root_of};

/// Hashes in a full tile, leaves in a full bundle.
pub const WIDTH: u64 = 256;
/// Levels of the tree that a level of tiles spans.
pub const HEIGHT: u32 = 8;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Hashes at a level of tiles.
    Hashes(u32),
    /// The leaves themselves.
    Entries,
}

/// One file: its kind, its number at its level, how many of 256 it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    /// What it holds.
    pub kind: Kind,
    /// Its number at its level.
    pub index: u64,
    /// How many it has: 1 to 256.
    pub width: u64,
}

impl Tile {
    /// The tile with the `index`th hash (or leaf) of its kind, as wide as a tree of `size` has it. `None` beyond it.
    pub fn with(kind: Kind, index: u64, size: u64) -> Option<Self> {
        let level = if let Kind::Hashes(level) = kind { level } else { 0 };
        let at_level = size.checked_shr(HEIGHT * level).unwrap_or(0);
        let tile = index / WIDTH;
        let width = at_level.saturating_sub(tile * WIDTH).min(WIDTH);
        (index < at_level).then_some(Self { kind, index: tile, width })
    }

    /// Its path below the log: `tile/0/x001/067.p/12`.
    pub fn path(&self) -> String {
        let mut parts = vec![format!("{:03}", self.index % 1000)];
        let mut rest = self.index / 1000;
        while rest > 0 {
            parts.insert(0, format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        let number = parts.join("/");
        let level = match self.kind {
            Kind::Hashes(level) => level.to_string(),
            Kind::Entries => "entries".to_owned(),
        };
        match self.width {
            WIDTH => format!("tile/{level}/{number}"),
            width => format!("tile/{level}/{number}.p/{width}"),
        }
    }

    /// The same tile, full: where a partial one is not kept any more.
    pub fn full(&self) -> Self {
        Self { width: WIDTH, ..*self }
    }
}

/// Whether a path may be a tile's or a bundle's: it leads to nothing else, and nowhere outside.
pub fn is_path(path: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = path.split('/');
    parts.next() == Some("tile")
        && parts.next().is_some_and(|level| level == "entries" || digits(level))
        && path.len() < 64
        && parts.clone().count() > 0
        && parts.all(|part| digits(part.strip_prefix('x').unwrap_or(part.strip_suffix(".p").unwrap_or(part))))
}

/// The hashes in a tile's bytes; `None` when they are not whole.
pub fn hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    rest.is_empty().then(|| hashes.to_vec())
}

/// The leaves in a bundle's bytes, each with two bytes of length before it; `None` when they are not whole.
pub fn entries(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut all = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        all.push(entry);
        bytes = rest;
    }
    bytes.is_empty().then_some(all)
}

/// Appends a leaf to a bundle; `false`, and nothing done, when it is longer than 65,535 bytes.
pub fn put_entry(bundle: &mut Vec<u8>, leaf: &[u8]) -> bool {
    let Ok(length) = u16::try_from(leaf.len()) else { return false };
    bundle.extend(length.to_be_bytes());
    bundle.extend(leaf);
    true
}

/// The hash of the `index`th complete subtree of `2^level` leaves, from the hashes of the tile that it is in.
pub(crate) fn node_in(hashes: &[Hash], level: u32, index: u64) -> Option<Hash> {
    let leaves = 1usize << (level % HEIGHT);
    let first = (index as usize % (WIDTH as usize / leaves)) * leaves;
    hashes.get(first..first + leaves).map(root_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = |kind, index, width| Tile { kind, index, width }.path();
        assert_eq!(path(Kind::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(Kind::Hashes(2), 0, 1), "tile/2/000.p/1");
        assert_eq!(path(Kind::Entries, 273, 112), "tile/entries/273.p/112");
        assert!([(0, 1), (1_234_067, 256), (u64::MAX / 256, 7)].iter().all(|n| is_path(&path(
            Kind::Entries,
            n.0,
            n.1
        ))));
        for other in [
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/..",
            "tile/../keys.db",
            "tile/0/000.new",
            "key",
            "tile//000",
        ] {
            assert!(!is_path(other), "{other}");
        }
    }

    #[test]
    fn a_tree_of_70000_has_the_tiles_that_the_specification_counts() {
        let width = |kind, index| Tile::with(kind, index, 70_000).map(|tile| (tile.index, tile.width));
        assert_eq!(width(Kind::Hashes(0), 69_999), Some((273, 112)));
        assert_eq!(width(Kind::Hashes(0), 255), Some((0, 256)));
        assert_eq!(width(Kind::Hashes(1), 272), Some((1, 17)));
        assert_eq!(width(Kind::Hashes(2), 0), Some((0, 1)));
        assert_eq!(width(Kind::Hashes(3), 0), None);
        assert_eq!(width(Kind::Hashes(0), 70_000), None);
    }

    #[test]
    fn a_bundle_that_is_cut_is_not_read() {
        let mut bundle = Vec::new();
        assert!(put_entry(&mut bundle, b"one") && put_entry(&mut bundle, b""));
        assert_eq!(entries(&bundle), Some(vec![&b"one"[..], b""]));
        assert_eq!(entries(&bundle[..bundle.len() - 1]), None);
        assert_eq!(entries(&bundle[..4]), None);
        assert!(!put_entry(&mut bundle, &[0; 65_536]));
    }
}
