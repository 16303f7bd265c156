//! A traveller's saved receipt: what the public log says of its records, from the log's files alone.

use crate::house::read_at_most;
use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use portunus_core::leaf::{Leaf, LedgerId};
use portunus_core::policy::DataClass;
use portunus_ledger::log::Files;
use portunus_ledger::note::{Checkpoint, Note};
use portunus_ledger::trace::trace;
use portunus_ledger::verify::{Fault, FaultKind};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A record that is not stated so long after its receipt was saved is a fault.
const STATED_WITHIN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// No receipt is longer.
const FILE_BYTES_MAX: usize = 1 << 20;

/// A receipt as the page saves it; what else stands in it is for people.
#[derive(Deserialize)]
pub(crate) struct SavedReceipt {
    portunus_receipt: u64,
    saved_at: Timestamp,
    /// What the log stated then.
    pub(crate) checkpoint: String,
    /// Which log, and from which leaf on.
    pub(crate) ledger: SavedLedger,
    records: Vec<SavedRecord>,
}

/// Which log.
#[derive(Deserialize)]
pub(crate) struct SavedLedger {
    /// Its key, as it was then.
    pub(crate) key: String,
    /// The keys of its witnesses, as they were then.
    #[serde(default)]
    pub(crate) witnesses: Vec<String>,
    from: u64,
}

#[derive(Deserialize)]
struct SavedRecord {
    record: LedgerId,
    data: DataClass,
    /// Until when it was kept, when the receipt was saved.
    due: Option<Timestamp>,
}

/// What the log says of one record.
#[derive(Serialize)]
pub(crate) struct RecordTraced {
    /// As the log names it.
    record: String,
    /// What it is.
    data: DataClass,
    /// Whether it should be stated by now, and is not.
    unstated: bool,
    /// Where it is stated, and until when; none: not yet, it goes with nine other people's.
    stated: Option<Stated>,
    /// Where it is stated erased.
    erased: Option<Erased>,
}

#[derive(Serialize)]
struct Stated {
    leaf: u64,
    due: String,
}

#[derive(Serialize)]
struct Erased {
    leaf: u64,
    at: String,
}

impl SavedReceipt {
    /// Reads a saved receipt.
    ///
    /// # Errors
    /// When it is no such file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = read_at_most(path, FILE_BYTES_MAX)?;
        let saved: Self = serde_json::from_slice(&bytes)
            .with_context(|| format!("{}: not a receipt as its page saves it", path.display()))?;
        if saved.portunus_receipt != 1 {
            bail!("{}: a receipt of version {}; this reads 1", path.display(), saved.portunus_receipt);
        }
        Ok(saved)
    }

    /// What the log of `size` leaves says of its records, as of `as_of`.
    ///
    /// # Errors
    /// When the log cannot be read, or the receipt begins where the log had not come to when it was saved.
    pub(crate) fn trace(&self, files: &impl Files, size: u64, as_of: Timestamp) -> Result<Vec<RecordTraced>> {
        // Whether it is signed was checked with the log: it is taken as what was seen before.
        let seen = Note::parse(self.checkpoint.as_bytes()).and_then(|note| Checkpoint::parse(&note.text));
        let seen = seen.map_or(0, |seen| seen.size);
        if self.ledger.from > seen {
            bail!(
                "the receipt begins at leaf {} of a log that had {seen} when it was saved",
                self.ledger.from
            );
        }
        let ids: Vec<LedgerId> = self.records.iter().map(|one| one.record).collect();
        let leaves = trace(files, size, self.ledger.from, &ids).context("reading the log")?;
        // Ten people pass in that time, or the operator says why not.
        let waited = self.saved_at.saturating_add(STATED_WITHIN).unwrap_or(Timestamp::MAX) < as_of;
        let late = |one: &SavedRecord| waited || one.due.is_some_and(|due| due < as_of);
        Ok(self.records.iter().map(|one| one.traced(&leaves, late(one))).collect())
    }
}

impl SavedRecord {
    fn traced(&self, leaves: &[(u64, Leaf)], late: bool) -> RecordTraced {
        let (mut stated, mut erased) = (None, None);
        for (leaf, what) in leaves {
            match what {
                Leaf::Sealed { record, due } | Leaf::Redated { record, due, .. }
                    if *record == self.record =>
                {
                    stated = Some(Stated { leaf: *leaf, due: due.to_string() });
                }
                Leaf::Erased { record, at, .. } if *record == self.record => {
                    erased = Some(Erased { leaf: *leaf, at: at.to_string() });
                }
                _ => {}
            }
        }
        let unstated = late && stated.is_none();
        RecordTraced { record: self.record.to_string(), data: self.data, unstated, stated, erased }
    }
}

impl RecordTraced {
    /// What is wrong with it.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let what = || format!("record {} of the receipt should be stated by now", self.record);
        self.unstated.then(|| Fault { kind: FaultKind::RecordUnstated, leaf: None, what: what() })
    }

    /// One line for people.
    pub(crate) fn in_words(&self) -> String {
        let until = match &self.stated {
            Some(Stated { leaf, due }) => format!("stated until {due} (leaf {leaf})"),
            None => "not stated yet: it goes with nine other people's".to_owned(),
        };
        let gone = match &self.erased {
            Some(Erased { leaf, at }) => format!("; erased at {at} (leaf {leaf})"),
            None => "; not erased".to_owned(),
        };
        format!("record {} ({}): {until}{gone}", self.record, self.data.in_words())
    }
}
