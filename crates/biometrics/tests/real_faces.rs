//! The whole line, from JPEG bytes to a person found in a gallery, on real faces.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod support;

use portunus_biometrics::face::quality::{Advice, MeasureKind};
use portunus_biometrics::face::*;
use portunus_biometrics::gallery::{Gallery, Window};
use portunus_core::id::{PassengerId, VoyageId};
use support::{beside, file, picture, subject, template};

#[test]
fn a_person_is_more_like_themself_than_like_another() {
    let (Some(faces), Some(engine)) = (support::faces(), support::engine()) else { return };
    let one = template(engine, &file(&faces, "Angela_Bassett", 1));
    let again = template(engine, &file(&faces, "Angela_Bassett", 5));
    let other = template(engine, &file(&faces, "Anders_Fogh_Rasmussen", 1));
    let (genuine, impostor) = (similarity(&one, &again).unwrap(), similarity(&one, &other).unwrap());
    assert!(genuine.0 > 0.5 && impostor.0 < 0.3, "{genuine:?} {impostor:?}");
}

#[test]
fn a_probe_of_several_frames_finds_its_person_in_a_gallery() {
    let (Some(faces), Some(engine)) = (support::faces(), support::engine()) else { return };
    let at = |text: &str| text.parse().unwrap();
    let window = Window { opens: at("2026-11-23T08:00:00Z"), expires: at("2026-11-23T14:00:00Z") };
    let mut gallery = Gallery::new(VoyageId::from_bytes([1; 16]), window, engine.pack().clone());
    let people = ["Angela_Bassett", "Anders_Fogh_Rasmussen", "Amber_Tamblyn", "Colin_Powell"];
    for (n, name) in people.iter().enumerate() {
        let person = PassengerId::from_bytes([n as u8; 16]);
        gallery.insert(person, &template(engine, &file(&faces, name, 1))).unwrap();
    }
    let frames = [2, 3, 4].map(|n| file(&faces, "Colin_Powell", n));
    let stranger = file(&faces, "Angela_Bassett", 5);
    let bytes: Vec<&[u8]> = frames.iter().map(Vec::as_slice).chain([&stranger[..], b"broken"]).collect();
    let mut explanation = Explanation::default();
    let ProbeOutcome::Found(probe) = engine.probe(&bytes, Some(&mut explanation)).unwrap() else {
        panic!("no probe")
    };
    let best = gallery.search(&probe.template, at("2026-11-23T09:00:00Z"), 4).unwrap();
    assert_eq!(best[0].0, PassengerId::from_bytes([3; 16]));
    assert!(best[0].1.0 > best[1].1.0 + 0.2);
    assert!(matches!(probe.frames[4], FrameUse::Refused(PictureError::UnknownFormat)));
    assert_ne!(probe.frames[3], FrameUse::Fused, "a frame of somebody else is never fused");
    assert!(probe.frames.iter().filter(|f| **f == FrameUse::Fused).count() >= 2, "{:?}", probe.frames);
    assert_eq!(explanation.frames.len(), 5);
    assert!(explanation.frames[0].chip.is_some() && explanation.frames[0].score_to_anchor.is_some());
    assert_eq!(probe.presentation_attack, PresentationAttack::NotTested);
}

#[test]
fn two_people_side_by_side_are_several() {
    let (Some(faces), Some(engine)) = (support::faces(), support::engine()) else { return };
    let (a, b) = (file(&faces, "Angela_Bassett", 1), file(&faces, "Anders_Fogh_Rasmussen", 1));
    let both = beside(&[&picture(&a), &picture(&b)]);
    let analysis = engine.analyse_picture(&both, None).unwrap();
    assert!(matches!(analysis.outcome, Outcome::Several));
    assert_eq!(analysis.bystanders, 2);
    let jpeg = both.to_jpeg(90).unwrap();
    assert!(matches!(engine.probe(&[&jpeg], None).unwrap(), ProbeOutcome::Several));
    assert_eq!(engine.assess(&jpeg).unwrap(), Assessment::Several);
}

#[test]
fn a_picture_with_a_hundred_faces_is_bounded_and_several() {
    let (Some(faces), Some(engine)) = (support::faces(), support::engine()) else { return };
    let one = picture(&file(&faces, "Angela_Bassett", 1));
    let row = beside(&[&one; 10]);
    let rgb = row.rgb().repeat(10);
    let crowd = Picture::from_rgb(row.width(), row.height() * 10, rgb).unwrap();
    let analysis = engine.analyse_picture(&crowd, None).unwrap();
    assert!(matches!(analysis.outcome, Outcome::Several));
    assert_eq!(analysis.bystanders as usize, detect::FACES_MAX);
}

#[test]
fn a_picture_without_a_face_shows_nobody() {
    let Some(engine) = support::engine() else { return };
    for (width, height) in [(1, 1), (640, 480), (3, 2000)] {
        let empty = Picture::from_rgb(width, height, vec![120; (3 * width * height) as usize]).unwrap();
        let analysis = engine.analyse_picture(&empty, None).unwrap();
        assert!(matches!(analysis.outcome, Outcome::NoFace) && analysis.bystanders == 0);
        assert!(matches!(engine.probe(&[&empty.to_jpeg(90).unwrap()], None), Ok(ProbeOutcome::NoFace)));
    }
    assert!(matches!(engine.probe(&[], None), Err(FaceError::Frames(0))));
    assert!(matches!(engine.probe(&[b"x".as_slice(); 9], None), Err(FaceError::Frames(9))));
    assert!(matches!(engine.probe(&[b"x"], None), Err(FaceError::Picture(PictureError::UnknownFormat))));
}

#[test]
fn a_bystander_is_counted_and_not_shown() {
    let (Some(faces), Some(engine)) = (support::faces(), support::engine()) else { return };
    let (near, far) =
        (picture(&file(&faces, "Angela_Bassett", 1)), picture(&file(&faces, "Colin_Powell", 1)));
    // The bystander at half size in the upper right corner of a wide scene.
    let (width, height) = (420_usize, 250_usize);
    let mut rgb = vec![90; width * height * 3];
    for y in 0..250 {
        let from = y * 250 * 3;
        rgb[y * width * 3..][..750].copy_from_slice(&near.rgb()[from..from + 750]);
    }
    for y in 0..125 {
        for x in 0..125 {
            let from = (y * 2 * 250 + x * 2) * 3;
            rgb[(y * width + 270 + x) * 3..][..3].copy_from_slice(&far.rgb()[from..from + 3]);
        }
    }
    let scene = Picture::from_rgb(width as u32, height as u32, rgb).unwrap();
    let analysis = engine.analyse_picture(&scene, None).unwrap();
    assert_eq!(analysis.bystanders, 1);
    let Outcome::Subject(found) = analysis.outcome else { panic!("no subject") };
    let expected = template(engine, &file(&faces, "Angela_Bassett", 1));
    assert!(similarity(&engine.template(&found).unwrap(), &expected).unwrap().0 > 0.95);
    let again = engine.analyse_picture(&found.crop, None).unwrap();
    assert!(matches!(again.outcome, Outcome::Subject(_)) && again.bystanders == 0);
}

#[test]
fn a_dark_frame_is_poor_and_says_what_to_do() {
    let (Some(faces), Some(engine)) = (support::faces(), support::engine()) else { return };
    let good = picture(&file(&faces, "Angela_Bassett", 1));
    assert!(subject(engine, &good).quality.usable());
    let dark = Picture::from_rgb(250, 250, good.rgb().iter().map(|v| v / 14).collect()).unwrap();
    let jpeg = dark.to_jpeg(95).unwrap();
    match engine.probe(&[&jpeg], None).unwrap() {
        ProbeOutcome::PoorQuality(subject) => {
            assert_eq!(subject.quality.advice()[0], Advice::MoreLight);
            assert!(subject.quality.value(MeasureKind::Brightness) < Some(20.0));
        }
        ProbeOutcome::NoFace => panic!("the face should still be found"),
        _ => panic!("a black frame is not usable"),
    }
}

#[test]
fn nearly_every_press_photograph_is_usable() {
    let (Some(faces), Some(engine)) = (support::faces(), support::engine()) else { return };
    let mut people: Vec<_> = std::fs::read_dir(faces).unwrap().map(|d| d.unwrap().path()).collect();
    people.sort();
    let (mut usable, mut several, mut all) = (0, 0, 0);
    for person in people.iter().step_by(28) {
        let name = person.file_name().unwrap().to_string_lossy();
        let bytes = file(person.parent().unwrap(), &name, 1);
        all += 1;
        match engine.assess(&bytes).unwrap() {
            Assessment::Subject { quality, .. } => usable += u32::from(quality.usable()),
            Assessment::Several => several += 1,
            Assessment::NoFace => {}
        }
    }
    assert!(all > 90 && usable + 3 >= all && several <= 2, "{usable} usable, {several} several of {all}");
}
