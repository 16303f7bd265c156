//! The published ledger as outsiders get it: over TLS from the service, from a folder, and after an upgrade.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

mod support;

use rusqlite::Connection;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use support::{House, Options, Staff, models_are_here};

fn verify(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portunus")).arg("verify").args(args).output().unwrap()
}

/// What `verify --json` says, once the log has as many devices as were enrolled.
fn report(args: &[&str]) -> Value {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let output = verify(&[args, &["--json"]].concat());
        let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        if said["stated"]["devices"] == 1 {
            assert_eq!(said["fault_count"], 0, "{said}");
            assert!(output.status.success());
            return said;
        }
        assert!(Instant::now() < until, "{said} {}", String::from_utf8_lossy(&output.stderr));
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn anybody_reads_and_checks_the_log_over_tls_and_nothing_else_of_the_folder() {
    if !models_are_here() {
        return;
    }
    let house = House::start(Options::default());
    let staff = Staff::hire(&house);
    let url = format!("{}/ledger/", house.url());
    let (ca, seen) = (house.folder().join("tls/cert.pem"), house.folder().with_file_name("seen"));
    let (ca, seen) = (ca.to_str().unwrap(), seen.to_str().unwrap());
    let first = report(&[&url, "--ca", ca, "--keep", seen]);
    assert_eq!(std::fs::read_to_string(seen).unwrap(), first["checkpoint"].as_str().unwrap());
    let key = String::from_utf8(house.anybody().get("/ledger/key").body).unwrap();
    let again = report(&[house.folder().to_str().unwrap(), "--key", &key, "--since", seen]);
    assert!(again["size"].as_u64() >= first["size"].as_u64());
    for path in ["lock", "", "tile/0", "..%2fkeys.db", "tile/..%2f..%2fkeys.db", "tile/0/999"] {
        assert_eq!(house.anybody().get(&format!("/ledger/{path}")).status, 404, "{path}");
    }
    drop(staff);
    house.stop();
    // A stranger's key, and a bit.
    let folder = house.folder().join("ledger");
    let folder = folder.to_str().unwrap();
    let stranger = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let unknown = verify(&[folder, "--key", stranger]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8(unknown.stdout).unwrap().contains("FAULT unknown-key"));
    let tile = format!("{folder}/tile/0/000.p/{}", again["size"]);
    let mut bytes = std::fs::read(&tile).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&tile, bytes).unwrap();
    let altered = verify(&[folder]);
    assert!(String::from_utf8(altered.stdout).unwrap().contains("FAULT tile-altered leaf 1"));
}

/// Makes a folder what it was before there was a ledger: a designation of long ago, nothing stated.
fn before_the_ledger(folder: &Path) {
    let data = Connection::open(folder.join("data.db")).unwrap();
    data.execute_batch(
        "UPDATE designation SET stated = 0, from_at = from_at - 400000000000;
         UPDATE device SET stated = 0;
         DELETE FROM outbox; DELETE FROM sequenced; DELETE FROM stated; UPDATE ledger_head SET size = 0;",
    )
    .unwrap();
    std::fs::remove_dir_all(folder.join("ledger")).unwrap();
}

#[test]
fn what_an_older_version_designated_is_declared_and_no_fault() {
    if !models_are_here() {
        return;
    }
    let house = House::start(Options::default());
    let _ = Staff::hire(&house);
    let folder = house.folder();
    report(&[folder.to_str().unwrap()]);
    house.stop();
    before_the_ledger(&folder);
    house.restart(None);
    let report = report(&[folder.to_str().unwrap()]);
    let declared = report["declared"].as_array().unwrap();
    let before = "1 designations are from before the log's first policy";
    assert!(declared.iter().any(|what| what == before), "{declared:?}");
}
