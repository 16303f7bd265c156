//! The public ledger: states what changed, has it published by the one sequencer, and the head signed by witnesses.

use super::sequencer::{Sequencer, ledger_folder};
use super::{Refused, Service, erasing::Halted, lock, witnesses::Asked};
use portunus_core::case::CaseKind;
use portunus_core::leaf::{Bytes32, Erasing, Instant, Leaf, Text};
use portunus_ledger::log::{Files as _, Folder, LogError};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::sync::{Mutex, OnceLock};

/// The log, once this process is the one that appends to it.
#[derive(Default)]
pub(super) struct Ledger {
    open: Mutex<Option<Sequencer>>,
    digests: OnceLock<Digests>,
    pub(super) witnesses: OnceLock<Vec<Asked>>,
}

/// The law in force, as the ledger names it.
struct Digests {
    policy: Bytes32,
    notice: Bytes32,
}

impl Service {
    /// A file of the published log; `None` when there is none.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn ledger_file(&self, path: &str) -> Result<Option<Vec<u8>>, Refused> {
        Ok(Folder(ledger_folder(self.store())).read(path)?)
    }

    /// States what changed and publishes what may go; says how many leaves. Nothing while another process does it.
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
        let leaves = open.go_on(self.now())?;
        *ledger = Some(open);
        Ok(leaves)
    }

    /// Has the published head signed by the witnesses that have not signed it. What is to be published next does not wait for
    /// them. Nothing while another process appends.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn witness_ledger(&self) -> Result<(), Refused> {
        if lock(&self.0.ledger.open).is_none() {
            return Ok(());
        }
        // Published first: a witness is never ahead of what everybody reads.
        let Some((size, lines)) = self.ask_witnesses()? else { return Ok(()) };
        let mut ledger = lock(&self.0.ledger.open);
        match ledger.as_mut().filter(|open| open.log().head().size == size) {
            Some(open) => open.cosigned(&lines),
            // It went on meanwhile: the next head is asked for.
            None => Ok(()),
        }
    }

    fn open_ledger(&self) -> Result<Option<Sequencer>, Refused> {
        let opened = Sequencer::open(self.store(), self.now())?;
        if opened.is_some() {
            self.store().state_what_was_before(self.now())?;
        }
        Ok(opened)
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
        let of = |kind| cases.iter().filter(|count| count.kind == kind).map(|count| count.cases).sum::<u64>();
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
                corrections: of(CaseKind::Correction) + of(CaseKind::Misidentification),
                contests: of(CaseKind::Contest),
                at,
            },
            Leaf::Recalls { sent, acknowledged, at },
        ];
        Ok(leaves.iter().try_for_each(|leaf| store.state(leaf))?)
    }
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
