//! The exact search of a few queries among anonymous rows: every row is compared, the best few come out in order.
//!
//! A gallery searches with this; here are only numbers, without names, so that the search can be measured alone.

mod quantised;
#[cfg(test)]
mod tests;
mod top;

pub use super::kernel::{Kernel, QUERIES_MAX};

use super::kernel::Floats;
use quantised::{Query, Rows as QuantisedRows};
use std::ops::Range;
use top::Top;
use zeroize::{Zeroize, Zeroizing};

/// Rows whose scores are looked at while they are still near the processor.
const BLOCK_ROWS: usize = 512;
/// A thread of its own is worth at least this many bytes: it takes as long to start as to read them.
const THREAD_BYTES_MIN: usize = 1 << 20;

/// What a search reads of every row. Either way the scores that come out are those of f32.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Precision {
    /// The rows themselves.
    #[default]
    F32,
    /// A copy in int8, then those rows themselves that can be among the best, by a bound on what rounding did.
    /// Reads a quarter and finds the same.
    Int8,
}

/// How a search is carried out; it finds the same either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The code.
    pub kernel: Kernel,
    /// Most threads that share the rows, this one included; few rows take fewer.
    pub threads: usize,
}

impl Default for Plan {
    /// The fastest kernel, one thread: other requests want the other processors.
    fn default() -> Self {
        Self { kernel: Kernel::default(), threads: 1 }
    }
}

/// Rows of one length. Biometric data: no `Debug`, zeroised when dropped and whenever they move.
///
/// ```
/// use portunus_biometrics::gallery::scan::{Plan, Precision, Rows};
/// let mut rows = Rows::new(Precision::Int8);
/// rows.push(&[0.6, 0.8]);
/// rows.push(&[1.0, 0.0]);
/// assert_eq!(rows.nearest(&[&[1.0, 0.0]], 1, Plan::default()), [[(1, 1.0)]]);
/// ```
pub struct Rows {
    dimension: usize,
    /// Lanes of a row.
    lanes: usize,
    rows: usize,
    floats: Vec<Floats>,
    quantised: Option<QuantisedRows>,
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.floats.zeroize();
    }
}

impl Rows {
    /// No rows yet.
    pub fn new(precision: Precision) -> Self {
        let quantised = (precision == Precision::Int8).then(QuantisedRows::default);
        Self { dimension: 0, lanes: 0, rows: 0, floats: Vec::new(), quantised }
    }

    /// Adds a row. The first says how long rows are.
    ///
    /// # Panics
    /// For a row without values or of another length than the first.
    pub fn push(&mut self, row: &[f32]) {
        if self.rows == 0 {
            self.dimension = row.len();
            self.lanes = row.len().div_ceil(Floats::VALUES);
        }
        assert!(!row.is_empty() && row.len() == self.dimension, "rows are of one length");
        make_room(&mut self.floats, self.lanes);
        self.floats.extend(in_lanes(row));
        if let Some(quantised) = &mut self.quantised {
            quantised.push(row);
        }
        self.rows += 1;
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// How many bytes a search reads of all rows.
    pub fn bytes_scanned(&self) -> usize {
        self.quantised.as_ref().map_or(size_of_val(self.floats.as_slice()), QuantisedRows::bytes_scanned)
    }

    /// For each query the rows with the largest sums of products, at most `most`, best first, equal ones in the
    /// rows' order. All queries share one pass. A sum that is no number is never found.
    ///
    /// # Panics
    /// For more than [`QUERIES_MAX`] queries, and for one of another length than the rows.
    pub fn nearest(&self, queries: &[&[f32]], most: usize, plan: Plan) -> Vec<Vec<(usize, f32)>> {
        assert!(queries.len() <= QUERIES_MAX, "at most {QUERIES_MAX} queries");
        if self.rows == 0 || most == 0 || queries.is_empty() {
            return vec![Vec::new(); queries.len()];
        }
        assert!(queries.iter().all(|query| query.len() == self.dimension), "queries as long as the rows");
        let queries = Queries::of(queries, self.lanes, self.quantised.as_ref());
        let search = |rows| match &self.quantised {
            None => self.best_by_floats(rows, &queries, most, plan.kernel),
            Some(quantised) => self.best_by_bytes(quantised, rows, &queries, most, plan.kernel),
        };
        let threads = plan.threads.min(self.bytes_scanned() / THREAD_BYTES_MIN).max(1);
        let each = self.rows.div_ceil(threads);
        let parts = (0..threads).map(|part| part * each..((part + 1) * each).min(self.rows));
        let mut best = vec![Top::new(most); queries.each.len()];
        for part in in_parallel(parts, search) {
            best.iter_mut().zip(part).for_each(|(best, part)| best.merge(part));
        }
        best.into_iter().map(Top::into_found).collect()
    }

    fn best_by_floats(&self, rows: Range<usize>, queries: &Queries, most: usize, kernel: Kernel) -> Vec<Top> {
        let mut best = vec![Top::new(most); queries.each.len()];
        let mut scores = vec![0.0; BLOCK_ROWS * queries.width];
        for block in blocks(rows) {
            let scores = &mut scores[..block.len() * queries.width];
            kernel.floats(self.lanes, self.lanes_of(block.clone()), &queries.floats, scores);
            top::show(&mut best, queries.width, block.start, scores);
        }
        best
    }

    fn best_by_bytes(
        &self,
        quantised: &QuantisedRows,
        rows: Range<usize>,
        queries: &Queries,
        most: usize,
        kernel: Kernel,
    ) -> Vec<Top> {
        // Rounding moved each score by at most `error`: rows this far below the best few are out for certain.
        let mut possible: Vec<_> =
            queries.quantised.iter().map(|q| top::Possible::new(most, q.error)).collect();
        let mut sums = vec![0; BLOCK_ROWS * queries.width];
        let mut scores = vec![0.0; sums.len()];
        for block in blocks(rows) {
            let count = block.len() * queries.width;
            let (sums, scores) = (&mut sums[..count], &mut scores[..count]);
            kernel.bytes(quantised.lanes(), quantised.lanes_of(block.clone()), &queries.bytes, sums);
            quantised.scores(block.clone(), &queries.quantised, sums, scores);
            top::show(&mut possible, queries.width, block.start, scores);
        }
        let exact = |query: &[Floats], row: usize| {
            let mut score = [0.0];
            kernel.floats(self.lanes, self.lanes_of(row..row + 1), query, &mut score);
            score[0]
        };
        possible.into_iter().zip(&queries.each).map(|(p, query)| p.settle(|row| exact(query, row))).collect()
    }

    fn lanes_of(&self, rows: Range<usize>) -> &[Floats] {
        &self.floats[rows.start * self.lanes..rows.end * self.lanes]
    }
}

/// Queries as the kernels want them. Biometric data: zeroised when dropped.
struct Queries {
    /// As many as a pass takes: the queries, then noughts.
    width: usize,
    /// Each by itself.
    each: Vec<Zeroizing<Vec<Floats>>>,
    /// Together, lane by lane.
    floats: Zeroizing<Vec<Floats>>,
    /// The same in int8, where the search wants that.
    quantised: Vec<Query>,
    bytes: Zeroizing<Vec<super::kernel::Signed>>,
}

impl Queries {
    fn of(queries: &[&[f32]], lanes: usize, rows: Option<&QuantisedRows>) -> Self {
        let width = queries.len().next_power_of_two();
        let each: Vec<_> = queries.iter().map(|query| Zeroizing::new(in_lanes(query).collect())).collect();
        let quantised: Vec<Query> =
            rows.map_or(Vec::new(), |rows| queries.iter().map(|query| rows.query(query)).collect());
        let bytes = quantised.iter().map(|query| query.values.as_slice());
        Self {
            width,
            floats: lane_by_lane(
                each.iter().map(|query: &Zeroizing<Vec<Floats>>| query.as_slice()),
                lanes,
                width,
            ),
            bytes: lane_by_lane(bytes, rows.map_or(0, QuantisedRows::lanes), width),
            each,
            quantised,
        }
    }
}

/// Rows by the block.
fn blocks(rows: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    rows.clone().step_by(BLOCK_ROWS).map(move |start| start..rows.end.min(start + BLOCK_ROWS))
}

/// Several queries as one, the first lane of each first.
fn lane_by_lane<'a, L: Copy + Default + Zeroize + 'a>(
    queries: impl Iterator<Item = &'a [L]>,
    lanes: usize,
    width: usize,
) -> Zeroizing<Vec<L>> {
    let mut together = Zeroizing::new(vec![L::default(); lanes * width]);
    for (at, query) in queries.enumerate() {
        together.iter_mut().skip(at).step_by(width).zip(query).for_each(|(to, from)| *to = *from);
    }
    together
}

/// Values in lanes, the last filled up with noughts.
fn in_lanes(values: &[f32]) -> impl Iterator<Item = Floats> {
    values.chunks(Floats::VALUES).map(|part| {
        let mut lane = Floats::default();
        lane.0[..part.len()].copy_from_slice(part);
        lane
    })
}

/// Room for so many more, grown by hand: `Vec` would leave what it held in freed memory.
pub(super) fn make_room<L: Copy + Zeroize>(values: &mut Vec<L>, more: usize) {
    if values.capacity() < values.len() + more {
        let mut grown = Vec::with_capacity((values.len() * 2).max(64 * more));
        grown.extend_from_slice(values);
        values.zeroize();
        *values = grown;
    }
}

/// The first part on this thread, each other on one of its own; results in order.
fn in_parallel<P: Send, T: Send>(parts: impl Iterator<Item = P>, work: impl Fn(P) -> T + Sync) -> Vec<T> {
    let mut parts = parts;
    let first = parts.next();
    std::thread::scope(|scope| {
        let others: Vec<_> = parts.map(|part| scope.spawn(|| work(part))).collect();
        let others = others
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault)));
        first.into_iter().map(&work).chain(others).collect()
    })
}
