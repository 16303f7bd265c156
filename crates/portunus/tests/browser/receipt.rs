//! What a traveller takes away, on their own telephone: opened from the gate's code, proved in the page, contested, answered.

use crate::camera::Camera;
use crate::chromium::Chromium;
use crate::pages::{Desk, GatePage, fit};
use crate::possible;
use crate::support::{House, Options, PASSWORD, Person, Picture, Staff, choice, policy};
use serde_json::json;
use std::time::Duration;

/// A telephone, and a page tall enough to be looked at whole.
const SIZES: [(&str, u32, u32); 2] = [("phone", 390, 844), ("whole", 820, 2300)];

/// The traveller's telephone.
struct Telephone {
    browser: Chromium,
    url: String,
}

impl Telephone {
    fn of(house: &House) -> Self {
        let browser = Chromium::start("telephone", None);
        browser.size(390, 844);
        Self { browser, url: house.url() }
    }

    /// Opens a code as a QR reader does: its address.
    #[track_caller]
    fn scans(&self, code: &str) {
        self.browser.open("about:blank");
        self.browser.open(&format!("{}/receipt#{code}", self.url));
        self.browser.wait("document.querySelector('#proof')");
        assert_eq!(self.browser.see("location.href.includes('#')"), false, "the code is in no address");
    }

    /// Waits until the page's own check has said how the proof stands.
    #[track_caller]
    fn proves(&self, section: &str, state: &str) {
        self.browser.wait(&format!("document.querySelector('{section}')?.dataset.proof === '{state}'"));
    }

    #[track_caller]
    fn looked_at(&self, name: &str) {
        for scheme in ["light", "dark"] {
            self.browser.scheme(scheme);
            for (size, width, height) in SIZES {
                self.browser.size(width, height);
                self.browser.picture(&format!("{name}-{size}-{scheme}"));
                fit(&self.browser, &format!("{name}, {size}, {scheme}"));
            }
        }
        self.browser.scheme("light");
        self.browser.size(390, 844);
    }
}

/// Eleven citizens who decline and board: with them the log speaks of ten people at once. Gives the last one's
/// encounter and code.
fn eleven_more(staff: &Staff, voyage: &str, people: &[Person]) -> (String, String) {
    let mut last = (String::new(), String::new());
    for person in people {
        let begun = staff.gate.send(&staff.gate.begin_order(&choice("manual", false, None))).ok().json();
        let passenger = staff.passenger(voyage, person)["id"].clone();
        let board = json!({ "ruling": "board", "passenger": passenger, "reason": "" });
        staff.rule(begun["encounter"].as_str().unwrap(), &board).ok();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        last = (text(&begun["encounter"]), text(&begun["receipt"]["code"]));
    }
    last
}

#[test]
fn a_traveller_opens_proves_contests_and_reads_the_answer() {
    if !possible() {
        return;
    }
    let policy = policy(&[("keep = \"12 hours\"", "keep = \"1 second\"")]);
    let (house, staff) = Staff::with_house(Options { policy: Some(policy), ..Options::default() });
    let user = json!({ "name": "records", "role": "records", "password": PASSWORD });
    staff.administrator.post("/api/admin/v1/users", &user).ok();
    let mut people = vec![Person::new(1, "FRA").with_reference(Picture::Obama)];
    people.extend((2..13).map(|n| Person::new(n, "USA")));
    let voyage = staff.stage(300, &people);
    let camera = Camera::seeing(Picture::Obama2);
    let gate = GatePage::enrol(&house, &staff, Some(&camera.path()));
    gate.browser.keys("1");
    gate.shows("result");
    let code = gate.browser.read("document.querySelector('.take-away-code').textContent").replace(' ', "");
    assert_eq!(gate.browser.see("document.querySelector('.take-away-qr path') !== null"), true);
    assert_eq!(gate.outcome("gate-receipt"), "proceed");
    gate.shows("choice");
    assert_eq!(gate.browser.see("document.querySelectorAll('#receipts li').length"), 0, "wiped");
    let (encounter, citizens) = eleven_more(&staff, &voyage, &people[1..]);
    let desk = Desk::of(&house);
    desk.sign_in("officer", "/console");
    desk.open(&format!("/console/encounters/{encounter}/receipt"));
    desk.browser.wait("document.querySelector('.slip .qr path') !== null");
    let address = desk.browser.read("document.querySelector('.slip .number').textContent");
    assert_eq!(address, format!("{}/receipt", house.url()), "as the browser calls this place");
    desk.looked_at("receipt-slip");
    drop(desk);

    let telephone = Telephone::of(&house);
    telephone.browser.open(&format!("{}/receipt", house.url()));
    telephone.browser.wait("document.querySelector('#open')?.checkVisibility()");
    telephone.looked_at("receipt-asks");
    telephone.scans(&code);
    telephone.proves("#proof", "good");
    telephone.looked_at("receipt-open");
    staff.close(&voyage).ok();
    stated(&telephone, &code);
    telephone.looked_at("receipt-closed");
    for language in ["es", "fr", "ar", "zh"] {
        telephone.browser.click(&format!(".languages button[lang={language}]"));
        telephone.browser.wait(&format!("document.documentElement.lang === '{language}'"));
        telephone.proves("#proof", "good");
        telephone.looked_at(&format!("receipt-{language}"));
    }
    telephone.browser.click(".languages button[lang=en]");
    telephone.browser.wait("document.documentElement.lang === 'en'");
    contests(&telephone, &house);
    telephone.scans(&code);
    telephone
        .browser
        .wait("document.querySelector('.contest[data-upheld=true]')?.innerText.includes('You are right')");
    telephone.looked_at("receipt-answered");
    another_peoples_statement_cannot_be_altered_unseen(&telephone);
    a_citizens_is_erased_and_proved(&telephone, &citizens);
}

/// Scans until the log states the records.
#[track_caller]
fn stated(telephone: &Telephone, code: &str) {
    for _ in 0..30 {
        telephone.scans(code);
        telephone.proves("#proof", "good");
        if telephone.browser.see("document.querySelectorAll('#proof [data-state=sealed]').length") == 2 {
            return;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    panic!("the log does not state the records");
}

fn contests(telephone: &Telephone, house: &House) {
    let browser = &telephone.browser;
    browser.run("document.querySelector('#words').value = 'That was somebody else.'");
    browser.click("#contest button[type=submit]");
    browser.wait("document.querySelector('.contest')?.innerText.includes('taken for somebody else')");
    telephone.looked_at("receipt-contested");
    let desk = Desk::of(house);
    desk.sign_in("records", "/records");
    desk.browser.click("table.cases th a");
    desk.browser.wait("document.querySelector('#answer-text')?.checkVisibility()");
    desk.looked_at("records-contest");
    desk.browser.run(
        "window.confirm = () => true;
         document.querySelector('#answer-finding').value = '';
         document.querySelector('#answer-text').value = 'You are right: it was not you.';",
    );
    desk.browser.click("form[data-then=answered] button[type=submit]");
    desk.browser.wait("document.querySelector('.facts')?.innerText.includes('The answer')");
    desk.looked_at("records-contest-answered");
}

/// One byte of a statement that is not of this receipt: the page does not take the bundle for the log's.
fn another_peoples_statement_cannot_be_altered_unseen(telephone: &Telephone) {
    let said = telephone.browser.run(
        "const { key, from } = document.querySelector('#proof').dataset;
         const records = [...document.querySelectorAll('#proof [data-record]')].map((one) => one.dataset.record);
         const honest = window.fetch;
         window.fetch = async (url, options) => {
           const answer = await honest(url, options);
           if (!String(url).includes('tile/entries')) return answer;
           const bytes = new Uint8Array(await answer.arrayBuffer());
           bytes[20] ^= 1;
           return new Response(bytes);
         };
         return import('/assets/proof.js').then(async ({ Log }) => {
           const log = new Log('/ledger', key);
           try {
             await log.trace(await log.head(), records, 0);
             return 'believed';
           } catch (error) {
             return error.message;
           } finally {
             window.fetch = honest;
           }
         });",
    );
    let said = said.as_str().unwrap();
    assert!(said.contains("do not lead to the signed root"), "{said}");
}

/// What was kept of a citizen is gone by now: the page proves it, and so does the saved file when nothing is asked of the
/// service but its public files.
fn a_citizens_is_erased_and_proved(telephone: &Telephone, code: &str) {
    let browser = &telephone.browser;
    let erased = "document.querySelector('#proof [data-state=erased]')";
    for _ in 0..40 {
        telephone.scans(code);
        telephone.proves("#proof", "good");
        if browser.see(&format!("Boolean({erased})")) == true {
            break;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    browser.wait(erased);
    telephone.looked_at("receipt-erased");
    browser.run(
        "const code = document.querySelector('input[name=code]').value;
         window.name = '';
         return fetch('/receipt/file', { method: 'POST', body: new URLSearchParams({ code }) })
           .then((answer) => answer.text()).then((text) => { window.name = text; });",
    );
    browser.run("location.assign('/receipt')");
    browser.wait("document.querySelector('#saved')?.disabled === false");
    let choose = |text: &str| {
        browser.run(&format!(
            "const chosen = new DataTransfer();
             chosen.items.add(new File([{text}], 'portunus-receipt.json'));
             const input = document.querySelector('#saved');
             input.files = chosen.files;
             input.dispatchEvent(new Event('change'));"
        ));
    };
    choose("window.name");
    telephone.proves("#saved-proof", "good");
    browser.wait("document.querySelector('#saved-proof [data-state=erased]')");
    telephone.looked_at("receipt-file-proved");
    // Another log's root in its place is not what this log began with.
    choose("window.name.replace(/(\\\\n\\d+\\\\n)...../, '$1AAAAA')");
    telephone.proves("#saved-proof", "bad");
}
