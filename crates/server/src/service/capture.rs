//! One traveller's passage, from the choice to the decision.

use super::{Refused, Service, lock};
use jiff::Timestamp;
use portunus_biometrics::face::quality::Advice;
use portunus_biometrics::face::{Assessment, FaceError, ProbeOutcome};
use portunus_biometrics::pack::calibration::ScoreType;
use portunus_core::accuracy::Measured;
use portunus_core::biometric::{Candidates, PackId};
use portunus_core::capture::SignedCapture;
use portunus_core::decide::{
    Capture, Case, Decision, Facts, Failure, PassengerFacts, Presented, Step, decide, next_step,
};
use portunus_core::document::DocumentKey;
use portunus_core::encounter::{Boarding, Encounter, Lane, Method, Stage};
use portunus_core::id::{DeviceId, EncounterId, IdempotencyKey, PassengerId, PointId, VoyageId};
use portunus_core::policy::{Duty, Modality, PersonClass, Start, Traveller};
use portunus_core::retention::{Evidence, ProbeFate, probe_fate, standing};
use portunus_core::voyage::VoyageStatus;
use portunus_store::Listed;
use portunus_store::RecordKind;
use portunus_store::{Admission, Admit, CaptureCommit, Committed};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use portunus_store::Device;

/// Frames in one capture.
pub const FRAMES_MAX: usize = 5;
/// A capture that another one overtook is decided again, at most so often.
const DECISIONS_MAX: usize = 3;
/// Good enough for an officer's eyes, small enough for decades.
const CROP_JPEG_QUALITY: u8 = 90;

/// A signed request, as its device stated it and its signature proved it.
pub struct Submission {
    /// Which device.
    pub device: DeviceId,
    /// Names the request; the same when it is repeated.
    pub key: IdempotencyKey,
    /// Captures made so far.
    pub counter: u64,
    /// Good once.
    pub nonce: [u8; 16],
    /// When it was signed.
    pub created: Timestamp,
    /// Keyed MAC of path and body: tells a repeat from another request under the same key.
    pub body_mac: [u8; 32],
}

/// What a traveller chose.
pub struct Joining {
    /// Photo or no photo.
    pub lane: Lane,
    /// Whether they say they are a citizen.
    pub claims_citizenship: bool,
    /// The notice they were shown.
    pub notice_version: String,
    /// The document read at the gate, if one was.
    pub presented: Option<DocumentKey>,
}

/// The answer to a choice.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Begun {
    /// The encounter that began.
    pub encounter: String,
    /// `camera` or `see-officer`.
    pub next: String,
}

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
    /// `proceed`, `try-again` or `see-officer`.
    #[schema(value_type = String)]
    pub step: Step,
    /// What the traveller can do better, most important first.
    pub advice: Vec<String>,
}

impl Service {
    /// The keyed MAC of a request.
    ///
    /// # Errors
    /// Never today; the store holds the key in memory.
    pub fn body_mac(&self, path: &str, body: &[u8]) -> Result<[u8; 32], Refused> {
        let mut whole = Zeroizing::new(Vec::with_capacity(path.len() + 1 + body.len()));
        whole.extend_from_slice(path.as_bytes());
        whole.push(0);
        whole.extend_from_slice(body);
        Ok(self.store().body_mac(&whole))
    }

    /// Records that a signed request that changes nothing was seen: its nonce is good once.
    ///
    /// # Errors
    /// [`Refused`] for a used nonce, a reused key, a counter that shrank.
    pub fn seen(&self, submission: &Submission) -> Result<(), Refused> {
        self.admit(submission, None).map(|_: Option<serde_json::Value>| ())
    }

    /// Admits a request once; gives the first outcome when it is a repeat that was answered.
    fn admit<T: for<'a> Deserialize<'a>>(
        &self,
        submission: &Submission,
        counted: Option<SignedCapture>,
    ) -> Result<Option<T>, Refused> {
        match self.store().admit(&admission(submission, counted), self.now())? {
            Admit::New | Admit::Repeat { outcome: None } => Ok(None),
            Admit::Repeat { outcome: Some(outcome) } => answered(&outcome).map(Some),
            Admit::NonceReused => Err(Refused::NonceReused),
            Admit::OtherBody => Err(Refused::OtherBody),
            Admit::CounterNotNext { last } => Err(Refused::Counter { last }),
        }
    }

    /// Admits a capture or preview. One that is not signed under what is in force is not counted: nothing of it is looked at.
    fn admit_capture<T: for<'a> Deserialize<'a>>(
        &self,
        device: &Device,
        submission: &Submission,
        of: SignedCapture,
    ) -> Result<Option<T>, Refused> {
        match self.authorised(device, &of, self.now()) {
            Ok(()) => self.admit(submission, Some(of)),
            // It may be the repeat of one that was answered in time.
            Err(why) => match self.store().answered(&admission(submission, Some(of)))? {
                Some(outcome) => answered(&outcome).map(Some),
                None => Err(why),
            },
        }
    }

    /// A traveller has chosen: the encounter begins, at the camera or in an officer's queue.
    ///
    /// # Errors
    /// [`Refused`] when the point is not designated, nothing boards there, or the notice was stale.
    pub fn begin(
        &self,
        device: &Device,
        submission: &Submission,
        joining: &Joining,
    ) -> Result<Begun, Refused> {
        if let Some(first) = self.admit(submission, None)? {
            return Ok(first);
        }
        let now = self.now();
        let voyage = self.boarding_at(device, now)?;
        if joining.notice_version != self.policy().notice_version {
            let (shown, in_force) = (joining.notice_version.clone(), self.policy().notice_version.clone());
            return Err(Refused::StaleNotice { shown, in_force });
        }
        let presented = self.presented(joining.presented.as_ref(), voyage)?;
        let stage = match joining.lane {
            Lane::Photo => Stage::AtGate,
            Lane::Manual => Stage::Waiting,
        };
        let mut encounter = Encounter {
            id: EncounterId::from_bytes(self.fresh()),
            point: device.point,
            voyage,
            device: Some(device.id),
            lane: joining.lane,
            claims_citizenship: joining.claims_citizenship,
            presented,
            stage,
            attempts: 0,
            decision: None,
            class: PersonClass::Unknown,
            passenger: None,
            probe: None,
            joined_at: now,
            served_at: None,
            done_at: None,
        };
        let listed = self.named(&encounter, None)?;
        encounter.class = self.class_of(&encounter, listed.first(), joining.presented.as_slice())?;
        // Whom the law exempts is not photographed, whatever was pressed.
        let age = listed.first().and_then(|listed| listed.passenger.stated.age_at(now));
        let traveller = Traveller { age, standings: &[] };
        let rule = self.policy().taking_rule(encounter.class, Modality::Face, &traveller);
        if rule.is_none_or(|rule| rule.duty == Duty::Exempt) {
            encounter.stage = Stage::Waiting;
            encounter.decision = Some(Decision::Unavailable { failure: Failure::Exempt });
        }
        let begun = begun(&encounter);
        self.committed(self.store().begin(
            &encounter,
            submission.key,
            &json(&begun),
            self.notice_sha256(),
            now,
        )?)?;
        Ok(begun)
    }

    /// What happens at a point now, as what starts the count of a length.
    pub(super) fn start_at(&self, point: PointId, now: Timestamp) -> Result<Start, Refused> {
        let point = self.store().point(point)?;
        Ok(Start { at: now, direction: point.map(|point| point.direction) })
    }

    /// The voyage that boards at a device's point, which must be designated now.
    fn boarding_at(&self, device: &Device, now: Timestamp) -> Result<VoyageId, Refused> {
        self.store().designation_in_force(device.point, now)?.ok_or(Refused::PointNotDesignated)?;
        self.store().voyage_at(device.point)?.ok_or(Refused::NoVoyage)
    }

    /// Whether a capture was signed under what is in force where it was made.
    fn authorised(&self, device: &Device, of: &SignedCapture, now: Timestamp) -> Result<(), Refused> {
        self.boarding_at(device, now)?;
        let in_force = self.store().designation_in_force(device.point, now)?;
        let same = in_force.is_some_and(|one| one.id == of.designation) && of.notice == self.notice_sha256();
        if same { Ok(()) } else { Err(Refused::StaleAuthority) }
    }

    fn presented(&self, document: Option<&DocumentKey>, voyage: VoyageId) -> Result<Presented, Refused> {
        let Some(document) = document else { return Ok(Presented::Nothing) };
        let found = self.store().passengers_with_document(document)?;
        Ok(match found.iter().find(|(on, _)| *on == voyage) {
            Some((_, passenger)) => Presented::Passenger(*passenger),
            None if found.is_empty() => Presented::NotOnManifest,
            None => Presented::OtherVoyage,
        })
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
                    return Ok(captured);
                }
                // Somebody boarded this passenger meanwhile, or the encounter moved on: look again.
                Committed::AlreadyBoarded | Committed::StaleEncounter => before = self.at_gate(device, id)?,
                Committed::VoyageOver => return Err(Refused::NoVoyage),
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
                match self.search(encounter.voyage, &probe.template, probe.fused(), encounter.attempts + 1) {
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
        let now = self.now();
        let listed = self.named(before, seen.candidates.as_ref())?;
        let designation = self.store().designation_in_force(before.point, now)?;
        let voyage = self.store().voyage(before.voyage)?.map(|voyage| (voyage.id, voyage.status));
        let passengers: Vec<PassengerFacts> = listed.iter().map(|p| self.facts_of(p)).collect();
        let case = Case { designation: designation.as_ref(), voyage, passengers: &passengers };
        let facts = Facts {
            capture: seen.capture,
            presented: before.presented,
            candidates: seen.candidates.as_ref(),
            failure: seen.failure,
        };
        let decision = decide(&case, &facts, now);
        self.metrics().decided(&decision, now.duration_since(started).as_secs_f64());
        let attempts = before.attempts + 1;
        let step = next_step(&decision, attempts, self.policy());
        let mut after = before.clone();
        after.attempts = attempts;
        after.served_at = after.served_at.or(Some(started));
        after.passenger = decision.comparison().map(|found| found.candidate.passenger);
        let boarding = after.passenger.filter(|_| step == Step::Proceed).map(|passenger| Boarding {
            passenger,
            at: now,
            method: Method::FaceMatched,
            entered_later: false,
        });
        after.decision = Some(decision);
        let person = after.passenger.and_then(|id| listed.iter().find(|p| p.passenger.id == id));
        after.class = self.class_after(&after, person, boarding.is_some())?;
        match step {
            Step::Proceed => (after.stage, after.done_at) = (Stage::Done, Some(now)),
            Step::SeeOfficer => after.stage = Stage::Waiting,
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
        let fate = probe_fate(after.class, self.start_at(after.point, now)?, self.policy());
        let record = match (fate, crop) {
            (ProbeFate::Sealed { due }, Some(crop)) => {
                Some((self.store().seal(RecordKind::PROBE, crop, now)?, due))
            }
            _ => None,
        };
        let measured = seen.measured(self.engine().pack());
        let outcome = json(captured);
        let measured = Some(&measured);
        let commit =
            CaptureCommit { before, after: &after, record, boarding, key, outcome: &outcome, measured };
        let committed = self.store().commit_capture(commit, now)?;
        if committed == Committed::Done
            && let Some(crop) = crop
        {
            if fate == ProbeFate::NeverWritten {
                let seconds = self.policy().unkept_photo_shown_seconds;
                self.0.fleeting.hold(after.id, crop.clone(), now, seconds);
            }
            self.maybe_look_again(&after, crop, now);
        }
        Ok(committed)
    }

    /// The traveller would rather not, after all: the same queue as if they had said so first.
    ///
    /// # Errors
    /// [`Refused`] when the encounter is not at the gate.
    pub fn decline(
        &self,
        device: &Device,
        submission: &Submission,
        id: EncounterId,
    ) -> Result<Begun, Refused> {
        self.end_at_gate(device, submission, id, |after, _| {
            (after.lane, after.stage) = (Lane::Manual, Stage::Waiting);
            // They wait anew, for an officer: what the camera did was no service.
            (after.decision, after.passenger, after.served_at) = (None, None, None);
        })
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
    fn named(&self, encounter: &Encounter, candidates: Option<&Candidates>) -> Result<Vec<Listed>, Refused> {
        let presented = match encounter.presented {
            Presented::Passenger(id) => Some(id),
            _ => None,
        };
        let best = candidates.iter().flat_map(|c| c.best.iter().map(|candidate| candidate.passenger));
        let mut ids: Vec<PassengerId> = presented.into_iter().chain(best).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut listed = Vec::with_capacity(ids.len());
        for id in ids {
            // Whom the carrier has taken off the voyage meanwhile is nobody's candidate.
            listed.extend(
                self.store().passenger(id)?.filter(|p| p.removed_at.is_none() || p.boarding.is_some()),
            );
        }
        listed.retain(|p| p.passenger.voyage == encounter.voyage);
        Ok(listed)
    }

    fn facts_of(&self, listed: &Listed) -> PassengerFacts {
        PassengerFacts {
            id: listed.passenger.id,
            boarded: listed.boarding.is_some(),
            held: listed.hold.is_some(),
            has_reference: self.has_reference(listed.passenger.voyage, listed.passenger.id),
        }
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

    /// The class at the start of an encounter: by the claim, the document shown, and whose it is.
    fn class_of(
        &self,
        encounter: &Encounter,
        person: Option<&Listed>,
        shown: &[DocumentKey],
    ) -> Result<PersonClass, Refused> {
        let noted = self.store().class_noted(shown, self.now())?;
        let by_document =
            standing(&Evidence { documents: shown, noted, ..Evidence::default() }, self.policy()).class;
        if by_document == PersonClass::Citizen {
            Ok(by_document)
        } else {
            self.class_after(encounter, person, false)
        }
    }

    pub(super) fn committed(&self, committed: Committed) -> Result<(), Refused> {
        match committed {
            Committed::Done => {
                self.announce();
                Ok(())
            }
            Committed::AlreadyBoarded => Err(Refused::AlreadyBoarded),
            Committed::VoyageOver => Err(Refused::NoVoyage),
            Committed::StaleEncounter => Err(Refused::WrongStage("the encounter has moved on; look again")),
        }
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

/// Holds a request's key while it is worked on, so that a repeat does not do the work twice.
struct InProgress<'a>(&'a Service, IdempotencyKey);

impl<'a> InProgress<'a> {
    fn enter(service: &'a Service, key: IdempotencyKey) -> Result<Self, Refused> {
        if lock(&service.0.in_progress).insert(key) {
            Ok(Self(service, key))
        } else {
            Err(Refused::InProgress)
        }
    }
}

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        lock(&self.0.0.in_progress).remove(&self.1);
    }
}

fn admission(submission: &Submission, counted: Option<SignedCapture>) -> Admission {
    Admission {
        key: submission.key,
        device: submission.device,
        body_mac: submission.body_mac,
        counter: submission.counter,
        counted,
        nonce: submission.nonce,
        created: submission.created,
    }
}

/// What a request was answered before.
fn answered<T: for<'a> Deserialize<'a>>(outcome: &str) -> Result<T, Refused> {
    serde_json::from_str(outcome).map_err(|_| Refused::OtherBody)
}

fn begun(encounter: &Encounter) -> Begun {
    let next = if encounter.stage == Stage::AtGate { "camera" } else { "see-officer" };
    Begun { encounter: encounter.id.to_string(), next: next.to_owned() }
}

fn json<T: Serialize>(value: &T) -> String {
    // These are plain structs with string keys: serialising cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// Advice by its stable names, which the gate's page puts into words.
fn words(advice: &[Advice]) -> Vec<String> {
    advice.iter().map(|advice| advice.slug().to_owned()).collect()
}
