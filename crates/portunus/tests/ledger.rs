//! The published ledger as outsiders get it: over TLS from the service, from a folder, and after an upgrade.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

mod support;

use portunus_core::ports::Entropy;
use portunus_ledger::log::{Folder, Log, Reader};
use portunus_ledger::note::{KeyKind, Signer};
use portunus_store::Store;
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
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

#[test]
fn the_demos_log_is_as_it_should_be_balances_and_is_witnessed() {
    if !models_are_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let demo = Command::new(env!("CARGO_BIN_EXE_portunus"))
        .args(["demo", "--once", "--twelve-hours", "--data"])
        .arg(&data)
        .output()
        .unwrap();
    let said = String::from_utf8(demo.stdout).unwrap();
    assert!(demo.status.success(), "{said}{}", String::from_utf8_lossy(&demo.stderr));
    assert!(
        said.contains("takes away, at /receipt") && said.contains("What anybody sees, at /oversight"),
        "{said}"
    );
    // The command as it is printed.
    let command = said.split("portunus verify ").nth(1).unwrap().replace("\\\n", " ");
    let mut args: Vec<&str> = command.split_whitespace().take(5).collect();
    // Three days passed in it.
    let then = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(73)).to_string();
    args.extend(["--as-of", &then, "--json"]);
    let output = verify(&args);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["fault_count"], output.status.code()), (&0.into(), Some(0)), "{report}");
    assert_eq!(report["witnesses"].as_array().unwrap().len(), 1, "{report}");
    let python = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verify/verify.py"))
        .arg(data.join("ledger"))
        .args(&args[1..5])
        .args(["--as-of", &then])
        .output()
        .unwrap();
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stdout));
}

/// Makes a folder what it was before there was a ledger: a designation of long ago, nothing stated.
fn before_the_ledger(folder: &Path) {
    let data = Connection::open(folder.join("data.db")).unwrap();
    data.execute_batch(
        "UPDATE designation SET stated = 0, from_at = from_at - 400000000000;
         UPDATE device SET stated = 0;
         DELETE FROM outbox; DELETE FROM sequenced; DELETE FROM stated; UPDATE ledger_head SET size = 0, root = NULL;",
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

/// `portunus witness` as a process of its own. Killed when dropped.
struct Witness {
    child: Child,
    url: String,
    key: String,
}

impl Witness {
    fn start(data: &Path, log: &str, listen: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portunus"))
            .args(["witness", "--json", "--log", log, "--listen", listen, "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said =
            serde_json::Deserializer::from_reader(child.stdout.take().unwrap()).into_iter::<Value>();
        let said = said.next().unwrap().unwrap();
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        assert_eq!(said["logs"], serde_json::json!([log]));
        Self { child, url: text("address"), key: text("key") }
    }

    fn signal(&mut self, signal: Signal) -> ExitStatus {
        kill_process(Pid::from_raw(self.child.id().cast_signed()).unwrap(), signal).unwrap();
        self.child.wait().unwrap()
    }

    fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// What it answers, whatever the status.
    fn answers(&self, path: &str, body: Option<&str>) -> (u16, String) {
        let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
        let (agent, url) = (ureq::Agent::from(config), format!("{}{path}", self.url));
        let answer = match body {
            Some(body) => agent.post(&url).send(body),
            None => agent.get(&url).call(),
        };
        let mut answer = answer.unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The faults that `verify --json` names, as `kind: words`.
fn faults(args: &[&str]) -> Vec<String> {
    let output = verify(&[args, &["--json"]].concat());
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(output.status.success(), said["fault_count"] == 0);
    let fault =
        |fault: &Value| format!("{}: {}", fault["kind"].as_str().unwrap(), fault["what"].as_str().unwrap());
    said["faults"].as_array().unwrap().iter().map(fault).collect()
}

#[test]
fn each_head_is_witnessed_and_without_its_witness_that_is_named() {
    if !models_are_here() {
        return;
    }
    // The log's key is made at the first start: the witness follows it, and the service is started again with the witness.
    let home = tempfile::tempdir().unwrap();
    let options = Options { home: Some(home.path().to_owned()), ..Options::default() };
    let house = House::start(options.clone());
    let _ = Staff::hire(&house);
    let folder = house.folder();
    report(&[folder.to_str().unwrap()]);
    assert!(house.stop().success());
    let log = std::fs::read_to_string(folder.join("ledger/key")).unwrap().trim().to_owned();
    let data = tempfile::tempdir().unwrap();
    let mut witness = Witness::start(data.path(), &log, "127.0.0.1:0");
    let asked = format!("--witness={}={}", witness.url, witness.key).leak();
    let house = House::start(Options { args: vec![asked], ..options });
    let address = format!("{}/ledger", house.url());
    let ca = folder.join("tls/cert.pem");
    let ca = ca.to_str().unwrap();
    let key = witness.key.clone();
    let clean = [address.as_str(), "--ca", ca, "--key", &log, "--witness", &key];
    assert_eq!(faults(&clean), [""; 0]);
    // What it says of itself, and what it signed last.
    let (status, said) = witness.answers("/", None);
    assert!(
        status == 200 && said.contains(&key) && said.contains(&log) && said.contains(" leaves"),
        "{said}"
    );
    let path = said.lines().find_map(|line| line.trim().strip_prefix("at ")).unwrap();
    let (status, seen) = witness.answers(&format!("/{path}"), None);
    assert!(status == 200 && seen.starts_with(log.split('+').next().unwrap()), "{seen}");
    assert_eq!(witness.answers("/add-checkpoint", Some("old 0\n")).0, 400);
    assert_eq!(witness.answers("/add-checkpoint", Some(&"x".repeat(80 << 10))).0, 413);
    let (status, size) = witness.answers("/add-checkpoint", Some(&format!("old 0\n\n{seen}")));
    assert!(status == 409 && size.trim().parse::<u64>().unwrap() > 0, "{status} {size}");
    assert_eq!(witness.answers("/0/checkpoint", None).0, 404);
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(data.path().join("witness.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let second = Command::new(env!("CARGO_BIN_EXE_portunus"))
        .args(["witness", "--listen", "127.0.0.1:0", "--log", &log, "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert!(String::from_utf8(second.stderr).unwrap().contains("another witness has this folder"));

    // Without it the log goes on, unwitnessed.
    let listened = witness.address().to_owned();
    witness.signal(Signal::KILL);
    publish_more(&house);
    let named = faults(&clean);
    assert!(named.len() == 1 && named[0].starts_with("witness: it is not signed by witness/"), "{named:?}");
    assert!(house.log().contains("THE LEDGER'S HEAD IS NOT WITNESSED"), "{}", house.log());
    // It is back, at its place and with its key: what it missed it signs.
    let mut witness = Witness::start(data.path(), &log, &listened);
    assert_eq!(witness.key, key);
    let until = Instant::now() + Duration::from_secs(20);
    while !faults(&clean).is_empty() {
        assert!(Instant::now() < until, "{}", house.log());
    }
    // A head that was published this moment is read again until it is witnessed.
    for _ in 0..3 {
        publish_more(&house);
        assert_eq!(faults(&clean), [""; 0]);
    }
    assert!(witness.signal(Signal::TERM).success());
}

#[test]
fn a_witness_that_never_answers_holds_nothing_up_for_long_and_is_named_once() {
    if !models_are_here() {
        return;
    }
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let key = Signer::named_by_its_key("witness", KeyKind::Cosignature, &[5; 32]);
    let asked = format!("--witness=http://{}={}", silent.local_addr().unwrap(), key.public()).leak();
    let house = House::start(Options { args: vec![asked], ..Options::default() });
    let _ = Staff::hire(&house);
    report(&[house.folder().to_str().unwrap()]);
    let started = Instant::now();
    for _ in 0..3 {
        let began = Instant::now();
        publish_more(&house);
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    }
    let named = house.log().matches("THE LEDGER'S HEAD IS NOT WITNESSED").count();
    let minutes = started.elapsed().as_secs() as usize / 60;
    assert!((1..=1 + minutes).contains(&named), "once a minute: {}", house.log());
}

#[test]
fn what_a_witness_cannot_be_started_with_is_said() {
    let data = tempfile::tempdir().unwrap();
    let log = Signer::named_by_its_key("portunus", KeyKind::Note, &[3; 32]).public().to_string();
    let other = Signer::named_by_its_key("witness", KeyKind::Cosignature, &[5; 32]).public().to_string();
    drop(Witness::start(data.path(), &log, "127.0.0.1:0"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (args, word) in [
        (vec!["--log", "nobody"], "expected a verifier key"),
        (vec!["--log", &other], "this is a witness's key, and not a log's"),
        (vec!["--log", &log, "--log", &log], "two keys are named portunus/"),
        (vec!["--log", &log, "--name", "example.com/w2"], "a key has one name"),
        (vec!["--log", &log, "--listen", &taken], "is another service there?"),
    ] {
        let mut witness = Command::new(env!("CARGO_BIN_EXE_portunus"));
        let output = witness.arg("witness").args(&args).arg("--data").arg(data.path()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(word), "{args:?}: {said}");
    }
    std::fs::write(data.path().join("witness.key"), "name\nshort\n").unwrap();
    let mut witness = Command::new(env!("CARGO_BIN_EXE_portunus"));
    let output = witness.args(["witness", "--log", &log, "--data"]).arg(data.path()).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("witness.key is not one"));
}

/// Publishes one more leaf, and waits until it is stated.
fn publish_more(house: &House) {
    let size = || {
        let head = String::from_utf8(house.anybody().get("/ledger/checkpoint").body).unwrap();
        head.lines().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let before = size();
    let designated = Command::new(env!("CARGO_BIN_EXE_portunus"))
        .args(["designate", "JFK B23", "--port", "JFK", "--owner", "Port of Testing"])
        .args(["--attested", "Port of Testing=J. Kim", "--author", "anna", "--approved-by", "ben", "--data"])
        .arg(house.folder())
        .status();
    assert!(designated.unwrap().success());
    let until = Instant::now() + Duration::from_secs(20);
    while size() == before {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_log_that_was_put_in_place_of_the_published_one_is_refused_and_nothing_is_signed() {
    if !models_are_here() {
        return;
    }
    let house = House::start(Options::default());
    let _ = Staff::hire(&house);
    let folder = house.folder();
    let size = report(&[folder.to_str().unwrap()])["size"].as_u64().unwrap();
    assert!(house.stop().success());
    // As long, and signed by the same key; the last leaf is another.
    let store = Store::open(&folder, Arc::new(Sevens)).unwrap();
    let signer = Signer::named_by_its_key("portunus", KeyKind::Note, &store.ledger_secret().unwrap());
    drop(store);
    let [ours, theirs] = ["ledger", "other"].map(|name| folder.join(name));
    let mut leaves = Reader::new(Folder(ours.clone()), size).bundle(0).unwrap().1;
    *leaves.last_mut().unwrap() = leaves[0].clone();
    let _ = Log::open(Folder(theirs.clone()), signer).unwrap().append(&leaves).unwrap();
    std::fs::rename(&ours, folder.join("true")).unwrap();
    std::fs::rename(&theirs, &ours).unwrap();
    let head = std::fs::read(ours.join("checkpoint")).unwrap();
    house.restart(None);
    let until = Instant::now() + Duration::from_secs(20);
    while !house.log().contains("a different log was put here") {
        assert!(Instant::now() < until, "{}", house.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(house.stop().success());
    assert_eq!(std::fs::read(ours.join("checkpoint")).unwrap(), head, "nothing is signed");
    std::fs::remove_dir_all(&ours).unwrap();
    std::fs::rename(folder.join("true"), &ours).unwrap();
    // An older version knew no root: it is learnt from the log that is there.
    let forget = Connection::open(folder.join("data.db")).unwrap();
    forget.execute_batch("UPDATE ledger_head SET root = NULL").unwrap();
    house.restart(None);
    let until = Instant::now() + Duration::from_secs(20);
    let learnt = || -> bool {
        forget.query_row("SELECT root IS NOT NULL FROM ledger_head", [], |row| row.get(0)).unwrap()
    };
    while !learnt() {
        assert!(Instant::now() < until, "{}", house.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}

struct Sevens;

impl Entropy for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}
