//! The peers: Python libraries from the package index, in an environment of their own, run by one process that
//! answers requests line by line (`peer.py`). A peer that cannot be had is [`Missing`], with the reason.

mod install;
mod process;

use super::Context;
pub(super) use process::Peer;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Why there is no peer, in words.
#[derive(Clone, Debug)]
pub(super) struct Missing(pub(super) String);

/// The environment, made when it is first needed.
pub(super) struct Peers {
    /// Where the packages are.
    packages: Result<PathBuf, Missing>,
    /// What is in it, as its own interpreter says.
    pub(super) versions: BTreeMap<String, String>,
}

impl Peers {
    /// Finds the environment in the cache, or makes it. Takes a minute the first time, and the network.
    pub(super) fn prepare(context: &Context) -> Self {
        let mut made = Self { packages: install::ensure(context.cache.dir()), versions: BTreeMap::new() };
        match made.start(1).and_then(|mut peer| peer.ask(&serde_json::json!({ "do": "versions" }))) {
            Ok(versions) => made.versions = versions,
            // A peer that does not even run is missing everywhere.
            Err(missing) => made.packages = Err(missing),
        }
        made
    }

    /// Starts a process that computes with so many threads.
    pub(super) fn start(&self, threads: usize) -> Result<Peer, Missing> {
        Peer::start(self.packages.as_ref().map_err(Clone::clone)?, threads)
    }

    /// A package with its version, as far as it is known.
    pub(super) fn name(&self, package: &str) -> String {
        let version = self.versions.get(package).map_or(String::new(), |version| format!(" {version}"));
        format!("{package}{version}")
    }
}
