//! What is counted of every passage for the public, declines among them: what came of it, what an officer ruled, how long
//! it took. Each passage is in one cell only, so that every table of them adds up.

use super::adjudicate::Passage;
use crate::decide::{Decision, Failure, Reason};
use crate::encounter::{Encounter, Lane, Ruling, Stage};

/// What came of a passage before an officer ruled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The traveller declined the photo, before or after one was taken.
    Declined,
    /// The machine confirmed them.
    Confirmed,
    /// The machine sent them to an officer; of several reasons the first, in [`Reason`]'s order.
    Referred(Reason),
    /// The machine could not answer.
    Unavailable(Failure),
    /// They went away, or boarding ended, before the machine had an answer.
    Unanswered,
}

/// What an officer ruled last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nobody ruled.
    Nothing,
    /// The traveller boards, by their document.
    Boarded,
    /// The traveller does not board.
    Refused,
    /// The machine had confirmed somebody else.
    PutRight,
    /// The boarding was taken back.
    TakenOff,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counted {
    /// A passage.
    Passage(Outcome, Verdict),
    /// Somebody of this choice waited so long to be attended to: the bin of [`wait_bin`].
    Waited(Lane, u32),
    /// Somebody of this choice was through after so long.
    Passed(Lane, u32),
    /// An officer served travellers of this choice, on one voyage at one point.
    Officer(Lane),
    /// Somebody of this choice still waited for an officer when boarding was closed.
    LeftWaiting(Lane),
    /// An officer had somebody before them for so long, from taking them up to the last word: the bin of [`wait_bin`].
    Desk(Known, u32),
}

/// How long an officer had travellers of one sort before them.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct DeskTimes {
    /// Who was taken up, and whose passage is over.
    pub people: usize,
    /// Half of them took at most so long (nearest rank); none of nobody.
    pub seconds_p50: Option<f64>,
}

impl DeskTimes {
    /// Of encounters that are over, those that an officer took up and met so.
    pub fn of(encounters: &[Encounter], known: Known) -> Self {
        let met = encounters.iter().filter(|one| Known::of(one) == known);
        let mut seconds: Vec<f64> = met
            .filter_map(|one| Some(one.done_at?.duration_since(one.taken_at?).as_secs_f64().max(0.0)))
            .collect();
        seconds.sort_unstable_by(f64::total_cmp);
        let rank = seconds.len().div_ceil(2).saturating_sub(1);
        Self { people: seconds.len(), seconds_p50: seconds.get(rank).copied() }
    }
}

/// Whether an officer met somebody whom the machine had confirmed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Known {
    /// Confirmed before the booth.
    Verified,
    /// Not, for whatever reason: declined, not matched, no camera.
    Unverified,
}

impl Known {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Verified, Self::Unverified];

    /// The stable name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Unverified => "unverified",
        }
    }

    /// Of an encounter.
    pub fn of(encounter: &Encounter) -> Self {
        match encounter.decision {
            Some(Decision::Confirmed { .. }) => Self::Verified,
            _ => Self::Unverified,
        }
    }
}

/// Of how many travellers each choice was that a passage gives; `None` for what an officer entered without a gate, for whom the
/// law exempts from photos, and for a passage that was begun anew for another photo and is counted there.
pub fn outcome(passage: &Passage<'_>) -> Option<(Outcome, Verdict)> {
    let encounter = passage.encounter;
    encounter.device?;
    // Whom the law exempts has chosen nothing.
    if matches!(encounter.decision, Some(Decision::Unavailable { failure }) if failure.was_not_asked()) {
        return None;
    }
    let rulings = || passage.rulings.iter().rev().map(|ruled| ruled.ruling);
    let verdict = rulings().find_map(|ruling| match ruling {
        Ruling::Retake => Some(None),
        Ruling::Board { .. } | Ruling::Admit { .. } => Some(Some(Verdict::Boarded)),
        Ruling::Refuse => Some(Some(Verdict::Refused)),
        Ruling::SomebodyElse { .. } => Some(Some(Verdict::PutRight)),
        Ruling::OffLoad { .. } => Some(Some(Verdict::TakenOff)),
        Ruling::Establish { .. } | Ruling::Secondary => None,
    });
    let verdict = verdict.unwrap_or(Some(Verdict::Nothing))?;
    Some((came_of(encounter, verdict), verdict))
}

fn came_of(encounter: &Encounter, verdict: Verdict) -> Outcome {
    // Advised to try again, and still at it or gone: nobody was sent to an officer.
    let underway =
        encounter.stage == Stage::AtGate || (encounter.stage == Stage::Done && verdict == Verdict::Nothing);
    match (encounter.lane, &encounter.decision) {
        (Lane::Manual, _) => Outcome::Declined,
        (Lane::Photo, Some(Decision::Confirmed { .. })) => Outcome::Confirmed,
        (Lane::Photo, Some(Decision::Refer { reasons, .. })) if !underway => {
            reasons.first().map_or(Outcome::Unanswered, |reason| Outcome::Referred(*reason))
        }
        (Lane::Photo, Some(Decision::Unavailable { failure })) => Outcome::Unavailable(*failure),
        (Lane::Photo, _) => Outcome::Unanswered,
    }
}

impl Outcome {
    /// Every one of who chose the photo, in order.
    pub fn of_photos() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Confirmed)
            .chain(Reason::ALL.map(Self::Referred))
            .chain(Failure::ALL.map(Self::Unavailable))
            .chain([Self::Unanswered])
    }

    /// The stable name.
    pub fn slug(self) -> String {
        match self {
            Self::Declined => "declined".to_owned(),
            Self::Confirmed => "confirmed".to_owned(),
            Self::Referred(reason) => format!("referred-for:{}", reason.slug()),
            Self::Unavailable(failure) => format!("unavailable:{}", failure.slug()),
            Self::Unanswered => "unanswered".to_owned(),
        }
    }
}

impl Verdict {
    /// Every one, in order.
    pub const ALL: [Self; 5] = [Self::Nothing, Self::Boarded, Self::Refused, Self::PutRight, Self::TakenOff];

    /// The stable name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Nothing => "no-ruling",
            Self::Boarded => "boarded",
            Self::Refused => "refused",
            Self::PutRight => "put-right",
            Self::TakenOff => "taken-off",
        }
    }

    /// In words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Nothing => "No officer ruled",
            Self::Boarded => "Boarded by document",
            Self::Refused => "Refused",
            Self::PutRight => "Match put right",
            Self::TakenOff => "Taken off again",
        }
    }
}

fn lane_slug(lane: Lane) -> &'static str {
    match lane {
        Lane::Photo => "photo",
        Lane::Manual => "manual",
    }
}

impl Counted {
    /// The stable name under which it is counted; what is told apart by slashes.
    pub fn slug(self) -> String {
        match self {
            Self::Passage(outcome, verdict) => format!("passage/{}/{}", outcome.slug(), verdict.slug()),
            Self::Waited(lane, bin) => format!("waited/{}/{bin}", lane_slug(lane)),
            Self::Passed(lane, bin) => format!("passed/{}/{bin}", lane_slug(lane)),
            Self::Officer(lane) => format!("officer/{}", lane_slug(lane)),
            Self::LeftWaiting(lane) => format!("left-waiting/{}", lane_slug(lane)),
            Self::Desk(known, bin) => format!("desk/{}/{bin}", known.slug()),
        }
    }

    /// What a stable name means; `None` for one that is not known here.
    pub fn parse(slug: &str) -> Option<Self> {
        let parts: Vec<&str> = slug.split('/').collect();
        let lane = |name: &str| [Lane::Photo, Lane::Manual].into_iter().find(|lane| lane_slug(*lane) == name);
        Some(match parts[..] {
            ["passage", outcome, verdict] => {
                let mut outcomes = Outcome::of_photos().chain([Outcome::Declined]);
                let outcome = outcomes.find(|known| known.slug() == outcome)?;
                Self::Passage(outcome, Verdict::ALL.into_iter().find(|known| known.slug() == verdict)?)
            }
            ["waited", name, bin] => Self::Waited(lane(name)?, bin.parse().ok()?),
            ["passed", name, bin] => Self::Passed(lane(name)?, bin.parse().ok()?),
            ["officer", name] => Self::Officer(lane(name)?),
            ["left-waiting", name] => Self::LeftWaiting(lane(name)?),
            ["desk", name, bin] => {
                Self::Desk(Known::ALL.into_iter().find(|known| known.slug() == name)?, bin.parse().ok()?)
            }
            _ => return None,
        })
    }
}

/// The first bin of waits ends here, in milliseconds; each ends a twentieth later than the one before.
const FIRST_BIN_MS: u64 = 100;
/// The last bin takes all longer waits: more than two days.
pub const BIN_MAX: u32 = 300;

fn bin_ends_ms() -> impl Iterator<Item = u64> {
    std::iter::successors(Some(FIRST_BIN_MS), |end| Some(end + end / 20))
}

/// Where a bin ends, in milliseconds: no wait in it is longer, but in the last.
pub fn bin_end_ms(bin: u32) -> u64 {
    let ends = bin_ends_ms().take(BIN_MAX as usize + 1);
    ends.take(bin.min(BIN_MAX) as usize + 1).last().unwrap_or(FIRST_BIN_MS)
}

/// The bin that a wait is counted in: it is known to a twentieth, and no further.
pub fn wait_bin(ms: u64) -> u32 {
    (0..BIN_MAX).zip(bin_ends_ms()).find(|(_, end)| ms <= *end).map_or(BIN_MAX, |(bin, _)| bin)
}

/// The wait that so many of a hundred did not exceed, by bins with how many are in each (nearest rank); `None` of nobody.
pub fn percentile_ms(bins: impl Iterator<Item = (u32, u64)> + Clone, percent: u64) -> Option<u64> {
    let people: u64 = bins.clone().map(|(_, n)| n).sum();
    let rank = (people * percent).div_ceil(100).max(1);
    let mut sorted: Vec<(u32, u64)> = bins.collect();
    sorted.sort_unstable();
    let mut before = 0;
    let (bin, _) = sorted.into_iter().find(|(_, n)| {
        before += n;
        before >= rank
    })?;
    Some(bin_end_ms(bin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_name_is_read_back() {
        let outcomes = Outcome::of_photos().chain([Outcome::Declined]);
        let passages = outcomes.flat_map(|outcome| Verdict::ALL.map(|v| Counted::Passage(outcome, v)));
        let lanes = [Lane::Photo, Lane::Manual];
        let others = lanes.iter().flat_map(|lane| {
            [
                Counted::Waited(*lane, 0),
                Counted::Passed(*lane, 77),
                Counted::Officer(*lane),
                Counted::LeftWaiting(*lane),
            ]
        });
        let desks = Known::ALL.map(|known| Counted::Desk(known, 12));
        for counted in passages.chain(others).chain(desks) {
            assert_eq!(Counted::parse(&counted.slug()), Some(counted));
        }
        assert_eq!(Counted::parse("passage/confirmed"), None);
        assert_eq!(Counted::parse("waited/photo/-1"), None);
    }

    proptest! {
        #[test]
        fn a_wait_is_known_to_a_twentieth(ms in 0_u64..100_000_000) {
            let bin = wait_bin(ms);
            let end = percentile_ms([(bin, 1)].into_iter(), 50).unwrap();
            prop_assert!(ms <= end && (end - ms <= end / 20 + 1 || end == FIRST_BIN_MS), "{} in {}", ms, end);
        }

        #[test]
        fn percentiles_of_bins_are_those_of_the_waits(waits in prop::collection::vec(0_u64..900_000, 1..80)) {
            let mut sorted = waits.clone();
            sorted.sort_unstable();
            for percent in [50, 95] {
                let rank = (sorted.len() * percent).div_ceil(100).max(1);
                let bins = waits.iter().map(|ms| (wait_bin(*ms), 1));
                let end = percentile_ms(bins, percent as u64).unwrap();
                prop_assert_eq!(wait_bin(end), wait_bin(sorted[rank - 1]));
            }
        }
    }

    #[test]
    fn nobody_has_no_percentile() {
        assert_eq!(percentile_ms(std::iter::empty(), 95), None);
    }
}
