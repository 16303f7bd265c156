//! A hint that mouth and nose are covered: the lower face has another colour than the skin beside the nose.
//!
//! Only a hint: a beard can raise it, a mask of the skin's colour does not, and a grey picture gives none. It
//! advises and never makes a face unusable. Hair, forehead and head coverings are not looked at.

use super::{Measure, MeasureKind};
use crate::face::picture::Picture;

/// On LFW 2 % of faces lie above; of the same faces with a drawn light blue mask 95 %, black 94 %, white 60 %,
/// skin-coloured 8 %.
const ADVISE: f32 = 0.075;

/// Regions of a 112 x 112 chip as (left, top, right, bottom).
const UNDER_EYES: [(usize, usize, usize, usize); 3] = [(32, 58, 46, 66), (52, 52, 61, 64), (66, 58, 80, 66)];
const LOWER_FACE: (usize, usize, usize, usize) = (42, 78, 71, 106);

pub(super) fn measure(chip: &Picture) -> Measure {
    let skin = UNDER_EYES.iter().fold([0.0; 4], |sum, region| add(sum, total(chip, *region)));
    let lower = total(chip, LOWER_FACE);
    let value = match (chroma(skin), chroma(lower)) {
        (Some(a), Some(b)) => (a[0] - b[0]).hypot(a[1] - b[1]),
        _ => 0.0,
    };
    Measure::at_most(MeasureKind::LowerFaceCover, value, ADVISE, f32::INFINITY)
}

fn add(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]
}

/// Sums of red, green, blue over a region, and its number of pixels.
fn total(chip: &Picture, (left, top, right, bottom): (usize, usize, usize, usize)) -> [f32; 4] {
    let mut sum = [0.0; 4];
    for y in top..bottom {
        for p in chip.row(y)[left * 3..right * 3].chunks_exact(3) {
            sum = add(sum, [f32::from(p[0]), f32::from(p[1]), f32::from(p[2]), 1.0]);
        }
    }
    sum
}

/// Shares of red and green; free of how bright the light is.
fn chroma([r, g, b, pixels]: [f32; 4]) -> Option<[f32; 2]> {
    let all = r + g + b;
    (all > 3.0 * pixels).then(|| [r / all, g / all])
}
