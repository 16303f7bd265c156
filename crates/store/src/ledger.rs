//! What the public ledger is told: leaves written with what they state, put in order, and kept until they are published.
//!
//! Of what concerns nobody a leaf goes at once. What concerns somebody waits until ten people's leaves can go together, in
//! random order; or until a date that outsiders would otherwise see broken.

use crate::admission::Admission;
use crate::column::{count, id, id_or_none, instant, micros, signed};
use crate::error::{During, Result, StoreError, touched};
use crate::failpoint::failpoint;
use crate::receipt::note_erased;
use crate::store::{Store, limit};
use jiff::Timestamp;
use portunus_core::capture::SignedCapture;
use portunus_core::id::{DesignationId, DeviceId, EncounterId, IdempotencyKey, PassengerId, RecordId};
use portunus_core::leaf::{
    Bytes32, ErasedBecause, Falling, Instant, Leaf, LedgerId, RedatedBecause, Signature, Text,
};
use portunus_core::parity::Figures;
use portunus_core::place::{CrossingPoint, Designation};
use portunus_core::ports::fresh;
use rusqlite::{OptionalExtension, Params, Row, Transaction, named_params};
use std::collections::{BTreeMap, BTreeSet};

/// Fewer people are not spoken of together.
const PEOPLE_MIN: usize = 10;
/// Leaves sequenced in one go.
const BATCH_MAX: usize = 10_000;
/// Rows looked at in one transaction when an older folder is opened.
const AT_ONCE: usize = 500;
const SOMEBODY_ELSE: &str = "the log was appended to by somebody else";

/// Whose a record is: a kind of identifier and 16 bytes of it. People are counted by each kind apart, for one person may
/// have one of each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About([u8; 17]);

impl About {
    fn of(kind: u8, bytes: [u8; 16]) -> Self {
        let mut about = [kind; 17];
        about[1..].copy_from_slice(&bytes);
        Self(about)
    }

    pub(crate) fn passenger(passenger: PassengerId) -> Self {
        Self::of(1, passenger.bytes())
    }

    fn encounter(encounter: EncounterId) -> Self {
        Self::of(2, encounter.bytes())
    }

    /// Whose a record is, as far as its row knows.
    pub(crate) fn of_row(passenger: Option<PassengerId>, encounter: Option<EncounterId>) -> Option<Self> {
        passenger.map(Self::passenger).or(encounter.map(Self::encounter))
    }

    pub(crate) fn document(mac: &[u8; 32]) -> Self {
        Self::of(3, std::array::from_fn(|n| mac[n]))
    }

    /// Of a record of which nothing else is known.
    fn record(record: LedgerId) -> Self {
        Self::of(4, record.0)
    }
}

/// Of which record a leaf is, besides what it says.
struct Of {
    record: LedgerId,
    about: Option<About>,
    due: Option<Timestamp>,
}

/// Writes a leaf into the outbox, with the transaction.
fn tell(tx: &Transaction<'_>, leaf: &Leaf, of: Option<Of>) -> Result<()> {
    let during = "tell the ledger";
    let rows = tx
        .prepare_cached("INSERT INTO outbox (leaf, record, about, due) VALUES (:leaf, :record, :about, :due)")
        .and_then(|mut s| {
            s.execute(named_params! {
                ":leaf": leaf.encode(),
                ":record": of.as_ref().map(|of| of.record.0),
                ":about": of.as_ref().and_then(|of| of.about).map(|about| about.0),
                ":due": of.as_ref().and_then(|of| of.due).map(micros),
            })
        })
        .during(during)?;
    touched(during, 1, rows)
}

/// What is stated of a record so far.
pub(crate) struct Known {
    ledger: LedgerId,
    about: About,
    /// Its date, as its row has it.
    pub(crate) due: Timestamp,
    early: bool,
}

/// What is stated of a record; `None` when nothing is, or nothing more is to be.
pub(crate) fn known(tx: &Transaction<'_>, record: RecordId) -> Result<Option<Known>> {
    tx.prepare_cached(
        "SELECT ledger, about, erase_after, early FROM record
         WHERE id = :id AND ledger IS NOT NULL AND ledger <> zeroblob(16)",
    )
    .and_then(|mut s| {
        s.query_row(named_params! {":id": record.bytes()}, |row| {
            let ledger = LedgerId(row.get("ledger")?);
            let (about, due) = (About(row.get("about")?), instant(row, "erase_after")?);
            Ok(Known { ledger, about, due, early: row.get("early")? })
        })
        .optional()
    })
    .during("tell the ledger")
}

impl Known {
    fn of(&self) -> Option<Of> {
        Some(Of { record: self.ledger, about: Some(self.about), due: Some(self.due) })
    }
}

/// A record has another date than `before`, which is what [`known`] said of it before its row was changed.
pub(crate) fn tell_redated(
    tx: &Transaction<'_>,
    before: Option<Known>,
    due: Timestamp,
    cause: RedatedBecause,
    now: Timestamp,
) -> Result<()> {
    let Some(known) = before else { return Ok(()) };
    let due = Instant::published(due, now);
    if due == Instant::published(known.due, now) {
        return Ok(());
    }
    tell(tx, &Leaf::Redated { record: known.ledger, due, cause }, known.of())
}

/// A record's key is destroyed, and its row goes with this transaction.
pub(crate) fn tell_erased(tx: &Transaction<'_>, record: RecordId, now: Timestamp) -> Result<()> {
    let Some(known) = known(tx, record)? else { return Ok(()) };
    note_erased(tx, known.ledger, now)?;
    let cause = if known.early { ErasedBecause::Early } else { ErasedBecause::Due };
    let at = Instant::published(now, now);
    tell(tx, &Leaf::Erased { record: known.ledger, cause, at }, known.of())
}

/// A hold keeps these records, or lets them go.
pub(crate) fn tell_held(
    tx: &Transaction<'_>,
    records: &[RecordId],
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    let at = Instant::new(now);
    for record in records {
        let Some(known) = known(tx, *record)? else { continue };
        let record = known.ledger;
        let leaf = match until {
            Some(until) => Leaf::Held { record, until: Instant::published(until, now), at },
            None => Leaf::Released { record, at },
        };
        tell(tx, &leaf, known.of())?;
    }
    Ok(())
}

/// A designation is in force, or will be.
pub(crate) fn tell_designated(tx: &Transaction<'_>, new: &Designation, now: Timestamp) -> Result<()> {
    let during = "tell the ledger";
    let point: CrossingPoint = tx
        .prepare_cached("SELECT * FROM point WHERE id = :id")
        .and_then(|mut s| s.query_row(named_params! {":id": new.point.bytes()}, crate::place::point))
        .during(during)?;
    let contractors = new.contractors.join("; ");
    let leaf = Leaf::Designation {
        id: new.id,
        point: point.id,
        name: Text::new(&point.name),
        port: Text::new(&point.port),
        direction: Text::new(&crate::column::word(&point.direction)),
        mode: Text::new(&crate::column::word(&point.kind)),
        basis: Text::new(&new.legal_basis),
        owner: Text::new(&new.device_owner),
        contractors: (!contractors.is_empty()).then(|| Text::new(&contractors)),
        from: Instant::new(new.from),
        until: new.until.map(Instant::new),
        at: Instant::new(now),
    };
    tell(tx, &leaf, None)?;
    if let Some(hours) = &new.hours {
        let hours = Text::new(&hours.to_string());
        tell(tx, &Leaf::Hours { designation: new.id, hours, at: Instant::new(now) }, None)?;
    }
    tx.execute("UPDATE designation SET stated = 1 WHERE id = :id", named_params! {":id": new.id.bytes()})
        .during(during)
        .map(|_| ())
}

/// A designation ends earlier.
pub(crate) fn tell_withdrawn(
    tx: &Transaction<'_>,
    designation: DesignationId,
    until: Timestamp,
    now: Timestamp,
) -> Result<()> {
    tell(tx, &Leaf::Withdrawn { designation, until: Instant::new(until), at: Instant::new(now) }, None)
}

/// Those who decline wait longer than was promised, or do so no longer. To the hour: what is kept changes when a voyage is
/// closed, and when that was says nothing of anybody.
pub(crate) fn tell_parity(
    tx: &Transaction<'_>,
    designation: DesignationId,
    falling: Falling,
    figures: &Figures,
    now: Timestamp,
) -> Result<()> {
    let leaf = Leaf::ParityShort {
        designation,
        falling,
        // In tens, as on the page: exact ones could be set against the tables of choices.
        manual: figures.manual_people / 10 * 10,
        photo: figures.photo_people / 10 * 10,
        waited_ms: figures.manual_p95_ms.unwrap_or_default(),
        limit_ms: figures.limit_ms,
        at: Instant::hour_of(now),
    };
    tell(tx, &leaf, None)
}

/// A device is enrolled; its captures are accounted for from its present count on.
pub(crate) fn tell_enrolled(tx: &Transaction<'_>, device: DeviceId, now: Timestamp) -> Result<()> {
    let during = "tell the ledger";
    let leaf = tx
        .prepare_cached("UPDATE device SET stated = 1, accounted = last_counter WHERE id = :id RETURNING *")
        .and_then(|mut s| {
            s.query_row(named_params! {":id": device.bytes()}, |row| {
                let device = crate::device::device(row)?;
                Ok(Leaf::Device {
                    id: device.id,
                    point: device.point,
                    key: Bytes32(device.public_key),
                    count: device.last_counter,
                    at: Instant::new(now),
                })
            })
        })
        .during(during)?;
    tell(tx, &leaf, None)
}

/// A device's signatures are not taken any more.
pub(crate) fn tell_revoked(tx: &Transaction<'_>, id: DeviceId, now: Timestamp) -> Result<()> {
    tell(tx, &Leaf::DeviceRevoked { id, at: Instant::new(now) }, None)
}

/// A device came with a count that was seen before, or a lower one: told once, until it counts on.
pub(crate) fn tell_rolled_back(
    tx: &Transaction<'_>,
    device: DeviceId,
    counted: u64,
    came: u64,
    now: Timestamp,
) -> Result<()> {
    let first = tx
        .prepare_cached("UPDATE device SET rolled_back = 1 WHERE id = :id AND rolled_back = 0")
        .and_then(|mut s| s.execute(named_params! {":id": device.bytes()}))
        .during("tell the ledger")?;
    match first {
        0 => Ok(()),
        _ => tell(tx, &Leaf::RolledBack { device, counted, came, at: Instant::new(now) }, None),
    }
}

/// A device counted a capture, and signed it.
pub(crate) fn count_capture(
    tx: &Transaction<'_>,
    admission: &Admission,
    of: &SignedCapture,
    now: Timestamp,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO counted (device, counter, key, at, designation, notice, signature)
         VALUES (:device, :counter, :key, :now, :designation, :notice, :signature)",
    )?
    .execute(named_params! {
        ":device": admission.device.bytes(),
        ":counter": signed(admission.counter),
        ":key": admission.key.bytes(),
        ":now": micros(now),
        ":designation": of.designation.bytes(),
        ":notice": of.notice.0,
        ":signature": of.signature.0,
    })
    .map(|_| ())
}

/// What became of a counted capture is known.
pub(crate) fn settle_capture(
    tx: &Transaction<'_>,
    key: IdempotencyKey,
    encounter: Option<EncounterId>,
) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE counted SET settled = 1, encounter = :encounter WHERE key = :key")?
        .execute(named_params! {":key": key.bytes(), ":encounter": encounter.map(EncounterId::bytes)})
        .map(|_| ())
}

/// A photo of a counted capture was sealed: kept, or destroyed again.
pub(crate) fn sealed_of_capture(
    tx: &Transaction<'_>,
    key: IdempotencyKey,
    became: &str,
) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE counted SET became = :became WHERE key = :key")?
        .execute(named_params! {":key": key.bytes(), ":became": became})
        .map(|_| ())
}

/// One capture that a device counted.
struct Counted {
    device: DeviceId,
    counter: u64,
    at: Timestamp,
    of: SignedCapture,
    became: String,
    encounter: Option<EncounterId>,
}

fn counted(row: &Row<'_>) -> rusqlite::Result<Counted> {
    Ok(Counted {
        device: id(row, "device", DeviceId::from_bytes)?,
        counter: count(row, "counter")?,
        at: instant(row, "at")?,
        of: SignedCapture {
            designation: id(row, "designation", DesignationId::from_bytes)?,
            notice: Bytes32(row.get("notice")?),
            signature: Signature(row.get("signature")?),
        },
        became: row.get("became")?,
        encounter: id_or_none(row, "encounter", EncounterId::from_bytes)?,
    })
}

/// How far a log is published: so many leaves, and the root over them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// How many leaves.
    pub size: u64,
    /// Which: two logs of one size have two roots.
    pub root: [u8; 32],
}

/// One leaf that waits.
struct Waiting {
    seq: i64,
    leaf: String,
}

impl Store {
    /// The secret from which the log's signing key is made. It stands in the key ring, which no backup of the data holds.
    ///
    /// # Errors
    /// What the key ring says.
    pub fn ledger_secret(&self) -> Result<zeroize::Zeroizing<[u8; 32]>> {
        self.keys().secret("ledger", self.entropy())
    }

    /// Gives a record its identifier in the ledger, and tells the ledger until when it is kept.
    pub(crate) fn tell_sealed(
        &self,
        tx: &Transaction<'_>,
        record: RecordId,
        about: Option<About>,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let ledger = LedgerId(self.fresh());
        let about = about.unwrap_or(About::record(ledger));
        let rows = tx
            .prepare_cached("UPDATE record SET ledger = :ledger, about = :about WHERE id = :id")
            .and_then(|mut s| {
                s.execute(named_params! {":ledger": ledger.0, ":about": about.0, ":id": record.bytes()})
            })
            .during("tell the ledger")?;
        touched("tell the ledger", 1, rows)?;
        let leaf = Leaf::Sealed { record: ledger, due: Instant::published(due, now) };
        tell(tx, &leaf, Some(Of { record: ledger, about: Some(about), due: None }))
    }

    /// States what an older version of this program kept and designated before there was a ledger.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn state_what_was_before(&self, now: Timestamp) -> Result<()> {
        let during = "state what was before";
        self.tx(during, |tx| {
            let designations: Vec<Designation> = tx
                .prepare("SELECT * FROM designation WHERE stated = 0 ORDER BY from_at, id")
                .and_then(|mut s| s.query_map([], crate::designation::designation)?.collect())
                .during(during)?;
            for designation in &designations {
                tell_designated(tx, designation, now)?;
            }
            let devices: Vec<DeviceId> = tx
                .prepare("SELECT id FROM device WHERE stated = 0 AND revoked_at IS NULL ORDER BY id")
                .and_then(|mut s| s.query_map([], |row| id(row, "id", DeviceId::from_bytes))?.collect())
                .during(during)?;
            for device in devices {
                tell_enrolled(tx, device, now)?;
            }
            Ok(())
        })?;
        loop {
            let stated = self.tx(during, |tx| {
                let some: Vec<(RecordId, Option<About>, Timestamp)> = tx
                    .prepare_cached(
                        "SELECT id, passenger, encounter, erase_after FROM record
                         WHERE ledger IS NULL AND erased_at IS NULL LIMIT :limit",
                    )
                    .and_then(|mut s| {
                        s.query_map(named_params! {":limit": limit(AT_ONCE)}, |row| {
                            let passenger = id_or_none(row, "passenger", PassengerId::from_bytes)?;
                            let encounter = id_or_none(row, "encounter", EncounterId::from_bytes)?;
                            let about = About::of_row(passenger, encounter);
                            Ok((id(row, "id", RecordId::from_bytes)?, about, instant(row, "erase_after")?))
                        })?
                        .collect()
                    })
                    .during(during)?;
                for (record, about, due) in &some {
                    self.tell_sealed(tx, *record, *about, *due, now)?;
                }
                Ok(some.len())
            })?;
            if stated == 0 {
                return Ok(());
            }
        }
    }

    /// Tells the ledger what changes now and then (policy, models, whether erasing goes on), when it is another than was
    /// stated last.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn state(&self, leaf: &Leaf) -> Result<()> {
        let text = leaf.encode();
        let value: String =
            text.lines().filter(|line| !line.starts_with("at ")).collect::<Vec<_>>().join("\n");
        let said = self.read("state", |tx| {
            tx.query_row(
                "SELECT value FROM stated WHERE what = :what",
                named_params! {":what": leaf.kind()},
                |row| row.get::<_, String>(0),
            )
            .optional()
        })?;
        if said.as_ref() == Some(&value) {
            return Ok(());
        }
        self.tx("state", |tx| {
            let changed = tx
                .execute(
                    "INSERT INTO stated (what, value) VALUES (:what, :value)
                     ON CONFLICT (what) DO UPDATE SET value = :value WHERE value <> :value",
                    named_params! {":what": leaf.kind(), ":value": value},
                )
                .during("state")?;
            if changed > 0 { tell(tx, leaf, None) } else { Ok(()) }
        })
    }

    /// Gives leaves that may go their places after `head`, which is what the log states; durable when this returns.
    /// What had its place before comes first.
    ///
    /// # Errors
    /// [`StoreError::Ledger`] when the log states something else than is known here.
    pub fn sequence(&self, head: Published, now: Timestamp) -> Result<Vec<String>> {
        let during = "sequence";
        // Most of the time nothing waits: then nobody's commit does.
        let nothing = "SELECT NOT EXISTS (SELECT 1 FROM sequenced) AND NOT EXISTS (SELECT 1 FROM outbox)
             AND NOT EXISTS (SELECT 1 FROM counted)";
        let is_idle = |tx: &Transaction<'_>| {
            Ok(published(tx)? == (head.size, Some(head.root))
                && tx.query_row(nothing, [], |row| row.get(0))?)
        };
        if self.read(during, is_idle)? {
            return Ok(Vec::new());
        }
        let leaves = self.tx(during, |tx| {
            if published(tx).during(during)? != (head.size, Some(head.root)) {
                return Err(StoreError::Ledger { what: SOMEBODY_ELSE });
            }
            let before: Vec<String> = tx
                .prepare_cached("SELECT leaf FROM sequenced WHERE place >= :size ORDER BY place")
                .and_then(|mut s| {
                    s.query_map(named_params! {":size": signed(head.size)}, |row| row.get(0))?.collect()
                })
                .during(during)?;
            if !before.is_empty() {
                return Ok(before);
            }
            let mut leaves = at_once(tx, now).during(during)?;
            leaves.extend(self.batch(tx)?);
            leaves.extend(captures(tx, now).during(during)?);
            let mut put = tx
                .prepare_cached("INSERT INTO sequenced (place, leaf) VALUES (:place, :leaf)")
                .during(during)?;
            for (place, leaf) in (head.size..).zip(&leaves) {
                put.execute(named_params! {":place": signed(place), ":leaf": leaf}).during(during)?;
            }
            Ok(leaves)
        })?;
        failpoint("ledger.after-sequence");
        Ok(leaves)
    }

    /// The log states `after`, where it stated `before`: what had its place until there is kept no longer.
    ///
    /// # Errors
    /// [`StoreError::Ledger`] when something else than `before` is known here.
    pub fn published(&self, before: Published, after: Published) -> Result<()> {
        failpoint("ledger.after-append");
        self.tx("published", |tx| {
            if published(tx).during("published")? != (before.size, Some(before.root)) {
                return Err(StoreError::Ledger { what: SOMEBODY_ELSE });
            }
            set_published(tx, after).during("published")
        })
    }

    /// How many leaves are known here to be published, and the root over them; `None` where an older version of this
    /// program published them, or nobody did.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn published_head(&self) -> Result<(u64, Option<[u8; 32]>)> {
        self.read("published_head", published)
    }

    /// Remembers which root the leaves have that are known here to be published, where that is not known yet.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn learn_root(&self, head: Published) -> Result<()> {
        self.tx("learn_root", |tx| {
            tx.execute(
                "UPDATE ledger_head SET root = :root WHERE size = :size AND root IS NULL",
                named_params! {":root": head.root, ":size": signed(head.size)},
            )
            .during("learn_root")
            .map(|_| ())
        })
    }

    /// Catches up with leaves that the log states from `first` on and that are not known here to be published: after a
    /// crash those that had their places; after a restore what happened since, which is applied again. `root` is that of
    /// the log with these for its last.
    ///
    /// # Errors
    /// [`StoreError::Ledger`] when the log has another leaf at a place than was given to it here.
    pub fn catch_up(&self, first: u64, leaves: &[Vec<u8>], root: [u8; 32], now: Timestamp) -> Result<()> {
        let during = "catch up with the ledger";
        self.tx(during, |tx| {
            for (place, leaf) in (first..).zip(leaves) {
                let ours: Option<String> = tx
                    .prepare_cached("SELECT leaf FROM sequenced WHERE place = :place")
                    .and_then(|mut s| s.query_row([signed(place)], |row| row.get(0)).optional())
                    .during(during)?;
                match ours {
                    Some(ours) if ours.as_bytes() == leaf => {}
                    Some(_) => {
                        return Err(StoreError::Ledger {
                            what: "the log has another leaf where one was put",
                        });
                    }
                    None => apply(tx, leaf, now)?,
                }
            }
            set_published(tx, Published { size: first + leaves.len() as u64, root }).during(during)?;
            crate::store::raise_generation(tx, during)
        })
    }

    /// What concerns people, once it concerns ten: in random order, each record's own in theirs.
    fn batch(&self, tx: &Transaction<'_>) -> Result<Vec<String>> {
        let during = "sequence";
        let most = "SELECT COALESCE(MAX(n), 0) AS people FROM
             (SELECT COUNT(DISTINCT about) AS n FROM outbox WHERE about IS NOT NULL GROUP BY substr(about, 1, 1))";
        let people = tx.query_row(most, [], |row| count(row, "people")).during(during)?;
        if people < PEOPLE_MIN as u64 {
            return Ok(Vec::new());
        }
        let waiting = take(tx, "about IS NOT NULL", []).during(during)?;
        let mut order: BTreeMap<(u8, [u8; 16]), String> = BTreeMap::new();
        for waiting in waiting {
            let kind = waiting.leaf.split(['\n', ' ']).nth(1).unwrap_or_default();
            let key = match kind {
                "sealed" => (0, fresh(self.entropy())),
                "erased" => (2, fresh(self.entropy())),
                _ => (1, u128::from(waiting.seq.unsigned_abs()).to_be_bytes()),
            };
            order.insert(key, waiting.leaf);
        }
        Ok(order.into_values().collect())
    }
}

fn published(tx: &Transaction<'_>) -> rusqlite::Result<(u64, Option<[u8; 32]>)> {
    tx.query_row("SELECT size, root FROM ledger_head", [], |row| Ok((count(row, "size")?, row.get("root")?)))
}

/// So much is published: what had its place until there is kept no longer.
fn set_published(tx: &Transaction<'_>, head: Published) -> rusqlite::Result<()> {
    let size = signed(head.size);
    tx.execute(
        "UPDATE ledger_head SET size = :size, root = :root WHERE size <= :size",
        named_params! {":size": size, ":root": head.root},
    )?;
    tx.execute("DELETE FROM sequenced WHERE place < :size", named_params! {":size": size}).map(|_| ())
}

/// Takes leaves out of the outbox, the oldest first: those of which `holds` holds.
fn take(tx: &Transaction<'_>, holds: &str, params: impl Params) -> rusqlite::Result<Vec<Waiting>> {
    let taken: Vec<Waiting> = tx
        .prepare_cached(&format!(
            "SELECT seq, leaf FROM outbox WHERE {holds} ORDER BY seq LIMIT {BATCH_MAX}"
        ))?
        .query_map(params, |row| Ok(Waiting { seq: row.get("seq")?, leaf: row.get("leaf")? }))?
        .collect::<rusqlite::Result<_>>()?;
    let mut remove = tx.prepare_cached("DELETE FROM outbox WHERE seq = ?1")?;
    for waiting in &taken {
        remove.execute([waiting.seq])?;
    }
    Ok(taken)
}

/// What concerns nobody; and all that waits of records of which something must be stated by now, unless that the record is
/// there at all is still to be stated with others.
fn at_once(tx: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<Vec<String>> {
    let taken = take(
        tx,
        "(about IS NULL OR record IN (SELECT record FROM outbox WHERE due <= :now
          EXCEPT SELECT record FROM outbox WHERE about IS NOT NULL AND due IS NULL))",
        named_params! {":now": micros(now)},
    )?;
    Ok(taken.into_iter().map(|waiting| waiting.leaf).collect())
}

/// What became of the captures that devices counted, once they are of ten encounters: up to the first of each device of
/// which that is not known yet.
fn captures(tx: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<Vec<String>> {
    let open_until = now.saturating_sub(crate::admission::OUTCOMES_KEPT_FOR).unwrap_or(Timestamp::MIN);
    let rows: Vec<Counted> = tx
        .prepare_cached(
            "WITH open AS (SELECT device, MIN(counter) AS first FROM counted WHERE settled = 0 AND at >= :until
             GROUP BY device)
             SELECT counted.* FROM counted LEFT JOIN open USING (device)
             WHERE (first IS NULL OR counter < first) AND signature IS NOT NULL
             ORDER BY device, counter",
        )?
        .query_map(named_params! {":until": micros(open_until)}, counted)?
        .collect::<rusqlite::Result<_>>()?;
    let people: BTreeSet<EncounterId> = rows.iter().filter_map(|row| row.encounter).collect();
    if people.len() < PEOPLE_MIN {
        return Ok(Vec::new());
    }
    let mut leaves = Vec::new();
    for rows in rows.chunk_by(|one, next| one.device == next.device) {
        let device = rows[0].device;
        let mut before: u64 = tx
            .prepare_cached("SELECT accounted FROM device WHERE id = :id")?
            .query_row(named_params! {":id": device.bytes()}, |row| count(row, "accounted"))?;
        let under = |row: &Counted| (row.of.designation, row.of.notice);
        for same in rows.chunk_by(|one, next| under(one) == under(next)) {
            let (first, last) = (&same[0], &same[same.len() - 1]);
            let of = |became: &str| same.iter().filter(|row| row.became == became).count() as u64;
            let leaf = Leaf::Captures {
                device,
                designation: first.of.designation,
                notice: first.of.notice,
                first: before + 1,
                last: last.counter,
                sealed: of("sealed"),
                never_stored: of("never-stored"),
                discarded: of("discarded"),
                missing: last.counter - before - same.len() as u64,
                since: Instant::hour_of(first.at),
                signed: last.of.signature,
                at: Instant::new(now),
            };
            before = last.counter;
            leaves.push(leaf.encode());
        }
        tx.prepare_cached("UPDATE device SET accounted = :last WHERE id = :id")?
            .execute(named_params! {":last": signed(before), ":id": device.bytes()})?;
        tx.prepare_cached("DELETE FROM counted WHERE device = :id AND counter <= :last")?
            .execute(named_params! {":last": signed(before), ":id": device.bytes()})?;
    }
    Ok(leaves)
}

/// Applies a published leaf to data that are from before it.
fn apply(tx: &Transaction<'_>, bytes: &[u8], now: Timestamp) -> Result<()> {
    let during = "catch up with the ledger";
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    tx.execute("DELETE FROM outbox WHERE leaf = :leaf", named_params! {":leaf": text}).during(during)?;
    match Leaf::parse(bytes) {
        Ok(Leaf::Sealed { record, .. }) => {
            // Its own statement is published; what waits besides it goes on waiting.
            tx.execute(
                "DELETE FROM outbox WHERE record = :record AND leaf LIKE 'portunus-leaf/1 sealed%'",
                named_params! {":record": record.0},
            )
            .during(during)?;
            let is_known: bool = tx
                .query_row(
                    "SELECT EXISTS (SELECT 1 FROM record WHERE ledger = ?1)
                     OR EXISTS (SELECT 1 FROM outbox WHERE record = ?1)",
                    [record.0],
                    |row| row.get(0),
                )
                .during(during)?;
            if !is_known {
                // It came after the backup: its row, with its data key, is lost.
                let at = Instant::published(now, now);
                let of = Of { record, about: None, due: None };
                tell(tx, &Leaf::Erased { record, cause: ErasedBecause::Early, at }, Some(of))?;
            }
        }
        Ok(Leaf::Erased { record, at, .. }) => {
            note_erased(tx, record, at.at())?;
            tx.execute("DELETE FROM outbox WHERE record = :record", named_params! {":record": record.0})
                .during(during)?;
            tx.execute(
                "UPDATE record SET ledger = zeroblob(16), erased_at = COALESCE(erased_at, :now) WHERE ledger = :record",
                named_params! {":now": micros(now), ":record": record.0},
            )
            .during(during)?;
        }
        Ok(Leaf::Captures { device, last, .. }) => {
            let params = named_params! {":last": signed(last), ":id": device.bytes()};
            tx.execute(
                "UPDATE device SET accounted = MAX(accounted, :last), last_counter = MAX(last_counter, :last)
                 WHERE id = :id",
                params,
            )
            .during(during)?;
            tx.execute("DELETE FROM counted WHERE device = :id AND counter <= :last", params)
                .during(during)?;
        }
        Ok(Leaf::ParityShort { designation, falling, .. }) => {
            crate::parity::note(tx, designation, falling).during(during)?;
        }
        // A date that was moved since the backup is known to the key ring, and to the second.
        _ => {}
    }
    Ok(())
}
