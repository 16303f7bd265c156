//! Files in memory, of which a write fails when a test asks for it.

#![allow(dead_code, unreachable_pub, reason = "each test binary takes what it needs of this module")]

use portunus_ledger::log::{CHECKPOINT, Files, LogError, Publish};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// What becomes of a write that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not there.
    Lost,
    /// It is there, and reported failed.
    Kept,
}

/// Files, how many writes there were, which of them fails, and every checkpoint that ever stood there.
#[derive(Debug, Default)]
pub struct Memory {
    pub files: RefCell<BTreeMap<String, Vec<u8>>>,
    pub writes: Cell<usize>,
    pub fails: Cell<Option<(usize, Fault)>>,
    pub checkpoints: RefCell<Vec<Vec<u8>>>,
}

impl Memory {
    /// The same files, with a write that fails: 1 is the first.
    pub fn failing(&self, nth: usize, fault: Fault) -> Self {
        let files = self.files.clone();
        Self { files, fails: Cell::new(Some((nth, fault))), ..Self::default() }
    }
}

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        Ok(self.files.borrow().get(path).cloned())
    }
}

impl Publish for Memory {
    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), LogError> {
        self.writes.set(self.writes.get() + 1);
        let fault = self.fails.get().filter(|(nth, _)| *nth == self.writes.get()).map(|(_, fault)| fault);
        if fault != Some(Fault::Lost) {
            self.files.borrow_mut().insert(path.to_owned(), bytes.to_vec());
            if path.ends_with(CHECKPOINT) {
                self.checkpoints.borrow_mut().push(bytes.to_vec());
            }
        }
        let failed = || LogError::Io { path: path.to_owned(), source: std::io::Error::other("as asked") };
        fault.map_or(Ok(()), |_| Err(failed()))
    }
}

/// A reference to files is files.
pub struct In<'a>(pub &'a Memory);

impl Files for In<'_> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        self.0.read(path)
    }
}

impl Publish for In<'_> {
    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), LogError> {
        self.0.write(path, bytes)
    }
}
