//! Erasing contacts, sessions and what is old: nothing of them is anywhere, and every count follows.

mod everywhere;
mod masked;
mod receipts;
mod redacted;
mod retention;

use crate::support::app::{TestApp, TestDatabase, unlimited};
use crate::support::fixtures::{REFUND, records};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use refrain::config::{Config, WebhooksConfig};
use serde_json::{Value, json};
use std::path::PathBuf;

/// What is planted about one person: details, claims, custom data, words, files.
const PLANTED: [&str; 31] = [
    "Zebulon",
    "Quirkington",
    "zebulon.q@planted-mail.example",
    "171 5559911",
    "goldplanted-plan-77",
    "planted-city-plovdiv",
    "Nomdeplume",
    "nomdeplume@planted-claim.example",
    "claimedplanted-data",
    "sessionplanted-one",
    "sessionplanted-two",
    "sessionplanted-three",
    "tagplanted-vip",
    "externalplanted-4711",
    "avatarplanted.example",
    "xanthippewort",
    "quixotrumpet",
    "marmaladezeppelin",
    "zanzibarlamp does not work",
    "work at nightfallplanted",
    "agentplanted answers",
    "handoffplanted summary",
    "payloadplanted",
    "fileplanted-name",
    "fileplanted-content",
    "linkplanted.example",
    "voucherplanted",
    "pelargoniumplanted",
    "wisteriaplanted",
    "closingplanted",
    "zebulonclaimedtwice",
];

/// A person with twenty sessions among those of others, an insight of its own among others', and a webhook that is
/// not told yet.
struct Person {
    t: TestApp,
    contact: String,
    sessions: Vec<String>,
    files: Vec<String>,
    /// Where SQLite has its files, if that is what is tested.
    folder: Option<PathBuf>,
}

impl Person {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let folder = database.url.is_none().then(|| database.folder.path().to_owned());
        let webhooks = WebhooksConfig { private: true, timeout_seconds: 1 };
        let t = TestApp::on(database, Config { webhooks, ..unlimited() }).await;
        t.patch_ok("/settings", json!({"contacts_min": 1})).await;
        t.import(records(&REFUND, 0)).await;
        let details = json!({
            "name": "Zebulon Quirkington", "email": "zebulon.q@planted-mail.example", "phone": "+49 171 5559911",
            "custom_data": {"plan": "goldplanted-plan-77", "city": "planted-city-plovdiv"},
        });
        let made = t.post_ok("/contacts", json!({"contact": details})).await;
        let contact = made["id"].as_str().unwrap().to_owned();
        let mut person = Self { t, contact, sessions: Vec::new(), files: Vec::new(), folder };
        for number in 0..20 {
            person.talk(number).await;
            person.t.advance(60);
        }
        person.t.run_jobs().await;
        person
    }

    /// A session with something planted in everything that a session has.
    async fn talk(&mut self, number: usize) {
        let t = &self.t;
        let session = json!({
            "contact_id": self.contact,
            "custom_data": {"a": "sessionplanted-one", "b": format!("sessionplanted-two {number}"), "n": 7},
            "tags": ["tagplanted-vip"],
            "ticketing_system": {
                "name": "zendesk", "external_id": format!("externalplanted-4711-{number}"), "id_type": "ticket_id"
            },
        });
        let path =
            format!("/chat/sessions/{}", t.post_ok("/chat/sessions", session).await["id"].as_str().unwrap());
        let words =
            ["xanthippewort", "quixotrumpet", "marmaladezeppelin", "voucherplanted", "pelargoniumplanted"];
        let texts = [
            format!("My zanzibarlamp does not work at nightfallplanted since day {number}"),
            format!("My refund has not arrived yet, says {}", words[number % words.len()]),
            "Zebulon Quirkington here, call 0171 5559911 or zebulon.q@planted-mail.example".to_owned(),
            format!("wisteriaplanted, my refund {number}"),
        ];
        for text in texts {
            let sent = json!({
                "sender": "contact",
                "message": {"type": "text", "text": text, "attachments": [
                    {"name": "fileplanted-name.txt", "base64": STANDARD.encode("fileplanted-content")},
                    {"name": "link", "url": "https://linkplanted.example/x"},
                ]},
                "contact": {
                    "name": if number == 0 { "zebulonclaimedtwice" } else { "Zebbie Nomdeplume" },
                    "email": "nomdeplume@planted-claim.example",
                    "avatar_url": "https://avatarplanted.example/me.png",
                    "custom_data": {"said": "claimedplanted-data"},
                },
                "custom_data": {"c": "sessionplanted-three"},
            });
            t.post_ok(&format!("{path}/send"), sent).await;
        }
        let answer = json!({
            "sender": "agent",
            "message": {"type": "text", "text": "Dear Mr Quirkington, agentplanted answers that it is on its way to you"},
            "agent": {"id": 3, "name": "Ann"},
        });
        t.post_ok(&format!("{path}/send"), answer).await;
        t.patch_ok(&path, json!({"handoff": {"summary": "handoffplanted summary of Quirkington"}})).await;
        let closing = json!({
            "status": "closed_resolved",
            "session_closed_payload": {"note": "payloadplanted", "deep": [{"x": "closingplanted"}]},
            "generate_summary_and_sentiment_on_resolve": true,
        });
        t.patch_ok(&path, closing).await;
        for entry in t.items(&format!("{path}/history")).await {
            let attached = entry["event"]["attachments"].as_array().cloned().unwrap_or_default();
            self.files.extend(attached.iter().map(|file| file["id"].as_str().unwrap().to_owned()));
        }
        self.sessions.push(path);
    }

    async fn delete(&self, query: &str) -> String {
        let path = format!("/contacts/{}{query}", self.contact);
        let answer = self.t.call_as(&self.t.token, "DELETE", &path, None).await;
        assert_eq!((answer.status, &answer.body), (StatusCode::OK, &Value::Null), "the contract's answer");
        answer.headers["x-erasure-id"].to_str().unwrap().to_owned()
    }

    /// Every bit that every read operation answers, and every export.
    async fn everything(&self) -> String {
        let t = &self.t;
        let mut all = String::new();
        let insights = t.post_ok("/insights", json!({"status": "all"})).await;
        let insights: Vec<String> = insights["data"].as_array().unwrap().iter().map(id).collect();
        all += &read_all(t, "/insights", &insights).await;
        let document = refrain::http::document();
        for (path, described) in document["paths"].as_object().unwrap() {
            // changes are told as ids, for minutes
            if described.get("get").is_none() || path == "/metrics" || path == "/changes" {
                continue;
            }
            let (before, behind) = path.split_once('{').unwrap_or((path, "}"));
            let behind = behind.split_once('}').unwrap().1;
            let ids = match before {
                "/insights/" => insights.clone(),
                "/chat/sessions/" => {
                    self.sessions.iter().map(|path| path.rsplit('/').next().unwrap().into()).collect()
                }
                "/attachments/" => self.files.clone(),
                "/webhooks/" => {
                    t.get_ok("/webhooks").await.as_array().into_iter().flatten().map(id).collect()
                }
                "/audits/" => t.get_ok("/audits").await.as_array().into_iter().flatten().map(id).collect(),
                "/erasures/" => t.items("/erasures").await.iter().map(id).collect(),
                "/imports/" => t.items("/imports").await.iter().map(id).collect(),
                "/exports" => {
                    ["conversations", "insights", "occurrences"].map(|what| format!("?what={what}")).into()
                }
                "/chat/sessions/search" => {
                    PLANTED.iter().map(|planted| format!("?q={}", planted.replace(' ', "%20"))).collect()
                }
                _ if !path.contains('{') => vec![String::new()],
                _ => panic!("which ids has {path}?"),
            };
            for id in ids {
                all += &pages(t, &format!("{before}{id}{behind}")).await;
            }
        }
        all
    }

    /// The planted values that are somewhere in a text.
    fn planted_in(text: &str) -> Vec<&'static str> {
        let text = text.to_lowercase();
        PLANTED.into_iter().filter(|planted| text.contains(&planted.to_lowercase())).collect()
    }

    /// Every count equals its listing.
    async fn check_counts(&self) {
        let listed = self.t.post_ok("/insights", json!({"status": "all"})).await;
        for insight in listed["data"].as_array().unwrap() {
            let sessions = self.t.items(&format!("/insights/{}/sessions", id(insight))).await;
            assert_eq!(insight["occurrence_count"], json!(sessions.len()), "{insight}");
        }
        let off = "select count(*) from insights i where i.occurrence_count <> (
            select count(*) from occurrences o where o.org_id = i.org_id and o.insight_id = i.id)";
        assert_eq!(self.t.count(off).await, 0);
    }
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

/// Every page that a path answers, whatever the status.
async fn pages(t: &TestApp, path: &str) -> String {
    let (mut all, mut page) = (String::new(), path.to_owned());
    for _ in 0..100 {
        let answer = t.get(&page).await;
        all += &format!("{} {}\n", answer.status, answer.body);
        match answer.body["next"].as_str() {
            Some(next) => page = format!("{path}?cursor={next}"),
            None => return all,
        }
    }
    panic!("{path} never ends");
}

/// What the lists answer that are asked for by a body.
async fn read_all(t: &TestApp, path: &str, ids: &[String]) -> String {
    let mut all = t.post_ok(path, json!({"status": "all"})).await.to_string();
    all += &t.post("/insights/trends", json!({"insight_ids": ids})).await.body.to_string();
    all += &t.post("/chat/sessions/filter", json!({"filters": {}})).await.body.to_string();
    for id in ids {
        all += &t.post(&format!("{path}/{id}/sessions"), json!({"filter": {}})).await.body.to_string();
    }
    all
}
