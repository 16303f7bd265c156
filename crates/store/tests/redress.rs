//! Mis-identification: nobody decides alone, and what follows does so once, whichever write fails.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;

use border::*;
use jiff::Timestamp;
use portunus_core::case::{Case, CaseKind, CaseOutcome, Finding, NotAllowed, THE_TRAVELLER};
use portunus_core::crossing::CrossingRecord;
use portunus_core::encounter::{Encounter, Method};
use portunus_core::id::*;
use portunus_core::place::Direction;
use portunus_core::policy::{DataClass, PersonClass, Start};
use portunus_core::receipt::{Ground, ReceiptCode};
use portunus_core::stay::Decided;
use portunus_core::voyage::*;
use portunus_store::*;
use std::collections::BTreeSet;

const DAY: i64 = 24 * HOUR;
const CASE: CaseId = CaseId::from_bytes([7; 16]);
const CONTEST: CaseId = CaseId::from_bytes([6; 16]);
const PROPOSAL: DecisionId = DecisionId::from_bytes([8; 16]);

fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

fn case(id: CaseId, kind: CaseKind, author: UserId) -> Case {
    Case {
        id,
        kind,
        reference: "2026/17".into(),
        basis: "section 12".into(),
        reason: "taken for somebody else".into(),
        from_whom: None,
        identity_check: None,
        author,
        opened_at: at(10),
        deadline: Some(at(DAY)),
        expires_at: None,
        approvals: Vec::new(),
        approved_at: None,
        closed_at: None,
        outcome: None,
        given: 0,
    }
}

fn crossed(who: &ManifestPerson, flight: &str, at: Timestamp) -> CrossingRecord {
    CrossingRecord {
        person: who.clone(),
        voyage: VoyageKey::new("LH", flight, border::flight().date).unwrap(),
        port: "JFK".into(),
        direction: Direction::Exit,
        at,
        method: Method::FaceMatched,
        admitted: None,
    }
}

fn kept<'a>(who: &'a ManifestPerson, passenger: PassengerId, record: &CrossingRecord) -> NewCrossing<'a> {
    NewCrossing {
        passenger,
        encounter: None,
        content: serde_json::to_vec(record).unwrap(),
        subject: Subject::of(who),
        class: PersonClass::NonImmigrant,
        start: Start::crossing(record.at, Direction::Exit),
        method: Method::FaceMatched,
        entered_later: false,
        erase_after: at(400 * DAY),
        probe: None,
        confidential: false,
    }
}

/// ALPHA's three crossings: of the first, with its photo, BRAVO has the receipt and contests; of all a recipient has copies.
struct Before {
    code: ReceiptCode,
    photo: RecordId,
    anothers: RecordId,
    nobodys: RecordId,
    split: RecordId,
}

fn before(store: &Store) -> Before {
    let (voyage, passengers) = open_voyage(store);
    let alpha = person("ALPHA", "L1");
    let encounter = begin(store, 1, voyage, at(1));
    let code = store.receipt_code(encounter.id).unwrap().unwrap();
    let admission = Admission { counter: 1, counted: Some(SIGNED), ..request(store, key(2), 2) };
    assert_eq!(store.admit(&admission, at(2)).unwrap(), Admit::New);
    let sealed = store.seal(RecordKind::PROBE, b"BRAVO's face", at(2)).unwrap();
    let photo = sealed.record();
    let class = PersonClass::NonImmigrant;
    let (passenger, probe) = (Some(passengers[0]), Some(photo));
    let after = Encounter { attempts: 1, class, passenger, probe, ..encounter.clone() };
    let commit = CaptureCommit {
        before: &encounter,
        after: &after,
        record: Some((sealed, at(400 * DAY))),
        boarding: None,
        key: key(2),
        outcome: "done",
        measured: None,
    };
    assert_eq!(store.commit_capture(commit, at(2)).unwrap(), Committed::Done);
    let first = NewCrossing {
        encounter: Some(encounter.id),
        probe: Some(photo),
        ..kept(&alpha, passengers[0], &crossed(&alpha, "400", at(3)))
    };
    assert_eq!(store.close_voyage(voyage, &[first], at(4)).unwrap(), CloseVoyage::Closed);
    let later = |n: u8, flight: &str, days: i64| {
        let leg = Leg { from: "JFK".into(), to: "FRA".into(), departs: None, arrives: None };
        let voyage = VoyageKey::new("LH", flight, border::flight().date).unwrap();
        let list = Manifest { voyage, legs: vec![leg], action: ManifestAction::Replace, people: vec![] };
        let ManifestOutcome::Applied(applied) = store.apply_manifest(&list, at(5)).unwrap() else { panic!() };
        let passenger = PassengerId::from_bytes([n; 16]);
        let crossing = kept(&alpha, passenger, &crossed(&alpha, flight, at(days * DAY)));
        assert_eq!(store.close_voyage(applied.voyage, &[crossing], at(6)).unwrap(), CloseVoyage::Closed);
        store.crossings(applied.voyage, at(6)).unwrap()[0].record
    };
    let (nobodys, split) = (later(11, "401", 10), later(12, "402", 20));
    let anothers = store.crossings(voyage, at(6)).unwrap()[0].record;
    let recipient = Recipient {
        id: RecipientId::from_bytes([5; 16]),
        name: "statistics office".into(),
        purpose: "counts of stays".into(),
        basis: "section 9".into(),
        receives: vec![DataClass::Crossing, DataClass::Probe],
        added_by: user(1),
        added_at: at(0),
        withdrawn_at: None,
    };
    assert!(store.add_recipient(&recipient, [3; 32]).unwrap());
    for record in [photo, anothers, nobodys, split] {
        store.give(&recipient, record, at(7)).unwrap().unwrap();
    }
    let contest = case(CONTEST, CaseKind::Contest, THE_TRAVELLER);
    assert_eq!(store.open_contest(code, &contest, Ground::WrongPerson).unwrap(), Contested::Opened);
    Before { code, photo, anothers, nobodys, split }
}

/// A case from the contest, by 1; 2 proposes.
fn proposed(store: &Store) -> Before {
    let before = before(store);
    let of = case(CASE, CaseKind::Misidentification, user(1));
    assert_eq!(store.open_redress(&of, Some(CONTEST)).unwrap(), Some(Ok(())));
    let named = [before.anothers, before.nobodys, before.split];
    assert_eq!(store.name_records(CASE, &named, at(11)).unwrap(), Some(Ok(3)));
    propose(store, PROPOSAL, &before);
    before
}

fn propose(store: &Store, id: DecisionId, before: &Before) {
    let bravo = person("BRAVO", "L2");
    let holder = FoundHolder {
        content: serde_json::to_vec(&bravo).unwrap(),
        subject: Subject::of(&bravo),
        class: PersonClass::PermanentResident,
        erase_after: at(30 * DAY),
    };
    let findings = [
        (before.anothers, Finding::Reattribute),
        (before.nobodys, Finding::Unlink),
        (before.split, Finding::Split),
    ];
    let proposal = NewProposal {
        id,
        proposer: user(2),
        findings: &findings,
        holder: Some(holder),
        reason: "two passports, one pouch",
        answer: Some("You are right."),
    };
    assert_eq!(store.propose_redress(CASE, &proposal, at(12)).unwrap(), Some(Ok(())));
}

fn carry_out(
    store: &Store,
    before: &Before,
    decider: UserId,
    proposal: DecisionId,
) -> Result<Option<std::result::Result<RedressDone, NotAllowed>>> {
    let bravo = person("BRAVO", "L2");
    let corrected = [
        Corrected { record: before.anothers, becomes: None },
        Corrected { record: before.nobodys, becomes: None },
        Corrected { record: before.photo, becomes: Some((PersonClass::PermanentResident, at(300 * DAY))) },
    ];
    let anew = [Anew {
        of: before.anothers,
        content: serde_json::to_vec(&crossed(&bravo, "400", at(3))).unwrap(),
        start: Start::crossing(at(3), Direction::Exit),
        erase_after: at(300 * DAY),
    }];
    let redress = Redress {
        proposal,
        decider,
        holder: Some((Subject::of(&bravo), PersonClass::PermanentResident)),
        anew: &anew,
        moved: &[before.photo],
        corrected: &corrected,
        apart: &[before.split],
    };
    store.carry_out_redress(CASE, &redress, at(20))
}

/// What is held on the holder of a document: which kinds.
fn held(store: &Store, number: &str) -> Vec<(RecordId, DataClass, PersonClass)> {
    let documents = [document(number)];
    let held = store.held_on(&Subject { documents: &documents, person: None }, at(21)).unwrap();
    held.into_iter().map(|held| (held.record, held.kind.data, held.class)).collect()
}

/// All that is to follow has followed, once.
#[track_caller]
fn is_done(folder: &std::path::Path, store: &Store, before: &Before, when: &str) {
    let of = store.case(CASE).unwrap().unwrap();
    assert_eq!((of.outcome, &of.approvals[..]), (Some(CaseOutcome::Done), &[user(3)][..]), "{when}");
    assert_eq!(held(store, "L1").iter().map(|one| one.0).collect::<Vec<_>>(), [before.split], "{when}");
    let bravos = held(store, "L2");
    let kinds: BTreeSet<DataClass> = bravos.iter().map(|one| one.1).collect();
    assert_eq!((bravos.len(), kinds), (2, [DataClass::Probe, DataClass::Crossing].into()), "{when}");
    assert!(bravos.iter().all(|one| one.2 == PersonClass::PermanentResident), "{when}");
    let new = bravos.iter().find(|one| one.1 == DataClass::Crossing).unwrap().0;
    let content = store.open_record(new, &SHOW, at(21)).unwrap().unwrap();
    let crossing: CrossingRecord = serde_json::from_slice(&content).unwrap();
    assert!(crossing.person.family_name == "BRAVO" && crossing.at == at(3), "{when}");

    let decisions = store.decisions_on(&[before.split].into()).unwrap();
    assert_eq!(decisions.len(), 1, "{when}");
    let decision = &decisions[0];
    assert_eq!((decision.decision.id, decision.author), (PROPOSAL, user(3)), "{when}");
    assert_eq!(decision.decision.decided, Decided::Apart { records: vec![before.split] }, "{when}");

    let recalls = store.recalls_of(RecipientId::from_bytes([5; 16]), 99).unwrap();
    let erased = |record| recalls.iter().filter(|one| one.record == record && one.due.is_none()).count();
    for record in [before.anothers, before.nobodys, before.photo] {
        assert_eq!(erased(record), 1, "{when}: who has a copy has it as ALPHA's");
    }
    assert_eq!(erased(before.split), 0, "{when}");
    let receipt = store.receipt(before.code, at(21)).unwrap().unwrap();
    let kept: BTreeSet<RecordId> =
        receipt.records.iter().filter_map(|one| one.kept.as_ref()).map(|kept| kept.record).collect();
    assert_eq!(kept, [before.photo, new].into(), "{when}: the receipt is of who was there");
    let [contest] = &receipt.contests[..] else { panic!("{when}") };
    let told = (contest.outcome, contest.answer.as_deref());
    assert_eq!(told, (Some(CaseOutcome::Done), Some("You are right.")), "{when}");
    let [keys, rows, bytes] = vault(folder);
    assert!(
        keys == rows && rows == bytes && rows.len() == 3,
        "{when}: nothing is left over: {keys:?} {rows:?}"
    );
}

#[test]
fn nobody_decides_alone_nor_on_another_proposal_nor_twice() {
    let (folder, store) = fresh();
    let before = proposed(&store);
    let refused =
        |decider, proposal| carry_out(&store, &before, decider, proposal).unwrap().unwrap().unwrap_err();
    assert_eq!(refused(user(1), PROPOSAL), NotAllowed::OwnCase, "who opened it");
    assert_eq!(refused(user(2), PROPOSAL), NotAllowed::OwnCase, "who proposed it");
    assert_eq!(refused(user(3), DecisionId::from_bytes([9; 16])), NotAllowed::OtherProposal);
    assert_eq!(store.approve_case(CASE, user(3), at(13)).unwrap(), Some(Err(NotAllowed::OtherKind)));
    let answered = store.answer_contest(CONTEST, "No.", None, at(13)).unwrap();
    assert_eq!(answered, Answered::NotAllowed(NotAllowed::InRedress), "it is answered by the other case");
    let again = case(CaseId::from_bytes([9; 16]), CaseKind::Misidentification, user(1));
    assert_eq!(store.open_redress(&again, Some(CONTEST)).unwrap(), Some(Err(NotAllowed::InRedress)));
    assert_eq!(store.open_redress(&again, Some(again.id)).unwrap(), None);

    let file = store.redress_file(CASE).unwrap().unwrap();
    let findings = file.proposal.unwrap().findings;
    assert_eq!(findings.get(&before.photo), Some(&Finding::Reattribute), "a photo goes with its crossing");
    carry_out(&store, &before, user(3), PROPOSAL).unwrap().unwrap().unwrap();
    is_done(folder.path(), &store, &before, "carried out");
    assert_eq!(refused(user(4), PROPOSAL), NotAllowed::Closed);
}

#[test]
fn what_is_proposed_anew_or_not_decided_leaves_nothing_of_whose_it_was_said_to_be() {
    let (folder, store) = fresh();
    let before = proposed(&store);
    let said = |store: &Store| store.redress_file(CASE).unwrap().unwrap().proposal;
    assert_eq!(held(&store, "L2").len(), 1, "who is proposed is found, and sealed");
    assert_eq!(files_with(folder.path(), b"pouch").len(), 1, "the positive control");
    let first = said(&store).unwrap().holder.unwrap().0;
    propose(&store, DecisionId::from_bytes([9; 16]), &before);
    assert!(store.open_record(first, &SHOW, at(13)).unwrap().is_none());
    assert_eq!(held(&store, "L2").len(), 1);
    // Named anew, nothing is proposed of it.
    assert_eq!(store.name_records(CASE, &[before.split], at(14)).unwrap(), Some(Ok(1)));
    assert_eq!((said(&store), held(&store, "L2")), (None, vec![]));
    let nothing = carry_out(&store, &before, user(3), PROPOSAL).unwrap();
    assert_eq!(nothing, Some(Err(NotAllowed::NothingProposed)));
    assert_eq!(store.name_records(CASE, &[before.anothers], at(14)).unwrap(), Some(Ok(1)));
    propose(&store, PROPOSAL, &before);
    let findings = said(&store).unwrap().findings;
    assert_eq!(findings.len(), 2, "of what the case does not name nothing is proposed: {findings:?}");
    store.close_case(CASE, CaseOutcome::Withdrawn, at(15)).unwrap().unwrap().unwrap();
    assert_eq!(held(&store, "L2"), []);
    assert_eq!(held(&store, "L1").len(), 4, "nothing followed");
    assert_eq!(
        store.answer_contest(CONTEST, "No.", None, at(16)).unwrap(),
        Answered::Done(CorrectionDone::default())
    );
}

/// Plays it with one write that fails; `false` once there are no more.
#[cfg(feature = "failpoints")]
fn play(nth: u64, fault: Fault) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), nth);
    let before = proposed(&store);
    set_faults(Faults::Nth(nth, fault));
    let played = carry_out(&store, &before, user(3), PROPOSAL);
    let armed = set_faults(Faults::Off).armed();
    let when = format!("write {nth} {fault:?}");
    if armed && fault != Fault::Crash {
        assert!(played.is_ok(), "{when}");
        return false;
    }
    if fault == Fault::Crash && played.is_ok() {
        return false;
    }
    drop(store);
    // The next start sweeps; whoever decided repeats, or reads that it is done.
    let store = open(folder.path(), nth + 1000);
    store.sweep(at(20)).unwrap();
    match carry_out(&store, &before, user(3), PROPOSAL).unwrap().unwrap() {
        Ok(_) => {}
        Err(no) => assert_eq!(no, NotAllowed::Closed, "{when}"),
    }
    // A key that was made for a row that is not there goes once nobody can be about to write it.
    store.sweep(at(HOUR)).unwrap();
    is_done(folder.path(), &store, &before, &when);
    true
}

#[test]
#[cfg(feature = "failpoints")]
fn whichever_write_fails_all_of_it_follows_once() {
    for fault in [Fault::Lost, Fault::KeptButFailed, Fault::Crash] {
        let mut writes = 0;
        while play(writes + 1, fault) {
            writes += 1;
        }
        assert!(writes >= 4, "{fault:?}: {writes} writes");
    }
}
