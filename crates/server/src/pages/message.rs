//! A page that only says something: not found, not allowed, not now.

use super::layout::{Head, document, mark};
use maud::{Markup, html};

/// A page with a title, a sentence on what to do, and the way back to the door.
pub fn message(title: &str, text: &str) -> Markup {
    let body = html! {
        main .door-card #main {
            p .brand { (mark()) span { "Portunus" } }
            h1 { (title) }
            p { (text) }
            p { a href="/" { "To the door" } }
        }
    };
    document(&Head { title, sheets: &["base.css", "door.css"], module: None }, "door-page", &body)
}
