//! Putting the house together: which folder, which models, which law.

use crate::ambient::{SystemClock, SystemEntropy, variable};
use crate::models;
use anyhow::{Context as _, Result, bail};
use portunus_biometrics::face::FaceEngine;
use portunus_biometrics::pack::Pack;
use portunus_core::policy::Policy;
use portunus_core::ports::{Clock, Entropy};
use portunus_server::service::{Parts, Service};
use portunus_store::{RingSecret, SECRET_BYTES_MIN, Store};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The policy packs that come with the program, by name; the first is in force when no other is named.
pub(crate) const POLICIES: [(&str, &str); 2] = [
    ("us-2025", include_str!("../../../policies/us-2025.toml")),
    ("eu-ees", include_str!("../../../policies/eu-ees.toml")),
];

/// What every command that touches data takes.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Folder {
    /// Folder for data and keys [default: $PORTUNUS_DATA, else portunus in the XDG data folder]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Option<PathBuf>,
}

impl Folder {
    /// The folder, which must hold data.
    pub(crate) fn with_data(&self) -> Result<PathBuf> {
        let path = self.path()?;
        if !path.join("data.db").is_file() {
            bail!("{} holds no data: say where with --data DIR", path.display());
        }
        Ok(path)
    }

    pub(crate) fn path(&self) -> Result<PathBuf> {
        if let Some(path) = &self.data {
            return Ok(path.clone());
        }
        if let Some(path) = variable("PORTUNUS_DATA") {
            return Ok(path.into());
        }
        Ok(data_home()?.join("portunus"))
    }
}

/// Longest policy pack.
const POLICY_BYTES_MAX: usize = 1 << 20;

/// A file's bytes, at most so many: no more of it is read than tells that it is longer.
pub(crate) fn read_at_most(path: &Path, most: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(path);
    let read = opened.and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes));
    read.with_context(|| format!("reading {}", path.display()))?;
    if bytes.len() > most {
        bail!("{}: at most {most} bytes are read", path.display());
    }
    Ok(bytes)
}

/// Where programs keep their data, by the XDG base directory specification.
pub(crate) fn data_home() -> Result<PathBuf> {
    let share = variable("XDG_DATA_HOME").map(PathBuf::from);
    let share = share.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".local/share")));
    share.context("no home folder is known: say where with --data DIR")
}

/// The policy pack that is used when none is named.
pub(crate) fn built_in_policy() -> Result<Policy> {
    policy(Path::new(POLICIES[0].0))
}

/// The text of a policy pack, by the name of a built-in one or by its file.
pub(crate) fn policy_text(name: &Path) -> Result<String> {
    if let Some((_, text)) = POLICIES.iter().find(|(known, _)| name == Path::new(known)) {
        return Ok((*text).to_owned());
    }
    let names = POLICIES.map(|(known, _)| known).join(", ");
    let bytes =
        read_at_most(name, POLICY_BYTES_MAX).with_context(|| format!("no policy (built in: {names})"))?;
    String::from_utf8(bytes).with_context(|| format!("{}: no text", name.display()))
}

/// A policy pack, by the name of a built-in one or by its file.
pub(crate) fn policy(name: &Path) -> Result<Policy> {
    Policy::from_toml(&policy_text(name)?).with_context(|| name.display().to_string())
}

/// What every command that compares faces takes.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Choices {
    #[command(flatten)]
    pub(crate) folder: Folder,
    #[command(flatten)]
    pub(crate) cache: models::CacheArgs,
    /// Model pack to use instead of the built-in one
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) pack: Option<PathBuf>,
    /// Policy pack to use instead of us-2025: a built-in name, or a file
    #[arg(long, value_name = "PACK", global = true)]
    pub(crate) policy: Option<PathBuf>,
}

impl Choices {
    pub(crate) fn policy(&self) -> Result<Policy> {
        self.policy.as_deref().map_or_else(built_in_policy, policy)
    }

    /// Opens the store in its folder, loads the models (fetching what is missing) and puts the service together.
    pub(crate) fn open(&self) -> Result<Service> {
        self.open_in(&self.folder.path()?)
    }

    /// The same, in this folder.
    pub(crate) fn open_in(&self, folder: &Path) -> Result<Service> {
        self.open_with(folder, Arc::new(SystemClock))
    }

    /// The same, by another clock.
    pub(crate) fn open_with(&self, folder: &Path, clock: Arc<dyn Clock>) -> Result<Service> {
        let policy = self.policy()?;
        let store = open_store(folder)?;
        let (engine, pack) = self.engine()?;
        Ok(Service::new(Parts {
            store,
            engine: Arc::new(engine),
            calibration: pack.calibration().clone(),
            policy,
            clock,
            entropy: Arc::new(SystemEntropy),
        }))
    }

    /// The face pipeline and its pack.
    pub(crate) fn engine(&self) -> Result<(FaceEngine, Pack)> {
        let cache = self.cache.locate()?;
        let pack = match &self.pack {
            Some(own) => Pack::load(own)?,
            None => Pack::load(&cache.ensure_pack(&models::Bar)?)?,
        };
        let runtime = cache.ensure_runtime(&models::Bar)?;
        let engine = FaceEngine::load(&pack, &runtime, cores()).context("loading the models")?;
        Ok((engine, pack))
    }
}

/// Opens the store in `folder`, which is made when it is not there.
pub(crate) fn open_store(folder: &Path) -> Result<Store> {
    let secret = ring_secret()?;
    Store::open_locked(folder, secret.as_ref(), Arc::new(SystemEntropy))
        .with_context(|| format!("opening the data in {}", folder.display()))
}

/// The secret that locks the key ring: in the file that `PORTUNUS_KEYS_SECRET` names, or the credential `portunus-keys`
/// that systemd hands over; none otherwise.
pub(crate) fn ring_secret() -> Result<Option<RingSecret>> {
    let named = variable("PORTUNUS_KEYS_SECRET").map(PathBuf::from);
    let credential =
        variable("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join("portunus-keys"));
    let Some(path) = named.or_else(|| credential.filter(|path| path.is_file())) else { return Ok(None) };
    secret_in(&path).map(Some)
}

/// The secret in a file.
pub(crate) fn secret_in(path: &Path) -> Result<RingSecret> {
    let bytes = zeroize::Zeroizing::new(
        std::fs::read(path)
            .with_context(|| format!("reading the key ring's secret in {}", path.display()))?,
    );
    RingSecret::new(&bytes)
        .with_context(|| format!("{}: a secret needs at least {SECRET_BYTES_MIN} characters", path.display()))
}

/// How many pictures are worked on at once.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The present instant.
pub(crate) fn now() -> jiff::Timestamp {
    SystemClock.now()
}

/// 16 fresh random bytes, for an identifier.
pub(crate) fn fresh() -> [u8; 16] {
    portunus_core::ports::fresh(&SystemEntropy)
}

/// 32 fresh random bytes, for a key.
pub(crate) fn fresh_key() -> [u8; 32] {
    let mut bytes = [0; 32];
    SystemEntropy.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_read_up_to_the_limit() {
        let refused = read_at_most(Path::new("/dev/zero"), 1000).unwrap_err();
        assert!(refused.to_string().contains("at most 1000 bytes"), "{refused}");
    }
}
