//! `portunus verify`: checks a public ledger with no trust in who runs it.

use crate::house::{now, read_at_most};
use crate::policy::slug;
use crate::receipt::{RecordTraced, SavedReceipt};
use crate::witness;
use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use portunus_ledger::log::{CHECKPOINT, FILE_BYTES_MAX, Files, Folder, LogError};
use portunus_ledger::note::{KeyKind, Note, VerifierKey};
use portunus_ledger::verify::{Check, Report, verify};
use portunus_server::service::KEY_FILE;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A server that says nothing for this long is given up.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// A head that a witness has not signed is read again so often, for eight seconds: a service asks one that gave no answer
/// again after five.
const HEAD_READ_AGAIN: u32 = 32;
const HEAD_READ_EVERY: Duration = Duration::from_millis(250);
/// Longest checkpoint or list of certificates that is read from a file.
const SMALL_BYTES_MAX: usize = 1 << 20;
/// Faults printed; all are in `--json`.
const SHOWN_MAX: usize = 50;

/// What `portunus verify` takes.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The log: its folder, a data folder that holds it, or its address, such as `https://border.example/ledger`
    #[arg(value_name = "DIR|URL")]
    log: String,
    /// Who must have signed it: NAME+HEX+BASE64, from somewhere else than the log. Without it the key that lies beside the
    /// log is taken, which shows only that the log fits itself
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A witness who must have signed it, too; several may be named
    #[arg(long, value_name = "KEY")]
    witness: Vec<String>,
    /// A checkpoint that was seen before: what it states must be the beginning of this
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// Keep the checkpoint that was checked, for the next --since; only when nothing is wrong
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// A receipt that a traveller saved: say what the log states of its records. Its checkpoint, key and witnesses are taken for
    /// --since, --key and --witness where those are not named
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Judge dates as of then instead of now
    #[arg(long, value_name = "RFC3339")]
    as_of: Option<Timestamp>,
    /// Certificate (PEM) that the server must show, where it signs its own
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let files = place(args)?;
    let receipt = args.receipt.as_deref().map(SavedReceipt::read).transpose()?;
    let (key, from_the_log) = match args.key.as_ref().or(receipt.as_ref().map(|saved| &saved.ledger.key)) {
        Some(key) => (VerifierKey::parse(key).context("--key")?, args.key.is_none()),
        None => {
            let text = files.read(KEY_FILE)?.context("no key lies beside the log: name one with --key")?;
            (VerifierKey::parse(&String::from_utf8_lossy(&text)).context("the key beside the log")?, true)
        }
    };
    let of_receipt = receipt.as_ref().map_or(&[][..], |saved| &saved.ledger.witnesses);
    let named = if args.witness.is_empty() { of_receipt } else { &args.witness };
    let witnesses = named
        .iter()
        .map(|key| witness::parse(key, KeyKind::Cosignature).with_context(|| format!("--witness {key}")))
        .collect::<Result<Vec<_>>>()?;
    let read = |path: &PathBuf| read_at_most(path, SMALL_BYTES_MAX);
    let seen = receipt.as_ref().map(|saved| saved.checkpoint.clone().into_bytes());
    let since = args.since.as_ref().map(read).transpose()?.or(seen.filter(|seen| !seen.is_empty()));
    let as_of = args.as_of.unwrap_or_else(now);
    let check = Check { key: &key, witnesses: &witnesses, since: since.as_deref(), as_of };
    let files = Still { checkpoint: head(&files, &witnesses).context("reading the log")?, files };
    let mut report = verify(&files, &check).context("reading the log")?;
    if from_the_log {
        report.declared.push(format!(
            "the key was taken from the log or the receipt: compare {key} with what the agency publishes elsewhere"
        ));
    }
    if since.is_none() {
        report
            .declared
            .push("nothing was seen before: with --since a rewritten history is noticed".to_owned());
    }
    if witnesses.is_empty() {
        report.declared.push("no witness was named: another history could be shown to others".to_owned());
    }
    // Of a log that is broken nothing is to be looked for.
    let sound = receipt.filter(|_| report.fault_count == 0);
    let records = sound.map(|saved| saved.trace(&files, report.size, as_of)).transpose()?;
    for fault in records.iter().flatten().filter_map(RecordTraced::fault) {
        report.fault_count += 1;
        report.faults.push(fault);
    }
    if args.json {
        crate::print_json(&Said { report: &report, records: records.as_deref() })?;
    } else {
        tell(&report)?;
        for record in records.iter().flatten() {
            crate::print(&record.in_words())?;
        }
    }
    if report.fault_count > 0 {
        bail!("{} faults in the log of {}", report.fault_count, report.origin);
    }
    if let Some(path) = &args.keep {
        // What was checked, and not what the log states by now.
        std::fs::write(path, &report.checkpoint).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// What is said as JSON.
#[derive(Serialize)]
struct Said<'a> {
    #[serde(flatten)]
    report: &'a Report,
    /// Of a receipt's records.
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<&'a [RecordTraced]>,
}

fn tell(report: &Report) -> Result<()> {
    let stated = &report.stated;
    crate::print(&format!("log {}: {} leaves, root {}", report.origin, report.size, report.root))?;
    for witness in &report.witnesses {
        crate::print(&format!("witnessed by {} at {}", witness.witness, witness.at))?;
    }
    crate::print(&format!(
        "captures: {} = {} sealed + {} never stored + {} discarded + {} missing",
        stated.captures,
        stated.captures_sealed,
        stated.captures_never_stored,
        stated.captures_discarded,
        stated.captures_missing
    ))?;
    crate::print(&format!(
        "records: {} stated, {} erased, {} held past their date; {} designations, {} devices",
        stated.records, stated.erased, stated.held_past_date, stated.designations, stated.devices
    ))?;
    for what in &report.declared {
        crate::print(&format!("note: {what}"))?;
    }
    for what in report.cannot_see {
        crate::print(&format!("cannot see: {what}"))?;
    }
    for fault in report.faults.iter().take(SHOWN_MAX) {
        let leaf = fault.leaf.map_or(String::new(), |leaf| format!(" leaf {leaf}"));
        crate::print(&format!("FAULT {}{leaf}: {}", slug(&fault.kind), fault.what))?;
    }
    if report.faults.len() > SHOWN_MAX {
        crate::print(&format!("... and {} more", report.fault_count - SHOWN_MAX as u64))?;
    }
    if report.fault_count == 0 {
        crate::print(&format!("Nothing is wrong as of {}.", report.as_of))?;
    }
    Ok(())
}

/// The head, read again for a moment while a witness is yet to sign it: it is published first and witnessed then.
fn head(files: &Place, witnesses: &[VerifierKey]) -> std::result::Result<Option<Vec<u8>>, LogError> {
    let mut head = files.read(CHECKPOINT)?;
    for _ in 0..HEAD_READ_AGAIN {
        let note = head.as_ref().and_then(|bytes| Note::parse(bytes).ok());
        let unsigned =
            |note: &Note| witnesses.iter().any(|key| !note.signatures.iter().any(|line| line.is_by(key)));
        if !note.is_some_and(|note| unsigned(&note)) {
            break;
        }
        std::thread::sleep(HEAD_READ_EVERY);
        head = files.read(CHECKPOINT)?;
    }
    Ok(head)
}

/// A log whose head stands still while the rest is read.
struct Still {
    files: Place,
    checkpoint: Option<Vec<u8>>,
}

impl Files for Still {
    fn read(&self, path: &str) -> std::result::Result<Option<Vec<u8>>, LogError> {
        if path == CHECKPOINT { Ok(self.checkpoint.clone()) } else { self.files.read(path) }
    }
}

/// Where a log is read.
enum Place {
    Folder(Folder),
    Server(Server),
}

impl Files for Place {
    fn read(&self, path: &str) -> std::result::Result<Option<Vec<u8>>, LogError> {
        match self {
            Self::Folder(folder) => folder.read(path),
            Self::Server(server) => server.read(path),
        }
    }
}

struct Server {
    agent: ureq::Agent,
    base: String,
}

impl Files for Server {
    fn read(&self, path: &str) -> std::result::Result<Option<Vec<u8>>, LogError> {
        let error = |source| LogError::Io { path: path.to_owned(), source };
        let mut answer = self
            .agent
            .get(format!("{}/{path}", self.base))
            .call()
            .map_err(|e| error(std::io::Error::other(e)))?;
        match answer.status().as_u16() {
            200 => {
                let bytes = answer.body_mut().with_config().limit(FILE_BYTES_MAX).read_to_vec();
                bytes.map(Some).map_err(|e| error(std::io::Error::other(e)))
            }
            404 => Ok(None),
            other => Err(error(std::io::Error::other(format!("the server answers {other}")))),
        }
    }
}

fn place(args: &Args) -> Result<Place> {
    if !args.log.contains("://") {
        let folder = Path::new(&args.log);
        let below = folder.join("ledger");
        let folder = if below.join(CHECKPOINT).is_file() { below } else { folder.to_owned() };
        return Ok(Place::Folder(Folder(folder)));
    }
    let base = args.log.trim_end_matches('/').to_owned();
    Ok(Place::Server(Server { agent: agent(args.ca.as_deref(), ANSWER_WITHIN)?, base }))
}

/// An HTTP client that waits so long for an answer, whatever its status; `ca` is the certificate that a server must show.
pub(crate) fn agent(ca: Option<&Path>, within: Duration) -> Result<ureq::Agent> {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ureq::tls::TlsConfig::builder()
        .provider(ureq::tls::TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(ring);
    if let Some(path) = ca {
        let pem = read_at_most(path, SMALL_BYTES_MAX)?;
        let certificate =
            ureq::tls::Certificate::from_pem(&pem).with_context(|| path.display().to_string())?;
        tls = tls.root_certs(ureq::tls::RootCerts::new_with_certs(&[certificate]));
    }
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(within))
        .http_status_as_error(false)
        .tls_config(tls.build())
        .build();
    Ok(config.into())
}
