//! What the figures were measured on, and by which version.

use crate::ambient::SystemClock;
use crate::models;
use portunus_biometrics::gallery::scan::Kernel;
use portunus_core::ports::Clock as _;
use std::collections::BTreeMap;
use std::fs::read_to_string;
use std::process::Command;

/// A buffer that no cache holds has at least this many bytes.
const LARGE_BYTES_MIN: usize = 256 << 20;

/// The machine, the versions, the moment.
#[derive(Debug, serde::Serialize)]
pub(super) struct Machine {
    pub(super) cpu: String,
    pub(super) cores: usize,
    /// Of the fastest search code.
    pub(super) kernel: &'static str,
    pub(super) caches: String,
    pub(super) memory_gb: f64,
    pub(super) system: String,
    /// Other work on the machine shows here: mean number of busy processes of the last minute, at the start.
    pub(super) load_before: Option<f64>,
    pub(super) date: String,
    pub(super) commit: String,
    pub(super) versions: BTreeMap<String, String>,
}

impl Machine {
    /// Looks at the machine.
    pub(super) fn seen() -> Self {
        let first = |path: &str, key: &str| {
            let text = read_to_string(path).ok()?;
            let line = text.lines().find(|line| line.starts_with(key))?;
            Some(line.split_once([':', '='])?.1.trim().trim_matches('"').to_owned())
        };
        let kilobytes = first("/proc/meminfo", "MemTotal")
            .and_then(|text| text.split_whitespace().next().and_then(|number| number.parse::<f64>().ok()));
        let release = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let name = first("/etc/os-release", "PRETTY_NAME").unwrap_or_else(|| std::env::consts::OS.to_owned());
        let build =
            if cfg!(debug_assertions) { "a debug build: the figures mean nothing" } else { "release" };
        let mut versions = BTreeMap::from([
            ("portunus".to_owned(), format!("{} ({build})", env!("CARGO_PKG_VERSION"))),
            ("rustc".to_owned(), env!("PORTUNUS_RUSTC").to_owned()),
        ]);
        versions.insert("onnxruntime".to_owned(), models::RUNTIME_VERSION.to_owned());
        Self {
            cpu: first("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: crate::house::cores(),
            kernel: Kernel::default().name(),
            caches: caches()
                .iter()
                .map(|(name, size)| format!("{name} {size}"))
                .collect::<Vec<_>>()
                .join(", "),
            memory_gb: (kilobytes.unwrap_or(0.0) * 1024.0 / 1e9 * 10.0).round() / 10.0,
            system: format!("{name}, Linux {}", release.trim()),
            load_before: read_to_string("/proc/loadavg")
                .ok()
                .and_then(|text| text.split(' ').next()?.parse().ok()),
            date: SystemClock.now().strftime("%Y-%m-%d").to_string(),
            commit: commit().unwrap_or_else(|| format!("version {}", env!("CARGO_PKG_VERSION"))),
            versions,
        }
    }
}

/// The first processor's caches with their sizes as the system writes them.
fn caches() -> Vec<(String, String)> {
    let read = |index: usize, what: &str| {
        let text = read_to_string(format!("/sys/devices/system/cpu/cpu0/cache/index{index}/{what}")).ok()?;
        Some(text.trim().to_owned())
    };
    let one = |index| {
        let (level, kind, size) = (read(index, "level")?, read(index, "type")?, read(index, "size")?);
        (kind != "Instruction").then(|| (format!("L{level}"), size))
    };
    (0..8).filter_map(one).collect()
}

/// Twice the largest cache, if a quarter of the memory holds that.
pub(super) fn beyond_caches_bytes() -> usize {
    let bytes = |(_, size): &(String, String)| size.strip_suffix('K')?.parse::<usize>().ok().map(|k| k << 10);
    let largest = caches().iter().filter_map(bytes).max().unwrap_or(0);
    (2 * largest).clamp(LARGE_BYTES_MIN, 2 << 30)
}

/// The commit of the work tree that we are in, when it is Portunus'.
fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let top = git(&["rev-parse", "--show-toplevel"])?;
    std::path::Path::new(&top).join("crates/portunus/Cargo.toml").is_file().then_some(())?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    let state = if changed.is_empty() { "" } else { " with changes that are not committed" };
    Some(format!("{}{state}", git(&["rev-parse", "--short=12", "HEAD"])?))
}
