//! The distinct texts of statements.

use super::matrix::Matrix;
use crate::case_fold::fold_blanks;
use crate::contrast::{Signature, Tally};
use crate::fnv::hash_128;
use crate::parallel;

/// Something said.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// Its text, redacted.
    pub text: &'a str,
    /// Its embedding from [`crate::encoders`], of length 1; zeros where there is none.
    pub vector: &'a [f32],
    /// The number of contacts or sessions that say just this.
    pub weight: u32,
    /// A number for the contact or the session who says it: equal where it is the same one.
    pub speaker: u32,
}

/// The distinct texts of the statements, sorted: one row each.
pub(super) struct Texts<'a> {
    pub(super) vectors: Vec<&'a [f32]>,
    pub(super) folded: Vec<String>,
    pub(super) weights: Vec<u64>,
    /// What each row says of opposites.
    pub(super) says: Vec<Signature>,
    /// The weight of most rows: the one that half of them do not exceed. If all is said twice, this is two.
    pub(super) usual_weight: u64,
    /// One statement of each row.
    pub(super) first: Vec<usize>,
    /// The row of each statement.
    pub(super) row_of: Vec<usize>,
}

impl<'a> Texts<'a> {
    pub(super) fn of(statements: &[Statement<'a>], threads: usize) -> Self {
        let mut folded: Vec<String> =
            parallel::each(statements.len(), threads, |at| fold_blanks(statements[at].text));
        let mut order: Vec<usize> = (0..statements.len()).collect();
        order.sort_unstable_by(|&a, &b| {
            let bits = |index: usize| statements[index].vector.iter().map(|value| value.to_bits());
            folded[a].cmp(&folded[b]).then_with(|| bits(a).cmp(bits(b)))
        });
        let mut texts = Self {
            vectors: Vec::new(),
            folded: Vec::new(),
            weights: Vec::new(),
            says: Vec::new(),
            usual_weight: 1,
            first: Vec::new(),
            row_of: vec![0; statements.len()],
        };
        for index in order {
            if texts.folded.last() != Some(&folded[index]) {
                texts.vectors.push(statements[index].vector);
                texts.folded.push(std::mem::take(&mut folded[index]));
                texts.weights.push(0);
                texts.first.push(index);
            }
            let row = texts.folded.len() - 1;
            texts.weights[row] += u64::from(statements[index].weight);
            texts.row_of[index] = row;
        }
        texts.says =
            parallel::each(texts.count(), threads, |row| Signature::of(statements[texts.first[row]].text));
        let mut weights = texts.weights.clone();
        weights.sort_unstable();
        texts.usual_weight =
            weights.get(weights.len().saturating_sub(1) / 2).map_or(1, |&weight| weight.max(1));
        texts
    }

    pub(super) fn count(&self) -> usize {
        self.folded.len()
    }

    pub(super) fn matrix(&self, rows: &[usize]) -> Matrix {
        Matrix::of(rows.iter().map(|&row| self.vectors[row]))
    }

    /// Returns how often each of these is said, by the usual weight, and at least once.
    #[expect(clippy::cast_possible_truncation, reason = "rounds to the nearest")]
    pub(super) fn copies(&self, rows: &[usize]) -> Vec<f32> {
        let usual = self.usual_weight as f64;
        rows.iter().map(|&row| (self.weights[row] as f64 / usual).max(1.0) as f32).collect()
    }

    pub(super) fn weight(&self, rows: &[usize]) -> u64 {
        rows.iter().map(|&row| self.weights[row]).sum()
    }

    /// Returns what these rows say.
    pub(super) fn said(&self, rows: &[usize]) -> Vec<Signature> {
        rows.iter().map(|&row| self.says[row]).collect()
    }

    /// Returns the side that these rows take as a whole.
    pub(super) fn side(&self, rows: &[usize]) -> Signature {
        let mut tally = Tally::default();
        for &row in rows {
            tally.add(self.says[row], self.weights[row]);
        }
        tally.side()
    }

    /// Picks rows by a hash of their text, heavy ones first, so that the choice depends on nothing else.
    pub(super) fn sample(&self, rows: &[usize], count_max: usize) -> Vec<usize> {
        if rows.len() <= count_max {
            return rows.to_vec();
        }
        let mut ranked: Vec<(f64, usize)> = rows
            .iter()
            .map(|&row| (hash_128(self.folded[row].bytes()) as f64 / self.weights[row].max(1) as f64, row))
            .collect();
        ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut sample: Vec<usize> = ranked[..count_max].iter().map(|&(_, row)| row).collect();
        sample.sort_unstable();
        sample
    }
}
