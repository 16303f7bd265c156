//! Size of the face and its place in the picture.

use super::{Advice, Measure, MeasureKind, Verdict};
use crate::face::geometry::{Area, Landmarks};
use crate::face::picture::Picture;

/// The chip's eyes are 35 pixels apart: below that a recogniser sees enlarged pixels.
const INTER_EYE_ADVISE_PX: f32 = 32.0;
const INTER_EYE_UNUSABLE_PX: f32 = 15.0;

pub(super) fn measure(picture: &Picture, area: Area, landmarks: &Landmarks) -> [Measure; 2] {
    let size = Measure::at_least(
        MeasureKind::InterEyeDistance,
        landmarks.inter_eye_px(),
        INTER_EYE_ADVISE_PX,
        INTER_EYE_UNUSABLE_PX,
    );
    let (w, h) = (picture.width() as f32, picture.height() as f32);
    let inside =
        |start: f32, length: f32, limit: f32| ((start + length).min(limit) - start.max(0.0)).max(0.0);
    let shown = inside(area.left, area.width, w) * inside(area.top, area.height, h);
    let share = if area.size() > 0.0 { (shown / area.size()).min(1.0) } else { 0.0 };
    let advice =
        if area.width > 0.5 * w || area.height > 0.7 * h { Advice::MoveBack } else { Advice::MoveToCentre };
    let mut framed = Measure::at_least(MeasureKind::InFrame, share, 0.9, 0.6);
    framed.advice = framed.advice.map(|_| advice);
    // A face without one of its points in view is not whole, whatever its box.
    let whole = landmarks.points().iter().all(|p| p.x >= 0.0 && p.y >= 0.0 && p.x < w && p.y < h);
    if !whole {
        framed.verdict = Verdict::Unusable;
        framed.advice = Some(advice);
    }
    [size, framed]
}
