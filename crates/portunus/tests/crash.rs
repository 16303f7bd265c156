//! The service is killed with SIGKILL at each named step, through HTTP: no acknowledged boarding is lost, none is
//! doubled, no citizen is written, what is due is erased; a repeat under the same key gets the first outcome.
//!
//! A flight is boarded by a gate and officers who go on after a restart as they would: they repeat what was not
//! answered, and here also what was.
#![cfg(feature = "failpoints")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

mod support;

use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use support::{
    Answer, Caller, House, Options, Order, Person, Picture, Search, Staff, choice, engine, models_are_here,
    policy,
};

/// No answer came: the service has died.
#[derive(Debug)]
struct Died;

/// A signed request that is repeated, and the first outcome.
#[derive(Default)]
struct Asked {
    order: Option<Order>,
    first: Option<Value>,
}

impl Asked {
    /// Sends it, signed afresh; what was answered before is answered again.
    fn ask(&mut self, staff: &mut Staff, make: impl FnOnce(&mut Staff) -> Order) -> Result<Value, Died> {
        let order = self.order.get_or_insert_with(|| make(staff)).afresh();
        let answer = staff.gate.try_send(&order).ok_or(Died)?.ok().json();
        let first = self.first.get_or_insert_with(|| answer.clone());
        assert_eq!(*first, answer, "a repeat gets the first outcome: {}", order.path);
        Ok(answer)
    }
}

/// One flight, and what its people were told of it.
struct Flight {
    number: u32,
    citizen: Person,
    foreigner: Person,
    decliner: Person,
    voyage: Option<String>,
    /// Begin and capture of the citizen, of the foreigner; begin of the one who declines.
    asked: [Asked; 5],
    /// Whether the boardings by an officer were acknowledged: of the foreigner, of the one who declined.
    ruled: [bool; 2],
    crossings: Option<u64>,
}

impl Flight {
    fn new(number: u32) -> Self {
        // Documents of its own, so that its references are new.
        let person = |n: u32, state| Person::new((number + n) as usize, state);
        Self {
            number,
            citizen: person(0, "USA").with_reference(Picture::Obama),
            foreigner: person(1, "FRA"),
            decliner: person(2, "D"),
            voyage: None,
            asked: Default::default(),
            ruled: [false; 2],
            crossings: None,
        }
    }

    /// The carrier's list, the reference, the opening: each may have been done before.
    fn stage(&mut self, staff: &Staff) -> Result<(), Died> {
        let people = [self.citizen.clone(), self.foreigner.clone(), self.decliner.clone()];
        if self.voyage.is_none() {
            staff.send_list(self.number, &people);
            self.voyage = Some(staff.voyage(self.number));
        }
        let portrait = Picture::Obama.bytes();
        let added = staff.try_add_reference(&self.citizen, &portrait).ok_or(Died)?.ok().json();
        assert_ne!(added["outcome"], "refused", "{added}");
        let path = format!("/api/officer/v1/voyages/{}/open", self.voyage());
        post(&staff.supervisor, &path, &json!({ "point": staff.point }))?.ok();
        Ok(())
    }

    fn voyage(&self) -> &str {
        self.voyage.as_deref().unwrap()
    }

    /// From the list to the end of boarding; every step may have been done by a run before.
    fn board(&mut self, staff: &mut Staff) -> Result<(), Died> {
        if self.crossings.is_some() || staff.status(self.number)["status"] == "closed" {
            return Ok(());
        }
        let [begun, captured, foreigners, referred, declined] = &mut self.asked;
        let chosen = |choice: Value| move |staff: &mut Staff| staff.gate.begin_order(&choice);
        let id = |begun: &Value| begun["encounter"].as_str().unwrap().to_owned();

        let encounter = id(&begun.ask(staff, chosen(choice("photo", false, None)))?);
        let frames = [Picture::Obama2.bytes()];
        let answer = captured.ask(staff, |staff| staff.gate.capture_order(&encounter, &frames))?;
        assert_eq!(answer["step"], "proceed");

        let shown = Some(("FRA", self.foreigner.number.as_str()));
        let waiting = id(&foreigners.ask(staff, chosen(choice("photo", false, shown)))?);
        let frames = [Picture::Biden.bytes()];
        let answer = referred.ask(staff, |staff| staff.gate.capture_order(&waiting, &frames))?;
        assert_eq!(answer["step"], "see-officer");

        let manual = id(&declined.ask(staff, chosen(choice("manual", false, None)))?);
        let voyage = self.voyage.clone().unwrap();
        for (n, (encounter, person)) in
            [(waiting, &self.foreigner), (manual, &self.decliner)].iter().enumerate()
        {
            let passenger = &staff.passenger(&voyage, person)["id"];
            let ruling = json!({ "ruling": "board", "passenger": passenger, "reason": "passport inspected" });
            let path = format!("/api/officer/v1/encounters/{encounter}/rulings");
            let answer = post(&staff.officer, &path, &ruling)?;
            // Who gets no answer looks again, and finds it done or not.
            let done = answer.status == 409 && staff.passenger(&voyage, person)["boarded"] == true;
            assert!(done || (answer.status == 204 && !self.ruled[n]), "{}: {}", answer.status, answer.json());
            self.ruled[n] = true;
        }
        Ok(())
    }

    fn close(&mut self, staff: &Staff) -> Result<(), Died> {
        let answer =
            post(&staff.supervisor, &format!("/api/officer/v1/voyages/{}/close", self.voyage()), &json!({}))?;
        match answer.status {
            200 => self.crossings = answer.json()["crossings"].as_u64(),
            409 => assert_eq!(staff.status(self.number)["status"], "closed"),
            other => panic!("{other}: {}", answer.json()),
        }
        Ok(())
    }

    fn whole(&mut self, staff: &mut Staff) -> Result<(), Died> {
        if self.crossings.is_none()
            && self.voyage.as_ref().is_none_or(|_| staff.status(self.number)["status"] != "closed")
        {
            self.stage(staff)?;
        }
        self.board(staff)?;
        self.close(staff)
    }

    /// What was acknowledged is there, and once.
    fn holds(&self, staff: &Staff) {
        let boarded = |person| staff.passenger(self.voyage(), person)["boarded"] == true;
        assert!(self.asked[1].first.is_none() || boarded(&self.citizen), "the gate was told: proceed");
        assert!(!self.ruled[0] || boarded(&self.foreigner), "the officer was told: boarded");
        assert!(!self.ruled[1] || boarded(&self.decliner), "the officer was told: boarded");
    }
}

fn post(caller: &Caller, path: &str, body: &Value) -> Result<Answer, Died> {
    caller.try_post(path, support::JSON, serde_json::to_vec(body).unwrap()).ok_or(Died)
}

/// Any part of the citizen's photo, crop or template.
fn citizens_probe() -> Search {
    use portunus_biometrics::face::ProbeOutcome;
    let frame = Picture::Obama2.bytes();
    let ProbeOutcome::Found(probe) = engine().probe(&[&frame], None).ok().unwrap() else { panic!("no face") };
    let mut search = Search::default();
    search.add("upload", &frame);
    search.add("crop", probe.subject.crop.rgb());
    search.add("crop as JPEG", &probe.subject.crop.to_jpeg(90).ok().unwrap());
    let template: Vec<u8> = probe.template.values().iter().flat_map(|value| value.to_le_bytes()).collect();
    search.add("template", &template);
    search
}

/// The rows that answer `sql`, and nothing else of the service's database.
fn count(house: &House, sql: &str) -> i64 {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(house.folder().join("data.db"), flags).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn crossings(house: &House, flight: &Flight) -> i64 {
    let sql =
        "SELECT COUNT(DISTINCT passenger) * 1000 + COUNT(*) FROM crossing WHERE hex(voyage) = upper('ID')";
    count(house, &sql.replace("ID", flight.voyage()))
}

/// Where it dies: the name, and how many boardings the gate and the officers have been told of by then at least.
const STEPS: [(&str, usize); 19] = [
    ("seal.after-note", 0),
    ("seal.after-blob", 0),
    ("admit.after-commit", 0),
    ("begin.before-commit", 0),
    ("begin.after-commit", 0),
    ("admit.after-commit:2", 0),
    ("capture.before-commit", 0),
    ("capture.after-commit", 0),
    ("seal.after-note:2", 1),
    ("seal.after-blob:2", 1),
    ("capture.before-commit:2", 1),
    ("capture.after-commit:2", 1),
    ("begin.after-commit:3", 1),
    ("ruling.before-commit", 1),
    ("ruling.after-commit", 1),
    ("ruling.before-commit:2", 2),
    ("close.before-commit", 3),
    ("close.after-commit", 3),
    ("gallery.after-key", 3),
];

#[test]
fn a_flight_is_boarded_to_its_end_whatever_step_the_service_is_killed_at() {
    if !models_are_here() {
        return;
    }
    let (house, mut staff) = Staff::with_house(Options::default());
    let citizens_probe = citizens_probe();
    for (number, (step, told)) in (100..).step_by(3).zip(STEPS) {
        assert!(house.stop().success());
        house.restart(Some(step));
        let mut flight = Flight::new(number);
        flight.whole(&mut staff).expect_err(step);
        assert!(house.was_killed(), "{step}");
        let acknowledged =
            usize::from(flight.asked[1].first.is_some()) + flight.ruled.iter().filter(|r| **r).count();
        assert_eq!(acknowledged, told, "{step}: the step is where it is thought to be");
        assert_eq!(citizens_probe.under(house.home()), BTreeSet::new(), "{step}: after the kill");

        house.restart(None);
        flight.voyage.get_or_insert_with(|| staff.voyage(number));
        flight.holds(&staff);
        flight.whole(&mut staff).unwrap();
        flight.holds(&staff);
        let status = staff.status(number);
        assert_eq!((&status["boarded"], &status["status"]), (&json!(3), &json!("closed")), "{step}");
        assert_eq!(crossings(&house, &flight), 3003, "{step}: three passengers, three crossings");
        if let Some(crossings) = flight.crossings {
            assert_eq!(crossings, 3, "{step}");
        }
        soon("the voyage's gallery is gone", || support::files(&house.folder().join("galleries")).is_empty());
        assert_eq!(citizens_probe.under(house.home()), BTreeSet::new(), "{step}: at the end");
    }
    let citizens = "SELECT COUNT(*) FROM record WHERE kind = 'probe' AND class = 'citizen'";
    assert_eq!(count(&house, citizens), 0);
    let twice = "SELECT COUNT(*) FROM (SELECT 1 FROM boarding WHERE off_loaded_at IS NULL GROUP BY passenger \
                 HAVING COUNT(*) > 1)";
    assert_eq!(count(&house, twice), 0);
    assert!(house.stop().success());
}

#[test]
fn an_erasure_that_was_cut_short_is_finished_at_the_next_start() {
    if !models_are_here() {
        return;
    }
    let policy = policy(&[("keep = \"60 minutes\"", "keep = \"6 seconds\"")]);
    let (house, mut staff) = Staff::with_house(Options { policy: Some(policy), ..Options::default() });
    staff.stage(100, &[Person::new(0, "FRA")]);
    let mut photo = Search::default();
    photo.add("upload", &Picture::Biden.bytes());
    for step in ["erase.after-invisible", "erase.after-move", "erase.after-key", "erase.after-blob"] {
        assert!(house.stop().success());
        house.restart(Some(step));
        let encounter = staff.gate.begin(&choice("photo", false, None));
        let order = staff.gate.capture_order(&encounter, &[Picture::Biden.bytes()]);
        let first = staff.gate.send(&order).ok().json();
        assert_eq!(first["step"], "see-officer");
        assert!(house.was_killed(), "{step}: by the worker that erases what is due");

        house.restart(None);
        assert_eq!(staff.probe(&encounter).status, 404, "{step}: nobody reads what was being erased");
        soon("row, key and bytes are gone", || left(&house) == (0, 0, 0));
        assert_eq!(
            staff.gate.send(&order.afresh()).ok().json(),
            first,
            "{step}: a repeat gets the first outcome"
        );
        assert_eq!(left(&house), (0, 0, 0), "{step}: and writes nothing again");
        let queue = staff.board()["queue"].clone();
        assert_eq!(queue[0]["encounter"], encounter.as_str(), "{step}: the case still waits");
        let refuse = json!({ "ruling": "refuse", "reason": "not on this voyage" });
        assert_eq!(staff.rule(&encounter, &refuse).status, 204);
        assert_eq!(photo.under(house.home()), BTreeSet::new(), "{step}");
    }
    assert!(house.stop().success());
}

#[test]
fn a_boarding_that_was_acknowledged_while_the_voyage_was_being_closed_has_its_crossing() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let people: Vec<Person> = (0..240).map(|n| Person::new(n, "FRA")).collect();
    let mut all = 0;
    for flight in 100..105 {
        let (boarded, crossings) = closed_while_boarding(&staff, flight, &people);
        assert_eq!(crossings, boarded, "of those that were told: boarded");
        all += boarded;
        assert_eq!(count(&house, "SELECT COUNT(*) FROM crossing"), all as i64);
        if boarded < people.len() {
            return;
        }
    }
    panic!("closing came too late to meet anybody, each time");
}

/// Four desks board everybody while the voyage is closed: how many were told that they are, and how many crossings there are.
fn closed_while_boarding(staff: &Staff, flight: u32, people: &[Person]) -> (usize, usize) {
    let voyage = staff.stage(flight, people);
    let passengers: Vec<Value> =
        people.iter().map(|person| staff.passenger(&voyage, person)["id"].clone()).collect();
    let path = format!("/api/officer/v1/voyages/{voyage}/outage-boardings");
    let at = jiff::Timestamp::now().to_string();
    let (boarded, closing) = (std::sync::atomic::AtomicUsize::new(0), std::sync::atomic::Ordering::SeqCst);
    let crossings = std::thread::scope(|scope| {
        for desk in passengers.chunks(60) {
            let (boarded, path, at) = (&boarded, &path, &at);
            scope.spawn(move || {
                for passenger in desk {
                    let boarding =
                        json!({ "passenger": passenger, "boarded_at": at, "reason": "list on paper" });
                    let answer = staff.officer.post(path, &boarding);
                    assert!(
                        answer.status < 300 || answer.status == 409,
                        "{}: {}",
                        answer.status,
                        answer.json()
                    );
                    boarded.fetch_add(usize::from(answer.status < 300), closing);
                }
            });
        }
        let until = Instant::now() + Duration::from_secs(60);
        while boarded.load(closing) < 60 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        staff.close(&voyage).ok().json()["crossings"].as_u64().unwrap()
    });
    (boarded.into_inner(), crossings as usize)
}

/// Records, keys and files of the vault.
fn left(house: &House) -> (i64, i64, usize) {
    let keys = Connection::open_with_flags(
        house.folder().join("keys.db"),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
    );
    let keys = keys.unwrap().query_row("SELECT COUNT(*) FROM bucket_key", [], |row| row.get(0)).unwrap();
    (count(house, "SELECT COUNT(*) FROM record"), keys, support::files(&house.folder().join("blobs")).len())
}

#[track_caller]
fn soon(what: &str, so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < until, "not soon: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
