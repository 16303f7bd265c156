//! `/console`: the officer's page around the live board.

use super::board::{BoardView, PointView, board};
use super::layout::{Head, Section, Viewer, bar, document};
use maud::{Markup, html};
use portunus_core::place::{Direction, Expects};

/// The console.
pub struct ConsoleView {
    /// Who looks.
    pub viewer: Viewer,
    /// The crossing points to choose from.
    pub points: Vec<PointView>,
    /// The live part; `None` when there is no point yet.
    pub board: Option<BoardView>,
}

/// One ruling as a key and a button: key, ruling, words.
const RULINGS: [(&str, &str, &str); 13] = [
    ("B", "board", "Board"),
    ("A", "admit", "Admit…"),
    ("S", "secondary", "Second inspection…"),
    ("R", "refuse", "Refuse…"),
    ("T", "retake", "New photo"),
    ("O", "off-load", "Off-load…"),
    ("X", "somebody-else", "Not this person…"),
    ("C", "establish-citizen", "Is a citizen"),
    ("P", "establish-permanent-resident", "Permanent resident"),
    ("N", "establish-non-immigrant", "Non-immigrant"),
    ("D", "protect", "Claims protection…"),
    ("H", "hold", "Hold or release…"),
    ("/", "search", "Find a passenger"),
];

/// The page.
pub fn console(view: &ConsoleView) -> Markup {
    let here = view.board.as_ref().map(|b| b.point.id);
    let picker = html! {
        @if !view.points.is_empty() {
            form .point method="get" action="/console" {
                label for="point" { "Point" }
                select #point name="point" {
                    @for point in &view.points {
                        option value=(point.id) selected[Some(point.id) == here] { (point.name) }
                    }
                }
                button type="submit" .quiet { "Show" }
            }
        }
    };
    let enters = view.board.as_ref().is_some_and(|live| live.point.direction == Direction::Entry);
    let body = html! {
        (bar(&view.viewer, Section::Console, &picker))
        p #lost .alarm role="alert" hidden { "Connection lost. Board by document; enter it later under “After an outage”." }
        p #signed-out .alarm role="alert" hidden { "You are signed out. " a href="/sign-in" { "Sign in again" } }
        main #main .console tabindex="-1" {
            h1 .hidden-words { "Console" }
            @match &view.board {
                Some(live) => { (board(live)) (side(reads_documents(live))) }
                None => p .big .empty { "There is no crossing point yet. An administrator makes one under Administration." },
            }
        }
        p #said .said role="status" aria-live="polite" {}
        (why_dialog()) (admit_dialog()) (register_dialog()) (forget_dialog()) (outage_dialog(enters)) (help_dialog())
    };
    let head = Head { title: "Console", sheets: &["base.css", "console.css"], module: Some("console.js") };
    document(&head, "console-page", &body)
}

/// Whether documents are read here: then some may have asked to be known without theirs.
fn reads_documents(live: &BoardView) -> bool {
    live.point.kind.expects(live.point.direction) == Some(Expects::Documents)
}

fn side(reads_documents: bool) -> Markup {
    html! {
        section .rulings aria-labelledby="rulings-title" {
            h2 #rulings-title { "Ruling" }
            button #take type="button" .ruling .wide data-rule="take" aria-keyshortcuts="Enter" { kbd { "Enter" } span { "Take up" } }
            div .ruling-grid {
                @for (key, rule, words) in RULINGS {
                    button type="button" .ruling data-rule=(rule) aria-keyshortcuts=(key) { kbd { (key) } span { (words) } }
                }
            }
            p .side-links {
                button type="button" .quiet data-open="register" { "Enter a person…" }
                @if reads_documents { button type="button" .quiet data-open="forget" { "Known here no more…" } }
                button type="button" .quiet data-open="outage" { "After an outage…" }
                button type="button" .quiet data-open="help" aria-keyshortcuts="?" { "Keys " kbd { "?" } }
            }
        }
        search .find #find hidden {
            label for="query" { "Find who is expected here: name or document number" }
            div .find-row {
                input #query type="search" autocomplete="off" spellcheck="false" maxlength="80" aria-controls="found";
                button type="button" .quiet data-find-close { "Close " kbd { "Esc" } }
            }
            p #found-count .muted role="status" {}
            ul #found {}
        }
    }
}

fn why_dialog() -> Markup {
    html! {
        dialog #why aria-labelledby="why-title" {
            form method="dialog" {
                h2 #why-title { "Why?" }
                p #why-what {}
                label for="why-text" { "Reason, in your words (it is kept with the ruling)" }
                textarea #why-text name="reason" rows="3" maxlength="400" aria-required="true" aria-describedby="why-problem" {}
                p #why-problem .problem role="alert" {}
                p .dialog-buttons {
                    button type="submit" value="ok" .primary { "Confirm" }
                    button type="submit" value="cancel" formnovalidate .quiet { "Cancel" }
                }
            }
        }
    }
}

/// Classes of admission that are offered; an officer may write another.
const CLASSES: [(&str, &str); 8] = [
    ("CITIZEN", "a citizen"),
    ("RESIDENT", "a permanent resident"),
    ("B-1", "visitor for business"),
    ("B-2", "visitor for pleasure"),
    ("D-1", "crew"),
    ("F-1", "student"),
    ("H-2A", "seasonal worker"),
    ("RE", "refugee"),
];

/// The list that a field for a class offers.
pub(super) fn admit_classes() -> Markup {
    html! { datalist #admit-classes { @for (class, words) in CLASSES { option value=(class) { (words) } } } }
}

/// What somebody is admitted as, in the dialog of this name.
fn admission_fields(dialog: &str) -> Markup {
    let id = |name: &str| format!("{dialog}-{name}");
    html! {
        label for=(id("class")) { "Class of admission" }
        input id=(id("class")) list="admit-classes" required maxlength="12" autocomplete="off" spellcheck="false";
        label for=(id("until")) { "Until, the last day (empty for who may stay)" }
        input id=(id("until")) type="date";
    }
}

fn admit_dialog() -> Markup {
    html! {
        dialog #admit aria-labelledby="admit-title" {
            form method="dialog" {
                h2 #admit-title { "Admit" }
                p #admit-who {}
                (admission_fields("admit"))
                (admit_classes())
                p #admit-problem .problem role="alert" {}
                p .dialog-buttons {
                    button type="submit" value="ok" .primary { "Admit" }
                    button type="submit" value="cancel" formnovalidate .quiet { "Cancel" }
                }
            }
        }
    }
}

/// Kinds of documents, as in an MRZ.
const KINDS: [(&str, &str); 6] = [
    ("P", "passport"),
    ("I", "identity card"),
    ("C", "resident card"),
    ("T", "re-entry permit or refugee travel document"),
    ("V", "visa"),
    ("F", "another document"),
];

/// The fields of a document as an officer reads it, in the dialog of this name.
fn document_fields(dialog: &str, required: bool) -> Markup {
    let id = |name: &str| format!("{dialog}-{name}");
    let or_none = if required { "" } else { " (empty for none)" };
    html! {
        label for=(id("issuer")) { "Document: issued by, as in an MRZ" (or_none) }
        input id=(id("issuer")) maxlength="3" autocomplete="off" required[required];
        label for=(id("kind")) { "Kind of document" }
        select id=(id("kind")) { @for (kind, words) in KINDS { option value=(kind) { (words) } } }
        label for=(id("number")) { "Document number" }
        input id=(id("number")) maxlength="35" autocomplete="off" spellcheck="false" required[required];
    }
}

/// For who asked to be known at a lane without a document, and takes it back.
fn forget_dialog() -> Markup {
    html! {
        dialog #forget aria-labelledby="forget-title" {
            form method="dialog" {
                h2 #forget-title { "Known here no more" }
                p .muted { "For who agreed to be known here without a document, and takes it back. What is kept for it is erased at once." }
                (document_fields("forget", true))
                p #forget-problem .problem role="alert" {}
                p .dialog-buttons {
                    button type="submit" value="ok" .primary { "Erase" }
                    button type="submit" value="cancel" formnovalidate .quiet { "Cancel" }
                }
            }
        }
    }
}

/// For who has a document that no machine reads, or none.
fn register_dialog() -> Markup {
    let field = |id: &str, words: &str, more: Markup| {
        html! { label for={ "register-" (id) } { (words) } (more) }
    };
    html! {
        dialog #register aria-labelledby="register-title" {
            form method="dialog" {
                h2 #register-title { "Enter a person" }
                p .muted { "For who has a document that no machine reads, or none: refugees, stateless people, an emergency document. They come onto the card, to be admitted or referred." }
                (field("family", "Family name", html! { input #register-family required maxlength="100" autocomplete="off"; }))
                (field("given", "Given names", html! { input #register-given maxlength="100" autocomplete="off"; }))
                (field("born", "Date of birth", html! { input #register-born type="date"; }))
                (field("nationality", "Nationality, as in an MRZ (XXA stateless, XXB refugee, XXX unknown)", html! { input #register-nationality maxlength="3" autocomplete="off"; }))
                (document_fields("register", false))
                p #register-problem .problem role="alert" {}
                p .dialog-buttons {
                    button type="submit" value="ok" .primary { "Enter" }
                    button type="submit" value="cancel" formnovalidate .quiet { "Cancel" }
                }
            }
        }
    }
}

/// `enters`: people are admitted here, and do not board.
fn outage_dialog(enters: bool) -> Markup {
    let (title, when, reason, enter) = match enters {
        true => {
            ("Admitted during an outage", "Admitted at", "Outage: admitted by document", "Enter admission")
        }
        false => ("Boarded during an outage", "Boarded at", "Outage: boarded by document", "Enter boarding"),
    };
    html! {
        dialog #outage aria-labelledby="outage-title" {
            form method="dialog" {
                h2 #outage-title { (title) }
                p .muted { "For travellers whose document was inspected while the system was away. The record says that it was entered later." }
                label for="outage-query" { "Passenger: name or document number" }
                input #outage-query type="search" autocomplete="off" spellcheck="false" maxlength="80" aria-controls="outage-found";
                ul #outage-found {}
                p #outage-chosen .chosen role="status" {}
                label for="outage-at" { (when) }
                input #outage-at type="datetime-local" step="60" required;
                @if enters { (admission_fields("outage")) }
                label for="outage-reason" { "Reason" }
                input #outage-reason type="text" maxlength="400" required value=(reason);
                p #outage-problem .problem role="alert" {}
                p .dialog-buttons {
                    button type="submit" value="ok" .primary { (enter) }
                    button type="submit" value="cancel" formnovalidate .quiet { "Close" }
                }
            }
        }
    }
}

fn help_dialog() -> Markup {
    html! {
        dialog #help aria-labelledby="help-title" {
            form method="dialog" {
                h2 #help-title { "Keys" }
                dl .keys {
                    div { dt { kbd { "J" } " " kbd { "K" } " or " kbd { "↓" } " " kbd { "↑" } } dd { "next, previous traveller" } }
                    div { dt { kbd { "Enter" } } dd { "take up the selected traveller" } }
                    @for (key, _, words) in RULINGS { div { dt { kbd { (key) } } dd { (words.trim_end_matches('…')) } } }
                    div { dt { kbd { "Esc" } } dd { "close what is open" } }
                    div { dt { kbd { "?" } } dd { "this list" } }
                }
                p { label .check { input #keys-on type="checkbox" checked; " One-key rulings are on" } }
                p .dialog-buttons { button type="submit" .primary { "Close" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::{a_board, a_viewer};

    #[test]
    fn no_two_rulings_share_a_key() {
        let mut keys: Vec<&str> = RULINGS.iter().map(|(key, _, _)| *key).collect();
        keys.extend(["J", "K", "?"]);
        keys.sort_unstable();
        let all = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }

    #[test]
    fn the_console_without_a_point_says_what_to_do() {
        let view = ConsoleView { viewer: a_viewer(), points: vec![], board: None };
        assert!(console(&view).into_string().contains("There is no crossing point yet"));
    }

    #[test]
    fn every_ruling_has_a_button() {
        let board = a_board();
        let view = ConsoleView { viewer: a_viewer(), points: vec![board.point.clone()], board: Some(board) };
        let html = console(&view).into_string();
        for (_, rule, _) in RULINGS {
            assert!(html.contains(&format!("data-rule=\"{rule}\"")), "{rule}");
        }
    }
}
