//! `/lookouts`: what is looked out for, who wrote and approved it, and travellers who are not meant.

use super::layout::{Head, Section, Viewer, bar, day_time, document, table_frame};
use crate::service::{LookoutShown, Redress, Service};
use jiff::Timestamp;
use maud::{Markup, html};
use portunus_core::lookout::{Calibration, Lookout, On, Standing};
use portunus_store::LookoutCount;

/// Lookouts shown at most; a list of all is a file.
pub const SHOWN_MAX: usize = 500;

/// The page. Personal data: no `Debug`.
pub struct LookoutsView {
    /// Who looks.
    pub viewer: Viewer,
    /// The instant of this view.
    pub now: Timestamp,
    /// Whether the viewer may write and withdraw.
    pub may_write: bool,
    /// Whether the viewer may approve.
    pub may_approve: bool,
    /// The latest, at most [`SHOWN_MAX`].
    pub lookouts: Vec<LookoutShown>,
    /// How many there are.
    pub all: usize,
    /// Travellers who are not meant, as officers say.
    pub redress: Vec<Redress>,
    /// What may be told of each authority.
    pub counts: Vec<LookoutCount>,
}

const SHEETS: &[&str] = &["base.css", "admin.css", "records.css"];

/// The page.
pub fn lookouts(view: &LookoutsView) -> Markup {
    let body = html! {
        (bar(&view.viewer, Section::Lookouts, &html! {}))
        main #main .sheet tabindex="-1" {
            h1 { "Lookouts" }
            p #said .said role="status" aria-live="polite" {}
            p #problem .alarm role="alert" hidden {}
            ul #faults aria-label="Faults of the list" {}
            p .muted {
                "A lookout sends a traveller to an officer and says why. It refuses nobody, ranks nobody, reads no face and no \
                 choice of lane, and is erased when it expires. " (calibrated())
            }
            section aria-labelledby="kept-title" {
                h2 #kept-title { "Kept: " (view.all) }
                @if view.lookouts.is_empty() { p .muted { "None." } } @else { (table(view)) }
                @if view.all > view.lookouts.len() { p .muted { "The latest " (view.lookouts.len()) " of them." } }
                p { a href="/api/lookout/v1/lookouts?format=csv" { "All of them as CSV" } " · " a href="/api/lookout/v1/lookouts" { "as JSON" } }
            }
            (redress(view))
            @if view.may_write { (new_lookout()) (import()) }
            @if !view.counts.is_empty() { (counts(&view.counts)) }
        }
    };
    document(&Head { title: "Lookouts", sheets: SHEETS, module: Some("lookouts.js") }, "records-page", &body)
}

fn calibrated() -> String {
    let calibration = Calibration::in_force();
    format!(
        "Measured on synthetic people and a list of {}: {:.0} of 100 listed are found by name, {:.0} of 100,000 others are sent \
         to an officer.",
        super::layout::grouped(calibration.entries as u64),
        calibration.recall * 100.0,
        calibration.wrongly_referred_per_100k
    )
}

/// What is looked out for, in a line.
fn on_in_words(lookout: &Lookout) -> String {
    match &lookout.on {
        On::Document { document, state } => {
            format!(
                "{} {} {}, {}",
                document.issuer,
                document.kind.in_words(),
                document.number(),
                state.in_words()
            )
        }
        On::Person { names, born, nationality } => {
            let names: Vec<String> = names
                .iter()
                .map(|name| format!("{}, {}", name.family, name.given).trim_end_matches(", ").to_owned())
                .collect();
            let nationality = nationality.as_ref().map_or_else(String::new, |state| format!(", {state}"));
            format!("{}; born {}{nationality}", names.join(" or "), String::from(*born))
        }
        On::Voyage { carrier, number, date } => {
            let day = date.map_or_else(|| "every day".to_owned(), |date| date.to_string());
            format!("voyage {carrier}{number}, {day}")
        }
    }
}

fn table(view: &LookoutsView) -> Markup {
    let rows = html! {
        table .held {
            thead { tr { th scope="col" { "On" } th scope="col" { "Authority, file" } th scope="col" { "Reason" } th scope="col" { "Written, approved" } th scope="col" { "Review, expiry" } th scope="col" { "Do" } } }
            tbody { @for one in &view.lookouts { (row(view, one)) } }
        }
    };
    table_frame("Lookouts kept", &rows)
}

fn row(view: &LookoutsView, one: &LookoutShown) -> Markup {
    let api = format!("/api/lookout/v1/lookouts/{}", one.row.id);
    let what = on_in_words(&one.lookout);
    html! {
        tr data-lookout=(one.row.id) {
            th scope="row" { (what) }
            td { (one.row.authority) ", " (one.lookout.reference) }
            td { (one.lookout.reason) }
            td {
                (one.author) ", " (day_time(one.row.written_at)) br;
                @match (&one.approver, one.row.standing) {
                    (Some(approver), Standing::InForce { at, .. }) => { (approver) ", " (day_time(at)) }
                    _ => span .tag { "waits for approval" },
                }
            }
            td {
                (one.row.review_on) @if Service::review_is_late(&one.row, view.now) { " " span .tag .tag-off { "late" } } br;
                (day_time(one.row.expires_at))
            }
            td {
                @if view.may_approve && one.row.standing == Standing::Proposed {
                    form data-then="approve" data-post={ (api) "/approve" } data-ask="Put this lookout in force?" {
                        input type="hidden" name="written_at" value=(one.row.written_at);
                        button type="submit" .primary aria-label={ "Approve the lookout on " (what) } { "Approve…" }
                    }
                }
                @if view.may_write {
                    form data-then="withdraw" data-post={ (api) "/withdraw" } data-ask="Withdraw this lookout? It is erased." {
                        button type="submit" aria-label={ "Withdraw the lookout on " (what) } { "Withdraw…" }
                    }
                }
            }
        }
    }
}

fn redress(view: &LookoutsView) -> Markup {
    html! {
        section aria-labelledby="redress-title" {
            h2 #redress-title { "Travellers who are not meant" }
            @if view.redress.is_empty() { p .muted { "Nothing waits." } }
            @for one in &view.redress {
                div .inline {
                    p { (one.asked_by) ", " (day_time(one.row.asked_at)) ": “" (one.row.reason) "” (" (one.row.authority) ")" }
                    @if view.may_approve {
                        form data-then="agree" data-post="/api/lookout/v1/redress/approve" data-ask="Agree that this traveller is not meant? The lookout then no longer hits them, on later voyages too." {
                            input type="hidden" name="traveller" value=(crate::service::lookout_hex(one.row.mac));
                            input type="hidden" name="lookout" value=(one.row.lookout);
                            button type="submit" .primary { "Agree…" }
                        }
                    }
                }
            }
        }
    }
}

fn new_lookout() -> Markup {
    html! {
        details .new {
            summary { "Write a lookout" }
            form .fields autocomplete="off" data-then="write" data-post="/api/lookout/v1/lookouts" {
                label for="lookout-on" { "On" }
                select #lookout-on name="on" { option value="person" { "a person" } option value="document" { "a document" } option value="voyage" { "a voyage" } }
                div data-of="person" {
                    label for="lookout-names" { "Names: FAMILY/GIVEN, several apart by ;" } input #lookout-names name="names" required maxlength="1000";
                    label for="lookout-born" { "Born: 1990-01-31, 1990 or 1990+-2; may be empty where a nationality is given" } input #lookout-born name="born" maxlength="10";
                    label for="lookout-nationality" { "Nationality, as in the MRZ" } input #lookout-nationality name="nationality" maxlength="3";
                }
                div data-of="document" {
                    label for="lookout-issuer" { "Issuing state, as in the MRZ" } input #lookout-issuer name="issuer" required maxlength="3";
                    label for="lookout-kind" { "Kind, as in the MRZ" } input #lookout-kind name="kind" required maxlength="2" value="P";
                    label for="lookout-number" { "Number" } input #lookout-number name="number" required maxlength="35" spellcheck="false";
                    label for="lookout-state" { "It was" } select #lookout-state name="state" { option value="lost" { "lost" } option value="stolen" { "stolen" } option value="revoked" { "revoked" } }
                }
                div data-of="voyage" {
                    label for="lookout-carrier" { "Carrier" } input #lookout-carrier name="carrier" required maxlength="3";
                    label for="lookout-voyage" { "Number" } input #lookout-voyage name="voyage" required maxlength="6";
                    label for="lookout-date" { "Day; every one when empty" } input #lookout-date name="date" type="date";
                }
                label for="lookout-authority" { "Authority that asks" } input #lookout-authority name="authority" required maxlength="200";
                label for="lookout-reference" { "Its file number" } input #lookout-reference name="reference" required maxlength="200";
                label for="lookout-reason" { "Reason, for the officer" } input #lookout-reason name="reason" required maxlength="200";
                label for="lookout-expires" { "Last day" } input #lookout-expires name="expires" type="date" required;
                label for="lookout-review" { "Looked over again by" } input #lookout-review name="review" type="date" required;
                button type="submit" .primary { "Write" }
            }
        }
    }
}

fn import() -> Markup {
    html! {
        details .new {
            summary { "Import a list" }
            form .fields data-then="import" data-post="/api/lookout/v1/lookouts/import" {
                label for="list-file" { "CSV or JSON: all of it comes in, or nothing" }
                input #list-file name="file" type="file" accept=".csv,.json" required;
                button type="submit" .primary { "Import" }
            }
        }
    }
}

fn counts(counts: &[LookoutCount]) -> Markup {
    html! {
        section aria-labelledby="counts-title" {
            h2 #counts-title { "Hits of closed voyages, by authority" }
            (table_frame("Hits by authority", &html! {
                table {
                    thead { tr { th scope="col" { "Authority" } th scope="col" { "Hits" } th scope="col" { "Found to be somebody else" } } }
                    tbody { @for one in counts { tr { th scope="row" { (one.authority) } td { (one.hits) } td { @match one.false_hits { Some(n) => (n), None => "under ten" } } } } }
                }
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portunus_core::id::{LookoutId, UserId};
    use portunus_core::lookout::StatedName;
    use portunus_store::LookoutRow;

    fn shown() -> LookoutShown {
        let row = LookoutRow {
            id: LookoutId::from_bytes([1; 16]),
            authority: "Police".into(),
            kind: "person".into(),
            author: UserId::from_bytes([2; 16]),
            written_at: "2026-11-01T00:00:00Z".parse().unwrap(),
            standing: Standing::Proposed,
            review_on: "2026-11-20".parse().unwrap(),
            expires_at: "2027-06-01T00:00:00Z".parse().unwrap(),
        };
        let on = On::Person {
            names: vec![StatedName { family: "<b>X".into(), given: "ANNA".into() }],
            born: "1974+-2".parse().unwrap(),
            nationality: None,
        };
        let lookout = Lookout {
            on,
            authority: "Police".into(),
            reference: "7".into(),
            reason: "witness".into(),
            expires_at: row.expires_at,
            review_on: row.review_on,
        };
        LookoutShown { row, lookout, author: "a.author".into(), approver: None }
    }

    fn page(may_write: bool, may_approve: bool) -> String {
        let viewer =
            Viewer { name: "x".into(), role: "lookout author".into(), sections: vec![Section::Lookouts] };
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let lookouts_ = vec![shown()];
        lookouts(&LookoutsView {
            viewer,
            now,
            may_write,
            may_approve,
            lookouts: lookouts_,
            all: 1,
            redress: vec![],
            counts: vec![],
        })
        .into_string()
    }

    #[test]
    fn who_writes_is_not_offered_approval_and_who_approves_nothing_to_write() {
        let (author, approver) = (page(true, false), page(false, true));
        assert!(
            author.contains("Withdraw…")
                && author.contains("Write a lookout")
                && !author.contains("Approve…")
        );
        assert!(
            approver.contains("Approve…")
                && !approver.contains("Withdraw…")
                && !approver.contains("Write a lookout")
        );
    }

    #[test]
    fn names_bring_no_markup_and_a_late_review_is_said() {
        let html = page(true, false);
        assert!(!html.contains("<b>X") && html.contains("&lt;b&gt;X, ANNA; born 1974+-2"));
        assert!(html.contains("late") && html.contains("waits for approval"));
    }
}
