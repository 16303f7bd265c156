//! Merkle trees after RFC 6962, section 2.1: hashes, roots, proofs and their verification (RFC 9162, 2.1.3.2, 2.1.4.2).
//!
//! A tree is read through `node(level, index)`: the hash of the `index`th complete subtree of `2^level` leaves.

use sha2::{Digest, Sha256};

/// A SHA-256 hash, 32 bytes.
pub type Hash = [u8; 32];

/// The hash of a leaf's bytes.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

/// The hash of two subtrees.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of the tree without leaves.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The root of the tree that these are the leaf hashes of, in order.
pub fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize);
            node_hash(&root_of(left), &root_of(right))
        }
    }
}

/// The root of the tree of `size` leaves.
///
/// # Errors
/// What `node` says.
pub fn root<E>(size: u64, node: &mut impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Hash, E> {
    if size == 0 { Ok(empty_root()) } else { range(0, size, node) }
}

/// The hashes that prove that leaf `index` is in the tree of `size`, from the leaf's sibling upwards. Empty where
/// `index` is not below `size`.
///
/// # Errors
/// What `node` says.
pub fn prove_inclusion<E>(
    index: u64,
    size: u64,
    node: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let mut proof = Vec::new();
    let (mut low, mut high) = (0, size);
    while index < size && high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            proof.push(range(middle, high, node)?);
            high = middle;
        } else {
            proof.push(range(low, middle, node)?);
            low = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The hashes that prove that the tree of `old` leaves is the beginning of the tree of `new`. Empty where `old` is 0 or
/// not below `new`.
///
/// # Errors
/// What `node` says.
pub fn prove_consistency<E>(
    old: u64,
    new: u64,
    node: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let mut proof = Vec::new();
    if old == 0 || old >= new {
        return Ok(proof);
    }
    let (mut low, mut high) = (0, new);
    while high != old {
        let middle = low + split(high - low);
        if old <= middle {
            proof.push(range(middle, high, node)?);
            high = middle;
        } else {
            proof.push(range(low, middle, node)?);
            low = middle;
        }
    }
    if low > 0 {
        proof.push(range(low, high, node)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `proof` shows that the leaf with hash `leaf` is at `index` in the tree of `size` with this root.
pub fn verify_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut hash) = (index, size - 1, *leaf);
    for other in proof {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(other, &hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, other);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `proof` shows that the tree of `old` leaves is the beginning of the tree of `new`.
pub fn verify_consistency(old: u64, new: u64, old_root: &Hash, new_root: &Hash, proof: &[Hash]) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        // Every tree begins with nothing.
        return proof.is_empty() && *old_root == empty_root();
    }
    let (mut place, mut last) = (old - 1, new - 1);
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    // A complete subtree is its own first hash.
    let (first, rest) = match (old.is_power_of_two(), proof.split_first()) {
        (true, _) => (old_root, proof),
        (false, Some((first, rest))) => (first, rest),
        (false, None) => return false,
    };
    let (mut old_hash, mut new_hash) = (*first, *first);
    for other in rest {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            old_hash = node_hash(other, &old_hash);
            new_hash = node_hash(other, &new_hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, other);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

/// The largest power of two below `leaves`, which is more than one.
fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// The hash of the leaves from `low` to before `high`, as they stand in a larger tree.
fn range<E>(low: u64, high: u64, node: &mut impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Hash, E> {
    let leaves = high - low;
    if leaves.is_power_of_two() {
        return node(leaves.trailing_zeros(), low / leaves);
    }
    let middle = low + split(leaves);
    Ok(node_hash(&range(low, middle, node)?, &range(middle, high, node)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    fn leaves(size: u64) -> Vec<Hash> {
        (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    fn node(leaves: &[Hash]) -> impl FnMut(u32, u64) -> Result<Hash, Infallible> {
        |level, index| {
            let first = (index << level) as usize;
            Ok(root_of(&leaves[first..first + (1 << level)]))
        }
    }

    proptest! {
        #[test]
        fn what_is_proved_verifies_and_nothing_else_does(size in 1u64..300, index in 0u64..300, old in 0u64..300, bit in 0usize..256) {
            let (index, old) = (index % size, old % (size + 1));
            let leaves = leaves(size);
            let mut node = node(&leaves);
            let Ok(root) = root(size, &mut node);
            prop_assert_eq!(root, root_of(&leaves));
            let Ok(proof) = prove_inclusion(index, size, &mut node);
            prop_assert!(verify_inclusion(index, size, &leaves[index as usize], &proof, &root));
            let Ok(chain) = prove_consistency(old, size, &mut node);
            let old_root = root_of(&leaves[..old as usize]);
            prop_assert!(verify_consistency(old, size, &old_root, &root, &chain));
            let flip = |hash: &Hash| { let mut hash = *hash; hash[bit / 8] ^= 1 << (bit % 8); hash };
            prop_assert!(!verify_inclusion(index, size, &flip(&leaves[index as usize]), &proof, &root));
            prop_assert!(!verify_inclusion(index, size, &leaves[index as usize], &proof, &flip(&root)));
            prop_assert!(!verify_consistency(old, size, &flip(&old_root), &root, &chain));
            prop_assert!(old == 0 || !verify_consistency(old, size, &old_root, &flip(&root), &chain));
            for n in 0..chain.len() {
                let mut other = chain.clone();
                other[n] = flip(&other[n]);
                prop_assert!(!verify_consistency(old, size, &old_root, &root, &other));
                other.remove(n);
                prop_assert!(!verify_consistency(old, size, &old_root, &root, &other));
            }
        }
    }
}
