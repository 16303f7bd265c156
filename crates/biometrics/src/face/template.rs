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
        let sound = (1..=DIMENSION_MAX).contains(&values.len()) && pack.0.len() <= PACK_ID_MAX;
        let mut unit = unit(values).filter(|_| sound).ok_or(TemplateError::Values)?;
        Ok(Self { pack, values: std::mem::take(&mut *unit) })
    }

    /// Which pack made it.
    pub fn pack(&self) -> &PackId {
        &self.pack
    }

    /// Its values, of length one together.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Fuses several templates of one person into one: the direction of their mean.
    ///
    /// # Errors
    /// As [`Self::fuse`].
    pub fn mean(templates: &[&Self]) -> Result<Self, TemplateError> {
        let weighted: Vec<(&Self, f32)> = templates.iter().map(|template| (*template, 1.0)).collect();
        Self::fuse(&weighted)
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

/// The vector of length one in the same direction; `None` for one that has none.
pub(crate) fn unit(values: &[f32]) -> Option<Zeroizing<Vec<f32>>> {
    let norm = values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt();
    let sound = norm.is_finite() && norm > 1e-12;
    sound.then(|| Zeroizing::new(values.iter().map(|v| (f64::from(*v) / norm) as f32).collect()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(pack: &str, values: &[f32]) -> Template {
        Template::new(PackId(pack.into()), values).unwrap()
    }

    #[test]
    fn a_template_has_length_one_and_is_most_like_itself() {
        let template = of("a", &[3.0, 4.0]);
        assert_eq!(template.values(), [0.6, 0.8]);
        assert!((similarity(&template, &template).unwrap().0 - 1.0).abs() < 1e-6);
        assert!((similarity(&template, &of("a", &[-3.0, -4.0])).unwrap().0 + 1.0).abs() < 1e-6);
    }

    #[test]
    fn templates_of_two_packs_or_dimensions_are_not_compared() {
        assert!(similarity(&of("a", &[1.0]), &of("b", &[1.0])).is_err());
        assert!(similarity(&of("a", &[1.0]), &of("a", &[1.0, 0.0])).is_err());
    }

    #[test]
    fn values_without_a_direction_are_no_template() {
        for values in [&[][..], &[0.0, 0.0], &[f32::NAN], &[f32::INFINITY, 1.0], &[1.0; DIMENSION_MAX + 1]] {
            assert_eq!(Template::new(PackId("a".into()), values).err(), Some(TemplateError::Values));
        }
    }

    #[test]
    fn fusing_lies_between_and_follows_the_weights() {
        let (a, b) = (of("a", &[1.0, 0.0]), of("a", &[0.0, 1.0]));
        let even = Template::fuse(&[(&a, 1.0), (&b, 1.0)]).ok().unwrap();
        assert!((even.values()[0] - even.values()[1]).abs() < 1e-6);
        let uneven = Template::fuse(&[(&a, 3.0), (&b, 1.0)]).ok().unwrap();
        assert!(uneven.values()[0] > 2.9 * uneven.values()[1]);
        assert_eq!(Template::fuse(&[]).err(), Some(TemplateError::Fusion));
        assert_eq!(
            Template::fuse(&[(&a, 1.0), (&of("b", &[1.0, 0.0]), 1.0)]).err(),
            Some(TemplateError::Fusion)
        );
        let opposite = of("a", &[-1.0, 0.0]);
        assert_eq!(Template::fuse(&[(&a, 1.0), (&opposite, 1.0)]).err(), Some(TemplateError::Values));
    }

    #[test]
    fn bytes_that_are_no_template_say_where() {
        let whole = of("pack@1", &[0.6, 0.8]).to_bytes();
        for end in 0..whole.len() {
            assert!(matches!(Template::from_bytes(&whole[..end]), Err(TemplateError::Bytes { .. })), "{end}");
        }
        let longer = [&whole[..], &[0]].concat();
        assert!(matches!(Template::from_bytes(&longer), Err(TemplateError::Bytes { offset: 13, .. })));
    }

    proptest! {
        #[test]
        fn a_template_survives_its_bytes(values in proptest::collection::vec(-10.0_f32..10.0, 1..200)) {
            prop_assume!(values.iter().any(|v| v.abs() > 1e-3));
            let before = of("opencv-zoo@2026.11+0123456789ab", &values);
            let after = Template::from_bytes(&before.to_bytes()).ok().unwrap();
            prop_assert!(before.pack() == after.pack());
            prop_assert!(similarity(&before, &after).unwrap().0 > 1.0 - 1e-5);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Template::from_bytes(&[b"PFT\x01".as_slice(), &bytes].concat());
        }

        #[test]
        fn the_fast_product_is_the_plain_product(
            pairs in proptest::collection::vec((-1.0_f32..1.0, -1.0_f32..1.0), 0..300)
        ) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let plain: f64 = a.iter().zip(&b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            prop_assert!((f64::from(dot(&a, &b)) - plain).abs() < 1e-4);
        }
    }
}
