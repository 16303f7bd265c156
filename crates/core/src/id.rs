//! Identifiers: opaque 128-bit random values that say nothing about what they name.

use serde::{Deserialize, Serialize};

/// Why a text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 32 lower-case hexadecimal digits")]
pub struct ParseIdError;

fn to_hex(bytes: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(bytes))
}

fn from_hex(text: &str) -> Result<[u8; 16], ParseIdError> {
    let plain = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !plain {
        return Err(ParseIdError);
    }
    u128::from_str_radix(text, 16).map(u128::to_be_bytes).map_err(|_| ParseIdError)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 16]);

        impl $name {
            /// Makes the identifier from 16 random bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self { Self(bytes) }
            /// The 16 bytes.
            pub const fn bytes(self) -> [u8; 16] { self.0 }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(&to_hex(self.0)) }
        }
        impl std::str::FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> { from_hex(text).map(Self) }
        }
        impl TryFrom<String> for $name {
            type Error = ParseIdError;
            fn try_from(text: String) -> Result<Self, ParseIdError> { text.parse() }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String { id.to_string() }
        }
    )*};
}

ids! {
    /// One voyage.
    VoyageId;
    /// One passenger on one voyage's manifest.
    PassengerId;
    /// One crossing point.
    PointId;
    /// One designation of a crossing point.
    DesignationId;
    /// One traveller's passage at one point.
    EncounterId;
    /// One sealed record in the vault (a probe crop, a reference).
    RecordId;
    /// One case of the records office: a request, a hold, a correction.
    CaseId;
    /// One decision on whose records are.
    DecisionId;
    /// One lookout: on a document, a person or a voyage.
    LookoutId;
    /// One outside system that receives copies.
    RecipientId;
    /// One enrolled capture device.
    DeviceId;
    /// One person who signs in.
    UserId;
    /// One pair shown to a second officer; it lives for seconds.
    SecondLookId;
    /// Chosen by a device for one capture, kept when it asks again.
    IdempotencyKey;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_form() {
        let id = EncounterId::from_bytes(*b"\x00\x01abcdefghijklmn");
        assert_eq!(id.to_string().parse::<EncounterId>(), Ok(id));
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in ["", "0", "00016162636465666768696A6B6C6D6E", "+0016162636465666768696a6b6c6d6e"] {
            assert_eq!(text.parse::<EncounterId>(), Err(ParseIdError), "{text}");
        }
    }
}
