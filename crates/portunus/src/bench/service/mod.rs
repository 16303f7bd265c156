//! The service measured from outside: staging, a restart, a load of travellers, memory.
//!
//! | module | what it holds |
//! |---|---|
//! | [`process`] | `portunus serve` as a child, and what the system says of it; everything gone at the end |
//! | [`population`] | a voyage of 42,000: people drawn from [`distribution`], and travellers with real [`faces`] |
//! | [`gate`] | an enrolled device on its own TLS connection, signing every request |
//! | [`load`] | arrivals at a fixed rate, that no slow answer slows |
//! | [`alone`] | where a capture's time goes when nobody else is there |
//! | [`staging`] | a flight's portraits imported and staged |

pub(super) mod alone;
pub(super) mod distribution;
mod faces;
mod gate;
mod load;
mod population;
mod process;
mod staging;

use super::Context;
use super::record::{Comparison, Records};
use anyhow::{Context as _, Result, bail};
use gate::Address;
use load::Load;
use population::{Size, Voyage};
use process::{Remains, Running};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The aims, which stand for a peer where nobody else offers the same.
const STAGING_SECONDS_MAX: f64 = 15.0;
const RESTART_SECONDS_MAX: f64 = 10.0;
const DECISION_MS_MAX: f64 = 250.0;

/// A busy gate hall.
const USUAL_RATE: u32 = 5;
/// Rates are sought upwards in these steps.
const RATE_STEP: u32 = 5;
const RATE_MAX: u32 = 100;
/// The service is left alone so long before its memory counts.
const SETTLES: Duration = Duration::from_secs(2);
const GALLERY_WITHIN: Duration = Duration::from_secs(300);

/// How much is measured.
struct Plan {
    size: Size,
    restarts: usize,
    /// Loads at the usual rate, and how long each takes.
    rounds: usize,
    round_seconds: u32,
    /// At each rate on the way up.
    probe_seconds: u32,
    /// At the rate that is said to be held.
    held_seconds: u32,
}

impl Plan {
    fn of(context: &Context) -> Self {
        if context.quick {
            let size = Size { gallery: 420, mated: 12, gates: 40, measured: 40 };
            return Self {
                size,
                restarts: 1,
                rounds: 1,
                round_seconds: 4,
                probe_seconds: 2,
                held_seconds: 4,
            };
        }
        let size = Size { gallery: 42_000, mated: 420, gates: 160, measured: 600 };
        Self { size, restarts: 3, rounds: 3, round_seconds: 60, probe_seconds: 10, held_seconds: 60 }
    }
}

#[expect(clippy::disallowed_methods, reason = "what is measured here is time")]
fn instant() -> Instant {
    Instant::now()
}

/// The value that `share` of the values do not exceed: the nearest rank, so a value that was measured.
fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(f64::NAN)
}

/// Removes what is left also when something failed.
struct AtTheEnd(Remains);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        self.0.clear();
    }
}

/// Measures what was asked for.
pub(super) fn run(context: &Context) -> Result<Records> {
    let remains = Remains::watched()?;
    let _gone = AtTheEnd(remains.clone());
    let mut records = Records::new();
    if context.wants("service/staging") {
        records.extend(staging::measure(context, &remains)?);
    }
    if ["service/restart", "service/load", "service/alone", "service/memory"]
        .iter()
        .any(|name| context.wants(name))
    {
        records.extend(measure(context, &remains)?);
    }
    Ok(records)
}

fn measure(context: &Context, remains: &Remains) -> Result<Records> {
    let plan = Plan::of(context);
    let (cache, mut records) = (context.cache.dir(), Records::new());
    context.models()?;
    let empty = at_rest(&Running::start(remains, &remains.folder()?, cache)?, None)?;
    remains.clear();
    let made = instant();
    let (folder, mut voyage) = population::prepare(context, remains, plan.size)?;
    tracing::info!(seconds = made.elapsed().as_secs(), people = voyage.people, "the voyage is ready");
    let mut seconds = Vec::new();
    for _ in 1..plan.restarts {
        let (running, took) = restarted(remains, &folder, cache, &mut voyage)?;
        seconds.push(took);
        running.stop()?;
    }
    // Memory before any face was seen, then the last restart's search.
    let running = Running::start(remains, &folder, cache)?;
    let full = at_rest(&running, Some(voyage.people))?;
    running.stop()?;
    let (running, took) = restarted(remains, &folder, cache, &mut voyage)?;
    seconds.push(took);
    let people = voyage.people;
    let limit = if context.quick { Vec::new() } else { vec![RESTART_SECONDS_MAX; seconds.len()] };
    records.push(
        Comparison::new(format!("service/restart/{people}"), "s", &seconds, "limit", &limit)
            .noting("from exec until a search in the sealed gallery was answered"),
    );
    // What a small gallery takes is lost among what varies from start to start.
    if !context.quick {
        let each = (full as f64 - empty as f64) / people.max(1) as f64;
        records.push(Comparison::new("service/memory/member", "bytes", &[each], "none", &[]).noting(
            format!(
                "resident {} MB with a gallery of {people}, {} MB with none, both before the first photo",
                full >> 20,
                empty >> 20
            ),
        ));
    }
    if context.wants("service/alone") {
        let (gate, parts) = (voyage.gates.first_mut().context("no gate")?, &voyage.parts);
        records.extend(alone::measure(parts, &running, gate, &voyage.notice_version, &voyage.strangers)?);
    }
    if context.wants("service/load") || context.wants("service/memory/session") {
        records.extend(loads(context, &plan, &running, &mut voyage)?);
    }
    running.stop()?;
    Ok(records)
}

/// The service's memory when its gallery is there and nothing happens.
fn at_rest(running: &Running, people: Option<usize>) -> Result<u64> {
    if let Some(people) = people {
        gallery_is_there(running, people)?;
    }
    std::thread::sleep(SETTLES);
    running.resident_bytes()
}

/// Waits until so many people are in the open galleries, by the service's own counters.
fn gallery_is_there(running: &Running, people: usize) -> Result<()> {
    let address = Address::new(running.address, &running.certificate)?;
    let wanted = format!("portunus_gallery_people {people}");
    while running.since.elapsed() < GALLERY_WITHIN {
        let (_, text) = address.get("/metrics")?;
        if String::from_utf8_lossy(&text).lines().any(|line| line == wanted) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bail!("the service has no gallery of {people} after {} seconds", GALLERY_WITHIN.as_secs())
}

/// Starts the service on what is there; gives the seconds from exec until a search was answered.
fn restarted(remains: &Remains, folder: &Path, cache: &Path, voyage: &mut Voyage) -> Result<(Running, f64)> {
    let running = Running::start(remains, folder, cache)?;
    gallery_is_there(&running, voyage.people)?;
    let address = Address::new(running.address, &running.certificate)?;
    let gate = voyage.gates.first_mut().context("no gate")?;
    gate.speaks_with(&address);
    let encounter = gate.choose(&voyage.notice_version)?;
    let stranger = voyage.strangers.first().context("no stranger")?;
    let ready = gate.sign_capture(&encounter, stranger);
    gate.send(&ready, stranger, "step")?;
    let seconds = running.since.elapsed().as_secs_f64();
    let decision = load::decision(&voyage.store, &encounter)?;
    if decision.starts_with("unavailable") || decision.contains("NoFace") {
        bail!("the first search after a restart was not answered: {decision}");
    }
    Ok((running, seconds))
}

/// Who comes: of `count` travellers `mated` whom the gallery knows and who have not boarded, evenly between others.
fn queue(voyage: &mut Voyage, count: usize, mated: usize) -> Vec<Arc<[u8]>> {
    let left = voyage.mated.len() - mated.min(count).min(voyage.mated.len());
    let mut known = voyage.mated.split_off(left);
    let (step, strangers) = (count / known.len().max(1), &voyage.strangers);
    let next = |n: usize| {
        let known = if n.is_multiple_of(step.max(1)) { known.pop() } else { None };
        known.unwrap_or_else(|| strangers[n % strangers.len()].clone())
    };
    (0..count).map(next).collect()
}

fn loads(context: &Context, plan: &Plan, running: &Running, voyage: &mut Voyage) -> Result<Records> {
    let idle = running.resident_bytes()?;
    let run = |voyage: &mut Voyage, rate: u32, seconds: u32, mated: usize| -> Result<Load> {
        let travellers = queue(voyage, (rate * seconds) as usize, mated);
        let store = voyage.store.clone();
        let load =
            load::run((running, &store), &mut voyage.gates, &voyage.notice_version, &travellers, rate)?;
        tracing::info!("{}", load.in_words());
        Ok(load)
    };
    let bar = context.bar(plan.rounds as u64 + 3, "loads");
    // The first faces warm the models up, and count for nothing.
    run(voyage, USUAL_RATE, plan.probe_seconds, 0)?;
    let (mut p50, mut p99, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    // Most of those whom the gallery knows come at the usual rate; some are left for the highest.
    let each = voyage.mated.len() * 3 / 4 / plan.rounds;
    for _ in 0..plan.rounds {
        let load = run(voyage, USUAL_RATE, plan.round_seconds, each)?;
        p50.push(load.latency_ms(0.5));
        p99.push(load.latency_ms(0.99));
        notes.push(load.in_words());
        bar.inc(1);
    }
    let best = notes[best_of(&p99)].clone();
    let (held, last) = highest_rate(plan, voyage, &run)?;
    bar.finish_and_clear();
    let people = voyage.people;
    let limit = if context.quick { Vec::new() } else { vec![DECISION_MS_MAX; plan.rounds] };
    let name = |what: &str| format!("service/load/{people}/{what}");
    let (mix, source) = (mix(), voyage.said.clone());
    let sessions = last.sessions.max(1);
    let each = last.peak_bytes.saturating_sub(idle) as f64 / sessions as f64;
    Ok(vec![
        Comparison::new(name("5-per-second/p50"), "ms", &p50, "none", &[]).noting(mix).noting(&source),
        Comparison::new(name("5-per-second/p99"), "ms", &p99, "limit", &limit)
            .noting(format!("the best round: {best}"))
            .noting("each round's are nearest-rank percentiles"),
        Comparison::new(name("highest-rate"), "per second", &[f64::from(held)], "none", &[])
            .higher_is_better()
            .noting(format!(
                "held for {} s: p99 <= {DECISION_MS_MAX} ms and no failure. {}",
                plan.held_seconds,
                last.in_words()
            )),
        Comparison::new("service/memory/session", "bytes", &[each], "none", &[]).noting(format!(
            "resident {} MB at most in that load with {sessions} encounters open at once, {} MB after the restart's \
             one search; buffers of the models' runtime included",
            last.peak_bytes >> 20,
            idle >> 20
        )),
    ])
}

fn mix() -> &'static str {
    "photo-in to decision-out over TLS with signed requests, arrivals evenly spaced in an open loop; strangers to the \
     gallery (no candidate: referred, probe sealed) and, evenly among them, people whom it knows, each boarding once"
}

fn best_of(values: &[f64]) -> usize {
    (0..values.len()).min_by(|a, b| values[*a].total_cmp(&values[*b])).unwrap_or(0)
}

/// The highest rate that is held: upwards in steps by short loads, then in ones, then for the whole time.
fn highest_rate(
    plan: &Plan,
    voyage: &mut Voyage,
    run: &impl Fn(&mut Voyage, u32, u32, usize) -> Result<Load>,
) -> Result<(u32, Load)> {
    let held = |voyage: &mut Voyage, rate| {
        // The 99th of a hundred is of a short load the longest of all; the whole time decides by it.
        let load = run(voyage, rate, plan.probe_seconds, 0)?;
        Ok::<_, anyhow::Error>(load.failures.is_empty() && load.latency_ms(0.9) <= DECISION_MS_MAX)
    };
    let mut rate = 0;
    while rate < RATE_MAX && held(voyage, rate + RATE_STEP)? {
        rate += RATE_STEP;
    }
    let broken = rate + RATE_STEP;
    while plan.held_seconds > 30 && rate + 1 < broken && held(voyage, rate + 1)? {
        rate += 1;
    }
    let mut rate = rate.max(1);
    loop {
        let mated = voyage.mated.len();
        let load = run(voyage, rate, plan.held_seconds, mated)?;
        if load.held(DECISION_MS_MAX) {
            return Ok((rate, load));
        }
        if rate == 1 {
            // Not even one: the figure is nought, and the load says why.
            return Ok((0, load));
        }
        rate -= (rate / 4).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!(
            [percentile(&values, 0.5), percentile(&values, 0.99), percentile(&values, 1.0)],
            [100.0, 198.0, 200.0]
        );
        assert_eq!(percentile(&[3.0], 0.99), 3.0);
        assert!(percentile(&[], 0.5).is_nan());
    }
}
