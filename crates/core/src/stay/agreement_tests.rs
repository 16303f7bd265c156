//! One event at a time and many at once agree, in any order and however often each comes; and with a plain reading of what
//! connects people, which compares everything with everything.

use super::fact::{Biographic, StatusChange};
use super::identity::persons;
use super::*;
use crate::crossing::Admission;
use crate::encounter::Method;
use crate::id::{DecisionId, RecordId};
use crate::place::Direction;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};

/// What becomes an event: small numbers, so that much falls together.
#[derive(Debug, Clone)]
enum Op {
    Fact {
        record: u8,
        revision: u32,
        hour: i64,
        keys: Vec<u8>,
        who: Option<u8>,
        what: u8,
    },
    Same {
        a: u8,
        b: u8,
    },
    NotSame {
        a: u8,
        b: u8,
    },
    Apart {
        records: Vec<u8>,
    },
    /// Of the operation at that place, where that is one to be undone.
    Undone {
        decision: u8,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let record = 0_u8..12;
    let fact = (
        record.clone(),
        0_u32..3,
        0_i64..600,
        prop::collection::vec(0_u8..8, 0..3),
        prop::option::of(0_u8..4),
        0_u8..17,
    )
        .prop_map(|(record, revision, hour, keys, who, what)| Op::Fact {
            record,
            revision,
            hour,
            keys,
            who,
            what,
        });
    prop_oneof![
        12 => fact,
        1 => (record.clone(), record.clone()).prop_map(|(a, b)| Op::Same { a, b }),
        1 => (record.clone(), record.clone()).prop_map(|(a, b)| Op::NotSame { a, b }),
        1 => prop::collection::vec(record, 0..4).prop_map(|records| Op::Apart { records }),
        1 => (0_u8..40).prop_map(|decision| Op::Undone { decision }),
    ]
}

fn record(n: u8) -> RecordId {
    RecordId::from_bytes([n; 16])
}

fn decision(n: u8) -> DecisionId {
    DecisionId::from_bytes([0x80 | n; 16])
}

fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn event(op: &Op, n: usize) -> Event {
    let decided = |decided| Event::Decision(Decision { id: decision(u8::try_from(n).unwrap()), decided });
    match op {
        Op::Fact { record: n, revision, hour, keys, who, what } => {
            // Two of the eight are identities.
            let key = |k: &u8| if *k < 2 { LinkKey::identity([*k; 16]) } else { LinkKey::document([*k; 16]) };
            let names = ["ANNA", "ANNE", "PETRA"];
            let who = who.map(|w| match w {
                3.. => Who::Sealed([1; 16]),
                _ => Who::Stated(Biographic {
                    family_name: "MUELLER".into(),
                    given_names: names[usize::from(w)].into(),
                    born: Some("1980-02-09".parse().unwrap()),
                    nationality: None,
                    sex: None,
                }),
            });
            Event::Fact(Fact {
                record: record(*n),
                revision: *revision,
                at: start() + SignedDuration::from_hours(*hour),
                keys: keys.iter().map(key).collect(),
                who,
                what: what_of(*what),
            })
        }
        Op::Same { a, b } => decided(Decided::Same { a: record(*a), b: record(*b) }),
        Op::NotSame { a, b } => decided(Decided::NotSame { a: record(*a), b: record(*b) }),
        Op::Apart { records } => {
            decided(Decided::Apart { records: records.iter().map(|n| record(*n)).collect() })
        }
        Op::Undone { decision: of } => decided(Decided::Undone { decision: decision(*of) }),
    }
}

fn what_of(n: u8) -> What {
    let until = |day: &str| Some(day.parse().unwrap());
    // One entry in four is of somebody who may still stay.
    let last_day = if n == 3 { "2026-02-14" } else { "2026-01-14" };
    let crossed = |direction, source| {
        What::Crossed(Crossing {
            direction,
            port: "JFK".into(),
            mode: Mode::Air,
            admission: (direction == Direction::Entry)
                .then(|| Admission { class: "B-2".into(), until: until(last_day) }),
            method: Method::DocumentInspected,
            source,
        })
    };
    match n {
        0..=3 => crossed(Direction::Entry, Source::Own),
        4..=6 => crossed(Direction::Exit, Source::Own),
        7 => crossed(Direction::Exit, Source::Imported { from: "CAN".into() }),
        8 => crossed(Direction::Exit, Source::Outage),
        9 => crossed(Direction::Exit, Source::Corrected),
        10 => What::OneHolder,
        11 => What::Withdrawn,
        12 => What::Changed(StatusChange::Extension { until: "2026-01-20".parse().unwrap() }),
        13 => What::Changed(StatusChange::Status { class: "F-1".into(), until: until("2026-01-10") }),
        14 => What::Changed(StatusChange::Applied),
        15 => What::Changed(StatusChange::ApplicationRefused),
        _ => What::Changed(StatusChange::Settled { citizen: true }),
    }
}

fn stays(book: &Book) -> Vec<Stay> {
    let span = Span { from: start(), until: None };
    let coverage = Coverage { ways: vec![WayOut { mode: Mode::Air, port: None, recorded: vec![span] }] };
    book.all(&coverage, start() + SignedDuration::from_hours(700))
}

fn streamed(events: &[Event]) -> Book {
    let mut book = Book::new(Rules::default());
    for event in events {
        book.apply(event);
    }
    book
}

/// Who is one person's, by comparing everything with everything.
fn plainly(events: &[Event]) -> BTreeSet<BTreeSet<RecordId>> {
    let mut facts: BTreeMap<RecordId, Fact> = BTreeMap::new();
    let mut decided: BTreeMap<DecisionId, Decided> = BTreeMap::new();
    for event in events {
        match event {
            Event::Fact(fact) => {
                let mut fact = fact.clone();
                fact.keys.sort();
                fact.keys.dedup();
                if fact.what == What::Withdrawn {
                    (fact.keys, fact.who) = (Vec::new(), None);
                }
                match facts.get(&fact.record) {
                    Some(known) if (known.revision, known) >= (fact.revision, &fact) => {}
                    _ => {
                        facts.insert(fact.record, fact);
                    }
                }
            }
            Event::Decision(decision) => {
                decided.insert(decision.id, decision.decided.clone());
            }
        }
    }
    let undone: BTreeSet<DecisionId> = decided
        .values()
        .filter_map(|d| if let Decided::Undone { decision } = d { Some(*decision) } else { None })
        .collect();
    decided.retain(|id, _| !undone.contains(id));
    let facts: Vec<Fact> = facts.into_values().filter(|fact| fact.what != What::Withdrawn).collect();
    let keys: Vec<Vec<LinkKey>> = facts
        .iter()
        .map(|fact| {
            let mut keys = fact.keys.clone();
            for (id, decided) in &decided {
                if let Decided::Apart { records } = decided
                    && records.contains(&fact.record)
                {
                    keys.iter_mut().for_each(|key| *key = key.apart(id.bytes()));
                }
            }
            for (id, decided) in &decided {
                if let Decided::Same { a, b } = decided
                    && (*a == fact.record || *b == fact.record)
                {
                    keys.push(LinkKey::decision(*id));
                }
            }
            keys
        })
        .collect();
    let mut label: Vec<usize> = (0..facts.len()).collect();
    for _ in 0..facts.len() {
        for a in 0..facts.len() {
            for b in 0..facts.len() {
                if keys[a].iter().any(|key| keys[b].contains(key)) {
                    label[a] = label[a].min(label[b]);
                }
            }
        }
    }
    let mut all = BTreeSet::new();
    for cluster in label.iter().copied().collect::<BTreeSet<_>>() {
        let of: Vec<usize> = (0..facts.len()).filter(|n| label[*n] == cluster).collect();
        for person in persons(&of.iter().map(|n| keys[*n].clone()).collect::<Vec<_>>()) {
            all.insert(person.members.iter().map(|m| facts[of[*m]].record).collect());
        }
    }
    all
}

/// Operations; and the same, each once at least and some again, in another order.
fn ordered_and_not() -> impl Strategy<Value = (Vec<Event0>, Vec<Event0>)> {
    prop::collection::vec(op(), 0..40).prop_flat_map(|ops| {
        let events: Vec<Event0> = ops.into_iter().enumerate().map(|(n, op)| Event0(op, n)).collect();
        let again = prop::collection::vec(any::<bool>(), events.len());
        let twice = (Just(events.clone()), again).prop_map(|(events, again)| {
            let repeated =
                events.iter().zip(again).filter(|(_, again)| *again).map(|(event, _)| event.clone());
            repeated.chain(events.clone()).collect::<Vec<_>>()
        });
        (Just(events), twice.prop_shuffle())
    })
}

/// An operation and its place: an event in a form that can be shown.
#[derive(Debug, Clone)]
struct Event0(Op, usize);

fn events(ops: &[Event0]) -> Vec<Event> {
    ops.iter().map(|Event0(op, n)| event(op, *n)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn in_any_order_one_by_one_or_at_once_the_stays_are_the_same((ordered, shuffled) in ordered_and_not()) {
        let (ordered, shuffled) = (events(&ordered), events(&shuffled));
        let at_once = Book::of(Rules::default(), ordered.iter().cloned());
        let one_by_one = streamed(&shuffled);
        prop_assert_eq!(stays(&at_once), stays(&one_by_one));
        prop_assert_eq!(stays(&at_once), stays(&Book::of(Rules::default(), shuffled)));
        prop_assert_eq!(one_by_one.partition(), plainly(&ordered));
    }

    #[test]
    fn merged_then_split_is_as_it_was((ordered, _) in ordered_and_not(), a in 0_u8..12, b in 0_u8..12, apart in prop::collection::vec(0_u8..12, 0..5)) {
        let mut book = streamed(&events(&ordered));
        let before = (stays(&book), book.partition());
        let apart = Decided::Apart { records: apart.into_iter().map(record).collect() };
        for (n, decided) in [(1, Decided::Same { a: record(a), b: record(b) }), (2, apart)] {
            let id = DecisionId::from_bytes([n; 16]);
            book.apply(&Event::Decision(Decision { id, decided }));
            let undone = DecisionId::from_bytes([n + 64; 16]);
            book.apply(&Event::Decision(Decision { id: undone, decided: Decided::Undone { decision: id } }));
            prop_assert_eq!(&before, &(stays(&book), book.partition()));
        }
    }
}

/// What a set of stays has in it, by the words for it.
fn seen_in(stays: &[Stay]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for stay in stays {
        seen.insert(stay.state.slug().to_owned());
        if let StayState::Unknown { why } = stay.state {
            seen.insert(format!("{why:?}"));
        }
        for end in [&stay.entry, &stay.exit].into_iter().flatten() {
            let source = format!("{:?}", end.source);
            seen.extend([source.split(' ').next().unwrap().to_owned()]);
            seen.extend((!end.also.is_empty()).then(|| "several records of one movement".to_owned()));
        }
        for ground in &stay.grounds {
            seen.insert(match ground {
                Ground::PairedBy(basis) => basis.in_words().to_owned(),
                Ground::Changed { change, .. } => {
                    format!("{change:?}").split([' ', '{']).next().unwrap().to_owned()
                }
                other => format!("{other:?}").split([' ', '{', '(']).next().unwrap().to_owned(),
            });
        }
    }
    seen
}

/// What agrees in any order is said of everything that can happen: what is generated reaches it.
#[test]
fn what_is_generated_reaches_every_state_basis_and_source() {
    let mut runner = TestRunner::deterministic();
    let (mut seen, mut corrected, mut twice) = (BTreeSet::new(), false, false);
    for _ in 0..4096 {
        let (ordered, shuffled) = ordered_and_not().new_tree(&mut runner).unwrap().current();
        twice |= shuffled.len() > ordered.len();
        let mut revisions: BTreeMap<RecordId, BTreeSet<u32>> = BTreeMap::new();
        let ordered = events(&ordered);
        for event in &ordered {
            if let Event::Fact(fact) = event {
                revisions.entry(fact.record).or_default().insert(fact.revision);
            }
        }
        corrected |= revisions.values().any(|of| of.len() > 1);
        seen.extend(seen_in(&stays(&Book::of(Rules::default(), ordered))));
    }
    assert!(corrected && twice);
    for wanted in [
        "open",
        "left",
        "left-late",
        "left-unrecorded",
        "overstay",
        "unknown",
        "settled",
        "exit-only",
        "AwaitsReview",
        "Applied",
        "DoubtfulIdentity",
        "Own",
        "Corrected",
        "Outage",
        "Imported",
        "several records of one movement",
        "paired by identity",
        "paired by another document of the same person",
        "paired by an officer's decision",
        "Extension",
        "Status",
        "ApplicationRefused",
        "Settled",
        "NoEntry",
        "EnteredAgain",
        "NoExit",
        "Proposed",
    ] {
        assert!(seen.contains(wanted), "{wanted}: {seen:?}");
    }
}
