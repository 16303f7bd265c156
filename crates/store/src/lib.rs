//! What is kept: SQLite, sealed blobs, a key ring of its own, and erasure.
//!
//! | module | what it holds |
//! |---|---|
//! | [`store`] | [`Store`]: one folder; opening, migrating, named transactions |
//! | [`kind`], [`vault`], [`reading`], [`erasure`] | sealed records: what they are, sealing, reading with a stated purpose, erasing what is due, sweeping orphans |
//! | [`subject`], [`case`](mod@case) | whom records are about; the records office's requests, holds and corrections |
//! | [`redress`] | whose records are that stand under somebody else: proposed, decided by another, carried out at once |
//! | [`receipt`], [`contest`] | what a traveller takes away of a passage, and contests of it |
//! | [`stay`] | what stays are computed by, beside their sealed records; officers' decisions; who is past their last day |
//! | [`recipient`] | outside systems that have copies, and what they must let go of |
//! | [`clock`] | whether the clock may be believed when something is to be erased by it |
//! | [`backup`] | data and keys copied apart; restored, with the erasures since applied again |
//! | [`reference`](mod@reference), [`gallery`] | portraits known before, by document; galleries sealed at rest |
//! | [`designation`] | drafts, who attests and approves, what is published, why nothing is in force |
//! | [`people`], [`place`], [`device`] | who signs in; crossing points; enrolled capture devices |
//! | [`voyage`], [`manifest`], [`passenger`] | voyages, a carrier's manifest applied, who is on the list |
//! | [`watch`] | the hours that a hall, a lane or a marina works; who lands in them, who asked to be known again |
//! | [`admission`] | a device's request: once, in order, with its outcome kept |
//! | [`encounter`], [`commit`], [`closing`] | passages as read; as changed; a voyage closed and the long record |
//! | [`decline`] | who declined, until their voyage is closed; choices that were made together |
//! | [`second_look`] | a random sample judged again: how much, what came of it in counts, disputes while they matter |
//! | [`lookout`] | lookouts, sealed; who is not whom a lookout is on; how often each authority's were right |
//! | [`holdings`] | what is held by class, data and date, without names |
//! | [`tally`], [`traffic`], [`public`] | what the service measures of itself, and what it publishes of passages, as counts; all that is public, in one piece |
//! | [`parity`] | waits of both choices in batches of ten people, and whether the manual choice falls short |
//! | [`event`] | the outbox: identifiers only |
//! | [`ports`] | what every backend promises those who capture, read and erase |
//! | [`memory`], [`fault`] | the same promises in memory; writes that fail when a test asks for it |
//!
//! Every call is synchronous and may wait for the disk. When a call that writes returns `Ok`, what it wrote is
//! durable. Several processes may hold the same folder open. Instants are kept to the microsecond.
//!
//! ```
//! # use portunus_store::{Access, Purpose, Reader, RecordKind, Store, Within};
//! # struct Fixed;
//! # impl portunus_core::ports::Entropy for Fixed {
//! #     fn fill(&self, bytes: &mut [u8]) { bytes.fill(7) }
//! # }
//! # let folder = tempfile::tempdir()?;
//! # let now = "2026-11-23T12:00:00Z".parse()?;
//! let store = Store::open(folder.path(), std::sync::Arc::new(Fixed))?;
//! let sealed = store.seal(RecordKind::PROBE, b"a crop", now)?;
//! // Sealed, but no row names it yet: to every reader it is not there, and a sweep would take it.
//! let voyage = portunus_core::id::VoyageId::from_bytes([1; 16]);
//! let access = Access { by: Reader::Staging, purpose: Purpose::BuildGallery, within: Within::Voyage(voyage) };
//! assert!(store.open_record(sealed.record(), &access, now)?.is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ```text
//! data.db         records (SQLite, write-ahead log)
//! keys.db         the key ring: no write-ahead log, secure_delete, mode 0600, never in a backup of data.db
//! blobs/ab/ID     sealed records      galleries/ID    sealed galleries
//! ```

pub mod admission;
pub mod backup;
mod blob;
mod bucket;
pub mod case;
pub mod clock;
pub mod closing;
mod column;
pub mod commit;
pub mod contest;
pub mod decline;
pub mod designation;
pub mod device;
pub mod encounter;
mod envelope;
pub mod erasure;
mod error;
pub mod event;
mod failpoint;
pub mod fault;
pub mod gallery;
pub mod holdings;
mod keyring;
pub mod kind;
mod ledger;
mod lock;
pub mod lookout;
pub mod manifest;
pub mod memory;
pub mod parity;
pub mod passenger;
pub mod people;
pub mod place;
pub mod ports;
pub mod public;
pub mod reading;
pub mod receipt;
pub mod recipient;
pub mod redress;
pub mod reference;
mod schema;
pub mod second_look;
pub mod stay;
pub mod store;
pub mod subject;
pub mod tally;
pub mod traffic;
pub mod vault;
pub mod voyage;
pub mod watch;
pub mod wish;

pub use admission::{Admission, Admit};
pub use backup::{BackedUp, KeysGo, Restored, restore};
pub use case::{CASE_RECORDS_MAX, CaseCount, Corrected, CorrectionDone};
pub use clock::ClockState;
pub use closing::{CloseVoyage, CrossedAs, Crossing, NewCrossing};
pub use commit::{BoardingChange, CaptureCommit, Committed, RulingCommit};
pub use contest::{Answered, CONTESTS_MAX, ContestOf, Contested};
pub use designation::{Designated, Posted};
pub use device::Device;
pub use erasure::Swept;
pub use error::{Result, StoreError};
pub use event::{Event, EventKind};
pub use failpoint::failpoint;
#[cfg(feature = "failpoints")]
pub use failpoint::set_failpoint;
#[cfg(feature = "failpoints")]
pub use fault::set_faults;
pub use fault::{Fault, Faults};
pub use holdings::Holding;
pub use kind::{KeptFor, RecordKind, Source};
pub use ledger::Published;
pub use lock::{RingSecret, SECRET_BYTES_MIN};
pub use lookout::{LookoutCount, LookoutRow, Put, RedressRow};
pub use manifest::{Applied, ManifestOutcome};
pub use memory::MemoryStore;
pub use parity::{KeptAt, Measuring};
pub use passenger::{Hold, Listed};
pub use people::{CreateUser, NO_PASSWORD, NewUser, Session, User};
pub use place::PutPoint;
pub use ports::{Keep, Kept, Requests, Retention, Vault};
pub use public::PublicRecord;
pub use reading::{Access, Purpose, Reader, Reading, Within};
pub use receipt::{KeptRecord, Passed, Receipt, ReceiptRecord};
pub use recipient::{CopyGiven, Recall, Recipient};
pub use redress::{Anew, FoundHolder, NewProposal, Proposal, Redress, RedressDone, RedressFile};
pub use reference::{NewReference, PutReference, Reference, ReferenceRow};
pub use second_look::{Dispute, FirstRuling, SecondLook, SharesInForce};
pub use stay::{
    DecisionKept, DeclaredWay, ExitDesignated, NewDecision, NewImport, NewStayChange, Outdated, Overstay,
};
pub use store::Store;
pub use subject::{Held, PersonKey, Subject};
pub use tally::{SCORE_BIN, ScoreKey, Tallies, TallyKey, Whose};
pub use traffic::Traffic;
pub use vault::Sealed;
pub use watch::{Consent, NewConsent};
pub use wish::Wish;
