//! An officer's decisions on whose records are: each in a case, with author and reason; none is ever changed.

use crate::column::{id, id_or_none, instant, micros, unreadable};
use crate::error::{During, Result, touched};
use crate::store::Store;
use jiff::Timestamp;
use portunus_core::case::{CaseKind, NotAllowed};
use portunus_core::id::{CaseId, DecisionId, RecordId, UserId};
use portunus_core::stay::{Decided, Decision};
use rusqlite::{Row, Transaction, named_params};
use std::collections::{BTreeMap, BTreeSet};

/// A decision to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// What.
    pub decision: Decision,
    /// By whom.
    pub author: UserId,
    /// Why. It never names the traveller.
    pub reason: String,
}

/// A decision as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionKept {
    /// What.
    pub decision: Decision,
    /// In which case.
    pub case: CaseId,
    /// By whom.
    pub author: UserId,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

fn named(decided: &Decided) -> (&'static str, Vec<RecordId>, Option<DecisionId>) {
    match decided {
        Decided::Same { a, b } => ("same", vec![*a, *b], None),
        Decided::NotSame { a, b } => ("not-same", vec![*a, *b], None),
        Decided::Apart { records } => ("apart", records.clone(), None),
        Decided::Undone { decision } => ("undone", Vec::new(), Some(*decision)),
    }
}

/// A row's decision; `None` where records that it speaks of are gone, and with them what it said.
fn decided(tx: &Transaction<'_>, row: &Row<'_>) -> rusqlite::Result<Option<Decision>> {
    let decision = id(row, "id", DecisionId::from_bytes)?;
    let records: Vec<RecordId> = tx
        .prepare_cached("SELECT record FROM stay_decision_record WHERE decision = :id ORDER BY record")?
        .query_map(named_params! {":id": decision.bytes()}, |row| id(row, "record", RecordId::from_bytes))?
        .collect::<rusqlite::Result<_>>()?;
    let pair = match records[..] {
        [a, b] => Some((a, b)),
        _ => None,
    };
    let decided = match row.get::<_, String>("decided")?.as_str() {
        "same" => pair.map(|(a, b)| Decided::Same { a, b }),
        "not-same" => pair.map(|(a, b)| Decided::NotSame { a, b }),
        "apart" => (!records.is_empty()).then_some(Decided::Apart { records }),
        "undone" => {
            id_or_none(row, "undoes", DecisionId::from_bytes)?.map(|decision| Decided::Undone { decision })
        }
        _ => return Err(unreadable("decided")),
    };
    Ok(decided.map(|decided| Decision { id: decision, decided }))
}

/// Decisions in the order in which they were made: all, or those that speak of any of `about`, with what undid them. Of
/// those alone is anything read.
pub(super) fn decisions(
    tx: &Transaction<'_>,
    about: Option<&BTreeSet<RecordId>>,
) -> rusqlite::Result<Vec<Decision>> {
    let mut found: BTreeMap<(i64, DecisionId), Decision> = BTreeMap::new();
    let mut take = |row: &Row<'_>| {
        let at = row.get("at")?;
        let decision = decided(tx, row)?;
        let id = decision.as_ref().map(|decision| decision.id);
        found.extend(decision.map(|decision| ((at, decision.id), decision)));
        Ok(id)
    };
    let Some(about) = about else {
        let mut find = tx.prepare_cached("SELECT * FROM stay_decision")?;
        find.query_map([], &mut take)?.try_for_each(|taken| taken.map(|_| ()))?;
        return Ok(found.into_values().collect());
    };
    let mut speaks = tx.prepare_cached(
        "SELECT * FROM stay_decision WHERE id IN (SELECT decision FROM stay_decision_record WHERE record = :record)",
    )?;
    let mut undoes = tx.prepare_cached("SELECT * FROM stay_decision WHERE undoes = :id")?;
    for record in about {
        let speak = speaks.query_map(named_params! {":record": record.bytes()}, &mut take)?;
        for id in speak.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten() {
            let undone = undoes.query_map(named_params! {":id": id.bytes()}, &mut take)?;
            undone.collect::<rusqlite::Result<Vec<_>>>()?;
        }
    }
    Ok(found.into_values().collect())
}

/// Keeps a decision, with the transaction.
pub(crate) fn insert_decision(
    tx: &Transaction<'_>,
    during: &'static str,
    case: CaseId,
    new: &NewDecision,
    now: Timestamp,
) -> Result<()> {
    let (word, records, undoes) = named(&new.decision.decided);
    let rows = tx
        .execute(
            "INSERT INTO stay_decision (id, decided, undoes, case_file, author, reason, at)
             VALUES (:id, :decided, :undoes, :case, :author, :reason, :now)",
            named_params! {
                ":id": new.decision.id.bytes(),
                ":decided": word,
                ":undoes": undoes.map(DecisionId::bytes),
                ":case": case.bytes(),
                ":author": new.author.bytes(),
                ":reason": new.reason,
                ":now": micros(now),
            },
        )
        .during(during)?;
    touched(during, 1, rows)?;
    for record in records.iter().collect::<BTreeSet<_>>() {
        let rows = tx
            .execute(
                "INSERT INTO stay_decision_record (decision, record) VALUES (:id, :record)",
                named_params! {":id": new.decision.id.bytes(), ":record": record.bytes()},
            )
            .during(during)?;
        touched(during, 1, rows)?;
    }
    Ok(())
}

impl Store {
    /// Keeps a decision, in an open case that is for it.
    ///
    /// # Errors
    /// What SQLite says; among it that there is no such record.
    pub fn decide_on_stays(
        &self,
        case: CaseId,
        new: &NewDecision,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<(), NotAllowed>>> {
        let during = "decide_on_stays";
        self.in_case(during, case, |tx, of| {
            if let Err(no) = of.allows(&CaseKind::OF_STAYS, now) {
                return Ok(Err(no));
            }
            insert_decision(tx, during, case, new, now).map(Ok)
        })
    }

    /// The records of whose persons a decision speaks, those that are there still; `None` when there is none such, or it only
    /// took another back.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn decided_on(&self, decision: DecisionId) -> Result<Option<Vec<RecordId>>> {
        self.read("decided_on", |tx| {
            let is_one = "SELECT EXISTS (SELECT 1 FROM stay_decision WHERE id = ?1 AND decided <> 'undone')";
            if !tx.query_row(is_one, [decision.bytes()], |row| row.get::<_, bool>(0))? {
                return Ok(None);
            }
            tx.prepare_cached("SELECT record FROM stay_decision_record WHERE decision = :id ORDER BY record")?
                .query_map(named_params! {":id": decision.bytes()}, |row| {
                    id(row, "record", RecordId::from_bytes)
                })?
                .collect::<rusqlite::Result<_>>()
                .map(Some)
        })
    }

    /// Whether a fact of a stay stands beside a record that may be read at `now`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn is_of_a_stay(&self, record: RecordId, now: Timestamp) -> Result<bool> {
        self.read("is_of_a_stay", |tx| {
            tx.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM stay_fact JOIN record ON record.id = stay_fact.record
                 WHERE id = :record AND erased_at IS NULL AND erase_after > :now)",
            )?
            .query_row(named_params! {":record": record.bytes(), ":now": micros(now)}, |row| row.get(0))
        })
    }

    /// The decisions that speak of any of `records`, the earliest first, with who made them and why.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn decisions_on(&self, records: &BTreeSet<RecordId>) -> Result<Vec<DecisionKept>> {
        self.read("decisions_on", |tx| {
            let mut find = tx.prepare_cached("SELECT * FROM stay_decision WHERE id = :id")?;
            let kept = |decision: Decision| {
                find.query_row(named_params! {":id": decision.id.bytes()}, |row| {
                    Ok(DecisionKept {
                        case: id(row, "case_file", CaseId::from_bytes)?,
                        author: id(row, "author", UserId::from_bytes)?,
                        reason: row.get("reason")?,
                        at: instant(row, "at")?,
                        decision,
                    })
                })
            };
            decisions(tx, Some(records))?.into_iter().map(kept).collect()
        })
    }
}
