//! Exhaustive search of one face, or of eight at once, among templates: against FAISS, usearch and numpy, against
//! our own code without vector instructions, and against what the machine's memory allows.

use super::machine;
use super::measure::{Turns, take_turns, typical};
use super::peers::{Missing, Peer, Peers};
use super::rows::Rows;
use super::{Comparison, Context, Records};
use anyhow::{Context as _, Result, anyhow};
use jiff::{SignedDuration, Timestamp};
use portunus_biometrics::face::Template;
use portunus_biometrics::gallery::scan::{Kernel, Plan, Precision, QUERIES_MAX, Rows as Scanned};
use portunus_biometrics::gallery::{Gallery, Window};
use portunus_core::biometric::PackId;
use portunus_core::id::{PassengerId, VoyageId};
use serde_json::json;
use std::time::Duration;

/// A full aeroplane, and a port's day.
const SIZES: [usize; 2] = [420, 42_000];
const QUERIES: [usize; 2] = [1, QUERIES_MAX];
const THREADS: [usize; 2] = [1, 2];
const MOST: usize = 10;
const PRECISIONS: [(&str, Precision); 2] = [("f32", Precision::F32), ("int8", Precision::Int8)];
/// Names of peers in ours, in `peer.py`, their package, and what of it is used.
const FLAT: Other = Other("faiss-flat", "faiss-f32", "faiss-cpu", "IndexFlatIP");
const PEERS: [&[Other]; 2] = [
    &[
        FLAT,
        Other("usearch", "usearch-f32", "usearch", "exact, f32"),
        Other("numpy", "numpy-f32", "numpy", "matmul, argpartition"),
    ],
    &[
        FLAT,
        Other("faiss-int8", "faiss-int8", "faiss-cpu", "IndexScalarQuantizer QT_8bit_direct_signed"),
        Other("usearch-int8", "usearch-int8", "usearch", "exact, int8"),
    ],
];
const MICROSECONDS: &str = "µs";

struct Other(&'static str, &'static str, &'static str, &'static str);

/// One way to search.
#[derive(Clone, Copy)]
struct Way {
    size: usize,
    /// Index in [`PRECISIONS`]; `None` is the gallery with its people.
    precision: Option<usize>,
    queries: usize,
    threads: usize,
}

impl Way {
    fn all() -> Vec<Self> {
        let mut ways = Vec::new();
        for size in SIZES {
            for threads in THREADS {
                for precision in 0..PRECISIONS.len() {
                    let way = |queries| Self { size, precision: Some(precision), queries, threads };
                    ways.extend(QUERIES.map(way));
                }
            }
            ways.push(Self { size, precision: None, queries: 1, threads: 1 });
        }
        ways
    }

    fn peers(self) -> &'static [Other] {
        self.precision.map_or(&PEERS[0][..1], |precision| PEERS[precision])
    }

    fn group(self) -> String {
        let what = self.precision.map_or("gallery", |at| PRECISIONS[at].0);
        let plural = |n: usize, one: &str, more: &str| format!("{n}-{}", if n == 1 { one } else { more });
        let queries = plural(self.queries, "query", "queries");
        format!("search/{}/{what}/{queries}/{}", self.size, plural(self.threads, "thread", "threads"))
    }

    fn name(self, peer: &str) -> String {
        format!("{}/{peer}", self.group())
    }

    /// Our slowest code and the memory's limit are asked for once each.
    fn is_plain(self) -> bool {
        self.precision.is_some() && self.queries == 1 && self.threads == 1
    }
}

/// What can be asked for.
pub(super) fn names() -> Vec<String> {
    let mut names = Vec::new();
    for way in Way::all() {
        names.extend(way.peers().iter().map(|peer| way.name(peer.0)));
        if way.is_plain() {
            names.push(way.name("scalar"));
            names.extend(limits(way).map(|limit| way.name(limit)));
        }
    }
    names
}

/// A few rows stay in the nearest cache, where a plain sum is no limit.
fn limits(way: Way) -> impl Iterator<Item = &'static str> {
    ["bandwidth-same-size", "bandwidth-memory"].into_iter().filter(move |_| way.size > 10_000)
}

/// Measures what was asked for.
pub(super) fn run(context: &Context, peers: &Peers) -> Result<Records> {
    let rows = Rows::new(context)?;
    let folder = tempfile::tempdir().context("a folder for the rows")?;
    let wanted: Vec<Way> = Way::all().into_iter().filter(|way| context.wants(&way.group())).collect();
    let bar = context.bar(wanted.len() as u64, "searches");
    let mut records = Records::new();
    for size in SIZES {
        let ways: Vec<Way> = wanted.iter().copied().filter(|way| way.size == size).collect();
        if ways.is_empty() {
            continue;
        }
        let drawn = rows.draw(size, QUERIES_MAX);
        let (file, queries) = drawn.write(folder.path())?;
        for threads in THREADS {
            let mut peer = peers.start(threads).and_then(|mut peer| {
                let request = json!({
                    "do": "load-search", "rows": file, "queries": queries, "dimension": drawn.dimension,
                });
                peer.ask::<bool>(&request).map(|_| peer)
            });
            for way in ways.iter().copied().filter(|way| way.threads == threads) {
                let searching = Searching { context, peers, way, said: &rows.said };
                let ours = Ours::new(way, &drawn.rows, &drawn.queries, drawn.dimension)?;
                records.extend(searching.against_peers(&ours, &mut peer)?);
                if let Ours::Scan { rows, queries } = &ours
                    && way.is_plain()
                {
                    records.extend(searching.against_scalar(rows, queries)?);
                    records.extend(searching.against_memory(rows, queries)?);
                }
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    Ok(records)
}

/// What is searched.
enum Ours {
    Scan { rows: Scanned, queries: Vec<Vec<f32>> },
    Gallery { gallery: Box<Gallery>, probe: Template, now: Timestamp },
}

impl Ours {
    fn new(way: Way, values: &[f32], queries: &[f32], dimension: usize) -> Result<Self> {
        let queries: Vec<Vec<f32>> = queries.chunks_exact(dimension).map(<[f32]>::to_vec).collect();
        if let Some(precision) = way.precision {
            let mut rows = Scanned::new(PRECISIONS[precision].1);
            values.chunks_exact(dimension).for_each(|row| rows.push(row));
            return Ok(Self::Scan { rows, queries });
        }
        let (pack, opens) = (PackId("benchmark".to_owned()), Timestamp::UNIX_EPOCH);
        let now = opens.checked_add(SignedDuration::from_hours(1))?;
        let expires = opens.checked_add(SignedDuration::from_hours(2))?;
        let mut gallery =
            Gallery::new(VoyageId::from_bytes([1; 16]), Window { opens, expires }, pack.clone());
        for (n, row) in values.chunks_exact(dimension).enumerate() {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&(n as u64).to_be_bytes());
            gallery.insert(PassengerId::from_bytes(id), &Template::new(pack.clone(), row)?)?;
        }
        let probe = Template::new(pack, queries.first().context("no query was drawn")?)?;
        Ok(Self::Gallery { gallery: Box::new(gallery), probe, now })
    }

    fn search(&self, way: Way, kernel: Kernel) -> Result<()> {
        match self {
            Self::Scan { rows, queries } => {
                let plan = Plan { kernel, threads: way.threads };
                std::hint::black_box(rows.nearest(&of(&queries[..way.queries]), MOST, plan));
            }
            Self::Gallery { gallery, probe, now } => {
                std::hint::black_box(gallery.search(probe, *now, MOST)?);
            }
        }
        Ok(())
    }

    /// The best row of each query.
    fn nearest(&self, way: Way) -> Option<Vec<usize>> {
        let Self::Scan { rows, queries } = self else { return None };
        let found = rows.nearest(&of(&queries[..way.queries]), 1, Plan::default());
        Some(found.iter().filter_map(|best| best.first()).map(|(row, _)| *row).collect())
    }
}

fn of(queries: &[Vec<f32>]) -> Vec<&[f32]> {
    queries.iter().map(Vec::as_slice).collect()
}

struct Searching<'a> {
    context: &'a Context,
    peers: &'a Peers,
    way: Way,
    /// What the rows are.
    said: &'a str,
}

impl Searching<'_> {
    fn rounds(&self) -> usize {
        if self.context.quick { 2 } else { 9 }
    }

    /// How long a turn is.
    fn turn(&self) -> Duration {
        Duration::from_millis(if self.context.quick { 4 } else { 60 })
    }

    fn against_peers(&self, ours: &Ours, peer: &mut Result<Peer, Missing>) -> Result<Records> {
        let way = self.way;
        let others: Vec<&Other> =
            way.peers().iter().filter(|other| self.context.wants(&way.name(other.0))).collect();
        let kernel = Kernel::default();
        let turns = take_turns(
            self.rounds(),
            others.len(),
            || Ok(typical(self.turn(), || ours.search(way, kernel))? * 1e6),
            |which| {
                let peer = peer.as_mut().map_err(|missing| missing.clone())?;
                let nanoseconds = self.turn().as_nanos() as u64;
                let request = json!({
                    "do": "run-search", "peer": others[which].1, "queries": way.queries,
                    "nanoseconds": nanoseconds,
                });
                Ok(peer.ask::<f64>(&request)? / 1e3)
            },
        )?;
        let best = ours.nearest(way);
        let record = |(turns, other): (Turns, &&Other)| {
            let Other(name, asked, package, with) = **other;
            let made = turns.comparison(
                way.name(name),
                MICROSECONDS,
                format!("{} {with}", self.peers.name(package)),
            );
            let made = made.noting(format!(
                "the best {MOST} rows for {}; ours: {}; {}",
                if way.queries == 1 {
                    "one query".to_owned()
                } else {
                    format!("{} queries at once", way.queries)
                },
                self.in_words(kernel),
                self.said
            ));
            match (&best, peer.as_mut()) {
                (Some(best), Ok(peer)) if turns.missing.is_none() => {
                    made.noting(agreement(peer, asked, best).unwrap_or_else(|missing| missing.0))
                }
                _ => made,
            }
        };
        Ok(turns.into_iter().zip(&others).map(record).collect())
    }

    fn in_words(&self, kernel: Kernel) -> String {
        let what = match self.way.precision {
            Some(0) => "f32",
            Some(_) => "a first pass in int8, then f32: the same rows as in f32",
            None => "Gallery::search with people's names, window and score normalisation",
        };
        format!("{} kernel, {what}", kernel.name())
    }

    fn against_scalar(&self, rows: &Scanned, queries: &[Vec<f32>]) -> Result<Option<Comparison>> {
        let (way, name) = (self.way, self.way.name("scalar"));
        let Some(scalar) = Kernel::named("scalar").filter(|_| self.context.wants(&name)) else {
            return Ok(None);
        };
        let search = |kernel| {
            typical(self.turn(), || {
                let plan = Plan { kernel, threads: way.threads };
                std::hint::black_box(rows.nearest(&of(&queries[..1]), MOST, plan));
                Ok(())
            })
        };
        let best = Kernel::default();
        let turns = self.against(|| Ok(search(best)? * 1e6), || Ok(search(scalar)? * 1e6))?;
        let made = turns.comparison(name, MICROSECONDS, "our own scalar code");
        Ok(Some(made.noting(format!("ours: {}", self.in_words(best)))))
    }

    /// How near our reading of the rows comes to a sum over as many bytes, and over more than the caches hold.
    fn against_memory(&self, rows: &Scanned, queries: &[Vec<f32>]) -> Result<Records> {
        let mut records = Records::new();
        let scanned = rows.bytes_scanned();
        for limit in limits(self.way) {
            let name = self.way.name(limit);
            if !self.context.wants(&name) {
                continue;
            }
            let large = limit == "bandwidth-memory";
            let bytes = if large { machine::beyond_caches_bytes() } else { scanned };
            // Odd numbers, so that the pages are real.
            let buffer: Vec<u64> = (0..bytes as u64 / 8).map(|n| n | 1).collect();
            let rate = |bytes: usize, seconds: f64| bytes as f64 / seconds / 1e9;
            let ours = || {
                let search = || {
                    std::hint::black_box(rows.nearest(&of(&queries[..1]), MOST, Plan::default()));
                    Ok(())
                };
                Ok(rate(scanned, typical(self.turn(), search)?))
            };
            let plain = || {
                let summing = || {
                    std::hint::black_box(sum(std::hint::black_box(&buffer)));
                    Ok(())
                };
                Ok(rate(size_of_val(buffer.as_slice()), typical(self.turn(), summing)?))
            };
            let turns = self.against(ours, plain)?;
            let of = format!("a plain sum of {:.1} MB, one thread", bytes as f64 / 1e6);
            let note = if large {
                "more than the caches hold: what the memory itself gives one thread"
            } else {
                "as many bytes as the search reads, wherever they are then"
            };
            records.push(turns.comparison(name, "GB/s", of).higher_is_better().noting(note));
        }
        Ok(records)
    }

    /// Against something of our own, which cannot be missing.
    fn against(
        &self,
        ours: impl FnMut() -> Result<f64>,
        mut other: impl FnMut() -> Result<f64>,
    ) -> Result<Turns> {
        let turns =
            take_turns(self.rounds(), 1, ours, |_| other().map_err(|error| Missing(format!("{error:#}"))))?;
        turns.into_iter().next().ok_or_else(|| anyhow!("one opponent has one record"))
    }
}

/// Whether the peer finds the same best rows.
fn agreement(peer: &mut Peer, asked: &str, best: &[usize]) -> Result<String, Missing> {
    let theirs: Vec<usize> = peer.ask(&json!({ "do": "nearest", "peer": asked, "queries": best.len() }))?;
    let same = theirs.iter().zip(best).filter(|(theirs, ours)| theirs == ours).count();
    Ok(match best.len() {
        all if same == all => String::new(),
        all => format!("the peer finds another best row for {} of {all} queries", all - same),
    })
}

/// Eight streams with sums of their own, so that nothing but reading limits it: one stream alone leaves the memory
/// waiting.
fn sum(values: &[u64]) -> u64 {
    const STREAMS: usize = 8;
    const AT_ONCE: usize = 8;
    let length = values.len() / STREAMS / AT_ONCE * AT_ONCE;
    let streams: [&[u64]; STREAMS] = std::array::from_fn(|n| &values[n * length..(n + 1) * length]);
    let mut sums = [[0_u64; AT_ONCE]; STREAMS];
    for at in (0..length).step_by(AT_ONCE) {
        for (sums, stream) in sums.iter_mut().zip(&streams) {
            let values = &stream[at..at + AT_ONCE];
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum = sum.wrapping_add(*value));
        }
    }
    sums.iter().flatten().fold(0, |all, sum| all.wrapping_add(*sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_sum_reads_every_value() {
        let values: Vec<u64> = (0..8 * 8 * 100).collect();
        assert_eq!(sum(&values), values.iter().sum::<u64>());
    }

    #[test]
    fn every_comparison_has_a_name_of_its_own() {
        let names = names();
        let mut sorted = names.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), names.len());
        assert!(names.contains(&"search/42000/int8/8-queries/2-threads/faiss-int8".to_owned()), "{names:?}");
    }
}
