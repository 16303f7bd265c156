//! What the service measures of itself: the same while a voyage is open and after it was closed, and of nobody who declined.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use portunus_core::accuracy::{Dimension, Kind};
use portunus_core::decide::Reason;
use portunus_core::encounter::*;
use portunus_core::id::{PassengerId, VoyageId};
use portunus_store::*;

/// ALPHA and BRAVO are in the gallery, CHARLIE is not.
fn staged(store: &Store) -> (VoyageId, Vec<PassengerId>) {
    let (voyage, people) = open_voyage(store);
    let said = ["staged", "staged", "no-reference"].map(str::to_owned);
    store.put_staging(voyage, &people.iter().copied().zip(said).collect::<Vec<_>>()).unwrap();
    (voyage, people)
}

/// A capture whose search gave these people; gives the encounter as it is then.
fn capture(store: &Store, n: u8, voyage: VoyageId, best: &[(PassengerId, f32)]) -> Encounter {
    let before = begin(store, n, voyage, at(0));
    let measured = measured(best);
    let decision = decision(&measured);
    let found = decision.comparison().map(|found| found.candidate.passenger);
    let after = Encounter {
        stage: if found.is_some() { Stage::Done } else { Stage::Waiting },
        attempts: 1,
        decision: Some(decision),
        passenger: found,
        done_at: found.map(|_| at(10)),
        ..before.clone()
    };
    let key = key(100 + n);
    assert_eq!(store.admit(&request(store, key, 100 + n), at(10)).unwrap(), Admit::New);
    let boarding = found.map(|passenger| boarding(passenger, at(10)));
    let (record, outcome, measured) = (None, "answered", Some(&measured));
    let commit = CaptureCommit { before: &before, after: &after, record, boarding, key, outcome, measured };
    assert_eq!(store.commit_capture(commit, at(10)).unwrap(), Committed::Done);
    store.encounter(before.id).unwrap().unwrap()
}

fn rule(
    store: &Store,
    before: &Encounter,
    ruling: Ruling,
    passenger: Option<PassengerId>,
    boarding: BoardingChange,
) {
    let after = Encounter { stage: Stage::Done, passenger, done_at: Some(at(30)), ..before.clone() };
    let ruled = ruled(ruling);
    let commit = RulingCommit { before, after: &after, ruled: &ruled, boarding, probe_due: None };
    assert_eq!(store.commit_ruling(commit, at(30)).unwrap(), Committed::Done);
}

fn inspected(passenger: PassengerId) -> Boarding {
    Boarding { method: Method::DocumentInspected, ..boarding(passenger, at(30)) }
}

#[test]
fn the_counts_are_the_same_before_and_after_a_voyage_is_closed() {
    let (folder, store) = fresh();
    let (voyage, people) = staged(&store);
    let [alpha, bravo, charlie] = [people[0], people[1], people[2]];
    // BRAVO is confirmed as ALPHA, and put right; ALPHA is missed, CHARLIE not in the gallery: both board by document.
    let wrong = capture(&store, 1, voyage, &[(alpha, 0.7), (bravo, 0.4)]);
    let correct = BoardingChange::Correct { wrong: alpha, boarding: Some(inspected(bravo)) };
    rule(
        &store,
        &wrong,
        Ruling::SomebodyElse { passenger: alpha, instead: Some(bravo) },
        Some(bravo),
        correct,
    );
    for (n, passenger, best) in
        [(2, alpha, vec![(bravo, 0.3), (alpha, 0.2)]), (3, charlie, vec![(bravo, 0.31)])]
    {
        let referred = capture(&store, n, voyage, &best);
        let board = BoardingChange::Board(inspected(passenger));
        rule(&store, &referred, Ruling::Board { passenger }, Some(passenger), board);
    }
    let boarded: Vec<_> = store.boardings(voyage).unwrap().iter().map(|b| (b.passenger, b.method)).collect();
    assert_eq!(boarded, [bravo, alpha, charlie].map(|passenger| (passenger, Method::DocumentInspected)));

    let open = store.tallies().unwrap();
    let total = |kind| open.total(kind, Tallies::of_everybody);
    for (kind, n) in [
        (Kind::Transaction, 3),
        (Kind::Confirmed, 1),
        (Kind::Corrected, 1),
        (Kind::Mated, 2),
        (Kind::WrongPerson, 1),
        (Kind::Missed, 1),
        (Kind::GalleryMissing, 1),
        (Kind::NonMated, 1),
        (Kind::FalsePositive, 0),
        (Kind::ReferredFor(Reason::NoCandidate), 2),
    ] {
        assert_eq!(total(kind), n, "{kind:?}");
    }
    let women = |key: &TallyKey| key.dimension == Dimension::Sex && key.cell == "F";
    assert_eq!(open.total(Kind::Mated, women), 2);
    assert!(open.counts.keys().all(|(key, _)| key.dimension == Dimension::All || key.device.is_none()));
    let mut scores: Vec<_> =
        open.scores.iter().map(|(k, n)| (k.mated, k.whose == Whose::Own, k.bin, *n)).collect();
    scores.sort_unstable();
    assert_eq!(
        scores,
        [
            (false, false, 62, 1),
            (true, false, 60, 1),
            (true, false, 140, 1),
            (true, true, 40, 1),
            (true, true, 80, 1)
        ]
    );

    let before = Tallies::in_folder(folder.path()).unwrap().0;
    assert_eq!(before, open, "a reader of the folder sees the same");
    assert_eq!(store.close_voyage(voyage, &[], at(60)).unwrap(), CloseVoyage::Closed);
    assert_eq!(store.tallies().unwrap(), open);
    assert_eq!(store.close_voyage(voyage, &[], at(61)).unwrap(), CloseVoyage::AlreadyClosed);
    assert_eq!(store.tallies().unwrap(), open, "closed again counts nothing again");
    let left: i64 = rusqlite::Connection::open(folder.path().join("data.db"))
        .unwrap()
        .query_row("SELECT COUNT(*) FROM measured", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0, "who was how much like whom goes with the encounters");
    store.forget_voyages(at(70), 9).unwrap();
    assert_eq!(store.tallies().unwrap(), open, "counts outlive the lists");
}

#[test]
fn who_declines_after_a_photo_is_in_no_count() {
    let (_folder, store) = fresh();
    let (voyage, people) = staged(&store);
    let nothing = store.tallies().unwrap();
    let tried = capture(&store, 1, voyage, &[(people[0], 0.2)]);
    assert_ne!(store.tallies().unwrap(), nothing);
    let declined = Encounter { lane: Lane::Manual, stage: Stage::Waiting, decision: None, ..tried.clone() };
    let commit = CaptureCommit {
        before: &tried,
        after: &declined,
        record: None,
        boarding: None,
        key: key(7),
        outcome: "see-officer",
        measured: None,
    };
    assert_eq!(store.admit(&request(&store, key(7), 7), at(20)).unwrap(), Admit::New);
    assert_eq!(store.commit_capture(commit, at(20)).unwrap(), Committed::Done);
    let board = BoardingChange::Board(inspected(people[0]));
    rule(&store, &declined, Ruling::Board { passenger: people[0] }, Some(people[0]), board);
    assert_eq!(store.tallies().unwrap(), nothing);
    store.close_voyage(voyage, &[], at(60)).unwrap();
    assert_eq!(store.tallies().unwrap(), nothing);
}

#[test]
fn a_folder_of_the_version_before_is_brought_up_to_date_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let old = rusqlite::Connection::open(folder.path().join("data.db")).unwrap();
    old.execute_batch(include_str!("../src/schema.sql")).unwrap();
    let a_voyage = "INSERT INTO voyage (id, carrier, number, date, legs, status) VALUES (x'00112233445566778899aabbccddeeff',
        'LH', '400', '2026-11-23', '[]', 'scheduled')";
    old.execute_batch(a_voyage).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    assert!(matches!(Tallies::in_folder(folder.path()), Err(StoreError::OtherVersion { found: 1, .. })));
    drop(old);
    let store = open(folder.path(), 2);
    assert!(store.voyage_by_key(&flight()).unwrap().is_some());
    assert_eq!(store.tallies().unwrap(), Tallies::default());
}
