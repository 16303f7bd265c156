//! `/lock`: the console of a shared booth, locked; the way back in, and the way in for the next officer.

use super::layout::{Head, document, mark};
use maud::{Markup, html};

/// The page.
pub struct LockView {
    /// Who is signed in here.
    pub name: String,
    /// Whether the password is needed; else the page offers to lock.
    pub locked: bool,
    /// Where to go on afterwards: a path of this site.
    pub next: Option<String>,
    /// What went wrong, in words.
    pub problem: Option<String>,
}

/// The page. It holds nothing of a traveller.
pub fn lock(view: &LockView) -> Markup {
    let next = html! { @if let Some(next) = &view.next { input type="hidden" name="next" value=(next); } };
    let body = html! {
        main .door-card #main {
            p .brand { (mark()) span { "Portunus" } }
            h1 { @if view.locked { "Locked" } @else { "Leave this booth?" } }
            @if let Some(problem) = &view.problem { p .alarm role="alert" { (problem) } }
            @if view.locked {
                p { b { (view.name) } " is signed in here. What was on the screen comes back." }
                form .fields method="post" action="/unlock" {
                    (next)
                    label for="again" { "Password of " (view.name) }
                    input #again name="password" type="password" required maxlength="1024" autocomplete="current-password" autofocus;
                    button type="submit" .primary .wide { "Go on" }
                }
            } @else {
                form .fields method="post" action="/lock" { (next) button type="submit" .primary .wide { "Lock" } }
            }
            details .new {
                summary { "Another officer takes over" }
                form .fields method="post" action="/sign-in" {
                    (next)
                    label for="name" { "Name" }
                    input #name name="name" required maxlength="60" autocomplete="off" autocapitalize="none" spellcheck="false";
                    label for="password" { "Password" }
                    input #password name="password" type="password" required maxlength="1024" autocomplete="off";
                    button type="submit" .wide { "Sign in instead of " (view.name) }
                }
            }
            form .who method="post" action="/sign-out" { button type="submit" .quiet { "Sign out" } }
        }
    };
    document(&Head { title: "Locked", sheets: &["base.css", "door.css"], module: None }, "door-page", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_asks_for_the_password_and_keeps_the_place() {
        let mut view = LockView {
            name: "m.keller".into(),
            locked: true,
            next: Some("/console?point=1&encounter=2".into()),
            problem: None,
        };
        let html = lock(&view).into_string();
        assert!(html.contains(r#"action="/unlock""#) && html.contains(r#"action="/sign-in""#));
        assert_eq!(html.matches(r#"value="/console?point=1&amp;encounter=2""#).count(), 2);
        view.locked = false;
        assert!(!lock(&view).into_string().contains("/unlock"));
    }
}
