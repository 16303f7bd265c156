//! `/records`: the records office's cases, and what each names; `/console/encounters/ID/held`: what is held of one passage.

use super::layout::{Head, Section, Viewer, bar, day_time, document, table_frame};
use super::redress::{self, RedressView};
use crate::service::{OnRecord, slug};
use jiff::Timestamp;
use maud::{Markup, html};
use portunus_core::case::{Case, CaseKind};
use portunus_core::id::EncounterId;
use portunus_store::{ContestOf, Within};

/// A recall that its recipient should have acknowledged.
pub struct LateRecall {
    /// The recipient's name.
    pub recipient: String,
    /// Since when.
    pub since: Timestamp,
}

/// The list of cases.
pub struct CasesView {
    /// Who looks.
    pub viewer: Viewer,
    /// The instant of this view.
    pub now: Timestamp,
    /// Whether the viewer may open cases.
    pub may_act: bool,
    /// Those that are open first.
    pub cases: Vec<Case>,
    /// Recalls that should have been acknowledged by now.
    pub late: Vec<LateRecall>,
}

/// One case with what it names.
pub struct CaseView {
    /// Who looks.
    pub viewer: Viewer,
    /// The instant of this view.
    pub now: Timestamp,
    /// Whether the viewer may work on cases.
    pub may_act: bool,
    /// Whether the viewer may agree to it.
    pub may_approve: bool,
    /// The case.
    pub case: Case,
    /// Who opened it.
    pub author: String,
    /// Who agreed, in order.
    pub approvals: Vec<String>,
    /// Of a contest, on what grounds, and the answer.
    pub contest: Option<ContestOf>,
    /// What it names and is still there.
    pub records: Vec<OnRecord>,
    /// Of a mis-identification, what is proposed and who may decide.
    pub redress: RedressView,
}

/// What is held of one passage.
pub struct HeldView {
    /// Who looks.
    pub viewer: Viewer,
    /// Which.
    pub encounter: EncounterId,
    /// What is held, unopened.
    pub records: Vec<OnRecord>,
}

const SHEETS: &[&str] = &["base.css", "admin.css", "records.css"];

/// What recipients have not confirmed gone, in one alarm; nothing when all is well.
pub(super) fn late_recalls(late: &[LateRecall]) -> Markup {
    html! {
        @if let Some(first) = late.first() {
            p .alarm {
                (late.len()) @if late.len() == 1 { " copy is" } @else { " copies are" }
                " not confirmed gone. " (first.recipient) " has not answered a recall since " (day_time(first.since)) "."
            }
        }
    }
}

/// All cases.
pub fn cases(view: &CasesView) -> Markup {
    let body = html! {
        (bar(&view.viewer, Section::Records, &html! {}))
        main #main .sheet tabindex="-1" {
            div role="alert" { (late_recalls(&view.late)) }
            h1 { "Records office" }
            p #said .said role="status" aria-live="polite" {}
            p #problem .alarm role="alert" hidden {}
            p { a href="/records/stays" { "Stays: who is past their last day, where exits are recorded" } }
            @if view.may_act { (new_case()) }
            @if view.cases.is_empty() { p .big .empty { "No case yet. Nothing is looked for, given, held or put right without one." } }
            @else {
                (table_frame("Cases", &html! {
                    table .cases {
                        thead { tr { th scope="col" { "File" } th scope="col" { "What" } th scope="col" { "Basis" } th scope="col" { "Opened" } th scope="col" { "Until" } th scope="col" { "State" } } }
                        tbody { @for case in &view.cases { (row(case, view.now)) } }
                    }
                }))
            }
        }
    };
    let head = Head { title: "Records office", sheets: SHEETS, module: Some("records.js") };
    document(&head, "records-page", &body)
}

fn row(case: &Case, now: Timestamp) -> Markup {
    html! {
        tr {
            th scope="row" { a href={ "/records/" (case.id) } { (case.reference) } }
            td { (case.kind.in_words()) }
            td { (case.basis) }
            td { (day_time(case.opened_at)) }
            td { @if let Some(until) = case.deadline.or(case.expires_at) { (day_time(until)) } }
            td { (state(case, now)) }
        }
    }
}

fn state(case: &Case, now: Timestamp) -> Markup {
    let needed = case.kind.approvals_needed();
    let late = case.closed_at.is_none() && case.deadline.is_some_and(|deadline| deadline < now);
    html! {
        @match (case.outcome, case.is_open(now)) {
            (Some(outcome), _) => span .tag { (outcome.in_words()) },
            (None, false) => span .tag { "expired" },
            (None, true) if late => span .tag .tag-off { "late" },
            (None, true) if case.kind == CaseKind::Misidentification => span .tag .tag-open { "open" },
            (None, true) if case.approvals.len() < needed => span .tag { (case.approvals.len()) " of " (needed) " approvals" },
            (None, true) => span .tag .tag-open { @if case.kind == CaseKind::Hold { "in force" } @else { "open" } },
        }
    }
}

fn new_case() -> Markup {
    html! {
        details .new {
            summary { "Open a case" }
            form .fields data-post="/api/records/v1/cases" data-then="case" {
                label for="case-kind" { "What" }
                select #case-kind name="kind" { @for kind in CaseKind::ALL { @if kind != CaseKind::Contest { option value=(slug(&kind)) { (kind.in_words()) } } } }
                label for="case-reference" { "File number (never a traveller's name)" }
                input #case-reference name="reference" required maxlength="200" autocomplete="off";
                label for="case-basis" { "Legal basis" }
                input #case-basis name="basis" required maxlength="200";
                label for="case-reason" { "Reason (never a traveller's name)" }
                input #case-reason name="reason" required maxlength="500";
                label for="case-identity" { "How the person was identified (access by the person)" }
                input #case-identity name="identity_check" maxlength="200" data-as="optional";
                label for="case-from" { "The authority that asks (request from outside)" }
                input #case-from name="from_whom" maxlength="200" data-as="optional";
                label for="case-expires" { "Ends by itself (legal hold)" }
                input #case-expires name="expires_at" type="datetime-local" data-as="instant";
                button type="submit" .primary { "Open" }
            }
        }
    }
}

/// One case.
pub fn case(view: &CaseView) -> Markup {
    let case = &view.case;
    let open = case.is_open(view.now);
    let takes = view.may_act && case.takes_records(view.now).is_ok();
    let body = html! {
        (bar(&view.viewer, Section::Records, &html! {}))
        main #main .sheet tabindex="-1" data-case=(case.id) data-kind=(slug(&case.kind)) {
            p { a href="/records" { "All cases" } }
            h1 { (case.reference) " " (state(case, view.now)) }
            p #said .said role="status" aria-live="polite" {}
            p #problem .alarm role="alert" hidden {}
            (facts(view))
            @if open && view.may_approve && case.kind != CaseKind::Misidentification && case.approvals.len() < case.kind.approvals_needed() {
                form data-post={ "/api/records/v1/cases/" (case.id) "/approve" } data-ask="Do you agree to this case with exactly the records that it names?" {
                    button type="submit" .primary { "Approve…" }
                }
            }
            section aria-labelledby="named-title" {
                h2 #named-title { "Records named" }
                @if view.records.is_empty() { p .muted { @if case.closed_at.is_some() { "None that are still there." } @else { "None yet." } } }
                @else { (table(&view.records)) }
            }
            @if takes && !matches!(case.kind, CaseKind::ClassChange | CaseKind::Contest | CaseKind::StayInquiry) { (find()) }
            @if case.kind == CaseKind::Misidentification { (redress::in_case(view, open)) }
            @if open && view.may_act && CaseKind::SEES_STAYS.contains(&case.kind) {
                (super::stays::in_case(CaseKind::OF_STAYS.contains(&case.kind)))
            }
            @if open && view.may_act { (deeds(case)) }
        }
    };
    let head = Head { title: "Case", sheets: SHEETS, module: Some("records.js") };
    document(&head, "records-page", &body)
}

fn facts(view: &CaseView) -> Markup {
    let case = &view.case;
    html! {
        dl .facts {
            dt { "What" } dd { (case.kind.in_words()) }
            dt { "Legal basis" } dd { (case.basis) }
            @if let Some(contest) = &view.contest {
                dt { "Contested as" } dd { (contest.ground.in_words()) }
                @if !case.reason.is_empty() { dt { "In their words" } dd { (case.reason) } }
                @if let Some(answer) = &contest.answer { dt { "The answer" } dd { (answer) } }
            } @else {
                dt { "Reason" } dd { (case.reason) }
            }
            @if let Some(from) = &case.from_whom { dt { "Asked by" } dd { (from) } }
            @if let Some(check) = &case.identity_check { dt { "Identity check" } dd { (check) } }
            dt { "Opened by" } dd { (view.author) ", " (day_time(case.opened_at)) }
            @if case.kind.approvals_needed() > 0 {
                dt { @if case.kind == CaseKind::Misidentification { "Decided by" } @else { "Approved by" } }
                dd { @if view.approvals.is_empty() { "nobody yet" } @else { (view.approvals.join(", ")) } @if case.kind != CaseKind::Misidentification { " (" (case.kind.approvals_needed()) " needed)" } }
            }
            @if let Some(deadline) = case.deadline { dt { "To be answered by" } dd { (day_time(deadline)) } }
            @if let Some(expires) = case.expires_at { dt { "Ends by itself" } dd { (day_time(expires)) } }
            @if let Some(closed) = case.closed_at { dt { "Closed" } dd { (day_time(closed)) } }
            @if case.given > 0 { dt { "Records given" } dd { (case.given) } }
        }
    }
}

/// What is held, unopened: what, whose rules, until when, who has copies, who read it.
fn table(records: &[OnRecord]) -> Markup {
    let rows = html! {
        table .held {
            thead { tr { th scope="col" { "What" } th scope="col" { "Class" } th scope="col" { "Since" } th scope="col" { "Until" } th scope="col" { "Copies" } th scope="col" { "Read by" } } }
            tbody { @for one in records { (held(one)) } }
        }
    };
    table_frame("What is held", &rows)
}

fn held(one: &OnRecord) -> Markup {
    let OnRecord { held, holds, copies, readings } = one;
    html! {
        tr data-record=(held.record) {
            th scope="row" { (held.kind.data.in_words()) }
            td { (held.class.in_words()) }
            td { (day_time(held.start.at)) }
            td { (day_time(held.erase_after)) @if !holds.is_empty() { " " span .tag .tag-manual { "held" } } }
            td { @if copies.is_empty() { "none" } @else { (copies.join(", ")) } }
            td {
                @if readings.is_empty() { "nobody" }
                @else {
                    details {
                        summary { (readings.len()) @if readings.len() == 1 { " reading" } @else { " readings" } }
                        ul { @for (reading, by) in readings {
                            li { (day_time(reading.at)) ": " (by) ", " (reading.access.purpose.in_words()) " (" (within(reading.access.within)) ")" }
                        } }
                    }
                }
            }
        }
    }
}

fn within(within: Within) -> &'static str {
    match within {
        Within::Encounter(_) => "in an encounter",
        Within::Voyage(_) => "for a voyage",
        Within::Case(_) => "in a case",
        Within::Receiving(_) => "standing order",
    }
}

/// What the family name is called where it is asked for in place of a document.
pub(super) const WITHOUT_DOCUMENT: &str = "Or without a document: family name";

/// A document; `documentOf` in `records.js` reads it.
pub(super) fn document_fields(prefix: &str, required: bool) -> Markup {
    html! {
        label for={ (prefix) "-issuer" } { "Document: issuing state, as in the MRZ" }
        input #{ (prefix) "-issuer" } name="issuer" maxlength="3" placeholder="UTO" required[required];
        label for={ (prefix) "-kind" } { "Kind, as in the MRZ" }
        input #{ (prefix) "-kind" } name="document_kind" maxlength="2" value="P" required[required];
        label for={ (prefix) "-number" } { "Number" }
        input #{ (prefix) "-number" } name="number" maxlength="35" spellcheck="false" required[required];
    }
}

/// By what somebody is found: a document, or else their name and date of birth. `personOf` in `records.js` reads it.
pub(super) fn person_fields(prefix: &str, family_name: &str) -> Markup {
    html! {
        (document_fields(prefix, false))
        label for={ (prefix) "-family" } { (family_name) }
        input #{ (prefix) "-family" } name="family_name" maxlength="100";
        label for={ (prefix) "-given" } { "Given names" }
        input #{ (prefix) "-given" } name="given_names" maxlength="100";
        label for={ (prefix) "-born" } { "Date of birth" }
        input #{ (prefix) "-born" } name="born" type="date";
    }
}

fn find() -> Markup {
    html! {
        section aria-labelledby="find-title" {
            h2 #find-title { "Find what is held on the person" }
            form #find .fields autocomplete="off" {
                (person_fields("find", WITHOUT_DOCUMENT))
                button type="submit" .primary { "Find" }
            }
            form #found hidden {
                (table_frame("What was found", &html! {
                    table .held {
                        thead { tr { th scope="col" { "Name it" } th scope="col" { "What" } th scope="col" { "Class" } th scope="col" { "Since" } th scope="col" { "Until" } } }
                        tbody #found-rows {}
                    }
                }))
                button type="submit" .primary { "Name these records in the case" }
            }
            p #found-none .muted hidden { "Nothing is held on this person that opens." }
        }
    }
}

fn deeds(case: &Case) -> Markup {
    let api = format!("/api/records/v1/cases/{}", case.id);
    html! {
        section aria-labelledby="deeds-title" {
            h2 #deeds-title { "What is to be done" }
            @match case.kind {
                CaseKind::SubjectAccess | CaseKind::OutsideRequest => {
                    form data-post={ (api) "/give" } data-then="file" data-ask="Open the records named and give them? This is done once, and stands on record." {
                        button type="submit" .primary { "Give the records…" }
                    }
                }
                CaseKind::Correction => {
                    form .inline data-post={ (api) "/correct" } data-then="corrected" data-ask="Put right what the case names? What should not have been kept is erased, everywhere. This cannot be undone." {
                        label for="correction" { "The truth is" }
                        select #correction name="class" data-as="correction" {
                            option value="citizen" { "the person is a citizen, and was" }
                            option value="permanent-resident" { "the person is a permanent resident, and was" }
                            option value="non-immigrant" { "the person is a non-immigrant, and was" }
                            option value="" { "these records are not of this person" }
                        }
                        button type="submit" .primary { "Put right…" }
                    }
                }
                CaseKind::ClassChange => {
                    form .fields data-post={ (api) "/change-class" } data-then="change" data-ask="Note this change of class? It counts from its day on." {
                        label for="change-issuer" { "Document that the person travels with: issuing state" }
                        input #change-issuer name="issuer" required maxlength="3";
                        label for="change-kind" { "Kind" }
                        input #change-kind name="document_kind" required maxlength="2" value="P";
                        label for="change-number" { "Number" }
                        input #change-number name="number" required maxlength="35" spellcheck="false";
                        label for="change-class" { "From then on" }
                        select #change-class name="class" { option value="citizen" { "a citizen" } option value="permanent-resident" { "a permanent resident" } }
                        label for="change-from" { "From" }
                        input #change-from name="from" type="datetime-local" required data-as="instant";
                        button type="submit" .primary { "Note the change…" }
                    }
                }
                CaseKind::Contest => {
                    (answer(&api))
                    (redress::from_contest(case))
                }
                CaseKind::Misidentification => p .muted { "What is proposed follows when somebody else agrees. Refused is it by a second officer, too." },
                CaseKind::StayInquiry => p .muted { "What is decided on stays is kept at once; the case is closed when it is done." },
                CaseKind::Hold => p .muted { "What a hold names is not erased while it lasts; past its date nobody but this case sees it." },
            }
            @if case.kind != CaseKind::Contest { (close(case, &api)) }
        }
    }
}

/// How a contest is answered: in words that the traveller reads, and by putting right what was wrong.
fn answer(api: &str) -> Markup {
    html! {
        form .fields data-post={ (api) "/answer" } data-then="answered" data-ask="Send this answer? The traveller reads it by their receipt. What is put right is put right everywhere, and cannot be undone." {
            label for="answer-finding" { "Finding" }
            select #answer-finding name="class" {
                option value="no" { "not upheld: what is kept is right" }
                option value="" { "upheld: what is kept is not of this person; it goes, everywhere" }
                option value="citizen" { "upheld: the person is a citizen, and was" }
                option value="permanent-resident" { "upheld: the person is a permanent resident, and was" }
                option value="non-immigrant" { "upheld: the person is a non-immigrant, and was" }
            }
            label for="answer-text" { "Answer to the traveller" }
            textarea #answer-text name="answer" required maxlength="500" rows="4" {}
            button type="submit" .primary { "Answer…" }
        }
    }
}

fn close(case: &Case, api: &str) -> Markup {
    html! {
        form .inline data-post={ (api) "/close" } data-ask="Close this case? It cannot be opened again." {

            label for="outcome" { "Or close it:" }
            select #outcome name="outcome" {
                @if case.kind == CaseKind::Hold { option value="released" { "released" } }
                option value="refused" { "refused" }
                option value="withdrawn" { "withdrawn" }
            }
            button type="submit" .quiet { "Close…" }
        }
    }
}

/// What is held of one passage, for the officer: until when, and who read it.
pub fn held_of(view: &HeldView) -> Markup {
    let body = html! {
        (bar(&view.viewer, Section::Console, &html! {}))
        main #main .sheet tabindex="-1" {
            h1 { "What is held of this passage" }
            @if view.records.is_empty() {
                p .big { "No photo is kept. A citizen's is never written; any other's goes at its date." }
            } @else { (table(&view.records)) }
            p .muted { "What a crossing leaves after boarding is closed is found in a case of the records office." }
        }
    };
    let head = Head { title: "Held", sheets: SHEETS, module: Some("records.js") };
    document(&head, "records-page", &body)
}
