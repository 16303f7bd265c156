//! The people of a vehicle on real faces: found over several frames, given their documents one to one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod support;

use jiff::Timestamp;
use portunus_biometrics::face::geometry::Area;
use portunus_biometrics::face::*;
use portunus_biometrics::gallery::{Gallery, GalleryError, Pairing, Wanted, Window, pair};
use portunus_core::biometric::Rate;
use portunus_core::id::{PassengerId, VoyageId};
use std::path::{Path, PathBuf};
use support::{beside, file, picture, subject};

const SEATS: [&str; 4] = ["Colin_Powell", "Adrien_Brody", "Carlos_Moya", "Ana_Palacio"];
const OTHERS: [&str; 2] = ["Ari_Fleischer", "Al_Gore"];
/// Which picture of each is in a document; frames are made of the first three.
const REFERENCE: usize = 3;

fn there() -> Option<(PathBuf, &'static FaceEngine)> {
    Some((support::faces()?, support::engine()?))
}

/// A person's picture of this number, from nought, among those of their first twenty that show nobody else; without its
/// edges, where half a face of somebody else may be.
fn alone(engine: &FaceEngine, faces: &Path, name: &str, number: usize) -> Picture {
    let middle = Area { left: 45.0, top: 25.0, width: 160.0, height: 200.0 };
    let pictures = (1..=20).map(|n| picture(&file(faces, name, n)).crop(middle));
    let alone = |picture: &Picture| {
        let analysis = engine.analyse_picture(picture, None).unwrap();
        matches!(analysis.outcome, Outcome::Subject(_)) && analysis.bystanders == 0
    };
    pictures.filter(alone).nth(number).unwrap()
}

/// A frame: these people beside each other, each as that picture of them shows them.
fn frame(engine: &FaceEngine, faces: &Path, people: &[&str], number: usize) -> Picture {
    let pictures: Vec<Picture> = people.iter().map(|name| alone(engine, faces, name, number)).collect();
    beside(&pictures.iter().collect::<Vec<_>>())
}

fn reference(engine: &FaceEngine, faces: &Path, name: &str, number: usize) -> Template {
    engine.template(&subject(engine, &alone(engine, faces, name, number))).unwrap()
}

fn seen(engine: &FaceEngine, frames: &[Picture], most: usize) -> VehicleOutcome {
    let bytes: Vec<_> = frames.iter().map(|frame| frame.to_jpeg(95).unwrap()).collect();
    engine.occupants(&bytes.iter().map(|bytes| &bytes[..]).collect::<Vec<_>>(), most).unwrap()
}

#[track_caller]
fn found(outcome: VehicleOutcome) -> Occupants {
    match outcome {
        VehicleOutcome::Found(occupants) => occupants,
        VehicleOutcome::NoFace => panic!("no face"),
        VehicleOutcome::TooMany { near_max } => panic!("{near_max} near"),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn holder(name: &str) -> PassengerId {
    let all = SEATS.iter().chain(&OTHERS);
    PassengerId::from_bytes([all.into_iter().position(|one| *one == name).unwrap() as u8 + 1; 16])
}

/// The gallery of some documents: each person's reference under their own identifier.
fn gallery(engine: &FaceEngine, faces: &Path, people: &[&str]) -> Gallery {
    let window = Window { opens: at("2026-11-23T08:00:00Z"), expires: at("2026-11-23T08:05:00Z") };
    let mut gallery = Gallery::new(VoyageId::from_bytes([9; 16]), window, engine.pack().clone());
    for name in people {
        gallery.insert(holder(name), &reference(engine, faces, name, REFERENCE)).unwrap();
    }
    gallery
}

fn paired(occupants: &Occupants, documents: &[PassengerId], gallery: &Gallery) -> Pairing {
    let wanted = Wanted { fpir: Rate::new(0.003).unwrap(), frames: 1, attempts: 1 };
    let now = at("2026-11-23T08:01:00Z");
    pair(&occupants.people, documents, gallery, now, &support::calibration(), wanted).unwrap()
}

fn documents(people: &[&str]) -> Vec<PassengerId> {
    people.iter().map(|name| holder(name)).collect()
}

/// The pairs, each an occupant (from the left) and whose document.
fn pairs(pairing: &Pairing) -> Vec<(usize, PassengerId)> {
    pairing.pairs.iter().map(|pair| (pair.occupant, pair.comparison.candidate.passenger)).collect()
}

#[test]
fn four_faces_and_four_documents_are_who_they_are() {
    let Some((faces, engine)) = there() else { return };
    let frames = [0, 1, 2].map(|number| frame(engine, &faces, &SEATS, number));
    let occupants = found(seen(engine, &frames, 4));
    assert_eq!((occupants.people.len(), occupants.near_max, occupants.frames), (4, 4, 3));
    assert!(occupants.unusable.is_empty());
    // Each is seen in all three frames, and all three are in their template.
    assert_eq!(occupants.people.iter().map(|o| (o.seen, o.fused)).collect::<Vec<_>>(), [(3, 3); 4]);
    // The documents in another order than the seats.
    let order = [SEATS[2], SEATS[0], SEATS[3], SEATS[1]];
    let pairing = paired(&occupants, &documents(&order), &gallery(engine, &faces, &order));
    assert_eq!(pairs(&pairing), [0, 1, 2, 3].map(|seat| (seat, holder(SEATS[seat]))));
    assert!(pairing.ambiguous.is_empty() && pairing.occupants.is_empty() && pairing.documents.is_empty());
    for pair in &pairing.pairs {
        let one = &pair.comparison;
        assert!(
            one.candidate.score >= one.threshold && one.gallery_people == 4 && one.pack == *engine.pack()
        );
        assert!(one.candidate.false_match_rate.get() < 1e-3);
    }
}

#[test]
fn a_face_too_many_and_a_document_too_many_are_named() {
    let Some((faces, engine)) = there() else { return };
    let five = [SEATS[0], OTHERS[0], SEATS[1], SEATS[2], SEATS[3]];
    let occupants = found(seen(engine, &[0, 1].map(|number| frame(engine, &faces, &five, number)), 5));
    assert_eq!(occupants.people.len(), 5);
    let pairing = paired(&occupants, &documents(&SEATS), &gallery(engine, &faces, &SEATS));
    assert_eq!(pairs(&pairing), [(0, 0), (2, 1), (3, 2), (4, 3)].map(|(at, seat)| (at, holder(SEATS[seat]))));
    assert_eq!((pairing.occupants, pairing.documents), (vec![1], vec![]));

    // The reverse: six documents of which two belong to nobody here, one of them without a reference.
    let occupants = found(seen(engine, &[0, 1].map(|number| frame(engine, &faces, &SEATS, number)), 4));
    let all: Vec<&str> = SEATS.iter().chain(&OTHERS).copied().collect();
    let pairing = paired(&occupants, &documents(&all), &gallery(engine, &faces, &all[..5]));
    assert_eq!(pairs(&pairing), [0, 1, 2, 3].map(|seat| (seat, holder(SEATS[seat]))));
    assert_eq!((pairing.occupants, pairing.documents), (vec![], documents(&OTHERS)));

    // A face too many and a document too many at once: neither is given to the other.
    let occupants =
        found(seen(engine, &[frame(engine, &faces, &[SEATS[0], SEATS[1], SEATS[2], OTHERS[1]], 0)], 4));
    let pairing = paired(&occupants, &documents(&SEATS), &gallery(engine, &faces, &SEATS));
    assert_eq!(
        (pairs(&pairing).len(), pairing.occupants, pairing.documents),
        (3, vec![3], vec![holder(SEATS[3])])
    );
}

#[test]
fn look_alikes_are_for_the_officer_and_the_others_stand() {
    let Some((faces, engine)) = there() else { return };
    let occupants = found(seen(engine, &[0, 1].map(|number| frame(engine, &faces, &SEATS, number)), 4));
    // A twin's document: the same face, by another picture.
    let mut gallery = gallery(engine, &faces, &SEATS);
    gallery.insert(holder(OTHERS[0]), &reference(engine, &faces, SEATS[0], REFERENCE + 1)).unwrap();
    let presented = documents(&[SEATS[0], SEATS[1], SEATS[2], SEATS[3], OTHERS[0]]);
    let pairing = paired(&occupants, &presented, &gallery);
    let probe = &occupants.people[0].template;
    let score = |n| similarity(probe, &reference(engine, &faces, SEATS[0], n)).unwrap().0;
    let scores = [REFERENCE, REFERENCE + 1].map(score);
    assert_eq!(pairing.ambiguous.len(), 1, "{scores:?}");
    assert_eq!(pairing.ambiguous[0].occupant, 0);
    assert_eq!(pairs(&pairing), [1, 2, 3].map(|seat| (seat, holder(SEATS[seat]))));
    assert_eq!(pairing.documents.len(), 1);
}

/// A frame with somebody at a third of the size above the second seat's shoulder.
fn with_somebody_behind(frame: &Picture, behind: &Picture) -> Picture {
    let (width, height) = (frame.width() as usize, frame.height() as usize + 80);
    let mut rgb = vec![90; width * 80 * 3];
    rgb.extend_from_slice(frame.rgb());
    let (across, down) = (behind.width() as usize / 3, behind.height() as usize / 3);
    for y in 0..down {
        for x in 0..across {
            let from = (y * 3 * behind.width() as usize + x * 3) * 3;
            rgb[(y * width + 160 + x) * 3..][..3].copy_from_slice(&behind.rgb()[from..from + 3]);
        }
    }
    Picture::from_rgb(width as u32, height as u32, rgb).unwrap()
}

#[test]
fn who_walks_behind_is_counted_and_never_templated() {
    let Some((faces, engine)) = there() else { return };
    let behind = alone(engine, &faces, OTHERS[1], 0);
    let frames = [0, 1].map(|number| with_somebody_behind(&frame(engine, &faces, &SEATS, number), &behind));
    // Found there when asked for alone: it is by size that they are left out.
    let analysis = engine.analyse_picture(&frames[0], None).unwrap();
    assert_eq!(analysis.bystanders + u32::from(matches!(analysis.outcome, Outcome::Subject(_))), 5);
    let occupants = found(seen(engine, &frames, 4));
    assert_eq!((occupants.people.len(), occupants.near_max, occupants.bystanders_max), (4, 4, 1));
    let stranger = reference(engine, &faces, OTHERS[1], 1);
    for occupant in &occupants.people {
        assert!(similarity(&occupant.template, &stranger).unwrap().0 < 0.3);
        // Nor shown: the crop is of one person.
        let crop = engine.analyse_picture(&occupant.subject.crop, None).unwrap();
        assert!(crop.bystanders == 0 && matches!(crop.outcome, Outcome::Subject(_)));
    }
}

#[test]
fn more_people_than_have_chosen_are_nobodys_templates() {
    let Some((faces, engine)) = there() else { return };
    // In the first frame two of them look away.
    let away = Picture::from_rgb(160, 200, vec![90; 3 * 160 * 200]).unwrap();
    let two = SEATS[..2].iter().map(|name| alone(engine, &faces, name, 0)).collect::<Vec<_>>();
    let frames = [beside(&[&two[0], &two[1], &away, &away]), frame(engine, &faces, &SEATS, 1)];
    for most in 0..4 {
        assert!(matches!(seen(engine, &frames, most), VehicleOutcome::TooMany { near_max: 4 }));
    }
    assert!(matches!(seen(engine, &frames, 4), VehicleOutcome::Found(_)));
    // A crowd is bounded whatever is asked for.
    let row = beside(&[&alone(engine, &faces, SEATS[0], 0); 5]);
    let crowd = Picture::from_rgb(row.width(), row.height() * 4, row.rgb().repeat(4)).unwrap();
    assert!(
        matches!(seen(engine, &[crowd], 1_000), VehicleOutcome::TooMany { near_max } if near_max as usize > OCCUPANTS_MAX)
    );
}

#[test]
fn one_bad_frame_and_one_hidden_face_cost_nobody_else_anything() {
    let Some((faces, engine)) = there() else { return };
    let whole = frame(engine, &faces, &SEATS, 0).to_jpeg(95).unwrap();
    let three = frame(engine, &faces, &SEATS[..3], 1).to_jpeg(95).unwrap();
    let outcome = engine.occupants(&[&whole, b"broken", &three], 4).unwrap();
    let occupants = found(outcome);
    assert_eq!(occupants.frames, 2);
    assert_eq!(occupants.people.iter().map(|o| o.seen).collect::<Vec<_>>(), [2, 2, 2, 1]);

    // The fourth in the dark: seen, of no use, said so, the others found.
    let dark = alone(engine, &faces, SEATS[3], 0);
    let dark = Picture::from_rgb(160, 200, dark.rgb().iter().map(|v| v / 14).collect()).unwrap();
    let lit: Vec<Picture> = SEATS[..3].iter().map(|name| alone(engine, &faces, name, 0)).collect();
    let scene = beside(&[&lit[0], &lit[1], &lit[2], &dark]);
    let occupants = found(seen(engine, &[scene], 4));
    assert_eq!((occupants.people.len(), occupants.near_max, occupants.unusable.len()), (3, 4, 1));
    assert!(!occupants.unusable[0].quality.advice().is_empty());
}

#[test]
fn no_picture_no_face_and_no_frames_are_said() {
    let Some(engine) = support::engine() else { return };
    let empty = Picture::from_rgb(640, 480, vec![120; 3 * 640 * 480]).unwrap();
    assert!(matches!(seen(engine, &[empty], 4), VehicleOutcome::NoFace));
    assert!(matches!(engine.occupants(&[], 4), Err(FaceError::Frames(0))));
    assert!(matches!(engine.occupants(&[b"x".as_slice(); 9], 4), Err(FaceError::Frames(9))));
    let broken = engine.occupants(&[b"x", b"y"], 4);
    assert!(matches!(broken, Err(FaceError::Picture(PictureError::UnknownFormat))));
}

#[test]
fn a_gallery_past_its_end_pairs_nobody() {
    let Some((faces, engine)) = there() else { return };
    let occupants = found(seen(engine, &[frame(engine, &faces, &SEATS[..1], 0)], 1));
    let gallery = gallery(engine, &faces, &SEATS[..1]);
    let wanted = Wanted { fpir: Rate::new(0.003).unwrap(), frames: 1, attempts: 1 };
    let late = at("2026-11-23T08:05:00Z");
    let paired =
        pair(&occupants.people, &documents(&SEATS[..1]), &gallery, late, &support::calibration(), wanted);
    assert!(matches!(paired, Err(GalleryError::Expired { .. })));
    let nobody = pair(&[], &documents(&SEATS[..2]), &gallery, late, &support::calibration(), wanted).unwrap();
    assert_eq!(nobody.documents, documents(&SEATS[..2]));
}
