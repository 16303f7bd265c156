//! `/gate`: the traveller's page. It is the same for everyone; its modules fill in words, language and state.
//!
//! The camera starts after the choice, never before. Both choices are the same kind of button.

use super::layout::{Head, document};
use maud::{Markup, PreEscaped, html};

/// Languages of the page, each by its own name, with its direction. The notice has the same.
const LANGUAGES: [(&str, &str, &str); 5] = [
    ("en", "English", "ltr"),
    ("es", "Español", "ltr"),
    ("fr", "Français", "ltr"),
    ("ar", "العربية", "rtl"),
    ("zh", "中文", "ltr"),
];

/// The page. A `data-text` names a text of `assets/i18n.json`; a `data-notice`, one of the policy's notice.
pub fn gate() -> Markup {
    let screens = html! {
        (screen("starting", "", &html! { h1 .huge data-text="starting" { "One moment…" } }))
        (closed())
        (screen("choice", "choice-title", &choice(&party())))
        (screen("camera", "camera-title", &camera()))
        (screen("stuck", "stuck-title", &stuck()))
        (screen("working", "", &html! { h1 .huge data-text="comparing" { "One moment…" } }))
        (screen("result", "result-title", &result(&html! {})))
    };
    let head = Head { title: "Gate", sheets: &["gate.css"], module: Some("gate.js") };
    document(&head, "gate-page", &frame(&screens))
}

/// What stands around the screens of every page that travellers see: where this is, the languages, the authority.
pub(super) fn frame(screens: &Markup) -> Markup {
    html! {
        header .gate-head {
            p #where .where {}
            nav .languages aria-label="Language · Idioma · Langue · اللغة · 语言" {
                @for (code, name, dir) in LANGUAGES {
                    button type="button" .language lang=(code) dir=(dir) data-language=(code) aria-pressed="false" { (name) }
                }
            }
        }
        main #main .gate tabindex="-1" { (screens) }
        footer .gate-foot { p #authority {} p #trouble role="status" {} }
        p #spoken .hidden-words role="status" aria-live="assertive" {}
        noscript { p .huge { "This page needs JavaScript. Please see the officer." } }
    }
}

/// The screen that says why nobody can pass here now.
pub(super) fn closed() -> Markup {
    screen(
        "closed",
        "",
        &html! {
            h1 .huge #closed-title tabindex="-1" data-text="closed" { "Boarding is not open" }
            p .large #closed-text data-text="closed_text" { "Please wait, or ask the staff." }
            p .small #closed-detail {}
        },
    )
}

pub(super) fn screen(name: &str, labelled_by: &str, content: &Markup) -> Markup {
    html! {
        section .screen .{ "screen-" (name) } data-screen=(name) hidden[name != "starting"]
            aria-labelledby=[Some(labelled_by).filter(|id| !id.is_empty())] { (content) }
    }
}

/// One of two or more choices of equal weight: same class, same size, same look.
fn choice_button(id: &str, text: &str, words: &str, key: &str, icon: &str) -> Markup {
    html! {
        button #(id) type="button" .choice aria-keyshortcuts=(key) {
            (PreEscaped(icon))
            span .choice-words data-text=(text) { (words) }
            kbd aria-hidden="true" { (key) }
        }
    }
}

const CAMERA: &str = r#"<svg viewBox="0 0 48 48" width="48" height="48" aria-hidden="true" focusable="false"><path d="M6 15h8l4-6h12l4 6h8v24H6z" fill="none" stroke="currentColor" stroke-width="3.5" stroke-linejoin="round"/><circle cx="24" cy="26" r="7.5" fill="none" stroke="currentColor" stroke-width="3.5"/></svg>"#;
const DOCUMENT: &str = r#"<svg viewBox="0 0 48 48" width="48" height="48" aria-hidden="true" focusable="false"><path d="M11 5h26v38H11z" fill="none" stroke="currentColor" stroke-width="3.5" stroke-linejoin="round"/><circle cx="24" cy="20" r="6.5" fill="none" stroke="currentColor" stroke-width="3.5"/><path d="M17 34h14" stroke="currentColor" stroke-width="3.5" stroke-linecap="round"/></svg>"#;

/// How many choose together: at a lane everybody shows a document, and chooses.
fn party() -> Markup {
    html! {
        label .claim .together for="together" {
            span data-text="together" { "How many of you choose together (a family, a guardian with children)?" }
            select #together { @for n in 1..=6 { option value=(n) { (n) } } }
        }
    }
}

/// The notice, and the two choices; `more` is asked beside the claim.
pub(super) fn choice(more: &Markup) -> Markup {
    html! {
        div .notice {
            h1 #choice-title tabindex="-1" data-notice="title" {}
            p .large data-notice="purpose" {}
            p data-notice="citizens" {}
            p data-notice="others" {}
        }
        label .claim {
            input #claim type="checkbox";
            span data-notice="claim" {}
        }
        (more)
        p #claimed .claimed role="status" data-notice="claimed" hidden {}
        div .choices role="group" aria-labelledby="choice-title" {
            (choice_button("choose-photo", "choose_photo", "Take my photo", "1", CAMERA))
            (choice_button("choose-manual", "choose_manual", "No photo – see an officer", "2", DOCUMENT))
        }
        details #wishes .wishes {
            summary #ask data-text="ask" { "Ask for…" }
            label { input #wish-booth type="checkbox"; span data-text="ask_booth" { "a private booth" } }
            label { input #wish-officer type="checkbox"; span data-text="ask_officer" { "an officer of my own sex" } }
            label { input #wish-only type="checkbox"; span data-text="ask_only" { "an officer, no photo: I have no document, or need protection" } }
        }
    }
}

pub(super) fn camera() -> Markup {
    html! {
        h1 #camera-title .hidden-words data-text="camera_title" { "Your photo" }
        div .viewfinder {
            video #preview muted playsinline autoplay aria-hidden="true" {}
            svg .guide viewBox="0 0 900 900" preserveAspectRatio="xMidYMid meet" aria-hidden="true" {
                path .guide-veil fill-rule="evenodd" d="M-4000-4000H4900V4900H-4000Z M450 30a310 420 0 1 0 0 840a310 420 0 1 0 0-840Z" {}
                ellipse .guide-oval cx="450" cy="450" rx="310" ry="420" {}
            }
        }
        div .advice-band {
            p #advice .huge role="status" aria-live="polite" data-text="look_at_camera" { "Please look at the camera" }
            button #rather-not type="button" .choice .choice-small aria-keyshortcuts="2" {
                (PreEscaped(DOCUMENT))
                span .choice-words data-text="rather_not" { "I’d rather not – see an officer" }
                kbd aria-hidden="true" { "2" }
            }
        }
    }
}

pub(super) fn stuck() -> Markup {
    html! {
        h1 #stuck-title .huge tabindex="-1" data-text="stuck" { "The photo did not work out" }
        p .large data-text="stuck_text" { "You can try again, or an officer looks at your document." }
        div .choices role="group" aria-labelledby="stuck-title" {
            (choice_button("try-again", "try_again", "Try again", "1", CAMERA))
            (choice_button("stuck-manual", "choose_manual", "No photo – see an officer", "2", DOCUMENT))
        }
    }
}

/// What follows, and what the traveller takes away; `next` ends it where it does not end by itself.
pub(super) fn result(next: &Markup) -> Markup {
    html! {
        div #outcome .outcome {
            svg .outcome-icon .icon-proceed viewBox="0 0 96 96" width="96" height="96" aria-hidden="true" {
                circle cx="48" cy="48" r="44" fill="none" stroke="currentColor" stroke-width="6" {}
                path d="M27 50l14 14 28-31" fill="none" stroke="currentColor" stroke-width="8" stroke-linecap="round" stroke-linejoin="round" {}
            }
            svg .outcome-icon .icon-officer viewBox="0 0 96 96" width="96" height="96" aria-hidden="true" {
                circle cx="48" cy="30" r="17" fill="none" stroke="currentColor" stroke-width="6" {}
                path d="M14 88c3-25 18-34 34-34s31 9 34 34" fill="none" stroke="currentColor" stroke-width="6" stroke-linecap="round" {}
            }
            svg .outcome-icon .icon-again viewBox="0 0 96 96" width="96" height="96" aria-hidden="true" {
                path d="M78 48a30 30 0 1 1-9-21.500" fill="none" stroke="currentColor" stroke-width="6" stroke-linecap="round" {}
                path d="M72 10v19H53" fill="none" stroke="currentColor" stroke-width="6" stroke-linecap="round" stroke-linejoin="round" {}
            }
            h1 #result-title .huge tabindex="-1" {}
            p #result-text .large {}
            ul #result-advice .advice-list {}
        }
        div #receipt .take-away hidden {
            div {
                p .take-away-title data-text="receipt" { "Your receipt" }
                p data-text="receipt_text" { "Scan or copy it: what was captured, and until when it is kept" }
            }
            ul #receipts .take-away-all {}
        }
        (next)
        progress #clearing .clearing max="100" value="100" aria-hidden="true" {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The opening tag of the element with this id.
    fn tag(html: &str, id: &str) -> String {
        let at = html.find(&format!("id=\"{id}\"")).expect(id);
        let start = html[..at].rfind('<').unwrap();
        html[start..=start + html[start..].find('>').unwrap()].to_owned()
    }

    #[test]
    fn photo_and_no_photo_are_the_same_kind_of_button() {
        let html = gate().into_string();
        let plain = |id: &str, key: &str| {
            tag(&html, id).replace(id, "ID").replace(&format!("aria-keyshortcuts=\"{key}\""), "KEY")
        };
        assert_eq!(plain("choose-photo", "1"), plain("choose-manual", "2"));
        assert!(!tag(&html, "choose-photo").contains("autofocus"));
    }

    #[test]
    fn the_choice_comes_before_the_camera_and_the_camera_can_be_left() {
        let html = gate().into_string();
        assert!(html.find("id=\"choose-manual\"") < html.find("<video"));
        assert!(tag(&html, "rather-not").contains("class=\"choice"));
        assert!(!html.contains("<video autostart") && html.contains("data-screen=\"camera\" hidden"));
    }

    #[test]
    fn every_language_is_named_in_its_own_script() {
        let html = gate().into_string();
        for (code, name, dir) in LANGUAGES {
            assert!(
                html.contains(&format!("lang=\"{code}\" dir=\"{dir}\"")) && html.contains(name),
                "{code}"
            );
        }
    }
}
