//! Second looks: how much is sampled, what came of them in counts, and disputes for as long as their encounter lives.
//!
//! Nothing here appends an event: the officer at the crossing point is not to learn what was sampled.

use crate::column::{count, id, instant, instant_or_none, micros, word, word_of};
use crate::error::{During, Result, touched};
use crate::store::Store;
use crate::tally::{self, Tallies, TallyKey};
use jiff::Timestamp;
use portunus_core::accuracy::Dimension;
use portunus_core::accuracy::group::EVERYBODY;
use portunus_core::biometric::PackId;
use portunus_core::id::{DeviceId, EncounterId, PassengerId, PointId, UserId};
use portunus_core::sampling::{Counts, Outcome, Shares, Stratum, Verdict, slug};
use rusqlite::{OptionalExtension, Row, Transaction, named_params};

/// One pair that was drawn: what it was about. Identifiers only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondLook {
    /// Whose photo was taken.
    pub encounter: EncounterId,
    /// Whose reference the machine found.
    pub candidate: PassengerId,
    /// What the machine decided.
    pub stratum: Stratum,
    /// Under which it is counted.
    pub key: TallyKey,
}

/// How much is sampled, and who said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharesInForce {
    /// How much.
    pub shares: Shares,
    /// Who set it, and when; `None` while it is the default.
    pub set: Option<(UserId, Timestamp)>,
}

/// A pair that a second officer judged to be two people, while its encounter lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dispute {
    /// Whose photo was taken.
    pub encounter: EncounterId,
    /// Whose reference the machine found.
    pub candidate: PassengerId,
    /// What the machine decided.
    pub stratum: Stratum,
    /// When it was disputed.
    pub at: Timestamp,
    /// When the officer at the point was told, if they were.
    pub told_at: Option<Timestamp>,
}

/// What the officer at the crossing point ruled on an encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstRuling {
    /// This passenger boards.
    Boarded(PassengerId),
    /// Nobody boards.
    NotBoarded,
    /// The traveller is not whom the machine confirmed.
    SomebodyElse,
}

impl SecondLook {
    /// Where the photo was taken.
    pub fn point(&self) -> PointId {
        self.key.point
    }
}

impl TallyKey {
    /// Where second looks are counted: of everybody. `month` is that of the voyage's local day.
    pub fn of_second_looks(month: String, point: PointId, device: DeviceId, pack: PackId) -> Self {
        let cell = EVERYBODY.to_owned();
        Self { month, point, device: Some(device), pack, dimension: Dimension::All, cell }
    }
}

fn add(tx: &Transaction<'_>, look: &SecondLook, outcome: Outcome) -> Result<()> {
    tally::count(tx, &look.key, slug(look.stratum, outcome), 1)
}

fn dispute(row: &Row<'_>) -> rusqlite::Result<Dispute> {
    Ok(Dispute {
        encounter: id(row, "encounter", EncounterId::from_bytes)?,
        candidate: id(row, "candidate", PassengerId::from_bytes)?,
        stratum: word_of(row, "stratum")?,
        at: instant(row, "disputed_at")?,
        told_at: instant_or_none(row, "told_at")?,
    })
}

/// A dispute as counted further: the look that it came of, and what was counted already.
struct Filed {
    look: SecondLook,
    told: bool,
    ruled: bool,
    settled: bool,
}

fn filed(tx: &Transaction<'_>, encounter: EncounterId) -> rusqlite::Result<Option<Filed>> {
    tx.prepare_cached(
        "SELECT second_look_dispute.*, point FROM second_look_dispute
         JOIN encounter ON encounter.id = second_look_dispute.encounter WHERE encounter = :id",
    )?
    .query_row(named_params! {":id": encounter.bytes()}, |row| {
        let Dispute { encounter, candidate, stratum, told_at, .. } = dispute(row)?;
        let (point, device) =
            (id(row, "point", PointId::from_bytes)?, id(row, "device", DeviceId::from_bytes)?);
        let key = TallyKey::of_second_looks(row.get("month")?, point, device, PackId(row.get("pack")?));
        Ok(Filed {
            look: SecondLook { encounter, candidate, stratum, key },
            told: told_at.is_some(),
            ruled: row.get("ruled")?,
            settled: row.get("settled")?,
        })
    })
    .optional()
}

/// How the encounter stands when a second officer disputes it.
struct Standing {
    done: bool,
    boarded: bool,
    held: bool,
}

fn standing(tx: &Transaction<'_>, look: &SecondLook) -> rusqlite::Result<Option<Standing>> {
    tx.prepare_cached(
        "SELECT stage = 'done' AS done, passenger.hold_at IS NOT NULL AS held,
         EXISTS (SELECT 1 FROM boarding WHERE passenger = :candidate AND off_loaded_at IS NULL) AS boarded
         FROM encounter, passenger WHERE encounter.id = :encounter AND passenger.id = :candidate",
    )?
    .query_row(
        named_params! {":encounter": look.encounter.bytes(), ":candidate": look.candidate.bytes()},
        |row| Ok(Standing { done: row.get("done")?, boarded: row.get("boarded")?, held: row.get("held")? }),
    )
    .optional()
}

impl Store {
    /// How much is sampled.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn second_look_shares(&self) -> Result<SharesInForce> {
        let set = self.read("second_look_shares", |tx| {
            tx.prepare_cached("SELECT * FROM second_look_share")?
                .query_row([], |row| {
                    let shares = Shares {
                        confirmed_one_in: row.get("confirmed_one_in")?,
                        referred_one_in: row.get("referred_one_in")?,
                    };
                    let set = (id(row, "set_by", UserId::from_bytes)?, instant(row, "set_at")?);
                    Ok(SharesInForce { shares, set: Some(set) })
                })
                .optional()
        })?;
        Ok(set.unwrap_or(SharesInForce { shares: Shares::default(), set: None }))
    }

    /// Says how much is to be sampled from now on.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn set_second_look_shares(&self, shares: Shares, by: UserId, now: Timestamp) -> Result<()> {
        let during = "set_second_look_shares";
        self.tx(during, |tx| {
            let rows = tx
                .execute(
                    "INSERT INTO second_look_share (id, confirmed_one_in, referred_one_in, set_by, set_at)
                     VALUES (1, :confirmed, :referred, :by, :now) ON CONFLICT DO UPDATE SET
                     confirmed_one_in = :confirmed, referred_one_in = :referred, set_by = :by, set_at = :now",
                    named_params! {
                        ":confirmed": shares.confirmed_one_in,
                        ":referred": shares.referred_one_in,
                        ":by": by.bytes(),
                        ":now": micros(now),
                    },
                )
                .during(during)?;
            touched(during, 1, rows)
        })
    }

    /// Counts pairs that nobody answered for.
    ///
    /// # Errors
    /// What SQLite says; none is counted then.
    pub fn count_lapsed(&self, looks: &[SecondLook]) -> Result<()> {
        self.tx("count_lapsed", |tx| looks.iter().try_for_each(|look| add(tx, look, Outcome::Lapsed)))
    }

    /// Counts what a second officer said of a pair; a dispute stands until it is settled or its encounter is forgotten.
    ///
    /// # Errors
    /// What SQLite says; nothing is counted then.
    pub fn count_second_look(&self, look: &SecondLook, verdict: Verdict, now: Timestamp) -> Result<()> {
        let during = "count_second_look";
        self.tx(during, |tx| {
            add(tx, look, Outcome::of(verdict))?;
            if verdict != Verdict::Different {
                return Ok(());
            }
            // A voyage closed meanwhile has no encounters: nobody is at hand any more.
            let Some(standing) = standing(tx, look).during(during)? else { return Ok(()) };
            let said = match look.stratum {
                Stratum::Confirmed if standing.boarded && !standing.held => Some(Outcome::LetPass),
                Stratum::Confirmed => Some(Outcome::Objected),
                Stratum::Referred if !standing.done => None,
                Stratum::Referred if standing.boarded => Some(Outcome::Boarded),
                Stratum::Referred => Some(Outcome::NotBoarded),
            };
            if let Some(said) = said {
                add(tx, look, said)?;
            }
            let rows = tx
                .execute(
                    "INSERT INTO second_look_dispute
                     (encounter, candidate, stratum, month, device, pack, disputed_at, ruled, settled)
                     VALUES (:encounter, :candidate, :stratum, :month, :device, :pack, :now, :ruled, 0)",
                    named_params! {
                        ":encounter": look.encounter.bytes(),
                        ":candidate": look.candidate.bytes(),
                        ":stratum": word(&look.stratum),
                        ":month": look.key.month,
                        ":device": look.key.device.map(DeviceId::bytes),
                        ":pack": look.key.pack.0,
                        ":now": micros(now),
                        ":ruled": said.is_some(),
                    },
                )
                .during(during)?;
            touched(during, 1, rows)
        })
    }

    /// Disputes that no inspection has settled yet, the latest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn disputes(&self) -> Result<Vec<Dispute>> {
        self.read("disputes", |tx| {
            tx.prepare_cached(
                "SELECT * FROM second_look_dispute WHERE settled = 0 ORDER BY disputed_at DESC, encounter",
            )?
            .query_map([], dispute)?
            .collect()
        })
    }

    /// Notes that the officer at the point is told of a dispute; says whose reference it is about. `None` when there
    /// is no such dispute.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn tell_of_dispute(&self, encounter: EncounterId, now: Timestamp) -> Result<Option<PassengerId>> {
        let during = "tell_of_dispute";
        self.tx(during, |tx| {
            tx.query_row(
                "UPDATE second_look_dispute SET told_at = COALESCE(told_at, :now)
                 WHERE encounter = :id AND settled = 0 RETURNING candidate",
                named_params! {":now": micros(now), ":id": encounter.bytes()},
                |row| id(row, "candidate", PassengerId::from_bytes),
            )
            .optional()
            .during(during)
        })
    }

    /// Settles a dispute by an inspection that upheld or dismissed it; says whether there was one to settle.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn settle_dispute(&self, encounter: EncounterId, upheld: bool) -> Result<bool> {
        self.tx("settle_dispute", |tx| {
            let Some(filed) = filed(tx, encounter).during("settle_dispute")?.filter(|filed| !filed.settled)
            else {
                return Ok(false);
            };
            settle(tx, &filed, upheld)?;
            Ok(true)
        })
    }

    /// Counts what the officer at the point ruled on a disputed encounter, unless they had been told of the dispute, or
    /// are not `blind`: may see disputes.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn count_first_ruling(&self, encounter: EncounterId, ruling: FirstRuling, blind: bool) -> Result<()> {
        let during = "count_first_ruling";
        // Hardly any encounter is disputed: looked for without the writer's lock.
        if self.read(during, |tx| filed(tx, encounter))?.is_none() {
            return Ok(());
        }
        self.tx(during, |tx| {
            let Some(filed) = filed(tx, encounter).during(during)? else { return Ok(()) };
            if ruling == FirstRuling::SomebodyElse && !filed.settled {
                settle(tx, &filed, true)?;
            }
            if filed.ruled || filed.told || !blind {
                return Ok(());
            }
            let boarded = ruling == FirstRuling::Boarded(filed.look.candidate);
            add(tx, &filed.look, if boarded { Outcome::Boarded } else { Outcome::NotBoarded })?;
            let rows = tx
                .execute(
                    "UPDATE second_look_dispute SET ruled = 1 WHERE encounter = :id",
                    named_params! {":id": encounter.bytes()},
                )
                .during(during)?;
            touched(during, 1, rows)
        })
    }

    /// What came of all second looks.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn second_look_counts(&self) -> Result<Counts> {
        self.read("second_look_counts", |tx| {
            let mut all = Counts::default();
            let mut find = tx.prepare_cached(
                "SELECT kind, SUM(n) AS n FROM tally WHERE kind LIKE 'second-look-%' GROUP BY kind",
            )?;
            let mut rows = find.query([])?;
            while let Some(row) = rows.next()? {
                all.add(row.get_ref("kind")?.as_str()?, count(row, "n")?);
            }
            Ok(all)
        })
    }
}

impl Tallies {
    /// What came of the second looks that are counted under the keys that `of` wants.
    pub fn second_looks(&self, of: impl Fn(&TallyKey) -> bool) -> Counts {
        let mut all = Counts::default();
        for ((key, kind), n) in &self.counts {
            if of(key) {
                all.add(kind, *n);
            }
        }
        all
    }
}

fn settle(tx: &Transaction<'_>, filed: &Filed, upheld: bool) -> Result<()> {
    let during = "settle_dispute";
    add(tx, &filed.look, if upheld { Outcome::Upheld } else { Outcome::Dismissed })?;
    let rows = tx
        .execute(
            "UPDATE second_look_dispute SET settled = 1 WHERE encounter = :id",
            named_params! {":id": filed.look.encounter.bytes()},
        )
        .during(during)?;
    touched(during, 1, rows)
}
