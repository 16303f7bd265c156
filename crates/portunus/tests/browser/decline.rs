//! `/decline`, as a traveller uses it at home: in their language, without a script; and what is then staged of them.

use crate::chromium::{ENTER, there};
use crate::keyboard::{presses, tabs_to};
use crate::pages::{Desk, fit};
use crate::support::{Options, Person, Picture, Staff, choice, models_are_here};
use serde_json::json;

/// The field of a form that takes this text, by keyboard.
fn types(desk: &Desk, fields: [(&str, &str); 3]) {
    for (field, text) in fields {
        tabs_to(&desk.browser, field);
        desk.browser.keys(text);
    }
    desk.browser.keys(ENTER);
}

/// What is answered to so many tries of a document with a booking that is not its own.
fn tried(desk: &Desk, number: &str, times: usize) -> Vec<u64> {
    let script = format!(
        "const answers = [];
         for (let n = 0; n < {times}; n += 1) {{
           const body = JSON.stringify({{ booking: `X${{n}}`, issuer: 'USA', kind: 'IAPV'[n % 4], number: {number:?} }});
           answers.push(await fetch('/api/public/v1/decline', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json' }}, body }}));
         }}
         return answers.map((answer) => answer.status * 1000 + Number(answer.headers.get('retry-after')));"
    );
    let answers = desk.browser.run(&format!("return (async () => {{ {script} }})();"));
    serde_json::from_value(answers).unwrap()
}

#[test]
fn a_traveller_declines_before_travel_in_their_language_and_is_staged_no_more() {
    if !there() || !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let people = [
        Person::new(0, "USA").with_reference(Picture::Obama),
        Person::new(1, "USA").with_reference(Picture::Biden),
    ];
    let voyage = staff.stage(300, &people);
    let staged = |n: usize| staff.passenger(&voyage, &people[n])["has_reference"].as_bool().unwrap();
    assert!(staged(0) && staged(1));

    let desk = Desk::of(&house);
    let page = &desk.browser;
    desk.open("/decline");
    for (language, begins) in [
        ("es", "Rechazar la foto"),
        ("ar", "رفض الصورة"),
        ("zh", "出行前谢绝拍照"),
        ("en", "Decline the photo"),
        ("fr", "Refuser la photo"),
    ] {
        presses(page, &format!(".languages [lang={language}]"));
        page.wait(&format!("document.querySelector('h1')?.innerText.startsWith({begins:?})"));
        assert_eq!(page.read("document.documentElement.lang"), language);
        page.size(390, 844);
        fit(page, language);
        page.picture(&format!("decline-{language}"));
        page.size(1440, 900);
    }
    types(&desk, [("#booking", "PX0001"), ("#issuer", "usa"), ("#number", &people[0].number)]);
    page.wait("document.querySelector('[role=alert]')?.innerText.startsWith('Aucun voyage à venir')");
    desk.looked_at("decline-none");
    assert!(staged(0), "with another's booking nothing happens");
    types(&desk, [("#booking", "px0000"), ("#issuer", "usa"), ("#number", &people[0].number)]);
    page.wait("document.querySelector('h1')?.innerText === 'Vous avez refusé la photo'");
    assert_eq!(page.read("location.pathname + location.search"), "/decline?lang=fr");
    desk.looked_at("decline-done");

    assert!(!staged(0) && staged(1), "they are unstaged at once, and nobody else");
    let begun =
        staff.gate.send(&staff.gate.begin_order(&choice("photo", false, Some(("USA", &people[0].number)))));
    assert_eq!(begun.ok().json()["next"], "see-officer", "whatever is pressed at the gate");
    let queue = staff.board()["queue"].clone();
    assert_eq!(queue.as_array().map(Vec::len), Some(1), "the officer has them: {queue}");
}

#[test]
fn guessing_bookings_is_answered_alike_for_a_document_on_a_list_and_one_on_none() {
    if !there() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let listed = Person::new(0, "USA");
    staff.stage(300, std::slice::from_ref(&listed));
    let desk = Desk::of(&house);
    desk.open("/decline?lang=en");
    for number in [listed.number.as_str(), "Z9999999"] {
        let answers = tried(&desk, number, 14);
        assert!(answers[..10].iter().all(|answer| *answer == 404_000), "{number}: {answers:?}");
        let refused = answers.iter().filter(|answer| (429_001..=429_021).contains(*answer)).count();
        assert!(refused > 0, "told to wait, and how long: {number}: {answers:?}");
    }
    // Nor does the right booking help now (a try comes back every twenty seconds: that one is used up, too); the page says what to do.
    tried(&desk, &listed.number, 2);
    types(&desk, [("#booking", "PX0000"), ("#issuer", "USA"), ("#number", &listed.number)]);
    desk.browser.wait("document.querySelector('[role=alert]')?.innerText.includes('tried too often')");
    desk.looked_at("decline-often");
    assert!(!house.log().contains(&listed.number), "nor does the log say who was tried");
    let other = json!({ "booking": "X", "issuer": "USA", "number": "Z9999998" });
    assert_eq!(house.anybody().post("/api/public/v1/decline", &other).status, 404, "others go on");
}
