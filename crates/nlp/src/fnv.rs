//! The FNV-1a hash, in the widths that are stored: none may change.

/// Hashes bytes to 128 bits.
pub(crate) fn hash_128(bytes: impl Iterator<Item = u8>) -> u128 {
    const START: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0100_0000_0000_0000_0000_013b;
    bytes.fold(START, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

const START_64: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME_64: u64 = 0x0100_0000_01b3;

/// Hashes bytes to 64 bits.
pub(crate) fn hash_64(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(START_64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME_64))
}

/// Hashes a file to 64 bits, eight bytes at a time, which is fast enough for a model.
pub(crate) fn hash_64_by_words(file: &[u8]) -> u64 {
    let words = file.chunks(8).map(|chunk| chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    words.fold(START_64, |hash, word| (hash ^ word).wrapping_mul(PRIME_64))
}
