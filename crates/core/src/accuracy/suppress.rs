//! Which cells of a table may be shown. No cell below ten is, and none that would let one be worked out.

/// A cell of fewer people than this is never shown.
pub const CELL_MIN: u64 = 10;

/// Which of the cells of one dimension may be shown where their total is known.
///
/// Hidden are all cells of 1 to 9 people; then, smallest first and nobody's last, so many others that at least two
/// cells and at least ten people are hidden together (complementary suppression): the shown total less the shown cells
/// then leaves a sum that fits more than one table. A zero may be shown: it speaks of nobody.
///
/// ```
/// use portunus_core::accuracy::shown;
/// assert_eq!(shown(&[200, 40, 3]), [true, false, false]); // 3 alone would be 243 less the others
/// assert_eq!(shown(&[200, 0]), [true, true]);
/// ```
pub fn shown(cells: &[u64]) -> Vec<bool> {
    let mut shown: Vec<bool> = cells.iter().map(|cell| *cell == 0 || *cell >= CELL_MIN).collect();
    if shown.iter().all(|shown| *shown) {
        return shown;
    }
    loop {
        let hidden = || cells.iter().zip(&shown).filter(|(_, shown)| !**shown).map(|(cell, _)| *cell);
        if hidden().count() >= 2 && hidden().sum::<u64>() >= CELL_MIN {
            return shown;
        }
        // Zeros last: they add nobody.
        let next = (0..cells.len()).filter(|at| shown[*at]).min_by_key(|at| (cells[*at] == 0, cells[*at]));
        match next {
            Some(next) => shown[next] = false,
            None => return shown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_small_cell_is_shown_or_left_over(cells in prop::collection::vec(0_u64..60, 0..9)) {
            let shown = shown(&cells);
            let of = |wanted: bool| cells.iter().zip(&shown).filter(move |(_, s)| **s == wanted).map(|(c, _)| *c);
            prop_assert!(of(true).all(|cell| cell == 0 || cell >= CELL_MIN));
            let (count, left_over) = (of(false).count(), of(false).sum::<u64>());
            // What the total leaves over is of several cells and enough people, or everything is hidden.
            prop_assert!(count == 0 || (count >= 2 && left_over >= CELL_MIN) || of(true).count() == 0);
        }

        #[test]
        fn nothing_is_hidden_without_need(cells in prop::collection::vec(prop_oneof![Just(0_u64), 10_u64..90], 0..9)) {
            prop_assert!(shown(&cells).into_iter().all(|shown| shown));
        }
    }
}
