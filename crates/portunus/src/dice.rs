//! Repeatable randomness, for people who do not exist and for measurements.

use portunus_biometrics::accuracy::resample::Draws;

/// Numbers from a seed.
#[derive(Clone)]
pub(crate) struct Dice(Draws);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Draws::new(seed))
    }

    /// The next number.
    pub(crate) fn roll(&mut self) -> u64 {
        self.0.bits()
    }

    /// Below `n`, which is not 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.roll() % n as u64) as usize
    }

    /// From 0 to below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Of the normal distribution (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        // Above 0, at most 1: a logarithm is taken of it.
        let above = 1.0 - self.unit();
        (-2.0 * above.ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Whether something happens that happens so often.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    pub(crate) fn any<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// The first are far more frequent than the last, as names are.
    pub(crate) fn frequent<T: Copy>(&mut self, of: &[T]) -> T {
        let u = self.unit();
        of[((u * u * of.len() as f64) as usize).min(of.len() - 1)]
    }
}

/// The number that one gives, which looks random: the first of the dice of that seed.
pub(crate) fn mixed(number: u64) -> u64 {
    Dice::new(number).roll()
}
