//! later
pub(crate) fn record(i: usize, text: &str) -> serde_json::Value { serde_json::json!({"id": i, "turns": [{"role": "contact", "text": text}]}) }
