//! Every write of a passage fails once, in each way in which it can: capture, ruling, close-out. Whoever gets an error
//! asks what became of it and goes on, as the service does; the end is the same.

#![cfg(feature = "failpoints")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use portunus_core::encounter::*;
use portunus_core::id::RecordId;
use portunus_core::place::Direction;
use portunus_core::policy::{DataClass, PersonClass, Start};
use portunus_core::voyage::VoyageStatus;
use portunus_store::*;
use std::path::Path;

/// One passage after another, with a store that starts anew where its process died.
struct Passages<'a> {
    folder: &'a Path,
    store: Store,
    signatures: u8,
    failures: Vec<String>,
}

impl Passages<'_> {
    fn until_done<T>(&mut self, mut step: impl FnMut(&mut Self) -> Result<T>) -> T {
        loop {
            match step(self) {
                Ok(done) => return done,
                Err(error) => self.failures.push(error.to_string()),
            }
            assert!(self.failures.len() < 3, "one write fails, not more: {:?}", self.failures);
            if let Faults::Nth(_, Fault::Crash) = set_faults(Faults::Off) {
                self.store = open(self.folder, 50);
            }
        }
    }

    /// A device's request, repeated until it is answered.
    fn request(&mut self, n: u8, mut commit: impl FnMut(&Store) -> Result<Committed>) {
        self.until_done(|passages| {
            passages.signatures += 1;
            match passages.store.admit(&request(&passages.store, key(n), passages.signatures), at(0))? {
                Admit::New | Admit::Repeat { outcome: None } => {}
                Admit::Repeat { outcome: Some(_) } => return Ok(()),
                other => panic!("{other:?}"),
            }
            assert_eq!(commit(&passages.store)?, Committed::Done);
            Ok(())
        });
    }

    fn capture(&mut self, n: u8, after: &Encounter, boards: Option<Boarding>) {
        self.request(n, |store| {
            let before = &store.encounter(after.id)?.unwrap();
            let record = (store.seal(RecordKind::PROBE, &[n; 50], at(10))?, at(HOUR));
            let (record, boarding, key) = (Some(record), boards.clone(), key(n));
            let outcome = "done";
            let commit = CaptureCommit { before, after, record, boarding, key, outcome, measured: None };
            store.commit_capture(commit, at(10))
        });
    }

    /// A ruling, after which the encounter is `after`; an officer who does not know whether it was taken looks.
    fn rule(
        &mut self,
        after: impl Fn(&Encounter) -> Encounter,
        ruling: Ruling,
        boarding: BoardingChange,
        id: u8,
    ) {
        let ruled = ruled(ruling);
        self.until_done(|passages| {
            let store = &passages.store;
            if store.rulings(encounter_id(id))?.contains(&ruled) {
                return Ok(());
            }
            let before = &store.encounter(encounter_id(id))?.unwrap();
            let (after, boarding) = (&after(before), boarding.clone());
            let probe_due = Some(at(99 * HOUR));
            let commit = RulingCommit { before, after, ruled: &ruled, boarding, probe_due };
            assert_eq!(store.commit_ruling(commit, at(20))?, Committed::Done);
            Ok(())
        });
    }
}

/// Says whether faults are still to come, after three passages and the close-out: one matched, one boarded by an officer as a non-immigrant, one found to be a citizen.
fn play(faults: Faults) -> bool {
    let (folder, store) = fresh();
    let (voyage, passengers) = open_voyage(&store);
    let mut passages = Passages { folder: folder.path(), store, signatures: 0, failures: Vec::new() };
    let _ = set_faults(faults);
    for n in 1..=3 {
        let encounter = at_gate(encounter_id(n), voyage, at(0));
        passages.request(n, |store| store.begin(&encounter, key(n), "camera", SIGNED.notice, at(0)));
    }
    let next = |n: u8, stage, class| Encounter {
        stage,
        attempts: 1,
        class,
        ..at_gate(encounter_id(n), voyage, at(0))
    };
    let matched = Encounter {
        passenger: Some(passengers[0]),
        done_at: Some(at(10)),
        ..next(1, Stage::Done, PersonClass::NonImmigrant)
    };
    passages.capture(11, &matched, Some(boarding(passengers[0], at(10))));
    for n in [2, 3] {
        passages.capture(10 + n, &next(n, Stage::Waiting, PersonClass::Unknown), None);
        passages.until_done(|p| p.store.take(encounter_id(n), OFFICER, at(15))).unwrap();
    }
    let boards = |n: usize, class| {
        let passenger = Some(passengers[n]);
        move |e: &Encounter| Encounter {
            stage: Stage::Done,
            class,
            passenger,
            done_at: Some(at(20)),
            ..e.clone()
        }
    };
    let board = |n: usize| Ruling::Board { passenger: passengers[n] };
    let boarded = |n: usize| BoardingChange::Board(boarding(passengers[n], at(20)));
    passages.rule(boards(1, PersonClass::NonImmigrant), board(1), boarded(1), 2);
    let citizen = boards(2, PersonClass::Citizen);
    passages.rule(|e| Encounter { probe: None, ..citizen(e) }, board(2), boarded(2), 3);

    let probes = [1, 2, 3].map(|n| passages.store.encounter(encounter_id(n)).unwrap().unwrap().probe);
    let crossing = |n: usize, class, probe: Option<RecordId>| NewCrossing {
        passenger: passengers[n],
        encounter: None,
        content: format!("who {n} is").into_bytes(),
        subject: Subject { documents: &[], person: None },
        class,
        start: Start::crossing(at(10), Direction::Exit),
        method: Method::FaceMatched,
        entered_later: false,
        erase_after: at(99 * HOUR),
        probe,
        confidential: false,
    };
    let classes = [PersonClass::NonImmigrant, PersonClass::NonImmigrant, PersonClass::Citizen];
    let crossings = [0, 1, 2].map(|n| crossing(n, classes[n], probes[n]));
    let closed = passages.until_done(|p| p.store.close_voyage(voyage, &crossings, at(60)));
    assert!(matches!(closed, CloseVoyage::Closed | CloseVoyage::AlreadyClosed), "{closed:?}");
    let rest = set_faults(Faults::Off);

    let Passages { failures, .. } = passages;
    let store = open(folder.path(), 60);
    store.sweep(at(HOUR / 2)).unwrap();
    let when = format!("after {failures:?}");
    assert_eq!(store.voyage(voyage).unwrap().unwrap().status, VoyageStatus::Closed, "{when}");
    let who: Vec<_> = store.crossings(voyage, at(HOUR / 2)).unwrap().iter().map(|c| c.passenger).collect();
    assert_eq!(who.len(), 3, "{when}");
    assert_eq!(store.boardings(voyage).unwrap().len(), 3, "{when}");
    assert!(store.encounters(voyage).unwrap().is_empty(), "{when}");
    let mut held = Vec::new();
    store.holdings(|held_one| held.push((held_one.data.in_words(), held_one.class))).unwrap();
    held.sort_unstable();
    let [non_immigrant, citizen] = [PersonClass::NonImmigrant, PersonClass::Citizen];
    let [crossing, probe] = [DataClass::Crossing, DataClass::Probe].map(DataClass::in_words);
    let mut expected = [
        (crossing, non_immigrant),
        (crossing, non_immigrant),
        (crossing, citizen),
        (probe, non_immigrant),
        (probe, non_immigrant),
    ];
    expected.sort_unstable();
    assert_eq!(held, expected, "{when}");
    let [keys, rows, bytes] = vault(folder.path());
    assert_eq!((&keys, &rows), (&bytes, &bytes), "nothing is orphan {when}");
    // What is only tidied up after a commit may fail in silence: the sweep does it.
    rest.armed()
}

#[test]
fn a_passage_comes_to_the_same_end_whichever_of_its_writes_fails() {
    for nth in 1..1000 {
        if play(Faults::Nth(nth, Fault::Lost)) {
            assert!(nth > 30, "{nth}");
            return;
        }
        for fault in [Fault::KeptButFailed, Fault::Crash] {
            play(Faults::Nth(nth, fault));
        }
    }
    panic!("more writes than there can be");
}
