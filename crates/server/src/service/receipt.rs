//! A traveller's receipt: what was captured of them, under what, who read it, until when it is kept, and contesting it.
//!
//! It cannot tell a decline from a camera that failed: neither leaves a photo, and more is not said.

use super::ruling::REASON_CHARS_MAX;
use super::{Refused, Service};
use jiff::Timestamp;
use portunus_core::case::{Case, CaseKind, CaseOutcome, Correction, THE_TRAVELLER};
use portunus_core::id::{CaseId, EncounterId, UserId};
use portunus_core::place::{Direction, PointKind};
use portunus_core::policy::{DataClass, PersonClass};
use portunus_core::receipt::{Ground, ReceiptCode};
use portunus_core::role::Role;
use portunus_store::{
    Answered, ContestOf, Contested, CorrectionDone, KeptRecord, Passed, Purpose, Reader, ReceiptRecord,
    Recipient,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A contest about which something came to be kept meanwhile is looked at again, at most so often.
const ANSWERS_MAX: usize = 3;

/// What a receipt says today.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReceiptShown {
    /// Where and when; none once nothing of the passage is kept.
    pub passage: Option<PassageShown>,
    /// Of the photos, until the voyage is closed; afterwards what is kept of them stands in `records`.
    pub photos: Option<PhotosShown>,
    /// What was kept, and what became of it.
    pub records: Vec<RecordOfReceipt>,
    /// Where to check it.
    pub ledger: LedgerShown,
    /// What was contested, and the answers.
    pub contests: Vec<ContestShown>,
}

/// Where and when, and under what.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PassageShown {
    /// What people call the crossing point.
    pub point: String,
    /// Its port.
    pub port: String,
    /// `entry` or `exit`.
    #[schema(value_type = String)]
    pub direction: Direction,
    /// `boarding-gate` and so on.
    #[schema(value_type = String)]
    pub kind: PointKind,
    /// RFC 3339.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The designation, as the ledger has it.
    pub designation: Option<String>,
    /// The law that it rests on.
    pub legal_basis: Option<String>,
    /// Who owns the cameras.
    pub device_owner: Option<String>,
    /// Who else handles them.
    pub contractors: Vec<String>,
    /// SHA-256 of the notice that was shown, as the ledger has it; none after an outage.
    pub notice: Option<String>,
    /// Whether it is the notice in force.
    pub notice_in_force: bool,
}

/// What became of the photos, while the passage is not closed.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PhotosShown {
    /// How many captures were compared.
    pub compared: u32,
    /// Whether none of them is ever written (a citizen's).
    pub never_written: bool,
    /// For how many seconds an officer may have seen it then, in memory.
    pub shown_seconds: u32,
    /// Whether an officer has still to look at the document.
    pub waits_for_officer: bool,
}

/// One record.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RecordOfReceipt {
    /// As the ledger names it: 32 hexadecimal digits.
    pub record: String,
    /// `probe`: the photo; `crossing`: that you crossed.
    #[schema(value_type = String)]
    pub data: DataClass,
    /// When it is to be gone, RFC 3339; none once it is.
    #[schema(value_type = Option<String>)]
    pub due: Option<Timestamp>,
    /// Whether a legal hold keeps it.
    pub held: bool,
    /// When it was erased.
    #[schema(value_type = Option<String>)]
    pub erased_at: Option<Timestamp>,
    /// Whether the ledger states it by now; it waits to go with nine others'.
    pub stated: bool,
    /// Who has a copy.
    pub copies: Vec<String>,
    /// Who read it.
    pub read: Vec<ReadBy>,
}

/// One reading: by what role, never by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ReadBy {
    /// `officer`, `supervisor`, `records`, `service`, or a recipient's name.
    pub by: String,
    /// What for.
    #[schema(value_type = String)]
    pub purpose: Purpose,
    /// RFC 3339.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Where to check it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LedgerShown {
    /// The log's name.
    pub origin: String,
    /// Its verifier key: `NAME+HEX+BASE64`.
    pub key: String,
    /// The verifier keys of the witnesses that are asked to sign its head.
    pub witnesses: Vec<String>,
    /// The number of leaves stated when the passage began: what it says of these records comes after.
    pub from: u64,
}

/// A contest.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ContestShown {
    /// On what grounds.
    #[schema(value_type = String)]
    pub ground: Ground,
    /// RFC 3339.
    #[schema(value_type = String)]
    pub opened_at: Timestamp,
    /// By when it is to be answered, RFC 3339.
    #[schema(value_type = Option<String>)]
    pub deadline: Option<Timestamp>,
    /// When it was answered, RFC 3339.
    #[schema(value_type = Option<String>)]
    pub answered_at: Option<Timestamp>,
    /// Whether it was upheld; none while it waits.
    pub upheld: Option<bool>,
    /// The officer's answer.
    pub answer: Option<String>,
}

impl From<ContestOf> for ContestShown {
    fn from(of: ContestOf) -> Self {
        Self {
            ground: of.ground,
            opened_at: of.opened_at,
            deadline: of.deadline,
            answered_at: of.answered_at,
            upheld: of.outcome.map(|outcome| outcome == CaseOutcome::Done),
            answer: of.answer,
        }
    }
}

impl Service {
    /// The code of an encounter's receipt, while the encounter is known.
    ///
    /// # Errors
    /// [`Refused::Unknown`] when there is none such, or its voyage is closed.
    pub fn receipt_code(&self, encounter: EncounterId) -> Result<ReceiptCode, Refused> {
        self.store().receipt_code(encounter)?.ok_or(Refused::Unknown("encounter with a receipt"))
    }

    /// What a receipt says today; `None` when the code opens none, or it was forgotten.
    ///
    /// # Errors
    /// When the store fails.
    pub fn receipt(&self, code: ReceiptCode) -> Result<Option<ReceiptShown>, Refused> {
        let Some(receipt) = self.store().receipt(code, self.now())? else { return Ok(None) };
        // One whose citizenship showed only later was sealed, and then erased.
        let none_written = receipt.records.iter().all(|record| record.data != DataClass::Probe);
        let photos = receipt.encounter.as_ref().map(|it| PhotosShown {
            compared: it.attempts,
            never_written: it.class == PersonClass::Citizen && none_written,
            shown_seconds: self.policy().unkept_photo_shown_seconds,
            waits_for_officer: it.stage.awaits_ruling(),
        });
        let passage = receipt.passed.map(|passed| self.passage_shown(&passed)).transpose()?;
        let recipients = self.store().recipients()?;
        let records = receipt.records.into_iter().map(|one| self.record_shown(one, &recipients));
        let records = records.collect::<Result<_, _>>()?;
        let key = self.ledger_key()?;
        Ok(Some(ReceiptShown {
            passage,
            photos,
            records,
            ledger: LedgerShown {
                origin: key.name().to_owned(),
                key: key.to_string(),
                witnesses: self.witness_keys(),
                from: receipt.from,
            },
            contests: receipt.contests.into_iter().map(ContestShown::from).collect(),
        }))
    }

    fn passage_shown(&self, passed: &Passed) -> Result<PassageShown, Refused> {
        let point = self.store().point(passed.point)?.ok_or(Refused::Unknown("crossing point"))?;
        let designations = self.store().designations(passed.point)?;
        let under = designations.into_iter().find(|one| Some(one.id) == passed.designation);
        Ok(PassageShown {
            point: point.name,
            port: point.port,
            direction: point.direction,
            kind: point.kind,
            at: passed.began_at,
            designation: under.as_ref().map(|under| under.id.to_string()),
            legal_basis: under.as_ref().map(|under| under.legal_basis.clone()),
            device_owner: under.as_ref().map(|under| under.device_owner.clone()),
            contractors: under.map(|under| under.contractors).unwrap_or_default(),
            notice: passed.notice.map(|notice| notice.to_string()),
            notice_in_force: passed.notice == Some(self.notice_sha256()),
        })
    }

    fn record_shown(&self, of: ReceiptRecord, recipients: &[Recipient]) -> Result<RecordOfReceipt, Refused> {
        let mut shown = RecordOfReceipt {
            record: of.ledger.to_string(),
            data: of.data,
            due: of.kept.as_ref().map(|kept| kept.due),
            held: of.kept.as_ref().is_some_and(|kept| kept.held),
            erased_at: of.erased_at,
            stated: of.kept.as_ref().is_none_or(|kept| !kept.unpublished),
            copies: Vec::new(),
            read: Vec::new(),
        };
        let Some(KeptRecord { record, .. }) = of.kept else { return Ok(shown) };
        let name = |id| recipients.iter().find(|r| r.id == id).map_or("?".to_owned(), |r| r.name.clone());
        shown.copies = self.store().copies_of(record)?.into_iter().map(name).collect();
        for reading in self.store().readings(record)? {
            let by = match reading.access.by {
                Reader::Officer(user) => self.role_word(user)?.to_owned(),
                Reader::Recipient(id) => name(id),
                Reader::Staging => "service".to_owned(),
            };
            shown.read.push(ReadBy { by, purpose: reading.access.purpose, at: reading.at });
        }
        Ok(shown)
    }

    fn role_word(&self, user: UserId) -> Result<&'static str, Refused> {
        Ok(match self.store().user(user)?.map(|user| user.role) {
            Some(Role::Supervisor) => "supervisor",
            Some(Role::Records) => "records",
            _ => "officer",
        })
    }

    /// Opens a contest, for whoever has the code.
    ///
    /// # Errors
    /// [`Refused`] for a code that opens nothing, while an earlier contest waits, or after too many.
    pub fn contest(&self, code: ReceiptCode, ground: Ground, words: &str) -> Result<(), Refused> {
        let now = self.now();
        // A form sends two characters where its writer made one line break.
        let words = super::any_text(&words.replace("\r\n", "\n"), "words", REASON_CHARS_MAX)?;
        let id = CaseId::from_bytes(self.fresh());
        let case = Case {
            id,
            kind: CaseKind::Contest,
            reference: format!("contest {}", &id.to_string()[..8]),
            basis: "the traveller's receipt".to_owned(),
            reason: if words.is_empty() { ground.in_words().to_owned() } else { words },
            from_whom: None,
            identity_check: None,
            author: THE_TRAVELLER,
            opened_at: now,
            deadline: self.policy().access_answered_within.due(now),
            expires_at: None,
            approvals: Vec::new(),
            approved_at: None,
            closed_at: None,
            outcome: None,
            given: 0,
        };
        match self.store().open_contest(code, &case, ground)? {
            Contested::Opened => {
                self.announce();
                Ok(())
            }
            Contested::NoReceipt => Err(Refused::Unknown("receipt")),
            Contested::StillOpen => {
                Err(Refused::WrongStage("an earlier contest of this passage waits for its answer"))
            }
            Contested::TooOften => Err(Refused::WrongStage(
                "this passage was contested as often as the page takes; write to the records office",
            )),
        }
    }

    /// Answers a contest and ends its case. Where it is upheld, what is kept of the passage is put right, everywhere.
    ///
    /// # Errors
    /// [`Refused`] without an answer, or when the case is of another kind, or over.
    pub fn answer_contest(
        &self,
        case: CaseId,
        answer: &str,
        upheld: Option<Correction>,
    ) -> Result<CorrectionDone, Refused> {
        let now = self.now();
        let answer = super::text(answer, "answer", REASON_CHARS_MAX)?;
        for _ in 0..ANSWERS_MAX {
            let corrected = upheld.map(|correction| self.corrected(case, correction, now)).transpose()?;
            match self.store().answer_contest(case, &answer, corrected.as_deref(), now)? {
                Answered::Done(done) => {
                    self.announce();
                    return Ok(done);
                }
                Answered::NoCase => return Err(Refused::Unknown("case")),
                Answered::NotAllowed(why) => return Err(why.into()),
                Answered::StillBoarding => {
                    return Err(Refused::WrongStage(
                        "boarding is not closed, and more of this passage may come to be kept: uphold it afterwards; \
                         a match that is wrong now is put right at the gate",
                    ));
                }
                // Something of the passage came to be kept meanwhile: that is put right, too.
                Answered::MoreIsKept => {}
            }
        }
        Err(Refused::WrongStage("what is kept of the passage keeps changing; repeat the request"))
    }

    /// Forgets receipts whose time is over.
    pub(super) fn forget_receipts(&self, now: Timestamp) -> Result<(), Refused> {
        let until = self.policy().receipts_kept.over(now);
        while self.store().forget_receipts(until, super::erasing::ERASE_BATCH)? == super::erasing::ERASE_BATCH
        {
        }
        Ok(())
    }
}

/// Who read it, each way of reading once: role and purpose, with the number of times.
pub(crate) fn readings_in_short(read: &[ReadBy]) -> Vec<(&str, Purpose, usize)> {
    let mut ways: BTreeMap<(&str, String), (Purpose, usize)> = BTreeMap::new();
    for one in read {
        ways.entry((&one.by, super::slug(&one.purpose))).or_insert((one.purpose, 0)).1 += 1;
    }
    ways.into_iter().map(|((by, _), (purpose, times))| (by, purpose, times)).collect()
}
