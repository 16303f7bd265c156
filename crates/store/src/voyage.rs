//! Voyages as kept.

use crate::column::{id, json, json_of, json_or_none, unreadable, word, word_of};
use crate::error::{During, Result, touched};
use crate::event::{EventKind, append};
use crate::store::{Store, raise_generation};
use jiff::Timestamp;
use portunus_core::id::VoyageId;
use portunus_core::voyage::{Voyage, VoyageKey, VoyageStatus};
use rusqlite::{OptionalExtension, Row, Transaction, named_params};

pub(crate) fn voyage(row: &Row<'_>) -> rusqlite::Result<Voyage> {
    let date: String = row.get("date")?;
    Ok(Voyage {
        id: id(row, "id", VoyageId::from_bytes)?,
        key: VoyageKey {
            carrier: row.get("carrier")?,
            number: row.get("number")?,
            date: date.parse().map_err(|_| unreadable("date"))?,
        },
        legs: json_of(row, "legs")?,
        status: word_of(row, "status")?,
        watch: json_or_none(row, "watch")?,
    })
}

pub(crate) fn voyage_of_key(tx: &Transaction<'_>, key: &VoyageKey) -> rusqlite::Result<Option<Voyage>> {
    tx.prepare_cached("SELECT * FROM voyage WHERE carrier = :carrier AND number = :number AND date = :date")?
        .query_row(
            named_params! {":carrier": key.carrier, ":number": key.number, ":date": key.date.to_string()},
            voyage,
        )
        .optional()
}

pub(crate) fn insert_voyage(tx: &Transaction<'_>, during: &'static str, voyage: &Voyage) -> Result<()> {
    let rows = tx
        .prepare_cached(
            "INSERT INTO voyage (id, carrier, number, date, legs, status, watch)
             VALUES (:id, :carrier, :number, :date, :legs, :status, :watch)",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":id": voyage.id.bytes(),
                ":carrier": voyage.key.carrier,
                ":number": voyage.key.number,
                ":date": voyage.key.date.to_string(),
                ":legs": json(&voyage.legs)?,
                ":status": word(&voyage.status),
                ":watch": voyage.watch.as_ref().map(json).transpose()?,
            })
        })
        .during(during)?;
    touched(during, 1, rows)
}

impl Store {
    /// A voyage.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn voyage(&self, id: VoyageId) -> Result<Option<Voyage>> {
        self.read("voyage", |tx| {
            tx.prepare_cached("SELECT * FROM voyage WHERE id = :id")?
                .query_row(named_params! {":id": id.bytes()}, voyage)
                .optional()
        })
    }

    /// The voyage that carriers know by `key`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn voyage_by_key(&self, key: &VoyageKey) -> Result<Option<Voyage>> {
        self.read("voyage_by_key", |tx| voyage_of_key(tx, key))
    }

    /// Every voyage, by date, carrier and number.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn voyages(&self) -> Result<Vec<Voyage>> {
        self.read("voyages", |tx| {
            tx.prepare_cached("SELECT * FROM voyage ORDER BY date, carrier, number")?
                .query_map([], voyage)?
                .collect()
        })
    }

    /// Moves a voyage from one status to another, if it is still in the first. `false` when it is not.
    /// Closing has its own call: [`Store::close_voyage`].
    ///
    /// # Errors
    /// What SQLite says.
    pub fn set_status(
        &self,
        voyage: VoyageId,
        from: VoyageStatus,
        to: VoyageStatus,
        now: Timestamp,
    ) -> Result<bool> {
        self.tx("set_status", |tx| {
            let rows = tx
                .execute(
                    "UPDATE voyage SET status = :to WHERE id = :id AND status = :from",
                    named_params! {":to": word(&to), ":id": voyage.bytes(), ":from": word(&from)},
                )
                .during("set_status")?;
            if rows == 1 {
                raise_generation(tx, "set_status")?;
                append(tx, EventKind::VoyageChanged, (None, Some(voyage), None), now)?;
            }
            Ok(rows == 1)
        })
    }
}
