//! What declining costs in time, measured; and whether that is within what was promised.
//!
//! | module | what it holds |
//! |---|---|
//! | this one | [`judge`]: the promise is met, falls short, or too few have passed to say |
//! | [`waits`] | waits in bins, and the interval of their 95th percentile |
//! | [`queue`] | events of a queue, from buttons, sensors and the console, become waits |
//! | [`kept`] | what is kept of waits, the window that is judged, and the record that the camera's lane is held to |
//! | [`staffing`] | how many officers a promised wait needs (Erlang C) |
//!
//! The promise: nineteen in twenty of those who decline wait no longer than [`RATIO`] times what nineteen in twenty of
//! those who are photographed wait, **and** no longer than the designation's ceiling. The camera's lane is held to the best
//! that it has shown, so that slowing it down keeps no promise.
//!
//! Counts only: nothing here names anybody.

pub mod kept;
pub mod queue;
pub mod staffing;
pub mod waits;

pub use kept::{Batch, Kept, Live};
pub use queue::{Entered, Queue, QueueEvent, Source, Step};
pub use staffing::{Demand, Staffing};
pub use waits::{PEOPLE_MIN, Waits};

use serde::Serialize;

/// How many times the camera's wait the manual one may be.
pub const RATIO: f64 = 1.5;
/// A camera's lane in which nineteen in twenty wait less than this is compared as if they waited so long: nobody can tell
/// the difference in a queue, and no clock at a gate measures it.
pub const REFERENCE_MS_MIN: u64 = 1000;
/// How far back the camera's lane is held to what it has shown.
pub const RECORD_MONTHS: u32 = 24;
/// How far back the window goes whose waits are judged; the latest [`WINDOW_PEOPLE`] of each choice at most.
pub const WINDOW_MONTHS: u32 = 3;
/// So many people of each choice are the window: the latest.
pub const WINDOW_PEOPLE: u64 = 500;

/// What is judged.
#[derive(Debug, Clone, Copy)]
pub struct Measured<'a> {
    /// Waits of the manual choice, in the window.
    pub manual: &'a Waits,
    /// Waits of the biometric choice, in the window.
    pub photo: &'a Waits,
    /// The least p95 of the biometric choice that any earlier stretch has shown with confidence: see [`best_shown`].
    pub record_ms: Option<u64>,
    /// The designation's ceiling.
    pub ceiling_ms: u64,
}

/// Which part of the promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// At most so many times what the camera's lane takes.
    Ratio,
    /// At most the designation's ceiling.
    Ceiling,
}

/// By how much one part of the promise is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shortfall {
    /// Which part.
    pub which: Which,
    /// What was promised, in milliseconds.
    pub limit_ms: u64,
    /// What was measured: the p95 of the manual choice.
    pub measured_ms: u64,
    /// It is more than this, with a confidence of 95 %.
    pub at_least_ms: u64,
}

/// The figures behind a judgement, each known to a twentieth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Figures {
    /// People of the manual choice in the window.
    pub manual_people: u64,
    /// People of the biometric choice in the window.
    pub photo_people: u64,
    /// What nineteen in twenty of the manual choice did not exceed.
    pub manual_p95_ms: Option<u64>,
    /// The same of the biometric choice.
    pub photo_p95_ms: Option<u64>,
    /// What the manual choice is compared with: the best of the window and of the record.
    pub reference_ms: Option<u64>,
    /// The least that both parts of the promise allow; the ceiling alone while there is no reference.
    pub limit_ms: u64,
}

/// What may be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "parity", rename_all = "kebab-case")]
pub enum Judgement {
    /// So few have passed that it may be either way: fewer than [`PEOPLE_MIN`] of a choice, or an interval with the limit
    /// in it.
    TooFewToSay(Figures),
    /// Both parts are kept, with a confidence of 95 %.
    Met(Figures),
    /// At least one part is not kept, with a confidence of 95 %.
    FallsShort {
        /// The figures.
        #[serde(flatten)]
        figures: Figures,
        /// Which parts, and by how much.
        shortfalls: Vec<Shortfall>,
    },
}

impl Judgement {
    /// The figures.
    pub fn figures(&self) -> &Figures {
        match self {
            Self::TooFewToSay(figures) | Self::Met(figures) | Self::FallsShort { figures, .. } => figures,
        }
    }
}

/// The least p95 that the biometric choice has shown in any of these stretches (months), each with the end of its interval
/// against it: a stretch that was short by luck sets no standard.
pub fn best_shown<'a>(stretches: impl IntoIterator<Item = &'a Waits>) -> Option<u64> {
    stretches.into_iter().filter_map(Waits::p95_at_most_ms).min()
}

/// Judges what was measured.
///
/// The ceiling needs the manual choice alone; the ratio needs [`PEOPLE_MIN`] of both, or a record to compare with.
///
/// ```
/// use portunus_core::parity::{Judgement, Measured, Waits, judge};
/// let waits = |seconds: u64| (0..200).map(|n| (seconds + n % 7) * 1000).collect::<Waits>();
/// let (slow, quick) = (waits(100), waits(20));
/// let measured = Measured { manual: &slow, photo: &quick, record_ms: None, ceiling_ms: 600_000 };
/// assert!(matches!(judge(&measured), Judgement::FallsShort { .. })); // five times as long
/// ```
pub fn judge(measured: &Measured<'_>) -> Judgement {
    let Measured { manual, photo, record_ms, ceiling_ms } = *measured;
    let in_window = (photo.people() >= PEOPLE_MIN).then(|| photo.p95_ms()).flatten();
    let reference_ms = in_window.into_iter().chain(record_ms).min().map(|ms| ms.max(REFERENCE_MS_MIN));
    let ratio_ms = reference_ms.map(|ms| (ms as f64 * RATIO) as u64);
    let figures = Figures {
        manual_people: manual.people(),
        photo_people: photo.people(),
        manual_p95_ms: manual.p95_ms(),
        photo_p95_ms: photo.p95_ms(),
        reference_ms,
        limit_ms: ratio_ms.map_or(ceiling_ms, |ratio| ratio.min(ceiling_ms)),
    };
    let ends = manual.p95_more_than_ms().zip(manual.p95_at_most_ms()).zip(manual.p95_ms());
    let Some(((at_least_ms, at_most_ms), measured_ms)) = ends else {
        return Judgement::TooFewToSay(figures);
    };
    let limits = ratio_ms.map(|ms| (Which::Ratio, ms)).into_iter().chain([(Which::Ceiling, ceiling_ms)]);
    let over = limits.filter(|(_, limit_ms)| at_least_ms >= *limit_ms);
    let shortfalls: Vec<Shortfall> =
        over.map(|(which, limit_ms)| Shortfall { which, limit_ms, measured_ms, at_least_ms }).collect();
    if !shortfalls.is_empty() {
        Judgement::FallsShort { figures, shortfalls }
    } else if ratio_ms.is_some() && at_most_ms <= figures.limit_ms {
        Judgement::Met(figures)
    } else {
        Judgement::TooFewToSay(figures)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
