//! Facts and decisions read back: everybody's, or one person's.

use super::decision::decisions;
use crate::column::{id, instant, micros, unreadable, word_of, word_or_none};
use crate::error::Result;
use crate::store::Store;
use crate::subject::Subject;
use jiff::Timestamp;
use jiff::civil::Date;
use portunus_core::crossing::Admission;
use portunus_core::id::RecordId;
use portunus_core::stay::{Crossing, Event, Fact, LinkKey, Source, StatusChange, What, Who};
use rusqlite::{Row, Transaction, named_params};
use std::collections::BTreeSet;

/// Whose records one person's may lead to, at most: a document that so many carry is nobody's.
const LED_TO_MAX: usize = 20_000;

/// Facts that may be read at `:now`.
const SELECT: &str = "SELECT stay_fact.*, record.began_at, record.direction FROM stay_fact
    JOIN record ON record.id = stay_fact.record
    WHERE record.erased_at IS NULL AND record.erase_after > :now AND what <> 'none'";

fn day(row: &Row<'_>, column: &'static str) -> rusqlite::Result<Option<Date>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse()).transpose().map_err(|_| unreadable(column))
}

fn source(row: &Row<'_>) -> rusqlite::Result<Source> {
    Ok(match row.get::<_, String>("source")?.as_str() {
        "own" => Source::Own,
        "corrected" => Source::Corrected,
        "outage" => Source::Outage,
        "imported" => Source::Imported { from: row.get("imported_from")? },
        _ => return Err(unreadable("source")),
    })
}

fn what(row: &Row<'_>) -> rusqlite::Result<Option<What>> {
    let until = day(row, "until")?;
    // The class of admission is sealed with the record.
    let class = String::new();
    let changed = |change| Ok(Some(What::Changed(change)));
    match row.get::<_, String>("what")?.as_str() {
        "crossed" => {
            // A crossing of before version 6 may say no direction: it pairs with nothing.
            let Some(direction) = word_or_none(row, "direction")? else { return Ok(None) };
            Ok(Some(What::Crossed(Crossing {
                direction,
                port: row.get("port")?,
                mode: word_of(row, "mode")?,
                admission: row.get::<_, bool>("admitted")?.then_some(Admission { class, until }),
                method: word_of(row, "method")?,
                source: source(row)?,
            })))
        }
        "extension" => {
            let until = until.ok_or_else(|| unreadable("until"))?;
            changed(StatusChange::Extension { until })
        }
        "status" => changed(StatusChange::Status { class, until }),
        "applied" => changed(StatusChange::Applied),
        "application-refused" => changed(StatusChange::ApplicationRefused),
        "naturalised" => changed(StatusChange::Settled { citizen: true }),
        "resident" => changed(StatusChange::Settled { citizen: false }),
        "one-holder" => Ok(Some(What::OneHolder)),
        _ => Err(unreadable("what")),
    }
}

fn short(mac: [u8; 32]) -> [u8; 16] {
    std::array::from_fn(|n| mac[n])
}

/// The fact of a row, with its keys; `None` where it pairs with nothing.
fn fact(tx: &Transaction<'_>, row: &Row<'_>) -> rusqlite::Result<Option<Fact>> {
    let Some(what) = what(row)? else { return Ok(None) };
    let record = id(row, "record", RecordId::from_bytes)?;
    let mut fact =
        Fact { record, revision: 0, at: instant(row, "began_at")?, keys: Vec::new(), who: None, what };
    let mut find = tx.prepare_cached("SELECT kind, mac FROM stay_key WHERE record = :record")?;
    let mut keys = find.query(named_params! {":record": record.bytes()})?;
    while let Some(key) = keys.next()? {
        let mac = short(key.get("mac")?);
        match key.get::<_, String>("kind")?.as_str() {
            "document" => fact.keys.push(LinkKey::document(mac)),
            // Who is proposed for whom: of crossings alone.
            _ if matches!(fact.what, What::Crossed(_)) => fact.who = Some(Who::Sealed(mac)),
            _ => {}
        }
    }
    Ok(Some(fact))
}

impl Store {
    /// All facts and decisions on stays that may be read at `now`. Nothing is opened.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn stay_events(&self, now: Timestamp) -> Result<Vec<Event>> {
        self.read("stay_events", |tx| {
            let mut events: Vec<Event> = Vec::new();
            let mut find = tx.prepare_cached(SELECT)?;
            let mut rows = find.query(named_params! {":now": micros(now)})?;
            while let Some(row) = rows.next()? {
                events.extend(fact(tx, row)?.map(Event::Fact));
            }
            events.extend(decisions(tx, None)?.into_iter().map(Event::Decision));
            Ok(events)
        })
    }

    /// The facts and decisions that a person's stays follow from: by documents and by decisions from those of `subject`
    /// and `records`; and those whose name and date of birth are the same, for proposals. Nothing is opened.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn stay_events_about(
        &self,
        subject: &Subject<'_>,
        records: &[RecordId],
        now: Timestamp,
    ) -> Result<Vec<Event>> {
        let documents: Vec<[u8; 32]> = subject.documents.iter().map(|d| self.document_mac(d)).collect();
        let person = subject.person.as_ref().map(|person| self.person_mac(person));
        self.read("stay_events_about", |tx| {
            let mut found: BTreeSet<RecordId> = records.iter().copied().collect();
            for mac in documents.iter().chain(&person) {
                found.extend(with_mac(tx, mac)?);
            }
            let found = connected(tx, found)?;
            let mut alike = found.clone();
            for record in &found {
                alike.extend(sharing(tx, *record, "person")?);
            }
            let all = connected(tx, alike)?;
            let mut events = Vec::with_capacity(all.len());
            let mut find = tx.prepare_cached(&format!("{SELECT} AND stay_fact.record = :record"))?;
            for record in &all {
                let mut rows = find.query(named_params! {":now": micros(now), ":record": record.bytes()})?;
                while let Some(row) = rows.next()? {
                    events.extend(fact(tx, row)?.map(Event::Fact));
                }
            }
            events.extend(decisions(tx, Some(&all))?.into_iter().map(Event::Decision));
            Ok(events)
        })
    }

    /// The records of a person's own facts: those with a document or the very name and date of birth of `subject`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn stay_records_of(&self, subject: &Subject<'_>) -> Result<Vec<RecordId>> {
        let documents: Vec<[u8; 32]> = subject.documents.iter().map(|d| self.document_mac(d)).collect();
        let person = subject.person.as_ref().map(|person| self.person_mac(person));
        self.read("stay_records_of", |tx| {
            let mut found = BTreeSet::new();
            for mac in documents.iter().chain(&person) {
                found.extend(with_mac(tx, mac)?);
            }
            Ok(found.into_iter().collect())
        })
    }
}

fn with_mac(tx: &Transaction<'_>, mac: &[u8; 32]) -> rusqlite::Result<Vec<RecordId>> {
    tx.prepare_cached("SELECT record FROM stay_key WHERE mac = :mac")?
        .query_map(named_params! {":mac": mac}, |row| id(row, "record", RecordId::from_bytes))?
        .collect()
}

fn sharing(tx: &Transaction<'_>, record: RecordId, kind: &str) -> rusqlite::Result<Vec<RecordId>> {
    tx.prepare_cached(
        "SELECT other.record FROM stay_key AS mine JOIN stay_key AS other
         ON other.mac = mine.mac AND other.kind = mine.kind
         WHERE mine.record = :record AND mine.kind = :kind AND other.record <> :record",
    )?
    .query_map(named_params! {":record": record.bytes(), ":kind": kind}, |row| {
        id(row, "record", RecordId::from_bytes)
    })?
    .collect()
}

/// What documents and decisions lead to from `found`, itself among it.
fn connected(tx: &Transaction<'_>, found: BTreeSet<RecordId>) -> rusqlite::Result<BTreeSet<RecordId>> {
    let mut waiting: Vec<RecordId> = found.iter().copied().collect();
    let mut all = found;
    let mut decided = tx.prepare_cached(
        "SELECT other.record FROM stay_decision_record AS mine
         JOIN stay_decision_record AS other ON other.decision = mine.decision WHERE mine.record = :record",
    )?;
    while let Some(record) = waiting.pop() {
        let mut next = sharing(tx, record, "document")?;
        let by_decision = decided.query_map(named_params! {":record": record.bytes()}, |row| {
            id(row, "record", RecordId::from_bytes)
        })?;
        for other in by_decision {
            next.push(other?);
        }
        for other in next {
            if all.len() < LED_TO_MAX && all.insert(other) {
                waiting.push(other);
            }
        }
    }
    Ok(all)
}
