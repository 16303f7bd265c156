//! How the authority to photograph comes about: drafted, attested, approved by somebody else, published; then notices, then
//! devices.
//!
//! What is in force is a [`Designation`]. Nothing makes one in force but an [`Approved`], and only [`Draft::approved`] makes
//! that: nobody designates alone.

use crate::place::Designation;
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Hours of every day, by the clock on the wall at the point. From 22:00 until 05:00 is a night.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyHours {
    /// Open from.
    pub from: Time,
    /// Closed from.
    pub until: Time,
    /// The time zone by its IANA name: `America/New_York`.
    pub zone: String,
}

impl DailyHours {
    /// Whether they are open at `now`, by the clock of `zone`.
    ///
    /// ```
    /// use portunus_core::designation::DailyHours;
    /// let night: DailyHours = "22:00-05:00 UTC".parse().unwrap();
    /// let zone = jiff::tz::TimeZone::UTC;
    /// assert!(night.open("2026-11-30T23:00:00Z".parse().unwrap(), &zone));
    /// assert!(night.open("2026-11-30T04:59:59Z".parse().unwrap(), &zone));
    /// assert!(!night.open("2026-11-30T05:00:00Z".parse().unwrap(), &zone));
    /// ```
    pub fn open(&self, now: Timestamp, zone: &TimeZone) -> bool {
        let at = now.to_zoned_datetime(zone.clone()).time();
        if self.from <= self.until {
            self.from <= at && at < self.until
        } else {
            self.from <= at || at < self.until
        }
    }
}

impl std::fmt::Display for DailyHours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{} {}", self.from.strftime("%H:%M"), self.until.strftime("%H:%M"), self.zone)
    }
}

impl std::str::FromStr for DailyHours {
    type Err = &'static str;
    /// Reads `05:00-23:30 America/New_York`. Whether there is such a zone is for whoever has the list of zones.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = "expected hours and a time zone, as in 05:00-23:30 America/New_York";
        let (hours, zone) = text.trim().split_once(' ').ok_or(wanted)?;
        let (from, until) = hours.split_once('-').ok_or(wanted)?;
        let time = |text: &str| Time::strptime("%H:%M", text).map_err(|_| wanted);
        let (from, until, zone) = (time(from)?, time(until)?, zone.trim());
        let plain = zone.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
        if from == until || zone.is_empty() || zone.len() > 40 || !plain {
            return Err(wanted);
        }
        Ok(Self { from, until, zone: zone.to_owned() })
    }
}

/// Somebody of the owner or of a contractor says that it keeps no frames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    /// The owner or contractor, as the designation names it.
    pub party: String,
    /// Who said so for it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A designation that nobody has approved yet: no photo is taken under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// As it would be published.
    pub designation: Designation,
    /// Who wrote it, by the name that they sign in with.
    pub author: String,
    /// When.
    pub drafted_at: Timestamp,
    /// Who has attested so far.
    pub attestations: Vec<Attestation>,
}

/// Why a draft cannot be approved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotYet {
    /// Four eyes.
    #[error("a designation is approved by somebody else than its author")]
    OwnDraft,
    /// Owner or contractors have not attested.
    #[error("these have not attested that they keep no frames: {}", .0.join(", "))]
    NotAttested(Vec<String>),
    /// Its last day has passed.
    #[error("the draft's end has passed: draft another")]
    Over,
    /// Nobody of that name is among its owner and contractors.
    #[error("the designation names no such owner or contractor")]
    NoSuchParty,
}

/// A text that cannot be published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: expected {expected}")]
pub struct Unpublishable {
    what: &'static str,
    expected: String,
}

/// A contractor is one of so many at most.
const CONTRACTORS_MAX: usize = 20;
/// Names have at most so many characters.
pub const NAME_CHARS_MAX: usize = 100;
/// What people call a crossing point has at most so many.
pub const POINT_CHARS_MAX: usize = 60;
/// What a designation rests on has at most so many.
const LEGAL_BASIS_CHARS_MAX: usize = 200;

/// A text as it is published: one line of 1 to `chars_max` characters, one blank between words.
///
/// # Errors
/// [`Unpublishable`].
pub fn line(text: &str, what: &'static str, chars_max: usize) -> Result<String, Unpublishable> {
    let line = folded(text);
    if !(1..=chars_max).contains(&line.chars().count()) || !crate::text::is_line(text.trim()) {
        return Err(Unpublishable { what, expected: format!("1 to {chars_max} characters of one line") });
    }
    Ok(line)
}

/// A port's code in upper case: `JFK`, `USNYC`.
///
/// # Errors
/// [`Unpublishable`].
pub fn port(text: &str) -> Result<String, Unpublishable> {
    let code = text.trim().to_ascii_uppercase();
    if (3..=5).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(code);
    }
    Err(Unpublishable {
        what: "port",
        expected: "an IATA location or a UN/LOCODE, as in JFK or USNYC".to_owned(),
    })
}

/// A designation whose texts can be published, or which of them cannot.
///
/// # Errors
/// [`Unpublishable`].
pub fn publishable(designation: Designation) -> Result<Designation, Unpublishable> {
    let contractors = &designation.contractors;
    if contractors.len() > CONTRACTORS_MAX {
        return Err(Unpublishable { what: "contractors", expected: format!("at most {CONTRACTORS_MAX}") });
    }
    let contractors = contractors.iter().map(|name| line(name, "contractor", NAME_CHARS_MAX));
    Ok(Designation {
        legal_basis: line(&designation.legal_basis, "legal_basis", LEGAL_BASIS_CHARS_MAX)?,
        device_owner: line(&designation.device_owner, "device_owner", NAME_CHARS_MAX)?,
        contractors: contractors.collect::<Result<_, _>>()?,
        ..designation
    })
}

/// One blank between words, and none about them.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name as names are compared: in whatever case, with blanks of whatever width.
fn same(one: &str, other: &str) -> bool {
    folded(one).to_lowercase() == folded(other).to_lowercase()
}

impl Draft {
    /// A draft of which nobody has attested anything.
    pub fn new(designation: Designation, author: &str, now: Timestamp) -> Self {
        Self { designation, author: folded(author), drafted_at: now, attestations: Vec::new() }
    }

    /// `by` says for the owner or a contractor that it keeps no frames. Attested twice, the first stands.
    ///
    /// # Errors
    /// [`NotYet::NoSuchParty`].
    pub fn attest(&mut self, party: &str, by: &str, now: Timestamp) -> Result<(), NotYet> {
        let party = self.party(party)?.clone();
        if !self.attestations.iter().any(|one| one.party == party) {
            self.attestations.push(Attestation { party, by: folded(by), at: now });
        }
        Ok(())
    }

    /// The owner and the contractors, each once.
    fn parties(&self) -> impl Iterator<Item = &String> {
        let Designation { device_owner, contractors, .. } = &self.designation;
        std::iter::once(device_owner).chain(contractors)
    }

    /// Who has still to attest.
    pub fn unattested(&self) -> Vec<String> {
        let attested = |party: &String| self.attestations.iter().any(|by| same(&by.party, party));
        self.parties().filter(|party| !attested(party)).cloned().collect()
    }

    /// The party as the draft names it.
    ///
    /// # Errors
    /// [`NotYet::NoSuchParty`].
    pub fn party(&self, named: &str) -> Result<&String, NotYet> {
        self.parties().find(|party| same(party, named)).ok_or(NotYet::NoSuchParty)
    }

    /// What may be published, when `approver` approves it at `now`. It begins then at the earliest: never back-dated.
    ///
    /// # Errors
    /// [`NotYet`]; among it that the author cannot approve.
    pub fn approved(self, approver: &str, now: Timestamp) -> Result<Approved, NotYet> {
        if approver.trim().is_empty() || same(approver, &self.author) {
            return Err(NotYet::OwnDraft);
        }
        let missing = self.unattested();
        if !missing.is_empty() {
            return Err(NotYet::NotAttested(missing));
        }
        let Self { mut designation, author, attestations, .. } = self;
        designation.from = designation.from.max(now);
        if designation.until.is_some_and(|until| until <= designation.from) {
            return Err(NotYet::Over);
        }
        Ok(Approved { designation, author, approver: folded(approver), at: now, attestations })
    }
}

/// A designation that two people stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    designation: Designation,
    author: String,
    approver: String,
    at: Timestamp,
    attestations: Vec<Attestation>,
}

impl Approved {
    /// What is published.
    pub fn designation(&self) -> &Designation {
        &self.designation
    }

    /// Who wrote it.
    pub fn author(&self) -> &str {
        &self.author
    }

    /// Who approved it.
    pub fn approver(&self) -> &str {
        &self.approver
    }

    /// When it was approved.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// What owner and contractors attested.
    pub fn attestations(&self) -> &[Attestation] {
        &self.attestations
    }
}

/// Why no photo may be taken at a point now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undesignated {
    /// There has never been one.
    #[error("no designation is in force for this crossing point: one person drafts it, another approves it")]
    Never,
    /// It begins later.
    #[error("the designation of this crossing point begins at {0}")]
    Begins(Timestamp),
    /// Its dates are over.
    #[error("the designation of this crossing point ended at {0}")]
    Ended(Timestamp),
    /// It was withdrawn.
    #[error("the designation of this crossing point was withdrawn at {0}: the camera stays off")]
    Withdrawn(Timestamp),
    /// It is for other hours of the day.
    #[error("this crossing point is designated for other hours of the day")]
    OutsideHours,
    /// The point is crossed the other way than it was designated for.
    #[error("this crossing point is designated for the other direction")]
    OtherDirection,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{DesignationId, PointId};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn draft() -> Draft {
        let designation = Designation {
            id: DesignationId::from_bytes([1; 16]),
            point: PointId::from_bytes([2; 16]),
            legal_basis: "8 CFR 215.8".into(),
            from: at(0),
            until: Some(at(1000)),
            device_owner: "Port of Example".into(),
            contractors: vec!["Lens & Sons".into()],
            manual_wait_ceiling_seconds: 600,
            hours: None,
        };
        Draft::new(designation, "A.Diaz", at(0))
    }

    fn attested() -> Draft {
        let mut draft = draft();
        for party in ["Port of Example", "lens & sons ", "Lens & Sons"] {
            draft.attest(party, "J. Kim", at(1)).unwrap();
        }
        draft
    }

    #[test]
    fn the_author_cannot_approve_however_the_name_is_written() {
        for own in ["A.Diaz", "a.diaz", " A.DIAZ ", ""] {
            assert_eq!(attested().approved(own, at(5)), Err(NotYet::OwnDraft), "{own:?}");
        }
        let spaced = Draft { author: "A. Diaz".into(), ..attested() };
        assert_eq!(spaced.approved("a.  diaz", at(5)), Err(NotYet::OwnDraft));
        let approved = attested().approved("b.osei", at(5)).unwrap();
        assert_eq!((approved.author(), approved.approver(), approved.at()), ("A.Diaz", "b.osei", at(5)));
        assert_eq!(approved.designation().from, at(5), "never back-dated");
    }

    #[test]
    fn what_is_published_is_said_in_lines_that_can_be_read() {
        let with = |legal_basis: &str, device_owner: &str| {
            let designation = draft().designation;
            publishable(Designation {
                legal_basis: legal_basis.into(),
                device_owner: device_owner.into(),
                ..designation
            })
        };
        let good = with(" 8 CFR  215.8 ", "Port").unwrap();
        assert_eq!((good.legal_basis.as_str(), good.device_owner.as_str()), ("8 CFR 215.8", "Port"));
        let long = "x".repeat(201);
        for (basis, owner) in
            [("", "Port"), ("8\nCFR", "Port"), (&long, "Port"), ("8 CFR", " "), ("8 CFR", &long)]
        {
            assert!(with(basis, owner).is_err(), "{basis:?} {owner:?}");
        }
        assert_eq!(port(" jfk "), Ok("JFK".into()));
        assert!(["", "J", "Not a port!!", "J K"].iter().all(|bad| port(bad).is_err()));
        assert_eq!(
            line("", "point", 60).unwrap_err().to_string(),
            "point: expected 1 to 60 characters of one line"
        );
    }

    #[test]
    fn owner_and_contractors_attest_first_and_nobody_else_does() {
        let mut draft = draft();
        assert_eq!(draft.unattested(), ["Port of Example", "Lens & Sons"]);
        assert_eq!(draft.attest("somebody else", "J. Kim", at(1)), Err(NotYet::NoSuchParty));
        draft.attest("PORT OF EXAMPLE", "J. Kim", at(1)).unwrap();
        assert_eq!(draft.approved("b.osei", at(5)), Err(NotYet::NotAttested(vec!["Lens & Sons".into()])));
    }

    #[test]
    fn what_would_be_over_at_once_is_not_approved() {
        assert_eq!(attested().approved("b.osei", at(1000)), Err(NotYet::Over));
    }

    #[test]
    fn hours_are_read_as_they_are_written_and_follow_the_wall_clock() {
        let hours: DailyHours = "05:00-23:30 America/New_York".parse().unwrap();
        assert_eq!(hours.to_string(), "05:00-23:30 America/New_York");
        let eastern = TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap();
        let open = |text: &str| hours.open(text.parse().unwrap(), &eastern);
        // 05:00 is 10:00 UTC in winter and 09:00 in summer.
        assert!(open("2026-01-15T10:00:00Z") && !open("2026-01-15T09:59:59Z"));
        assert!(open("2026-07-15T09:00:00Z") && !open("2026-07-15T08:59:59Z"));
        assert!(!open("2026-01-15T04:30:00Z"), "23:30 is closed");
        for wrong in
            ["", "05:00", "05:00-23:30", "5-6 UTC", "05:00-05:00 UTC", "05:00-24:30 UTC", "05:00-06:00 a b"]
        {
            assert!(wrong.parse::<DailyHours>().is_err(), "{wrong}");
        }
    }
}
