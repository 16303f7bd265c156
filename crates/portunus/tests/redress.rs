//! Mis-identification over HTTP: contested by receipt, proposed by one officer, refused to the same, decided by another; what follows
//! everywhere; and that four eyes hold.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

#[path = "../../store/tests/border/mod.rs"]
mod border;
mod in_process;
mod support;

use border::{HOUR, at, files_with, person};
use in_process::{Border, PHOTO, a_passage};
use jiff::SignedDuration;
use portunus_core::crossing::{Admission, CrossingRecord};
use portunus_core::encounter::Method;
use portunus_core::id::PassengerId;
use portunus_core::place::Direction;
use portunus_core::policy::{DataClass, PersonClass, Start};
use portunus_core::stay::{Mode, Span, StayState};
use portunus_core::voyage::{Leg, Manifest, ManifestAction, VoyageKey};
use portunus_store::{CloseVoyage, ManifestOutcome, NewCrossing, Subject};
use serde_json::{Value, json};

const CASES: &str = "/api/records/v1/cases";
const DAY: i64 = 24 * HOUR;
const OFFICE: [(&str, &str); 6] = [
    ("vera", "records"),
    ("walid", "records"),
    ("xenia", "records"),
    ("supervisor", "supervisor"),
    ("dora", "data-protection"),
    ("audrey", "auditor"),
];

/// Somebody crossed, as the record of `name` and passport `number` says; gives the record.
fn crossed(border: &Border, (name, number): (&str, &str), day: i64, direction: Direction) -> String {
    border.on_day(day);
    let (store, when) = (border.service.store(), at(day * DAY));
    let (from, to) = match direction {
        Direction::Entry => ("FRA", "JFK"),
        Direction::Exit => ("JFK", "FRA"),
    };
    let flight = format!("{}", 1000 + day);
    let voyage = VoyageKey::new("LH", &flight, border::flight().date).unwrap();
    let leg = Leg { from: from.into(), to: to.into(), departs: None, arrives: None };
    let list =
        Manifest { voyage: voyage.clone(), legs: vec![leg], action: ManifestAction::Replace, people: vec![] };
    let ManifestOutcome::Applied(applied) = store.apply_manifest(&list, when).unwrap() else { panic!() };
    let until =
        (when + SignedDuration::from_hours(24 * 90)).to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let admitted = Admission { class: "B-2".into(), until: Some(until) };
    let who = person(name, number);
    let record = CrossingRecord {
        person: who.clone(),
        voyage,
        port: "JFK".into(),
        direction,
        at: when,
        method: Method::FaceMatched,
        admitted: (direction == Direction::Entry).then_some(admitted),
    };
    let start = Start::crossing(when, direction);
    let class = PersonClass::NonImmigrant;
    let crossing = NewCrossing {
        passenger: PassengerId::from_bytes([u8::try_from(100 + day).unwrap(); 16]),
        encounter: None,
        content: serde_json::to_vec(&record).unwrap(),
        subject: Subject::of(&who),
        class,
        start,
        method: Method::FaceMatched,
        entered_later: false,
        confidential: false,
        erase_after: border.service.policy().due(class, DataClass::Crossing, start).unwrap(),
        probe: None,
    };
    assert_eq!(store.close_voyage(applied.voyage, &[crossing], when).unwrap(), CloseVoyage::Closed);
    store.crossings(applied.voyage, when).unwrap()[0].record.to_string()
}

/// A statistics office that takes copies; gives its token.
fn recipient(border: &Border, admin: &str) -> String {
    let new = json!({ "name": "Statistics office", "purpose": "stays", "basis": "s 9", "receives": ["crossing", "probe"] });
    let (status, entered) = border.ask(admin, "POST", "/api/admin/v1/recipients", &new);
    assert_eq!(status, 201, "{entered}");
    entered["token"].as_str().unwrap().to_owned()
}

fn takes_copies(border: &Border, token: &str, after: u64) -> Vec<String> {
    let path = format!("/api/recipient/v1/crossings?after={after}");
    let (_, offered) = border.ask(token, "GET", &path, &Value::Null);
    let mut taken = Vec::new();
    for one in offered.as_array().unwrap() {
        for record in [&one["record"], &one["photo"]].into_iter().filter_map(Value::as_str) {
            let copy = border.ask(token, "GET", &format!("/api/recipient/v1/records/{record}"), &Value::Null);
            assert_eq!(copy.0, 200, "{}", copy.1);
            taken.push(record.to_owned());
        }
    }
    taken
}

fn wanted(number: &str) -> Value {
    json!({ "document": { "issuer": "UTO", "kind": "P", "number": number } })
}

struct Office<'a> {
    border: &'a Border,
    token: String,
}

impl Office<'_> {
    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.border.ask(&self.token, "POST", path, body)
    }

    #[track_caller]
    fn ok(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.post(path, body);
        assert!(status < 300, "{path}: {status} {answer}");
        answer
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        let (status, answer) = self.border.ask(&self.token, "GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Opens a case; gives its path.
    #[track_caller]
    fn opens(&self, kind: &str, more: &Value) -> String {
        let mut new =
            json!({ "kind": kind, "reference": "2026/17", "basis": "section 12", "reason": "asked for" });
        new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        format!("{CASES}/{}", self.ok(CASES, &new)["id"].as_str().unwrap())
    }

    /// What stays of the holders of a document there are: their states.
    #[track_caller]
    fn stays(&self, case: &str, number: &str) -> Vec<String> {
        let found = self.ok(&format!("{case}/stays"), &json!({ "person": wanted(number) }));
        let of = |stay: &Value| stay["state"]["state"].as_str().unwrap().to_owned();
        let mut states: Vec<String> = found["stays"].as_array().unwrap().iter().map(of).collect();
        states.sort_unstable();
        states
    }

    #[track_caller]
    fn held_on(&self, number: &str) -> Vec<Value> {
        let case = self.opens("correction", &json!({}));
        self.ok(&format!("{case}/find"), &wanted(number)).as_array().unwrap().clone()
    }
}

fn office<'a>(border: &'a Border, name: &str) -> Office<'a> {
    Office { border, token: border.sign_in(name) }
}

fn problem(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["type"].as_str().unwrap().rsplit(':').next().unwrap())
}

/// The records of ALPHA, and whose they are.
struct Mixed {
    code: String,
    /// BRAVO left, and was taken for ALPHA: the crossing, and the photo.
    bravos: [String; 2],
    /// Somebody entered; nobody knows who.
    nobodys: String,
    /// OMEGA left; on the list stood ALPHA's number.
    others: String,
    recipient: String,
}

/// ALPHA, BRAVO and GAMMA entered; the rest went wrong, but for GAMMA, who is past the last day. It is the fortieth day.
fn mixed(border: &Border) -> Mixed {
    for mode in Mode::ALL {
        let recorded = Some(Span { from: at(-99 * DAY), until: None });
        border.service.declare_way_out(mode, None, recorded, "every port reports").unwrap();
    }
    crossed(border, ("ALPHA", "L1"), -60, Direction::Entry);
    crossed(border, ("GAMMA", "L3"), -59, Direction::Entry);
    crossed(border, ("BRAVO", "L2"), -30, Direction::Entry);
    border.on_day(0);
    let code = a_passage(border).text();
    let others = crossed(border, ("OMEGA", "L1"), 10, Direction::Exit);
    let nobodys = crossed(border, ("ALPHA", "L1"), 20, Direction::Entry);
    let token = recipient(border, &border.sign_in("admin"));
    let (_, offered) = border.ask(&token, "GET", "/api/recipient/v1/crossings", &Value::Null);
    let left = offered.as_array().unwrap().iter().find(|one| one["photo"].is_string()).unwrap();
    let bravos = ["record", "photo"].map(|of| left[of].as_str().unwrap().to_owned());
    assert_eq!(takes_copies(border, &token, 0).len(), 7);
    border.on_day(40);
    border.service.compute_overstays().unwrap();
    Mixed { code, bravos, nobodys, others, recipient: token }
}

fn overstays(border: &Border) -> Vec<StayState> {
    border.service.overstays(9).unwrap().stays.into_iter().map(|stay| stay.state).collect()
}

fn findings(of: &Mixed) -> Value {
    json!({
        "findings": [
            { "record": of.bravos[0], "finding": "reattribute" },
            { "record": of.nobodys, "finding": "unlink" },
            { "record": of.others, "finding": "split" },
        ],
        "holder": {
            "document": { "issuer": "UTO", "kind": "P", "number": "L2" }, "family_name": "BRAVO",
            "given_names": "ANNA MARIA", "born": "1974-08-12", "nationality": "UTO", "class": "non-immigrant",
        },
        "reason": "the portraits of both passports were compared",
        "answer": "You are right: you were taken for somebody else.",
    })
}

/// From the contest of who has the receipt, all of ALPHA's records named; gives the case's path.
fn contested(border: &Border, of: &Mixed, vera: &Office<'_>) -> String {
    let contest = json!({ "code": of.code, "ground": "wrong-person", "words": "That is not my name." });
    let (status, shown) = border.ask("", "POST", "/api/public/v1/receipt/contest", &contest);
    assert_eq!(status, 201, "{shown}");
    let contest = vera.get(CASES)[0]["id"].clone();
    let case = vera.opens("misidentification", &json!({ "contest": contest }));
    let whole = vera.get(&case);
    assert_eq!(whole["records"].as_array().unwrap().len(), 2, "what the contest is about: {whole}");
    assert_eq!(whole["case"]["deadline"], shown["contests"][0]["deadline"], "as the traveller was told");
    let found = vera.ok(&format!("{case}/find"), &wanted("L1"));
    let records: Vec<_> = found.as_array().unwrap().iter().map(|one| one["record"].clone()).collect();
    assert_eq!(records.len(), 5, "{found}");
    vera.ok(&format!("{case}/records"), &json!({ "records": records }));
    case
}

/// A border in a folder of its own, with its office; `None` where the models are not here.
fn staffed() -> Option<(tempfile::TempDir, Border)> {
    let folder = support::models_are_here().then(|| tempfile::tempdir().unwrap())?;
    let border = Border::open(folder.path());
    border.hire(&OFFICE);
    Some((folder, border))
}

#[test]
#[allow(clippy::too_many_lines, reason = "one mis-identification, from the contest to the published figures")]
fn a_traveller_who_crossed_under_anothers_record_has_it_put_right_everywhere_by_two_officers() {
    let Some((folder, border)) = staffed() else { return };
    let of = mixed(&border);
    let [vera, walid, xenia] = ["vera", "walid", "xenia"].map(|name| office(&border, name));
    let case = contested(&border, &of, &vera);
    assert_eq!(vera.stays(&case, "L1"), ["exit-only", "left", "open"]);
    assert_eq!(vera.stays(&case, "L2"), ["open"]);
    let gammas = StayState::Overstay { days: 9 };
    assert_eq!(overstays(&border), [gammas]);

    let shown = walid.ok(&format!("{case}/propose"), &findings(&of));
    let follows = |record: &str| {
        let found = shown["findings"].as_array().unwrap().iter().find(|one| one["record"] == record).unwrap();
        found["follows"].as_str().unwrap().to_owned()
    };
    let [crossing, photo] = &of.bravos;
    let four = [crossing, photo, &of.nobodys, &of.others].map(|record| follows(record));
    assert_eq!(
        four,
        ["written-anew", "becomes-theirs", "erased", "set-apart"],
        "a photo goes with its crossing"
    );

    // Neither who opened it nor who proposed it: not to agree, not to refuse, not even to look whose it is said to be.
    let agree = json!({ "proposal": shown["proposal"] });
    for own in [&vera, &walid] {
        for (deed, body) in
            [("agree", &agree), ("proposed", &json!({})), ("close", &json!({ "outcome": "refused" }))]
        {
            let answer = own.post(&format!("{case}/{deed}"), body);
            assert_eq!(problem(&answer), (403, "own-case"), "{deed}");
            assert!(answer.1["detail"].as_str().unwrap().contains("somebody else than who opened it"));
        }
    }
    let audrey = office(&border, "audrey");
    assert_eq!(audrey.post(&format!("{case}/agree"), &agree).0, 403, "by role");
    assert!(!audrey.get(&case).to_string().contains("BRAVO"), "who reads cases reads no name");
    let stale = json!({ "proposal": "0".repeat(32) });
    assert_eq!(problem(&xenia.post(&format!("{case}/agree"), &stale)), (409, "case"), "another proposal");
    let opened = xenia.ok(&format!("{case}/proposed"), &json!({}));
    assert_eq!(opened["holder"]["family_name"], "BRAVO");
    assert_eq!(opened["holder"]["documents"], json!(["UTO …L2"]));

    let done = xenia.ok(&format!("{case}/agree"), &agree);
    let counts = ["erased", "redated", "held", "apart"].map(|what| done[what].as_u64().unwrap());
    assert_eq!((counts, done["anew"].as_array().unwrap().len()), ([2, 1, 0, 1], 1), "{done}");
    assert_eq!(problem(&xenia.post(&format!("{case}/agree"), &agree)), (409, "case"), "once");

    // The stays of all sides, at once and on the list.
    let looks = vera.opens("stay-inquiry", &json!({}));
    assert_eq!(vera.stays(&looks, "L2"), ["left"], "BRAVO left on the day of the passage");
    assert_eq!(
        vera.stays(&looks, "L1"),
        ["exit-only", "overstay"],
        "OMEGA is another, and ALPHA has not left"
    );
    assert_eq!(overstays(&border), [StayState::Overstay { days: 10 }, gammas]);
    let first = border.service.overstays(1).unwrap();
    assert_eq!((first.all, first.stays.len()), (2, 1), "what is not shown is counted");
    let found = vera.ok(&format!("{looks}/stays"), &json!({ "person": wanted("L2") }));
    let exit = &found["stays"][0]["exit"];
    assert_eq!((&exit["source"]["source"], &exit["record"]), (&json!("corrected"), &done["anew"][0]));
    assert_eq!(exit["who"]["family_name"], "BRAVO");

    // Whose they were before, finds none of it; who has a copy is told, and offered what is true.
    let data = |number| {
        let held = vera.held_on(number);
        let mut data: Vec<_> = held.iter().map(|one| one["data"].as_str().unwrap().to_owned()).collect();
        data.sort_unstable();
        data
    };
    assert_eq!(data("L1"), ["crossing", "crossing"]);
    assert_eq!(data("L2"), ["crossing", "crossing", "probe"]);
    let (_, recalls) = border.ask(&of.recipient, "GET", "/api/recipient/v1/recalls", &Value::Null);
    let mut told: Vec<_> =
        recalls.as_array().unwrap().iter().filter(|one| one["action"] == "erase").collect();
    told.sort_by_key(|one| one["record"].as_str().unwrap().to_owned());
    let mut gone = vec![crossing.clone(), photo.clone(), of.nobodys.clone()];
    gone.sort_unstable();
    let told: Vec<&str> = told.iter().map(|one| one["record"].as_str().unwrap()).collect();
    assert_eq!(told, gone, "{recalls}");
    let again = takes_copies(&border, &of.recipient, 6);
    assert_eq!(again, [done["anew"][0].as_str().unwrap().to_owned(), photo.clone()]);

    // The traveller reads the answer, and what is kept of them now.
    let (_, receipt) = border.ask("", "POST", "/api/public/v1/receipt", &json!({ "code": of.code }));
    assert_eq!(receipt["contests"][0]["upheld"], true);
    assert_eq!(receipt["contests"][0]["answer"], findings(&of)["answer"]);
    let kept = receipt["records"].as_array().unwrap().iter().filter(|one| one["due"].is_string()).count();
    assert_eq!(kept, 2, "{receipt}");

    // A split can be taken back; of whom it does not concern the list says what it said.
    let undone = |decision: &Value| json!({ "decision": { "decided": "undone", "decision": decision }, "reason": "one passport" });
    let decisions = format!("{looks}/stay-decisions");
    assert_eq!(vera.post(&decisions, &undone(&json!("0".repeat(32)))).0, 404);
    vera.ok(&decisions, &undone(&agree["proposal"]));
    assert_eq!(vera.stays(&looks, "L1"), ["left"], "with OMEGA's exit");
    assert_eq!(overstays(&border), [gammas]);

    // Counted for everybody, by kind and outcome.
    let (_, public) = border.ask("", "GET", "/api/public/v1/cases", &Value::Null);
    let of_kind =
        |kind: &str| public.as_array().unwrap().iter().find(|one| one["kind"] == kind).unwrap().clone();
    for kind in ["misidentification", "contest"] {
        assert_eq!(
            (&of_kind(kind)["outcome"], &of_kind(kind)["cases"]),
            (&json!("done"), &json!(1)),
            "{kind}"
        );
    }
    border.service.store().forget_voyages(at(40 * DAY), 9).unwrap();
    assert!(files_with(folder.path(), b"BRAVO").is_empty() && files_with(folder.path(), PHOTO).is_empty());
}

#[test]
fn where_citizen_handling_follows_the_photo_is_erased_and_nothing_is_written() {
    let Some((_folder, border)) = staffed() else { return };
    let of = mixed(&border);
    let [vera, dora] = ["vera", "dora"].map(|name| office(&border, name));
    let case = contested(&border, &of, &vera);
    let mut proposed = findings(&of);
    proposed["holder"]["nationality"] = json!("USA");
    proposed["findings"].as_array_mut().unwrap().truncate(1);
    let shown = vera.ok(&format!("{case}/propose"), &proposed);
    let follows: Vec<_> = shown["findings"].as_array().unwrap().iter().map(|one| &one["follows"]).collect();
    assert_eq!(follows, ["erased", "erased"], "evidence of citizenship goes before what is stated: {shown}");
    let done = dora.ok(&format!("{case}/agree"), &json!({ "proposal": shown["proposal"] }));
    assert_eq!((&done["erased"], &done["anew"]), (&json!(2), &json!([])), "{done}");
    let held = vera.held_on("L2");
    assert_eq!(held.len(), 1, "what was theirs before, and nothing of this: {held:?}");
}

#[test]
fn what_does_not_fit_is_refused_and_says_so_and_a_deadline_past_is_shown_and_stops_nobody() {
    let Some((_folder, border)) = staffed() else { return };
    let of = mixed(&border);
    let [vera, walid] = ["vera", "walid"].map(|name| office(&border, name));
    let no_such = json!({ "kind": "misidentification", "reference": "1", "basis": "b", "reason": "r", "contest": "0".repeat(32) });
    assert_eq!(vera.post(CASES, &no_such).0, 404);
    let other_kind = json!({ "kind": "correction", "reference": "1", "basis": "b", "reason": "r", "contest": "0".repeat(32) });
    assert_eq!(vera.post(CASES, &other_kind).0, 400);

    // By the office itself: nobody contests.
    let case = vera.opens("misidentification", &json!({}));
    vera.ok(&format!("{case}/records"), &json!({ "records": [of.bravos[1], of.nobodys] }));
    let propose = format!("{case}/propose");
    let with =
        |findings: Value, holder: Value| json!({ "findings": findings, "holder": holder, "reason": "r" });
    let found = |record: &str, finding: &str| json!([{ "record": record, "finding": finding }]);
    let holder = findings(&of)["holder"].clone();
    for (what, body, status) in [
        ("nothing", with(json!([]), Value::Null), 400),
        ("not named", with(found(&of.others, "unlink"), Value::Null), 404),
        ("no record", with(found(&"0".repeat(32), "unlink"), Value::Null), 404),
        ("not a record", with(found("hello", "unlink"), Value::Null), 422),
        ("a photo split", with(found(&of.bravos[1], "split"), Value::Null), 400),
        ("whose", with(found(&of.nobodys, "reattribute"), Value::Null), 400),
        ("for nobody", with(found(&of.nobodys, "unlink"), holder), 400),
        ("no reason", json!({ "findings": found(&of.nobodys, "unlink"), "reason": " " }), 400),
        (
            "no contest",
            json!({ "findings": found(&of.nobodys, "unlink"), "reason": "r", "answer": "a" }),
            400,
        ),
    ] {
        let (got, answer) = vera.post(&propose, &body);
        assert_eq!(got, status, "{what}: {answer}");
    }
    let inquiry = vera.opens("stay-inquiry", &json!({}));
    let same = json!({ "decided": "same", "a": of.nobodys, "b": of.others });
    let merge = vera.ok(&format!("{inquiry}/stay-decisions"), &json!({ "decision": same, "reason": "r" }));
    let (got, answer) = vera.post(&propose, &with(found(&of.nobodys, "split"), Value::Null));
    let names_it = answer["detail"].as_str().is_some_and(|said| said.contains(merge["id"].as_str().unwrap()));
    assert!(got == 400 && names_it, "merged, and not taken back: {answer}");
    let undone = json!({ "decided": "undone", "decision": merge["id"] });
    vera.ok(&format!("{inquiry}/stay-decisions"), &json!({ "decision": undone, "reason": "r" }));
    let agree = |proposal: &Value| walid.post(&format!("{case}/agree"), &json!({ "proposal": proposal }));
    assert_eq!(problem(&agree(&json!("0".repeat(32)))), (409, "case"), "nothing is proposed");
    assert_eq!(
        walid.post(&format!("{case}/approve"), &json!({})).0,
        409,
        "it is agreed to as it is proposed"
    );
    let decision = json!({ "decision": { "decided": "apart", "records": [of.nobodys] }, "reason": "r" });
    assert_eq!(
        vera.post(&format!("{case}/stay-decisions"), &decision).0,
        409,
        "nor is it split by one alone"
    );

    border.on_day(80);
    let [vera, walid] = ["vera", "walid"].map(|name| office(&border, name));
    let page = border.page(&walid.token, "/records");
    assert!(page.contains("late"), "its deadline is past");
    let shown = vera.ok(&propose, &with(found(&of.nobodys, "unlink"), Value::Null));
    let page = border.page(&walid.token, &case.replace("/api/records/v1/cases", "/records"));
    assert!(page.contains("/agree") && page.contains("It is erased. Recalled from: Statistics office."));
    let own = border.page(&vera.token, &case.replace("/api/records/v1/cases", "/records"));
    assert!(!own.contains("/agree\"") && own.contains("Somebody decides who neither opened this case"));
    walid.ok(&format!("{case}/agree"), &json!({ "proposal": shown["proposal"] }));
    assert_eq!(vera.post(&propose, &with(found(&of.nobodys, "unlink"), Value::Null)).0, 409, "it is closed");

    // Refused by a second officer, nothing follows.
    let case = vera.opens("misidentification", &json!({}));
    vera.ok(&format!("{case}/records"), &json!({ "records": [of.others] }));
    vera.ok(&format!("{case}/propose"), &with(found(&of.others, "split"), Value::Null));
    let refuse = json!({ "outcome": "refused" });
    assert_eq!(problem(&vera.post(&format!("{case}/close"), &refuse)), (403, "own-case"));
    assert_eq!(walid.post(&format!("{case}/close"), &refuse).0, 204);
    assert_eq!(walid.post(&format!("{case}/close"), &refuse).0, 409);
    assert_eq!(vera.get(&case)["redress"], Value::Null);
}

#[test]
fn who_asked_for_a_hold_cannot_agree_to_it_and_until_another_does_it_holds_nothing() {
    let Some((_folder, border)) = staffed() else { return };
    crossed(&border, ("ALPHA", "L1"), 0, Direction::Exit);
    let [vera, dora] = ["vera", "dora"].map(|name| office(&border, name));
    let record = vera.held_on("L1")[0]["record"].clone();
    let hold = |by: &Office<'_>| {
        let case = by.opens("hold", &json!({ "expires_at": at(30 * DAY) }));
        by.ok(&format!("{case}/records"), &json!({ "records": [record] }));
        case
    };
    let (asked, agreed) = (hold(&vera), hold(&vera));
    let own = vera.post(&format!("{asked}/approve"), &json!({}));
    assert_eq!(problem(&own), (403, "own-case"));
    assert_eq!(office(&border, "audrey").post(&format!("{asked}/approve"), &json!({})).0, 403, "by role");
    assert_eq!(vera.held_on("L1")[0]["held_by"], json!([]), "what nobody else agreed to holds nothing");
    dora.ok(&format!("{agreed}/approve"), &json!({}));
    let id = agreed.rsplit('/').next().unwrap();
    assert_eq!(vera.held_on("L1")[0]["held_by"], json!([id]));

    let correction = vera.opens("correction", &json!({}));
    vera.ok(&format!("{correction}/records"), &json!({ "records": [record] }));
    let done = vera.ok(&format!("{correction}/correct"), &json!({ "correction": "not-this-person" }));
    assert_eq!((&done["held"], &done["erased"]), (&json!(1), &json!(0)));
    let named = |case: &str| vera.get(case)["records"].as_array().unwrap().len();
    assert_eq!((named(&asked), named(&agreed)), (0, 1), "it is there for the case that was agreed to, alone");
}
