//! Stays from end to end: a crossing is sealed, who is past their last day is known without opening anything, a neighbour's
//! entry may close it, an officer says whose it is in a case, and every look stands on record.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

#[path = "../../store/tests/border/mod.rs"]
mod border;
mod support;

use border::{OFFICER, Seeded, apply, at, files_with, person};
use jiff::{SignedDuration, Timestamp};
use portunus_core::case::CaseKind;
use portunus_core::crossing::{Admission, CrossingRecord};
use portunus_core::document::State;
use portunus_core::encounter::Method;
use portunus_core::id::{CaseId, PassengerId, RecordId};
use portunus_core::place::Direction;
use portunus_core::policy::{PersonClass, Policy, Start};
use portunus_core::ports::Clock;
use portunus_core::stay::likeness::PROPOSED_FROM;
use portunus_core::stay::{Decided, Mode, Span, StatusChange, StayState, WhyUnknown};
use portunus_core::voyage::{ManifestAction, ManifestPerson, VoyageKey};
use portunus_server::service::{
    ForeignEntry, NewCase, Parts, PersonStays, Service, StaysWanted, Wanted, neighbour,
};
use portunus_store::{NewCrossing, Purpose, Reader, Store, Subject, Within};
use serde_json::json;
use std::path::Path;
use std::sync::{Arc, Mutex};
use support::{Options, PASSWORD, Person, Staff, choice, models_are_here};

const DAY: i64 = 24 * 3600;

struct Hands(Mutex<Timestamp>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The service on a folder, with a clock that the test moves.
struct Office {
    service: Service,
    clock: Arc<Hands>,
}

impl Office {
    /// One in a folder of its own; `None` where the models are not here.
    fn there() -> Option<(tempfile::TempDir, Self)> {
        let folder = models_are_here().then(|| tempfile::tempdir().unwrap())?;
        let office = Self::open(folder.path());
        Some((folder, office))
    }

    fn open(folder: &Path) -> Self {
        let clock = Arc::new(Hands(Mutex::new(at(0))));
        let pack =
            portunus_biometrics::pack::Pack::load(&support::cache().join("packs/opencv-zoo")).ok().unwrap();
        let service = Service::new(Parts {
            store: Store::open(folder, Seeded::new(5)).unwrap(),
            engine: Arc::new(support::engine()),
            calibration: pack.calibration().clone(),
            policy: Policy::from_toml(include_str!("../../../policies/us-2025.toml")).unwrap(),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy),
        });
        Self { service, clock }
    }

    /// It is so many days after the beginning, and what the workers do was done.
    fn on_day(&self, day: i64) {
        *self.clock.0.lock().unwrap() = at(day * DAY);
        self.service.compute_overstays().unwrap();
    }

    /// Somebody entered, and may stay for so many days.
    fn entered(&self, who: ManifestPerson, day: i64, for_days: i64) {
        let voyage = apply(self.service.store(), ManifestAction::Replace, vec![]).voyage;
        let until = (at(day * DAY) + SignedDuration::from_hours(24 * for_days))
            .to_zoned_datetime(jiff::tz::TimeZone::UTC)
            .date();
        let record = CrossingRecord {
            person: who.clone(),
            voyage: VoyageKey::new("LH", "400", border::flight().date).unwrap(),
            port: "JFK".into(),
            direction: Direction::Entry,
            at: at(day * DAY),
            method: Method::FaceMatched,
            admitted: Some(Admission { class: "B-2".into(), until: Some(until) }),
        };
        let crossing = NewCrossing {
            passenger: PassengerId::from_bytes([9; 16]),
            encounter: None,
            content: serde_json::to_vec(&record).unwrap(),
            subject: Subject::of(&who),
            class: PersonClass::NonImmigrant,
            start: Start::crossing(record.at, Direction::Entry),
            method: Method::FaceMatched,
            entered_later: false,
            confidential: false,
            erase_after: at(75 * 365 * DAY),
            probe: None,
        };
        let closed = self.service.store().close_voyage(voyage, &[crossing], at(day * DAY)).unwrap();
        assert_eq!(closed, portunus_store::CloseVoyage::Closed);
    }

    fn all_ways_are_recorded(&self) {
        for mode in Mode::ALL {
            let recorded = Some(Span { from: at(-DAY), until: None });
            self.service.declare_way_out(mode, None, recorded, "every port reports").unwrap();
        }
    }

    fn states(&self) -> Vec<StayState> {
        self.service.overstays(9).unwrap().stays.into_iter().map(|stay| stay.state).collect()
    }

    fn case(&self) -> CaseId {
        let new = NewCase {
            kind: CaseKind::StayInquiry,
            reference: "2026/9".into(),
            basis: "section 9".into(),
            reason: "an overstay".into(),
            from_whom: None,
            identity_check: None,
            expires_at: None,
            contest: None,
        };
        self.service.open_case(&new, OFFICER).unwrap()
    }

    fn look(&self, case: CaseId, record: RecordId) -> PersonStays {
        let wanted = StaysWanted { person: None, record: Some(record) };
        self.service.stays_in(case, &wanted, OFFICER).ok().unwrap()
    }
}

struct SystemEntropy;

impl portunus_core::ports::Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&support::fresh().repeat(4)[..bytes.len()]);
    }
}

fn canada() -> State {
    State::new("can").unwrap()
}

fn neighbours_entry(day: i64, who: &ManifestPerson) -> ForeignEntry {
    ForeignEntry {
        at: at(day * DAY),
        port: "YYZ".into(),
        mode: Mode::Air,
        document: who.documents.first().cloned(),
        family_name: who.family_name.clone(),
        given_names: who.given_names.clone(),
        born: who.born,
        nationality: who.nationality.clone(),
        sex: who.sex,
    }
}

#[test]
fn who_is_past_their_last_day_is_known_without_a_name_and_never_said_where_leaving_leaves_no_record() {
    let Some((folder, office)) = Office::there() else { return };
    office.entered(person("MUELLER", "L1"), 0, 90);
    office.on_day(90);
    assert_eq!(office.states(), []);
    office.on_day(101);
    let unknown = StayState::Unknown { why: WhyUnknown::NotRecordedEverywhere };
    assert_eq!(office.states(), [unknown], "nobody has said how people leave");
    office.all_ways_are_recorded();
    office.on_day(101);
    assert_eq!(office.states(), [StayState::Overstay { days: 11 }]);
    office
        .service
        .declare_way_out(Mode::Land, Some("Nogales"), None, "the footbridge is not staffed")
        .unwrap();
    office.on_day(101);
    let [stay] = &office.service.overstays(9).unwrap().stays[..] else { panic!() };
    assert_eq!(stay.state, unknown);
    assert_eq!(
        stay.explained,
        "admitted until 2027-02-21; no exit recorded at a point that records exits; land exits at Nogales are not recorded"
    );
    assert!(office.service.store().readings(stay.record).unwrap().is_empty(), "nothing was opened for it");
    // As the record has it: three letters alone stand in any bytes by chance.
    for secret in ["MUELLER", "\"B-2\""] {
        assert_eq!(
            files_with(folder.path(), secret.as_bytes()),
            Vec::<std::path::PathBuf>::new(),
            "{secret}"
        );
    }
}

#[test]
fn a_designated_gate_answers_for_itself_alone_and_a_way_out_is_declared_as_it_can_be() {
    let Some((_folder, office)) = Office::there() else { return };
    let service = &office.service;
    office.entered(person("MUELLER", "L1"), 0, 90);
    let designation = border::designation_of_a_gate(service.store(), "JFK", at(-DAY));
    service.store().designate(&border::approved(&designation, at(-DAY)), at(-DAY)).unwrap();
    let recorded = Some(Span { from: at(-DAY), until: None });
    for mode in [Mode::Sea, Mode::Land] {
        service.declare_way_out(mode, None, recorded, "every port reports").unwrap();
    }
    office.on_day(101);
    assert_eq!(office.states(), [StayState::Unknown { why: WhyUnknown::NotRecordedEverywhere }]);
    assert!(service.overstays(9).unwrap().stays[0].explained.ends_with("; air exits are not recorded"));
    service.declare_way_out(Mode::Air, None, recorded, "every port reports").unwrap();
    office.on_day(101);
    assert_eq!(office.states(), [StayState::Overstay { days: 11 }]);

    let ends_first = Some(Span { from: at(0), until: Some(at(0)) });
    let long = "x".repeat(501);
    for (port, span, reason, expected) in [
        (Some("JFK"), ends_first, "r", "recorded: expected an end after its beginning"),
        (Some("J\u{1b}K"), recorded, "r", "port: expected one line without control characters"),
        (None, recorded, "a\nb", "reason: expected one line without control characters"),
        (None, recorded, long.as_str(), "reason: expected at most 500 characters, not 501"),
    ] {
        let refused = service.declare_way_out(Mode::Land, port, span, reason).unwrap_err();
        assert_eq!(refused.to_string(), expected);
    }
    for port in ["jfk", "Nogales, Arizona"] {
        service.declare_way_out(Mode::Air, Some(port), recorded, "r").unwrap();
    }
    let ways: Vec<String> = service.ways_shown().unwrap().into_iter().map(|way| way.way).collect();
    assert_eq!(
        ways,
        ["air exits", "air exits at JFK", "air exits at Nogales, Arizona", "sea exits", "land exits"]
    );
}

#[test]
fn nothing_is_kept_of_a_citizen_or_a_stranger_and_nothing_of_what_lies_ahead() {
    let Some((_folder, office)) = Office::there() else { return };
    let service = &office.service;
    office.entered(person("MUELLER", "L1"), 10, 90);
    office.on_day(20);
    let entry = |who: &ManifestPerson, hours: i64| ForeignEntry {
        at: at(20 * DAY - hours * 3600),
        ..neighbours_entry(20, who)
    };
    let own = person("MUELLER", "L1");
    let citizen = ManifestPerson { nationality: State::new("USA").ok(), ..own.clone() };
    let stranger = person("NOBODY", "L9");
    let not_kept = [entry(&citizen, 1), entry(&stranger, 1), entry(&own, 11 * 24)];
    let done = service.import_exits(&canada(), &not_kept).unwrap();
    assert_eq!((done.added, done.not_kept), (0, 3), "the last is of before the entry");
    for number in ["L1", "L9"] {
        let documents = person("", number).documents;
        let subject = Subject { documents: &documents, person: None };
        let held = service.store().held_on(&subject, at(20 * DAY)).unwrap();
        assert_eq!(held.len(), usize::from(number == "L1"), "{number}");
    }
    let unborn = ForeignEntry { born: Some("2028-01-01".parse().unwrap()), ..entry(&own, 1) };
    for (faulty, field) in [(entry(&own, -1), "at: "), (unborn, "born: ")] {
        let refused = service.import_exits(&canada(), &[entry(&own, 1), faulty]).unwrap_err();
        assert!(refused.to_string().starts_with(field), "{refused}");
    }
    let lower = ForeignEntry { port: " yyz".into(), ..entry(&own, 1) };
    assert_eq!(service.import_exits(&canada(), &[entry(&own, 1), lower]).unwrap().added, 1);
    assert_eq!(neighbour("can", service.policy()).unwrap().as_str(), "CAN");
    for code in ["usa", "Canada", ""] {
        assert!(neighbour(code, service.policy()).is_err(), "{code}");
    }
}

#[test]
fn an_officer_opens_a_stay_in_a_case_and_says_whose_a_neighbours_record_is() {
    let Some((_folder, office)) = Office::there() else { return };
    let service = &office.service;
    office.all_ways_are_recorded();
    office.entered(person("MUELLER", "L1"), 0, 90);
    office.on_day(101);
    let record = service.overstays(9).unwrap().stays[0].record;
    // She left under another passport, of which nothing here knows.
    let left = neighbours_entry(100, &person("MUELLER", "L2"));
    let done = service
        .import_exits(&canada(), &[left.clone(), neighbours_entry(100, &person("NOBODY", "L9"))])
        .unwrap();
    assert_eq!(
        (done.added, done.known, done.not_kept),
        (1, 0, 1),
        "of whom nothing is held, nothing is kept"
    );
    assert_eq!(service.import_exits(&canada(), &[left]).unwrap().known, 1);
    office.on_day(101);
    assert_eq!(office.states(), [StayState::Unknown { why: WhyUnknown::AwaitsReview }]);

    let case = office.case();
    let look = office.look(case, record);
    let [stay] = &look.stays[..] else { panic!("{}", look.stays.len()) };
    assert!(
        stay.explained.starts_with("admitted until 2027-02-21 as B-2; no exit recorded"),
        "{}",
        stay.explained
    );
    assert_eq!(stay.entry.as_ref().unwrap().who.as_ref().unwrap().family_name, "MUELLER");
    let [proposal] = &stay.proposals[..] else { panic!() };
    let other = proposal.other.as_ref().unwrap();
    assert_eq!((proposal.entry, other.record), (record, proposal.exit));
    assert!(proposal.confidence >= PROPOSED_FROM, "{}", proposal.confidence);
    assert_eq!(other.who.as_ref().unwrap().documents, ["UTO …L2"]);
    for opened in [record, proposal.exit] {
        let readings = service.store().readings(opened).unwrap();
        assert_eq!(readings.len(), 1);
        let access = readings[0].access;
        assert_eq!((access.by, access.purpose), (Reader::Officer(OFFICER), Purpose::Stay));
        assert_eq!(access.within, Within::Case(case));
    }

    let same = Decided::Same { a: proposal.entry, b: proposal.exit };
    assert!(service.decide_on_stays(case, same.clone(), " ", OFFICER).is_err(), "not without a reason");
    let decision = service.decide_on_stays(case, same, "two passports, one portrait", OFFICER).unwrap();
    assert_eq!(office.states(), []);
    let look = office.look(case, record);
    assert_eq!(look.stays[0].state, StayState::LeftLate { days: 8 });
    assert!(
        look.stays[0]
            .explained
            .contains("left on or before 2027-03-03, as CAN recorded at YYZ on entry there")
    );
    assert_eq!((look.decisions.len(), look.decisions[0].reason.as_str()), (1, "two passports, one portrait"));
    let apart = Decided::Apart { records: vec![proposal.exit] };
    let refused = service.decide_on_stays(case, apart.clone(), "lent", OFFICER).unwrap_err().to_string();
    assert!(refused.contains(&format!("the merge {decision}")), "{refused}");
    service.decide_on_stays(case, Decided::Undone { decision }, "it was another", OFFICER).unwrap();
    let decision = service.decide_on_stays(case, apart, "lent", OFFICER).unwrap();
    service.decide_on_stays(case, Decided::Undone { decision }, "not lent", OFFICER).unwrap();
    let unknown = StayState::Unknown { why: WhyUnknown::AwaitsReview };
    assert_eq!(office.states(), [unknown], "at once");
    let (entry, exit) = (proposal.entry, proposal.exit);
    service.decide_on_stays(case, Decided::NotSame { a: entry, b: exit }, "it was another", OFFICER).unwrap();
    assert_eq!(office.states(), [StayState::Overstay { days: 11 }]);

    // An extension in time, noted late, in the case; and the case over, nothing more.
    let until = "2027-08-01".parse().unwrap();
    let documents = person("MUELLER", "L1").documents;
    let change = StatusChange::Extension { until };
    service.note_stay_change(case, &documents, Some(&change), at(80 * DAY)).unwrap();
    assert_eq!(office.states(), []);
    service.close_case(case, portunus_core::case::CaseOutcome::Withdrawn, OFFICER).unwrap();
    let wanted = StaysWanted {
        person: Some(Wanted {
            document: documents.first().cloned(),
            family_name: String::new(),
            given_names: String::new(),
            born: None,
        }),
        record: None,
    };
    assert!(service.stays_in(case, &wanted, OFFICER).is_err());
    let found = service.stays_in(office.case(), &wanted, OFFICER).ok().unwrap();
    let explained = &found.stays[0].explained;
    assert!(explained.contains("; extended on 2027-02-11 until 2027-08-01; "), "{explained}");
}

#[test]
fn an_earlier_crossing_that_does_not_open_keeps_nobody_else_from_being_computed() {
    let Some((folder, office)) = Office::there() else { return };
    office.all_ways_are_recorded();
    office.entered(person("MUELLER", "L1"), 0, 90);
    // As a crossing of before there were stays, whose bytes were altered.
    let data = rusqlite::Connection::open(folder.path().join("data.db")).unwrap();
    data.execute_batch(
        "DELETE FROM stay_key; DELETE FROM stay_fact; UPDATE record SET content = zeroblob(64)",
    )
    .unwrap();
    assert_eq!(office.service.store().note_earlier_crossings(at(DAY), 1).unwrap(), 1);
    assert_eq!(office.service.store().note_earlier_crossings(at(DAY), 1).unwrap(), 0);
    office.on_day(101);
    assert_eq!(office.states(), []);
}

#[test]
fn what_is_erased_leaves_the_list_and_the_stays() {
    let Some((_folder, office)) = Office::there() else { return };
    office.all_ways_are_recorded();
    office.entered(person("MUELLER", "L1"), 0, 90);
    office.on_day(101);
    let record = office.service.overstays(9).unwrap().stays[0].record;
    assert!(office.service.store().erase(record, at(101 * DAY)).unwrap());
    assert_eq!(office.states(), []);
    assert!(office.look(office.case(), record).stays.is_empty());
    office.on_day(102);
    assert_eq!(office.states(), []);
}

#[test]
fn the_records_office_looks_at_stays_over_http_and_nobody_else_does() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    for (name, role) in [("vera", "records"), ("audrey", "auditor")] {
        let user = json!({ "name": name, "role": role, "password": PASSWORD });
        staff.administrator.post("/api/admin/v1/users", &user).ok();
    }
    let [vera, audrey] = ["vera", "audrey"].map(|name| staff.anybody.signed_in(name, PASSWORD));
    let visitor = Person::new(1, "FRA").with_reference(support::Picture::Obama);
    let voyage = staff.stage(100, std::slice::from_ref(&visitor));
    let encounter = staff.gate.begin(&choice("photo", false, None));
    let captured = staff.gate.capture(&encounter, &[support::Picture::Obama2.bytes()]).ok().json();
    assert_eq!(captured["step"], "proceed");
    assert_eq!(staff.close(&voyage).ok().json()["crossings"], 1);

    let new = json!({ "kind": "stay-inquiry", "reference": "9", "basis": "b", "reason": "r" });
    let opened = vera.post("/api/records/v1/cases", &new).json();
    let case = format!("/api/records/v1/cases/{}", opened["id"].as_str().unwrap());
    let wanted =
        json!({ "person": { "document": { "issuer": "FRA", "kind": "P", "number": visitor.number } } });
    assert_eq!(audrey.post(&format!("{case}/stays"), &wanted).status, 403);
    assert_eq!(vera.post(&format!("{case}/stays"), &json!({})).status, 400);
    let found = vera.post(&format!("{case}/stays"), &wanted).ok().json();
    let stay = &found["stays"][0];
    assert_eq!(stay["state"], json!({ "state": "exit-only" }));
    assert!(
        stay["explained"].as_str().unwrap().starts_with("no entry is recorded before this exit; left on ")
    );
    assert_eq!(stay["exit"]["who"]["family_name"], json!(visitor.family));
    let exit = stay["exit"]["record"].clone();
    assert!(audrey.get("/api/records/v1/overstays").ok().json()["computed_at"].is_string());
    let other =
        json!({ "decision": { "decided": "apart", "records": ["0".repeat(32)] }, "reason": "nobody's" });
    assert_eq!(vera.post(&format!("{case}/stay-decisions"), &other).status, 404);
    let apart = json!({ "decision": { "decided": "apart", "records": [exit] }, "reason": "a lent passport" });
    assert_eq!(vera.post(&format!("{case}/stay-decisions"), &apart).status, 201);
    let way = json!({ "mode": "land", "port": "Nogales", "recorded": null, "reason": "not staffed" });
    assert_eq!(vera.post("/api/records/v1/ways-out", &way).status, 204);
    let ways = audrey.get("/api/records/v1/ways-out").ok().json();
    let said: Vec<&str> = ways.as_array().unwrap().iter().map(|way| way["way"].as_str().unwrap()).collect();
    assert!(
        said.contains(&"land exits at Nogales") && said.iter().any(|way| way.starts_with("air exits at "))
    );
    let page = String::from_utf8_lossy(&audrey.get("/records/stays").ok().body).into_owned();
    assert!(page.contains("land exits at Nogales") && !page.contains(&visitor.family));
    assert_eq!(staff.officer.get("/api/records/v1/overstays").status, 403);
}
