//! One person's stays, for an officer, in a case: found without opening anything, then opened, each record on record.

use super::WayShown;
use crate::service::{Refused, Service, Wanted};
use jiff::Timestamp;
use jiff::civil::Date;
use portunus_core::crossing::{Admission, CrossingRecord, ImportedExit, StayChangeRecord};
use portunus_core::document::State;
use portunus_core::id::{CaseId, DecisionId, RecordId, UserId};
use portunus_core::stay::explain::Seen;
use portunus_core::stay::{
    Biographic, Book, Coverage, Decided, Event, Fact, Mode, Rules, Source, StatusChange, Stay, StayState,
    What, Who,
};
use portunus_core::voyage::ManifestPerson;
use portunus_store::{Access, Purpose, Reader, Subject, Within};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// So many records are opened for one look, at most.
const OPENED_MAX: usize = 400;

/// Whose stays are looked at: of a person, or of whom a record of the list is about. Personal data: no `Debug`.
#[derive(Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaysWanted {
    /// By document, or by name and date of birth.
    #[serde(default)]
    pub person: Option<Wanted>,
    /// By a record: an entry of the list.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub record: Option<RecordId>,
}

/// One end of a stay. Personal data: no `Debug`.
#[derive(Clone, Serialize, utoipa::ToSchema)]
pub struct EndShown {
    /// The record that tells it.
    #[schema(value_type = String)]
    pub record: RecordId,
    /// RFC 3339.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The port.
    pub port: String,
    /// `air`, `sea`, `land`
    #[schema(value_type = String)]
    pub mode: Mode,
    /// Where it is known from.
    #[schema(value_type = Object)]
    pub source: Source,
    /// Other records of the same movement.
    #[schema(value_type = Vec<String>)]
    pub also: Vec<RecordId>,
    /// Who, as recorded there.
    pub who: Option<WhoShown>,
}

/// Who somebody is, as one record states it. Personal data: no `Debug`.
#[derive(Clone, Serialize, utoipa::ToSchema)]
pub struct WhoShown {
    /// Family name.
    pub family_name: String,
    /// Given names.
    pub given_names: String,
    /// Date of birth.
    #[schema(value_type = Option<String>)]
    pub born: Option<Date>,
    /// Nationality.
    #[schema(value_type = Option<String>)]
    pub nationality: Option<State>,
    /// Documents, their numbers but for the last characters left out.
    pub documents: Vec<String>,
}

impl WhoShown {
    pub(in crate::service) fn of(person: &ManifestPerson) -> Self {
        Self {
            family_name: person.family_name.clone(),
            given_names: person.given_names.clone(),
            born: person.born,
            nationality: person.nationality.clone(),
            documents: person.documents.iter().map(|document| document.masked()).collect(),
        }
    }
}

/// A pair that no document makes. Personal data: no `Debug`.
#[derive(Clone, Serialize, utoipa::ToSchema)]
pub struct ProposalShown {
    /// The entry that nothing closes.
    #[schema(value_type = String)]
    pub entry: RecordId,
    /// The exit that closes nothing.
    #[schema(value_type = String)]
    pub exit: RecordId,
    /// How sure it is that they are one person's, in thousandths.
    pub confidence: u16,
    /// By what that was made: its assumptions stand with it in the book.
    pub method: &'static str,
    /// How alike the names are, in thousandths.
    pub names: u16,
    /// The other end, with who that was.
    pub other: Option<EndShown>,
}

/// One stay. Personal data: no `Debug`.
#[derive(Clone, Serialize, utoipa::ToSchema)]
pub struct StayShown {
    /// Whose: the least of the person's records.
    #[schema(value_type = String)]
    pub person: RecordId,
    /// How it began.
    pub entry: Option<EndShown>,
    /// How it ended.
    pub exit: Option<EndShown>,
    /// As what and until when they may stay, after all changes.
    #[schema(value_type = Option<Object>)]
    pub allowed: Option<Admission>,
    /// What can be said of it.
    #[schema(value_type = Object)]
    pub state: StayState,
    /// The same in words.
    pub state_in_words: String,
    /// Every ground of it, in words.
    pub explained: String,
    /// What an officer has to say.
    pub proposals: Vec<ProposalShown>,
}

/// A decision on whose records are.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DecisionShown {
    /// Its identifier.
    #[schema(value_type = String)]
    pub id: DecisionId,
    /// What.
    #[schema(value_type = Object)]
    pub decided: Decided,
    /// In which case.
    #[schema(value_type = String)]
    pub case: CaseId,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// RFC 3339.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// A person's stays, as opened in a case. Personal data: no `Debug`.
#[derive(Clone, Serialize, utoipa::ToSchema)]
pub struct PersonStays {
    /// As of when, RFC 3339.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Person by person: those who share the name and date of birth asked for may be several.
    pub stays: Vec<StayShown>,
    /// What officers decided on these records.
    pub decisions: Vec<DecisionShown>,
    /// Where exits are recorded.
    pub ways_out: Vec<WayShown>,
}

/// What opened of a record. Personal data: no `Debug`.
struct Opened {
    person: Option<ManifestPerson>,
    admitted: Option<Admission>,
    change: Option<StatusChange>,
}

impl Opened {
    fn read(content: &[u8]) -> Option<Self> {
        if let Ok(crossing) = serde_json::from_slice::<CrossingRecord>(content) {
            return Some(Self { person: Some(crossing.person), admitted: crossing.admitted, change: None });
        }
        if let Ok(exit) = serde_json::from_slice::<ImportedExit>(content) {
            return Some(Self { person: Some(exit.person), admitted: None, change: None });
        }
        let changed: StayChangeRecord = serde_json::from_slice(content).ok()?;
        Some(Self { person: None, admitted: None, change: changed.change })
    }

    /// Adds to a fact what was sealed.
    fn complete(&self, fact: &mut Fact) {
        match &mut fact.what {
            What::Crossed(crossing) if self.admitted.is_some() => {
                crossing.admission.clone_from(&self.admitted)
            }
            What::Changed(change) => {
                if let Some(opened) = &self.change {
                    change.clone_from(opened);
                }
            }
            _ => {}
        }
        if let Some(person) = &self.person {
            fact.who = Some(Who::Stated(Biographic {
                family_name: person.family_name.clone(),
                given_names: person.given_names.clone(),
                born: person.born,
                nationality: person.nationality.clone(),
                sex: person.sex,
            }));
        }
    }

    fn who(&self) -> Option<WhoShown> {
        self.person.as_ref().map(WhoShown::of)
    }
}

/// The persons' stays of these records, each once.
fn stays_of(book: &Book, seeds: &[RecordId], coverage: &Coverage, now: Timestamp) -> Vec<Stay> {
    let mut persons: BTreeMap<RecordId, Vec<Stay>> = BTreeMap::new();
    for seed in seeds {
        let stays = book.stays(*seed, coverage, now);
        if let Some(first) = stays.first() {
            persons.entry(first.person).or_insert(stays);
        }
    }
    persons.into_values().flatten().collect()
}

fn ends(stay: &Stay) -> impl Iterator<Item = RecordId> {
    let of = |seen: &Option<Seen>| {
        let seen = seen.iter();
        seen.flat_map(|seen| std::iter::once(seen.record).chain(seen.also.clone())).collect::<Vec<_>>()
    };
    let proposed = stay.proposals.iter().flat_map(|p| [p.entry, p.exit]).collect::<Vec<_>>();
    of(&stay.entry).into_iter().chain(of(&stay.exit)).chain(proposed)
}

impl Service {
    /// A person's stays with every ground, in an open case that is for it. Whatever is shown was opened, and stands on
    /// record as read by the officer in the case.
    ///
    /// # Errors
    /// [`Refused`] without a person or a record, or in a case that is not for it or over.
    pub fn stays_in(
        &self,
        case: CaseId,
        wanted: &StaysWanted,
        officer: UserId,
    ) -> Result<PersonStays, Refused> {
        let now = self.now();
        let of = self.store().case(case)?.ok_or(Refused::Unknown("case"))?;
        of.allows_looking(now)?;
        let subject = match (&wanted.person, wanted.record) {
            (Some(person), _) => person.subject()?,
            (None, Some(_)) => Subject { documents: &[], person: None },
            (None, None) => {
                return Err(Refused::Malformed("expected a person or a record".to_owned()));
            }
        };
        let mut seeds = self.store().stay_records_of(&subject)?;
        seeds.extend(wanted.record);
        let events = self.store().stay_events_about(&subject, &seeds, now)?;
        let coverage = self.coverage()?;
        let sealed = stays_of(&Book::of(Rules::default(), events.clone()), &seeds, &coverage, now);
        let opened = self.opened_for(case, &sealed, &events, officer)?;
        let complete = |event| match event {
            Event::Fact(mut fact) => {
                if let Some(opened) = opened.get(&fact.record) {
                    opened.complete(&mut fact);
                }
                Event::Fact(fact)
            }
            decision => decision,
        };
        let book = Book::of(Rules::default(), events.into_iter().map(complete));
        let stays = stays_of(&book, &seeds, &coverage, now);
        let records: BTreeSet<RecordId> = stays.iter().flat_map(ends).collect();
        let others = stays.iter().flat_map(|stay| &stay.proposals).flat_map(|p| [p.entry, p.exit]);
        let others: BTreeMap<RecordId, EndShown> = others
            .flat_map(|record| book.stays(record, &coverage, now))
            .flat_map(|stay| [stay.entry, stay.exit])
            .flatten()
            .map(|seen| (seen.record, end(&seen, &opened)))
            .collect();
        Ok(PersonStays {
            at: now,
            stays: stays.iter().map(|stay| shown(stay, &opened, &others)).collect(),
            decisions: self.decisions_shown(&records)?,
            ways_out: self.ways_shown()?,
        })
    }

    /// Opens what is shown: the ends of the stays and of what is proposed, and what changed them.
    fn opened_for(
        &self,
        case: CaseId,
        stays: &[Stay],
        events: &[Event],
        officer: UserId,
    ) -> Result<BTreeMap<RecordId, Opened>, Refused> {
        let mut wanted: BTreeSet<RecordId> = stays.iter().flat_map(ends).collect();
        let changes = events.iter().filter_map(|event| match event {
            Event::Fact(fact) if matches!(fact.what, What::Changed(_)) => Some(fact.record),
            _ => None,
        });
        wanted.extend(changes);
        let wanted: Vec<RecordId> = wanted.into_iter().take(OPENED_MAX).collect();
        let access =
            Access { by: Reader::Officer(officer), purpose: Purpose::Stay, within: Within::Case(case) };
        let mut opened = BTreeMap::new();
        for (record, content) in self.store().open_records(&wanted, &access, self.now())? {
            opened.extend(Opened::read(&content?).map(|read| (record, read)));
        }
        Ok(opened)
    }

    fn decisions_shown(&self, records: &BTreeSet<RecordId>) -> Result<Vec<DecisionShown>, Refused> {
        let mut shown = Vec::new();
        for kept in self.store().decisions_on(records)? {
            let by = self.store().user(kept.author)?.map_or("?".to_owned(), |user| user.name);
            shown.push(DecisionShown {
                id: kept.decision.id,
                decided: kept.decision.decided,
                case: kept.case,
                by,
                reason: kept.reason,
                at: kept.at,
            });
        }
        Ok(shown)
    }
}

fn end(seen: &Seen, opened: &BTreeMap<RecordId, Opened>) -> EndShown {
    EndShown {
        record: seen.record,
        at: seen.at,
        port: seen.port.clone(),
        mode: seen.mode,
        source: seen.source.clone(),
        also: seen.also.clone(),
        who: opened.get(&seen.record).and_then(Opened::who),
    }
}

fn shown(
    stay: &Stay,
    opened: &BTreeMap<RecordId, Opened>,
    others: &BTreeMap<RecordId, EndShown>,
) -> StayShown {
    let own =
        |record: RecordId| [&stay.entry, &stay.exit].into_iter().flatten().any(|seen| seen.record == record);
    let proposal = |p: &portunus_core::stay::Proposal| ProposalShown {
        entry: p.entry,
        exit: p.exit,
        confidence: p.likeness.confidence,
        method: portunus_core::stay::likeness::METHOD,
        names: p.likeness.names,
        other: others.get(if own(p.entry) { &p.exit } else { &p.entry }).cloned(),
    };
    StayShown {
        person: stay.person,
        entry: stay.entry.as_ref().map(|seen| end(seen, opened)),
        exit: stay.exit.as_ref().map(|seen| end(seen, opened)),
        allowed: stay.allowed.admission.clone(),
        state: stay.state,
        state_in_words: stay.state.in_words(),
        explained: stay.explained(),
        proposals: stay.proposals.iter().map(proposal).collect(),
    }
}
