//! Sharpness: blur by motion or focus, and the lack of detail of an enlarged face.

use super::{Measure, MeasureKind, tone::Tone};

const ADVISE: f32 = 0.028;
const UNUSABLE: f32 = 0.014;

/// Root mean square of the second difference over the inner face, across or down, whichever is less (motion blurs
/// one direction only), in relation to the face's range of luma (so that a dim face is not taken for a blurred one).
pub(super) fn measure(tone: &Tone) -> Measure {
    let (w, luma) = (tone.width, &tone.luma);
    let height = luma.len() / w;
    let (mut across, mut down) = (0.0, 0.0);
    for y in 1..height - 1 {
        for x in 1..w - 1 {
            let at = y * w + x;
            across += (luma[at - 1] + luma[at + 1] - 2.0 * luma[at]).powi(2);
            down += (luma[at - w] + luma[at + w] - 2.0 * luma[at]).powi(2);
        }
    }
    let rms = (f32::min(across, down) / ((height - 2) * (w - 2)) as f32).sqrt();
    let value = rms / tone.range().max(8.0);
    Measure::at_least(MeasureKind::Sharpness, value, ADVISE, UNUSABLE)
}
