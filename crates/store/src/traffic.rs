//! What is counted of every passage for the public: in the transaction that closes a voyage and deletes its encounters,
//! declines among them. A decline is in these counts and nowhere else.
//!
//! Counts of a month at a point wait until together they are of ten people: then all of them are published at once.

use crate::column::{count as count_of, id, id_or_none, signed, unreadable};
use crate::encounter::encounter;
use crate::error::{During, Result, touched};
use crate::store::Store;
use crate::tally::rulings;
use portunus_core::accuracy::traffic::{Counted, Known, outcome, wait_bin};
use portunus_core::accuracy::{CELL_MIN, Passage};
use portunus_core::encounter::{Encounter, Stage};
use portunus_core::id::{PointId, UserId};
use portunus_core::month::month;
use portunus_core::voyage::Voyage;
use rusqlite::{Row, Transaction, named_params};
use std::collections::{BTreeMap, BTreeSet};

/// How often something was counted, by month and crossing point.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic(pub BTreeMap<(String, PointId, Counted), u64>);

/// Counts a voyage's passages, with the transaction that forgets them, and publishes what is of ten people now.
pub(crate) fn count_passages(tx: &Transaction<'_>, voyage: &Voyage) -> Result<()> {
    let during = "close_voyage";
    let counts = Traffic::of(tx, voyage).during(during)?;
    for ((month, point, counted), n) in &counts.0 {
        let rows = tx
            .prepare_cached(
                "INSERT INTO traffic (published, month, point, kind, n) VALUES (0, :month, :point, :kind, :n)
                 ON CONFLICT DO UPDATE SET n = n + excluded.n",
            )
            .and_then(|mut s| {
                s.execute(named_params! {
                    ":month": month,
                    ":point": point.bytes(),
                    ":kind": counted.slug(),
                    ":n": signed(*n),
                })
            })
            .during(during)?;
        touched(during, 1, rows)?;
    }
    publish(tx).during(during)
}

fn publish(tx: &Transaction<'_>) -> rusqlite::Result<()> {
    let enough = "published = 0 AND (month, point) IN (SELECT month, point FROM traffic
         WHERE published = 0 AND kind LIKE 'passage/%' GROUP BY month, point HAVING SUM(n) >= :least)";
    let least = named_params! {":least": signed(CELL_MIN)};
    let added = tx.execute(
        &format!(
            "INSERT INTO traffic (published, month, point, kind, n)
             SELECT 1, month, point, kind, n FROM traffic WHERE {enough}
             ON CONFLICT DO UPDATE SET n = n + excluded.n"
        ),
        least,
    )?;
    let moved = tx.execute(&format!("DELETE FROM traffic WHERE {enough}"), least)?;
    // One row each: what is published is what does not wait any more.
    if added == moved { Ok(()) } else { Err(unreadable("traffic")) }
}

impl Traffic {
    /// What a voyage's encounters give.
    fn of(tx: &Transaction<'_>, voyage: &Voyage) -> rusqlite::Result<Self> {
        let (rulings, month) = (rulings(tx, voyage.id)?, month(voyage.key.date));
        let (mut traffic, mut officers) = (Self::default(), BTreeSet::new());
        let mut find = tx.prepare_cached("SELECT * FROM encounter WHERE voyage = :voyage")?;
        let rows = find.query_map(named_params! {":voyage": voyage.id.bytes()}, |row| {
            Ok((encounter(row)?, id_or_none(row, "officer", UserId::from_bytes)?))
        })?;
        for row in rows {
            let (it, officer) = row?;
            let rulings = rulings.get(&it.id).map_or(&[][..], Vec::as_slice);
            let passage = Passage { encounter: &it, rulings, measured: None };
            let Some((outcome, verdict)) = outcome(&passage) else { continue };
            let authors = rulings.iter().map(|ruled| ruled.author).chain(officer);
            officers.extend(authors.map(|officer| (it.point, it.lane, officer)));
            traffic.add(&month, it.point, Counted::Passage(outcome, verdict));
            for counted in waits(&it).into_iter().flatten().chain(at_the_desk(&it)) {
                traffic.add(&month, it.point, counted);
            }
            if matches!(it.stage, Stage::Waiting | Stage::WithOfficer) {
                traffic.add(&month, it.point, Counted::LeftWaiting(it.lane));
            }
        }
        for (point, lane, _) in officers {
            traffic.add(&month, point, Counted::Officer(lane));
        }
        Ok(traffic)
    }

    fn add(&mut self, month: &str, point: PointId, counted: Counted) {
        *self.0.entry((month.to_owned(), point, counted)).or_default() += 1;
    }

    pub(crate) fn published(tx: &Transaction<'_>) -> rusqlite::Result<Self> {
        tx.prepare_cached("SELECT * FROM traffic WHERE published = 1")?
            .query_map([], counted)?
            .collect::<rusqlite::Result<_>>()
            .map(Self)
    }
}

/// How long it took, of whom it was over: as [`crate::closing`] counts waits.
fn waits(it: &Encounter) -> Option<[Counted; 2]> {
    // A clock set back in between must not make a wait of centuries.
    let ms = |at: jiff::Timestamp| u64::try_from(at.duration_since(it.joined_at).as_millis()).unwrap_or(0);
    let (waited, passed) = (ms(it.served_at?), ms(it.done_at?));
    Some([Counted::Waited(it.lane, wait_bin(waited)), Counted::Passed(it.lane, wait_bin(passed))])
}

/// How long an officer had them, who took them up and had the last word.
fn at_the_desk(it: &Encounter) -> Option<Counted> {
    let ms = it.done_at?.duration_since(it.taken_at?).as_millis();
    Some(Counted::Desk(Known::of(it), wait_bin(u64::try_from(ms).unwrap_or(0))))
}

fn counted(row: &Row<'_>) -> rusqlite::Result<((String, PointId, Counted), u64)> {
    let kind: String = row.get("kind")?;
    let counted = Counted::parse(&kind).ok_or_else(|| unreadable("kind"))?;
    Ok(((row.get("month")?, id(row, "point", PointId::from_bytes)?, counted), count_of(row, "n")?))
}

impl Store {
    /// Forgets what waits of months before `month`, as `2026-11`: fewer than ten people are not kept as a count either.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn forget_pending_traffic(&self, before: &str) -> Result<()> {
        self.tx("forget_pending_traffic", |tx| {
            tx.execute(
                "DELETE FROM traffic WHERE published = 0 AND month < :before",
                named_params! {":before": before},
            )
            .during("forget_pending_traffic")
            .map(|_| ())
        })
    }

    /// What is published of passages of closed voyages.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn traffic(&self) -> Result<Traffic> {
        self.read("traffic", Traffic::published)
    }
}
