//! The records office: what is held on a person, in a case; requests answered, records held, mistakes put right.

use super::{Refused, Service, given, text};
use crate::service::ruling::REASON_CHARS_MAX;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use portunus_core::case::{Case, CaseKind, CaseOutcome, Correction, NotAllowed};
use portunus_core::crossing::CrossingRecord;
use portunus_core::document::DocumentKey;
use portunus_core::id::{CaseId, EncounterId, RecordId, UserId};
use portunus_core::policy::{DataClass, PersonClass};
use portunus_core::voyage::{ManifestPerson, VoyageKey};
use portunus_store::{
    Access, CASE_RECORDS_MAX, Corrected, CorrectionDone, Held, PersonKey, Purpose, Reader, Reading, Subject,
    Within,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A hold lasts at most this long; whoever needs more opens another.
const HOLD_DAYS_MAX: i64 = 366;
/// How many cases are listed.
const CASES_SHOWN_MAX: usize = 200;
/// A case's texts are cut at this many characters.
const TEXT_CHARS_MAX: usize = 200;

/// What a case is opened with.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    /// `subject-access`, `outside-request`, `hold`, `correction`, `class-change`, `stay-inquiry` or `misidentification`.
    #[schema(value_type = String)]
    pub kind: CaseKind,
    /// The agency's own file number. It never names the traveller.
    pub reference: String,
    /// The legal basis.
    pub basis: String,
    /// Why. It never names the traveller.
    pub reason: String,
    /// The authority that asks; needed for a request from outside.
    #[serde(default)]
    pub from_whom: Option<String>,
    /// How the person was identified; needed where somebody asks for their own records.
    #[serde(default)]
    pub identity_check: Option<String>,
    /// RFC 3339; when a hold ends by itself, at most 366 days ahead; needed for a hold.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Timestamp>,
    /// The traveller's contest that a case of mis-identification answers; none where the office opens it by itself.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub contest: Option<CaseId>,
}

/// Whose records are looked for: by a document, by name and date of birth, or by both. Personal data: no `Debug`.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// `{"issuer": "FRA", "kind": "P", "number": "..."}`
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub document: Option<DocumentKey>,
    /// As in a document; with `born`.
    #[serde(default)]
    pub family_name: String,
    /// As in a document.
    #[serde(default)]
    pub given_names: String,
    /// `1990-01-31`
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub born: Option<Date>,
}

/// Something that is held, unopened, and what is known of it.
#[derive(Debug, Clone)]
pub struct OnRecord {
    /// What it is, whose rules apply, until when.
    pub held: Held,
    /// Holds in force that keep it.
    pub holds: Vec<CaseId>,
    /// Who has a copy.
    pub copies: Vec<String>,
    /// Who read it, in which matter, oldest first; people by name.
    pub readings: Vec<(Reading, String)>,
}

/// What is given of one record. Personal data: no `Debug`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct GivenRecord {
    /// Its identifier.
    #[schema(value_type = String)]
    record: RecordId,
    /// What it is.
    #[schema(value_type = String)]
    data: DataClass,
    /// Whose rules apply.
    #[schema(value_type = String)]
    class: PersonClass,
    /// What started the count, RFC 3339.
    #[schema(value_type = String)]
    since: Timestamp,
    /// When it is to be gone, RFC 3339.
    #[schema(value_type = String)]
    until: Timestamp,
    /// Of a crossing: who, on which voyage, when.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    crossing: Option<serde_json::Value>,
    /// Of a photo or portrait: the picture, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
    /// Who read it before.
    read: Vec<GivenReading>,
}

/// One reading, as given.
#[derive(Serialize, utoipa::ToSchema)]
pub struct GivenReading {
    #[schema(value_type = String)]
    at: Timestamp,
    by: String,
    #[schema(value_type = String)]
    purpose: Purpose,
}

/// What is given in a case. Personal data: no `Debug`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct RecordsGiven {
    #[schema(value_type = String)]
    case: CaseId,
    #[schema(value_type = String)]
    made_at: Timestamp,
    /// What the case names.
    records: Vec<GivenRecord>,
    /// To the person alone: the passenger lists that they stand on, until those are forgotten.
    #[schema(value_type = Vec<Object>)]
    lists: Vec<Listing>,
}

/// An entry of a passenger list. Personal data: no `Debug`.
#[derive(Serialize)]
pub struct Listing {
    voyage: VoyageKey,
    stated: ManifestPerson,
}

impl Wanted {
    pub(super) fn subject(&self) -> Result<Subject<'_>, Refused> {
        let person = self.born.and_then(|born| PersonKey::new(&self.family_name, &self.given_names, born));
        if self.document.is_none() && person.is_none() {
            let what = "expected a document, or family_name, given_names and born";
            return Err(Refused::Malformed(what.to_owned()));
        }
        Ok(Subject { documents: self.document.as_slice(), person })
    }
}

/// A case's answer: there is none such, it does not allow it, or it is done.
fn allowed<T>(answer: Option<Result<T, NotAllowed>>) -> Result<T, Refused> {
    Ok(answer.ok_or(Refused::Unknown("case"))??)
}

impl Service {
    /// Opens a case under its author's name.
    ///
    /// # Errors
    /// [`Refused::Malformed`] says what is missing.
    pub fn open_case(&self, new: &NewCase, author: UserId) -> Result<CaseId, Refused> {
        let now = self.now();
        if new.kind == CaseKind::Contest {
            let what = "kind: a contest is opened by the traveller, from their receipt";
            return Err(Refused::Malformed(what.to_owned()));
        }
        let needs = |is_needed: bool, value: &Option<String>, what| match value {
            Some(value) if is_needed => text(value, what, TEXT_CHARS_MAX).map(Some),
            None if is_needed => Err(Refused::Malformed(format!("{what}: a case of this kind needs it"))),
            _ => Ok(None),
        };
        let longest = now.checked_add(SignedDuration::from_hours(24 * HOLD_DAYS_MAX)).unwrap_or(now);
        let expires_at = match (new.kind, new.expires_at) {
            (CaseKind::Hold, Some(expires)) if now < expires && expires <= longest => Some(expires),
            (CaseKind::Hold, _) => {
                return Err(Refused::Malformed(format!(
                    "expires_at: a hold ends by itself, at most {HOLD_DAYS_MAX} days from now"
                )));
            }
            _ => None,
        };
        let redress = new.kind == CaseKind::Misidentification;
        if new.contest.is_some() && !redress {
            return Err(Refused::Malformed("contest: a case of mis-identification answers one".to_owned()));
        }
        let asked = matches!(new.kind, CaseKind::SubjectAccess | CaseKind::OutsideRequest) || redress;
        // Who contests was told by when they have an answer.
        let contested = new.contest.map(|contest| self.store().case(contest)).transpose()?.flatten();
        let deadline = contested.and_then(|contest| contest.deadline);
        let deadline = deadline.or_else(|| self.policy().access_answered_within.due(now).filter(|_| asked));
        let case = Case {
            id: CaseId::from_bytes(self.fresh()),
            kind: new.kind,
            reference: text(&new.reference, "reference", TEXT_CHARS_MAX)?,
            basis: text(&new.basis, "basis", TEXT_CHARS_MAX)?,
            reason: text(&new.reason, "reason", REASON_CHARS_MAX)?,
            from_whom: needs(new.kind == CaseKind::OutsideRequest, &new.from_whom, "from_whom")?,
            identity_check: needs(
                new.kind == CaseKind::SubjectAccess,
                &new.identity_check,
                "identity_check",
            )?,
            author,
            opened_at: now,
            deadline,
            expires_at,
            approvals: Vec::new(),
            approved_at: None,
            closed_at: None,
            outcome: None,
            given: 0,
        };
        if redress {
            self.store().open_redress(&case, new.contest)?.ok_or(Refused::Unknown("contest"))??;
        } else {
            self.store().open_case(&case)?;
        }
        Ok(case.id)
    }

    /// The latest cases, those that are open first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn cases(&self) -> Result<Vec<Case>, Refused> {
        Ok(self.store().cases(CASES_SHOWN_MAX)?)
    }

    /// One case, with what it names and is still there.
    ///
    /// # Errors
    /// [`Refused::Unknown`] when there is none such.
    pub fn case(&self, id: CaseId) -> Result<(Case, Vec<OnRecord>), Refused> {
        let case = self.store().case(id)?.ok_or(Refused::Unknown("case"))?;
        let named = self.store().named_in(id, self.now())?;
        Ok((case, self.on_record(named)?))
    }

    /// What is held on a person; for an open case, and never without. Nothing is opened.
    ///
    /// # Errors
    /// [`Refused`] without a document or a name with a date of birth, or when the case takes no more records.
    pub fn find_for(&self, case: CaseId, wanted: &Wanted) -> Result<Vec<OnRecord>, Refused> {
        let now = self.now();
        let case = self.store().case(case)?.ok_or(Refused::Unknown("case"))?;
        case.takes_records(now)?;
        let held = self.store().held_on(&wanted.subject()?, now)?;
        self.on_record(held)
    }

    /// What is held of one encounter, until when, and who read it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn held_of(&self, encounter: EncounterId) -> Result<Vec<OnRecord>, Refused> {
        let held = self.store().held_of(encounter, self.now())?;
        self.on_record(held)
    }

    fn on_record(&self, held: Vec<Held>) -> Result<Vec<OnRecord>, Refused> {
        let (store, now) = (self.store(), self.now());
        let recipients = store.recipients()?;
        let recipient =
            |id| recipients.iter().find(|r| r.id == id).map_or("?".to_owned(), |r| r.name.clone());
        let mut all = Vec::with_capacity(held.len());
        for held in held {
            let mut readings = Vec::new();
            for reading in store.readings(held.record)? {
                let by = match reading.access.by {
                    Reader::Officer(user) => store.user(user)?.map_or("?".to_owned(), |user| user.name),
                    Reader::Recipient(id) => recipient(id),
                    Reader::Staging => "the service".to_owned(),
                };
                readings.push((reading, by));
            }
            let copies = store.copies_of(held.record)?.into_iter().map(recipient).collect();
            all.push(OnRecord { holds: store.holds_on(held.record, now)?, copies, readings, held });
        }
        Ok(all)
    }

    /// Names the records that a case is about, in place of those named before; says how many.
    ///
    /// # Errors
    /// [`Refused`] once somebody has approved the case, or when it is over; for more than [`CASE_RECORDS_MAX`].
    pub fn name_records(&self, case: CaseId, records: &[RecordId]) -> Result<usize, Refused> {
        if records.len() > CASE_RECORDS_MAX {
            return Err(Refused::Malformed(format!("records: a case names at most {CASE_RECORDS_MAX}")));
        }
        allowed(self.store().name_records(case, records, self.now())?)
    }

    /// Somebody else agrees to a case as it stands.
    ///
    /// # Errors
    /// [`Refused`] for its author, for whoever did already, or when nothing is to be approved.
    pub fn approve_case(&self, case: CaseId, approver: UserId) -> Result<Case, Refused> {
        allowed(self.store().approve_case(case, approver, self.now())?)
    }

    /// Ends a case without doing what it asked for; a hold lets go. A mis-identification is refused by a second officer, as it
    /// is agreed to by one.
    ///
    /// # Errors
    /// [`Refused`] when it is over, and for whoever may not decide.
    pub fn close_case(&self, case: CaseId, outcome: CaseOutcome, by: UserId) -> Result<(), Refused> {
        if outcome == CaseOutcome::Refused
            && let Some(file) = self.store().redress_file(case)?
            && let Some(of) = self.store().case(case)?
        {
            of.takes_decision(by, file.proposal.map_or(of.author, |proposal| proposal.proposer), self.now())?;
        }
        if self.store().contest(case)?.is_some() {
            return Err(Refused::WrongStage("a contest ends with an answer to the traveller"));
        }
        allowed(self.store().close_case(case, outcome, self.now())?)
    }

    /// Opens what a request names and gives it, once: every record is read in the case, on record, and the case ends. The
    /// person themselves also gets the lists that they stand on, by the documents of the crossings named and of `wanted`.
    ///
    /// # Errors
    /// [`Refused`] without the approvals that it needs; [`Refused::Store`] when a record does not open: nothing is given.
    pub fn give_records(
        &self,
        id: CaseId,
        wanted: Option<&Wanted>,
        officer: UserId,
    ) -> Result<RecordsGiven, Refused> {
        let now = self.now();
        let (case, records) = self.case(id)?;
        case.allows(&[CaseKind::SubjectAccess, CaseKind::OutsideRequest], now)?;
        let to_themselves = case.kind == CaseKind::SubjectAccess;
        let purpose = if to_themselves { Purpose::SubjectAccess } else { Purpose::OutsideRequest };
        let access = Access { by: Reader::Officer(officer), purpose, within: Within::Case(id) };
        let mut documents: Vec<DocumentKey> =
            wanted.and_then(|wanted| wanted.document.clone()).into_iter().collect();
        let mut opened = Vec::with_capacity(records.len());
        for OnRecord { held, readings, .. } in records {
            let Some(content) = self.store().open_record(held.record, &access, now)? else { continue };
            if held.kind.data == DataClass::Crossing
                && let Ok(crossing) = serde_json::from_slice::<CrossingRecord>(&content)
            {
                documents.extend(crossing.person.documents);
            }
            let (crossing, picture) = given(held.kind.data, content);
            let read = readings.into_iter().map(|(reading, by)| GivenReading {
                at: reading.at,
                by: if to_themselves { reader_to_the_person(reading.access.by, by) } else { by },
                purpose: reading.access.purpose,
            });
            opened.push(GivenRecord {
                record: held.record,
                data: held.kind.data,
                class: held.class,
                since: held.start.at,
                until: held.erase_after,
                crossing,
                picture,
                read: read.collect(),
            });
        }
        let lists = if to_themselves { self.lists_with(&documents)? } else { Vec::new() };
        allowed(self.store().case_given(id, opened.len(), now)?)?;
        Ok(RecordsGiven { case: id, made_at: now, records: opened, lists })
    }

    /// The entries of passenger lists with any of these documents, each once.
    fn lists_with(&self, documents: &[DocumentKey]) -> Result<Vec<Listing>, Refused> {
        let mut found = BTreeSet::new();
        for document in documents {
            found.extend(self.store().passengers_with_document(document)?);
        }
        let mut lists = Vec::new();
        for (voyage, passenger) in found {
            if let (Some(voyage), Some(listed)) =
                (self.store().voyage(voyage)?, self.store().passenger(passenger)?)
            {
                lists.push(Listing { voyage: voyage.key, stated: listed.passenger.stated });
            }
        }
        Ok(lists)
    }

    /// Carries out a correction: what the case names gets the class and the dates that it should have had from what
    /// began it, or goes; copies are recalled; the case ends.
    ///
    /// # Errors
    /// [`Refused`] when the case is of another kind, or over.
    pub fn correct(&self, case: CaseId, correction: Correction) -> Result<CorrectionDone, Refused> {
        let now = self.now();
        let corrected = self.corrected(case, correction, now)?;
        let done = allowed(self.store().correct(case, &corrected, now)?)?;
        self.announce();
        Ok(done)
    }

    /// What becomes of each record that a case names.
    pub(super) fn corrected(
        &self,
        case: CaseId,
        correction: Correction,
        now: Timestamp,
    ) -> Result<Vec<Corrected>, Refused> {
        let becomes = |held: &Held| match correction {
            Correction::NotThisPerson => None,
            Correction::Class { class } => {
                self.policy().due(class, held.kind.data, held.start).map(|due| (class, due))
            }
        };
        let named = self.store().named_in(case, now)?;
        Ok(named.iter().map(|held| Corrected { record: held.record, becomes: becomes(held) }).collect())
    }

    /// From `from` on, whoever travels with `document` is of `class`: naturalisation, permanent residence. Records of
    /// before keep their class and date. The case ends.
    ///
    /// # Errors
    /// [`Refused`] when the case is of another kind, or over; [`Refused::Malformed`] for a class that nobody changes to.
    pub fn change_class(
        &self,
        case: CaseId,
        document: &DocumentKey,
        class: PersonClass,
        from: Timestamp,
    ) -> Result<(), Refused> {
        if !matches!(class, PersonClass::Citizen | PersonClass::PermanentResident) {
            return Err(Refused::Malformed("class: expected citizen or permanent-resident".to_owned()));
        }
        allowed(self.store().change_class(case, document, class, from, self.now())?)?;
        self.announce();
        Ok(())
    }
}

/// Officers' names are not given to the person; that an officer read it is.
fn reader_to_the_person(by: Reader, name: String) -> String {
    match by {
        Reader::Officer(_) => "an officer".to_owned(),
        Reader::Recipient(_) | Reader::Staging => name,
    }
}
