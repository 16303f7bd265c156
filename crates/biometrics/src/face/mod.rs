//! Faces: bytes of a picture in, a template out.
//!
//! ```text
//! bytes ─ picture ─ detect ─ subject ─ align ─ quality ─ recognise ─ template ─ (gallery)
//! ```
//!
//! [`FaceEngine::analyse`] is that line; [`FaceEngine::probe`] runs it over the frames of one encounter;
//! [`FaceEngine::assess`] stops at quality, for a live preview. Only the subject, the person who stands at the
//! gate, is cropped, measured and templated: bystanders are counted, and painted over where the crop shows them.
//! [`FaceEngine::occupants`] is the same for the people of a vehicle.
//!
//! ```no_run
//! use portunus_biometrics::{face::{FaceEngine, ProbeOutcome}, pack::Pack};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pack = Pack::load("packs/opencv-zoo".as_ref())?;
//! let engine = FaceEngine::load(&pack, "libonnxruntime.so".as_ref(), 2)?;
//! let frame = std::fs::read("frame.jpg")?;
//! match engine.probe(&[&frame], None)? {
//!     ProbeOutcome::Found(probe) => println!("a template of {} values", probe.template.values().len()),
//!     ProbeOutcome::PoorQuality(subject) => println!("{:?}", subject.quality.advice()),
//!     ProbeOutcome::NoFace => println!("nobody"),
//!     ProbeOutcome::Several => println!("one at a time, please"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Presentation attack
//! Nothing here tells a face from a picture or a mask of one, and every [`Analysis`] says so
//! ([`PresentationAttack::NotTested`]). A staffed gate has an officer who looks; **an unattended gate needs a
//! model pack with presentation attack detection tested under ISO/IEC 30107-3**, and none is shipped until it
//! can be measured.

pub mod align;
mod crop;
pub mod detect;
mod explain;
pub mod geometry;
pub(crate) mod net;
mod occupants;
pub mod picture;
mod probe;
pub mod quality;
mod recognise;
mod resample;
mod subject;
pub mod template;

use crate::pack::Pack;
use crate::pack::calibration::{ScoreType, Transaction};
use geometry::{Area, Landmarks};
use portunus_core::biometric::{PackId, Rate, Score};
use quality::Quality;
use std::path::Path;
use subject::Choice;

pub use detect::Detection;
pub use explain::{Explanation, FrameExplanation};
pub use net::NetError;
pub use occupants::{NEAR_SHARE, OCCUPANTS_MAX, Occupant, Occupants, VehicleOutcome};
pub use picture::{Picture, PictureError, PictureLimits};
use probe::FUSED_MAX;
pub use probe::{FRAMES_MAX, FrameUse, Probe, ProbeOutcome};
pub use template::{Template, TemplateError, similarity};

/// Frames of one encounter that are alike at this false-match rate show one person: among people who stand at the
/// gate together, chance resemblance is rare, and a frame left out costs little.
const SAME_PERSON_FMR: f64 = 1e-3;

/// Why a picture could not be analysed.
#[derive(Debug, thiserror::Error)]
pub enum FaceError {
    /// The bytes are no picture that is taken.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// A model failed.
    #[error(transparent)]
    Net(#[from] NetError),
    /// A probe of no frames, or of too many.
    #[error("a probe has 1 to {FRAMES_MAX} frames, this one {0}")]
    Frames(usize),
    /// The recogniser's output is no template.
    #[error("the recogniser gave no template: {0}")]
    Template(#[from] TemplateError),
}

/// Whether the face was tested for being a real one (ISO/IEC 30107-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresentationAttack {
    /// It was not: an officer must be there to look.
    NotTested,
}

/// The person at the gate, as one picture shows them. Biometric data: no `Debug`.
pub struct Subject {
    /// Where the face is, in pixels of the picture.
    pub area: Area,
    /// Its five points.
    pub landmarks: Landmarks,
    /// How sure the detector is, 0 to 1.
    pub confidence: f32,
    /// Its measures.
    pub quality: Quality,
    /// Head and shoulders, at most [`CROP_SIDE_MAX`] pixels a side, others painted over. For showing and sealing.
    pub crop: Picture,
    chip: Picture,
}

pub use crop::SIDE_MAX as CROP_SIDE_MAX;

/// Who was found in a picture.
pub enum Outcome {
    /// No face.
    NoFace,
    /// Several people, none of whom stands out.
    Several,
    /// One person.
    Subject(Subject),
}

/// What one picture shows.
pub struct Analysis {
    /// Who was found.
    pub outcome: Outcome,
    /// Faces other than the subject's (all faces when there is no subject); at most [`detect::FACES_MAX`].
    pub bystanders: u32,
    /// Whether the face was tested for being a real one.
    pub presentation_attack: PresentationAttack,
}

/// What a live preview needs: whether this frame would do, and if not, what to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Assessment {
    /// No face.
    NoFace,
    /// Several people, none of whom stands out: [`quality::Advice::OnePersonOnly`].
    Several,
    /// One person.
    Subject {
        /// Where the face is, in pixels of the frame.
        area: Area,
        /// Its measures and advice.
        quality: Quality,
    },
}

/// Steps of the pipeline that make templates more accurate at a cost in time, so that what each buys can be measured
/// (`portunus eval --steps`). The service runs them all; templates made without one are of another pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// The five points are found once more in a close-up of the subject.
    pub close_up: bool,
    /// The close-up's mirror image is looked at too, and the points are the mean of both.
    pub points_both_ways: bool,
    /// The chip's mirror image is recognised too, and the template is the mean of both.
    pub mirrored_pass: bool,
}

impl Steps {
    /// All of them.
    pub const ALL: Self = Self { close_up: true, points_both_ways: true, mirrored_pass: true };

    /// The pack that templates belong to: itself with all steps, else named after those left out.
    fn pack(self, id: &PackId) -> PackId {
        let left_out = [
            (self.close_up, "-close-up"),
            (self.points_both_ways, "-points-both-ways"),
            (self.mirrored_pass, "-mirrored-pass"),
        ];
        let names = left_out.into_iter().filter(|(runs, _)| !runs).map(|(_, name)| name);
        PackId(std::iter::once(id.0.as_str()).chain(names).collect())
    }
}

/// A pack's detector and recogniser, loaded. Shared by all threads; each call runs on its caller's thread and
/// as many run at once as there are workers.
pub struct FaceEngine {
    pack: PackId,
    limits: PictureLimits,
    detector: detect::Detector,
    recogniser: recognise::Recogniser,
    /// From this score on two frames show one person.
    same_person: Score,
    quality_limits: quality::Limits,
    steps: Steps,
    workers: usize,
}

impl FaceEngine {
    /// Loads a pack's models into ONNX Runtime's shared library at `runtime`, for `workers` callers at once (the
    /// number of processor cores is right; each takes about 80 MB with the pack `opencv-zoo`).
    ///
    /// # Errors
    /// [`NetError::Runtime`] and [`NetError::Model`] when something does not load, [`NetError::QualityLimit`] when
    /// the manifest limits an unknown measure.
    pub fn load(pack: &Pack, runtime: &Path, workers: usize) -> Result<Self, NetError> {
        Self::load_with(pack, runtime, workers, Steps::ALL)
    }

    /// The same with some steps left out, to measure what they buy.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_with(pack: &Pack, runtime: &Path, workers: usize, steps: Steps) -> Result<Self, NetError> {
        let same_person = Rate::new(SAME_PERSON_FMR).expect("a constant between 0 and 1");
        Ok(Self {
            pack: steps.pack(pack.id()),
            limits: PictureLimits::default(),
            detector: detect::Detector::load(pack, runtime, workers)?,
            recogniser: recognise::Recogniser::load(pack, runtime, workers)?,
            same_person: pack.calibration().curve(ScoreType::Raw, Transaction::ONE).threshold(1, same_person),
            quality_limits: quality::Limits::of(&pack.manifest().quality)?,
            steps,
            workers,
        })
    }

    /// The pack whose models these are; every template carries it.
    pub fn pack(&self) -> &PackId {
        &self.pack
    }

    /// Analyses a JPEG or PNG file.
    ///
    /// # Errors
    /// [`FaceError::Picture`] for bytes that are no picture, [`FaceError::Net`] when a model fails.
    pub fn analyse(&self, bytes: &[u8]) -> Result<Analysis, FaceError> {
        Ok(self.analyse_picture(&Picture::decode(bytes, &self.limits)?, None)?)
    }

    /// Analyses a decoded picture. What stands behind the result is put into `explain`, where one is given.
    ///
    /// # Errors
    /// When a model fails.
    pub fn analyse_picture(
        &self,
        picture: &Picture,
        explain: Option<&mut FrameExplanation>,
    ) -> Result<Analysis, NetError> {
        let found = self.detector.detect(picture)?;
        let outcome = match subject::choose(picture, &found) {
            Choice::Nobody => Outcome::NoFace,
            Choice::Unclear => Outcome::Several,
            // Five points in one place are no face.
            Choice::Subject(face) => {
                self.subject(picture, &face, &found)?.map_or(Outcome::NoFace, Outcome::Subject)
            }
        };
        if let Some(explain) = explain {
            explain.fill(picture, &found, &outcome);
        }
        let subjects = usize::from(matches!(outcome, Outcome::Subject(_)));
        let bystanders = found.len().saturating_sub(subjects) as u32;
        Ok(Analysis { outcome, bystanders, presentation_attack: PresentationAttack::NotTested })
    }

    fn subject(
        &self,
        picture: &Picture,
        face: &Detection,
        found: &[Detection],
    ) -> Result<Option<Subject>, NetError> {
        let close = match self.steps.close_up {
            true => self.detector.refine(picture, face, self.steps.points_both_ways)?,
            false => *face,
        };
        let chip = self.recogniser.chip(picture, &close.landmarks);
        let quality = Quality::of(picture, &close, &self.quality_limits);
        let (Some(chip), Some(quality)) = (chip, quality) else { return Ok(None) };
        let crop = crop::of(picture, face, found);
        let Detection { area, landmarks, confidence } = close;
        Ok(Some(Subject { area, landmarks, confidence, quality, crop, chip }))
    }

    /// Looks at one preview frame: faces and quality, no template, no crop kept.
    ///
    /// # Errors
    /// As [`Self::analyse`].
    pub fn assess(&self, bytes: &[u8]) -> Result<Assessment, FaceError> {
        Ok(match self.analyse(bytes)?.outcome {
            Outcome::NoFace => Assessment::NoFace,
            Outcome::Several => Assessment::Several,
            Outcome::Subject(subject) => Assessment::Subject { area: subject.area, quality: subject.quality },
        })
    }

    /// Makes the subject's template.
    ///
    /// # Errors
    /// When the model fails or gives no template.
    pub fn template(&self, subject: &Subject) -> Result<Template, FaceError> {
        let template = |values: &[f32]| Template::new(self.pack.clone(), values);
        if !self.steps.mirrored_pass {
            let [seen] = self.recogniser.run([&subject.chip])?;
            return Ok(template(&seen)?);
        }
        let [seen, mirrored] = self.recogniser.run([&subject.chip, &subject.chip.mirrored()])?;
        Ok(Template::mean(&[&template(&seen)?, &template(&mirrored)?])?)
    }
}
