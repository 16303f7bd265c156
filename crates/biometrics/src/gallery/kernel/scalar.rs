//! The plain kernel, which the others are held to.

use super::{Bytes, Floats, Signed};
use crate::face::template::dot;
use zeroize::{Zeroize, Zeroizing};

pub(super) fn floats(lanes: usize, rows: &[Floats], queries: &[Floats], scores: &mut [f32]) {
    each(lanes, rows, queries, scores, |row, query| {
        let mut sums = Floats::default().0;
        for (a, b) in row.iter().zip(query) {
            for ((sum, a), b) in sums.iter_mut().zip(a.0).zip(b.0) {
                *sum += a * b;
            }
        }
        // The sixteen sums are added up as `dot` adds up its own.
        dot(&sums, &[1.0; 16])
    });
}

pub(super) fn bytes(lanes: usize, rows: &[Bytes], queries: &[Signed], scores: &mut [i32]) {
    each(lanes, rows, queries, scores, |row, query| {
        let value = |stored: u8| i32::from(stored) - i32::from(Bytes::NOUGHT);
        let lanes = row.iter().zip(query);
        lanes.flat_map(|(a, b)| a.0.into_iter().zip(b.0)).map(|(a, b)| value(a) * i32::from(b)).sum()
    });
}

/// Queries lie lane by lane: of each row, the score with each.
fn each<R, Q: Copy + Zeroize, S>(
    lanes: usize,
    rows: &[R],
    queries: &[Q],
    scores: &mut [S],
    score_of: impl Fn(&[R], &[Q]) -> S,
) {
    let width = queries.len() / lanes;
    if width == 1 {
        let rows = rows.chunks_exact(lanes);
        return rows.zip(scores).for_each(|(row, score)| *score = score_of(row, queries));
    }
    for query in 0..width {
        let one = Zeroizing::new(queries.iter().skip(query).step_by(width).copied().collect::<Vec<Q>>());
        let scores = scores.iter_mut().skip(query).step_by(width);
        for (row, score) in rows.chunks_exact(lanes).zip(scores) {
            *score = score_of(row, &one);
        }
    }
}
