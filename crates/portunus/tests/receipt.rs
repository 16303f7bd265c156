//! What a traveller takes away: opened, proved, saved, contested, answered; and what it cannot tell.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

mod support;

use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, Instant};
use support::{Caller, House, Options, PASSWORD, Person, Picture, Staff, choice, models_are_here};

const RECEIPT: &str = "/api/public/v1/receipt";

/// A traveller chooses; gives the encounter and the receipt's code.
fn begin(staff: &Staff, choice: &Value) -> (String, String) {
    let begun = staff.gate.send(&staff.gate.begin_order(choice)).ok().json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (code, address) = (text(&begun["receipt"]["code"]), text(&begun["receipt"]["address"]));
    assert!(address.ends_with(&format!("/receipt#{code}")), "the code is in the fragment: {address}");
    (text(&begun["encounter"]), code)
}

#[track_caller]
fn receipt(staff: &Staff, code: &str) -> Value {
    staff.anybody.post(RECEIPT, &json!({ "code": code })).ok().json()
}

fn form(staff: &Staff, path: &str, fields: &str) -> String {
    let answer = staff.anybody.post_bytes(path, "application/x-www-form-urlencoded", fields.into());
    assert!(answer.status < 500, "{path}: {}", answer.status);
    String::from_utf8(answer.body).unwrap()
}

fn records_officer(staff: &Staff) -> Caller {
    let user = json!({ "name": "vera", "role": "records", "password": PASSWORD });
    staff.administrator.post("/api/admin/v1/users", &user).ok();
    staff.anybody.signed_in("vera", PASSWORD)
}

#[test]
fn a_receipt_says_what_is_kept_and_who_read_it_and_a_contest_cascades() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    let vera = records_officer(&staff);
    let visitor = Person::new(1, "FRA").with_reference(Picture::Obama);
    let voyage = staff.stage(100, std::slice::from_ref(&visitor));
    let (encounter, code) = begin(&staff, &choice("photo", false, None));
    let open = receipt(&staff, &code);
    assert_eq!((&open["photos"]["compared"], &open["records"]), (&json!(0), &json!([])));
    assert_eq!(open["passage"]["direction"], "exit");
    assert_eq!(open["passage"]["notice_in_force"], true);
    let captured = staff.gate.capture(&encounter, &[Picture::Obama2.bytes()]).ok().json();
    assert_eq!(captured["step"], "proceed", "{captured}");
    let sealed = receipt(&staff, &code);
    assert_eq!(
        (&sealed["photos"]["compared"], &sealed["photos"]["never_written"]),
        (&json!(1), &json!(false))
    );
    assert_eq!((&sealed["records"][0]["data"], &sealed["records"][0]["read"]), (&json!("probe"), &json!([])));
    staff.probe(&encounter).ok();
    let read = receipt(&staff, &code)["records"][0]["read"].clone();
    assert_eq!((&read[0]["by"], &read[0]["purpose"]), (&json!("officer"), &json!("show-to-officer")));
    assert!(!read.to_string().contains("name"), "the role, never the person: {read}");
    // The officer prints the same code.
    let slip = staff.officer.get(&format!("/console/encounters/{encounter}/receipt")).ok();
    let grouped: Vec<&str> = (0..8).map(|n| &code[4 * n..4 * n + 4]).collect();
    assert!(String::from_utf8(slip.body).unwrap().contains(&grouped.join(" ")));
    let given = staff.officer.post(&format!("/api/officer/v1/encounters/{encounter}/receipt"), &json!({}));
    assert_eq!(given.ok().json()["code"], json!(code));
    assert_eq!(staff.carrier.get(&format!("/console/encounters/{encounter}/receipt")).status, 403);

    // Closed: the crossing stands beside the photo, nothing is said of the photos any more.
    staff.close(&voyage).ok();
    let again = staff.officer.post(&format!("/api/officer/v1/encounters/{encounter}/receipt"), &json!({}));
    assert_eq!(again.status, 404, "from now on nobody but the traveller has the code");
    let closed = receipt(&staff, &code);
    assert_eq!(closed["photos"], Value::Null);
    let mut data: Vec<&str> =
        closed["records"].as_array().unwrap().iter().map(|one| one["data"].as_str().unwrap()).collect();
    data.sort_unstable();
    assert_eq!(data, ["crossing", "probe"]);

    // Contested once; the office answers, and what was wrong goes everywhere.
    let contest = json!({ "code": code, "ground": "wrong-person", "words": "That was not me." });
    let opened = staff.anybody.post(&format!("{RECEIPT}/contest"), &contest);
    assert_eq!(opened.status, 201);
    assert!(opened.json()["contests"][0]["deadline"].is_string());
    assert_eq!(staff.anybody.post(&format!("{RECEIPT}/contest"), &contest).status, 409, "one at a time");
    let cases = vera.get("/api/records/v1/cases").ok().json();
    let case = format!("/api/records/v1/cases/{}", cases[0]["id"].as_str().unwrap());
    assert_eq!((&cases[0]["kind"], &cases[0]["reason"]), (&json!("contest"), &json!("That was not me.")));
    assert_eq!(
        vera.get(&case).ok().json()["records"].as_array().unwrap().len(),
        2,
        "it names them by itself"
    );
    assert_eq!(vera.post(&format!("{case}/close"), &json!({ "outcome": "refused" })).status, 409);
    assert_eq!(vera.post(&format!("{case}/answer"), &json!({ "answer": " " })).status, 400);
    let answer = json!({ "answer": "You are right: it was somebody else.", "upheld": { "correction": "not-this-person" } });
    let done = vera.post(&format!("{case}/answer"), &answer).ok().json();
    assert_eq!(done["erased"], 2, "{done}");
    let after = receipt(&staff, &code);
    assert_eq!((&after["contests"][0]["upheld"], &after["passage"]), (&json!(true), &Value::Null));
    assert!(
        after["records"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["erased_at"].is_string() && one["due"].is_null())
    );
    let page = form(&staff, "/receipt", &format!("code={code}&lang=fr"));
    assert!(page.contains("lang=\"fr\"") && page.contains("You are right: it was somebody else."), "{page}");
    assert!(page.contains("Tout ce qui était conservé de ce passage est effacé."));
}

#[test]
fn a_receipt_cannot_tell_a_decline_from_a_camera_that_failed() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    let people = [Person::new(0, "FRA"), Person::new(1, "FRA")];
    let voyage = staff.stage(100, &people);
    let (declined, one) = begin(&staff, &choice("manual", false, None));
    let (failed, other) = begin(&staff, &choice("photo", false, None));
    staff.gate.end(&failed, "camera-failure").ok();
    let plain = |code: &str| {
        let mut receipt = receipt(&staff, code);
        let passage = receipt["passage"].as_object_mut();
        passage.map(|passage| passage.remove("at"));
        receipt.as_object_mut().unwrap().remove("ledger");
        for record in receipt["records"].as_array_mut().unwrap() {
            record.as_object_mut().unwrap().retain(|field, _| field != "record" && field != "due");
        }
        receipt
    };
    assert_eq!(plain(&one), plain(&other), "while they wait");
    for (encounter, person) in [(&declined, &people[0]), (&failed, &people[1])] {
        let passenger = staff.passenger(&voyage, person)["id"].clone();
        staff.rule(encounter, &json!({ "ruling": "board", "passenger": passenger, "reason": "" })).ok();
    }
    assert_eq!(plain(&one), plain(&other), "boarded");
    staff.close(&voyage).ok();
    let after = plain(&one);
    assert_eq!(after["records"][0]["data"], "crossing", "{after}");
    assert_eq!(after, plain(&other), "and for as long as the crossing is kept");
}

#[test]
fn a_match_put_right_is_the_receipt_of_who_was_there_and_is_upheld_once_boarding_is_closed() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    let vera = records_officer(&staff);
    let people = [Person::new(0, "FRA").with_reference(Picture::Obama), Person::new(1, "FRA")];
    let voyage = staff.stage(100, &people);
    let [found, there] = [0, 1].map(|n: usize| staff.passenger(&voyage, &people[n])["id"].clone());
    let (first, code) = begin(&staff, &choice("photo", false, None));
    assert_eq!(staff.gate.capture(&first, &[Picture::Obama2.bytes()]).ok().json()["step"], "proceed");
    let right = json!({ "ruling": "somebody-else", "passenger": found, "instead": there, "reason": "another document" });
    staff.rule(&first, &right).ok();
    // Whom the machine had found comes after, and has a crossing and a receipt of their own.
    let (second, other) = begin(&staff, &choice("photo", false, None));
    staff.gate.capture(&second, &[Picture::Obama2.bytes()]).ok();
    let contest = json!({ "code": code, "ground": "wrong-person", "words": "" });
    assert_eq!(staff.anybody.post(&format!("{RECEIPT}/contest"), &contest).status, 201);
    let case = vera.get("/api/records/v1/cases").ok().json()[0]["id"].as_str().unwrap().to_owned();
    let answer = format!("/api/records/v1/cases/{case}/answer");
    let upheld = json!({ "answer": "You are right.", "upheld": { "correction": "not-this-person" } });
    assert_eq!(vera.post(&answer, &upheld).status, 409, "more of it may come to be kept");
    staff.close(&voyage).ok();
    let crossings = |code: &str| {
        let receipt = receipt(&staff, code);
        let records = receipt["records"].as_array().unwrap().clone();
        records.iter().filter(|one| one["data"] == "crossing").count()
    };
    assert_eq!((crossings(&code), crossings(&other)), (1, 1), "each their own");
    let done = vera.post(&answer, &upheld).ok().json();
    assert_eq!(done["erased"], 1, "the crossing that came after it was contested, too: {done}");
}

/// Twelve people decline and board: enough for the log to speak of each.
fn twelve_board(house: &House, staff: &Staff) -> Vec<String> {
    let people: Vec<Person> = (0..12).map(|n| Person::new(n, "USA")).collect();
    let voyage = staff.stage(100, &people);
    let mut codes = Vec::new();
    for person in &people {
        let (encounter, code) = begin(staff, &choice("manual", false, None));
        let passenger = staff.passenger(&voyage, person)["id"].clone();
        staff.rule(&encounter, &json!({ "ruling": "board", "passenger": passenger, "reason": "" })).ok();
        codes.push(code);
    }
    staff.close(&voyage).ok();
    let until = Instant::now() + Duration::from_secs(30);
    while receipt(staff, &codes[0])["records"][0]["stated"] != true {
        assert!(Instant::now() < until, "{}", house.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    std::thread::sleep(Duration::from_millis(800));
    codes
}

#[test]
fn a_saved_receipt_proves_the_erasure_when_nothing_is_held_any_more() {
    if !models_are_here() {
        return;
    }
    // A citizen's crossing goes at once here: a second instead of twelve hours.
    let policy = support::policy(&[("keep = \"12 hours\"", "keep = \"1 second\"")]);
    let (house, staff) = Staff::with_house(Options { policy: Some(policy), ..Options::default() });
    let codes = twelve_board(&house, &staff);
    let saved = house.home().join("receipt.json");
    std::fs::write(&saved, form(&staff, "/receipt/file", &format!("code={}", codes[3]))).unwrap();
    let file: Value = serde_json::from_slice(&std::fs::read(&saved).unwrap()).unwrap();
    assert!(!file.to_string().contains(&codes[3]), "it does not hold the code");
    let verify = |more: &[&str]| {
        let log = house.folder();
        let mut command = Command::new(env!("CARGO_BIN_EXE_portunus"));
        command
            .args(["verify", log.to_str().unwrap(), "--json", "--receipt", saved.to_str().unwrap()])
            .args(more);
        let output = command.output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    };
    let until = Instant::now() + Duration::from_secs(60);
    let said = loop {
        let said = verify(&[]);
        if said["records"][0]["erased"]["leaf"].is_u64() {
            break said;
        }
        assert!(Instant::now() < until, "{said}\n{}", house.log());
        std::thread::sleep(Duration::from_millis(500));
    };
    assert_eq!(said["fault_count"], 0, "{said}");
    assert!(said["records"][0]["stated"]["leaf"].as_u64() < said["records"][0]["erased"]["leaf"].as_u64());
    assert_eq!(receipt(&staff, &codes[3])["passage"], Value::Null, "where and when are forgotten with it");
    // A log that was begun anew, after the receipt was saved, is not the log that it is of.
    house.stop();
    let kept = file["checkpoint"].as_str().unwrap().replacen('\n', "\n9", 1);
    let other = json!({ "portunus_receipt": 1, "saved_at": file["saved_at"], "checkpoint": kept, "ledger": file["ledger"], "records": [] });
    std::fs::write(&saved, other.to_string()).unwrap();
    assert_eq!(verify(&[])["faults"][0]["kind"], "checkpoint-altered");
}

#[test]
fn a_wrong_code_opens_nothing_and_says_so() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    assert_eq!(staff.anybody.post(RECEIPT, &json!({ "code": "12" })).status, 400);
    assert_eq!(staff.anybody.post(RECEIPT, &json!({ "code": "0".repeat(32) })).status, 404);
    let page = form(&staff, "/receipt", "code=hello&lang=es");
    assert!(page.contains("Un código tiene 32") && page.contains("aria-invalid"));
    for (language, title) in [("en", "Your receipt"), ("ar", "إيصالك"), ("zh", "您的回执")] {
        let page =
            String::from_utf8(staff.anybody.get(&format!("/receipt?lang={language}")).ok().body).unwrap();
        assert!(page.contains(title) && page.contains("id=\"open\""), "{language}");
    }
}
