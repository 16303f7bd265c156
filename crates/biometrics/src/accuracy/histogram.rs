//! Scores by the million in a fixed space.

use super::EVENTS_MIN;
use portunus_core::biometric::Score;

/// Bins over -1..=1.
const BINS: usize = 20_000;

/// How many scores fell where; each is known to 0.0001. Scores outside -1..=1 count at the ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    bins: Vec<u64>,
    count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { bins: vec![0; BINS], count: 0 }
    }
}

impl Histogram {
    /// Adds a score. One that is no number counts as the lowest.
    pub fn add(&mut self, score: Score) {
        self.bins[bin(score)] += 1;
        self.count += 1;
    }

    /// How many scores there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Share of scores at or over `score` (rounded down to its bin), 0 to 1; `None` without scores.
    pub fn share_from(&self, score: Score) -> Option<f64> {
        let above: u64 = self.bins[bin(score)..].iter().sum();
        (self.count > 0).then(|| above as f64 / self.count as f64)
    }

    /// The lowest score such that at most this share of scores is at or over it; `None` without scores, or when
    /// even the highest score leaves more.
    pub fn threshold_for(&self, share: f64) -> Option<Score> {
        let allowed = share * self.count as f64;
        let mut above = 0;
        let mut lowest = BINS;
        for (at, bin) in self.bins.iter().enumerate().rev() {
            above += bin;
            if above as f64 > allowed {
                break;
            }
            lowest = at;
        }
        (self.count > 0 && lowest < BINS).then(|| Score((lowest as f64 / (BINS / 2) as f64 - 1.0) as f32))
    }

    /// For each wanted rate, the lowest threshold that keeps it, as `(rate, threshold)`.
    ///
    /// A rate is left out when fewer than [`EVENTS_MIN`] scores would stand behind it. Where a data set holds one
    /// person under two names, the rates are too high and the thresholds safe.
    pub fn calibrate(&self, wanted: &[f64]) -> Vec<(f64, Score)> {
        let backed = |rate: &f64| rate * self.count as f64 >= EVENTS_MIN as f64;
        wanted
            .iter()
            .filter(|rate| backed(rate))
            .filter_map(|rate| Some((*rate, self.threshold_for(*rate)?)))
            .collect()
    }
}

fn bin(score: Score) -> usize {
    // A half-thousandth of a bin upwards, so that a bin's own lower edge, rounded to f32, lies in it.
    let at = (f64::from(score.0) + 1.0) * (BINS / 2) as f64 + 1e-3;
    // `as` saturates: NaN and what is below become 0.
    (at as usize).min(BINS - 1)
}
