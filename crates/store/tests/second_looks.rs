//! Second looks: counted, disputed while the encounter lives, and never told to the point.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use portunus_core::biometric::PackId;
use portunus_core::id::{PassengerId, UserId, VoyageId};
use portunus_core::sampling::{Shares, Stratum, Verdict};
use portunus_store::tally::TallyKey;
use portunus_store::*;

fn a_look(store: &Store, n: u8, voyage: VoyageId, candidate: PassengerId, stratum: Stratum) -> SecondLook {
    let encounter = begin(store, n, voyage, at(0));
    let pack = PackId("pack".to_owned());
    let key = TallyKey::of_second_looks("2026-11".to_owned(), encounter.point, DEVICE, pack);
    SecondLook { encounter: encounter.id, candidate, stratum, key }
}

#[test]
fn every_pair_is_counted_once_and_none_is_told_to_the_point() {
    let (_folder, store) = fresh();
    let (voyage, people) = open_voyage(&store);
    let look = a_look(&store, 1, voyage, people[0], Stratum::Confirmed);
    let before = store.last_event().unwrap();
    store.count_second_look(&look, Verdict::Same, at(1)).unwrap();
    store.count_second_look(&look, Verdict::CannotTell, at(1)).unwrap();
    store.count_lapsed(&[look.clone(), look.clone()]).unwrap();
    let counts = store.second_look_counts().unwrap().confirmed;
    assert_eq!((counts.agreed, counts.disputed, counts.cannot_tell, counts.lapsed), (1, 0, 1, 2));
    assert!(store.disputes().unwrap().is_empty());
    store.count_second_look(&look, Verdict::Different, at(2)).unwrap();
    assert_eq!(store.disputes().unwrap()[0].encounter, look.encounter);
    assert_eq!(store.last_event().unwrap(), before, "no event");
    let tallied = store.tallies().unwrap().second_looks(|key| key.device == Some(DEVICE));
    assert_eq!(tallied, store.second_look_counts().unwrap());
}

#[test]
fn a_dispute_is_settled_once_and_goes_with_its_encounter() {
    let (_folder, store) = fresh();
    let (voyage, people) = open_voyage(&store);
    let [one, other] =
        [1, 2].map(|n| a_look(&store, n, voyage, people[usize::from(n) - 1], Stratum::Confirmed));
    for look in [&one, &other] {
        store.count_second_look(look, Verdict::Different, at(2)).unwrap();
    }
    assert!(store.settle_dispute(one.encounter, false).unwrap());
    assert!(!store.settle_dispute(one.encounter, true).unwrap(), "settled already");
    store.count_first_ruling(other.encounter, FirstRuling::SomebodyElse, true).unwrap();
    assert!(store.disputes().unwrap().is_empty());
    let counts = store.second_look_counts().unwrap().confirmed;
    assert_eq!((counts.dismissed, counts.upheld, counts.objected), (1, 1, 2), "nobody had boarded them");
    store.close_voyage(voyage, &[], at(10)).unwrap();
    assert!(!store.settle_dispute(one.encounter, true).unwrap());
    assert_eq!(store.second_look_counts().unwrap().confirmed, counts, "the counts stay");
}

#[test]
fn only_who_was_not_told_is_counted_for_bias() {
    let (_folder, store) = fresh();
    let (voyage, people) = open_voyage(&store);
    let looks = [1, 2, 3].map(|n| a_look(&store, n, voyage, people[0], Stratum::Referred));
    for look in &looks {
        store.count_second_look(look, Verdict::Different, at(2)).unwrap();
    }
    let [boarded, told, seen] = looks.map(|look| look.encounter);
    assert_eq!(store.tell_of_dispute(told, at(3)).unwrap(), Some(people[0]));
    for (encounter, blind) in [(boarded, true), (boarded, true), (told, true), (seen, false)] {
        store.count_first_ruling(encounter, FirstRuling::Boarded(people[0]), blind).unwrap();
    }
    let counts = store.second_look_counts().unwrap().referred;
    assert_eq!((counts.disputed, counts.boarded, counts.not_boarded), (3, 1, 0));
}

#[test]
fn shares_are_kept_with_who_set_them() {
    let (_folder, store) = fresh();
    let in_force = store.second_look_shares().unwrap();
    assert_eq!((in_force.shares, in_force.set), (Shares::default(), None));
    let (shares, by) = (Shares { confirmed_one_in: 1, referred_one_in: 0 }, UserId::from_bytes([9; 16]));
    store.set_second_look_shares(shares, by, at(5)).unwrap();
    let in_force = store.second_look_shares().unwrap();
    assert_eq!((in_force.shares, in_force.set), (shares, Some((by, at(5)))));
}
