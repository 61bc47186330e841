//! The change log misses nothing: whatever moves of an insight has an entry.

use super::find;
use crate::support::app::TestApp;
use crate::support::fixtures::{PASSWORD, REFUND, records};
use refrain::db::sql;
use refrain::ids::InsightId;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The columns of an insight that anybody but the grouping can see.
#[derive(Debug, PartialEq, refrain::db::Record)]
struct Shown {
    id: InsightId,
    content: String,
    sentiment: String,
    occurrence_count: i64,
    first_seen_at: i64,
    last_seen_at: i64,
    theme_id: Option<uuid::Uuid>,
    category_id: Option<uuid::Uuid>,
    team_id: Option<uuid::Uuid>,
    revision: i64,
    resolved_at: Option<i64>,
    archived_at: Option<i64>,
    archive_policy: Option<String>,
    archive_reason: Option<String>,
    resurface_current: Option<i64>,
    resurface_target: Option<i64>,
    retired_at: Option<i64>,
}

/// The insights as they were seen last, and the place in the change log up to which that is known.
struct Follower {
    seen: BTreeMap<InsightId, Shown>,
    seq: i64,
}

impl Follower {
    async fn new(t: &TestApp) -> Self {
        Self { seen: shown(t).await, seq: seq(t).await }
    }

    /// Follows what happened since, and fails on an insight that moved without an entry.
    async fn follow(&mut self, t: &TestApp, what: &str) {
        let query = sql("select distinct subject_id from changes where kind = 'insight' and seq > $1");
        let logged: Vec<(InsightId,)> = t.app.db.fetch_all(query.bind(self.seq)).await.unwrap();
        let logged: BTreeSet<InsightId> = logged.into_iter().map(|(id,)| id).collect();
        let now = shown(t).await;
        let moved = now.iter().filter(|(id, row)| self.seen.get(id) != Some(row));
        let moved: Vec<(&InsightId, &Shown)> = moved.collect();
        assert!(!moved.is_empty(), "nothing moved by: {what}");
        for (id, row) in moved {
            assert!(logged.contains(id), "{what}: {row:?} was {:?}", self.seen.get(id));
        }
        (self.seen, self.seq) = (now, seq(t).await);
    }
}

async fn shown(t: &TestApp) -> BTreeMap<InsightId, Shown> {
    let query = sql("
        select id, content, sentiment, occurrence_count, first_seen_at, last_seen_at, theme_id, category_id,
            team_id, revision, resolved_at, archived_at, archive_policy, archive_reason, resurface_current,
            resurface_target, retired_at
        from insights
    ");
    let rows: Vec<Shown> = t.app.db.fetch_all(query).await.unwrap();
    rows.into_iter().map(|row| (row.id, row)).collect()
}

async fn seq(t: &TestApp) -> i64 {
    t.count("select coalesce(max(seq), 0) from changes").await
}

#[tokio::test]
async fn whatever_moves_of_an_insight_is_in_the_change_log() {
    let t = TestApp::new().await;
    let mut follower = Follower::new(&t).await;
    t.import([records(&REFUND, 0), records(&PASSWORD, 100)].concat()).await;
    t.run_jobs().await;
    follower.follow(&t, "the first grouping, with themes and categories").await;
    for category in t.get_ok("/categories").await.as_array().unwrap() {
        let path = format!("/categories/{}", category["id"].as_str().unwrap());
        t.call_as(&t.token, "DELETE", &path, None).await.ok();
    }
    assert_eq!(t.count("select count(*) from insights where category_id is not null").await, 0);
    follower.follow(&t, "the end of every category").await;
    let listed = super::insights(&t).await;
    let (refund, password) = (find(&listed, "refund").clone(), find(&listed, "password").clone());
    let path = |insight: &Value| format!("/insights/{}", insight["id"].as_str().unwrap());
    t.patch_ok(&path(&refund), json!({"content": "Money is late"})).await;
    follower.follow(&t, "an edit").await;
    t.post_ok(&format!("{}/resolve", path(&refund)), json!({})).await;
    follower.follow(&t, "a resolution").await;
    t.post_ok(&format!("{}/archive", path(&password)), json!({"policy": "until_count", "target": 50})).await;
    follower.follow(&t, "an archiving").await;
    t.advance(60);
    for text in [REFUND[0], PASSWORD[0]] {
        t.session_saying(text).await;
    }
    t.run_jobs().await;
    follower.follow(&t, "a regression, and progress of what is archived").await;
    let merge = json!({"insight_ids": [password["id"]]});
    t.post_ok(&format!("{}/merge", path(&refund)), merge).await;
    follower.follow(&t, "a merge").await;
    let events = t.items(&format!("{}/events", path(&refund))).await;
    let merged = events.iter().find(|event| event["kind"] == "merged").unwrap();
    t.post_ok(&format!("{}/undo", path(&refund)), json!({"event_id": merged["id"]})).await;
    follower.follow(&t, "a merge taken back").await;
    t.run_jobs().await;
    t.advance(60);
    t.import(records(&["The parcel is broken", "My parcel came broken", "A broken parcel"], 200)).await;
    t.run_jobs().await;
    follower.follow(&t, "a grouping that finds another").await;
}
