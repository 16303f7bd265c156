//! Files and databases copied, hashed and made durable.

use super::{Progress, refused};
use crate::blob::{make_folder, sync_folder};
use crate::error::{During, Result, io};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Pages of the database copied between two looks at the bar (4 KiB each).
const PAGES: i32 = 1024;

/// Copies a database as of one instant, while others write to it; whole in its one file and durable afterwards.
pub(super) fn copy_database(from: &Path, to: &Path, progress: Progress<'_>) -> Result<()> {
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

pub(super) fn new_or_empty(folder: &Path) -> Result<()> {
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(refused(folder, "is not empty: a backup never writes over what is there")),
            None => Ok(()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io("list", folder)(error)),
    }
}

pub(super) fn within(inner: &Path, outer: &Path) -> bool {
    inner.starts_with(outer)
}

/// Where a path leads, also when its end is not there yet.
pub(super) fn absolute(path: &Path) -> Result<PathBuf> {
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

/// A new file, mode 0600, durable.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file =
        options.create(true).write(true).truncate(true).mode(0o600).open(path).map_err(io("make", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io("write", path))
}

pub(super) fn read_file(path: &Path, at_most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io("read", path))?;
    let read = file.take(at_most + 1).read_to_end(&mut bytes).map_err(io("read", path))?;
    if read as u64 > at_most { Err(refused(path, "is larger than a backup's")) } else { Ok(bytes) }
}

/// SHA-256 and length; `None` when it is not there.
pub(super) fn hash(path: &Path) -> Result<Option<(String, u64)>> {
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
pub(super) fn copy_file(from: &Path, to: &Path, sum: &str) -> Result<()> {
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

pub(super) fn sync_drawers(folder: &Path) -> Result<()> {
    let blobs = folder.join("blobs");
    if blobs.is_dir() {
        for entry in fs::read_dir(&blobs).map_err(io("list", &blobs))? {
            sync_folder(&entry.map_err(io("list", &blobs))?.path())?;
        }
        sync_folder(&blobs)?;
    }
    sync_folder(folder)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        text.push_str(&format!("{byte:02x}"));
        text
    })
}
