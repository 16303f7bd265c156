//! Templates: what a recogniser makes of a face, of one length, comparable within one model pack.

use portunus_core::biometric::{PackId, Score};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Most values that a template may have.
const DIMENSION_MAX: usize = 4096;
/// Longest pack id, in bytes.
const PACK_ID_MAX: usize = 255;
/// First bytes of a stored template; the last is the layout's version.
const MAGIC: [u8; 4] = *b"PFT\x01";

/// A face as a unit vector, under its pack's id. Biometric data: no `Debug`, zeroised when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Template {
    #[zeroize(skip)]
    pack: PackId,
    values: Vec<f32>,
}

impl Clone for Template {
    fn clone(&self) -> Self {
        Self { pack: self.pack.clone(), values: self.values.clone() }
    }
}

/// Why two templates cannot be compared: they come from different models.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("templates of the packs {left:?} and {right:?} cannot be compared: enrol again with one pack")]
pub struct PackMismatch {
    /// The one pack.
    pub left: PackId,
    /// The other.
    pub right: PackId,
}

/// Why something is not a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// No values, too many, not finite, or all nought.
    #[error("expected 1 to {DIMENSION_MAX} finite values that are not all nought")]
    Values,
    /// Stored bytes that are no template of this layout.
    #[error("the stored template is broken at byte {offset}: {expected} was expected")]
    Bytes {
        /// Where.
        offset: usize,
        /// What should have been there.
        expected: &'static str,
    },
    /// Templates of several packs, or of none, cannot be fused.
    #[error("templates can be fused when there is one at least and all are of one pack")]
    Fusion,
}

impl Template {
    /// Makes a template of a recogniser's raw output, whose length is set to one.
    ///
    /// # Errors
    /// [`TemplateError::Values`] when the output has no direction.
    pub fn new(pack: PackId, values: &[f32]) -> Result<Self, TemplateError> {
        let norm = values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt();
        let sound = (1..=DIMENSION_MAX).contains(&values.len()) && norm.is_finite() && norm > 1e-12;
        if !sound || pack.0.len() > PACK_ID_MAX {
            return Err(TemplateError::Values);
        }
        Ok(Self { pack, values: values.iter().map(|v| (f64::from(*v) / norm) as f32).collect() })
    }

    /// Which pack made it.
    pub fn pack(&self) -> &PackId {
        &self.pack
    }

    /// Its values, of length one together.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Fuses several templates of one person into one, each by its weight: their weighted mean's direction.
    ///
    /// # Errors
    /// [`TemplateError::Fusion`] for none or for several packs; [`TemplateError::Values`] when they cancel out.
    pub fn fuse(weighted: &[(&Self, f32)]) -> Result<Self, TemplateError> {
        let (first, _) = weighted.first().ok_or(TemplateError::Fusion)?;
        let mut sum = Zeroizing::new(vec![0.0; first.values.len()]);
        for (template, weight) in weighted {
            if template.pack != first.pack || template.values.len() != sum.len() {
                return Err(TemplateError::Fusion);
            }
            sum.iter_mut().zip(&template.values).for_each(|(s, v)| *s += weight * v);
        }
        Self::new(first.pack.clone(), &sum)
    }

    /// The template as bytes, for sealed storage: magic and version, pack id, dimension, f32 little-endian.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(7 + self.pack.0.len() + self.values.len() * 4));
        bytes.extend_from_slice(&MAGIC);
        // Both fit: `new` bounds them.
        bytes.push(self.pack.0.len() as u8);
        bytes.extend_from_slice(self.pack.0.as_bytes());
        bytes.extend_from_slice(&(self.values.len() as u16).to_le_bytes());
        self.values.iter().for_each(|v| bytes.extend_from_slice(&v.to_le_bytes()));
        bytes
    }

    /// Reads [`Self::to_bytes`] back.
    ///
    /// # Errors
    /// [`TemplateError::Bytes`] for anything else, one byte more included.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TemplateError> {
        let wrong = |offset, expected| TemplateError::Bytes { offset, expected };
        if bytes.get(..4) != Some(MAGIC.as_slice()) {
            return Err(wrong(0, "a face template of version 1"));
        }
        let id_len = usize::from(*bytes.get(4).ok_or(wrong(4, "the pack id's length"))?);
        let id = bytes.get(5..5 + id_len).ok_or(wrong(5, "the pack id"))?;
        let id = std::str::from_utf8(id).map_err(|_| wrong(5, "the pack id in UTF-8"))?;
        let at = 5 + id_len;
        let count = bytes.get(at..at + 2).ok_or(wrong(at, "the dimension"))?;
        let count = usize::from(u16::from_le_bytes([count[0], count[1]]));
        let rest = &bytes[at + 2..];
        if rest.len() != count * 4 {
            return Err(wrong(at + 2, "four bytes for each dimension and no more"));
        }
        let values = rest.chunks_exact(4).map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]]));
        let values: Zeroizing<Vec<f32>> = Zeroizing::new(values.collect());
        Self::new(PackId(id.to_owned()), &values).map_err(|_| wrong(at + 2, "finite values"))
    }
}

/// How alike two templates are: the cosine of their angle, -1 to 1.
///
/// # Errors
/// [`PackMismatch`] for templates of two packs.
pub fn similarity(left: &Template, right: &Template) -> Result<Score, PackMismatch> {
    if left.pack != right.pack || left.values.len() != right.values.len() {
        return Err(PackMismatch { left: left.pack.clone(), right: right.pack.clone() });
    }
    Ok(Score(dot(&left.values, &right.values)))
}

/// Sum of products. Sixteen independent sums, so that it vectorises; the order of additions is fixed, so that
/// the same templates give the same score everywhere.
pub(crate) fn dot(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 16];
    let (l, r) = (left.chunks_exact(16), right.chunks_exact(16));
    let tail: f32 = l.remainder().iter().zip(r.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in l.zip(r) {
        for i in 0..16 {
            sums[i] += a[i] * b[i];
        }
    }
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            sums[i] += sums[i + width];
        }
    }
    sums[0] + tail
}
