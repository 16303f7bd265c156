//! What every backend promises (`portunus_store::ports`), as tests that run on each of them.
//!
//! `contract` states it where nothing fails; `faults` plays a life cycle once for every write in it and each way in
//! which that write can fail. Another backend joins with a [`Backend`] and one more line at the end of this file.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../border/mod.rs"]
mod border;
mod contract;
mod faults;
mod memory;
mod sqlite;

use border::*;
use portunus_core::id::{IdempotencyKey, RecordId};
use portunus_core::policy::PersonClass;
use portunus_store::*;
use std::collections::BTreeSet;

/// One kind of store under test: empty when made, with `DEVICE` enrolled.
trait Backend {
    /// What keeps the promises.
    type Store: Requests + Vault + Retention;

    /// A new one, empty.
    fn empty() -> Self;
    /// Another process that opens it.
    fn open(&self) -> Self::Store;
    /// What is there, whatever the rows say of it.
    fn remains(&self) -> Remains;
    /// Loses the sealed bytes of a record, or alters one of them.
    fn damage(&self, record: RecordId, byte: Option<usize>);
}

/// One whose writes can be made to fail.
trait Faulty: Backend {
    /// Which fail from now on. Gives what was to come before.
    fn set_faults(&self, faults: Faults) -> Faults;
}

/// What is there of records: all three are the same when nothing is left over.
#[derive(Debug, PartialEq, Eq)]
struct Remains {
    rows: BTreeSet<String>,
    /// With every key, bucket or note that is of no record.
    keys: BTreeSet<String>,
    bytes: BTreeSet<String>,
}

impl Remains {
    #[track_caller]
    fn are_of(&self, records: &[RecordId], when: &str) {
        let records: BTreeSet<String> = records.iter().map(RecordId::to_string).collect();
        assert_eq!(self.rows, records, "{when}: rows");
        assert_eq!(self.keys, records, "{when}: keys");
        assert_eq!(self.bytes, records, "{when}: sealed bytes");
    }
}

/// A request of its own for the `n`th capture; its nonce is the `signature`th.
fn asked(n: u8, signature: u64) -> Admission {
    let mut nonce = [n; 16];
    nonce[..8].copy_from_slice(&signature.to_be_bytes());
    let (key, body_mac) = (IdempotencyKey::from_bytes([n; 16]), [n; 32]);
    Admission { key, device: DEVICE, body_mac, counter: 0, counted: None, nonce, created: at(0) }
}

fn keep_of(sealed: Sealed, n: u8, until: i64) -> Keep<'static> {
    let (class, key) = (PersonClass::NonImmigrant, asked(n, 0).key);
    Keep { sealed, class, erase_after: at(until), key, outcome: "kept" }
}

fn bytes_of(n: u8) -> Vec<u8> {
    vec![n; 40 + usize::from(n)]
}

/// The `n`th capture, kept at `now` and due at `until`.
#[track_caller]
fn kept(store: &(impl Requests + Vault), n: u8, until: i64, now: i64) -> RecordId {
    assert_eq!(store.admit(&asked(n, 0), at(now)).unwrap(), Admit::New);
    let sealed = store.seal(RecordKind::PROBE, &bytes_of(n), at(now)).unwrap();
    let record = sealed.record();
    assert_eq!(store.keep(keep_of(sealed, n, until), at(now)).unwrap(), Kept::Done);
    record
}

fn opened(store: &impl Vault, record: RecordId, now: i64) -> Option<Vec<u8>> {
    store.open(record, &SHOW, at(now)).unwrap().map(|bytes| bytes.to_vec())
}

fn dues(store: &impl Retention) -> Vec<(PersonClass, i64)> {
    let mut dues = Vec::new();
    store.holdings(&mut |held| dues.push((held.class, held.due.duration_since(at(0)).as_secs()))).unwrap();
    dues
}

macro_rules! conformance {
    ($backend:ident: $($name:ident),* $(,)?) => {
        mod $backend {
            $(
                #[test]
                fn $name() {
                    super::super::contract::$name::<super::super::$backend::Backend>();
                }
            )*
        }
    };
}

macro_rules! on {
    ($($backend:ident),*) => {
        mod on {$(
            conformance! { $backend:
                a_request_is_admitted_once_and_keeps_its_first_answer,
                a_sealed_record_opens_only_once_it_is_kept,
                a_citizens_probe_is_refused_and_destroyed,
                what_waited_too_long_is_not_kept,
                past_its_date_nothing_opens_although_its_bytes_are_there,
                what_is_erased_stays_erased_for_whoever_opens_the_store_next,
                whoever_shares_a_key_with_the_erased_opens_still,
                a_date_may_come_nearer_or_go_further_but_nothing_is_revived,
                every_opening_is_on_record_and_what_does_not_open_is_not,
                what_is_damaged_is_reported_and_not_opened,
                what_is_due_is_erased_and_nothing_else,
                the_sweep_takes_orphans_and_nothing_that_is_being_made,
                many_that_fall_due_together_go_together,
            }
        )*}
    };
}

on! { sqlite, memory }
