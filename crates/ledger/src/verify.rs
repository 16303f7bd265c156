//! Checking a log with no trust in who runs it: what its files are, and what its leaves add up to.
//!
//! What no log can show is in [`CANNOT_SEE`].

use crate::edge::Edge;
use crate::log::{CHECKPOINT, Files, LogError, Reader};
use crate::merkle::{Hash, leaf_hash};
use crate::note::{Checkpoint, Note, NoteError, VerifierKey};
use crate::tile::{self, HEIGHT, Kind, Tile, WIDTH};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::VerifyingKey;
use jiff::{SignedDuration, Timestamp};
use portunus_core::capture::CaptureStatement;
use portunus_core::id::{DesignationId, DeviceId};
use portunus_core::leaf::{
    Bytes32, ErasedBecause, Erasing, Falling, Instant, Leaf, LeafError, LedgerId, RedatedBecause, Signature,
};
use serde::Serialize;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// How long after its published date a record may be stated erased: dates are stated to the hour.
pub const ERASED_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// How far before its publication a designation may begin: the clocks of two machines.
const BACK_DATED_BY: SignedDuration = SignedDuration::from_mins(1);
/// More faults than these are counted, and not listed.
const LISTED_MAX: usize = 1000;

/// What a log cannot show, whoever checks it.
pub const CANNOT_SEE: [&str; 4] = [
    "a copy that was made outside the system, of a photo or of the key ring",
    "a capture by a device that was never enrolled, or a record that was never stated",
    "whether what was stated was true when it was stated; only that it was not changed since",
    "another history shown to somebody else, unless a witness signed this one or both are compared",
];

/// What is wrong, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The checkpoint is not whole, or its signature does not verify.
    CheckpointAltered,
    /// The checkpoint is not signed by the key that was asked for.
    UnknownKey,
    /// A file is missing or not whole.
    FileMissing,
    /// A tile is not what the leaves give.
    TileAltered,
    /// The leaves do not give the root that the checkpoint states.
    RootDiffers,
    /// What was seen before is not the beginning of this.
    HistoryRewritten,
    /// What was seen before is longer than this.
    RolledBack,
    /// A witness's signature does not verify, or it was asked for and is not there.
    Witness,
    /// A leaf is not written as it should be.
    LeafMalformed,
    /// Two leaves say the same thing, of which there is one.
    LeafDoubled,
    /// A leaf is about what was never stated before it.
    LeafOutOfOrder,
    /// A designation begins before it was published.
    DesignationBackDated,
    /// Captures without a designation or a notice in force, or by a device that was revoked.
    CaptureWithoutAuthority,
    /// A range of captures that its device did not sign.
    CaptureUnsigned,
    /// Counts of captures that nothing is said of.
    CapturesSkipped,
    /// Counts of captures that were stated before.
    CounterRolledBack,
    /// What became of captures does not add up.
    Unbalanced,
    /// A record is past its date, and neither erased nor held.
    ErasureMissing,
    /// A record was erased after its date.
    ErasureLate,
    /// A date was moved without a reason that is stated.
    DueMovedWithoutReason,
    /// A record that somebody's receipt names should be stated by now, and is not.
    RecordUnstated,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What, by kind.
    pub kind: FaultKind,
    /// At which leaf; `None` where it is of a file or of the whole.
    pub leaf: Option<u64>,
    /// What, in words.
    pub what: String,
}

/// A witness who signed the head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Witnessed {
    /// Who.
    pub witness: String,
    /// When, by the witness's clock.
    pub at: Timestamp,
}

/// What is stated in a log, added up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stated {
    /// Designations ever.
    pub designations: u64,
    /// Devices ever.
    pub devices: u64,
    /// Captures counted by devices.
    pub captures: u64,
    /// Of these, photos kept sealed.
    pub captures_sealed: u64,
    /// Of these, never written.
    pub captures_never_stored: u64,
    /// Of these, destroyed before they were a record.
    pub captures_discarded: u64,
    /// Of these, never received, or not looked at.
    pub captures_missing: u64,
    /// Records ever.
    pub records: u64,
    /// Of these, erased.
    pub erased: u64,
    /// Of these, past their date and under a declared hold.
    pub held_past_date: u64,
    /// How often those who decline began to wait longer than was promised under a designation.
    pub parity_short: u64,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Which log.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root that is stated, base64.
    pub root: String,
    /// The checkpoint itself: what to keep for the next check.
    pub checkpoint: String,
    /// As of when dates were judged.
    pub as_of: Timestamp,
    /// Witnesses whose signatures verify.
    pub witnesses: Vec<Witnessed>,
    /// What is stated.
    pub stated: Stated,
    /// What is wrong; at most a thousand.
    pub faults: Vec<Fault>,
    /// How many faults there are.
    pub fault_count: u64,
    /// What whoever runs it declares, and a reader should know.
    pub declared: Vec<String>,
    /// What this cannot see.
    pub cannot_see: [&'static str; 4],
}

/// What to check with.
#[derive(Debug, Clone)]
pub struct Check<'a> {
    /// Who must have signed the head.
    pub key: &'a VerifierKey,
    /// Witnesses who must have signed it, too.
    pub witnesses: &'a [VerifierKey],
    /// The checkpoint that was seen before: a note.
    pub since: Option<&'a [u8]>,
    /// As of when dates are judged.
    pub as_of: Timestamp,
}

/// Checks a log. What is wrong with it is in the report.
///
/// # Errors
/// [`LogError::Io`] when it cannot be read at all; [`LogError::Missing`] when there is no checkpoint.
pub fn verify(files: &impl Files, check: &Check<'_>) -> Result<Report, LogError> {
    let bytes = files.read(CHECKPOINT)?.ok_or(LogError::Missing(CHECKPOINT.to_owned()))?;
    let mut report = Report {
        origin: check.key.name().to_owned(),
        size: 0,
        root: String::new(),
        checkpoint: String::from_utf8_lossy(&bytes).into_owned(),
        as_of: check.as_of,
        witnesses: Vec::new(),
        stated: Stated::default(),
        faults: Vec::new(),
        fault_count: 0,
        declared: Vec::new(),
        cannot_see: CANNOT_SEE,
    };
    let head = match Checkpoint::open(&bytes, check.key) {
        Ok((head, note)) => {
            for witness in check.witnesses {
                match witness.verify(&note) {
                    Ok(time) => {
                        let second = i64::try_from(time.unwrap_or_default()).unwrap_or_default();
                        let at = Timestamp::from_second(second).unwrap_or_default();
                        report.witnesses.push(Witnessed { witness: witness.name().to_owned(), at });
                    }
                    Err(error) => report.fault(FaultKind::Witness, None, error.to_string()),
                }
            }
            head
        }
        Err(error) => {
            // The key's own signature under another name is the log's head with its name altered, and nobody else's.
            let relabelled = || Note::parse(&bytes).is_ok_and(|note| check.key.signed_under_any_name(&note));
            let kind = match error {
                NoteError::NotSigned(_) if !relabelled() => FaultKind::UnknownKey,
                _ => FaultKind::CheckpointAltered,
            };
            report.fault(kind, None, format!("checkpoint: {error}"));
            return Ok(report);
        }
    };
    report.size = head.size;
    report.root = BASE64.encode(head.root);
    let seen = check.since.map(|since| Checkpoint::open(since, check.key).map(|(seen, _)| seen)).transpose();
    let seen = seen.unwrap_or_else(|error| {
        report.fault(FaultKind::CheckpointAltered, None, format!("the checkpoint seen before: {error}"));
        None
    });
    if let Some(seen) = &seen
        && seen.size > head.size
    {
        let what = format!("{} leaves were stated before, {} are now", seen.size, head.size);
        report.fault(FaultKind::RolledBack, None, what);
    }
    let mut books = Books::default();
    let mut edge = Edge::default();
    let reader = Reader::new(files, head.size);
    let mut next = 0;
    while next < head.size {
        let (first, leaves) = match reader.bundle(next) {
            Ok(bundle) => bundle,
            Err(error @ LogError::Io { .. }) => return Err(error),
            Err(error) => {
                report.fault(FaultKind::FileMissing, Some(next), error.to_string());
                return Ok(report);
            }
        };
        for (index, leaf) in (first..).zip(&leaves) {
            compare(&edge, seen.as_ref(), &mut report);
            edge.push(leaf_hash(leaf), &mut |tile, hashes| against(files, tile, hashes, &mut report))?;
            books.enter(index, leaf, &mut report);
        }
        next = first + leaves.len() as u64;
    }
    compare(&edge, seen.as_ref(), &mut report);
    for (tile, hashes) in edge.partial() {
        against(files, tile, hashes, &mut report)?;
    }
    if edge.root() != head.root {
        let what = "the leaves do not give the root that the checkpoint states: some were altered, dropped, doubled or moved";
        report.fault(FaultKind::RootDiffers, None, what.to_owned());
    }
    books.close(check.as_of, &mut report);
    Ok(report)
}

impl Report {
    fn fault(&mut self, kind: FaultKind, leaf: Option<u64>, what: String) {
        self.fault_count += 1;
        if self.faults.len() < LISTED_MAX {
            self.faults.push(Fault { kind, leaf, what });
        }
    }
}

/// Compares a published tile with what the leaves give.
fn against(files: &impl Files, tile: Tile, hashes: &[Hash], report: &mut Report) -> Result<(), LogError> {
    let Kind::Hashes(level) = tile.kind else { return Ok(()) };
    let (path, first) = (tile.path(), (tile.index * WIDTH) << (HEIGHT * level));
    match files.read(&path) {
        Err(error @ LogError::Io { .. }) => return Err(error),
        Ok(Some(bytes)) => {
            let published = tile::hashes(&bytes).unwrap_or_default();
            if published != hashes {
                let at = published.iter().zip(hashes).position(|(one, other)| one != other).unwrap_or(0);
                let leaf = first + ((at as u64) << (HEIGHT * level));
                report.fault(
                    FaultKind::TileAltered,
                    Some(leaf),
                    format!("{path} is not what the leaves give"),
                );
            }
        }
        Ok(None) | Err(_) => report.fault(FaultKind::FileMissing, Some(first), format!("{path} is missing")),
    }
    Ok(())
}

/// Compares the tree so far with what was seen before, where it has as many leaves.
fn compare(edge: &Edge, seen: Option<&Checkpoint>, report: &mut Report) {
    if let Some(seen) = seen
        && seen.size == edge.size
        && seen.root != edge.root()
    {
        let what = format!("the first {} leaves are not those that were stated before", seen.size);
        report.fault(FaultKind::HistoryRewritten, None, what);
    }
}

struct KnownDesignation {
    from: Instant,
    until: Option<Instant>,
    /// Since when those who decline wait longer than was promised, and what is said of it.
    short: Option<String>,
}

struct KnownDevice {
    key: Bytes32,
    last: u64,
    revoked: Option<Instant>,
}

struct KnownRecord {
    due: Instant,
    held: Option<Instant>,
    erased: bool,
}

/// Whether a device signed a capture.
fn is_signed(statement: &CaptureStatement, key: &Bytes32, signature: &Signature) -> bool {
    VerifyingKey::from_bytes(&key.0).is_ok_and(|key| {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(statement.text().as_bytes(), &signature).is_ok()
    })
}

/// What the leaves add up to.
#[derive(Default)]
struct Books {
    sums: Stated,
    before_the_log: u64,
    designations: HashMap<DesignationId, KnownDesignation>,
    notices: HashSet<Bytes32>,
    devices: HashMap<DeviceId, KnownDevice>,
    records: HashMap<LedgerId, KnownRecord>,
    corrections: u64,
    stated_at: Option<Instant>,
    erasing: Option<(Erasing, Instant)>,
    rolled_back: Vec<String>,
}

impl Books {
    fn enter(&mut self, index: u64, bytes: &[u8], report: &mut Report) {
        let leaf = match Leaf::parse(bytes) {
            Ok(leaf) => leaf,
            Err(error) => {
                let moved =
                    bytes.starts_with(b"portunus-leaf/1 redated\n") && error == LeafError::Field("cause");
                let kind = if moved { FaultKind::DueMovedWithoutReason } else { FaultKind::LeafMalformed };
                return report.fault(kind, Some(index), error.to_string());
            }
        };
        let mut fault = |kind, what: String| report.fault(kind, Some(index), what);
        match leaf {
            Leaf::Designation { id, from, until, at, .. } => {
                self.sums.designations += 1;
                self.stated(at, &mut fault);
                if self.notices.is_empty() {
                    // No capture is accounted for before the first policy: nothing rests on these yet.
                    self.before_the_log += 1;
                } else if from.at().saturating_add(BACK_DATED_BY).unwrap_or(Timestamp::MAX) < at.at() {
                    let what = format!("designation {id} begins at {from} and was published at {at}");
                    fault(FaultKind::DesignationBackDated, what);
                }
                match self.designations.entry(id) {
                    Entry::Vacant(first) => _ = first.insert(KnownDesignation { from, until, short: None }),
                    Entry::Occupied(_) => {
                        fault(FaultKind::LeafDoubled, format!("designation {id} was stated before"))
                    }
                }
            }
            Leaf::Hours { designation, at, .. } => {
                self.stated(at, &mut fault);
                if !self.designations.contains_key(&designation) {
                    fault(FaultKind::LeafOutOfOrder, format!("no designation {designation} was stated"));
                }
            }
            Leaf::Withdrawn { designation, until, at } => {
                self.stated(at, &mut fault);
                match self.designations.get_mut(&designation) {
                    Some(known) => known.until = Some(until),
                    None => {
                        fault(FaultKind::LeafOutOfOrder, format!("no designation {designation} was stated"))
                    }
                }
            }
            Leaf::Policy { notice, at, .. } => {
                self.stated(at, &mut fault);
                self.notices.insert(notice);
            }
            Leaf::Model { at, .. } | Leaf::Recalls { at, .. } => self.stated(at, &mut fault),
            Leaf::Device { id, key, count, at, .. } => {
                self.sums.devices += 1;
                self.stated(at, &mut fault);
                // The first key counts: another one in its place is what would let others sign for it.
                match self.devices.entry(id) {
                    Entry::Vacant(first) => {
                        _ = first.insert(KnownDevice { key, last: count, revoked: None });
                    }
                    Entry::Occupied(_) => {
                        fault(FaultKind::LeafDoubled, format!("device {id} was stated before"))
                    }
                }
            }
            Leaf::DeviceRevoked { id, at } => {
                self.stated(at, &mut fault);
                match self.devices.get_mut(&id) {
                    Some(known) => known.revoked = Some(at),
                    None => fault(FaultKind::LeafOutOfOrder, format!("no device {id} was stated")),
                }
            }
            Leaf::Cases { corrections, contests, at, .. } => {
                self.stated(at, &mut fault);
                self.corrections = corrections.saturating_add(contests);
            }
            Leaf::Worker { erasing, at } => {
                self.stated(at, &mut fault);
                self.erasing = Some((erasing, at));
            }
            Leaf::RolledBack { device, counted, came, at } => {
                self.stated(at, &mut fault);
                self.rolled_back.push(format!(
                    "device {device} came with count {came} at {at}, after {counted}: set back, overtaken on its way, or its key is used elsewhere"
                ));
            }
            Leaf::ParityShort { .. } => self.parity(&leaf, &mut fault),
            Leaf::Captures { .. } => self.captures(&leaf, &mut fault),
            Leaf::Sealed { .. }
            | Leaf::Redated { .. }
            | Leaf::Held { .. }
            | Leaf::Released { .. }
            | Leaf::Erased { .. } => self.record(leaf, &mut fault),
        }
    }

    /// That those who decline wait longer than was promised: begun before it ends, and each once.
    fn parity(&mut self, leaf: &Leaf, fault: &mut impl FnMut(FaultKind, String)) {
        let Leaf::ParityShort { designation, falling, manual, waited_ms, limit_ms, at, .. } = leaf else {
            return;
        };
        self.stated(*at, fault);
        let Some(known) = self.designations.get_mut(designation) else {
            return fault(FaultKind::LeafOutOfOrder, format!("no designation {designation} was stated"));
        };
        let what = format!(
            "under designation {designation} those who decline wait longer than was promised since {at}: \
             {waited_ms} ms (p95 of {manual} people), promised {limit_ms} ms"
        );
        match (falling, known.short.is_some()) {
            (Falling::Begins, false) => {
                self.sums.parity_short += 1;
                known.short = Some(what);
            }
            (Falling::Ends, true) => known.short = None,
            (Falling::Begins, true) => {
                fault(FaultKind::LeafDoubled, format!("designation {designation} fell short before"));
            }
            (Falling::Ends, false) => {
                fault(FaultKind::LeafOutOfOrder, format!("designation {designation} did not fall short"));
            }
        }
    }

    /// What is stated of a record.
    fn record(&mut self, leaf: Leaf, fault: &mut impl FnMut(FaultKind, String)) {
        match leaf {
            Leaf::Sealed { record, due } => {
                self.sums.records += 1;
                if self.records.insert(record, KnownRecord { due, held: None, erased: false }).is_some() {
                    fault(FaultKind::LeafDoubled, format!("record {record} was stated before"));
                }
            }
            Leaf::Redated { record, due, cause } => {
                if let Some(known) = self.kept(record, fault) {
                    known.due = due;
                    if cause == RedatedBecause::Correction && self.corrections == 0 {
                        let what =
                            format!("record {record} has another date by a correction, and none was counted");
                        fault(FaultKind::DueMovedWithoutReason, what);
                    }
                }
            }
            Leaf::Held { record, until, .. } => {
                if let Some(known) = self.kept(record, fault) {
                    known.held = Some(known.held.map_or(until, |before| before.max(until)));
                }
            }
            Leaf::Released { record, at } => {
                if let Some(known) = self.kept(record, fault) {
                    // What a hold kept past its date is due when it is let go.
                    if known.held.take().is_some() {
                        known.due = known.due.max(at);
                    }
                }
            }
            Leaf::Erased { record, cause, at } => {
                let Some(known) = self.kept(record, fault) else { return };
                known.erased = true;
                let by = known.held.map_or(known.due, |held| held.max(known.due)).at();
                if cause == ErasedBecause::Due
                    && at.at() > by.saturating_add(ERASED_WITHIN).unwrap_or(Timestamp::MAX)
                {
                    let what = format!("record {record} was erased at {at}, and due at {}", known.due);
                    fault(FaultKind::ErasureLate, what);
                }
                self.sums.erased += 1;
            }
            _ => {}
        }
    }

    fn captures(&mut self, leaf: &Leaf, fault: &mut impl FnMut(FaultKind, String)) {
        let Leaf::Captures {
            device,
            designation,
            notice,
            first,
            last,
            sealed,
            never_stored,
            discarded,
            missing,
            since,
            signed,
            at,
        } = leaf
        else {
            return;
        };
        self.stated(*at, fault);
        let counted =
            [sealed, never_stored, discarded, missing].iter().try_fold(0u64, |sum, n| sum.checked_add(**n));
        if last < first || counted != (last - first).checked_add(1) {
            let what = format!("captures {first} to {last} of device {device} do not add up");
            fault(FaultKind::Unbalanced, what);
        }
        let stated = &mut self.sums;
        for (sum, n) in [
            (&mut stated.captures, counted.unwrap_or_default()),
            (&mut stated.captures_sealed, *sealed),
            (&mut stated.captures_never_stored, *never_stored),
            (&mut stated.captures_discarded, *discarded),
            (&mut stated.captures_missing, *missing),
        ] {
            *sum = sum.saturating_add(n);
        }
        let lacks = |fault: &mut dyn FnMut(FaultKind, String), what: String| {
            fault(FaultKind::CaptureWithoutAuthority, format!("captures {first} to {last}: {what}"));
        };
        match self.devices.get_mut(device) {
            None => lacks(fault, format!("no device {device} was stated")),
            Some(known) => {
                if known.revoked.is_some_and(|revoked| revoked <= *since) {
                    lacks(fault, format!("device {device} was revoked"));
                }
                let statement = CaptureStatement {
                    device: *device,
                    designation: *designation,
                    notice: *notice,
                    count: *last,
                };
                if !is_signed(&statement, &known.key, signed) {
                    let what = format!("captures {first} to {last}: not signed by device {device}");
                    fault(FaultKind::CaptureUnsigned, what);
                }
                if *first <= known.last {
                    let what =
                        format!("device {device} counted to {} before, and now from {first}", known.last);
                    fault(FaultKind::CounterRolledBack, what);
                } else if *first - 1 > known.last {
                    let what = format!(
                        "nothing is said of captures {} to {} of device {device}",
                        known.last + 1,
                        first - 1
                    );
                    fault(FaultKind::CapturesSkipped, what);
                }
                known.last = known.last.max(*last);
            }
        }
        let in_force = self.designations.get(designation).is_some_and(|known| {
            Instant::hour_of(known.from.at()) <= Instant::hour_of(since.at())
                && known.until.is_none_or(|until| until > *since)
        });
        if !in_force {
            lacks(fault, format!("designation {designation} was not in force"));
        }
        if !self.notices.contains(notice) {
            lacks(fault, "the notice was not published".to_owned());
        }
    }

    /// A record that was stated, and not erased.
    fn kept(
        &mut self,
        record: LedgerId,
        fault: &mut impl FnMut(FaultKind, String),
    ) -> Option<&mut KnownRecord> {
        match self.records.get_mut(&record) {
            Some(known) if !known.erased => Some(known),
            Some(_) => {
                fault(FaultKind::LeafDoubled, format!("record {record} was stated erased before"));
                None
            }
            None => {
                fault(FaultKind::LeafOutOfOrder, format!("no record {record} was stated"));
                None
            }
        }
    }

    /// Statements come in the order of their times.
    fn stated(&mut self, at: Instant, fault: &mut impl FnMut(FaultKind, String)) {
        if let Some(before) = self.stated_at
            && at.at().saturating_add(ERASED_WITHIN).unwrap_or(Timestamp::MAX) < before.at()
        {
            fault(FaultKind::LeafOutOfOrder, format!("it was stated at {at}, after one of {before}"));
        }
        self.stated_at = Some(self.stated_at.map_or(at, |before| before.max(at)));
    }

    fn close(mut self, as_of: Timestamp, report: &mut Report) {
        let mut overdue: Vec<(&LedgerId, &KnownRecord)> = self
            .records
            .iter()
            .filter(|(_, known)| {
                let by = known.due.at().saturating_add(ERASED_WITHIN).unwrap_or(Timestamp::MAX);
                !known.erased && by < as_of
            })
            .collect();
        overdue.sort_unstable_by_key(|(record, known)| (known.due, **record));
        for (record, known) in overdue {
            if known.held.is_some_and(|until| as_of < until.at()) {
                self.sums.held_past_date += 1;
            } else {
                let what = format!("record {record} was due at {} and is not stated erased", known.due);
                report.fault(FaultKind::ErasureMissing, None, what);
            }
        }
        if self.before_the_log > 0 {
            report
                .declared
                .push(format!("{} designations are from before the log's first policy", self.before_the_log));
        }
        if self.sums.captures_missing > 0 {
            report.declared.push(format!(
                "{} captures were counted and never received, or not looked at",
                self.sums.captures_missing
            ));
        }
        // What the operator says against itself; the log is refused, not the list, when it grows without bound.
        report.declared.extend(self.rolled_back.into_iter().take(LISTED_MAX));
        let mut short: Vec<String> =
            self.designations.into_values().filter_map(|known| known.short).collect();
        short.sort_unstable();
        report.declared.extend(short.into_iter().take(LISTED_MAX));
        if let Some((erasing @ (Erasing::Off | Erasing::Halted), at)) = self.erasing {
            report.declared.push(format!("erasing is {} since {at}", erasing.word()));
        }
        if self.sums.held_past_date > 0 {
            report.declared.push(format!(
                "{} records are kept past their date by a legal hold",
                self.sums.held_past_date
            ));
        }
        report.stated = self.sums;
    }
}
