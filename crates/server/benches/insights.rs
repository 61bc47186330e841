//! `POST /insights` and the numbers of a slice on 100,000 sessions, one filter at a time: the 50th and the 95th
//! percentile of the answer's time through the router, on SQLite, and on PostgreSQL where `TEST_DATABASE_URL` names a server.
//! `REFRAIN_BENCH_SCALE` multiplies sessions and contacts.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that fails to set up fails, and prints what it saw"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the numbers of a bench are small and not negative"
)]

#[path = "../tests/it/support/app.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod app;

use app::{TestApp, TestDatabase, unlimited};
use refrain::db::{Value as Bound, sql};
use refrain::ids::{ContactId, InsightId, MessageId, OrgId, SessionId, StatementId};
use refrain::time::{DAY, Timestamp};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The sessions, before they are scaled, and as many as are inserted together.
const SESSIONS: usize = 100_000;
const INSIGHTS: usize = 2_000;
/// The contacts, before they are scaled.
const CONTACTS: usize = 30_000;
const REPETITIONS: usize = 40;
const POSTGRESQL: &str = "PostgreSQL";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        bench("SQLite", TestDatabase::sqlite()).await;
        if std::env::var_os("REFRAIN_BENCH_KEEP").is_some() {
            return;
        }
        match std::env::var("TEST_DATABASE_URL") {
            Ok(server) => bench(POSTGRESQL, TestDatabase::postgres(&server).await).await,
            Err(_) => println!("PostgreSQL: not measured, TEST_DATABASE_URL names no server"),
        }
    });
}

fn scale() -> usize {
    std::env::var("REFRAIN_BENCH_SCALE").ok().and_then(|scale| scale.parse().ok()).unwrap_or(1)
}

async fn bench(name: &str, database: TestDatabase) {
    let folder = database.folder.path().to_owned();
    let t = TestApp::on(database, unlimited()).await;
    fill(&t).await;
    // what either database does by itself in time; PostgreSQL not within a transaction
    if name == POSTGRESQL {
        t.app.db.fetch_all::<(i64,)>(sql("vacuum analyze")).await.unwrap();
    } else {
        t.execute(sql("analyze")).await;
    }
    // a data folder to serve: what the dashboard is measured on
    if let Ok(kept) = std::env::var("REFRAIN_BENCH_KEEP") {
        t.app.db.close().await;
        std::fs::copy(folder.join("refrain.db"), format!("{kept}/refrain.db")).unwrap();
        return;
    }
    let contact = t.get_ok("/contacts").await["items"][0]["id"].clone();
    let category = t.get_ok("/categories").await[0]["name"].clone();
    let sessions = SESSIONS * scale();
    println!("\n{name}: {sessions} sessions, {INSIGHTS} insights, {REPETITIONS} answers a body");
    println!(
        "{:<24} {:<76} {:>9} {:>9} {:>9} {:>9}",
        "call", "body", "counted", "p50 ms", "p95 ms", "wanted"
    );
    let mut all = Vec::new();
    for body in filters(&contact, &category) {
        all.extend(measure(&t, "/insights", &body).await);
    }
    print(&mut all, "/insights", "all", &Value::Null);
    for (path, other) in [
        ("/insights/rows", json!({})),
        ("/insights/facets", json!({"by": ["channel", "language", "sentiment", "session_status"]})),
        ("/overview/series", json!({})),
    ] {
        let mut all = Vec::new();
        for body in filters(&contact, &category) {
            if let Some(filter) = listed(&body) {
                let mut body = other.clone();
                body["filter"] = filter;
                all.extend(measure(&t, path, &body).await);
            }
        }
        print(&mut all, path, "all", &Value::Null);
    }
    let largest = t.post_ok("/insights", json!({})).await["data"][0]["id"].as_str().unwrap().to_owned();
    for (path, body) in calls(&largest) {
        measure(&t, &path.replace("{id}", &largest), &body).await;
    }
}

/// What pages ask for beside lists with one filter; without a body it is a GET.
fn calls(largest: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("/insights/rows", json!({"sort": "people"})),
        ("/insights/rows", json!({"sort": "angry"})),
        ("/insights/facets", json!({"by": ["channel"]})),
        ("/insights/facets", json!({"by": ["session.plan"]})),
        ("/insights/facets", json!({"by": ["contact.tier"]})),
        ("/insights/facets", json!({"by": ["team"]})),
        ("/insights/facets", json!({"by": ["keys"]})),
        (
            "/insights/facets",
            json!({"by": ["channel", "language", "sentiment", "session_status"], "insight_id": largest}),
        ),
        ("/insights/facets", json!({"by": ["session.plan", "contact.tier"], "insight_id": largest})),
        ("/overview/series", json!({"interval": "week", "from": "2026-01-01"})),
        ("/overview/series", json!({"compare": {"from": "2026-02-25"}})),
        ("/overview", json!({"filter": {"sessionLanguage": ["de"]}})),
        ("/overview", Value::Null),
        ("/insights/themes", Value::Null),
        ("/insights/near-duplicates", Value::Null),
        ("/insights/{id}", Value::Null),
        ("/insights/{id}/people", json!({})),
        ("/insights/{id}/trend", json!({})),
        ("/insights/{id}/trend", json!({"filter": {"channel": ["email"]}})),
        ("/insights/{id}/proof", Value::Null),
        ("/insights/{id}/similar", Value::Null),
        ("/insights/{id}/sessions", Value::Null),
        ("/insights/{id}/archive/preview", json!({"policy": "until_escalating"})),
        ("/views", Value::Null),
        ("/chat/sessions/query", json!({})),
        ("/chat/sessions/query", json!({"filter": {"channel": ["email"]}})),
        ("/chat/sessions/query", json!({"insight_ids": [largest]})),
    ]
}

/// Asks many times, prints how long it took, and returns that.
async fn measure(t: &TestApp, path: &str, body: &Value) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut answer = Value::Null;
    for _ in 0..REPETITIONS {
        let started = Instant::now();
        answer = if body.is_null() { t.get_ok(path).await } else { t.post_ok(path, body.clone()).await };
        times.push(started.elapsed());
    }
    let counted = ["total", "insights", "sessions"].iter().find_map(|name| answer.get(*name));
    print(
        &mut times,
        path,
        &body.to_string(),
        counted.filter(|counted| counted.is_number()).unwrap_or(&Value::Null),
    );
    times
}

/// Prints a line of the table, with the most milliseconds that a page has for the call at the 95th percentile.
fn print(times: &mut [Duration], path: &str, body: &str, counted: &Value) {
    let (middle, most) = (percentile(times, 50), percentile(times, 95));
    let end = path.rsplit_once('/').map_or(path, |(_, end)| end);
    let wanted = match path {
        "/insights/rows" => 150,
        "/insights/facets" | "/overview/series" => 100,
        _ => 50,
    };
    let over = if most > f64::from(wanted) { "over" } else { "" };
    println!("{end:<24} {body:<76} {counted:>9} {middle:>9.2} {most:>9.2} {wanted:>9} {over}");
}

/// Returns a filter of `POST /insights` as the other calls take it: with a list of values each. None for what is no
/// filter.
fn listed(body: &Value) -> Option<Value> {
    let mut filter = json!({});
    for (name, value) in body.as_object().unwrap() {
        match name.as_str() {
            "page" | "sortBy" => return None,
            "minSessions" | "sessionFromDate" | "sessionToDate" => filter[name] = value.clone(),
            _ if value.is_array() => filter[name] = value.clone(),
            _ => filter[name] = json!([value]),
        }
    }
    Some(filter)
}

/// Each filter alone, and some together.
fn filters(contact: &Value, category: &Value) -> Vec<Value> {
    vec![
        json!({}),
        json!({"page": 50}),
        json!({"status": "unresolved"}),
        json!({"category": category}),
        json!({"sentiment": "angry"}),
        json!({"minSessions": 50}),
        json!({"search": "arrived"}),
        json!({"teamId": "none"}),
        json!({"insightNumber": 7}),
        json!({"sortBy": "last_seen_at"}),
        json!({"sessionLanguage": "en"}),
        json!({"sessionLanguage": "de"}),
        json!({"ticketSentiment": "neutral"}),
        json!({"ticketSentiment": "angry"}),
        json!({"channel": "web"}),
        json!({"channel": "email"}),
        json!({"sessionFromDate": "2026-01-01"}),
        json!({"sessionFromDate": "2026-05-15"}),
        json!({"sessionToDate": "2026-05-15"}),
        json!({"sessionStatus": "closed_resolved"}),
        json!({"sessionStatus": "open"}),
        json!({"sessionContactId": contact}),
        json!({"ticketCustomData": [{"plan": "free"}]}),
        json!({"ticketCustomData": [{"order": "77"}]}),
        json!({"ticketCustomData": [{"plan": "pro", "region": "r3"}, {"region": "r5"}]}),
        json!({"contactCustomData": [{"tier": "1"}]}),
        json!({"contactCustomData": [{"vip": "true"}, {"tier": "2"}]}),
    ]
}

fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1_000.0
}

/// Fills the database with sessions of every kind, skewed as real ones are: most are in English and on the
/// web, a few insights are in many sessions and most in few.
async fn fill(t: &TestApp) {
    let started = Instant::now();
    let start = Timestamp::parse("2026-01-01").unwrap();
    let session = |i: usize| SessionId::derived(&[b"bench", &i.to_be_bytes()]);
    let contact = |i: usize| ContactId::derived(&[b"bench", &i.to_be_bytes()]);
    let mut rows = Rows::default();
    let (sessions, contacts) = (SESSIONS * scale(), CONTACTS * scale());
    for i in 0..contacts {
        let (tier, vip) = ((i % 5).to_string(), i % 20 == 0);
        let data = json!({"tier": tier, "vip": vip.to_string()}).to_string();
        rows.contacts.push(vec![
            t.org_id.into(),
            contact(i).into(),
            data.into(),
            "".into(),
            start.into(),
            start.into(),
        ]);
        rows.contact_values.push(vec![t.org_id.into(), "tier".into(), tier.into(), contact(i).into()]);
        rows.contact_values.push(vec![
            t.org_id.into(),
            "vip".into(),
            vip.to_string().into(),
            contact(i).into(),
        ]);
    }
    for i in 0..INSIGHTS {
        rows.insights.push(insight_row(t.org_id, i, start));
    }
    for i in 0..sessions {
        if i > 0 && i % SESSIONS == 0 {
            std::mem::take(&mut rows).insert(t).await;
        }
        let at = start.plus((i as i64 * 165 * DAY) / sessions as i64);
        let mix = i.wrapping_mul(2_654_435_761) >> 7;
        let facets: [&str; 4] = [
            ["closed_resolved", "closed_resolved", "closed_resolved", "closed_unresolved", "open"][mix % 5],
            ["web", "web", "web", "email", "phone_voice"][mix / 5 % 5],
            ["en", "en", "en", "en", "de", "fr"][mix / 25 % 6],
            ["neutral", "neutral", "neutral", "happy", "angry"][mix / 150 % 5],
        ];
        let contact = contact(mix / 750 % contacts);
        rows.add_session(&Session { org_id: t.org_id, id: session(i), contact, i, at, facets, mix });
    }
    rows.insert(t).await;
    println!("filled in {:.0} s", started.elapsed().as_secs_f64());
}

fn insight_id(i: usize) -> InsightId {
    InsightId::derived(&[b"bench", &i.to_be_bytes()])
}

fn insight_row(org_id: OrgId, i: usize, start: Timestamp) -> Vec<Bound> {
    let content = format!("Refund number {i} has not arrived");
    let sentiment = ["neutral", "neutral", "angry", "happy"][i % 4];
    vec![
        org_id.into(),
        insight_id(i).into(),
        (i as i64 + 1).into(),
        content.clone().into(),
        content.to_lowercase().into(),
        sentiment.into(),
        0.into(),
        start.into(),
        start.into(),
        false.into(),
        false.into(),
        false.into(),
        start.into(),
        start.into(),
    ]
}

/// A made-up session.
struct Session<'a> {
    org_id: OrgId,
    id: SessionId,
    contact: ContactId,
    i: usize,
    at: Timestamp,
    /// Status, channel, language, sentiment.
    facets: [&'a str; 4],
    /// The bits by which the rest is chosen.
    mix: usize,
}

#[derive(Default)]
struct Rows {
    contacts: Vec<Vec<Bound>>,
    contact_values: Vec<Vec<Bound>>,
    insights: Vec<Vec<Bound>>,
    sessions: Vec<Vec<Bound>>,
    session_values: Vec<Vec<Bound>>,
    messages: Vec<Vec<Bound>>,
    statements: Vec<Vec<Bound>>,
    occurrences: Vec<Vec<Bound>>,
}

impl Rows {
    fn add_session(&mut self, session: &Session<'_>) {
        let Session { org_id, id, contact, i, at, facets, mix } = *session;
        let [status, channel, language, sentiment] = facets;
        let (plan, region, order) =
            (["free", "pro", "team"][mix / 11 % 3], format!("r{}", mix / 44 % 20), (i / 3).to_string());
        let data = json!({"plan": plan, "region": region, "order": order}).to_string();
        self.sessions.push(vec![
            org_id.into(),
            id.into(),
            (i as i64 + 1).into(),
            status.into(),
            channel.into(),
            language.into(),
            false.into(),
            sentiment.into(),
            contact.into(),
            data.into(),
            false.into(),
            false.into(),
            2.into(),
            1.into(),
            1.into(),
            at.into(),
            at.into(),
            at.into(),
        ]);
        for (key, value) in [("plan", plan.to_owned()), ("region", region), ("order", order)] {
            self.session_values.push(vec![org_id.into(), key.into(), value.into(), id.into()]);
        }
        let message = MessageId::derived(&[id.as_bytes()]);
        self.messages.push(vec![
            org_id.into(),
            message.into(),
            id.into(),
            1.into(),
            "message".into(),
            "contact".into(),
        ]);
        self.add_statements(session, message);
    }

    fn add_statements(&mut self, session: &Session<'_>, message: MessageId) {
        let Session { org_id, id, contact, at, facets, mix, .. } = *session;
        let [_, _, language, sentiment] = facets;
        // one or two insights, low numbers far more often
        for n in 0..=usize::from((mix / 31).is_multiple_of(3)) {
            let share = ((mix / 7 + n * 7_919) % 100_003) as f64 / 100_003.0;
            let insight = insight_id((share.powi(4) * INSIGHTS as f64) as usize);
            let statement = StatementId::derived(&[id.as_bytes(), &n.to_be_bytes()]);
            self.statements.push(vec![
                org_id.into(),
                statement.into(),
                id.into(),
                message.into(),
                (n as i64).into(),
                0.into(),
                1.into(),
                "x".into(),
                language.into(),
                sentiment.into(),
                1.into(),
            ]);
            self.occurrences.push(vec![
                org_id.into(),
                insight.into(),
                id.into(),
                statement.into(),
                1.0.into(),
                true.into(),
                contact.into(),
                at.into(),
            ]);
        }
    }

    async fn insert(self, t: &TestApp) {
        let mut tx = t.app.db.begin().await.unwrap();
        for (insert, rows) in [
            ("contacts (org_id, id, custom_data, search_folded, created_at, updated_at)", self.contacts),
            ("contact_values (org_id, key, value, contact_id)", self.contact_values),
            ("insights (org_id, id, insight_number, content, content_folded, sentiment, occurrence_count, first_seen_at,
                last_seen_at, content_by_hand, category_by_hand, team_by_hand, created_at, updated_at)", self.insights),
            ("sessions (org_id, id, ticket_number, status, channel, language, language_declared, sentiment, contact_id, custom_data,
                assist_mode, summary_wanted, next_seq, revision, read_revision, last_message_at, created_at, updated_at)", self.sessions),
            ("session_values (org_id, key, value, session_id)", self.session_values),
            ("messages (org_id, id, session_id, seq, event_type, sender)", self.messages),
            ("statements (org_id, id, session_id, message_id, position, span_start, span_end, text, language, sentiment,
                version)", self.statements),
            ("occurrences (org_id, insight_id, session_id, statement_id, score, canonical, contact_id, session_created_at)",
                self.occurrences),
        ] {
            tx.insert_all(&format!("insert into {insert}"), rows, "on conflict do nothing").await.unwrap();
        }
        let count = "update insights set occurrence_count = o.n, first_seen_at = o.first, last_seen_at = o.last from (
                select insight_id, count(*) as n, min(session_created_at) as first, max(session_created_at) as last
                from occurrences group by insight_id
            ) o where insights.id = o.insight_id";
        tx.execute(sql(count)).await.unwrap();
        let category = "update insights set category_id = (select id from categories order by name limit 1) where insight_number < 200";
        tx.execute(sql(category)).await.unwrap();
        tx.commit().await.unwrap();
    }
}
