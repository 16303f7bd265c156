//! A log on files: appending, publishing, reading, proving.
//!
//! Tiles and bundles first, the checkpoint last: whatever was interrupted, the checkpoint speaks only of what is there.
//! What it states is never taken back. Of a log one process appends; the service fences it.

use crate::edge::Edge;
use crate::merkle::{self, Hash, leaf_hash};
use crate::note::{Checkpoint, Note, NoteError, SignatureLine, Signer, VerifierKey};
use crate::tile::{self, HEIGHT, Kind, Tile, WIDTH};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

/// Where the signed head lies.
pub const CHECKPOINT: &str = "checkpoint";
/// No file of a log is longer: a bundle of 256 leaves of 65,535 bytes.
pub const FILE_BYTES_MAX: u64 = WIDTH * ((1 << 16) + 1);
/// Tiles kept at hand while reading.
const CACHED: usize = 64;

/// Why a log cannot be read or appended to.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// What the disk or the network says.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: String,
        /// What was said.
        source: io::Error,
    },
    /// A file that the head needs is not there.
    #[error("{0} is missing")]
    Missing(String),
    /// A file is not what its name and the head say.
    #[error("{path} {what}")]
    Altered {
        /// Which file.
        path: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The head is not signed as it should be.
    #[error("checkpoint: {0}")]
    Note(#[from] NoteError),
    /// A leaf has more than 65,535 bytes.
    #[error("a leaf is longer than 65,535 bytes")]
    LeafTooLong,
}

/// Where the files of a log are read.
pub trait Files {
    /// A file's bytes; `None` when there is none.
    ///
    /// # Errors
    /// [`LogError::Io`].
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError>;
}

/// Where the files of a log are published.
pub trait Publish: Files {
    /// Writes a file, in place of an earlier one: all of it or nothing, and durable when this returns.
    ///
    /// # Errors
    /// [`LogError::Io`]; then it may have been written or not.
    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), LogError>;
}

/// A log in a local folder.
#[derive(Debug, Clone)]
pub struct Folder(pub PathBuf);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        let error = |source| LogError::Io { path: path.to_owned(), source };
        let file = match fs::File::open(self.0.join(path)) {
            Ok(file) => file,
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(other) => return Err(error(other)),
        };
        let mut bytes = Vec::new();
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(error)?;
        match bytes.len() as u64 <= FILE_BYTES_MAX {
            true => Ok(Some(bytes)),
            false => Err(altered(path, "is longer than any file of a log")),
        }
    }
}

impl Publish for Folder {
    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), LogError> {
        let error = |source| LogError::Io { path: path.to_owned(), source };
        let file = self.0.join(path);
        let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
            return Err(error(io::ErrorKind::InvalidInput.into()));
        };
        if !folder.is_dir() {
            fs::create_dir_all(folder).map_err(error)?;
            // Each new folder is a name in the one above it.
            for above in folder.ancestors().skip(1).take_while(|above| above.starts_with(&self.0)) {
                sync(above).map_err(error)?;
            }
        }
        let mut new = name.to_owned();
        new.push(".new");
        let new = folder.join(new);
        let mut out = fs::File::create(&new).map_err(error)?;
        out.write_all(bytes).and_then(|()| out.sync_all()).map_err(error)?;
        fs::rename(&new, &file).and_then(|()| sync(folder)).map_err(error)
    }
}

fn sync(folder: &std::path::Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

pub(crate) fn altered(path: &str, what: &'static str) -> LogError {
    LogError::Altered { path: path.to_owned(), what }
}

/// Reads the tree of one head.
pub struct Reader<F> {
    files: F,
    size: u64,
    cache: RefCell<HashMap<(u32, u64), Vec<Hash>>>,
}

impl<F: Files> Reader<F> {
    /// Reads the first `size` leaves, and what stands above them.
    pub fn new(files: F, size: u64) -> Self {
        Self { files, size, cache: RefCell::default() }
    }

    /// The hash of the `index`th complete subtree of `2^level` leaves.
    ///
    /// # Errors
    /// [`LogError`] when a tile is missing or not whole.
    pub fn node(&self, level: u32, index: u64) -> Result<Hash, LogError> {
        let at = level / HEIGHT;
        let kind = Kind::Hashes(at);
        let first = index << (level % HEIGHT);
        let last = first + (1 << (level % HEIGHT)) - 1;
        let tile =
            Tile::with(kind, last, self.size).ok_or(LogError::Missing(format!("hash {level}/{index}")))?;
        let mut cache = self.cache.borrow_mut();
        if !cache.contains_key(&(at, tile.index)) {
            let (path, bytes) = self.file(tile)?;
            let hashes = tile::hashes(&bytes).filter(|hashes| hashes.len() as u64 >= tile.width);
            let mut hashes = hashes.ok_or_else(|| altered(&path, "is not as wide as its name says"))?;
            hashes.truncate(tile.width as usize);
            if cache.len() >= CACHED {
                cache.clear();
            }
            cache.insert((at, tile.index), hashes);
        }
        tile::node_in(&cache[&(at, tile.index)], level, index)
            .ok_or_else(|| altered(&tile.path(), "is not as wide as its name says"))
    }

    /// The root of the first `size` leaves, from the tiles.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn root(&self, size: u64) -> Result<Hash, LogError> {
        merkle::root(size, &mut |level, index| self.node(level, index))
    }

    /// The bundle with leaf `index`: the index of its first leaf, and all its leaves.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn bundle(&self, index: u64) -> Result<(u64, Vec<Vec<u8>>), LogError> {
        let tile = Tile::with(Kind::Entries, index, self.size);
        let tile = tile.ok_or(LogError::Missing(format!("leaf {index}")))?;
        let (path, bytes) = self.file(tile)?;
        let entries = tile::entries(&bytes).filter(|entries| entries.len() as u64 >= tile.width);
        let entries =
            entries.ok_or_else(|| altered(&path, "does not hold whole leaves, as many as its name says"))?;
        Ok((tile.index * WIDTH, entries.iter().take(tile.width as usize).map(|leaf| leaf.to_vec()).collect()))
    }

    /// A tile's bytes, or the full tile's where the partial one is gone.
    fn file(&self, tile: Tile) -> Result<(String, Vec<u8>), LogError> {
        for path in [tile.path(), tile.full().path()] {
            if let Some(bytes) = self.files.read(&path)? {
                return Ok((path, bytes));
            }
        }
        Err(LogError::Missing(tile.path()))
    }

    /// Proves that leaf `index` is in the tree.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn prove_inclusion(&self, index: u64) -> Result<Vec<Hash>, LogError> {
        merkle::prove_inclusion(index, self.size, &mut |level, index| self.node(level, index))
    }

    /// Proves that the tree begins with the tree of `old` leaves.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn prove_consistency(&self, old: u64) -> Result<Vec<Hash>, LogError> {
        merkle::prove_consistency(old, self.size, &mut |level, index| self.node(level, index))
    }
}

/// The right edge of what a head states, and the leaves that do not fill a bundle.
fn read_edge(files: &impl Files, head: &Checkpoint) -> Result<(Edge, Vec<u8>), LogError> {
    let mut edge = Edge { size: head.size, levels: Vec::new() };
    let read = |tile: Tile| files.read(&tile.path())?.ok_or_else(|| LogError::Missing(tile.path()));
    loop {
        let level = edge.levels.len() as u32;
        let at_level = head.size.checked_shr(HEIGHT * level).unwrap_or(0);
        if at_level == 0 {
            break;
        }
        let tile = Tile::with(Kind::Hashes(level), at_level - 1, head.size).filter(|tile| tile.width < WIDTH);
        let hashes =
            tile.map_or(Ok(Some(Vec::new())), |tile| Ok::<_, LogError>(tile::hashes(&read(tile)?)))?;
        let width = tile.map_or(0, |tile| tile.width);
        let whole = hashes.filter(|hashes| hashes.len() as u64 == width);
        let path = || tile.map(|tile| tile.path()).unwrap_or_default();
        edge.levels.push(whole.ok_or_else(|| altered(&path(), "is not as wide as its name says"))?);
    }
    let last = head.size.checked_sub(1).and_then(|last| Tile::with(Kind::Entries, last, head.size));
    let bundle = match last.filter(|tile| tile.width < WIDTH) {
        Some(tile) => read(tile)?,
        None => Vec::new(),
    };
    match edge.root() == head.root {
        true => Ok((edge, bundle)),
        false => Err(altered(CHECKPOINT, "states another root than its tiles have")),
    }
}

/// A log that is appended to. After an error it is opened anew: what it states may be ahead of what is known here.
pub struct Log<F> {
    files: F,
    signer: Signer,
    head: Checkpoint,
    note: Note,
    edge: Edge,
    bundle: Vec<u8>,
}

impl<F: Publish> Log<F> {
    /// Opens a log, or begins one where nothing is.
    ///
    /// # Errors
    /// [`LogError`] when its head is not signed by `signer`, or its right edge is not what the head states.
    pub fn open(files: F, signer: Signer) -> Result<Self, LogError> {
        let origin = signer.public().name().to_owned();
        let (head, note) = match files.read(CHECKPOINT)? {
            None => {
                let head = Checkpoint { origin, size: 0, root: merkle::empty_root() };
                let note = Note { text: head.text(), signatures: Vec::new() };
                (head, note)
            }
            Some(bytes) => Checkpoint::open(&bytes, signer.public())?,
        };
        let (edge, bundle) = read_edge(&files, &head)?;
        Ok(Self { files, signer, head, note, edge, bundle })
    }

    /// What it states last.
    pub fn head(&self) -> &Checkpoint {
        &self.head
    }

    /// The same as it is published, with its signatures; without any while nothing is.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Whose signature it bears.
    pub fn key(&self) -> &VerifierKey {
        self.signer.public()
    }

    /// Reads what it states.
    pub fn reader(&self) -> Reader<&F> {
        Reader::new(&self.files, self.head.size)
    }

    /// Appends leaves and publishes them: durable, and stated, when this returns.
    ///
    /// # Errors
    /// [`LogError`]. Then the log is opened anew: it states what it did before, or all of this.
    pub fn append<L: AsRef<[u8]>>(&mut self, leaves: &[L]) -> Result<&Checkpoint, LogError> {
        if leaves.is_empty() {
            return Ok(&self.head);
        }
        let (mut edge, mut bundle) = (self.edge.clone(), self.bundle.clone());
        let files = &self.files;
        for leaf in leaves {
            if !tile::put_entry(&mut bundle, leaf.as_ref()) {
                return Err(LogError::LeafTooLong);
            }
            edge.push(leaf_hash(leaf.as_ref()), &mut |tile, hashes| {
                if tile.kind == Kind::Hashes(0) {
                    files.write(&Tile { kind: Kind::Entries, ..tile }.path(), &bundle)?;
                    bundle.clear();
                }
                files.write(&tile.path(), hashes.as_flattened())
            })?;
        }
        for (tile, hashes) in edge.partial() {
            if tile.kind == Kind::Hashes(0) {
                files.write(&Tile { kind: Kind::Entries, ..tile }.path(), &bundle)?;
            }
            files.write(&tile.path(), hashes.as_flattened())?;
        }
        let head = Checkpoint { origin: self.head.origin.clone(), size: edge.size, root: edge.root() };
        let note = Note { signatures: vec![self.signer.sign(&head.text(), 0)], text: head.text() };
        files.write(CHECKPOINT, note.to_string().as_bytes())?;
        (self.head, self.note, self.edge, self.bundle) = (head, note, edge, bundle);
        Ok(&self.head)
    }

    /// Publishes what it states last with these signatures beside its own, in place of earlier ones by the same keys. The
    /// caller has verified them.
    ///
    /// # Errors
    /// [`LogError`]. Then the log is opened anew: they may be there or not.
    pub fn cosigned(&mut self, lines: &[SignatureLine]) -> Result<(), LogError> {
        let mut note = self.note.clone();
        note.signatures.retain(|old| !lines.iter().any(|new| new.is_under_the_name_of(old)));
        note.signatures.extend_from_slice(lines);
        self.files.write(CHECKPOINT, note.to_string().as_bytes())?;
        self.note = note;
        Ok(())
    }
}

impl<F: Files + ?Sized> Files for &F {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        (**self).read(path)
    }
}
