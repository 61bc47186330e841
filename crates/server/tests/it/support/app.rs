//! The product on a database of its own, for the length of a test.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use refrain::app::App;
use refrain::config::{Config, ServerConfig};
use refrain::db::{Db, Location, sql};
use refrain::ids::OrgId;
use refrain::imports::{Import, Record};
use refrain::keys::{self, Scopes};
use refrain::time::{Clock, Timestamp};
use refrain::{http, jobs};
use serde_json::{Value, json};
use sqlx::Connection;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use tower::ServiceExt;

/// When every test begins.
pub(crate) const START: &str = "2026-06-15T12:00:00Z";
const SECOND: i64 = 1_000_000;

pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) org_id: OrgId,
    pub(crate) token: String,
    router: Router,
    /// Kept while it is used.
    _database: TestDatabase,
}

/// An empty database, gone with the value.
pub(crate) struct TestDatabase {
    pub(crate) folder: TempDir,
    /// Where PostgreSQL has it, if that is what is tested.
    pub(crate) url: Option<String>,
}

impl TestDatabase {
    /// On PostgreSQL where `TEST_DATABASE_URL` names a server, else on SQLite.
    pub(crate) async fn new() -> Self {
        match std::env::var("TEST_DATABASE_URL") {
            Ok(server) => Self::postgres(&server).await,
            Err(_) => Self::sqlite(),
        }
    }

    pub(crate) fn sqlite() -> Self {
        Self { folder: TempDir::new().unwrap(), url: None }
    }

    pub(crate) async fn postgres(server: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = TempDir::new().unwrap();
        let schema = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let mut connection = sqlx_postgres::PgConnection::connect(server).await.unwrap();
        let create = format!("create schema {schema}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
        let separator = if server.contains('?') { '&' } else { '?' };
        Self { folder, url: Some(format!("{server}{separator}options=-c%20search_path%3D{schema}")) }
    }

    pub(crate) fn location(&self) -> Location {
        match &self.url {
            Some(url) => Location::Postgres(url.clone()),
            None => Location::Sqlite(self.folder.path().join("refrain.db")),
        }
    }
}

/// An answer: status, headers, and the body as JSON (null if empty).
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// The default settings, without a limit on requests.
pub(crate) fn unlimited() -> Config {
    Config { server: ServerConfig { rate_limit: 0, ..ServerConfig::default() }, ..Config::default() }
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::with(unlimited()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::on(TestDatabase::new().await, config).await
    }

    pub(crate) async fn on(database: TestDatabase, config: Config) -> Self {
        let db = Db::open(&database.location()).await.unwrap();
        let clock = Clock::fixed(Timestamp::parse(START).unwrap());
        let app = App::new(db, clock, config);
        let org_id = app.find_or_create_org("default").await.unwrap();
        let (_, token) = keys::create(&app, org_id, "test", &Scopes::All, None, None).await.unwrap();
        let router = http::router(app.clone());
        Self { app, org_id, token, router, _database: database }
    }

    /// Goes on with other settings.
    pub(crate) fn configure(&mut self, config: Config) {
        self.app = App::new(self.app.db.clone(), self.app.clock.clone(), config);
        self.router = http::router(self.app.clone());
    }

    /// The token of a new key with these scopes.
    pub(crate) async fn key(&self, org_id: OrgId, scopes: &str) -> String {
        let scopes = scopes.parse().unwrap();
        keys::create(&self.app, org_id, "other", &scopes, None, None).await.unwrap().1
    }

    /// The response to a GET as it begins, its body still to come.
    pub(crate) async fn open(&self, token: &str, path: &str) -> Response<Body> {
        let request = Request::builder().uri(path).header("authorization", format!("Bearer {token}"));
        self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = response.into_body();
        let bytes = if headers.get("content-type").is_some_and(|is| is == "text/event-stream") {
            // it has no end: the first event
            body.frame().await.unwrap().unwrap().into_data().unwrap()
        } else {
            body.collect().await.unwrap().to_bytes()
        };
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into()))
        };
        Answer { status, headers, body }
    }

    /// Calls as the holder of `token`.
    pub(crate) async fn call_as(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let request =
            Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        let request = match body {
            Some(body) => {
                request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()
            }
            None => request.body(Body::empty()).unwrap(),
        };
        self.send(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call_as(&self.token, "GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call_as(&self.token, "POST", path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call_as(&self.token, "PATCH", path, Some(body)).await
    }

    pub(crate) async fn get_ok(&self, path: &str) -> Value {
        self.get(path).await.ok()
    }

    /// Every item of a list, whatever pages it comes in.
    pub(crate) async fn items(&self, path: &str) -> Vec<Value> {
        let (mut items, mut page) = (Vec::new(), path.to_owned());
        loop {
            let mut answer = self.get_ok(&page).await;
            items.append(answer["items"].as_array_mut().unwrap());
            match answer["next"].as_str() {
                Some(next) => page = format!("{path}?cursor={next}"),
                None => return items,
            }
        }
    }

    pub(crate) async fn post_ok(&self, path: &str, body: Value) -> Value {
        self.post(path, body).await.ok()
    }

    pub(crate) async fn patch_ok(&self, path: &str, body: Value) -> Value {
        self.patch(path, body).await.ok()
    }

    /// Moves the clock.
    pub(crate) fn advance(&self, seconds: i64) {
        self.app.clock.advance(seconds * SECOND);
    }

    /// Works on jobs until there is none, however late it is due.
    pub(crate) async fn run_jobs(&self) {
        for _ in 0..10_000 {
            if jobs::run_next(&self.app).await.unwrap() {
                continue;
            }
            let far = self.app.clock.now().plus(3_600 * SECOND);
            let backlog = jobs::backlog(&self.app, self.org_id, far).await.unwrap();
            assert_eq!(backlog.failed, 0, "a job failed");
            if backlog.due == 0 {
                return;
            }
            self.advance(1);
        }
        panic!("the jobs never end");
    }

    /// Imports records as `refrain import` does, without waiting for the analysis.
    pub(crate) async fn import(&self, records: Vec<Value>) {
        let mut import = Import::begin(&self.app, self.org_id, "import").await.unwrap();
        let records = records.iter().map(|record| Record::parse(&record.to_string()).unwrap());
        import.write_all(records).await.unwrap();
        import.finish().await.unwrap();
    }

    /// Opens a session over the API in which a contact says this.
    pub(crate) async fn session_saying(&self, text: &str) -> String {
        let created = self.post_ok("/chat/sessions", json!({})).await;
        let id = created["id"].as_str().unwrap().to_owned();
        let message = json!({"sender": "contact", "message": {"type": "text", "text": text}});
        self.post_ok(&format!("/chat/sessions/{id}/send"), message).await;
        id
    }

    /// Runs a statement behind the product's back.
    pub(crate) async fn execute(&self, query: refrain::db::Sql) {
        let mut tx = self.app.db.begin().await.unwrap();
        tx.execute(query).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Counts rows.
    pub(crate) async fn count(&self, query: &str) -> i64 {
        self.app.db.fetch_one::<(i64,)>(sql(query)).await.unwrap().0
    }
}

impl Answer {
    /// The body of a 200.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        self.body
    }

    /// The message of an error, whose body must be the contract's.
    #[track_caller]
    pub(crate) fn error(self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.body["statusCode"], status);
        let members: Vec<&String> = self.body.as_object().unwrap().keys().collect();
        assert_eq!(members, ["error", "message", "statusCode"]);
        assert!(self.body["error"].is_string());
        self.body["message"].as_str().unwrap().to_owned()
    }
}
