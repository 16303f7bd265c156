//! Receipts: what a traveller takes away of one passage. Found by the hash of their code, which is kept nowhere; once nothing
//! of the passage is kept, a receipt knows no place and no time any more, only how the ledger names what was erased.

use crate::case::holds;
use crate::column::{count, id_or_none, instant_or_none, micros, word_of};
use crate::contest::{ContestOf, contests};
use crate::designation::authority_in;
use crate::encounter::encounter;
use crate::error::{During, Result, touched};
use crate::store::{Store, limit};
use jiff::Timestamp;
use portunus_core::encounter::Encounter;
use portunus_core::id::{DesignationId, EncounterId, PointId, RecordId, VoyageId};
use portunus_core::leaf::{Bytes32, LedgerId};
use portunus_core::policy::DataClass;
use portunus_core::receipt::ReceiptCode;
use rusqlite::{OptionalExtension, Row, Transaction, named_params};
use sha2::{Digest, Sha256};

/// Where and when a passage was, and under what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// The crossing point.
    pub point: PointId,
    /// The designation in force.
    pub designation: Option<DesignationId>,
    /// SHA-256 of the notice that was shown; `None` after an outage.
    pub notice: Option<Bytes32>,
    /// When the traveller chose.
    pub began_at: Timestamp,
}

/// One record of a passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRecord {
    /// As the ledger names it.
    pub ledger: LedgerId,
    /// What it is.
    pub data: DataClass,
    /// Which, while it is kept.
    pub kept: Option<KeptRecord>,
    /// When it was erased.
    pub erased_at: Option<Timestamp>,
}

/// A record that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRecord {
    /// Which.
    pub record: RecordId,
    /// When it is to be gone.
    pub due: Timestamp,
    /// Whether a legal hold keeps it.
    pub held: bool,
    /// Whether the ledger waits to state it, with others'.
    pub unpublished: bool,
}

/// A receipt as it stands.
pub struct Receipt {
    /// Where and when; `None` once nothing of the passage is kept.
    pub passed: Option<Passed>,
    /// The passage itself, until its voyage is closed.
    pub encounter: Option<Encounter>,
    /// What was kept of it, and what became of that.
    pub records: Vec<ReceiptRecord>,
    /// How many leaves the ledger stated when the passage began.
    pub from: u64,
    /// What its traveller contested, the oldest first.
    pub contests: Vec<ContestOf>,
}

/// Under which a receipt is kept: nothing leads from it to its code.
pub(crate) fn receipt_id(code: ReceiptCode) -> [u8; 32] {
    Sha256::new().chain_update("portunus-receipt/1\n").chain_update(code.bytes()).finalize().into()
}

impl Store {
    /// The code of an encounter's receipt: made each time it is asked for, from a secret of its own and one of the key ring.
    /// `None` once the voyage is closed: its own secret is gone, and nobody but the traveller has the code.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn receipt_code(&self, encounter: EncounterId) -> Result<Option<ReceiptCode>> {
        let secret = self.read("receipt_code", |tx| {
            tx.prepare_cached("SELECT secret FROM receipt WHERE encounter = :encounter")?
                .query_row(named_params! {":encounter": encounter.bytes()}, |row| row.get(0))
                .optional()
        })?;
        Ok(secret.flatten().map(|secret| self.code_of(secret)))
    }

    fn code_of(&self, secret: [u8; 16]) -> ReceiptCode {
        let mac = self.mac("receipt", &[&secret]);
        ReceiptCode::from_bytes(std::array::from_fn(|n| mac[n]))
    }

    /// The receipt that a code opens; `None` when there is none, or it has been forgotten.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn receipt(&self, code: ReceiptCode, now: Timestamp) -> Result<Option<Receipt>> {
        let receipt = receipt_id(code);
        self.read("receipt", |tx| {
            let found = tx
                .prepare_cached("SELECT * FROM receipt WHERE id = :id")?
                .query_row(named_params! {":id": receipt}, |row| {
                    let of = id_or_none(row, "encounter", EncounterId::from_bytes)?;
                    Ok((passed(row)?, of, count(row, "from_size")?))
                })
                .optional()?;
            let Some((passed, of, from)) = found else { return Ok(None) };
            let encounter = of
                .map(|of| {
                    tx.prepare_cached("SELECT * FROM encounter WHERE id = :id")?
                        .query_row(named_params! {":id": of.bytes()}, encounter)
                })
                .transpose()?;
            let records = records(tx, &receipt, now)?;
            let contests = contests(tx, &receipt)?;
            Ok(Some(Receipt { passed, encounter, records, from, contests }))
        })
    }

    /// Keeps the receipt of a fresh encounter, with its transaction.
    pub(crate) fn put_receipt(
        &self,
        tx: &Transaction<'_>,
        of: &Encounter,
        notice: Option<Bytes32>,
    ) -> Result<()> {
        let (during, secret) = ("begin", self.fresh());
        // To the minute: a receipt says no more of when than its traveller needs.
        let at = micros(of.joined_at) - micros(of.joined_at).rem_euclid(60_000_000);
        let designation = authority_in(tx, of.point, of.joined_at).during(during)?;
        let rows = tx
            .prepare_cached(
                "INSERT INTO receipt (id, encounter, secret, point, designation, notice, began_at, from_size)
                 VALUES (:id, :encounter, :secret, :point, :designation, :notice, :at, (SELECT size FROM ledger_head))",
            )
            .and_then(|mut s| {
                s.execute(named_params! {
                    ":id": receipt_id(self.code_of(secret)),
                    ":secret": secret,
                    ":encounter": of.id.bytes(),
                    ":point": of.point.bytes(),
                    ":notice": notice.map(|notice| notice.0),
                    ":designation": designation.ok().map(|under| under.id.bytes()),
                    ":at": at,
                })
            })
            .during(during)?;
        touched(during, 1, rows)
    }

    /// Forgets receipts of which nothing has been kept since `until` or before, unless a contest waits for its answer or was
    /// answered since; at most `batch`. Says how many.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn forget_receipts(&self, until: Timestamp, batch: usize) -> Result<usize> {
        self.tx("forget_receipts", |tx| {
            tx.execute(
                "DELETE FROM receipt WHERE id IN (SELECT id FROM receipt WHERE idle_since <= :until
                 AND NOT EXISTS (SELECT 1 FROM contest JOIN case_file ON case_file.id = contest.case_file
                  WHERE contest.receipt = receipt.id AND (case_file.closed_at IS NULL OR case_file.closed_at > :until))
                 ORDER BY idle_since LIMIT :limit)",
                named_params! {":until": micros(until), ":limit": limit(batch)},
            )
            .during("forget_receipts")
        })
    }
}

fn passed(row: &Row<'_>) -> rusqlite::Result<Option<Passed>> {
    let (point, began_at) =
        (id_or_none(row, "point", PointId::from_bytes)?, instant_or_none(row, "began_at")?);
    let (designation, notice) =
        (id_or_none(row, "designation", DesignationId::from_bytes)?, row.get::<_, Option<_>>("notice")?);
    Ok(point.zip(began_at).map(|(point, began_at)| Passed {
        point,
        designation,
        notice: notice.map(Bytes32),
        began_at,
    }))
}

fn records(tx: &Transaction<'_>, receipt: &[u8; 32], now: Timestamp) -> rusqlite::Result<Vec<ReceiptRecord>> {
    // What is past its date is shown as due, and not opened, until it is gone.
    tx.prepare_cached(&format!(
        "SELECT receipt_record.ledger, receipt_record.kind, receipt_record.erased_at, record.id AS kept,
         record.erase_after, EXISTS (SELECT 1 {}) AS held,
         EXISTS (SELECT 1 FROM outbox WHERE outbox.record = receipt_record.ledger
          AND outbox.leaf LIKE 'portunus-leaf/1 sealed%') AS unpublished
         FROM receipt_record LEFT JOIN record ON record.id = receipt_record.record AND record.erased_at IS NULL
         WHERE receipt = :receipt ORDER BY record.created_at, receipt_record.ledger",
        holds("record.id")
    ))?
    .query_map(named_params! {":receipt": receipt, ":now": micros(now)}, |row| {
        let kept = id_or_none(row, "kept", RecordId::from_bytes)?;
        Ok(ReceiptRecord {
            ledger: LedgerId(row.get("ledger")?),
            data: word_of(row, "kind")?,
            kept: match (kept, instant_or_none(row, "erase_after")?) {
                (Some(record), Some(due)) => Some(KeptRecord {
                    record,
                    due,
                    held: row.get("held")?,
                    unpublished: row.get("unpublished")?,
                }),
                _ => None,
            },
            erased_at: instant_or_none(row, "erased_at")?,
        })
    })?
    .collect()
}

/// A record is of an encounter's passage: its receipt says so from now on, and an open contest is about it, too.
pub(crate) fn link(tx: &Transaction<'_>, encounter: EncounterId, record: RecordId) -> Result<()> {
    let params = named_params! {":encounter": encounter.bytes(), ":record": record.bytes()};
    tx.prepare_cached(
        "INSERT INTO receipt_record (receipt, ledger, record, kind)
         SELECT receipt.id, record.ledger, record.id, record.kind FROM receipt, record
         WHERE receipt.encounter = :encounter AND record.id = :record AND record.ledger IS NOT NULL",
    )
    .and_then(|mut s| s.execute(params))
    .and_then(|_| {
        tx.prepare_cached(
            "INSERT INTO case_record (case_file, record)
             SELECT contest.case_file, :record FROM contest JOIN receipt ON receipt.id = contest.receipt
             JOIN case_file ON case_file.id = contest.case_file
             WHERE receipt.encounter = :encounter AND case_file.closed_at IS NULL ON CONFLICT DO NOTHING",
        )?
        .execute(params)
    })
    .during("link a receipt")
    .map(|_| ())
}

/// A record's key is destroyed: its receipt says when, and forgets where and when the passage was once nothing is left of it.
pub(crate) fn note_erased(tx: &Transaction<'_>, ledger: LedgerId, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "UPDATE receipt_record SET erased_at = COALESCE(erased_at, :now) WHERE ledger = :ledger RETURNING receipt",
    )
    .and_then(|mut s| {
        s.query_map(named_params! {":ledger": ledger.0, ":now": micros(now)}, |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<[u8; 32]>>>()
    })
    .and_then(|receipts| receipts.iter().try_for_each(|receipt| rest(tx, receipt, now)))
    .during("note in a receipt")
}

/// A voyage is closed: of whose passages nothing is kept, nothing is known from now on.
pub(crate) fn rest_of_voyage(tx: &Transaction<'_>, voyage: VoyageId, now: Timestamp) -> rusqlite::Result<()> {
    let receipts: Vec<[u8; 32]> = tx
        .prepare_cached(
            "SELECT receipt.id FROM receipt JOIN encounter ON encounter.id = receipt.encounter WHERE voyage = :voyage",
        )?
        .query_map(named_params! {":voyage": voyage.bytes()}, |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    tx.prepare_cached(
        "UPDATE receipt SET encounter = NULL, secret = NULL
         WHERE encounter IN (SELECT id FROM encounter WHERE voyage = :voyage)",
    )?
    .execute(named_params! {":voyage": voyage.bytes()})?;
    receipts.iter().try_for_each(|receipt| rest(tx, receipt, now))
}

/// A receipt whose passage is closed and of which nothing is kept: it knows no place and no time any more.
fn rest(tx: &Transaction<'_>, receipt: &[u8; 32], now: Timestamp) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE receipt SET idle_since = :now, point = NULL, designation = NULL, notice = NULL, began_at = NULL
         WHERE id = :id AND encounter IS NULL AND idle_since IS NULL
         AND NOT EXISTS (SELECT 1 FROM receipt_record WHERE receipt = :id AND erased_at IS NULL)",
    )?
    .execute(named_params! {":id": receipt, ":now": micros(now)})
    .map(|_| ())
}
