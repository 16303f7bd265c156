//! What is kept of waits: batches of ten people and more of one choice, in the order in which they became so many.

use super::{Judgement, Measured, RECORD_MONTHS, WINDOW_MONTHS, WINDOW_PEOPLE, Waits, best_shown, judge};
use crate::month::months_before;
use std::collections::BTreeMap;

/// Waits of ten people or more of one choice at one point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The month in which it became of ten people: `2026-11`.
    pub month: String,
    /// The waits.
    pub waits: Waits,
}

/// What is kept of both choices at one point, from one kind of source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Of those who are photographed, the latest last.
    pub photo: Vec<Batch>,
    /// Of those who are not, the latest last.
    pub manual: Vec<Batch>,
}

/// Waits of the voyages that are not closed yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Live {
    /// Of those who are photographed.
    pub photo: Waits,
    /// Of those who are not; who still waits has waited so far.
    pub manual: Waits,
}

impl Kept {
    /// Judges what is kept together with what is live, as of a month.
    pub fn judged(&self, live: &Live, ceiling_ms: u64, month: &str) -> Judgement {
        let (manual, photo) =
            (window(&self.manual, &live.manual, month), window(&self.photo, &live.photo, month));
        judge(&Measured { manual: &manual, photo: &photo, record_ms: self.record_ms(month), ceiling_ms })
    }

    /// Of how many people of either choice the window of a month can be, at least.
    pub fn people_within(&self, month: &str) -> u64 {
        let since = months_before(month, WINDOW_MONTHS);
        let people = |batches: &[Batch]| {
            let within = batches.iter().filter(|batch| batch.month >= since);
            within.map(|batch| batch.waits.people()).sum::<u64>()
        };
        people(&self.photo).min(people(&self.manual))
    }

    /// The best that the biometric choice has shown in any month of the trailing record.
    pub fn record_ms(&self, month: &str) -> Option<u64> {
        let since = months_before(month, RECORD_MONTHS);
        let mut months: BTreeMap<&str, Waits> = BTreeMap::new();
        for batch in self.photo.iter().filter(|batch| batch.month >= since) {
            months.entry(&batch.month).or_default().extend(&batch.waits);
        }
        best_shown(months.values())
    }
}

/// The live waits, and the latest batches until they are enough people.
fn window(batches: &[Batch], live: &Waits, month: &str) -> Waits {
    let since = months_before(month, WINDOW_MONTHS);
    let mut window = live.clone();
    for batch in batches.iter().rev() {
        if window.people() >= WINDOW_PEOPLE || batch.month < since {
            break;
        }
        window.extend(&batch.waits);
    }
    window
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(month: &str, people: u64, wait_ms: u64) -> Batch {
        Batch { month: month.to_owned(), waits: (0..people).map(|n| wait_ms * (90 + n % 10) / 100).collect() }
    }

    #[test]
    fn the_window_is_the_latest_people_and_none_of_long_ago() {
        let batches = [batch("2026-01", 200, 1), batch("2026-10", 300, 2), batch("2026-11", 250, 3)];
        let window = |live: Waits| window(&batches, &live, "2026-11").people();
        assert_eq!(window(Waits::default()), 550, "until there are enough, by whole batches");
        assert_eq!(window((0..WINDOW_PEOPLE).collect()), WINDOW_PEOPLE, "who is here now comes first");
        assert_eq!(super::window(&batches[..1], &Waits::default(), "2026-11").people(), 0);
    }

    #[test]
    fn the_record_outlives_the_window() {
        // A year ago the camera's lane took a minute. It was slowed since, and the manual lane takes as long as it now does.
        let kept = Kept {
            photo: vec![batch("2025-11", 300, 60_000), batch("2026-11", 300, 300_000)],
            manual: vec![batch("2026-11", 300, 300_000)],
        };
        assert!(kept.record_ms("2026-11").unwrap() < 70_000);
        let judged = |kept: &Kept, month| kept.judged(&Live::default(), 600_000, month);
        assert!(matches!(judged(&kept, "2026-11"), Judgement::FallsShort { .. }));
        let forgetful = Kept { photo: kept.photo[1..].to_vec(), ..kept.clone() };
        assert!(matches!(judged(&forgetful, "2026-11"), Judgement::Met(_)), "by the window alone");
        assert_eq!(kept.record_ms("2029-01"), None, "and one day it is too old");
    }

    #[test]
    fn who_waits_now_is_in_the_judgement() {
        let kept =
            Kept { photo: vec![batch("2026-11", 300, 60_000)], manual: vec![batch("2026-11", 100, 60_000)] };
        assert!(matches!(kept.judged(&Live::default(), 600_000, "2026-11"), Judgement::Met(_)));
        let live = Live { manual: std::iter::repeat_n(400_000, 30).collect(), ..Live::default() };
        assert!(matches!(kept.judged(&live, 600_000, "2026-11"), Judgement::FallsShort { .. }));
    }
}
