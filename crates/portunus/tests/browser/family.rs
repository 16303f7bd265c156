//! A family that chose together at a gate: nobody of them is forgotten when something fails, and each has a receipt.

use crate::chromium;
use crate::keyboard::tabs_to;
use crate::pages::{GatePage, fit};
use crate::support::{Options, Person, Staff};
use serde_json::json;

#[test]
fn a_family_whose_camera_fails_is_the_officers_together() {
    if !chromium::there() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    staff.stage(300, &[Person::new(0, "USA"), Person::new(1, "FRA"), Person::new(2, "D")]);
    let gate = GatePage::enrol(&house, &staff, None);
    let waiting = |what: &str| {
        let board = staff.board();
        let queue = board["queue"].as_array().unwrap().iter();
        queue.filter(|one| one["lane"] == what).map(|one| one["failure"].clone()).collect::<Vec<_>>()
    };
    let receipts = "document.querySelectorAll('#receipts .take-away-qr path').length";

    tabs_to(&gate.browser, "#together");
    // A digit in the field of how many is no choice.
    gate.browser.keys("3");
    assert_eq!(gate.browser.read("document.querySelector('#together').value"), "3");
    assert_eq!(gate.browser.read("document.body.dataset.showing"), "choice");
    gate.browser.picture("gate-family-choice");
    gate.browser.click("#choose-photo");
    assert_eq!(gate.outcome("gate-family-no-camera"), "see-officer");
    assert_eq!(gate.browser.see(receipts), 3);
    fit(&gate.browser, "gate-family-no-camera");
    gate.shows("choice");
    assert_eq!(gate.asked_for_camera(), 1, "the others are not asked to stand before a camera that fails");
    assert_eq!(waiting("photo"), [json!("camera"), json!("camera"), json!("camera")]);

    assert_eq!(gate.browser.read("document.querySelector('#together').value"), "1", "another traveller's");
    gate.browser.run("document.querySelector('#together').value = '2'");
    gate.browser.click("#choose-manual");
    assert_eq!(gate.outcome("gate-family-declined"), "see-officer");
    assert_eq!(gate.browser.see(receipts), 2);
    gate.shows("choice");
    assert_eq!(waiting("manual"), [json!(null), json!(null)]);
}
