//! `portunus models`: fetches model packs into the cache, shows and checks what is there.

mod cache;
mod calibrate;
mod client;
mod error;
mod pins;
mod progress;
mod show;
mod unpack;

#[cfg(test)]
mod tests;

use crate::ambient::variable;
pub(crate) use cache::{Cache, PackPaths};
use client::Client;
pub(crate) use error::FetchError;
pub(crate) use pins::RUNTIME_VERSION;
pub(crate) use progress::Bar;
use std::path::PathBuf;

/// Where models are kept.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct CacheArgs {
    /// Folder for models [default: $PORTUNUS_CACHE, else portunus in the XDG cache folder]
    #[arg(long = "cache", value_name = "DIR", global = true)]
    pub(crate) dir: Option<PathBuf>,
}

impl CacheArgs {
    /// The cache: the folder that was named, or `PORTUNUS_CACHE`, or `portunus` in `XDG_CACHE_HOME` or `~/.cache`.
    /// `ORT_DYLIB_PATH` names another ONNX Runtime than the pinned one.
    pub(crate) fn locate(&self) -> Result<Cache, FetchError> {
        let dir = folder(self.dir.clone(), |name| variable(name).map(PathBuf::from));
        let own_runtime = variable("ORT_DYLIB_PATH").map(PathBuf::from);
        Ok(Cache::new(dir.ok_or(FetchError::NoCache)?, Client::default(), own_runtime))
    }
}

/// The first that is known. The XDG base directories are ignored when not absolute, as their standard asks.
fn folder(named: Option<PathBuf>, variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    named
        .or_else(|| variable("PORTUNUS_CACHE"))
        .or_else(|| Some(variable("XDG_CACHE_HOME").filter(absolute)?.join("portunus")))
        .or_else(|| Some(variable("HOME").filter(absolute)?.join(".cache/portunus")))
}

/// What `portunus models` can do.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Fetch the built-in pack, ONNX Runtime and the demo's pictures, where missing or damaged
    Fetch {
        #[command(flatten)]
        cache: CacheArgs,
    },
    /// List what is in the cache
    List {
        #[command(flatten)]
        cache: CacheArgs,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a pack: files, licences, what is known of it, what its scores mean
    Show {
        #[command(flatten)]
        cache: CacheArgs,
        /// The pack's folder [default: the built-in pack]
        #[arg(long, value_name = "DIR")]
        pack: Option<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Check every file in the cache by its hash
    Verify {
        #[command(flatten)]
        cache: CacheArgs,
    },
    /// Measure what a pack's scores mean on DIR/person/*.jpg; prints the manifest's calibration table
    Calibrate(calibrate::Args),
}

/// Runs it; results go to standard output. A reader that has seen enough (`| head`) is no failure.
pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    match write_result(command, &mut std::io::stdout().lock()) {
        Err(error) if is_closed_pipe(&error) => Ok(()),
        result => result,
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

fn write_result(command: &Command, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
    match command {
        Command::Fetch { cache } => {
            let cache = cache.locate()?;
            let paths = cache.ensure_models(&Bar)?;
            let pictures = cache.ensure_pictures(&Bar)?;
            for path in [paths.pack_dir, paths.runtime, pictures] {
                writeln!(out, "{}", path.display())?;
            }
            Ok(())
        }
        Command::List { cache, json } => show::list(&cache.locate()?, *json, out),
        Command::Show { cache, pack, json } => show::show(&cache.locate()?, pack.as_deref(), *json, out),
        Command::Verify { cache } => show::verify(&cache.locate()?, out),
        Command::Calibrate(args) => calibrate::run(args, out),
    }
}
