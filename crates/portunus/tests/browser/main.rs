//! The gate and the console in a real browser, with a camera that sees a real photograph.
//!
//! Pictures of every step are kept in `target/test-results/browser`: they are there to be looked at.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock and the environment"
)]
#![allow(unreachable_pub, reason = "modules of one test binary")]

mod accuracy;
mod axe;
mod camera;
mod chromium;
mod decline;
mod duties;
mod every;
mod family;
mod gate_screens;
mod hall;
mod keyboard;
mod lane;
mod lookouts;
mod mrz;
mod oversight;
mod pages;
mod parity;
mod poor_line;
mod receipt;
mod records;
mod routes;
#[path = "../support/mod.rs"]
mod support;
mod tablet;
mod vehicle;
mod watches;

use camera::Camera;
use chromium::{ENTER, ESCAPE, TAB};
use pages::{Desk, GATE_SIZES, GatePage, activate, fit, tab_order};
use serde_json::json;
use std::time::Duration;
use support::{House, Options, Person, Picture, Staff, policy};

/// How long a photo is shown that is not kept: less than us-2025's, so that the test need not wait so long; enough
/// for a slow machine to show it at all.
const SHOWN: Duration = Duration::from_secs(20);

fn possible() -> bool {
    chromium::there() && camera::pictures_there()
}

#[test]
fn both_choices_stand_alike_in_every_language_before_the_camera_runs() {
    if !possible() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    staff.stage(300, &[Person::new(0, "USA")]);
    let camera = Camera::seeing(Picture::Biden);
    let gate = GatePage::enrol(&house, &staff, Some(&camera.path()));
    let browser = &gate.browser;
    for (screen, width, height) in GATE_SIZES {
        browser.size(width, height);
        for (language, direction, begins) in [
            ("en", "ltr", "Your face or your passport"),
            ("es", "ltr", "Su rostro o su pasaporte"),
            ("fr", "ltr", "Votre visage ou votre passeport"),
            ("ar", "rtl", "وجهك أو جواز سفرك"),
            ("zh", "ltr", "刷脸或出示护照"),
        ] {
            gate.speaks(language);
            browser
                .wait(&format!("document.querySelector('#choice-title').textContent.startsWith({begins:?})"));
            assert_eq!(browser.read("document.documentElement.dir"), direction);
            browser.picture(&format!("gate-choice-{screen}-{language}"));
            fit(browser, &format!("the choice, {screen}, {language}"));
            alike(browser, &format!("{screen}, {language}"));
        }
        gate.speaks("en");
    }
    let order = tab_order(browser);
    assert_eq!(
        order,
        ["en", "es", "fr", "ar", "zh", "claim", "together", "choose-photo", "choose-manual", "ask"]
    );
    assert_eq!(gate.asked_for_camera(), 0, "nobody chose yet");
}

/// Photo and no photo: the same size, weight, colours, both in view at once, none focused before the other.
#[track_caller]
fn alike(browser: &chromium::Chromium, at: &str) {
    let look = |id: &str| {
        browser.run(&format!(
            "const button = document.querySelector('#{id}');
             const style = getComputedStyle(button);
             const icon = button.querySelector('svg').getBoundingClientRect();
             const box = button.getBoundingClientRect();
             // The grid's columns differ by a sixty-fourth of a pixel.
             const [top, bottom, width, height] = [box.top, box.bottom, box.width, box.height].map(Math.round);
             const names = ['color', 'backgroundColor', 'borderColor', 'borderWidth', 'borderRadius', 'fontSize', 'fontWeight',
                            'fontFamily', 'opacity', 'boxShadow', 'textDecorationLine', 'filter', 'cursor'];
             return {{ top, bottom, width, height, icon: [icon.width, icon.height], style: names.map((name) => style[name]),
                       inView: top >= 0 && bottom <= innerHeight, focused: document.activeElement === button }};"
        ))
    };
    let (photo, manual) = (look("choose-photo"), look("choose-manual"));
    assert_eq!(photo, manual, "{at}");
    assert_eq!(photo["inView"], true, "{at}: both are in view without scrolling");
    assert_eq!(photo["focused"], false, "{at}: none is preselected");
}

#[test]
fn travellers_pass_the_gate_and_the_officer_sees_and_rules() {
    if !possible() {
        return;
    }
    let seconds = format!("unkept_photo_shown_seconds = {}", SHOWN.as_secs());
    let policy = policy(&[("unkept_photo_shown_seconds = 30", &seconds)]);
    let (house, staff) = Staff::with_house(Options { policy: Some(policy), ..Options::default() });
    let citizen = Person::new(0, "USA");
    let visitor = Person::new(1, "FRA").with_reference(Picture::Obama);
    let unknown = Person::new(2, "D");
    let voyage = staff.stage(300, &[citizen, visitor, unknown]);
    let next = Person::new(3, "USA").with_reference(Picture::Obama);
    staff.send_list(301, std::slice::from_ref(&next));
    staff.add_reference(&next, &Picture::Obama.bytes()).ok();

    let camera = Camera::seeing(Picture::Obama2);
    let gate = GatePage::enrol(&house, &staff, Some(&camera.path()));
    let desk = Desk::of(&house);
    desk.sign_in("officer", "/console");
    desk.waiting(0);
    desk.looked_at("console-nobody");

    a_citizen_declines(&gate, &desk);
    a_visitor_is_matched(&gate, &desk);
    camera.sees(Picture::Biden);
    a_traveller_without_reference_is_referred(&gate, &desk);
    a_stranger_is_refused_with_a_reason(&gate, &desk);
    assert_eq!(staff.status(300)["boarded"], 3);

    the_supervisor_sees_both_waits_and_opens_the_next_voyage(&desk, &gate, &voyage, &staff.voyage(301));
    camera.sees(Picture::Obama3);
    a_citizen_is_matched_and_their_photo_goes(&gate, &desk);
    after_an_outage_everything_is_there_again(&house, &gate, &desk);
    assert_eq!(staff.status(301)["boarded"], 1);
}

fn a_citizen_declines(gate: &GatePage, desk: &Desk) {
    let browser = &gate.browser;
    browser.click("#claim");
    browser.wait("document.querySelector('#claimed').checkVisibility()");
    // With the keyboard alone, from where the box was ticked: past the photo to the other choice.
    browser.keys(TAB);
    browser.keys(TAB);
    browser.keys(TAB);
    browser.wait("document.activeElement?.id === 'choose-manual'");
    browser.picture("gate-choice-focused");
    activate(browser);
    assert_eq!(gate.result("gate-declined"), "see-officer");
    assert_eq!(gate.asked_for_camera(), 0, "who declines is not photographed");
    assert_eq!(
        browser.see("document.querySelector('#claim').checked"),
        false,
        "the next traveller finds the page fresh"
    );

    let desk_page = &desk.browser;
    desk.waiting(1);
    desk_page.wait("document.querySelector('#queue').innerText.includes('No photo')");
    desk_page.wait(
        "document.querySelector('article.card').innerText.includes('Would rather not be photographed')",
    );
    desk.looked_at("console-declined");
    // Nobody is named yet: B asks to find them first.
    desk.rules("b", "document.activeElement?.id === 'query'");
    desk.finds("ADEYEMI");
    desk_page.picture("console-declined-found");
    desk.rules("b", "document.querySelectorAll('#queue [data-select]').length === 0");
    desk.boarded("ADEYEMI, ALEX", "document");
}

fn a_visitor_is_matched(gate: &GatePage, desk: &Desk) {
    let browser = &gate.browser;
    browser.size(1080, 1920);
    browser.keys("1");
    gate.shows("camera");
    browser.wait("window.previewed");
    assert_eq!(gate.asked_for_camera(), 1);
    browser.picture("gate-camera-kiosk");
    assert_eq!(gate.result("gate-matched-kiosk"), "proceed");
    browser.size(1280, 800);

    let page = &desk.browser;
    desk.boarded("BERGER, ALEX", "face");
    desk.waiting(0);
    let pictures = "[...document.querySelectorAll('[data-region=flow] li:first-child img')]";
    page.wait(&format!("{pictures}.length === 2 && {pictures}.every((image) => image.naturalWidth > 0)"));
    page.click("[data-region=flow] li:first-child button");
    page.wait("document.querySelector('article.card')?.dataset.name === 'BERGER, ALEX'");
    let pair = "[...document.querySelectorAll('article.card .photo img')]";
    page.wait(&format!("{pair}.length === 2 && {pair}.every((image) => image.naturalWidth > 0)"));
    assert_eq!(
        page.see("Boolean(document.querySelector('article.card .comparison'))"),
        true,
        "the score is explained"
    );
    desk.looked_at("console-matched");
}

fn a_traveller_without_reference_is_referred(gate: &GatePage, desk: &Desk) {
    gate.speaks("fr");
    gate.browser.run("window.previewed = false");
    gate.browser.keys("1");
    gate.shows("camera");
    gate.browser.wait("window.previewed");
    gate.browser.picture("gate-camera-tablet-fr");
    assert_eq!(gate.result("gate-referred-tablet-fr"), "see-officer");
    assert_eq!(
        gate.browser.read("document.documentElement.lang"),
        "en",
        "the next traveller finds the page fresh"
    );

    let page = &desk.browser;
    // The officer was looking at somebody: whoever comes meanwhile waits, and J goes to them.
    desk.waiting(1);
    assert_eq!(page.read("document.querySelector('article.card').dataset.name"), "BERGER, ALEX");
    page.keys("j");
    page.wait("document.querySelector('article.card')?.innerText.includes('Nobody who is expected here')");
    page.wait("document.querySelector('article.card .photo img')?.naturalWidth > 0");
    desk.looked_at("console-referred");
    desk.rules(ENTER, "document.querySelector('article.card').innerText.includes('with officer')");
    // R asks why; who thinks better of it has ruled nothing.
    desk.rules("r", "document.querySelector('#why').open");
    page.wait("document.activeElement?.id === 'why-text'");
    desk.looked_at("console-why");
    page.keys(ESCAPE);
    page.wait("!document.querySelector('#why').open");
    desk.waiting(1);
    page.keys("/");
    desk.finds("CASTELLANO");
    desk.looked_at("console-found");
    desk.rules("b", "document.querySelectorAll('#queue [data-select]').length === 0");
    desk.boarded("CASTELLANO, ALEX", "document");
}

fn a_stranger_is_refused_with_a_reason(gate: &GatePage, desk: &Desk) {
    gate.browser.keys("1");
    assert_eq!(gate.result("gate-stranger"), "see-officer");
    let page = &desk.browser;
    desk.waiting(1);
    let encounter = page.read("document.querySelector('#queue [data-select]').dataset.select");
    desk.rules("r", "document.querySelector('#why').open");
    // Without a reason it does not go.
    page.keys(&format!("{TAB}{ENTER}"));
    assert_eq!(page.see("document.querySelector('#why').open"), true, "a refusal says why");
    page.click("#why-text");
    page.keys(&format!("Not a passenger of this voyage{TAB}{ENTER}"));
    desk.waiting(0);
    desk.open(&format!("/console?encounter={encounter}"));
    page.wait("document.querySelector('article.card')?.innerText.includes('Not a passenger of this voyage')");
    page.picture("console-refused");
}

fn the_supervisor_sees_both_waits_and_opens_the_next_voyage(
    desk: &Desk,
    gate: &GatePage,
    voyage: &str,
    next: &str,
) {
    let page = &desk.browser;
    page.click("form.who button");
    page.wait("!document.querySelector('form.who')");
    desk.sign_in("supervisor", "/supervisor");
    let waits = format!("document.querySelector('#voyage-{voyage} .waits').innerText");
    page.wait(&format!("{waits}.includes('Photo · 3') && {waits}.includes('No photo · 1')"));
    desk.looked_at("supervisor");
    page.click(&format!("[data-close-voyage='{voyage}']"));
    page.accept();
    gate.shows("closed");
    gate.browser.picture("gate-closed");
    page.click(&format!("[data-open-voyage='{next}'] button"));
    gate.shows("choice");
    gate.browser.wait("document.querySelector('#where').textContent.includes('PX301')");
    desk.open("/console");
}

fn a_citizen_is_matched_and_their_photo_goes(gate: &GatePage, desk: &Desk) {
    gate.browser.keys("1");
    assert_eq!(gate.outcome("gate-citizen-matched"), "proceed");
    let page = &desk.browser;
    desk.boarded("DUBOIS, ALEX", "face");
    page.wait(
        "document.querySelector('[data-region=flow] li:first-child img[src*=probe]')?.naturalWidth > 0",
    );
    page.click("[data-region=flow] li:first-child button");
    page.wait("document.querySelector('article.card .photo img')?.naturalWidth > 0");
    let card = "document.querySelector('article.card').innerText";
    page.wait(&format!("{card}.includes('not kept, gone in')"));
    let encounter = page.read("document.querySelector('article.card').dataset.encounter");
    let probe = format!("fetch('/console/encounters/{encounter}/probe').then((answer) => answer.status)");
    assert_eq!(page.see(&probe), 200);
    page.picture("console-citizen-shown");
    // Nobody touches anything; the page forgets by itself, and so has the service.
    page.wait(&format!("{card}.includes('Photo not kept: it is gone')"));
    page.wait("!document.querySelector('img[src*=probe]')");
    assert_eq!(page.see(&probe), 404);
    desk.looked_at("console-citizen-gone");
}

fn after_an_outage_everything_is_there_again(house: &House, gate: &GatePage, desk: &Desk) {
    let page = &desk.browser;
    house.kill();
    page.wait("document.querySelector('#lost').checkVisibility()");
    desk.looked_at("console-lost");
    gate.shows("closed");
    gate.browser.picture("gate-lost");
    house.restart(None);
    page.wait("!document.querySelector('#lost').checkVisibility()");
    desk.boarded("DUBOIS, ALEX", "face");
    gate.shows("choice");
    gate.browser.keys("2");
    assert_eq!(gate.result("gate-declined-again"), "see-officer");
    // Of the service's new life, told by its events.
    desk.waiting(1);
    assert_eq!(
        page.see("document.querySelector('[data-region=progress]').innerText.includes('1 of 1 boarded')"),
        json!(true)
    );
    page.picture("console-after-outage");
}

/// Nobody's face is in these pictures: `readme-gate` and `readme-console` are the README's.
#[test]
fn a_gate_without_a_camera_sends_travellers_to_the_officer() {
    if !chromium::there() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let people: Vec<Person> = (0..8).map(|n| Person::new(n, ["USA", "FRA", "D", "MEX"][n % 4])).collect();
    let voyage = staff.stage(300, &people);
    let gate = GatePage::enrol(&house, &staff, None);
    gate.browser.click("#claim");
    gate.browser.wait("document.querySelector('#claimed').checkVisibility()");
    gate.browser.picture("readme-gate");
    gate.browser.click("#claim");
    gate.browser.click("#choose-photo");
    assert_eq!(gate.result("gate-no-camera"), "see-officer");

    let desk = Desk::of(&house);
    desk.sign_in("officer", "/console");
    desk.waiting(1);
    assert_eq!(
        desk.browser.see("document.querySelector('.card').innerText.includes('Would rather not')"),
        false,
        "nobody declined"
    );
    for person in &people[..4] {
        let encounter = staff.gate.begin(&support::choice("manual", person.state == "USA", None));
        let passenger = staff.passenger(&voyage, person);
        let ruling =
            json!({ "ruling": "board", "passenger": passenger["id"], "reason": "document inspected" });
        staff.rule(&encounter, &ruling).ok();
    }
    let shown = Some((people[4].state.as_str(), people[4].number.as_str()));
    let declined = staff.gate.begin(&support::choice("manual", false, shown));
    desk.waiting(2);
    desk.browser.click(&format!("[data-select='{declined}']"));
    desk.browser.wait(&format!("document.querySelector('article.card').dataset.encounter === {declined:?}"));
    desk.browser.picture("readme-console");
    fit(&desk.browser, "a queue of people without a photo");
}

/// Two officers: one works the point, the other judges a pair blind; a supervisor learns of it, the first officer not.
#[test]
fn a_second_officer_disputes_a_match_and_only_the_supervisor_learns_of_it() {
    if !possible() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let second = json!({ "name": "second", "role": "officer", "password": support::PASSWORD });
    staff.administrator.post("/api/admin/v1/users", &second).ok();
    let traveller = Person::new(0, "USA").with_reference(Picture::Obama);
    let next = Person::new(1, "FRA").with_reference(Picture::Biden);
    staff.stage(300, &[traveller, next]);
    let first = Desk::of(&house);
    first.sign_in("officer", "/console");
    let looker = Desk::of(&house);
    looker.sign_in("second", "/second-look");
    looker.looked_at("second-look-rest");
    let supervisor = Desk::of(&house);
    supervisor.sign_in("supervisor", "/supervisor");
    supervisor.browser.wait("document.querySelector('[data-shares]')");
    let page = &supervisor.browser;
    page.run("for (const input of document.querySelectorAll('[data-shares] input')) input.value = 1");
    page.click("[data-shares] button");
    page.wait("document.querySelector('[data-region=shares]').innerText.includes('every one')");
    let eye = &looker.browser;
    eye.keys(ENTER);
    eye.wait("!document.querySelector('#waiting').hidden");
    looker.looked_at("second-look-waiting");

    let mut gate = staff.gate;
    let encounter = gate.begin(&support::choice("photo", false, None));
    gate.capture(&encounter, &[Picture::Obama2.bytes()]).ok();
    first.boarded("ADEYEMI, ALEX", "face");
    let console = "document.querySelector('main').innerText.replace(/\\d+ s|\\d+:\\d+/g, '')";
    let pair = "document.querySelectorAll('#pair img').length === 2 && !document.querySelector('.answers button').disabled";
    eye.wait(pair);
    let said = eye.read("document.body.innerText");
    assert!(!said.contains("ADEYEMI") && !said.contains("onfirmed"), "blind: {said}");
    // A pair that has just come takes no key: what was meant for the page before is no answer.
    let counted = "document.querySelector('#waiting-why').innerText.includes('Counted')";
    for _ in 0..20 {
        eye.keys("2");
        if eye.becomes(counted, Duration::from_secs(1)) {
            break;
        }
    }
    eye.wait(counted);
    assert_eq!(
        eye.see("document.querySelectorAll('img').length"),
        0,
        "nothing of the pair is left on the page"
    );

    page.wait("document.querySelector('[data-region=disputes]').innerText.includes('ADEYEMI, ALEX')");
    supervisor.looked_at("supervisor-dispute");
    page.size(800, 600);
    page.picture("supervisor-dispute-800");
    fit(page, "a dispute at 800 x 600");
    let text = first.browser.read(console);
    assert!(!text.contains("econd look") && !text.contains("held"), "the first officer is not told: {text}");
    first.browser.picture("console-while-disputed");
    page.click("[data-step=hold]");
    page.wait("document.querySelector('[data-region=disputes]').innerText.includes('was told')");
    supervisor.browser.picture("supervisor-told");
    first.browser.wait(
        "document.querySelector('[data-region=flow]').innerText.includes('inspect the document by hand')",
    );
    first.browser.picture("console-told");
    page.click("[data-step=same-person]");
    page.accept();
    page.wait("!document.querySelector('[data-dispute]')");

    // Another pair, to look at: it goes by itself within half a minute.
    eye.size(800, 600);
    let encounter = gate.begin(&support::choice("photo", false, None));
    gate.capture(&encounter, &[Picture::Biden.bytes()]).ok();
    eye.wait(pair);
    assert_eq!(
        eye.see(
            "[...document.querySelectorAll('.answers button, #left, #pair img')].every((part) => {
            const box = part.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; })"
        ),
        true,
        "all of it in 800 x 600"
    );
    eye.picture("second-look-pair-800");
    fit(eye, "a pair at 800 x 600");
    eye.scheme("dark");
    eye.picture("second-look-pair-800-dark");
    fit(eye, "a pair in the dark");
}
