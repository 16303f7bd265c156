//! Waits of both choices, kept for parity: in bins, ten people and more of one choice together, in the transaction that
//! forgets whose they were. And what the ledger is told when the manual choice falls short of what was promised.
//!
//! Nothing here is ordered between the choices or dated more closely than the month: a decline that was alone on its day
//! cannot be read from it.

use crate::column::{count, id, micros, signed, unreadable, word};
use crate::encounter::encounter;
use crate::error::{During, Result, touched};
use crate::ledger::tell_parity;
use crate::store::Store;
use crate::tally::rulings;
use jiff::Timestamp;
use jiff::civil::Date;
use portunus_core::accuracy::CELL_MIN;
use portunus_core::accuracy::Passage;
use portunus_core::accuracy::traffic::outcome;
use portunus_core::encounter::{Encounter, Lane, Stage};
use portunus_core::id::{PointId, UserId, VoyageId};
use portunus_core::leaf::Falling;
use portunus_core::month::month;
use portunus_core::parity::{Batch, Judgement, Kept, Live, PEOPLE_MIN, WINDOW_PEOPLE, Waits};
use portunus_core::place::Designation;
use portunus_core::voyage::Voyage;
use rusqlite::{OptionalExtension, Transaction, named_params};
use std::collections::{BTreeMap, BTreeSet};

const CHOICES: [Lane; 2] = [Lane::Photo, Lane::Manual];
/// Batches read one by one, the latest of a choice at a point: no window has more. Older ones are read by the month.
const RECENT: u64 = WINDOW_PEOPLE / CELL_MIN;

/// By what a queue was measured. What one says is never added to what the other says: they begin to count elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measuring {
    /// Encounters: from the choice at the gate on.
    Gate,
    /// Buttons, sensors and the console: from joining the queue on.
    Feed,
}

impl Measuring {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Feed, Self::Gate];

    /// The stable name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Feed => "feed",
        }
    }
}

/// How long somebody waited until they were attended to; who was not until `now`, until then. `None` where nobody is
/// waited for: before the camera, exempt by law, or entered after an outage.
pub fn waited_ms(it: &Encounter, now: Timestamp) -> Option<u64> {
    // Who asked for an officer instead of any choice stands in no lane.
    it.device.filter(|_| !it.confidential)?;
    let waits = matches!(it.stage, Stage::Waiting | Stage::WithOfficer);
    let until = it.served_at.or(waits.then_some(now))?;
    // A clock set back in between must not make a wait of centuries.
    Some(u64::try_from(until.duration_since(it.joined_at).as_millis()).unwrap_or(0))
}

/// Counts how long a voyage's travellers waited, with the transaction that forgets them, and judges its points.
pub(crate) fn count_waits(tx: &Transaction<'_>, voyage: &Voyage, now: Timestamp) -> Result<()> {
    let during = "close_voyage";
    let month = month(voyage.key.date);
    let waits = waits_of(tx, voyage.id, now).during(during)?;
    let points: BTreeSet<PointId> = waits.keys().map(|(point, _)| *point).collect();
    for ((point, lane), waits) in &waits {
        add(tx, *point, Measuring::Gate, *lane, waits, &month).during(during)?;
    }
    points.into_iter().try_for_each(|point| judge(tx, point, &month, now))
}

fn waits_of(
    tx: &Transaction<'_>,
    voyage: VoyageId,
    now: Timestamp,
) -> rusqlite::Result<BTreeMap<(PointId, Lane), Waits>> {
    let rulings = rulings(tx, voyage)?;
    let mut waits: BTreeMap<(PointId, Lane), Waits> = BTreeMap::new();
    let mut find = tx.prepare_cached("SELECT * FROM encounter WHERE voyage = :voyage")?;
    for it in find.query_map(named_params! {":voyage": voyage.bytes()}, encounter)? {
        let it = it?;
        let rulings = rulings.get(&it.id).map_or(&[][..], Vec::as_slice);
        // Who is in no count of choices is in none of waits.
        if outcome(&Passage { encounter: &it, rulings, measured: None }).is_some()
            && let Some(ms) = waited_ms(&it, now)
        {
            waits.entry((it.point, it.lane)).or_default().extend(&Waits::from_iter([ms]));
        }
    }
    Ok(waits)
}

/// Adds waits to those of the same choice that wait to be ten; once they are, they become a batch of the month.
fn add(
    tx: &Transaction<'_>,
    point: PointId,
    source: Measuring,
    lane: Lane,
    waits: &Waits,
    month: &str,
) -> rusqlite::Result<()> {
    let lane = word(&lane);
    let mut put = tx.prepare_cached(
        "INSERT INTO parity_batch (point, source, lane, seq, month, bin, n)
         VALUES (:point, :source, :lane, 0, '', :bin, :n) ON CONFLICT DO UPDATE SET n = n + excluded.n",
    )?;
    let of = (point.bytes(), source.slug());
    for (bin, n) in waits.bins() {
        put.execute(named_params! {
            ":point": of.0, ":source": of.1, ":lane": lane, ":bin": bin, ":n": signed(n),
        })?;
    }
    let here = "point = :point AND source = :source AND lane = :lane";
    let params = named_params! {":point": of.0, ":source": of.1, ":lane": lane};
    let people = tx
        .prepare_cached(&format!(
            "SELECT COALESCE(SUM(n), 0) AS n FROM parity_batch WHERE {here} AND seq = 0"
        ))?
        .query_row(params, |row| count(row, "n"))?;
    if people >= CELL_MIN {
        tx.prepare_cached(&format!(
            "UPDATE parity_batch SET month = :month, seq = 1 + (SELECT MAX(seq) FROM parity_batch WHERE {here})
             WHERE {here} AND seq = 0"
        ))?
        .execute(named_params! {":month": month, ":point": of.0, ":source": of.1, ":lane": lane})?;
    }
    Ok(())
}

/// What is kept at a point from one kind of source.
fn kept(tx: &Transaction<'_>, point: PointId, source: Measuring) -> rusqlite::Result<Kept> {
    let mut of = CHOICES.map(|_| Vec::new());
    for (lane, batches) in CHOICES.iter().zip(&mut of) {
        let mut find = tx.prepare_cached(
            "SELECT CASE WHEN seq > newest - :recent THEN seq ELSE 0 END AS batch, month, bin, SUM(n) AS n
             FROM (SELECT *, MAX(seq) OVER () AS newest FROM parity_batch
                   WHERE point = :point AND source = :source AND lane = :lane AND seq > 0)
             GROUP BY batch, month, bin ORDER BY batch, month, bin",
        )?;
        let rows = find.query_map(
            named_params! {
                ":point": point.bytes(), ":source": source.slug(), ":lane": word(lane), ":recent": signed(RECENT),
            },
            |row| Ok((count(row, "batch")?, row.get::<_, String>("month")?, row.get("bin")?, count(row, "n")?)),
        )?;
        let mut last = None;
        for row in rows {
            let (batch, month, bin, n) = row?;
            if last.as_ref() != Some(&(batch, month.clone())) {
                batches.push(Batch { month: month.clone(), waits: Waits::default() });
                last = Some((batch, month));
            }
            batches.last_mut().ok_or_else(|| unreadable("seq"))?.waits.add(bin, n);
        }
    }
    let [photo, manual] = of;
    Ok(Kept { photo, manual })
}

/// What a point is judged by in a month: what counts from joining the queue on, as long as that is of enough people of both
/// choices. A feed that ended is not waited for.
fn kept_here(tx: &Transaction<'_>, point: PointId, month: &str) -> rusqlite::Result<(Measuring, Kept)> {
    let feed = kept(tx, point, Measuring::Feed)?;
    if feed.people_within(month) >= PEOPLE_MIN {
        return Ok((Measuring::Feed, feed));
    }
    Ok((Measuring::Gate, kept(tx, point, Measuring::Gate)?))
}

/// Judges a point by what is kept, and tells the ledger when falling short begins or ends. Live waits are not in it: a leaf
/// that followed one person's wait would say that they declined.
fn judge(tx: &Transaction<'_>, point: PointId, month: &str, now: Timestamp) -> Result<()> {
    let during = "judge parity";
    let Some(designation) = in_force(tx, point, now).during(during)? else { return Ok(()) };
    let (_, kept) = kept_here(tx, point, month).during(during)?;
    let judgement = kept.judged(&Live::default(), ceiling_ms(&designation), month);
    let id = named_params! {":id": designation.id.bytes()};
    let short: bool = tx
        .query_row("SELECT EXISTS (SELECT 1 FROM parity_short WHERE designation = :id)", id, |row| row.get(0))
        .during(during)?;
    let falling = match (&judgement, short) {
        (Judgement::FallsShort { .. }, false) => Falling::Begins,
        (Judgement::Met(_), true) => Falling::Ends,
        _ => return Ok(()),
    };
    note(tx, designation.id, falling).during(during).and_then(|rows| touched(during, 1, rows))?;
    tell_parity(tx, designation.id, falling, judgement.figures(), now)
}

/// Remembers what the ledger is told of a designation.
pub(crate) fn note(
    tx: &Transaction<'_>,
    designation: portunus_core::id::DesignationId,
    falling: Falling,
) -> rusqlite::Result<usize> {
    let id = named_params! {":id": designation.bytes()};
    match falling {
        Falling::Begins => {
            tx.execute("INSERT INTO parity_short (designation) VALUES (:id) ON CONFLICT DO NOTHING", id)
        }
        Falling::Ends => tx.execute("DELETE FROM parity_short WHERE designation = :id", id),
    }
}

fn in_force(tx: &Transaction<'_>, point: PointId, now: Timestamp) -> rusqlite::Result<Option<Designation>> {
    tx.prepare_cached(
        "SELECT * FROM designation
         WHERE point = :point AND from_at <= :now AND (until_at IS NULL OR until_at > :now)
         ORDER BY from_at DESC, id LIMIT 1",
    )?
    .query_row(named_params! {":point": point.bytes(), ":now": micros(now)}, crate::designation::designation)
    .optional()
}

/// A designation's ceiling in milliseconds.
pub fn ceiling_ms(designation: &Designation) -> u64 {
    u64::from(designation.manual_wait_ceiling_seconds) * 1000
}

/// What is kept of a point, and by what it was measured.
#[derive(Debug, Clone)]
pub struct KeptAt {
    /// Where.
    pub point: PointId,
    /// By what.
    pub measuring: Measuring,
    /// What.
    pub kept: Kept,
}

/// Of every point of which anything is kept, in a month.
pub(crate) fn kept_at_points(tx: &Transaction<'_>, month: &str) -> rusqlite::Result<Vec<KeptAt>> {
    let points: Vec<PointId> = tx
        .prepare_cached("SELECT DISTINCT point FROM parity_batch WHERE seq > 0 ORDER BY point")?
        .query_map([], |row| id(row, "point", PointId::from_bytes))?
        .collect::<rusqlite::Result<_>>()?;
    points
        .into_iter()
        .map(|point| {
            let (measuring, kept) = kept_here(tx, point, month)?;
            Ok(KeptAt { point, measuring, kept })
        })
        .collect()
}

impl Store {
    /// Keeps waits that buttons, sensors and the console measured at a point, and judges it. `day` is the local one.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn keep_queue_waits(
        &self,
        point: PointId,
        waits: &[(Lane, Waits)],
        day: Date,
        now: Timestamp,
    ) -> Result<()> {
        let during = "keep_queue_waits";
        self.tx(during, |tx| {
            let month = month(day);
            for (lane, waits) in waits.iter().filter(|(_, waits)| waits.people() > 0) {
                add(tx, point, Measuring::Feed, *lane, waits, &month).during(during)?;
            }
            judge(tx, point, &month, now)
        })
    }

    /// What is kept of waits at a point, and by what it is measured in a month, as `2026-11`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn kept_waits(&self, point: PointId, month: &str) -> Result<(Measuring, Kept)> {
        self.read("kept_waits", |tx| kept_here(tx, point, month))
    }

    /// Everybody's encounters at a point whose voyage is not closed, with the officer who has each.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn live_encounters(&self, point: PointId) -> Result<Vec<(Encounter, Option<UserId>)>> {
        self.read("live_encounters", |tx| {
            tx.prepare_cached("SELECT * FROM encounter WHERE point = :point ORDER BY joined_at, id")?
                .query_map(named_params! {":point": point.bytes()}, |row| {
                    Ok((encounter(row)?, crate::column::id_or_none(row, "officer", UserId::from_bytes)?))
                })?
                .collect()
        })
    }

    /// Forgets batches of months before `before`, as `2026-11`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn forget_waits(&self, before: &str) -> Result<()> {
        let during = "forget_waits";
        self.tx(during, |tx| {
            // The last of each stays: its number is what the next goes on from.
            tx.execute(
                "DELETE FROM parity_batch WHERE seq > 0 AND month < :before AND seq < (SELECT MAX(seq)
                 FROM parity_batch AS other WHERE other.point = parity_batch.point
                 AND other.source = parity_batch.source AND other.lane = parity_batch.lane)",
                named_params! {":before": before},
            )
            .during(during)
            .map(|_| ())
        })
    }
}
