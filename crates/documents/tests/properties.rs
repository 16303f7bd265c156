//! Whatever the bytes are: nothing panics, nothing is lost, and what was separated comes back.

#![allow(clippy::unwrap_used, reason = "a test that does not find what it looks for fails")]

use portunus_documents::edifact::paxlst;
use portunus_documents::edifact::token::{Segments, Separators};
use proptest::prelude::*;

const MESSAGE: &str = "UNA:+.? 'UNB+UNOA:4+LHAPI+USCSAPIS+261123:0930+77++APIS'\
    UNG+PAXLST+LH+US+261123:0930+1+UN+D:05B'UNH+1+PAXLST:D:05B:UN:IATA+X+01:F'BGM+745+CP'RFF+TN:1'NAD+MS+++DESK'\
    COM+1:TE'TDT+20+LH400+++LH'LOC+125+FRA'DTM+189:2611231015:201'LOC+87+JFK'DTM+232:2611231310:201'\
    NAD+FL+++LOVELACE:ADA:KING'ATT+2++F'DTM+329:151210'GEI+4+173'LOC+178+FRA'LOC+179+JFK'NAT+2+GBR'RFF+AVF:QWERTY'\
    RFF+ABO:7'DOC+P:110:111+123456789'DTM+36:301231'LOC+91+GBR'DOC+V+V1'LOC+91+US'NAD+FM+++HOPPER:GRACE'ATT+2++F'\
    CNT+42:1'CNT+41:1'UNT+29+1'UNE+1+1'UNZ+1+77'";

/// Bytes that look enough like EDIFACT to get far.
fn edifact_like() -> impl Strategy<Value = Vec<u8>> {
    let tags = [
        "UNA:+.? '",
        "UNB+",
        "UNG+",
        "UNH+1+PAXLST:D:05B'",
        "UNT+",
        "UNE+",
        "UNZ+",
        "BGM+745",
        "BGM+266+CLOB",
        "TDT+20+LH400",
        "LOC+125+FRA",
        "DTM+189:2611231015:201",
        "DTM+329:",
        "NAD+FL+++",
        "DOC+P+",
        "LOC+91+",
        "CNT+42:",
    ];
    let piece = prop_oneof![
        3 => proptest::sample::select(tags.to_vec()).prop_map(|t| t.as_bytes().to_vec()),
        3 => proptest::sample::select(vec!["'", "+", ":", "?", "\n", "*", " "]).prop_map(|t| t.as_bytes().to_vec()),
        2 => proptest::collection::vec(any::<u8>(), 0..8),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Reads, and holds what holds for every reading.
fn read(bytes: &[u8]) {
    let reading = paxlst::read(bytes);
    assert!(!reading.messages.is_empty() || !reading.problems.is_empty(), "refused without a word");
    for problem in &reading.problems {
        assert!(problem.place.offset <= bytes.len());
        assert!(!problem.to_string().contains('\n'));
    }
    for message in &reading.messages {
        assert!(bytes[message.offset..].starts_with(b"UNH"));
        let departs = message.manifest.voyage.date;
        assert!(message.manifest.people.iter().all(|p| p.born.is_none_or(|born| born <= departs)));
    }
}

/// Five separators, all different, none a letter, digit or blank.
fn separators() -> impl Strategy<Value = [u8; 6]> {
    let usable: Vec<u8> =
        (1..0x7f).filter(|b: &u8| !b.is_ascii_alphanumeric() && !b" \r\n".contains(b)).collect();
    (Just(usable).prop_shuffle(), any::<bool>())
        .prop_map(|(c, repeats)| [c[0], c[1], b'.', c[2], if repeats { c[3] } else { b' ' }, c[4]])
}

/// Segments: each a tag and elements of repetitions of components.
type Tree = Vec<(String, Vec<Vec<Vec<String>>>)>;

fn tree(repetitions_max: usize) -> impl Strategy<Value = Tree> {
    let text = "[!-~]([ -~]{0,6}[!-~])?";
    let element = proptest::collection::vec(proptest::collection::vec(text, 1..4), 1..=repetitions_max);
    proptest::collection::vec(("[A-TV-Z][A-Z]{2}", proptest::collection::vec(element, 0..5)), 0..8)
}

fn write(tree: &Tree, [component, element, _, release, repetition, terminator]: [u8; 6]) -> Vec<u8> {
    let mut out = Vec::new();
    for (tag, elements) in tree {
        out.extend(tag.as_bytes());
        for repetitions in elements {
            out.push(element);
            for (i, components) in repetitions.iter().enumerate() {
                out.extend((i > 0).then_some(repetition));
                for (i, text) in components.iter().enumerate() {
                    out.extend((i > 0).then_some(component));
                    for byte in text.bytes() {
                        let special = [component, element, release, repetition, terminator].contains(&byte);
                        out.extend((special && byte != b' ').then_some(release));
                        out.push(byte);
                    }
                }
            }
        }
        out.push(terminator);
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        read(&bytes);
    }

    #[test]
    fn bytes_that_look_like_edifact_are_read_without_a_panic(bytes in edifact_like()) {
        read(&bytes);
    }

    #[test]
    fn a_message_with_bytes_changed_is_read_without_a_panic(
        changes in proptest::collection::vec((0..MESSAGE.len(), any::<u8>()), 1..6),
        from in 0..MESSAGE.len(),
        cut in any::<bool>(),
    ) {
        let mut bytes = MESSAGE.as_bytes().to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        if cut {
            bytes.truncate(from);
        }
        read(&bytes);
    }

    #[test]
    fn a_message_cut_anywhere_says_so(at in 0..MESSAGE.len()) {
        let reading = paxlst::read(&MESSAGE.as_bytes()[..at]);
        prop_assert!(!reading.problems.is_empty());
    }

    #[test]
    fn tokens_written_under_any_separators_come_back(
        (advice, tree) in separators().prop_flat_map(|a| (Just(a), tree(if a[4] == b' ' { 1 } else { 3 }))),
    ) {
        let separators = Separators::from_advice(advice).unwrap();
        prop_assert_eq!(separators.repetition.is_some(), advice[4] != b' ');
        let mut bytes = b"UNA".to_vec();
        bytes.extend(advice);
        let mut offsets = Vec::new();
        for segment in &tree {
            offsets.push(bytes.len());
            bytes.extend(write(&vec![segment.clone()], advice));
        }
        let mut read: Tree = Vec::new();
        for (segment, offset) in Segments::new(&bytes, 0, 1 << 20).zip(offsets) {
            let segment = segment.unwrap();
            prop_assert_eq!(segment.offset, offset);
            let components = |e: &portunus_documents::edifact::token::Element<'_>| {
                e.repetitions().map(|r| r.components().map(|c| c.into_owned()).collect()).collect()
            };
            read.push((segment.tag.to_owned(), segment.elements().map(|e| components(&e)).collect()));
        }
        prop_assert_eq!(read, tree);
    }
}

#[test]
fn the_message_that_is_mutated_is_right() {
    let reading = paxlst::read(MESSAGE.as_bytes());
    let problems: Vec<_> = reading.problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(reading.messages[0].manifest.people.len(), 2);
}
