//! What stands behind a number.

use super::two_months::{REFUND, about, import, path, said, two_months};
use serde_json::json;
use sha2::{Digest, Sha256};

#[tokio::test]
async fn what_stands_behind_a_number_can_be_checked() {
    let t = two_months().await;
    let path = path(&t, "refund").await;
    let proof = t.get_ok(&format!("{path}/proof")).await;
    assert_eq!((&proof["occurrence_count"], &proof["sessions"]), (&json!(59), &json!(59)));
    let ids = t.items(&format!("{path}/sessions")).await;
    for session in &ids {
        let quote = &session["quote"];
        let number = |name: &str| quote[name].as_u64().unwrap() as usize;
        let message: Vec<char> = quote["message"].as_str().unwrap().chars().collect();
        let part: String = message[number("start")..number("end")].iter().collect();
        assert_eq!(part, quote["text"], "{session:#}");
        assert_eq!(session["rival"]["id"], about(&t, "invoice").await["id"]);
        assert!(session["rival"]["margin"].as_f64().unwrap() > 0.0, "{session:#}");
    }
    let mut ids: Vec<&str> = ids.iter().map(|session| session["session_id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
    let hash: String = Sha256::digest(lines).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(proof["sessions_sha256"], json!(hash));
    let filter = json!({"filter": {"sessionFromDate": "2026-06-01"}});
    let some = t.post_ok(&format!("{path}/sessions"), filter.clone()).await;
    assert_eq!((&some["total"], some["items"].as_array().unwrap().len()), (&json!(14), 14));
    let listed = t.post_ok("/insights", json!({"search": "refund", "sessionFromDate": "2026-06-01"})).await;
    assert_eq!(listed["data"][0]["occurrence_count"], some["total"]);
}

#[tokio::test]
async fn personal_data_beside_a_quote_is_masked() {
    let t = two_months().await;
    let mut record = said(800, REFUND, -1);
    let text = "Hi, I am at ann@example.com. My refund has not arrived yet. Call 0151 23456789 ☎";
    record["turns"][0]["text"] = json!(text);
    record["contact"]["name"] = json!("Ann Miller");
    import(&t, vec![record]).await;
    let path = path(&t, "refund").await;
    let sessions = t.get_ok(&format!("{path}/sessions")).await;
    let quotes = sessions["items"].as_array().unwrap().iter().map(|session| &session["quote"]);
    let quote = quotes.into_iter().find(|quote| quote["message"].as_str().unwrap().contains('☎')).unwrap();
    let message = quote["message"].as_str().unwrap();
    assert!(!message.contains("ann@") && !message.contains("23456789"), "{message}");
    let chars: Vec<char> = message.chars().collect();
    let (start, end) = (quote["start"].as_u64().unwrap() as usize, quote["end"].as_u64().unwrap() as usize);
    let part: String = chars[start..end].iter().collect();
    assert!(part.contains("My refund has not arrived yet"), "{part}");
}
