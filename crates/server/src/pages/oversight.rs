//! `/oversight`: what anybody may read of the service, headline figures first, in words, then every table behind them.

mod law;
mod map;
mod parity;
mod plot;
mod words;

use super::assets::asset;
use super::layout::{Head, document, grouped, mark, table_frame};
use super::supervisor::{WAIT_RATIO_MAX, seconds};
use crate::service::oversight::{FigureTable, Oversight, PeriodChoices};
use crate::service::report::{CellFigures, RateFigure, percent};
use maud::{Markup, PreEscaped, html};
use plot::{Line, trend};
use words::{WITHHELD, WITHHELD_WHY, heading, period};

pub use words::headlines;

/// The page's style sheets, by file name.
const SHEETS: [&str; 2] = ["base.css", "oversight.css"];
/// The page's sections: where each is, and how it is called.
const SECTIONS: [(&str, &str); 10] = [
    ("in-short", "In short"),
    ("choices", "Choices and waits"),
    ("parity", "Parity"),
    ("outcomes", "Outcomes"),
    ("captures", "Captures"),
    ("errors", "Errors"),
    ("erasing", "Erasing"),
    ("where", "Where"),
    ("law", "Law and models"),
    ("ledger", "The log"),
];

/// The page, as the service shows it.
pub fn oversight(report: &Oversight) -> Markup {
    let head = Head { title: "Oversight", sheets: &SHEETS, module: None };
    document(&head, "oversight-page", &body(report, true))
}

/// The page as one file that needs no other, for `portunus report --html`.
pub fn oversight_file(report: &Oversight) -> Markup {
    let style: String = SHEETS
        .iter()
        .filter_map(|name| asset(name))
        .map(|sheet| String::from_utf8_lossy(sheet.bytes))
        .collect();
    html! {
        (maud::DOCTYPE)
        html lang="en" dir="ltr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Oversight · Portunus" }
                style { (PreEscaped(style)) }
            }
            body .oversight-page { (body(report, false)) }
        }
    }
}

fn body(report: &Oversight, served: bool) -> Markup {
    html! {
        a .skip href="#main" { "Skip to the content" }
        header .bar {
            @if served { a .brand href="/" { (mark()) span { "Portunus" } } } @else { span .brand { (mark()) span { "Portunus" } } }
            nav aria-label="On this page" { @for (id, name) in SECTIONS { a href={ "#" (id) } { (name) } } }
        }
        main #main .sheet tabindex="-1" {
            h1 { "Oversight" }
            p .lead {
                "What this border crossing system does, in figures that anybody may check: who was photographed and who declined, how long "
                "both took, how often the machine erred, whether records were erased when they were due, where cameras are, and under what law. "
                "Numbers of fewer than " (report.people_min) " people are withheld, and so is whatever would tell them."
            }
            (in_short(report, served))
            (choices(report))
            (parity::parity(report))
            (outcomes(report))
            (captures(report))
            (errors(report))
            (law::erasing(report))
            (law::places(report))
            (law::law(report))
            (law::ledger(report))
            (notes(report, served))
        }
    }
}

fn section(id: &str, title: &str, content: &Markup) -> Markup {
    html! { section .part id=(id) aria-labelledby={ (id) "-title" } { h2 id={ (id) "-title" } { (title) } (content) } }
}

fn in_short(report: &Oversight, served: bool) -> Markup {
    section(
        "in-short",
        "In short",
        &html! {
            ul .headlines { @for sentence in words::headlines(report) { li { (sentence) } } }
            @if report.year.is_none() { p { "No voyage with ten travellers was closed yet: of passages nothing is published." } }
            @if served && report.years.len() > 1 {
                p .years { "Years: " @for year in &report.years {
                    a href={ "/oversight?year=" (year) } aria-current=[(report.year.as_ref() == Some(year)).then_some("page")] { (year) } " "
                } }
            }
        },
    )
}

/// A table with what it is about in its caption; a wide one scrolls, by keyboard, too.
fn frame(caption: &str, table: &Markup) -> Markup {
    html! {
        div .framed {
            (table_frame(caption, &html! { table .figures { caption { span { (caption) } } (table) } }))
            @if table.0.contains(WITHHELD) { p .muted .why { (WITHHELD_WHY) } }
        }
    }
}

fn cell(value: Option<u64>) -> Markup {
    html! { @match value { Some(value) => (grouped(value)), None => span .withheld { (WITHHELD) } } }
}

/// A table of numbers with its totals; `corner` says what the rows are.
fn numbers(caption: &str, corner: &str, table: &FigureTable) -> Markup {
    if table.rows.is_empty() || table.columns.is_empty() {
        return html! { p .muted { (caption) ": nothing to show." } };
    }
    frame(
        caption,
        &html! {
            thead { tr {
                th scope="col" { (corner) }
                @for column in &table.columns { th scope="col" .number { (heading(column)) } }
                th scope="col" .number { "All" }
            } }
            tbody { @for (at, row) in table.rows.iter().enumerate() { tr {
                th scope="row" { (heading(row)) }
                @for value in &table.cells[at] { td .number { (cell(*value)) } }
                td .number .total { (cell(table.row_totals[at])) }
            } } }
            tfoot { tr {
                th scope="row" { "All" }
                @for value in &table.column_totals { td .number .total { (cell(*value)) } }
                td .number .total { (cell(table.total)) }
            } }
        },
    )
}

/// The same table the other way round.
fn turned(table: &FigureTable) -> FigureTable {
    let column = |at: usize| table.cells.iter().map(|row| row[at]).collect();
    FigureTable {
        rows: table.columns.clone(),
        columns: table.rows.clone(),
        cells: (0..table.columns.len()).map(column).collect(),
        row_totals: table.column_totals.clone(),
        column_totals: table.row_totals.clone(),
        total: table.total,
    }
}

fn choices(report: &Oversight) -> Markup {
    let passages = &report.passages;
    let all = &passages.choices;
    let of_months = all.split_last().map_or(&[][..], |(_, months)| months);
    let months: Vec<&str> = of_months.iter().map(|choices| choices.period.as_str()).collect();
    let values = |of: &dyn Fn(&PeriodChoices) -> Option<f64>| of_months.iter().map(of).collect::<Vec<_>>();
    let share = [Line { name: "declined, of all travellers", values: values(&|of| of.declined_share) }];
    let p95 = [
        Line { name: "photo", values: values(&|of| Some(of.photo_waits?.waited_p95_ms as f64)) },
        Line { name: "no photo", values: values(&|of| Some(of.manual_waits?.waited_p95_ms as f64)) },
    ];
    section(
        "choices",
        "Choices and waits",
        &html! {
            (numbers("Travellers who chose the photo, by crossing point and month", "Crossing point", &passages.photo))
            (numbers("Travellers who declined the photo, by crossing point and month", "Crossing point", &passages.declined))
            div .plots {
                (trend("declined", "Share of travellers who declined", &months, &share, &|value| percent(value)))
                (trend("waits", "Wait until attended to, p95", &months, &p95, &|value| seconds(value as u64)))
            }
            @if !all.is_empty() { (waits(all)) (staffing(all)) }
        },
    )
}

fn waits(all: &[PeriodChoices]) -> Markup {
    let caption =
        "Waits of both choices: half, and nineteen in twenty, were attended to or through within this";
    let time = |ms: Option<u64>| html! { @match ms { Some(ms) => (seconds(ms)), None => span .withheld { (WITHHELD) } } };
    html! {
        (frame(caption, &html! {
            thead {
                tr {
                    th scope="col" rowspan="2" { "When" }
                    th scope="colgroup" colspan="2" { "photo: attended to" } th scope="colgroup" colspan="2" { "photo: through" }
                    th scope="colgroup" colspan="2" { "no photo: attended to" } th scope="colgroup" colspan="2" { "no photo: through" }
                    th scope="col" rowspan="2" .number { "no photo / photo, p95" }
                }
                tr { @for _ in 0..4 { th scope="col" .number { "p50" } th scope="col" .number { "p95" } } }
            }
            tbody { @for of in all { tr {
                th scope="row" { (period(&of.period)) }
                @for waits in [of.photo_waits, of.manual_waits] {
                    td .number { (time(waits.map(|w| w.waited_p50_ms))) } td .number { (time(waits.map(|w| w.waited_p95_ms))) }
                    td .number { (time(waits.map(|w| w.passed_p50_ms))) } td .number { (time(waits.map(|w| w.passed_p95_ms))) }
                }
                td .number { @match of.p95_ratio {
                    Some(ratio) => b .over[ratio > WAIT_RATIO_MAX] { (format!("{ratio:.1}×")) },
                    None => span .muted { "–" },
                } }
            } } }
        }))
        p .muted {
            "Who declines should wait at most " (WAIT_RATIO_MAX) " times as long as who does not (p95). No ratio is given where the photo's wait is "
            "under a second, or one of them is withheld. Waits are known to a twentieth."
        }
    }
}

fn staffing(all: &[PeriodChoices]) -> Markup {
    let each = |value: Option<f64>| {
        html! { @match value {
            Some(value) => (format!("{value:.1}")),
            None => span .withheld { (WITHHELD) },
        } }
    };
    let caption =
        "Staffing of both choices: officers who served travellers, counted once on each voyage at each point";
    frame(
        caption,
        &html! {
            thead { tr {
                th scope="col" { "When" }
                th scope="col" .number { "officers, photo" } th scope="col" .number { "travellers per officer, photo" }
                th scope="col" .number { "officers, no photo" } th scope="col" .number { "travellers per officer, no photo" }
            } }
            tbody { @for of in all { tr {
                th scope="row" { (period(&of.period)) }
                td .number { (cell(of.photo_officers)) } td .number { (each(of.photo_per_officer)) }
                td .number { (cell(of.manual_officers)) } td .number { (each(of.manual_per_officer)) }
            } } }
        },
    )
}

fn outcomes(report: &Oversight) -> Markup {
    let passages = &report.passages;
    section(
        "outcomes",
        "Outcomes",
        &html! {
            p { "The machine confirms somebody, or sends them to an officer and says why. It refuses nobody: only officers do." }
            (numbers("What came of those who chose the photo, by month", "Outcome", &turned(&passages.outcomes)))
            (numbers("What officers ruled on those who chose the photo, by outcome", "Outcome", &passages.rulings))
            (numbers("What officers ruled on those who declined, by month", "Month", &passages.declined_rulings))
        },
    )
}

fn captures(report: &Oversight) -> Markup {
    let became = &report.captures_became;
    let months: Vec<&str> = became.rows.iter().map(String::as_str).collect();
    let lines: Vec<Line<'_>> = became
        .columns
        .iter()
        .enumerate()
        .take(3)
        .map(|(at, name)| Line {
            name,
            values: became.cells.iter().map(|row| row[at].map(|n| n as f64)).collect(),
        })
        .collect();
    section(
        "captures",
        "Captures",
        &html! {
            p {
                "Every camera counts its captures without a gap, and the public log says what became of each. A photo that was never stored was "
                "written nowhere; a sealed one is kept until its date; a discarded one was sealed and destroyed again; a missing one never arrived, or came when none may be taken and was not looked at."
            }
            (numbers("Captures by crossing point and month", "Crossing point", &report.captures))
            (numbers("What became of captures, by month", "Month", became))
            div .plots { (trend("captured", "What became of captures", &months, &lines, &|value| grouped(value as u64))) }
        },
    )
}

fn errors(report: &Oversight) -> Markup {
    let year = report.year.as_deref().unwrap_or("the year");
    section(
        "errors",
        "Errors",
        &html! {
            p {
                "Each rate stands with its 95 % interval and the people behind it. Identity is settled by an officer or the boarding; "
                "a false match that nobody noticed is in no rate here."
            }
            @if !report.accuracy.ports.is_empty() { ul .plain-list { @for note in report.accuracy.notes.iter().take(3) { li { (note) } } } }
            (rates(&format!("Over {year}, all ports, from the outcomes above"), &report.rates))
            @for port in &report.accuracy.ports {
                @for pack in port.packs.iter().filter(|pack| pack.travellers.is_some()) {
                    @let name = if pack.pack.is_empty() { "no model answered" } else { &pack.pack };
                    (rates(&format!("Port {}, model pack {name}, {year}, counts rounded to tens", port.port), &pack.rates))
                    @for dimension in &pack.groups {
                        @let by = match dimension.dimension {
                            portunus_core::accuracy::Dimension::Sex => "declared sex",
                            portunus_core::accuracy::Dimension::AgeBand => "age",
                            _ => "issuing state",
                        };
                        (groups(&format!("Port {}, {name}, by {by}", port.port), &dimension.cells))
                    }
                }
            }
        },
    )
}

fn value(rate: &RateFigure) -> Markup {
    html! {
        @match (&rate.interval, rate.withheld) {
            (Some(of), _) => { b { (percent(of.estimate)) } " (" (percent(of.low)) " to " (percent(of.high)) ")" }
            (None, why) => span .withheld { (why.unwrap_or("–")) },
        }
    }
}

fn rates(caption: &str, rates: &[RateFigure]) -> Markup {
    html! {
        (frame(caption, &html! {
            thead { tr {
                th scope="col" { "Rate" } th scope="col" { "95 % interval" } th scope="col" .number { "Counted" }
                th scope="col" .number { "People a day" }
            } }
            tbody { @for rate in rates { tr {
                th scope="row" { (rate.name) span .of { " of " (rate.of) } }
                td { (value(rate)) }
                td .number { @match (rate.events, rate.trials) {
                    (_, Some(0)) => span .muted { "–" },
                    (Some(events), Some(trials)) => { (grouped(events)) " of " (grouped(trials)) },
                    (None, Some(trials)) => { "of " (grouped(trials)) },
                    _ => span .muted { "–" },
                } }
                td .number { @match rate.per_day {
                    // Reckoned, not counted: nobody stands behind it.
                    Some(people) => { "≈ " (grouped(people.people)) " (" (grouped(people.low)) " to " (grouped(people.high)) ")" },
                    None => span .muted { "–" },
                } }
            } } }
        }))
        ul .in-words { @for sentence in rates.iter().filter_map(|rate| rate.in_words.as_deref()) { li { (sentence) } } }
    }
}

fn groups(caption: &str, cells: &[CellFigures]) -> Markup {
    let names: Vec<&str> =
        cells.first().map_or(Vec::new(), |cell| cell.rates.iter().map(|rate| rate.name).collect());
    frame(
        caption,
        &html! {
            thead { tr { th scope="col" { "Group" } @for name in names { th scope="col" { (name) } } } }
            tbody { @for cell in cells { tr {
                th scope="row" { (cell.cell) }
                @for rate in &cell.rates { td { (value(rate)) } }
            } } }
        },
    )
}

fn notes(report: &Oversight, served: bool) -> Markup {
    section(
        "notes",
        "Before you believe it",
        &html! {
            ul .plain-list { @for note in &report.notes { li { (note) } } }
            p .muted {
                "As of " (report.as_of) "."
                @if served { " The same as JSON: " a href="/api/public/v1/oversight" { "/api/public/v1/oversight" } "." }
            }
        },
    )
}

#[cfg(test)]
#[path = "oversight_tests.rs"]
pub(crate) mod tests;
