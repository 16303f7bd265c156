//! Model packs: a folder with a detector, a recogniser and `pack.toml`, which says all that differs between
//! models. An agency brings its own without a change of code; `packs/README.md` says how.

pub mod calibration;
pub mod manifest;
pub mod onnx;

pub use calibration::{Calibration, Point};
pub use manifest::{Detector, Manifest, Recogniser};

use manifest::{Digest, ModelFile};
use portunus_core::biometric::PackId;
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The manifest's name in a pack's folder.
pub const MANIFEST_NAME: &str = "pack.toml";

/// A manifest has at most this many bytes.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;

/// Why a pack cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file of the pack cannot be read.
    #[error("{path} cannot be read: {source}; `portunus models fetch` brings the built-in pack")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The manifest is wrong; the reason names line and column.
    #[error("{path} is no valid pack manifest: {reason}")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong, with the line.
        reason: String,
    },
    /// A file is not the one that the manifest means.
    #[error(
        "{path} is not the file its manifest names (SHA-256 {found}, expected {expected}): do not use it, \
             fetch or copy it again"
    )]
    Hash {
        /// The file.
        path: PathBuf,
        /// Hexadecimal.
        expected: String,
        /// Hexadecimal, of the bytes read: at most the expected number and one.
        found: String,
    },
}

/// A model pack whose files are the ones its manifest names.
///
/// It holds the models' bytes, so that what was checked is what runs; drop it once the networks are loaded.
pub struct Pack {
    id: PackId,
    dir: PathBuf,
    manifest: Manifest,
    detector_model: Vec<u8>,
    recogniser_model: Vec<u8>,
}

impl Pack {
    /// Reads and checks the pack in `dir`.
    ///
    /// # Errors
    /// [`PackError`] when the manifest or a file is missing, wrong, or not what the manifest says.
    pub fn load(dir: &Path) -> Result<Self, PackError> {
        let path = dir.join(MANIFEST_NAME);
        let bytes = read_at_most(&path, MANIFEST_BYTES_MAX)?;
        let wrong = |reason: String| PackError::Manifest { path: path.clone(), reason };
        if bytes.len() as u64 > MANIFEST_BYTES_MAX {
            return Err(wrong(format!("more than {MANIFEST_BYTES_MAX} bytes")));
        }
        let text = std::str::from_utf8(&bytes)
            .map_err(|error| wrong(format!("byte {} is not UTF-8", error.valid_up_to())))?;
        let manifest: Manifest =
            text.parse().map_err(|error: manifest::ManifestError| wrong(error.to_string()))?;
        Ok(Self {
            id: manifest.id(),
            dir: dir.to_owned(),
            detector_model: read_checked(dir, &manifest.detector.file)?,
            recogniser_model: read_checked(dir, &manifest.recogniser.file)?,
            manifest,
        })
    }

    /// Name, version and the beginning of a hash over files and pre-processing: templates of packs that differ
    /// in any of these cannot be compared.
    pub fn id(&self) -> &PackId {
        &self.id
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// How to find faces with it.
    pub fn detector(&self) -> &Detector {
        &self.manifest.detector
    }

    /// How to make templates with it.
    pub fn recogniser(&self) -> &Recogniser {
        &self.manifest.recogniser
    }

    /// What its scores mean.
    pub fn calibration(&self) -> &Calibration {
        &self.manifest.calibration
    }

    /// The detector, ONNX.
    pub fn detector_model(&self) -> &[u8] {
        &self.detector_model
    }

    /// The recogniser, ONNX.
    pub fn recogniser_model(&self) -> &[u8] {
        &self.recogniser_model
    }
}

fn read_checked(dir: &Path, file: &ModelFile) -> Result<Vec<u8>, PackError> {
    let path = dir.join(file.path.as_str());
    let bytes = read_at_most(&path, file.bytes.get())?;
    let found = Digest::of(&bytes);
    if found == file.sha256 && bytes.len() as u64 == file.bytes.get() {
        return Ok(bytes);
    }
    Err(PackError::Hash { path, expected: file.sha256.to_string(), found: found.to_string() })
}

/// Reads the file, but never more than one byte beyond `bytes_max`: enough to see that it is too large.
fn read_at_most(path: &Path, bytes_max: u64) -> Result<Vec<u8>, PackError> {
    let failed = |source| PackError::Read { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

impl Digest {
    /// The SHA-256 of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

#[cfg(test)]
mod tests;
