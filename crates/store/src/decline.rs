//! Who declined before travel or at the gate: no template of theirs is staged on that voyage, and nothing of it is left when
//! the voyage is closed. And choices that were made together.

use crate::column::{id, word};
use crate::encounter::encounter;
use crate::error::{During, Result, touched};
use crate::event::{EventKind, append};
use crate::store::{Store, raise_generation};
use jiff::Timestamp;
use portunus_core::encounter::{Encounter, Lane, Stage};
use portunus_core::id::{EncounterId, PassengerId, VoyageId};
use rusqlite::{Transaction, named_params};
use std::collections::BTreeSet;

/// Who is on a voyage; of a watch, who is on those that land in it, too.
const ON_VOYAGE: &str = "(voyage = :voyage OR voyage IN (SELECT voyage FROM landing WHERE watch = :voyage))";
/// Who is still expected somewhere: on a voyage that is not closed, or in a watch that is not.
const EXPECTED: &str = "(voyage IN (SELECT id FROM voyage WHERE closed_at IS NULL)
    OR voyage IN (SELECT landing.voyage FROM landing JOIN voyage ON voyage.id = landing.watch
                  WHERE voyage.closed_at IS NULL))";
/// Who has passed.
const CAME: &str = "EXISTS (SELECT 1 FROM boarding WHERE passenger = passenger.id AND off_loaded_at IS NULL)";

/// With the transaction that commits a decline: the passenger whom the document says it is of is staged no more.
pub(crate) fn note_declines(tx: &Transaction<'_>, of: &[Encounter]) -> Result<()> {
    let declined = of.iter().filter(|it| it.lane == Lane::Manual).filter_map(|it| it.presented.passenger());
    declined.into_iter().try_for_each(|passenger| note_declined(tx, passenger).map(|_| ()))
}

fn note_declined(tx: &Transaction<'_>, passenger: PassengerId) -> Result<bool> {
    let during = "put_declined";
    let rows = tx
        .execute(
            &format!("UPDATE passenger SET declined = 1 WHERE id = :id AND declined = 0 AND {EXPECTED}"),
            named_params! {":id": passenger.bytes()},
        )
        .during(during)?;
    if rows == 1 {
        raise_generation(tx, during)?;
    }
    Ok(rows == 1)
}

impl Store {
    /// Notes that a passenger of a voyage that is not closed declined. `false` when there is none, or it was noted before.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn put_declined(&self, passenger: PassengerId) -> Result<bool> {
        self.tx("put_declined", |tx| note_declined(tx, passenger))
    }

    /// Who of a voyage declined, until it is closed; of a watch, who of the voyages that land in it.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn declined(&self, voyage: VoyageId) -> Result<BTreeSet<PassengerId>> {
        self.read("declined", |tx| {
            tx.prepare_cached(&format!("SELECT id FROM passenger WHERE {ON_VOYAGE} AND declined = 1"))?
                .query_map(named_params! {":voyage": voyage.bytes()}, |row| {
                    id(row, "id", PassengerId::from_bytes)
                })?
                .collect()
        })
    }

    /// Sends those to an officer who chose together with this encounter and still stand at the camera: one of them declined for
    /// all. Gives them as they now are.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn decline_together(&self, with: EncounterId, now: Timestamp) -> Result<Vec<Encounter>> {
        let during = "decline_together";
        self.tx(during, |tx| {
            let sent: Vec<Encounter> = tx
                .prepare_cached(
                    "UPDATE encounter SET lane = :manual, stage = :waiting, decision = NULL, passenger = NULL,
                     served_at = NULL
                     WHERE party = (SELECT party FROM encounter WHERE id = :id) AND id <> :id AND stage = :at_gate
                     RETURNING *",
                )
                .and_then(|mut s| {
                    s.query_map(
                        named_params! {
                            ":manual": word(&Lane::Manual),
                            ":waiting": word(&Stage::Waiting),
                            ":at_gate": word(&Stage::AtGate),
                            ":id": with.bytes(),
                        },
                        encounter,
                    )?
                    .collect()
                })
                .during(during)?;
            for it in &sent {
                append(tx, EventKind::Captured, (Some(it.point), Some(it.voyage), Some(it.id)), now)?;
            }
            note_declines(tx, &sent)?;
            Ok(sent)
        })
    }

    /// Everybody who chose together with an encounter, itself among them, in the order in which they were named.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn party(&self, of: EncounterId) -> Result<Vec<Encounter>> {
        self.read("party", |tx| {
            tx.prepare_cached(
                "SELECT * FROM encounter WHERE id = :id OR party = (SELECT party FROM encounter WHERE id = :id)
                 ORDER BY rowid",
            )?
            .query_map(named_params! {":id": of.bytes()}, encounter)?
            .collect()
        })
    }

    /// How many chose together with an encounter, itself among them; one who came alone is one.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn party_size(&self, of: EncounterId) -> Result<u64> {
        self.read("party_size", |tx| {
            tx.prepare_cached(
                "SELECT MAX(1, COUNT(*)) AS n FROM encounter
                 WHERE party = (SELECT party FROM encounter WHERE id = :id)",
            )?
            .query_row(named_params! {":id": of.bytes()}, |row| crate::column::count(row, "n"))
        })
    }
}

/// Notes that these chose together.
pub(crate) fn put_party(tx: &Transaction<'_>, encounters: &[Encounter], party: [u8; 16]) -> Result<()> {
    let during = "begin";
    for encounter in encounters {
        let rows = tx
            .execute(
                "UPDATE encounter SET party = :party WHERE id = :id",
                named_params! {":party": party, ":id": encounter.id.bytes()},
            )
            .during(during)?;
        touched(during, 1, rows)?;
    }
    Ok(())
}

/// Nothing of a decline outlives its voyage: who declined before travel, and what staging made of it. Who has not come, and is
/// expected in another watch, has declined there, too.
pub(crate) fn forget_declines(tx: &Transaction<'_>, voyage: VoyageId) -> rusqlite::Result<()> {
    tx.execute(
        &format!(
            "UPDATE passenger SET declined = 0, staging = CASE WHEN {EXPECTED} THEN staging END
             WHERE {ON_VOYAGE} AND (NOT {EXPECTED} OR {CAME})"
        ),
        named_params! {":voyage": voyage.bytes()},
    )
    .map(|_| ())
}
