//! The machine-readable zone in the page: the same verdicts as the server's reader, live, by keyboard and scanner alone.

use crate::chromium::{self, Chromium, ENTER, SPACE, TAB};
use crate::pages::fit;
use crate::support::{House, Options};
use jiff::civil::date;
use portunus_documents::mrz::{Check, Fault, FaultKind, Reading, read};
use portunus_server::pages::mrz;
use serde_json::{Value, json};

const TD3: &str =
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
const SPECIMENS: [&str; 9] = [
    TD3,
    "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<",
    "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6",
    "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\nD23145890<UTO3407127M95071227349<<<8",
    "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<",
    "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<",
    "P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<\nC01X0006H1D<<6408125F1710319<<<<<<<<<<<<<<<0",
    "IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<\n9409923102854CORINNE<<<<<<<6512068F4",
];

/// The specimens, and each many times with a few characters changed, left out or put in: the same ones every time.
fn corpus() -> Vec<String> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |most: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % most as u64) as usize
    };
    let cells: Vec<char> =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<<<<<<0O1I8Bo \t\n\ré«\u{202e}?".chars().collect();
    let mut texts: Vec<String> = SPECIMENS.map(str::to_owned).into();
    texts.extend(SPECIMENS.map(|text| text.replace('\n', "")));
    texts
        .extend(["", "\n", "P<UTO", "<", &"<".repeat(88), &"A".repeat(2_000), &TD3[..44]].map(str::to_owned));
    for _ in 0..3_000 {
        let mut text: Vec<char> = SPECIMENS[below(SPECIMENS.len())].chars().collect();
        for _ in 0..=below(4) {
            let (at, cell) = (below(text.len()), cells[below(cells.len())]);
            match below(12) {
                0 => {
                    text.remove(at);
                }
                1 => text.insert(at, cell),
                _ => text[at] = cell,
            }
        }
        texts.push(text.into_iter().collect());
    }
    // Dates alone: every month and day, and parts that are not known.
    for day in 0..=1_300 {
        texts.push(TD3.replace("740812", &format!("{:02}{:04}", day % 100, day)));
    }
    texts.extend(["<<<<<<", "74<<<<", "<<0812", "7<0812", "74<<12"].map(|born| TD3.replace("740812", born)));
    texts
}

/// A reading as the page's module gives it.
fn told(text: &str) -> Value {
    let (verdict, format, checks, faults): (_, _, Vec<Check>, Vec<Fault>) =
        match read(text.as_bytes(), date(2026, 11, 23)) {
            Reading::Holds(facts) => ("holds", Some(facts.format), facts.checks, Vec::new()),
            Reading::Faulty(faulty) => ("faulty", Some(faulty.format), faulty.checks, faulty.faults),
            Reading::None(fault) => ("none", None, Vec::new(), vec![fault]),
        };
    let fault = |fault: Fault| {
        let Fault { kind, field, line, column, expected } = fault;
        let digit = (kind == FaultKind::CheckDigit).then_some(expected);
        json!({ "kind": kind, "field": field, "line": line, "column": column, "digit": digit })
    };
    let faults: Vec<Value> = faults.into_iter().map(fault).collect();
    json!({ "verdict": verdict, "format": format, "checks": checks, "faults": faults })
}

#[test]
fn the_page_and_the_server_give_the_same_verdicts() {
    if !chromium::there() {
        return;
    }
    let house = House::start(Options::default());
    let browser = Chromium::start("mrz", None);
    browser.open(&format!("{}/sign-in", house.url()));
    let texts = corpus();
    let mut seen = std::collections::BTreeMap::new();
    for some in texts.chunks(500) {
        let here = browser.run(&format!(
            "const digit = (f) => (f.kind === 'check-digit' ? f.expected : null);
             const plain = ({{ verdict, format, checks, faults }}) => ({{ verdict, format, checks,
               faults: faults.map((f) => ({{ kind: f.kind, field: f.field, line: f.line, column: f.column, digit: digit(f) }})) }});
             return import('/assets/mrz.js').then(({{ readMrz }}) => {}.map((text) => plain(readMrz(text, [2026, 11, 23]))));",
            json!(some)
        ));
        for (text, here) in some.iter().zip(here.as_array().unwrap()) {
            let there = told(text);
            assert_eq!(*here, there, "{text:?}");
            *seen.entry(there["verdict"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
    }
    // All three verdicts are compared, and not a few times.
    assert!(seen["holds"] > 100 && seen["faulty"] > 1_000 && seen["none"] > 300, "{seen:?}");
}

/// A page that holds the part and nothing else, with what was handed on in `handed`.
fn page(house: &House) -> Chromium {
    let browser = Chromium::start("mrz", None);
    browser.open(&format!("{}/sign-in", house.url()));
    browser.run(&format!(
        "document.body.innerHTML = `<main><h1>Zone</h1>${{{}}}</main>`;
         const link = document.createElement('link');
         Object.assign(link, {{ rel: 'stylesheet', href: '/assets/{}' }});
         const styled = new Promise((done) => (link.onload = done));
         document.head.append(link);
         window.handed = [];
         return Promise.all([styled, import('/assets/mrz.js')]).then(([, {{ mountMrz }}]) => {{
           window.part = mountMrz(document.querySelector('#here-mrz'), (lines) => window.handed.push(lines.join('|')));
           window.part.focus();
         }});",
        json!(mrz::part("here").into_string()),
        mrz::SHEET,
    ));
    browser
}

const STATE: &str = "document.querySelector('[data-mrz=state]').textContent";

#[test]
fn a_zone_is_typed_scanned_and_pasted_with_the_keyboard_alone() {
    if !chromium::there() {
        return;
    }
    let house = House::start(Options::default());
    let browser = page(&house);
    let (first, second) = TD3.split_once('\n').unwrap();
    // Typed as far as the number's check digit, which is wrong: said at once, where it is.
    browser.keys(&first.to_lowercase());
    browser.keys(ENTER);
    browser.keys("L8989O2C36");
    browser.wait(&format!("{STATE}.includes('Line 2, character 10, Number: the check digit does not fit')"));
    let verdict = |field: &str| {
        browser.read(&format!(
            "[...document.querySelectorAll('.mrz-fields li')].find((li) => li.querySelector('.mrz-field').textContent === {field:?}).dataset.verdict"
        ))
    };
    assert_eq!([verdict("Number"), verdict("Name"), verdict("Date of birth")], ["wrong", "plain", "waiting"]);
    assert_eq!(browser.see("document.querySelector('[data-mrz=use]').disabled"), true);
    for (size, width, height) in [("desk", 1280, 800), ("phone", 390, 844)] {
        browser.size(width, height);
        browser.picture(&format!("mrz-wrong-{size}"));
        fit(&browser, &format!("a zone, {size}"));
    }
    // The rest, still wrong: Enter hands nothing on, the hand stays where it is.
    browser.keys(&second[10..]);
    browser.keys(ENTER);
    browser.wait(&format!("{STATE}.includes('Line 2, character 10, Number')"));
    assert_eq!(browser.see("handed.length"), 0);
    assert_eq!(browser.see("document.activeElement.dataset.mrz"), "input");

    // A scanner types both lines, each with its end.
    browser.run("part.clear()");
    assert_eq!(browser.see("document.querySelectorAll('.mrz-fields li').length"), 0);
    browser.keys(&format!("{first}{ENTER}{second}{ENTER}"));
    browser.wait("handed.length === 1");
    assert_eq!(browser.read("handed[0]"), TD3.replace('\n', "|"));
    browser.wait(&format!("{STATE}.startsWith('Everything fits')"));
    assert_eq!([verdict("Number"), verdict("All of it")], ["fits", "fits"]);
    browser.picture("mrz-holds");

    // Pasted without an end of line, then the button.
    let joined = TD3.replace('\n', "");
    browser.run(&format!(
        "part.clear(); const box = document.querySelector('[data-mrz=input]'); box.value = {joined:?};
         box.dispatchEvent(new Event('input', {{ bubbles: true }}));"
    ));
    browser.keys(TAB);
    assert_eq!(browser.see("document.activeElement.dataset.mrz"), "use");
    browser.keys(SPACE);
    browser.wait("handed.length === 2");

    // In the page's language, from right to left; the zone itself never.
    browser.run("Object.assign(document.documentElement, { lang: 'ar', dir: 'rtl' })");
    browser.wait("document.querySelector('[data-mrz-word=use]').textContent.includes('استخدام')");
    assert_eq!(browser.read("getComputedStyle(document.querySelector('[data-mrz=input]')).direction"), "ltr");
    browser.picture("mrz-holds-ar");
}
