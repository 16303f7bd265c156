//! `/decline`: the traveller's page to decline the photo before travel, in the gate's five languages, without a script.

use super::layout::{Head, document_in, mark};
use super::words::{Texts, Words, languages, texts};
use crate::service::DeclinedOn;
use maud::{Markup, html};
use std::sync::LazyLock;

/// The page's texts in all its languages.
pub static TEXTS: LazyLock<Texts> = LazyLock::new(|| texts(include_str!("../../assets/decline.json")));

/// Kinds of documents that carriers state, as the form sends them, and the names of their texts.
const KINDS: [(&str, &str); 5] = [
    ("P", "kind_passport"),
    ("I", "kind_card"),
    ("T", "kind_permit"),
    ("V", "kind_visa"),
    ("F", "kind_other"),
];

/// Asks for booking and document; `problem` is the name of the text that says why the last try did nothing. What was typed
/// is not repeated.
pub fn ask(words: Words, problem: Option<&str>) -> Markup {
    let about = problem.map(|_| "problem");
    let field = |name: &str, chars_max: &str| {
        html! {
            label for=(name) { (words.text(name)) }
            input id=(name) name=(name) required maxlength=(chars_max) spellcheck="false" autocapitalize="characters" dir="ltr"
                aria-describedby=[about];
        }
    };
    let content = html! {
        h1 { (words.text("title")) }
        p { (words.text("intro")) }
        p { (words.text("not_kept")) }
        @if let Some(problem) = problem { p #problem .alarm role="alert" { (words.text(problem)) } }
        // The language stands in the address, and nothing else.
        form #decline .ask method="post" action={ "/decline?lang=" (words.language()) } autocomplete="off" {
            (field("booking", "40"))
            label for="kind" { (words.text("kind")) }
            select #kind name="kind" {
                @for (kind, name) in KINDS { option value=(kind) { (words.text(name)) } }
            }
            (field("issuer", "3"))
            (field("number", "35"))
            button type="submit" .primary { (words.text("send")) }
        }
        p .muted { (words.text("at_gate")) }
    };
    page(words, words.text("title"), &languages(words, "/decline"), &content)
}

/// Says on which voyages.
pub fn declined(words: Words, on: &[DeclinedOn]) -> Markup {
    let content = html! {
        h1 { (words.text("done")) }
        @for one in on {
            p .summary role="status" { bdi { (one.voyage) } " · " bdi { (one.date) } br; (words.text("done_on")) }
        }
        p { (words.text("done_after")) }
    };
    page(words, words.text("done"), &html! {}, &content)
}

fn page(words: Words, title: &str, languages: &Markup, content: &Markup) -> Markup {
    let body = html! {
        header .receipt-head {
            a .brand href="/" { (mark()) span { "Portunus" } }
            (languages)
        }
        main #main .receipt tabindex="-1" { (content) }
    };
    let head = Head { title, sheets: &["base.css", "receipt.css"], module: None };
    document_in(words.language(), &head, "receipt-page", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_asks_for_no_more_than_it_needs_and_repeats_nothing() {
        let words = Words::of(&TEXTS, Some("fr"), None);
        let html = ask(words, Some("none")).into_string();
        assert_eq!((html.matches("<input").count(), html.matches("<select").count()), (3, 1));
        assert!(html.contains("Aucun voyage à venir") && !html.contains(" value=\"X"));
        assert!(html.contains("lang=\"fr\"") && html.contains("action=\"/decline?lang=fr\""));
        let on = [DeclinedOn { voyage: "LH400".into(), date: "2026-11-23".into() }];
        let html = declined(words, &on).into_string();
        assert!(html.contains("<bdi>LH400</bdi> · <bdi>2026-11-23</bdi>"), "{html}");
    }
}
