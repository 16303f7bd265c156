//! The network goes away between the choice and the capture: the page says so, keeps nothing, sends the traveller to the
//! officer, and works again afterwards.

use crate::camera::Camera;
use crate::pages::{GatePage, fit};
use crate::possible;
use crate::support::{Options, Person, Picture, Staff};
use crate::tablet::receipt_until_next;
use serde_json::json;

/// What a browser can keep beyond a page: the device's own identity and counter, and nothing else.
const KEPT: &str = "
    return (async () => {
      const database = await new Promise((done) => (indexedDB.open('portunus').onsuccess = (event) => done(event.target.result)));
      const keys = await new Promise((done) => {
        database.transaction('device').objectStore('device').getAllKeys().onsuccess = (event) => done(event.target.result);
      });
      const stores = [...database.objectStoreNames];
      database.close();
      return {
        keys: keys.sort(), stores, databases: (await indexedDB.databases()).map((one) => one.name),
        caches: await caches.keys(), local: localStorage.length, session: sessionStorage.length,
        zone: document.querySelector('#lane-mrz-input').value, receipts: document.querySelectorAll('#receipts li').length,
        frames: [...document.querySelectorAll('canvas, img')].length, video: document.querySelector('#preview').srcObject,
      };
    })();";

#[track_caller]
fn keeps_nothing(gate: &GatePage) {
    let kept = gate.browser.run(KEPT);
    let nothing = json!({
        "keys": ["counter", "identity"], "stores": ["device"], "databases": ["portunus"], "caches": [], "local": 0,
        "session": 0, "zone": "", "receipts": 0, "frames": 0, "video": null,
    });
    assert_eq!(kept, nothing);
}

#[test]
fn at_a_lane_whose_network_goes_the_traveller_is_the_officers_and_no_frame_waits_for_the_line() {
    if !possible() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let lane = staff.make_point("Footbridge out", "exit", "pedestrian-lane");
    let (first, second) = (Person::new(1, "FRA"), Person::new(2, "FRA"));
    for person in [&first, &second] {
        staff.add_reference(person, &Picture::Obama.bytes()).ok();
    }
    staff.open_watch(&lane);
    // Nobody is seen yet, so that the page is still looking when the line goes.
    let camera = Camera::seeing_all(&[]);
    let gate = GatePage::at_lane(&house, &staff, &lane, &camera.path());
    let page = &gate.browser;
    gate.reads(&first);
    page.click("#choose-photo");
    gate.shows("camera");
    page.wait("sent.some((one) => one.path.endsWith('/previews') && one.status === 200)");
    page.offline(true);
    assert_eq!(gate.outcome("poor-line-officer"), "see-officer");
    assert!(page.read("document.querySelector('#result-text').textContent").contains("no connection"));
    fit(page, "poor-line-officer");
    let tried = gate.sent("/previews").len();
    gate.shows("closed");
    page.picture("poor-line-closed");
    fit(page, "poor-line-closed");
    assert!(page.read("document.querySelector('#closed-text').textContent").contains("keeps no photo"));
    keeps_nothing(&gate);
    assert_eq!(staff.board_of(&lane)["queue"], json!([]), "the service has not heard yet");

    camera.sees(Picture::Obama2);
    page.offline(false);
    gate.shows("document");
    let waiting = staff.board_of(&lane)["queue"].clone();
    assert_eq!((&waiting[0]["failure"], &waiting[1]), (&json!("camera"), &json!(null)), "{waiting}");
    assert_eq!(waiting[0]["passenger"]["name"], "BERGER, ALEX");
    assert_eq!(gate.sent("/previews").len(), tried, "no frame of before goes up now");
    assert_eq!(gate.sent("/captures").len(), 0);
    keeps_nothing(&gate);

    gate.reads(&second);
    page.click("#choose-photo");
    assert_eq!(gate.outcome("poor-line-again"), "proceed");
    assert_eq!(staff.board_of(&lane)["boarded_by_face"], 1);
}

#[test]
fn a_tablet_whose_service_stops_asks_its_officer_when_it_is_back() {
    if !possible() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let airfield = staff.make_point("Airfield", "entry", "private-airfield");
    let pilot = Person::new(1, "FRA");
    staff.open_watch(&airfield);
    let camera = Camera::seeing_all(&[]);
    let gate = GatePage::at_lane(&house, &staff, &airfield, &camera.path());
    gate.becomes_tablet(&house.url());
    let page = &gate.browser;
    gate.reads(&pilot);
    page.click("#choose-photo");
    gate.shows("camera");
    page.wait("sent.some((one) => one.path.endsWith('/previews') && one.status === 200)");
    house.kill();
    assert_eq!(gate.outcome("tablet-poor-line-officer"), "see-officer");
    gate.shows("closed");
    page.picture("tablet-poor-line-closed");
    keeps_nothing(&gate);

    house.restart(None);
    gate.asks_the_officer(&pilot.number);
    assert_eq!(page.read("document.querySelector('#ruling-why').textContent"), "no comparison: camera");
    page.picture("tablet-poor-line-ruling");
    page.click("#ruling-reason");
    page.keys("the engine is looked at");
    page.click("#ruling-second");
    receipt_until_next(&gate, "tablet-poor-line-referred", "see-officer");
    gate.reads(&Person::new(2, "FRA"));
}
