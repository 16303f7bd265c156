//! One folder that is the store: opening, migrating, named transactions.

use crate::blob::Blobs;
use crate::column::signed;
use crate::error::{During, Result, StoreError, io};
use crate::keyring::KeyRing;
use crate::lock::RingSecret;
use hmac::{Hmac, KeyInit, Mac};
use portunus_core::ports::Entropy;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use sha2::Sha256;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

/// Each version's step from the one before; what was released is never changed.
pub(crate) const SCHEMAS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("schema-2.sql"),
    include_str!("schema-3.sql"),
    include_str!("schema-4.sql"),
    include_str!("schema-5.sql"),
    include_str!("schema-6.sql"),
    include_str!("schema-7.sql"),
    include_str!("schema-8.sql"),
    include_str!("schema-9.sql"),
    include_str!("schema-10.sql"),
    include_str!("schema-11.sql"),
    include_str!("schema-12.sql"),
    include_str!("schema-13.sql"),
    include_str!("schema-14.sql"),
    include_str!("schema-15.sql"),
    include_str!("schema-16.sql"),
];
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const EMPTY_LOG_TIMEOUT: Duration = Duration::from_millis(50);
/// Idle connections kept for readers.
const READERS_KEPT: usize = 4;

/// Everything that is kept, in one folder. Cloning shares it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    folder: std::path::PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    keys: KeyRing,
    blobs: Blobs,
    galleries: Blobs,
    entropy: Arc<dyn Entropy>,
    mac_key: Zeroizing<[u8; 32]>,
    /// What was deleted may still stand in the write-ahead log.
    log_is_owed: AtomicBool,
}

impl Store {
    /// Opens the store in `folder`; makes or migrates it first where that is needed.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] for a folder of a newer program; else what the system or SQLite says.
    pub fn open(folder: &Path, entropy: Arc<dyn Entropy>) -> Result<Self> {
        Self::open_locked(folder, None, entropy)
    }

    /// As [`Self::open`], with the secret that locks the key ring. A folder that is made is locked with it from the start.
    ///
    /// # Errors
    /// [`StoreError::Ring`] when the ring is locked otherwise, or not.
    pub fn open_locked(
        folder: &Path,
        secret: Option<&RingSecret>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self> {
        crate::backup::refuse_half_restored(folder)?;
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder).map_err(io("make the folder", folder))?;
        let mut writer = connect(&folder.join("data.db"), "WAL")?;
        migrate(&mut writer, "data.db", SCHEMAS)?;
        let keys = KeyRing::open(&folder.join("keys.db"), secret, entropy.as_ref())?;
        let mac_key = keys.secret("mac", entropy.as_ref())?;
        let store = Self {
            inner: Arc::new(Inner {
                folder: folder.to_owned(),
                writer: Mutex::new(writer),
                readers: Mutex::new(Vec::new()),
                keys,
                blobs: Blobs::open(&folder.join("blobs"))?,
                galleries: Blobs::open(&folder.join("galleries"))?,
                entropy,
                mac_key,
                // Whoever had it before may have been killed before it was emptied.
                log_is_owed: AtomicBool::new(true),
            }),
        };
        store.seal_crossings_in_clear()?;
        Ok(store)
    }

    /// Locks the key ring of a folder with `to`, or lets its keys stand in the clear; `from` is what locks it now. No
    /// service may run on the folder meanwhile: it would find its keys unreadable.
    ///
    /// # Errors
    /// [`StoreError::Ring`] when `from` is not what locks it; nothing was changed then.
    pub fn change_ring_lock(
        folder: &Path,
        from: Option<&RingSecret>,
        to: Option<&RingSecret>,
        entropy: &dyn Entropy,
    ) -> Result<()> {
        KeyRing::open(&folder.join("keys.db"), from, entropy)?.change_lock(to, entropy)
    }

    /// The keyed MAC of a request's body, for [`Admission`](crate::Admission): a hash of a photo is never kept.
    pub fn body_mac(&self, body: &[u8]) -> [u8; 32] {
        self.mac("body", &[body])
    }

    /// HMAC-SHA-256 over the purpose and the parts, each with its length before it.
    pub(crate) fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        mac_with(&self.inner.mac_key, purpose, parts)
    }

    pub(crate) fn mac_key(&self) -> &[u8; 32] {
        &self.inner.mac_key
    }

    /// The folder that holds it.
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    pub(crate) fn keys(&self) -> &KeyRing {
        &self.inner.keys
    }

    pub(crate) fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    pub(crate) fn galleries(&self) -> &Blobs {
        &self.inner.galleries
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.inner.entropy.as_ref()
    }

    /// 16 fresh random bytes.
    pub(crate) fn fresh(&self) -> [u8; 16] {
        portunus_core::ports::fresh(self.entropy())
    }

    /// Runs `work` in one transaction that sees all earlier ones; durable when this returns `Ok`, undone on `Err`.
    pub(crate) fn tx<T>(
        &self,
        name: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        self.tx_unless(name, |tx| work(tx).map(Ok)).map(|kept: std::result::Result<T, T>| match kept {
            Ok(value) | Err(value) => value,
        })
    }

    /// As [`Self::tx`], but an inner `Err` undoes the transaction without being an error: a typed outcome.
    pub(crate) fn tx_unless<T, U>(
        &self,
        name: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<std::result::Result<T, U>>,
    ) -> Result<std::result::Result<T, U>> {
        let mut writer = lock(&self.inner.writer);
        let tx = writer.transaction_with_behavior(TransactionBehavior::Immediate).during(name)?;
        match work(&tx)? {
            Ok(value) => {
                crate::fault::write(name, || tx.commit().during(name))?;
                Ok(Ok(value))
            }
            Err(value) => {
                tx.rollback().during(name)?;
                Ok(Err(value))
            }
        }
    }

    /// Runs `work` on one consistent view of what was committed.
    pub(crate) fn read<T>(
        &self,
        name: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let idle = lock(&self.inner.readers).pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => {
                let reader = connect(&self.inner.folder.join("data.db"), "WAL")?;
                reader.pragma_update(None, "query_only", true).during(name)?;
                reader
            }
        };
        let value = {
            let tx = reader.transaction().during(name)?;
            let value = work(&tx).during(name)?;
            tx.commit().during(name)?;
            value
        };
        let mut readers = lock(&self.inner.readers);
        if readers.len() < READERS_KEPT {
            readers.push(reader);
        }
        Ok(value)
    }

    /// Moves the write-ahead log into the database and empties it, so that what was deleted is not left in it.
    /// A reader that stays in the way makes it a no-op, for travellers do not wait for it: then it is owed.
    pub(crate) fn empty_log(&self) -> Result<()> {
        let during = "empty the write-ahead log";
        let writer = lock(&self.inner.writer);
        // Its first column: whether somebody was in the way.
        self.inner.log_is_owed.store(true, Ordering::Relaxed);
        writer.busy_timeout(EMPTY_LOG_TIMEOUT).during(during)?;
        let busy = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        writer.busy_timeout(BUSY_TIMEOUT).during(during)?;
        let busy = match busy {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => true,
            busy => busy.during(during)?,
        };
        self.inner.log_is_owed.store(busy, Ordering::Relaxed);
        Ok(())
    }

    /// Empties the write-ahead log where that is owed since somebody was in the way.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn empty_owed_log(&self) -> Result<()> {
        if self.inner.log_is_owed.load(Ordering::Relaxed) { self.empty_log() } else { Ok(()) }
    }

    /// A counter that every change of manifests, references, places and assignments raises, in whatever process.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn generation(&self) -> Result<u64> {
        self.read("generation", |tx| {
            tx.query_row("SELECT n FROM generation", [], |row| crate::column::count(row, "n"))
        })
    }
}

/// As [`Store::mac`], with a key ring that is not a store's yet.
pub(crate) fn mac_with(key: &[u8; 32], purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::unwrap_used, reason = "HMAC takes keys of every length (RFC 2104)")]
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
    for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Raises [`Store::generation`] with the transaction.
pub(crate) fn raise_generation(tx: &Transaction<'_>, during: &'static str) -> Result<()> {
    let rows = tx.execute("UPDATE generation SET n = n + 1", []).during(during)?;
    crate::error::touched(during, 1, rows)
}

/// A held lock whose holder panicked is taken over: SQLite rolled that transaction back.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens a database file, mode 0600, with every safety of SQLite that we rely on.
pub(crate) fn connect(path: &Path, journal: &str) -> Result<Connection> {
    let during = "opening the database";
    fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(io("open or make", path))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).during(during)?;
    connection.busy_timeout(BUSY_TIMEOUT).during(during)?;
    connection.pragma_update(None, "secure_delete", "ON").during(during)?;
    set_journal(&connection, journal).during(during)?;
    connection.pragma_update(None, "synchronous", "FULL").during(during)?;
    connection.pragma_update(None, "foreign_keys", "ON").during(during)?;
    connection.pragma_update(None, "temp_store", "MEMORY").during(during)?;
    connection.pragma_update(None, "trusted_schema", "OFF").during(during)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Switching the journal may meet another process that switches it: SQLite then does not wait by itself.
fn set_journal(connection: &Connection, journal: &str) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        let set = connection.query_row(&format!("PRAGMA journal_mode = {journal}"), [], |row| row.get(0));
        match set {
            Ok(mode) if str::eq_ignore_ascii_case(String::as_str(&mode), journal) => return Ok(()),
            Err(error) if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) => return Err(error),
            Err(error) if tries == 200 => return Err(error),
            Ok(_) if tries == 200 => return Err(crate::column::unreadable("journal_mode")),
            _ => {}
        }
        tries += 1;
        std::thread::sleep(Duration::from_millis(25));
    }
}

/// Brings a database to the last of `schemas`, and checks that this is what it now is.
pub(crate) fn migrate(connection: &mut Connection, file: &'static str, schemas: &[&str]) -> Result<()> {
    bring_up(connection, file, schemas)?;
    crate::schema::check(connection, file, schemas)
}

/// Step by step, alone with it and in one transaction.
fn bring_up(connection: &mut Connection, file: &'static str, schemas: &[&str]) -> Result<()> {
    let during = "migrating the database";
    let version = signed(schemas.len() as u64);
    let read = |c: &Connection| c.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    if read(connection).during(during)? == version {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Exclusive).during(during)?;
    // Another process may have done it since.
    let found = read(&tx).during(during)?;
    if found > version {
        return Err(StoreError::TooNew { file, found, known: version });
    }
    for schema in schemas.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.execute_batch(schema).during(during)?;
    }
    tx.pragma_update(None, "user_version", version).during(during)?;
    tx.commit().during(during)
}

/// How many rows to ask SQLite for.
pub(crate) fn limit(rows: usize) -> i64 {
    signed(rows as u64)
}
