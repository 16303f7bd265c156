//! Who does what, on the pages: two people for a designation, each by keyboard; a console that is left locks.

use crate::chromium::ENTER;
use crate::keyboard::{presses, tabs_to};
use crate::pages::Desk;
use crate::support::{House, Options, PASSWORD, Staff, choice};
use serde_json::json;

/// Somebody's own browser, on the page of designations.
fn on_admin(house: &House, name: &str) -> Desk {
    let desk = Desk::of(house);
    desk.sign_in_at_the_door(name);
    desk.open("/admin");
    desk
}

#[test]
fn one_person_drafts_a_designation_and_another_approves_it() {
    if !crate::chromium::there() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let point = json!({ "name": "JFK B24", "port": "JFK", "direction": "exit", "kind": "boarding-gate" });
    let point = staff.administrator.post("/api/admin/v1/points", &point).ok().json();
    let here = format!("#point-{}", point["id"].as_str().unwrap());
    let says = |words: &str| format!("document.querySelector('{here}')?.innerText.includes('{words}')");

    let drafter = on_admin(&house, "administrator");
    let page = &drafter.browser;
    page.wait(&says("no photo can be taken"));
    presses(page, &format!("{here} details.new > summary"));
    tabs_to(page, &format!("{here} [name=legal_basis]"));
    page.keys("8 CFR 215.8");
    tabs_to(page, &format!("{here} [name=device_owner]"));
    page.keys("Port of Testing");
    drafter.looked_at("designation-new");
    presses(page, &format!("{here} details.new button[type=submit]"));
    page.wait(&says("draft: no photo under it"));
    tabs_to(page, &format!("{here} [name=by]"));
    page.keys(&format!("J. Kim{ENTER}"));
    page.wait(&says("somebody else than its author approves it"));
    drafter.looked_at("designation-attested");
    let approve = format!("document.querySelector(\"{here} form[data-post$='/approve']\")");
    assert!(page.see(&approve).is_null(), "not by who wrote it");

    let approver = on_admin(&house, "supervisor");
    presses(&approver.browser, &format!("{here} form[data-post$='/approve'] button"));
    approver.browser.accept();
    approver.browser.wait(&says("post notice"));
    approver.looked_at("designation-approved");

    drafter.open("/admin");
    presses(page, &format!("{here} form[data-post$='/notice'] button"));
    page.wait(&says("enrol a device"));
    presses(page, &format!("{here} form[data-then=link] button"));
    page.wait("document.querySelector('#link')?.open");
    drafter.looked_at("designation-device");
}

#[test]
fn a_locked_console_shows_nobody_and_comes_back_where_it_was() {
    if !crate::chromium::there() {
        return;
    }
    let (house, staff) = crate::every::furnished();
    staff.gate.begin(&choice("manual", false, None));
    let desk = Desk::of(&house);
    let page = &desk.browser;
    desk.sign_in("officer", "/console");
    desk.waiting(1);
    let before = page.read("document.querySelector('article.card').dataset.encounter");
    presses(page, "form.lock button");
    page.wait("location.pathname === '/lock' && document.activeElement?.id === 'again'");
    assert_eq!(page.see("document.querySelectorAll('article.card, #queue').length"), 0);
    desk.looked_at("lock");
    page.keys(&format!("not the password{ENTER}"));
    page.wait("document.querySelector('[role=alert]')");
    desk.looked_at("lock-wrong");
    // Nothing else opens while it is locked.
    desk.open("/console");
    page.wait("location.pathname === '/lock'");
    page.wait("document.activeElement?.id === 'again'");
    page.keys(&format!("{PASSWORD}{ENTER}"));
    page.wait("location.pathname === '/console' && document.querySelector('article.card')");
    assert_eq!(page.read("document.querySelector('article.card').dataset.encounter"), before);
}

#[test]
fn a_console_that_nobody_is_at_locks_by_itself() {
    if !crate::chromium::there() {
        return;
    }
    let (house, _staff) =
        Staff::with_house(Options { args: vec!["--lock-after", "15"], ..Options::default() });
    let desk = Desk::of(&house);
    desk.sign_in("officer", "/console");
    desk.browser.wait("location.pathname === '/lock' && document.querySelector('#again')");
}
