//! Why something is not in the cache, and what to do.

use portunus_biometrics::pack::PackError;
use portunus_biometrics::pack::onnx::OnnxError;
use std::path::{Path, PathBuf};

/// Why the cache could not be filled. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// Neither `--cache`, `PORTUNUS_CACHE`, `XDG_CACHE_HOME` nor `HOME`.
    #[error("no cache folder is known: say where with --cache DIR or PORTUNUS_CACHE")]
    NoCache,
    /// None of the clients runs.
    #[error(
        "no pip was found (tried {tried}): install it (Debian: apt install python3-pip), or copy the cache folder \
         of a machine that has it"
    )]
    NoClient {
        /// The commands.
        tried: String,
    },
    /// The bytes are not the pinned ones.
    #[error(
        "{what} is not the file this version was tested with (SHA-256 {found}, expected {expected}). Nothing was \
         kept. Try again; if it stays so, a mirror or someone on the way changed it: do not use it, and tell us"
    )]
    WrongHash {
        /// The package or member.
        what: String,
        /// Hexadecimal.
        expected: String,
        /// Hexadecimal, or what pip said.
        found: String,
    },
    /// The index cannot be reached.
    #[error(
        "{what} could not be fetched, the package index cannot be reached: check the network or pip's own settings \
         (proxy, mirror), or copy the cache folder of another machine. pip said: {detail}"
    )]
    NoNetwork {
        /// The package.
        what: String,
        /// The end of its output.
        detail: String,
    },
    /// The index is there and does not have the file.
    #[error(
        "{what} is not offered by the package index that pip asks: use an index or mirror that has it, or copy the \
         cache folder of another machine. pip said: {detail}"
    )]
    NotOffered {
        /// The package.
        what: String,
        /// The end of its output.
        detail: String,
    },
    /// No room.
    #[error("there is no room in {}: free 200 MB there, or choose another folder with --cache DIR", .dir.display())]
    NoSpace {
        /// The folder.
        dir: PathBuf,
    },
    /// pip failed in another way.
    #[error("pip could not fetch {what}: {detail}")]
    Client {
        /// The package.
        what: String,
        /// The end of its output.
        detail: String,
    },
    /// A file or folder of the cache.
    #[error("{}: {source}; check its owner and mode, or choose another folder with --cache DIR", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A package does not hold what it should.
    #[error("{what} cannot be unpacked: {reason}; this version of Portunus cannot use it")]
    Archive {
        /// The package.
        what: String,
        /// Why.
        reason: String,
    },
    /// A model cannot be rewritten.
    #[error("{what}: {source}")]
    Convert {
        /// The model.
        what: String,
        /// Why.
        source: OnnxError,
    },
    /// The pack was written and does not load.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// No pin for this platform.
    #[error(
        "no ONNX Runtime is pinned for {os} on {arch} (Linux with glibc on x86_64 and aarch64 are): install ONNX \
         Runtime {version} and name its shared library in ORT_DYLIB_PATH"
    )]
    Platform {
        /// The system.
        os: &'static str,
        /// The processor.
        arch: &'static str,
        /// Which version is needed.
        version: &'static str,
    },
}

impl FetchError {
    /// Names the file, and tells a full disk from other failures.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        move |source| match source.kind() {
            StorageFull | QuotaExceeded => Self::NoSpace { dir: path.to_owned() },
            _ => Self::Io { path: path.to_owned(), source },
        }
    }
}
