//! The records office: cases, who agreed, which records they name, what they changed.

use crate::column::{count, id, instant, instant_or_none, micros, word, word_of, word_or_none};
use crate::erasure::hide;
use crate::error::{During, Result, touched};
use crate::ledger::tell_held;
use crate::redress::drop_proposal;
use crate::store::{Store, limit};
use jiff::Timestamp;
use portunus_core::case::{Case, CaseKind, CaseOutcome, NotAllowed};
use portunus_core::document::DocumentKey;
use portunus_core::id::{CaseId, RecordId, UserId};
use portunus_core::leaf::RedatedBecause;
use portunus_core::policy::PersonClass;
use rusqlite::{OptionalExtension, Row, Transaction, named_params};

/// `FROM` and `WHERE` of the holds in force at `:now` that keep `record`: a legal hold goes before every erasure.
pub(crate) fn holds(record: &str) -> String {
    format!(
        "FROM case_record JOIN case_file ON case_file.id = case_record.case_file
         WHERE case_record.record = {record} AND case_file.kind = 'hold' AND case_file.approved_at IS NOT NULL
         AND case_file.closed_at IS NULL AND case_file.expires_at > :now"
    )
}

/// Whether a hold in force at `:now` keeps the row `record`.
pub(crate) fn held() -> String {
    format!("EXISTS (SELECT 1 {})", holds("record.id"))
}

/// How many records one case names at most.
pub const CASE_RECORDS_MAX: usize = 1000;

/// What becomes of one record in a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrected {
    /// Which record.
    pub record: RecordId,
    /// Its class and date from now on; `None` erases it.
    pub becomes: Option<(PersonClass, Timestamp)>,
}

/// What a correction did. Recipients are recalled by themselves; who was given records in a case is told by hand.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct CorrectionDone {
    /// Records erased.
    pub erased: usize,
    /// Records with another date or class.
    pub redated: usize,
    /// Records that a hold keeps: invisible to all but its case, erased when it ends.
    pub held: usize,
    /// Requests from outside in which some of them were given.
    pub given_in: Vec<CaseId>,
}

/// How many cases of one kind ended in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct CaseCount {
    /// What they are about.
    pub kind: CaseKind,
    /// How they ended; `None`: they are open.
    pub outcome: Option<CaseOutcome>,
    /// How many.
    pub cases: u64,
    /// How many records were given in them.
    pub records_given: u64,
}

fn case(row: &Row<'_>) -> rusqlite::Result<Case> {
    Ok(Case {
        id: id(row, "id", CaseId::from_bytes)?,
        kind: word_of(row, "kind")?,
        reference: row.get("reference")?,
        basis: row.get("basis")?,
        reason: row.get("reason")?,
        from_whom: row.get("from_whom")?,
        identity_check: row.get("identity_check")?,
        author: id(row, "author", UserId::from_bytes)?,
        opened_at: instant(row, "opened_at")?,
        deadline: instant_or_none(row, "deadline")?,
        expires_at: instant_or_none(row, "expires_at")?,
        approvals: Vec::new(),
        approved_at: instant_or_none(row, "approved_at")?,
        closed_at: instant_or_none(row, "closed_at")?,
        outcome: word_or_none(row, "outcome")?,
        given: count(row, "given")?,
    })
}

fn with_approvals(tx: &Transaction<'_>, mut case: Case) -> rusqlite::Result<Case> {
    case.approvals = tx
        .prepare_cached("SELECT approver FROM case_approval WHERE case_file = :case ORDER BY at, approver")?
        .query_map(named_params! {":case": case.id.bytes()}, |row| id(row, "approver", UserId::from_bytes))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(case)
}

pub(crate) fn find(tx: &Transaction<'_>, id: CaseId) -> rusqlite::Result<Option<Case>> {
    let found = tx
        .prepare_cached("SELECT * FROM case_file WHERE id = :id")?
        .query_row(named_params! {":id": id.bytes()}, case)
        .optional()?;
    found.map(|case| with_approvals(tx, case)).transpose()
}

/// A typed outcome: the case does not allow it, and nothing was changed.
type Allowed<T> = std::result::Result<T, NotAllowed>;

impl Store {
    /// Opens a case; its approvals, closing and given records are not taken over.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn open_case(&self, new: &Case) -> Result<()> {
        self.tx("open_case", |tx| insert_case(tx, "open_case", new))
    }

    /// One case.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn case(&self, id: CaseId) -> Result<Option<Case>> {
        self.read("case", |tx| find(tx, id))
    }

    /// The latest cases, those that are open first, at most `at_most`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn cases(&self, at_most: usize) -> Result<Vec<Case>> {
        self.read("cases", |tx| {
            let cases: Vec<Case> = tx
                .prepare_cached(
                    "SELECT * FROM case_file ORDER BY closed_at IS NOT NULL, opened_at DESC LIMIT :limit",
                )?
                .query_map(named_params! {":limit": limit(at_most)}, case)?
                .collect::<rusqlite::Result<_>>()?;
            cases.into_iter().map(|case| with_approvals(tx, case)).collect()
        })
    }

    /// Names records in a case, in place of those named before. What is not there is left out; says how many are named.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn name_records(
        &self,
        id: CaseId,
        records: &[RecordId],
        now: Timestamp,
    ) -> Result<Option<Allowed<usize>>> {
        let (during, mut begun) = ("name_records", Vec::new());
        let named = self.in_case(during, id, |tx, case| {
            if let Err(no) = case.takes_records(now) {
                return Ok(Err(no));
            }
            // What is proposed is proposed of what was named.
            drop_proposal(tx, id, &mut begun, now)?;
            tx.execute("DELETE FROM case_record WHERE case_file = :case", named_params! {":case": id.bytes()})
                .during(during)?;
            let mut named = 0;
            for record in records.iter().take(CASE_RECORDS_MAX) {
                named += tx
                    .prepare_cached(
                        "INSERT INTO case_record (case_file, record) SELECT :case, id FROM record WHERE id = :record
                         AND erased_at IS NULL AND erase_after > :now ON CONFLICT DO NOTHING",
                    )
                    .and_then(|mut s| {
                        s.execute(named_params! {
                            ":case": id.bytes(),
                            ":record": record.bytes(),
                            ":now": micros(now),
                        })
                    })
                    .during(during)?;
            }
            Ok(Ok(named))
        })?;
        self.finish_dropped(&begun, now)?;
        Ok(named)
    }

    /// Notes that `approver` agrees to a case as it stands.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn approve_case(
        &self,
        id: CaseId,
        approver: UserId,
        now: Timestamp,
    ) -> Result<Option<Allowed<Case>>> {
        let during = "approve_case";
        self.in_case(during, id, |tx, case| {
            if case.kind == CaseKind::Misidentification {
                // Agreed to by deciding on what is proposed in it.
                return Ok(Err(NotAllowed::OtherKind));
            }
            if let Err(no) = case.takes_approval(approver, now) {
                return Ok(Err(no));
            }
            tx.execute(
                "INSERT INTO case_approval (case_file, approver, at) VALUES (:case, :approver, :now)",
                named_params! {":case": id.bytes(), ":approver": approver.bytes(), ":now": micros(now)},
            )
            .during(during)?;
            if case.approvals.len() + 1 == case.kind.approvals_needed() {
                tx.execute(
                    "UPDATE case_file SET approved_at = :now WHERE id = :id",
                    named_params! {":now": micros(now), ":id": id.bytes()},
                )
                .during(during)?;
                if let (CaseKind::Hold, Some(expires)) = (case.kind, case.expires_at) {
                    tell_held(tx, &named(tx, id).during(during)?, Some(expires), now)?;
                }
            }
            let approved = find(tx, id).during(during)?;
            Ok(approved.ok_or(NotAllowed::Closed))
        })
    }

    /// Ends a case. A hold that ends lets go of what it kept: what is past its date goes with the next erasing.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn close_case(
        &self,
        id: CaseId,
        outcome: CaseOutcome,
        now: Timestamp,
    ) -> Result<Option<Allowed<()>>> {
        let (during, mut begun) = ("close_case", Vec::new());
        let closed = self.in_case(during, id, |tx, case| {
            if !case.is_open(now) {
                return Ok(Err(NotAllowed::Closed));
            }
            end(tx, during, id, outcome, 0, now)?;
            if case.kind == CaseKind::Hold && case.approved_at.is_some() {
                tell_held(tx, &let_go(tx, id, now).during(during)?, None, now)?;
            }
            drop_proposal(tx, id, &mut begun, now).map(Ok)
        })?;
        self.finish_dropped(&begun, now)?;
        Ok(closed)
    }

    /// Notes that a case's records were given, `given` of them, and ends it.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn case_given(&self, id: CaseId, given: usize, now: Timestamp) -> Result<Option<Allowed<()>>> {
        self.in_case("case_given", id, |tx, case| {
            let kinds = [CaseKind::SubjectAccess, CaseKind::OutsideRequest];
            if let Err(no) = case.allows(&kinds, now) {
                return Ok(Err(no));
            }
            end(tx, "case_given", id, CaseOutcome::Done, given, now).map(Ok)
        })
    }

    /// Carries out a correction and ends its case, in one transaction: records get the class and date that they should
    /// have had, or go, with recalls to whoever has copies. What goes is gone when this returns.
    ///
    /// # Errors
    /// What the disk says; the sweep finishes what had begun.
    pub fn correct(
        &self,
        id: CaseId,
        corrected: &[Corrected],
        now: Timestamp,
    ) -> Result<Option<Allowed<CorrectionDone>>> {
        let during = "correct";
        let mut begun = Vec::new();
        let done = self.in_case(during, id, |tx, case| {
            if let Err(no) = case.allows(&[CaseKind::Correction], now) {
                return Ok(Err(no));
            }
            let done = self.put_right(tx, id, corrected, &mut begun, now)?;
            end(tx, during, id, CaseOutcome::Done, 0, now)?;
            Ok(Ok(done))
        })?;
        self.finish_correcting(&begun, now)?;
        Ok(done)
    }

    /// Gives records the class and date that they should have had, or hides them: those are noted in `begun`.
    pub(crate) fn put_right(
        &self,
        tx: &Transaction<'_>,
        case: CaseId,
        corrected: &[Corrected],
        begun: &mut Vec<RecordId>,
        now: Timestamp,
    ) -> Result<CorrectionDone> {
        let during = "correct";
        let mut done = CorrectionDone { given_in: given_in(tx, case).during(during)?, ..Default::default() };
        for Corrected { record, becomes } in corrected {
            let redated = match becomes {
                Some((class, due)) if *due > now => {
                    self.redate_in(tx, *record, *class, *due, RedatedBecause::Correction, now)?
                }
                _ => false,
            };
            if redated {
                done.redated += 1;
            } else if hide(tx, *record, now)? {
                begun.push(*record);
                done.erased += 1;
            } else {
                done.held += usize::from(is_there(tx, *record).during(during)?);
            }
        }
        Ok(done)
    }

    /// What follows once a proposal is let go of: whose it was found to be is gone when this returns.
    pub(crate) fn finish_dropped(&self, begun: &[RecordId], now: Timestamp) -> Result<()> {
        if begun.is_empty() { Ok(()) } else { self.finish_correcting(begun, now) }
    }

    /// What follows once a correction is committed: what it hid is gone when this returns.
    pub(crate) fn finish_correcting(&self, begun: &[RecordId], now: Timestamp) -> Result<()> {
        crate::failpoint::failpoint("correct.after-commit");
        self.finish_erasing(begun, now)?;
        self.destroy_dying()?;
        self.empty_log()
    }

    /// From `from_at` on, whoever travels with `document` is of `class`. What was recorded before stays as it is. Ends
    /// the case.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn change_class(
        &self,
        id: CaseId,
        document: &DocumentKey,
        class: PersonClass,
        from_at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Allowed<()>>> {
        let (during, mac) = ("change_class", self.document_mac(document));
        self.in_case(during, id, |tx, case| {
            if let Err(no) = case.allows(&[CaseKind::ClassChange], now) {
                return Ok(Err(no));
            }
            tx.execute(
                "INSERT INTO class_change (mac, from_at, class, case_file) VALUES (:mac, :from, :class, :case)
                 ON CONFLICT (mac, from_at) DO UPDATE SET class = :class, case_file = :case",
                named_params! {
                    ":mac": mac,
                    ":from": micros(from_at),
                    ":class": word(&class),
                    ":case": id.bytes(),
                },
            )
            .during(during)?;
            crate::store::raise_generation(tx, during)?;
            end(tx, during, id, CaseOutcome::Done, 0, now).map(Ok)
        })
    }

    /// The class that the records office has noted for the holder of any of `documents` as of `now`: the latest.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn class_noted(&self, documents: &[DocumentKey], now: Timestamp) -> Result<Option<PersonClass>> {
        if documents.is_empty() {
            return Ok(None);
        }
        let macs: Vec<[u8; 32]> = documents.iter().map(|document| self.document_mac(document)).collect();
        self.read("class_noted", |tx| {
            let mut latest: Option<(Timestamp, PersonClass)> = None;
            let mut find = tx.prepare_cached(
                "SELECT class, from_at FROM class_change WHERE mac = :mac AND from_at <= :now
                 ORDER BY from_at DESC LIMIT 1",
            )?;
            for mac in &macs {
                let noted = find
                    .query_row(named_params! {":mac": mac, ":now": micros(now)}, |row| {
                        Ok((instant(row, "from_at")?, word_of(row, "class")?))
                    })
                    .optional()?;
                if noted.is_some_and(|(from, _)| latest.is_none_or(|(before, _)| from > before)) {
                    latest = noted;
                }
            }
            Ok(latest.map(|(_, class)| class))
        })
    }

    /// Which of the holds in force at `now` keep a record.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn holds_on(&self, record: RecordId, now: Timestamp) -> Result<Vec<CaseId>> {
        self.read("holds_on", |tx| {
            tx.prepare_cached(&format!("SELECT case_file.id AS hold {}", holds(":record")))?
                .query_map(named_params! {":record": record.bytes(), ":now": micros(now)}, |row| {
                    id(row, "hold", CaseId::from_bytes)
                })?
                .collect()
        })
    }

    /// How many cases of each kind there were, and how they ended: for everybody to see.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn case_counts(&self) -> Result<Vec<CaseCount>> {
        self.read("case_counts", case_counts)
    }

    /// Forgets cases closed at or before `until`, at most `batch`; says how many. A change of class stays with its case.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn prune_cases(&self, until: Timestamp, batch: usize) -> Result<usize> {
        self.tx("prune_cases", |tx| {
            tx.execute(
                "DELETE FROM case_file WHERE id IN (SELECT id FROM case_file WHERE closed_at <= :until
                 ORDER BY closed_at LIMIT :limit)",
                named_params! {":until": micros(until), ":limit": limit(batch)},
            )
            .during("prune_cases")
        })
    }

    /// Runs `work` on a case as it is; `None` when there is none. A refusal undoes the transaction.
    pub(crate) fn in_case<T>(
        &self,
        during: &'static str,
        id: CaseId,
        work: impl FnOnce(&Transaction<'_>, &Case) -> Result<Allowed<T>>,
    ) -> Result<Option<Allowed<T>>> {
        let done = self.tx_unless(during, |tx| {
            let Some(case) = find(tx, id).during(during)? else { return Ok(Err(None)) };
            Ok(work(tx, &case)?.map_err(Some))
        })?;
        Ok(match done {
            Ok(value) => Some(Ok(value)),
            Err(Some(no)) => Some(Err(no)),
            Err(None) => None,
        })
    }
}

pub(crate) fn case_counts(tx: &Transaction<'_>) -> rusqlite::Result<Vec<CaseCount>> {
    tx.prepare_cached(
        "SELECT kind, outcome, COUNT(*) AS n, SUM(given) AS given FROM case_file
         GROUP BY kind, outcome ORDER BY kind, outcome",
    )?
    .query_map([], |row| {
        Ok(CaseCount {
            kind: word_of(row, "kind")?,
            outcome: word_or_none(row, "outcome")?,
            cases: count(row, "n")?,
            records_given: count(row, "given")?,
        })
    })?
    .collect()
}

/// The records that a case names.
fn named(tx: &Transaction<'_>, case: CaseId) -> rusqlite::Result<Vec<RecordId>> {
    tx.prepare_cached("SELECT record FROM case_record WHERE case_file = :case ORDER BY record")?
        .query_map(named_params! {":case": case.bytes()}, |row| id(row, "record", RecordId::from_bytes))?
        .collect()
}

/// The records that a case names and no hold keeps.
fn let_go(tx: &Transaction<'_>, case: CaseId, now: Timestamp) -> rusqlite::Result<Vec<RecordId>> {
    let mut is_held = tx.prepare_cached(&format!("SELECT EXISTS (SELECT 1 {})", holds(":record")))?;
    let mut free = Vec::new();
    for record in named(tx, case)? {
        let held: bool = is_held
            .query_row(named_params! {":record": record.bytes(), ":now": micros(now)}, |row| row.get(0))?;
        free.extend((!held).then_some(record));
    }
    Ok(free)
}

/// The requests from outside in which records that this case names were given.
fn given_in(tx: &Transaction<'_>, case: CaseId) -> rusqlite::Result<Vec<CaseId>> {
    tx.prepare_cached(
        "SELECT DISTINCT other.id FROM case_record AS mine
         JOIN case_record AS named ON named.record = mine.record
         JOIN case_file AS other ON other.id = named.case_file
         WHERE mine.case_file = :case AND other.kind = 'outside-request' AND other.given > 0",
    )?
    .query_map(named_params! {":case": case.bytes()}, |row| id(row, "id", CaseId::from_bytes))?
    .collect()
}

/// Keeps a new case, with the transaction.
pub(crate) fn insert_case(tx: &Transaction<'_>, during: &'static str, new: &Case) -> Result<()> {
    let rows = tx
        .execute(
            "INSERT INTO case_file (id, kind, reference, basis, reason, from_whom, identity_check, author,
             opened_at, deadline, expires_at) VALUES (:id, :kind, :reference, :basis, :reason, :from,
             :identity, :author, :opened, :deadline, :expires)",
            named_params! {
                ":id": new.id.bytes(),
                ":kind": word(&new.kind),
                ":reference": new.reference,
                ":basis": new.basis,
                ":reason": new.reason,
                ":from": new.from_whom,
                ":identity": new.identity_check,
                ":author": new.author.bytes(),
                ":opened": micros(new.opened_at),
                ":deadline": new.deadline.map(micros),
                ":expires": new.expires_at.map(micros),
            },
        )
        .during(during)?;
    touched(during, 1, rows)
}

fn is_there(tx: &Transaction<'_>, record: RecordId) -> rusqlite::Result<bool> {
    tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM record WHERE id = :id AND erased_at IS NULL)")?
        .query_row(named_params! {":id": record.bytes()}, |row| row.get(0))
}

pub(crate) fn end(
    tx: &Transaction<'_>,
    during: &'static str,
    id: CaseId,
    outcome: CaseOutcome,
    given: usize,
    now: Timestamp,
) -> Result<()> {
    let rows = tx
        .execute(
            "UPDATE case_file SET closed_at = :now, outcome = :outcome, given = :given WHERE id = :id",
            named_params! {
                ":now": micros(now),
                ":outcome": word(&outcome),
                ":given": limit(given),
                ":id": id.bytes(),
            },
        )
        .during(during)?;
    touched(during, 1, rows)
}
