//! References: portraits that were there before, kept under the travel document they belong to.

use crate::column::micros;
use crate::erasure::hide;
use crate::error::{During, Result, StoreError, touched};
use crate::kind::RecordKind;
use crate::ledger::{About, known, tell_redated};
use crate::reading::Access;
use crate::store::{Store, raise_generation};
use crate::vault::RecordRow;
use jiff::Timestamp;
use portunus_core::biometric::PackId;
use portunus_core::document::DocumentKey;
use portunus_core::id::RecordId;
use portunus_core::leaf::RedatedBecause;
use portunus_core::policy::{PersonClass, Start};
use rusqlite::{Transaction, named_params};
use zeroize::Zeroizing;

/// How many portraits of one document are kept.
pub const REFERENCES_PER_DOCUMENT_MAX: usize = 8;

/// A portrait to keep. Biometric data: no `Debug`.
#[derive(Clone, Copy)]
pub struct NewReference<'a> {
    /// The portrait, encoded (JPEG, PNG, JPEG 2000), as it came.
    pub portrait: &'a [u8],
    /// The template made of it, in the pack's own form.
    pub template: &'a [u8],
    /// The model pack that made the template.
    pub pack: &'a PackId,
    /// Whose rules apply to the portrait.
    pub class: PersonClass,
    /// When it is to be gone.
    pub erase_after: Timestamp,
}

/// What became of a portrait that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutReference {
    /// It is new.
    Added(RecordId),
    /// The same portrait with a template of the same pack is kept already; its date was moved if later.
    Unchanged(RecordId),
    /// The same portrait was kept with another pack's template; that record is erased.
    Replaced(RecordId),
    /// [`REFERENCES_PER_DOCUMENT_MAX`] other portraits of this document are kept; nothing was written.
    Full,
}

/// A kept reference, unopened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceRow {
    /// The record that holds portrait and template.
    pub record: RecordId,
    /// The model pack of the template.
    pub pack: PackId,
}

/// An opened reference. Biometric data: no `Debug`; wiped when dropped.
pub struct Reference {
    content: Zeroizing<Vec<u8>>,
    portrait_bytes: usize,
}

/// The portrait's length comes first, in four bytes.
const LENGTH_BYTES: usize = 4;

impl Reference {
    fn encode(portrait: &[u8], template: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let length = u32::try_from(portrait.len()).ok()?;
        let mut content = Zeroizing::new(Vec::with_capacity(LENGTH_BYTES + portrait.len() + template.len()));
        content.extend_from_slice(&length.to_be_bytes());
        content.extend_from_slice(portrait);
        content.extend_from_slice(template);
        Some(content)
    }

    /// Reads the content of a reference's record; `None` when it is not one.
    pub fn decode(content: Zeroizing<Vec<u8>>) -> Option<Self> {
        let length = content.first_chunk::<LENGTH_BYTES>()?;
        let portrait_bytes = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        (content.len() - LENGTH_BYTES >= portrait_bytes).then_some(Self { content, portrait_bytes })
    }

    /// The portrait, encoded as it came.
    pub fn portrait(&self) -> &[u8] {
        &self.content[LENGTH_BYTES..LENGTH_BYTES + self.portrait_bytes]
    }

    /// The template, in its pack's form.
    pub fn template(&self) -> &[u8] {
        &self.content[LENGTH_BYTES + self.portrait_bytes..]
    }
}

struct Kept {
    record: RecordId,
    portrait_mac: [u8; 32],
    pack: PackId,
}

enum Plan {
    Same(RecordId),
    Full,
    Seal { replaces: Option<RecordId> },
}

impl Store {
    /// Keeps a portrait under a document. The same portrait again changes nothing. Durable when this returns.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] for a portrait over 16 MB; what the disk says.
    pub fn put_reference(
        &self,
        document: &DocumentKey,
        reference: &NewReference<'_>,
        now: Timestamp,
    ) -> Result<PutReference> {
        let document_mac = self.document_mac(document);
        let portrait_mac = self.mac("portrait", &[reference.portrait]);
        // The common case, a folder imported again, costs no key.
        let plan = |tx: &Transaction<'_>| -> rusqlite::Result<Plan> {
            let kept = kept(tx, document_mac, now)?;
            Ok(match kept.iter().find(|kept| kept.portrait_mac == portrait_mac) {
                Some(same) if same.pack == *reference.pack => Plan::Same(same.record),
                Some(other) => Plan::Seal { replaces: Some(other.record) },
                None if kept.len() >= REFERENCES_PER_DOCUMENT_MAX => Plan::Full,
                None => Plan::Seal { replaces: None },
            })
        };
        match self.read("put_reference", plan)? {
            Plan::Full => return Ok(PutReference::Full),
            Plan::Same(record)
                if self.tx("put_reference", |tx| postpone(tx, record, reference.erase_after, now))? =>
            {
                return Ok(PutReference::Unchanged(record));
            }
            _ => {}
        }
        let too_large = StoreError::TooLarge { what: "a reference", bound: crate::vault::RECORD_BYTES_MAX };
        let content = Reference::encode(reference.portrait, reference.template).ok_or(too_large)?;
        let sealed = self.seal(RecordKind::REFERENCE, &content, now)?;
        let record = sealed.record();
        let put = self.tx_unless("put_reference", |tx| match plan(tx).during("put_reference")? {
            Plan::Full => Ok(Err(PutReference::Full)),
            Plan::Same(same) => Ok(Err(PutReference::Unchanged(same))),
            Plan::Seal { replaces } => {
                if let Some(old) = replaces {
                    hide(tx, old, now)?;
                }
                let row = RecordRow {
                    class: reference.class,
                    erase_after: reference.erase_after,
                    start: Start::at(now),
                    encounter: None,
                    passenger: None,
                    about: Some(About::document(&document_mac)),
                };
                self.insert_record(tx, "put_reference", &sealed, &row, now)?;
                insert_reference(tx, record, document_mac, portrait_mac, reference)?;
                Ok(Ok(replaces))
            }
        })?;
        match put {
            Err(outcome) => {
                self.discard(record)?;
                Ok(outcome)
            }
            Ok(None) => Ok(PutReference::Added(record)),
            Ok(Some(old)) => {
                self.finish_erasing(&[old], now)?;
                Ok(PutReference::Replaced(record))
            }
        }
    }

    /// The references kept under a document, in the order they came.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn references(&self, document: &DocumentKey, now: Timestamp) -> Result<Vec<ReferenceRow>> {
        let mac = self.document_mac(document);
        let kept = self.read("references", |tx| kept(tx, mac, now))?;
        Ok(kept.into_iter().map(|kept| ReferenceRow { record: kept.record, pack: kept.pack }).collect())
    }

    /// Opens a reference; see [`Store::open_record`].
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when it does not open or is not a reference.
    pub fn open_reference(
        &self,
        record: RecordId,
        access: &Access,
        now: Timestamp,
    ) -> Result<Option<Reference>> {
        let Some(content) = self.open_record(record, access, now)? else { return Ok(None) };
        let what = "it is not a reference";
        Reference::decode(content).map(Some).ok_or(StoreError::Sealed { record, what })
    }

    /// Erases every reference kept under a document; says how many.
    ///
    /// # Errors
    /// What the disk says; the sweep finishes what had begun.
    pub fn remove_references(&self, document: &DocumentKey, now: Timestamp) -> Result<usize> {
        let mac = self.document_mac(document);
        let begun = self.tx("remove_references", |tx| {
            let records: Vec<RecordId> = tx
                .prepare_cached("SELECT record FROM reference WHERE document_mac = :mac")
                .and_then(|mut s| {
                    s.query_map(named_params! {":mac": mac}, |row| row.get(0).map(RecordId::from_bytes))?
                        .collect()
                })
                .during("remove_references")?;
            let mut begun = Vec::new();
            for record in records {
                if hide(tx, record, now)? {
                    begun.push(record);
                }
            }
            raise_generation(tx, "remove_references")?;
            Ok(begun)
        })?;
        self.finish_erasing(&begun, now)?;
        self.empty_log()?;
        Ok(begun.len())
    }

    /// What a document is looked up by: its number stands nowhere in the clear for references.
    pub(crate) fn document_mac(&self, document: &DocumentKey) -> [u8; 32] {
        let parts = [document.issuer.as_str(), document.kind.as_str(), document.number()];
        self.mac("document", &parts.map(str::as_bytes))
    }
}

fn kept(tx: &Transaction<'_>, document_mac: [u8; 32], now: Timestamp) -> rusqlite::Result<Vec<Kept>> {
    tx.prepare_cached(
        "SELECT record, portrait_mac, pack FROM reference JOIN record ON record.id = reference.record
         WHERE document_mac = :mac AND erased_at IS NULL AND erase_after > :now ORDER BY place",
    )?
    .query_map(named_params! {":mac": document_mac, ":now": micros(now)}, |row| {
        Ok(Kept {
            record: row.get("record").map(RecordId::from_bytes)?,
            portrait_mac: row.get("portrait_mac")?,
            pack: PackId(row.get("pack")?),
        })
    })?
    .collect()
}

/// Moves a kept reference's date to `erase_after` if that is later; `false` when it went in the meantime.
fn postpone(tx: &Transaction<'_>, record: RecordId, erase_after: Timestamp, now: Timestamp) -> Result<bool> {
    let before = known(tx, record)?;
    let rows = tx
        .execute(
            "UPDATE record SET erase_after = MAX(erase_after, :due), unnoted = 1
         WHERE id = :id AND erased_at IS NULL AND erase_after > :now",
            named_params! {":due": micros(erase_after), ":id": record.bytes(), ":now": micros(now)},
        )
        .during("put_reference")?;
    if rows == 1 && before.as_ref().is_some_and(|before| before.due < erase_after) {
        tell_redated(tx, before, erase_after, RedatedBecause::Renewed, now)?;
    }
    Ok(rows == 1)
}

fn insert_reference(
    tx: &Transaction<'_>,
    record: RecordId,
    document_mac: [u8; 32],
    portrait_mac: [u8; 32],
    reference: &NewReference<'_>,
) -> Result<()> {
    let during = "put_reference";
    let rows = tx
        .prepare_cached(
            "INSERT INTO reference (record, document_mac, portrait_mac, pack, place) VALUES (:record,
             :document, :portrait, :pack, (SELECT COALESCE(MAX(place), 0) + 1 FROM reference
             WHERE document_mac = :document))",
        )
        .and_then(|mut s| {
            s.execute(named_params! {
                ":record": record.bytes(),
                ":document": document_mac,
                ":portrait": portrait_mac,
                ":pack": reference.pack.0,
            })
        })
        .during(during)?;
    touched(during, 1, rows)?;
    raise_generation(tx, during)
}
