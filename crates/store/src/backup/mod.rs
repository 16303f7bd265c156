//! Backups: the data in one place, the key ring in another, and what was erased since stays erased.
//!
//! ```text
//! DATA/data.db  blobs/ab/ID  SHA256SUMS  manifest.json  manifest.mac       KEYS/keys.db  (the same three)
//! ```
//!
//! A folder without a manifest is not a backup: it is written last. Its MAC is made with the key ring, so that nobody
//! else can put an administrator into what is restored. Sealed galleries and the TLS key are not backed up.

mod files;
mod make;
mod restore;

pub(crate) use restore::refuse_half_restored;
pub use restore::restore;

use crate::error::{During, Result, StoreError};
use crate::store::mac_with;
use files::hex;
use jiff::Timestamp;
use portunus_core::id::RecordId;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The manifest's own version.
const FORMAT: u32 = 1;

/// Where the key ring's copy goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeysGo<'a> {
    /// It is not copied: without the present key ring nothing sealed in the backup opens.
    Nowhere,
    /// To a folder of its own, outside the data's.
    Apart(&'a Path),
    /// Into the folder `keys` of the backup: whoever has the backup can open all of it, and for ever.
    Beside,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackedUp {
    /// The instant that it holds.
    pub made_at: Timestamp,
    /// Sealed records with their bytes.
    pub records: usize,
    /// Bytes of all files.
    pub bytes: u64,
    /// Records erased while it was made: their rows are in it, their bytes and keys are not.
    pub erased_meanwhile: usize,
    /// Records whose bytes are missing in the store itself. Look into these.
    pub missing: Vec<RecordId>,
}

/// A backup that was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// The instant that it holds.
    pub made_at: Timestamp,
    /// Records that it held.
    pub records: usize,
    /// Of these, records erased since, or while it was made: they are gone again.
    pub erased_again: usize,
    /// Whether the keys came from a copy: what was erased after that copy was made opens again.
    pub keys_of_a_copy: bool,
    /// Whether erasing goes on by the clock: it does not when that is more than [`LEAP_MAX`](crate::clock::LEAP_MAX) from
    /// what was believed when the backup was made.
    pub clock_is_believed: bool,
}

/// How far it is: (done, of).
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

#[derive(Serialize, Deserialize)]
struct Manifest {
    format: u32,
    /// `data` or `keys`.
    holds: String,
    made_at: Timestamp,
    /// Which key ring sealed it.
    ring: String,
    /// Of the database's schema.
    schema: usize,
    /// SHA-256 of SHA256SUMS.
    sums: String,
    records: usize,
    missing: Vec<RecordId>,
    /// For whoever opens this file.
    note: String,
}

/// A name of the key ring with this MAC key that says nothing of its keys.
fn ring_name(mac_key: &[u8; 32]) -> String {
    hex(&mac_with(mac_key, "key ring", &[])[..16])
}

/// What shows that nobody else wrote a manifest.
fn manifest_mac(mac_key: &[u8; 32], text: &[u8]) -> String {
    hex(&mac_with(mac_key, "backup manifest", &[text]))
}

/// The schema from which on small records stand in their rows.
const IN_ROWS_SINCE: u32 = 6;

/// Records whose bytes belong to it as files.
fn kept(connection: &Connection) -> Result<Vec<RecordId>> {
    let during = "listing the records of a copy";
    let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).during(during)?;
    let files = if version < IN_ROWS_SINCE { "" } else { "AND content IS NULL" };
    connection
        .prepare(&format!("SELECT id FROM record WHERE erased_at IS NULL {files} ORDER BY id"))
        .and_then(|mut s| s.query_map([], |row| row.get(0).map(RecordId::from_bytes))?.collect())
        .during(during)
}

fn blob(record: RecordId) -> String {
    format!("blobs/{:02x}/{record}", record.bytes()[0])
}

fn refused(path: &Path, what: &'static str) -> StoreError {
    StoreError::Backup { path: path.to_owned(), what }
}
