//! The long record: that a person crossed. Whether they declined a photo is not in it.

use crate::encounter::Method;
use crate::place::Direction;
use crate::voyage::{ManifestPerson, VoyageKey};
use jiff::Timestamp;
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
}
