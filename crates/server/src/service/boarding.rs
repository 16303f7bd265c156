//! Voyages: boarding opened and closed, what carriers and supervisors see of it.

use super::gallery::window;
use super::{Refused, Service};
use portunus_core::accuracy::traffic::{DeskTimes, Known};
use portunus_core::crossing::CrossingRecord;
use portunus_core::encounter::{Encounter, Lane, LaneWaits, Method, lane_waits};
use portunus_core::id::{PassengerId, PointId, VoyageId};
use portunus_core::place::{CrossingPoint, Direction};
use portunus_core::policy::{DataClass, PersonClass, Start};
use portunus_core::voyage::{Capacity, ManifestPerson, Movement, Voyage, VoyageKey, VoyageStatus};
use portunus_documents::ports::country_of;
use portunus_store::{CloseVoyage, CrossedAs, Listed, NewCrossing, Subject};
use serde::Serialize;
use std::collections::HashSet;

/// A voyage as its carrier may see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CarrierStatus {
    /// Carrier, number, date.
    pub voyage: String,
    /// `scheduled`, `open`, `closed` or `cancelled`.
    #[schema(value_type = String)]
    pub status: VoyageStatus,
    /// How many are expected.
    pub expected: usize,
    /// How many have boarded.
    pub boarded: usize,
    /// One by one, by the carrier's own references.
    pub passengers: Vec<CarrierPassenger>,
}

/// A passenger as the carrier may see them: boarded or not, never how.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CarrierPassenger {
    /// The carrier's own reference.
    pub carrier_reference: Option<String>,
    /// The booking.
    pub booking: Option<String>,
    /// Whether they have boarded.
    pub boarded: bool,
}

/// How a boarding goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Passengers and infants on the manifest; crew are on their own list.
    pub expected: usize,
    /// Boarded by a matched face.
    pub face_matched: usize,
    /// Boarded by document.
    pub document_inspected: usize,
    /// Without a template in the gallery.
    pub without_reference: usize,
}

/// A passenger found by an officer. Personal data: no `Debug`.
#[derive(Clone, Serialize)]
pub struct Sought {
    /// Who.
    pub id: PassengerId,
    /// Family name, given names.
    pub name: String,
    /// First document, whole: the officer holds it against the one in hand.
    pub document: String,
    /// Nationality as the carrier states it.
    pub nationality: String,
    /// Day of birth, else its year; empty when neither is stated.
    pub born: String,
    /// Whether they have boarded.
    pub boarded: bool,
    /// Whether an officer holds them.
    pub held: bool,
    /// Whether the gallery has a template of theirs.
    pub has_reference: bool,
}

const SOUGHT_MAX: usize = 30;

impl Service {
    /// What a carrier may know of its voyage.
    ///
    /// # Errors
    /// [`Refused::Unknown`] for a voyage that is not there.
    pub fn carrier_status(&self, key: &VoyageKey) -> Result<CarrierStatus, Refused> {
        let voyage = self.store().voyage_by_key(key)?.ok_or(Refused::Unknown("voyage"))?;
        // Whom the state admitted is not the carrier's to know.
        let arrives = self.store().lands(voyage.id)?;
        let passengers: Vec<CarrierPassenger> = self
            .travellers(voyage.id)?
            .into_iter()
            .map(|listed| CarrierPassenger {
                carrier_reference: listed.passenger.stated.carrier_reference,
                booking: listed.passenger.stated.booking,
                boarded: !arrives && listed.boarding.is_some_and(|boarding| boarding.admitted.is_none()),
            })
            .collect();
        Ok(CarrierStatus {
            voyage: voyage.key.to_string(),
            status: voyage.status,
            expected: passengers.len(),
            boarded: passengers.iter().filter(|p| p.boarded).count(),
            passengers,
        })
    }

    /// Passengers and infants of a voyage; crew are not boarded at the gate.
    pub(super) fn travellers(&self, voyage: VoyageId) -> Result<Vec<Listed>, Refused> {
        let mut listed = self.store().passengers(voyage)?;
        listed.retain(|p| p.passenger.stated.capacity != Capacity::Crew);
        Ok(listed)
    }

    /// How a boarding goes.
    ///
    /// # Errors
    /// When the store fails.
    pub fn progress(&self, voyage: VoyageId) -> Result<Progress, Refused> {
        let listed = self.travellers(voyage)?;
        let by = |method| {
            listed.iter().filter(|p| p.boarding.as_ref().is_some_and(|b| b.method == method)).count()
        };
        Ok(Progress {
            expected: listed.len(),
            face_matched: by(Method::FaceMatched),
            document_inspected: by(Method::DocumentInspected),
            without_reference: listed.iter().filter(|p| !self.has_reference(voyage, p.passenger.id)).count(),
        })
    }

    /// Waits of both lanes, while the voyage boards and after.
    ///
    /// # Errors
    /// When the store fails.
    pub fn waits(&self, voyage: VoyageId) -> Result<(LaneWaits, LaneWaits), Refused> {
        if let Some(counted) = self.store().lane_counts(voyage)? {
            return Ok(counted);
        }
        let waits = self.store().waits(voyage)?;
        Ok((lane_waits(&waits, Lane::Photo), lane_waits(&waits, Lane::Manual)))
    }

    /// How long an officer had each traveller before them: whom the machine had confirmed before, and the others. By the
    /// console's own clock, from taking somebody up to the last word; of what is not closed yet.
    ///
    /// # Errors
    /// When the store fails.
    pub fn at_the_desk(&self, voyage: VoyageId) -> Result<[DeskTimes; 2], Refused> {
        let encounters = self.store().encounters(voyage)?;
        Ok(Known::ALL.map(|known| DeskTimes::of(&encounters, known)))
    }

    /// Passengers of a voyage whose name, document or booking contains all of the words, in either case.
    ///
    /// # Errors
    /// When the store fails.
    pub fn seek(&self, voyage: VoyageId, query: &str) -> Result<Vec<Sought>, Refused> {
        let words: Vec<String> = query.split_whitespace().take(8).map(str::to_uppercase).collect();
        let mut found = Vec::new();
        for listed in self.travellers(voyage)? {
            let stated = &listed.passenger.stated;
            let document = stated.documents.first();
            let document = document.map_or_else(String::new, |d| format!("{} {}", d.issuer, d.number()));
            let name = format!("{}, {}", stated.family_name, stated.given_names);
            let text =
                format!("{name} {document} {}", stated.booking.as_deref().unwrap_or("")).to_uppercase();
            if found.len() < SOUGHT_MAX && words.iter().all(|word| text.contains(word)) {
                found.push(Sought {
                    id: listed.passenger.id,
                    name,
                    document,
                    nationality: stated.nationality.as_ref().map_or_else(String::new, ToString::to_string),
                    born: stated.birth().unwrap_or_default(),
                    boarded: listed.boarding.is_some(),
                    held: listed.hold.is_some(),
                    has_reference: self.has_reference(voyage, listed.passenger.id),
                });
            }
        }
        Ok(found)
    }

    /// Opens boarding of a voyage at a point.
    ///
    /// # Errors
    /// [`Refused`] when the point has no designation, boards another voyage, or the voyage is over.
    pub fn open_boarding(&self, voyage: VoyageId, point: PointId) -> Result<(), Refused> {
        let now = self.now();
        let at = self.store().point(point)?.ok_or(Refused::Unknown("crossing point"))?;
        self.store().authority(point, now)??;
        if self.store().voyage_at(point)?.is_some_and(|other| other != voyage) {
            return Err(Refused::WrongStage("another voyage is boarding here; close it first"));
        }
        let kept = self.store().voyage(voyage)?.ok_or(Refused::Unknown("voyage"))?;
        if kept.watch.is_some() {
            return Err(Refused::WrongStage("this is a watch: open one anew"));
        }
        if !kept.calls_at(&at) {
            return Err(Refused::WrongStage(
                "the carrier does not have this voyage call at the port of this crossing point",
            ));
        }
        match kept.status {
            VoyageStatus::Scheduled => {
                self.store().set_status(voyage, VoyageStatus::Scheduled, VoyageStatus::Open, now)?;
            }
            VoyageStatus::Open => {}
            VoyageStatus::Closed | VoyageStatus::Cancelled => {
                return Err(Refused::WrongStage("the voyage is closed or cancelled"));
            }
        }
        self.stage(voyage)?;
        self.store().assign_voyage(point, Some(voyage), now)?;
        self.announce();
        Ok(())
    }

    /// Closes boarding: departures are recorded, the gallery is destroyed, declines live on in counts alone.
    ///
    /// # Errors
    /// [`Refused::WrongStage`] when the voyage was not boarding.
    pub fn close_boarding(&self, voyage: VoyageId) -> Result<usize, Refused> {
        // No boarding falls between what is read here and what is closed below.
        let _nobody_boards = self.while_closing();
        let now = self.now();
        let kept = self.store().voyage(voyage)?.ok_or(Refused::Unknown("voyage"))?;
        let listed = self.travellers(voyage)?;
        // In a watch they are written already, or taken back; what a crash left undone is done now.
        let crossings = self.crossings(&kept, &listed)?;
        for written in self.store().crossings(voyage, now)? {
            let listed = self.store().passenger_on(voyage, written.passenger)?;
            if listed.is_none_or(|listed| listed.boarding.is_none()) {
                self.store().erase(written.record, now)?;
            }
        }
        // A photo that no crossing names has no purpose left. First, so that a crash in between closes again.
        for probe in self.store().encounters(voyage)?.iter().filter_map(|encounter| encounter.probe) {
            if !crossings.iter().any(|crossing| crossing.probe == Some(probe)) {
                self.store().erase(probe, now)?;
            }
        }
        // Who landed in a watch is counted with the voyage that brought them. Before it is closed, and once: a crash in between
        // closes again.
        let own = listed.iter().filter(|listed| listed.passenger.voyage == voyage);
        let mut people: Vec<&ManifestPerson> = own.map(|listed| &listed.passenger.stated).collect();
        // A document that was read twice, under two names, is one traveller's.
        let mut seen = HashSet::new();
        people.retain(|person| person.documents.first().is_none_or(|document| seen.insert(document)));
        self.count_lookout_hits(&kept, &people)?;
        let left = self.declined_waiting(voyage)?;
        self.keep_queues_of(voyage)?;
        match self.store().close_voyage(voyage, &crossings, now)? {
            CloseVoyage::Closed => {
                self.left_waiting(format!("{}{}", kept.key.carrier, kept.key.number), left, now);
            }
            CloseVoyage::AlreadyClosed => return Err(Refused::WrongStage("the voyage is closed already")),
        }
        self.drop_gallery(voyage);
        self.announce();
        Ok(crossings.len())
    }

    /// Closes voyages that nobody closed: cancelled ones, and those whose gallery's time is over.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) fn close_what_is_over(&self) -> Result<(), Refused> {
        let now = self.now();
        for voyage in self.store().voyages()? {
            let over = match voyage.status {
                VoyageStatus::Cancelled => true,
                VoyageStatus::Scheduled | VoyageStatus::Open => now >= window(&voyage).expires,
                VoyageStatus::Closed => false,
            };
            if over {
                match self.close_boarding(voyage.id) {
                    Ok(_) | Err(Refused::WrongStage(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// What a voyage's boardings, or a watch's, become as crossings; transit and domestic ones become none.
    fn crossings<'a>(&self, voyage: &Voyage, listed: &'a [Listed]) -> Result<Vec<NewCrossing<'a>>, Refused> {
        let encounters = self.store().encounters(voyage.id)?;
        let mut crossings = Vec::new();
        for listed in listed {
            crossings.extend(self.crossing(voyage, listed, &encounters)?);
        }
        Ok(crossings)
    }

    /// Where a voyage's people cross, or a watch's.
    fn crossed_at(&self, voyage: &Voyage) -> Result<Option<CrossingPoint>, Refused> {
        let point = match voyage.watch {
            Some(watch) => Some(watch.point),
            None => self.store().points_of(voyage.id)?.first().copied(),
        };
        Ok(point.map(|point| self.store().point(point)).transpose()?.flatten())
    }

    /// What somebody's boarding becomes as a crossing: a departure or an arrival; `None` where they have not boarded, or do not
    /// cross: in transit, or within the state.
    pub(super) fn crossing<'a>(
        &self,
        voyage: &Voyage,
        listed: &'a Listed,
        encounters: &[Encounter],
    ) -> Result<Option<NewCrossing<'a>>, Refused> {
        let (Some(boarding), Some(point)) = (&listed.boarding, self.crossed_at(voyage)?) else {
            return Ok(None);
        };
        let stated = &listed.passenger.stated;
        let own = listed.passenger.voyage == voyage.id;
        let arrived = if own { None } else { self.store().voyage(listed.passenger.voyage)? };
        let travelled = arrived.as_ref().unwrap_or(voyage);
        if stated.in_transit || !self.crosses(travelled, &point, stated) {
            return Ok(None);
        }
        // The encounter that boarded them, and not an earlier one that was referred or taken anew.
        let of_passenger = || encounters.iter().filter(|e| e.passenger == Some(boarding.passenger));
        let exact = of_passenger().find(|e| e.done_at == Some(boarding.at));
        // Expected in several watches, somebody crosses in the one in which that was found.
        if voyage.watch.is_some() && exact.is_none() {
            return Ok(None);
        }
        // Of a voyage that came back the encounters are gone, and what they had found stands with the boarding.
        let before = self.store().crossed_as(boarding.passenger)?;
        let class = self.class_crossed(exact.or_else(|| of_passenger().next_back()), before, listed)?;
        let start = Start::crossing(boarding.at, point.direction);
        let Some(erase_after) = self.policy().due(class, DataClass::Crossing, start) else { return Ok(None) };
        let record = CrossingRecord {
            person: stated.clone(),
            voyage: travelled.key.clone(),
            port: point.port.clone(),
            direction: point.direction,
            at: boarding.at,
            method: boarding.method,
            admitted: boarding.admitted.clone(),
        };
        Ok(Some(NewCrossing {
            passenger: boarding.passenger,
            // Nobody else's receipt shows this crossing, and no other passage's photo stands beside it.
            encounter: exact.map(|encounter| encounter.id),
            content: serde_json::to_vec(&record).unwrap_or_default(),
            subject: Subject::of(stated),
            class,
            start,
            method: boarding.method,
            entered_later: boarding.entered_later,
            erase_after,
            probe: exact.and_then(|encounter| encounter.probe).filter(|_| class != PersonClass::Citizen),
            confidential: before.is_some_and(|before| before.confidential)
                || encounters.iter().any(|encounter| {
                    let of = encounter.passenger.or(encounter.presented.passenger());
                    encounter.confidential && of == Some(boarding.passenger)
                })
                || stated.has_no_states_protection(),
        }))
    }

    /// Whether somebody who boarded enters or leaves the state by it.
    fn crosses(&self, voyage: &Voyage, point: &CrossingPoint, stated: &ManifestPerson) -> bool {
        let leg = voyage.legs.iter().find(|leg| match point.direction {
            Direction::Exit => leg.from == point.port,
            Direction::Entry => leg.to == point.port,
        });
        // Who shows a document at a lane crosses there. A manifest without legs says only that the voyage leaves from here.
        let Some(leg) = leg.or(voyage.legs.first()) else { return voyage.watch.is_some() };
        let policy = self.policy();
        let home = |port: &str| country_of(port).is_some_and(|country| country == policy.home_country);
        let journey = (stated.journey_from.as_deref(), stated.journey_to.as_deref());
        let movement = Movement::of(leg, journey, home, policy.transit_without_entry);
        matches!(movement, Movement::Exit | Movement::Entry)
    }

    /// Whose rules apply to a crossing: those of the encounter, else those of the crossing that it was `before`, unless the
    /// carrier has sent evidence of citizenship since.
    fn class_crossed(
        &self,
        encounter: Option<&Encounter>,
        before: Option<CrossedAs>,
        listed: &Listed,
    ) -> Result<PersonClass, Refused> {
        let (before, anew) = match encounter {
            Some(encounter) => (Some(encounter.class), encounter.clone()),
            None => (before.map(|before| before.class), self.entered_by_hand(listed, self.now())),
        };
        let class = self.class_after(&anew, Some(listed), false)?;
        Ok(if class == PersonClass::Citizen { class } else { before.unwrap_or(class) })
    }
}
