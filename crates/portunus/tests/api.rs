//! What carriers and officers can do over HTTP: lists in and status out, and every way that a boarding can go.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

mod support;

use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use support::{Answer, Caller, House, Options, Person, Picture, Staff, choice, models_are_here, today};

const MANIFESTS: &str = "/api/carrier/v1/manifests";
const EDIFACT: &str = "application/edifact";

/// One NAD group: how the carrier lists the person, who, and the carrier's own reference.
fn listed(how: &str, name: &str, reference: &str) -> Vec<String> {
    vec![
        format!("NAD+{how}+++{name}"),
        "DTM+329:19800102:102".to_owned(),
        "NAT+2+FRA".to_owned(),
        format!("RFF+AVF:B{reference}"),
        format!("RFF+ABO:{reference}"),
        format!("DOC+P:110:111+N{reference}"),
        "LOC+91+FRA".to_owned(),
    ]
}

/// A PAXLST message of today: purpose (BGM), flight, where from and to, people.
fn message(bgm: &str, flight: &str, (from, to): (&str, &str), people: &[Vec<String>]) -> Vec<String> {
    let day = today().strftime("%y%m%d");
    let mut segments = vec![
        "UNH+1+PAXLST:D:05B:UN:IATA".to_owned(),
        format!("BGM+{bgm}"),
        format!("TDT+20+{flight}+++{}", &flight[..2]),
        format!("LOC+125+{from}"),
        format!("DTM+189:{day}1800:201"),
        format!("LOC+87+{to}"),
        format!("DTM+232:{day}2330:201"),
    ];
    segments.extend(people.iter().flatten().cloned());
    segments.push(format!("UNT+{}+1", segments.len() + 1));
    segments
}

fn interchange(messages: &[Vec<String>]) -> Vec<u8> {
    let whole = [
        &["UNB+UNOA:4+TEST+BORDER+261123:0600+1".to_owned()][..],
        &messages.concat(),
        &[format!("UNZ+{}+1", messages.len())],
    ]
    .concat();
    format!("{}'", whole.join("'")).into_bytes()
}

fn send(caller: &Caller, messages: &[Vec<String>]) -> Answer {
    caller.post_bytes(MANIFESTS, EDIFACT, interchange(messages))
}

/// What came of the one message sent: added, updated, removed, unchanged.
#[track_caller]
fn counts(answer: Answer) -> [u64; 4] {
    let taken = answer.ok().json();
    assert_eq!(taken["problems"], json!([]), "{taken}");
    assert_eq!(taken["messages"].as_array().unwrap().len(), 1, "{taken}");
    ["added", "updated", "removed", "unchanged"].map(|name| taken["messages"][0][name].as_u64().unwrap())
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

const WAY: (&str, &str) = ("JFK", "CDG");

#[test]
fn a_carriers_list_is_taken_changed_and_cancelled() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    let carrier = &staff.carrier;
    let person = |name: &str, n: u32| listed("FL", name, &format!("R{n}"));
    let (one, two, three) = (person("ONE:ANNA", 1), person("TWO:BELA", 2), person("THREE:CARL", 3));
    let whole = [one.clone(), two.clone(), three.clone()];
    let list =
        |bgm: &str, people: &[Vec<String>]| counts(send(carrier, &[message(bgm, "PX100", WAY, people)]));

    assert_eq!(list("745", &whole), [3, 0, 0, 0]);
    assert_eq!(list("745", &whole), [0, 0, 0, 3], "the same again changes nothing");
    let renamed = person("TWO:BELA MARIA", 2);
    assert_eq!(list("745+CP", std::slice::from_ref(&renamed)), [0, 1, 0, 0], "a change is of who it names");
    assert_eq!(list("745+XR", &[three]), [0, 0, 1, 0], "a reservation cancelled");
    assert_eq!(staff.status(100)["expected"], 2);
    assert_eq!(list("745++5", &[renamed]), [0, 0, 1, 1], "a whole list: who is not in it comes off");
    assert_eq!(list("250+C", &[listed("FM", "CREW:CARLA", "C1")])[0], 1);
    assert_eq!(list("745", &[listed("FL", "INFANT:IDA", "R9")])[0], 1);

    // The carrier sees its own references and nothing of a person.
    let answer = carrier.get(&format!("/api/carrier/v1/voyages/PX100/{}", today())).ok();
    let status = answer.json();
    assert_eq!(keys(&status), BTreeSet::from(["boarded", "expected", "passengers", "status", "voyage"]));
    assert_eq!(
        (&status["expected"], &status["boarded"], &status["status"]),
        (&json!(2), &json!(0), &json!("scheduled"))
    );
    for passenger in status["passengers"].as_array().unwrap() {
        assert_eq!(keys(passenger), BTreeSet::from(["boarded", "booking", "carrier_reference"]));
    }
    let text = String::from_utf8(answer.body).unwrap();
    for private in ["BELA", "TWO", "NR2", "FRA", "1980", "CARLA", "C1", "photo", "manual", "face", "document"]
    {
        assert!(!text.contains(private), "{private} in {text}");
    }

    // Another carrier's voyage is neither written nor read, also not beside one's own.
    let foreign = message("745", "LH400", WAY, std::slice::from_ref(&one));
    let own = message("745", "PX100", WAY, &[person("FOUR:DORA", 4)]);
    for messages in [vec![foreign.clone()], vec![own.clone(), foreign.clone()]] {
        let refused = send(carrier, &messages);
        assert_eq!((refused.status, refused.problem().as_str()), (403, "forbidden"));
    }
    assert_eq!(staff.status(100)["expected"], 2, "nothing of a refused interchange is taken");
    for flight in ["LH400", "LH999"] {
        let path = format!("/api/carrier/v1/voyages/{flight}/{}", today());
        assert_eq!(carrier.get(&path).status, 403, "known or not");
    }
    assert_eq!(send(&staff.administrator, &[foreign]).status, 403, "who runs the machine is no carrier");

    // What is broken is named by segment and offset, and the rest of the interchange is taken.
    let broken: Vec<String> = own.iter().filter(|segment| !segment.starts_with("TDT")).cloned().collect();
    let taken = send(carrier, &[broken, message("745", "PX101", WAY, &[one])]).ok().json();
    assert_eq!(taken["messages"].as_array().unwrap().len(), 1, "{taken}");
    assert_eq!(taken["messages"][0]["added"], 1);
    let problem = &taken["problems"][0];
    assert!(
        problem["segment"].is_string() && problem["offset"].is_u64() && problem["expected"].is_string(),
        "{taken}"
    );

    // Cancelled, nothing can be added; nothing of the other voyage has changed.
    assert_eq!(send(carrier, &[message("266+XF", "PX100", WAY, &[])]).ok().status, 200);
    assert_eq!(staff.status(100)["status"], "cancelled");
    let late = send(carrier, &[own]).ok().json();
    assert!(late["messages"][0]["refused"].as_str().unwrap().contains("cancelled"), "{late}");
    assert_eq!(staff.status(101)["status"], "scheduled");
}

/// A capture at the gate, after this choice; gives the encounter and the step.
fn come(staff: &mut Staff, choice: &Value, picture: Picture) -> (String, String) {
    let encounter = staff.gate.begin(choice);
    loop {
        let step = staff.gate.capture(&encounter, &[picture.bytes()]).ok().json()["step"]
            .as_str()
            .unwrap()
            .to_owned();
        if step != "try-again" {
            return (encounter, step);
        }
    }
}

/// The reasons for which this encounter waits.
#[track_caller]
fn reasons(staff: &Staff, encounter: &str) -> Vec<String> {
    let board = staff.board();
    let waiting = board["queue"].as_array().unwrap().iter().find(|w| w["encounter"] == encounter);
    let reasons = waiting.unwrap_or_else(|| panic!("{encounter} does not wait: {board}"))["reasons"].clone();
    serde_json::from_value(reasons).unwrap()
}

#[test]
fn holds_wrong_voyages_and_second_boardings_go_to_an_officer() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    let obama = Person::new(0, "FRA").with_reference(Picture::Obama);
    let biden = Person::new(1, "MEX").with_reference(Picture::Biden);
    staff.send_list(200, std::slice::from_ref(&biden));
    let voyage = staff.stage(100, std::slice::from_ref(&obama));
    let passenger = staff.passenger(&voyage, &obama)["id"].as_str().unwrap().to_owned();
    let photo = choice("photo", false, None);

    // On another voyage, by the document shown.
    let shown = choice("photo", false, Some(("MEX", &biden.number)));
    let (encounter, step) = come(&mut staff, &shown, Picture::Biden);
    assert_eq!(step, "see-officer");
    assert!(reasons(&staff, &encounter).contains(&"wrong-voyage".to_owned()));
    assert_eq!(
        staff.rule(&encounter, &json!({ "ruling": "refuse", "reason": "another voyage" })).status,
        204
    );

    // Held by an officer, then let go.
    let hold = |staff: &Staff, held: bool, reason: &str| {
        let path = format!("/api/officer/v1/passengers/{passenger}/hold");
        staff.officer.post(&path, &json!({ "held": held, "reason": reason })).status
    };
    assert_eq!(hold(&staff, true, ""), 400, "a hold needs a reason");
    assert_eq!(hold(&staff, true, "asked for by the supervisor"), 204);
    let (encounter, step) = come(&mut staff, &photo, Picture::Obama2);
    assert_eq!(
        (step.as_str(), reasons(&staff, &encounter)),
        ("see-officer", vec!["officer-hold".to_owned()])
    );
    assert_eq!(staff.status(100)["boarded"], 0);
    assert_eq!(hold(&staff, false, ""), 204);
    assert_eq!(staff.rule(&encounter, &json!({ "ruling": "retake", "reason": "" })).status, 204);
    let (boarded, step) = come(&mut staff, &photo, Picture::Obama2);
    assert_eq!((step.as_str(), &staff.status(100)["boarded"]), ("proceed", &json!(1)));

    // Nobody boards twice, by face or by an officer.
    let (encounter, step) = come(&mut staff, &photo, Picture::Obama3);
    assert_eq!(
        (step.as_str(), reasons(&staff, &encounter)),
        ("see-officer", vec!["already-boarded".to_owned()])
    );
    let board = json!({ "ruling": "board", "passenger": passenger, "reason": "" });
    let refused = staff.rule(&encounter, &board);
    assert_eq!((refused.status, refused.problem().as_str()), (409, "already-boarded"));
    assert_eq!(
        staff.rule(&encounter, &json!({ "ruling": "refuse", "reason": "boarded before" })).status,
        204
    );
    assert_eq!(staff.rule(&encounter, &board).status, 409, "a case that is over");

    // Taken off with a reason, the traveller may board again.
    let off = |reason: &str| json!({ "ruling": "off-load", "passenger": passenger, "reason": reason });
    assert_eq!(staff.rule(&boarded, &off("")).status, 400, "an off-load needs a reason");
    assert_eq!(staff.rule(&boarded, &off("no seat")).status, 204);
    assert_eq!(staff.status(100)["boarded"], 0);
    let (_, step) = come(&mut staff, &photo, Picture::Obama2);
    assert_eq!((step.as_str(), &staff.status(100)["boarded"]), ("proceed", &json!(1)));

    // Two officers: who took a case has it.
    let encounter = staff.gate.begin(&choice("manual", false, None));
    let take = format!("/api/officer/v1/encounters/{encounter}/take");
    assert_eq!(staff.officer.post(&take, &json!({})).status, 204);
    assert_eq!(staff.supervisor.post(&take, &json!({})).status, 409);
}

/// Whether any file of the folder has these bytes.
fn any_file_has(folder: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return any_file_has(&path, needle);
        }
        std::fs::read(&path).is_ok_and(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
    })
}

/// At once, or when whoever reads at that moment is out of the way.
#[track_caller]
fn leaves_no_trace(house: &House, encounter: &str) {
    let until = Instant::now() + Duration::from_secs(60);
    while has_trace(house, encounter) {
        assert!(Instant::now() < until, "a decline has left a trace");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn has_trace(house: &House, id: &str) -> bool {
    let raw: Vec<u8> = (0..16).map(|n| u8::from_str_radix(&id[2 * n..2 * n + 2], 16).unwrap()).collect();
    any_file_has(&house.folder(), &raw) || any_file_has(&house.folder(), id.as_bytes())
}

#[test]
fn closing_a_voyage_keeps_crossings_and_counts_and_no_decline() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let people = [
        listed("FL", "ONE:ANNA", "R1"),
        listed("FL", "TWO:BELA", "R2"),
        listed("DDU", "THREE:CARL", "R3"),
        listed("FL", "FOUR:DORA", "R4"),
    ];
    send(
        &staff.carrier,
        &[
            message("745", "PX100", WAY, &people),
            message("250+C", "PX100", WAY, &[listed("FM", "CREW:CARLA", "C1")]),
            message("745", "PX300", ("JFK", "ORD"), &[listed("FL", "HOME:HANS", "H1")]),
        ],
    )
    .ok();
    let voyage = staff.voyage(100);
    let sought = |words: &str| staff.seek(&voyage, words);
    let id = |words: &str| sought(words)[0]["id"].as_str().unwrap().to_owned();
    assert_eq!((sought("").len(), sought("CARLA").len()), (4, 0), "crew are not expected at the gate");
    let outages = format!("/api/officer/v1/voyages/{voyage}/outage-boardings");
    let outage =
        |who: &str, at: Timestamp| json!({ "passenger": id(who), "boarded_at": at, "reason": "on paper" });
    let minutes_ago = |n: i64| Timestamp::now().saturating_sub(jiff::SignedDuration::from_mins(n)).unwrap();
    assert_eq!(
        staff.officer.post(&outages, &outage("BELA", minutes_ago(20))).status,
        409,
        "boarding is not open"
    );
    staff.open(&voyage);

    // One declines and boards by document; one boarded while the system was out; one is in transit; one never comes.
    let declined = staff.gate.begin(&choice("manual", false, None));
    let after_all = staff.gate.begin(&choice("photo", true, None));
    assert_eq!(staff.gate.end(&after_all, "decline").ok().json()["next"], "see-officer");
    let board = |who: &str| json!({ "ruling": "board", "passenger": id(who), "reason": "" });
    assert_eq!(staff.rule(&declined, &board("ANNA")).status, 204);
    assert_eq!(staff.rule(&after_all, &board("CARL")).status, 204);
    assert_eq!(staff.officer.post(&outages, &outage("BELA", minutes_ago(20))).status, 201);
    assert_eq!(
        staff.officer.post(&outages, &outage("BELA", minutes_ago(10))).status,
        409,
        "nobody boards twice"
    );
    assert_eq!(staff.officer.post(&outages, &outage("DORA", minutes_ago(-10))).status, 400, "in the future");
    let page = staff.officer.get(&format!("/console/board?point={}", staff.point)).ok();
    let page = String::from_utf8(page.body).unwrap();
    assert_eq!(page.matches("entered later").count(), 1, "the outage's boarding is marked so, and only that");
    assert_eq!(staff.status(100)["boarded"], 3);

    let waits =
        |staff: &Staff| staff.supervisor.get(&format!("/api/officer/v1/waits?voyage={voyage}")).ok().json();
    let before = waits(&staff);
    assert_eq!(
        (&before["photo"]["people"], &before["manual"]["people"]),
        (&json!(0), &json!(2)),
        "an outage is no wait"
    );
    assert!(
        has_trace(&house, &declined) && has_trace(&house, &after_all),
        "what is searched for can be found"
    );

    let closed = staff.close(&voyage).ok().json();
    assert_eq!(closed["crossings"], 2, "who is in transit makes none, who stayed away makes none");
    assert_eq!(staff.close(&voyage).status, 409);
    assert_eq!(before["manual"]["people"], 2);
    assert_eq!(waits(&staff)["manual"]["people"], 0, "two are too few to be kept as a count of their voyage");
    assert_eq!(staff.status(100)["status"], "closed");
    for encounter in [&declined, &after_all] {
        assert_eq!(staff.rule(encounter, &board("ANNA")).status, 404);
        assert_eq!(staff.probe(encounter).status, 404);
        leaves_no_trace(&house, encounter);
    }
    assert!(any_file_has(&house.folder(), b"ANNA"), "the list is there, for hours");
    let refused = staff.gate.send(&staff.gate.begin_order(&choice("photo", false, None)));
    assert_eq!((refused.status, refused.problem().as_str()), (409, "no-voyage"));

    // A domestic leg makes no crossing, whoever boards.
    let domestic = staff.voyage(300);
    staff.open(&domestic);
    let encounter = staff.gate.begin(&choice("manual", false, None));
    let hans = staff.seek(&domestic, "HANS")[0]["id"].clone();
    // A passenger of another voyage cannot be boarded here, however sure the officer is of the class.
    let citizen = staff.gate.begin(&choice("manual", true, None));
    assert_eq!(
        staff.rule(&citizen, &json!({ "ruling": "board", "passenger": id("DORA"), "reason": "" })).status,
        404
    );
    assert_eq!(
        staff.rule(&encounter, &json!({ "ruling": "board", "passenger": hans, "reason": "" })).status,
        204
    );
    assert_eq!(staff.close(&domestic).ok().json()["crossings"], 0);
}

#[test]
fn a_private_booth_and_an_officer_of_ones_own_sex_are_asked_for_at_the_gate_and_shown_to_the_officer() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    let voyage = staff.stage(100, &[Person::new(0, "FRA")]);
    let mut asking = choice("manual", false, None);
    asking["private_booth"] = true.into();
    asking["same_sex_officer"] = true.into();
    let asked = staff.gate.begin(&asking);
    staff.gate.begin(&choice("manual", false, None));
    let board = staff.board();
    for waiting in board["queue"].as_array().unwrap() {
        let wished = waiting["encounter"] == asked.as_str();
        assert_eq!(
            (&waiting["private_booth"], &waiting["same_sex_officer"]),
            (&wished.into(), &wished.into())
        );
    }
    let page = staff.officer.get(&format!("/console?point={}&encounter={asked}", staff.point)).ok();
    let page = String::from_utf8(page.body).unwrap();
    assert_eq!(page.matches("same-sex officer").count(), 2, "in the queue and on the card");
    // Of two who declined, one of whom asked: nothing public or kept tells them apart.
    staff.close(&voyage).ok();
    let figures = staff.anybody.get("/api/public/v1/oversight").ok();
    let waits = staff.supervisor.get(&format!("/api/officer/v1/waits?voyage={voyage}")).ok();
    for answer in [figures, waits] {
        let text = String::from_utf8(answer.body).unwrap();
        assert!(!text.contains("booth") && !text.contains("same_sex"), "{text}");
    }
}
