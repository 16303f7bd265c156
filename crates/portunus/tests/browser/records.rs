//! The records office, as its officers use it.

use crate::pages::Desk;
use crate::possible;
use crate::support::{Options, PASSWORD, Person, Picture, Staff, choice};
use serde_json::json;

#[test]
fn a_records_officer_finds_what_is_held_and_gives_it() {
    if !possible() {
        return;
    }
    let (house, mut staff) = Staff::with_house(Options::default());
    let user = json!({ "name": "records", "role": "records", "password": PASSWORD });
    staff.administrator.post("/api/admin/v1/users", &user).ok();
    let visitor = Person::new(1, "FRA").with_reference(Picture::Obama);
    let voyage = staff.stage(100, std::slice::from_ref(&visitor));
    let encounter = staff.gate.begin(&choice("photo", false, None));
    staff.gate.capture(&encounter, &[Picture::Obama2.bytes()]).ok();

    let desk = Desk::of(&house);
    desk.sign_in("officer", "/console");
    desk.open(&format!("/console/encounters/{encounter}/held"));
    desk.browser.wait("document.querySelector('table.held')?.innerText.includes('non-immigrant')");
    desk.looked_at("held-of-an-encounter");
    staff.close(&voyage).ok();

    let desk = Desk::of(&house);
    desk.sign_in("records", "/records");
    desk.looked_at("records-no-case");
    desk.browser.click("details.new summary");
    let fill = |field: &str, text: &str| {
        desk.browser.run(&format!("const at = document.querySelector({field:?}); at.value = {text:?};"));
    };
    fill("#case-kind", "subject-access");
    fill("#case-reference", "2026/17");
    fill("#case-basis", "section 12");
    fill("#case-reason", "the person asked at the counter");
    desk.looked_at("records-new-case");
    desk.browser.click("form[data-then=case] button[type=submit]");
    desk.browser.wait("document.querySelector('#problem').innerText.includes('identity_check')");
    fill("#case-identity", "passport shown at the counter");
    desk.browser.click("form[data-then=case] button[type=submit]");
    desk.browser.wait("document.querySelector('#find')?.checkVisibility()");
    fill("#find-issuer", "FRA");
    fill("#find-number", &visitor.number);
    desk.browser.click("#find button[type=submit]");
    desk.browser.wait("document.querySelectorAll('#found-rows tr').length === 3");
    desk.looked_at("records-found");
    desk.browser.click("#found button[type=submit]");
    desk.browser.wait("document.querySelectorAll('tr[data-record]').length === 3");
    desk.browser.run("window.confirm = () => true");
    desk.browser.click("form[data-then=file] button[type=submit]");
    desk.browser.wait("document.querySelector('.facts')?.innerText.includes('Records given')");
    desk.looked_at("records-given");
    desk.open("/records");
    desk.browser.wait("document.querySelector('table.cases')?.innerText.includes('2026/17')");
    desk.looked_at("records-cases");
}
