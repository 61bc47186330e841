//! Whole answers that a dashboard reads, with ids and times left out.

use super::two_months::{path, two_months};
use serde_json::{Value, json};

/// Writes an answer with `<id>` and `<time>` for what is made by chance or as of now.
fn shown(answer: &Value) -> String {
    let mut answer = answer.clone();
    redact(&mut answer);
    serde_json::to_string_pretty(&answer).unwrap()
}

fn redact(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Object(members) => members.values_mut().for_each(redact),
        Value::String(text) if text.parse::<uuid::Uuid>().is_ok() => *value = json!("<id>"),
        Value::String(text) if text.ends_with('Z') && refrain::time::Timestamp::parse(text).is_ok() => {
            *value = json!("<time>");
        }
        _ => {}
    }
}

#[tokio::test]
async fn an_insight_of_the_list_is_shown_whole() {
    let t = two_months().await;
    let list = t.post_ok("/insights", json!({"search": "refund"})).await;
    insta::assert_snapshot!(shown(&list), @r#"
    {
      "data": [
        {
          "archive_policy": null,
          "archived_at": null,
          "archived_by": null,
          "category": {
            "description": "Refund has not arrived, money back, return or exchange an item, compensation, chargeback",
            "id": "<id>",
            "name": "Refunds and returns"
          },
          "content": "When will I get my refund?",
          "created_at": "<time>",
          "deep_research": null,
          "deep_research_completed_at": null,
          "first_seen_at": "<time>",
          "id": "<id>",
          "insight_number": 1,
          "last_seen_at": "<time>",
          "occurrence_count": 59,
          "resolved_at": null,
          "resolved_by": null,
          "resurface_progress": null,
          "sentiment": "neutral",
          "team": null,
          "updated_at": "<time>"
        }
      ],
      "page": 1,
      "total": 1,
      "totalPages": 1
    }
    "#);
}

#[tokio::test]
async fn an_archived_insight_is_shown_whole() {
    let t = two_months().await;
    let path = path(&t, "invoice").await;
    let archive = json!({"policy": "until_count", "target": 5, "reason": "A known delay"});
    t.post_ok(&format!("{path}/archive"), archive).await;
    insta::assert_snapshot!(shown(&t.get_ok(&path).await), @r#"
    {
      "archive_policy": "until_count",
      "archived_at": "<time>",
      "archived_by": {
        "avatar_url": null,
        "name": null,
        "reason": "A known delay"
      },
      "category": {
        "description": "Pay a bill, payment failed or was declined, charged twice, wrong charge or fee, invoice, automatic payment, payment method",
        "id": "<id>",
        "name": "Billing and payments"
      },
      "content": "Send me the invoice again",
      "created_at": "<time>",
      "deep_research": null,
      "deep_research_completed_at": null,
      "first_seen_at": "<time>",
      "id": "<id>",
      "insight_number": 2,
      "last_seen_at": "<time>",
      "occurrence_count": 59,
      "resolved_at": null,
      "resolved_by": null,
      "resurface_progress": {
        "current": 0,
        "target": 5
      },
      "sentiment": "neutral",
      "team": null,
      "updated_at": "<time>"
    }
    "#);
}

#[tokio::test]
async fn the_history_of_an_insight_is_shown_whole() {
    let t = two_months().await;
    let path = path(&t, "refund").await;
    t.patch_ok(&path, json!({"content": "Refunds are late"})).await;
    t.post_ok(&format!("{path}/resolve"), json!({})).await;
    insta::assert_snapshot!(shown(&t.get_ok(&format!("{path}/events")).await), @r#"
    {
      "items": [
        {
          "at": "<time>",
          "by": null,
          "detail": null,
          "id": "<id>",
          "kind": "resolved",
          "operation_id": "<id>"
        },
        {
          "at": "<time>",
          "by": null,
          "detail": {
            "after": {
              "category_id": "<id>",
              "content": "Refunds are late",
              "team_id": null
            },
            "before": {
              "category_id": "<id>",
              "content": "When will I get my refund?",
              "team_id": null
            }
          },
          "id": "<id>",
          "kind": "edited",
          "operation_id": "<id>"
        },
        {
          "at": "<time>",
          "by": null,
          "detail": null,
          "id": "<id>",
          "kind": "created",
          "operation_id": null
        }
      ],
      "next": null
    }
    "#);
}

#[tokio::test]
async fn the_overview_is_shown_whole() {
    let t = two_months().await;
    insta::assert_snapshot!(shown(&t.get_ok("/overview").await), @r#"
    {
      "archived": 0,
      "as_of": "<time>",
      "back": [],
      "fallers": [],
      "new": [],
      "regressed": [],
      "resolved": 0,
      "risers": [],
      "silent_sources": [],
      "surges": [],
      "time_zone": "UTC",
      "unresolved": 2
    }
    "#);
}

#[tokio::test]
async fn themes_are_shown_whole() {
    let t = two_months().await;
    insta::assert_snapshot!(shown(&t.get_ok("/insights/themes").await), @r#"
    [
      {
        "id": "<id>",
        "insight_count": 1,
        "insights": [
          {
            "content": "When will I get my refund?",
            "id": "<id>",
            "insight_number": 1,
            "occurrence_count": 59
          }
        ],
        "name": "Refund has not arrived yet",
        "session_count": 59
      },
      {
        "id": "<id>",
        "insight_count": 1,
        "insights": [
          {
            "content": "Send me the invoice again",
            "id": "<id>",
            "insight_number": 2,
            "occurrence_count": 59
          }
        ],
        "name": "Invoice did not come",
        "session_count": 59
      }
    ]
    "#);
}
