//! Backed up, erased, restored, started: what was erased since stays erased, and everything else survives.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use portunus_core::biometric::PackId;
use portunus_core::id::RecordId;
use portunus_core::policy::PersonClass;
use portunus_core::role::Role;
use portunus_store::*;
use std::path::{Path, PathBuf};

fn keep(store: &Store, number: &str, portrait: &[u8]) -> RecordId {
    let pack = PackId("pack".into());
    let class = PersonClass::NonImmigrant;
    let new =
        NewReference { portrait, template: b"template", pack: &pack, class, erase_after: at(24 * HOUR) };
    match store.put_reference(&document(number), &new, at(0)).unwrap() {
        PutReference::Added(record) => record,
        other => panic!("{other:?}"),
    }
}

fn back_up(store: &Store, to: &Path, keys: KeysGo<'_>) -> Result<BackedUp> {
    store.back_up(to, keys, at(60), &mut |_, _| {})
}

fn bring_back(from: &Path, keys: Option<&Path>, into: &Path) -> Result<Restored> {
    restore(from, keys, into, None, Seeded::new(77), at(120), &mut |_, _| {})
}

type Result<T> = portunus_store::Result<T>;

/// A folder whose disk was lost, but for the key ring.
fn only_keys(of: &Path, name: &str) -> PathBuf {
    let folder = of.with_file_name(name);
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(of.join("keys.db"), folder.join("keys.db")).unwrap();
    folder
}

fn opens(store: &Store, record: RecordId) -> bool {
    store.open_record(record, &SHOW, at(130)).unwrap().is_some()
}

#[track_caller]
fn refuses<T>(outcome: Result<T>, words: &str) {
    match outcome {
        Err(error @ StoreError::Backup { .. }) => assert!(error.to_string().contains(words), "{error}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("not refused: {words}"),
    }
}

/// `data` with records one and two, backed up to `backup` with its keys in `keys`.
struct Place {
    home: tempfile::TempDir,
    store: Store,
    records: [RecordId; 2],
}

impl Place {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = open(&home.path().join("data"), 1);
        open_voyage(&store);
        let records = [keep(&store, "L1", b"the first portrait"), keep(&store, "L2", b"the second portrait")];
        Self { home, store, records }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn back_up(&self) -> BackedUp {
        back_up(&self.store, &self.at("backup"), KeysGo::Apart(&self.at("keys"))).unwrap()
    }
}

#[test]
fn under_the_present_key_ring_what_was_erased_since_is_gone_and_the_rest_survives() {
    let place = Place::new();
    let [kept, erased] = place.records;
    assert_eq!(place.back_up().records, 2);
    assert!(place.store.erase(erased, at(61)).unwrap());
    let later = keep(&place.store, "L3", b"after the backup");

    let folder = only_keys(&place.at("data"), "restored");
    let restored = bring_back(&place.at("backup"), None, &folder).unwrap();
    assert_eq!((restored.records, restored.erased_again, restored.keys_of_a_copy), (2, 1, false));
    let store = open(&folder, 3);
    assert!(opens(&store, kept));
    assert!(!opens(&store, erased) && !opens(&store, later));
    assert_eq!(store.references(&document("L1"), at(130)).unwrap().len(), 1);
    assert_eq!(store.references(&document("L2"), at(130)).unwrap(), [], "not even listed");
    let reference = store.open_reference(kept, &SHOW, at(130)).unwrap().unwrap();
    assert_eq!(reference.portrait(), b"the first portrait");
    // The key that no row names any more goes with the sweeps, as every orphan does.
    store.sweep(at(HOUR)).unwrap();
    assert_eq!(vault(&folder), [[kept.to_string()], [kept.to_string()], [kept.to_string()]]);
    assert_eq!(store.voyages().unwrap().len(), 1);
}

#[test]
fn what_was_dated_otherwise_since_has_its_new_date_in_what_is_restored() {
    let place = Place::new();
    let [earlier, later] = place.records;
    let other = keep(&place.store, "L3", b"the third portrait");
    place.back_up();
    let redate = |record, due| place.store.redate(record, PersonClass::Citizen, at(due), at(61)).unwrap();
    assert!(redate(earlier, 2 * HOUR) && redate(later, 48 * HOUR));
    let folder = only_keys(&place.at("data"), "restored");
    assert_eq!(bring_back(&place.at("backup"), None, &folder).unwrap().erased_again, 0);
    let store = open(&folder, 3);
    let opens = |record, now| store.open_record(record, &SHOW, at(now)).unwrap().is_some();
    assert!([earlier, later, other].map(|record| opens(record, 2 * HOUR - 1)).iter().all(|opened| *opened));
    assert!(!opens(earlier, 2 * HOUR), "the corrected date, not that of the backup");
    while store.erase_due(at(24 * HOUR), 9).unwrap() > 0 {}
    assert_eq!([earlier, later, other].map(|record| opens(record, 24 * HOUR)), [false, true, false]);
    assert_eq!(vault(&folder)[1], [later.to_string()]);
}

#[test]
fn a_restore_that_was_cut_short_reapplies_erasures_at_its_first_sweep() {
    let place = Place::new();
    let [kept, erased] = place.records;
    place.back_up();
    assert!(place.store.erase(erased, at(61)).unwrap());
    let folder = only_keys(&place.at("data"), "restored");
    bring_back(&place.at("backup"), None, &folder).unwrap();
    // As if the process had died before it came to the erasures.
    for (file, to) in [("data.db", "data.db"), ("manifest.json", "restored")] {
        std::fs::copy(place.at("backup").join(file), folder.join(to)).unwrap();
    }
    let store = open(&folder, 3);
    assert!(store.open_record(erased, &SHOW, at(130)).is_err(), "listed, and does not open");
    assert_eq!(store.sweep(at(130)).unwrap().erasures_finished, 1);
    assert!(!opens(&store, erased) && opens(&store, kept));
    assert_eq!(store.sweep(at(130)).unwrap(), Swept::default());
}

#[test]
fn a_key_that_is_missing_without_a_restore_erases_nothing() {
    let place = Place::new();
    rusqlite::Connection::open(place.at("data").join("keys.db"))
        .unwrap()
        .execute_batch("DELETE FROM bucket_key")
        .unwrap();
    assert_eq!(place.store.sweep(at(130)).unwrap(), Swept::default());
    assert_eq!(vault(&place.at("data"))[1].len(), 2, "the right key ring may be found yet");
}

#[test]
fn with_the_keys_of_then_everything_of_then_opens_and_it_says_so() {
    let place = Place::new();
    place.back_up();
    let [kept, erased] = place.records;
    assert!(place.store.erase(erased, at(61)).unwrap());
    let folder = place.at("restored");
    let restored = bring_back(&place.at("backup"), Some(&place.at("keys")), &folder).unwrap();
    assert!(restored.keys_of_a_copy);
    let store = open(&folder, 3);
    assert!(
        opens(&store, kept) && opens(&store, erased),
        "SECURITY.md: a copy of the ring is a copy of its keys"
    );
}

#[test]
fn data_and_keys_are_never_in_one_place_unless_asked_for() {
    let place = Place::new();
    back_up(&place.store, &place.at("backup"), KeysGo::Nowhere).unwrap();
    assert!(!place.at("backup/keys.db").exists() && !place.at("backup/keys").exists());
    let apart =
        |data: &str, keys: &str| back_up(&place.store, &place.at(data), KeysGo::Apart(&place.at(keys)));
    refuses(apart("b", "b"), "with the data");
    refuses(apart("b", "b/keys"), "with the data");
    refuses(apart("k/data", "k"), "with the data");
    refuses(apart("data/backup", "k"), "in the data folder");
    refuses(apart("b", "data"), "in the data folder");
    assert!(!place.at("b").exists() && !place.at("k").exists(), "nothing was written");
    back_up(&place.store, &place.at("both"), KeysGo::Beside).unwrap();
    assert!(place.at("both/keys/keys.db").exists());
    let restored = bring_back(&place.at("both"), None, &place.at("restored")).unwrap();
    assert!(restored.keys_of_a_copy);
}

#[test]
fn the_keys_of_another_house_are_refused_and_nothing_is_touched() {
    let place = Place::new();
    place.back_up();
    let other = Place::new_elsewhere();
    let folder = only_keys(&other.at("data"), "restored");
    refuses(bring_back(&place.at("backup"), None, &folder), "another key ring");
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["keys.db"]);
}

impl Place {
    fn new_elsewhere() -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = open(&home.path().join("data"), 1234);
        let records = [keep(&store, "L8", b"8"), keep(&store, "L9", b"9")];
        Self { home, store, records }
    }
}

#[test]
fn a_folder_with_anything_in_it_is_refused() {
    let place = Place::new();
    place.back_up();
    let full = place.at("full");
    std::fs::create_dir(&full).unwrap();
    std::fs::write(full.join("letter.txt"), "dear").unwrap();
    refuses(bring_back(&place.at("backup"), Some(&place.at("keys")), &full), "is not empty");
    refuses(bring_back(&place.at("backup"), None, &place.at("data")), "is not empty");
    refuses(back_up(&place.store, &full, KeysGo::Nowhere), "is not empty");
    refuses(bring_back(&place.at("backup"), None, &place.at("nowhere")), "no key ring");
    let folder = only_keys(&place.at("data"), "ring");
    refuses(bring_back(&place.at("backup"), Some(&place.at("keys")), &folder), "has a key ring");
    assert_eq!(std::fs::read(full.join("letter.txt")).unwrap(), b"dear");
}

#[test]
fn any_altered_missing_or_added_byte_is_found_before_anything_is_written() {
    let place = Place::new();
    place.back_up();
    let backup = place.at("backup");
    let blob = format!("blobs/{:02x}/{}", place.records[0].bytes()[0], place.records[0]);
    for name in ["data.db", "SHA256SUMS", "manifest.json", "manifest.mac", &blob] {
        let path = backup.join(name);
        let whole = std::fs::read(&path).unwrap();
        let into = only_keys(&place.at("data"), &format!("restored-{}", name.replace('/', "-")));
        let mut altered = whole.clone();
        let middle = altered.len() / 2;
        altered[middle] ^= 1;
        for bytes in [Some(altered.as_slice()), Some(&whole[..whole.len() - 1]), None] {
            match bytes {
                Some(bytes) => std::fs::write(&path, bytes).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            assert!(bring_back(&backup, None, &into).is_err(), "{name}");
            let names: Vec<_> = std::fs::read_dir(&into).unwrap().map(|e| e.unwrap().file_name()).collect();
            assert_eq!(names, ["keys.db"], "{name}");
        }
        std::fs::write(&path, &whole).unwrap();
    }
    // A list that leads elsewhere is no list of ours.
    std::fs::write(backup.join("SHA256SUMS"), format!("{}  ../../etc/passwd\n", "0".repeat(64))).unwrap();
    let into = only_keys(&place.at("data"), "restored");
    assert!(bring_back(&backup, None, &into).is_err());
}

#[test]
fn nobody_else_can_write_a_backup_that_is_restored() {
    let place = Place::new();
    place.back_up();
    let path = place.at("backup/manifest.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("2026-11-23T12:01:00Z", "2026-11-22T12:01:00Z")).unwrap();
    let folder = only_keys(&place.at("data"), "restored");
    refuses(bring_back(&place.at("backup"), None, &folder), "was altered");
}

#[test]
fn a_backup_is_one_instants_while_others_write() {
    let place = Place::new();
    let done = std::sync::atomic::AtomicBool::new(false);
    let store = &place.store;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut n = 0_u32;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let record = keep(store, &format!("W{n}"), &n.to_be_bytes());
                if n.is_multiple_of(3) {
                    store.erase(record, at(1)).unwrap();
                }
                n += 1;
            }
        });
        for round in 0..4 {
            let backup = back_up(store, &place.at(&format!("backup-{round}")), KeysGo::Nowhere).unwrap();
            assert_eq!(backup.missing, []);
            assert!(backup.records >= 2);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let folder = only_keys(&place.at("data"), "restored");
    let restored = bring_back(&place.at("backup-3"), None, &folder).unwrap();
    let store = open(&folder, 3);
    store.sweep(at(HOUR)).unwrap();
    let [keys, rows, blobs] = vault(&folder);
    assert_eq!((&keys, &keys), (&rows, &blobs), "nothing is orphan");
    assert!(rows.len() <= restored.records);
    assert!(place.records.iter().all(|record| opens(&store, *record)));
}

#[test]
fn nobody_is_signed_in_by_what_is_restored() {
    let place = Place::new();
    let new =
        NewUser { name: "officer".into(), role: Role::Officer, carrier: None, password_hash: "x".into() };
    let CreateUser::Created(user) = place.store.create_user(&new, at(0)).unwrap() else { panic!() };
    place.store.open_session([9; 32], user, at(HOUR), at(0)).unwrap();
    place.back_up();
    let folder = only_keys(&place.at("data"), "restored");
    bring_back(&place.at("backup"), None, &folder).unwrap();
    let store = open(&folder, 3);
    assert!(place.store.session([9; 32], at(70)).unwrap().is_some());
    assert!(store.session([9; 32], at(70)).unwrap().is_none());
    assert_eq!(store.users().unwrap().len(), 1);
}
