//! A measurement in a process of its own, so that its peak of memory is its own.

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;
use std::process::{Command, Stdio};

/// What `portunus bench` with these arguments says, in a process of its own.
pub(super) fn alone<T: DeserializeOwned>(arguments: &[&str]) -> Result<T> {
    let mut command = Command::new(std::env::current_exe().context("finding this program")?);
    command.arg("bench").args(arguments);
    let done = command.stderr(Stdio::inherit()).output().context("starting portunus")?;
    anyhow::ensure!(done.status.success(), "measuring {} ended with {}", arguments.join(" "), done.status);
    serde_json::from_slice(&done.stdout).context("what the measuring process said")
}

/// The most memory that this process ever held at once, in bytes.
pub(super) fn peak_bytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("reading this process's memory")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().context("VmHWM is no number")?;
    Ok(kilobytes * 1024)
}
