//! Second looks: a random sample of pairs (photo taken now, reference) that a second officer judges blind.
//!
//! Whoever the machine confirms passes, so a false match that nobody noticed is in no other count. The sample is drawn
//! by chance alone, never by score, so what it shows of the sampled holds for all. Pairs that the machine referred with
//! a candidate are sampled apart: they keep "the same" from being the answer that is always right, and what the first
//! officer then rules, who sees the candidate and its score, measures automation bias.
//!
//! Counts only: nothing here names anybody.

use crate::accuracy::{Interval, wilson};
use serde::{Deserialize, Serialize};

/// Out of which decisions a pair was drawn. Estimates are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stratum {
    /// The machine confirmed.
    Confirmed,
    /// The machine found a candidate, and referred for some other reason.
    Referred,
}

/// What a second officer says of a pair: are these the same person?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The same person.
    Same,
    /// Two people.
    Different,
    /// The photos do not tell.
    CannotTell,
}

/// What is counted of a second look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The second officer says the same, too.
    Agreed,
    /// The second officer says different.
    Disputed,
    /// The second officer cannot tell.
    CannotTell,
    /// Nobody answered while the photo lived.
    Lapsed,
    /// Disputed, and until then nobody at the crossing point had objected.
    LetPass,
    /// Disputed, and at the crossing point somebody had objected by then.
    Objected,
    /// Disputed, and a document inspected by hand said so, too.
    Upheld,
    /// Disputed, and a document inspected by hand said that it is the same person.
    Dismissed,
    /// Disputed, and the first officer, who was not told, boarded the candidate.
    Boarded,
    /// Disputed, and the first officer, who was not told, did not board the candidate.
    NotBoarded,
}

impl Outcome {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Agreed,
        Self::Disputed,
        Self::CannotTell,
        Self::Lapsed,
        Self::LetPass,
        Self::Objected,
        Self::Upheld,
        Self::Dismissed,
        Self::Boarded,
        Self::NotBoarded,
    ];

    /// What a verdict counts as.
    pub fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Same => Self::Agreed,
            Verdict::Different => Self::Disputed,
            Verdict::CannotTell => Self::CannotTell,
        }
    }
}

/// What is counted, and of which stratum, under its stable name.
pub fn slug(stratum: Stratum, outcome: Outcome) -> &'static str {
    use Outcome as O;
    match (stratum, outcome) {
        (Stratum::Confirmed, O::Agreed) => "second-look-confirmed-agreed",
        (Stratum::Confirmed, O::Disputed) => "second-look-confirmed-disputed",
        (Stratum::Confirmed, O::CannotTell) => "second-look-confirmed-cannot-tell",
        (Stratum::Confirmed, O::Lapsed) => "second-look-confirmed-lapsed",
        (Stratum::Confirmed, O::LetPass) => "second-look-confirmed-let-pass",
        (Stratum::Confirmed, O::Objected) => "second-look-confirmed-objected",
        (Stratum::Confirmed, O::Upheld) => "second-look-confirmed-upheld",
        (Stratum::Confirmed, O::Dismissed) => "second-look-confirmed-dismissed",
        (Stratum::Confirmed, O::Boarded) => "second-look-confirmed-boarded",
        (Stratum::Confirmed, O::NotBoarded) => "second-look-confirmed-not-boarded",
        (Stratum::Referred, O::Agreed) => "second-look-referred-agreed",
        (Stratum::Referred, O::Disputed) => "second-look-referred-disputed",
        (Stratum::Referred, O::CannotTell) => "second-look-referred-cannot-tell",
        (Stratum::Referred, O::Lapsed) => "second-look-referred-lapsed",
        (Stratum::Referred, O::LetPass) => "second-look-referred-let-pass",
        (Stratum::Referred, O::Objected) => "second-look-referred-objected",
        (Stratum::Referred, O::Upheld) => "second-look-referred-upheld",
        (Stratum::Referred, O::Dismissed) => "second-look-referred-dismissed",
        (Stratum::Referred, O::Boarded) => "second-look-referred-boarded",
        (Stratum::Referred, O::NotBoarded) => "second-look-referred-not-boarded",
    }
}

/// How much is sampled: one pair in so many, by chance; 0 samples none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// Of the pairs that the machine confirmed.
    pub confirmed_one_in: u32,
    /// Of the pairs that the machine referred with a candidate.
    pub referred_one_in: u32,
}

/// Fewer than one in a million is none.
pub const ONE_IN_MAX: u32 = 1_000_000;

impl Default for Shares {
    /// One confirmed pair in twenty; of the rarer referrals one in five, so that a second officer meets both.
    fn default() -> Self {
        Self { confirmed_one_in: 20, referred_one_in: 5 }
    }
}

impl Shares {
    /// Whether both shares are within [`ONE_IN_MAX`].
    pub fn within_bounds(self) -> bool {
        self.confirmed_one_in <= ONE_IN_MAX && self.referred_one_in <= ONE_IN_MAX
    }

    /// Whether the pair is sampled that drew `draw`, 64 unpredictable bits. Nothing else has a say: neither a score nor
    /// who it is.
    ///
    /// ```
    /// use portunus_core::sampling::{Shares, Stratum};
    /// let shares = Shares { confirmed_one_in: 4, referred_one_in: 0 };
    /// let drawn = (0..1000_u64).filter(|draw| shares.draws(Stratum::Confirmed, *draw)).count();
    /// assert_eq!(drawn, 250);
    /// assert!(!shares.draws(Stratum::Referred, 0));
    /// ```
    pub fn draws(self, stratum: Stratum, draw: u64) -> bool {
        let one_in = match stratum {
            Stratum::Confirmed => self.confirmed_one_in,
            Stratum::Referred => self.referred_one_in,
        };
        // The remainder favours the small ones by less than one in 10^13: no sample is large enough to show it.
        one_in > 0 && draw.is_multiple_of(u64::from(one_in))
    }
}

/// What came of the second looks of one stratum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Looks {
    /// Judged the same.
    pub agreed: u64,
    /// Judged different.
    pub disputed: u64,
    /// Judged neither.
    pub cannot_tell: u64,
    /// Never answered.
    pub lapsed: u64,
    /// Of the disputed: nobody at the point had objected.
    pub let_pass: u64,
    /// Of the disputed: somebody at the point had.
    pub objected: u64,
    /// Of the disputed: upheld by inspection.
    pub upheld: u64,
    /// Of the disputed: dismissed by inspection.
    pub dismissed: u64,
    /// Of the disputed: the first officer, not told, boarded the candidate.
    pub boarded: u64,
    /// Of the disputed: the first officer, not told, did not.
    pub not_boarded: u64,
}

impl Looks {
    fn of(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Agreed => &mut self.agreed,
            Outcome::Disputed => &mut self.disputed,
            Outcome::CannotTell => &mut self.cannot_tell,
            Outcome::Lapsed => &mut self.lapsed,
            Outcome::LetPass => &mut self.let_pass,
            Outcome::Objected => &mut self.objected,
            Outcome::Upheld => &mut self.upheld,
            Outcome::Dismissed => &mut self.dismissed,
            Outcome::Boarded => &mut self.boarded,
            Outcome::NotBoarded => &mut self.not_boarded,
        }
    }

    /// How many pairs were drawn and are over.
    pub fn drawn(&self) -> u64 {
        self.agreed + self.disputed + self.cannot_tell + self.lapsed
    }

    /// How many were judged the same or different.
    pub fn judged(&self) -> u64 {
        self.agreed + self.disputed
    }
}

/// All counts of second looks of some time and place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Of confirmed pairs.
    pub confirmed: Looks,
    /// Of referred pairs.
    pub referred: Looks,
}

impl Counts {
    /// Adds `n` under a [`slug`]; a name that is not one of ours changes nothing, and says so.
    pub fn add(&mut self, name: &str, n: u64) -> bool {
        for (stratum, looks) in
            [(Stratum::Confirmed, &mut self.confirmed), (Stratum::Referred, &mut self.referred)]
        {
            if let Some(outcome) = Outcome::ALL.into_iter().find(|outcome| slug(stratum, *outcome) == name) {
                let count = looks.of(outcome);
                *count = count.saturating_add(n);
                return true;
            }
        }
        false
    }
}

/// What the counts say, each rate with its 95 % interval; `None` where nothing was counted yet.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Estimate {
    /// The counts themselves.
    pub counts: Counts,
    /// The share of the sampled pairs, of both strata, that a second officer answered in time. A low one makes the
    /// rest less certain than the intervals say: who was not looked at may differ.
    pub response: Option<Interval>,
    /// Of the confirmed pairs judged, the share judged different. Second officers err, too.
    pub disputed: Option<Interval>,
    /// False matches among the confirmed: a dispute counts until an inspected document dismisses it. The lower end
    /// counts only those that an inspection upheld.
    pub false_matches: Option<Interval>,
    /// Of the disputed confirmed pairs, the share that nobody at the crossing point had objected to.
    pub let_pass: Option<Interval>,
    /// Of the referred pairs judged different, the share whose candidate the first officer boarded all the same.
    /// The first officer had the document and the traveller before them, so this bounds automation bias from above.
    pub followed: Option<Interval>,
}

/// Reads the counts.
///
/// ```
/// use portunus_core::sampling::{Counts, estimate};
/// let mut counts = Counts::default();
/// counts.add("second-look-confirmed-agreed", 1497);
/// counts.add("second-look-confirmed-disputed", 3);
/// counts.add("second-look-confirmed-dismissed", 2);
/// let rate = estimate(&counts).false_matches.unwrap();
/// assert_eq!(rate.estimate, 1.0 / 1500.0);
/// ```
pub fn estimate(counts: &Counts) -> Estimate {
    let (confirmed, referred) = (&counts.confirmed, &counts.referred);
    let drawn = confirmed.drawn() + referred.drawn();
    let judged = confirmed.judged();
    let standing = confirmed.disputed.saturating_sub(confirmed.dismissed);
    let upheld = wilson(confirmed.upheld.min(standing), judged);
    let false_matches =
        wilson(standing, judged).zip(upheld).map(|(all, sure)| Interval { low: sure.low, ..all });
    Estimate {
        counts: *counts,
        response: wilson(drawn - confirmed.lapsed - referred.lapsed, drawn),
        disputed: wilson(confirmed.disputed, judged),
        false_matches,
        let_pass: wilson(confirmed.let_pass, confirmed.let_pass + confirmed.objected),
        followed: wilson(referred.boarded, referred.boarded + referred.not_boarded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(confirmed: Looks, referred: Looks) -> Counts {
        Counts { confirmed, referred }
    }

    #[test]
    fn nothing_counted_says_nothing() {
        assert_eq!(estimate(&Counts::default()), Estimate::default());
    }

    #[test]
    fn every_name_is_one_of_its_own_and_comes_back() {
        let mut names = Vec::new();
        for stratum in [Stratum::Confirmed, Stratum::Referred] {
            for outcome in Outcome::ALL {
                let (name, mut all) = (slug(stratum, outcome), Counts::default());
                assert!(all.add(name, 7), "{name}");
                let looks =
                    if stratum == Stratum::Confirmed { &mut all.confirmed } else { &mut all.referred };
                assert_eq!(*looks.of(outcome), 7, "{name}");
                names.push(name);
            }
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 20);
        assert!(!Counts::default().add("second-look-confirmed-guessed", 1));
    }

    #[test]
    fn a_dispute_counts_as_a_false_match_until_it_is_dismissed() {
        let looked = |upheld, dismissed| {
            let looks = Looks { agreed: 990, disputed: 10, upheld, dismissed, ..Looks::default() };
            estimate(&counts(looks, Looks::default())).false_matches.unwrap()
        };
        assert_eq!(looked(0, 0).estimate, 0.01);
        assert_eq!(looked(0, 0).low, 0.0, "none is sure yet");
        assert_eq!(looked(4, 6).estimate, 0.004);
        assert!(looked(4, 6).low > 0.001 && looked(4, 6).high < looked(4, 0).high);
        assert_eq!(looked(0, 10).estimate, 0.0);
        assert!(looked(0, 10).high > 0.003, "none seen in a thousand is not none");
    }

    #[test]
    fn who_was_not_looked_at_is_in_the_response_rate_and_in_no_other() {
        let answered = Looks { agreed: 60, cannot_tell: 20, ..Looks::default() };
        let all = estimate(&counts(Looks { lapsed: 20, ..answered }, Looks::default()));
        assert_eq!(all.response.unwrap().estimate, 0.8);
        assert_eq!(all.disputed, estimate(&counts(answered, Looks::default())).disputed);
    }

    #[test]
    fn referrals_are_in_no_estimate_of_false_matches() {
        let referred = Looks { disputed: 9, agreed: 1, boarded: 1, not_boarded: 8, ..Looks::default() };
        let all = estimate(&counts(Looks { agreed: 100, ..Looks::default() }, referred));
        assert_eq!(all.false_matches.unwrap().estimate, 0.0);
        assert_eq!(all.followed.unwrap().estimate, 1.0 / 9.0);
    }

    proptest! {
        #[test]
        fn every_estimate_lies_in_its_interval(
            agreed in 0_u64..100_000, disputed in 0_u64..1000, upheld in 0_u64..1000, dismissed in 0_u64..1000,
            lapsed in 0_u64..1000, boarded in 0_u64..50, not_boarded in 0_u64..50,
        ) {
            let confirmed = Looks { agreed, disputed, upheld, dismissed, lapsed, ..Looks::default() };
            let referred = Looks { boarded, not_boarded, ..Looks::default() };
            let all = estimate(&counts(confirmed, referred));
            for rate in [all.response, all.disputed, all.false_matches, all.let_pass, all.followed].into_iter().flatten() {
                prop_assert!(0.0 <= rate.low && rate.low <= rate.estimate && rate.estimate <= rate.high && rate.high <= 1.0);
            }
        }

        #[test]
        fn shares_draw_as_often_as_they_say(one_in in 1_u32..200, seed in any::<u64>()) {
            let shares = Shares { confirmed_one_in: one_in, referred_one_in: 0 };
            // Weyl's sequence: as even as can be, from anywhere.
            let draws = (0..20_000_u64).map(|n| seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            let drawn = draws.filter(|draw| shares.draws(Stratum::Confirmed, *draw)).count() as f64;
            let expected = 20_000.0 / f64::from(one_in);
            prop_assert!((drawn - expected).abs() <= 6.0 * expected.sqrt() + 1.0, "{drawn} of {expected}");
        }
    }
}
