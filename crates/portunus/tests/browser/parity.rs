//! What declining costs in time, as the supervisor and everybody read it: an alarm with the officers that would mend it.

use crate::chromium::{PATIENCE, there};
use crate::keyboard::presses;
use crate::pages::Desk;
use crate::support::{JSON, Options, Person, Staff};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Seventy of each choice, as a sensor sees them: at the camera within seconds, before the officer after thirteen minutes.
/// Two more who declined wait still.
fn told_by_a_sensor(staff: &Staff) {
    let events = |choice: &str, step: &str, people: usize, ago_s: i64| -> Vec<Value> {
        let at = Timestamp::now() - SignedDuration::from_secs(ago_s);
        (0..people).map(|_| json!({ "choice": choice, "step": step, "at": at.to_string() })).collect()
    };
    for events in [
        [events("photo", "joined", 70, 700), events("photo", "at-desk", 70, 697)].concat(),
        [events("manual", "joined", 72, 840), events("manual", "at-desk", 70, 60)].concat(),
        events("manual", "done", 70, 0),
    ] {
        let body = serde_json::to_vec(&json!({ "source": "sensor", "events": events })).unwrap();
        staff.gate.send(&staff.gate.order("POST", "/api/device/v1/queue", JSON, body)).ok();
    }
}

#[test]
fn a_manual_choice_that_falls_short_alarms_the_supervisor_with_what_would_mend_it_and_is_published() {
    if !there() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let people = [Person::new(0, "USA")];
    let voyage = staff.stage(300, &people);
    let desk = Desk::of(&house);
    let page = &desk.browser;
    desk.sign_in("supervisor", "/supervisor");
    assert_eq!(page.see("document.querySelectorAll('.alarm[data-parity]').length"), 0, "nobody has waited");
    told_by_a_sensor(&staff);
    // It comes by itself, by the page's events; and says what those who stand there wait.
    let alarm = "document.querySelector('.alarm[data-parity]')?.innerText";
    page.wait(&format!("{alarm}?.includes('2 people wait longer than the')"));
    desk.looked_at("supervisor-parity-now");
    // Of closed voyages, enough have waited to say that the promise is not kept.
    presses(page, &format!("[data-close-voyage='{voyage}']"));
    page.accept();
    page.wait(&format!("{alarm}?.includes('Nineteen in twenty')"));
    // On the next one it is the same, and it is known again how long an officer takes.
    staff.stage(301, &people);
    told_by_a_sensor(&staff);
    for words in ["who declined waited up to 13 min", "at the document desk would mend it"] {
        page.wait(&format!("{alarm}?.includes({words:?})"));
    }
    desk.looked_at("supervisor-parity");
    // Page and API say the same number of officers; it falls while nobody joins, so they are asked until both have the last.
    let until = Instant::now() + PATIENCE;
    loop {
        let point = staff.supervisor.get("/api/officer/v1/parity").ok().json()["points"][0].clone();
        assert_eq!(point["judgement"]["parity"], "falls-short", "{point}");
        let officers = point["staffing"]["officers"].as_u64().unwrap();
        assert!(officers >= 2, "{point}");
        let same = format!("{alarm}.includes('{officers} officers at')");
        if page.becomes(&same, Duration::from_secs(8)) {
            break;
        }
        assert!(Instant::now() < until, "{}: {point}", page.read(alarm));
    }

    let public = Desk::of(&house);
    let until = Instant::now() + PATIENCE;
    let promises = "[...document.querySelectorAll('#parity tr')].map((row) => row.innerText).join(' / ')";
    loop {
        public.open("/oversight");
        if public.browser.see(&format!("{promises}.includes('over the ceiling')")) == true {
            break;
        }
        assert!(Instant::now() < until, "{}", public.browser.read(promises));
        std::thread::sleep(Duration::from_millis(500));
    }
    public.looked_at("oversight-falls-short");
    let said = public.browser.read("document.querySelector('main').innerText");
    assert!(said.contains("too long beside the camera"), "{said}");
    assert!(said.contains("those who decline wait longer than they were promised"), "{said}");
}
