//! Days of the year: what is said, what people decide, and what there is to see.

use super::nouns::{NOUNS, PROBLEMS};
use super::random::Random;
use super::returns::GROWTHS;
use super::{CONTACTS, Fate, MERGES, OUTAGE, Topic, Year, is_about, season};
use crate::support::app::TestApp;
use refrain::time::{DAY, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};

impl Year {
    pub(super) async fn new(count: usize) -> Self {
        let t = TestApp::new().await;
        let begin = Timestamp::parse("2026-06-22T00:00:00Z").unwrap();
        let mut random = Random::new(2_026);
        let texts = PROBLEMS.iter().flat_map(|problem| NOUNS.iter().map(|noun| problem.replace("{}", noun)));
        let mut texts: Vec<String> = texts.collect();
        for i in (1..texts.len()).rev() {
            texts.swap(i, random.below(i + 1));
        }
        texts.truncate(count);
        let mut topic = |(i, text): (usize, String)| {
            let rate = match i % 100 {
                0 => 8.0,
                1..=2 => 3.0,
                _ => 0.01 * 100_f64.powf(random.unit()),
            };
            let fate = match random.below(20) {
                0..=12 => Fate::UntilEscalating,
                13..=14 => Fate::UntilCount(1 + random.below(40) as u64),
                15 => Fate::Forever,
                16..=17 => Fate::Resolved,
                _ => Fate::Unresolved,
            };
            let grows = (fate == Fate::UntilEscalating && random.below(15) == 0)
                .then(|| (10 + random.below(250) as i64, GROWTHS[random.below(4)]));
            let is_out = random.below(2) == 0;
            Topic {
                text,
                rate,
                fate,
                grows,
                is_out,
                insight: String::new(),
                days: BTreeMap::new(),
                merges: None,
            }
        };
        let mut topics: Vec<Topic> = texts.into_iter().enumerate().map(&mut topic).collect();
        // those of one problem lie side by side
        topics.sort_by_key(|topic| PROBLEMS.iter().position(|problem| is_about(topic, problem)));
        let quiet =
            topics.iter_mut().filter(|topic| topic.fate == Fate::UntilEscalating && topic.grows.is_none());
        for (i, pair) in quiet.collect::<Vec<_>>().chunks_exact_mut(2).step_by(10).enumerate() {
            for topic in pair {
                topic.merges = Some(MERGES[i % MERGES.len()]);
            }
        }
        Self { t, random, topics, begin, said: 0 }
    }

    /// What is said on a day.
    pub(super) fn heard(&mut self, day: i64) -> Vec<Value> {
        let mut records = Vec::new();
        for i in 0..self.topics.len() {
            let topic = &self.topics[i];
            let grown = topic.grows.map_or(1.0, |(from, times)| if day >= from { times } else { 1.0 });
            let out = if day == OUTAGE && topic.is_out { 80.0 } else { 1.0 };
            let count = self.random.count(topic.rate * season(day) * grown * out);
            if day >= 0 && count > 0 {
                *self.topics[i].days.entry(day).or_default() += count;
            }
            records.extend((0..count).map(|_| self.record(i, day)).collect::<Vec<_>>());
        }
        records
    }

    pub(super) fn record(&mut self, topic: usize, day: i64) -> Value {
        self.said += 1;
        // once the year has begun, after what is archived at one in the night
        let at = self.begin.plus(day * DAY + 3_600_000_000 + self.random.below(70_000) as i64 * 1_000_000);
        json!({
            "id": self.said,
            "created_at": at.to_string(),
            "channel": (["web", "email"][self.random.below(2)]),
            "contact": {"email": format!("c{}@example.com", self.random.below(CONTACTS))},
            "turns": [{"role": "contact", "text": self.topics[topic].text}],
        })
    }

    /// Moves the clock to so many seconds after a day began, and does what is due.
    pub(super) async fn until(&self, day: i64, second: i64) {
        let at = self.begin.plus(day * DAY + second * 1_000_000);
        let now = self.t.app.clock.now();
        assert!(now <= at, "the jobs took more than a day: {now} {at}");
        self.t.advance((at.micros() - now.micros()) / 1_000_000);
        self.t.run_jobs().await;
    }

    pub(super) async fn import(&self, records: Vec<Value>) {
        for records in records.chunks(2_000) {
            self.t.import(records.to_vec()).await;
        }
    }

    /// Every insight of the list.
    pub(super) async fn insights(&self) -> Vec<Value> {
        let mut insights = Vec::new();
        for page in 1.. {
            let found = self.t.post_ok("/insights", json!({"page": page})).await["data"].take();
            let found = found.as_array().unwrap();
            if found.is_empty() {
                break;
            }
            insights.extend(found.clone());
        }
        insights
    }

    pub(super) async fn sessions(&self, insight: &Value) -> Vec<Value> {
        self.t.items(&format!("/insights/{}/sessions", insight["id"].as_str().unwrap())).await
    }

    /// Makes what is said of each topic an insight of its own, as people would who want to be exact.
    pub(super) async fn part(&mut self) {
        let mut topics: HashMap<String, usize> =
            self.topics.iter().enumerate().map(|(i, topic)| (topic.text.clone(), i)).collect();
        for insight in self.insights().await {
            let id = insight["id"].as_str().unwrap();
            let mut texts: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
            for mut session in self.sessions(&insight).await {
                let text = session["quote"]["text"].as_str().unwrap();
                texts.entry(topics[text]).or_default().push(session["session_id"].take());
            }
            for (i, (topic, sessions)) in texts.into_iter().enumerate() {
                topics.remove(&self.topics[topic].text);
                self.topics[topic].insight = if i == 0 {
                    id.to_owned()
                } else {
                    let split = json!({"session_ids": sessions, "content": self.topics[topic].text});
                    let split = self.t.post_ok(&format!("/insights/{id}/split"), split).await;
                    split["id"].as_str().unwrap().to_owned()
                };
            }
        }
        assert!(topics.is_empty(), "without an insight: {topics:?}");
    }

    /// Decides about every insight, as the first day begins.
    pub(super) async fn decide(&self) {
        let decide = async |fate: fn(&Fate) -> bool, mut body: Value| {
            let chosen = self.topics.iter().filter(|topic| fate(&topic.fate));
            let ids: Vec<&str> = chosen.map(|topic| topic.insight.as_str()).collect();
            for ids in ids.chunks(1_000) {
                body["insight_ids"] = json!(ids);
                let done = self.t.post_ok("/insights/bulk", body.clone()).await;
                assert_eq!(done["changed"], ids.len(), "{done:#}");
            }
        };
        let archive = |policy: &str| json!({"decision": "archive", "archive": {"policy": policy}});
        decide(|fate| *fate == Fate::UntilEscalating, archive("until_escalating")).await;
        decide(|fate| *fate == Fate::Forever, archive("forever")).await;
        decide(|fate| *fate == Fate::Resolved, json!({"decision": "resolve"})).await;
        for topic in &self.topics {
            if let Fate::UntilCount(target) = topic.fate {
                let path = format!("/insights/{}/archive", topic.insight);
                self.t.post_ok(&path, json!({"policy": "until_count", "target": target})).await;
            }
        }
    }

    /// Old conversations come that nobody had imported: from half a year to a week before anything was archived.
    pub(super) async fn import_history(&mut self) -> (usize, usize) {
        let before = self.progress().await;
        let mut records = Vec::new();
        for day in -180..-7 {
            for topic in 0..self.topics.len() {
                let count = self.random.count(self.topics[topic].rate * season(day) * 0.5);
                records.extend((0..count).map(|_| self.record(topic, day)).collect::<Vec<_>>());
            }
        }
        let count = records.len();
        self.import(records).await;
        self.t.run_jobs().await;
        let after = self.progress().await;
        let changed = before.iter().filter(|(id, progress)| after.get(*id) != Some(progress)).count();
        (count, changed)
    }

    /// How near each archived insight is to coming back.
    pub(super) async fn progress(&self) -> BTreeMap<String, Value> {
        let archived = self.insights().await.into_iter().filter(|insight| !insight["archived_at"].is_null());
        archived
            .map(|mut insight| {
                (insight["id"].as_str().unwrap().to_owned(), insight["resurface_progress"].take())
            })
            .collect()
    }

    /// Merges the pairs that are to be merged on a day, as far as both are still archived.
    pub(super) async fn merge(&self, day: i64) -> usize {
        let watched: HashSet<String> = self.progress().await.into_keys().collect();
        let meant: Vec<&Topic> = self.topics.iter().filter(|topic| topic.merges == Some(day)).collect();
        let mut merged = 0;
        for pair in meant.chunks_exact(2) {
            let [a, b] = [&pair[0].insight, &pair[1].insight];
            if watched.contains(a) && watched.contains(b) {
                let merge = json!({"insight_ids": [b]});
                self.t.post_ok(&format!("/insights/{a}/merge"), merge).await;
                merged += 1;
            }
        }
        merged
    }

    pub(super) fn day_of(&self, event: &Value) -> i64 {
        let at = Timestamp::parse(event["at"].as_str().unwrap()).unwrap();
        (at.micros() - self.begin.micros()).div_euclid(DAY)
    }

    /// The day on which something happened first to the insight of a topic.
    pub(super) async fn first(&self, topic: &Topic, kind: &str) -> Option<i64> {
        let events = self.t.items(&format!("/insights/{}/events", topic.insight)).await;
        events.iter().rev().find(|event| event["kind"] == kind).map(|event| self.day_of(event))
    }
}
