use super::*;
use proptest::prelude::*;

const MINUTE_MS: u64 = 60_000;

/// So many people, of whom nineteen in twenty wait up to `p95_ms` and the rest a little longer.
fn waits(people: u64, p95_ms: u64) -> Waits {
    (0..people)
        .map(|n| if n % 20 == 19 { p95_ms + p95_ms / 10 } else { p95_ms * (n % 19 + 1) / 20 })
        .collect()
}

fn judged(manual: &Waits, photo: &Waits, record_ms: Option<u64>, ceiling_ms: u64) -> Judgement {
    judge(&Measured { manual, photo, record_ms, ceiling_ms })
}

fn which(judgement: &Judgement) -> Vec<Which> {
    match judgement {
        Judgement::FallsShort { shortfalls, .. } => shortfalls.iter().map(|short| short.which).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_manual_lane_as_quick_as_the_camera_keeps_the_promise() {
    let (manual, photo) = (waits(200, 50_000), waits(400, 60_000));
    assert!(matches!(judged(&manual, &photo, None, 10 * MINUTE_MS), Judgement::Met(_)));
}

#[test]
fn three_times_the_cameras_wait_falls_short_and_says_by_how_much() {
    let (manual, photo) = (waits(200, 3 * MINUTE_MS), waits(400, MINUTE_MS));
    let judgement = judged(&manual, &photo, None, 10 * MINUTE_MS);
    let Judgement::FallsShort { figures, shortfalls } = judgement else { panic!("{judgement:?}") };
    assert_eq!((figures.manual_people, figures.photo_people), (200, 400));
    let [short] = shortfalls[..] else { panic!("{shortfalls:?}") };
    assert_eq!(short.which, Which::Ratio);
    assert!(short.limit_ms < short.at_least_ms && short.at_least_ms < short.measured_ms);
    assert_eq!(short.limit_ms, figures.limit_ms);
}

#[test]
fn the_ceiling_holds_whatever_the_camera_takes() {
    let slow = waits(200, 20 * MINUTE_MS);
    assert_eq!(which(&judged(&slow, &slow, None, 10 * MINUTE_MS)), [Which::Ceiling]);
    assert_eq!(which(&judged(&slow, &Waits::default(), None, 10 * MINUTE_MS)), [Which::Ceiling]);
}

#[test]
fn of_too_few_nothing_is_said_however_short_or_long_they_waited() {
    let photo = waits(400, MINUTE_MS);
    for p95_ms in [1, 60 * MINUTE_MS] {
        let few = waits(PEOPLE_MIN - 1, p95_ms);
        assert!(matches!(judged(&few, &photo, None, 10 * MINUTE_MS), Judgement::TooFewToSay(_)));
    }
    // Enough of one choice, and nothing to compare with: the ceiling alone is no promise kept.
    let quick = waits(200, 1000);
    assert!(matches!(judged(&quick, &Waits::default(), None, 10 * MINUTE_MS), Judgement::TooFewToSay(_)));
}

#[test]
fn what_lies_at_the_limit_is_not_said_either_way() {
    let photo = waits(400, MINUTE_MS);
    let close: Waits = (0..100).map(|n| 40_000 + n * 500).collect();
    assert!(matches!(judged(&close, &photo, None, 10 * MINUTE_MS), Judgement::TooFewToSay(_)));
}

#[test]
fn a_lucky_month_sets_no_standard() {
    let few = waits(PEOPLE_MIN - 1, 1000);
    let usual = waits(300, MINUTE_MS);
    let best = best_shown([&few, &usual]).unwrap();
    assert!(best >= usual.p95_ms().unwrap());
    assert_eq!(best_shown([&few]), None);
}

#[test]
fn slowing_the_camera_turns_nothing_green() {
    // The camera's lane used to take a minute; the manual lane takes three. Then the camera's is slowed, ever more.
    let (manual, usual) = (waits(300, 3 * MINUTE_MS), waits(500, MINUTE_MS));
    let record_ms = best_shown([&usual]);
    let before = judged(&manual, &usual, record_ms, 10 * MINUTE_MS);
    assert_eq!(which(&before), [Which::Ratio]);
    for times in [2, 3, 5, 100] {
        let slowed = waits(500, times * MINUTE_MS);
        let after = judged(&manual, &slowed, record_ms, 10 * MINUTE_MS);
        assert_eq!(which(&after), [Which::Ratio], "slowed {times} times");
        // By the window alone it would have.
        if times > 2 {
            assert!(matches!(judged(&manual, &slowed, None, 10 * MINUTE_MS), Judgement::Met(_)));
        }
    }
    // Where the camera was slow from the first day, the ceiling is what holds.
    let late = waits(300, 15 * MINUTE_MS);
    assert_eq!(which(&judged(&late, &waits(500, 60 * MINUTE_MS), None, 10 * MINUTE_MS)), [Which::Ceiling]);
}

fn green(judgement: &Judgement) -> u8 {
    match judgement {
        Judgement::FallsShort { .. } => 0,
        Judgement::TooFewToSay(_) => 1,
        Judgement::Met(_) => 2,
    }
}

proptest! {
    #[test]
    fn no_slowing_of_the_camera_ever_makes_a_judgement_better(
        manual in prop::collection::vec(1_u64..1_200_000, 59..150),
        photo in prop::collection::vec(1_u64..300_000, 59..150),
        times in 1_u64..50,
        ceiling_ms in 60_000_u64..1_000_000,
    ) {
        let manual: Waits = manual.into_iter().collect();
        let (usual, slowed): (Waits, Waits) = (photo.iter().copied().collect(), photo.iter().map(|ms| ms * times).collect());
        // The record is what was shown before, against itself by its interval: no better than the window that set it.
        let record_ms = usual.p95_ms();
        let before = judged(&manual, &usual, record_ms, ceiling_ms);
        let after = judged(&manual, &slowed, record_ms, ceiling_ms);
        prop_assert!(green(&after) <= green(&before), "{before:?} became {after:?}");
    }

    #[test]
    fn a_longer_wait_of_the_manual_choice_never_makes_a_judgement_better(
        manual in prop::collection::vec(1_u64..1_200_000, 59..150),
        photo in prop::collection::vec(1_u64..300_000, 59..150),
        longer in 0_u64..600_000,
    ) {
        let photo: Waits = photo.into_iter().collect();
        let before = judged(&manual.iter().copied().collect(), &photo, None, 600_000);
        let after = judged(&manual.iter().map(|ms| ms + longer).collect(), &photo, None, 600_000);
        prop_assert!(green(&after) <= green(&before), "{before:?} became {after:?}");
    }
}
