use super::*;
use crate::biometric::{Candidate, Rate};
use crate::decide::{Capture, Case, Facts, PassengerFacts, decide};
use crate::id::{DesignationId, DeviceId, EncounterId, PointId, UserId, VoyageId};
use crate::place::Designation;
use crate::policy::PersonClass;
use crate::voyage::VoyageStatus;
use jiff::Timestamp;
use proptest::prelude::*;

fn passenger(n: u8) -> PassengerId {
    PassengerId::from_bytes([n; 16])
}

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

const STAGED: [u8; 3] = [1, 2, 3];

fn in_gallery(passenger: PassengerId) -> bool {
    STAGED.contains(&passenger.bytes()[0])
}

fn candidates(best: &[(u8, f32)]) -> Candidates {
    let candidate = |&(n, score): &(u8, f32)| Candidate {
        passenger: passenger(n),
        score: Score(score),
        false_match_rate: Rate::new(1e-5).unwrap(),
    };
    Candidates {
        pack: PackId("test@1".into()),
        threshold: Score(0.5),
        tie_margin: 0.02,
        gallery_people: 3,
        best: best.iter().map(candidate).collect(),
    }
}

/// The rules' own decision on a search like this, with this document.
fn decided(best: &[(u8, f32)], capture: Capture, presented: Presented) -> Decision {
    let designation = Designation {
        id: DesignationId::from_bytes([1; 16]),
        point: PointId::from_bytes([1; 16]),
        legal_basis: "8 CFR 215.8".into(),
        from: Timestamp::MIN,
        until: None,
        device_owner: "Port of Example".into(),
        contractors: vec![],
        manual_wait_ceiling_seconds: crate::place::MANUAL_WAIT_CEILING_SECONDS,
        hours: None,
    };
    let facts_of = |n| PassengerFacts {
        id: passenger(n),
        boarded: false,
        held: false,
        lookout: false,
        has_reference: n < 4,
    };
    let passengers = [1, 2, 3, 4, 5].map(facts_of);
    let case = Case {
        designation: Some(&designation),
        voyage: Some((VoyageId::from_bytes([9; 16]), VoyageStatus::Open)),
        passengers: &passengers,
    };
    let found = candidates(best);
    let facts = Facts { capture, presented, candidates: Some(&found), failure: None };
    decide(&case, &facts, now())
}

fn encounter(decision: Option<Decision>, stage: Stage) -> Encounter {
    let passenger = decision.as_ref().and_then(|d| d.comparison()).map(|found| found.candidate.passenger);
    Encounter {
        id: EncounterId::from_bytes([7; 16]),
        point: PointId::from_bytes([1; 16]),
        voyage: VoyageId::from_bytes([9; 16]),
        device: Some(DeviceId::from_bytes([2; 16])),
        lane: Lane::Photo,
        claims_citizenship: false,
        presented: Presented::Nothing,
        stage,
        attempts: 1,
        decision,
        class: PersonClass::Unknown,
        passenger,
        probe: None,
        joined_at: now(),
        served_at: Some(now()),
        taken_at: None,
        done_at: None,
        confidential: false,
    }
}

fn ruled(ruling: Ruling) -> Ruled {
    Ruled { ruling, author: UserId::from_bytes([3; 16]), reason: "seen".into(), at: now() }
}

/// The counts of a usable photo with these candidates, after these rulings.
fn counts(best: &[(u8, f32)], presented: Presented, rulings: &[Ruling]) -> Contribution {
    let decision = decided(best, Capture::Usable, presented);
    let machine = matches!(decision, Decision::Confirmed { .. });
    let done = machine || !rulings.is_empty();
    let mut it = encounter(Some(decision), if done { Stage::Done } else { Stage::Waiting });
    it.presented = presented;
    let measured = Measured {
        pack: PackId("test@1".into()),
        score_type: "raw".into(),
        candidates: Some(candidates(best)),
    };
    let rulings: Vec<Ruled> = rulings.iter().copied().map(ruled).collect();
    let passage = Passage { encounter: &it, rulings: &rulings, measured: Some(&measured) };
    adjudicate(&passage, in_gallery).unwrap()
}

fn has(contribution: &Contribution, kinds: &[Kind]) -> bool {
    kinds.iter().all(|kind| contribution.kinds.contains(kind))
}

fn board(n: u8) -> Ruling {
    Ruling::Board { passenger: passenger(n) }
}

#[test]
fn a_confirmed_match_that_stands_is_a_mated_search_that_found_its_person() {
    let counted = counts(&[(1, 0.8), (2, 0.3)], Presented::Nothing, &[]);
    use Kind::*;
    assert_eq!(counted.kinds, [Transaction, Acquired, Confirmed, Identified, Mated]);
    assert_eq!(counted.scores, Some(Scores { mated: true, best: Some(Score(0.8)), own: Some(Score(0.8)) }));
}

#[test]
fn who_is_in_the_gallery_and_not_found_is_a_false_negative_with_their_own_score() {
    let counted = counts(&[(2, 0.4), (1, 0.35)], Presented::Nothing, &[board(1)]);
    assert!(has(&counted, &[Kind::Mated, Kind::Missed, Kind::ReferredFor(Reason::NoCandidate)]));
    assert_eq!(counted.scores, Some(Scores { mated: true, best: Some(Score(0.4)), own: Some(Score(0.35)) }));
    let unlisted = counts(&[(2, 0.4)], Presented::Nothing, &[board(1)]);
    assert!(has(&unlisted, &[Kind::Missed, Kind::OwnScoreUnlisted]));
}

#[test]
fn who_is_not_in_the_gallery_is_gallery_missing_and_never_a_false_negative() {
    let counted = counts(&[(2, 0.4)], Presented::Nothing, &[board(4)]);
    assert!(has(&counted, &[Kind::GalleryMissing, Kind::NonMated]));
    assert!(!has(&counted, &[Kind::Missed]) && !has(&counted, &[Kind::FalsePositive]));
    // With a document the match was referred; had it not been, it were confirmed.
    let found = counts(&[(2, 0.7)], Presented::Passenger(passenger(4)), &[board(4)]);
    assert!(has(&found, &[Kind::GalleryMissing, Kind::NonMated, Kind::FalsePositive]));
}

#[test]
fn a_corrected_confirmation_counts_as_somebody_else() {
    let wrong = |instead| Ruling::SomebodyElse { passenger: passenger(2), instead };
    let mated = counts(&[(2, 0.7), (1, 0.4)], Presented::Nothing, &[wrong(Some(passenger(1)))]);
    assert!(has(&mated, &[Kind::Confirmed, Kind::Corrected, Kind::Mated, Kind::WrongPerson]));
    let stranger = counts(&[(2, 0.7)], Presented::Nothing, &[wrong(Some(passenger(4)))]);
    assert!(has(&stranger, &[Kind::Corrected, Kind::NonMated, Kind::FalsePositive, Kind::GalleryMissing]));
    let unknown = counts(&[(2, 0.7)], Presented::Nothing, &[wrong(None)]);
    assert!(has(&unknown, &[Kind::Corrected, Kind::Unadjudicated(Unsettled::SomebodyElse)]));
    assert_eq!((unknown.passenger, unknown.scores), (None, None));
}

#[test]
fn taking_somebody_off_for_other_reasons_is_no_correction() {
    let counted = counts(&[(1, 0.8)], Presented::Nothing, &[Ruling::OffLoad { passenger: passenger(1) }]);
    assert!(has(&counted, &[Kind::Confirmed, Kind::OffLoaded, Kind::Mated]));
    assert!(!has(&counted, &[Kind::Corrected]));
}

#[test]
fn a_refused_stranger_of_another_voyage_is_not_in_the_gallery() {
    let counted = counts(&[(1, 0.2)], Presented::OtherVoyage, &[Ruling::Refuse]);
    assert!(has(&counted, &[Kind::NonMated]) && !has(&counted, &[Kind::FalsePositive]));
    let other = counts(&[(1, 0.2)], Presented::Nothing, &[Ruling::Refuse]);
    assert!(has(&other, &[Kind::Unadjudicated(Unsettled::Refused)]) && !has(&other, &[Kind::NonMated]));
}

#[test]
fn without_a_usable_photo_it_is_a_failure_to_acquire_and_no_search() {
    for capture in [Capture::NoFace, Capture::SeveralFaces, Capture::PoorQuality] {
        let it = encounter(Some(decided(&[], capture, Presented::Nothing)), Stage::Done);
        let rulings = [ruled(board(1))];
        let passage = Passage { encounter: &it, rulings: &rulings, measured: None };
        let counted = adjudicate(&passage, in_gallery).unwrap();
        assert!(has(&counted, &[Kind::FailureToAcquire, Kind::Referred, Kind::Identified]));
        assert!(!has(&counted, &[Kind::Acquired]) && !has(&counted, &[Kind::Mated]));
        // Gone before the next try: neither acquired nor failed.
        let left = adjudicate(&Passage { rulings: &[], ..passage }, in_gallery).unwrap();
        assert_eq!(left.kinds, [Kind::Transaction, Kind::Unadjudicated(Unsettled::Left)]);
    }
}

#[test]
fn a_decline_contributes_nothing() {
    let mut it = encounter(None, Stage::Done);
    it.lane = Lane::Manual;
    let rulings = [ruled(board(1))];
    let passage = Passage { encounter: &it, rulings: &rulings, measured: None };
    assert_eq!(adjudicate(&passage, in_gallery), None);
    let decision = decided(&[(1, 0.9)], Capture::Usable, Presented::Nothing);
    let later = Encounter { decision: Some(decision), ..it.clone() };
    assert_eq!(adjudicate(&Passage { encounter: &later, ..passage }, in_gallery), None);
}

#[test]
fn names_are_those_that_are_serialised() {
    for reason in Reason::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.slug());
    }
    for failure in Failure::ALL {
        assert_eq!(serde_json::to_value(failure).unwrap(), failure.slug());
    }
}

fn a_ruling() -> impl Strategy<Value = Ruling> {
    let who = || (1_u8..6).prop_map(passenger);
    prop_oneof![
        who().prop_map(|passenger| Ruling::Board { passenger }),
        Just(Ruling::Refuse),
        Just(Ruling::Retake),
        who().prop_map(|passenger| Ruling::OffLoad { passenger }),
        (who(), proptest::option::of(who()))
            .prop_map(|(passenger, instead)| Ruling::SomebodyElse { passenger, instead }),
    ]
}

proptest! {
    /// However a passage goes: what is counted adds up, and nothing is dropped without being said.
    #[test]
    fn the_counts_of_one_encounter_add_up(
        best in prop::collection::vec((1_u8..6, 0.0_f32..1.0), 0..5),
        capture in prop_oneof![Just(Capture::Usable), Just(Capture::NoFace), Just(Capture::PoorQuality)],
        presented in prop_oneof![
            Just(Presented::Nothing), Just(Presented::OtherVoyage), Just(Presented::NotOnManifest),
            (1_u8..6).prop_map(|n| Presented::Passenger(passenger(n)))
        ],
        stage in prop_oneof![Just(Stage::AtGate), Just(Stage::Waiting), Just(Stage::WithOfficer), Just(Stage::Done)],
        rulings in prop::collection::vec(a_ruling(), 0..3),
        kept in any::<bool>(),
    ) {
        let mut best = best;
        best.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut it = encounter(Some(decided(&best, capture, presented)), stage);
        it.presented = presented;
        let found = (capture == Capture::Usable).then(|| candidates(&best));
        let measured = Measured { pack: PackId("p".into()), score_type: "raw".into(), candidates: found };
        let rulings: Vec<Ruled> = rulings.into_iter().map(ruled).collect();
        let passage = Passage { encounter: &it, rulings: &rulings, measured: kept.then_some(&measured) };
        let counted = adjudicate(&passage, in_gallery).unwrap();
        let n = |wanted: fn(&Kind) -> bool| counted.kinds.iter().filter(|kind| wanted(kind)).count();

        let mut once = counted.kinds.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), counted.kinds.len());
        prop_assert_eq!(n(|k| matches!(k, Kind::Transaction)), 1);
        prop_assert!(n(|k| matches!(k, Kind::Acquired | Kind::FailureToAcquire)) <= 1);
        prop_assert!(n(|k| matches!(k, Kind::Mated | Kind::NonMated)) <= 1);
        prop_assert!(n(|k| matches!(k, Kind::Missed | Kind::WrongPerson)) <= n(|k| matches!(k, Kind::Mated)));
        prop_assert!(n(|k| matches!(k, Kind::FalsePositive)) <= n(|k| matches!(k, Kind::NonMated)));
        prop_assert!(n(|k| matches!(k, Kind::GalleryMissing)) <= n(|k| matches!(k, Kind::Identified)));
        prop_assert!(n(|k| matches!(k, Kind::Corrected)) <= n(|k| matches!(k, Kind::Confirmed)));
        // Settled, or said not to be.
        let unsettled = n(|k| matches!(k, Kind::Unadjudicated(_)));
        let stranger = matches!(presented, Presented::OtherVoyage | Presented::NotOnManifest);
        prop_assert!(unsettled + usize::from(counted.passenger.is_some()) == 1 || unsettled == 0 && stranger);
        prop_assert!(unsettled == 0 || n(|k| matches!(k, Kind::Mated | Kind::NonMated | Kind::Identified)) == 0);
        prop_assert_eq!(n(|k| matches!(k, Kind::Identified)) == 1, counted.passenger.is_some());
    }
}
