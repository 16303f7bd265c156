//! Where the tests find models and real faces; a loud line where they do not.

use portunus_biometrics::face::FaceEngine;
use portunus_biometrics::pack::Pack;
use std::path::PathBuf;
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

fn present(path: PathBuf, what: &str) -> Option<PathBuf> {
    if !path.exists() {
        eprintln!("SKIPPED: {what} not found at {}", path.display());
        return None;
    }
    Some(path)
}
