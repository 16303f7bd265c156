//! An officer's tablet at a marina: camera and console in one. The traveller shows a document and chooses; the officer rules
//! on the same screen.

use crate::camera::Camera;
use crate::chromium::{ENTER, TAB};
use crate::pages::{GatePage, fit};
use crate::possible;
use crate::support::{Options, PASSWORD, Person, Picture, Staff};
use serde_json::{Value, json};

impl GatePage {
    /// The officer signs in on the device of a marina: from now on it is their tablet.
    #[track_caller]
    pub fn becomes_tablet(&self, url: &str) {
        let page = &self.browser;
        page.open(&format!("{url}/tablet"));
        page.wait("document.activeElement?.id === 'name'");
        page.keys(&format!("officer{TAB}{PASSWORD}{ENTER}"));
        page.wait("location.pathname === '/tablet' && document.readyState === 'complete'");
        self.shows("document");
        self.notes_what_is_sent();
    }

    /// Waits until the officer is asked about this person.
    #[track_caller]
    pub fn asks_the_officer(&self, who: &str) {
        self.browser.wait(&format!(
            "document.querySelector('#ruling').open && document.querySelector('#ruling-who').textContent.includes({who:?})"
        ));
    }
}

/// What is recorded of a person's crossing, as they are given it.
#[track_caller]
pub fn recorded(staff: &Staff, person: &Person) -> Vec<Value> {
    let user = json!({ "name": "records", "role": "records", "password": PASSWORD });
    staff.administrator.post("/api/admin/v1/users", &user);
    let records = staff.anybody.signed_in("records", PASSWORD);
    let cases = "/api/records/v1/cases";
    let new = json!({ "kind": "subject-access", "reference": "1", "basis": "b", "reason": "r", "identity_check": "passport" });
    let case = format!("{cases}/{}", records.post(cases, &new).ok().json()["id"].as_str().unwrap());
    let theirs = json!({ "document": { "issuer": person.state, "kind": "P", "number": person.number } });
    let found = records.post(&format!("{case}/find"), &theirs).ok().json();
    let named: Vec<&Value> = found.as_array().unwrap().iter().map(|one| &one["record"]).collect();
    records.post(&format!("{case}/records"), &json!({ "records": named })).ok();
    let given = records.post(&format!("{case}/give"), &json!({})).ok().json();
    let all = given["records"].as_array().unwrap().iter();
    all.filter(|one| one["data"] == "crossing").map(|one| one["crossing"].clone()).collect()
}

#[test]
fn an_officer_admits_by_tablet_who_was_photographed_and_who_would_rather_not_be() {
    if !possible() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let marina = staff.make_point("Marina", "entry", "marina");
    let (sailor, crew) = (Person::new(1, "FRA"), Person::new(2, "FRA"));
    for person in [&sailor, &crew] {
        staff.add_reference(person, &Picture::Obama.bytes()).ok();
    }
    staff.open_watch(&marina);
    let camera = Camera::seeing(Picture::Obama2);
    let gate = GatePage::at_lane(&house, &staff, &marina, &camera.path());
    gate.becomes_tablet(&house.url());
    let page = &gate.browser;
    page.picture("tablet-document");

    gate.reads(&sailor);
    page.click("#choose-photo");
    gate.asks_the_officer(&sailor.number);
    assert!(!gate.camera_runs(), "the camera is off when the officer rules");
    assert!(page.read("document.querySelector('#ruling-why').textContent").contains("belong together"));
    page.picture("tablet-ruling");
    fit(page, "tablet-ruling");
    // Only an officer refuses, and says why.
    page.click("#ruling-refuse");
    page.wait("document.querySelector('#ruling-problem').textContent !== ''");
    page.picture("tablet-ruling-without-reason");
    page.click("#ruling-class");
    page.keys("b-2");
    // A visitor without a last day is asked about once more.
    page.click("#ruling-pass");
    page.wait("document.querySelector('#ruling-problem').textContent.startsWith('No last day for B-2')");
    page.wait("document.activeElement?.id === 'ruling-until'");
    page.keys("01312099");
    assert_eq!(page.read("document.querySelector('#ruling-until').value"), "2099-01-31");
    page.click("#ruling-pass");
    page.wait("document.querySelector('#remember').checkVisibility()");
    page.click("#remember");
    page.wait("document.querySelector('#remember-said').dataset.text === 'remembered'");
    receipt_until_next(&gate, "tablet-admitted", "proceed");
    let entry = recorded(&staff, &sailor);
    assert_eq!(entry.len(), 1);
    assert_eq!((&entry[0]["direction"], &entry[0]["method"]), (&json!("entry"), &json!("face-matched")));
    assert_eq!(entry[0]["admitted"], json!({ "class": "B-2", "until": "2099-01-31" }));

    gate.reads(&crew);
    page.click("#choose-manual");
    gate.asks_the_officer(&crew.number);
    assert_eq!(gate.asked_for_camera(), 1, "who declines is not photographed");
    assert!(page.read("document.querySelector('#ruling-why').textContent").contains("No photo"));
    assert_eq!(page.read("document.querySelector('#ruling-until').value"), "", "the last day was another's");
    page.click("#ruling-class");
    page.keys("resident");
    page.picture("tablet-ruling-declined");
    page.click("#ruling-pass");
    page.wait("document.querySelector('#next').checkVisibility()");
    assert_eq!(page.see("document.querySelector('#remember').checkVisibility()"), false, "no face was seen");
    receipt_until_next(&gate, "tablet-admitted-by-document", "proceed");
    let entry = recorded(&staff, &crew);
    assert_eq!((entry.len(), &entry[0]["method"]), (1, &json!("document-inspected")));
    assert_eq!(entry[0]["admitted"], json!({ "class": "RESIDENT" }));
    assert_eq!(staff.board_of(&marina)["queue"], json!([]));
}

/// The receipt stays until the officer asks for the next traveller; then the page is wiped.
#[track_caller]
pub fn receipt_until_next(gate: &GatePage, name: &str, outcome: &str) {
    gate.browser.wait("document.querySelector('#next')?.checkVisibility()");
    assert_eq!(gate.outcome(name), outcome);
    fit(&gate.browser, name);
    assert_eq!(gate.browser.see("document.querySelectorAll('#receipts .take-away-qr path').length"), 1);
    assert_eq!(
        gate.browser.see("document.querySelector('#clearing').checkVisibility()"),
        false,
        "nothing counts down"
    );
    gate.browser.click("#next");
    gate.shows("document");
    assert_eq!(gate.browser.see("document.querySelectorAll('#receipts li').length"), 0, "wiped");
}
