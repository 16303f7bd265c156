//! Encounters as changed: each change one transaction, with the boarding, the record, the outcome and the event.

use crate::admission::settle;
use crate::column::{id_or_none, json, micros, word, word_of};
use crate::decline::{note_declines, put_party};
use crate::designation::ended_under;
use crate::encounter::encounter;
use crate::erasure::hide;
use crate::error::{During, Result, StoreError, touched};
use crate::event::{EventKind, append};
use crate::failpoint::failpoint;
use crate::ledger::sealed_of_capture;
use crate::store::Store;
use crate::tally::put_measured;
use crate::vault::{RecordRow, Sealed};
use crate::wish::{Wish, put_wish};
use jiff::Timestamp;
use portunus_core::accuracy::Measured;
use portunus_core::encounter::{Boarding, Encounter, Ruled};
use portunus_core::id::{EncounterId, IdempotencyKey, PassengerId, PointId, RecordId, UserId};
use portunus_core::leaf::{Bytes32, RedatedBecause};
use portunus_core::place::Direction;
use portunus_core::policy::{PersonClass, Start};
use rusqlite::{OptionalExtension, Transaction, named_params};

/// What a device's request does to an encounter: a capture, a decline, leaving.
pub struct CaptureCommit<'a> {
    /// The encounter as it was read. If it has moved since, nothing is committed.
    pub before: &'a Encounter,
    /// The encounter as it is to be. With a `record`, its `probe` is that record.
    pub after: &'a Encounter,
    /// The sealed probe, and when it is to be gone.
    pub record: Option<(Sealed, Timestamp)>,
    /// The boarding that it confirms.
    pub boarding: Option<Boarding>,
    /// The request, as admitted.
    pub key: IdempotencyKey,
    /// What the device is told, now and when it repeats the request.
    pub outcome: &'a str,
    /// Of a capture, what is counted when the voyage is closed; `None` leaves what was kept.
    pub measured: Option<&'a Measured>,
}

/// What an officer's ruling does to an encounter.
pub struct RulingCommit<'a> {
    /// The encounter as it was read. If it has moved since, nothing is committed.
    pub before: &'a Encounter,
    /// The encounter as it is to be.
    pub after: &'a Encounter,
    /// The ruling.
    pub ruled: &'a Ruled,
    /// What becomes of the boarding.
    pub boarding: BoardingChange,
    /// When a probe that is kept is now to be gone; its class becomes that of `after`. `None` leaves it.
    pub probe_due: Option<Timestamp>,
}

/// What a ruling does to a boarding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoardingChange {
    /// Nothing.
    None,
    /// Someone boards.
    Board(Boarding),
    /// Someone comes off.
    OffLoad(PassengerId),
    /// The machine took one person for another: the wrong one's boarding is taken back, and the right one boards,
    /// where that was established.
    Correct {
        /// Who was never here. May have been taken off before.
        wrong: PassengerId,
        /// Who was.
        boarding: Option<Boarding>,
    },
}

/// What became of a change. Unless it is done, nothing was changed and a sealed record given with it is destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Committed {
    /// It is durable.
    Done,
    /// The passenger is on board already.
    AlreadyBoarded,
    /// The encounter (or the boarding to take back) is not as it was read, or the request is answered already.
    StaleEncounter,
    /// The voyage is closed or cancelled.
    VoyageOver,
    /// The designation that the capture was signed under is over: withdrawn meanwhile.
    AuthorityOver,
}

/// What a transaction gives: what is to be erased after it, or why it was undone.
type Undoable = std::result::Result<Option<RecordId>, Committed>;

impl Store {
    /// Keeps a new encounter of a traveller who asks for nothing: [`Self::begin_together`].
    ///
    /// # Errors
    /// What SQLite says.
    pub fn begin(
        &self,
        encounter: &Encounter,
        key: IdempotencyKey,
        outcome: &str,
        notice: Bytes32,
        now: Timestamp,
    ) -> Result<Committed> {
        self.begin_together(std::slice::from_ref(encounter), Wish::default(), key, outcome, notice, now)
    }

    /// The same of people who chose together, with what they ask for: all of them, or none. The request is the first one's.
    ///
    /// # Errors
    /// [`StoreError::Rows`] of nobody; what SQLite says.
    pub fn begin_together(
        &self,
        encounters: &[Encounter],
        wish: Wish,
        key: IdempotencyKey,
        outcome: &str,
        notice: Bytes32,
        now: Timestamp,
    ) -> Result<Committed> {
        let Some(encounter) = encounters.first() else {
            return Err(StoreError::Rows { during: "begin", expected: 1, found: 0 });
        };
        let done = self.tx_unless("begin", |tx| {
            for encounter in encounters {
                if let Err(undo) = insert_encounter(tx, "begin", encounter)? {
                    return Ok(Err(undo));
                }
                put_wish(tx, encounter.id, wish)?;
                self.put_receipt(tx, encounter, Some(notice))?;
            }
            if encounters.len() > 1 {
                put_party(tx, encounters, self.fresh())?;
            }
            if !settle(tx, "begin", key, Some(encounter.id), outcome)? {
                return Ok(Err(Committed::StaleEncounter));
            }
            for encounter in encounters {
                append(tx, EventKind::Began, about(encounter), now)?;
            }
            note_declines(tx, encounters)?;
            failpoint("begin.before-commit");
            Ok(Ok(None))
        })?;
        failpoint("begin.after-commit");
        Ok(self.settled(done, now))
    }

    /// Commits a capture, a decline or a leaving: encounter, record, boarding, outcome and event, or none of it.
    /// A probe that the encounter had and no longer names is erased.
    ///
    /// # Errors
    /// [`StoreError::SealExpired`]; [`StoreError::CitizenProbe`]; what SQLite says.
    pub fn commit_capture(&self, commit: CaptureCommit<'_>, now: Timestamp) -> Result<Committed> {
        self.commit_party(std::slice::from_ref(&commit), now)
    }

    /// The same of several people whom one capture shows, as in a vehicle: all of it, or none. The request is the first one's,
    /// and its outcome that of all.
    ///
    /// # Errors
    /// As [`Self::commit_capture`].
    pub fn commit_party(&self, commits: &[CaptureCommit<'_>], now: Timestamp) -> Result<Committed> {
        let during = "commit_capture";
        let records = || commits.iter().filter_map(|commit| commit.record.as_ref().map(|(sealed, _)| sealed));
        let citizens = commits
            .iter()
            .any(|commit| commit.record.is_some() && commit.after.class == PersonClass::Citizen);
        if citizens {
            records().try_for_each(|sealed| self.discard(sealed.record()))?;
            return Err(StoreError::CitizenProbe);
        }
        let Some(first) = commits.first() else { return Ok(Committed::Done) };
        let done = self.tx_unless(during, |tx| {
            let mut old = Vec::new();
            for commit in commits {
                match self.commit_one(tx, during, commit, now)? {
                    Ok(replaced) => old.extend(replaced),
                    Err(undo) => return Ok(Err(undo)),
                }
            }
            if !settle(tx, during, first.key, Some(first.after.id), first.outcome)? {
                return Ok(Err(Committed::StaleEncounter));
            }
            failpoint("capture.before-commit");
            Ok(Ok(old))
        })?;
        failpoint("capture.after-commit");
        if done.is_err() && records().next().is_some() {
            // Whatever this cannot do now the sweep does.
            records().for_each(|sealed| {
                let _ = self.discard(sealed.record());
            });
            self.tx(during, |tx| sealed_of_capture(tx, first.key, "discarded").during(during))?;
        }
        Ok(match done {
            Ok(old) => {
                let _ = self.finish_erasing(&old, now);
                Committed::Done
            }
            Err(undone) => undone,
        })
    }

    /// One person's part of a capture, with the transaction.
    fn commit_one(
        &self,
        tx: &Transaction<'_>,
        during: &'static str,
        commit: &CaptureCommit<'_>,
        now: Timestamp,
    ) -> Result<Undoable> {
        let CaptureCommit { before, after, record, boarding, key, measured, .. } = commit;
        if let Some((sealed, erase_after)) = record {
            let row = RecordRow {
                class: after.class,
                erase_after: *erase_after,
                start: Start { at: now, direction: direction_at(tx, after.point).during(during)? },
                encounter: Some(after.id),
                passenger: after.passenger,
                about: None,
            };
            if !exists(tx, after.id).during(during)? {
                return Ok(Err(Committed::StaleEncounter));
            }
            self.insert_record(tx, during, sealed, &row, now)?;
            sealed_of_capture(tx, *key, "sealed").during(during)?;
        }
        let probe = record.as_ref().map(|(sealed, _)| sealed.record()).or(after.probe);
        let old = match update_encounter(tx, during, before, after, probe, now)? {
            Ok(old) => old,
            Err(undo) => return Ok(Err(undo)),
        };
        // A camera is closed at once: also to what was being looked at when it was.
        if ended_under(tx, *key, now).during(during)?.is_some() {
            return Ok(Err(Committed::AuthorityOver));
        }
        put_measured(tx, after, *measured)?;
        if let Some(boarding) = boarding
            && !insert_boarding(tx, during, after, boarding, now)?
        {
            return Ok(Err(Committed::AlreadyBoarded));
        }
        append(tx, EventKind::Captured, about(after), now)?;
        note_declines(tx, std::slice::from_ref(*after))?;
        Ok(Ok(old))
    }

    /// Commits an officer's ruling: encounter, ruling, boarding, the probe's date and event, or none of it.
    /// A probe that the encounter had and no longer names is erased; a citizen's is, named or not.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn commit_ruling(&self, commit: RulingCommit<'_>, now: Timestamp) -> Result<Committed> {
        let during = "commit_ruling";
        let RulingCommit { before, after, ruled, boarding, probe_due } = commit;
        let done = self.tx_unless(during, |tx| {
            let old = match update_encounter(tx, during, before, after, after.probe, now)? {
                Ok(old) => old,
                Err(undo) => return Ok(Err(undo)),
            };
            if let (Some(probe), Some(due)) = (after.probe, probe_due) {
                // A probe that fell due meanwhile stays as it is: gone.
                self.redate_in(tx, probe, after.class, due, RedatedBecause::Ruling, now)?;
            }
            match &boarding {
                BoardingChange::None => {}
                BoardingChange::Board(boarding) => {
                    if !insert_boarding(tx, during, after, boarding, now)? {
                        return Ok(Err(Committed::AlreadyBoarded));
                    }
                }
                BoardingChange::OffLoad(passenger) => {
                    if !off_load(tx, during, *passenger, now)? {
                        return Ok(Err(Committed::StaleEncounter));
                    }
                    append(tx, EventKind::Boarded, about(after), now)?;
                }
                BoardingChange::Correct { wrong, boarding } => {
                    let _ = off_load(tx, during, *wrong, now)?;
                    append(tx, EventKind::Boarded, about(after), now)?;
                    if let Some(boarding) = boarding
                        && !insert_boarding(tx, during, after, boarding, now)?
                    {
                        return Ok(Err(Committed::AlreadyBoarded));
                    }
                }
            }
            insert_ruling(tx, during, after.id, ruled)?;
            append(tx, EventKind::Ruled, about(after), now)?;
            failpoint("ruling.before-commit");
            Ok(Ok(old))
        })?;
        failpoint("ruling.after-commit");
        if probe_due.is_some() {
            // Whatever this cannot do now the sweep does.
            let _ = self.destroy_dying();
        }
        Ok(self.settled(done, now))
    }

    /// Enters a boarding that happened while the service was away: the encounter (without a device), the ruling
    /// and the boarding, or none of it.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn enter_boarding(
        &self,
        encounter: &Encounter,
        ruled: &Ruled,
        boarding: &Boarding,
        now: Timestamp,
    ) -> Result<Committed> {
        let during = "enter_boarding";
        let done = self.tx_unless(during, |tx| {
            if let Err(undo) = insert_encounter(tx, during, encounter)? {
                return Ok(Err(undo));
            }
            self.put_receipt(tx, encounter, None)?;
            if !insert_boarding(tx, during, encounter, boarding, now)? {
                return Ok(Err(Committed::AlreadyBoarded));
            }
            insert_ruling(tx, during, encounter.id, ruled)?;
            append(tx, EventKind::Ruled, about(encounter), now)?;
            Ok(Ok(None))
        })?;
        Ok(self.settled(done, now))
    }

    /// Gives a waiting encounter to an officer, and notes that the traveller is attended to. Also gives it to the
    /// officer who has it already; `None` when another has it, or it does not wait.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn take(&self, id: EncounterId, officer: UserId, now: Timestamp) -> Result<Option<Encounter>> {
        self.tx("take", |tx| {
            let waited = tx
                .query_row(
                    "SELECT stage IN ('waiting', 'secondary') FROM encounter WHERE id = :id",
                    named_params! {":id": id.bytes()},
                    |row| row.get::<_, bool>(0),
                )
                .optional()
                .during("take")?;
            let taken = tx
                .query_row(
                    "UPDATE encounter SET stage = 'with-officer', officer = :officer,
                     served_at = COALESCE(served_at, :now), taken_at = COALESCE(taken_at, :now)
                     WHERE id = :id AND (stage IN ('waiting', 'secondary') OR stage = 'with-officer' AND officer = :officer)
                     RETURNING *",
                    named_params! {
                        ":officer": officer.bytes(),
                        ":now": micros(now),
                        ":id": id.bytes(),
                    },
                    encounter,
                )
                .optional()
                .during("take")?;
            if let (Some(taken), Some(true)) = (&taken, waited) {
                append(tx, EventKind::Taken, about(taken), now)?;
            }
            Ok(taken)
        })
    }

    /// Marks an encounter that waits for an officer as confidential, for good; whoever rules on what it was before is told to
    /// look again. `None` when it does not wait.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn mark_confidential(&self, id: EncounterId) -> Result<Option<Encounter>> {
        self.tx("mark_confidential", |tx| {
            tx.query_row(
                "UPDATE encounter SET confidential = 1
                 WHERE id = :id AND stage IN ('waiting', 'with-officer', 'secondary') RETURNING *",
                named_params! {":id": id.bytes()},
                encounter,
            )
            .optional()
            .during("mark_confidential")
        })
    }

    /// Erases what a commit made invisible. The commit stands whatever comes of it: the sweep finishes the rest.
    fn settled(&self, done: Undoable, now: Timestamp) -> Committed {
        match done {
            Ok(old) => {
                if let Some(old) = old {
                    let _ = self.finish_erasing(&[old], now);
                }
                Committed::Done
            }
            Err(undone) => undone,
        }
    }
}

fn about(encounter: &Encounter) -> crate::event::About {
    (Some(encounter.point), Some(encounter.voyage), Some(encounter.id))
}

fn direction_at(tx: &Transaction<'_>, point: PointId) -> rusqlite::Result<Option<Direction>> {
    tx.prepare_cached("SELECT direction FROM point WHERE id = :id")?
        .query_row(named_params! {":id": point.bytes()}, |row| word_of(row, "direction"))
        .optional()
}

fn exists(tx: &Transaction<'_>, encounter: EncounterId) -> rusqlite::Result<bool> {
    tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM encounter WHERE id = :id)")?
        .query_row(named_params! {":id": encounter.bytes()}, |row| row.get(0))
}

fn insert_encounter(
    tx: &Transaction<'_>,
    during: &'static str,
    new: &Encounter,
) -> Result<std::result::Result<(), Committed>> {
    // A voyage that is over has no encounters: they went into counts when it was closed.
    let rows = tx
        .prepare_cached(
            "INSERT INTO encounter (id, point, voyage, device, lane, claims_citizenship, presented, stage,
             attempts, decision, class, passenger, probe, joined_at, served_at, done_at, confidential)
             SELECT :id, :point, voyage.id, :device, :lane, :claims, :presented, :stage, :attempts, :decision, :class,
             :passenger, NULL, :joined, :served, :done, :confidential
             FROM voyage WHERE id = :voyage AND status NOT IN ('closed', 'cancelled')",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":id": new.id.bytes(),
                ":point": new.point.bytes(),
                ":voyage": new.voyage.bytes(),
                ":device": new.device.map(portunus_core::id::DeviceId::bytes),
                ":lane": word(&new.lane),
                ":claims": new.claims_citizenship,
                ":presented": json(&new.presented)?,
                ":stage": word(&new.stage),
                ":attempts": new.attempts,
                ":decision": new.decision.as_ref().map(json).transpose()?,
                ":class": word(&new.class),
                ":passenger": new.passenger.map(PassengerId::bytes),
                ":joined": micros(new.joined_at),
                ":served": new.served_at.map(micros),
                ":done": new.done_at.map(micros),
                ":confidential": new.confidential,
            })
        })
        .during(during)?;
    Ok(if rows == 1 { Ok(()) } else { Err(Committed::VoyageOver) })
}

/// Compare and set. Gives the probe that the encounter had and that was made invisible, if any.
fn update_encounter(
    tx: &Transaction<'_>,
    during: &'static str,
    before: &Encounter,
    after: &Encounter,
    probe: Option<RecordId>,
    now: Timestamp,
) -> Result<Undoable> {
    let stored = tx
        .prepare_cached(
            "SELECT probe FROM encounter
             WHERE id = :id AND stage = :stage AND attempts = :attempts AND class = :class AND lane = :lane
             AND confidential = :confidential",
        )
        .and_then(|mut s| {
            s.query_row(
                named_params! {
                    ":id": before.id.bytes(),
                    ":confidential": before.confidential,
                    ":stage": word(&before.stage),
                    ":attempts": before.attempts,
                    ":class": word(&before.class),
                    ":lane": word(&before.lane),
                },
                |row| id_or_none(row, "probe", RecordId::from_bytes),
            )
            .optional()
        })
        .during(during)?;
    let Some(stored) = stored.filter(|_| before.id == after.id) else {
        return Ok(Err(Committed::StaleEncounter));
    };
    // Whatever the caller names: a citizen's probe is not kept.
    let probe = probe.filter(|_| after.class != PersonClass::Citizen);
    let rows = tx
        .prepare_cached(
            "UPDATE encounter SET lane = :lane, claims_citizenship = :claims, presented = :presented, stage = :stage,
             attempts = :attempts, decision = :decision, class = :class, passenger = :passenger,
             probe = (SELECT id FROM record WHERE id = :probe AND erased_at IS NULL),
             officer = CASE WHEN :stage IN ('with-officer', 'done') THEN officer END,
             served_at = :served, done_at = :done, confidential = :confidential WHERE id = :id",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":lane": word(&after.lane),
                ":claims": after.claims_citizenship,
                ":presented": json(&after.presented)?,
                ":stage": word(&after.stage),
                ":attempts": after.attempts,
                ":decision": after.decision.as_ref().map(json).transpose()?,
                ":class": word(&after.class),
                ":passenger": after.passenger.map(PassengerId::bytes),
                ":probe": probe.map(RecordId::bytes),
                ":served": after.served_at.map(micros),
                ":done": after.done_at.map(micros),
                ":confidential": after.confidential,
                ":id": after.id.bytes(),
            })
        })
        .during(during)?;
    touched(during, 1, rows)?;
    match stored.filter(|stored| Some(*stored) != probe) {
        Some(old) if hide(tx, old, now)? => Ok(Ok(Some(old))),
        _ => Ok(Ok(None)),
    }
}

/// `false` when the passenger is on board already.
fn insert_boarding(
    tx: &Transaction<'_>,
    during: &'static str,
    encounter: &Encounter,
    boarding: &Boarding,
    now: Timestamp,
) -> Result<bool> {
    let rows = tx
        .prepare_cached(
            "INSERT INTO boarding (passenger, at, method, entered_later, admitted)
             VALUES ((SELECT id FROM passenger WHERE id = :passenger AND (voyage = :voyage
                 OR voyage IN (SELECT voyage FROM landing WHERE watch = :voyage))), :at, :method, :later, :admitted)
             ON CONFLICT (passenger) WHERE off_loaded_at IS NULL DO NOTHING",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":passenger": boarding.passenger.bytes(),
                ":voyage": encounter.voyage.bytes(),
                ":at": micros(boarding.at),
                ":method": word(&boarding.method),
                ":later": boarding.entered_later,
                ":admitted": boarding.admitted.as_ref().map(json).transpose()?,
            })
        })
        .during(during)?;
    if rows == 1 {
        append(tx, EventKind::Boarded, about(encounter), now)?;
    }
    Ok(rows == 1)
}

/// `false` when the passenger is not on board.
fn off_load(
    tx: &Transaction<'_>,
    during: &'static str,
    passenger: PassengerId,
    now: Timestamp,
) -> Result<bool> {
    tx.prepare_cached(
        "UPDATE boarding SET off_loaded_at = :now WHERE passenger = :id AND off_loaded_at IS NULL",
    )
    .and_then(|mut s| s.execute(named_params! {":now": micros(now), ":id": passenger.bytes()}))
    .during(during)
    .map(|rows| rows == 1)
}

fn insert_ruling(
    tx: &Transaction<'_>,
    during: &'static str,
    encounter: EncounterId,
    ruled: &Ruled,
) -> Result<()> {
    let rows = tx
        .prepare_cached(
            "INSERT INTO ruling (encounter, ruling, author, reason, at)
             VALUES (:encounter, :ruling, :author, :reason, :at)",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":encounter": encounter.bytes(),
                ":ruling": json(&ruled.ruling)?,
                ":author": ruled.author.bytes(),
                ":reason": ruled.reason,
                ":at": micros(ruled.at),
            })
        })
        .during(during)?;
    touched(during, 1, rows)
}
