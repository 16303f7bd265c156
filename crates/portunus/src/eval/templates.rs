//! Pictures in folders by person, and their templates: made by all cores, kept in a cache that survives a kill.
//!
//! The cache is one file for each model pack, `templates/PACK` in the cache folder: a line that names the format, then
//! records that are only ever appended, each with a checksum. What a kill tore off is cut off when it is next
//! opened. It holds biometric data of those pictures, so that only its owner can read it.

use crate::references::bar;
use anyhow::{Context as _, Result, bail};
use portunus_biometrics::face::{FaceEngine, FaceError, ProbeOutcome, Template};
use portunus_biometrics::pack::manifest::Digest;
use portunus_core::biometric::PackId;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// More pictures than this take days.
const PICTURES_MAX: usize = 1_000_000;
/// A picture file has at most this many bytes.
const PICTURE_BYTES_MAX: u64 = 32 << 20;
/// A cache that is larger is begun anew.
const CACHE_BYTES_MAX: u64 = 4 << 30;
/// A record has at most this many bytes.
const RECORD_BYTES_MAX: usize = 64 << 10;
/// The cache's first line.
const FORMAT: &[u8] = b"portunus templates 1\n";

/// Why a picture gives no template (failure to acquire, ISO/IEC 19795-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lost {
    /// The file cannot be read.
    Unreadable,
    /// More bytes than a picture may have.
    TooLarge,
    /// No picture, or not one that is taken.
    NoPicture,
    /// No face.
    NoFace,
    /// Several faces, and no telling whose is meant.
    Several,
    /// A face, but too poor to compare.
    PoorQuality,
}

impl Lost {
    const ALL: [Self; 6] =
        [Self::Unreadable, Self::TooLarge, Self::NoPicture, Self::NoFace, Self::Several, Self::PoorQuality];

    /// Its name in figures.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too-large",
            Self::NoPicture => "no-picture",
            Self::NoFace => "no-face",
            Self::Several => "several-faces",
            Self::PoorQuality => "poor-quality",
        }
    }
}

/// A template, or why there is none.
pub(crate) type Acquired = Result<Template, Lost>;

/// What became of each picture, by its path.
pub(crate) type Templates = HashMap<PathBuf, Acquired>;

/// Each person's pictures in a folder `DIR/person/*.jpg|jpeg|png`, people and pictures in order of names.
pub(crate) fn people(faces: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>> {
    let entries = |dir: &Path| -> Result<Vec<PathBuf>> {
        let listed = std::fs::read_dir(dir).with_context(|| dir.display().to_string())?;
        let mut paths: Vec<PathBuf> =
            listed.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        paths.sort();
        Ok(paths)
    };
    let (mut people, mut count) = (BTreeMap::new(), 0);
    for folder in entries(faces)?.into_iter().filter(|path| path.is_dir()) {
        let mut pictures = entries(&folder)?;
        pictures.retain(|path| is_picture(path) && path.is_file());
        count += pictures.len();
        if count > PICTURES_MAX {
            bail!("{} holds more than {PICTURES_MAX} pictures: use a part of them", faces.display());
        }
        let name = folder.file_name().unwrap_or_default().to_str();
        let name = name.with_context(|| format!("{}: the name is not UTF-8", folder.display()))?;
        if !pictures.is_empty() {
            people.insert(name.to_owned(), pictures);
        }
    }
    Ok(people)
}

fn is_picture(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["jpg", "jpeg", "png"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// Makes the templates of these pictures, by so many threads, each picture once; what the cache holds is not made
/// again. A picture that gives none has its reason; only a failing model ends it.
pub(crate) fn acquire(
    engine: &FaceEngine,
    cache: Option<&Cache>,
    pictures: &[PathBuf],
    threads: usize,
) -> Result<Templates> {
    let (next, bar) = (AtomicUsize::new(0), bar(pictures.len() as u64, "pictures"));
    let work = || -> Result<Vec<(PathBuf, Acquired)>> {
        let mut made = Vec::new();
        while let Some(path) = pictures.get(next.fetch_add(1, Ordering::Relaxed)) {
            let acquired = one(engine, cache, path).inspect_err(|_| {
                next.store(pictures.len(), Ordering::Relaxed);
            })?;
            made.push((path.clone(), acquired));
            bar.inc(1);
        }
        Ok(made)
    };
    let made: Vec<Result<_>> = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        // A panic there is a panic here.
        let join = |part: std::thread::ScopedJoinHandle<'_, _>| {
            part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        parts.into_iter().map(join).collect()
    });
    bar.finish_and_clear();
    Ok(made.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

fn one(engine: &FaceEngine, cache: Option<&Cache>, path: &Path) -> Result<Acquired> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(PICTURE_BYTES_MAX + 1).read_to_end(&mut bytes));
    if read.is_err() {
        return Ok(Err(Lost::Unreadable));
    }
    if bytes.len() as u64 > PICTURE_BYTES_MAX {
        return Ok(Err(Lost::TooLarge));
    }
    let digest = Digest::of(&bytes);
    if let Some(known) = cache.and_then(|cache| cache.find(&digest)) {
        return Ok(known);
    }
    let acquired = template(engine, &bytes).with_context(|| path.display().to_string())?;
    if let Some(cache) = cache {
        cache.add(&digest, &acquired)?;
    }
    Ok(acquired)
}

/// As the service takes a probe of one frame, which is what it makes of a reference, too.
fn template(engine: &FaceEngine, bytes: &[u8]) -> Result<Acquired> {
    match engine.probe(&[bytes], None) {
        Ok(ProbeOutcome::Found(probe)) => Ok(Ok(probe.template)),
        Ok(ProbeOutcome::NoFace) => Ok(Err(Lost::NoFace)),
        Ok(ProbeOutcome::Several) => Ok(Err(Lost::Several)),
        Ok(ProbeOutcome::PoorQuality(_)) => Ok(Err(Lost::PoorQuality)),
        Err(FaceError::Picture(_)) => Ok(Err(Lost::NoPicture)),
        // A recogniser that gives no direction for this picture, such as a blank one.
        Err(FaceError::Template(_)) => Ok(Err(Lost::PoorQuality)),
        Err(error) => Err(error.into()),
    }
}

/// Templates made before, of one pack.
pub(crate) struct Cache {
    known: Mutex<HashMap<[u8; 32], Acquired>>,
    /// `None` while another run writes.
    file: Option<Mutex<File>>,
}

impl Cache {
    /// Opens the cache of a pack in the cache folder, made where missing.
    pub(crate) fn open(folder: &Path, pack: &PackId) -> Result<Self> {
        let dir = folder.join("templates");
        std::fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
        let plain = |c: char| if c.is_ascii_alphanumeric() || "@+-._".contains(c) { c } else { '_' };
        let path = dir.join(pack.0.chars().map(plain).collect::<String>());
        Self::of(&path, pack).with_context(|| path.display().to_string())
    }

    fn of(path: &Path, pack: &PackId) -> Result<Self> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        let writes = file.try_lock().is_ok();
        if !writes {
            eprintln!("another run writes {}: what this one makes is not kept", path.display());
        }
        if file.metadata()?.len() > CACHE_BYTES_MAX && writes {
            file.set_len(0)?;
        }
        let mut bytes = Vec::new();
        (&mut file).take(CACHE_BYTES_MAX).read_to_end(&mut bytes)?;
        let (known, whole) = read(&bytes, pack);
        if writes {
            file.set_len(whole as u64)?;
            file.seek(SeekFrom::End(0))?;
            if whole == 0 {
                file.write_all(FORMAT)?;
            }
        }
        Ok(Self { known: Mutex::new(known), file: writes.then_some(Mutex::new(file)) })
    }

    fn find(&self, digest: &Digest) -> Option<Acquired> {
        // A poisoned lock means a panic, which ends the run.
        self.known.lock().ok()?.get(&digest.0).cloned()
    }

    fn add(&self, digest: &Digest, acquired: &Acquired) -> Result<()> {
        if let Ok(mut known) = self.known.lock() {
            known.insert(digest.0, acquired.clone());
        }
        let Some(Ok(mut file)) = self.file.as_ref().map(Mutex::lock) else { return Ok(()) };
        file.write_all(&record(digest, acquired)).context("the template cache cannot be written (--no-cache)")
    }
}

/// Length of the rest, hash of the picture, kind (0: a template follows; else why not), template, checksum.
fn record(digest: &Digest, acquired: &Acquired) -> Vec<u8> {
    let mut body = digest.0.to_vec();
    match acquired {
        Ok(template) => {
            body.push(0);
            body.extend_from_slice(&template.to_bytes());
        }
        Err(lost) => body.push(*lost as u8 + 1),
    }
    body.extend_from_slice(&Digest::of(&body).0[..8]);
    let mut record = (body.len() as u32).to_le_bytes().to_vec();
    record.append(&mut body);
    record
}

/// The records of this pack, up to the first that is not whole, and where that is.
fn read(bytes: &[u8], pack: &PackId) -> (HashMap<[u8; 32], Acquired>, usize) {
    let mut known = HashMap::new();
    let Some(mut rest) = bytes.strip_prefix(FORMAT) else { return (known, 0) };
    while let Some((record, after)) = split(rest) {
        let Some((digest, acquired)) = parse(record, pack) else { break };
        known.insert(digest, acquired);
        rest = after;
    }
    (known, bytes.len() - rest.len())
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    (length <= RECORD_BYTES_MAX).then(|| rest.split_at_checked(length))?
}

fn parse(record: &[u8], pack: &PackId) -> Option<([u8; 32], Acquired)> {
    let (body, sum) = record.split_last_chunk::<8>()?;
    if Digest::of(body).0[..8] != *sum {
        return None;
    }
    let (digest, rest) = body.split_first_chunk::<32>()?;
    let acquired = match rest.split_first()? {
        (0, template) => {
            Ok(Template::from_bytes(template).ok().filter(|template| template.pack() == pack)?)
        }
        (why, []) => Err(*Lost::ALL.get(usize::from(*why) - 1)?),
        _ => return None,
    };
    Some((*digest, acquired))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack() -> PackId {
        PackId("test@1+00".to_owned())
    }

    fn filled(cache: &Cache) {
        let template = Template::new(pack(), &[0.6, 0.8]).unwrap();
        cache.add(&Digest::of(b"one"), &Ok(template)).unwrap();
        cache.add(&Digest::of(b"two"), &Err(Lost::NoFace)).unwrap();
    }

    #[track_caller]
    fn holds(cache: &Cache, name: &[u8]) -> bool {
        cache.find(&Digest::of(name)).is_some()
    }

    #[test]
    fn what_was_made_is_there_again() {
        let dir = tempfile::tempdir().unwrap();
        filled(&Cache::open(dir.path(), &pack()).unwrap());
        let again = Cache::open(dir.path(), &pack()).unwrap();
        let template = again.find(&Digest::of(b"one")).unwrap().ok().unwrap();
        assert_eq!(template.values(), [0.6, 0.8]);
        assert_eq!(again.find(&Digest::of(b"two")).unwrap().err(), Some(Lost::NoFace));
        assert!(!holds(&again, b"three"));
        drop(again);
        assert!(!holds(&Cache::open(dir.path(), &PackId("other".to_owned())).unwrap(), b"one"));
    }

    #[test]
    fn cut_off_anywhere_it_keeps_what_is_whole_and_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        filled(&Cache::open(dir.path(), &pack()).unwrap());
        let path = dir.path().join("templates").join(&pack().0);
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let cut = Cache::open(dir.path(), &pack()).unwrap();
            assert!(!holds(&cut, b"two"), "{length}");
            filled(&cut);
            drop(cut);
            assert!(holds(&Cache::open(dir.path(), &pack()).unwrap(), b"two"), "{length}");
        }
    }

    #[test]
    fn a_damaged_record_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        filled(&Cache::open(dir.path(), &pack()).unwrap());
        let path = dir.path().join("templates").join(&pack().0);
        let whole = std::fs::read(&path).unwrap();
        for at in FORMAT.len()..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            std::fs::write(&path, damaged).unwrap();
            let cache = Cache::open(dir.path(), &pack()).unwrap();
            assert!(!holds(&cache, b"two"), "{at}");
        }
    }

    #[test]
    fn a_second_run_beside_reads_and_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let first = Cache::open(dir.path(), &pack()).unwrap();
        filled(&first);
        let second = Cache::open(dir.path(), &pack()).unwrap();
        assert!(holds(&second, b"one"));
        second.add(&Digest::of(b"three"), &Err(Lost::Several)).unwrap();
        drop((first, second));
        assert!(!holds(&Cache::open(dir.path(), &pack()).unwrap(), b"three"));
    }

    #[test]
    fn people_are_folders_and_their_pictures_files_in_order() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["b/2.jpg", "b/1.PNG", "b/notes.txt", "a/1.jpeg", "stray.jpg", "c/deeper/1.jpg"] {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = people(dir.path()).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(found["b"], [dir.path().join("b/1.PNG"), dir.path().join("b/2.jpg")]);
    }
}
