//! Parity: what declining costs in time, point by point and over the years.

use super::super::supervisor::seconds;
use super::plot::{Line, trend};
use super::words::{WITHHELD, period};
use super::{cell, frame, section};
use crate::service::oversight::{Oversight, ParityMonth, PointPromise};
use maud::{Markup, html};
use portunus_core::parity::Which;

pub(super) fn parity(report: &Oversight) -> Markup {
    let parity = &report.parity;
    let months: Vec<&str> = parity.trend.iter().map(|of| of.month.as_str()).collect();
    let values = |of: &dyn Fn(&ParityMonth) -> Option<f64>| parity.trend.iter().map(of).collect::<Vec<_>>();
    let ratio = [Line { name: "no photo / photo, p95", values: values(&|of| of.p95_ratio) }];
    let officers = [
        Line { name: "photo", values: values(&|of| of.photo_officers.map(|n| n as f64)) },
        Line { name: "no photo", values: values(&|of| of.manual_officers.map(|n| n as f64)) },
    ];
    section(
        "parity",
        "Parity",
        &html! {
            p {
                "Whoever declines the photo is promised a wait that is no penalty: nineteen in twenty wait at most " (parity.ratio_max)
                " times what nineteen in twenty wait for the camera, and at most the ceiling of the designation. The camera is held to the best that it "
                "has shown in " (parity.record_months) " months: slowing it down keeps no promise. Something is said from " (parity.people_min)
                " people of each choice on, and with a confidence of 95 %."
            }
            @if parity.points.is_empty() { p .muted { "No crossing point may photograph now." } }
            @else { (promises(&parity.points)) }
            @for stated in &parity.stated {
                p .muted { (stated.at) ": " (stated.what) @for detail in &stated.details { ", " (detail) } }
            }
            div .plots {
                (trend("parity-ratio", "Wait of those who declined, as a multiple of the camera's (p95)", &months, &ratio, &|value| format!("{value:.1}×")))
                (trend("parity-officers", "Officers who served each choice", &months, &officers, &|value| format!("{value:.0}")))
            }
            @if !parity.trend.is_empty() { (months_table(&parity.trend)) }
        },
    )
}

fn promises(points: &[PointPromise]) -> Markup {
    let time =
        |ms: Option<u64>| html! { @match ms { Some(ms) => (seconds(ms)), None => span .muted { "–" } } };
    frame(
        "The promise at each crossing point, judged by closed voyages of the last months; people in tens",
        &html! {
            thead { tr {
                th scope="col" { "Crossing point" } th scope="col" { "Kept?" }
                th scope="col" .number { "no photo, p95" } th scope="col" .number { "people" }
                th scope="col" .number { "photo, p95" } th scope="col" .number { "people" }
                th scope="col" .number { "compared with" } th scope="col" .number { "ceiling" } th scope="col" .number { "promised" }
            } }
            tbody { @for at in points { tr {
                th scope="row" { (at.point) }
                td { @if at.judgement == "falls-short" { b .over { (judged(at)) } } @else { (judged(at)) } }
                td .number { (time(at.manual_p95_ms)) } td .number { (people(at.manual_people)) }
                td .number { (time(at.photo_p95_ms)) } td .number { (people(at.photo_people)) }
                td .number { (time(at.reference_ms)) } td .number { (seconds(at.ceiling_ms)) } td .number { (seconds(at.limit_ms)) }
            } } }
        },
    )
}

fn people(people: Option<u64>) -> Markup {
    html! { @match people { Some(people) => { "≥ " (people) }, None => span .muted { "too few" } } }
}

fn judged(at: &PointPromise) -> String {
    let short = |which: &Which| match which {
        Which::Ratio => "too long beside the camera",
        Which::Ceiling => "over the ceiling",
    };
    match at.judgement {
        "met" => "yes".to_owned(),
        "falls-short" => {
            format!("no: {}", at.short_of.iter().map(short).collect::<Vec<_>>().join(", "))
        }
        _ => "too few to say".to_owned(),
    }
}

fn months_table(months: &[ParityMonth]) -> Markup {
    let time = |ms: Option<u64>| html! { @match ms { Some(ms) => (seconds(ms)), None => span .withheld { (WITHHELD) } } };
    frame(
        "Both choices month by month, over all years and crossing points",
        &html! {
            thead { tr {
                th scope="col" { "When" } th scope="col" .number { "photo, p95" } th scope="col" .number { "no photo, p95" }
                th scope="col" .number { "ratio" } th scope="col" .number { "officers, photo" } th scope="col" .number { "officers, no photo" }
                th scope="col" .number { "declined, still waiting at close" }
            } }
            tbody { @for of in months { tr {
                th scope="row" { (period(&of.month)) }
                td .number { (time(of.photo_p95_ms)) } td .number { (time(of.manual_p95_ms)) }
                td .number { @match of.p95_ratio { Some(ratio) => (format!("{ratio:.1}×")), None => span .muted { "–" } } }
                td .number { (cell(of.photo_officers)) } td .number { (cell(of.manual_officers)) }
                td .number { (cell(of.declined_left_waiting)) }
            } } }
        },
    )
}
