//! One curve: the false-match rate (FMR, ISO/IEC 19795-1) at each score, measured on impostor transactions, and from it
//! the threshold that a gallery of a given size needs.

use super::ScoreType;
use portunus_core::biometric::{Rate, Score};
use serde::{Deserialize, Serialize};

/// A point of the curve needs at least this many false matches behind it (the "rule of 30" of ISO/IEC 19795-1
/// annex B: within 30 % of the true rate at 90 % confidence).
pub const EVENTS_MIN: f64 = 30.0;

/// How far back from its end the curve is looked at, to go on beyond it.
const TAIL_DECADES: f64 = 2.0;

/// No rate below this is ever claimed.
const FMR_FLOOR: f64 = 1e-12;

/// At `score` or above, a fraction `fmr` of the comparisons between different people matched.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// The rate.
    pub fmr: Rate,
    /// The score.
    pub score: Score,
}

/// The false-match rate at each score of one kind of transaction, measured and continued beyond the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "MeasuredCurve", into = "MeasuredCurve")]
pub struct Curve {
    measured: MeasuredCurve,
    /// Score per decade of FMR beyond the last point.
    score_per_decade: f64,
}

/// A table `[[calibration.curve]]` of a manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredCurve {
    /// How scores are made.
    pub score: ScoreType,
    /// Pictures fused into the probe.
    pub frames: u32,
    /// Pictures fused into the member's template.
    pub references: u32,
    /// Probes of one person, the best score of which counts.
    pub attempts: u32,
    /// How many transactions between different people.
    pub comparisons: u64,
    /// The curve: rates strictly falling, scores strictly rising.
    pub points: Vec<Point>,
}

impl TryFrom<MeasuredCurve> for Curve {
    type Error = String;
    fn try_from(measured: MeasuredCurve) -> Result<Self, String> {
        let points = &measured.points;
        if !(2..=256).contains(&points.len()) {
            return Err("calibration: expected 2 to 256 points".to_owned());
        }
        if [measured.frames, measured.references, measured.attempts].contains(&0) {
            return Err("calibration: expected one frame, reference and attempt at least".to_owned());
        }
        for (at, point) in points.iter().enumerate() {
            let events = point.fmr.get() * measured.comparisons as f64;
            if !point.score.0.is_finite() || point.fmr.get() <= 0.0 {
                return Err(format!("calibration: points[{at}]: expected a finite score and a rate over 0"));
            }
            if events < EVENTS_MIN {
                return Err(format!(
                    "calibration: points[{at}]: {events:.1} false matches stand behind this rate, at least \
                     {EVENTS_MIN} are needed: compare more pairs or leave the point out"
                ));
            }
        }
        for (at, pair) in points.windows(2).enumerate() {
            if pair[1].fmr >= pair[0].fmr || pair[1].score <= pair[0].score {
                let next = at + 1;
                return Err(format!("calibration: points[{next}]: rates must fall and scores must rise"));
            }
        }
        let score_per_decade = tail_slope(points);
        Ok(Self { measured, score_per_decade })
    }
}

impl From<Curve> for MeasuredCurve {
    fn from(curve: Curve) -> Self {
        curve.measured
    }
}

/// Score per decade of FMR between two points.
fn slope(low: Point, high: Point) -> f64 {
    f64::from(high.score.0 - low.score.0) / (low.fmr.get().log10() - high.fmr.get().log10())
}

/// The largest score per decade in the last [`TAIL_DECADES`] of the curve.
fn tail_slope(points: &[Point]) -> f64 {
    let last = points[points.len() - 1].fmr.get().log10();
    let in_tail = |pair: &&[Point]| pair[1].fmr.get().log10() - last < TAIL_DECADES;
    points.windows(2).filter(in_tail).map(|pair| slope(pair[0], pair[1])).fold(0.0, f64::max)
}

impl Curve {
    /// What was measured.
    pub fn measured(&self) -> &MeasuredCurve {
        &self.measured
    }

    /// Two people whose scores are closer than this are too close to tell: one decade of false-match rate.
    pub fn tie_margin(&self) -> f32 {
        let points = &self.measured.points;
        slope(points[0], points[points.len() - 1]) as f32
    }

    /// The score from which a candidate counts as found, so that a search for someone who is not among
    /// `gallery_people` finds anyone at most at the rate `wanted_fpir`.
    ///
    /// Each comparison then may err at FMR = 1 - (1 - FPIR)^(1/N), as if comparisons were independent, each
    /// person having one template (ISO/IEC 19795-1: an upper estimate for the better matchers). Between points
    /// the score is linear in log FMR. A rate above the first point's gets the first point's score. Beyond the
    /// last point the curve goes on with the largest score per decade seen in its last two decades: tails of
    /// impostor scores fall faster and faster, so this asks for more than the data suggest. A threshold above
    /// every possible score means that nobody is confirmed.
    pub fn threshold(&self, gallery_people: u32, wanted_fpir: Rate) -> Score {
        let people = f64::from(gallery_people.max(1));
        let fmr = -((-wanted_fpir.get()).ln_1p() / people).exp_m1();
        self.score_at(fmr.max(FMR_FLOOR))
    }

    /// The score at which different people match at this rate, rounded up.
    fn score_at(&self, fmr: f64) -> Score {
        let points = &self.measured.points;
        let after = points.partition_point(|point| point.fmr.get() > fmr);
        let score = match (after.checked_sub(1).map(|at| points[at]), points.get(after)) {
            (None, Some(first)) => return first.score,
            (Some(low), Some(high)) => {
                let decades = low.fmr.get().log10() - fmr.log10();
                (f64::from(low.score.0) + decades * slope(low, *high)).min(f64::from(high.score.0))
            }
            (Some(last), None) => {
                let decades = last.fmr.get().log10() - fmr.log10();
                f64::from(last.score.0) + decades * self.score_per_decade
            }
            // Unreachable: there are two points at least.
            (None, None) => return Score(f32::INFINITY),
        };
        let rounded = score as f32;
        Score(if f64::from(rounded) < score { rounded.next_up() } else { rounded })
    }

    /// How often two different people score at least `score`: the inverse of [`Self::threshold`]'s curve.
    ///
    /// Below the first point the rate rises along the first segment, to 1 at most; a score that is no number
    /// has rate 1. Never below 10^-12.
    pub fn false_match_rate(&self, score: Score) -> Rate {
        let points = &self.measured.points;
        let (first, last) = (points[0], points[points.len() - 1]);
        let value = f64::from(score.0);
        let fmr = if score.0.is_nan() {
            1.0
        } else if score.0 >= last.score.0 {
            extend(last, value, self.score_per_decade)
        } else {
            let after = points.partition_point(|point| point.score.0 <= score.0).max(1);
            let (low, high) = (points[after - 1], points[after]);
            let along = extend(low, value, slope(low, high));
            if score.0 < first.score.0 { along } else { along.clamp(high.fmr.get(), low.fmr.get()) }
        };
        // Clamped: a rate. (NaN cannot arise: all operands are finite, or the clamp ends at a bound.)
        Rate::new(fmr.clamp(FMR_FLOOR, 1.0)).unwrap_or(first.fmr)
    }
}

/// The rate at `score` on the line through `from` with that slope.
fn extend(from: Point, score: f64, score_per_decade: f64) -> f64 {
    from.fmr.get() * 10_f64.powf((f64::from(from.score.0) - score) / score_per_decade)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn falling(steps: &[(f64, f32)]) -> Curve {
        let (mut fmr, mut score) = (0.2, -0.1_f32);
        let points = steps.iter().map(|(factor, rise)| {
            (fmr, score) = (fmr * factor, score + rise);
            Point { fmr: Rate::new(fmr).unwrap(), score: Score(score) }
        });
        let measured = MeasuredCurve {
            score: ScoreType::Raw,
            frames: 1,
            references: 1,
            attempts: 1,
            comparisons: u64::MAX,
            points: points.collect(),
        };
        measured.try_into().unwrap()
    }

    fn any_curve() -> impl Strategy<Value = Curve> {
        proptest::collection::vec((0.02..0.9_f64, 0.001..0.2_f32), 2..9).prop_map(|steps| falling(&steps))
    }

    fn rate(value: f64) -> Rate {
        Rate::new(value).unwrap()
    }

    proptest! {
        #[test]
        fn a_higher_score_is_never_a_higher_false_match_rate(
            curve in any_curve(), a in -2.0..2.0_f32, b in -2.0..2.0_f32
        ) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(curve.false_match_rate(Score(low)) >= curve.false_match_rate(Score(high)));
        }

        #[test]
        fn a_larger_gallery_and_a_stricter_rate_never_lower_the_threshold(
            curve in any_curve(), people in 0_u32..1_000_000, more in 0_u32..1_000_000,
            fpir in 0.0..=1.0_f64, stricter in 0.0..=1.0_f64
        ) {
            let here = curve.threshold(people, rate(fpir));
            prop_assert!(curve.threshold(people + more, rate(fpir)) >= here);
            prop_assert!(curve.threshold(people, rate(fpir * stricter)) >= here);
        }

        #[test]
        fn the_threshold_keeps_the_rate_it_was_asked_for(
            curve in any_curve(), people in 1_u32..100_000, fpir in 1e-6..1.0_f64
        ) {
            let fmr = curve.false_match_rate(curve.threshold(people, rate(fpir))).get();
            let reached = -(f64::from(people) * (-fmr).ln_1p()).exp_m1();
            prop_assert!(reached <= fpir * (1.0 + 1e-6), "asked {fpir}, got {reached}");
        }
    }

    #[test]
    fn one_person_at_a_measured_rate_gets_the_measured_score() {
        let curve = falling(&[(0.5, 0.2), (0.1, 0.1), (0.1, 0.05)]);
        for point in &curve.measured().points {
            let score = curve.threshold(1, point.fmr);
            assert!((score.0 - point.score.0).abs() < 1e-6, "{score:?} {point:?}");
            let fmr = curve.false_match_rate(point.score).get() / point.fmr.get();
            assert!((fmr - 1.0).abs() < 1e-6, "{fmr}");
        }
    }

    #[test]
    fn beyond_the_data_the_curve_is_as_cautious_as_its_last_two_decades_ever_were() {
        let curve = falling(&[(0.5, 0.2), (0.1, 0.1), (0.1, 0.05)]);
        let last = curve.measured().points[2];
        let score = curve.threshold(1, rate(last.fmr.get() / 10.0));
        assert!((score.0 - last.score.0 - 0.1).abs() < 1e-5, "{score:?}");
        // A steep beginning, three decades back, does not count.
        let curve = falling(&[(0.5, 0.2), (0.1, 0.3), (0.1, 0.1), (0.1, 0.05)]);
        let last = curve.measured().points[3];
        let score = curve.threshold(1, rate(last.fmr.get() / 10.0));
        assert!((score.0 - last.score.0 - 0.1).abs() < 1e-5, "{score:?}");
    }

    #[test]
    fn what_is_not_a_curve_is_refused() {
        let good = falling(&[(0.5, 0.2), (0.1, 0.1)]).measured;
        let refused = |change: fn(&mut MeasuredCurve)| {
            let mut measured = good.clone();
            change(&mut measured);
            Curve::try_from(measured).err().unwrap_or_default()
        };
        assert!(refused(|m| m.points.truncate(1)).contains("2 to 256 points"));
        assert!(refused(|m| m.points.reverse()).contains("points[1]: rates must fall"));
        assert!(refused(|m| m.points[0].score = Score(f32::NAN)).contains("points[0]"));
        assert!(refused(|m| m.comparisons = 100).contains("false matches stand behind"));
        assert!(refused(|m| m.attempts = 0).contains("one frame"));
        assert!(Curve::try_from(good).is_ok());
    }

    #[test]
    fn a_score_that_is_no_number_matches_everyone() {
        let curve = falling(&[(0.5, 0.2), (0.1, 0.1)]);
        assert_eq!(curve.false_match_rate(Score(f32::NAN)).get(), 1.0);
        assert_eq!(curve.false_match_rate(Score(f32::NEG_INFINITY)).get(), 1.0);
        assert_eq!(curve.false_match_rate(Score(f32::INFINITY)).get(), FMR_FLOOR);
    }
}
