//! Travellers arriving at a fixed rate, whatever becomes of those before them.
//!
//! The moment at which each traveller's photo goes in is fixed before the first comes (an open loop): a slow
//! answer does not slow the arrivals, and whoever finds every gate taken waits, and the wait counts.

use super::gate::{Address, Gate};
use super::process::{Running, Spent};
use super::{instant, percentile};
use anyhow::{Context as _, Result};
use portunus_core::decide::Decision;
use portunus_core::id::EncounterId;
use portunus_store::Store;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Between the choice and the photo: the traveller looks up. Signing happens in it, so that it costs nobody time.
const LOOKS_UP: Duration = Duration::from_secs(1);
const SAMPLE_EVERY: Duration = Duration::from_millis(50);

/// What a load gave.
pub(super) struct Load {
    pub(super) rate: u32,
    /// From the moment at which the photo was to go in until the decision was out, of each traveller answered.
    pub(super) latencies_ms: Vec<f64>,
    /// What failed: no answer, a refusal, a decision that the machine could not make.
    pub(super) failures: Vec<String>,
    /// How many of each decision.
    pub(super) decisions: BTreeMap<String, usize>,
    /// How late this tool sent, at the 99th of a hundred.
    pub(super) late_ms: f64,
    /// Processors busy meanwhile.
    pub(super) spent: Spent,
    /// The service's largest resident memory that was seen.
    pub(super) peak_bytes: u64,
    /// Encounters open at once, at most.
    pub(super) sessions: usize,
}

impl Load {
    /// The latency that `share` of the travellers did not exceed.
    pub(super) fn latency_ms(&self, share: f64) -> f64 {
        percentile(&self.latencies_ms, share)
    }

    /// Whether the rate was held: nobody failed, and 99 of 100 had their answer in time.
    pub(super) fn held(&self, limit_ms: f64) -> bool {
        self.failures.is_empty() && self.latency_ms(0.99) <= limit_ms
    }

    pub(super) fn in_words(&self) -> String {
        let decisions: Vec<String> = self.decisions.iter().map(|(what, n)| format!("{n} {what}")).collect();
        let failed = match self.failures.first() {
            None => "no failure".to_owned(),
            Some(first) => format!("{} FAILED, the first: {first}", self.failures.len()),
        };
        format!(
            "{} per second: p50 {:.0} ms, p99 {:.0} ms, longest {:.0} ms of {}; decisions: {}; {failed}; \
             the tool sent up to {:.1} ms late (p99); {}",
            self.rate,
            self.latency_ms(0.5),
            self.latency_ms(0.99),
            self.latency_ms(1.0),
            self.latencies_ms.len(),
            decisions.join(", "),
            self.late_ms,
            self.spent.in_words()
        )
    }
}

/// One traveller's passage.
struct Passed {
    latency: Duration,
    late: Duration,
    result: Result<String>,
}

/// Lets travellers with these captures come, `rate` a second.
pub(super) fn run(
    (running, store): (&Running, &Store),
    gates: &mut [Gate],
    notice_version: &str,
    travellers: &[Arc<[u8]>],
    rate: u32,
) -> Result<Load> {
    let address = Address::new(running.address, &running.certificate)?;
    // Each traveller takes a gate for a second and an answer; a late one is not to make the next late at once.
    let gates_used = gates.len().min(rate as usize * 3 + 4);
    let gates = &mut gates[..gates_used];
    gates.iter_mut().for_each(|gate| gate.speaks_with(&address));
    let first = instant() + LOOKS_UP + Duration::from_millis(500);
    let due = |n: usize| first + Duration::from_secs_f64(n as f64 / f64::from(rate));
    let (open, most, over) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let before = Spent::now(running.pid())?;
    let (passed, peak_bytes) = std::thread::scope(|scope| {
        let threads: Vec<_> = gates
            .iter_mut()
            .enumerate()
            .map(|(at, gate)| {
                let (open, most) = (&open, &most);
                scope.spawn(move || {
                    let mut passed = Vec::new();
                    for n in (at..travellers.len()).step_by(gates_used) {
                        wait_until(due(n) - LOOKS_UP);
                        most.fetch_max(open.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                        passed.push(pass(gate, notice_version, &travellers[n], due(n)));
                        open.fetch_sub(1, Ordering::Relaxed);
                    }
                    passed
                })
            })
            .collect();
        let sampler = scope.spawn(|| {
            let mut peak = 0;
            while !over.load(Ordering::Relaxed) {
                peak = peak.max(running.resident_bytes().unwrap_or(0));
                std::thread::sleep(SAMPLE_EVERY);
            }
            peak
        });
        let joined: Vec<Passed> = threads.into_iter().flat_map(joined).collect();
        over.store(true, Ordering::Relaxed);
        (joined, joined_one(sampler))
    });
    let spent = Spent::now(running.pid())?.since(before);
    let late: Vec<f64> = passed.iter().map(|p| p.late.as_secs_f64() * 1e3).collect();
    let mut load = Load {
        rate,
        latencies_ms: Vec::new(),
        failures: Vec::new(),
        decisions: BTreeMap::new(),
        late_ms: percentile(&late, 0.99),
        spent,
        peak_bytes,
        sessions: most.load(Ordering::Relaxed),
    };
    for passed in passed {
        let decision = passed.result.and_then(|encounter| decision(store, &encounter));
        match decision {
            Err(error) => load.failures.push(format!("{error:#}")),
            Ok(decision) => {
                if decision.starts_with("unavailable") {
                    load.failures.push(decision.clone());
                }
                *load.decisions.entry(decision).or_default() += 1;
                load.latencies_ms.push(passed.latency.as_secs_f64() * 1e3);
            }
        }
    }
    Ok(load)
}

fn joined(thread: std::thread::ScopedJoinHandle<'_, Vec<Passed>>) -> Vec<Passed> {
    joined_one(thread)
}

fn joined_one<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn wait_until(when: Instant) {
    let left = when.saturating_duration_since(instant());
    if !left.is_zero() {
        std::thread::sleep(left);
    }
}

/// The choice, a look up, the photo at its moment, the answer.
fn pass(gate: &mut Gate, notice_version: &str, capture: &[u8], due: Instant) -> Passed {
    let mut late = Duration::ZERO;
    let mut through = || {
        let encounter = gate.choose(notice_version)?;
        let ready = gate.sign_capture(&encounter, capture);
        wait_until(due);
        late = instant().saturating_duration_since(due);
        gate.send(&ready, capture, "step")?;
        Ok(encounter)
    };
    let result = through();
    Passed { latency: instant().saturating_duration_since(due), late, result }
}

/// What was decided in an encounter, from the record: the gate is told only what the traveller is to do.
pub(super) fn decision(store: &Store, encounter: &str) -> Result<String> {
    let id: EncounterId = encounter.parse()?;
    let kept = store.encounter(id)?.context("the encounter is gone")?;
    Ok(match kept.decision.context("an encounter without a decision")? {
        Decision::Confirmed { .. } => "confirmed".to_owned(),
        Decision::Unavailable { failure } => format!("unavailable: {failure:?}"),
        Decision::Refer { reasons, .. } => {
            let words: Vec<String> = reasons.iter().map(|reason| format!("{reason:?}")).collect();
            format!("referred ({})", words.join(", "))
        }
    })
}
