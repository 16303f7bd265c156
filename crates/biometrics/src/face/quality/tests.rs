use super::*;
use crate::face::geometry::{Area, Landmarks, Point};

/// A drawn face, twice the chip's size, in the middle of 300 x 300 pixels: skin, eyes, nose, mouth.
fn drawn(light: impl Fn(f32) -> f32, lower: Option<[f32; 3]>) -> (Picture, Detection) {
    let marks = align::ARCFACE_112.map(|p| Point { x: p.x * 2.0 + 38.0, y: p.y * 2.0 + 30.0 });
    let mut rgb = Vec::new();
    for y in 0..300 {
        for x in 0..300 {
            let p = Point { x: x as f32, y: y as f32 };
            let dark = marks.iter().any(|m| m.distance(p) < 9.0);
            let grain = ((x * 7 + y * 13) % 16) as f32;
            let skin = if dark { [60.0, 40.0, 35.0] } else { [190.0, 145.0, 120.0] };
            let colour = lower.filter(|_| p.y > marks[2].y + 4.0).unwrap_or(skin);
            rgb.extend(colour.map(|v| light(v + grain).clamp(0.0, 255.0) as u8));
        }
    }
    let [e0, e1, nose, m0, m1] = marks;
    let landmarks = Landmarks { eyes: [e0, e1], nose, mouth: [m0, m1] };
    let area = Area { left: 80.0, top: 70.0, width: 140.0, height: 180.0 };
    (Picture::from_rgb(300, 300, rgb).unwrap(), Detection { area, landmarks, confidence: 0.9 })
}

fn quality((picture, face): &(Picture, Detection)) -> Quality {
    Quality::of(picture, face, &Limits::default()).unwrap()
}

fn turned(degrees: f32, landmarks: Landmarks) -> Landmarks {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let centre = Point { x: 150.0, y: 150.0 };
    let turn = |p: Point| {
        let (x, y) = (p.x - centre.x, p.y - centre.y);
        Point { x: centre.x + cos * x - sin * y, y: centre.y + sin * x + cos * y }
    };
    let Landmarks { eyes, nose, mouth } = landmarks;
    Landmarks { eyes: eyes.map(turn), nose: turn(nose), mouth: mouth.map(turn) }
}

#[test]
fn a_good_face_needs_no_advice() {
    let good = quality(&drawn(|v| v, None));
    assert_eq!(good.advice(), [], "{good:?}");
    assert!(good.usable());
    let kinds: Vec<MeasureKind> = good.measures.iter().map(|m| m.kind).collect();
    assert!(MeasureKind::ALL.iter().all(|k| kinds.contains(k)) && kinds.len() == MeasureKind::ALL.len());
}

#[test]
fn too_dark_and_too_bright_ask_for_other_light() {
    assert_eq!(quality(&drawn(|v| v * 0.25, None)).advice()[0], Advice::MoreLight);
    let black = quality(&drawn(|v| v * 0.04, None));
    assert!(!black.usable() && black.advice()[0] == Advice::MoreLight);
    let burnt = quality(&drawn(|v| v + 160.0, None));
    assert!(!burnt.usable() && burnt.advice()[0] == Advice::LessLight);
}

#[test]
fn a_dark_skin_in_good_light_is_fine() {
    // Dark, but with its own range: highlights well over the shadows.
    let dark = quality(&drawn(|v| if v > 120.0 { v * 0.5 } else { v * 0.3 }, None));
    assert_eq!(dark.advice(), [], "{dark:?}");
}

#[test]
fn a_blurred_face_asks_to_hold_still() {
    let (picture, face) = drawn(|v| v, None);
    let blurred = |radius: i32, down: bool| {
        let mut rgb = Vec::new();
        for y in 0..300_i32 {
            for x in 0..300_i32 {
                for c in 0..3 {
                    let at = |d: i32| {
                        let (x, y) = if down { (x, y + d) } else { (x + d, y) };
                        u32::from(picture.row(y.clamp(0, 299) as usize)[x.clamp(0, 299) as usize * 3 + c])
                    };
                    let sum: u32 = (-radius..=radius).map(at).sum();
                    rgb.push((sum / (2 * radius as u32 + 1)) as u8);
                }
            }
        }
        Quality::of(&Picture::from_rgb(300, 300, rgb).unwrap(), &face, &Limits::default()).unwrap()
    };
    let sharp = quality(&(picture.clone(), face)).value(MeasureKind::Sharpness);
    for down in [false, true] {
        let moved = blurred(14, down);
        assert!(moved.value(MeasureKind::Sharpness) < sharp);
        assert!(moved.advice().contains(&Advice::HoldStill), "{moved:?}");
    }
}

#[test]
fn a_small_face_asks_to_come_closer_and_a_tiny_one_is_unusable() {
    let (picture, face) = drawn(|v| v, None);
    let sized = |scale: f32| {
        let Landmarks { eyes, nose, mouth } = face.landmarks;
        let to = |p: Point| Point { x: p.x * scale + 100.0, y: p.y * scale + 100.0 };
        let landmarks = Landmarks { eyes: eyes.map(to), nose: to(nose), mouth: mouth.map(to) };
        let quality = Quality::of(&picture, &Detection { landmarks, ..face }, &Limits::default()).unwrap();
        *quality.measures.iter().find(|m| m.kind == MeasureKind::InterEyeDistance).unwrap()
    };
    assert_eq!(sized(0.4).verdict, Verdict::Advise);
    assert_eq!(sized(0.4).advice, Some(Advice::MoveCloser));
    assert_eq!(sized(0.15).verdict, Verdict::Unusable);
}

#[test]
fn a_face_cut_off_by_the_edge_is_unusable() {
    let (picture, face) = drawn(|v| v, None);
    let cut = picture.crop(Area { left: 0.0, top: 0.0, width: 160.0, height: 300.0 });
    let quality = quality(&(cut, face));
    assert!(!quality.usable());
    assert_eq!(quality.advice()[0], Advice::MoveBack);
}

#[test]
fn the_pose_of_an_upright_face_is_nought_and_roll_is_its_turn() {
    let (_, face) = drawn(|v| v, None);
    for roll in [-40.0, 0.0, 25.0] {
        let pose = Pose::of(&turned(roll, face.landmarks));
        assert!((pose.roll_deg - roll).abs() < 3.0, "{pose:?} for {roll}");
        assert!(pose.yaw_deg.abs() < 3.0 && pose.pitch_deg.abs() < 12.0, "{pose:?}");
    }
}

#[test]
fn a_nose_to_one_side_is_a_turn_to_that_side() {
    let (_, face) = drawn(|v| v, None);
    let nose_at = |dx: f32, dy: f32| {
        let nose = Point { x: face.landmarks.nose.x + dx, y: face.landmarks.nose.y + dy };
        Pose::of(&Landmarks { nose, ..face.landmarks })
    };
    assert!(nose_at(-20.0, 0.0).yaw_deg > 20.0);
    assert!(nose_at(20.0, 0.0).yaw_deg < -20.0);
    assert!(nose_at(0.0, 15.0).pitch_deg > nose_at(0.0, 0.0).pitch_deg + 8.0);
    assert!(nose_at(0.0, -15.0).pitch_deg < nose_at(0.0, 0.0).pitch_deg - 8.0);
}

#[test]
fn points_that_are_no_face_have_no_quality() {
    let (picture, face) = drawn(|v| v, None);
    let p = Point { x: 5.0, y: 5.0 };
    let landmarks = Landmarks { eyes: [p; 2], nose: p, mouth: [p; 2] };
    assert!(Quality::of(&picture, &Detection { landmarks, ..face }, &Limits::default()).is_none());
    assert!(!Pose::of(&landmarks).measures().iter().all(|m| m.verdict < Verdict::Unusable));
}

#[test]
fn a_covered_mouth_is_advised_and_not_refused() {
    for mask in [[150.0, 190.0, 215.0], [35.0, 35.0, 40.0]] {
        let masked = quality(&drawn(|v| v, Some(mask)));
        assert!(masked.advice().contains(&Advice::UncoverFace), "{masked:?}");
        let cover = masked.measures.iter().find(|m| m.kind == MeasureKind::LowerFaceCover).unwrap();
        assert_eq!(cover.verdict, Verdict::Advise);
    }
}

#[test]
fn what_makes_a_face_unusable_comes_first_in_its_advice() {
    let of = |kind, value, verdict, advice| Measure { kind, value, verdict, advice };
    let quality = Quality {
        measures: vec![
            of(MeasureKind::InterEyeDistance, 20.0, Verdict::Advise, Some(Advice::MoveCloser)),
            of(MeasureKind::Yaw, 5.0, Verdict::Ok, None),
            of(MeasureKind::Brightness, 5.0, Verdict::Unusable, Some(Advice::MoreLight)),
            of(MeasureKind::Contrast, 30.0, Verdict::Advise, Some(Advice::MoreLight)),
        ],
    };
    assert_eq!(quality.advice(), [Advice::MoreLight, Advice::MoveCloser]);
    assert!(!quality.usable());
}

#[test]
fn a_packs_own_limit_makes_a_face_unusable() {
    let limit: crate::pack::manifest::QualityLimit = toml::from_str("min = 200.0").unwrap();
    let of = |name: &str| Limits::of(&[(name.to_owned(), limit)].into());
    let scene = drawn(|v| v, None);
    let strict = Quality::of(&scene.0, &scene.1, &of("inter-eye-distance-px").unwrap()).unwrap();
    assert!(!strict.usable());
    assert_eq!(strict.advice(), [Advice::MoveCloser]);
    assert!(of("beauty").is_err());
}
