//! How the service has its heads witnessed: by a witness in this process, which is asked as one at an address is.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has randomness"
)]

mod support;

use jiff::{SignedDuration, Timestamp};
use portunus_core::leaf::{Instant, Leaf};
use portunus_core::policy::Policy;
use portunus_core::ports::{Clock, Entropy};
use portunus_ledger::log::Folder;
use portunus_ledger::note::{KeyKind, Signer, VerifierKey};
use portunus_ledger::verify::{Check, verify};
use portunus_ledger::witness::{Refusal, Witness};
use portunus_server::service::{AskWitness, Parts, Service};
use portunus_store::Store;
use std::path::Path;
use std::sync::{Arc, Mutex};

struct Hands(Mutex<Timestamp>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct Random;

impl Entropy for Random {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

/// A witness without a network between; what it answered, by status.
struct Near {
    witness: Witness<Folder>,
    expected: VerifierKey,
    answered: Arc<Mutex<Vec<u16>>>,
    clock: Arc<Hands>,
}

impl AskWitness for Near {
    fn key(&self) -> &VerifierKey {
        &self.expected
    }

    fn ask(&self, request: &str) -> Result<(u16, Vec<u8>), String> {
        let said = self.witness.cosign(request.as_bytes(), || self.clock.now().as_second().cast_unsigned());
        let (status, body) = match said {
            Ok(line) => (200, line),
            Err(Refusal::Conflict(size)) => (409, format!("{size}\n")),
            Err(other) => (other.status(), other.to_string()),
        };
        self.answered.lock().unwrap().push(status);
        Ok((status, body.into_bytes()))
    }
}

/// A service on a folder, with two witnesses: one of which another key is expected than it has.
struct Border {
    service: Service,
    clock: Arc<Hands>,
    answered: Arc<Mutex<Vec<u16>>>,
    told: u64,
}

impl Border {
    fn open(data: &Path, seen: &Path, at: i64) -> Self {
        let clock = Arc::new(Hands(Mutex::new(Timestamp::from_second(1_795_500_000 + at).unwrap())));
        let pack =
            portunus_biometrics::pack::Pack::load(&support::cache().join("packs/opencv-zoo")).ok().unwrap();
        let service = Service::new(Parts {
            store: Store::open(data, Arc::new(Random)).unwrap(),
            engine: Arc::new(support::engine()),
            calibration: pack.calibration().clone(),
            policy: Policy::from_toml(include_str!("../../../policies/us-2025.toml")).unwrap(),
            clock: clock.clone(),
            entropy: Arc::new(Random),
        });
        let answered = Arc::new(Mutex::new(Vec::new()));
        let near = |name: &str, secret: u8, expected: &VerifierKey| -> Box<dyn AskWitness> {
            let signer = Signer::named_by_its_key("witness", KeyKind::Cosignature, &[secret; 32]);
            let witness = Witness::new(Folder(seen.join(name)), signer, vec![service.ledger_key().unwrap()]);
            let answered = if name == "true" { answered.clone() } else { Arc::default() };
            Box::new(Near { witness, expected: expected.clone(), answered, clock: clock.clone() })
        };
        service.set_witnesses(vec![near("true", 5, &key(5)), near("false", 6, &key(7))]);
        Self { service, clock, answered, told: at.unsigned_abs() }
    }

    /// Tells one more leaf, and publishes; gives the witness's answers, and when it signed what is published now.
    fn publish(&mut self) -> (Vec<u16>, Option<Timestamp>) {
        *self.clock.0.lock().unwrap() += SignedDuration::from_secs(60);
        self.told += 1;
        let (holds, at) = (self.told, Instant::new(self.clock.now()));
        let leaf = Leaf::Cases { holds, requests: 0, access: 0, corrections: 0, contests: 0, at };
        self.service.store().state(&leaf).unwrap();
        assert!(self.service.publish_ledger().unwrap() > 0);
        self.service.witness_ledger().unwrap();
        let head = self.service.ledger_head().unwrap().unwrap();
        assert_eq!(head.witnesses.iter().map(|one| one.key.clone()).collect::<Vec<_>>(), [key(5), key(7)]);
        assert_eq!(head.witnesses[1].at, None, "a signature by another key than expected is not taken");
        assert_eq!(head.checkpoint.matches("witness/").count(), usize::from(head.witnesses[0].at.is_some()));
        assert!(head.checkpoint.starts_with(&format!("{}\n{}\n", head.origin, head.size)));
        (std::mem::take(&mut self.answered.lock().unwrap()), head.witnesses[0].at)
    }
}

fn key(secret: u8) -> VerifierKey {
    Signer::named_by_its_key("witness", KeyKind::Cosignature, &[secret; 32]).public().clone()
}

#[test]
fn each_head_is_signed_from_where_the_witness_is_and_a_history_that_was_put_back_is_not() {
    if !support::models_are_here() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let [data, old, seen] = ["data", "old", "seen"].map(|name| home.path().join(name));
    let mut border = Border::open(&data, &seen, 0);
    assert_eq!(border.publish(), (vec![200], Some(border.clock.now())), "the first, from nothing");
    assert_eq!(border.publish(), (vec![200], Some(border.clock.now())), "where it is, is remembered");
    assert_eq!(border.service.publish_ledger().unwrap(), 0);
    assert_eq!(border.answered.lock().unwrap().len(), 0, "what is signed is not asked for again");
    drop(border);
    copy(&data, &old);

    let mut border = Border::open(&data, &seen, 1000);
    assert_eq!(
        border.publish(),
        (vec![409, 200], Some(border.clock.now())),
        "after a start it says where it is"
    );
    assert_eq!(border.publish(), (vec![200], Some(border.clock.now())));
    assert_eq!(border.publish(), (vec![200], Some(border.clock.now())));
    let files = Folder(data.join("ledger"));
    let (log, witnesses) = (border.service.ledger_key().unwrap(), [key(5)]);
    let check = Check { key: &log, witnesses: &witnesses, since: None, as_of: border.clock.now() };
    assert_eq!(verify(&files, &check).unwrap().faults, []);
    drop(border);

    // The whole folder is put back, the published log with it, and another history begun: nobody kept a checkpoint.
    let mut border = Border::open(&old, &seen, 5000);
    assert_eq!(border.publish(), (vec![409], None), "it is ahead");
    assert_eq!(border.publish(), (vec![], None), "and stays so");
    assert_eq!(
        border.publish(),
        (vec![422], None),
        "as long as what it signed, or longer, it is another history"
    );
    let files = Folder(old.join("ledger"));
    let report = verify(&files, &Check { as_of: border.clock.now(), ..check }).unwrap();
    assert_eq!(report.faults.len(), 1, "{:?}", report.faults);
    let alone = Check { witnesses: &[], as_of: border.clock.now(), key: &log, since: None };
    assert_eq!(verify(&files, &alone).unwrap().faults, [], "without the witness nothing is wrong with it");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
