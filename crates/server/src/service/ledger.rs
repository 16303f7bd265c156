//! The public ledger's one writer: states what changed, puts leaves in order, publishes, and catches up first.

use super::{Refused, Service, erasing::Halted, lock};
use portunus_core::case::CaseKind;
use portunus_core::leaf::{Bytes32, Erasing, Instant, Leaf, Text};
use portunus_ledger::log::{Files as _, Folder, Log, LogError, Publish as _};
use portunus_ledger::note::{KeyKind, Signer, VerifierKey};
use portunus_store::Store;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

/// The log's public key, beside it for convenience: whoever checks has it from elsewhere.
pub const KEY_FILE: &str = "key";
/// Held by the process that appends.
const LOCK_FILE: &str = "lock";
/// Leaves caught up with in one transaction.
const CATCH_UP: usize = 1024;

/// The log, once this process is the one that appends to it.
#[derive(Default)]
pub(super) struct Ledger {
    open: Mutex<Option<Open>>,
    digests: OnceLock<Digests>,
}

/// The law in force, as the ledger names it.
struct Digests {
    policy: Bytes32,
    notice: Bytes32,
}

struct Open {
    log: Log<Folder>,
    /// Nobody else appends while this is held.
    _lock: File,
}

impl Service {
    fn ledger_folder(&self) -> PathBuf {
        self.store().folder().join("ledger")
    }

    /// A file of the published log; `None` when there is none.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn ledger_file(&self, path: &str) -> Result<Option<Vec<u8>>, Refused> {
        Ok(Folder(self.ledger_folder()).read(path)?)
    }

    /// States what changed, and publishes what may go; says how many leaves. Nothing while another process does it.
    ///
    /// # Errors
    /// When the store or the disk fails, or the log and the data do not fit together; nothing is signed then.
    pub fn publish_ledger(&self) -> Result<usize, Refused> {
        let mut ledger = lock(&self.0.ledger.open);
        // Whatever fails, the next round reads anew what the log states.
        let Some(mut open) = ledger.take().map(Ok).or_else(|| self.open_ledger().transpose()).transpose()?
        else {
            return Ok(0);
        };
        // After what was before the log: designations of then are older than its first policy.
        self.state_what_holds()?;
        let leaves = self.store().sequence(open.log.head().size, self.now())?;
        if !leaves.is_empty() {
            let size = open.log.append(&leaves)?.size;
            self.store().published(size)?;
        }
        *ledger = Some(open);
        Ok(leaves.len())
    }

    /// Opens the log and catches up with it; `None` while another process has it.
    fn open_ledger(&self) -> Result<Option<Open>, Refused> {
        let folder = self.ledger_folder();
        let io = |path: &str| {
            let path = path.to_owned();
            move |source| LogError::Io { path, source }
        };
        std::fs::create_dir_all(&folder).map_err(io("ledger"))?;
        let mut options = OpenOptions::new();
        let held = options
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join(LOCK_FILE))
            .map_err(io(LOCK_FILE))?;
        match held.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(io(LOCK_FILE)(error).into()),
        }
        let log = Log::open(Folder(folder.clone()), signer(self.store())?)?;
        Folder(folder).write(KEY_FILE, format!("{}\n", log.key()).as_bytes())?;
        let (known, size) = (self.store().published_size()?, log.head().size);
        if size < known {
            return Err(portunus_store::StoreError::Ledger {
                what: "the published log is shorter than what was published: bring it back, it is never written anew",
            }
            .into());
        }
        let now = self.now();
        let (reader, mut next) = (log.reader(), known);
        while next < size {
            let mut leaves = Vec::new();
            while next + (leaves.len() as u64) < size && leaves.len() < CATCH_UP {
                let place = next + leaves.len() as u64;
                let (first, bundle) = reader.bundle(place)?;
                leaves.extend(bundle.into_iter().skip((place - first) as usize));
            }
            self.store().catch_up(next, &leaves, now)?;
            next += leaves.len() as u64;
        }
        if size > known {
            tracing::warn!(leaves = size - known, "caught up with the published ledger");
            self.store().finish_begun(now)?;
        }
        self.store().state_what_was_before(now)?;
        Ok(Some(Open { log, _lock: held }))
    }

    /// The key that the log is signed with.
    ///
    /// # Errors
    /// When the key ring fails.
    pub fn ledger_key(&self) -> Result<VerifierKey, Refused> {
        Ok(signer(self.store())?.public().clone())
    }

    /// SHA-256 of what travellers are told, as the ledger has it.
    pub fn notice_sha256(&self) -> Bytes32 {
        self.digests().notice
    }

    fn digests(&self) -> &Digests {
        let policy = self.policy();
        let made = || Digests { policy: digest(policy), notice: digest(&policy.notice) };
        self.0.ledger.digests.get_or_init(made)
    }

    /// Policy, models, whether erasing goes on, how many cases and recalls: stated when they change.
    fn state_what_holds(&self) -> Result<(), Refused> {
        let (store, policy, at) = (self.store(), self.policy(), Instant::new(self.now()));
        let erasing = match self.erasing_halted()? {
            None => Erasing::On,
            Some(Halted::SwitchedOff) => Erasing::Off,
            Some(Halted::Clock { .. }) => Erasing::Halted,
        };
        let cases = store.case_counts()?;
        let of = |kind| cases.iter().filter(|count| count.kind == kind).map(|count| count.cases).sum();
        let (sent, acknowledged) = store.recall_counts()?;
        let fpir = policy.wanted_fpir.get() * 1e6;
        let leaves = [
            Leaf::Policy {
                name: Text::new(&policy.id),
                sha256: self.digests().policy,
                notice: self.digests().notice,
                at,
            },
            Leaf::Model { pack: Text::new(&self.engine().pack().0), fpir_ppm: fpir.round() as u64, at },
            Leaf::Worker { erasing, at },
            Leaf::Cases {
                holds: of(CaseKind::Hold),
                requests: of(CaseKind::OutsideRequest),
                access: of(CaseKind::SubjectAccess),
                corrections: of(CaseKind::Correction),
                contests: of(CaseKind::Contest),
                at,
            },
            Leaf::Recalls { sent, acknowledged, at },
        ];
        Ok(leaves.iter().try_for_each(|leaf| store.state(leaf))?)
    }
}

fn signer(store: &Store) -> Result<Signer, Refused> {
    Ok(Signer::named_by_its_key("portunus", KeyKind::Note, &*store.ledger_secret()?))
}

/// SHA-256 of a value's JSON.
fn digest<T: Serialize>(value: &T) -> Bytes32 {
    // Plain structs with string keys: serialising cannot fail.
    Bytes32(Sha256::digest(serde_json::to_vec(value).unwrap_or_default()).into())
}

impl From<LogError> for Refused {
    fn from(error: LogError) -> Self {
        Self::Ledger(error.to_string())
    }
}
