//! The public ledger: from the outbox to a published head, by the path that the service takes, every write durable.

use super::Context;
use super::erasing::Folder;
use super::record::{Comparison, Records};
use crate::ambient::instant;
use anyhow::{Context as _, Result, bail};
use portunus_server::service::Sequencer;

/// Leaves of one round: three batches, the last of which is not full.
const LEAVES: usize = 25_000;
const ROUNDS: usize = 5;
/// As many as a country's border may tell at its peak.
const WANTED_PER_S: f64 = 10_000.0;

pub(super) fn names() -> Vec<String> {
    vec!["ledger/sequenced".to_owned()]
}

/// Leaves a second, of so many that wait.
fn sequence(leaves: usize) -> Result<f64> {
    let now = crate::house::now();
    let mut folder = Folder::new()?;
    folder.fill(leaves, true, now)?;
    let mut log = Sequencer::open(&folder.store, now)?.context("the log is taken")?;
    let began = instant();
    let mut published = 0;
    loop {
        match log.go_on(now)? {
            0 => break,
            some => published += some,
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    if published != leaves {
        bail!("{published} published of {leaves}");
    }
    Ok(leaves as f64 / seconds)
}

pub(super) fn run(context: &Context) -> Result<Records> {
    let (leaves, rounds) = if context.quick { (2_000, 2) } else { (LEAVES, ROUNDS) };
    let bar = context.bar(rounds as u64, "rounds of publishing");
    let mut rates = Vec::new();
    for _ in 0..rounds {
        rates.push(sequence(leaves)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let limit = vec![WANTED_PER_S; rates.len()];
    let compared = Comparison::new("ledger/sequenced", "leaves/s", &rates, "the limit that we hold", &limit);
    Ok(vec![compared.higher_is_better().noting(format!(
        "{leaves} leaves of records in batches of 10,000: outbox, places, tiles and head with fsync, published"
    ))])
}
