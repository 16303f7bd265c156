//! The part of a case of mis-identification in which one officer proposes whose records are, and another sees what would follow and
//! agrees; and how such a case is opened from a contest.

use super::layout::{day_time, table_frame};
use super::records::{CaseView, person_fields};
use crate::service::{FindingShown, Follows, OnRecord, RedressShown, slug};
use maud::{Markup, html};
use portunus_core::case::{Case, Finding};
use portunus_core::policy::DataClass;

/// What is proposed, and who may decide.
#[derive(Default)]
pub struct RedressView {
    /// What is proposed, and what would follow; nobody is named.
    pub shown: Option<RedressShown>,
    /// Whether a contest is answered by it.
    pub answers_contest: bool,
    /// Whether the viewer may decide on it.
    pub may_decide: bool,
}

/// Of a case of mis-identification.
pub(super) fn in_case(view: &CaseView, open: bool) -> Markup {
    html! {
        section aria-labelledby="redress-title" {
            h2 #redress-title { "Whose these records are" }
            @match &view.redress.shown {
                Some(shown) => (proposed(view, shown, open)),
                None if open => p .muted { "Nothing is proposed yet." },
                None => {},
            }
            @if open && view.may_act && !view.records.is_empty() { (propose(view)) }
        }
    }
}

fn proposed(view: &CaseView, shown: &RedressShown, open: bool) -> Markup {
    let api = format!("/api/records/v1/cases/{}", view.case.id);
    html! {
        p { "Proposed by " b { (shown.by) } ", " (day_time(shown.at)) ": " (shown.reason) }
        @if let Some(answer) = &shown.answer { p { "Who contests will read: " q { (answer) } } }
        @if open {
            (table_frame("What would follow", &html! {
                table .held {
                    thead { tr { th scope="col" { "Record" } th scope="col" { "Found to be" } th scope="col" { "What follows" } } }
                    tbody { @for found in &shown.findings { (finding(found, &view.records)) } }
                }
            }))
            p .muted { "Then the stays of everybody concerned are computed anew." }
        } @else { p { "It was carried out." } }
        @if shown.forgotten { p .alarm { "Whose it is was forgotten meanwhile. Propose it anew." } }
        @else if open && view.redress.may_decide {
            @if shown.names_holder {
                div #redress-holder aria-live="polite" {}
                button #redress-open type="button" data-open={ (api) "/proposed" } { "Open whose it is said to be" }
            }
            form #redress-agree data-post={ (api) "/agree" } data-then="redressed" hidden[shown.names_holder]
                data-ask="Carry this out? What goes is erased everywhere, and every copy recalled. This cannot be undone; a split can be taken back." {
                input type="hidden" name="proposal" value=(shown.proposal);
                button type="submit" .primary { "Agree, and carry it out…" }
            }
        } @else if open { p .muted { "Somebody decides who neither opened this case nor proposed this." } }
    }
}

fn finding(found: &FindingShown, records: &[OnRecord]) -> Markup {
    let of = records.iter().find(|one| one.held.record == found.record);
    html! {
        tr data-finding=(slug(&found.finding)) {
            th scope="row" { @if let Some(of) = of { (of.held.kind.data.in_words()) br; span .muted { (day_time(of.held.start.at)) } } }
            td { (found.finding.in_words()) }
            td { (follows(found.follows, of)) }
        }
    }
}

fn follows(follows: Follows, of: Option<&OnRecord>) -> Markup {
    let copies = of.map_or(&[][..], |of| &of.copies);
    let held = of.is_some_and(|of| !of.holds.is_empty());
    let goes = !matches!(follows, Follows::SetApart | Follows::BecomesTheirs { .. });
    html! {
        @match follows {
            Follows::Erased => "It is erased.",
            Follows::WrittenAnew { class, until } => { "It is erased, and written anew as that person’s: " (class.in_words()) ", until " (day_time(until)) "." },
            Follows::BecomesTheirs { class, until } => { "It is kept, as that person’s: " (class.in_words()) ", until " (day_time(until)) "." },
            Follows::SetApart => "It is kept, and counts for no stay of the person whom its documents say.",
        }
        @if follows != Follows::SetApart && !copies.is_empty() { " Recalled from: " (copies.join(", ")) "." }
        @if goes && held { " A legal hold keeps it until it ends, for its case alone." }
    }
}

/// Of each record that the case names: what it is found to be.
fn propose(view: &CaseView) -> Markup {
    let options = |one: &OnRecord| {
        let data = one.held.kind.data;
        Finding::ALL.into_iter().filter(move |finding| match finding {
            Finding::Unlink => true,
            Finding::Reattribute => matches!(data, DataClass::Crossing | DataClass::Probe),
            Finding::Split => data == DataClass::Crossing,
        })
    };
    html! {
        form #redress-propose .fields autocomplete="off" {
            h3 { @if view.redress.shown.is_some() { "Propose something else" } @else { "Propose whose they are" } }
            p .muted { "The photo of a crossing goes where the crossing goes. Nothing follows until somebody else agrees." }
            @for one in &view.records {
                label for={ "finding-" (one.held.record) } { (one.held.kind.data.in_words()) ", since " (day_time(one.held.start.at)) }
                select id={ "finding-" (one.held.record) } data-finding-of=(one.held.record) {
                    option value="" { "rightly here: it stays as it is" }
                    @for finding in options(one) { option value=(slug(&finding)) { (finding.in_words()) } }
                }
            }
            h3 { "That other person, where something is theirs" }
            (person_fields("holder", "Family name, as in the document"))
            label for="holder-nationality" { "Nationality" }
            input #holder-nationality name="nationality" maxlength="3" placeholder="UTO";
            label for="holder-class" { "They are" }
            select #holder-class name="class" {
                option value="" { "as what is held on them says" }
                option value="citizen" { "a citizen" }
                option value="permanent-resident" { "a permanent resident" }
                option value="non-immigrant" { "a non-immigrant" }
            }
            h3 { "Why" }
            label for="redress-reason" { "Reason (never a traveller's name)" }
            input #redress-reason name="reason" required maxlength="500";
            @if view.redress.answers_contest {
                label for="redress-answer" { "Answer to the traveller, once it is decided" }
                textarea #redress-answer name="answer" required maxlength="500" rows="4" {}
            }
            button type="submit" .primary { "Propose" }
        }
    }
}

/// Of a contest: whose what it is about is, is found in a case of its own, with a second officer.
pub(super) fn from_contest(contest: &Case) -> Markup {
    html! {
        form .inline data-post="/api/records/v1/cases" data-then="case" {
            input type="hidden" name="kind" value="misidentification";
            input type="hidden" name="contest" value=(contest.id);
            input type="hidden" name="reference" value=(contest.reference);
            input type="hidden" name="basis" value=(contest.basis);
            input type="hidden" name="reason" value="contested by the traveller";
            span { "Taken for somebody else, or somebody else for them?" }
            button type="submit" .quiet { "Open a case of mis-identification" }
        }
    }
}
