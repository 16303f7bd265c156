//! Buckets: records that fall due in the same minute share one key, so that one deletion erases them all.
//!
//! A record's own data key stands in its row, wrapped under its bucket's key, which stands in the key ring and nowhere
//! else. Destroying the bucket's key erases its members in every copy of the database. Who is erased before the others
//! leaves them behind: the survivors' data keys are wrapped anew, under another bucket's key, before theirs is destroyed.

use crate::column::micros;
use crate::envelope;
use crate::error::{During, Result, StoreError, touched};
use crate::fault;
use crate::keyring::{Key, Moved};
use crate::store::Store;
use jiff::Timestamp;
use portunus_core::id::RecordId;
use rusqlite::{OptionalExtension, Transaction, named_params};
use zeroize::Zeroizing;

/// How many records may join one bucket.
const MEMBERS_MAX: u32 = 1000;
const PERIOD_MICROS: i64 = 60_000_000;
const NOTED_AT_ONCE: u32 = 500;

/// One bucket: 16 random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct BucketId(pub(crate) [u8; 16]);

/// Where a record's data key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) bucket: BucketId,
    /// Wrapped under the bucket's key. `None` for what was sealed before there were buckets: the bucket's key itself.
    pub(crate) wrapped: Option<Vec<u8>>,
}

impl Place {
    pub(crate) fn of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { bucket: BucketId(row.get("bucket")?), wrapped: row.get("wrapped")? })
    }
}

pub(crate) fn context(record: RecordId) -> String {
    envelope::context("data-key", record)
}

impl Store {
    /// Wraps the data key of `record` under the key of a bucket for what is due at `due`. The bucket's key is durable
    /// when this returns; the record is its member once `tx` is committed with this place in its row.
    pub(crate) fn join_bucket(
        &self,
        tx: &Transaction<'_>,
        record: RecordId,
        data_key: &Key,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<Place> {
        self.join_period(tx, record, data_key, micros(due).div_euclid(PERIOD_MICROS), now)
    }

    /// As [`Self::join_bucket`], of those of a period. Records' periods are not negative; other kinds of sealed rows have
    /// negative ones, so that no bucket holds two kinds.
    pub(crate) fn join_period(
        &self,
        tx: &Transaction<'_>,
        record: RecordId,
        data_key: &Key,
        period: i64,
        now: Timestamp,
    ) -> Result<Place> {
        let during = "join a bucket";
        let open = tx
            .prepare_cached(
                "SELECT id FROM bucket WHERE period = :period AND dying = 0 AND joined < :most LIMIT 1",
            )
            .and_then(|mut s| {
                s.query_row(named_params! {":period": period, ":most": MEMBERS_MAX}, |row| {
                    row.get(0).map(BucketId)
                })
                .optional()
            })
            .during(during)?;
        let known = open.map(|bucket| Ok((bucket, self.keys().bucket(bucket)?))).transpose()?;
        let (bucket, key) = match known {
            Some((bucket, Some(key))) => (bucket, key),
            // None is open, or it is from a copy of the database and its key was destroyed since.
            _ => {
                let bucket = BucketId(self.fresh());
                let key = fault::write("make a bucket's key", || {
                    self.keys().create_bucket(bucket, self.entropy(), now)
                })?;
                tx.prepare_cached("INSERT INTO bucket (id, period, joined) VALUES (:id, :period, 0)")
                    .and_then(|mut s| s.execute(named_params! {":id": bucket.0, ":period": period}))
                    .during(during)?;
                (bucket, key)
            }
        };
        let rows = tx
            .prepare_cached("UPDATE bucket SET joined = joined + 1 WHERE id = :id")
            .and_then(|mut s| s.execute(named_params! {":id": bucket.0}))
            .during(during)?;
        touched(during, 1, rows)?;
        let too_large = StoreError::TooLarge { what: "a data key", bound: 32 };
        let wrapped =
            envelope::seal(&key, &context(record), data_key.as_slice(), self.entropy()).ok_or(too_large)?;
        Ok(Place { bucket, wrapped: Some(wrapped) })
    }

    /// The data key of a record; `None` when its bucket's key is gone or does not open it.
    ///
    /// `place` may be where the record was: in an older copy of the database, or when it was moved since the row was read.
    /// The key ring knows where it is now, if it is not erased.
    pub(crate) fn data_key(&self, record: RecordId, place: &Place) -> Result<Option<Key>> {
        let Some(key) = self.keys().bucket(place.bucket)? else {
            return match self.keys().moved(record)? {
                Some(moved) if moved.place.bucket != place.bucket => self.data_key(record, &moved.place),
                _ => Ok(None),
            };
        };
        let Some(wrapped) = &place.wrapped else { return Ok(Some(key)) };
        let opened = envelope::open(&key, &context(record), wrapped);
        Ok(opened.and_then(|data_key| <[u8; 32]>::try_from(data_key.as_slice()).ok()).map(Zeroizing::new))
    }

    /// Moves a record into the bucket of its new date. The bucket that it leaves dies: copies of the database know the way
    /// from there to the data key.
    pub(crate) fn change_bucket(
        &self,
        tx: &Transaction<'_>,
        record: RecordId,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let place = place_of(tx, record)?;
        // What has a bucket to itself stays there: no copy of the database knows a way to its key.
        if place.wrapped.is_none() {
            return Ok(());
        }
        let Some(data_key) = self.data_key(record, &place)? else { return Ok(()) };
        let new_place = self.join_bucket(tx, record, &data_key, due, now)?;
        put_place(tx, record, &new_place)?;
        if new_place.bucket == place.bucket { Ok(()) } else { self.retire_bucket(tx, place.bucket, now) }
    }

    /// Lets a bucket die: members that are not erased are moved to other buckets of the same date. Its key may be
    /// destroyed once `tx` is committed.
    pub(crate) fn retire_bucket(&self, tx: &Transaction<'_>, bucket: BucketId, now: Timestamp) -> Result<()> {
        let during = "retire a bucket";
        let dying = tx
            .prepare_cached("UPDATE bucket SET dying = 1 WHERE id = :id AND dying = 0")
            .and_then(|mut s| s.execute(named_params! {":id": bucket.0}))
            .during(during)?;
        if dying == 0 {
            return Ok(());
        }
        let survivors: Vec<(RecordId, Timestamp, Place)> = tx
            .prepare_cached("SELECT * FROM record WHERE bucket = :bucket AND erased_at IS NULL")
            .and_then(|mut s| {
                s.query_map(named_params! {":bucket": bucket.0}, |row| {
                    let record = crate::column::id(row, "id", RecordId::from_bytes)?;
                    Ok((record, crate::column::instant(row, "erase_after")?, Place::of(row)?))
                })?
                .collect()
            })
            .during(during)?;
        for (record, due, place) in survivors {
            // What does not open any more is reported when somebody asks for it.
            let Some(data_key) = self.data_key(record, &place)? else { continue };
            let place = self.join_bucket(tx, record, &data_key, due, now)?;
            put_place(tx, record, &place)?;
        }
        Ok(())
    }

    /// In an older copy of the database: gives `record` the bucket and the date that it has by the key ring of today,
    /// which its row may not know. `false` when it was erased since.
    pub(crate) fn follow(&self, tx: &Transaction<'_>, record: RecordId) -> Result<bool> {
        let Some(moved) = self.keys().moved(record)? else {
            return Ok(self.keys().bucket(place_of(tx, record)?.bucket)?.is_some());
        };
        // It takes no more members: how many it has is not known here.
        tx.prepare_cached(
            "INSERT INTO bucket (id, period, joined) VALUES (:id, -1, 1) ON CONFLICT DO NOTHING",
        )
        .and_then(|mut s| s.execute(named_params! {":id": moved.place.bucket.0}))
        .during("follow a data key")?;
        put_place(tx, record, &moved.place)?;
        tx.prepare_cached("UPDATE record SET erase_after = :due, unnoted = 0 WHERE id = :id")
            .and_then(|mut s| s.execute(named_params! {":due": micros(moved.due), ":id": record.bytes()}))
            .during("follow a data key")?;
        Ok(true)
    }

    /// In an older copy of the database: buckets whose keys were destroyed since take no more members, and go; so does
    /// what the key ring notes of records that the copy does not know.
    pub(crate) fn bury_buckets(&self, tx: &Transaction<'_>) -> Result<()> {
        let during = "bury buckets";
        let all: Vec<BucketId> = tx
            .prepare("SELECT id FROM bucket")
            .and_then(|mut s| s.query_map([], |row| row.get(0).map(BucketId))?.collect())
            .during(during)?;
        for bucket in all {
            if self.keys().bucket(bucket)?.is_none() {
                tx.prepare_cached("UPDATE bucket SET dying = 1 WHERE id = :id")
                    .and_then(|mut s| s.execute(named_params! {":id": bucket.0}))
                    .during(during)?;
            }
        }
        let known = "SELECT EXISTS (SELECT 1 FROM record WHERE id = ?1)";
        let unknown = unknown(tx, known, self.keys().all_moved()?, RecordId::bytes).during(during)?;
        self.keys().forget_moved(&unknown)?;
        forget_dead_buckets(tx)
    }

    /// Destroys the keys of all dying buckets, after the key ring has noted where their members went; gone when this
    /// returns; says how many. Their rows go with [`forget_dead_buckets`].
    pub(crate) fn destroy_dying(&self) -> Result<usize> {
        // These first: who left one of them stands in the rows that are read after.
        let dying: Vec<BucketId> = self.read("destroy buckets' keys", |tx| {
            tx.prepare_cached("SELECT id FROM bucket WHERE dying = 1")?
                .query_map([], |row| row.get(0).map(BucketId))?
                .collect()
        })?;
        self.note_moves()?;
        fault::write("destroy buckets' keys", || self.keys().destroy(&dying))?;
        Ok(dying.len())
    }

    /// Lets the key ring know the buckets and dates that committed rows have since they were sealed.
    fn note_moves(&self) -> Result<()> {
        let during = "note where data keys went";
        loop {
            let moved: Vec<Moved> = self.read(during, |tx| {
                tx.prepare_cached(
                    "SELECT id, bucket, wrapped, erase_after FROM record
                     WHERE unnoted = 1 AND wrapped IS NOT NULL AND erased_at IS NULL LIMIT :limit",
                )?
                .query_map(named_params! {":limit": NOTED_AT_ONCE}, |row| {
                    let record = crate::column::id(row, "id", RecordId::from_bytes)?;
                    Ok(Moved {
                        record,
                        place: Place::of(row)?,
                        due: crate::column::instant(row, "erase_after")?,
                    })
                })?
                .collect()
            })?;
            if moved.is_empty() {
                return Ok(());
            }
            fault::write("note where data keys went", || self.keys().put_moved(&moved))?;
            self.tx(during, |tx| {
                for Moved { record, place, due } in &moved {
                    // What changed again meanwhile is noted in the next round.
                    tx.prepare_cached(
                        "UPDATE record SET unnoted = 0 WHERE id = :id AND bucket = :bucket AND erase_after = :due",
                    )
                    .and_then(|mut s| {
                        s.execute(named_params! {
                            ":id": record.bytes(),
                            ":bucket": place.bucket.0,
                            ":due": micros(*due),
                        })
                    })
                    .during(during)?;
                }
                Ok(())
            })?;
        }
    }
}

/// Those of `list` of which `known`, a query with one parameter, says 0.
pub(crate) fn unknown<T: Copy>(
    tx: &Transaction<'_>,
    known: &str,
    list: Vec<T>,
    bytes: impl Fn(T) -> [u8; 16],
) -> rusqlite::Result<Vec<T>> {
    let mut find = tx.prepare_cached(known)?;
    let mut unknown = Vec::new();
    for one in list {
        let known: bool = find.query_row([bytes(one)], |row| row.get(0))?;
        unknown.extend((!known).then_some(one));
    }
    Ok(unknown)
}

/// Forgets dying buckets that no record is in any more. Their keys must be destroyed.
pub(crate) fn forget_dead_buckets(tx: &Transaction<'_>) -> Result<()> {
    tx.prepare_cached(
        "DELETE FROM bucket WHERE dying = 1 AND NOT EXISTS (SELECT 1 FROM record WHERE bucket = bucket.id)",
    )
    .and_then(|mut s| s.execute([]))
    .during("forget dead buckets")
    .map(|_| ())
}

fn place_of(tx: &Transaction<'_>, record: RecordId) -> Result<Place> {
    tx.prepare_cached("SELECT bucket, wrapped FROM record WHERE id = :id")
        .and_then(|mut s| s.query_row(named_params! {":id": record.bytes()}, Place::of))
        .during("find a record's bucket")
}

fn put_place(tx: &Transaction<'_>, record: RecordId, place: &Place) -> Result<()> {
    let during = "put a record into a bucket";
    let rows = tx
        .prepare_cached("UPDATE record SET bucket = :bucket, wrapped = :wrapped, unnoted = 1 WHERE id = :id")
        .and_then(|mut s| {
            s.execute(named_params! {
                ":bucket": place.bucket.0,
                ":wrapped": place.wrapped,
                ":id": record.bytes(),
            })
        })
        .during(during)?;
    touched(during, 1, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Access, Purpose, Reader, Within};
    use portunus_core::id::VoyageId;
    use portunus_core::ports::Entropy;
    use rusqlite::Connection;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU8, Ordering};

    struct Counting(AtomicU8);
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    /// A folder as version 3 left it: a key for each record, one record due at second 600, one that was not committed.
    fn folder_of_version_3(folder: &std::path::Path, record: RecordId, plaintext: &[u8]) {
        let entropy = Counting(AtomicU8::new(100));
        let data = Connection::open(folder.join("data.db")).unwrap();
        for schema in &crate::store::SCHEMAS[..3] {
            data.execute_batch(schema).unwrap();
        }
        data.pragma_update(None, "user_version", 3).unwrap();
        data.execute(
            "INSERT INTO record (id, kind, class, erase_after, created_at)
             VALUES (?1, 'probe', 'non-immigrant', 600000000, 0)",
            [record.bytes()],
        )
        .unwrap();
        let keys = Connection::open(folder.join("keys.db")).unwrap();
        keys.execute_batch(include_str!("keys.sql")).unwrap();
        keys.pragma_update(None, "user_version", 1).unwrap();
        let key = [42; 32];
        for id in [record, RecordId::from_bytes([9; 16])] {
            let bytes = envelope::seal(&key, &envelope::context("probe", id), plaintext, &entropy).unwrap();
            crate::blob::Blobs::open(&folder.join("blobs")).unwrap().put(id.bytes(), &bytes).unwrap();
            keys.execute("INSERT INTO record_key VALUES (?1, ?2, 0)", (id.bytes(), key)).unwrap();
        }
    }

    #[test]
    fn what_an_earlier_version_sealed_opens_is_redated_and_erased() {
        let folder = tempfile::tempdir().unwrap();
        let record = RecordId::from_bytes([7; 16]);
        folder_of_version_3(folder.path(), record, b"sealed by version 3");
        let store = Store::open(folder.path(), Arc::new(Counting(AtomicU8::new(1)))).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let access = Access {
            by: Reader::Staging,
            purpose: Purpose::BuildGallery,
            within: Within::Voyage(VoyageId::from_bytes([8; 16])),
        };
        let opened = |now| store.open_record(record, &access, at(now)).unwrap().map(|bytes| bytes.to_vec());
        assert_eq!(opened(1).as_deref(), Some(b"sealed by version 3".as_slice()));
        assert!(store.redate(record, portunus_core::policy::PersonClass::Unknown, at(300), at(2)).unwrap());
        assert_eq!(opened(299).as_deref(), Some(b"sealed by version 3".as_slice()));
        let swept = store.sweep(at(1000)).unwrap();
        assert_eq!((swept.keys, swept.stray_files), (1, 1), "the one that was not committed");
        assert_eq!(opened(300), None);
        assert_eq!(store.erase_due(at(300), 9).unwrap(), 1);
        let keys = Connection::open(folder.path().join("keys.db")).unwrap();
        let left: i64 = keys.query_row("SELECT COUNT(*) FROM bucket_key", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0);
    }
}
