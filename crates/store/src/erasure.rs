//! Erasing: the row turns invisible, its bucket's other members are moved, the bucket's key is destroyed, the bytes are
//! reclaimed, the row goes. Each step may be repeated, and a crash between any two is finished by [`Store::sweep`].

use crate::bucket::{BucketId, forget_dead_buckets, unknown};
use crate::case::held;
use crate::column::micros;
use crate::error::{During, Result};
use crate::failpoint::failpoint;
use crate::fault;
use crate::ledger::tell_erased;
use crate::recipient::recall;
use crate::store::{Store, limit};
use crate::vault::SEAL_GOOD_FOR;
use jiff::Timestamp;
use portunus_core::id::{RecordId, VoyageId};
use portunus_core::voyage::VoyageStatus;
use rusqlite::{OptionalExtension, Transaction, named_params};
use std::collections::BTreeSet;

/// Records taken at a time where there may be any number.
const BATCH: usize = 500;

/// What a sweep found and finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Erasures that had begun and were finished.
    pub erasures_finished: usize,
    /// Sealed bytes that no row named: a crash between sealing and committing.
    pub orphans: usize,
    /// Buckets' keys that no bucket's row named.
    pub keys: usize,
    /// Files that nothing was known of.
    pub stray_files: usize,
    /// Galleries of voyages that are over or unknown.
    pub galleries: usize,
}

impl Store {
    /// Records whose time has come by `now` and that no hold keeps, the longest overdue first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn due(&self, now: Timestamp, at_most: usize) -> Result<Vec<RecordId>> {
        self.read("due", |tx| {
            tx.prepare_cached(&format!(
                "SELECT id FROM record WHERE erased_at IS NULL AND erase_after <= :now AND NOT {}
                     ORDER BY erase_after LIMIT :limit",
                held()
            ))?
            .query_map(named_params! {":now": micros(now), ":limit": limit(at_most)}, |row| {
                row.get(0).map(RecordId::from_bytes)
            })?
            .collect()
        })
    }

    /// Erases one record: gone for every reader, its key destroyed and its bytes removed, when this returns.
    /// `false` when it was not there any more, or a hold keeps it: it is due from then on, and invisible to all but the case.
    ///
    /// # Errors
    /// What the disk says; repeating it finishes what had begun, and so does the sweep.
    pub fn erase(&self, record: RecordId, now: Timestamp) -> Result<bool> {
        let begun = self.tx("erase", |tx| {
            let began_before = "SELECT EXISTS (SELECT 1 FROM record WHERE id = ?1 AND erased_at IS NOT NULL)";
            Ok(hide(tx, record, now)?
                || tx.query_row(began_before, [record.bytes()], |row| row.get(0)).during("erase")?)
        })?;
        if begun {
            failpoint("erase.after-invisible");
            self.finish_erasing(&[record], now)?;
            self.empty_log()?;
        }
        Ok(begun)
    }

    /// Erases about `batch` records whose time has come, and what fell due with them in the same buckets; says how
    /// many. 0 when nothing is due.
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
            for record in with_their_buckets(tx, &due, now)? {
                if hide(tx, record, now)? {
                    begun.push(record);
                }
            }
            Ok(begun)
        })?;
        failpoint("erase.after-invisible");
        self.finish_erasing(&begun, now)?;
        self.empty_log()?;
        Ok(begun.len())
    }

    /// Finishes what had begun, and erases every record whose time has come, in batches; others commit in between. `each` is
    /// told how many a batch was.
    ///
    /// # Errors
    /// What the disk says; what was erased until then stays erased.
    pub fn erase_all_due(&self, now: Timestamp, batch: usize, mut each: impl FnMut(usize)) -> Result<()> {
        self.finish_begun(now)?;
        loop {
            match self.erase_due(now, batch)? {
                0 => return Ok(()),
                erased => each(erased),
            }
        }
    }

    /// Since when the longest overdue record is overdue; `None` when nothing is that no hold keeps.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn overdue_since(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        self.read("overdue_since", |tx| {
            tx.prepare_cached(&format!(
                "SELECT erase_after FROM record WHERE erased_at IS NULL AND erase_after <= :now AND NOT {}
                     ORDER BY erase_after LIMIT 1",
                held()
            ))?
            .query_row(named_params! {":now": micros(now)}, |row| crate::column::instant(row, "erase_after"))
            .optional()
        })
    }

    /// What follows once rows are invisible: who is not erased leaves their buckets, then keys, bytes, rows.
    pub(crate) fn finish_erasing(&self, records: &[RecordId], now: Timestamp) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        self.tx("finish_erasing", |tx| {
            for bucket in buckets_of(tx, records)? {
                self.retire_bucket(tx, bucket, now)?;
            }
            Ok(())
        })?;
        failpoint("erase.after-move");
        self.destroy_dying()?;
        fault::write("forget where data keys went", || self.keys().forget_moved(records))?;
        failpoint("erase.after-key");
        fault::write("remove sealed bytes", || {
            self.blobs().remove_all(records.iter().map(|record| record.bytes()))
        })?;
        failpoint("erase.after-blob");
        self.tx("finish_erasing", |tx| {
            for record in records {
                // Another process that sweeps may have been faster: then nothing is known of it any more.
                tell_erased(tx, *record, now)?;
                tx.prepare_cached("DELETE FROM record WHERE id = :id AND erased_at IS NOT NULL")
                    .and_then(|mut s| s.execute(named_params! {":id": record.bytes()}))
                    .during("finish_erasing")?;
            }
            forget_dead_buckets(tx)
        })
    }

    /// Finishes what a crash left: begun erasures, keys and bytes without a row, galleries of voyages that are over.
    ///
    /// Never touches what another process is about to commit: only what was sealed more than ten minutes before `now`.
    ///
    /// # Errors
    /// What the disk says; a later sweep goes on.
    pub fn sweep(&self, now: Timestamp) -> Result<Swept> {
        let mut swept = Swept { erasures_finished: self.reapply_erasures(now)?, ..Swept::default() };
        swept.erasures_finished += self.finish_begun(now)?;
        self.sweep_sealing(now, &mut swept)?;
        self.sweep_keys(now, &mut swept)?;
        self.sweep_files(&mut swept)?;
        self.sweep_galleries(&mut swept)?;
        if swept != Swept::default() {
            self.empty_log()?;
        }
        Ok(swept)
    }

    /// Finishes erasures that had begun and were cut short; says how many. Whether the clock is right does not matter to
    /// it: what was erased is erased.
    ///
    /// # Errors
    /// What the disk says; a later call goes on.
    pub fn finish_begun(&self, now: Timestamp) -> Result<usize> {
        let mut finished = 0;
        loop {
            let begun = self.hidden()?;
            if begun.is_empty() {
                break;
            }
            self.finish_erasing(&begun, now)?;
            finished += begun.len();
        }
        // What a hold keeps although it was erased has a new date, which the key ring is to know.
        if self.destroy_dying()? > 0 {
            self.tx("sweep", forget_dead_buckets)?;
        }
        Ok(finished)
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

    fn sweep_sealing(&self, now: Timestamp, swept: &mut Swept) -> Result<()> {
        loop {
            let orphans: Vec<RecordId> = self.read("sweep", |tx| {
                tx.prepare_cached("SELECT record FROM sealing WHERE at <= :until LIMIT :limit")?
                    .query_map(
                        named_params! {":until": micros(long_ago(now)), ":limit": limit(BATCH)},
                        |row| row.get(0).map(RecordId::from_bytes),
                    )?
                    .collect()
            })?;
            if orphans.is_empty() {
                return Ok(());
            }
            for orphan in &orphans {
                self.discard(*orphan)?;
            }
            swept.orphans += orphans.len();
        }
    }

    fn sweep_keys(&self, now: Timestamp, swept: &mut Swept) -> Result<()> {
        let mut after = None;
        loop {
            let old = self.keys().made_until(long_ago(now), after, BATCH)?;
            let Some(last) = old.last() else { return Ok(()) };
            after = Some(*last);
            let known = "SELECT EXISTS (SELECT 1 FROM bucket WHERE id = ?1)";
            let unknown = self.read("sweep", |tx| unknown(tx, known, old, |bucket: BucketId| bucket.0))?;
            fault::write("destroy keys without a bucket", || self.keys().destroy(&unknown))?;
            swept.keys += unknown.len();
        }
    }

    fn sweep_files(&self, swept: &mut Swept) -> Result<()> {
        for drawer in 0..=u8::MAX {
            let files = self.blobs().in_drawer(drawer)?;
            // A file is noted before it is made, and the note goes with the commit that names it.
            let known = "SELECT EXISTS (SELECT 1 FROM record WHERE id = ?1)
                         OR EXISTS (SELECT 1 FROM sealing WHERE record = ?1)";
            for file in self.read("sweep", |tx| unknown(tx, known, files, |file| file))? {
                fault::write("remove a stray file", || self.blobs().remove(file))?;
                swept.stray_files += 1;
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

    /// Destroys a sealed record whose commit did not happen. What fails is left to the sweep.
    pub(crate) fn discard(&self, record: RecordId) -> Result<()> {
        fault::write("remove sealed bytes", || self.blobs().remove(record.bytes()))?;
        self.tx("discard", |tx| {
            tx.prepare_cached("DELETE FROM sealing WHERE record = :record")
                .and_then(|mut s| s.execute(named_params! {":record": record.bytes()}))
                .during("discard")
                .map(|_| ())
        })
    }
}

/// Before this, whoever sealed has committed or crashed.
pub(crate) fn long_ago(now: Timestamp) -> Timestamp {
    now.saturating_sub(SEAL_GOOD_FOR * 2).unwrap_or(Timestamp::MIN)
}

/// The due members of these records' buckets, bucket by bucket: whole buckets leave nobody to be moved. No bucket is begun
/// once there are as many as records were given: captures wait for a batch, so it is never more than that and a bucket.
fn with_their_buckets(tx: &Transaction<'_>, due: &[RecordId], now: Timestamp) -> Result<Vec<RecordId>> {
    let mut all: Vec<RecordId> = Vec::new();
    for bucket in buckets_of(tx, due)? {
        if all.len() >= due.len() {
            break;
        }
        let members: Vec<RecordId> = tx
            .prepare_cached(&format!(
                "SELECT id FROM record WHERE bucket = :bucket AND erased_at IS NULL AND erase_after <= :now
                 AND NOT {}",
                held()
            ))
            .and_then(|mut s| {
                s.query_map(named_params! {":bucket": bucket.0, ":now": micros(now)}, |row| {
                    row.get(0).map(RecordId::from_bytes)
                })?
                .collect()
            })
            .during("erase_due")?;
        all.extend(members);
    }
    Ok(all)
}

/// The buckets that these records are in, each once.
fn buckets_of(tx: &Transaction<'_>, records: &[RecordId]) -> Result<BTreeSet<BucketId>> {
    let mut find = tx.prepare_cached("SELECT bucket FROM record WHERE id = :id").during("find buckets")?;
    let mut buckets = BTreeSet::new();
    for record in records {
        let bucket = find
            .query_row(named_params! {":id": record.bytes()}, |row| row.get(0).map(BucketId))
            .optional()
            .during("find buckets")?;
        buckets.extend(bucket);
    }
    Ok(buckets)
}

/// Makes a record invisible: from this commit on nothing reads it. `false` when it was already, is not there, or a hold
/// keeps it. What goes before its date is recalled from whoever has a copy.
pub(crate) fn hide(tx: &Transaction<'_>, record: RecordId, now: Timestamp) -> Result<bool> {
    let during = "erase";
    let found: Option<(bool, bool, bool)> = tx
        .prepare_cached(&format!(
            "SELECT erase_after > :now AS early, {} AS held, kind = 'reference' AS staged FROM record
             WHERE id = :id AND erased_at IS NULL",
            held()
        ))
        .and_then(|mut s| {
            s.query_row(named_params! {":now": micros(now), ":id": record.bytes()}, |row| {
                Ok((row.get("early")?, row.get("held")?, row.get("staged")?))
            })
            .optional()
        })
        .during(during)?;
    let Some((early, held, staged)) = found else { return Ok(false) };
    if early {
        recall(tx, record, None, now)?;
    }
    let change = match held {
        // Due from now on: nobody but the case sees it, and it goes when the hold does.
        true => {
            "UPDATE record SET early = erase_after > :now, erase_after = MIN(erase_after, :now), unnoted = 1 WHERE id = :id"
        }
        false => "UPDATE record SET early = early OR erase_after > :now, erased_at = :now WHERE id = :id",
    };
    let rows = tx
        .prepare_cached(change)
        .and_then(|mut s| s.execute(named_params! {":now": micros(now), ":id": record.bytes()}))
        .during(during)?;
    crate::error::touched(during, 1, rows)?;
    if staged {
        // A reference that is gone must leave the galleries, too.
        crate::store::raise_generation(tx, during)?;
    }
    Ok(!held)
}
