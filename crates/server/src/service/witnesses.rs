//! Asking witnesses to sign each head once it is published, and showing which have.

use super::sequencer::{LedgerFiles, Sequencer, ledger_folder, ledger_signer};
use super::{Refused, Service, lock};
use jiff::{SignedDuration, Timestamp};
use portunus_ledger::log::{CHECKPOINT, Files as _, Folder, Log};
use portunus_ledger::merkle::Hash;
use portunus_ledger::note::{Checkpoint, SignatureLine, VerifierKey};
use portunus_ledger::witness::{Answer, Request};
use std::sync::Mutex;

/// A witness that failed is left alone for so long: what waits to be published does not wait for it each time.
const RESTS_FOR: SignedDuration = SignedDuration::from_secs(5);
/// That a witness does not sign is said this often.
const SHOUTED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// A witness as it is asked (C2SP tlog-witness). The service has no HTTP client: whoever runs it brings one.
pub trait AskWitness: Send + Sync {
    /// Whose cosignature is expected.
    fn key(&self) -> &VerifierKey;

    /// Posts `request` to its `add-checkpoint`; gives status and body of the answer. Bounded, to about a second: what is to
    /// be published next waits for it.
    ///
    /// # Errors
    /// In words, when no answer came.
    fn ask(&self, request: &str) -> Result<(u16, Vec<u8>), String>;
}

/// A witness, and what is remembered of it.
pub(super) struct Asked {
    by: Box<dyn AskWitness>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How many leaves the last head had that it signed, as far as is known.
    knows: u64,
    failed: Option<Timestamp>,
    shouted: Option<Timestamp>,
}

/// The published head of the log, and who signed it.
#[derive(Debug, Clone)]
pub struct Head {
    /// Which log: the name of its key.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The signed note as it is published, cosignatures included.
    pub checkpoint: String,
    /// The witnesses that are asked, in the order in which they were named.
    pub witnesses: Vec<HeadWitness>,
}

/// A witness of the head.
#[derive(Debug, Clone)]
pub struct HeadWitness {
    /// Its verifier key.
    pub key: VerifierKey,
    /// When it signed this head, by its clock; `None` while it has not.
    pub at: Option<Timestamp>,
}

impl Service {
    /// Has every head signed by these from now on; said once, before the service runs.
    pub fn set_witnesses(&self, witnesses: Vec<Box<dyn AskWitness>>) {
        let asked = witnesses.into_iter().map(|by| Asked { by, state: Mutex::default() });
        let _ = self.0.ledger.witnesses.set(asked.collect());
    }

    /// The key that signs the log: what an agency publishes elsewhere.
    ///
    /// # Errors
    /// When the key ring fails.
    pub fn ledger_key(&self) -> Result<VerifierKey, Refused> {
        Ok(ledger_signer(self.store())?.public().clone())
    }

    /// The published head with the witnesses whose signatures on it verify; `None` before anything was published.
    ///
    /// # Errors
    /// When the disk fails, or the head is not what the log's key signed.
    pub fn ledger_head(&self) -> Result<Option<Head>, Refused> {
        let Some(bytes) = Folder(ledger_folder(self.store())).read(CHECKPOINT)? else { return Ok(None) };
        let unsigned = |error: portunus_ledger::note::NoteError| Refused::Ledger(error.to_string());
        let (Checkpoint { origin, size, root }, note) =
            Checkpoint::open(&bytes, &self.ledger_key()?).map_err(unsigned)?;
        let witnesses = self.asked().iter().map(|asked| {
            let key = asked.by.key().clone();
            let second = key.verify(&note).ok().flatten().and_then(|second| i64::try_from(second).ok());
            HeadWitness { key, at: second.and_then(|second| Timestamp::from_second(second).ok()) }
        });
        let witnesses = witnesses.collect();
        Ok(Some(Head { origin, size, root, checkpoint: note.to_string(), witnesses }))
    }

    fn asked(&self) -> &[Asked] {
        self.0.ledger.witnesses.get().map_or(&[], Vec::as_slice)
    }

    /// Asks those who have not signed the head yet, all at once, and publishes it with what they sign. Whoever does not
    /// answer is named in the log, once a minute.
    pub(super) fn have_cosigned(&self, sequencer: &mut Sequencer) -> Result<(), Refused> {
        let (log, now) = (sequencer.log(), self.now());
        let since = |at: Timestamp| now.duration_since(at).abs();
        let missing: Vec<&Asked> = self
            .asked()
            .iter()
            .filter(|asked| asked.by.key().verify(log.note()).is_err())
            .filter(|asked| lock(&asked.state).failed.is_none_or(|at| since(at) >= RESTS_FOR))
            .collect();
        if missing.is_empty() || log.head().size == 0 {
            return Ok(());
        }
        let answers: Vec<Result<SignatureLine, String>> = std::thread::scope(|scope| {
            let asking: Vec<_> = missing.iter().map(|asked| scope.spawn(|| asked.ask(log))).collect();
            asking
                .into_iter()
                .map(|asked| asked.join().unwrap_or(Err("asking panicked".to_owned())))
                .collect()
        });
        let mut lines = Vec::new();
        for (asked, answer) in missing.iter().zip(answers) {
            let mut state = lock(&asked.state);
            state.failed = answer.is_err().then_some(now);
            match answer {
                Ok(line) => lines.push(line),
                Err(why) if state.shouted.is_none_or(|at| since(at) >= SHOUTED_EVERY) => {
                    state.shouted = Some(now);
                    tracing::error!(witness = asked.by.key().name(), %why, "THE LEDGER'S HEAD IS NOT WITNESSED");
                }
                Err(_) => {}
            }
        }
        if lines.is_empty() { Ok(()) } else { sequencer.cosigned(&lines) }
    }
}

impl Asked {
    /// Its signature on the log's head. Once it may name another size to prove from than was thought.
    fn ask(&self, log: &Log<LedgerFiles>) -> Result<SignatureLine, String> {
        let mut state = lock(&self.state);
        for _ in 0..2 {
            let (size, knows) = (log.head().size, state.knows);
            if knows > size {
                return Err(format!(
                    "it signed {knows} leaves of this log, which has {size}: one of two histories"
                ));
            }
            let request = Request::new(&log.reader(), log.note(), knows).map_err(|e| e.to_string())?;
            let (status, body) = self.by.ask(&request.to_string())?;
            match Answer::read(status, &body, &log.note().text, self.by.key()) {
                Ok(Answer::Cosigned(line)) => {
                    state.knows = size;
                    return Ok(line);
                }
                Ok(Answer::Knows(other)) => state.knows = other,
                Err(why) => return Err(why.to_string()),
            }
        }
        Err(format!("it asks for proofs from one size after the other, of {} leaves last", state.knows))
    }
}
