//! What is published of passages: counts of closed voyages, declines among them, ten people at a time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use portunus_core::accuracy::traffic::{Counted, Outcome, Verdict, wait_bin};
use portunus_core::encounter::*;
use portunus_core::id::{PassengerId, VoyageId};
use portunus_core::place::Position;
use portunus_core::voyage::{ManifestAction, VoyageKey, VoyageStatus};
use portunus_store::*;

/// A voyage of the day's `n`th flight with one passenger more than nobody, open at the gate.
fn flight_of(store: &Store, n: u16) -> (VoyageId, PassengerId) {
    assert_eq!(store.put_point(&gate()).unwrap(), PutPoint::Stored);
    if store.device(DEVICE).unwrap().is_none() {
        store.put_enrolment([1; 32], POINT, at(HOUR)).unwrap();
        store.enrol([1; 32], DEVICE, [2; 32], at(0)).unwrap().expect("enrolled");
    }
    let mut list = manifest(ManifestAction::Replace, vec![person("ALPHA", &format!("L{n}"))]);
    list.voyage = VoyageKey::new("LH", &n.to_string(), flight().date).unwrap();
    let ManifestOutcome::Applied(applied) = store.apply_manifest(&list, at(0)).unwrap() else {
        panic!("refused")
    };
    let voyage = applied.voyage;
    let _ = store.set_status(voyage, VoyageStatus::Scheduled, VoyageStatus::Open, at(0)).unwrap();
    store.assign_voyage(POINT, Some(voyage), at(0)).unwrap();
    let passenger = store.passengers(voyage).unwrap()[0].passenger.id;
    (voyage, passenger)
}

/// So many decline, wait nine seconds for the officer, and board by document after twenty.
fn decline(store: &Store, voyage: VoyageId, passenger: PassengerId, numbers: std::ops::Range<u8>) {
    for n in numbers {
        let before = begin(store, n, voyage, at(0));
        let declined = Encounter { lane: Lane::Manual, stage: Stage::Waiting, ..before.clone() };
        let (record, boarding, measured) = (None, None, None);
        let (before, after, key) = (&before, &declined, key(100 + n));
        assert_eq!(store.admit(&request(store, key, 100 + n), at(1)).unwrap(), Admit::New);
        let outcome = "see-officer";
        let commit = CaptureCommit { before, after, record, boarding, key, outcome, measured };
        assert_eq!(store.commit_capture(commit, at(1)).unwrap(), Committed::Done);
        let (served_at, done_at) = (Some(at(9)), Some(at(20)));
        let after = Encounter { stage: Stage::Done, served_at, done_at, ..declined.clone() };
        let ruled = ruled(Ruling::Board { passenger });
        let boarding = BoardingChange::None;
        let commit =
            RulingCommit { before: &declined, after: &after, ruled: &ruled, boarding, probe_due: None };
        assert_eq!(store.commit_ruling(commit, at(20)).unwrap(), Committed::Done);
    }
}

fn counted(store: &Store) -> Vec<(Counted, u64)> {
    store
        .traffic()
        .unwrap()
        .0
        .into_iter()
        .map(|((month, point, counted), n)| {
            assert_eq!((month.as_str(), point), ("2026-11", POINT));
            (counted, n)
        })
        .collect()
}

#[test]
fn declines_outlive_their_voyage_as_counts_and_are_published_ten_at_a_time() {
    let (folder, store) = fresh();
    let (first, passenger) = flight_of(&store, 400);
    decline(&store, first, passenger, 1..7);
    assert_eq!(counted(&store), [], "a running voyage is in no public figure");
    store.close_voyage(first, &[], at(60)).unwrap();
    assert_eq!(counted(&store), [], "six are too few to show that something was added");

    let (second, passenger) = flight_of(&store, 402);
    decline(&store, second, passenger, 11..16);
    store.close_voyage(second, &[], at(90)).unwrap();
    let expected = [
        (Counted::Passage(Outcome::Declined, Verdict::Boarded), 11),
        (Counted::Waited(Lane::Manual, wait_bin(9_000)), 11),
        (Counted::Passed(Lane::Manual, wait_bin(20_000)), 11),
        (Counted::Officer(Lane::Manual), 2),
    ];
    assert_eq!(counted(&store), expected, "one officer on each of two voyages");

    let (third, passenger) = flight_of(&store, 404);
    decline(&store, third, passenger, 21..23);
    store.close_voyage(third, &[], at(120)).unwrap();
    store.close_voyage(third, &[], at(121)).unwrap();
    assert_eq!(counted(&store), expected, "two more wait");
    let seen = PublicRecord::in_folder(folder.path(), "2026-11").unwrap();
    assert_eq!(seen.traffic, store.traffic().unwrap(), "a reader of the folder sees the same");
    assert_eq!(seen.tallies, Tallies::default(), "who declined is in no error figure");
}

#[test]
fn a_point_keeps_its_place_when_it_is_put_again() {
    let (_folder, store) = fresh();
    assert!(!store.put_position(POINT, None).unwrap(), "there is no such point yet");
    store.put_point(&gate()).unwrap();
    let jfk = Position::new(40.6413, -73.7781);
    assert!(store.put_position(POINT, jfk).unwrap());
    store.put_point(&gate()).unwrap();
    assert_eq!(store.public_record("2026-11").unwrap().positions.get(&POINT).copied(), jfk);
    assert!(store.put_position(POINT, None).unwrap());
    assert!(store.public_record("2026-11").unwrap().positions.is_empty());
}
