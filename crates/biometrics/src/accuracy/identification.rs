//! Searches of known people in galleries, and how often they go wrong (open-set identification, ISO/IEC 19795-1).
//!
//! A *mated* search looks for somebody who is in the gallery, a *non-mated* one for somebody who is not. A search
//! errs when a mated one does not put its person first at or over the threshold (FNIR(N, 1, T)), or when a
//! non-mated one finds anybody there (FPIR(N, T)). What could not be acquired counts as a miss of a mated search and
//! as no false positive; its share is stated apart.

use super::EVENTS_MIN;
use super::resample::{Interval, interval};
use portunus_core::biometric::Score;

/// Whom a search gave at one place of its list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Listed {
    /// How alike.
    pub score: Score,
    /// Whether it is the probe's own person.
    pub same_person: bool,
}

/// Whether the probe's person is in the gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In it.
    Mated,
    /// Not in it.
    NonMated,
}

/// One search.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Whose probe, from 0 on: what belongs to one person is drawn together.
    pub person: usize,
    /// Whether the person is in the gallery.
    pub kind: Kind,
    /// The candidates, best first; `None` when the probe could not be acquired.
    pub candidates: Option<Vec<Listed>>,
}

impl Search {
    fn best(&self) -> Option<Listed> {
        self.candidates.as_ref()?.first().copied()
    }

    /// The best score when it is the person's own, else lower than any.
    fn right(&self) -> f32 {
        self.best().filter(|best| best.same_person).map_or(f32::NEG_INFINITY, |best| best.score.0)
    }

    fn top(&self) -> f32 {
        self.best().map_or(f32::NEG_INFINITY, |best| best.score.0)
    }
}

/// What searches give at one threshold; every rate 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtThreshold {
    /// FPIR(N, T): share of non-mated searches that find somebody. `None` without such searches.
    pub fpir: Option<f64>,
    /// FNIR(N, 1, T): share of mated searches whose person is not first, or is below the threshold.
    pub fnir: Option<f64>,
    /// Share of mated searches that find somebody else: a false confirmation for one who is in the gallery.
    pub wrong_person: Option<f64>,
    /// Mean number of candidates at or over the threshold in a non-mated search (selectivity); lists end where the
    /// search ended them.
    pub selectivity: Option<f64>,
}

/// What searches give at the threshold that keeps a wanted FPIR.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtFpir {
    /// The threshold: the lowest at which the wanted FPIR is kept.
    pub threshold: Score,
    /// The rates there.
    pub rates: AtThreshold,
    /// Of the FNIR, by drawing people, the threshold found anew in each draw.
    pub interval: Option<Interval>,
    /// Fewer than [`EVENTS_MIN`] false positives would stand behind the wanted rate: the threshold is uncertain.
    pub few: bool,
}

/// How many searches are of this kind.
pub fn count(searches: &[Search], kind: Kind) -> usize {
    searches.iter().filter(|search| search.kind == kind).count()
}

/// Share of mated searches whose person is not first, at no threshold. `None` without mated searches.
pub fn rank1_miss(searches: &[Search]) -> Option<f64> {
    at_threshold(searches, Score(f32::MIN)).fnir
}

/// The rates at a threshold.
pub fn at_threshold(searches: &[Search], threshold: Score) -> AtThreshold {
    let of = |kind| searches.iter().filter(move |search| search.kind == kind);
    let share = |kind, hit: &dyn Fn(&Search) -> bool| {
        let (hits, all) = (of(kind).filter(|search| hit(search)).count(), of(kind).count());
        (all > 0).then(|| hits as f64 / all as f64)
    };
    let listed = |search: &Search| {
        let candidates = search.candidates.iter().flatten();
        candidates.filter(|candidate| candidate.score >= threshold).count()
    };
    let non_mated = of(Kind::NonMated).count();
    AtThreshold {
        fpir: share(Kind::NonMated, &|search| search.top() >= threshold.0),
        fnir: share(Kind::Mated, &|search| search.right() < threshold.0),
        wrong_person: share(Kind::Mated, &|search| {
            search.best().is_some_and(|best| best.score >= threshold && !best.same_person)
        }),
        selectivity: (non_mated > 0)
            .then(|| of(Kind::NonMated).map(listed).sum::<usize>() as f64 / non_mated as f64),
    }
}

/// Each search as its person and the score that counts; non-mated ones highest first.
struct Ranked {
    mated: Vec<(f32, usize)>,
    non_mated: Vec<(f32, usize)>,
    people: usize,
}

impl Ranked {
    fn of(searches: &[Search]) -> Self {
        let scores = |kind, score: fn(&Search) -> f32| {
            let of_kind = searches.iter().filter(move |search| search.kind == kind);
            of_kind.map(|search| (score(search), search.person)).collect::<Vec<_>>()
        };
        let mut non_mated = scores(Kind::NonMated, Search::top);
        non_mated.sort_by(|a, b| b.0.total_cmp(&a.0));
        let people = searches.iter().map(|search| search.person + 1).max().unwrap_or(0);
        Self { mated: scores(Kind::Mated, Search::right), non_mated, people }
    }

    /// The lowest threshold that keeps the rate, people counting `times` each.
    fn threshold(&self, fpir: f64, times: &[u32]) -> Option<f32> {
        let all: u64 = self.non_mated.iter().map(|(_, person)| u64::from(times[*person])).sum();
        if all == 0 {
            return None;
        }
        // The billionth keeps 0.003 of 20,000 at 60.
        let allowed = fpir * all as f64 + 1e-9;
        let mut above = 0;
        for (score, person) in &self.non_mated {
            above += u64::from(times[*person]);
            if above as f64 > allowed {
                return Some(if score.is_finite() { score.next_up() } else { f32::MIN });
            }
        }
        Some(f32::MIN)
    }

    fn fnir(&self, threshold: f32, times: &[u32]) -> Option<f64> {
        let (mut missed, mut all) = (0_u64, 0_u64);
        for (score, person) in &self.mated {
            let times = u64::from(times[*person]);
            all += times;
            missed += if *score < threshold { times } else { 0 };
        }
        (all > 0).then(|| missed as f64 / all as f64)
    }
}

/// The lowest threshold at which at most this share of non-mated searches finds somebody, all trials together.
/// `None` without non-mated searches.
pub fn threshold(searches: &[Search], fpir: f64) -> Option<Score> {
    let ranked = Ranked::of(searches);
    ranked.threshold(fpir, &vec![1; ranked.people]).map(Score)
}

/// The rates at a wanted FPIR, with an interval drawn from `seed`. `None` without non-mated searches.
pub fn at_fpir(searches: &[Search], fpir: f64, seed: u64) -> Option<AtFpir> {
    let ranked = Ranked::of(searches);
    let threshold = Score(ranked.threshold(fpir, &vec![1; ranked.people])?);
    let drawn = |times: &[u32]| ranked.fnir(ranked.threshold(fpir, times)?, times);
    Some(AtFpir {
        threshold,
        rates: at_threshold(searches, threshold),
        interval: interval(ranked.people, seed, drawn),
        few: fpir * (ranked.non_mated.len() as f64) < EVENTS_MIN as f64,
    })
}

/// The FNIR of these searches at a given threshold, with an interval drawn from `seed`: for a part of the people
/// at the threshold of all (ISO/IEC 19795-10).
pub fn fnir_interval(searches: &[Search], threshold: Score, seed: u64) -> Option<Interval> {
    let ranked = Ranked::of(searches);
    interval(ranked.people, seed, |times| ranked.fnir(threshold.0, times))
}

/// The detection error trade-off: (FPIR, FNIR) from high FPIR to low, at most about 40 points a decade. Empty
/// without searches of both kinds.
pub fn det(searches: &[Search]) -> Vec<(f64, f64)> {
    let ranked = Ranked::of(searches);
    let ones = vec![1; ranked.people];
    let lowest = 1.0 / ranked.non_mated.len().max(1) as f64;
    let mut points: Vec<(f64, f64)> = Vec::new();
    for step in 0..400 {
        let wanted = 10_f64.powf(-f64::from(step) / 40.0);
        if wanted < lowest {
            break;
        }
        let Some(threshold) = ranked.threshold(wanted, &ones) else { break };
        let above = ranked.non_mated.iter().take_while(|(score, _)| *score >= threshold).count();
        let Some(fnir) = ranked.fnir(threshold, &ones) else { break };
        let fpir = above as f64 * lowest;
        if above > 0 && points.last().is_none_or(|last| last.0 > fpir) {
            points.push((fpir, fnir));
        }
    }
    points
}

/// The scores that decide: of mated searches the person's own when it is first, of non-mated ones the best.
pub fn deciding_scores(searches: &[Search], kind: Kind) -> Vec<f32> {
    let score = |search: &Search| if kind == Kind::Mated { search.right() } else { search.top() };
    searches
        .iter()
        .filter(|search| search.kind == kind)
        .map(score)
        .filter(|score| score.is_finite())
        .collect()
}

#[cfg(test)]
mod tests;
