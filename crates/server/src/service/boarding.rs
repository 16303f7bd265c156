//! Voyages: boarding opened and closed, what carriers and supervisors see of it.

use super::gallery::window;
use super::{Refused, Service};
use portunus_core::crossing::CrossingRecord;
use portunus_core::encounter::{Lane, LaneWaits, Method, lane_waits};
use portunus_core::id::{PassengerId, PointId, VoyageId};
use portunus_core::place::{CrossingPoint, Direction};
use portunus_core::policy::{DataClass, PersonClass, Start};
use portunus_core::voyage::{Capacity, Movement, Voyage, VoyageKey, VoyageStatus};
use portunus_documents::ports::country_of;
use portunus_store::{CloseVoyage, Listed, NewCrossing, Subject};
use serde::Serialize;

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
    /// Date of birth.
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
        let passengers: Vec<CarrierPassenger> = self
            .travellers(voyage.id)?
            .into_iter()
            .map(|listed| CarrierPassenger {
                carrier_reference: listed.passenger.stated.carrier_reference,
                booking: listed.passenger.stated.booking,
                boarded: listed.boarding.is_some(),
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
                    born: stated.born.map_or_else(String::new, |d| d.to_string()),
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
        self.store().point(point)?.ok_or(Refused::Unknown("crossing point"))?;
        self.store().designation_in_force(point, now)?.ok_or(Refused::PointNotDesignated)?;
        if self.store().voyage_at(point)?.is_some_and(|other| other != voyage) {
            return Err(Refused::WrongStage("another voyage is boarding here; close it first"));
        }
        let status = self.store().voyage(voyage)?.ok_or(Refused::Unknown("voyage"))?.status;
        match status {
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
        let mut crossings = Vec::new();
        if let Some(point) = self.store().points_of(voyage)?.first().copied()
            && let Some(point) = self.store().point(point)?
        {
            crossings = self.crossings(&kept, &point, &listed)?;
        }
        // A photo that no crossing names has no purpose left. First, so that a crash in between closes again.
        for probe in self.store().encounters(voyage)?.iter().filter_map(|encounter| encounter.probe) {
            if !crossings.iter().any(|crossing| crossing.probe == Some(probe)) {
                self.store().erase(probe, now)?;
            }
        }
        match self.store().close_voyage(voyage, &crossings, now)? {
            CloseVoyage::Closed => {}
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

    /// The departures (or arrivals) that a voyage's boardings become; transit and domestic ones become none.
    fn crossings<'a>(
        &self,
        voyage: &Voyage,
        point: &CrossingPoint,
        listed: &'a [Listed],
    ) -> Result<Vec<NewCrossing<'a>>, Refused> {
        let leg = voyage.legs.iter().find(|leg| match point.direction {
            Direction::Exit => leg.from == point.port,
            Direction::Entry => leg.to == point.port,
        });
        // A manifest without legs says only that the voyage leaves from here.
        let Some(leg) = leg.or(voyage.legs.first()) else { return Ok(Vec::new()) };
        let policy = self.policy();
        let home = |port: &str| country_of(port).is_some_and(|country| country == policy.home_country);
        let encounters = self.store().encounters(voyage.id)?;
        let mut crossings = Vec::new();
        for listed in listed {
            let Some(boarding) = &listed.boarding else { continue };
            let stated = &listed.passenger.stated;
            let journey = (stated.journey_from.as_deref(), stated.journey_to.as_deref());
            let movement = Movement::of(leg, journey, home, policy.transit_without_entry);
            if stated.in_transit || !matches!(movement, Movement::Exit | Movement::Entry) {
                continue;
            }
            // The encounter that boarded them, and not an earlier one that was referred or taken anew.
            let of_passenger = || encounters.iter().filter(|e| e.passenger == Some(boarding.passenger));
            let exact = of_passenger().find(|e| e.done_at == Some(boarding.at));
            let Some(encounter) = exact.or_else(|| of_passenger().next_back()) else {
                tracing::error!("a boarding has no encounter: its crossing could not be recorded");
                continue;
            };
            // The carrier may have sent evidence of citizenship since.
            let class = self.class_after(encounter, Some(listed), false)?;
            let class = if class == PersonClass::Citizen { class } else { encounter.class };
            let start = Start::crossing(boarding.at, point.direction);
            let Some(erase_after) = policy.due(class, DataClass::Crossing, start) else {
                continue;
            };
            let record = CrossingRecord {
                person: stated.clone(),
                voyage: voyage.key.clone(),
                port: point.port.clone(),
                direction: point.direction,
                at: boarding.at,
                method: boarding.method,
            };
            crossings.push(NewCrossing {
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
            });
        }
        Ok(crossings)
    }
}
