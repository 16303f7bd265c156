//! The gate's and the officer's page, as people use them.

use crate::axe;
use crate::chromium::{Chromium, ENTER, SPACE, TAB};
use crate::support::{House, PASSWORD, Person, Staff};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// A kiosk's screen, standing, and a tablet's, lying; a telephone's; and a laptop's at twice the size (1280 x 800 at
/// 200 %, WCAG 2.2 s1.4.4).
pub const GATE_SIZES: [(&str, u32, u32); 4] =
    [("kiosk", 1080, 1920), ("tablet", 1280, 800), ("phone", 390, 844), ("zoomed", 640, 400)];
/// An officer's screens; those on the way, too.
pub const DESK_SIZES: [(&str, u32, u32); 4] =
    [("wide", 1440, 900), ("small", 1024, 768), ("phone", 390, 844), ("zoomed", 640, 400)];
/// In the dark, colours alone are other ones.
const DARK_SIZES: [(&str, u32, u32); 2] = [DESK_SIZES[0], DESK_SIZES[2]];

/// From here on, what the page sends is noted: `sent` has each path, status, answer, and how many frames went.
const SENT: &str = "
    window.sent = [];
    const real = window.fetch;
    window.fetch = async (path, options) => {
      const one = { path: String(path), status: 0, frames: 0 };
      if (options?.body instanceof Uint8Array) {
        one.frames = new TextDecoder('latin1').decode(options.body).split('name=\"frame\"').length - 1;
      }
      sent.push(one);
      const answer = await real(path, options);
      one.status = answer.status;
      one.answer = await answer.clone().json().catch(() => null);
      return answer;
    };";

/// The gate: a browser that became one by its one-time link.
pub struct GatePage {
    pub browser: Chromium,
}

impl GatePage {
    pub fn enrol(house: &House, staff: &Staff, camera: Option<&Path>) -> Self {
        let browser = Chromium::start("gate", camera);
        browser.size(1280, 800);
        browser.open(&format!("{}/gate#enrol={}", house.url(), staff.enrolment_code()));
        let gate = Self { browser };
        gate.shows("choice");
        gate
    }

    /// The same at a point where documents come first. The link is a gate's; it leads on to the lane's page.
    pub fn at_lane(house: &House, staff: &Staff, lane: &str, camera: &Path) -> Self {
        let code =
            staff.administrator.post("/api/admin/v1/enrolments", &json!({ "point": lane })).ok().json();
        let browser = Chromium::start("lane", Some(camera));
        browser.size(1280, 800);
        browser.open(&format!("{}/gate#enrol={}", house.url(), code["code"].as_str().unwrap()));
        let page = Self { browser };
        page.shows("document");
        assert_eq!(page.browser.read("location.pathname"), "/lane");
        page.notes_what_is_sent();
        page
    }

    /// See [`Self::sent`]; for the page as it is loaded now.
    pub fn notes_what_is_sent(&self) {
        self.browser.run(SENT);
    }

    /// What the page has sent: path, status (0 for no answer), answer, and how many frames.
    #[track_caller]
    pub fn sent(&self, what: &str) -> Vec<Value> {
        let sent = self.browser.see("sent");
        let ends = |one: &&Value| one["path"].as_str().unwrap().ends_with(what);
        sent.as_array().unwrap().iter().filter(ends).cloned().collect()
    }

    /// Types a person's document; the screen of the choice comes.
    #[track_caller]
    pub fn reads(&self, person: &Person) {
        self.shows("document");
        self.browser.wait("document.activeElement?.id === 'lane-mrz-input'");
        self.browser.keys(&person.mrz());
        self.browser.wait("!document.querySelector('[data-mrz=use]').disabled");
        self.browser.keys(ENTER);
        self.shows("choice");
    }

    /// Waits for a screen: `closed`, `choice`, `camera`, `stuck`, `working`, `result`.
    #[track_caller]
    pub fn shows(&self, screen: &str) {
        self.browser.wait(&format!("document.querySelector('[data-screen={screen}]')?.checkVisibility()"));
    }

    /// Waits for a result and says which; then for the wiped page.
    #[track_caller]
    pub fn result(&self, picture: &str) -> String {
        let outcome = self.outcome(picture);
        self.shows("choice");
        outcome
    }

    /// Waits for a result and says which.
    #[track_caller]
    pub fn outcome(&self, picture: &str) -> String {
        self.shows("result");
        let outcome = self.says();
        self.browser.picture(picture);
        outcome
    }

    /// Which result is shown.
    #[track_caller]
    pub fn says(&self) -> String {
        assert!(!self.camera_runs(), "the camera is off when the result is there");
        self.browser.read("document.querySelector('#outcome').dataset.outcome")
    }

    /// How often the page has asked for the camera.
    #[track_caller]
    pub fn asked_for_camera(&self) -> Value {
        self.browser.see("camerasAsked.length")
    }

    /// Whether any stream of the camera runs.
    #[track_caller]
    pub fn camera_runs(&self) -> bool {
        let live =
            "camerasAsked.some((stream) => stream?.getTracks().some((track) => track.readyState === 'live'))";
        self.browser.see(live) == true
    }

    /// Chooses a language by its button.
    #[track_caller]
    pub fn speaks(&self, language: &str) {
        self.browser.click(&format!("[data-language={language}]"));
        self.browser.wait(&format!("document.documentElement.lang === {language:?}"));
    }
}

/// The officer's screen.
pub struct Desk {
    pub browser: Chromium,
    url: String,
}

impl Desk {
    pub fn of(house: &House) -> Self {
        let browser = Chromium::start("desk", None);
        browser.size(1440, 900);
        Self { browser, url: house.url() }
    }

    /// Goes to a page, through the sign-in, with the keyboard alone.
    #[track_caller]
    pub fn sign_in(&self, name: &str, page: &str) {
        self.browser.open(&format!("{}{page}", self.url));
        self.browser.wait("document.activeElement?.id === 'name'");
        self.browser.keys(&format!("{name}{TAB}{PASSWORD}{ENTER}"));
        self.browser.wait(&format!("location.pathname === {page:?} && document.readyState === 'complete'"));
        // Gone when the page is loaded anew.
        self.browser.run("window.unreloaded = true");
    }

    /// Signs in without having asked for a page, and gets to where this person works.
    #[track_caller]
    pub fn sign_in_at_the_door(&self, name: &str) {
        self.browser.open(&format!("{}/sign-in", self.url));
        self.browser.wait("document.activeElement?.id === 'name'");
        self.browser.keys(&format!("{name}{TAB}{PASSWORD}{ENTER}"));
        self.browser.wait("location.pathname !== '/sign-in' && document.readyState === 'complete'");
    }

    /// Goes to a page as who is signed in.
    #[track_caller]
    pub fn open(&self, page: &str) {
        self.browser.open(&format!("{}{page}", self.url));
        self.browser.run("window.unreloaded = true");
    }

    /// Waits until so many wait for an officer.
    #[track_caller]
    pub fn waiting(&self, people: usize) {
        self.browser.wait(&format!("document.querySelectorAll('#queue [data-select]').length === {people}"));
        assert_eq!(self.browser.see("window.unreloaded === true"), true, "the page was loaded anew");
    }

    /// Waits until the newest boarding is this person's.
    #[track_caller]
    pub fn boarded(&self, name: &str, by: &str) {
        let newest = "document.querySelector('[data-region=flow] li')?.innerText";
        self.browser.wait(&format!("{newest}?.includes({name:?}) && {newest}.includes('by {by}')"));
        assert_eq!(self.browser.see("window.unreloaded === true"), true, "the page was loaded anew");
    }

    /// Presses a ruling's key until this comes true: a card that has just changed takes no key, so that an officer
    /// never rules on somebody else than they saw; nor does one whose last ruling is on its way.
    #[track_caller]
    pub fn rules(&self, key: &str, comes: &str) {
        for _ in 0..20 {
            self.browser.keys(key);
            if self.browser.becomes(comes, Duration::from_secs(3)) {
                return;
            }
        }
        self.browser.wait(comes);
    }

    /// Finds a passenger of the voyage by the search and puts them on the card, with the keyboard alone.
    #[track_caller]
    pub fn finds(&self, words: &str) {
        self.browser.wait("document.activeElement?.id === 'query'");
        self.browser.keys(words);
        self.browser.wait(&format!("document.querySelector('#found button')?.innerText.includes({words:?})"));
        self.browser.keys(ENTER);
        self.browser
            .wait(&format!("document.querySelector('article.card')?.dataset.name?.includes({words:?})"));
    }

    /// Pictures of the page as it is, on every screen, light and dark; each must be fit to read and operate.
    #[track_caller]
    pub fn looked_at(&self, name: &str) {
        for (scheme, sizes) in [("light", &DESK_SIZES[..]), ("dark", &DARK_SIZES)] {
            self.browser.scheme(scheme);
            for (size, width, height) in sizes {
                self.browser.size(*width, *height);
                self.browser.picture(&format!("{name}-{size}-{scheme}"));
                fit(&self.browser, &format!("{name}, {size}, {scheme}"));
            }
        }
        self.browser.scheme("light");
        self.browser.size(1440, 900);
    }
}

/// Nothing keeps anybody from reading or operating this page: contrast, targets, alternative texts, names, and nothing
/// that axe-core finds, serious or not.
#[track_caller]
pub fn fit(browser: &Chromium, at: &str) {
    let faults = browser.run(include_str!("fit.js"));
    let found = axe::findings(browser);
    assert_eq!(faults, serde_json::json!([]), "{at}");
    assert!(found.is_empty(), "{at}: {found:#?}");
    for (name, html) in browser.controls() {
        assert!(!name.trim().is_empty(), "{at}: a control without a name: {html}");
    }
}

/// The controls that Tab reaches from the page's start, in order, by id or else their words; each shows its focus.
#[track_caller]
pub fn tab_order(browser: &Chromium) -> Vec<String> {
    let mut reached = Vec::new();
    browser
        .run("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')");
    for _ in 0..80 {
        browser.keys(TAB);
        let at = browser.run(
            "const at = document.activeElement;
             if (!at || at === document.body) return null;
             const style = getComputedStyle(at);
             const shown = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
             return [at.id || at.dataset.language || at.dataset.rule || at.innerText.trim().split('\\n')[0], shown];",
        );
        let Some(name) = at[0].as_str() else { break };
        assert_eq!(at[1], true, "the focus on {name:?} cannot be seen");
        if reached.iter().any(|before| before == name) {
            break;
        }
        reached.push(name.to_owned());
    }
    reached
}

/// Presses the key that a control has the focus for.
pub fn activate(browser: &Chromium) {
    browser.keys(SPACE);
}
