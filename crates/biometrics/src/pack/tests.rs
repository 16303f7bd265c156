use super::*;
use std::fs;

const SHIPPED: &str = include_str!("../../../../packs/opencv-zoo/pack.toml");

/// A pack of two small files that are no models, and its manifest.
fn small_pack(dir: &Path, change: impl Fn(String) -> String) {
    let mut text = String::new();
    let mut role = "";
    for line in SHIPPED.lines() {
        if let Some(table) = line.strip_prefix('[') {
            role = if table.starts_with("detector") { "detector" } else { "recogniser" };
        }
        let line = match line.split(' ').next() {
            Some("bytes") => format!("bytes = {}", role.len()),
            Some("sha256") => format!("sha256 = \"{}\"", Digest::of(role.as_bytes())),
            _ => line.to_owned(),
        };
        text.push_str(&line);
        text.push('\n');
    }
    fs::write(dir.join("detector.onnx"), "detector").unwrap();
    fs::write(dir.join("recogniser.onnx"), "recogniser").unwrap();
    fs::write(dir.join(MANIFEST_NAME), change(text)).unwrap();
}

fn refused(change: impl Fn(String) -> String) -> String {
    let dir = tempfile::tempdir().unwrap();
    small_pack(dir.path(), change);
    match Pack::load(dir.path()) {
        Ok(_) => panic!("the pack was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_pack_whose_files_are_the_named_ones_is_loaded() {
    let dir = tempfile::tempdir().unwrap();
    small_pack(dir.path(), |text| text);
    let pack = Pack::load(dir.path()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(pack.detector_model(), b"detector");
    assert_eq!(pack.recogniser_model(), b"recogniser");
    assert_eq!(pack.recogniser().embedding_length, 128);
}

#[test]
fn a_changed_shorter_longer_or_missing_file_is_refused() {
    for content in ["Recogniser", "recognise", "recogniser and more"] {
        let dir = tempfile::tempdir().unwrap();
        small_pack(dir.path(), |text| text);
        fs::write(dir.path().join("recogniser.onnx"), content).unwrap();
        assert!(matches!(Pack::load(dir.path()), Err(PackError::Hash { .. })), "{content}");
    }
    let dir = tempfile::tempdir().unwrap();
    small_pack(dir.path(), |text| text);
    fs::remove_file(dir.path().join("detector.onnx")).unwrap();
    let Err(error) = Pack::load(dir.path()) else { panic!("taken") };
    assert!(error.to_string().contains("models fetch"), "{error}");
}

#[test]
fn a_wrong_manifest_is_refused_with_its_line() {
    let line_of = |needle: &str| {
        let line = SHIPPED.lines().position(|line| line.starts_with(needle)).map(|at| at + 1);
        format!("line {}", line.unwrap_or_else(|| panic!("{needle} is not in the manifest")))
    };
    let cases = [
        ("format = 1", "format = 2", "pack format 1"),
        ("embedding_length = 128", "embedding_length = 0", "between 1 and 4096"),
        ("side_px = 112", "side_px = 99999", "between 1 and 1024 pixels"),
        ("kind = \"yunet\"", "kind = \"mystery\"", "unknown variant"),
        ("score_min = 0.6", "score_min = 1.6", "between 0 and 1"),
        ("path = \"detector.onnx\"", "path = \"../detector.onnx\"", "no folders"),
        ("title = ", "tittle = ", "unknown field"),
    ];
    for (from, to, said) in cases {
        let message = refused(|text| text.replacen(from, to, 1));
        assert!(message.contains(said) && message.contains(&line_of(from)), "{from}: {message}");
    }
    let message = refused(|text| text.replacen("fmr = 1.0e-2", "fmr = 0.5", 1));
    assert!(message.contains("rates must fall") && message.contains("line "), "{message}");
    assert!(refused(|_| "x".repeat(2 << 20)).contains("more than 1048576 bytes"));
}

#[test]
fn packs_that_differ_in_file_parameter_name_or_version_have_different_ids() {
    let shipped: Manifest = SHIPPED.parse().unwrap();
    assert!(shipped.id().0.starts_with("opencv-zoo@"), "{}", shipped.id().0);
    let mut others = vec![shipped.id()];
    for (from, to) in [
        ("embedding_length = 128", "embedding_length = 127"),
        ("side_px = 112", "side_px = 113"),
        ("channels = \"rgb\"", "channels = \"bgr\""),
        ("[38.2946, 51.6963]", "[38.3946, 51.6963]"),
        ("name = \"opencv-zoo\"", "name = \"opencv-zoo2\""),
    ] {
        assert!(SHIPPED.contains(from), "{from}");
        let id = SHIPPED.replacen(from, to, 1).parse::<Manifest>().unwrap().id();
        assert!(!others.contains(&id), "{from}");
        others.push(id);
    }
    let digest = shipped.recogniser.file.sha256.to_string();
    let id = SHIPPED.replace(&digest, &Digest::of(b"other").to_string()).parse::<Manifest>().unwrap().id();
    assert!(!others.contains(&id));
    // Words and the curve do not change what a template is.
    let id = SHIPPED.replacen("title = \"", "title = \"Other ", 1).parse::<Manifest>().unwrap().id();
    assert_eq!(id, shipped.id());
}

#[test]
fn the_manifest_survives_a_round_trip() {
    let shipped: Manifest = SHIPPED.parse().unwrap();
    let again: Manifest = toml::to_string(&shipped).unwrap().parse().unwrap();
    assert_eq!(again, shipped);
    let json = serde_json::to_string(&shipped).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), shipped);
}
