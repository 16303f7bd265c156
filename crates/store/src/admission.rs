//! A device's request, admitted once: its nonce unused, its counter the next, its outcome kept for repeats.

use crate::column::{id, micros, signed};
use crate::error::{During, Result, touched};
use crate::failpoint::failpoint;
use crate::ledger::{count_capture, settle_capture, tell_rolled_back};
use crate::store::Store;
use jiff::{SignedDuration, Timestamp};
use portunus_core::capture::SignedCapture;
use portunus_core::id::{DeviceId, EncounterId, IdempotencyKey};
use rusqlite::{OptionalExtension, Transaction, named_params};

/// How long nonces are known: longer than a signature is good for, whichever way the clocks differ.
pub(crate) const NONCES_KEPT_FOR: SignedDuration = SignedDuration::from_mins(15);
/// How long a request's outcome is kept, if its voyage is not closed before.
pub(crate) const OUTCOMES_KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A signed request of a device. Its signature, and that `created` is near `now`, are for the caller to check first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The same when the request is repeated.
    pub key: IdempotencyKey,
    /// Who signed it.
    pub device: DeviceId,
    /// [`Store::body_mac`] of the body.
    pub body_mac: [u8; 32],
    /// The capture counter.
    pub counter: u64,
    /// Of a capture or preview, which the counter counts: what the device signed of it, already verified.
    pub counted: Option<SignedCapture>,
    /// Fresh for every signature.
    pub nonce: [u8; 16],
    /// When it was signed.
    pub created: Timestamp,
}

/// What a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admit {
    /// New: process it.
    New,
    /// The same request again.
    Repeat {
        /// The first outcome; `None` when there is none: in progress, or lost with a process that was killed. Unless
        /// this process knows it to be in progress, process it: commits compare and set, nothing happens twice.
        outcome: Option<String>,
    },
    /// This signature was seen before.
    NonceReused,
    /// Another body, or another device, under a key that was used.
    OtherBody,
    /// The counter was seen before.
    CounterNotNext {
        /// The last that was seen.
        last: u64,
    },
}

impl Store {
    /// Admits a request. Durable when this returns: the nonce is used up whatever the answer is.
    ///
    /// # Errors
    /// What SQLite says; among it that there is no such device.
    pub fn admit(&self, admission: &Admission, now: Timestamp) -> Result<Admit> {
        let admit = self.tx("admit", |tx| admit(tx, admission, now))?;
        failpoint("admit.after-commit");
        Ok(admit)
    }

    /// The outcome of this same request, where it was answered before. Nothing is noted of it.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn answered(&self, admission: &Admission) -> Result<Option<String>> {
        self.read("answered", |tx| {
            tx.prepare_cached(
                "SELECT outcome FROM admission WHERE key = :key AND device = :device AND body_mac = :mac",
            )?
            .query_row(
                named_params! {
                    ":key": admission.key.bytes(),
                    ":device": admission.device.bytes(),
                    ":mac": admission.body_mac,
                },
                |row| row.get(0),
            )
            .optional()
            .map(Option::flatten)
        })
    }

    /// Keeps the outcome of an admitted request that changes nothing else. `false` when it has one already.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn answer(&self, key: IdempotencyKey, outcome: &str) -> Result<bool> {
        self.tx("answer", |tx| settle(tx, "answer", key, None, outcome))
    }
}

fn admit(tx: &Transaction<'_>, admission: &Admission, now: Timestamp) -> Result<Admit> {
    let during = "admit";
    prune(tx, now).during(during)?;
    let fresh = tx
        .prepare_cached(
            "INSERT INTO nonce (device, nonce, seen_at) VALUES (:device, :nonce, :now) ON CONFLICT DO NOTHING",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":device": admission.device.bytes(),
                ":nonce": admission.nonce,
                ":now": micros(now),
            })
        })
        .during(during)?;
    if fresh == 0 {
        return Ok(Admit::NonceReused);
    }
    let earlier = tx
        .prepare_cached("SELECT device, body_mac, outcome FROM admission WHERE key = :key")
        .and_then(|mut s| {
            s.query_row(named_params! {":key": admission.key.bytes()}, |row| {
                let same = id(row, "device", DeviceId::from_bytes)? == admission.device
                    && row.get::<_, [u8; 32]>("body_mac")? == admission.body_mac;
                Ok((same, row.get("outcome")?))
            })
            .optional()
        })
        .during(during)?;
    match earlier {
        Some((true, outcome)) => return Ok(Admit::Repeat { outcome }),
        Some((false, _)) => return Ok(Admit::OtherBody),
        None => {}
    }
    if admission.counted.is_some()
        && let Some(last) = not_next(tx, admission)?
    {
        tell_rolled_back(tx, admission.device, last, admission.counter, now)?;
        return Ok(Admit::CounterNotNext { last });
    }
    let rows = tx
        .prepare_cached(
            "INSERT INTO admission (key, device, body_mac, admitted_at) VALUES (:key, :device, :mac, :now)",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":key": admission.key.bytes(),
                ":device": admission.device.bytes(),
                ":mac": admission.body_mac,
                ":now": micros(now),
            })
        })
        .during(during)?;
    touched(during, 1, rows)?;
    if let Some(signed) = &admission.counted {
        count_capture(tx, admission, signed, now).during(during)?;
    }
    Ok(Admit::New)
}

/// Moves the device's counter on and notes what it skipped; the last counter when this one was seen before.
fn not_next(tx: &Transaction<'_>, admission: &Admission) -> Result<Option<u64>> {
    let during = "admit";
    let device = admission.device.bytes();
    let (last, gaps) = tx
        .prepare_cached("SELECT last_counter, gaps FROM device WHERE id = :id")
        .and_then(|mut s| {
            s.query_row(named_params! {":id": device}, |row| {
                Ok((crate::column::count(row, "last_counter")?, crate::column::count(row, "gaps")?))
            })
        })
        .during(during)?;
    if admission.counter <= last {
        return Ok(Some(last));
    }
    let gaps = gaps.saturating_add(admission.counter - last - 1);
    let rows = tx
        .prepare_cached(
            "UPDATE device SET last_counter = :counter, gaps = :gaps, rolled_back = 0 WHERE id = :id",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":counter": signed(admission.counter),
                ":gaps": signed(gaps),
                ":id": device,
            })
        })
        .during(during)?;
    touched(during, 1, rows)?;
    Ok(None)
}

fn prune(tx: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let before = |age| micros(now.saturating_sub(age).unwrap_or(Timestamp::MIN));
    tx.prepare_cached("DELETE FROM nonce WHERE seen_at < :until")?
        .execute(named_params! {":until": before(NONCES_KEPT_FOR)})?;
    tx.prepare_cached("DELETE FROM admission WHERE admitted_at < :until")?
        .execute(named_params! {":until": before(OUTCOMES_KEPT_FOR)})?;
    Ok(())
}

/// Gives an admitted request its outcome, with the transaction. `false` when it has one, or was never admitted.
pub(crate) fn settle(
    tx: &Transaction<'_>,
    during: &'static str,
    key: IdempotencyKey,
    encounter: Option<EncounterId>,
    outcome: &str,
) -> Result<bool> {
    settle_capture(tx, key, encounter).during(during)?;
    tx.prepare_cached(
        "UPDATE admission SET outcome = :outcome, encounter = :encounter WHERE key = :key AND outcome IS NULL",
    )
    .and_then(|mut s| {
        s.execute(named_params! {
            ":outcome": outcome,
            ":encounter": encounter.map(EncounterId::bytes),
            ":key": key.bytes(),
        })
    })
    .during(during)
    .map(|rows| rows == 1)
}
