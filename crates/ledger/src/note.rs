//! Signed notes (C2SP signed-note) and checkpoints (tlog-checkpoint): what a log states of itself, by whom.
//!
//! Two kinds of signatures: Ed25519 over the text (`0x01`), and a witness's cosignature with its time (`0x04`).

use crate::merkle::Hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

/// A note of more bytes is not read.
const NOTE_BYTES_MAX: usize = 64 << 10;
/// A note with more signatures is not read.
const SIGNATURES_MAX: usize = 64;
const DASH: &str = "\u{2014} ";

/// What is wrong with a note or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not written as a note is.
    #[error("{0}")]
    Malformed(&'static str),
    /// A signature under a known key's name and number does not verify.
    #[error("the signature of {0} does not verify")]
    BadSignature(String),
    /// Nobody known signed it.
    #[error("it is not signed by {0}")]
    NotSigned(String),
}

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// The text of a note.
    Note,
    /// That a checkpoint was seen to be consistent, at a time.
    Cosignature,
}

impl KeyKind {
    fn byte(self) -> u8 {
        match self {
            Self::Note => 1,
            Self::Cosignature => 4,
        }
    }
}

/// Whose signatures are believed: a name and an Ed25519 key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Reads `NAME+HEX+BASE64` (a *vkey*).
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::Malformed("expected a verifier key: NAME+8 hexadecimal digits+base64");
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(malformed);
        };
        let bytes = BASE64.decode(key).map_err(|_| malformed.clone())?;
        let (kind, key) = match bytes.split_first() {
            Some((1, key)) => (KeyKind::Note, key),
            Some((4, key)) => (KeyKind::Cosignature, key),
            _ => return Err(NoteError::Malformed("the verifier key is of a kind that is not known here")),
        };
        let key = <[u8; 32]>::try_from(key).ok().and_then(|key| VerifyingKey::from_bytes(&key).ok());
        let key = Self { name: name.to_owned(), kind, key: key.ok_or(malformed.clone())? };
        let id = (id.len() == 8).then(|| u32::from_str_radix(id, 16).ok()).flatten();
        if !is_key_name(name) || id != Some(key.id()) {
            return Err(malformed);
        }
        Ok(key)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Its number: the first bytes of a hash over name, kind and key.
    pub fn id(&self) -> u32 {
        let hash = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', self.kind.byte()])
            .chain_update(self.key.as_bytes())
            .finalize();
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }

    /// Checks what this key signed of a note. A cosignature gives its time, in seconds since 1970.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`], [`NoteError::NotSigned`].
    pub fn verify(&self, note: &Note) -> Result<Option<u64>, NoteError> {
        let mut found = None;
        for line in note.signatures.iter().filter(|line| line.is_by(self)) {
            let time = self.signed(&note.text, &line.bytes);
            found = Some(time.ok_or_else(|| NoteError::BadSignature(self.name.clone()))?);
        }
        found.ok_or_else(|| NoteError::NotSigned(self.name.clone()))
    }

    /// Whether a signature of a note is this key's, whatever name and number it stands under.
    pub(crate) fn signed_under_any_name(&self, note: &Note) -> bool {
        note.signatures.iter().any(|line| self.signed(&note.text, &line.bytes).is_some())
    }

    /// The time of a cosignature, if the bytes are this key's signature of the text.
    fn signed(&self, text: &str, bytes: &[u8]) -> Option<Option<u64>> {
        let (time, bytes) = match self.kind {
            KeyKind::Note => (None, bytes),
            KeyKind::Cosignature => {
                let (time, bytes) = bytes.split_first_chunk::<8>()?;
                (Some(u64::from_be_bytes(*time)), bytes)
            }
        };
        let signature = Signature::from_slice(bytes).ok()?;
        let signed = time.map_or(text.to_owned(), |time| cosigned(text, time));
        self.key.verify_strict(signed.as_bytes(), &signature).ok().map(|()| time)
    }
}

impl std::fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bytes = vec![self.kind.byte()];
        bytes.extend(self.key.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, self.id(), BASE64.encode(bytes))
    }
}

/// A key that signs. It wipes itself; no `Debug`.
pub struct Signer {
    key: SigningKey,
    public: VerifierKey,
}

impl Signer {
    /// A signer of this name, from 32 secret bytes.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] for a name that no note could have.
    pub fn new(name: &str, kind: KeyKind, secret: &[u8; 32]) -> Result<Self, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::Malformed("a key's name has no spaces and no plus, and is not empty"));
        }
        Ok(Self::of(name.to_owned(), kind, SigningKey::from_bytes(secret)))
    }

    /// A signer whose name is `prefix/` and the first half of its public key's hash: its own, with nothing to configure.
    pub fn named_by_its_key(prefix: &str, kind: KeyKind, secret: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(secret);
        let hash = Sha256::digest(key.verifying_key().as_bytes());
        let hash: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Self::of(format!("{prefix}/{hash}"), kind, key)
    }

    fn of(name: String, kind: KeyKind, key: SigningKey) -> Self {
        let public = VerifierKey { name, kind, key: key.verifying_key() };
        Self { key, public }
    }

    /// Whom others are to believe.
    pub fn public(&self) -> &VerifierKey {
        &self.public
    }

    /// A signature line for a note's text; `time` is for cosignatures, in seconds since 1970.
    pub fn sign(&self, text: &str, time: u64) -> SignatureLine {
        let bytes = match self.public.kind {
            KeyKind::Note => self.key.sign(text.as_bytes()).to_bytes().to_vec(),
            KeyKind::Cosignature => {
                let mut bytes = time.to_be_bytes().to_vec();
                bytes.extend(self.key.sign(cosigned(text, time).as_bytes()).to_bytes());
                bytes
            }
        };
        SignatureLine { name: self.public.name.clone(), id: self.public.id(), bytes }
    }
}

fn cosigned(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// A number as it is written in notes: decimal, without leading zeroes.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|number| number.to_string() == text)
}

fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+' || c.is_control())
}

/// One signature of a note, not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    name: String,
    id: u32,
    bytes: Vec<u8>,
}

impl SignatureLine {
    /// Who is said to have signed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is said to be this key's.
    pub fn is_by(&self, key: &VerifierKey) -> bool {
        self.name == key.name && self.id == key.id()
    }

    /// Whether both are said to be of one key.
    pub(crate) fn is_under_the_name_of(&self, other: &Self) -> bool {
        (&self.name, self.id) == (&other.name, other.id)
    }

    /// Reads a line, without its end.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::Malformed("a signature line is not: dash, name, base64");
        let (name, signature) =
            line.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')).ok_or(malformed.clone())?;
        let bytes = BASE64.decode(signature).map_err(|_| malformed.clone())?;
        match bytes.split_first_chunk::<4>() {
            Some((id, bytes)) if is_key_name(name) && !bytes.is_empty() => {
                Ok(Self { name: name.to_owned(), id: u32::from_be_bytes(*id), bytes: bytes.to_vec() })
            }
            _ => Err(malformed),
        }
    }
}

impl std::fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bytes = self.id.to_be_bytes().to_vec();
        bytes.extend(&self.bytes);
        writeln!(f, "{DASH}{} {}", self.name, BASE64.encode(bytes))
    }
}

/// A text and who is said to have signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its text, with the newline at its end.
    pub text: String,
    /// Its signatures, not verified.
    pub signatures: Vec<SignatureLine>,
}

impl Note {
    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let malformed = |what| Err(NoteError::Malformed(what));
        if bytes.len() > NOTE_BYTES_MAX {
            return malformed("the note is longer than 64 KiB");
        }
        let Ok(all) = std::str::from_utf8(bytes) else { return malformed("the note is not UTF-8") };
        if all.chars().any(|c| c < ' ' && c != '\n') {
            return malformed("the note holds control characters");
        }
        let Some(split) = all.rfind("\n\n") else { return malformed("the note has no signatures") };
        let (text, lines) = (&all[..=split], &all[split + 2..]);
        let Some(lines) = lines.strip_suffix('\n') else {
            return malformed("the note does not end with a signature line");
        };
        let signatures = lines.split('\n').map(SignatureLine::parse).collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > SIGNATURES_MAX {
            return malformed("the note has more than 64 signatures");
        }
        Ok(Self { text: text.to_owned(), signatures })
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}", self.text, self.signatures.iter().map(ToString::to_string).collect::<String>())
    }
}

/// A tree as its log states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root of the tree.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads a note's text. Extension lines are not read.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let malformed = |what| NoteError::Malformed(what);
        let mut lines =
            text.strip_suffix('\n').ok_or(malformed("a checkpoint ends with a newline"))?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(malformed("a checkpoint has three lines: origin, size, root"));
        };
        let root = BASE64.decode(root).ok().and_then(|root| Hash::try_from(root).ok());
        if origin.is_empty() || lines.any(str::is_empty) {
            return Err(malformed("a checkpoint has no empty lines"));
        }
        Ok(Self {
            origin: origin.to_owned(),
            size: decimal(size).ok_or(malformed("a checkpoint's second line is its size, in decimal"))?,
            root: root.ok_or(malformed("a checkpoint's third line is its root, 32 bytes in base64"))?,
        })
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root))
    }

    /// Reads a checkpoint that `key` signed, of the log of that name.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open(bytes: &[u8], key: &VerifierKey) -> Result<(Self, Note), NoteError> {
        let note = Note::parse(bytes)?;
        key.verify(&note)?;
        let checkpoint = Self::parse(&note.text)?;
        if checkpoint.origin != key.name {
            return Err(NoteError::Malformed("the checkpoint is of another log than its key's"));
        }
        Ok((checkpoint, note))
    }
}
