//! Data handling from the first day: a confirmed or claimed citizen's probe is never written; all else is sealed, and
//! erased on time.
//!
//! The service runs in a cage: it can write in one folder and nowhere else. That folder is searched for any part of
//! what was uploaded, of the decoded crop, of the crop as a JPEG, and of the templates in f32 and int8, as bytes and in
//! base64, in every file with its database, logs and journals. The same search finds each of them where it is planted.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

mod support;

use portunus_biometrics::face::{FaceEngine, ProbeOutcome, Subject, Template};
use rusqlite::Connection;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use support::{
    Answer, House, Options, PASSWORD, Person, Picture, Search, Staff, Watch, choice, engine, files,
    in_the_dark, models_are_here, policy,
};

/// What must not be found: by its name.
struct Sought {
    name: String,
    bytes: Vec<u8>,
}

/// Everything that a capture of these frames brings into the service's memory, and what it makes of it.
fn sought(engine: &FaceEngine, who: &str, frames: &[Vec<u8>]) -> Vec<Sought> {
    let mut sought = Vec::new();
    let mut add = |what: &str, bytes: &[u8]| {
        sought.push(Sought { name: format!("{who}: {what}"), bytes: bytes.to_vec() });
    };
    for frame in frames {
        add("upload", frame);
    }
    let views: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let (subject, template) = match engine.probe(&views, None).ok().unwrap() {
        ProbeOutcome::Found(probe) => (probe.subject, Some(probe.template)),
        ProbeOutcome::PoorQuality(subject) => (subject, None),
        ProbeOutcome::NoFace | ProbeOutcome::Several => panic!("{who}: no subject"),
    };
    add("crop", subject.crop.rgb());
    add("crop as JPEG", &crop_jpeg(&subject));
    if let Some(template) = template {
        add("template in f32", &f32_bytes(&template));
        add("template in int8", &int8_bytes(&template));
    }
    sought
}

/// As the service encodes it.
fn crop_jpeg(subject: &Subject) -> Vec<u8> {
    subject.crop.to_jpeg(90).ok().unwrap().to_vec()
}

fn f32_bytes(template: &Template) -> Vec<u8> {
    template.values().iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Quantised by the largest value, as compact indexes do.
fn int8_bytes(template: &Template) -> Vec<u8> {
    let most = template.values().iter().fold(0_f32, |most, value| most.max(value.abs()));
    template.values().iter().map(|value| (value / most * 127.0).round() as i8 as u8).collect()
}

fn search(all: &[Sought]) -> Search {
    let mut search = Search::default();
    all.iter().for_each(|sought| search.add(&sought.name, &sought.bytes));
    search
}

/// Whether a file or folder is one of those that the store makes, each searched or sealed.
fn is_known(path: &Path, home: &Path) -> bool {
    let Ok(path) = path.strip_prefix(home.join("data")) else { return false };
    let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
    let hexadecimal =
        |text: &str, digits| text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit());
    match parts[..] {
        ["data.db" | "data.db-wal" | "data.db-shm" | "keys.db" | "keys.db-journal"] => true,
        ["blobs" | "galleries", drawer] => hexadecimal(drawer, 2),
        ["blobs" | "galleries", drawer, file] => {
            hexadecimal(drawer, 2) && hexadecimal(file.strip_suffix(".part").unwrap_or(file), 32)
        }
        // The public log: a tile, its bundle, the head, and each while it is written.
        ["ledger", ref file @ ..] => {
            let file = file.join("/");
            let file = file.strip_suffix(".new").unwrap_or(&file);
            matches!(file, "lock" | "key" | "checkpoint")
                || portunus_ledger::tile::is_path(file)
                || file
                    .strip_prefix("tile/")
                    .is_some_and(|folders| !folders.contains('.') || folders.ends_with(".p"))
                || file == "tile"
        }
        _ => false,
    }
}

#[track_caller]
fn step(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()["step"].as_str().unwrap().to_owned()
}

/// By when something that is due within seconds has happened, on a busy machine.
const LATEST: Duration = Duration::from_secs(60);

/// Waits until something is so.
#[track_caller]
fn soon(within: Duration, what: &str, so: impl Fn() -> bool) {
    let until = Instant::now() + within;
    while !so() {
        assert!(Instant::now() < until, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn database(house: &House, name: &str) -> Connection {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    Connection::open_with_flags(house.folder().join(name), flags).unwrap()
}

fn count(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn blobs(house: &House) -> usize {
    files(&house.folder().join("blobs")).len()
}

fn caged(policy: String) -> (House, Staff) {
    Staff::with_house(Options { policy: Some(policy), cage: true, ..Options::default() })
}

#[test]
fn a_citizens_probe_is_never_written_and_a_foreigners_is_sealed() {
    if !models_are_here() {
        return;
    }
    let (house, mut staff) =
        caged(policy(&[("unkept_photo_shown_seconds = 30", "unkept_photo_shown_seconds = 8")]));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", house.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "core dumps are off");
    let kept = tempfile::tempdir().unwrap();
    let watch = Watch::begin(house.home(), house.pid(), kept.path());

    let citizen = Person::new(0, "USA").with_reference(Picture::Obama);
    let foreigner = Person::new(1, "FRA");
    staff.stage(100, &[citizen, foreigner.clone()]);
    let engine = engine();
    let confirmed = [Picture::Obama2.bytes(), Picture::Obama3.bytes()];
    let other = [Picture::Biden.bytes()];
    let dark = [in_the_dark(&other[0])];
    let all: Vec<Sought> =
        [("the citizen", &confirmed[..]), ("the other man", &other), ("in the dark", &dark)]
            .into_iter()
            .flat_map(|(who, frames)| sought(&engine, who, frames))
            .collect();
    let search = search(&all);
    let nothing_written = |when: &str| {
        assert_eq!(search.under(house.home()), BTreeSet::new(), "{when}");
        assert_eq!(search.under(kept.path()), BTreeSet::new(), "{when}, in files that are gone");
    };

    let encounter = staff.gate.begin(&choice("photo", false, None));
    assert!(staff.gate.preview(&encounter, &confirmed[0]).ok().json()["usable"].as_bool().unwrap());
    nothing_written("after a preview");
    assert_eq!(step(&staff.gate.capture(&encounter, &confirmed)), "proceed");
    let shown = staff.probe(&encounter).ok();
    assert!(
        search.within(&shown.body).contains("the citizen: crop as JPEG"),
        "the test makes what the service makes"
    );
    assert_eq!(shown.headers["cache-control"], "no-store");
    nothing_written("after a confirmed citizen's capture");
    soon(LATEST, "its seconds are over", || staff.probe(&encounter).status == 404);

    let claimed = staff.gate.begin(&choice("photo", true, None));
    assert_eq!(step(&staff.gate.capture(&claimed, &other)), "see-officer");
    assert_eq!(staff.probe(&claimed).status, 200);
    nothing_written("after a claimed citizen's capture, referred to an officer");
    let poor = staff.gate.begin(&choice("photo", true, None));
    let steps: Vec<String> = (0..3).map(|_| step(&staff.gate.capture(&poor, &dark))).collect();
    assert_eq!(steps, ["try-again", "try-again", "see-officer"]);
    nothing_written("after a claimed citizen's captures of poor quality");
    assert_eq!((blobs(&house), count(&database(&house, "data.db"), PROBES)), (1, 0), "the one reference");

    let sealed = staff.gate.begin(&choice("photo", false, Some(("FRA", &foreigner.number))));
    assert_eq!(step(&staff.gate.capture(&sealed, &other)), "see-officer");
    assert_eq!(blobs(&house), 2, "the foreigner's crop is kept");
    assert!(search.within(&staff.probe(&sealed).ok().body).contains("the other man: crop as JPEG"));
    nothing_written("after a foreigner's crop was sealed");
    let gone = || staff.probe(&claimed).status == 404 && staff.probe(&poor).status == 404;
    soon(LATEST, "claimed citizens' photos are gone", gone);
    // The watch's own control: a name that is there for a moment, in a folder that was there before it.
    let momentary = house.folder().join("control.part");
    std::fs::write(&momentary, b"").unwrap();
    std::fs::remove_file(&momentary).unwrap();
    let mut seen = watch.end();
    assert!(seen.made.remove(&momentary), "the watch sees names that are there for a moment");
    let strange: Vec<_> = seen.made.iter().filter(|path| !is_known(path, house.home())).collect();
    assert!(strange.is_empty(), "files that are not known, if only for a moment: {strange:?}");
    if std::fs::read_dir(format!("/proc/{}/fd", house.pid())).is_ok() {
        assert!(
            seen.open.contains(&house.folder().join("data.db")),
            "the watch sees what is open: {:?}",
            seen.open
        );
    }
    assert!(
        seen.open.iter().all(|path| path.starts_with(house.home())),
        "written elsewhere: {:?}",
        seen.open
    );
    assert!(files(kept.path()).len() >= files(&house.folder()).len(), "the watch has seen all files");
    assert!(house.stop().success());
    nothing_written("after the service ended");
    assert_eq!(count(&database(&house, "data.db"), PROBES), 1);
    assert_eq!(
        count(&database(&house, "data.db"), "SELECT COUNT(*) FROM encounter WHERE probe IS NOT NULL"),
        1
    );
    the_services_templates_are_the_tests_own(&house, &engine);
    each_is_found_where_it_is_planted(&house, &search, &all);
}

const PROBES: &str = "SELECT COUNT(*) FROM record WHERE kind = 'probe'";

/// Else nothing would follow from not finding the test's: the service's template of the reference, bit by bit.
fn the_services_templates_are_the_tests_own(house: &House, engine: &FaceEngine) {
    use portunus_core::document::{DocumentKey, DocumentKind, State};
    use portunus_store::{Access, Purpose, Reader, Store, Within};
    struct NoEntropy;
    impl portunus_core::ports::Entropy for NoEntropy {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }
    let store = Store::open(&house.folder(), std::sync::Arc::new(NoEntropy)).unwrap();
    let number = Person::new(0, "USA").number;
    let document =
        DocumentKey::new(State::new("USA").ok().unwrap(), DocumentKind::new("P").ok().unwrap(), &number);
    let now = jiff::Timestamp::now();
    let row = store.references(&document.ok().unwrap(), now).unwrap();
    let within = Within::Voyage(portunus_core::id::VoyageId::from_bytes([0; 16]));
    let access = Access { by: Reader::Staging, purpose: Purpose::BuildGallery, within };
    let reference = store.open_reference(row[0].record, &access, now).unwrap().unwrap();
    let portrait = Picture::Obama.bytes();
    let portunus_biometrics::face::Outcome::Subject(subject) =
        engine.analyse(&portrait).ok().unwrap().outcome
    else {
        panic!("no subject")
    };
    let template = engine.template(&subject).ok().unwrap();
    assert!(
        reference.template() == template.to_bytes().as_slice(),
        "the pipeline gives the same bits here and there"
    );
    let mut plain = Search::default();
    plain.add("portrait", &crop_jpeg(&subject));
    plain.add("reference's template", &f32_bytes(&template));
    assert!(
        plain.within(reference.portrait()).contains("portrait")
            && plain.within(reference.template()).len() == 1
    );
    assert_eq!(plain.under(house.home()), BTreeSet::new(), "references and the gallery lie sealed");
}

/// The positive control: a file, the log, a row of the service's own database, and that database's write-ahead log.
fn each_is_found_where_it_is_planted(house: &House, search: &Search, all: &[Sought]) {
    use base64::Engine as _;
    let home = house.home();
    let planted = home.join("tmp/planted");
    let log = home.join("stderr");
    let clean = std::fs::read(&log).unwrap();
    let (data, wal) = (house.folder().join("data.db"), house.folder().join("data.db-wal"));
    let connection = Connection::open(&data).unwrap();
    connection.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    connection.execute("CREATE TABLE planted (bytes BLOB)", []).unwrap();
    for sought in all {
        // A part only, from somewhere within.
        let start = sought.bytes.len() / 3 + 1;
        let part = &sought.bytes[start..(start + 600).min(sought.bytes.len())];
        let names = |file: &Path| search.under(home).into_iter().filter(|found| found.file == file).count();
        std::fs::write(&planted, [&b"before"[..], part].concat()).unwrap();
        assert_eq!(names(&planted), 1, "{} in a file", sought.name);
        std::fs::remove_file(&planted).unwrap();
        let mut line = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
        writeln!(line, "a photo: {}", base64::engine::general_purpose::STANDARD.encode(part)).unwrap();
        assert!(names(&log) >= 1, "{} in the log, in base64", sought.name);
        std::fs::write(&log, &clean).unwrap();

        connection.execute("INSERT INTO planted (bytes) VALUES (?1)", [part]).unwrap();
        assert_eq!((names(&wal), names(&data)), (1, 0), "{} in the write-ahead log", sought.name);
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        assert_eq!((names(&wal), names(&data)), (0, 1), "{} in a row of the database", sought.name);
        connection.execute("DELETE FROM planted", []).unwrap();
        connection.execute("VACUUM", []).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }
    assert_eq!(search.under(home), BTreeSet::new(), "all that was planted is gone again");
}

#[test]
fn a_probe_of_unknown_nationality_is_erased_on_time_while_its_case_still_waits() {
    if !models_are_here() {
        return;
    }
    let (house, mut staff) = caged(policy(&[("keep = \"60 minutes\"", "keep = \"8 seconds\"")]));
    let foreigner = Person::new(1, "FRA");
    staff.stage(100, std::slice::from_ref(&foreigner));
    let encounter = staff.gate.begin(&choice("photo", false, Some(("FRA", &foreigner.number))));
    assert_eq!(step(&staff.gate.capture(&encounter, &[Picture::Biden.bytes()])), "see-officer");
    let (data, keys) = (database(&house, "data.db"), database(&house, "keys.db"));
    let left = || {
        let rows = count(&data, "SELECT COUNT(*) FROM record");
        (rows, count(&keys, "SELECT COUNT(*) FROM bucket_key"), blobs(&house))
    };
    assert_eq!(left(), (1, 1, 1), "row, key and bytes");
    assert_eq!(staff.probe(&encounter).status, 200);
    soon(LATEST, "nobody reads what is due", || staff.probe(&encounter).status == 404);
    soon(LATEST, "row, key and bytes are gone", || left() == (0, 0, 0));
    let queue = staff.board()["queue"].clone();
    assert_eq!(queue.as_array().unwrap().len(), 1, "{queue}");
    assert_eq!(queue[0]["encounter"], encounter.as_str());
    let board =
        json!({ "ruling": "board", "passenger": foreigner_id(&staff, &foreigner), "reason": "passport" });
    assert_eq!(staff.rule(&encounter, &board).status, 204, "an officer rules without the photo");
    assert_eq!(staff.status(100)["boarded"], 1);
    assert!(house.stop().success());
}

fn foreigner_id(staff: &Staff, foreigner: &Person) -> serde_json::Value {
    staff.passenger(&staff.voyage(100), foreigner)["id"].clone()
}

/// Who passes stands in the store. Nothing that others read says it: the log at its most talkative, counters, events, the
/// published ledger.
#[test]
fn no_log_counter_event_or_leaf_names_anybody() {
    if !models_are_here() {
        return;
    }
    let env = vec![("PORTUNUS_LOG".to_owned(), "debug".to_owned())];
    let (house, mut staff) = Staff::with_house(Options { env, ..Options::default() });
    let named = |n, family: &str, given: &str| Person {
        family: family.to_owned(),
        given: given.to_owned(),
        ..Person::new(n, "FRA")
    };
    let known = named(0, "QUELLMALZ", "ISOLDE").with_reference(Picture::Obama);
    let declines = named(1, "ZUCKERKANDL", "WIELAND");
    let voyage = staff.stage(100, &[known.clone(), declines.clone()]);
    let photo = staff.gate.begin(&choice("photo", false, Some(("FRA", &known.number))));
    assert_eq!(step(&staff.gate.capture(&photo, &[Picture::Obama2.bytes()])), "proceed");
    let manual = staff.gate.begin(&choice("manual", false, Some(("FRA", &declines.number))));
    let passenger = staff.passenger(&voyage, &declines);
    let hold = format!("/api/officer/v1/passengers/{}/hold", passenger["id"].as_str().unwrap());
    staff.officer.post(&hold, &json!({ "held": true, "reason": "ZUCKERKANDL is asked for" })).ok();
    staff.officer.post(&hold, &json!({ "held": false, "reason": "" })).ok();
    staff.rule(&manual, &json!({ "ruling": "board", "passenger": passenger["id"], "reason": "" })).ok();
    // What is refused is not repeated into the log either.
    let broken = format!("UNA:+.? 'NAD+FL+++{}:{}'", declines.family, declines.given);
    let answer = staff.carrier.post_bytes("/api/carrier/v1/manifests", "text/plain", broken.into_bytes());
    assert!(answer.status < 500, "{}", answer.status);
    staff.close(&voyage).ok();
    let published = house.folder().join("ledger/checkpoint");
    soon(LATEST, "the ledger is published", || published.exists());

    let events: String = {
        let data = database(&house, "data.db");
        let mut rows = data
            .prepare("SELECT kind || '|' || quote(point) || quote(voyage) || quote(encounter) FROM event")
            .unwrap();
        let rows = rows.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
        rows.map(|row| row.unwrap().unwrap_or_default()).collect()
    };
    let read = |folder: &str| -> Vec<u8> {
        files(&house.folder().join(folder))
            .iter()
            .flat_map(|file| std::fs::read(file).unwrap_or_default())
            .collect()
    };
    let counters = staff.anybody.get("/metrics").ok().body;
    assert!(house.stop().success());
    assert!(!house.log().is_empty());
    let open = [
        ("the log", house.log().into_bytes()),
        ("counters", counters),
        ("events", events.into_bytes()),
        ("the ledger", read("ledger")),
    ];
    let stands = |bytes: &[u8], text: &str| {
        bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
    };
    let store: Vec<u8> = ["data.db", "data.db-wal"]
        .iter()
        .flat_map(|name| std::fs::read(house.folder().join(name)).unwrap_or_default())
        .collect();
    for text in [&known, &declines].iter().flat_map(|one| [&one.family, &one.given, &one.number]) {
        assert!(stands(&store, text), "{text}: the search finds it where it is kept");
        for (what, bytes) in &open {
            assert!(!stands(bytes, text), "{text} stands in {what}");
        }
    }
}

/// At 100 %: a second officer sees the pair in the seconds that the photo lives anyway, and nothing of it is written.
#[test]
fn second_looks_write_nothing_of_a_photo_and_tell_the_first_officer_nothing() {
    if !models_are_here() {
        return;
    }
    let (house, mut staff) =
        caged(policy(&[("unkept_photo_shown_seconds = 30", "unkept_photo_shown_seconds = 15")]));
    let kept = tempfile::tempdir().unwrap();
    let watch = Watch::begin(house.home(), house.pid(), kept.path());
    let second = json!({ "name": "second", "role": "officer", "password": PASSWORD });
    staff.administrator.post("/api/admin/v1/users", &second).ok();
    let second = staff.anybody.signed_in("second", PASSWORD);
    let citizen = Person::new(0, "USA").with_reference(Picture::Obama);
    let foreigner = Person::new(1, "FRA").with_reference(Picture::Biden);
    let voyage = staff.stage(100, &[citizen, foreigner]);
    let all_of_them = json!({ "confirmed_one_in": 1, "referred_one_in": 1 });
    assert_eq!(staff.officer.post(SHARES, &all_of_them).status, 403, "only a supervisor says how many");
    staff.supervisor.post(SHARES, &all_of_them).ok();
    let frames = [Picture::Obama2.bytes()];
    let foreign = [Picture::Biden.bytes()];
    let engine = engine();
    let all = [sought(&engine, "the citizen", &frames), sought(&engine, "the foreigner", &foreign)];
    let search = search(&all.into_iter().flatten().collect::<Vec<_>>());
    let data = database(&house, "data.db");
    let events = || count(&data, "SELECT COUNT(*) FROM event");

    staff.board();
    let encounter = staff.gate.begin(&choice("photo", false, None));
    assert_eq!(step(&staff.gate.capture(&encounter, &frames)), "proceed");
    let before = (staff.board(), events());
    assert_eq!(staff.officer.post(LOOKS, &json!({})).status, 204, "not to who works at the point");
    let pair = second.post(LOOKS, &json!({})).ok().json();
    let pair = pair["id"].as_str().unwrap();
    assert_ne!(pair, encounter, "its name says nothing");
    assert_eq!(staff.supervisor.post(LOOKS, &json!({})).status, 204, "one pair, one officer");
    let judgement = json!({ "verdict": "different" });
    let judge = format!("{LOOKS}/{pair}");
    assert_eq!(second.post(&judge, &judgement).status, 409, "nobody judges what they have not seen");
    let [taken, reference] = ["taken", "reference"].map(|side| format!("/second-look/{pair}/{side}"));
    let shown = second.get(&taken).ok();
    assert!(search.within(&shown.body).contains("the citizen: crop as JPEG"), "the photo taken now");
    assert_eq!(shown.headers["cache-control"], "no-store");
    assert_eq!(second.get(&reference).ok().headers["cache-control"], "no-store");
    assert_eq!(staff.officer.get(&taken).status, 404, "nobody else's");
    assert_eq!(staff.officer.post(&judge, &judgement).status, 404, "nobody else's");
    assert_eq!(second.post(&judge, &judgement).status, 204);
    assert_eq!(second.post(&judge, &judgement).status, 404, "once");
    assert_eq!(second.get(&taken).status, 404, "gone with the answer");
    assert_eq!(search.under(house.home()), BTreeSet::new(), "after a second look at a citizen");

    assert_eq!((staff.board(), events()), before, "the first officer sees no difference");
    assert_eq!(staff.officer.get(DISPUTES).status, 403);
    let disputes = staff.supervisor.get(DISPUTES).ok().json();
    assert_eq!(disputes[0]["encounter"], encounter.as_str());
    assert_eq!(disputes[0]["machine"], "confirmed");

    let sealed = staff.gate.begin(&choice("photo", false, None));
    assert_eq!(step(&staff.gate.capture(&sealed, &foreign)), "proceed");
    let pair = second.post(LOOKS, &json!({})).ok().json();
    let taken = format!("/second-look/{}/taken", pair["id"].as_str().unwrap());
    assert!(search.within(&second.get(&taken).ok().body).contains("the foreigner: crop as JPEG"));
    let readings = "SELECT COUNT(*) FROM reading JOIN record ON record.id = reading.record
                    WHERE reading.purpose = 'second-look' AND (record.kind = 'probe' OR reading.encounter IS NOT NULL)";
    assert_eq!(
        count(&data, readings),
        0,
        "the vault's photo is not read, and no reading names the encounter"
    );
    assert_eq!(
        count(&data, "SELECT COUNT(*) FROM reading WHERE purpose = 'second-look'"),
        1,
        "the reference's"
    );
    let looks = || staff.auditor.get(LOOKS).ok().json()["estimate"]["counts"]["confirmed"].clone();
    soon(LATEST, "who does not answer is counted", || looks()["lapsed"] == 1);
    assert_eq!((&looks()["disputed"], &looks()["let_pass"]), (&json!(1), &json!(1)));
    assert_eq!(second.get(&taken).status, 404);

    staff.close(&voyage).ok();
    assert_eq!(staff.supervisor.get(DISPUTES).ok().json(), json!([]), "gone with the encounter");
    assert_eq!(count(&data, "SELECT COUNT(*) FROM second_look_dispute"), 0);
    assert_eq!(looks()["disputed"], 1, "the count stays");
    watch.end();
    assert!(house.stop().success());
    for folder in [house.home(), kept.path()] {
        assert_eq!(search.under(folder), BTreeSet::new(), "after the service ended");
    }
}

const LOOKS: &str = "/api/officer/v1/second-looks";
const SHARES: &str = "/api/officer/v1/second-looks/shares";
const DISPUTES: &str = "/api/officer/v1/disputes";
