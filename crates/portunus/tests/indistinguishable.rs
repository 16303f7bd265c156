//! Once a voyage is closed, nobody can tell who declined the photo from whom the camera failed, or of whom there was no
//! portrait: not a recipient, not the records office, not a report, not a receipt, not a later encounter, not the data.
//!
//! Two worlds are played that are alike in everything but that. Then everything that anybody may ask is asked in both, and
//! compared byte by byte, identifiers and instants masked.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock"
)]

mod support;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use support::{Caller, House, Options, PASSWORD, Person, Picture, Staff, choice, models_are_here};

/// What is different in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// The traveller declines before the camera starts.
    Declined,
    /// The traveller chooses the photo, and then would rather not.
    DeclinedLater,
    /// The camera gives no picture.
    CameraFailed,
    /// There is no portrait to compare with.
    NoReference,
}

/// Everything that was answered, by who asked what.
type Answers = BTreeMap<String, String>;

/// Somebody's passage on a voyage, as told to an officer, who inspects the document and boards them.
fn passes(staff: &mut Staff, voyage: &str, traveller: &Person, how: How) -> Value {
    let shown = Some((traveller.state.as_str(), traveller.number.as_str()));
    let lane = if how == How::Declined { "manual" } else { "photo" };
    staff.gate.state();
    let begun = staff.gate.send(&staff.gate.begin_order(&choice(lane, false, shown))).ok().json();
    let encounter = begun["encounter"].as_str().unwrap().to_owned();
    match how {
        How::Declined => {}
        How::DeclinedLater => _ = staff.gate.end(&encounter, "decline").ok(),
        How::CameraFailed => _ = staff.gate.end(&encounter, "camera-failure").ok(),
        How::NoReference => {
            let step = staff.gate.capture(&encounter, &[Picture::Obama2.bytes()]).ok().json();
            assert_eq!(step["step"], "see-officer");
        }
    }
    let passenger = staff.passenger(voyage, traveller)["id"].as_str().unwrap().to_owned();
    // The officer looks at what there is, as officers do.
    staff.officer.post(&format!("/api/officer/v1/encounters/{encounter}/take"), &json!({})).ok();
    let _ = staff.officer.get(&format!("/console/passengers/{passenger}/reference?encounter={encounter}"));
    staff.rule(&encounter, &json!({ "ruling": "board", "passenger": passenger })).ok();
    begun
}

/// A world: one voyage with the traveller and somebody else, closed; what anybody then learns; and a later voyage.
fn world(how: How, with_reference: bool) -> Answers {
    let (house, mut staff) = Staff::with_house(Options::default());
    let records = {
        let user = json!({ "name": "vera", "role": "records", "password": PASSWORD });
        staff.administrator.post("/api/admin/v1/users", &user).ok();
        staff.anybody.signed_in("vera", PASSWORD)
    };
    let recipient = json!({ "name": "Statistics", "purpose": "stays", "basis": "section 9", "receives": ["crossing", "probe"] });
    let token = staff.administrator.post("/api/admin/v1/recipients", &recipient).ok().json();
    let recipient = staff.anybody.with_token(token["token"].as_str().unwrap());
    let mut traveller = Person::new(0, "USA");
    if with_reference {
        traveller = traveller.with_reference(Picture::Obama);
    }
    let people = [traveller, Person::new(1, "FRA").with_reference(Picture::Biden)];
    let voyage = staff.stage(100, &people);
    // What set the house up is published, so that a receipt begins at the same leaf.
    let _ = published(&house);
    let receipt =
        passes(&mut staff, &voyage, &people[0], how)["receipt"]["code"].as_str().unwrap().to_owned();
    let other = staff.gate.begin(&choice("photo", false, None));
    assert_eq!(staff.gate.capture(&other, &[Picture::Biden.bytes()]).ok().json()["step"], "proceed");
    assert_eq!(staff.close(&voyage).ok().json()["crossings"], 2);

    let mut answers = Answers::new();
    asked(&mut answers, &staff, &records, &recipient, (&voyage, &receipt, &people[0]));
    // What the log is told is published twice a second; until then it depends on the moment which table it stands in.
    answers.insert("the data".into(), published(&house));
    answers.insert("the log".into(), masked(&house.log()));
    later(&mut answers, &staff, &people);
    command(&mut answers, &house);
    answers
}

/// The data, once all that the log is told stands in it: how many cases there are, too. What waits for nine others stays behind.
fn published(house: &House) -> String {
    let mut kept = database(&house.folder());
    let is_so = "SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE about IS NULL) AND NOT EXISTS (SELECT 1 FROM sequenced)
        AND EXISTS (SELECT 1 FROM stated WHERE what = 'cases' AND instr(value, char(10) || 'access ' ||
            (SELECT COUNT(*) FROM case_file WHERE kind = 'subject-access') || char(10)))";
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        // As it stands at one moment.
        let moment = kept.transaction().unwrap();
        if moment.query_row(is_so, [], |row| row.get(0)).unwrap() {
            return data(&moment);
        }
        drop(moment);
        assert!(std::time::Instant::now() < until, "the log is behind");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

fn database(folder: &Path) -> rusqlite::Connection {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    rusqlite::Connection::open_with_flags(folder.join("data.db"), flags).unwrap()
}

/// What everybody may ask of a closed voyage.
fn asked(
    answers: &mut Answers,
    staff: &Staff,
    records: &Caller,
    recipient: &Caller,
    (voyage, receipt, traveller): (&str, &str, &Person),
) {
    let mut put = |who: &str, what: &str, answer: support::Answer| {
        let text = format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body));
        answers.insert(format!("{who}: {}", masked(what)), masked(&text));
    };
    for path in
        ["/oversight", "/api/public/v1/oversight", "/api/public/v1/cases", "/api/public/v1/recipients"]
    {
        put("anybody", path, staff.anybody.get(path));
    }
    put(
        "the traveller",
        "receipt",
        staff.anybody.post("/api/public/v1/receipt", &json!({ "code": receipt })),
    );
    let form = format!("code={receipt}&lang=en").into_bytes();
    put(
        "the traveller",
        "/receipt",
        staff.anybody.post_bytes("/receipt", "application/x-www-form-urlencoded", form),
    );
    for path in [
        "/supervisor".to_owned(),
        "/supervisor/accuracy".to_owned(),
        "/api/officer/v1/accuracy".to_owned(),
        "/api/officer/v1/second-looks".to_owned(),
        "/api/officer/v1/parity".to_owned(),
        format!("/api/officer/v1/waits?voyage={voyage}"),
    ] {
        put("a supervisor", &path, staff.supervisor.get(&path));
        put("an auditor", &path, staff.auditor.get(&path));
    }
    put("an officer", "board", staff.officer.get(&format!("/api/officer/v1/board?point={}", staff.point)));
    put("an officer", "console", staff.officer.get(&format!("/console?point={}", staff.point)));
    let seek = format!("/api/officer/v1/voyages/{voyage}/passengers");
    put("an officer", "seek", staff.officer.post(&seek, &json!({ "query": traveller.number })));
    answers.insert("the carrier".into(), masked(&staff.status(100).to_string()));

    let mut put =
        |who: &str, what: String, text: &str| _ = answers.insert(format!("{who}: {what}"), masked(text));
    let offered = recipient.get("/api/recipient/v1/crossings?after=0").ok().json();
    put("a recipient", "crossings".into(), &offered.to_string());
    let mut copies: Vec<String> = Vec::new();
    for one in offered.as_array().unwrap() {
        for record in [&one["record"], &one["photo"]].into_iter().filter_map(Value::as_str) {
            let copy = recipient.get(&format!("/api/recipient/v1/records/{record}")).ok().json();
            copies.push(masked(&copy.to_string()));
        }
    }
    copies.sort();
    put("a recipient", "copies".into(), &copies.join("\n"));
    let new = json!({ "kind": "subject-access", "reference": "1", "basis": "b", "reason": "r", "identity_check": "passport" });
    let case = records.post("/api/records/v1/cases", &new).ok().json()["id"].as_str().unwrap().to_owned();
    let case = format!("/api/records/v1/cases/{case}");
    let wanted =
        json!({ "document": { "issuer": traveller.state, "kind": "P", "number": traveller.number } });
    let found = records.post(&format!("{case}/find"), &wanted).ok().json();
    put("the records office", "find".into(), &found.to_string());
    let names: Vec<&Value> = found.as_array().unwrap().iter().map(|one| &one["record"]).collect();
    records.post(&format!("{case}/records"), &json!({ "records": names })).ok();
    let given = records.post(&format!("{case}/give"), &json!({})).ok().json();
    put("the records office", "give".into(), &given.to_string());
    put("the records office", "the case".into(), &records.get(&case).ok().json().to_string());
}

/// The traveller comes again, on another voyage, and chooses the photo.
fn later(answers: &mut Answers, staff: &Staff, people: &[Person]) {
    let voyage = staff.stage(101, people);
    let shown = Some((people[0].state.as_str(), people[0].number.as_str()));
    let order = staff.gate.begin_order(&choice("photo", false, shown));
    let begun = staff.gate.send(&order).ok().json();
    let encounter = begun["encounter"].as_str().unwrap();
    let mut begun = begun.clone();
    begun["receipt"] = Value::Null;
    answers.insert("later: the gate".into(), masked(&begun.to_string()));
    answers.insert("later: the list".into(), masked(&staff.passenger(&voyage, &people[0]).to_string()));
    staff.gate.end(encounter, "camera-failure").ok();
    answers.insert("later: the board".into(), masked(&staff.board().to_string()));
    let board = format!("/console/board?point={}&encounter={encounter}", staff.point);
    let card = staff.officer.get(&board).ok();
    answers.insert("later: the card".into(), masked(&String::from_utf8_lossy(&card.body)));
}

/// `portunus report`.
fn command(answers: &mut Answers, house: &House) {
    for form in ["--text", "--json", "--html"] {
        let report = std::process::Command::new(env!("CARGO_BIN_EXE_portunus"))
            .args(["report", form, "--data"])
            .arg(house.folder())
            .output()
            .unwrap();
        assert!(report.status.success(), "{}", String::from_utf8_lossy(&report.stderr));
        answers.insert(format!("portunus report {form}"), masked(&String::from_utf8_lossy(&report.stdout)));
    }
}

/// Everything that stands in the data but counts that wait to be ten, bytes and numbers: every table, every text.
fn data(data: &rusqlite::Connection) -> String {
    let strings = |sql: &str| -> Vec<String> {
        let mut find = data.prepare(sql).unwrap();
        find.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut text = String::new();
    let tables = strings(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name",
    );
    assert!(tables.len() > 40, "{tables:?}");
    // Counts of ten people and more, and what waits to be that; requests' nonces, gone within the hour; captures counted; the
    // minutes in which records are due.
    let counts = ["traffic", "parity_batch", "tally", "score_tally", "nonce", "counted", "bucket"];
    for table in tables.iter().filter(|table| !counts.contains(&table.as_str())) {
        let mut columns = strings(&format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"));
        // Salted: no two are alike.
        columns.retain(|column| column != "password_hash");
        let cell = |column: &String| {
            format!(
                "CASE typeof({column}) WHEN 'text' THEN {column} WHEN 'null' THEN '-' ELSE typeof({column}) END"
            )
        };
        let row = columns.iter().map(cell).collect::<Vec<_>>().join(" || '|' || ");
        let mut rows: Vec<String> =
            strings(&format!("SELECT {row} FROM {table}")).iter().map(|row| masked(row)).collect();
        rows.sort();
        text.push_str(&format!("{table}: {}\n{}\n", columns.join(" "), rows.join("\n")));
    }
    text
}

/// Identifiers, hashes, keys, instants and addresses masked; all else as it is.
fn masked(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "+/=:.-_".contains(c);
    let mut masked = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = &rest[..rest.find(|c: char| !is_word(c)).unwrap_or(rest.len())];
        if word.is_empty() {
            masked.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        masked.push_str(&masked_word(word));
        rest = &rest[word.len()..];
    }
    masked
}

fn masked_word(word: &str) -> String {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_time = digits >= 3 && word.contains(':') && !word.contains("//");
    let is_date = word.starts_with("20") && word.matches('-').count() == 2;
    // Eight groups of four digits, as people copy a receipt's code.
    let is_group = word.len() == 4 && word.bytes().all(|b| b.is_ascii_hexdigit());
    // Base64 has slashes, too, at its start and in a row: an address has a scheme, or a path that starts with a word.
    let path = word.strip_prefix('/').and_then(|path| path.split('/').next());
    let is_path = path.is_some_and(|start| start.len() >= 3 && start.bytes().all(|b| b.is_ascii_lowercase()));
    let is_key = word.len() >= 32 && !is_path && !word.contains("://");
    if is_time || is_date {
        "<when>".to_owned()
    } else if is_key || is_group || word.starts_with("portunus/") {
        "<id>".to_owned()
    } else if word.len() >= 32 || ["localhost", "127.0.0.1", "/tmp/"].iter().any(|own| word.contains(own)) {
        // What stands around an identifier in an address stays.
        word.split(['/', '=', '.', '-'])
            .map(|part| if part.len() >= 8 || part.contains(':') { "<id>" } else { part })
            .collect::<Vec<_>>()
            .join("/")
    } else {
        word.to_owned()
    }
}

#[track_caller]
fn alike(one: (How, bool), other: (How, bool)) {
    if !models_are_here() {
        return;
    }
    let (left, right) = (world(one.0, one.1), world(other.0, other.1));
    assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>());
    assert!(left.len() > 35, "{}", left.len());
    for (what, text) in &left {
        let at = text.bytes().zip(right[what].bytes()).take_while(|(left, right)| left == right).count();
        let near = |text: &str| text.chars().skip(at.saturating_sub(80)).take(200).collect::<String>();
        let differs = [near(text), near(&right[what])];
        assert!(*text == right[what], "{what} tells {:?} from {:?}: {differs:#?}", one.0, other.0);
    }
}

#[test]
fn a_decline_is_like_a_camera_that_failed() {
    alike((How::Declined, true), (How::CameraFailed, true));
}

#[test]
fn a_decline_before_the_camera_is_like_a_camera_that_failed() {
    alike((How::DeclinedLater, true), (How::CameraFailed, true));
}

#[test]
fn a_decline_is_like_having_no_portrait() {
    alike((How::Declined, false), (How::NoReference, false));
}

#[test]
fn a_key_is_masked_wherever_its_slashes_stand() {
    for key in
        ["/K//367zJpY+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=", "//aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa="]
    {
        assert_eq!(masked(&format!("root\":\"{key}\"")), "root\":\"<id>\"");
    }
    let id = "0123456789abcdef".repeat(2);
    assert_eq!(masked(&format!("/console/board?encounter={id}")), "/console/board?<id>");
    assert_eq!(masked(&format!("/api/records/v1/cases/{id}")), "/api/records/v1/cases/<id>");
    assert_eq!(masked(&format!("https://localhost:8443/receipt/{id}")), "<id>//<id>/receipt/<id>");
}

/// The comparison sees what is different: a traveller who was photographed is told from one who declined.
#[test]
fn the_comparison_finds_what_is_different() {
    if !models_are_here() {
        return;
    }
    assert_eq!(masked("key AB/cd+ef0123456789abcdef0123456789=="), "key <id>");
    assert_eq!(masked("id 0123456789abcdef0123456789abcdef at 2026-11-23T12:00:00Z"), "id <id> at <when>");
    assert_ne!(masked("manual"), masked("photo"));
    let (house, staff) = Staff::with_house(Options::default());
    let before = data(&database(&house.folder()));
    let voyage = staff.stage(100, &[Person::new(0, "USA")]);
    staff.gate.begin(&choice("manual", false, None));
    let open = data(&database(&house.folder()));
    assert!(
        open.contains("|manual|") && !before.contains("|manual|"),
        "while the voyage is open it is known"
    );
    staff.close(&voyage).ok();
    assert!(!data(&database(&house.folder())).contains("|manual|"), "and then it is not");
}

/// The wall: what makes rules, finds lookouts, pairs stays and writes the long record cannot even name the choice.
#[test]
fn no_rule_and_no_long_record_can_name_a_decline() {
    let core = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../core/src"));
    let mut looked_at = 0;
    for room in [
        "lookout",
        "stay",
        "policy",
        "decide.rs",
        "crossing.rs",
        "retention.rs",
        "receipt.rs",
        "case.rs",
        "name",
    ] {
        let mut files =
            if core.join(room).is_dir() { support::files(&core.join(room)) } else { vec![core.join(room)] };
        files.retain(|file| file.exists());
        for file in files {
            looked_at += 1;
            let code = std::fs::read_to_string(&file).unwrap();
            let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            for word in ["Lane::", "Lane,", "Lane}", "lane:", ".lane", "declined", "party"] {
                assert!(!code.contains(word), "{} names {word:?}", file.display());
            }
        }
    }
    assert!(looked_at >= 8, "{looked_at}");
    let record = include_str!("../../core/src/crossing.rs");
    assert!(record.contains("pub method: Method") && !record.contains("served_at"));
}
