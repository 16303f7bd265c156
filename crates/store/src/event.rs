//! The outbox: what changed, in order, by identifiers only. Written in the transaction that made the change.

use crate::column::{count, id_or_none, instant, micros, signed, word, word_of};
use crate::error::{During, Result, touched};
use crate::store::{Store, limit};
use jiff::{SignedDuration, Timestamp};
use portunus_core::id::{EncounterId, PointId, VoyageId};
use rusqlite::{Row, Transaction, named_params};
use serde::{Deserialize, Serialize};

/// How long events are kept: a console that was away for longer reads the state itself.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A traveller made their choice.
    Began,
    /// A capture was answered, or a traveller declined or left.
    Captured,
    /// An officer took an encounter up.
    Taken,
    /// An officer ruled.
    Ruled,
    /// Someone boarded, or was taken off.
    Boarded,
    /// A voyage's status, passengers or holds.
    VoyageChanged,
    /// A point's designation, device or voyage.
    PointChanged,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Grows with every event; never used twice.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// Where.
    pub point: Option<PointId>,
    /// On which voyage.
    pub voyage: Option<VoyageId>,
    /// In which encounter.
    pub encounter: Option<EncounterId>,
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        seq: count(row, "seq")?,
        at: instant(row, "at")?,
        kind: word_of(row, "kind")?,
        point: id_or_none(row, "point", PointId::from_bytes)?,
        voyage: id_or_none(row, "voyage", VoyageId::from_bytes)?,
        encounter: id_or_none(row, "encounter", EncounterId::from_bytes)?,
    })
}

/// What an event is about.
pub(crate) type About = (Option<PointId>, Option<VoyageId>, Option<EncounterId>);

/// Appends an event with the transaction.
pub(crate) fn append(tx: &Transaction<'_>, kind: EventKind, about: About, now: Timestamp) -> Result<()> {
    let (point, voyage, encounter) = about;
    let rows = tx
        .prepare_cached(
            "INSERT INTO event (at, kind, point, voyage, encounter)
             VALUES (:at, :kind, :point, :voyage, :encounter)",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":at": micros(now),
                ":kind": word(&kind),
                ":point": point.map(PointId::bytes),
                ":voyage": voyage.map(VoyageId::bytes),
                ":encounter": encounter.map(EncounterId::bytes),
            })
        })
        .during("append an event")?;
    touched("append an event", 1, rows)
}

impl Store {
    /// Events after `seq`, in order, at most `at_most`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn events_after(&self, seq: u64, at_most: usize) -> Result<Vec<Event>> {
        self.read("events_after", |tx| {
            tx.prepare_cached("SELECT * FROM event WHERE seq > :seq ORDER BY seq LIMIT :limit")?
                .query_map(named_params! {":seq": signed(seq), ":limit": limit(at_most)}, event)?
                .collect()
        })
    }

    /// The number of the last event ever; 0 before any.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn last_event(&self) -> Result<u64> {
        self.read("last_event", |tx| {
            tx.prepare_cached(
                "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0) AS seq",
            )?
            .query_row([], |row| count(row, "seq"))
        })
    }

    /// Drops events older than a day; says how many.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn prune_events(&self, now: Timestamp) -> Result<usize> {
        let until = now.saturating_sub(KEPT_FOR).unwrap_or(Timestamp::MIN);
        self.tx("prune_events", |tx| {
            tx.execute("DELETE FROM event WHERE at < :until", named_params! {":until": micros(until)})
                .during("prune_events")
        })
    }
}
