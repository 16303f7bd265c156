//! Restoring a backup: everything is checked first, and what was erased since is erased again.

use super::files::{copy_file, hash, hex, read_file, sync_drawers, write_file};
use super::{FORMAT, Manifest, Progress, Restored, blob, kept, manifest_mac, refused, ring_name};
use crate::blob::{make_folder, sync_folder};
use crate::column::micros;
use crate::error::{During, Result, io};
use crate::failpoint::failpoint;
use crate::keyring::KeyRing;
use crate::lock::RingSecret;
use crate::store::{SCHEMAS, Store, limit};
use jiff::Timestamp;
use portunus_core::id::RecordId;
use portunus_core::ports::Entropy;
use rusqlite::{Connection, OpenFlags, named_params};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

impl Store {
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
                            "UPDATE record SET early = erase_after > :now, erased_at = :now WHERE id = :id",
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
        sync_folder(self.folder())?;
        Ok(erased)
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
/// `secret` unlocks the ring. `keys_from` is a copy of the key ring; with it the folder must have none. (A backup with its keys beside it needs
/// neither.)
///
/// # Errors
/// [`StoreError::Backup`](crate::StoreError::Backup) says what is altered, missing or in the way; what the disk says.
pub fn restore(
    from: &Path,
    keys_from: Option<&Path>,
    into: &Path,
    secret: Option<&RingSecret>,
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
            check_ring(&into.join("keys.db"), from, &text, &data.manifest, secret, entropy.as_ref())?;
            false
        }
        Some((keys, _)) => {
            make_folder(into)?;
            begin_stage(&stage)?;
            copy_file(&keys.folder.join("keys.db"), &stage.join("keys.db"), &keys.sums["keys.db"])?;
            let checked =
                check_ring(&stage.join("keys.db"), from, &text, &data.manifest, secret, entropy.as_ref());
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
    sync_folder(into)?;
    fs::remove_dir_all(&stage).map_err(io("remove", &stage))?;
    sync_folder(into)?;
    failpoint("restore.after-data");
    let store = Store::open_locked(into, secret, entropy)?;
    // What was believed is as old as the backup, at least; by a clock far from it nothing is erased for being due.
    store.look_at_clock(data.manifest.made_at)?;
    let clock_is_believed = store.look_at_clock(now)?.erase_by(now).is_some();
    let erased_again = store.reapply_erasures(now)?;
    Ok(Restored {
        made_at: data.manifest.made_at,
        records: data.manifest.records,
        erased_again,
        keys_of_a_copy: ring,
        clock_is_believed,
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
    secret: Option<&RingSecret>,
    entropy: &dyn Entropy,
) -> Result<()> {
    let ring = KeyRing::open(ring, secret, entropy)?;
    let key = ring.secret("mac", entropy)?;
    if ring_name(&key) != manifest.ring {
        return Err(refused(from, "was made under another key ring"));
    }
    let stated = read_file(&from.join("manifest.mac"), MANIFEST_BYTES_MAX)?;
    if stated.trim_ascii() != manifest_mac(&key, text).as_bytes() {
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
            Some("keys.db" | "tls" | "ledger") => true,
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

fn begin_stage(stage: &Path) -> Result<()> {
    if stage.exists() {
        fs::remove_dir_all(stage).map_err(io("remove", stage))?;
    }
    make_folder(stage)
}
