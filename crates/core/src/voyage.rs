//! Voyages and who is on them, as a carrier's manifest says.

use crate::document::{DocumentKey, State};
use crate::id::{PassengerId, PointId, VoyageId};
use crate::place::{CrossingPoint, Direction, Expects};
use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp, Unit, tz::TimeZone};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// Year of birth, where the document says no more (ICAO 9303-3 section 4.8: `<<` for what is not known).
    #[serde(default)]
    pub born_in: Option<i16>,
    /// Declared sex.
    pub sex: Option<Sex>,
    /// Nationality, as the carrier states it.
    pub nationality: Option<State>,
    /// The document travelled on, first, then further ones (visa, resident card).
    pub documents: Vec<DocumentKey>,
    /// Last day of validity of the document travelled on, where its machine-readable zone was read.
    #[serde(default)]
    pub document_expires: Option<Date>,
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
    /// Somebody of whom nothing is stated yet but this.
    pub fn named(capacity: Capacity, family_name: impl Into<String>, given_names: impl Into<String>) -> Self {
        Self {
            capacity,
            family_name: family_name.into(),
            given_names: given_names.into(),
            born: None,
            born_in: None,
            sex: None,
            nationality: None,
            documents: Vec::new(),
            document_expires: None,
            journey_from: None,
            journey_to: None,
            carrier_reference: None,
            booking: None,
            in_transit: false,
        }
    }

    /// The day of birth, else the year, as ISO 8601 has them.
    pub fn birth(&self) -> Option<String> {
        self.born.map(|day| day.to_string()).or_else(|| self.born_in.map(|year| format!("{year:04}")))
    }

    /// Whether the document read is out of date everywhere on earth.
    pub fn document_is_out_of_date(&self, now: Timestamp) -> bool {
        self.document_expires.and_then(crate::stay::timeline::over).is_some_and(|over| over <= now)
    }

    /// In whole years on the UTC calendar; `None` when no date of birth was stated, or one to come.
    pub fn age_at(&self, now: Timestamp) -> Option<u8> {
        let today = now.to_zoned_datetime(TimeZone::UTC).date();
        let lived = self.born?.until((Unit::Year, today)).ok()?;
        u8::try_from(lived.get_years()).ok()
    }

    /// Whether no state protects them, by what is stated: no document at all, or one of a stateless person or a refugee.
    pub fn has_no_states_protection(&self) -> bool {
        let nobodys = self.documents.iter().any(|document| document.issuer.is_nobodys());
        self.documents.is_empty() || nobodys || self.nationality.as_ref().is_some_and(State::is_nobodys)
    }

    /// Whether the carrier's own reference says that they are the same.
    pub fn has_reference_of(&self, other: &Self) -> bool {
        let both = self.carrier_reference.as_ref().zip(other.carrier_reference.as_ref());
        both.is_some_and(|(a, b)| a == b && self.booking == other.booking)
    }

    /// What the carrier means the same person by when it sends the list again: its own reference, else the
    /// first document, else name and date of birth.
    pub fn same_as(&self, other: &Self) -> bool {
        if self.has_reference_of(other) {
            return true;
        }
        match (self.documents.first(), other.documents.first()) {
            (Some(a), Some(b)) => a == b,
            _ => self.is_named_as(other),
        }
    }

    /// Whether name and date of birth are stated the same.
    pub fn is_named_as(&self, other: &Self) -> bool {
        let who = |of: &Self| (of.born, of.born_in);
        self.family_name == other.family_name
            && self.given_names == other.given_names
            && who(self) == who(other)
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
    /// Set where this is no carrier's voyage but a *watch*: the hours that a crossing point works, from opening to
    /// closing. Whoever passes there then is on it: the people of the voyages that land meanwhile, or who shows a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
}

impl Voyage {
    /// Whether the carrier has it leave from the port of a point that people leave by, or land at that of one they enter by.
    pub fn calls_at(&self, point: &CrossingPoint) -> bool {
        self.legs.iter().any(|leg| match point.direction {
            Direction::Exit => leg.from == point.port,
            Direction::Entry => leg.to == point.port,
        })
    }
}

/// The hours that a crossing point works, from opening to closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// Where.
    pub point: PointId,
    /// Since when.
    pub from: Timestamp,
    /// When it is closed, should nobody close it before.
    pub until: Timestamp,
    /// Whom it expects.
    pub expects: Expects,
}

impl Watch {
    /// No watch lasts longer: who passed in it is forgotten with its end.
    pub const HOURS_MAX: i64 = 24;

    /// Whether a voyage's arrival at `port` falls into the watch. Carriers send local times without a zone: whatever the
    /// zone, nobody is missed, so that some are expected too early. Where they send no time of arrival, it lies between the
    /// last time that is stated before it and the first after it, or within a day of the departure.
    pub fn lands(&self, legs: &[Leg], date: Date, port: &str) -> bool {
        let Some(at) = legs.iter().position(|leg| leg.to == port) else { return false };
        let slack = SignedDuration::from_hours(ZONE_HOURS_MAX);
        let utc = |at: DateTime| {
            at.to_zoned_datetime(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
        };
        let times = |legs: &[Leg]| legs.iter().flat_map(|leg| [leg.departs, leg.arrives]).collect::<Vec<_>>();
        let (before, after) = (times(&legs[..=at]), times(&legs[at + 1..]));
        let (earliest, latest) = match legs[at].arrives {
            Some(at) => (utc(at), utc(at)),
            None => {
                let left = before.into_iter().flatten().next_back();
                let leaves_again = after.into_iter().flatten().next().map(utc);
                let earliest = utc(left.unwrap_or(date.to_datetime(Time::MIN)));
                let set_out = utc(left.unwrap_or(date.to_datetime(Time::MAX)));
                (earliest, leaves_again.unwrap_or(set_out.checked_add(UNDER_WAY).unwrap_or(Timestamp::MAX)))
            }
        };
        earliest.checked_sub(slack).is_ok_and(|at| at < self.until)
            && latest.checked_add(slack).is_ok_and(|at| at >= self.from)
    }
}

/// How long after its departure a voyage of no stated time lands: longer than any flight, and a night at sea.
const UNDER_WAY: SignedDuration = SignedDuration::from_hours(24);

/// No port's clock is further from UTC.
const ZONE_HOURS_MAX: i64 = 14;

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
    fn a_watch_expects_whoever_may_land_in_it_whatever_the_zone() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let watch = Watch {
            point: PointId::from_bytes([1; 16]),
            from: at("2026-11-30T08:00:00Z"),
            until: at("2026-11-30T16:00:00Z"),
            expects: Expects::Arrivals,
        };
        let leg = |arrives: Option<&str>| {
            let arrives = arrives.map(|text| text.parse().unwrap());
            [Leg { from: "CDG".into(), to: "UTO".into(), departs: None, arrives }]
        };
        let date = Date::constant(2026, 11, 30);
        let lands = |arrives| watch.lands(&leg(arrives), date, "UTO");
        assert!(lands(Some("2026-11-30T09:00")) && lands(None));
        // 23:00 thirteen hours east of Greenwich is 10:00 UTC.
        assert!(lands(Some("2026-11-30T23:00")));
        assert!(!lands(Some("2026-12-01T09:00")) && !lands(Some("2026-11-29T17:00")));
        assert!(!watch.lands(&leg(None), date, "CDG"));
        assert!(!watch.lands(&leg(None), Date::constant(2026, 12, 2), "UTO"));
        // Flown over the date line, or over night: the date is the departure's.
        assert!(watch.lands(&leg(None), Date::constant(2026, 11, 29), "UTO"));
        assert!(!watch.lands(&leg(None), Date::constant(2026, 11, 27), "UTO"));
        let mut ship = leg(None).to_vec();
        ship[0].departs = "2026-11-29T22:00".parse().ok();
        assert!(
            watch.lands(&ship, Date::constant(2026, 11, 22), "UTO"),
            "a cruise is named by its first day"
        );
        let onward = Leg {
            from: "UTO".into(),
            to: "MAR".into(),
            departs: "2026-12-03T08:00".parse().ok(),
            arrives: None,
        };
        ship[0].departs = None;
        ship.push(onward);
        assert!(watch.lands(&ship, Date::constant(2026, 11, 22), "UTO"), "some day until it leaves again");
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
