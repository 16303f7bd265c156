//! What the service measures of itself, as counts: written in the transaction that closes a voyage and deletes its
//! encounters, and worked out from the encounters themselves until then, by the same function.
//!
//! Groups are counted one dimension at a time and without the device: marginals are never crossed.

use crate::column::{count as count_of, id, json_of, signed, unreadable, word, word_of};
use crate::encounter::{encounter, ruled};
use crate::error::{During, Result, touched};
use crate::place::point;
use crate::public::read_folder;
use crate::store::Store;
use crate::voyage::voyage;
use jiff::civil::Date;
use portunus_core::accuracy::group::EVERYBODY;
use portunus_core::accuracy::{Contribution, Dimension, Kind, Measured, Passage, adjudicate};
use portunus_core::biometric::{PackId, Score};
use portunus_core::decide::Decision;
use portunus_core::encounter::{Encounter, Ruled};
use portunus_core::id::{DeviceId, EncounterId, PassengerId, PointId, VoyageId};
use portunus_core::month::month;
use portunus_core::place::CrossingPoint;
use portunus_core::voyage::{ManifestPerson, Voyage};
use rusqlite::{Row, Transaction, named_params};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// How wide a bin of scores is: a score is known to this much, and no further.
pub const SCORE_BIN: f64 = 0.005;
/// Scores beyond this many bins from zero are counted in the last one.
const BIN_MAX: f64 = 2000.0;

/// Where, when, with what and of whom something is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TallyKey {
    /// Of the voyage's local day, as `2026-11`.
    pub month: String,
    /// The crossing point.
    pub point: PointId,
    /// The device; `None` where devices are not told apart (in every dimension but [`Dimension::All`]).
    pub device: Option<DeviceId>,
    /// The model pack; empty where none had answered.
    pub pack: PackId,
    /// By what the people are told apart.
    pub dimension: Dimension,
    /// Which of them.
    pub cell: String,
}

impl TallyKey {
    /// Where an encounter is counted: once for everybody, once in each declared dimension. `person` is who it was
    /// established to be.
    pub fn of(encounter: &Encounter, day: Date, pack: &PackId, person: Option<&ManifestPerson>) -> Vec<Self> {
        let key = |dimension: Dimension, device| Self {
            month: month(day),
            point: encounter.point,
            device,
            pack: pack.clone(),
            dimension,
            cell: dimension.cell(person, day),
        };
        let groups = Dimension::GROUPS.into_iter().map(|dimension| key(dimension, None));
        std::iter::once(key(Dimension::All, encounter.device)).chain(groups).collect()
    }
}

/// Whose score is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// The best candidate's.
    Best,
    /// The person's own.
    Own,
}

/// Where a score is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScoreKey {
    /// Of the voyage's local day.
    pub month: String,
    /// The crossing point.
    pub point: PointId,
    /// The model pack.
    pub pack: PackId,
    /// `raw`, `normalised`: as the service named it.
    pub score_type: String,
    /// Whether the person was in the gallery.
    pub mated: bool,
    /// Whose.
    pub whose: Whose,
    /// Bin `b` holds scores from `b` times [`SCORE_BIN`] on.
    pub bin: i32,
}

/// Everything counted: of closed voyages as kept, of the others as they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tallies {
    /// How often each kind, by its slug.
    pub counts: HashMap<(TallyKey, String), u64>,
    /// How many scores in each bin.
    pub scores: HashMap<ScoreKey, u64>,
    /// Days on which anybody was photographed at a point.
    pub days: BTreeSet<(PointId, Date)>,
}

fn bin(score: Score) -> i32 {
    // A hair up: 0.4 is in the bin that begins at 0.4, also as an f32.
    ((f64::from(score.0) / SCORE_BIN + 1e-4).floor().clamp(-BIN_MAX, BIN_MAX)) as i32
}

/// Counts `n` more of `kind` under `key`, with the transaction. Durable when the transaction is.
///
/// # Errors
/// What SQLite says.
pub(crate) fn count(tx: &Transaction<'_>, key: &TallyKey, kind: &str, n: u64) -> Result<()> {
    let during = "count";
    let rows = tx
        .prepare_cached(
            "INSERT INTO tally (month, point, device, pack, dimension, cell, kind, n)
             VALUES (:month, :point, :device, :pack, :dimension, :cell, :kind, :n)
             ON CONFLICT DO UPDATE SET n = n + excluded.n",
        )
        .and_then(|mut s| {
            let device = key.device.map(DeviceId::bytes);
            s.execute(named_params! {
                ":month": key.month,
                ":point": key.point.bytes(),
                ":device": device.as_ref().map_or(&[][..], |device| &device[..]),
                ":pack": key.pack.0,
                ":dimension": word(&key.dimension),
                ":cell": key.cell,
                ":kind": kind,
                ":n": signed(n),
            })
        })
        .during(during)?;
    touched(during, 1, rows)
}

/// Counts everything that a voyage's encounters give, with the transaction that forgets them.
pub(crate) fn count_voyage(tx: &Transaction<'_>, voyage: &Voyage) -> Result<()> {
    let during = "close_voyage";
    let mut tallies = Tallies::default();
    tallies.add_voyage(tx, voyage).during(during)?;
    for ((key, kind), n) in &tallies.counts {
        count(tx, key, kind, *n)?;
    }
    for (key, n) in &tallies.scores {
        let rows = tx
            .prepare_cached(
                "INSERT INTO score_tally (month, point, pack, score_type, mated, whose, bin, n)
                 VALUES (:month, :point, :pack, :type, :mated, :whose, :bin, :n)
                 ON CONFLICT DO UPDATE SET n = n + excluded.n",
            )
            .and_then(|mut s| {
                s.execute(named_params! {
                    ":month": key.month,
                    ":point": key.point.bytes(),
                    ":pack": key.pack.0,
                    ":type": key.score_type,
                    ":mated": key.mated,
                    ":whose": word(&key.whose),
                    ":bin": key.bin,
                    ":n": signed(*n),
                })
            })
            .during(during)?;
        touched(during, 1, rows)?;
    }
    for (point, day) in &tallies.days {
        tx.execute(
            "INSERT OR IGNORE INTO traffic_day (day, point) VALUES (:day, :point)",
            named_params! {":day": day.to_string(), ":point": point.bytes()},
        )
        .during(during)?;
    }
    Ok(())
}

/// Keeps what is to be counted of an encounter's last capture; nothing once the traveller has declined.
pub(crate) fn put_measured(
    tx: &Transaction<'_>,
    after: &Encounter,
    measured: Option<&Measured>,
) -> Result<()> {
    let during = "commit_capture";
    match measured {
        _ if after.decision.is_none() => {
            tx.prepare_cached("DELETE FROM measured WHERE encounter = :id")
                .and_then(|mut s| s.execute(named_params! {":id": after.id.bytes()}))
                .during(during)?;
        }
        None => {}
        Some(measured) => {
            tx.prepare_cached(
                "INSERT OR REPLACE INTO measured (encounter, measured) VALUES (:id, :measured)",
            )
            .and_then(|mut s| {
                s.execute(named_params! {
                    ":id": after.id.bytes(),
                    ":measured": crate::column::json(measured)?,
                })
            })
            .during(during)?;
        }
    }
    Ok(())
}

/// What a voyage's list says of its people.
struct People(HashMap<PassengerId, (ManifestPerson, bool)>);

impl People {
    fn of(tx: &Transaction<'_>, voyage: VoyageId) -> rusqlite::Result<Self> {
        tx.prepare_cached(
            "SELECT id, stated, staging IS 'staged' AS staged FROM passenger
             WHERE voyage = :voyage OR voyage IN (SELECT voyage FROM landing WHERE watch = :voyage)",
        )?
        .query_map(named_params! {":voyage": voyage.bytes()}, |row| {
            Ok((id(row, "id", PassengerId::from_bytes)?, (json_of(row, "stated")?, row.get("staged")?)))
        })?
        .collect::<rusqlite::Result<_>>()
        .map(Self)
    }

    fn staged(&self, passenger: PassengerId) -> bool {
        self.0.get(&passenger).is_some_and(|(_, staged)| *staged)
    }

    fn person(&self, passenger: PassengerId) -> Option<&ManifestPerson> {
        self.0.get(&passenger).map(|(person, _)| person)
    }
}

pub(crate) fn rulings(
    tx: &Transaction<'_>,
    voyage: VoyageId,
) -> rusqlite::Result<HashMap<EncounterId, Vec<Ruled>>> {
    let mut find = tx.prepare_cached(
        "SELECT ruling.* FROM ruling JOIN encounter ON encounter.id = ruling.encounter
         WHERE encounter.voyage = :voyage ORDER BY seq",
    )?;
    let rows = find.query_map(named_params! {":voyage": voyage.bytes()}, |row| {
        Ok((id(row, "encounter", EncounterId::from_bytes)?, ruled(row)?))
    })?;
    let mut rulings: HashMap<EncounterId, Vec<Ruled>> = HashMap::new();
    for row in rows {
        let (encounter, ruled) = row?;
        rulings.entry(encounter).or_default().push(ruled);
    }
    Ok(rulings)
}

fn measured(tx: &Transaction<'_>, voyage: VoyageId) -> rusqlite::Result<HashMap<EncounterId, Measured>> {
    tx.prepare_cached(
        "SELECT measured.* FROM measured JOIN encounter ON encounter.id = measured.encounter
         WHERE encounter.voyage = :voyage",
    )?
    .query_map(named_params! {":voyage": voyage.bytes()}, |row| {
        Ok((id(row, "encounter", EncounterId::from_bytes)?, json_of(row, "measured")?))
    })?
    .collect()
}

impl Tallies {
    /// What a voyage's encounters give as they stand.
    fn add_voyage(&mut self, tx: &Transaction<'_>, voyage: &Voyage) -> rusqlite::Result<()> {
        let people = People::of(tx, voyage.id)?;
        let (rulings, measured) = (rulings(tx, voyage.id)?, measured(tx, voyage.id)?);
        let mut find = tx.prepare_cached("SELECT * FROM encounter WHERE voyage = :voyage")?;
        for row in find.query_map(named_params! {":voyage": voyage.id.bytes()}, encounter)? {
            let it = row?;
            let measured = measured.get(&it.id);
            let rulings = rulings.get(&it.id).map_or(&[][..], Vec::as_slice);
            let passage = Passage { encounter: &it, rulings, measured };
            if let Some(given) = adjudicate(&passage, |passenger| people.staged(passenger)) {
                let person = given.passenger.and_then(|passenger| people.person(passenger));
                self.add(&it, voyage.key.date, measured, person, &given);
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        it: &Encounter,
        day: Date,
        measured: Option<&Measured>,
        person: Option<&ManifestPerson>,
        given: &Contribution,
    ) {
        let compared = it.decision.as_ref().and_then(Decision::comparison).map(|found| &found.pack);
        let pack = measured.map(|measured| &measured.pack).or(compared);
        let pack = pack.cloned().unwrap_or(PackId(String::new()));
        for key in TallyKey::of(it, day, &pack, person) {
            for kind in &given.kinds {
                *self.counts.entry((key.clone(), kind.slug())).or_default() += 1;
            }
        }
        self.days.insert((it.point, day));
        let Some((scores, measured)) = given.scores.zip(measured) else { return };
        for (whose, score) in [(Whose::Best, scores.best), (Whose::Own, scores.own)] {
            let Some(score) = score else { continue };
            let key = ScoreKey {
                month: month(day),
                point: it.point,
                pack: pack.clone(),
                score_type: measured.score_type.clone(),
                mated: scores.mated,
                whose,
                bin: bin(score),
            };
            *self.scores.entry(key).or_default() += 1;
        }
    }

    /// Of closed voyages alone.
    pub(crate) fn closed(tx: &Transaction<'_>) -> rusqlite::Result<Self> {
        let mut tallies = Self::default();
        for row in tx.prepare_cached("SELECT * FROM tally")?.query_map([], tallied)? {
            let (key, n) = row?;
            tallies.counts.insert(key, n);
        }
        for row in tx.prepare_cached("SELECT * FROM score_tally")?.query_map([], score_tallied)? {
            let (key, n) = row?;
            tallies.scores.insert(key, n);
        }
        let mut days = tx.prepare_cached("SELECT * FROM traffic_day")?;
        for row in days.query_map([], |row| Ok((id(row, "point", PointId::from_bytes)?, row.get("day")?)))? {
            let (point, day): (PointId, String) = row?;
            tallies.days.insert((point, day.parse().map_err(|_| unreadable("day"))?));
        }
        Ok(tallies)
    }

    fn read(tx: &Transaction<'_>) -> rusqlite::Result<Self> {
        let mut tallies = Self::closed(tx)?;
        let open: Vec<Voyage> = tx
            .prepare_cached("SELECT * FROM voyage WHERE closed_at IS NULL")?
            .query_map([], voyage)?
            .collect::<rusqlite::Result<_>>()?;
        for voyage in &open {
            tallies.add_voyage(tx, voyage)?;
        }
        Ok(tallies)
    }

    /// Reads the counts and the crossing points of a folder without changing anything in it, also while a service runs on it.
    ///
    /// # Errors
    /// [`StoreError::OtherVersion`](crate::StoreError::OtherVersion) for a folder of another version; what SQLite says.
    pub fn in_folder(folder: &Path) -> Result<(Self, Vec<CrossingPoint>)> {
        read_folder(folder, "reading the counts", |tx| {
            let points =
                tx.prepare("SELECT * FROM point")?.query_map([], point)?.collect::<rusqlite::Result<_>>()?;
            Ok((Self::read(tx)?, points))
        })
    }

    /// How often `kind`, in the cells that `of` wants.
    pub fn total(&self, kind: Kind, of: impl Fn(&TallyKey) -> bool) -> u64 {
        let slug = kind.slug();
        self.counts.iter().filter(|((key, kind), _)| *kind == slug && of(key)).map(|(_, n)| n).sum()
    }

    /// Whether a key counts everybody: the dimension in which devices are told apart.
    pub fn of_everybody(key: &TallyKey) -> bool {
        key.dimension == Dimension::All && key.cell == EVERYBODY
    }
}

fn tallied(row: &Row<'_>) -> rusqlite::Result<((TallyKey, String), u64)> {
    let device: Vec<u8> = row.get("device")?;
    let device = match device.len() {
        0 => None,
        _ => Some(DeviceId::from_bytes(device.try_into().map_err(|_| unreadable("device"))?)),
    };
    let key = TallyKey {
        month: row.get("month")?,
        point: id(row, "point", PointId::from_bytes)?,
        device,
        pack: PackId(row.get("pack")?),
        dimension: word_of(row, "dimension")?,
        cell: row.get("cell")?,
    };
    Ok(((key, row.get("kind")?), count_of(row, "n")?))
}

fn score_tallied(row: &Row<'_>) -> rusqlite::Result<(ScoreKey, u64)> {
    let key = ScoreKey {
        month: row.get("month")?,
        point: id(row, "point", PointId::from_bytes)?,
        pack: PackId(row.get("pack")?),
        score_type: row.get("score_type")?,
        mated: row.get("mated")?,
        whose: word_of(row, "whose")?,
        bin: row.get("bin")?,
    };
    Ok((key, count_of(row, "n")?))
}

impl Store {
    /// Everything counted: of closed voyages as kept, of the others from their encounters as they stand now.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn tallies(&self) -> Result<Tallies> {
        self.read("tallies", Tallies::read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_begins_at_its_score() {
        assert_eq!([0.4, 0.4049, 0.405, -0.001, 0.0].map(|s| bin(Score(s))), [80, 80, 81, -1, 0]);
        assert_eq!(bin(Score(f32::INFINITY)), 2000);
    }
}
