//! What is kept of waits, and what the ledger is told: ten people and more together, no instant, no order between choices.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use portunus_core::encounter::*;
use portunus_core::id::{DesignationId, UserId, VoyageId};
use portunus_core::leaf::{Falling, Leaf};
use portunus_core::parity::Waits;
use portunus_core::place::{Designation, Expects};
use portunus_core::voyage::{ManifestAction, Voyage, VoyageKey, VoyageStatus, Watch};
use portunus_store::*;

const DESIGNATION: DesignationId = DesignationId::from_bytes([41; 16]);

/// The gate with its device under a designation whose ceiling is two minutes.
fn designated() -> (tempfile::TempDir, Store) {
    let (folder, store) = fresh();
    assert_eq!(store.put_point(&gate()).unwrap(), PutPoint::Stored);
    store.put_enrolment([1; 32], POINT, at(HOUR)).unwrap();
    store.enrol([1; 32], DEVICE, [2; 32], at(0)).unwrap().expect("enrolled");
    let designation = Designation {
        id: DESIGNATION,
        point: POINT,
        legal_basis: "an act".into(),
        from: at(0),
        until: None,
        device_owner: "the agency".into(),
        contractors: Vec::new(),
        manual_wait_ceiling_seconds: 120,
        hours: None,
    };
    store.designate(&approved(&designation, at(0)), at(0)).unwrap();
    (folder, store)
}

/// A voyage on which so many of each choice waited so long, closed.
fn voyage(store: &Store, number: u16, people: &[(Lane, u8, i64)]) -> VoyageId {
    let mut list = manifest(ManifestAction::Replace, vec![person("ALPHA", &format!("L{number}"))]);
    list.voyage = VoyageKey::new("LH", &number.to_string(), flight().date).unwrap();
    let ManifestOutcome::Applied(applied) = store.apply_manifest(&list, at(0)).unwrap() else {
        panic!("refused")
    };
    let voyage = applied.voyage;
    let _ = store.set_status(voyage, VoyageStatus::Scheduled, VoyageStatus::Open, at(0)).unwrap();
    store.assign_voyage(POINT, Some(voyage), at(0)).unwrap();
    let mut n = 0_u8;
    for (lane, people, seconds) in people {
        for _ in 0..*people {
            n += 1;
            let stage = if *seconds < 0 { Stage::Waiting } else { Stage::Done };
            let over = (*seconds >= 0).then(|| at(*seconds));
            let encounter = Encounter {
                lane: *lane,
                stage,
                served_at: over,
                done_at: over,
                ..at_gate(encounter_id(n), voyage, at(0))
            };
            // Names of requests are good once in the whole folder.
            let of_request = [number.to_be_bytes()[0], number.to_be_bytes()[1], n];
            let key =
                portunus_core::id::IdempotencyKey::from_bytes(std::array::from_fn(|i| of_request[i % 3]));
            let admission = Admission { nonce: key.bytes(), ..request(store, key, n) };
            assert_eq!(store.admit(&admission, at(0)).unwrap(), Admit::New);
            assert_eq!(
                store.begin(&encounter, key, "see-officer", SIGNED.notice, at(0)).unwrap(),
                Committed::Done
            );
        }
    }
    voyage
}

fn closed(store: &Store, number: u16, people: &[(Lane, u8, i64)], seconds: i64) {
    let voyage = voyage(store, number, people);
    assert_eq!(store.close_voyage(voyage, &[], at(seconds)).unwrap(), CloseVoyage::Closed);
}

fn sizes(store: &Store) -> (Vec<u64>, Vec<u64>) {
    let (_, kept) = store.kept_waits(POINT, "2026-11").unwrap();
    let people =
        |batches: &[portunus_core::parity::Batch]| batches.iter().map(|b| b.waits.people()).collect();
    (people(&kept.photo), people(&kept.manual))
}

/// What the ledger is told of parity, in order.
fn told(folder: &std::path::Path) -> Vec<(Falling, u64, u64)> {
    let data = rusqlite::Connection::open(folder.join("data.db")).unwrap();
    let mut find =
        data.prepare("SELECT leaf FROM outbox WHERE leaf LIKE '%parity-short%' ORDER BY seq").unwrap();
    let leaves = find.query_map([], |row| row.get::<_, String>(0)).unwrap();
    leaves
        .map(|leaf| match Leaf::parse(leaf.unwrap().as_bytes()).unwrap() {
            Leaf::ParityShort { designation, falling, manual, limit_ms, at, .. } => {
                assert_eq!(designation, DESIGNATION);
                assert_eq!(at.at().as_second() % 3600, 0, "to the hour");
                (falling, manual, limit_ms)
            }
            other => panic!("{}", other.kind()),
        })
        .collect()
}

#[test]
fn fewer_than_ten_of_a_choice_are_kept_in_no_batch() {
    let (_folder, store) = designated();
    closed(&store, 1, &[(Lane::Photo, 30, 5), (Lane::Manual, 6, 50)], 60);
    assert_eq!(sizes(&store), (vec![30], vec![]));
    closed(&store, 2, &[(Lane::Photo, 9, 5), (Lane::Manual, 5, 50)], 60);
    assert_eq!(sizes(&store), (vec![30], vec![11]), "together they are eleven; nine more photos wait");
    let public = store.public_record("2026-11").unwrap();
    assert_eq!(public.waits.len(), 1);
    assert_eq!(public.waits[0].measuring, Measuring::Gate);
}

#[test]
fn falling_short_is_told_when_it_begins_and_when_it_ends_and_not_again_in_between() {
    let (folder, store) = designated();
    closed(&store, 1, &[(Lane::Photo, 80, 60), (Lane::Manual, 50, 300)], 400);
    assert_eq!(told(folder.path()), [], "fifty are too few to say");
    closed(&store, 2, &[(Lane::Photo, 80, 60), (Lane::Manual, 30, 300)], 400);
    let told_first = told(folder.path());
    assert_eq!((told_first.len(), told_first[0].0, told_first[0].1), (1, Falling::Begins, 80));
    assert!(told_first[0].2 <= 120_000, "promised: the ceiling, or less");
    closed(&store, 3, &[(Lane::Manual, 90, 300)], 400);
    assert_eq!(told(folder.path()).len(), 1);
    // Officers came: the window fills with people who waited as long as those at the camera.
    for number in 4..14 {
        closed(&store, number, &[(Lane::Photo, 20, 60), (Lane::Manual, 100, 60)], 400);
    }
    let all = told(folder.path());
    assert_eq!(
        all.iter().map(|(falling, ..)| *falling).collect::<Vec<_>>(),
        [Falling::Begins, Falling::Ends]
    );
}

#[test]
fn who_was_never_attended_to_has_waited_until_the_end_and_is_counted() {
    let (folder, store) = designated();
    // Nobody comes to the manual lane: leaving people to stand there must not look quick.
    closed(&store, 1, &[(Lane::Photo, 80, 60), (Lane::Manual, 70, -1)], 900);
    assert_eq!(
        told(folder.path()).iter().map(|(falling, ..)| *falling).collect::<Vec<_>>(),
        [Falling::Begins]
    );
    let left = portunus_core::accuracy::traffic::Counted::LeftWaiting(Lane::Manual);
    let traffic = store.traffic().unwrap();
    assert_eq!(traffic.0.get(&("2026-11".to_owned(), POINT, left)), Some(&70));
}

#[test]
fn waits_of_one_voyage_are_kept_where_ten_of_each_choice_were_on_it() {
    let (_folder, store) = designated();
    for (number, manual, kept) in [(1, 0, false), (2, 1, false), (3, 9, false), (4, 10, true)] {
        let voyage = voyage(&store, number, &[(Lane::Photo, 14, 5), (Lane::Manual, manual, 50)]);
        store.close_voyage(voyage, &[], at(60)).unwrap();
        let counts = store.lane_counts(voyage).unwrap();
        // Nobody who declined is not told apart from one who did: beside one crossing by document it would say which.
        assert_eq!(counts.map(|(_, manual)| manual.waited_p50_ms), kept.then_some(50_000), "{manual}");
    }
}

#[test]
fn who_declined_is_known_until_the_voyage_is_closed_and_then_nowhere() {
    let (folder, store) = designated();
    let open = voyage(&store, 1, &[(Lane::Photo, 1, 5)]);
    let passenger = store.passengers(open).unwrap()[0].passenger.id;
    store.put_staging(open, &[(passenger, "no-reference".into())]).unwrap();
    let before = store.generation().unwrap();
    assert!(store.put_declined(passenger).unwrap());
    assert!(store.generation().unwrap() > before, "whoever stages hears of it");
    assert!(!store.put_declined(passenger).unwrap(), "once");
    assert_eq!(store.declined(open).unwrap().into_iter().collect::<Vec<_>>(), [passenger]);
    store.close_voyage(open, &[], at(60)).unwrap();
    assert!(store.declined(open).unwrap().is_empty());
    assert!(!store.put_declined(passenger).unwrap(), "nor can it be noted afterwards");
    let data = rusqlite::Connection::open(folder.path().join("data.db")).unwrap();
    let left: i64 = data
        .query_row("SELECT COUNT(*) FROM passenger WHERE declined <> 0 OR staging IS NOT NULL", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(left, 0);
}

/// The watches of one hall, one after the other, in which a flight's people are expected.
fn two_watches(store: &Store) -> (VoyageId, [VoyageId; 2]) {
    let ManifestOutcome::Applied(applied) = store
        .apply_manifest(
            &manifest(ManifestAction::Replace, vec![person("ALPHA", "L1"), person("BRAVO", "L2")]),
            at(0),
        )
        .unwrap()
    else {
        panic!("refused")
    };
    let watches = [61, 62].map(|n| {
        let watch = Voyage {
            id: VoyageId::from_bytes([n; 16]),
            key: VoyageKey { carrier: String::new(), number: n.to_string(), date: flight().date },
            legs: Vec::new(),
            status: VoyageStatus::Open,
            watch: Some(Watch { point: POINT, from: at(0), until: at(HOUR), expects: Expects::Arrivals }),
        };
        assert!(store.open_watch(&watch, &[], at(0)).unwrap());
        assert!(store.land(watch.id, applied.voyage, at(0)).unwrap());
        watch.id
    });
    (applied.voyage, watches)
}

#[test]
fn who_declines_at_the_gate_is_noted_in_the_transaction_of_their_choice() {
    let (_folder, store) = designated();
    let open = voyage(&store, 1, &[]);
    let passenger = store.passengers(open).unwrap()[0].passenger.id;
    let key = portunus_core::id::IdempotencyKey::from_bytes([77; 16]);
    let admission = Admission { nonce: key.bytes(), ..request(&store, key, 77) };
    assert_eq!(store.admit(&admission, at(0)).unwrap(), Admit::New);
    let declines = Encounter {
        lane: Lane::Manual,
        stage: Stage::Waiting,
        presented: portunus_core::decide::Presented::Passenger(passenger),
        ..at_gate(encounter_id(77), open, at(0))
    };
    let begun = store.begin(&declines, key, "see-officer", SIGNED.notice, at(0)).unwrap();
    assert_eq!(begun, Committed::Done);
    assert_eq!(store.declined(open).unwrap().into_iter().collect::<Vec<_>>(), [passenger]);
}

#[test]
fn a_decline_outlives_a_watch_in_which_its_traveller_did_not_come() {
    let (_folder, store) = designated();
    let (flight, [first, second]) = two_watches(&store);
    let people: Vec<_> = store.passengers(flight).unwrap().into_iter().map(|p| p.passenger.id).collect();
    for passenger in &people {
        assert!(store.put_declined(*passenger).unwrap());
    }
    // One of them comes in the first watch.
    let it = Encounter {
        passenger: Some(people[0]),
        stage: Stage::Done,
        ..at_gate(encounter_id(9), first, at(10))
    };
    let ruled = Ruled {
        ruling: Ruling::Admit { passenger: people[0] },
        author: UserId::from_bytes([7; 16]),
        reason: String::new(),
        at: at(10),
    };
    let boarding = Boarding {
        passenger: people[0],
        at: at(10),
        method: Method::DocumentInspected,
        entered_later: true,
        admitted: None,
    };
    assert_eq!(store.enter_boarding(&it, &ruled, &boarding, at(10)).unwrap(), Committed::Done);
    store.close_voyage(first, &[], at(60)).unwrap();
    assert_eq!(store.declined(second).unwrap().into_iter().collect::<Vec<_>>(), [people[1]]);
    store.close_voyage(flight, &[], at(70)).unwrap();
    assert_eq!(store.declined(second).unwrap().len(), 1, "still expected in the second");
    store.close_voyage(second, &[], at(80)).unwrap();
    assert!(store.declined(second).unwrap().is_empty());
}

#[test]
fn the_record_of_two_years_is_whole_however_many_batches_it_has() {
    let (folder, store) = designated();
    closed(&store, 1, &[(Lane::Photo, 10, 5)], 60);
    let db = rusqlite::Connection::open(folder.path().join("data.db")).unwrap();
    db.execute(
        "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
         INSERT INTO parity_batch (point, source, lane, seq, month, bin, n)
         SELECT point, source, lane, i, CASE WHEN i < 15000 THEN '2025-01' ELSE '2026-11' END, bin, 10
         FROM parity_batch, n",
        [],
    )
    .unwrap();
    let photo = store.kept_waits(POINT, "2026-11").unwrap().1.photo;
    assert_eq!(photo.iter().map(|batch| batch.waits.people()).sum::<u64>(), 300_000);
    assert_eq!(photo[0].waits.people() + photo[1].waits.people(), 299_500, "older ones by the month");
    assert_eq!((photo[0].month.as_str(), photo.len()), ("2025-01", 52));
    assert!(photo[2..].iter().all(|batch| batch.waits.people() == 10), "what a window may have, one by one");
}

#[test]
fn who_chose_together_begins_together_and_one_may_decline_for_all() {
    let (_folder, store) = designated();
    let open = voyage(&store, 1, &[]);
    let family: Vec<Encounter> = (1..=3).map(|n| at_gate(encounter_id(n), open, at(0))).collect();
    let key = key(1);
    assert_eq!(store.admit(&request(&store, key, 1), at(0)).unwrap(), Admit::New);
    let begun = store.begin_together(&family, Wish::default(), key, "camera", SIGNED.notice, at(0)).unwrap();
    assert_eq!(begun, Committed::Done);
    assert_eq!(store.party_size(encounter_id(2)).unwrap(), 3);
    let alone = begin(&store, 9, open, at(0));
    assert_eq!(store.party_size(alone.id).unwrap(), 1);
    let sent = store.decline_together(encounter_id(1), at(5)).unwrap();
    assert_eq!(sent.len(), 2, "who says it is sent by the request itself");
    assert!(sent.iter().all(|it| (it.lane, it.stage) == (Lane::Manual, Stage::Waiting)));
    assert!(store.decline_together(encounter_id(1), at(6)).unwrap().is_empty());
    assert!(store.decline_together(alone.id, at(6)).unwrap().is_empty(), "nobody is with them");
    assert_eq!(store.encounter(alone.id).unwrap().unwrap().lane, Lane::Photo);
}

#[test]
fn nothing_kept_says_when_or_in_which_order() {
    let (folder, store) = designated();
    for number in 1..5 {
        closed(&store, number, &[(Lane::Photo, 20, 5), (Lane::Manual, 12, 50)], 60);
    }
    let data = rusqlite::Connection::open(folder.path().join("data.db")).unwrap();
    let columns: Vec<String> = data
        .prepare("SELECT name FROM pragma_table_info('parity_batch')")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(columns, ["point", "source", "lane", "seq", "month", "bin", "n"]);
    // No hidden order either: the table has no row numbers to read one from.
    assert!(data.prepare("SELECT rowid FROM parity_batch").is_err());
    let small: i64 = data
        .query_row(
            "SELECT COUNT(*) FROM (SELECT SUM(n) AS people FROM parity_batch WHERE seq > 0
             GROUP BY point, source, lane, seq) WHERE people < 10",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(small, 0);
}

#[test]
fn what_is_counted_from_joining_the_queue_on_is_judged_once_it_is_of_enough() {
    let (folder, store) = designated();
    closed(&store, 1, &[(Lane::Photo, 80, 20), (Lane::Manual, 80, 20)], 60);
    let waits = |people: u64, seconds: u64| (0..people).map(|_| seconds * 1000).collect::<Waits>();
    let keep = |manual| {
        let of = [(Lane::Photo, waits(40, 30)), (Lane::Manual, waits(manual, 600))];
        store.keep_queue_waits(POINT, &of, flight().date, at(60)).unwrap();
    };
    keep(40);
    assert_eq!(store.kept_waits(POINT, "2026-11").unwrap().0, Measuring::Gate);
    assert_eq!(told(folder.path()), []);
    keep(40);
    assert_eq!(store.kept_waits(POINT, "2026-11").unwrap().0, Measuring::Feed);
    assert_eq!(told(folder.path()).len(), 1, "the queue before the gate is where they wait");
    // Buttons that nobody presses any more are not waited for.
    assert_eq!(store.kept_waits(POINT, "2027-02").unwrap().0, Measuring::Feed);
    assert_eq!(store.kept_waits(POINT, "2027-03").unwrap().0, Measuring::Gate);
}

#[test]
fn what_is_too_old_for_the_record_is_forgotten() {
    let (_folder, store) = designated();
    for number in 1..4 {
        closed(&store, number, &[(Lane::Photo, 20, 5)], 60);
    }
    store.forget_waits("2026-11").unwrap();
    assert_eq!(sizes(&store).0.len(), 3);
    store.forget_waits("2026-12").unwrap();
    assert_eq!(sizes(&store).0.len(), 1, "the last keeps the number that the next goes on from");
}
