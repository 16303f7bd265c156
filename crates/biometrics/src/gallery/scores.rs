//! The scores of one probe against every row of a gallery: their spread over people, and the best people.

use super::matrix::Matrix;
use portunus_core::biometric::Score;
use portunus_core::id::PassengerId;

/// A probe's scores against every row of one gallery.
pub(super) struct Scores<'a> {
    pub(super) matrix: &'a Matrix,
    /// One for each row.
    pub(super) rows: Vec<f32>,
}

/// The mean and standard deviation of a set of scores.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Spread {
    /// The mean.
    pub(super) mean: f64,
    /// The standard deviation (of the set itself, not estimated for a larger one); nought below two.
    pub(super) deviation: f64,
    /// How many scores.
    pub(super) count: u32,
}

/// What one pass over a gallery tells of a probe.
pub(super) struct Scan {
    /// The people most alike, best first, each with the best score over their rows.
    pub(super) best: Vec<(PassengerId, Score)>,
    /// The spread of the best score of each person, over all people: of the person shown as well, if a member.
    #[allow(dead_code, reason = "the normalisation of scores by probe is being built on it")]
    pub(super) spread: Spread,
}

impl Spread {
    /// Of these scores.
    pub(super) fn of(scores: &[f32]) -> Self {
        // Independent sums, so that they vectorise; in f64, so that the order does not show.
        let mut sums = [[0.0_f64; 8]; 2];
        let chunks = scores.chunks_exact(8);
        let rest = chunks.remainder();
        for chunk in chunks {
            for i in 0..8 {
                let score = f64::from(chunk[i]);
                sums[0][i] += score;
                sums[1][i] += score * score;
            }
        }
        let plus = |sum: &[f64; 8], of: fn(f64) -> f64| {
            sum.iter().sum::<f64>() + rest.iter().map(|s| of(f64::from(*s))).sum::<f64>()
        };
        Self::from_sums(plus(&sums[0], |s| s), plus(&sums[1], |s| s * s), scores.len() as u32)
    }

    /// From the sum of scores and the sum of their squares.
    pub(super) fn from_sums(sum: f64, squares: f64, count: u32) -> Self {
        if count == 0 {
            return Self::default();
        }
        let mean = sum / f64::from(count);
        let variance = squares / f64::from(count) - mean * mean;
        Self { mean, deviation: if count > 1 { variance.max(0.0).sqrt() } else { 0.0 }, count }
    }
}

impl Scores<'_> {
    /// The spread of the best score of each person.
    pub(super) fn spread(&self) -> Spread {
        Spread::of(&self.by_member(|_, score| score))
    }

    /// The best people, each by the best over their rows of `adjusted(row, score)`: at most `most`, best first.
    /// Equal scores are ordered by person, so that the same gallery always gives the same answer.
    ///
    /// `adjusted` never falls when the score rises.
    pub(super) fn best(
        &self,
        most: usize,
        adjusted: impl Fn(usize, f32) -> f32,
    ) -> Vec<(PassengerId, Score)> {
        if most == 0 {
            return Vec::new();
        }
        let scores = self.by_member(adjusted);
        let order =
            |a: &(PassengerId, Score), b: &(PassengerId, Score)| b.1.0.total_cmp(&a.1.0).then(a.0.cmp(&b.0));
        let mut best: Vec<(PassengerId, Score)> = Vec::with_capacity(most + 1);
        for (person, score) in self.matrix.members().zip(scores) {
            let found = (person, Score(score));
            if best.len() == most && order(&best[most - 1], &found).is_lt() {
                continue;
            }
            best.insert(best.partition_point(|other| order(other, &found).is_lt()), found);
            best.truncate(most);
        }
        best
    }

    /// The best of each member's rows, by dense index.
    fn by_member(&self, adjusted: impl Fn(usize, f32) -> f32) -> Vec<f32> {
        let mut best = vec![f32::NEG_INFINITY; self.matrix.people() as usize];
        for (row, (member, score)) in self.matrix.member_of_rows().iter().zip(&self.rows).enumerate() {
            let best = &mut best[*member as usize];
            *best = best.max(adjusted(row, *score));
        }
        best
    }
}
