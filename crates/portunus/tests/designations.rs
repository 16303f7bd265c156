//! From a draft to a camera, over HTTP: who attests, who approves, where and when a capture is refused, and why.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

mod support;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use support::{Answer, Caller, Gate, Options, PASSWORD, Person, Picture, Staff, choice, models_are_here};

const DESIGNATIONS: &str = "/api/admin/v1/designations";

/// A further crossing point.
fn a_point(staff: &Staff, name: &str) -> String {
    let point = json!({ "name": name, "port": "JFK", "direction": "exit", "kind": "boarding-gate" });
    staff.administrator.post("/api/admin/v1/points", &point).ok().json()["id"].as_str().unwrap().to_owned()
}

fn draft(staff: &Staff, point: &str, hours: Option<&str>) -> String {
    let draft = json!({
        "point": point, "legal_basis": "8 CFR 215.8", "device_owner": "Port", "contractors": ["Lens & Sons"],
        "hours": hours,
    });
    staff.administrator.post(DESIGNATIONS, &draft).ok().json()["id"].as_str().unwrap().to_owned()
}

fn step(caller: &Caller, of: &str, step: &str, body: &Value) -> Answer {
    caller.post(&format!("{DESIGNATIONS}/{of}/{step}"), body)
}

fn detail(answer: &Answer) -> String {
    answer.json()["detail"].as_str().unwrap().to_owned()
}

#[test]
fn one_person_drafts_owner_and_contractors_attest_another_approves_then_notices_then_devices() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    let point = a_point(&staff, "JFK B23");
    let enrol = || staff.administrator.post("/api/admin/v1/enrolments", &json!({ "point": point }));
    let of = draft(&staff, &point, None);
    assert_eq!(
        (enrol().status, enrol().problem().as_str()),
        (409, "not-designated"),
        "a draft is no authority"
    );
    let (administrator, supervisor) = (&staff.administrator, &staff.supervisor);

    let early = step(supervisor, &of, "approve", &json!({}));
    assert_eq!((early.status, early.problem().as_str()), (409, "not-attested"));
    assert!(detail(&early).contains("Port, Lens & Sons"), "{}", detail(&early));
    let attest = |party: &str| step(administrator, &of, "attest", &json!({ "party": party, "by": "J. Kim" }));
    assert_eq!(attest("Somebody else").status, 400);
    assert_eq!((attest("Port").status, attest("Lens & Sons").status), (204, 204));
    let own = step(administrator, &of, "approve", &json!({}));
    assert_eq!((own.status, own.problem().as_str()), (403, "own-draft"), "four eyes");
    for nobody in [&staff.officer, &staff.auditor, &staff.carrier] {
        assert_eq!(step(nobody, &of, "approve", &json!({})).status, 403);
    }
    let published = step(supervisor, &of, "approve", &json!({})).ok().json();
    assert_eq!((&published["id"], &published["hours"]), (&json!(of), &Value::Null));
    assert_eq!(step(supervisor, &of, "approve", &json!({})).status, 404, "it is no draft any more");

    assert_eq!(enrol().problem(), "notice-not-posted");
    assert_eq!(step(administrator, &of, "notice", &json!({})).status, 204);
    assert!(enrol().ok().json()["link"].is_string());
    let page = String::from_utf8(staff.auditor.get("/admin").ok().body).unwrap();
    assert!(page.contains("drafted by administrator") && page.contains("approved by supervisor"));
    assert!(page.contains("Lens &amp; Sons keeps no frames: J. Kim") && !page.contains("data-post"));
    assert_eq!(step(supervisor, &of, "withdraw", &json!({})).status, 204, "closing needs one alone");
    assert_eq!(enrol().problem(), "not-designated");
}

#[test]
fn another_account_of_that_name_does_not_make_two_people() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    let user = json!({ "name": "Administrator ", "role": "supervisor", "password": PASSWORD });
    assert_eq!(staff.administrator.post("/api/admin/v1/users", &user).status, 409);
}

#[test]
fn a_capture_outside_hours_or_under_another_points_designation_is_refused_with_the_reason() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    let voyage = staff.stage(100, &[Person::new(0, "FRA")]);
    let photo = [Picture::Obama.bytes()];
    // Another point, designated, with a device of its own; at this one the captures name the other's designation.
    let there = a_point(&staff, "JFK B23");
    let theirs = staff.designate(&there);
    let encounter = staff.gate.begin(&choice("photo", false, None));
    let mut order = staff.gate.capture_order(&encounter, &photo);
    order.authority = order.authority.map(|(_, notice)| (theirs.parse().ok().unwrap(), notice));
    let refused = staff.gate.send(&order);
    assert_eq!((refused.status, refused.problem().as_str()), (409, "stale-authority"));
    assert!(detail(&refused).contains("no designation of this point"), "{}", detail(&refused));
    // And a notice that is not the one in force.
    let mut order = staff.gate.capture_order(&encounter, &photo);
    order.authority = order.authority.map(|(of, _)| (of, portunus_core::leaf::Bytes32([7; 32])));
    let refused = staff.gate.send(&order);
    assert!(detail(&refused).contains("a notice that is not in force"), "{}", detail(&refused));

    // For an hour that begins in two: not now.
    let of = staff.gate.state()["designation"]["id"].as_str().unwrap().to_owned();
    staff.supervisor.post(&format!("{DESIGNATIONS}/{of}/withdraw"), &json!({})).ok();
    let later = |hours| {
        let at = Timestamp::now() + SignedDuration::from_hours(hours);
        at.to_zoned_datetime(TimeZone::UTC).strftime("%H:%M").to_string()
    };
    let of = draft(&staff, &staff.point, Some(&format!("{}-{} UTC", later(2), later(3))));
    for party in ["Port", "Lens & Sons"] {
        let attested = json!({ "party": party, "by": "J. Kim" });
        step(&staff.administrator, &of, "attest", &attested).ok();
    }
    step(&staff.supervisor, &of, "approve", &json!({})).ok();
    assert_eq!(staff.gate.state()["state"], "not-designated");
    let refused = staff.gate.send(&staff.gate.begin_order(&choice("photo", false, None)));
    assert_eq!(refused.problem(), "point-not-designated");
    assert!(detail(&refused).contains("other hours of the day"), "{}", detail(&refused));
    let open = json!({ "point": staff.point });
    let path = format!("/api/officer/v1/voyages/{voyage}/open");
    assert_eq!(staff.supervisor.post(&path, &open).problem(), "point-not-designated");
}

#[test]
fn a_device_answers_for_the_point_where_it_was_enrolled() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    staff.stage(100, &[Person::new(0, "FRA")]);
    let there = a_point(&staff, "JFK B23");
    staff.designate(&there);
    let code = staff.administrator.post("/api/admin/v1/enrolments", &json!({ "point": there })).ok().json();
    let mut other = Gate::enrol(&staff.anybody, code["code"].as_str().unwrap());
    let encounter = staff.gate.begin(&choice("photo", false, None));
    // Nothing boards there, and an encounter of here is not one of there.
    assert_eq!(other.capture(&encounter, &[Picture::Obama.bytes()]).problem(), "no-voyage");
}
