//! `/supervisor/accuracy`: how often the machine errs at each port, with intervals, counts and people per day.

use super::layout::{Head, Section, Viewer, bar, document, grouped, table_frame};
use crate::service::report::{
    AccuracyReport, CellFigures, DimensionFigures, PackFigures, RateFigure, Share, percent,
};
use maud::{Markup, html};
use portunus_core::accuracy::{Dimension, Interval};

/// The page.
pub struct AccuracyView {
    /// Who looks.
    pub viewer: Viewer,
    /// The figures, with what is too small withheld already.
    pub report: AccuracyReport,
    /// The volume that the reader asked for.
    pub per_day: Option<u64>,
}

/// The picture's width in its own units.
const WIDTH: f64 = 240.0;
/// Where the axis is marked, as rates.
const TICKS: [f64; 7] = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0];

/// The page.
pub fn accuracy(view: &AccuracyView) -> Markup {
    let report = &view.report;
    let body = html! {
        (bar(&view.viewer, Section::Accuracy, &html! {}))
        main #main .sheet tabindex="-1" {
            h1 { "Accuracy" }
            p .lead {
                "How often the machine errs here, from travellers whose identity was settled. Each rate stands with the number of people "
                "behind it and the range in which the true rate lies with 95 % confidence. Groups of fewer than "
                (report.people_min) " people are not shown."
            }
            (volume(view.per_day))
            @if report.ports.is_empty() {
                p .big .empty { "Nobody was photographed yet: there is nothing to report." }
            }
            @for port in &report.ports {
                section .port aria-labelledby={ "port-" (port.port) } {
                    h2 #{ "port-" (port.port) } { "Port " (port.port) }
                    p .muted {
                        "Photographed on " (grouped(port.days)) @if port.days == 1 { " day" } @else { " days" }
                        @if let Some(people) = port.travellers_per_day {
                            @if view.per_day.is_some() { "; reckoned for " } @else { "; on average " }
                            (grouped(people)) " travellers a day"
                        }
                        "."
                    }
                    @for figures in &port.packs { (pack(&port.port, figures)) }
                }
            }
            section .notes aria-labelledby="notes-title" {
                h2 #notes-title { "Before you believe it" }
                ul { @for note in &report.notes { li { (note) } } }
                p .muted { "As of " (report.as_of) }
            }
        }
    };
    let head =
        Head { title: "Accuracy", sheets: &["base.css", "supervisor.css", "report.css"], module: None };
    document(&head, "report-page", &body)
}

fn volume(per_day: Option<u64>) -> Markup {
    html! {
        form .volume method="get" action="/supervisor/accuracy" {
            label for="per-day" { "People a day for so many travellers" }
            input #per-day type="number" name="per_day" min="1" max="10000000" inputmode="numeric"
                value=[per_day] placeholder="as measured" aria-describedby="per-day-hint";
            button type="submit" { "Reckon" }
            span #per-day-hint .muted { "Left empty: the port's own average" }
        }
    }
}

fn pack(port: &str, figures: &PackFigures) -> Markup {
    let name = if figures.pack.is_empty() { "no model answered" } else { &figures.pack };
    let id = format!("{port}-{}", name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
    html! {
        article .pack aria-labelledby={ "pack-" (id) } {
            h3 #{ "pack-" (id) } { "Model pack " (name) }
            @match figures.travellers {
                None => p { "Fewer than 10 travellers were photographed: no figure is shown." },
                Some(people) => {
                    p .muted { b { (grouped(people)) } " travellers chose the photo." }
                    (totals(&figures.rates))
                    @let words: Vec<&str> = figures.rates.iter().filter_map(|rate| rate.in_words.as_deref()).collect();
                    @if !words.is_empty() {
                        h4 { "In people a day" }
                        ul .in-words { @for sentence in words { li { (sentence) } } }
                    }
                    div .tellings {
                        (shares("Why they were sent to an officer", "One traveller may have been for several reasons.", &figures.sent_for))
                        (shares("Nobody settled who it was", "They are in no rate of recognition.", &figures.unsettled))
                    }
                    @if figures.devices.len() > 1 { (cells("By device", "Device", &figures.devices)) }
                    @for dimension in &figures.groups { (group(dimension)) }
                }
            }
        }
    }
}

fn totals(rates: &[RateFigure]) -> Markup {
    let top = scale(rates.iter());
    html! {
        (table_frame("Rates", &html! {
            table .rates {
                caption .hidden-words { "Each rate with its 95 % interval, the people behind it, and people a day" }
                thead { tr {
                    th scope="col" { "Rate" } th scope="col" { span .hidden-words { "As a picture" } (axis(top)) }
                    th scope="col" { "Rate, 95 % interval" } th scope="col" { "Counted" } th scope="col" { "People a day" }
                } }
                tbody { @for rate in rates { tr {
                    th scope="row" { (rate.name) br; span .muted .of { "of " (rate.of) } }
                    td .picture { (whisker(rate.interval.as_ref(), top)) }
                    td { (value(rate)) }
                    td .number { (counted(rate)) }
                    td .number {
                        @if let Some(people) = rate.per_day {
                            b { (grouped(people.people)) } span .range { " (" (grouped(people.low)) " to " (grouped(people.high)) ")" }
                        } @else { span .muted { "–" } }
                    }
                } } }
            }
        }))
    }
}

fn value(rate: &RateFigure) -> Markup {
    html! {
        @match (&rate.interval, rate.withheld) {
            (Some(of), _) => { b { (percent(of.estimate)) } span .range { " (" (percent(of.low)) " to " (percent(of.high)) ")" } }
            (None, Some(why)) => span .muted { (why) },
            (None, None) => span .muted { "–" },
        }
    }
}

fn counted(rate: &RateFigure) -> Markup {
    html! {
        @match (rate.events, rate.trials) {
            (Some(events), Some(trials)) => { (grouped(events)) " of " (grouped(trials)) },
            (None, Some(trials)) => { "of " (grouped(trials)) },
            _ => span .muted { "–" },
        }
    }
}

fn shares(title: &str, hint: &str, shares: &[Share]) -> Markup {
    html! {
        @if !shares.is_empty() {
            section .share {
                h4 { (title) }
                p .muted { (hint) }
                dl { @for share in shares {
                    div { dt { (share.name) } dd .number {
                        @match share.people { Some(people) => (grouped(people)), None => span .muted { "fewer than 10" } }
                    } }
                } }
            }
        }
    }
}

fn group(dimension: &DimensionFigures) -> Markup {
    let (title, column) = match dimension.dimension {
        Dimension::Sex => ("By sex, as the document declares it", "Sex"),
        Dimension::AgeBand => ("By age on the day of the voyage", "Age"),
        Dimension::IssuingState => ("By the state that issued the document", "Issued by"),
        Dimension::All => ("Everybody", "Who"),
    };
    cells(title, column, &dimension.cells)
}

fn cells(title: &str, column: &str, cells: &[CellFigures]) -> Markup {
    let names: Vec<&str> =
        cells.first().map_or(Vec::new(), |cell| cell.rates.iter().map(|rate| rate.name).collect());
    let top = scale(cells.iter().flat_map(|cell| &cell.rates));
    html! {
        section .cells {
            h4 { (title) }
            (table_frame(title, &html! {
                table .rates .groups {
                    thead { tr { th scope="col" { (column) } @for name in names { th scope="col" { (name) (axis(top)) } } } }
                    tbody { @for cell in cells { tr {
                        th scope="row" { (cell.cell) }
                        @for rate in &cell.rates { td {
                            (whisker(rate.interval.as_ref(), top))
                            div { (value(rate)) }
                            @if rate.trials.is_some() { div .muted .number { (counted(rate)) } }
                        } }
                    } } }
                }
            }))
        }
    }
}

/// Where the pictures of a table end: the first mark beyond the highest interval.
fn scale<'a>(rates: impl Iterator<Item = &'a RateFigure>) -> f64 {
    let highest = rates.filter_map(|rate| rate.interval).map(|of| of.high).fold(0.0, f64::max);
    TICKS.into_iter().find(|tick| *tick >= highest).unwrap_or(1.0)
}

/// Rates stand at their square root: what is small is seen apart, and nothing has a place.
fn at(rate: f64, top: f64) -> f64 {
    4.0 + (rate / top).clamp(0.0, 1.0).sqrt() * (WIDTH - 8.0)
}

fn axis(top: f64) -> Markup {
    let ticks: Vec<f64> = TICKS.into_iter().filter(|tick| *tick <= top).rev().take(3).collect();
    html! {
        svg .axis viewBox="0 0 240 16" aria-hidden="true" focusable="false" {
            text x="4" y="12" { "0" }
            @for tick in ticks {
                text x=(format!("{:.1}", at(tick, top))) y="12" text-anchor=[(tick < top).then_some("middle").or(Some("end"))] { (percent(tick).replace(".0", "")) }
            }
        }
    }
}

fn whisker(rate: Option<&Interval>, top: f64) -> Markup {
    let x = |rate: f64| format!("{:.1}", at(rate, top));
    html! {
        @if let Some(of) = rate {
            svg .whisker viewBox="0 0 240 16" aria-hidden="true" focusable="false" {
                line .whisker-axis x1="4" x2="236" y1="8" y2="8" {}
                line .whisker-bar x1=(x(of.low)) x2=(x(of.high)) y1="8" y2="8" {}
                line .whisker-end x1=(x(of.low)) x2=(x(of.low)) y1="3" y2="13" {}
                line .whisker-end x1=(x(of.high)) x2=(x(of.high)) y1="3" y2="13" {}
                circle .whisker-dot cx=(x(of.estimate)) cy="8" r="4" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::a_viewer;
    use crate::service::report::tests::{a_port, tallies};

    #[test]
    fn a_page_shows_no_rate_without_its_interval_and_count() {
        let report =
            crate::service::report::accuracy(&tallies(), &a_port(), None, jiff::Timestamp::UNIX_EPOCH);
        let html = accuracy(&AccuracyView { viewer: a_viewer(), report, per_day: None }).into_string();
        assert!(html.contains("<b>2.4 %</b><span class=\"range\"> (2.0 % to 2.9 %)</span>"), "{html}");
        assert!(html.contains("96 of 4,000") && html.contains("fewer than 10"));
        for rate in html
            .split("<b>")
            .skip(1)
            .filter(|rest| rest.split("</b>").next().is_some_and(|r| r.contains('%')))
        {
            assert!(rest_has_interval(rate), "{rate}");
        }
    }

    fn rest_has_interval(rest: &str) -> bool {
        rest.split("</b>").nth(1).is_some_and(|after| after.starts_with("<span class=\"range\"> ("))
    }

    #[test]
    fn a_picture_ends_beyond_its_highest_interval() {
        assert!(at(0.0, 0.1) < at(0.001, 0.1) && at(0.001, 0.1) < at(0.1, 0.1));
        assert_eq!(scale(std::iter::empty()), 0.001);
    }
}
