//! `portunus bench`: how fast each part is, beside what an engineer would otherwise pick, measured in one run.
//!
//! Every comparison is one record ([`Comparison`]): ours and the peer's take turns, the medians over the rounds
//! are compared, and the quartiles are the noise. Peers come from the package index into a folder of their own;
//! one that is missing is said to be, with the reason, and is no failure.
//!
//! | module | what it holds |
//! |---|---|
//! | [`record`], [`table`] | one comparison; all of them, as text and as `docs/performance.md` |
//! | [`measure`] | taking turns with a stopwatch |
//! | [`peers`] | the Python libraries: installed, started, asked |
//! | [`photo`], [`pictures`] | photograph to template |
//! | [`search`], [`rows`] | search among templates |
//! | [`erasing`] | a million due records, with captures beside |
//! | [`lookouts`] | a traveller's question to a list of a million |
//! | [`ledger`] | leaves of the public ledger, from the outbox to the published head |
//! | [`stays`] | crossings paired a second, and the memory it takes |
//! | [`service`] | the running service under load |
//! | [`alone`] | a measurement in a process of its own |
//! | [`machine`] | what all that was measured on |

mod alone;
mod erasing;
mod ledger;
mod lookouts;
mod machine;
mod measure;
mod peers;
mod photo;
mod pictures;
mod record;
mod rows;
mod search;
mod service;
mod stays;
mod table;

use crate::models::{Bar, Cache, CacheArgs, PackPaths};
use anyhow::{Context as _, Result, bail};
use indicatif::ProgressBar;
use machine::Machine;
use peers::Peers;
use record::{Better, Comparison, Records};
use std::path::PathBuf;

/// What it takes.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    cache: CacheArgs,
    /// As JSON: {"machine": {..}, "comparisons": [{name, ours, peer, ratio, unit, ..}]}
    #[arg(long)]
    json: bool,
    /// Only the comparisons of these names, or whose names begin so (search, search/42000)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Photographs in DIR/person/*.jpg, instead of the demo's
    #[arg(long, value_name = "DIR")]
    faces: Option<PathBuf>,
    /// Write the results as a page of documentation, too
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Fewer rounds: to see that all works
    #[arg(long)]
    quick: bool,
    /// As many crossings for the comparisons of stays, instead of one million and ten
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    stays: Option<u64>,
    /// Measure one side of the comparison of stays in this process
    #[arg(long, hide = true, requires = "stays")]
    stays_side: Option<stays::Side>,
    /// As many entries for the comparisons of lookouts, instead of a million
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1_000..=2_000_000))]
    lookouts: Option<u32>,
    /// Measure the memory of one side of the comparison of lookouts in this process
    #[arg(long, hide = true, requires = "lookouts")]
    lookouts_side: Option<lookouts::Side>,
}

impl Args {
    /// The command line that gives this again; the folder of faces is the reader's own.
    fn again(&self) -> String {
        let mut line = "portunus bench".to_owned();
        if !self.only.is_empty() {
            line += &format!(" --only {}", self.only.join(","));
        }
        if self.faces.is_some() {
            line += " --faces DIR";
        }
        if self.quick {
            line += " --quick";
        }
        if let Some(crossings) = self.stays {
            line += &format!(" --stays {crossings}");
        }
        if let Some(entries) = self.lookouts {
            line += &format!(" --lookouts {entries}");
        }
        line + " --write docs/performance.md"
    }
}

/// What every part of the benchmark is given.
pub(super) struct Context {
    pub(super) cache: Cache,
    /// Photographs in DIR/person/*.jpg.
    pub(super) faces: Option<PathBuf>,
    /// Fewer rounds, shorter loads: figures that show that all works, and no more.
    pub(super) quick: bool,
    /// How many crossings are paired, where somebody says so.
    pub(super) stays: Option<u64>,
    /// How many lookouts are asked, where somebody says so.
    pub(super) lookouts: Option<usize>,
    only: Vec<String>,
}

impl Context {
    /// Whether a comparison was asked for; also of a whole group (`search`), when something in it was.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| within(name, only) || within(only, name))
    }

    /// The pack and the runtime, fetched where missing.
    pub(super) fn models(&self) -> Result<PackPaths> {
        Ok(self.cache.ensure_models(&Bar)?)
    }

    /// A progress bar on a terminal's standard error.
    pub(super) fn bar(&self, steps: u64, what: &'static str) -> ProgressBar {
        crate::references::bar(steps, what)
    }

    /// Names that nothing is called are a mistake, said before minutes are spent.
    fn check_names(&self) -> Result<()> {
        let service = vec!["service".to_owned()];
        let known = [
            photo::names(),
            search::names(),
            erasing::names(),
            lookouts::names(),
            ledger::names(),
            stays::names(),
            service,
        ]
        .concat();
        for only in &self.only {
            // What the service and stays measure is named after its size.
            let is_sized = within(only, "service") || within(only, "stays");
            if !known.iter().any(|name| within(name, only)) && !is_sized {
                bail!("no comparison is called {only:?}; there are:\n{}", known.join("\n"));
            }
        }
        Ok(())
    }
}

/// Whether `name` is `group` or a part of it.
fn within(name: &str, group: &str) -> bool {
    let group = group.strip_suffix('/').unwrap_or(group);
    name.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if let (Some(side), Some(crossings)) = (args.stays_side, args.stays) {
        return stays::measure(side, crossings);
    }
    let entries = args.lookouts.map(|entries| entries as usize);
    if let (Some(side), Some(entries)) = (args.lookouts_side, entries) {
        return lookouts::measure(side, entries);
    }
    let context = Context {
        cache: args.cache.locate()?,
        faces: args.faces.clone(),
        quick: args.quick,
        stays: args.stays,
        lookouts: entries,
        only: args.only.clone(),
    };
    context.check_names()?;
    if cfg!(debug_assertions) {
        tracing::warn!("this is a debug build: the figures mean nothing");
    }
    let mut machine = Machine::seen();
    let mut records = Records::new();
    if context.wants("photo") || context.wants("search") {
        let peers = Peers::prepare(&context);
        machine.versions.extend(peers.versions.clone());
        if context.wants("photo") {
            records.extend(photo::run(&context, &peers)?);
        }
        if context.wants("search") {
            records.extend(search::run(&context, &peers)?);
        }
    }
    if context.wants("erasing") {
        records.extend(erasing::run(&context)?);
    }
    if context.wants("lookouts") {
        records.extend(lookouts::run(&context)?);
    }
    if context.wants("ledger") {
        records.extend(ledger::run(&context)?);
    }
    if context.wants("stays") {
        records.extend(stays::run(&context)?);
    }
    if context.wants("service") {
        records.extend(service::run(&context)?);
    }
    records.retain(|record| context.wants(&record.name));
    if let Some(path) = &args.write {
        let page = table::page(&machine, &records, &args.again());
        std::fs::write(path, page).with_context(|| path.display().to_string())?;
    }
    if args.json {
        crate::print_json(&serde_json::json!({ "machine": machine, "comparisons": records }))
    } else {
        crate::print(&table::text(&machine, &records))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_asked_for_by_itself_or_by_its_beginning() {
        assert!(within("search/42000/f32", "search") && within("search/42000/f32", "search/42000/"));
        assert!(within("search/420", "search/420") && !within("search/42000", "search/420"));
    }
}
