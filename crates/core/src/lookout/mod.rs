//! Lookouts: what sends a traveller to an officer by document, by name or by voyage, and says why.
//!
//! A lookout refers. It never refuses, ranks nobody, and keeps no score of a person: what is measured is how alike two
//! names are, with how often such a likeness is right ([`Stated`]). It can read no face and no decline: all that it is asked
//! with is a [`Query`], which has no field for either, and nothing that holds either becomes one.
//!
//! ```compile_fail
//! # use portunus_core::{encounter::Encounter, lookout::Query};
//! fn by_a_choice_or_a_face(encounter: &Encounter) -> Query<'_> {
//!     Query::from(encounter)
//! }
//! ```
//! ```compile_fail
//! # use portunus_core::{lookout::Query, voyage::ManifestPerson};
//! fn with_a_photo<'a>(person: &'a ManifestPerson, probe: &'a [u8]) -> Query<'a> {
//!     Query { probe, ..Query::of(person, None) }
//! }
//! ```
//! ```
//! # use portunus_core::{lookout::Query, voyage::ManifestPerson};
//! fn what_a_list_states<'a>(person: &'a ManifestPerson) -> Query<'a> {
//!     Query::of(person, None)
//! }
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`born`] | dates of birth that are not wholly known, and what agrees with them |
//! | [`index`] | a million of them, asked within milliseconds |
//! | [`calibration`] | from which likeness on a name is a hit, and how often such hits are right and missed |

pub mod born;
pub mod calibration;
pub mod index;
mod keys;
#[cfg(test)]
mod tests;

pub use born::{Born, BornAgrees};
pub use calibration::{Calibration, Cell, Stated, Thresholds};
pub use index::{Index, IndexFull};

use crate::document::{DocumentKey, State};
use crate::id::{LookoutId, UserId};
use crate::voyage::{ManifestPerson, VoyageKey};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A lookout ends at most this long after it was made: five years, as the longest alerts in Regulation (EU) 2018/1862,
/// Article 53.
pub const DAYS_MAX: i64 = 5 * 366;
/// Somebody looks at it again within this.
pub const REVIEW_DAYS_MAX: i64 = 366;
/// Names of one person.
pub const NAMES_MAX: usize = 20;
/// Lookouts in force on people of whom no date of birth is known: each sends about ten of a million travellers to an officer
/// wrongly (docs/accuracy/lookouts.md), so all of them together about one in a thousand.
pub const UNDATED_MAX: usize = 100;
/// Characters of an authority, of its file number, of a reason.
pub const TEXT_CHARS_MAX: usize = 200;

/// Why a document is looked out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentState {
    /// Its holder lost it.
    Lost,
    /// It was taken from its holder, or blank from its issuer.
    Stolen,
    /// Its issuer withdrew it.
    Revoked,
}

impl DocumentState {
    /// The word for it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Stolen => "stolen",
            Self::Revoked => "revoked",
        }
    }
}

/// A name as somebody states it, in any script. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedName {
    /// Family name, or the only one.
    pub family: String,
    /// Given names; may be empty.
    #[serde(default)]
    pub given: String,
}

/// What is looked out for. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "kebab-case", deny_unknown_fields)]
pub enum On {
    /// A document.
    Document {
        /// Which.
        document: DocumentKey,
        /// Why.
        state: DocumentState,
    },
    /// A person.
    Person {
        /// Their names: at least one, at most [`NAMES_MAX`].
        names: Vec<StatedName>,
        /// What is known of their date of birth: at least the year, where no nationality is.
        born: Born,
        /// Their nationality, where it is known.
        #[serde(default)]
        nationality: Option<State>,
    },
    /// Everybody on a voyage: of one day, or of every day.
    Voyage {
        /// Carrier's code.
        carrier: String,
        /// Number without the carrier.
        number: String,
        /// Its scheduled local date; every one when not said.
        #[serde(default)]
        date: Option<Date>,
    },
}

impl On {
    /// `document`, `person` or `voyage`.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Document { .. } => "document",
            Self::Person { .. } => "person",
            Self::Voyage { .. } => "voyage",
        }
    }

    /// Whether it is on a person of whom no date of birth is known: [`UNDATED_MAX`] of these are in force at most.
    pub fn is_undated(&self) -> bool {
        matches!(self, Self::Person { born: Born::Unknown, .. })
    }
}

/// A lookout as its author writes it. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookout {
    /// What is looked out for.
    #[serde(flatten)]
    pub on: On,
    /// Who asked for it. Counts are kept by it.
    pub authority: String,
    /// The authority's own file number: with the authority it names the lookout when it comes again.
    pub reference: String,
    /// Why, in words that an officer reads.
    pub reason: String,
    /// From then on it is gone.
    pub expires_at: Timestamp,
    /// By then somebody looks whether it is still right.
    pub review_on: Date,
}

/// What is wrong with a lookout: in which field, and what is expected there. Holds none of its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{field}: expected {expected}")]
pub struct Fault {
    /// The field, as it is called in CSV and JSON.
    pub field: &'static str,
    /// What it should be.
    pub expected: String,
}

impl Fault {
    /// A fault of a field.
    pub fn new(field: &'static str, expected: impl Into<String>) -> Self {
        Self { field, expected: expected.into() }
    }
}

impl Lookout {
    /// Whether it may be kept.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub fn check(&self, now: Timestamp) -> Result<(), Fault> {
        for (field, text) in
            [("authority", &self.authority), ("reference", &self.reference), ("reason", &self.reason)]
        {
            if text.trim().is_empty() || text.chars().count() > TEXT_CHARS_MAX {
                return Err(Fault::new(field, format!("1 to {TEXT_CHARS_MAX} characters")));
            }
            if !crate::text::is_line(text) {
                return Err(Fault::new(field, "one line of text, without control characters"));
            }
        }
        let days =
            |days: i64| now.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX);
        if self.expires_at <= now || self.expires_at > days(DAYS_MAX) {
            return Err(Fault::new("expires", format!("an instant to come, at most {DAYS_MAX} days ahead")));
        }
        let day = |at: Timestamp| at.to_zoned_datetime(TimeZone::UTC).date();
        // It is gone at that instant: at midnight the day before was its last.
        let last = self.expires_at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(self.expires_at);
        if self.review_on < day(now) || self.review_on > day(days(REVIEW_DAYS_MAX)).min(day(last)) {
            let expected =
                format!("a day to come, at most {REVIEW_DAYS_MAX} days ahead and not after it expires");
            return Err(Fault::new("review", expected));
        }
        match &self.on {
            On::Document { .. } => Ok(()),
            On::Person { names, born, nationality } => {
                check_names(names)?;
                born.check(nationality.is_some(), day(now))
            }
            On::Voyage { carrier, number, date } => {
                // Any day does where none is said: the key's other parts are checked.
                let key = VoyageKey::new(carrier, number, date.unwrap_or(self.review_on));
                let same = key.is_some_and(|key| key.carrier == *carrier && key.number == *number);
                if !same {
                    return Err(Fault::new("voyage", "CARRIER NUMBER in upper case, no leading zeros"));
                }
                // A voyage's date is local: somewhere it may still be yesterday.
                let yesterday = day(now).yesterday().unwrap_or(Date::MIN);
                if date.is_some_and(|date| date < yesterday) {
                    return Err(Fault::new("date", "a day to come: one that is past hits nobody"));
                }
                Ok(())
            }
        }
    }
}

fn check_names(names: &[StatedName]) -> Result<(), Fault> {
    if names.is_empty() || names.len() > NAMES_MAX {
        return Err(Fault::new("names", format!("1 to {NAMES_MAX} names")));
    }
    for name in names {
        let spelled =
            crate::name::spell(&format!("{}<{}", name.family, name.given), crate::name::Language::Other);
        if spelled.left_out > 0 {
            let expected = "letters that ICAO 9303-3 section 6 can spell: Latin, Cyrillic or Arabic";
            return Err(Fault::new("names", expected));
        }
        if spelled.text.len() < 2 {
            return Err(Fault::new("names", "names of two letters at least"));
        }
    }
    Ok(())
}

/// Where a lookout is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Standing {
    /// Written; it matches nobody until another person approves it.
    Proposed,
    /// Approved: it matches until it expires.
    InForce {
        /// Who approved it, who is not its author.
        approver: UserId,
        /// When.
        at: Timestamp,
    },
}

/// Why somebody may not approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotApproved {
    /// They wrote it.
    #[error("nobody approves a lookout of their own")]
    OwnLookout,
    /// Another did.
    #[error("it is approved")]
    AlreadyApproved,
    /// What was looked at is not what it says now.
    #[error("it was written anew since you looked at it: look again")]
    WrittenAnew,
}

/// Whether `approver` may put a lookout of `author` in force.
///
/// # Errors
/// [`NotApproved`] says why not.
pub fn takes_approval(author: UserId, standing: Standing, approver: UserId) -> Result<(), NotApproved> {
    match standing {
        _ if author == approver => Err(NotApproved::OwnLookout),
        Standing::InForce { .. } => Err(NotApproved::AlreadyApproved),
        Standing::Proposed => Ok(()),
    }
}

/// All that lookouts are ever asked with: what a document and a carrier's list state. Personal data: no `Debug`.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    /// Family name.
    pub family_name: &'a str,
    /// Given names; may be empty.
    pub given_names: &'a str,
    /// What is stated of their date of birth.
    pub born: Born,
    /// Nationality.
    pub nationality: Option<&'a State>,
    /// Documents.
    pub documents: &'a [DocumentKey],
    /// The voyage.
    pub voyage: Option<&'a VoyageKey>,
}

impl<'a> Query<'a> {
    /// Of somebody on a carrier's list.
    pub fn of(person: &'a ManifestPerson, voyage: Option<&'a VoyageKey>) -> Self {
        Self {
            family_name: &person.family_name,
            given_names: &person.given_names,
            born: Born::stated(person),
            nationality: person.nationality.as_ref(),
            documents: &person.documents,
            voyage,
        }
    }
}

/// Whether a stated nationality is the lookout's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NationalityAgrees {
    /// It is.
    Same,
    /// One of them is not known.
    Unknown,
    /// It is another. People have several, and change them.
    Other,
}

/// Why a lookout was hit: which fields, how alike, and how often such a hit is right. It names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Why {
    /// The document is the lookout's, character by character.
    Document {
        /// What happened to it.
        state: DocumentState,
    },
    /// The voyage is the lookout's: it says nothing of the traveller.
    Voyage,
    /// Name, date of birth and nationality.
    Person {
        /// How alike the names are, in hundredths.
        name_percent: u8,
        /// Which of the lookout's names, from 0.
        name_of: u8,
        /// What the dates of birth are to each other.
        born: BornAgrees,
        /// What the nationalities are to each other.
        nationality: NationalityAgrees,
        /// What is known of hits of this kind.
        stated: Stated,
    },
}

impl Why {
    /// For an officer, in words.
    pub fn in_words(&self) -> String {
        match self {
            Self::Document { state } => format!("The document is listed as {}", state.in_words()),
            Self::Voyage => "The voyage is listed, with everybody on it".to_owned(),
            Self::Person { name_percent, born, nationality, stated, .. } => {
                let name = match name_percent {
                    100 => "The name is written the same".to_owned(),
                    percent => format!("The name is {percent} % alike"),
                };
                let nationality = match nationality {
                    NationalityAgrees::Same => "the nationality is the same",
                    NationalityAgrees::Unknown => "a nationality is not known",
                    NationalityAgrees::Other => "the nationality is another",
                };
                format!("{name}; {}; {nationality}. {}", born.in_words(), stated.in_words())
            }
        }
    }

    /// Whether it can be somebody else's: then an officer may say that this is not the person.
    pub fn may_be_another(&self) -> bool {
        !matches!(self, Self::Voyage)
    }
}

/// A lookout that a query hit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Which.
    pub lookout: LookoutId,
    /// Why.
    pub why: Why,
}
