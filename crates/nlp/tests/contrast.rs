//! The opposites and the near neighbors of `data/contrast/pairs.tsv`, scored. The pairs are divided by a hash: the
//! rules were written with one half in view, the other one says how they do on what nobody looked at.

use refrain_nlp::contrast::Signature;

struct Pair {
    is_opposite: bool,
    texts: [&'static str; 2],
    is_hidden: bool,
}

fn pairs() -> Vec<Pair> {
    let lines = include_str!("data/contrast/pairs.tsv").lines();
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [_, kind, first, second] = fields[..] else { panic!("{line}: four fields") };
            Pair { is_opposite: kind == "opposite", texts: [first, second], is_hidden: is_hidden(line) }
        })
        .collect()
}

/// FNV-1a, whose lowest bit divides the pairs.
fn is_hidden(line: &str) -> bool {
    let hash = line
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    hash.count_ones() % 2 == 1
}

/// Counts the opposites found, the opposites, the near pairs called opposites, and the near pairs.
fn score(hidden: bool) -> [usize; 4] {
    let mut counts = [0; 4];
    for pair in pairs().iter().filter(|pair| pair.is_hidden == hidden) {
        let [first, second] = pair.texts.map(Signature::of);
        let place = if pair.is_opposite { 0 } else { 2 };
        counts[place] += usize::from(first.contrasts(second));
        counts[place + 1] += 1;
    }
    counts
}

fn check(hidden: bool, found_min: f64, false_max: f64) {
    let [found, opposites, false_ones, near] = score(hidden);
    assert!(found as f64 >= found_min * opposites as f64, "{found} of {opposites} opposites found");
    assert!(false_ones as f64 <= false_max * near as f64, "{false_ones} of {near} near pairs parted");
}

#[test]
fn the_half_in_view_is_told_apart() {
    check(false, 0.92, 0.012);
}

#[test]
fn the_half_that_was_not_looked_at_is_told_apart() {
    check(true, 0.90, 0.03);
}

/// Of the pairs of texts of one intent the share that may be called opposites.
const WITHIN_INTENTS_MAX: f64 = 0.005;

#[test]
fn texts_of_one_intent_are_hardly_ever_opposites() {
    let lines = include_str!("data/engine/insurance.tsv").lines().filter_map(|line| line.split_once('\t'));
    let read: Vec<(&str, Signature)> = lines.map(|(intent, text)| (intent, Signature::of(text))).collect();
    let (mut pairs, mut opposites) = (0_u32, 0_u32);
    for (at, (intent, first)) in read.iter().enumerate() {
        for (other, second) in &read[..at] {
            if intent == other {
                pairs += 1;
                opposites += u32::from(first.contrasts(*second));
            }
        }
    }
    assert!(f64::from(opposites) <= WITHIN_INTENTS_MAX * f64::from(pairs), "{opposites} of {pairs}");
}
