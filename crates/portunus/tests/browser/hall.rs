//! An arrival hall and a lane, as their officer works them: admitted with a class and a last day, referred, refused with a
//! reason; a claim to protection made before the officer; a consent taken back.

use crate::camera::pictures_there;
use crate::chromium::{ENTER, TAB, there};
use crate::keyboard::{presses, tabs_to};
use crate::pages::Desk;
use crate::support::{Caller, Gate, JSON, Options, Person, Picture, Staff, choice};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};

/// A day from now on, in the service's zone.
pub fn in_days(days: i64) -> Date {
    let today = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    today.saturating_add(days.days())
}

/// As it is typed into a field of a date, by its parts.
pub fn typed(day: Date) -> String {
    day.strftime("%m%d%Y").to_string()
}

/// Somebody who receives copies of crossings.
fn recipient(staff: &Staff) -> Caller {
    let new = json!({ "name": "Statistics", "purpose": "stays", "basis": "s 9", "receives": ["crossing"] });
    let made = staff.administrator.post("/api/admin/v1/recipients", &new).ok().json();
    staff.anybody.with_token(made["token"].as_str().unwrap())
}

/// What they are given of every crossing that they are offered.
fn copies(recipient: &Caller) -> Vec<Value> {
    let offered = recipient.get("/api/recipient/v1/crossings").ok().json();
    let one = |offered: &Value| {
        let record = offered["record"].as_str().unwrap();
        recipient.get(&format!("/api/recipient/v1/records/{record}")).ok().json()["crossing"].clone()
    };
    offered.as_array().unwrap().iter().map(one).collect()
}

#[test]
fn an_officer_of_a_hall_admits_until_a_day_refers_protects_and_refuses_with_a_reason() {
    if !there() || !pictures_there() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let hall = staff.make_point("Hall A", "entry", "arrival-hall");
    let people = [Person::new(1, "FRA").with_reference(Picture::Obama), Person::new(2, "ERI")];
    staff.send_arrivals(700, &people);
    staff.add_reference(&people[0], &Picture::Obama.bytes()).ok();
    let recipient = recipient(&staff);
    staff.open_watch(&hall);
    let mut gate = staff.gate_at(&hall);
    let known = gate.begin(&choice("photo", false, None));
    assert_eq!(gate.capture(&known, &[Picture::Obama2.bytes()]).ok().json()["step"], "go-to-booth");

    let desk = Desk::of(&house);
    desk.sign_in("officer", "/console");
    desk.open(&format!("/console?point={hall}"));
    desk.waiting(1);
    let until = in_days(90);
    a_visitor_is_admitted_until_a_day(&desk, until);
    let [copy] = &copies(&recipient)[..] else { panic!("one crossing") };
    assert_eq!(copy["admitted"], json!({ "class": "B-2", "until": until }), "{copy}");
    assert_eq!(
        (&copy["direction"], &copy["person"]["family_name"]),
        (&json!("entry"), &json!(people[0].family))
    );

    let claiming = gate.begin(&choice("manual", false, Some(("ERI", &people[1].number))));
    somebody_claims_protection_at_the_desk(&desk);
    assert_eq!(copies(&recipient).len(), 1, "of who claims protection nobody is offered anything");
    let late = staff.officer.post(&format!("/api/officer/v1/encounters/{claiming}/protection"), &json!({}));
    assert_eq!(late.status, 409, "it is over");

    gate.begin(&choice("manual", false, None));
    nobody_is_refused_without_a_reason(&desk);
}

fn a_visitor_is_admitted_until_a_day(desk: &Desk, until: Date) {
    let page = &desk.browser;
    page.wait("document.querySelector('article.card')?.innerText.includes('verified')");
    desk.looked_at("hall-verified");
    desk.rules(ENTER, "document.querySelector('article.card').innerText.includes('with officer')");
    desk.rules("a", "document.querySelector('#admit').open");
    page.wait("document.activeElement?.id === 'admit-class'");
    page.keys("b-2");
    // A day that is over admits nobody, and what was typed stays.
    tabs_to(page, "#admit-until");
    page.keys("01012020");
    presses(page, "#admit button[value=ok]");
    page.wait("document.querySelector('#admit-problem').innerText.includes('today or a later day')");
    desk.looked_at("hall-admit-over");
    tabs_to(page, "#admit-until");
    page.keys(&typed(until));
    assert_eq!(page.read("document.querySelector('#admit-until').value"), until.to_string());
    presses(page, "#admit button[value=ok]");
    page.wait(&format!("document.querySelector('#said').innerText.includes('B-2 until {until}')"));
    desk.waiting(0);
}

fn somebody_claims_protection_at_the_desk(desk: &Desk) {
    let page = &desk.browser;
    let card = "document.querySelector('article.card')?.innerText";
    desk.waiting(1);
    desk.rules("s", "document.querySelector('#why').open");
    page.wait("document.activeElement?.id === 'why-text'");
    page.keys(&format!("to be heard in private{TAB}{ENTER}"));
    page.wait(&format!("{card}?.includes('second inspection') && !document.querySelector('#why').open"));
    page.keys("d");
    page.accept();
    page.wait(&format!("{card}?.includes('given to any state or carrier')"));
    assert_eq!(page.see("document.querySelector('[data-rule=protect]').disabled"), true, "it is for good");
    desk.looked_at("hall-protected");
    desk.rules("a", "document.querySelector('#admit').open");
    page.wait("document.activeElement?.id === 'admit-class'");
    page.keys(&format!("re{ENTER}"));
    page.wait("!document.querySelector('#admit').open");
    desk.waiting(0);
}

fn nobody_is_refused_without_a_reason(desk: &Desk) {
    let page = &desk.browser;
    desk.waiting(1);
    desk.rules("r", "document.querySelector('#why').open");
    page.wait("document.activeElement?.id === 'why-text'");
    page.keys("  ");
    presses(page, "#why button[value=ok]");
    page.wait("document.querySelector('#why-problem').innerText.includes('A reason is needed')");
    page.wait("document.activeElement?.id === 'why-text'");
    desk.looked_at("hall-refuse-why");
    assert_eq!(page.see("document.querySelectorAll('#queue [data-select]').length"), 1, "still waits");
    page.keys(&format!("no document, and none is asked for{TAB}{ENTER}"));
    page.wait("document.querySelector('#said').innerText.includes('Refused')");
    desk.waiting(0);
}

/// The choice at a lane: photo, with the document that was read.
fn shown(person: &Person) -> Value {
    let mut choice = choice("photo", false, None);
    choice["mrz"] = json!(person.mrz());
    choice
}

fn taken_back(gate: &Gate, person: &Person) -> Value {
    let body = serde_json::to_vec(&json!({ "mrz": person.mrz() })).unwrap();
    let order = gate.order("POST", "/api/device/v1/consents/withdraw", JSON, body);
    gate.send(&order).ok().json()["consents"].clone()
}

#[test]
fn an_officer_of_a_lane_takes_back_for_a_traveller_that_they_are_known_without_a_document() {
    if !there() || !pictures_there() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let lane = staff.make_point("Footbridge out", "exit", "pedestrian-lane");
    let mut gate = staff.gate_at(&lane);
    let person = Person::new(1, "FRA");
    staff.add_reference(&person, &Picture::Obama.bytes()).ok();
    staff.open_watch(&lane);
    let passage = gate.begin(&shown(&person));
    assert_eq!(gate.capture(&passage, &[Picture::Obama2.bytes()]).ok().json()["step"], "proceed");
    let path = format!("/api/device/v1/encounters/{passage}/consent");
    let order = gate.order("POST", &path, JSON, b"{\"days\":30}".to_vec());
    assert_eq!(gate.send(&order).status, 204);

    let desk = Desk::of(&house);
    let page = &desk.browser;
    desk.sign_in("officer", "/console");
    desk.open(&format!("/console?point={}", staff.point));
    assert!(page.see("document.querySelector('[data-open=forget]')").is_null(), "nobody consents at a gate");
    desk.open(&format!("/console?point={lane}"));
    presses(page, "[data-open=forget]");
    page.wait("document.activeElement?.id === 'forget-issuer'");
    page.keys("FRA");
    tabs_to(page, "#forget-number");
    page.keys(&format!("X0000000{ENTER}"));
    page.wait("document.querySelector('#forget-problem').innerText.includes('Nobody is known here')");
    desk.looked_at("lane-forget");
    presses(page, "#forget button[value=cancel]");
    presses(page, "[data-open=forget]");
    page.wait("document.activeElement?.id === 'forget-issuer'");
    page.keys("FRA");
    tabs_to(page, "#forget-number");
    page.keys(&format!("{}{ENTER}", person.number));
    page.wait("document.querySelector('#said').innerText.includes('Erased')");
    assert_eq!(taken_back(&gate, &person), 0, "nothing is left to take back");
}
