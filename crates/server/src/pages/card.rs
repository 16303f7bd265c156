//! The card on top: one traveller, what the camera saw beside the reference, and what may be ruled.

use super::board::wishes;
use super::layout::{day_time, waiting_since};
use super::score::{ScoreView, picture};
use crate::service::LookoutHit;
use jiff::Timestamp;
use maud::{Markup, html};
use portunus_core::decide::{Failure, Reason};
use portunus_core::encounter::{Lane, Stage};
use portunus_core::id::{EncounterId, PassengerId};
use portunus_core::policy::PersonClass;
use portunus_store::Wish;

/// Whether there is a photo taken now to show, and for how long. Served at `/console/encounters/ID/probe`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbePhoto {
    /// Kept, sealed: shown as long as the card is.
    Kept,
    /// Not kept (a citizen's): shown until this instant, then gone.
    ShownUntil(Timestamp),
    /// It was not kept, and is gone.
    Gone,
    /// None was taken: the traveller chose the manual lane, or no frame came.
    NeverTaken,
}

/// Where the passenger on the card comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// The search in the gallery.
    Face,
    /// The document shown at the gate.
    Document,
    /// The officer, who picked them from the manifest.
    Officer,
}

/// One passenger of the manifest, as an officer needs them. Personal data: no `Debug`.
pub struct PassengerView {
    /// Who; their reference is served at `/console/passengers/ID/reference`.
    pub id: PassengerId,
    /// Family name, then given names.
    pub name: String,
    /// Kind, issuer and number of the document in full: the officer holds it in hand.
    pub document: String,
    /// Day of birth, else its year.
    pub born: Option<String>,
    /// Nationality, as the carrier states it.
    pub nationality: Option<String>,
    /// Whether the document read is out of date.
    pub document_is_out_of_date: bool,
    /// Whether a reference portrait was staged.
    pub has_reference: bool,
    /// Already boarded.
    pub boarded: bool,
    /// Held by an officer.
    pub held: bool,
    /// Lookouts that hit them, and why.
    pub lookouts: Vec<LookoutHit>,
    /// Where they come from.
    pub named_by: NamedBy,
}

/// An earlier ruling on the same encounter.
pub struct RuledView {
    /// What, in words: `Another photo asked for`.
    pub what: String,
    /// By whom.
    pub author: String,
    /// Why; may be empty.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// The card. Personal data: no `Debug`.
pub struct CardView {
    /// Which encounter.
    pub encounter: EncounterId,
    /// What the traveller chose.
    pub lane: Lane,
    /// Where the encounter is.
    pub stage: Stage,
    /// When the traveller made their choice.
    pub since: Timestamp,
    /// Captures so far.
    pub attempts: u32,
    /// The officer who took it up.
    pub officer: Option<String>,
    /// What the traveller asks for.
    pub wish: Wish,
    /// Whether the traveller says they are a citizen.
    pub claims_citizenship: bool,
    /// Whose rules apply.
    pub class: PersonClass,
    /// Whether that is confirmed.
    pub class_confirmed: bool,
    /// The photo taken now.
    pub probe: ProbePhoto,
    /// Who it may be, or who the officer picked.
    pub passenger: Option<PassengerView>,
    /// The comparison, where there was one.
    pub score: Option<ScoreView>,
    /// Why an officer is asked.
    pub reasons: Vec<Reason>,
    /// What kept the machine from answering.
    pub failure: Option<Failure>,
    /// Whom the machine confirmed, while nobody has said that it was somebody else.
    pub confirmed: Option<PassengerId>,
    /// Earlier rulings, oldest first.
    pub rulings: Vec<RuledView>,
    /// Whether an officer admits here, at an entry.
    pub entering: bool,
    /// Nothing of it is given to another state or a carrier.
    pub confidential: bool,
}

impl CardView {
    /// Whether the machine has confirmed who it is, and an officer is still to say what follows.
    fn is_verified(&self) -> bool {
        self.stage != Stage::Done && self.confirmed.is_some()
    }

    /// The keys of the rulings that make sense now, as `data-rulings` says them to the console's module.
    fn rulings_open(&self) -> String {
        let done = self.stage == Stage::Done;
        let passenger = self.passenger.as_ref();
        let boarded = passenger.is_some_and(|p| p.boarded);
        let open = [
            ("board", !done && !boarded && passenger.is_some() && !self.entering),
            ("admit", !done && !boarded && passenger.is_some() && self.entering),
            ("refuse", !done),
            ("retake", !done && self.lane == Lane::Photo && !self.confidential),
            ("secondary", !done && self.stage != Stage::Secondary),
            ("establish", !done),
            ("off-load", boarded),
            ("somebody-else", done && self.confirmed.is_some()),
            ("protect", self.stage.awaits_ruling() && !self.confidential),
            ("hold", passenger.is_some_and(|p| !p.held)),
            ("release", passenger.is_some_and(|p| p.held)),
            ("search", !done || self.confirmed.is_some()),
            ("take", matches!(self.stage, Stage::Waiting | Stage::Secondary)),
        ];
        open.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
    }
}

/// What kept the machine from answering, in words.
pub(super) fn failure_in_words(failure: Failure) -> &'static str {
    match failure {
        Failure::Camera => "The gate's camera failed: inspect the document",
        Failure::Matcher => "The matcher gave no answer: inspect the document",
        Failure::NoGallery => "The voyage's gallery is not staged: inspect the document",
        Failure::Exempt => "The law exempts this traveller from photos: inspect the document",
        Failure::NoDocument => "Asks for an officer: no state's document, or protection",
        Failure::DocumentExpired => "The document is out of date: inspect it, and decide",
    }
}

/// What was chosen, in words.
pub(super) fn lane_in_words(lane: Lane) -> &'static str {
    match lane {
        Lane::Photo => "Photo",
        Lane::Manual => "No photo",
    }
}

/// The card, or what stands in its place when nobody waits.
pub(super) fn card(view: Option<&CardView>, now: Timestamp) -> Markup {
    let Some(view) = view else {
        return html! {
            div .card-empty {
                p .big { "Nobody is waiting." }
                p .muted { "Whoever is referred or would rather not be photographed appears here, the longest waiting first." }
            }
        };
    };
    let passenger = view.passenger.as_ref();
    html! {
        article .card
            data-encounter=(view.encounter)
            data-passenger=[passenger.map(|p| p.id)]
            data-confirmed=[view.confirmed]
            data-name=[passenger.map(|p| p.name.as_str())]
            data-rulings=(view.rulings_open())
            data-entering[view.entering]
            aria-label="Selected traveller" {
            header .card-head {
                h2 { (passenger.map_or("Not yet identified", |p| p.name.as_str())) }
                p .card-state {
                    span .tag { (lane_in_words(view.lane)) }
                    @if view.stage == Stage::Done { span .tag { "over" } }
                    @if view.stage == Stage::Secondary { span .tag { "second inspection" } }
                    @if view.is_verified() { span .tag .tag-open { "verified" } }
                    @if view.confidential { span .tag { "confidential" } }
                    @if view.stage != Stage::Done { span .wait { (waiting_since(view.since, now)) } }
                    @if let Some(officer) = &view.officer { span .muted { "with " (officer) } }
                    a href={ "/console/encounters/" (view.encounter) "/receipt" } target="_blank" { "Receipt" }
                }
            }
            (reasons(view))
            (lookouts(view))
            div .pair { (probe(view)) (reference(passenger)) }
            (comparison(view))
            (facts(view))
            (history(&view.rulings))
        }
    }
}

fn no_photo(why: &str, gone: bool) -> Markup {
    html! {
        div .no-photo data-gone[gone] {
            svg viewBox="0 0 64 64" width="64" height="64" aria-hidden="true" {
                circle cx="32" cy="24" r="11" fill="none" stroke="currentColor" stroke-width="2.5" stroke-dasharray="4 4" {}
                path d="M11 57c2-13 11-19 21-19s19 6 21 19" fill="none" stroke="currentColor" stroke-width="2.5" stroke-dasharray="4 4" {}
            }
            p { (why) }
        }
    }
}

const GONE: &str = "Photo not kept: it is gone";

fn probe(view: &CardView) -> Markup {
    let image = |until: Option<Timestamp>| {
        html! {
            img src={ "/console/encounters/" (view.encounter) "/probe?attempt=" (view.attempts) } alt="The photo taken now"
                width="320" height="320" decoding="async" data-missing=(GONE) data-until=[until];
        }
    };
    html! {
        figure .photo {
            @match view.probe {
                ProbePhoto::Kept => (image(None)),
                ProbePhoto::ShownUntil(until) => (image(Some(until))),
                ProbePhoto::Gone => (no_photo(GONE, true)),
                ProbePhoto::NeverTaken => (no_photo("No photo was taken", false)),
            }
            figcaption {
                "Taken now"
                @if let ProbePhoto::ShownUntil(until) = view.probe {
                    span .muted { " · not kept, gone in " time datetime=(until) data-left {} }
                }
                @if view.probe == ProbePhoto::Kept {
                    a href={ "/console/encounters/" (view.encounter) "/held" } target="_blank" { "What is kept of it" }
                }
            }
        }
    }
}

fn reference(passenger: Option<&PassengerView>) -> Markup {
    html! {
        figure .photo {
            @match passenger {
                Some(p) if p.has_reference => {
                    img src={ "/console/passengers/" (p.id) "/reference" } alt={ "Reference portrait of " (p.name) }
                        width="320" height="320" decoding="async" data-missing="The reference is not available";
                }
                Some(_) => (no_photo("No reference was staged", false)),
                None => (no_photo("Nobody found yet: search by name or document", false)),
            }
            figcaption { "Reference" }
        }
    }
}

fn comparison(view: &CardView) -> Markup {
    html! {
        @if let Some(score) = &view.score {
            div .comparison {
                (picture(score))
                p .legend aria-hidden="true" {
                    span { "not alike" }
                    span .key-threshold { "threshold " (format!("{:.2}", score.threshold.0)) }
                    @if let Some(next) = score.runner_up {
                        span .key-next { "next person " (format!("{:.2}", next.0)) }
                    }
                    span { "alike" }
                }
                p { (score.in_words()) }
            }
        } @else if view.lane == Lane::Photo && view.stage != Stage::AtGate {
            @if view.reasons.contains(&Reason::NoCandidate) {
                p .muted { "Compared with everybody who is expected here: nobody reached the threshold." }
            } @else {
                p .muted { "No comparison was made." }
            }
        }
    }
}

fn reasons(view: &CardView) -> Markup {
    html! {
        @let is_over = view.passenger.as_ref().is_some_and(|p| p.document_is_out_of_date)
            && view.failure != Some(Failure::DocumentExpired);
        @if !view.reasons.is_empty() || view.failure.is_some() || view.lane == Lane::Manual || view.confidential || is_over {
            ul .reasons aria-label="Why an officer is asked" {
                @if view.lane == Lane::Manual { li { "Would rather not be photographed: inspect the document" } }
                @for reason in &view.reasons { li { (reason.in_words()) } }
                @if let Some(failure) = view.failure { li { (failure_in_words(failure)) } }
                @if is_over { li { "The document is out of date" } }
                @if view.confidential { li { "Confidential: nothing of this is given to any state or carrier" } }
            }
        }
    }
}

/// Lookouts that hit the passenger: whose, why, how often such a hit is right. In either lane, and after any choice, the same.
fn lookouts(view: &CardView) -> Markup {
    let Some(passenger) = view.passenger.as_ref().filter(|p| !p.lookouts.is_empty()) else { return html! {} };
    html! {
        section .lookouts aria-label="Lookouts" {
            @for hit in &passenger.lookouts {
                div .lookout {
                    p { b { "Lookout: " (hit.reason) } " " span .muted { (hit.authority) ", " (hit.reference) } }
                    p { (hit.why.in_words()) "." }
                    @if hit.disputed {
                        p .muted { "An officer said that it is somebody else; it waits for an approver." }
                    } @else if hit.why.may_be_another() {
                        button type="button" data-not-this-person=(passenger.id) data-lookout=(hit.lookout) { "Not this person…" }
                    }
                }
            }
        }
    }
}

fn facts(view: &CardView) -> Markup {
    html! {
        dl .facts {
            @if let Some(p) = &view.passenger {
                div .whole { dt { "Document" } dd .number { (p.document) } }
                div { dt { "Born" } dd { (p.born.as_deref().unwrap_or("not stated")) } }
                div { dt { "Nationality" } dd { (p.nationality.as_deref().unwrap_or("not stated")) } }
                div {
                    dt { "Named by" }
                    dd { @match p.named_by {
                        NamedBy::Face => "the face",
                        NamedBy::Document => "the document shown",
                        NamedBy::Officer => "you, from the manifest",
                    } }
                }
            }
            div {
                dt { "Class" }
                dd {
                    (view.class.in_words())
                    @if view.class_confirmed { " (confirmed)" }
                    @else if view.class != PersonClass::Unknown { " (not confirmed)" }
                }
            }
            @for asked in wishes(view.wish) { div .strong { dt { "Asks for" } dd { (asked) } } }
            @if view.claims_citizenship { div { dt { "Says" } dd { "is a citizen" } } }
            @if view.lane == Lane::Photo { div { dt { "Attempts" } dd { (view.attempts) } } }
            @if let Some(p) = &view.passenger {
                @if p.boarded { div .strong { dt { "Boarding" } dd { "has boarded" } } }
                @if p.held { div .strong { dt { "Hold" } dd { "an officer asked to see this passenger" } } }
            }
        }
    }
}

fn history(rulings: &[RuledView]) -> Markup {
    html! {
        @if !rulings.is_empty() {
            ol .history aria-label="Earlier rulings" {
                @for ruled in rulings {
                    li {
                        b { (ruled.what) } " " span .muted { (ruled.author) ", " (day_time(ruled.at)) }
                        @if !ruled.reason.is_empty() { " “" (ruled.reason) "”" }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::{a_card, now};

    #[test]
    fn a_citizens_photo_says_when_it_is_gone() {
        let mut view = a_card();
        view.probe = ProbePhoto::ShownUntil("2026-11-23T12:00:30Z".parse().unwrap());
        let html = card(Some(&view), now()).into_string();
        assert!(html.contains(r#"data-until="2026-11-23T12:00:30Z""#));
        assert!(html.contains("not kept, gone in"));
        view.probe = ProbePhoto::Gone;
        let html = card(Some(&view), now()).into_string();
        assert!(html.contains("Photo not kept: it is gone") && !html.contains("/probe"));
    }

    #[test]
    fn what_cannot_be_ruled_is_not_offered() {
        let mut view = a_card();
        assert!(view.rulings_open().starts_with("board refuse retake"));
        view.passenger = None;
        assert!(!view.rulings_open().contains("board"));
        view.lane = Lane::Manual;
        assert!(!view.rulings_open().contains("retake"));
        view = a_card();
        view.stage = Stage::Done;
        if let Some(p) = view.passenger.as_mut() {
            p.boarded = true;
        }
        assert_eq!(view.rulings_open(), "off-load hold");
        view.confirmed = view.passenger.as_ref().map(|p| p.id);
        assert_eq!(view.rulings_open(), "off-load somebody-else hold search");
    }

    #[test]
    fn a_decline_is_a_reason_in_words_and_shows_no_photo() {
        let mut view = a_card();
        view.lane = Lane::Manual;
        view.probe = ProbePhoto::NeverTaken;
        view.score = None;
        view.reasons.clear();
        let html = card(Some(&view), now()).into_string();
        assert!(html.contains("Would rather not be photographed"));
        assert!(html.contains("No photo was taken"));
    }

    #[test]
    fn names_from_a_manifest_cannot_bring_markup() {
        let mut view = a_card();
        if let Some(p) = view.passenger.as_mut() {
            p.name = r#"<img src=x onerror="alert(1)">"#.to_owned();
        }
        let html = card(Some(&view), now()).into_string();
        assert!(!html.contains("<img src=x") && html.contains("&lt;img src=x"));
    }
}
