//! Forged, stale and replayed signatures; devices and points that may not.

use crate::problem;
use crate::support::{Gate, JSON, Options, Order, Person, Picture, Raw, Staff, choice, models_are_here};
use serde_json::json;

/// The value with one bit of its `at`th byte turned.
fn turned(value: &str, at: usize) -> String {
    let mut bytes = value.as_bytes().to_vec();
    bytes[at] ^= 1;
    String::from_utf8(bytes).unwrap()
}

fn at(value: &str, after: &str) -> usize {
    value.find(after).unwrap() + after.len()
}

#[test]
fn forged_stale_and_replayed_requests_are_refused() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    staff.stage(100, &[Person::new(0, "FRA").with_reference(Picture::Obama)]);
    let anybody = staff.anybody.clone();
    let fresh = |staff: &Staff| staff.gate.begin_order(&choice("photo", false, None));

    // One bit of each component, each of which is covered.
    for (name, after) in [
        ("content-digest", "sha-256=:"),
        ("idempotency-key", ""),
        ("portunus-counter", ""),
        ("signature-input", "created="),
        ("signature-input", "nonce=\""),
        ("signature-input", "keyid=\""),
        ("signature-input", "alg=\""),
        ("signature-input", "@me"),
        ("signature", "portunus=:"),
    ] {
        let mut raw = staff.gate.sign(&fresh(&staff));
        let value = raw.header(name);
        *value = turned(value, at(value, after));
        problem(&anybody.send(&raw), 401);
    }
    // Each component missing, and doubled.
    for name in ["content-digest", "idempotency-key", "portunus-counter", "signature-input", "signature"] {
        let mut raw = staff.gate.sign(&fresh(&staff));
        raw.headers.retain(|(n, _)| n != name);
        assert_eq!(problem(&anybody.send(&raw), 401), "signature", "{name} missing");
        let mut raw = staff.gate.sign(&fresh(&staff));
        let again = (name.to_owned(), raw.header(name).clone());
        raw.headers.push(again);
        assert_eq!(problem(&anybody.send(&raw), 401), "signature", "{name} doubled");
        let mut raw = staff.gate.sign(&fresh(&staff));
        *raw.header(name) = "x".repeat(6000);
        assert_eq!(problem(&anybody.send(&raw), 401), "signature", "{name} of 6000 bytes");
    }
    // Another body, another path, another method than was signed.
    let mut raw = staff.gate.sign(&fresh(&staff));
    raw.body.push(b' ');
    assert_eq!(problem(&anybody.send(&raw), 401), "signature");
    let encounter = staff.gate.begin(&choice("photo", false, None));
    let order = staff.gate.order(
        "POST",
        &format!("/api/device/v1/encounters/{encounter}/decline"),
        JSON,
        b"{}".to_vec(),
    );
    let raw = Raw { path: format!("/api/device/v1/encounters/{encounter}/leave"), ..staff.gate.sign(&order) };
    assert_eq!(problem(&anybody.send(&raw), 401), "signature");
    let gate = staff.gate.order("POST", "/api/device/v1/gate", JSON, Vec::new());
    let raw = Raw { method: "GET", ..staff.gate.sign(&gate) };
    assert_eq!(problem(&anybody.send(&raw), 401), "signature");
    // Another key for the same device.
    let code = staff.enrolment_code();
    let mut thief = Gate::enrol(&anybody, &code);
    thief.device = staff.gate.device;
    assert_eq!(problem(&thief.send(&thief.begin_order(&choice("photo", false, None))), 401), "signature");
    // Too old and too early.
    for seconds in [-301 - 5, 301 + 60] {
        let mut order = fresh(&staff);
        order.created += seconds;
        assert_eq!(problem(&staff.gate.send(&order), 401), "signature");
    }
    let mut order = fresh(&staff);
    order.created -= 240;
    staff.gate.send(&order).ok();

    // None of it left anything at the gate, and the gate still works.
    assert_eq!(staff.board()["queue"], json!([]));
    let answer = staff.gate.capture(&encounter, &[Picture::Obama2.bytes()]).ok();
    assert_eq!(answer.json()["step"], "proceed");
}

#[test]
fn a_repeat_gets_the_first_outcome_and_a_replay_nothing() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    staff.stage(100, &[Person::new(0, "FRA").with_reference(Picture::Obama)]);

    let order = staff.gate.begin_order(&choice("photo", false, None));
    let first = staff.gate.send(&order).ok();
    assert_eq!(first.status, 201);
    assert_eq!(problem(&staff.gate.send(&order), 401), "nonce-reused");
    let again = staff.gate.send(&order.afresh());
    assert_eq!(
        (again.status, &again.body),
        (201, &first.body),
        "a repeat gets the first outcome to the byte"
    );
    let other = Order { body: serde_json::to_vec(&choice("manual", false, None)).unwrap(), ..order.afresh() };
    assert_eq!(problem(&staff.gate.send(&other), 409), "idempotency-key-reused");
    let encounter = first.json()["encounter"].as_str().unwrap().to_owned();
    let elsewhere = Order { path: format!("/api/device/v1/encounters/{encounter}/leave"), ..order.afresh() };
    assert_eq!(
        problem(&staff.gate.send(&elsewhere), 409),
        "idempotency-key-reused",
        "the path is part of it"
    );

    // A capture: the counter goes on by one and never back.
    staff.gate.counter = 10;
    let capture = staff.gate.capture_order(&encounter, &[Picture::Obama2.bytes()]);
    let first = staff.gate.send(&capture).ok();
    assert_eq!(first.json()["step"], "proceed");
    assert_eq!(problem(&staff.gate.send(&capture), 401), "nonce-reused");
    let again = staff.gate.send(&capture.afresh());
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(staff.status(100)["boarded"], 1, "a repeat boards nobody twice");
    let encounter = staff.gate.begin(&choice("photo", false, None));
    for counter in [11, 10, 0] {
        let mut back = staff.gate.capture_order(&encounter, &[Picture::Obama2.bytes()]);
        back.counter = counter;
        assert_eq!(problem(&staff.gate.send(&back), 409), "capture-counter", "{counter}");
    }
    // Not signed for the ledger, or for another count or notice: not taken.
    let mut unsigned = staff.gate.capture_order(&encounter, &[Picture::Obama2.bytes()]);
    let authority = unsigned.authority.take();
    assert_eq!(problem(&staff.gate.send(&unsigned), 401), "signature");
    let mut raw = staff.gate.sign(&Order { authority, ..unsigned.afresh() });
    let capture_header =
        |raw: &crate::support::Raw| raw.headers.iter().position(|(name, _)| name == "portunus-capture");
    let at = capture_header(&raw).unwrap();
    raw.headers[at].1 = raw.headers[at].1.replacen("notice=\"", "notice=\"0", 1);
    assert_eq!(problem(&staff.anybody.send(&raw), 401), "signature");
    // Another device may not speak for this encounter, nor repeat its request.
    let code = staff.enrolment_code();
    let mut other = Gate::enrol(&staff.anybody, &code);
    assert_eq!(problem(&other.capture(&encounter, &[Picture::Obama2.bytes()]), 404), "not-found");
    assert_eq!(problem(&other.send(&capture.afresh()), 409), "idempotency-key-reused");
}

#[test]
fn without_enrolment_or_designation_there_is_no_capture() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    let voyage = staff.stage(100, &[Person::new(0, "FRA").with_reference(Picture::Obama)]);
    let photo = [Picture::Obama2.bytes()];

    let mut unknown = Gate::enrol(&staff.anybody, &staff.enrolment_code());
    unknown.device = portunus_core::id::DeviceId::from_bytes([9; 16]);
    assert_eq!(
        problem(&unknown.send(&unknown.begin_order(&choice("photo", false, None))), 401),
        "unauthenticated"
    );

    // A code is good once.
    let code = staff.enrolment_code();
    let mut second = Gate::enrol(&staff.anybody, &code);
    let body = json!({ "code": code, "public_key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" });
    assert_eq!(problem(&staff.anybody.post("/api/device/v1/enrolments", &body), 401), "unauthenticated");
    let body = json!({ "code": staff.enrolment_code(), "public_key": "AAAA" });
    assert_eq!(problem(&staff.anybody.post("/api/device/v1/enrolments", &body), 400), "bad-request");

    // Revoked while it has a traveller before it.
    let encounter = second.begin(&choice("photo", false, None));
    let revoke = format!("/api/admin/v1/devices/{}/revoke", second.device);
    assert_eq!(staff.administrator.post(&revoke, &json!({})).status, 204);
    assert_eq!(problem(&second.capture(&encounter, &photo), 401), "unauthenticated");
    assert_eq!(problem(&staff.administrator.post(&revoke, &json!({})), 404), "not-found");

    // The designation withdrawn while a traveller stands at the gate.
    let encounter = staff.gate.begin(&choice("photo", false, None));
    let signed_before = staff.gate.capture_order(&encounter, &photo);
    let designation = staff.gate.state()["designation"]["id"].as_str().unwrap().to_owned();
    let withdraw = format!("/api/admin/v1/designations/{designation}/withdraw");
    assert_eq!(staff.administrator.post(&withdraw, &json!({})).status, 204);
    // A capture that was signed a moment before, under what was in force then.
    let late = staff.gate.send(&signed_before);
    assert_eq!(problem(&late, 403), "point-not-designated");
    assert!(late.json()["detail"].as_str().unwrap().contains("was withdrawn at"), "it says why");
    assert_eq!(staff.gate.state()["state"], "not-designated");
    assert_eq!(problem(&staff.gate.capture(&encounter, &photo), 403), "point-not-designated");
    assert_eq!(problem(&staff.gate.preview(&encounter, &photo[0]), 403), "point-not-designated");
    let order = staff.gate.begin_order(&choice("photo", false, None));
    let refused = staff.gate.send(&order);
    assert_eq!(problem(&refused, 403), "point-not-designated");
    assert!(refused.json()["detail"].as_str().unwrap().contains("designation"), "it says why");
    assert_eq!(staff.status(100)["boarded"], 0);

    // Designated again, the same traveller boards.
    staff.designate(&staff.point);
    // What the gate signs under is no longer in force: it looks again.
    assert_eq!(problem(&staff.gate.capture(&encounter, &photo), 409), "stale-authority");
    staff.gate.state();
    assert_eq!(staff.gate.capture(&encounter, &photo).ok().json()["step"], "proceed");
    // With boarding closed there is none either.
    staff.close(&voyage).ok();
    assert_eq!(
        problem(&staff.gate.send(&staff.gate.begin_order(&choice("photo", false, None))), 409),
        "no-voyage"
    );
}
