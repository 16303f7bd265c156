//! A lane's page, as travellers use it: the document first, then the choice, then the camera.

use crate::camera::Camera;
use crate::chromium::ENTER;
use crate::pages::{GatePage, fit};
use crate::possible;
use crate::support::{Options, Person, Picture, Staff};
use serde_json::json;

#[test]
fn a_traveller_types_their_document_chooses_and_walks_on() {
    if !possible() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let lane = staff.make_point("Footbridge out", "exit", "pedestrian-lane");
    let traveller = Person::new(1, "FRA");
    staff.add_reference(&traveller, &Picture::Obama.bytes()).ok();
    staff.open_watch(&lane);
    let camera = Camera::seeing(Picture::Obama2);
    let gate = GatePage::at_lane(&house, &staff, &lane, &camera.path());
    let page = &gate.browser;
    fit(page, "lane-document");
    page.picture("lane-document");
    // A digit that is typed presses nothing: no button here has a key.
    page.keys("123");
    assert_eq!(page.read("document.body.dataset.showing"), "document");
    page.run("document.querySelector('#lane-mrz-input').value = ''");
    page.keys(&traveller.mrz());
    page.wait("!document.querySelector('[data-mrz=use]').disabled");
    whole_in_view(&gate, "lane-document-read");
    page.keys(ENTER);
    gate.shows("choice");
    whole_in_view(&gate, "lane-choice");
    assert_eq!(page.see("document.querySelector('#together')"), json!(null), "one by one at a lane");
    page.click("#choose-photo");
    gate.shows("result");
    whole_in_view(&gate, "lane-result");
    assert_eq!(gate.says(), "proceed");
    assert_eq!(page.see("document.querySelectorAll('#receipts .take-away-qr').length"), 1);
    // Only their own press asks that they be known here without it.
    let consents = || -> i64 {
        let data = rusqlite::Connection::open(house.folder().join("data.db")).unwrap();
        data.query_row("SELECT COUNT(*) FROM consent", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(consents(), 0);
    let offered = |words: &str| {
        page.wait(&format!("document.querySelector('#remember-words').dataset.text === '{words}'"));
        page.wait("!document.querySelector('#remember').disabled");
    };
    page.click("#remember");
    offered("forget");
    whole_in_view(&gate, "lane-remembered");
    assert_eq!(consents(), 1);
    // Wiped for the next.
    gate.shows("document");
    assert_eq!(page.read("document.querySelector('#lane-mrz-input').value"), "");
    assert_eq!(page.see("document.querySelector('#remember').checkVisibility()"), false);
    assert_eq!(staff.board_of(&lane)["boarded_by_face"], 1);
    // Ending it takes one press, too, and no photo.
    gate.reads(&traveller);
    page.click("#choose-manual");
    gate.shows("result");
    offered("forget");
    page.click("#remember");
    page.wait("document.querySelector('#remember-said').dataset.text === 'forgotten'");
    assert_eq!(gate.says(), "see-officer");
    whole_in_view(&gate, "lane-forgotten");
    assert_eq!(consents(), 0);
    assert_eq!(
        page.see("document.querySelector('#remember').checkVisibility()"),
        false,
        "who was not photographed is not asked to be known by their face"
    );
}

/// What a traveller asks of the officer reaches the officer, and is not left on the page for the next one.
#[test]
fn who_asks_for_a_booth_at_a_lane_is_asked_for_no_photo_and_gets_one() {
    if !possible() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let lane = staff.make_point("Footbridge in", "entry", "pedestrian-lane");
    staff.open_watch(&lane);
    let camera = Camera::seeing(Picture::Obama2);
    let gate = GatePage::at_lane(&house, &staff, &lane, &camera.path());
    let page = &gate.browser;
    gate.reads(&Person::new(2, "FRA"));
    page.click("#ask");
    for wish in ["#wish-booth", "#wish-officer", "#wish-only"] {
        page.click(wish);
    }
    page.picture("lane-asks");
    page.click("#choose-photo");
    assert_eq!(gate.outcome("lane-asked"), "see-officer");
    assert_eq!(gate.asked_for_camera(), 0);
    let waiting = staff.board_of(&lane)["queue"][0].clone();
    assert_eq!((&waiting["private_booth"], &waiting["same_sex_officer"]), (&json!(true), &json!(true)));
    assert_eq!(waiting["failure"], "no-document", "an officer alone, and no decline");
    gate.reads(&Person::new(3, "FRA"));
    let chosen =
        "[...document.querySelectorAll('[data-screen=choice] input')].filter((one) => one.checked).length";
    assert_eq!(page.see(chosen), 0, "the next traveller finds the page fresh");
    // What was read is not left in the field.
    assert_eq!(page.read("document.querySelector('#lane-mrz-input').value"), "");
}

/// The camera sees nobody: the traveller is asked what now, may go to the officer, or has left, and the page is the next one's.
#[test]
fn who_is_not_seen_at_a_lane_goes_to_the_officer_or_has_left() {
    if !possible() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let lane = staff.make_point("Footbridge out", "exit", "pedestrian-lane");
    staff.open_watch(&lane);
    let camera = Camera::seeing_all(&[]);
    let gate = GatePage::at_lane(&house, &staff, &lane, &camera.path());
    gate.reads(&Person::new(1, "FRA"));
    gate.browser.click("#choose-photo");
    gate.browser.click("#stuck-manual");
    assert_eq!(gate.outcome("lane-stuck-manual"), "see-officer");
    gate.reads(&Person::new(2, "FRA"));
    gate.browser.click("#choose-photo");
    gate.shows("stuck");
    assert!(!gate.camera_runs(), "it does not look on while it asks");
    whole_in_view(&gate, "lane-stuck");
    fit(&gate.browser, "lane-stuck");
    // Nobody presses anything.
    gate.shows("document");
    let board = staff.board_of(&lane);
    let waiting = board["queue"].as_array().unwrap();
    assert_eq!(
        (waiting.len(), &waiting[0]["lane"]),
        (1, &json!("manual")),
        "who left waits for nobody: {board}"
    );
}

/// Nothing of the screen is cut, on a tablet that lies.
#[track_caller]
pub fn whole_in_view(gate: &GatePage, name: &str) {
    gate.browser.picture(name);
    let cut = "[...document.querySelectorAll('[data-screen]:not([hidden]) :is(button, h1, p, li), footer p')]
        .filter((part) => part.checkVisibility()).map((part) => [part, part.getBoundingClientRect()])
        .filter(([, box]) => box.height > 1 && (box.top < 0 || box.left < 0 || box.bottom > innerHeight + 1 || box.right > innerWidth + 1))
        .map(([part]) => part.outerHTML.slice(0, 120))";
    assert_eq!(gate.browser.see(cut), json!([]), "{name}: is cut");
}
