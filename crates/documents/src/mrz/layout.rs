//! Where each field of a machine-readable zone stands (ICAO 9303-4, -5, -6, -7, appendices of the data structure).

use serde::Serialize;

/// How a zone is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A card: three lines of 30 (ICAO 9303-5).
    Td1,
    /// A larger card: two lines of 36 (ICAO 9303-6).
    Td2,
    /// A passport: two lines of 44 (ICAO 9303-4).
    Td3,
    /// A visa of a passport's width: two lines of 44 (ICAO 9303-7).
    MrvA,
    /// A smaller visa: two lines of 36 (ICAO 9303-7).
    MrvB,
}

/// A part of a zone that is read, or judged, for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// What the document is: two characters.
    DocumentCode,
    /// Who issued it.
    Issuer,
    /// Whose it is.
    Name,
    /// Its number, all of it where it is longer than nine characters.
    Number,
    /// The holder's nationality.
    Nationality,
    /// The holder's date of birth.
    Birth,
    /// The holder's sex.
    Sex,
    /// Until when it is valid.
    Expiry,
    /// What the issuer wants (personal number); the first of two on a TD1.
    Optional,
    /// What the issuer wants, in a TD1's second line.
    SecondOptional,
    /// All that the last check digit speaks for.
    Composite,
}

impl Field {
    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::DocumentCode => "document code",
            Self::Issuer => "issuing state",
            Self::Name => "name",
            Self::Number => "document number",
            Self::Nationality => "nationality",
            Self::Birth => "date of birth",
            Self::Sex => "sex",
            Self::Expiry => "date of expiry",
            Self::Optional | Self::SecondOptional => "optional data",
            Self::Composite => "whole",
        }
    }

    /// Whether a check digit of this format speaks for it.
    pub(super) fn is_checked(self, format: Format) -> bool {
        match self {
            Self::Number | Self::Birth | Self::Expiry | Self::Composite => true,
            Self::Optional | Self::SecondOptional => !format.is_visa(),
            Self::DocumentCode | Self::Issuer | Self::Name | Self::Nationality | Self::Sex => false,
        }
    }
}

/// Cells of one line, from nought, the end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) line: usize,
    pub(super) from: usize,
    pub(super) to: usize,
}

pub(super) const fn span(line: usize, from: usize, to: usize) -> Span {
    Span { line, from, to }
}

impl Format {
    /// The format of this many lines of this width, by the first character of the document code.
    pub(super) fn of(lines: usize, width: usize, first: u8) -> Option<Self> {
        match (lines, width, first) {
            (3, 30, _) => Some(Self::Td1),
            (2, 36, b'V') => Some(Self::MrvB),
            (2, 36, _) => Some(Self::Td2),
            (2, 44, b'V') => Some(Self::MrvA),
            (2, 44, _) => Some(Self::Td3),
            _ => None,
        }
    }

    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Td1 => "a card of three lines (TD1)",
            Self::Td2 => "a card of two lines (TD2)",
            Self::Td3 => "a passport (TD3)",
            Self::MrvA => "a visa (MRV-A)",
            Self::MrvB => "a small visa (MRV-B)",
        }
    }

    /// Characters of each line.
    pub fn width(self) -> usize {
        match self {
            Self::Td1 => 30,
            Self::Td2 | Self::MrvB => 36,
            Self::Td3 | Self::MrvA => 44,
        }
    }

    /// How many lines.
    pub fn lines(self) -> usize {
        if self == Self::Td1 { 3 } else { 2 }
    }

    pub(super) fn is_visa(self) -> bool {
        matches!(self, Self::MrvA | Self::MrvB)
    }

    /// A field's cells; none where this format has no such field.
    pub(super) fn span(self, field: Field) -> Option<Span> {
        let card = self == Self::Td1;
        Some(match field {
            Field::DocumentCode => span(0, 0, 2),
            Field::Issuer => span(0, 2, 5),
            Field::Name if card => span(2, 0, 30),
            Field::Name => span(0, 5, self.width()),
            Field::Number if card => span(0, 5, 14),
            Field::Number => span(1, 0, 9),
            Field::Nationality if card => span(1, 15, 18),
            Field::Nationality => span(1, 10, 13),
            Field::Birth if card => span(1, 0, 6),
            Field::Birth => span(1, 13, 19),
            Field::Sex if card => span(1, 7, 8),
            Field::Sex => span(1, 20, 21),
            Field::Expiry if card => span(1, 8, 14),
            Field::Expiry => span(1, 21, 27),
            Field::Optional => match self {
                Self::Td1 => span(0, 15, 30),
                Self::Td2 => span(1, 28, 35),
                Self::Td3 => span(1, 28, 42),
                Self::MrvA => span(1, 28, 44),
                Self::MrvB => span(1, 28, 36),
            },
            Field::SecondOptional if card => span(1, 18, 29),
            Field::SecondOptional | Field::Composite => return None,
        })
    }

    /// The fields, in the order in which they are printed.
    pub(super) fn fields(self) -> &'static [Field] {
        use Field::{Birth, DocumentCode, Expiry, Issuer, Name, Nationality, Number, Optional, Sex};
        match self {
            Self::Td1 => &[
                DocumentCode,
                Issuer,
                Number,
                Optional,
                Birth,
                Sex,
                Expiry,
                Nationality,
                Field::SecondOptional,
                Name,
            ],
            _ => &[DocumentCode, Issuer, Name, Number, Nationality, Birth, Sex, Expiry, Optional],
        }
    }

    /// Where the check digit of a field stands, line and cell; that of a long number stands elsewhere.
    pub(super) fn digit(self, field: Field) -> Option<(usize, usize)> {
        match (field, self) {
            (Field::Number | Field::Birth | Field::Expiry, _) => {
                self.span(field).map(|span| (span.line, span.to))
            }
            (Field::Optional, Self::Td3) => Some((1, 42)),
            (Field::Composite, Self::Td1) => Some((1, 29)),
            (Field::Composite, Self::Td2) => Some((1, 35)),
            (Field::Composite, Self::Td3) => Some((1, 43)),
            _ => None,
        }
    }

    /// The fields that have a check digit, in the order in which the digits are printed.
    pub(super) fn checked(self) -> impl Iterator<Item = Field> {
        [Field::Number, Field::Birth, Field::Expiry, Field::Optional, Field::Composite]
            .into_iter()
            .filter(move |field| self.digit(*field).is_some())
    }

    /// What the last check digit speaks for.
    pub(super) fn composite(self) -> &'static [Span] {
        match self {
            Self::Td1 => const { &[span(0, 5, 30), span(1, 0, 7), span(1, 8, 15), span(1, 18, 29)] },
            Self::Td2 => const { &[span(1, 0, 10), span(1, 13, 20), span(1, 21, 35)] },
            Self::Td3 => const { &[span(1, 0, 10), span(1, 13, 20), span(1, 21, 43)] },
            Self::MrvA | Self::MrvB => &[],
        }
    }
}
