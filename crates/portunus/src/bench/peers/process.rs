//! One long-lived Python process that answers requests, each within a time limit.

use super::Missing;
use super::install::{PYTHON, end_of};
use serde_json::Value;
use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const SCRIPT: &str = include_str!("peer.py");
/// An answer that takes longer is none.
const ANSWER_WITHIN: Duration = Duration::from_secs(180);
/// Longest line of an answer.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// How long after its end its last words are waited for: they come by another pipe, which its children may hold open.
const LAST_WORDS_WITHIN: Duration = Duration::from_secs(5);
/// How much of its complaints is kept.
const COMPLAINT_BYTES_MAX: usize = 16 << 10;
/// What the libraries' thread pools are told by.
const THREADS: [&str; 5] = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
    "NUMEXPR_NUM_THREADS",
];

/// The process; it ends when this is dropped.
pub(in super::super) struct Peer {
    child: Child,
    requests: ChildStdin,
    answers: Receiver<String>,
    complaints: Arc<Mutex<Vec<u8>>>,
    /// Closed once it can complain no more.
    complained: Receiver<Infallible>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer {
    /// Starts it with the packages in a folder, to compute with so many threads.
    pub(super) fn start(packages: &Path, threads: usize) -> Result<Self, Missing> {
        let mut command = Command::new(PYTHON);
        // Isolated, and without the system's own packages.
        command.args(["-I", "-S", "-c", SCRIPT]).arg(packages).arg(threads.to_string());
        THREADS.iter().for_each(|name| _ = command.env(name, threads.to_string()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| Missing(format!("{PYTHON}: {error}")))?;
        let (Some(requests), Some(out), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Missing(format!("{PYTHON} has no pipes")));
        };
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let (sender, answers) = channel();
        let kept = Arc::clone(&complaints);
        let (complaining, complained) = channel();
        std::thread::spawn(move || {
            keep_end(errors, &kept);
            drop(complaining);
        });
        std::thread::spawn(move || pass_on(out, &sender));
        Ok(Self { child, requests, answers, complaints, complained })
    }

    /// Asks for something and waits for the answer.
    pub(in super::super) fn ask<T: serde::de::DeserializeOwned>(
        &mut self,
        request: &Value,
    ) -> Result<T, Missing> {
        let sent = writeln!(self.requests, "{request}").and_then(|()| self.requests.flush());
        sent.map_err(|_| self.ended())?;
        let line = self.answers.recv_timeout(ANSWER_WITHIN).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                Missing(self.complaint(&format!("gave no answer in {} seconds", ANSWER_WITHIN.as_secs())))
            }
            RecvTimeoutError::Disconnected => self.ended(),
        });
        let line = match line {
            Ok(line) => line,
            Err(missing) => {
                // Whatever it would still say answers another question.
                let _ = self.child.kill();
                return Err(missing);
            }
        };
        let unreadable =
            |error: serde_json::Error| Missing(format!("the peer's answer cannot be read: {error}"));
        let mut answer: Value = serde_json::from_str(&line).map_err(unreadable)?;
        if let Some(error) = answer["error"].as_str() {
            return Err(Missing(error.to_owned()));
        }
        serde_json::from_value(answer["ok"].take()).map_err(unreadable)
    }

    /// It is no more: with its last words, once they are all here.
    fn ended(&self) -> Missing {
        let _ = self.complained.recv_timeout(LAST_WORDS_WITHIN);
        Missing(self.complaint("ended"))
    }

    fn complaint(&self, what: &str) -> String {
        let said = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        format!("the peer's process {what}: {}", end_of(&String::from_utf8_lossy(&said)))
    }
}

/// Keeps the end of what the process complains of.
fn keep_end(mut from: ChildStderr, to: &Mutex<Vec<u8>>) {
    let mut part = [0; 4096];
    while let Ok(1..=4096) = from.read(&mut part).inspect(|&length| {
        let mut kept = to.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(&part[..length]);
        let surplus = kept.len().saturating_sub(COMPLAINT_BYTES_MAX);
        kept.drain(..surplus);
    }) {}
}

/// Passes lines on until one is too long or the pipe ends.
fn pass_on(from: ChildStdout, to: &std::sync::mpsc::Sender<String>) {
    let mut from = BufReader::new(from);
    loop {
        let mut line = String::new();
        let read = from.by_ref().take(ANSWER_BYTES_MAX).read_line(&mut line);
        if !matches!(read, Ok(1..)) || !line.ends_with('\n') || to.send(line).is_err() {
            return;
        }
    }
}
