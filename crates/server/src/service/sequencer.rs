//! What appends to the public log: from the store's outbox to the published head, and catching up with that head first.

use super::Refused;
use jiff::Timestamp;
use portunus_ledger::log::{Files, Folder, Log, LogError, Publish};
use portunus_ledger::note::{KeyKind, SignatureLine, Signer};
use portunus_store::{Published, Store, StoreError, failpoint};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;

/// The log's public key, beside it for convenience: whoever checks has it from elsewhere.
pub const KEY_FILE: &str = "key";
/// Held by the process that appends.
const LOCK_FILE: &str = "lock";
/// Leaves caught up with in one transaction.
const CATCH_UP: usize = 1024;

/// Where the log of a store lies.
pub(super) fn ledger_folder(store: &Store) -> PathBuf {
    store.folder().join("ledger")
}

/// The key that signs the log of a store.
pub(super) fn ledger_signer(store: &Store) -> Result<Signer, Refused> {
    Ok(Signer::named_by_its_key("portunus", KeyKind::Note, &*store.ledger_secret()?))
}

/// The log's folder. A crash test kills the process before and after each write of a file.
pub(super) struct LedgerFiles(Folder);

impl Files for LedgerFiles {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        self.0.read(path)
    }
}

impl Publish for LedgerFiles {
    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), LogError> {
        failpoint("ledger.before-write");
        self.0.write(path, bytes)?;
        failpoint("ledger.after-write");
        Ok(())
    }
}

/// The one process that appends to a store's log.
pub struct Sequencer {
    store: Store,
    log: Log<LedgerFiles>,
    /// Nobody else appends while this is held.
    _lock: File,
}

impl Sequencer {
    /// Opens the log of `store` and catches up with it; `None` while another process has it.
    ///
    /// # Errors
    /// When the disk fails, or the log and the data do not fit together; nothing is written then.
    pub fn open(store: &Store, now: Timestamp) -> Result<Option<Self>, Refused> {
        let folder = ledger_folder(store);
        let Some(lock) = lock(&folder)? else { return Ok(None) };
        let log = Log::open(LedgerFiles(Folder(folder.clone())), ledger_signer(store)?)?;
        let head = log.head();
        let (known, root) = store.published_head()?;
        if head.size < known {
            let what = "the published log is shorter than what was published: bring it back, it is never written anew";
            return Err(StoreError::Ledger { what }.into());
        }
        let at_known = log.reader().root(known)?;
        match root {
            None => store.learn_root(Published { size: known, root: at_known })?,
            Some(root) if root == at_known => {}
            Some(_) => {
                let what = "a different log was put here than the one that was published: bring that back, nothing is signed";
                return Err(StoreError::Ledger { what }.into());
            }
        }
        // The lock was taken before: who writes this is who appends.
        Folder(folder).write(KEY_FILE, format!("{}\n", log.key()).as_bytes())?;
        let sequencer = Self { store: store.clone(), log, _lock: lock };
        sequencer.catch_up(known, now)?;
        Ok(Some(sequencer))
    }

    /// Applies what the log states from `known` on.
    fn catch_up(&self, known: u64, now: Timestamp) -> Result<(), Refused> {
        let (reader, size) = (self.log.reader(), self.log.head().size);
        let mut next = known;
        while next < size {
            let mut leaves = Vec::new();
            while next + (leaves.len() as u64) < size && leaves.len() < CATCH_UP {
                let place = next + leaves.len() as u64;
                let (first, bundle) = reader.bundle(place)?;
                leaves.extend(bundle.into_iter().skip((place - first) as usize));
            }
            let after = next + leaves.len() as u64;
            self.store.catch_up(next, &leaves, reader.root(after)?, now)?;
            next = after;
        }
        if size > known {
            tracing::warn!(leaves = size - known, "caught up with the published ledger");
            self.store.finish_begun(now)?;
        }
        Ok(())
    }

    /// Publishes what may go by now; says how many leaves.
    ///
    /// # Errors
    /// When the store or the disk fails; then it is opened anew.
    pub fn go_on(&mut self, now: Timestamp) -> Result<usize, Refused> {
        let before = self.published();
        let leaves = self.store.sequence(before, now)?;
        if !leaves.is_empty() {
            let _ = self.log.append(&leaves)?;
            self.store.published(before, self.published())?;
        }
        Ok(leaves.len())
    }

    fn published(&self) -> Published {
        Published { size: self.log.head().size, root: self.log.head().root }
    }

    /// The log as it is stated.
    pub(super) fn log(&self) -> &Log<LedgerFiles> {
        &self.log
    }

    /// Publishes the head with what witnesses signed of it.
    pub(super) fn cosigned(&mut self, lines: &[SignatureLine]) -> Result<(), Refused> {
        Ok(self.log.cosigned(lines)?)
    }
}

/// Takes the log for this process; `None` while another one has it.
fn lock(folder: &std::path::Path) -> Result<Option<File>, Refused> {
    let io = |path: &str| {
        let path = path.to_owned();
        move |source| LogError::Io { path, source }
    };
    std::fs::create_dir_all(folder).map_err(io("ledger"))?;
    let mut options = OpenOptions::new();
    let options = options.create(true).truncate(false).write(true);
    let held = options.open(folder.join(LOCK_FILE)).map_err(io(LOCK_FILE))?;
    match held.try_lock() {
        Ok(()) => Ok(Some(held)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(io(LOCK_FILE)(error).into()),
    }
}
