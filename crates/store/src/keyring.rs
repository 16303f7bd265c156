//! The key ring: buckets' keys in a file of its own, without history. A destroyed key is gone from every page of it.

use crate::bucket::{BucketId, Place};
use crate::column::micros;
use crate::error::{During, Result, touched};
use crate::lock::{Lock, RingSecret};
use crate::store::{connect, limit, lock, migrate};
use jiff::Timestamp;
use portunus_core::id::{RecordId, VoyageId};
use portunus_core::ports::Entropy;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, named_params};
use std::path::Path;
use std::sync::Mutex;
use zeroize::Zeroizing;

pub(crate) const SCHEMAS: &[&str] =
    &[include_str!("keys.sql"), include_str!("keys-2.sql"), include_str!("keys-3.sql")];

pub(crate) type Key = Zeroizing<[u8; 32]>;

/// A record whose data key left the bucket that it was sealed into.
pub(crate) struct Moved {
    pub(crate) record: RecordId,
    /// Where it is wrapped now.
    pub(crate) place: Place,
    /// When it is to be gone.
    pub(crate) due: Timestamp,
}

/// `keys.db`. What stays beyond our reach: SQLite's page cache holds pages of it in memory, unwiped (it is kept
/// small), and the blocks of the rollback journal, deleted after each commit, are the file system's to reuse.
pub(crate) struct KeyRing {
    connection: Mutex<Connection>,
    lock: Lock,
}

impl KeyRing {
    pub(crate) fn open(path: &Path, secret: Option<&RingSecret>, entropy: &dyn Entropy) -> Result<Self> {
        // No write-ahead log: it would keep destroyed keys until its next checkpoint.
        let mut connection = connect(path, "DELETE")?;
        connection.pragma_update(None, "cache_size", 16).during("opening the key ring")?;
        migrate(&mut connection, "keys.db", SCHEMAS)?;
        let lock = Lock::open(&mut connection, secret, entropy)?;
        Ok(Self { connection: Mutex::new(connection), lock })
    }

    /// Locks the ring with `secret`, in place of what locked it; or lets its keys stand in the clear.
    pub(crate) fn change_lock(self, secret: Option<&RingSecret>, entropy: &dyn Entropy) -> Result<()> {
        let mut connection = lock(&self.connection);
        self.lock.change(&mut connection, secret, entropy)
    }

    /// Runs `work` in one transaction; durable when this returns.
    fn tx<T>(
        &self,
        during: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let mut connection = lock(&self.connection);
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).during(during)?;
        let value = work(&tx).during(during)?;
        tx.commit().during(during)?;
        Ok(value)
    }

    /// A fresh key for a bucket; durable when this returns.
    pub(crate) fn create_bucket(
        &self,
        bucket: BucketId,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<Key> {
        let during = "create a bucket's key";
        let key = fresh(entropy);
        let rows = lock(&self.connection)
            .prepare_cached("INSERT INTO bucket_key (bucket, key, created_at) VALUES (:bucket, :key, :now)")
            .and_then(|mut s| {
                let sealed = self.lock.seal("bucket_key", &bucket.0, &key, entropy)?;
                s.execute(named_params! {":bucket": bucket.0, ":key": sealed, ":now": micros(now)})
            })
            .during(during)?;
        touched(during, 1, rows)?;
        Ok(key)
    }

    /// The key of a bucket; `None` once it is destroyed.
    pub(crate) fn bucket(&self, bucket: BucketId) -> Result<Option<Key>> {
        lock(&self.connection)
            .prepare_cached("SELECT key FROM bucket_key WHERE bucket = :bucket")
            .and_then(|mut s| {
                s.query_row(named_params! {":bucket": bucket.0}, |row| {
                    self.lock.unseal("bucket_key", &bucket.0, row.get(0)?)
                })
                .optional()
            })
            .during("find a bucket's key")
    }

    /// Destroys the keys of `buckets`, in one transaction; gone when this returns. Those gone already are fine.
    pub(crate) fn destroy(&self, buckets: &[BucketId]) -> Result<()> {
        if buckets.is_empty() {
            return Ok(());
        }
        self.tx("destroy buckets' keys", |tx| {
            let mut delete = tx.prepare_cached("DELETE FROM bucket_key WHERE bucket = :bucket")?;
            buckets
                .iter()
                .try_for_each(|bucket| delete.execute(named_params! {":bucket": bucket.0}).map(|_| ()))
        })
    }

    /// Buckets whose keys were made at or before `until`, from `after` on in order of identifier.
    pub(crate) fn made_until(
        &self,
        until: Timestamp,
        after: Option<BucketId>,
        at_most: usize,
    ) -> Result<Vec<BucketId>> {
        let after = after.map(|bucket| bucket.0.to_vec()).unwrap_or_default();
        lock(&self.connection)
            .prepare_cached(
                "SELECT bucket FROM bucket_key WHERE created_at <= :until AND bucket > :after
                 ORDER BY bucket LIMIT :limit",
            )
            .and_then(|mut s| {
                s.query_map(
                    named_params! {":until": micros(until), ":after": after, ":limit": limit(at_most)},
                    |row| row.get(0).map(BucketId),
                )?
                .collect()
            })
            .during("list old keys")
    }

    /// Notes where records' data keys are now; durable when this returns. What is in a bucket that died meanwhile is not.
    pub(crate) fn put_moved(&self, moved: &[Moved]) -> Result<()> {
        self.tx("note where data keys went", |tx| {
            let mut put = tx.prepare_cached(
                "INSERT OR REPLACE INTO moved (record, bucket, wrapped, due)
                 SELECT :record, bucket, :wrapped, :due FROM bucket_key WHERE bucket = :bucket",
            )?;
            moved.iter().try_for_each(|Moved { record, place, due }| {
                put.execute(named_params! {
                    ":record": record.bytes(),
                    ":bucket": place.bucket.0,
                    ":wrapped": place.wrapped,
                    ":due": micros(*due),
                })
                .map(|_| ())
            })
        })
    }

    /// Forgets where records' data keys went: they are erased.
    pub(crate) fn forget_moved(&self, records: &[RecordId]) -> Result<()> {
        self.tx("forget where data keys went", |tx| {
            let mut delete = tx.prepare_cached("DELETE FROM moved WHERE record = :record")?;
            records.iter().try_for_each(|r| delete.execute(named_params! {":record": r.bytes()}).map(|_| ()))
        })
    }

    /// Every record whose data key left the bucket that it was sealed into.
    pub(crate) fn all_moved(&self) -> Result<Vec<RecordId>> {
        lock(&self.connection)
            .prepare_cached("SELECT record FROM moved")
            .and_then(|mut s| s.query_map([], |row| row.get(0).map(RecordId::from_bytes))?.collect())
            .during("list where data keys went")
    }

    /// Where a record's data key went, if it left the bucket that it was sealed into.
    pub(crate) fn moved(&self, record: RecordId) -> Result<Option<Moved>> {
        lock(&self.connection)
            .prepare_cached("SELECT bucket, wrapped, due FROM moved WHERE record = :record")
            .and_then(|mut s| {
                s.query_row(named_params! {":record": record.bytes()}, |row| {
                    Ok(Moved { record, place: Place::of(row)?, due: crate::column::instant(row, "due")? })
                })
                .optional()
            })
            .during("find where a data key went")
    }

    /// The key of a voyage's gallery, made on first use.
    pub(crate) fn gallery(&self, voyage: VoyageId, entropy: &dyn Entropy, now: Timestamp) -> Result<Key> {
        self.tx("make or find a gallery's key", |tx| {
            let sealed = self.lock.seal("gallery_key", &voyage.bytes(), &fresh(entropy), entropy)?;
            tx.execute(
                "INSERT INTO gallery_key (voyage, key, created_at) VALUES (:voyage, :key, :now)
                 ON CONFLICT DO NOTHING",
                named_params! {":voyage": voyage.bytes(), ":key": sealed, ":now": micros(now)},
            )?;
            tx.query_row(
                "SELECT key FROM gallery_key WHERE voyage = :voyage",
                named_params! {":voyage": voyage.bytes()},
                |row| self.lock.unseal("gallery_key", &voyage.bytes(), row.get(0)?),
            )
        })
    }

    /// Destroys the key of a voyage's gallery; gone already is fine.
    pub(crate) fn destroy_gallery(&self, voyage: VoyageId) -> Result<()> {
        lock(&self.connection)
            .execute(
                "DELETE FROM gallery_key WHERE voyage = :voyage",
                named_params! {":voyage": voyage.bytes()},
            )
            .during("destroy a gallery's key")
            .map(|_| ())
    }

    /// Whether the gallery of `voyage` has a key.
    pub(crate) fn has_gallery(&self, voyage: VoyageId) -> Result<bool> {
        lock(&self.connection)
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM gallery_key WHERE voyage = :voyage)")
            .and_then(|mut s| s.query_row(named_params! {":voyage": voyage.bytes()}, |row| row.get(0)))
            .during("find a gallery's key")
    }

    /// The voyages whose galleries have a key.
    pub(crate) fn galleries(&self) -> Result<Vec<VoyageId>> {
        lock(&self.connection)
            .prepare_cached("SELECT voyage FROM gallery_key")
            .and_then(|mut s| s.query_map([], |row| row.get(0).map(VoyageId::from_bytes))?.collect())
            .during("list galleries' keys")
    }

    /// A key under a name, made on first use and then the same for ever.
    pub(crate) fn secret(&self, name: &str, entropy: &dyn Entropy) -> Result<Key> {
        let during = "make or find a named key";
        let sealed = self.lock.seal("secret", name.as_bytes(), &fresh(entropy), entropy).during(during)?;
        let connection = lock(&self.connection);
        connection
            .execute(
                "INSERT INTO secret (name, key) VALUES (:name, :key) ON CONFLICT DO NOTHING",
                named_params! {":name": name, ":key": sealed},
            )
            .during(during)?;
        connection
            .query_row("SELECT key FROM secret WHERE name = :name", named_params! {":name": name}, |row| {
                self.lock.unseal("secret", name.as_bytes(), row.get(0)?)
            })
            .during(during)
    }
}

/// 32 fresh random bytes.
pub(crate) fn fresh(entropy: &dyn Entropy) -> Key {
    let mut key = Zeroizing::new([0; 32]);
    entropy.fill(key.as_mut());
    key
}
