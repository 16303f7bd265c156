//! Templates as rows of one contiguous matrix, and the exact search over all of them.

use super::scores::{Scan, Scores, Spread};
use crate::face::template::dot;
use portunus_core::id::PassengerId;
use std::collections::HashMap;
use zeroize::{Zeroize, Zeroizing};

/// Rows are padded with noughts to a multiple of this, so that the kernel has no tail.
const LANES: usize = 16;
/// Most people that a row's cohort is drawn from.
const COHORT_MAX: usize = 1000;

/// One row for each template. Zeroised when dropped, and whenever it moves.
#[derive(Default)]
pub(super) struct Matrix {
    dimension: usize,
    stride: usize,
    values: Vec<f32>,
    /// Whose each row is: an index into `members`.
    member_of: Vec<u32>,
    members: Vec<Member>,
    index: HashMap<PassengerId, u32>,
}

struct Member {
    person: PassengerId,
    rows: u32,
}

impl Drop for Matrix {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

impl Matrix {
    pub(super) fn rows(&self) -> usize {
        self.member_of.len()
    }

    /// How many people have rows.
    pub(super) fn people(&self) -> u32 {
        self.members.len() as u32
    }

    /// How many rows a person has; `None` for somebody without.
    pub(super) fn rows_of(&self, person: PassengerId) -> Option<u32> {
        self.index.get(&person).map(|member| self.members[*member as usize].rows)
    }

    /// Values in a row; nought while there is none.
    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    /// Whether a template of this dimension can be a row, or be compared with one.
    pub(super) fn fits(&self, dimension: usize) -> bool {
        self.member_of.is_empty() || self.dimension == dimension
    }

    /// The people, by dense index.
    pub(super) fn members(&self) -> impl Iterator<Item = PassengerId> {
        self.members.iter().map(|member| member.person)
    }

    /// The dense index of each row's person.
    pub(super) fn member_of_rows(&self) -> &[u32] {
        &self.member_of
    }

    /// Rows with whose they are, without padding.
    pub(super) fn iter(&self) -> impl Iterator<Item = (PassengerId, &[f32])> {
        let rows = self.values.chunks_exact(self.stride.max(1)).map(|row| &row[..self.dimension]);
        self.member_of.iter().map(|member| self.members[*member as usize].person).zip(rows)
    }

    /// Adds a row. `row` [`Self::fits`].
    pub(super) fn push(&mut self, person: PassengerId, row: &[f32]) {
        if self.member_of.is_empty() {
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
        let next = self.members.len() as u32;
        let member = *self.index.entry(person).or_insert(next);
        if member == next {
            self.members.push(Member { person, rows: 0 });
        }
        self.members[member as usize].rows += 1;
        self.member_of.push(member);
    }

    /// Takes out all rows of a person; the last rows take their places. Tells whether there were any.
    pub(super) fn remove(&mut self, person: PassengerId) -> bool {
        let Some(member) = self.index.remove(&person) else { return false };
        let mut row = 0;
        while row < self.member_of.len() {
            if self.member_of[row] != member {
                row += 1;
                continue;
            }
            let last = (self.member_of.len() - 1) * self.stride;
            self.values.copy_within(last.., row * self.stride);
            self.values[last..].zeroize();
            self.values.truncate(last);
            self.member_of.swap_remove(row);
        }
        // The last member takes the place of the one that left.
        self.members.swap_remove(member as usize);
        if let Some(moved) = self.members.get(member as usize) {
            let old = self.members.len() as u32;
            self.index.insert(moved.person, member);
            self.member_of.iter_mut().filter(|of| **of == old).for_each(|of| *of = member);
        }
        true
    }

    /// The probe's scores against every row.
    pub(super) fn scores(&self, probe: &[f32]) -> Scores<'_> {
        Scores { matrix: self, rows: self.raw(probe) }
    }

    /// The best few people, and the spread of all people's scores, in one pass.
    pub(super) fn scan(&self, probe: &[f32], most: usize) -> Scan {
        let scores = self.scores(probe);
        Scan { best: scores.best(most, |_, score| score), spread: scores.spread() }
    }

    /// For each row, the spread of its scores against other people: the first row of each, and of
    /// [`COHORT_MAX`] of them, evenly taken, where there are more. The same gallery gives the same.
    #[allow(dead_code, reason = "the normalisation of scores by reference is being built on it")]
    pub(super) fn cohorts(&self) -> Vec<Spread> {
        let mut sums = vec![(0.0_f64, 0.0_f64, 0_u32); self.rows()];
        for other in self.cohort_rows() {
            let whose = self.member_of[other];
            let scores = self.raw(self.row(other));
            for ((sum, member), score) in sums.iter_mut().zip(&self.member_of).zip(scores) {
                if *member != whose {
                    let score = f64::from(score);
                    *sum = (sum.0 + score, sum.1 + score * score, sum.2 + 1);
                }
            }
        }
        sums.into_iter().map(|(sum, squares, count)| Spread::from_sums(sum, squares, count)).collect()
    }

    /// The rows that all rows' cohorts are made of.
    fn cohort_rows(&self) -> Vec<usize> {
        let people = self.members.len();
        let mut first = vec![None; people];
        for (row, member) in self.member_of.iter().enumerate().rev() {
            first[*member as usize] = Some(row);
        }
        // One more than the most, as a row's own person is left out.
        let taken = people.min(COHORT_MAX + 1);
        (0..taken).filter_map(|n| first[n * people / taken]).collect()
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.stride..][..self.dimension]
    }

    fn raw(&self, probe: &[f32]) -> Vec<f32> {
        if self.member_of.is_empty() {
            return Vec::new();
        }
        let mut padded = Zeroizing::new(vec![0.0; self.stride]);
        padded[..probe.len()].copy_from_slice(probe);
        self.values.chunks_exact(self.stride).map(|row| dot(&padded, row)).collect()
    }
}
