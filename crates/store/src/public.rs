//! What anybody may know of a folder, read in one piece: counts of closed voyages, where may be photographed and under what
//! authority, what the records office did, who has copies.

use crate::case::{CaseCount, case_counts};
use crate::column::id;
use crate::designation::designation;
use crate::error::{During, Result, StoreError};
use crate::parity::{KeptAt, kept_at_points};
use crate::place::{point, position};
use crate::recipient::{Recipient, recall_counts, recipients};
use crate::store::{SCHEMAS, Store};
use crate::tally::Tallies;
use crate::traffic::Traffic;
use portunus_core::id::PointId;
use portunus_core::place::{CrossingPoint, Designation, Position};
use rusqlite::{Connection, OpenFlags, Transaction};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// What anybody may know, before small cells are withheld.
#[derive(Debug, Clone)]
pub struct PublicRecord {
    /// What was measured on closed voyages.
    pub tallies: Tallies,
    /// What is published of their passages.
    pub traffic: Traffic,
    /// What is kept of waits, by crossing point.
    pub waits: Vec<KeptAt>,
    /// Every crossing point, by name.
    pub points: Vec<CrossingPoint>,
    /// Where they are, as far as that was said.
    pub positions: HashMap<PointId, Position>,
    /// Every designation, by point and beginning.
    pub designations: Vec<Designation>,
    /// Cases of the records office.
    pub cases: Vec<CaseCount>,
    /// Recalls sent, and acknowledged.
    pub recalls: (u64, u64),
    /// Who has copies.
    pub recipients: Vec<Recipient>,
}

impl PublicRecord {
    fn read(tx: &Transaction<'_>, month: &str) -> rusqlite::Result<Self> {
        let positions = tx
            .prepare_cached("SELECT * FROM point WHERE latitude IS NOT NULL AND longitude IS NOT NULL")?
            .query_map([], |row| Ok((id(row, "id", PointId::from_bytes)?, position(row)?)))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Self {
            tallies: Tallies::closed(tx)?,
            traffic: Traffic::published(tx)?,
            waits: kept_at_points(tx, month)?,
            points: tx
                .prepare_cached("SELECT * FROM point ORDER BY name_folded")?
                .query_map([], point)?
                .collect::<rusqlite::Result<_>>()?,
            positions,
            designations: tx
                .prepare_cached("SELECT * FROM designation ORDER BY point, from_at, id")?
                .query_map([], designation)?
                .collect::<rusqlite::Result<_>>()?,
            cases: case_counts(tx)?,
            recalls: recall_counts(tx)?,
            recipients: recipients(tx)?,
        })
    }

    /// Reads it from a folder without changing anything in it, also while a service runs on it.
    ///
    /// # Errors
    /// [`StoreError::OtherVersion`] for a folder of another version; what SQLite says.
    pub fn in_folder(folder: &Path, month: &str) -> Result<Self> {
        read_folder(folder, "reading what is public", |tx| Self::read(tx, month))
    }
}

/// Runs `work` on the data of a folder as they are, without changing anything.
pub(crate) fn read_folder<T>(
    folder: &Path,
    during: &'static str,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> Result<T> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(folder.join("data.db"), flags).during(during)?;
    connection.busy_timeout(Duration::from_secs(10)).during(during)?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).during(during)?;
    let known = crate::column::signed(SCHEMAS.len() as u64);
    if found != known {
        return Err(StoreError::OtherVersion { file: "data.db", found, known });
    }
    let tx = connection.transaction().during(during)?;
    work(&tx).during(during)
}

impl Store {
    /// What anybody may know in a month, as `2026-11`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn public_record(&self, month: &str) -> Result<PublicRecord> {
        self.read("public_record", |tx| PublicRecord::read(tx, month))
    }
}
