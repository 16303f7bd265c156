//! Killed with SIGKILL between any two steps: nothing acknowledged is lost, nothing happens twice, nothing is left over.
//!
//! A child process plays one boarding and writes down what it acknowledged; the failpoint kills it. The parent opens
//! the same folder, sweeps, checks, and plays the same boarding again, as devices and officers do that got no answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use portunus_core::accuracy::Kind;
use portunus_core::biometric::PackId;
use portunus_core::encounter::*;
use portunus_core::id::{EncounterId, IdempotencyKey, PassengerId, VoyageId};
use portunus_core::policy::{PersonClass, Start};
use portunus_core::voyage::{ManifestAction, VoyageStatus};
use portunus_store::*;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

const SIGKILL: i32 = 9;
const PLANTED: &[u8] = b"the probe of the first traveller, whom the test looks for in every file";

/// What the world outside was told.
struct Acknowledged(std::fs::File);

impl Acknowledged {
    fn at(folder: &Path) -> Self {
        let path = folder.with_extension("acknowledged");
        Self(std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap())
    }

    fn say(&mut self, what: &str) {
        self.0.write_all(format!("{what}\n").as_bytes()).unwrap();
    }

    fn read(folder: &Path) -> Vec<String> {
        let text = std::fs::read_to_string(folder.with_extension("acknowledged")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// Asks for `key` with a fresh signature; `false` when it was answered before.
fn to_do(store: &Store, key: IdempotencyKey) -> bool {
    let admission = Admission { nonce: nonce(store), ..request(store, key, 0) };
    match store.admit(&admission, at(0)).unwrap() {
        Admit::New | Admit::Repeat { outcome: None } => true,
        Admit::Repeat { outcome: Some(_) } => false,
        other => panic!("{other:?}"),
    }
}

/// A nonce that no run before used: the outbox has grown with each.
fn nonce(store: &Store) -> [u8; 16] {
    static CALLS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let call = CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&u64::from(std::process::id()).to_be_bytes());
    nonce[8..].copy_from_slice(&(call | store.last_event().unwrap() << 32).to_be_bytes());
    nonce
}

fn begun(store: &Store, n: u8, voyage: VoyageId) -> Option<Encounter> {
    let encounter = at_gate(encounter_id(n), voyage, at(0));
    if to_do(store, key(n)) {
        assert_eq!(store.begin(&encounter, key(n), "camera", SIGNED.notice, at(0)).unwrap(), Committed::Done);
    }
    store.encounter(encounter.id).unwrap()
}

/// One boarding from the manifest to the close-out. Each step may have been done by a run before.
fn play(store: &Store, acknowledged: &mut Acknowledged) {
    let people = vec![person("ALPHA", "L1"), person("BRAVO", "L2"), person("CHARLIE", "L3")];
    let manifest = manifest(ManifestAction::Replace, people);
    let voyage = match store.apply_manifest(&manifest, at(0)).unwrap() {
        ManifestOutcome::Applied(applied) => applied.voyage,
        ManifestOutcome::Refused { voyage, .. } => voyage,
    };
    acknowledged.say("manifest");
    let passengers: Vec<_> = store.passengers(voyage).unwrap().iter().map(|p| p.passenger.id).collect();
    for pack in ["first", "second"] {
        let pack = PackId(pack.into());
        let class = PersonClass::NonImmigrant;
        let new = NewReference {
            portrait: b"portrait",
            template: b"t",
            pack: &pack,
            class,
            erase_after: at(99 * HOUR),
        };
        store.put_reference(&document("L1"), &new, at(0)).unwrap();
    }
    acknowledged.say("reference");
    if store.voyage(voyage).unwrap().unwrap().status != VoyageStatus::Closed {
        board(store, acknowledged, voyage, &passengers);
    }
    let crossings: Vec<_> = store.boardings(voyage).unwrap().into_iter().map(crossing).collect();
    store.close_voyage(voyage, &crossings, at(60)).unwrap();
    acknowledged.say("closed");
}

fn board(store: &Store, acknowledged: &mut Acknowledged, voyage: VoyageId, passengers: &[PassengerId]) {
    open_voyage(store);
    store.gallery_key(voyage, at(0)).unwrap();
    store.put_gallery(voyage, b"sealed").unwrap();
    let Some(first) = begun(store, 1, voyage) else { panic!("the encounter that was begun is there") };
    acknowledged.say("begun");
    if to_do(store, key(11)) {
        let measured = measured(&[(passengers[0], 0.8), (passengers[1], 0.2)]);
        let after = Encounter {
            stage: Stage::Done,
            attempts: 1,
            decision: Some(decision(&measured)),
            passenger: Some(passengers[0]),
            served_at: Some(at(10)),
            done_at: Some(at(10)),
            ..first.clone()
        };
        let sealed = store.seal(RecordKind::PROBE, PLANTED, at(10)).unwrap();
        let commit = CaptureCommit {
            before: &first,
            after: &after,
            record: Some((sealed, at(HOUR))),
            boarding: Some(boarding(passengers[0], at(10))),
            key: key(11),
            outcome: "proceed",
            measured: Some(&measured),
        };
        assert_eq!(store.commit_capture(commit, at(10)).unwrap(), Committed::Done);
    }
    acknowledged.say("boarded 0");
    let probe = store.encounter(encounter_id(1)).unwrap().unwrap().probe;
    rule(store, voyage, passengers[1]);
    acknowledged.say("boarded 1");
    if let Some(probe) = probe {
        store.erase(probe, at(40)).unwrap();
    }
    acknowledged.say("erased");
}

/// The second traveller declines, and an officer boards them.
fn rule(store: &Store, voyage: VoyageId, passenger: PassengerId) {
    let second = begun(store, 2, voyage).unwrap();
    if to_do(store, key(12)) {
        let after = Encounter { lane: Lane::Manual, stage: Stage::Waiting, ..second.clone() };
        let commit = CaptureCommit {
            before: &second,
            after: &after,
            record: None,
            boarding: None,
            key: key(12),
            outcome: "see-officer",
            measured: None,
        };
        assert_eq!(store.commit_capture(commit, at(10)).unwrap(), Committed::Done);
    }
    // An officer who got no answer looks at the board again: it says what was committed.
    let Some(taken) = store.take(encounter_id(2), OFFICER, at(20)).unwrap() else { return };
    let after =
        Encounter { stage: Stage::Done, passenger: Some(passenger), done_at: Some(at(30)), ..taken.clone() };
    let board = ruled(Ruling::Board { passenger });
    let commit = RulingCommit {
        before: &taken,
        after: &after,
        ruled: &board,
        boarding: BoardingChange::Board(boarding(passenger, at(30))),
        probe_due: None,
    };
    assert_eq!(store.commit_ruling(commit, at(30)).unwrap(), Committed::Done);
}

fn crossing(boarding: Boarding) -> NewCrossing<'static> {
    NewCrossing {
        passenger: boarding.passenger,
        encounter: None,
        content: b"{}".to_vec(),
        subject: Subject { documents: &[], person: None },
        class: PersonClass::NonImmigrant,
        start: Start::at(boarding.at),
        method: boarding.method,
        entered_later: boarding.entered_later,
        erase_after: at(99 * HOUR),
        probe: None,
        confidential: false,
    }
}

#[test]
#[ignore = "the child: started by the others in a process of its own"]
#[expect(clippy::disallowed_methods, reason = "how a parent tells its child")]
fn child() {
    let folder = std::env::var("PORTUNUS_CRASH_FOLDER").expect("started by another test");
    set_failpoint(&std::env::var("PORTUNUS_CRASH_AT").expect("started by another test"));
    let folder = Path::new(&folder);
    play(&open(folder, 1), &mut Acknowledged::at(folder));
}

/// Runs the child in `folder` until it is killed at `failpoint`, or to the end; says whether it was killed.
fn run_child(folder: &Path, failpoint: &str) -> bool {
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child", "--nocapture"])
        .env("PORTUNUS_CRASH_FOLDER", folder)
        .env("PORTUNUS_CRASH_AT", failpoint)
        .output()
        .unwrap();
    let killed = ended.status.signal() == Some(SIGKILL);
    assert!(killed || ended.status.success(), "{failpoint}: {}", String::from_utf8_lossy(&ended.stderr));
    killed
}

/// What was acknowledged before the crash holds after it.
fn check_acknowledged(store: &Store, folder: &Path, failpoint: &str) {
    let acknowledged = Acknowledged::read(folder);
    let said = |what: &str| acknowledged.iter().any(|line| line == what);
    let voyage = store.voyage_by_key(&flight()).unwrap();
    assert!(voyage.is_some() || !said("manifest"), "{failpoint}");
    let Some(voyage) = voyage else { return };
    let boarded: Vec<_> = store.boardings(voyage.id).unwrap().iter().map(|b| b.passenger).collect();
    for (n, listed) in store.passengers(voyage.id).unwrap().iter().enumerate() {
        let times = boarded.iter().filter(|passenger| **passenger == listed.passenger.id).count();
        assert!(times <= 1, "{failpoint}: boarded twice");
        assert!(times == 1 || !said(&format!("boarded {n}")), "{failpoint}: a boarding was lost");
    }
    let references = store.references(&document("L1"), at(50)).unwrap().len();
    assert!(references == 1 || !said("reference"), "{failpoint}: {references} references");
    assert!(voyage.status == VoyageStatus::Closed || !said("closed"), "{failpoint}");
    assert!(
        said("closed") || !said("begun") || begun_is_there(store, encounter_id(1), &voyage),
        "{failpoint}"
    );
}

fn begun_is_there(store: &Store, id: EncounterId, voyage: &portunus_core::voyage::Voyage) -> bool {
    voyage.status == VoyageStatus::Closed || store.encounter(id).unwrap().is_some()
}

fn check_no_orphans(folder: &Path, failpoint: &str) {
    let [keys, rows, blobs] = vault(folder);
    assert_eq!((&keys, &keys), (&rows, &blobs), "{failpoint}: keys, rows and blobs are of the same records");
}

fn crash_at(failpoint: &str) {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("store");
    assert!(run_child(&folder, failpoint), "{failpoint} was never reached");
    let store = open(&folder, 2);
    store.sweep(at(2 * HOUR)).unwrap();
    check_no_orphans(&folder, failpoint);
    check_acknowledged(&store, &folder, failpoint);

    play(&store, &mut Acknowledged::at(&folder));
    check_acknowledged(&store, &folder, failpoint);
    store.sweep(at(2 * HOUR)).unwrap();
    check_no_orphans(&folder, failpoint);
    let voyage = store.voyage_by_key(&flight()).unwrap().unwrap();
    assert_eq!(
        (voyage.status, store.boardings(voyage.id).unwrap().len()),
        (VoyageStatus::Closed, 2),
        "{failpoint}"
    );
    assert_eq!(store.crossings(voyage.id, at(70)).unwrap().len(), 2, "{failpoint}");
    assert!(store.encounters(voyage.id).unwrap().is_empty(), "{failpoint}");
    assert_eq!(store.gallery(voyage.id).unwrap(), None, "{failpoint}");
    assert!(files_with(&folder, PLANTED).is_empty(), "{failpoint}");
    let counted = store.tallies().unwrap();
    for kind in [Kind::Transaction, Kind::Confirmed, Kind::Identified] {
        assert_eq!(counted.total(kind, Tallies::of_everybody), 1, "{failpoint}: {kind:?} is counted once");
    }
    assert_eq!(counted.scores.values().sum::<u64>(), 2, "{failpoint}: the best score and the person's own");
    assert_eq!(vault(&folder)[0].len(), 3, "{failpoint}: the reference and two crossings are kept");
}

macro_rules! killed_at {
    ($($name:ident: $failpoint:literal,)*) => {$(
        #[test]
        fn $name() {
            crash_at($failpoint);
        }
    )*};
}

killed_at! {
    after_a_reference_was_noted: "seal.after-note",
    after_the_bytes_of_a_reference: "seal.after-blob",
    after_a_reference_that_replaces_was_noted: "seal.after-note:2",
    after_the_bytes_of_a_reference_that_replaces: "seal.after-blob:2",
    after_others_left_the_bucket_of_a_replaced_reference: "erase.after-move",
    after_the_key_of_a_replaced_reference: "erase.after-key",
    after_the_bytes_of_a_replaced_reference: "erase.after-blob",
    after_a_probe_was_noted: "seal.after-note:3",
    after_the_bytes_of_a_probe: "seal.after-blob:3",
    after_a_request_was_admitted: "admit.after-commit",
    after_a_capture_was_admitted: "admit.after-commit:2",
    before_an_encounter_is_committed: "begin.before-commit",
    after_an_encounter_is_committed: "begin.after-commit",
    before_a_capture_is_committed: "capture.before-commit",
    after_a_capture_is_committed: "capture.after-commit",
    before_a_decline_is_committed: "capture.before-commit:2",
    after_a_decline_is_committed: "capture.after-commit:2",
    before_a_ruling_is_committed: "ruling.before-commit",
    after_a_ruling_is_committed: "ruling.after-commit",
    after_a_probe_turned_invisible: "erase.after-invisible",
    after_others_left_the_bucket_of_an_erased_probe: "erase.after-move:2",
    after_the_key_of_an_erased_probe: "erase.after-key:2",
    after_the_bytes_of_an_erased_probe: "erase.after-blob:2",
    before_a_voyage_is_closed: "close.before-commit",
    after_a_voyage_is_closed: "close.after-commit",
    after_the_key_of_a_gallery: "gallery.after-key",
}

#[test]
fn a_child_that_is_not_killed_acknowledges_everything() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("store");
    assert!(!run_child(&folder, "none"));
    let all = ["manifest", "reference", "begun", "boarded 0", "boarded 1", "erased", "closed"];
    assert_eq!(Acknowledged::read(&folder), all);
    check_acknowledged(&open(&folder, 2), &folder, "none");
    check_no_orphans(&folder, "none");
}
