//! A small border for the tests: one gate, one device, one voyage.
#![allow(dead_code, unreachable_pub, reason = "each test file uses what it needs of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use portunus_core::accuracy::Measured;
use portunus_core::biometric::{Candidate, Candidates, PackId, Rate, Score};
use portunus_core::capture::SignedCapture;
use portunus_core::decide::{Decision, Presented, Reason};
use portunus_core::designation::{Approved, Draft};
use portunus_core::document::{DocumentKey, DocumentKind, State};
use portunus_core::encounter::{Boarding, Encounter, Lane, Method, Ruled, Ruling, Stage};
use portunus_core::id::*;
use portunus_core::leaf::{Bytes32, Signature};
use portunus_core::place::{CrossingPoint, Designation, Direction, PointKind};
use portunus_core::policy::PersonClass;
use portunus_core::ports::Entropy;
use portunus_core::voyage::*;
use portunus_store::*;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Random enough for tests, and the same in every run (splitmix64).
pub struct Seeded(AtomicU64);

impl Seeded {
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(seed.wrapping_mul(0x1234_5678_9abc_def1))))
    }
}

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_be_bytes()[..chunk.len()]);
        }
    }
}

pub fn open(folder: &Path, seed: u64) -> Store {
    Store::open(folder, Seeded::new(seed)).expect("the store opens")
}

/// A store in a folder that is gone with it.
pub fn fresh() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), 1);
    (folder, store)
}

/// What two people stand for, its owner and contractors having attested at `when`.
pub fn approved(designation: &Designation, when: Timestamp) -> Approved {
    let mut draft = Draft::new(designation.clone(), "drafter", when);
    for party in draft.unattested() {
        draft.attest(&party, "somebody", when).unwrap();
    }
    draft.approved("approver", when).unwrap()
}

/// What is to be designated of a gate at a port from `when` on; the gate is made.
pub fn designation_of_a_gate(store: &Store, port: &str, when: Timestamp) -> Designation {
    let point = CrossingPoint {
        id: PointId::from_bytes([0x6a; 16]),
        name: "a gate".into(),
        port: port.into(),
        direction: Direction::Exit,
        kind: PointKind::BoardingGate,
    };
    assert_eq!(store.put_point(&point).unwrap(), PutPoint::Stored);
    Designation {
        id: DesignationId::from_bytes([0x6b; 16]),
        point: point.id,
        legal_basis: "8 CFR 215.8".into(),
        from: when,
        until: None,
        device_owner: "Port".into(),
        contractors: Vec::new(),
        manual_wait_ceiling_seconds: 600,
        hours: None,
    }
}

/// `seconds` after noon of the day of the tests.
pub fn at(seconds: i64) -> Timestamp {
    "2026-11-23T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

pub const HOUR: i64 = 3600;
pub const POINT: PointId = PointId::from_bytes(*b"point-----------");
pub const DEVICE: DeviceId = DeviceId::from_bytes(*b"device----------");
pub const OFFICER: UserId = UserId::from_bytes(*b"officer---------");

pub fn encounter_id(n: u8) -> EncounterId {
    let mut bytes = *b"encounter-------";
    bytes[15] = n;
    EncounterId::from_bytes(bytes)
}

pub fn key(n: u8) -> IdempotencyKey {
    IdempotencyKey::from_bytes([n; 16])
}

pub fn gate() -> CrossingPoint {
    CrossingPoint {
        id: POINT,
        name: "JFK B22".into(),
        port: "JFK".into(),
        direction: Direction::Exit,
        kind: PointKind::BoardingGate,
    }
}

pub fn document(number: &str) -> DocumentKey {
    DocumentKey::new(State::new("UTO").unwrap(), DocumentKind::new("P").unwrap(), number).ok().unwrap()
}

pub fn person(family_name: &str, number: &str) -> ManifestPerson {
    ManifestPerson {
        born: Some(Date::constant(1974, 8, 12)),
        sex: Some(Sex::F),
        nationality: State::new("UTO").ok(),
        documents: if number.is_empty() { Vec::new() } else { vec![document(number)] },
        ..ManifestPerson::named(Capacity::Passenger, family_name, "ANNA MARIA")
    }
}

pub fn flight() -> VoyageKey {
    VoyageKey::new("LH", "400", Date::constant(2026, 11, 23)).unwrap()
}

pub fn manifest(action: ManifestAction, people: Vec<ManifestPerson>) -> Manifest {
    let leg = Leg { from: "JFK".into(), to: "FRA".into(), departs: None, arrives: None };
    Manifest { voyage: flight(), legs: vec![leg], action, people }
}

pub fn apply(store: &Store, action: ManifestAction, people: Vec<ManifestPerson>) -> Applied {
    match store.apply_manifest(&manifest(action, people), at(0)).unwrap() {
        ManifestOutcome::Applied(applied) => applied,
        ManifestOutcome::Refused { status, .. } => panic!("refused: {status:?}"),
    }
}

/// The gate with its device, an open voyage assigned to it, and the passengers ALPHA, BRAVO, CHARLIE.
pub fn open_voyage(store: &Store) -> (VoyageId, Vec<PassengerId>) {
    assert_eq!(store.put_point(&gate()).unwrap(), PutPoint::Stored);
    if store.device(DEVICE).unwrap().is_none() {
        store.put_enrolment([1; 32], POINT, at(HOUR)).unwrap();
        store.enrol([1; 32], DEVICE, [2; 32], at(0)).unwrap().expect("enrolled");
    }
    let people = vec![person("ALPHA", "L1"), person("BRAVO", "L2"), person("CHARLIE", "L3")];
    let voyage = apply(store, ManifestAction::Replace, people).voyage;
    let _ = store.set_status(voyage, VoyageStatus::Scheduled, VoyageStatus::Open, at(0)).unwrap();
    store.assign_voyage(POINT, Some(voyage), at(0)).unwrap();
    let passengers = store.passengers(voyage).unwrap().iter().map(|p| p.passenger.id).collect();
    (voyage, passengers)
}

pub fn at_gate(id: EncounterId, voyage: VoyageId, joined: Timestamp) -> Encounter {
    Encounter {
        id,
        point: POINT,
        voyage,
        device: Some(DEVICE),
        lane: Lane::Photo,
        claims_citizenship: false,
        presented: Presented::Nothing,
        stage: Stage::AtGate,
        attempts: 0,
        decision: None,
        class: PersonClass::Unknown,
        passenger: None,
        probe: None,
        joined_at: joined,
        served_at: None,
        done_at: None,
        taken_at: None,
        confidential: false,
    }
}

/// What a device signed of a capture; the store believes whoever verified it.
pub const SIGNED: SignedCapture = SignedCapture {
    designation: portunus_core::id::DesignationId::from_bytes([21; 16]),
    notice: Bytes32([22; 32]),
    signature: Signature([23; 64]),
};

/// A request with fresh nonce `n`, uncounted, whose body is its key.
pub fn request(store: &Store, key: IdempotencyKey, nonce: u8) -> Admission {
    Admission {
        key,
        device: DEVICE,
        body_mac: store.body_mac(&key.bytes()),
        counter: 0,
        counted: None,
        nonce: [nonce; 16],
        created: at(0),
    }
}

/// A new encounter, begun by a request of its own.
pub fn begin(store: &Store, n: u8, voyage: VoyageId, joined: Timestamp) -> Encounter {
    let encounter = at_gate(encounter_id(n), voyage, joined);
    assert_eq!(store.admit(&request(store, key(n), n), joined).unwrap(), Admit::New);
    assert_eq!(store.begin(&encounter, key(n), "camera", SIGNED.notice, joined).unwrap(), Committed::Done);
    encounter
}

pub fn boarding(passenger: PassengerId, at: Timestamp) -> Boarding {
    Boarding { passenger, at, method: Method::FaceMatched, entered_later: false, admitted: None }
}

/// A search that gave these people, best first, at a threshold of 0.5.
pub fn measured(best: &[(PassengerId, f32)]) -> Measured {
    let candidate = |&(passenger, score): &(PassengerId, f32)| Candidate {
        passenger,
        score: Score(score),
        false_match_rate: Rate::new(1e-5).unwrap(),
    };
    let pack = PackId("pack@1".into());
    let candidates = Candidates {
        pack: pack.clone(),
        threshold: Score(0.5),
        tie_margin: 0.01,
        gallery_people: 3,
        best: best.iter().map(candidate).collect(),
    };
    Measured { pack, score_type: "raw".into(), candidates: Some(candidates) }
}

/// What the machine says of it: confirmed, or referred for want of a candidate.
pub fn decision(measured: &Measured) -> Decision {
    match measured.candidates.as_ref().unwrap().found() {
        Some(comparison) => Decision::Confirmed { comparison },
        None => Decision::Refer { reasons: vec![Reason::NoCandidate], comparison: None },
    }
}

pub fn ruled(ruling: Ruling) -> Ruled {
    Ruled { ruling, author: OFFICER, reason: "seen".into(), at: at(30) }
}

pub const SHOW: Access = Access {
    by: Reader::Officer(OFFICER),
    purpose: Purpose::ShowToOfficer,
    within: Within::Voyage(VoyageId::from_bytes([8; 16])),
};

/// Every file under `folder` that holds `bytes`.
pub fn files_with(folder: &Path, bytes: &[u8]) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, bytes));
        } else if std::fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes) {
            found.push(path);
        }
    }
    found
}

/// The records whose bucket's key is in keys.db, with every such key that is of no record; record rows; blob files, and records in rows. Each
/// sorted: all three are the same when nothing is orphan.
pub fn vault(folder: &Path) -> [Vec<String>; 3] {
    let data = rusqlite::Connection::open(folder.join("data.db")).unwrap();
    data.execute("ATTACH ?1 AS keys", [folder.join("keys.db").to_str().unwrap()]).unwrap();
    let column = |sql: &str| -> Vec<String> {
        let mut find = data.prepare(sql).unwrap();
        find.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut blobs = Vec::new();
    for drawer in std::fs::read_dir(folder.join("blobs")).unwrap() {
        for blob in std::fs::read_dir(drawer.unwrap().path()).unwrap() {
            blobs.push(blob.unwrap().file_name().into_string().unwrap());
        }
    }
    blobs.extend(column("SELECT lower(hex(id)) FROM record WHERE content IS NOT NULL"));
    blobs.sort();
    [
        column(
            "SELECT lower(hex(id)) FROM record JOIN bucket_key USING (bucket)
             UNION ALL SELECT 'key ' || hex(bucket) FROM bucket_key WHERE bucket NOT IN (SELECT bucket FROM record)
             UNION ALL SELECT 'moved ' || hex(record) FROM moved WHERE record NOT IN (SELECT id FROM record)
             UNION ALL SELECT 'row ' || hex(id) FROM bucket WHERE id NOT IN (SELECT bucket FROM record)
             UNION ALL SELECT 'note ' || hex(record) FROM sealing ORDER BY 1",
        ),
        column("SELECT lower(hex(id)) FROM record ORDER BY 1"),
        blobs,
    ]
}
