//! Comparisons of one picture with one other, from a list of pairs, and how often they go wrong (ISO/IEC 19795-1).
//!
//! A *genuine* pair shows one person, an *impostor* pair two. FMR(T) is the share of impostor pairs at or over the
//! threshold, FNMR(T) that of genuine pairs below; both are over pairs whose two pictures were acquired.

use super::EVENTS_MIN;
use super::resample::{Interval, interval};
use portunus_core::biometric::Score;

/// One comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The two people, from 0 on: the same twice for a genuine pair.
    pub people: [usize; 2],
    /// How alike; `None` when a picture could not be acquired.
    pub score: Option<Score>,
}

impl Pair {
    fn genuine(&self) -> bool {
        self.people[0] == self.people[1]
    }

    /// How often it counts when each person counts `times`.
    fn times(&self, times: &[u32]) -> u64 {
        let [one, other] = self.people.map(|person| u64::from(times[person]));
        if self.genuine() { one } else { one * other }
    }
}

/// What pairs give at the threshold that keeps a wanted FMR.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtFmr {
    /// The lowest threshold at which the wanted FMR is kept.
    pub threshold: Score,
    /// The FNMR there, 0 to 1.
    pub fnmr: f64,
    /// Of the FNMR, by drawing people, the threshold found anew in each draw.
    pub interval: Option<Interval>,
    /// Fewer than [`EVENTS_MIN`] false matches would stand behind the wanted rate: the threshold is uncertain.
    pub few: bool,
}

/// Scores with their pairs, highest first.
struct Sorted<'a>(Vec<(f32, &'a Pair)>);

impl<'a> Sorted<'a> {
    fn of(pairs: &'a [Pair]) -> Self {
        let scored = pairs.iter().filter_map(|pair| Some((pair.score?.0, pair)));
        let mut sorted: Vec<_> = scored.collect();
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
        Self(sorted)
    }

    fn threshold(&self, fmr: f64, times: &[u32]) -> Option<f32> {
        let impostors = || self.0.iter().filter(|(_, pair)| !pair.genuine());
        let all: u64 = impostors().map(|(_, pair)| pair.times(times)).sum();
        let allowed = fmr * all as f64 + 1e-9;
        let mut above = 0;
        for (score, pair) in impostors() {
            above += pair.times(times);
            if above as f64 > allowed {
                return Some(score.next_up());
            }
        }
        (all > 0).then_some(f32::MIN)
    }

    fn fnmr(&self, threshold: f32, times: &[u32]) -> Option<f64> {
        let (mut missed, mut all) = (0, 0);
        for (score, pair) in self.0.iter().filter(|(_, pair)| pair.genuine()) {
            let times = pair.times(times);
            all += times;
            missed += if *score < threshold { times } else { 0 };
        }
        (all > 0).then(|| missed as f64 / all as f64)
    }
}

/// How many people the pairs name.
fn people(pairs: &[Pair]) -> usize {
    pairs.iter().flat_map(|pair| pair.people).map(|person| person + 1).max().unwrap_or(0)
}

/// How many genuine and impostor pairs were compared.
pub fn counts(pairs: &[Pair]) -> (usize, usize) {
    let compared = pairs.iter().filter(|pair| pair.score.is_some());
    let genuine = compared.clone().filter(|pair| pair.genuine()).count();
    (genuine, compared.count() - genuine)
}

/// The FNMR at a wanted FMR, with an interval drawn from `seed`. `None` unless pairs of both kinds were compared.
pub fn at_fmr(pairs: &[Pair], fmr: f64, seed: u64) -> Option<AtFmr> {
    let (sorted, people) = (Sorted::of(pairs), people(pairs));
    let ones = vec![1; people];
    let threshold = sorted.threshold(fmr, &ones)?;
    let drawn = |times: &[u32]| sorted.fnmr(sorted.threshold(fmr, times)?, times);
    Some(AtFmr {
        threshold: Score(threshold),
        fnmr: sorted.fnmr(threshold, &ones)?,
        interval: interval(people, seed, drawn),
        few: fmr * (counts(pairs).1 as f64) < EVENTS_MIN as f64,
    })
}

/// The detection error trade-off: (FMR, FNMR), a point for each score, from no match to all. Empty unless pairs of
/// both kinds were compared.
pub fn det(pairs: &[Pair]) -> Vec<(f64, f64)> {
    let (genuine, impostor) = counts(pairs);
    if genuine == 0 || impostor == 0 {
        return Vec::new();
    }
    let (mut matched, mut false_matched) = (0, 0);
    let mut points = vec![(0.0, 1.0)];
    for group in Sorted::of(pairs).0.chunk_by(|a, b| a.0 == b.0) {
        let genuine_here = group.iter().filter(|(_, pair)| pair.genuine()).count();
        matched += genuine_here;
        false_matched += group.len() - genuine_here;
        points.push((false_matched as f64 / impostor as f64, 1.0 - matched as f64 / genuine as f64));
    }
    points
}

/// The equal error rate: where FMR and FNMR cross, the mean of the two at the nearest threshold.
pub fn eer(pairs: &[Pair]) -> Option<f64> {
    let apart = |point: &(f64, f64)| (point.0 - point.1).abs();
    let nearest = det(pairs).into_iter().min_by(|a, b| apart(a).total_cmp(&apart(b)))?;
    Some((nearest.0 + nearest.1) / 2.0)
}

/// Share of right "same or not" over ten folds, each judged by the threshold that is best on the other nine, the
/// lowest of several; the pairs go to the folds in turn. What was not acquired is judged "not the same". `None`
/// for fewer than ten pairs.
pub fn ten_fold_accuracy(pairs: &[Pair]) -> Option<f64> {
    let value = |pair: &Pair| pair.score.map_or(f32::NEG_INFINITY, |score| score.0);
    let mut right = 0;
    for fold in 0..10 {
        let (test, train): (Vec<_>, Vec<_>) = pairs.iter().enumerate().partition(|(at, _)| at % 10 == fold);
        let mut train: Vec<&Pair> = train.into_iter().map(|(_, pair)| pair).collect();
        train.sort_by(|a, b| value(b).total_cmp(&value(a)));
        // From above all scores down: each genuine pair that passes is right, each impostor pair wrong.
        let (mut best, mut gain, mut most) = (f32::INFINITY, 0_i64, 0_i64);
        for group in train.chunk_by(|a, b| value(a) == value(b)).filter(|group| value(group[0]).is_finite()) {
            gain += group.iter().map(|pair| if pair.genuine() { 1 } else { -1 }).sum::<i64>();
            if gain >= most {
                (best, most) = (value(group[0]), gain);
            }
        }
        right += test.iter().filter(|(_, pair)| (value(pair) >= best) == pair.genuine()).count();
    }
    (pairs.len() >= 10).then(|| right as f64 / pairs.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pair(genuine: bool, score: f32) -> Pair {
        Pair { people: [0, usize::from(!genuine)], score: Some(Score(score)) }
    }

    fn by_hand() -> Vec<Pair> {
        let genuine = [0.9, 0.8, 0.7, 0.3].map(|score| pair(true, score));
        let impostor = [0.6, 0.2, 0.1, 0.0].map(|score| pair(false, score));
        [genuine, impostor].concat()
    }

    #[test]
    fn rates_are_those_counted_by_hand() {
        let at = |fmr| at_fmr(&by_hand(), fmr, 1).unwrap();
        assert_eq!((at(0.0).threshold, at(0.0).fnmr), (Score(0.6_f32.next_up()), 0.25));
        assert_eq!((at(0.25).threshold, at(0.25).fnmr), (Score(0.2_f32.next_up()), 0.0));
        assert!(at(0.25).few);
        assert_eq!(eer(&by_hand()), Some(0.25));
        assert_eq!(counts(&by_hand()), (4, 4));
        assert_eq!(det(&by_hand())[4], (0.25, 0.25));
    }

    #[test]
    fn a_pair_that_was_not_acquired_is_in_no_rate_but_lowers_the_accuracy() {
        let lost = Pair { people: [0, 0], score: None };
        let mut pairs: Vec<Pair> = (0..10).flat_map(|_| [pair(true, 0.9), pair(false, 0.1)]).collect();
        assert_eq!(ten_fold_accuracy(&pairs), Some(1.0));
        pairs.extend([lost; 5]);
        assert_eq!(ten_fold_accuracy(&pairs), Some(0.8));
        assert_eq!(at_fmr(&pairs, 0.1, 1).unwrap().fnmr, 0.0);
        assert_eq!((at_fmr(&[lost], 0.1, 1), eer(&[lost]), ten_fold_accuracy(&[lost])), (None, None, None));
    }

    proptest! {
        #[test]
        fn the_equal_error_rate_and_the_accuracy_are_rates(
            scores in proptest::collection::vec((any::<bool>(), -1.0..1.0_f32), 10..100)
        ) {
            let pairs: Vec<Pair> = scores.iter().map(|(genuine, score)| pair(*genuine, *score)).collect();
            prop_assert!((0.0..=1.0).contains(&ten_fold_accuracy(&pairs).unwrap()));
            prop_assert!(eer(&pairs).is_none_or(|eer| (0.0..=1.0).contains(&eer)));
            let falling = det(&pairs).windows(2).all(|two| two[1].0 >= two[0].0 && two[1].1 <= two[0].1);
            prop_assert!(falling);
        }
    }
}
