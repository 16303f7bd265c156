//! What travellers contest from their receipts: a case with a deadline, and an answer that they can read.

use crate::case::{Corrected, CorrectionDone, end, find, insert_case};
use crate::column::{id, instant, instant_or_none, micros, word, word_of, word_or_none};
use crate::error::{During, Result, touched};
use crate::receipt::receipt_id;
use crate::redress::in_redress;
use crate::store::Store;
use jiff::Timestamp;
use portunus_core::case::{Case, CaseKind, CaseOutcome, NotAllowed};
use portunus_core::id::{CaseId, RecordId};
use portunus_core::receipt::{Ground, ReceiptCode};
use rusqlite::{OptionalExtension, Row, Transaction, named_params};

/// How often one passage may be contested.
pub const CONTESTS_MAX: usize = 5;

/// A contest as its traveller sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContestOf {
    /// Its case.
    pub case: CaseId,
    /// On what grounds.
    pub ground: Ground,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// By when it is to be answered.
    pub deadline: Option<Timestamp>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<CaseOutcome>,
    /// What the traveller is told.
    pub answer: Option<String>,
}

/// What became of contesting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contested {
    /// The case is open, about what is kept of the passage now and what of it will be.
    Opened,
    /// An earlier one waits for its answer.
    StillOpen,
    /// The passage was contested [`CONTESTS_MAX`] times.
    TooOften,
    /// The code opens no receipt.
    NoReceipt,
}

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// The case is over, and its traveller reads the answer.
    Done(CorrectionDone),
    /// There is no such case.
    NoCase,
    /// It is over, or of another kind.
    NotAllowed(NotAllowed),
    /// It cannot be upheld yet: the passage's voyage is not closed.
    StillBoarding,
    /// More is kept of the passage than was to be put right.
    MoreIsKept,
}

fn contest_of(row: &Row<'_>) -> rusqlite::Result<ContestOf> {
    Ok(ContestOf {
        case: id(row, "id", CaseId::from_bytes)?,
        ground: word_of(row, "ground")?,
        opened_at: instant(row, "opened_at")?,
        deadline: instant_or_none(row, "deadline")?,
        answered_at: instant_or_none(row, "closed_at")?,
        outcome: word_or_none(row, "outcome")?,
        answer: row.get("answer")?,
    })
}

/// What was contested of a receipt, the oldest first.
pub(crate) fn contests(tx: &Transaction<'_>, receipt: &[u8; 32]) -> rusqlite::Result<Vec<ContestOf>> {
    tx.prepare_cached(
        "SELECT case_file.*, ground, answer FROM contest JOIN case_file ON case_file.id = contest.case_file
         WHERE receipt = :receipt ORDER BY opened_at, case_file.id",
    )?
    .query_map(named_params! {":receipt": receipt}, contest_of)?
    .collect()
}

impl Store {
    /// Opens the case of a traveller who contests, about all that is kept of their passage.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn open_contest(&self, code: ReceiptCode, case: &Case, ground: Ground) -> Result<Contested> {
        let (during, receipt) = ("open_contest", receipt_id(code));
        let done = self.tx_unless(during, |tx| {
            let is_there = "SELECT EXISTS (SELECT 1 FROM receipt WHERE id = ?1)";
            if !tx.query_row(is_there, [receipt], |row| row.get::<_, bool>(0)).during(during)? {
                return Ok(Err(Contested::NoReceipt));
            }
            let before = contests(tx, &receipt).during(during)?;
            if before.iter().any(|contest| contest.answered_at.is_none()) {
                return Ok(Err(Contested::StillOpen));
            }
            if before.len() >= CONTESTS_MAX {
                return Ok(Err(Contested::TooOften));
            }
            insert_case(tx, during, case)?;
            let rows = tx
                .execute(
                    "INSERT INTO contest (case_file, receipt, ground) VALUES (:case, :receipt, :ground)",
                    named_params! {
                        ":case": case.id.bytes(),
                        ":receipt": receipt,
                        ":ground": word(&ground),
                    },
                )
                .during(during)?;
            touched(during, 1, rows)?;
            tx.execute(
                "INSERT INTO case_record (case_file, record) SELECT :case, record FROM receipt_record
                 JOIN record ON record.id = receipt_record.record
                 WHERE receipt = :receipt AND record.erased_at IS NULL",
                named_params! {":case": case.id.bytes(), ":receipt": receipt},
            )
            .during(during)?;
            Ok(Ok(Contested::Opened))
        })?;
        Ok(match done {
            Ok(done) | Err(done) => done,
        })
    }

    /// The contest that a case is; `None` for every other case.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn contest(&self, case: CaseId) -> Result<Option<ContestOf>> {
        self.read("contest", |tx| {
            tx.prepare_cached(
                "SELECT case_file.*, ground, answer FROM contest JOIN case_file ON case_file.id = contest.case_file
                 WHERE case_file.id = :case",
            )?
            .query_row(named_params! {":case": case.bytes()}, contest_of)
            .optional()
        })
    }

    /// Answers a contest and ends its case, in one transaction; the traveller's own words go. Where it is upheld, `corrected` is
    /// put right as a correction is, with recalls to whoever has copies: all that is kept of the passage, or nothing is done.
    ///
    /// # Errors
    /// What the disk says; the sweep finishes what had begun.
    pub fn answer_contest(
        &self,
        case: CaseId,
        answer: &str,
        corrected: Option<&[Corrected]>,
        now: Timestamp,
    ) -> Result<Answered> {
        let during = "answer_contest";
        let mut begun = Vec::new();
        let done = self.tx_unless(during, |tx| {
            let Some(of) = find(tx, case).during(during)? else { return Ok(Err(Answered::NoCase)) };
            if let Err(no) = of.allows(&[CaseKind::Contest], now) {
                return Ok(Err(Answered::NotAllowed(no)));
            }
            if in_redress(tx, case).during(during)? {
                return Ok(Err(Answered::NotAllowed(NotAllowed::InRedress)));
            }
            let done = match corrected {
                Some(corrected) => {
                    if let Some(not_yet) = may_uphold(tx, case, corrected, now).during(during)? {
                        return Ok(Err(not_yet));
                    }
                    self.put_right(tx, case, corrected, &mut begun, now)?
                }
                None => CorrectionDone::default(),
            };
            tell_answer(tx, during, case, answer)?;
            let outcome = if corrected.is_some() { CaseOutcome::Done } else { CaseOutcome::Refused };
            end(tx, during, case, outcome, 0, now)?;
            Ok(Ok(Answered::Done(done)))
        })?;
        match done {
            Ok(done) => {
                self.finish_correcting(&begun, now)?;
                Ok(done)
            }
            Err(not_done) => Ok(not_done),
        }
    }
}

/// Keeps what its traveller is told of a contest; their own words go.
pub(crate) fn tell_answer(
    tx: &Transaction<'_>,
    during: &'static str,
    contest: CaseId,
    answer: &str,
) -> Result<()> {
    let rows = tx
        .execute(
            "UPDATE contest SET answer = :answer WHERE case_file = :case",
            named_params! {":answer": answer, ":case": contest.bytes()},
        )
        .during(during)?;
    touched(during, 1, rows)?;
    let of = named_params! {":case": contest.bytes()};
    tx.execute("UPDATE case_file SET reason = '' WHERE id = :case", of).during(during).map(|_| ())
}

/// Whether more may come to be kept of what a contest is about.
pub(crate) fn still_boarding(tx: &Transaction<'_>, contest: CaseId) -> rusqlite::Result<bool> {
    tx.query_row(
        "SELECT EXISTS (SELECT 1 FROM contest JOIN receipt ON receipt.id = contest.receipt
         WHERE case_file = :case AND encounter IS NOT NULL)",
        named_params! {":case": contest.bytes()},
        |row| row.get(0),
    )
}

/// Why a contest cannot be upheld with just these records put right; `None` when it can.
fn may_uphold(
    tx: &Transaction<'_>,
    case: CaseId,
    corrected: &[Corrected],
    now: Timestamp,
) -> rusqlite::Result<Option<Answered>> {
    if still_boarding(tx, case)? {
        return Ok(Some(Answered::StillBoarding));
    }
    let kept: Vec<RecordId> = tx
        .prepare_cached(
            "SELECT record FROM case_record JOIN record ON record.id = case_record.record
             WHERE case_file = :case AND erased_at IS NULL AND erase_after > :now",
        )?
        .query_map(named_params! {":case": case.bytes(), ":now": micros(now)}, |row| {
            id(row, "record", RecordId::from_bytes)
        })?
        .collect::<rusqlite::Result<_>>()?;
    let all = kept.iter().all(|record| corrected.iter().any(|one| one.record == *record));
    Ok((!all).then_some(Answered::MoreIsKept))
}
