//! A voyage closed: the long record written, the waits counted, and every encounter forgotten.

use crate::column::{count, id, id_or_none, instant, micros, signed, word, word_of, word_or_none};
use crate::decline::forget_declines;
use crate::encounter::waits;
use crate::erasure::hide;
use crate::error::{During, Result, touched};
use crate::event::{EventKind, append};
use crate::failpoint::failpoint;
use crate::kind::RecordKind;
use crate::ledger::About;
use crate::parity::count_waits;
use crate::receipt::{link, rest_of_voyage};
use crate::store::{Store, limit, raise_generation};
use crate::subject::Subject;
use crate::tally::count_voyage;
use crate::traffic::count_passages;
use crate::vault::RecordRow;
use crate::voyage::voyage;
use jiff::Timestamp;
use portunus_core::accuracy::CELL_MIN;
use portunus_core::encounter::{Lane, LaneWaits, Method, lane_waits};
use portunus_core::id::{EncounterId, PassengerId, RecordId, VoyageId};
use portunus_core::policy::{PersonClass, Start};
use portunus_core::voyage::{ManifestPerson, VoyageStatus};
use rusqlite::{OptionalExtension, Row, Transaction, named_params};

/// A crossing to be written: the long record. Whether they declined a photo is not in it. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCrossing<'a> {
    /// Who, among the voyage's passengers.
    pub passenger: PassengerId,
    /// The passage in which they crossed; `None` where it is not known any more.
    pub encounter: Option<EncounterId>,
    /// What is kept of the person and of the voyage, as JSON. It is sealed.
    pub content: Vec<u8>,
    /// By what it is found for them.
    pub subject: Subject<'a>,
    /// Whose rules apply.
    pub class: PersonClass,
    /// When and which way they crossed.
    pub start: Start,
    /// How identity was established.
    pub method: Method,
    /// Entered after an outage.
    pub entered_later: bool,
    /// When this is to be gone.
    pub erase_after: Timestamp,
    /// The sealed probe, while it is kept.
    pub probe: Option<RecordId>,
    /// No copy of it is given to anybody.
    pub confidential: bool,
}

/// A crossing as kept, unopened: who it was is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// Grows with every crossing; never used twice.
    pub seq: u64,
    /// The sealed record that says who and on which voyage.
    pub record: RecordId,
    /// Who, among the voyage's passengers.
    pub passenger: PassengerId,
    /// Whose rules apply.
    pub class: PersonClass,
    /// When and which way they crossed.
    pub start: Start,
    /// How identity was established.
    pub method: Method,
    /// Entered after an outage.
    pub entered_later: bool,
    /// When this is to be gone.
    pub erase_after: Timestamp,
    /// The sealed probe, while it is kept.
    pub probe: Option<RecordId>,
}

/// As what somebody crossed: it stands with their boarding, for their encounter is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrossedAs {
    /// Whose rules applied.
    pub class: PersonClass,
    /// No copy was given to anybody.
    pub confidential: bool,
}

/// What became of closing a voyage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseVoyage {
    /// It is closed. (A cancelled one stays cancelled, and is cleared in the same way.)
    Closed,
    /// It was closed before, or there is none; nothing was changed.
    AlreadyClosed,
}

/// Crossings whose record may be read at `:now`.
const SELECT: &str = "SELECT crossing.*, record.class, record.began_at, record.direction, record.erase_after
    FROM crossing JOIN record ON record.id = crossing.record
    WHERE record.erased_at IS NULL AND record.erase_after > :now";

fn crossing(row: &Row<'_>) -> rusqlite::Result<Crossing> {
    Ok(Crossing {
        seq: count(row, "seq")?,
        record: id(row, "record", RecordId::from_bytes)?,
        passenger: id(row, "passenger", PassengerId::from_bytes)?,
        class: word_of(row, "class")?,
        start: crate::holdings::start(row)?,
        method: word_of(row, "method")?,
        entered_later: row.get("entered_later")?,
        erase_after: instant(row, "erase_after")?,
        probe: id_or_none(row, "probe", RecordId::from_bytes)?,
    })
}

impl Store {
    /// Closes a voyage in one transaction: status, crossings (sealed, due at their dates), counts of the waits and of what
    /// was measured; encounters, rulings and the outcomes of requests are deleted, the points are free. Then its gallery is
    /// destroyed.
    ///
    /// # Errors
    /// What the disk says.
    pub fn close_voyage(
        &self,
        id: VoyageId,
        crossings: &[NewCrossing<'_>],
        now: Timestamp,
    ) -> Result<CloseVoyage> {
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
                self.insert_crossing(tx, during, id, crossing, now)?;
            }
            let waits = waits(tx, id).during(during)?;
            let lanes = [Lane::Photo, Lane::Manual].map(|lane| (lane, lane_waits(&waits, lane)));
            // Beside a list of who crossed by document, a count of few (or of nobody) would say who declined, or who did not.
            if lanes.iter().all(|(_, waits)| waits.people >= CELL_MIN) {
                for (lane, waits) in lanes {
                    insert_count(tx, id, lane, waits)?;
                }
            }
            count_voyage(tx, &open)?;
            count_passages(tx, &open)?;
            count_waits(tx, &open, now)?;
            rest_of_voyage(tx, id, now).during(during)?;
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
            tx.prepare_cached(&format!(
                "{SELECT} AND voyage = :voyage ORDER BY began_at, crossing.passenger"
            ))?
            .query_map(named_params! {":voyage": voyage.bytes(), ":now": micros(now)}, crossing)?
            .collect()
        })
    }

    /// Writes a crossing that is over while its watch goes on. `false` when it is written already.
    ///
    /// # Errors
    /// What the disk says.
    pub fn record_crossing(
        &self,
        watch: VoyageId,
        crossing: &NewCrossing<'_>,
        now: Timestamp,
    ) -> Result<bool> {
        let during = "record_crossing";
        self.tx(during, |tx| self.insert_crossing(tx, during, watch, crossing, now))
    }

    /// The record of a passenger's crossing, if it is written and not erased.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn crossing_of(&self, passenger: PassengerId) -> Result<Option<RecordId>> {
        self.read("crossing_of", |tx| {
            tx.prepare_cached(
                "SELECT record FROM crossing JOIN record ON record.id = crossing.record
                 WHERE crossing.passenger = :passenger AND erased_at IS NULL",
            )?
            .query_row(named_params! {":passenger": passenger.bytes()}, |row| {
                id(row, "record", RecordId::from_bytes)
            })
            .optional()
        })
    }

    /// A closed voyage comes back: it is boarding again, with who had boarded. Its crossings did not happen: they are
    /// invisible from this transaction on, and to be erased by the caller, who is told which. Who had boarded by their document
    /// is not staged again: they may have declined. `None` when it is not closed.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn reopen_voyage(&self, id: VoyageId, now: Timestamp) -> Result<Option<Vec<RecordId>>> {
        let during = "reopen_voyage";
        self.tx(during, |tx| {
            let voyage = named_params! {":id": id.bytes()};
            let rows = tx
                .execute(
                    "UPDATE voyage SET status = 'scheduled', closed_at = NULL
                     WHERE id = :id AND status = 'closed' AND watch IS NULL",
                    voyage,
                )
                .during(during)?;
            if rows == 0 {
                return Ok(None);
            }
            tx.execute("DELETE FROM lane_count WHERE voyage = :id", voyage).during(during)?;
            tx.execute(
                "UPDATE passenger SET declined = 1 WHERE voyage = :id AND EXISTS (SELECT 1 FROM boarding
                 WHERE passenger = passenger.id AND off_loaded_at IS NULL AND method = :method)",
                named_params! {":id": id.bytes(), ":method": word(&Method::DocumentInspected)},
            )
            .during(during)?;
            raise_generation(tx, during)?;
            append(tx, EventKind::VoyageChanged, (None, Some(id), None), now)?;
            let undone: Vec<RecordId> = tx
                .prepare_cached(
                    "SELECT record FROM crossing JOIN record ON record.id = crossing.record
                     WHERE voyage = :id AND erased_at IS NULL ORDER BY seq",
                )
                .and_then(|mut s| {
                    s.query_map(voyage, |row| crate::column::id(row, "record", RecordId::from_bytes))?
                        .collect()
                })
                .during(during)?;
            for record in &undone {
                hide(tx, *record, now)?;
            }
            Ok(Some(undone))
        })
    }

    /// As what a passenger's last recorded crossing was kept, where one was.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn crossed_as(&self, passenger: PassengerId) -> Result<Option<CrossedAs>> {
        self.read("crossed_as", |tx| {
            tx.prepare_cached(
                "SELECT class, confidential FROM boarding WHERE passenger = :id AND off_loaded_at IS NULL",
            )?
            .query_row(named_params! {":id": passenger.bytes()}, |row| {
                let class: Option<PersonClass> = word_or_none(row, "class")?;
                let confidential = row.get("confidential")?;
                Ok(class.map(|class| CrossedAs { class, confidential }))
            })
            .optional()
            .map(Option::flatten)
        })
    }

    /// Crossings after number `seq` that are not expired at `now` and may be given, at most `at_most`: whoever receives
    /// copies goes on from the last.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn crossings_after(&self, seq: u64, now: Timestamp, at_most: usize) -> Result<Vec<Crossing>> {
        self.read("crossings_after", |tx| {
            tx.prepare_cached(&format!(
                "{SELECT} AND confidential = 0 AND seq > :seq ORDER BY seq LIMIT :limit"
            ))?
            .query_map(
                named_params! {":seq": signed(seq), ":now": micros(now), ":limit": limit(at_most)},
                crossing,
            )?
            .collect()
        })
    }

    /// `false` when it is written already.
    pub(crate) fn insert_crossing(
        &self,
        tx: &Transaction<'_>,
        during: &'static str,
        voyage: VoyageId,
        crossing: &NewCrossing<'_>,
        now: Timestamp,
    ) -> Result<bool> {
        let passenger = named_params! {":voyage": voyage.bytes(), ":passenger": crossing.passenger.bytes()};
        // One that was erased, for its passenger was another after all, makes room for the one that is true.
        let written = tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM crossing JOIN record ON record.id = crossing.record
                 WHERE voyage = :voyage AND crossing.passenger = :passenger AND erased_at IS NULL)",
            )
            .and_then(|mut s| s.query_row(passenger, |row| row.get::<_, bool>(0)))
            .during(during)?;
        if written {
            return Ok(false);
        }
        tx.prepare_cached("DELETE FROM crossing WHERE voyage = :voyage AND passenger = :passenger")
            .and_then(|mut s| s.execute(passenger))
            .during(during)?;
        tx.prepare_cached(
            "UPDATE boarding SET class = :class, confidential = :confidential
             WHERE passenger = :passenger AND off_loaded_at IS NULL",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":class": word(&crossing.class),
                ":confidential": crossing.confidential,
                ":passenger": crossing.passenger.bytes(),
            })
        })
        .during(during)?;
        let row = RecordRow {
            class: crossing.class,
            erase_after: crossing.erase_after,
            start: crossing.start,
            encounter: None,
            passenger: None,
            about: Some(About::passenger(crossing.passenger)),
        };
        let record = self.insert_in_row(tx, during, &RecordKind::CROSSING, &crossing.content, &row, now)?;
        crossing.encounter.map_or(Ok(()), |encounter| link(tx, encounter, record))?;
        let rows = tx
            .prepare_cached(
                "INSERT INTO crossing (record, voyage, passenger, method, entered_later, confidential, probe)
                 VALUES (:record, :voyage, :passenger, :method, :later, :confidential,
                 (SELECT id FROM record WHERE id = :probe AND erased_at IS NULL))",
            )
            .and_then(|mut s| {
                s.execute(named_params! {
                    ":record": record.bytes(),
                    ":voyage": voyage.bytes(),
                    ":passenger": crossing.passenger.bytes(),
                    ":method": word(&crossing.method),
                    ":later": crossing.entered_later,
                    ":confidential": crossing.confidential,
                    ":probe": crossing.probe.map(RecordId::bytes),
                })
            })
            .during(during)?;
        touched(during, 1, rows)?;
        for about in std::iter::once(record).chain(crossing.probe) {
            self.note_subject(tx, about, &crossing.subject)?;
        }
        self.note_crossing(tx, record, voyage, &crossing.content, crossing.entered_later)?;
        Ok(true)
    }

    /// Seals what an earlier version kept in the clear. Does nothing where there is none of it; may be repeated.
    pub(crate) fn seal_crossings_in_clear(&self) -> Result<()> {
        let during = "seal what stood in the clear";
        let some = "SELECT EXISTS (SELECT 1 FROM crossing_in_clear)";
        while self.read(during, |tx| tx.query_row(some, [], |row| row.get(0)))? {
            self.tx(during, |tx| {
                let rows: Vec<InClear> = tx
                    .prepare_cached("SELECT * FROM crossing_in_clear LIMIT :limit")
                    .and_then(|mut s| {
                        s.query_map(named_params! {":limit": limit(IN_CLEAR_AT_ONCE)}, in_clear)?.collect()
                    })
                    .during(during)?;
                for row in &rows {
                    let stated: Option<ManifestPerson> = serde_json::from_str(&row.person).ok();
                    let nobody = Subject { documents: &[], person: None };
                    let content = format!("{{\"person\":{}}}", row.person);
                    let new = NewCrossing {
                        passenger: row.passenger,
                        encounter: None,
                        content: content.into_bytes(),
                        subject: stated.as_ref().map_or(nobody, Subject::of),
                        class: row.class,
                        start: Start::at(row.at),
                        method: row.method,
                        entered_later: row.entered_later,
                        erase_after: row.erase_after,
                        probe: row.probe,
                        confidential: false,
                    };
                    self.insert_crossing(tx, during, row.voyage, &new, row.at)?;
                    tx.prepare_cached(
                        "DELETE FROM crossing_in_clear WHERE voyage = :voyage AND passenger = :passenger",
                    )
                    .and_then(|mut s| {
                        s.execute(named_params! {
                            ":voyage": row.voyage.bytes(),
                            ":passenger": row.passenger.bytes(),
                        })
                    })
                    .during(during)?;
                }
                Ok(())
            })?;
            self.empty_log()?;
        }
        Ok(())
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

    /// The waits of a closed voyage: of the photo lane, of the manual lane. `None` unless ten people and more are in each: fewer,
    /// or none, would say of the few who crossed by document whether they declined.
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

/// Rows that are sealed in one transaction.
const IN_CLEAR_AT_ONCE: usize = 200;

/// A crossing as version 5 kept it.
struct InClear {
    voyage: VoyageId,
    passenger: PassengerId,
    person: String,
    class: PersonClass,
    at: Timestamp,
    method: Method,
    entered_later: bool,
    erase_after: Timestamp,
    probe: Option<RecordId>,
}

fn in_clear(row: &Row<'_>) -> rusqlite::Result<InClear> {
    Ok(InClear {
        voyage: id(row, "voyage", VoyageId::from_bytes)?,
        passenger: id(row, "passenger", PassengerId::from_bytes)?,
        person: row.get("person")?,
        class: word_of(row, "class")?,
        at: instant(row, "at")?,
        method: word_of(row, "method")?,
        entered_later: row.get("entered_later")?,
        erase_after: instant(row, "erase_after")?,
        probe: id_or_none(row, "record", RecordId::from_bytes)?,
    })
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
fn forget_encounters(tx: &Transaction<'_>, id: VoyageId) -> rusqlite::Result<()> {
    let voyage = named_params! {":voyage": id.bytes()};
    tx.execute("DELETE FROM encounter WHERE voyage = :voyage", voyage)?;
    // Begun and never captured: the order of events would tell who declined.
    tx.execute("DELETE FROM event WHERE voyage = :voyage AND encounter IS NOT NULL", voyage)?;
    tx.execute("DELETE FROM assignment WHERE voyage = :voyage", voyage)?;
    forget_declines(tx, id)
}
