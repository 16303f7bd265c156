//! What a store is to those who capture, read and erase, whatever is beneath: SQLite, memory, the next.
//!
//! [`Store`] has many more calls; these are the ones where a lost or doubtful write would break a promise to a
//! traveller. `tests/conformance` says in tests what is said here in words, and runs on every backend.
//!
//! Of every call here that writes: when it gives `Ok`, what it wrote is durable. When it gives an error, it may be
//! done, half done or not done; whoever repeats it gets to the same end, and [`Retention::sweep`] finishes or takes what
//! nobody repeats. At no moment in between is anything readable past its date, or gone before it.

use crate::Swept;
use crate::admission::{Admission, Admit, settle};
use crate::error::{Result, StoreError};
use crate::failpoint::failpoint;
use crate::holdings::Holding;
use crate::kind::RecordKind;
use crate::reading::{Access, Reading};
use crate::store::Store;
use crate::vault::{RecordRow, Sealed};
use jiff::Timestamp;
use portunus_core::id::{IdempotencyKey, RecordId};
use portunus_core::policy::{DataClass, PersonClass, Start};
use zeroize::Zeroizing;

/// Takes a device's request once.
pub trait Requests {
    /// Admits a request. The nonce is used up whatever the answer is, also when the call fails after it was kept:
    /// whoever repeats signs anew.
    ///
    /// # Errors
    /// What the backend says; among it that there is no such device.
    fn admit(&self, admission: &Admission, now: Timestamp) -> Result<Admit>;

    /// Keeps the outcome of an admitted request that changes nothing else. `false` when it has one already: the first
    /// stands.
    ///
    /// # Errors
    /// What the backend says.
    fn answer(&self, key: IdempotencyKey, outcome: &str) -> Result<bool>;
}

/// Makes a sealed record a kept one.
pub struct Keep<'a> {
    /// The record. It is used up: what fails is sealed again.
    pub sealed: Sealed,
    /// Whose rules apply.
    pub class: PersonClass,
    /// When it is to be gone.
    pub erase_after: Timestamp,
    /// The admitted request that it answers.
    pub key: IdempotencyKey,
    /// What the request is answered, now and when it is repeated.
    pub outcome: &'a str,
}

/// What became of a record that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Kept {
    /// It is kept, and opens.
    Done,
    /// The request has its answer already, or was never admitted: the record is destroyed.
    AnsweredBefore,
}

/// Seals records, keeps them, and opens them for who says why.
pub trait Vault {
    /// Seals `plaintext` under a fresh key. Its bytes are durable, and open for nobody before [`Self::keep`].
    ///
    /// # Errors
    /// [`StoreError::TooLarge`]; what the backend says. Repeating it seals another record; the sweep takes the first.
    fn seal(&self, kind: RecordKind, plaintext: &[u8], now: Timestamp) -> Result<Sealed>;

    /// Keeps a sealed record and the answer to its request, both or neither.
    ///
    /// # Errors
    /// [`StoreError::CitizenProbe`], the record being destroyed; [`StoreError::SealExpired`]; what the backend says.
    /// Whoever gets an error asks [`Requests::admit`] again: the answer says whether it was kept.
    fn keep(&self, keep: Keep<'_>, now: Timestamp) -> Result<Kept>;

    /// Destroys a sealed record that is not to be kept after all.
    ///
    /// # Errors
    /// What the backend says; the sweep does it then.
    fn discard(&self, sealed: Sealed) -> Result<()>;

    /// Opens a record for a stated access, which is on record, durably, before anything opens. `None` when there is no
    /// such record, or it is expired or erased, although its bytes may still be there.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when key or bytes are missing or altered; what the backend says.
    fn open(&self, record: RecordId, access: &Access, now: Timestamp) -> Result<Option<Zeroizing<Vec<u8>>>>;

    /// Who read a record, oldest first; kept when the record is gone.
    ///
    /// # Errors
    /// What the backend says.
    fn readings(&self, record: RecordId) -> Result<Vec<Reading>>;
}

/// Erases what is due, and nothing else.
pub trait Retention {
    /// Gives a record another class and another date, earlier or later. `false` when it is not there any more: what is
    /// expired is not revived. Nor does a probe become a citizen's.
    ///
    /// # Errors
    /// What the backend says. In doubt the record has the one date or the other, never neither.
    fn redate(
        &self,
        record: RecordId,
        class: PersonClass,
        erase_after: Timestamp,
        now: Timestamp,
    ) -> Result<bool>;

    /// Records whose time has come by `now`, the longest overdue first.
    ///
    /// # Errors
    /// What the backend says.
    fn due(&self, now: Timestamp, at_most: usize) -> Result<Vec<RecordId>>;

    /// Erases one record: gone for every reader, its key destroyed and its bytes removed, when this returns. Whoever
    /// shared its key opens still. `false` when it was not there any more.
    ///
    /// # Errors
    /// What the backend says; repeating it finishes what had begun, and so does the sweep.
    fn erase(&self, record: RecordId, now: Timestamp) -> Result<bool>;

    /// Erases about `batch` records whose time has come; says how many. 0 when nothing is due.
    ///
    /// # Errors
    /// What the backend says; what had begun is invisible, and the sweep finishes it.
    fn erase_due(&self, now: Timestamp, batch: usize) -> Result<usize>;

    /// Finishes what crashes and failed writes left, of all processes: begun erasures, keys and bytes without a row.
    /// Never touches what another process is about to keep.
    ///
    /// # Errors
    /// What the backend says; a later sweep goes on.
    fn sweep(&self, now: Timestamp) -> Result<Swept>;

    /// Gives what is held and not erased to `each`, the earliest due first among each kind.
    ///
    /// # Errors
    /// What the backend says.
    fn holdings(&self, each: &mut dyn FnMut(Holding)) -> Result<()>;
}

impl Requests for Store {
    fn admit(&self, admission: &Admission, now: Timestamp) -> Result<Admit> {
        self.admit(admission, now)
    }

    fn answer(&self, key: IdempotencyKey, outcome: &str) -> Result<bool> {
        self.answer(key, outcome)
    }
}

impl Vault for Store {
    fn seal(&self, kind: RecordKind, plaintext: &[u8], now: Timestamp) -> Result<Sealed> {
        self.seal(kind, plaintext, now)
    }

    fn keep(&self, keep: Keep<'_>, now: Timestamp) -> Result<Kept> {
        let Keep { sealed, class, erase_after, key, outcome } = keep;
        if sealed.kind.data == DataClass::Probe && class == PersonClass::Citizen {
            self.discard(sealed.record())?;
            return Err(StoreError::CitizenProbe);
        }
        let kept = self.tx_unless("keep", |tx| {
            let row = RecordRow {
                class,
                erase_after,
                start: Start::at(now),
                encounter: None,
                passenger: None,
                about: None,
            };
            self.insert_record(tx, "keep", &sealed, &row, now)?;
            Ok(if settle(tx, "keep", key, None, outcome)? {
                Ok(Kept::Done)
            } else {
                Err(Kept::AnsweredBefore)
            })
        })?;
        failpoint("keep.after-commit");
        if kept.is_err() {
            // Whatever this cannot do now the sweep does.
            let _ = self.discard(sealed.record());
        }
        Ok(kept.unwrap_or_else(|undone| undone))
    }

    fn discard(&self, sealed: Sealed) -> Result<()> {
        self.discard(sealed.record())
    }

    fn open(&self, record: RecordId, access: &Access, now: Timestamp) -> Result<Option<Zeroizing<Vec<u8>>>> {
        self.open_record(record, access, now)
    }

    fn readings(&self, record: RecordId) -> Result<Vec<Reading>> {
        self.readings(record)
    }
}

impl Retention for Store {
    fn redate(
        &self,
        record: RecordId,
        class: PersonClass,
        erase_after: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        self.redate(record, class, erase_after, now)
    }

    fn due(&self, now: Timestamp, at_most: usize) -> Result<Vec<RecordId>> {
        self.due(now, at_most)
    }

    fn erase(&self, record: RecordId, now: Timestamp) -> Result<bool> {
        self.erase(record, now)
    }

    fn erase_due(&self, now: Timestamp, batch: usize) -> Result<usize> {
        self.erase_due(now, batch)
    }

    fn sweep(&self, now: Timestamp) -> Result<Swept> {
        self.sweep(now)
    }

    fn holdings(&self, each: &mut dyn FnMut(Holding)) -> Result<()> {
        self.holdings(each)
    }
}
