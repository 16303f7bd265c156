//! Lookouts: how long a traveller's question takes of a list of a million, beside the limit; and the memory of its index,
//! measured in processes of their own.

use super::Context;
use super::alone::{alone, peak_bytes};
use super::record::{Comparison, Records};
use crate::ambient::instant;
use crate::dice::Dice;
use crate::lookouts::calibrate::{Drawing, LONG_FROM_NOW, Traveller, drawn, list};
use crate::lookouts::mangle::as_traveller;
use crate::lookouts::people::person;
use anyhow::Result;
use portunus_core::lookout::Index;

const ENTRIES: usize = 1_000_000;
const QUESTIONS: usize = 20_000;
const ROUNDS: usize = 5;
/// The 99th percentile stays under this.
const LIMIT_MS: f64 = 10.0;
/// An index of a million stays under a gibibyte.
const LIMIT_BYTES: f64 = 1024.0;

/// What is measured of memory, each in its own process.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Side {
    /// The list is drawn, and nothing is made of it.
    Drawn,
    /// An index of it.
    Indexed,
}

/// What a process says of its side.
#[derive(serde::Serialize, serde::Deserialize)]
struct Held {
    peak_bytes: u64,
    index_bytes: usize,
}

pub(super) fn names() -> Vec<String> {
    ["lookouts/p50", "lookouts/p99", "lookouts/memory"].map(str::to_owned).to_vec()
}

fn drawing(entries: usize) -> Drawing {
    Drawing { entries, ..Drawing::default() }
}

/// Measures one side in this process, which was started for it.
pub(super) fn measure(side: Side, entries: usize) -> Result<()> {
    let (_people, lookouts) = drawn(drawing(entries), &mut Dice::new(1), LONG_FROM_NOW);
    let all = lookouts.iter().map(|(id, lookout)| (*id, lookout));
    let index = match side {
        Side::Drawn => Index::default(),
        Side::Indexed => Index::of(all)?,
    };
    let held = Held { peak_bytes: peak_bytes()?, index_bytes: index.bytes() };
    crate::print(&serde_json::to_string(&held)?)
}

pub(super) fn run(context: &Context) -> Result<Records> {
    let (entries, questions, rounds) =
        if context.quick { (50_000, 2000, 2) } else { (ENTRIES, QUESTIONS, ROUNDS) };
    let entries = context.lookouts.unwrap_or(entries);
    let bar = context.bar(rounds as u64 + 1, "rounds of questions to lookouts");
    let mut dice = Dice::new(1);
    let list = list(drawing(entries), &mut dice, LONG_FROM_NOW)?;
    let (mut p50, mut p99, mut worst) = (Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..rounds {
        let mut took = Vec::with_capacity(questions);
        for n in 0..questions {
            // One in ten is listed: a hit takes longer than none.
            let who = if n % 10 == 0 { list.anybody(&mut dice).clone() } else { person(&mut dice) };
            let traveller = Traveller::of(as_traveller(&who, &mut dice).0);
            let start = instant();
            std::hint::black_box(list.index.ask(&traveller.query(), crate::house::now()));
            took.push(start.elapsed().as_secs_f64() * 1000.0);
        }
        took.sort_unstable_by(f64::total_cmp);
        p50.push(took[questions / 2]);
        p99.push(took[questions * 99 / 100]);
        worst = worst.max(took[questions - 1]);
        bar.inc(1);
    }
    let of = format!(
        "a list of {entries}, one thread, one traveller in ten listed, names in up to eight spellings"
    );
    let limit = |name: &str, values: &[f64]| {
        Comparison::new(name, "ms", values, "the limit of 10 ms", &vec![LIMIT_MS; values.len()]).noting(&of)
    };
    drop(list);
    let side = |side| alone::<Held>(&["--lookouts-side", side, "--lookouts", &entries.to_string()]);
    let (drawn, indexed) = (side("drawn")?, side("indexed")?);
    bar.finish_and_clear();
    let bytes = indexed.peak_bytes.saturating_sub(drawn.peak_bytes) as f64;
    let parts = indexed.index_bytes as f64 / 1024.0 / 1024.0;
    Ok(vec![
        limit("lookouts/p50", &p50),
        limit("lookouts/p99", &p99).noting(format!("the slowest of all took {worst:.1} ms")),
        Comparison::new(
            "lookouts/memory",
            "bytes/entry",
            &[bytes / entries as f64],
            "the limit of 1 GiB for a million",
            &[LIMIT_BYTES],
        )
        .noting(format!(
            "the peak of making it, {:.0} MiB; {parts:.0} MiB stay, by the capacities of its parts",
            bytes / 1024.0 / 1024.0
        )),
    ])
}
