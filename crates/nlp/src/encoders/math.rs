//! Functions over rows of numbers, in sums of a fixed order and basic operations alone: the standard library's
//! `exp` differs from machine to machine.

use super::tensors::Tensors;
use crate::vectors::dot;
use std::f32::consts::{FRAC_1_SQRT_2, LOG2_E};

/// Added to a small f32, leaves it as a whole number in the lowest bits of the sum.
pub(super) const TO_WHOLE: f32 = 12_582_912.0;

const LANES: usize = 8;

/// Keeps variances from being zero, as in BERT.
const EPSILON: f32 = 1e-12;

/// Brings rows to mean 0 and variance 1, then to what was learned.
pub(super) struct Norm<const COLUMNS: usize> {
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl<const COLUMNS: usize> Norm<COLUMNS> {
    pub(super) fn read(file: &mut Tensors) -> Self {
        Self { weights: file.floats(COLUMNS), bias: file.floats(COLUMNS) }
    }

    pub(super) fn apply(&self, row: &mut [f32; COLUMNS]) {
        let mean = sum(row) / COLUMNS as f32;
        for value in row.iter_mut() {
            *value -= mean;
        }
        let deviation = (dot(row, row) / COLUMNS as f32 + EPSILON).sqrt();
        for ((value, weight), bias) in row.iter_mut().zip(&self.weights).zip(&self.bias) {
            *value = *value / deviation * weight + bias;
        }
    }
}

fn sum(row: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    for values in row.as_chunks::<LANES>().0 {
        for (lane, value) in lanes.iter_mut().zip(values) {
            *lane += value;
        }
    }
    lanes.iter().sum()
}

/// Turns scores into shares of 1.
#[expect(clippy::inline_always, reason = "must be compiled with the features of its caller")]
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().copied().fold(f32::MIN, f32::max);
    for score in scores.iter_mut() {
        *score = exp(*score - largest);
    }
    let total: f32 = scores.iter().sum();
    for score in scores {
        *score /= total;
    }
}

/// Takes [`gelu`] of every number.
pub(super) fn gelu_each(values: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "twice as fast")]
        // SAFETY: the processor has what the function needs.
        unsafe {
            gelu_each_avx2(values);
        }
        return;
    }
    gelu_each_here(values);
}

/// The same steps on eight numbers at a time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn gelu_each_avx2(values: &mut [f32]) {
    gelu_each_here(values);
}

#[expect(clippy::inline_always, reason = "must be compiled with the features of its caller")]
#[inline(always)]
fn gelu_each_here(values: &mut [f32]) {
    for value in values {
        *value = gelu(*value);
    }
}

/// Returns x times the share of the normal distribution below x. The error function is that of Abramowitz and Stegun,
/// 7.1.26, off by at most 1.5e-7.
#[expect(clippy::inline_always, reason = "must be compiled with the features of its caller")]
#[inline(always)]
fn gelu(x: f32) -> f32 {
    let z = x.abs() * FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series =
        ((((1.061_405_4 * t - 1.453_152) * t + 1.421_413_7) * t - 0.284_496_74) * t + 0.254_829_6) * t;
    let above = 0.5 * series * exp(-z * z);
    x * if x < 0.0 { above } else { 1.0 - above }
}

/// Returns e to the power of a number that is not positive.
#[expect(clippy::inline_always, reason = "must be compiled with the features of its caller")]
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = x.max(-87.0);
    // x = whole * ln 2 + rest, with ln 2 in two parts so that the rest is exact
    let shifted = x * LOG2_E + TO_WHOLE;
    let whole = shifted - TO_WHOLE;
    let rest = (x - whole * 0.693_359_4) + whole * 2.121_944_4e-4;
    let series = 1.0 / 720.0;
    let series = series * rest + 1.0 / 120.0;
    let series = series * rest + 1.0 / 24.0;
    let series = series * rest + 1.0 / 6.0;
    let series = series * rest + 0.5;
    let series = series * rest + 1.0;
    let series = series * rest + 1.0;
    series * f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_numbers_at_a_time_are_the_same_to_the_bit() {
        let numbers: Vec<f32> = (-700..700_i16).map(|step| f32::from(step) / 97.0).collect();
        let mut each = numbers.clone();
        gelu_each(&mut each);
        let mut here = numbers;
        gelu_each_here(&mut here);
        assert_eq!(each, here);
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "rounds to the nearest")]
    fn functions_are_near_the_true_ones() {
        for step in 0..=2_000 {
            let x = -f64::from(step) / 25.0;
            assert!((f64::from(exp(x as f32)) / x.exp() - 1.0).abs() < 4e-6, "{x}");
        }
        // from Python's math.erf
        for (x, expected) in [
            (-6.0, -5.919_5e-9),
            (-1.5, -0.100_210_8),
            (-0.1, -0.046_017_2),
            (0.0, 0.0),
            (0.3, 0.185_373_5),
            (2.0, 1.954_499_7),
            (50.0, 50.0),
        ] {
            assert!((gelu(x) - expected).abs() < 1e-6, "{x}: {}", gelu(x));
        }
    }
}
