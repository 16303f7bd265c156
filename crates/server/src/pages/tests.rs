//! Views to test with (fictional people), and what holds for every page.

use super::admin::{AdminView, DeviceView, PersonView, PointRow, admin};
use super::assets;
use super::board::{BoardView, BoardedView, KnownView, PointView, Progress, VoyageView, WaitingView, board};
use super::card::{CardView, NamedBy, PassengerView, ProbePhoto, RuledView};
use super::console::{ConsoleView, console};
use super::designation::{DesignationView, State};
use super::door::{DoorView, door};
use super::gate::gate;
use super::message::message;
use super::records::{CaseView, CasesView, LateRecall, case, cases};
use super::redress::RedressView;
use super::score::ScoreView;
use super::setup::{SetupView, setup};
use super::sign_in::{SignInView, sign_in};
use super::stays::{StaysView, stays};
use super::supervisor::{SupervisorView, VoyageRow, supervisor};
use super::{Section, Viewer};
use crate::service::{FindingShown, Follows, OnRecord, OverstayList, OverstayShown, RedressShown, WayShown};
use jiff::Timestamp;
use jiff::civil::date;
use portunus_biometrics::face::quality::Advice;
use portunus_core::biometric::{Rate, Score};
use portunus_core::case::{Case, CaseKind, CaseOutcome, Finding};
use portunus_core::decide::{Failure, Reason};
use portunus_core::encounter::{Lane, LaneWaits, Method, Stage};
use portunus_core::id::{
    CaseId, DecisionId, DesignationId, DeviceId, EncounterId, PassengerId, PointId, RecordId, UserId,
    VoyageId,
};
use portunus_core::place::{Designation, Direction, PointKind};
use portunus_core::policy::{PersonClass, Start};
use portunus_core::role::Role;
use portunus_core::stay::{Span, StayState};
use portunus_core::voyage::VoyageStatus;
use portunus_store::Wish;
use portunus_store::{Access, Held, Purpose, Reader, Reading, RecordKind, Within};
use std::collections::BTreeMap;

pub(super) fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn before(seconds: i64) -> Timestamp {
    now() - jiff::SignedDuration::from_secs(seconds)
}

fn encounter(n: u8) -> EncounterId {
    EncounterId::from_bytes([n; 16])
}

pub(super) fn a_viewer() -> Viewer {
    Viewer { name: "a.okafor".into(), role: "supervisor".into(), sections: Section::ALL.to_vec() }
}

fn a_point() -> PointView {
    PointView {
        id: PointId::from_bytes([2; 16]),
        name: "JFK B22".into(),
        direction: Direction::Exit,
        kind: PointKind::BoardingGate,
    }
}

fn a_voyage() -> VoyageView {
    VoyageView {
        id: VoyageId::from_bytes([9; 16]),
        name: "LH400".into(),
        date: date(2026, 11, 23),
        from: "JFK".into(),
        to: "FRA".into(),
        status: VoyageStatus::Open,
        progress: Progress { expected: 200, by_face: 112, by_document: 9, waiting: 2 },
        watch: None,
    }
}

fn a_score() -> ScoreView {
    ScoreView {
        score: Score(0.47),
        threshold: Score(0.42),
        false_match_rate: Rate::new(4e-6).unwrap(),
        gallery_people: 200,
        runner_up: Some(Score(0.45)),
    }
}

pub(super) fn a_card() -> CardView {
    CardView {
        encounter: encounter(1),
        lane: Lane::Photo,
        stage: Stage::Waiting,
        since: before(134),
        attempts: 2,
        officer: None,
        wish: Wish { private_booth: true, same_sex_officer: false },
        claims_citizenship: false,
        class: PersonClass::NonImmigrant,
        class_confirmed: false,
        probe: ProbePhoto::Kept,
        passenger: Some(PassengerView {
            id: PassengerId::from_bytes([7; 16]),
            name: "LINDQVIST, Maja Ester".into(),
            document: "passport SWE 84120077".into(),
            born: Some("1988-03-12".into()),
            document_is_out_of_date: false,
            nationality: Some("SWE".into()),
            has_reference: true,
            boarded: false,
            held: false,
            lookouts: Vec::new(),
            named_by: NamedBy::Face,
        }),
        score: Some(a_score()),
        reasons: vec![Reason::CandidatesTooClose],
        failure: None,
        confirmed: None,
        rulings: vec![RuledView {
            what: "Another photo asked for".into(),
            author: "b.moreau".into(),
            reason: "glare".into(),
            at: before(60),
        }],
        entering: false,
        confidential: false,
    }
}

pub(super) fn a_board() -> BoardView {
    let waiting = |n, seconds, lane, reasons: &[Reason], name: Option<&str>| WaitingView {
        encounter: encounter(n),
        since: before(seconds),
        lane,
        reasons: reasons.to_vec(),
        failure: None,
        passenger: name.map(|name| KnownView {
            id: PassengerId::from_bytes([n; 16]),
            name: name.into(),
            document: "passport SWE 84120077".into(),
        }),
        officer: None,
        verified: false,
        secondary: false,
        wish: Wish { private_booth: true, same_sex_officer: false },
        together: if n == 1 { 3 } else { 1 },
    };
    let boarded = |n: u8, name: &str, method, probe| BoardedView {
        encounter: Some(encounter(n)),
        passenger: PassengerId::from_bytes([n; 16]),
        name: name.into(),
        document: "FRA …47".into(),
        at: before(i64::from(n) * 9),
        method,
        entered_later: false,
        probe,
        has_reference: true,
        held: None,
    };
    BoardView {
        now: now(),
        point: a_point(),
        designated: true,
        voyage: Some(a_voyage()),
        queue: vec![
            waiting(
                1,
                134,
                Lane::Photo,
                &[Reason::CandidatesTooClose, Reason::OfficerHold],
                Some("LINDQVIST, Maja Ester"),
            ),
            waiting(3, 41, Lane::Manual, &[], None),
        ],
        card: Some(a_card()),
        boarded: vec![
            boarded(11, "DUPONT, Camille", Method::FaceMatched, ProbePhoto::Kept),
            boarded(12, "HOLLOWAY, James T.", Method::FaceMatched, ProbePhoto::Gone),
            boarded(13, "TANAKA, Yui", Method::DocumentInspected, ProbePhoto::NeverTaken),
        ],
    }
}

pub(super) fn a_supervisor() -> SupervisorView {
    let waits = |people, p50, p95| LaneWaits {
        people,
        waited_p50_ms: p50,
        waited_p95_ms: p95,
        passed_p50_ms: p50 + 4000,
        passed_p95_ms: p95 + 31_000,
    };
    let row = |status, photo, manual| VoyageRow {
        voyage: VoyageView { status, ..a_voyage() },
        departs: Some(date(2026, 11, 23).at(18, 5, 0, 0)),
        without_reference: 3,
        boards_at: vec![a_point()],
        may_board_at: vec![a_point()],
        declined_waiting: 2,
        photo,
        manual,
        desk: Default::default(),
    };
    let mut second = row(VoyageStatus::Scheduled, LaneWaits::default(), LaneWaits::default());
    second.voyage.id = VoyageId::from_bytes([10; 16]);
    second.voyage.name = "AF23".into();
    second.voyage.to = "CDG".into();
    second.voyage.progress = Progress { expected: 311, ..Progress::default() };
    second.boards_at.clear();
    SupervisorView {
        viewer: a_viewer(),
        now: now(),
        second_looks: crate::pages::second_look::tests::a_dispute(),
        erasing_halted: Some(crate::service::Halted::SwitchedOff),
        parity: crate::pages::parity::tests::a_shortfall(),
        late_recalls: vec![LateRecall { recipient: "Statistics office".into(), since: before(1800) }],
        watched: Vec::new(),
        voyages: vec![row(VoyageStatus::Open, waits(112, 1400, 6100), waits(9, 4200, 12_900)), second],
    }
}

pub(super) fn a_designation() -> DesignationView {
    let designation = Designation {
        id: DesignationId::from_bytes([4; 16]),
        point: a_point().id,
        legal_basis: "8 CFR 215.8".into(),
        from: before(86_400),
        until: None,
        device_owner: "Port of Example".into(),
        contractors: vec!["Example Cameras Inc.".into()],
        manual_wait_ceiling_seconds: 600,
        hours: None,
    };
    DesignationView {
        designation,
        author: Some("a.okafor".into()),
        attestations: Vec::new(),
        state: State::Published {
            approver: Some("b.osei".into()),
            over: false,
            withdrawn: false,
            begins_later: false,
            notice_hangs: true,
            notice: "2026-11".into(),
            device: true,
        },
    }
}

fn a_person(id: u8, name: &str, role: &str, carrier: Option<&str>) -> PersonView {
    PersonView {
        id: UserId::from_bytes([id; 16]),
        signs_in: true,
        name: name.into(),
        role: role.into(),
        carrier: carrier.map(str::to_owned),
    }
}

pub(super) fn an_admin() -> AdminView {
    AdminView {
        viewer: a_viewer(),
        role: Role::Administrator,
        points: vec![PointRow {
            point: a_point(),
            port: "JFK".into(),
            designated: Ok(()),
            designations: vec![a_designation()],
            devices: vec![DeviceView {
                id: DeviceId::from_bytes([5; 16]),
                enrolled_at: before(3600),
                revoked_at: None,
                captures: 1204,
                gaps: 1,
            }],
        }],
        people: vec![
            a_person(1, "a.okafor", "administrator", None),
            a_person(2, "lh.ops", "carrier", Some("LH")),
        ],
        password_chars_min: 15,
    }
}

fn a_case_file(kind: CaseKind) -> Case {
    Case {
        id: CaseId::from_bytes([6; 16]),
        kind,
        reference: "2026/17".into(),
        basis: "section 12".into(),
        reason: "an inquiry".into(),
        from_whom: Some("District court".into()),
        identity_check: None,
        author: UserId::from_bytes([1; 16]),
        opened_at: before(7200),
        deadline: Some(before(-86_400)),
        expires_at: Some(before(-864_000)),
        approvals: Vec::new(),
        approved_at: None,
        closed_at: None,
        outcome: None,
        given: 0,
    }
}

fn some_cases() -> CasesView {
    let closed = Case {
        closed_at: Some(now()),
        outcome: Some(CaseOutcome::Done),
        ..a_case_file(CaseKind::Correction)
    };
    CasesView {
        viewer: a_viewer(),
        now: now(),
        may_act: true,
        cases: vec![a_case_file(CaseKind::Hold), closed],
        late: vec![LateRecall { recipient: "Statistics office".into(), since: before(1800) }],
    }
}

fn a_case(kind: CaseKind) -> CaseView {
    let access = Access {
        by: Reader::Officer(UserId::from_bytes([1; 16])),
        purpose: Purpose::ShowToOfficer,
        within: Within::Encounter(encounter(1)),
    };
    let held = Held {
        record: RecordId::from_bytes([7; 16]),
        kind: RecordKind::PROBE,
        class: PersonClass::NonImmigrant,
        start: Start::crossing(before(3600), Direction::Exit),
        erase_after: before(-86_400),
    };
    let one = OnRecord {
        held,
        holds: vec![CaseId::from_bytes([6; 16])],
        copies: vec!["Statistics office".into()],
        readings: vec![(Reading { at: before(60), access }, "a.okafor".into())],
    };
    CaseView {
        viewer: a_viewer(),
        now: now(),
        may_act: true,
        may_approve: true,
        case: a_case_file(kind),
        author: "a.okafor".into(),
        approvals: Vec::new(),
        contest: None,
        records: vec![one],
        redress: RedressView::default(),
    }
}

/// A case of mis-identification in which something is proposed.
fn a_redress(may_decide: bool) -> CaseView {
    let of = a_case(CaseKind::Misidentification);
    let findings = [
        (Finding::Unlink, Follows::Erased),
        (
            Finding::Reattribute,
            Follows::WrittenAnew { class: PersonClass::NonImmigrant, until: before(-86_400) },
        ),
        (Finding::Split, Follows::SetApart),
    ];
    let shown = RedressShown {
        proposal: DecisionId::from_bytes([9; 16]),
        by: "a.okafor".into(),
        at: before(60),
        reason: "two passports were swapped".into(),
        answer: Some("You are right.".into()),
        names_holder: true,
        forgotten: false,
        findings: findings
            .map(|(finding, follows)| FindingShown {
                record: RecordId::from_bytes([7; 16]),
                finding,
                follows,
            })
            .to_vec(),
    };
    CaseView { redress: RedressView { shown: Some(shown), answers_contest: true, may_decide }, ..of }
}

#[test]
fn who_may_decide_sees_what_would_follow_and_nobody_else_is_offered_to() {
    let page = case(&a_redress(true)).into_string();
    assert!(page.contains("/agree\"") && page.contains("written anew as that person’s: non-immigrant"));
    assert!(page.contains("Recalled from: Statistics office.") && page.contains("A legal hold keeps it"));
    assert!(!page.contains("/approve\""), "it is agreed to as it is proposed");
    let page = case(&a_redress(false)).into_string();
    assert!(!page.contains("/agree\"") && page.contains("Somebody decides who neither opened"));
    let mut forgotten = a_redress(true);
    forgotten.redress.shown.as_mut().unwrap().forgotten = true;
    assert!(!case(&forgotten).into_string().contains("/agree\""));
    let mut over = a_redress(true);
    over.case.closed_at = Some(now());
    assert!(!case(&over).into_string().contains("data-post"));
}

fn some_stays() -> StaysView {
    let explained = "admitted until 2026-03-01; no exit recorded at a point that records exits".to_owned();
    let stay = OverstayShown {
        record: RecordId::from_bytes([7; 16]),
        until: date(2026, 3, 1),
        state: StayState::Overstay { days: 12 },
        explained,
    };
    let way = |way: &str, recorded| WayShown { way: way.into(), recorded, because: vec!["a notice".into()] };
    StaysView {
        viewer: a_viewer(),
        may_act: true,
        list: OverstayList { computed_at: Some(now()), all: 1, stays: vec![stay] },
        ways: vec![
            way("air exits at JFK", vec![Span { from: before(86_400), until: Some(before(60)) }]),
            way("land exits", vec![]),
        ],
    }
}

#[test]
fn the_list_of_stays_says_where_leaving_leaves_no_record() {
    let mut view = some_stays();
    let page = stays(&view).into_string();
    assert!(page.contains("overstay of at least 12 days") && page.contains("not recorded"));
    assert!(page.contains("/api/records/v1/ways-out"));
    assert!(page.contains("1 stay as of") && !page.contains("are shown"));
    (view.may_act, view.list.all) = (false, 1001);
    let page = stays(&view).into_string();
    assert!(page.contains("1001 stays as of") && page.contains("The 1 longest past are shown."));
    assert!(!page.contains("data-post"));
}

#[test]
fn a_case_offers_what_its_kind_is_for_and_nothing_once_it_is_closed() {
    let mut correction = a_case(CaseKind::Correction);
    assert!(case(&correction).into_string().contains("/correct\""));
    assert!(!case(&a_case(CaseKind::Hold)).into_string().contains("/give\""));
    assert!(case(&a_case(CaseKind::Hold)).into_string().contains("/approve\""));
    let contest = case(&a_case(CaseKind::Contest)).into_string();
    assert!(contest.contains("/answer\"") && !contest.contains("/close\""), "a contest ends with an answer");
    correction.case.closed_at = Some(now());
    assert!(!case(&correction).into_string().contains("data-post"));
}

/// Every page, by name, in a state with much on it.
fn pages() -> Vec<(&'static str, String)> {
    let live = a_board();
    let points = vec![live.point.clone()];
    let mut down = a_board();
    down.queue[0].failure = Some(Failure::Matcher);
    vec![
        ("gate", gate().into_string()),
        ("console", console(&ConsoleView { viewer: a_viewer(), points, board: Some(live) }).into_string()),
        ("board", board(&down).into_string()),
        ("supervisor", supervisor(&a_supervisor()).into_string()),
        ("admin", admin(&an_admin()).into_string()),
        ("cases", cases(&some_cases()).into_string()),
        ("hold", case(&a_case(CaseKind::Hold)).into_string()),
        ("request", case(&a_case(CaseKind::OutsideRequest)).into_string()),
        ("correction", case(&a_case(CaseKind::Correction)).into_string()),
        ("change of class", case(&a_case(CaseKind::ClassChange)).into_string()),
        ("stay inquiry", case(&a_case(CaseKind::StayInquiry)).into_string()),
        ("mis-identification", case(&a_redress(true)).into_string()),
        ("stays", stays(&some_stays()).into_string()),
        ("sign-in", sign_in(&SignInView { problem: Some("wrong".into()), next: None }).into_string()),
        ("setup", setup(&SetupView { problem: None, password_chars_min: 15 }).into_string()),
        ("door", door(&DoorView { viewer: Some(a_viewer()), needs_setup: true }).into_string()),
        ("message", message("Not found", "There is no such page.").into_string()),
    ]
}

/// The opening tags of a page.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|t| t.split('>').next()).filter(|t| !t.starts_with(['/', '!']))
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\"")).and_then(|(_, rest)| rest.split('"').next())
}

#[test]
fn no_page_has_an_inline_script_or_style() {
    for (page, html) in pages() {
        for tag in tags(&html) {
            assert!(!tag.starts_with("style"), "{page}: {tag}");
            assert!(!tag.starts_with("script") || tag.contains(" src=\"/assets/"), "{page}: {tag}");
            // Without what stands in quotes only names are left.
            let names: String = tag.split('"').step_by(2).collect();
            assert!(!names.contains(" style=") && !names.contains(" on"), "{page}: {tag}");
            assert!(!tag.contains("javascript:"), "{page}: {tag}");
        }
    }
}

#[test]
fn every_picture_says_what_it_is_or_that_it_is_decoration() {
    for (page, html) in pages() {
        for tag in tags(&html) {
            if tag.starts_with("img") {
                assert!(attribute(tag, "alt").is_some_and(|alt| !alt.is_empty()), "{page}: {tag}");
            }
            if tag.starts_with("svg") {
                let named = tag.contains(" role=\"img\" aria-label=\"");
                assert!(named || tag.contains(" aria-hidden=\"true\""), "{page}: {tag}");
            }
        }
    }
}

#[test]
fn every_field_has_a_label() {
    for (page, html) in pages() {
        for tag in tags(&html).filter(|t| ["input", "select", "textarea"].iter().any(|k| t.starts_with(k))) {
            if attribute(tag, "type") == Some("hidden") || attribute(tag, "aria-label").is_some() {
                continue;
            }
            let id = attribute(tag, "id").unwrap_or_else(|| panic!("{page}: {tag}"));
            let wrapped = attribute(tag, "type") == Some("checkbox");
            assert!(wrapped || html.contains(&format!("for=\"{id}\"")), "{page}: {tag}");
        }
    }
}

#[test]
fn ids_are_unique_and_those_named_are_there() {
    for (page, html) in pages() {
        let mut ids: Vec<&str> = tags(&html).filter_map(|t| attribute(t, "id")).collect();
        for tag in tags(&html) {
            for name in ["for", "aria-labelledby", "aria-controls"] {
                if let Some(id) = attribute(tag, name) {
                    assert!(ids.contains(&id), "{page}: {name}={id}");
                }
            }
        }
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{page}");
    }
}

#[test]
fn every_static_file_that_a_page_names_is_embedded() {
    for (page, html) in pages() {
        for name in html.split("/assets/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(assets::asset(name).is_some(), "{page}: {name}");
        }
    }
}

type Texts = BTreeMap<String, serde_json::Value>;

fn texts() -> BTreeMap<String, Texts> {
    serde_json::from_slice(assets::asset("i18n.json").unwrap().bytes).unwrap()
}

#[test]
fn every_text_is_there_in_all_five_languages() {
    let texts = texts();
    assert_eq!(texts.keys().map(String::as_str).collect::<Vec<_>>(), ["ar", "en", "es", "fr", "zh"]);
    for (language, of) in &texts {
        assert_eq!(of.keys().collect::<Vec<_>>(), texts["en"].keys().collect::<Vec<_>>(), "{language}");
        let leaves = |v: &serde_json::Value| match v {
            serde_json::Value::Object(map) => map.keys().cloned().collect::<Vec<_>>(),
            _ => vec![],
        };
        for (key, value) in of {
            assert_eq!(leaves(value), leaves(&texts["en"][key]), "{language} {key}");
            let empty = |v: &serde_json::Value| v.as_str().is_some_and(|s| s.trim().is_empty());
            assert!(
                !empty(value) && !value.as_object().is_some_and(|m| m.values().any(empty)),
                "{language} {key}"
            );
        }
    }
}

/// All advice. The match has no wildcard: a new kind does not compile until it is listed, and then translated.
fn all_advice() -> Vec<Advice> {
    use Advice::*;
    let known = |advice| match advice {
        OnePersonOnly | MoveCloser | MoveBack | MoveToCentre | FaceTheCamera | LookUp | LookDown
        | HoldHeadLevel | HoldStill | MoreLight | LessLight | UncoverFace => advice,
    };
    [
        OnePersonOnly,
        MoveCloser,
        MoveBack,
        MoveToCentre,
        FaceTheCamera,
        LookUp,
        LookDown,
        HoldHeadLevel,
        HoldStill,
        MoreLight,
        LessLight,
        UncoverFace,
    ]
    .map(known)
    .to_vec()
}

#[test]
fn all_advice_of_the_quality_measures_has_words() {
    let texts = texts();
    let mut slugs: Vec<&str> = all_advice().into_iter().map(Advice::slug).collect();
    slugs.sort_unstable();
    let worded: Vec<String> = texts["en"]["advice"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(slugs, worded);
}

#[test]
fn every_text_that_the_gate_names_exists() {
    let texts = texts();
    let html = gate().into_string();
    for key in tags(&html).filter_map(|t| attribute(t, "data-text")) {
        assert!(texts["en"].contains_key(key), "{key}");
    }
    for field in tags(&html).filter_map(|t| attribute(t, "data-notice")) {
        assert!(["title", "purpose", "citizens", "others", "claim", "claimed"].contains(&field), "{field}");
    }
}
