//! Machine-readable zones: the standard's specimens, every vector at hand, what is faulty, and hostile bytes.

#![allow(clippy::unwrap_used, reason = "a test that does not find what it looks for fails")]

use jiff::civil::{Date, date};
use portunus_core::voyage::{Capacity, Sex};
use portunus_documents::mrz::{Birth, Facts, FaultKind, Faulty, Field, Format, Reading, Verdict, read};
use proptest::prelude::*;
use std::path::Path;

const TODAY: Date = date(2026, 11, 23);

/// The specimens of ICAO 9303: -4 appendix B, -5 and -6 appendix B, -7 appendices B and C.
const TD3: &str =
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
const TD1: &str =
    "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
const TD1_LONG: &str =
    "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<";
const TD2: &str = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6";
const TD2_LONG: &str = "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\nD23145890<UTO3407127M95071227349<<<8";
const MRV_A: &str =
    "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<";
const MRV_B: &str = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<";
const SPECIMENS: [(Format, &str); 7] = [
    (Format::Td3, TD3),
    (Format::Td1, TD1),
    (Format::Td1, TD1_LONG),
    (Format::Td2, TD2),
    (Format::Td2, TD2_LONG),
    (Format::MrvA, MRV_A),
    (Format::MrvB, MRV_B),
];

#[track_caller]
fn holds(text: &str) -> Facts {
    match read(text.as_bytes(), TODAY) {
        Reading::Holds(facts) => *facts,
        other => panic!("{}", told(&other)),
    }
}

#[track_caller]
fn faulty(text: &str) -> Faulty {
    match read(text.as_bytes(), TODAY) {
        Reading::Faulty(faulty) => faulty,
        other => panic!("{}", told(&other)),
    }
}

/// A reading in a line, without what it says of a person.
fn told(reading: &Reading) -> String {
    match reading {
        Reading::Holds(facts) => format!("{:?} holds", facts.format),
        Reading::Faulty(faulty) => {
            let faults: Vec<_> = faulty.faults.iter().map(ToString::to_string).collect();
            format!(
                "{:?} faulty: {}; {} suggested",
                faulty.format,
                faults.join("; "),
                faulty.suggestions.len()
            )
        }
        Reading::None(fault) => format!("none: {fault}"),
    }
}

#[track_caller]
fn faults(text: &str) -> Vec<String> {
    faulty(text).faults.iter().map(ToString::to_string).collect()
}

#[test]
fn the_standards_specimens_hold_and_say_who() {
    for (format, text) in SPECIMENS {
        let facts = holds(text);
        assert_eq!(facts.format, format);
        assert!(facts.checks.iter().all(|check| check.verdict == Verdict::Fits));
        assert_eq!(
            facts.checks.len(),
            match format {
                Format::Td3 => 5,
                Format::Td1 | Format::Td2 => 4,
                Format::MrvA | Format::MrvB => 3,
            }
        );
    }
    let anna = holds(TD3);
    assert_eq!((anna.family_name.as_str(), anna.given_names.as_str()), ("ERIKSSON", "ANNA MARIA"));
    assert_eq!(
        (anna.code.as_str(), anna.document().kind.as_str(), anna.document().issuer.as_str()),
        ("P", "P", "UTO")
    );
    assert_eq!((anna.document().number(), anna.nationality.as_str()), ("L898902C3", "UTO"));
    assert!(
        anna.birth == Birth::On(date(1974, 8, 12)) && anna.sex == Sex::F && anna.expiry == date(2012, 4, 15)
    );
    assert!(!anna.name_may_be_cut);
    let is_over = |at: &str| anna.person(TODAY).document_is_out_of_date(at.parse().unwrap());
    assert!(is_over("2012-04-16T12:00:00Z") && !is_over("2012-04-16T11:59:59Z"), "everywhere on earth");
    let person = anna.person(TODAY);
    assert!(person.capacity == Capacity::Passenger && person.documents == [anna.document().clone()]);
    assert_eq!((person.born, person.sex), (Some(date(1974, 8, 12)), Some(Sex::F)));
    assert!(anna.person(date(1976, 8, 11)).capacity == Capacity::Infant, "under two");
    assert!(anna.person(date(1976, 8, 12)).capacity == Capacity::Passenger);
}

#[test]
fn a_long_number_is_one_number() {
    for text in [TD1_LONG, TD2_LONG] {
        assert_eq!(holds(text).document().number(), "D23145890734");
    }
    let wrong = faults(&TD1_LONG.replace("7349<", "7340<"));
    assert_eq!(wrong, ["line 1, character 19 (document number): expected the check digit 9"]);
    // A filler for a check digit that happens to be nought is none, and eight characters are not longer than nine.
    assert_eq!(
        faults(&TD1_LONG.replace("7349<<", "<<<<<<")),
        ["line 1, character 15 (document number): expected the check digit 7"]
    );
}

#[test]
fn typed_pasted_and_scanned_are_the_same() {
    let document = holds(TD3).document().clone();
    for same in [
        TD3.to_lowercase(),
        TD3.replace('\n', ""),
        format!("\u{feff}{}\u{c}", TD3.replace('\n', "\u{a0}\n")),
        TD3.replace('\n', "\r\n"),
        format!("\r\n{}\r", TD3.replace('\n', "\r\r")),
        TD3.replace("<<A", " < < A").replace("C36", "\tC36 "),
    ] {
        assert!(*holds(&same).document() == document);
    }
    for (_, text) in SPECIMENS {
        assert!(holds(&text.replace('\n', "")) == holds(text), "in one line");
    }
}

#[test]
fn names_are_read_as_the_standard_has_them() {
    let name = |field: &str| {
        let facts = holds(&format!("P<UTO{field:<<39}\n{}", &TD3[45..]));
        (facts.family_name, facts.given_names, facts.name_may_be_cut)
    };
    let is = |a: &str, b: &str| (a.to_owned(), b.to_owned(), false);
    assert_eq!(name("VAN<DER<MUELLEN<<CORNELIUS<JOHN"), is("VAN DER MUELLEN", "CORNELIUS JOHN"));
    assert_eq!(name("ARKFREITH"), is("ARKFREITH", ""));
    // No given name: both words are the primary identifier.
    assert_eq!(name("DI<CARLO"), is("DI CARLO", ""));
    assert_eq!(name("<<JOHN<PAUL"), is("JOHN PAUL", ""));
    assert!(name("NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K").2, "it fills the field");
    let germany = TD3.replace("P<UTO", "P<D<<").replace("UTO7", "D<<7");
    let germany = holds(&germany);
    assert_eq!((germany.document().issuer.as_str(), germany.nationality.as_str()), ("D", "D"));
}

#[test]
fn a_fault_says_which_field_line_and_character_and_what_was_expected() {
    assert_eq!(
        faults(&TD3.replace("7408122F", "7408123F")),
        ["line 2, character 20 (date of birth): expected the check digit 2"]
    );
    assert_eq!(
        faults(&TD3.replace("F1204159", "F1204169")),
        ["line 2, character 28 (date of expiry): expected the check digit 0"]
    );
    assert_eq!(
        faults(&TD3.replace("ZE184226B", "ZE184226C")),
        ["line 2, character 43 (optional data): expected the check digit 2"]
    );
    assert_eq!(
        faults(&TD3.replace("<10", "<13")),
        ["line 2, character 44 (whole): expected the check digit 0"]
    );
    assert_eq!(
        faults(&TD3.replace("P<UTO", "P<UT0")),
        ["line 1, character 5 (issuing state): expected a letter of a state's code"]
    );
    assert_eq!(
        faults(&TD3.replace("ERIKSSON", "ER1KSSON")),
        ["line 1, character 8 (name): expected a letter or <"]
    );
    assert_eq!(faults(&TD3.replace("F12", "X12")), ["line 2, character 21 (sex): expected M, F or <"]);
    assert_eq!(
        faults(&TD3.replace("P<UTO", "L<UTO")),
        ["line 1, character 1 (document code): expected P, or V for a visa"]
    );
    // 31 February, whose check digits fit.
    let no_day = TD3.replace("7408122F", "7402315F").replace("<10", "<16");
    assert_eq!(faults(&no_day), ["line 2, character 14 (date of birth): expected a date, YYMMDD"]);
    let none = |text: &str| told(&read(text.as_bytes(), TODAY));
    assert_eq!(none(&TD3[..TD3.len() - 1]), "none: line 2: expected 44 characters, not 43");
    assert_eq!(none(&TD3[..44]), "none: line 2: expected 44 characters, not 0");
    assert_eq!(
        none(&TD3.replace("C36", "C3\u{00ab}")),
        "none: line 2, character 10 (document number): expected a letter from A to Z, a digit or <"
    );
    let layout = "none: expected two lines of 44 or 36 characters, or three lines of 30";
    for other in ["", "\n\n", "P<UTO", &TD3.repeat(2)] {
        assert_eq!(none(other), layout);
    }
    let long = format!("{layout}, and at most 1024 bytes with all that stands around them");
    assert_eq!(none(&format!("{TD3}{}", "\n".repeat(1_000))), long);
    let french = "IDFRATEST<NAME<<<<<<<<<<<<<<<<0CHE02\n1710GVA123451ROBERTA<<<<<<<9112311F2";
    assert!(none(french).contains("before 2021"), "{}", none(french));
}

#[test]
fn a_states_code_has_three_letters_or_is_germanys() {
    let of = |code: &str| TD3.replace("P<UTO", &format!("P<{code}"));
    assert!(matches!(read(of("D<<").as_bytes(), TODAY), Reading::Holds(_)));
    assert_eq!(
        faults(&of("UT<")),
        ["line 1, character 5 (issuing state): expected a letter of a state's code"]
    );
}

#[test]
fn what_the_issuer_did_not_know_fits_and_is_not_made_up() {
    // ICAO 9303-3 section 4.8: the day, then all of it.
    let day =
        "I<UTOD231458907<<<<<<<<<<<<<<<\n7408<<7F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
    let facts = holds(day);
    assert!(facts.birth == Birth::Partly { year: Some(1974), month: Some(8) });
    let person = facts.person(TODAY);
    assert_eq!((person.born, person.born_in, person.birth().as_deref()), (None, Some(1974), Some("1974")));
    let visa = MRV_A.replace("4009078F", "<<<<<<0<");
    let facts = holds(&visa);
    assert!(facts.birth == Birth::Unknown && facts.sex == Sex::X);
}

#[test]
fn what_readers_mistake_is_suggested_where_it_then_fits_and_only_there() {
    let fixed = |text: &str| faulty(text).suggestions;
    let one = fixed(&TD3.replace("L898902C3", "L8989O2C3"));
    assert_eq!(one.len(), 1);
    assert_eq!(one[0].lines.join("\n"), TD3);
    assert_eq!((one[0].changes[0].line, one[0].changes[0].column, one[0].changes[0].instead), (2, 6, '0'));
    // Letters where only digits stand, in several fields at once, and in the number besides.
    let many = TD3.replace("740812", "740BIZ").replace("120415", "I2O4IS").replace("L898902C3", "L89B902C3");
    let many = fixed(&many);
    assert!(many.iter().any(|s| s.lines.join("\n") == TD3 && s.changes.len() == 8), "{}", many.len());
    assert!(fixed(&TD3.replace("<10", "<1O"))[0].lines.join("\n") == TD3);
    // Of the optional data of cards only the last digit speaks.
    let card =
        "IDCHEA1234567<6O8<<<<<<<<<<<<<\n7510256M2009018CHE<<<<<<<<<<<6\nSMITH<<JOHN<ALBERT<<<<<<<<<<<<";
    let meant = card.replace("6O8", "608");
    assert!(matches!(read(meant.as_bytes(), TODAY), Reading::Holds(_)), "{}", faults(&meant).join("; "));
    assert!(fixed(card).iter().any(|s| s.lines.join("\n") == meant));
    // In the part of a long number that goes on beyond its field, too.
    let long = TD1_LONG.replace("7349<", "73A9<");
    assert!(fixed(&long).iter().any(|s| s.lines.join("\n") == TD1_LONG), "{}", faults(&long).join("; "));
    // A wrong digit that nobody mistakes for another, and what no check digit speaks for.
    assert_eq!(fixed(&TD3.replace("L898902C3", "L89E902C3")).len(), 0);
    assert_eq!(fixed(&TD3.replace("ERIKSSON", "ER1KSSON")).len(), 0);
    assert_eq!(fixed(&TD3.replace("P<UTO", "P<UT0")).len(), 0);
}

#[test]
fn every_vector_at_hand_holds_or_is_faulty_as_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/mrz/mrz.tsv");
    let Ok(table) = std::fs::read_to_string(path) else {
        eprintln!("SKIPPED: no ../shared/vectors/mrz beside the workspace, its zones are not read");
        return;
    };
    let rows: Vec<String> = (table.lines().skip(1))
        .map(|row| {
            let columns: Vec<&str> = row.split('\t').collect();
            let text = columns[3].replace('|', "\n");
            format!("{}\t{}\t{}", columns[4], columns[5], told(&read(text.as_bytes(), TODAY)))
        })
        .collect();
    assert_eq!(rows.join("\n"), include_str!("mrz.tsv").trim_end());
}

/// A specimen with some cells changed.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let changes = proptest::collection::vec((0..100_usize, any::<u8>()), 0..6);
    let other = "[A-Z0-9<]";
    let cells = proptest::collection::vec((0..100_usize, other), 0..4);
    (proptest::sample::select(SPECIMENS.to_vec()), changes, cells).prop_map(|((_, text), changes, cells)| {
        let mut bytes = text.as_bytes().to_vec();
        for (at, byte) in changes.into_iter().take(2) {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        for (at, text) in cells {
            let at = at % bytes.len();
            bytes[at] = text.as_bytes()[0];
        }
        bytes
    })
}

/// Holds what holds for every reading.
fn consistent(bytes: &[u8], today: Date) {
    match read(bytes, today) {
        Reading::Holds(facts) => {
            assert!(facts.checks.iter().all(|check| check.verdict == Verdict::Fits));
            assert!(facts.birth.day().is_none_or(|born| born <= today));
            assert!(!facts.document().number().is_empty() && !facts.family_name.is_empty());
        }
        Reading::Faulty(faulty) => {
            assert!(!faulty.faults.is_empty());
            let (lines, width) = (faulty.format.lines(), faulty.format.width());
            for fault in &faulty.faults {
                // A crate that reads otherwise than we do would show here.
                assert!(fault.kind != FaultKind::Layout, "{fault}");
                assert!((1..=lines).contains(&fault.line) && (1..=width).contains(&fault.column));
            }
            for suggestion in &faulty.suggestions {
                assert!(!suggestion.changes.is_empty());
                match read(suggestion.lines.join("\n").as_bytes(), today) {
                    Reading::Holds(_) => {}
                    Reading::Faulty(rest) => {
                        assert!(rest.checks.iter().all(|check| check.verdict == Verdict::Fits));
                        let unchecked =
                            [Field::DocumentCode, Field::Issuer, Field::Name, Field::Nationality, Field::Sex];
                        assert!(rest.faults.iter().all(|f| f.field.is_some_and(|f| unchecked.contains(&f))));
                    }
                    Reading::None(fault) => panic!("{fault}"),
                }
            }
        }
        Reading::None(fault) => assert!(!fault.to_string().contains('\n')),
    }
}

fn a_day() -> impl Strategy<Value = Date> {
    a_day_of(1990..2100)
}

fn a_day_of(years: std::ops::Range<i16>) -> impl Strategy<Value = Date> {
    (years, 1..=12_i8, 1..=28_i8).prop_map(|(year, month, day)| date(year, month, day))
}

/// Whether a cell of a card or passport stands under its last check digit, or is it.
fn is_under_the_composite(width: usize, line: usize, cell: usize) -> bool {
    match (width, line) {
        (30, 0) => cell >= 5,
        (30, 1) => cell < 7 || (8..15).contains(&cell) || cell >= 18,
        (_, 1) => width != 30 && (cell < 10 || (13..20).contains(&cell) || cell >= 21),
        _ => false,
    }
}

#[test]
fn any_checked_character_changed_is_seen_unless_it_weighs_the_same() {
    let value = |b: u8| match b {
        b'0'..=b'9' => u32::from(b - b'0'),
        b'A'..=b'Z' => u32::from(b - b'A') + 10,
        _ => 0,
    };
    let mut tried = 0;
    for (_, text) in &SPECIMENS[..5] {
        let width = text.find('\n').unwrap();
        for (at, was) in text.bytes().enumerate() {
            let (line, cell) = (at / (width + 1), at % (width + 1));
            for is in (b'0'..=b'9').chain(b'A'..=b'Z').chain([b'<']) {
                if was == b'\n'
                    || !is_under_the_composite(width, line, cell)
                    || value(was) % 10 == value(is) % 10
                {
                    continue;
                }
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] = is;
                assert!(!matches!(read(&bytes, TODAY), Reading::Holds(_)), "line {line}, cell {cell}");
                tried += 1;
            }
        }
    }
    assert!(tried > 6_000, "{tried}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1_500)) {
        consistent(&bytes, TODAY);
    }

    #[test]
    fn cells_of_a_right_number_are_read_without_a_panic(text in "[A-Z0-9<]{88}|[A-Z0-9<]{72}|[IACPV][A-Z0-9<]{89}", today in a_day()) {
        consistent(text.as_bytes(), today);
    }

    #[test]
    fn a_specimen_with_bytes_changed_is_read_without_a_panic(bytes in mutated(), today in a_day()) {
        consistent(&bytes, today);
    }

    #[test]
    fn what_the_crate_writes_is_read_back(
        number in "[A-Z1-9][A-Z0-9]{4,11}", family in "[A-Z]{1,12}( [A-Z]{2,6})?", given in "([A-Z]{1,8}( [A-Z]{1,8})?)?",
        (issuer, nationality) in ("[A-Z]{3}", "[A-Z]{3}"), (born, expires) in (a_day_of(2001..2100), a_day_of(2051..2100)),
        sex in proptest::sample::select(vec![mrz::Sex::Male, mrz::Sex::Female, mrz::Sex::Unspecified]),
    ) {
        let day = |d: Date| mrz::MrzDate::Calendar(mrz::Date::new(i32::from(d.year()), d.month() as u32, d.day() as u32));
        let fields = mrz::Td1Fields {
            document_code: "I".into(), issuing_country: issuer, document_number: number.clone(),
            surname: family.clone(), given_names: given.clone(), nationality, date_of_birth: day(born), sex,
            date_of_expiry: day(expires), ..Default::default()
        };
        let text = mrz::format_td1(&fields);
        let read = read(text.as_bytes(), date(2100, 1, 1));
        let Reading::Holds(facts) = read else { panic!("{}", told(&read)) };
        prop_assert_eq!(facts.document().number(), number);
        prop_assert!(facts.birth == Birth::On(born));
        let named = format!("{} {}", facts.family_name, facts.given_names);
        prop_assert!(facts.name_may_be_cut || named.trim() == format!("{family} {given}").trim(), "names");
    }
}
