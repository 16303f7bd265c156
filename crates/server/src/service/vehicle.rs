//! A vehicle in a lane: several people, several documents, several pictures; who is who, one to one, or nobody.
//!
//! Its occupants are a party ([`Service::begin`]): each has an encounter, and each has chosen for themselves. The camera sees
//! all of them at once. So it is armed when every one has chosen the photo, and for nobody where one has not.

use super::admission::{InProgress, json};
use super::capture::CROP_JPEG_QUALITY;
use super::{Device, Refused, Service, Submission};
use jiff::Timestamp;
use portunus_biometrics::face::{FaceError, Occupant, Occupants, VehicleOutcome};
use portunus_biometrics::gallery::{self, Holder, Pairing, pair};
use portunus_core::biometric::{Candidates, PackId, Score};
use portunus_core::capture::SignedCapture;
use portunus_core::decide::{Capture, Decision, Facts, Failure, Reason, Step};
use portunus_core::encounter::{Boarding, Encounter, Stage};
use portunus_core::id::{EncounterId, PassengerId};
use portunus_store::CaptureCommit;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The answer to a vehicle's capture. It names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct VehicleCaptured {
    /// `proceed` or, at an entry, `go-to-booth` where everybody is known; else `try-again` or `see-officer`, for all of them.
    #[schema(value_type = String)]
    pub step: Step,
    /// Occupants given the document that they presented, and nothing speaks against it.
    pub matched: usize,
    /// Occupants given a document, where another document or face fits nearly as well.
    pub ambiguous: usize,
    /// Faces in the vehicle that are like no document presented, or that were of no use.
    pub unmatched_faces: usize,
    /// Documents presented that no face in the vehicle is like.
    pub unmatched_documents: usize,
    /// Faces further off: counted, and nothing else.
    pub bystanders: u32,
}

/// What the pictures of a vehicle showed. The crops die with it.
struct Seen {
    capture: Capture,
    failure: Option<Failure>,
    found: Option<Occupants>,
    pairing: Pairing,
    pack: PackId,
}

/// What became of one occupant.
struct Ended {
    after: Encounter,
    step: Step,
    boarding: Option<Boarding>,
    occupant: Option<usize>,
}

impl Service {
    /// Compares the people of a vehicle with the documents that they presented, and with nothing else. `id` is the encounter
    /// of any of them.
    ///
    /// # Errors
    /// [`Refused::WrongStage`] unless every occupant has chosen the photo and is at the camera; else as for any capture.
    pub fn capture_vehicle(
        &self,
        device: &Device,
        submission: &Submission,
        of: SignedCapture,
        id: EncounterId,
        frames: &[&[u8]],
    ) -> Result<VehicleCaptured, Refused> {
        let _working = InProgress::enter(self, submission.key)?;
        if let Some(first) = self.admit_capture(device, submission, of)? {
            return Ok(first);
        }
        let started = self.now();
        let before = self.party_at_camera(device, id)?;
        let seen = self.see_vehicle(&before, frames)?;
        let mut ended = Vec::with_capacity(before.len());
        for encounter in &before {
            ended.push(self.decided_for(encounter, &seen, started)?);
        }
        let captured = seen.answer(&ended);
        self.record_vehicle(&before, ended, &seen, submission, &captured)?;
        self.announce();
        Ok(captured)
    }

    /// Everybody of the vehicle, all of whom stand at the camera.
    fn party_at_camera(&self, device: &Device, id: EncounterId) -> Result<Vec<Encounter>, Refused> {
        let party = self.store().party(id)?;
        if party.is_empty() || party.iter().any(|one| one.device != Some(device.id)) {
            return Err(Refused::Unknown("vehicle at this lane"));
        }
        if party.iter().any(|one| one.stage != Stage::AtGate) {
            return Err(Refused::WrongStage(
                "the camera is armed only when everybody in the vehicle has chosen the photo",
            ));
        }
        Ok(party)
    }

    fn see_vehicle(&self, party: &[Encounter], frames: &[&[u8]]) -> Result<Seen, Refused> {
        let documents: Vec<PassengerId> = party.iter().filter_map(|one| one.presented.passenger()).collect();
        let nothing = |capture, failure| Seen {
            capture,
            failure,
            found: None,
            pairing: Pairing { documents: documents.clone(), ..Pairing::default() },
            pack: self.engine().pack().clone(),
        };
        let found = match self.engine().occupants(frames, party.len()) {
            Ok(VehicleOutcome::Found(found)) => found,
            Ok(VehicleOutcome::NoFace) => return Ok(nothing(Capture::NoFace, None)),
            // Whoever sits there and has chosen nothing is not looked at, nor is anybody beside them.
            Ok(VehicleOutcome::TooMany { .. }) => return Ok(nothing(Capture::SeveralFaces, None)),
            Err(FaceError::Net(error)) => {
                tracing::error!(%error, "the models gave no answer");
                return Ok(nothing(Capture::Usable, Some(Failure::Matcher)));
            }
            Err(error) => return Err(error.into()),
        };
        let Some(first) = party.first().filter(|_| !found.people.is_empty()) else {
            return Ok(Seen { found: Some(found), ..nothing(Capture::PoorQuality, None) });
        };
        let gallery = self.gallery_of(first.voyage, &documents)?;
        let wanted = gallery::Wanted {
            fpir: self.policy().wanted_fpir,
            frames: found.frames,
            attempts: first.attempts + 1,
        };
        let pairing = pair(&found.people, &documents, &gallery, self.now(), self.calibration(), wanted)
            .map_err(|error| Refused::Malformed(error.to_string()))?;
        Ok(Seen { found: Some(found), pairing, ..nothing(Capture::Usable, None) })
    }

    /// What follows for one of them: as `decide` has it for anybody, with the candidate that the pairing gave.
    fn decided_for(&self, before: &Encounter, seen: &Seen, started: Timestamp) -> Result<Ended, Refused> {
        let holder = before.presented.passenger();
        let listed = self.named(before, None)?;
        let given = seen.given(holder);
        let candidates = seen.candidates(given);
        let facts = Facts {
            capture: seen.capture,
            presented: before.presented,
            candidates: Some(&candidates),
            failure: seen.failure,
        };
        let mut decision = self.decision(before, &listed, &facts)?;
        if let (Decision::Confirmed { comparison }, true) = (&decision, seen.is_ambiguous(holder)) {
            let comparison = Some(comparison.clone());
            decision = Decision::Refer { reasons: vec![Reason::CandidatesTooClose], comparison };
        }
        let (after, step, boarding) = self.decided_on(before, &listed, decision, started)?;
        Ok(Ended { after, step, boarding, occupant: given.map(|given| given.occupant) })
    }

    /// A vehicle goes on as one: where somebody is to see an officer all of them wait for one, and another photo is of all.
    fn record_vehicle(
        &self,
        before: &[Encounter],
        mut ended: Vec<Ended>,
        seen: &Seen,
        submission: &Submission,
        captured: &VehicleCaptured,
    ) -> Result<(), Refused> {
        let _not_while_closing = self.while_boarding();
        let now = self.now();
        let mut crops: Vec<Option<Zeroizing<Vec<u8>>>> = Vec::with_capacity(ended.len());
        let mut records = Vec::with_capacity(ended.len());
        for one in &mut ended {
            match captured.step {
                Step::Proceed => {
                    (one.after.stage, one.after.done_at) =
                        (Stage::Done, one.boarding.as_ref().map(|boarding| boarding.at));
                }
                Step::TryAgain => (one.after.stage, one.after.done_at) = (Stage::AtGate, None),
                Step::SeeOfficer | Step::GoToBooth => {
                    (one.after.stage, one.after.done_at) = (Stage::Waiting, None);
                }
            }
            let shown = seen.occupant(one.occupant).filter(|_| captured.step != Step::TryAgain);
            let crop = shown.map(|shown| shown.subject.crop.to_jpeg(CROP_JPEG_QUALITY));
            let crop = crop.transpose().map_err(FaceError::from)?;
            let sealed = crop.as_ref().map(|crop| self.seal_probe(&one.after, crop, now)).transpose()?;
            records.push(sealed.flatten());
            crops.push(crop);
        }
        let never_written: Vec<bool> = records.iter().map(Option::is_none).collect();
        let outcome = json(captured);
        let commits: Vec<CaptureCommit<'_>> = before
            .iter()
            .zip(&ended)
            .zip(records)
            .map(|((before, one), record)| CaptureCommit {
                before,
                after: &one.after,
                record,
                boarding: one.boarding.clone().filter(|_| captured.step == Step::Proceed),
                key: submission.key,
                outcome: &outcome,
                measured: None,
            })
            .collect();
        self.committed(self.store().commit_party(&commits, now)?)?;
        for ((one, crop), never_written) in ended.iter().zip(crops).zip(never_written) {
            if let Some(crop) = crop.filter(|_| never_written) {
                let seconds = self.policy().unkept_photo_shown_seconds;
                self.0.fleeting.hold(one.after.id, crop, now, seconds);
            }
            self.settle(one.after.id, None)?;
        }
        Ok(())
    }
}

impl Seen {
    /// The face that was given a holder's document.
    fn given(&self, holder: Option<PassengerId>) -> Option<&Holder> {
        let all = self.pairing.pairs.iter().chain(&self.pairing.ambiguous);
        all.into_iter().find(|given| Some(given.comparison.candidate.passenger) == holder)
    }

    fn is_ambiguous(&self, holder: Option<PassengerId>) -> bool {
        self.pairing.ambiguous.iter().any(|given| Some(given.comparison.candidate.passenger) == holder)
    }

    fn occupant(&self, at: Option<usize>) -> Option<&Occupant> {
        self.found.as_ref()?.people.get(at?)
    }

    /// The one candidate that the pairing left, or none: whom else the face is like is settled already.
    fn candidates(&self, given: Option<&Holder>) -> Candidates {
        let comparison = given.map(|given| &given.comparison);
        Candidates {
            pack: self.pack.clone(),
            threshold: comparison.map_or(Score(1.0), |comparison| comparison.threshold),
            tie_margin: 0.0,
            gallery_people: comparison.map_or(0, |comparison| comparison.gallery_people),
            best: comparison.map(|comparison| comparison.candidate.clone()).into_iter().collect(),
        }
    }

    fn answer(&self, ended: &[Ended]) -> VehicleCaptured {
        let found = self.found.as_ref();
        let of_no_use = found.map_or(0, |found| (found.near_max as usize).saturating_sub(found.people.len()));
        let unmatched_faces = self.pairing.occupants.len() + of_no_use;
        let any = |step| ended.iter().any(|one| one.step == step);
        // Where an officer is needed no further photo helps; who has no document with them is the officer's to see.
        let step = if any(Step::SeeOfficer) {
            Step::SeeOfficer
        } else if any(Step::TryAgain) {
            Step::TryAgain
        } else if unmatched_faces > 0 || ended.is_empty() {
            Step::SeeOfficer
        } else if any(Step::GoToBooth) {
            Step::GoToBooth
        } else {
            Step::Proceed
        };
        VehicleCaptured {
            step,
            matched: self.pairing.pairs.len(),
            ambiguous: self.pairing.ambiguous.len(),
            unmatched_faces,
            unmatched_documents: self.pairing.documents.len(),
            bystanders: found.map_or(0, |found| found.bystanders_max),
        }
    }
}
