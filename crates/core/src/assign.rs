//! Who is who, one to one: rows (faces) given to columns (documents) so that the sum of similarities is the greatest,
//! with the right to give neither.
//!
//! The optimum is found by Jonker and Volgenant's shortest augmenting paths (*Computing* 38, 1987; the form of Crouse,
//! *IEEE Trans. Aerospace and Electronic Systems* 52, 2016). Each row also has a column of its own that stands for
//! "nobody", worth the threshold: so a pair under the threshold is never part of the optimum, and a good pair is
//! not torn apart to save a bad one.

/// Most rows and most columns: a coach's seats.
pub const SIDE_MAX: usize = 64;

/// Two things that belong together, and how alike they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The row, from nought.
    pub row: usize,
    /// The column, from nought.
    pub column: usize,
    /// Their similarity: at least the threshold.
    pub similarity: f32,
}

/// A pair of the optimum that is not sure: its row or its column could as well be given otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ambiguous {
    /// The pair.
    pub pair: Pair,
    /// What the best assignment that gives its row or its column otherwise loses of the sum: less than the margin.
    pub lead: f32,
}

/// What a matrix gave. Every row and every column is named once: in a pair, in an ambiguous pair, or unmatched.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assignment {
    /// Pairs that stand, by row.
    pub pairs: Vec<Pair>,
    /// Pairs that somebody must look at, by row.
    pub ambiguous: Vec<Ambiguous>,
    /// Rows that are given no column.
    pub rows: Vec<usize>,
    /// Columns that are given no row.
    pub columns: Vec<usize>,
}

/// Why a matrix is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssignError {
    /// Rows of different lengths.
    #[error("the rows of the matrix differ in length")]
    Ragged,
    /// Too large.
    #[error("at most {SIDE_MAX} rows and columns")]
    TooLarge,
    /// A threshold or margin that is no number, or a similarity that is not one.
    #[error("similarities, threshold and margin are finite numbers, and the margin is not negative")]
    NotFinite,
}

/// Assigns rows to columns, one to one. `similarity` has one row of `columns` values for each row; negative
/// infinity says that two cannot belong together.
///
/// A pair is rejected under `threshold`. A pair is ambiguous when it has a rival: when an assignment that gives its row
/// another column, or its column another row, is worth less than `margin` less, counting a row that is given no
/// column as worth `threshold`. Rivals may lie under the threshold, by less than the margin. That nobody else is
/// there does not make a pair ambiguous, however near to the threshold it is: that is what the threshold says.
///
/// ```
/// use portunus_core::assign::assign;
///
/// // Three faces, two documents: the third face has none.
/// let found = assign(&[vec![0.7, 0.1], vec![0.2, 0.8], vec![0.3, 0.1]], 2, 0.4, 0.05)?;
/// assert_eq!(found.pairs.iter().map(|p| (p.row, p.column)).collect::<Vec<_>>(), [(0, 0), (1, 1)]);
/// assert_eq!((found.rows, found.columns), (vec![2], vec![]));
/// # Ok::<(), portunus_core::assign::AssignError>(())
/// ```
///
/// # Errors
/// When the matrix is ragged, larger than [`SIDE_MAX`], or holds what is no number.
pub fn assign(
    similarity: &[Vec<f32>],
    columns: usize,
    threshold: f32,
    margin: f32,
) -> Result<Assignment, AssignError> {
    check(similarity, columns, threshold, margin)?;
    let costs = Costs::of(similarity, columns, threshold, threshold);
    let rivals = Costs::of(similarity, columns, threshold, threshold - margin);
    let best = costs.solve();
    let total = costs.total(&best);
    let mut found = Assignment::default();
    for (row, &column) in best.iter().enumerate() {
        if column >= columns {
            found.rows.push(row);
            continue;
        }
        let pair = Pair { row, column, similarity: similarity[row][column] };
        let lead = (rivals.otherwise(row, column) - total).max(0.0) as f32;
        match lead < margin {
            true => found.ambiguous.push(Ambiguous { pair, lead }),
            false => found.pairs.push(pair),
        }
    }
    found.columns = (0..columns).filter(|column| !best.contains(column)).collect();
    Ok(found)
}

fn check(similarity: &[Vec<f32>], columns: usize, threshold: f32, margin: f32) -> Result<(), AssignError> {
    if similarity.len() > SIDE_MAX || columns > SIDE_MAX {
        return Err(AssignError::TooLarge);
    }
    if similarity.iter().any(|row| row.len() != columns) {
        return Err(AssignError::Ragged);
    }
    let number = |value: &f32| value.is_finite() || *value == f32::NEG_INFINITY;
    let numbers = similarity.iter().flatten().all(number);
    let limits = threshold.is_finite() && margin.is_finite() && margin >= 0.0;
    if numbers && limits { Ok(()) } else { Err(AssignError::NotFinite) }
}

/// Rows to be given one column each at the least cost: the columns, then one for each row that stands for nobody.
#[derive(Clone)]
struct Costs {
    rows: usize,
    width: usize,
    columns: usize,
    values: Vec<f64>,
}

impl Costs {
    /// Pairs count from `floor` on, nobody as `threshold`.
    fn of(similarity: &[Vec<f32>], columns: usize, threshold: f32, floor: f32) -> Self {
        let (rows, width) = (similarity.len(), columns + similarity.len());
        let mut values = vec![f64::INFINITY; rows * width];
        for (row, similar) in similarity.iter().enumerate() {
            for (column, value) in similar.iter().enumerate().filter(|(_, value)| **value >= floor) {
                // A pair at the threshold is one: it is preferred to nobody.
                values[row * width + column] = -f64::from(*value) - f64::EPSILON;
            }
            values[row * width + columns + row] = -f64::from(threshold);
        }
        Self { rows, width, columns, values }
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.width + column]
    }

    /// The least cost at which the row gets another column, or the column another row; infinite where neither can be.
    fn otherwise(&self, row: usize, column: usize) -> f64 {
        let mut other = self.clone();
        other.values[row * self.width + column] = f64::INFINITY;
        let mut moved = other.clone();
        moved.values[row * self.width + self.columns + row] = f64::INFINITY;
        // Whoever else takes the column gains more than all others together can: it is taken if it can be.
        let finite = self.values.iter().filter(|value| value.is_finite());
        let prize = 1.0 + 2.0 * finite.map(|value| value.abs()).sum::<f64>();
        let mut taken = other;
        (0..self.rows).for_each(|row| taken.values[row * self.width + column] -= prize);
        let given = taken.solve();
        let over = if given.contains(&column) { taken.total(&given) + prize } else { f64::INFINITY };
        let can_move = (0..self.columns).any(|other| moved.at(row, other).is_finite());
        if can_move { over.min(moved.total(&moved.solve())) } else { over }
    }

    fn total(&self, given: &[usize]) -> f64 {
        given.iter().enumerate().map(|(row, column)| self.at(row, *column)).sum()
    }

    /// The column of each row. A row that may not be given nobody may push others to theirs: there is always a solution.
    fn solve(&self) -> Vec<usize> {
        let (mut of_row, mut of_column) = (vec![0.0; self.rows], vec![0.0; self.width]);
        let mut row_at: Vec<Option<usize>> = vec![None; self.width];
        for row in 0..self.rows {
            self.augment(row, &mut of_row, &mut of_column, &mut row_at);
        }
        let mut given = vec![0; self.rows];
        for (column, row) in row_at.iter().enumerate() {
            if let Some(row) = row {
                given[*row] = column;
            }
        }
        given
    }

    /// Gives one more row a column, moving others along the cheapest alternating path (Dijkstra over reduced costs).
    fn augment(&self, start: usize, of_row: &mut [f64], of_column: &mut [f64], row_at: &mut [Option<usize>]) {
        let mut cheapest = vec![f64::INFINITY; self.width];
        let mut from = vec![start; self.width];
        let mut seen = vec![false; self.width];
        let (mut row, mut so_far) = (start, 0.0);
        let end = loop {
            for column in (0..self.width).filter(|column| !seen[*column]) {
                let cost = so_far + self.at(row, column) - of_row[row] - of_column[column];
                if cost < cheapest[column] {
                    (cheapest[column], from[column]) = (cost, row);
                }
            }
            let open = (0..self.width).filter(|column| !seen[*column]);
            let Some(next) = open.min_by(|a, b| cheapest[*a].total_cmp(&cheapest[*b])) else { return };
            (so_far, seen[next]) = (cheapest[next], true);
            match row_at[next] {
                Some(taken) => row = taken,
                None => break next,
            }
        };
        of_row[start] += so_far;
        for column in (0..self.width).filter(|column| seen[*column]) {
            if let Some(row) = row_at[column] {
                of_row[row] += so_far - cheapest[column];
            }
            of_column[column] -= so_far - cheapest[column];
        }
        let mut column = end;
        loop {
            let row = from[column];
            row_at[column] = Some(row);
            if row == start {
                return;
            }
            // The row's former column is the one through which it was reached.
            match (0..self.width).find(|former| *former != column && row_at[*former] == Some(row)) {
                Some(former) => column = former,
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(found: &Assignment) -> Vec<(usize, usize)> {
        found.pairs.iter().map(|pair| (pair.row, pair.column)).collect()
    }

    #[test]
    fn the_best_sum_wins_over_the_best_pair() {
        // Taking the best pair first, (0, 0), would leave row 1 with nothing above the threshold.
        let found = assign(&[vec![0.9, 0.8], vec![0.8, 0.1]], 2, 0.4, 0.05).unwrap();
        assert_eq!(pairs(&found), [(0, 1), (1, 0)]);
    }

    #[test]
    fn a_pair_under_the_threshold_is_rejected_and_a_good_one_is_not_torn_apart_for_it() {
        let found = assign(&[vec![0.9, 0.3], vec![0.35, 0.2]], 2, 0.4, 0.05).unwrap();
        assert_eq!((pairs(&found), found.rows, found.columns), (vec![(0, 0)], vec![1], vec![1]));
    }

    #[test]
    fn more_rows_than_columns_and_the_reverse_leave_the_rest_unmatched() {
        let rows = [vec![0.1, 0.9], vec![0.2, 0.1], vec![0.8, 0.2], vec![0.0, 0.3]];
        let found = assign(&rows, 2, 0.4, 0.05).unwrap();
        assert_eq!((pairs(&found), found.rows), (vec![(0, 1), (2, 0)], vec![1, 3]));
        let turned: Vec<Vec<f32>> = (0..2).map(|c| rows.iter().map(|row| row[c]).collect()).collect();
        let found = assign(&turned, 4, 0.4, 0.05).unwrap();
        assert_eq!((pairs(&found), found.columns), (vec![(0, 2), (1, 0)], vec![1, 3]));
    }

    #[test]
    fn look_alikes_are_ambiguous_and_the_others_stand() {
        // Columns 0 and 1 are twins; row 2 has its own.
        let twins = [vec![0.70, 0.68, 0.1], vec![0.69, 0.69, 0.0], vec![0.1, 0.1, 0.8]];
        let found = assign(&twins, 3, 0.4, 0.1).unwrap();
        assert_eq!(
            found.ambiguous.iter().map(|a| (a.pair.row, a.pair.column)).collect::<Vec<_>>(),
            [(0, 0), (1, 1)]
        );
        assert!(found.ambiguous.iter().all(|a| (a.lead - 0.02).abs() < 1e-5), "{:?}", found.ambiguous);
        assert_eq!(pairs(&found), [(2, 2)]);
        // One person, two documents that both could be theirs.
        let found = assign(&[vec![0.70, 0.68]], 2, 0.4, 0.1).unwrap();
        assert_eq!((found.ambiguous.len(), found.columns), (1, vec![1]));
        // Two faces like one document.
        let found = assign(&[vec![0.70], vec![0.68]], 1, 0.4, 0.1).unwrap();
        assert_eq!((found.ambiguous.len(), found.pairs.len(), found.rows), (1, 0, vec![1]));
        // A rival barely under the threshold is one; barely over it without a rival is sure.
        assert_eq!(assign(&[vec![0.41, 0.39]], 2, 0.4, 0.1).unwrap().ambiguous.len(), 1);
        assert_eq!(assign(&[vec![0.41, 0.29]], 2, 0.4, 0.1).unwrap().pairs.len(), 1);
        // A rival that belongs to somebody else beyond doubt is none.
        let found = assign(&[vec![0.70, 0.68], vec![0.1, 0.9]], 2, 0.4, 0.1).unwrap();
        assert_eq!(pairs(&found), [(0, 0), (1, 1)]);
    }

    #[test]
    fn nothing_and_nobody_are_assigned_nothing() {
        assert_eq!(assign(&[], 0, 0.4, 0.1).unwrap(), Assignment::default());
        assert_eq!(assign(&[], 2, 0.4, 0.1).unwrap().columns, [0, 1]);
        assert_eq!(assign(&[vec![], vec![]], 0, 0.4, 0.1).unwrap().rows, [0, 1]);
        let never = assign(&[vec![f32::NEG_INFINITY]], 1, -1e30, 0.0).unwrap();
        assert_eq!((never.rows, never.columns), (vec![0], vec![0]));
    }

    #[test]
    fn what_is_no_matrix_is_refused() {
        assert_eq!(assign(&[vec![0.1], vec![0.1, 0.2]], 1, 0.4, 0.1), Err(AssignError::Ragged));
        assert_eq!(assign(&[vec![f32::NAN]], 1, 0.4, 0.1), Err(AssignError::NotFinite));
        assert_eq!(assign(&[vec![f32::INFINITY]], 1, 0.4, 0.1), Err(AssignError::NotFinite));
        assert_eq!(assign(&[vec![0.1]], 1, f32::NAN, 0.1), Err(AssignError::NotFinite));
        assert_eq!(assign(&[vec![0.1]], 1, 0.4, -0.1), Err(AssignError::NotFinite));
        assert_eq!(assign(&vec![vec![0.1]; SIDE_MAX + 1], 1, 0.4, 0.1), Err(AssignError::TooLarge));
        assert!(assign(&vec![vec![0.1; SIDE_MAX]; SIDE_MAX], SIDE_MAX, 0.0, 0.0).is_ok());
    }

    /// The greatest worth of all assignments there are, over those that `holds` is true of: for each row a column of its
    /// own, of at least `floor`, or none, which is worth the threshold.
    fn brute(
        similarity: &[Vec<f32>],
        (threshold, floor): (f32, f32),
        given: &mut Vec<Option<usize>>,
        holds: &dyn Fn(&[Option<usize>]) -> bool,
    ) -> f64 {
        let Some(row) = similarity.get(given.len()) else {
            return if holds(given) { 0.0 } else { f64::NEG_INFINITY };
        };
        let mut best = f64::NEG_INFINITY;
        for choice in std::iter::once(None).chain((0..row.len()).map(Some)) {
            let worth = choice.map_or(threshold, |column| row[column]);
            if choice.is_some() && (worth < floor || given.contains(&choice)) {
                continue;
            }
            given.push(choice);
            best = best.max(f64::from(worth) + brute(similarity, (threshold, floor), given, holds));
            given.pop();
        }
        best
    }

    /// Matrices of up to six by six, of few values, so that ties are common.
    fn matrix() -> impl Strategy<Value = Vec<Vec<f32>>> {
        (1..=6_usize, 1..=6_usize).prop_flat_map(|(rows, columns)| {
            let coarse = (0..=10_u8).prop_map(|tenths| f32::from(tenths) / 10.0);
            let value = prop_oneof![3 => coarse, 3 => -1.0..1.0_f32, 1 => Just(f32::NEG_INFINITY)];
            proptest::collection::vec(proptest::collection::vec(value, columns), rows)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_optimum_is_that_of_trying_all(similarity in matrix(), threshold in -0.5..0.9_f32, margin in 0.0..0.3_f32) {
            let (rows, columns) = (similarity.len(), similarity[0].len());
            let found = assign(&similarity, columns, threshold, margin).unwrap();
            let given: Vec<Pair> = found.pairs.iter().copied().chain(found.ambiguous.iter().map(|a| a.pair)).collect();
            let worth: f64 = given.iter().map(|pair| f64::from(pair.similarity)).sum::<f64>()
                + f64::from(threshold) * found.rows.len() as f64;
            let best = brute(&similarity, (threshold, threshold), &mut Vec::new(), &|_| true);
            prop_assert!((worth - best).abs() < 1e-6, "{worth} for {best}");
            // Each row and each column once.
            let mut all: Vec<usize> = given.iter().map(|p| p.row).chain(found.rows.iter().copied()).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..rows).collect::<Vec<_>>());
            let mut all: Vec<usize> = given.iter().map(|p| p.column).chain(found.columns.iter().copied()).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..columns).collect::<Vec<_>>());
            for pair in &given {
                prop_assert!(pair.similarity >= threshold);
                let otherwise = |given: &[Option<usize>]| {
                    let at = |row: usize| given[row] == Some(pair.column);
                    !at(pair.row) && (given[pair.row].is_some() || (0..rows).any(at))
                };
                let lead = best - brute(&similarity, (threshold, threshold - margin), &mut Vec::new(), &otherwise);
                let lead = lead.max(0.0);
                let ambiguous = found.ambiguous.iter().find(|a| a.pair == *pair);
                prop_assert!((lead - f64::from(margin)).abs() < 1e-5 || ambiguous.is_some() == (lead < f64::from(margin)));
                if let Some(ambiguous) = ambiguous {
                    prop_assert!((f64::from(ambiguous.lead) - lead).abs() < 1e-5);
                }
            }
        }
    }
}
