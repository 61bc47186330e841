//! What a list by sessions costs in an index of made-up sessions: `REFRAIN_BENCH_DATA=FOLDER cargo bench -p refrain-index`,
//! where the folder has raw columns (`cols/`), what they stand for (`meta.json`) and what is asked (`queries.json`). Prints
//! for each kind of question the 50th and 95th percentile, and writes all answers to `answers.json` there, to be compared.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

use refrain_index::{
    Batch, Condition, Facet, Filter, Index, Insight, InsightCondition, InsightFilter, Life, Owner, Session,
    Sort,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use uuid::Uuid;

const REPETITIONS: usize = 15;
/// The insights of a page.
const PAGE: usize = 20;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The folder with the data.
struct Data {
    folder: PathBuf,
    meta: Value,
}

impl Data {
    fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.folder.join("cols").join(name);
        std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    fn u32s(&self, name: &str) -> Result<Vec<u32>> {
        let words = self.bytes(name)?;
        Ok(words.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect())
    }

    fn words(&self, of: &str) -> Vec<&str> {
        self.meta[of].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Reads the custom data under each name: the beginning of its values, and the number behind it, -1 for none.
    fn terms(&self, of: &str, prefix: &str) -> Result<Vec<(String, String, Vec<i32>)>> {
        let mut terms = Vec::new();
        for (name, begins) in self.meta[of].as_object().into_iter().flatten() {
            let words = self.bytes(&format!("{prefix}_{name}.i32"))?;
            let codes = words.as_chunks().0.iter().map(|word| i32::from_le_bytes(*word)).collect();
            terms.push((name.clone(), begins.as_str().unwrap_or_default().to_owned(), codes));
        }
        Ok(terms)
    }
}

fn contact_id(number: usize) -> Uuid {
    Uuid::from_u128(0xc000_0000_0000_4000_8000_0000_0000_0000 | number as u128)
}

fn session_id(number: usize) -> Uuid {
    Uuid::from_u128(0x5e55_0000_0000_4000_8000_0000_0000_0000 | number as u128)
}

fn insight_id(number: usize) -> Uuid {
    Uuid::from_u128(0x1050_0000_0000_4000_8000_0000_0000_0000 | number as u128)
}

fn micros(seconds: u32) -> i64 {
    i64::from(seconds) * 1_000_000
}

fn load(data: &Data) -> Result<Index> {
    let mut index = Index::default();
    load_insights(data, &mut index)?;
    let terms = data.terms("ckeys", "c")?;
    for contact in 0..terms.first().map_or(0, |(.., codes)| codes.len()) {
        let of = terms.iter().filter(|(.., codes)| codes[contact] >= 0);
        let of: Vec<(&str, String)> =
            of.map(|(name, begins, codes)| (name.as_str(), format!("{begins}{}", codes[contact]))).collect();
        index.put_contact(contact_id(contact), of.iter().map(|(name, value)| (*name, value.as_str())));
    }
    let [channel, language, sentiment, status] =
        ["chan.u8", "lang.u8", "sent.u8", "status.u8"].map(|name| data.bytes(name));
    let codes = [channel?, language?, sentiment?, status?];
    let words = ["channels", "langs", "sents", "statuses"].map(|of| data.words(of));
    let (created, contacts) = (data.u32s("created.u32")?, data.u32s("contact.u32")?);
    let (ends, shown) = (data.u32s("occ_off.u32")?, data.u32s("occ.u32")?);
    let terms = data.terms("tkeys", "t")?;
    let mut batch = Batch::default();
    for at in 0..created.len() {
        let mut facets = [None; 4];
        for (facet, (codes, words)) in facets.iter_mut().zip(codes.iter().zip(&words)) {
            *facet = words.get(usize::from(codes[at])).copied();
        }
        let session = Session {
            id: session_id(at),
            began: micros(created[at]),
            last_message: micros(created[at]),
            ticket: i64::try_from(at)? + 1,
            contact: Some(contact_id(contacts[at] as usize)),
            facets,
            ..Session::default()
        };
        batch.add(&mut index, &session);
        for (name, begins, codes) in &terms {
            if codes[at] >= 0 {
                batch.term(&mut index, session.id, name, &format!("{begins}{}", codes[at]));
            }
        }
        for insight in &shown[ends[at] as usize..ends[at + 1] as usize] {
            batch.show(&mut index, session.id, insight_id(*insight as usize));
        }
    }
    let began = Instant::now();
    index.apply(batch);
    println!("{} sessions put in at once: {:.2} s", index.len(), began.elapsed().as_secs_f64());
    Ok(index)
}

fn load_insights(data: &Data, index: &mut Index) -> Result<()> {
    let contents = String::from_utf8(data.bytes("i_content.txt")?)?;
    let [life, sentiment, category] = ["i_status.u8", "i_sent.u8", "i_cat.u8"].map(|name| data.bytes(name));
    let (life, sentiment, category) = (life?, sentiment?, category?);
    let created = data.u32s("i_created.u32")?;
    let sentiments = data.words("sents");
    for (number, content) in contents.lines().enumerate() {
        index.put_insight(&Insight {
            id: insight_id(number),
            number: i64::try_from(number)? + 1,
            created: micros(created[number]),
            known_since: micros(created[number]),
            life: [Life::Unresolved, Life::Resolved, Life::Archived][usize::from(life[number])],
            sentiment: sentiments[usize::from(sentiment[number])],
            category: Some(Uuid::from_u128(category[number].into())),
            team: None,
            content,
        });
    }
    Ok(())
}

/// What the body of a request asks for.
struct Question {
    kind: String,
    sessions: Filter,
    insights: InsightFilter,
    sort: Sort,
    page: usize,
}

fn seconds(text: &str) -> Result<i64> {
    // 2026-01-31T12:34:56.000Z, by the civil calendar
    let number =
        |range: std::ops::Range<usize>| -> Result<i64> { Ok(text.get(range).ok_or("a time")?.parse()?) };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let year = year - i64::from(month <= 2);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + of_year - 719_468;
    Ok(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

fn question(query: &Value) -> Result<Question> {
    let body = &query["body"];
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let mut is = Vec::new();
    let facets = ["channel", "sessionLanguage", "ticketSentiment", "sessionStatus"];
    for (facet, name) in Facet::ALL.into_iter().zip(facets) {
        is.extend(text(name).map(|word| Condition::Facet(facet, vec![Some(word)])));
    }
    let time = |name: &str| text(name).map(|text| seconds(&text)).transpose();
    let (from, to) = (time("sessionFromDate")?, time("sessionToDate")?);
    if from.is_some() || to.is_some() {
        let micros = |seconds: Option<i64>, or| seconds.map_or(or, |seconds| seconds * 1_000_000);
        is.push(Condition::Began(micros(from, i64::MIN)..=micros(to, i64::MAX)));
    }
    if let Some(id) = text("sessionContactId") {
        is.push(Condition::Contact(vec![Some(id.parse()?)]));
    }
    for (name, owner) in [("ticketCustomData", Owner::Session), ("contactCustomData", Owner::Contact)] {
        let Some(alternatives) = body[name].as_array() else { continue };
        let terms = |of: &Value| {
            let pairs = of.as_object().into_iter().flatten();
            pairs.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
        };
        is.push(Condition::Terms(owner, alternatives.iter().map(terms).collect()));
    }
    let mut of_insights = Vec::new();
    if text("status").is_some_and(|status| status == "unresolved") {
        of_insights.push(InsightCondition::Life(vec![Life::Unresolved]));
    }
    of_insights.extend(text("search").map(|text| InsightCondition::Content(vec![text])));
    let number = |name: &str| body[name].as_u64().and_then(|number| usize::try_from(number).ok());
    Ok(Question {
        kind: query["t"].as_str().unwrap_or_default().to_owned(),
        sessions: Filter { is, not: Vec::new() },
        insights: InsightFilter {
            is: of_insights,
            sessions_min: number("minSessions"),
            ..InsightFilter::default()
        },
        sort: if text("sortBy").is_some() { Sort::Last } else { Sort::Sessions },
        page: number("page").unwrap_or(1),
    })
}

impl Question {
    fn ask(&self, index: &Index) -> refrain_index::Page {
        index.list(&self.sessions, &self.insights, (self.sort, true), ((self.page - 1) * PAGE, PAGE))
    }
}

fn percentile(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
    let at = ((times.len() - 1) as f64 * share).round() as usize;
    times[at].as_secs_f64() * 1e3
}

/// Prints what a new session costs that shows three insights, alone and while others read what was before.
fn changes(index: &Index) {
    for (name, is_read) in [("a change, alone", false), ("a change, while it is read", true)] {
        let mut index = index.clone();
        let mut times = Vec::new();
        for number in 0..200 {
            let before = is_read.then(|| index.clone());
            let began = Instant::now();
            let mut batch = Batch::default();
            let session = Session {
                id: session_id(100_000_000 + number),
                began: index.times().map_or(0, |(_, last)| last),
                contact: Some(contact_id(number)),
                facets: [Some("web"), Some("en"), Some("angry"), Some("open")],
                ..Session::default()
            };
            batch.add(&mut index, &session);
            batch.term(&mut index, session.id, "order_id", &format!("new {number}"));
            for insight in 0..3 {
                batch.show(&mut index, session.id, insight_id(insight * 5_000 + number));
            }
            index.apply(batch);
            times.push(began.elapsed());
            drop(before);
        }
        println!("{name:26} {:9.3} {:9.3}", percentile(&mut times, 0.5), percentile(&mut times, 0.95));
    }
}

fn main() -> Result<()> {
    let Some(folder) = std::env::var_os("REFRAIN_BENCH_DATA") else {
        println!("REFRAIN_BENCH_DATA names no folder with data: nothing to measure");
        return Ok(());
    };
    let folder = Path::new(&folder).to_owned();
    let read =
        |name: &str| -> Result<Value> { Ok(serde_json::from_slice(&std::fs::read(folder.join(name))?)?) };
    let (meta, queries) = (read("meta.json")?, read("queries.json")?);
    let index = load(&Data { folder: folder.clone(), meta })?;
    let megabytes = index.bytes() as f64 / 1e6;
    println!("{megabytes:.0} MB, {:.0} bytes a session", index.bytes() as f64 / index.len() as f64);
    let questions = queries.as_array().into_iter().flatten().map(question).collect::<Result<Vec<_>>>()?;
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for _ in 0..REPETITIONS {
        for question in &questions {
            let began = Instant::now();
            std::hint::black_box(question.ask(&index));
            times.entry(&question.kind).or_default().push(began.elapsed());
        }
    }
    println!("{:26} {:>9} {:>9} ms", "", "p50", "p95");
    let mut all = Vec::new();
    for (kind, mut times) in times {
        println!("{kind:26} {:9.3} {:9.3}", percentile(&mut times, 0.5), percentile(&mut times, 0.95));
        all.extend(times);
    }
    let mean = all.iter().sum::<Duration>().as_secs_f64() * 1e3 / all.len() as f64;
    println!("{:26} {:9.3} {:9.3}", "together", percentile(&mut all, 0.5), percentile(&mut all, 0.95));
    println!("{:26} {mean:9.3}", "mean");
    changes(&index);
    let answers = questions.iter().map(|question| {
        let page = question.ask(&index);
        let row = |of: &refrain_index::Counted| {
            json!([of.id.to_string(), of.seen.sessions, of.seen.first, of.seen.last])
        };
        json!([page.total, page.insights.iter().map(row).collect::<Vec<_>>()])
    });
    std::fs::write(folder.join("answers.json"), json!(answers.collect::<Vec<_>>()).to_string())?;
    Ok(())
}
