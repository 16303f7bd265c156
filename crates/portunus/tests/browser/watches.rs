//! Points that work in watches, and not voyage by voyage: opened by a supervisor, worked by an officer, by keyboard.

use crate::chromium::ENTER;
use crate::keyboard::{presses, tabs_to};
use crate::pages::Desk;
use crate::support::{Options, Staff, choice};

/// Somebody without a document that a machine reads stands before the booth: entered by hand, and admitted as what, until
/// when.
#[test]
fn an_officer_of_an_arrival_hall_enters_a_person_and_admits_them() {
    if !crate::chromium::there() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let hall = staff.make_point("Hall A", "entry", "arrival-hall");
    let gate = staff.gate_at(&hall);
    let supervisor = Desk::of(&house);
    supervisor.sign_in("supervisor", "/supervisor");
    supervisor.looked_at("supervisor-no-watch");
    presses(&supervisor.browser, "#open-watch button");
    let voyages = "document.querySelector('[data-region=voyages]').innerText";
    supervisor.browser.wait(&format!("{voyages}.includes('Hall A') && {voyages}.includes('watch until')"));
    supervisor.looked_at("supervisor-watch");

    let mut asks = choice("manual", false, None);
    asks["officer_only"] = true.into();
    gate.begin(&asks);
    let desk = Desk::of(&house);
    let page = &desk.browser;
    desk.sign_in("officer", "/console");
    desk.open(&format!("/console?point={hall}"));
    desk.waiting(1);
    desk.looked_at("console-hall-waiting");
    presses(page, "[data-open=register]");
    page.wait("document.activeElement?.id === 'register-family'");
    page.keys("NABUKOV");
    tabs_to(page, "#register-given");
    page.keys("IRA");
    tabs_to(page, "#register-nationality");
    page.keys("XXB");
    desk.looked_at("console-hall-register");
    presses(page, "#register button[value=ok]");
    page.wait("document.querySelector('article.card')?.dataset.name?.includes('NABUKOV')");
    desk.rules("a", "document.querySelector('#admit').open");
    // Without a class nobody is admitted.
    presses(page, "#admit button[value=ok]");
    assert_eq!(page.see("document.querySelector('#admit').open"), true, "as what?");
    tabs_to(page, "#admit-class");
    page.keys("RE");
    desk.looked_at("console-hall-admit");
    page.keys(ENTER);
    page.wait("!document.querySelector('#admit').open");
    desk.waiting(0);
    page.wait("document.querySelector('[data-region=flow] li')?.innerText.includes('NABUKOV')");
    desk.looked_at("console-hall-admitted");
}
