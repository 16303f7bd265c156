//! Witnesses (C2SP tlog-witness): who signs each head of a log once it is shown that it goes on from the one before.
//!
//! A witness keeps the last head of each log that it signed, durably, before it hands out its signature: of a log that
//! forks it signs one side and no other.

use crate::log::{Files, LogError, Publish, Reader};
use crate::merkle::{Hash, empty_root, verify_consistency};
use crate::note::{Checkpoint, Note, NoteError, SignatureLine, Signer, VerifierKey, decimal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};
use std::sync::{Mutex, PoisonError};

/// A request of more bytes is not read: a proof and a note.
pub const REQUEST_BYTES_MAX: usize = 72 << 10;
/// An answer of more bytes is not read: signature lines.
pub const ANSWER_BYTES_MAX: u64 = 64 << 10;
/// The content type of the size that a conflict is answered with.
pub const SIZE_TYPE: &str = "text/x.tlog.size";
/// A proof has no more hashes.
const PROOF_MAX: usize = 63;

/// Why a checkpoint is not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The request is not written as it should be.
    #[error("{0}")]
    Malformed(&'static str),
    /// Nobody told this witness to follow the log.
    #[error("no log of this name is followed here")]
    UnknownLog,
    /// The log's key did not sign it.
    #[error("checkpoint: {0}")]
    NotSigned(NoteError),
    /// The proof is from another size than that of the last checkpoint that was cosigned, which this is.
    #[error("the last checkpoint that was cosigned here has {0} leaves")]
    Conflict(u64),
    /// It is not shown to go on from the last one.
    #[error("the checkpoint does not go on from the last one that was cosigned here")]
    Inconsistent,
    /// What was seen could not be read, or not be kept; nothing was signed.
    #[error(transparent)]
    Kept(#[from] LogError),
}

impl Refusal {
    /// The HTTP status that says it.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::NotSigned(_) => 403,
            Self::UnknownLog => 404,
            Self::Conflict(_) => 409,
            Self::Inconsistent => 422,
            Self::Kept(_) => 500,
        }
    }
}

/// What a witness is asked: to sign a checkpoint, with a proof from the one that it signed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    old: u64,
    proof: Vec<Hash>,
    note: Note,
}

impl Request {
    /// Asks for a signature on the head that `reader` reads and `note` states, from a witness who has seen `old` leaves.
    ///
    /// # Errors
    /// [`LogError`] when a tile that the proof needs cannot be read.
    pub fn new<F: Files>(reader: &Reader<F>, note: &Note, old: u64) -> Result<Self, LogError> {
        Ok(Self { old, proof: reader.prove_consistency(old)?, note: note.clone() })
    }

    /// Reads a request's body.
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let malformed = Refusal::Malformed;
        if bytes.len() > REQUEST_BYTES_MAX {
            return Err(malformed("the request is too long"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| malformed("the request is not UTF-8"))?;
        let (head, note) = text
            .split_once("\n\n")
            .ok_or(malformed("the request has no empty line before its checkpoint"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| decimal(line.strip_prefix("old ")?));
        let old = old.ok_or(malformed("the first line is: old, and a size in decimal"))?;
        let hash = |line| Hash::try_from(BASE64.decode(line).ok()?).ok();
        let proof = lines.take(PROOF_MAX + 1).map(hash).collect::<Option<Vec<Hash>>>();
        let proof = proof.ok_or(malformed("a line of the proof is not 32 bytes in base64"))?;
        if proof.len() > PROOF_MAX {
            return Err(malformed("the proof has more than 63 hashes"));
        }
        let note =
            Note::parse(note.as_bytes()).map_err(|_| malformed("the checkpoint is not a signed note"))?;
        Ok(Self { old, proof, note })
    }
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let proof: String = self.proof.iter().map(|hash| BASE64.encode(hash) + "\n").collect();
        write!(f, "old {}\n{proof}\n{}", self.old, self.note)
    }
}

/// What a witness answered that helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It signed.
    Cosigned(SignatureLine),
    /// It signed a checkpoint of so many leaves last: the proof is to be from there.
    Knows(u64),
}

/// Why a witness's answer is of no use.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// It refused.
    #[error("it answers {status}: {said}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it says, cut.
        said: String,
    },
    /// What it sent is not its cosignature on this checkpoint.
    #[error("its answer: {0}")]
    Note(#[from] NoteError),
}

impl Answer {
    /// Reads a witness's answer to a request about the checkpoint of this text. A signature is verified.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub fn read(status: u16, body: &[u8], text: &str, witness: &VerifierKey) -> Result<Self, Unanswered> {
        let said = String::from_utf8_lossy(body);
        let size = said.strip_suffix('\n').and_then(decimal);
        match (status, size) {
            (200, _) => {
                let mut note = Note::parse(format!("{text}\n{said}").as_bytes())?;
                // Whatever it sent, it is to have signed this and nothing longer.
                text.clone_into(&mut note.text);
                witness.verify(&note)?;
                let line = note.signatures.into_iter().find(|line| line.is_by(witness));
                Ok(Self::Cosigned(line.ok_or_else(|| NoteError::NotSigned(witness.name().to_owned()))?))
            }
            (409, Some(size)) => Ok(Self::Knows(size)),
            _ => {
                let said = said.chars().filter(|c| !c.is_control()).take(200).collect();
                Err(Unanswered::Refused { status, said })
            }
        }
    }
}

/// A witness: its key, the logs that it follows, and where it keeps what it signed last.
pub struct Witness<F> {
    /// Held from reading what was seen until what is signed is kept.
    files: Mutex<F>,
    signer: Signer,
    logs: Vec<VerifierKey>,
}

impl<F: Publish> Witness<F> {
    /// A witness whose `signer` makes cosignatures, of logs that are named as their keys. `files` are its own alone: two
    /// witnesses on the same could sign two histories.
    pub fn new(files: F, signer: Signer, logs: Vec<VerifierKey>) -> Self {
        Self { files: Mutex::new(files), signer, logs }
    }

    /// Whom others are to believe.
    pub fn key(&self) -> &VerifierKey {
        self.signer.public()
    }

    /// Whom it follows.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// Judges a request for a cosignature; `now` is in seconds since 1970. What is signed is kept before it is given.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was signed then.
    pub fn cosign(&self, request: &[u8], now: impl FnOnce() -> u64) -> Result<String, Refusal> {
        let Request { old, proof, note } = Request::parse(request)?;
        let next = Checkpoint::parse(&note.text).map_err(|_| Refusal::Malformed("this is no checkpoint"))?;
        let log = self.logs.iter().find(|log| log.name() == next.origin).ok_or(Refusal::UnknownLog)?;
        log.verify(&note).map_err(Refusal::NotSigned)?;
        if old > next.size {
            return Err(Refusal::Malformed("the old size is above the checkpoint's"));
        }
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = self.read(&*files, &next.origin)?.map(|(seen, _)| (seen.size, seen.root));
        let (size, root) = seen.unwrap_or((0, empty_root()));
        if old != size {
            return Err(Refusal::Conflict(size));
        }
        if !verify_consistency(old, next.size, &root, &next.root, &proof) {
            return Err(Refusal::Inconsistent);
        }
        // A time of zero would say nothing of when (tlog-witness).
        let line = self.signer.sign(&note.text, now().max(1));
        let mut signatures: Vec<_> = note.signatures.into_iter().filter(|line| line.is_by(log)).collect();
        signatures.push(line.clone());
        let kept = Note { text: note.text, signatures };
        files.write(&path(&next.origin), kept.to_string().as_bytes())?;
        Ok(line.to_string())
    }

    /// What it signed last of a log, and the note that says so; `None` when it never did.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be read, or is not what was kept.
    pub fn seen(&self, origin: &str) -> Result<Option<(Checkpoint, Note)>, LogError> {
        self.read(&*self.files.lock().unwrap_or_else(PoisonError::into_inner), origin)
    }

    fn read(&self, files: &F, origin: &str) -> Result<Option<(Checkpoint, Note)>, LogError> {
        let Some(bytes) = files.read(&path(origin))? else { return Ok(None) };
        let note = Note::parse(&bytes)?;
        self.key().verify(&note)?;
        let seen = Checkpoint::parse(&note.text)?;
        if seen.origin != origin {
            return Err(NoteError::Malformed("what was kept is of another log").into());
        }
        Ok(Some((seen, note)))
    }
}

/// Where a log's last checkpoint is kept, and served: `HASH/checkpoint`.
pub fn path(origin: &str) -> String {
    let hash: String = Sha256::digest(origin).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hash}/{}", crate::log::CHECKPOINT)
}
