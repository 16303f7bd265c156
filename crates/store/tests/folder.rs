//! The folder: several processes and threads, versions, generations.

mod border;
use border::*;
use portunus_core::biometric::PackId;
use portunus_core::policy::PersonClass;
use portunus_core::role::Role;
use portunus_core::voyage::ManifestAction;
use portunus_store::*;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn many_may_open_a_new_folder_at_once_and_all_write() {
    let folder = tempfile::tempdir().unwrap();
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        for n in 0..8 {
            let (folder, start) = (folder.path(), &start);
            scope.spawn(move || {
                start.wait();
                let store = open(folder, n + 1);
                let name = format!("officer {n}");
                let new = NewUser { name, role: Role::Officer, carrier: None, password_hash: "x".into() };
                assert!(matches!(store.create_user(&new, at(0)).unwrap(), CreateUser::Created(_)));
            });
        }
    });
    assert_eq!(open(folder.path(), 99).users().unwrap().len(), 8);
}

#[test]
fn two_processes_have_the_same_keys() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = [1, 2].map(|seed| open(folder.path(), seed));
    assert_eq!(one.body_mac(b"body"), other.body_mac(b"body"));
    assert_ne!(one.body_mac(b"body"), one.body_mac(b"bodies"));
    let elsewhere = tempfile::tempdir().unwrap();
    assert_ne!(one.body_mac(b"body"), open(elsewhere.path(), 3).body_mac(b"body"));
}

#[test]
fn the_folder_of_a_newer_program_is_left_alone() {
    for file in ["data.db", "keys.db"] {
        let (folder, store) = fresh();
        drop(store);
        let connection = rusqlite::Connection::open(folder.path().join(file)).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        match Store::open(folder.path(), Seeded::new(1)) {
            Err(StoreError::TooNew { file: named, found: 99, .. }) => assert_eq!(named, file),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("opened"),
        }
    }
}

#[test]
fn a_running_server_notices_what_another_process_changed() {
    let folder = tempfile::tempdir().unwrap();
    let [server, cli] = [1, 2].map(|seed| open(folder.path(), seed));
    let before = server.generation().unwrap();
    apply(&cli, ManifestAction::Add, vec![person("ALPHA", "L1")]);
    let after = server.generation().unwrap();
    assert!(after > before);
    assert_eq!(server.passengers(server.voyages().unwrap()[0].id).unwrap().len(), 1);
    assert_eq!(server.generation().unwrap(), after, "reading changes nothing");
}

#[test]
fn sweeping_in_one_process_takes_nothing_that_another_is_making() {
    let folder = tempfile::tempdir().unwrap();
    let [server, sweeper] = [1, 2].map(|seed| open(folder.path(), seed));
    let (voyage, _) = open_voyage(&server);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert_eq!(sweeper.sweep(at(1)).unwrap(), Swept::default());
            }
        });
        let pack = PackId("pack".into());
        for n in 0..60_u8 {
            let class = PersonClass::NonImmigrant;
            let portrait = [n; 40];
            let new = NewReference {
                portrait: &portrait,
                template: b"t",
                pack: &pack,
                class,
                erase_after: at(HOUR),
            };
            let put = server.put_reference(&document(&format!("L{n}")), &new, at(0)).unwrap();
            assert!(matches!(put, PutReference::Added(_)));
            server.gallery_key(voyage, at(0)).unwrap();
            server.put_gallery(voyage, &portrait).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(vault(folder.path()).map(|list| list.len()), [60, 60, 60]);
    assert!(server.gallery(voyage).unwrap().is_some());
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_that_says_which() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    match Store::open(&folder.path().join("file/store"), Seeded::new(1)) {
        Err(error @ StoreError::Io { .. }) => assert!(error.to_string().contains("file/store"), "{error}"),
        _ => panic!("expected an I/O error"),
    }
}
