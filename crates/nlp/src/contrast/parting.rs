//! The parting of a group whose members say the opposite of each other.

use super::signature::Signature;
use super::tally::{SIDE_SHARE, Tally};

/// A group of which one side was told from the other.
#[derive(Debug, PartialEq, Eq)]
pub struct Parted {
    /// The positions of the members of the heavier side.
    pub heavier: Vec<usize>,
    /// The positions of those of the lighter side.
    pub lighter: Vec<usize>,
    /// The positions of those that take neither.
    pub neutral: Vec<usize>,
}

/// Parts the members of a group, given by what each says and weighs, if as two groups they would contrast. None if they
/// are of one mind. Takes some steps for each member.
pub fn part(members: &[(Signature, u64)]) -> Option<Parted> {
    let mut all = Tally::default();
    for (signature, weight) in members {
        all.add(*signature, *weight);
    }
    for at in all.disputed() {
        let bit = 1_u64 << at;
        let says = |bits: fn(&Signature) -> u64| {
            let said =
                members.iter().enumerate().filter(move |(_, (signature, _))| bits(signature) & bit != 0);
            said.map(|(member, _)| member).collect::<Vec<usize>>()
        };
        let (plus, minus) = (says(|signature| signature.plus), says(|signature| signature.minus));
        let tally = |side: &[usize]| {
            let mut tally = Tally::default();
            for member in side {
                tally.add(members[*member].0, members[*member].1);
            }
            tally
        };
        let (of_plus, of_minus) = (tally(&plus), tally(&minus));
        let signed = of_plus.total + of_minus.total;
        let is_matter = signed as f64 >= all.total as f64 * SIDE_SHARE;
        if !is_matter || !of_plus.side().contrasts(of_minus.side()) {
            continue;
        }
        let neutral =
            |(_, (signature, _)): &(usize, &(Signature, u64))| (signature.plus | signature.minus) & bit == 0;
        let neutral = members.iter().enumerate().filter(neutral).map(|(member, _)| member).collect();
        let (heavier, lighter) = if of_plus.total >= of_minus.total { (plus, minus) } else { (minus, plus) };
        return Some(Parted { heavier, lighter, neutral });
    }
    None
}
