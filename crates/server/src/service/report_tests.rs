use super::*;
use jiff::Timestamp;
use jiff::civil::date;
use portunus_core::biometric::PackId;
use portunus_core::id::DeviceId;
use portunus_core::place::{Direction, PointKind};
use proptest::prelude::*;

const POINT: PointId = PointId::from_bytes([1; 16]);

pub(crate) fn a_port() -> Vec<CrossingPoint> {
    vec![CrossingPoint {
        id: POINT,
        name: "JFK B22".into(),
        port: "JFK".into(),
        direction: Direction::Exit,
        kind: PointKind::BoardingGate,
    }]
}

fn key(dimension: Dimension, cell: &str, device: Option<u8>) -> TallyKey {
    TallyKey {
        month: "2026-11".into(),
        point: POINT,
        device: device.map(|n| DeviceId::from_bytes([n; 16])),
        pack: PackId("pack@1".into()),
        dimension,
        cell: cell.into(),
    }
}

fn put(tallies: &mut Tallies, key: TallyKey, counts: &[(Kind, u64)]) {
    for (kind, n) in counts {
        *tallies.counts.entry((key.clone(), kind.slug())).or_default() += n;
    }
}

/// A day at one port: 4,200 photographed, 4,000 searched who were in the gallery, 96 of them not recognised. Men and women
/// in equal number, five of unspecified sex.
pub(crate) fn tallies() -> Tallies {
    use Kind::*;
    let mut tallies = Tallies::default();
    tallies.days.insert((POINT, date(2026, 11, 23)));
    let all = [
        (Transaction, 4200),
        (Acquired, 4150),
        (FailureToAcquire, 50),
        (Confirmed, 3904),
        (Corrected, 2),
        (Referred, 296),
        (ReferredFor(Reason::NoCandidate), 231),
        (ReferredFor(Reason::OfficerHold), 4),
        (Identified, 4180),
        (GalleryMissing, 135),
        (Mated, 4000),
        (Missed, 94),
        (WrongPerson, 2),
        (NonMated, 7),
        (FalsePositive, 1),
        (Unadjudicated(Unsettled::Left), 20),
    ];
    put(&mut tallies, key(Dimension::All, "all", Some(1)), &all[..]);
    for (cell, mated, missed) in [("F", 2045, 60), ("M", 1950, 36), ("X", 5, 0)] {
        put(
            &mut tallies,
            key(Dimension::Sex, cell, None),
            &[(Transaction, mated), (Mated, mated), (Missed, missed)],
        );
    }
    tallies
}

fn report(per_day: Option<u64>) -> AccuracyReport {
    accuracy(&tallies(), &a_port(), per_day, Timestamp::UNIX_EPOCH)
}

fn rate<'a>(rates: &'a [RateFigure], slug: &str) -> &'a RateFigure {
    rates.iter().find(|rate| rate.rate == slug).unwrap()
}

#[test]
fn a_rate_is_said_with_its_interval_and_as_people_a_day() {
    let report = report(None);
    let port = &report.ports[0];
    assert_eq!((port.port.as_str(), port.days, port.travellers_per_day), ("JFK", 1, Some(4200)));
    let fnir = rate(&port.packs[0].rates, "false-negative-identification");
    assert_eq!((fnir.trials, fnir.events), (Some(4000), Some(96)));
    assert_eq!(fnir.per_day, Some(PeoplePerDay { people: 96, low: 79, high: 117 }));
    assert_eq!(
        fnir.in_words.as_deref(),
        Some(
            "At 4,200 travellers a day here, 4,000 of them in this count, 2.4 % (2.0 to 2.9) means 96 people a day \
             (79 to 117) sent to an officer although they were in the gallery."
        )
    );
    let doubled = self::report(Some(8400));
    let fnir = rate(&doubled.ports[0].packs[0].rates, "false-negative-identification");
    assert_eq!(fnir.per_day.map(|people| people.people), Some(192));
}

#[test]
fn fewer_than_ten_are_withheld_from_the_json_too() {
    let report = report(None);
    let pack = &report.ports[0].packs[0];
    let fpir = rate(&pack.rates, "false-positive-identification");
    assert_eq!((fpir.trials, fpir.events, fpir.interval, fpir.withheld), (None, None, None, Some(FEWER)));
    assert!(!pack.sent_for.is_empty(), "what ten and more were sent for is listed");
    assert!(!pack.sent_for.iter().any(|share| share.reason == "officer-hold"), "and what fewer were is not");
    // Five of unspecified sex, and those of another cell: else five would be the total less the others.
    let sexes = &pack.groups[0].cells;
    let shown: Vec<_> = sexes
        .iter()
        .map(|cell| (cell.cell.as_str(), rate(&cell.rates, "false-negative-identification").trials))
        .collect();
    assert_eq!(shown, [("F", Some(2045)), ("M", None), ("X", None)]);
    let json = serde_json::to_string(&report).unwrap();
    for hidden in ["\"trials\":7,", "\"trials\":5,", "\"people\":4,", "\"trials\":1950"] {
        assert!(!json.contains(hidden), "{hidden}");
    }
}

#[test]
fn below_ten_travellers_a_port_says_nothing() {
    let mut few = Tallies::default();
    put(
        &mut few,
        key(Dimension::All, "all", Some(1)),
        &[(Kind::Transaction, 9), (Kind::Mated, 9), (Kind::Missed, 3)],
    );
    put(&mut few, key(Dimension::Sex, "F", None), &[(Kind::Transaction, 9), (Kind::Mated, 9)]);
    let report = accuracy(&few, &a_port(), None, Timestamp::UNIX_EPOCH);
    let pack = &report.ports[0].packs[0];
    assert_eq!((pack.travellers, pack.groups.len(), pack.devices.len()), (None, 0, 0));
    assert_eq!(report.ports[0].travellers_per_day, None);
    assert!(pack.rates.iter().all(|rate| rate.trials.is_none() && rate.withheld == Some(FEWER)));
}

#[test]
fn percentages_have_as_many_digits_as_they_take() {
    assert_eq!([0.0, 0.0004, 0.024, 0.31, 1.0].map(percent), ["0 %", "0.04 %", "2.4 %", "31 %", "100 %"]);
}

proptest! {
    /// Whatever was counted: of no group are 1 to 9 people shown, nor are so few what the shown leave of the total.
    #[test]
    fn no_small_group_is_shown_or_left_over(
        cells in prop::collection::vec((0_u64..40, 0_u64..40), 1..6)
    ) {
        let mut given = Tallies::default();
        let names = ["F", "M", "X", "a", "b"];
        for (name, (mated, missed)) in names.iter().zip(&cells) {
            let counts = [(Kind::Transaction, *mated), (Kind::Mated, *mated), (Kind::Missed, (*missed).min(*mated))];
            put(&mut given, key(Dimension::All, "all", Some(1)), &counts);
            put(&mut given, key(Dimension::Sex, name, None), &counts);
        }
        let report = accuracy(&given, &a_port(), None, Timestamp::UNIX_EPOCH);
        let pack = &report.ports[0].packs[0];
        let total = rate(&pack.rates, "false-negative-identification");
        let Some(group) = pack.groups.first() else { return Ok(()) };
        let of_cells = |figure: fn(&RateFigure) -> Option<u64>| -> Vec<Option<u64>> {
            group.cells.iter().map(|c| figure(rate(&c.rates, "false-negative-identification"))).collect()
        };
        for (cells, total) in [(of_cells(|r| r.trials), total.trials), (of_cells(|r| r.events), total.events)] {
            let shown: Vec<u64> = cells.iter().flatten().copied().collect();
            prop_assert!(shown.iter().all(|n| *n == 0 || *n >= CELL_MIN), "{:?}", shown);
            let left = total.unwrap_or(0) - shown.iter().sum::<u64>();
            let hidden = cells.len() - shown.len();
            prop_assert!(left == 0 || hidden >= 2 || cells.len() == 1, "{:?} of {:?}", cells, total);
            prop_assert!(left == 0 || left >= CELL_MIN || shown.iter().all(|n| *n == 0), "{:?} of {:?}", cells, total);
        }
    }
}
