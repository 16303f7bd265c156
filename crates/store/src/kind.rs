//! What a sealed record is: its class of data, and what a biometric data record says of itself (ISO/IEC 19785-1).

use crate::column::{word_of, word_or_none};
use portunus_core::policy::{DataClass, Modality};
use rusqlite::Row;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Where a record came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A capture device at a crossing point.
    Gate,
    /// Brought in before: a portrait of a document, a visa, an earlier passage.
    Import,
    /// A voyage that was closed.
    CloseOut,
}

/// What a record is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeptFor {
    /// That the person who crossed is the one whom the document names.
    Verification,
    /// Galleries of voyages to come.
    Staging,
    /// Entries, exits and stays.
    TravelHistory,
}

/// What a record is. Its envelope is bound to the class of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordKind {
    /// Which rules of retention apply.
    pub data: DataClass,
    /// What of a body it is; `None` when it is nothing of one.
    pub modality: Option<Modality>,
    /// The media type of its bytes (RFC 6838).
    pub format: Cow<'static, str>,
    /// 0 (worst) to 100 (best), after ISO/IEC 29794-1; `None` when it was not measured.
    pub quality: Option<u8>,
    /// Where it came from.
    pub source: Source,
    /// What it is kept for.
    pub purpose: KeptFor,
}

impl RecordKind {
    /// The subject's crop from a capture.
    pub const PROBE: Self = Self {
        data: DataClass::Probe,
        modality: Some(Modality::Face),
        format: Cow::Borrowed("image/jpeg"),
        quality: None,
        source: Source::Gate,
        purpose: KeptFor::Verification,
    };
    /// A portrait known before, with its template.
    pub const REFERENCE: Self = Self {
        data: DataClass::Reference,
        modality: Some(Modality::Face),
        format: Cow::Borrowed("application/octet-stream"),
        quality: None,
        source: Source::Import,
        purpose: KeptFor::Staging,
    };
    /// Who crossed.
    pub const CROSSING: Self = Self {
        data: DataClass::Crossing,
        modality: None,
        format: Cow::Borrowed("application/json"),
        quality: None,
        source: Source::CloseOut,
        purpose: KeptFor::TravelHistory,
    };

    /// Who crossed, or what changed for them, as somebody else recorded it or an officer noted it.
    pub const IMPORTED: Self = Self { source: Source::Import, ..Self::CROSSING };

    pub(crate) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            data: word_of(row, "kind")?,
            modality: word_or_none(row, "modality")?,
            format: Cow::Owned(row.get("format")?),
            quality: row.get("quality")?,
            source: word_of(row, "source")?,
            purpose: word_of(row, "purpose")?,
        })
    }
}
