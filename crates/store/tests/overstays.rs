//! The list of who is past their last day is never put in place by a computation that began before what it says was changed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;

#[test]
fn a_computation_of_before_a_change_is_not_put_in_place_of_the_list() {
    let (_folder, store) = fresh();
    let began = store.overstays_outdated().unwrap();
    // As when a way out is declared not to be recorded.
    store.forget_overstays().unwrap();
    assert!(!store.put_overstays(&[], began, at(0)).unwrap());
    assert_eq!(store.overstays_computed().unwrap(), None, "it is computed anew");
    let began = store.overstays_outdated().unwrap();
    assert!(store.put_overstays(&[], began, at(1)).unwrap());
    assert_eq!(store.overstays_computed().unwrap(), Some(at(1)));
}
