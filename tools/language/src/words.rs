//! Makes up words from the n-gram models of lingua: they hold the letters of far more text than we have.
//!
//! A model gives how likely a letter is after up to four others. What it does not say, how words begin and end,
//! follows from the counts: an n-gram's occurrences less those with a further letter before (or after) it.

use crate::train::Random;
use fst::Streamer;
use std::collections::HashMap;
use std::path::Path;

const LINES: usize = 40_000;
const WORDS_A_LINE: usize = 6;
/// Shares below this are rounding errors of the subtraction.
const NOISE: f64 = 1e-6;

/// What may follow some letters, with its weight; `None` ends the word.
type Next = HashMap<String, Vec<(Option<char>, f64)>>;

/// Writes one file of made-up words for each `CODE.fst`.
pub fn words(models: &Path, out: &Path) {
    std::fs::create_dir_all(out).expect("making the folder");
    for entry in std::fs::read_dir(models).expect("reading the models").flatten() {
        let next = chain(&entry.path());
        let mut random = Random::new();
        let line =
            |_| (0..WORDS_A_LINE).map(|_| word(&next, &mut random)).collect::<Vec<_>>().join(" ") + "\n";
        let text: String = (0..LINES).map(line).collect();
        std::fs::write(out.join(entry.path().with_extension("txt").file_name().unwrap()), text)
            .expect("writing");
    }
}

/// Reads a model as a chain: up to four letters from the word's start, marked `^`, or any four letters inside.
fn chain(model: &Path) -> Next {
    let map = fst::Map::new(std::fs::read(model).expect("reading a model")).expect("a model of lingua");
    let mut shares: HashMap<String, f64> = HashMap::new();
    let mut stream = map.stream();
    while let Some((ngram, value)) = stream.next() {
        shares.insert(String::from_utf8(ngram.to_vec()).unwrap(), f64::from_bits(value).exp());
    }
    let mut ngrams: Vec<String> = shares.keys().cloned().collect();
    ngrams.sort_unstable_by(|a, b| (a.chars().count(), a).cmp(&(b.chars().count(), b)));
    for ngram in &ngrams {
        let (shorter, _) = split_last(ngram);
        if !shorter.is_empty() {
            let share = shares[ngram] * shares[shorter];
            shares.insert(ngram.clone(), share);
        }
    }
    let mut starts = shares.clone();
    for ngram in &ngrams {
        let rest = &ngram[ngram.chars().next().map_or(0, char::len_utf8)..];
        if let Some(start) = starts.get_mut(rest) {
            *start -= shares[ngram];
        }
    }
    let mut next = Next::new();
    let mut ends: HashMap<String, f64> = HashMap::new();
    for ngram in &ngrams {
        let length = ngram.chars().count();
        let (shorter, letter) = split_last(ngram);
        if length <= 4 && starts[ngram] > shares[ngram] * NOISE {
            next.entry(format!("^{shorter}")).or_default().push((Some(letter), starts[ngram]));
            *ends.entry(format!("^{shorter}")).or_default() -= starts[ngram];
            *ends.entry(format!("^{ngram}")).or_default() += starts[ngram];
        }
        if length == 5 {
            next.entry(shorter.to_owned()).or_default().push((Some(letter), shares[ngram]));
            *ends.entry(shorter.to_owned()).or_default() -= shares[ngram];
        }
        if length == 4 {
            *ends.entry(ngram.clone()).or_default() += shares[ngram];
        }
    }
    for (letters, share) in ends {
        let letters_share = shares.get(letters.trim_start_matches('^')).copied().unwrap_or(1.0);
        if letters != "^" && share > letters_share * NOISE {
            next.entry(letters).or_default().push((None, share));
        }
    }
    next.values_mut().for_each(|letters| letters.sort_unstable_by(|a, b| a.0.cmp(&b.0)));
    next
}

fn split_last(ngram: &str) -> (&str, char) {
    let (at, letter) = ngram.char_indices().next_back().expect("an n-gram has a letter");
    (&ngram[..at], letter)
}

fn word(next: &Next, random: &mut Random) -> String {
    let mut word = String::from("^");
    while word.chars().count() < 30 {
        let tail = word.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
        let letters = if word.chars().count() <= 4 { next.get(&word) } else { next.get(&word[tail..]) };
        let Some(letters) = letters else { break };
        let total: f64 = letters.iter().map(|(_, share)| share).sum();
        let mut at = random.share() * total;
        let chosen = letters.iter().find(|(_, share)| {
            at -= share;
            at <= 0.0
        });
        match chosen {
            Some((Some(letter), _)) => word.push(*letter),
            _ => break,
        }
    }
    word.split_off(1)
}
