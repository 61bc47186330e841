//! The stored form of sentence embeddings: one scale, and a signed byte for each dimension.

use refrain_nlp::vectors::dot_in_order;

/// Encodes a vector: the scale as a little-endian `f32`, then the dimensions as bytes; value = byte · scale.
#[expect(clippy::cast_possible_truncation, reason = "within -127 and 127 by the choice of the scale")]
pub(crate) fn to_bytes(vector: &[f32]) -> Vec<u8> {
    let scale = vector.iter().fold(0.0_f32, |max, x| max.max(x.abs())) / 127.0;
    let mut bytes = scale.to_le_bytes().to_vec();
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    bytes.extend(vector.iter().map(|x| (x * inverse).round() as i8).map(i8::cast_unsigned));
    bytes
}

/// Decodes a vector that [`to_bytes`] encoded, at unit length. Returns none if it is too short or zero.
pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Vec<f32>> {
    let (scale, dimensions) = bytes.split_first_chunk::<4>()?;
    let scale = f32::from_le_bytes(*scale);
    let mut vector: Vec<f32> = dimensions.iter().map(|byte| f32::from(byte.cast_signed()) * scale).collect();
    let length = dot_in_order(&vector, &vector).sqrt();
    if length <= 0.0 {
        return None;
    }
    for x in &mut vector {
        *x /= length;
    }
    Some(vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_survives_within_half_a_step() {
        let vector: Vec<f32> = (0..256).map(|i| ((i * 37 % 101) as f32 - 50.0) / 800.0).collect();
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        let read = from_bytes(&to_bytes(&vector)).unwrap_or_default();
        let cosine: f32 = vector.iter().zip(&read).map(|(a, b)| a / length * b).sum();
        assert!(cosine > 0.9999, "{cosine}");
        assert_eq!(from_bytes(&to_bytes(&[0.0; 4])), None);
        assert_eq!(from_bytes(&[1]), None);
    }
}
