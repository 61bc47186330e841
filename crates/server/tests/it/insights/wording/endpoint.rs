//! An endpoint that fails or is not there, its budget and its settings.

use super::{
    GOOD, KEY, Server, assert_sound, completed, completion, contents, good_contents, import_both,
    offline_contents, reword, work,
};
use crate::support::app::TestApp;
use crate::support::cli::Cli;
use crate::support::fixtures::{PASSWORD, REFUND, records};
use crate::support::scripted::{Reply, http};
use refrain::jobs;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpListener;

type Failure = Box<dyn Fn() -> Reply + Send + Sync>;

/// After each of these the offline sentences stand, and the endpoint is left alone for a while; then all is well.
#[tokio::test]
async fn an_endpoint_that_fails_is_left_alone_and_asked_again_later() {
    let offline = offline_contents().await;
    let half = |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec();
    let cases: Vec<(&str, i64, Failure)> = vec![
        ("500", 30, Box::new(|| Reply::Http(500, "", "{}".into()))),
        ("502", 30, Box::new(|| Reply::Http(502, "", "<html>".into()))),
        ("429", 30, Box::new(|| Reply::Http(429, "", "{}".into()))),
        ("429 with a time", 600, Box::new(|| Reply::Http(429, "retry-after: 600\r\n", "{}".into()))),
        ("503 with a time", 600, Box::new(|| Reply::Http(503, "retry-after: 600\r\n", "{}".into()))),
        ("401", 3_600, Box::new(|| Reply::Http(401, "", json!({"error": KEY}).to_string()))),
        ("404", 3_600, Box::new(|| Reply::Http(404, "", "{}".into()))),
        (
            "redirect",
            3_600,
            Box::new(|| Reply::Http(307, "location: http://127.0.0.1:9/\r\n", String::new())),
        ),
        ("timeout", 30, Box::new(|| Reply::Silence)),
        ("closed", 30, Box::new(|| Reply::Raw(Vec::new()))),
        ("no HTTP", 30, Box::new(|| Reply::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()))),
        ("truncated", 30, Box::new(move || Reply::Raw(half(http(200, "", &completion(&"x".repeat(500))))))),
        ("huge", 30, Box::new(|| completed("x".repeat(3 << 20)))),
    ];
    for (case, rest, fail) in cases {
        let server =
            Server::new(move |number, entries| if number == 0 { fail() } else { reword(entries, &GOOD) })
                .await;
        let t = TestApp::with(server.config()).await;
        import_both(&t).await;
        work(&t).await;
        assert_eq!((contents(&t).await, server.count()), (offline.clone(), 1), "{case}");
        t.advance(rest - 1);
        refrain::insights::request_wordings(&t.app).await.unwrap();
        work(&t).await;
        assert_eq!(server.count(), 1, "{case}: asked too soon");
        t.advance(1);
        work(&t).await;
        assert_eq!(server.count(), 2, "{case}: not asked again");
        good_contents(&t).await;
        assert_sound(&t).await;
    }
}

#[tokio::test]
async fn an_endpoint_that_keeps_failing_is_asked_less_and_less_often() {
    let server = Server::new(|_, _| Reply::Http(500, "", "{}".into())).await;
    let t = TestApp::with(server.config()).await;
    import_both(&t).await;
    for _ in 0..24 * 60 {
        while jobs::run_next(&t.app).await.unwrap() {}
        t.advance(60);
    }
    let count = server.count();
    assert!((20..=32).contains(&count), "{count} requests in a day");
    assert_sound(&t).await;
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_no_trouble() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let server = Server::good().await;
    let mut config = server.config();
    config.language_model.url = Some(url);
    let t = TestApp::with(config).await;
    import_both(&t).await;
    work(&t).await;
    assert_eq!(contents(&t).await, offline_contents().await);
    assert_sound(&t).await;
}

#[tokio::test]
async fn nothing_is_asked_beyond_the_budget_of_a_day() {
    let server = Server::new(|_, _| completed("{}")).await;
    let mut config = server.config();
    config.language_model.requests_day = 1;
    let t = TestApp::with(config).await;
    import_both(&t).await;
    work(&t).await;
    assert_eq!(server.count(), 1);
    t.advance(3_600);
    refrain::insights::request_wordings(&t.app).await.unwrap();
    work(&t).await;
    assert_eq!(server.count(), 1, "the budget is used up");
    // midnight
    t.advance(11 * 3_600);
    work(&t).await;
    assert_eq!(server.count(), 2, "the next day has its own");
    assert_sound(&t).await;
}

#[tokio::test]
async fn no_transaction_waits_for_an_answer() {
    let server = Server::new(|_, _| Reply::Silence).await;
    let mut config = server.config();
    config.language_model.timeout_seconds = 30;
    let t = TestApp::with(config).await;
    import_both(&t).await;
    let worker = tokio::spawn(jobs::work(t.app.clone(), 1));
    while server.count() == 0 {
        t.advance(1);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let soon = Duration::from_secs(10);
    tokio::time::timeout(soon, t.session_saying("Where is my parcel?")).await.unwrap();
    // who is asked to stop does not wait for the answer either, and leaves the job to the next
    t.app.drain();
    tokio::time::timeout(soon, worker).await.unwrap().unwrap();
    let left = "select count(*) from jobs where kind = 'reword_insights' and leased_until is null";
    assert_eq!(t.count(left).await, 1);
    assert_eq!(t.count("select count(*) from wordings where answers_left <> 2").await, 0);
}

#[tokio::test]
async fn what_a_model_words_is_seen_by_the_commands_and_the_key_by_nobody() {
    let server = Server::good().await;
    let cli = Cli::new().await;
    let lines = [records(&REFUND, 0), records(&PASSWORD, 100)].concat();
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let file = cli.file("a.jsonl", lines.join("\n"));
    let url = server.url.clone();
    let run = move |args: &[&str]| {
        let mut command = cli.command(args);
        command.env("REFRAIN_LANGUAGE_MODEL_URL", &url).env("REFRAIN_LANGUAGE_MODEL", "scripted");
        let output = command.env("REFRAIN_LANGUAGE_MODEL_KEY", KEY).output().unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{args:?}: {text}");
        assert!(!text.contains(KEY), "{text}");
        text
    };
    let texts = tokio::task::spawn_blocking(move || {
        [
            run(&["import", file.to_str().unwrap(), "--log", "trace"]),
            run(&["insights"]),
            run(&["doctor"]),
            run(&["config"]),
            run(&["config", "--json"]),
        ]
    })
    .await
    .unwrap();
    assert!(texts[1].contains("Still waiting for a refund"), "{}", texts[1]);
    assert!(texts[3].contains(&server.url), "{}", texts[3]);
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn settings_that_make_no_sense_are_wrong_use() {
    let cli = Cli::new().await;
    for args in [
        &["config", "--language-model-url", "http://127.0.0.1:1/v1"][..],
        &["config", "--language-model", "m"],
        &["config", "--language-model-url", "ftp://x", "--language-model", "m"],
        &["config", "--language-model-timeout-seconds", "0"],
        &["config", "--language-model-requests-day", "0"],
    ] {
        assert_eq!(cli.run(args).status.code(), Some(2), "{args:?}");
    }
}
