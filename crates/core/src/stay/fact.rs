//! What comes in: facts of people's movements and standing, and what officers decided on whose they are.
//!
//! A fact is known by its record and its revision. The highest revision counts, in whatever order they come; a fact that
//! comes twice is one. So any set of events says the same in every order.

use crate::crossing::Admission;
use crate::document::State;
use crate::encounter::Method;
use crate::id::{DecisionId, RecordId};
use crate::place::{Direction, PointKind};
use crate::voyage::Sex;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Something by which records are of one person: opaque, made by whoever holds the crossings, of the same thing always
/// the same. Its first byte says of what kind of thing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkKey([u8; 16]);

const IDENTITY: u8 = 1;
const DOCUMENT: u8 = 2;
const DECISION: u8 = 3;

impl LinkKey {
    fn new(kind: u8, mut bytes: [u8; 16]) -> Self {
        bytes[0] = kind;
        Self(bytes)
    }

    /// Of an identity that an authority established: it goes before documents. The first byte does not count.
    pub fn identity(bytes: [u8; 16]) -> Self {
        Self::new(IDENTITY, bytes)
    }

    /// Of a travel document, by a keyed MAC for one. The first byte does not count.
    pub fn document(bytes: [u8; 16]) -> Self {
        Self::new(DOCUMENT, bytes)
    }

    pub(super) fn decision(id: DecisionId) -> Self {
        Self::new(DECISION, id.bytes())
    }

    pub(super) fn is_identity(self) -> bool {
        self.0[0] == IDENTITY
    }

    pub(super) fn is_document(self) -> bool {
        self.0[0] == DOCUMENT
    }

    /// The same key for those alone who were set apart by the same decisions: their identifiers, XORed.
    pub(super) fn apart(self, by: [u8; 16]) -> Self {
        let mut bytes = self.0;
        for (byte, other) in bytes.iter_mut().zip(by).skip(1) {
            *byte ^= other;
        }
        Self(bytes)
    }
}

/// How people travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// By aircraft.
    Air,
    /// By ship or boat.
    Sea,
    /// On foot, by road or by rail.
    Land,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Air, Self::Sea, Self::Land];

    /// By which people cross at such a point.
    pub fn of(kind: PointKind) -> Self {
        match kind {
            PointKind::BoardingGate
            | PointKind::ArrivalHall
            | PointKind::ArrivalRoute
            | PointKind::PrivateAirfield => Self::Air,
            PointKind::CruiseTerminal | PointKind::Marina => Self::Sea,
            PointKind::PedestrianLane | PointKind::RailPlatform | PointKind::VehicleLane => Self::Land,
        }
    }

    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Air => "air",
            Self::Sea => "sea",
            Self::Land => "land",
        }
    }
}

/// Where a crossing is known from. Of one movement that is known several times, the first of these tells its instant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "kebab-case")]
pub enum Source {
    /// Recorded at one of our points as it happened.
    Own,
    /// An officer put a record right.
    Corrected,
    /// Entered after an outage, from paper or memory.
    Outage,
    /// A neighbour recorded it as its entry: our exit.
    Imported {
        /// Who: `CAN`.
        from: String,
    },
}

impl Source {
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Own => 0,
            Self::Corrected => 1,
            Self::Outage => 2,
            Self::Imported { .. } => 3,
        }
    }
}

/// Somebody crossed.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Crossing {
    /// Into the state or out of it.
    pub direction: Direction,
    /// The port, as carriers code it.
    pub port: String,
    /// By air, sea or land.
    pub mode: Mode,
    /// Of an entry: as what and until when.
    pub admission: Option<Admission>,
    /// How identity was established.
    pub method: Method,
    /// Where it is known from.
    pub source: Source,
}

/// What changes what a stay is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum StatusChange {
    /// They may stay longer.
    Extension {
        /// The last day.
        until: Date,
    },
    /// They stay as something else.
    Status {
        /// Class of admission: `F-1`.
        class: String,
        /// The last day; `None`: as long as the status lasts.
        until: Option<Date>,
    },
    /// They asked in time, and may stay until it is decided: by another change, or by a refusal.
    Applied,
    /// What they asked for was refused; what was allowed before counts again.
    ApplicationRefused,
    /// They became citizens or permanent residents: no stay of theirs is limited from then on.
    Settled {
        /// Citizens; residents otherwise.
        citizen: bool,
    },
}

/// What a fact says.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// Somebody crossed.
    Crossed(Crossing),
    /// What their stay is allowed changed, from the fact's instant on.
    Changed(StatusChange),
    /// The keys are of one person: a passport and the one before it, two passports of one person.
    OneHolder,
    /// The record was wrong altogether, or is gone.
    Withdrawn,
}

/// Who somebody is, as documents state it. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Biographic {
    /// Family name.
    pub family_name: String,
    /// Given names; may be empty.
    pub given_names: String,
    /// Date of birth.
    pub born: Option<Date>,
    /// Nationality.
    pub nationality: Option<State>,
    /// Declared sex.
    pub sex: Option<Sex>,
}

/// Who a fact is about, where that may be compared. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    /// As documents state it.
    Stated(Biographic),
    /// A keyed MAC of their name and date of birth: the same for the same alone.
    Sealed([u8; 16]),
}

/// One fact. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// The record that says it.
    pub record: RecordId,
    /// Grows with every correction of it.
    pub revision: u32,
    /// When it happened.
    pub at: Timestamp,
    /// What it is linked by, in any order.
    pub keys: Vec<LinkKey>,
    /// Who it is about, where that may be compared.
    pub who: Option<Who>,
    /// What it says.
    pub what: What,
}

/// What an officer decided on whose records are. Author and reason are kept with the decision, outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decided", rename_all = "kebab-case")]
pub enum Decided {
    /// The persons of two records are one: a proposal accepted, or a merge by redress.
    Same {
        /// One.
        a: RecordId,
        /// The other.
        b: RecordId,
    },
    /// A proposal rejected: these two are not proposed again. Whatever else connects them still does.
    NotSame {
        /// One.
        a: RecordId,
        /// The other.
        b: RecordId,
    },
    /// These records are not of the person whom their keys say, but of another, all of the same one: a split by redress.
    Apart {
        /// Which.
        records: Vec<RecordId>,
    },
    /// An earlier decision no longer holds.
    Undone {
        /// Which.
        decision: DecisionId,
    },
}

/// A decision. Its identifier is used once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Its identifier.
    pub id: DecisionId,
    /// What.
    #[serde(flatten)]
    pub decided: Decided,
}

/// One thing that comes in.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// A fact, or a later revision of one.
    Fact(Fact),
    /// A decision.
    Decision(Decision),
}
