//! A zip of pictures. Nothing is unpacked to disk; a picture is unpacked no further than it may be large.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::fs::File;

use flate2::read::DeflateDecoder;
use rawzip::{
    CompressionMethod, FileReader, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ZipArchive, ZipArchiveEntryWayfinder,
    ZipFileHeaderRecord,
};
use zeroize::Zeroizing;

use super::{Bounds, BundleError, ItemProblem, LIST_NAME, Listed, name, take};

pub(super) struct Archive {
    zip: ZipArchive<FileReader>,
    /// By plain path inside it; for a name that is not one, by that name.
    files: BTreeMap<String, Result<Packed, ItemProblem>>,
}

/// Where a file lies in the zip, and how it is packed.
#[derive(Clone, Copy)]
struct Packed {
    at: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
}

impl Archive {
    /// Reads the central directory, which alone says what is in the zip (APPNOTE 4.3.12).
    pub(super) fn open(file: File, bounds: &Bounds) -> Result<Self, BundleError> {
        let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
        let zip = ZipArchive::from_file(file, &mut buffer).map_err(broken)?;
        if zip.entries_hint() > bounds.items_max as u64 {
            return Err(BundleError::TooMany(bounds.items_max));
        }
        let mut files = BTreeMap::new();
        let mut seen = 0;
        let mut entries = zip.entries(&mut buffer);
        while let Some(entry) = entries.next_entry().map_err(broken)? {
            seen += 1;
            // What it said above and what it holds may differ.
            if seen > bounds.items_max {
                return Err(BundleError::TooMany(bounds.items_max));
            }
            if entry.is_dir() {
                continue;
            }
            let (path, packed) = packed(&entry, bounds);
            match files.entry(path) {
                Slot::Vacant(slot) => {
                    slot.insert(packed);
                }
                // Readers disagree which of two counts; neither does.
                Slot::Occupied(mut slot) => *slot.get_mut() = Err(ItemProblem::Twice),
            }
        }
        let said = zip.entries_hint();
        // Some tools write the count of a large zip without its upper bits.
        if seen as u64 % 0x1_0000 != said % 0x1_0000 {
            return Err(BundleError::Archive(format!("it says that it has {said} files and lists {seen}")));
        }
        Ok(Self { zip, files })
    }

    /// The list at its top, or at the top of the one folder that everything is in.
    pub(super) fn list_name(&self) -> Option<String> {
        if self.files.contains_key(LIST_NAME) {
            return Some(LIST_NAME.to_owned());
        }
        let mut tops = self.wanted().map(|path| path.split_once('/').map_or("", |(top, _)| top));
        let top = tops.next()?;
        let list = format!("{top}/{LIST_NAME}");
        (tops.all(|other| other == top) && self.files.contains_key(&list)).then_some(list)
    }

    /// All that is in it, by name, but what operating systems leave.
    pub(super) fn pictures(&self) -> Vec<Listed> {
        self.wanted().map(|path| (path.clone(), self.find(path).map(|_| ()))).collect()
    }

    pub(super) fn read(&self, path: &str, bytes_max: u64) -> Result<Zeroizing<Vec<u8>>, ItemProblem> {
        let packed = self.find(path)?;
        let said = packed.at.uncompressed_size_hint();
        let entry = self.zip.get_entry(packed.at).map_err(damaged)?;
        // Both verify size and checksum against the directory when they reach the end.
        let picture = match packed.method {
            CompressionMethod::STORE => take(entry.verifying_reader(entry.reader()), said, bytes_max),
            _ => take(entry.verifying_reader(DeflateDecoder::new(entry.reader())), said, bytes_max),
        }?;
        if picture.len() as u64 == said { Ok(picture) } else { Err(ItemProblem::TooLarge(said)) }
    }

    fn wanted(&self) -> impl Iterator<Item = &String> {
        self.files.keys().filter(|path| !name::is_litter(path))
    }

    fn find(&self, path: &str) -> Result<Packed, ItemProblem> {
        self.files.get(path).cloned().unwrap_or(Err(ItemProblem::Missing))
    }
}

/// What the directory says of one file: its path, and where it lies or why it is not read.
fn packed(entry: &ZipFileHeaderRecord<'_>, bounds: &Bounds) -> (String, Result<Packed, ItemProblem>) {
    let raw = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
    let path = match name::inside(&raw, bounds) {
        Ok(path) => path,
        Err(problem) => return (raw.chars().take(100).collect(), Err(problem)),
    };
    let method = entry.compression_method();
    let packed = if entry.flags().is_encrypted() {
        Err(ItemProblem::Encrypted)
    } else if entry.mode().is_symlink() {
        Err(ItemProblem::ArchiveLink)
    } else if !matches!(method, CompressionMethod::STORE | CompressionMethod::DEFLATE) {
        Err(ItemProblem::Method(method.as_u16()))
    } else {
        Ok(Packed { at: entry.wayfinder(), method })
    };
    (path, packed)
}

fn broken(error: rawzip::Error) -> BundleError {
    BundleError::Archive(error.to_string())
}

fn damaged(error: rawzip::Error) -> ItemProblem {
    ItemProblem::Damaged(error.to_string())
}
