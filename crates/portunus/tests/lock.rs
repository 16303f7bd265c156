//! A console in a shared booth locks when nobody is at it, opens with the password where it was, and is taken over by the
//! next officer.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

mod support;

use serde_json::json;
use std::time::{Duration, Instant};
use support::{Answer, Caller, Options, PASSWORD, Raw, Staff, models_are_here};

const LOCKS_AFTER: Duration = Duration::from_secs(8);
const BOARD: &str = "/api/officer/v1/board";

fn house() -> (support::House, Staff) {
    Staff::with_house(Options { args: vec!["--lock-after", "8"], ..Options::default() })
}

/// A browser: it sends its cookie, and says of a request whether a person asked for it.
struct Browser {
    caller: Caller,
    cookie: String,
}

impl Browser {
    fn sign_in(caller: &Caller, name: &str, cookie: &str) -> Self {
        let mut browser = Self { caller: caller.clone(), cookie: cookie.to_owned() };
        let answer =
            browser.form("/sign-in", &format!("name={name}&password={}", PASSWORD.replace(' ', "+")));
        assert_eq!(answer.status, 303);
        let set = answer.headers["set-cookie"].to_str().unwrap();
        browser.cookie = set.split(';').next().unwrap().to_owned();
        browser
    }

    fn send(
        &self,
        method: &'static str,
        path: &str,
        kind: &str,
        body: &str,
        more: &[(&str, &str)],
    ) -> Answer {
        let mut headers = vec![
            ("content-type".to_owned(), kind.to_owned()),
            ("sec-fetch-site".to_owned(), "same-origin".to_owned()),
            ("cookie".to_owned(), self.cookie.clone()),
        ];
        headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.caller.send(&Raw { method, path: path.to_owned(), headers, body: body.as_bytes().to_vec() })
    }

    /// As a page asks by itself.
    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", "", &[])
    }

    /// As when somebody follows a link.
    fn visit(&self, path: &str) -> Answer {
        self.send("GET", path, "", "", &[("sec-fetch-user", "?1"), ("sec-fetch-mode", "navigate")])
    }

    fn form(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, "application/x-www-form-urlencoded", body, &[])
    }

    fn here(&self) -> Answer {
        self.send("POST", "/api/session/here", "application/json", "", &[])
    }
}

/// Asks again and again, for longer than it takes to lock; the last answer.
fn for_longer(mut ask: impl FnMut() -> Answer) -> Answer {
    let until = Instant::now() + LOCKS_AFTER + Duration::from_millis(1500);
    loop {
        let answer = ask();
        if Instant::now() > until {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(400));
    }
}

fn to(answer: &Answer) -> &str {
    answer.headers["location"].to_str().unwrap()
}

#[test]
fn a_console_locks_by_itself_and_the_password_brings_back_what_was_there() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = house();
    let booth = Browser::sign_in(&staff.anybody, "officer", "");
    // What the page asks for by itself is nobody's presence: the board, the events.
    assert_eq!(booth.get(BOARD).status, 200);
    let place = format!("/console?point={}&encounter=7", staff.point);
    let locked = for_longer(|| booth.get(BOARD));
    assert_eq!((locked.status, locked.problem().as_str()), (423, "locked"));
    for path in [&*place, "/", "/second-look"] {
        let led = booth.visit(path);
        assert_eq!((led.status, &to(&led)[..6]), (303, "/lock?"), "{path}: a visit does not unlock");
    }
    for path in ["/console/board", "/console/encounters/0/probe", "/console/events?point=0"] {
        assert_eq!(booth.get(path).status, 423, "{path}");
    }
    assert_eq!(booth.here().status, 423, "nor does a key pressed");
    let page = booth.visit(to(&booth.visit(&place))).ok();
    let page = String::from_utf8(page.body).unwrap();
    let kept = format!("value=\"/console?point={}&amp;encounter=7\"", staff.point);
    assert!(page.contains(&kept) && page.contains("action=\"/unlock\""), "{page}");

    assert_eq!(booth.form("/unlock", "password=wrong").status, 422);
    assert_eq!(booth.get(BOARD).status, 423);
    let next = place.replace('?', "%3F").replace('&', "%26").replace('=', "%3D");
    let back = booth.form("/unlock", &format!("password={}&next={next}", PASSWORD.replace(' ', "+")));
    assert_eq!((back.status, to(&back)), (303, &*place));
    assert_eq!(booth.get(BOARD).status, 200);
    // Nowhere else, however the form was filled in.
    let elsewhere =
        booth.form("/unlock", &format!("password={}&next=//evil.example", PASSWORD.replace(' ', "+")));
    assert_eq!(to(&elsewhere), "/console");
}

#[test]
fn whoever_is_there_is_not_locked_out_and_programs_and_other_rooms_are_not_either() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = house();
    let booth = Browser::sign_in(&staff.anybody, "officer", "");
    let told = booth.here().ok().json();
    assert_eq!(told, json!({ "locked": false, "locks_in_seconds": 8 }));
    assert_eq!(for_longer(|| booth.here()).status, 200);
    assert_eq!(for_longer(|| booth.visit("/console")).status, 200, "a page that somebody asks for");
    let program = staff.anybody.signed_in("officer", PASSWORD);
    assert_eq!(for_longer(|| program.get(BOARD)).status, 200, "a program that asks");
    let room = Browser::sign_in(&staff.anybody, "administrator", "");
    std::thread::sleep(LOCKS_AFTER + Duration::from_secs(1));
    assert_eq!(room.get("/admin").status, 200, "no traveller is seen there");
    assert_eq!(program.get(BOARD).problem(), "locked", "a program that went away");
}

#[test]
fn the_stream_of_events_ends_when_the_console_locks() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = house();
    let booth = Browser::sign_in(&staff.anybody, "officer", "");
    let started = Instant::now();
    // Read to its end, which the service makes.
    let events = booth.get(&format!("/console/events?point={}", staff.point));
    assert_eq!(events.status, 200);
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(4) && took < Duration::from_secs(60), "{took:?}");
}

#[test]
fn the_next_officer_takes_over_and_the_one_before_is_signed_out() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = house();
    let user = json!({ "name": "second", "role": "officer", "password": PASSWORD });
    staff.administrator.post("/api/admin/v1/users", &user).ok();
    let first = Browser::sign_in(&staff.anybody, "officer", "");
    let left = first.form("/lock", "next=/console%3Fpoint%3D1");
    assert_eq!((left.status, to(&left)), (303, "/lock?next=/console%3Fpoint%3D1"));
    assert_eq!(first.get(BOARD).status, 423, "locked at once");
    let second = Browser::sign_in(&staff.anybody, "second", &first.cookie);
    assert_eq!(second.get(BOARD).status, 200);
    assert_eq!(first.get(BOARD).status, 401, "no session is left behind in the booth");
    let page = String::from_utf8(second.visit("/console").ok().body).unwrap();
    assert!(page.contains("<b>second</b>"), "{page}");
}

#[test]
fn another_sites_page_locks_and_unlocks_nobody() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = house();
    let booth = Browser::sign_in(&staff.anybody, "officer", "");
    for path in ["/lock", "/unlock", "/api/session/here"] {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "cross-site"),
            ("cookie", &*booth.cookie),
        ];
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let raw = Raw {
            method: "POST",
            path: path.to_owned(),
            headers: headers.collect(),
            body: b"password=x".to_vec(),
        };
        assert_eq!(staff.anybody.send(&raw).status, 403, "{path}");
    }
    assert_eq!(booth.get(BOARD).status, 200);
}
