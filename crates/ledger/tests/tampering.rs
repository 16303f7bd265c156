//! A log that is as it should be has no fault; each way of tampering with it is found, and called by its name.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use ed25519_dalek::{Signer as _, SigningKey};
use jiff::Timestamp;
use portunus_core::capture::CaptureStatement;
use portunus_core::id::{DesignationId, DeviceId, PointId};
use portunus_core::leaf::*;
use portunus_ledger::log::{CHECKPOINT, Files as _, Folder, Log, Publish as _};
use portunus_ledger::note::{KeyKind, Note, Signer, VerifierKey};
use portunus_ledger::verify::{Check, FaultKind, Report, verify};
use portunus_ledger::witness::{Answer, Refusal, Request, Witness};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const HOUR: i64 = 3600;
const SECRET: [u8; 32] = [3; 32];

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_500_000 + second).unwrap()
}

fn instant(second: i64) -> Instant {
    Instant::new(at(second))
}

fn signer() -> Signer {
    Signer::named_by_its_key("portunus", KeyKind::Note, &SECRET)
}

fn record(n: u8) -> LedgerId {
    LedgerId([n; 16])
}

fn designation(n: u8, from: i64, stated: i64) -> Leaf {
    Leaf::Designation {
        id: DesignationId::from_bytes([n; 16]),
        point: PointId::from_bytes([2; 16]),
        name: Text::new("Gate 1"),
        port: Text::new("XXA"),
        direction: Text::new("exit"),
        mode: Text::new("boarding-gate"),
        basis: Text::new("an act"),
        owner: Text::new("the agency"),
        contractors: None,
        from: instant(from),
        until: None,
        at: instant(stated),
    }
}

fn device_key() -> SigningKey {
    SigningKey::from_bytes(&[6; 32])
}

fn captures(first: u64, last: u64, designation: u8, since: i64) -> Leaf {
    let statement = CaptureStatement {
        device: DeviceId::from_bytes([7; 16]),
        designation: DesignationId::from_bytes([designation; 16]),
        notice: Bytes32([9; 32]),
        count: last,
    };
    Leaf::Captures {
        device: statement.device,
        designation: statement.designation,
        notice: statement.notice,
        first,
        last,
        sealed: 2,
        never_stored: last - first - 1,
        discarded: 0,
        missing: 0,
        since: instant(since),
        signed: Signature(device_key().sign(statement.text().as_bytes()).to_bytes()),
        at: instant(since + 60),
    }
}

fn sealed(n: u8, due: i64) -> Leaf {
    Leaf::Sealed { record: record(n), due: instant(due) }
}

fn erased(n: u8, at: i64) -> Leaf {
    Leaf::Erased { record: record(n), cause: ErasedBecause::Due, at: instant(at) }
}

/// A day at a gate: forty records, all of which are erased within the hour in which they are due.
fn day() -> Vec<Leaf> {
    let (sha256, notice) = (Bytes32([8; 32]), Bytes32([9; 32]));
    let mut leaves = vec![
        Leaf::Policy { name: Text::new("us-2025"), sha256, notice, at: instant(0) },
        designation(1, 10, 10),
        Leaf::Device {
            id: DeviceId::from_bytes([7; 16]),
            point: PointId::from_bytes([2; 16]),
            key: Bytes32(device_key().verifying_key().to_bytes()),
            count: 0,
            at: instant(20),
        },
    ];
    for batch in 0..20u8 {
        leaves.extend([sealed(2 * batch, HOUR), sealed(2 * batch + 1, 2 * HOUR)]);
        let first = u64::from(batch) * 15 + 1;
        leaves.push(captures(first, first + 14, 1, 100));
    }
    leaves.push(Leaf::Redated { record: record(3), due: instant(3 * HOUR), cause: RedatedBecause::Ruling });
    leaves.push(Leaf::Held { record: record(5), until: instant(9 * HOUR), at: instant(HOUR) });
    leaves.extend((0..40).filter(|n| ![3, 5].contains(n)).map(|n| erased(n, HOUR * (1 + i64::from(n % 2)))));
    leaves.push(erased(3, 3 * HOUR));
    // More than one full tile, so that there is a level above.
    let worker = |n: i64| Leaf::Worker { erasing: Erasing::On, at: instant(4 * HOUR + n) };
    leaves.extend((0..300).map(worker));
    leaves
}

fn write(folder: &Path, leaves: &[Leaf]) {
    let mut log = Log::open(Folder(folder.to_owned()), signer()).unwrap();
    let lines: Vec<String> = leaves.iter().map(Leaf::encode).collect();
    for some in lines.chunks(77) {
        log.append(some).unwrap();
    }
}

fn check(folder: &Path, since: Option<&[u8]>) -> Report {
    let key = signer().public().clone();
    let check = Check { key: &key, witnesses: &[], since, as_of: at(5 * HOUR) };
    let report = verify(&Folder(folder.to_owned()), &check).unwrap();
    let ours: BTreeSet<String> = report.faults.iter().map(|fault| kind(fault.kind)).collect();
    assert_eq!(
        by_the_other(folder, &key.to_string(), since, None),
        ours,
        "both say the same: {:?}",
        report.faults
    );
    report
}

fn kind(kind: FaultKind) -> String {
    serde_json::to_value(kind).unwrap().as_str().unwrap().to_owned()
}

/// The kinds of faults that docs/verify/verify.py finds, which shares no code with ours.
fn by_the_other(
    folder: &Path,
    key: &str,
    since: Option<&[u8]>,
    witness: Option<&VerifierKey>,
) -> BTreeSet<String> {
    let mut python = Command::new("python3");
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verify/verify.py"));
    python.arg(folder).args(["--key", key, "--as-of", &instant(5 * HOUR).to_string()]);
    let seen = tempfile::NamedTempFile::new().unwrap();
    if let Some(since) = since {
        std::fs::write(seen.path(), since).unwrap();
        python.arg("--since").arg(seen.path());
    }
    if let Some(witness) = witness {
        python.args(["--witness", &witness.to_string()]);
    }
    let output = python.output().expect("python3, which the pinned packages need, too");
    let (said, complained) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(matches!(output.status.code(), Some(0 | 1)), "{complained}");
    let (last, faults) =
        said.trim_end().rsplit_once('\n').map_or((said.trim_end(), ""), |(faults, last)| (last, faults));
    assert_eq!(last.starts_with("ok: "), faults.is_empty(), "{said}{complained}");
    faults.lines().map(|line| line.split([' ', ':']).next().unwrap().to_owned()).collect()
}

#[track_caller]
fn names(report: &Report, kind: FaultKind) {
    let found: Vec<_> = report.faults.iter().map(|fault| (fault.kind, &fault.what)).collect();
    assert!(found.iter().any(|(found, _)| *found == kind), "{kind:?} is not in {found:?}");
}

/// The day, changed as somebody would who runs the log and signs it anew.
#[track_caller]
fn signed_anew(change: impl FnOnce(&mut Vec<Leaf>), kind: FaultKind) {
    let folder = tempfile::tempdir().unwrap();
    let mut leaves = day();
    change(&mut leaves);
    write(folder.path(), &leaves);
    names(&check(folder.path(), None), kind);
}

#[test]
fn a_day_is_as_it_should_be() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &day());
    let report = check(folder.path(), None);
    assert_eq!(report.faults, []);
    assert_eq!((report.size, report.stated.records, report.stated.erased), (day().len() as u64, 40, 39));
    assert_eq!((report.stated.captures, report.stated.captures_sealed), (300, 40));
    assert_eq!(report.stated.held_past_date, 1);
    assert_eq!(report.declared, ["1 records are kept past their date by a legal hold"]);
}

#[test]
fn what_leaves_say_is_added_up() {
    let at_erasure = |leaves: &[Leaf]| leaves.iter().position(|leaf| leaf.kind() == "erased").unwrap();
    signed_anew(|all| _ = all.remove(at_erasure(all)), FaultKind::ErasureMissing);
    signed_anew(
        |all| {
            let n = at_erasure(all);
            all[n] = erased(0, 3 * HOUR);
        },
        FaultKind::ErasureLate,
    );
    signed_anew(
        |all| {
            let n = at_erasure(all);
            let leaf = all[n].clone();
            all.insert(n, leaf);
        },
        FaultKind::LeafDoubled,
    );
    signed_anew(|all| all.insert(5, sealed(0, HOUR)), FaultKind::LeafDoubled);
    signed_anew(|all| all.swap(1, 5), FaultKind::CaptureWithoutAuthority);
    signed_anew(
        |all| {
            let n = at_erasure(all);
            all.swap(3, n);
        },
        FaultKind::LeafOutOfOrder,
    );
    signed_anew(|all| all[1] = designation(1, 10, 30 * 60), FaultKind::DesignationBackDated);
    signed_anew(
        |all| {
            let n = all.iter().rposition(|leaf| leaf.kind() == "captures").unwrap();
            all.remove(n - 3);
        },
        FaultKind::CapturesSkipped,
    );
    signed_anew(|all| all.push(captures(1, 15, 1, 5 * HOUR)), FaultKind::CounterRolledBack);
    signed_anew(|all| all.push(captures(301, 315, 4, 5 * HOUR)), FaultKind::CaptureWithoutAuthority);
    let too_many = |all: &mut Vec<Leaf>| {
        if let Leaf::Captures { never_stored, .. } = &mut all[5] {
            *never_stored = 99;
        }
    };
    signed_anew(too_many, FaultKind::Unbalanced);
    // Whoever runs the log claims a capture more, or another notice, than the camera signed.
    let one_more = |all: &mut Vec<Leaf>| {
        let at = all.iter().rposition(|leaf| leaf.kind() == "captures").unwrap();
        if let Leaf::Captures { last, never_stored, .. } = &mut all[at] {
            (*last, *never_stored) = (*last + 1, *never_stored + 1);
        }
    };
    signed_anew(one_more, FaultKind::CaptureUnsigned);
    let other_notice = |all: &mut Vec<Leaf>| {
        let Leaf::Policy { notice, .. } = &mut all[0] else { panic!("the policy comes first") };
        *notice = Bytes32([10; 32]);
        for leaf in all {
            if let Leaf::Captures { notice, .. } = leaf {
                *notice = Bytes32([10; 32]);
            }
        }
    };
    signed_anew(other_notice, FaultKind::CaptureUnsigned);
    let correction =
        Leaf::Redated { record: record(2), due: instant(99 * HOUR), cause: RedatedBecause::Correction };
    signed_anew(|all| all.insert(20, correction), FaultKind::DueMovedWithoutReason);
}

#[test]
fn a_camera_whose_count_came_again_is_declared() {
    let folder = tempfile::tempdir().unwrap();
    let mut leaves = day();
    let device = DeviceId::from_bytes([7; 16]);
    leaves.push(Leaf::RolledBack { device, counted: 300, came: 2, at: instant(5 * HOUR) });
    write(folder.path(), &leaves);
    let report = check(folder.path(), None);
    assert_eq!(report.faults, []);
    assert!(report.declared.iter().any(|what| what.contains("came with count 2")), "{:?}", report.declared);
}

fn parity_short(designation: u8, falling: Falling, hours: i64) -> Leaf {
    Leaf::ParityShort {
        designation: DesignationId::from_bytes([designation; 16]),
        falling,
        manual: 74,
        photo: 900,
        waited_ms: 840_000,
        limit_ms: 600_000,
        at: instant(hours * HOUR),
    }
}

#[test]
fn that_those_who_decline_wait_too_long_is_declared_until_it_ends() {
    let mut leaves = day();
    leaves.push(parity_short(1, Falling::Begins, 4));
    let declared = |leaves: &[Leaf]| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), leaves);
        let report = check(folder.path(), None);
        assert_eq!((&report.faults[..], report.stated.parity_short), (&[][..], 1));
        report.declared.iter().filter(|what| what.contains("840000 ms (p95 of 74 people)")).count()
    };
    assert_eq!(declared(&leaves), 1);
    leaves.push(parity_short(1, Falling::Ends, 5));
    assert_eq!(declared(&leaves), 0);
}

#[test]
fn falling_short_that_is_left_out_doubled_or_of_no_designation_is_named() {
    let push = |falling: &'static [Falling]| {
        move |all: &mut Vec<Leaf>| all.extend(falling.iter().map(|falling| parity_short(1, *falling, 5)))
    };
    signed_anew(push(&[Falling::Begins, Falling::Begins]), FaultKind::LeafDoubled);
    // Whoever leaves out that it began cannot say that it ended.
    signed_anew(push(&[Falling::Ends]), FaultKind::LeafOutOfOrder);
    signed_anew(|all| all.push(parity_short(9, Falling::Begins, 5)), FaultKind::LeafOutOfOrder);
}

#[test]
fn a_date_that_is_moved_without_a_cause_and_bytes_that_are_no_leaf_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines: Vec<String> = day().iter().map(Leaf::encode).collect();
    let redated = lines.iter().position(|line| line.contains(" redated\n")).unwrap();
    lines[redated] = lines[redated].replace("cause ruling\n", "");
    lines.push("a name".to_owned());
    Log::open(Folder(folder.path().to_owned()), signer()).unwrap().append(&lines).unwrap();
    let report = check(folder.path(), None);
    names(&report, FaultKind::DueMovedWithoutReason);
    names(&report, FaultKind::LeafMalformed);
}

#[test]
fn numbers_as_large_as_they_can_be_are_faults_and_no_panic() {
    let largest = |all: &mut Vec<Leaf>| {
        if let Leaf::Device { count, .. } = &mut all[2] {
            *count = u64::MAX;
        }
        if let Leaf::Captures { sealed, last, .. } = &mut all[5] {
            (*sealed, *last) = (u64::MAX, u64::MAX);
        }
    };
    signed_anew(largest, FaultKind::CounterRolledBack);
    signed_anew(largest, FaultKind::Unbalanced);
}

#[test]
fn a_history_that_was_rewritten_forked_or_cut_is_found_by_what_was_seen_before() {
    let [before, rewritten, forked, cut] = [(); 4].map(|()| tempfile::tempdir().unwrap());
    let leaves = day();
    write(before.path(), &leaves[..200]);
    let seen = Folder(before.path().to_owned()).read(CHECKPOINT).unwrap().unwrap();
    write(rewritten.path(), &[&leaves[..7], &leaves[9..]].concat());
    names(&check(rewritten.path(), Some(&seen)), FaultKind::HistoryRewritten);
    write(forked.path(), &[&leaves[..199], &leaves[210..]].concat());
    names(&check(forked.path(), Some(&seen)), FaultKind::HistoryRewritten);
    write(cut.path(), &leaves[..199]);
    names(&check(cut.path(), Some(&seen)), FaultKind::RolledBack);
    write(before.path(), &leaves[200..]);
    assert_eq!(check(before.path(), Some(&seen)).faults, [], "and the log that went on is its own");
}

#[test]
fn files_that_were_changed_are_named() {
    let whole = tempfile::tempdir().unwrap();
    write(whole.path(), &day());
    let size = day().len();
    let full = |path: &str| format!("tile/{path}");
    let (partial, width) = (size / 256, size % 256);
    for (path, kind) in [
        (full("0/000"), FaultKind::TileAltered),
        (full(&format!("0/{partial:03}.p/{width}")), FaultKind::TileAltered),
        (full("1/000.p/1"), FaultKind::TileAltered),
        (full("entries/000"), FaultKind::RootDiffers),
        (CHECKPOINT.to_owned(), FaultKind::CheckpointAltered),
    ] {
        let files = Folder(whole.path().to_owned());
        let good = files.read(&path).unwrap().unwrap_or_else(|| panic!("{path}"));
        let mut bad = good.clone();
        // In a checkpoint that is in its root.
        let place = bad.len().min(120) / 2;
        bad[place] ^= 1;
        files.write(&path, &bad).unwrap();
        names(&check(whole.path(), None), kind);
        std::fs::remove_file(whole.path().join(&path)).unwrap();
        if path != CHECKPOINT {
            names(&check(whole.path(), None), FaultKind::FileMissing);
        }
        files.write(&path, &good).unwrap();
    }
    let stranger = Signer::named_by_its_key("portunus", KeyKind::Note, &[4; 32]);
    let key = stranger.public();
    let check = Check { key, witnesses: &[], since: None, as_of: at(5 * HOUR) };
    names(&verify(&Folder(whole.path().to_owned()), &check).unwrap(), FaultKind::UnknownKey);
}

#[test]
fn leaves_that_were_dropped_doubled_or_moved_without_signing_anew_are_found() {
    for change in [
        |all: &mut Vec<Leaf>| _ = all.remove(30),
        |all: &mut Vec<Leaf>| all.swap(30, 31),
        |all: &mut Vec<Leaf>| all.insert(30, all[30].clone()),
    ] {
        let [good, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        write(good.path(), &day());
        let mut leaves = day();
        change(&mut leaves);
        write(other.path(), &leaves);
        let bundle = |folder: &Path| Folder(folder.to_owned()).read("tile/entries/000").unwrap().unwrap();
        Folder(good.path().to_owned()).write("tile/entries/000", &bundle(other.path())).unwrap();
        let report = check(good.path(), None);
        names(&report, FaultKind::RootDiffers);
        names(&report, FaultKind::TileAltered);
    }
}

fn witness(folder: &Path) -> Witness<Folder> {
    let signer = Signer::named_by_its_key("witness", KeyKind::Cosignature, &[5; 32]);
    Witness::new(Folder(folder.to_owned()), signer, vec![signer_key()])
}

fn signer_key() -> VerifierKey {
    signer().public().clone()
}

/// Asks the witness about a log's head, as the service does, and publishes what it signs.
fn cosign(log: &Path, witness: &Witness<Folder>, knows: u64) -> Result<(), Refusal> {
    let mut log = Log::open(Folder(log.to_owned()), signer()).unwrap();
    let request = Request::new(&log.reader(), log.note(), knows).unwrap().to_string();
    let said = witness.cosign(request.as_bytes(), || at(0).as_second().cast_unsigned())?;
    let answer = Answer::read(200, said.as_bytes(), &log.head().text(), witness.key()).unwrap();
    let Answer::Cosigned(line) = answer else { panic!("{said}") };
    log.cosigned(&[line]).unwrap();
    Ok(())
}

/// What is wrong with a log that this witness must have signed.
fn witnessed(folder: &Path, witness: &VerifierKey) -> Report {
    let (key, witnesses) = (signer_key(), [witness.clone()]);
    let check = Check { key: &key, witnesses: &witnesses, since: None, as_of: at(5 * HOUR) };
    let report = verify(&Folder(folder.to_owned()), &check).unwrap();
    let ours: BTreeSet<String> = report.faults.iter().map(|fault| kind(fault.kind)).collect();
    assert_eq!(by_the_other(folder, &key.to_string(), None, Some(witness)), ours, "both say the same");
    report
}

#[test]
fn a_witness_whose_signature_was_altered_or_is_not_there_is_named() {
    let [log, seen] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let witness = witness(seen.path());
    write(log.path(), &day());
    names(&witnessed(log.path(), witness.key()), FaultKind::Witness);
    cosign(log.path(), &witness, 0).unwrap();
    let report = witnessed(log.path(), witness.key());
    assert_eq!(report.faults, []);
    assert_eq!((report.witnesses[0].witness.as_str(), report.witnesses[0].at), (witness.key().name(), at(0)));
    assert_eq!(check(log.path(), None).faults, [], "and who knows no witness is not disturbed");
    // Its time, and its signature: each bit of the last line that base64 keeps.
    let files = Folder(log.path().to_owned());
    let good = String::from_utf8(files.read(CHECKPOINT).unwrap().unwrap()).unwrap();
    let line = good.trim_end().rsplit_once(' ').unwrap().1;
    for place in [8, 15, 40, 90] {
        let other = if &line[place..=place] == "A" { "B" } else { "A" };
        let mut bad = line.to_owned();
        bad.replace_range(place..=place, other);
        files.write(CHECKPOINT, good.replace(line, &bad).as_bytes()).unwrap();
        let report = witnessed(log.path(), witness.key());
        names(&report, FaultKind::Witness);
        assert_eq!(report.witnesses, []);
    }
    let stranger = Signer::new(witness.key().name(), KeyKind::Cosignature, &[6; 32]).unwrap();
    files.write(CHECKPOINT, good.as_bytes()).unwrap();
    names(&witnessed(log.path(), stranger.public()), FaultKind::Witness);
}

#[test]
fn a_history_that_was_rewritten_and_signed_anew_is_found_by_its_witness_alone() {
    let [honest, forked, seen] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let (leaves, witness) = (day(), witness(seen.path()));
    write(honest.path(), &leaves[..200]);
    cosign(honest.path(), &witness, 0).unwrap();
    // Who runs the log leaves out a worker's leaf of which nobody kept a checkpoint; nothing in it is wrong.
    write(forked.path(), &[&leaves[..190], &leaves[191..]].concat());
    assert_eq!(check(forked.path(), None).faults, []);
    assert!(matches!(cosign(forked.path(), &witness, 200), Err(Refusal::Inconsistent)));
    assert!(matches!(cosign(forked.path(), &witness, 0), Err(Refusal::Conflict(200))));
    names(&witnessed(forked.path(), witness.key()), FaultKind::Witness);
    // Nor does the signature on the honest head help it.
    let head = |folder: &Path| Folder(folder.to_owned()).read(CHECKPOINT).unwrap().unwrap();
    let [mut ours, theirs] = [forked.path(), honest.path()].map(|folder| Note::parse(&head(folder)).unwrap());
    ours.signatures.extend(theirs.signatures.into_iter().filter(|line| line.is_by(witness.key())));
    Folder(forked.path().to_owned()).write(CHECKPOINT, ours.to_string().as_bytes()).unwrap();
    names(&witnessed(forked.path(), witness.key()), FaultKind::Witness);
    write(honest.path(), &leaves[200..]);
    cosign(honest.path(), &witness, 200).unwrap();
    assert_eq!(witnessed(honest.path(), witness.key()).faults, [], "and the log that went on is its own");
}

#[test]
fn a_head_whose_signature_has_another_name_was_altered_and_one_by_another_key_is_by_an_unknown_key() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &day());
    let files = Folder(folder.path().to_owned());
    let good = String::from_utf8(files.read(CHECKPOINT).unwrap().unwrap()).unwrap();
    let [name, label] =
        ["\u{2014} portunus/", "\u{2014} "].map(|start| good.find(start).unwrap() + start.len());
    let number = good.rfind(' ').unwrap() + 1;
    for place in [name, label, number] {
        let mut bad = good.clone().into_bytes();
        bad[place] ^= 1;
        files.write(CHECKPOINT, &bad).unwrap();
        names(&witnessed(folder.path(), &signer_key()), FaultKind::CheckpointAltered);
    }
    let text = Note::parse(good.as_bytes()).unwrap().text;
    let stranger = Signer::new(signer_key().name(), KeyKind::Note, &[4; 32]).unwrap();
    let note = Note { signatures: vec![stranger.sign(&text, 0)], text };
    files.write(CHECKPOINT, note.to_string().as_bytes()).unwrap();
    names(&check(folder.path(), None), FaultKind::UnknownKey);
}
