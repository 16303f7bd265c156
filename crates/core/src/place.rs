//! Crossing points, and the published authority to photograph at them.

use crate::id::{DesignationId, PointId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Which way a crossing point is crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Into the state.
    Entry,
    /// Out of the state.
    Exit,
}

/// What kind of place a crossing point is. Other kinds come with the modes that use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PointKind {
    /// An airport's boarding gate: one voyage at a time.
    BoardingGate,
}

/// A place, a direction, a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrossingPoint {
    /// Its identifier.
    pub id: PointId,
    /// What people call it: `JFK B22`.
    pub name: String,
    /// The port it belongs to, as carriers code it (IATA location or UN/LOCODE).
    pub port: String,
    /// Entry or exit.
    pub direction: Direction,
    /// Boarding gate, ...
    pub kind: PointKind,
}

/// The published authority for a crossing point to photograph: without one in force there is no capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Designation {
    /// Its identifier.
    pub id: DesignationId,
    /// The point it is for.
    pub point: PointId,
    /// The law it rests on, as shown to travellers.
    pub legal_basis: String,
    /// In force from this instant.
    pub from: Timestamp,
    /// Not in force from this instant on; `None` while no end is set.
    pub until: Option<Timestamp>,
    /// Who owns the cameras.
    pub device_owner: String,
    /// Who else handles them; each attests that it keeps no frames.
    pub contractors: Vec<String>,
}

impl Designation {
    /// Whether it is in force at `now`.
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}
