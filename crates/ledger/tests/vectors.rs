//! The public vectors: RFC 6962 proofs, and a log that another program wrote. Skipped, loudly, where they are not.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test that cannot go on fails")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use portunus_ledger::log::{Folder, Reader};
use portunus_ledger::merkle::*;
use portunus_ledger::note::*;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn vectors() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/tlog");
    if !folder.is_dir() {
        eprintln!("SKIPPED: the vectors of ../shared are not here");
        return None;
    }
    Some(folder)
}

fn cases(folder: &Path, all: &mut Vec<Value>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            cases(&path, all);
        } else if path.extension().is_some_and(|e| e == "json") {
            all.push(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap());
        }
    }
}

/// A hash that has 32 bytes; others could not be asked about.
fn hash(value: &Value) -> Option<Hash> {
    let bytes = BASE64.decode(value.as_str().unwrap_or_default()).unwrap();
    bytes.try_into().ok()
}

fn proof(case: &Value) -> Option<Vec<Hash>> {
    case["proof"].as_array().map_or(Some(Vec::new()), |all| all.iter().map(hash).collect())
}

#[test]
fn every_proof_of_the_vectors_is_judged_as_they_say() {
    let Some(folder) = vectors() else { return };
    for (name, least) in [("inclusion", 80), ("consistency", 40)] {
        let mut all = Vec::new();
        cases(&folder.join("merkle").join(name), &mut all);
        assert!(all.len() >= least, "{}", all.len());
        for case in all {
            let n = |name: &str| case[name].as_u64();
            let holds = match name {
                "inclusion" => (|| {
                    let (leaf, root) = (hash(&case["leafHash"])?, hash(&case["root"])?);
                    Some(verify_inclusion(n("leafIdx")?, n("treeSize")?, &leaf, &proof(&case)?, &root))
                })(),
                _ => (|| {
                    let (one, two) = (hash(&case["root1"])?, hash(&case["root2"])?);
                    Some(verify_consistency(n("size1")?, n("size2")?, &one, &two, &proof(&case)?))
                })(),
            };
            assert_eq!(!holds.unwrap_or(false), case["wantErr"].as_bool().unwrap(), "{name}: {case}");
        }
    }
}

#[test]
fn a_log_of_another_program_is_read_and_each_of_its_checkpoints_is_its_beginning() {
    let Some(folder) = vectors() else { return };
    let folder = folder.join("tessera/log");
    let read = |name: &str| {
        let note = Note::parse(&std::fs::read(folder.join(name)).unwrap()).unwrap();
        assert_eq!(note.to_string().as_bytes(), std::fs::read(folder.join(name)).unwrap());
        Checkpoint::parse(&note.text).unwrap()
    };
    let head = read("checkpoint");
    assert!(head.size >= 15);
    let reader = Reader::new(Folder(folder.clone()), head.size);
    assert_eq!(reader.root(head.size).unwrap(), head.root);
    let (first, leaves) = reader.bundle(0).unwrap();
    assert_eq!((first, leaves.len() as u64), (0, head.size));
    for (index, leaf) in (0..).zip(&leaves) {
        let proof = reader.prove_inclusion(index).unwrap();
        assert!(verify_inclusion(index, head.size, &leaf_hash(leaf), &proof, &head.root));
    }
    for n in 0..=15 {
        let earlier = read(&format!("checkpoint.{n}"));
        let proof = reader.prove_consistency(earlier.size).unwrap();
        assert!(verify_consistency(earlier.size, head.size, &earlier.root, &head.root, &proof), "{n}");
    }
}

#[test]
fn the_note_of_the_specification_verifies() {
    let key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let note = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    let known = VerifierKey::parse(key).unwrap();
    assert_eq!(known.to_string(), key);
    let note = Note::parse(note.as_bytes()).unwrap();
    assert_eq!(known.verify(&note), Ok(None));
    let other = Note { text: note.text.replace("an", "one"), ..note.clone() };
    assert!(matches!(known.verify(&other), Err(NoteError::BadSignature(_))));
    assert!(VerifierKey::parse(&key.replace("530d", "530e")).is_err());
    let stranger = Signer::new("example.com/foo", KeyKind::Note, &[7; 32]).unwrap();
    assert!(matches!(stranger.public().verify(&note), Err(NoteError::NotSigned(_))));
}
