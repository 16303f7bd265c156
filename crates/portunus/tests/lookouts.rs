//! Lookouts over HTTP: written, approved by another, hit at the gate in either lane, put right for good, gone.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]
#![allow(unreachable_pub, dead_code, reason = "modules shared by several test binaries")]

mod support;

use portunus_core::id::UserId;
use portunus_core::lookout::{Lookout, On, StatedName, UNDATED_MAX};
use portunus_core::policy::Policy;
use portunus_core::voyage::{Capacity, ManifestPerson, VoyageKey};
use portunus_server::service::{LookoutShown, Parts, Service};
use portunus_store::Store;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use support::{Caller, Options, PASSWORD, Person, Picture, Staff, choice, models_are_here};

const API: &str = "/api/lookout/v1";

fn person(staff: &Staff, role: &str) -> Caller {
    let user = json!({ "name": role, "role": role, "password": PASSWORD });
    staff.administrator.post("/api/admin/v1/users", &user).ok();
    staff.anybody.signed_in(role, PASSWORD)
}

fn day(days: i64) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    at.strftime("%Y-%m-%d").to_string()
}

fn on_a_person(names: &str, born: &str) -> Value {
    json!({
        "on": "person", "names": names, "born": born, "authority": "Police", "reference": "17/26",
        "reason": "to be heard as a witness", "expires": day(90), "review": day(30),
    })
}

#[track_caller]
fn only(by: &Caller) -> Value {
    let all = by.get(&format!("{API}/lookouts")).ok().json();
    assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
    all[0].clone()
}

/// What the officer's card says of an encounter.
fn card(staff: &Staff, encounter: &str) -> String {
    let path = format!("/console/board?point={}&encounter={encounter}", staff.point);
    String::from_utf8(staff.officer.get(&path).ok().body).unwrap()
}

fn reasons(staff: &Staff, encounter: &str) -> Value {
    let board = staff.board();
    let waiting = board["queue"].as_array().unwrap().iter().find(|w| w["encounter"] == encounter).unwrap();
    waiting["reasons"].clone()
}

/// Any file that has these bytes.
fn file_with(folder: &Path, needle: &[u8]) -> Option<std::path::PathBuf> {
    std::fs::read_dir(folder).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return file_with(&path, needle);
        }
        let has = |bytes: Vec<u8>| bytes.windows(needle.len()).any(|window| window == needle);
        std::fs::read(&path).is_ok_and(has).then_some(path)
    })
}

#[test]
fn a_hit_refers_in_either_lane_and_says_why_and_who_is_not_meant_is_hit_no_more() {
    if !models_are_here() {
        return;
    }
    let (_house, mut staff) = Staff::with_house(Options::default());
    let (author, approver) = (person(&staff, "lookout-author"), person(&staff, "lookout-approver"));
    let traveller = Person::new(0, "FRA").with_reference(Picture::Obama);
    staff.stage(100, std::slice::from_ref(&traveller));

    // Proposed, it hits nobody; its author cannot approve it, another can, once.
    assert_eq!(
        author.post(&format!("{API}/lookouts"), &on_a_person("ADEYEMI/ALEX", "1950-01-10")).status,
        201
    );
    let kept = only(&author);
    assert_eq!((&kept["state"], &kept["names"]), (&json!("proposed"), &json!("ADEYEMI/ALEX")));
    let lookout = kept["id"].as_str().unwrap().to_owned();
    let approve = format!("{API}/lookouts/{lookout}/approve");
    let looked_at = json!({ "written_at": kept["written_at"] });
    assert_eq!(author.post(&approve, &looked_at).status, 403);
    assert_eq!(
        approver.post(&approve, &json!({ "written_at": "2026-01-01T00:00:00Z" })).status,
        409,
        "another text"
    );
    // (Who declines has no template any more; here the camera fails.)
    let encounter = staff.gate.begin(&choice("photo", false, Some(("FRA", &traveller.number))));
    staff.gate.end(&encounter, "camera-failure").ok();
    assert!(!card(&staff, &encounter).contains("Lookout:"));
    assert_eq!(staff.rule(&encounter, &json!({ "ruling": "refuse", "reason": "begins anew" })).status, 204);
    assert_eq!(approver.post(&approve, &looked_at).status, 204);
    assert_eq!(approver.post(&approve, &looked_at).status, 409);

    // By face: a match that would be confirmed is referred; the gate learns nothing of it.
    let encounter = staff.gate.begin(&choice("photo", false, None));
    let told = staff.gate.capture(&encounter, &[Picture::Obama2.bytes()]).ok().json();
    assert_eq!(told, json!({ "step": "see-officer", "advice": [] }));
    assert_eq!(reasons(&staff, &encounter), json!(["lookout"]));
    let by_face = card(&staff, &encounter);
    for words in [
        "Lookout: to be heard as a witness",
        "Police, 17/26",
        "written the same",
        "of a hundred hits of this kind",
    ] {
        assert!(by_face.contains(words), "{words}: {by_face}");
    }
    assert_eq!(staff.rule(&encounter, &json!({ "ruling": "retake", "reason": "" })).status, 204);

    // Without a photo: the same words on the card, none of them about the choice.
    let encounter = staff.gate.begin(&choice("manual", false, Some(("FRA", &traveller.number))));
    assert!(card(&staff, &encounter).contains("Lookout: to be heard as a witness"));

    // Somebody else: said with a reason, agreed to by another.
    let passenger = staff.passenger(&staff.voyage(100), &traveller)["id"].as_str().unwrap().to_owned();
    let not = format!("/api/officer/v1/passengers/{passenger}/not-this-person");
    assert_eq!(staff.officer.post(&not, &json!({ "lookout": lookout, "reason": " " })).status, 400);
    assert_eq!(
        staff.officer.post(&not, &json!({ "lookout": lookout, "reason": "born elsewhere" })).status,
        204
    );
    assert_eq!(staff.officer.post(&not, &json!({ "lookout": lookout, "reason": "again" })).status, 409);
    assert!(card(&staff, &encounter).contains("waits for an approver"));
    let waiting = approver.get(&format!("{API}/redress")).ok().json();
    let agreed = json!({ "traveller": waiting[0]["traveller"], "lookout": lookout });
    assert_eq!(author.post(&format!("{API}/redress/approve"), &agreed).status, 403, "by role");
    assert_eq!(approver.post(&format!("{API}/redress/approve"), &agreed).status, 204);
    assert!(!card(&staff, &encounter).contains("Lookout:"));
    assert_eq!(staff.rule(&encounter, &json!({ "ruling": "refuse", "reason": "begins anew" })).status, 204);

    // On a later voyage, too.
    let first = staff.voyage(100);
    staff.close(&first).ok();
    staff.stage(200, std::slice::from_ref(&traveller));
    let encounter = staff.gate.begin(&choice("photo", false, None));
    assert_eq!(staff.gate.capture(&encounter, &[Picture::Obama2.bytes()]).ok().json()["step"], "proceed");
}

#[test]
fn a_list_comes_in_whole_or_not_at_all_goes_out_as_it_came_and_is_sealed_on_disk() {
    if !models_are_here() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let author = person(&staff, "lookout-author");
    let import = |text: &str| {
        author.post_bytes(&format!("{API}/lookouts/import"), "text/csv", text.as_bytes().to_vec())
    };
    let head = "on,authority,reference,reason,expires,review,names,born\n";
    let good = format!("person,Police,1,witness,{},{},ZZYZXNAME/ANNA,1974+-2\n", day(90), day(30));
    let bad = format!("person,Police,2,witness,{},{},OTHER/ANNA,\n", day(90), day(30));
    let refused = import(&format!("{head}{good}{bad}"));
    assert_eq!((refused.status, refused.problem().as_str()), (400, "faulty-list"));
    assert_eq!(refused.json()["faults"][0]["line"], 3);
    assert_eq!(refused.json()["faults"][0]["field"], "born");
    assert_eq!(author.get(&format!("{API}/lookouts")).ok().json(), json!([]), "nothing half imported");
    let imported = import(&format!("{head}{good}")).ok().json();
    assert_eq!(imported, json!({ "written": 1, "replaced": 0, "unchanged": 0 }));
    assert_eq!(import(&format!("{head}{good}")).ok().json()["unchanged"], 1);
    let csv = author.get(&format!("{API}/lookouts?format=csv")).ok();
    assert!(String::from_utf8(csv.body.clone()).unwrap().contains("ZZYZXNAME/ANNA"));
    assert_eq!(
        author.post_bytes(&format!("{API}/lookouts/import"), "text/csv", csv.body).ok().json()["unchanged"],
        1
    );
    assert_eq!(file_with(&house.folder(), b"ZZYZXNAME"), None, "names are sealed");
    let page = String::from_utf8(author.get("/lookouts").ok().body).unwrap();
    assert!(page.contains("ZZYZXNAME, ANNA; born 1974+-2") && page.contains("waits for approval"));

    let lookout = only(&author)["id"].as_str().unwrap().to_owned();
    assert_eq!(author.post(&format!("{API}/lookouts/{lookout}/withdraw"), &json!({})).status, 204);
    assert_eq!(author.get(&format!("{API}/lookouts")).ok().json(), json!([]));
    assert_eq!(staff.anybody.get(&format!("{API}/counts")).ok().json(), json!([]));
}

struct Now;
impl portunus_core::ports::Clock for Now {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

struct Dice;
impl portunus_core::ports::Entropy for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&support::fresh().repeat(4)[..bytes.len()]);
    }
}

/// A service on the folder, as one process of several.
fn process(folder: &Path) -> Service {
    let pack =
        portunus_biometrics::pack::Pack::load(&support::cache().join("packs/opencv-zoo")).ok().unwrap();
    Service::new(Parts {
        store: Store::open(folder, Arc::new(Dice)).unwrap(),
        engine: Arc::new(support::engine()),
        calibration: pack.calibration().clone(),
        policy: Policy::from_toml(include_str!("../../../policies/us-2025.toml")).unwrap(),
        clock: Arc::new(Now),
        entropy: Arc::new(Dice),
    })
}

fn listed(reference: &str, family: &str, born: &str, reason: &str) -> Lookout {
    let name = StatedName { family: family.into(), given: "ALEX".into() };
    Lookout {
        on: On::Person {
            names: vec![name],
            born: born.parse().unwrap(),
            nationality: Some(portunus_core::document::State::new("FRA").unwrap()),
        },
        authority: "Police".into(),
        reference: reference.into(),
        reason: reason.into(),
        expires_at: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(90 * 24),
        review_on: day(30).parse().unwrap(),
    }
}

fn traveller(family: &str) -> ManifestPerson {
    ManifestPerson {
        born: Some("1950-01-10".parse().unwrap()),
        nationality: Some(portunus_core::document::State::new("FRA").unwrap()),
        ..ManifestPerson::named(Capacity::Passenger, family, "ALEX")
    }
}

/// Why a traveller is hit.
fn hits(service: &Service, family: &str) -> Vec<String> {
    let voyage: VoyageKey = "LH400/2026-12-01".parse().unwrap();
    let hits = service.lookout_hits(&traveller(family), &voyage).ok().unwrap();
    hits.into_iter().map(|hit| hit.reason).collect()
}

const AUTHOR: UserId = UserId::from_bytes([1; 16]);
const APPROVER: UserId = UserId::from_bytes([2; 16]);

#[test]
fn what_goes_in_one_process_is_gone_in_all_at_once_and_what_comes_is_there_at_their_next_look() {
    if !models_are_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (process(folder.path()), process(folder.path()));
    here.write_lookouts(&[listed("1", "ADEYEMI", "1950-01-10", "a witness")], AUTHOR).unwrap();
    let lookout = here.lookouts().ok().unwrap()[0].row.id;
    assert!(hits(&here, "ADEYEMI").is_empty() && hits(&there, "ADEYEMI").is_empty(), "nobody approved it");
    let written = |service: &Service| service.lookouts().ok().unwrap()[0].row.written_at;
    let as_first = written(&here);
    here.approve_lookout(lookout, as_first, APPROVER).unwrap();
    assert_eq!(hits(&here, "ADEYEMI"), ["a witness"]);
    there.refresh_lookouts().unwrap();
    assert_eq!(hits(&there, "ADEYEMI"), ["a witness"]);

    // Changed there: it waits for approval again, and here it is gone before anybody looked.
    there.write_lookouts(&[listed("1", "BENNET", "1950-01-10", "a suspect")], AUTHOR).unwrap();
    assert!(hits(&here, "ADEYEMI").is_empty() && hits(&there, "ADEYEMI").is_empty());
    assert!(there.approve_lookout(lookout, as_first, APPROVER).is_err(), "what was looked at is no more");
    there.approve_lookout(lookout, written(&there), APPROVER).unwrap();
    assert!(hits(&here, "ADEYEMI").is_empty(), "the one of this name is no more");
    assert_eq!(hits(&there, "BENNET"), ["a suspect"]);
    here.refresh_lookouts().unwrap();
    assert_eq!(hits(&here, "BENNET"), ["a suspect"]);
    there.withdraw_lookout(lookout).unwrap();
    assert!(hits(&here, "BENNET").is_empty() && hits(&there, "BENNET").is_empty());
}

#[test]
fn an_index_that_many_changes_wore_is_made_anew_while_it_serves() {
    if !models_are_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let service = process(folder.path());
    assert!(hits(&service, "NAMEBB").is_empty());
    let letter = |n: usize| char::from(b'B' + (n % 20) as u8);
    let name = |n: usize| format!("NAME{}{}{}", letter(n / 400), letter(n / 20), letter(n));
    let all: Vec<Lookout> =
        (0..1100).map(|n| listed(&n.to_string(), &name(n), "1950-01-10", &name(n))).collect();
    service.write_lookouts(&all, AUTHOR).unwrap();
    for shown in service.lookouts().ok().unwrap() {
        let (row, now) = (shown.row, service.now());
        service.store().approve_lookout(row.id, row.written_at, APPROVER, now).unwrap().unwrap().unwrap();
    }
    service.refresh_lookouts().unwrap();
    for _ in 0..100 {
        for n in [0, 555, 1099] {
            assert!(hits(&service, &name(n)).contains(&name(n)));
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn of_those_without_a_date_of_birth_no_more_are_in_force_than_the_book_says() {
    if !models_are_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let service = process(folder.path());
    let all: Vec<Lookout> = (0..=UNDATED_MAX).map(|n| listed(&n.to_string(), "ADEYEMI", "", "w")).collect();
    service.write_lookouts(&all, AUTHOR).unwrap();
    let mut shown = service.lookouts().ok().unwrap();
    let last = shown.pop().unwrap();
    let approve = |one: &LookoutShown| service.approve_lookout(one.row.id, one.row.written_at, APPROVER);
    for one in &shown {
        approve(one).unwrap();
    }
    assert_eq!(hits(&service, "ADEYEMI").len(), UNDATED_MAX);
    let refused = approve(&last).unwrap_err();
    assert!(refused.to_string().contains("without a date of birth"), "{refused}");
    let again = approve(&shown[0]).unwrap_err();
    assert!(!again.to_string().contains("without a date of birth"), "it is approved: {again}");
    service.withdraw_lookout(shown[0].row.id).unwrap();
    approve(&last).unwrap();

    // Many at the same time, for the one place that is free again.
    service.withdraw_lookout(last.row.id).unwrap();
    let more: Vec<Lookout> = (0..8).map(|n| listed(&format!("m{n}"), "ADEYEMI", "", "w")).collect();
    service.write_lookouts(&more, AUTHOR).unwrap();
    let wait = service.lookouts().ok().unwrap().split_off(UNDATED_MAX - 1);
    let approved = std::thread::scope(|scope| {
        let all: Vec<_> = wait.iter().map(|one| scope.spawn(|| approve(one).is_ok())).collect();
        all.into_iter().map(|one| one.join().unwrap()).filter(|approved| *approved).count()
    });
    assert_eq!((wait.len(), approved), (8, 1));
}
