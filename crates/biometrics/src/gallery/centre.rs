//! What the members of one gallery share, and scores about it.
//!
//! Templates of different people are not spread evenly around nought: they share a direction, the more so the more
//! alike a flight's passengers are in what a recogniser attends to. Cosines about the gallery's mean template leave that
//! direction out: strangers score lower and more evenly from gallery to gallery, so that one curve fits all sizes.

use crate::face::template::unit;
use zeroize::Zeroizing;

/// The mean of a gallery's templates. Biometric data: zeroised when dropped.
pub(crate) struct Centre(Zeroizing<Vec<f32>>);

impl Centre {
    /// The mean of templates of one length; `None` without any.
    pub(crate) fn of<'a>(templates: impl Iterator<Item = &'a [f32]>) -> Option<Self> {
        let mut sum: Zeroizing<Vec<f64>> = Zeroizing::default();
        let mut count = 0.0;
        for template in templates {
            sum.resize(template.len(), 0.0);
            sum.iter_mut().zip(template).for_each(|(sum, value)| *sum += f64::from(*value));
            count += 1.0;
        }
        let mean = sum.iter().map(|sum| (sum / count) as f32).collect();
        (count > 0.0).then_some(Self(Zeroizing::new(mean)))
    }

    /// A template as seen from the mean, of length one; as it was where it is the mean itself.
    pub(crate) fn seen_from(&self, template: &[f32]) -> Zeroizing<Vec<f32>> {
        let moved: Zeroizing<Vec<f32>> =
            Zeroizing::new(template.iter().zip(self.0.iter()).map(|(value, mean)| value - mean).collect());
        unit(&moved).unwrap_or_else(|| Zeroizing::new(template.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::template::dot;

    #[test]
    fn what_all_share_counts_for_nothing_about_their_mean() {
        let members: [[f32; 3]; 2] = [[0.8, 0.6, 0.0], [0.8, -0.6, 0.0]];
        let centre = Centre::of(members.iter().map(<[f32; 3]>::as_slice)).unwrap();
        let [a, b] = members.map(|member| centre.seen_from(&member));
        assert!((dot(&members[0], &members[1]) - 0.28).abs() < 1e-6);
        assert!((dot(&a, &b) + 1.0).abs() < 1e-6, "opposite, once the shared part is left out");
        assert!((dot(&a, &a) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn no_members_have_no_mean_and_the_mean_itself_stays() {
        assert!(Centre::of(std::iter::empty()).is_none());
        let one = [1.0_f32, 0.0];
        let centre = Centre::of(std::iter::once(one.as_slice())).unwrap();
        assert_eq!(centre.seen_from(&one).as_slice(), one);
    }
}
