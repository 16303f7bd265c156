//! Looks for any part of given bytes in every file of a folder: as they are, and in base64.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Windows of this many bytes are looked for; from 63 on, whatever part of the sought lies in a file holds one.
const WINDOW: usize = 32;
/// A window of fewer different bytes than this (padding, painted-over background) says nothing.
const DIFFERENT_MIN: usize = 8;
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// What was found where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
pub struct Found {
    pub file: PathBuf,
    pub what: String,
}

/// What is looked for.
#[derive(Default)]
pub struct Search {
    names: Vec<String>,
    windows: HashMap<u64, usize>,
}

impl Search {
    /// Looks for these bytes, and for their base64 at each of its three alignments in both alphabets.
    pub fn add(&mut self, name: &str, bytes: &[u8]) {
        let before = self.windows.len();
        self.add_windows(name, bytes);
        assert!(self.windows.len() > before, "{name}: nothing in it can be told from anything else");
        for alignment in 0..3 {
            let shifted = &bytes[alignment..];
            self.add_windows(&format!("{name} in base64"), STANDARD_NO_PAD.encode(shifted).as_bytes());
            self.add_windows(&format!("{name} in base64url"), URL_SAFE_NO_PAD.encode(shifted).as_bytes());
        }
    }

    fn add_windows(&mut self, name: &str, bytes: &[u8]) {
        let index = self.names.iter().position(|n| n == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        for window in bytes.chunks_exact(WINDOW) {
            if window.iter().collect::<BTreeSet<_>>().len() >= DIFFERENT_MIN {
                self.windows.entry(hash(window)).or_insert(index);
            }
        }
    }

    /// The names of what is in `bytes`.
    pub fn within(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        if bytes.len() < WINDOW {
            return found;
        }
        // The factor of the byte that leaves the window.
        let leaving = (1..WINDOW).fold(1_u64, |power, _| power.wrapping_mul(FACTOR));
        let mut rolling = hash(&bytes[..WINDOW]);
        for at in WINDOW..=bytes.len() {
            if let Some(index) = self.windows.get(&rolling) {
                found.insert(self.names[*index].as_str());
            }
            if at < bytes.len() {
                let without = rolling.wrapping_sub(value(bytes[at - WINDOW]).wrapping_mul(leaving));
                rolling = without.wrapping_mul(FACTOR).wrapping_add(value(bytes[at]));
            }
        }
        found
    }

    /// Everything of it in the files under `folder`, and in their names.
    pub fn under(&self, folder: &Path) -> BTreeSet<Found> {
        let mut all = BTreeSet::new();
        for file in files(folder) {
            // A file may go while it is looked for: a journal, a `.part`.
            let Ok(bytes) = std::fs::read(&file) else { continue };
            let found = self.within(&bytes);
            all.extend(found.into_iter().map(|what| Found { file: file.clone(), what: what.to_owned() }));
        }
        all
    }
}

/// A byte's part in the hash; never zero.
fn value(byte: u8) -> u64 {
    (u64::from(byte) + 1).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

fn hash(window: &[u8]) -> u64 {
    window.iter().fold(0_u64, |hash, byte| hash.wrapping_mul(FACTOR).wrapping_add(value(*byte)))
}

/// All files under a folder; those that go meanwhile are left out.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(_) => files.push(entry.path()),
                Err(_) => {}
            }
        }
    }
    files
}
