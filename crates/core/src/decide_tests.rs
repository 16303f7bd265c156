use super::*;
use crate::biometric::{Candidate, PackId, Rate, Score};
use crate::id::{DesignationId, PointId};
use proptest::prelude::*;

const NOW: &str = "2026-11-23T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn passenger(n: u8) -> PassengerId {
    PassengerId::from_bytes([n; 16])
}

fn designation(from: &str, until: Option<&str>) -> Designation {
    Designation {
        id: DesignationId::from_bytes([1; 16]),
        point: PointId::from_bytes([1; 16]),
        legal_basis: "8 CFR 215.8".into(),
        from: from.parse().unwrap(),
        until: until.map(|u| u.parse().unwrap()),
        device_owner: "Port of Example".into(),
        contractors: vec![],
        manual_wait_ceiling_seconds: crate::place::MANUAL_WAIT_CEILING_SECONDS,
        hours: None,
    }
}

fn candidates(best: &[(u8, f32)]) -> Candidates {
    Candidates {
        pack: PackId("test@1".into()),
        threshold: Score(0.5),
        tie_margin: 0.05,
        gallery_people: 3,
        best: best
            .iter()
            .map(|&(n, score)| Candidate {
                passenger: passenger(n),
                score: Score(score),
                false_match_rate: Rate::new(1e-5).unwrap(),
            })
            .collect(),
    }
}

fn on_board(n: u8) -> PassengerFacts {
    PassengerFacts { id: passenger(n), boarded: false, held: false, lookout: false, has_reference: true }
}

fn decide_with(
    designation: Option<&Designation>,
    status: VoyageStatus,
    passengers: &[PassengerFacts],
    capture: Capture,
    presented: Presented,
    candidates: Option<&Candidates>,
) -> Decision {
    let case = Case { designation, voyage: Some((VoyageId::from_bytes([9; 16]), status)), passengers };
    decide(&case, &Facts { capture, presented, candidates, failure: None }, now())
}

fn at_an_open_gate(found: &[(u8, f32)], presented: Presented, passengers: &[PassengerFacts]) -> Decision {
    let designation = designation("2026-01-01T00:00:00Z", None);
    let found = candidates(found);
    decide_with(Some(&designation), VoyageStatus::Open, passengers, Capture::Usable, presented, Some(&found))
}

fn reasons(decision: Decision) -> Vec<Reason> {
    match decision {
        Decision::Refer { reasons, .. } => reasons,
        other => panic!("expected a referral, found {other:?}"),
    }
}

#[test]
fn a_clear_match_is_confirmed() {
    let decision = at_an_open_gate(&[(1, 0.8), (2, 0.3)], Presented::Nothing, &[on_board(1), on_board(2)]);
    assert!(
        matches!(decision, Decision::Confirmed { comparison } if comparison.candidate.passenger == passenger(1))
    );
}

#[test]
fn twins_are_referred() {
    let decision = at_an_open_gate(&[(1, 0.8), (2, 0.78)], Presented::Nothing, &[on_board(1), on_board(2)]);
    assert_eq!(reasons(decision), [Reason::CandidatesTooClose]);
}

#[test]
fn each_reason_is_given_for_its_case() {
    let all = [on_board(1), on_board(2)];
    let refer = |found: &[(u8, f32)], presented, passengers: &[PassengerFacts]| {
        reasons(at_an_open_gate(found, presented, passengers))
    };
    assert_eq!(refer(&[(1, 0.4)], Presented::Nothing, &all), [Reason::NoCandidate]);
    assert_eq!(refer(&[], Presented::NotOnManifest, &all), [Reason::NoCandidate, Reason::NotOnManifest]);
    assert_eq!(refer(&[(1, 0.9)], Presented::OtherVoyage, &all), [Reason::WrongVoyage]);
    assert_eq!(refer(&[(1, 0.9)], Presented::Passenger(passenger(2)), &all), [Reason::DocumentOfAnother]);
    let no_reference = [PassengerFacts { has_reference: false, ..on_board(1) }];
    assert_eq!(
        refer(&[], Presented::Passenger(passenger(1)), &no_reference),
        [Reason::NoCandidate, Reason::NoReference]
    );
    let boarded = [PassengerFacts { boarded: true, ..on_board(1) }];
    assert_eq!(refer(&[(1, 0.9)], Presented::Nothing, &boarded), [Reason::AlreadyBoarded]);
    let held = [PassengerFacts { held: true, ..on_board(1) }];
    assert_eq!(refer(&[(1, 0.9)], Presented::Nothing, &held), [Reason::OfficerHold]);
}

#[test]
fn without_a_gallery_the_machine_is_unavailable_and_says_so() {
    let designation = designation("2026-01-01T00:00:00Z", None);
    let decision =
        decide_with(Some(&designation), VoyageStatus::Open, &[], Capture::Usable, Presented::Nothing, None);
    assert_eq!(decision, Decision::Unavailable { failure: Failure::NoGallery });
}

#[test]
fn only_a_bad_photo_is_taken_again_and_only_so_often() {
    let policy = Policy::from_toml(include_str!("../../../policies/us-2025.toml")).unwrap();
    let refer = |reasons: &[Reason]| Decision::Refer { reasons: reasons.to_vec(), comparison: None };
    assert_eq!(next_step(&refer(&[Reason::PoorQuality]), 1, Direction::Exit, &policy), Step::TryAgain);
    assert_eq!(
        next_step(&refer(&[Reason::PoorQuality]), policy.attempts_max, Direction::Exit, &policy),
        Step::SeeOfficer
    );
    assert_eq!(
        next_step(&refer(&[Reason::NoFace, Reason::WrongVoyage]), 1, Direction::Exit, &policy),
        Step::SeeOfficer
    );
    assert_eq!(next_step(&refer(&[Reason::NoCandidate]), 1, Direction::Exit, &policy), Step::SeeOfficer);
}

fn any_status() -> impl Strategy<Value = VoyageStatus> {
    use VoyageStatus::{Cancelled, Closed, Open, Scheduled};
    proptest::sample::select(vec![Scheduled, Open, Closed, Cancelled])
}

fn any_presented() -> impl Strategy<Value = Presented> {
    prop_oneof![
        Just(Presented::Nothing),
        Just(Presented::OtherVoyage),
        Just(Presented::NotOnManifest),
        (0..4u8).prop_map(|n| Presented::Passenger(passenger(n))),
    ]
}

fn any_capture() -> impl Strategy<Value = Capture> {
    use Capture::{NoFace, PoorQuality, SeveralFaces, Usable};
    proptest::sample::select(vec![Usable, Usable, Usable, NoFace, SeveralFaces, PoorQuality])
}

fn any_passengers() -> impl Strategy<Value = Vec<PassengerFacts>> {
    proptest::collection::vec(any::<(bool, bool, bool, bool)>(), 4).prop_map(|flags| {
        let fact = |(n, (boarded, held, lookout, has_reference)): (usize, (bool, bool, bool, bool))| {
            PassengerFacts { id: passenger(n as u8), boarded, held, lookout, has_reference }
        };
        flags.into_iter().enumerate().map(fact).collect()
    })
}

proptest! {
    #[test]
    fn nothing_is_confirmed_that_the_rules_forbid(
        status in any_status(),
        presented in any_presented(),
        capture in any_capture(),
        passengers in any_passengers(),
        mut found in proptest::collection::vec((0..6u8, 0.0f32..1.0), 0..4),
        gallery in any::<bool>(),
        window in (any::<bool>(), any::<bool>(), any::<bool>()),
    ) {
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        let found = candidates(&found);
        let until = match window { (_, true, true) => Some(NOW), (_, true, false) => Some("2027-01-01T00:00:00Z"), _ => None };
        let designation = designation("2026-01-01T00:00:00Z", until);
        let designated = window.0.then_some(&designation);
        let decision = decide_with(designated, status, &passengers, capture, presented, gallery.then_some(&found));
        match decision {
            Decision::Confirmed { comparison } => {
                let candidate = comparison.candidate;
                prop_assert!(candidate.score >= found.threshold, "no candidate over the threshold");
                prop_assert!(window.0 && until != Some(NOW), "no designation in force");
                prop_assert_eq!(status, VoyageStatus::Open);
                prop_assert_eq!(capture, Capture::Usable);
                let who = passengers.iter().find(|p| p.id == candidate.passenger);
                prop_assert!(who.is_some_and(|p| !p.boarded && !p.held && !p.lookout), "boards twice, or over a hold");
                prop_assert!(presented == Presented::Nothing || presented == Presented::Passenger(candidate.passenger));
            }
            Decision::Refer { reasons, .. } => {
                prop_assert!(!reasons.is_empty());
                let mut sorted = reasons.clone();
                sorted.sort_unstable();
                sorted.dedup();
                prop_assert_eq!(sorted, reasons, "each once, in order");
            }
            Decision::Unavailable { .. } => prop_assert!(!gallery && capture == Capture::Usable),
        }
    }
}

#[test]
fn a_lookout_refers_a_confirmed_face_and_nothing_it_does_is_a_refusal_or_a_retake() {
    let listed = [PassengerFacts { lookout: true, ..on_board(1) }];
    let decided = at_an_open_gate(&[(1, 0.9)], Presented::Nothing, &listed);
    assert_eq!(reasons(decided), [Reason::Lookout]);
    assert!(!Reason::Lookout.retakeable());
    // Another passenger's lookout is nothing to this one.
    let others = [on_board(1), PassengerFacts { lookout: true, ..on_board(2) }];
    let confirmed = at_an_open_gate(&[(1, 0.9)], Presented::Nothing, &others);
    assert!(matches!(confirmed, Decision::Confirmed { .. }));
}
