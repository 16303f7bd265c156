//! What the published log states, added up for a reader. The log only grows: what was read is not read again.

use jiff::{SignedDuration, Timestamp};
use portunus_core::id::{DeviceId, PointId};
use portunus_core::leaf::{ErasedBecause, Falling, Instant, Leaf, LedgerId};
use portunus_ledger::log::{CHECKPOINT, Files, LogError, Reader};
use portunus_ledger::note::{Checkpoint, Note};
use portunus_ledger::verify::ERASED_WITHIN;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Records that are followed from their date to their erasure; beyond, `portunus verify` is who follows them.
const RECORDS_MAX: usize = 500_000;
/// Entries of a history that are kept, the latest.
const HISTORY_MAX: usize = 100;

/// What became of records that fell due, by what the log states.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Compliance {
    /// Stated erased within an hour of their date, or of the end of a declared hold.
    pub in_time: u64,
    /// Stated erased later than that.
    pub late: u64,
    /// Past their date under a declared hold.
    pub held: u64,
    /// Past their date, and neither erased nor held.
    pub overdue: u64,
    /// Erased before their date: corrected, replaced, or found to be a citizen's.
    pub early: u64,
    /// Kept, and not due yet.
    pub kept: u64,
    /// Whether some records are too many to be followed here: then these figures are of the others.
    pub incomplete: bool,
}

/// Since when something holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct InForceSince {
    /// What: a policy pack, a model pack, whether erasing goes on.
    pub what: String,
    /// More of it: hashes, the wanted error rate.
    pub details: Vec<String>,
    /// When it was stated, RFC 3339.
    pub at: String,
}

/// A witness who is asked to sign every head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct WitnessAsked {
    /// Its verifier key.
    pub key: String,
    /// When it signed the present head, by its clock, RFC 3339: the signature was checked. `null` while it has not.
    pub signed_at: Option<String>,
}

/// The head of the published log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LogHead {
    /// Its name.
    pub origin: String,
    /// How many leaves it has.
    pub size: u64,
    /// Its root, base64.
    pub root: String,
    /// Who signs it: NAME+HEX+BASE64.
    pub key: String,
    /// Who else signed this head: witnesses, by name. Their signatures are not checked here.
    pub witnesses: Vec<String>,
    /// Those who are asked to sign every head, with what they signed of the present one; none where only the data were read.
    pub asked: Vec<WitnessAsked>,
    /// How many leaves these figures are from.
    pub read: u64,
    /// How anybody checks it.
    pub verify: String,
}

impl LogHead {
    /// The command that checks the log at `place`: an address, or a folder.
    pub fn command(&self, place: &str) -> String {
        let witnesses: String = self.asked.iter().map(|one| format!(" --witness {}", one.key)).collect();
        format!("portunus verify {place} --key {}{witnesses}", self.key)
    }
}

#[derive(Clone, Copy)]
struct Record {
    due_hour: u32,
    held_hour: u32,
}

/// What was read so far.
#[derive(Default)]
pub(super) struct Books {
    read: u64,
    devices: HashMap<DeviceId, PointId>,
    /// What points were called when they were designated.
    pub(super) points: BTreeMap<PointId, String>,
    /// Never stored, sealed, discarded, missing; by month and point.
    pub(super) captures: BTreeMap<(String, PointId), [u64; 4]>,
    records: HashMap<LedgerId, Record>,
    ended: Compliance,
    pub(super) policies: Vec<InForceSince>,
    pub(super) models: Vec<InForceSince>,
    pub(super) erasing: Vec<InForceSince>,
    /// When those who decline began to wait too long, and when that ended.
    pub(super) parity: Vec<InForceSince>,
}

fn hour(at: Instant) -> u32 {
    u32::try_from(at.at().as_second().div_euclid(3600)).unwrap_or(0)
}

fn push(history: &mut Vec<InForceSince>, what: String, details: Vec<String>, at: Instant) {
    if history.last().is_some_and(|last| last.what == what && last.details == details) {
        return;
    }
    if history.len() == HISTORY_MAX {
        history.remove(0);
    }
    history.push(InForceSince { what, details, at: at.to_string() });
}

impl Books {
    /// Reads what the log states since the last time, at most `at_most` leaves of it, and says what its head is.
    pub(super) fn read(&mut self, files: &impl Files, key: &str, at_most: u64) -> Result<LogHead, LogError> {
        let Some(bytes) = files.read(CHECKPOINT)? else { return Ok(LogHead::default()) };
        let note = Note::parse(&bytes)?;
        let head = Checkpoint::parse(&note.text)?;
        if head.size < self.read {
            *self = Self::default();
        }
        let (reader, until) = (Reader::new(files, head.size), head.size.min(self.read + at_most));
        while self.read < until {
            let (first, leaves) = reader.bundle(self.read)?;
            for leaf in leaves.iter().skip((self.read - first) as usize) {
                // What is no leaf is for `portunus verify` to say.
                if let Ok(leaf) = Leaf::parse(leaf) {
                    self.enter(leaf);
                }
            }
            self.read = first + leaves.len() as u64;
        }
        let mut witnesses: Vec<String> = note.signatures.iter().map(|line| line.name().to_owned()).collect();
        witnesses.retain(|name| *name != head.origin);
        witnesses.dedup();
        Ok(LogHead {
            root: note.text.lines().nth(2).unwrap_or_default().to_owned(),
            verify: String::new(),
            origin: head.origin,
            size: head.size,
            key: key.trim().to_owned(),
            witnesses,
            asked: Vec::new(),
            read: self.read,
        })
    }

    fn enter(&mut self, leaf: Leaf) {
        match leaf {
            Leaf::Designation { point, name, .. } => {
                self.points.insert(point, name.as_str().to_owned());
            }
            Leaf::Policy { name, sha256, notice, at } => {
                let details = vec![format!("sha256 {sha256}"), format!("notices {notice}")];
                push(&mut self.policies, name.as_str().to_owned(), details, at);
            }
            Leaf::Model { pack, fpir_ppm, at } => {
                let details = vec![format!("wanted FPIR {} %", fpir_ppm as f64 / 1e4)];
                push(&mut self.models, pack.as_str().to_owned(), details, at);
            }
            Leaf::Worker { erasing, at } => {
                push(&mut self.erasing, erasing.word().to_owned(), Vec::new(), at);
            }
            Leaf::ParityShort { designation, falling, manual, waited_ms, limit_ms, at, .. } => {
                let what = match falling {
                    Falling::Begins => "those who decline wait longer than was promised",
                    Falling::Ends => "those who decline wait as was promised again",
                };
                let figures =
                    format!("p95 {waited_ms} ms of {manual} people or more, promised {limit_ms} ms");
                let details = vec![format!("designation {designation}"), figures];
                push(&mut self.parity, what.to_owned(), details, at);
            }
            Leaf::Device { id, point, .. } => {
                self.devices.insert(id, point);
            }
            Leaf::Captures { device, sealed, never_stored, discarded, missing, since, .. } => {
                self.captured(device, since, [never_stored, sealed, discarded, missing]);
            }
            Leaf::Sealed { record, due } => {
                if self.records.len() < RECORDS_MAX {
                    self.records.insert(record, Record { due_hour: hour(due), held_hour: 0 });
                } else {
                    self.ended.incomplete = true;
                }
            }
            Leaf::Redated { record, due, .. } => self.change(record, |known| known.due_hour = hour(due)),
            Leaf::Held { record, until, .. } => self.change(record, |known| known.held_hour = hour(until)),
            Leaf::Released { record, at } => self.change(record, |known| {
                // What a hold kept past its date is due when it lets go.
                known.due_hour = known.due_hour.max(if known.held_hour > 0 { hour(at) } else { 0 });
                known.held_hour = 0;
            }),
            Leaf::Erased { record, cause, at } => self.erased(record, cause, at),
            _ => {}
        }
    }

    fn captured(&mut self, device: DeviceId, since: Instant, fates: [u64; 4]) {
        let Some(point) = self.devices.get(&device) else { return };
        let month = since.to_string().get(..7).unwrap_or_default().to_owned();
        for (sum, n) in self.captures.entry((month, *point)).or_default().iter_mut().zip(fates) {
            *sum = sum.saturating_add(n);
        }
    }

    fn change(&mut self, record: LedgerId, change: impl FnOnce(&mut Record)) {
        if let Some(known) = self.records.get_mut(&record) {
            change(known);
        }
    }

    fn erased(&mut self, record: LedgerId, cause: ErasedBecause, at: Instant) {
        let Some(known) = self.records.remove(&record) else { return };
        let by = known.due_hour.max(known.held_hour) + within_hours();
        match cause {
            ErasedBecause::Early => self.ended.early += 1,
            ErasedBecause::Due if hour(at) > by => self.ended.late += 1,
            ErasedBecause::Due => self.ended.in_time += 1,
        }
    }

    /// What became of records that fell due, as of `now`.
    pub(super) fn compliance(&self, now: Timestamp) -> Compliance {
        let mut found = self.ended;
        let hour = hour(Instant::new(now));
        for known in self.records.values() {
            if known.due_hour + within_hours() >= hour {
                found.kept += 1;
            } else if hour < known.held_hour {
                found.held += 1;
            } else {
                found.overdue += 1;
            }
        }
        found
    }
}

fn within_hours() -> u32 {
    const WITHIN: SignedDuration = ERASED_WITHIN;
    u32::try_from(WITHIN.as_secs() / 3600).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use portunus_core::leaf::RedatedBecause;

    fn at(text: &str) -> Instant {
        Instant::new(text.parse().unwrap())
    }

    fn sealed(books: &mut Books, n: u8) {
        books.enter(Leaf::Sealed { record: LedgerId([n; 16]), due: at("2026-11-24T13:00:00Z") });
    }

    #[test]
    fn records_are_in_time_late_held_or_overdue() {
        let mut books = Books::default();
        (1..=6).for_each(|n| sealed(&mut books, n));
        let erased =
            |n: u8, cause, hour: &str| Leaf::Erased { record: LedgerId([n; 16]), cause, at: at(hour) };
        books.enter(erased(1, ErasedBecause::Due, "2026-11-24T14:00:00Z"));
        books.enter(erased(2, ErasedBecause::Due, "2026-11-24T15:00:00Z"));
        books.enter(erased(3, ErasedBecause::Early, "2026-11-24T10:00:00Z"));
        let (record, held) = (LedgerId([4; 16]), at("2027-01-01T00:00:00Z"));
        books.enter(Leaf::Held { record, until: held, at: at("2026-11-24T09:00:00Z") });
        let due = at("2030-01-01T00:00:00Z");
        books.enter(Leaf::Redated { record: LedgerId([6; 16]), due, cause: RedatedBecause::Ruling });
        let now = "2026-11-25T00:00:00Z".parse().unwrap();
        let expected =
            Compliance { in_time: 1, late: 1, held: 1, overdue: 1, early: 1, kept: 1, incomplete: false };
        assert_eq!(books.compliance(now), expected);
        books.enter(Leaf::Released { record, at: at("2026-11-25T08:10:00Z") });
        books.enter(erased(4, ErasedBecause::Due, "2026-11-25T09:00:00Z"));
        assert_eq!(books.compliance(now).in_time, 2, "it was due when the hold let go");
    }

    #[test]
    fn captures_are_added_up_by_month_and_by_the_point_of_their_device() {
        let mut books = Books::default();
        let (device, point) = (DeviceId::from_bytes([1; 16]), PointId::from_bytes([2; 16]));
        let when = at("2026-11-24T13:00:00Z");
        books.enter(Leaf::Device {
            id: device,
            point,
            key: portunus_core::leaf::Bytes32([0; 32]),
            count: 0,
            at: when,
        });
        books.captured(device, when, [15, 2, 1, 2]);
        books.captured(device, when, [15, 4, 1, 2]);
        books.captured(DeviceId::from_bytes([9; 16]), when, [15, 2, 1, 2]);
        let expected = BTreeMap::from([(("2026-11".to_owned(), point), [30, 6, 2, 4])]);
        assert_eq!(books.captures, expected);
    }

    #[test]
    fn what_is_stated_again_is_no_change() {
        let mut books = Books::default();
        for hour in ["2026-11-24T13:00:00Z", "2026-11-24T14:00:00Z"] {
            books.enter(Leaf::Worker { erasing: portunus_core::leaf::Erasing::On, at: at(hour) });
        }
        assert_eq!(books.erasing.len(), 1);
    }
}
