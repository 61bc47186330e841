//! Insights reworded by a language model: by one that a test scripts, behind a socket.

use crate::support::app::{TestApp, unlimited};
use crate::support::fixtures::{PASSWORD, REFUND, records};
use crate::support::scripted::{self, Asked, Reply};
use refrain::config::{Config, LanguageModelConfig, Secret};
use refrain::jobs;
use serde_json::{Value, json};

mod answers;
mod endpoint;
mod grouping;

const KEY: &str = "sk-very-quiet";
const PARCEL: [&str; 5] = [
    "How do I change the address of my parcel?",
    "I want to change the delivery address of my parcel",
    "Please change the address of my parcel",
    "Can I change where my parcel is delivered?",
    "I need another delivery address for my parcel",
];
const GOOD: [(&str, &str); 2] =
    [("refund", "Still waiting for a refund"), ("password", "Cannot log in after forgetting the password")];

/// An OpenAI-compatible server that does as the test says.
struct Server {
    url: String,
    scripted: scripted::Server,
}

impl Server {
    /// `script` gets the number of the request, from 0, and the entries in it.
    async fn new(script: impl Fn(usize, &Value) -> Reply + Send + Sync + 'static) -> Self {
        let answer = move |number, asked: &Asked| {
            let body: Value = serde_json::from_str(&asked.body).unwrap();
            script(number, &serde_json::from_str(body["messages"][1]["content"].as_str().unwrap()).unwrap())
        };
        let scripted = scripted::Server::new(answer).await;
        Self { url: format!("http://{}/v1/", scripted.address), scripted }
    }

    async fn good() -> Self {
        Self::new(|_, entries| reword(entries, &GOOD)).await
    }

    fn config(&self) -> Config {
        let language_model = LanguageModelConfig {
            url: Some(self.url.clone()),
            model: Some("scripted".to_owned()),
            key: Some(Secret(KEY.to_owned())),
            timeout_seconds: 1,
            ..LanguageModelConfig::default()
        };
        Config { language_model, ..unlimited() }
    }

    fn count(&self) -> usize {
        self.scripted.asked().len()
    }

    /// All that was ever sent.
    fn sent(&self) -> String {
        self.scripted.asked().into_iter().map(|asked| asked.body).collect()
    }

    /// The head and the body of a request.
    fn asked(&self, number: usize) -> (String, Value) {
        let asked = &self.scripted.asked()[number];
        (asked.head.to_lowercase(), serde_json::from_str(&asked.body).unwrap())
    }
}

/// Answers with a completion of this text.
fn completed(text: impl AsRef<str>) -> Reply {
    Reply::Http(200, "", completion(text.as_ref()))
}

fn completion(text: &str) -> String {
    json!({
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    })
    .to_string()
}

/// Gives each entry the sentence of the first word that stands in it.
fn reword(entries: &Value, sentences: &[(&str, &str)]) -> Reply {
    let entries = entries.as_object().unwrap().iter();
    let answers = entries.filter_map(|(name, entry)| {
        let text = entry["entry"].as_str().unwrap().to_lowercase();
        let (_, sentence) = sentences.iter().find(|(word, _)| text.contains(word))?;
        Some((name.clone(), json!(sentence)))
    });
    completed(Value::Object(answers.collect()).to_string())
}

async fn import_both(t: &TestApp) {
    t.import([records(&REFUND, 0), records(&PASSWORD, 100)].concat()).await;
}

/// Works on what is due now, however often it is put off.
async fn work(t: &TestApp) {
    for _ in 0..100 {
        if !jobs::run_next(&t.app).await.unwrap() {
            if t.count("select count(*) from jobs where kind not in ('reword_insights', 'review_insights')")
                .await
                == 0
            {
                return;
            }
            t.advance(1);
        }
    }
    panic!("the jobs never end");
}

async fn contents(t: &TestApp) -> Vec<String> {
    let insights = t.post_ok("/insights", json!({})).await["data"].as_array().unwrap().clone();
    let mut contents: Vec<String> =
        insights.iter().map(|insight| insight["content"].as_str().unwrap().to_owned()).collect();
    contents.sort();
    contents
}

async fn good_contents(t: &TestApp) {
    assert_eq!(
        contents(t).await,
        ["Cannot log in after forgetting the password", "Still waiting for a refund"]
    );
}

/// What the same conversations give without a model.
async fn offline_contents() -> Vec<String> {
    let t = TestApp::new().await;
    import_both(&t).await;
    work(&t).await;
    contents(&t).await
}

async fn wording(t: &TestApp, word: &str) -> (String, Value) {
    let insights = t.post_ok("/insights", json!({"search": word})).await["data"].clone();
    let id = insights[0]["id"].as_str().unwrap().to_owned();
    let wording = t.get_ok(&format!("/insights/{id}/wording")).await;
    (id, wording)
}

/// Whether all that a doctor looks at in this is well.
async fn assert_sound(t: &TestApp) {
    let wrong = "select count(*) from wordings w join insights i on i.id = w.insight_id
        where w.shown and not i.content_by_hand and (w.content is null or i.content <> w.content)";
    assert_eq!(t.count(wrong).await, 0);
    assert_eq!(t.count("select count(*) from jobs where failed_at is not null").await, 0);
}
