//! `/setup`: the one-time page that makes the first administrator. Its token comes in the link's fragment.

use super::layout::{Head, document, mark};
use maud::{Markup, html};

/// The page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetupView {
    /// What went wrong, in words.
    pub problem: Option<String>,
    /// The least number of characters of a password.
    pub password_chars_min: usize,
}

/// The page. Posts `token`, `name`, `password`.
pub fn setup(view: &SetupView) -> Markup {
    let least = view.password_chars_min;
    let body = html! {
        main .door-card #main {
            p .brand { (mark()) span { "Portunus" } }
            h1 { "Set up" }
            p { "You make the first administrator. This link works once." }
            @if let Some(problem) = &view.problem { p .alarm role="alert" { (problem) } }
            form .fields method="post" action="/setup" {
                div #token-field {
                    label for="token" { "Set-up token: the part of the printed link after " code { "#" } }
                    input #token name="token" required autocomplete="off" spellcheck="false" maxlength="200";
                }
                label for="name" { "Name to sign in with" }
                input #name name="name" required maxlength="60" autocomplete="username" autocapitalize="none" spellcheck="false";
                label for="password" { "Password, at least " (least) " characters" }
                input #password name="password" type="password" required minlength=(least) maxlength="1024" autocomplete="new-password";
                button type="submit" .primary .wide { "Make the administrator" }
            }
        }
    };
    let head = Head { title: "Set up", sheets: &["base.css", "door.css"], module: Some("setup.js") };
    document(&head, "door-page", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_can_be_pasted_where_no_script_runs() {
        let html = setup(&SetupView { problem: None, password_chars_min: 15 }).into_string();
        assert!(html.contains(r#"id="token" name="token" required"#));
        assert!(html.contains(r#"minlength="15""#));
    }
}
