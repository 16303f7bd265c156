use super::*;
use proptest::prelude::*;

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn erased() -> Leaf {
    let at = Instant::new(second(1_795_525_200));
    Leaf::Erased { record: LedgerId([0xab; 16]), cause: ErasedBecause::Due, at }
}

#[test]
fn a_leaf_is_written_in_one_way() {
    let text = "portunus-leaf/1 erased\nrecord abababababababababababababababab\ncause due\nat 2026-11-24T13:00:00Z\n";
    assert_eq!(erased().encode(), text);
    assert_eq!(Leaf::parse(text.as_bytes()), Ok(erased()));
    for (from, to) in [
        ("leaf/1", "leaf/2"),
        ("erased\n", "burnt\n"),
        ("cause due\n", ""),
        ("abab\n", "ABAB\n"),
        ("13:00:00Z", "13:00:00.0Z"),
        ("13:00:00Z", "14:00:00+01:00"),
        ("Z\n", "Z"),
        ("Z\n", "Z\n\n"),
        ("due", "due "),
    ] {
        assert_ne!(text.replace(from, to), text);
        assert!(Leaf::parse(text.replace(from, to).as_bytes()).is_err(), "{to}");
    }
}

#[test]
fn texts_are_one_line_and_never_empty() {
    assert_eq!(Text::new(" 19 CFR\n122 \u{7} ").as_str(), "19 CFR 122");
    assert_eq!(Text::new("\n").as_str(), "-");
    assert_eq!(Text::new(&"x".repeat(999)).as_str().len(), 500);
}

#[test]
fn what_is_published_of_a_date_is_never_earlier_and_says_no_more_than_the_hour_or_the_day() {
    let now = second(0);
    assert_eq!(Instant::published(second(3600), now).to_string(), "1970-01-01T01:00:00Z");
    assert_eq!(Instant::published(second(3601), now).to_string(), "1970-01-01T02:00:00Z");
    assert_eq!(Instant::published(second(31 * 86_400 + 1), now).to_string(), "1970-02-02T00:00:00Z");
}

proptest! {
    #[test]
    fn a_published_date_is_at_or_after_the_date(due in -60_000_000_000i64..250_000_000_000, now in 0i64..10_000_000_000) {
        prop_assert!(Instant::published(second(due), second(now)).at() >= second(due));
    }

    #[test]
    fn any_bytes_are_refused_or_are_what_is_written(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "(portunus-leaf/1 )?(cases|sealed|worker)?\n([a-z]{2,6} [ -~]{0,20}\n){0,6}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(leaf) = Leaf::parse(bytes) {
                let written = leaf.encode();
                prop_assert_eq!(written.as_bytes(), bytes);
            }
        }
    }

    #[test]
    fn a_designation_comes_back_as_it_was(name in "\\PC{0,40}", basis in any::<String>(), from in 0i64..9_000_000_000, until in proptest::option::of(0i64..9_000_000_000)) {
        let leaf = Leaf::Designation {
            id: DesignationId::from_bytes([1; 16]),
            point: PointId::from_bytes([2; 16]),
            name: Text::new(&name),
            port: Text::new("JFK"),
            direction: Text::new("exit"),
            mode: Text::new("boarding-gate"),
            basis: Text::new(&basis),
            owner: Text::new("the agency"),
            contractors: None,
            from: Instant::new(second(from)),
            until: until.map(|until| Instant::new(second(until))),
            at: Instant::new(second(from)),
        };
        prop_assert_eq!(Leaf::parse(leaf.encode().as_bytes()), Ok(leaf));
    }
}
