//! Rows in int8: each by its own scale, so that its largest value is 127; and how far rounding can move a score.

use super::make_room;
use crate::gallery::kernel::{Bytes, Kernel, Signed};
use std::ops::Range;
use zeroize::{Zeroize, Zeroizing};

const LARGEST: f32 = 127.0;

/// Rows in int8. Zeroised when dropped and whenever they move.
#[derive(Default)]
pub(super) struct Rows {
    lanes: usize,
    bytes: Vec<Bytes>,
    /// What one step of each row is worth.
    steps: Vec<f32>,
    /// The largest distance between a row and what int8 made of it.
    distance: f64,
    /// The length of the longest row.
    length: f64,
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

/// A query in int8. Biometric data: zeroised when dropped.
pub(super) struct Query {
    pub(super) values: Zeroizing<Vec<Signed>>,
    /// What one of its steps is worth.
    step: f32,
    /// No score of it with a row is further than this from that of f32.
    pub(super) error: f32,
}

/// Values in steps.
struct Rounded {
    steps: Zeroizing<Vec<i8>>,
    step: f32,
    /// Distance to the values, and their length.
    distance: f64,
    length: f64,
}

impl Rounded {
    fn of(values: &[f32]) -> Self {
        let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let step = (largest / LARGEST).max(f32::MIN_POSITIVE);
        // Within -127 to 127: no value is larger than the largest.
        let steps: Zeroizing<Vec<i8>> = Zeroizing::new(
            values.iter().map(|v| (v / step).round().clamp(-LARGEST, LARGEST) as i8).collect(),
        );
        let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
        let off =
            values.iter().zip(steps.iter()).map(|(v, s)| f64::from(*v) - f64::from(*s) * f64::from(step));
        let distance = norm(&mut { off });
        Self { step, distance, length: norm(&mut values.iter().map(|v| f64::from(*v))), steps }
    }
}

impl Rows {
    pub(super) fn push(&mut self, row: &[f32]) {
        self.lanes = row.len().div_ceil(Bytes::VALUES);
        let rounded = Rounded::of(row);
        make_room(&mut self.bytes, self.lanes);
        self.bytes.extend(rounded.steps.chunks(Bytes::VALUES).map(|part| {
            let mut lane = Bytes::default();
            lane.0.iter_mut().zip(part).for_each(|(to, step)| *to = step.cast_unsigned() ^ Bytes::NOUGHT);
            lane
        }));
        self.steps.push(rounded.step);
        self.distance = self.distance.max(rounded.distance);
        self.length = self.length.max(rounded.length);
    }

    pub(super) fn lanes(&self) -> usize {
        self.lanes
    }

    pub(super) fn bytes_scanned(&self) -> usize {
        size_of_val(self.bytes.as_slice()) + size_of_val(self.steps.as_slice())
    }

    /// A query for these rows.
    pub(super) fn query(&self, query: &[f32]) -> Query {
        let rounded = Rounded::of(query);
        let values = rounded.steps.chunks(Signed::VALUES).map(|part| {
            let mut lane = Signed::default();
            lane.0[..part.len()].copy_from_slice(part);
            lane
        });
        // |q·r - q'·r'| <= |q||r - r'| + |q - q'||r'| (Cauchy-Schwarz), |r'| <= |r| + |r - r'|.
        let moved = rounded.length * self.distance + rounded.distance * (self.length + self.distance);
        // f32 rounds a sum of this many lanes as well, here and there.
        let sums = f64::from(f32::EPSILON) * (8 + query.len()) as f64 * rounded.length * self.length;
        Query { values: Zeroizing::new(values.collect()), step: rounded.step, error: (moved + sums) as f32 }
    }

    /// The scores of some rows with queries that lie lane by lane: `scores[row * width + query]`.
    pub(super) fn scores(
        &self,
        rows: Range<usize>,
        lane_by_lane: &[Signed],
        queries: &[Query],
        kernel: Kernel,
        scores: &mut [f32],
    ) {
        let width = scores.len() / rows.len();
        let mut sums = [0_i32; super::BLOCK_ROWS * super::QUERIES_MAX];
        let sums = &mut sums[..scores.len()];
        kernel.bytes(
            self.lanes,
            &self.bytes[rows.start * self.lanes..rows.end * self.lanes],
            lane_by_lane,
            sums,
        );
        let steps = &self.steps[rows];
        if let [query] = queries {
            for ((score, sum), step) in scores.iter_mut().zip(sums.iter()).zip(steps) {
                *score = *sum as f32 * (step * query.step);
            }
            return;
        }
        for ((scores, sums), step) in scores.chunks_exact_mut(width).zip(sums.chunks_exact(width)).zip(steps)
        {
            for ((score, sum), query) in scores.iter_mut().zip(sums).zip(queries) {
                *score = *sum as f32 * (step * query.step);
            }
        }
    }
}
