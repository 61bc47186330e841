//! Makes and measures the model of `crates/nlp/src/language`; README.md has the steps.

#[path = "../../../crates/nlp/src/language/mod.rs"]
#[allow(dead_code, unfulfilled_lint_expectations, reason = "it is written for the library, and used in part")]
mod language;
mod measure;
mod train;
mod words;

const USAGE: &str = "
language-model words MODELS OUT      makes up words; MODELS holds lingua's ngrams.fst as CODE.fst
language-model train TEXTS MODEL     TEXTS is what collect.py wrote
language-model measure SET...        a set has lines of `code<TAB>text`
language-model priors SET...
language-model mistakes SET...
";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((verb, paths)) = arguments.split_first() else { return print!("{USAGE}") };
    match (verb.as_str(), paths) {
        ("words", [models, out]) => words::words(models.as_ref(), out.as_ref()),
        ("train", [texts, model]) => train::train(texts.as_ref(), model.as_ref()),
        ("measure", sets) => sets.iter().for_each(|set| measure::measure(set.as_ref())),
        ("priors", sets) => sets.iter().for_each(|set| measure::priors(set.as_ref())),
        ("mistakes", sets) => sets.iter().for_each(|set| measure::mistakes(set.as_ref())),
        _ => print!("{USAGE}"),
    }
}
