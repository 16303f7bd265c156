//! `/records/stays`: who is past their last day, without a name, and where exits are recorded; and the part of a case in
//! which one person's stays are looked at and decided on.

use super::layout::{Head, Section, Viewer, bar, day_time, document, table_frame};
use super::records::{WITHOUT_DOCUMENT, document_fields, person_fields};
use crate::service::{OverstayList, OverstayShown, WayShown};
use maud::{Markup, html};
use portunus_core::stay::Mode;

/// Who is past their last day, and where exits are recorded.
pub struct StaysView {
    /// Who looks.
    pub viewer: Viewer,
    /// Whether the viewer may work in cases.
    pub may_act: bool,
    /// As last computed.
    pub list: OverstayList,
    /// Every way out that is known of.
    pub ways: Vec<WayShown>,
}

const SHEETS: &[&str] = &["base.css", "admin.css", "records.css"];

/// The page.
pub fn stays(view: &StaysView) -> Markup {
    let body = html! {
        (bar(&view.viewer, Section::Records, &html! {}))
        main #main .sheet tabindex="-1" {
            p { a href="/records" { "All cases" } }
            h1 { "Stays" }
            p #said .said role="status" aria-live="polite" {}
            p #problem .alarm role="alert" hidden {}
            section aria-labelledby="past-title" {
                h2 #past-title { "Past their last day" }
                (computed(&view.list))
                @if !view.list.stays.is_empty() { (table_frame("Entries past their last day", &past(&view.list.stays))) }
                p .muted { "Nobody is named here. Whose stay it is, is opened in a case on stays, and stands on record." }
            }
            section aria-labelledby="ways-title" {
                h2 #ways-title { "Ways out of the state" }
                p .muted { "Where leaving leaves no record, nobody is said to overstay." }
                (table_frame("Each way, and whether exits by it are recorded", &ways(&view.ways)))
                @if view.may_act { (declare()) }
            }
        }
    };
    let head = Head { title: "Stays", sheets: SHEETS, module: Some("records.js") };
    document(&head, "records-page", &body)
}

fn computed(list: &OverstayList) -> Markup {
    html! {
        @match list.computed_at {
            None => p .muted { "Not computed yet; look again in a moment." },
            Some(at) => p {
                (list.all) @if list.all == 1 { " stay" } @else { " stays" } " as of " (day_time(at)) "."
                @if list.stays.len() < list.all { " The " (list.stays.len()) " longest past are shown." }
            },
        }
    }
}

fn past(stays: &[OverstayShown]) -> Markup {
    html! {
        table .held {
            thead { tr { th scope="col" { "Record of the entry" } th scope="col" { "Last day" } th scope="col" { "State" } th scope="col" { "Grounds" } } }
            tbody { @for stay in stays {
                tr {
                    th scope="row" { code { (stay.record) } }
                    td { (stay.until) }
                    td { (stay.state.in_words()) }
                    td { (stay.explained) }
                }
            } }
        }
    }
}

fn ways(ways: &[WayShown]) -> Markup {
    html! {
        table .held {
            thead { tr { th scope="col" { "Way" } th scope="col" { "Exits recorded" } th scope="col" { "By" } } }
            tbody { @for way in ways {
                tr {
                    th scope="row" { (way.way) }
                    td {
                        @if way.recorded.is_empty() { span .tag .tag-off { "not recorded" } }
                        @for span in &way.recorded {
                            div { "from " (day_time(span.from)) @if let Some(until) = span.until { " until " (day_time(until)) } }
                        }
                    }
                    td { (way.because.join("; ")) }
                }
            } }
        }
    }
}

fn declare() -> Markup {
    html! {
        details .new {
            summary { "Declare a way out" }
            form .fields data-post="/api/records/v1/ways-out" data-then="way" {
                label for="way-mode" { "By" }
                select #way-mode name="mode" { @for mode in Mode::ALL { option value=(mode.in_words()) { (mode.in_words()) } } }
                label for="way-port" { "Port or region (nothing: anywhere by this mode)" }
                input #way-port name="port" maxlength="60" data-as="optional";
                label for="way-from" { "Exits are recorded from (nothing: they are not recorded)" }
                input #way-from name="from" type="datetime-local" data-as="instant";
                label for="way-until" { "Until (nothing: it goes on)" }
                input #way-until name="until" type="datetime-local" data-as="instant";
                label for="way-reason" { "Why that is so" }
                input #way-reason name="reason" required maxlength="500";
                button type="submit" .primary { "Declare" }
            }
        }
    }
}

/// Of a case on stays: whose are looked at, and what is decided where that is the case's to decide.
pub(super) fn in_case(decides: bool) -> Markup {
    html! {
        section aria-labelledby="stays-title" {
            h2 #stays-title { "Stays" }
            form #stays-find .fields autocomplete="off" {
                (person_fields("stays", WITHOUT_DOCUMENT))
                label for="stays-record" { "Or a record of the list of stays" }
                input #stays-record name="record" maxlength="32" spellcheck="false";
                button type="submit" .primary { "Open these stays" }
            }
            p #stays-none .muted hidden { "No crossing is on record that opens." }
            div #stays-found aria-live="polite" {}
            @if decides { form #stays-decide .fields hidden {
                h3 { "Decide whose records are" }
                p .muted { "Choose records above. Whatever is decided can be taken back, and stays on record with its author." }
                label for="stays-decided" { "The records chosen" }
                select #stays-decided name="decided" {
                    option value="same" { "two: are one person's (merge)" }
                    option value="not-same" { "two: are not one person's (proposal rejected)" }
                    option value="apart" { "any: are another person's than their documents say (split)" }
                }
                label for="stays-reason" { "Reason (never a traveller's name)" }
                input #stays-reason name="reason" required maxlength="500";
                button type="submit" .primary { "Decide…" }
            } }
            @if decides { (change()) }
        }
    }
}

/// What somebody may stay as changes: `CHANGES` in `stays.js` reads it.
fn change() -> Markup {
    html! {
        details .new {
            summary { "Note a change of what somebody may stay as" }
            form #stays-change .fields autocomplete="off" {
                (document_fields("change", true))
                label for="change-what" { "What was decided" }
                select #change-what name="what" {
                    option value="extension" { "they may stay longer (extension)" }
                    option value="status" { "they may stay as something else (change of status)" }
                    option value="applied" { "they asked in time; nothing is decided yet" }
                    option value="application-refused" { "what they asked for was refused" }
                    option value="resident" { "they became permanent residents" }
                    option value="citizen" { "they became citizens (naturalisation)" }
                }
                label for="change-class" data-of="status" { "Class of admission" }
                input #change-class name="class" maxlength="12" spellcheck="false" required data-of="status";
                label for="change-until" data-of="extension status" { "Until, the last day (of a status empty for none)" }
                input #change-until name="until" type="date" data-of="extension status";
                label for="change-from" { "It counts from" }
                input #change-from name="from" type="datetime-local" required data-as="instant";
                button type="submit" .primary { "Note it…" }
            }
        }
    }
}
