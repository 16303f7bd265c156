//! PAXLST as carriers send it, and as they should not: small messages about people who do not exist.

#![allow(clippy::unwrap_used, reason = "a test that does not find what it looks for fails")]

use portunus_core::voyage::{Capacity, Manifest, ManifestAction, ManifestPerson, Sex};
use portunus_documents::edifact::paxlst::{self, List, Message, Part, Reading};
use portunus_documents::edifact::problem::{Cost, Severity};

const FLIGHT: &str =
    "TDT+20+LH400+++LH'LOC+125+FRA'DTM+189:2611231015:201'LOC+87+JFK'DTM+232:2611231310:201'";
const ADA: &str = "NAD+FL+++LOVELACE:ADA:KING'ATT+2++F'DTM+329:151210'LOC+178+FRA'LOC+179+JFK'NAT+2+GBR'\
                   RFF+AVF:QWERTY'RFF+ABO:7'DOC+P:110:111+12-34 56789'DTM+36:301231'LOC+91+GBR'";
const CHARLES: &str =
    "NAD+FL+++BABBAGE:CHARLES'ATT+2++M'DTM+329:911226'NAT+2+GBR'DOC+P+987654321'LOC+91+GBR'";

/// A message with its own UNT, right.
fn message(bgm: &str, rest: &str) -> String {
    let body = format!("UNH+1+PAXLST:D:05B:UN:IATA'{bgm}'{rest}");
    let count = body.matches('\'').count() + 1;
    format!("{body}UNT+{count}+1'")
}

fn read(text: &str) -> Reading {
    paxlst::read(text.as_bytes())
}

/// The only message of an input, where nothing was wrong with it.
fn clean(text: &str) -> Message {
    let mut reading = read(text);
    let problems: Vec<_> = reading.problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    assert_eq!(reading.messages.len(), 1);
    reading.messages.remove(0)
}

fn problems(reading: &Reading) -> Vec<(String, Cost)> {
    reading.problems.iter().map(|p| (format!("{}: {}", p.place.segment, p.found), p.cost)).collect()
}

fn families(manifest: &Manifest) -> Vec<&str> {
    manifest.people.iter().map(|p| p.family_name.as_str()).collect()
}

#[test]
fn a_passenger_is_read_with_all_that_we_keep() {
    let taken = clean(&message("BGM+745", &format!("{FLIGHT}{ADA}CNT+42:1'")));
    assert_eq!((taken.release.as_str(), taken.list, taken.part), ("D:05B", List::Passengers, None));
    let manifest = &taken.manifest;
    assert_eq!(manifest.voyage.to_string(), "LH400/2026-11-23");
    assert!(manifest.action == ManifestAction::Add);
    let [leg] = manifest.legs.as_slice() else { panic!("one leg") };
    assert_eq!((leg.from.as_str(), leg.to.as_str()), ("FRA", "JFK"));
    assert_eq!(leg.departs.unwrap().to_string(), "2026-11-23T10:15:00");
    assert_eq!(leg.arrives.unwrap().to_string(), "2026-11-23T13:10:00");
    let [ada] = manifest.people.as_slice() else { panic!("one person") };
    assert_eq!((ada.family_name.as_str(), ada.given_names.as_str()), ("LOVELACE", "ADA KING"));
    assert_eq!(ada.born.unwrap().to_string(), "2015-12-10");
    assert_eq!((ada.sex, ada.capacity), (Some(Sex::F), Capacity::Passenger));
    assert_eq!(ada.nationality.as_ref().unwrap().as_str(), "GBR");
    assert_eq!((ada.journey_from.as_deref(), ada.journey_to.as_deref()), (Some("FRA"), Some("JFK")));
    assert_eq!((ada.booking.as_deref(), ada.carrier_reference.as_deref()), (Some("QWERTY"), Some("7")));
    assert!(!ada.in_transit);
    let [passport] = ada.documents.as_slice() else { panic!("one document") };
    assert_eq!((passport.issuer.as_str(), passport.kind.as_str()), ("GBR", "P"));
    assert_eq!(passport.number(), "123456789");
}

#[test]
fn any_separators_that_una_names_are_followed() {
    let rest = format!("{FLIGHT}NAD+FL+++O?'HARA:SCAR?+LETT??'CNT+42:1'");
    let default = message("BGM+745", &rest).replace("UNT+11", "UNT+10");
    let expected = clean(&default).manifest;
    assert_eq!(families(&expected), ["O'HARA"]);
    assert_eq!(expected.people[0].given_names, "SCAR+LETT?");
    for advice in [":+.?*'", ":+.? '", ":+,? \"", "|^.~!\n", "\u{1f}\u{1d},\\ \u{1c}", ";*.?:~", "/-.!+&"] {
        let [component, element, _, release, repetition, terminator] = *advice.as_bytes() else { panic!() };
        let mut other = format!("UNA{advice}").into_bytes();
        let mut bytes = default.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b':' => other.push(component),
                b'+' => other.push(element),
                b'\'' => other.push(terminator),
                _ => {
                    let literal = if byte == b'?' { bytes.next().unwrap() } else { byte };
                    if [component, element, release, repetition, terminator].contains(&literal)
                        && literal != b' '
                    {
                        other.push(release);
                    }
                    other.push(literal);
                }
            }
        }
        assert!(clean(&String::from_utf8(other).unwrap()).manifest == expected, "{advice:?}");
    }
}

#[test]
fn a_una_without_a_release_character_has_none() {
    let text = format!("UNA:+.  '{}", message("BGM+745", &format!("{FLIGHT}NAD+FL+++WHO?:WHY'CNT+42:1'")));
    assert_eq!(families(&clean(&text).manifest), ["WHO?"]);
}

#[test]
fn a_una_that_cannot_separate_costs_the_input() {
    for advice in ["++.?*'", "A+.?*'", ":+.", ":+.:*'", ": .?*'"] {
        let reading = read(&format!("UNA{advice}"));
        assert_eq!(reading.messages.len(), 0);
        assert_eq!(reading.problems[0].cost, Cost::Input, "{advice}");
    }
}

#[test]
fn blanks_and_line_breaks_between_and_within_segments_do_not_matter() {
    let text = message("BGM+745", &format!("{FLIGHT}{ADA}CNT+42:1'"));
    let expected = clean(&text).manifest;
    let spread = format!("\r\n  {}\u{1a}", text.replace('\'', "'\r\n \t"));
    assert!(clean(&spread).manifest == expected);
    let wrapped = text.replace("LOVELACE", "LOVE\r\nLACE");
    assert!(clean(&wrapped).manifest == expected);
}

#[test]
fn a_telex_header_before_the_interchange_is_skipped_and_said() {
    let text = format!("QU WASAPXX\r\n.FRALHXX 231015\r\n{}", message("BGM+745", FLIGHT));
    let reading = read(&text);
    assert_eq!(reading.messages.len(), 1);
    assert_eq!(problems(&reading), [(": 29 bytes before the interchange".into(), Cost::Nothing)]);
}

#[test]
fn a_whole_envelope_with_right_counts_has_no_problems() {
    let one = message("BGM+745", &format!("{FLIGHT}{ADA}"));
    let two = one.replace("UNH+1+", "UNH+2+").replace("+1'", "+2'");
    let text = format!(
        "UNB+UNOA:4+LHAPI+USCSAPIS+261123:0930+77++APIS'UNG+PAXLST+LUFTHANSA+USCSAPIS+261123:0930+8+UN+D:05B'\
         {one}{two}UNE+2+8'UNZ+1+77'"
    );
    let reading = read(&text);
    assert_eq!(problems(&reading), []);
    assert_eq!(reading.messages.len(), 2);
    assert_eq!(reading.messages[0].sender, "LUFTHANSA");
    assert_eq!(reading.messages[1].reference, "2");
    assert_eq!(reading.messages[1].offset, text.find("UNH+2").unwrap());
}

#[test]
fn two_interchanges_each_with_their_own_separators_are_both_read() {
    let first = message("BGM+745", FLIGHT).replace('\'', "~");
    let second = message("BGM+745", FLIGHT).replace("LH400", "LH401");
    let text = format!(
        "UNA:+.? ~UNB+UNOA:3+A+B+261123:0930+1~{first}UNZ+1+1~\r\nUNB+UNOA:3+A+B+261123:0930+2'{second}UNZ+1+2'"
    );
    let reading = read(&text);
    assert_eq!(problems(&reading), []);
    let voyages: Vec<_> = reading.messages.iter().map(|m| m.manifest.voyage.to_string()).collect();
    assert_eq!(voyages, ["LH400/2026-11-23", "LH401/2026-11-23"]);
}

#[test]
fn counts_and_references_that_disagree_are_warnings_and_the_people_are_taken() {
    let text = message("BGM+745", &format!("{FLIGHT}{ADA}CNT+42:3'"));
    let text = format!("UNB+UNOA:4+A+B+261123:0930+77'{}UNZ+4+78'", text.replace("UNT+20+1", "UNT+99+2"));
    let reading = read(&text);
    assert_eq!(families(&reading.messages[0].manifest), ["LOVELACE"]);
    let found = [
        "UNT: a count of 99",
        "UNT: another reference",
        "CNT: a count of 3",
        "UNZ: a count of 4",
        "UNZ: another reference",
    ];
    assert_eq!(problems(&reading), found.map(|f| (f.to_owned(), Cost::Nothing)));
    assert!(reading.problems.iter().all(|p| p.severity == Severity::Warning));
}

#[test]
fn a_message_without_its_trailer_is_taken_and_the_next_as_well() {
    let cut = message("BGM+745", &format!("{FLIGHT}{ADA}")).replace("UNT+19+1'", "");
    let next = message("BGM+745", &format!("{FLIGHT}{CHARLES}"));
    let reading = read(&format!("{cut}{next}"));
    assert_eq!(
        reading.messages.iter().map(|m| families(&m.manifest)).collect::<Vec<_>>(),
        [["LOVELACE"], ["BABBAGE"]]
    );
    assert_eq!(problems(&reading), [("UNH: no trailer of the message before".into(), Cost::Nothing)]);
}

#[test]
fn what_a_cut_off_segment_says_is_not_trusted() {
    let whole = message("BGM+745", &format!("{FLIGHT}{ADA}{CHARLES}"));
    let cut = &whole[..whole.find("BABBAGE").unwrap() + 4];
    let reading = read(cut);
    assert_eq!(families(&reading.messages[0].manifest), ["LOVELACE"]);
    assert_eq!(reading.problems[0].place.offset, cut.rfind("NAD").unwrap());
    assert_eq!(reading.problems[0].found, "the end of the input");
}

#[test]
fn who_is_there_by_half_is_not_taken_and_keeps_what_was_known() {
    let whole = message("BGM+745", &format!("{FLIGHT}{ADA}{CHARLES}"));
    // After their name, and before their document.
    let reading = read(&whole[..whole.find("DOC+P+987654321").unwrap()]);
    assert_eq!(families(&reading.messages[0].manifest), ["LOVELACE"]);
    let lost = ("NAD: the end of the input".to_owned(), Cost::Person);
    assert!(problems(&reading).contains(&lost), "{:?}", problems(&reading));
    // Counted, everybody is there.
    let counted = format!("{FLIGHT}{ADA}{CHARLES}CNT+42:2'");
    let counted = message("BGM+745", &counted);
    let reading = read(&counted[..counted.find("UNT").unwrap()]);
    assert_eq!(families(&reading.messages[0].manifest), ["LOVELACE", "BABBAGE"]);
}

#[test]
fn a_number_that_is_one_character_over_and_over_is_no_document() {
    let nobodys = CHARLES.replace("987654321", "000000000");
    let reading = read(&message("BGM+745", &format!("{FLIGHT}{nobodys}")));
    assert_eq!(reading.messages[0].manifest.people[0].documents.len(), 0);
    assert_eq!(
        problems(&reading),
        [("DOC: one character over and over for a number".to_owned(), Cost::Document)]
    );
}

#[test]
fn a_byte_order_mark_before_the_interchange_is_as_good_as_nothing() {
    let text = format!("\u{feff}{}", message("BGM+745", &format!("{FLIGHT}{ADA}")));
    assert_eq!(
        (families(&read(&text).messages[0].manifest), problems(&read(&text))),
        (vec!["LOVELACE"], vec![])
    );
}

#[test]
fn a_forgotten_terminator_before_a_line_break_is_supplied() {
    let text = message("BGM+745", &format!("{FLIGHT}{ADA}CNT+42:1'")).replace("KING'", "KING\n");
    let reading = read(&text);
    assert_eq!(reading.messages[0].manifest.people[0].given_names, "ADA KING");
    assert_eq!(problems(&reading), [(": a line break before a known tag".into(), Cost::Nothing)]);
}

#[test]
fn a_broken_person_costs_that_person_only() {
    let nobody = "NAD+FL+++:'ATT+2++M'DTM+329:911226'";
    let reading =
        read(&message("BGM+745", &format!("{FLIGHT}{nobody}{ADA}NAD+QQ+++SOME:ONE'{CHARLES}CNT+42:4'")));
    assert_eq!(families(&reading.messages[0].manifest), ["LOVELACE", "BABBAGE"]);
    let expected = [("NAD: no name", Cost::Person), ("NAD: another qualifier", Cost::Person)];
    assert_eq!(problems(&reading), expected.map(|(found, cost)| (found.to_owned(), cost)));
    assert_eq!(reading.problems[0].place.position, Some(8));
}

#[test]
fn a_broken_message_costs_that_message_only() {
    let broken = message("BGM+745", "TDT+20'");
    let whole = message("BGM+745", &format!("{FLIGHT}{ADA}"));
    let reading = read(&format!("{broken}{whole}"));
    assert_eq!(reading.messages.len(), 1);
    assert_eq!(problems(&reading), [("TDT: no flight number".into(), Cost::Message)]);
    assert_eq!(reading.problems[0].place.offset, broken.find("TDT").unwrap());
}

#[test]
fn values_that_are_no_such_values_are_left_out_and_nothing_of_them_is_told() {
    let person = "NAD+SECRET+++X'NAD+MS+++SECRET'NAD+FL+++SECRET:NAME'ATT+2++HUSH'DTM+329:991399'LOC+178+WHERE TO'NAT+2+SECRETLAND'\
                  LOC+91+GBR'DOC+SECRET+SECRET1'LOC+91+GBR'DOC+P+'LOC+91+GBR'DOC+P+SECRET3'";
    let reading = read(&message("BGM+745", &format!("{FLIGHT}{person}")));
    let found = [
        ("NAD: another qualifier", Cost::Person),
        ("ATT: another value", Cost::Value),
        ("DTM: no such date", Cost::Value),
        ("LOC: no port's code", Cost::Value),
        ("NAT: no state's code", Cost::Value),
        ("LOC: a state of issue without a document", Cost::Value),
        ("DOC: no kind of document", Cost::Document),
        ("DOC: no document number", Cost::Document),
        ("DOC: no state of issue", Cost::Document),
    ];
    assert_eq!(problems(&reading), found.map(|(found, cost)| (found.to_owned(), cost)));
    let kept = &reading.messages[0].manifest.people[0];
    assert!(kept.documents.is_empty() && kept.born.is_none() && kept.nationality.is_none());
    let told = serde_json::to_string(&reading.problems).unwrap();
    for secret in ["SECRET", "HUSH", "991399", "WHERE"] {
        assert!(!told.contains(secret), "{secret}");
    }
}

#[test]
fn a_problem_reads_as_one_line_and_serialises() {
    let reading = read(&message("BGM+999", FLIGHT));
    let line = "error at byte 27 (BGM, segment 2 of its message): found \u{201c}999\u{201d}, expected 745, 250 or 266 in \
                element 1; the message is left out";
    assert_eq!(reading.problems[0].to_string(), line);
    let json = serde_json::to_value(&reading.problems[0]).unwrap();
    assert_eq!(json["segment"], "BGM");
    assert_eq!(
        (&json["position"], &json["offset"], &json["cost"]),
        (&2.into(), &27.into(), &"message".into())
    );
}

#[test]
fn what_a_message_asks_for_follows_from_its_bgm() {
    use ManifestAction::{Add, CancelVoyage, Close, CloseOut, CloseOutExcept, Remove, Replace};
    let asked = [
        ("BGM+745", Add),
        ("BGM+745+CP", Add),
        ("BGM+745+XR", Remove),
        ("BGM+745+RP", Remove),
        ("BGM+745++1", Remove),
        ("BGM+745++3", Remove),
        ("BGM+745++5", Replace),
        ("BGM+745++9", Add),
        ("BGM+250+C", Add),
        ("BGM+250+CC", Add),
        ("BGM+266+CLOB", CloseOut),
        ("BGM+266+CLNB", CloseOutExcept),
        ("BGM+266+CL", Close),
        ("BGM+266+XF", CancelVoyage),
    ];
    for (bgm, action) in asked {
        assert!(clean(&message(bgm, &format!("{FLIGHT}{ADA}CNT+42:1'"))).manifest.action == action, "{bgm}");
    }
    for refused in ["BGM+266", "BGM+266+QQ", "BGM+336+G", "BGM+655", "BGM+999", "BGM", "BGM+745++77"] {
        let reading = read(&message(refused, FLIGHT));
        assert!(reading.messages.is_empty(), "{refused}");
        assert_eq!(reading.problems[0].cost, Cost::Message, "{refused}");
        assert_eq!(reading.problems[0].place.segment, "BGM");
    }
    let reading = read(&message("BGM+745+20261123", FLIGHT));
    assert_eq!(problems(&reading), [("BGM: another identifier".into(), Cost::Nothing)]);
}

#[test]
fn a_list_that_speaks_by_silence_must_be_whole() {
    for bgm in ["BGM+745++5", "BGM+266+CLOB", "BGM+266+CLNB"] {
        let whole = message(bgm, &format!("{FLIGHT}{ADA}CNT+42:1'"));
        assert_eq!(clean(&whole).manifest.people.len(), 1);
        let doubtful = [
            whole.replace("CNT+42:1", "CNT+42:2"),
            whole.replace("UNT+20", "UNT+26"),
            whole.replace("UNT+20+1'", ""),
            message(bgm, &format!("{FLIGHT}{ADA}NAD+FL+++'CNT+42:2'")),
            message(bgm, &format!("{FLIGHT}{ADA}n?o tag'CNT+42:1'")),
        ];
        for text in doubtful {
            let reading = read(&text);
            assert!(reading.messages.is_empty(), "{text}");
            let last = reading.problems.iter().rfind(|p| p.cost == Cost::Message).unwrap();
            assert_eq!(last.found, "a list that may not be whole");
        }
        let added = whole.replace(bgm, "BGM+745").replace("CNT+42:1", "CNT+42:2");
        assert_eq!(read(&added).messages.len(), 1, "an addition is taken with the same fault");
    }
    assert!(read(&message("BGM+266+CLOB", FLIGHT)).messages.is_empty(), "nobody is on board only when said");
    assert!(clean(&message("BGM+266+CLOB", &format!("{FLIGHT}CNT+42:0'"))).manifest.people.is_empty());
    let part = |s010| {
        message("BGM+745++5", &format!("{FLIGHT}{ADA}")).replace("UN:IATA'", &format!("UN:IATA+X+{s010}'"))
    };
    assert_eq!(clean(&part("01:F")).part, Some(Part { number: 1, last: true }));
    assert!(read(&part("01:C")).messages.is_empty(), "a replacement in parts would take off the other parts");
}

#[test]
fn crew_and_people_in_transit_are_told_apart() {
    let people = "NAD+FM+++HOPPER:GRACE'NAD+DDT+++KERR:ROY'NAD+DDU+++EARHART:AMELIA'NAD+FL+++COLEMAN:BESSIE'";
    let manifest = clean(&message("BGM+250+C", &format!("{FLIGHT}{people}CNT+41:2'CNT+42:2'"))).manifest;
    let told: Vec<_> =
        manifest.people.iter().map(|p| (p.family_name.as_str(), p.capacity, p.in_transit)).collect();
    let expected = [
        ("HOPPER", Capacity::Crew, false),
        ("KERR", Capacity::Crew, true),
        ("EARHART", Capacity::Passenger, true),
        ("COLEMAN", Capacity::Passenger, false),
    ];
    assert_eq!(told, expected);
}

/// The one person of a message about them.
fn person(segments: &str) -> ManifestPerson {
    clean(&message("BGM+745", &format!("{FLIGHT}NAD+FL+++DOE:JO'{segments}"))).manifest.people.remove(0)
}

#[test]
fn an_infant_is_under_two_on_the_day_of_departure_or_said_to_be_one() {
    let of = |segments| person(segments).capacity;
    assert_eq!(of("DTM+329:241124'"), Capacity::Infant);
    assert_eq!(of("DTM+329:20241123'"), Capacity::Passenger, "the second birthday is the day of departure");
    assert_eq!(of("DTM+329:261123'"), Capacity::Infant);
    assert_eq!(of("ATT+2++MI'"), Capacity::Infant);
    assert_eq!(person("ATT+2++FI'").sex, Some(Sex::F));
    assert_eq!(of("ATT+2++M'"), Capacity::Passenger);
    let crew = clean(&message("BGM+250", &format!("{FLIGHT}NAD+FM+++DOE:JO'DTM+329:260101'"))).manifest;
    assert_eq!(crew.people[0].capacity, Capacity::Crew);
}

#[test]
fn nobody_is_born_after_the_voyage() {
    let born = |digits| person(&format!("DTM+329:{digits}'")).born.unwrap().to_string();
    assert_eq!(born("261123"), "2026-11-23");
    assert_eq!(born("261124"), "1926-11-24");
    assert_eq!(born("560620"), "1956-06-20");
    assert_eq!(born("19251231"), "1925-12-31");
    for no_birth in ["20261124", "000000", "19560631", "1956", "5606201", "+56062", "56-0-1"] {
        let reading = read(&message("BGM+745", &format!("{FLIGHT}NAD+FL+++DOE:JO'DTM+329:{no_birth}'")));
        assert_eq!(reading.messages[0].manifest.people[0].born, None, "{no_birth}");
        assert_eq!(problems(&reading), [("DTM: no such date".into(), Cost::Value)]);
    }
}

#[test]
fn a_single_name_is_the_family_name_wherever_it_stands() {
    let names = |nad: &str| {
        let person = clean(&message("BGM+745", &format!("{FLIGHT}{nad}'"))).manifest.people.remove(0);
        (person.family_name, person.given_names)
    };
    assert_eq!(names("NAD+FL+++SUKARNO"), ("SUKARNO".into(), String::new()));
    assert_eq!(names("NAD+FL+++:SUKARNO"), ("SUKARNO".into(), String::new()));
    assert_eq!(names("NAD+FL++SUKARNO"), ("SUKARNO".into(), String::new()));
    assert_eq!(names("NAD+FL+++DOE:JO:A:12 MAIN ST+CITY"), ("DOE".into(), "JO A".into()));
    assert_eq!(names("NAD+FL+++M\u{fc}ller:J\u{f6}rg"), ("M\u{fc}ller".into(), "J\u{f6}rg".into()));
}

#[test]
fn names_in_latin_1_and_in_utf_8_are_both_read() {
    let utf8 = message("BGM+745", &format!("{FLIGHT}NAD+FL+++MÜLLER:JÖRG'"));
    let latin1: Vec<u8> = utf8.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert!(paxlst::read(&latin1).messages[0].manifest == clean(&utf8).manifest);
}

#[test]
fn documents_are_kept_by_what_they_are_known_by_the_visa_last() {
    let documents = "DOC+V:110:ZZZ+V1'LOC+91+US'DOC+P:110:111+c01x-00t47'DTM+36:301231'LOC+91+DEU'DOC+P+C01X00T47'LOC+91+D'";
    let keys = person(documents).documents;
    let told: Vec<_> = keys.iter().map(|k| (k.issuer.as_str(), k.kind.as_str(), k.number())).collect();
    assert_eq!(told, [("D", "P", "C01X00T47"), ("USA", "V", "V1")]);
}

#[test]
fn a_carrier_and_a_number_are_found_in_every_form_of_tdt() {
    let voyage = |tdt: &str| {
        let rest = FLIGHT.replace("TDT+20+LH400+++LH", tdt);
        read(&message("BGM+745", &rest)).messages.first().map(|m| m.manifest.voyage.to_string())
    };
    let told = [
        ("TDT+20+DL123+++DL", "DL123"),
        ("TDT+20+DL0123", "DL123"),
        ("TDT+20+123+++DL", "DL123"),
        ("TDT+20+U2123+++U2", "U2123"),
        ("TDT+20+9W88+++9W", "9W88"),
        ("TDT+20+BAW12A+++BAW", "BAW12A"),
        ("TDT+34+LH 400+4++LH", "LH400"),
        ("TDT+20+DL123+++AF", "DL123"),
        ("TDT+20+88+++9W", "9W88"),
        ("TDT+20+NC-0412/W+1++MSCU:172+++9301234:146::FICTIONAL", "MSCUNC0412W"),
    ];
    for (tdt, expected) in told {
        assert_eq!(voyage(tdt), Some(format!("{expected}/2026-11-23")), "{tdt}");
    }
    for refused in ["TDT+20", "TDT+20++++LH", "TDT+20+400", "TDT+10+LH400+++LH", "TDT+20+é"] {
        assert_eq!(voyage(refused), None, "{refused}");
    }
}

#[test]
fn legs_under_one_number_are_one_voyage_that_departs_on_the_day_of_the_first() {
    let legs = "TDT+20+CA339+++CA'LOC+92+SSN'DTM+189:2611232350:201'LOC+92+ICN'DTM+232:2611240050:201'\
                TDT+20+CA339+++CA'LOC+125+ICN'DTM+189:202611240150:203'LOC+87+CAN'DTM+232:261124:101'";
    let manifest = clean(&message("BGM+745", legs)).manifest;
    assert_eq!(manifest.voyage.to_string(), "CA339/2026-11-23");
    let ports: Vec<_> = manifest.legs.iter().map(|l| (l.from.as_str(), l.to.as_str())).collect();
    assert_eq!(ports, [("SSN", "ICN"), ("ICN", "CAN")]);
    assert_eq!(manifest.legs[1].arrives.unwrap().to_string(), "2026-11-24T00:00:00");
}

#[test]
fn stops_of_one_flight_are_its_legs_whatever_the_order_of_two() {
    let ports = |rest: &str| -> Vec<String> {
        let manifest = clean(&message("BGM+745", &format!("TDT+20+LH400+++LH'{rest}"))).manifest;
        assert_eq!(manifest.voyage.to_string(), "LH400/2026-11-23");
        manifest
            .legs
            .iter()
            .map(|l| format!("{}{}{}", l.from, l.to, if l.departs.is_some() { "" } else { "?" }))
            .collect()
    };
    let progressive = "LOC+125+FRA'DTM+189:2611231015:201'LOC+87+JFK'DTM+232:2611231310:201'DTM+189:2611231500:201'\
                       LOC+130+ORD'DTM+232:2611231700:201'";
    assert_eq!(ports(progressive), ["FRAJFK", "JFKORD"]);
    let turned = "LOC+87+JFK'DTM+232:2611231310:201'LOC+125+FRA'DTM+189:2611231015:201'";
    assert_eq!(ports(turned), ["FRAJFK"]);
    let together = "LOC+125+FRA'LOC+87+JFK'DTM+189:2611231015:201'DTM+232:2611231310:201'";
    assert_eq!(ports(together), ["FRAJFK"]);
}

#[test]
fn a_flight_of_another_number_is_another_voyage_and_the_one_over_the_border_is_meant() {
    let text = format!(
        "TDT+20+LH97+++LH'LOC+92+MUC'DTM+189:2611230700:201'LOC+92+FRA'DTM+232:2611230800:201'{FLIGHT}{ADA}"
    );
    let reading = read(&message("BGM+745", &text));
    let taken = &reading.messages[0];
    assert_eq!(taken.manifest.voyage.to_string(), "LH400/2026-11-23");
    assert_eq!(taken.manifest.legs.len(), 1);
    let others: Vec<_> = taken.other_flights.iter().map(ToString::to_string).collect();
    assert_eq!(others, ["LH97/2026-11-23"]);
    assert_eq!(problems(&reading), [("TDT: flights of other numbers as well".into(), Cost::Nothing)]);
}

#[test]
fn a_flight_whose_departure_nobody_tells_is_refused() {
    for dtm in ["", "DTM+189:2613231015:201'", "DTM+189:26112'", "DTM+189'", "DTM+232:2611231310:201'"] {
        let reading = read(&message("BGM+745", &format!("TDT+20+LH400+++LH'LOC+125+FRA'{dtm}LOC+87+JFK'")));
        assert!(reading.messages.is_empty(), "{dtm}");
        assert_eq!(problems(&reading).last().unwrap(), &("TDT: no departure".to_owned(), Cost::Message));
    }
}

#[test]
fn what_is_no_paxlst_is_refused_as_what_it_is() {
    let found =
        |text: &str| -> Vec<String> { problems(&read(text)).into_iter().map(|(found, _)| found).collect() };
    let answer = "UNH+1+CUSRES:D:05B:UN:IATA'BGM+962'UNT+3+1'";
    assert_eq!(found(answer), ["UNH: CUSRES, a border\u{2019}s answer to a manifest"]);
    assert_eq!(found("UNH+1+INVOIC:D:05B:UN'UNT+2+1'"), ["UNH: \u{201c}INVOIC\u{201d}"]);
    assert_eq!(found("UNH'UNT+2+'"), ["UNH: nothing"]);
    for text in ["", "   ", "hello", "<xml/>", "UNA", "UNB", "%PDF-1.7", "UNBELIEVABLE", "{}"] {
        assert_eq!(read(text).problems[0].found, "no EDIFACT", "{text}");
    }
    assert_eq!(found("UNB+UNOA:3+A+B+261123:0930+1'UNZ+0+1'"), [": no message"]);
}

#[test]
fn too_much_is_refused_and_problems_are_counted_not_kept_for_ever() {
    let big = vec![b' '; paxlst::INPUT_BYTES_MAX + 1];
    assert_eq!(paxlst::read(&big).problems[0].cost, Cost::Input);

    let people = "NAD+FL+++DOE:JO'".repeat(paxlst::PEOPLE_MAX + 1);
    let reading = read(&message("BGM+745", &format!("{FLIGHT}{people}")));
    assert!(reading.messages.is_empty());
    assert_eq!(problems(&reading), [("NAD: more people".into(), Cost::Message)]);

    let nobody = "NAD+FL'NAT+2+9'".repeat(10_000);
    let reading = read(&message("BGM+745", &format!("{FLIGHT}{ADA}{nobody}")));
    assert_eq!(families(&reading.messages[0].manifest), ["LOVELACE"]);
    assert_eq!((reading.problems.len(), reading.problems_left_out), (250, 9_750));

    let long = format!("NAD+FL+++{}'", "A".repeat(paxlst::SEGMENT_BYTES_MAX));
    let reading = read(&message("BGM+745", &format!("{FLIGHT}{long}{ADA}")));
    assert_eq!(families(&reading.messages[0].manifest), ["LOVELACE"]);
    assert_eq!(problems(&reading), [(": a segment that is too long".into(), Cost::Value)]);

    let messages = message("BGM+745", FLIGHT).repeat(paxlst::MESSAGES_MAX + 1);
    let reading = read(&messages);
    assert_eq!(reading.messages.len(), paxlst::MESSAGES_MAX);
    assert_eq!(problems(&reading), [("UNH: more messages".into(), Cost::Input)]);
}
