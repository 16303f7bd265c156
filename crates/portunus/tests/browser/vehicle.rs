//! The page of a lane that vehicles drive through: everybody shows a document and chooses, then the camera sees all of them.

use crate::camera::Camera;
use crate::pages::{GatePage, fit};
use crate::possible;
use crate::support::{Options, Person, Picture, Staff};
use serde_json::json;

#[test]
fn occupants_are_matched_together_and_nobody_is_photographed_beside_a_decline() {
    if !possible() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let lane = staff.make_point("North road", "exit", "vehicle-lane");
    let people = [Person::new(1, "FRA"), Person::new(2, "FRA"), Person::new(3, "FRA"), Person::new(4, "FRA")];
    staff.add_reference(&people[0], &Picture::Obama.bytes()).ok();
    staff.add_reference(&people[1], &Picture::Biden.bytes()).ok();
    staff.open_watch(&lane);
    // They sit in another order than they show their documents.
    let camera = Camera::seeing_all(&[Picture::Biden, Picture::Obama2]);
    let gate = GatePage::at_lane(&house, &staff, &lane, &camera.path());
    let page = &gate.browser;

    assert_eq!(
        page.see("document.querySelector('#everybody').checkVisibility()"),
        false,
        "nobody has chosen yet"
    );
    gate.reads(&people[0]);
    page.click("#choose-photo");
    gate.shows("document");
    page.wait("document.querySelector('#so-far').textContent.includes('1 so far')");
    page.picture("vehicle-second-document");
    fit(page, "vehicle-second-document");
    gate.reads(&people[1]);
    page.click("#choose-photo");
    page.wait("document.querySelector('#so-far').textContent.includes('2 so far')");
    assert_eq!(gate.asked_for_camera(), 0, "not before everybody has chosen");
    page.click("#everybody");
    gate.shows("camera");
    page.wait("window.previewed");
    page.picture("vehicle-camera");
    gate.shows("result");
    assert_eq!(
        page.see("document.querySelectorAll('#receipts .take-away-qr').length"),
        2,
        "each has a receipt"
    );
    assert_eq!(gate.outcome("vehicle-matched"), "proceed");
    fit(page, "vehicle-matched");
    let captures = gate.sent("/vehicle-captures");
    assert_eq!((captures.len(), &captures[0]["frames"]), (1, &json!(3)), "several images: {captures:?}");
    let answer = &captures[0]["answer"];
    assert_eq!((&answer["matched"], &answer["unmatched_faces"]), (&json!(2), &json!(0)), "{answer}");
    gate.shows("document");
    let board = staff.board_of(&lane);
    assert_eq!((&board["boarded_by_face"], &board["queue"]), (&json!(2), &json!([])));

    // One of two would rather not, and asks for a booth: the camera is armed for nobody.
    gate.reads(&people[2]);
    page.click("#choose-photo");
    gate.reads(&people[3]);
    page.click("#ask");
    page.click("#wish-booth");
    page.click("#choose-manual");
    gate.shows("document");
    page.click("#everybody");
    assert_eq!(gate.outcome("vehicle-declined"), "see-officer");
    assert_eq!(gate.asked_for_camera(), 1, "nobody beside a decline is photographed");
    assert_eq!(gate.sent("/vehicle-captures").len(), 1);
    let board = staff.board_of(&lane);
    // They came at the same instant: in no order.
    let of = |what: &str| {
        let queue = board["queue"].as_array().unwrap().iter();
        let mut all: Vec<String> = queue.map(|one| one.pointer(what).unwrap().to_string()).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(of("/lane"), [r#""manual""#, r#""photo""#], "{board}");
    assert_eq!(of("/private_booth"), ["true", "true"], "they meet the officer together");
    assert_eq!(of("/passenger/name"), [r#""DUBOIS, ALEX""#, r#""EKSTROM, ALEX""#]);
    let documents = of("/passenger/document");
    assert!(documents.iter().all(|one| one.starts_with("\"FRA passport X")), "{documents:?}");
}
