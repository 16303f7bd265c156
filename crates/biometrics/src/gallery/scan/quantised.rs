//! Rows in int8: each by its own scale, so that its largest value is 127; and how far rounding can move a score.

use super::make_room;
use crate::face::template::dot;
use crate::gallery::kernel::{Bytes, Signed};
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
        let per_value = 1.0 / step;
        // To the nearest: -127 to 127, as no value is larger than the largest.
        let round = |value: &f32| (value * per_value + 0.5_f32.copysign(*value)) as i8;
        let steps: Zeroizing<Vec<i8>> = Zeroizing::new(values.iter().map(round).collect());
        let off = values.iter().zip(steps.iter()).map(|(value, steps)| value - f32::from(*steps) * step);
        let off: Zeroizing<Vec<f32>> = Zeroizing::new(off.collect());
        let norm = |values: &[f32]| f64::from(dot(values, values)).sqrt();
        Self { step, distance: norm(&off), length: norm(values), steps }
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
        // f32 rounds as well: a sum of this many values, here and there.
        let roundings = f64::from(f32::EPSILON) * (8 + query.len()) as f64;
        let error = moved * (1.0 + roundings) + roundings * rounded.length * self.length;
        Query { values: Zeroizing::new(values.collect()), step: rounded.step, error: error as f32 }
    }

    pub(super) fn lanes_of(&self, rows: Range<usize>) -> &[Bytes] {
        &self.bytes[rows.start * self.lanes..rows.end * self.lanes]
    }

    /// Scores from the sums of products of steps, both `[row * width + query]`.
    pub(super) fn scores(&self, rows: Range<usize>, queries: &[Query], sums: &[i32], scores: &mut [f32]) {
        match sums.len() / rows.len() {
            1 => self.scores_of::<1>(rows, queries, sums, scores),
            2 => self.scores_of::<2>(rows, queries, sums, scores),
            4 => self.scores_of::<4>(rows, queries, sums, scores),
            _ => self.scores_of::<8>(rows, queries, sums, scores),
        }
    }

    fn scores_of<const W: usize>(
        &self,
        rows: Range<usize>,
        queries: &[Query],
        sums: &[i32],
        scores: &mut [f32],
    ) {
        let of_query: [f32; W] = std::array::from_fn(|query| queries.get(query).map_or(0.0, |q| q.step));
        let (scores, sums) = (scores.as_chunks_mut::<W>().0, sums.as_chunks::<W>().0);
        for ((scores, sums), step) in scores.iter_mut().zip(sums).zip(&self.steps[rows]) {
            for query in 0..W {
                scores[query] = sums[query] as f32 * (step * of_query[query]);
            }
        }
    }
}
