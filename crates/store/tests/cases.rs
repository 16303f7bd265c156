//! The records office: holds, corrections, requests, and the recipients of copies.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use jiff::Timestamp;
use portunus_core::biometric::PackId;
use portunus_core::case::{Case, CaseKind, CaseOutcome, NotAllowed};
use portunus_core::id::{CaseId, RecipientId, RecordId, UserId};
use portunus_core::policy::{DataClass, PersonClass};
use portunus_store::*;

const PORTRAIT: &[u8] = b"a portrait that somebody may have to keep";

fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

fn case(n: u8, kind: CaseKind) -> Case {
    Case {
        id: CaseId::from_bytes([n; 16]),
        kind,
        reference: "2026/17".into(),
        basis: "section 12".into(),
        reason: "an inquiry".into(),
        from_whom: None,
        identity_check: None,
        author: user(1),
        opened_at: at(0),
        deadline: None,
        expires_at: (kind == CaseKind::Hold).then(|| at(9 * HOUR)),
        approvals: Vec::new(),
        approved_at: None,
        closed_at: None,
        outcome: None,
        given: 0,
    }
}

/// A record due after an hour.
fn keep(store: &Store, number: &str) -> RecordId {
    let pack = PackId("pack".into());
    let reference = NewReference {
        portrait: PORTRAIT,
        template: number.as_bytes(),
        pack: &pack,
        class: PersonClass::NonImmigrant,
        erase_after: at(HOUR),
    };
    match store.put_reference(&document(number), &reference, at(0)).unwrap() {
        PutReference::Added(record) => record,
        other => panic!("{other:?}"),
    }
}

fn within(case: &Case) -> Access {
    Access { by: Reader::Officer(user(1)), purpose: Purpose::Held, within: Within::Case(case.id) }
}

fn is_open(store: &Store, record: RecordId, access: &Access, now: Timestamp) -> bool {
    store.open_record(record, access, now).unwrap().is_some()
}

/// A hold on `record`, approved at second 10.
fn hold(store: &Store, n: u8, record: RecordId) -> Case {
    let hold = case(n, CaseKind::Hold);
    store.open_case(&hold).unwrap();
    assert_eq!(store.name_records(hold.id, &[record], at(5)).unwrap(), Some(Ok(1)));
    assert!(store.approve_case(hold.id, user(2), at(10)).unwrap().unwrap().unwrap().approved_at.is_some());
    hold
}

#[test]
fn a_hold_keeps_exactly_what_it_names_for_its_case_alone_and_only_once_it_is_approved() {
    let (_folder, store) = fresh();
    let (held, not_named) = (keep(&store, "L1"), keep(&store, "L2"));
    let unapproved = case(9, CaseKind::Hold);
    store.open_case(&unapproved).unwrap();
    assert_eq!(store.name_records(unapproved.id, &[not_named], at(5)).unwrap(), Some(Ok(1)));
    assert_eq!(store.approve_case(unapproved.id, user(1), at(6)).unwrap(), Some(Err(NotAllowed::OwnCase)));
    let hold = hold(&store, 7, held);
    assert_eq!(store.holds_on(held, at(11)).unwrap(), [hold.id]);

    assert_eq!(store.erase_due(at(2 * HOUR), 9).unwrap(), 1, "what no hold in force names");
    assert_eq!(store.overdue_since(at(2 * HOUR)).unwrap(), None, "the eraser is not late with what is held");
    assert!(!is_open(&store, held, &SHOW, at(2 * HOUR)), "past its date it is shown to nobody else");
    assert!(
        store
            .held_on(&Subject { documents: &[document("L1")], person: None }, at(2 * HOUR))
            .unwrap()
            .is_empty()
    );
    assert!(is_open(&store, held, &within(&hold), at(2 * HOUR)));
    assert!(!is_open(&store, held, &within(&unapproved), at(2 * HOUR)));
    assert_eq!(store.named_in(hold.id, at(2 * HOUR)).unwrap().len(), 1);

    store.close_case(hold.id, CaseOutcome::Released, at(3 * HOUR)).unwrap().unwrap().unwrap();
    assert!(!is_open(&store, held, &within(&hold), at(3 * HOUR)));
    assert_eq!(store.erase_due(at(3 * HOUR), 9).unwrap(), 1);
}

#[test]
fn a_hold_ends_by_itself_and_outlasts_erasing_by_hand() {
    let (_folder, store) = fresh();
    let record = keep(&store, "L1");
    let hold = hold(&store, 7, record);
    assert!(!store.erase(record, at(20)).unwrap(), "a hold goes before every erasure");
    assert!(!is_open(&store, record, &SHOW, at(20)), "but from then on only its case sees it");
    assert!(is_open(&store, record, &within(&hold), at(20)));
    assert_eq!(store.erase_due(at(9 * HOUR - 1), 9).unwrap(), 0);
    assert_eq!(store.erase_due(at(9 * HOUR), 9).unwrap(), 1);
    assert_eq!(store.sweep(at(10 * HOUR)).unwrap(), Swept::default(), "nothing is left over");
}

#[test]
fn what_was_approved_does_not_grow() {
    let (_folder, store) = fresh();
    let (one, two) = (keep(&store, "L1"), keep(&store, "L2"));
    let request = case(7, CaseKind::OutsideRequest);
    store.open_case(&request).unwrap();
    assert_eq!(store.name_records(request.id, &[one], at(1)).unwrap(), Some(Ok(1)));
    let unapproved = NotAllowed::Unapproved { needed: 2, given: 0 };
    assert_eq!(store.case_given(request.id, 1, at(1)).unwrap(), Some(Err(unapproved)));
    store.approve_case(request.id, user(2), at(2)).unwrap().unwrap().unwrap();
    assert_eq!(store.name_records(request.id, &[one, two], at(3)).unwrap(), Some(Err(NotAllowed::Approved)));
    assert_eq!(store.approve_case(request.id, user(2), at(3)).unwrap(), Some(Err(NotAllowed::OwnCase)));
    store.approve_case(request.id, user(3), at(4)).unwrap().unwrap().unwrap();
    assert_eq!(store.case_given(request.id, 1, at(5)).unwrap(), Some(Ok(())));
    assert_eq!(store.case_given(request.id, 1, at(6)).unwrap(), Some(Err(NotAllowed::Closed)), "once");
    let counts = store.case_counts().unwrap();
    let outcome = Some(CaseOutcome::Done);
    assert_eq!(counts, [CaseCount { kind: CaseKind::OutsideRequest, outcome, cases: 1, records_given: 1 }]);
}

fn recipient(store: &Store) -> Recipient {
    let recipient = Recipient {
        id: RecipientId::from_bytes([5; 16]),
        name: "statistics office".into(),
        purpose: "counts of stays".into(),
        basis: "section 9".into(),
        receives: vec![DataClass::Reference],
        added_by: user(1),
        added_at: at(0),
        withdrawn_at: None,
    };
    assert!(store.add_recipient(&recipient, [3; 32]).unwrap());
    recipient
}

#[test]
fn a_correction_erases_and_redates_what_it_names_and_recalls_every_copy() {
    let (folder, store) = fresh();
    let recipient = recipient(&store);
    let records = ["L1", "L2", "L3"].map(|number| keep(&store, number));
    for record in records {
        let CopyGiven { due, content: copy, .. } = store.give(&recipient, record, at(1)).unwrap().unwrap();
        assert!(due == at(HOUR) && copy.windows(PORTRAIT.len()).any(|bytes| bytes == PORTRAIT));
        assert_eq!(store.copies_of(record).unwrap(), [recipient.id]);
    }
    let correction = case(7, CaseKind::Correction);
    store.open_case(&correction).unwrap();
    let corrected = [
        Corrected { record: records[0], becomes: None },
        Corrected { record: records[1], becomes: Some((PersonClass::PermanentResident, at(2 * HOUR))) },
    ];
    let done = store.correct(correction.id, &corrected, at(60)).unwrap().unwrap().unwrap();
    assert_eq!(done, CorrectionDone { erased: 1, redated: 1, ..CorrectionDone::default() });
    assert!(!is_open(&store, records[0], &SHOW, at(60)) && is_open(&store, records[1], &SHOW, at(HOUR)));
    let recalls = store.recalls_of(recipient.id, 9).unwrap();
    let told: Vec<_> = recalls.iter().map(|recall| (recall.record, recall.due)).collect();
    assert_eq!(told, [(records[0], None), (records[1], Some(at(2 * HOUR)))]);

    assert_eq!(store.unacknowledged(at(59)).unwrap(), []);
    assert_eq!(store.unacknowledged(at(60)).unwrap(), recalls);
    let other = RecipientId::from_bytes([6; 16]);
    assert!(!store.acknowledge_recall(other, recalls[0].seq, at(70)).unwrap(), "nobody answers for another");
    for again in [70, 71] {
        assert!(store.acknowledge_recall(recipient.id, recalls[0].seq, at(again)).unwrap());
    }
    assert_eq!(store.recalls_of(recipient.id, 9).unwrap(), recalls[1..]);
    drop(store);
    // A kill after the commit loses neither.
    let store = open(folder.path(), 9);
    assert_eq!(store.recalls_of(recipient.id, 9).unwrap(), recalls[1..]);
    assert!(store.withdraw_recipient(recipient.id, at(80)).unwrap());
    assert_eq!(store.recalls_of(recipient.id, 9).unwrap().len(), 3, "what they still have is recalled");
    assert!(store.give(&recipient, records[2], at(81)).unwrap().is_none(), "and nothing more is given");
}

#[test]
fn what_falls_due_by_its_date_is_not_recalled_for_its_recipient_knows_the_date() {
    let (_folder, store) = fresh();
    let recipient = recipient(&store);
    let record = keep(&store, "L1");
    store.give(&recipient, record, at(1)).unwrap().unwrap();
    assert_eq!(store.erase_due(at(HOUR), 9).unwrap(), 1);
    assert_eq!(store.recalls_of(recipient.id, 9).unwrap(), []);
    let readings = store.readings(record).unwrap();
    assert_eq!(
        readings[0].access.within,
        Within::Receiving(recipient.id),
        "who was given it stays on record"
    );
}

#[test]
fn a_change_of_class_counts_from_its_day_on() {
    let (_folder, store) = fresh();
    let change = case(7, CaseKind::ClassChange);
    store.open_case(&change).unwrap();
    let (foreign, other) = (document("L1"), document("L2"));
    let changed = store.change_class(change.id, &foreign, PersonClass::Citizen, at(100), at(1)).unwrap();
    assert_eq!(changed, Some(Ok(())));
    let noted = |documents: &[_], now| store.class_noted(documents, at(now)).unwrap();
    assert_eq!(noted(std::slice::from_ref(&foreign), 99), None);
    assert_eq!(noted(&[other, foreign], 100), Some(PersonClass::Citizen));
}
