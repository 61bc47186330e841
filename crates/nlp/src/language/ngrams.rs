//! The model: a signed byte for each language and bucket of hashed letter n-grams.

use super::script::Script;
use super::words::for_each_word;

/// For each bucket one signed byte a column, after the scale they share.
static MODEL: &[u8] = include_bytes!("../../models/language/ngrams.bin");
/// The columns of a bucket.
pub(crate) const WIDTH: usize = 25;
/// The number of buckets, as a power of two.
pub(crate) const BUCKET_BITS: u32 = 17;
/// The longest n-gram, in letters.
const NGRAM_MAX: usize = 5;

/// Sums the model's rows for the words of one script: log-odds, but for a constant.
pub(super) fn scores(text: &str, script: Script) -> [f32; WIDTH] {
    let Some((scale, rows)) = MODEL.split_first_chunk() else { return [0.0; WIDTH] };
    let (rows, _) = rows.as_chunks::<WIDTH>();
    let mut sums = [0_i32; WIDTH];
    let mut count = 0_u32;
    for_each_bucket(text, script, |bucket| {
        for (sum, weight) in sums.iter_mut().zip(&rows[bucket]) {
            *sum += i32::from(weight.cast_signed());
        }
        count += 1;
    });
    let scale = f32::from_le_bytes(*scale) * share(count);
    sums.map(|sum| sum as f32 * scale)
}

/// Returns the weight of one n-gram of so many: between a sum, which is too sure of long texts, and a mean, which
/// is too unsure.
pub(crate) fn share(count: u32) -> f32 {
    1.0 / (count.max(1) as f32).sqrt()
}

/// Calls `found` with the bucket of each n-gram of the words that are in one script.
pub(crate) fn for_each_bucket(text: &str, script: Script, mut found: impl FnMut(usize)) {
    for_each_word(text, |word| {
        if word.iter().any(|&letter| Script::of(letter) == Some(script)) {
            buckets_of(word, &mut found);
        }
    });
}

/// Hashes a word's n-grams, its edges being letters too, and the word as a whole.
fn buckets_of(word: &[char], found: &mut impl FnMut(usize)) {
    let edged = |at: usize| if at == 0 || at > word.len() { ' ' } else { word[at - 1] };
    let length = word.len() + 2;
    for start in 0..length {
        let mut hash = 0_u32;
        for at in start..length.min(start + NGRAM_MAX) {
            hash = mix(hash, edged(at));
            if at > 0 && start + 1 < length {
                found(bucket(hash));
            }
        }
    }
    if length > NGRAM_MAX {
        found(bucket(word.iter().fold(1, |hash, &letter| mix(hash, letter))));
    }
}

fn mix(hash: u32, letter: char) -> u32 {
    (hash.rotate_left(5) ^ letter as u32).wrapping_mul(0x9e37_79b1)
}

fn bucket(hash: u32) -> usize {
    ((hash ^ (hash >> 15)).wrapping_mul(0x85eb_ca6b) >> (32 - BUCKET_BITS)) as usize
}
