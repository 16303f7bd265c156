//! Fetching with a false pip that goes wrong in every way, and once with the real one.

use super::cache::{Cache, PackPaths, built_in};
use super::client::Client;
use super::error::FetchError;
use super::progress::{Progress, Step};
use super::{folder, pins, show};
use portunus_biometrics::pack::Pack;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Remembers what it was told.
#[derive(Default, Clone)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Progress for Told {
    fn begin(&self, what: &str, _bytes: u64) -> Box<dyn Step> {
        self.0.lock().unwrap().push(what.to_owned());
        Box::new(self.clone())
    }
}

impl Step for Told {
    fn at(&mut self, _bytes: u64) {}
}

/// A folder with a program that answers `--version` and otherwise does `body` (`$out` is the folder for files).
fn false_pip(dir: &Path, body: &str) -> Client {
    let path = dir.join("pip");
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && exit 0\n\
         while [ $# -gt 0 ]; do [ \"$1\" = -d ] && out=\"$2\"; shift; done\n{body}\n"
    );
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    Client::new(&[&["/nonexistent/python3"], &[path.to_str().unwrap()]])
}

fn failure(body: &str) -> FetchError {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::new(dir.path().join("cache"), false_pip(dir.path(), body), None);
    let error = cache.ensure_pictures(&Told::default()).unwrap_err();
    let left: Vec<_> = fs::read_dir(cache.dir()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["lock"], "a failed fetch leaves nothing behind");
    error
}

#[test]
fn bytes_with_another_hash_are_refused_whatever_pip_says() {
    let error = failure("echo not the archive > $out/face_recognition-1.3.0.tar.gz");
    assert!(
        matches!(&error, FetchError::WrongHash { expected, .. } if expected == pins::PICTURES.sha256),
        "{error}"
    );
    assert!(error.to_string().contains("do not use it"), "{error}");
}

#[test]
fn an_endless_file_is_refused_without_reading_it_all() {
    let error = failure("truncate -s 1T $out/face_recognition-1.3.0.tar.gz");
    assert!(matches!(error, FetchError::WrongHash { .. }), "{error}");
}

#[test]
fn what_pip_says_becomes_an_error_that_says_what_to_do() {
    type Is = fn(&FetchError) -> bool;
    let cases: [(&str, Is, &str); 6] = [
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\\n  Expected sha256 aa\\n  Got        bb",
            |error| matches!(error, FetchError::WrongHash { found, .. } if found == "bb"),
            "Nothing was kept",
        ),
        (
            "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError'\\n\
             ERROR: No matching distribution found for face_recognition==1.3.0",
            |error| matches!(error, FetchError::NoNetwork { .. }),
            "check the network",
        ),
        (
            "ERROR: No matching distribution found for face_recognition==1.3.0",
            |error| matches!(error, FetchError::NotOffered { .. }),
            "mirror that has it",
        ),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            |error| matches!(error, FetchError::NoSpace { .. }),
            "free 200 MB",
        ),
        ("something new", |error| matches!(error, FetchError::Client { .. }), "something new"),
        (
            "",
            |error| matches!(error, FetchError::Client { .. }),
            "pip could not fetch face_recognition 1.3.0",
        ),
    ];
    for (said, is_right, advice) in cases {
        let error = failure(&format!("printf '{}' >&2; exit 1", said.replace('\'', "'\\''")));
        assert!(is_right(&error), "{said}: {error:?}");
        assert!(error.to_string().contains(advice), "{said}: {error}");
    }
}

#[test]
fn a_pip_that_ends_well_and_leaves_nothing_is_an_error() {
    assert!(failure("exit 0").to_string().contains("left no file"));
}

#[test]
fn without_any_pip_the_error_names_what_was_tried_and_what_to_install() {
    let dir = tempfile::tempdir().unwrap();
    let client = Client::new(&[&["/nonexistent/python3", "-m", "pip"], &["/bin/false"]]);
    let error = Cache::new(dir.path().join("c"), client, None).ensure_models(&Told::default()).unwrap_err();
    let said = error.to_string();
    assert!(matches!(error, FetchError::NoClient { .. }), "{said}");
    assert!(
        said.contains("/nonexistent/python3 -m pip, /bin/false") && said.contains("apt install"),
        "{said}"
    );
}

#[test]
fn a_cache_that_cannot_be_made_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Cache::new(file.join("cache"), Client::default(), None).ensure_pictures(&Told::default());
    let said = error.unwrap_err().to_string();
    assert!(said.contains("file/cache") && said.contains("--cache DIR"), "{said}");
    let full = FetchError::io(Path::new("here"))(std::io::ErrorKind::StorageFull.into());
    assert!(matches!(full, FetchError::NoSpace { .. }));
}

#[test]
fn the_cache_is_where_the_first_of_four_says() {
    let all = |name: &str| Some(PathBuf::from(format!("/{name}")));
    let some = |known: &'static [&'static str]| move |name: &str| all(name).filter(|_| known.contains(&name));
    assert_eq!(folder(Some("here".into()), all), Some("here".into()));
    assert_eq!(folder(None, all), Some("/PORTUNUS_CACHE".into()));
    assert_eq!(folder(None, some(&["XDG_CACHE_HOME", "HOME"])), Some("/XDG_CACHE_HOME/portunus".into()));
    assert_eq!(folder(None, some(&["HOME"])), Some("/HOME/.cache/portunus".into()));
    assert_eq!(folder(None, |_| None), None);
    let relative = |name: &str| Some(PathBuf::from(if name == "HOME" { "/home" } else { "relative" }));
    let relative = |name: &str| relative(name).filter(|_| name != "PORTUNUS_CACHE");
    assert_eq!(folder(None, relative), Some("/home/.cache/portunus".into()));
}

#[test]
fn an_own_runtime_is_taken_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::new(dir.path().join("c"), Client::new(&[]), Some("/own/libonnxruntime.so".into()));
    assert_eq!(cache.ensure_runtime(&Told::default()).unwrap(), Path::new("/own/libonnxruntime.so"));
}

#[test]
fn a_platform_without_a_pin_is_told_what_to_do() {
    assert!(pins::runtime("linux", "x86_64").is_some() && pins::runtime("linux", "aarch64").is_some());
    assert_eq!(pins::runtime("macos", "aarch64"), None);
    let said =
        FetchError::Platform { os: "macos", arch: "aarch64", version: pins::RUNTIME_VERSION }.to_string();
    assert!(said.contains("ORT_DYLIB_PATH"), "{said}");
}

#[test]
fn the_pins_name_the_files_that_the_built_in_manifest_says_it_was_made_of() {
    let manifest = built_in().unwrap();
    for (source, file) in
        [(pins::DETECTOR, manifest.detector.file), (pins::RECOGNISER, manifest.recogniser.file)]
    {
        assert!(
            file.provenance.contains(source.member.sha256) && file.provenance.contains(source.member.name)
        );
    }
}

/// Fetches with the real pip into a fresh cache; `None` where there is no network or no pip.
fn really_fetched(dir: &Path) -> Option<(PackPaths, PathBuf)> {
    let cache = Cache::new(dir.to_owned(), Client::default(), None);
    let fetched = cache
        .ensure_models(&Told::default())
        .and_then(|paths| Ok((paths, cache.ensure_pictures(&Told::default())?)));
    match fetched {
        Ok(fetched) => Some(fetched),
        Err(error @ (FetchError::NoNetwork { .. } | FetchError::NoClient { .. })) => {
            eprintln!("SKIPPED: nothing was fetched, so fetching was not tested: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_real_pip_fills_a_cache_that_then_works_offline_and_heals() {
    let dir = tempfile::tempdir().unwrap();
    let Some((paths, pictures)) = really_fetched(dir.path()) else { return };
    let pack = Pack::load(&paths.pack_dir).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(pack.manifest(), &built_in().unwrap());
    assert_eq!(fs::read_dir(&pictures).unwrap().count(), pins::PICTURE_MEMBERS.len());

    // Full: no client is needed, nothing is said to begin.
    let offline = Cache::new(dir.path().to_owned(), Client::new(&[]), None);
    let told = Told::default();
    assert_eq!(offline.ensure_models(&told).unwrap(), paths);
    assert_eq!(offline.ensure_pictures(&told).unwrap(), pictures);
    show::verify(&offline, &mut Vec::new()).unwrap();

    // A damaged or foreign pack is made again from the published files that were kept: offline too.
    let recogniser = paths.pack_dir.join("recogniser.onnx");
    let mut bytes = fs::read(&recogniser).unwrap();
    bytes[1_000_000] ^= 1;
    fs::write(&recogniser, &bytes).unwrap();
    assert!(show::verify(&offline, &mut Vec::new()).is_err());
    offline.ensure_models(&told).unwrap();
    fs::write(paths.pack_dir.join("pack.toml"), "format = 2").unwrap();
    offline.ensure_models(&told).unwrap();
    show::verify(&offline, &mut Vec::new()).unwrap();
    assert!(told.0.lock().unwrap().is_empty(), "nothing was fetched");

    // A damaged runtime or picture is fetched again, and what a killed process left behind is cleared.
    fs::create_dir(dir.path().join(".unfinished-killed")).unwrap();
    fs::write(pictures.join("biden.jpg"), "short").unwrap();
    assert!(matches!(offline.ensure_pictures(&told), Err(FetchError::NoClient { .. })));
    assert!(!dir.path().join(".unfinished-killed").exists());
    let online = Cache::new(dir.path().to_owned(), Client::default(), None);
    online.ensure_pictures(&told).unwrap();
    assert_eq!(*told.0.lock().unwrap(), ["face_recognition 1.3.0"; 2]);
    show::verify(&offline, &mut Vec::new()).unwrap();
}

#[test]
fn several_that_fetch_at_once_fetch_once() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("face_recognition-1.3.0.tar.gz");
    // A false pip that waits, so that the others come while the first is at work, then fails.
    let client = false_pip(dir.path(), &format!("echo x >> {}; sleep 0.2; exit 1", archive.display()));
    let cache = Cache::new(dir.path().join("cache"), client, None);
    std::thread::scope(|scope| {
        let fetches: Vec<_> =
            (0..3).map(|_| scope.spawn(|| cache.ensure_pictures(&Told::default()))).collect();
        for fetch in fetches {
            assert!(matches!(fetch.join().unwrap(), Err(FetchError::Client { .. })));
        }
    });
    // Each tried, one after the other, and none saw another's unfinished files.
    assert_eq!(fs::read_to_string(&archive).unwrap().lines().count(), 3);

    let shared = dir.path().join("shared");
    let caches: Vec<Cache> = (0..3).map(|_| Cache::new(shared.clone(), Client::default(), None)).collect();
    let told = Told::default();
    let results: Vec<_> = std::thread::scope(|scope| {
        let run = |cache: &Cache| cache.ensure_pictures(&told);
        let fetches: Vec<_> = caches.iter().map(|cache| scope.spawn(move || run(cache))).collect();
        fetches.into_iter().map(|fetch| fetch.join().unwrap()).collect()
    });
    if results
        .iter()
        .any(|result| matches!(result, Err(FetchError::NoNetwork { .. } | FetchError::NoClient { .. })))
    {
        eprintln!("SKIPPED: no network or no pip, so fetching at once was not tested");
        return;
    }
    for result in results {
        assert_eq!(fs::read_dir(result.unwrap()).unwrap().count(), pins::PICTURE_MEMBERS.len());
    }
    assert_eq!(told.0.lock().unwrap().len(), 1, "one fetched, the others found it there");
}
