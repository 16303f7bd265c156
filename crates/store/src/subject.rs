//! Whom records are about: keyed MACs by which a person's records are found again, and nothing that could be read back.

use crate::case::holds;
use crate::column::{id, instant, micros, word_of};
use crate::error::{During, Result};
use crate::holdings::start;
use crate::kind::RecordKind;
use crate::store::Store;
use jiff::Timestamp;
use jiff::civil::Date;
use portunus_core::document::DocumentKey;
use portunus_core::id::{CaseId, EncounterId, RecordId};
use portunus_core::policy::{PersonClass, Start};
use portunus_core::voyage::ManifestPerson;
use rusqlite::{Row, Transaction, named_params};
use std::collections::BTreeMap;

/// A name with a date of birth, as documents state them. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonKey {
    name: String,
    born: Date,
}

impl PersonKey {
    /// Letters alone count, in either case, so that hyphens, spaces and the split between names do not.
    /// `None` without a letter.
    pub fn new(family_name: &str, given_names: &str, born: Date) -> Option<Self> {
        let letters =
            |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_uppercase();
        let name = format!("{} {}", letters(family_name), letters(given_names));
        (name.len() > 1).then_some(Self { name, born })
    }

    pub(crate) fn of(stated: &ManifestPerson) -> Option<Self> {
        Self::new(&stated.family_name, &stated.given_names, stated.born?)
    }
}

/// By what a record is found for whom it is about. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Their documents.
    pub documents: &'a [DocumentKey],
    /// Their name and date of birth.
    pub person: Option<PersonKey>,
}

impl<'a> Subject<'a> {
    /// Of a passenger as the carrier stated them.
    pub fn of(stated: &'a ManifestPerson) -> Self {
        Self { documents: &stated.documents, person: PersonKey::of(stated) }
    }
}

/// Something that is held, unopened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Which record.
    pub record: RecordId,
    /// What it is.
    pub kind: RecordKind,
    /// Whose rules apply.
    pub class: PersonClass,
    /// What started the count.
    pub start: Start,
    /// When it is to be gone.
    pub erase_after: Timestamp,
}

pub(crate) fn held(row: &Row<'_>) -> rusqlite::Result<Held> {
    Ok(Held {
        record: id(row, "id", RecordId::from_bytes)?,
        kind: RecordKind::of(row)?,
        class: word_of(row, "class")?,
        start: start(row)?,
        erase_after: instant(row, "erase_after")?,
    })
}

impl Store {
    pub(crate) fn person_mac(&self, person: &PersonKey) -> [u8; 32] {
        self.mac("person", &[person.name.as_bytes(), person.born.to_string().as_bytes()])
    }

    /// Notes whom a record is about.
    pub(crate) fn note_subject(
        &self,
        tx: &Transaction<'_>,
        record: RecordId,
        of: &Subject<'_>,
    ) -> Result<()> {
        let documents = of.documents.iter().map(|document| self.document_mac(document));
        let person = of.person.iter().map(|person| self.person_mac(person));
        for mac in documents.chain(person) {
            tx.prepare_cached(
                "INSERT INTO subject (mac, record) SELECT :mac, id FROM record WHERE id = :record
                 ON CONFLICT DO NOTHING",
            )
            .and_then(|mut s| s.execute(named_params! {":mac": mac, ":record": record.bytes()}))
            .during("note whom a record is about")?;
        }
        Ok(())
    }

    /// What is held on a person at `now`, by any of their documents, or by name and date of birth: the oldest first.
    /// Nothing is opened.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn held_on(&self, subject: &Subject<'_>, now: Timestamp) -> Result<Vec<Held>> {
        let macs = subject.documents.iter().map(|document| self.document_mac(document));
        let macs: Vec<[u8; 32]> = macs.chain(subject.person.iter().map(|p| self.person_mac(p))).collect();
        self.read("held_on", |tx| {
            let mut find = tx.prepare_cached(
                "SELECT * FROM record WHERE erased_at IS NULL AND erase_after > :now AND id IN (
                 SELECT record FROM subject WHERE mac = :mac
                 UNION SELECT record FROM reference WHERE document_mac = :mac
                 UNION SELECT record.id FROM passenger_document AS d JOIN record ON record.passenger = d.passenger
                 WHERE d.mac = :mac)",
            )?;
            // Several of their keys may lead to one record.
            let mut all: BTreeMap<(Timestamp, RecordId), Held> = BTreeMap::new();
            for mac in &macs {
                for one in find.query_map(named_params! {":mac": mac, ":now": micros(now)}, held)? {
                    let one = one?;
                    all.insert((one.start.at, one.record), one);
                }
            }
            Ok(all.into_values().collect())
        })
    }

    /// What a case names and is still there: also what is past its date, where the case holds it.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn named_in(&self, case: CaseId, now: Timestamp) -> Result<Vec<Held>> {
        self.read("named_in", |tx| {
            tx.prepare_cached(&format!(
                "SELECT record.* FROM case_record JOIN record ON record.id = case_record.record
                 WHERE case_record.case_file = :case AND erased_at IS NULL
                 AND (erase_after > :now OR EXISTS (SELECT 1 {} AND case_file.id = :case)) ORDER BY began_at, id",
                holds("record.id")
            ))?
            .query_map(named_params! {":case": case.bytes(), ":now": micros(now)}, held)?
            .collect()
        })
    }

    /// What is held of one encounter at `now`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn held_of(&self, encounter: EncounterId, now: Timestamp) -> Result<Vec<Held>> {
        self.read("held_of", |tx| {
            tx.prepare_cached(
                "SELECT * FROM record WHERE encounter = :encounter AND erased_at IS NULL AND erase_after > :now
                 ORDER BY began_at, id",
            )?
            .query_map(named_params! {":encounter": encounter.bytes(), ":now": micros(now)}, held)?
            .collect()
        })
    }
}
