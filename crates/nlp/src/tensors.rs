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

    /// Takes the next bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> &'static [u8] {
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        taken
    }

    /// Takes the next f32 numbers.
    pub(crate) fn floats(&mut self, count: usize) -> Vec<f32> {
        let (numbers, _) = self.bytes(count * 4).as_chunks();
        numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }

    /// Takes the next rows of int8 numbers.
    pub(crate) fn rows<const COLUMNS: usize>(&mut self, count: usize) -> &'static [[u8; COLUMNS]] {
        self.bytes(count * COLUMNS).as_chunks().0
    }

    /// Tells whether all has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}
