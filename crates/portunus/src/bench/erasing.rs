//! Erasing what is due: with the keys of buckets beside a key for each, and what a capture notices of it.

use super::Context;
use super::record::{Comparison, Records};
use crate::ambient::instant;
use crate::house::open_store;
use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use portunus_core::biometric::PackId;
use portunus_core::document::{DocumentKey, DocumentKind, State};
use portunus_core::encounter::Method;
use portunus_core::id::{PassengerId, RecordId, VoyageId};
use portunus_core::place::Direction;
use portunus_core::policy::{PersonClass, Start};
use portunus_core::voyage::{Leg, Manifest, ManifestAction, VoyageKey};
use portunus_store::{ManifestOutcome, NewCrossing, NewReference, Store, Subject};
use std::sync::atomic::{AtomicBool, Ordering};

/// Five rounds of this make the million.
const RECORDS: usize = 200_000;
const ROUNDS: usize = 5;
/// With a key for each it takes too long for as many: the two are compared at this size.
const FEW: usize = 4_000;
/// As many as a bucket has, and a large voyage.
const AT_ONCE: usize = 1000;
/// As the service erases.
const BATCH: usize = 200;
/// As large as a crop of a face.
const PORTRAIT_BYTES: usize = 8 * 1024;
const CAPTURES: usize = 60;

pub(super) fn names() -> Vec<String> {
    ["erasing/record", "erasing/many", "erasing/capture-beside"].map(str::to_owned).to_vec()
}

/// A store with crossings to be erased; and what is kept beside.
pub(super) struct Folder {
    pub(super) store: Store,
    flights: u32,
    documents: u32,
    _home: tempfile::TempDir,
}

impl Folder {
    pub(super) fn new() -> Result<Self> {
        let home = tempfile::tempdir()?;
        Ok(Self { store: open_store(&home.path().join("data"))?, flights: 0, documents: 0, _home: home })
    }

    fn voyage(&mut self, now: Timestamp) -> Result<VoyageId> {
        self.flights += 1;
        let date = now.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        let voyage = VoyageKey::new("PX", &self.flights.to_string(), date).context("a voyage's key")?;
        let leg = Leg { from: "JFK".into(), to: "CDG".into(), departs: None, arrives: None };
        let manifest =
            Manifest { voyage, legs: vec![leg], action: ManifestAction::Replace, people: Vec::new() };
        match self.store.apply_manifest(&manifest, now)? {
            ManifestOutcome::Applied(applied) => Ok(applied.voyage),
            ManifestOutcome::Refused { .. } => bail!("the bench's own manifest was refused"),
        }
    }

    /// Keeps `records` crossings. Due together, or each in a minute of its own.
    pub(super) fn fill(&mut self, records: usize, together: bool, now: Timestamp) -> Result<()> {
        for first in (0..records).step_by(AT_ONCE) {
            let voyage = self.voyage(now)?;
            let crossing = |n: usize| {
                let minute = if together { 0 } else { n as i64 };
                let erase_after = now.saturating_add(SignedDuration::from_mins(minute)).unwrap_or(now);
                let mut passenger = [0; 16];
                passenger[8..].copy_from_slice(&(n as u64).to_be_bytes());
                NewCrossing {
                    passenger: PassengerId::from_bytes(passenger),
                    encounter: None,
                    content: vec![b'x'; 300],
                    subject: Subject { documents: &[], person: None },
                    class: PersonClass::NonImmigrant,
                    start: Start::crossing(now, Direction::Exit),
                    method: Method::FaceMatched,
                    entered_later: false,
                    erase_after,
                    probe: None::<RecordId>,
                    confidential: false,
                }
            };
            let crossings: Vec<_> = (first..records.min(first + AT_ONCE)).map(crossing).collect();
            self.store.close_voyage(voyage, &crossings, now)?;
        }
        Ok(())
    }

    /// Milliseconds that sealing and committing a portrait takes.
    fn keep_one(store: &Store, n: u32, now: Timestamp) -> Result<f64> {
        let document = DocumentKey::new(State::new("UTO")?, DocumentKind::new("P")?, &format!("B{n}"))?;
        let mut portrait = vec![7; PORTRAIT_BYTES];
        portrait[..4].copy_from_slice(&n.to_be_bytes());
        let reference = NewReference {
            portrait: &portrait,
            template: &[0; 512],
            pack: &PackId("bench".to_owned()),
            class: PersonClass::NonImmigrant,
            erase_after: now.saturating_add(SignedDuration::from_hours(24 * 365)).unwrap_or(now),
        };
        let began = instant();
        store.put_reference(&document, &reference, now)?;
        Ok(began.elapsed().as_secs_f64() * 1e3)
    }

    /// So many, one after the other, without erasing.
    fn captures(&mut self, now: Timestamp) -> Result<Vec<f64>> {
        (0..CAPTURES)
            .map(|_| {
                self.documents += 1;
                Self::keep_one(&self.store, self.documents, now)
            })
            .collect()
    }

    /// Erases all that is due while portraits are kept; microseconds for each record, milliseconds for each portrait.
    fn erase(&mut self, records: usize, due: Timestamp, now: Timestamp) -> Result<(f64, Vec<f64>)> {
        let over = AtomicBool::new(false);
        let (store, first) = (&self.store, self.documents);
        let (seconds, kept) = std::thread::scope(|scope| {
            let beside = scope.spawn(|| {
                let mut took = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    took.push(Self::keep_one(store, first + 1 + took.len() as u32, now)?);
                }
                Ok::<_, anyhow::Error>(took)
            });
            let began = instant();
            let mut erased = 0;
            let done = store.erase_all_due(due, BATCH, |batch| erased += batch);
            let seconds = began.elapsed().as_secs_f64();
            over.store(true, Ordering::Relaxed);
            let took = beside.join().map_err(|_| anyhow::anyhow!("keeping portraits panicked"))?;
            done?;
            if erased != records {
                bail!("{erased} erased of {records}");
            }
            Ok((seconds, took?))
        })?;
        self.documents += kept.len() as u32;
        Ok((seconds * 1e6 / records as f64, kept))
    }
}

fn p95(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) * 95 / 100).copied().unwrap_or(f64::NAN)
}

pub(super) fn run(context: &Context) -> Result<Records> {
    let (records, few, rounds) = if context.quick { (4_000, 200, 2) } else { (RECORDS, FEW, ROUNDS) };
    let bar = context.bar(rounds as u64, "rounds of erasing");
    let (mut ours, mut one_key_each, mut many) = (vec![], vec![], vec![]);
    let (mut beside, mut without) = (vec![], vec![]);
    for _ in 0..rounds {
        let now = crate::house::now();
        let mut folder = Folder::new()?;
        folder.fill(records, true, now)?;
        without.push(p95(folder.captures(now)?));
        let (each, kept) = folder.erase(records, now, now)?;
        many.push(each);
        beside.push(p95(kept));
        for (together, times) in [(true, &mut ours), (false, &mut one_key_each)] {
            let mut folder = Folder::new()?;
            folder.fill(few, together, now)?;
            let due = now.saturating_add(SignedDuration::from_mins(few as i64)).unwrap_or(now);
            times.push(folder.erase(few, due, now)?.0);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(vec![
        Comparison::new("erasing/record", "us", &ours, "a key for each record", &one_key_each)
            .noting(format!("{few} crossings; portraits of 8 kB sealed and committed beside")),
        Comparison::new("erasing/many", "us", &many, format!("a record of {few}"), &ours).noting(format!(
            "a record of {records}, {} in {rounds} rounds; portraits of 8 kB sealed and committed beside",
            records * rounds
        )),
        Comparison::new("erasing/capture-beside", "ms", &beside, "the same without erasing", &without)
            .noting("95th percentile of sealing and committing a portrait of 8 kB"),
    ])
}
