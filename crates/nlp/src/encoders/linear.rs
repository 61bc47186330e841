//! Products of int8 weights with rows of numbers rounded to whole ones.
//!
//! The sums are of whole numbers, hence exact: the same to the bit in any order, on every machine.

use super::math::TO_WHOLE;
use super::tensors::{Packing, Rows, Tensors};

/// The largest number of a rounded row: 1,536 products with a weight still sum up within 31 bits.
const ROUNDED_MAX: f32 = 8191.0;

/// Rounded rows that are multiplied at a time, with as many weight rows as leave the sums in registers.
const HEIGHT: usize = 4;

/// Rows of numbers, each rounded to multiples of its scale; rows of zeros fill up the last tile.
pub(super) struct Rounded<const COLUMNS: usize> {
    values: Vec<[i16; COLUMNS]>,
    scales: Vec<f32>,
}

impl<const COLUMNS: usize> Rounded<COLUMNS> {
    pub(super) fn new(rows: &[[f32; COLUMNS]]) -> Self {
        let mut values = vec![[0; COLUMNS]; rows.len().next_multiple_of(HEIGHT)];
        let scales = rows.iter().zip(&mut values).map(|(row, rounded)| round(row, rounded)).collect();
        Self { values, scales }
    }
}

/// Rounds a row and returns its scale.
#[expect(
    clippy::cast_possible_truncation,
    reason = "within `ROUNDED_MAX`: the lowest bits are the whole number"
)]
fn round<const COLUMNS: usize>(row: &[f32; COLUMNS], rounded: &mut [i16; COLUMNS]) -> f32 {
    // not zero, so that a row of zeros can be divided by it
    let mut lanes = [1e-30_f32; 8];
    for values in row.as_chunks::<8>().0 {
        for (lane, value) in lanes.iter_mut().zip(values) {
            *lane = lane.max(value.abs());
        }
    }
    let largest = lanes.into_iter().fold(0.0, f32::max);
    let steps = ROUNDED_MAX / largest;
    for (rounded, value) in rounded.iter_mut().zip(row) {
        *rounded = (value * steps + TO_WHOLE).to_bits().wrapping_sub(TO_WHOLE.to_bits()) as i16;
    }
    largest / ROUNDED_MAX
}

/// A product with a matrix, and a bias added.
pub(super) struct Linear<const IN: usize, const OUT: usize> {
    weights: Rows<IN>,
    bias: Vec<f32>,
}

impl<const IN: usize, const OUT: usize> Linear<IN, OUT> {
    pub(super) fn read(file: &mut Tensors, packing: Packing) -> Self {
        Self { weights: Rows::read(file, OUT, packing), bias: file.floats(OUT) }
    }

    pub(super) fn apply(&self, given: &Rounded<IN>) -> Vec<[f32; OUT]> {
        let mut out = vec![[0.0; OUT]; given.scales.len()];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vnni") {
            #[expect(unsafe_code, reason = "twice as fast as the next")]
            // SAFETY: the processor has what the function needs.
            unsafe {
                avx512::apply(self, given, &mut out);
            }
            return out;
        } else if is_x86_feature_detected!("avx2") {
            #[expect(unsafe_code, reason = "five times as fast")]
            // SAFETY: the processor has what the function needs.
            unsafe {
                avx2::apply(self, given, &mut out);
            }
            return out;
        }
        self.apply_with(products::<IN, 2>, given, &mut out);
        out
    }

    #[expect(clippy::inline_always, reason = "must be compiled with the features of its caller")]
    #[inline(always)]
    fn apply_with<const WIDTH: usize, F>(&self, products: F, given: &Rounded<IN>, out: &mut [[f32; OUT]])
    where
        F: Fn(&[[i16; IN]; HEIGHT], &[[u8; IN]; WIDTH]) -> Products<WIDTH>,
    {
        const { assert!(OUT.is_multiple_of(WIDTH)) }
        let tiles = given.values.as_chunks().0.iter();
        for ((given, scales), out) in tiles.zip(given.scales.chunks(HEIGHT)).zip(out.chunks_mut(HEIGHT)) {
            for (group, weights) in self.weights.values.as_chunks().0.iter().enumerate() {
                for ((sums, scale), out) in products(given, weights).iter().zip(scales).zip(&mut *out) {
                    for (row, sum) in (group * WIDTH..).zip(sums) {
                        out[row] = *sum as f32 * (scale * self.weights.scales[row]) + self.bias[row];
                    }
                }
            }
        }
    }
}

/// The product of each rounded row with each weight row.
type Products<const WIDTH: usize> = [[i32; WIDTH]; HEIGHT];

fn products<const IN: usize, const WIDTH: usize>(
    given: &[[i16; IN]; HEIGHT],
    weights: &[[u8; IN]; WIDTH],
) -> Products<WIDTH> {
    let mut sums = [[0; WIDTH]; HEIGHT];
    for column in 0..IN {
        for (sums, given) in sums.iter_mut().zip(given) {
            for (sum, weights) in sums.iter_mut().zip(weights) {
                // never wraps (see `ROUNDED_MAX`); a check would cost more than the sum
                let product = i32::from(given[column]) * i32::from(weights[column].cast_signed());
                *sum = i32::wrapping_add(*sum, product);
            }
        }
    }
    sums
}

/// The same products by instructions of newer processors: one multiplies 32 columns and adds them to the sums.
#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::{HEIGHT, Linear, Products, Rounded};
    use std::arch::x86_64::{
        __m512i, _mm256_loadu_si256, _mm512_add_epi32, _mm512_cvtepi8_epi16, _mm512_dpwssd_epi32,
        _mm512_loadu_si512, _mm512_setzero_si512, _mm512_shuffle_i64x2, _mm512_storeu_si512,
        _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
    };
    use std::array;

    const WIDTH: usize = 4;
    /// Columns multiplied at a time.
    const LANES: usize = 32;

    #[target_feature(enable = "avx512bw,avx512vnni")]
    pub(super) fn apply<const IN: usize, const OUT: usize>(
        linear: &Linear<IN, OUT>,
        given: &Rounded<IN>,
        out: &mut [[f32; OUT]],
    ) {
        linear.apply_with(|given, weights| products(given, weights), given, out);
    }

    #[inline]
    #[target_feature(enable = "avx512bw,avx512vnni")]
    pub(super) fn products<const IN: usize>(
        given: &[[i16; IN]; HEIGHT],
        weights: &[[u8; IN]; WIDTH],
    ) -> Products<WIDTH> {
        const { assert!(IN.is_multiple_of(LANES)) }
        let mut sums = [[_mm512_setzero_si512(); WIDTH]; HEIGHT];
        for chunk in 0..IN / LANES {
            let mut loaded = [_mm512_setzero_si512(); WIDTH];
            for (loaded, weights) in loaded.iter_mut().zip(weights) {
                *loaded = load_bytes(&weights.as_chunks().0[chunk]);
            }
            for (sums, given) in sums.iter_mut().zip(given) {
                let given = load(&given.as_chunks().0[chunk]);
                for (sum, weights) in sums.iter_mut().zip(loaded) {
                    *sum = _mm512_dpwssd_epi32(*sum, given, weights);
                }
            }
        }
        totals(&sums)
    }

    #[inline]
    #[target_feature(enable = "avx512bw")]
    #[expect(unsafe_code, reason = "there is no safe load")]
    fn load(values: &[i16; LANES]) -> __m512i {
        // SAFETY: reads the 64 bytes of the array, which need not be aligned.
        unsafe { _mm512_loadu_si512(values.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx512bw")]
    #[expect(unsafe_code, reason = "there is no safe load")]
    fn load_bytes(values: &[u8; LANES]) -> __m512i {
        // SAFETY: reads the 32 bytes of the array, which need not be aligned.
        _mm512_cvtepi8_epi16(unsafe { _mm256_loadu_si256(values.as_ptr().cast()) })
    }

    /// Adds up the sixteen sums of each register, all registers at once: in each step two become one, with the sums of both.
    #[inline]
    #[target_feature(enable = "avx512bw")]
    #[expect(unsafe_code, reason = "there is no safe store")]
    fn totals(sums: &[[__m512i; WIDTH]; HEIGHT]) -> Products<WIDTH> {
        // for each row, a quarter of the register has the sums of the four weight rows over a quarter of the columns
        let rows: [__m512i; HEIGHT] = array::from_fn(|row| {
            let [a, b, c, d] = sums[row];
            let ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
            let cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
            _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd))
        });
        let halves = |a: __m512i, b: __m512i| {
            let (low, high) =
                (_mm512_shuffle_i64x2::<0b01_00_01_00>(a, b), _mm512_shuffle_i64x2::<0b11_10_11_10>(a, b));
            _mm512_add_epi32(low, high)
        };
        let (first, second) = (halves(rows[0], rows[1]), halves(rows[2], rows[3]));
        let even = _mm512_shuffle_i64x2::<0b10_00_10_00>(first, second);
        let odd = _mm512_shuffle_i64x2::<0b11_01_11_01>(first, second);
        let mut totals = Products::default();
        // SAFETY: writes the 64 bytes of the sixteen sums, which need not be aligned.
        unsafe { _mm512_storeu_si512(totals.as_mut_ptr().cast(), _mm512_add_epi32(even, odd)) };
        totals
    }
}

/// The same products by instructions that nearly every processor of this kind has, and the compiler does not find.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{HEIGHT, Linear, Products, Rounded};
    use std::arch::x86_64::{
        __m256i, _mm_add_epi32, _mm_cvtsi128_si32, _mm_loadu_si128, _mm_shuffle_epi32, _mm256_add_epi32,
        _mm256_castsi256_si128, _mm256_cvtepi8_epi16, _mm256_extracti128_si256, _mm256_loadu_si256,
        _mm256_madd_epi16, _mm256_setzero_si256,
    };

    const WIDTH: usize = 2;
    /// Columns multiplied at a time.
    const LANES: usize = 16;

    #[target_feature(enable = "avx2")]
    pub(super) fn apply<const IN: usize, const OUT: usize>(
        linear: &Linear<IN, OUT>,
        given: &Rounded<IN>,
        out: &mut [[f32; OUT]],
    ) {
        linear.apply_with(|given, weights| products(given, weights), given, out);
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn products<const IN: usize>(
        given: &[[i16; IN]; HEIGHT],
        weights: &[[u8; IN]; WIDTH],
    ) -> Products<WIDTH> {
        let mut sums = [[_mm256_setzero_si256(); WIDTH]; HEIGHT];
        for chunk in 0..IN / LANES {
            let mut loaded = [_mm256_setzero_si256(); WIDTH];
            for (loaded, weights) in loaded.iter_mut().zip(weights) {
                *loaded = load_bytes(&weights.as_chunks().0[chunk]);
            }
            for (sums, given) in sums.iter_mut().zip(given) {
                let given = load(&given.as_chunks().0[chunk]);
                for (sum, weights) in sums.iter_mut().zip(loaded) {
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(given, weights));
                }
            }
        }
        let mut products = Products::default();
        for (product, sums) in products.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
            *product = total(*sums);
        }
        products
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    #[expect(unsafe_code, reason = "there is no safe load")]
    fn load(values: &[i16; LANES]) -> __m256i {
        // SAFETY: reads the 32 bytes of the array, which need not be aligned.
        unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    #[expect(unsafe_code, reason = "there is no safe load")]
    fn load_bytes(values: &[u8; LANES]) -> __m256i {
        // SAFETY: reads the 16 bytes of the array, which need not be aligned.
        _mm256_cvtepi8_epi16(unsafe { _mm_loadu_si128(values.as_ptr().cast()) })
    }

    /// Adds up the eight sums.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn total(sums: __m256i) -> i32 {
        let four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
        let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b01_00_11_10>(four));
        let one = _mm_add_epi32(two, _mm_shuffle_epi32::<0b10_11_00_01>(two));
        _mm_cvtsi128_si32(one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::array;

    const IN: usize = 1536;

    fn check(given: &[[i16; IN]; HEIGHT], weights: &[[u8; IN]; 4]) {
        let found = products(given, weights);
        for (found, given) in found.iter().zip(given) {
            for (found, weights) in found.iter().zip(weights) {
                let product = |(&a, &b): (&i16, &u8)| i64::from(a) * i64::from(b.cast_signed());
                assert_eq!(i64::from(*found), given.iter().zip(weights).map(product).sum::<i64>());
            }
        }
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            #[expect(unsafe_code, reason = "what is tested")]
            // SAFETY: the processor has what the function needs.
            let same = unsafe { weights.as_chunks().0.iter().map(|weights| avx2::products(given, weights)) };
            for (pair, same) in same.enumerate() {
                let pairs = found.map(|found| [found[2 * pair], found[2 * pair + 1]]);
                assert_eq!(pairs, same);
            }
        }
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vnni") {
            #[expect(unsafe_code, reason = "what is tested")]
            // SAFETY: the processor has what the function needs.
            let same = unsafe { avx512::products(given, weights) };
            assert_eq!(found, same);
        }
    }

    #[test]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "small by the remainders"
    )]
    fn products_are_exact() {
        let at = |row: usize, column: usize| row * 7919 + column * 104_729;
        let given = array::from_fn(|row| array::from_fn(|column| (at(row, column) % 16_383) as i16 - 8191));
        let weights = array::from_fn(|row| array::from_fn(|column| (at(row, column) % 251) as u8));
        check(&given, &weights);
        check(&[[8191; IN]; HEIGHT], &[[127; IN], [0x81; IN], [0x80; IN], [0; IN]]);
    }

    #[test]
    fn rounding_keeps_the_size() {
        let rows = [
            [0.0; 8],
            [1e-30, -2e-30, 0.0, 3e-30, 0.0, 0.0, 0.0, 0.0],
            [7.0, -1e6, 0.4, 0.0, 2e5, 1.0, 1.0, 1.0],
        ];
        let rounded = Rounded::new(&rows);
        for ((row, rounded), scale) in rows.iter().zip(&rounded.values).zip(&rounded.scales) {
            for (value, rounded) in row.iter().zip(rounded) {
                assert!(
                    (value - f32::from(*rounded) * scale).abs() <= scale * 0.501,
                    "{value} {rounded} {scale}"
                );
            }
        }
    }
}
