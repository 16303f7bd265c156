//! How fit a face is for comparison: separate named measures (after ISO/IEC 29794-5), each with what a
//! traveller can do about it.
//!
//! There is no overall score: one would need a model trained to predict recognition errors, and an average of
//! unlike things misleads. A face is *usable* when no measure says otherwise; *advice* improves the next frame.
//!
//! Limits are chosen so that nearly every press photograph of LFW is usable; none depends on skin: exposure
//! looks at clipping and at the face's own range of light, never at its mean.

mod exposure;
mod framing;
mod limits;
mod occlusion;
mod pose;
mod sharpness;
mod tone;

use crate::face::align;
use crate::face::detect::Detection;
use crate::face::picture::Picture;
pub(crate) use limits::Limits;
use tone::Tone;

pub use pose::Pose;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MeasureKind {
    /// Distance between the eye centres, in pixels of the picture.
    InterEyeDistance,
    /// Share of the face's box that lies within the picture, 0 to 1.
    InFrame,
    /// Fine detail in relation to contrast, at the chip's scale; 0 is a flat blur.
    Sharpness,
    /// How bright the face's brightest parts are (95th percentile of luma), 0 to 255.
    Brightness,
    /// Share of the face that is burnt out, 0 to 1.
    Highlights,
    /// Range of luma over the face (95th less 5th percentile), 0 to 255.
    Contrast,
    /// Turn to a side, in degrees; positive when the face looks to the picture's left.
    Yaw,
    /// Nod, in degrees; positive when the face looks down.
    Pitch,
    /// Tilt, in degrees; positive when the head leans to the picture's right (clockwise).
    Roll,
    /// How unlike the lower face's colour is to the cheeks'; a hint at a mask or hand, and no more than that.
    LowerFaceCover,
}

impl MeasureKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::InterEyeDistance,
        Self::InFrame,
        Self::Sharpness,
        Self::Brightness,
        Self::Highlights,
        Self::Contrast,
        Self::Yaw,
        Self::Pitch,
        Self::Roll,
        Self::LowerFaceCover,
    ];

    /// Its name in manifests and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::InterEyeDistance => "inter-eye-distance-px",
            Self::InFrame => "in-frame",
            Self::Sharpness => "sharpness",
            Self::Brightness => "brightness",
            Self::Highlights => "highlights",
            Self::Contrast => "contrast",
            Self::Yaw => "yaw-deg",
            Self::Pitch => "pitch-deg",
            Self::Roll => "roll-deg",
            Self::LowerFaceCover => "lower-face-cover",
        }
    }

    /// What to do when its value is not good.
    fn advice(self, value: f32) -> Advice {
        match self {
            Self::InterEyeDistance => Advice::MoveCloser,
            Self::InFrame => Advice::MoveToCentre,
            Self::Sharpness => Advice::HoldStill,
            Self::Brightness | Self::Contrast => Advice::MoreLight,
            Self::Highlights => Advice::LessLight,
            Self::Yaw => Advice::FaceTheCamera,
            Self::Pitch if value > 0.0 => Advice::LookUp,
            Self::Pitch => Advice::LookDown,
            Self::Roll => Advice::HoldHeadLevel,
            Self::LowerFaceCover => Advice::UncoverFace,
        }
    }
}

/// What a measure's value means for comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Good.
    Ok,
    /// Comparison works; the next frame could be better.
    Advise,
    /// A comparison would say little.
    Unusable,
}

/// What a traveller can do. A page puts it in their language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Advice {
    /// Several people are in view: one at a time.
    OnePersonOnly,
    /// Come nearer.
    MoveCloser,
    /// Step back.
    MoveBack,
    /// Stand in the middle of the picture.
    MoveToCentre,
    /// Look at the camera.
    FaceTheCamera,
    /// Raise the chin.
    LookUp,
    /// Lower the chin.
    LookDown,
    /// Hold the head upright.
    HoldHeadLevel,
    /// Hold still.
    HoldStill,
    /// More light on the face (staff may need to help).
    MoreLight,
    /// Less light on the face.
    LessLight,
    /// Uncover the mouth and nose, if you wish. Head coverings stay on.
    UncoverFace,
}

impl Advice {
    /// Its stable name, by which a page finds its words.
    pub fn slug(self) -> &'static str {
        match self {
            Self::OnePersonOnly => "one-person-only",
            Self::MoveCloser => "move-closer",
            Self::MoveBack => "move-back",
            Self::MoveToCentre => "move-to-centre",
            Self::FaceTheCamera => "face-the-camera",
            Self::LookUp => "look-up",
            Self::LookDown => "look-down",
            Self::HoldHeadLevel => "hold-head-level",
            Self::HoldStill => "hold-still",
            Self::MoreLight => "more-light",
            Self::LessLight => "less-light",
            Self::UncoverFace => "uncover-face",
        }
    }
}

/// One measure of one face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// What.
    pub kind: MeasureKind,
    /// Its value, in the kind's unit.
    pub value: f32,
    /// What that means.
    pub verdict: Verdict,
    /// What to do about it; `None` when nothing needs doing.
    pub advice: Option<Advice>,
}

impl Measure {
    /// A measure that is better the larger it is.
    fn at_least(kind: MeasureKind, value: f32, advise: f32, unusable: f32) -> Self {
        Self::judged(kind, value, value < advise, value < unusable)
    }

    /// A measure that is better the smaller it is.
    fn at_most(kind: MeasureKind, value: f32, advise: f32, unusable: f32) -> Self {
        Self::judged(kind, value, value > advise, value > unusable)
    }

    /// An angle, better the nearer to nought.
    fn angle(kind: MeasureKind, value: f32, advise: f32, unusable: f32) -> Self {
        // NaN compares false with everything: it must not pass.
        Self::judged(kind, value, value.abs() > advise, value.abs() > unusable || !value.is_finite())
    }

    fn judged(kind: MeasureKind, value: f32, advise: bool, unusable: bool) -> Self {
        let verdict = match (advise, unusable) {
            (_, true) => Verdict::Unusable,
            (true, false) => Verdict::Advise,
            (false, false) => Verdict::Ok,
        };
        Self { kind, value, verdict, advice: (verdict != Verdict::Ok).then(|| kind.advice(value)) }
    }
}

/// All measures of one face.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// One of each [`MeasureKind`].
    pub measures: Vec<Measure>,
}

impl Quality {
    /// Measures a face: in its picture, and aligned to 112 x 112 pixels, whatever the pack's recogniser takes.
    ///
    /// `None` when the landmarks are no face.
    pub(crate) fn of(picture: &Picture, face: &Detection, limits: &Limits) -> Option<Self> {
        let chip = align::chip(picture, &face.landmarks, &align::ARCFACE_112, 112)?;
        let tone = Tone::of(&chip);
        let mut measures = framing::measure(picture, face.area, &face.landmarks).to_vec();
        measures.extend(Pose::of(&face.landmarks).measures());
        measures.push(sharpness::measure(&tone));
        measures.extend(exposure::measure(&tone));
        measures.push(occlusion::measure(&chip));
        measures.iter_mut().for_each(|m| limits.apply(m));
        Some(Self { measures })
    }

    /// Whether a comparison is worth making.
    pub fn usable(&self) -> bool {
        self.measures.iter().all(|m| m.verdict < Verdict::Unusable)
    }

    /// What to do, most important first: what makes the face unusable, then the rest, each once.
    pub fn advice(&self) -> Vec<Advice> {
        let mut ranked: Vec<(std::cmp::Reverse<Verdict>, Advice)> = self
            .measures
            .iter()
            .filter_map(|m| m.advice.map(|advice| (std::cmp::Reverse(m.verdict), advice)))
            .collect();
        ranked.sort_unstable();
        let mut advice: Vec<Advice> = Vec::new();
        for (_, item) in ranked {
            if !advice.contains(&item) {
                advice.push(item);
            }
        }
        advice
    }

    /// The value of one measure.
    pub fn value(&self, kind: MeasureKind) -> Option<f32> {
        self.measures.iter().find(|m| m.kind == kind).map(|m| m.value)
    }

    /// For choosing among frames of one person: fewer complaints first, then sharper. Larger is better.
    pub(crate) fn rank(&self) -> (bool, std::cmp::Reverse<usize>, f32) {
        let complaints = self.measures.iter().filter(|m| m.verdict > Verdict::Ok).count();
        let sharpness = self.value(MeasureKind::Sharpness).unwrap_or(0.0);
        (self.usable(), std::cmp::Reverse(complaints), sharpness)
    }
}

#[cfg(test)]
mod tests;
