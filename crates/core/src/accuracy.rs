//! What the service measures of itself, from encounters whose truth an officer or the boarding settled.
//!
//! | module | what it holds |
//! |---|---|
//! | this one | [`wilson`] intervals, [`people_per_day`] |
//! | [`adjudicate`](mod@adjudicate) | one encounter becomes the counts that it contributes (ISO/IEC 19795-1) |
//! | [`group`] | the declared marginals (ISO/IEC 19795-10): sex, age band, issuing state; never crossed |
//! | [`suppress`] | which cells may be shown, so that no small cell can be read or worked out |
//! | [`traffic`] | what is counted of every passage, declines among them, for the public |
//!
//! Counts only: nothing here names anybody.

pub mod adjudicate;
pub mod group;
pub mod suppress;
pub mod traffic;

pub use adjudicate::{Contribution, Kind, Measured, Passage, Scores, Unsettled, adjudicate};
pub use group::Dimension;
pub use suppress::{CELL_MIN, Shown, shown, shown_in_tables};

use serde::{Deserialize, Serialize};

/// The standard normal's quantile for a two-sided confidence of 95 %.
const Z_95: f64 = 1.959_963_984_540_054;

/// A measured rate with its 95 % interval: never one without the other, nor without the count behind it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Events over trials.
    pub estimate: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

/// The rate of `events` in `trials` with its 95 % score interval (Wilson 1927), which keeps its coverage where events
/// are few and never leaves 0..=1. `None` without a trial, or with more events than trials.
///
/// ```
/// let rate = portunus_core::accuracy::wilson(0, 100).unwrap();
/// assert_eq!((rate.estimate, rate.low), (0.0, 0.0));
/// assert!((rate.high - 0.037).abs() < 0.0005); // none seen in a hundred: up to 3.7 %
/// ```
pub fn wilson(events: u64, trials: u64) -> Option<Interval> {
    if trials == 0 || events > trials {
        return None;
    }
    let (k, n, z2) = (events as f64, trials as f64, Z_95 * Z_95);
    let estimate = k / n;
    let centre = (k + z2 / 2.0) / (n + z2);
    let half = Z_95 / (n + z2) * (k * (n - k) / n + z2 / 4.0).sqrt();
    // Rounding must not put an end beyond the estimate.
    let low = if events == 0 { 0.0 } else { (centre - half).clamp(0.0, estimate) };
    let high = if events == trials { 1.0 } else { (centre + half).clamp(estimate, 1.0) };
    Some(Interval { estimate, low, high })
}

/// A rate as people: how many of those who pass in a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeoplePerDay {
    /// By the estimate, rounded.
    pub people: u64,
    /// By the lower end, rounded.
    pub low: u64,
    /// By the upper end, rounded.
    pub high: u64,
}

/// What a rate means at `volume` people a day.
///
/// ```
/// use portunus_core::accuracy::{people_per_day, Interval, PeoplePerDay};
/// let rate = Interval { estimate: 0.024, low: 0.019, high: 0.030 };
/// assert_eq!(people_per_day(&rate, 4200.0), PeoplePerDay { people: 101, low: 80, high: 126 });
/// ```
pub fn people_per_day(rate: &Interval, volume: f64) -> PeoplePerDay {
    let at = |rate: f64| (rate * volume.max(0.0)).round() as u64;
    PeoplePerDay { people: at(rate.estimate), low: at(rate.low), high: at(rate.high) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_interval_is_the_published_one() {
        // Newcombe 1998, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        for (events, trials, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let rate = wilson(events, trials).unwrap();
            assert!((rate.low - low).abs() < 5e-5, "{events} of {trials}: {}", rate.low);
            assert!((rate.high - high).abs() < 5e-5, "{events} of {trials}: {}", rate.high);
        }
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_estimate_and_stays_a_rate(trials in 1_u64..2_000_000, part in 0.0..=1.0_f64) {
            let events = ((trials as f64 * part) as u64).min(trials);
            let rate = wilson(events, trials).unwrap();
            prop_assert!(0.0 <= rate.low && rate.low <= rate.estimate);
            prop_assert!(rate.estimate <= rate.high && rate.high <= 1.0);
            prop_assert!(rate.low < rate.high);
        }

        #[test]
        fn more_trials_at_the_same_rate_say_more(events in 0_u64..1000, more in 0_u64..1000, times in 2_u64..50) {
            let trials = events + more + 1;
            let (few, many) = (wilson(events, trials).unwrap(), wilson(events * times, trials * times).unwrap());
            prop_assert!(many.high - many.low < few.high - few.low);
        }

        #[test]
        fn what_fails_and_what_succeeds_mirror_each_other(trials in 1_u64..100_000, part in 0.0..=1.0_f64) {
            let events = ((trials as f64 * part) as u64).min(trials);
            let (failed, fine) = (wilson(events, trials).unwrap(), wilson(trials - events, trials).unwrap());
            prop_assert!((failed.low - (1.0 - fine.high)).abs() < 1e-9);
        }

        #[test]
        fn people_a_day_never_exceed_who_passes(trials in 1_u64..10_000, part in 0.0..=1.0_f64, volume in 0_u32..100_000) {
            let events = ((trials as f64 * part) as u64).min(trials);
            let people = people_per_day(&wilson(events, trials).unwrap(), f64::from(volume));
            prop_assert!(people.low <= people.people && people.people <= people.high);
            prop_assert!(people.high <= u64::from(volume));
        }
    }

    #[test]
    fn without_trials_there_is_no_rate() {
        assert_eq!(wilson(0, 0), None);
        assert_eq!(wilson(2, 1), None);
    }
}
