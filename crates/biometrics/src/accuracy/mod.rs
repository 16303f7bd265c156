//! How often a model pack errs (ISO/IEC 19795-1), from templates of known people.
//!
//! [`Comparisons`] compares every template with every other: pairs of one person are *genuine*, pairs of two
//! people *impostor*. Millions of scores are kept as two histograms. [`identification`] counts searches in galleries,
//! [`verification`] listed pairs, and [`resample`] draws the intervals.

mod histogram;
pub mod identification;
pub mod resample;
pub mod transaction;
pub mod verification;

use crate::face::template::{PackMismatch, Template, similarity};
use portunus_core::biometric::Score;

pub use histogram::Histogram;

/// Scores of all pairs among known people.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparisons {
    /// Scores of pairs that show one person.
    pub genuine: Histogram,
    /// Scores of pairs that show two people.
    pub impostor: Histogram,
}

impl Comparisons {
    /// Compares all templates with each other; `people` holds each person's.
    ///
    /// # Errors
    /// [`PackMismatch`] when they are not all of one pack.
    pub fn of(people: &[Vec<Template>]) -> Result<Self, PackMismatch> {
        let all: Vec<(usize, &Template)> =
            people.iter().enumerate().flat_map(|(who, own)| own.iter().map(move |t| (who, t))).collect();
        let mut scores = Self::default();
        for (at, (who, template)) in all.iter().enumerate() {
            for (other, another) in &all[at + 1..] {
                let score = similarity(template, another)?;
                if who == other { scores.genuine.add(score) } else { scores.impostor.add(score) }
            }
        }
        Ok(scores)
    }

    /// Share of genuine pairs below a threshold: the false non-match rate. `None` without such pairs.
    pub fn fnmr(&self, threshold: Score) -> Option<f64> {
        self.genuine.share_from(threshold).map(|matched| 1.0 - matched)
    }

    /// Share of impostor pairs at or over a threshold: the false match rate. `None` without such pairs.
    pub fn fmr(&self, threshold: Score) -> Option<f64> {
        self.impostor.share_from(threshold)
    }

    /// For each wanted false match rate, the lowest threshold that keeps it, as `(rate, threshold)`.
    ///
    /// A rate is left out when fewer than [`EVENTS_MIN`] false matches would stand behind it. Where a data set
    /// holds one person under two names, the rates are too high and the thresholds safe.
    pub fn calibrate(&self, wanted_fmr: &[f64]) -> Vec<(f64, Score)> {
        let backed = |fmr: &f64| fmr * self.impostor.count() as f64 >= EVENTS_MIN as f64;
        wanted_fmr
            .iter()
            .filter(|fmr| backed(fmr))
            .filter_map(|fmr| Some((*fmr, self.impostor.threshold_for(*fmr)?)))
            .collect()
    }
}

/// Fewest false matches from which a rate is read (the "rule of 30" of ISO/IEC 19795-1 annex B: within 30 % of
/// the true rate at 90 % confidence).
pub const EVENTS_MIN: u64 = 30;

#[cfg(test)]
mod tests {
    use super::*;
    use portunus_core::biometric::PackId;

    fn template(angle_deg: f32) -> Template {
        let (sin, cos) = angle_deg.to_radians().sin_cos();
        Template::new(PackId("test".into()), &[cos, sin]).unwrap()
    }

    #[test]
    fn every_pair_is_compared_once() {
        let people = [vec![template(0.0), template(10.0)], vec![template(90.0)], vec![template(180.0)]];
        let scores = Comparisons::of(&people).unwrap();
        assert_eq!((scores.genuine.count(), scores.impostor.count()), (1, 5));
        assert_eq!(scores.fnmr(Score(0.9)), Some(0.0));
        assert_eq!(scores.fnmr(Score(0.99)), Some(1.0));
        assert_eq!(scores.fmr(Score(0.1)), Some(0.2));
    }

    #[test]
    fn a_rate_that_too_few_false_matches_stand_behind_is_not_given() {
        let mut scores = Comparisons::default();
        (0..3000).for_each(|i| scores.impostor.add(Score(i as f32 / 3000.0 - 0.5)));
        let points = scores.calibrate(&[0.1, 0.01, 0.001]);
        assert_eq!(points.iter().map(|p| p.0).collect::<Vec<_>>(), [0.1, 0.01]);
        for (fmr, threshold) in points {
            let actual = scores.fmr(threshold).unwrap();
            assert!(actual <= fmr && actual > fmr * 0.98, "{actual} for {fmr}");
        }
    }

    #[test]
    fn templates_of_two_packs_are_not_compared() {
        let other = Template::new(PackId("other".into()), &[1.0, 0.0]).unwrap();
        assert!(Comparisons::of(&[vec![template(0.0)], vec![other]]).is_err());
    }
}
