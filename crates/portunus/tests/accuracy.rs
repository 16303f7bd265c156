//! What the service says of its own errors: real faces board, one match is put right, and the figures are the same before
//! and after the voyage is closed.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

mod support;

use serde_json::{Value, json};
use std::process::Command;
use support::{House, Options, Person, Picture, Staff, choice, models_are_here};

const ACCURACY: &str = "/api/officer/v1/accuracy";

/// A capture with this picture; gives the encounter and the step.
fn come(staff: &mut Staff, picture: Picture) -> (String, String) {
    let encounter = staff.gate.begin(&choice("photo", false, None));
    let answer = staff.gate.capture(&encounter, &[picture.bytes()]).ok().json();
    (encounter, answer["step"].as_str().unwrap().to_owned())
}

/// Without what changes by itself.
fn figures(staff: &Staff) -> Value {
    let mut report = staff.supervisor.get(ACCURACY).ok().json();
    report.as_object_mut().unwrap().remove("as_of");
    report
}

#[track_caller]
fn rate<'a>(report: &'a Value, name: &str) -> &'a Value {
    let rates = report["ports"][0]["packs"][0]["rates"].as_array().unwrap_or_else(|| panic!("{report}"));
    rates.iter().find(|rate| rate["rate"] == name).unwrap_or_else(|| panic!("{name} is not in {report}"))
}

#[test]
fn the_figures_of_real_faces_are_the_same_before_and_after_closing() {
    if !models_are_here() {
        return;
    }
    let (house, mut staff) = Staff::with_house(Options::default());
    // Of the eleven, OBAMA's portrait stands under BERGER's passport: the machine will confirm one for the other.
    let mut people: Vec<Person> =
        (0..11).map(|n| Person::new(n, if n % 2 == 0 { "FRA" } else { "MEX" })).collect();
    people[1] = people[1].clone().with_reference(Picture::Obama);
    let voyage = staff.stage(400, &people);
    let ids: Vec<String> = people
        .iter()
        .map(|person| staff.passenger(&voyage, person)["id"].as_str().unwrap().to_owned())
        .collect();

    let (wrong, step) = come(&mut staff, Picture::Obama2);
    assert_eq!(step, "proceed");
    let correction = |instead: &str, reason: &str| json!({ "ruling": "somebody-else", "passenger": ids[1], "instead": instead, "reason": reason });
    assert_eq!(staff.rule(&wrong, &correction(&ids[0], "")).status, 400, "a correction needs a reason");
    assert_eq!(staff.rule(&wrong, &correction(&ids[0], "the passport in hand is another")).status, 204);
    assert_eq!(staff.rule(&wrong, &correction(&ids[2], "again")).status, 409, "it is put right already");
    assert_eq!(staff.status(400)["boarded"], 1);
    assert_eq!(staff.passenger(&voyage, &people[0])["boarded"], true);
    assert_eq!(staff.passenger(&voyage, &people[1])["boarded"], false);

    // BERGER comes and is confirmed; nine others are photographed whose portrait nobody has, and board by document.
    assert_eq!(come(&mut staff, Picture::Obama3).1, "proceed");
    for passenger in &ids[2..] {
        let (encounter, step) = come(&mut staff, Picture::Biden);
        assert_eq!(step, "see-officer");
        let board = json!({ "ruling": "board", "passenger": passenger, "reason": "" });
        assert_eq!(staff.rule(&encounter, &board).status, 204);
    }
    // Who declines is in no figure.
    let before_decline = figures(&staff);
    let declined = staff.gate.begin(&choice("manual", false, None));
    assert_eq!(figures(&staff), before_decline);
    assert_eq!(staff.rule(&declined, &json!({ "ruling": "refuse", "reason": "no passport" })).status, 204);

    let open = figures(&staff);
    assert_eq!(open["ports"][0]["travellers_per_day"], 11, "{open}");
    let counted = |name: &str| (rate(&open, name)["events"].clone(), rate(&open, name)["trials"].clone());
    assert_eq!(counted("failure-to-acquire"), (json!(0), json!(11)));
    assert_eq!(
        counted("gallery-missing"),
        (json!(10), json!(11)),
        "ten had no portrait, the one put right among them"
    );
    assert_eq!(
        counted("false-positive-identification"),
        (json!(1), json!(10)),
        "who was put right was found"
    );
    assert_eq!(counted("referred"), (json!(9), json!(11)));
    assert_eq!(rate(&open, "corrected-confirmation")["withheld"], "fewer than 10", "two were confirmed");
    assert_eq!(counted("corrected-confirmation"), (Value::Null, Value::Null));
    assert!(
        rate(&open, "gallery-missing")["in_words"]
            .as_str()
            .unwrap()
            .starts_with("At 11 travellers a day here, ")
    );

    staff.close(&voyage).ok();
    assert_eq!(figures(&staff), open, "the figures outlive the encounters");

    // Who may read them, and where else they stand.
    assert_eq!(staff.officer.get(ACCURACY).status, 403);
    assert_eq!(staff.auditor.get(ACCURACY).status, 200);
    let page = staff.supervisor.get("/supervisor/accuracy").ok();
    let page = String::from_utf8(page.body).unwrap();
    assert!(page.contains("No portrait to compare with") && page.contains("10 of 11"), "{page}");
    let doubled = staff.supervisor.get(&format!("{ACCURACY}?per_day=22")).ok().json();
    assert_eq!(rate(&doubled, "gallery-missing")["per_day"]["people"], 20);
    the_commands_say_the_same(&house, &open);
}

fn the_commands_say_the_same(house: &House, open: &Value) {
    let portunus = |arguments: &[&str]| {
        let folder = house.folder();
        let mut command = Command::new(env!("CARGO_BIN_EXE_portunus"));
        let output = command.args(arguments).arg("--data").arg(folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let report: Value = serde_json::from_str(&portunus(&["report", "--json"])).unwrap();
    assert_eq!(report["accuracy"]["ports"], open["ports"]);
    let public = house.anybody().get("/api/public/v1/oversight").ok().json();
    let passages = &report["oversight"]["passages"];
    assert_eq!(passages, &public["passages"]);
    assert_eq!(passages["photo"]["total"], 11);
    assert_eq!(passages["declined"]["total"], Value::Null, "one declined");
    assert_eq!(report["oversight"]["accuracy"]["ports"], public["accuracy"]["ports"]);
    let file = house.home().join("oversight.html");
    assert_eq!(portunus(&["report", "--html", "--out", file.to_str().unwrap()]), "");
    let html = std::fs::read_to_string(file).unwrap();
    assert!(html.contains("<h1>Oversight</h1>") && html.contains("11 travellers chose the photo"), "{html}");
    let text = portunus(&["report", "--text"]);
    assert!(text.contains("10 of 11") && !text.contains("1 of 2"), "{text}");
}
