//! What is held, one by one and without anybody's name: for counts by class, data and date.

use crate::column::{instant, word_of, word_or_none};
use crate::error::Result;
use crate::store::Store;
use jiff::Timestamp;
use portunus_core::id::RecordId;
use portunus_core::policy::{DataClass, PersonClass, Start};
use rusqlite::{OptionalExtension, Row, named_params};

/// One thing that is held until its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Whose rules apply.
    pub class: PersonClass,
    /// What it is.
    pub data: DataClass,
    /// What started the count: the capture, the import, the crossing.
    pub start: Start,
    /// When it is to be gone.
    pub due: Timestamp,
}

impl Store {
    /// Gives every record that is not erased to `each`, the earliest due first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn holdings(&self, mut each: impl FnMut(Holding)) -> Result<()> {
        self.read("holdings", |tx| {
            let mut records = tx.prepare(
                "SELECT kind, class, began_at, direction, erase_after FROM record
                 WHERE erased_at IS NULL ORDER BY erase_after",
            )?;
            let mut rows = records.query([])?;
            while let Some(row) = rows.next()? {
                each(Holding {
                    class: word_of(row, "class")?,
                    data: word_of(row, "kind")?,
                    start: start(row)?,
                    due: instant(row, "erase_after")?,
                });
            }
            Ok(())
        })
    }
}

impl Store {
    /// What started a record's count; `None` when it is not there any more.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn started(&self, record: RecordId) -> Result<Option<Start>> {
        self.read("started", |tx| {
            tx.prepare_cached("SELECT began_at, direction FROM record WHERE id = :id AND erased_at IS NULL")?
                .query_row(named_params! {":id": record.bytes()}, start)
                .optional()
        })
    }
}

/// What started a record's count.
pub(crate) fn start(row: &Row<'_>) -> rusqlite::Result<Start> {
    Ok(Start { at: instant(row, "began_at")?, direction: word_or_none(row, "direction")? })
}
