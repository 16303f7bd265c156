//! One encounter becomes the counts that it contributes, in the terms of ISO/IEC 19795-1.
//!
//! The truth is what the passage settled: whom an officer boarded after inspecting the document, whom an officer put
//! right ([`Ruling::SomebodyElse`]), and, where nobody contradicted, whom the machine confirmed. The last is not
//! independent of the machine: false matches that nobody noticed are measured by looking again at a random sample.
//! An encounter whose truth nobody settled is counted as such, and is in no error rate.

use crate::biometric::{Candidates, PackId, Score};
use crate::decide::{Decision, Failure, Presented, Reason};
use crate::encounter::{Encounter, Lane, Ruled, Ruling, Stage};
use crate::id::PassengerId;
use serde::{Deserialize, Serialize};

/// What is kept of an encounter's last capture until the voyage is closed, to be counted then. Identifiers and scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The model pack.
    pub pack: PackId,
    /// What kind of score it was: `raw`, `normalised`. Scores of two kinds are never counted together.
    pub score_type: String,
    /// What the search gave; `None` without a usable photo or without a gallery.
    pub candidates: Option<Candidates>,
}

/// One encounter with what is needed to settle it.
#[derive(Clone, Copy)]
pub struct Passage<'a> {
    /// As it stands.
    pub encounter: &'a Encounter,
    /// What was ruled, in order.
    pub rulings: &'a [Ruled],
    /// Of its last capture.
    pub measured: Option<&'a Measured>,
}

/// Why the truth of an encounter is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unsettled {
    /// Still at the camera or waiting, or the voyage was closed over it.
    Open,
    /// The traveller went away from the camera.
    Left,
    /// Another photo was taken, in an encounter of its own.
    Retaken,
    /// Refused, and nothing says who it was.
    Refused,
    /// The match was wrong, and nobody said who it was.
    SomebodyElse,
}

impl Unsettled {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Open, Self::Left, Self::Retaken, Self::Refused, Self::SomebodyElse];

    /// The stable name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Left => "left",
            Self::Retaken => "retaken",
            Self::Refused => "refused",
            Self::SomebodyElse => "somebody-else",
        }
    }
}

/// What is counted. Each encounter counts at most once in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A transaction with a capture: someone chose the photo and the machine answered.
    Transaction,
    /// A transaction that gave a photo good enough to compare.
    Acquired,
    /// A transaction of which no attempt gave one (failure to acquire, FTA).
    FailureToAcquire,
    /// A transaction that the machine confirmed.
    Confirmed,
    /// A transaction that the machine sent to an officer, for whatever reason.
    Referred,
    /// ... for this reason; a transaction may have several.
    ReferredFor(Reason),
    /// ... because something failed.
    Unavailable(Failure),
    /// The traveller's identity was established.
    Identified,
    /// ... and the gallery had no template of theirs.
    GalleryMissing,
    /// A search for someone who is in the gallery.
    Mated,
    /// ... that found nobody (with `WrongPerson`: the false negative identifications, FNIR).
    Missed,
    /// ... that found somebody else, at or over the threshold.
    WrongPerson,
    /// A search for someone who is not in the gallery.
    NonMated,
    /// ... that found somebody (a false positive identification, FPIR).
    FalsePositive,
    /// A confirmation that an officer corrected: it was somebody else.
    Corrected,
    /// A confirmed traveller who was taken off again for other reasons.
    OffLoaded,
    /// A mated search whose true person was not among the candidates that are kept.
    OwnScoreUnlisted,
    /// A transaction that is in no error rate, and why.
    Unadjudicated(Unsettled),
}

impl Kind {
    /// The stable name under which it is counted.
    pub fn slug(self) -> String {
        match self {
            Self::Transaction => "transaction".to_owned(),
            Self::Acquired => "acquired".to_owned(),
            Self::FailureToAcquire => "failure-to-acquire".to_owned(),
            Self::Confirmed => "confirmed".to_owned(),
            Self::Referred => "referred".to_owned(),
            Self::ReferredFor(reason) => format!("referred-for:{}", reason.slug()),
            Self::Unavailable(failure) => format!("unavailable:{}", failure.slug()),
            Self::Identified => "identified".to_owned(),
            Self::GalleryMissing => "gallery-missing".to_owned(),
            Self::Mated => "mated".to_owned(),
            Self::Missed => "missed".to_owned(),
            Self::WrongPerson => "wrong-person".to_owned(),
            Self::NonMated => "non-mated".to_owned(),
            Self::FalsePositive => "false-positive".to_owned(),
            Self::Corrected => "corrected".to_owned(),
            Self::OffLoaded => "off-loaded".to_owned(),
            Self::OwnScoreUnlisted => "own-score-unlisted".to_owned(),
            Self::Unadjudicated(why) => format!("unadjudicated:{}", why.slug()),
        }
    }
}

/// The scores of a settled search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// Whether the person is in the gallery.
    pub mated: bool,
    /// The best candidate's, whoever it is; `None` when nobody was a candidate.
    pub best: Option<Score>,
    /// The person's own, where it is among the candidates that are kept.
    pub own: Option<Score>,
}

/// What one encounter contributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// What to count, each once.
    pub kinds: Vec<Kind>,
    /// Who it was, where that is established: their declared groups are counted.
    pub passenger: Option<PassengerId>,
    /// The scores, where the truth of the search is known.
    pub scores: Option<Scores>,
}

/// Who it was, as far as the passage settled it.
enum Truth {
    Passenger(PassengerId),
    /// Nobody of this voyage: the document is on another list, or on none, and an officer refused.
    Stranger,
    Unknown(Unsettled),
}

fn confirmed(encounter: &Encounter) -> Option<PassengerId> {
    match &encounter.decision {
        Some(Decision::Confirmed { comparison }) => Some(comparison.candidate.passenger),
        _ => None,
    }
}

fn truth(passage: &Passage<'_>) -> Truth {
    let settling = passage.rulings.iter().rev().map(|ruled| ruled.ruling).find(|ruling| {
        matches!(
            ruling,
            Ruling::Board { .. }
                | Ruling::Admit { .. }
                | Ruling::SomebodyElse { .. }
                | Ruling::Refuse
                | Ruling::Retake
        )
    });
    let encounter = passage.encounter;
    match (settling, confirmed(encounter)) {
        (Some(Ruling::Board { passenger } | Ruling::Admit { passenger }), _) => Truth::Passenger(passenger),
        (Some(Ruling::SomebodyElse { instead: Some(passenger), .. }), _) => Truth::Passenger(passenger),
        (Some(Ruling::SomebodyElse { .. }), _) => Truth::Unknown(Unsettled::SomebodyElse),
        (Some(Ruling::Refuse), _) => match encounter.presented {
            Presented::OtherVoyage | Presented::NotOnManifest => Truth::Stranger,
            Presented::Passenger(_) | Presented::Nothing => Truth::Unknown(Unsettled::Refused),
        },
        (Some(Ruling::Retake), _) => Truth::Unknown(Unsettled::Retaken),
        (_, Some(passenger)) => Truth::Passenger(passenger),
        (_, None) if encounter.stage == Stage::Done => Truth::Unknown(Unsettled::Left),
        (_, None) => Truth::Unknown(Unsettled::Open),
    }
}

/// What an encounter contributes. `in_gallery` says whether the gallery has a template of a passenger.
///
/// `None` for who was not photographed at a device: a decline contributes nothing and leaves no trace.
pub fn adjudicate(passage: &Passage<'_>, in_gallery: impl Fn(PassengerId) -> bool) -> Option<Contribution> {
    let encounter = passage.encounter;
    let decision = encounter.decision.as_ref()?;
    if matches!(decision, Decision::Unavailable { failure } if failure.was_not_asked()) {
        return None;
    }
    if encounter.lane != Lane::Photo || encounter.device.is_none() {
        return None;
    }
    let truth = truth(passage);
    let mut kinds = vec![Kind::Transaction];
    answered(passage, decision, &truth, &mut kinds);
    let person = match truth {
        Truth::Passenger(passenger) => {
            kinds.push(Kind::Identified);
            kinds.extend((!in_gallery(passenger)).then_some(Kind::GalleryMissing));
            Some(passenger)
        }
        Truth::Stranger => None,
        Truth::Unknown(why) => {
            kinds.push(Kind::Unadjudicated(why));
            return Some(Contribution { kinds, passenger: None, scores: None });
        }
    };
    let mated = person.is_some_and(&in_gallery);
    let scores = searched(passage, decision).then(|| compare(passage, decision, person, mated, &mut kinds));
    Some(Contribution { kinds, passenger: person, scores: scores.flatten() })
}

/// What the machine answered, whatever the truth is.
fn answered(passage: &Passage<'_>, decision: &Decision, truth: &Truth, kinds: &mut Vec<Kind>) {
    let ruled = |wanted: fn(&Ruling) -> bool| passage.rulings.iter().any(|ruled| wanted(&ruled.ruling));
    // Advised to try again, and still at it or gone: the machine has not sent them to anybody.
    let underway =
        matches!(truth, Truth::Unknown(Unsettled::Left)) || passage.encounter.stage == Stage::AtGate;
    match decision {
        Decision::Confirmed { .. } => {
            kinds.extend([Kind::Acquired, Kind::Confirmed]);
            if ruled(|ruling| matches!(ruling, Ruling::SomebodyElse { .. })) {
                kinds.push(Kind::Corrected);
            } else if ruled(|ruling| matches!(ruling, Ruling::OffLoad { .. })) {
                kinds.push(Kind::OffLoaded);
            }
        }
        Decision::Refer { .. } if underway => {}
        Decision::Refer { reasons, .. } => {
            let acquired = !reasons.iter().any(|reason| reason.retakeable());
            kinds.push(if acquired { Kind::Acquired } else { Kind::FailureToAcquire });
            kinds.push(Kind::Referred);
            kinds.extend(reasons.iter().map(|reason| Kind::ReferredFor(*reason)));
        }
        Decision::Unavailable { failure } => {
            kinds.extend([Kind::Referred, Kind::Unavailable(*failure)]);
        }
    }
}

/// Whether the gallery was searched.
fn searched(passage: &Passage<'_>, decision: &Decision) -> bool {
    let said = match decision {
        Decision::Confirmed { .. } => true,
        Decision::Refer { reasons, comparison } => {
            comparison.is_some() || reasons.contains(&Reason::NoCandidate)
        }
        Decision::Unavailable { .. } => false,
    };
    said || passage.measured.is_some_and(|measured| measured.candidates.is_some())
}

fn compare(
    passage: &Passage<'_>,
    decision: &Decision,
    person: Option<PassengerId>,
    mated: bool,
    kinds: &mut Vec<Kind>,
) -> Option<Scores> {
    let candidates = passage.measured.and_then(|measured| measured.candidates.as_ref());
    let found = decision.comparison().map(|found| found.candidate.passenger);
    if mated {
        kinds.push(Kind::Mated);
        match found {
            None => kinds.push(Kind::Missed),
            Some(found) if Some(found) != person => kinds.push(Kind::WrongPerson),
            Some(_) => {}
        }
    } else {
        kinds.push(Kind::NonMated);
        kinds.extend(found.map(|_| Kind::FalsePositive));
    }
    let best = &candidates?.best;
    let own =
        best.iter().find(|candidate| Some(candidate.passenger) == person).map(|candidate| candidate.score);
    kinds.extend((mated && own.is_none()).then_some(Kind::OwnScoreUnlisted));
    Some(Scores { mated, best: best.first().map(|candidate| candidate.score), own })
}

#[cfg(test)]
#[path = "adjudicate_tests.rs"]
mod tests;
