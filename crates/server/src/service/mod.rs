//! What the service does, without HTTP: the rules of `core` applied to the store, the models and the galleries.
//!
//! Every function here blocks (files, SQLite, models); the HTTP side calls them off its event loop.

mod admission;
mod begin;
mod boarding;
mod capture;
mod compare;
mod decline;
mod erasing;
mod fleeting;
mod gallery;
mod ledger;
mod lookout;
mod manifest;
mod metrics;
mod outcome;
pub mod oversight;
mod parity;
mod protection;
pub(crate) mod receipt;
mod recipient;
mod records;
mod redress;
mod reference;
pub mod report;
mod ruling;
mod sampling;
mod sequencer;
mod stay;
mod upkeep;
mod vehicle;
mod watch;
mod witnesses;

pub use admission::Submission;
pub use begin::{Begun, BegunWith, Companion, Joining, PARTY_MAX};
pub use boarding::{CarrierPassenger, CarrierStatus, Progress, Sought};
pub use capture::{Captured, FRAMES_MAX, Previewed};
pub use decline::DeclinedOn;
pub use erasing::Halted;
pub use gallery::{StagedMember, StagingReport, Unstaged};
pub(crate) use lookout::lookout_hex;
pub use lookout::{LookoutHit, LookoutShown, Redress};
pub use manifest::{Taken, TakenMessage, take_manifests};
pub use metrics::Metrics;
pub use outcome::Refused;
pub use parity::{LeftWaiting, PointParity, Told};
pub use portunus_store::Device;
pub use receipt::{
    ContestShown, LedgerShown, PassageShown, PhotosShown, ReadBy, ReceiptShown, RecordOfReceipt,
};
pub use recipient::{Copy, Offered};
pub use records::{GivenReading, GivenRecord, Listing, NewCase, OnRecord, RecordsGiven, Wanted};
pub use redress::{FindingShown, Findings, Follows, Found, Holder, RedressOpened, RedressShown};
pub use reference::ReferenceOutcome;
pub use report::AccuracyReport;
pub use ruling::Outage;
pub use sampling::{DisputeStep, Given, Side};
pub use sequencer::{KEY_FILE, Sequencer};
pub use stay::{
    DecisionShown, EndShown, ForeignEntry, ImportDone, OVERSTAYS_SHOWN_MAX, OverstayList, OverstayShown,
    PersonStays, ProposalShown, StayShown, StaysWanted, WayShown, WhoShown, neighbour,
};
pub use vehicle::VehicleCaptured;
pub use watch::{CONSENT_DAYS_MAX, WatchOpened};
pub use witnesses::{AskWitness, Head, HeadWitness};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};
use portunus_biometrics::face::FaceEngine;
use portunus_biometrics::pack::Calibration;
use portunus_core::id::IdempotencyKey;
use portunus_core::policy::{DataClass, Policy};
use portunus_core::ports::{Clock, Entropy, fresh};
use portunus_core::text::is_line;
use portunus_store::{Reference, Store};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use zeroize::Zeroizing;

/// What the service is made of.
pub struct Parts {
    /// Records, vault and key ring.
    pub store: Store,
    /// The face pipeline, loaded from a model pack.
    pub engine: Arc<FaceEngine>,
    /// What the model pack's scores mean.
    pub calibration: Calibration,
    /// The law as data.
    pub policy: Policy,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// Ten minutes.
pub const LOCK_AFTER_SECONDS: u32 = 600;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    parts: Parts,
    galleries: gallery::Galleries,
    ledger: ledger::Ledger,
    lookouts: lookout::Lookouts,
    oversight: oversight::Kept,
    fleeting: fleeting::FleetingPhotos,
    second_looks: sampling::SecondLooks,
    queues: parity::Queues,
    in_progress: Mutex<HashSet<IdempotencyKey>>,
    erasing_off: AtomicBool,
    /// Seconds after which a console that nobody is at locks.
    lock_after_seconds: AtomicU32,
    /// When it was last said that nothing is erased.
    shouted: Mutex<Option<Timestamp>>,
    /// Read while a boarding is recorded, written while a voyage is closed: none falls between.
    closing: RwLock<()>,
    metrics: Metrics,
    /// Raised after every commit, so that consoles look for events at once.
    committed: tokio::sync::watch::Sender<u64>,
}

impl Service {
    /// Puts the parts together. Galleries are opened by the first [`Service::refresh_galleries`].
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts,
            galleries: gallery::Galleries::default(),
            ledger: ledger::Ledger::default(),
            lookouts: lookout::Lookouts::default(),
            oversight: oversight::Kept::default(),
            fleeting: fleeting::FleetingPhotos::default(),
            second_looks: sampling::SecondLooks::default(),
            queues: parity::Queues::default(),
            in_progress: Mutex::default(),
            erasing_off: AtomicBool::new(false),
            lock_after_seconds: AtomicU32::new(LOCK_AFTER_SECONDS),
            shouted: Mutex::default(),
            closing: RwLock::default(),
            metrics: Metrics::default(),
            committed: tokio::sync::watch::Sender::new(0),
        }))
    }

    /// Records.
    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }

    /// The law in force.
    pub fn policy(&self) -> &Policy {
        &self.0.parts.policy
    }

    /// The face pipeline.
    pub fn engine(&self) -> &FaceEngine {
        &self.0.parts.engine
    }

    /// What the model pack's scores mean.
    fn calibration(&self) -> &Calibration {
        &self.0.parts.calibration
    }

    /// The counters.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    /// 16 fresh random bytes.
    pub fn fresh(&self) -> [u8; 16] {
        fresh(self.0.parts.entropy.as_ref())
    }

    /// 32 fresh random bytes, for a token.
    pub fn fresh_token(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.parts.entropy.fill(&mut bytes);
        bytes
    }

    /// How long a console may stand with nobody at it before it asks for the password again.
    pub fn consoles_lock_after(&self) -> SignedDuration {
        SignedDuration::from_secs(self.0.lock_after_seconds.load(Ordering::Relaxed).into())
    }

    /// Sets that time.
    pub fn lock_consoles_after(&self, seconds: u32) {
        self.0.lock_after_seconds.store(seconds, Ordering::Relaxed);
    }

    /// Held while a boarding is recorded.
    fn while_boarding(&self) -> RwLockReadGuard<'_, ()> {
        self.0.closing.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held while a voyage is closed.
    fn while_closing(&self) -> RwLockWriteGuard<'_, ()> {
        self.0.closing.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whoever waits for events.
    pub fn announce(&self) {
        self.0.committed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Wakes at every commit of this process.
    pub fn commits(&self) -> tokio::sync::watch::Receiver<u64> {
        self.0.committed.subscribe()
    }
}

/// The word of an enum without contents, as JSON has it: `outside-request`.
pub(crate) fn slug<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A text that somebody may give, trimmed. One that is too long is refused, and not cut: what is kept is what was said.
fn any_text(value: &str, what: &str, max: usize) -> Result<String, Refused> {
    let value = value.trim();
    let count = value.chars().count();
    if count > max {
        return Err(Refused::Malformed(format!("{what}: expected at most {max} characters, not {count}")));
    }
    Ok(value.to_owned())
}

/// The same of one that somebody has to give.
fn text(value: &str, what: &str, max: usize) -> Result<String, Refused> {
    let value = any_text(value, what, max)?;
    if value.is_empty() {
        return Err(Refused::Malformed(format!("{what}: expected 1 to {max} characters")));
    }
    Ok(value)
}

/// The same of a text that is one line.
fn line(value: &str, what: &str, max: usize) -> Result<String, Refused> {
    let value = text(value, what, max)?;
    if !is_line(&value) {
        return Err(Refused::Malformed(format!("{what}: expected one line without control characters")));
    }
    Ok(value)
}

/// What is given of a record's bytes: a crossing as its JSON, a picture as base64.
fn given(data: DataClass, content: Zeroizing<Vec<u8>>) -> (Option<serde_json::Value>, Option<String>) {
    let picture = |bytes: &[u8]| Some(BASE64.encode(bytes));
    match data {
        DataClass::Crossing => (serde_json::from_slice(&content).ok(), None),
        DataClass::Reference => (None, Reference::decode(content).and_then(|r| picture(r.portrait()))),
        _ => (None, picture(&content)),
    }
}

/// Locks, also after a panic elsewhere: what these mutexes guard is valid between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
