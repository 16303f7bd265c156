//! Backups: the data in one place, the key ring in another, and what was erased since stays erased.
//!
//! ```text
//! DATA/data.db  blobs/ab/ID  SHA256SUMS  manifest.json  manifest.mac       KEYS/keys.db  (the same three)
//! ```
//!
//! A folder without a manifest is not a backup: it is written last. Its MAC is made with the key ring, so that nobody
//! else can put an administrator into what is restored. Sealed galleries and the TLS key are not backed up.

use crate::column::micros;
use crate::error::{During, Result, StoreError, io};
use crate::failpoint::failpoint;
use crate::keyring::KeyRing;
use crate::store::{SCHEMAS, Store, limit};
use jiff::Timestamp;
use portunus_core::id::RecordId;
use portunus_core::ports::Entropy;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, named_params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The manifest's own version.
const FORMAT: u32 = 1;
/// Pages of the database copied between two looks at the bar (4 KiB each).
const PAGES: i32 = 1024;
/// Rows looked at in one transaction.
const BATCH: usize = 500;
/// The largest manifest read.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;
/// The largest list of hashes read: about ten million files.
const SUMS_BYTES_MAX: u64 = 1 << 30;
/// In the data folder, while a restore is under way.
const RESTORING: &str = "restoring";
/// In the data folder, until the erasures since the backup were applied again.
const RESTORED: &str = "restored";

/// Where the key ring's copy goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeysGo<'a> {
    /// It is not copied: without the present key ring nothing sealed in the backup opens.
    Nowhere,
    /// To a folder of its own, outside the data's.
    Apart(&'a Path),
    /// Into the folder `keys` of the backup: whoever has the backup can open all of it, and for ever.
    Beside,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackedUp {
    /// The instant that it holds.
    pub made_at: Timestamp,
    /// Sealed records with their bytes.
    pub records: usize,
    /// Bytes of all files.
    pub bytes: u64,
    /// Records erased while it was made: their rows are in it, their bytes and keys are not.
    pub erased_meanwhile: usize,
    /// Records whose bytes are missing in the store itself. Look into these.
    pub missing: Vec<RecordId>,
}

/// A backup that was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// The instant that it holds.
    pub made_at: Timestamp,
    /// Records that it held.
    pub records: usize,
    /// Of these, records erased since, or while it was made: they are gone again.
    pub erased_again: usize,
    /// Whether the keys came from a copy: what was erased after that copy was made opens again.
    pub keys_of_a_copy: bool,
}

/// How far it is: (done, of).
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

#[derive(Serialize, Deserialize)]
struct Manifest {
    format: u32,
    /// `data` or `keys`.
    holds: String,
    made_at: Timestamp,
    /// Which key ring sealed it.
    ring: String,
    /// Of the database's schema.
    schema: usize,
    /// SHA-256 of SHA256SUMS.
    sums: String,
    records: usize,
    missing: Vec<RecordId>,
    /// For whoever opens this file.
    note: String,
}

const DATA_NOTE: &str =
    "Opens only with the key ring named above. Passenger lists and rulings stand in clear: encrypt.";
const KEYS_NOTE: &str = "A copy of the key ring opens what is erased after it was made, for whoever has the data, too. \
    Keep one, apart from the data; destroy it when the next is made.";

impl Store {
    /// Copies the data into `to`, a new or empty folder, and the key ring where `keys` says. Others may read and write
    /// meanwhile: what it holds is one instant's. Whole and durable when this returns.
    ///
    /// # Errors
    /// [`StoreError::Backup`] for a folder that will not do; what the disk says. A folder without `manifest.json` is
    /// what is left then.
    pub fn back_up(
        &self,
        to: &Path,
        keys: KeysGo<'_>,
        now: Timestamp,
        progress: Progress<'_>,
    ) -> Result<BackedUp> {
        let keys_to = match keys {
            KeysGo::Nowhere => None,
            KeysGo::Apart(folder) => Some(folder.to_owned()),
            KeysGo::Beside => Some(to.join("keys")),
        };
        let home = absolute(self.folder())?;
        for folder in [Some(to), keys_to.as_deref()].into_iter().flatten() {
            if within(&absolute(folder)?, &home) || within(&home, &absolute(folder)?) {
                return Err(refused(folder, "is in the data folder, or around it; a backup goes elsewhere"));
            }
        }
        if let KeysGo::Apart(folder) = keys {
            let [data, keys] = [absolute(to)?, absolute(folder)?];
            if within(&data, &keys) || within(&keys, &data) {
                return Err(refused(folder, "is with the data; keys and data go apart"));
            }
            new_or_empty(folder)?;
        }
        new_or_empty(to)?;
        let mut writer = Writer::begin(to)?;
        copy_database(&self.folder().join("data.db"), &to.join("data.db"), progress)?;
        failpoint("backup.after-data");
        writer.has("data.db")?;
        let copy = Connection::open_with_flags(to.join("data.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
        let rows = kept(&copy.during("reading the copy")?)?;
        let (mut erased_meanwhile, mut missing) = (0, Vec::new());
        for (done, record) in rows.iter().enumerate() {
            progress(done as u64, rows.len() as u64);
            match self.blobs().get(record.bytes())? {
                Some(bytes) => writer.put(&blob(*record), &bytes)?,
                None if self.is_kept(*record)? => missing.push(*record),
                None => erased_meanwhile += 1,
            }
        }
        let records = rows.len() - erased_meanwhile - missing.len();
        failpoint("backup.after-blobs");
        let mut bytes = writer.bytes;
        let manifest = |holds: &str, note: &str, missing: Vec<RecordId>| Manifest {
            format: FORMAT,
            holds: holds.to_owned(),
            made_at: now,
            ring: self.ring_name(),
            schema: SCHEMAS.len(),
            sums: String::new(),
            records,
            missing,
            note: note.to_owned(),
        };
        // Keys after data: a record erased in between has a row in the copy, and no key.
        if let Some(folder) = keys_to {
            let mut writer = Writer::begin(&folder)?;
            copy_database(&self.folder().join("keys.db"), &folder.join("keys.db"), progress)?;
            writer.has("keys.db")?;
            bytes += writer.bytes;
            writer.end(manifest("keys", KEYS_NOTE, Vec::new()), |text| self.body_of_manifest(text))?;
        }
        writer.end(manifest("data", DATA_NOTE, missing.clone()), |text| self.body_of_manifest(text))?;
        Ok(BackedUp { made_at: now, records, bytes, erased_meanwhile, missing })
    }

    /// Applies again, in a restored folder, what was erased since its backup was made: a row whose key is gone turns
    /// invisible, and its erasure is finished. Does nothing in any other folder. Says how many.
    ///
    /// # Errors
    /// What the disk says; it may be repeated.
    pub fn reapply_erasures(&self, now: Timestamp) -> Result<usize> {
        let mark = self.folder().join(RESTORED);
        if !mark.exists() {
            return Ok(0);
        }
        let (mut after, mut erased) = (Vec::new(), 0);
        loop {
            // With the writer's lock held: nobody moves a record to another key between row and key.
            let (last, gone) = self.tx("reapply_erasures", |tx| {
                let rows: Vec<RecordId> = tx
                    .prepare_cached(
                        "SELECT id FROM record WHERE erased_at IS NULL AND id > :after ORDER BY id LIMIT :limit",
                    )
                    .and_then(|mut s| {
                        s.query_map(named_params! {":after": after, ":limit": limit(BATCH)}, |row| {
                            row.get(0).map(RecordId::from_bytes)
                        })?
                        .collect()
                    })
                    .during("reapply_erasures")?;
                let mut gone = Vec::new();
                for record in &rows {
                    if !self.follow(tx, *record)? {
                        // Not by `hide`: a hold that is restored with it cannot bring the key back.
                        tx.execute(
                            "UPDATE record SET erased_at = :now WHERE id = :id",
                            named_params! {":now": micros(now), ":id": record.bytes()},
                        )
                        .during("reapply_erasures")?;
                        gone.push(*record);
                    }
                }
                crate::store::raise_generation(tx, "reapply_erasures")?;
                Ok((rows.last().copied(), gone))
            })?;
            failpoint("reapply.after-invisible");
            self.finish_erasing(&gone, now)?;
            erased += gone.len();
            let Some(last) = last else { break };
            after = last.bytes().to_vec();
        }
        self.tx("reapply_erasures", |tx| self.bury_buckets(tx))?;
        self.empty_log()?;
        fs::remove_file(&mark).map_err(io("remove", &mark))?;
        sync(self.folder())?;
        Ok(erased)
    }

    /// A name of the key ring that says nothing of its keys.
    fn ring_name(&self) -> String {
        hex(&self.mac("key ring", &[])[..16])
    }

    fn body_of_manifest(&self, text: &[u8]) -> String {
        hex(&self.mac("backup manifest", &[text]))
    }

    fn is_kept(&self, record: RecordId) -> Result<bool> {
        self.read("back_up", |tx| {
            tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM record WHERE id = :id AND erased_at IS NULL)")?
                .query_row(named_params! {":id": record.bytes()}, |row| row.get(0))
        })
    }
}

/// Refuses a folder in which a restore was begun and not finished.
pub(crate) fn refuse_half_restored(folder: &Path) -> Result<()> {
    if folder.join(RESTORING).exists() {
        return Err(refused(folder, "holds a restore that was not finished; restore again"));
    }
    Ok(())
}

/// Restores the backup in `from` into `into`: a new folder, an empty one, or one that holds the key ring (and a folder
/// `tls`) and nothing else. Everything is checked before anything is written. Sessions and unused links are not
/// restored; what was erased since under the present key ring is erased again.
///
/// `keys_from` is a copy of the key ring; with it the folder must have none. (A backup with its keys beside it needs
/// neither.)
///
/// # Errors
/// [`StoreError::Backup`] says what is altered, missing or in the way; what the disk says.
pub fn restore(
    from: &Path,
    keys_from: Option<&Path>,
    into: &Path,
    entropy: Arc<dyn Entropy>,
    now: Timestamp,
    progress: Progress<'_>,
) -> Result<Restored> {
    let has_ring = may_be_filled(into)?;
    let beside = from.join("keys");
    let keys_from = keys_from.or_else(|| (!has_ring && beside.exists()).then_some(beside.as_path()));
    match (keys_from, has_ring) {
        (Some(_), true) => {
            return Err(refused(
                into,
                "has a key ring; restore beneath it without a copy, or move it away first",
            ));
        }
        (None, false) => {
            return Err(refused(
                into,
                "has no key ring (keys.db); put it there, or say where a copy of it is",
            ));
        }
        _ => {}
    }
    let (data, text) = Checked::read(from, "data", progress)?;
    check_database(from, &data)?;
    let keys = keys_from.map(|folder| Checked::read(folder, "keys", progress)).transpose()?;
    if let Some((keys, _)) = &keys
        && keys.manifest.ring != data.manifest.ring
    {
        return Err(refused(&keys.folder, "is of another key ring than the data"));
    }
    // Everything is checked but the MAC, for which the ring must be open.
    let stage = into.join(RESTORING);
    let ring = match &keys {
        None => {
            check_ring(&into.join("keys.db"), from, &text, &data.manifest, entropy.as_ref())?;
            false
        }
        Some((keys, _)) => {
            make_folder(into)?;
            begin_stage(&stage)?;
            copy_file(&keys.folder.join("keys.db"), &stage.join("keys.db"), &keys.sums["keys.db"])?;
            let checked = check_ring(&stage.join("keys.db"), from, &text, &data.manifest, entropy.as_ref());
            if checked.is_err() {
                fs::remove_dir_all(&stage).map_err(io("remove", &stage))?;
            }
            checked?;
            true
        }
    };
    if !ring {
        begin_stage(&stage)?;
    }
    make_folder(&stage.join("blobs"))?;
    for (done, (name, sum)) in data.sums.iter().enumerate() {
        progress(done as u64, data.sums.len() as u64);
        copy_file(&from.join(name), &stage.join(name), sum)?;
    }
    forget_sign_ins(&stage.join("data.db"))?;
    sync_drawers(&stage)?;
    failpoint("restore.after-copy");
    let old = into.join("blobs");
    if old.exists() {
        fs::remove_dir_all(&old).map_err(io("remove", &old))?;
    }
    write_file(&into.join(RESTORED), &text)?;
    let place = |name: &str| {
        let (from, to) = (stage.join(name), into.join(name));
        fs::rename(&from, &to).map_err(io("rename to", &to))
    };
    place("blobs")?;
    if ring {
        place("keys.db")?;
    }
    failpoint("restore.after-blobs");
    place("data.db")?;
    sync(into)?;
    fs::remove_dir_all(&stage).map_err(io("remove", &stage))?;
    sync(into)?;
    failpoint("restore.after-data");
    let store = Store::open(into, entropy)?;
    // The mark is as old as the backup; whoever restores knows what time it is.
    store.believe_clock(now)?;
    let erased_again = store.reapply_erasures(now)?;
    Ok(Restored {
        made_at: data.manifest.made_at,
        records: data.manifest.records,
        erased_again,
        keys_of_a_copy: ring,
    })
}

/// A backup whose files are all there and unaltered.
struct Checked {
    folder: PathBuf,
    manifest: Manifest,
    /// SHA-256 by name.
    sums: BTreeMap<String, String>,
}

impl Checked {
    fn read(folder: &Path, holds: &str, progress: Progress<'_>) -> Result<(Self, Vec<u8>)> {
        let path = folder.join("manifest.json");
        if !path.is_file() {
            return Err(refused(
                folder,
                "has no manifest.json: it is no backup, or one that was not finished",
            ));
        }
        let text = read_file(&path, MANIFEST_BYTES_MAX)?;
        let manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|_| refused(&path, "is not a backup's manifest that this program reads"))?;
        if manifest.format != FORMAT {
            return Err(refused(&path, "has another format than this program reads"));
        }
        if manifest.holds != holds {
            return Err(refused(folder, if holds == "data" { "holds no data" } else { "holds no key ring" }));
        }
        if manifest.schema > SCHEMAS.len() {
            return Err(refused(folder, "was made by a newer program: use that one"));
        }
        let list = read_file(&folder.join("SHA256SUMS"), SUMS_BYTES_MAX)?;
        if hex(&Sha256::digest(&list)) != manifest.sums {
            return Err(refused(&folder.join("SHA256SUMS"), "was altered"));
        }
        let sums: BTreeMap<String, String> =
            sums(&list).ok_or_else(|| refused(folder, "SHA256SUMS names files that are not a backup's"))?;
        let database = if holds == "data" { "data.db" } else { "keys.db" };
        if !sums.contains_key(database) {
            return Err(refused(folder, "has no database"));
        }
        for (done, (name, sum)) in sums.iter().enumerate() {
            progress(done as u64, sums.len() as u64);
            let path = folder.join(name);
            match hash(&path)? {
                None => return Err(refused(&path, "is missing")),
                Some((found, _)) if found != *sum => return Err(refused(&path, "was altered")),
                Some(_) => {}
            }
        }
        Ok((Self { folder: folder.to_owned(), manifest, sums }, text))
    }
}

/// Only names that a backup has: nothing leads out of its folder.
fn sums(list: &[u8]) -> Option<BTreeMap<String, String>> {
    let list = std::str::from_utf8(list).ok()?;
    let of = |line: &str| -> Option<(String, String)> {
        let (sum, name) = line.split_once("  ")?;
        let hexadecimal =
            |text: &str, digits| text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit());
        let known = match *name.split('/').collect::<Vec<_>>() {
            ["data.db" | "keys.db"] => true,
            ["blobs", drawer, file] => {
                hexadecimal(drawer, 2) && hexadecimal(file, 32) && file.starts_with(drawer)
            }
            _ => false,
        };
        (known && hexadecimal(sum, 64)).then(|| (name.to_owned(), sum.to_owned()))
    };
    list.lines().map(of).collect()
}

/// The copied database is whole, and has a file for each record that it keeps.
fn check_database(from: &Path, data: &Checked) -> Result<()> {
    let path = from.join("data.db");
    let during = "checking the backup";
    let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).during(during)?;
    let whole: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).during(during)?;
    if whole != "ok" {
        return Err(refused(&path, "is not a whole database"));
    }
    let rows: BTreeSet<RecordId> = kept(&connection)?.into_iter().collect();
    let without = rows.iter().filter(|record| !data.sums.contains_key(&blob(**record))).count();
    let stated = rows.len().saturating_sub(data.manifest.records);
    if without > stated {
        return Err(refused(from, "lacks files of records that it keeps"));
    }
    Ok(())
}

/// The ring is the one that the backup was made with, and nobody else wrote the manifest.
fn check_ring(
    ring: &Path,
    from: &Path,
    text: &[u8],
    manifest: &Manifest,
    entropy: &dyn Entropy,
) -> Result<()> {
    let ring = KeyRing::open(ring)?;
    let key = ring.secret("mac", entropy)?;
    let mac = |purpose, parts: &[&[u8]]| crate::store::mac_with(&key, purpose, parts);
    if hex(&mac("key ring", &[])[..16]) != manifest.ring {
        return Err(refused(from, "was made under another key ring"));
    }
    let stated = read_file(&from.join("manifest.mac"), MANIFEST_BYTES_MAX)?;
    if stated.trim_ascii() != hex(&mac("backup manifest", &[text])).as_bytes() {
        return Err(refused(&from.join("manifest.json"), "was altered"));
    }
    Ok(())
}

/// Whether the folder holds a key ring; an error when it holds more.
fn may_be_filled(into: &Path) -> Result<bool> {
    let entries = match fs::read_dir(into) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(io("list", into)(error)),
    };
    let names: BTreeSet<std::ffi::OsString> =
        entries.map(|entry| Ok(entry.map_err(io("list", into))?.file_name())).collect::<Result<_>>()?;
    let begun = names.contains(RESTORING.as_ref() as &std::ffi::OsStr);
    for name in &names {
        let known = match name.to_str() {
            Some("keys.db" | "tls") => true,
            // Left by a restore that was cut short.
            Some("blobs" | RESTORED) => begun,
            Some(RESTORING) => true,
            _ => false,
        };
        if !known {
            return Err(refused(into, "is not empty: a restore never writes over what is there"));
        }
    }
    Ok(names.contains("keys.db".as_ref() as &std::ffi::OsStr))
}

/// Nobody is signed in by what is restored, and no link of then works.
fn forget_sign_ins(path: &Path) -> Result<()> {
    let during = "forgetting who was signed in";
    let connection = Connection::open(path).during(during)?;
    connection.pragma_update(None, "secure_delete", "ON").during(during)?;
    connection
        .execute_batch("DELETE FROM session; DELETE FROM setup_token; DELETE FROM enrolment;")
        .during(during)
}

/// Copies a database as of one instant, while others write to it; whole in its one file and durable afterwards.
fn copy_database(from: &Path, to: &Path, progress: Progress<'_>) -> Result<()> {
    let during = "copying the database";
    write_file(to, &[])?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags).during(during)?;
    source.busy_timeout(std::time::Duration::from_secs(10)).during(during)?;
    let mut copy = Connection::open_with_flags(to, flags).during(during)?;
    copy.pragma_update(None, "synchronous", "FULL").during(during)?;
    // A transaction that reads holds the instant: without it each write of others would begin the copy anew.
    source.execute_batch("BEGIN").during(during)?;
    source.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(())).during(during)?;
    {
        let backup = Backup::new(&source, &mut copy).during(during)?;
        let mut waits = 0;
        loop {
            let step = backup.step(PAGES).during(during)?;
            let so_far = backup.progress();
            let of = u64::try_from(so_far.pagecount).unwrap_or(0);
            progress(of.saturating_sub(u64::try_from(so_far.remaining).unwrap_or(0)), of);
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                _ if waits == 400 => {
                    return Err(refused(to, "could not be written: the database stayed locked"));
                }
                _ => {
                    waits += 1;
                    std::thread::sleep(std::time::Duration::from_millis(25));
                }
            }
        }
    }
    source.execute_batch("COMMIT").during(during)?;
    copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).during(during)?;
    drop(copy);
    File::open(to).and_then(|file| file.sync_all()).map_err(io("make durable", to))
}

/// Records whose bytes belong to it.
fn kept(connection: &Connection) -> Result<Vec<RecordId>> {
    connection
        .prepare("SELECT id FROM record WHERE erased_at IS NULL ORDER BY id")
        .and_then(|mut s| s.query_map([], |row| row.get(0).map(RecordId::from_bytes))?.collect())
        .during("listing the records of a copy")
}

fn blob(record: RecordId) -> String {
    format!("blobs/{:02x}/{record}", record.bytes()[0])
}

/// A backup being written.
struct Writer {
    folder: PathBuf,
    sums: String,
    bytes: u64,
}

impl Writer {
    fn begin(folder: &Path) -> Result<Self> {
        make_folder(folder)?;
        Ok(Self { folder: folder.to_owned(), sums: String::new(), bytes: 0 })
    }

    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.folder.join(name);
        if let Some(drawer) = path.parent() {
            make_folder(drawer)?;
        }
        write_file(&path, bytes)?;
        self.listed(name, &hex(&Sha256::digest(bytes)), bytes.len() as u64);
        Ok(())
    }

    /// A file that is there already.
    fn has(&mut self, name: &str) -> Result<()> {
        let path = self.folder.join(name);
        let (sum, bytes) = hash(&path)?.ok_or_else(|| refused(&path, "is missing"))?;
        self.listed(name, &sum, bytes);
        Ok(())
    }

    fn listed(&mut self, name: &str, sum: &str, bytes: u64) {
        self.sums.push_str(&format!("{sum}  {name}\n"));
        self.bytes += bytes;
    }

    fn end(self, manifest: Manifest, mac: impl FnOnce(&[u8]) -> String) -> Result<()> {
        write_file(&self.folder.join("SHA256SUMS"), self.sums.as_bytes())?;
        let manifest = Manifest { sums: hex(&Sha256::digest(self.sums.as_bytes())), ..manifest };
        let text =
            serde_json::to_vec_pretty(&manifest).map_err(|_| refused(&self.folder, "has no manifest"))?;
        write_file(&self.folder.join("manifest.mac"), mac(&text).as_bytes())?;
        sync_drawers(&self.folder)?;
        failpoint("backup.before-manifest");
        write_file(&self.folder.join("manifest.json"), &text)?;
        sync(&self.folder)
    }
}

fn refused(path: &Path, what: &'static str) -> StoreError {
    StoreError::Backup { path: path.to_owned(), what }
}

fn new_or_empty(folder: &Path) -> Result<()> {
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(refused(folder, "is not empty: a backup never writes over what is there")),
            None => Ok(()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io("list", folder)(error)),
    }
}

fn within(inner: &Path, outer: &Path) -> bool {
    inner.starts_with(outer)
}

/// Where a path leads, also when its end is not there yet.
fn absolute(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path).map_err(io("find", path))?;
    let mut there = path.as_path();
    loop {
        match (there.canonicalize(), there.parent()) {
            (Ok(real), _) => {
                return Ok(path.strip_prefix(there).map_or(real.clone(), |rest| real.join(rest)));
            }
            (Err(_), Some(parent)) => there = parent,
            (Err(error), None) => return Err(io("find", &path)(error)),
        }
    }
}

fn begin_stage(stage: &Path) -> Result<()> {
    if stage.exists() {
        fs::remove_dir_all(stage).map_err(io("remove", stage))?;
    }
    make_folder(stage)
}

fn make_folder(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path).map_err(io("make the folder", path))
}

/// A new file, mode 0600, durable.
fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file =
        options.create(true).write(true).truncate(true).mode(0o600).open(path).map_err(io("make", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io("write", path))
}

fn read_file(path: &Path, at_most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io("read", path))?;
    let read = file.take(at_most + 1).read_to_end(&mut bytes).map_err(io("read", path))?;
    if read as u64 > at_most { Err(refused(path, "is larger than a backup's")) } else { Ok(bytes) }
}

/// SHA-256 and length; `None` when it is not there.
fn hash(path: &Path) -> Result<Option<(String, u64)>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io("read", path)(error)),
    };
    let (mut hash, mut buffer, mut length) = (Sha256::new(), vec![0; 1 << 16], 0);
    loop {
        let read = file.read(&mut buffer).map_err(io("read", path))?;
        if read == 0 {
            return Ok(Some((hex(&hash.finalize()), length)));
        }
        hash.update(&buffer[..read]);
        length += read as u64;
    }
}

/// Copies, and is sure that what was copied is what was checked.
fn copy_file(from: &Path, to: &Path, sum: &str) -> Result<()> {
    if let Some(drawer) = to.parent() {
        make_folder(drawer)?;
    }
    write_file(to, &[])?;
    fs::copy(from, to).map_err(io("copy", from))?;
    // The copy takes the permissions with it.
    fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .map_err(io("protect", to))?;
    File::open(to).and_then(|file| file.sync_all()).map_err(io("make durable", to))?;
    match hash(to)? {
        Some((found, _)) if found == sum => Ok(()),
        _ => Err(refused(from, "changed while it was copied")),
    }
}

fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io("make durable", folder))
}

fn sync_drawers(folder: &Path) -> Result<()> {
    let blobs = folder.join("blobs");
    if blobs.is_dir() {
        for entry in fs::read_dir(&blobs).map_err(io("list", &blobs))? {
            sync(&entry.map_err(io("list", &blobs))?.path())?;
        }
        sync(&blobs)?;
    }
    sync(folder)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        text.push_str(&format!("{byte:02x}"));
        text
    })
}
