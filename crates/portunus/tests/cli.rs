//! The commands besides `serve`: what they print, what they leave, how they end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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
fn a_point_is_designated_and_never_back_dated() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    fails(data, &["designate", "JFK B22", "--owner", "Port"], 1, &["JFK B22", "--port"]);
    fails(data, &["designate", "JFK B22", "--port", "JFK"], 2, &["--owner"]);
    let early =
        ["designate", "JFK B22", "--port", "JFK", "--owner", "Port", "--from", "2020-01-01T00:00:00Z"];
    fails(data, &early, 1, &["back-dated"]);
    let wrong =
        ["designate", "JFK B22", "--port", "JFK", "--owner", "Port", "--until", "2020-01-01T00:00:00Z"];
    fails(data, &wrong, 1, &["--until"]);
    fails(data, &["designate", "JFK B22", "--owner", "Port", "--until", "never"], 2, &["never"]);
    let made = json(
        data,
        &["designate", "JFK B22", "--port", "jfk", "--owner", "Port", "--contractor", "A", "--json"],
    );
    assert_eq!((&made["point"]["port"], &made["point"]["direction"]), (&"JFK".into(), &"exit".into()));
    let designation = &made["designation"];
    assert_eq!(
        (&designation["device_owner"], &designation["contractors"]),
        (&"Port".into(), &serde_json::json!(["A"]))
    );
    assert_eq!((&designation["point"], &designation["until"]), (&made["point"]["id"], &Value::Null));
    fails(data, &["designate", "JFK B22", "--owner", "Port", "--at", "91,0"], 2, &["--at"]);
    let placed =
        json(data, &["designate", "JFK B22", "--owner", "Port", "--at", "40.6413,-73.7781", "--json"]);
    assert_eq!(placed["at"], serde_json::json!({ "latitude": 40.6413, "longitude": -73.7781 }));
    let report = json(data, &["report", "--json"]);
    let point = &report["oversight"]["points"][0];
    assert_eq!((&point["position"], &point["in_force"]), (&placed["at"], &Value::Bool(true)));
    fails(data, &["report", "--html", "--year", "1999"], 1, &["year"]);
    let (words, _) = said(&portunus(data, &["designate", "JFK B22", "--owner", "Port"]));
    assert!(words.contains("JFK B22") && words.contains("8 CFR 215.8"), "{words}");
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
