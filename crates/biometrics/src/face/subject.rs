//! Who of the people in a picture stands at the gate: the largest, most central face.

use crate::face::detect::Detection;
use crate::face::geometry::Point;
use crate::face::picture::Picture;

/// A second face whose weight comes this near to the first's makes it unclear who the subject is.
const AMBIGUOUS_RATIO: f32 = 0.7;
/// How much of its weight a face in the picture's corner loses.
const CORNER_LOSS: f32 = 0.9;

/// Who the subject is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Choice {
    /// No face.
    Nobody,
    /// Two faces or more that are about as large and central: someone must step back.
    Unclear,
    /// One face stands out; the others are bystanders, who are counted and nothing else.
    Subject(Detection),
}

/// Chooses the subject by size and nearness to the picture's centre.
pub(super) fn choose(picture: &Picture, found: &[Detection]) -> Choice {
    let mut weighted: Vec<(f32, &Detection)> = found.iter().map(|f| (weight(picture, f), f)).collect();
    weighted.sort_by(|a, b| b.0.total_cmp(&a.0));
    match weighted[..] {
        [] => Choice::Nobody,
        [(first, _), (second, _), ..] if second >= first * AMBIGUOUS_RATIO => Choice::Unclear,
        [(_, subject), ..] => Choice::Subject(*subject),
    }
}

fn weight(picture: &Picture, face: &Detection) -> f32 {
    let middle = Point { x: picture.width() as f32 / 2.0, y: picture.height() as f32 / 2.0 };
    let half_diagonal = middle.x.hypot(middle.y);
    let distance = (face.area.centre().distance(middle) / half_diagonal).min(1.0);
    face.area.size() * (1.0 - CORNER_LOSS * distance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::geometry::{Area, Landmarks};

    fn face(left: f32, top: f32, side: f32) -> Detection {
        let p = Point { x: left, y: top };
        let landmarks = Landmarks { eyes: [p; 2], nose: p, mouth: [p; 2] };
        Detection { area: Area { left, top, width: side, height: side }, landmarks, confidence: 0.9 }
    }

    fn scene() -> Picture {
        Picture::from_rgb(400, 300, vec![0; 360_000]).unwrap()
    }

    #[test]
    fn nobody_is_nobody() {
        assert_eq!(choose(&scene(), &[]), Choice::Nobody);
    }

    #[test]
    fn the_large_face_in_the_middle_is_the_subject_and_small_ones_are_bystanders() {
        let subject = face(150.0, 100.0, 100.0);
        assert_eq!(choose(&scene(), &[face(10.0, 10.0, 60.0), subject]), Choice::Subject(subject));
    }

    #[test]
    fn of_two_the_same_size_the_central_one_is_the_subject() {
        let central = face(150.0, 100.0, 100.0);
        assert_eq!(choose(&scene(), &[face(0.0, 0.0, 100.0), central]), Choice::Subject(central));
    }

    #[test]
    fn two_side_by_side_are_unclear() {
        assert_eq!(choose(&scene(), &[face(80.0, 100.0, 95.0), face(230.0, 100.0, 100.0)]), Choice::Unclear);
    }
}
