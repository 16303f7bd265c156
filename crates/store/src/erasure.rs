//! Erasing: the row turns invisible, the key is destroyed, the bytes are reclaimed, the row goes. Each step may be
//! repeated, and a crash between any two is finished by [`Store::sweep`].

use crate::column::{micros, word};
use crate::error::{During, Result};
use crate::failpoint::failpoint;
use crate::store::{Store, limit};
use crate::vault::SEAL_GOOD_FOR;
use jiff::Timestamp;
use portunus_core::id::{RecordId, VoyageId};
use portunus_core::voyage::VoyageStatus;
use rusqlite::{OptionalExtension, Transaction, named_params};

/// Records taken at a time where there may be any number.
const BATCH: usize = 500;

/// What a sweep found and finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Erasures that had begun and were finished.
    pub erasures_finished: usize,
    /// Keys that no row named, with their bytes: a crash between sealing and committing.
    pub orphans: usize,
    /// Files that had neither a key nor a row.
    pub stray_files: usize,
    /// Galleries of voyages that are over or unknown.
    pub galleries: usize,
}

impl Store {
    /// Records whose time has come by `now`, the longest overdue first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn due(&self, now: Timestamp, at_most: usize) -> Result<Vec<RecordId>> {
        self.read("due", |tx| {
            tx.prepare_cached(
                "SELECT id FROM record WHERE erased_at IS NULL AND erase_after <= :now
                 ORDER BY erase_after LIMIT :limit",
            )?
            .query_map(named_params! {":now": micros(now), ":limit": limit(at_most)}, |row| {
                row.get(0).map(RecordId::from_bytes)
            })?
            .collect()
        })
    }

    /// Erases one record: gone for every reader, its key destroyed and its bytes removed, when this returns.
    /// `false` when it was not there any more.
    ///
    /// # Errors
    /// What the disk says; the sweep finishes what had begun.
    pub fn erase(&self, record: RecordId, now: Timestamp) -> Result<bool> {
        let begun = self.tx("erase", |tx| hide(tx, record, now))?;
        if begun {
            failpoint("erase.after-invisible");
            self.finish_erasing(&[record])?;
            self.empty_log()?;
        }
        Ok(begun)
    }

    /// Erases at most `batch` records whose time has come; says how many.
    ///
    /// # Errors
    /// What the disk says; the sweep finishes what had begun.
    pub fn erase_due(&self, now: Timestamp, batch: usize) -> Result<usize> {
        let due = self.due(now, batch)?;
        if due.is_empty() {
            return Ok(0);
        }
        let begun = self.tx("erase_due", |tx| {
            let mut begun = Vec::with_capacity(due.len());
            for record in due {
                if hide(tx, record, now)? {
                    begun.push(record);
                }
            }
            Ok(begun)
        })?;
        failpoint("erase.after-invisible");
        self.finish_erasing(&begun)?;
        self.empty_log()?;
        Ok(begun.len())
    }

    /// What follows once rows are invisible: keys, bytes, rows.
    pub(crate) fn finish_erasing(&self, records: &[RecordId]) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        self.keys().destroy(records)?;
        failpoint("erase.after-key");
        for record in records {
            self.blobs().remove(record.bytes())?;
        }
        failpoint("erase.after-blob");
        self.tx("finish_erasing", |tx| {
            for record in records {
                // Another process that sweeps may have been faster.
                tx.prepare_cached("DELETE FROM record WHERE id = :id AND erased_at IS NOT NULL")
                    .and_then(|mut s| s.execute(named_params! {":id": record.bytes()}))
                    .during("finish_erasing")?;
            }
            Ok(())
        })
    }

    /// Finishes what a crash left: begun erasures, keys and bytes without a row, galleries of voyages that are over.
    ///
    /// Never touches what another process is about to commit: only keys made more than ten minutes before `now`.
    ///
    /// # Errors
    /// What the disk says; a later sweep goes on.
    pub fn sweep(&self, now: Timestamp) -> Result<Swept> {
        let mut swept = Swept::default();
        loop {
            let begun = self.hidden()?;
            if begun.is_empty() {
                break;
            }
            self.finish_erasing(&begun)?;
            swept.erasures_finished += begun.len();
        }
        self.sweep_keys(now, &mut swept)?;
        self.sweep_files(&mut swept)?;
        self.sweep_galleries(&mut swept)?;
        if swept != Swept::default() {
            self.empty_log()?;
        }
        Ok(swept)
    }

    fn hidden(&self) -> Result<Vec<RecordId>> {
        self.read("sweep", |tx| {
            tx.prepare_cached("SELECT id FROM record WHERE erased_at IS NOT NULL LIMIT :limit")?
                .query_map(named_params! {":limit": limit(BATCH)}, |row| {
                    row.get(0).map(RecordId::from_bytes)
                })?
                .collect()
        })
    }

    fn sweep_keys(&self, now: Timestamp, swept: &mut Swept) -> Result<()> {
        let until = now.saturating_sub(SEAL_GOOD_FOR * 2).unwrap_or(Timestamp::MIN);
        let mut after = None;
        loop {
            let old = self.keys().made_until(until, after, BATCH)?;
            let Some(last) = old.last() else { return Ok(()) };
            after = Some(*last);
            let orphans = self.without_row(old)?;
            for orphan in &orphans {
                self.blobs().remove(orphan.bytes())?;
            }
            // The key last: while it is there, the next sweep finds the orphan again.
            self.keys().destroy(&orphans)?;
            swept.orphans += orphans.len();
        }
    }

    fn sweep_files(&self, swept: &mut Swept) -> Result<()> {
        for drawer in 0..=u8::MAX {
            let files = self.blobs().in_drawer(drawer)?;
            for record in self.without_row(files.into_iter().map(RecordId::from_bytes).collect())? {
                // A key is made before its file: a file without one is nobody's any more.
                if self.keys().of(record)?.is_none() {
                    self.blobs().remove(record.bytes())?;
                    swept.stray_files += 1;
                }
            }
        }
        Ok(())
    }

    fn sweep_galleries(&self, swept: &mut Swept) -> Result<()> {
        for voyage in self.keys().galleries()? {
            let over = match self.voyage(voyage)? {
                None => true,
                Some(voyage) => matches!(voyage.status, VoyageStatus::Closed | VoyageStatus::Cancelled),
            };
            if over {
                self.destroy_gallery(voyage)?;
                swept.galleries += 1;
            }
        }
        for drawer in 0..=u8::MAX {
            for file in self.galleries().in_drawer(drawer)? {
                // As above: the key comes first and goes first.
                if !self.keys().has_gallery(VoyageId::from_bytes(file))? {
                    self.galleries().remove(file)?;
                    swept.galleries += 1;
                }
            }
        }
        Ok(())
    }

    /// Those of `records` that no row names.
    fn without_row(&self, mut records: Vec<RecordId>) -> Result<Vec<RecordId>> {
        self.read("sweep", |tx| {
            let mut find = tx.prepare_cached("SELECT 1 FROM record WHERE id = :id")?;
            let mut rowless = Vec::new();
            for record in records.drain(..) {
                let row = find.query_row(named_params! {":id": record.bytes()}, |_| Ok(())).optional()?;
                if row.is_none() {
                    rowless.push(record);
                }
            }
            Ok(rowless)
        })
    }

    /// Destroys a sealed record whose commit did not happen. What fails is left to the sweep.
    pub(crate) fn discard(&self, record: RecordId) -> Result<()> {
        self.blobs().remove(record.bytes())?;
        self.keys().destroy(&[record])
    }

    /// How many records of this class are kept: for tests, and figures without anybody's data.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn records_of(&self, class: portunus_core::policy::PersonClass) -> Result<u64> {
        self.read("records_of", |tx| {
            tx.query_row(
                "SELECT COUNT(*) AS n FROM record WHERE class = :class AND erased_at IS NULL",
                named_params! {":class": word(&class)},
                |row| crate::column::count(row, "n"),
            )
        })
    }
}

/// Makes a record invisible: from this commit on nothing reads it. `false` when it was already, or is not there.
pub(crate) fn hide(tx: &Transaction<'_>, record: RecordId, now: Timestamp) -> Result<bool> {
    let hidden = tx
        .prepare_cached("UPDATE record SET erased_at = :now WHERE id = :id AND erased_at IS NULL")
        .and_then(|mut s| s.execute(named_params! {":now": micros(now), ":id": record.bytes()}))
        .during("erase")?;
    if hidden == 1 {
        // A reference that is gone must leave the galleries, too.
        crate::store::raise_generation(tx, "erase")?;
    }
    Ok(hidden == 1)
}
