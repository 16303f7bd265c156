//! Making a backup, while others read and write.

use super::files::{absolute, copy_database, hash, hex, new_or_empty, sync_drawers, within, write_file};
use super::{BackedUp, FORMAT, KeysGo, Manifest, Progress, blob, kept, manifest_mac, refused, ring_name};
use crate::blob::{make_folder, sync_folder};
use crate::error::{During, Result};
use crate::failpoint::failpoint;
use crate::store::{SCHEMAS, Store};
use jiff::Timestamp;
use portunus_core::id::RecordId;
use rusqlite::{Connection, OpenFlags, named_params};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

const DATA_NOTE: &str =
    "Opens only with the key ring named above. Passenger lists and rulings stand in clear: encrypt.";
const KEYS_NOTE: &str = "A copy of the key ring opens what is erased after it was made, for whoever has the data, too. \
    Keep one, apart from the data; destroy it when the next is made.";

impl Store {
    /// Copies the data into `to`, a new or empty folder, and the key ring where `keys` says. Others may read and write
    /// meanwhile: what it holds is one instant's. Whole and durable when this returns.
    ///
    /// # Errors
    /// [`StoreError::Backup`](crate::StoreError::Backup) for a folder that will not do; what the disk says. A folder without `manifest.json` is
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
            ring: ring_name(self.mac_key()),
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
            writer.end(manifest("keys", KEYS_NOTE, Vec::new()), |text| manifest_mac(self.mac_key(), text))?;
        }
        writer
            .end(manifest("data", DATA_NOTE, missing.clone()), |text| manifest_mac(self.mac_key(), text))?;
        Ok(BackedUp { made_at: now, records, bytes, erased_meanwhile, missing })
    }

    fn is_kept(&self, record: RecordId) -> Result<bool> {
        self.read("back_up", |tx| {
            tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM record WHERE id = :id AND erased_at IS NULL)")?
                .query_row(named_params! {":id": record.bytes()}, |row| row.get(0))
        })
    }
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
        sync_folder(&self.folder)
    }
}
