//! Voyages and who is on them, as a carrier's manifest says.

use crate::document::{DocumentKey, State};
use crate::id::{PassengerId, VoyageId};
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, Unit, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// What a voyage is known by: operating carrier, number, scheduled local date of departure.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VoyageKey {
    /// Operating carrier: IATA two-character or ICAO three-letter code, or a shipping line's; upper case.
    pub carrier: String,
    /// Flight or voyage number without the carrier, leading zeros dropped, with its suffix letter if any.
    pub number: String,
    /// The day of scheduled departure from the first port, on that port's calendar.
    pub date: Date,
}

impl std::fmt::Display for VoyageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}/{}", self.carrier, self.number, self.date)
    }
}

/// Why a text is not a voyage's key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a voyage as CARRIER NUMBER / DATE, for example LH400/2026-11-23")]
pub struct ParseVoyageKeyError;

impl std::str::FromStr for VoyageKey {
    type Err = ParseVoyageKeyError;
    fn from_str(text: &str) -> Result<Self, ParseVoyageKeyError> {
        let (designator, date) = text.split_once('/').ok_or(ParseVoyageKeyError)?;
        let date = date.parse().map_err(|_| ParseVoyageKeyError)?;
        Self::from_designator(designator, date).ok_or(ParseVoyageKeyError)
    }
}

impl VoyageKey {
    /// Splits a designator such as `LH0400`, `BAW12A` or `U2123` into carrier and number.
    ///
    /// An IATA carrier code is two characters of which at most one is a digit; an ICAO code is three letters.
    pub fn from_designator(designator: &str, date: Date) -> Option<Self> {
        let text: String =
            designator.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
        if text.len() > 10 || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (carrier, number) = text.split_at_checked(if letters >= 3 { 3 } else { 2 })?;
        Self::new(carrier, number, date)
    }

    /// Makes a key from its parts; `None` when a part is empty or has other than letters and digits.
    pub fn new(carrier: &str, number: &str, date: Date) -> Option<Self> {
        let carrier = carrier.trim().to_ascii_uppercase();
        let number = number.trim().trim_start_matches('0').to_ascii_uppercase();
        let plain = |s: &str| !s.is_empty() && s.len() <= 10 && s.bytes().all(|b| b.is_ascii_alphanumeric());
        (plain(&carrier) && plain(&number)).then_some(Self { carrier, number, date })
    }
}

/// One leg: from a port to the next. Times are local to the port (PAXLST sends no zone).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Port of departure, as the carrier codes it (IATA location, UN/LOCODE); upper case.
    pub from: String,
    /// Port of arrival.
    pub to: String,
    /// Scheduled departure, local.
    pub departs: Option<DateTime>,
    /// Scheduled arrival, local.
    pub arrives: Option<DateTime>,
}

/// Whether someone travels as a passenger or works on board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    /// A passenger.
    Passenger,
    /// A passenger under two, carried without a seat or declared an infant.
    Infant,
    /// Crew, on their own list.
    Crew,
}

/// Sex as declared on a document (ICAO 9303: M, F, X).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Sex {
    /// Female.
    F,
    /// Male.
    M,
    /// Unspecified.
    X,
}

/// Someone on a manifest, as the carrier states it. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestPerson {
    /// Passenger, infant or crew.
    pub capacity: Capacity,
    /// Family name, as sent.
    pub family_name: String,
    /// Given names, as sent; may be empty.
    pub given_names: String,
    /// Date of birth.
    pub born: Option<Date>,
    /// Declared sex.
    pub sex: Option<Sex>,
    /// Nationality, as the carrier states it.
    pub nationality: Option<State>,
    /// The document travelled on, first, then further ones (visa, resident card).
    pub documents: Vec<DocumentKey>,
    /// Where this person's journey starts (PAXLST LOC 178).
    pub journey_from: Option<String>,
    /// Where this person's journey ends (PAXLST LOC 179).
    pub journey_to: Option<String>,
    /// The carrier's unique passenger reference (PAXLST RFF ABO), stable over changes.
    pub carrier_reference: Option<String>,
    /// Booking locator (PAXLST RFF AVF).
    pub booking: Option<String>,
    /// The carrier declares them in transit, not entering (PAXLST NAD DDU, DDT).
    #[serde(default)]
    pub in_transit: bool,
}

impl ManifestPerson {
    /// In whole years on the UTC calendar; `None` when no date of birth was stated, or one to come.
    pub fn age_at(&self, now: Timestamp) -> Option<u8> {
        let today = now.to_zoned_datetime(TimeZone::UTC).date();
        let lived = self.born?.until((Unit::Year, today)).ok()?;
        u8::try_from(lived.get_years()).ok()
    }

    /// What the carrier means the same person by when it sends the list again: its own reference, else the
    /// first document, else name and date of birth.
    pub fn same_as(&self, other: &Self) -> bool {
        match (&self.carrier_reference, &other.carrier_reference) {
            (Some(a), Some(b)) if a == b && self.booking == other.booking => return true,
            _ => {}
        }
        match (self.documents.first(), other.documents.first()) {
            (Some(a), Some(b)) => a == b,
            _ => {
                self.family_name == other.family_name
                    && self.given_names == other.given_names
                    && self.born == other.born
            }
        }
    }
}

/// What a manifest message asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManifestAction {
    /// The people listed are on the voyage: new ones are added, known ones updated, others stay.
    Add,
    /// The people listed are the whole list of their capacity: who is not in it comes off.
    Replace,
    /// The people listed come off the voyage.
    Remove,
    /// The voyage itself is cancelled.
    CancelVoyage,
    /// The people listed were on board at departure (flight close-out, PAXLST `266+CLOB`).
    CloseOut,
    /// The people listed were not on board at departure; everyone else known was (`266+CLNB`).
    CloseOutExcept,
    /// The voyage is closed; the message does not say who was on board (`266+CL`).
    Close,
}

/// One manifest message, read. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Which voyage.
    pub voyage: VoyageKey,
    /// Its legs, in order; empty when the message has none (a cancellation).
    pub legs: Vec<Leg>,
    /// What to do.
    pub action: ManifestAction,
    /// Whom it speaks of.
    pub people: Vec<ManifestPerson>,
}

/// Where a voyage is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VoyageStatus {
    /// Known; nobody boards yet.
    Scheduled,
    /// Boarding.
    Open,
    /// Boarding ended; departures recorded; gallery destroyed.
    Closed,
    /// Cancelled; gallery destroyed.
    Cancelled,
}

/// A voyage as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voyage {
    /// Its identifier.
    pub id: VoyageId,
    /// What it is known by.
    pub key: VoyageKey,
    /// Its legs, in order; may be empty.
    pub legs: Vec<Leg>,
    /// Where it is in its life.
    pub status: VoyageStatus,
}

/// A passenger as kept: the carrier's statement under an identifier of ours. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passenger {
    /// Identifier, kept over changes of the manifest.
    pub id: PassengerId,
    /// The voyage.
    pub voyage: VoyageId,
    /// The carrier's statement.
    pub stated: ManifestPerson,
}

/// What a leg is to a state, and to one of its passengers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Movement {
    /// Leaves the state: an exit crossing.
    Exit,
    /// Comes into the state: an entry crossing.
    Entry,
    /// Stays within the state: no crossing.
    Domestic,
    /// Passes through without entering: no crossing.
    Transit,
    /// Touches the state on neither end: no crossing.
    Foreign,
}

impl Movement {
    /// What `leg` is for a passenger whose journey runs `journey_from` to `journey_to` (PAXLST LOC 178, 179).
    ///
    /// `is_home` tells whether a port lies in the state. Someone whose journey both starts and ends abroad
    /// while the leg touches home is in transit when `transit_without_entry` (a state where people change
    /// planes airside; the United States has no such thing).
    pub fn of(
        leg: &Leg,
        journey: (Option<&str>, Option<&str>),
        is_home: impl Fn(&str) -> bool,
        transit_without_entry: bool,
    ) -> Self {
        let abroad = |port: Option<&str>| port.is_some_and(|p| !is_home(p));
        let passing = transit_without_entry && abroad(journey.0) && abroad(journey.1);
        match (is_home(&leg.from), is_home(&leg.to)) {
            (true, true) => Self::Domestic,
            (false, false) => Self::Foreign,
            _ if passing => Self::Transit,
            (true, false) => Self::Exit,
            (false, true) => Self::Entry,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn designators_split_into_carrier_and_number() {
        let date = Date::constant(2026, 11, 23);
        let split =
            |d: &str| VoyageKey::from_designator(d, date).map(|k| format!("{} {}", k.carrier, k.number));
        assert_eq!(split("LH0400").as_deref(), Some("LH 400"));
        assert_eq!(split("U2123").as_deref(), Some("U2 123"));
        assert_eq!(split("9W88").as_deref(), Some("9W 88"));
        assert_eq!(split("BAW12A").as_deref(), Some("BAW 12A"));
        assert_eq!(split("LH"), None);
        assert_eq!(split("LH 0"), None);
        assert_eq!(split("L€1"), None);
    }

    #[test]
    fn transit_and_domestic_are_no_crossing() {
        let leg =
            |from: &str, to: &str| Leg { from: from.into(), to: to.into(), departs: None, arrives: None };
        let home = |p: &str| ["JFK", "ORD"].contains(&p);
        let of = |a, b, from, to, airside| Movement::of(&leg(a, b), (from, to), home, airside);
        assert_eq!(of("JFK", "ORD", None, None, true), Movement::Domestic);
        assert_eq!(of("JFK", "CDG", Some("ORD"), Some("FRA"), true), Movement::Exit);
        assert_eq!(of("JFK", "CDG", Some("MEX"), Some("FRA"), true), Movement::Transit);
        assert_eq!(of("JFK", "CDG", Some("MEX"), Some("FRA"), false), Movement::Exit);
        assert_eq!(of("CDG", "JFK", None, None, true), Movement::Entry);
    }
}
