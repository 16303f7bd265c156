//! `portunus bench` ends well with peers, without them, and with one that dies.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

const FLAT: &str = "search/420/f32/1-query/1-thread/faiss-flat";

/// A `python3` that installs nothing and answers as a peer would.
const STAND_IN: &str = r#"#!/bin/sh
case "$*" in
*"-m pip --version"*) exit 0 ;;
*"-m pip install"*)
    while [ $# -gt 0 ]; do
        [ "$1" = --target ] && mkdir -p "$2"
        shift
    done ;;
*platform.machine*) echo cpython-3 anywhere ;;
*)
    while read -r line; do
        case "$line" in
        *versions*) echo '{"ok": {"faiss-cpu": "9.9"}}' ;;
        *load-search*) echo '{"ok": true}' ;;
        *nearest*) echo '{"ok": [7]}' ;;
        *run-search*) SEARCH ;;
        esac
    done ;;
esac
"#;

/// Runs it with nothing but `programs` to run; gives what it printed.
fn bench(programs: &Path, only: &str, json: bool) -> String {
    bench_with(programs, only, if json { &["--json"] } else { &[] })
}

fn bench_with(programs: &Path, only: &str, more: &[&str]) -> String {
    let cache = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_portunus"));
    command.args(["bench", "--quick", "--only", only, "--cache"]).arg(cache.path()).args(more);
    let output = command.env("PATH", programs).output().unwrap();
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    stdout
}

/// A folder with a `python3` that does `search` when it is asked to, and what a shell script needs.
fn python(search: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("python3");
    std::fs::write(&path, STAND_IN.replace("SEARCH", search)).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mkdir = ["/bin/mkdir", "/usr/bin/mkdir"].into_iter().find(|path| Path::new(path).exists()).unwrap();
    std::os::unix::fs::symlink(mkdir, folder.path().join("mkdir")).unwrap();
    folder
}

fn only_record(stdout: &str) -> Value {
    let printed: Value = serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"));
    assert!(printed["machine"]["cores"].as_u64().unwrap() >= 1);
    let [record] = printed["comparisons"].as_array().unwrap().as_slice() else {
        panic!("one record: {stdout}")
    };
    assert_eq!((&record["name"], &record["unit"]), (&FLAT.into(), &"µs".into()));
    assert!(record["ours"].as_f64().unwrap() > 0.0);
    record.clone()
}

#[test]
fn ours_and_the_peers_time_make_a_ratio() {
    let programs = python(r#"echo '{"ok": 4000}'"#);
    let record = only_record(&bench(programs.path(), FLAT, true));
    assert_eq!(
        (&record["peer"], record["peer_name"].as_str()),
        (&4.0.into(), Some("faiss-cpu 9.9 IndexFlatIP"))
    );
    let (ours, ratio) = (record["ours"].as_f64().unwrap(), record["ratio"].as_f64().unwrap());
    assert!((ratio - ours / 4.0).abs() < 1e-9 * ratio);
    let note = record["note"].as_str().unwrap();
    assert!(note.contains("another best row for 1 of 1"), "what it finds is compared: {note}");
}

#[test]
fn without_python_every_peer_is_said_to_be_missing_and_why() {
    let nothing = tempfile::tempdir().unwrap();
    let record = only_record(&bench(nothing.path(), FLAT, true));
    assert!(record["peer"].is_null() && record["ratio"].is_null());
    assert!(record["note"].as_str().unwrap().contains("python3 was not found"), "{record}");
    let text = bench(nothing.path(), FLAT, false);
    assert!(text.contains("missing") && text.contains("python3 was not found"), "{text}");
}

#[test]
fn a_peer_that_dies_is_missing_with_its_last_words() {
    let programs = python("echo out of luck >&2; exit 3");
    let record = only_record(&bench(programs.path(), FLAT, true));
    assert!(record["peer"].is_null(), "{record}");
    let note = record["note"].as_str().unwrap();
    assert!(note.contains("ended") && note.contains("out of luck"), "{note}");
}

#[test]
fn a_name_that_nothing_has_is_refused_with_those_that_there_are() {
    let output = Command::new(env!("CARGO_BIN_EXE_portunus"))
        .args(["bench", "--only", "search/43", "--cache", "/nowhere"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("search/43") && told.contains(FLAT), "{told}");
}

#[test]
fn leaves_published_are_set_beside_the_limit() {
    let nothing = tempfile::tempdir().unwrap();
    let printed: Value = serde_json::from_str(&bench(nothing.path(), "ledger", true)).unwrap();
    let record = &printed["comparisons"][0];
    assert_eq!((&record["name"], &record["peer"]), (&"ledger/sequenced".into(), &10_000.0.into()));
    assert_eq!((&record["unit"], &record["better"]), (&"leaves/s".into(), &"higher".into()));
    assert!(record["ours"].as_f64().unwrap() > 0.0 && record["ratio"].as_f64().unwrap() > 0.0, "{record}");
}

/// What of a small measurement is set beside a peer or a limit of the same run, with the memory of processes of their own.
fn ratios(only: &str, more: &[&str]) -> Vec<String> {
    let nothing = tempfile::tempdir().unwrap();
    let printed = bench_with(nothing.path(), only, &[more, &["--json"]].concat());
    let printed: Value = serde_json::from_str(&printed).unwrap();
    let records = printed["comparisons"].as_array().unwrap();
    for record in records {
        assert!(
            record["peer"].as_f64().unwrap() > 0.0 && record["ratio"].as_f64().unwrap() > 0.0,
            "{record}"
        );
        if record["unit"].as_str().unwrap().starts_with("bytes/") {
            let bytes = record["ours"].as_f64().unwrap();
            assert!((50.0..1e6).contains(&bytes), "{record}");
        }
    }
    records.iter().map(|record| record["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn crossings_paired_are_set_beside_the_plain_way() {
    let names = ratios("stays", &["--stays", "20000"]);
    let wanted = ["at-once", "one-by-one", "memory", "memory-one-by-one"];
    assert_eq!(names, wanted.map(|what| format!("stays/20000/{what}")));
}

#[test]
fn questions_to_lookouts_are_set_beside_the_limits() {
    let names = ratios("lookouts", &["--lookouts", "5000"]);
    assert_eq!(names, ["lookouts/p50", "lookouts/p99", "lookouts/memory"]);
}
