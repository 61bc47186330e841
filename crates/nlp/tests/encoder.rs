//! The encoder against the model before it was quantized, and what holds for any input.

#![expect(clippy::cast_possible_truncation, reason = "reference numbers are rounded to the nearest")]
#![expect(clippy::float_cmp, reason = "the same to the bit is what is tested")]

use refrain_nlp::encoders::english::{self, DIMENSIONS};
use refrain_nlp::encoders::multilingual;
use refrain_nlp::language::Language;
use refrain_nlp::vectors::dot;
use serde_json::Value;

/// Texts with their vectors, rounded, from `tools/encoder/reference.py`.
fn reference() -> Vec<(String, Vec<f32>)> {
    let rows: Vec<Value> = serde_json::from_str(include_str!("data/encoder/reference.json")).expect("JSON");
    rows.iter()
        .filter_map(|row| {
            let vector = row["vector"].as_array()?.iter().filter_map(Value::as_f64);
            Some((row["text"].as_str()?.to_owned(), vector.map(|value| value as f32).collect()))
        })
        .collect()
}

#[test]
fn vectors_are_near_those_before_quantization() {
    let reference = reference();
    assert!(reference.len() >= 12);
    let texts: Vec<&str> = reference.iter().map(|(text, _)| &text[..]).collect();
    for ((text, expected), vector) in reference.iter().zip(english::encode(&texts, 2)) {
        let cosine = dot(&vector, expected) / dot(expected, expected).sqrt();
        assert!(cosine >= 0.995, "{cosine:.5}: {text}");
        assert!((dot(&vector, &vector) - 1.0).abs() < 1e-5);
    }
}

#[test]
fn company_order_and_threads_change_no_bit() {
    let reference = reference();
    let texts: Vec<&str> = reference.iter().map(|(text, _)| &text[..]).collect();
    let vectors = english::encode(&texts, 1);
    assert_eq!(vectors, english::encode(&texts, 2));
    let reversed: Vec<&str> = texts.iter().rev().copied().collect();
    assert!(vectors.iter().rev().eq(&english::encode(&reversed, 5)));
    for (text, vector) in texts.iter().zip(&vectors) {
        assert_eq!(english::encode(&[text], 1), [*vector], "{text}");
    }
}

#[test]
fn any_input_has_a_vector_of_length_one() {
    let long = "where is my order? ".repeat(600);
    let long_word = "x".repeat(10_000);
    let blanks = " ".repeat(10_000);
    let marks = "!".repeat(10_000);
    let texts = [
        "",
        " \n",
        "\u{0}\u{200b}",
        "🙂",
        "🙂🙃 👩‍👩‍👧",
        "你好",
        "[CLS] [SEP]",
        &long,
        &long_word,
        &blanks,
        &marks,
    ];
    let vectors = english::encode(&texts, 0);
    assert_eq!(vectors.len(), texts.len());
    for (text, vector) in texts.iter().zip(&vectors) {
        assert!((dot(vector, vector) - 1.0).abs() < 1e-5, "{:?}", text.chars().take(20).collect::<String>());
    }
    assert_eq!(vectors[0], vectors[1]);
    assert_eq!(vectors[0], vectors[2]);
    assert_eq!(english::encode(&[], 3), Vec::<[f32; DIMENSIONS]>::new());
}

#[test]
fn a_long_text_is_read_in_part() {
    let start = "order ".repeat(62);
    let longer = start.clone() + "refund";
    let vectors = english::encode(&[&start, &longer, &start[..61 * 6]], 1);
    assert_eq!(vectors[0], vectors[1]);
    assert_ne!(vectors[0], vectors[2]);
}

#[test]
fn what_means_the_same_is_near() {
    let vectors = english::encode(
        &["Where is my parcel?", "My package has not arrived yet", "How do I change my password?"],
        1,
    );
    let (same, other) = (dot(&vectors[0], &vectors[1]), dot(&vectors[0], &vectors[2]));
    assert!(same > other + 0.2, "{same:.3} {other:.3}");
}

/// Texts in other languages with their places, rounded, from `tools/multilingual/reference.py`.
fn reference_in_other_languages() -> Vec<(Option<Language>, String, [Vec<f32>; 2])> {
    let rows: Vec<Value> =
        serde_json::from_str(include_str!("data/encoder/multilingual.json")).expect("JSON");
    let numbers = |row: &Value, name: &str| {
        row[name]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_f64)
            .map(|value| value as f32)
            .collect()
    };
    rows.iter()
        .filter_map(|row| {
            let language = row["language"].as_str().and_then(Language::from_code);
            let vectors = [numbers(row, "linked"), numbers(row, "compared")];
            Some((language, row["text"].as_str()?.to_owned(), vectors))
        })
        .collect()
}

#[test]
fn other_languages_are_near_where_they_were_before_quantization() {
    let reference = reference_in_other_languages();
    assert!(reference.len() >= 20);
    let texts: Vec<_> = reference.iter().map(|(language, text, _)| (text.as_str(), *language)).collect();
    let embeddings = multilingual::encode(&texts, 2);
    for ((_, text, expected), found) in reference.iter().zip(&embeddings) {
        for (vector, expected) in
            [&found.static_embedding[..], &found.contextual_embedding[..]].into_iter().zip(expected)
        {
            let cosine = dot(vector, expected);
            assert!(cosine >= 0.97, "{cosine:.5}: {text}");
            assert!((dot(vector, vector) - 1.0).abs() < 1e-4);
        }
    }
    let reversed: Vec<_> = texts.iter().rev().copied().collect();
    assert!(embeddings.iter().rev().eq(&multilingual::encode(&reversed, 1)));
}

#[test]
fn what_means_the_same_is_near_in_any_language() {
    let english = english::encode(&["Where is my order?", "How can I change my password?"], 1);
    let texts = [
        ("Wo ist meine Bestellung?", Language::De),
        ("Πού είναι η παραγγελία μου;", Language::El),
        ("我的订单在哪里？", Language::Zh),
        ("أين طلبي؟", Language::Ar),
        ("Siparişim nerede?", Language::Tr),
    ];
    let texts = texts.map(|(text, language)| (text, Some(language)));
    for ((text, _), found) in texts.iter().zip(multilingual::encode(&texts, 1)) {
        let [same, other] = [0, 1].map(|i| dot(&english[i], &found.contextual_embedding));
        assert!(same > other + 0.2, "{text}: {same:.3} {other:.3}");
    }
}
