//! What the border's rules need to know of a comparison: a score never travels alone.

use crate::id::PassengerId;
use serde::{Deserialize, Serialize};

/// Which model pack made a template or a score. Templates of two packs cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackId(pub String);

/// A similarity score: larger is more alike. Its scale belongs to the model pack.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Score(pub f32);

/// A rate between 0 and 1 (FMR, FPIR, ...; ISO/IEC 19795-1).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Rate(f64);

/// Why a number is not a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a rate between 0 and 1")]
pub struct RateError;

impl Rate {
    /// Makes a rate; `None` outside 0..=1 and for NaN.
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }
    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Rate {
    type Error = RateError;
    fn try_from(value: f64) -> Result<Self, RateError> {
        Self::new(value).ok_or(RateError)
    }
}

impl From<Rate> for f64 {
    fn from(rate: Rate) -> f64 {
        rate.0
    }
}

/// A member of a gallery found by a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The member: one person, however many references.
    pub passenger: PassengerId,
    /// The best score over the member's references.
    pub score: Score,
    /// How often two different people score at least this much, by the pack's calibration.
    pub false_match_rate: Rate,
}

/// The candidates of one search, best first, with what is needed to read their scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidates {
    /// The model pack.
    pub pack: PackId,
    /// The score from which a candidate counts as found, for this gallery's size.
    pub threshold: Score,
    /// A second person within this distance of the first makes a near-tie.
    pub tie_margin: f32,
    /// How many people the gallery holds.
    pub gallery_people: u32,
    /// Best first; at most a handful.
    pub best: Vec<Candidate>,
}

/// One candidate with all that is needed to read its score, in one piece: a score never travels alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The candidate: who, how alike, how often two different people are.
    pub candidate: Candidate,
    /// The model pack.
    pub pack: PackId,
    /// The score from which a candidate counts as found.
    pub threshold: Score,
    /// The next person's score, where there is one.
    pub runner_up: Option<Score>,
    /// How many people the gallery holds.
    pub gallery_people: u32,
}

impl Candidates {
    /// The best candidate's comparison, where it reaches the threshold.
    pub fn found(&self) -> Option<Comparison> {
        let best = self.best.first().filter(|best| best.score >= self.threshold)?;
        let runner_up = self.best.iter().find(|other| other.passenger != best.passenger);
        Some(Comparison {
            candidate: best.clone(),
            pack: self.pack.clone(),
            threshold: self.threshold,
            runner_up: runner_up.map(|other| other.score),
            gallery_people: self.gallery_people,
        })
    }

    /// Whether a second person is so near the best that the two cannot be told apart.
    pub fn near_tie(&self, comparison: &Comparison) -> bool {
        let floor = comparison.candidate.score.0 - self.tie_margin;
        comparison.runner_up.is_some_and(|other| other.0 >= floor)
    }
}
