//! Products and lengths of vectors, in sums of a fixed order: the same to the bit on every machine.

/// Partial sums that are kept side by side, so that processors add up several at a time.
const LANES: usize = 8;

/// Returns the product of two vectors, added up in eight partial sums.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    for (sum, (a, b)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *sum += a * b;
    }
    sums.iter().sum()
}

/// Returns the product of two vectors, added up from the first number to the last. It can differ from [`dot`] in the
/// last bit; static embeddings and titles have always been made by it.
pub fn dot_in_order(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Brings a vector to length 1; zeros stay.
pub fn normalize(vector: &mut [f32]) {
    let length = dot(vector, vector).sqrt();
    if length > 0.0 {
        for value in vector {
            *value /= length;
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "small whole numbers are exact")]

    use super::*;

    #[test]
    fn products_of_every_length_are_complete() {
        for length in 0..20_u8 {
            let vector: Vec<f32> = (0..length).map(f32::from).collect();
            let squares: u16 = (0..u16::from(length)).map(|value| value * value).sum();
            assert_eq!(dot(&vector, &vector), f32::from(squares), "{length}");
            assert_eq!(dot_in_order(&vector, &vector), f32::from(squares), "{length}");
        }
    }

    #[test]
    fn zeros_stay_zeros() {
        let mut vector = [0.0; 9];
        normalize(&mut vector);
        assert_eq!(vector, [0.0; 9]);
    }
}
