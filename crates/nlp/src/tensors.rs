//! Reading the numbers of a safetensors file whose tensors lie in a known order.

/// The numbers not read yet.
pub(crate) struct Tensors {
    rest: &'static [u8],
}

impl Tensors {
    /// Opens a file: the header's length in eight bytes, the header, the numbers.
    pub(crate) fn new(file: &'static [u8]) -> Self {
        let (length, rest) = file.split_first_chunk().expect("a length");
        Self { rest: &rest[u64::from_le_bytes(*length) as usize..] }
    }

    /// Takes the next f32 numbers.
    pub(crate) fn floats(&mut self, count: usize) -> Vec<f32> {
        let (numbers, _) = self.bytes(count * 4).as_chunks();
        numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }

    /// Tells whether all has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes the next bytes.
    fn bytes(&mut self, count: usize) -> &'static [u8] {
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        taken
    }
}

/// A matrix of int8 numbers with one scale a row.
pub(crate) struct Rows<const COLUMNS: usize> {
    pub(crate) values: &'static [[u8; COLUMNS]],
    pub(crate) scales: Vec<f32>,
}

impl<const COLUMNS: usize> Rows<COLUMNS> {
    /// Reads so many rows: the scales, then the numbers.
    pub(crate) fn read(file: &mut Tensors, count: usize) -> Self {
        let scales = file.floats(count);
        Self { values: file.bytes(count * COLUMNS).as_chunks().0, scales }
    }

    /// Adds a row to `sums`.
    pub(crate) fn add(&self, index: usize, sums: &mut [f32; COLUMNS]) {
        for (sum, value) in sums.iter_mut().zip(&self.values[index]) {
            *sum += f32::from(value.cast_signed()) * self.scales[index];
        }
    }
}
