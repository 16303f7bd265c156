//! Files of sealed bytes, named by identifier: a file under its name is whole and durable.

use crate::error::{Result, io};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A folder of blobs, in 256 drawers by the first two digits of the identifier.
pub(crate) struct Blobs {
    root: PathBuf,
}

impl Blobs {
    pub(crate) fn open(root: &Path) -> Result<Self> {
        make_folder(root)?;
        if let Some(parent) = root.parent() {
            sync_folder(parent)?;
        }
        Ok(Self { root: root.to_owned() })
    }

    /// Writes the blob, replacing one of that name; durable and whole when this returns.
    pub(crate) fn put(&self, id: [u8; 16], bytes: &[u8]) -> Result<()> {
        let drawer = self.drawer(id[0]);
        if !drawer.is_dir() {
            make_folder(&drawer)?;
            sync_folder(&self.root)?;
        }
        let (path, part) = self.paths(id);
        let mut file = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&part)
            .map_err(io("make", &part))?;
        file.write_all(bytes).map_err(io("write", &part))?;
        file.sync_all().map_err(io("write", &part))?;
        fs::rename(&part, &path).map_err(io("rename to", &path))?;
        sync_folder(&drawer)
    }

    pub(crate) fn get(&self, id: [u8; 16]) -> Result<Option<Vec<u8>>> {
        let path = self.paths(id).0;
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io("read", &path)(error)),
        }
    }

    /// Removes the blob and what a crash left of it; gone already is fine.
    pub(crate) fn remove(&self, id: [u8; 16]) -> Result<()> {
        self.remove_all([id])
    }

    /// As [`Self::remove`], of many: each drawer is made durable once.
    pub(crate) fn remove_all(&self, ids: impl IntoIterator<Item = [u8; 16]>) -> Result<()> {
        let mut drawers = BTreeSet::new();
        for id in ids {
            let (path, part) = self.paths(id);
            for path in [path, part] {
                match fs::remove_file(&path) {
                    Ok(()) => _ = drawers.insert(id[0]),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => return Err(io("remove", &path)(error)),
                }
            }
        }
        drawers.into_iter().try_for_each(|drawer| sync_folder(&self.drawer(drawer)))
    }

    /// The identifiers in one drawer, also of unfinished files; sorted, each once.
    pub(crate) fn in_drawer(&self, drawer: u8) -> Result<Vec<[u8; 16]>> {
        let path = self.drawer(drawer);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io("list", &path)(error)),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let name = entry.map_err(io("list", &path))?.file_name();
            // A file that is not ours is left alone.
            let id = name.to_str().and_then(|name| name.strip_suffix(".part").or(Some(name))).and_then(parse);
            ids.extend(id);
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    fn drawer(&self, first: u8) -> PathBuf {
        self.root.join(format!("{first:02x}"))
    }

    fn paths(&self, id: [u8; 16]) -> (PathBuf, PathBuf) {
        let name = format!("{:032x}", u128::from_be_bytes(id));
        let drawer = self.drawer(id[0]);
        (drawer.join(&name), drawer.join(format!("{name}.part")))
    }
}

fn parse(name: &str) -> Option<[u8; 16]> {
    let plain = name.len() == 32 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if plain { u128::from_str_radix(name, 16).ok().map(u128::to_be_bytes) } else { None }
}

pub(crate) fn make_folder(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path).map_err(io("make the folder", path))
}

/// A name in a folder is durable only once the folder is.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(io("make durable", path))
}
