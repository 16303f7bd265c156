//! Stays: crossings paired a second and the memory that takes, all at once and one by one, beside the plain way: a map from
//! the document's number to its crossings, sorted, and each entry closed by what comes next.
//!
//! Each side runs in a process of its own, so that its peak of memory is its own. What making its crossings takes is measured
//! apart and taken off, the plain way's as ours.

mod crossings;
mod sides;

use super::Context;
use super::alone::alone;
use super::record::{Comparison, Records};
use anyhow::{Context as _, Result};
use sides::Measured;
pub(super) use sides::Side;

/// As a small country has in a year, and a large one in a week.
const CROSSINGS: [u64; 2] = [1_000_000, 10_000_000];
const ROUNDS: usize = 3;
/// As for the ledger: as many as a country's border may tell at its peak.
const WANTED_PER_S: f64 = 10_000.0;

pub(super) fn names() -> Vec<String> {
    vec!["stays".to_owned()]
}

/// Measures one side in this process, which was started for it.
pub(super) fn measure(side: Side, crossings: u64) -> Result<()> {
    crate::print(&serde_json::to_string(&sides::run(side, crossings)?)?)
}

fn in_a_process(side: Side, crossings: u64) -> Result<Measured> {
    alone(&["--stays-side", side.name(), "--stays", &crossings.to_string()])
}

/// What the rounds gave of one side: crossings a second, bytes a crossing.
#[derive(Default)]
struct Rounds {
    per_s: Vec<f64>,
    bytes: Vec<f64>,
}

impl Rounds {
    fn add(&mut self, measured: &Measured, made: &Measured, crossings: u64) {
        let n = crossings as f64;
        // Of few crossings the noise may be more than all: then what is taken off is taken for half of it.
        self.per_s.push(n / (measured.seconds - made.seconds).max(measured.seconds / 2.0));
        self.bytes.push(measured.peak_bytes.saturating_sub(made.peak_bytes) as f64 / n);
    }
}

fn of_size(crossings: u64, rounds: usize, step: impl Fn()) -> Result<Records> {
    let (mut at_once, mut one_by_one, mut plain) = (Rounds::default(), Rounds::default(), Rounds::default());
    let mut last = None;
    for _ in 0..rounds {
        let made = in_a_process(Side::Made, crossings)?;
        let book = in_a_process(Side::AtOnce, crossings)?;
        at_once.add(&book, &made, crossings);
        let by_number = in_a_process(Side::Plain, crossings)?;
        plain.add(&by_number, &in_a_process(Side::PlainMade, crossings)?, crossings);
        let streamed = in_a_process(Side::OneByOne, crossings)?;
        one_by_one.add(&streamed, &made, crossings);
        anyhow::ensure!(book.paired == streamed.paired, "both ways pair the same");
        last = Some((book, by_number));
        step();
    }
    let (book, by_number) = last.context("at least one round")?;
    let peer = "a map of numbers, sorted";
    let limit = vec![WANTED_PER_S; rounds];
    let name = |what: &str| format!("stays/{crossings}/{what}");
    let paired = format!(
        "{} entries closed, by the plain way {}; {} exits proposed, {} of them rightly, of {} that no document links",
        book.paired, by_number.paired, book.proposed, book.proposed_rightly, book.unlinked
    );
    Ok(vec![
        Comparison::new(name("at-once"), "crossings/s", &at_once.per_s, peer, &plain.per_s)
            .higher_is_better()
            .noting(paired),
        Comparison::new(
            name("one-by-one"),
            "crossings/s",
            &one_by_one.per_s,
            "the limit that we hold",
            &limit,
        )
        .higher_is_better()
        .noting("each crossing in the order of its arrival, and that person's stays explained anew"),
        Comparison::new(name("memory"), "bytes/crossing", &at_once.bytes, peer, &plain.bytes)
            .noting("peak, with names and dates of birth for proposals; the plain way has neither"),
        Comparison::new(name("memory-one-by-one"), "bytes/crossing", &one_by_one.bytes, peer, &plain.bytes),
    ])
}

pub(super) fn run(context: &Context) -> Result<Records> {
    let (sizes, rounds) = match (context.stays, context.quick) {
        (Some(size), quick) => (vec![size], if quick { 1 } else { ROUNDS }),
        (None, true) => (vec![20_000], 2),
        (None, false) => (CROSSINGS.to_vec(), ROUNDS),
    };
    let bar = context.bar((rounds * sizes.len()) as u64, "rounds of pairing");
    let mut records = Records::new();
    for size in sizes {
        records.extend(of_size(size, rounds, || bar.inc(1))?);
    }
    bar.finish_and_clear();
    Ok(records)
}
