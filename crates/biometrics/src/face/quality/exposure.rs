//! Light on the face: enough of it, not too much, and some range.
//!
//! A dark skin in good light has bright highlights and a wide range; a face in bad light has neither. The mean
//! says nothing of the difference, so it is not looked at.

use super::{Advice, Measure, MeasureKind, tone::Tone};

pub(super) fn measure(tone: &Tone) -> [Measure; 3] {
    let bright = tone.percentile(0.95);
    let burnt = tone.share_from(250.0);
    let mut contrast = Measure::at_least(MeasureKind::Contrast, tone.range(), 40.0, 8.0);
    if bright > 200.0 {
        contrast.advice = contrast.advice.map(|_| Advice::LessLight);
    }
    [
        Measure::at_least(MeasureKind::Brightness, bright, 70.0, 15.0),
        Measure::at_most(MeasureKind::Highlights, burnt, 0.15, 0.7),
        contrast,
    ]
}
