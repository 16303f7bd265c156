//! The decision: the machine confirms or refers. Only an officer refuses, and says why.

use crate::biometric::{Candidates, Comparison};
use crate::id::{PassengerId, VoyageId};
use crate::place::{Designation, Direction};
use crate::policy::Policy;
use crate::voyage::VoyageStatus;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where and for which voyage a decision is asked.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The designation of the point, if any was published.
    pub designation: Option<&'a Designation>,
    /// The voyage that the point serves now, and where it is in its life.
    pub voyage: Option<(VoyageId, VoyageStatus)>,
    /// What is known of the passengers that the facts name.
    pub passengers: &'a [PassengerFacts],
}

/// What a decision needs to know of one passenger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassengerFacts {
    /// Who.
    pub id: PassengerId,
    /// Already boarded, and not taken off again.
    pub boarded: bool,
    /// Held by an officer.
    pub held: bool,
    /// Hit by a lookout in force ([`crate::lookout`]).
    pub lookout: bool,
    /// Whether the gallery has a template of theirs.
    pub has_reference: bool,
}

/// What the frames showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// One subject, good enough to compare.
    Usable,
    /// Nobody's face.
    NoFace,
    /// More than one face that may be meant.
    SeveralFaces,
    /// One subject, not good enough to compare.
    PoorQuality,
}

/// What the document shown at the gate says, where one was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "presented", content = "passenger", rename_all = "kebab-case")]
pub enum Presented {
    /// None was shown.
    Nothing,
    /// The document of this passenger of this voyage.
    Passenger(PassengerId),
    /// A document that is on another voyage's manifest.
    OtherVoyage,
    /// A document on no manifest.
    NotOnManifest,
}

impl Presented {
    /// Whose document it is, among the people expected.
    pub fn passenger(self) -> Option<PassengerId> {
        match self {
            Self::Passenger(passenger) => Some(passenger),
            Self::Nothing | Self::OtherVoyage | Self::NotOnManifest => None,
        }
    }
}

/// What was found out about one capture.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// What the frames showed.
    pub capture: Capture,
    /// What was presented.
    pub presented: Presented,
    /// The candidates of the search in the one gallery; `None` when there is no gallery to search.
    pub candidates: Option<&'a Candidates>,
    /// The part of the service that could not answer, if any.
    pub failure: Option<Failure>,
}

/// What can keep the machine from answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The gate's camera gave no picture.
    Camera,
    /// The models are not loaded, or gave no answer.
    Matcher,
    /// There is nothing staged to compare with.
    NoGallery,
    /// The law exempts the traveller: no photo is asked of them.
    Exempt,
    /// The traveller has no state's document, or asks for protection: an officer sees them, and no photo is asked.
    NoDocument,
    /// The document read is out of date: an officer decides, and no photo is asked.
    DocumentExpired,
}

impl Failure {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Camera, Self::Matcher, Self::NoGallery, Self::Exempt, Self::NoDocument, Self::DocumentExpired];

    /// Whether nobody asked for a photo: nothing is counted of it.
    pub fn was_not_asked(self) -> bool {
        matches!(self, Self::Exempt | Self::NoDocument | Self::DocumentExpired)
    }

    /// The stable name, as it is serialised.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::Matcher => "matcher",
            Self::NoGallery => "no-gallery",
            Self::Exempt => "exempt",
            Self::NoDocument => "no-document",
            Self::DocumentExpired => "document-expired",
        }
    }
}

/// Why a traveller is sent to an officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No face was found.
    NoFace,
    /// Several faces, and no telling which is meant.
    SeveralFaces,
    /// The photo is not good enough to compare.
    PoorQuality,
    /// Nobody in the gallery is like enough.
    NoCandidate,
    /// Two people in the gallery are too much alike.
    CandidatesTooClose,
    /// The gallery has no portrait of the passenger whose document was shown.
    NoReference,
    /// The document shown is on no manifest.
    NotOnManifest,
    /// The document shown is on another voyage's manifest.
    WrongVoyage,
    /// The face is another passenger's than the document.
    DocumentOfAnother,
    /// This passenger has boarded already.
    AlreadyBoarded,
    /// Boarding is not open.
    GalleryClosed,
    /// No designation is in force for this point.
    PointNotDesignated,
    /// An officer asked to see this passenger.
    OfficerHold,
    /// A lookout asks for this passenger to be seen. It refers, and never more.
    Lookout,
}

impl Decision {
    /// The comparison with the candidate found, if one was.
    pub fn comparison(&self) -> Option<&Comparison> {
        match self {
            Self::Confirmed { comparison } => Some(comparison),
            Self::Refer { comparison, .. } => comparison.as_ref(),
            Self::Unavailable { .. } => None,
        }
    }
}

impl Reason {
    /// Every one, in order.
    pub const ALL: [Self; 14] = [
        Self::NoFace,
        Self::SeveralFaces,
        Self::PoorQuality,
        Self::NoCandidate,
        Self::CandidatesTooClose,
        Self::NoReference,
        Self::NotOnManifest,
        Self::WrongVoyage,
        Self::DocumentOfAnother,
        Self::AlreadyBoarded,
        Self::GalleryClosed,
        Self::PointNotDesignated,
        Self::OfficerHold,
        Self::Lookout,
    ];

    /// The stable name, as it is serialised.
    pub fn slug(self) -> &'static str {
        match self {
            Self::NoFace => "no-face",
            Self::SeveralFaces => "several-faces",
            Self::PoorQuality => "poor-quality",
            Self::NoCandidate => "no-candidate",
            Self::CandidatesTooClose => "candidates-too-close",
            Self::NoReference => "no-reference",
            Self::NotOnManifest => "not-on-manifest",
            Self::WrongVoyage => "wrong-voyage",
            Self::DocumentOfAnother => "document-of-another",
            Self::AlreadyBoarded => "already-boarded",
            Self::GalleryClosed => "gallery-closed",
            Self::PointNotDesignated => "point-not-designated",
            Self::OfficerHold => "officer-hold",
            Self::Lookout => "lookout",
        }
    }

    /// The reason in words, for an officer.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::NoFace => "No face was found in the photo",
            Self::SeveralFaces => "Several faces in the photo, and no telling whose is meant",
            Self::PoorQuality => "The photo is not good enough to compare",
            Self::NoCandidate => "Nobody who is expected here is like enough",
            Self::CandidatesTooClose => "Two people who are expected here are too much alike to tell apart",
            Self::NoReference => "No portrait to compare with was staged for this passenger",
            Self::NotOnManifest => "The document shown is not on the manifest",
            Self::WrongVoyage => "The document shown is on another voyage's manifest",
            Self::DocumentOfAnother => "The face is like another passenger's, not the document holder's",
            Self::AlreadyBoarded => "This passenger has boarded already",
            Self::GalleryClosed => "Neither boarding nor a watch is open here",
            Self::PointNotDesignated => "No designation is in force for this crossing point",
            Self::OfficerHold => "An officer asked to see this passenger",
            Self::Lookout => "A lookout asks for this passenger to be seen",
        }
    }

    /// Whether another photo may help.
    pub fn retakeable(self) -> bool {
        matches!(self, Self::NoFace | Self::SeveralFaces | Self::PoorQuality)
    }
}

/// What the machine says of one capture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "kebab-case")]
pub enum Decision {
    /// The subject is this passenger, and nothing speaks against boarding.
    Confirmed {
        /// Who, with the score and what is needed to read it.
        comparison: Comparison,
    },
    /// An officer decides.
    Refer {
        /// At least one, each once, in order.
        reasons: Vec<Reason>,
        /// The best candidate's, where it reached the threshold.
        comparison: Option<Comparison>,
    },
    /// The machine cannot answer; the document is inspected by hand.
    Unavailable {
        /// What failed.
        failure: Failure,
    },
}

/// Decides one capture. A decline never enters here.
///
/// Confirmed only with one candidate at or over the threshold, no second person near, a designation in force,
/// boarding open, the passenger neither held nor boarded nor looked out for, and no document that says otherwise.
pub fn decide(case: &Case<'_>, facts: &Facts<'_>, now: Timestamp) -> Decision {
    let mut reasons = Vec::new();
    if !case.designation.is_some_and(|designation| designation.in_force(now)) {
        reasons.push(Reason::PointNotDesignated);
    }
    if !matches!(case.voyage, Some((_, VoyageStatus::Open))) {
        reasons.push(Reason::GalleryClosed);
    }
    match facts.presented {
        Presented::OtherVoyage => reasons.push(Reason::WrongVoyage),
        Presented::NotOnManifest => reasons.push(Reason::NotOnManifest),
        Presented::Passenger(_) | Presented::Nothing => {}
    }
    let mut found = None;
    match facts.capture {
        Capture::NoFace => reasons.push(Reason::NoFace),
        Capture::SeveralFaces => reasons.push(Reason::SeveralFaces),
        Capture::PoorQuality => reasons.push(Reason::PoorQuality),
        Capture::Usable => {
            let failure = facts.failure.or(facts.candidates.is_none().then_some(Failure::NoGallery));
            match (failure, facts.candidates) {
                (None, Some(candidates)) => found = identify(candidates, facts.presented, case, &mut reasons),
                // What stands already is reason enough to see an officer; else nothing can be said.
                (Some(failure), _) if reasons.is_empty() => return Decision::Unavailable { failure },
                _ => {}
            }
        }
    }
    let named = [found.as_ref().map(|found| found.candidate.passenger), facts.presented.passenger()];
    for passenger in case.passengers.iter().filter(|p| named.contains(&Some(p.id))) {
        if passenger.boarded {
            reasons.push(Reason::AlreadyBoarded);
        }
        if passenger.held {
            reasons.push(Reason::OfficerHold);
        }
        if passenger.lookout {
            reasons.push(Reason::Lookout);
        }
    }
    reasons.sort_unstable();
    reasons.dedup();
    match found {
        Some(comparison) if reasons.is_empty() => Decision::Confirmed { comparison },
        comparison => Decision::Refer { reasons, comparison },
    }
}

/// The one candidate at or over the threshold; says in `reasons` why there is none, or why it is not enough.
fn identify(
    candidates: &Candidates,
    presented: Presented,
    case: &Case<'_>,
    reasons: &mut Vec<Reason>,
) -> Option<Comparison> {
    let facts_of = |id| case.passengers.iter().find(|p| p.id == id);
    let holder = presented.passenger();
    if holder.and_then(facts_of).is_some_and(|p| !p.has_reference) {
        reasons.push(Reason::NoReference);
    }
    // What is not among the passengers of this voyage is nobody's candidate.
    let found = candidates.found().filter(|found| facts_of(found.candidate.passenger).is_some());
    let Some(found) = found else {
        reasons.push(Reason::NoCandidate);
        return None;
    };
    if candidates.near_tie(&found) {
        reasons.push(Reason::CandidatesTooClose);
    }
    if holder.is_some_and(|holder| holder != found.candidate.passenger) {
        reasons.push(Reason::DocumentOfAnother);
    }
    Some(found)
}

/// What the gate does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Go on board.
    Proceed,
    /// Take another photo, with advice.
    TryAgain,
    /// See an officer.
    SeeOfficer,
    /// Known; an officer at the booth says what follows. Nobody enters without.
    GoToBooth,
}

/// What follows from a decision on the `attempt`th capture (from 1) of an encounter.
/// At an entry an officer admits, whatever the machine says.
pub fn next_step(decision: &Decision, attempt: u32, way: Direction, policy: &Policy) -> Step {
    match decision {
        Decision::Confirmed { .. } if way == Direction::Entry => Step::GoToBooth,
        Decision::Confirmed { .. } => Step::Proceed,
        Decision::Refer { reasons, .. }
            if attempt < policy.attempts_max && reasons.iter().all(|reason| reason.retakeable()) =>
        {
            Step::TryAgain
        }
        Decision::Refer { .. } | Decision::Unavailable { .. } => Step::SeeOfficer,
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
