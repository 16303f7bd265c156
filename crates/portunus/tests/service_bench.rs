//! `portunus bench --only service`: the load tool itself, on a small gallery and for seconds. Ignored, for it takes
//! about a minute: `cargo test -p portunus --test service_bench -- --ignored`.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

mod support;

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::models_are_here;

/// What the benchmark made: ONNX Runtime leaves a file `.ses` of its own in the folder for temporary files.
fn left_in(folder: &Path) -> usize {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with("portunus-bench-")).count()
}

#[test]
#[ignore = "takes about a minute"]
fn a_quick_load_answers_everyone_and_leaves_nothing_behind() {
    if !models_are_here() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let mut bench = Command::new(env!("CARGO_BIN_EXE_portunus"));
    bench.args(["bench", "--only", "service", "--quick", "--json"]).env("TMPDIR", scratch.path());
    let output = bench.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let comparisons = printed["comparisons"].as_array().unwrap();
    let found = |name: &str| {
        let found = comparisons.iter().find(|made| made["name"] == name);
        found.unwrap_or_else(|| panic!("{name} was not measured")).clone()
    };
    for name in [
        "service/staging/42",
        "service/restart/420",
        "service/load/420/5-per-second/p50",
        "service/load/420/5-per-second/p99",
    ] {
        assert!(found(name)["ours"].as_f64().unwrap() > 0.0, "{name}");
    }
    let note = found("service/load/420/5-per-second/p99")["note"].as_str().unwrap().to_owned();
    assert!(note.contains("no failure") && note.contains("referred (NoCandidate)"), "{note}");
    assert_eq!(left_in(scratch.path()), 0, "something was left in the folder");
}

#[test]
#[ignore = "takes some seconds, and the machine's models"]
fn told_to_stop_it_takes_the_service_and_its_data_with_it() {
    use rustix::process::{Pid, Signal, kill_process};
    if !models_are_here() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let mut bench = Command::new(env!("CARGO_BIN_EXE_portunus"));
    bench.args(["bench", "--only", "service/restart", "--quick", "--json"]).env("TMPDIR", scratch.path());
    let mut bench = bench.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let children = || {
        let listed = format!("/proc/{0}/task/{0}/children", bench.id());
        std::fs::read_to_string(listed).unwrap_or_default().split_whitespace().next().map(str::to_owned)
    };
    let until = Instant::now() + Duration::from_secs(60);
    // Of the child, which some thread may have started.
    let pid = loop {
        if let Some(pid) = children() {
            break pid;
        }
        assert!(Instant::now() < until, "no service was started");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(left_in(scratch.path()) > 0);
    kill_process(Pid::from_raw(i32::try_from(bench.id()).unwrap()).unwrap(), Signal::TERM).unwrap();
    assert_eq!(bench.wait().unwrap().code(), Some(130));
    let alive = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.contains("(portunus)")
    };
    assert!(!alive(&pid), "the service lives on");
    assert_eq!(left_in(scratch.path()), 0, "its data were left");
}
