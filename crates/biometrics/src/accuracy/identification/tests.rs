use super::*;
use proptest::prelude::*;

fn listed(score: f32, same_person: bool) -> Listed {
    Listed { score: Score(score), same_person }
}

fn mated(person: usize, best: f32, same_person: bool) -> Search {
    Search { person, kind: Kind::Mated, candidates: Some(vec![listed(best, same_person)]) }
}

fn non_mated(person: usize, best: f32) -> Search {
    Search {
        person,
        kind: Kind::NonMated,
        candidates: Some(vec![listed(best, false), listed(best - 0.1, false)]),
    }
}

fn lost(person: usize, kind: Kind) -> Search {
    Search { person, kind, candidates: None }
}

/// Ten people who are in no gallery, with best scores 0.05, 0.15, ..., 0.95; four who are.
fn by_hand() -> Vec<Search> {
    let mut searches: Vec<Search> =
        (0..10_u8).map(|at| non_mated(at.into(), f32::from(at) / 10.0 + 0.05)).collect();
    searches.extend([
        mated(10, 0.97, true),
        mated(11, 0.80, true),
        mated(12, 0.90, false),
        lost(13, Kind::Mated),
    ]);
    searches
}

#[test]
fn the_threshold_is_just_over_the_first_false_positive_that_is_too_many() {
    assert_eq!(threshold(&by_hand(), 0.1), Some(Score(0.85_f32.next_up())));
    assert_eq!(threshold(&by_hand(), 0.099), Some(Score(0.95_f32.next_up())));
    assert_eq!(threshold(&by_hand(), 1.0), Some(Score(f32::MIN)));
    assert_eq!(threshold(&[mated(0, 0.5, true)], 0.1), None);
}

#[test]
fn equal_scores_fall_on_one_side_of_the_threshold_together() {
    let same: Vec<Search> = (0..10).map(|at| non_mated(at, 0.5)).collect();
    assert_eq!(threshold(&same, 0.5), Some(Score(0.5_f32.next_up())));
    assert_eq!(at_threshold(&same, Score(0.5)).fpir, Some(1.0));
}

#[test]
fn rates_are_those_counted_by_hand() {
    let found = at_fpir(&by_hand(), 0.1, 1).unwrap();
    let AtThreshold { fpir, fnir, wrong_person, selectivity } = found.rates;
    // At just over 0.85: of the mated 0.97 is found, 0.80 is below, 0.90 is somebody else, one is not acquired.
    assert_eq!((fpir, fnir, wrong_person), (Some(0.1), Some(0.75), Some(0.25)));
    // 0.95 is over it; the second candidate's 0.85 is not.
    assert_eq!(selectivity, Some(0.1));
    assert_eq!(rank1_miss(&by_hand()), Some(0.5));
    assert!(found.few, "one false positive stands behind it");
    let Interval { low, high } = found.interval.unwrap();
    assert!((0.0..=0.75).contains(&low) && (0.75..=1.0).contains(&high), "{low} {high}");
}

#[test]
fn a_probe_that_was_not_acquired_is_a_miss_and_no_false_positive() {
    let mut searches = by_hand();
    searches.extend((0..10).map(|at| lost(at, Kind::NonMated)));
    // Twenty non-mated now: two may be false positives.
    assert_eq!(threshold(&searches, 0.1), Some(Score(0.75_f32.next_up())));
    assert_eq!(at_threshold(&searches, Score(0.9)).fpir, Some(0.05));
    assert_eq!(at_threshold(&[lost(0, Kind::Mated)], Score(f32::MIN)).fnir, Some(1.0));
}

#[test]
fn thirty_false_positives_are_enough_and_twenty_nine_are_not() {
    let searches = |count| (0..count).map(|at| non_mated(at, at as f32)).collect::<Vec<_>>();
    assert!(at_fpir(&searches(2999), 0.01, 1).unwrap().few);
    assert!(!at_fpir(&searches(3000), 0.01, 1).unwrap().few);
}

#[test]
fn people_are_drawn_with_all_that_shows_them() {
    // One person has all the misses: drawn or not, the interval is as wide as people are few.
    let few: Vec<Search> = (0..10).map(|at| mated(at, if at == 0 { 0.1 } else { 0.9 }, true)).collect();
    let many: Vec<Search> = few.iter().flat_map(|search| std::iter::repeat_n(search.clone(), 100)).collect();
    let interval = |searches: &[Search]| fnir_interval(searches, Score(0.5), 3).unwrap();
    assert_eq!(interval(&few), interval(&many), "a hundred probes of each tell no more of the people");
}

#[test]
fn the_trade_off_falls_from_high_fpir_to_low() {
    let points = det(&by_hand());
    assert_eq!(points.first(), Some(&(1.0, 0.5)));
    assert_eq!(points.last(), Some(&(0.1, 0.75)));
}

proptest! {
    #[test]
    fn the_threshold_keeps_the_rate_and_is_the_lowest_that_does(
        scores in proptest::collection::vec(-1.0..1.0_f32, 1..200), fpir in 0.0..1.0_f64
    ) {
        let searches: Vec<Search> = scores.iter().enumerate().map(|(at, score)| non_mated(at, *score)).collect();
        let threshold = threshold(&searches, fpir).unwrap();
        prop_assert!(at_threshold(&searches, threshold).fpir.unwrap() <= fpir + 1e-9);
        if threshold.0 > f32::MIN {
            prop_assert!(at_threshold(&searches, Score(threshold.0.next_down())).fpir.unwrap() > fpir);
        }
    }

    #[test]
    fn a_higher_threshold_never_finds_more(
        scores in proptest::collection::vec((-1.0..1.0_f32, any::<bool>(), any::<bool>()), 1..100),
        low in -1.0..1.0_f32, rise in 0.0..1.0_f32
    ) {
        let searches: Vec<Search> = scores.iter().enumerate().map(|(at, (score, is_mated, same))| {
            if *is_mated { mated(at, *score, *same) } else { non_mated(at, *score) }
        }).collect();
        let (low, high) = (at_threshold(&searches, Score(low)), at_threshold(&searches, Score(low + rise)));
        prop_assert!(high.fpir <= low.fpir && high.fnir >= low.fnir);
        prop_assert!(high.wrong_person <= low.wrong_person && high.selectivity <= low.selectivity);
    }
}
