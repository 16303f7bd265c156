//! Intervals by resampling people, and the reproducible draws behind them.
//!
//! Searches and pairs of one person are not independent of each other, so that an interval over single searches is
//! too narrow. What is drawn again, with replacement, are people, each with everything that shows them
//! (ISO/IEC 19795-1: the bootstrap where attempts are correlated).

/// How many replicates stand behind an interval.
pub const REPLICATES: usize = 1000;

/// A stream of draws that a seed fixes for ever: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", 2014). For drawing galleries and replicates, not for secrets.
#[derive(Debug, Clone)]
pub struct Draws(u64);

impl Draws {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below `end`, which must be over 0. The bias is below `end` / 2^64.
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.bits()) * end as u128) >> 64) as usize
    }

    /// Puts things into a random order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }
}

/// Where the true value lies with 95 % confidence, as far as the people at hand can tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The 95 % percentile interval of what `figure` makes of [`REPLICATES`] draws of `people` people; it is given how
/// often each of them was drawn, and may say `None` for a draw that gives no figure. `None` when no draw gives one.
pub fn interval(people: usize, seed: u64, mut figure: impl FnMut(&[u32]) -> Option<f64>) -> Option<Interval> {
    if people == 0 {
        return None;
    }
    let mut draws = Draws::new(seed);
    let mut times = vec![0_u32; people];
    let mut values = Vec::with_capacity(REPLICATES);
    for _ in 0..REPLICATES {
        times.fill(0);
        (0..people).for_each(|_| times[draws.below(people)] += 1);
        values.extend(figure(&times));
    }
    values.sort_by(f64::total_cmp);
    let at =
        |share: f64| values.get((share * values.len().saturating_sub(1) as f64).round() as usize).copied();
    Some(Interval { low: at(0.025)?, high: at(0.975)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_of_a_seed_is_the_published_one() {
        // The reference implementation's first numbers for the seed 1234567.
        let mut draws = Draws::new(1_234_567);
        assert_eq!(draws.bits(), 6_457_827_717_110_365_317);
        assert_eq!(draws.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_shuffle_loses_nothing_and_is_the_same_again() {
        let shuffled = |seed| {
            let mut things: Vec<usize> = (0..50).collect();
            Draws::new(seed).shuffle(&mut things);
            things
        };
        let mut sorted = shuffled(7);
        assert_eq!(sorted, shuffled(7));
        assert_ne!(sorted, shuffled(8));
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn the_interval_of_a_mean_is_near_what_theory_says() {
        // 400 people, every fifth fails: standard error sqrt(0.2 * 0.8 / 400) = 0.02.
        let of = |times: &[u32]| {
            let failed: u32 = times.iter().step_by(5).sum();
            Some(f64::from(failed) / 400.0)
        };
        let Interval { low, high } = interval(400, 1, of).unwrap();
        assert!((low - 0.161).abs() < 0.008 && (high - 0.239).abs() < 0.008, "{low} {high}");
        assert_eq!(interval(0, 1, of), None);
        assert_eq!(interval(9, 1, |_| None), None);
    }
}
