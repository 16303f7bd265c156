//! pip, as the client of the package index: it knows the user's mirrors and proxies, and checks hashes before
//! anything of a package is looked at. No code of a package is run.

use super::error::FetchError;
use super::pins::{Kind, Package};
use super::progress::Step;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How often a running pip is looked at, and how often at most (30 minutes).
const TICK: Duration = Duration::from_millis(100);
const TICKS_MAX: u32 = 30 * 60 * 10;
/// How much of pip's output is read, and how much of it is shown.
const OUTPUT_BYTES_MAX: u64 = 1 << 20;
const SHOWN_LINES_MAX: usize = 2;
const SHOWN_CHARS_MAX: usize = 200;

/// For a source archive, pip asks the archive's build system for its name, which would run its `setup.py` and
/// fetch unpinned build tools. This stands in for setuptools and answers without looking at the archive.
const STAND_IN: &str = r#"
import os

class Backend:
    def get_requires_for_build_wheel(self, config_settings=None):
        return []

    def prepare_metadata_for_build_wheel(self, metadata_directory, config_settings=None):
        name, version = os.environ["PORTUNUS_PACKAGE"].split("==")
        folder = name + "-" + version + ".dist-info"
        os.mkdir(os.path.join(metadata_directory, folder))
        with open(os.path.join(metadata_directory, folder, "METADATA"), "w") as out:
            out.write("Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n")
        return folder

__legacy__ = Backend()
"#;

/// The commands that may be pip, in the order they are tried.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    commands: Vec<Vec<OsString>>,
}

impl Default for Client {
    fn default() -> Self {
        Self::new(&[&["python3", "-m", "pip"], &["pip3"], &["pip"]])
    }
}

impl Client {
    /// Tries these commands.
    pub(crate) fn new(commands: &[&[&str]]) -> Self {
        let words = |command: &&[&str]| command.iter().map(OsString::from).collect();
        Self { commands: commands.iter().map(words).collect() }
    }

    /// Downloads the package into the empty folder `dir`, and says which file it is. Its hash is yet to be checked
    /// by the caller: what this client says is not believed.
    pub(crate) fn download(
        &self,
        package: &Package,
        dir: &Path,
        step: &mut dyn Step,
    ) -> Result<PathBuf, FetchError> {
        let what = format!("{} {}", package.name, package.version);
        let command = self.working().ok_or_else(|| FetchError::NoClient { tried: self.tried() })?;
        let (out, scratch) = (dir.join("out"), dir.join("scratch"));
        for folder in [&out, &scratch] {
            fs::create_dir(folder).map_err(FetchError::io(folder))?;
        }
        let mut pip = Command::new(&command[0]);
        pip.args(&command[1..]);
        prepare(&mut pip, package, dir, &out, &scratch)?;
        // Not into a file: on a full disk its own complaint would be lost.
        let (listener, speaker) = std::io::pipe().map_err(FetchError::io(dir))?;
        let errors = speaker.try_clone().map_err(FetchError::io(dir))?;
        pip.stdin(Stdio::null()).stdout(speaker).stderr(errors);
        let failed = |detail: String| FetchError::Client { what: what.clone(), detail };
        let child = pip.spawn().map_err(|error| failed(error.to_string()))?;
        // It holds the pipe's other end, which must close when the child ends.
        drop(pip);
        let listening = std::thread::spawn(move || listen(listener));
        let Some(status) = wait(child, dir, step).map_err(FetchError::io(dir))? else {
            return Err(failed("it was stopped after 30 minutes".to_owned()));
        };
        let said = listening.join().unwrap_or_default();
        if !status.success() {
            return Err(failure(what, package, dir, &said));
        }
        let found = fs::read_dir(&out).map_err(FetchError::io(&out))?.flatten().next();
        let missing = || FetchError::Client { what, detail: "it ended well but left no file".to_owned() };
        found.map(|entry| entry.path()).ok_or_else(missing)
    }

    /// The first command that runs and knows its version.
    fn working(&self) -> Option<&[OsString]> {
        let works = |command: &&Vec<OsString>| {
            let mut run = Command::new(&command[0]);
            run.args(&command[1..]).arg("--version");
            run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            run.status().is_ok_and(|status| status.success())
        };
        self.commands.iter().find(works).map(Vec::as_slice)
    }

    fn tried(&self) -> String {
        let line = |command: &Vec<OsString>| command.join(" ".as_ref()).to_string_lossy().into_owned();
        self.commands.iter().map(line).collect::<Vec<_>>().join(", ")
    }
}

/// The arguments: one pinned file by hash, without dependencies, for the pinned platform.
fn prepare(
    pip: &mut Command,
    package: &Package,
    dir: &Path,
    out: &Path,
    scratch: &Path,
) -> Result<(), FetchError> {
    let requirement = format!("{}=={}", package.name, package.version);
    let requirements = dir.join("requirements.txt");
    let line = format!("{requirement} --hash=sha256:{}\n", package.sha256);
    fs::write(&requirements, line).map_err(FetchError::io(&requirements))?;
    pip.args(["download", "--no-deps", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]);
    pip.args(["--no-cache-dir", "--retries", "2", "--timeout", "20", "--require-hashes", "-r"])
        .arg(&requirements);
    pip.arg("-d").arg(out);
    match package.kind {
        Kind::AnyWheel => _ = pip.arg("--only-binary=:all:"),
        Kind::Wheel { platform } => {
            pip.args(["--only-binary=:all:", "--platform", platform]);
            pip.args(["--python-version", "312", "--implementation", "cp", "--abi", "cp312"]);
        }
        Kind::Source => {
            let stand_in = dir.join("stand-in");
            let folder = stand_in.join("setuptools");
            fs::create_dir_all(&folder).map_err(FetchError::io(&folder))?;
            for (name, text) in [("__init__.py", ""), ("build_meta.py", STAND_IN)] {
                fs::write(folder.join(name), text).map_err(FetchError::io(&folder))?;
            }
            pip.args(["--no-binary=:all:", "--no-build-isolation"]);
            pip.env("PYTHONPATH", stand_in).env("PIP_USE_PEP517", "1").env("PORTUNUS_PACKAGE", requirement);
        }
    }
    pip.env("TMPDIR", scratch).env("PIP_REQUIRE_VIRTUALENV", "0").env("PYTHONDONTWRITEBYTECODE", "1");
    // Its messages are read here.
    pip.env("LC_ALL", "C.UTF-8").env_remove("PIP_LOG").env_remove("PIP_QUIET");
    Ok(())
}

/// Waits for it, showing how many bytes it has written; `None` when it took too long and was stopped.
fn wait(mut child: Child, dir: &Path, step: &mut dyn Step) -> std::io::Result<Option<ExitStatus>> {
    for _ in 0..TICKS_MAX {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        step.at(bytes_below(dir));
        std::thread::sleep(TICK);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

/// How many bytes are in the files below `dir`, looking at no more than some hundred entries.
fn bytes_below(dir: &Path) -> u64 {
    let (mut folders, mut bytes, mut left) = (vec![dir.to_owned()], 0_u64, 500_u32);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            left = left.saturating_sub(1);
            if left == 0 {
                return bytes;
            }
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => folders.push(entry.path()),
                Ok(meta) => bytes = bytes.saturating_add(meta.len()),
                Err(_) => {}
            }
        }
    }
    bytes
}

/// What it says, no more than [`OUTPUT_BYTES_MAX`] of it, until it ends.
fn listen(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    // A pipe that breaks has said what it said.
    let _ = from.by_ref().take(OUTPUT_BYTES_MAX).read_to_end(&mut bytes);
    let _ = std::io::copy(&mut from, &mut std::io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What went wrong, by what pip said. A text we do not know is shown as it is.
fn failure(what: String, package: &Package, dir: &Path, said: &str) -> FetchError {
    let has = |texts: &[&str]| texts.iter().any(|text| said.contains(text));
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let detail = shown(&lines);
    if has(&["DO NOT MATCH THE HASHES"]) {
        let got = lines.iter().find_map(|line| line.strip_prefix("Got")).map_or("another", str::trim);
        return FetchError::WrongHash { what, expected: package.sha256.to_owned(), found: got.to_owned() };
    }
    if has(&["No space left on device", "Disk quota exceeded"]) {
        return FetchError::NoSpace { dir: dir.parent().unwrap_or(dir).to_owned() };
    }
    // With no network pip retries, gives up, and then says as well that there is no such package.
    if has(&[
        "NewConnectionError",
        "ConnectTimeout",
        "Connection refused",
        "Connection to ",
        "Connection broken",
        "IncompleteRead",
        "after connection broken by",
        "Failed to establish a new connection",
        "Max retries exceeded",
        "NameResolutionError",
        "Network is unreachable",
        "ProxyError",
        "ReadTimeoutError",
        "SSLError",
        "Temporary failure in name resolution",
    ]) {
        return FetchError::NoNetwork { what, detail };
    }
    if has(&["No matching distribution found", "Could not find a version"]) {
        return FetchError::NotOffered { what, detail };
    }
    FetchError::Client { what, detail }
}

/// Its last errors, or its last lines, kept short.
fn shown(lines: &[&str]) -> String {
    let errors: Vec<&&str> = lines.iter().filter(|line| line.starts_with("ERROR:")).collect();
    let chosen = if errors.is_empty() { lines.iter().collect() } else { errors };
    let last = &chosen[chosen.len().saturating_sub(SHOWN_LINES_MAX)..];
    let short = |line: &&&str| line.chars().take(SHOWN_CHARS_MAX).collect::<String>();
    last.iter().map(short).collect::<Vec<_>>().join(" / ")
}
