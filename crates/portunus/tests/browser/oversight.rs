//! The public page: after a voyage was closed, and with a year's counts of two gates behind it.

use crate::pages::{Desk, fit, tab_order};
use crate::support::{House, Options, Person, Picture, Staff, choice};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A telephone's screen.
const SMALL: (u32, u32) = (390, 844);

/// A year before this one at the house's points: counts as close-outs write them, published.
fn seed(house: &House, year: i64) {
    let data = Connection::open(house.folder().join("data.db")).unwrap();
    let put = |month: i64, point: &str, kind: &str, n: i64| {
        let sql = "INSERT INTO traffic (published, month, point, kind, n) SELECT 1, ?1, id, ?2, ?3 FROM point WHERE name = ?4";
        data.execute(sql, (format!("{year}-{month:02}"), kind, n, point)).unwrap();
    };
    for month in 1..=12 {
        for (point, share) in [("JFK B22", 3), ("LAX 41", 2)] {
            let busy = share * (300 + 40 * ((month * 5) % 7));
            put(month, point, "passage/confirmed/no-ruling", busy * 9);
            put(month, point, "passage/confirmed/put-right", i64::from(month == 4));
            put(month, point, "passage/referred-for:no-candidate/boarded", busy / 4);
            put(month, point, "passage/referred-for:poor-quality/boarded", busy / 12);
            put(month, point, "passage/referred-for:no-reference/refused", month % 5);
            put(month, point, "passage/unanswered/no-ruling", busy / 20);
            let declined = if point == "LAX 41" && month == 9 { 6 } else { busy / 2 + month * 9 };
            put(month, point, "passage/declined/boarded", declined);
            for (bin, part) in [(40, 5), (55, 4), (63, 1)] {
                put(month, point, &format!("waited/photo/{bin}"), busy * part);
                put(month, point, &format!("passed/photo/{}", bin + 15), busy * part);
                put(month, point, &format!("waited/manual/{}", bin + 4 + month % 4), declined * part / 10);
                put(month, point, &format!("passed/manual/{}", bin + 30), declined * part / 10);
            }
            put(month, point, "officer/photo", 14 + month);
            put(month, point, "officer/manual", 11 + month);
        }
    }
}

/// Ten are photographed whose portrait nobody has, eleven decline; all board by document, and the voyage is closed.
fn board(staff: &mut Staff) {
    let people: Vec<Person> = (0..21).map(|n| Person::new(n, "FRA")).collect();
    let voyage = staff.stage(700, &people);
    for (n, person) in people.iter().enumerate() {
        let passenger = staff.passenger(&voyage, person)["id"].clone();
        let encounter = if n < 10 {
            let encounter = staff.gate.begin(&choice("photo", false, None));
            staff.gate.capture(&encounter, &[Picture::Biden.bytes()]).ok();
            encounter
        } else {
            staff.gate.begin(&choice("manual", false, None))
        };
        let board = json!({ "ruling": "board", "passenger": passenger, "reason": "" });
        assert_eq!(staff.rule(&encounter, &board).status, 204);
    }
    assert_eq!(figures(staff)["passages"]["choices"], json!([]), "a running voyage is in no figure");
    staff.close(&voyage).ok();
}

fn figures(staff: &Staff) -> Value {
    staff.anybody.get("/api/public/v1/oversight").ok().json()
}

/// Figures are worked out again after some seconds.
fn published(staff: &Staff, wanted: impl Fn(&Value) -> bool) -> Value {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let figures = figures(staff);
        if wanted(&figures) {
            return figures;
        }
        assert!(Instant::now() < until, "{figures}");
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Whether any cell of any table holds 1 to 9.
const SMALL_CELLS: &str = "[...document.querySelectorAll('td')].map((cell) => cell.innerText.trim())
    .filter((text) => /^[1-9]$/.test(text) || /^[1-9] of /.test(text))";

#[test]
fn anybody_reads_what_was_promised_and_no_cell_below_ten() {
    if !crate::possible() {
        return;
    }
    let (house, mut staff) = Staff::with_house(Options::default());
    for (name, port, position) in
        [("LAX 41", "LAX", Some("33.9416,-118.4085")), ("ANC 7", "ANC", Some("61.17,-149.99"))]
    {
        let point = json!({ "name": name, "port": port, "direction": "exit", "kind": "boarding-gate", "position": position });
        staff.administrator.post("/api/admin/v1/points", &point).ok();
    }
    let nowhere = json!({ "name": "X", "port": "JFK", "direction": "exit", "kind": "boarding-gate", "position": "north" });
    assert_eq!(staff.administrator.post("/api/admin/v1/points", &nowhere).status, 400);
    board(&mut staff);
    let said = published(&staff, |figures| figures["passages"]["choices"] != json!([]));
    let all = said["passages"]["choices"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&all["photo"], &all["declined"]), (&json!(10), &json!(11)), "{said}");
    assert!(
        all["manual_waits"].is_object() && all["photo_officers"].is_null(),
        "one officer is withheld: {all}"
    );

    let desk = Desk::of(&house);
    let page = &desk.browser;
    desk.open("/");
    page.click("a[href='/oversight']");
    page.wait("location.pathname === '/oversight' && document.readyState === 'complete'");
    let headlines = page.read("document.querySelector('.headlines').innerText");
    assert!(
        headlines.starts_with("Of 21 travellers in ")
            && headlines.contains("10 chose the photo and 11 declined it (52 %)"),
        "{headlines}"
    );
    assert!(headlines.contains("Half of those who declined"), "{headlines}");
    assert!(headlines.contains("1 of 3 crossing points may photograph now"), "{headlines}");
    assert_eq!(page.see(SMALL_CELLS), json!([]));
    let command = page.read("document.querySelector('#ledger pre').innerText");
    let (url, key) = (house.url(), said["ledger"]["key"].as_str().unwrap());
    assert_eq!(command, format!("portunus verify {url}/ledger --key {key}"));
    let order = tab_order(page);
    assert_eq!(order[..2], ["Skip to the content", "Portunus"], "{order:?}");
    desk.looked_at("oversight");
    page.size(1280, 6_000);
    page.picture("oversight-whole");

    let year = said["year"].as_str().unwrap().parse::<i64>().unwrap() - 1;
    seed(&house, year);
    let earlier = year.to_string();
    published(&staff, |figures| figures["years"][0] == earlier.as_str());
    desk.open(&format!("/oversight?year={year}"));
    page.wait(&format!("document.querySelector('.headlines')?.innerText.includes('December {year}')"));
    assert_eq!(page.see(SMALL_CELLS), json!([]));
    assert_eq!(page.see("document.querySelectorAll('.plot').length > 1 && document.querySelectorAll('.withheld').length > 0"), true);
    for scheme in ["light", "dark"] {
        page.scheme(scheme);
        for (name, width, height) in
            [("whole", 1280, 9_000), ("telephone", SMALL.0, SMALL.1), ("telephone-whole", SMALL.0, 12_000)]
        {
            page.size(width, height);
            page.picture(&format!("oversight-year-{name}-{scheme}"));
            fit(page, &format!("oversight, {name}, {scheme}"));
        }
    }
    let gone = staff.anybody.get("/api/public/v1/oversight?year=1999");
    assert_eq!(gone.status, 404);
}
