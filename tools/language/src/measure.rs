//! Counts how often the model is right.

use crate::language::{self, Language};
use std::collections::BTreeMap;
use std::path::Path;

/// Near-ties, reported apart.
const CLOSE: [&str; 4] = ["hr", "sr", "id", "ms"];

/// Prints the mean share of right answers over the languages of a set, and its weakest languages.
pub fn measure(set: &Path) {
    let lines = std::fs::read_to_string(set).expect("reading the set");
    let start = std::time::Instant::now();
    let mut tally: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut texts = 0;
    for (code, text) in lines.lines().filter_map(|line| line.split_once('\t')) {
        let expected = Language::from_code(code);
        let tally = tally.entry(code).or_default();
        tally.all += 1.0;
        match language::detect(text, None) {
            answer if answer == expected => tally.right += 1.0,
            answer => *tally.wrong.entry(answer.map_or("-", Language::code)).or_default() += 1,
        }
        texts += 1;
    }
    let speed = f64::from(texts) / start.elapsed().as_secs_f64();
    let mean = |kept: &dyn Fn(&str) -> bool| {
        let shares: Vec<f64> =
            tally.iter().filter(|(code, _)| kept(code)).map(|(_, t)| t.right / t.all).collect();
        shares.iter().sum::<f64>() / shares.len() as f64
    };
    let (all, apart) = (mean(&|_| true), mean(&|code| !CLOSE.contains(&code)));
    println!("{}: {all:.4}, without {CLOSE:?} {apart:.4}; {speed:.0} a second", set.display());
    for (code, tally) in tally.iter().filter(|(_, tally)| tally.right < tally.all * 0.97) {
        println!("  {code} {:.3}, taken for {:?}", tally.right / tally.all, tally.wrong);
    }
}

#[derive(Default)]
struct Tally {
    all: f64,
    right: f64,
    wrong: BTreeMap<&'static str, u32>,
}

/// Prints the share of right answers with no prior, the right one and the English one.
pub fn priors(set: &Path) {
    let lines = std::fs::read_to_string(set).expect("reading the set");
    let texts = || lines.lines().filter_map(|line| line.split_once('\t'));
    let share = |prior: &dyn Fn(Language) -> Option<Language>| {
        let right = texts().filter(|(code, text)| {
            let expected = Language::from_code(code);
            language::detect(text, expected.and_then(prior)) == expected
        });
        right.count() as f64 / texts().count() as f64
    };
    let (none, right, english) = (share(&|_| None), share(&Some), share(&|_| Some(Language::En)));
    println!("{}: no prior {none:.4}, right {right:.4}, English {english:.4}", set.display());
}

/// Prints the texts taken for another language.
pub fn mistakes(set: &Path) {
    let lines = std::fs::read_to_string(set).expect("reading the set");
    for (code, text) in lines.lines().filter_map(|line| line.split_once('\t')) {
        let answer = language::detect(text, None).map_or("-", Language::code);
        if answer != code {
            println!("{code}\t{answer}\t{text}");
        }
    }
}
