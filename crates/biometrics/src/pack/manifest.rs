//! `pack.toml`. Everything is checked while it is read, so that errors name the line; unknown keys are errors.

use super::calibration::Calibration;
use super::onnx::MODEL_BYTES_MAX;
use portunus_core::biometric::PackId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::num::NonZeroU64;
use std::str::FromStr;

/// Raised whenever the code makes another template of the same picture: references must be made again then.
const PIPELINE: u32 = 2;

/// Why a manifest was refused: the message names line and column and shows the line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ManifestError(String);

/// What a pack says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this format.
    pub format: Format,
    /// The pack's name: lower-case letters, digits, `-`, `.`, `_`.
    pub name: Label,
    /// Its version; a change of any file or parameter takes a new one.
    pub version: Label,
    /// One line for people.
    pub title: String,
    /// What is known of the data that the models were trained on, and what is not.
    pub training: Training,
    /// Finds faces.
    pub detector: Detector,
    /// Makes templates.
    pub recogniser: Recogniser,
    /// What the recogniser's scores mean.
    pub calibration: Calibration,
    /// Limits that the recogniser needs of a probe.
    #[serde(default)]
    pub quality: BTreeMap<String, QualityLimit>,
    /// Presentation-attack detection.
    pub presentation_attack: PresentationAttack,
}

impl FromStr for Manifest {
    type Err = ManifestError;
    fn from_str(text: &str) -> Result<Self, ManifestError> {
        toml::from_str(text).map_err(|error| ManifestError(error.to_string().trim_end().to_owned()))
    }
}

impl Manifest {
    /// `name@version+` and twelve hexadecimal digits of a hash over all that shapes a template.
    pub fn id(&self) -> PackId {
        let mut hash = Sha256::new();
        hash.update(b"portunus model pack, format 1\n");
        hash.update(PIPELINE.to_be_bytes());
        hash.update(self.detector.file.sha256.0);
        hash.update(self.recogniser.file.sha256.0);
        let Recogniser { channels, side_px, mean, scale, template, embedding_length, .. } = &self.recogniser;
        hash.update([*channels as u8]);
        for number in [side_px.get(), *embedding_length] {
            hash.update(number.to_be_bytes());
        }
        for number in mean.iter().chain([scale]).chain(template.0.as_flattened()) {
            hash.update(number.to_be_bytes());
        }
        let mut id = format!("{}@{}+", self.name.0, self.version.0);
        for byte in &hash.finalize()[..6] {
            // Writing to a string cannot fail.
            let _ = write!(id, "{byte:02x}");
        }
        PackId(id)
    }
}

/// The format's version: 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Format;

impl TryFrom<u32> for Format {
    type Error = &'static str;
    fn try_from(value: u32) -> Result<Self, Self::Error> {
        if value == 1 { Ok(Self) } else { Err("this version of Portunus reads pack format 1") }
    }
}

impl From<Format> for u32 {
    fn from(_: Format) -> u32 {
        1
    }
}

/// A short name that is safe in a path, a URL and a log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

impl Label {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Label {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if first && text.len() <= 64 && text.bytes().all(plain) {
            return Ok(Self(text));
        }
        Err("expected 1 to 64 of a-z 0-9 - . _ beginning with a letter or digit; no folders")
    }
}

impl From<Label> for String {
    fn from(label: Label) -> String {
        label.0
    }
}

/// A SHA-256, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "expected a SHA-256: 64 hexadecimal digits";
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(wrong) };
        let mut out = [0; 32];
        if pairs.len() != out.len() {
            return Err(wrong);
        }
        for (byte, [high, low]) in out.iter_mut().zip(pairs) {
            let digit = |at: u8| char::from(at).to_digit(16);
            let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { return Err(wrong) };
            *byte = (high << 4 | low) as u8;
        }
        Ok(Self(out))
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

/// A model file of the pack, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Its name in the pack's folder.
    pub path: Label,
    /// Its length.
    pub bytes: FileBytes,
    /// Its hash.
    pub sha256: Digest,
    /// SPDX expression.
    pub licence: String,
    /// Who made it and where it was taken from.
    pub provenance: String,
    /// What was done to it since.
    #[serde(default)]
    pub changes: String,
}

/// The length of a model file: 1 byte to [`MODEL_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct FileBytes(NonZeroU64);

impl FileBytes {
    /// The number.
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

impl TryFrom<u64> for FileBytes {
    type Error = &'static str;
    fn try_from(value: u64) -> Result<Self, Self::Error> {
        let value = NonZeroU64::new(value).filter(|value| value.get() <= MODEL_BYTES_MAX as u64);
        value.map(Self).ok_or("expected between 1 byte and 256 MiB")
    }
}

impl From<FileBytes> for u64 {
    fn from(value: FileBytes) -> u64 {
        value.get()
    }
}

/// What is known of the training data, and what is not: an operator answers for both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// What the makers say.
    pub known: String,
    /// What they do not say.
    pub not_known: String,
}

/// The order of the colour planes of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// Red first.
    Rgb = 1,
    /// Blue first.
    Bgr = 2,
}

/// How a detector's outputs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DetectorKind {
    /// YuNet (Wu et al. 2023): per stride `cls_S`, `obj_S`, `bbox_S`, `kps_S`; score = sqrt(cls * obj).
    Yunet,
}

/// The detector and its pre-processing. Input: f32 `[1, 3, H, W]`, each value `(pixel - mean) * scale`, the
/// pixel being 0..=255, H and W multiples of `side_multiple_px`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detector {
    /// The model.
    pub file: ModelFile,
    /// How its outputs are read.
    pub kind: DetectorKind,
    /// Order of the planes.
    pub channels: Channels,
    /// Subtracted first, one for each plane in their order.
    pub mean: [Finite; 3],
    /// Multiplied then.
    pub scale: Finite,
    /// The padded picture's sides are multiples of this.
    pub side_multiple_px: Side,
    /// Faces below are not reported, 0 to 1.
    pub score_min: Fraction,
    /// Two boxes with more overlap (intersection over union) are one face, 0 to 1.
    pub overlap_max: Fraction,
}

/// The recogniser and its pre-processing. Input: f32 `[1, 3, S, S]`, each value `(pixel - mean) * scale`, the
/// pixel being 0..=255 of a face aligned by its five points. Output: one vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recogniser {
    /// The model.
    pub file: ModelFile,
    /// Order of the planes.
    pub channels: Channels,
    /// S: the side of the aligned face.
    pub side_px: Side,
    /// Subtracted first, one for each plane in their order.
    pub mean: [Finite; 3],
    /// Multiplied then.
    pub scale: Finite,
    /// Where the five points go, in pixels `[x, y]`: the eyes (image left first), the nose, the mouth's corners.
    pub template: Template,
    /// Length of the vector, 1 to 4096; it is compared by cosine.
    #[serde(deserialize_with = "embedding_length")]
    pub embedding_length: u32,
}

fn embedding_length<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let length = u32::deserialize(from)?;
    let wrong = || serde::de::Error::custom("expected an embedding length between 1 and 4096");
    if (1..=4096).contains(&length) { Ok(length) } else { Err(wrong()) }
}

/// A finite number.
pub type Finite = Bounded<{ i32::MIN }, { i32::MAX }>;
/// A number between 0 and 1.
pub type Fraction = Bounded<0, 1>;

/// A number between two whole ones, both included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f32", into = "f32")]
pub struct Bounded<const MIN: i32, const MAX: i32>(f32);

impl<const MIN: i32, const MAX: i32> Bounded<MIN, MAX> {
    /// The number.
    pub fn get(self) -> f32 {
        self.0
    }

    fn to_be_bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

impl<const MIN: i32, const MAX: i32> TryFrom<f32> for Bounded<MIN, MAX> {
    type Error = String;
    fn try_from(value: f32) -> Result<Self, String> {
        let within = (f64::from(MIN)..=f64::from(MAX)).contains(&f64::from(value));
        within.then_some(Self(value)).ok_or_else(|| format!("expected a number between {MIN} and {MAX}"))
    }
}

impl<const MIN: i32, const MAX: i32> From<Bounded<MIN, MAX>> for f32 {
    fn from(value: Bounded<MIN, MAX>) -> f32 {
        value.0
    }
}

/// The side of an input, in pixels: 1 to 1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Side(u32);

impl Side {
    /// In pixels.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Side {
    type Error = &'static str;
    fn try_from(value: u32) -> Result<Self, Self::Error> {
        if (1..=1024).contains(&value) { Ok(Self(value)) } else { Err("expected between 1 and 1024 pixels") }
    }
}

impl From<Side> for u32 {
    fn from(side: Side) -> u32 {
        side.0
    }
}

/// Five points, not all in one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[[Finite; 2]; 5]", into = "[[Finite; 2]; 5]")]
pub struct Template([[Finite; 2]; 5]);

impl Template {
    /// `[x, y]` in pixels.
    pub fn points(&self) -> [[f32; 2]; 5] {
        self.0.map(|point| point.map(Finite::get))
    }
}

impl TryFrom<[[Finite; 2]; 5]> for Template {
    type Error = &'static str;
    fn try_from(points: [[Finite; 2]; 5]) -> Result<Self, Self::Error> {
        let one_place = points.iter().all(|point| *point == points[0]);
        if one_place { Err("expected five points, not all in one place") } else { Ok(Self(points)) }
    }
}

impl From<Template> for [[Finite; 2]; 5] {
    fn from(template: Template) -> Self {
        template.0
    }
}

/// Limits for one measure of quality, on that measure's own scale; the names are those of `face::quality`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityLimit {
    /// Below it the probe is poor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Finite>,
    /// Above it the probe is poor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Finite>,
}

/// What the pack has against presentation attacks (ISO/IEC 30107).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PresentationAttack {
    /// Nothing: an unattended gate must not use it.
    None {
        /// What that means for the operator.
        note: String,
    },
    /// Tested by a laboratory.
    Tested {
        /// Laboratory, standard, level, date, APCER and BPCER.
        report: String,
    },
}
