//! The table of role by action, walked against the running service: every route, everybody.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]
#![allow(unreachable_pub, dead_code, reason = "modules shared by several test binaries")]

mod support;

use portunus_core::role::{Action, OpenTo, Role, allows};
use portunus_server::http::{ROUTES, Route};
use serde_json::json;
use support::{Answer, Caller, Gate, Options, PASSWORD, Raw, Staff, models_are_here};

/// The path with something in the place of what it asks for: nothing that exists.
fn filled(path: &str) -> String {
    path.replace("{name}", "PX1")
        .replace("{date}", "2026-11-23")
        .replace("{seq}", "1")
        .replace("{*name}", "base.css")
        .replace("{*path}", "checkpoint")
        .replace("{id}", &"0".repeat(32))
        .replace("{encounter}", &"0".repeat(32))
}

fn at(caller: &Caller, route: &Route) -> Answer {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let body = if route.method == "GET" { Vec::new() } else { b"{}".to_vec() };
    caller.send(&Raw { method: route.method, path: filled(route.path), headers, body })
}

/// As a device: signed, and without a session.
fn signed(gate: &mut Gate, route: &Route) -> Answer {
    let (path, json) = (filled(route.path), "application/json");
    let order = if route.method == "GET" {
        gate.order("GET", &path, json, Vec::new())
    } else if path.ends_with("captures") || path.ends_with("/previews") {
        gate.counted(&path, json, b"{}".to_vec())
    } else {
        gate.order("POST", &path, json, b"{}".to_vec())
    };
    gate.send(&order)
}

/// Refused; a page leads whoever is not signed in to the door.
fn turned_away(answer: &Answer) -> bool {
    let to_the_door = || answer.headers["location"].to_str().unwrap().starts_with("/sign-in");
    matches!(answer.status, 401 | 403) || (answer.status == 303 && to_the_door())
}

/// Everybody who can sign in, each in one role.
fn everybody(staff: &Staff) -> Vec<(Role, Caller)> {
    let people = Role::ALL.into_iter().filter(|role| role.signs_in()).map(|role| {
        let name = format!("walker-{}", role.word());
        let carrier = (role == Role::Carrier).then_some("PX");
        let user = json!({ "name": name, "role": role, "carrier": carrier, "password": PASSWORD });
        staff.administrator.post("/api/admin/v1/users", &user).ok();
        (role, staff.anybody.signed_in(&name, PASSWORD))
    });
    people.collect()
}

#[test]
fn every_route_is_open_to_whom_the_table_says_and_to_nobody_else() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    let people = everybody(&staff);
    let recipient =
        json!({ "name": "Statistics", "purpose": "stays", "basis": "s 9", "receives": ["crossing"] });
    let token = staff.administrator.post("/api/admin/v1/recipients", &recipient).ok().json();
    let recipient = staff.anybody.with_token(token["token"].as_str().unwrap());
    // Locking and signing out are tried last: they end the session that they are tried with.
    let mut routes: Vec<&Route> = ROUTES.iter().collect();
    routes.sort_by_key(|route| ["/lock", "/sign-out"].iter().position(|last| *last == route.path));
    for route in routes {
        let what = format!("{} {}", route.method, route.path);
        let open = route.action.open_to() == OpenTo::Anybody;
        let stranger = at(&staff.anybody, route);
        assert_eq!(turned_away(&stranger), !open, "{what}: anybody: {}", stranger.status);
        assert_ne!(stranger.status, 403, "{what}: who is not known is asked to sign in");
        for (role, caller) in &people {
            // A stream stays open for whom it is open to: `tests/parity.rs` reads it.
            if route.path == "/supervisor/events" && allows(*role, route.action) {
                continue;
            }
            let answer = at(caller, route);
            if allows(*role, route.action) {
                assert!(!turned_away(&answer), "{what}: {role:?}: {}", answer.status);
                let said = String::from_utf8_lossy(&answer.body);
                assert!(!said.contains("no such page or endpoint"), "{what} is in the table and not served");
            } else if matches!(route.action, Action::RunGate | Action::ReceiveCopies) {
                // A door for machines, which knows nobody's session.
                assert_eq!(answer.status, 401, "{what}: {role:?}");
            } else {
                assert_eq!(answer.status, 403, "{what}: {role:?}");
            }
        }
        let device = signed(&mut staff.gate, route);
        assert_eq!(
            turned_away(&device),
            !allows(Role::Device, route.action),
            "{what}: device: {}",
            device.status
        );
        let theirs = at(&recipient, route);
        let may = allows(Role::Recipient, route.action);
        assert_eq!(turned_away(&theirs), !may, "{what}: recipient: {}", theirs.status);
    }
}

#[test]
fn nobody_signs_in_as_a_machine() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    for role in [Role::Device, Role::Recipient] {
        let user = json!({ "name": "robot", "role": role, "password": PASSWORD });
        assert_eq!(staff.administrator.post("/api/admin/v1/users", &user).status, 400, "{role:?}");
    }
}
