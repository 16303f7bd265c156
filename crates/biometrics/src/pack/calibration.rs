//! What scores mean: how often different people reach them, by the kind of score and of transaction.
//!
//! A probe fused of several frames, a member fused of several references and a second attempt each change how often
//! a stranger matches, and normalised scores lie elsewhere than raw ones: each has a [`Curve`] of its own, measured
//! through the whole pipeline. A machine needs no face data to know them: they belong to the pack's manifest.

mod curve;

use serde::{Deserialize, Serialize};

pub use curve::{Curve, EVENTS_MIN, MeasuredCurve, Point};

/// From this many people on, scores are normalised against the gallery; below, its mean is too uncertain.
pub const NORMALISED_FROM: u32 = 100;

/// How scores are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScoreType {
    /// The cosine of two templates, as it is.
    Raw,
    /// The cosine of two templates about the mean of the gallery's: what all its members share tells nobody apart.
    Normalised,
}

impl ScoreType {
    /// How a gallery of this many people scores.
    pub fn of_gallery(people: u32) -> Self {
        if people >= NORMALISED_FROM { Self::Normalised } else { Self::Raw }
    }

    /// The stable name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Normalised => "normalised",
        }
    }
}

/// What one traveller's comparison is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transaction {
    /// Frames fused into the probe.
    pub frames: u32,
    /// References fused into a member.
    pub references: u32,
    /// Probes compared; the best score counts.
    pub attempts: u32,
}

impl Transaction {
    /// One picture against one picture.
    pub const ONE: Self = Self { frames: 1, references: 1, attempts: 1 };

    fn within(&self, curve: &MeasuredCurve) -> bool {
        self.frames <= curve.frames && self.references <= curve.references && self.attempts <= curve.attempts
    }

    fn pictures(curve: &MeasuredCurve) -> u64 {
        u64::from(curve.frames) * u64::from(curve.references) * u64::from(curve.attempts)
    }
}

/// The measured curves, and what they were measured on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Measured", into = "Measured")]
pub struct Calibration(Measured);

/// The table `[calibration]` of a manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The data's name.
    pub data: String,
    /// What to know of the data before trusting the curves.
    pub caveats: String,
    /// How many different people.
    pub people: u32,
    /// How many pictures of them.
    pub pictures: u32,
    /// One for each score type at least.
    #[serde(rename = "curve")]
    pub curves: Vec<Curve>,
}

impl TryFrom<Measured> for Calibration {
    type Error = String;
    fn try_from(measured: Measured) -> Result<Self, String> {
        for (wanted, name) in [(ScoreType::Raw, "raw"), (ScoreType::Normalised, "normalised")] {
            if !measured.curves.iter().any(|curve| curve.measured().score == wanted) {
                return Err(format!(
                    "calibration: no curve of {name} scores: measure with `portunus models calibrate`"
                ));
            }
        }
        Ok(Self(measured))
    }
}

impl From<Calibration> for Measured {
    fn from(calibration: Calibration) -> Self {
        calibration.0
    }
}

impl Calibration {
    /// What was measured.
    pub fn measured(&self) -> &Measured {
        &self.0
    }

    /// The curve to read such scores by: the smallest measured transaction that covers this one, else the largest
    /// measured.
    pub fn curve(&self, score: ScoreType, transaction: Transaction) -> &Curve {
        let of_type = || self.0.curves.iter().filter(|curve| curve.measured().score == score);
        let size = |curve: &&Curve| Transaction::pictures(curve.measured());
        of_type()
            .filter(|curve| transaction.within(curve.measured()))
            .min_by_key(size)
            .or_else(|| of_type().max_by_key(size))
            // Unreachable: there is one of each type.
            .unwrap_or(&self.0.curves[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portunus_core::biometric::{Rate, Score};

    fn curve(score: ScoreType, [frames, references, attempts]: [u32; 3]) -> Curve {
        let point = |fmr, score| Point { fmr: Rate::new(fmr).unwrap(), score: Score(score) };
        let points = vec![point(0.1, 0.2), point(0.01, 0.3)];
        MeasuredCurve { score, frames, references, attempts, comparisons: 10_000, points }.try_into().unwrap()
    }

    fn measured(curves: Vec<Curve>) -> Measured {
        Measured { data: String::new(), caveats: String::new(), people: 2, pictures: 2, curves }
    }

    #[test]
    fn the_smallest_measured_transaction_that_covers_the_asked_one_is_read() {
        let kinds = [[1, 1, 1], [3, 3, 1], [3, 3, 2]];
        let of = |score| kinds.map(|kind| curve(score, kind));
        let curves = [of(ScoreType::Normalised), of(ScoreType::Raw)].concat();
        let calibration = Calibration::try_from(measured(curves)).unwrap();
        let read = |[frames, references, attempts]: [u32; 3]| {
            let found =
                calibration.curve(ScoreType::Raw, Transaction { frames, references, attempts }).measured();
            assert_eq!(found.score, ScoreType::Raw);
            [found.frames, found.references, found.attempts]
        };
        assert_eq!(read([1, 1, 1]), [1, 1, 1]);
        assert_eq!(read([1, 2, 1]), [3, 3, 1]);
        assert_eq!(read([1, 1, 2]), [3, 3, 2]);
        assert_eq!(read([9, 9, 9]), [3, 3, 2], "more than was measured: the largest there is");
    }

    #[test]
    fn a_calibration_without_one_of_the_score_types_is_refused() {
        let raw = measured(vec![curve(ScoreType::Raw, [1, 1, 1])]);
        assert!(Calibration::try_from(raw).unwrap_err().contains("normalised"));
    }
}
