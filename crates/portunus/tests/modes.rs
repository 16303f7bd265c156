//! Every mode of travel that is no boarding gate, from outside: who arrives is known before the booth and admitted by an
//! officer; at a lane the document comes first; what must not be shared is not.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

mod support;

use jiff::ToSpan as _;
use portunus_core::document::{DocumentKey, DocumentKind, State};
use portunus_core::id::VoyageId;
use portunus_store::Store;
use serde_json::{Value, json};
use std::sync::Arc;
use support::{Gate, House, JSON, Options, Person, Picture, Staff, choice, models_are_here, today};

/// A store beside the running service's, which only reads.
fn beside(house: &House) -> Store {
    struct Unused;
    impl portunus_core::ports::Entropy for Unused {
        fn fill(&self, bytes: &mut [u8]) {
            getrandom::fill(bytes).unwrap();
        }
    }
    Store::open(&house.folder(), Arc::new(Unused)).unwrap()
}

fn voyage_of(watch: &Value) -> VoyageId {
    watch["id"].as_str().unwrap().parse().ok().unwrap()
}

/// How many crossings of a watch are recorded.
fn recorded(house: &House, watch: &Value) -> usize {
    beside(house).crossings(voyage_of(watch), jiff::Timestamp::now()).unwrap().len()
}

fn given_to_recipients(house: &House) -> usize {
    beside(house).crossings_after(0, jiff::Timestamp::now(), 100).unwrap().len()
}

/// The choice at a lane: photo, with the document that was read.
fn shown(lane: &str, person: &Person) -> Value {
    let mut choice = choice(lane, false, None);
    choice["mrz"] = json!(person.mrz());
    choice
}

fn admission(passenger: &Value) -> Value {
    let until = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let until = until.saturating_add(jiff::ToSpan::days(90));
    json!({ "ruling": "admit", "passenger": passenger["id"], "admitted": { "class": "b-2", "until": until } })
}

/// A hall with a route before it, and two people on one arriving flight: one will be known, one declines.
fn hall(staff: &Staff) -> (Value, String, Gate, [Person; 2]) {
    let hall = staff.make_point("Hall A", "entry", "arrival-hall");
    let route = staff.make_point("Route 1", "entry", "arrival-route");
    let people = [
        Person::new(1, "FRA").with_reference(Picture::Obama),
        Person::new(2, "FRA").with_reference(Picture::Biden),
    ];
    staff.send_arrivals(700, &people);
    for person in &people {
        staff.add_reference(person, &person.reference.unwrap().bytes()).ok();
    }
    let watch = staff.open_watch(&hall);
    assert_eq!(watch["voyages"].as_array().unwrap().len(), 1, "the flight lands in it: {watch}");
    assert_eq!(watch["points"].as_array().unwrap().len(), 2, "the route leads to it: {watch}");
    let gate = staff.gate_at(&route);
    (watch, hall, gate, people)
}

#[test]
fn who_arrives_is_known_before_the_booth_and_stands_in_one_line_with_who_declined() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let (watch, hall, mut gate, people) = hall(&staff);
    let id = watch["id"].as_str().unwrap();

    let known = gate.begin(&choice("photo", false, None));
    let answer = gate.capture(&known, &[Picture::Obama2.bytes()]).ok().json();
    assert_eq!(answer["step"], "go-to-booth", "nobody enters by a machine");
    let declined = gate.begin(&choice("manual", false, None));
    let board = staff.board_of(&hall);
    let line: Vec<&str> =
        board["queue"].as_array().unwrap().iter().map(|one| one["encounter"].as_str().unwrap()).collect();
    assert_eq!(line, [known.as_str(), &declined], "in the order in which they came: {board}");
    assert_eq!(board["queue"][0]["reasons"], json!([]));
    assert_eq!(recorded(&house, &watch), 0);

    staff.take(&known);
    let first = staff.passenger(id, &people[0]);
    let refused = staff.rule(&known, &json!({ "ruling": "board", "passenger": first["id"] }));
    assert_eq!(refused.status, 409, "people enter here");
    let bare = staff.rule(&known, &json!({ "ruling": "admit", "passenger": first["id"] }));
    assert!(bare.status == 400 && bare.json()["detail"].as_str().unwrap().contains("class of admission"));
    let over = json!({ "ruling": "admit", "passenger": first["id"], "admitted": { "class": "B-2", "until": "2020-01-01" } });
    assert_eq!(staff.rule(&known, &over).status, 400);
    staff.rule(&known, &admission(&first)).ok();
    assert_eq!(recorded(&house, &watch), 1, "an entry is recorded as soon as it is");
    let crossing = &beside(&house).crossings(voyage_of(&watch), jiff::Timestamp::now()).unwrap()[0];
    assert!(crossing.probe.is_some(), "with the photo by which they were known");

    // Who was admitted is in no gallery any more: the same face is nobody's.
    let again = gate.begin(&choice("photo", false, None));
    let answer = gate.capture(&again, &[Picture::Obama3.bytes()]).ok().json();
    assert_eq!(answer["step"], "see-officer");
    let board = staff.board_of(&hall);
    let entry =
        board["queue"].as_array().unwrap().iter().find(|one| one["encounter"] == again.as_str()).unwrap();
    assert_eq!(entry["reasons"], json!(["no-candidate"]));
    staff
        .rule(&again, &json!({ "ruling": "refuse", "reason": "the same traveller, at the camera again" }))
        .ok();

    let second = staff.passenger(id, &people[1]);
    let without_why = staff.rule(&declined, &json!({ "ruling": "secondary", "reason": "" }));
    assert_eq!(without_why.status, 400);
    staff.rule(&declined, &json!({ "ruling": "secondary", "reason": "the document is damaged" })).ok();
    assert_eq!(
        staff.board_of(&hall)["queue"][0]["encounter"],
        declined.as_str(),
        "a second officer has them"
    );
    staff.rule(&declined, &admission(&second)).ok();
    assert_eq!(recorded(&house, &watch), 2);

    // Whom the state admitted is not the carrier's to know.
    assert!(staff.status(700)["passengers"].as_array().unwrap().iter().all(|one| one["boarded"] == false));
    assert_eq!(staff.close(id).ok().json()["crossings"], 2);
    assert_eq!(recorded(&house, &watch), 2, "closing writes nothing twice");
    // The flight lands in the next watch's hours, too: who has entered does not enter again.
    let next = staff.open_watch(&hall);
    assert_eq!(staff.close(next["id"].as_str().unwrap()).ok().json()["crossings"], 0);
    assert_eq!(recorded(&house, &next), 0);
}

#[test]
fn who_is_expected_in_two_halls_crosses_in_the_one_that_admits_them() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let (first, _, mut gate, people) = hall(&staff);
    let other = staff.make_point("Hall B", "entry", "arrival-hall");
    let second = staff.open_watch(&other);
    assert_eq!(second["voyages"], first["voyages"], "the flight lands in both");
    // Known on the way to one hall, they are met in the other.
    let known = gate.begin(&choice("photo", false, None));
    assert_eq!(gate.capture(&known, &[Picture::Obama2.bytes()]).ok().json()["step"], "go-to-booth");
    let mut booth = staff.gate_at(&other);
    let there = booth.begin(&choice("photo", false, None));
    assert_eq!(booth.capture(&there, &[Picture::Obama3.bytes()]).ok().json()["step"], "go-to-booth");
    let passenger = staff.passenger(second["id"].as_str().unwrap(), &people[0]);
    staff.rule(&there, &admission(&passenger)).ok();
    assert_eq!((recorded(&house, &first), recorded(&house, &second)), (0, 1));
    staff.close(first["id"].as_str().unwrap()).ok();
    staff.close(second["id"].as_str().unwrap()).ok();
    assert_eq!((recorded(&house, &first), recorded(&house, &second)), (0, 1), "once");
}

#[test]
fn a_wrong_match_before_the_booth_costs_nobody_their_entry() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let (watch, _, mut gate, people) = hall(&staff);
    let id = watch["id"].as_str().unwrap();
    let known = gate.begin(&choice("photo", false, None));
    gate.capture(&known, &[Picture::Obama2.bytes()]).ok();
    // The officer reads another document than the machine named: they are admitted as who they are.
    let second = staff.passenger(id, &people[1]);
    staff.rule(&known, &admission(&second)).ok();
    assert_eq!(recorded(&house, &watch), 1);
    assert_eq!(staff.passenger(id, &people[0])["boarded"], false);
    // And taken back, the entry did not happen.
    let back =
        json!({ "ruling": "off-load", "passenger": second["id"], "reason": "returned to the aircraft" });
    staff.rule(&known, &back).ok();
    assert_eq!(recorded(&house, &watch), 0);
}

#[test]
fn at_a_lane_the_document_comes_first_and_the_face_is_compared_with_it_alone() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let lane = staff.make_point("Footbridge out", "exit", "pedestrian-lane");
    let mut gate = staff.gate_at(&lane);
    let people = [Person::new(1, "FRA"), Person::new(2, "FRA")];
    staff.add_reference(&people[0], &Picture::Obama.bytes()).ok();
    staff.add_reference(&people[1], &Picture::Biden.bytes()).ok();
    let watch = staff.open_watch(&lane);
    assert_eq!(gate.state()["expects"], "documents");

    let mut typed_wrong = shown("photo", &people[0]);
    typed_wrong["mrz"] = json!(people[0].mrz().replacen("800101", "800102", 1));
    let order = gate.begin_order(&typed_wrong);
    let refused = gate.send(&order);
    assert!(refused.status == 400 && refused.json()["detail"].as_str().unwrap().starts_with("mrz: "));

    let anothers = gate.begin(&shown("photo", &people[1]));
    assert_eq!(gate.capture(&anothers, &[Picture::Obama2.bytes()]).ok().json()["step"], "see-officer");
    assert_eq!(staff.board_of(&lane)["queue"][0]["reasons"], json!(["no-candidate"]));
    staff.rule(&anothers, &json!({ "ruling": "refuse", "reason": "not the holder" })).ok();
    assert_eq!(recorded(&house, &watch), 0);

    let own = gate.begin(&shown("photo", &people[0]));
    assert_eq!(gate.capture(&own, &[Picture::Obama2.bytes()]).ok().json()["step"], "proceed");
    assert_eq!(recorded(&house, &watch), 1);
    // Whose face it is, is not asked of who passed here before.
    let again = gate.begin(&shown("photo", &people[1]));
    assert_eq!(gate.capture(&again, &[Picture::Obama3.bytes()]).ok().json()["step"], "see-officer");
    assert_eq!(staff.board_of(&lane)["queue"][0]["reasons"], json!(["no-candidate"]));
    staff.rule(&again, &json!({ "ruling": "refuse", "reason": "not the holder" })).ok();

    // Known again without a document: not before they ask for it, nor after they took it back.
    let without = gate.begin(&choice("photo", false, None));
    assert_eq!(gate.capture(&without, &[Picture::Obama3.bytes()]).ok().json()["step"], "see-officer");
    let path = |what: &str| format!("/api/device/v1/{what}");
    let consent =
        gate.order("POST", &path(&format!("encounters/{own}/consent")), JSON, b"{\"days\":30}".to_vec());
    assert_eq!(gate.send(&consent).status, 204);
    staff.close(watch["id"].as_str().unwrap()).ok();
    let watch = staff.open_watch(&lane);
    let known = gate.begin(&choice("photo", false, None));
    assert_eq!(gate.capture(&known, &[Picture::Obama3.bytes()]).ok().json()["step"], "proceed");
    assert_eq!(recorded(&house, &watch), 1);
    let known_here = |gate: &mut Gate, of: &Person| {
        let order = gate.begin_order(&shown("manual", of));
        gate.send(&order).ok().json()["known_here"].clone()
    };
    assert_eq!(known_here(&mut gate, &people[0]), true, "it says what they may end");
    assert_eq!(known_here(&mut gate, &people[1]), false);
    let body = serde_json::to_vec(&json!({ "mrz": people[0].mrz() })).unwrap();
    let withdrawn = gate.send(&gate.order("POST", &path("consents/withdraw"), JSON, body)).ok().json();
    assert_eq!(withdrawn["consents"], 1);
    staff.close(watch["id"].as_str().unwrap()).ok();
    staff.open_watch(&lane);
    let unknown = gate.begin(&choice("photo", false, None));
    assert_eq!(gate.capture(&unknown, &[Picture::Obama3.bytes()]).ok().json()["step"], "see-officer");
}

#[test]
fn a_name_that_was_read_before_is_nobodys_whose_document_is_read_now() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    let lane = staff.make_point("Footbridge out", "exit", "pedestrian-lane");
    let gate = staff.gate_at(&lane);
    staff.open_watch(&lane);
    let own = Person::new(1, "FRA");
    // A name has no check digit.
    let other = Person { family: "MUELLER".into(), ..own.clone() };
    for person in [&other, &own] {
        gate.begin(&shown("manual", person));
    }
    let board = staff.board_of(&lane);
    let names: Vec<&str> = board["queue"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["passenger"]["name"].as_str())
        .collect();
    assert_eq!(names, ["MUELLER, ALEX", "BERGER, ALEX"], "each as their own document was read: {board}");
}

#[test]
fn a_document_out_of_date_is_the_officers_and_nobody_is_known_by_it_any_longer() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let lane = staff.make_point("Footbridge out", "exit", "pedestrian-lane");
    let mut gate = staff.gate_at(&lane);
    let [old, new] = [Person::new(1, "FRA"), Person::new(2, "FRA")];
    staff.add_reference(&new, &Picture::Obama.bytes()).ok();
    staff.open_watch(&lane);
    let showing = |person: &Person, days: i64| {
        let mut choice = choice("photo", false, None);
        choice["mrz"] = json!(person.mrz_until(today().saturating_add(days.days())));
        choice
    };

    let over = gate.begin(&showing(&old, -3));
    assert_eq!(gate.capture(&over, &[Picture::Obama2.bytes()]).status, 409, "no camera for it");
    assert_eq!(staff.board_of(&lane)["queue"][0]["failure"], "document-expired");

    let still_good = gate.begin(&showing(&new, 2));
    assert_eq!(gate.capture(&still_good, &[Picture::Obama2.bytes()]).ok().json()["step"], "proceed");
    let consent = format!("/api/device/v1/encounters/{still_good}/consent");
    gate.send(&gate.order("POST", &consent, JSON, b"{\"days\":30}".to_vec())).ok();
    let known = |days: i64| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        let document =
            DocumentKey::new(State::new("FRA").unwrap(), DocumentKind::new("P").unwrap(), &new.number);
        beside(&house).consents_of(lane.parse().ok().unwrap(), &document.ok().unwrap(), at).unwrap().len()
    };
    assert_eq!((known(0), known(4)), (1, 0), "for two days, not for thirty");
}

#[test]
fn who_has_no_states_document_is_never_photographed_and_their_entry_is_shared_with_nobody() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let (watch, hall, mut gate, people) = hall(&staff);
    let id = watch["id"].as_str().unwrap();
    let mut asks = choice("photo", false, None);
    asks["officer_only"] = json!(true);
    let claims = gate.begin(&asks);
    assert_eq!(gate.capture(&claims, &[Picture::Obama2.bytes()]).status, 409, "no camera for them");
    assert_eq!(staff.board_of(&hall)["queue"][0]["failure"], "no-document");
    let person = json!({ "family_name": "UNKNOWN", "given_names": "A", "born": null, "nationality": "XXB", "documents": [] });
    let path = format!("/api/officer/v1/watches/{id}/people");
    let entered = staff.officer.post(&path, &person).ok().json();
    staff.rule(&claims, &admission(&entered)).ok();
    assert_eq!(recorded(&house, &watch), 1);
    assert_eq!(given_to_recipients(&house), 0);
    // Who asked the officer is photographed no more, and what was asked for stands when they come again.
    let asks = gate.begin(&choice("photo", false, None));
    gate.capture(&asks, &[Picture::Biden.bytes()]).ok();
    staff.officer.post(&format!("/api/officer/v1/encounters/{asks}/protection"), &json!({})).ok();
    assert_eq!(staff.rule(&asks, &json!({ "ruling": "retake", "reason": "" })).status, 409);
    staff.rule(&asks, &json!({ "ruling": "refuse", "reason": "begins anew" })).ok();
    let again = gate.begin(&choice("manual", false, None));
    staff.rule(&again, &admission(&staff.passenger(id, &people[1]))).ok();
    assert_eq!((recorded(&house, &watch), given_to_recipients(&house)), (2, 0));
    // Anybody else's is, where a recipient is entered for it.
    let known = gate.begin(&choice("photo", false, None));
    gate.capture(&known, &[Picture::Obama2.bytes()]).ok();
    staff.rule(&known, &admission(&staff.passenger(id, &people[0]))).ok();
    assert_eq!((recorded(&house, &watch), given_to_recipients(&house)), (3, 1));
    // Who has a refugee's document asked for nothing, and is shared with nobody all the same.
    let refugee = choice("manual", false, None);
    let refugee = gate.begin(&refugee);
    let person = json!({ "family_name": "SOMEBODY", "given_names": "B", "born": null, "nationality": "XXB",
        "documents": [{ "issuer": "FRA", "kind": "P", "number": "C1X00T478" }] });
    let entered = staff.officer.post(&path, &person).ok().json();
    staff.rule(&refugee, &admission(&entered)).ok();
    assert_eq!((recorded(&house, &watch), given_to_recipients(&house)), (4, 1));
    // Claimed at a gate or not, none of it is in the published figures of who chose what.
    staff.close(id).ok();
}

#[test]
fn who_entered_during_an_outage_was_admitted_as_something() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let (watch, hall, _, people) = hall(&staff);
    let id = watch["id"].as_str().unwrap();
    let path = format!("/api/officer/v1/voyages/{id}/outage-boardings");
    let mut entry = json!({ "passenger": staff.passenger(id, &people[0])["id"], "boarded_at": jiff::Timestamp::now().to_string() });
    let refused = staff.officer.post(&path, &entry);
    assert!(
        refused.status == 400 && refused.json()["detail"].as_str().unwrap().contains("class of admission")
    );
    entry["admitted"] = admission(&json!({}))["admitted"].clone();
    assert_eq!(staff.officer.post(&path, &entry).status, 201);
    assert_eq!(recorded(&house, &watch), 1);
    let at = beside(&house).encounters(voyage_of(&watch)).unwrap()[0].point;
    assert_eq!(at.to_string(), hall, "at the hall, and not on its route");
}

#[test]
fn boarding_goes_on_at_another_gate_and_what_left_may_come_back() {
    if !models_are_here() {
        return;
    }
    let (house, mut staff) = Staff::with_house(Options::default());
    let person = Person::new(1, "FRA").with_reference(Picture::Obama);
    let voyage = staff.stage(100, std::slice::from_ref(&person));
    let waits = staff.gate.begin(&choice("manual", false, None));
    let other = staff.make_point("JFK B24", "exit", "boarding-gate");
    let hall = staff.make_point("Hall A", "entry", "arrival-hall");
    let old = staff.point.clone();
    let move_to = |to: &str| {
        let body = json!({ "from": old, "to": to });
        staff.supervisor.post(&format!("/api/officer/v1/voyages/{voyage}/move"), &body)
    };
    assert_eq!(move_to(&hall).status, 409, "nobody boards in a hall");
    move_to(&other).ok();
    assert_eq!(staff.board_of(&other)["queue"][0]["encounter"], waits.as_str());
    assert_eq!(staff.gate.state()["state"], "no-voyage");
    let passenger = staff.passenger(&voyage, &person);
    staff.rule(&waits, &json!({ "ruling": "board", "passenger": passenger["id"] })).ok();

    assert_eq!(staff.close(&voyage).ok().json()["crossings"], 1);
    let back = format!("/api/officer/v1/voyages/{voyage}/return");
    assert_eq!(staff.supervisor.post(&back, &json!({})).ok().json()["crossings"], 1);
    assert_eq!(given_to_recipients(&house), 0, "it did not leave");
    assert_eq!(staff.supervisor.post(&back, &json!({})).status, 409);
    staff.point = other;
    staff.open(&voyage);
    assert_eq!(staff.passenger(&voyage, &person)["boarded"], true, "who had boarded has");
    assert_eq!(staff.close(&voyage).ok().json()["crossings"], 1, "and leaves at last");
}

/// Several faces in one picture, side by side, each as high as the others.
fn side_by_side(pictures: &[Picture]) -> Vec<u8> {
    use portunus_biometrics::face::{Picture as Decoded, PictureLimits};
    const HEIGHT: u32 = 640;
    let limits = PictureLimits { pixels_max: 40_000_000, ..PictureLimits::default() };
    let decoded: Vec<Decoded> =
        pictures.iter().map(|one| Decoded::decode(&one.bytes(), &limits).ok().unwrap()).collect();
    let widths: Vec<u32> = decoded.iter().map(|one| one.width() * HEIGHT / one.height()).collect();
    let whole: u32 = widths.iter().sum();
    let mut rgb = vec![90_u8; (whole * HEIGHT * 3) as usize];
    let mut left = 0;
    for (one, width) in decoded.iter().zip(&widths) {
        // Nearest neighbours will do: the faces are large.
        for (x, y) in (0..*width).flat_map(|x| (0..HEIGHT).map(move |y| (x, y))) {
            let from = ((y * one.height() / HEIGHT) * one.width() + x * one.width() / width) as usize * 3;
            let to = (y * whole + left + x) as usize * 3;
            rgb[to..to + 3].copy_from_slice(&one.rgb()[from..from + 3]);
        }
        left += width;
    }
    Decoded::from_rgb(whole, HEIGHT, rgb).ok().unwrap().to_jpeg(95).ok().unwrap().to_vec()
}

/// Everybody in a vehicle shows a document; `lanes` are their choices. Gives their encounters.
fn in_a_vehicle(gate: &Gate, people: &[Person], lanes: &[&str]) -> Vec<String> {
    let mut choice = shown(lanes[0], &people[0]);
    let others = people.iter().zip(lanes).skip(1);
    choice["together"] = others.map(|(one, lane)| json!({ "mrz": one.mrz(), "lane": lane })).collect();
    let begun = gate.send(&gate.begin_order(&choice)).ok().json();
    let together = begun["together"].as_array().cloned().unwrap_or_default();
    let all = std::iter::once(&begun).chain(&together);
    all.map(|one| one["encounter"].as_str().unwrap().to_owned()).collect()
}

fn capture_vehicle(gate: &mut Gate, encounter: &str, frame: &[u8]) -> support::Answer {
    let (kind, body) = support::multipart(&[("frame", frame)]);
    let path = format!("/api/device/v1/encounters/{encounter}/vehicle-captures");
    let order = gate.counted(&path, &kind, body);
    gate.send(&order)
}

#[test]
fn in_a_vehicle_faces_and_documents_are_given_to_each_other_and_nobody_is_photographed_beside_a_decline() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let lane = staff.make_point("North road", "exit", "vehicle-lane");
    let mut gate = staff.gate_at(&lane);
    let people = [Person::new(1, "FRA"), Person::new(2, "FRA"), Person::new(3, "FRA")];
    staff.add_reference(&people[0], &Picture::Obama.bytes()).ok();
    staff.add_reference(&people[1], &Picture::Biden.bytes()).ok();
    let watch = staff.open_watch(&lane);

    // One of them would rather not: the camera is armed for nobody.
    let pair = [people[0].clone(), people[2].clone()];
    let car = in_a_vehicle(&gate, &pair, &["photo", "manual"]);
    let both = side_by_side(&[Picture::Obama2, Picture::Biden]);
    assert_eq!(capture_vehicle(&mut gate, &car[0], &both).status, 409);
    assert_eq!(staff.board_of(&lane)["queue"].as_array().unwrap().len(), 2, "both are the officer's");
    for encounter in &car {
        staff.rule(encounter, &json!({ "ruling": "refuse", "reason": "turned round" })).ok();
    }

    // Two faces, two documents, in whatever order they sit.
    let car = in_a_vehicle(&gate, &people[..2], &["photo", "photo"]);
    let seen =
        capture_vehicle(&mut gate, &car[1], &side_by_side(&[Picture::Biden, Picture::Obama2])).ok().json();
    assert_eq!((&seen["matched"], &seen["step"]), (&json!(2), &json!("proceed")), "{seen}");
    assert_eq!(recorded(&house, &watch), 2);
    staff.close(watch["id"].as_str().unwrap()).ok();
    let watch = staff.open_watch(&lane);

    // More documents than faces, and one without a reference: the officer sees all of them.
    let people = [people[0].clone(), people[1].clone(), Person::new(4, "FRA")];
    let car = in_a_vehicle(&gate, &people, &["photo", "photo", "photo"]);
    let seen = capture_vehicle(&mut gate, &car[0], &Picture::Obama2.bytes()).ok().json();
    assert_eq!((&seen["matched"], &seen["unmatched_documents"]), (&json!(1), &json!(2)), "{seen}");
    assert_eq!(seen["step"], "see-officer");
    assert_eq!(recorded(&house, &watch), 0);
    assert_eq!(staff.board_of(&lane)["queue"].as_array().unwrap().len(), 3);
}

#[test]
fn a_cruise_terminal_is_boarded_by_voyage_and_left_by_watch() {
    if !models_are_here() {
        return;
    }
    let (house, mut staff) = Staff::with_house(Options::default());
    let (out, back) = (
        staff.make_point("Pier, out", "exit", "cruise-terminal"),
        staff.make_point("Pier, in", "entry", "cruise-terminal"),
    );
    let guests = [
        Person::new(1, "FRA").with_reference(Picture::Obama),
        Person::new(2, "FRA").with_reference(Picture::Biden),
    ];
    staff.gate = staff.gate_at(&out);
    let refused = staff.supervisor.post("/api/officer/v1/watches", &json!({ "point": out }));
    assert_eq!(refused.status, 409, "guests embark by their ship's list");
    staff.point.clone_from(&out);
    let ship = staff.stage(300, &guests);
    let known = staff.gate.begin(&choice("photo", false, None));
    assert_eq!(staff.gate.capture(&known, &[Picture::Obama2.bytes()]).ok().json()["step"], "proceed");
    let declined = staff.gate.begin(&choice("manual", false, None));
    let admit = staff.rule(&declined, &admission(&staff.passenger(&ship, &guests[1])));
    assert_eq!(admit.status, 409, "nobody is admitted who leaves");
    let board = json!({ "ruling": "board", "passenger": staff.passenger(&ship, &guests[1])["id"] });
    staff.rule(&declined, &board).ok();
    assert_eq!(given_to_recipients(&house), 0, "provisional until she sails");
    assert_eq!(staff.close(&ship).ok().json()["crossings"], 2);

    let mut camera = staff.gate_at(&back);
    staff.send_arrivals(301, &guests);
    let watch = staff.open_watch(&back);
    assert_eq!(watch["voyages"].as_array().unwrap().len(), 1, "the ship that comes in: {watch}");
    let known = camera.begin(&choice("photo", false, None));
    assert_eq!(camera.capture(&known, &[Picture::Obama3.bytes()]).ok().json()["step"], "go-to-booth");
    assert_eq!(recorded(&house, &watch), 0);
    let id = watch["id"].as_str().unwrap();
    staff.rule(&known, &admission(&staff.passenger(id, &guests[0]))).ok();
    assert_eq!(recorded(&house, &watch), 1, "at once");
    assert_eq!(staff.close(id).ok().json()["crossings"], 1);
}

#[test]
fn a_late_passenger_is_known_as_soon_as_the_list_has_them_and_who_leaves_the_aircraft_does_not_depart() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    let people = [
        Person::new(1, "FRA").with_reference(Picture::Biden),
        Person::new(2, "FRA").with_reference(Picture::Obama),
    ];
    let voyage = staff.stage(100, &people[..1]);
    let too_early = staff.gate.begin(&choice("photo", false, None));
    assert_eq!(staff.gate.capture(&too_early, &[Picture::Obama2.bytes()]).ok().json()["step"], "see-officer");
    staff.add_reference(&people[1], &Picture::Obama.bytes()).ok();
    staff.send_list(100, &people);
    staff.rule(&too_early, &json!({ "ruling": "retake", "reason": "" })).ok();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while staff.passenger(&voyage, &people[1])["has_reference"] != true {
        assert!(std::time::Instant::now() < until, "staged within the next rounds");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let late = staff.gate.begin(&choice("photo", false, None));
    let answer = staff.gate.capture(&late, &[Picture::Obama2.bytes()]).ok().json();
    assert_eq!(answer["step"], "proceed", "{}", staff.board());
    let passenger = staff.passenger(&voyage, &people[1]);
    assert_eq!(passenger["boarded"], true);
    let off = json!({ "ruling": "off-load", "passenger": passenger["id"], "reason": "unwell" });
    staff.rule(&late, &off).ok();
    assert_eq!(staff.passenger(&voyage, &people[1])["boarded"], false);
    assert_eq!(staff.close(&voyage).ok().json()["crossings"], 0);
}

#[test]
fn on_a_platform_and_at_a_private_airfield_the_document_comes_first_both_ways() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let traveller = Person::new(1, "FRA");
    staff.add_reference(&traveller, &Picture::Obama.bytes()).ok();
    for (kind, way, told) in [
        ("rail-platform", "exit", "proceed"),
        ("rail-platform", "entry", "go-to-booth"),
        ("private-airfield", "exit", "proceed"),
        ("private-airfield", "entry", "go-to-booth"),
    ] {
        let point = staff.make_point(&format!("{kind} {way}"), way, kind);
        let mut camera = staff.gate_at(&point);
        let watch = staff.open_watch(&point);
        assert_eq!(camera.state()["expects"], "documents", "{kind}");
        let unread = camera.begin(&choice("photo", false, None));
        assert_eq!(camera.capture(&unread, &[Picture::Obama2.bytes()]).ok().json()["step"], "see-officer");
        staff.rule(&unread, &json!({ "ruling": "retake", "reason": "" })).ok();
        let read = camera.begin(&shown("photo", &traveller));
        assert_eq!(
            camera.capture(&read, &[Picture::Obama2.bytes()]).ok().json()["step"],
            told,
            "{kind} {way}"
        );
        let id = watch["id"].as_str().unwrap();
        assert_eq!(recorded(&house, &watch), usize::from(way == "exit"), "nobody enters by a machine");
        if way == "entry" {
            staff.rule(&read, &admission(&staff.passenger(id, &traveller))).ok();
        }
        assert_eq!(recorded(&house, &watch), 1, "{kind} {way}");
        assert_eq!(staff.close(id).ok().json()["crossings"], 1, "{kind} {way}");
    }
}

/// What the supervisor reads of an officer's time with each traveller: seconds and people, known before the booth and not.
fn officers_time(staff: &Staff) -> [(u64, u64); 2] {
    let page = String::from_utf8(staff.supervisor.get("/supervisor").ok().body).unwrap();
    let (_, said) = page.split_once("An officer’s time with each (p50): ").expect("the times");
    let cells: Vec<(u64, u64)> = said
        .split("<b>")
        .skip(1)
        .take(2)
        .map(|cell| {
            let mut words = cell.split_whitespace();
            let seconds = words.next().unwrap().parse().unwrap();
            (seconds, words.nth(1).unwrap().parse().unwrap())
        })
        .collect();
    cells.try_into().unwrap()
}

#[test]
fn an_officers_seconds_with_each_traveller_are_the_consoles_own_with_and_without_the_route() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    let (watch, _, mut gate, people) = hall(&staff);
    let id = watch["id"].as_str().unwrap();
    let known = gate.begin(&choice("photo", false, None));
    assert_eq!(gate.capture(&known, &[Picture::Obama2.bytes()]).ok().json()["step"], "go-to-booth");
    let declined = gate.begin(&choice("manual", false, None));
    // The clock runs while an officer has somebody before them, not while they wait: the first waits as long as the other.
    staff.take(&declined);
    std::thread::sleep(std::time::Duration::from_secs(6));
    staff.rule(&declined, &admission(&staff.passenger(id, &people[1]))).ok();
    staff.take(&known);
    staff.rule(&known, &admission(&staff.passenger(id, &people[0]))).ok();
    let [with, without] = officers_time(&staff);
    assert_eq!((with.1, without.1), (1, 1), "people, known before the booth and not");
    assert!(without.0 >= 6 && with.0 < without.0, "{with:?} {without:?}");
}
