//! The key ring: data keys in a file of its own, without history. A destroyed key is gone from every page of it.

use crate::column::micros;
use crate::error::{During, Result, touched};
use crate::store::{connect, limit, lock, migrate};
use jiff::Timestamp;
use portunus_core::id::{RecordId, VoyageId};
use portunus_core::ports::Entropy;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, named_params};
use std::path::Path;
use std::sync::Mutex;
use zeroize::Zeroizing;

const SCHEMAS: &[&str] = &[include_str!("keys.sql")];

pub(crate) type Key = Zeroizing<[u8; 32]>;

/// `keys.db`. What stays beyond our reach: SQLite's page cache holds pages of it in memory, unwiped (it is kept
/// small), and the blocks of the rollback journal, deleted after each commit, are the file system's to reuse.
pub(crate) struct KeyRing(Mutex<Connection>);

impl KeyRing {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        // No write-ahead log: it would keep destroyed keys until its next checkpoint.
        let mut connection = connect(path, "DELETE")?;
        connection.pragma_update(None, "cache_size", 16).during("opening the key ring")?;
        migrate(&mut connection, "keys.db", SCHEMAS)?;
        Ok(Self(Mutex::new(connection)))
    }

    /// A fresh key for `record`; durable when this returns.
    pub(crate) fn create(&self, record: RecordId, entropy: &dyn Entropy, now: Timestamp) -> Result<Key> {
        let key = fresh(entropy);
        let rows = lock(&self.0)
            .prepare_cached("INSERT INTO record_key (record, key, created_at) VALUES (:record, :key, :now)")
            .and_then(|mut s| {
                s.execute(named_params! {":record": record.bytes(), ":key": *key, ":now": micros(now)})
            })
            .during("create a record's key")?;
        touched("create a record's key", 1, rows)?;
        Ok(key)
    }

    pub(crate) fn of(&self, record: RecordId) -> Result<Option<Key>> {
        lock(&self.0)
            .prepare_cached("SELECT key FROM record_key WHERE record = :record")
            .and_then(|mut s| {
                s.query_row(named_params! {":record": record.bytes()}, |row| row.get(0).map(Zeroizing::new))
                    .optional()
            })
            .during("find a record's key")
    }

    /// Destroys the keys of `records`, in one transaction; gone when this returns. Those gone already are fine.
    pub(crate) fn destroy(&self, records: &[RecordId]) -> Result<()> {
        let during = "destroy records' keys";
        let mut connection = lock(&self.0);
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).during(during)?;
        for record in records {
            tx.prepare_cached("DELETE FROM record_key WHERE record = :record")
                .and_then(|mut s| s.execute(named_params! {":record": record.bytes()}))
                .during(during)?;
        }
        tx.commit().during(during)
    }

    /// Records whose keys were made at or before `until`, from `after` on in order of identifier.
    pub(crate) fn made_until(
        &self,
        until: Timestamp,
        after: Option<RecordId>,
        at_most: usize,
    ) -> Result<Vec<RecordId>> {
        let after = after.map(|record| record.bytes().to_vec()).unwrap_or_default();
        lock(&self.0)
            .prepare_cached(
                "SELECT record FROM record_key WHERE created_at <= :until AND record > :after
                 ORDER BY record LIMIT :limit",
            )
            .and_then(|mut s| {
                s.query_map(
                    named_params! {":until": micros(until), ":after": after, ":limit": limit(at_most)},
                    |row| row.get(0).map(RecordId::from_bytes),
                )?
                .collect()
            })
            .during("list old keys")
    }

    /// The key of a voyage's gallery, made on first use.
    pub(crate) fn gallery(&self, voyage: VoyageId, entropy: &dyn Entropy, now: Timestamp) -> Result<Key> {
        let during = "make or find a gallery's key";
        let mut connection = lock(&self.0);
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).during(during)?;
        tx.execute(
            "INSERT INTO gallery_key (voyage, key, created_at) VALUES (:voyage, :key, :now)
             ON CONFLICT DO NOTHING",
            named_params! {":voyage": voyage.bytes(), ":key": *fresh(entropy), ":now": micros(now)},
        )
        .during(during)?;
        let key = tx
            .query_row(
                "SELECT key FROM gallery_key WHERE voyage = :voyage",
                named_params! {":voyage": voyage.bytes()},
                |row| row.get(0).map(Zeroizing::new),
            )
            .during(during)?;
        tx.commit().during(during)?;
        Ok(key)
    }

    /// Destroys the key of a voyage's gallery; gone already is fine.
    pub(crate) fn destroy_gallery(&self, voyage: VoyageId) -> Result<()> {
        lock(&self.0)
            .execute(
                "DELETE FROM gallery_key WHERE voyage = :voyage",
                named_params! {":voyage": voyage.bytes()},
            )
            .during("destroy a gallery's key")
            .map(|_| ())
    }

    /// Whether the gallery of `voyage` has a key.
    pub(crate) fn has_gallery(&self, voyage: VoyageId) -> Result<bool> {
        lock(&self.0)
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM gallery_key WHERE voyage = :voyage)")
            .and_then(|mut s| s.query_row(named_params! {":voyage": voyage.bytes()}, |row| row.get(0)))
            .during("find a gallery's key")
    }

    /// The voyages whose galleries have a key.
    pub(crate) fn galleries(&self) -> Result<Vec<VoyageId>> {
        lock(&self.0)
            .prepare_cached("SELECT voyage FROM gallery_key")
            .and_then(|mut s| s.query_map([], |row| row.get(0).map(VoyageId::from_bytes))?.collect())
            .during("list galleries' keys")
    }

    /// A key under a name, made on first use and then the same for ever.
    pub(crate) fn secret(&self, name: &str, entropy: &dyn Entropy) -> Result<Key> {
        let during = "make or find a named key";
        let connection = lock(&self.0);
        connection
            .execute(
                "INSERT INTO secret (name, key) VALUES (:name, :key) ON CONFLICT DO NOTHING",
                named_params! {":name": name, ":key": *fresh(entropy)},
            )
            .during(during)?;
        connection
            .query_row("SELECT key FROM secret WHERE name = :name", named_params! {":name": name}, |row| {
                row.get(0).map(Zeroizing::new)
            })
            .during(during)
    }
}

fn fresh(entropy: &dyn Entropy) -> Key {
    let mut key = Zeroizing::new([0; 32]);
    entropy.fill(key.as_mut());
    key
}
