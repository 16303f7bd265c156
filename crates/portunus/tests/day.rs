//! `portunus demo --day` from outside: every place is played, what the service answered is counted, and the log that is left
//! verifies.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::models_are_here;

/// The chapters of a day, and the folder that it left.
fn day(more: &[&str]) -> (Vec<Value>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_portunus"));
    command.args(["demo", "--day", "--json", "--data"]).arg(folder.path()).args(more);
    let played = command.output().unwrap();
    let said = String::from_utf8_lossy(&played.stderr).into_owned();
    assert!(played.status.success(), "{said}");
    let chapters: Vec<Value> = serde_json::from_slice(&played.stdout).unwrap();
    (chapters, folder)
}

fn count(chapter: &Value, name: &str) -> u64 {
    chapter[name].as_u64().unwrap_or_else(|| panic!("no {name} in {chapter}"))
}

#[track_caller]
fn at<'a>(chapters: &'a [Value], place: &str) -> &'a Value {
    let found = chapters.iter().find(|one| one["place"].as_str().unwrap().starts_with(place));
    found.unwrap_or_else(|| panic!("no chapter {place}"))
}

#[track_caller]
fn says(chapter: &Value, words: &str) {
    let notes = chapter["notes"].as_array().unwrap();
    assert!(notes.iter().any(|note| note.as_str().unwrap().contains(words)), "{words}: {chapter:#}");
}

/// What holds of any day: everybody who came is accounted for, each part of the border is shown.
fn is_whole(chapters: &[Value]) {
    for place in chapters {
        let (known, met) = (count(place, "known"), count(place, "met_by_officer"));
        assert_eq!(count(place, "people"), known + met, "{place:#}");
        assert!(known <= count(place, "photographed") && count(place, "declined") <= met, "{place:#}");
    }
    let out = at(chapters, "Airport, gates 1 and 2");
    assert_eq!((count(out, "people"), count(out, "crossings"), count(out, "declined") > 2), (14, 13, true));
    for words in ["the gate changed", "13 became 14", "off-loaded", "told 13 of 14"] {
        says(out, words);
    }
    let hall = at(chapters, "Airport, arrival hall: a flight lands");
    assert_eq!((count(hall, "people"), count(hall, "crossings")), (12, 12));
    let desk = &hall["desk"];
    assert_eq!(count(&desk["known_before"], "people"), count(hall, "known"));
    assert_eq!(count(&desk["not_known_before"], "people"), count(hall, "met_by_officer"));
    assert!(desk["known_before"]["seconds_p50"].is_number(), "{desk}");
    let lookouts = at(chapters, "Airport, arrival hall: two lookouts");
    assert_eq!(
        (count(lookouts, "people"), count(lookouts, "known"), count(lookouts, "crossings")),
        (2, 0, 1)
    );
    for words in [
        "who may not approve it",
        "Lookout: passport reported stolen",
        "Lookout: to be heard",
        "somebody else",
    ] {
        says(lookouts, words);
    }
    says(at(chapters, "Cruise terminal: a ship's guests embark"), "8 departures erased");
    assert_eq!(count(at(chapters, "Cruise terminal: another ship's"), "crossings"), 8);
    says(at(chapters, "North road"), "the camera was refused");
    says(at(chapters, "Three days ago"), "refuses to work there");
    says(at(chapters, "Footbridge: designated"), "1 consent erased");
    let market = at(chapters, "Footbridge: market day");
    assert_eq!(
        (count(market, "people"), count(market, "declined"), count(market, "crossings")),
        (120, 60, 120)
    );
    let parity = &market["parity"];
    assert_eq!((count(parity, "with_photo"), count(parity, "without_photo") >= 60), (60, true), "{parity}");
    assert!(parity["without_photo_p95_ms"].is_number() && parity["judgement"].is_string());
    assert_eq!(at(chapters, "Marina")["parity"]["judgement"], "too-few-to-say", "of three people");
    let stays = at(chapters, "Records office");
    for words in [
        "one left today: left in time",
        "overstay of at least",
        "no exit recorded",
        "were not recorded",
        "not known",
    ] {
        says(stays, words);
    }
    says(at(chapters, "The public log"), "nothing is wrong");
}

/// The log that a day left, checked by another process.
fn verifies(folder: &Path) {
    let verified = Command::new(env!("CARGO_BIN_EXE_portunus")).arg("verify").arg(folder).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success() && said.contains("Nothing is wrong"), "{said}");
}

#[test]
fn a_day_is_played_with_the_two_faces_that_the_models_bring() {
    if !models_are_here() {
        return;
    }
    let (chapters, folder) = day(&[]);
    is_whole(&chapters);
    for place in chapters.iter().filter(|place| count(place, "photographed") > 0) {
        assert!(
            count(place, "known") > 0 || place["place"].as_str().unwrap().contains("lookouts"),
            "{place:#}"
        );
    }
    assert_eq!(count(at(&chapters, "Airport, gates"), "declined"), 12, "of whom there is no picture");
    verifies(folder.path());
}

#[test]
fn a_day_is_played_with_many_faces() {
    let faces = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/faces/lfw-dev");
    if !faces.is_dir() {
        eprintln!("SKIPPED: a day with many faces: ../shared/faces/lfw-dev is not here");
        return;
    }
    if !models_are_here() {
        return;
    }
    let (chapters, folder) = day(&["--faces", faces.to_str().unwrap()]);
    is_whole(&chapters);
    assert_eq!(count(at(&chapters, "Airport, gates"), "declined"), 3);
    assert!(count(at(&chapters, "Airport, arrival hall: a flight"), "known") >= 6, "of eight photographed");
    says(at(&chapters, "North road"), "a car with 4 documents");
    verifies(folder.path());
}

#[test]
fn a_day_needs_faces_enough_for_a_car() {
    if !models_are_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_portunus"))
        .args(["demo", "--day", "--faces"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the day needs 4"));
}
