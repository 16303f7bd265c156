//! One traveller's passage at one point: what was chosen, what was decided, what an officer ruled.

use crate::crossing::Admission;
use crate::decide::{Decision, Presented};
use crate::id::{DeviceId, EncounterId, PassengerId, PointId, RecordId, UserId, VoyageId};
use crate::policy::PersonClass;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the traveller chose, before any camera started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// Be photographed.
    Photo,
    /// No photo: an officer inspects the document.
    Manual,
}

/// Where an encounter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// At the gate: chosen, not yet decided.
    AtGate,
    /// Waiting for an officer.
    Waiting,
    /// An officer has taken it up.
    WithOfficer,
    /// An officer referred it to a second, closer inspection, where it waits.
    Secondary,
    /// Over.
    Done,
}

/// An encounter as kept until its voyage is closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Encounter {
    /// Its identifier.
    pub id: EncounterId,
    /// Where.
    pub point: PointId,
    /// The voyage that the point served.
    pub voyage: VoyageId,
    /// Through which device; `None` when an officer entered it.
    pub device: Option<DeviceId>,
    /// What the traveller chose.
    pub lane: Lane,
    /// Whether the traveller says they are a citizen.
    pub claims_citizenship: bool,
    /// What the document shown at the gate says.
    pub presented: Presented,
    /// Where it is.
    pub stage: Stage,
    /// Captures so far.
    pub attempts: u32,
    /// The last decision; `None` before any, and for who declined.
    pub decision: Option<Decision>,
    /// Whose rules apply.
    pub class: PersonClass,
    /// Who it is, once found or established.
    pub passenger: Option<PassengerId>,
    /// The sealed probe, where there is one.
    pub probe: Option<RecordId>,
    /// When the traveller made their choice.
    pub joined_at: Timestamp,
    /// When the machine or an officer first attended to them.
    pub served_at: Option<Timestamp>,
    /// When an officer took it up first.
    #[serde(default)]
    pub taken_at: Option<Timestamp>,
    /// When it was over.
    pub done_at: Option<Timestamp>,
    /// Nothing of it is ever given to another state or a carrier: the traveller asks for protection, or has no state's
    /// document. How they crossed is recorded, and shared with nobody.
    #[serde(default)]
    pub confidential: bool,
}

impl Encounter {
    /// Whether the machine has confirmed who it is, and an officer is still to say what follows.
    pub fn is_verified(&self) -> bool {
        self.stage != Stage::Done && matches!(self.decision, Some(Decision::Confirmed { .. }))
    }
}

impl Stage {
    /// Whether an officer may rule now.
    pub fn awaits_ruling(self) -> bool {
        matches!(self, Self::Waiting | Self::WithOfficer | Self::Secondary)
    }
}

/// What an officer rules. A separate event with author and reason; it never overwrites the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ruling", rename_all = "kebab-case")]
pub enum Ruling {
    /// The traveller is this passenger and boards, after the officer inspected the document.
    Board {
        /// Who.
        passenger: PassengerId,
    },
    /// The traveller is this passenger and enters; as what and until when stands with the [`Boarding`]. Nobody is admitted
    /// but so: the machine never does it.
    Admit {
        /// Who.
        passenger: PassengerId,
    },
    /// Another officer looks closer. The reason is required.
    Secondary,
    /// The traveller does not board, or does not enter. The reason is required.
    Refuse,
    /// Another photo is to be taken.
    Retake,
    /// The officer established the traveller's class.
    Establish {
        /// Which.
        class: PersonClass,
    },
    /// A boarding is taken back: off-load, or return to the gate. The reason is required.
    OffLoad {
        /// Who.
        passenger: PassengerId,
    },
    /// The machine's confirmation was wrong: the traveller is not this passenger, whose boarding is taken back. With
    /// `instead`, the officer inspected the document and boards them as that passenger. The reason is required.
    SomebodyElse {
        /// Whom the machine confirmed.
        passenger: PassengerId,
        /// Who it is, where that was established.
        #[serde(default)]
        instead: Option<PassengerId>,
    },
}

impl Ruling {
    /// Whether an officer must say why.
    pub fn needs_reason(self) -> bool {
        matches!(self, Self::Refuse | Self::Secondary | Self::OffLoad { .. } | Self::SomebodyElse { .. })
    }
}

/// A ruling with its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruled {
    /// What.
    #[serde(flatten)]
    pub ruling: Ruling,
    /// By whom.
    pub author: UserId,
    /// Why, in the officer's words; may be empty unless the ruling needs one.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// How it was established that the traveller is the passenger. This is all that the long record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The machine confirmed the face.
    FaceMatched,
    /// An officer inspected the document: after a decline, a camera failure, a missing reference, an outage.
    DocumentInspected,
}

/// A confirmed boarding: provisional until its voyage is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boarding {
    /// Who.
    pub passenger: PassengerId,
    /// When.
    pub at: Timestamp,
    /// How identity was established.
    pub method: Method,
    /// Entered after an outage, from paper or memory.
    pub entered_later: bool,
    /// As what an officer admitted them, at an entry.
    #[serde(default)]
    pub admitted: Option<Admission>,
}

/// One traveller's times, for the waits of both lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Which lane.
    pub lane: Lane,
    /// From the choice until attended to, in milliseconds.
    pub waited_ms: u64,
    /// From the choice until over, in milliseconds.
    pub passed_ms: u64,
}

/// Waits of one lane: how many people, and percentiles in milliseconds (nearest rank).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LaneWaits {
    /// Travellers whose passage is over.
    pub people: u64,
    /// Half waited at most this long to be attended to.
    pub waited_p50_ms: u64,
    /// Nineteen in twenty waited at most this long.
    pub waited_p95_ms: u64,
    /// Half were through within this.
    pub passed_p50_ms: u64,
    /// Nineteen in twenty were through within this.
    pub passed_p95_ms: u64,
}

/// Sums up the waits of `lane`.
pub fn lane_waits(waits: &[Wait], lane: Lane) -> LaneWaits {
    let sorted = |of: fn(&Wait) -> u64| {
        let mut values: Vec<u64> = waits.iter().filter(|w| w.lane == lane).map(of).collect();
        values.sort_unstable();
        values
    };
    let rank = |values: &[u64], percent: usize| {
        let rank = (values.len() * percent).div_ceil(100).max(1);
        values.get(rank - 1).copied().unwrap_or(0)
    };
    let (waited, passed) = (sorted(|w| w.waited_ms), sorted(|w| w.passed_ms));
    LaneWaits {
        people: waited.len() as u64,
        waited_p50_ms: rank(&waited, 50),
        waited_p95_ms: rank(&waited, 95),
        passed_p50_ms: rank(&passed, 50),
        passed_p95_ms: rank(&passed, 95),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank_and_by_lane() {
        let wait = |lane, n| Wait { lane, waited_ms: n, passed_ms: 2 * n };
        let mut waits: Vec<Wait> = (1..=20).map(|n| wait(Lane::Photo, n)).collect();
        waits.push(wait(Lane::Manual, 1000));
        let photo = lane_waits(&waits, Lane::Photo);
        assert_eq!((photo.people, photo.waited_p50_ms, photo.waited_p95_ms), (20, 10, 19));
        assert_eq!(photo.passed_p95_ms, 38);
        assert_eq!(lane_waits(&waits, Lane::Manual).waited_p95_ms, 1000);
        assert_eq!(lane_waits(&[], Lane::Manual), LaneWaits::default());
    }
}
