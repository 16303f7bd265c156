//! Who is on a voyage's list, what was said of them since, and whether a template of theirs is staged.

use crate::column::{id, id_or_none, instant, instant_or_none, json_of, json_or_none, micros, word_of};
use crate::error::{During, Result, touched};
use crate::event::{EventKind, append};
use crate::store::{Store, raise_generation};
use jiff::Timestamp;
use portunus_core::document::DocumentKey;
use portunus_core::encounter::Boarding;
use portunus_core::id::{PassengerId, UserId, VoyageId};
use portunus_core::voyage::Passenger;
use rusqlite::{OptionalExtension, Row, named_params};

/// An officer's wish to see a passenger, whatever the machine says.
#[derive(Clone, PartialEq, Eq)]
pub struct Hold {
    /// Why, in the officer's words.
    pub reason: String,
    /// Whose wish.
    pub by: UserId,
    /// Since when.
    pub at: Timestamp,
}

/// A passenger with what is known of them. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Listed {
    /// The carrier's statement.
    pub passenger: Passenger,
    /// Whether an officer asked to see them.
    pub hold: Option<Hold>,
    /// Their boarding, if they are on board now.
    pub boarding: Option<Boarding>,
    /// When the carrier took them off the list.
    pub removed_at: Option<Timestamp>,
    /// What the carrier's close-out says: on board at departure or not; `None` when it says nothing.
    pub stated_on_board: Option<bool>,
}

const SELECT: &str = "SELECT passenger.*, boarding.at AS boarded_at, boarding.method, boarding.entered_later, boarding.admitted
    FROM passenger LEFT JOIN boarding ON boarding.passenger = passenger.id AND boarding.off_loaded_at IS NULL";

fn listed(row: &Row<'_>) -> rusqlite::Result<Listed> {
    let passenger = id(row, "id", PassengerId::from_bytes)?;
    let hold = match row.get::<_, Option<String>>("hold_reason")? {
        None => None,
        Some(reason) => {
            Some(Hold { reason, by: id(row, "hold_by", UserId::from_bytes)?, at: instant(row, "hold_at")? })
        }
    };
    let boarding = match instant_or_none(row, "boarded_at")? {
        None => None,
        Some(at) => Some(Boarding {
            passenger,
            at,
            method: word_of(row, "method")?,
            entered_later: row.get("entered_later")?,
            admitted: json_or_none(row, "admitted")?,
        }),
    };
    Ok(Listed {
        passenger: Passenger {
            id: passenger,
            voyage: id(row, "voyage", VoyageId::from_bytes)?,
            stated: json_of(row, "stated")?,
        },
        hold,
        boarding,
        removed_at: instant_or_none(row, "removed_at")?,
        stated_on_board: row.get("stated_on_board")?,
    })
}

impl Store {
    /// Everyone on a voyage's list, in the order of the list, with those who came off it after they had boarded. In a watch,
    /// everyone of the voyages that land in it, too.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn passengers(&self, voyage: VoyageId) -> Result<Vec<Listed>> {
        self.read("passengers", |tx| {
            tx.prepare_cached(&format!(
                "{SELECT} WHERE (voyage = :voyage OR voyage IN (SELECT voyage FROM landing WHERE watch = :voyage))
                   AND (removed_at IS NULL OR boarding.seq IS NOT NULL)
                 ORDER BY voyage, place"
            ))?
            .query_map(named_params! {":voyage": voyage.bytes()}, listed)?
            .collect()
        })
    }

    /// A passenger, if they are on this voyage, or on one that lands in this watch.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn passenger_on(&self, voyage: VoyageId, id: PassengerId) -> Result<Option<Listed>> {
        self.read("passenger_on", |tx| {
            tx.prepare_cached(&format!(
                "{SELECT} WHERE passenger.id = :id
                 AND (voyage = :voyage OR voyage IN (SELECT voyage FROM landing WHERE watch = :voyage))"
            ))?
            .query_row(named_params! {":id": id.bytes(), ":voyage": voyage.bytes()}, listed)
            .optional()
        })
    }

    /// A passenger, also when removed from the list.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn passenger(&self, id: PassengerId) -> Result<Option<Listed>> {
        self.read("passenger", |tx| {
            tx.prepare_cached(&format!("{SELECT} WHERE passenger.id = :id"))?
                .query_row(named_params! {":id": id.bytes()}, listed)
                .optional()
        })
    }

    /// Who travels with a document, on whatever voyage; without those removed.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn passengers_with_document(&self, document: &DocumentKey) -> Result<Vec<(VoyageId, PassengerId)>> {
        let mac = self.document_mac(document);
        self.read("passengers_with_document", |tx| {
            tx.prepare_cached(
                "SELECT voyage, id FROM passenger_document JOIN passenger ON id = passenger
                 WHERE mac = :mac AND removed_at IS NULL ORDER BY voyage, place",
            )?
            .query_map(named_params! {":mac": mac}, |row| {
                Ok((id(row, "voyage", VoyageId::from_bytes)?, id(row, "id", PassengerId::from_bytes)?))
            })?
            .collect()
        })
    }

    /// Holds a passenger for an officer, or lets them go. `false` when there is no such passenger.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn hold(
        &self,
        passenger: PassengerId,
        reason: Option<&str>,
        by: UserId,
        now: Timestamp,
    ) -> Result<bool> {
        self.tx("hold", |tx| {
            let voyage = tx
                .query_row(
                    "UPDATE passenger SET hold_reason = :reason, hold_by = :by, hold_at = :at
                     WHERE id = :id RETURNING voyage",
                    named_params! {
                        ":reason": reason,
                        ":by": reason.map(|_| by.bytes()),
                        ":at": reason.map(|_| micros(now)),
                        ":id": passenger.bytes(),
                    },
                    |row| id_or_none(row, "voyage", VoyageId::from_bytes),
                )
                .optional()
                .during("hold")?;
            let Some(voyage) = voyage else { return Ok(false) };
            append(tx, EventKind::VoyageChanged, (None, voyage, None), now)?;
            raise_generation(tx, "hold")?;
            Ok(true)
        })
    }

    /// Keeps what staging made of each passenger of a voyage, in place of all that was kept of it.
    ///
    /// # Errors
    /// What SQLite says; [`StoreError::Rows`](crate::StoreError::Rows) when one is not on the voyage.
    pub fn put_staging(&self, voyage: VoyageId, states: &[(PassengerId, String)]) -> Result<()> {
        self.tx("put_staging", |tx| {
            let during = "put_staging";
            tx.execute(
                "UPDATE passenger SET staging = NULL WHERE voyage = :voyage",
                named_params! {":voyage": voyage.bytes()},
            )
            .during(during)?;
            let mut set = tx
                .prepare_cached("UPDATE passenger SET staging = :state WHERE id = :id AND voyage = :voyage")
                .during(during)?;
            for (passenger, state) in states {
                let rows = set
                    .execute(named_params! {
                        ":state": state,
                        ":id": passenger.bytes(),
                        ":voyage": voyage.bytes(),
                    })
                    .during(during)?;
                touched(during, 1, rows)?;
            }
            Ok(())
        })
    }

    /// Whether a passenger has a template in their voyage's gallery, or a reference where they showed a document.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn is_staged(&self, passenger: PassengerId) -> Result<bool> {
        self.read("is_staged", |tx| {
            tx.prepare_cached("SELECT staging IS 'staged' FROM passenger WHERE id = :id")?
                .query_row(named_params! {":id": passenger.bytes()}, |row| row.get(0))
                .optional()
                .map(Option::unwrap_or_default)
        })
    }

    /// What staging made of each passenger of a voyage, in the order of the list; nothing of those not tried yet.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn staging(&self, voyage: VoyageId) -> Result<Vec<(PassengerId, String)>> {
        self.read("staging", |tx| {
            tx.prepare_cached(
                "SELECT id, staging FROM passenger WHERE voyage = :voyage AND staging IS NOT NULL ORDER BY place",
            )?
            .query_map(named_params! {":voyage": voyage.bytes()}, |row| {
                Ok((id(row, "id", PassengerId::from_bytes)?, row.get("staging")?))
            })?
            .collect()
        })
    }
}
