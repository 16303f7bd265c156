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
    let (house, mut staff) = Staff::with_house(Options { args: vec!["--no-erasing"], ..Options::default() });
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
    one_of_each_other_kind(&staff, &desk, &visitor);
    desk.open("/records");
    desk.browser.wait("document.querySelector('table.cases')?.innerText.includes('2026/17')");
    desk.looked_at("records-cases");

    let desk = Desk::of(&house);
    desk.sign_in("supervisor", "/supervisor");
    desk.browser
        .wait("document.querySelector('[data-region=erasing]').innerText.includes('NOTHING IS ERASED')");
    desk.looked_at("supervisor-nothing-erased");
    desk.open("/records");
    let forms = desk.browser.see("document.querySelectorAll('form[data-post]').length");
    assert_eq!(forms, 0, "a supervisor sees cases and opens none");
}

/// A hold, a request, a correction and a change of class, each naming what is held, as the page shows them.
fn one_of_each_other_kind(staff: &Staff, desk: &Desk, visitor: &Person) {
    let records = staff.anybody.signed_in("records", PASSWORD);
    let ends = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    for (kind, button) in [
        ("hold", "Close"),
        ("outside-request", "Give the records"),
        ("correction", "Put right"),
        ("class-change", "Note the change"),
    ] {
        let new = json!({
            "kind": kind, "reference": format!("2026/{kind}"), "basis": "section 12", "reason": "asked for",
            "from_whom": "District court", "expires_at": ends,
        });
        let opened = records.post("/api/records/v1/cases", &new).ok().json();
        let id = opened["id"].as_str().unwrap();
        let path = |deed: &str| format!("/api/records/v1/cases/{id}/{deed}");
        let wanted = json!({ "document": { "issuer": "FRA", "kind": "P", "number": visitor.number } });
        let found = records.post(&path("find"), &wanted).ok().json();
        let named: Vec<_> = found.as_array().unwrap().iter().map(|one| one["record"].clone()).collect();
        records.post(&path("records"), &json!({ "records": named })).ok();
        desk.open(&format!("/records/{id}"));
        desk.browser.wait(&format!(
            "document.querySelector('#deeds-title') && document.body.innerText.includes({button:?})"
        ));
        desk.looked_at(&format!("records-{kind}"));
    }
}
