//! `portunus serve` as a child process in a folder of its own, and what the system says of both of us.

use super::instant;
use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const READY_WITHIN: Duration = Duration::from_secs(120);
const STOPS_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Linux counts processor time for user space in hundredths of a second on every architecture that we build for.
const TICKS_PER_SECOND: f64 = 100.0;

/// What must be gone when the benchmark ends, however it ends.
#[derive(Clone, Default)]
pub(super) struct Remains(Arc<Mutex<Left>>);

#[derive(Default)]
struct Left {
    folder: Option<TempDir>,
    child: Option<Child>,
}

impl Left {
    fn clear(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It is gone already, or it goes now.
            let _ = child.kill();
            let _ = child.wait();
        }
        drop(self.folder.take());
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Remains {
    /// From now on Ctrl-C and SIGTERM kill the child and remove the folder before they end this process.
    pub(super) fn watched() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let remains = Self::default();
        let watched = remains.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut terminate = {
            let _inside = runtime.enter();
            signal(SignalKind::terminate())?
        };
        std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! { _ = tokio::signal::ctrl_c() => {} _ = terminate.recv() => {} }
            });
            watched.held().clear();
            std::process::exit(130);
        });
        Ok(remains)
    }

    fn held(&self) -> MutexGuard<'_, Left> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A fresh folder in place of an earlier one, which is removed.
    pub(super) fn folder(&self) -> Result<PathBuf> {
        let folder = tempfile::Builder::new().prefix("portunus-bench-").tempdir()?;
        let path = folder.path().to_owned();
        self.held().folder = Some(folder);
        Ok(path)
    }

    /// Ends what still runs and removes the folder.
    pub(super) fn clear(&self) {
        self.held().clear();
    }

    /// Runs a command to its end; gives what it printed.
    pub(super) fn run(&self, command: &mut Command, folder: &Path) -> Result<Vec<u8>> {
        let (out, said) = (folder.join("stdout"), folder.join("stderr"));
        command.stdin(Stdio::null()).stdout(fs::File::create(&out)?).stderr(fs::File::create(&said)?);
        self.held().child = Some(command.spawn().context("starting portunus")?);
        let status = loop {
            if let Some(status) = self.look()? {
                break status;
            }
            std::thread::sleep(LOOK_EVERY);
        };
        if !status.success() {
            bail!("portunus ended with {status}: {}", fs::read_to_string(&said)?);
        }
        Ok(fs::read(&out)?)
    }

    fn look(&self) -> Result<Option<std::process::ExitStatus>> {
        let mut held = self.held();
        let child = held.child.as_mut().context("the service is not running")?;
        let ended = child.try_wait()?;
        if ended.is_some() {
            held.child = None;
        }
        Ok(ended)
    }
}

/// This program once more.
pub(super) fn ourselves(cache: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("finding this program")?);
    command.env("PORTUNUS_CACHE", cache).env("PORTUNUS_LOG", "warn").env_remove("PORTUNUS_FAILPOINT");
    Ok(command)
}

/// The running service.
pub(super) struct Running {
    remains: Remains,
    pid: u32,
    /// When it was started.
    pub(super) since: Instant,
    pub(super) address: SocketAddr,
    /// Of its certificate, which it made itself.
    pub(super) certificate: PathBuf,
}

impl Running {
    /// Starts it on the data in `folder`/data, and waits until it listens.
    pub(super) fn start(remains: &Remains, folder: &Path, cache: &Path) -> Result<Self> {
        let (out, said) = (folder.join("serve.stdout"), folder.join("serve.stderr"));
        let data = folder.join("data");
        let mut command = ourselves(cache)?;
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
        command.stdin(Stdio::null()).stdout(fs::File::create(&out)?).stderr(fs::File::create(&said)?);
        let since = instant();
        let child = command.spawn().context("starting the service")?;
        let pid = child.id();
        remains.held().child = Some(child);
        let port = loop {
            let printed = fs::read_to_string(&out)?;
            // `Portunus at https://localhost:PORT  (data in ...)`
            if let Some((_, rest)) = printed.split_once("https://localhost:").filter(|(_, r)| r.contains(' '))
            {
                break rest.split_whitespace().next().context("no port")?.parse()?;
            }
            if remains.look()?.is_some() || since.elapsed() > READY_WITHIN {
                bail!("the service does not start: {}", fs::read_to_string(&said)?);
            }
            std::thread::sleep(LOOK_EVERY);
        };
        let certificate = data.join("tls/cert.pem");
        while !certificate.is_file() && since.elapsed() < READY_WITHIN {
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(Self { remains: remains.clone(), pid, since, address: ([127, 0, 0, 1], port).into(), certificate })
    }

    /// Ends it as an operator does.
    pub(super) fn stop(self) -> Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).context("no such process")?;
        kill_process(pid, Signal::TERM)?;
        let asked = instant();
        while self.remains.look()?.is_none() {
            if asked.elapsed() > STOPS_WITHIN {
                bail!("the service does not stop");
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Its resident memory, in bytes.
    pub(super) fn resident_bytes(&self) -> Result<u64> {
        resident_bytes(self.pid)
    }

    /// Its identifier.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }
}

/// The resident memory of a process, in bytes.
pub(super) fn resident_bytes(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().context("VmRSS is no number")?;
    Ok(kilobytes * 1024)
}

/// Processor time used so far, in seconds: by the service, by ourselves, and by everything on the machine.
#[derive(Clone, Copy)]
pub(super) struct Spent {
    pub(super) service: f64,
    pub(super) tool: f64,
    pub(super) machine: f64,
    at: Instant,
}

impl Spent {
    pub(super) fn now(service: u32) -> Result<Self> {
        Ok(Self {
            service: of_process(&format!("/proc/{service}/stat"))?,
            tool: of_process("/proc/self/stat")?,
            machine: of_machine()?,
            at: instant(),
        })
    }

    /// What was spent since `before`, in processors: 1.0 is one of them wholly busy.
    pub(super) fn since(self, before: Self) -> Self {
        let seconds = self.at.duration_since(before.at).as_secs_f64().max(1e-3);
        Self {
            service: (self.service - before.service) / seconds,
            tool: (self.tool - before.tool) / seconds,
            machine: (self.machine - before.machine) / seconds,
            at: self.at,
        }
    }

    /// In words, of a difference.
    pub(super) fn in_words(self) -> String {
        let others = (self.machine - self.service - self.tool).max(0.0);
        format!(
            "processors busy: service {:.2}, this tool {:.2}, others on the machine {others:.2}",
            self.service, self.tool
        )
    }
}

fn of_process(path: &str) -> Result<f64> {
    let stat = fs::read_to_string(path).with_context(|| path.to_owned())?;
    // The command's name stands in parentheses and may hold anything; utime and stime are fields 14 and 15 (proc(5)).
    let after = stat.rsplit_once(')').context("not of the form of proc(5)")?.1;
    let ticks = after.split_whitespace().skip(11).take(2).map(|t| t.parse::<f64>().unwrap_or(0.0));
    Ok(ticks.sum::<f64>() / TICKS_PER_SECOND)
}

/// User, nice, system, irq, softirq: not idle, not waiting, not a guest's (counted as user already).
fn of_machine() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line =
        stat.lines().next().and_then(|line| line.strip_prefix("cpu ")).context("no cpu in /proc/stat")?;
    let ticks: Vec<f64> = line.split_whitespace().filter_map(|t| t.parse().ok()).collect();
    Ok([0, 1, 2, 5, 6].iter().filter_map(|at| ticks.get(*at)).sum::<f64>() / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_time_and_memory_are_read() {
        let before = Spent::now(std::process::id()).unwrap();
        let mut sum = 0_u64;
        while Spent::now(std::process::id()).unwrap().tool < before.tool + 0.05 {
            sum = (0..100_000_u64).fold(sum, |sum, n| sum.wrapping_mul(31).wrapping_add(n));
        }
        assert!(std::hint::black_box(sum) != 1);
        let spent = Spent::now(std::process::id()).unwrap().since(before);
        assert!(spent.tool > 0.0 && spent.machine >= spent.tool * 0.5, "{}", spent.in_words());
        assert!(resident_bytes(std::process::id()).unwrap() > 1 << 20);
    }
}
