//! A receipt follows its passage until nothing of it is kept, and forgets where and when; a contest is about all of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;

use border::*;
use portunus_core::case::{Case, CaseKind, CaseOutcome, THE_TRAVELLER};
use portunus_core::encounter::Method;
use portunus_core::id::*;
use portunus_core::policy::{DataClass, PersonClass, Start};
use portunus_core::receipt::{Ground, ReceiptCode};
use portunus_store::*;

const DAY: i64 = 24 * HOUR;

fn contest(n: u8) -> Case {
    Case {
        id: CaseId::from_bytes([n; 16]),
        kind: CaseKind::Contest,
        reference: "contest".into(),
        basis: "the traveller's receipt".into(),
        reason: "not me".into(),
        from_whom: None,
        identity_check: None,
        author: THE_TRAVELLER,
        opened_at: at(5),
        deadline: Some(at(DAY)),
        expires_at: None,
        approvals: Vec::new(),
        approved_at: None,
        closed_at: None,
        outcome: None,
        given: 0,
    }
}

/// One passenger is photographed, contests, boards, and the voyage is closed; gives the code.
fn a_passage(store: &Store) -> ReceiptCode {
    let (voyage, passengers) = open_voyage(store);
    let encounter = begin(store, 1, voyage, at(1));
    let code = store.receipt_code(encounter.id).unwrap().unwrap();
    let admission = Admission { counter: 1, counted: Some(SIGNED), ..request(store, key(2), 2) };
    assert_eq!(store.admit(&admission, at(2)).unwrap(), Admit::New);
    let sealed = store.seal(RecordKind::PROBE, b"a photo", at(2)).unwrap();
    let probe = sealed.record();
    let after = portunus_core::encounter::Encounter {
        attempts: 1,
        class: PersonClass::NonImmigrant,
        passenger: Some(passengers[0]),
        probe: Some(probe),
        ..encounter.clone()
    };
    let commit = CaptureCommit {
        before: &encounter,
        after: &after,
        record: Some((sealed, at(2 * DAY))),
        boarding: None,
        key: key(2),
        outcome: "done",
        measured: None,
    };
    assert_eq!(store.commit_capture(commit, at(2)).unwrap(), Committed::Done);
    let receipt = store.receipt(code, at(3)).unwrap().unwrap();
    assert_eq!(receipt.passed.as_ref().map(|passed| passed.notice), Some(Some(SIGNED.notice)));
    assert_eq!((receipt.records.len(), receipt.records[0].data), (1, DataClass::Probe));
    assert_eq!(
        receipt.records[0].kept.as_ref().map(|kept| (kept.record, kept.due)),
        Some((probe, at(2 * DAY)))
    );
    assert_eq!(store.open_contest(code, &contest(1), Ground::WrongPerson).unwrap(), Contested::Opened);
    assert_eq!(store.open_contest(code, &contest(2), Ground::Other).unwrap(), Contested::StillOpen);
    let crossing = NewCrossing {
        passenger: passengers[0],
        encounter: Some(encounter.id),
        content: b"{}".to_vec(),
        subject: Subject { documents: &[], person: None },
        class: PersonClass::NonImmigrant,
        start: Start::at(at(3)),
        method: Method::FaceMatched,
        entered_later: false,
        erase_after: at(3 * DAY),
        probe: Some(probe),
        confidential: false,
    };
    assert_eq!(store.close_voyage(voyage, &[crossing], at(4)).unwrap(), CloseVoyage::Closed);
    code
}

#[test]
fn a_receipt_lasts_as_long_as_its_records_and_a_while_longer() {
    let (_folder, store) = fresh();
    let code = a_passage(&store);
    let receipt = store.receipt(code, at(5)).unwrap().unwrap();
    assert!(receipt.encounter.is_none() && receipt.passed.is_some());
    assert_eq!(receipt.records.len(), 2, "the crossing stands beside the photo");
    assert_eq!(store.named_in(contest(1).id, at(5)).unwrap().len(), 2, "and is contested, too");
    let answered = store.answer_contest(contest(1).id, "It is right as it is.", None, at(6)).unwrap();
    assert_eq!(answered, Answered::Done(CorrectionDone::default()));

    assert_eq!(store.erase_due(at(2 * DAY), 50).unwrap(), 1);
    let receipt = store.receipt(code, at(2 * DAY)).unwrap().unwrap();
    assert!(receipt.passed.is_some(), "while the crossing is kept");
    assert_eq!(receipt.records.iter().filter(|one| one.erased_at == Some(at(2 * DAY))).count(), 1);
    assert_eq!(store.forget_receipts(at(2 * DAY), 50).unwrap(), 0);

    assert_eq!(store.erase_due(at(3 * DAY), 50).unwrap(), 1);
    let receipt = store.receipt(code, at(3 * DAY)).unwrap().unwrap();
    assert!(receipt.passed.is_none(), "where and when are forgotten with the last of it");
    assert!(receipt.records.iter().all(|one| one.kept.is_none() && one.erased_at.is_some()));
    assert_eq!(receipt.contests[0].outcome, Some(CaseOutcome::Refused));
    assert_eq!(store.forget_receipts(at(3 * DAY - 1), 50).unwrap(), 0);
    assert_eq!(store.forget_receipts(at(3 * DAY), 50).unwrap(), 1);
    assert!(store.receipt(code, at(3 * DAY)).unwrap().is_none());
}

#[test]
fn an_open_contest_keeps_its_receipt_and_an_answer_that_upholds_it_erases() {
    let (_folder, store) = fresh();
    a_passage(&store);
    let named = store.named_in(contest(1).id, at(5)).unwrap();
    assert_eq!(store.erase_due(at(3 * DAY), 50).unwrap() + store.erase_due(at(3 * DAY), 50).unwrap(), 2);
    assert_eq!(store.forget_receipts(at(99 * DAY), 50).unwrap(), 0, "somebody waits for an answer");
    let all: Vec<Corrected> =
        named.iter().map(|held| Corrected { record: held.record, becomes: None }).collect();
    let done = store.answer_contest(contest(1).id, "Gone.", Some(&all), at(3 * DAY)).unwrap();
    assert!(
        matches!(done, Answered::Done(CorrectionDone { erased: 0, .. })),
        "it was gone already: {done:?}"
    );
    let answered = store.contest(contest(1).id).unwrap().unwrap();
    assert_eq!((answered.answer.as_deref(), answered.outcome), (Some("Gone."), Some(CaseOutcome::Done)));
    let again = store.answer_contest(contest(1).id, "Again.", None, at(3 * DAY)).unwrap();
    assert!(matches!(again, Answered::NotAllowed(_)), "once: {again:?}");
    assert_eq!(store.case(contest(1).id).unwrap().unwrap().reason, "", "the traveller's words go");
    assert_eq!(store.forget_receipts(at(3 * DAY - 1), 50).unwrap(), 0, "the answer is there to be read");
    assert_eq!(store.forget_receipts(at(99 * DAY), 50).unwrap(), 1);
}

#[test]
fn a_code_stands_nowhere_and_nothing_else_opens_a_receipt() {
    let (folder, store) = fresh();
    let code = a_passage(&store);
    for file in ["data.db", "data.db-wal", "keys.db"] {
        let bytes = std::fs::read(folder.path().join(file)).unwrap_or_default();
        for needle in [&code.bytes()[..], code.text().as_bytes()] {
            assert!(!bytes.windows(needle.len()).any(|window| window == needle), "{file}");
        }
    }
    let mut other = code.bytes();
    other[15] ^= 1;
    assert!(store.receipt(ReceiptCode::from_bytes(other), at(5)).unwrap().is_none());
}
