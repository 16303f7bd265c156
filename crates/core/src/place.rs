//! Crossing points, and the published authority to photograph at them.

use crate::designation::DailyHours;
use crate::id::{DesignationId, PointId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Which way a crossing point is crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Into the state.
    Entry,
    /// Out of the state.
    Exit,
}

/// What kind of place a crossing point is: the modes of travel (90 FR 48604, 8 CFR 215.8 and 235.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PointKind {
    /// An airport's boarding gate: one voyage at a time.
    BoardingGate,
    /// A cruise terminal: embarkation is an exit, debarkation an entry.
    CruiseTerminal,
    /// The primary booths of an arrival hall (Simplified Arrival).
    ArrivalHall,
    /// Cameras on a signed route before the booths (Enhanced Passenger Processing).
    ArrivalRoute,
    /// A lane that people walk through, as on a bridge.
    PedestrianLane,
    /// A platform or a train.
    RailPlatform,
    /// A lane that vehicles drive through.
    VehicleLane,
    /// A private airfield.
    PrivateAirfield,
    /// A marina.
    Marina,
}

/// Whom a crossing point expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expects {
    /// The people of one voyage at a time, by its manifest. They leave when it closes.
    Voyage,
    /// The people of all voyages that arrive in a window, by their manifests. Each is through when an officer says so.
    Arrivals,
    /// Nobody by name: the document comes first, and the traveller is compared with its reference alone.
    Documents,
}

impl PointKind {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::BoardingGate,
        Self::CruiseTerminal,
        Self::ArrivalHall,
        Self::ArrivalRoute,
        Self::PedestrianLane,
        Self::RailPlatform,
        Self::VehicleLane,
        Self::PrivateAirfield,
        Self::Marina,
    ];

    /// The stable name, as it is serialised.
    pub fn slug(self) -> &'static str {
        match self {
            Self::BoardingGate => "boarding-gate",
            Self::CruiseTerminal => "cruise-terminal",
            Self::ArrivalHall => "arrival-hall",
            Self::ArrivalRoute => "arrival-route",
            Self::PedestrianLane => "pedestrian-lane",
            Self::RailPlatform => "rail-platform",
            Self::VehicleLane => "vehicle-lane",
            Self::PrivateAirfield => "private-airfield",
            Self::Marina => "marina",
        }
    }

    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::BoardingGate => "boarding gate",
            Self::CruiseTerminal => "cruise terminal",
            Self::ArrivalHall => "arrival hall",
            Self::ArrivalRoute => "arrival route",
            Self::PedestrianLane => "pedestrian lane",
            Self::RailPlatform => "rail platform",
            Self::VehicleLane => "vehicle lane",
            Self::PrivateAirfield => "private airfield",
            Self::Marina => "marina",
        }
    }

    /// Whom a point of this kind expects in a direction; `None` where there is no such point: nobody enters at a gate
    /// that people board by, and nobody leaves through an arrival hall.
    pub fn expects(self, direction: Direction) -> Option<Expects> {
        match (self, direction) {
            (Self::BoardingGate | Self::CruiseTerminal, Direction::Exit) => Some(Expects::Voyage),
            (Self::CruiseTerminal | Self::ArrivalHall | Self::ArrivalRoute, Direction::Entry) => {
                Some(Expects::Arrivals)
            }
            (Self::BoardingGate, Direction::Entry)
            | (Self::ArrivalHall | Self::ArrivalRoute, Direction::Exit) => None,
            (
                Self::PedestrianLane
                | Self::RailPlatform
                | Self::VehicleLane
                | Self::PrivateAirfield
                | Self::Marina,
                _,
            ) => Some(Expects::Documents),
        }
    }
}

impl std::str::FromStr for PointKind {
    type Err = String;
    /// Reads a stable name.
    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::slug).join(", ");
        Self::ALL
            .into_iter()
            .find(|kind| kind.slug() == text)
            .ok_or_else(|| format!("expected one of {}", names()))
    }
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

/// Where something is on the earth (WGS 84), to a ten-thousandth of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Degrees", into = "Degrees")]
pub struct Position {
    latitude_e4: i32,
    longitude_e4: i32,
}

/// A position as people write it.
#[derive(Serialize, Deserialize)]
struct Degrees {
    latitude: f64,
    longitude: f64,
}

impl Position {
    /// From degrees north and east; `None` where that is not on the earth.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        let e4 = |degrees: f64| (degrees * 1e4).round() as i32;
        on_earth.then(|| Self { latitude_e4: e4(latitude), longitude_e4: e4(longitude) })
    }

    /// From ten-thousandths of a degree north and east.
    pub fn from_e4(latitude: i32, longitude: i32) -> Option<Self> {
        Self::new(f64::from(latitude) / 1e4, f64::from(longitude) / 1e4)
    }

    /// In ten-thousandths of a degree, north and east.
    pub fn to_e4(self) -> (i32, i32) {
        (self.latitude_e4, self.longitude_e4)
    }

    /// Degrees north.
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude_e4) / 1e4
    }

    /// Degrees east.
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude_e4) / 1e4
    }
}

impl TryFrom<Degrees> for Position {
    type Error = &'static str;
    fn try_from(at: Degrees) -> Result<Self, Self::Error> {
        Self::new(at.latitude, at.longitude)
            .ok_or("expected degrees north (-90 to 90) and east (-180 to 180)")
    }
}

impl From<Position> for Degrees {
    fn from(at: Position) -> Self {
        Self { latitude: at.latitude(), longitude: at.longitude() }
    }
}

impl std::str::FromStr for Position {
    type Err = &'static str;
    /// Reads `40.64,-73.78`: degrees north, degrees east.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let degrees = text
            .split_once(',')
            .and_then(|(north, east)| Some((north.trim().parse().ok()?, east.trim().parse().ok()?)));
        degrees
            .and_then(|(north, east)| Self::new(north, east))
            .ok_or("expected degrees north and east, as in 40.64,-73.78")
    }
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
    /// Nineteen in twenty of those who decline are attended to within this, whatever the camera's lane takes; see
    /// [`crate::parity`].
    #[serde(default = "manual_wait_ceiling_seconds")]
    pub manual_wait_ceiling_seconds: u32,
    /// Hours of the day; none: at any hour.
    #[serde(default)]
    pub hours: Option<DailyHours>,
}

/// The ceiling of a designation that states none: ten minutes.
pub const MANUAL_WAIT_CEILING_SECONDS: u32 = 600;

fn manual_wait_ceiling_seconds() -> u32 {
    MANUAL_WAIT_CEILING_SECONDS
}

impl Designation {
    /// Whether `now` is within its dates.
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_by_the_name_that_it_is_serialised_with() {
        for kind in PointKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.slug());
            assert_eq!(kind.slug().parse(), Ok(kind));
            assert!(
                [Direction::Entry, Direction::Exit].iter().any(|way| kind.expects(*way).is_some()),
                "{}",
                kind.in_words()
            );
        }
        assert!("gate".parse::<PointKind>().unwrap_err().contains("boarding-gate, cruise-terminal"));
    }

    #[test]
    fn a_position_is_on_the_earth_and_read_as_it_is_written() {
        let jfk: Position = "40.6413, -73.7781".parse().unwrap();
        assert_eq!(jfk.to_e4(), (406_413, -737_781));
        assert_eq!(Position::from_e4(406_413, -737_781), Some(jfk));
        let json = serde_json::to_string(&jfk).unwrap();
        assert_eq!(json, r#"{"latitude":40.6413,"longitude":-73.7781}"#);
        assert_eq!(serde_json::from_str::<Position>(&json).unwrap(), jfk);
        for wrong in ["40.64", "91,0", "0,-180.1", "NaN,0", "forty,8", ""] {
            assert!(wrong.parse::<Position>().is_err(), "{wrong}");
        }
    }
}
