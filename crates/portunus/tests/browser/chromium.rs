//! A headless Chromium of its own, driven through chromedriver: W3C WebDriver, JSON over HTTP on this machine.
//!
//! What a person does goes in as a person's: keys and clicks. What is looked at is asked in the page's own terms.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long something may take on a slow, busy machine before it is said not to happen.
pub const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How often a driver is started that does not come up.
const STARTS_MAX: usize = 5;

/// Keys that print nothing (WebDriver s17.4.2).
pub const TAB: &str = "\u{e004}";
pub const ENTER: &str = "\u{e007}";
pub const ESCAPE: &str = "\u{e00c}";
pub const SPACE: &str = " ";
const SHIFT: &str = "\u{e008}";

const FLAGS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--lang=en-US",
    "--use-fake-ui-for-media-stream",
];

/// From before the page's first script: counts what it asks of the camera, and switches off its asking every few
/// seconds as a precaution, so that what is seen to change was told by an event.
const WATCH: &str = r"
    const repeat = window.setInterval;
    window.setInterval = (work, ms, ...rest) => (ms >= 10_000 ? 0 : repeat(work, ms, ...rest));
    // The camera's picture was seen, though it is over by now.
    addEventListener('playing', () => { window.previewed = true; }, true);
    const asked = [];
    Object.defineProperty(window, 'camerasAsked', { value: asked });
    const real = MediaDevices.prototype.getUserMedia;
    MediaDevices.prototype.getUserMedia = async function (...wanted) {
      const at = asked.push(undefined) - 1;
      return (asked[at] = await real.apply(this, wanted));
    };";

/// Whether there is a browser here. Without one the tests are left out, loudly; where CI judges a change, they fail.
pub fn there() -> bool {
    let runs = |name: &str| {
        let tried = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let there = runs("chromedriver") && runs("chromium");
    if !there {
        let judged = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(!judged, "no chromium and chromedriver: scripts/setup test installs them");
        eprintln!(
            "SKIPPED: a browser test; no chromium and chromedriver: `scripts/setup test` installs them"
        );
    }
    there
}

/// Starts a chromedriver; `None` when it ends before it listens.
fn driver() -> Option<(Child, u16)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let said = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = said.map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    if port.is_none() {
        let _ = driver.wait();
    }
    port.map(|port| (driver, port))
}

/// A browser with a profile of its own and one window.
pub struct Chromium {
    driver: Child,
    agent: ureq::Agent,
    session: String,
    name: &'static str,
    _profile: tempfile::TempDir,
}

impl Chromium {
    /// Starts one. `camera` is the file that its camera shows (see `camera`); without it there is no camera.
    pub fn start(name: &'static str, camera: Option<&Path>) -> Self {
        // A driver takes one port for both kinds of addresses, and ends when another process has it by then; a browser that
        // is too slow to come up is no session.
        let mut said = "chromedriver says no port".to_owned();
        for _ in 0..STARTS_MAX {
            let Some((driver, port)) = driver() else { continue };
            match Self::try_start(driver, port, name, camera) {
                Ok(browser) => return browser,
                Err(error) => said = error,
            }
        }
        panic!("{name}: {said}");
    }

    fn try_start(
        driver: Child,
        port: u16,
        name: &'static str,
        camera: Option<&Path>,
    ) -> Result<Self, String> {
        let profile = tempfile::tempdir().unwrap();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(2 * PATIENCE))
            .build();
        let root = format!("http://127.0.0.1:{port}/session");
        let mut browser = Self { driver, agent: config.into(), session: root, name, _profile: profile };
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
        flags.push(format!("--user-data-dir={}", browser._profile.path().display()));
        if let Some(camera) = camera {
            flags.push("--use-fake-device-for-media-stream".to_owned());
            flags.push(format!("--use-file-for-fake-video-capture={}", camera.display()));
        }
        let wanted = json!({ "acceptInsecureCerts": true, "goog:chromeOptions": { "args": flags } });
        let made = browser.ask("POST", "", &json!({ "capabilities": { "alwaysMatch": wanted } }))?;
        browser.session = format!("{}/{}", browser.session, made["sessionId"].as_str().unwrap());
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": WATCH }));
        Ok(browser)
    }

    /// One command. `Err` is the driver's words.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let uri = format!("{}{path}", self.session);
        let request = ureq::http::Request::builder().method(method).uri(uri);
        let answer = match method {
            "POST" => self.agent.run(request.body(serde_json::to_vec(body).unwrap()).unwrap()),
            _ => self.agent.run(request.body(()).unwrap()),
        };
        let mut answer = answer.map_err(|error| format!("chromedriver: {error}"))?;
        let bytes =
            answer.body_mut().with_config().limit(64 << 20).read_to_vec().map_err(|e| e.to_string())?;
        let mut said: Value = serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
        let value = said["value"].take();
        if answer.status().is_success() { Ok(value) } else { Err(value["message"].to_string()) }
    }

    #[track_caller]
    fn tell(&self, method: &str, path: &str, body: &Value) -> Value {
        self.ask(method, path, body).unwrap_or_else(|error| panic!("{}: {method} {path}: {error}", self.name))
    }

    #[track_caller]
    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.tell("POST", "/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Goes to an address.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.tell("POST", "/url", &json!({ "url": url }));
    }

    /// Runs the body of a function in the page and gives what it returns (a promise's value, if it is one).
    #[track_caller]
    pub fn run(&self, script: &str) -> Value {
        self.tell("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub fn see(&self, expression: &str) -> Value {
        self.run(&format!("return {expression};"))
    }

    /// The text of an expression's value.
    #[track_caller]
    pub fn read(&self, expression: &str) -> String {
        let value = self.see(expression);
        value
            .as_str()
            .unwrap_or_else(|| panic!("{}: {expression} is {value}, not text", self.name))
            .to_owned()
    }

    /// Whether an expression becomes true within this time.
    pub fn becomes(&self, expression: &str, within: Duration) -> bool {
        let until = Instant::now() + within;
        let script = json!({ "script": format!("return Boolean({expression});"), "args": [] });
        loop {
            // A page on its way to another one has no answer yet.
            if self.ask("POST", "/execute/sync", &script).is_ok_and(|value| value == true) {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Waits until an expression is true; else the test fails, with a screenshot of what was there instead.
    #[track_caller]
    pub fn wait(&self, expression: &str) {
        if !self.becomes(expression, PATIENCE) {
            self.picture(&format!("failed-{}", self.name));
            let text = self.ask(
                "POST",
                "/execute/sync",
                &json!({ "script": "return document.body.innerText", "args": [] }),
            );
            panic!(
                "{}: never came true: {expression}\nThe page says: {}",
                self.name,
                text.unwrap_or_default()
            );
        }
    }

    /// Waits for an element by its selector, and clicks it as a person does.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            self.wait(&format!("document.querySelector({selector:?})?.checkVisibility()"));
            let by = json!({ "using": "css selector", "value": selector });
            let pressed = self.ask("POST", "/element", &by).and_then(|found| {
                self.ask("POST", &format!("/element/{}/click", identifier(&found)), &json!({}))
            });
            match pressed {
                Ok(_) => return,
                // It was put in anew meanwhile: nothing was pressed.
                Err(error) if is_gone(&error) && Instant::now() < until => {}
                Err(error) => panic!("{}: {selector}: {error}", self.name),
            }
        }
    }

    /// Presses and lets go keys one after the other, into whatever has the focus.
    #[track_caller]
    pub fn keys(&self, keys: &str) {
        let each =
            |key: char| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }));
        let actions: Vec<Value> = keys.chars().flat_map(each).collect();
        self.tell(
            "POST",
            "/actions",
            &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }),
        );
    }

    /// Goes one control back, as Shift and Tab do.
    #[track_caller]
    pub fn tab_back(&self) {
        let actions = [("keyDown", SHIFT), ("keyDown", TAB), ("keyUp", TAB), ("keyUp", SHIFT)]
            .map(|(kind, key)| json!({ "type": kind, "value": key }));
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": actions });
        self.tell("POST", "/actions", &json!({ "actions": [keyboard] }));
    }

    /// The visible controls of the page, each with the name that a screen reader says and its HTML's beginning.
    #[track_caller]
    pub fn controls(&self) -> Vec<(String, String)> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.named_controls() {
                Ok(controls) => return controls,
                // The page changed meanwhile: it is asked again.
                Err(error) => assert!(is_gone(&error) && Instant::now() < until, "{}: {error}", self.name),
            }
        }
    }

    fn named_controls(&self) -> Result<Vec<(String, String)>, String> {
        // What lies behind an open dialog cannot be reached.
        let script = "const open = document.querySelector(':modal') ?? document;
            return [...open.querySelectorAll('button, a[href], input:not([type=hidden]), select, textarea')].filter(
            (control) => control.checkVisibility({ visibilityProperty: true })).map((control) => [control, control.outerHTML.slice(0, 160)]);";
        let found = self.ask("POST", "/execute/sync", &json!({ "script": script, "args": [] }))?;
        let named = found.as_array().unwrap().iter().map(|pair| {
            let path = format!("/element/{}/computedlabel", identifier(&pair[0]));
            let name = self.ask("GET", &path, &Value::Null)?.as_str().unwrap().to_owned();
            if name.trim().is_empty() {
                // What has just left the page has no name any more; this then fails as for any such.
                let there = json!({ "script": "return arguments[0].isConnected", "args": [pair[0]] });
                self.ask("POST", "/execute/sync", &there)?;
            }
            Ok((name, pair[1].as_str().unwrap().to_owned()))
        });
        named.collect()
    }

    /// Says yes to the page's question.
    #[track_caller]
    pub fn accept(&self) {
        let until = Instant::now() + PATIENCE;
        while let Err(error) = self.ask("POST", "/alert/accept", &json!({})) {
            assert!(Instant::now() < until, "{}: no question to accept: {error}", self.name);
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Makes the window this large, in pixels.
    #[track_caller]
    pub fn size(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Light or dark, as the person at this screen prefers.
    #[track_caller]
    pub fn scheme(&self, scheme: &str) {
        self.prefers("prefers-color-scheme", scheme);
    }

    /// What the person at this screen prefers, and nothing else.
    #[track_caller]
    pub fn prefers(&self, feature: &str, value: &str) {
        let features = json!([{ "name": feature, "value": value }]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// Takes the network away from the page, or gives it back.
    #[track_caller]
    pub fn offline(&self, offline: bool) {
        let line = json!({ "offline": offline, "latency": 0, "throughput": -1 });
        self.tell("POST", "/chromium/network_conditions", &json!({ "network_conditions": line }));
    }

    /// Keeps a picture of the window, when nothing in it moves, as `NAME.png` among the test's results.
    #[track_caller]
    pub fn picture(&self, name: &str) {
        let still = "document.getAnimations().every((animation) => animation.playState !== 'running')
            && [...document.images].every((image) => image.complete)";
        self.becomes(still, Duration::from_secs(5));
        let taken = self.tell("GET", "/screenshot", &Value::Null);
        let bytes =
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, taken.as_str().unwrap());
        std::fs::write(results().join(format!("{name}.png")), bytes.unwrap()).unwrap();
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.ask("DELETE", "", &Value::Null);
        if let Some(group) = i32::try_from(self.driver.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.driver.wait();
    }
}

/// Whether an element that was found is on the page no longer, by the driver's words.
fn is_gone(error: &str) -> bool {
    error.contains("stale element") || error.contains("no such element")
}

/// The identifier of an element (WebDriver s12.1: its one value).
fn identifier(element: &Value) -> String {
    let only = element.as_object().and_then(|element| element.values().next());
    only.and_then(Value::as_str).expect("an element").to_owned()
}

/// Where pictures are kept: never committed, for they may show real people.
fn results() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../test-results/browser");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
