//! Everything without a pointer: every control of a page is reached, seen and left; each console is worked from the
//! sign-in to the end of a task; and who asks for less motion gets none.

use crate::chromium::{Chromium, ENTER, ESCAPE, SPACE, TAB};
use crate::every::furnished;
use crate::pages::{Desk, GatePage};
use crate::support::{House, PASSWORD, Staff, choice};
use serde_json::{Value, json};
use std::time::Duration;

/// More stops than any page has.
const STOPS_MAX: usize = 250;
/// A field of a date has so many parts, each a stop of its own within the field.
const PARTS_MAX: usize = 8;

/// What has the focus, how it looks, and whether it was there before.
const STOP: &str = "
    const at = document.activeElement;
    if (!at || at === document.body || at === document.documentElement) return null;
    const style = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    // Not a point but several: part of it may lie under something, never all (WCAG 2.2 s2.4.11).
    const places = [[0.5, 0.5], [0.1, 0.2], [0.9, 0.2], [0.1, 0.8], [0.9, 0.8]].map(([x, y]) =>
      document.elementFromPoint(box.left + box.width * x, box.top + box.height * y));
    const seen = places.some((top) => top && (top === at || at.contains(top) || top.contains(at)));
    window.reached ??= new Set();
    const again = reached.has(at);
    const same = window.stoodAt === at;
    reached.add(at);
    window.stoodAt = at;
    return {
      name: at.outerHTML.slice(0, 120), again, same, seen,
      ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    };";

/// Visible controls at which Tab did not stop. Of a group of radio buttons one is enough; one that was put in anew meanwhile
/// counts for the like one before it.
const MISSED: &str = "
    const radios = new Set([...reached].filter((at) => at.type === 'radio').map((at) => at.name));
    const gone = new Set([...reached].filter((at) => !at.isConnected).map((at) => at.cloneNode().outerHTML));
    return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex=\"0\"]')]
      .filter((at) => !at.disabled && at.tabIndex >= 0 && at.checkVisibility({ visibilityProperty: true }))
      .filter((at) => !reached.has(at) && !gone.has(at.cloneNode().outerHTML) && !(at.type === 'radio' && radios.has(at.name)))
      .map((at) => at.outerHTML.slice(0, 120));";

/// From before the page's first control.
const START: &str = "
    window.reached = new Set();
    window.stoodAt = undefined;
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
    window.scrollTo(0, 0);";

/// What has the focus now; it must show it, and be in view. `None` when nothing has.
#[track_caller]
fn stop(browser: &Chromium, at: &str) -> Option<Value> {
    let stop = browser.run(STOP);
    if stop.is_null() {
        return None;
    }
    assert_eq!(stop["ring"], true, "{at}: the focus cannot be seen: {stop}");
    assert_eq!(stop["seen"], true, "{at}: what has the focus lies under something: {stop}");
    Some(stop)
}

/// Tab stops at every control of the page, shows where it is, leads out again, and back; the first stop of a page with a
/// bar leads past it. On a laptop's screen at twice the size, where things come to lie over each other.
#[track_caller]
pub fn walked(browser: &Chromium, at: &str) {
    browser.size(640, 400);
    browser.run(START);
    let (mut stops, mut parts, mut left) = (0, 0, false);
    for _ in 0..STOPS_MAX {
        browser.keys(TAB);
        let Some(stop) = stop(browser, at) else {
            left = true;
            break;
        };
        parts = if stop["same"] == true { parts + 1 } else { 0 };
        assert!(parts < PARTS_MAX, "{at}: a trap: {stop}");
        if stop["again"] == true && stop["same"] == false {
            left = true;
            break;
        }
        stops += usize::from(stop["same"] == false);
    }
    assert!(left, "{at}: no way out after {stops} stops");
    assert_eq!(browser.run(MISSED), json!([]), "{at}: never reached by Tab");
    let has_bar =
        "Boolean(document.querySelector('header.bar')) && [...reached].some((at) => at.closest('main'))";
    if browser.see(has_bar) == true {
        browser.run(START);
        browser.keys(TAB);
        assert_eq!(
            browser.see("document.activeElement.matches('a.skip')"),
            true,
            "{at}: nothing leads past the bar"
        );
        browser.keys(ENTER);
        browser.wait("document.activeElement?.id === 'main'");
        browser.keys(TAB);
        assert_eq!(
            browser.see("Boolean(document.activeElement.closest('header.bar, a.skip'))"),
            false,
            "{at}: past the bar"
        );
        browser.tab_back();
        browser.tab_back();
        let back = "document.activeElement === document.body || Boolean(document.activeElement.closest('header.bar, a.skip, #main'))";
        assert_eq!(browser.see(back), true, "{at}: no way back");
    }
    browser.size(1440, 900);
}

/// Nothing moves for who asked for less motion: no animation, no transition, no scrolling by itself.
#[track_caller]
pub fn still(browser: &Chromium, at: &str) {
    let moving = "[...document.querySelectorAll('*')].filter((part) => {
            const style = getComputedStyle(part);
            const takes = (times) => times.split(',').some((time) => parseFloat(time) > 0);
            return takes(style.transitionDuration) || (style.animationName !== 'none' && takes(style.animationDuration))
                || style.scrollBehavior === 'smooth';
        }).map((part) => part.outerHTML.slice(0, 120))";
    browser.prefers("prefers-reduced-motion", "reduce");
    assert_eq!(browser.see(moving), json!([]), "{at}: moves");
    browser.prefers("prefers-reduced-motion", "no-preference");
}

/// Goes to a control as a hand on the keyboard does; wherever it stops on the way shows that it does.
#[track_caller]
pub fn tabs_to(browser: &Chromium, selector: &str) {
    let there = format!("Boolean(document.activeElement?.matches({selector:?}))");
    browser.wait(&format!("document.querySelector({selector:?})?.checkVisibility()"));
    for _ in 0..STOPS_MAX {
        browser.keys(TAB);
        stop(browser, selector);
        if browser.see(&there) == true {
            return;
        }
    }
    panic!("{selector} is not reached by Tab");
}

/// Goes to a control and presses Enter.
#[track_caller]
pub fn presses(browser: &Chromium, selector: &str) {
    tabs_to(browser, selector);
    browser.keys(ENTER);
}

#[test]
fn each_console_is_worked_with_the_keyboard_alone() {
    if !crate::chromium::there() {
        return;
    }
    let (house, staff) = furnished();
    let code = a_traveller_declines(&house, &staff);
    an_officer_boards_refuses_and_enters_an_outage(&house, &staff);
    a_supervisor_closes_and_opens(&house, &staff);
    a_records_officer_gives_what_is_held(&house);
    an_administrator_makes_a_point(&house);
    a_second_officer_waits_and_stops(&house);
    a_traveller_opens_and_contests(&house, &code);
}

/// Gives the code of their receipt.
fn a_traveller_declines(house: &House, staff: &Staff) -> String {
    let gate = GatePage::enrol(house, staff, None);
    let page = &gate.browser;
    presses(page, "[data-language=fr]");
    page.wait("document.documentElement.lang === 'fr'");
    tabs_to(page, "#claim");
    page.keys(SPACE);
    page.wait("document.querySelector('#claimed').checkVisibility()");
    presses(page, "#choose-manual");
    gate.shows("result");
    let code = page.read("document.querySelector('.take-away-code').textContent").replace(' ', "");
    assert_eq!(gate.outcome("keyboard-gate"), "see-officer");
    gate.shows("choice");
    assert_eq!(page.see("document.querySelector('#claim').checked"), false, "fresh for the next one");
    code
}

fn an_officer_boards_refuses_and_enters_an_outage(house: &House, staff: &Staff) {
    let desk = Desk::of(house);
    let page = &desk.browser;
    desk.sign_in("officer", "/console");
    desk.waiting(1);
    page.keys("?");
    page.wait("document.querySelector('#help').open && document.querySelector('#help').contains(document.activeElement)");
    page.keys(ESCAPE);
    page.wait("!document.querySelector('#help').open && !document.querySelector('#help').contains(document.activeElement)");
    desk.rules(ENTER, "document.querySelector('article.card').innerText.includes('with officer')");
    page.keys("/");
    desk.finds("BERGER");
    desk.rules("b", "document.querySelectorAll('#queue [data-select]').length === 0");
    desk.boarded("BERGER, ALEX", "document");

    staff.gate.begin(&choice("manual", false, None));
    desk.waiting(1);
    desk.rules("r", "document.querySelector('#why').open");
    page.wait("document.activeElement?.id === 'why-text'");
    page.keys(&format!("Not a passenger of this voyage{TAB}{ENTER}"));
    desk.waiting(0);

    presses(page, "[data-open=outage]");
    page.wait("document.activeElement?.id === 'outage-query'");
    page.keys("CASTELLANO");
    page.wait("document.querySelector('#outage-found button')");
    // What was found for the first letters may give way to what is found for all of them.
    let chosen = "document.querySelector('#outage-chosen').innerText.includes('CASTELLANO')";
    for _ in 0..20 {
        presses(page, "#outage-found button");
        if page.becomes(chosen, Duration::from_secs(1)) {
            break;
        }
    }
    page.wait(chosen);
    presses(page, "#outage button[value=ok]");
    page.wait("document.querySelector('#outage-chosen').innerText.includes('Entered: CASTELLANO')");
    page.keys(ESCAPE);
    page.wait("!document.querySelector('#outage').open");
    assert_eq!(page.see("document.activeElement.dataset.open"), "outage", "back to where it was opened");
    presses(page, "form.who button");
    page.wait("location.pathname === '/' && !document.querySelector('form.who')");
}

fn a_supervisor_closes_and_opens(house: &House, staff: &Staff) {
    staff.send_list(301, &[crate::support::Person::new(9, "USA")]);
    let (first, next) = (staff.voyage(300), staff.voyage(301));
    let desk = Desk::of(house);
    let page = &desk.browser;
    desk.sign_in("supervisor", "/supervisor");
    presses(page, &format!("[data-close-voyage='{first}']"));
    page.accept();
    page.wait(&format!("document.querySelector('#voyage-{first}').innerText.includes('closed')"));
    // On from where they were, not from the page's beginning.
    page.keys(TAB);
    assert_eq!(
        page.see("document.activeElement.matches('.skip, .bar *')"),
        false,
        "thrown back to the beginning"
    );
    tabs_to(page, &format!("[data-open-voyage='{next}'] select"));
    presses(page, &format!("[data-open-voyage='{next}'] button"));
    page.wait(&format!("document.querySelector('[data-close-voyage=\"{next}\"]')"));
}

fn a_records_officer_gives_what_is_held(house: &House) {
    let visitor = crate::support::Person::new(1, "FRA");
    let desk = Desk::of(house);
    let page = &desk.browser;
    desk.sign_in("records", "/records");
    presses(page, "details.new summary");
    for (field, text) in [
        ("#case-reference", "2026/18"),
        ("#case-basis", "section 12"),
        ("#case-reason", "asked at the counter"),
        ("#case-identity", "passport shown"),
    ] {
        tabs_to(page, field);
        page.keys(text);
    }
    page.keys(ENTER);
    page.wait("document.querySelector('#find')?.checkVisibility() && document.readyState === 'complete'");
    tabs_to(page, "#find-issuer");
    page.keys("FRA");
    tabs_to(page, "#find-number");
    page.keys(&format!("{}{ENTER}", visitor.number));
    page.wait("document.querySelector('#found')?.checkVisibility()");
    let rows = page.see("document.querySelectorAll('#found-rows tr').length");
    assert!(rows.as_u64() > Some(0), "the crossing of whom the officer boarded");
    presses(page, "#found button[type=submit]");
    page.wait("document.querySelector('tr[data-record]') && document.readyState === 'complete'");
    presses(page, "form[data-then=file] button");
    page.accept();
    page.wait("document.querySelector('.facts')?.innerText.includes('Records given')");
}

fn an_administrator_makes_a_point(house: &House) {
    let desk = Desk::of(house);
    let page = &desk.browser;
    desk.sign_in_at_the_door("administrator");
    presses(page, "a[href='/admin']");
    page.wait("location.pathname === '/admin' && document.readyState === 'complete'");
    presses(page, "details:has(form[data-post='/api/admin/v1/points']) > summary");
    // What is wrong is said, and the hand is at the field that it is about.
    tabs_to(page, "#point-name");
    page.keys("LAX 41");
    tabs_to(page, "#point-port");
    page.keys("LAX");
    tabs_to(page, "#point-position");
    page.keys("somewhere");
    presses(page, "form[data-post='/api/admin/v1/points'] button");
    page.wait("document.querySelector('#problem').checkVisibility()");
    page.wait(
        "document.activeElement?.matches('#point-position[aria-invalid=true][aria-errormessage=problem]')",
    );
    page.run("document.activeElement.value = ''");
    page.keys(ENTER);
    page.wait("document.readyState === 'complete' && document.querySelectorAll('article').length === 2");
    // (The new point is not designated yet: nothing is enrolled there.)
    presses(page, "article:nth-of-type(1) form[data-then=link] button");
    page.wait("document.querySelector('#link')?.open && document.activeElement?.id === 'link-text'");
    assert!(page.read("document.querySelector('#link-text').value").contains("/gate#enrol="));
    page.keys(ESCAPE);
    page.wait("!document.querySelector('#link').open");
    assert_eq!(
        page.see("Boolean(document.activeElement.closest('form[data-then=link]'))"),
        true,
        "back to where it was opened"
    );
    presses(page, "[aria-label='Disable carrier']");
    page.accept();
    page.wait("document.readyState === 'complete' && document.querySelector('.people .tag-off')");
    assert_eq!(page.see("document.querySelector('[aria-label=\"Disable carrier\"]')"), json!(null));
    assert_eq!(
        house.anybody().post("/api/session", &json!({ "name": "carrier", "password": PASSWORD })).status,
        401
    );
}

fn a_second_officer_waits_and_stops(house: &House) {
    let desk = Desk::of(house);
    let page = &desk.browser;
    desk.sign_in("officer", "/second-look");
    page.wait("document.activeElement?.id === 'ready'");
    page.keys(ENTER);
    page.wait("!document.querySelector('#waiting').hidden");
    page.keys(ESCAPE);
    page.wait("!document.querySelector('#rest').hidden");
    presses(page, "#ready");
    page.wait("!document.querySelector('#waiting').hidden");
    presses(page, "#pause");
    page.wait("!document.querySelector('#rest').hidden");
}

fn a_traveller_opens_and_contests(house: &House, code: &str) {
    let desk = Desk::of(house);
    let page = &desk.browser;
    page.size(390, 844);
    desk.open("/receipt");
    tabs_to(page, "#code");
    page.keys(&format!("{code}{ENTER}"));
    page.wait("document.querySelector('#contest') && document.readyState === 'complete'");
    tabs_to(page, "#words");
    page.keys("I was not asked.");
    presses(page, "#contest button[type=submit]");
    page.wait("document.querySelector('article.contest')");
    presses(page, ".languages button[lang=fr]");
    page.wait("document.documentElement.lang === 'fr'");
}
