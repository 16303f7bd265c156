//! Policy packs: who may be photographed, what follows a decline, how long what is kept. Law is data.
//!
//! A pack is one TOML file ([`Policy::from_toml`]), `policies/us-2025.toml` for one; another country is another file.
//! Every statement carries its citation, and whether it was checked in the source itself.
//!
//! [`explain`] says a pack in words, [`diff`] what a change of it means.

mod diff;
mod explain;
mod keep;
mod load;
#[cfg(test)]
mod tests;

pub use diff::{Change, Gone, diff};
pub use explain::explain;
pub use keep::Keep;
pub use load::{PolicyError, Problem};

use crate::document::State;
use crate::place::Direction;
use jiff::{Timestamp, civil::Date};
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
    /// A reference portrait staged for galleries, with its template.
    Reference,
    /// The template of a probe, apart from it.
    Template,
    /// Fingerprints taken at the crossing point.
    Finger,
    /// Irises taken at the crossing point.
    Iris,
    /// The record that a person crossed.
    Crossing,
    /// A voyage's passenger list, with what happened at the gate, after the voyage was closed.
    ShortTermLog,
    /// Who read which record, and why.
    Audit,
}

impl DataClass {
    /// All classes of data: a pack states a length for each.
    pub const ALL: [Self; 8] = [
        Self::Probe,
        Self::Reference,
        Self::Template,
        Self::Finger,
        Self::Iris,
        Self::Crossing,
        Self::ShortTermLog,
        Self::Audit,
    ];

    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Probe => "photo taken at the crossing point",
            Self::Reference => "reference portrait",
            Self::Template => "template of a photo",
            Self::Finger => "fingerprints",
            Self::Iris => "iris pictures",
            Self::Crossing => "record of the crossing",
            Self::ShortTermLog => "short-term log",
            Self::Audit => "record of who read what",
        }
    }

    /// The events that can start its count.
    fn begins_with(self) -> &'static [Event] {
        match self {
            Self::Probe | Self::Template | Self::Finger | Self::Iris => &[Event::Capture, Event::LastExit],
            Self::Reference => &[Event::Import],
            Self::Crossing => &[Event::Crossing, Event::LastExit],
            Self::ShortTermLog => &[Event::CloseOut],
            Self::Audit => &[Event::Reading],
        }
    }

    /// Whether it is taken of a body: what a citizen's is, is never written.
    fn is_biometric(self) -> bool {
        matches!(self, Self::Probe | Self::Template | Self::Finger | Self::Iris)
    }
}

/// What starts the count of a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The photo, or other sample, was taken.
    Capture,
    /// The portrait was taken in.
    Import,
    /// The person crossed.
    Crossing,
    /// The voyage was closed.
    CloseOut,
    /// The person last left. Data of an entry counts by `without_exit` from that entry until they leave.
    LastExit,
    /// The record was read.
    Reading,
}

impl Event {
    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Capture => "the capture",
            Self::Import => "the import",
            Self::Crossing => "the crossing",
            Self::CloseOut => "the voyage's close-out",
            Self::LastExit => "the last exit",
            Self::Reading => "the reading",
        }
    }
}

/// What is taken of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Modality {
    /// A photo of the face.
    Face,
    /// Fingerprints.
    Finger,
    /// Irises.
    Iris,
}

impl Modality {
    /// All modalities: a pack states a duty for each.
    pub const ALL: [Self; 3] = [Self::Face, Self::Finger, Self::Iris];

    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Face => "a photo of the face",
            Self::Finger => "fingerprints",
            Self::Iris => "iris pictures",
        }
    }
}

/// What the law asks of a traveller before a camera or another sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    /// Free to take part or not.
    Optional,
    /// May be required to take part; who declines is seen by an officer.
    Required,
    /// Not to be taken.
    Exempt,
}

impl Duty {
    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Optional => "may decline",
            Self::Required => "may be required to take part",
            Self::Exempt => "is exempt",
        }
    }
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

impl OnDecline {
    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::DocumentInspection => "who declines has their document inspected by hand",
            Self::Officer => "who declines is seen by an officer",
        }
    }
}

/// One rule on taking a photo or other samples of some travellers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakingRule {
    /// Whom it is for: one class, or a list.
    #[serde(deserialize_with = "load::one_or_many")]
    pub class: Vec<PersonClass>,
    /// Of what: one modality, or a list; of a photo of the face where nothing is said.
    #[serde(deserialize_with = "load::one_or_many", default = "load::of_the_face")]
    pub modality: Vec<Modality>,
    /// Only for those younger than this, in whole years.
    #[serde(default)]
    pub below_age: Option<u8>,
    /// Only for those older than this, in whole years.
    #[serde(default)]
    pub above_age: Option<u8>,
    /// Only for those of this standing: a short name such as `diplomat`.
    #[serde(default)]
    pub standing: Option<String>,
    /// Required, optional or exempt.
    pub duty: Duty,
    /// What follows a decline.
    pub on_decline: OnDecline,
    /// Where that is written.
    pub citation: String,
    /// Whether it was checked in the source itself.
    pub checked: bool,
}

impl TakingRule {
    /// What is asked, and what follows a decline where there is something to decline.
    fn in_words(&self) -> String {
        match self.duty {
            Duty::Exempt => self.duty.in_words().to_owned(),
            duty => format!("{}; {}", duty.in_words(), self.on_decline.in_words()),
        }
    }

    fn is_for_all(&self) -> bool {
        self.below_age.is_none() && self.above_age.is_none() && self.standing.is_none()
    }

    fn is_for(&self, traveller: &Traveller<'_>) -> bool {
        let age = |holds: &dyn Fn(u8) -> bool| traveller.age.is_some_and(holds);
        self.below_age.is_none_or(|below| age(&|age| age < below))
            && self.above_age.is_none_or(|above| age(&|age| age > above))
            && self.standing.as_deref().is_none_or(|standing| traveller.standings.contains(&standing))
    }
}

/// What is known of a traveller where duties differ.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traveller<'a> {
    /// In whole years, if known.
    pub age: Option<u8>,
    /// Short names such as `diplomat`.
    pub standings: &'a [&'a str],
}

/// How long something is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionRule {
    /// Whose data: one class, or a list.
    #[serde(deserialize_with = "load::one_or_many")]
    pub class: Vec<PersonClass>,
    /// Which data: one class of data, or a list.
    #[serde(deserialize_with = "load::one_or_many")]
    pub data: Vec<DataClass>,
    /// How long.
    pub keep: Keep,
    /// From which event on.
    pub from: Event,
    /// With `from = "last-exit"`: how long after an entry that no exit followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_exit: Option<Keep>,
    /// Where that is written.
    pub citation: String,
    /// Whether it was checked in the source itself.
    pub checked: bool,
}

/// What happened, and so starts the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// When.
    pub at: Timestamp,
    /// Into the state or out of it, where it happened at a crossing point.
    pub direction: Option<Direction>,
}

impl Start {
    /// Something that did not happen at a crossing point.
    pub fn at(at: Timestamp) -> Self {
        Self { at, direction: None }
    }

    /// Something that happened at a crossing point.
    pub fn crossing(at: Timestamp, direction: Direction) -> Self {
        Self { at, direction: Some(direction) }
    }
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
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// By when somebody who asks what is held on them, or contests it, has an answer.
    pub access_answered_within: Keep,
    /// How long a receipt still opens once nothing of its passage is kept: it proves the erasure so long.
    pub receipts_kept: Keep,
    /// Version of the notice, named in every capture.
    pub notice_version: String,
    /// The notice by language (BCP 47).
    pub notice: BTreeMap<String, Notice>,
    /// Of whom what may be taken.
    pub taking: Vec<TakingRule>,
    /// How long what is kept.
    pub retention: Vec<RetentionRule>,
}

impl Policy {
    /// The rule on how long data of `class` is kept. A checked pack has one for every class and data; what lacked
    /// one would not be kept.
    pub fn retention_rule(&self, class: PersonClass, data: DataClass) -> Option<&RetentionRule> {
        self.retention.iter().find(|rule| rule.class.contains(&class) && rule.data.contains(&data))
    }

    /// When data of `class` is to be gone that is there since `start`; `None` for what is never written.
    pub fn due(&self, class: PersonClass, data: DataClass, start: Start) -> Option<Timestamp> {
        let rule = self.retention_rule(class, data)?;
        let entered = rule.from == Event::LastExit && start.direction != Some(Direction::Exit);
        let keep = rule.without_exit.as_ref().filter(|_| entered).unwrap_or(&rule.keep);
        keep.due(start.at)
    }

    /// What holds everybody's `data` together and began at or before this instant is past its date at `now`: the
    /// shortest length of all classes counts.
    pub fn over(&self, data: DataClass, now: Timestamp) -> Timestamp {
        let began = |class| self.retention_rule(class, data).map_or(now, |rule| rule.keep.over(now));
        PersonClass::ALL.into_iter().map(began).max().unwrap_or(now)
    }

    /// What the law asks of a traveller before a sensor: a rule for their age or standing before the rule for all of
    /// their class. A checked pack has a rule for every class; what lacked one would not be taken.
    pub fn taking_rule(
        &self,
        class: PersonClass,
        modality: Modality,
        traveller: &Traveller<'_>,
    ) -> Option<&TakingRule> {
        let of = || self.taking.iter().filter(|r| r.class.contains(&class) && r.modality.contains(&modality));
        of().find(|rule| !rule.is_for_all() && rule.is_for(traveller))
            .or_else(|| of().find(|r| r.is_for_all()))
    }
}
