//! One traveller before the camera: previews, the capture, what is decided and recorded of it.

use super::admission::{InProgress, json};
use super::begin::begun;
use super::{Begun, Device, Refused, Service, Submission};
use jiff::Timestamp;
use portunus_biometrics::face::quality::Advice;
use portunus_biometrics::face::{Assessment, FaceError, ProbeOutcome};
use portunus_biometrics::pack::calibration::ScoreType;
use portunus_core::accuracy::Measured;
use portunus_core::biometric::{Candidates, PackId};
use portunus_core::capture::SignedCapture;
use portunus_core::decide::{
    Capture, Case, Decision, Facts, Failure, PassengerFacts, Step, decide, next_step,
};
use portunus_core::encounter::{Boarding, Encounter, Lane, Method, Stage};
use portunus_core::id::{EncounterId, IdempotencyKey, PassengerId, PointId, VoyageId};
use portunus_core::place::Direction;
use portunus_core::policy::{PersonClass, Start};
use portunus_core::retention::{Evidence, ProbeFate, probe_fate, standing};
use portunus_core::voyage::VoyageStatus;
use portunus_store::{CaptureCommit, Committed, Listed, RecordKind, Sealed};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Frames in one capture.
pub const FRAMES_MAX: usize = 5;
/// A capture that another one overtook is decided again, at most so often.
const DECISIONS_MAX: usize = 3;
/// Good enough for an officer's eyes, small enough for decades.
pub(super) const CROP_JPEG_QUALITY: u8 = 90;

/// The answer to a preview frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Previewed {
    /// Whether a capture now would be good enough to compare.
    pub usable: bool,
    /// What the traveller can do, most important first.
    pub advice: Vec<String>,
}

/// The answer to a capture. It names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Captured {
    /// `proceed`, `try-again` or `see-officer`; at an entry `go-to-booth` for who is known.
    #[schema(value_type = String)]
    pub step: Step,
    /// What the traveller can do better, most important first.
    pub advice: Vec<String>,
}

impl Service {
    /// Which way a point is crossed.
    pub(super) fn way_at(&self, point: PointId) -> Result<Direction, Refused> {
        let point = self.store().point(point)?.ok_or(Refused::Unknown("crossing point"))?;
        Ok(point.direction)
    }

    /// What happens at a point now, as what starts the count of a length.
    pub(super) fn start_at(&self, point: PointId, now: Timestamp) -> Result<Start, Refused> {
        let point = self.store().point(point)?;
        Ok(Start { at: now, direction: point.map(|point| point.direction) })
    }

    /// The encounter, if it is this device's and still at the gate.
    fn at_gate(&self, device: &Device, id: EncounterId) -> Result<Encounter, Refused> {
        let encounter = self.store().encounter(id)?.filter(|e| e.device == Some(device.id));
        let encounter = encounter.ok_or(Refused::Unknown("encounter at this gate"))?;
        if encounter.stage == Stage::AtGate {
            Ok(encounter)
        } else {
            Err(Refused::WrongStage("this encounter is no longer at the camera"))
        }
    }

    /// Says whether a frame is good enough. Nothing of it is kept.
    ///
    /// # Errors
    /// [`Refused`] without a designation in force, or for bytes that are no picture.
    pub fn preview(
        &self,
        device: &Device,
        submission: &Submission,
        of: SignedCapture,
        id: EncounterId,
        frame: &[u8],
    ) -> Result<Previewed, Refused> {
        if let Some(first) = self.admit_capture(device, submission, of)? {
            return Ok(first);
        }
        self.at_gate(device, id)?;
        let previewed = match self.engine().assess(frame)? {
            Assessment::NoFace => Previewed { usable: false, advice: Vec::new() },
            Assessment::Several => Previewed { usable: false, advice: words(&[Advice::OnePersonOnly]) },
            Assessment::Subject { quality, .. } => {
                Previewed { usable: quality.usable(), advice: words(&quality.advice()) }
            }
        };
        self.store().answer(submission.key, &json(&previewed))?;
        Ok(previewed)
    }

    /// Compares the frames of one capture with the voyage's gallery, decides, and records what follows.
    ///
    /// A confirmed or claimed citizen's probe is no part of what is recorded.
    ///
    /// # Errors
    /// [`Refused`] as documented there; nothing was recorded then.
    pub fn capture(
        &self,
        device: &Device,
        submission: &Submission,
        of: SignedCapture,
        id: EncounterId,
        frames: &[&[u8]],
    ) -> Result<Captured, Refused> {
        let _working = InProgress::enter(self, submission.key)?;
        if let Some(first) = self.admit_capture(device, submission, of)? {
            return Ok(first);
        }
        let started = self.now();
        let mut before = self.at_gate(device, id)?;
        let seen = self.see(frames, &before)?;
        for _ in 0..DECISIONS_MAX {
            let (after, step, boarding) = self.decided(&before, &seen, started)?;
            let captured = Captured { step, advice: seen.advice.clone() };
            match self.record(&before, after, &seen, boarding, submission.key, &captured)? {
                Committed::Done => {
                    self.announce();
                    self.settle(id, None)?;
                    return Ok(captured);
                }
                // Somebody boarded this passenger meanwhile, or the encounter moved on: look again.
                Committed::AlreadyBoarded | Committed::StaleEncounter => before = self.at_gate(device, id)?,
                Committed::VoyageOver => return Err(Refused::NoVoyage),
                Committed::AuthorityOver => return Err(self.undesignated(device)),
            }
        }
        Err(Refused::WrongStage("the encounter keeps changing; repeat the request"))
    }

    /// What the frames show, and whom in the voyage's one gallery it is like. A further capture has a higher threshold,
    /// so that trying again does not raise the chance of being found as somebody else.
    fn see(&self, frames: &[&[u8]], encounter: &Encounter) -> Result<Seen, Refused> {
        let mut seen = Seen {
            capture: Capture::NoFace,
            candidates: None,
            failure: None,
            crop: None,
            advice: Vec::new(),
        };
        let outcome = match self.engine().probe(frames, None) {
            Ok(outcome) => outcome,
            // The models failed, not the pictures: an officer inspects the document.
            Err(FaceError::Net(error)) => {
                tracing::error!(%error, "the models gave no answer");
                (seen.capture, seen.failure) = (Capture::Usable, Some(Failure::Matcher));
                return Ok(seen);
            }
            Err(error) => return Err(error.into()),
        };
        let subject = match outcome {
            ProbeOutcome::NoFace => None,
            ProbeOutcome::Several => {
                (seen.capture, seen.advice) = (Capture::SeveralFaces, words(&[Advice::OnePersonOnly]));
                None
            }
            ProbeOutcome::PoorQuality(subject) => {
                seen.capture = Capture::PoorQuality;
                Some(subject)
            }
            ProbeOutcome::Found(probe) => {
                seen.capture = Capture::Usable;
                match self.compare(encounter, &probe.template, probe.fused()) {
                    Ok(candidates) => seen.candidates = Some(candidates),
                    Err(failure) => seen.failure = Some(failure),
                }
                Some(probe.subject)
            }
        };
        if let Some(subject) = subject {
            seen.advice = words(&subject.quality.advice());
            seen.crop = Some(subject.crop.to_jpeg(CROP_JPEG_QUALITY).map_err(FaceError::from)?);
        }
        Ok(seen)
    }

    /// The decision, and the encounter and boarding that follow from it.
    fn decided(
        &self,
        before: &Encounter,
        seen: &Seen,
        started: Timestamp,
    ) -> Result<(Encounter, Step, Option<Boarding>), Refused> {
        let listed = self.named(before, seen.candidates.as_ref())?;
        let facts = Facts {
            capture: seen.capture,
            presented: before.presented,
            candidates: seen.candidates.as_ref(),
            failure: seen.failure,
        };
        let decision = self.decision(before, &listed, &facts)?;
        self.decided_on(before, &listed, decision, started)
    }

    /// What the machine says of one traveller.
    pub(super) fn decision(
        &self,
        before: &Encounter,
        listed: &[Listed],
        facts: &Facts<'_>,
    ) -> Result<Decision, Refused> {
        let now = self.now();
        let designation = self.store().designation_in_force(before.point, now)?;
        let voyage = self.store().voyage(before.voyage)?.map(|voyage| (voyage.id, voyage.status));
        let passengers: Vec<PassengerFacts> =
            listed.iter().map(|p| self.facts_of(before.voyage, p)).collect::<Result<_, _>>()?;
        let case = Case { designation: designation.as_ref(), voyage, passengers: &passengers };
        Ok(decide(&case, facts, now))
    }

    /// The encounter, the step and the boarding that follow from a decision.
    pub(super) fn decided_on(
        &self,
        before: &Encounter,
        listed: &[Listed],
        decision: Decision,
        started: Timestamp,
    ) -> Result<(Encounter, Step, Option<Boarding>), Refused> {
        let now = self.now();
        self.metrics().decided(&decision, now.duration_since(started).as_secs_f64());
        let attempts = before.attempts + 1;
        let step = next_step(&decision, attempts, self.way_at(before.point)?, self.policy());
        let confirmed = matches!(decision, Decision::Confirmed { .. });
        let passenger = decision.comparison().map(|found| found.candidate.passenger);
        let mut after = Encounter { attempts, decision: Some(decision), passenger, ..before.clone() };
        after.served_at = after.served_at.or(Some(started));
        let person = passenger.and_then(|id| listed.iter().find(|p| p.passenger.id == id));
        after.class = self.class_after(&after, person, confirmed)?;
        let boarding = passenger.filter(|_| step == Step::Proceed).map(|passenger| Boarding {
            passenger,
            at: now,
            method: Method::FaceMatched,
            entered_later: false,
            admitted: None,
        });
        match step {
            Step::Proceed => (after.stage, after.done_at) = (Stage::Done, Some(now)),
            Step::SeeOfficer | Step::GoToBooth => after.stage = Stage::Waiting,
            Step::TryAgain => {}
        }
        Ok((after, step, boarding))
    }

    /// Seals the probe if its subject's class allows it to be written at all, and commits.
    fn record(
        &self,
        before: &Encounter,
        after: Encounter,
        seen: &Seen,
        boarding: Option<Boarding>,
        key: IdempotencyKey,
        captured: &Captured,
    ) -> Result<Committed, Refused> {
        let _not_while_closing = self.while_boarding();
        let now = self.now();
        let over = captured.step != Step::TryAgain;
        let crop = seen.crop.as_ref().filter(|_| over);
        let record = crop.map(|crop| self.seal_probe(&after, crop, now)).transpose()?.flatten();
        let never_written = record.is_none();
        let measured = seen.measured(self.engine().pack());
        let outcome = json(captured);
        let measured = Some(&measured);
        let commit =
            CaptureCommit { before, after: &after, record, boarding, key, outcome: &outcome, measured };
        let committed = self.store().commit_capture(commit, now)?;
        if committed == Committed::Done
            && let Some(crop) = crop
        {
            if never_written {
                let seconds = self.policy().unkept_photo_shown_seconds;
                self.0.fleeting.hold(after.id, crop.clone(), now, seconds);
            }
            self.maybe_look_again(&after, crop, now);
        }
        Ok(committed)
    }

    /// Seals a photo, unless its subject's class is one whose photo is never written.
    pub(super) fn seal_probe(
        &self,
        after: &Encounter,
        crop: &[u8],
        now: Timestamp,
    ) -> Result<Option<(Sealed, Timestamp)>, Refused> {
        match probe_fate(after.class, self.start_at(after.point, now)?, self.policy()) {
            ProbeFate::Sealed { due } => Ok(Some((self.store().seal(RecordKind::PROBE, crop, now)?, due))),
            ProbeFate::NeverWritten => Ok(None),
        }
    }

    /// The traveller would rather not, after all: the same queue as if they had said so first. With `together`, nor would those
    /// who chose with them and are not through yet: a guardian for their children.
    ///
    /// # Errors
    /// [`Refused`] when the encounter is not at the gate.
    pub fn decline(
        &self,
        device: &Device,
        submission: &Submission,
        id: EncounterId,
        together: bool,
    ) -> Result<Begun, Refused> {
        let begun = self.end_at_gate(device, submission, id, |after, _| {
            (after.lane, after.stage) = (Lane::Manual, Stage::Waiting);
            // They wait anew, for an officer: what the camera did was no service.
            (after.decision, after.passenger, after.served_at) = (None, None, None);
        })?;
        // Repeated, it finds nobody at the camera any more, and changes nothing.
        let mut declined = if together { self.store().decline_together(id, self.now())? } else { Vec::new() };
        declined.extend(self.store().encounter(id)?);
        self.unstage_who_declined(&declined);
        self.announce();
        Ok(begun)
    }

    /// The camera gave no picture: the document is inspected. The traveller has not declined, and is not counted so.
    ///
    /// # Errors
    /// [`Refused`] when the encounter is not at the gate.
    pub fn camera_failed(
        &self,
        device: &Device,
        submission: &Submission,
        id: EncounterId,
    ) -> Result<Begun, Refused> {
        self.end_at_gate(device, submission, id, |after, _| {
            after.stage = Stage::Waiting;
            after.decision = Some(Decision::Unavailable { failure: Failure::Camera });
        })
    }

    /// The traveller has gone.
    ///
    /// # Errors
    /// [`Refused`] when the encounter is not at the gate.
    pub fn leave(&self, device: &Device, submission: &Submission, id: EncounterId) -> Result<Begun, Refused> {
        self.end_at_gate(device, submission, id, |after, now| {
            (after.stage, after.done_at) = (Stage::Done, Some(now));
        })
    }

    fn end_at_gate(
        &self,
        device: &Device,
        submission: &Submission,
        id: EncounterId,
        change: impl Fn(&mut Encounter, Timestamp),
    ) -> Result<Begun, Refused> {
        if let Some(first) = self.admit(submission, None)? {
            return Ok(first);
        }
        let before = self.at_gate(device, id)?;
        let (now, mut after) = (self.now(), before.clone());
        change(&mut after, now);
        let begun = begun(&after);
        let outcome = json(&begun);
        let commit = CaptureCommit {
            before: &before,
            after: &after,
            record: None,
            boarding: None,
            key: submission.key,
            outcome: &outcome,
            measured: None,
        };
        let committed = self.store().commit_capture(commit, now)?;
        self.committed(committed)?;
        Ok(begun)
    }

    /// The passengers that a case speaks of: whom the document names, and the candidates.
    pub(super) fn named(
        &self,
        encounter: &Encounter,
        candidates: Option<&Candidates>,
    ) -> Result<Vec<Listed>, Refused> {
        let best = candidates.iter().flat_map(|c| c.best.iter().map(|candidate| candidate.passenger));
        let mut ids: Vec<PassengerId> = encounter.presented.passenger().into_iter().chain(best).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut listed = Vec::with_capacity(ids.len());
        for id in ids {
            // Whom the carrier has taken off the voyage meanwhile is nobody's candidate.
            let on = self.store().passenger_on(encounter.voyage, id)?;
            listed.extend(on.filter(|p| p.removed_at.is_none() || p.boarding.is_some()));
        }
        Ok(listed)
    }

    pub(super) fn facts_of(&self, voyage: VoyageId, listed: &Listed) -> Result<PassengerFacts, Refused> {
        Ok(PassengerFacts {
            id: listed.passenger.id,
            boarded: listed.boarding.is_some(),
            held: listed.hold.is_some(),
            lookout: !self.lookout_hits_of(listed)?.is_empty(),
            has_reference: self.has_reference(voyage, listed.passenger.id),
        })
    }

    /// Whose rules apply, as far as is known: evidence of citizenship stands once it was seen, in this encounter or
    /// in another of the same passenger.
    pub(super) fn class_after(
        &self,
        encounter: &Encounter,
        person: Option<&Listed>,
        matched: bool,
    ) -> Result<PersonClass, Refused> {
        let documents = person.map_or(&[][..], |p| &p.passenger.stated.documents);
        let evidence = Evidence {
            claims_citizenship: encounter.claims_citizenship,
            officer_says: None,
            noted: self.store().class_noted(documents, self.now())?,
            carrier_says: person.and_then(|p| p.passenger.stated.nationality.as_ref()),
            documents,
            reference_matched: matched,
        };
        let class = standing(&evidence, self.policy()).class;
        let seen_before = match person {
            _ if encounter.class == PersonClass::Citizen => true,
            Some(person) => self.store().was_citizen(person.passenger.id)?,
            None => false,
        };
        Ok(if seen_before { PersonClass::Citizen } else { class })
    }

    /// Whether the voyage is boarding.
    pub(super) fn is_open(&self, voyage: VoyageId) -> Result<bool, Refused> {
        Ok(self.store().voyage(voyage)?.is_some_and(|voyage| voyage.status == VoyageStatus::Open))
    }
}

/// What was seen in the frames of one capture. The crop dies with it.
struct Seen {
    capture: Capture,
    candidates: Option<Candidates>,
    failure: Option<Failure>,
    crop: Option<Zeroizing<Vec<u8>>>,
    advice: Vec<String>,
}

impl Seen {
    /// What is counted of it when the voyage is closed.
    fn measured(&self, pack: &PackId) -> Measured {
        let people = self.candidates.as_ref().map_or(0, |candidates| candidates.gallery_people);
        Measured {
            pack: pack.clone(),
            score_type: ScoreType::of_gallery(people).slug().to_owned(),
            candidates: self.candidates.clone(),
        }
    }
}

/// Advice by its stable names, which the gate's page puts into words.
fn words(advice: &[Advice]) -> Vec<String> {
    advice.iter().map(|advice| advice.slug().to_owned()).collect()
}
