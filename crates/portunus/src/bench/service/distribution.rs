//! Templates that nobody has: drawn from the mean and the covariance of measured ones.

use crate::dice::Dice;
use portunus_biometrics::face::Template;

/// Of the covariance, this share is spread over all directions alike: fewer people than dimensions would
/// otherwise leave directions without any spread.
const SHRUNK: f64 = 0.05;

/// A normal distribution of templates before they are brought to length one.
pub(in super::super) struct Distribution {
    mean: Vec<f64>,
    /// The lower triangular factor of the covariance (Cholesky), row by row.
    factor: Vec<Vec<f64>>,
}

impl Distribution {
    /// All directions alike.
    pub(in super::super) fn isotropic(dimension: usize) -> Self {
        let row = |n| (0..=n).map(|at| f64::from(u8::from(at == n))).collect();
        Self { mean: vec![0.0; dimension], factor: (0..dimension).map(row).collect() }
    }

    /// That of these templates, of which there are two at least; all of one length.
    pub(in super::super) fn of(templates: &[Template]) -> Self {
        let (count, dimension) = (templates.len() as f64, templates.first().map_or(0, |t| t.values().len()));
        let mut mean = vec![0.0; dimension];
        for template in templates {
            mean.iter_mut().zip(template.values()).for_each(|(m, v)| *m += f64::from(*v) / count);
        }
        let mut covariance = vec![vec![0.0; dimension]; dimension];
        for template in templates {
            let off: Vec<f64> = template.values().iter().zip(&mean).map(|(v, m)| f64::from(*v) - m).collect();
            for (i, row) in covariance.iter_mut().enumerate() {
                row.iter_mut().zip(&off).for_each(|(c, o)| *c += off[i] * o / (count - 1.0).max(1.0));
            }
        }
        let spread = (0..dimension).map(|i| covariance[i][i]).sum::<f64>() / dimension.max(1) as f64;
        for (i, row) in covariance.iter_mut().enumerate() {
            row.iter_mut().for_each(|c| *c *= 1.0 - SHRUNK);
            row[i] += SHRUNK * spread + 1e-12;
        }
        Self { mean, factor: cholesky(&covariance) }
    }

    /// One template's values.
    pub(in super::super) fn draw(&self, dice: &mut Dice) -> Vec<f32> {
        let normal: Vec<f64> = self.mean.iter().map(|_| dice.normal()).collect();
        let along = |row: &Vec<f64>| row.iter().zip(&normal).map(|(f, n)| f * n).sum::<f64>();
        self.mean.iter().zip(&self.factor).map(|(mean, row)| (mean + along(row)) as f32).collect()
    }
}

/// `L` with `L Lᵀ` = the matrix, which is symmetric and positive definite: its diagonal was raised.
fn cholesky(matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut factor: Vec<Vec<f64>> = Vec::with_capacity(matrix.len());
    for (i, values) in matrix.iter().enumerate() {
        let mut row: Vec<f64> = Vec::with_capacity(i + 1);
        for j in 0..i {
            let sum: f64 = row.iter().zip(&factor[j]).map(|(a, b)| a * b).sum();
            row.push((values[j] - sum) / factor[j][j]);
        }
        let sum: f64 = row.iter().map(|a| a * a).sum();
        row.push((values[i] - sum).max(1e-12).sqrt());
        factor.push(row);
    }
    factor
}

#[cfg(test)]
mod tests {
    use super::*;
    use portunus_core::biometric::PackId;

    #[test]
    fn what_is_drawn_has_the_mean_and_covariance_that_were_measured() {
        let (mut dice, pack) = (Dice::new(1), PackId("test".into()));
        // Two values that move together, about a mean away from nought, and one that hardly moves.
        let source: Vec<Template> = (0..4000)
            .map(|_| {
                let (a, b, c) = (dice.normal(), dice.normal(), dice.normal());
                let values = [10.0 + a, 5.0 + 0.9 * a + 0.3 * b, 1.0 + 0.1 * c];
                Template::new(pack.clone(), &values.map(|v| v as f32)).unwrap()
            })
            .collect();
        let measured = Distribution::of(&source);
        let drawn: Vec<Template> =
            (0..4000).map(|_| Template::new(pack.clone(), &measured.draw(&mut dice)).unwrap()).collect();
        let again = Distribution::of(&drawn);
        for i in 0..3 {
            assert!((measured.mean[i] - again.mean[i]).abs() < 0.01, "mean {i}");
            for j in 0..=i {
                let product = |of: &Distribution| -> f64 {
                    of.factor[i].iter().zip(&of.factor[j]).map(|(a, b)| a * b).sum()
                };
                let scale = (product(&measured).abs()).max(1e-3);
                assert!((product(&measured) - product(&again)).abs() < 0.35 * scale, "covariance {i} {j}");
            }
        }
    }

    #[test]
    fn no_two_are_alike_and_the_same_seed_gives_the_same() {
        let distribution = Distribution::isotropic(128);
        let draw = |seed| distribution.draw(&mut Dice::new(seed));
        assert_eq!(draw(7), draw(7));
        let dot: f32 = draw(7).iter().zip(draw(8)).map(|(a, b)| a * b).sum();
        assert!(dot.abs() / 128.0 < 0.5);
    }
}
