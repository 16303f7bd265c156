//! The one who appends to the log is killed with SIGKILL before and after each write, with the real database and the real
//! folder, again and again, and goes on each time: no fork, no gap, each leaf once.
#![cfg(feature = "failpoints")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has randomness and the environment"
)]

use jiff::{SignedDuration, Timestamp};
use portunus_core::biometric::PackId;
use portunus_core::document::{DocumentKey, DocumentKind, State};
use portunus_core::leaf::{Instant, Leaf};
use portunus_core::policy::PersonClass;
use portunus_core::ports::Entropy;
use portunus_ledger::log::{CHECKPOINT, Files as _, Folder, Reader};
use portunus_ledger::note::{Checkpoint, VerifierKey};
use portunus_ledger::verify::{Check, verify};
use portunus_server::service::Sequencer;
use portunus_store::{Fault, Faults, NewReference, Store, set_failpoint, set_faults};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Leaves told for each kill: of nobody, and of as many people as may be spoken of together.
const OF_NOBODY: u64 = 53;
const PEOPLE: u64 = 10;
/// Each step is met so often: batches end at other places of a tile each time.
const ROUNDS: usize = 8;
/// An append that fills a tile has six writes: a bundle and a tile that are full, a bundle and two tiles that are not, the head.
/// The seventh is of the append after it.
const WRITES_MAX: usize = 7;

struct Random;

impl Entropy for Random {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_500_000).unwrap()
}

fn open(folder: &Path) -> Store {
    Store::open(folder, Arc::new(Random)).unwrap()
}

#[test]
#[ignore = "the child: started by the other test in a process of its own"]
fn child() {
    let told = std::env::var("PORTUNUS_SEQUENCER").expect("started by another test");
    let (folder, at) = told.split_once('|').unwrap();
    set_failpoint(at);
    let store = open(Path::new(folder));
    let mut sequencer = Sequencer::open(&store, now()).unwrap().unwrap();
    while sequencer.go_on(now()).unwrap() > 0 {}
}

/// Whether it was killed.
fn goes_on(folder: &Path, at: &str) -> bool {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child", "--nocapture"])
        .env("PORTUNUS_SEQUENCER", format!("{}|{at}", folder.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(child.signal() == Some(9) || child.success(), "{at}: {child}");
    !child.success()
}

/// Tells more, of which each leaf is another.
fn tell(store: &Store, round: u64) {
    for n in 0..OF_NOBODY {
        let at = Instant::new(now());
        let holds = round * OF_NOBODY + n + 1;
        store.state(&Leaf::Cases { holds, requests: 0, access: 0, corrections: 0, contests: 0, at }).unwrap();
    }
    for n in 0..PEOPLE {
        let number = format!("C{round}X{n}");
        let (issuer, kind) = (State::new("UTO").unwrap(), DocumentKind::new("P").unwrap());
        let document = DocumentKey::new(issuer, kind, &number).ok().unwrap();
        let reference = NewReference {
            portrait: number.as_bytes(),
            template: b"template",
            pack: &PackId("pack@1".into()),
            class: PersonClass::NonImmigrant,
            erase_after: now() + SignedDuration::from_hours(24),
        };
        store.put_reference(&document, &reference, now()).unwrap();
    }
}

/// Verifies the log: so many leaves, each once. Gives its key.
fn is_whole(files: &Folder, size: u64) -> VerifierKey {
    let key = String::from_utf8(files.read("key").unwrap().unwrap()).unwrap();
    let key = VerifierKey::parse(&key).unwrap();
    let check = Check { key: &key, witnesses: &[], since: None, as_of: now() };
    let report = verify(files, &check).unwrap();
    assert_eq!(report.faults, []);
    assert_eq!(report.size, size, "nothing is missing and nothing is twice");
    let reader = Reader::new(files.clone(), size);
    let (mut leaves, mut next) = (BTreeSet::new(), 0);
    while next < size {
        let (_, some) = reader.bundle(next).unwrap();
        next += some.len() as u64;
        leaves.extend(some);
    }
    assert_eq!(leaves.len() as u64, size, "each leaf once");
    key
}

/// Publishes twice, with one write of the store failing; whoever gets an error opens the log anew, as the service does.
/// Whether the fault was met.
fn publishes_with(faults: Faults) -> bool {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("data");
    let mut store = open(&folder);
    let mut failures = 0;
    for round in 0..2 {
        let left = if round == 0 { faults } else { set_faults(Faults::Off) };
        tell(&store, round);
        set_faults(left);
        let mut sequencer = None;
        loop {
            let step = match sequencer.take() {
                None => Sequencer::open(&store, now()).map(|opened| (opened.unwrap(), true)),
                Some(mut open) => Sequencer::go_on(&mut open, now()).map(|published| (open, published > 0)),
            };
            match step {
                Ok((open, true)) => sequencer = Some(open),
                Ok((_, false)) => break,
                Err(_) => failures += 1,
            }
            assert!(failures < 3, "one write fails, not more: {faults:?}");
            if sequencer.is_none()
                && let Faults::Nth(_, Fault::Crash) = set_faults(Faults::Off)
            {
                store = open_again(&folder, store);
            }
        }
    }
    set_faults(Faults::Off);
    is_whole(&Folder(folder.join("ledger")), 2 * (OF_NOBODY + PEOPLE));
    failures > 0
}

fn open_again(folder: &Path, died: Store) -> Store {
    drop(died);
    open(folder)
}

#[test]
fn whichever_write_of_the_store_fails_the_log_is_whole() {
    for fault in [Fault::Lost, Fault::KeptButFailed, Fault::Crash] {
        let met = (1..40).take_while(|nth| publishes_with(Faults::Nth(*nth, fault))).count();
        assert!((2..39).contains(&met), "{fault:?}: places and publication, at least: {met}");
    }
}

#[test]
fn whoever_appends_is_killed_at_each_step_and_the_log_is_whole() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("data");
    let files = Folder(folder.join("ledger"));
    let store = open(&folder);
    let writes =
        (1..=WRITES_MAX).flat_map(|nth| ["before", "after"].map(|when| format!("ledger.{when}-write:{nth}")));
    let steps: Vec<String> = ["ledger.after-sequence", "ledger.after-append"]
        .map(str::to_owned)
        .into_iter()
        .chain(writes)
        .collect();
    let (mut killed, mut seen, mut round) = (BTreeMap::<&str, usize>::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        for step in &steps {
            tell(&store, round);
            round += 1;
            *killed.entry(step).or_default() += usize::from(goes_on(&folder, step));
            seen.extend(files.read(CHECKPOINT).unwrap());
        }
    }
    assert!(killed.values().all(|times| *times > 0), "each step is reached: {killed:?}");
    assert!(!goes_on(&folder, "none"));

    let key = is_whole(&files, round * (OF_NOBODY + PEOPLE));
    let reader = Reader::new(files.clone(), round * (OF_NOBODY + PEOPLE));
    let heads: Vec<Checkpoint> = seen.iter().map(|note| Checkpoint::open(note, &key).unwrap().0).collect();
    assert!(heads.len() > steps.len() && heads.is_sorted_by_key(|head| head.size));
    for head in heads {
        assert_eq!(reader.root(head.size).unwrap(), head.root, "{} leaves were stated otherwise", head.size);
    }
}
