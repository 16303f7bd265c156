//! A clock set forward erases nothing, a clock set back revives nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use portunus_store::{ClockState, KeysGo, clock::LEAP_MAX, restore};

const LEAP: i64 = LEAP_MAX.as_secs();

#[test]
fn a_clock_that_goes_on_is_believed_and_one_far_ahead_is_not_until_somebody_says_so() {
    let (folder, store) = fresh();
    assert_eq!(store.look_at_clock(at(0)).unwrap(), ClockState::Steady, "the first look");
    assert_eq!(store.look_at_clock(at(LEAP)).unwrap(), ClockState::Steady, "a long weekend");
    let ahead = at(2 * LEAP + 1);
    for _ in 0..3 {
        let halted = ClockState::SetForward { believed: at(LEAP) };
        assert_eq!(store.look_at_clock(ahead).unwrap(), halted, "looking does not make it right");
        assert_eq!(halted.erase_by(ahead), None);
    }
    drop(store);
    let store = open(folder.path(), 9);
    assert!(
        matches!(store.look_at_clock(ahead).unwrap(), ClockState::SetForward { .. }),
        "nor does a new start"
    );
    assert_eq!(store.look_at_clock(at(LEAP + 5)).unwrap(), ClockState::Steady, "set right again");
    store.believe_clock(ahead).unwrap();
    assert_eq!(store.look_at_clock(ahead).unwrap(), ClockState::Steady);
}

#[test]
fn a_clock_set_back_leaves_what_was_believed() {
    let (_folder, store) = fresh();
    store.look_at_clock(at(HOUR)).unwrap();
    for back in [0, HOUR - 1] {
        let state = store.look_at_clock(at(back)).unwrap();
        assert_eq!(
            (state, state.erase_by(at(back))),
            (ClockState::SetBack { believed: at(HOUR) }, Some(at(HOUR)))
        );
    }
    assert_eq!(store.look_at_clock(at(HOUR)).unwrap(), ClockState::Steady);
}

#[test]
fn a_clock_that_was_wrong_when_it_was_first_believed_erases_nothing_once_it_is_set_right() {
    let (_folder, store) = fresh();
    store.look_at_clock(at(LEAP + HOUR)).unwrap();
    let state = store.look_at_clock(at(0)).unwrap();
    assert_eq!((state, state.erase_by(at(0))), (ClockState::SetBack { believed: at(LEAP + HOUR) }, None));
    store.believe_clock(at(0)).unwrap();
    assert_eq!(store.look_at_clock(at(0)).unwrap(), ClockState::Steady);
}

#[test]
fn a_restore_does_not_make_a_wrong_clock_right() {
    for (restored_at, is_believed) in
        [(HOUR, true), (HOUR + LEAP, true), (HOUR + LEAP + 1, false), (-LEAP, false)]
    {
        let (folder, store) = fresh();
        let elsewhere = tempfile::tempdir().unwrap();
        let [backup, into] = ["backup", "into"].map(|name| elsewhere.path().join(name));
        store.back_up(&backup, KeysGo::Nowhere, at(HOUR), &mut |_, _| {}).unwrap();
        std::fs::create_dir(&into).unwrap();
        std::fs::copy(folder.path().join("keys.db"), into.join("keys.db")).unwrap();
        let now = at(restored_at);
        let restored = restore(&backup, None, &into, None, Seeded::new(5), now, &mut |_, _| {}).unwrap();
        assert_eq!(restored.clock_is_believed, is_believed, "{restored_at}");
        let state = open(&into, 3).look_at_clock(now).unwrap();
        assert_eq!(state.erase_by(now).is_some(), is_believed, "{state:?}");
    }
}
