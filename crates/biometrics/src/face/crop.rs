//! What an officer is shown and what is sealed: the subject's head and shoulders and nobody else's face.

use crate::face::detect::Detection;
use crate::face::geometry::Area;
use crate::face::picture::Picture;
use crate::face::resample::shrink;

/// Longest side of a crop, in pixels.
pub const SIDE_MAX: u32 = 480;
/// How much of the face's size is added on every side.
const MARGIN: f32 = 0.5;

/// The crop, with every other face found painted grey.
pub(super) fn of(picture: &Picture, subject: &Detection, found: &[Detection]) -> Picture {
    let area = subject.area.widened(MARGIN);
    let mut crop = picture.crop(area);
    let (left, top) = (area.left.max(0.0).round(), area.top.max(0.0).round());
    let within = |a: Area| Area { left: a.left - left, top: a.top - top, ..a };
    let own = within(subject.area);
    for other in found.iter().filter(|f| *f != subject) {
        // Faces' boxes end at the hairline: paint a little more.
        crop.paint(within(other.area.widened(0.15)), own, [128; 3]);
    }
    let longest = crop.width().max(crop.height());
    if longest <= SIDE_MAX {
        return crop;
    }
    let side = |length: u32| (length * SIDE_MAX / longest).max(1);
    let (width, height) = (side(crop.width()), side(crop.height()));
    let pixels = shrink(&crop, width as usize, height as usize);
    let rgb = pixels.iter().map(|v| (v + 0.5) as u8).collect();
    Picture::from_rgb(width, height, rgb).unwrap_or(crop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::geometry::{Landmarks, Point};

    fn face(left: f32, top: f32, side: f32) -> Detection {
        let p = Point { x: left, y: top };
        let landmarks = Landmarks { eyes: [p; 2], nose: p, mouth: [p; 2] };
        Detection { area: Area { left, top, width: side, height: side }, landmarks, confidence: 0.9 }
    }

    #[test]
    fn a_bystander_is_painted_over_and_the_subject_is_not() {
        let picture = Picture::from_rgb(200, 200, vec![10; 120_000]).unwrap();
        let (subject, bystander) = (face(60.0, 60.0, 80.0), face(142.0, 62.0, 30.0));
        let crop = of(&picture, &subject, &[bystander, subject]);
        assert_eq!((crop.width(), crop.height()), (160, 160));
        let at = |x: usize, y: usize| crop.row(y)[x * 3];
        assert_eq!(at(130, 50), 128, "the bystander");
        assert_eq!(at(80, 80), 10, "the subject");
    }

    #[test]
    fn a_large_crop_is_shrunk() {
        let picture = Picture::from_rgb(1000, 1500, vec![77; 4_500_000]).unwrap();
        let subject = face(100.0, 300.0, 700.0);
        let crop = of(&picture, &subject, &[subject]);
        assert_eq!(crop.width().max(crop.height()), SIDE_MAX);
        assert!(crop.rgb().iter().all(|v| *v == 77));
    }
}
