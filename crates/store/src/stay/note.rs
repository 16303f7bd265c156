//! A fact noted beside its sealed record, in the transaction that keeps the record.

use crate::column::{word, word_of};
use crate::error::{During, Result, StoreError, touched};
use crate::kind::RecordKind;
use crate::ledger::About;
use crate::reading::{Access, Purpose, Reader, Within};
use crate::store::{Store, limit};
use crate::subject::Subject;
use crate::vault::RecordRow;
use jiff::Timestamp;
use jiff::civil::Date;
use portunus_core::case::{CaseKind, NotAllowed};
use portunus_core::crossing::CrossingRecord;
use portunus_core::encounter::Method;
use portunus_core::id::{CaseId, RecordId, VoyageId};
use portunus_core::place::PointKind;
use portunus_core::policy::{PersonClass, Start};
use portunus_core::stay::{Mode, StatusChange};
use rusqlite::{OptionalExtension, Transaction, named_params};
use zeroize::Zeroizing;

/// A neighbour's entry, which is our exit. Personal data: no `Debug`.
#[derive(Clone)]
pub struct NewImport<'a> {
    /// What is kept of it, as JSON. It is sealed.
    pub content: Vec<u8>,
    /// By what it is found for whom it is about.
    pub subject: Subject<'a>,
    /// Whose rules apply.
    pub class: PersonClass,
    /// When they crossed.
    pub start: Start,
    /// When this is to be gone.
    pub erase_after: Timestamp,
    /// The port, as the neighbour has it.
    pub port: &'a str,
    /// By air, sea or land.
    pub mode: Mode,
    /// Which neighbour.
    pub from: &'a str,
}

/// Something that changes what a stay is allowed. Personal data: no `Debug`.
#[derive(Clone)]
pub struct NewStayChange<'a> {
    /// What is kept of it, as JSON. It is sealed.
    pub content: Vec<u8>,
    /// By what it is found: the documents are one person's.
    pub subject: Subject<'a>,
    /// Whose rules apply.
    pub class: PersonClass,
    /// From when it counts.
    pub at: Timestamp,
    /// When this is to be gone.
    pub erase_after: Timestamp,
    /// What changes; `None`: nothing, but the documents are one person's.
    pub change: Option<&'a StatusChange>,
}

/// A row of `stay_fact`.
#[derive(Default)]
struct FactRow<'a> {
    what: &'a str,
    port: Option<&'a str>,
    mode: Option<Mode>,
    method: Option<Method>,
    source: Option<&'a str>,
    imported_from: Option<&'a str>,
    admitted: bool,
    until: Option<Date>,
    repeat: Option<[u8; 32]>,
}

/// How a change stands in its row: its word, and the last day that it sets.
pub(super) fn change_row(change: &StatusChange) -> (&'static str, Option<Date>) {
    match change {
        StatusChange::Extension { until } => ("extension", Some(*until)),
        StatusChange::Status { until, .. } => ("status", *until),
        StatusChange::Applied => ("applied", None),
        StatusChange::ApplicationRefused => ("application-refused", None),
        StatusChange::Settled { citizen: true } => ("naturalised", None),
        StatusChange::Settled { citizen: false } => ("resident", None),
    }
}

impl Store {
    /// Notes what stays are computed by of a crossing that is being kept.
    pub(crate) fn note_crossing(
        &self,
        tx: &Transaction<'_>,
        record: RecordId,
        voyage: VoyageId,
        content: &[u8],
        entered_later: bool,
    ) -> Result<()> {
        let Ok(crossing) = serde_json::from_slice::<CrossingRecord>(content) else {
            // Of before: it says too little to be paired, and need not be looked at again.
            return insert_fact(tx, record, &FactRow { what: "none", ..FactRow::default() });
        };
        let mode = mode_of(tx, voyage, &crossing).during("note a fact of a stay")?;
        let row = FactRow {
            what: "crossed",
            port: Some(&crossing.port),
            mode: Some(mode),
            method: Some(crossing.method),
            source: Some(if entered_later { "outage" } else { "own" }),
            admitted: crossing.admitted.is_some(),
            until: crossing.admitted.as_ref().and_then(|admission| admission.until),
            ..FactRow::default()
        };
        insert_fact(tx, record, &row)?;
        self.insert_keys(tx, record, &Subject::of(&crossing.person))
    }

    fn insert_keys(&self, tx: &Transaction<'_>, record: RecordId, subject: &Subject<'_>) -> Result<()> {
        let during = "note a fact of a stay";
        // By what stands where there is no number everybody would be one person.
        let numbered = subject.documents.iter().filter(|document| !document.is_placeholder());
        let documents = numbered.map(|document| ("document", self.document_mac(document)));
        let person = subject.person.iter().map(|person| ("person", self.person_mac(person)));
        for (kind, mac) in documents.chain(person) {
            tx.prepare_cached(
                "INSERT INTO stay_key (record, kind, mac) VALUES (:record, :kind, :mac) ON CONFLICT DO NOTHING",
            )
            .and_then(|mut s| {
                s.execute(named_params! {":record": record.bytes(), ":kind": kind, ":mac": mac})
            })
            .during(during)?;
        }
        Ok(())
    }

    /// Notes what stays are computed by of crossings that were kept before there were stays, at most `batch`; each is opened
    /// once for it, on record. Says how many.
    ///
    /// # Errors
    /// What the disk says; a later call goes on.
    pub fn note_earlier_crossings(&self, now: Timestamp, batch: usize) -> Result<usize> {
        let earlier: Vec<(RecordId, VoyageId, bool)> = self.read("note_earlier_crossings", |tx| {
            tx.prepare_cached(
                "SELECT record, voyage, entered_later FROM crossing JOIN record ON record.id = crossing.record
                 WHERE erased_at IS NULL AND erase_after > :now
                 AND NOT EXISTS (SELECT 1 FROM stay_fact WHERE stay_fact.record = crossing.record) LIMIT :limit",
            )?
            .query_map(named_params! {":now": crate::column::micros(now), ":limit": limit(batch)}, |row| {
                let voyage = row.get("voyage").map(VoyageId::from_bytes)?;
                Ok((row.get("record").map(RecordId::from_bytes)?, voyage, row.get("entered_later")?))
            })?
            .collect()
        })?;
        for (record, voyage, entered_later) in &earlier {
            let within = Within::Voyage(*voyage);
            let access = Access { by: Reader::Staging, purpose: Purpose::Stay, within };
            let content = match self.open_record(*record, &access, now) {
                Ok(content) => content.unwrap_or_default(),
                // What does not open says nothing, and keeps nobody else from being looked at.
                Err(StoreError::Sealed { .. }) => Zeroizing::default(),
                Err(other) => return Err(other),
            };
            self.tx("note_earlier_crossings", |tx| {
                self.note_crossing(tx, *record, *voyage, &content, *entered_later)
            })?;
        }
        Ok(earlier.len())
    }

    /// Keeps neighbours' entries as our exits, in one transaction; what was imported before is left out. Says how many
    /// are new.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn import_exits(&self, imports: &[NewImport<'_>], now: Timestamp) -> Result<usize> {
        let during = "import_exits";
        self.tx(during, |tx| {
            let mut added = 0;
            for import in imports {
                added += usize::from(self.import_exit(tx, during, import, now)?);
            }
            Ok(added)
        })
    }

    fn import_exit(
        &self,
        tx: &Transaction<'_>,
        during: &'static str,
        import: &NewImport<'_>,
        now: Timestamp,
    ) -> Result<bool> {
        let Subject { documents, person } = &import.subject;
        let known_by = documents.first().map(|document| self.document_mac(document));
        let known_by = known_by.or_else(|| person.as_ref().map(|person| self.person_mac(person)));
        let known_by = known_by.unwrap_or_default();
        let at = import.start.at.to_string();
        let repeat = self.mac(
            "imported exit",
            &[import.from.as_bytes(), import.port.as_bytes(), at.as_bytes(), &known_by],
        );
        let seen = "SELECT EXISTS (SELECT 1 FROM stay_fact WHERE repeat = ?1)";
        if tx.query_row(seen, [repeat], |row| row.get::<_, bool>(0)).during(during)? {
            return Ok(false);
        }
        let row = RecordRow {
            class: import.class,
            erase_after: import.erase_after,
            start: import.start,
            encounter: None,
            passenger: None,
            about: Some(About::document(&known_by)),
        };
        let record = self.insert_in_row(tx, during, &RecordKind::IMPORTED, &import.content, &row, now)?;
        self.note_subject(tx, record, &import.subject)?;
        let fact = FactRow {
            what: "crossed",
            port: Some(import.port),
            mode: Some(import.mode),
            method: Some(Method::DocumentInspected),
            source: Some("imported"),
            imported_from: Some(import.from),
            repeat: Some(repeat),
            ..FactRow::default()
        };
        insert_fact(tx, record, &fact)?;
        self.insert_keys(tx, record, &import.subject)?;
        Ok(true)
    }

    /// Keeps what changes a stay, in an open case.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn note_stay_change(
        &self,
        case: CaseId,
        new: &NewStayChange<'_>,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<RecordId, NotAllowed>>> {
        let during = "note_stay_change";
        self.in_case(during, case, |tx, of| {
            if let Err(no) = of.allows(&CaseKind::OF_STAYS, now) {
                return Ok(Err(no));
            }
            let about =
                new.subject.documents.first().map(|document| About::document(&self.document_mac(document)));
            let row = RecordRow {
                class: new.class,
                erase_after: new.erase_after,
                start: Start::at(new.at),
                encounter: None,
                passenger: None,
                about,
            };
            let record = self.insert_in_row(tx, during, &RecordKind::IMPORTED, &new.content, &row, now)?;
            self.note_subject(tx, record, &new.subject)?;
            let (what, until) = new.change.map_or(("one-holder", None), change_row);
            insert_fact(tx, record, &FactRow { what, until, ..FactRow::default() })?;
            self.insert_keys(tx, record, &new.subject)?;
            Ok(Ok(record))
        })
    }
}

/// By air, sea or land: as the point says that served the voyage, else one of the same port and direction.
fn mode_of(tx: &Transaction<'_>, voyage: VoyageId, crossing: &CrossingRecord) -> rusqlite::Result<Mode> {
    let served: Option<PointKind> = tx
        .prepare_cached(
            "SELECT kind FROM point LEFT JOIN assignment ON assignment.point = point.id
             WHERE direction = :direction AND (assignment.voyage = :voyage OR port = :port)
             ORDER BY assignment.voyage IS NOT :voyage, point.id LIMIT 1",
        )?
        .query_row(
            named_params! {
                ":direction": word(&crossing.direction),
                ":voyage": voyage.bytes(),
                ":port": crossing.port,
            },
            |row| word_of(row, "kind"),
        )
        .optional()?;
    Ok(served.map_or(Mode::Air, Mode::of))
}

fn insert_fact(tx: &Transaction<'_>, record: RecordId, row: &FactRow<'_>) -> Result<()> {
    let during = "note a fact of a stay";
    let rows = tx
        .prepare_cached(
            "INSERT INTO stay_fact (record, what, port, mode, method, source, imported_from, admitted, until, repeat)
             VALUES (:record, :what, :port, :mode, :method, :source, :from, :admitted, :until, :repeat)",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":record": record.bytes(),
                ":what": row.what,
                ":port": row.port,
                ":mode": row.mode.as_ref().map(word),
                ":method": row.method.as_ref().map(word),
                ":source": row.source,
                ":from": row.imported_from,
                ":admitted": row.admitted,
                ":until": row.until.map(|day| day.to_string()),
                ":repeat": row.repeat,
            })
        })
        .during(during)?;
    touched(during, 1, rows)
}
