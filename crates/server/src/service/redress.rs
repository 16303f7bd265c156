//! Mis-identification: an officer of the records office proposes whose records are, and sees what would follow; another agrees, and
//! it follows at once, everywhere.

use super::{Refused, Service, WhoShown, any_text, text};
use crate::service::ruling::REASON_CHARS_MAX;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use portunus_core::case::{Case, CaseKind, Finding, NotAllowed};
use portunus_core::crossing::CrossingRecord;
use portunus_core::document::{DocumentKey, State};
use portunus_core::encounter::Method;
use portunus_core::id::{CaseId, DecisionId, RecordId, UserId};
use portunus_core::policy::{DataClass, PersonClass, Start};
use portunus_core::stay::Event;
use portunus_core::voyage::{Capacity, ManifestPerson, Sex};
use portunus_store::{
    Access, Anew, Corrected, FoundHolder, Held, NewProposal, Proposal, Purpose, Reader, Redress, RedressDone,
    Source, Subject, Within,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whose it is found to be is kept at most so long: what nobody decided on by then is proposed anew.
const HOLDER_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What one record is found to be.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// One that the case names.
    #[schema(value_type = String)]
    pub record: RecordId,
    /// `unlink`, `reattribute` or `split`.
    #[schema(value_type = String)]
    pub finding: Finding,
}

/// Whose records are found to be. Personal data: no `Debug`.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// `{"issuer": "FRA", "kind": "P", "number": "..."}`
    #[schema(value_type = Object)]
    pub document: DocumentKey,
    /// As in the document.
    pub family_name: String,
    /// As in the document.
    #[serde(default)]
    pub given_names: String,
    /// `1990-01-31`
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub born: Option<Date>,
    /// As in the document.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub nationality: Option<State>,
    /// As in the document.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub sex: Option<Sex>,
    /// `citizen`, `permanent-resident`, `non-immigrant`; none: as what is held on them says. Any evidence of citizenship goes
    /// before it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub class: Option<PersonClass>,
}

/// What is proposed. Personal data: no `Debug`.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    /// What records are found to be; the others that the case names stay as they are.
    pub findings: Vec<Found>,
    /// Whose what is re-attributed is.
    #[serde(default)]
    pub holder: Option<Holder>,
    /// Why. It never names the traveller.
    pub reason: String,
    /// What who contests reads by their receipt; needed where a contest is answered, and there alone.
    #[serde(default)]
    pub answer: Option<String>,
}

/// What follows for one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "follows", rename_all = "kebab-case")]
pub enum Follows {
    /// It goes, and every copy of it.
    Erased,
    /// It goes, and is written anew under who it is of.
    WrittenAnew {
        /// Whose rules apply to it then.
        class: PersonClass,
        /// When that is to be gone.
        until: Timestamp,
    },
    /// It is kept, and is theirs from then on.
    BecomesTheirs {
        /// Whose rules apply to it then.
        class: PersonClass,
        /// When it is to be gone.
        until: Timestamp,
    },
    /// It is kept, and counts for no stay of the person whom its documents say.
    SetApart,
}

/// One finding, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FindingShown {
    /// Of which record.
    #[schema(value_type = String)]
    pub record: RecordId,
    /// `unlink`, `reattribute` or `split`.
    #[schema(value_type = String)]
    pub finding: Finding,
    /// `{"follows": "erased"}`, `written-anew` and `becomes-theirs` with class and until, or `set-apart`.
    #[schema(value_type = Object)]
    #[serde(flatten)]
    pub follows: Follows,
}

/// What is proposed, unopened: nobody is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RedressShown {
    /// Its identifier: who agrees names it.
    #[schema(value_type = String)]
    pub proposal: DecisionId,
    /// By whom.
    pub by: String,
    /// RFC 3339.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// What who contests is told.
    pub answer: Option<String>,
    /// Whether somebody is said to be whose it is: who decides opens that.
    pub names_holder: bool,
    /// Whether whose it is was forgotten meanwhile: it is to be proposed anew.
    pub forgotten: bool,
    /// What each record is found to be, and what follows.
    pub findings: Vec<FindingShown>,
}

/// What is proposed, opened for who decides. Personal data: no `Debug`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct RedressOpened {
    /// Its identifier.
    #[schema(value_type = String)]
    pub proposal: DecisionId,
    /// Whose what is re-attributed is.
    pub holder: Option<WhoShown>,
    /// Whose rules apply to them.
    #[schema(value_type = Option<String>)]
    pub class: Option<PersonClass>,
}

impl Holder {
    fn person(&self) -> Result<ManifestPerson, Refused> {
        let family_name = text(&self.family_name, "holder.family_name", 100)?;
        let given_names = any_text(&self.given_names, "holder.given_names", 100)?;
        Ok(ManifestPerson {
            born: self.born,
            sex: self.sex,
            nationality: self.nationality.clone(),
            documents: vec![self.document.clone()],
            ..ManifestPerson::named(Capacity::Passenger, family_name, given_names)
        })
    }
}

/// Whether a record can be another's: a crossing of our own, or the photo of one.
fn can_be_anothers(held: &Held) -> bool {
    match held.kind.data {
        DataClass::Crossing => held.kind.source == Source::CloseOut,
        data => data == DataClass::Probe,
    }
}

impl Service {
    /// Proposes whose the records of a case of mis-identification are, in place of what was proposed before. Nothing follows
    /// until somebody else agrees.
    ///
    /// # Errors
    /// [`Refused::Malformed`] says what is missing or does not fit; [`Refused`] when the case is of another kind, or over.
    pub fn propose_redress(
        &self,
        case: CaseId,
        new: &Findings,
        proposer: UserId,
    ) -> Result<RedressShown, Refused> {
        let now = self.now();
        self.store().case(case)?.ok_or(Refused::Unknown("case"))?.takes_records(now)?;
        let file = self.store().redress_file(case)?.ok_or(NotAllowed::OtherKind)?;
        let findings = self.checked_findings(case, new, now)?;
        let reason = text(&new.reason, "reason", REASON_CHARS_MAX)?;
        let answer = match (file.contest, &new.answer) {
            (Some(_), answer) => {
                Some(text(answer.as_deref().unwrap_or_default(), "answer", REASON_CHARS_MAX)?)
            }
            (None, None) => None,
            (None, Some(_)) => return Err(malformed("answer: nobody contests here")),
        };
        let person = new.holder.as_ref().map(Holder::person).transpose()?;
        let holder = match (&person, &new.holder) {
            (Some(person), Some(holder)) => Some(self.found_holder(person, holder.class, now)?),
            _ => None,
        };
        let id = DecisionId::from_bytes(self.fresh());
        let (reason, answer) = (reason.as_str(), answer.as_deref());
        let proposal = NewProposal { id, proposer, findings: &findings, holder, reason, answer };
        let proposed = self.store().propose_redress(case, &proposal, now)?;
        proposed.ok_or(Refused::Unknown("case"))??;
        self.announce();
        self.redress_shown(case)?.ok_or(Refused::Unknown("proposal"))
    }

    fn checked_findings(
        &self,
        case: CaseId,
        new: &Findings,
        now: Timestamp,
    ) -> Result<Vec<(RecordId, Finding)>, Refused> {
        let named: BTreeMap<RecordId, Held> =
            self.store().named_in(case, now)?.into_iter().map(|held| (held.record, held)).collect();
        let mut findings = BTreeMap::new();
        for Found { record, finding } in &new.findings {
            let held = named.get(record).ok_or(Refused::Unknown("record that the case names"))?;
            if *finding == Finding::Reattribute && !can_be_anothers(held) {
                let what = "findings: only a crossing recorded here and its photo can become another's; unlink the rest";
                return Err(malformed(what));
            }
            if *finding == Finding::Split && !self.store().is_of_a_stay(*record, now)? {
                return Err(malformed("findings: only what stays follow from is split"));
            }
            if *finding == Finding::Split {
                self.are_unmerged(&[*record])?;
            }
            if findings.insert(*record, *finding).is_some() {
                return Err(malformed("findings: each record once"));
            }
        }
        if findings.is_empty() {
            return Err(malformed("findings: expected one or more"));
        }
        let anothers = findings.values().any(|finding| *finding == Finding::Reattribute);
        match (anothers, &new.holder) {
            (true, None) => Err(malformed("holder: whose is what is re-attributed?")),
            (false, Some(_)) => Err(malformed("holder: nothing is re-attributed")),
            _ => Ok(findings.into_iter().collect()),
        }
    }

    fn found_holder<'a>(
        &self,
        person: &'a ManifestPerson,
        stated: Option<PersonClass>,
        now: Timestamp,
    ) -> Result<FoundHolder<'a>, Refused> {
        let subject = Subject::of(person);
        let class = match (self.class_held(&subject, person.nationality.as_ref())?, stated) {
            (PersonClass::Citizen, _) => PersonClass::Citizen,
            (held, stated) => stated.unwrap_or(held),
        };
        let due = self.policy().due(class, DataClass::Crossing, Start::at(now)).filter(|due| *due > now);
        let due = due.ok_or_else(|| malformed("holder: nothing may be kept of somebody of that class"))?;
        let erase_after = due.min(now.saturating_add(HOLDER_KEPT).unwrap_or(due));
        let content = serde_json::to_vec(person).unwrap_or_default();
        Ok(FoundHolder { content, subject, class, erase_after })
    }

    /// What follows for a record; of what is re-attributed, by the class of whose it is.
    fn follows(&self, held: &Held, finding: Finding, class: PersonClass, now: Timestamp) -> Follows {
        let due = || self.policy().due(class, held.kind.data, held.start).filter(|due| *due > now);
        match finding {
            Finding::Unlink => Follows::Erased,
            Finding::Split => Follows::SetApart,
            // What the law would not have kept of them goes: a citizen's photo, a crossing past their date.
            Finding::Reattribute => match (due(), held.kind.data) {
                (None, _) => Follows::Erased,
                (Some(until), DataClass::Crossing) => Follows::WrittenAnew { class, until },
                (Some(until), _) => Follows::BecomesTheirs { class, until },
            },
        }
    }

    /// What is proposed in a case, and what would follow now; of one that is over, what was proposed. Nothing is opened. `None`
    /// where nothing is.
    ///
    /// # Errors
    /// When the store fails.
    pub fn redress_shown(&self, case: CaseId) -> Result<Option<RedressShown>, Refused> {
        let now = self.now();
        let Some(proposal) = self.store().redress_file(case)?.and_then(|file| file.proposal) else {
            return Ok(None);
        };
        let is_open = self.store().case(case)?.is_some_and(|of| of.is_open(now));
        let class = proposal.holder.map_or(PersonClass::Unknown, |(_, class)| class);
        let mut findings = Vec::new();
        let named = if is_open { self.store().named_in(case, now)? } else { Vec::new() };
        for held in named {
            if let Some(finding) = proposal.findings.get(&held.record).copied() {
                let follows = self.follows(&held, finding, class, now);
                findings.push(FindingShown { record: held.record, finding, follows });
            }
        }
        let anothers = findings.iter().any(|found| found.finding == Finding::Reattribute);
        Ok(Some(RedressShown {
            proposal: proposal.id,
            by: self.store().user(proposal.proposer)?.map_or("?".to_owned(), |user| user.name),
            at: proposal.at,
            reason: proposal.reason,
            answer: proposal.answer,
            names_holder: proposal.holder.is_some(),
            forgotten: anothers && proposal.holder.is_none(),
            findings,
        }))
    }

    /// Whether somebody may decide on what is proposed in a case now.
    ///
    /// # Errors
    /// [`Refused::Case`] says why not.
    pub fn may_decide_redress(&self, case: CaseId, decider: UserId) -> Result<Proposal, Refused> {
        let now = self.now();
        let of: Case = self.store().case(case)?.ok_or(Refused::Unknown("case"))?;
        if of.kind != CaseKind::Misidentification {
            return Err(NotAllowed::OtherKind.into());
        }
        if !of.is_open(now) {
            return Err(NotAllowed::Closed.into());
        }
        let proposal = self.store().redress_file(case)?.and_then(|file| file.proposal);
        let proposal = proposal.ok_or(NotAllowed::NothingProposed)?;
        of.takes_decision(decider, proposal.proposer, now)?;
        Ok(proposal)
    }

    /// Opens whose it is said to be, for who decides; on record as read by them in the case.
    ///
    /// # Errors
    /// [`Refused::Case`] for who may not decide, or where nothing is proposed.
    pub fn open_proposed(&self, case: CaseId, decider: UserId) -> Result<RedressOpened, Refused> {
        let proposal = self.may_decide_redress(case, decider)?;
        let holder = self.open_holder(case, &proposal, decider)?;
        let class = holder.as_ref().map(|(_, class)| *class);
        Ok(RedressOpened {
            proposal: proposal.id,
            holder: holder.map(|(person, _)| WhoShown::of(&person)),
            class,
        })
    }

    fn open_holder(
        &self,
        case: CaseId,
        proposal: &Proposal,
        reader: UserId,
    ) -> Result<Option<(ManifestPerson, PersonClass)>, Refused> {
        let Some((record, class)) = proposal.holder else { return Ok(None) };
        let content = self.store().open_record(record, &reads(case, reader), self.now())?;
        let person = content.and_then(|content| serde_json::from_slice::<ManifestPerson>(&content).ok());
        Ok(person.map(|person| (person, class)))
    }

    /// Agrees to what is proposed, and carries it out: in one transaction what is nobody's goes, what is another's becomes
    /// theirs, what is split is set apart; copies are recalled, who contests has the answer, and the case ends. Then the
    /// stays of all sides are computed anew.
    ///
    /// # Errors
    /// [`Refused::Case`] for who opened the case or proposed this, and for another proposal than the one that stands.
    pub fn agree_to_redress(
        &self,
        case: CaseId,
        proposal: DecisionId,
        decider: UserId,
    ) -> Result<RedressDone, Refused> {
        let now = self.now();
        let proposed = self.may_decide_redress(case, decider)?;
        if proposed.id != proposal {
            return Err(NotAllowed::OtherProposal.into());
        }
        let holder = self.open_holder(case, &proposed, decider)?;
        let plan = self.plan(case, &proposed, holder.as_ref(), decider)?;
        self.are_unmerged(&plan.apart)?;
        let concerned: Vec<RecordId> = proposed.findings.keys().copied().collect();
        let mut concerned = self.stays_lead_to(&concerned)?;
        let redress = Redress {
            proposal,
            decider,
            holder: holder.as_ref().map(|(person, class)| (Subject::of(person), *class)),
            anew: &plan.anew,
            moved: &plan.moved,
            corrected: &plan.corrected,
            apart: &plan.apart,
        };
        let done = self.store().carry_out_redress(case, &redress, now)?.ok_or(Refused::Unknown("case"))??;
        self.announce();
        concerned.extend(&done.anew);
        if let Err(error) = self.compute_overstays_of(&concerned) {
            // It is done, and the list known to be out of date: the next round computes it.
            tracing::warn!(%error, "the stays of a mis-identification wait to be computed anew");
        }
        Ok(done)
    }

    fn plan(
        &self,
        case: CaseId,
        proposed: &Proposal,
        holder: Option<&(ManifestPerson, PersonClass)>,
        decider: UserId,
    ) -> Result<Plan, Refused> {
        let (now, mut plan) = (self.now(), Plan::default());
        if holder.is_none() && proposed.findings.values().any(|finding| *finding == Finding::Reattribute) {
            return Err(NotAllowed::NothingProposed.into());
        }
        for held in self.store().named_in(case, now)? {
            let Some(finding) = proposed.findings.get(&held.record).copied() else { continue };
            let (record, class) = (held.record, holder.map_or(PersonClass::Unknown, |(_, class)| *class));
            let mut becomes = None;
            match (self.follows(&held, finding, class, now), holder) {
                (Follows::SetApart, _) => {
                    plan.apart.push(record);
                    continue;
                }
                (Follows::WrittenAnew { until, .. }, Some((person, _))) => {
                    plan.anew.extend(self.written_anew(case, &held, person, until, decider)?);
                }
                (Follows::BecomesTheirs { class, until }, _) => {
                    plan.moved.push(record);
                    becomes = Some((class, until));
                }
                (Follows::Erased | Follows::WrittenAnew { .. }, _) => {}
            }
            plan.corrected.push(Corrected { record, becomes });
        }
        Ok(plan)
    }

    /// A crossing as it is of `person`; `None` when it is gone meanwhile.
    fn written_anew(
        &self,
        case: CaseId,
        held: &Held,
        person: &ManifestPerson,
        erase_after: Timestamp,
        reader: UserId,
    ) -> Result<Option<Anew>, Refused> {
        let content = self.store().open_record(held.record, &reads(case, reader), self.now())?;
        let Some(content) = content else { return Ok(None) };
        let old: CrossingRecord = serde_json::from_slice(&content)
            .map_err(|_| Refused::WrongStage("an early version recorded this crossing: unlink it"))?;
        let person = ManifestPerson { capacity: old.person.capacity, ..person.clone() };
        // An officer looked at documents; the machine was wrong, or was not asked.
        let new = CrossingRecord { person, method: Method::DocumentInspected, ..old };
        let content = serde_json::to_vec(&new).unwrap_or_default();
        Ok(Some(Anew { of: held.record, content, start: held.start, erase_after }))
    }

    /// The records whose stays may change with these.
    fn stays_lead_to(&self, records: &[RecordId]) -> Result<Vec<RecordId>, Refused> {
        let nobody = Subject { documents: &[], person: None };
        let events = self.store().stay_events_about(&nobody, records, self.now())?;
        let record = |event| match event {
            Event::Fact(fact) => Some(fact.record),
            Event::Decision(_) => None,
        };
        Ok(events.into_iter().filter_map(record).collect())
    }
}

/// What is to be done.
#[derive(Default)]
struct Plan {
    anew: Vec<Anew>,
    moved: Vec<RecordId>,
    corrected: Vec<Corrected>,
    apart: Vec<RecordId>,
}

fn reads(case: CaseId, reader: UserId) -> Access {
    Access { by: Reader::Officer(reader), purpose: Purpose::Redress, within: Within::Case(case) }
}

fn malformed(what: &str) -> Refused {
    Refused::Malformed(what.to_owned())
}
