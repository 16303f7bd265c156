//! Sealed records: a data key of its own for each, reading only with a stated purpose, every read on record.

use crate::bucket::Place;
use crate::column::{micros, word};
use crate::envelope;
use crate::error::{During, Result, StoreError, touched};
use crate::failpoint::failpoint;
use crate::fault;
use crate::keyring::{Key, fresh};
use crate::store::{Store, limit};
use jiff::{SignedDuration, Timestamp};
use portunus_core::id::{EncounterId, PassengerId, RecordId, UserId};
use portunus_core::policy::PersonClass;
use rusqlite::{OptionalExtension, Transaction, named_params};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// How long a sealed record waits for its row. A sweep takes only what is twice as old.
pub(crate) const SEAL_GOOD_FOR: SignedDuration = SignedDuration::from_mins(5);
/// The largest plaintext: well above five frames of a camera.
pub const RECORD_BYTES_MAX: usize = 16 << 20;

/// What a sealed record is. The envelope is bound to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// The subject's crop from a capture.
    Probe,
    /// A portrait known before, with its template.
    Reference,
}

/// A record whose bytes are durable, and which no row names yet: commit it, or it is swept as an orphan.
#[must_use = "a sealed record that is not committed is swept as an orphan"]
pub struct Sealed {
    pub(crate) record: RecordId,
    pub(crate) kind: RecordKind,
    /// Nowhere else yet: what is not committed opens for nobody, ever.
    pub(crate) data_key: Key,
    pub(crate) at: Timestamp,
}

impl Sealed {
    /// Its identifier.
    pub fn record(&self) -> RecordId {
        self.record
    }
}

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// An officer, at the console.
    Officer(UserId),
    /// The service, staging a voyage's gallery.
    Staging,
    /// The service, comparing.
    Matcher,
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
    /// Its template is made again by another model pack.
    ReEncode,
}

/// Who reads, what for, and in which encounter: without it no record opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub by: Reader,
    /// What for.
    pub purpose: Purpose,
    /// In which encounter, if in one.
    pub encounter: Option<EncounterId>,
}

/// One read of a record, as kept. Identifiers only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// When.
    pub at: Timestamp,
    /// Who and what for.
    pub access: Access,
}

/// What the row of a fresh record says.
pub(crate) struct RecordRow {
    pub(crate) class: PersonClass,
    pub(crate) erase_after: Timestamp,
    pub(crate) encounter: Option<EncounterId>,
    pub(crate) passenger: Option<PassengerId>,
}

impl Store {
    /// Seals `plaintext` under a fresh key: the bytes are durable when this returns. No row yet.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] above [`RECORD_BYTES_MAX`]; what the disk says.
    pub fn seal(&self, kind: RecordKind, plaintext: &[u8], now: Timestamp) -> Result<Sealed> {
        let too_large = StoreError::TooLarge { what: "a record", bound: RECORD_BYTES_MAX };
        if plaintext.len() > RECORD_BYTES_MAX {
            return Err(too_large);
        }
        let record = RecordId::from_bytes(self.fresh());
        let data_key = fresh(self.entropy());
        let context = envelope::context(&word(&kind), record);
        let bytes = envelope::seal(&data_key, &context, plaintext, self.entropy()).ok_or(too_large)?;
        self.tx("seal", |tx| {
            tx.prepare_cached("INSERT INTO sealing (record, at) VALUES (:record, :now)")
                .and_then(|mut s| s.execute(named_params! {":record": record.bytes(), ":now": micros(now)}))
                .during("seal")
        })?;
        failpoint("seal.after-note");
        fault::write("put sealed bytes", || self.blobs().put(record.bytes(), &bytes))?;
        failpoint("seal.after-blob");
        Ok(Sealed { record, kind, data_key, at: now })
    }

    /// Opens `record` for a stated access, which is on record before anything opens. `None` when there is no such
    /// record, or it is expired or erased, although its bytes may still be there.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when key or bytes are missing or altered.
    pub fn open_record(
        &self,
        record: RecordId,
        access: &Access,
        now: Timestamp,
    ) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let kind = self.tx("open_record", |tx| log_reading(tx, record, access, now))?;
        kind.map(|(kind, place)| self.unseal(record, &kind, &place)).transpose()
    }

    /// As [`Self::open_record`] for many at once: all reads are on record, durably, before the first opens.
    /// Each gives what `open_record` would; what is absent is left out.
    ///
    /// # Errors
    /// What the disk says. A record that does not open is in the list, as its own error.
    pub fn open_records(
        &self,
        records: &[RecordId],
        access: &Access,
        now: Timestamp,
    ) -> Result<impl Iterator<Item = (RecordId, Result<Zeroizing<Vec<u8>>>)>> {
        let kinds = self.tx("open_records", |tx| {
            let mut kinds = Vec::with_capacity(records.len());
            for record in records {
                kinds.extend(log_reading(tx, *record, access, now)?.map(|kind| (*record, kind)));
            }
            Ok(kinds)
        })?;
        Ok(kinds.into_iter().map(|(record, (kind, place))| (record, self.unseal(record, &kind, &place))))
    }

    fn unseal(&self, record: RecordId, kind: &str, place: &Place) -> Result<Zeroizing<Vec<u8>>> {
        let sealed = |what| StoreError::Sealed { record, what };
        let key = self.data_key(record, place)?.ok_or_else(|| sealed("its key is gone"))?;
        let bytes = self.blobs().get(record.bytes())?.ok_or_else(|| sealed("its bytes are gone"))?;
        envelope::open(&key, &envelope::context(kind, record), &bytes)
            .ok_or_else(|| sealed("its bytes were altered"))
    }

    /// Gives a record another class and another date to be erased after. `false` when it is not there any more:
    /// what is expired is not revived. Nor does a probe become a citizen's: [`Store::erase`] it instead.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn redate(
        &self,
        record: RecordId,
        class: PersonClass,
        erase_after: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let redated = self.tx("redate", |tx| self.redate_in(tx, record, class, erase_after, now))?;
        self.destroy_dying()?;
        Ok(redated)
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

    /// As [`Self::redate`], in a transaction. The caller destroys dying buckets afterwards.
    pub(crate) fn redate_in(
        &self,
        tx: &Transaction<'_>,
        record: RecordId,
        class: PersonClass,
        erase_after: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let rows = tx
            .execute(
                "UPDATE record SET class = :class, erase_after = :due
                 WHERE id = :id AND erased_at IS NULL AND erase_after > :now
                 AND NOT (kind = 'probe' AND :class = 'citizen')",
                named_params! {
                    ":class": word(&class),
                    ":due": micros(erase_after),
                    ":id": record.bytes(),
                    ":now": micros(now),
                },
            )
            .during("redate")?;
        if rows == 1 {
            self.change_bucket(tx, record, erase_after, now)?;
        }
        Ok(rows == 1)
    }

    /// Writes the row that makes a sealed record a kept one, and a member of a bucket.
    pub(crate) fn insert_record(
        &self,
        tx: &Transaction<'_>,
        during: &'static str,
        sealed: &Sealed,
        row: &RecordRow,
        now: Timestamp,
    ) -> Result<()> {
        let noted = tx
            .prepare_cached("DELETE FROM sealing WHERE record = :record")
            .and_then(|mut s| s.execute(named_params! {":record": sealed.record.bytes()}))
            .during(during)?;
        if noted == 0 || now.duration_since(sealed.at).abs() > SEAL_GOOD_FOR {
            return Err(StoreError::SealExpired { record: sealed.record });
        }
        let place = self.join_bucket(tx, sealed.record, &sealed.data_key, row.erase_after, now)?;
        let rows = tx
            .prepare_cached(
                "INSERT INTO record (id, kind, class, erase_after, created_at, encounter, passenger, bucket, wrapped)
                 VALUES (:id, :kind, :class, :due, :now, :encounter, :passenger, :bucket, :wrapped)",
            )
            .and_then(|mut s| {
                s.execute(named_params! {
                    ":id": sealed.record.bytes(),
                    ":kind": word(&sealed.kind),
                    ":class": word(&row.class),
                    ":due": micros(row.erase_after),
                    ":now": micros(now),
                    ":encounter": row.encounter.map(EncounterId::bytes),
                    ":passenger": row.passenger.map(PassengerId::bytes),
                    ":bucket": place.bucket.0,
                    ":wrapped": place.wrapped,
                })
            })
            .during(during)?;
        touched(during, 1, rows)
    }

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
}

fn reader_word(reader: Reader) -> &'static str {
    match reader {
        Reader::Officer(_) => "officer",
        Reader::Staging => "staging",
        Reader::Matcher => "matcher",
    }
}

fn reading(row: &rusqlite::Row<'_>) -> rusqlite::Result<Reading> {
    use crate::column::{id, id_or_none, instant, unreadable, word_of};
    let by = match row.get::<_, String>("reader")?.as_str() {
        "officer" => Reader::Officer(id(row, "officer", UserId::from_bytes)?),
        "staging" => Reader::Staging,
        "matcher" => Reader::Matcher,
        _ => return Err(unreadable("reader")),
    };
    let encounter = id_or_none(row, "encounter", EncounterId::from_bytes)?;
    let access = Access { by, purpose: word_of(row, "purpose")?, encounter };
    Ok(Reading { at: instant(row, "at")?, access })
}

/// Puts a read on record; gives the kind of what may be read, `None` when nothing may.
fn log_reading(
    tx: &Transaction<'_>,
    record: RecordId,
    access: &Access,
    now: Timestamp,
) -> Result<Option<(String, Place)>> {
    let during = "open_record";
    let kind: Option<(String, Place)> = tx
        .prepare_cached("SELECT * FROM record WHERE id = :id AND erased_at IS NULL AND erase_after > :now")
        .and_then(|mut s| {
            s.query_row(named_params! {":id": record.bytes(), ":now": micros(now)}, |row| {
                Ok((row.get("kind")?, Place::of(row)?))
            })
            .optional()
        })
        .during(during)?;
    if kind.is_none() {
        return Ok(None);
    }
    let officer = match access.by {
        Reader::Officer(user) => Some(user.bytes()),
        Reader::Staging | Reader::Matcher => None,
    };
    let rows = tx
        .prepare_cached(
            "INSERT INTO reading (at, record, reader, officer, purpose, encounter)
             VALUES (:at, :record, :reader, :officer, :purpose, :encounter)",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":at": micros(now),
                ":record": record.bytes(),
                ":reader": reader_word(access.by),
                ":officer": officer,
                ":purpose": word(&access.purpose),
                ":encounter": access.encounter.map(EncounterId::bytes),
            })
        })
        .during(during)?;
    touched(during, 1, rows)?;
    Ok(kind)
}
