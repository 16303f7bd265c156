//! The key ring locked with a secret: without it nothing opens, and its file holds no key.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use portunus_core::biometric::PackId;
use portunus_core::id::RecordId;
use portunus_core::policy::PersonClass;
use portunus_store::*;
use std::path::Path;

fn secret(text: &str) -> RingSecret {
    RingSecret::new(text.as_bytes()).unwrap()
}

fn opened(folder: &Path, with: Option<&str>) -> Result<Store> {
    Store::open_locked(folder, with.map(secret).as_ref(), Seeded::new(9))
}

type Result<T> = portunus_store::Result<T>;

fn keep(store: &Store) -> RecordId {
    let pack = PackId("pack".into());
    let class = PersonClass::NonImmigrant;
    let new =
        NewReference { portrait: b"a portrait", template: b"t", pack: &pack, class, erase_after: at(HOUR) };
    match store.put_reference(&document("L1"), &new, at(0)).unwrap() {
        PutReference::Added(record) => record,
        other => panic!("{other:?}"),
    }
}

fn key_lengths(folder: &Path) -> Vec<i64> {
    let keys = rusqlite::Connection::open(folder.join("keys.db")).unwrap();
    let sql = "SELECT length(key) FROM bucket_key UNION ALL SELECT length(key) FROM secret
               UNION ALL SELECT length(key) FROM gallery_key";
    let mut find = keys.prepare(sql).unwrap();
    find.query_map([], |row| row.get(0)).unwrap().map(std::result::Result::unwrap).collect()
}

#[track_caller]
fn refused(outcome: Result<Store>, words: &str) {
    match outcome {
        Err(error @ StoreError::Ring(_)) => assert!(error.to_string().contains(words), "{error}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    }
}

const WORDS: &str = "four words and a horse";

#[test]
fn a_ring_locked_from_the_start_opens_with_its_secret_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path(), Some(WORDS)).unwrap();
    let record = keep(&store);
    drop(store);
    assert!(key_lengths(folder.path()).iter().all(|length| *length == 73), "every key is sealed");
    refused(opened(folder.path(), None), "locked");
    refused(opened(folder.path(), Some("another secret altogether")), "not the one");
    let store = opened(folder.path(), Some(&format!("{WORDS}\n"))).unwrap();
    assert!(store.open_record(record, &SHOW, at(1)).unwrap().is_some());
    assert!(store.erase(record, at(2)).unwrap(), "it erases as any other");
    assert_eq!(key_lengths(folder.path()).len(), 1, "the key is gone");
}

#[test]
fn a_ring_is_locked_and_unlocked_without_losing_a_key_and_none_stays_in_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path(), None).unwrap();
    let record = keep(&store);
    drop(store);
    let bare: Vec<u8> = {
        let keys = rusqlite::Connection::open(folder.path().join("keys.db")).unwrap();
        keys.query_row("SELECT key FROM bucket_key", [], |row| row.get(0)).unwrap()
    };
    assert!(!files_with(folder.path(), &bare).is_empty(), "the search finds what is there");
    refused(opened(folder.path(), Some(WORDS)), "keys protect");
    let entropy = Seeded::new(11);
    let change = |from: Option<&str>, to: Option<&str>| {
        Store::change_ring_lock(
            folder.path(),
            from.map(secret).as_ref(),
            to.map(secret).as_ref(),
            entropy.as_ref(),
        )
    };
    change(None, Some(WORDS)).unwrap();
    assert!(files_with(folder.path(), &bare).is_empty(), "no bare key is left in any file");
    assert!(change(None, None).is_err() && change(Some("a wrong secret, too"), None).is_err());
    let there =
        |with| opened(folder.path(), with).unwrap().open_record(record, &SHOW, at(1)).unwrap().is_some();
    assert!(there(Some(WORDS)));
    change(Some(WORDS), Some("other words and a mule")).unwrap();
    assert!(there(Some("other words and a mule")));
    change(Some("other words and a mule"), None).unwrap();
    assert!(there(None));
    assert!(RingSecret::new(b"  too short  \n").is_none());
}

#[test]
fn a_backup_of_a_locked_ring_is_restored_with_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    let [data, backup, keys, into] = ["data", "backup", "keys", "into"].map(|name| folder.path().join(name));
    let store = opened(&data, Some(WORDS)).unwrap();
    let record = keep(&store);
    store.back_up(&backup, KeysGo::Apart(&keys), at(60), &mut |_, _| {}).unwrap();
    let bring = |with: Option<&str>| {
        let with = with.map(secret);
        restore(&backup, Some(&keys), &into, with.as_ref(), Seeded::new(12), at(120), &mut |_, _| {})
    };
    assert!(bring(None).is_err());
    assert_eq!(bring(Some(WORDS)).unwrap().records, 1);
    let store = opened(&into, Some(WORDS)).unwrap();
    assert!(store.open_record(record, &SHOW, at(130)).unwrap().is_some());
}
