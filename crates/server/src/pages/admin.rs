//! `/admin`: crossing points, their designations, the devices enrolled at them, the people who sign in.

use super::board::PointView;
use super::layout::{Head, Section, Viewer, bar, day_time, document};
use jiff::Timestamp;
use maud::{Markup, html};
use portunus_core::id::{DesignationId, DeviceId};
use portunus_core::place::Direction;

/// A designation and whether it is in force now.
pub struct DesignationView {
    /// Which.
    pub id: DesignationId,
    /// The law it rests on.
    pub legal_basis: String,
    /// In force from.
    pub from: Timestamp,
    /// Not in force from this instant on.
    pub until: Option<Timestamp>,
    /// Who owns the cameras.
    pub device_owner: String,
    /// Who else handles them.
    pub contractors: Vec<String>,
    /// Whether it is in force now.
    pub in_force: bool,
}

/// An enrolled device.
pub struct DeviceView {
    /// Which.
    pub id: DeviceId,
    /// Since when.
    pub enrolled_at: Timestamp,
    /// When it was taken out of service.
    pub revoked_at: Option<Timestamp>,
    /// Captures that it has counted.
    pub captures: u64,
    /// Counted captures that never arrived.
    pub gaps: u64,
}

/// A crossing point with what belongs to it.
pub struct PointRow {
    /// The point.
    pub point: PointView,
    /// The port it belongs to.
    pub port: String,
    /// Its designations, newest first.
    pub designations: Vec<DesignationView>,
    /// Its devices.
    pub devices: Vec<DeviceView>,
}

/// Somebody who signs in.
pub struct PersonView {
    /// The name they sign in with.
    pub name: String,
    /// Their role in words.
    pub role: String,
    /// The carrier they work for.
    pub carrier: Option<String>,
}

/// The page.
pub struct AdminView {
    /// Who looks.
    pub viewer: Viewer,
    /// Crossing points.
    pub points: Vec<PointRow>,
    /// People.
    pub people: Vec<PersonView>,
    /// The least number of characters of a password.
    pub password_chars_min: usize,
}

/// Roles as `/api/admin/v1/users` names them, and in words.
const ROLES: [(&str, &str); 6] = [
    ("officer", "Officer"),
    ("supervisor", "Supervisor"),
    ("carrier", "Carrier"),
    ("records", "Records officer"),
    ("auditor", "Auditor"),
    ("administrator", "Administrator"),
];

/// The page.
pub fn admin(view: &AdminView) -> Markup {
    let body = html! {
        (bar(&view.viewer, Section::Admin, &html! {}))
        main #main .sheet tabindex="-1" {
            h1 { "Administration" }
            p #said .said role="status" aria-live="polite" {}
            p #problem .alarm role="alert" hidden {}
            section aria-labelledby="points-title" {
                h2 #points-title { "Crossing points" }
                @if view.points.is_empty() { p .muted { "None yet. A point is a place, a direction, a kind." } }
                @for row in &view.points { (point(row)) }
                (new_point())
            }
            section aria-labelledby="references-title" {
                h2 #references-title { "Reference portraits" }
                p .muted { "One at a time, by the document they belong to; whole flights come by " code { "portunus references import" } "." }
                (new_reference())
            }
            section aria-labelledby="people-title" {
                h2 #people-title { "People" }
                (people(&view.people))
                (new_person(view.password_chars_min))
            }
        }
        (link_dialog())
    };
    let head = Head { title: "Administration", sheets: &["base.css", "admin.css"], module: Some("admin.js") };
    document(&head, "admin-page", &body)
}

fn point(row: &PointRow) -> Markup {
    let id = row.point.id;
    let direction = match row.point.direction {
        Direction::Entry => "entry",
        Direction::Exit => "exit",
    };
    let designated = row.designations.iter().any(|d| d.in_force);
    html! {
        article .panel #{ "point-" (id) } aria-labelledby={ "name-" (id) } {
            header .panel-head {
                h3 #{ "name-" (id) } { (row.point.name) }
                p {
                    (row.port) ", " (direction) " · "
                    @if designated { span .tag .tag-open { "designated" } }
                    @else { span .tag .tag-off { "not designated: no photo can be taken" } }
                }
            }
            h4 { "Designations" }
            @if row.designations.is_empty() { p .muted { "None." } }
            ul .rows { @for d in &row.designations { (designation(d)) } }
            (new_designation(row))
            h4 { "Devices" }
            @if row.devices.is_empty() { p .muted { "None. An enrolment link makes one browser this point's gate." } }
            ul .rows { @for d in &row.devices { (device(d)) } }
            form .inline data-post="/api/admin/v1/enrolments" data-then="link" {
                input type="hidden" name="point" value=(id);
                button type="submit" .quiet { "Make an enrolment link" }
            }
        }
    }
}

fn designation(d: &DesignationView) -> Markup {
    html! {
        li {
            div {
                b { (d.legal_basis) } " "
                span .tag .tag-open[d.in_force] { @if d.in_force { "in force" } @else { "not in force" } }
                p .muted {
                    "from " (day_time(d.from))
                    @if let Some(until) = d.until { " until " (day_time(until)) }
                    " · cameras: " (d.device_owner)
                    @if !d.contractors.is_empty() { " · contractors: " (d.contractors.join(", ")) }
                }
            }
            @if d.in_force {
                form data-post={ "/api/admin/v1/designations/" (d.id) "/withdraw" } data-ask="Withdraw this designation? From then on no photo can be taken under it." {
                    button type="submit" .quiet { "Withdraw…" }
                }
            }
        }
    }
}

fn device(d: &DeviceView) -> Markup {
    let id = d.id.to_string();
    html! {
        li {
            div {
                b .number { (&id[..8]) "…" } " "
                @match d.revoked_at {
                    None => span .tag .tag-open { "enrolled" },
                    Some(at) => { span .tag { "revoked" } " " span .muted { (day_time(at)) } },
                }
                p .muted {
                    "since " (day_time(d.enrolled_at)) " · " (d.captures) " captures counted"
                    @if d.gaps > 0 { ", " (d.gaps) " never arrived" }
                }
            }
            @if d.revoked_at.is_none() {
                form data-post={ "/api/admin/v1/devices/" (id) "/revoke" } data-ask="Revoke this device? Its gate stops at once." {
                    button type="submit" .quiet { "Revoke…" }
                }
            }
        }
    }
}

fn new_designation(row: &PointRow) -> Markup {
    let id = row.point.id;
    html! {
        details .new {
            summary { "Designate " (row.point.name) }
            form .fields data-post="/api/admin/v1/designations" {
                input type="hidden" name="point" value=(id);
                label for={ "law-" (id) } { "Legal basis, as travellers read it" }
                input #{ "law-" (id) } name="legal_basis" required maxlength="200" placeholder="8 CFR 215.8, 235.1";
                label for={ "owner-" (id) } { "Who owns the cameras" }
                input #{ "owner-" (id) } name="device_owner" required maxlength="200";
                label for={ "contractors-" (id) } { "Contractors who handle them, one a line (each attests to keep no frames)" }
                textarea #{ "contractors-" (id) } name="contractors" rows="2" data-as="lines" {}
                label for={ "from-" (id) } { "In force from (empty: now)" }
                input #{ "from-" (id) } name="from" type="datetime-local" data-as="instant";
                label for={ "until-" (id) } { "Until (empty: no end set)" }
                input #{ "until-" (id) } name="until" type="datetime-local" data-as="instant";
                button type="submit" .primary { "Designate" }
            }
        }
    }
}

fn new_point() -> Markup {
    html! {
        details .new {
            summary { "New crossing point" }
            form .fields data-post="/api/admin/v1/points" {
                label for="point-name" { "Name, as people call it" }
                input #point-name name="name" required maxlength="60" placeholder="JFK B22";
                label for="point-port" { "Port, as carriers code it" }
                input #point-port name="port" required maxlength="5" minlength="3" placeholder="JFK";
                label for="point-direction" { "Direction" }
                select #point-direction name="direction" { option value="exit" { "Exit" } option value="entry" { "Entry" } }
                label for="point-position" { "Where it is, for the public map: degrees north, east (may be empty)" }
                input #point-position name="position" maxlength="40" autocomplete="off" placeholder="40.64, -73.78" data-as="optional";
                input type="hidden" name="kind" value="boarding-gate";
                button type="submit" .primary { "Make the point" }
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

fn people(people: &[PersonView]) -> Markup {
    html! {
        table .people {
            thead { tr { th scope="col" { "Name" } th scope="col" { "Role" } th scope="col" { "Carrier" } } }
            tbody {
                @for person in people {
                    tr { td { (person.name) } td { (person.role) } td { (person.carrier.as_deref().unwrap_or("")) } }
                }
            }
        }
    }
}

fn new_person(password_chars_min: usize) -> Markup {
    html! {
        details .new {
            summary { "New person" }
            form .fields data-post="/api/admin/v1/users" autocomplete="off" {
                label for="person-name" { "Name to sign in with" }
                input #person-name name="name" required maxlength="60" autocomplete="off";
                label for="person-role" { "Role" }
                select #person-role name="role" { @for (role, words) in ROLES { option value=(role) { (words) } } }
                label for="person-carrier" { "Carrier code (for the role Carrier)" }
                input #person-carrier name="carrier" maxlength="10" autocomplete="off" data-as="optional";
                label for="person-password" { "Password, at least " (password_chars_min) " characters" }
                input #person-password name="password" type="password" required minlength=(password_chars_min) maxlength="200" autocomplete="new-password";
                button type="submit" .primary { "Add" }
            }
        }
    }
}

fn link_dialog() -> Markup {
    html! {
        dialog #link aria-labelledby="link-title" {
            form method="dialog" {
                h2 #link-title { "Enrolment link" }
                p { "Open it once, in the browser that is to be the gate. It is shown only now and works once." }
                p { input #link-text type="text" readonly aria-label="Enrolment link"; }
                p .dialog-buttons {
                    button #link-copy type="button" .primary { "Copy" }
                    a #link-open target="_blank" rel="noopener" { "Open here" }
                    button type="submit" .quiet { "Close" }
                }
                p #link-said role="status" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::an_admin;

    #[test]
    fn a_point_without_designation_in_force_says_that_no_photo_can_be_taken() {
        let mut view = an_admin();
        assert!(!admin(&view).into_string().contains("no photo can be taken<"));
        for row in &mut view.points {
            row.designations.iter_mut().for_each(|d| d.in_force = false);
        }
        let html = admin(&view).into_string();
        assert!(html.contains("not designated: no photo can be taken<"));
        assert!(!html.contains("/withdraw"), "what is not in force cannot be withdrawn");
    }

    #[test]
    fn a_revoked_device_cannot_be_revoked_again() {
        let mut view = an_admin();
        assert!(admin(&view).into_string().contains("/revoke"));
        for row in &mut view.points {
            row.devices.iter_mut().for_each(|d| d.revoked_at = Some(d.enrolled_at));
        }
        assert!(!admin(&view).into_string().contains("/revoke"));
    }
}
