//! The encoder against the model before it was quantized, and what holds for any input.

use refrain_nlp::encoder::{DIMENSIONS, Encoder};
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

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn vectors_are_near_those_before_quantization() {
    let reference = reference();
    assert!(reference.len() >= 12);
    let texts: Vec<&str> = reference.iter().map(|(text, _)| &text[..]).collect();
    for ((text, expected), vector) in reference.iter().zip(Encoder::bundled().encode(&texts, 2)) {
        let cosine = dot(&vector, expected) / dot(expected, expected).sqrt();
        assert!(cosine >= 0.995, "{cosine:.5}: {text}");
        assert!((dot(&vector, &vector) - 1.0).abs() < 1e-5);
    }
}

#[test]
fn company_order_and_threads_change_no_bit() {
    let reference = reference();
    let encoder = Encoder::bundled();
    let texts: Vec<&str> = reference.iter().map(|(text, _)| &text[..]).collect();
    let vectors = encoder.encode(&texts, 1);
    assert_eq!(vectors, encoder.encode(&texts, 2));
    let reversed: Vec<&str> = texts.iter().rev().copied().collect();
    assert!(vectors.iter().rev().eq(&encoder.encode(&reversed, 5)));
    for (text, vector) in texts.iter().zip(&vectors) {
        assert_eq!(encoder.encode(&[text], 1), [*vector], "{text}");
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
    let vectors = Encoder::bundled().encode(&texts, 0);
    assert_eq!(vectors.len(), texts.len());
    for (text, vector) in texts.iter().zip(&vectors) {
        assert!((dot(vector, vector) - 1.0).abs() < 1e-5, "{:?}", text.chars().take(20).collect::<String>());
    }
    assert_eq!(vectors[0], vectors[1]);
    assert_eq!(vectors[0], vectors[2]);
    assert_eq!(Encoder::bundled().encode(&[], 3), Vec::<[f32; DIMENSIONS]>::new());
}

#[test]
fn a_long_text_is_read_in_part() {
    let start = "order ".repeat(62);
    let longer = start.clone() + "refund";
    let vectors = Encoder::bundled().encode(&[&start, &longer, &start[..61 * 6]], 1);
    assert_eq!(vectors[0], vectors[1]);
    assert_ne!(vectors[0], vectors[2]);
}

#[test]
fn what_means_the_same_is_near() {
    let vectors = Encoder::bundled().encode(
        &["Where is my parcel?", "My package has not arrived yet", "How do I change my password?"],
        1,
    );
    let (same, other) = (dot(&vectors[0], &vectors[1]), dot(&vectors[0], &vectors[2]));
    assert!(same > other + 0.2, "{same:.3} {other:.3}");
}
