//! What declining costs, from outside: queues told by buttons, sensors and the console; families and guardians; declining
//! before travel; and whoever still waits when boarding is closed.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

mod support;

use serde_json::{Value, json};
use support::{Answer, Gate, House, JSON, Options, Person, Picture, Staff, choice, models_are_here};

fn told(gate: &Gate, source: &str, events: &Value) -> Answer {
    let body = serde_json::to_vec(&json!({ "source": source, "events": events })).unwrap();
    gate.send(&gate.order("POST", "/api/device/v1/queue", JSON, body))
}

fn parity(staff: &Staff) -> Value {
    staff.supervisor.get("/api/officer/v1/parity").ok().json()
}

/// The one point of the house.
fn point(staff: &Staff) -> Value {
    let points = parity(staff)["points"].clone();
    assert_eq!(points.as_array().unwrap().len(), 1, "{points}");
    points[0].clone()
}

fn begin(staff: &Staff, choice: &Value) -> Value {
    staff.gate.state();
    staff.gate.send(&staff.gate.begin_order(choice)).ok().json()
}

fn page(staff: &Staff, path: &str) -> String {
    String::from_utf8(staff.supervisor.get(path).ok().body).unwrap()
}

#[test]
fn queues_are_told_by_who_presses_sees_or_senses_and_a_supervisor_is_alarmed_with_what_would_mend_it() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    let events = |choice: &str, step: &str, n: usize, ago_seconds: i64| -> Vec<Value> {
        let at = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(ago_seconds);
        (0..n).map(|_| json!({ "choice": choice, "step": step, "at": at.to_string() })).collect()
    };
    // Seventy of each choice join: at the camera they are within seconds, at the desk after thirteen minutes.
    let photo = [events("photo", "joined", 70, 700), events("photo", "at-desk", 70, 697)].concat();
    let manual = [events("manual", "joined", 72, 840), events("manual", "at-desk", 70, 60)].concat();
    let done = events("manual", "done", 70, 0);
    assert_eq!(told(&staff.gate, "sensor", &json!(photo)).ok().json()["entered"][139], "counted");
    assert_eq!(told(&staff.gate, "sensor", &json!(manual)).ok().json()["entered"][0], "counted");
    told(&staff.gate, "sensor", &json!(done)).ok();
    // A button that says the same of the same people counts nobody twice.
    let again = told(&staff.gate, "button", &json!(events("manual", "joined", 1, 0))).ok().json();
    assert_eq!(again["entered"], json!(["other-source"]));
    let late = told(
        &staff.gate,
        "button",
        &json!([{ "choice": "photo", "step": "done", "at": "2026-01-01T00:00:00Z" }]),
    );
    assert_eq!(late.status, 400);
    assert_eq!(told(&staff.gate, "console", &json!([])).status, 400, "a console is no device");
    let seen = json!({ "point": staff.point, "choice": "photo", "step": "done" });
    let seen = staff.officer.post("/api/officer/v1/queue", &seen).ok().json();
    assert_eq!(seen["entered"], json!(["counted"]));

    let now = point(&staff);
    assert_eq!((now["waiting"].as_u64(), now["over_ceiling"].as_u64()), (Some(2), Some(2)), "{now}");
    let staffing = &now["staffing"];
    assert!(staffing["officers"].as_u64().unwrap() >= 2, "{now}");
    let supervisor = page(&staff, "/supervisor");
    assert!(supervisor.contains("who declines waits too long") && supervisor.contains("would mend it"));
    assert!(
        !page(&staff, "/oversight").contains("who declines waits too long"),
        "who waits now is nobody's outside"
    );
}

#[test]
fn a_family_chooses_together_and_a_guardian_declines_for_children() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    let people: Vec<Person> = (0..3).map(|n| Person::new(n, "USA")).collect();
    let voyage = staff.stage(100, &people);
    let shown = |person: &Person| json!({ "issuer": "USA", "kind": "P", "number": person.number });
    let mut family = choice("manual", false, Some(("USA", &people[0].number)));
    family["together"] = json!([{ "presented": shown(&people[1]) }, { "presented": shown(&people[2]) }]);
    let begun = begin(&staff, &family);
    assert_eq!(
        (begun["next"].as_str(), begun["together"].as_array().map(Vec::len)),
        (Some("see-officer"), Some(2))
    );
    assert!(begun["together"][1]["receipt"]["code"].as_str().unwrap().len() == 32, "each has a receipt");
    let queue = staff.board()["queue"].clone();
    assert_eq!(queue.as_array().unwrap().len(), 3, "each has an encounter");
    for (one, person) in queue.as_array().unwrap().iter().zip(&people) {
        let ruling = json!({ "ruling": "board", "passenger": staff.passenger(&voyage, person)["id"] });
        staff.rule(one["encounter"].as_str().unwrap(), &ruling).ok();
    }

    // Others go to the camera together; then the guardian would rather not, for the children who still stand there.
    let mut family = choice("photo", false, None);
    family["together"] = json!([{}, {}]);
    let begun = begin(&staff, &family);
    assert_eq!(begun["together"][0]["next"], "camera");
    let first = begun["encounter"].as_str().unwrap();
    let child = begun["together"][1]["encounter"].as_str().unwrap();
    let decline = |encounter: &str, body: Value| {
        let path = format!("/api/device/v1/encounters/{encounter}/decline");
        staff.gate.send(&staff.gate.order("POST", &path, JSON, serde_json::to_vec(&body).unwrap()))
    };
    decline(child, json!({})).ok();
    assert_eq!(staff.board()["queue"].as_array().unwrap().len(), 1, "for one child alone");
    decline(first, json!({ "together": true })).ok();
    assert_eq!(staff.board()["queue"].as_array().unwrap().len(), 3);
    assert_eq!(decline(first, json!({ "other": 1 })).status, 400);
    let mut crowd = choice("manual", false, None);
    crowd["together"] = json!(vec![json!({}); 10]);
    assert_eq!(staff.gate.send(&staff.gate.begin_order(&crowd)).status, 400, "ten at most");
}

#[test]
fn whoever_still_waits_when_boarding_is_closed_is_counted_and_alarmed_and_never_named() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let person = Person::new(0, "USA");
    let voyage = staff.stage(100, std::slice::from_ref(&person));
    staff.gate.begin(&choice("manual", false, Some(("USA", &person.number))));
    assert!(
        page(&staff, "/supervisor").contains("data-declined=\"1\""),
        "the supervisor is asked before closing"
    );
    let closed = staff.close(&voyage).ok().json();
    assert_eq!(closed["declined_left_waiting"], 1);
    let left = parity(&staff)["left_waiting"].clone();
    assert_eq!((left[0]["voyage"].as_str(), left[0]["people"].as_u64()), (Some("PX100"), Some(1)));
    let supervisor = page(&staff, "/supervisor");
    assert!(supervisor.contains("1 person who declined the photo still waited"));
    assert!(!supervisor.contains(&person.family) && !left.to_string().contains(&person.number));
    assert!(
        !house.log().contains(&person.family) && !house.log().contains("declined"),
        "nor does the log keep it"
    );
}

fn has_reference(staff: &Staff, voyage: &str, person: &Person) -> bool {
    staff.passenger(voyage, person)["has_reference"].as_bool().unwrap()
}

fn decline_ahead(house: &House, booking: &str, person: &Person) -> Answer {
    let body = json!({ "booking": booking, "issuer": person.state, "number": person.number });
    house.anybody().post("/api/public/v1/decline", &body)
}

#[test]
fn a_decline_before_travel_takes_the_staged_template_and_it_is_not_staged_again() {
    if !models_are_here() {
        return;
    }
    let (house, mut staff) = Staff::with_house(Options::default());
    let people = [
        Person::new(0, "USA").with_reference(Picture::Obama),
        Person::new(1, "USA").with_reference(Picture::Biden),
    ];
    let voyage = staff.stage(100, &people);
    assert!(has_reference(&staff, &voyage, &people[0]) && has_reference(&staff, &voyage, &people[1]));
    assert_eq!(decline_ahead(&house, "PX0001", &people[0]).status, 404, "another's booking");
    assert_eq!(decline_ahead(&house, "", &people[0]).status, 400);
    assert!(has_reference(&staff, &voyage, &people[0]));
    let said = decline_ahead(&house, "px0000", &people[0]).ok().json();
    assert_eq!(said["declined"][0]["voyage"], "PX100");
    assert!(!has_reference(&staff, &voyage, &people[0]), "at once");
    assert!(has_reference(&staff, &voyage, &people[1]), "and nobody else's");
    // The list comes again, the portrait comes again, the service starts again: it is not staged again.
    staff.send_list(100, &people);
    staff.add_reference(&people[0], &Picture::Obama2.bytes()).ok();
    house.stop();
    house.restart(None);
    staff.send_list(100, &people);
    assert!(!has_reference(&staff, &voyage, &people[0]));
    // At the gate their document sends them to the officer, whatever was pressed; no camera runs.
    let begun = begin(&staff, &choice("photo", false, Some(("USA", &people[0].number))));
    assert_eq!(begun["next"], "see-officer");
    let captured = staff.gate.capture(begun["encounter"].as_str().unwrap(), &[Picture::Obama2.bytes()]);
    assert_eq!(captured.status, 409);
    // Nor is their face found when they stand before the camera without a document.
    let nobody = staff.gate.begin(&choice("photo", true, None));
    assert_eq!(staff.gate.capture(&nobody, &[Picture::Obama3.bytes()]).ok().json()["step"], "see-officer");
    staff.close(&voyage).ok();
    let data = rusqlite::Connection::open(house.folder().join("data.db")).unwrap();
    let left: i64 =
        data.query_row("SELECT COUNT(*) FROM passenger WHERE declined <> 0", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "nothing of it outlives the voyage");
}

#[test]
fn a_decline_at_the_gate_takes_the_template_as_soon_as_it_is_known_whose() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    let people = [
        Person::new(0, "USA").with_reference(Picture::Obama),
        Person::new(1, "USA").with_reference(Picture::Biden),
    ];
    let voyage = staff.stage(100, &people);
    staff.gate.begin(&choice("manual", false, Some(("USA", &people[0].number))));
    assert!(!has_reference(&staff, &voyage, &people[0]), "the document shown says whose");
    let unknown = staff.gate.begin(&choice("manual", false, None));
    assert!(has_reference(&staff, &voyage, &people[1]), "nobody knows yet");
    let ruling = json!({ "ruling": "board", "passenger": staff.passenger(&voyage, &people[1])["id"] });
    staff.rule(&unknown, &ruling).ok();
    assert!(!has_reference(&staff, &voyage, &people[1]), "the officer said whose");
}

#[test]
fn the_page_to_decline_before_travel_works_without_a_script_and_says_nothing_to_who_guesses() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let person = Person::new(0, "USA");
    staff.stage(100, std::slice::from_ref(&person));
    let form = |booking: &str, number: &str| {
        let body = format!("booking={booking}&issuer=usa&kind=P&number={number}");
        house.anybody().post_bytes("/decline", "application/x-www-form-urlencoded", body.into_bytes())
    };
    assert!(
        String::from_utf8(house.anybody().get("/decline").ok().body).unwrap().contains("method=\"post\"")
    );
    let declined = form("PX0000", &person.number).ok();
    assert!(String::from_utf8(declined.body).unwrap().contains("PX100"));
    let wrong = [form("PX0009", &person.number), form("PX0000", "X9999999")];
    assert_eq!(wrong.each_ref().map(|answer| answer.status), [404, 404]);
    assert_eq!(
        wrong[0].body, wrong[1].body,
        "whether there is such a booking or such a passenger is not told"
    );
    assert!(!house.log().contains(&person.number) && !house.log().contains("PX0000"));
}
