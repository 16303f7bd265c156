//! The records office over HTTP: what is held on somebody is found, given, held, and put right, in cases alone.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

mod support;

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use support::{Caller, Options, PASSWORD, Person, Picture, Staff, choice, models_are_here};

const CASES: &str = "/api/records/v1/cases";

/// Three records officers, signed in.
fn office(staff: &Staff) -> [Caller; 3] {
    ["vera", "walid", "xenia"].map(|name| {
        let user = json!({ "name": name, "role": "records", "password": PASSWORD });
        staff.administrator.post("/api/admin/v1/users", &user).ok();
        staff.anybody.signed_in(name, PASSWORD)
    })
}

/// A visitor is matched and photographed, and leaves; gives the encounter.
fn a_departure(staff: &mut Staff, visitor: &Person) -> String {
    let voyage = staff.stage(100, std::slice::from_ref(visitor));
    let encounter = staff.gate.begin(&choice("photo", false, None));
    let captured = staff.gate.capture(&encounter, &[Picture::Obama2.bytes()]).ok().json();
    assert_eq!(captured["step"], "proceed", "{captured}");
    assert_eq!(staff.close(&voyage).ok().json()["crossings"], 1);
    encounter
}

fn wanted(person: &Person) -> Value {
    json!({ "document": { "issuer": person.state, "kind": "P", "number": person.number } })
}

/// Opens a case; gives its path.
#[track_caller]
fn case(by: &Caller, kind: &str, more: &Value) -> String {
    let mut new =
        json!({ "kind": kind, "reference": "2026/17", "basis": "section 12", "reason": "asked for" });
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let opened = by.post(CASES, &new);
    assert_eq!(opened.status, 201, "{}", String::from_utf8_lossy(&opened.body));
    format!("{CASES}/{}", opened.json()["id"].as_str().unwrap())
}

/// Finds all that is held on a person and names it in the case.
#[track_caller]
fn name_all(by: &Caller, case: &str, person: &Person) -> Vec<Value> {
    let found = by.post(&format!("{case}/find"), &wanted(person)).ok().json();
    let records: Vec<Value> = found.as_array().unwrap().iter().map(|one| one["record"].clone()).collect();
    let named = by.post(&format!("{case}/records"), &json!({ "records": records })).ok().json();
    assert_eq!(named["named"], records.len());
    found.as_array().unwrap().clone()
}

fn data(found: &[Value]) -> Vec<&str> {
    let mut data: Vec<&str> = found.iter().map(|one| one["data"].as_str().unwrap()).collect();
    data.sort_unstable();
    data
}

#[test]
fn somebody_without_a_receipt_gets_all_that_is_held_on_them_and_it_stands_on_record() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    let [vera, ..] = office(&staff);
    let visitor = Person::new(1, "FRA").with_reference(Picture::Obama);
    let encounter = a_departure(&mut staff, &visitor);
    let held = staff.officer.get(&format!("/console/encounters/{encounter}/held")).ok();
    assert!(String::from_utf8_lossy(&held.body).contains("What is held of this passage"));

    let new = json!({ "kind": "subject-access", "reference": "1", "basis": "b", "reason": "r" });
    assert_eq!(vera.post(CASES, &new).status, 400, "nobody is given anything who was not identified");
    let access = case(&vera, "subject-access", &json!({ "identity_check": "passport shown at the counter" }));
    assert_eq!(vera.post(&format!("{access}/find"), &json!({})).status, 400);
    let found = name_all(&vera, &access, &visitor);
    assert_eq!(data(&found), ["crossing", "probe", "reference"]);
    for one in &found {
        assert!(one["until"].as_str().unwrap() > one["since"].as_str().unwrap(), "{one}");
        assert_eq!((&one["class"], &one["held_by"]), (&json!("non-immigrant"), &json!([])));
    }
    let by_name = json!({ "family_name": visitor.family, "given_names": visitor.given.to_lowercase(), "born": "1950-01-10" });
    let again = vera.post(&format!("{access}/find"), &by_name).ok().json();
    assert_eq!(data(again.as_array().unwrap()), ["crossing", "probe"], "found without the document, too");

    let given = vera.post(&format!("{access}/give"), &json!({})).ok().json();
    let records = given["records"].as_array().unwrap();
    let of = |data: &str| records.iter().find(|one| one["data"] == data).unwrap();
    assert_eq!(of("crossing")["crossing"]["person"]["family_name"], json!(visitor.family));
    assert_eq!(of("crossing")["crossing"]["voyage"]["number"], "100");
    for pictured in ["probe", "reference"] {
        let picture =
            base64::engine::general_purpose::STANDARD.decode(of(pictured)["picture"].as_str().unwrap());
        assert!(picture.unwrap().starts_with(&[0xff, 0xd8, 0xff]), "{pictured} is a JPEG");
    }
    assert_eq!(given["lists"][0]["stated"]["family_name"], json!(visitor.family));
    assert_eq!(vera.post(&format!("{access}/give"), &json!({})).status, 409, "once");
    let whole = vera.get(&access).ok().json();
    assert_eq!((&whole["case"]["given"], &whole["case"]["outcome"]), (&json!(3), &json!("done")));
    assert!(whole["case"]["deadline"].is_string());
    let read = |data: &str| {
        let one = whole["records"].as_array().unwrap().iter().find(|one| one["data"] == data).unwrap();
        one["read"].as_array().unwrap().last().unwrap().clone()
    };
    assert_eq!((&read("probe")["by"], &read("probe")["purpose"]), (&json!("vera"), &json!("subject-access")));
    let counts = staff.anybody.get("/api/public/v1/cases").ok().json();
    assert_eq!(
        counts,
        json!([{ "kind": "subject-access", "outcome": "done", "cases": 1, "records_given": 3 }])
    );
}

#[test]
fn a_request_from_outside_takes_two_others_and_gives_exactly_what_they_agreed_to() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    let [vera, walid, xenia] = office(&staff);
    let visitor = Person::new(1, "FRA").with_reference(Picture::Obama);
    a_departure(&mut staff, &visitor);
    let request = case(&vera, "outside-request", &json!({ "from_whom": "District court" }));
    let found = name_all(&vera, &request, &visitor);
    let crossing = found.iter().find(|one| one["data"] == "crossing").unwrap()["record"].clone();
    let exactly = json!({ "records": [crossing] });
    assert_eq!(vera.post(&format!("{request}/records"), &exactly).ok().json()["named"], 1);

    let approve = format!("{request}/approve");
    assert_eq!(vera.post(&approve, &json!({})).status, 403, "nobody approves their own case");
    assert_eq!(vera.post(&format!("{request}/give"), &json!({})).status, 409);
    walid.post(&approve, &json!({})).ok();
    assert_eq!(walid.post(&approve, &json!({})).status, 403, "nor one case twice");
    assert_eq!(
        vera.post(&format!("{request}/records"), &json!({ "records": [] })).status,
        409,
        "it is agreed to as it stands"
    );
    assert_eq!(vera.post(&format!("{request}/give"), &json!({})).status, 409, "one is not enough");
    xenia.post(&approve, &json!({})).ok();
    let given = vera.post(&format!("{request}/give"), &json!({ "person": wanted(&visitor) })).ok().json();
    assert_eq!(given["records"].as_array().unwrap().len(), 1);
    assert_eq!(given["lists"], json!([]), "what was not agreed to is not given");
    assert_eq!(staff.auditor.get(CASES).ok().json()[0]["from_whom"], "District court");

    let correction = case(&walid, "correction", &json!({}));
    name_all(&walid, &correction, &visitor);
    let done =
        walid.post(&format!("{correction}/correct"), &json!({ "correction": "not-this-person" })).ok().json();
    assert_eq!(
        (&done["erased"], done["given_in"].as_array().unwrap().len()),
        (&json!(3), 1),
        "who is told by hand: {done}"
    );
    let after = case(&xenia, "correction", &json!({}));
    assert!(name_all(&xenia, &after, &visitor).is_empty(), "nothing is held any more");
}

#[test]
fn a_legal_hold_outlasts_a_correction_and_nobody_but_its_case_sees_what_it_keeps() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    let [vera, walid, _] = office(&staff);
    let visitor = Person::new(1, "FRA").with_reference(Picture::Obama);
    a_departure(&mut staff, &visitor);
    let ends = |hours| json!({ "expires_at": Timestamp::now() + SignedDuration::from_hours(hours) });
    for hours in [-1, 24 * 400] {
        let mut new = ends(hours);
        let rest = json!({ "kind": "hold", "reference": "1", "basis": "b", "reason": "r" });
        new.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        assert_eq!(vera.post(CASES, &new).status, 400, "a hold has an end, and not beyond a year");
    }
    let hold = case(&vera, "hold", &ends(1));
    let found = name_all(&vera, &hold, &visitor);
    let probe = found.iter().find(|one| one["data"] == "probe").unwrap()["record"].clone();
    vera.post(&format!("{hold}/records"), &json!({ "records": [probe] })).ok();
    let own = vera.post(&format!("{hold}/approve"), &json!({}));
    assert_eq!((own.status, own.problem().as_str()), (403, "own-case"), "four eyes");
    // A supervisor may be the second.
    let held = staff.supervisor.post(&format!("{hold}/approve"), &json!({})).ok().json();
    assert!(held["approved_at"].is_string());

    let correction = case(&walid, "correction", &json!({}));
    let named = name_all(&walid, &correction, &visitor);
    let of_probe = named.iter().find(|one| one["data"] == "probe").unwrap();
    assert_eq!(of_probe["held_by"].as_array().unwrap().len(), 1);
    let truth = json!({ "correction": "class", "class": "citizen" });
    let done = walid.post(&format!("{correction}/correct"), &truth).ok().json();
    // The crossing of now is within the citizen's 12 hours, the reference within its 72: both keep a date.
    assert_eq!(
        (&done["held"], &done["erased"], &done["redated"]),
        (&json!(1), &json!(0), &json!(2)),
        "{done}"
    );
    let after = case(&walid, "correction", &json!({}));
    let left = name_all(&walid, &after, &visitor);
    assert_eq!(data(&left), ["crossing", "reference"], "what is held is found by nobody else");
    let whole = vera.get(&hold).ok().json();
    assert_eq!(whole["records"].as_array().unwrap().len(), 1, "its case sees it");
    vera.post(&format!("{hold}/close"), &json!({ "outcome": "released" })).ok();
    assert_eq!(vera.get(&hold).ok().json()["records"], json!([]), "let go of, it is gone");
}

#[test]
fn from_the_day_of_naturalisation_on_somebody_is_handled_as_a_citizen() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    let [vera, ..] = office(&staff);
    let visitor = Person::new(1, "FRA").with_reference(Picture::Obama);
    a_departure(&mut staff, &visitor);
    let document = wanted(&visitor)["document"].clone();
    let change = case(&vera, "class-change", &json!({}));
    let path = format!("{change}/change-class");
    let from = Timestamp::now() - SignedDuration::from_mins(1);
    let body = |class: &str| json!({ "document": document, "class": class, "from": from });
    assert_eq!(vera.post(&path, &body("non-immigrant")).status, 400);
    assert_eq!(vera.post(&path, &body("citizen")).status, 204);
    assert_eq!(vera.post(&path, &body("citizen")).status, 409, "once");

    let before = case(&vera, "correction", &json!({}));
    let found = name_all(&vera, &before, &visitor);
    assert!(
        found.iter().any(|one| one["data"] == "probe" && one["class"] == "non-immigrant"),
        "what was recorded before stays"
    );
    let voyage = staff.stage(101, std::slice::from_ref(&visitor));
    let encounter = staff.gate.begin(&choice("photo", false, None));
    let captured = staff.gate.capture(&encounter, &[Picture::Obama3.bytes()]).ok().json();
    assert_eq!(captured["step"], "proceed");
    let held =
        String::from_utf8(staff.officer.get(&format!("/console/encounters/{encounter}/held")).ok().body)
            .unwrap();
    assert!(held.contains("No photo is kept"), "a citizen's photo is never written");
    staff.close(&voyage).ok();
    let found = vera.post(&format!("{before}/find"), &wanted(&visitor)).ok().json();
    let classes: Vec<_> = found
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["data"] == "crossing")
        .map(|one| one["class"].as_str().unwrap())
        .collect();
    assert_eq!(classes, ["non-immigrant", "citizen"]);
}

#[test]
fn switched_off_erasing_shouts() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options { args: vec!["--no-erasing"], ..Options::default() });
    let page = String::from_utf8(staff.supervisor.get("/supervisor").ok().body).unwrap();
    assert!(page.contains("NOTHING IS ERASED: erasing is switched off"));
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let metric = || String::from_utf8(staff.anybody.get("/metrics").ok().body).unwrap();
    while !(house.log().contains("NOTHING IS ERASED") && metric().contains("portunus_erasing_halted 1")) {
        assert!(std::time::Instant::now() < until, "neither log nor metric says so");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

#[test]
fn twelve_hours_pass_in_the_demo_and_citizens_are_forgotten() {
    if !models_are_here() {
        return;
    }
    let demo = std::process::Command::new(env!("CARGO_BIN_EXE_portunus"))
        .args(["demo", "--once", "--twelve-hours", "--json"])
        .output()
        .unwrap();
    assert!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));
    let shown: Value = serde_json::from_slice(&demo.stdout).unwrap();
    let of = |look: usize, class: &str, data: &str| {
        let held = shown["left"][look]["held"].as_array().unwrap().iter();
        held.filter(|one| one["class"] == class && one["data"] == data)
            .map(|one| one["records"].as_u64().unwrap())
            .sum::<u64>()
    };
    let looks: Vec<&str> =
        shown["left"].as_array().unwrap().iter().map(|left| left["after"].as_str().unwrap()).collect();
    assert_eq!(looks, ["at once", "61 minutes", "12 hours", "72 hours"]);
    let on_lists: Vec<u64> =
        shown["left"].as_array().unwrap().iter().map(|left| left["on_lists"].as_u64().unwrap()).collect();
    assert!(
        on_lists[0] > 3 && on_lists[2] < on_lists[1],
        "lists go twelve hours after their voyage: {on_lists:?}"
    );
    for look in 0..4 {
        assert_eq!(of(look, "citizen", "probe"), 0, "never written");
        assert!(
            of(look, "non-immigrant", "probe") > 0 && of(look, "non-immigrant", "crossing") > 0,
            "kept until their date"
        );
        assert_eq!(of(look, "citizen", "crossing") > 0, look < 2, "short-term logs alone know of citizens");
        assert_eq!(of(look, "non-immigrant", "reference") > 0, look < 3);
    }
}
