//! A voyage closed: the long record written, the waits counted, and every encounter forgotten.

use crate::column::{count, id, id_or_none, instant, micros, signed, word, word_of};
use crate::encounter::waits;
use crate::error::{During, Result, touched};
use crate::event::{EventKind, append};
use crate::failpoint::failpoint;
use crate::store::{Store, limit, raise_generation};
use crate::tally::count_voyage;
use crate::voyage::voyage;
use jiff::Timestamp;
use portunus_core::encounter::{Lane, LaneWaits, Method, lane_waits};
use portunus_core::id::{PassengerId, RecordId, VoyageId};
use portunus_core::policy::PersonClass;
use portunus_core::voyage::VoyageStatus;
use rusqlite::{OptionalExtension, Row, Transaction, named_params};

/// One person's crossing: the long record. Whether they declined a photo is not in it. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Crossing {
    /// Who, among the voyage's passengers.
    pub passenger: PassengerId,
    /// What is kept of the person, as JSON.
    pub person: String,
    /// Whose rules apply.
    pub class: PersonClass,
    /// When they boarded.
    pub at: Timestamp,
    /// How identity was established.
    pub method: Method,
    /// Entered after an outage.
    pub entered_later: bool,
    /// When this is to be gone.
    pub erase_after: Timestamp,
    /// The sealed probe, while it is kept.
    pub record: Option<RecordId>,
}

/// What became of closing a voyage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseVoyage {
    /// It is closed. (A cancelled one stays cancelled, and is cleared in the same way.)
    Closed,
    /// It was closed before, or there is none; nothing was changed.
    AlreadyClosed,
}

fn crossing(row: &Row<'_>) -> rusqlite::Result<Crossing> {
    Ok(Crossing {
        passenger: id(row, "passenger", PassengerId::from_bytes)?,
        person: row.get("person")?,
        class: word_of(row, "class")?,
        at: instant(row, "at")?,
        method: word_of(row, "method")?,
        entered_later: row.get("entered_later")?,
        erase_after: instant(row, "erase_after")?,
        record: id_or_none(row, "record", RecordId::from_bytes)?,
    })
}

impl Store {
    /// Closes a voyage in one transaction: status, crossings, counts of the waits and of what was measured; encounters, rulings and the
    /// outcomes of requests are deleted, the points are free. Then its gallery is destroyed.
    ///
    /// # Errors
    /// What the disk says.
    pub fn close_voyage(&self, id: VoyageId, crossings: &[Crossing], now: Timestamp) -> Result<CloseVoyage> {
        let during = "close_voyage";
        let closed = self.tx(during, |tx| {
            let open = tx
                .query_row(
                    "SELECT * FROM voyage WHERE id = :id AND closed_at IS NULL",
                    named_params! {":id": id.bytes()},
                    voyage,
                )
                .optional()
                .during(during)?;
            let Some(open) = open else { return Ok(CloseVoyage::AlreadyClosed) };
            let status = match open.status {
                VoyageStatus::Cancelled => VoyageStatus::Cancelled,
                _ => VoyageStatus::Closed,
            };
            let rows = tx
                .execute(
                    "UPDATE voyage SET status = :status, closed_at = :now WHERE id = :id",
                    named_params! {":status": word(&status), ":now": micros(now), ":id": id.bytes()},
                )
                .during(during)?;
            touched(during, 1, rows)?;
            for crossing in crossings {
                insert_crossing(tx, id, crossing)?;
            }
            let waits = waits(tx, id).during(during)?;
            for lane in [Lane::Photo, Lane::Manual] {
                insert_count(tx, id, lane, lane_waits(&waits, lane))?;
            }
            count_voyage(tx, &open)?;
            forget_encounters(tx, id).during(during)?;
            raise_generation(tx, during)?;
            append(tx, EventKind::VoyageChanged, (None, Some(id), None), now)?;
            failpoint("close.before-commit");
            Ok(CloseVoyage::Closed)
        })?;
        failpoint("close.after-commit");
        if closed == CloseVoyage::Closed {
            self.destroy_gallery(id)?;
            self.empty_log()?;
        }
        Ok(closed)
    }

    /// The crossings of a voyage that are not expired at `now`, in order of boarding.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn crossings(&self, voyage: VoyageId, now: Timestamp) -> Result<Vec<Crossing>> {
        self.read("crossings", |tx| {
            tx.prepare_cached(
                "SELECT * FROM crossing WHERE voyage = :voyage AND erase_after > :now ORDER BY at, passenger",
            )?
            .query_map(named_params! {":voyage": voyage.bytes(), ":now": micros(now)}, crossing)?
            .collect()
        })
    }

    /// Deletes at most `batch` crossings whose time has come; says how many.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn purge_crossings(&self, now: Timestamp, batch: usize) -> Result<usize> {
        let purged = self.tx("purge_crossings", |tx| {
            tx.execute(
                "DELETE FROM crossing WHERE (voyage, passenger) IN (SELECT voyage, passenger FROM crossing
                 WHERE erase_after <= :now ORDER BY erase_after LIMIT :limit)",
                named_params! {":now": micros(now), ":limit": limit(batch)},
            )
            .during("purge_crossings")
        })?;
        if purged > 0 {
            self.empty_log()?;
        }
        Ok(purged)
    }

    /// Forgets at most `batch` voyages closed before `closed_before`, with their lists of people and boardings.
    /// Crossings and counts stay. Says how many.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn forget_voyages(&self, closed_before: Timestamp, batch: usize) -> Result<usize> {
        let forgotten = self.tx("forget_voyages", |tx| {
            tx.execute(
                "DELETE FROM voyage WHERE id IN (SELECT id FROM voyage WHERE closed_at < :before
                 ORDER BY closed_at LIMIT :limit)",
                named_params! {":before": micros(closed_before), ":limit": limit(batch)},
            )
            .during("forget_voyages")
        })?;
        if forgotten > 0 {
            self.empty_log()?;
        }
        Ok(forgotten)
    }

    /// The waits of a closed voyage: of the photo lane, of the manual lane.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn lane_counts(&self, voyage: VoyageId) -> Result<Option<(LaneWaits, LaneWaits)>> {
        self.read("lane_counts", |tx| {
            let mut find =
                tx.prepare_cached("SELECT * FROM lane_count WHERE voyage = :voyage AND lane = :lane")?;
            let mut of = |lane: Lane| {
                find.query_row(named_params! {":voyage": voyage.bytes(), ":lane": word(&lane)}, lane_count)
                    .optional()
            };
            Ok(of(Lane::Photo)?.zip(of(Lane::Manual)?))
        })
    }
}

fn lane_count(row: &Row<'_>) -> rusqlite::Result<LaneWaits> {
    Ok(LaneWaits {
        people: count(row, "people")?,
        waited_p50_ms: count(row, "waited_p50_ms")?,
        waited_p95_ms: count(row, "waited_p95_ms")?,
        passed_p50_ms: count(row, "passed_p50_ms")?,
        passed_p95_ms: count(row, "passed_p95_ms")?,
    })
}

fn insert_crossing(tx: &Transaction<'_>, voyage: VoyageId, crossing: &Crossing) -> Result<()> {
    let during = "close_voyage";
    let rows = tx
        .prepare_cached(
            "INSERT INTO crossing (voyage, passenger, person, class, at, method, entered_later, erase_after,
             record) VALUES (:voyage, :passenger, :person, :class, :at, :method, :later, :due,
             (SELECT id FROM record WHERE id = :record AND erased_at IS NULL))",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":voyage": voyage.bytes(),
                ":passenger": crossing.passenger.bytes(),
                ":person": crossing.person,
                ":class": word(&crossing.class),
                ":at": micros(crossing.at),
                ":method": word(&crossing.method),
                ":later": crossing.entered_later,
                ":due": micros(crossing.erase_after),
                ":record": crossing.record.map(RecordId::bytes),
            })
        })
        .during(during)?;
    touched(during, 1, rows)
}

fn insert_count(tx: &Transaction<'_>, voyage: VoyageId, lane: Lane, waits: LaneWaits) -> Result<()> {
    let during = "close_voyage";
    let rows = tx
        .execute(
            "INSERT INTO lane_count (voyage, lane, people, waited_p50_ms, waited_p95_ms, passed_p50_ms,
             passed_p95_ms) VALUES (:voyage, :lane, :people, :w50, :w95, :p50, :p95)",
            named_params! {
                ":voyage": voyage.bytes(),
                ":lane": word(&lane),
                ":people": signed(waits.people),
                ":w50": signed(waits.waited_p50_ms),
                ":w95": signed(waits.waited_p95_ms),
                ":p50": signed(waits.passed_p50_ms),
                ":p95": signed(waits.passed_p95_ms),
            },
        )
        .during(during)?;
    touched(during, 1, rows)
}

/// Rulings and requests' outcomes go with their encounters; a record forgets which encounter it is of.
fn forget_encounters(tx: &Transaction<'_>, voyage: VoyageId) -> rusqlite::Result<()> {
    let voyage = named_params! {":voyage": voyage.bytes()};
    tx.execute("DELETE FROM encounter WHERE voyage = :voyage", voyage)?;
    // Begun and never captured: the order of events would tell who declined.
    tx.execute("DELETE FROM event WHERE voyage = :voyage AND encounter IS NOT NULL", voyage)?;
    tx.execute("DELETE FROM assignment WHERE voyage = :voyage", voyage)?;
    Ok(())
}
