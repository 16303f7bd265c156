//! What a traveller takes away: a code that opens their receipt, and on what grounds they may contest.

use serde::{Deserialize, Serialize};

/// The code of a receipt: 128 bits. Whoever has it reads the receipt: no `Debug`, no `Display`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ReceiptCode([u8; 16]);

impl ReceiptCode {
    /// Makes the code from 16 bytes that nobody can guess.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// As it stands in an address: 32 hexadecimal digits in lower case.
    pub fn text(self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }

    /// As people copy it: eight groups of four digits.
    pub fn grouped(self) -> String {
        let text = self.text();
        (0..8).map(|n| &text[4 * n..4 * n + 4]).collect::<Vec<_>>().join(" ")
    }

    /// Reads a code as people type it: in either case, with spaces, dashes and dots anywhere.
    ///
    /// ```
    /// use portunus_core::receipt::ReceiptCode;
    /// let code = ReceiptCode::parse("0123-4567 89AB cdef 0123 4567 89ab cdef").unwrap();
    /// assert!(code.grouped().starts_with("0123 4567 89ab"));
    /// assert!(ReceiptCode::parse("0123").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '\u{a0}'))
            .take(33)
            .collect();
        let plain = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let number = plain.then(|| u128::from_str_radix(&digits, 16).ok()).flatten()?;
        Some(Self(number.to_be_bytes()))
    }
}

/// On what grounds a traveller contests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// They were taken for somebody else.
    WrongPerson,
    /// They are a citizen, and were not treated as one.
    Citizen,
    /// A photo was taken although they had chosen none, or were not asked.
    NotAsked,
    /// Something is kept that should be gone.
    KeptTooLong,
    /// Something else.
    Other,
}

impl Ground {
    /// All grounds.
    pub const ALL: [Self; 5] =
        [Self::WrongPerson, Self::Citizen, Self::NotAsked, Self::KeptTooLong, Self::Other];

    /// What an officer reads.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::WrongPerson => "taken for somebody else",
            Self::Citizen => "a citizen, and not treated as one",
            Self::NotAsked => "photographed without having been asked",
            Self::KeptTooLong => "kept too long",
            Self::Other => "something else",
        }
    }
}
