//! `portunus policy`, `retain`, `backup` and `restore`, from outside, on a store that holds something.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

use jiff::{SignedDuration, Timestamp};
use portunus_core::biometric::PackId;
use portunus_core::document::{DocumentKey, DocumentKind, State};
use portunus_core::policy::PersonClass;
use portunus_core::ports::Entropy;
use portunus_store::{NewReference, PutReference, Store};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const US: &str = include_str!("../../../policies/us-2025.toml");

fn portunus(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portunus")).args(arguments).output().unwrap()
}

#[track_caller]
fn done(arguments: &[&str]) -> String {
    let output = portunus(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&done(arguments)).unwrap()
}

/// Unpredictable enough for a test: no two fills are alike.
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for piece in bytes.chunks_mut(8) {
            let n = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes();
            piece.copy_from_slice(&n[..piece.len()]);
        }
    }
}

/// Holds references of non-immigrants, due so many hours from now each.
fn holding(folder: &Path, due_in_hours: &[i64]) -> Timestamp {
    let now = Timestamp::now();
    let store = Store::open(folder, Arc::new(Counting(AtomicU64::new(1)))).unwrap();
    let began = now - SignedDuration::from_hours(72);
    for (n, hours) in due_in_hours.iter().enumerate() {
        let (issuer, kind) = (State::new("FRA").unwrap(), DocumentKind::new("P").unwrap());
        let document = DocumentKey::new(issuer, kind, &format!("X{n}")).ok().unwrap();
        let pack = PackId("test".to_owned());
        let new = NewReference {
            portrait: b"portrait",
            template: b"template",
            pack: &pack,
            class: PersonClass::NonImmigrant,
            erase_after: now + SignedDuration::from_hours(*hours),
        };
        assert!(matches!(store.put_reference(&document, &new, began), Ok(PutReference::Added(_))));
    }
    now
}

#[test]
fn the_packs_that_come_with_the_program_hold() {
    let said = done(&["policy", "check"]);
    assert!(said.contains("us-2025: nothing wrong") && said.contains("eu-ees: nothing wrong"), "{said}");
    let checked = json(&["policy", "check", "--json"]);
    assert_eq!(checked[1]["pack"], "eu-ees");
    assert_eq!(checked[1]["ok"], true);
}

#[test]
fn what_is_wrong_with_a_pack_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.toml");
    let text = US.replacen("keep = \"72 hours\"", "keep = \"72 hors\"", 1);
    std::fs::write(&file, &text).unwrap();
    let line = text.lines().position(|line| line.contains("hors")).unwrap() + 1;
    let output = portunus(&["policy", "check", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(&format!("broken.toml:{line}: ")), "{said}");

    // Gaps of several rules are all there, in JSON, too.
    std::fs::write(&file, US.replace("data = \"audit\"", "data = \"reference\"")).unwrap();
    let output = portunus(&["policy", "check", "--json", "us-2025", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let checked: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&checked[0]["ok"], &checked[1]["ok"]), (&true.into(), &false.into()));
    assert!(checked[1]["problems"].as_array().unwrap().len() >= 8, "{checked}");

    let output = portunus(&["policy", "check", "no-such-pack"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("built in: us-2025, eu-ees"));
}

#[test]
fn a_pack_is_said_in_words() {
    let said = done(&["policy", "explain", "--class", "non-immigrant", "--kind", "probe"]);
    assert!(said.contains("kept for 75 years from the capture"), "{said}");
    assert!(!said.contains("permanent resident") && !said.contains("reference portrait"), "{said}");
    let rules =
        json(&["policy", "explain", "eu-ees", "--class", "non-immigrant", "--kind", "crossing", "--json"]);
    assert_eq!(rules["retention"][0]["without_exit"], "5 years");
}

#[test]
fn a_change_is_said_in_words_and_against_what_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    holding(&data, &[-1, 0, 24]);
    let shorter = folder.path().join("shorter.toml");
    std::fs::write(&shorter, US.replacen("keep = \"72 hours\"", "keep = \"70 hours\"", 1)).unwrap();
    let (shorter, data) = (shorter.to_str().unwrap(), data.to_str().unwrap());
    let said = done(&["policy", "diff", "us-2025", shorter, "--data", data]);
    assert!(said.contains("was: kept for 72 hours from the import"), "{said}");
    let compared = json(&["policy", "diff", "us-2025", shorter, "--data", data, "--json"]);
    assert_eq!(compared["changes"].as_array().unwrap().len(), 4, "{compared}");
    // All three were taken in 72 hours ago: under 70 hours they are past their date.
    let [held] = &compared["held"].as_array().unwrap()[..] else { panic!("one kind: {compared}") };
    assert_eq!((&held["data"], &held["class"]), (&"reference".into(), &"non-immigrant".into()));
    assert_eq!((&held["at_once"], &held["later"]), (&3.into(), &0.into()), "{compared}");
    let none = json(&["policy", "diff", "us-2025", "us-2025", "--json"]);
    assert_eq!(none["changes"], serde_json::json!([]));
    assert_eq!(none.get("held"), None);
}

#[test]
fn what_is_due_is_told_and_only_then_erased() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    holding(&path, &[-48, -1, 5, 24 * 365 * 3]);
    let data = path.to_str().unwrap();
    for _ in 0..2 {
        let told = json(&["retain", "--dry-run", "--data", data, "--json"]);
        let [row] = &told["held"].as_array().unwrap()[..] else { panic!("one kind: {told}") };
        assert_eq!((&row["due_now"], &row["within_a_day"], &row["later"]), (&2.into(), &1.into(), &1.into()));
        assert!(told["late_seconds"].as_i64().unwrap() >= 48 * 3600, "{told}");
        assert_eq!((&told["erased"], &told["dry_run"]), (&0.into(), &true.into()));
    }
    let said = done(&["retain", "--dry-run", "--data", data]);
    assert!(said.contains("non-immigrant, reference") && said.contains("nothing was erased"), "{said}");
    assert!(done(&["retain", "--data", data]).ends_with("2 erased\n"));
    let left = json(&["retain", "--dry-run", "--data", data, "--json"]);
    assert_eq!((&left["held"][0]["due_now"], &left["late_seconds"]), (&0.into(), &0.into()), "{left}");

    let output = portunus(&["retain", "--data", folder.path().join("none").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!folder.path().join("none").exists(), "a folder that holds nothing is not made");
}

#[test]
fn what_was_erased_after_a_backup_is_not_in_what_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, backup, keys, restored) = (at("data"), at("backup"), at("keys"), at("restored"));
    holding(Path::new(&data), &[-1, 24, 24]);
    let made = json(&["backup", "--data", &data, "--to", &backup, "--keys-to", &keys, "--json"]);
    assert_eq!((&made["records"], &made["missing"]), (&3.into(), &serde_json::json!([])));
    assert!(!Path::new(&backup).join("keys.db").exists(), "data and keys apart");
    assert!(done(&["retain", "--data", &data]).ends_with("1 erased\n"));

    let output = portunus(&["restore", "--data", &restored, "--from", &backup]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("has no key ring"));
    std::fs::create_dir_all(&restored).unwrap();
    std::fs::copy(Path::new(&data).join("keys.db"), Path::new(&restored).join("keys.db")).unwrap();
    let back = json(&["restore", "--data", &restored, "--from", &backup, "--json"]);
    assert_eq!((&back["records"], &back["erased_again"]), (&3.into(), &1.into()), "{back}");
    let held = json(&["retain", "--dry-run", "--data", &restored, "--json"]);
    assert_eq!(
        (&held["held"][0]["due_now"], &held["held"][0]["within_a_day"]),
        (&0.into(), &2.into()),
        "{held}"
    );
    let again = portunus(&["restore", "--data", &restored, "--from", &backup]);
    assert_eq!(again.status.code(), Some(1), "never over what is there");
}

#[test]
fn a_clock_far_ahead_erases_nothing_until_somebody_says_that_it_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let now = holding(&path, &[-1]);
    let data = path.to_str().unwrap();
    // Last looked after a month ago, as far as the folder knows.
    let store = Store::open(&path, Arc::new(Counting(AtomicU64::new(1 << 40)))).unwrap();
    store.believe_clock(now - SignedDuration::from_hours(30 * 24)).unwrap();
    drop(store);
    let output = portunus(&["retain", "--data", data]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--confirm-clock"));
    assert_eq!(json(&["retain", "--dry-run", "--data", data, "--json"])["held"][0]["due_now"], 1);
    assert!(done(&["retain", "--confirm-clock", "--data", data]).ends_with("1 erased\n"));
}

#[test]
fn a_locked_key_ring_opens_with_its_secret_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    holding(&path, &[-1, 24]);
    let (data, secret) = (path.to_str().unwrap(), folder.path().join("secret"));
    std::fs::write(&secret, "short\n").unwrap();
    let protect = ["keys", "protect", "--with", secret.to_str().unwrap(), "--data", data];
    assert_eq!(portunus(&protect).status.code(), Some(1), "too short");
    std::fs::write(&secret, "four words and a horse\n").unwrap();
    done(&protect);
    let without = portunus(&["retain", "--data", data]);
    assert_eq!(without.status.code(), Some(1));
    assert!(String::from_utf8(without.stderr).unwrap().contains("no secret was given"));
    // As systemd hands credentials over.
    std::fs::rename(&secret, folder.path().join("portunus-keys")).unwrap();
    let with = Command::new(env!("CARGO_BIN_EXE_portunus"))
        .args(["retain", "--data", data])
        .env("CREDENTIALS_DIRECTORY", folder.path())
        .output()
        .unwrap();
    assert!(String::from_utf8(with.stdout).unwrap().ends_with("1 erased\n"));
}

#[test]
fn an_unknown_word_on_the_command_line_is_named_with_the_known_ones() {
    let output = portunus(&["policy", "explain", "--class", "stranger"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("stranger") && said.contains("permanent-resident"), "{said}");
}
