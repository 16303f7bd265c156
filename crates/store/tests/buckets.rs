//! Buckets: who falls due together shares a key; who is erased before the others is gone from every copy.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use portunus_core::biometric::PackId;
use portunus_core::id::RecordId;
use portunus_core::policy::PersonClass;
use portunus_store::*;
use std::collections::BTreeMap;
use std::path::Path;

fn keep(store: &Store, number: &str, portrait: &[u8], until: i64, now: i64) -> RecordId {
    let pack = PackId("pack".into());
    let class = PersonClass::NonImmigrant;
    let reference =
        NewReference { portrait, template: b"template", pack: &pack, class, erase_after: at(until) };
    match store.put_reference(&document(number), &reference, at(now)).unwrap() {
        PutReference::Added(record) => record,
        other => panic!("{other:?}"),
    }
}

fn opens(store: &Store, record: RecordId, now: i64) -> bool {
    store.open_record(record, &SHOW, at(now)).is_ok_and(|opened| opened.is_some())
}

fn buckets(folder: &Path) -> usize {
    let keys = rusqlite::Connection::open(folder.join("keys.db")).unwrap();
    keys.query_row("SELECT COUNT(*) FROM bucket_key", [], |row| row.get::<_, i64>(0)).unwrap() as usize
}

/// A copy of the database and the sealed bytes, without the key ring.
fn copy(store: &Store) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    store.back_up(copy.path(), KeysGo::Nowhere, at(1), &mut |_, _| {}).unwrap();
    copy
}

/// The copy as a store, under the key ring that `folder` has now.
fn opened(copy: &tempfile::TempDir, folder: &Path) -> Store {
    std::fs::copy(folder.join("keys.db"), copy.path().join("keys.db")).unwrap();
    open(copy.path(), 5)
}

#[test]
fn a_thousand_that_fall_due_together_share_one_key() {
    let (folder, store) = fresh();
    let records: Vec<RecordId> = (0..1010)
        .map(|n: u32| keep(&store, &format!("L{n}"), &n.to_be_bytes(), 2 * HOUR + i64::from(n % 60), 0))
        .collect();
    assert_eq!(buckets(folder.path()), 2, "a thousand, and ten");
    let other = keep(&store, "OTHER", b"another minute", 3 * HOUR, 0);
    assert_eq!(buckets(folder.path()), 3);
    assert!(records.iter().all(|record| opens(&store, *record, HOUR)));
    while store.erase_due(at(2 * HOUR + 60), 200).unwrap() > 0 {}
    assert!(opens(&store, other, 2 * HOUR + 60));
    assert_eq!(vault(folder.path()).map(|list| list.len()), [1, 1, 1]);
}

#[test]
fn a_batch_is_at_most_what_was_asked_for_and_one_bucket() {
    let (_folder, store) = fresh();
    for n in 0..2500_u32 {
        keep(&store, &format!("L{n}"), &n.to_be_bytes(), 2 * HOUR + i64::from(n % 7), 0);
    }
    let mut erased = 0;
    loop {
        match store.erase_due(at(2 * HOUR + 60), 20).unwrap() {
            0 => break,
            batch => {
                assert!(batch <= 1020, "{batch} at once: captures wait so long");
                erased += batch;
            }
        }
    }
    assert_eq!(erased, 2500);
}

#[test]
fn who_was_erased_since_opens_from_no_copy_and_who_was_not_does() {
    let (folder, store) = fresh();
    let [early, survivor] = [keep(&store, "L1", b"early", HOUR, 0), keep(&store, "L2", b"survivor", HOUR, 0)];
    assert_eq!(buckets(folder.path()), 1, "they share a key");
    let [before, then] = [copy(&store), copy(&store)];
    // With the key ring as it was then both open: what must fail below is what the erasure did.
    let then = opened(&then, folder.path());
    assert!(opens(&then, early, 2) && opens(&then, survivor, 2));

    assert!(store.erase(early, at(1)).unwrap());
    assert!(opens(&store, survivor, 2));
    let restored = opened(&before, folder.path());
    assert!(!opens(&restored, early, 2));
    assert!(opens(&restored, survivor, 2), "the key ring knows where its key went");
}

#[test]
fn whatever_dates_a_record_had_it_opens_from_no_copy_once_it_is_erased() {
    for dates in [&[HOUR] as &[i64], &[200 * HOUR], &[200 * HOUR, HOUR], &[HOUR, 200 * HOUR]] {
        let (folder, store) = fresh();
        let [redated, other] =
            [keep(&store, "L1", b"redated", 99 * HOUR, 0), keep(&store, "L2", b"other", 99 * HOUR, 0)];
        let mut copies = vec![copy(&store)];
        for due in dates {
            assert!(store.redate(redated, PersonClass::Citizen, at(*due), at(1)).unwrap());
            assert!(opens(&store, redated, 2) && opens(&store, other, 2), "{dates:?}");
            copies.push(copy(&store));
        }
        if dates.last() == Some(&HOUR) {
            while store.erase_due(at(HOUR), 9).unwrap() > 0 {}
        } else {
            assert!(store.erase(redated, at(2)).unwrap());
        }
        for (n, copy) in copies.iter().enumerate() {
            let restored = opened(copy, folder.path());
            assert!(!opens(&restored, redated, 3), "{dates:?}, copy {n}");
            assert!(opens(&restored, other, 3), "{dates:?}, copy {n}");
        }
    }
}

/// A small generator (SplitMix64): a failing seed is replayed by its number.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

#[test]
fn whatever_happens_in_whatever_order_nothing_is_readable_past_its_date_nor_gone_before() {
    for seed in 0..12 {
        walk(seed);
    }
}

fn walk(seed: u64) {
    let (folder, mut store) = fresh();
    let mut random = Seeded(seed);
    let (mut now, mut number) = (0_i64, 0_u32);
    // What a person with a list and a clock would expect: each record's content and date, until it is erased.
    let mut expected: BTreeMap<RecordId, (Vec<u8>, i64)> = BTreeMap::new();
    let mut gone: Vec<RecordId> = Vec::new();
    let mut copies = Vec::new();
    for step in 0..80 {
        now += random.below(40) as i64;
        let living: Vec<RecordId> = expected.keys().copied().collect();
        let pick =
            |random: &mut Seeded| living.get(random.below(living.len().max(1) as u64) as usize).copied();
        match random.below(11) {
            0..4 => {
                let due = now + 1 + random.below(600) as i64;
                let content = format!("portrait {seed} {number}").into_bytes();
                let record = keep(&store, &format!("L{number}"), &content, due, now);
                expected.insert(record, (content, due));
                number += 1;
            }
            4 => {
                if let Some(record) = pick(&mut random) {
                    let erased = store.erase(record, at(now)).unwrap();
                    assert!(erased || expected[&record].1 <= now, "seed {seed}, step {step}");
                    expected.remove(&record);
                    gone.push(record);
                }
            }
            5 | 6 => {
                if let Some(record) = pick(&mut random) {
                    let due = now + 1 + random.below(900) as i64;
                    let alive = expected[&record].1 > now;
                    let redated =
                        store.redate(record, PersonClass::PermanentResident, at(due), at(now)).unwrap();
                    assert_eq!(redated, alive, "seed {seed}, step {step}");
                    if alive {
                        expected.get_mut(&record).unwrap().1 = due;
                    }
                }
            }
            7 => drop(store.seal(RecordKind::PROBE, b"never committed", at(now)).unwrap()),
            8 => {
                let due = store.due(at(now), 1000).unwrap().len();
                let erased = store.erase_due(at(now), 1 + random.below(5) as usize).unwrap();
                assert!(erased <= due && (erased > 0) == (due > 0), "seed {seed}, step {step}");
            }
            9 => copies.push(copy(&store)),
            _ => {
                drop(store);
                store = open(folder.path(), 100 + step);
                store.sweep(at(now)).unwrap();
            }
        }
        for (record, (content, due)) in &expected {
            let opened = store.open_reference(*record, &SHOW, at(now));
            match opened {
                Ok(Some(reference)) => {
                    assert!(
                        now < *due && reference.portrait() == *content,
                        "seed {seed}, step {step}: {record}"
                    );
                }
                Ok(None) => {
                    assert!(now >= *due, "seed {seed}, step {step}: {record} is gone before its date")
                }
                Err(error) => panic!("seed {seed}, step {step}: {error}"),
            }
        }
        assert!(gone.iter().all(|record| !opens(&store, *record, 0)), "seed {seed}, step {step}");
    }
    while store.erase_due(at(now), 50).unwrap() > 0 {}
    for copy in &copies {
        let restored = opened(copy, folder.path());
        for (record, (_, due)) in &expected {
            // Whether a record is in this copy at all is the copy's own affair: it opens, or it is not listed.
            let listed = restored.open_record(*record, &SHOW, at(0)).map(|opened| opened.is_some());
            assert!(
                *due <= now || listed.is_ok(),
                "seed {seed}: {record} is kept and does not open from a copy"
            );
            assert!(*due > now || !opens(&restored, *record, 0), "seed {seed}: {record} opens from a copy");
        }
        assert!(gone.iter().all(|record| !opens(&restored, *record, 0)), "seed {seed}: an erased one opens");
    }
    store.sweep(at(now + 2 * HOUR)).unwrap();
    let [keys, rows, blobs] = vault(folder.path());
    let alive = expected.values().filter(|(_, due)| *due > now).count();
    assert_eq!((keys.len(), &keys, &keys), (alive, &rows, &blobs), "seed {seed}");
}
