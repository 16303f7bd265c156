//! `/supervisor`: every voyage with its progress, and what declining costs in waiting, side by side.

use super::board::{Passing, PointView, VoyageView, progress, status_in_words};
use super::layout::{Head, Section, Viewer, bar, clock_time, document, table_frame};
use super::parity::{ParityView, alarms, queues};
use super::records::{LateRecall, late_recalls};
use super::second_look::{DisputesView, disputes, shares};
use crate::service::Halted;
use jiff::{Timestamp, civil::DateTime};
use maud::{Markup, html};
use portunus_core::accuracy::traffic::DeskTimes;
use portunus_core::encounter::LaneWaits;
use portunus_core::parity::PEOPLE_MIN;
use portunus_core::voyage::VoyageStatus;

/// The manual lane's wait may be at most this many times the photo lane's, at the 95th percentile (DESIGN
/// section 5).
pub const WAIT_RATIO_MAX: f64 = portunus_core::parity::RATIO;

/// One voyage as a supervisor sees it.
pub struct VoyageRow {
    /// The voyage and its progress.
    pub voyage: VoyageView,
    /// Scheduled departure, local to the port.
    pub departs: Option<DateTime>,
    /// Expected passengers without any reference portrait.
    pub without_reference: u32,
    /// The points where it boards.
    pub boards_at: Vec<PointView>,
    /// The points that are designated where it may board.
    pub may_board_at: Vec<PointView>,
    /// Who declined and waits for an officer.
    pub declined_waiting: u64,
    /// Waits of those who chose the photo.
    pub photo: LaneWaits,
    /// Waits of those who chose no photo.
    pub manual: LaneWaits,
    /// An officer's time with who was confirmed before, and with the others.
    pub desk: [DeskTimes; 2],
}

/// The page.
pub struct SupervisorView {
    /// Who looks.
    pub viewer: Viewer,
    /// The instant of this view.
    pub now: Timestamp,
    /// Disputes of second looks, and how much is sampled.
    pub second_looks: DisputesView,
    /// Why nothing is erased; `None` when all is well.
    pub erasing_halted: Option<Halted>,
    /// What declining costs in time, by point.
    pub parity: ParityView,
    /// Recalls that recipients of copies should have acknowledged by now.
    pub late_recalls: Vec<LateRecall>,
    /// The points that are designated and work in watches.
    pub watched: Vec<PointView>,
    /// Voyages, the next departure first.
    pub voyages: Vec<VoyageRow>,
}

/// What the manual lane costs, p95 of the time until attended to, as a multiple of the photo lane's; `None`
/// while one lane has nobody, or the photo lane waited less than a second, where a ratio says nothing.
pub fn wait_ratio(photo: &LaneWaits, manual: &LaneWaits) -> Option<f64> {
    let enough = photo.people > 0 && manual.people > 0 && photo.waited_p95_ms >= 1000;
    enough.then(|| manual.waited_p95_ms as f64 / photo.waited_p95_ms as f64)
}

/// The page. Who may not enter the console (an auditor) reads, and opens and closes nothing.
pub fn supervisor(view: &SupervisorView) -> Markup {
    let may_act = view.viewer.sections.contains(&Section::Console);
    let body = html! {
        (bar(&view.viewer, Section::Supervisor, &html! {}))
        p #lost .alarm role="alert" hidden { "Connection lost. What you see may be old." }
        main #main .sheet tabindex="-1" {
            div data-region="erasing" role="alert" {
                @if let Some(halted) = view.erasing_halted { p .alarm { (halted.in_words()) } }
            }
            div data-region="parity" role="alert" { (alarms(&view.parity)) }
            div data-region="recalls" role="alert" { (late_recalls(&view.late_recalls)) }
            div data-region="disputes" role="alert" { (disputes(&view.second_looks, may_act)) }
            h1 { "Voyages" }
            p #said .said role="status" aria-live="polite" {}
            div data-region="watches" { (open_a_watch(view, may_act)) }
            // By itself: what changes with every second replaces no control of the voyages.
            div data-region="as-of" { p .muted .as-of { "As of " (clock_time(view.now)) } }
            div data-region="voyages" {
                @if view.voyages.is_empty() {
                    p .big .empty { "No voyage is known. Voyages come with a carrier's passenger list (PAXLST)." }
                }
                @for row in &view.voyages { (voyage(row, may_act)) }
            }
            @if may_act {
                section .references aria-labelledby="references-title" {
                    h2 #references-title { "Reference portraits" }
                    p .muted { "One at a time, by the document they belong to; whole flights come by " code { "portunus references import" } "." }
                    (new_reference())
                }
            }
            div data-region="queues" { (queues(&view.parity)) }
            div data-region="shares" { (shares(&view.second_looks.shares, may_act)) }
        }
    };
    let head =
        Head { title: "Supervisor", sheets: &["base.css", "supervisor.css"], module: Some("supervisor.js") };
    document(&head, "supervisor-page", &body)
}

/// Halls, lanes and marinas open for some hours. Those that are open already are among the voyages.
fn open_a_watch(view: &SupervisorView, may_act: bool) -> Markup {
    let open = |point: &PointView| {
        view.voyages.iter().any(|row| {
            row.voyage.status == VoyageStatus::Open && row.boards_at.iter().any(|at| at.id == point.id)
        })
    };
    let shut: Vec<&PointView> = view.watched.iter().filter(|p| !open(p)).collect();
    html! {
        @if may_act && !shut.is_empty() {
            form .inline #open-watch data-open-watch {
                label for="watch-point" { "Open a watch at" }
                select #watch-point name="point" {
                    @for point in shut { option value=(point.id) { (point.name) " (" (point.kind.in_words()) ")" } }
                }
                label for="watch-hours" { "for hours" }
                input #watch-hours name="hours" type="number" min="1" max="24" value="12" required;
                button type="submit" .primary { "Open" }
            }
        }
    }
}

fn voyage(row: &VoyageRow, may_act: bool) -> Markup {
    let voyage = &row.voyage;
    html! {
        article .voyage #{ "voyage-" (voyage.id) } data-voyage=(voyage.id) aria-labelledby={ "title-" (voyage.id) } {
            header .voyage-head {
                h2 #{ "title-" (voyage.id) } {
                    (voyage.title()) " "
                    @if voyage.watch.is_none() { span .route { (voyage.from) " → " (voyage.to) } }
                }
                p {
                    @match row.departs {
                        _ if voyage.watch.is_some() => {
                            "watch until " (voyage.watch.map_or_else(String::new, |until| until.strftime("%Y-%m-%d %H:%MZ").to_string()))
                        }
                        Some(at) => (at.strftime("%Y-%m-%d, departs %H:%M").to_string()),
                        None => (voyage.date),
                    }
                    " " span .tag .tag-open[voyage.status == VoyageStatus::Open] { (status_in_words(voyage)) }
                    @for point in &row.boards_at { " " span .tag { (point.name) } }
                }
                @if may_act { (actions(row)) }
            }
            div .voyage-body {
                section .voyage-progress aria-label={ "Progress of " (voyage.name) } {
                    (progress(&voyage.progress, Passing::at(row.boards_at.first())))
                    @if row.without_reference > 0 {
                        p .muted { (row.without_reference) " of the passengers have no reference portrait: an officer will see them." }
                    }
                }
                (waits(&voyage.name, &row.photo, &row.manual))
                @if voyage.watch.is_some() { (at_the_desk(row.desk)) }
            }
        }
    }
}

fn new_reference() -> Markup {
    html! {
        details .new {
            summary { "Add a portrait" }
            form .fields data-upload="/api/admin/v1/references" {
                label for="reference-issuer" { "Issuing state, as in the MRZ" }
                input #reference-issuer name="issuer" required maxlength="3" autocomplete="off" placeholder="UTO";
                label for="reference-kind" { "Kind of document, as in the MRZ" }
                input #reference-kind name="kind" required maxlength="2" autocomplete="off" value="P";
                label for="reference-number" { "Number" }
                input #reference-number name="number" required maxlength="35" autocomplete="off" spellcheck="false";
                label for="reference-portrait" { "Portrait, JPEG or PNG: a file, or taken now" }
                input #reference-portrait name="portrait" type="file" required accept="image/jpeg,image/png";
                button type="submit" .primary { "Add" }
            }
        }
    }
}

fn actions(row: &VoyageRow) -> Markup {
    let voyage = &row.voyage;
    let may_open =
        matches!(voyage.status, VoyageStatus::Scheduled | VoyageStatus::Open) && voyage.watch.is_none();
    let elsewhere = |p: &&PointView| !row.boards_at.iter().any(|at| at.id == p.id);
    let free: Vec<&PointView> = row.may_board_at.iter().filter(elsewhere).collect();
    html! {
        div .actions {
            @if may_open && !free.is_empty() {
                form .inline data-open-voyage=(voyage.id) {
                    label for={ "at-" (voyage.id) } { "Open boarding at" }
                    select #{ "at-" (voyage.id) } name="point" { @for point in &free { option value=(point.id) { (point.name) } } }
                    button type="submit" .primary { "Open" }
                }
            }
            @if voyage.status == VoyageStatus::Closed && voyage.watch.is_none() {
                button type="button" .quiet data-return-voyage=(voyage.id) data-name=(voyage.name) { "It came back…" }
            }
            @if voyage.status == VoyageStatus::Open {
                @for from in row.boards_at.iter().filter(|_| voyage.watch.is_none()) {
                    @let alike: Vec<&PointView> = free.iter().copied().filter(|p| p.kind == from.kind && p.direction == from.direction).collect();
                    @if !alike.is_empty() {
                        form .inline data-move-voyage=(voyage.id) data-from=(from.id) {
                            label for={ "to-" (voyage.id) "-" (from.id) } { "Go on at" }
                            select #{ "to-" (voyage.id) "-" (from.id) } name="to" { @for point in alike { option value=(point.id) { (point.name) } } }
                            button type="submit" .quiet { "Move from " (from.name) }
                        }
                    }
                }
                button type="button" .quiet data-close-voyage=(voyage.id) data-name=(voyage.title()) data-declined=(row.declined_waiting) data-watch[voyage.watch.is_some()] aria-label={ @if voyage.watch.is_some() { "Close the watch at " } @else { "Close boarding of " } (voyage.title()) } { @if voyage.watch.is_some() { "Close the watch…" } @else { "Close boarding…" } }
            }
        }
    }
}

/// What cameras before the booth save: an officer's seconds with and without.
fn at_the_desk([verified, unverified]: [DeskTimes; 2]) -> Markup {
    let cell = |of: DeskTimes| match of.seconds_p50 {
        Some(seconds) => format!("{seconds:.0} s, {} people", of.people),
        None => "nobody yet".to_owned(),
    };
    html! {
        p .muted .desk {
            "An officer’s time with each (p50): " b { (cell(verified)) } " confirmed before the booth, "
            b { (cell(unverified)) } " not."
        }
    }
}

pub(super) fn seconds(ms: u64) -> String {
    match ms {
        0..10_000 => format!("{:.1} s", ms as f64 / 1000.0),
        10_000..120_000 => format!("{} s", ms.div_ceil(1000)),
        _ => format!("{} min {} s", ms / 60_000, ms / 1000 % 60),
    }
}

fn waits(voyage: &str, photo: &LaneWaits, manual: &LaneWaits) -> Markup {
    let longest = photo.waited_p95_ms.max(manual.waited_p95_ms).max(1);
    let lane = |name: &str, lane: &LaneWaits| {
        html! {
            tr {
                th scope="row" { (name) span .muted { " · " (lane.people) } }
                @if lane.people == 0 { td colspan="5" .muted { "nobody yet" } }
                @else {
                    td .bars { (wait_bars(lane, longest)) }
                    td .number { (seconds(lane.waited_p50_ms)) }
                    td .number { b { (seconds(lane.waited_p95_ms)) } }
                    td .number .muted { (seconds(lane.passed_p50_ms)) }
                    td .number .muted { (seconds(lane.passed_p95_ms)) }
                }
            }
        }
    };
    let table = html! {
        table {
            thead {
                tr { th rowspan="2" scope="col" { "Choice" } th rowspan="2" scope="col" { span .hidden-words { "Wait as a picture" } }
                    th colspan="2" scope="colgroup" { "waited until attended to" } th colspan="2" scope="colgroup" { "until through" } }
                tr { th scope="col" { "p50" } th scope="col" { "p95" } th scope="col" { "p50" } th scope="col" { "p95" } }
            }
            tbody { (lane("Photo", photo)) (lane("No photo", manual)) }
        }
    };
    html! {
        div .waits {
            (table_frame(&format!("Waits of both choices, {voyage}"), &table))
            (verdict(photo, manual))
        }
    }
}

fn wait_bars(lane: &LaneWaits, longest: u64) -> Markup {
    let width = |ms: u64| format!("{:.1}", ms as f64 / longest as f64 * 200.0);
    html! {
        svg .wait-picture viewBox="0 0 200 16" preserveAspectRatio="none" aria-hidden="true" {
            rect .wait-p95 width=(width(lane.waited_p95_ms)) y="2" height="12" {}
            rect .wait-p50 width=(width(lane.waited_p50_ms)) y="2" height="12" {}
        }
    }
}

fn verdict(photo: &LaneWaits, manual: &LaneWaits) -> Markup {
    html! {
        @match wait_ratio(photo, manual) {
            None => p .muted { "No ratio yet: it needs people in both lanes, and a wait of a second or more. The limit is " (WAIT_RATIO_MAX) "×." },
            Some(ratio) if photo.people.min(manual.people) < PEOPLE_MIN => {
                p .ratio { "No photo waits " b { (format!("{ratio:.1}×")) } " as long as photo so far (p95), of " (photo.people) " and " (manual.people) " people: too few to judge by. The limit is " (WAIT_RATIO_MAX) "×." }
            }
            Some(ratio) if ratio <= WAIT_RATIO_MAX => {
                p .ratio .within { "No photo waits " b { (format!("{ratio:.1}×")) } " as long as photo (p95). Within the limit of " (WAIT_RATIO_MAX) "×." }
            }
            Some(ratio) => {
                p .ratio .over role="note" { "No photo waits " b { (format!("{ratio:.1}×")) } " as long as photo (p95). Over the limit of " (WAIT_RATIO_MAX) "×: open another document desk." }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::a_supervisor;

    fn waited(people: u64, p95: u64) -> LaneWaits {
        LaneWaits {
            people,
            waited_p50_ms: p95 / 2,
            waited_p95_ms: p95,
            passed_p50_ms: p95,
            passed_p95_ms: p95,
        }
    }

    #[test]
    fn a_ratio_needs_both_lanes() {
        assert_eq!(wait_ratio(&waited(3, 2000), &waited(0, 0)), None);
        assert_eq!(wait_ratio(&waited(3, 400), &waited(2, 9000)), None);
        assert_eq!(wait_ratio(&waited(3, 2000), &waited(2, 3000)), Some(1.5));
    }

    #[test]
    fn a_manual_lane_over_the_limit_is_said_in_words() {
        let said =
            |people, manual| waits("PX300", &waited(people, 10_000), &waited(70, manual)).into_string();
        assert!(said(70, 15_001).contains("Over the limit of 1.5×"));
        assert!(said(70, 15_000).contains("Within the limit of 1.5×"));
        assert!(said(9, 90_000).contains("of 9 and 70 people: too few to judge by"));
    }

    #[test]
    fn waits_read_in_the_unit_that_fits() {
        assert_eq!([0, 9_940, 12_001, 125_000].map(seconds), ["0.0 s", "9.9 s", "13 s", "2 min 5 s"]);
    }

    #[test]
    fn only_an_open_voyage_can_be_closed() {
        let mut view = a_supervisor();
        assert!(supervisor(&view).into_string().contains("data-close-voyage"));
        view.viewer.sections = vec![Section::Supervisor];
        assert!(!supervisor(&view).into_string().contains("data-close-voyage"), "an auditor only reads");
        view.viewer.sections = Section::ALL.to_vec();
        for row in &mut view.voyages {
            row.voyage.status = VoyageStatus::Closed;
        }
        let html = supervisor(&view).into_string();
        assert!(!html.contains("data-close-voyage") && !html.contains("data-open-voyage"));
    }
}
