//! Sealing, reading, erasing, sweeping.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use portunus_core::biometric::PackId;
use portunus_core::id::RecordId;
use portunus_core::id::VoyageId;
use portunus_core::policy::PersonClass;
use portunus_store::vault::RECORD_BYTES_MAX;
use portunus_store::*;
use std::os::unix::fs::PermissionsExt;

const PORTRAIT: &[u8] = b"a portrait that is searched for in every file of the folder";

/// A kept record, by way of a reference.
fn keep(store: &Store, number: &str, portrait: &[u8], until: i64) -> RecordId {
    let pack = PackId("pack".into());
    let reference = NewReference {
        portrait,
        template: b"template",
        pack: &pack,
        class: PersonClass::NonImmigrant,
        erase_after: at(until),
    };
    match store.put_reference(&document(number), &reference, at(0)).unwrap() {
        PutReference::Added(record) => record,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_sealed_opens_again_and_stands_nowhere_in_the_clear() {
    let (folder, store) = fresh();
    let record = keep(&store, "L1", PORTRAIT, HOUR);
    let reference = store.open_reference(record, &SHOW, at(1)).unwrap().unwrap();
    assert_eq!((reference.portrait(), reference.template()), (PORTRAIT, b"template".as_slice()));
    assert!(files_with(folder.path(), PORTRAIT).is_empty());
    // The search finds what is there: the positive control.
    std::fs::write(folder.path().join("planted"), PORTRAIT).unwrap();
    assert_eq!(files_with(folder.path(), PORTRAIT), [folder.path().join("planted")]);
}

#[test]
fn every_read_is_on_record_and_a_read_of_nothing_is_not() {
    let (_folder, store) = fresh();
    let record = keep(&store, "L1", PORTRAIT, HOUR);
    let staging = Access {
        by: Reader::Staging,
        purpose: Purpose::BuildGallery,
        within: Within::Voyage(VoyageId::from_bytes([8; 16])),
    };
    let seen = Access { within: Within::Encounter(encounter_id(7)), ..SHOW };
    assert!(store.open_record(record, &seen, at(1)).unwrap().is_some());
    assert_eq!(store.open_records(&[record], &staging, at(2)).unwrap().count(), 1);
    assert!(store.open_record(RecordId::from_bytes([0; 16]), &SHOW, at(3)).unwrap().is_none());
    let readings = store.readings(record).unwrap();
    let stated: Vec<_> = readings.iter().map(|r| (r.at, r.access)).collect();
    assert_eq!(stated, [(at(1), seen), (at(2), staging)]);
    assert!(store.readings(RecordId::from_bytes([0; 16])).unwrap().is_empty());
}

#[test]
fn what_is_due_does_not_open_although_its_bytes_are_there() {
    let (_folder, store) = fresh();
    let record = keep(&store, "L1", PORTRAIT, 60);
    assert!(store.open_record(record, &SHOW, at(59)).unwrap().is_some());
    assert!(store.open_record(record, &SHOW, at(60)).unwrap().is_none());
    assert!(store.references(&document("L1"), at(60)).unwrap().is_empty());
    assert_eq!(store.due(at(59), 9).unwrap(), []);
    assert_eq!(store.due(at(60), 9).unwrap(), [record]);
    assert!(!store.redate(record, PersonClass::Unknown, at(HOUR), at(60)).unwrap(), "nothing is revived");
    assert!(store.redate(record, PersonClass::Unknown, at(HOUR), at(59)).unwrap());
    assert!(store.open_record(record, &SHOW, at(60)).unwrap().is_some());
}

#[test]
fn erasing_destroys_the_key_the_bytes_and_the_row() {
    let (folder, store) = fresh();
    let kept = keep(&store, "L1", b"one", HOUR);
    let erased = keep(&store, "L2", b"two", HOUR);
    assert!(store.erase(erased, at(1)).unwrap());
    assert!(!store.erase(erased, at(1)).unwrap(), "once");
    assert!(store.open_record(erased, &SHOW, at(1)).unwrap().is_none());
    let [keys, rows, blobs] = vault(folder.path());
    assert_eq!(keys, [kept.to_string()]);
    assert_eq!((&keys, &keys), (&rows, &blobs));
}

#[test]
fn what_is_due_is_erased_in_batches() {
    let (folder, store) = fresh();
    for n in 0..5 {
        keep(&store, &format!("L{n}"), &[n; 20], 60);
    }
    let later = keep(&store, "LATER", b"later", HOUR);
    assert_eq!(store.erase_due(at(59), 3).unwrap(), 0);
    assert_eq!(
        [5, 0].map(|_| store.erase_due(at(60), 3).unwrap()),
        [5, 0],
        "with the others of their bucket"
    );
    assert_eq!(vault(folder.path())[1], [later.to_string()]);
}

#[test]
fn a_destroyed_key_is_in_no_file() {
    let (folder, store) = fresh();
    let records: Vec<RecordId> = (0..150).map(|n| keep(&store, &format!("L{n}"), &[n; 30], HOUR)).collect();
    let keys = rusqlite::Connection::open(folder.path().join("keys.db")).unwrap();
    let key_of = |record: &RecordId| -> [u8; 32] {
        let bucket: [u8; 16] = rusqlite::Connection::open(folder.path().join("data.db"))
            .unwrap()
            .query_row("SELECT bucket FROM record WHERE id = ?1", [record.bytes()], |row| row.get(0))
            .unwrap();
        keys.query_row("SELECT key FROM bucket_key WHERE bucket = ?1", [bucket], |row| row.get(0)).unwrap()
    };
    let mut destroyed: Vec<[u8; 32]> = Vec::new();
    for record in records.iter().step_by(2) {
        destroyed.push(key_of(record));
        assert!(store.erase(*record, at(1)).unwrap());
    }
    let held: Vec<[u8; 32]> = records.iter().skip(1).step_by(2).map(key_of).collect();
    for record in records.iter().skip(1).step_by(2) {
        assert!(store.open_record(*record, &SHOW, at(1)).unwrap().is_some(), "survivors open");
    }
    let everything: Vec<u8> = ["keys.db", "data.db", "data.db-wal"]
        .iter()
        .flat_map(|file| std::fs::read(folder.path().join(file)).unwrap())
        .collect();
    let holds = |key: &[u8; 32]| everything.windows(32).any(|window| window == key);
    assert!(held.iter().all(holds), "the search finds the keys that are held");
    assert!(!destroyed.iter().any(holds));
}

#[test]
fn a_record_that_was_altered_moved_or_lost_says_which_and_does_not_open() {
    let (folder, store) = fresh();
    let [one, two] = [keep(&store, "L1", b"one", HOUR), keep(&store, "L2", b"two", HOUR)];
    let path = |record: RecordId| folder.path().join(format!("blobs/{:02x}/{record}", record.bytes()[0]));
    let why = |record| match store.open_record(record, &SHOW, at(1)) {
        Err(StoreError::Sealed { record: named, what }) if named == record => what,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    };
    let mut bytes = std::fs::read(path(one)).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(path(one), &bytes).unwrap();
    assert_eq!(why(one), "its bytes were altered");
    std::fs::copy(path(two), path(one)).unwrap();
    assert_eq!(why(one), "its bytes were altered");
    std::fs::remove_file(path(one)).unwrap();
    assert_eq!(why(one), "its bytes are gone");
    rusqlite::Connection::open(folder.path().join("keys.db"))
        .unwrap()
        .execute("DELETE FROM bucket_key", [])
        .unwrap();
    assert_eq!(why(two), "its key is gone");
    assert!(store.erase(one, at(1)).unwrap() && store.erase(two, at(1)).unwrap(), "and can be erased");
}

#[test]
fn a_sweep_takes_old_orphans_and_leaves_what_is_about_to_be_committed() {
    let (folder, store) = fresh();
    let kept = keep(&store, "L1", b"one", 24 * HOUR);
    drop(store.seal(RecordKind::PROBE, b"crashed before its row", at(0)).unwrap());
    drop(store.seal(RecordKind::PROBE, b"about to be committed", at(700)).unwrap());
    assert_eq!(store.sweep(at(590)).unwrap(), Swept::default());
    assert_eq!(store.sweep(at(610)).unwrap(), Swept { orphans: 1, ..Swept::default() });
    assert_eq!(vault(folder.path()).map(|list| list.len()), [2, 1, 2]);
    assert_eq!(store.sweep(at(1400)).unwrap().orphans, 1);
    let [keys, rows, blobs] = vault(folder.path());
    assert_eq!(keys, [kept.to_string()]);
    assert_eq!((&keys, &keys), (&rows, &blobs));
}

#[test]
fn a_sweep_finishes_what_another_had_begun_and_removes_stray_files() {
    let (folder, store) = fresh();
    let record = keep(&store, "L1", b"one", HOUR);
    rusqlite::Connection::open(folder.path().join("data.db"))
        .unwrap()
        .execute("UPDATE record SET erased_at = 1", [])
        .unwrap();
    std::fs::create_dir_all(folder.path().join("blobs/ff")).unwrap();
    std::fs::write(folder.path().join("blobs/ff/ff000000000000000000000000000000.part"), "part").unwrap();
    std::fs::write(folder.path().join("blobs/ff/README"), "not ours").unwrap();
    assert!(store.open_record(record, &SHOW, at(1)).unwrap().is_none());
    let swept = store.sweep(at(1)).unwrap();
    assert_eq!(swept, Swept { erasures_finished: 1, stray_files: 1, ..Swept::default() });
    assert_eq!(vault(folder.path()), [vec![], vec![], vec!["README".to_owned()]]);
}

#[test]
fn the_folder_is_for_its_owner_only() {
    let (folder, store) = fresh();
    let record = keep(&store, "L1", b"one", HOUR);
    let mode = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    for file in ["data.db", "data.db-wal", "keys.db"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    assert_eq!(mode("blobs"), 0o700);
    assert_eq!(mode(&format!("blobs/{:02x}/{record}", record.bytes()[0])), 0o600);
}

#[test]
fn too_large_a_record_is_refused_before_anything_is_written() {
    let (folder, store) = fresh();
    let refused = store.seal(RecordKind::PROBE, &vec![0; RECORD_BYTES_MAX + 1], at(0));
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
    assert_eq!(vault(folder.path()), [vec![], vec![], vec![] as Vec<String>]);
}

#[test]
fn the_same_portrait_again_changes_nothing_and_another_pack_replaces_it() {
    let (folder, store) = fresh();
    let [first, second] = ["a", "b"].map(|name| PackId(name.into()));
    let put = |portrait: &[u8], pack: &PackId| {
        let class = PersonClass::NonImmigrant;
        let reference = NewReference { portrait, template: b"t", pack, class, erase_after: at(HOUR) };
        store.put_reference(&document("L1"), &reference, at(0)).unwrap()
    };
    let PutReference::Added(one) = put(b"one", &first) else { panic!() };
    let generation = store.generation().unwrap();
    assert_eq!(put(b"one", &first), PutReference::Unchanged(one));
    assert_eq!(store.generation().unwrap(), generation, "nothing for a server to notice");
    let PutReference::Replaced(two) = put(b"one", &second) else { panic!() };
    assert_eq!(
        store.references(&document("L1"), at(1)).unwrap(),
        [ReferenceRow { record: two, pack: second.clone() }]
    );
    for n in 0..7 {
        assert!(matches!(put(&[n], &second), PutReference::Added(_)));
    }
    assert_eq!(put(b"a ninth", &second), PutReference::Full);
    assert_eq!(store.references(&document("L2"), at(1)).unwrap(), []);
    assert_eq!(vault(folder.path()).map(|list| list.len()), [8, 8, 8]);
    assert_eq!(store.remove_references(&document("L1"), at(1)).unwrap(), 8);
    assert_eq!(vault(folder.path()).map(|list| list.len()), [0, 0, 0]);
}

#[test]
fn a_documents_number_stands_nowhere_for_its_references() {
    let (folder, store) = fresh();
    keep(&store, "L898902C3", b"one", HOUR);
    assert!(files_with(folder.path(), b"L898902C3").is_empty());
}

#[test]
fn a_gallery_dies_with_its_key() {
    let (folder, store) = fresh();
    let (voyage, _) = open_voyage(&store);
    let key = store.gallery_key(voyage, at(0)).unwrap();
    assert_eq!(*store.gallery_key(voyage, at(1)).unwrap(), *key, "the same until it is destroyed");
    assert_eq!(store.gallery(voyage).unwrap(), None);
    store.put_gallery(voyage, b"sealed").unwrap();
    store.put_gallery(voyage, b"sealed again").unwrap();
    assert_eq!(store.gallery(voyage).unwrap().as_deref(), Some(b"sealed again".as_slice()));
    assert_eq!(store.sweep(at(HOUR)).unwrap().galleries, 0);
    store.destroy_gallery(voyage).unwrap();
    store.destroy_gallery(voyage).unwrap();
    assert_eq!(store.gallery(voyage).unwrap(), None);
    assert!(files_with(folder.path(), key.as_slice()).is_empty());
    assert_ne!(*store.gallery_key(voyage, at(2)).unwrap(), *key);
}
