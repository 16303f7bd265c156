//! Watches: the hours that a crossing point works, kept where carriers' voyages are kept. Who passes in one is on it: the
//! people of voyages that land meanwhile, who showed a document, who asked to be known again.

use crate::column::{id, json, json_of, micros};
use crate::erasure::hide;
use crate::error::{During, Result, touched};
use crate::event::{EventKind, append};
use crate::kind::{KeptFor, RecordKind, Source};
use crate::ledger::About;
use crate::manifest::insert;
use crate::reading::Access;
use crate::store::{Store, raise_generation};
use crate::subject::Subject;
use crate::vault::RecordRow;
use crate::voyage::insert_voyage;
use jiff::Timestamp;
use portunus_core::document::DocumentKey;
use portunus_core::id::{PassengerId, PointId, RecordId, VoyageId};
use portunus_core::policy::{DataClass, PersonClass, Start};
use portunus_core::voyage::{ManifestPerson, Voyage};
use rusqlite::{Transaction, named_params};
use std::borrow::Cow;

/// Somebody who asked to be known again at a point, for a time. Who it is stands sealed. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct NewConsent<'a> {
    /// Where.
    pub point: PointId,
    /// Who, as their document said.
    pub person: &'a ManifestPerson,
    /// Whose rules apply.
    pub class: PersonClass,
    /// Until when.
    pub until: Timestamp,
}

/// A consent in force, unopened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consent {
    /// The sealed record that says who.
    pub record: RecordId,
    /// Until when.
    pub until: Timestamp,
}

/// Who consented. It falls due with the consent itself.
const CONSENT: RecordKind = RecordKind {
    data: DataClass::Reference,
    modality: None,
    format: Cow::Borrowed("application/json"),
    quality: None,
    source: Source::Gate,
    purpose: KeptFor::Staging,
};

/// Whether two readings of a document name the same person: of what they say the document's number alone has a check digit.
fn is_read_alike(one: &ManifestPerson, other: &ManifestPerson) -> bool {
    one.is_named_as(other) && one.nationality == other.nationality
}

impl Store {
    /// Opens a watch, which serves all of `points` from now on. `false` when one of them serves something: nothing is changed.
    ///
    /// # Errors
    /// What SQLite says; among it that there is no such point.
    pub fn open_watch(&self, watch: &Voyage, points: &[PointId], now: Timestamp) -> Result<bool> {
        let during = "open_watch";
        let opened = self.tx_unless(during, |tx| {
            insert_voyage(tx, during, watch)?;
            for point in points {
                if !serve(tx, *point, watch.id).during(during)? {
                    return Ok(Err(()));
                }
                append(tx, EventKind::PointChanged, (Some(*point), Some(watch.id), None), now)?;
            }
            raise_generation(tx, during)?;
            Ok(Ok(()))
        })?;
        Ok(opened.is_ok())
    }

    /// The people of `voyage` are expected in `watch` from now on. `false` when they are already.
    ///
    /// # Errors
    /// What SQLite says; among it that there is no such watch or voyage.
    pub fn land(&self, watch: VoyageId, voyage: VoyageId, now: Timestamp) -> Result<bool> {
        self.tx("land", |tx| {
            let rows = tx
                .execute(
                    "INSERT INTO landing (watch, voyage) VALUES (:watch, :voyage) ON CONFLICT DO NOTHING",
                    named_params! {":watch": watch.bytes(), ":voyage": voyage.bytes()},
                )
                .during("land")?;
            if rows == 1 {
                raise_generation(tx, "land")?;
                append(tx, EventKind::VoyageChanged, (None, Some(watch), None), now)?;
            }
            Ok(rows == 1)
        })
    }

    /// The voyages that land in a watch.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn landing(&self, watch: VoyageId) -> Result<Vec<VoyageId>> {
        self.read("landing", |tx| {
            tx.prepare_cached("SELECT voyage FROM landing WHERE watch = :watch ORDER BY voyage")?
                .query_map(named_params! {":watch": watch.bytes()}, |row| {
                    id(row, "voyage", VoyageId::from_bytes)
                })?
                .collect()
        })
    }

    /// Whether a voyage's people are expected in some watch.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn lands(&self, voyage: VoyageId) -> Result<bool> {
        self.read("lands", |tx| {
            tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM landing WHERE voyage = :voyage)")?
                .query_row(named_params! {":voyage": voyage.bytes()}, |row| row.get(0))
        })
    }

    /// Whoever a gate change concerns goes to the other point: the voyage, and who waits for an officer. `false` when the
    /// voyage is not served at `from`, or something else is at `to`: nothing is changed.
    ///
    /// # Errors
    /// What SQLite says; among it that there is no such point.
    pub fn move_voyage(&self, voyage: VoyageId, from: PointId, to: PointId, now: Timestamp) -> Result<bool> {
        let during = "move_voyage";
        let moved = self.tx_unless(during, |tx| {
            let rows = tx
                .execute(
                    "DELETE FROM assignment WHERE point = :from AND voyage = :voyage",
                    named_params! {":from": from.bytes(), ":voyage": voyage.bytes()},
                )
                .during(during)?;
            if rows == 0 || !serve(tx, to, voyage).during(during)? {
                return Ok(Err(()));
            }
            // Whoever is not through yet is met at the new one: who waits, who was sent to a secondary inspection, and who stands
            // before the old gate's camera, which serves nothing any more.
            tx.execute(
                "UPDATE encounter SET point = :to WHERE voyage = :voyage AND point = :from AND stage <> 'done'",
                named_params! {":to": to.bytes(), ":from": from.bytes(), ":voyage": voyage.bytes()},
            )
            .during(during)?;
            for point in [from, to] {
                append(tx, EventKind::PointChanged, (Some(point), Some(voyage), None), now)?;
            }
            raise_generation(tx, during)?;
            Ok(Ok(()))
        })?;
        Ok(moved.is_ok())
    }

    /// Somebody showed a document in a watch, or was entered there by an officer: from now on they are on its list. Who is
    /// on it already, read just the same, and has not passed, is so under the same identifier: a name has no check digit, and
    /// what was read before is nothing that the next reading is taken for. `staged` says whether there is a reference.
    ///
    /// # Errors
    /// What SQLite says; among it that there is no such watch.
    pub fn present(
        &self,
        watch: VoyageId,
        person: &ManifestPerson,
        staged: bool,
        consent: Option<RecordId>,
        now: Timestamp,
    ) -> Result<PassengerId> {
        let during = "present";
        self.tx(during, |tx| {
            let expected = self.expected(tx, watch, person).during(during)?;
            if let Some((id, known)) = expected.iter().find(|(_, known)| is_read_alike(known, person)) {
                if known != person {
                    let rows = tx
                        .execute(
                            "UPDATE passenger SET stated = :stated WHERE id = :id",
                            named_params! {":stated": json(person).during(during)?, ":id": id.bytes()},
                        )
                        .during(during)?;
                    touched(during, 1, rows)?;
                }
                return Ok(*id);
            }
            let passenger = PassengerId::from_bytes(self.fresh());
            insert(tx, watch, passenger, person)?;
            self.put_documents(tx, passenger, person)?;
            let rows = tx
                .execute(
                    "UPDATE passenger SET staging = :staging, consent = :consent WHERE id = :id",
                    named_params! {
                        ":staging": if staged { "staged" } else { "no-reference" },
                        ":consent": consent.map(RecordId::bytes),
                        ":id": passenger.bytes(),
                    },
                )
                .during(during)?;
            touched(during, 1, rows)?;
            // What an officer holds, and who declined, is so under whatever name the document is read.
            if let Some((other, _)) = expected.first() {
                let rows = tx
                    .execute(
                        "UPDATE passenger SET (hold_reason, hold_by, hold_at, declined) =
                         (SELECT hold_reason, hold_by, hold_at, declined FROM passenger WHERE id = :other) WHERE id = :id",
                        named_params! {":other": other.bytes(), ":id": passenger.bytes()},
                    )
                    .during(during)?;
                touched(during, 1, rows)?;
            }
            if consent.is_some() {
                raise_generation(tx, during)?;
            }
            append(tx, EventKind::VoyageChanged, (None, Some(watch), None), now)?;
            Ok(passenger)
        })
    }

    /// Who of a watch's own list travels with the same first document, and has not passed.
    fn expected(
        &self,
        tx: &Transaction<'_>,
        watch: VoyageId,
        person: &ManifestPerson,
    ) -> rusqlite::Result<Vec<(PassengerId, ManifestPerson)>> {
        let Some(document) = person.documents.first() else { return Ok(Vec::new()) };
        tx.prepare_cached(
            "SELECT id, stated FROM passenger JOIN passenger_document ON passenger = id
             WHERE mac = :mac AND voyage = :watch AND removed_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM boarding WHERE boarding.passenger = passenger.id)
             ORDER BY place",
        )?
        .query_map(named_params! {":mac": self.document_mac(document), ":watch": watch.bytes()}, |row| {
            Ok((id(row, "id", PassengerId::from_bytes)?, json_of(row, "stated")?))
        })?
        .collect()
    }

    /// Which of a watch's people asked to be known again at `now`, and have not passed.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn known_again(&self, watch: VoyageId, now: Timestamp) -> Result<Vec<PassengerId>> {
        self.read("known_again", |tx| {
            tx.prepare_cached(
                "SELECT id FROM passenger JOIN consent ON record = consent WHERE voyage = :watch AND until > :now
                   AND NOT EXISTS (SELECT 1 FROM boarding WHERE boarding.passenger = passenger.id)",
            )?
            .query_map(named_params! {":watch": watch.bytes(), ":now": micros(now)}, |row| {
                id(row, "id", PassengerId::from_bytes)
            })?
            .collect()
        })
    }

    /// Keeps that somebody asked to be known again. It falls due when the consent ends.
    ///
    /// # Errors
    /// What the disk says.
    pub fn put_consent(&self, consent: &NewConsent<'_>, now: Timestamp) -> Result<RecordId> {
        let during = "put_consent";
        self.tx(during, |tx| {
            let row = RecordRow {
                class: consent.class,
                erase_after: consent.until,
                start: Start::at(now),
                encounter: None,
                passenger: None,
                about: Some(About::passenger(PassengerId::from_bytes(self.fresh()))),
            };
            let content = json(consent.person).during(during)?;
            let record = self.insert_in_row(tx, during, &CONSENT, content.as_bytes(), &row, now)?;
            self.note_subject(tx, record, &Subject::of(consent.person))?;
            let rows = tx
                .execute(
                    "INSERT INTO consent (record, point, given, until) VALUES (:record, :point, :now, :until)",
                    named_params! {
                        ":record": record.bytes(),
                        ":point": consent.point.bytes(),
                        ":now": micros(now),
                        ":until": micros(consent.until),
                    },
                )
                .during(during)?;
            touched(during, 1, rows)?;
            Ok(record)
        })
    }

    /// Consents in force at a point.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn consents(&self, point: PointId, now: Timestamp) -> Result<Vec<Consent>> {
        self.read("consents", |tx| {
            tx.prepare_cached(
                "SELECT consent.* FROM consent JOIN record ON record.id = consent.record
                 WHERE point = :point AND until > :now AND erased_at IS NULL ORDER BY given",
            )?
            .query_map(named_params! {":point": point.bytes(), ":now": micros(now)}, |row| {
                Ok(Consent {
                    record: id(row, "record", RecordId::from_bytes)?,
                    until: crate::column::instant(row, "until")?,
                })
            })?
            .collect()
        })
    }

    /// What a document's holder consented to at a point, and is in force.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn consents_of(
        &self,
        point: PointId,
        document: &DocumentKey,
        now: Timestamp,
    ) -> Result<Vec<RecordId>> {
        let mac = self.document_mac(document);
        self.read("consents_of", |tx| {
            tx.prepare_cached(
                "SELECT consent.record FROM consent JOIN subject ON subject.record = consent.record
                 JOIN record ON record.id = consent.record
                 WHERE mac = :mac AND point = :point AND until > :now AND erased_at IS NULL",
            )?
            .query_map(named_params! {":mac": mac, ":point": point.bytes(), ":now": micros(now)}, |row| {
                id(row, "record", RecordId::from_bytes)
            })?
            .collect()
        })
    }

    /// Who consented; `None` once it is withdrawn or over.
    ///
    /// # Errors
    /// What the disk says; that the record was altered.
    pub fn open_consent(
        &self,
        consent: RecordId,
        access: &Access,
        now: Timestamp,
    ) -> Result<Option<ManifestPerson>> {
        let content = self.open_record(consent, access, now)?;
        Ok(content.and_then(|content| serde_json::from_slice(&content).ok()))
    }

    /// A consent is taken back: its record is erased, and nobody is known by it any more. `false` when there is none.
    ///
    /// # Errors
    /// What the disk says.
    pub fn withdraw_consent(&self, consent: RecordId, now: Timestamp) -> Result<bool> {
        let known = self.tx("withdraw_consent", |tx| {
            let rows = tx
                .execute(
                    "DELETE FROM consent WHERE record = :record",
                    named_params! {":record": consent.bytes()},
                )
                .during("withdraw_consent")?;
            // Whoever was to be known by it in a watch that is open is not, from now on.
            tx.execute(
                "UPDATE passenger SET consent = NULL WHERE consent = :record",
                named_params! {":record": consent.bytes()},
            )
            .during("withdraw_consent")?;
            raise_generation(tx, "withdraw_consent")?;
            if rows == 1 {
                hide(tx, consent, now)?;
            }
            Ok(rows == 1)
        })?;
        if known {
            self.erase(consent, now)?;
        }
        Ok(known)
    }
}

/// A point serves a voyage; `false` when it serves another.
fn serve(tx: &Transaction<'_>, point: PointId, voyage: VoyageId) -> rusqlite::Result<bool> {
    let served = named_params! {":point": point.bytes(), ":voyage": voyage.bytes()};
    tx.execute(
        "INSERT INTO assignment (point, voyage) VALUES (:point, :voyage) ON CONFLICT DO NOTHING",
        served,
    )?;
    tx.query_row("SELECT voyage = :voyage FROM assignment WHERE point = :point", served, |row| row.get(0))
}
