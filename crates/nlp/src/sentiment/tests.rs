use super::*;
use std::io::Write;

#[test]
fn where_nothing_is_said_the_head_finds_no_mood() {
    let Signs { angry, happy } = HEAD.weigh(&[0.0; DIMENSIONS], &head::findings(&score::of("")));
    assert!(angry < 0.0 && happy < 0.0, "{angry} {happy}");
}

/// Writes what the head sees of texts, for `tools/sentiment/train.py`: of each line of `REFRAIN_TEXTS`, of which the text
/// is behind the last tab, the embedding and the findings, to `REFRAIN_NUMBERS`.
#[test]
#[ignore = "writes a file to train on"]
fn write_numbers() {
    let path = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name}"));
    let texts = std::fs::read_to_string(path("REFRAIN_TEXTS")).expect("a file");
    let mut file = std::io::BufWriter::new(std::fs::File::create(path("REFRAIN_NUMBERS")).expect("a file"));
    for line in texts.lines() {
        let text = line.rsplit('\t').next().expect("a text");
        let embedding = english_embedding(text).unwrap_or([0.0; DIMENSIONS]);
        for number in embedding.iter().chain(&head::findings(&score::of(text))) {
            file.write_all(&number.to_le_bytes()).expect("written");
        }
    }
}
