//! `/sign-in`.

use super::layout::{Head, document, mark};
use maud::{Markup, html};

/// The page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignInView {
    /// What went wrong, in words.
    pub problem: Option<String>,
    /// Where to go afterwards: a path of this site.
    pub next: Option<String>,
}

/// The page. Posts `name`, `password` and, where given, `next`.
pub fn sign_in(view: &SignInView) -> Markup {
    let body = html! {
        main .door-card #main {
            p .brand { (mark()) span { "Portunus" } }
            h1 { "Sign in" }
            @if let Some(problem) = &view.problem { p .alarm role="alert" { (problem) } }
            form .fields method="post" action="/sign-in" {
                @if let Some(next) = &view.next { input type="hidden" name="next" value=(next); }
                label for="name" { "Name" }
                input #name name="name" required maxlength="60" autocomplete="username" autocapitalize="none" spellcheck="false" autofocus;
                label for="password" { "Password" }
                input #password name="password" type="password" required maxlength="1024" autocomplete="current-password";
                button type="submit" .primary .wide { "Sign in" }
            }
        }
    };
    document(&Head { title: "Sign in", sheets: &["base.css", "door.css"], module: None }, "door-page", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_went_wrong_and_remembers_where_to_go() {
        let view =
            SignInView { problem: Some("Name or password is wrong".into()), next: Some("/console".into()) };
        let html = sign_in(&view).into_string();
        assert!(html.contains(r#"role="alert">Name or password is wrong"#));
        assert!(html.contains(r#"name="next" value="/console""#));
        assert!(!sign_in(&SignInView::default()).into_string().contains("next"));
    }
}
