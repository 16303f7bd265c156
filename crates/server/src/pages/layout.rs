//! What all pages share: the head, the bar on top, instants and small pictures.

use jiff::{Timestamp, tz::TimeZone};
use maud::{DOCTYPE, Markup, html};
use portunus_core::role::Action;

/// Who looks at a page.
pub struct Viewer {
    /// Their name, as they sign in.
    pub name: String,
    /// Their role in words: `officer`, `supervisor`, ...
    pub role: String,
    /// The rooms open to them.
    pub sections: Vec<Section>,
}

/// A room of the service that people sign in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `/console`
    Console,
    /// `/second-look`
    SecondLook,
    /// `/supervisor`
    Supervisor,
    /// `/supervisor/accuracy`
    Accuracy,
    /// `/records`
    Records,
    /// `/lookouts`
    Lookouts,
    /// `/admin`
    Admin,
}

impl Section {
    /// All rooms, in the order of the bar.
    pub const ALL: [Self; 7] = [
        Self::Console,
        Self::SecondLook,
        Self::Supervisor,
        Self::Accuracy,
        Self::Records,
        Self::Lookouts,
        Self::Admin,
    ];

    /// Who may do this may enter.
    pub(crate) fn action(self) -> Action {
        match self {
            Self::Console => Action::SeeTravellers,
            Self::SecondLook => Action::TakeSecondLooks,
            Self::Supervisor => Action::SeeVoyages,
            Self::Accuracy => Action::ReadFigures,
            Self::Records => Action::ReadCases,
            Self::Lookouts => Action::ReadLookouts,
            Self::Admin => Action::ReadSetUp,
        }
    }

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Console => "/console",
            Self::SecondLook => "/second-look",
            Self::Supervisor => "/supervisor",
            Self::Accuracy => "/supervisor/accuracy",
            Self::Records => "/records",
            Self::Lookouts => "/lookouts",
            Self::Admin => "/admin",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Console => "Console",
            Self::SecondLook => "Second look",
            Self::Supervisor => "Supervisor",
            Self::Accuracy => "Accuracy",
            Self::Records => "Records",
            Self::Lookouts => "Lookouts",
            Self::Admin => "Administration",
        }
    }
}

/// What a page's head names: its title, its style sheets and its one module, by file name under `/assets/`.
pub(super) struct Head<'a> {
    pub title: &'a str,
    pub sheets: &'a [&'a str],
    pub module: Option<&'a str>,
}

pub(super) fn document(head: &Head<'_>, class: &str, body: &Markup) -> Markup {
    document_in("en", head, class, body)
}

/// The same in another language.
pub(super) fn document_in(language: &str, head: &Head<'_>, class: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language) dir=(if language == "ar" { "rtl" } else { "ltr" }) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { (head.title) " · Portunus" }
                link rel="icon" type="image/svg+xml" href="/assets/mark.svg";
                @for sheet in head.sheets {
                    link rel="stylesheet" href={ "/assets/" (sheet) };
                }
                @if let Some(module) = head.module {
                    script type="module" src={ "/assets/" (module) } {}
                }
            }
            body class=(class) { (body) }
        }
    }
}

/// The bar on top of every page behind the sign-in. `middle` is the page's own part of it.
pub(super) fn bar(viewer: &Viewer, here: Section, middle: &Markup) -> Markup {
    html! {
        a .skip href="#main" { "Skip to the content" }
        header .bar {
            a .brand href="/" { (mark()) span { "Portunus" } }
            nav aria-label="Rooms" {
                @for section in Section::ALL.iter().filter(|s| viewer.sections.contains(s)) {
                    a href=(section.path()) aria-current=[(*section == here).then_some("page")] {
                        (section.name())
                    }
                }
            }
            div .bar-middle { (middle) }
            @if viewer.sections.contains(&Section::Console) {
                form .lock method="post" action="/lock" {
                    input type="hidden" name="next" value=(here.path());
                    button type="submit" .quiet { "Lock" }
                }
                script type="module" src="/assets/lock.js" {}
            }
            form .who method="post" action="/sign-out" {
                span { b { (viewer.name) } " " span .muted { (viewer.role) } }
                button type="submit" .quiet { "Sign out" }
            }
        }
    }
}

/// A table that may be wider than the screen: it scrolls in its frame, by keyboard, too.
pub(super) fn table_frame(label: &str, table: &Markup) -> Markup {
    html! { div .table-frame role="region" aria-label=(label) tabindex="0" { (table) } }
}

/// The mark: an arch, and the keyhole in it.
pub(super) fn mark() -> Markup {
    html! {
        svg .mark viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false" {
            path d="M4 30V14a12 12 0 0 1 24 0v16h-5V14a7 7 0 0 0-14 0v16z" fill="currentColor" {}
            circle cx="16" cy="17" r="3.2" fill="currentColor" {}
            path d="M14.4 18.5h3.2L19 27h-6z" fill="currentColor" {}
        }
    }
}

/// An instant as `14:03:22`; the reader's module puts it into local time. `title` holds the whole.
pub(super) fn clock_time(at: Timestamp) -> Markup {
    let utc = at.to_zoned_datetime(TimeZone::UTC).strftime("%H:%M UTC").to_string();
    html! { time datetime=(second(at)) data-local="time" { (utc) } }
}

/// An instant as day and time.
pub(super) fn day_time(at: Timestamp) -> Markup {
    let utc = at.to_zoned_datetime(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string();
    html! { time datetime=(second(at)) data-local="day-time" { (utc) } }
}

/// How long since `at`, seen at `now`; the reader's module keeps it counting.
pub(super) fn waiting_since(at: Timestamp, now: Timestamp) -> Markup {
    let seconds = now.duration_since(at).as_secs().max(0);
    html! { time datetime=(at) data-since { (minutes(seconds)) } }
}

fn second(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Seconds as `m:ss`, from an hour on `h:mm:ss`.
pub(super) fn minutes(seconds: i64) -> String {
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// Whole numbers with their thousands set apart, as in `2,000,000`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_read_as_a_stop_watch() {
        assert_eq!([0, 59, 60, 754, 3723].map(minutes), ["0:00", "0:59", "1:00", "12:34", "1:02:03"]);
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 2_000_000].map(grouped), ["0", "999", "1,000", "2,000,000"]);
    }

    #[test]
    fn an_instant_keeps_its_machine_readable_form() {
        let at: Timestamp = "2026-11-23T14:03:22.5Z".parse().unwrap();
        let html = clock_time(at).into_string();
        assert_eq!(html, r#"<time datetime="2026-11-23T14:03:22Z" data-local="time">14:03 UTC</time>"#);
    }
}
