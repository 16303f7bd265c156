//! Who reads a sealed record, what for, and in which matter: without it nothing opens, and every reading is on record.

use crate::bucket::Place;
use crate::case::holds;
use crate::column::{id, instant, micros, unreadable, word, word_of};
use crate::error::{During, Result, touched};
use crate::store::{Store, limit};
use jiff::Timestamp;
use portunus_core::id::{CaseId, EncounterId, RecipientId, RecordId, UserId, VoyageId};
use rusqlite::{OptionalExtension, Row, Transaction, named_params};
use serde::{Deserialize, Serialize};

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// An officer, at the console or in the records office.
    Officer(UserId),
    /// An outside system that receives copies.
    Recipient(RecipientId),
    /// The service, staging a voyage's gallery.
    Staging,
}

/// What a record is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Shown to an officer beside the other portrait.
    ShowToOfficer,
    /// Shown to a second officer beside a photo taken now, for them to judge blind.
    SecondLook,
    /// Its template goes into a voyage's gallery.
    BuildGallery,
    /// Given to the person whom it is about.
    SubjectAccess,
    /// Given to an authority that asked for it.
    OutsideRequest,
    /// A copy for an outside system that receives such records.
    Recipient,
    /// Read in a case that holds it, although its date is past.
    Held,
    /// A person's stays are looked at in a case; or a crossing of before is noted for them, once.
    Stay,
    /// Put right in a case of mis-identification: whose it is found to be is read, and what is written anew.
    Redress,
}

impl Purpose {
    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::ShowToOfficer => "shown to an officer",
            Self::SecondLook => "second look",
            Self::BuildGallery => "gallery staged",
            Self::SubjectAccess => "given to the person",
            Self::OutsideRequest => "given on a request",
            Self::Recipient => "copy for a recipient",
            Self::Held => "read under a hold",
            Self::Stay => "stays looked at",
            Self::Redress => "mis-identification put right",
        }
    }
}

/// The matter in which a record is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// One traveller's passage.
    Encounter(EncounterId),
    /// A voyage's gallery, or a passenger looked up on it.
    Voyage(VoyageId),
    /// A case of the records office.
    Case(CaseId),
    /// The standing order by which an outside system receives copies.
    Receiving(RecipientId),
}

/// Who reads, what for, and in which matter: without it no record opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub by: Reader,
    /// What for.
    pub purpose: Purpose,
    /// In which matter.
    pub within: Within,
}

/// One read of a record, as kept. Identifiers only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// When.
    pub at: Timestamp,
    /// Who, what for and in which matter.
    pub access: Access,
}

/// What may be opened: what it is sealed as, where its key is, and its bytes where they stand in the row.
pub(crate) struct Readable {
    pub(crate) kind: String,
    pub(crate) place: Place,
    pub(crate) content: Option<Vec<u8>>,
}

impl Store {
    /// Who read `record`, oldest first; kept when the record is gone.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn readings(&self, record: RecordId) -> Result<Vec<Reading>> {
        self.read("readings", |tx| {
            tx.prepare_cached("SELECT * FROM reading WHERE record = :record ORDER BY seq")?
                .query_map(named_params! {":record": record.bytes()}, reading)?
                .collect()
        })
    }

    /// Forgets readings at or before `until`, the oldest first, at most `batch`; says how many.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn prune_readings(&self, until: Timestamp, batch: usize) -> Result<usize> {
        self.tx("prune_readings", |tx| {
            tx.execute(
                "DELETE FROM reading WHERE at <= :until
                 AND seq IN (SELECT seq FROM reading ORDER BY seq LIMIT :limit)",
                named_params! {":until": micros(until), ":limit": limit(batch)},
            )
            .during("prune_readings")
        })
    }
}

fn reader_word(reader: Reader) -> &'static str {
    match reader {
        Reader::Officer(_) => "officer",
        Reader::Recipient(_) => "recipient",
        Reader::Staging => "staging",
    }
}

fn reading(row: &Row<'_>) -> rusqlite::Result<Reading> {
    let recipient = || id(row, "recipient", RecipientId::from_bytes);
    let by = match row.get::<_, String>("reader")?.as_str() {
        "officer" => Reader::Officer(id(row, "officer", UserId::from_bytes)?),
        "recipient" => Reader::Recipient(recipient()?),
        "staging" => Reader::Staging,
        _ => return Err(unreadable("reader")),
    };
    let bytes = |column: &'static str| row.get::<_, Option<[u8; 16]>>(column);
    let within = match (bytes("encounter")?, bytes("voyage")?, bytes("case_file")?) {
        (Some(encounter), ..) => Within::Encounter(EncounterId::from_bytes(encounter)),
        (_, Some(voyage), _) => Within::Voyage(VoyageId::from_bytes(voyage)),
        (.., Some(case)) => Within::Case(CaseId::from_bytes(case)),
        _ if bytes("recipient")?.is_some() => Within::Receiving(recipient()?),
        // Read before version 6, which noted no voyage.
        _ => Within::Voyage(VoyageId::from_bytes([0; 16])),
    };
    Ok(Reading { at: instant(row, "at")?, access: Access { by, purpose: word_of(row, "purpose")?, within } })
}

/// Puts a read on record; gives what may be opened, `None` when nothing may. What is past its date opens in a case that
/// holds it, and nowhere else.
pub(crate) fn log_reading(
    tx: &Transaction<'_>,
    record: RecordId,
    access: &Access,
    now: Timestamp,
) -> Result<Option<Readable>> {
    let during = "open_record";
    let (mut encounter, mut voyage, mut case, mut recipient) = (None, None, None, None);
    match access.within {
        Within::Encounter(id) => encounter = Some(id.bytes()),
        Within::Voyage(id) => voyage = Some(id.bytes()),
        Within::Case(id) => case = Some(id.bytes()),
        Within::Receiving(id) => recipient = Some(id.bytes()),
    }
    let mut officer = None;
    match access.by {
        Reader::Officer(id) => officer = Some(id.bytes()),
        Reader::Recipient(id) => recipient = Some(id.bytes()),
        Reader::Staging => {}
    }
    let readable: Option<Readable> = tx
        .prepare_cached(&format!(
            "SELECT * FROM record WHERE id = :id AND erased_at IS NULL AND (erase_after > :now
             OR EXISTS (SELECT 1 {} AND case_file.id = :case))",
            holds("record.id")
        ))
        .and_then(|mut s| {
            s.query_row(named_params! {":id": record.bytes(), ":now": micros(now), ":case": case}, |row| {
                let place = Place::of(row)?;
                Ok(Readable { kind: row.get("kind")?, place, content: row.get("content")? })
            })
            .optional()
        })
        .during(during)?;
    if readable.is_none() {
        return Ok(None);
    }
    let rows = tx
        .prepare_cached(
            "INSERT INTO reading (at, record, reader, officer, purpose, encounter, voyage, case_file, recipient)
             VALUES (:at, :record, :reader, :officer, :purpose, :encounter, :voyage, :case, :recipient)",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":at": micros(now),
                ":record": record.bytes(),
                ":reader": reader_word(access.by),
                ":officer": officer,
                ":purpose": word(&access.purpose),
                ":encounter": encounter,
                ":voyage": voyage,
                ":case": case,
                ":recipient": recipient,
            })
        })
        .during(during)?;
    touched(during, 1, rows)?;
    Ok(readable)
}
