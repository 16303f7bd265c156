//! Mis-identification: whose records are, as one officer proposes it and another decides; and all that follows, at once.
//!
//! Nothing here erases, recalls or splits by itself: that is [`crate::case`]'s and [`crate::stay`]'s.

use crate::case::{Corrected, CorrectionDone, end, find, insert_case};
use crate::closing::NewCrossing;
use crate::column::{id, id_or_none, instant_or_none, micros, word, word_of};
use crate::contest::{still_boarding, tell_answer};
use crate::erasure::hide;
use crate::error::{During, Result, touched};
use crate::failpoint::failpoint;
use crate::kind::RecordKind;
use crate::ledger::About;
use crate::recipient::recall;
use crate::stay::NewDecision;
use crate::stay::decision::insert_decision;
use crate::stay::overstay::outdate_overstays;
use crate::store::Store;
use crate::subject::Subject;
use crate::vault::RecordRow;
use jiff::Timestamp;
use portunus_core::case::{Case, CaseKind, CaseOutcome, Finding, NotAllowed};
use portunus_core::encounter::Method;
use portunus_core::id::{CaseId, DecisionId, PassengerId, RecordId, UserId, VoyageId};
use portunus_core::policy::{PersonClass, Start};
use portunus_core::stay::{Decided, Decision};
use rusqlite::{OptionalExtension, Transaction, named_params};
use std::collections::BTreeMap;

/// Whose records are found to be. Personal data: no `Debug`.
pub struct FoundHolder<'a> {
    /// What is kept of it, as JSON. It is sealed.
    pub content: Vec<u8>,
    /// By what it is found for them.
    pub subject: Subject<'a>,
    /// Whose rules apply.
    pub class: PersonClass,
    /// When this is to be gone, whatever becomes of the case.
    pub erase_after: Timestamp,
}

/// What is to be proposed. Personal data: no `Debug`.
pub struct NewProposal<'a> {
    /// Its identifier; of a split, the decision's.
    pub id: DecisionId,
    /// By whom.
    pub proposer: UserId,
    /// What each record is found to be.
    pub findings: &'a [(RecordId, Finding)],
    /// Whose they are, where that is known.
    pub holder: Option<FoundHolder<'a>>,
    /// Why. It never names the traveller.
    pub reason: &'a str,
    /// What who contests is told, once it is decided.
    pub answer: Option<&'a str>,
}

/// What is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its identifier.
    pub id: DecisionId,
    /// By whom.
    pub proposer: UserId,
    /// When.
    pub at: Timestamp,
    /// What each record is found to be; what is gone meanwhile is left out.
    pub findings: BTreeMap<RecordId, Finding>,
    /// The sealed record that says whose they are, and whose rules apply; `None` where nobody is meant, or it is gone.
    pub holder: Option<(RecordId, PersonClass)>,
    /// Why.
    pub reason: String,
    /// What who contests is told.
    pub answer: Option<String>,
}

/// What stands beside a case of mis-identification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RedressFile {
    /// The contest that it answers; `None`: the office opened it by itself.
    pub contest: Option<CaseId>,
    /// What is proposed last.
    pub proposal: Option<Proposal>,
}

/// A crossing to be written anew under who it is of. Personal data: no `Debug`.
pub struct Anew {
    /// The record in whose place it comes.
    pub of: RecordId,
    /// What is kept of it, as JSON. It is sealed.
    pub content: Vec<u8>,
    /// When and which way they crossed.
    pub start: Start,
    /// When it is to be gone.
    pub erase_after: Timestamp,
}

/// What follows from a proposal. Personal data: no `Debug`.
pub struct Redress<'a> {
    /// The proposal that was looked at.
    pub proposal: DecisionId,
    /// Who decides.
    pub decider: UserId,
    /// Whose it is, and whose rules apply; needed for what is written anew and for photos that become theirs.
    pub holder: Option<(Subject<'a>, PersonClass)>,
    /// Crossings written anew; those in whose place they come are among `corrected`.
    pub anew: &'a [Anew],
    /// Photos that are the holder's from now on; they are among `corrected`, with class and date.
    pub moved: &'a [RecordId],
    /// What goes, and what has another class and date.
    pub corrected: &'a [Corrected],
    /// What is another person's than its documents say.
    pub apart: &'a [RecordId],
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct RedressDone {
    /// As of a correction.
    #[serde(flatten)]
    pub correction: CorrectionDone,
    /// Crossings written anew, under who they are of.
    pub anew: Vec<RecordId>,
    /// Records set apart from the person whom their documents say.
    pub apart: usize,
}

fn file(tx: &Transaction<'_>, case: CaseId) -> rusqlite::Result<Option<RedressFile>> {
    let found = tx
        .prepare_cached(
            "SELECT redress.*, record.id AS holder, record.class FROM redress
             LEFT JOIN record ON record.id = redress.person AND record.erased_at IS NULL
             WHERE redress.case_file = :case",
        )?
        .query_row(named_params! {":case": case.bytes()}, |row| {
            let contest = id_or_none(row, "contest", CaseId::from_bytes)?;
            let at = instant_or_none(row, "proposed_at")?;
            let Some((proposal, at)) = id_or_none(row, "proposal", DecisionId::from_bytes)?.zip(at) else {
                return Ok(RedressFile { contest, proposal: None });
            };
            let holder = id_or_none(row, "holder", RecordId::from_bytes)?;
            let proposal = Proposal {
                id: proposal,
                proposer: id(row, "proposer", UserId::from_bytes)?,
                at,
                findings: BTreeMap::new(),
                holder: holder
                    .map(|record| Ok::<_, rusqlite::Error>((record, word_of(row, "class")?)))
                    .transpose()?,
                reason: row.get("reason")?,
                answer: row.get("answer")?,
            };
            Ok(RedressFile { contest, proposal: Some(proposal) })
        })
        .optional()?;
    let Some(mut file) = found else { return Ok(None) };
    if let Some(proposal) = &mut file.proposal {
        proposal.findings = tx
            .prepare_cached(
                "SELECT record.id, finding FROM redress_finding JOIN record ON record.id = redress_finding.record
                 WHERE case_file = :case AND erased_at IS NULL",
            )?
            .query_map(named_params! {":case": case.bytes()}, |row| {
                Ok((id(row, "id", RecordId::from_bytes)?, word_of(row, "finding")?))
            })?
            .collect::<rusqlite::Result<_>>()?;
    }
    Ok(Some(file))
}

/// Lets go of what is proposed in a case: whose it was found to be is hidden, and noted in `begun`.
pub(crate) fn drop_proposal(
    tx: &Transaction<'_>,
    case: CaseId,
    begun: &mut Vec<RecordId>,
    now: Timestamp,
) -> Result<()> {
    let (during, of) = ("drop a proposal", named_params! {":case": case.bytes()});
    let holder: Option<Option<RecordId>> = tx
        .query_row("SELECT person FROM redress WHERE case_file = :case", of, |row| {
            id_or_none(row, "person", RecordId::from_bytes)
        })
        .optional()
        .during(during)?;
    let Some(holder) = holder else { return Ok(()) };
    if let Some(holder) = holder
        && hide(tx, holder, now)?
    {
        begun.push(holder);
    }
    tx.execute("DELETE FROM redress_finding WHERE case_file = :case", of).during(during)?;
    tx.execute(
        "UPDATE redress SET proposal = NULL, proposer = NULL, proposed_at = NULL, reason = NULL, answer = NULL,
         person = NULL WHERE case_file = :case",
        of,
    )
    .during(during)
    .map(|_| ())
}

impl Store {
    /// Opens a case of mis-identification; from a contest, about all that the contest is about. `None` when there is no such
    /// contest.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn open_redress(
        &self,
        new: &Case,
        contest: Option<CaseId>,
    ) -> Result<Option<std::result::Result<(), NotAllowed>>> {
        let during = "open_redress";
        let opened = self.tx_unless(during, |tx| {
            if let Some(contest) = contest {
                let Some(of) = find(tx, contest).during(during)? else { return Ok(Err(None)) };
                if let Err(no) = of.allows(&[CaseKind::Contest], new.opened_at) {
                    return Ok(Err(Some(no)));
                }
                if in_redress(tx, contest).during(during)? {
                    return Ok(Err(Some(NotAllowed::InRedress)));
                }
            }
            insert_case(tx, during, new)?;
            let ids = named_params! {":case": new.id.bytes(), ":contest": contest.map(CaseId::bytes)};
            tx.execute("INSERT INTO redress (case_file, contest) VALUES (:case, :contest)", ids).during(during)?;
            tx.execute(
                "INSERT INTO case_record (case_file, record) SELECT :case, record FROM case_record
                 JOIN record ON record.id = case_record.record WHERE case_file = :contest AND erased_at IS NULL",
                ids,
            )
            .during(during)?;
            Ok(Ok(()))
        })?;
        Ok(match opened {
            Ok(()) => Some(Ok(())),
            Err(no) => no.map(Err),
        })
    }

    /// What stands beside a case of mis-identification; `None` for every other case.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn redress_file(&self, case: CaseId) -> Result<Option<RedressFile>> {
        self.read("redress_file", |tx| file(tx, case))
    }

    /// Proposes whose the records of a case are, in place of what was proposed before. The photo of a crossing that goes
    /// from somebody goes with it. Of what the case does not name, or is gone, nothing is proposed.
    ///
    /// # Errors
    /// What the disk says; the sweep finishes what had begun.
    pub fn propose_redress(
        &self,
        case: CaseId,
        new: &NewProposal<'_>,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<(), NotAllowed>>> {
        let (during, mut begun) = ("propose_redress", Vec::new());
        let done = self.in_case(during, case, |tx, of| {
            if let Err(no) = of.takes_records(now) {
                return Ok(Err(no));
            }
            if of.kind != CaseKind::Misidentification {
                return Ok(Err(NotAllowed::OtherKind));
            }
            drop_proposal(tx, case, &mut begun, now)?;
            let holder =
                new.holder.as_ref().map(|holder| self.keep_holder(tx, during, holder, now)).transpose()?;
            let rows = tx
                .execute(
                    "UPDATE redress SET proposal = :id, proposer = :by, proposed_at = :now, reason = :reason,
                     answer = :answer, person = :holder WHERE case_file = :case",
                    named_params! {
                        ":id": new.id.bytes(),
                        ":by": new.proposer.bytes(),
                        ":now": micros(now),
                        ":reason": new.reason,
                        ":answer": new.answer,
                        ":holder": holder.map(RecordId::bytes),
                        ":case": case.bytes(),
                    },
                )
                .during(during)?;
            touched(during, 1, rows)?;
            find_to_be(tx, case, new.findings, now).during(during)?;
            Ok(Ok(()))
        })?;
        self.finish_dropped(&begun, now)?;
        Ok(done)
    }

    fn keep_holder(
        &self,
        tx: &Transaction<'_>,
        during: &'static str,
        holder: &FoundHolder<'_>,
        now: Timestamp,
    ) -> Result<RecordId> {
        let document = holder.subject.documents.first().map(|document| self.document_mac(document));
        let row = RecordRow {
            class: holder.class,
            erase_after: holder.erase_after,
            start: Start::at(now),
            encounter: None,
            passenger: None,
            about: document.as_ref().map(About::document),
        };
        let record = self.insert_in_row(tx, during, &RecordKind::IMPORTED, &holder.content, &row, now)?;
        self.note_subject(tx, record, &holder.subject)?;
        Ok(record)
    }

    /// Carries out what is proposed and ends the case, in one transaction: who decides is on record as having agreed; records
    /// go or are put right as in a correction, with recalls to whoever has copies; crossings are written anew under who they
    /// are of; a split is decided; the contest has its answer; the list of who is past their last day is out of date.
    /// What goes is gone when this returns.
    ///
    /// # Errors
    /// What the disk says; the sweep finishes what had begun.
    pub fn carry_out_redress(
        &self,
        case: CaseId,
        redress: &Redress<'_>,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<RedressDone, NotAllowed>>> {
        let (during, mut begun) = ("carry_out_redress", Vec::new());
        let done = self.in_case(during, case, |tx, of| {
            let file = file(tx, case).during(during)?.unwrap_or_default();
            let proposal = match may_decide(tx, of, &file, redress, now).during(during)? {
                Ok(proposal) => proposal,
                Err(no) => return Ok(Err(no)),
            };
            let mut done = RedressDone::default();
            if let Some((subject, class)) = &redress.holder {
                for photo in redress.moved {
                    self.give_to(tx, during, *photo, subject)?;
                }
                for anew in redress.anew {
                    done.anew.extend(self.write_anew(
                        tx,
                        during,
                        anew,
                        (subject, *class),
                        redress.moved,
                        now,
                    )?);
                }
            }
            done.correction = self.put_right(tx, case, redress.corrected, &mut begun, now)?;
            for photo in redress.moved {
                // Who has a copy has it as somebody else's.
                recall(tx, *photo, None, now)?;
            }
            if !redress.apart.is_empty() {
                let decided = Decided::Apart { records: redress.apart.to_vec() };
                let decision = Decision { id: proposal.id, decided };
                let new = NewDecision { decision, author: redress.decider, reason: proposal.reason.clone() };
                insert_decision(tx, during, case, &new, now)?;
                done.apart = redress.apart.len();
            }
            if let Some(contest) = file.contest
                && find(tx, contest).during(during)?.is_some_and(|contest| contest.is_open(now))
            {
                tell_answer(tx, during, contest, proposal.answer.as_deref().unwrap_or_default())?;
                end(tx, during, contest, CaseOutcome::Done, 0, now)?;
            }
            outdate_overstays(tx, now).during(during)?;
            agree_and_end(tx, during, case, redress.decider, now)?;
            if let Some((holder, _)) = proposal.holder
                && hide(tx, holder, now)?
            {
                begun.push(holder);
            }
            failpoint("redress.before-commit");
            Ok(Ok(done))
        })?;
        self.finish_correcting(&begun, now)?;
        Ok(done)
    }

    /// A photo is of somebody else than it was found by: from now on it is found by them.
    fn give_to(
        &self,
        tx: &Transaction<'_>,
        during: &'static str,
        photo: RecordId,
        subject: &Subject<'_>,
    ) -> Result<()> {
        let of = named_params! {":photo": photo.bytes()};
        tx.execute("DELETE FROM subject WHERE record = :photo", of).during(during)?;
        tx.execute("UPDATE record SET passenger = NULL WHERE id = :photo", of).during(during)?;
        self.note_subject(tx, photo, subject)
    }

    /// Writes a crossing anew; `None` where the one in whose place it comes is gone.
    fn write_anew(
        &self,
        tx: &Transaction<'_>,
        during: &'static str,
        anew: &Anew,
        (subject, class): (&Subject<'_>, PersonClass),
        moved: &[RecordId],
        now: Timestamp,
    ) -> Result<Option<RecordId>> {
        let old = tx
            .prepare_cached(
                "SELECT voyage, entered_later, confidential, probe FROM crossing
                 JOIN record ON record.id = crossing.record WHERE crossing.record = :old AND erased_at IS NULL",
            )
            .and_then(|mut s| {
                s.query_row(named_params! {":old": anew.of.bytes()}, |row| {
                    let voyage = id(row, "voyage", VoyageId::from_bytes)?;
                    let probe = id_or_none(row, "probe", RecordId::from_bytes)?;
                    Ok((voyage, row.get("entered_later")?, row.get("confidential")?, probe))
                })
                .optional()
            })
            .during(during)?;
        let Some((voyage, entered_later, confidential, probe)) = old else { return Ok(None) };
        let crossing = NewCrossing {
            // Lists are forgotten long before records are: it is nobody's on one.
            passenger: PassengerId::from_bytes(self.fresh()),
            encounter: None,
            content: anew.content.clone(),
            subject: subject.clone(),
            class,
            start: anew.start,
            method: Method::DocumentInspected,
            entered_later,
            erase_after: anew.erase_after,
            probe: probe.filter(|probe| moved.contains(probe)),
            confidential,
        };
        self.insert_crossing(tx, during, voyage, &crossing, now)?;
        let new: RecordId = tx
            .query_row(
                "SELECT record FROM crossing WHERE voyage = :voyage AND passenger = :passenger",
                named_params! {":voyage": voyage.bytes(), ":passenger": crossing.passenger.bytes()},
                |row| id(row, "record", RecordId::from_bytes),
            )
            .during(during)?;
        let both = named_params! {":old": anew.of.bytes(), ":new": new.bytes()};
        tx.execute(
            "UPDATE stay_fact SET source = 'corrected',
             mode = COALESCE((SELECT mode FROM stay_fact WHERE record = :old), mode) WHERE record = :new",
            both,
        )
        .during(during)?;
        // The receipt is of who was there.
        tx.execute(
            "INSERT INTO receipt_record (receipt, ledger, record, kind)
             SELECT receipt_record.receipt, record.ledger, record.id, record.kind FROM receipt_record, record
             WHERE receipt_record.record = :old AND record.id = :new AND record.ledger IS NOT NULL",
            both,
        )
        .during(during)?;
        Ok(Some(new))
    }
}

/// Whether a contest waits for what a case of mis-identification comes to.
pub(crate) fn in_redress(tx: &Transaction<'_>, contest: CaseId) -> rusqlite::Result<bool> {
    tx.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM redress JOIN case_file ON case_file.id = redress.case_file
         WHERE contest = :contest AND closed_at IS NULL)",
    )?
    .query_row(named_params! {":contest": contest.bytes()}, |row| row.get(0))
}

/// What records that the case names are found to be; of a crossing that goes from somebody its photo, too, where nothing else is said
/// of that.
fn find_to_be(
    tx: &Transaction<'_>,
    case: CaseId,
    findings: &[(RecordId, Finding)],
    now: Timestamp,
) -> rusqlite::Result<()> {
    let mut put = tx.prepare_cached(
        "INSERT INTO redress_finding (case_file, record, finding) SELECT case_file, record, :finding FROM case_record
         JOIN record ON record.id = case_record.record
         WHERE case_file = :case AND record = :record AND erased_at IS NULL AND erase_after > :now
         ON CONFLICT DO NOTHING",
    )?;
    let mut put = |record: RecordId, finding: Finding| {
        put.execute(named_params! {
            ":case": case.bytes(),
            ":record": record.bytes(),
            ":finding": word(&finding),
            ":now": micros(now),
        })
    };
    for (record, finding) in findings {
        put(*record, *finding)?;
    }
    let mut photo =
        tx.prepare_cached("SELECT probe FROM crossing WHERE record = :record AND probe IS NOT NULL")?;
    let mut name = tx.prepare_cached(
        "INSERT INTO case_record (case_file, record) VALUES (:case, :record) ON CONFLICT DO NOTHING",
    )?;
    for (record, finding) in findings.iter().filter(|(_, finding)| *finding != Finding::Split) {
        let photo = photo
            .query_row(named_params! {":record": record.bytes()}, |row| {
                id(row, "probe", RecordId::from_bytes)
            })
            .optional()?;
        if let Some(photo) = photo {
            name.execute(named_params! {":case": case.bytes(), ":record": photo.bytes()})?;
            put(photo, *finding)?;
        }
    }
    Ok(())
}

/// The proposal that is to be carried out, as it stands in the transaction.
fn may_decide<'a>(
    tx: &Transaction<'_>,
    of: &Case,
    file: &'a RedressFile,
    redress: &Redress<'_>,
    now: Timestamp,
) -> rusqlite::Result<std::result::Result<&'a Proposal, NotAllowed>> {
    let Some(proposal) = &file.proposal else {
        return Ok(Err(if of.is_open(now) { NotAllowed::NothingProposed } else { NotAllowed::Closed }));
    };
    if let Err(no) = of.takes_decision(redress.decider, proposal.proposer, now) {
        return Ok(Err(no));
    }
    if proposal.id != redress.proposal {
        return Ok(Err(NotAllowed::OtherProposal));
    }
    let boarding = file.contest.map_or(Ok(false), |contest| still_boarding(tx, contest))?;
    Ok(if boarding { Err(NotAllowed::StillBoarding) } else { Ok(proposal) })
}

fn agree_and_end(
    tx: &Transaction<'_>,
    during: &'static str,
    case: CaseId,
    decider: UserId,
    now: Timestamp,
) -> Result<()> {
    let agreed = named_params! {":case": case.bytes(), ":by": decider.bytes(), ":now": micros(now)};
    tx.execute("INSERT INTO case_approval (case_file, approver, at) VALUES (:case, :by, :now)", agreed)
        .during(during)?;
    tx.execute(
        "UPDATE case_file SET approved_at = :now WHERE id = :case",
        named_params! {":case": case.bytes(), ":now": micros(now)},
    )
    .during(during)?;
    end(tx, during, case, CaseOutcome::Done, 0, now)
}
