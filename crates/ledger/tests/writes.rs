//! Every write of an append fails once, lost and kept: whoever opens the log anew and goes on with the same leaves makes no
//! fork and no gap, and every checkpoint that ever stood there is the beginning of what stands there at the end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod memory;

use memory::{Fault, In, Memory};
use portunus_ledger::log::{Log, Reader};
use portunus_ledger::merkle::{Hash, leaf_hash, root_of};
use portunus_ledger::note::{Checkpoint, KeyKind, Signer};

fn signer() -> Signer {
    Signer::named_by_its_key("portunus", KeyKind::Note, &[3; 32])
}

fn leaves(from: u64, to: u64) -> Vec<String> {
    (from..to).map(|n| format!("leaf {n}")).collect()
}

fn root(size: u64) -> Hash {
    root_of(&leaves(0, size).iter().map(|leaf| leaf_hash(leaf.as_bytes())).collect::<Vec<_>>())
}

/// A log of so many leaves.
fn log_of(size: u64) -> Memory {
    let memory = Memory::default();
    let _ = Log::open(In(&memory), signer()).unwrap().append(&leaves(0, size)).unwrap();
    memory
}

/// All leaves that a head of this size states, by its own files.
fn stated(memory: &Memory, size: u64) -> Vec<String> {
    let reader = Reader::new(In(memory), size);
    let mut all = Vec::new();
    while (all.len() as u64) < size {
        all.extend(reader.bundle(all.len() as u64).unwrap().1);
    }
    all.truncate(size as usize);
    all.into_iter().map(|leaf| String::from_utf8(leaf).unwrap()).collect()
}

/// From `from` leaves on to each of `sizes`, the one failing write of which is met by opening the log anew.
fn go_on(memory: &Memory, from: u64, sizes: &[u64]) -> usize {
    let (mut at, mut failures) = (from, 0);
    for next in sizes {
        let more = leaves(at, *next);
        let mut log = Log::open(In(memory), signer()).unwrap();
        if log.append(&more).is_err() {
            failures += 1;
            log = Log::open(In(memory), signer()).unwrap();
            let size = log.head().size;
            assert!(size == at || size == *next, "all of it is stated or nothing: {size}");
            // As the store does, which knows what had its place.
            let _ = log.append(&leaves(size, *next)).unwrap();
        }
        assert_eq!((log.head().size, log.head().root), (*next, root(*next)));
        at = *next;
    }
    failures
}

#[test]
fn whichever_write_fails_the_log_goes_on_without_a_fork_or_a_gap() {
    for (from, sizes) in [
        (0, &[1, 255, 256, 257, 600][..]),
        (254, &[255, 256, 257, 258]),
        (255, &[513, 514]),
        (65_530, &[65_535, 65_536, 65_537, 65_800]),
    ] {
        let before = log_of(from);
        let counted = before.failing(0, Fault::Lost);
        assert_eq!(go_on(&counted, from, sizes), 0);
        let writes = counted.writes.get();
        assert!(writes > 2 * sizes.len());
        for nth in 1..=writes {
            for fault in [Fault::Lost, Fault::Kept] {
                let memory = before.failing(nth, fault);
                assert_eq!(go_on(&memory, from, sizes), 1, "{from}: write {nth} {fault:?}");
                let last = *sizes.last().unwrap();
                assert_eq!(stated(&memory, last), leaves(0, last), "{from}: write {nth} {fault:?}");
                let mut sizes = Vec::new();
                for note in memory.checkpoints.borrow().iter() {
                    let (seen, _) = Checkpoint::open(note, signer().public()).unwrap();
                    let reader = Reader::new(In(&memory), last);
                    assert_eq!(reader.root(seen.size).unwrap(), seen.root, "{from}: write {nth} {fault:?}");
                    sizes.push(seen.size);
                }
                assert!(sizes.is_sorted(), "none goes back: {sizes:?}");
            }
        }
    }
}

#[test]
fn a_head_that_is_cosigned_is_the_same_head_and_a_write_of_it_that_fails_harms_nothing() {
    let witness = Signer::named_by_its_key("witness", KeyKind::Cosignature, &[5; 32]);
    let before = log_of(300);
    for fault in [None, Some(Fault::Lost), Some(Fault::Kept)] {
        let memory = before.failing(usize::from(fault.is_some()), fault.unwrap_or(Fault::Lost));
        let mut log = Log::open(In(&memory), signer()).unwrap();
        let head = log.head().clone();
        let line = witness.sign(&head.text(), 7);
        assert_eq!(log.cosigned(std::slice::from_ref(&line)).is_err(), fault.is_some());
        let mut log = Log::open(In(&memory), signer()).unwrap();
        assert_eq!(*log.head(), head);
        let signed = witness.public().verify(log.note());
        assert_eq!(signed.ok(), (fault != Some(Fault::Lost)).then_some(Some(7)), "{fault:?}");
        // Signed again, it has the later signature alone; the next head has none.
        log.cosigned(&[witness.sign(&head.text(), 8)]).unwrap();
        assert_eq!(witness.public().verify(log.note()), Ok(Some(8)));
        assert_eq!(log.note().signatures.len(), 2);
        let _ = log.append(&["one more"]).unwrap();
        assert_eq!(log.note().signatures.len(), 1);
    }
}
