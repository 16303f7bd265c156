//! What stands behind a score, kept only when asked for: for an officer's question, a complaint, a test.

use crate::face::Outcome;
use crate::face::detect::Detection;
use crate::face::picture::Picture;
use crate::face::probe::FrameUse;
use crate::face::quality::Quality;
use portunus_core::biometric::Score;

/// Everything that one frame's result follows from. Biometric data: no `Debug`; made only when asked for.
#[derive(Default)]
pub struct FrameExplanation {
    /// Width and height of the upright picture.
    pub size: (u32, u32),
    /// Every face found, best first.
    pub detections: Vec<Detection>,
    /// Which of them is the subject.
    pub subject: Option<usize>,
    /// The subject's face as the recogniser saw it.
    pub chip: Option<Picture>,
    /// The subject's measures.
    pub quality: Option<Quality>,
    /// What became of the frame in its probe.
    pub used: Option<FrameUse>,
    /// How alike the frame's template is to that of the frame that most others are like.
    pub score_to_anchor: Option<Score>,
}

impl FrameExplanation {
    pub(super) fn fill(&mut self, picture: &Picture, found: &[Detection], outcome: &Outcome) {
        self.size = (picture.width(), picture.height());
        self.detections = found.to_vec();
        if let Outcome::Subject(subject) = outcome {
            self.subject = {
                let overlap = |f: &Detection| f.area.overlap(subject.area);
                (0..found.len()).max_by(|a, b| overlap(&found[*a]).total_cmp(&overlap(&found[*b])))
            };
            self.chip = Some(subject.chip.clone());
            self.quality = Some(subject.quality.clone());
        }
    }
}

/// Everything that a probe follows from: one entry for each frame, in order.
#[derive(Default)]
pub struct Explanation {
    /// The frames.
    pub frames: Vec<FrameExplanation>,
}
