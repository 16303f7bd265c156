use super::fact::{Biographic, StatusChange};
use super::*;
use crate::crossing::Admission;
use crate::document::State;
use crate::encounter::Method;
use crate::id::{DecisionId, RecordId};
use crate::place::Direction;
use crate::voyage::Sex;
use jiff::Timestamp;

fn record(n: u8) -> RecordId {
    RecordId::from_bytes([n; 16])
}

fn at(text: &str) -> Timestamp {
    text.parse().or_else(|_| format!("{text}T12:00:00Z").parse()).unwrap()
}

fn document(n: u8) -> LinkKey {
    LinkKey::document([n; 16])
}

fn crossed(direction: Direction, until: Option<&str>) -> Crossing {
    let admission = (direction == Direction::Entry)
        .then(|| Admission { class: "B-2".into(), until: until.map(|day| day.parse().unwrap()) });
    Crossing {
        direction,
        port: "JFK".into(),
        mode: Mode::Air,
        admission,
        method: Method::FaceMatched,
        source: Source::Own,
    }
}

fn fact(n: u8, when: &str, keys: &[LinkKey], what: What) -> Fact {
    Fact { record: record(n), revision: 0, at: at(when), keys: keys.to_vec(), who: None, what }
}

fn entry(n: u8, when: &str, until: &str, keys: &[LinkKey]) -> Fact {
    fact(n, when, keys, What::Crossed(crossed(Direction::Entry, Some(until))))
}

fn exit(n: u8, when: &str, keys: &[LinkKey]) -> Fact {
    fact(n, when, keys, What::Crossed(crossed(Direction::Exit, None)))
}

fn book(facts: Vec<Fact>) -> Book {
    Book::of(Rules::default(), facts.into_iter().map(Event::Fact))
}

fn decide(book: &mut Book, id: u8, decided: Decided) {
    book.apply(&Event::Decision(Decision { id: DecisionId::from_bytes([id; 16]), decided }));
}

fn way(mode: Mode, port: Option<&str>, recorded: &[(&str, Option<&str>)]) -> WayOut {
    let span = |(from, until): &(&str, Option<&str>)| Span { from: at(from), until: until.map(at) };
    WayOut { mode, port: port.map(str::to_owned), recorded: recorded.iter().map(span).collect() }
}

/// Exits by air are recorded since 2020.
fn by_air() -> Coverage {
    Coverage { ways: vec![way(Mode::Air, None, &[("2020-01-01", None)])] }
}

fn and_not_by_land() -> Coverage {
    let mut coverage = by_air();
    coverage.ways.push(way(Mode::Land, Some("Nogales"), &[]));
    coverage
}

fn said(book: &Book, n: u8, coverage: &Coverage, now: &str) -> Vec<(StayState, String)> {
    book.stays(record(n), coverage, at(now)).iter().map(|stay| (stay.state, stay.explained())).collect()
}

fn states(book: &Book, n: u8, coverage: &Coverage, now: &str) -> Vec<StayState> {
    said(book, n, coverage, now).into_iter().map(|(state, _)| state).collect()
}

#[test]
fn an_overstay_is_said_only_where_every_way_out_is_recorded() {
    let book = book(vec![entry(1, "2025-09-02", "2026-03-01", &[document(1)])]);
    let (before, after) = ("2026-03-02T11:00:00Z", "2026-03-11");
    assert_eq!(states(&book, 1, &by_air(), before), [StayState::Open]);
    let asserted = "admitted until 2026-03-01 as B-2; no exit recorded at a point that records exits";
    assert_eq!(said(&book, 1, &by_air(), after), [(StayState::Overstay { days: 10 }, asserted.to_owned())]);
    let unknown = StayState::Unknown { why: WhyUnknown::NotRecordedEverywhere };
    let explained = format!("{asserted}; land exits at Nogales are not recorded");
    assert_eq!(said(&book, 1, &and_not_by_land(), after), [(unknown, explained)]);
    let nowhere = "admitted until 2026-03-01 as B-2; no exit recorded; no point records exits";
    assert_eq!(said(&book, 1, &Coverage::default(), after), [(unknown, nowhere.to_owned())]);
    let once = Coverage { ways: vec![way(Mode::Air, None, &[("2001-01-01", Some("2002-01-01"))])] };
    assert_eq!(said(&book, 1, &once, after), [(unknown, format!("{nowhere}; air exits are not recorded"))]);
}

#[test]
fn a_gap_after_the_last_day_leaves_what_was_certain_before_it() {
    let book = book(vec![entry(1, "2025-09-02", "2026-03-01", &[document(1)])]);
    let gap = |from, until| Coverage {
        ways: vec![way(Mode::Air, None, &[("2020-01-01", Some(from)), (until, None)])],
    };
    let later = said(&book, 1, &gap("2026-03-11", "2026-03-13"), "2026-05-01");
    assert_eq!(later[0].0, StayState::Overstay { days: 10 });
    assert!(
        later[0].1.ends_with("air exits were not recorded from 2026-03-11 to 2026-03-13"),
        "{}",
        later[0].1
    );
    let earlier = states(&book, 1, &gap("2026-01-11", "2026-01-13"), "2026-05-01");
    assert_eq!(earlier, [StayState::Unknown { why: WhyUnknown::NotRecordedEverywhere }]);
    let irrelevant = states(&book, 1, &gap("2025-01-11", "2025-01-13"), "2026-03-11");
    assert_eq!(irrelevant, [StayState::Overstay { days: 10 }]);
}

#[test]
fn who_left_in_time_or_late_is_said_whatever_is_recorded_elsewhere() {
    let of = |left| {
        let facts = vec![entry(1, "2025-09-02", "2026-03-01", &[document(1)]), exit(2, left, &[document(1)])];
        states(&book(facts), 1, &and_not_by_land(), "2026-05-01")
    };
    assert_eq!(of("2026-02-27"), [StayState::Left]);
    assert_eq!(of("2026-03-02T11:59:00Z"), [StayState::Left], "somewhere it was still the last day");
    assert_eq!(of("2026-03-31"), [StayState::LeftLate { days: 30 }]);
}

#[test]
fn what_is_missing_between_two_entries_or_exits_is_missing_and_not_made_up() {
    let keys = [document(1)];
    let facts = vec![
        entry(1, "2025-09-02", "2026-03-01", &keys),
        entry(2, "2026-01-02", "2026-07-01", &keys),
        entry(3, "2026-08-02", "2026-12-01", &keys),
        exit(4, "2026-09-02", &keys),
        exit(5, "2026-10-02", &keys),
    ];
    let book = book(facts);
    let said = said(&book, 1, &by_air(), "2027-01-01");
    let states: Vec<StayState> = said.iter().map(|(state, _)| *state).collect();
    let unrecorded = |late| StayState::LeftUnrecorded { late };
    assert_eq!(
        states,
        [unrecorded(Late::No), unrecorded(Late::Unknown), StayState::Left, StayState::ExitOnly]
    );
    assert!(said[0].1.contains("entered again on 2026-01-02; the exit between is not recorded"));
    assert_eq!(said[3].1, "no entry is recorded before this exit; left on 2026-10-02 at JFK");
}

fn imported(n: u8, when: &str, keys: &[LinkKey]) -> Fact {
    let mut exit = exit(n, when, keys);
    let What::Crossed(crossing) = &mut exit.what else { panic!() };
    (crossing.port, crossing.source) = ("YYZ".into(), Source::Imported { from: "CAN".into() });
    exit
}

#[test]
fn whom_a_neighbour_saw_left_before_and_is_late_only_where_that_was_late_at_the_earliest() {
    let of = |seen| {
        let entry = entry(1, "2025-09-02", "2026-03-01", &[document(1)]);
        states(&book(vec![entry, imported(2, seen, &[document(1)])]), 1, &by_air(), "2026-05-01")
    };
    assert_eq!(of("2026-03-02T11:59:00Z"), [StayState::Left]);
    assert_eq!(of("2026-03-04T11:59:00Z"), [StayState::LeftUnrecorded { late: Late::Unknown }]);
    assert_eq!(of("2026-03-13"), [StayState::LeftLate { days: 10 }]);
}

#[test]
fn one_movement_known_from_several_is_one_and_our_own_record_tells_its_instant() {
    let keys = [document(1)];
    let imported = |n, when| imported(n, when, &keys);
    let entry = entry(1, "2025-09-02", "2026-03-01", &keys);
    let both = book(vec![entry.clone(), imported(3, "2026-02-28"), exit(2, "2026-02-27", &keys)]);
    let [stay] = &both.stays(record(1), &by_air(), at("2026-05-01"))[..] else { panic!() };
    let exit = stay.exit.as_ref().unwrap();
    assert_eq!((exit.record, &exit.also[..], stay.state), (record(2), &[record(3)][..], StayState::Left));
    let alone = book(vec![entry, imported(3, "2026-02-28")]);
    let [(state, said)] = &said(&alone, 1, &by_air(), "2026-05-01")[..] else { panic!() };
    assert_eq!(*state, StayState::Left);
    assert!(said.ends_with("left on or before 2026-02-28, as CAN recorded at YYZ on entry there"), "{said}");
}

#[test]
fn the_same_event_again_is_no_news_and_a_correction_is() {
    let keys = [document(1)];
    let mut book = book(vec![entry(1, "2025-09-02", "2026-03-01", &keys)]);
    let left = exit(2, "2026-03-31", &keys);
    assert_eq!(book.apply(&Event::Fact(left.clone())), Applied::Changed);
    assert_eq!(book.apply(&Event::Fact(left.clone())), Applied::Known);
    assert_eq!(states(&book, 1, &by_air(), "2026-05-01"), [StayState::LeftLate { days: 30 }]);
    let corrected = Fact { revision: 1, at: at("2026-02-27"), ..left.clone() };
    assert_eq!(book.apply(&Event::Fact(corrected)), Applied::Changed);
    assert_eq!(book.apply(&Event::Fact(left.clone())), Applied::Known, "the earlier revision comes late");
    assert_eq!(states(&book, 1, &by_air(), "2026-05-01"), [StayState::Left]);
    let withdrawn = Fact { revision: 2, what: What::Withdrawn, ..left.clone() };
    book.apply(&Event::Fact(withdrawn));
    assert!(matches!(states(&book, 1, &by_air(), "2026-05-01")[..], [StayState::Overstay { .. }]));
    assert!(book.stays(record(2), &by_air(), at("2026-05-01")).is_empty());
    book.apply(&Event::Fact(Fact { revision: 3, ..left }));
    assert_eq!(states(&book, 1, &by_air(), "2026-05-01"), [StayState::LeftLate { days: 30 }]);
}

#[test]
fn a_change_counts_for_the_stay_into_which_it_falls() {
    let keys = [document(1)];
    let changed = |n, when, change| fact(n, when, &keys, What::Changed(change));
    let until = |day: &str| day.parse().unwrap();
    let first = entry(1, "2025-09-02", "2026-03-01", &keys);
    let extended = changed(2, "2026-02-10", StatusChange::Extension { until: until("2026-08-01") });
    let one = book(vec![first.clone(), extended]);
    let told = said(&one, 1, &by_air(), "2026-05-01");
    assert_eq!(told[0].0, StayState::Open);
    assert!(
        told[0].1.starts_with("admitted until 2026-03-01 as B-2; extended on 2026-02-10 until 2026-08-01")
    );
    assert_eq!(states(&one, 1, &by_air(), "2026-08-11"), [StayState::Overstay { days: 10 }]);
    let student = StatusChange::Status { class: "F-1".into(), until: None };
    let student = book(vec![first.clone(), changed(2, "2026-02-10", student)]);
    assert_eq!(states(&student, 1, &by_air(), "2029-05-01"), [StayState::Open]);
    let asked = book(vec![first.clone(), changed(2, "2026-02-10", StatusChange::Applied)]);
    assert_eq!(states(&asked, 1, &by_air(), "2026-05-01"), [StayState::Unknown { why: WhyUnknown::Applied }]);
    let asked_late = book(vec![first.clone(), changed(2, "2026-03-03", StatusChange::Applied)]);
    assert_eq!(states(&asked_late, 1, &by_air(), "2026-03-11"), [StayState::Overstay { days: 10 }]);
    let later = changed(2, "2026-02-10", StatusChange::Extension { until: until("2026-08-01") });
    let left = book(vec![
        first.clone(),
        exit(3, "2026-02-01", &keys),
        later,
        entry(4, "2026-03-01", "2026-04-01", &keys),
    ]);
    assert_eq!(
        states(&left, 1, &by_air(), "2026-04-11"),
        [StayState::Left, StayState::Overstay { days: 10 }]
    );
}

#[test]
fn who_is_naturalised_under_a_new_passport_overstays_no_more() {
    let (foreign, new) = (document(1), document(2));
    let facts = vec![
        entry(1, "2025-09-02", "2026-03-01", &[foreign]),
        fact(2, "2026-02-10", &[foreign, new], What::Changed(StatusChange::Settled { citizen: true })),
        exit(3, "2026-06-01", &[new]),
    ];
    let book = book(facts);
    let told = said(&book, 1, &by_air(), "2026-07-01");
    assert_eq!(told[0].0, StayState::Left);
    assert!(told[0].1.contains("naturalised on 2026-02-10"));
    assert!(told[0].1.ends_with("paired by another document of the same person"));
}

#[test]
fn two_passports_of_one_person_are_linked_by_their_predecessor_or_by_what_says_so() {
    let (old, new) = (document(1), document(2));
    let mut book = book(vec![entry(1, "2025-09-02", "2026-03-01", &[old]), exit(2, "2026-02-01", &[new])]);
    assert!(matches!(states(&book, 1, &by_air(), "2026-05-01")[..], [StayState::Overstay { .. }]));
    book.apply(&Event::Fact(fact(3, "2026-04-01", &[new, old], What::OneHolder)));
    assert_eq!(states(&book, 1, &by_air(), "2026-05-01"), [StayState::Left]);
}

#[test]
fn an_identity_goes_before_a_document() {
    let (one, two) = (LinkKey::identity([1; 16]), LinkKey::identity([2; 16]));
    let mut lent = book(vec![
        entry(1, "2025-09-02", "2026-03-01", &[one, document(1)]),
        exit(2, "2026-02-01", &[two, document(1)]),
    ]);
    assert!(matches!(states(&lent, 1, &by_air(), "2026-05-01")[..], [StayState::Overstay { .. }]));
    // A third record could be either's: nothing is said of either until an officer says whose it is.
    lent.apply(&Event::Fact(exit(3, "2026-02-20", &[document(1)])));
    let doubtful = StayState::Unknown { why: WhyUnknown::DoubtfulIdentity };
    assert_eq!(states(&lent, 1, &by_air(), "2026-05-01"), [doubtful]);
    // Neither that they left late.
    let left = exit(4, "2026-04-01", &[one]);
    lent.apply(&Event::Fact(left.clone()));
    assert_eq!(states(&lent, 1, &by_air(), "2026-05-01"), [doubtful]);
    lent.apply(&Event::Fact(Fact { revision: 1, what: What::Withdrawn, ..left }));
    decide(&mut lent, 9, Decided::Same { a: record(1), b: record(3) });
    assert_eq!(states(&lent, 1, &by_air(), "2026-05-01"), [StayState::Left]);
}

fn known_as(mut fact: Fact, family: &str, given: &str) -> Fact {
    fact.who = Some(Who::Stated(Biographic {
        family_name: family.into(),
        given_names: given.into(),
        born: Some("1980-02-09".parse().unwrap()),
        nationality: Some(State::new("FRA").unwrap()),
        sex: Some(Sex::F),
    }));
    fact
}

fn two_of_a_name() -> Book {
    book(vec![
        known_as(entry(1, "2025-09-02", "2026-03-01", &[document(1)]), "MUELLER", "ANNA MARIA"),
        known_as(exit(2, "2026-02-01", &[document(2)]), "MULLER", "ANNA MARIA"),
    ])
}

#[test]
fn a_pair_by_name_and_birth_is_proposed_and_never_made() {
    let book = two_of_a_name();
    let [stay] = &book.stays(record(1), &by_air(), at("2026-05-01"))[..] else { panic!() };
    assert_eq!(stay.state, StayState::Unknown { why: WhyUnknown::AwaitsReview });
    let [proposal] = stay.proposals[..] else { panic!() };
    assert_eq!((proposal.entry, proposal.exit), (record(1), record(2)));
    let sure = proposal.likeness.confidence;
    assert!(sure >= likeness::PROPOSED_FROM);
    let said = format!("may be theirs (confidence {}.{} %)", sure / 10, sure % 10);
    assert!(stay.explained().contains(&said), "{}", stay.explained());
    assert_eq!(states(&book, 2, &by_air(), "2026-05-01"), [StayState::ExitOnly]);
    assert_eq!(book.counted().paired, 0);
}

#[test]
fn an_officer_accepts_or_rejects_a_proposal_and_may_take_it_back() {
    let mut book = two_of_a_name();
    let now = "2026-05-01";
    decide(&mut book, 1, Decided::NotSame { a: record(2), b: record(1) });
    assert!(matches!(states(&book, 1, &by_air(), now)[..], [StayState::Overstay { .. }]));
    decide(&mut book, 2, Decided::Undone { decision: DecisionId::from_bytes([1; 16]) });
    assert_eq!(states(&book, 1, &by_air(), now), [StayState::Unknown { why: WhyUnknown::AwaitsReview }]);
    // Another record that tells the same exit better changes nothing of that.
    decide(&mut book, 4, Decided::NotSame { a: record(1), b: record(2) });
    let better = known_as(exit(5, "2026-02-01T11:30:00Z", &[document(2)]), "MULLER", "ANNA MARIA");
    book.apply(&Event::Fact(better));
    assert!(matches!(states(&book, 1, &by_air(), now)[..], [StayState::Overstay { .. }]));
    decide(&mut book, 5, Decided::Undone { decision: DecisionId::from_bytes([4; 16]) });
    decide(&mut book, 3, Decided::Same { a: record(1), b: record(2) });
    let told = said(&book, 1, &by_air(), now);
    assert_eq!(told[0].0, StayState::Left);
    assert!(told[0].1.ends_with("paired by an officer's decision"));
}

#[test]
fn a_proposal_fits_between_the_other_crossings_of_both() {
    let mut book = two_of_a_name();
    // Whoever left in February had come in January: they are not who came in September.
    book.apply(&Event::Fact(known_as(
        entry(3, "2026-01-05", "2026-07-01", &[document(2)]),
        "MULLER",
        "ANNA MARIA",
    )));
    assert!(matches!(states(&book, 1, &by_air(), "2026-05-01")[..], [StayState::Overstay { .. }]));
}

#[test]
fn a_split_goes_before_an_identity() {
    let (identity, keys) = (LinkKey::identity([1; 16]), [document(1)]);
    let mut book = book(vec![
        entry(1, "2025-09-02", "2026-03-01", &[identity, keys[0]]),
        exit(2, "2025-10-02", &[identity]),
        exit(3, "2025-11-02", &keys),
    ]);
    assert_eq!(states(&book, 1, &by_air(), "2026-06-01"), [StayState::Left, StayState::ExitOnly]);
    decide(&mut book, 1, Decided::Apart { records: vec![record(2)] });
    decide(&mut book, 2, Decided::Same { a: record(2), b: record(3) });
    let overstay = states(&book, 1, &by_air(), "2026-06-01");
    assert!(matches!(overstay[..], [StayState::Overstay { .. }]), "{overstay:?}");
    assert_eq!(states(&book, 2, &by_air(), "2026-06-01"), [StayState::ExitOnly, StayState::ExitOnly]);
}

#[test]
fn a_split_takes_records_to_another_person_and_undoing_it_brings_them_back() {
    let keys = [document(1)];
    let mut book = book(vec![
        entry(1, "2025-09-02", "2026-03-01", &keys),
        exit(2, "2025-10-02", &keys),
        entry(3, "2025-11-02", "2026-05-01", &keys),
    ]);
    let before = book.all(&by_air(), at("2026-06-01"));
    decide(&mut book, 1, Decided::Apart { records: vec![record(2), record(3), record(2)] });
    assert!(matches!(states(&book, 1, &by_air(), "2026-06-01")[..], [StayState::Overstay { .. }]));
    assert!(matches!(
        states(&book, 3, &by_air(), "2026-06-01")[..],
        [StayState::ExitOnly, StayState::Overstay { .. }]
    ));
    decide(&mut book, 2, Decided::Undone { decision: DecisionId::from_bytes([1; 16]) });
    assert!(book.all(&by_air(), at("2026-06-01")) == before);
}
