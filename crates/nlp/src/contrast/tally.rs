//! The side that a group takes: the sums of what its members say.

use super::signature::Signature;

/// The share of a group's weight by which one side must outweigh the other to be the group's.
pub(super) const SIDE_SHARE: f64 = 1.0 / 3.0;

/// The weights of members by what they say of each pair of opposites.
#[derive(Clone, Debug)]
pub struct Tally {
    plus: [u64; 64],
    minus: [u64; 64],
    weak: [u64; 64],
    pub(super) total: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self { plus: [0; 64], minus: [0; 64], weak: [0; 64], total: 0 }
    }
}

impl Tally {
    /// Adds a member of some weight.
    pub fn add(&mut self, signature: Signature, weight: u64) {
        self.total += weight;
        for (bits, sums) in [
            (signature.plus, &mut self.plus),
            (signature.minus, &mut self.minus),
            (signature.weak, &mut self.weak),
        ] {
            let mut rest = bits;
            while rest != 0 {
                sums[rest.trailing_zeros() as usize] += weight;
                rest &= rest - 1;
            }
        }
    }

    /// Returns the sides that the group takes as a whole.
    pub fn side(&self) -> Signature {
        let least = self.total as f64 * SIDE_SHARE;
        let mut side = Signature::default();
        for at in 0..64 {
            let (plus, minus) = (self.plus[at], self.minus[at]);
            let bit = 1 << at;
            if plus > minus && (plus - minus) as f64 >= least {
                side.plus |= bit;
            } else if minus > plus && (minus - plus) as f64 >= least {
                side.minus |= bit;
            } else {
                continue;
            }
            if 2 * self.weak[at] >= minus.max(1) {
                side.weak |= bit;
            }
        }
        side
    }

    /// Lists the pairs of opposites of which members take both sides, those first of which the lighter side is heaviest.
    pub(super) fn disputed(&self) -> Vec<usize> {
        let lighter = |at: &usize| self.plus[*at].min(self.minus[*at]);
        let mut disputed: Vec<usize> = (0..64).filter(|at| lighter(at) > 0).collect();
        disputed.sort_by_key(|at| (std::cmp::Reverse(lighter(at)), *at));
        disputed
    }
}
