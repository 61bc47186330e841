//! Chance with a seed, and counts that scatter as days do.

use refrain_nlp::random;

/// How far days scatter: variance = mean + mean² / 5.
pub(super) const DISPERSION: usize = 5;

/// Draws of the story.
pub(super) struct Random(random::Random);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(random::Random::new(seed))
    }

    /// Above 0, at most 1.
    pub(super) fn unit(&mut self) -> f64 {
        ((self.0.bits() >> 11) + 1) as f64 / 2_f64.powi(53)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.0.bits() % n as u64) as usize
    }

    /// Negative binomial: Poisson with a mean that is itself drawn from a Gamma law.
    pub(super) fn count(&mut self, mean: f64) -> u64 {
        let waits: f64 = (0..DISPERSION).map(|_| -self.unit().ln()).sum();
        let mean = mean * waits / DISPERSION as f64;
        let (mut count, mut at) = (0, -self.unit().ln());
        while at < mean {
            count += 1;
            at -= self.unit().ln();
        }
        count
    }
}
