//! `portunus bench`: how fast each part is, beside what an engineer would otherwise pick, measured in one run.
//!
//! Every comparison is one record ([`Comparison`]): ours and the peer's take turns, the medians over the rounds
//! are compared, and the quartiles are the noise. Peers come from the package index into an environment of their
//! own; one that is missing is said to be, with the reason, and is no failure.

mod record;
mod service;

use crate::models::{Bar, Cache, CacheArgs, PackPaths};
use anyhow::{Result, bail};
use indicatif::ProgressBar;
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
    /// Fewer rounds: to see that all works
    #[arg(long)]
    quick: bool,
}

/// What every part of the benchmark is given.
pub(super) struct Context {
    pub(super) cache: Cache,
    /// Photographs in DIR/person/*.jpg.
    pub(super) faces: Option<PathBuf>,
    /// Fewer rounds, shorter loads: figures that show that all works, and no more.
    pub(super) quick: bool,
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
}

/// Whether `name` is `group` or a part of it.
fn within(name: &str, group: &str) -> bool {
    name.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || group.ends_with('/'))
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let context = Context {
        cache: args.cache.locate()?,
        faces: args.faces.clone(),
        quick: args.quick,
        only: args.only.clone(),
    };
    let mut records = Records::new();
    if context.wants("service") {
        records.extend(service::run(&context)?);
    }
    records.retain(|record| context.only.is_empty() || context.only.iter().any(|o| within(&record.name, o)));
    if records.is_empty() && !args.only.is_empty() {
        bail!("no comparison is called {}", args.only.join(" or "));
    }
    crate::print_json(&serde_json::json!({ "comparisons": records }))
}
