//! The records office, as its officers use it.

use crate::chromium::{ENTER, TAB};
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

#[test]
fn a_records_officer_looks_at_stays_decides_and_takes_it_back() {
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
    staff.close(&voyage).ok();
    let records = staff.anybody.signed_in("records", PASSWORD);
    let new =
        json!({ "kind": "stay-inquiry", "reference": "2026/9", "basis": "section 9", "reason": "asked for" });
    let opened = records.post("/api/records/v1/cases", &new).ok().json();

    let desk = Desk::of(&house);
    desk.sign_in("records", "/records");
    desk.open(&format!("/records/{}", opened["id"].as_str().unwrap()));
    desk.browser.wait("document.querySelector('#stays-find')?.checkVisibility()");
    let fill = |field: &str, text: &str| {
        desk.browser.run(&format!("const at = document.querySelector({field:?}); at.value = {text:?};"));
    };
    fill("#stays-issuer", "FRA");
    fill("#stays-number", &visitor.number);
    desk.browser.click("#stays-find button[type=submit]");
    desk.browser.wait(
        "document.querySelector('#stays-found')?.innerText.includes('no entry is recorded before this exit')",
    );
    desk.looked_at("stays-of-a-person");
    desk.browser.click("#stays-found input[data-chosen]");
    fill("#stays-decided", "apart");
    fill("#stays-reason", "the passport was lent");
    desk.browser.run("window.confirm = () => true; window.prompt = () => 'it was not lent'");
    desk.browser.click("#stays-decide button[type=submit]");
    desk.browser.wait("document.querySelector('#stays-found').innerText.includes('the passport was lent')");
    desk.looked_at("stays-decided");
    desk.browser.click("#stays-found button");
    desk.browser.wait("document.querySelector('#stays-found').innerText.includes('it was not lent')");

    desk.browser.run("document.querySelector('details:has(#stays-change)').open = true");
    desk.looked_at("stays-change");
    fill("#change-issuer", "FRA");
    fill("#change-number", &visitor.number);
    fill("#change-what", "citizen");
    desk.browser.run("document.querySelector('#change-what').dispatchEvent(new Event('change'))");
    assert_eq!(desk.browser.see("document.querySelector('#change-until').checkVisibility()"), false);
    fill("#change-from", "2026-11-30T10:00");
    desk.browser.click("#stays-change button[type=submit]");
    desk.browser.wait("document.querySelector('#said').innerText.includes('Noted')");
    desk.open("/records/stays");
    desk.browser.click("details.new summary");
    fill("#way-mode", "land");
    fill("#way-port", "Nogales");
    fill("#way-reason", "the footbridge is not staffed");
    desk.browser.click("form[data-then=way] button[type=submit]");
    desk.browser.wait("document.querySelector('main').innerText.includes('land exits at Nogales')");
    desk.looked_at("stays");
}

#[test]
fn whose_records_are_is_proposed_by_keyboard_and_carried_out_by_a_second_officer() {
    if !possible() {
        return;
    }
    let (house, mut staff) = Staff::with_house(Options::default());
    for name in ["records", "second"] {
        let user = json!({ "name": name, "role": "records", "password": PASSWORD });
        staff.administrator.post("/api/admin/v1/users", &user).ok();
    }
    let taken_for = Person::new(1, "FRA").with_reference(Picture::Obama);
    let voyage = staff.stage(100, std::slice::from_ref(&taken_for));
    let begun = staff.gate.send(&staff.gate.begin_order(&choice("photo", false, None))).ok().json();
    let (encounter, code) = (begun["encounter"].as_str().unwrap(), begun["receipt"]["code"].clone());
    staff.gate.capture(encounter, &[Picture::Obama2.bytes()]).ok();
    staff.close(&voyage).ok();
    let contest = json!({ "code": code, "ground": "wrong-person", "words": "That is not my name." });
    staff.anybody.post("/api/public/v1/receipt/contest", &contest).ok();
    let records = staff.anybody.signed_in("records", PASSWORD);
    let contest = records.get("/api/records/v1/cases").ok().json()[0]["id"].as_str().unwrap().to_owned();

    let desk = Desk::of(&house);
    desk.sign_in("records", "/records");
    desk.open(&format!("/records/{contest}"));
    desk.looked_at("records-contest");
    desk.browser.run("document.querySelector('form[data-then=case] button').focus()");
    desk.browser.keys(ENTER);
    desk.browser.wait("document.querySelector('#redress-propose')?.checkVisibility()");
    let case = desk.browser.read("location.pathname");
    // What is typed finds "that other person's" among the choices.
    let crossing = desk.browser.read(
        "[...document.querySelectorAll('[data-finding-of]')].find((one) => one.labels[0].innerText.includes('crossing')).id",
    );
    desk.browser.run(&format!("document.getElementById({crossing:?}).focus()"));
    desk.browser.keys("that");
    desk.browser.wait(&format!("document.getElementById({crossing:?}).value === 'reattribute'"));
    for (field, text) in [
        ("#holder-issuer", "FRA"),
        ("#holder-number", "Y7654321"),
        ("#holder-family", "NOVAK"),
        ("#holder-given", "IVA"),
        ("#holder-nationality", "FRA"),
        ("#redress-reason", "both portraits were compared"),
        ("#redress-answer", "You are right."),
    ] {
        desk.browser.run(&format!("document.querySelector({field:?}).focus()"));
        desk.browser.keys(text);
    }
    desk.browser.run("document.querySelector('#holder-class').value = 'non-immigrant'");
    desk.looked_at("redress-proposing");
    desk.browser.run("document.querySelector('#redress-answer').focus()");
    desk.browser.keys(TAB);
    desk.browser.keys(ENTER);
    desk.browser.wait("document.querySelectorAll('tr[data-finding=reattribute]').length === 2");
    assert_eq!(
        desk.browser.see("document.querySelector('#redress-agree') === null"),
        true,
        "not by the same officer"
    );
    desk.looked_at("redress-proposed");

    let desk = Desk::of(&house);
    desk.sign_in("second", "/records");
    desk.open(&case);
    desk.browser.wait("document.querySelector('#redress-open')?.checkVisibility()");
    let hidden = "document.querySelector('#redress-agree').checkVisibility()";
    assert_eq!(desk.browser.see(hidden), false, "whose it is said to be is looked at first");
    assert!(desk.browser.see("document.body.innerText.includes('NOVAK')") == false);
    desk.browser.run("document.querySelector('#redress-open').focus()");
    desk.browser.keys(ENTER);
    desk.browser.wait("document.querySelector('#redress-holder').innerText.includes('NOVAK, IVA')");
    desk.looked_at("redress-to-decide");
    desk.browser.run("window.confirm = () => true; document.querySelector('#redress-agree button').focus()");
    desk.browser.keys(ENTER);
    desk.browser.wait("document.querySelector('.facts')?.innerText.includes('second')");
    desk.browser.wait("document.querySelector('main').innerText.includes('It was carried out.')");
    desk.looked_at("redress-done");
    let receipt = staff.anybody.post("/api/public/v1/receipt", &json!({ "code": code })).ok().json();
    assert_eq!(receipt["contests"][0]["answer"], "You are right.");
}
