//! Who may come in, what pages and answers carry with them.

use crate::problem;
use crate::support::{Caller, Options, PASSWORD, Person, Raw, Staff, choice, models_are_here};
use serde_json::{Value, json};
use std::time::Instant;

const COOKIE: &str = "__Host-portunus";

fn raw(method: &'static str, path: &str, headers: &[(&str, &str)], body: &str) -> Raw {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Raw { method, path: path.to_owned(), headers: headers.collect(), body: body.as_bytes().to_vec() }
}

fn form(caller: &Caller, path: &str, site: &str, body: &str) -> crate::support::Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    caller.send(&raw("POST", path, &[kind, ("sec-fetch-site", site)], body))
}

/// Everything that the description lists: method, path with its identifiers filled in.
fn endpoints(description: &Value) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        let path =
            path.replace("{name}", "PX1").replace("{date}", "2026-11-23").replace("{id}", &"0".repeat(32));
        let path = path.replace("{seq}", "1");
        for method in operations.as_object().unwrap().keys() {
            all.push((if method == "get" { "GET" } else { "POST" }, path.clone()));
        }
    }
    all
}

#[test]
fn every_endpoint_of_the_description_is_there_and_closed_to_strangers() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    let answer = staff.anybody.get("/api").ok();
    assert_eq!(answer.headers["content-type"], "application/json");
    let description = answer.json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    let endpoints = endpoints(&description);
    assert!(endpoints.len() >= 25, "{} endpoints", endpoints.len());
    let at = |caller: &Caller, method, path: &str, body: &str| {
        caller.send(&raw(method, path, &[("content-type", "application/json")], body))
    };
    for (method, path) in &endpoints {
        let told = at(&staff.anybody, method, path, "{}");
        if path.contains("/public/") || path.ends_with("/lookout/v1/counts") {
            // What a receipt says is for everybody who has its code; a decline, for who has booking and document.
            let status = if path.contains("/receipt") || path.ends_with("/decline") { 422 } else { 200 };
            assert_eq!(told.status, status, "{path} is for everybody");
            continue;
        }
        let status = if path.ends_with("/enrolments") && path.contains("device") { 422 } else { 401 };
        problem(&told, status);
        // The other method is no way around, where it is not an endpoint of its own.
        let other = if *method == "GET" { "POST" } else { "GET" };
        if !endpoints.iter().any(|(known, at)| *known == other && at == path) {
            problem(&at(&staff.anybody, other, path, ""), 405);
        }
    }
    for path in ["/console/board", "/console/events?point=x", "/console/encounters/0/probe"] {
        problem(&staff.anybody.get(path), 401);
        problem(&staff.auditor.get(path), 403);
    }
    problem(&staff.anybody.get("/nowhere"), 404);
    problem(&staff.anybody.get("/api/officer/v1/nowhere"), 404);
    problem(&staff.anybody.get("/assets/../Cargo.toml"), 404);
    problem(&staff.anybody.get("/assets/..%2f..%2fCargo.toml"), 404);
}

#[test]
fn whatever_is_wrong_with_a_request_is_told_as_a_problem() {
    if !models_are_here() {
        return;
    }
    let (_house, staff) = Staff::with_house(Options::default());
    let voyage = staff.stage(100, &[Person::new(0, "FRA")]);
    let points = "/api/admin/v1/points";
    let json_kind = ("content-type", "application/json");
    let mut told = Vec::new();
    let mut ask = |caller: &Caller, path: &str, headers: &[(&str, &str)], body: &str, status| {
        told.push(problem(&caller.send(&raw("POST", path, headers, body)), status));
    };
    ask(&staff.administrator, points, &[json_kind], "{", 400);
    ask(&staff.administrator, points, &[json_kind], "", 400);
    ask(&staff.administrator, points, &[json_kind], "{\"name\":1}", 422);
    ask(&staff.administrator, points, &[json_kind], "{\"name\":\"A\",\"surprise\":1}", 422);
    ask(&staff.administrator, points, &[("content-type", "text/plain")], "{}", 415);
    ask(&staff.administrator, points, &[], "{}", 415);
    ask(&staff.administrator, points, &[json_kind], &format!("\"{}\"", "x".repeat(17 * 1024)), 413);
    ask(&staff.administrator, points, &[json_kind], &"[".repeat(10_000), 422);
    ask(&staff.supervisor, "/api/admin/v1/references", &[json_kind], "{}", 400);
    ask(&staff.supervisor, "/api/admin/v1/references", &[("content-type", "multipart/form-data")], "{}", 400);
    let (kind, _) = crate::support::multipart(&[]);
    ask(&staff.supervisor, "/api/admin/v1/references", &[("content-type", &kind)], "not multipart", 400);
    ask(&staff.anybody, "/api/session", &[json_kind], "{}", 422);
    ask(&staff.anybody, "/sign-in", &[json_kind], "{}", 415);
    ask(
        &staff.anybody,
        "/api/session",
        &[json_kind],
        &format!("{{\"name\":\"{}\"", "x".repeat(100_000)),
        413,
    );
    assert!(told.iter().all(|name| !name.is_empty()));
    problem(&staff.supervisor.get("/api/officer/v1/waits"), 400);
    problem(&staff.supervisor.get("/api/officer/v1/waits?voyage=0"), 404);
    problem(&staff.officer.get("/api/officer/v1/board?point=%00"), 404);
    problem(&staff.carrier.get("/api/carrier/v1/voyages/PX1/tomorrow"), 400);
    problem(&staff.carrier.get("/api/carrier/v1/voyages/PX1/2026-01-01"), 404);
    problem(&staff.carrier.get("/api/carrier/v1/voyages/%ff/2026-01-01"), 400);

    // A body that names a passenger of nowhere, in an encounter that claims citizenship.
    let encounter = staff.gate.begin(&choice("manual", true, None));
    let nobody = json!({ "ruling": "board", "passenger": "0".repeat(32), "reason": "" });
    problem(&staff.rule(&encounter, &nobody), 404);
    problem(&staff.rule(&encounter, &json!({ "ruling": "shoot", "reason": "" })), 422);
    problem(&staff.rule(&encounter, &json!({ "ruling": "refuse", "reason": " " })), 400);
    assert_eq!(staff.board()["queue"].as_array().unwrap().len(), 1, "the traveller still waits");
    let outage = json!({ "passenger": "0".repeat(32), "boarded_at": "2020-01-01T00:00:00Z", "reason": "" });
    problem(&staff.officer.post(&format!("/api/officer/v1/voyages/{voyage}/outage-boardings"), &outage), 400);
}

#[test]
fn sessions_cookies_and_links_are_good_for_what_they_are_meant() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let anybody = house.anybody();

    // The set-up link has made the first administrator; it makes no second.
    let link = house.setup_link();
    let token = link.split_once('#').unwrap().1;
    let again = format!("token={token}&name=mallory&password=a+long+enough+password");
    assert_eq!(form(&anybody, "/setup", "same-origin", &again).status, 401);

    // A browser signs in by the form and gets a cookie that scripts and other sites do not.
    let credentials = format!("name=officer&password={}", PASSWORD.replace(' ', "+"));
    problem(&form(&anybody, "/sign-in", "cross-site", &credentials), 403);
    let answer = form(&anybody, "/sign-in", "same-origin", &credentials);
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    for attribute in ["__Host-portunus=", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(attribute), "{attribute} in {attribute}");
    }
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let carried = ("cookie", cookie.as_str());
    assert_eq!(anybody.send(&raw("GET", "/api/officer/v1/board", &[carried], "")).status, 200);

    // Another site's page cannot act with it.
    let hold = format!("/api/officer/v1/passengers/{}/hold", "0".repeat(32));
    let body = "{\"held\":false}";
    let with = |headers: &[(&str, &str)]| {
        let mut all = vec![carried, ("content-type", "application/json")];
        all.extend(headers);
        anybody.send(&raw("POST", &hold, &all, body))
    };
    assert_eq!(problem(&with(&[("sec-fetch-site", "cross-site")]), 403), "forbidden");
    assert_eq!(problem(&with(&[("sec-fetch-site", "same-site")]), 403), "forbidden");
    assert_eq!(problem(&with(&[("origin", "https://evil.example")]), 403), "forbidden");
    assert_eq!(problem(&with(&[("sec-fetch-site", "same-origin")]), 404), "not-found");
    problem(&anybody.send(&raw("POST", "/sign-out", &[carried, ("sec-fetch-site", "cross-site")], "")), 403);

    // Signed out, the cookie is nothing; the officer's other session lives.
    let out = anybody.send(&raw("POST", "/sign-out", &[carried, ("sec-fetch-site", "same-origin")], ""));
    assert!(out.status < 400 && out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    problem(&anybody.send(&raw("GET", "/api/officer/v1/board", &[carried], "")), 401);
    staff.officer.get("/api/officer/v1/board").ok();
    let made_up = format!("{COOKIE}={}", "A".repeat(43));
    problem(&anybody.send(&raw("GET", "/api/officer/v1/board", &[("cookie", &made_up)], "")), 401);

    // Guessing is slow, whoever is guessed at.
    for name in ["administrator", "nobody-of-that-name"] {
        let guess = json!({ "name": name, "password": "a wrong guess, long enough" });
        // Ten at once, and ten a minute after that.
        let began = Instant::now();
        let tries = (1..60).find(|_| {
            let answer = anybody.post("/api/session", &guess);
            assert!([401, 429].contains(&answer.status), "{}", answer.status);
            answer.status == 429 && !problem(&answer, 429).is_empty()
        });
        let most = 11 + began.elapsed().as_secs() / 6 + 1;
        assert!(tries.is_some_and(|tries| tries > 1 && tries <= most), "{tries:?} of {most}");
    }
    anybody.signed_in("supervisor", PASSWORD);
    let next = format!("{credentials}&next=//evil.example");
    let led = form(&anybody, "/sign-in", "same-origin", &next);
    assert_eq!(led.headers["location"], "/console", "nobody is led to another site");
}

#[test]
fn pages_carry_their_protection_and_counters_no_person() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    let people = [Person::new(0, "FRA"), Person::new(1, "USA")];
    let voyage = staff.stage(100, &people);
    let encounter = staff.gate.begin(&choice("photo", false, Some(("FRA", people[0].number.as_str()))));
    staff.gate.capture(&encounter, &[crate::support::Picture::Biden.bytes()]).ok();
    let pages = [
        (&staff.anybody, "/"),
        (&staff.anybody, "/gate"),
        (&staff.anybody, "/sign-in"),
        (&staff.anybody, "/setup"),
        (&staff.officer, "/console"),
        (&staff.supervisor, "/supervisor"),
        (&staff.administrator, "/admin"),
    ];
    for (caller, path) in pages {
        let page = caller.get(path).ok();
        let header = |name| page.headers[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(
            !policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"),
            "{path}: {policy}"
        );
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert!(header("strict-transport-security").starts_with("max-age="), "{path}");
        assert!(header("content-type").starts_with("text/html"), "{path}");
        let text = String::from_utf8(page.body).unwrap();
        assert!(
            !text.contains(" style=\"") && !text.contains(" onclick=") && !text.contains("<style"),
            "{path}"
        );
        for script in text.split("<script").skip(1) {
            assert!(
                script.split('>').next().unwrap().contains("src=\"/assets/"),
                "{path}: a script of its own"
            );
        }
    }
    let healthy = staff.anybody.get("/healthz").ok();
    assert_eq!(healthy.body, b"ok\n");
    let metrics = staff.anybody.get("/metrics").ok();
    assert!(metrics.headers["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    let text = String::from_utf8(metrics.body).unwrap();
    assert!(text.contains("portunus_captures_total") && text.ends_with("# EOF\n"), "{text}");
    let numbers = people.iter().map(|person| person.number.as_str());
    let names = people.iter().map(|person| person.family.as_str());
    let device = staff.gate.device.to_string();
    let private =
        numbers.chain(names).chain([&*voyage, &*encounter, &*staff.point, &*device, "PX100", "officer\""]);
    for private in private {
        assert!(!text.contains(private), "{private} in the metrics");
    }
}
