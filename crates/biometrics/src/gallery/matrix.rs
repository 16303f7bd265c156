//! Templates as rows of one contiguous matrix, and the exact search over all of them.

use crate::face::template::dot;
use portunus_core::biometric::Score;
use portunus_core::id::PassengerId;
use std::collections::HashMap;
use zeroize::Zeroize;

/// Rows are padded with noughts to a multiple of this, so that the kernel has no tail.
const LANES: usize = 16;

/// One row for each template. Zeroised when dropped, and whenever it moves.
#[derive(Default)]
pub(super) struct Matrix {
    dimension: usize,
    stride: usize,
    values: Vec<f32>,
    people: Vec<PassengerId>,
}

impl Drop for Matrix {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

impl Matrix {
    pub(super) fn rows(&self) -> usize {
        self.people.len()
    }

    /// Values in a row; nought while there is none.
    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    /// Whether a template of this dimension can be a row, or be compared with one.
    pub(super) fn fits(&self, dimension: usize) -> bool {
        self.people.is_empty() || self.dimension == dimension
    }

    /// Rows with whose they are, without padding.
    pub(super) fn iter(&self) -> impl Iterator<Item = (PassengerId, &[f32])> {
        let rows = self.values.chunks_exact(self.stride.max(1)).map(|row| &row[..self.dimension]);
        self.people.iter().copied().zip(rows)
    }

    /// Adds a row. `row` [`Self::fits`].
    pub(super) fn push(&mut self, person: PassengerId, row: &[f32]) {
        if self.people.is_empty() {
            self.values.zeroize();
            self.dimension = row.len();
            self.stride = row.len().next_multiple_of(LANES);
        }
        if self.values.capacity() < self.values.len() + self.stride {
            // Grown by hand: `Vec` would leave the old rows in freed memory.
            let mut grown = Vec::with_capacity((self.values.len() * 2).max(64 * self.stride));
            grown.extend_from_slice(&self.values);
            self.values.zeroize();
            self.values = grown;
        }
        self.values.extend_from_slice(row);
        self.values.resize(self.values.len() + self.stride - row.len(), 0.0);
        self.people.push(person);
    }

    /// Takes out all rows of a person; the last rows take their places.
    pub(super) fn remove(&mut self, person: PassengerId) {
        let mut row = 0;
        while row < self.people.len() {
            if self.people[row] != person {
                row += 1;
                continue;
            }
            let last = (self.people.len() - 1) * self.stride;
            self.values.copy_within(last.., row * self.stride);
            self.values[last..].zeroize();
            self.values.truncate(last);
            self.people.swap_remove(row);
        }
    }

    /// The best score of each person, best people first, at most `most`. Equal scores are ordered by person, so
    /// that the same gallery always gives the same answer.
    pub(super) fn best(&self, probe: &[f32], most: usize) -> Vec<(PassengerId, Score)> {
        if self.people.is_empty() || most == 0 {
            return Vec::new();
        }
        let mut padded = zeroize::Zeroizing::new(vec![0.0; self.stride]);
        padded[..probe.len()].copy_from_slice(probe);
        let mut best: HashMap<PassengerId, f32> = HashMap::with_capacity(self.people.len());
        for (person, row) in self.people.iter().zip(self.values.chunks_exact(self.stride)) {
            let score = dot(&padded, row);
            best.entry(*person).and_modify(|s| *s = s.max(score)).or_insert(score);
        }
        let mut ranked: Vec<(PassengerId, Score)> = best.into_iter().map(|(p, s)| (p, Score(s))).collect();
        let order =
            |a: &(PassengerId, Score), b: &(PassengerId, Score)| b.1.0.total_cmp(&a.1.0).then(a.0.cmp(&b.0));
        if ranked.len() > most {
            ranked.select_nth_unstable_by(most - 1, order);
            ranked.truncate(most);
        }
        ranked.sort_unstable_by(order);
        ranked
    }
}
