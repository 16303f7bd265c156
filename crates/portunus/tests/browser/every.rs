//! Every page that the router has, as somebody who may see it, on every screen, light and dark, and by keyboard.

use crate::axe;
use crate::chromium::Chromium;
use crate::keyboard;
use crate::pages::{Desk, fit};
use crate::routes;
use crate::support::{House, Options, PASSWORD, Person, Staff, choice};
use portunus_core::role::Role;
use serde_json::json;

/// Who looks first: whoever works with a page before those who may look at it, too.
const FIRST: [Role; 3] = [Role::Records, Role::Officer, Role::Supervisor];

/// Everybody who can look: who has not signed in, then each role that signs in.
fn everybody() -> Vec<Option<Role>> {
    let rest = Role::ALL.into_iter().filter(|role| role.signs_in() && !FIRST.contains(role));
    [None].into_iter().chain(FIRST.into_iter().chain(rest).map(Some)).collect()
}

/// Addresses of the pages whose paths have parameters, with something behind them.
fn addresses(staff: &Staff) -> Vec<String> {
    let declined = staff.gate.begin(&choice("manual", false, None));
    let records = staff.anybody.signed_in("records", PASSWORD);
    let case = json!({
        "kind": "subject-access", "reference": "2026/1", "basis": "section 12", "reason": "asked at the counter",
        "identity_check": "passport shown",
    });
    let case = records.post("/api/records/v1/cases", &case).ok().json();
    vec![
        format!("/console/encounters/{declined}/held"),
        format!("/console/encounters/{declined}/receipt"),
        format!("/records/{}", case["id"].as_str().unwrap()),
    ]
}

/// A house with something to see on each of its pages.
pub fn furnished() -> (House, Staff) {
    let (house, staff) = Staff::with_house(Options::default());
    // The carrier's, the officer's and others are hired with every house.
    for role in everybody().into_iter().flatten() {
        let user = json!({ "name": role.word(), "role": role.word(), "password": PASSWORD });
        let carrier = json!({ "name": "carrier", "role": "carrier", "carrier": "PX", "password": PASSWORD });
        let made = staff
            .administrator
            .post("/api/admin/v1/users", if role == Role::Carrier { &carrier } else { &user });
        assert!([200, 201, 204, 409].contains(&made.status), "{}: {}", role.word(), made.status);
    }
    let people: Vec<Person> = (0..4).map(|n| Person::new(n, ["USA", "FRA"][n % 2])).collect();
    staff.stage(300, &people);
    (house, staff)
}

#[test]
fn no_page_has_a_serious_fault() {
    if !crate::chromium::there() {
        return;
    }
    let (house, staff) = furnished();
    let addresses = addresses(&staff);
    let mut unvisited = routes::pages();
    assert!(unvisited.len() > 12, "the router's pages are not read: {unvisited:?}");
    for who in everybody() {
        if unvisited.is_empty() {
            break;
        }
        let desk = Desk::of(&house);
        if let Some(role) = who {
            desk.sign_in_at_the_door(role.word());
        } else {
            desk.open("/");
        }
        for path in unvisited.clone() {
            let found = addresses.iter().find(|address| routes::is_of(address, path));
            let Some(address) = found.map(String::as_str).or((!path.contains('{')).then_some(path)) else {
                continue;
            };
            if may_see(&desk.browser, address) {
                desk.open(address);
                desk.looked_at(&format!("every{}", address_in_words(path)));
                keyboard::walked(&desk.browser, path);
                keyboard::still(&desk.browser, path);
                unvisited.remove(path);
            }
        }
    }
    assert!(
        unvisited.is_empty(),
        "nobody could visit {unvisited:?}: give an address of it in this file, or say in `routes` that it is no page"
    );
}

/// Whether this is a page for whoever is signed in here, and not the way to another one.
fn may_see(browser: &Chromium, address: &str) -> bool {
    let seen = format!(
        "fetch('{address}', {{ redirect: 'manual' }}).then((answer) =>
            answer.status === 200 && answer.headers.get('content-type').startsWith('text/html'))"
    );
    browser.see(&seen) == true
}

fn address_in_words(path: &str) -> String {
    path.replace('/', "-").replace(['{', '}'], "").trim_end_matches('-').to_owned()
}

/// What is not a page of its own: what those read who are not let in, and the ways in when something was wrong.
#[test]
fn what_goes_wrong_is_said_on_pages_without_a_serious_fault() {
    if !crate::chromium::there() {
        return;
    }
    let (house, _staff) = furnished();
    let desk = Desk::of(&house);
    let page = &desk.browser;
    desk.sign_in("officer", "/console");
    desk.open("/admin");
    page.wait("document.querySelector('h1').innerText.includes('not open to you')");
    desk.looked_at("message-not-open");
    page.run("return fetch('/sign-out', { method: 'POST' }).then(() => {})");
    desk.open("/sign-in");
    page.click("#name");
    page.keys(&format!("officer{}wrong{}", crate::chromium::TAB, crate::chromium::ENTER));
    page.wait("document.querySelector('[role=alert]')");
    desk.looked_at("sign-in-wrong");
    desk.open("/receipt");
    page.click("#code");
    page.keys(&format!("1234{}", crate::chromium::ENTER));
    page.wait("document.querySelector('[role=alert]')");
    desk.looked_at("receipt-wrong-code");
}

/// The rules bite: each fault that is put on a page that had none is found, and named.
#[test]
fn axe_finds_what_is_wrong_with_a_page() {
    if !crate::chromium::there() || axe::source().is_none() {
        return;
    }
    let house = House::start(Options::default());
    let desk = Desk::of(&house);
    for (rule, fault) in [
        ("label", "document.querySelector('label[for=name]').remove()"),
        ("color-contrast", "document.querySelector('h1').style.color = '#bbb'"),
        ("button-name", "document.querySelector('button').textContent = ''"),
        ("document-title", "document.title = ''"),
        ("html-has-lang", "document.documentElement.removeAttribute('lang')"),
    ] {
        desk.open("/sign-in");
        fit(&desk.browser, "the sign-in");
        desk.browser.run(fault);
        let found = axe::findings(&desk.browser);
        assert!(found.iter().any(|text| text.contains(&format!(" {rule} "))), "{rule}: {found:?}");
    }
}
