//! Waits in bins, and what may be said of their 95th percentile.
//!
//! Of `n` waits sorted, as many are at or below the true p95 as a binomial count with probability 0.95 says. So the `r`-th
//! is a bound of the true p95 with a confidence that does not depend on how waits are distributed (order statistics: David
//! and Nagaraja 2003, 7.1): at most the `r`-th with P(B < r), more than the `r`-th with P(B >= r).

use crate::accuracy::traffic::{BIN_MAX, bin_end_ms, wait_bin};
use std::collections::BTreeMap;

/// The percentile that is promised.
const P95: f64 = 0.95;
/// With what confidence something is said, on the one side that it is said of.
const CONFIDENCE: f64 = 0.95;

/// From so many people on, something may be said. The longest of 59 waits is at or above the p95 with a confidence of
/// 1 - 0.95^59 = 95.2 %; of 58 with less than 95 %: then no wait, however short, would show that the promise is kept.
pub const PEOPLE_MIN: u64 = 59;

/// How many people waited how long, by the bins of [`wait_bin`]: a wait is known to a twentieth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waits(BTreeMap<u32, u64>);

impl Waits {
    /// Adds `n` people of one bin; a bin beyond the last is the last.
    pub fn add(&mut self, bin: u32, n: u64) {
        *self.0.entry(bin.min(BIN_MAX)).or_default() += n;
    }

    /// Adds those of another.
    pub fn extend(&mut self, other: &Self) {
        other.0.iter().for_each(|(bin, n)| self.add(*bin, *n));
    }

    /// How many people.
    pub fn people(&self) -> u64 {
        self.0.values().sum()
    }

    /// How many in each bin, the shortest first.
    pub fn bins(&self) -> impl Iterator<Item = (u32, u64)> + Clone + '_ {
        self.0.iter().map(|(bin, n)| (*bin, *n))
    }

    /// The mean, in milliseconds: each wait in the middle of its bin. `None` of nobody.
    pub fn mean_ms(&self) -> Option<f64> {
        let middle = |bin| (start_ms(bin) + bin_end_ms(bin)) as f64 / 2.0;
        let people = self.people();
        (people > 0).then(|| self.bins().map(|(bin, n)| middle(bin) * n as f64).sum::<f64>() / people as f64)
    }

    /// What nineteen in twenty did not exceed (nearest rank); `None` of nobody.
    pub fn p95_ms(&self) -> Option<u64> {
        let rank = (self.people() * 95).div_ceil(100).max(1);
        self.bin_of_rank(rank).map(bin_end_ms)
    }

    /// The true p95 is at most this, with a confidence of 95 %; `None` of fewer than [`PEOPLE_MIN`].
    pub fn p95_at_most_ms(&self) -> Option<u64> {
        let people = self.people();
        (people >= PEOPLE_MIN)
            .then(|| at_most_rank(people))
            .flatten()
            .and_then(|rank| self.bin_of_rank(rank))
            .map(bin_end_ms)
    }

    /// The true p95 is more than this, with a confidence of 95 %; `None` of fewer than [`PEOPLE_MIN`].
    pub fn p95_more_than_ms(&self) -> Option<u64> {
        let people = self.people();
        (people >= PEOPLE_MIN)
            .then(|| more_than_rank(people))
            .flatten()
            .and_then(|rank| self.bin_of_rank(rank))
            .map(start_ms)
    }

    /// The bin of the `rank`-th shortest wait, from 1.
    fn bin_of_rank(&self, rank: u64) -> Option<u32> {
        let mut before = 0;
        self.bins().find_map(|(bin, n)| {
            before += n;
            (before >= rank).then_some(bin)
        })
    }
}

impl FromIterator<u64> for Waits {
    /// From waits in milliseconds.
    fn from_iter<I: IntoIterator<Item = u64>>(waits_ms: I) -> Self {
        let mut waits = Self::default();
        waits_ms.into_iter().for_each(|ms| waits.add(wait_bin(ms), 1));
        waits
    }
}

/// Where a bin begins: every wait in it is longer.
fn start_ms(bin: u32) -> u64 {
    bin.checked_sub(1).map_or(0, bin_end_ms)
}

/// The least rank whose wait is at or above the true p95 with the wanted confidence; `None` where none of `people` is.
fn at_most_rank(people: u64) -> Option<u64> {
    let mut at_or_above = 0.0;
    let mut least = None;
    for rank in (1..=people).rev() {
        at_or_above += chance(people, rank);
        if at_or_above > 1.0 - CONFIDENCE {
            break;
        }
        least = Some(rank);
    }
    least
}

/// The greatest rank whose wait is below the true p95 with the wanted confidence; `None` where none of `people` is.
fn more_than_rank(people: u64) -> Option<u64> {
    let mut above = 0.0;
    for rank in (1..=people).rev() {
        above += chance(people, rank);
        if above >= CONFIDENCE {
            return Some(rank);
        }
    }
    None
}

/// The chance that exactly `k` of `n` are at or below the p95.
fn chance(n: u64, k: u64) -> f64 {
    let (n, k) = (n as f64, k as f64);
    (ln_choose(n, k) + k * P95.ln() + (n - k) * (1.0 - P95).ln()).exp()
}

fn ln_choose(n: f64, k: f64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// By Stirling's series (DLMF 5.11.1), to 1e-9 from eight on; below, the product.
fn ln_factorial(n: f64) -> f64 {
    if n < 8.0 {
        return (1..=n as u32).map(|k| f64::from(k).ln()).sum();
    }
    let x = n + 1.0;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + 1.0 / (12.0 * x)
        - 1.0 / (360.0 * x.powi(3))
        + 1.0 / (1260.0 * x.powi(5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fifty_nine_people_are_the_first_of_whom_the_longest_wait_is_a_bound() {
        assert_eq!(at_most_rank(58), None);
        assert_eq!(at_most_rank(59), Some(59));
        assert_eq!(at_most_rank(92), Some(92));
        // As tables of distribution-free tolerance limits have it (ISO 16269-6, table: 93 for the second longest).
        assert_eq!(at_most_rank(93), Some(92));
    }

    #[test]
    fn ranks_are_those_of_the_binomial_law_added_up_the_plain_way() {
        for people in [59_u64, 100, 181, 400] {
            // P(B = k) by recurrence from P(B = 0), in the plain way.
            let mut chances = vec![(1.0 - P95).powf(people as f64)];
            for k in 0..people {
                let last = chances[k as usize];
                chances.push(last * (people - k) as f64 / (k + 1) as f64 * P95 / (1.0 - P95));
            }
            let below = |rank: u64| chances[..rank as usize].iter().sum::<f64>();
            let at_most = (1..=people).find(|rank| below(*rank) >= CONFIDENCE);
            let more_than = (1..=people).rev().find(|rank| 1.0 - below(*rank) >= CONFIDENCE);
            if chances[0] > 0.0 {
                assert_eq!(at_most_rank(people), at_most, "{people}");
                assert_eq!(more_than_rank(people), more_than, "{people}");
            }
        }
    }

    #[test]
    fn the_bounds_hold_as_often_as_they_say() {
        // A seeded draw of uniform waits, whose p95 is 0.95 of the longest: each bound may fail one time in twenty.
        let (mut state, mut failed_low, mut failed_high) = (7_u64, 0, 0);
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let (draws, longest) = (2000, 1_u64 << 31);
        let p95 = longest / 20 * 19;
        for _ in 0..draws {
            // Stretched so that bins of a twentieth are fine enough to see the difference.
            let waits: Waits = (0..150).map(|_| uniform() / 16).collect();
            failed_low += u32::from(waits.p95_more_than_ms().unwrap() > p95 / 16);
            failed_high += u32::from(waits.p95_at_most_ms().unwrap() < p95 / 16);
        }
        assert!(failed_low <= draws / 20 && failed_high <= draws / 20, "{failed_low} {failed_high}");
    }

    proptest! {
        #[test]
        fn what_is_measured_lies_between_its_bounds(waits in prop::collection::vec(0_u64..2_000_000, 59..300)) {
            let waits: Waits = waits.into_iter().collect();
            let (low, high) = (waits.p95_more_than_ms().unwrap(), waits.p95_at_most_ms().unwrap());
            let measured = waits.p95_ms().unwrap();
            prop_assert!(low < measured && measured <= high);
        }

        #[test]
        fn fewer_say_nothing(waits in prop::collection::vec(0_u64..2_000_000, 0..59)) {
            let waits: Waits = waits.into_iter().collect();
            prop_assert_eq!((waits.p95_more_than_ms(), waits.p95_at_most_ms()), (None, None));
        }
    }
}
