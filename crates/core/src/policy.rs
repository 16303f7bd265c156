//! Policy packs: who may be photographed, what follows a decline, how long what is kept. Law is data.
//!
//! A pack is one TOML file ([`Policy::from_toml`]); `policies/us-2025.toml` is the first. Every statement
//! carries its citation, and whether it was checked in the source itself.

use crate::document::State;
use jiff::{SignedDuration, Span, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a person's data is to be handled. Any claim or evidence of citizenship selects citizen handling at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonClass {
    /// A citizen of the state, or someone who may be one.
    Citizen,
    /// A lawful permanent resident.
    PermanentResident,
    /// Any other foreign national.
    NonImmigrant,
    /// Not yet known.
    Unknown,
}

impl PersonClass {
    /// All classes: a pack states a rule for each.
    pub const ALL: [Self; 4] = [Self::Citizen, Self::PermanentResident, Self::NonImmigrant, Self::Unknown];

    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Citizen => "citizen",
            Self::PermanentResident => "permanent resident",
            Self::NonImmigrant => "non-immigrant",
            Self::Unknown => "not yet known",
        }
    }
}

/// What kept data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataClass {
    /// The photo taken at the crossing point.
    Probe,
    /// The record that a person crossed.
    Crossing,
    /// A reference portrait staged for galleries.
    Reference,
}

impl DataClass {
    /// All classes of data: a pack states a length for each.
    pub const ALL: [Self; 3] = [Self::Probe, Self::Crossing, Self::Reference];
}

/// What the law asks of a traveller before a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhotoDuty {
    /// Free to take part or not.
    Optional,
    /// May be required to take part; who declines is seen by an officer.
    Required,
    /// Not to be photographed.
    Exempt,
}

/// What follows when someone declines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnDecline {
    /// The document is inspected by hand and the traveller goes on.
    DocumentInspection,
    /// An officer decides what follows.
    Officer,
}

/// One rule on taking a photo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhotoRule {
    /// Whom it is for.
    pub class: PersonClass,
    /// Required, optional or exempt.
    pub duty: PhotoDuty,
    /// What follows a decline.
    pub on_decline: OnDecline,
    /// Where that is written.
    pub citation: String,
    /// Whether it was checked in the source itself.
    pub checked: bool,
}

/// How long something is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Keep {
    /// Never written.
    Never,
    /// This long, on the UTC calendar (`75 years`, `60 minutes`).
    For(SpanText),
}

/// A length of time that remembers how it was written.
#[derive(Debug, Clone)]
pub struct SpanText {
    text: String,
    span: Span,
}

impl PartialEq for SpanText {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for SpanText {}

impl TryFrom<String> for Keep {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self::Never);
        }
        let span: Span = text.parse().map_err(|_| {
            format!("expected \"never\" or a length such as \"60 minutes\" or \"75 years\", found {text:?}")
        })?;
        if span.is_zero() || span.is_negative() {
            return Err(format!("expected a length above zero, found {text:?}; write \"never\" for none"));
        }
        Ok(Self::For(SpanText { text, span }))
    }
}

impl From<Keep> for String {
    fn from(keep: Keep) -> String {
        match keep {
            Keep::Never => "never".to_owned(),
            Keep::For(span) => span.text,
        }
    }
}

impl Keep {
    /// When what was taken or recorded at `from` is due; `None` for what is never written.
    ///
    /// Calendar units count on the UTC calendar; 29 February plus a year is 28 February. A date past the
    /// calendar's end (year 9999) is due at that end.
    pub fn due(&self, from: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::For(length) => Some(
                from.to_zoned_datetime(TimeZone::UTC)
                    .checked_add(length.span)
                    .map_or(Timestamp::MAX, |zoned| zoned.timestamp()),
            ),
        }
    }
}

/// One rule on keeping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionRule {
    /// Whose data.
    pub class: PersonClass,
    /// Which data.
    pub data: DataClass,
    /// How long, from the capture (probe, crossing) or the import (reference).
    pub keep: Keep,
    /// Where that is written.
    pub citation: String,
    /// Whether it was checked in the source itself.
    pub checked: bool,
}

/// What a traveller reads before the camera starts, in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// What this is.
    pub title: String,
    /// What the photo is for and what is kept.
    pub purpose: String,
    /// What citizens are free to do.
    pub citizens: String,
    /// What others are asked to do, and what follows a decline.
    pub others: String,
    /// The label by which a traveller claims citizenship.
    pub claim: String,
    /// What holds for someone who claims citizenship.
    pub claimed: String,
}

/// A policy pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Short name: `us-2025`.
    pub id: String,
    /// What it is, in a line.
    pub title: String,
    /// The state whose border this is, by its ICAO 9303 code.
    pub home: State,
    /// The same state in the two letters of ISO 3166-1, by which ports are told home from abroad.
    pub home_country: String,
    /// In force from this day.
    pub in_force: Date,
    /// Whether people may change planes without entering the state.
    pub transit_without_entry: bool,
    /// How many captures a traveller may be asked for before an officer is.
    pub attempts_max: u32,
    /// Wanted false-positive identification rate of a whole transaction (ISO/IEC 19795-1).
    pub wanted_fpir: crate::biometric::Rate,
    /// How long an officer sees the photo of someone whose photo is not kept, in seconds.
    pub unkept_photo_shown_seconds: u32,
    /// Version of the notice, named in every capture.
    pub notice_version: String,
    /// The notice by language (BCP 47).
    pub notice: BTreeMap<String, Notice>,
    /// Who may be photographed.
    pub photo: Vec<PhotoRule>,
    /// How long what is kept.
    pub retention: Vec<RetentionRule>,
}

/// Why a text is not a policy pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not TOML, or not of a pack's shape.
    #[error("policy pack, line {line}: {what}")]
    Shape {
        /// Line, from 1.
        line: usize,
        /// What was wrong and expected.
        what: String,
    },
    /// A statement is missing, doubled or contradicts another.
    #[error("policy pack: {0}")]
    Content(String),
}

/// The longest that a probe may live while its subject's nationality is unknown (DESIGN section 5).
const UNKNOWN_PROBE_MINUTES_MAX: i64 = 60;

impl Policy {
    /// Reads and checks a pack.
    ///
    /// # Errors
    /// [`PolicyError`] names the line, or the statement that is missing, doubled or against the walls.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text.as_bytes().iter().take(start).filter(|b| **b == b'\n').count() + 1;
            PolicyError::Shape { line, what: error.message().to_owned() }
        })?;
        policy.check().map_err(PolicyError::Content)?;
        Ok(policy)
    }

    fn check(&self) -> Result<(), String> {
        for class in PersonClass::ALL {
            let rules = self.photo.iter().filter(|rule| rule.class == class).count();
            if rules != 1 {
                return Err(format!("{rules} photo rules for class {:?}, expected one", class.in_words()));
            }
            for data in DataClass::ALL {
                let rules = self.retention.iter().filter(|r| r.class == class && r.data == data).count();
                if rules != 1 {
                    return Err(format!(
                        "{rules} retention rules for {data:?} of class {:?}, expected one",
                        class.in_words()
                    ));
                }
            }
        }
        if self.keep(PersonClass::Citizen, DataClass::Probe) != &Keep::Never {
            return Err("a citizen's probe is never written: keep must be \"never\"".to_owned());
        }
        let epoch = Timestamp::UNIX_EPOCH;
        if let Some(due) = self.keep(PersonClass::Unknown, DataClass::Probe).due(epoch)
            && due.duration_since(epoch) > SignedDuration::from_mins(UNKNOWN_PROBE_MINUTES_MAX)
        {
            return Err(format!(
                "the probe of someone of unknown nationality lives at most {UNKNOWN_PROBE_MINUTES_MAX} minutes"
            ));
        }
        if self.notice.is_empty() || !(1..=5).contains(&self.attempts_max) {
            return Err("expected a notice in at least one language, and one to five attempts".to_owned());
        }
        if !(1..=30).contains(&self.unkept_photo_shown_seconds) {
            return Err("an unkept photo is shown for 1 to 30 seconds".to_owned());
        }
        let country = self.home_country.as_bytes();
        if country.len() != 2 || !country.iter().all(u8::is_ascii_uppercase) {
            return Err("home_country: expected two capital letters (ISO 3166-1 alpha-2)".to_owned());
        }
        Ok(())
    }

    /// How long data of `class` is kept.
    pub fn keep(&self, class: PersonClass, data: DataClass) -> &Keep {
        self.retention
            .iter()
            .find(|rule| rule.class == class && rule.data == data)
            .map_or(&Keep::Never, |rule| &rule.keep)
    }

    /// What the law asks of `class` before a camera. A checked pack has a rule for every class; what lacked
    /// one would not be photographed.
    pub fn photo_rule(&self, class: PersonClass) -> Option<&PhotoRule> {
        self.photo.iter().find(|rule| rule.class == class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: &str = include_str!("../../../policies/us-2025.toml");

    #[test]
    fn the_us_pack_loads_and_keeps_what_it_says() {
        let policy = Policy::from_toml(US).unwrap();
        let from: Timestamp = "2024-02-29T12:00:00Z".parse().unwrap();
        let due = |class, data| policy.keep(class, data).due(from).map(|d| d.to_string());
        assert_eq!(due(PersonClass::Citizen, DataClass::Probe), None);
        assert_eq!(due(PersonClass::Unknown, DataClass::Probe).as_deref(), Some("2024-02-29T13:00:00Z"));
        assert_eq!(
            due(PersonClass::PermanentResident, DataClass::Probe).as_deref(),
            Some("2039-02-28T12:00:00Z")
        );
        assert_eq!(due(PersonClass::NonImmigrant, DataClass::Probe).as_deref(), Some("2099-02-28T12:00:00Z"));
        assert_eq!(policy.photo_rule(PersonClass::Citizen).unwrap().duty, PhotoDuty::Optional);
        for language in ["en", "es", "fr", "ar", "zh"] {
            assert!(policy.notice.contains_key(language), "{language}");
        }
    }

    #[test]
    fn a_pack_that_keeps_citizens_probes_is_refused() {
        let text = US.replacen("keep = \"never\"", "keep = \"12 hours\"", 1);
        assert!(
            matches!(Policy::from_toml(&text), Err(PolicyError::Content(why)) if why.contains("never written"))
        );
    }

    #[test]
    fn a_bad_length_is_named_with_its_line() {
        let text = US.replacen("keep = \"75 years\"", "keep = \"75 yaers\"", 1);
        let line = text.lines().position(|l| l.contains("yaers")).unwrap() + 1;
        assert!(matches!(Policy::from_toml(&text), Err(PolicyError::Shape { line: l, .. }) if l == line));
    }

    #[test]
    fn a_missing_or_doubled_rule_is_refused() {
        let doubled = format!(
            "{US}\n[[photo]]\nclass = \"citizen\"\nduty = \"exempt\"\non_decline = \"officer\"\ncitation = \"x\"\nchecked = false\n"
        );
        assert!(
            matches!(Policy::from_toml(&doubled), Err(PolicyError::Content(why)) if why.starts_with("2 photo rules"))
        );
    }
}
