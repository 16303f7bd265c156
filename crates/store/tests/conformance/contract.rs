//! The contract, where nothing fails.

use super::*;
use portunus_store::vault::RECORD_BYTES_MAX;

pub(crate) fn a_request_is_admitted_once_and_keeps_its_first_answer<B: Backend>() {
    let backend = B::empty();
    let store = backend.open();
    let admit = |admission: &Admission, now| store.admit(admission, at(now)).unwrap();
    assert!(!store.answer(asked(1, 0).key, "never asked").unwrap());
    assert_eq!(admit(&asked(1, 0), 0), Admit::New);
    assert_eq!(admit(&asked(1, 0), 1), Admit::NonceReused);
    assert_eq!(admit(&asked(1, 1), 1), Admit::Repeat { outcome: None });
    assert!(store.answer(asked(1, 0).key, "first").unwrap());
    assert!(!store.answer(asked(1, 0).key, "second").unwrap());
    assert_eq!(admit(&asked(1, 2), 2), Admit::Repeat { outcome: Some("first".into()) });
    assert_eq!(admit(&Admission { body_mac: [9; 32], ..asked(1, 3) }, 3), Admit::OtherBody);
    let counted = |n, counter| Admission { counted: Some(SIGNED), counter, ..asked(n, 4) };
    assert_eq!(admit(&counted(2, 7), 4), Admit::New);
    assert_eq!(admit(&counted(3, 7), 4), Admit::CounterNotNext { last: 7 });
    let again = backend.open();
    assert_eq!(again.admit(&asked(1, 5), at(5)).unwrap(), Admit::Repeat { outcome: Some("first".into()) });
    let unknown = Admission { device: portunus_core::id::DeviceId::from_bytes([0; 16]), ..asked(4, 0) };
    assert!(store.admit(&unknown, at(5)).is_err());
}

pub(crate) fn a_sealed_record_opens_only_once_it_is_kept<B: Backend>() {
    let backend = B::empty();
    let store = backend.open();
    assert_eq!(store.admit(&asked(1, 0), at(0)).unwrap(), Admit::New);
    let sealed = store.seal(RecordKind::PROBE, &bytes_of(1), at(0)).unwrap();
    let record = sealed.record();
    assert_eq!(opened(&store, record, 1), None);
    assert_eq!(dues(&store), []);
    assert_eq!(store.keep(keep_of(sealed, 1, HOUR), at(1)).unwrap(), Kept::Done);
    assert_eq!(opened(&store, record, 1), Some(bytes_of(1)));
    assert_eq!(opened(&backend.open(), record, 1), Some(bytes_of(1)));
    // The same request once more: it has its answer, and keeps nothing else.
    let second = store.seal(RecordKind::PROBE, &bytes_of(2), at(2)).unwrap();
    assert_eq!(store.keep(keep_of(second, 1, HOUR), at(2)).unwrap(), Kept::AnsweredBefore);
    let third = store.seal(RecordKind::PROBE, &bytes_of(3), at(2)).unwrap();
    assert_eq!(store.keep(keep_of(third, 9, HOUR), at(2)).unwrap(), Kept::AnsweredBefore, "never admitted");
    let fourth = store.seal(RecordKind::PROBE, &bytes_of(3), at(2)).unwrap();
    store.discard(fourth).unwrap();
    backend.remains().are_of(&[record], "the others were destroyed");
    let too_large = store.seal(RecordKind::PROBE, &vec![0; RECORD_BYTES_MAX + 1], at(0));
    assert!(matches!(too_large, Err(StoreError::TooLarge { .. })));
}

pub(crate) fn a_citizens_probe_is_refused_and_destroyed<B: Backend>() {
    let backend = B::empty();
    let store = backend.open();
    assert_eq!(store.admit(&asked(1, 0), at(0)).unwrap(), Admit::New);
    let sealed = store.seal(RecordKind::PROBE, &bytes_of(1), at(0)).unwrap();
    let citizens = Keep { class: PersonClass::Citizen, ..keep_of(sealed, 1, HOUR) };
    assert!(matches!(store.keep(citizens, at(0)), Err(StoreError::CitizenProbe)));
    backend.remains().are_of(&[], "refused");
    let record = kept(&store, 2, HOUR, 0);
    assert!(
        !store.redate(record, PersonClass::Citizen, at(60), at(1)).unwrap(),
        "nor does one become a citizen's"
    );
    assert_eq!(dues(&store), [(PersonClass::NonImmigrant, HOUR)]);
}

pub(crate) fn what_waited_too_long_is_not_kept<B: Backend>() {
    let backend = B::empty();
    let store = backend.open();
    assert_eq!(store.admit(&asked(1, 0), at(0)).unwrap(), Admit::New);
    let sealed = store.seal(RecordKind::PROBE, &bytes_of(1), at(0)).unwrap();
    let late = store.keep(keep_of(sealed, 1, HOUR), at(5 * 60 + 1));
    assert!(matches!(late, Err(StoreError::SealExpired { .. })));
    assert_eq!(store.admit(&asked(1, 1), at(301)).unwrap(), Admit::Repeat { outcome: None });
    assert_eq!(store.sweep(at(10 * 60)).unwrap().orphans, 1);
    backend.remains().are_of(&[], "swept");
}

pub(crate) fn past_its_date_nothing_opens_although_its_bytes_are_there<B: Backend>() {
    let backend = B::empty();
    let store = backend.open();
    let record = kept(&store, 1, 60, 0);
    assert_eq!(opened(&store, record, 59), Some(bytes_of(1)));
    assert_eq!(opened(&store, record, 60), None);
    assert_eq!(opened(&store, record, HOUR), None);
    backend.remains().are_of(&[record], "nobody erased it yet");
    assert_eq!(store.due(at(59), 9).unwrap(), []);
    assert_eq!(store.due(at(60), 9).unwrap(), [record]);
}

pub(crate) fn what_is_erased_stays_erased_for_whoever_opens_the_store_next<B: Backend>() {
    let backend = B::empty();
    let store = backend.open();
    let record = kept(&store, 1, HOUR, 0);
    assert!(store.erase(record, at(1)).unwrap());
    backend.remains().are_of(&[], "erased");
    for store in [store, backend.open()] {
        assert_eq!(opened(&store, record, 1), None);
        assert!(!store.erase(record, at(2)).unwrap(), "once");
        assert!(!store.redate(record, PersonClass::Unknown, at(2 * HOUR), at(2)).unwrap());
        assert_eq!(dues(&store), []);
    }
}

pub(crate) fn whoever_shares_a_key_with_the_erased_opens_still<B: Backend>() {
    let backend = B::empty();
    let store = backend.open();
    let mut records: Vec<RecordId> = (1..=10).map(|n| kept(&store, n, HOUR, 0)).collect();
    for n in 0..9 {
        assert!(store.erase(records.remove(0), at(1)).unwrap());
        for (place, record) in records.iter().enumerate() {
            let number = u8::try_from(n + 2 + place).unwrap();
            assert_eq!(opened(&backend.open(), *record, 2), Some(bytes_of(number)), "{n} erased");
        }
        backend.remains().are_of(&records, "after an early erasure");
    }
}

pub(crate) fn a_date_may_come_nearer_or_go_further_but_nothing_is_revived<B: Backend>() {
    let backend = B::empty();
    let store = backend.open();
    let [nearer, further, stays] = [1, 2, 3].map(|n| kept(&store, n, HOUR, 0));
    let redate = |record, until, now| {
        store.redate(record, PersonClass::PermanentResident, at(until), at(now)).unwrap()
    };
    assert!(redate(nearer, 60, 1) && redate(further, 3 * HOUR, 1));
    assert_eq!(dues(&store).iter().map(|due| due.1).collect::<Vec<_>>(), [60, HOUR, 3 * HOUR]);
    let then = |now| [nearer, further, stays].map(|record| opened(&store, record, now).is_some());
    assert_eq!(
        [59, 60, HOUR, 3 * HOUR].map(then),
        [[true; 3], [false, true, true], [false, true, false], [false; 3]]
    );
    assert!(!redate(nearer, 2 * HOUR, 60), "its time has come");
    assert_eq!(store.erase_due(at(60), 9).unwrap(), 1);
    assert!(redate(further, 3 * HOUR, 61), "the same date again");
    assert_eq!(opened(&backend.open(), further, 61), Some(bytes_of(2)));
    assert_eq!(opened(&backend.open(), stays, 61), Some(bytes_of(3)));
    backend.remains().are_of(&[further, stays], "after the nearer one's date");
}

pub(crate) fn every_opening_is_on_record_and_what_does_not_open_is_not<B: Backend>() {
    let backend = B::empty();
    let store = backend.open();
    let record = kept(&store, 1, HOUR, 0);
    let staging = Access {
        by: Reader::Staging,
        purpose: Purpose::BuildGallery,
        within: Within::Encounter(encounter_id(7)),
    };
    for (access, now) in [(&SHOW, 1), (&staging, 2), (&SHOW, HOUR), (&SHOW, 2 * HOUR)] {
        assert_eq!(store.open(record, access, at(now)).unwrap().is_some(), now < HOUR);
    }
    assert!(store.erase(record, at(HOUR)).unwrap());
    let readings = backend.open().readings(record).unwrap();
    let readings: Vec<_> = readings.iter().map(|reading| (reading.at, reading.access)).collect();
    assert_eq!(readings, [(at(1), SHOW), (at(2), staging)], "kept when the record is gone");
    assert!(store.readings(RecordId::from_bytes([0; 16])).unwrap().is_empty());
}

pub(crate) fn what_is_damaged_is_reported_and_not_opened<B: Backend>() {
    let backend = B::empty();
    let store = backend.open();
    let [altered, lost, whole] = [1, 2, 3].map(|n| kept(&store, n, HOUR, 0));
    backend.damage(altered, Some(30));
    backend.damage(lost, None);
    for (record, why) in [(altered, "its bytes were altered"), (lost, "its bytes are gone")] {
        match store.open(record, &SHOW, at(1)) {
            Err(StoreError::Sealed { record: named, what }) => assert_eq!((named, what), (record, why)),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("served"),
        }
        assert!(store.erase(record, at(2)).unwrap(), "it can be erased all the same");
    }
    assert_eq!(opened(&store, whole, 2), Some(bytes_of(3)));
    backend.remains().are_of(&[whole], "the damaged ones are erased");
}

pub(crate) fn what_is_due_is_erased_and_nothing_else<B: Backend>() {
    let backend = B::empty();
    let store = backend.open();
    let due: Vec<RecordId> = (1..=5).map(|n| kept(&store, n, i64::from(n), 0)).collect();
    let later = kept(&store, 6, HOUR, 0);
    assert_eq!(store.due(at(5), 2).unwrap(), due[..2], "the longest overdue first");
    assert_eq!(store.erase_due(at(0), 9).unwrap(), 0);
    let mut erased = 0;
    while let more @ 1.. = store.erase_due(at(5), 2).unwrap() {
        erased += more;
    }
    assert_eq!(erased, 5);
    assert_eq!(opened(&store, later, 5), Some(bytes_of(6)));
    backend.remains().are_of(&[later], "after the others' dates");
    assert_eq!(dues(&store), [(PersonClass::NonImmigrant, HOUR)]);
}

pub(crate) fn the_sweep_takes_orphans_and_nothing_that_is_being_made<B: Backend>() {
    let backend = B::empty();
    let [server, sweeper] = [backend.open(), backend.open()];
    let [kept, orphan] = [1, 2].map(|n| {
        assert_eq!(server.admit(&asked(n, 0), at(0)).unwrap(), Admit::New);
        server.seal(RecordKind::PROBE, &bytes_of(n), at(0)).unwrap()
    });
    let (record, lost) = (kept.record(), orphan.record());
    assert_eq!(sweeper.sweep(at(5 * 60)).unwrap(), Swept::default());
    assert_eq!(server.keep(keep_of(kept, 1, HOUR), at(5 * 60)).unwrap(), Kept::Done);
    drop(orphan);
    assert_eq!(sweeper.sweep(at(10 * 60)).unwrap(), Swept { orphans: 1, ..Swept::default() });
    assert_eq!(opened(&server, record, 601), Some(bytes_of(1)));
    assert_eq!(opened(&server, lost, 601), None);
    backend.remains().are_of(&[record], "swept");
}

pub(crate) fn many_that_fall_due_together_go_together<B: Backend>() {
    let backend = B::empty();
    let store = backend.open();
    let records: Vec<RecordId> = (1..=30).map(|n| kept(&store, n, HOUR, 0)).collect();
    for (n, record) in (1..).zip(&records) {
        assert_eq!(opened(&store, *record, 1), Some(bytes_of(n)));
    }
    while store.erase_due(at(HOUR), 7).unwrap() > 0 {}
    backend.remains().are_of(&[], "all were due");
    assert_eq!(store.sweep(at(2 * HOUR)).unwrap(), Swept::default(), "nothing was left to it");
}
