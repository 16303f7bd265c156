//! The real service as a child process, and everyone who calls it over its TLS: staff with tokens, gates that sign.
//!
//! ```text
//! #[path = "support/mod.rs"] mod support;          // or `mod support;` in crates/portunus/tests/NAME.rs
//! if !models_are_here() { return; }                 // first of all: fetches them, or says SKIPPED
//! let house = House::start(Options::default());     // `portunus serve` in a fresh folder, ready, a free port
//! let mut staff = Staff::hire(&house);              // administrator, officer, supervisor, auditor, carrier; point; gate
//! let voyage = staff.stage(100, &[Person::new(0, "USA").with_reference(Picture::Obama)]);   // manifest .. open
//! let begun = staff.gate.begin(&choice("photo", false, None));        // the encounter's identifier
//! let answer = staff.gate.capture(&begun, &[Picture::Obama2.bytes()]);        // an `Answer`
//! assert_eq!(answer.json()["step"], "proceed");
//! let mut order = staff.gate.order("POST", "/api/device/v1/encounters", JSON, b"{}".to_vec());
//! order.created -= 400;                             // any field: nonce, idempotency_key, counter, body ...
//! let mut raw = staff.gate.sign(&order);            // headers and body as they would be sent
//! raw.body.push(b' ');                              // forged: altered after it was signed
//! assert_eq!(house.anybody().send(&raw).status, 401);     // and `send` it twice to replay it
//! house.kill(); house.restart(Some("capture.after-commit"));   // the same folder and port, armed (needs the feature)
//! house.stop();                                     // SIGTERM, and waits
//! ```
//! `house.url()` is for browsers, `house.setup_link()` the one-time link of a fresh folder, `house.log()` all that the
//! service has said, `house.pid()` its process, `house.folder()` its data. Build with `--features failpoints`.

#![allow(dead_code, unused_imports, reason = "each test binary takes what it needs of this module")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]
#![allow(unreachable_pub, reason = "shared between test binaries")]

mod cage;
mod caller;
mod gate;
mod people;
mod search;
mod watch;

pub use caller::{Answer, Caller, JSON, Raw, multipart};
pub use gate::{Gate, Order, choice};
pub use people::{
    PASSWORD, Person, Picture, Staff, cache, engine, in_the_dark, models_are_here, paxlst, paxlst_between,
    picture, today,
};
pub use search::{Found, Search, files};
pub use watch::{Seen, Watch};

use rustix::process::{Pid, Signal, kill_process};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Models are fetched at the first start on a machine; after that the service is ready within seconds.
const READY_WITHIN: Duration = Duration::from_secs(240);
const STOPS_WITHIN: Duration = Duration::from_secs(60);

/// How a house is started.
#[derive(Default, Clone)]
pub struct Options {
    /// A policy pack as TOML; us-2025 when `None`. See [`policy`].
    pub policy: Option<String>,
    /// Armed at the first start.
    pub failpoint: Option<String>,
    /// More environment.
    pub env: Vec<(String, String)>,
    /// More arguments.
    pub args: Vec<&'static str>,
    /// The process can write in its folder and nowhere else (Landlock, where the kernel has it), and takes it for home.
    pub cage: bool,
    /// A folder for everything instead of a temporary one; `data`, `stdout` and `stderr` are made in it.
    pub home: Option<PathBuf>,
}

/// us-2025 with some of its text replaced, each of which must be there: `policy(&[("= 30", "= 2")])`.
pub fn policy(changes: &[(&str, &str)]) -> String {
    let mut text = include_str!("../../../../policies/us-2025.toml").to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "us-2025 has no {from:?}");
        text = text.replace(from, to);
    }
    text
}

/// A running service in its folder. Killed when dropped.
pub struct House {
    home: PathBuf,
    options: Options,
    child: Mutex<Child>,
    address: SocketAddr,
    caller: Caller,
    _temporary: Option<Arc<tempfile::TempDir>>,
}

impl House {
    /// Starts `portunus serve` and waits until it answers.
    pub fn start(options: Options) -> Self {
        let temporary = options.home.is_none().then(|| Arc::new(tempfile::tempdir().unwrap()));
        let home = options.home.clone().unwrap_or_else(|| temporary.as_ref().unwrap().path().to_owned());
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut child = spawn(&home, &options, any, options.failpoint.as_deref());
        let address = ready(&home, &mut child).expect("any port is free");
        let caller = Caller::of(address, &home.join("data/tls/cert.pem"));
        let house = Self { home, options, child: Mutex::new(child), address, caller, _temporary: temporary };
        house.answers();
        house
    }

    /// As a browser takes it, with the certificate's first name.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// Where it listens; the same after a restart.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The data folder.
    pub fn folder(&self) -> PathBuf {
        self.home.join("data")
    }

    /// The folder of everything: `data`, `stdout`, `stderr`, `policy.toml`.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The service's process.
    pub fn pid(&self) -> u32 {
        self.child.lock().unwrap().id()
    }

    /// A caller without a token.
    pub fn anybody(&self) -> Caller {
        self.caller.clone()
    }

    /// The one-time link, whole, as printed at the first start.
    pub fn setup_link(&self) -> String {
        let said = std::fs::read_to_string(self.home.join("stdout")).unwrap();
        let at = said
            .find("https://localhost")
            .and_then(|first| said[first + 1..].find("https://localhost").map(|second| first + 1 + second));
        let link = &said[at.expect("no set-up link was printed")..];
        link.split_whitespace().next().unwrap().to_owned()
    }

    /// All that the service wrote to its standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.join("stderr")).unwrap()
    }

    /// Ends it as an operator does; everything under way may finish.
    pub fn stop(&self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended()
    }

    /// Ends it with SIGKILL.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
        self.ended();
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits until the process has ended by itself.
    pub fn ended(&self) -> ExitStatus {
        let until = Instant::now() + STOPS_WITHIN;
        loop {
            if let Some(status) = self.child.lock().unwrap().try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "the service does not end; it said:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it died of SIGKILL: of its failpoint. Waits a moment for it.
    pub fn was_killed(&self) -> bool {
        self.ended().signal() == Some(Signal::KILL.as_raw())
    }

    /// Whether the process still runs.
    pub fn runs(&self) -> bool {
        self.child.lock().unwrap().try_wait().unwrap().is_none()
    }

    /// Starts it again after it ended: the same folder, the same port.
    pub fn restart(&self, failpoint: Option<&str>) {
        assert!(!self.runs(), "stop or kill it first");
        let until = Instant::now() + READY_WITHIN;
        let child = loop {
            let mut child = spawn(&self.home, &self.options, self.address, failpoint);
            if ready(&self.home, &mut child).is_some() {
                break child;
            }
            // Somebody has its port for a moment: another test's connection.
            assert!(Instant::now() < until, "{} stays taken", self.address);
            std::thread::sleep(Duration::from_millis(200));
        };
        *self.child.lock().unwrap() = child;
        self.answers();
    }

    /// Waits until it answers, unless it has died of its failpoint.
    fn answers(&self) {
        let until = Instant::now() + STOPS_WITHIN;
        while self.runs() && self.anybody().try_get("/healthz").is_none() {
            assert!(Instant::now() < until, "the service does not answer; it said:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
        if std::thread::panicking() {
            eprintln!(
                "the service said:\n{}",
                std::fs::read_to_string(self.home.join("stderr")).unwrap_or_default()
            );
        }
    }
}

fn spawn(home: &Path, options: &Options, listen: SocketAddr, failpoint: Option<&str>) -> Child {
    // A fresh stdout for each start: the address stands in it. The log goes on.
    let stdout = std::fs::File::create(home.join("stdout")).unwrap();
    let stderr = std::fs::OpenOptions::new().create(true).append(true).open(home.join("stderr")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_portunus"));
    command.args(["serve", "--listen", &listen.to_string(), "--data"]).arg(home.join("data"));
    if let Some(text) = &options.policy {
        std::fs::write(home.join("policy.toml"), text).unwrap();
        command.arg("--policy").arg(home.join("policy.toml"));
    }
    command.args(&options.args);
    command.env_remove("PORTUNUS_FAILPOINT").envs(options.env.iter().cloned());
    command.envs(failpoint.map(|name| ("PORTUNUS_FAILPOINT", name)));
    command.stdin(std::process::Stdio::null()).stdout(stdout).stderr(stderr);
    if options.cage { cage::spawn(command, home) } else { command.spawn().unwrap() }
}

/// Waits for the line that says where it listens.
/// Where it listens; `None` when it ended since another has that address.
fn ready(home: &Path, child: &mut Child) -> Option<SocketAddr> {
    let until = Instant::now() + READY_WITHIN;
    loop {
        let said = std::fs::read_to_string(home.join("stdout")).unwrap();
        // `Portunus at https://localhost:PORT  (data in ...)`
        let first = said.lines().next().filter(|_| said.contains('\n'));
        if let Some(port) = first.and_then(|line| line.split("https://localhost:").nth(1)) {
            let port = port.split_whitespace().next().unwrap().parse().unwrap();
            return Some(SocketAddr::from(([127, 0, 0, 1], port)));
        }
        let ended = child.try_wait().unwrap();
        let log = || std::fs::read_to_string(home.join("stderr")).unwrap_or_default();
        if ended.is_some() && log().contains("Address already in use") {
            return None;
        }
        assert!(
            ended.is_none() && Instant::now() < until,
            "the service does not start ({ended:?}):\n{}",
            log()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// 16 fresh bytes.
pub fn fresh() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}
