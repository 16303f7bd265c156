//! The commands besides `serve`: what they print, what they leave, how they end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Runs the binary on a folder of data.
fn portunus(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portunus"));
    command.args(arguments).env("PORTUNUS_DATA", data).env_remove("PORTUNUS_FAILPOINT").output().unwrap()
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn json(data: &Path, arguments: &[&str]) -> Value {
    let output = portunus(data, arguments);
    let (stdout, stderr) = said(&output);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {stdout}"))
}

/// The command fails with an error that holds these words, and never by a panic.
#[track_caller]
fn fails(data: &Path, arguments: &[&str], code: i32, words: &[&str]) -> String {
    let output = portunus(data, arguments);
    let (stdout, stderr) = said(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stdout}{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word:?} is not in: {stderr}");
    }
    stdout
}

fn file(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

const LIST: &str = "UNB+UNOA:4+TEST+BORDER+261123:0600+1'UNH+1+PAXLST:D:05B:UN:IATA'BGM+745'TDT+20+PX100+++PX'\
    LOC+125+JFK'DTM+189:2611231800:201'LOC+87+CDG'DTM+232:2611232330:201'\
    NAD+FL+++ADEYEMI:ALEX'NAT+2+FRA'RFF+ABO:R1'DOC+P:110:111+X1000003'LOC+91+FRA'\
    NAD+FL+++BERGER:BO'NAT+2+D'RFF+ABO:R2'DOC+P:110:111+X1007922'LOC+91+D'\
    UNT+18+1'UNZ+1+1'";

#[test]
fn manifests_are_imported_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let list = file(folder.path(), "list.edi", LIST);
    let dry = json(&data, &["manifest", "import", "--dry-run", "--json", &list]);
    assert_eq!(
        (&dry[0]["messages"][0]["passengers"], &dry[0]["problems"]),
        (&2.into(), &serde_json::json!([]))
    );
    assert!(!data.exists(), "a dry run leaves nothing");

    let first = json(&data, &["manifest", "import", "--json", &list]);
    assert_eq!(first[0]["file"], list.as_str());
    assert_eq!(first[0]["messages"][0]["voyage"], "PX100/2026-11-23");
    assert_eq!((&first[0]["messages"][0]["added"], &first[0]["problems_left_out"]), (&2.into(), &0.into()));
    let again = json(&data, &["manifest", "import", "--json", &list]);
    assert_eq!(
        (&again[0]["messages"][0]["added"], &again[0]["messages"][0]["unchanged"]),
        (&0.into(), &2.into())
    );

    let voyages = json(&data, &["manifest", "show", "--json"]);
    assert_eq!(voyages[0]["key"]["number"], "100");
    let shown = json(&data, &["manifest", "show", "--json", "PX100/2026-11-23"]);
    assert_eq!(
        (&shown["voyage"]["status"], &shown["people"][0]["document"]),
        (&"scheduled".into(), &"FRA P X1000003".into())
    );
    let (page, _) = said(&portunus(&data, &["manifest", "show", "PX100/2026-11-23"]));
    assert!(
        page.contains("PX100/2026-11-23 JFK-CDG scheduled, 2 people") && page.contains("BERGER, BO"),
        "{page}"
    );

    fails(&data, &["manifest", "show", "PX999/2026-11-23"], 1, &["PX999/2026-11-23"]);
    fails(&data, &["manifest", "show", "tomorrow"], 2, &["LH400/2026-11-23"]);
    fails(&data, &["manifest", "import"], 2, &["FILES"]);
    fails(&data, &["manifest", "import", "/nowhere/list.edi"], 1, &["/nowhere/list.edi", "No such file"]);
    fails(
        &data,
        &["manifest", "import", folder.path().to_str().unwrap()],
        1,
        &[folder.path().to_str().unwrap()],
    );
    let html = file(folder.path(), "page.html", "<html>not a list</html>");
    let told = fails(&data, &["manifest", "import", &html], 1, &["no message was taken"]);
    assert!(told.contains("page.html") && told.contains("UNB"), "what was expected: {told}");

    // One file that cannot be read does not hide what became of the others.
    let other = file(folder.path(), "other.edi", LIST.replace("PX100", "PX200"));
    let told =
        fails(&data, &["manifest", "import", &other, "/nowhere/list.edi", &list], 1, &["/nowhere/list.edi"]);
    assert!(told.contains("PX200/2026-11-23") && told.contains("PX100/2026-11-23"), "{told}");
    assert_eq!(json(&data, &["manifest", "show", "--json"]).as_array().unwrap().len(), 2);

    // A folder that cannot be made is said so.
    fails(&folder.path().join("list.edi"), &["manifest", "show"], 1, &["list.edi"]);
}

/// Runs `portunus mrz` on what stands at standard input.
fn mrz(data: &Path, arguments: &[&str], input: &[u8]) -> Output {
    use std::io::Write as _;
    let mut command = Command::new(env!("CARGO_BIN_EXE_portunus"));
    command.arg("mrz").args(arguments).env("PORTUNUS_DATA", data).env_remove("PORTUNUS_FAILPOINT");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may have read enough before all is written.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

#[test]
fn a_machine_readable_zone_is_read_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let zone = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10\n";
    let path = file(folder.path(), "zone.txt", zone);
    let (words, _) = said(&portunus(&data, &["mrz", &path]));
    for part in ["a passport (TD3)", "ERIKSSON, ANNA MARIA", "1974-08-12", "2012-04-15 (expired)"] {
        assert!(words.contains(part), "{part:?} is not in: {words}");
    }
    let read: Value = serde_json::from_slice(&mrz(&data, &["--json"], zone.as_bytes()).stdout).unwrap();
    assert_eq!((&read["holds"], &read["holder"]["number"]), (&true.into(), &"L898902C3".into()));
    assert_eq!(read["checks"].as_array().unwrap().len(), 5);

    let typed = zone.replace("L898902C3", "l8989o2c3");
    let output = mrz(&data, &["-"], typed.as_bytes());
    let (words, error) = said(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(words.contains("line 2, character 10 (document number): expected the check digit"), "{words}");
    assert!(words.contains("would fit with 0 in line 2, character 6"), "{words}");
    assert!(!words.contains("ERIKSSON") && !error.contains("ERIKSSON"), "who it is is told when it fits");
    let read: Value = serde_json::from_slice(&mrz(&data, &["--json"], typed.as_bytes()).stdout).unwrap();
    assert_eq!((&read["holds"], &read["holder"]), (&false.into(), &Value::Null));
    assert_eq!(read["faults"][0]["kind"], "check-digit");

    fails(&data, &["mrz", "/nowhere/zone.txt"], 1, &["/nowhere/zone.txt", "No such file"]);
    assert!(!data.exists(), "nothing is kept");
}

#[test]
fn hostile_bytes_are_no_machine_readable_zone_and_nothing_worse() {
    let folder = tempfile::tempdir().unwrap();
    let line = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";
    let inputs = [
        Vec::new(),
        vec![0],
        vec![0xff; 88],
        vec![b'<'; 88],
        "é".repeat(44).into_bytes(),
        format!("{line}\n{}", "\u{202e}".repeat(44)).into_bytes(),
        vec![b'\n'; 1_024],
        vec![b'A'; 64 << 20],
        format!("{line}\n{line}\n").repeat(50_000).into_bytes(),
    ];
    for (at, input) in inputs.iter().enumerate() {
        for arguments in [&["--json"][..], &[]] {
            let output = mrz(folder.path(), arguments, input);
            let (stdout, stderr) = said(&output);
            assert_eq!(output.status.code(), Some(1), "{at}: {stderr}");
            assert!(stderr.contains("does not hold") && !stderr.contains("panicked"), "{at}: {stderr}");
            assert!(stdout.contains("expected") && stdout.len() < 4_096, "{at}: {stdout}");
        }
    }
}

#[test]
fn every_real_message_is_taken_or_refused_with_a_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/edifact");
    if !folder.is_dir() {
        eprintln!(
            "SKIPPED: no ../shared/vectors/edifact beside the workspace, real messages are not imported"
        );
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let mut files: Vec<PathBuf> = Vec::new();
    for group in std::fs::read_dir(folder).unwrap() {
        files.extend(std::fs::read_dir(group.unwrap().path()).unwrap().map(|file| file.unwrap().path()));
    }
    files.sort();
    assert!(files.len() > 10, "{files:?}");
    let (mut taken, mut refused) = (0, 0);
    for file in &files {
        let output = portunus(home.path(), &["manifest", "import", "--json", file.to_str().unwrap()]);
        let (stdout, stderr) = said(&output);
        assert!(!stderr.contains("panicked"), "{}: {stderr}", file.display());
        let told: Value =
            serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{}: {e}: {stdout}", file.display()));
        let applied =
            told[0]["messages"].as_array().unwrap().iter().filter(|m| m["refused"].is_null()).count();
        let reasons = told[0]["problems"].as_array().unwrap();
        match output.status.code() {
            Some(0) => taken += usize::from(applied > 0),
            Some(1) => {
                refused += usize::from(applied == 0 && reasons.iter().any(|p| p["expected"].is_string()))
            }
            other => panic!("{}: {other:?}: {stderr}", file.display()),
        }
    }
    assert_eq!(taken + refused, files.len(), "{taken} taken, {refused} refused with a reason");
    assert!(taken >= 10 && refused >= 5, "{taken} taken, {refused} refused");
}

/// The folder of pictures in the model cache; `None`, loudly, where models are not here and cannot be fetched.
fn pictures() -> Option<PathBuf> {
    let fetched = Command::new(env!("CARGO_BIN_EXE_portunus")).args(["models", "fetch"]).output().unwrap();
    if !fetched.status.success() {
        eprintln!("SKIPPED: the models could not be fetched; see `portunus models fetch`");
        return None;
    }
    Some(PathBuf::from(said(&fetched).0.lines().last().unwrap()))
}

/// A zip of files as they are (APPNOTE 4.3: method 0).
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let (size, start) =
            (u32::try_from(bytes.len()).unwrap().to_le_bytes(), u32::try_from(out.len()).unwrap());
        let mut shared = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        shared.extend(rawzip::crc32(bytes).to_le_bytes());
        shared.extend([size, size].concat());
        shared.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        shared.extend([0; 2]);
        out.extend([&b"PK\x03\x04"[..], &shared, name.as_bytes(), bytes].concat());
        directory.extend([&b"PK\x01\x02\x1e\x03"[..], &shared, &[0; 6]].concat());
        directory.extend((0o100_644_u32 << 16).to_le_bytes());
        directory.extend([&start.to_le_bytes()[..], name.as_bytes()].concat());
    }
    let (start, count) =
        (u32::try_from(out.len()).unwrap(), u16::try_from(files.len()).unwrap().to_le_bytes());
    out.extend(&directory);
    out.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count].concat());
    out.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    out.extend([&start.to_le_bytes()[..], &[0; 2]].concat());
    out
}

#[test]
fn references_come_from_a_folder_a_zip_or_a_list_and_one_bad_item_stops_nothing() {
    let Some(pictures) = pictures() else { return };
    let picture = |name: &str| std::fs::read(pictures.join(name)).unwrap();
    let (first, second) = (picture("obama.jpg"), picture("biden.jpg"));
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    json(&data, &["manifest", "import", "--json", &file(home.path(), "list.edi", LIST)]);

    let folder = home.path().join("portraits");
    std::fs::create_dir(&folder).unwrap();
    file(&folder, "FRA-P-X1000003.jpg", &first);
    file(&folder, "D-P-X1007922.jpg", b"<html>no picture</html>");
    let folder = folder.to_str().unwrap();
    let report = json(&data, &["references", "import", "--json", folder]);
    assert_eq!(
        (&report["added"], &report["unchanged"], &report["replaced"]),
        (&1.into(), &0.into(), &0.into())
    );
    let refused = report["refused"].as_array().unwrap();
    assert_eq!((refused.len(), refused[0]["source"].as_str()), (1, Some("D-P-X1007922.jpg")), "{report}");
    assert!(refused[0]["reason"].as_str().unwrap().contains("neither JPEG nor PNG"), "{report}");
    let staged = &report["voyages"][0];
    assert_eq!(
        (&staged["voyage"], &staged["people"], &staged["staged"]),
        (&"PX100/2026-11-23".into(), &2.into(), &1.into())
    );
    assert_eq!(staged["without"], serde_json::json!({ "no-reference": 1 }));

    let packed = file(
        home.path(),
        "portraits.zip",
        zip(&[("FRA-P-X1000003.jpg", &first), ("D-P-X1007922.jpg", &second)]),
    );
    let report = json(&data, &["references", "import", "--json", &packed]);
    assert_eq!((&report["added"], &report["unchanged"]), (&1.into(), &1.into()), "{report}");
    assert_eq!(report["voyages"][0]["staged"], 2);

    file(home.path(), "one.jpg", &second);
    let rows =
        "issuer,kind,number,file\nMEX,P,G12345678,one.jpg\nMEX,P,G2,../../etc/passwd\nMEX,P,G3,gone.jpg\n";
    let list = file(home.path(), "references.csv", rows);
    let report = json(&data, &["references", "import", "--json", &list]);
    assert_eq!((&report["added"], report["refused"].as_array().unwrap().len()), (&1.into(), 2), "{report}");
    let (words, _) = said(&portunus(&data, &["references", "import", folder]));
    assert!(words.contains("0 added, 1 unchanged, 0 replaced, 1 refused"), "{words}");
    let shown = json(&data, &["manifest", "show", "--json", "PX100/2026-11-23"]);
    assert!(
        shown["people"].as_array().unwrap().iter().all(|person| person["reference"] == "staged"),
        "{shown}"
    );

    fails(&data, &["references", "import", "/nowhere"], 1, &["/nowhere"]);
    let notes = file(home.path(), "notes.txt", "hello");
    fails(&data, &["references", "import", &notes], 1, &["neither a folder, a zip nor a .csv list"]);
    let empty = home.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    fails(&data, &["references", "import", empty.to_str().unwrap()], 1, &["no picture"]);
    let bad = file(home.path(), "bad.csv", "issuer,kind,number,file\nMEX,P,G3,gone.jpg\n");
    fails(&data, &["references", "import", &bad], 1, &["no portrait was taken"]);
}

#[test]
fn a_point_is_designated_by_two_people_and_never_back_dated() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let two = ["--owner", "Port", "--attested", "Port=J. Kim", "--author", "anna", "--approved-by", "ben"];
    let designate = |more: &[&'static str]| [&["designate", "JFK B22"], &two[..], more].concat();
    fails(data, &designate(&[]), 1, &["JFK B22", "--port"]);
    fails(data, &["designate", "JFK B22", "--port", "JFK", "--author", "anna"], 2, &["--owner"]);
    fails(data, &["designate", "JFK B22", "--port", "JFK", "--owner", "Port"], 2, &["--author"]);
    fails(data, &designate(&["--port", "JFK", "--from", "2020-01-01T00:00:00Z"]), 1, &["back-dated"]);
    fails(data, &designate(&["--port", "JFK", "--until", "2020-01-01T00:00:00Z"]), 1, &["--until"]);
    fails(data, &designate(&["--until", "never"]), 2, &["never"]);
    fails(data, &designate(&["--port", "JFK", "--hours", "5 to 6"]), 2, &["05:00-23:30"]);
    fails(data, &designate(&["--port", "JFK", "--hours", "05:00-06:00 Atlantis/Here"]), 1, &["time zone"]);
    // Four eyes, and what is attested.
    let alone = ["designate", "JFK B22", "--port", "JFK", "--owner", "Port", "--attested", "Port=J. Kim"];
    let alone = [&alone[..], &["--author", "anna", "--approved-by", " ANNA"]].concat();
    fails(data, &alone, 1, &["somebody else than its author"]);
    fails(data, &designate(&["--port", "JFK", "--contractor", "A"]), 1, &["not attested", "A"]);
    fails(data, &designate(&["--port", "JFK", "--attested", "B=J. Kim"]), 1, &["\"B\"", "no such"]);
    let long = "x".repeat(3000);
    fails(data, &designate(&["--port", "JFK", "--legal-basis", ""]), 1, &["legal_basis: expected"]);
    fails(data, &designate(&["--port", "JFK", "--contractor", "A\nB"]), 1, &["contractor: expected"]);
    fails(data, &designate(&["--port", "Not a port!!"]), 1, &["port: expected"]);
    let of = |point, owner, by| ["designate", point, "--port", "JFK", "--owner", owner, "--author", by];
    fails(data, &of("", "Port", "anna"), 1, &["point: expected"]);
    fails(data, &of(&long, "Port", "anna"), 1, &["point: expected"]);
    fails(data, &of("JFK B22", "", "anna"), 1, &["device_owner: expected"]);
    fails(data, &of("JFK B22", "Port", " "), 1, &["--author: expected"]);
    // What was judged and refused left no point behind.
    let points = json(data, &["report", "--json"])["oversight"]["points"].clone();
    assert_eq!(points, serde_json::json!([]));
    fails(data, &designate(&[]), 1, &["JFK B22", "--port"]);
    let made =
        json(data, &designate(&["--port", "jfk", "--contractor", "A", "--attested", "A=L. Roy", "--json"]));
    assert_eq!((&made["point"]["port"], &made["point"]["direction"]), (&"JFK".into(), &"exit".into()));
    let designation = &made["designation"];
    assert_eq!(
        (&designation["device_owner"], &designation["contractors"]),
        (&"Port".into(), &serde_json::json!(["A"]))
    );
    assert_eq!((&designation["point"], &designation["until"]), (&made["point"]["id"], &Value::Null));
    assert_eq!(made["state"], "published");
    // The point is there, and stays what it is.
    for (other, option) in [
        (["--port", "LAX"], "--port"),
        (["--direction", "entry"], "--direction"),
        (["--kind", "marina"], "--kind"),
    ] {
        let words = [option, "\"JFK B22\", a boarding gate at JFK, an exit"];
        fails(data, &designate(&other), 1, &words);
    }
    let same = ["--port", "jfk", "--direction", "exit", "--kind", "boarding-gate", "--json"];
    assert_eq!(json(data, &designate(&same))["point"]["id"], made["point"]["id"]);
    fails(data, &designate(&["--at", "91,0"]), 2, &["--at"]);
    let placed = json(data, &designate(&["--at", "40.6413,-73.7781", "--json"]));
    assert_eq!(placed["at"], serde_json::json!({ "latitude": 40.6413, "longitude": -73.7781 }));
    let report = json(data, &["report", "--json"]);
    let point = &report["oversight"]["points"][0];
    assert_eq!((&point["position"], &point["in_force"]), (&placed["at"], &Value::Bool(true)));
    fails(data, &["report", "--html", "--year", "1999"], 1, &["year"]);
    let (words, _) = said(&portunus(data, &designate(&["--hours", "05:00-23:30 America/New_York"])));
    assert!(words.contains("JFK B22") && words.contains("8 CFR 215.8"), "{words}");
}

#[test]
fn without_a_second_person_a_draft_is_made_and_nothing_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let draft = ["designate", "JFK B22", "--port", "JFK", "--owner", "Port", "--author", "anna", "--json"];
    assert_eq!(json(data, &draft)["state"], "draft");
    let point = &json(data, &["report", "--json"])["oversight"]["points"][0];
    assert_eq!(point["in_force"], false);
}

#[test]
fn a_neighbours_file_is_looked_over_without_a_change_and_its_faults_are_told_as_json_too() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let head = "at,port,mode,issuer,kind,number,family_name,given_names,born,nationality,sex\n";
    let good = "2026-02-28T08:00:00Z,YYZ,air,FRA,P,12AB34567,\"MULLER, A\",ANNA,1980-02-09,FRA,F\n";
    let path = file(home.path(), "good.csv", format!("{head}{good}"));
    let import = ["stays", "import", "--source", "CAN", "--dry-run"];
    let (words, _) = said(&portunus(&data, &[&import[..], &[path.as_str()]].concat()));
    assert_eq!(words.trim(), "1 entry can be imported");
    for code in ["USA", "Canada"] {
        fails(&data, &["stays", "import", "--source", code, "--dry-run", &path], 1, &["source: expected"]);
    }
    // The folder may be said behind the subcommand as well.
    let nowhere = home.path().join("nowhere");
    let at = nowhere.to_str().unwrap();
    fails(
        &data,
        &["stays", "import", "--source", "CAN", &path, "--data", at],
        1,
        &["nowhere", "holds no data"],
    );
    let looked_over = json(&data, &[&import[..], &[path.as_str(), "--json"]].concat());
    assert_eq!(looked_over, serde_json::json!({ "can_be_imported": 1 }));

    let bad = file(home.path(), "bad.csv", format!("{head}{good}{}", good.replace("air", "rocket")));
    fails(&data, &[&import[..], &[bad.as_str()]].concat(), 1, &["1 of 2 entries are faulty"]);
    let told = portunus(&data, &[&import[..], &[bad.as_str(), "--json"]].concat());
    assert!(!told.status.success());
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(
        told["faults"],
        serde_json::json!([{ "line": 3, "field": "mode", "expected": "air, sea or land" }])
    );
    assert_eq!(told["faults_left_out"], 0);
    assert!(!data.exists(), "nothing was opened for it");
}

#[test]
fn who_may_do_what_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let (words, _) = said(&portunus(folder.path(), &["roles"]));
    assert!(words.contains("| rule on a traveller") && words.contains("Open to anybody:"), "{words}");
    let table = json(folder.path(), &["roles", "--json"]);
    let rules = table.as_array().unwrap().iter().find(|row| row["action"] == "rule-on-travellers").unwrap();
    assert_eq!(rules["open_to"], serde_json::json!(["officer", "supervisor"]));
    assert!(
        rules["routes"].as_array().unwrap().contains(&"POST /api/officer/v1/encounters/{id}/rulings".into())
    );
}

#[test]
fn models_are_listed_shown_and_verified() {
    let Some(_) = pictures() else { return };
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let list = json(data, &["models", "list", "--json"]);
    let list = list.as_array().unwrap();
    assert!(
        list.len() >= 3 && list.iter().all(|held| held["state"] == "whole" && held["path"].is_string()),
        "{list:?}"
    );
    assert!(portunus(data, &["models", "verify"]).status.success());
    let shown = json(data, &["models", "show", "--json"]);
    assert!(shown["id"].as_str().unwrap().starts_with("opencv-zoo@"), "{}", shown["id"]);
    assert!(shown["manifest"]["detector"]["file"]["sha256"].is_string());
    let (page, _) = said(&portunus(data, &["models", "show"]));
    assert!(page.contains("licence") && page.contains("presentation-attack detection: none"), "{page}");

    // A cache of its own, with nothing in it: listed as missing, and verified as such.
    let empty = data.join("cache");
    let empty = empty.to_str().unwrap();
    let list = json(data, &["models", "list", "--json", "--cache", empty]);
    assert!(list.as_array().unwrap().iter().all(|held| held["state"] == "missing"), "{list}");
    fails(data, &["models", "verify", "--cache", empty], 1, &["portunus models fetch"]);
    fails(data, &["models", "show", "--pack", "/nowhere"], 1, &["/nowhere"]);
    fails(data, &["models", "polish"], 2, &["polish"]);
    fails(data, &[], 2, &["Usage"]);
}
