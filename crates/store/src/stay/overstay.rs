//! The list of who is past their last day, as last computed. Entries' records alone: nobody is named.

use crate::column::{id, instant, json, json_of, micros, unreadable};
use crate::error::{During, Result, touched};
use crate::store::{Store, limit};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use portunus_core::id::RecordId;
use portunus_core::stay::StayState;
use rusqlite::{OptionalExtension, Transaction, named_params};

/// A stay past its last day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overstay {
    /// The record of its entry.
    pub record: RecordId,
    /// The last day.
    pub until: Date,
    /// What can be said of it.
    pub state: StayState,
    /// The grounds, in words without a name.
    pub explained: String,
}

/// With the transaction that changes whose records are: the list is to be computed anew, by whichever process comes to it.
/// Until then it is shown as of long ago.
pub(crate) fn outdate_overstays(tx: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let long_ago = now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(now);
    tx.execute("UPDATE overstay_computed SET at = MIN(at, :at)", named_params! {":at": micros(long_ago)})?;
    outdate(tx)
}

/// A computation that is under way is of before this, and is not put in place of the list.
fn outdate(tx: &Transaction<'_>) -> rusqlite::Result<()> {
    tx.execute("UPDATE overstay_outdated SET n = n + 1", []).map(|_| ())
}

fn outdated(tx: &Transaction<'_>) -> rusqlite::Result<i64> {
    tx.query_row("SELECT n FROM overstay_outdated", [], |row| row.get(0))
}

/// How often what the list is computed from was changed by hand: read before a computation begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outdated(i64);

/// What was erased meanwhile is left out.
fn insert(tx: &Transaction<'_>, during: &'static str, list: &[Overstay], now: Timestamp) -> Result<()> {
    for one in list {
        tx.prepare_cached(
            "INSERT INTO overstay (record, until, state, explained, computed_at)
             SELECT id, :until, :state, :explained, :now FROM record
             WHERE id = :record AND erased_at IS NULL AND erase_after > :now
             ON CONFLICT (record) DO UPDATE SET until = excluded.until, state = excluded.state,
             explained = excluded.explained, computed_at = excluded.computed_at",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":record": one.record.bytes(),
                ":until": one.until.to_string(),
                ":state": json(&one.state)?,
                ":explained": one.explained,
                ":now": micros(now),
            })
        })
        .during(during)?;
    }
    Ok(())
}

impl Store {
    /// What [`Self::put_overstays`] is told a computation began with.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn overstays_outdated(&self) -> Result<Outdated> {
        self.read("overstays_outdated", |tx| outdated(tx).map(Outdated))
    }

    /// Puts the list as of `now` in place of the one before. What was erased meanwhile is left out. `false` when what it was
    /// computed from has changed since: then nothing is put.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn put_overstays(&self, list: &[Overstay], began: Outdated, now: Timestamp) -> Result<bool> {
        let during = "put_overstays";
        self.tx(during, |tx| {
            if Outdated(outdated(tx).during(during)?) != began {
                return Ok(false);
            }
            tx.execute("DELETE FROM overstay", []).during(during)?;
            insert(tx, during, list, now)?;
            // When it was computed is known although nobody is on it.
            let rows = tx
                .execute(
                    "INSERT INTO overstay_computed (one, at) VALUES (1, :now)
                     ON CONFLICT (one) DO UPDATE SET at = :now",
                    named_params! {":now": micros(now)},
                )
                .during(during)?;
            touched(during, 1, rows)?;
            Ok(true)
        })
    }

    /// Puts the list of some people in place of what it said of them: `entries` are those of all their stays.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn put_overstays_of(&self, entries: &[RecordId], list: &[Overstay], now: Timestamp) -> Result<()> {
        let during = "put_overstays_of";
        self.tx(during, |tx| {
            for record in entries {
                tx.prepare_cached("DELETE FROM overstay WHERE record = :record")
                    .and_then(|mut s| s.execute(named_params! {":record": record.bytes()}))
                    .during(during)?;
            }
            outdate(tx).during(during)?;
            insert(tx, during, list, now)
        })
    }

    /// Forgets the list, for it may say what does not hold any more: it is computed anew.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn forget_overstays(&self) -> Result<()> {
        self.tx("forget_overstays", |tx| {
            outdate(tx).during("forget_overstays")?;
            tx.execute("DELETE FROM overstay", []).during("forget_overstays")?;
            tx.execute("DELETE FROM overstay_computed", []).during("forget_overstays").map(|_| ())
        })
    }

    /// When the list was last computed; `None` when it is to be computed anew.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn overstays_computed(&self) -> Result<Option<Timestamp>> {
        self.read("overstays_computed", |tx| {
            tx.prepare_cached("SELECT at FROM overstay_computed")?
                .query_row([], |row| instant(row, "at"))
                .optional()
        })
    }

    /// When the list was computed, how many are on it, and the longest past of them, at most `at_most`. `None` before the first
    /// time.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn overstays(
        &self,
        now: Timestamp,
        at_most: usize,
    ) -> Result<Option<(Timestamp, usize, Vec<Overstay>)>> {
        self.read("overstays", |tx| {
            let mut find = tx.prepare_cached("SELECT at FROM overstay_computed")?;
            let mut computed = find.query([])?;
            let Some(row) = computed.next()? else { return Ok(None) };
            let at = instant(row, "at")?;
            let readable = "overstay JOIN record ON record.id = overstay.record
                 WHERE erased_at IS NULL AND erase_after > :now";
            let all: i64 = tx
                .prepare_cached(&format!("SELECT count(*) FROM {readable}"))?
                .query_row(named_params! {":now": micros(now)}, |row| row.get(0))?;
            let list = tx
                .prepare_cached(&format!(
                    "SELECT overstay.* FROM {readable} ORDER BY until, record LIMIT :limit"
                ))?
                .query_map(named_params! {":now": micros(now), ":limit": limit(at_most)}, |row| {
                    let until: String = row.get("until")?;
                    Ok(Overstay {
                        record: id(row, "record", RecordId::from_bytes)?,
                        until: until.parse().map_err(|_| unreadable("until"))?,
                        state: json_of(row, "state")?,
                        explained: row.get("explained")?,
                    })
                })?
                .collect::<rusqlite::Result<_>>()?;
            Ok(Some((at, usize::try_from(all).unwrap_or(0), list)))
        })
    }
}
