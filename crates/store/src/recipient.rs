//! Who receives copies of what, and why; what each has; and what they are told to let go of.

use crate::column::{count, id, instant, instant_or_none, json, json_of, micros, signed, word_of};
use crate::error::{During, Result};
use crate::reading::{Access, Purpose, Reader, Within, log_reading};
use crate::store::{Store, limit};
use jiff::Timestamp;
use portunus_core::id::{RecipientId, RecordId, UserId};
use portunus_core::policy::DataClass;
use rusqlite::{OptionalExtension, Row, Transaction, named_params};
use zeroize::Zeroizing;

/// An outside system that receives copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Its identifier.
    pub id: RecipientId,
    /// What it is called.
    pub name: String,
    /// What it needs the copies for.
    pub purpose: String,
    /// The legal basis.
    pub basis: String,
    /// Which classes of data it receives.
    pub receives: Vec<DataClass>,
    /// Who entered it.
    pub added_by: UserId,
    /// When.
    pub added_at: Timestamp,
    /// Since when it receives nothing more. It still answers recalls.
    pub withdrawn_at: Option<Timestamp>,
}

/// A copy that its recipient has to erase, or to give another date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    /// Its number.
    pub seq: u64,
    /// Who has the copy.
    pub recipient: RecipientId,
    /// Of which record.
    pub record: RecordId,
    /// The copy's new date; `None`: erase it now.
    pub due: Option<Timestamp>,
    /// Since when.
    pub made_at: Timestamp,
    /// When the recipient said that it is done.
    pub acknowledged_at: Option<Timestamp>,
}

/// A copy, as given. Personal data: no `Debug`; wiped when dropped.
pub struct CopyGiven {
    /// What it is.
    pub data: DataClass,
    /// When it is to be gone.
    pub due: Timestamp,
    /// Its bytes.
    pub content: Zeroizing<Vec<u8>>,
}

fn recipient(row: &Row<'_>) -> rusqlite::Result<Recipient> {
    Ok(Recipient {
        id: id(row, "id", RecipientId::from_bytes)?,
        name: row.get("name")?,
        purpose: row.get("purpose")?,
        basis: row.get("basis")?,
        receives: json_of(row, "receives")?,
        added_by: id(row, "added_by", UserId::from_bytes)?,
        added_at: instant(row, "added_at")?,
        withdrawn_at: instant_or_none(row, "withdrawn_at")?,
    })
}

pub(crate) fn recipients(tx: &Transaction<'_>) -> rusqlite::Result<Vec<Recipient>> {
    tx.prepare_cached("SELECT * FROM recipient ORDER BY name")?.query_map([], recipient)?.collect()
}

pub(crate) fn recall_counts(tx: &Transaction<'_>) -> rusqlite::Result<(u64, u64)> {
    tx.query_row("SELECT COUNT(*) AS sent, COUNT(acknowledged_at) AS done FROM recall", [], |row| {
        Ok((count(row, "sent")?, count(row, "done")?))
    })
}

fn recalled(row: &Row<'_>) -> rusqlite::Result<Recall> {
    Ok(Recall {
        seq: count(row, "seq")?,
        recipient: id(row, "recipient", RecipientId::from_bytes)?,
        record: id(row, "record", RecordId::from_bytes)?,
        due: instant_or_none(row, "due")?,
        made_at: instant(row, "made_at")?,
        acknowledged_at: instant_or_none(row, "acknowledged_at")?,
    })
}

/// Recalls every copy of a record, with the change that makes it needed: to be erased, or with another date.
pub(crate) fn recall(
    tx: &Transaction<'_>,
    record: RecordId,
    due: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO recall (recipient, record, due, made_at)
         SELECT recipient, record, :due, :now FROM given WHERE record = :record",
    )
    .and_then(|mut s| {
        s.execute(named_params! {
            ":due": due.map(micros),
            ":now": micros(now),
            ":record": record.bytes(),
        })
    })
    .during("recall copies")
    .map(|_| ())
}

impl Store {
    /// Enters a recipient. `false` when the name is taken.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn add_recipient(&self, new: &Recipient, token_hash: [u8; 32]) -> Result<bool> {
        self.tx("add_recipient", |tx| {
            tx.execute(
                "INSERT INTO recipient (id, name, purpose, basis, receives, token_hash, added_by, added_at)
                 VALUES (:id, :name, :purpose, :basis, :receives, :token, :by, :at) ON CONFLICT (name) DO NOTHING",
                named_params! {
                    ":id": new.id.bytes(),
                    ":name": new.name,
                    ":purpose": new.purpose,
                    ":basis": new.basis,
                    ":receives": json(&new.receives).during("add_recipient")?,
                    ":token": token_hash,
                    ":by": new.added_by.bytes(),
                    ":at": micros(new.added_at),
                },
            )
            .during("add_recipient")
            .map(|rows| rows == 1)
        })
    }

    /// All recipients, by name; those withdrawn, too.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn recipients(&self) -> Result<Vec<Recipient>> {
        self.read("recipients", recipients)
    }

    /// The recipient that a token belongs to.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn recipient_by_token(&self, token_hash: [u8; 32]) -> Result<Option<Recipient>> {
        self.read("recipient_by_token", |tx| {
            tx.prepare_cached("SELECT * FROM recipient WHERE token_hash = :token")?
                .query_row(named_params! {":token": token_hash}, recipient)
                .optional()
        })
    }

    /// Withdraws a recipient: it receives nothing more, and what it has is recalled. `false` when it was already, or is
    /// not known.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn withdraw_recipient(&self, id: RecipientId, now: Timestamp) -> Result<bool> {
        let during = "withdraw_recipient";
        self.tx(during, |tx| {
            let named = named_params! {":now": micros(now), ":id": id.bytes()};
            let rows = tx
                .execute(
                    "UPDATE recipient SET withdrawn_at = :now WHERE id = :id AND withdrawn_at IS NULL",
                    named,
                )
                .during(during)?;
            if rows == 1 {
                tx.execute(
                    "INSERT INTO recall (recipient, record, due, made_at)
                     SELECT recipient, record, NULL, :now FROM given WHERE recipient = :id",
                    named,
                )
                .during(during)?;
            }
            Ok(rows == 1)
        })
    }

    /// Gives a copy of a record to a recipient: noted, with the reading, before anything opens. `None` when there
    /// is nothing to give, or not to them.
    ///
    /// # Errors
    /// [`StoreError::Sealed`](crate::StoreError::Sealed) when the record does not open.
    pub fn give(&self, to: &Recipient, record: RecordId, now: Timestamp) -> Result<Option<CopyGiven>> {
        let during = "give";
        let access = Access {
            by: Reader::Recipient(to.id),
            purpose: Purpose::Recipient,
            within: Within::Receiving(to.id),
        };
        let readable = self.tx(during, |tx| {
            let about: Option<(DataClass, Timestamp)> = tx
                .prepare_cached(
                    "SELECT kind, erase_after FROM record WHERE id = :id AND EXISTS
                     (SELECT 1 FROM recipient WHERE id = :recipient AND withdrawn_at IS NULL)
                     AND NOT EXISTS (SELECT 1 FROM crossing WHERE confidential = 1 AND :id IN (record, probe))
                     AND NOT EXISTS (SELECT 1 FROM encounter WHERE confidential = 1 AND probe = :id)",
                )
                .and_then(|mut s| {
                    s.query_row(named_params! {":id": record.bytes(), ":recipient": to.id.bytes()}, |row| {
                        Ok((word_of(row, "kind")?, instant(row, "erase_after")?))
                    })
                    .optional()
                })
                .during(during)?;
            let Some((data, due)) = about.filter(|(data, _)| to.receives.contains(data)) else {
                return Ok(None);
            };
            let Some(readable) = log_reading(tx, record, &access, now)? else { return Ok(None) };
            tx.prepare_cached(
                "INSERT INTO given (record, recipient, at) VALUES (:record, :recipient, :now)
                 ON CONFLICT DO NOTHING",
            )
            .and_then(|mut s| {
                s.execute(named_params! {
                    ":record": record.bytes(),
                    ":recipient": to.id.bytes(),
                    ":now": micros(now),
                })
            })
            .during(during)?;
            Ok(Some((data, due, readable)))
        })?;
        readable
            .map(|(data, due, readable)| Ok(CopyGiven { data, due, content: self.unseal(record, readable)? }))
            .transpose()
    }

    /// What a recipient has not acknowledged yet, in order, at most `at_most`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn recalls_of(&self, of: RecipientId, at_most: usize) -> Result<Vec<Recall>> {
        self.read("recalls_of", |tx| {
            tx.prepare_cached(
                "SELECT * FROM recall WHERE recipient = :recipient AND acknowledged_at IS NULL
                 ORDER BY seq LIMIT :limit",
            )?
            .query_map(named_params! {":recipient": of.bytes(), ":limit": limit(at_most)}, recalled)?
            .collect()
        })
    }

    /// Notes that a recipient did what a recall says. `false` when there is none such of theirs; again is fine.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn acknowledge_recall(&self, of: RecipientId, seq: u64, now: Timestamp) -> Result<bool> {
        let during = "acknowledge_recall";
        self.tx(during, |tx| {
            let acknowledged = tx
                .prepare_cached(
                    "UPDATE recall SET acknowledged_at = COALESCE(acknowledged_at, :now)
                     WHERE seq = :seq AND recipient = :recipient RETURNING record, due",
                )
                .and_then(|mut s| {
                    s.query_row(
                        named_params! {
                            ":now": micros(now),
                            ":seq": signed(seq),
                            ":recipient": of.bytes(),
                        },
                        |row| Ok((row.get::<_, [u8; 16]>("record")?, instant_or_none(row, "due")?)),
                    )
                    .optional()
                })
                .during(during)?;
            let Some((record, due)) = acknowledged else { return Ok(false) };
            if due.is_none() {
                // They have no copy any more.
                tx.execute(
                    "DELETE FROM given WHERE record = :record AND recipient = :recipient",
                    named_params! {":record": record, ":recipient": of.bytes()},
                )
                .during(during)?;
            }
            Ok(true)
        })
    }

    /// Recalls that were made at or before `until` and that nobody has acknowledged: the oldest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn unacknowledged(&self, until: Timestamp) -> Result<Vec<Recall>> {
        self.read("unacknowledged", |tx| {
            tx.prepare_cached(
                "SELECT * FROM recall WHERE acknowledged_at IS NULL AND made_at <= :until ORDER BY seq LIMIT 1000",
            )?
            .query_map(named_params! {":until": micros(until)}, recalled)?
            .collect()
        })
    }

    /// Who has a copy of a record.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn copies_of(&self, record: RecordId) -> Result<Vec<RecipientId>> {
        self.read("copies_of", |tx| {
            tx.prepare_cached("SELECT recipient FROM given WHERE record = :record ORDER BY at, recipient")?
                .query_map(named_params! {":record": record.bytes()}, |row| {
                    id(row, "recipient", RecipientId::from_bytes)
                })?
                .collect()
        })
    }

    /// How many recalls are on record, and how many of them were acknowledged.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn recall_counts(&self) -> Result<(u64, u64)> {
        self.read("recall_counts", recall_counts)
    }

    /// Forgets recalls acknowledged at or before `until`, at most `batch`; says how many.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn prune_recalls(&self, until: Timestamp, batch: usize) -> Result<usize> {
        self.tx("prune_recalls", |tx| {
            tx.execute(
                "DELETE FROM recall WHERE seq IN (SELECT seq FROM recall WHERE acknowledged_at <= :until
                 ORDER BY seq LIMIT :limit)",
                named_params! {":until": micros(until), ":limit": limit(batch)},
            )
            .during("prune_recalls")
        })
    }
}
