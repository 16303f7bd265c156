//! What a log says of single records: for whoever holds a receipt.

use crate::log::{Files, LogError, Reader};
use portunus_core::leaf::{Leaf, LedgerId};

/// The record that a leaf is about.
fn record_of(leaf: &Leaf) -> Option<LedgerId> {
    match leaf {
        Leaf::Sealed { record, .. }
        | Leaf::Redated { record, .. }
        | Leaf::Held { record, .. }
        | Leaf::Released { record, .. }
        | Leaf::Erased { record, .. } => Some(*record),
        _ => None,
    }
}

/// What the log of `size` leaves says of `records` from leaf `from` on, with the places, in order. That the leaves lead to the
/// root is for [`crate::verify::verify`] to say.
///
/// # Errors
/// [`LogError`] when a bundle is missing or not whole.
pub fn trace(
    files: &impl Files,
    size: u64,
    from: u64,
    records: &[LedgerId],
) -> Result<Vec<(u64, Leaf)>, LogError> {
    let reader = Reader::new(files, size);
    let mut found = Vec::new();
    let mut next = from;
    while next < size {
        let (first, leaves) = reader.bundle(next)?;
        for (place, bytes) in (first..).zip(&leaves).skip((next - first) as usize) {
            let leaf = Leaf::parse(bytes).ok();
            let ours = leaf.filter(|leaf| record_of(leaf).is_some_and(|record| records.contains(&record)));
            found.extend(ours.map(|leaf| (place, leaf)));
        }
        next = first + leaves.len() as u64;
    }
    Ok(found)
}
