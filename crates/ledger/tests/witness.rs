//! A witness signs what goes on from what it signed before, keeps that first, and refuses everything else by its status.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod memory;

use memory::{Fault, In, Memory};
use portunus_ledger::log::{Folder, Log, Publish};
use portunus_ledger::note::*;
use portunus_ledger::witness::*;
use proptest::prelude::*;

fn log_signer() -> Signer {
    Signer::named_by_its_key("portunus", KeyKind::Note, &[3; 32])
}

fn witness<F: Publish>(files: F) -> Witness<F> {
    let signer = Signer::named_by_its_key("witness", KeyKind::Cosignature, &[5; 32]);
    Witness::new(files, signer, vec![log_signer().public().clone()])
}

/// A log of so many leaves, which differ by `fork` from the `fork`th on.
fn log_of(memory: &Memory, size: usize, fork: usize) -> Log<In<'_>> {
    let mut log = Log::open(In(memory), log_signer()).unwrap();
    let leaves: Vec<String> = (0..size).map(|n| format!("{n} {}", if n < fork { 0 } else { fork })).collect();
    let _ = log.append(&leaves).unwrap();
    log
}

fn request(log: &Log<In<'_>>, old: u64) -> String {
    Request::new(&log.reader(), log.note(), old).unwrap().to_string()
}

fn status<F: Publish>(witness: &Witness<F>, request: &str) -> u16 {
    witness.cosign(request.as_bytes(), || 1).map_or_else(|refused| refused.status(), |_| 200)
}

#[test]
fn a_log_that_goes_on_is_cosigned_each_time_and_the_signature_is_on_its_head() {
    let folder = tempfile::tempdir().unwrap();
    let mut known = 0;
    for (n, size) in (0..).zip([1, 2, 2, 3, 255, 256, 257, 700]) {
        // Opened anew each time: what it saw is on the disk.
        let witness = witness(Folder(folder.path().to_owned()));
        let memory = Memory::default();
        let mut log = log_of(&memory, size, usize::MAX);
        let said = witness.cosign(request(&log, known).as_bytes(), || 100 + n).unwrap();
        let text = log.head().text();
        let Answer::Cosigned(line) = Answer::read(200, said.as_bytes(), &text, witness.key()).unwrap() else {
            panic!("{said}")
        };
        log.cosigned(&[line]).unwrap();
        assert_eq!(witness.key().verify(log.note()), Ok(Some(100 + n)));
        let (seen, note) = witness.seen(log.key().name()).unwrap().unwrap();
        assert_eq!(seen, *log.head());
        assert_eq!(note, *log.note(), "it serves the head with the log's signature and its own");
        known = log.head().size;
    }
}

#[test]
fn each_refusal_has_the_status_of_the_specification_and_moves_nothing() {
    let (memory, witness) = (Memory::default(), witness(Memory::default()));
    let log = log_of(&memory, 10, usize::MAX);
    assert_eq!(status(&witness, &request(&log, 0)), 200);
    let larger = Memory::default();
    let larger = log_of(&larger, 20, usize::MAX);
    let good = request(&larger, 10);
    let first = good.lines().nth(1).unwrap();
    let stranger = Signer::new(log.key().name(), KeyKind::Note, &[9; 32]).unwrap();
    let text = larger.head().text();
    let by_another = Note { signatures: vec![stranger.sign(&text, 0)], text: text.clone() };
    let elsewhere = Signer::named_by_its_key("portunus", KeyKind::Note, &[9; 32]);
    let unknown = text.replace(log.key().name(), elsewhere.public().name());
    let unknown = Note { signatures: vec![elsewhere.sign(&unknown, 0)], text: unknown };
    let altered = larger.note().to_string().replacen("\n20\n", "\n21\n", 1);
    let of_none = Checkpoint { size: 0, root: [1; 32], ..log.head().clone() }.text();
    let of_none = Note { signatures: vec![log_signer().sign(&of_none, 0)], text: of_none };
    let fork = Memory::default();
    let fork = log_of(&fork, 20, 9);
    let same_size = Memory::default();
    let same_size = log_of(&same_size, 10, 9);
    for (expected, request) in [
        (400, String::new()),
        (400, good.replacen("old 10", "old 010", 1)),
        (400, good.replacen("old 10", "10", 1)),
        (400, good.replacen(first, "AAAA", 1)),
        (400, good.replacen('\n', &format!("\n{}", format!("{first}\n").repeat(64)), 1)),
        (400, good.replacen("\n\n", "\n", 1)),
        (400, good.replacen("old 10", "old 21", 1)),
        (400, format!("old 0\n\n{}", "x".repeat(REQUEST_BYTES_MAX))),
        (403, format!("old 10\n\n{altered}")),
        (403, format!("old 10\n\n{by_another}")),
        (404, format!("old 0\n\n{unknown}")),
        (409, request(&larger, 0)),
        (409, good.replacen("old 10", "old 9", 1)),
        (422, good.replacen(&format!("{first}\n"), "", 1)),
        (422, request(&fork, 10)),
        (422, request(&same_size, 10)),
        (
            422,
            good.replacen(
                first,
                &first.replacen(&first[..1], if first.starts_with('A') { "B" } else { "A" }, 1),
                1,
            ),
        ),
    ] {
        assert_eq!(status(&witness, &request), expected, "{request}");
        assert_eq!(witness.seen(log.key().name()).unwrap().unwrap().0.size, 10);
    }
    let fresh = self::witness(Memory::default());
    assert_eq!(status(&fresh, &format!("old 0\n\n{of_none}")), 422, "nothing has another root than nothing");
    assert_eq!(status(&fresh, &good.replacen("old 10", "old 0", 1)), 422, "a proof from nothing is empty");
    let Err(conflict) = witness.cosign(request(&larger, 0).as_bytes(), || 1) else { panic!("it was signed") };
    assert!(matches!(conflict, Refusal::Conflict(10)));
    assert_eq!(status(&witness, &good), 200, "and what is right is still signed");
    assert_eq!(status(&witness, &request(&fork, 20)), 422, "of a log that forks one side is signed");
}

#[test]
fn what_is_signed_is_kept_before_it_is_given() {
    let (memory, more) = (Memory::default(), Memory::default());
    let (log, larger) = (log_of(&memory, 10, usize::MAX), log_of(&more, 20, usize::MAX));
    for (fault, then) in [(Fault::Lost, 200), (Fault::Kept, 409)] {
        let witness = witness(Memory::default().failing(2, fault));
        assert_eq!(status(&witness, &request(&log, 0)), 200);
        assert_eq!(status(&witness, &request(&larger, 10)), 500, "no signature is given: {fault:?}");
        assert_eq!(status(&witness, &request(&larger, 10)), then, "{fault:?}");
        assert_eq!(status(&witness, &request(&larger, 20)), 200, "{fault:?}");
    }
}

#[test]
fn a_witness_whose_memory_was_altered_signs_nothing() {
    let (memory, kept) = (Memory::default(), Memory::default());
    let (log, witness) = (log_of(&memory, 10, usize::MAX), witness(In(&kept)));
    assert_eq!(status(&witness, &request(&log, 0)), 200);
    for (from, to) in
        [("\n10\n", "\n9\n"), ("portunus/", "portunuS/"), ("\u{2014} witness/", "\u{2014} Witness/")]
    {
        let good = kept.files.borrow().clone();
        for bytes in kept.files.borrow_mut().values_mut() {
            *bytes = String::from_utf8(bytes.clone()).unwrap().replace(from, to).into_bytes();
        }
        assert_eq!(status(&witness, &request(&log, 10)), 500, "{from}");
        *kept.files.borrow_mut() = good;
    }
    assert_eq!(status(&witness, &request(&log, 10)), 200);
}

#[test]
fn of_two_histories_that_race_one_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    let witness = witness(Folder(folder.path().to_owned()));
    let mut old = 0;
    for size in (1..40).step_by(3) {
        let requests: Vec<(u64, String)> = (0..4)
            .map(|side| {
                let memory = Memory::default();
                // Each side has its own last leaf; the next round goes on from the side that won.
                let mut log = Log::open(In(&memory), log_signer()).unwrap();
                let mut leaves: Vec<String> = (0..size - 1).map(|n| won(&folder, n)).collect();
                leaves.push(format!("{size} {side}"));
                let _ = log.append(&leaves).unwrap();
                (side, request(&log, old))
            })
            .collect();
        let signed: Vec<u64> = std::thread::scope(|scope| {
            let asked: Vec<_> = requests
                .iter()
                .map(|(side, request)| (side, scope.spawn(|| status(&witness, request))))
                .collect();
            asked
                .into_iter()
                .filter_map(|(side, asked)| (asked.join().unwrap() == 200).then_some(*side))
                .collect()
        });
        let [side] = signed[..] else { panic!("{signed:?}") };
        for n in old..size {
            let leaf = if n == size - 1 { format!("{size} {side}") } else { won(&folder, n) };
            std::fs::write(folder.path().join(n.to_string()), leaf).unwrap();
        }
        old = size;
    }
}

/// The `n`th leaf of the history that was signed, or the one that all sides have.
fn won(folder: &tempfile::TempDir, n: u64) -> String {
    std::fs::read_to_string(folder.path().join(n.to_string())).unwrap_or_else(|_| format!("between {n}"))
}

#[test]
fn an_answer_is_believed_for_its_signature_alone() {
    let (memory, witness) = (Memory::default(), witness(Memory::default()));
    let log = log_of(&memory, 10, usize::MAX);
    let said = witness.cosign(request(&log, 0).as_bytes(), || 1).unwrap();
    let read = |status, said: &str| Answer::read(status, said.as_bytes(), &log.head().text(), witness.key());
    assert!(matches!(read(200, &said), Ok(Answer::Cosigned(_))));
    let other = Signer::named_by_its_key("witness", KeyKind::Cosignature, &[6; 32]);
    let theirs = other.sign(&log.head().text(), 1).to_string();
    assert!(
        matches!(read(200, &format!("{theirs}{said}")), Ok(Answer::Cosigned(line)) if line.is_by(witness.key()))
    );
    assert!(read(200, &theirs).is_err());
    assert!(read(200, "").is_err());
    let longer = format!("{}\nmore\n", log.head().text());
    let by_it = Signer::named_by_its_key("witness", KeyKind::Cosignature, &[5; 32]).sign(&longer, 1);
    assert!(read(200, &format!("more\n\n{by_it}")).is_err(), "a signature on something else");
    assert!(matches!(read(409, "7\n"), Ok(Answer::Knows(7))));
    for (status, said) in [(409, "7"), (409, "07\n"), (422, ""), (500, "7\n")] {
        assert!(read(status, said).is_err(), "{status} {said:?}");
    }
}

#[test]
fn the_request_of_the_specification_is_read_and_written() {
    let Ok(text) = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/vectors/tlog/tlog-witness.md"
    )) else {
        eprintln!("SKIPPED: the vectors of ../shared are not here");
        return;
    };
    let example = text.lines().skip_while(|line| !line.starts_with("    old ")).collect::<Vec<_>>();
    let end = example.iter().position(|line| !line.starts_with("    ") && !line.is_empty()).unwrap();
    let body: String = example[..end - 1].iter().map(|line| format!("{}\n", line.trim_start())).collect();
    assert_eq!(Request::parse(body.as_bytes()).unwrap().to_string(), body);
}

proptest! {
    #[test]
    fn whatever_is_sent_is_answered(old in "(old )?[0-9]{0,21}", lines in "([A-Za-z0-9+/=]{0,48}\n){0,4}", rest in any::<Vec<u8>>()) {
        let witness = witness(Memory::default());
        let mut bytes = format!("{old}\n{lines}\n").into_bytes();
        bytes.extend(rest);
        prop_assert!(witness.cosign(&bytes, || 1).is_err());
    }
}
