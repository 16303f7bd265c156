//! Sealed records: a data key of its own for each, opened only with a stated purpose ([`crate::reading`]).

use crate::column::{micros, word};
use crate::envelope;
use crate::error::{During, Result, StoreError, touched};
use crate::failpoint::failpoint;
use crate::fault;
use crate::keyring::{Key, fresh};
use crate::kind::RecordKind;
use crate::ledger::{About, known, tell_redated};
use crate::reading::{Access, Readable, log_reading};
use crate::receipt::link;
use crate::recipient::recall;
use crate::store::Store;
use jiff::{SignedDuration, Timestamp};
use portunus_core::id::{EncounterId, PassengerId, RecordId};
use portunus_core::leaf::RedatedBecause;
use portunus_core::place::Direction;
use portunus_core::policy::{PersonClass, Start};
use rusqlite::{Transaction, named_params};
use zeroize::Zeroizing;

/// How long a sealed record waits for its row. A sweep takes only what is twice as old.
pub(crate) const SEAL_GOOD_FOR: SignedDuration = SignedDuration::from_mins(5);
/// The largest plaintext: well above five frames of a camera.
pub const RECORD_BYTES_MAX: usize = 16 << 20;

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

/// What the row of a fresh record says.
pub(crate) struct RecordRow {
    pub(crate) class: PersonClass,
    pub(crate) erase_after: Timestamp,
    /// What started the count.
    pub(crate) start: Start,
    pub(crate) encounter: Option<EncounterId>,
    pub(crate) passenger: Option<PassengerId>,
    /// Whose it is, where it is of no encounter: to count people by in the ledger.
    pub(crate) about: Option<About>,
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
        let context = envelope::context(&word(&kind.data), record);
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
        let readable = self.tx("open_record", |tx| log_reading(tx, record, access, now))?;
        readable.map(|readable| self.unseal(record, readable)).transpose()
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
        let readable = self.tx("open_records", |tx| {
            let mut readable = Vec::with_capacity(records.len());
            for record in records {
                readable.extend(log_reading(tx, *record, access, now)?.map(|one| (*record, one)));
            }
            Ok(readable)
        })?;
        Ok(readable.into_iter().map(|(record, readable)| (record, self.unseal(record, readable))))
    }

    pub(crate) fn unseal(&self, record: RecordId, readable: Readable) -> Result<Zeroizing<Vec<u8>>> {
        let sealed = |what| StoreError::Sealed { record, what };
        let key = self.data_key(record, &readable.place)?.ok_or_else(|| sealed("its key is gone"))?;
        let bytes = match readable.content {
            Some(content) => content,
            None => self.blobs().get(record.bytes())?.ok_or_else(|| sealed("its bytes are gone"))?,
        };
        envelope::open(&key, &envelope::context(&readable.kind, record), &bytes)
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
        let redated = self
            .tx("redate", |tx| self.redate_in(tx, record, class, erase_after, RedatedBecause::Ruling, now))?;
        self.destroy_dying()?;
        Ok(redated)
    }

    /// As [`Self::redate`], in a transaction. The caller destroys dying buckets afterwards.
    pub(crate) fn redate_in(
        &self,
        tx: &Transaction<'_>,
        record: RecordId,
        class: PersonClass,
        erase_after: Timestamp,
        cause: RedatedBecause,
        now: Timestamp,
    ) -> Result<bool> {
        let before = known(tx, record)?;
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
            recall(tx, record, Some(erase_after), now)?;
            tell_redated(tx, before, erase_after, cause, now)?;
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
        self.insert_row(tx, during, sealed.record, &sealed.kind, &sealed.data_key, None, row, now)
    }

    /// Seals what is small enough to stand in its row, and keeps it: one transaction does it all.
    pub(crate) fn insert_in_row(
        &self,
        tx: &Transaction<'_>,
        during: &'static str,
        kind: &RecordKind,
        plaintext: &[u8],
        row: &RecordRow,
        now: Timestamp,
    ) -> Result<RecordId> {
        let too_large = StoreError::TooLarge { what: "a record in a row", bound: RECORD_BYTES_MAX };
        let record = RecordId::from_bytes(self.fresh());
        let data_key = fresh(self.entropy());
        let context = envelope::context(&word(&kind.data), record);
        let content = envelope::seal(&data_key, &context, plaintext, self.entropy()).ok_or(too_large)?;
        self.insert_row(tx, during, record, kind, &data_key, Some(&content), row, now)?;
        Ok(record)
    }

    #[expect(clippy::too_many_arguments, reason = "a row has as many columns")]
    fn insert_row(
        &self,
        tx: &Transaction<'_>,
        during: &'static str,
        record: RecordId,
        kind: &RecordKind,
        data_key: &Key,
        content: Option<&[u8]>,
        row: &RecordRow,
        now: Timestamp,
    ) -> Result<()> {
        let place = self.join_bucket(tx, record, data_key, row.erase_after, now)?;
        let rows = tx
            .prepare_cached(
                "INSERT INTO record (id, kind, modality, format, quality, source, purpose, class, erase_after,
                 created_at, began_at, direction, encounter, passenger, bucket, wrapped, content)
                 VALUES (:id, :kind, :modality, :format, :quality, :source, :purpose, :class, :due,
                 :now, :began, :direction, :encounter, :passenger, :bucket, :wrapped, :content)",
            )
            .and_then(|mut s| {
                s.execute(named_params! {
                    ":id": record.bytes(),
                    ":kind": word(&kind.data),
                    ":modality": kind.modality.as_ref().map(word),
                    ":format": kind.format,
                    ":quality": kind.quality,
                    ":source": word(&kind.source),
                    ":purpose": word(&kind.purpose),
                    ":class": word(&row.class),
                    ":due": micros(row.erase_after),
                    ":now": micros(now),
                    ":began": micros(row.start.at),
                    ":direction": row.start.direction.as_ref().map(word::<Direction>),
                    ":encounter": row.encounter.map(EncounterId::bytes),
                    ":passenger": row.passenger.map(PassengerId::bytes),
                    ":bucket": place.bucket.0,
                    ":wrapped": place.wrapped,
                    ":content": content,
                })
            })
            .during(during)?;
        touched(during, 1, rows)?;
        let about = About::of_row(row.passenger, row.encounter).or(row.about);
        self.tell_sealed(tx, record, about, row.erase_after, now)?;
        row.encounter.map_or(Ok(()), |encounter| link(tx, encounter, record))
    }
}
