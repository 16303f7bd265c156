//! A carrier's manifest applied: a voyage and the people on it, under identifiers that outlive changes.

use crate::column::{id, json, json_of, micros, word};
use crate::error::{During, Result, touched};
use crate::event::{EventKind, append};
use crate::store::{Store, raise_generation};
use crate::voyage::{insert_voyage, voyage_of_key};
use jiff::Timestamp;
use jiff::civil::Date;
use portunus_core::document::DocumentKey;
use portunus_core::id::{PassengerId, VoyageId};
use portunus_core::voyage::{Capacity, Manifest, ManifestAction, ManifestPerson, Voyage, VoyageStatus};
use rusqlite::{Transaction, named_params};
use std::collections::{HashMap, HashSet};

const DURING: &str = "apply_manifest";

/// What applying a manifest did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The voyage.
    pub voyage: VoyageId,
    /// Whether the manifest was the first to speak of it.
    pub created: bool,
    /// People who are new on the list, or on it again.
    pub added: usize,
    /// People known already whose statement changed.
    pub updated: usize,
    /// People who came off the list.
    pub removed: usize,
    /// People known already of whom the carrier says the same as before.
    pub unchanged: usize,
    /// People of whom the carrier's close-out says whether they were on board.
    pub closed_out: usize,
    /// People who were to come off, or were closed out, and are not on the list.
    pub not_found: usize,
    /// Who came off the list although they have boarded: they stay, marked removed, for an officer to settle.
    pub removed_boarded: Vec<PassengerId>,
}

/// What became of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestOutcome {
    /// It was applied.
    Applied(Applied),
    /// The voyage is over: nobody is added to or taken off it any more. Nothing was changed.
    Refused {
        /// Which voyage.
        voyage: VoyageId,
        /// Closed or cancelled.
        status: VoyageStatus,
    },
}

/// Who is on the list already.
struct Known {
    id: PassengerId,
    person: ManifestPerson,
    removed: bool,
    boarded: bool,
}

/// The list, found by whatever [`ManifestPerson::same_as`] goes by.
#[derive(Default)]
struct List {
    known: Vec<Known>,
    by_reference: HashMap<(String, Option<String>), Vec<usize>>,
    by_document: HashMap<DocumentKey, Vec<usize>>,
    by_name: HashMap<(String, String, Option<Date>), Vec<usize>>,
}

impl List {
    fn push(&mut self, known: Known) {
        self.known.push(known);
        self.index(self.known.len() - 1);
    }

    /// Lets someone be found by what is said of them now. What was said of them before may stay: every find is
    /// checked by [`ManifestPerson::same_as`].
    fn index(&mut self, at: usize) {
        let person = &self.known[at].person;
        if let Some(reference) = &person.carrier_reference {
            self.by_reference.entry((reference.clone(), person.booking.clone())).or_default().push(at);
        }
        if let Some(document) = person.documents.first() {
            self.by_document.entry(document.clone()).or_default().push(at);
        }
        self.by_name.entry(name_of(person)).or_default().push(at);
    }

    /// The person that the carrier means; of several by one document, one of the same name and birth before another, one who is on
    /// the list before one removed. Who has another reference and another name is another; so is whom the same message has
    /// `named` already, under another name.
    fn find(&self, person: &ManifestPerson, named: &HashSet<usize>) -> Option<usize> {
        let reference = person.carrier_reference.clone().map(|r| (r, person.booking.clone()));
        let candidates = [
            reference.and_then(|reference| self.by_reference.get(&reference)),
            person.documents.first().and_then(|document| self.by_document.get(document)),
            self.by_name.get(&name_of(person)),
        ];
        candidates.into_iter().flatten().find_map(|candidates| {
            let is_same = |at: &usize| {
                let known = &self.known[*at].person;
                let both = person.carrier_reference.is_some() && known.carrier_reference.is_some();
                let is_another = match (both, named.contains(at)) {
                    (true, true) => true,
                    (false, false) => false,
                    _ => !person.is_named_as(known),
                };
                person.has_reference_of(known) || (!is_another && person.same_as(known))
            };
            let same = candidates.iter().copied().filter(is_same);
            same.min_by_key(|at| {
                let Known { person: known, removed, .. } = &self.known[*at];
                (!person.is_named_as(known), *removed, known != person)
            })
        })
    }
}

fn name_of(person: &ManifestPerson) -> (String, String, Option<Date>) {
    (person.family_name.clone(), person.given_names.clone(), person.born)
}

impl Store {
    /// Applies a manifest in one transaction. The same manifest again changes nothing.
    ///
    /// A cancellation destroys the voyage's gallery, too.
    ///
    /// # Errors
    /// What the disk says.
    pub fn apply_manifest(&self, manifest: &Manifest, now: Timestamp) -> Result<ManifestOutcome> {
        let outcome = self.tx(DURING, |tx| self.apply(tx, manifest, now))?;
        if let (ManifestOutcome::Applied(applied), ManifestAction::CancelVoyage) = (&outcome, manifest.action)
        {
            self.destroy_gallery(applied.voyage)?;
        }
        Ok(outcome)
    }

    fn apply(&self, tx: &Transaction<'_>, manifest: &Manifest, now: Timestamp) -> Result<ManifestOutcome> {
        let (voyage, created) = match voyage_of_key(tx, &manifest.voyage).during(DURING)? {
            Some(voyage) => (voyage, false),
            None => (self.create_voyage(tx, manifest)?, true),
        };
        let over = matches!(voyage.status, VoyageStatus::Closed | VoyageStatus::Cancelled);
        let again =
            voyage.status == VoyageStatus::Cancelled && manifest.action == ManifestAction::CancelVoyage;
        if over && changes_list(manifest.action) && !again {
            return Ok(ManifestOutcome::Refused { voyage: voyage.id, status: voyage.status });
        }
        if !manifest.legs.is_empty() && manifest.legs != voyage.legs && !over {
            let rows = tx
                .execute(
                    "UPDATE voyage SET legs = :legs WHERE id = :id",
                    named_params! {":legs": json(&manifest.legs).during(DURING)?, ":id": voyage.id.bytes()},
                )
                .during(DURING)?;
            touched(DURING, 1, rows)?;
        }
        let mut applied = Applied {
            voyage: voyage.id,
            created,
            added: 0,
            updated: 0,
            removed: 0,
            unchanged: 0,
            closed_out: 0,
            not_found: 0,
            removed_boarded: Vec::new(),
        };
        let mut list = load(tx, voyage.id)?;
        match manifest.action {
            ManifestAction::Add | ManifestAction::Replace => {
                self.put_people(tx, manifest, &mut list, &mut applied, now)?;
            }
            ManifestAction::Remove => {
                for person in &manifest.people {
                    match list.find(person, &HashSet::new()).filter(|at| !list.known[*at].removed) {
                        None => applied.not_found += 1,
                        Some(at) => remove(tx, &mut list.known[at], &mut applied, now)?,
                    }
                }
            }
            ManifestAction::CancelVoyage => {
                let rows = tx
                    .execute(
                        "UPDATE voyage SET status = :cancelled WHERE id = :id",
                        named_params! {":cancelled": word(&VoyageStatus::Cancelled), ":id": voyage.id.bytes()},
                    )
                    .during(DURING)?;
                touched(DURING, 1, rows)?;
            }
            ManifestAction::CloseOut | ManifestAction::CloseOutExcept => {
                close_out(tx, manifest, &list, &mut applied)?;
            }
            ManifestAction::Close => {}
        }
        raise_generation(tx, DURING)?;
        append(tx, EventKind::VoyageChanged, (None, Some(voyage.id), None), now)?;
        Ok(ManifestOutcome::Applied(applied))
    }

    fn create_voyage(&self, tx: &Transaction<'_>, manifest: &Manifest) -> Result<Voyage> {
        let voyage = Voyage {
            id: VoyageId::from_bytes(self.fresh()),
            key: manifest.voyage.clone(),
            legs: manifest.legs.clone(),
            status: VoyageStatus::Scheduled,
            watch: None,
        };
        insert_voyage(tx, DURING, &voyage)?;
        Ok(voyage)
    }

    fn put_people(
        &self,
        tx: &Transaction<'_>,
        manifest: &Manifest,
        list: &mut List,
        applied: &mut Applied,
        now: Timestamp,
    ) -> Result<()> {
        let mut named = HashSet::new();
        for person in &manifest.people {
            let at = match list.find(person, &named) {
                Some(at) => {
                    if self.update(tx, &mut list.known[at], person, applied)? {
                        list.index(at);
                    }
                    at
                }
                None => {
                    let id = PassengerId::from_bytes(self.fresh());
                    insert(tx, applied.voyage, id, person)?;
                    self.put_documents(tx, id, person)?;
                    applied.added += 1;
                    list.push(Known { id, person: person.clone(), removed: false, boarded: false });
                    list.known.len() - 1
                }
            };
            named.insert(at);
        }
        if manifest.action == ManifestAction::Replace {
            // A crew list says nothing of passengers; infants travel on the passengers' list.
            let spoken_of: HashSet<bool> = manifest.people.iter().map(on_crew_list).collect();
            for (at, known) in list.known.iter_mut().enumerate() {
                if !known.removed && !named.contains(&at) && spoken_of.contains(&on_crew_list(&known.person))
                {
                    remove(tx, known, applied, now)?;
                }
            }
        }
        Ok(())
    }

    /// Takes over what the carrier says now; `false` when it is what it said before.
    fn update(
        &self,
        tx: &Transaction<'_>,
        known: &mut Known,
        person: &ManifestPerson,
        applied: &mut Applied,
    ) -> Result<bool> {
        if known.person == *person && !known.removed {
            applied.unchanged += 1;
            return Ok(false);
        }
        let rows = tx
            .prepare_cached("UPDATE passenger SET stated = :stated, removed_at = NULL WHERE id = :id")
            .and_then(|mut s| s.execute(named_params! {":stated": json(person)?, ":id": known.id.bytes()}))
            .during(DURING)?;
        touched(DURING, 1, rows)?;
        if known.person.documents != person.documents {
            tx.prepare_cached("DELETE FROM passenger_document WHERE passenger = :id")
                .and_then(|mut s| s.execute(named_params! {":id": known.id.bytes()}))
                .during(DURING)?;
            self.put_documents(tx, known.id, person)?;
        }
        if known.removed {
            applied.added += 1;
        } else {
            applied.updated += 1;
        }
        known.removed = false;
        known.person = person.clone();
        Ok(true)
    }

    pub(crate) fn put_documents(
        &self,
        tx: &Transaction<'_>,
        id: PassengerId,
        person: &ManifestPerson,
    ) -> Result<()> {
        let mut put = tx
            .prepare_cached("INSERT OR IGNORE INTO passenger_document (mac, passenger) VALUES (:mac, :id)")
            .during(DURING)?;
        for document in &person.documents {
            put.execute(named_params! {":mac": self.document_mac(document), ":id": id.bytes()})
                .during(DURING)?;
        }
        Ok(())
    }
}

fn changes_list(action: ManifestAction) -> bool {
    match action {
        ManifestAction::Add
        | ManifestAction::Replace
        | ManifestAction::Remove
        | ManifestAction::CancelVoyage => true,
        // The carrier's close-out comes when, or after, the voyage is closed here.
        ManifestAction::CloseOut | ManifestAction::CloseOutExcept | ManifestAction::Close => false,
    }
}

fn on_crew_list(person: &ManifestPerson) -> bool {
    match person.capacity {
        Capacity::Crew => true,
        Capacity::Passenger | Capacity::Infant => false,
    }
}

fn load(tx: &Transaction<'_>, voyage: VoyageId) -> Result<List> {
    let mut list = List::default();
    let mut find = tx
        .prepare_cached(
            "SELECT id, stated, removed_at IS NOT NULL AS removed,
             EXISTS (SELECT 1 FROM boarding WHERE passenger = passenger.id AND off_loaded_at IS NULL) AS boarded
             FROM passenger WHERE voyage = :voyage ORDER BY place",
        )
        .during(DURING)?;
    let rows = find
        .query_map(named_params! {":voyage": voyage.bytes()}, |row| {
            Ok(Known {
                id: id(row, "id", PassengerId::from_bytes)?,
                person: json_of(row, "stated")?,
                removed: row.get("removed")?,
                boarded: row.get("boarded")?,
            })
        })
        .during(DURING)?;
    for row in rows {
        list.push(row.during(DURING)?);
    }
    Ok(list)
}

pub(crate) fn insert(
    tx: &Transaction<'_>,
    voyage: VoyageId,
    id: PassengerId,
    person: &ManifestPerson,
) -> Result<()> {
    let rows = tx
        .prepare_cached(
            "INSERT INTO passenger (id, voyage, place, stated) VALUES (:id, :voyage,
             (SELECT COALESCE(MAX(place), 0) + 1 FROM passenger WHERE voyage = :voyage), :stated)",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":id": id.bytes(),
                ":voyage": voyage.bytes(),
                ":stated": json(person)?,
            })
        })
        .during(DURING)?;
    touched(DURING, 1, rows)
}

fn remove(tx: &Transaction<'_>, known: &mut Known, applied: &mut Applied, now: Timestamp) -> Result<()> {
    let rows = tx
        .prepare_cached("UPDATE passenger SET removed_at = :now WHERE id = :id AND removed_at IS NULL")
        .and_then(|mut s| s.execute(named_params! {":now": micros(now), ":id": known.id.bytes()}))
        .during(DURING)?;
    touched(DURING, 1, rows)?;
    known.removed = true;
    applied.removed += 1;
    if known.boarded {
        applied.removed_boarded.push(known.id);
    }
    Ok(())
}

/// Keeps the carrier's word on who was on board, beside what was recorded here.
fn close_out(tx: &Transaction<'_>, manifest: &Manifest, list: &List, applied: &mut Applied) -> Result<()> {
    let mut named = HashSet::new();
    for person in &manifest.people {
        match list.find(person, &HashSet::new()) {
            Some(at) => {
                named.insert(at);
            }
            None => applied.not_found += 1,
        }
    }
    let except = manifest.action == ManifestAction::CloseOutExcept;
    for (at, known) in list.known.iter().enumerate() {
        let stated = match (except, named.contains(&at)) {
            (false, true) => Some(true),
            (true, true) => Some(false),
            // Everyone else known was on board.
            (true, false) => (!known.removed).then_some(true),
            (false, false) => None,
        };
        let Some(on_board) = stated else { continue };
        let rows = tx
            .prepare_cached("UPDATE passenger SET stated_on_board = :on_board WHERE id = :id")
            .and_then(|mut s| s.execute(named_params! {":on_board": on_board, ":id": known.id.bytes()}))
            .during(DURING)?;
        touched(DURING, 1, rows)?;
        applied.closed_out += 1;
    }
    Ok(())
}
