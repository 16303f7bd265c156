//! The peers' packages, installed by pip into a folder of the cache, once for each set of pins and each Python.
//!
//! A folder and not a virtual environment: that needs pip alone (Debian has `venv` in a package of its own), and
//! the interpreter is started so that it sees nothing else (`-I -S`).

use super::Missing;
use crate::ambient::instant;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The libraries with the versions we compare ourselves with, and what of their needs bears on speed.
const PINS: [&str; 5] = [
    "opencv-python-headless==5.0.0.93",
    "faiss-cpu==1.15.1",
    "usearch==2.26.6",
    "numkong==7.8.6",
    "numpy==2.4.6",
];

/// The interpreter that runs them.
pub(super) const PYTHON: &str = "python3";

const TICK: Duration = Duration::from_millis(50);
const ASKING_MAX: Duration = Duration::from_secs(30);
const INSTALLING_MAX: Duration = Duration::from_secs(15 * 60);
/// How much of what a command said is shown when it failed.
const SHOWN_CHARS_MAX: usize = 400;
const OUTPUT_BYTES_MAX: u64 = 1 << 20;

/// The folder of the packages.
pub(super) fn ensure(cache: &Path) -> Result<PathBuf, Missing> {
    // A wheel fits one version of Python on one kind of processor.
    let which = "import sys, platform; print(sys.implementation.cache_tag, platform.machine())";
    let tag = run(Command::new(PYTHON).args(["-I", "-S", "-c", which]), ASKING_MAX)?;
    let key = PINS.map(|pin| pin.replace("==", "-")).join("+");
    let place = cache.join("peers").join(format!("{}+{key}", tag.trim().replace(' ', "-")));
    if place.is_dir() {
        return Ok(place);
    }
    install(&place).map(|()| place)
}

/// Installs beside the place and moves there, so that what is there is whole.
fn install(place: &Path) -> Result<(), Missing> {
    eprintln!("installing the peers ({}): a minute, 130 MB from the package index", PINS.join(", "));
    let parent = place.parent().unwrap_or(place);
    let failed = |error: std::io::Error| Missing(format!("{}: {error}", parent.display()));
    fs::create_dir_all(parent).map_err(failed)?;
    let folder = tempfile::Builder::new().prefix(".unfinished-").tempdir_in(parent).map_err(failed)?;
    let (new, scratch) = (folder.path().join("new"), folder.path().join("scratch"));
    fs::create_dir(&scratch).map_err(failed)?;
    let pip = pip(folder.path(), &scratch)?;
    let mut command = Command::new(&pip);
    command.args([
        "-m",
        "pip",
        "install",
        "--only-binary=:all:",
        "--no-input",
        "--disable-pip-version-check",
    ]);
    command.args(["--progress-bar", "off", "--no-cache-dir", "--no-warn-script-location", "--retries", "2"]);
    command.arg("--target").arg(&new).args(PINS).env("TMPDIR", &scratch);
    command.env("PIP_REQUIRE_VIRTUALENV", "0").env("PIP_USER", "0").env("PIP_ROOT_USER_ACTION", "ignore");
    run(&mut command, INSTALLING_MAX)?;
    match fs::rename(&new, place) {
        // Another run was faster.
        Err(_) if place.is_dir() => Ok(()),
        done => done.map_err(failed),
    }
}

/// A Python that has pip: the one there is, or one of a virtual environment made of it.
fn pip(folder: &Path, scratch: &Path) -> Result<PathBuf, Missing> {
    let Err(Missing(first)) = run(Command::new(PYTHON).args(["-m", "pip", "--version"]), ASKING_MAX) else {
        return Ok(PYTHON.into());
    };
    let venv = folder.join("venv");
    let made =
        run(Command::new(PYTHON).args(["-m", "venv"]).arg(&venv).env("TMPDIR", scratch), INSTALLING_MAX);
    made.map(|_| venv.join("bin").join(PYTHON)).map_err(|Missing(second)| {
        Missing(format!("neither pip nor venv works (Debian: apt install python3-pip): {first}; {second}"))
    })
}

/// Runs a command to its end within a time, and gives what it printed; its failure is said in its own words.
fn run(command: &mut Command, limit: Duration) -> Result<String, Missing> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Missing(format!("{name} was not found: install Python 3 with pip")),
        _ => Missing(format!("{name}: {error}")),
    };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let (out, errors) = (child.stdout.take(), child.stderr.take());
    let said = std::thread::spawn(move || listen(out));
    let complained = std::thread::spawn(move || listen(errors));
    let begun = instant();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        if begun.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Missing(format!("{name} was stopped after {} seconds", limit.as_secs())));
        }
        std::thread::sleep(TICK);
    };
    let complaint = complained.join().unwrap_or_default();
    if !status.success() {
        return Err(Missing(format!("{name} failed ({status}): {}", end_of(&complaint))));
    }
    Ok(said.join().unwrap_or_default())
}

/// Reads to the end, keeping no more than [`OUTPUT_BYTES_MAX`].
fn listen(from: Option<impl std::io::Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut from) = from {
        // A pipe that breaks has said what it said.
        let _ = from.by_ref().take(OUTPUT_BYTES_MAX).read_to_end(&mut bytes);
        let _ = std::io::copy(&mut from, &mut std::io::sink());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The last of what was said, in one line.
pub(super) fn end_of(said: &str) -> String {
    let line = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" / ");
    let skipped = line.chars().count().saturating_sub(SHOWN_CHARS_MAX);
    line.chars().skip(skipped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_not_there_fails_or_takes_too_long_is_said_so() {
        let told = |command: &mut Command, limit| run(command, limit).unwrap_err().0;
        assert!(told(&mut Command::new("/nowhere/python3"), ASKING_MAX).contains("not found"));
        let failing = told(Command::new("sh").args(["-c", "echo no wheel fits >&2; exit 3"]), ASKING_MAX);
        assert!(failing.contains("no wheel fits") && failing.contains('3'), "{failing}");
        let slow = told(Command::new("sleep").arg("60"), Duration::from_millis(100));
        assert!(slow.contains("stopped"), "{slow}");
    }
}
