//! Lookouts: sealed, in force by another's word, erased with their keys when they expire or are withdrawn.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::Timestamp;
use portunus_core::document::{DocumentKey, DocumentKind, State};
use portunus_core::id::{LookoutId, UserId, VoyageId};
use portunus_core::lookout::{DocumentState, Lookout, NotApproved, On, Standing};
use portunus_core::ports::Entropy;
use portunus_core::voyage::{Voyage, VoyageKey, VoyageStatus};
use portunus_store::Store;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

struct Counting(AtomicU64);
impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let n = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&n.to_be_bytes()[..chunk.len()]);
        }
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-23T12:00:00Z")
}

fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

fn lookout(reference: &str, number: &str, expires: &str) -> Lookout {
    let document =
        DocumentKey::new(State::new("UTO").unwrap(), DocumentKind::new("P").unwrap(), number).ok().unwrap();
    Lookout {
        on: On::Document { document, state: DocumentState::Stolen },
        authority: "Police".into(),
        reference: reference.into(),
        reason: "stolen in transit".into(),
        expires_at: at(expires),
        review_on: "2026-12-23".parse().unwrap(),
    }
}

fn keys_left(folder: &std::path::Path) -> i64 {
    let keys = rusqlite::Connection::open(folder.join("keys.db")).unwrap();
    keys.query_row("SELECT COUNT(*) FROM bucket_key", [], |row| row.get(0)).unwrap()
}

#[test]
fn who_wrote_it_does_not_approve_it_and_a_changed_one_needs_approval_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Arc::new(Counting(AtomicU64::new(1)))).unwrap();
    let first = lookout("1", "L898902C3", "2027-06-01T00:00:00Z");
    let put = store.put_lookouts(std::slice::from_ref(&first), user(1), now()).unwrap();
    assert_eq!((put.written, put.replaced, put.unchanged), (1, 0, 0));
    let id = store.lookouts(now()).unwrap()[0].0.id;
    let approved = |id, by| store.approve_lookout(id, now(), user(by), now()).unwrap();
    assert_eq!(approved(id, 1), Some(Err(NotApproved::OwnLookout)));
    let before = store.approve_lookout(id, at("2026-11-23T11:59:59Z"), user(2), now()).unwrap();
    assert_eq!(
        before,
        Some(Err(NotApproved::WrittenAnew)),
        "what was looked at is approved, and nothing else"
    );
    assert_eq!(approved(id, 2), Some(Ok(())));
    assert_eq!(approved(id, 3), Some(Err(NotApproved::AlreadyApproved)));
    assert_eq!(approved(LookoutId::from_bytes([9; 16]), 2), None);
    assert_eq!(store.put_lookouts(std::slice::from_ref(&first), user(1), now()).unwrap().unchanged, 1);
    assert!(matches!(store.lookouts(now()).unwrap()[0].0.standing, Standing::InForce { .. }));
    let other = lookout("1", "L898902C4", "2027-06-01T00:00:00Z");
    assert_eq!(store.put_lookouts(std::slice::from_ref(&other), user(1), now()).unwrap().replaced, 1);
    let kept = store.lookouts(now()).unwrap();
    assert_eq!((kept.len(), kept[0].0.id, kept[0].0.standing), (1, id, Standing::Proposed));
    assert!(kept[0].1 == other);
    assert_eq!(keys_left(folder.path()), 1, "what was replaced opens nowhere");
}

#[test]
fn what_is_written_anew_is_in_force_for_nobody_and_what_is_the_same_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Arc::new(Counting(AtomicU64::new(1)))).unwrap();
    let first = lookout("1", "L898902C3", "2027-06-01T00:00:00Z");
    store.put_lookouts(std::slice::from_ref(&first), user(1), now()).unwrap();
    let id = store.lookouts(now()).unwrap()[0].0.id;
    store.approve_lookout(id, now(), user(2), now()).unwrap().unwrap().unwrap();
    assert!(store.ask_redress([5; 32], id, "somebody else", user(3), now()).unwrap());
    let generation = store.lookout_generation().unwrap();
    store.put_lookouts(std::slice::from_ref(&first), user(1), now()).unwrap();
    assert_eq!(
        (store.lookout_generation().unwrap(), store.redress_of([5; 32]).unwrap().len()),
        (generation, 1)
    );
    let other = lookout("1", "L898902C4", "2027-06-01T00:00:00Z");
    store.put_lookouts(std::slice::from_ref(&other), user(1), now()).unwrap();
    assert!(store.lookout_generation().unwrap() > generation);
    assert!(store.redress_of([5; 32]).unwrap().is_empty(), "said of what it said before");
}

#[test]
fn one_that_does_not_open_any_more_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Arc::new(Counting(AtomicU64::new(1)))).unwrap();
    let first = lookout("1", "L898902C3", "2027-06-01T00:00:00Z");
    store.put_lookouts(std::slice::from_ref(&first), user(1), now()).unwrap();
    let keys = rusqlite::Connection::open(folder.path().join("keys.db")).unwrap();
    assert_eq!(keys.execute("DELETE FROM bucket_key", []).unwrap(), 1);
    assert!(store.lookouts(now()).unwrap().is_empty());
    let put = store.put_lookouts(std::slice::from_ref(&first), user(1), now()).unwrap();
    assert_eq!((put.replaced, put.unchanged), (1, 0));
    assert!(store.lookouts(now()).unwrap()[0].1 == first);
}

#[test]
fn one_is_kept_as_it_stands_until_it_changes_expires_or_opens_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Arc::new(Counting(AtomicU64::new(1)))).unwrap();
    let first = lookout("1", "L898902C3", "2027-06-01T00:00:00Z");
    let keeps = |one: &Lookout, at: Timestamp| store.keeps_lookout(one, at).unwrap();
    assert!(!keeps(&first, now()));
    store.put_lookouts(std::slice::from_ref(&first), user(1), now()).unwrap();
    assert!(keeps(&first, at("2027-05-31T23:59:59Z")) && !keeps(&first, at("2027-06-01T00:00:00Z")));
    assert!(!keeps(&lookout("1", "L898902C4", "2027-06-01T00:00:00Z"), now()));
    assert!(!keeps(&lookout("2", "L898902C3", "2027-06-01T00:00:00Z"), now()));
    let keys = rusqlite::Connection::open(folder.path().join("keys.db")).unwrap();
    assert_eq!(keys.execute("DELETE FROM bucket_key", []).unwrap(), 1);
    assert!(!keeps(&first, now()));
}

#[test]
fn expired_is_not_read_then_erased_with_its_key_and_who_stays_opens_still() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Arc::new(Counting(AtomicU64::new(1)))).unwrap();
    let all = [
        lookout("1", "A1", "2026-12-01T06:00:00Z"),
        lookout("2", "A2", "2026-12-01T18:00:00Z"),
        lookout("3", "A3", "2027-06-01T00:00:00Z"),
    ];
    store.put_lookouts(&all, user(1), now()).unwrap();
    let left = |now: &str| store.lookouts(at(now)).unwrap().len();
    assert_eq!((left("2026-12-01T05:59:59Z"), left("2026-12-01T06:00:00Z")), (3, 2));
    let generation = store.lookout_generation().unwrap();
    assert_eq!(store.erase_expired_lookouts(at("2026-12-01T06:00:00Z")).unwrap(), 1);
    assert!(store.lookout_generation().unwrap() > generation);
    let kept = store.lookouts(at("2026-12-01T07:00:00Z")).unwrap();
    assert!(
        kept.len() == 2 && kept[0].1 == all[1] && kept[1].1 == all[2],
        "who shared its bucket opens still"
    );
    assert_eq!(store.erase_expired_lookouts(at("2026-12-01T07:00:00Z")).unwrap(), 0);
    assert!(store.withdraw_lookout(kept[0].0.id, at("2026-12-01T07:00:00Z")).unwrap());
    assert!(!store.withdraw_lookout(kept[0].0.id, at("2026-12-01T07:00:00Z")).unwrap());
    assert_eq!(keys_left(folder.path()), 1);
    store.sweep(at("2027-01-01T00:00:00Z")).unwrap();
    assert_eq!(left("2027-01-01T00:00:00Z"), 1, "a sweep takes no key that is needed");
}

#[test]
fn under_ten_hits_of_an_authority_are_told_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Arc::new(Counting(AtomicU64::new(1)))).unwrap();
    let day = "2026-11-23".parse().unwrap();
    let voyage = VoyageId::from_bytes([7; 16]);
    let key = VoyageKey { carrier: "LH".into(), number: "400".into(), date: day };
    let watch = Voyage { id: voyage, key, legs: Vec::new(), status: VoyageStatus::Open, watch: None };
    assert!(store.open_watch(&watch, &[], now()).unwrap());
    let hits = [("Police".to_owned(), 9), ("Customs".to_owned(), 12)].into();
    // Closed, come back and closed again.
    store.count_lookout_hits(voyage, day, &hits).unwrap();
    store.count_lookout_hits(voyage, day, &hits).unwrap();
    let told = store.lookout_counts().unwrap();
    assert_eq!((told.len(), told[0].authority.as_str(), told[0].hits), (1, "Customs", 10));
    assert_eq!(told[0].false_hits, None);
}
