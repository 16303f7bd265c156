//! Who signs in, where people cross, and what devices stand there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod border;
use border::*;
use portunus_core::designation::{Attestation, Draft, NotYet, Undesignated};
use portunus_core::id::{DesignationId, DeviceId, PointId, UserId};
use portunus_core::place::Designation;
use portunus_core::role::Role;
use portunus_store::*;

fn officer(store: &Store, name: &str) -> CreateUser {
    let new =
        NewUser { name: name.into(), role: Role::Officer, carrier: None, password_hash: "$hash".into() };
    store.create_user(&new, at(0)).unwrap()
}

#[test]
fn a_name_is_taken_whatever_its_case() {
    let (_folder, store) = fresh();
    assert!(!store.has_users().unwrap());
    let CreateUser::Created(id) = officer(&store, "Émile") else { panic!() };
    assert_eq!(officer(&store, " émile "), CreateUser::NameTaken);
    assert_eq!(officer(&store, "ÉMILE"), CreateUser::NameTaken);
    let user = store.user_by_name("ÉMILE").unwrap().unwrap();
    assert_eq!((user.id, user.name.as_str(), user.role), (id, "Émile", Role::Officer));
    assert!(store.has_users().unwrap());
    assert!(store.user_by_name("Emile").unwrap().is_none());
}

#[test]
fn a_session_ends_at_its_time_when_closed_and_when_the_password_changes() {
    let (_folder, store) = fresh();
    let CreateUser::Created(id) = officer(&store, "a") else { panic!() };
    let signed_in =
        |token: u8, now| store.session([token; 32], at(now)).unwrap().map(|session| session.user.id);
    for token in 1..=3 {
        store.open_session([token; 32], id, at(60), at(0)).unwrap();
    }
    assert_eq!((signed_in(1, 59), signed_in(1, 60), signed_in(9, 0)), (Some(id), None, None));
    store.close_session([1; 32], at(0)).unwrap();
    assert_eq!((signed_in(1, 0), signed_in(2, 0)), (None, Some(id)));
    assert!(store.set_password(id, "$other").unwrap());
    assert_eq!((signed_in(2, 0), signed_in(3, 0)), (None, None));
    assert_eq!(store.user(id).unwrap().unwrap().password_hash, "$other");
    assert!(!store.set_password(UserId::from_bytes([0; 16]), "$").unwrap());
    assert!(
        store.open_session([4; 32], UserId::from_bytes([0; 16]), at(60), at(0)).is_err(),
        "nobody's session"
    );
}

#[test]
fn a_setup_token_is_good_once_and_the_last_one_only() {
    let (_folder, store) = fresh();
    store.put_setup_token([1; 32], at(60)).unwrap();
    store.put_setup_token([2; 32], at(60)).unwrap();
    assert!(!store.take_setup_token([1; 32], at(0)).unwrap());
    assert!(!store.take_setup_token([2; 32], at(60)).unwrap(), "expired");
    assert!(store.take_setup_token([2; 32], at(59)).unwrap());
    assert!(!store.take_setup_token([2; 32], at(59)).unwrap(), "used");
}

#[test]
fn a_point_is_renamed_under_its_identifier_and_names_are_unique() {
    let (_folder, store) = fresh();
    let mut gate = gate();
    assert_eq!(store.put_point(&gate).unwrap(), PutPoint::Stored);
    gate.name = "JFK B23".into();
    assert_eq!(store.put_point(&gate).unwrap(), PutPoint::Stored);
    let other = portunus_core::place::CrossingPoint { id: PointId::from_bytes([9; 16]), ..gate.clone() };
    assert_eq!(store.put_point(&other).unwrap(), PutPoint::NameTaken);
    assert_eq!(store.points().unwrap(), [gate.clone()]);
    assert_eq!(store.point_by_name("jfk b23").unwrap(), Some(gate.clone()));
    assert_eq!(store.point(gate.id).unwrap(), Some(gate));
    assert_eq!(store.point_by_name("JFK B22").unwrap(), None);
}

#[test]
fn a_designation_is_in_force_from_its_first_instant_to_before_its_last() {
    let (_folder, store) = fresh();
    store.put_point(&gate()).unwrap();
    let designation = |n: u8, from, until: Option<i64>| Designation {
        id: DesignationId::from_bytes([n; 16]),
        point: POINT,
        legal_basis: "8 CFR 215.8".into(),
        from: at(from),
        until: until.map(at),
        device_owner: "the airport".into(),
        contractors: vec!["a contractor".into()],
        manual_wait_ceiling_seconds: portunus_core::place::MANUAL_WAIT_CEILING_SECONDS,
        hours: None,
    };
    let (first, second) = (designation(1, 10, Some(100)), designation(2, 50, None));
    store.designate(&approved(&first, at(0)), at(0)).unwrap();
    store.designate(&approved(&second, at(0)), at(0)).unwrap();
    store.designate(&approved(&designation(1, 0, None), at(0)), at(0)).unwrap();
    let in_force = |now| store.designation_in_force(POINT, at(now)).unwrap().map(|d| d.id.bytes()[0]);
    assert_eq!([9, 10, 49, 50, 100].map(in_force), [None, Some(1), Some(1), Some(2), Some(2)]);
    assert!(store.withdraw(second.id, at(60), at(0)).unwrap());
    assert!(!store.withdraw(second.id, at(70), at(0)).unwrap(), "never postponed");
    assert_eq!([59, 60, 100].map(in_force), [Some(2), Some(1), None]);
    assert_eq!(store.designations(POINT).unwrap()[0], first);
    let nowhere = Designation { point: PointId::from_bytes([9; 16]), ..designation(3, 0, None) };
    assert!(store.designate(&approved(&nowhere, at(0)), at(0)).is_err());
}

#[test]
fn a_draft_is_in_force_only_when_a_second_person_approves_it() {
    let (_folder, store) = fresh();
    store.put_point(&gate()).unwrap();
    let designation = a_designation(None);
    let (id, authority) = (designation.id, |now| store.authority(POINT, at(now)).unwrap());
    assert_eq!(authority(1), Err(Undesignated::Never));
    store.put_draft(&Draft::new(designation.clone(), "anna", at(0))).unwrap();
    assert_eq!(authority(1), Err(Undesignated::Never), "a draft is no authority");
    let approve = |by, now| store.approve_draft(id, by, at(now)).unwrap().unwrap();
    assert_eq!(approve("ben", 2), Err(NotYet::NotAttested(vec!["the airport".into()])));
    let attested = |party: &str| Attestation { party: party.into(), by: "J. Kim".into(), at: at(3) };
    assert_eq!(store.attest(id, &attested("nobody")).unwrap(), Some(Err(NotYet::NoSuchParty)));
    assert_eq!(store.attest(id, &attested("The Airport")).unwrap(), Some(Ok(())));
    assert_eq!(approve("Anna", 4), Err(NotYet::OwnDraft), "four eyes");
    assert_eq!(authority(4), Err(Undesignated::Never));
    let published = approve("ben", 5).unwrap();
    assert_eq!(published, Designation { from: at(5), ..designation }, "never back-dated");
    assert_eq!((authority(4), authority(5)), (Err(Undesignated::Begins(at(5))), Ok(published)));
    assert!(
        store.approve_draft(id, "ben", at(6)).unwrap().is_none() && store.drafts(POINT).unwrap().is_empty()
    );
    let one = &store.designated(POINT).unwrap()[0];
    assert_eq!((one.author.as_deref(), one.approver.as_deref()), (Some("anna"), Some("ben")));
    assert_eq!(one.attestations, [attested("the airport")]);
    assert!(!one.notice_hangs("1"));
    let posted = Posted { version: "1".into(), by: "anna".into(), at: at(7) };
    assert!(store.post_notice(id, &posted).unwrap());
    assert!(store.designated(POINT).unwrap()[0].notice_hangs("1"));
    assert!(store.withdraw(id, at(9), at(9)).unwrap());
    assert_eq!(authority(9), Err(Undesignated::Withdrawn(at(9))));
}

#[test]
fn a_dropped_draft_leaves_nothing_behind() {
    let (_folder, store) = fresh();
    store.put_point(&gate()).unwrap();
    let mut draft = Draft::new(a_designation(None), "anna", at(0));
    draft.attest("the airport", "J. Kim", at(0)).unwrap();
    store.put_draft(&draft).unwrap();
    assert_eq!(store.drafts(POINT).unwrap(), [draft.clone()]);
    assert!(store.drop_draft(draft.designation.id).unwrap());
    assert!(!store.drop_draft(draft.designation.id).unwrap());
    store.put_draft(&Draft { attestations: Vec::new(), ..draft.clone() }).unwrap();
    assert_eq!(
        store.drafts(POINT).unwrap()[0].attestations,
        [],
        "an attestation of a dropped draft counts for no other"
    );
}

#[test]
fn a_designation_is_for_its_hours_and_its_direction() {
    let (_folder, store) = fresh();
    store.put_point(&gate()).unwrap();
    // The tests' day begins at noon UTC.
    let designation = a_designation(Some("12:00-13:00 UTC"));
    store.designate(&approved(&designation, at(0)), at(0)).unwrap();
    let authority = |now| store.authority(POINT, at(now)).unwrap();
    assert_eq!((authority(0), authority(3600)), (Ok(designation.clone()), Err(Undesignated::OutsideHours)));
    assert_eq!(authority(86_400), Ok(designation), "and the next day again");
    let mut turned = gate();
    turned.direction = portunus_core::place::Direction::Entry;
    store.put_point(&turned).unwrap();
    assert_eq!(authority(0), Err(Undesignated::OtherDirection));
}

fn a_designation(hours: Option<&str>) -> Designation {
    Designation {
        id: DesignationId::from_bytes([4; 16]),
        point: POINT,
        legal_basis: "8 CFR 215.8".into(),
        from: at(0),
        until: None,
        device_owner: "the airport".into(),
        contractors: Vec::new(),
        manual_wait_ceiling_seconds: portunus_core::place::MANUAL_WAIT_CEILING_SECONDS,
        hours: hours.map(|hours| hours.parse().unwrap()),
    }
}

#[test]
fn an_enrolment_code_is_good_for_one_device() {
    let (_folder, store) = fresh();
    store.put_point(&gate()).unwrap();
    store.put_enrolment([1; 32], POINT, at(60)).unwrap();
    assert_eq!(store.enrol([1; 32], DEVICE, [2; 32], at(60)).unwrap(), None, "expired");
    assert_eq!(store.enrol([7; 32], DEVICE, [2; 32], at(0)).unwrap(), None, "unknown");
    let device = store.enrol([1; 32], DEVICE, [2; 32], at(59)).unwrap().unwrap();
    assert_eq!((device.point, device.public_key, device.enrolled_at), (POINT, [2; 32], at(59)));
    assert_eq!(store.enrol([1; 32], DeviceId::from_bytes([8; 16]), [3; 32], at(0)).unwrap(), None, "used");
    assert_eq!(store.devices().unwrap(), [device]);
    assert!(store.revoke_device(DEVICE, at(61)).unwrap());
    assert!(!store.revoke_device(DEVICE, at(62)).unwrap());
    assert_eq!(store.device(DEVICE).unwrap().unwrap().revoked_at, Some(at(61)));
}

#[test]
fn a_point_serves_one_voyage_at_a_time() {
    let (_folder, store) = fresh();
    let (voyage, _) = open_voyage(&store);
    assert_eq!(store.voyage_at(POINT).unwrap(), Some(voyage));
    assert_eq!(store.points_of(voyage).unwrap(), [POINT]);
    store.assign_voyage(POINT, None, at(1)).unwrap();
    store.assign_voyage(POINT, None, at(1)).unwrap();
    assert_eq!(store.voyage_at(POINT).unwrap(), None);
}
