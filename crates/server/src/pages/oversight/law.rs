//! What governs it: erasing, where cameras are and why, the law, the models, the log.

use super::super::layout::grouped;
use super::map::map;
use super::{frame, section};
use crate::service::oversight::{DesignatedPoint, InForceSince, Oversight};
use crate::service::slug;
use maud::{Markup, html};

pub(super) fn erasing(report: &Oversight) -> Markup {
    let found = &report.retention;
    section(
        "erasing",
        "Erasing, holds and requests",
        &html! {
            p { "By what the public log states of each record. What it states of one record, anybody finds there." }
            dl .counts {
                (count("erased in time", found.in_time))
                (count("erased late", found.late))
                (count("kept past their date by a declared hold", found.held))
                (count("overdue now", found.overdue))
                (count("erased before their date, corrected or found to be a citizen's", found.early))
                (count("kept, and not due yet", found.kept))
            }
            @if found.incomplete { p .muted { "There are more records than are followed here: portunus verify follows all." } }
            h3 { "Is what is due erased?" }
            (history(&report.erasing))
            h3 { "The records office" }
            @if report.cases.is_empty() { p { "No request, hold or correction was made." } }
            ul .plain-list { @for case in &report.cases { li {
                (kind(&slug(&case.kind))) ", "
                @match &case.outcome { Some(outcome) => (slug(outcome).replace('-', " ")), None => "open" }
                ": " b { (grouped(case.cases)) }
                @if case.records_given > 0 { ", " (grouped(case.records_given)) " records given" }
            } } }
            p { "Recalls of copies: " b { (grouped(report.recalls_sent)) } " sent, " b { (grouped(report.recalls_acknowledged)) } " acknowledged." }
            h3 { "Who receives copies" }
            @if report.recipients.is_empty() { p { "Nobody." } } @else {
                (frame("Recipients of copies", &html! {
                    thead { tr { th scope="col" { "Recipient" } th scope="col" { "Purpose" } th scope="col" { "Legal basis" } th scope="col" { "Receives" } th scope="col" { "Since" } th scope="col" { "Until" } } }
                    tbody { @for recipient in &report.recipients { tr {
                        th scope="row" { (recipient.name) } td { (recipient.purpose) } td { (recipient.basis) }
                        td { (recipient.receives.iter().map(|class| class.in_words()).collect::<Vec<_>>().join(", ")) }
                        td { (day(&recipient.since)) } td { (recipient.until.as_deref().map_or("–", day)) }
                    } } }
                }))
            }
        },
    )
}

fn count(name: &str, many: u64) -> Markup {
    html! { div { dt { (name) } dd .number { (grouped(many)) } } }
}

fn kind(slug: &str) -> &str {
    match slug {
        "hold" => "Legal holds",
        "outside-request" => "Requests of others for somebody's records",
        "subject-access" => "Requests of people for their own records",
        "correction" => "Corrections",
        "misidentification" => "Mis-identifications",
        "contest" => "Contests by travellers",
        "class-change" => "Changes of class",
        "stay-inquiry" => "Looks at a person's stays",
        other => other,
    }
}

/// The day of an instant in RFC 3339.
fn day(at: &str) -> &str {
    at.get(..10).unwrap_or(at)
}

/// What held since when, the latest first.
fn history(entries: &[InForceSince]) -> Markup {
    html! {
        @if entries.is_empty() { p .muted { "The log does not say yet." } }
        ul .history { @for (at, entry) in entries.iter().rev().enumerate() { li {
            b { (entry.what) } @if at == 0 { " " span .tag .tag-open { "now" } }
            " since " time datetime=(entry.at) { (entry.at) }
            @for detail in &entry.details { br; code { (detail) } }
        } } }
    }
}

pub(super) fn places(report: &Oversight) -> Markup {
    section(
        "where",
        "Where, and under what authority",
        &html! {
            p { "No camera may photograph without a published designation in force for its crossing point." }
            (map(&report.points))
            @if report.points.is_empty() { p { "There is no crossing point yet." } }
            @for point in &report.points { (place(point)) }
        },
    )
}

fn place(point: &DesignatedPoint) -> Markup {
    html! {
        h3 {
            (point.name) " "
            @if point.in_force { span .tag .tag-open { "may photograph" } } @else { span .tag .tag-off { "may not photograph" } }
        }
        p .muted {
            "Port " (point.port) ", " (point.direction) ", " (point.mode.replace('-', " "))
            @if let Some(at) = point.position { ", at " (format!("{:.4}, {:.4}", at.latitude(), at.longitude())) }
        }
        @if point.designations.is_empty() { p { "Never designated." } } @else {
            (frame(&format!("Designations of {}", point.name), &html! {
                thead { tr { th scope="col" { "Legal basis" } th scope="col" { "Owner of the cameras" } th scope="col" { "Contractors" } th scope="col" { "From" } th scope="col" { "Until" } th scope="col" { "In force" } } }
                tbody { @for designation in &point.designations { tr {
                    th scope="row" { (designation.basis) } td { (designation.owner) }
                    td { @if designation.contractors.is_empty() { "none" } @else { (designation.contractors.join(", ")) } }
                    td { (day(&designation.from)) } td { (designation.until.as_deref().map_or("no end set", day)) }
                    td { @if designation.in_force { "yes" } @else { "no" } }
                } } }
            }))
        }
    }
}

pub(super) fn law(report: &Oversight) -> Markup {
    section(
        "law",
        "Law and models",
        &html! {
            h3 { "The law that is followed, as data" }
            @if let Some(in_force) = &report.in_force { p { (in_force.policy) } }
            (history(&report.policies))
            @if let Some(in_force) = &report.in_force {
                details {
                    summary { "Where its rules are written" }
                    ul .plain-list { @for citation in &in_force.citations { li {
                        (citation.source) @if !citation.checked { " " span .muted { "(not checked in the source itself)" } }
                    } } }
                }
            }
            h3 { "The face models" }
            (history(&report.models))
            @if let Some(in_force) = &report.in_force {
                p { "A match counts from these scores on; they follow from the gallery's size and the wanted rate of false positives." }
                ul .plain-list { @for threshold in &in_force.thresholds { li {
                    "gallery of " (grouped(u64::from(threshold.gallery_people))) " people: " b { (format!("{:.3}", threshold.threshold)) }
                    " (" (threshold.score) " score)"
                } } }
            }
        },
    )
}

pub(super) fn ledger(report: &Oversight) -> Markup {
    let head = &report.ledger;
    section(
        "ledger",
        "The public log",
        &html! {
            @if head.size == 0 { p { "Nothing is published yet." } } @else {
                p { "Everything above that is stated in the log, anybody can add up again, without trust in who runs this:" }
                pre { code { (head.verify) } }
                dl .facts {
                    div { dt { "Name" } dd { code { (head.origin) } } }
                    div { dt { "Leaves" } dd { (grouped(head.size)) @if head.read < head.size { ", of which " (grouped(head.read)) " are in these figures" } } }
                    div { dt { "Root" } dd { code { (head.root) } } }
                    div { dt { "Key" } dd { code { (head.key) } } }
                    div { dt { "Witnesses" } dd {
                        @if !head.asked.is_empty() {
                            ul .plain-list { @for witness in &head.asked { li {
                                code { (witness.key) } " "
                                @match &witness.signed_at {
                                    Some(at) => { "signed this head at " (at) }
                                    None => span .muted { "has not signed this head yet" }
                                }
                            } } }
                        } @else if head.witnesses.is_empty() { "None signed this head: somebody who keeps what they saw is what notices a second history." }
                        @else { (head.witnesses.join(", ")) " (named on this head; check their signatures with their keys)" }
                    } }
                }
                p .muted { "Take the key from somewhere else than this page." }
            }
        },
    )
}
