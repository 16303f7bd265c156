//! `portunus eval`: what it refuses, and what it finds on real faces.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use portunus_biometrics::face::{FaceEngine, Outcome, ProbeOutcome, similarity};
use portunus_biometrics::pack::Pack;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn eval(cache: Option<&Path>, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portunus"));
    command.arg("eval").args(arguments).env_remove("PORTUNUS_FAILPOINT");
    if let Some(cache) = cache {
        command.env("PORTUNUS_CACHE", cache);
    }
    command.output().unwrap()
}

/// It fails before any work: nothing is fetched, nothing is written.
#[track_caller]
fn refused(folder: &Path, arguments: &[&str], words: &[&str]) {
    let cache = folder.join("no-cache-yet");
    let output = eval(Some(&cache), arguments);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    words.iter().for_each(|word| assert!(stderr.contains(word), "{word:?} is not in: {stderr}"));
    assert!(!cache.exists() && !folder.join("out").exists(), "nothing is half done");
}

#[test]
fn what_is_wrong_is_said_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for picture in ["faces/ann/1.jpg", "faces/ann/2.jpg", "faces/bo/1.jpg"] {
        std::fs::create_dir_all(folder.path().join(picture).parent().unwrap()).unwrap();
        std::fs::write(folder.path().join(picture), "no picture").unwrap();
    }
    let (faces, list, out) = (path("faces"), path("list.tsv"), path("out"));
    let with = |text: &str| std::fs::write(&list, text).unwrap();
    let protocol = ["--faces", &faces, "--protocol", &list, "--out", &out, "--json"];

    with(
        "trial\trole\tperson\tfile\n0\treference\tann\t1.jpg\n0\tmated\tann\t9.jpg\n0\tnonmated\tbo\t1.jpg\n",
    );
    refused(folder.path(), &protocol, &["list.tsv", "line 3", "9.jpg"]);
    with("0\treference\tann\t1.jpg\n");
    refused(folder.path(), &protocol, &["line 1", "trial role person file"]);
    with("trial\trole\tperson\tfile\n0\tguest\tann\t1.jpg\n");
    refused(folder.path(), &protocol, &["line 2", "guest"]);
    with("ann\t1\t7\n");
    refused(folder.path(), &["--faces", &faces, "--pairs", &list], &["line 1", "ann_0001.jpg"]);
    refused(folder.path(), &["--faces", &faces], &["--protocol"]);
    refused(folder.path(), &["--faces", &path("nobody"), "--gallery", "2"], &["nobody", "no folder"]);
    refused(folder.path(), &["--faces", &faces, "--gallery", "2"], &["gallery of 2", "of 2 people"]);
    refused(folder.path(), &["--faces", &faces, "--gallery", "0"], &["expected a number"]);
}

/// Real faces, and the cache that `portunus models fetch` filled.
#[expect(clippy::disallowed_methods, reason = "a test must find the cache that the binary filled")]
fn real() -> Option<(PathBuf, PathBuf)> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("PORTUNUS_TEST_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("portunus")))
        .or_else(|| Some(set("HOME")?.join(".cache/portunus")))?;
    let faces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/faces/lfw-dev");
    for needed in [&faces, &cache.join("packs/opencv-zoo/pack.toml")] {
        if !needed.exists() {
            eprintln!("SKIPPED: {} is not there, real faces are not evaluated", needed.display());
            return None;
        }
    }
    Some((faces, cache))
}

/// A folder with 26 people: six with two pictures, twenty with one, and one picture of the first that is none.
fn few_people(faces: &Path, folder: &Path) -> String {
    let mut people: Vec<PathBuf> =
        std::fs::read_dir(faces).unwrap().map(|entry| entry.unwrap().path()).collect();
    people.sort();
    let pictures = |person: &Path| {
        let mut own: Vec<PathBuf> =
            std::fs::read_dir(person).unwrap().map(|entry| entry.unwrap().path()).collect();
        own.sort();
        own
    };
    let mut list = "trial\trole\tperson\tfile\r\n".to_owned();
    let (mut mated, mut others) = (0, 0);
    for person in people {
        let (own, name) = (pictures(&person), person.file_name().unwrap().to_str().unwrap().to_owned());
        let roles: &[&str] = match own.len() {
            2 if mated < 6 => &["reference", "mated"],
            1 if others < 20 => &["nonmated"],
            _ => continue,
        };
        *(if roles.len() == 2 { &mut mated } else { &mut others }) += 1;
        std::fs::create_dir_all(folder.join(&name)).unwrap();
        for (picture, role) in own.iter().zip(roles) {
            let file = picture.file_name().unwrap().to_str().unwrap();
            std::fs::copy(picture, folder.join(&name).join(file)).unwrap();
            let _ = write!(list, "0\t{role}\t{name}\t{file}\r\n");
        }
        if mated == 1 && roles.len() == 2 {
            std::fs::write(folder.join(&name).join("hostile.jpg"), b"\xff\xd8\xff\xe0 no picture").unwrap();
            let _ = write!(list, "0\tmated\t{name}\thostile.jpg\r\n");
        }
    }
    list
}

#[test]
fn a_few_real_people_are_evaluated_and_again_from_the_cache() {
    let Some((faces, cache)) = real() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (own, list) = (folder.path().join("faces"), folder.path().join("few.tsv"));
    std::fs::write(&list, few_people(&faces, &own)).unwrap();
    // A cache of its own for templates, with the fetched models in it.
    let kept = folder.path().join("cache");
    std::fs::create_dir(&kept).unwrap();
    for part in ["packs", "onnxruntime", "sources"] {
        let copied = Command::new("cp").arg("-r").arg(cache.join(part)).arg(&kept).status().unwrap();
        assert!(copied.success());
    }
    let (out, card) = (folder.path().join("out"), folder.path().join("card.md"));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let arguments =
        ["--faces", &text(&own), "--protocol", &text(&list), "--out", &text(&out), "--card", &text(&card)];
    let run = |more: &[&str]| -> Output {
        let output = eval(Some(&kept), &[&arguments[..], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    };
    let first = run(&["--json"]);
    let figures: Value = serde_json::from_slice(&first.stdout).unwrap();
    let at = &figures["identification"][2];
    assert_eq!((&at["protocol"], &at["gallery"], &at["references"]), (&"few".into(), &6.into(), &1.into()));
    assert_eq!((&at["mated"], &at["nonmated"], &at["fpir"]), (&7.into(), &20.into(), &0.01.into()));
    // The hostile picture is a miss.
    assert!(at["fnir"].as_f64().unwrap() >= 1.0 / 7.0 && at["few"] == true, "{at}");
    assert_eq!(figures["fta_reasons"]["no-picture"], 1, "{figures}");
    assert!(at["low"].as_f64() <= at["fnir"].as_f64() && at["fnir"].as_f64() <= at["high"].as_f64(), "{at}");
    for file in ["report.html", "figures.json", "det.svg", "det.png", "histogram.svg", "histogram.png"] {
        assert!(out.join(file).metadata().unwrap().len() > 500, "{file}");
    }
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(
        !page.contains("http://") || page.matches("http://").count() == page.matches("www.w3.org").count()
    );
    assert!(std::fs::read_to_string(&card).unwrap().contains("## Searches: few"));

    // A kill in the middle of a record costs that record only: the figures are the same again.
    let templates = std::fs::read_dir(kept.join("templates")).unwrap().next().unwrap().unwrap().path();
    let length = templates.metadata().unwrap().len();
    std::fs::File::options().write(true).open(&templates).unwrap().set_len(length - 100).unwrap();
    assert_eq!(run(&["--json"]).stdout, first.stdout);
    assert_eq!(templates.metadata().unwrap().len(), length);
    assert_eq!(run(&["--json", "--no-cache"]).stdout, first.stdout);
    let table = String::from_utf8(run(&[]).stdout).unwrap();
    assert!(table.contains("FPIR wanted") && table.contains("rule of 30"), "{table}");
}

#[test]
fn a_reference_and_a_probe_of_one_frame_have_one_template() {
    let Some((faces, cache)) = real() else { return };
    let pack = Pack::load(&cache.join("packs/opencv-zoo")).unwrap();
    let runtime = cache.join("onnxruntime/1.28.0/libonnxruntime.so.1.28.0");
    let engine = FaceEngine::load(&pack, &runtime, 1).unwrap();
    let mut people: Vec<PathBuf> =
        std::fs::read_dir(faces).unwrap().map(|entry| entry.unwrap().path()).collect();
    people.sort();
    let mut compared = 0;
    for person in people.iter().take(12) {
        let picture = std::fs::read_dir(person).unwrap().next().unwrap().unwrap().path();
        let bytes = std::fs::read(picture).unwrap();
        let ProbeOutcome::Found(probe) = engine.probe(&[&bytes], None).unwrap() else { continue };
        let Outcome::Subject(subject) = engine.analyse(&bytes).unwrap().outcome else {
            panic!("there is a face")
        };
        let reference = engine.template(&subject).unwrap();
        let alike = similarity(&probe.template, &reference).unwrap().0;
        assert!(alike > 0.999_999, "eval makes the templates of both from a probe: {alike}");
        compared += 1;
    }
    assert!(compared > 8, "most pictures are good enough: {compared}");
}
