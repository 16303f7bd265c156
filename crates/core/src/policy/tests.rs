use super::*;
use proptest::prelude::*;

const US: &str = include_str!("../../../../policies/us-2025.toml");
const EES: &str = include_str!("../../../../policies/eu-ees.toml");

fn us() -> Policy {
    Policy::from_toml(US).unwrap()
}

fn ees() -> Policy {
    Policy::from_toml(EES).unwrap()
}

fn problems(text: &str) -> Vec<Problem> {
    Policy::from_toml(text).unwrap_err().problems
}

fn line_of(text: &str, found: &str) -> usize {
    text.lines().position(|line| line.contains(found)).unwrap() + 1
}

#[test]
fn the_us_pack_loads_and_keeps_what_it_says() {
    let policy = us();
    let from: Timestamp = "2024-02-29T12:00:00Z".parse().unwrap();
    let due = |class, data| policy.due(class, data, Start::at(from)).map(|d| d.to_string());
    assert_eq!(due(PersonClass::Citizen, DataClass::Probe), None);
    assert_eq!(due(PersonClass::Unknown, DataClass::Probe).as_deref(), Some("2024-02-29T13:00:00Z"));
    assert_eq!(
        due(PersonClass::PermanentResident, DataClass::Probe).as_deref(),
        Some("2039-02-28T12:00:00Z")
    );
    assert_eq!(due(PersonClass::NonImmigrant, DataClass::Probe).as_deref(), Some("2099-02-28T12:00:00Z"));
    assert_eq!(due(PersonClass::Citizen, DataClass::Crossing).as_deref(), Some("2024-03-01T00:00:00Z"));
    assert_eq!(due(PersonClass::NonImmigrant, DataClass::Template), None);
    for language in ["en", "es", "fr", "ar", "zh"] {
        assert!(policy.notice.contains_key(language), "{language}");
    }
}

#[test]
fn photographs_know_no_exemption_by_age_and_other_biometrics_do() {
    let policy = us();
    let duty = |class, modality, traveller| policy.taking_rule(class, modality, &traveller).unwrap().duty;
    let aged = |age| Traveller { age: Some(age), standings: &[] };
    let visitor = PersonClass::NonImmigrant;
    for (age, finger) in [(13, Duty::Exempt), (14, Duty::Required), (79, Duty::Required), (80, Duty::Exempt)]
    {
        assert_eq!(duty(visitor, Modality::Finger, aged(age)), finger, "{age}");
        assert_eq!(duty(visitor, Modality::Face, aged(age)), Duty::Required, "{age}");
    }
    let diplomat = Traveller { age: Some(40), standings: &["diplomat"] };
    assert_eq!(duty(visitor, Modality::Iris, diplomat), Duty::Exempt);
    assert_eq!(duty(visitor, Modality::Face, diplomat), Duty::Required);
    assert_eq!(duty(PersonClass::PermanentResident, Modality::Iris, diplomat), Duty::Required);
    assert_eq!(duty(visitor, Modality::Finger, Traveller::default()), Duty::Required);
    assert_eq!(duty(PersonClass::Citizen, Modality::Face, aged(30)), Duty::Optional);
}

#[test]
fn a_second_country_is_only_a_file() {
    let policy = ees();
    let at: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
    let due = |direction, data| {
        let start = Start::crossing(at, direction);
        policy.due(PersonClass::NonImmigrant, data, start).map(|d| d.strftime("%F").to_string())
    };
    for data in [DataClass::Probe, DataClass::Finger, DataClass::Crossing] {
        assert_eq!(due(Direction::Exit, data).as_deref(), Some("2029-11-24"));
        assert_eq!(due(Direction::Entry, data).as_deref(), Some("2031-11-24"));
    }
    assert_eq!(due(Direction::Exit, DataClass::Iris), None);
    let child = Traveller { age: Some(11), standings: &[] };
    let of = |modality| policy.taking_rule(PersonClass::NonImmigrant, modality, &child).unwrap().duty;
    assert_eq!((of(Modality::Face), of(Modality::Finger)), (Duty::Required, Duty::Exempt));
}

#[test]
fn a_pack_that_keeps_what_is_taken_of_citizens_is_refused() {
    let text = US.replacen("keep = \"never\"", "keep = \"12 hours\"", 1);
    let [problem] = &problems(&text)[..] else { panic!("one problem") };
    assert!(problem.what.contains("never written"), "{problem:?}");
    let rule = text.lines().position(|l| l == "keep = \"12 hours\"").unwrap();
    assert!((rule - 3..=rule + 1).contains(&problem.line), "{problem:?}");
}

#[test]
fn an_unknown_persons_photo_beyond_an_hour_is_refused() {
    let text = US.replacen("keep = \"60 minutes\"", "keep = \"61 minutes\"", 1);
    assert!(problems(&text)[0].what.contains("at most 60 minutes"));
}

#[test]
fn a_bad_length_is_named_with_its_line() {
    for bad in ["75 yaers", "-3 years", "0 minutes", "75", "forever"] {
        let text = US.replacen("keep = \"75 years\"", &format!("keep = \"{bad}\""), 1);
        assert_eq!(problems(&text)[0].line, line_of(&text, bad), "{bad}");
    }
}

#[test]
fn every_gap_and_every_second_or_contradicting_rule_is_found_at_once() {
    let without = US.replacen("data = \"audit\"", "data = \"short-term-log\"", 1);
    let found = problems(&without);
    let count = |part: &str| found.iter().filter(|p| p.what.contains(part)).count();
    assert_eq!(count("no [[retention]] rule for the record of who read what"), 4, "{found:?}");
    assert_eq!(count("contradicts"), 4, "{found:?}");
    assert_eq!(count("cannot start from \"reading\": expected \"close-out\""), 4, "{found:?}");

    let doubled = format!(
        "{US}\n[[taking]]\nclass = \"citizen\"\nduty = \"optional\"\non_decline = \"officer\"\ncitation = \"x\"\nchecked = false\n"
    );
    let [problem] = &problems(&doubled)[..] else { panic!("one problem") };
    assert!(problem.what.starts_with("a second rule for a photo of the face"), "{problem:?}");
    assert!(problem.line > US.lines().count());
}

#[test]
fn rules_under_which_one_person_may_fall_twice_may_not_differ() {
    let text = US.replacen("above_age = 79\nduty = \"exempt\"", "above_age = 10\nduty = \"optional\"", 1);
    let found = problems(&text);
    assert!(found.iter().any(|p| p.what.contains("one person may fall under both")), "{found:?}");
    let text = US.replacen("below_age = 14", "below_age = 14\nabove_age = 14", 1);
    assert!(problems(&text).iter().any(|p| p.what.contains("nobody is older than 14 and younger than 14")));
}

#[test]
fn an_unknown_word_is_named_with_its_line() {
    for (good, bad) in [
        ("class = \"unknown\"", "class = \"stranger\""),
        ("from = \"capture\"", "from = \"birth\""),
        ("data = \"probe\"", "date = \"probe\""),
        ("checked = false", "checked = \"no\""),
    ] {
        let text = US.replacen(good, bad, 1);
        let problem = &problems(&text)[0];
        assert!(problem.line > 1 && problem.line.abs_diff(line_of(&text, bad)) <= 3, "{bad}: {problem:?}");
    }
    assert!(Policy::from_toml("").is_err());
}

#[test]
fn a_pack_is_explained_with_its_sources() {
    let said = explain(&us(), &[PersonClass::NonImmigrant], &[DataClass::Probe]);
    assert!(
        said.contains("photo taken at the crossing point: kept for 75 years from the capture."),
        "{said}"
    );
    assert!(said.contains("fingerprints: who is under 14 is exempt"), "{said}");
    assert!(said.contains("not checked in the source itself"), "{said}");
    let said = explain(&ees(), &[PersonClass::NonImmigrant], &[DataClass::Crossing]);
    assert!(said.contains(
        "kept for 3 years from the last exit, and for 5 years from an entry that no exit followed"
    ));
}

#[test]
fn a_change_is_told_and_no_change_is_none() {
    assert_eq!(diff(&us(), &us()), []);
    let longer = Policy::from_toml(&US.replacen("keep = \"15 years\"", "keep = \"20 years\"", 1)).unwrap();
    let changes = diff(&us(), &longer);
    let data: Vec<_> = changes.iter().filter_map(|change| change.data).collect();
    assert_eq!(data, [DataClass::Probe, DataClass::Finger, DataClass::Iris]);
    assert!(changes.iter().all(|change| change.class == PersonClass::PermanentResident));
    assert_eq!(changes[0].was, "kept for 15 years from the capture");
    let exempt = Policy::from_toml(&US.replacen("below_age = 14", "below_age = 16", 1)).unwrap();
    let changes = diff(&us(), &exempt);
    assert_eq!(changes.len(), 4, "{changes:?}");
    assert!(changes[0].is.contains("Aged 0 to 15: is exempt"), "{changes:?}");
}

#[test]
fn what_becomes_of_a_record_under_another_pack() {
    let (now, from): (Timestamp, Timestamp) =
        ("2026-11-24T00:00:00Z".parse().unwrap(), "2020-01-01T00:00:00Z".parse().unwrap());
    let class = PersonClass::PermanentResident;
    let due = us().due(class, DataClass::Probe, Start::at(from)).unwrap();
    for (keep, gone) in [
        ("15 years", Gone::Unchanged),
        ("20 years", Gone::Later),
        ("10 years", Gone::Earlier),
        ("5 years", Gone::AtOnce),
        ("never", Gone::AtOnce),
    ] {
        let other = US.replacen("keep = \"15 years\"", &format!("keep = \"{keep}\""), 1);
        let other = Policy::from_toml(&other).unwrap();
        assert_eq!(Gone::under(&other, class, DataClass::Probe, Start::at(from), due, now), gone, "{keep}");
    }
}

fn instants() -> impl Strategy<Value = Timestamp> {
    // 1900 to 2500, so that no length reaches the calendar's end.
    (-2_208_988_800_i64..16_725_225_600).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn keeps() -> impl Strategy<Value = Keep> {
    let lengths = prop_oneof![
        (1..200_i64).prop_map(|n| format!("{n} years")),
        (1..2400_i64).prop_map(|n| format!("{n} months")),
        (1..5000_i64).prop_map(|n| format!("{n} weeks")),
        (1..50_000_i64).prop_map(|n| format!("{n} days")),
        (1..10_000_i64).prop_map(|n| format!("{n} hours")),
        (1..100_000_i64).prop_map(|n| format!("{n} minutes")),
    ];
    lengths.prop_map(|text| Keep::try_from(text).unwrap())
}

proptest! {
    #[test]
    fn what_began_later_is_never_due_on_an_earlier_day(a in instants(), b in instants(), keep in keeps()) {
        let (first, then) = (a.min(b), a.max(b));
        // Within a day it may be: a month from 30 January, 23:00, and from 31 January, 01:00, both end on 28 February.
        let day = |at: Timestamp| at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        prop_assert!(keep.due(first).map(day) <= keep.due(then).map(day));
        prop_assert!(keep.due(first).unwrap() > first);
    }

    #[test]
    fn a_year_later_is_the_same_day_or_the_28th_of_february(from in instants(), years in 1..150_i64) {
        let due = Keep::try_from(format!("{years} years")).unwrap().due(from).unwrap();
        let (from, due) = (from.to_zoned_datetime(jiff::tz::TimeZone::UTC), due.to_zoned_datetime(jiff::tz::TimeZone::UTC));
        prop_assert_eq!(i64::from(due.year()) - i64::from(from.year()), years);
        prop_assert_eq!(due.time(), from.time());
        let leap_day = from.month() == 2 && from.day() == 29 && !due.date().in_leap_year();
        let expected = if leap_day { (2, 28) } else { (from.month(), from.day()) };
        prop_assert_eq!((due.month(), due.day()), expected);
    }

    #[test]
    fn what_is_over_is_due_and_what_began_a_day_later_is_not(now in instants(), keep in keeps()) {
        let began = keep.over(now);
        prop_assert!(keep.due(began).unwrap() <= now);
        let later = began + jiff::SignedDuration::from_hours(24);
        prop_assert!(keep.due(later).unwrap() > now);
    }

    #[test]
    fn hostile_text_is_refused_or_read_and_never_worse(text in "\\PC{0,200}") {
        let _ = Policy::from_toml(&text);
        let _ = Keep::try_from(text);
    }
}
