//! A folder of pictures. Links are followed to files inside it, never out of it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Bounds, BundleError, ItemProblem, LIST_NAME, Listed, name, take};

pub(super) struct Folder {
    /// Without links, so that what a path leads to can be compared with it.
    root: PathBuf,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, BundleError> {
        Ok(Self { root: path.canonicalize()? })
    }

    /// The list at its top, if it has one.
    pub(super) fn list_name(&self) -> Result<Option<String>, BundleError> {
        Ok(self.root.join(LIST_NAME).try_exists()?.then(|| LIST_NAME.to_owned()))
    }

    /// All that lies in it and below, by name, but what operating systems leave.
    pub(super) fn pictures(&self, bounds: &Bounds) -> Result<Vec<Listed>, BundleError> {
        let mut found = Vec::new();
        let mut folders = vec![(self.root.clone(), String::new(), 0)];
        let mut seen = 0;
        while let Some((folder, above, depth)) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                seen += 1;
                if seen > bounds.items_max {
                    return Err(BundleError::TooMany(bounds.items_max));
                }
                let entry = entry?;
                let path = format!("{above}{}", entry.file_name().to_string_lossy());
                if name::is_litter(&path) {
                    continue;
                }
                let kind = entry.file_type()?;
                if !kind.is_dir() {
                    let to_folder = kind.is_symlink() && entry.path().is_dir();
                    found.push((path, if to_folder { Err(ItemProblem::FolderLink) } else { Ok(()) }));
                } else if depth < bounds.depth_max {
                    folders.push((entry.path(), format!("{path}/"), depth + 1));
                } else {
                    found.push((path, Err(ItemProblem::Path(bounds.depth_max))));
                }
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }

    pub(super) fn read(&self, path: &str, bytes_max: u64) -> Result<Zeroizing<Vec<u8>>, ItemProblem> {
        let real = self.root.join(path).canonicalize().map_err(problem)?;
        if !real.starts_with(&self.root) {
            return Err(ItemProblem::Outside);
        }
        // Asked before it is opened: opening a pipe waits for a writer.
        let about = fs::metadata(&real).map_err(problem)?;
        if !about.is_file() {
            return Err(ItemProblem::NotAFile);
        }
        take(File::open(&real).map_err(problem)?, about.len(), bytes_max)
    }
}

fn problem(error: io::Error) -> ItemProblem {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ItemProblem::Missing,
        _ => ItemProblem::Damaged(error.to_string()),
    }
}
