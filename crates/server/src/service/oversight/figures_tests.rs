use super::*;
use portunus_core::accuracy::traffic::wait_bin;
use portunus_core::decide::Reason;

const GATE: PointId = PointId::from_bytes([1; 16]);
const LANE: PointId = PointId::from_bytes([2; 16]);

pub(crate) fn points() -> BTreeMap<PointId, String> {
    BTreeMap::from([(GATE, "JFK B22".to_owned()), (LANE, "JFK B24".to_owned())])
}

/// Two busy months at two gates; few decline at the second.
pub(crate) fn traffic() -> Traffic {
    let mut traffic = Traffic::default();
    for (month, point, photo, declined) in [
        ("2026-10", GATE, 400, 60),
        ("2026-10", LANE, 300, 30),
        ("2026-11", GATE, 500, 70),
        ("2026-11", LANE, 310, 4),
    ] {
        let mut put = |counted, n| *traffic.0.entry((month.to_owned(), point, counted)).or_default() += n;
        put(Counted::Passage(Outcome::Confirmed, Verdict::Nothing), photo - 52);
        put(Counted::Passage(Outcome::Referred(Reason::NoCandidate), Verdict::Boarded), 40);
        put(Counted::Passage(Outcome::Referred(Reason::PoorQuality), Verdict::Boarded), 12);
        put(Counted::Passage(Outcome::Declined, Verdict::Boarded), declined);
        put(Counted::Waited(Lane::Photo, wait_bin(2_000)), photo);
        put(Counted::Passed(Lane::Photo, wait_bin(4_000)), photo);
        put(Counted::Waited(Lane::Manual, wait_bin(3_000)), declined);
        put(Counted::Passed(Lane::Manual, wait_bin(40_000)), declined);
        put(Counted::Officer(Lane::Photo), 6);
        put(Counted::Officer(Lane::Manual), 12);
    }
    traffic
}

pub(crate) fn passages() -> Passages {
    Year { year: "2026", traffic: &traffic(), points: &points() }.passages()
}

#[test]
fn tables_add_up_and_the_small_cell_hides_what_would_tell_it() {
    let passages = passages();
    assert_eq!(passages.photo.total, Some(1510));
    assert_eq!(passages.photo.cells, [[Some(400), Some(500)], [Some(300), Some(310)]]);
    assert_eq!(passages.outcomes.column_totals, [Some(1302), Some(48), Some(160)]);
    assert_eq!(passages.people(Outcome::Referred(Reason::NoCandidate)), Some(160));
    assert_eq!(passages.people(Outcome::Referred(Reason::NoFace)), Some(0));
    assert_eq!(passages.ruled(Outcome::Referred(Reason::PoorQuality), Verdict::Boarded), Some(48));
    let declined = &passages.declined;
    assert_eq!(declined.cells[1][1], None, "four at the second gate");
    let hidden = declined.cells.iter().flatten().chain(&declined.column_totals).chain(&declined.row_totals);
    assert!(hidden.filter(|cell| cell.is_none()).count() >= 4);
}

#[test]
fn what_is_worked_out_from_a_withheld_number_is_withheld_too() {
    let passages = passages();
    for choices in &passages.choices {
        let known = choices.photo.zip(choices.declined).is_some();
        assert_eq!(choices.declined_share.is_some(), known, "{choices:?}");
        assert_eq!(choices.manual_waits.is_some(), choices.declined.is_some(), "{choices:?}");
        assert_eq!(choices.manual_per_officer.is_some(), choices.declined.is_some(), "{choices:?}");
    }
    let year = passages.choices.last().unwrap();
    assert_eq!((year.period.as_str(), year.photo), ("2026", Some(1510)));
    assert_eq!(year.photo_officers, Some(24));
    assert!(year.photo_waits.unwrap().waited_p95_ms.abs_diff(2_000) < 110);
}

#[test]
fn a_year_without_anything_has_empty_tables() {
    let nothing = Year { year: "2031", traffic: &traffic(), points: &points() }.passages();
    assert_eq!((nothing.choices.len(), nothing.photo.rows.len()), (0, 0));
    assert_eq!(years(&traffic()).into_iter().collect::<Vec<_>>(), ["2026"]);
}
