//! A traveller has chosen: an encounter begins, at the camera or in an officer's queue.

use super::admission::json;
use super::{Device, Refused, Service, Submission};
use jiff::Timestamp;
use portunus_core::decide::{Decision, Failure, Presented};
use portunus_core::document::DocumentKey;
use portunus_core::encounter::{Encounter, Lane, Stage};
use portunus_core::id::{EncounterId, VoyageId};
use portunus_core::place::{Expects, PointKind};
use portunus_core::policy::{Duty, Modality, PersonClass, Traveller};
use portunus_core::retention::{Evidence, standing};
use portunus_core::voyage::ManifestPerson;
use portunus_store::{Listed, Wish};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

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
    /// Whom the document read at the gate names, where its machine-readable zone was read.
    pub person: Option<ManifestPerson>,
    /// They ask for an officer instead: they have no state's document, or ask for protection. Nothing of it is shared.
    pub officer_only: bool,
    /// What they ask for.
    pub wish: Wish,
    /// Who chooses together with them, the same: children with their guardian, a family. At most [`PARTY_MAX`] in all.
    pub together: Vec<Companion>,
}

/// Somebody for whom another chooses, or who chooses together with another.
#[derive(Default)]
pub struct Companion {
    /// Whether they say, or it is said of them, that they are a citizen.
    pub claims_citizenship: bool,
    /// Their document read at the gate, if one was.
    pub presented: Option<DocumentKey>,
    /// Whom the document read at the gate names, where its machine-readable zone was read.
    pub person: Option<ManifestPerson>,
    /// Their own choice, as everybody in a vehicle has; the same as the first's when not said.
    pub lane: Option<Lane>,
}

/// People who choose together.
pub const PARTY_MAX: usize = 10;

/// The answer to a choice.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Begun {
    /// The encounter that began.
    pub encounter: String,
    /// `camera` or `see-officer`.
    pub next: String,
    /// Of those who chose together with them, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<BegunWith>,
}

/// The encounter of somebody who chose together with another.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BegunWith {
    /// The encounter that began.
    pub encounter: String,
    /// `camera` or `see-officer`.
    pub next: String,
}

impl Service {
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
        if joining.together.len() >= PARTY_MAX {
            return Err(Refused::Malformed(format!("together: at most {PARTY_MAX} people choose together")));
        }
        let first = shown(joining.presented.as_ref(), joining.person.as_ref());
        let others = joining.together.iter().map(|one| shown(one.presented.as_ref(), one.person.as_ref()));
        let mut seen = HashSet::new();
        if !first.into_iter().chain(others.flatten()).all(|document| seen.insert(document)) {
            return Err(Refused::Malformed(
                "together: expected a document of each, not one twice".to_owned(),
            ));
        }
        let mut encounters = vec![self.beginning(device, voyage, joining, now)?];
        for one in &joining.together {
            let joining = Joining {
                lane: one.lane.unwrap_or(joining.lane),
                claims_citizenship: one.claims_citizenship,
                notice_version: joining.notice_version.clone(),
                presented: one.presented.clone(),
                person: one.person.clone(),
                officer_only: joining.officer_only,
                wish: joining.wish,
                together: Vec::new(),
            };
            encounters.push(self.beginning(device, voyage, &joining, now)?);
        }
        self.arm_for_all_or_none(device, &mut encounters)?;
        let begun = begun_together(&encounters);
        let notice = self.notice_sha256();
        let committed = self.store().begin_together(
            &encounters,
            joining.wish,
            submission.key,
            &json(&begun),
            notice,
            now,
        )?;
        self.committed(committed)?;
        self.unstage_who_declined(&encounters);
        Ok(begun)
    }

    /// In a vehicle the camera sees everybody: where one of them is not to be photographed, nobody is.
    fn arm_for_all_or_none(&self, device: &Device, encounters: &mut [Encounter]) -> Result<(), Refused> {
        let point = self.store().point(device.point)?;
        let vehicle = point.is_some_and(|point| point.kind == PointKind::VehicleLane);
        if vehicle && encounters.iter().any(|one| one.stage != Stage::AtGate) {
            for one in encounters.iter_mut().filter(|one| one.stage == Stage::AtGate) {
                one.stage = Stage::Waiting;
                one.decision = Some(Decision::Unavailable { failure: Failure::Camera });
            }
        }
        Ok(())
    }

    /// One traveller's encounter as it begins: at the camera, or in an officer's queue.
    fn beginning(
        &self,
        device: &Device,
        voyage: VoyageId,
        joining: &Joining,
        now: Timestamp,
    ) -> Result<Encounter, Refused> {
        let presented = self.presented_by(joining, voyage)?;
        // Who declined before travel is not photographed by mistake, nor has a template to be compared with.
        let lane = if self.has_declined(presented, voyage)? { Lane::Manual } else { joining.lane };
        let stage = match lane {
            Lane::Photo => Stage::AtGate,
            Lane::Manual => Stage::Waiting,
        };
        let mut encounter = Encounter {
            id: EncounterId::from_bytes(self.fresh()),
            point: device.point,
            voyage,
            device: Some(device.id),
            lane,
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
            taken_at: None,
            done_at: None,
            confidential: joining.officer_only,
        };
        let listed = self.named(&encounter, None)?;
        encounter.class = self.class_of(&encounter, listed.first(), joining)?;
        // Whom the law exempts is not photographed, whatever was pressed.
        let age = listed.first().and_then(|listed| listed.passenger.stated.age_at(now));
        let traveller = Traveller { age, standings: &[] };
        let is_out_of_date = lane == Lane::Photo
            && joining.person.as_ref().is_some_and(|one| one.document_is_out_of_date(now));
        let rule = self.policy().taking_rule(encounter.class, Modality::Face, &traveller);
        let instead = match rule.map(|rule| rule.duty) {
            None | Some(Duty::Exempt) => Some(Failure::Exempt),
            _ if joining.officer_only => Some(Failure::NoDocument),
            // A machine could only send them to an officer afterwards: it asks for no photo to do so.
            _ => is_out_of_date.then_some(Failure::DocumentExpired),
        };
        if let Some(failure) = instead {
            encounter.stage = Stage::Waiting;
            encounter.decision = Some(Decision::Unavailable { failure });
        }
        Ok(encounter)
    }

    /// Whose document was shown. Where documents come first, its holder is on the watch's list from now on.
    fn presented_by(&self, joining: &Joining, voyage: VoyageId) -> Result<Presented, Refused> {
        match (self.watch_of(voyage)?, &joining.person) {
            (Some(Expects::Documents), Some(person)) => {
                Ok(Presented::Passenger(self.present(voyage, person)?))
            }
            (Some(Expects::Documents), None) if joining.presented.is_some() => Err(Refused::Malformed(
                "presented: here the whole machine-readable zone is read: send it as mrz".to_owned(),
            )),
            (_, person) => self.presented(shown(joining.presented.as_ref(), person.as_ref()), voyage),
        }
    }

    fn presented(&self, document: Option<&DocumentKey>, voyage: VoyageId) -> Result<Presented, Refused> {
        let Some(document) = document else { return Ok(Presented::Nothing) };
        let found = self.store().passengers_with_document(document)?;
        let landing = self.store().landing(voyage)?;
        Ok(match found.iter().find(|(on, _)| *on == voyage || landing.contains(on)) {
            Some((_, passenger)) => Presented::Passenger(*passenger),
            None if found.is_empty() => Presented::NotOnManifest,
            None => Presented::OtherVoyage,
        })
    }

    /// The class at the start of an encounter: by the claim, the document shown, and whose it is. What was read at the gate
    /// counts, also of somebody who is on no list.
    fn class_of(
        &self,
        encounter: &Encounter,
        person: Option<&Listed>,
        joining: &Joining,
    ) -> Result<PersonClass, Refused> {
        let read = joining.person.as_ref();
        let of_zone = read.map_or(&[][..], |person| &person.documents);
        let shown: Vec<DocumentKey> = joining.presented.iter().chain(of_zone).cloned().collect();
        let evidence = Evidence {
            documents: &shown,
            noted: self.store().class_noted(&shown, self.now())?,
            carrier_says: read.and_then(|person| person.nationality.as_ref()),
            ..Evidence::default()
        };
        let by_document = standing(&evidence, self.policy()).class;
        if by_document == PersonClass::Citizen {
            Ok(by_document)
        } else {
            self.class_after(encounter, person, false)
        }
    }
}

/// The document that somebody showed: as they gave it, else as its machine-readable zone was read.
fn shown<'a>(
    presented: Option<&'a DocumentKey>,
    person: Option<&'a ManifestPerson>,
) -> Option<&'a DocumentKey> {
    presented.or_else(|| person?.documents.first())
}

pub(super) fn begun(encounter: &Encounter) -> Begun {
    let next = if encounter.stage == Stage::AtGate { "camera" } else { "see-officer" };
    Begun { encounter: encounter.id.to_string(), next: next.to_owned(), together: Vec::new() }
}

/// The answer to a choice that several made together; the first is who is answered.
fn begun_together(encounters: &[Encounter]) -> Begun {
    let mut all = encounters.iter().map(begun);
    let first =
        all.next().unwrap_or(Begun { encounter: String::new(), next: String::new(), together: Vec::new() });
    let together = all.map(|one| BegunWith { encounter: one.encounter, next: one.next }).collect();
    Begun { together, ..first }
}
