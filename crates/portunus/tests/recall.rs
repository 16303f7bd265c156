//! A citizen taken for a non-immigrant, corrected thirty days later, leaves nothing anywhere an hour after: not in the
//! service's folder, and not with a recipient of copies, a process of its own that is killed in the middle of it.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; it has the clock and the environment"
)]

#[path = "../../store/tests/border/mod.rs"]
mod border;
mod in_process;
mod support;

use border::files_with;
use in_process::{Border, PHOTO, a_passage, ask};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// The recipient: keeps copies as files, erases what is recalled, acknowledges it. Killed where `die` says.
struct Recipient {
    child: Child,
}

impl Recipient {
    fn start(border: &Border, token: &str, folder: &Path, die: &str) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "recipient", "--nocapture"])
            .env("PORTUNUS_RECIPIENT", format!("{}|{token}|{}|{die}", border.url, folder.display()))
            .spawn()
            .unwrap();
        Self { child }
    }

    #[track_caller]
    fn dies(&mut self) {
        until("its death", || self.child.try_wait().unwrap().is_some());
    }
}

impl Drop for Recipient {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < end, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
#[ignore = "the recipient: started by the other test in a process of its own"]
fn recipient() {
    let told = std::env::var("PORTUNUS_RECIPIENT").expect("started by the other test");
    let [url, token, folder, die] = told.split('|').collect::<Vec<_>>()[..] else { panic!("{told}") };
    let folder = PathBuf::from(folder);
    let killed_at = |step: &str| {
        if step == die {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
        }
    };
    let mut last = 0;
    loop {
        let (_, crossings) =
            ask(url, token, "GET", &format!("/api/recipient/v1/crossings?after={last}"), &Value::Null);
        for offered in crossings.as_array().into_iter().flatten() {
            for record in [&offered["record"], &offered["photo"]].into_iter().filter_map(Value::as_str) {
                let (status, copy) =
                    ask(url, token, "GET", &format!("/api/recipient/v1/records/{record}"), &Value::Null);
                if status == 200 {
                    std::fs::write(folder.join(record), copy.to_string()).unwrap();
                }
            }
            last = offered["seq"].as_u64().unwrap();
        }
        let (_, recalls) = ask(url, token, "GET", "/api/recipient/v1/recalls", &Value::Null);
        for recall in recalls.as_array().into_iter().flatten() {
            killed_at("before-erasing");
            assert_eq!(recall["action"], "erase");
            let _ = std::fs::remove_file(folder.join(recall["record"].as_str().unwrap()));
            killed_at("before-acknowledging");
            let path = format!("/api/recipient/v1/recalls/{}/acknowledge", recall["seq"]);
            assert_eq!(ask(url, token, "POST", &path, &json!({})).0, 204);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_citizen_corrected_thirty_days_later_leaves_nothing_anywhere_an_hour_after() {
    if !support::models_are_here() {
        return;
    }
    let parent = tempfile::tempdir().unwrap();
    let [here, there] = ["service", "recipient"].map(|name| parent.path().join(name));
    std::fs::create_dir(&there).unwrap();
    let border = Border::open(&here);

    let admin = border.hire(&[("records", "records"), ("supervisor", "supervisor")]);
    let statistics = json!({ "name": "Statistics office", "purpose": "stays", "basis": "section 9", "receives": ["crossing", "probe"] });
    let (status, entered) = border.ask(&admin, "POST", "/api/admin/v1/recipients", &statistics);
    assert_eq!(status, 201, "{entered}");
    let token = entered["token"].as_str().unwrap();
    assert_eq!(
        border.ask("", "GET", "/api/public/v1/recipients", &Value::Null).1[0]["name"],
        "Statistics office"
    );

    a_passage(&border);
    let mut recipient = Recipient::start(&border, token, &there, "before-erasing");
    until("two copies", || files(&there) == 2);
    assert_eq!(files_with(&there, b"ALPHA").len(), 1, "the recipient knows who crossed");

    border.pass(30 * 24);
    let records = border.sign_in("records");
    assert!(files_with(&here, b"ALPHA").is_empty() && files_with(&here, PHOTO).is_empty(), "all is sealed");

    // Thirty days later: who was taken for a non-immigrant was a citizen.
    let case = json!({ "kind": "correction", "reference": "2026/17", "basis": "8 CFR 215.8", "reason": "citizenship shown" });
    let (status, opened) = border.ask(&records, "POST", "/api/records/v1/cases", &case);
    assert_eq!(status, 201, "{opened}");
    let path = |deed: &str| format!("/api/records/v1/cases/{}/{deed}", opened["id"].as_str().unwrap());
    let wanted = json!({ "document": { "issuer": "UTO", "kind": "P", "number": "L1" } });
    let (status, found) = border.ask(&records, "POST", &path("find"), &wanted);
    assert_eq!(status, 200, "{found}");
    let data: Vec<_> = found.as_array().unwrap().iter().map(|one| one["data"].as_str().unwrap()).collect();
    assert_eq!(data.len(), 2, "{found}");
    assert!(data.contains(&"probe") && data.contains(&"crossing"));
    assert_eq!(found[0]["copies"], json!(["Statistics office"]));
    assert_eq!(found[0]["read"][0]["by"], "Statistics office", "who read it is on record");
    let ids: Vec<_> = found.as_array().unwrap().iter().map(|one| one["record"].clone()).collect();
    assert_eq!(border.ask(&records, "POST", &path("records"), &json!({ "records": ids })).1["named"], 2);
    let truth = json!({ "correction": "class", "class": "citizen" });
    let (status, done) = border.ask(&records, "POST", &path("correct"), &truth);
    assert_eq!((status, &done["erased"]), (200, &json!(2)), "{done}");
    assert_eq!(border.ask(&records, "POST", &path("correct"), &truth).0, 409, "once");

    // The recipient dies before it erases, then before it says so; the recall outlives it both times.
    recipient.dies();
    assert_eq!(files(&there), 2);
    let late = || border.service.late_recalls().unwrap().len();
    assert_eq!(late(), 0, "not late yet");
    border.pass(1);
    assert_eq!(late(), 2, "and then it shows");
    let supervisor = border.sign_in("supervisor");
    for path in ["/supervisor", "/records"] {
        assert!(border.page(&supervisor, path).contains("2 copies are not confirmed gone"), "{path}");
    }
    Recipient::start(&border, token, &there, "before-acknowledging").dies();
    assert_eq!((files(&there), late()), (1, 2));
    let _recipient = Recipient::start(&border, token, &there, "never");
    until("every acknowledgement", || late() == 0);

    assert_eq!(files(&there), 0, "the recipient has nothing");
    for trace in [&b"ALPHA"[..], b"ANNA MARIA", PHOTO] {
        assert!(files_with(parent.path(), trace).is_empty());
    }
    for id in &ids {
        let record: portunus_core::id::RecordId = id.as_str().unwrap().parse().unwrap();
        assert!(border.service.store().copies_of(record).unwrap().is_empty());
        assert!(
            !files_with(&here, &record.bytes()).is_empty(),
            "that it was read stands on record, by its number alone"
        );
    }
    let mut held = 0;
    border.service.store().holdings(|_| held += 1).unwrap();
    assert_eq!(held, 0);
    let [keys, rows, blobs] = border::vault(&here);
    assert_eq!((keys.len(), rows.len(), blobs.len()), (0, 0, 0), "no key, no row, no bytes");
    // The positive control: the search finds what is there.
    std::fs::write(there.join("planted"), PHOTO).unwrap();
    assert_eq!(files_with(parent.path(), PHOTO).len(), 1);
}
