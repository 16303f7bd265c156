//! The live part of the console: `GET /console/board`. The module swaps each region that changed.

use super::card::{CardView, ProbePhoto, card, failure_in_words, lane_in_words};
use super::layout::{clock_time, grouped, waiting_since};
use jiff::{Timestamp, civil::Date};
use maud::{Markup, html};
use portunus_core::decide::{Failure, Reason};
use portunus_core::encounter::{Lane, Method};
use portunus_core::id::{EncounterId, PassengerId, PointId, VoyageId};
use portunus_core::place::{Direction, Expects, PointKind};
use portunus_core::voyage::VoyageStatus;
use portunus_store::Wish;

/// A crossing point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointView {
    /// Which.
    pub id: PointId,
    /// What people call it.
    pub name: String,
    /// Entry or exit.
    pub direction: Direction,
    /// What kind of place it is.
    pub kind: PointKind,
}

impl PointView {
    /// Whether it works in watches, and not voyage by voyage.
    pub fn has_watches(&self) -> bool {
        self.kind.expects(self.direction).is_some_and(|expects| expects != Expects::Voyage)
    }
}

/// How far boarding has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Passengers expected.
    pub expected: u32,
    /// Boarded, confirmed by face.
    pub by_face: u32,
    /// Boarded, document inspected.
    pub by_document: u32,
    /// Waiting for an officer now.
    pub waiting: u32,
}

/// A voyage and its progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoyageView {
    /// Which.
    pub id: VoyageId,
    /// Designator: `LH400`.
    pub name: String,
    /// Scheduled local date.
    pub date: Date,
    /// Port of departure.
    pub from: String,
    /// Port of arrival.
    pub to: String,
    /// Where it is in its life.
    pub status: VoyageStatus,
    /// How far boarding has come.
    pub progress: Progress,
    /// Until when, where it is a watch and no voyage.
    pub watch: Option<Timestamp>,
}

impl VoyageView {
    /// What people call it: a watch by its point alone.
    pub fn title(&self) -> &str {
        match (self.watch, self.name.rsplit_once(' ')) {
            (Some(_), Some((point, _began))) => point,
            _ => &self.name,
        }
    }
}

/// Whom an encounter is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownView {
    /// Which passenger.
    pub id: PassengerId,
    /// Family name, then given names.
    pub name: String,
    /// The document, in words.
    pub document: String,
}

/// Someone in the queue.
pub struct WaitingView {
    /// Which encounter.
    pub encounter: EncounterId,
    /// When the traveller made their choice.
    pub since: Timestamp,
    /// What they chose.
    pub lane: Lane,
    /// Why an officer is asked.
    pub reasons: Vec<Reason>,
    /// What kept the machine from answering.
    pub failure: Option<Failure>,
    /// Who it may be.
    pub passenger: Option<KnownView>,
    /// The officer who took it up.
    pub officer: Option<String>,
    /// The machine has confirmed who it is: an officer says what follows.
    pub verified: bool,
    /// Referred to a second inspection.
    pub secondary: bool,
    /// What the traveller asks for.
    pub wish: Wish,
    /// How many chose together with them, themselves among them: a family, a guardian with children.
    pub together: u64,
}

/// What a traveller asks for, in an officer's words.
pub(super) fn wishes(wish: Wish) -> impl Iterator<Item = &'static str> {
    let booth = wish.private_booth.then_some("private booth");
    let officer = wish.same_sex_officer.then_some("same-sex officer");
    booth.into_iter().chain(officer)
}

/// Someone who boarded.
pub struct BoardedView {
    /// The encounter; `None` for one entered after an outage.
    pub encounter: Option<EncounterId>,
    /// Who.
    pub passenger: PassengerId,
    /// Family name, then given names.
    pub name: String,
    /// The document, its number masked.
    pub document: String,
    /// When.
    pub at: Timestamp,
    /// Face or document.
    pub method: Method,
    /// Entered after an outage.
    pub entered_later: bool,
    /// The photo taken then.
    pub probe: ProbePhoto,
    /// Whether there is a reference to show beside it.
    pub has_reference: bool,
    /// Why they are held, if they are: who has boarded already is to be seen, too.
    pub held: Option<String>,
}

/// The live part of the console.
pub struct BoardView {
    /// The instant of this view; the reader's waits count from here.
    pub now: Timestamp,
    /// Where.
    pub point: PointView,
    /// Whether a designation is in force there.
    pub designated: bool,
    /// The voyage boarding there.
    pub voyage: Option<VoyageView>,
    /// Who waits for an officer, the longest waiting first.
    pub queue: Vec<WaitingView>,
    /// The card on top.
    pub card: Option<CardView>,
    /// The last who boarded, newest first.
    pub boarded: Vec<BoardedView>,
}

/// The fragment. Its regions (`data-region`) are swapped one by one.
pub fn board(view: &BoardView) -> Markup {
    let selected = view.card.as_ref().map(|card| card.encounter);
    html! {
        div .board #board data-now=(view.now) data-point=(view.point.id) data-voyage=[view.voyage.as_ref().map(|v| v.id)] {
            section .progress data-region="progress" aria-label="Voyage" { (voyage(view)) }
            section .queue data-region="queue" aria-labelledby="queue-title" {
                h2 #queue-title { "Waiting" " " span .count { (view.queue.len()) } }
                @if view.queue.is_empty() { p .muted { "Nobody." } }
                ol #queue {
                    @for waiting in &view.queue { (entry(waiting, selected, view.now)) }
                }
            }
            section .selected data-region="card" { (card(view.card.as_ref(), view.now)) }
            section .flow data-region="flow" aria-labelledby="flow-title" {
                h2 #flow-title { "Last " (Passing::at(Some(&view.point)).done()) }
                @if view.boarded.is_empty() { p .muted { "Nobody yet." } }
                ol { @for boarded in view.boarded.iter().take(10) { (passed(boarded, selected)) } }
            }
        }
    }
}

fn voyage(view: &BoardView) -> Markup {
    html! {
        @if !view.designated {
            p .alarm { "No designation is in force for " (view.point.name) ": no photo can be taken here." }
        }
        @match &view.voyage {
            None if view.point.has_watches() => p .muted { "No watch is open at " (view.point.name) "." },
            None => p .muted { "No voyage is boarding at " (view.point.name) "." },
            Some(voyage) => {
                p .voyage-name {
                    b { (voyage.title()) }
                    @match voyage.watch {
                        Some(until) => { " " span .muted { "watch until " (clock_time(until)) } }
                        None => { " " (voyage.from) " → " (voyage.to) " " span .muted { (voyage.date) } }
                    }
                    @if voyage.status != VoyageStatus::Open { " " span .tag { (status_in_words(voyage)) } }
                }
                (progress(&voyage.progress, Passing::at(Some(&view.point))))
            }
        }
    }
}

/// What whoever is through has done, by where they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// Boarded a voyage, of those on its manifest.
    Boards,
    /// Was admitted, of those on the manifests of what lands.
    Enters,
    /// Was admitted where nobody is expected by name.
    EntersUnlisted,
    /// Crossed outwards where nobody is expected by name.
    Leaves,
}

impl Passing {
    /// What it is at a point; where none is open yet, voyages board.
    pub(super) fn at(point: Option<&PointView>) -> Self {
        let expects = point.and_then(|point| point.kind.expects(point.direction).zip(Some(point.direction)));
        match expects {
            Some((Expects::Arrivals, _)) => Self::Enters,
            Some((Expects::Documents, Direction::Entry)) => Self::EntersUnlisted,
            Some((Expects::Documents, Direction::Exit)) => Self::Leaves,
            Some((Expects::Voyage, _)) | None => Self::Boards,
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Boards => "boarded",
            Self::Enters | Self::EntersUnlisted => "admitted",
            Self::Leaves => "crossed",
        }
    }

    /// How many are through, of how many where they are known before.
    fn in_words(self, through: u32, expected: u32) -> String {
        let (through, expected) = (grouped(through.into()), grouped(expected.into()));
        match self {
            Self::Boards | Self::Enters => format!("{through} of {expected} {}", self.done()),
            Self::EntersUnlisted | Self::Leaves => format!("{through} {}", self.done()),
        }
    }
}

/// Where a voyage or a watch is in its life, in a word.
pub(super) fn status_in_words(voyage: &VoyageView) -> &'static str {
    match voyage.status {
        VoyageStatus::Scheduled => "scheduled",
        VoyageStatus::Open if voyage.watch.is_some() => "open",
        VoyageStatus::Open => "boarding",
        VoyageStatus::Closed => "closed",
        VoyageStatus::Cancelled => "cancelled",
    }
}

/// The progress as a bar of two parts, and in numbers.
pub(super) fn progress(progress: &Progress, passing: Passing) -> Markup {
    let through = progress.by_face + progress.by_document;
    let whole = f64::from(progress.expected.max(through).max(1));
    let part = |n: u32| f64::from(n) / whole * 300.0;
    let (face, document) = (part(progress.by_face), part(progress.by_document));
    let label = passing.in_words(through, progress.expected);
    html! {
        svg .progress-picture viewBox="0 0 300 12" preserveAspectRatio="none" role="img" aria-label=(label) {
            rect .progress-axis width="300" height="12" {}
            rect .progress-face width=(format!("{face:.1}")) height="12" {}
            rect .progress-document x=(format!("{face:.1}")) width=(format!("{document:.1}")) height="12" {}
        }
        p .progress-words {
            b { (label) }
            span .key-face { (progress.by_face) " by face" }
            span .key-document { (progress.by_document) " by document" }
            span { (progress.waiting) " waiting" }
        }
    }
}

fn entry(waiting: &WaitingView, selected: Option<EncounterId>, now: Timestamp) -> Markup {
    let is = selected == Some(waiting.encounter);
    html! {
        li {
            button type="button" .entry data-select=(waiting.encounter) aria-current=[is.then_some("true")] {
                span .entry-head {
                    span .wait { (waiting_since(waiting.since, now)) }
                    @if waiting.together > 1 { span .tag { "one of " (waiting.together) " together" } }
                    @if waiting.secondary { span .tag { "second inspection" } }
                    @if waiting.verified { span .tag .tag-open { "verified" } }
                    @else { span .tag .tag-manual[waiting.lane == Lane::Manual] { (lane_in_words(waiting.lane)) } }
                }
                @if let Some(passenger) = &waiting.passenger { span .entry-name { (passenger.name) } }
                span .entry-why {
                    @match (waiting.reasons.first(), waiting.failure) {
                        (Some(reason), _) => {
                            (reason.in_words())
                            @if waiting.reasons.len() > 1 { " (and " (waiting.reasons.len() - 1) " more)" }
                        }
                        (None, Some(failure)) => (failure_in_words(failure)),
                        (None, None) if waiting.verified => "Known: say what follows",
                        (None, None) => "Inspect the document",
                    }
                }
                @for asked in wishes(waiting.wish) { span .tag { (asked) } }
                @if let Some(officer) = &waiting.officer { span .muted { "with " (officer) } }
            }
        }
    }
}

fn passed(boarded: &BoardedView, selected: Option<EncounterId>) -> Markup {
    let is = boarded.encounter.is_some() && boarded.encounter == selected;
    let how = match boarded.method {
        Method::FaceMatched => "face",
        Method::DocumentInspected => "document",
    };
    let thumb = |src: Option<String>, alt: String, until: Option<Timestamp>| {
        html! {
            @match src {
                Some(src) => img src=(src) alt=(alt) width="56" height="56" decoding="async" data-missing="" data-until=[until];,
                None => span .thumb-empty aria-hidden="true" {},
            }
        }
    };
    let until = match boarded.probe {
        ProbePhoto::ShownUntil(until) => Some(until),
        _ => None,
    };
    let shown = until.is_some() || boarded.probe == ProbePhoto::Kept;
    let probe = boarded.encounter.filter(|_| shown).map(|id| format!("/console/encounters/{id}/probe"));
    let reference =
        boarded.has_reference.then(|| format!("/console/passengers/{}/reference", boarded.passenger));
    html! {
        li data-passenger=(boarded.passenger) {
            button type="button" .passed data-select=[boarded.encounter] disabled[boarded.encounter.is_none()]
                aria-current=[is.then_some("true")] {
                span .thumbs {
                    (thumb(probe, format!("Photo taken at boarding of {}", boarded.name), until))
                    (thumb(reference, format!("Reference portrait of {}", boarded.name), None))
                }
                span .passed-words {
                    @if let Some(reason) = &boarded.held { span .held { span .tag .tag-off { "held" } " " (reason) } }
                    span .entry-name { (boarded.name) }
                    span .muted { (boarded.document) }
                    span .muted {
                        (clock_time(boarded.at)) " · by " (how)
                        @if boarded.entered_later { " · entered later" }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::a_board;

    #[test]
    fn every_region_is_there_even_when_nobody_is() {
        let mut view = a_board();
        view.queue.clear();
        view.boarded.clear();
        view.card = None;
        view.voyage = None;
        let html = board(&view).into_string();
        for region in ["progress", "queue", "card", "flow"] {
            assert_eq!(html.matches(&format!("data-region=\"{region}\"")).count(), 1, "{region}");
        }
    }

    #[test]
    fn the_selected_entry_is_marked_for_who_cannot_see() {
        let html = board(&a_board()).into_string();
        assert_eq!(html.matches(r#"class="entry""#).count(), 2);
        assert_eq!(html.matches(r#"aria-current="true""#).count(), 1);
    }

    #[test]
    fn a_watch_is_called_by_its_point_and_who_enters_is_admitted() {
        let mut view = a_board();
        let voyage = view.voyage.as_mut().unwrap();
        voyage.name = "Hall A 20:31:49.769".into();
        voyage.watch = Some(Timestamp::UNIX_EPOCH);
        (view.point.kind, view.point.direction) = (PointKind::ArrivalHall, Direction::Entry);
        let html = board(&view).into_string();
        assert!(
            html.contains("<b>Hall A</b>")
                && html.contains("of 200 admitted")
                && html.contains("Last admitted")
        );
    }

    #[test]
    fn a_point_without_designation_says_so() {
        let mut view = a_board();
        view.designated = false;
        assert!(board(&view).into_string().contains("No designation is in force for JFK B22"));
    }

    #[test]
    fn more_boarded_than_expected_does_not_overflow_the_bar() {
        let more = Progress { expected: 2, by_face: 3, by_document: 1, waiting: 0 };
        let html = progress(&more, Passing::Boards).into_string();
        assert!(html.contains(r#"width="225.0""#) && html.contains(r#"x="225.0" width="75.0""#), "{html}");
    }

    #[test]
    fn a_point_says_what_people_do_there() {
        let mut view = a_board();
        assert!(board(&view).into_string().contains("Last boarded"));
        for (kind, direction, says) in [
            (PointKind::ArrivalHall, Direction::Entry, " admitted"),
            (PointKind::Marina, Direction::Entry, " admitted"),
            (PointKind::VehicleLane, Direction::Exit, " crossed"),
        ] {
            (view.point.kind, view.point.direction) = (kind, direction);
            let html = board(&view).into_string();
            assert!(html.contains(&format!("Last{says}")) && !html.contains(" boarded"), "{kind:?}");
        }
        assert_eq!(Passing::Leaves.in_words(3, 0), "3 crossed", "nobody was expected by name");
    }

    #[test]
    fn a_photo_that_was_not_kept_is_not_asked_for() {
        let mut view = a_board();
        view.card = None;
        for boarded in &mut view.boarded {
            boarded.probe = ProbePhoto::Gone;
        }
        assert!(!board(&view).into_string().contains("/probe"));
    }

    #[test]
    fn a_photo_that_is_not_kept_says_on_every_picture_until_when() {
        let mut view = a_board();
        view.card = None;
        let until: Timestamp = "2026-11-23T14:04:00Z".parse().unwrap();
        view.boarded.truncate(1);
        view.boarded[0].probe = ProbePhoto::ShownUntil(until);
        let html = board(&view).into_string();
        assert_eq!(html.matches("/probe").count(), 1);
        assert_eq!(html.matches(r#"data-until="2026-11-23T14:04:00Z""#).count(), 1);
    }
}
