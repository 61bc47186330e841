//! Chance with a seed, and counts that scatter as days do.

/// How far days scatter: variance = mean + mean² / 5.
pub(super) const DISPERSION: usize = 5;

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Above 0, at most 1.
    pub(super) fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / 2_f64.powi(53)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
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
