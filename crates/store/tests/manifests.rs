//! Manifests applied: additions, changes, removals, cancellations, close-outs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use portunus_core::encounter::Ruling;
use portunus_core::id::{PassengerId, VoyageId};
use portunus_core::voyage::*;
use portunus_store::*;

fn names(store: &Store) -> Vec<String> {
    let voyage = store.voyage_by_key(&flight()).unwrap().unwrap().id;
    store.passengers(voyage).unwrap().into_iter().map(|p| p.passenger.stated.family_name).collect()
}

fn counts(applied: &Applied) -> [usize; 5] {
    [applied.added, applied.updated, applied.removed, applied.unchanged, applied.not_found]
}

#[test]
fn whom_one_message_names_twice_by_a_document_are_two_and_nobody_is_lost() {
    let (_folder, store) = fresh();
    let sent = |people: Vec<ManifestPerson>| {
        let list = manifest(ManifestAction::Replace, people);
        let ManifestOutcome::Applied(applied) = store.apply_manifest(&list, at(0)).unwrap() else {
            panic!("refused")
        };
        let listed = store.passengers(applied.voyage).unwrap().len();
        (applied.added, applied.updated, applied.unchanged, listed)
    };
    let named = |family: &str, reference: &str| ManifestPerson {
        carrier_reference: Some(reference.into()),
        ..person(family, "L1")
    };
    let two = || vec![named("ALPHA", "R1"), named("BRAVO", "R2")];
    assert_eq!(sent(two()), (2, 0, 0, 2));
    assert_eq!(sent(two()), (0, 0, 2, 2), "sent again, they are the same two");
    // Without a reference of the carrier's, too; who is named twice in the same words is one.
    let more = || vec![person("CARLA", "L2"), person("DORA", "L2"), person("DORA", "L2")];
    assert_eq!(sent(more()), (2, 0, 1, 2));
    assert_eq!(sent(more()), (0, 0, 3, 2));
    // In another order, and a little changed: nobody takes another's place.
    let before = list_of(&store);
    let changed = |name: &str| ManifestPerson { sex: None, ..person(name, "L2") };
    assert_eq!(sent(vec![changed("DORA"), changed("CARLA")]), (0, 2, 0, 2));
    assert_eq!(list_of(&store), before);
}

/// Who is on the flight, by name, under which identifier.
fn list_of(store: &Store) -> Vec<(String, portunus_core::id::PassengerId)> {
    let voyage = store.voyage_by_key(&flight()).unwrap().unwrap().id;
    let people = store.passengers(voyage).unwrap().into_iter();
    let mut list: Vec<_> = people.map(|one| (one.passenger.stated.family_name, one.passenger.id)).collect();
    list.sort();
    list
}

#[test]
fn the_first_manifest_makes_the_voyage_and_the_same_again_changes_nothing() {
    let (_folder, store) = fresh();
    let people = || vec![person("ALPHA", "L1"), person("BRAVO", "L2")];
    let applied = apply(&store, ManifestAction::Add, people());
    assert!(applied.created);
    assert_eq!(counts(&applied), [2, 0, 0, 0, 0]);
    let again = apply(&store, ManifestAction::Add, people());
    assert!(!again.created);
    assert_eq!((again.voyage, counts(&again)), (applied.voyage, [0, 0, 0, 2, 0]));
    let voyage = store.voyage(applied.voyage).unwrap().unwrap();
    assert_eq!((voyage.key, voyage.status, voyage.legs.len()), (flight(), VoyageStatus::Scheduled, 1));
    assert_eq!(store.voyages().unwrap().len(), 1);
}

#[test]
fn a_passenger_keeps_their_identifier_when_the_carrier_corrects_a_name() {
    let (_folder, store) = fresh();
    let voyage = apply(&store, ManifestAction::Add, vec![person("ALPHA", "L1")]).voyage;
    let id = store.passengers(voyage).unwrap()[0].passenger.id;
    let applied = apply(&store, ManifestAction::Add, vec![person("ALFA", "L1")]);
    assert_eq!(counts(&applied), [0, 1, 0, 0, 0]);
    assert_eq!(names(&store), ["ALFA"]);
    assert_eq!(store.passengers(voyage).unwrap()[0].passenger.id, id);
}

#[test]
fn a_new_passport_under_the_carriers_reference_is_the_same_person() {
    let (_folder, store) = fresh();
    let with = |number| ManifestPerson { carrier_reference: Some("ABO1".into()), ..person("ALPHA", number) };
    let voyage = apply(&store, ManifestAction::Add, vec![with("L1")]).voyage;
    assert_eq!(counts(&apply(&store, ManifestAction::Add, vec![with("L2")])), [0, 1, 0, 0, 0]);
    let id = store.passengers(voyage).unwrap()[0].passenger.id;
    assert_eq!(store.passengers_with_document(&document("L1")).unwrap(), []);
    assert_eq!(store.passengers_with_document(&document("L2")).unwrap(), [(voyage, id)]);
}

#[test]
fn someone_listed_twice_in_one_message_is_one_passenger() {
    let (_folder, store) = fresh();
    let with = |number| ManifestPerson { carrier_reference: Some("ABO1".into()), ..person("ALPHA", number) };
    let twice = vec![with("L1"), person("ALPHA", "L1")];
    assert_eq!(counts(&apply(&store, ManifestAction::Replace, twice)), [1, 1, 0, 0, 0]);
    // The document changed first: who is listed again under the new one is the same person still.
    let renewed = vec![person("ALPHA-SMITH", "L1"), with("L2")];
    assert_eq!(apply(&store, ManifestAction::Replace, renewed).added, 1, "without a reference, by document");
    let again = vec![with("L3"), person("ALPHA", "L3"), person("ALPHA", "L3")];
    assert_eq!(counts(&apply(&store, ManifestAction::Replace, again)), [0, 2, 1, 1, 0]);
    assert_eq!(names(&store).len(), 1);
}

#[test]
fn someone_without_a_document_is_known_by_name_and_birth() {
    let (_folder, store) = fresh();
    apply(&store, ManifestAction::Add, vec![person("ALPHA", ""), person("BRAVO", "L2")]);
    assert_eq!(counts(&apply(&store, ManifestAction::Add, vec![person("ALPHA", "L1")])), [0, 1, 0, 0, 0]);
    // Another document is another person, whatever the name.
    assert_eq!(counts(&apply(&store, ManifestAction::Add, vec![person("BRAVO", "L9")])), [1, 0, 0, 0, 0]);
    assert_eq!(names(&store), ["ALPHA", "BRAVO", "BRAVO"]);
}

#[test]
fn a_whole_list_takes_off_who_is_not_on_it_but_not_the_crew() {
    let (_folder, store) = fresh();
    let crew = |name: &str, number| ManifestPerson { capacity: Capacity::Crew, ..person(name, number) };
    let infant = ManifestPerson { capacity: Capacity::Infant, ..person("INFANT", "L3") };
    apply(&store, ManifestAction::Replace, vec![person("ALPHA", "L1"), person("BRAVO", "L2"), infant]);
    apply(&store, ManifestAction::Replace, vec![crew("PILOT", "C1")]);
    assert_eq!(names(&store), ["ALPHA", "BRAVO", "INFANT", "PILOT"]);
    let applied = apply(&store, ManifestAction::Replace, vec![person("BRAVO", "L2"), person("DELTA", "L4")]);
    assert_eq!(counts(&applied), [1, 0, 2, 1, 0]);
    assert_eq!(names(&store), ["BRAVO", "PILOT", "DELTA"]);
    assert_eq!(store.passengers_with_document(&document("L1")).unwrap(), []);
}

#[test]
fn who_comes_back_on_the_list_is_who_they_were() {
    let (_folder, store) = fresh();
    let voyage = apply(&store, ManifestAction::Add, vec![person("ALPHA", "L1")]).voyage;
    let id = store.passengers(voyage).unwrap()[0].passenger.id;
    let stranger = person("NOBODY", "L9");
    let removed = apply(&store, ManifestAction::Remove, vec![person("ALPHA", "L1"), stranger]);
    assert_eq!(counts(&removed), [0, 0, 1, 0, 1]);
    assert!(names(&store).is_empty());
    assert_eq!(store.passenger(id).unwrap().unwrap().removed_at, Some(at(0)));
    assert_eq!(counts(&apply(&store, ManifestAction::Remove, vec![person("ALPHA", "L1")])), [0, 0, 0, 0, 1]);
    assert_eq!(counts(&apply(&store, ManifestAction::Add, vec![person("ALPHA", "L1")])), [1, 0, 0, 0, 0]);
    assert_eq!(store.passengers(voyage).unwrap()[0].passenger.id, id);
}

#[test]
fn who_has_boarded_and_comes_off_the_list_stays_marked_and_is_reported() {
    let (_folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    board_by_hand(&store, voyage, passengers[0]);
    let applied = apply(&store, ManifestAction::Remove, vec![person("ALPHA", "L1"), person("BRAVO", "L2")]);
    assert_eq!((applied.removed, applied.removed_boarded), (2, vec![passengers[0]]));
    assert_eq!(names(&store), ["ALPHA", "CHARLIE"]);
    let alpha = &store.passengers(voyage).unwrap()[0];
    assert!(alpha.removed_at.is_some() && alpha.boarding.is_some());
}

fn board_by_hand(store: &Store, voyage: VoyageId, passenger: PassengerId) {
    let encounter = portunus_core::encounter::Encounter {
        device: None,
        stage: portunus_core::encounter::Stage::Done,
        passenger: Some(passenger),
        ..at_gate(portunus_core::id::EncounterId::from_bytes(passenger.bytes()), voyage, at(5))
    };
    let ruled = ruled(Ruling::Board { passenger });
    let boarding = boarding(passenger, at(5));
    assert_eq!(store.enter_boarding(&encounter, &ruled, &boarding, at(9)).unwrap(), Committed::Done);
}

#[test]
fn a_cancelled_voyage_takes_nobody_more_and_its_gallery_is_gone() {
    let (_folder, store) = fresh();
    let (voyage, _) = open_voyage(&store);
    store.gallery_key(voyage, at(0)).unwrap();
    store.put_gallery(voyage, b"sealed").unwrap();
    apply(&store, ManifestAction::CancelVoyage, Vec::new());
    apply(&store, ManifestAction::CancelVoyage, Vec::new());
    assert_eq!(store.gallery(voyage).unwrap(), None);
    assert_eq!(store.voyage(voyage).unwrap().unwrap().status, VoyageStatus::Cancelled);
    let refused = ManifestOutcome::Refused { voyage, status: VoyageStatus::Cancelled };
    for action in [ManifestAction::Add, ManifestAction::Replace, ManifestAction::Remove] {
        let late = manifest(action, vec![person("LATE", "L9")]);
        assert_eq!(store.apply_manifest(&late, at(0)).unwrap(), refused);
    }
    assert_eq!(names(&store).len(), 3);
}

#[test]
fn the_carriers_close_out_is_kept_beside_what_was_recorded_here() {
    let (_folder, store) = fresh();
    let (voyage, _) = open_voyage(&store);
    let stated = || -> Vec<Option<bool>> {
        store.passengers(voyage).unwrap().iter().map(|p| p.stated_on_board).collect()
    };
    assert_eq!(store.close_voyage(voyage, &[], at(60)).unwrap(), CloseVoyage::Closed);
    let applied = apply(&store, ManifestAction::CloseOut, vec![person("ALPHA", "L1"), person("X", "L9")]);
    assert_eq!((applied.closed_out, applied.not_found), (1, 1));
    assert_eq!(stated(), [Some(true), None, None]);
    let applied = apply(&store, ManifestAction::CloseOutExcept, vec![person("BRAVO", "L2")]);
    assert_eq!(applied.closed_out, 3);
    assert_eq!(stated(), [Some(true), Some(false), Some(true)]);
    apply(&store, ManifestAction::Close, Vec::new());
    assert_eq!(stated(), [Some(true), Some(false), Some(true)]);
}

#[test]
fn a_hold_is_kept_over_a_change_of_the_manifest_and_let_go_by_an_officer() {
    let (_folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    assert!(store.hold(passengers[1], Some("ask about the visa"), OFFICER, at(1)).unwrap());
    apply(&store, ManifestAction::Add, vec![person("BRAVO-SMITH", "L2")]);
    let hold = store.passengers(voyage).unwrap()[1].hold.clone().unwrap();
    assert_eq!((hold.reason.as_str(), hold.by, hold.at), ("ask about the visa", OFFICER, at(1)));
    assert!(store.hold(passengers[1], None, OFFICER, at(2)).unwrap());
    assert!(store.passenger(passengers[1]).unwrap().unwrap().hold.is_none());
    assert!(!store.hold(PassengerId::from_bytes([0; 16]), None, OFFICER, at(2)).unwrap());
}

#[test]
fn staging_is_kept_whole_for_its_voyage_only() {
    let (_folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    let states = |states: &[&str]| -> Vec<_> {
        passengers.iter().copied().zip(states.iter().map(|s| (*s).to_owned())).collect()
    };
    store.put_staging(voyage, &states(&["staged", "no-reference", "staged"])).unwrap();
    store.put_staging(voyage, &states(&["no-face"])).unwrap();
    assert_eq!(store.staging(voyage).unwrap(), states(&["no-face"]));
    let stranger = [(PassengerId::from_bytes([0; 16]), "staged".to_owned())];
    assert!(matches!(store.put_staging(voyage, &stranger), Err(StoreError::Rows { .. })));
    assert_eq!(store.staging(voyage).unwrap(), states(&["no-face"]), "nothing was changed");
}

#[test]
fn a_status_moves_only_from_what_it_was() {
    let (_folder, store) = fresh();
    let voyage = apply(&store, ManifestAction::Add, vec![person("ALPHA", "L1")]).voyage;
    let opened = || store.set_status(voyage, VoyageStatus::Scheduled, VoyageStatus::Open, at(0)).unwrap();
    assert!(opened());
    assert!(!opened());
    assert_eq!(store.voyage(voyage).unwrap().unwrap().status, VoyageStatus::Open);
}

#[test]
fn thousands_of_people_are_matched_without_comparing_each_with_each() {
    let (_folder, store) = fresh();
    let people = |from| (from..from + 5000).map(|n| person(&format!("P{n}"), &format!("N{n}"))).collect();
    assert_eq!(apply(&store, ManifestAction::Replace, people(0)).added, 5000);
    let applied = apply(&store, ManifestAction::Replace, people(1000));
    assert_eq!(counts(&applied), [1000, 0, 1000, 4000, 0]);
}
