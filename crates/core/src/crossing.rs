//! The long record: that a person crossed. Whether they declined a photo is not in it.

use crate::document::DocumentKey;
use crate::encounter::Method;
use crate::place::Direction;
use crate::stay::StatusChange;
use crate::voyage::{ManifestPerson, VoyageKey};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One crossing, as sealed and as given to whom it is about. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrossingRecord {
    /// Who, as the carrier stated them.
    pub person: ManifestPerson,
    /// On which voyage.
    pub voyage: VoyageKey,
    /// The port of the crossing point (IATA location or UN/LOCODE).
    pub port: String,
    /// Into the state or out of it.
    pub direction: Direction,
    /// When.
    pub at: Timestamp,
    /// How identity was established.
    pub method: Method,
    /// As what and until when they were admitted, at an entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admitted: Option<Admission>,
}

/// A neighbour's entry, kept as our exit: sealed as a crossing is. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedExit {
    /// Who recorded it: `CAN`.
    pub imported_from: String,
    /// Who, as they recorded them.
    pub person: ManifestPerson,
    /// The port, as they have it.
    pub port: String,
    /// Out of the state.
    pub direction: Direction,
    /// When they entered there.
    pub at: Timestamp,
}

/// What changes somebody's stay, or that several documents are theirs: sealed as a crossing is. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayChangeRecord {
    /// Their documents.
    pub documents: Vec<DocumentKey>,
    /// What changes; `None`: nothing, but the documents are one person's.
    pub change: Option<StatusChange>,
    /// From when it counts.
    pub at: Timestamp,
}

/// As what, and until when, an officer admitted somebody.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admission {
    /// The class of admission, in the state's own letters: `B-2`, `CITIZEN`.
    pub class: String,
    /// The last day; `None` for who may stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// Why this is no admission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionError {
    /// Not a class.
    #[error("admitted.class: expected 1 to 12 letters, digits or hyphens, as in B-2")]
    Class,
    /// Over before it begins.
    #[error("admitted.until: expected today or a later day")]
    Over,
}

impl Admission {
    /// What citizens and others who may stay are admitted as, where a state has no letters of its own for them.
    pub const STAYS: [&'static str; 2] = ["CITIZEN", "RESIDENT"];

    /// In upper case, and of a form that can be shown and compared.
    ///
    /// # Errors
    /// [`AdmissionError`].
    pub fn checked(self, today: Date) -> Result<Self, AdmissionError> {
        let class = self.class.trim().to_ascii_uppercase();
        let plain = (1..=12).contains(&class.len())
            && class.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        if !plain {
            return Err(AdmissionError::Class);
        }
        if self.until.is_some_and(|until| until < today) {
            return Err(AdmissionError::Over);
        }
        Ok(Self { class, until: self.until })
    }
}
