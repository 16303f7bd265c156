//! Neighbours' entries, which are our exits; and what officers note of somebody's stay.

use crate::service::{Refused, Service};
use jiff::Timestamp;
use jiff::civil::Date;
use portunus_core::crossing::{Admission, ImportedExit, StayChangeRecord};
use portunus_core::document::{DocumentKey, State};
use portunus_core::id::{CaseId, RecordId};
use portunus_core::lookout::Fault;
use portunus_core::place::Direction;
use portunus_core::policy::{DataClass, PersonClass, Policy, Start};
use portunus_core::retention::{Evidence, standing};
use portunus_core::stay::timeline::{day_first, day_somewhere};
use portunus_core::stay::{Event, Mode, StatusChange, What};
use portunus_core::text::is_line;
use portunus_core::voyage::{Capacity, ManifestPerson, Sex};
use portunus_store::{NewImport, NewStayChange, Subject};
use serde::{Deserialize, Serialize};

/// Imported in one transaction.
const AT_ONCE: usize = 500;
/// A person holds at most so many documents at a time, for one change.
const DOCUMENTS_MAX: usize = 20;

/// One entry of a neighbour's. Personal data: no `Debug`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignEntry {
    /// When they entered there, RFC 3339.
    pub at: Timestamp,
    /// The port there.
    pub port: String,
    /// By air, sea or land.
    pub mode: Mode,
    /// The document that they showed.
    pub document: Option<DocumentKey>,
    /// As in the document.
    #[serde(default)]
    pub family_name: String,
    /// As in the document.
    #[serde(default)]
    pub given_names: String,
    /// Date of birth.
    #[serde(default)]
    pub born: Option<Date>,
    /// Nationality.
    #[serde(default)]
    pub nationality: Option<State>,
    /// Declared sex.
    #[serde(default)]
    pub sex: Option<Sex>,
}

impl ForeignEntry {
    /// What is wrong with it, as of `now`; nothing of it is repeated.
    pub fn fault(&self, now: Timestamp) -> Option<Fault> {
        let has_name = !self.family_name.is_empty() || !self.given_names.is_empty();
        let is_port = (1..=60).contains(&self.port.trim().chars().count());
        if self.document.is_none() && !(has_name && self.born.is_some()) {
            Some(Fault::new("number", "a document, or else a name with a date of birth"))
        } else if !is_port || !is_line(&self.port) {
            Some(Fault::new("port", "1 to 60 characters of one line"))
        } else if self.at > now {
            Some(Fault::new("at", "an instant that is past"))
        } else if self.born.is_some_and(|born| born > day_first(self.at)) {
            Some(Fault::new("born", "a date before they entered"))
        } else {
            None
        }
    }
}

/// The state whose entries are imported, by its ICAO 9303 code: another than the house's own.
///
/// # Errors
/// [`Refused::Malformed`].
pub fn neighbour(code: &str, policy: &Policy) -> Result<State, Refused> {
    let state = State::new(code).map_err(|error| Refused::Malformed(format!("source: {error}")))?;
    if state == policy.home {
        return Err(Refused::Malformed("source: expected a neighbour, not our own state".to_owned()));
    }
    Ok(state)
}

/// What became of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ImportDone {
    /// Kept, and new.
    pub added: usize,
    /// Imported before.
    pub known: usize,
    /// Of citizens, of people of whom no entry is held that it could close, or past their date: not kept.
    pub not_kept: usize,
}

/// What is kept of one entry.
struct Kept {
    record: ImportedExit,
    mode: Mode,
    class: PersonClass,
    start: Start,
    erase_after: Timestamp,
}

/// A change whose class of admission is one, in the form that an officer's admission has.
fn checked(change: &StatusChange, at: Timestamp) -> Result<StatusChange, Refused> {
    let StatusChange::Status { class, until } = change else { return Ok(change.clone()) };
    let admitted = Admission { class: class.clone(), until: *until }.checked(day_somewhere(at));
    let Admission { class, until } =
        admitted.map_err(|error| Refused::Malformed(error.to_string().replace("admitted.", "change.")))?;
    Ok(StatusChange::Status { class, until })
}

impl Service {
    /// Takes a neighbour's entries in as our exits, sealed as our own crossings are. What was imported before changes
    /// nothing.
    ///
    /// Whose rules apply is what is held on the person already. Of citizens, and of whom no entry is held that it could
    /// close, nothing is kept.
    ///
    /// # Errors
    /// [`Refused::Malformed`] for a faulty entry, and nothing is imported; when the store fails, and what was imported until
    /// then stays.
    pub fn import_exits(&self, from: &State, entries: &[ForeignEntry]) -> Result<ImportDone, Refused> {
        let now = self.now();
        if let Some(fault) = entries.iter().find_map(|entry| entry.fault(now)) {
            return Err(Refused::Malformed(format!("{}: expected {}", fault.field, fault.expected)));
        }
        let mut done = ImportDone::default();
        for some in entries.chunks(AT_ONCE) {
            let mut kept = Vec::with_capacity(some.len());
            for entry in some {
                kept.extend(self.kept_of(from, entry)?);
            }
            done.not_kept += some.len() - kept.len();
            let new = |kept: &Kept| -> Vec<u8> { serde_json::to_vec(&kept.record).unwrap_or_default() };
            let imports: Vec<NewImport<'_>> = kept
                .iter()
                .map(|kept| NewImport {
                    content: new(kept),
                    subject: Subject::of(&kept.record.person),
                    class: kept.class,
                    start: kept.start,
                    erase_after: kept.erase_after,
                    port: &kept.record.port,
                    mode: kept.mode,
                    from: from.as_str(),
                })
                .collect();
            let added = self.store().import_exits(&imports, self.now())?;
            done.added += added;
            done.known += imports.len() - added;
        }
        if done.added > 0 {
            self.store().forget_overstays()?;
        }
        Ok(done)
    }

    fn kept_of(&self, from: &State, entry: &ForeignEntry) -> Result<Option<Kept>, Refused> {
        let person = ManifestPerson {
            born: entry.born,
            sex: entry.sex,
            nationality: entry.nationality.clone(),
            documents: entry.document.iter().cloned().collect(),
            ..ManifestPerson::named(Capacity::Passenger, &entry.family_name, &entry.given_names)
        };
        let subject = Subject::of(&person);
        let class = self.class_held(&subject, entry.nationality.as_ref())?;
        if class == PersonClass::Citizen || !self.holds_entry(&subject, entry.at)? {
            return Ok(None);
        }
        let start = Start::crossing(entry.at, Direction::Exit);
        let due = self.policy().due(class, DataClass::Crossing, start).filter(|due| *due > self.now());
        Ok(due.map(|erase_after| Kept {
            record: ImportedExit {
                imported_from: from.as_str().to_owned(),
                person,
                port: entry.port.trim().to_uppercase(),
                direction: Direction::Exit,
                at: entry.at,
            },
            mode: entry.mode,
            class,
            start,
            erase_after,
        }))
    }

    /// Whether an entry before `at` is held that an exit of theirs could close: by documents, or by an officer's decision on
    /// who has the same name and date of birth.
    fn holds_entry(&self, subject: &Subject<'_>, at: Timestamp) -> Result<bool, Refused> {
        let is_entry = |event: &Event| {
            let Event::Fact(fact) = event else { return false };
            fact.at <= at
                && matches!(&fact.what, What::Crossed(crossed) if crossed.direction == Direction::Entry)
        };
        Ok(self.store().stay_events_about(subject, &[], self.now())?.iter().any(is_entry))
    }

    /// Whose rules apply to what is noted of somebody: a citizen's on any evidence, else those of what is held of them.
    pub(in crate::service) fn class_held(
        &self,
        subject: &Subject<'_>,
        nationality: Option<&State>,
    ) -> Result<PersonClass, Refused> {
        let noted = self.store().class_noted(subject.documents, self.now())?;
        let evidence = Evidence {
            noted,
            carrier_says: nationality,
            documents: subject.documents,
            ..Evidence::default()
        };
        if standing(&evidence, self.policy()).class == PersonClass::Citizen {
            return Ok(PersonClass::Citizen);
        }
        let held = self.store().held_on(subject, self.now())?;
        let mut of_crossings = held.iter().filter(|held| held.kind.data == DataClass::Crossing);
        Ok(of_crossings.next_back().map_or(PersonClass::Unknown, |held| held.class))
    }

    /// Notes what changes somebody's stay, or that several documents are theirs; in a case.
    ///
    /// # Errors
    /// [`Refused::Malformed`] without a document, or for one document of which nothing changes; [`Refused`] when the case
    /// is not for it, or over.
    pub fn note_stay_change(
        &self,
        case: CaseId,
        documents: &[DocumentKey],
        change: Option<&StatusChange>,
        at: Timestamp,
    ) -> Result<RecordId, Refused> {
        let needed = if change.is_some() { 1 } else { 2 };
        if documents.len() < needed || documents.len() > DOCUMENTS_MAX {
            return Err(Refused::Malformed(format!("documents: expected {needed} to {DOCUMENTS_MAX}")));
        }
        let change = change.map(|change| checked(change, at)).transpose()?;
        let subject = Subject { documents, person: None };
        let class = match self.class_held(&subject, None)? {
            // The change itself is what says that they are one from then on; what is noted of before goes by before.
            PersonClass::Citizen => PersonClass::NonImmigrant,
            class => class,
        };
        let due = self.policy().due(class, DataClass::Crossing, Start::at(self.now()));
        let Some(erase_after) = due else {
            return Err(Refused::Malformed("documents: nothing is held on their holder".to_owned()));
        };
        let record = StayChangeRecord { documents: documents.to_vec(), change: change.clone(), at };
        let content = serde_json::to_vec(&record).unwrap_or_default();
        let new = NewStayChange { content, subject, class, at, erase_after, change: change.as_ref() };
        let noted = self.store().note_stay_change(case, &new, self.now())?;
        let noted = noted.ok_or(Refused::Unknown("case"))??;
        self.compute_overstays_of(&[noted])?;
        Ok(noted)
    }
}
