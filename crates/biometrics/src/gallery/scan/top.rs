//! The best few of many scores, without sorting them.

/// Scores that are looked at together. The numbers of queries in a pass divide it.
const GROUP: usize = 16;

/// What keeps some of the rows of one query.
pub(super) trait Keeps {
    /// What a score must pass to be of interest.
    fn floor(&self) -> f32;
    /// Takes in a row whose score passed it.
    fn keep(&mut self, row: usize, score: f32);
}

/// Shows the scores of rows from `start` on, `scores[row * width + query]`, to who keeps each query's: `width` of
/// them or fewer.
pub(super) fn show<K: Keeps>(keepers: &mut [K], width: usize, start: usize, scores: &[f32]) {
    let mut floors = [f32::INFINITY; GROUP];
    let raise = |floors: &mut [f32; GROUP], query: usize, keeper: &K| {
        floors.iter_mut().skip(query).step_by(width).for_each(|floor| *floor = keeper.floor());
    };
    keepers.iter().enumerate().for_each(|(query, keeper)| raise(&mut floors, query, keeper));
    let (groups, rest) = scores.as_chunks::<GROUP>();
    let mut last = [f32::NEG_INFINITY; GROUP];
    last[..rest.len()].copy_from_slice(rest);
    for (group, scores) in groups.iter().chain([&last]).enumerate() {
        // Most groups have nothing of interest: that is told without a branch for each score.
        if !scores.iter().zip(&floors).fold(false, |any, (score, floor)| any | (score > floor)) {
            continue;
        }
        for (at, score) in scores.iter().enumerate() {
            if *score > floors[at] {
                let query = at % width;
                keepers[query].keep(start + (group * GROUP + at) / width, *score);
                raise(&mut floors, query, &keepers[query]);
            }
        }
    }
}

/// The best few rows.
#[derive(Clone)]
pub(super) struct Top {
    most: usize,
    /// Best first; equal scores in the order in which they came.
    found: Vec<(usize, f32)>,
}

impl Top {
    /// At most `most`, which is one at least.
    pub(super) fn new(most: usize) -> Self {
        Self { most, found: Vec::new() }
    }

    /// Takes in what was found among later rows.
    pub(super) fn merge(&mut self, later: Self) {
        later.found.into_iter().for_each(|(row, score)| self.offer(row, score));
    }

    /// The rows with their scores, best first.
    pub(super) fn into_found(self) -> Vec<(usize, f32)> {
        self.found
    }

    fn offer(&mut self, row: usize, score: f32) {
        if score > self.floor() {
            self.keep(row, score);
        }
    }
}

impl Keeps for Top {
    /// The last score of a full list.
    fn floor(&self) -> f32 {
        self.found.get(self.most - 1).map_or(f32::NEG_INFINITY, |(_, score)| *score)
    }

    fn keep(&mut self, row: usize, score: f32) {
        self.found.truncate(self.most - 1);
        self.found.insert(self.found.partition_point(|(_, other)| *other >= score), (row, score));
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

    /// The best few by their exact scores.
    pub(super) fn settle(self, exact: impl Fn(usize) -> f32) -> Top {
        let floor = self.floor();
        let mut best = Top::new(self.least.most);
        for (row, score) in self.rows {
            if score > floor {
                best.offer(row, exact(row));
            }
        }
        best
    }
}

impl Keeps for Possible {
    /// A score that with all its error just reaches the last of a full list; a little less, as sums are rounded.
    fn floor(&self) -> f32 {
        (self.least.floor() - self.error).next_down()
    }

    fn keep(&mut self, row: usize, score: f32) {
        self.rows.push((row, score));
        self.least.offer(row, score - self.error);
    }
}
