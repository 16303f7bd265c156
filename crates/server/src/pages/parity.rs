//! What declining costs in time, for the supervisor: an alarm with the figures and the officers that would mend it.

use super::layout::table_frame;
use super::supervisor::seconds;
use crate::service::{LeftWaiting, PointParity};
use maud::{Markup, html};
use portunus_core::parity::{Figures, Judgement, PEOPLE_MIN, RATIO, Shortfall, Staffing, Which};

/// Both choices at every designated point, and boardings that were closed with people waiting.
#[derive(Default)]
pub struct ParityView {
    /// By point.
    pub points: Vec<PointParity>,
    /// Of the last hours.
    pub left_waiting: Vec<LeftWaiting>,
}

/// What a supervisor is to do something about now; nothing when all is well.
pub(super) fn alarms(view: &ParityView) -> Markup {
    html! {
        @for left in &view.left_waiting {
            p .alarm {
                (people(left.people)) " who declined the photo still waited for an officer when boarding of " (left.voyage) " was closed. "
                "Nobody may miss a voyage for declining: find out whether they did."
            }
        }
        @for point in view.points.iter().filter(|point| point.is_alarm()) {
            p .alarm data-parity=(point.point) {
                b { (point.name) ": who declines waits too long. " }
                @if point.over_ceiling > 0 {
                    (people(point.over_ceiling)) (if point.over_ceiling == 1 { " waits" } else { " wait" }) " longer than the " (seconds(u64::from(point.ceiling_seconds) * 1000)) " that the designation promises. "
                }
                @if let Judgement::FallsShort { figures, shortfalls } = &point.judgement {
                    @for short in shortfalls { (in_words(figures, short)) " " }
                }
                (mend(point.staffing.as_ref(), point.officers))
            }
        }
    }
}

fn people(people: u64) -> String {
    if people == 1 { "1 person".to_owned() } else { format!("{people} people") }
}

fn in_words(figures: &Figures, short: &Shortfall) -> String {
    let what = match short.which {
        Which::Ratio => format!("{RATIO} times the camera's"),
        Which::Ceiling => "the designation's ceiling".to_owned(),
    };
    format!(
        "Nineteen in twenty of {} who declined waited up to {}; promised are {} ({what}).",
        figures.manual_people,
        seconds(short.measured_ms),
        seconds(short.limit_ms),
    )
}

/// The officers that would mend it.
fn mend(staffing: Option<&Staffing>, officers: u32) -> Markup {
    html! {
        @match staffing {
            Some(staffing) if staffing.officers > officers => {
                b { (officers_in_words(staffing.officers)) " at the document desk would mend it" }
                " (" (format!("{:.0}", staffing.demand.arrivals_per_hour)) " people an hour, " (seconds((staffing.demand.service_seconds * 1000.0) as u64))
                " each: nineteen in twenty would wait up to " (seconds((staffing.p95_seconds * 1000.0) as u64)) "); " (officers) " served in the last hour."
            }
            Some(staffing) => {
                (officers_in_words(staffing.officers)) " would be enough for who comes, and " (officers) " served in the last hour: "
                "see whether they were there all the time, and where the queue stands."
            }
            None => "Too little is known of who comes to say how many officers would mend it: open another document desk.",
        }
    }
}

fn officers_in_words(officers: u32) -> String {
    if officers == 1 { "1 officer".to_owned() } else { format!("{officers} officers") }
}

/// Every point with its figures.
pub(super) fn queues(view: &ParityView) -> Markup {
    html! {
        @if !view.points.is_empty() {
            section .queues aria-labelledby="queues-title" {
                h2 #queues-title { "What declining costs in time" }
                (table_frame("What declining costs in time, by crossing point", &html! { table {
                    thead { tr {
                        th scope="col" { "Crossing point" } th scope="col" { "Promise" }
                        th scope="col" .number { "no photo, p95" } th scope="col" .number { "photo, p95" }
                        th scope="col" .number { "promised" } th scope="col" .number { "waiting now" } th scope="col" .number { "the longest" }
                        th scope="col" .number { "officers needed" }
                    } }
                    tbody { @for point in &view.points { (row(point)) } }
                } }))
                p .muted {
                    "Promised: at most " (RATIO) " times what nineteen in twenty wait for the camera, held to the best that it has shown in two years, "
                    "and at most the designation's ceiling. Something is said from " (PEOPLE_MIN) " people of each choice on."
                }
            }
        }
    }
}

fn row(point: &PointParity) -> Markup {
    let figures = point.judgement.figures();
    let time = |ms: Option<u64>| ms.map_or_else(|| "–".to_owned(), seconds);
    html! {
        tr {
            th scope="row" { (point.name) }
            td { (judgement_in_words(&point.judgement)) }
            td .number { (time(figures.manual_p95_ms)) span .muted { " · " (figures.manual_people) } }
            td .number { (time(figures.photo_p95_ms)) span .muted { " · " (figures.photo_people) } }
            td .number { (seconds(figures.limit_ms)) }
            td .number { (point.waiting) }
            td .number { (seconds(point.longest_ms)) }
            td .number { @match &point.staffing { Some(staffing) => (staffing.officers), None => "–" } }
        }
    }
}

/// A judgement in a word or two.
pub(super) fn judgement_in_words(judgement: &Judgement) -> &'static str {
    match judgement {
        Judgement::TooFewToSay(_) => "too few to say",
        Judgement::Met(_) => "kept",
        Judgement::FallsShort { .. } => "falls short",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use portunus_core::id::PointId;
    use portunus_core::parity::{Demand, Measured, Waits, judge};

    fn point(manual_seconds: u64) -> PointParity {
        let waits = |seconds: u64| (0..120).map(|n| (seconds + n % 5) * 1000).collect::<Waits>();
        let (manual, photo) = (waits(manual_seconds), waits(60));
        let measured = Measured { manual: &manual, photo: &photo, record_ms: None, ceiling_ms: 600_000 };
        let demand = Demand { arrivals_per_hour: 60.0, service_seconds: 90.0 };
        PointParity {
            point: PointId::from_bytes([1; 16]),
            name: "JFK B22".into(),
            ceiling_seconds: 600,
            measured_by: "gate",
            judgement: judge(&measured),
            waiting: 3,
            over_ceiling: 0,
            longest_ms: 240_000,
            officers: 1,
            staffing: demand.officers_for(90.0),
        }
    }

    /// A point that falls short, and a boarding that was closed with people waiting.
    pub(in crate::pages) fn a_shortfall() -> ParityView {
        let at = "2026-11-23T12:00:00Z".parse().unwrap();
        let left = LeftWaiting { voyage: "LH400".into(), people: 2, at };
        ParityView { points: vec![point(400)], left_waiting: vec![left] }
    }

    #[test]
    fn an_alarm_says_what_was_measured_and_what_would_mend_it() {
        let view = ParityView { points: vec![point(400)], left_waiting: Vec::new() };
        let html = alarms(&view).into_string();
        assert!(html.contains("JFK B22: who declines waits too long."), "{html}");
        assert!(
            html.contains("of 120 who declined waited up to 7 min")
                && html.contains("1.5 times the camera's"),
            "{html}"
        );
        assert!(html.contains("4 officers at the document desk would mend it"), "{html}");
    }

    #[test]
    fn nobody_is_alarmed_while_the_promise_is_kept_or_too_few_have_passed() {
        let mut kept = point(60);
        assert!(
            alarms(&ParityView { points: vec![kept.clone()], left_waiting: Vec::new() })
                .into_string()
                .is_empty()
        );
        // But whoever stands there past the ceiling is not told to wait until there are enough of them.
        kept.over_ceiling = 1;
        let html = alarms(&ParityView { points: vec![kept], left_waiting: Vec::new() }).into_string();
        assert!(html.contains("1 person waits longer than the 10 min 0 s"), "{html}");
    }

    #[test]
    fn people_left_waiting_are_a_number_and_a_voyage() {
        let html = alarms(&ParityView { points: Vec::new(), ..a_shortfall() }).into_string();
        assert!(
            html.contains("2 people who declined the photo still waited") && html.contains("LH400"),
            "{html}"
        );
    }
}
