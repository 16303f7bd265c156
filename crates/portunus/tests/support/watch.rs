//! Watches what a process writes, and where: the names of all files that come to be, if only for a moment; the files
//! themselves, by links that outlive their removal; and what it has open for writing.

use super::search::files;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use std::collections::{BTreeSet, HashMap};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What was seen.
#[derive(Default)]
pub struct Seen {
    /// Everything that was made or moved into the folder, however short it was there.
    pub made: BTreeSet<PathBuf>,
    /// Files that the process had open for writing, in the folder and elsewhere. Of a process that hides its memory
    /// only root may ask; else none.
    pub open: BTreeSet<PathBuf>,
}

/// A watch that runs until [`Watch::end`].
pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Seen>,
}

impl Watch {
    /// Watches `folder` and the process; files that are there for a moment or longer are linked into `kept`.
    pub fn begin(folder: &Path, pid: u32, kept: &Path) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (folder, kept, told) = (folder.to_owned(), kept.to_owned(), Arc::clone(&stop));
        let mut names = Names::of(&folder);
        let thread = std::thread::spawn(move || {
            let (mut seen, mut inodes) = (Seen::default(), BTreeSet::new());
            loop {
                // Once more after it was told to stop: what was written until then is seen.
                let last = told.load(Ordering::Relaxed);
                for file in files(&folder) {
                    let inode = std::fs::metadata(&file).map(|data| data.ino());
                    if inode.is_ok_and(|inode| inodes.insert(inode)) {
                        let _ = std::fs::hard_link(&file, kept.join(inodes.len().to_string()));
                    }
                }
                names.read(&mut seen.made);
                seen.open.extend(open_for_writing(pid));
                if last {
                    return seen;
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        Self { stop, thread }
    }

    pub fn end(self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// The kernel's own account of names, by folder.
struct Names {
    queue: OwnedFd,
    folders: HashMap<i32, PathBuf>,
}

impl Names {
    fn of(folder: &Path) -> Self {
        let queue = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
        let mut names = Self { queue, folders: HashMap::new() };
        names.add(folder, &mut BTreeSet::new());
        names
    }

    /// What was made in a new folder before it was watched is listed.
    fn add(&mut self, folder: &Path, made: &mut BTreeSet<PathBuf>) {
        let Ok(watch) = inotify::add_watch(&self.queue, folder, WatchFlags::CREATE | WatchFlags::MOVED_TO)
        else {
            return;
        };
        self.folders.insert(watch, folder.to_owned());
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            made.insert(entry.path());
            if entry.path().is_dir() {
                self.add(&entry.path(), made);
            }
        }
    }

    fn read(&mut self, made: &mut BTreeSet<PathBuf>) {
        let mut new = Vec::new();
        let mut buffer = [MaybeUninit::uninit(); 16 << 10];
        let mut reader = Reader::new(&self.queue, &mut buffer);
        while let Ok(event) = reader.next() {
            assert!(!event.events().contains(ReadFlags::QUEUE_OVERFLOW), "the watch lost sight");
            let Some((folder, name)) = self.folders.get(&event.wd()).zip(event.file_name()) else { continue };
            let path = folder.join(std::ffi::OsStr::from_bytes(name.to_bytes()));
            if event.events().contains(ReadFlags::ISDIR) {
                new.push(path.clone());
            }
            made.insert(path);
        }
        for folder in new {
            self.add(&folder, made);
        }
    }
}

/// Files that a process has open for writing.
fn open_for_writing(pid: u32) -> Vec<PathBuf> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten() {
        let number = entry.file_name();
        let info =
            std::fs::read_to_string(format!("/proc/{pid}/fdinfo/{}", number.display())).unwrap_or_default();
        // In octal; the last digit is the access mode, 0 for reading only.
        let writes =
            info.lines().find_map(|line| line.strip_prefix("flags:")).is_some_and(|f| !f.ends_with('0'));
        if let (true, Ok(target)) = (writes, std::fs::read_link(entry.path()))
            && target.is_absolute()
            && !target.starts_with("/dev/null")
        {
            open.push(target);
        }
    }
    open
}
