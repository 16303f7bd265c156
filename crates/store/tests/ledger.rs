//! What the ledger is told: nothing of fewer than ten people, in an order that holds, once, and again after a restore.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use portunus_core::biometric::PackId;
use portunus_core::id::{DesignationId, IdempotencyKey};
use portunus_core::leaf::Leaf;
use portunus_core::place::Designation;
use portunus_core::policy::PersonClass;
use portunus_store::*;

/// A log: what was sequenced and published, in order.
#[derive(Default)]
struct Log(Vec<String>);

/// What stands for the head of a log of so many leaves: the root is not looked into here.
fn head(size: usize) -> Published {
    Published { size: size as u64, root: [size as u8; 32] }
}

impl Log {
    fn go_on(&mut self, store: &Store, now: i64) -> Vec<Leaf> {
        let before = head(self.0.len());
        store.learn_root(before).unwrap();
        let leaves = store.sequence(before, at(now)).unwrap();
        self.0.extend(leaves.clone());
        store.published(before, head(self.0.len())).unwrap();
        leaves.iter().map(|leaf| Leaf::parse(leaf.as_bytes()).unwrap()).collect()
    }
}

fn kinds(leaves: &[Leaf]) -> Vec<&'static str> {
    leaves.iter().map(Leaf::kind).collect()
}

/// A reference of its own document, kept until `until`.
fn keep(store: &Store, n: u8, until: i64) {
    let new = NewReference {
        portrait: &[n; 40],
        template: b"template",
        pack: &PackId("pack@1".into()),
        class: PersonClass::NonImmigrant,
        erase_after: at(until),
    };
    assert!(matches!(
        store.put_reference(&document(&format!("L{n:03}")), &new, at(1)).unwrap(),
        PutReference::Added(_)
    ));
}

#[test]
fn what_concerns_people_waits_for_ten_and_what_concerns_nobody_goes_at_once() {
    let (_folder, store) = fresh();
    let mut log = Log::default();
    open_voyage(&store);
    let designation = Designation {
        id: DesignationId::from_bytes([4; 16]),
        point: POINT,
        legal_basis: "an\nact".into(),
        from: at(0),
        until: None,
        device_owner: "the agency".into(),
        contractors: vec![],
        manual_wait_ceiling_seconds: portunus_core::place::MANUAL_WAIT_CEILING_SECONDS,
        hours: None,
    };
    store.designate(&approved(&designation, at(0)), at(0)).unwrap();
    (0..9).for_each(|n| keep(&store, n, HOUR));
    assert_eq!(kinds(&log.go_on(&store, 2)), ["device", "designation"]);
    assert_eq!(log.go_on(&store, 3), [], "nine people are not spoken of");
    keep(&store, 9, HOUR);
    let ten = log.go_on(&store, 4);
    assert_eq!(kinds(&ten), ["sealed"; 10]);
    // Erased when due: each at once, its identifier among ten.
    assert_eq!(store.erase_due(at(HOUR), 20).unwrap(), 10);
    assert_eq!(kinds(&log.go_on(&store, HOUR)), ["erased"; 10]);
    assert_eq!(log.go_on(&store, HOUR), []);
    // What is erased before it was ever stated waits with its statement.
    keep(&store, 20, 2 * HOUR);
    assert_eq!(store.erase_due(at(2 * HOUR), 20).unwrap(), 1);
    assert_eq!(log.go_on(&store, 2 * HOUR), []);
}

#[test]
fn two_records_of_one_person_are_one_person() {
    let (_folder, store) = fresh();
    let mut log = Log::default();
    for n in 0..5 {
        keep(&store, n, HOUR);
        let other = NewReference {
            portrait: &[100 + n; 40],
            template: b"template",
            pack: &PackId("pack@1".into()),
            class: PersonClass::NonImmigrant,
            erase_after: at(HOUR),
        };
        let _ = store.put_reference(&document(&format!("L{n:03}")), &other, at(1)).unwrap();
    }
    assert_eq!(log.go_on(&store, 2), []);
}

#[test]
fn captures_are_accounted_for_without_a_gap() {
    let (_folder, store) = fresh();
    let mut log = Log::default();
    let (voyage, _) = open_voyage(&store);
    let _ = log.go_on(&store, 0);
    for n in 1..=11u8 {
        let encounter = begin(&store, n, voyage, at(1));
        let key = IdempotencyKey::from_bytes([100 + n; 16]);
        // The third capture never comes.
        let counter = u64::from(n) + u64::from(n > 2);
        let admission = Admission { counter, counted: Some(SIGNED), ..request(&store, key, 100 + n) };
        assert_eq!(store.admit(&admission, at(2)).unwrap(), Admit::New);
        if n == 11 {
            break;
        }
        let record = (n == 1).then(|| (store.seal(RecordKind::PROBE, &[n; 50], at(2)).unwrap(), at(HOUR)));
        let after = portunus_core::encounter::Encounter { attempts: 1, ..encounter.clone() };
        let commit = CaptureCommit {
            before: &encounter,
            after: &after,
            record,
            boarding: None,
            key,
            outcome: "done",
            measured: None,
        };
        assert_eq!(store.commit_capture(commit, at(2)).unwrap(), Committed::Done);
    }
    let told = log.go_on(&store, 3);
    let [Leaf::Captures { first, last, sealed, never_stored, discarded, missing, .. }] = told[..] else {
        panic!("{told:?}")
    };
    assert_eq!((first, last), (1, 11), "the eleventh is under way");
    assert_eq!((sealed, never_stored, discarded, missing), (1, 9, 0, 1));
    assert_eq!(log.go_on(&store, 4), []);
}

#[test]
fn a_count_that_comes_again_is_told_once_until_the_device_counts_on() {
    let (_folder, store) = fresh();
    let mut log = Log::default();
    let _ = open_voyage(&store);
    let _ = log.go_on(&store, 0);
    let mut nonce = 100;
    let mut admit = |counter| {
        nonce += 1;
        let key = IdempotencyKey::from_bytes([nonce; 16]);
        let admission = Admission { counter, counted: Some(SIGNED), ..request(&store, key, nonce) };
        store.admit(&admission, at(2)).unwrap()
    };
    let mut rolled_back = |store: &Store| {
        let told = log.go_on(store, 3).into_iter();
        told.filter_map(|leaf| match leaf {
            Leaf::RolledBack { counted, came, .. } => Some((counted, came)),
            _ => None,
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(admit(7), Admit::New);
    for again in [7, 3, 1] {
        assert_eq!(admit(again), Admit::CounterNotNext { last: 7 });
    }
    assert_eq!(rolled_back(&store), [(7, 7)]);
    assert_eq!(admit(8), Admit::New);
    assert_eq!(admit(2), Admit::CounterNotNext { last: 8 });
    assert_eq!(rolled_back(&store), [(8, 2)]);
}

#[test]
fn what_had_its_place_when_the_process_died_keeps_it() {
    let (folder, store) = fresh();
    (0..10).for_each(|n| keep(&store, n, HOUR));
    store.learn_root(head(0)).unwrap();
    let first = store.sequence(head(0), at(2)).unwrap();
    assert_eq!(first.len(), 10);
    drop(store);
    let store = open(folder.path(), 9);
    (10..30).for_each(|n| keep(&store, n, HOUR));
    assert_eq!(
        store.sequence(head(0), at(3)).unwrap(),
        first,
        "the same, in the same order, and nothing else"
    );
    // Or it died after the log stated them.
    let bytes: Vec<Vec<u8>> = first.iter().map(|leaf| leaf.clone().into_bytes()).collect();
    store.catch_up(0, &bytes, head(10).root, at(4)).unwrap();
    let second = store.sequence(head(10), at(5)).unwrap();
    assert_eq!(second.len(), 20);
    assert!(second.iter().all(|leaf| !first.contains(leaf)));
    let mut other = bytes.clone();
    other[0] = second[1].clone().into_bytes();
    let forked = store.catch_up(10, &other, head(20).root, at(6));
    assert!(matches!(forked, Err(StoreError::Ledger { .. })), "a fork is refused");
}

#[test]
fn who_knows_another_head_than_was_published_gives_no_places_and_publishes_nothing() {
    let (_folder, store) = fresh();
    let mut log = Log::default();
    (0..10).for_each(|n| keep(&store, n, HOUR));
    assert_eq!(log.go_on(&store, 2).len(), 10);
    (10..30).for_each(|n| keep(&store, n, HOUR));
    let same_size = Published { root: [99; 32], ..head(10) };
    for other in [head(9), head(11), same_size] {
        assert!(matches!(store.sequence(other, at(3)), Err(StoreError::Ledger { .. })), "{other:?}");
        assert!(matches!(store.published(other, head(30)), Err(StoreError::Ledger { .. })), "{other:?}");
        store.learn_root(other).unwrap();
        assert_eq!(store.published_head().unwrap(), (10, Some(head(10).root)), "{other:?}");
    }
    assert_eq!(log.go_on(&store, 4).len(), 20);
}

#[test]
fn a_restored_database_takes_up_what_was_published_since() {
    let (folder, store) = fresh();
    let elsewhere = tempfile::tempdir().unwrap();
    let [backup, into] = ["backup", "into"].map(|name| elsewhere.path().join(name));
    let mut log = Log::default();
    (0..12).for_each(|n| keep(&store, n, HOUR));
    store.back_up(&backup, KeysGo::Nowhere, at(2), &mut |_, _| {}).unwrap();
    assert_eq!(log.go_on(&store, 3).len(), 12);
    (12..24).for_each(|n| keep(&store, n, 2 * HOUR));
    assert_eq!(log.go_on(&store, 4).len(), 12);
    assert_eq!(store.erase_due(at(HOUR), 50).unwrap(), 12);
    assert_eq!(log.go_on(&store, HOUR).len(), 12);
    drop(store);

    std::fs::create_dir(&into).unwrap();
    std::fs::copy(folder.path().join("keys.db"), into.join("keys.db")).unwrap();
    restore(&backup, None, &into, None, Seeded::new(5), at(HOUR + 5), &mut |_, _| {}).unwrap();
    let store = open(&into, 6);
    assert!(
        matches!(store.sequence(head(36), at(HOUR + 6)), Err(StoreError::Ledger { .. })),
        "not before it has"
    );
    let bytes: Vec<Vec<u8>> = log.0.iter().map(|leaf| leaf.clone().into_bytes()).collect();
    let known = store.published_head().unwrap().0 as usize;
    store.catch_up(known as u64, &bytes[known..], head(36).root, at(HOUR + 6)).unwrap();
    store.finish_begun(at(HOUR + 6)).unwrap();
    // Those that came after the backup went with the disk: that is stated; those erased are not stated erased again.
    assert_eq!(kinds(&log.go_on(&store, HOUR + 7)), ["erased"; 12]);
    assert_eq!(log.go_on(&store, HOUR + 8), []);
    let mut told: Vec<&String> = log.0.iter().filter(|leaf| leaf.contains(" erased\n")).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), 24, "each once");
}
