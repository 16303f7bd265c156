//! The face's own light: luma of the inner face in an aligned chip, where hair and background play no part.

use crate::face::picture::Picture;
use zeroize::Zeroizing;

/// The inner face within a 112 x 112 chip: brows to chin, cheek to cheek.
const LEFT: usize = 28;
const RIGHT: usize = 84;
const TOP: usize = 40;
const BOTTOM: usize = 104;

/// Luma (ITU-R BT.601) of the inner face, rows top to bottom.
pub(super) struct Tone {
    pub(super) width: usize,
    pub(super) luma: Zeroizing<Vec<f32>>,
    ordered: Zeroizing<Vec<f32>>,
}

impl Tone {
    pub(super) fn of(chip: &Picture) -> Self {
        let mut luma = Vec::with_capacity((RIGHT - LEFT) * (BOTTOM - TOP));
        for y in TOP..BOTTOM {
            for p in chip.row(y)[LEFT * 3..RIGHT * 3].chunks_exact(3) {
                luma.push(0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2]));
            }
        }
        let mut ordered = luma.clone();
        ordered.sort_by(f32::total_cmp);
        Self { width: RIGHT - LEFT, luma: Zeroizing::new(luma), ordered: Zeroizing::new(ordered) }
    }

    /// The value that `share` (0 to 1) of the pixels do not exceed.
    pub(super) fn percentile(&self, share: f32) -> f32 {
        self.ordered[((self.ordered.len() - 1) as f32 * share) as usize]
    }

    /// Share of pixels at or over a value.
    pub(super) fn share_from(&self, value: f32) -> f32 {
        let below = self.ordered.partition_point(|v| *v < value);
        1.0 - below as f32 / self.ordered.len() as f32
    }

    /// Range of luma without the outermost twentieths.
    pub(super) fn range(&self) -> f32 {
        self.percentile(0.95) - self.percentile(0.05)
    }
}
