//! What the service does, without HTTP: the rules of `core` applied to the store, the models and the galleries.
//!
//! Every function here blocks (files, SQLite, models); the HTTP side calls them off its event loop.

mod boarding;
mod capture;
mod erasing;
mod fleeting;
mod gallery;
mod ledger;
mod manifest;
mod metrics;
mod outcome;
pub mod oversight;
pub(crate) mod receipt;
mod recipient;
mod records;
mod reference;
pub mod report;
mod ruling;
mod sampling;
mod sequencer;
mod upkeep;
mod witnesses;

pub use boarding::{CarrierPassenger, CarrierStatus, Progress, Sought};
pub use capture::{Begun, Captured, Device, FRAMES_MAX, Joining, Previewed, Submission};
pub use erasing::Halted;
pub use gallery::{StagedMember, StagingReport, Unstaged};
pub use manifest::{Taken, TakenMessage, take_manifests};
pub use metrics::Metrics;
pub use outcome::Refused;
pub use receipt::{
    ContestShown, LedgerShown, PassageShown, PhotosShown, ReadBy, ReceiptShown, RecordOfReceipt,
};
pub use recipient::{Copy, Offered};
pub use records::{GivenReading, GivenRecord, Listing, NewCase, OnRecord, RecordsGiven, Wanted};
pub use reference::ReferenceOutcome;
pub use report::AccuracyReport;
pub use ruling::Outage;
pub use sampling::{DisputeStep, Given, Side};
pub use sequencer::{KEY_FILE, Sequencer};
pub use witnesses::{AskWitness, Head, HeadWitness};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use portunus_biometrics::face::FaceEngine;
use portunus_biometrics::pack::Calibration;
use portunus_core::id::IdempotencyKey;
use portunus_core::policy::{DataClass, Policy};
use portunus_core::ports::{Clock, Entropy, fresh};
use portunus_store::{Reference, Store};
use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
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

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    parts: Parts,
    galleries: gallery::Galleries,
    ledger: ledger::Ledger,
    oversight: oversight::Kept,
    fleeting: fleeting::FleetingPhotos,
    second_looks: sampling::SecondLooks,
    in_progress: Mutex<HashSet<IdempotencyKey>>,
    erasing_off: AtomicBool,
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
            oversight: oversight::Kept::default(),
            fleeting: fleeting::FleetingPhotos::default(),
            second_looks: sampling::SecondLooks::default(),
            in_progress: Mutex::default(),
            erasing_off: AtomicBool::new(false),
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

/// A text that somebody has to give, trimmed and cut at `max` characters.
fn text(value: &str, what: &str, max: usize) -> Result<String, Refused> {
    match value.trim() {
        "" => Err(Refused::Malformed(format!("{what}: expected 1 to {max} characters"))),
        value => Ok(value.chars().take(max).collect()),
    }
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
