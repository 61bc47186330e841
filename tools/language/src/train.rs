//! Multinomial logistic regression by AdaGrad, each text cut, mixed and roughened as customers' messages are.

use crate::language::Language;
use crate::language::letters::Letters;
use crate::language::ngrams::{self, WIDTH};
use crate::language::script::Script;
use std::collections::BTreeMap;
use std::path::Path;
use unicode_normalization::UnicodeNormalization;

const EPOCHS: usize = 12;
const TEXTS_PER_LANGUAGE: usize = 40_000;
/// A source with fewer lines of a language is left out: each is drawn from as often as the others.
const LINES_MIN: usize = 150;
const RATE: f32 = 0.5;
const L2: f32 = 1e-6;

/// One language in one script: Serbian has two.
struct Class {
    script: Script,
    column: usize,
    /// Lines of each source but our own phrases.
    sources: Vec<Vec<String>>,
    phrases: Vec<String>,
}

/// Trains on the texts of every language that shares its script with another, and writes the model.
pub fn train(texts: &Path, model: &Path) {
    let mut classes = Vec::new();
    for script in [Script::Latin, Script::Cyrillic, Script::Arabic] {
        for (column, &language) in script.languages().iter().enumerate() {
            classes.push(class(texts, script, column, language));
        }
    }
    let english = Script::Latin.languages().iter().position(|&language| language == Language::En);
    let english = &classes[english.expect("English is written in Latin letters")];
    let mut random = Random::new();
    let mut weights = Weights::new();
    let mut buckets = Vec::new();
    for epoch in 0..EPOCHS {
        let rate = RATE * (1.0 - epoch as f32 / EPOCHS as f32);
        let mut order: Vec<usize> = (0..classes.len()).flat_map(|at| vec![at; TEXTS_PER_LANGUAGE]).collect();
        random.shuffle(&mut order);
        let mut loss = 0.0;
        for &at in &order {
            let class = &classes[at];
            let text = message(class, english, &mut random);
            buckets.clear();
            ngrams::for_each_bucket(&text, class.script, |bucket| buckets.push(bucket));
            loss -= f64::from(weights.learn(&buckets, class, rate).max(1e-9).ln());
        }
        eprintln!("epoch {epoch}: loss {:.4}", loss / order.len() as f64);
    }
    std::fs::write(model, weights.bytes()).expect("writing the model");
}

type Row = [f32; WIDTH];

/// The weights, and the sums of their squared slopes.
struct Weights {
    rows: Vec<Row>,
    squares: Vec<Row>,
}

impl Weights {
    fn new() -> Weights {
        let buckets = 1 << ngrams::BUCKET_BITS;
        Weights { rows: vec![[0.0; WIDTH]; buckets], squares: vec![[1e-8; WIDTH]; buckets] }
    }

    /// Gives how likely each of the first columns is.
    fn chances(&self, buckets: &[usize], columns: usize) -> Row {
        let mut scores = [0.0; WIDTH];
        for &bucket in buckets {
            for (score, weight) in scores.iter_mut().zip(&self.rows[bucket]) {
                *score += weight;
            }
        }
        let share = ngrams::share(buckets.len() as u32);
        let most = scores[..columns].iter().copied().fold(f32::MIN, f32::max);
        for (column, score) in scores.iter_mut().enumerate() {
            *score = if column < columns { ((*score - most) * share).exp() } else { 0.0 };
        }
        let sum: f32 = scores.iter().sum();
        scores.map(|score| score / sum)
    }

    /// Takes one step and gives how likely the right language was before.
    fn learn(&mut self, buckets: &[usize], class: &Class, rate: f32) -> f32 {
        let columns = class.script.languages().len();
        let mut slopes = self.chances(buckets, columns);
        let chance = slopes[class.column];
        slopes[class.column] -= 1.0;
        let share = ngrams::share(buckets.len() as u32);
        for &bucket in buckets {
            let (row, squares) = (&mut self.rows[bucket], &mut self.squares[bucket]);
            for column in 0..columns {
                let slope = slopes[column] * share + L2 * row[column];
                squares[column] += slope * slope;
                row[column] -= rate * slope / squares[column].sqrt();
            }
        }
        chance
    }

    /// Writes signed bytes after the scale they share. The few largest weights are cut.
    fn bytes(&self) -> Vec<u8> {
        let mut sizes: Vec<f32> = self.rows.iter().flatten().map(|weight| weight.abs()).collect();
        sizes.sort_unstable_by(f32::total_cmp);
        let scale = sizes[sizes.len() - 1 - sizes.len() / 2_000] / 127.0;
        let whole = |weight: &f32| (weight / scale).round().clamp(-127.0, 127.0) as i8 as u8;
        scale.to_le_bytes().into_iter().chain(self.rows.iter().flatten().map(whole)).collect()
    }
}

/// Reads the lines of one language in one script.
fn class(texts: &Path, script: Script, column: usize, language: Language) -> Class {
    let path = texts.join(format!("{}.txt", language.code()));
    let all = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut sources: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in all.lines() {
        let (source, text) = line.split_once('\t').expect("source<TAB>text");
        if Letters::count(text).script() == Some(script) {
            sources.entry(source).or_default().push(text.to_owned());
        }
    }
    let phrases = sources.remove("phrases").expect("phrases.tsv has every language");
    let sources: Vec<_> = sources.into_values().filter(|lines| lines.len() >= LINES_MIN).collect();
    assert!(!sources.is_empty(), "{language:?} has no text");
    Class { script, column, sources, phrases }
}

/// Makes something as long and as careless as a message.
fn message(class: &Class, english: &Class, random: &mut Random) -> String {
    let mut words: Vec<String> = Vec::new();
    let lines = if random.chance(0.1) { 2 + random.below(4) } else { 1 };
    for _ in 0..lines {
        let line = line(class, random);
        words.extend(line.split_whitespace().map(str::to_owned));
    }
    if lines == 1 && random.chance(0.75) {
        let length = 1 + random.below(10).min(random.below(10));
        let start = random.below(words.len().saturating_sub(length) + 1);
        words = words.into_iter().skip(start).take(length).collect();
    }
    if class.script == Script::Latin
        && class.column != english.column
        && words.len() > 3
        && random.chance(0.25)
    {
        let name: Vec<&str> = line(english, random).split_whitespace().collect();
        let length = 1 + random.below(words.len() / 2);
        let start = random.below(name.len().saturating_sub(length) + 1);
        let at = random.below(words.len() + 1);
        words.splice(at..at, name[start..].iter().take(length).map(|word| (*word).to_owned()));
    }
    let mut text = words.join(" ");
    if class.script == Script::Latin && random.chance(0.15) {
        text = plain(&text, random.chance(0.5));
    }
    if random.chance(0.1) {
        text = slip(&text, random);
    }
    text
}

fn line<'a>(class: &'a Class, random: &mut Random) -> &'a str {
    let source =
        if random.chance(0.1) { &class.phrases } else { &class.sources[random.below(class.sources.len())] };
    &source[random.below(source.len())]
}

/// Leaves out the accents; `spelled` writes ae for ä, as is done in German and the north.
fn plain(text: &str, spelled: bool) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        let other = match letter {
            'ä' | 'æ' if spelled => "ae",
            'ö' | 'ø' if spelled => "oe",
            'ü' if spelled => "ue",
            'å' if spelled => "aa",
            'ß' => "ss",
            'ø' | 'Ø' => "o",
            'æ' => "ae",
            'đ' => "d",
            'Đ' => "D",
            'ł' => "l",
            'Ł' => "L",
            'ı' => "i",
            _ => "",
        };
        if other.is_empty() {
            out.extend(letter.nfd().filter(|part| !matches!(part, '\u{300}'..='\u{36f}')));
        } else {
            out.push_str(other);
        }
    }
    out
}

/// Leaves out, doubles or swaps one letter.
fn slip(text: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 12 {
        return text.to_owned();
    }
    let at = random.below(letters.len() - 1);
    match random.below(3) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        _ => letters.swap(at, at + 1),
    }
    letters.into_iter().collect()
}

/// A small generator, so that the same texts give the same model.
pub struct Random(u64);

impl Random {
    pub fn new() -> Random {
        Random(7)
    }

    /// Gives a number from 0 up to 1.
    pub fn share(&mut self) -> f64 {
        self.below(1 << 30) as f64 / f64::from(1 << 30)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize) % end
    }

    fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }

    fn shuffle(&mut self, items: &mut [usize]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}
