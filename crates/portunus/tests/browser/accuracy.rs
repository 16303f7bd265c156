//! The supervisor's accuracy page, with a month's counts of a busy port behind it.

use crate::pages::{Desk, tab_order};
use crate::support::{House, Options, Staff};
use rusqlite::Connection;

/// A month at the house's one point: counts as a close-out writes them.
fn seed(house: &House) {
    let data = Connection::open(house.folder().join("data.db")).unwrap();
    let put = |dimension: &str, cell: &str, device: &str, kind: &str, n: i64| {
        let sql = format!(
            "INSERT INTO tally (month, point, device, pack, dimension, cell, kind, n)
             SELECT '2026-10', point.id, {device}, 'opencv-zoo@2', ?1, ?2, ?3, ?4 FROM point"
        );
        data.execute(&sql, (dimension, cell, kind, n)).unwrap();
    };
    for (device, share) in
        [("x'000102030405060708090a0b0c0d0e0f'", 20), ("x'f00102030405060708090a0b0c0d0e0f'", 10)]
    {
        for (kind, n) in [
            ("transaction", 4200),
            ("acquired", 4150),
            ("failure-to-acquire", 50),
            ("confirmed", 3904),
            ("corrected", 1),
            ("referred", 296),
            ("referred-for:no-candidate", 231),
            ("referred-for:poor-quality", 50),
            ("referred-for:candidates-too-close", 12),
            ("identified", 4180),
            ("gallery-missing", 135),
            ("mated", 4000),
            ("missed", 95),
            ("wrong-person", 1),
            ("non-mated", 130),
            ("unadjudicated:left", 20),
        ] {
            put("all", "all", device, kind, n * share);
        }
    }
    put("all", "all", "x''", "referred-for:officer-hold", 4);
    let groups = [
        ("sex", vec![("F", 62_000), ("M", 63_900), ("X", 7)]),
        (
            "age-band",
            vec![
                ("0-5", 4),
                ("6-13", 3100),
                ("14-17", 4400),
                ("18-39", 61_000),
                ("40-59", 44_000),
                ("60-78", 13_000),
                ("79+", 403),
            ],
        ),
        (
            "issuing-state",
            vec![
                ("CAN", 21_000),
                ("D", 30_100),
                ("FRA", 33_000),
                ("USA", 41_800),
                ("VAT", 3),
                ("not stated", 4),
            ],
        ),
    ];
    for (dimension, cells) in groups {
        for (at, (cell, people)) in cells.into_iter().enumerate() {
            let at = i64::try_from(at).unwrap();
            for (kind, n) in [
                ("transaction", people),
                ("acquired", people - people / 90),
                ("failure-to-acquire", people / 90),
                ("identified", people),
                ("gallery-missing", people * (3 + at) / 100),
                ("mated", people * 95 / 100),
                ("missed", people * (5 - at % 4) / 200),
                ("referred", people * 7 / 100),
            ] {
                put(dimension, cell, "x''", kind, n);
            }
        }
    }
    for day in 1..=30 {
        let sql = "INSERT INTO traffic_day (day, point) SELECT ?1, id FROM point";
        data.execute(sql, [format!("2026-10-{day:02}")]).unwrap();
    }
}

#[test]
fn the_supervisor_reads_how_often_the_machine_errs() {
    if !crate::possible() {
        return;
    }
    let (house, _staff) = Staff::with_house(Options::default());
    let desk = Desk::of(&house);
    desk.sign_in("supervisor", "/supervisor");
    let page = &desk.browser;
    page.click("nav a[href='/supervisor/accuracy']");
    page.wait("location.pathname === '/supervisor/accuracy' && document.readyState === 'complete'");
    page.wait("document.querySelector('main').innerText.includes('Nobody was photographed yet')");
    desk.looked_at("accuracy-nobody");

    seed(&house);
    desk.open("/supervisor/accuracy");
    page.wait("document.querySelectorAll('.whisker').length > 20");
    page.wait("document.querySelector('main').innerText.includes('At 4,200 travellers a day here')");
    desk.looked_at("accuracy");
    let text = page.read("document.querySelector('main').innerText");
    for hidden in ["of 7\n", "of 3\n", "of 4\n"] {
        assert!(!text.contains(hidden), "{hidden:?} is shown");
    }
    assert!(text.contains("fewer than 10"));
    let order = tab_order(page);
    assert!(order.contains(&"per-day".to_owned()), "{order:?}");

    page.click("#per-day");
    page.keys("8400");
    page.keys(crate::chromium::ENTER);
    page.wait("document.querySelector('main').innerText.includes('At 8,400 travellers a day here')");
    page.run("document.querySelector('.cells:nth-of-type(2)').scrollIntoView()");
    page.picture("accuracy-groups-light");
    page.scheme("dark");
    page.picture("accuracy-groups-dark");
    page.scheme("light");
}
