//! `GET /exports` and `refrain export`.

use crate::support::app::TestApp;
use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use refrain::db::sql;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};

mod conversations;
mod files;
mod tables;

const TOPICS: [[&str; 6]; 4] = [
    [
        "Where is my refund? I have been waiting for it for two weeks",
        "Wo bleibt meine Rückerstattung? Ich warte seit zwei Wochen darauf",
        "¿Dónde está mi reembolso? Llevo dos semanas esperando",
        "Où est mon remboursement ? J'attends depuis deux semaines",
        "أين استرداد أموالي؟ أنتظر منذ أسبوعين",
        "返金はどこですか？2週間待っています",
    ],
    [
        "My card was declined at the shop",
        "Meine Karte wurde im Geschäft abgelehnt",
        "Mi tarjeta fue rechazada en la tienda",
        "Ma carte a été refusée au magasin",
        "הכרטיס שלי נדחה בחנות",
        "お店でカードが拒否されました",
    ],
    [
        "I can't log in, the password reset mail never arrives",
        "Ich kann mich nicht anmelden, die Mail zum Zurücksetzen kommt nie an",
        "No puedo iniciar sesión, el correo para restablecer la contraseña no llega",
        "Je n'arrive pas à me connecter, le mail de réinitialisation n'arrive jamais",
        "لا أستطيع تسجيل الدخول ولا تصل رسالة إعادة تعيين كلمة المرور",
        "ログインできません。パスワード再設定メールが届きません",
    ],
    [
        "Please cancel my order, I ordered the wrong size",
        "Bitte stornieren Sie meine Bestellung, ich habe die falsche Größe bestellt",
        "Por favor cancelen mi pedido, pedí la talla equivocada",
        "Merci d'annuler ma commande, j'ai pris la mauvaise taille",
        "من فضلك ألغ طلبي، طلبت المقاس الخطأ",
        "注文をキャンセルしてください。サイズを間違えました",
    ],
];

const AWKWARD: [&str; 9] = [
    "=HYPERLINK(\"http://example.com\",\"look\")",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "two\nlines, a \"quote\",\r\nand a tab\t",
    "👩‍👩‍👧 🙏🏽 thanks!!",
    "",
    "   ",
    "-1",
    "\u{202e}reversed\u{202c} and \u{200f}שלום",
    "{\"json\": [1, null]} \\ \u{2028} end",
];

fn record(i: usize) -> Value {
    let text = TOPICS[i % 4][(i / 4) % 6];
    let channel = ["chat", "email", "phone", "whatsapp", "telegram", "api"][i % 6];
    let status = ["closed_resolved", "open", "closed_unresolved"][i % 3];
    let mut record = json!({
        "id": format!("r{i}"), "created_at": format!("2026-0{}-{:02}T08:{:02}:00.123456Z", 1 + i % 5, 1 + i % 28, i % 60),
        "channel": channel, "status": status,
        "turns": [
            {"role": "contact", "text": text, "id": format!("m{i}"), "name": "Ada \"the\" Lovelace"},
            {"role": "ai", "text": AWKWARD[i % AWKWARD.len()], "created_at": "2026-06-02T14:03:11Z"},
            {"role": "contact", "text": AWKWARD[(i + 4) % AWKWARD.len()]},
        ],
    });
    match i % 4 {
        0 => {}
        1 => {
            record["contact"] = json!({"email": format!("c{}@example.com", i % 30), "name": "Zoë = Müller", "custom_data": {"plan": "pro", "": "empty key"}});
        }
        2 => record["contact"] = json!({"phone_number": format!("+49 30 {}", i % 20), "custom_data": {}}),
        _ => {
            record["contact"] = json!({"name": "Nobody", "non_verified": {"email": format!("n{}@example.com", i % 15), "name": "n", "custom_data": {"k": "v"}}});
        }
    }
    if i.is_multiple_of(5) {
        record["custom_data"] =
            json!({"order": i, "rate": 0.1, "vip": true, "note": "=1+1\n\"x\"", "ünï": "☃"});
        record["tags"] = json!(["b", "=tag", "Ä", "a b"]);
        record["team"] = json!("Billing, \"first\"");
        record["assignee_id"] = json!("12");
        record["ai_closure_type"] = json!("handed_off");
        record["handoff"] = json!({"summary": "Wants a person\nnow"});
    }
    if i.is_multiple_of(7) {
        record["language"] = json!("pt-BR");
        record["assist_mode"] = json!(true);
        record["brand"] = json!("Acme");
        record["handoff"] = json!({"summary": "", "sentiment": "angry"});
        record["ticketing_system"] =
            json!({"name": "intercom", "external_id": "77", "id_type": "conversation_id"});
    }
    if i % 50 == 49 {
        record["turns"] = json!([]);
    }
    record
}

/// Sessions over the API, with everything that can happen to one.
async fn live_sessions(t: &TestApp) {
    let team = t.post_ok("/teams", json!({"name": "Returns", "description": "x"})).await;
    for i in 0..8 {
        let contact = json!({"name": "Claim", "custom_data": {"plan": "free"}});
        let created = t
            .post_ok(
                "/chat/sessions",
                json!({"contact": contact, "tags": ["new"], "channel": {"type": "web"}}),
            )
            .await;
        let path = format!("/chat/sessions/{}", created["id"].as_str().unwrap());
        let said = json!({"type": "text", "text": TOPICS[i % 4][0], "attachments": [
            {"name": "a \"b\".txt", "base64": "aGVsbG8=", "mime_type": "text/plain"}, {"url": "https://example.com/x?y=1&z=2"},
        ]});
        t.post_ok(&format!("{path}/send"), json!({"sender": "contact", "message": said, "contact": {"email": "claim@example.com", "avatar_url": "https://example.com/a.png"}})).await;
        t.advance(1);
        t.patch_ok(
            &path,
            json!({"team_id": team["id"], "handoff": {"summary": "first"}, "custom_data": {"a": 1}}),
        )
        .await;
        let agent = json!({"sender": "agent", "agent": {"id": 7, "name": "Ben"}, "should_take_over_session_from_ai": true, "message": {"type": "text", "text": "I look into it"}});
        t.post_ok(&format!("{path}/send"), agent).await;
        t.patch_ok(
            &path,
            json!({"tags": ["x"], "handoff": {"summary": "second", "sentiment": "happy"}, "language": "en"}),
        )
        .await;
        let closed = json!({"status": "closed_resolved", "generate_summary_and_sentiment_on_resolve": true, "session_closed_payload": {"by": "it"}});
        t.patch_ok(&path, closed).await;
        if i % 2 == 0 {
            t.patch_ok(&path, json!({"status": "open", "team_id": null})).await;
        }
    }
}

async fn whole(body: Body) -> Bytes {
    body.collect().await.unwrap().to_bytes()
}

async fn export(t: &TestApp, query: &str) -> Bytes {
    let response = t.open(&t.token, &format!("/exports?{query}")).await;
    assert_eq!(response.status(), 200);
    whole(response.into_body()).await
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    BufReader::new(bytes).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

async fn grouping_hash(t: &TestApp) -> String {
    let query = sql("select grouping_hash from orgs where id = $1").bind(t.org_id);
    t.app.db.fetch_one::<(Option<String>,)>(query).await.unwrap().0.unwrap()
}

async fn insights(t: &TestApp) -> Vec<(String, i64)> {
    let page = t.post_ok("/insights", json!({"status": "all"})).await;
    let insight = |insight: &Value| {
        (insight["content"].as_str().unwrap().to_owned(), insight["occurrence_count"].as_i64().unwrap())
    };
    let mut insights: Vec<_> = page["data"].as_array().unwrap().iter().map(insight).collect();
    insights.sort();
    insights
}

/// Enough that an export does not fit into what is sent ahead.
fn bulky(i: usize) -> Value {
    let text = format!("{i} {}", "where is my parcel? ".repeat(400));
    json!({"id": i, "turns": [{"role": "contact", "text": text}]})
}
