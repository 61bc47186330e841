//! What is said in several languages is one thing said.
//!
//! Where each thing is said in many languages, the texts nearest to a text are its own translations. They tell nothing of
//! how else the thing is said, so most places among its neighbors are left to others, and for the mean of all texts a text
//! and its translations count as one.

use super::matrix::{Matrix, Packed, for_each_product};
use crate::language::Language;
use crate::vectors::normalize;
use std::collections::BTreeMap;

/// The least nearness of a translation.
const NEAR_MIN: f32 = 0.3;

/// The translations of a row that have another for theirs, from which on it is one of the row's too, if they are half of them:
/// in a language with two wordings each can be the nearest of one row alone.
const AGREED_MIN: usize = 3;

/// The places among a text's neighbors that are not for its translations: so many in ten, and at least so many.
const OTHERS_IN_TEN: usize = 4;
const OTHERS_MIN: usize = 3;

/// The rows that say the same in other languages, for each row; by default there are none.
#[derive(Default)]
pub(super) struct Translations {
    of: Vec<Vec<usize>>,
}

impl Translations {
    /// Finds them: a row of another language is a translation if each is the nearest to the other in its language, or if
    /// half of those, and three at least, say so.
    pub(super) fn find(vectors: &Matrix, languages: &[Option<Language>], threads: usize) -> Self {
        let mut numbers: BTreeMap<Option<Language>, usize> = BTreeMap::new();
        for language in languages {
            let next = numbers.len();
            numbers.entry(*language).or_insert(next);
        }
        let language_of: Vec<usize> = languages.iter().map(|language| numbers[language]).collect();
        let nearest = nearest(vectors, &language_of, numbers.len(), threads);
        let of_row = |row: usize| {
            let others = nearest[row].iter().copied().flatten();
            others.filter(|&other| nearest[other][language_of[row]] == Some(row)).collect()
        };
        let mutual: Vec<Vec<usize>> = (0..vectors.rows()).map(of_row).collect();
        let with_agreed = |row: usize| {
            let mut told: BTreeMap<usize, usize> = BTreeMap::new();
            for other in mutual[row].iter().flat_map(|&translation| &mutual[translation]) {
                *told.entry(*other).or_default() += 1;
            }
            let is_agreed = |&(other, times): &(usize, usize)| {
                times >= AGREED_MIN.max(mutual[row].len().div_ceil(2))
                    && language_of[other] != language_of[row]
                    && !mutual[row].contains(&other)
            };
            let agreed = told.into_iter().filter(is_agreed).map(|(other, _)| other);
            mutual[row].iter().copied().chain(agreed).collect()
        };
        Self { of: (0..vectors.rows()).map(with_agreed).collect() }
    }

    /// Returns what each of so many rows counts for, all together as many as there are: a text and its translations are one.
    pub(super) fn shares(&self, rows: usize) -> Vec<f64> {
        if self.of.is_empty() {
            return vec![1.0; rows];
        }
        let share = |translations: &Vec<usize>| 1.0 / (translations.len() + 1) as f64;
        let all: f64 = self.of.iter().map(share).sum();
        self.of.iter().map(|translations| share(translations) * rows as f64 / all).collect()
    }

    /// Takes the translations of a row that get no place among so many neighbors out of its products with all rows, and
    /// returns their mean with the row, if there are any: they stand for the row itself.
    pub(super) fn united(
        &self,
        row: usize,
        vectors: &Matrix,
        products: &mut [f32],
        neighbors: usize,
    ) -> Option<Vec<f32>> {
        let others = ((neighbors * OTHERS_IN_TEN + 5) / 10).max(OTHERS_MIN).min(neighbors);
        let translations = self.of.get(row)?;
        if translations.len() <= neighbors - others {
            return None;
        }
        let mut ranked = translations.clone();
        ranked.sort_by(|&a, &b| products[b].total_cmp(&products[a]).then(a.cmp(&b)));
        let mut mean = vectors.row(row).to_vec();
        for &translation in &ranked[neighbors - others..] {
            let nearness = products[translation].max(0.0);
            for (mean, value) in mean.iter_mut().zip(vectors.row(translation)) {
                *mean += nearness * value;
            }
            products[translation] = f32::NEG_INFINITY;
        }
        normalize(&mut mean);
        Some(mean)
    }
}

/// Returns the nearest row in each other language, for each row, if it is near enough.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions, exact as f32 up to 2^24"
)]
fn nearest(
    vectors: &Matrix,
    language_of: &[usize],
    languages: usize,
    threads: usize,
) -> Vec<Vec<Option<usize>>> {
    // a position and a nearness for each language
    let mut found = Matrix::zeros(vectors.rows(), 2 * languages);
    for_each_product(vectors, &Packed::new(vectors), &mut found, threads, |row, products, out| {
        for (other, (&product, &language)) in products.iter().zip(language_of).enumerate() {
            let nearest = &mut out[2 * language..2 * language + 2];
            if language != language_of[row] && product >= NEAR_MIN && product > nearest[1] {
                nearest.copy_from_slice(&[other as f32, product]);
            }
        }
    });
    let rows = found.values.chunks_exact(2 * languages);
    rows.map(|row| row.as_chunks().0.iter().map(|[at, near]| (*near > 0.0).then_some(*at as usize)).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[[f32; 3]]) -> Matrix {
        let mut matrix = Matrix::of(rows.iter().map(<[f32; 3]>::as_slice));
        for row in 0..rows.len() {
            normalize(matrix.row_mut(row));
        }
        matrix
    }

    const SAID: [[f32; 3]; 5] =
        [[1.0, 0.1, 0.0], [0.0, 1.0, 0.1], [1.0, 0.0, 0.1], [0.9, 0.4, 0.0], [0.0, 0.1, 1.0]];

    #[test]
    fn each_is_the_nearest_to_the_other_in_its_language() {
        let (de, fr) = (Some(Language::De), Some(Language::Fr));
        let found = Translations::find(&matrix(&SAID), &[de, de, fr, fr, fr], 1);
        assert_eq!(found.of, [vec![2], vec![], vec![0], vec![], vec![]]);
        assert_eq!(format!("{:?}", found.shares(5)), "[0.625, 1.25, 0.625, 1.25, 1.25]");
        let threads = Translations::find(&matrix(&SAID), &[de, de, fr, fr, fr], 2);
        assert_eq!(found.of, threads.of);
    }

    #[test]
    fn what_three_translations_have_for_theirs_is_one_too() {
        let said = [
            [1.0, 0.0, 0.0],
            [1.0, 0.05, 0.0],
            [1.0, 0.0, 0.05],
            [1.0, 0.05, 0.05],
            [1.0, 0.3, 0.0],
            [1.0, 0.25, 0.0],
        ];
        let languages =
            [Language::De, Language::Fr, Language::It, Language::Es, Language::Nl, Language::De].map(Some);
        // the nearest to the Dutch row in German is another, and to that one it is the Dutch row
        let found = Translations::find(&matrix(&said), &languages, 1);
        assert_eq!(found.of[4], [5, 1, 2, 3, 0]);
        assert_eq!(found.of[0], [1, 2, 3, 4]);
        let few = matrix(&[said[0], said[3], said[4], said[5]]);
        let of_few = Translations::find(&few, &[languages[0], languages[3], languages[4], languages[5]], 1);
        assert_eq!(of_few.of[0], [1]);
    }

    #[test]
    fn one_language_has_none() {
        let found = Translations::default();
        assert_eq!(format!("{:?}", found.shares(3)), "[1.0, 1.0, 1.0]");
        let alone = Translations::find(&matrix(&SAID), &[None; 5], 1);
        assert_eq!(format!("{:?}", alone.shares(5)), "[1.0, 1.0, 1.0, 1.0, 1.0]");
        assert_eq!(found.united(0, &matrix(&SAID), &mut [1.0; 5], 3), None);
    }

    #[test]
    fn what_gets_no_place_stands_for_the_row() {
        let (vectors, others) = (matrix(&SAID), vec![2, 3]);
        let translations = Translations { of: vec![others, vec![], vec![], vec![], vec![]] };
        let mut products = [f32::NEG_INFINITY, 0.1, 0.9, 0.8, 0.0];
        let united = translations.united(0, &vectors, &mut products, 4).expect("one is too many");
        assert_eq!(format!("{products:?}"), "[-inf, 0.1, 0.9, -inf, 0.0]");
        assert!(united[1] > vectors.row(0)[1] && united[1] < vectors.row(3)[1]);
        assert_eq!(translations.united(0, &vectors, &mut products, 5), None);
    }
}
