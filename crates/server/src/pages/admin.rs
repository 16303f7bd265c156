//! `/admin`: crossing points, their designations, the devices enrolled at them, the people who sign in.

use super::board::PointView;
use super::designation::{DesignationView, designation, new_designation};
use super::layout::{Head, Section, Viewer, bar, day_time, document, table_frame};
use jiff::Timestamp;
use maud::{Markup, html};
use portunus_core::designation::Undesignated;
use portunus_core::id::{DeviceId, UserId};
use portunus_core::place::{Direction, PointKind};
use portunus_core::role::{Action, Role, allows};

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
    /// Whether a photo may be taken there now, or why not.
    pub designated: Result<(), Undesignated>,
    /// Its drafts, then its designations, the earliest first.
    pub designations: Vec<DesignationView>,
    /// Its devices.
    pub devices: Vec<DeviceView>,
}

/// Somebody who signs in.
pub struct PersonView {
    /// Who.
    pub id: UserId,
    /// Whether a password opens their account.
    pub signs_in: bool,
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
    /// What they are: of the page, they are offered what their role may do.
    pub role: Role,
    /// Crossing points.
    pub points: Vec<PointRow>,
    /// People.
    pub people: Vec<PersonView>,
    /// The least number of characters of a password.
    pub password_chars_min: usize,
}

/// The page.
pub fn admin(view: &AdminView) -> Markup {
    let may = |action| allows(view.role, action);
    let body = html! {
        (bar(&view.viewer, Section::Admin, &html! {}))
        main #main .sheet tabindex="-1" {
            h1 { "Administration" }
            p #said .said role="status" aria-live="polite" {}
            p #problem .alarm role="alert" hidden {}
            section aria-labelledby="points-title" {
                h2 #points-title { "Crossing points" }
                @if view.points.is_empty() { p .muted { "None yet. A point is a place, a direction, a kind." } }
                @for row in &view.points { (point(row, view)) }
                @if may(Action::MakePoints) { (new_point()) }
            }
            section aria-labelledby="people-title" {
                h2 #people-title { "People" }
                (people(view))
                @if may(Action::ManagePeople) { (new_person(view.password_chars_min)) }
            }
        }
        (link_dialog())
    };
    let head = Head { title: "Administration", sheets: &["base.css", "admin.css"], module: Some("admin.js") };
    document(&head, "admin-page", &body)
}

fn point(row: &PointRow, view: &AdminView) -> Markup {
    let may = |action| allows(view.role, action);
    let id = row.point.id;
    let direction = match row.point.direction {
        Direction::Entry => "entry",
        Direction::Exit => "exit",
    };
    html! {
        article .panel #{ "point-" (id) } aria-labelledby={ "name-" (id) } {
            header .panel-head {
                h3 #{ "name-" (id) } { (row.point.name) }
                p {
                    (row.port) ", " (direction) " · "
                    @if row.designated.is_ok() { span .tag .tag-open { "designated" } }
                    @else { span .tag .tag-off { "not designated: no photo can be taken" } }
                }
                @if let Err(why) = row.designated { p .muted { (why) "." } }
            }
            h4 { "Designations" }
            @if row.designations.is_empty() { p .muted { "None." } }
            ul .rows { @for d in &row.designations { (designation(d, view.role, &view.viewer.name)) } }
            @if may(Action::DraftDesignations) { (new_designation(id, &row.point.name)) }
            h4 { "Devices" }
            @if row.devices.is_empty() { p .muted { "None. An enrolment link makes one browser this point's gate." } }
            ul .rows { @for d in &row.devices { (device(d, may(Action::ManageDevices))) } }
            @if may(Action::ManageDevices) {
                form .inline data-post="/api/admin/v1/enrolments" data-then="link" {
                    input type="hidden" name="point" value=(id);
                    button type="submit" .quiet aria-label={ "Make an enrolment link for " (row.point.name) } { "Make an enrolment link" }
                }
            }
        }
    }
}

fn device(d: &DeviceView, may_revoke: bool) -> Markup {
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
            @if may_revoke && d.revoked_at.is_none() {
                form data-post={ "/api/admin/v1/devices/" (id) "/revoke" } data-ask="Revoke this device? Its gate stops at once." {
                    button type="submit" .quiet aria-label={ "Revoke device " (&id[..8]) } { "Revoke…" }
                }
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
                label for="point-kind" { "Kind of place" }
                select #point-kind name="kind" {
                    @for kind in PointKind::ALL { option value=(kind.slug()) { (kind.in_words()) } }
                }
                button type="submit" .primary { "Make the point" }
            }
        }
    }
}

fn people(view: &AdminView) -> Markup {
    let table = html! {
        table .people {
            thead { tr { th scope="col" { "Name" } th scope="col" { "Role" } th scope="col" { "Carrier" } th scope="col" { "Account" } } }
            tbody {
                @for person in &view.people {
                    tr {
                        td { (person.name) }
                        td { (person.role) }
                        td { (person.carrier.as_deref().unwrap_or("")) }
                        td { (account(person, view)) }
                    }
                }
            }
        }
    };
    table_frame("Who signs in", &table)
}

/// Whether they can sign in, and what an administrator may do about it: nobody disables themselves.
fn account(person: &PersonView, view: &AdminView) -> Markup {
    let (id, name) = (person.id, &person.name);
    let path = |what: &str| format!("/api/admin/v1/users/{id}/{what}");
    html! {
        .steps {
            @if person.signs_in { span .tag { "signs in" } } @else { span .tag .tag-off { "disabled" } }
            @if allows(view.role, Action::ManagePeople) {
                details .new {
                    summary aria-label={ "New password for " (name) } { "New password" }
                    form .fields data-post=(path("password")) data-ask={ "Change the password of " (name) "? They are signed out everywhere." } autocomplete="off" {
                        label for={ "password-" (id) } { "Password, at least " (view.password_chars_min) " characters" }
                        input #{ "password-" (id) } name="password" type="password" required minlength=(view.password_chars_min) maxlength="200" autocomplete="new-password";
                        button type="submit" .primary { "Change it" }
                    }
                }
                @if person.signs_in && *name != view.viewer.name {
                    form data-post=(path("disable")) data-ask={ "Disable " (name) "? They are signed out at once, and no password opens the account until it has a new one." } {
                        button type="submit" .quiet aria-label={ "Disable " (name) } { "Disable…" }
                    }
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
                select #person-role name="role" { @for role in Role::ALL.into_iter().filter(|role| role.signs_in()) { option value=(role.word()) { (role.in_words()) } } }
                label for="person-carrier" { "Carrier code (for the role carrier)" }
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
    fn a_point_without_designation_in_force_says_that_no_photo_can_be_taken_and_why() {
        let mut view = an_admin();
        assert!(!admin(&view).into_string().contains("no photo can be taken<"));
        for row in &mut view.points {
            row.designated = Err(Undesignated::OutsideHours);
        }
        let html = admin(&view).into_string();
        assert!(
            html.contains("not designated: no photo can be taken<")
                && html.contains("other hours of the day.")
        );
    }

    #[test]
    fn who_may_only_look_is_offered_nothing() {
        let html = admin(&AdminView { role: Role::Auditor, ..an_admin() }).into_string();
        assert!(html.contains("JFK B22") && !html.contains("data-post"));
    }

    #[test]
    fn a_disabled_person_is_said_to_be_and_nobody_disables_themselves() {
        let mut view = an_admin();
        let offered = |view: &AdminView| admin(view).into_string().matches("/disable").count();
        assert_eq!(offered(&view), view.people.len() - 1, "everybody but {}", view.viewer.name);
        view.people.iter_mut().for_each(|person| person.signs_in = false);
        let html = admin(&view).into_string();
        assert!(html.contains(">disabled<") && html.contains("/password") && !html.contains("/disable"));
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
