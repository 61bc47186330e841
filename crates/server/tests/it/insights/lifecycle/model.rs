//! Random operations on the life of insights: after any of them every number is what its listing says.

use crate::support::app::{Answer, START, TestApp};
use crate::support::fixtures::Chance;
use refrain::db::sql;
use refrain::ids::InsightId;
use refrain::time::{Calendar, DAY, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const TOPICS: [[&str; 4]; 4] = [
    [
        "My refund has not arrived yet",
        "Where is my refund?",
        "I am still waiting for my refund",
        "When will I get my refund?",
    ],
    [
        "I forgot my password and cannot log in",
        "How do I reset my password?",
        "My password does not work",
        "Please reset my password",
    ],
    [
        "I need a copy of my invoice",
        "Please send me the invoice again",
        "Where can I download my invoice?",
        "The invoice did not come",
    ],
    [
        "The driver left my parcel in the rain",
        "My parcel was left in the rain by the driver",
        "The driver put the parcel into the rain",
        "Parcel left outside in the rain again",
    ],
];

struct Story {
    t: TestApp,
    chance: Chance,
    said: usize,
}

fn time(value: &Value) -> Timestamp {
    Timestamp::parse(value.as_str().unwrap()).unwrap()
}

impl Story {
    /// Conversations about any of the topics, as of so many days ago.
    async fn hear(&mut self, count: usize, days_ago: i64) {
        let at = self.t.app.clock.now().plus(-days_ago * DAY);
        let mut records = Vec::new();
        for _ in 0..count {
            let (topic, text) = (self.chance.below(TOPICS.len()), self.chance.below(4));
            self.said += 1;
            records.push(json!({
                "id": self.said,
                "created_at": at.to_string(),
                "contact": {"email": format!("c{}@example.com", self.chance.below(60))},
                "turns": [{"role": "contact", "text": TOPICS[topic][text]}],
            }));
        }
        self.t.import(records).await;
    }

    async fn settle(&self) {
        self.t.run_jobs().await;
        self.t.advance(2);
        self.t.run_jobs().await;
    }

    async fn insights(&self) -> Vec<Value> {
        self.t.post_ok("/insights", json!({})).await["data"].as_array().unwrap().clone()
    }

    async fn sessions(&self, id: &Value) -> Vec<Value> {
        self.t.items(&format!("/insights/{}/sessions", id.as_str().unwrap())).await
    }

    /// What brings an insight back that is archived until a count; no answer has it.
    async fn counted(&self, id: &Value) -> String {
        let id: InsightId = id.as_str().unwrap().parse().unwrap();
        let query = sql("select counted from archives where insight_id = $1").bind(id);
        self.t.app.db.fetch_one::<(String,)>(query).await.unwrap().0
    }

    /// One thing that a person or a customer does.
    async fn act(&mut self) {
        let insights = self.insights().await;
        let kind = self.chance.below(16);
        if kind < 4 || insights.is_empty() {
            let (count, days_ago) =
                (1 + self.chance.below(6), if kind == 0 { self.chance.below(90) } else { 0 });
            return self.hear(count, days_ago as i64).await;
        }
        let id = &insights[self.chance.below(insights.len())]["id"];
        let other = &insights[self.chance.below(insights.len())]["id"];
        let Some(answer) = self.decide(kind, id, other).await else { return };
        // too few contacts for a split, or nothing left to take back
        assert!(matches!(answer.status.as_u16(), 200 | 400 | 404 | 409), "{kind}: {answer:?}");
    }

    /// One thing that a person does about an insight, and another. None if there is nothing to do, or time passes.
    async fn decide(&mut self, kind: usize, id: &Value, other: &Value) -> Option<Answer> {
        let path = format!("/insights/{}", id.as_str().unwrap());
        let t = &self.t;
        let call = |method: &'static str, path: String, body: Value| async move {
            t.call_as(&t.token, method, &path, Some(body)).await
        };
        Some(match kind {
            4 => call("POST", format!("{path}/resolve"), json!({})).await,
            5 => call("POST", format!("{path}/reopen"), json!({})).await,
            6 => call("POST", format!("{path}/restore"), json!({})).await,
            7 => call("POST", format!("{path}/archive"), json!({"policy": "forever"})).await,
            8 => {
                let target = 1 + self.chance.below(6);
                let counted = if self.chance.below(2) == 0 { "sessions" } else { "contacts" };
                let body = json!({"policy": "until_count", "target": target, "counted": counted});
                call("POST", format!("{path}/archive"), body).await
            }
            9 => call("POST", format!("{path}/archive"), json!({"policy": "until_escalating"})).await,
            10 if id != other => call("POST", format!("{path}/merge"), json!({"insight_ids": [other]})).await,
            11 => {
                let sessions = self.sessions(id).await;
                let part: Vec<&Value> =
                    sessions.iter().step_by(3).map(|session| &session["session_id"]).collect();
                call("POST", format!("{path}/split"), json!({"session_ids": part})).await
            }
            12 => {
                let events = self.t.get_ok(&format!("{path}/events")).await;
                let events = events["items"].as_array().unwrap();
                let event =
                    events.iter().find(|event| event["kind"] == "merged" || event["kind"] == "split")?;
                call("POST", format!("{path}/undo"), json!({"event_id": event["id"]})).await
            }
            13 => {
                let sessions = self.sessions(other).await;
                let session = &sessions[self.chance.below(sessions.len())]["session_id"];
                let belongs = self.chance.below(2) == 0;
                let place = format!("{path}/sessions/{}", session.as_str().unwrap());
                call("PUT", place, json!({"belongs": belongs})).await
            }
            14 => {
                let sessions = self.sessions(id).await;
                let contact = &sessions[self.chance.below(sessions.len())]["contact_id"];
                let contact = contact.as_str()?;
                call("DELETE", format!("/contacts/{contact}"), json!({})).await
            }
            _ => {
                let hours = [1, 20, 60][self.chance.below(3)];
                self.t.advance(hours * 3_600);
                return None;
            }
        })
    }

    /// Every number is what its listing says.
    async fn check(&self) {
        for wrong in [
            "select count(*) from insights i where (i.archived_at is null) = exists (
                select 1 from archives a where a.org_id = i.org_id and a.insight_id = i.id)",
            "select count(*) from insights i where i.revision <> (
                select count(*) from insight_events e where e.org_id = i.org_id and e.insight_id = i.id)",
        ] {
            assert_eq!(self.t.count(wrong).await, 0, "{wrong}");
        }
        for insight in self.insights().await {
            let sessions = self.sessions(&insight["id"]).await;
            let ids: BTreeSet<&str> =
                sessions.iter().map(|session| session["session_id"].as_str().unwrap()).collect();
            assert_eq!(insight["occurrence_count"], ids.len(), "{insight:#}");
            let times: Vec<Timestamp> = sessions.iter().map(|session| time(&session["created_at"])).collect();
            assert_eq!(time(&insight["first_seen_at"]), *times.iter().min().unwrap(), "{insight:#}");
            assert_eq!(time(&insight["last_seen_at"]), *times.iter().max().unwrap(), "{insight:#}");
            if insight["archived_at"].is_null() {
                assert_eq!(
                    (&insight["archive_policy"], &insight["resurface_progress"]),
                    (&Value::Null, &Value::Null)
                );
                if let Some(resolved_at) = insight["resolved_at"].as_str() {
                    let resolved_at = Timestamp::parse(resolved_at).unwrap();
                    assert!(times.iter().all(|at| *at <= resolved_at), "seen again: {insight:#}");
                }
                continue;
            }
            self.check_archived(&insight, &sessions).await;
        }
    }

    /// What an archived insight waits for is what came since.
    async fn check_archived(&self, insight: &Value, sessions: &[Value]) {
        let today = Calendar::default().day(self.t.app.clock.now());
        let is_surge = self.t.count(&format!("select count(*) from surges where day = {today}")).await > 0;
        let archived_at = time(&insight["archived_at"]);
        let since: Vec<&Value> =
            sessions.iter().filter(|session| time(&session["created_at"]) > archived_at).collect();
        let person = |session: &&Value| match session["contact_id"].as_str() {
            Some(contact) => contact.to_owned(),
            None => session["session_id"].as_str().unwrap().to_owned(),
        };
        let progress = &insight["resurface_progress"];
        let (current, target) = (&progress["current"], &progress["target"]);
        match insight["archive_policy"].as_str().unwrap() {
            "forever" => assert_eq!(*progress, Value::Null),
            "until_count" => {
                let people: BTreeSet<String> = since.iter().map(person).collect();
                let counted = match self.counted(&insight["id"]).await.as_str() {
                    "sessions" => since.len(),
                    _ => people.len(),
                };
                assert_eq!(*current, counted, "{insight:#}");
                assert!(current.as_u64() < target.as_u64(), "{insight:#}");
            }
            _ => {
                let day = |session: &&&Value| Calendar::default().day(time(&session["created_at"]));
                let is_watched = Calendar::default().day(archived_at) < today;
                let now = since.iter().filter(|session| is_watched && day(session) == today);
                let people: BTreeSet<String> = now.map(person).collect();
                assert_eq!(*current, people.len(), "{insight:#}");
                // a day on which too many would return counts for none
                assert!(is_surge || current.as_u64() < target.as_u64(), "{insight:#}");
            }
        }
    }
}

#[tokio::test]
async fn every_number_is_what_its_listing_says() {
    let operations: usize = std::env::var("LIFE_OPERATIONS").map_or(240, |count| count.parse().unwrap());
    let t = TestApp::new().await;
    assert_eq!(t.app.clock.now().to_string(), Timestamp::parse(START).unwrap().to_string());
    let mut story = Story { t, chance: Chance(20_261_121), said: 0 };
    story.hear(120, 10).await;
    story.settle().await;
    for i in 0..operations {
        story.act().await;
        if i % 4 == 3 {
            story.settle().await;
            story.check().await;
        }
        if i % 1_000 == 999 {
            println!("{} operations", i + 1);
        }
    }
}
