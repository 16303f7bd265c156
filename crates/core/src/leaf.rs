//! What the public ledger says, leaf by leaf: canonical text that holds no personal data.
//!
//! ```text
//! portunus-leaf/1 erased
//! record 0123456789abcdef0123456789abcdef
//! cause due
//! at 2026-11-24T13:00:00Z
//! ```
//!
//! The first line names version and kind; a line for each field follows, in the order given here: name, one space, value.
//! Each line ends with a newline. Identifiers are 32 hexadecimal digits in lower case, hashes and keys 64; instants are RFC
//! 3339 in UTC to the second; numbers are decimal without leading zeroes; texts are UTF-8 without control characters and
//! not empty; what there is none of is `-`. A leaf that is written otherwise is not one.

use crate::id::{DesignationId, DeviceId, PointId};
use jiff::{SignedDuration, Timestamp, Unit};
use std::fmt::Write as _;

/// What every leaf begins with.
pub const LEAF_VERSION: &str = "portunus-leaf/1";
/// Texts are cut at this many characters.
const TEXT_CHARS_MAX: usize = 500;

/// Why bytes are no leaf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Of another version or kind than is known here.
    #[error("it is of a version or kind that is not known")]
    Unknown,
    /// A field is missing, in another place, or not written as it should be.
    #[error("its field {0} is not as it should be")]
    Field(&'static str),
}

/// Text in a leaf: one line, not empty, at most 500 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Makes it one line; what is empty becomes `-`.
    pub fn new(text: &str) -> Self {
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line: String = line.trim().chars().take(TEXT_CHARS_MAX).collect();
        let line = line.trim_end();
        Self(if line.is_empty() { "-".to_owned() } else { line.to_owned() })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An instant in a leaf, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Timestamp);

impl Instant {
    /// The second that it is in.
    pub fn new(at: Timestamp) -> Self {
        Self(Timestamp::from_second(at.as_second()).unwrap_or(at))
    }

    /// The first full hour from `due` on, or the first full day where that is more than thirty days ahead of `now`: what
    /// is published of a date.
    pub fn published(due: Timestamp, now: Timestamp) -> Self {
        let far = due.duration_since(now) > SignedDuration::from_hours(30 * 24);
        let unit = if far { 86_400 } else { 3_600 };
        let second = due.as_second() + i64::from(due.subsec_nanosecond() > 0);
        Timestamp::from_second((second + unit - 1).div_euclid(unit) * unit).map_or(Self(due), Self)
    }

    /// The beginning of the hour that `at` is in.
    pub fn hour_of(at: Timestamp) -> Self {
        let second = at.as_second();
        Self(Timestamp::from_second(second - second.rem_euclid(3_600)).unwrap_or(at))
    }

    /// The instant.
    pub fn at(self) -> Timestamp {
        self.0
    }
}

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.round(Unit::Second).unwrap_or(self.0))
    }
}

/// 32 bytes in a leaf: a hash, a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bytes32(pub [u8; 32]);

/// An Ed25519 signature in a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

/// An identifier in the ledger alone: nothing else bears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LedgerId(pub [u8; 16]);

trait Field: Sized {
    fn put(&self) -> String;
    fn get(value: &str) -> Option<Self>;
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.len() == 2 * N && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.then(|| text.as_bytes().chunks(2))?) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

impl Field for u64 {
    fn put(&self) -> String {
        self.to_string()
    }
    fn get(value: &str) -> Option<Self> {
        value.parse().ok()
    }
}

impl Field for Text {
    fn put(&self) -> String {
        self.0.clone()
    }
    fn get(value: &str) -> Option<Self> {
        Some(Self::new(value))
    }
}

impl Field for Instant {
    fn put(&self) -> String {
        self.to_string()
    }
    fn get(value: &str) -> Option<Self> {
        value.parse().ok().map(Self)
    }
}

impl Field for Bytes32 {
    fn put(&self) -> String {
        hex(&self.0)
    }
    fn get(value: &str) -> Option<Self> {
        unhex(value).map(Self)
    }
}

impl std::fmt::Display for Bytes32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl std::str::FromStr for Bytes32 {
    type Err = LeafError;
    fn from_str(text: &str) -> Result<Self, LeafError> {
        Self::get(text).ok_or(LeafError::Field("(32 bytes in hexadecimal)"))
    }
}

impl Field for Signature {
    fn put(&self) -> String {
        hex(&self.0)
    }
    fn get(value: &str) -> Option<Self> {
        unhex(value).map(Self)
    }
}

impl Field for LedgerId {
    fn put(&self) -> String {
        hex(&self.0)
    }
    fn get(value: &str) -> Option<Self> {
        unhex(value).map(Self)
    }
}

impl std::fmt::Display for LedgerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl<'de> serde::Deserialize<'de> for LedgerId {
    fn deserialize<D: serde::Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(text)?;
        Self::get(&text).ok_or_else(|| serde::de::Error::custom("expected 32 lower-case hexadecimal digits"))
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self) -> String {
        self.as_ref().map_or("-".to_owned(), Field::put)
    }
    fn get(value: &str) -> Option<Self> {
        if value == "-" { Some(None) } else { T::get(value).map(Some) }
    }
}

macro_rules! field_by_text {
    ($($name:ty),*) => {$(
        impl Field for $name {
            fn put(&self) -> String {
                self.to_string()
            }
            fn get(value: &str) -> Option<Self> {
                value.parse().ok()
            }
        }
    )*};
}
field_by_text!(DesignationId, DeviceId, PointId);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$of])* $variant,)* }
        impl $name {
            /// Its word in a leaf.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
        impl Field for $name {
            fn put(&self) -> String {
                self.word().to_owned()
            }
            fn get(value: &str) -> Option<Self> {
                match value { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// Why a record was erased.
    ErasedBecause {
        /// Its time had come.
        Due = "due",
        /// Before its time: corrected, replaced, or found to be a citizen's.
        Early = "early",
    }
}

words! {
    /// Why a record has another date.
    RedatedBecause {
        /// The class of its person became known.
        Ruling = "ruling",
        /// A mistake was put right.
        Correction = "correction",
        /// It was brought in again.
        Renewed = "renewed",
    }
}

words! {
    /// Whether erasing goes on.
    Erasing {
        /// It does.
        On = "on",
        /// Somebody switched it off.
        Off = "off",
        /// The clock is not believed.
        Halted = "halted",
    }
}

words! {
    /// What is stated of the manual choice's waits.
    Falling {
        /// They are longer than was promised, from now on.
        Begins = "begins",
        /// They are again as was promised.
        Ends = "ends",
    }
}

macro_rules! leaves {
    ($($(#[$doc:meta])* $variant:ident = $kind:literal { $($(#[$of:meta])* $field:ident: $type:ty,)* })*) => {
        /// One leaf.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Leaf { $($(#[$doc])* $variant { $($(#[$of])* $field: $type,)* },)* }

        impl Leaf {
            /// Its kind, as its first line has it.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $kind,)* }
            }

            /// Its bytes.
            pub fn encode(&self) -> String {
                let mut text = format!("{LEAF_VERSION} {}\n", self.kind());
                match self {
                    $(Self::$variant { $($field,)* } => {
                        $(let _ = writeln!(text, "{} {}", stringify!($field), Field::put($field));)*
                    })*
                }
                text
            }

            /// Reads a leaf; only what [`Self::encode`] writes.
            ///
            /// # Errors
            /// [`LeafError`].
            pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
                let text = std::str::from_utf8(bytes).map_err(|_| LeafError::Unknown)?;
                let mut lines = text.split_inclusive('\n');
                let first = lines.next().and_then(|line| line.strip_suffix('\n')).unwrap_or_default();
                let (LEAF_VERSION, kind) = first.split_once(' ').unwrap_or_default() else {
                    return Err(LeafError::Unknown);
                };
                let leaf = match kind {
                    $($kind => Self::$variant { $($field: {
                        let line = lines.next().and_then(|line| line.strip_suffix('\n')).unwrap_or_default();
                        match line.split_once(' ') {
                            Some((stringify!($field), value)) => Field::get(value),
                            _ => None,
                        }
                        .ok_or(LeafError::Field(stringify!($field)))?
                    },)* },)*
                    _ => return Err(LeafError::Unknown),
                };
                // There is one way to write it.
                if leaf.encode() == text { Ok(leaf) } else { Err(LeafError::Field("(the end, or a value written otherwise)")) }
            }
        }
    };
}

leaves! {
    /// A crossing point may photograph, from `from` until `until`.
    Designation = "designation" {
        /// Its identifier.
        id: DesignationId,
        /// The point.
        point: PointId,
        /// What people call the point.
        name: Text,
        /// Its port.
        port: Text,
        /// `exit` or `entry`.
        direction: Text,
        /// `boarding-gate` and so on.
        mode: Text,
        /// The legal basis.
        basis: Text,
        /// Who owns the camera.
        owner: Text,
        /// Who works it for them, with semicolons between.
        contractors: Option<Text>,
        /// From when on.
        from: Instant,
        /// Until when.
        until: Option<Instant>,
        /// When this was stated.
        at: Instant,
    }
    /// A designation is for some hours of the day only.
    Hours = "hours" {
        /// Which.
        designation: DesignationId,
        /// `05:00-23:30 America/New_York`, by the clock on the wall.
        hours: Text,
        /// When this was stated.
        at: Instant,
    }
    /// A designation ends earlier.
    Withdrawn = "withdrawn" {
        /// Which.
        designation: DesignationId,
        /// When it ends.
        until: Instant,
        /// When this was stated.
        at: Instant,
    }
    /// The law that is followed, as data, and the notices that come with it, from now on.
    Policy = "policy" {
        /// Its name.
        name: Text,
        /// SHA-256 of the pack, as this program writes it in JSON.
        sha256: Bytes32,
        /// SHA-256 of what travellers are told before their choice, in all languages.
        notice: Bytes32,
        /// When this was stated.
        at: Instant,
    }
    /// The face models that are used from now on.
    Model = "model" {
        /// The pack's name and version.
        pack: Text,
        /// The wanted rate of strangers confirmed, in millionths.
        fpir_ppm: u64,
        /// When this was stated.
        at: Instant,
    }
    /// A camera's key, with which it signs each capture.
    Device = "device" {
        /// Which.
        id: DeviceId,
        /// Where it stands.
        point: PointId,
        /// Its Ed25519 public key.
        key: Bytes32,
        /// Its capture counter then.
        count: u64,
        /// When this was stated.
        at: Instant,
    }
    /// A camera's signatures are not taken any more.
    DeviceRevoked = "device-revoked" {
        /// Which.
        id: DeviceId,
        /// When this was stated.
        at: Instant,
    }
    /// How many cases of the records office are on record.
    Cases = "cases" {
        /// Legal holds.
        holds: u64,
        /// Requests of others for somebody's records.
        requests: u64,
        /// Requests of people for their own.
        access: u64,
        /// Mistakes put right: corrections, and mis-identifications.
        corrections: u64,
        /// What travellers contested.
        contests: u64,
        /// When this was stated.
        at: Instant,
    }
    /// How many recalls to recipients of copies are on record, and acknowledged.
    Recalls = "recalls" {
        /// Sent.
        sent: u64,
        /// Acknowledged.
        acknowledged: u64,
        /// When this was stated.
        at: Instant,
    }
    /// Whether what is due is erased.
    Worker = "worker" {
        /// Whether.
        erasing: Erasing,
        /// When this was stated.
        at: Instant,
    }
    /// The counts of a camera's captures from `first` to `last`, and what became of each.
    Captures = "captures" {
        /// Which camera.
        device: DeviceId,
        /// The designation under which they were taken.
        designation: DesignationId,
        /// SHA-256 of the notice that was shown, as in the policy leaf.
        notice: Bytes32,
        /// The first count.
        first: u64,
        /// The last count.
        last: u64,
        /// A photo of it was kept, sealed.
        sealed: u64,
        /// No photo of it was written anywhere.
        never_stored: u64,
        /// A photo of it was sealed and destroyed before it was anybody's record.
        discarded: u64,
        /// It never came, or came under what was not in force and was not looked at.
        missing: u64,
        /// No later than the first of them, to the hour.
        since: Instant,
        /// The device's own, of the last count: see [`crate::capture`].
        signed: Signature,
        /// When this was stated.
        at: Instant,
    }
    /// A camera's count came again, or a lower one: it was set back, or somebody signs with its key elsewhere.
    RolledBack = "rolled-back" {
        /// Which camera.
        device: DeviceId,
        /// What it had counted to.
        counted: u64,
        /// The count that came.
        came: u64,
        /// When this was stated.
        at: Instant,
    }
    /// Those who decline wait longer than was promised under a designation, or do so no longer: see [`crate::parity`]. Said
    /// of what is kept of closed voyages, never of who waits now.
    ParityShort = "parity-short" {
        /// Under which designation.
        designation: DesignationId,
        /// Whether it begins or ends.
        falling: Falling,
        /// People of the manual choice whose waits were judged, rounded down to tens.
        manual: u64,
        /// People of the biometric choice, in the same way.
        photo: u64,
        /// What nineteen in twenty of the manual choice did not exceed.
        waited_ms: u64,
        /// What was promised.
        limit_ms: u64,
        /// When this was stated, to the hour.
        at: Instant,
    }
    /// A record is kept until `due`.
    Sealed = "sealed" {
        /// Which.
        record: LedgerId,
        /// Until when.
        due: Instant,
    }
    /// A record has another date.
    Redated = "redated" {
        /// Which.
        record: LedgerId,
        /// Until when.
        due: Instant,
        /// Why.
        cause: RedatedBecause,
    }
    /// A legal hold keeps a record, until it is released or `until`.
    Held = "held" {
        /// Which.
        record: LedgerId,
        /// When the hold ends by itself.
        until: Instant,
        /// When this was stated.
        at: Instant,
    }
    /// No legal hold keeps a record any more.
    Released = "released" {
        /// Which.
        record: LedgerId,
        /// When this was stated.
        at: Instant,
    }
    /// A record's key is destroyed.
    Erased = "erased" {
        /// Which.
        record: LedgerId,
        /// Why.
        cause: ErasedBecause,
        /// When: to the hour, and never later than its date because of that.
        at: Instant,
    }
}

#[cfg(test)]
#[path = "leaf_tests.rs"]
mod tests;
