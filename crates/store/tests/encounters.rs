//! Requests admitted once, encounters committed, voyages closed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use jiff::civil::date;
use portunus_core::decide::{Decision, Presented, Reason};
use portunus_core::encounter::*;
use portunus_core::id::{PassengerId, RecipientId, RecordId, UserId};
use portunus_core::place::Direction;
use portunus_core::policy::{DataClass, PersonClass, Start};
use portunus_core::voyage::{ManifestAction, VoyageStatus};
use portunus_store::*;

const ANNA_BORN: jiff::civil::Date = date(1990, 1, 1);

#[test]
fn a_repeated_request_gets_the_first_outcome() {
    let (_folder, store) = fresh();
    let (voyage, _) = open_voyage(&store);
    let encounter = at_gate(encounter_id(1), voyage, at(0));
    assert_eq!(store.admit(&request(&store, key(1), 1), at(0)).unwrap(), Admit::New);
    assert_eq!(store.admit(&request(&store, key(1), 2), at(0)).unwrap(), Admit::Repeat { outcome: None });
    assert_eq!(store.begin(&encounter, key(1), "camera", SIGNED.notice, at(0)).unwrap(), Committed::Done);
    let outcome = Some("camera".to_owned());
    assert_eq!(store.admit(&request(&store, key(1), 3), at(0)).unwrap(), Admit::Repeat { outcome });
    assert!(!store.answer(key(1), "other").unwrap(), "the first outcome stands");
    assert_eq!(store.encounter(encounter.id).unwrap(), Some(encounter));
}

#[test]
fn a_nonce_is_good_once_whatever_came_of_it() {
    let (_folder, store) = fresh();
    open_voyage(&store);
    assert_eq!(store.admit(&request(&store, key(1), 1), at(0)).unwrap(), Admit::New);
    assert_eq!(store.admit(&request(&store, key(1), 1), at(0)).unwrap(), Admit::NonceReused);
    assert_eq!(store.admit(&request(&store, key(2), 1), at(0)).unwrap(), Admit::NonceReused);
    let other_body = Admission { body_mac: store.body_mac(b"other"), ..request(&store, key(1), 2) };
    assert_eq!(store.admit(&other_body, at(0)).unwrap(), Admit::OtherBody);
    assert_eq!(store.admit(&other_body, at(0)).unwrap(), Admit::NonceReused);
    let remembered = store.admit(&request(&store, key(3), 1), at(15 * 60)).unwrap();
    assert_eq!(remembered, Admit::NonceReused, "longer than a signature is good for");
}

#[test]
fn the_capture_counter_only_grows_and_gaps_are_kept() {
    let (_folder, store) = fresh();
    open_voyage(&store);
    let counted = |n: u8, counter| {
        let admission = Admission { counter, counted: Some(SIGNED), ..request(&store, key(n), n) };
        store.admit(&admission, at(0)).unwrap()
    };
    assert_eq!([counted(1, 1), counted(2, 2)], [Admit::New, Admit::New]);
    assert_eq!(counted(3, 2), Admit::CounterNotNext { last: 2 });
    assert_eq!(counted(4, 7), Admit::New);
    let again = Admission { counter: 7, counted: Some(SIGNED), ..request(&store, key(4), 5) };
    assert_eq!(store.admit(&again, at(0)).unwrap(), Admit::Repeat { outcome: None });
    let device = store.device(DEVICE).unwrap().unwrap();
    assert_eq!((device.last_counter, device.gaps), (7, 4));
}

/// The next state of a capture: one attempt more, matched and boarded.
fn matched(before: &Encounter, passenger: PassengerId, now: i64) -> Encounter {
    Encounter {
        stage: Stage::Done,
        attempts: before.attempts + 1,
        class: PersonClass::NonImmigrant,
        passenger: Some(passenger),
        served_at: Some(at(now)),
        done_at: Some(at(now)),
        ..before.clone()
    }
}

/// Admits and commits a capture.
fn capture(store: &Store, n: u8, before: &Encounter, after: &Encounter, sealed: bool) -> Committed {
    assert_eq!(store.admit(&request(store, key(n), n), at(10)).unwrap(), Admit::New);
    let record = sealed.then(|| (store.seal(RecordKind::PROBE, &[n; 50], at(10)).unwrap(), at(HOUR)));
    let boarding = after.passenger.filter(|_| after.stage == Stage::Done).map(|p| boarding(p, at(10)));
    let commit =
        CaptureCommit { before, after, record, boarding, key: key(n), outcome: "done", measured: None };
    store.commit_capture(commit, at(10)).unwrap()
}

#[test]
fn a_matched_traveller_boards_and_their_probe_is_kept_sealed() {
    let (folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    let before = begin(&store, 1, voyage, at(0));
    let after = matched(&before, passengers[0], 10);
    let seen = store.last_event().unwrap();
    assert_eq!(capture(&store, 2, &before, &after, true), Committed::Done);
    let kept = store.encounter(before.id).unwrap().unwrap();
    assert_eq!(kept, Encounter { probe: kept.probe, ..after });
    assert_eq!(store.open_record(kept.probe.unwrap(), &SHOW, at(11)).unwrap().unwrap().as_slice(), [2; 50]);
    assert_eq!(store.boardings(voyage).unwrap(), [boarding(passengers[0], at(10))]);
    assert_eq!(store.boarding(passengers[0]).unwrap(), Some(boarding(passengers[0], at(10))));
    assert_eq!(store.boarding(passengers[1]).unwrap(), None);
    assert_eq!(vault(folder.path()).map(|list| list.len()), [1, 1, 1]);
    let kinds: Vec<_> = store.events_after(seen, 9).unwrap().iter().map(|e| e.kind).collect();
    assert_eq!(kinds, [EventKind::Boarded, EventKind::Captured]);
    assert_eq!(store.recent(POINT, 9).unwrap().len(), 1);
}

#[test]
fn nobody_boards_twice_and_the_second_probe_is_destroyed() {
    let (folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    let [one, two] = [1, 2].map(|n| begin(&store, n, voyage, at(0)));
    assert_eq!(capture(&store, 11, &one, &matched(&one, passengers[0], 10), true), Committed::Done);
    let second = matched(&two, passengers[0], 10);
    assert_eq!(capture(&store, 12, &two, &second, true), Committed::AlreadyBoarded);
    assert_eq!(store.encounter(two.id).unwrap(), Some(two), "nothing was changed");
    assert_eq!(store.boardings(voyage).unwrap().len(), 1);
    assert_eq!(vault(folder.path()).map(|list| list.len()), [1, 1, 1]);
    assert_eq!(store.admit(&request(&store, key(12), 99), at(11)).unwrap(), Admit::Repeat { outcome: None });
}

#[test]
fn of_two_changes_of_the_same_state_one_is_made() {
    let (folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    let before = begin(&store, 1, voyage, at(0));
    let again = Encounter { attempts: 1, ..before.clone() };
    assert_eq!(capture(&store, 2, &before, &again, true), Committed::Done);
    let late = matched(&before, passengers[0], 10);
    assert_eq!(capture(&store, 3, &before, &late, true), Committed::StaleEncounter);
    assert!(store.boardings(voyage).unwrap().is_empty());
    assert_eq!(vault(folder.path()).map(|list| list.len()), [1, 1, 1]);
}

#[test]
fn eight_threads_that_board_the_same_passenger_board_them_once() {
    let (_folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    let encounters: Vec<_> = (1..=8).map(|n| begin(&store, n, voyage, at(0))).collect();
    let outcomes: Vec<Committed> = std::thread::scope(|scope| {
        let threads: Vec<_> = encounters
            .iter()
            .zip(11..)
            .map(|(before, n)| {
                let (store, after) = (&store, matched(before, passengers[0], 10));
                scope.spawn(move || capture(store, n, before, &after, false))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|o| **o == Committed::Done).count(), 1);
    assert_eq!(outcomes.iter().filter(|o| **o == Committed::AlreadyBoarded).count(), 7);
    assert_eq!(store.boardings(voyage).unwrap().len(), 1);
}

#[test]
fn a_probe_that_the_encounter_no_longer_names_is_erased_with_the_change() {
    let (folder, store) = fresh();
    let (voyage, _) = open_voyage(&store);
    let before = begin(&store, 1, voyage, at(0));
    let waiting = Encounter { stage: Stage::Waiting, attempts: 1, ..before.clone() };
    assert_eq!(capture(&store, 2, &before, &waiting, true), Committed::Done);
    let taken = store.take(before.id, OFFICER, at(20)).unwrap().unwrap();
    let probe = taken.probe.unwrap();
    let citizen = Encounter { class: PersonClass::Citizen, probe: None, ..taken.clone() };
    let establish = ruled(Ruling::Establish { class: PersonClass::Citizen });
    let commit = RulingCommit {
        before: &taken,
        after: &citizen,
        ruled: &establish,
        boarding: BoardingChange::None,
        probe_due: None,
    };
    assert_eq!(store.commit_ruling(commit, at(21)).unwrap(), Committed::Done);
    assert!(store.open_record(probe, &SHOW, at(21)).unwrap().is_none());
    assert_eq!(vault(folder.path()).map(|list| list.len()), [0, 0, 0]);
    assert_eq!(store.encounter(before.id).unwrap(), Some(citizen));
}

#[test]
fn who_claims_protection_while_they_wait_is_confidential_for_whoever_rules_after() {
    let (_folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    let before = begin(&store, 1, voyage, at(0));
    assert_eq!(store.mark_confidential(before.id).unwrap(), None, "still at the camera");
    let waiting = Encounter { stage: Stage::Waiting, attempts: 1, ..before.clone() };
    assert_eq!(capture(&store, 2, &before, &waiting, true), Committed::Done);
    let seen = store.take(before.id, OFFICER, at(20)).unwrap().unwrap();
    let marked = store.mark_confidential(before.id).unwrap().unwrap();
    assert_eq!(marked, Encounter { confidential: true, ..seen.clone() });
    let ruling = ruled(Ruling::Board { passenger: passengers[0] });
    let boards = |seen: &Encounter| {
        let after = Encounter {
            stage: Stage::Done,
            passenger: Some(passengers[0]),
            done_at: Some(at(30)),
            ..seen.clone()
        };
        let boarding = BoardingChange::Board(boarding(passengers[0], at(30)));
        let commit = RulingCommit { before: seen, after: &after, ruled: &ruling, boarding, probe_due: None };
        store.commit_ruling(commit, at(30)).unwrap()
    };
    assert_eq!(boards(&seen), Committed::StaleEncounter, "what was seen before is not written over the mark");
    assert_eq!(boards(&marked), Committed::Done);
    assert!(store.encounter(before.id).unwrap().unwrap().confidential);
    assert_eq!(store.mark_confidential(before.id).unwrap(), None, "it is over");
}

#[test]
fn a_citizens_probe_is_not_kept_even_when_asked_to() {
    let (folder, store) = fresh();
    let (voyage, _) = open_voyage(&store);
    let before = begin(&store, 1, voyage, at(0));
    let after = Encounter { attempts: 1, class: PersonClass::Citizen, ..before.clone() };
    store.admit(&request(&store, key(2), 2), at(0)).unwrap();
    let record = Some((store.seal(RecordKind::PROBE, b"probe", at(0)).unwrap(), at(HOUR)));
    let commit = CaptureCommit {
        before: &before,
        after: &after,
        record,
        boarding: None,
        key: key(2),
        outcome: "",
        measured: None,
    };
    assert!(matches!(store.commit_capture(commit, at(1)), Err(StoreError::CitizenProbe)));
    assert_eq!(vault(folder.path()).map(|list| list.len()), [0, 0, 0]);

    let waiting = Encounter { stage: Stage::Waiting, attempts: 1, ..before.clone() };
    assert_eq!(capture(&store, 3, &before, &waiting, true), Committed::Done);
    let taken = store.take(before.id, OFFICER, at(20)).unwrap().unwrap();
    assert!(!store.redate(taken.probe.unwrap(), PersonClass::Citizen, at(HOUR), at(20)).unwrap());
    let still_named = Encounter { class: PersonClass::Citizen, ..taken.clone() };
    let establish = ruled(Ruling::Establish { class: PersonClass::Citizen });
    let commit = RulingCommit {
        before: &taken,
        after: &still_named,
        ruled: &establish,
        boarding: BoardingChange::None,
        probe_due: Some(at(HOUR)),
    };
    assert_eq!(store.commit_ruling(commit, at(21)).unwrap(), Committed::Done);
    assert_eq!(store.encounter(before.id).unwrap().unwrap().probe, None);
    assert_eq!(vault(folder.path()).map(|list| list.len()), [0, 0, 0]);
}

#[test]
fn establishing_another_class_redates_the_probe() {
    let (_folder, store) = fresh();
    let (voyage, _) = open_voyage(&store);
    let before = begin(&store, 1, voyage, at(0));
    let waiting = Encounter { stage: Stage::Waiting, attempts: 1, ..before.clone() };
    assert_eq!(capture(&store, 2, &before, &waiting, true), Committed::Done);
    let taken = store.take(before.id, OFFICER, at(20)).unwrap().unwrap();
    let after = Encounter { class: PersonClass::NonImmigrant, ..taken.clone() };
    let establish = ruled(Ruling::Establish { class: PersonClass::NonImmigrant });
    let commit = RulingCommit {
        before: &taken,
        after: &after,
        ruled: &establish,
        boarding: BoardingChange::None,
        probe_due: Some(at(99 * HOUR)),
    };
    assert_eq!(store.commit_ruling(commit, at(21)).unwrap(), Committed::Done);
    let mut held = Vec::new();
    store.holdings(|holding| held.push(holding.class)).unwrap();
    assert_eq!(held, [PersonClass::NonImmigrant]);
    assert!(store.open_record(taken.probe.unwrap(), &SHOW, at(2 * HOUR)).unwrap().is_some());
}

#[test]
fn an_officer_takes_boards_and_off_loads_and_every_ruling_is_kept() {
    let (_folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    let [first, second] = [(1, 5), (2, 3)].map(|(n, joined)| begin(&store, n, voyage, at(joined)));
    for (n, encounter) in [(11, &first), (12, &second)] {
        let decline = Encounter { lane: Lane::Manual, stage: Stage::Waiting, ..encounter.clone() };
        assert_eq!(capture(&store, n, encounter, &decline, false), Committed::Done);
    }
    let order: Vec<_> = store.waiting(POINT).unwrap().iter().map(|e| e.id).collect();
    assert_eq!(order, [second.id, first.id], "who waits longest is first");
    let taken = store.take(second.id, OFFICER, at(20)).unwrap().unwrap();
    assert_eq!((taken.stage, taken.served_at), (Stage::WithOfficer, Some(at(20))));
    assert_eq!(store.take(second.id, OFFICER, at(25)).unwrap(), Some(taken.clone()), "again, the same");
    assert_eq!(store.take(second.id, passenger_as_user(passengers[0]), at(25)).unwrap(), None);
    assert_eq!(store.officer_of(second.id).unwrap(), Some(OFFICER));

    let done = Encounter {
        stage: Stage::Done,
        passenger: Some(passengers[1]),
        done_at: Some(at(30)),
        ..taken.clone()
    };
    let board = ruled(Ruling::Board { passenger: passengers[1] });
    let commit = || RulingCommit {
        before: &taken,
        after: &done,
        ruled: &board,
        boarding: BoardingChange::Board(boarding(passengers[1], at(30))),
        probe_due: None,
    };
    assert_eq!(store.commit_ruling(commit(), at(30)).unwrap(), Committed::Done);
    assert_eq!(store.commit_ruling(commit(), at(30)).unwrap(), Committed::StaleEncounter);
    let off_load = ruled(Ruling::OffLoad { passenger: passengers[1] });
    let back = || RulingCommit {
        before: &done,
        after: &done,
        ruled: &off_load,
        boarding: BoardingChange::OffLoad(passengers[1]),
        probe_due: None,
    };
    assert_eq!(store.commit_ruling(back(), at(31)).unwrap(), Committed::Done);
    assert_eq!(store.commit_ruling(back(), at(31)).unwrap(), Committed::StaleEncounter);
    assert!(store.boardings(voyage).unwrap().is_empty());
    assert_eq!(store.rulings(second.id).unwrap(), [board, off_load]);
    let waits = store.waits(voyage).unwrap();
    assert_eq!(waits, [Wait { lane: Lane::Manual, waited_ms: 17_000, passed_ms: 27_000 }]);
}

fn passenger_as_user(passenger: PassengerId) -> portunus_core::id::UserId {
    portunus_core::id::UserId::from_bytes(passenger.bytes())
}

#[test]
fn decisions_and_documents_shown_are_kept_as_they_were() {
    let (_folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    let before = begin(&store, 1, voyage, at(0));
    let after = Encounter {
        stage: Stage::Waiting,
        attempts: 1,
        presented: Presented::Passenger(passengers[2]),
        decision: Some(Decision::Refer {
            reasons: vec![Reason::NoFace, Reason::WrongVoyage],
            comparison: None,
        }),
        ..before.clone()
    };
    assert_eq!(capture(&store, 2, &before, &after, false), Committed::Done);
    assert_eq!(store.encounter(before.id).unwrap(), Some(after));
}

#[test]
fn an_outage_is_entered_later_and_still_boards_nobody_twice() {
    let (_folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    let entered = |n, now| {
        let done =
            Encounter { device: None, ..matched(&at_gate(encounter_id(n), voyage, at(5)), passengers[0], 5) };
        let boarding = Boarding { entered_later: true, ..boarding(passengers[0], at(5)) };
        let ruled = ruled(Ruling::Board { passenger: passengers[0] });
        store.enter_boarding(&done, &ruled, &boarding, at(now)).unwrap()
    };
    assert_eq!(entered(1, 100), Committed::Done);
    assert_eq!(entered(2, 101), Committed::AlreadyBoarded);
    assert!(store.boardings(voyage).unwrap()[0].entered_later);
    assert_eq!(store.encounters(voyage).unwrap().len(), 1);
    store.close_voyage(voyage, &[], at(200)).unwrap();
    assert_eq!(entered(3, 201), Committed::VoyageOver);
}

fn crossing(passenger: PassengerId, probe: Option<RecordId>) -> NewCrossing<'static> {
    NewCrossing {
        passenger,
        encounter: None,
        content: br#"{"family_name":"ALPHA"}"#.to_vec(),
        subject: Subject { documents: &[], person: PersonKey::new("Alpha", "Anna", ANNA_BORN) },
        class: PersonClass::NonImmigrant,
        start: Start::crossing(at(10), Direction::Exit),
        method: Method::DocumentInspected,
        entered_later: false,
        erase_after: at(99 * HOUR),
        probe,
        confidential: false,
    }
}

#[test]
fn closing_writes_the_long_record_and_a_decline_leaves_no_trace_in_it() {
    let (folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    store.gallery_key(voyage, at(0)).unwrap();
    store.put_gallery(voyage, b"sealed").unwrap();
    let one = begin(&store, 1, voyage, at(0));
    assert_eq!(capture(&store, 11, &one, &matched(&one, passengers[0], 10), true), Committed::Done);
    let probe = store.encounter(one.id).unwrap().unwrap().probe;
    let two = begin(&store, 2, voyage, at(0));
    let decline = Encounter { lane: Lane::Manual, ..matched(&two, passengers[1], 40) };
    assert_eq!(capture(&store, 12, &two, &decline, false), Committed::Done);

    let second = NewCrossing { start: Start::at(at(11)), ..crossing(passengers[1], None) };
    let crossings = [crossing(passengers[0], probe), second];
    assert_eq!(store.close_voyage(voyage, &crossings, at(60)).unwrap(), CloseVoyage::Closed);
    assert_eq!(store.close_voyage(voyage, &crossings, at(61)).unwrap(), CloseVoyage::AlreadyClosed);
    let kept = store.crossings(voyage, at(70)).unwrap();
    let facts: Vec<_> = kept.iter().map(|c| (c.passenger, c.start, c.probe)).collect();
    assert_eq!(facts, crossings.each_ref().map(|c| (c.passenger, c.start, c.probe)));
    assert_eq!(&*store.open_record(kept[0].record, &SHOW, at(70)).unwrap().unwrap(), &crossings[0].content);
    assert!(files_with(folder.path(), b"ALPHA\"}").is_empty(), "who it was stands nowhere in the clear");
    let anna = Subject { documents: &[], person: PersonKey::new("ALPHA", "anna", ANNA_BORN) };
    let held = store.held_on(&anna, at(70)).unwrap();
    assert_eq!(held.len(), 3, "two crossings and a photo are found by name and date of birth");
    let other = Subject { documents: &[], person: PersonKey::new("ALPHA", "anna", date(1990, 1, 2)) };
    assert!(store.held_on(&other, at(70)).unwrap().is_empty());
    assert_eq!(store.voyage(voyage).unwrap().unwrap().status, VoyageStatus::Closed);
    assert_eq!(store.gallery(voyage).unwrap(), None);
    assert_eq!(store.voyage_at(POINT).unwrap(), None);
    assert!(store.encounters(voyage).unwrap().is_empty());
    assert_eq!(store.boardings(voyage).unwrap().len(), 2, "the carrier still sees who boarded");
    assert_eq!(store.lane_counts(voyage).unwrap(), None, "one of a choice would be told by a count of one");

    // Nothing in any file names the declined encounter any more but the day-long outbox.
    store.prune_events(at(48 * HOUR)).unwrap();
    store.erase(probe.unwrap(), at(62)).unwrap();
    assert!(files_with(folder.path(), &two.id.bytes()).is_empty());
    assert!(!files_with(folder.path(), &voyage.bytes()).is_empty(), "the search finds what is kept");
    assert_eq!(store.crossings(voyage, at(70)).unwrap()[0].probe, None);
}

#[test]
fn a_crossing_in_confidence_is_given_to_nobody_and_stays_so_when_its_voyage_comes_back() {
    let (_folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    let one = begin(&store, 1, voyage, at(0));
    assert_eq!(capture(&store, 11, &one, &matched(&one, passengers[0], 10), true), Committed::Done);
    let probe = store.encounter(one.id).unwrap().unwrap().probe;
    let in_confidence = NewCrossing { confidential: true, ..crossing(passengers[0], probe) };
    store.close_voyage(voyage, &[in_confidence], at(60)).unwrap();
    let to = Recipient {
        id: RecipientId::from_bytes([8; 16]),
        name: "the police".into(),
        purpose: "searches".into(),
        basis: "section 1".into(),
        receives: vec![DataClass::Crossing, DataClass::Probe],
        added_by: UserId::from_bytes([1; 16]),
        added_at: at(60),
        withdrawn_at: None,
    };
    assert!(store.add_recipient(&to, [9; 32]).unwrap());
    let crossing = store.crossings(voyage, at(61)).unwrap()[0].record;
    for record in [crossing, probe.unwrap()] {
        assert!(store.give(&to, record, at(61)).unwrap().is_none());
    }
    assert_eq!(
        store.crossed_as(passengers[0]).unwrap(),
        Some(CrossedAs { class: PersonClass::NonImmigrant, confidential: true })
    );
    let undone = store.reopen_voyage(voyage, at(70)).unwrap().unwrap();
    assert_eq!(undone, [crossing]);
    assert!(store.crossings(voyage, at(70)).unwrap().is_empty(), "it did not happen, from that moment on");
    assert!(store.crossed_as(passengers[0]).unwrap().is_some_and(|as_what| as_what.confidential));
}

#[test]
fn a_capture_that_comes_after_the_voyage_was_closed_is_stale() {
    let (folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    let before = begin(&store, 1, voyage, at(0));
    assert_eq!(store.close_voyage(voyage, &[], at(5)).unwrap(), CloseVoyage::Closed);
    let after = matched(&before, passengers[0], 10);
    assert_eq!(capture(&store, 2, &before, &after, true), Committed::StaleEncounter);
    assert_eq!(vault(folder.path()).map(|list| list.len()), [0, 0, 0]);
    assert_eq!(store.admit(&request(&store, key(3), 3), at(10)).unwrap(), Admit::New);
    let late = at_gate(encounter_id(3), voyage, at(10));
    assert_eq!(store.begin(&late, key(3), "camera", SIGNED.notice, at(10)).unwrap(), Committed::VoyageOver);
}

#[test]
fn crossings_and_lists_go_when_their_time_has_come() {
    let (folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    store.close_voyage(voyage, &[crossing(passengers[0], None)], at(60)).unwrap();
    assert!(store.crossings(voyage, at(99 * HOUR)).unwrap().is_empty(), "not read although not yet erased");
    assert_eq!(store.erase_due(at(98 * HOUR), 9).unwrap(), 0);
    assert_eq!(store.erase_due(at(99 * HOUR), 9).unwrap(), 1);
    assert_eq!(store.forget_voyages(at(60), 9).unwrap(), 0);
    assert!(!files_with(folder.path(), b"CHARLIE").is_empty());
    assert_eq!(store.forget_voyages(at(61), 9).unwrap(), 1);
    assert!(files_with(folder.path(), b"CHARLIE").is_empty());
    assert!(store.voyages().unwrap().is_empty());
}

#[test]
fn a_cancelled_voyage_is_cleared_by_closing_and_stays_cancelled() {
    let (_folder, store) = fresh();
    let (voyage, _) = open_voyage(&store);
    begin(&store, 1, voyage, at(0));
    apply(&store, ManifestAction::CancelVoyage, Vec::new());
    assert_eq!(store.close_voyage(voyage, &[], at(60)).unwrap(), CloseVoyage::Closed);
    assert_eq!(store.voyage(voyage).unwrap().unwrap().status, VoyageStatus::Cancelled);
    assert!(store.encounters(voyage).unwrap().is_empty());
}

#[test]
fn events_are_in_order_and_their_numbers_are_never_used_again() {
    let (_folder, store) = fresh();
    assert_eq!(store.last_event().unwrap(), 0);
    let (voyage, _) = open_voyage(&store);
    begin(&store, 1, voyage, at(0));
    let events = store.events_after(0, 100).unwrap();
    assert!(events.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    let last = events.last().unwrap();
    assert_eq!((last.kind, last.encounter), (EventKind::Began, Some(encounter_id(1))));
    assert_eq!(store.events_after(last.seq, 9).unwrap(), []);
    assert_eq!(store.prune_events(at(25 * HOUR)).unwrap(), events.len());
    begin(&store, 2, voyage, at(25 * HOUR));
    assert_eq!(store.last_event().unwrap(), last.seq + 1);
}

#[test]
fn a_seal_that_waited_too_long_is_not_committed() {
    let (_folder, store) = fresh();
    let (voyage, _) = open_voyage(&store);
    let before = begin(&store, 1, voyage, at(0));
    let after = Encounter { attempts: 1, ..before.clone() };
    store.admit(&request(&store, key(2), 2), at(0)).unwrap();
    let sealed = store.seal(RecordKind::PROBE, b"probe", at(0)).unwrap();
    let record = Some((sealed, at(HOUR)));
    let commit = CaptureCommit {
        before: &before,
        after: &after,
        record,
        boarding: None,
        key: key(2),
        outcome: "",
        measured: None,
    };
    assert!(matches!(store.commit_capture(commit, at(301)), Err(StoreError::SealExpired { .. })));
    assert_eq!(store.encounter(before.id).unwrap(), Some(before));
}

#[test]
fn a_ruling_that_was_not_made_dates_no_probe_in_a_copy_either() {
    let (folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    let [one, two] = [1, 2].map(|n| begin(&store, n, voyage, at(0)));
    assert_eq!(capture(&store, 11, &one, &matched(&one, passengers[0], 10), false), Committed::Done);
    let waiting = Encounter { stage: Stage::Waiting, attempts: 1, ..two.clone() };
    assert_eq!(capture(&store, 12, &two, &waiting, true), Committed::Done);
    let taken = store.take(two.id, OFFICER, at(20)).unwrap().unwrap();
    let probe = taken.probe.unwrap();
    let after = Encounter {
        stage: Stage::Done,
        class: PersonClass::NonImmigrant,
        passenger: Some(passengers[0]),
        done_at: Some(at(30)),
        ..taken.clone()
    };
    let commit = RulingCommit {
        before: &taken,
        after: &after,
        ruled: &ruled(Ruling::Board { passenger: passengers[0] }),
        boarding: BoardingChange::Board(boarding(passengers[0], at(30))),
        probe_due: Some(at(99 * HOUR)),
    };
    assert_eq!(store.commit_ruling(commit, at(30)).unwrap(), Committed::AlreadyBoarded);
    let [backup, restored] = ["backup", "restored"].map(|name| folder.path().with_extension(name));
    store.back_up(&backup, KeysGo::Nowhere, at(40), &mut |_, _| {}).unwrap();
    std::fs::create_dir(&restored).unwrap();
    std::fs::copy(folder.path().join("keys.db"), restored.join("keys.db")).unwrap();
    let entropy = Seeded::new(9);
    portunus_store::restore(&backup, None, &restored, None, entropy, at(50), &mut |_, _| {}).unwrap();
    let copy = open(&restored, 10);
    assert!(copy.open_record(probe, &SHOW, at(HOUR - 1)).unwrap().is_some());
    assert!(copy.open_record(probe, &SHOW, at(HOUR)).unwrap().is_none(), "its own date, not the ruling's");
    for folder in [backup, restored] {
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn what_a_traveller_asks_for_is_with_the_encounter_and_goes_with_it() {
    let (folder, store) = fresh();
    let (voyage, _) = open_voyage(&store);
    let wish = Wish { private_booth: true, same_sex_officer: false };
    for (n, wish) in [(1, wish), (2, Wish::default())] {
        let encounter = at_gate(encounter_id(n), voyage, at(0));
        assert_eq!(store.admit(&request(&store, key(n), n), at(0)).unwrap(), Admit::New);
        let begun = store
            .begin_together(std::slice::from_ref(&encounter), wish, key(n), "camera", SIGNED.notice, at(0))
            .unwrap();
        assert_eq!(begun, Committed::Done);
        assert_eq!(store.wish(encounter.id).unwrap(), wish);
    }
    let rows = || {
        let database = rusqlite::Connection::open(folder.path().join("data.db")).unwrap();
        database.query_row("SELECT COUNT(*) FROM wish", [], |row| row.get::<_, u32>(0)).unwrap()
    };
    assert_eq!(rows(), 1, "who asks for nothing leaves no row");
    assert_eq!(store.close_voyage(voyage, &[], at(60)).unwrap(), CloseVoyage::Closed);
    assert_eq!((rows(), store.wish(encounter_id(1)).unwrap()), (0, Wish::default()));
}
