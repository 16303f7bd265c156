//! Encounters, rulings and boardings as read.

use crate::column::{id, id_or_none, instant, instant_or_none, json_of, json_or_none, word, word_of};
use crate::error::Result;
use crate::store::{Store, limit};
use portunus_core::encounter::{Boarding, Encounter, Ruled, Wait};
use portunus_core::id::{DeviceId, EncounterId, PassengerId, PointId, RecordId, UserId, VoyageId};
use portunus_core::policy::PersonClass;
use rusqlite::{OptionalExtension, Row, Transaction, named_params};

pub(crate) fn encounter(row: &Row<'_>) -> rusqlite::Result<Encounter> {
    Ok(Encounter {
        id: id(row, "id", EncounterId::from_bytes)?,
        point: id(row, "point", PointId::from_bytes)?,
        voyage: id(row, "voyage", VoyageId::from_bytes)?,
        device: id_or_none(row, "device", DeviceId::from_bytes)?,
        lane: word_of(row, "lane")?,
        claims_citizenship: row.get("claims_citizenship")?,
        presented: json_of(row, "presented")?,
        stage: word_of(row, "stage")?,
        attempts: row.get("attempts")?,
        decision: json_or_none(row, "decision")?,
        class: word_of(row, "class")?,
        passenger: id_or_none(row, "passenger", PassengerId::from_bytes)?,
        probe: id_or_none(row, "probe", RecordId::from_bytes)?,
        joined_at: instant(row, "joined_at")?,
        served_at: instant_or_none(row, "served_at")?,
        taken_at: instant_or_none(row, "taken_at")?,
        done_at: instant_or_none(row, "done_at")?,
        confidential: row.get("confidential")?,
    })
}

fn boarding(row: &Row<'_>) -> rusqlite::Result<Boarding> {
    Ok(Boarding {
        passenger: id(row, "passenger", PassengerId::from_bytes)?,
        at: instant(row, "at")?,
        method: word_of(row, "method")?,
        entered_later: row.get("entered_later")?,
        admitted: json_or_none(row, "admitted")?,
    })
}

pub(crate) fn ruled(row: &Row<'_>) -> rusqlite::Result<Ruled> {
    Ok(Ruled {
        ruling: json_of(row, "ruling")?,
        author: id(row, "author", UserId::from_bytes)?,
        reason: row.get("reason")?,
        at: instant(row, "at")?,
    })
}

/// The waits of a voyage's travellers whose passage is over.
pub(crate) fn waits(tx: &Transaction<'_>, voyage: VoyageId) -> rusqlite::Result<Vec<Wait>> {
    // A clock set back in between must not make a wait of centuries.
    tx.prepare_cached(
        "SELECT lane, MAX(served_at - joined_at, 0) / 1000 AS waited, MAX(done_at - joined_at, 0) / 1000 AS passed
         FROM encounter WHERE voyage = :voyage AND served_at IS NOT NULL AND done_at IS NOT NULL
           AND device IS NOT NULL -- who boarded in an outage did not wait here
         ORDER BY joined_at",
    )?
    .query_map(named_params! {":voyage": voyage.bytes()}, |row| {
        Ok(Wait {
            lane: word_of(row, "lane")?,
            waited_ms: crate::column::count(row, "waited")?,
            passed_ms: crate::column::count(row, "passed")?,
        })
    })?
    .collect()
}

impl Store {
    /// An encounter, until its voyage is closed.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn encounter(&self, id: EncounterId) -> Result<Option<Encounter>> {
        self.read("encounter", |tx| {
            tx.prepare_cached("SELECT * FROM encounter WHERE id = :id")?
                .query_row(named_params! {":id": id.bytes()}, encounter)
                .optional()
        })
    }

    /// The encounters of a voyage in which protection was asked for, in the order they began.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn confidential_encounters(&self, voyage: VoyageId) -> Result<Vec<Encounter>> {
        self.read("confidential_encounters", |tx| {
            tx.prepare_cached(
                "SELECT * FROM encounter WHERE voyage = :voyage AND confidential = 1 ORDER BY joined_at, id",
            )?
            .query_map(named_params! {":voyage": voyage.bytes()}, encounter)?
            .collect()
        })
    }

    /// Every encounter of a voyage, in the order they began.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn encounters(&self, voyage: VoyageId) -> Result<Vec<Encounter>> {
        self.read("encounters", |tx| {
            tx.prepare_cached("SELECT * FROM encounter WHERE voyage = :voyage ORDER BY joined_at, id")?
                .query_map(named_params! {":voyage": voyage.bytes()}, encounter)?
                .collect()
        })
    }

    /// Who waits for an officer at a point or is with one, who waits longest first; in a watch, at whichever of its points
    /// they were photographed: they come to the booths in one line.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn waiting(&self, point: PointId) -> Result<Vec<Encounter>> {
        self.read("waiting", |tx| {
            tx.prepare_cached(
                "SELECT * FROM encounter WHERE (point = :point OR voyage =
                     (SELECT voyage FROM assignment JOIN voyage ON voyage.id = voyage
                      WHERE point = :point AND watch IS NOT NULL))
                   AND stage IN ('waiting', 'with-officer', 'secondary')
                 ORDER BY joined_at, id",
            )?
            .query_map(named_params! {":point": point.bytes()}, encounter)?
            .collect()
        })
    }

    /// The last passages that are over at a point, the latest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn recent(&self, point: PointId, at_most: usize) -> Result<Vec<Encounter>> {
        self.read("recent", |tx| {
            tx.prepare_cached(
                "SELECT * FROM encounter WHERE (point = :point OR voyage =
                     (SELECT voyage FROM assignment JOIN voyage ON voyage.id = voyage
                      WHERE point = :point AND watch IS NOT NULL))
                   AND stage = 'done'
                 ORDER BY done_at DESC, id LIMIT :limit",
            )?
            .query_map(named_params! {":point": point.bytes(), ":limit": limit(at_most)}, encounter)?
            .collect()
        })
    }

    /// Whether any encounter of this passenger was a citizen's: the evidence stands for the others.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn was_citizen(&self, passenger: PassengerId) -> Result<bool> {
        self.read("was_citizen", |tx| {
            tx.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM encounter WHERE passenger = :passenger AND class = :citizen)",
            )?
            .query_row(
                named_params! {":passenger": passenger.bytes(), ":citizen": word(&PersonClass::Citizen)},
                |row| row.get(0),
            )
        })
    }

    /// The officer who has taken an encounter up.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn officer_of(&self, encounter: EncounterId) -> Result<Option<UserId>> {
        self.read("officer_of", |tx| {
            tx.prepare_cached("SELECT officer FROM encounter WHERE id = :id")?
                .query_row(named_params! {":id": encounter.bytes()}, |row| {
                    id_or_none(row, "officer", UserId::from_bytes)
                })
                .optional()
                .map(Option::flatten)
        })
    }

    /// What was ruled in an encounter, in order.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn rulings(&self, encounter: EncounterId) -> Result<Vec<Ruled>> {
        self.read("rulings", |tx| {
            tx.prepare_cached("SELECT * FROM ruling WHERE encounter = :id ORDER BY seq")?
                .query_map(named_params! {":id": encounter.bytes()}, ruled)?
                .collect()
        })
    }

    /// Who is on board of a voyage, in order of boarding.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn boardings(&self, voyage: VoyageId) -> Result<Vec<Boarding>> {
        self.read("boardings", |tx| {
            tx.prepare_cached(
                "SELECT boarding.* FROM boarding JOIN passenger ON passenger.id = boarding.passenger
                 WHERE (voyage = :voyage OR voyage IN (SELECT voyage FROM landing WHERE watch = :voyage)) AND off_loaded_at IS NULL ORDER BY seq",
            )?
            .query_map(named_params! {":voyage": voyage.bytes()}, boarding)?
            .collect()
        })
    }

    /// A passenger's boarding, if they are on board now.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn boarding(&self, passenger: PassengerId) -> Result<Option<Boarding>> {
        self.read("boarding", |tx| {
            tx.prepare_cached("SELECT * FROM boarding WHERE passenger = :id AND off_loaded_at IS NULL")?
                .query_row(named_params! {":id": passenger.bytes()}, boarding)
                .optional()
        })
    }

    /// The waits of a voyage's travellers whose passage is over; for a closed voyage see [`Store::lane_counts`].
    ///
    /// # Errors
    /// What SQLite says.
    pub fn waits(&self, voyage: VoyageId) -> Result<Vec<Wait>> {
        self.read("waits", |tx| waits(tx, voyage))
    }
}
