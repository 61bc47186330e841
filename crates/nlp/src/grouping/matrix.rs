//! Rows of numbers, and the products of every row with every other: the arithmetic under the grouping.
//!
//! The sums run in one fixed order on every machine and for any number of threads, so that a grouping is the
//! same to the bit everywhere. That is why no library does them: those choose their order by processor.

use crate::vectors::normalize;
use std::thread;

/// The columns of a tile: two registers of four lanes, which every processor has, or one of eight.
const LANES: usize = 8;

/// The rows of a tile: as many as leave the sums in registers.
const HEIGHT: usize = 4;

/// The rows that one thread takes at a time.
const BLOCK: usize = 128;

/// A matrix, row after row.
#[derive(Clone, Debug, Default)]
pub(super) struct Matrix {
    pub(super) columns: usize,
    pub(super) values: Vec<f32>,
}

impl Matrix {
    pub(super) fn zeros(rows: usize, columns: usize) -> Self {
        Self { columns, values: vec![0.0; rows * columns] }
    }

    /// Copies rows of one length.
    pub(super) fn of<'a>(rows: impl Iterator<Item = &'a [f32]>) -> Self {
        let mut rows = rows.peekable();
        Self { columns: rows.peek().map_or(0, |row| row.len()), values: rows.flatten().copied().collect() }
    }

    /// Copies some of its rows.
    pub(super) fn pick(&self, rows: &[usize]) -> Self {
        Self::of(rows.iter().map(|&row| self.row(row)))
    }

    pub(super) fn rows(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or(0)
    }

    pub(super) fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.columns..(index + 1) * self.columns]
    }

    pub(super) fn row_mut(&mut self, index: usize) -> &mut [f32] {
        &mut self.values[index * self.columns..(index + 1) * self.columns]
    }

    /// Returns the sum of the rows, each taken so many times.
    pub(super) fn sum(&self, times: &[f32]) -> Vec<f32> {
        let mut sum = vec![0.0; self.columns];
        for (row, times) in times.iter().enumerate() {
            for (sum, value) in sum.iter_mut().zip(self.row(row)) {
                *sum += times * value;
            }
        }
        sum
    }

    /// Returns the mean of the rows, brought to length 1.
    pub(super) fn centroid(&self) -> Vec<f32> {
        self.weighted_centroid(&vec![1.0; self.rows()])
    }

    /// Returns the mean of the rows, each taken so many times, brought to length 1.
    pub(super) fn weighted_centroid(&self, times: &[f32]) -> Vec<f32> {
        let mut sum = self.sum(times);
        normalize(&mut sum);
        sum
    }
}

/// Rows laid out for multiplication: groups of eight, each column's eight values side by side.
pub(super) struct Packed {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
}

impl Packed {
    pub(super) fn new(matrix: &Matrix) -> Self {
        let (rows, columns) = (matrix.rows(), matrix.columns);
        let mut values = vec![0.0; rows.div_ceil(LANES) * LANES * columns];
        for row in 0..rows {
            let group = &mut values[row / LANES * LANES * columns..];
            for (column, &value) in matrix.row(row).iter().enumerate() {
                group[column * LANES + row % LANES] = value;
            }
        }
        Self { rows, columns, values }
    }

    /// Writes the product of each given row with each packed row; `out` has `rows` entries a given row.
    fn multiply(&self, given: &[f32], out: &mut [f32]) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            #[expect(unsafe_code, reason = "twice as fast")]
            // SAFETY: the processor has what the function needs.
            unsafe {
                multiply_avx2(self, given, out);
            }
            return;
        }
        self.multiply_here(given, out);
    }

    #[expect(clippy::inline_always, reason = "must be compiled with the features of its caller")]
    #[inline(always)]
    fn multiply_here(&self, given: &[f32], out: &mut [f32]) {
        let tiles = tiles(given, self.columns);
        // each packed group meets all tiles while it is near the processor
        for (group, packed) in self.values.chunks_exact(LANES * self.columns).enumerate() {
            let first = group * LANES;
            let width = LANES.min(self.rows - first);
            for (tile, out) in tiles.chunks_exact(self.columns).zip(out.chunks_mut(HEIGHT * self.rows)) {
                let sums = products(tile, packed.as_chunks().0);
                for (out, sums) in out.chunks_mut(self.rows).zip(&sums) {
                    out[first..first + width].copy_from_slice(&sums[..width]);
                }
            }
        }
    }
}

/// The same sums in the same order, by instructions that nearly every processor of this kind has.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn multiply_avx2(packed: &Packed, given: &[f32], out: &mut [f32]) {
    packed.multiply_here(given, out);
}

/// Lays rows out in tiles, each column's values side by side; rows of zeros fill up the last one.
fn tiles(rows: &[f32], columns: usize) -> Vec<[f32; HEIGHT]> {
    let mut tiles = vec![[0.0; HEIGHT]; (rows.len() / columns).div_ceil(HEIGHT) * columns];
    for (at, row) in rows.chunks_exact(columns).enumerate() {
        for (column, value) in tiles[at / HEIGHT * columns..].iter_mut().zip(row) {
            column[at % HEIGHT] = *value;
        }
    }
    tiles
}

/// Multiplies the rows of a tile with one packed group, each sum from the first column to the last.
#[expect(clippy::inline_always, reason = "the innermost loop: its sums stay in registers")]
#[inline(always)]
fn products(tile: &[[f32; HEIGHT]], packed: &[[f32; LANES]]) -> [[f32; LANES]; HEIGHT] {
    let mut sums = [[0.0; LANES]; HEIGHT];
    for (given, lanes) in tile.iter().zip(packed) {
        for (sums, value) in sums.iter_mut().zip(given) {
            for (sum, lane) in sums.iter_mut().zip(lanes) {
                *sum += value * lane;
            }
        }
    }
    sums
}

/// Calls `each` with every row's index, its products with all packed rows and its row of `out`, on `threads`
/// threads.
pub(super) fn for_each_product<F>(given: &Matrix, packed: &Packed, out: &mut Matrix, threads: usize, each: F)
where
    F: Fn(usize, &mut [f32], &mut [f32]) + Sync,
{
    let (columns, width) = (given.columns, out.columns);
    let mut blocks: Vec<_> = (0..).zip(out.values.chunks_mut(BLOCK * width)).collect();
    let share = blocks.len().div_ceil(threads.max(1)).max(1);
    let work = |blocks: &mut [(usize, &mut [f32])]| {
        let mut products = vec![0.0; BLOCK * packed.rows];
        for (block, out) in blocks {
            let first = *block * BLOCK;
            let rows = out.len() / width;
            let products = &mut products[..rows * packed.rows];
            packed.multiply(&given.values[first * columns..(first + rows) * columns], products);
            for (row, (products, out)) in
                products.chunks_mut(packed.rows).zip(out.chunks_mut(width)).enumerate()
            {
                each(first + row, products, out);
            }
        }
    };
    thread::scope(|scope| {
        for blocks in blocks.chunks_mut(share) {
            scope.spawn(|| work(blocks));
        }
    });
}

/// Returns the positions of the largest values, largest first; of equals the first.
pub(super) fn largest(values: &[f32], count: usize) -> Vec<usize> {
    let mut largest: Vec<(f32, usize)> = Vec::with_capacity(count + 1);
    for (index, &value) in values.iter().enumerate() {
        if largest.len() == count && value <= largest[count - 1].0 {
            continue;
        }
        let at = largest.partition_point(|&(other, _)| other >= value);
        largest.insert(at, (value, index));
        largest.truncate(count);
    }
    largest.into_iter().map(|(_, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::dot;

    #[test]
    #[expect(clippy::float_cmp, reason = "the same to the bit is what is tested")]
    fn products_are_those_of_the_rows_whatever_the_threads() {
        for (rows, columns) in [(1, 1), (3, 5), (9, 8), (131, 17), (300, 256)] {
            let mut matrix = Matrix::zeros(rows, columns);
            for (at, value) in matrix.values.iter_mut().enumerate() {
                *value = (at * 7 % 23) as f32 - 11.0;
            }
            let products = |threads| {
                let mut out = Matrix::zeros(rows, rows);
                for_each_product(&matrix, &Packed::new(&matrix), &mut out, threads, |_, products, out| {
                    out.copy_from_slice(products);
                });
                out.values
            };
            let found = products(1);
            assert_eq!(found, products(3));
            for row in 0..rows {
                for column in 0..rows {
                    let expected = dot(matrix.row(row), matrix.row(column));
                    assert_eq!(found[row * rows + column], expected, "{row}, {column} of {rows}");
                }
            }
        }
    }
}
