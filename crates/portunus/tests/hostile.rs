//! Hostile input, for real: over TLS against the running binary. Clear errors, bounded memory, nothing lost.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]
#![allow(unreachable_pub, reason = "modules of one test binary")]

mod support;

#[path = "hostile/doors.rs"]
mod doors;
#[path = "hostile/pictures.rs"]
mod pictures;
#[path = "hostile/signing.rs"]
mod signing;
#[path = "hostile/storm.rs"]
mod storm;
#[path = "hostile/wire.rs"]
mod wire;

use support::{Answer, House};

/// A problem as every error is to be told: RFC 9457, complete, and nothing of the house's inside or of a person.
#[track_caller]
pub fn problem(answer: &Answer, status: u16) -> String {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(answer.status, status, "{text}");
    let name = answer.problem();
    let body = answer.json();
    assert_eq!(body["status"], status, "{text}");
    assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()), "{text}");
    assert!(body["detail"].as_str().is_some_and(|detail| detail.len() > 8), "{text}");
    for inside in
        ["/tmp", "/work", "crates/", ".rs:", "SELECT", "sqlite", "panicked", "ADEYEMI", "BERGER", "X1000003"]
    {
        assert!(!text.contains(inside), "{inside} in {text}");
    }
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers["cache-control"], "no-store");
    name
}

/// The most memory that the service has had resident, in bytes.
pub fn most_resident(house: &House) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", house.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
