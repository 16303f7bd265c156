//! Where the tests find models and real faces; a loud line where they do not.

use portunus_biometrics::face::{FaceEngine, Outcome, Picture, PictureLimits, Subject, Template};
use portunus_biometrics::pack::Pack;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The folder with real faces.
pub(crate) fn faces() -> Option<PathBuf> {
    let faces = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/faces/lfw-dev");
    present(faces, "real faces (the folder `shared` beside the workspace)")
}

/// The built-in pack and ONNX Runtime, as `portunus models fetch` leaves them.
#[expect(clippy::disallowed_methods, reason = "a test must find the cache that the binary filled")]
fn cache() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let cache = set("PORTUNUS_TEST_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("portunus")))
        .or_else(|| Some(set("HOME")?.join(".cache/portunus")))?;
    present(cache.join("packs/opencv-zoo/pack.toml"), "the models (`portunus models fetch`)").map(|_| cache)
}

/// An engine of the built-in pack, loaded once.
pub(crate) fn engine() -> Option<&'static FaceEngine> {
    static ENGINE: OnceLock<Option<FaceEngine>> = OnceLock::new();
    let load = || {
        let cache = cache()?;
        let pack = Pack::load(&cache.join("packs/opencv-zoo")).expect("the cached pack is whole");
        let runtime = cache.join("onnxruntime/1.28.0/libonnxruntime.so.1.28.0");
        Some(FaceEngine::load(&pack, &runtime, 2).expect("the cached models load"))
    };
    ENGINE.get_or_init(load).as_ref()
}

/// The shipped calibration.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn calibration() -> portunus_biometrics::pack::Calibration {
    let manifest: portunus_biometrics::pack::Manifest =
        include_str!("../../../../packs/opencv-zoo/pack.toml")
            .parse()
            .expect("the shipped manifest is valid");
    manifest.calibration
}

/// The bytes of a person's picture of this number.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn file(faces: &Path, name: &str, number: u32) -> Vec<u8> {
    std::fs::read(faces.join(format!("{name}/{name}_{number:04}.jpg"))).unwrap()
}

/// A picture, decoded.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn picture(bytes: &[u8]) -> Picture {
    Picture::decode(bytes, &PictureLimits::default()).unwrap()
}

/// Who stands in a picture.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn subject(engine: &FaceEngine, picture: &Picture) -> Subject {
    match engine.analyse_picture(picture, None).unwrap().outcome {
        Outcome::Subject(subject) => subject,
        _ => panic!("no subject"),
    }
}

/// The template of who stands in a picture.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn template(engine: &FaceEngine, bytes: &[u8]) -> Template {
    engine.template(&subject(engine, &picture(bytes))).unwrap()
}

/// Puts pictures of one height beside each other.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn beside(pictures: &[&Picture]) -> Picture {
    let height = pictures.iter().map(|p| p.height()).min().unwrap();
    let width: u32 = pictures.iter().map(|p| p.width()).sum();
    let row = |p: &Picture, y: u32| {
        let stride = p.width() as usize * 3;
        p.rgb()[y as usize * stride..(y as usize + 1) * stride].to_vec()
    };
    let rgb = (0..height).flat_map(|y| pictures.iter().flat_map(move |p| row(p, y))).collect();
    Picture::from_rgb(width, height, rgb).unwrap()
}

fn present(path: PathBuf, what: &str) -> Option<PathBuf> {
    if !path.exists() {
        eprintln!("SKIPPED: {what} not found at {}", path.display());
        return None;
    }
    Some(path)
}
