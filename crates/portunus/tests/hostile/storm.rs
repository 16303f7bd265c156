//! One service under everything at once: it stays within its memory, serves others meanwhile, and loses nothing.

use crate::pictures::{crowd, packed_zeros, png, png_bytes, resized, with_exif};
use crate::support::{
    Gate, House, JSON, Options, Person, Picture, Staff, choice, models_are_here, multipart,
};
use crate::wire::{Line, silent};
use crate::{most_resident, problem};
use serde_json::json;
use std::thread;
use std::time::{Duration, Instant};

/// Models, galleries and two pictures of the largest size at once, and room for the allocator.
const RESIDENT_BYTES_MAX: u64 = 3 << 29;
/// A connection that does not get on is ended within this.
const ENDED_WITHIN: Duration = Duration::from_secs(45);
/// Meanwhile another caller waits no longer than this, on a busy machine: far less than slow callers may hold a place.
const SERVED_WITHIN: Duration = Duration::from_secs(10);

/// A house in which one traveller has boarded and another is still to come.
fn house() -> (House, Staff) {
    let (house, mut staff) = Staff::with_house(Options::default());
    let first = Person::new(0, "FRA").with_reference(Picture::Obama);
    staff.stage(100, &[first, Person::new(1, "MEX").with_reference(Picture::Biden)]);
    let encounter = staff.gate.begin(&choice("photo", false, None));
    assert_eq!(staff.gate.capture(&encounter, &[Picture::Obama2.bytes()]).ok().json()["step"], "proceed");
    (house, staff)
}

/// The boarding made before is there, the second traveller boards, and memory stayed within its bound.
fn still_standing(house: &House, mut staff: Staff) {
    let resident = most_resident(house);
    eprintln!("most resident: {} MiB", resident >> 20);
    assert!(resident < RESIDENT_BYTES_MAX, "{} MiB resident", resident >> 20);
    let boarded = |staff: &Staff| {
        let status = staff.status(100);
        status["passengers"].as_array().unwrap().iter().map(|p| p["boarded"] == true).collect::<Vec<_>>()
    };
    assert_eq!(boarded(&staff), [true, false], "the boarding made before");
    let encounter = staff.gate.begin(&choice("photo", false, None));
    let answer = staff.gate.capture(&encounter, &[Picture::Biden.bytes()]).ok();
    assert_eq!(answer.json()["step"], "proceed", "a traveller after the storm: {}", answer.json());
    assert_eq!(boarded(&staff), [true, true]);
    assert!(!house.log().contains("panicked"), "{}", house.log());
}

#[test]
fn pictures_that_mean_harm_are_refused_and_the_next_traveller_boards() {
    if !models_are_here() {
        return;
    }
    let (house, mut staff) = house();
    let real = Picture::Obama2.bytes();
    let huge = packed_zeros(png_bytes(20_000, 8));
    let bombs: Vec<(&str, Vec<u8>)> = vec![
        ("no bytes", Vec::new()),
        ("HTML as JPEG", b"<html><body>I am a picture</body></html>".to_vec()),
        ("three bytes of JPEG", b"\xff\xd8\xff".to_vec()),
        ("a PNG that says 60000 x 60000", png(60_000, (8, 2), &[], &packed_zeros(64))),
        ("a PNG of 20000 x 20000 zeros", png(20_000, (8, 0), &[], &huge)),
        ("a PNG of 2^31 a side", png(1 << 31, (8, 2), &[], b"")),
        ("a JPEG that says 65535 x 65535", resized(&real, 65_535)),
        ("a JPEG that says 0 x 0", resized(&real, 0)),
        ("a PNG without data", png(640, (8, 2), &[], b"")),
        ("a picture of more bytes than is taken", [&real[..], &vec![0; 11 << 20]].concat()),
        ("a PNG of an unknown depth", png(640, (7, 9), &[], &packed_zeros(640 * 641))),
    ];
    let encounter = staff.gate.begin(&choice("photo", false, None));
    let refused = |gate: &mut Gate, what: &str, bytes: &[u8]| {
        let started = Instant::now();
        let answer = gate.capture(&encounter, &[bytes]);
        assert!(started.elapsed() < SERVED_WITHIN, "{what} took {:?}", started.elapsed());
        assert_eq!(answer.status, 400, "{what}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(problem(&answer, 400), "not-a-picture", "{what}");
    };
    for (what, bytes) in &bombs {
        refused(&mut staff.gate, what, bytes);
    }
    for cut in (1..32).map(|n| real.len() * n / 32) {
        refused(&mut staff.gate, &format!("a JPEG cut at byte {cut}"), &real[..cut]);
    }
    refused(&mut staff.gate, "a JPEG without its last byte", &real[..real.len() - 1]);
    // A preview refuses them as well, and a reference names the reason.
    for (what, bytes) in bombs.iter().filter(|(_, bytes)| bytes.len() < 4 << 20) {
        assert_eq!(problem(&staff.gate.preview(&encounter, bytes), 400), "not-a-picture", "{what}");
        let outcome = staff.add_reference(&Person::new(0, "FRA"), bytes).ok().json();
        assert_eq!(outcome["outcome"], "refused", "{what}: {outcome}");
    }
    // What unpacks to more than it says, and what is as large as may be, are worked on within bounds.
    let boastful = png(640, (8, 2), &[], &packed_zeros(1 << 30));
    let profile = [&b"p\0\0"[..], &packed_zeros(1 << 30)].concat();
    let profiled = png(640, (8, 2), &[(b"iCCP", &profile)], &packed_zeros(png_bytes(640, 24)));
    let largest = png(4096, (16, 6), &[], &packed_zeros(png_bytes(4096, 64)));
    for (what, bytes) in [("boastful", &boastful), ("profiled", &profiled), ("largest", &largest)] {
        let encounter = staff.gate.begin(&choice("photo", false, None));
        let started = Instant::now();
        let answer = staff.gate.capture(&encounter, &[&bytes[..]; 5]);
        assert!(started.elapsed() < 4 * SERVED_WITHIN, "{what} took {:?}", started.elapsed());
        assert!(answer.status == 200 && answer.json()["step"] != "proceed" || answer.status == 400, "{what}");
    }
    // Garbage where a camera writes its notes is no reason to turn a traveller away.
    let notes: Vec<u8> = (0..60_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let answer = staff.gate.preview(&encounter, &with_exif(&real, &notes)).ok();
    assert_eq!(answer.json()["usable"], true, "{}", answer.json());
    still_standing(&house, staff);
}

#[test]
fn a_picture_with_a_hundred_faces_is_of_nobody_in_particular() {
    if !models_are_here() {
        return;
    }
    let (house, mut staff) = house();
    for (count, tile) in [(10, 200), (10, 64), (3, 300)] {
        let picture = crowd(&Picture::Obama.bytes(), count, tile);
        let encounter = staff.gate.begin(&choice("photo", false, None));
        let started = Instant::now();
        let answer = staff.gate.capture(&encounter, &[&picture[..]; 5]).ok();
        assert!(started.elapsed() < SERVED_WITHIN, "{:?}", started.elapsed());
        assert_eq!(answer.json()["step"], "try-again", "{count} x {tile}: {}", answer.json());
        assert_eq!(answer.json()["advice"], json!(["one-person-only"]), "{count} x {tile}");
        staff.gate.end(&encounter, "leave").ok();
    }
    let encounter = staff.gate.begin(&choice("photo", false, None));
    let picture = crowd(&Picture::Obama.bytes(), 10, 200);
    while staff.gate.capture(&encounter, &[&picture]).ok().json()["step"] == "try-again" {}
    let queue = staff.board()["queue"].clone();
    assert_eq!(queue[0]["reasons"], json!(["several-faces"]), "{queue}");
    still_standing(&house, staff);
}

#[test]
fn bodies_and_lists_of_more_than_is_taken_are_refused() {
    if !models_are_here() {
        return;
    }
    let (house, mut staff) = house();
    let encounter = staff.gate.begin(&choice("photo", false, None));
    let path = format!("/api/device/v1/encounters/{encounter}");
    let over = |gate: &mut Gate, what: &str, kind: &str, bytes: usize| {
        let order = gate.counted(&format!("{path}/{what}"), kind, vec![b'x'; bytes]);
        assert_eq!(problem(&gate.send(&order), 413), "too-large", "{what}");
    };
    over(&mut staff.gate, "previews", "image/jpeg", (4 << 20) + 1);
    over(&mut staff.gate, "captures", "multipart/form-data; boundary=x", (24 << 20) + 1);
    over(&mut staff.gate, "decline", JSON, (16 << 10) + 1);
    let edifact = "application/edifact";
    let list = vec![b'\''; (16 << 20) + 1];
    problem(&staff.carrier.post_bytes("/api/carrier/v1/manifests", edifact, list), 413);

    // Frames: none, too many, of another name; multipart that does not end.
    let frame = Picture::Obama2.bytes();
    for parts in [vec![], vec![("frame", &frame[..]); 6], vec![("portrait", &frame[..])]] {
        let (kind, body) = multipart(&parts);
        let order = staff.gate.counted(&format!("{path}/captures"), &kind, body);
        problem(&staff.gate.send(&order), 400);
    }
    let (kind, body) = multipart(&[("frame", &frame)]);
    let cut = staff.gate.counted(&format!("{path}/captures"), &kind, body[..body.len() - 50].to_vec());
    problem(&staff.gate.send(&cut), 400);

    // Lists as large as may be, of nothing, of garbage, of one endless segment: read, with reasons.
    let good = crate::support::paxlst(101, &[Person::new(3, "FRA")]);
    let segment = "NAD+FL+++A:B'";
    let lists: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("blanks", vec![b' '; 16 << 20]),
        ("terminators", vec![b'\''; 16 << 20]),
        ("zeros", vec![0; 16 << 20]),
        ("HTML", b"<html>UNB</html>".to_vec()),
        ("one endless segment", [&good.as_bytes()[..60], &vec![b'A'; 15 << 20]].concat()),
        (
            "a million people",
            good.replace(segment, "")
                .replace("UNT+", &format!("{}UNT+", segment.repeat(1_200_000)))
                .into_bytes(),
        ),
        ("headers only", "UNH+1+PAXLST:D:05B:UN:IATA'".repeat(500_000).into_bytes()),
        ("cut in the middle", good.as_bytes()[..good.len() / 2].to_vec()),
    ];
    for (what, list) in lists {
        let (started, bytes) = (Instant::now(), list.len());
        let answer = staff.carrier.post_bytes("/api/carrier/v1/manifests", edifact, list);
        eprintln!("{what} ({bytes} bytes): {} in {:?}", answer.status, started.elapsed());
        let taken = answer.ok().json();
        assert!(!taken["problems"].as_array().unwrap().is_empty(), "{what}: {taken}");
        assert!(started.elapsed() < Duration::from_secs(25), "{what} took {:?}", started.elapsed());
    }
    still_standing(&house, staff);
}

/// How long a request of somebody well-behaved took, at most, while `storm` ran.
fn served_while(house: &House, storm: impl FnOnce() + Send) -> Duration {
    let anybody = house.anybody();
    let mut longest = Duration::ZERO;
    thread::scope(|scope| {
        let storm = scope.spawn(storm);
        while !storm.is_finished() {
            let started = Instant::now();
            assert_eq!(anybody.get("/healthz").status, 200);
            longest = longest.max(started.elapsed());
            thread::sleep(Duration::from_millis(100));
        }
        storm.join().unwrap();
    });
    longest
}

#[test]
fn slow_callers_are_sent_away_and_keep_nobody_waiting() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = house();
    let line = Line::to(&house);
    let head = |path: &str, length: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let device = format!(
        "POST /api/device/v1/encounters HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n{}\r\n",
        staff
            .gate
            .sign(&staff.gate.begin_order(&choice("photo", false, None)))
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect::<String>()
    );
    let second = Duration::from_secs(1);
    let longest = served_while(&house, || {
        thread::scope(|scope| {
            let socket = line.plain();
            scope.spawn(move || {
                let took = silent(socket, ENDED_WITHIN).expect("no handshake: still open");
                eprintln!("no handshake: ended after {took:?}");
            });
            for (what, first, drip) in [
                ("nothing said", String::new(), ""),
                ("headers that do not end", "GET / HTTP/1.1\r\n".to_owned(), "X-A: b\r\n"),
                ("a request line letter by letter", "G".to_owned(), "E"),
                ("a body that stops", head("/api/session", 1000), ""),
                ("a body letter by letter", head("/api/session", 1000), " "),
                (
                    "a form letter by letter",
                    head("/sign-in", 1000).replace("json", "x-www-form-urlencoded"),
                    "a",
                ),
                ("a device's body letter by letter", device.clone(), " "),
            ] {
                let line = &line;
                scope.spawn(move || {
                    let mut wire = line.open();
                    assert!(wire.say(first.as_bytes()));
                    let ended = wire.drip(drip.as_bytes(), second, ENDED_WITHIN);
                    let (took, heard) = ended.unwrap_or_else(|| panic!("{what}: still open"));
                    eprintln!("{what}: ended after {took:?}, {:?}", heard.lines().next().unwrap_or(""));
                    if heard.starts_with("HTTP/1.1 4") || heard.starts_with("HTTP/1.1 5") {
                        assert!(
                            heard.contains("application/problem+json") || heard.contains("400 Bad Request"),
                            "{what}: {heard}"
                        );
                    }
                });
            }
        });
    });
    eprintln!("others waited at most {longest:?}");
    assert!(longest < SERVED_WITHIN, "others waited {longest:?}");
    still_standing(&house, staff);
}

#[test]
fn more_callers_than_there_is_room_for_keep_nobody_out() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = house();
    let line = Line::to(&house);
    let session = "POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{";
    let longest = served_while(&house, || {
        let mut silent: Vec<_> = (0..300).map(|_| line.open()).collect();
        let mut slow: Vec<_> = (0..700).map(|_| line.open()).collect();
        for wire in &mut slow {
            wire.say(session.as_bytes());
        }
        thread::sleep(Duration::from_secs(5));
        for wire in &mut silent {
            wire.say(b"GET / HTTP/1.1\r\n");
        }
        for wire in &mut slow {
            wire.say(b" ");
        }
        thread::sleep(Duration::from_secs(5));
    });
    eprintln!("others waited at most {longest:?}");
    assert!(longest < SERVED_WITHIN, "others waited {longest:?}");
    still_standing(&house, staff);
}

#[test]
fn guessing_at_many_names_at_once_costs_bounded_memory() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = house();
    let anybody = house.anybody();
    let guess = |n: usize, more: usize| {
        let name = format!("name {n} {}", "x".repeat(more));
        let body =
            serde_json::to_vec(&json!({ "name": name, "password": "a wrong guess, long enough" })).unwrap();
        anybody.try_post("/api/session", JSON, body).map(|answer| answer.status)
    };
    let longest = served_while(&house, || {
        thread::scope(|scope| {
            for n in 0..300 {
                scope.spawn(move || {
                    let told = guess(n, 0);
                    assert!(matches!(told, Some(401 | 429 | 503)), "{told:?}");
                });
            }
        });
    });
    eprintln!("others waited at most {longest:?}; {} MiB", most_resident(&house) >> 20);
    // A name of a megabyte is nobody's, and is not kept to count its guesses.
    for n in 0..400 {
        assert!(matches!(guess(n, 1 << 20), None | Some(413)), "a name of a megabyte");
    }
    assert!(longest < SERVED_WITHIN, "others waited {longest:?}");
    still_standing(&house, staff);
}

#[test]
fn a_gate_gone_mad_cannot_fill_memory_with_bodies() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = house();
    let line = Line::to(&house);
    let encounter = "0".repeat(32);
    let mut order = staff.gate.order(
        "POST",
        &format!("/api/device/v1/encounters/{encounter}/captures"),
        "multipart/form-data; boundary=x",
        Vec::new(),
    );
    order.counter = 1000;
    let mut headers = staff.gate.sign(&order).headers;
    headers.retain(|(name, _)| name != "content-length");
    let head: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head =
        format!("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 25000000\r\n{head}\r\n", order.path);
    thread::scope(|scope| {
        for _ in 0..80 {
            let (line, head) = (&line, &head);
            scope.spawn(move || {
                let mut wire = line.open();
                let piece = vec![b'x'; 1 << 20];
                wire.say(head.as_bytes());
                for _ in 0..23 {
                    if !wire.say(&piece) {
                        return;
                    }
                }
                thread::sleep(Duration::from_secs(3));
            });
        }
    });
    still_standing(&house, staff);
}
