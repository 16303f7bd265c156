//! The best few of many scores, without sorting them.

/// The best few rows so far.
#[derive(Clone)]
pub(super) struct Top {
    most: usize,
    /// Best first; equal scores in the order in which they came.
    found: Vec<(usize, f32)>,
    /// What a score must pass: the last of a full list.
    floor: f32,
}

impl Top {
    /// At most `most`, which is one at least.
    pub(super) fn new(most: usize) -> Self {
        Self { most, found: Vec::new(), floor: f32::NEG_INFINITY }
    }

    /// Takes a row among the best if it belongs there.
    fn offer(&mut self, row: usize, score: f32) {
        if score > self.floor {
            self.found.truncate(self.most - 1);
            self.found.insert(self.found.partition_point(|(_, other)| *other >= score), (row, score));
            if self.found.len() == self.most {
                self.floor = self.found[self.most - 1].1;
            }
        }
    }

    /// Offers the scores of one query of several, from row `start` on: `scores[row * width + query]`.
    pub(super) fn offer_all(&mut self, start: usize, scores: &[f32], query: usize, width: usize) {
        each_above(scores, query, width, self.floor, |row, score| {
            self.offer(start + row, score);
            self.floor
        });
    }

    /// Takes in what was found among later rows.
    pub(super) fn merge(&mut self, later: Self) {
        later.found.into_iter().for_each(|(row, score)| self.offer(row, score));
    }

    /// The rows with their scores, best first.
    pub(super) fn into_found(self) -> Vec<(usize, f32)> {
        self.found
    }
}

/// Rows that can be among the best few, when scores are known up to an error.
pub(super) struct Possible {
    /// By the least that each score can be.
    least: Top,
    error: f32,
    rows: Vec<(usize, f32)>,
}

impl Possible {
    pub(super) fn new(most: usize, error: f32) -> Self {
        Self { least: Top::new(most), error, rows: Vec::new() }
    }

    /// As [`Top::offer_all`].
    pub(super) fn offer_all(&mut self, start: usize, scores: &[f32], query: usize, width: usize) {
        let error = self.error;
        // `2 * error` below the list's end, and a little, as sums are rounded.
        let floor = |least: &Top| (least.floor - error).next_down();
        each_above(scores, query, width, floor(&self.least), |row, score| {
            self.rows.push((start + row, score));
            self.least.offer(start + row, score - error);
            floor(&self.least)
        });
    }

    /// The best few by their exact scores.
    pub(super) fn settle(self, exact: impl Fn(usize) -> f32) -> Top {
        let floor = (self.least.floor - self.error).next_down();
        let mut best = Top::new(self.least.most);
        for (row, score) in self.rows {
            if score > floor {
                best.offer(row, exact(row));
            }
        }
        best
    }
}

/// Calls for each score of a query above a floor, which each call may raise.
fn each_above(
    scores: &[f32],
    query: usize,
    width: usize,
    mut floor: f32,
    mut found: impl FnMut(usize, f32) -> f32,
) {
    const GROUP: usize = 32;
    // Most groups hold nothing above it: that is told without a branch for each score.
    for (at, group) in scores.chunks(GROUP * width).enumerate() {
        let of_query = || group.iter().skip(query).step_by(width).copied();
        let any = if width == 1 {
            group.iter().fold(false, |any, score| any | (*score > floor))
        } else {
            of_query().fold(false, |any, score| any | (score > floor))
        };
        if any {
            for (row, score) in of_query().enumerate() {
                if score > floor {
                    floor = found(at * GROUP + row, score);
                }
            }
        }
    }
}
