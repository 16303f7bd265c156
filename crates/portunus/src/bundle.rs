//! Reference portraits from outside: a folder, a zip or a list, read one picture at a time.
//!
//! | what is given | what it is read as |
//! |---|---|
//! | a folder or zip with `references.csv` at its top | the list, and only the pictures it names |
//! | a folder or zip without | every picture, known by its name: `ISSUER-KIND-NUMBER[-n].jpg`, `.jpeg`, `.png` |
//! | a `.csv` file | the list; pictures are found from the folder it is in |
//!
//! A bad item never stops the rest, and nothing is read but what is inside what was given. Whether a picture
//! shows a usable face is for the engine to judge.
//!
//! What names an item is the operator's own file name, which may hold a document number: show it to who
//! started the import, write it to no log. No error text here holds one.

mod archive;
mod folder;
mod list;
mod name;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use portunus_core::document::{DocumentError, DocumentKey};
use zeroize::Zeroizing;

/// How much an import may be, so that a hostile or mistaken one ends.
#[derive(Clone, Copy)]
struct Bounds {
    /// Files in a folder or zip, rows in a list.
    items_max: usize,
    /// One picture. It is unpacked no further.
    picture_bytes_max: u64,
    /// All pictures together, unpacked.
    total_bytes_max: u64,
    /// A list. It is read at once.
    list_bytes_max: u64,
    /// Folders within folders.
    depth_max: usize,
}

const BOUNDS: Bounds = Bounds {
    items_max: 100_000,
    picture_bytes_max: 16 << 20,
    total_bytes_max: 16 << 30,
    list_bytes_max: 16 << 20,
    depth_max: 8,
};

const LIST_NAME: &str = "references.csv";

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BundleError {
    /// The path itself, or a folder below it.
    #[error("cannot be read")]
    Io(#[from] io::Error),
    #[error("neither a folder, a zip nor a .csv list: give one of these")]
    Kind,
    #[error("no picture and no {LIST_NAME} in it: name pictures ISSUER-KIND-NUMBER.jpg, or add the list")]
    Empty,
    #[error("more than {0} files or rows: import it in parts")]
    TooMany(usize),
    #[error("not a whole zip: {0}; make or copy it again")]
    Archive(String),
    #[error("the list is larger than {0} bytes: import it in parts")]
    ListSize(u64),
    #[error("the list cannot be read: {0}")]
    ListFile(ItemProblem),
    #[error("the list, line 1: {0}; expected issuer,kind,number,file separated by commas, in UTF-8")]
    Header(&'static str),
}

/// Why one item gave no picture. Says what was expected; [`Item::source`] says where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ItemProblem {
    #[error("not a picture by its name: expected .jpg, .jpeg or .png")]
    NotAPicture,
    #[error(
        "not a document by its name: expected ISSUER-KIND-NUMBER or ISSUER-KIND-NUMBER-n, as FRA-P-12AB34567-2"
    )]
    Name,
    #[error("the {part} is not one: {problem}")]
    Document { part: &'static str, problem: DocumentError },
    #[error("{found} fields: expected {expected}, as in the header")]
    Fields { found: usize, expected: usize },
    #[error("the row runs on to line {0}: expected one line for each row; is a quote left open?")]
    RunsOn(u64),
    #[error("not UTF-8: save the list as UTF-8")]
    NotUtf8,
    #[error("no file is named: expected a path relative to the list")]
    NoFile,
    #[error("the path leads out of what was given: expected one inside, without .. and not absolute")]
    Outside,
    #[error("the path is longer or deeper than is read: expected at most 1024 bytes and {0} folders")]
    Path(usize),
    #[error("a link to a folder: expected the folder itself")]
    FolderLink,
    #[error("a link in a zip: expected the picture itself")]
    ArchiveLink,
    #[error("no such file: expected it relative to the list, in the same letters")]
    Missing,
    #[error("in the zip more than once: expected one file of that name")]
    Twice,
    #[error("not a plain file")]
    NotAFile,
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    #[error("this import has already read {0} bytes: import the rest apart")]
    Total(u64),
    #[error("encrypted: expected a zip without a password")]
    Encrypted,
    #[error("packed by method {0}: expected a zip by store or deflate")]
    Method(u16),
    #[error("cannot be read: {0}")]
    Damaged(String),
}

/// One reference portrait, or why there is none. Personal data: no `Debug`.
pub(crate) struct Item {
    /// The file's name inside the bundle, or the list's line.
    pub(crate) source: String,
    /// Whose it is, and the picture's bytes as they are in the file: not decoded, not judged.
    pub(crate) result: Result<(DocumentKey, Zeroizing<Vec<u8>>), ItemProblem>,
}

/// An item before its picture is read.
struct Entry {
    source: String,
    /// The document and the picture's path inside the bundle, `/` between its parts.
    names: Result<(DocumentKey, String), ItemProblem>,
}

/// A name that may be a picture's, or why it is none.
type Listed = (String, Result<(), ItemProblem>);

/// Where pictures lie.
enum Shelf {
    Folder(folder::Folder),
    Archive(archive::Archive),
}

impl Shelf {
    fn read(&self, path: &str, bytes_max: u64) -> Result<Zeroizing<Vec<u8>>, ItemProblem> {
        match self {
            Self::Folder(folder) => folder.read(path, bytes_max),
            Self::Archive(archive) => archive.read(path, bytes_max),
        }
    }
}

/// Reference portraits, opened: iterate to read them in order. `len()` is how many are still to come.
pub(crate) struct Bundle {
    shelf: Shelf,
    entries: std::vec::IntoIter<Entry>,
    bytes_left: u64,
    bounds: Bounds,
}

/// Opens a folder, a zip or a list. Reads names and the list now, each picture when its turn comes.
pub(crate) fn open(path: &Path) -> Result<Bundle, BundleError> {
    open_within(path, BOUNDS)
}

fn open_within(path: &Path, bounds: Bounds) -> Result<Bundle, BundleError> {
    let about = fs::metadata(path)?;
    let (shelf, entries) = if about.is_dir() {
        let folder = folder::Folder::open(path)?;
        let entries = match folder.list_name()? {
            Some(list) => listed(folder.read(&list, bounds.list_bytes_max), "", &bounds)?,
            None => named(folder.pictures(&bounds)?),
        };
        (Shelf::Folder(folder), entries)
    } else if !about.is_file() {
        return Err(BundleError::Kind);
    } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) {
        let folder = folder::Folder::open(folder_of(path))?;
        let text = take(File::open(path)?, about.len(), bounds.list_bytes_max);
        (Shelf::Folder(folder), listed(text, "", &bounds)?)
    } else if is_zip(path)? {
        let archive = archive::Archive::open(File::open(path)?, &bounds)?;
        let entries = match archive.list_name() {
            Some(list) => {
                let top = list.strip_suffix(LIST_NAME).unwrap_or_default();
                listed(archive.read(&list, bounds.list_bytes_max), top, &bounds)?
            }
            None => named(archive.pictures()),
        };
        (Shelf::Archive(archive), entries)
    } else {
        return Err(BundleError::Kind);
    };
    if entries.is_empty() {
        return Err(BundleError::Empty);
    }
    Ok(Bundle { shelf, entries: entries.into_iter(), bytes_left: bounds.total_bytes_max, bounds })
}

impl Bundle {
    fn picture(&mut self, path: &str) -> Result<Zeroizing<Vec<u8>>, ItemProblem> {
        let bounds = &self.bounds;
        let bytes = match self.shelf.read(path, bounds.picture_bytes_max.min(self.bytes_left)) {
            Err(ItemProblem::TooLarge(_)) if self.bytes_left < bounds.picture_bytes_max => {
                return Err(ItemProblem::Total(bounds.total_bytes_max - self.bytes_left));
            }
            other => other?,
        };
        self.bytes_left -= bytes.len() as u64;
        Ok(bytes)
    }
}

impl Iterator for Bundle {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        let Entry { source, names } = self.entries.next()?;
        let result = names.and_then(|(key, path)| Ok((key, self.picture(&path)?)));
        Some(Item { source, result })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl ExactSizeIterator for Bundle {}

/// Entries by a list, whose paths begin at `top`.
fn listed(
    text: Result<Zeroizing<Vec<u8>>, ItemProblem>,
    top: &str,
    bounds: &Bounds,
) -> Result<Vec<Entry>, BundleError> {
    match text {
        Ok(text) => list::read(&text, top, bounds),
        Err(ItemProblem::TooLarge(bytes_max)) => Err(BundleError::ListSize(bytes_max)),
        Err(problem) => Err(BundleError::ListFile(problem)),
    }
}

/// Entries by the pictures' own names.
fn named(pictures: Vec<Listed>) -> Vec<Entry> {
    let entry = |(path, problem): Listed| Entry {
        names: problem.and_then(|()| Ok((name::document(&path)?, path.clone()))),
        source: path,
    };
    pictures.into_iter().map(entry).collect()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn is_zip(path: &Path) -> Result<bool, BundleError> {
    let mut head = Vec::with_capacity(4);
    File::open(path)?.take(4).read_to_end(&mut head)?;
    // A local header, or the end record of an empty archive (APPNOTE 4.3.7, 4.3.16).
    let signed = matches!(head.as_slice(), b"PK\x03\x04" | b"PK\x05\x06");
    Ok(signed || path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip")))
}

/// Reads all of a file, no further than `bytes_max`, whatever its size was said to be.
fn take(from: impl Read, said: u64, bytes_max: u64) -> Result<Zeroizing<Vec<u8>>, ItemProblem> {
    if said > bytes_max {
        return Err(ItemProblem::TooLarge(bytes_max));
    }
    // One more than was said, so that a portrait is not moved and left behind while the buffer grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(said).unwrap_or(0) + 1));
    from.take(bytes_max + 1).read_to_end(&mut bytes).map_err(|e| ItemProblem::Damaged(e.to_string()))?;
    if bytes.len() as u64 > bytes_max { Err(ItemProblem::TooLarge(bytes_max)) } else { Ok(bytes) }
}
