//! Asking witnesses to sign each head once it is published, and showing which have.

use super::sequencer::{ledger_folder, ledger_signer};
use super::{Refused, Service, lock};
use jiff::{SignedDuration, Timestamp};
use portunus_ledger::log::{CHECKPOINT, Files as _, Folder, Reader};
use portunus_ledger::merkle::Hash;
use portunus_ledger::note::{Checkpoint, Note, SignatureLine, VerifierKey};
use portunus_ledger::witness::{Answer, Request};
use std::sync::Mutex;

/// A witness that failed is left alone for so long: the others do not wait for it each time.
const RESTS_FOR: SignedDuration = SignedDuration::from_secs(5);
/// That a witness does not sign is said this often.
const SHOUTED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// A witness as it is asked (C2SP tlog-witness). The service has no HTTP client: whoever runs it brings one.
pub trait AskWitness: Send + Sync {
    /// Whose cosignature is expected.
    fn key(&self) -> &VerifierKey;

    /// Posts `request` to its `add-checkpoint`; gives status and body of the answer. Bounded, to about a second.
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
        let folder = Folder(ledger_folder(self.store()));
        let Some((Checkpoint { origin, size, root }, note)) = self.published_note(&folder)? else {
            return Ok(None);
        };
        let witnesses = self.asked().iter().map(|asked| {
            let key = asked.by.key().clone();
            let second = key.verify(&note).ok().flatten().and_then(|second| i64::try_from(second).ok());
            HeadWitness { key, at: second.and_then(|second| Timestamp::from_second(second).ok()) }
        });
        let witnesses = witnesses.collect();
        Ok(Some(Head { origin, size, root, checkpoint: note.to_string(), witnesses }))
    }

    /// The published head as the log's key signed it, with every other signature on it.
    fn published_note(&self, folder: &Folder) -> Result<Option<(Checkpoint, Note)>, Refused> {
        let Some(bytes) = folder.read(CHECKPOINT)? else { return Ok(None) };
        let opened = Checkpoint::open(&bytes, &self.ledger_key()?);
        Ok(Some(opened.map_err(|error| Refused::Ledger(error.to_string()))?))
    }

    /// The verifier keys of the witnesses that are asked.
    pub(super) fn witness_keys(&self) -> Vec<String> {
        self.asked().iter().map(|asked| asked.by.key().to_string()).collect()
    }

    fn asked(&self) -> &[Asked] {
        self.0.ledger.witnesses.get().map_or(&[], Vec::as_slice)
    }

    /// Asks those who have not signed the published head yet, all at once; gives its size and what they signed. Whoever does
    /// not answer is named in the log, once a minute.
    pub(super) fn ask_witnesses(&self) -> Result<Option<(u64, Vec<SignatureLine>)>, Refused> {
        if self.asked().is_empty() {
            return Ok(None);
        }
        let (folder, now) = (Folder(ledger_folder(self.store())), self.now());
        let Some((head, note)) = self.published_note(&folder)? else { return Ok(None) };
        let since = |at: Timestamp| now.duration_since(at).abs();
        let missing: Vec<&Asked> = self
            .asked()
            .iter()
            .filter(|asked| asked.by.key().verify(&note).is_err())
            .filter(|asked| lock(&asked.state).failed.is_none_or(|at| since(at) >= RESTS_FOR))
            .collect();
        if missing.is_empty() || head.size == 0 {
            return Ok(None);
        }
        let answers: Vec<Result<SignatureLine, String>> = std::thread::scope(|scope| {
            let asking: Vec<_> =
                missing.iter().map(|asked| scope.spawn(|| asked.ask(&folder, &head, &note))).collect();
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
        Ok((!lines.is_empty()).then_some((head.size, lines)))
    }
}

impl Asked {
    /// Its signature on a head. Once it may name another size to prove from than was thought.
    fn ask(&self, folder: &Folder, head: &Checkpoint, note: &Note) -> Result<SignatureLine, String> {
        let mut state = lock(&self.state);
        for _ in 0..2 {
            let (size, knows) = (head.size, state.knows);
            if knows > size {
                return Err(format!(
                    "it signed {knows} leaves of this log, which has {size}: one of two histories"
                ));
            }
            let reader = Reader::new(folder, size);
            let request = Request::new(&reader, note, knows).map_err(|e| e.to_string())?;
            let (status, body) = self.by.ask(&request.to_string())?;
            match Answer::read(status, &body, &note.text, self.by.key()) {
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
