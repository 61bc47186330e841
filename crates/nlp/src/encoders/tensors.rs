//! Reads the numbers of a safetensors file whose tensors lie in a known order.

use std::borrow::Cow;

/// The numbers not read yet.
pub(super) struct Tensors {
    rest: &'static [u8],
}

impl Tensors {
    /// Opens a file: the header's length in eight bytes, the header, the numbers.
    pub(super) fn new(file: &'static [u8]) -> Self {
        let (length, rest) = file.split_first_chunk().expect("a length");
        let header = usize::try_from(u64::from_le_bytes(*length)).expect("a header in memory");
        Self { rest: &rest[header..] }
    }

    /// Takes the next f32 numbers.
    pub(super) fn floats(&mut self, count: usize) -> Vec<f32> {
        let (numbers, _) = self.bytes(count * 4).as_chunks();
        numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }

    /// Tells if all has been read.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes the next bytes.
    fn bytes(&mut self, count: usize) -> &'static [u8] {
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        taken
    }
}

/// The packing of rows in a file.
#[derive(Clone, Copy)]
pub(super) enum Packing {
    /// One f32 scale a row, then the rows as signed bytes.
    Int8,
    /// One bfloat16 scale for each [`BLOCK`] numbers, then the rows as half bytes, the lower half first: a number is
    /// its half byte less 8, times its scale.
    Int4,
}

/// The numbers that share a scale where they are packed as half bytes.
const BLOCK: usize = 32;

/// A matrix of int8 numbers with one scale a row.
pub(super) struct Rows<const COLUMNS: usize> {
    pub(super) values: Cow<'static, [[u8; COLUMNS]]>,
    pub(super) scales: Vec<f32>,
}

impl<const COLUMNS: usize> Rows<COLUMNS> {
    /// Reads so many rows: the scales, then the numbers.
    pub(super) fn read(file: &mut Tensors, count: usize, packing: Packing) -> Self {
        match packing {
            Packing::Int8 => {
                let scales = file.floats(count);
                Self { values: Cow::Borrowed(file.bytes(count * COLUMNS).as_chunks().0), scales }
            }
            Packing::Int4 => {
                let (scales, _) = file.bytes(count * COLUMNS / BLOCK * 2).as_chunks();
                let halves = file.bytes(count * COLUMNS / 2);
                let rows = scales.chunks(COLUMNS / BLOCK).zip(halves.chunks(COLUMNS / 2));
                let (values, scales): (Vec<_>, _) =
                    rows.map(|(scales, halves)| unpack(scales, halves)).unzip();
                Self { values: Cow::Owned(values), scales }
            }
        }
    }

    /// Adds a row to `sums`.
    pub(super) fn add(&self, index: usize, sums: &mut [f32; COLUMNS]) {
        for (sum, value) in sums.iter_mut().zip(&self.values[index]) {
            *sum += f32::from(value.cast_signed()) * self.scales[index];
        }
    }
}

/// Brings a row of half bytes to signed bytes with one scale.
#[expect(clippy::cast_possible_truncation, reason = "within -127 and 127 by the choice of the scale")]
fn unpack<const COLUMNS: usize>(scales: &[[u8; 2]], halves: &[u8]) -> ([u8; COLUMNS], f32) {
    let mut row = [0.0; COLUMNS];
    for ((pair, byte), scale) in row.chunks_mut(2).zip(halves).zip(scales.iter().flat_map(|s| [s; BLOCK / 2]))
    {
        let scale = f32::from_bits(u32::from(u16::from_le_bytes(*scale)) << 16);
        pair[0] = (f32::from(byte & 15) - 8.0) * scale;
        pair[1] = (f32::from(byte >> 4) - 8.0) * scale;
    }
    let largest = row.iter().fold(f32::MIN_POSITIVE, |largest, value| largest.max(value.abs()));
    let scale = largest / 127.0;
    (row.map(|value| ((value / scale).round() as i8).cast_unsigned()), scale)
}
