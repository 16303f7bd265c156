//! The promises of [`ports`](crate::ports) kept in memory: rows, key ring and sealed bytes apart, as on a disk, so that
//! a write to one of them can fail while those to the others were kept. For tests; nothing of it outlives the process.

use crate::admission::{Admission, Admit, NONCES_KEPT_FOR, OUTCOMES_KEPT_FOR};
use crate::bucket::{BucketId, context as key_context};
use crate::column::word;
use crate::envelope;
use crate::erasure::{Swept, long_ago};
use crate::error::{Result, StoreError};
use crate::fault::{Fault, Faults};
use crate::holdings::Holding;
use crate::keyring::Key;
use crate::kind::RecordKind;
use crate::ports::{Keep, Kept, Requests, Retention, Vault};
use crate::reading::{Access, Reading};
use crate::store::lock;
use crate::vault::{RECORD_BYTES_MAX, SEAL_GOOD_FOR, Sealed};
use jiff::Timestamp;
use portunus_core::id::{DeviceId, IdempotencyKey, RecordId};
use portunus_core::policy::{DataClass, PersonClass, Start};
use portunus_core::ports::Entropy;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use zeroize::Zeroizing;

/// How many records may join one bucket: few, so that tests meet full ones.
pub const MEMBERS_MAX: u32 = 4;
const PERIOD_SECONDS: i64 = 60;

/// A store in memory. Cloning it is another process with the same folder open.
#[derive(Clone)]
pub struct MemoryStore {
    disk: Arc<Mutex<Disk>>,
    entropy: Arc<dyn Entropy>,
}

/// What is there, whatever the rows say of it: for tests that look for remains.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    /// Records with a row, erased or not.
    pub rows: BTreeSet<RecordId>,
    /// Records whose bucket's key is in the key ring.
    pub with_key: BTreeSet<RecordId>,
    /// Records with sealed bytes, whole or begun.
    pub bytes: BTreeSet<RecordId>,
    /// Keys and buckets that are of no record, and notes of records sealed and not kept.
    pub of_no_record: usize,
}

/// What is durable.
#[derive(Default)]
struct Disk {
    rows: Rows,
    ring: BTreeMap<BucketId, BucketKey>,
    /// `None`: begun, and cut off.
    bytes: BTreeMap<RecordId, Option<Vec<u8>>>,
    faults: Faults,
    /// Not durable: buckets as they are to be with the write that names their new members.
    joining: BTreeMap<BucketId, Bucket>,
}

#[derive(Default)]
struct Rows {
    records: BTreeMap<RecordId, Record>,
    buckets: BTreeMap<BucketId, Bucket>,
    /// Sealed and not yet kept.
    sealing: BTreeMap<RecordId, Timestamp>,
    readings: Vec<(RecordId, Reading)>,
    /// The last counter of each device.
    devices: BTreeMap<DeviceId, u64>,
    requests: BTreeMap<[u8; 16], Request>,
    nonces: BTreeMap<(DeviceId, [u8; 16]), Timestamp>,
}

struct Record {
    kind: RecordKind,
    class: PersonClass,
    created_at: Timestamp,
    erase_after: Timestamp,
    erased: bool,
    place: Place,
}

#[derive(Clone)]
struct Place {
    bucket: BucketId,
    /// The data key, under the bucket's.
    wrapped: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Bucket {
    period: i64,
    joined: u32,
    dying: bool,
}

struct BucketKey {
    key: Key,
    created_at: Timestamp,
}

struct Request {
    device: DeviceId,
    body_mac: [u8; 32],
    outcome: Option<String>,
    admitted_at: Timestamp,
}

impl Disk {
    /// One write, whole or not at all; `write` may not fail.
    fn write(&mut self, step: &'static str, write: impl FnOnce(&mut Self)) -> Result<()> {
        let fault = self.faults.next();
        Faults::meet(fault, step, || {
            write(self);
            Ok(())
        })
    }

    fn put_bytes(&mut self, record: RecordId, bytes: Vec<u8>) -> Result<()> {
        let fault = self.faults.next();
        if matches!(fault, Some(Fault::Lost | Fault::Crash)) {
            // What a full disk or a crash leaves under another name.
            self.bytes.entry(record).or_insert(None);
        }
        Faults::meet(fault, "put sealed bytes", || {
            self.bytes.insert(record, Some(bytes));
            Ok(())
        })
    }

    fn visible(&self, record: RecordId, now: Timestamp) -> Option<&Record> {
        self.rows.records.get(&record).filter(|row| !row.erased && row.erase_after > now)
    }

    /// A place in a bucket for what is due at `due`, not `leaving`. The bucket's key is durable when this returns; the
    /// record is a member once its row says so.
    fn join(
        &mut self,
        record: RecordId,
        data_key: &[u8],
        due: Timestamp,
        leaving: Option<BucketId>,
        at: Joining<'_>,
    ) -> Result<Place> {
        let period = due.as_second().div_euclid(PERIOD_SECONDS);
        let open = |(id, bucket): (&BucketId, &Bucket)| {
            let open = bucket.period == period && !bucket.dying && bucket.joined < MEMBERS_MAX;
            (open && Some(*id) != leaving).then_some((*id, *bucket))
        };
        let kept = self.rows.buckets.iter().filter(|(id, _)| !self.joining.contains_key(*id));
        let known = self.joining.iter().chain(kept).find_map(open);
        let (bucket, mut row) = match known {
            Some(known) => known,
            None => {
                let bucket = BucketId(portunus_core::ports::fresh(at.entropy));
                let key = crate::keyring::fresh(at.entropy);
                self.write("make a bucket's key", |disk| {
                    disk.ring.insert(bucket, BucketKey { key, created_at: at.now });
                })?;
                (bucket, Bucket { period, joined: 0, dying: false })
            }
        };
        let missing = StoreError::Sealed { record, what: "its key is gone" };
        let key = &self.ring.get(&bucket).ok_or(missing)?.key;
        let too_large = StoreError::TooLarge { what: "a data key", bound: 32 };
        let wrapped = envelope::seal(key, &key_context(record), data_key, at.entropy).ok_or(too_large)?;
        row.joined += 1;
        self.joining.insert(bucket, row);
        Ok(Place { bucket, wrapped })
    }

    fn data_key(&self, record: RecordId, place: &Place) -> Option<Zeroizing<Vec<u8>>> {
        envelope::open(&self.ring.get(&place.bucket)?.key, &key_context(record), &place.wrapped)
    }

    /// New places for the members of `leaving` that are not erased.
    fn move_out(
        &mut self,
        leaving: BucketId,
        but: Option<RecordId>,
        at: Joining<'_>,
    ) -> Result<Vec<(RecordId, Place)>> {
        let members: Vec<(RecordId, Timestamp, Place)> = self
            .rows
            .records
            .iter()
            .filter(|(id, row)| row.place.bucket == leaving && !row.erased && Some(**id) != but)
            .map(|(id, row)| (*id, row.erase_after, row.place.clone()))
            .collect();
        let mut moved = Vec::with_capacity(members.len());
        for (record, due, place) in members {
            if let Some(data_key) = self.data_key(record, &place) {
                moved.push((record, self.join(record, &data_key, due, Some(leaving), at)?));
            }
        }
        Ok(moved)
    }

    /// With the write that names them: the buckets that were joined, and who joined them.
    fn take_places(&mut self, moved: Vec<(RecordId, Place)>) {
        self.rows.buckets.append(&mut self.joining);
        for (record, place) in moved {
            if let Some(row) = self.rows.records.get_mut(&record) {
                row.place = place;
            }
        }
    }

    fn destroy_dying(&mut self) -> Result<()> {
        let dying: Vec<BucketId> =
            self.rows.buckets.iter().filter(|(_, bucket)| bucket.dying).map(|(id, _)| *id).collect();
        self.write("destroy buckets' keys", |disk| {
            disk.ring.retain(|bucket, _| !dying.contains(bucket));
        })
    }

    /// What follows once rows are invisible: who is not erased leaves their buckets, then keys, bytes, rows.
    fn finish_erasing(&mut self, records: &[RecordId], at: Joining<'_>) -> Result<()> {
        let buckets: BTreeSet<BucketId> = records
            .iter()
            .filter_map(|record| self.rows.records.get(record))
            .map(|row| row.place.bucket)
            .collect();
        self.joining.clear();
        let mut moved = Vec::new();
        for bucket in &buckets {
            if self.rows.buckets.get(bucket).is_some_and(|bucket| !bucket.dying) {
                moved.extend(self.move_out(*bucket, None, at)?);
            }
        }
        self.write("move who is not erased", |disk| {
            disk.take_places(moved);
            for bucket in &buckets {
                disk.rows.buckets.entry(*bucket).and_modify(|bucket| bucket.dying = true);
            }
        })?;
        self.destroy_dying()?;
        for record in records {
            self.write("remove sealed bytes", |disk| {
                disk.bytes.remove(record);
            })?;
        }
        self.write("forget what is erased", |disk| {
            disk.rows.records.retain(|id, row| !(row.erased && records.contains(id)));
            disk.forget_buckets(|bucket| bucket.dying);
        })
    }

    /// Those without members of which `which` is true.
    fn forget_buckets(&mut self, which: impl Fn(&Bucket) -> bool) {
        let used: BTreeSet<BucketId> = self.rows.records.values().map(|row| row.place.bucket).collect();
        self.rows.buckets.retain(|id, bucket| used.contains(id) || !which(bucket));
    }

    fn discard(&mut self, record: RecordId) -> Result<()> {
        self.write("remove sealed bytes", |disk| {
            disk.bytes.remove(&record);
        })?;
        self.write("discard", |disk| {
            disk.rows.sealing.remove(&record);
        })
    }

    fn due(&self, now: Timestamp) -> Vec<RecordId> {
        let due = |(id, row): (&RecordId, &Record)| {
            (!row.erased && row.erase_after <= now).then_some((row.erase_after, *id))
        };
        let mut due: Vec<_> = self.rows.records.iter().filter_map(due).collect();
        due.sort_unstable();
        due.into_iter().map(|(_, id)| id).collect()
    }
}

/// What joining a bucket needs of the world.
#[derive(Clone, Copy)]
struct Joining<'a> {
    entropy: &'a dyn Entropy,
    now: Timestamp,
}

impl MemoryStore {
    /// An empty store, with devices that may ask for something.
    pub fn new(entropy: Arc<dyn Entropy>, devices: &[DeviceId]) -> Self {
        let mut disk = Disk::default();
        disk.rows.devices = devices.iter().map(|device| (*device, 0)).collect();
        Self { disk: Arc::new(Mutex::new(disk)), entropy }
    }

    /// Which writes are to fail from now on, of whatever clone. Gives what was to come before.
    pub fn set_faults(&self, faults: Faults) -> Faults {
        std::mem::replace(&mut self.disk().faults, faults)
    }

    /// What is there, whatever the rows say of it.
    pub fn inventory(&self) -> Inventory {
        let disk = self.disk();
        let used: BTreeSet<BucketId> = disk.rows.records.values().map(|row| row.place.bucket).collect();
        let has_key =
            |(id, row): (&RecordId, &Record)| disk.ring.contains_key(&row.place.bucket).then_some(*id);
        Inventory {
            rows: disk.rows.records.keys().copied().collect(),
            with_key: disk.rows.records.iter().filter_map(has_key).collect(),
            bytes: disk.bytes.keys().copied().collect(),
            of_no_record: disk.ring.keys().filter(|bucket| !used.contains(*bucket)).count()
                + disk.rows.buckets.keys().filter(|bucket| !used.contains(*bucket)).count()
                + disk.rows.sealing.len(),
        }
    }

    /// Loses the sealed bytes of a record, or, given a byte's place, alters that byte: what a disk does in time.
    pub fn damage(&self, record: RecordId, byte: Option<usize>) {
        let mut disk = self.disk();
        match byte {
            None => drop(disk.bytes.remove(&record)),
            Some(at) => {
                let bytes = disk.bytes.get_mut(&record).and_then(Option::as_mut);
                if let Some(byte) = bytes.and_then(|bytes| bytes.get_mut(at)) {
                    *byte ^= 1;
                }
            }
        }
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        lock(&self.disk)
    }

    fn joining(&self, now: Timestamp) -> Joining<'_> {
        Joining { entropy: self.entropy.as_ref(), now }
    }
}

impl Requests for MemoryStore {
    fn admit(&self, admission: &Admission, now: Timestamp) -> Result<Admit> {
        let mut disk = self.disk();
        let since = |age| now.saturating_sub(age).unwrap_or(Timestamp::MIN);
        let Some(last) = disk.rows.devices.get(&admission.device).copied() else {
            let what = StoreError::Rows { during: "admit", expected: 1, found: 0 };
            return Err(what);
        };
        let seen = disk.rows.nonces.get(&(admission.device, admission.nonce));
        let nonce_reused = seen.is_some_and(|at| *at >= since(NONCES_KEPT_FOR));
        let earlier = disk.rows.requests.get(&admission.key.bytes());
        let answer = match earlier.filter(|earlier| earlier.admitted_at >= since(OUTCOMES_KEPT_FOR)) {
            _ if nonce_reused => Admit::NonceReused,
            Some(request) if request.device != admission.device || request.body_mac != admission.body_mac => {
                Admit::OtherBody
            }
            Some(request) => Admit::Repeat { outcome: request.outcome.clone() },
            None if admission.counted.is_some() && admission.counter <= last => {
                Admit::CounterNotNext { last }
            }
            None => Admit::New,
        };
        disk.write("admit", |disk| {
            let rows = &mut disk.rows;
            rows.nonces.retain(|_, at| *at >= since(NONCES_KEPT_FOR));
            rows.requests.retain(|_, request| request.admitted_at >= since(OUTCOMES_KEPT_FOR));
            rows.nonces.entry((admission.device, admission.nonce)).or_insert(now);
            if answer == Admit::New {
                let Admission { device, body_mac, counter, .. } = *admission;
                let request = Request { device, body_mac, outcome: None, admitted_at: now };
                rows.requests.insert(admission.key.bytes(), request);
                if admission.counted.is_some() {
                    rows.devices.insert(device, counter);
                }
            }
        })?;
        Ok(answer)
    }

    fn answer(&self, key: IdempotencyKey, outcome: &str) -> Result<bool> {
        let mut disk = self.disk();
        let open = |request: &Request| request.outcome.is_none();
        let unanswered = disk.rows.requests.get(&key.bytes()).is_some_and(open);
        disk.write("answer", |disk| {
            if let Some(request) = disk.rows.requests.get_mut(&key.bytes()).filter(|_| unanswered) {
                request.outcome = Some(outcome.to_owned());
            }
        })?;
        Ok(unanswered)
    }
}

impl Vault for MemoryStore {
    fn seal(&self, kind: RecordKind, plaintext: &[u8], now: Timestamp) -> Result<Sealed> {
        let too_large = StoreError::TooLarge { what: "a record", bound: RECORD_BYTES_MAX };
        if plaintext.len() > RECORD_BYTES_MAX {
            return Err(too_large);
        }
        let entropy = self.entropy.as_ref();
        let record = RecordId::from_bytes(portunus_core::ports::fresh(entropy));
        let data_key = crate::keyring::fresh(entropy);
        let context = envelope::context(&word(&kind.data), record);
        let bytes = envelope::seal(&data_key, &context, plaintext, entropy).ok_or(too_large)?;
        let mut disk = self.disk();
        disk.write("seal", |disk| {
            disk.rows.sealing.insert(record, now);
        })?;
        disk.put_bytes(record, bytes)?;
        Ok(Sealed { record, kind, data_key, at: now })
    }

    fn keep(&self, keep: Keep<'_>, now: Timestamp) -> Result<Kept> {
        let Keep { sealed, class, erase_after, key, outcome } = keep;
        let (record, mut disk) = (sealed.record, self.disk());
        if sealed.kind.data == DataClass::Probe && class == PersonClass::Citizen {
            disk.discard(record)?;
            return Err(StoreError::CitizenProbe);
        }
        let expired = now.duration_since(sealed.at).abs() > SEAL_GOOD_FOR;
        if expired || !disk.rows.sealing.contains_key(&record) {
            return Err(StoreError::SealExpired { record });
        }
        if disk.rows.requests.get(&key.bytes()).is_none_or(|request| request.outcome.is_some()) {
            // Whatever this cannot do now the sweep does.
            let _ = disk.discard(record);
            return Ok(Kept::AnsweredBefore);
        }
        disk.joining.clear();
        let place = disk.join(record, sealed.data_key.as_slice(), erase_after, None, self.joining(now))?;
        disk.write("keep", |disk| {
            let row = Record { kind: sealed.kind, class, created_at: now, erase_after, erased: false, place };
            disk.rows.sealing.remove(&record);
            disk.rows.records.insert(record, row);
            disk.take_places(Vec::new());
            if let Some(request) = disk.rows.requests.get_mut(&key.bytes()) {
                request.outcome = Some(outcome.to_owned());
            }
        })?;
        Ok(Kept::Done)
    }

    fn discard(&self, sealed: Sealed) -> Result<()> {
        self.disk().discard(sealed.record)
    }

    fn open(&self, record: RecordId, access: &Access, now: Timestamp) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let mut disk = self.disk();
        let Some((kind, place)) = disk.visible(record, now).map(|row| (row.kind.clone(), row.place.clone()))
        else {
            return Ok(None);
        };
        let reading = Reading { at: now, access: *access };
        disk.write("open", |disk| disk.rows.readings.push((record, reading)))?;
        let sealed = |what| StoreError::Sealed { record, what };
        let key = disk.data_key(record, &place).ok_or_else(|| sealed("its key is gone"))?;
        let key = <[u8; 32]>::try_from(key.as_slice()).map(Zeroizing::new);
        let key = key.map_err(|_| sealed("its key is gone"))?;
        let bytes = disk.bytes.get(&record).and_then(Option::as_ref);
        let bytes = bytes.ok_or_else(|| sealed("its bytes are gone"))?;
        let opened = envelope::open(&key, &envelope::context(&word(&kind.data), record), bytes);
        opened.ok_or_else(|| sealed("its bytes were altered")).map(Some)
    }

    fn readings(&self, record: RecordId) -> Result<Vec<Reading>> {
        let disk = self.disk();
        Ok(disk
            .rows
            .readings
            .iter()
            .filter(|(of, _)| *of == record)
            .map(|(_, reading)| reading.clone())
            .collect())
    }
}

impl Retention for MemoryStore {
    fn redate(
        &self,
        record: RecordId,
        class: PersonClass,
        erase_after: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let mut disk = self.disk();
        let at = self.joining(now);
        let never = |row: &&Record| !(row.kind.data == DataClass::Probe && class == PersonClass::Citizen);
        let Some(old) = disk.visible(record, now).filter(never).map(|row| row.place.clone()) else {
            disk.destroy_dying()?;
            return Ok(false);
        };
        let missing = StoreError::Sealed { record, what: "its key is gone" };
        let data_key = disk.data_key(record, &old).ok_or(missing)?;
        disk.joining.clear();
        let place = disk.join(record, &data_key, erase_after, None, at)?;
        let leaves = place.bucket != old.bucket;
        let mut moved = if leaves { disk.move_out(old.bucket, Some(record), at)? } else { Vec::new() };
        moved.push((record, place));
        disk.write("redate", |disk| {
            disk.take_places(moved);
            if let Some(row) = disk.rows.records.get_mut(&record) {
                (row.class, row.erase_after) = (class, erase_after);
            }
            disk.rows.buckets.entry(old.bucket).and_modify(|bucket| bucket.dying |= leaves);
        })?;
        disk.destroy_dying()?;
        Ok(true)
    }

    fn due(&self, now: Timestamp, at_most: usize) -> Result<Vec<RecordId>> {
        let mut due = self.disk().due(now);
        due.truncate(at_most);
        Ok(due)
    }

    fn erase(&self, record: RecordId, now: Timestamp) -> Result<bool> {
        let mut disk = self.disk();
        if !disk.rows.records.contains_key(&record) {
            return Ok(false);
        }
        disk.write("erase", |disk| {
            disk.rows.records.entry(record).and_modify(|row| row.erased = true);
        })?;
        disk.finish_erasing(&[record], self.joining(now))?;
        Ok(true)
    }

    fn erase_due(&self, now: Timestamp, batch: usize) -> Result<usize> {
        let mut disk = self.disk();
        let mut due = disk.due(now);
        due.truncate(batch);
        if due.is_empty() {
            return Ok(0);
        }
        disk.write("erase what is due", |disk| {
            for record in &due {
                disk.rows.records.entry(*record).and_modify(|row| row.erased = true);
            }
        })?;
        disk.finish_erasing(&due, self.joining(now))?;
        Ok(due.len())
    }

    fn sweep(&self, now: Timestamp) -> Result<Swept> {
        let mut disk = self.disk();
        let mut swept = Swept::default();
        let hidden = disk.rows.records.iter().filter(|(_, row)| row.erased).map(|(id, _)| *id);
        let hidden: Vec<RecordId> = hidden.collect();
        if !hidden.is_empty() {
            disk.finish_erasing(&hidden, self.joining(now))?;
            swept.erasures_finished = hidden.len();
        }
        disk.destroy_dying()?;
        let long_ago = long_ago(now);
        let orphans: Vec<RecordId> =
            disk.rows.sealing.iter().filter(|(_, at)| **at <= long_ago).map(|(id, _)| *id).collect();
        for orphan in orphans {
            disk.discard(orphan)?;
            swept.orphans += 1;
        }
        disk.write("forget dead buckets", |disk| disk.forget_buckets(|bucket| bucket.dying))?;
        let known = &disk.rows.buckets;
        let unknown = |(id, key): (&BucketId, &BucketKey)| {
            (key.created_at <= long_ago && !known.contains_key(id)).then_some(*id)
        };
        let unknown: Vec<BucketId> = disk.ring.iter().filter_map(unknown).collect();
        swept.keys = unknown.len();
        disk.write("destroy keys without a bucket", |disk| {
            disk.ring.retain(|bucket, _| !unknown.contains(bucket));
        })?;
        let rows = &disk.rows;
        let stray = |id: &&RecordId| !rows.records.contains_key(*id) && !rows.sealing.contains_key(*id);
        let stray: Vec<RecordId> = disk.bytes.keys().filter(stray).copied().collect();
        for file in stray {
            disk.write("remove a stray file", |disk| drop(disk.bytes.remove(&file)))?;
            swept.stray_files += 1;
        }
        Ok(swept)
    }

    fn holdings(&self, each: &mut dyn FnMut(Holding)) -> Result<()> {
        let disk = self.disk();
        let mut rows: Vec<&Record> = disk.rows.records.values().filter(|row| !row.erased).collect();
        rows.sort_by_key(|row| row.erase_after);
        for row in rows {
            let (class, data, start) = (row.class, row.kind.data, Start::at(row.created_at));
            each(Holding { class, data, start, due: row.erase_after });
        }
        Ok(())
    }
}
