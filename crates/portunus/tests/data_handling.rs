//! Data handling from the first day: a confirmed or claimed citizen's probe is never written.

mod support;

use support::{Options, Person, Picture, Staff, choice};

#[test]
fn a_traveller_is_boarded_through_the_harness() {
    let (house, mut staff) = Staff::with_house(Options::default());
    let person = Person::new(0, "FRA").with_reference(Picture::Obama);
    let voyage = staff.stage(100, &[person]);
    assert_eq!(staff.gate.state()["voyage"]["id"], voyage.as_str());
    let encounter = staff.gate.begin(&choice("photo", false, None));
    let answer = staff.gate.capture(&encounter, &[Picture::Obama2.bytes()]).ok();
    assert_eq!(answer.json()["step"], "proceed", "{}", answer.json());
    assert_eq!(staff.status(100)["boarded"], 1);
    house.kill();
    house.restart(None);
    assert_eq!(staff.status(100)["boarded"], 1);
    assert!(house.stop().success());
}
