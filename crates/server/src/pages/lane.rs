//! `/lane`: the traveller's page where the document comes first; `/tablet`: the same with the officer's part, for an airfield
//! or a marina where one tablet is camera and console.

use super::console::admit_classes;
use super::gate::{camera, choice, closed, frame, result, screen, stuck};
use super::layout::{Head, document};
use super::mrz;
use maud::{Markup, html};

/// The page of a device at a lane.
pub fn lane() -> Markup {
    let head = Head { title: "Lane", sheets: &["gate.css", mrz::SHEET, "lane.css"], module: Some("lane.js") };
    document(&head, "gate-page lane-page", &frame(&screens(&ways(&html! {}))))
}

/// The same, for an officer who holds the tablet.
pub fn tablet() -> Markup {
    let sheets = &["gate.css", mrz::SHEET, "lane.css"];
    let head = Head { title: "Tablet", sheets, module: Some("lane.js") };
    // The receipt stays until the officer hands the tablet to the next traveller.
    let next = ways(&html! {
        button #next type="button" .choice .choice-small hidden { span .choice-words data-text="next" { "Next traveller" } }
    });
    document(&head, "gate-page lane-page", &html! { (frame(&screens(&next))) (ruling()) })
}

/// The ways on from a result. Who was known by their document may ask to be known without it, and end that: only as long as their
/// result stands there.
fn ways(next: &Markup) -> Markup {
    html! {
        div .result-ways {
            div #remember-part hidden {
                p #remember-said role="status" tabindex="-1" {}
                button #remember type="button" .choice .choice-small {
                    span #remember-words .choice-words data-text="remember" { "Recognise my face here for a year, without my document" }
                }
            }
            (next)
        }
    }
}

/// A way that is no document. No key presses it: in the document's screen keys type.
fn way(id: &str, text: &str, words: &str) -> Markup {
    html! { button #(id) type="button" .choice .choice-small { span .choice-words data-text=(text) { (words) } } }
}

fn screens(next: &Markup) -> Markup {
    html! {
        (screen("starting", "", &html! { h1 .huge data-text="starting" { "One moment…" } }))
        (closed())
        (screen("document", "document-title", &html! {
            h1 #document-title tabindex="-1" data-text="document" { "Please show your document" }
            p #so-far .large role="status" {}
            (mrz::part("lane"))
            div .lane-ways {
                (way("everybody", "everybody", "Everybody has chosen"))
                (way("known-here", "known_here", "I am known here"))
                (way("no-document", "no_document", "No document, or I need protection – see an officer"))
            }
        }))
        (screen("choice", "choice-title", &choice(&html! {})))
        (screen("camera", "camera-title", &camera()))
        (screen("stuck", "stuck-title", &stuck()))
        (screen("working", "", &html! { h1 .huge data-text="comparing" { "One moment…" } }))
        (screen("result", "result-title", &result(next)))
    }
}

/// What the officer with the tablet rules, on the traveller who has just come.
fn ruling() -> Markup {
    html! {
        dialog #ruling .ruling-dialog lang="en" dir="ltr" aria-labelledby="ruling-title" {
            form method="dialog" {
                h2 #ruling-title { "Officer" }
                p #ruling-who .large {}
                p #ruling-why {}
                div #ruling-admission {
                    label for="ruling-class" { "Class of admission" }
                    input #ruling-class list="admit-classes" maxlength="12" autocomplete="off" spellcheck="false";
                    (admit_classes())
                    label for="ruling-until" { "Until, the last day (empty for who may stay)" }
                    input #ruling-until type="date";
                }
                label for="ruling-reason" { "Reason, to refuse or refer" }
                input #ruling-reason maxlength="400" autocomplete="off";
                p #ruling-problem .problem role="alert" {}
                div .lane-ways {
                    button #ruling-pass type="button" .choice .choice-small { span .choice-words { "Let pass" } }
                    button #ruling-second type="button" .choice .choice-small { span .choice-words { "Second inspection" } }
                    button #ruling-refuse type="button" .choice .choice-small { span .choice-words { "Refuse" } }
                    button #ruling-later type="button" .choice .choice-small { span .choice-words { "Leave to the console" } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_and_the_choice_come_before_the_camera() {
        let html = lane().into_string();
        let at = |what: &str| html.find(what).expect(what);
        assert!(at("lane-mrz") < at("choose-manual") && at("choose-manual") < at("<video"));
        assert!(html.contains("data-screen=\"camera\" hidden"));
        assert!(!html.contains("ruling-pass"), "travellers do not rule");
        assert!(tablet().into_string().contains("ruling-pass"));
    }

    #[test]
    fn no_key_of_a_zone_that_is_typed_presses_a_button() {
        let html = lane().into_string();
        let from = html.find("data-screen=\"document\"").unwrap();
        let screen = &html[from..from + html[from..].find("</section>").unwrap()];
        assert!(screen.contains("no-document") && !screen.contains("aria-keyshortcuts"));
        assert!(!html.contains("id=\"together\""), "everybody chooses for themselves");
    }
}
