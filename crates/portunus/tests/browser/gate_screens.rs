//! Every screen of the gate in every language, shown by the page's own modules: travellers see most of them for seconds.

use crate::chromium::Chromium;
use crate::pages::{Desk, GATE_SIZES, fit};
use crate::support::{House, Options};

/// Each screen's name, and how the page's own module shows it. A result stays until the next one.
const SCREENS: [(&str, &str); 15] = [
    ("starting", "screens.show('starting')"),
    ("closed", "screens.closed('closed')"),
    ("closed-here", "screens.closed('closed_here')"),
    ("not-designated", "screens.closed('not_designated')"),
    ("not-enrolled", "screens.closed('not_enrolled', 'the device was revoked')"),
    ("lost", "screens.closed('lost')"),
    ("unfit", "screens.closed('unfit')"),
    ("camera", "screens.guide('look_at_camera'); screens.show('camera')"),
    ("stuck", "screens.show('stuck')"),
    ("working", "screens.show('working')"),
    ("try-again", "screens.result('try-again', 'try_again', '', ['too-dark', 'move-closer'], 600)"),
    (
        "officer",
        "screens.receipts([{ receipt }]); screens.result('see-officer', 'officer', 'officer_text', [], 600)",
    ),
    (
        "family",
        "screens.receipts(Array(3).fill({ receipt })); screens.result('see-officer', 'officer', 'declined_text', [], 600)",
    ),
    (
        "vehicle",
        "screens.receipts(Array(9).fill({ receipt })); screens.result('proceed', 'proceed_lane', '', [], 600)",
    ),
    ("proceed", "screens.receipts([{ receipt }]); screens.result('proceed', 'proceed', '', [], 600)"),
];

/// The page's modules, and a place and a receipt for them to show.
const MODULES: &str = "
    return Promise.all([import('/assets/i18n.js'), import('/assets/screens.js')]).then(async ([i18n, shown]) => {
      window.words = await i18n.Words.load();
      window.screens = new shown.Screens(words);
      screens.place({
        point: { name: 'JFK B22' }, voyage: { name: 'PX300', to: 'CDG' },
        designation: { legal_basis: '8 CFR 215.8, 235.1', device_owner: 'Port of Testing', contractors: ['Some Contractor'] },
      });
      window.receipt = { code: '0123456789abcdef0123456789abcdef', qr: { size: 21, path: 'M0 0h7v7h-7zM14 0h7v7h-7zM0 14h7v7h-7z' } };
    });";

#[test]
fn every_screen_of_the_gate_is_fit_in_every_language() {
    if !crate::chromium::there() {
        return;
    }
    let house = House::start(Options::default());
    let desk = Desk::of(&house);
    let page = &desk.browser;
    desk.open("/gate");
    page.wait("document.querySelector('[data-screen=closed]')?.checkVisibility()");
    page.run(MODULES);
    every_screen_is_named(page);
    for language in ["en", "es", "fr", "ar", "zh"] {
        page.run(&format!("words.choose('{language}')"));
        // In one language on every screen; in the others on the largest and on the narrowest.
        let sizes =
            GATE_SIZES.iter().filter(|(name, ..)| language == "en" || ["kiosk", "phone"].contains(name));
        for (size, width, height) in sizes {
            page.size(*width, *height);
            for (name, show) in SCREENS {
                page.run(&format!("screens.clear(); {show};"));
                let at = format!("gate-screen-{name}-{size}-{language}");
                page.picture(&at);
                fit(page, &at);
            }
        }
    }
}

/// A screen that is added to the page, and not here, fails the test. The choice has a test of its own.
fn every_screen_is_named(page: &Chromium) {
    let mut screens: Vec<String> = serde_json::from_value(
        page.see("[...document.querySelectorAll('[data-screen]')].map((s) => s.dataset.screen)"),
    )
    .unwrap();
    assert!(screens.len() > 5, "{screens:?}");
    for (_, show) in SCREENS {
        page.run(&format!("{show};"));
        let shown = page.read("document.body.dataset.showing");
        screens.retain(|screen| *screen != shown);
    }
    assert_eq!(screens, ["choice"]);
}
