//! What follows of a passage: open, left, overstayed, or not known; and every ground of it.

use super::coverage::{Coverage, Gap};
use super::fact::{Mode, Source, StatusChange};
use super::likeness::Proposal;
use super::pairing::{Basis, Rules};
use super::timeline::{Permission, day, days_past};
use crate::id::RecordId;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One end of a stay, as recorded. Identifiers and places only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The record that tells its instant.
    pub record: RecordId,
    /// When.
    pub at: Timestamp,
    /// The port.
    pub port: String,
    /// By air, sea or land.
    pub mode: Mode,
    /// Where it is known from.
    pub source: Source,
    /// Other records of the same movement.
    pub also: Vec<RecordId>,
}

impl Seen {
    /// The first instant at which it can have been: a neighbour sees the traveller at the end of the voyage.
    fn not_before(&self, rules: &Rules) -> Timestamp {
        match self.source {
            Source::Imported { .. } => {
                self.at.saturating_sub(rules.imported_within).unwrap_or(Timestamp::MIN)
            }
            Source::Own | Source::Corrected | Source::Outage => self.at,
        }
    }
}

/// What can be said of a stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum StayState {
    /// They are here, as far as is recorded, and may be.
    Open,
    /// They left in time, or nothing limited their stay.
    Left,
    /// They left after their last day.
    LeftLate {
        /// Days after it, at least.
        days: u32,
    },
    /// They left, for they entered again, or a neighbour saw them later; when is not recorded.
    LeftUnrecorded {
        /// Whether that was after their last day.
        late: Late,
    },
    /// They are past their last day, and leaving would have been recorded.
    Overstay {
        /// Days at least.
        days: u32,
    },
    /// They are past their last day, and may have left.
    Unknown {
        /// Why that is not known.
        why: WhyUnknown,
    },
    /// They became citizens or permanent residents: nothing limits their stay.
    Settled,
    /// They left, and no entry is recorded.
    ExitOnly,
}

/// Whether an exit that is not recorded was after the last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Late {
    /// It was not.
    No,
    /// Nobody can say.
    Unknown,
}

/// Why it is not known whether somebody who is past their last day left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyUnknown {
    /// They could have left where exits are not recorded.
    NotRecordedEverywhere,
    /// An exit may be theirs: an officer has to say.
    AwaitsReview,
    /// An application that they made in time is not decided.
    Applied,
    /// Documents connect them with somebody else.
    DoubtfulIdentity,
}

impl StayState {
    /// The name by which it is filtered.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Left => "left",
            Self::LeftLate { .. } => "left-late",
            Self::LeftUnrecorded { .. } => "left-unrecorded",
            Self::Overstay { .. } => "overstay",
            Self::Unknown { .. } => "unknown",
            Self::Settled => "settled",
            Self::ExitOnly => "exit-only",
        }
    }

    /// What a person calls it.
    pub fn in_words(self) -> String {
        match self {
            Self::Open => "open".to_owned(),
            Self::Left => "left in time".to_owned(),
            Self::LeftLate { days } => format!("left at least {} late", of_days(days)),
            Self::LeftUnrecorded { late: Late::No } => "left in time, not recorded when".to_owned(),
            Self::LeftUnrecorded { late: Late::Unknown } => "left; whether late is not known".to_owned(),
            Self::Overstay { days } => format!("overstay of at least {}", of_days(days)),
            Self::Unknown { .. } => "not known whether they left".to_owned(),
            Self::Settled => "settled".to_owned(),
            Self::ExitOnly => "left, no entry recorded".to_owned(),
        }
    }
}

fn of_days(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// One ground of what is said of a stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// What the entry's admission, and changes since, allow.
    Allowed {
        /// As what; may be empty.
        class: String,
        /// The last day, where there is one.
        until: Option<Date>,
    },
    /// An admission is not recorded.
    NoAdmission,
    /// What is allowed changed.
    Changed {
        /// When.
        on: Date,
        /// How.
        change: StatusChange,
    },
    /// They left.
    Left {
        /// When.
        on: Date,
        /// Where.
        port: String,
        /// Known from where.
        source: Source,
    },
    /// No exit is recorded.
    NoExit {
        /// Whether any exit is recorded anywhere.
        recorded_somewhere: bool,
    },
    /// Somebody could have left by this way.
    NotRecorded(Gap),
    /// They entered again.
    EnteredAgain {
        /// When.
        on: Date,
    },
    /// No entry is recorded before an exit.
    NoEntry,
    /// By what the two are one person's.
    PairedBy(Basis),
    /// An exit may be theirs.
    Proposed {
        /// How sure at the least, in thousandths.
        confidence: u16,
    },
    /// Documents connect them with somebody else.
    DoubtfulIdentity,
}

impl Ground {
    /// In words, without a name or a document.
    pub fn in_words(&self) -> String {
        match self {
            Self::Allowed { class, until } => {
                let class = if class.is_empty() { String::new() } else { format!(" as {class}") };
                until.map_or_else(
                    || format!("admitted{class} without a last day"),
                    |until| format!("admitted until {until}{class}"),
                )
            }
            Self::NoAdmission => "no admission is recorded".to_owned(),
            Self::Changed { on, change } => changed(*on, change),
            Self::Left { on, port, source } => match source {
                Source::Imported { from } => {
                    format!("left on or before {on}, as {from} recorded at {port} on entry there")
                }
                Source::Outage => format!("left on {on} at {port}, entered after an outage"),
                Source::Own | Source::Corrected => format!("left on {on} at {port}"),
            },
            Self::NoExit { recorded_somewhere: true } => {
                "no exit recorded at a point that records exits".to_owned()
            }
            Self::NoExit { recorded_somewhere: false } => {
                "no exit recorded; no point records exits".to_owned()
            }
            Self::NotRecorded(gap) => not_recorded(gap),
            Self::EnteredAgain { on } => format!("entered again on {on}; the exit between is not recorded"),
            Self::NoEntry => "no entry is recorded before this exit".to_owned(),
            Self::PairedBy(basis) => basis.in_words().to_owned(),
            Self::Proposed { confidence } => format!(
                "an exit under another document may be theirs (confidence {}.{} %): an officer has to say",
                confidence / 10,
                confidence % 10
            ),
            Self::DoubtfulIdentity => {
                "one document was carried by two identities: an officer has to say whose the records are"
                    .to_owned()
            }
        }
    }
}

fn changed(on: Date, change: &StatusChange) -> String {
    match change {
        StatusChange::Extension { until } => format!("extended on {on} until {until}"),
        StatusChange::Status { class, until: Some(until) } => {
            format!("changed to {class} on {on}, until {until}")
        }
        StatusChange::Status { class, until: None } => {
            format!("changed to {class} on {on}, without a last day")
        }
        StatusChange::Applied => format!("an application was made on {on}"),
        StatusChange::ApplicationRefused => format!("an application was refused on {on}"),
        StatusChange::Settled { citizen: true } => format!("naturalised on {on}"),
        StatusChange::Settled { citizen: false } => format!("became a permanent resident on {on}"),
    }
}

fn not_recorded(gap: &Gap) -> String {
    match (gap.whole, gap.until) {
        (true, _) => format!("{} are not recorded", gap.way),
        (false, None) => format!("{} are not recorded since {}", gap.way, day(gap.from)),
        (false, Some(until)) => {
            format!("{} were not recorded from {} to {}", gap.way, day(gap.from), day(until))
        }
    }
}

/// One stay: what is recorded, what follows, and why. It names nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// Whose: the least of the records of the person's crossings and changes.
    pub person: RecordId,
    /// How it began.
    pub entry: Option<Seen>,
    /// How it ended.
    pub exit: Option<Seen>,
    /// What it was allowed.
    pub allowed: Permission,
    /// Exits, or entries, that may belong to it: an officer has to say.
    pub proposals: Vec<Proposal>,
    /// What can be said of it.
    pub state: StayState,
    /// Every ground of that, in order.
    pub grounds: Vec<Ground>,
}

impl Stay {
    /// Its grounds as one line.
    pub fn explained(&self) -> String {
        let words: Vec<String> = self.grounds.iter().map(Ground::in_words).collect();
        words.join("; ")
    }
}

/// What is recorded of a stay.
pub(super) struct Recorded {
    pub(super) person: RecordId,
    pub(super) entry: Option<Seen>,
    pub(super) exit: Option<Seen>,
    /// Of a stay without an exit: when they entered next.
    pub(super) entered_again: Option<Timestamp>,
    /// Of a stay with both.
    pub(super) basis: Option<Basis>,
    pub(super) allowed: Permission,
    pub(super) proposals: Vec<Proposal>,
    pub(super) is_doubtful: bool,
}

/// Says what follows, as of `now`.
pub(super) fn judge(recorded: Recorded, rules: &Rules, coverage: &Coverage, now: Timestamp) -> Stay {
    let Recorded { person, entry, exit, entered_again, basis, allowed, proposals, is_doubtful } = recorded;
    let mut grounds = Vec::new();
    if entry.is_some() {
        grounds.extend(permitted(&allowed));
    } else {
        grounds.push(Ground::NoEntry);
    }
    let state = match (&entry, &exit) {
        (_, Some(exit)) => {
            let (on, port) = (day(exit.at), exit.port.clone());
            grounds.push(Ground::Left { on, port, source: exit.source.clone() });
            // By the document is how most are paired, and says nothing more.
            let unusual = basis.filter(|basis| *basis != Basis::Document);
            grounds.extend(unusual.map(Ground::PairedBy));
            match &entry {
                None => StayState::ExitOnly,
                Some(entry) => match left(&allowed, exit.not_before(rules).max(entry.at), exit.at) {
                    StayState::LeftLate { .. } if is_doubtful => {
                        StayState::Unknown { why: WhyUnknown::DoubtfulIdentity }
                    }
                    state => state,
                },
            }
        }
        (Some(entry), None) => {
            let to = entered_again.unwrap_or(now);
            let gaps = coverage.gaps(entry.at, to);
            let recorded_somewhere = coverage.records_exits(entry.at, to);
            match entered_again {
                Some(at) => grounds.push(Ground::EnteredAgain { on: day(at) }),
                None => grounds.push(Ground::NoExit { recorded_somewhere }),
            }
            grounds.extend(gaps.iter().cloned().map(Ground::NotRecorded));
            match entered_again {
                Some(at) => left_unrecorded(&allowed, at),
                None if is_doubtful && is_past(&allowed, now) => {
                    StayState::Unknown { why: WhyUnknown::DoubtfulIdentity }
                }
                None if !proposals.is_empty() && is_past(&allowed, now) => {
                    StayState::Unknown { why: WhyUnknown::AwaitsReview }
                }
                None => still_here(&allowed, &gaps, recorded_somewhere, now),
            }
        }
        (None, None) => StayState::ExitOnly,
    };
    if is_doubtful {
        grounds.push(Ground::DoubtfulIdentity);
    }
    grounds.extend(proposals.iter().map(|p| Ground::Proposed { confidence: p.likeness.confidence }));
    Stay { person, entry, exit, allowed, proposals, state, grounds }
}

fn permitted(allowed: &Permission) -> Vec<Ground> {
    let first = allowed.admitted.as_ref().map_or(Ground::NoAdmission, |admission| Ground::Allowed {
        class: admission.class.clone(),
        until: admission.until,
    });
    let change =
        |(at, change): &(Timestamp, StatusChange)| Ground::Changed { on: day(*at), change: change.clone() };
    std::iter::once(first).chain(allowed.changes.iter().map(change)).collect()
}

/// Whether the last day is over by `at`, and nothing settled them before.
fn is_past(allowed: &Permission, at: Timestamp) -> bool {
    allowed.settled.is_none() && allowed.over().is_some_and(|over| over <= at)
}

/// Of somebody who left between two instants.
fn left(allowed: &Permission, from: Timestamp, to: Timestamp) -> StayState {
    match allowed.until().filter(|_| is_past(allowed, to) && allowed.applied.is_none()) {
        Some(until) if is_past(allowed, from) => StayState::LeftLate { days: days_past(until, from) },
        Some(_) => StayState::LeftUnrecorded { late: Late::Unknown },
        None => StayState::Left,
    }
}

fn left_unrecorded(allowed: &Permission, before: Timestamp) -> StayState {
    let late = if is_past(allowed, before) { Late::Unknown } else { Late::No };
    StayState::LeftUnrecorded { late }
}

/// Of somebody without an exit: whether they may be here, or must be.
fn still_here(allowed: &Permission, gaps: &[Gap], recorded: bool, now: Timestamp) -> StayState {
    if allowed.settled.is_some() {
        return StayState::Settled;
    }
    let Some((until, over)) = allowed.until().zip(allowed.over()).filter(|(_, over)| *over <= now) else {
        return StayState::Open;
    };
    if allowed.applied.is_some() {
        return StayState::Unknown { why: WhyUnknown::Applied };
    }
    // Up to the first moment at which they could have left unseen they were here.
    let here_until = gaps.first().map_or(now, |gap| gap.from);
    if !recorded || here_until < over {
        return StayState::Unknown { why: WhyUnknown::NotRecordedEverywhere };
    }
    StayState::Overstay { days: days_past(until, here_until) }
}
