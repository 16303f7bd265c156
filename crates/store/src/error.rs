//! What can go wrong with what is kept. No message holds personal data, keys or contents.

use portunus_core::id::RecordId;
use std::path::PathBuf;

/// What every call of the store gives.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why the store could not do it. Absence is not among them: looking something up gives an `Option`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The public log and these data do not fit together: nothing is signed.
    #[error("the ledger: {what}")]
    Ledger {
        /// How.
        what: &'static str,
    },
    /// SQLite refused.
    #[error("the database refused {during}")]
    Database {
        /// The transaction, by its name.
        during: &'static str,
        /// What SQLite says: it names tables and columns, never values.
        #[source]
        source: rusqlite::Error,
    },
    /// A write touched other rows than it must; the transaction was rolled back.
    #[error("{during} touched {found} rows where {expected} was meant; nothing was changed")]
    Rows {
        /// The transaction, by its name.
        during: &'static str,
        /// How many rows the write must touch.
        expected: usize,
        /// How many it touched.
        found: usize,
    },
    /// A sealed record does not open: its key or its bytes are gone or were altered.
    #[error(
        "the sealed record {record} does not open: {what}; restore blobs/ and keys.db together, or erase it"
    )]
    Sealed {
        /// Which.
        record: RecordId,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A sealed record was not committed in time: a sweep may have taken it for an orphan.
    #[error("the sealed record {record} was not committed within 5 minutes; seal it again")]
    SealExpired {
        /// Which.
        record: RecordId,
    },
    /// A citizen's probe was about to be kept; it was destroyed instead.
    #[error("a citizen's probe is never kept; decide whose data it is before sealing it")]
    CitizenProbe,
    /// A file could not be read or written.
    #[error("could not {doing} {}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The key ring is locked, or not as was thought; nothing was changed.
    #[error("the key ring does not open: {0}")]
    Ring(&'static str),
    /// A backup, or the folder it is made of or restored into, will not do; nothing was changed.
    #[error("{} {what}", path.display())]
    Backup {
        /// Which file or folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        what: &'static str,
    },
    /// The folder was written by a newer version.
    #[error("{file} has schema version {found}, this program knows up to {known}: use the newer program")]
    TooNew {
        /// Which file.
        file: &'static str,
        /// What it has.
        found: i64,
        /// What this program knows.
        known: i64,
    },
    /// Somebody altered a database's tables: what is written may not be kept as it must be.
    #[error("{file} is not what its version says: {object} {what}; restore a backup, or undo the change")]
    AlteredSchema {
        /// Which file.
        file: &'static str,
        /// Which table, index, view or trigger.
        object: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The folder was written by another version, and is only to be read.
    #[error(
        "{file} has schema version {found}, this program reads {known}: run `portunus serve` of this version once"
    )]
    OtherVersion {
        /// Which file.
        file: &'static str,
        /// What it has.
        found: i64,
        /// What this program reads.
        known: i64,
    },
    /// A parameter is over its bound.
    #[error("{what} is over its bound of {bound}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it may be.
        bound: usize,
    },
}

/// A kept value that is not one of ours; says where, never the value.
#[derive(Debug, thiserror::Error)]
#[error("the column {0} holds what this program does not understand")]
pub(crate) struct Unreadable(pub(crate) &'static str);

/// Adds the name of the transaction to what SQLite says.
pub(crate) trait During<T> {
    fn during(self, during: &'static str) -> Result<T>;
}

impl<T> During<T> for rusqlite::Result<T> {
    fn during(self, during: &'static str) -> Result<T> {
        self.map_err(|source| StoreError::Database { during, source })
    }
}

/// Checks how many rows a write touched.
pub(crate) fn touched(during: &'static str, expected: usize, found: usize) -> Result<()> {
    if found == expected { Ok(()) } else { Err(StoreError::Rows { during, expected, found }) }
}

/// Adds what was tried, and where, to what the system says.
pub(crate) fn io(doing: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { doing, path, source }
}
