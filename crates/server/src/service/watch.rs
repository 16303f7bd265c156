//! Watches: a hall, a lane, a marina opened for some hours; who is expected there, who shows a document there, and what is
//! recorded of each at once. A boarding gate has none: it serves a carrier's voyage, and its departures wait for close-out.

use super::{Refused, Service, line};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use portunus_core::document::DocumentKey;
use portunus_core::encounter::{Encounter, Ruling};
use portunus_core::id::{EncounterId, PassengerId, PointId, RecordId, VoyageId};
use portunus_core::place::{CrossingPoint, Expects};
use portunus_core::stay::timeline::{day_first, over};
use portunus_core::voyage::{Capacity, ManifestPerson, Voyage, VoyageKey, VoyageStatus, Watch};
use portunus_store::{Access, Consent, CrossedAs, Listed, NewConsent, Purpose, Reader, Within};
use serde::Serialize;

/// Documents of a person whom an officer enters.
const DOCUMENTS_MAX: usize = 4;
/// A watch that nobody gave a length lasts a shift.
const HOURS_USUAL: i64 = 12;
/// A consent to be known again lasts no longer, and is asked for anew.
pub const CONSENT_DAYS_MAX: i64 = 366;
/// What stands as the carrier of a watch: no carrier is called so.
const NO_CARRIER: &str = "";

/// What became of opening a watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct WatchOpened {
    /// It is closed by this, as a voyage is.
    #[schema(value_type = String)]
    pub id: VoyageId,
    /// When it ends by itself.
    #[schema(value_type = String)]
    pub until: Timestamp,
    /// The voyages whose people are expected.
    #[schema(value_type = Vec<String>)]
    pub voyages: Vec<VoyageId>,
    /// The points that it serves: the hall, and the routes that lead to it.
    #[schema(value_type = Vec<String>)]
    pub points: Vec<PointId>,
}

impl Service {
    /// Opens a watch at a point, for so many hours. In an arrival hall the routes of the same port that are designated, and
    /// serve nothing, lead to it.
    ///
    /// # Errors
    /// [`Refused`] when the point is not designated, serves something, or serves voyages; for a length over
    /// [`Watch::HOURS_MAX`].
    pub fn open_watch(&self, point: PointId, hours: Option<i64>) -> Result<WatchOpened, Refused> {
        let now = self.now();
        let point = self.store().point(point)?.ok_or(Refused::Unknown("crossing point"))?;
        self.store().authority(point.id, now)??;
        let expects = point.kind.expects(point.direction).filter(|expects| *expects != Expects::Voyage);
        let expects = expects.ok_or(Refused::WrongStage(
            "here people board a carrier's voyage: open the voyage, not a watch",
        ))?;
        let hours = hours.unwrap_or(HOURS_USUAL);
        if !(1..=Watch::HOURS_MAX).contains(&hours) {
            return Err(Refused::Malformed(format!("hours: expected 1 to {}", Watch::HOURS_MAX)));
        }
        let until = now.checked_add(SignedDuration::from_hours(hours)).unwrap_or(now);
        let local = now.to_zoned_datetime(TimeZone::UTC);
        let watch = Voyage {
            id: VoyageId::from_bytes(self.fresh()),
            key: VoyageKey {
                carrier: NO_CARRIER.to_owned(),
                number: format!("{} {}", point.name, local.strftime("%H:%M:%S%.3f")),
                date: local.date(),
            },
            legs: Vec::new(),
            status: VoyageStatus::Open,
            watch: Some(Watch { point: point.id, from: now, until, expects }),
        };
        let points = self.points_of_watch(&point, expects, now)?;
        if !self.store().open_watch(&watch, &points, now)? {
            return Err(Refused::WrongStage("this point serves a watch or voyage already; close it first"));
        }
        match expects {
            Expects::Arrivals => self.land_arrivals()?,
            Expects::Documents => self.expect_known_again(watch.id, point.id)?,
            Expects::Voyage => {}
        }
        self.stage(watch.id)?;
        self.announce();
        Ok(WatchOpened { id: watch.id, until, voyages: self.store().landing(watch.id)?, points })
    }

    /// The point itself, and the routes that lead to a hall.
    fn points_of_watch(
        &self,
        point: &CrossingPoint,
        expects: Expects,
        now: Timestamp,
    ) -> Result<Vec<PointId>, Refused> {
        let mut points = vec![point.id];
        if expects != Expects::Arrivals {
            return Ok(points);
        }
        for other in self.store().points()? {
            let leads_here = other.kind == portunus_core::place::PointKind::ArrivalRoute
                && other.port == point.port
                && other.id != point.id;
            if leads_here
                && self.store().voyage_at(other.id)?.is_none()
                && self.store().designation_in_force(other.id, now)?.is_some()
            {
                points.push(other.id);
            }
        }
        Ok(points)
    }

    /// The people of every voyage that lands in an open watch are expected in it, also of one whose manifest came late.
    pub(super) fn land_arrivals(&self) -> Result<(), Refused> {
        let now = self.now();
        let voyages = self.store().voyages()?;
        for open in voyages.iter().filter(|voyage| voyage.status == VoyageStatus::Open) {
            let Some(watch) = open.watch.filter(|watch| watch.expects == Expects::Arrivals) else { continue };
            let Some(point) = self.store().point(watch.point)? else { continue };
            let landing = self.store().landing(open.id)?;
            let here = |voyage: &&Voyage| {
                voyage.watch.is_none()
                    && matches!(voyage.status, VoyageStatus::Scheduled)
                    && !landing.contains(&voyage.id)
                    && watch.lands(&voyage.legs, voyage.key.date, &point.port)
            };
            for voyage in voyages.iter().filter(here) {
                self.store().land(open.id, voyage.id, now)?;
            }
        }
        Ok(())
    }

    /// Who asked to be known again at a point is expected in its watch.
    fn expect_known_again(&self, watch: VoyageId, point: PointId) -> Result<(), Refused> {
        let now = self.now();
        for Consent { record, .. } in self.store().consents(point, now)? {
            let within = Within::Voyage(watch);
            let access = Access { by: Reader::Staging, purpose: Purpose::BuildGallery, within };
            if let Some(person) = self.store().open_consent(record, &access, now)? {
                let staged = self.has_portrait(&person.documents)?;
                self.store().present(watch, &person, staged, Some(record), now)?;
            }
        }
        Ok(())
    }

    /// Somebody shows a document in a watch, or an officer enters them: from now on they are on its list.
    ///
    /// # Errors
    /// [`Refused::WrongStage`] where people are expected by manifest, or nothing is open.
    pub fn present(&self, watch: VoyageId, person: &ManifestPerson) -> Result<PassengerId, Refused> {
        let open = self.store().voyage(watch)?.filter(|voyage| voyage.status == VoyageStatus::Open);
        let open = open.ok_or(Refused::NoVoyage)?;
        open.watch.ok_or(Refused::WrongStage("on a voyage the carrier says who is expected"))?;
        let staged = self.has_portrait(&person.documents)?;
        Ok(self.store().present(watch, person, staged, None, self.now())?)
    }

    /// An officer enters somebody who has no document that a machine reads, or none at all.
    ///
    /// # Errors
    /// As [`Self::present`]; [`Refused::Malformed`] without a name.
    pub fn register(&self, watch: VoyageId, mut person: ManifestPerson) -> Result<PassengerId, Refused> {
        person.family_name = line(&person.family_name, "family_name", 100)?;
        if !person.given_names.trim().is_empty() {
            person.given_names = line(&person.given_names, "given_names", 100)?;
        }
        if person.documents.len() > DOCUMENTS_MAX {
            return Err(Refused::Malformed(format!("documents: expected at most {DOCUMENTS_MAX}")));
        }
        if person.born.is_some_and(|born| born > day_first(self.now())) {
            return Err(Refused::Malformed("born: expected a day that is not to come".to_owned()));
        }
        person.capacity = Capacity::Passenger;
        let passenger = self.present(watch, &person)?;
        self.announce();
        Ok(passenger)
    }

    /// Whether a portrait is kept of any of these documents.
    pub(super) fn has_portrait(&self, documents: &[DocumentKey]) -> Result<bool, Refused> {
        let now = self.now();
        for document in documents {
            if self.store().references(document, now)?.iter().any(|row| &row.pack == self.engine().pack()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// In a watch a crossing is recorded as soon as it is over, and written anew where whose rules apply has changed since. It is
    /// taken back as soon as it turns out not to have been: whoever was wrongly taken for `undone` did not cross. On a voyage
    /// nothing is recorded before it is closed.
    pub(super) fn settle(&self, id: EncounterId, undone: Option<PassengerId>) -> Result<(), Refused> {
        // As it was committed: its photo stands with it from then on.
        let Some(after) = self.store().encounter(id)? else { return Ok(()) };
        let Some(voyage) = self.store().voyage(after.voyage)?.filter(|voyage| voyage.watch.is_some()) else {
            return Ok(());
        };
        let now = self.now();
        if let Some(record) = undone.map(|undone| self.store().crossing_of(undone)).transpose()?.flatten() {
            self.store().erase(record, now)?;
        }
        let crossed = match after.passenger {
            Some(passenger) => self.store().passenger_on(voyage.id, passenger)?,
            None => None,
        };
        let Some(listed) = crossed.filter(|listed| listed.boarding.is_some()) else { return Ok(()) };
        // Whoever asked for protection in an earlier passage here did so for good.
        let mut encounters = self.store().confidential_encounters(voyage.id)?;
        let document = listed.passenger.stated.documents.first();
        for asked in &mut encounters {
            // Under whatever name their document was read then.
            let of = asked.passenger.or(asked.presented.passenger());
            let of = of.map(|of| self.store().passenger(of)).transpose()?.flatten();
            let same = |of: &Listed| document.is_some() && of.passenger.stated.documents.first() == document;
            if of.as_ref().is_some_and(same) {
                asked.passenger = Some(listed.passenger.id);
            }
        }
        encounters.push(after);
        if let Some(crossing) = self.crossing(&voyage, &listed, &encounters)? {
            let as_now = CrossedAs { class: crossing.class, confidential: crossing.confidential };
            if let Some(record) = self.store().crossing_of(crossing.passenger)?
                && self.store().crossed_as(crossing.passenger)? != Some(as_now)
            {
                self.store().erase(record, now)?;
            }
            self.store().record_crossing(voyage.id, &crossing, now)?;
        }
        self.cleared(voyage.id, listed.passenger.id);
        Ok(())
    }

    /// Whom a ruling says was not here.
    pub(super) fn undone_by(ruling: Ruling) -> Option<PassengerId> {
        match ruling {
            Ruling::OffLoad { passenger } | Ruling::SomebodyElse { passenger, .. } => Some(passenger),
            _ => None,
        }
    }

    /// Boarding goes on at another gate: who waits for an officer is met there.
    ///
    /// # Errors
    /// [`Refused`] when the new point is not designated, is of another port or kind, or serves something.
    pub fn move_boarding(&self, voyage: VoyageId, from: PointId, to: PointId) -> Result<(), Refused> {
        let now = self.now();
        let point = |id| self.store().point(id)?.ok_or(Refused::Unknown("crossing point"));
        let (old, new) = (point(from)?, point(to)?);
        if (&old.port, old.direction, old.kind) != (&new.port, new.direction, new.kind) {
            return Err(Refused::WrongStage("a voyage moves to a point of the same kind, at the same port"));
        }
        self.store().authority(to, now)??;
        if !self.store().move_voyage(voyage, from, to, now)? {
            return Err(Refused::WrongStage("it does not board there, or the other point serves another"));
        }
        self.announce();
        Ok(())
    }

    /// A voyage that had left comes back: its departures did not happen. They are erased, and recalled from whoever has
    /// copies; it is opened again as it was, with who had boarded.
    ///
    /// # Errors
    /// [`Refused::WrongStage`] when it is not closed, or so long ago that its list is gone.
    pub fn return_to_gate(&self, voyage: VoyageId) -> Result<usize, Refused> {
        let _nobody_boards = self.while_closing();
        let now = self.now();
        let undone = self.store().reopen_voyage(voyage, now)?;
        let undone = undone.ok_or(Refused::WrongStage("only a voyage that was closed comes back"))?;
        for record in &undone {
            self.store().erase(*record, now)?;
        }
        self.announce();
        Ok(undone.len())
    }

    /// A traveller whose document was read here, and whom the machine knew by it, asks to be known without it from now on.
    ///
    /// # Errors
    /// [`Refused::WrongStage`] where documents are not read, or the machine did not know them.
    pub fn consent(&self, of: &Encounter, days: i64) -> Result<RecordId, Refused> {
        let now = self.now();
        if !(1..=CONSENT_DAYS_MAX).contains(&days) {
            return Err(Refused::Malformed(format!("days: expected 1 to {CONSENT_DAYS_MAX}")));
        }
        let watch = self.store().voyage(of.voyage)?.and_then(|voyage| voyage.watch);
        let documents = watch.is_some_and(|watch| watch.expects == Expects::Documents);
        let known = of.decision.as_ref().and_then(|decision| decision.comparison());
        let passenger = known.map(|known| known.candidate.passenger).filter(|_| documents);
        let refused =
            Refused::WrongStage("only who was known by their document here can ask to be known again");
        let listed = match passenger {
            Some(passenger) => self.store().passenger_on(of.voyage, passenger)?,
            None => None,
        };
        let listed = listed.ok_or(refused)?;
        let stated = &listed.passenger.stated;
        let asked = now.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(now);
        // Nobody is known by a document that is out of date.
        let until = stated.document_expires.and_then(over).map_or(asked, |over| over.min(asked));
        let new = NewConsent { point: of.point, person: stated, class: of.class, until };
        // Asked again, it counts from now: there is one consent of a person at a point.
        for document in &stated.documents {
            self.withdraw_consent(of.point, document)?;
        }
        Ok(self.store().put_consent(&new, now)?)
    }

    /// Whether a document's holder asked to be known at a point without it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn is_known_at(&self, point: PointId, person: &ManifestPerson) -> Result<bool, Refused> {
        let now = self.now();
        for document in &person.documents {
            if !self.store().consents_of(point, document, now)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes back what a document's holder consented to at a point; how many consents that were.
    ///
    /// # Errors
    /// When the store fails.
    pub fn withdraw_consent(&self, point: PointId, document: &DocumentKey) -> Result<usize, Refused> {
        let now = self.now();
        let theirs = self.store().consents_of(point, document, now)?;
        for record in &theirs {
            self.store().withdraw_consent(*record, now)?;
        }
        Ok(theirs.len())
    }
}
