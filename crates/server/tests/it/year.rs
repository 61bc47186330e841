//! A year of an organization: insights that stay as they are, that grow, and what disturbs both. docs/life.md has what
//! came of it, and the command.

use crate::app::TestApp;
use refrain::time::{DAY, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write;
use std::time::Instant;

const NOUNS: [&str; 200] = [
    "kettle",
    "toaster",
    "blender",
    "lawnmower",
    "dishwasher",
    "fridge",
    "oven",
    "microwave",
    "vacuum",
    "iron",
    "heater",
    "fan",
    "lamp",
    "sofa",
    "mattress",
    "pillow",
    "wardrobe",
    "desk",
    "chair",
    "bookshelf",
    "curtain",
    "carpet",
    "mirror",
    "clock",
    "radio",
    "television",
    "camera",
    "tripod",
    "drone",
    "printer",
    "scanner",
    "keyboard",
    "monitor",
    "laptop",
    "tablet",
    "phone",
    "charger",
    "headset",
    "speaker",
    "microphone",
    "router",
    "modem",
    "bicycle",
    "scooter",
    "helmet",
    "tent",
    "backpack",
    "suitcase",
    "umbrella",
    "raincoat",
    "jacket",
    "jeans",
    "dress",
    "shirt",
    "boots",
    "sandals",
    "sneakers",
    "gloves",
    "scarf",
    "watch",
    "necklace",
    "ring",
    "bracelet",
    "perfume",
    "lipstick",
    "shampoo",
    "toothbrush",
    "razor",
    "towel",
    "bathtub",
    "faucet",
    "shower",
    "toilet",
    "drill",
    "hammer",
    "saw",
    "ladder",
    "wrench",
    "screwdriver",
    "paintbrush",
    "wallpaper",
    "tile",
    "hinge",
    "doorbell",
    "lock",
    "safe",
    "alarm",
    "thermostat",
    "boiler",
    "radiator",
    "chimney",
    "gutter",
    "fence",
    "gate",
    "hedge",
    "tractor",
    "trailer",
    "caravan",
    "motorcycle",
    "tyre",
    "battery",
    "brake",
    "windshield",
    "engine",
    "exhaust",
    "clutch",
    "guitar",
    "piano",
    "violin",
    "drum",
    "trumpet",
    "flute",
    "accordion",
    "ukulele",
    "microscope",
    "telescope",
    "calculator",
    "globe",
    "notebook",
    "pencil",
    "pen",
    "stapler",
    "envelope",
    "stamp",
    "calendar",
    "poster",
    "painting",
    "sculpture",
    "vase",
    "candle",
    "teapot",
    "mug",
    "plate",
    "spoon",
    "knife",
    "pan",
    "wok",
    "cookbook",
    "flour",
    "coffee",
    "tea",
    "honey",
    "jam",
    "cheese",
    "bread",
    "cereal",
    "chocolate",
    "wine",
    "beer",
    "juice",
    "lemonade",
    "hamster",
    "parrot",
    "aquarium",
    "leash",
    "stroller",
    "crib",
    "diaper",
    "pacifier",
    "dollhouse",
    "puzzle",
    "chessboard",
    "skateboard",
    "snowboard",
    "ski",
    "sled",
    "surfboard",
    "kayak",
    "paddle",
    "wetsuit",
    "goggles",
    "flippers",
    "racket",
    "football",
    "basketball",
    "dumbbell",
    "treadmill",
    "trampoline",
    "swing",
    "sandbox",
    "greenhouse",
    "wheelbarrow",
    "hose",
    "sprinkler",
    "compost",
    "orchid",
    "cactus",
    "magazine",
    "newspaper",
    "voucher",
    "insurance",
    "mortgage",
    "projector",
    "webcam",
    "antivirus",
    "firmware",
    "audiobook",
    "compass",
    "lantern",
    "hammock",
];
const PROBLEMS: [&str; 10] = [
    "The {} leaks",
    "My {} arrived in the wrong colour",
    "How do I cancel my {} order?",
    "The {} catches fire when I use it",
    "Where is the manual for the {}?",
    "Does the {} come with a warranty?",
    "The price of the {} went up twice",
    "Somebody stole my {}",
    "I want to sell my used {}",
    "The {} is too heavy for my mother",
];
/// Days before anything is archived.
const BEFORE: i64 = 56;
/// How far days scatter: variance = mean + mean² / 5.
const DISPERSION: usize = 5;
const CONTACTS: usize = 20_000;
const OUTAGE: i64 = 120;
/// The day after a grouping.
const HISTORY: i64 = 204;
const MERGES: [i64; 3] = [91, 182, 273];
/// How many times as often insights come that grow.
const GROWTHS: [f64; 4] = [2.0, 3.0, 5.0, 10.0];
/// Checkpoints of the report.
const CHECKPOINTS: [i64; 4] = [30, 90, 180, 364];
/// False returns are at most `days / A`, here with the default.
const A: f64 = 1825.0;

/// What becomes of an insight on the first day of the year.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    UntilEscalating,
    UntilCount(u64),
    Forever,
    Resolved,
    Unresolved,
}

/// What customers say, how often, and what becomes of that.
struct Topic {
    text: String,
    rate: f64,
    fate: Fate,
    /// From this day on it comes so many times as often.
    grows: Option<(i64, f64)>,
    is_out: bool,
    insight: String,
    /// Its sessions on each day of the year.
    days: BTreeMap<i64, u64>,
    /// It is to be merged with another of its kind on this day.
    merges: Option<i64>,
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Above 0, at most 1.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / 2_f64.powi(53)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Negative binomial: Poisson with a mean that is itself drawn from a Gamma law.
    fn count(&mut self, mean: f64) -> u64 {
        let waits: f64 = (0..DISPERSION).map(|_| -self.unit().ln()).sum();
        let mean = mean * waits / DISPERSION as f64;
        let (mut count, mut at) = (0, -self.unit().ln());
        while at < mean {
            count += 1;
            at -= self.unit().ln();
        }
        count
    }
}

fn is_about(topic: &Topic, problem: &str) -> bool {
    problem
        .split_once("{}")
        .is_some_and(|(head, tail)| topic.text.starts_with(head) && topic.text.ends_with(tail))
}

struct Year {
    t: TestApp,
    random: Random,
    topics: Vec<Topic>,
    /// When the first day of the year begins.
    begin: Timestamp,
    said: usize,
}

/// How much busier all is on a day: slow weekends, a warm and a cold half of the year, and the weeks before Christmas.
fn season(day: i64) -> f64 {
    // the year begins on a Monday
    let weekend = if day.rem_euclid(7) >= 5 { 0.5 } else { 1.2 };
    let wave = 1.0 + 0.25 * (std::f64::consts::TAU * day as f64 / 365.0).sin();
    let christmas = match day {
        154..=167 => 1.0 + 0.5 * (day - 153) as f64 / 14.0,
        168..=188 => 1.5,
        189..=202 => 1.5 - 0.5 * (day - 188) as f64 / 14.0,
        _ => 1.0,
    };
    weekend * wave * christmas
}

impl Year {
    async fn new(count: usize) -> Self {
        let t = TestApp::new().await;
        let begin = Timestamp::parse("2026-06-22T00:00:00Z").unwrap();
        let mut random = Random(2_026);
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
            pair.iter_mut().for_each(|topic| topic.merges = Some(MERGES[i % MERGES.len()]));
        }
        Self { t, random, topics, begin, said: 0 }
    }

    /// What is said on a day.
    fn heard(&mut self, day: i64) -> Vec<Value> {
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

    fn record(&mut self, topic: usize, day: i64) -> Value {
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
    async fn until(&self, day: i64, second: i64) {
        let at = self.begin.plus(day * DAY + second * 1_000_000);
        let now = self.t.app.clock.now();
        assert!(now <= at, "the jobs took more than a day: {now} {at}");
        self.t.advance((at.micros() - now.micros()) / 1_000_000);
        self.t.run_jobs().await;
    }

    async fn import(&self, records: Vec<Value>) {
        for records in records.chunks(2_000) {
            self.t.import(records.to_vec()).await;
        }
    }

    /// Every insight of the list.
    async fn insights(&self) -> Vec<Value> {
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

    async fn sessions(&self, insight: &Value) -> Vec<Value> {
        self.t.items(&format!("/insights/{}/sessions", insight["id"].as_str().unwrap())).await
    }

    /// Makes what is said of each topic an insight of its own, as people would who want to be exact.
    async fn part(&mut self) {
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
    async fn decide(&self) {
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
    async fn import_history(&mut self) -> (usize, usize) {
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
    async fn progress(&self) -> BTreeMap<String, Value> {
        let archived = self.insights().await.into_iter().filter(|insight| !insight["archived_at"].is_null());
        archived
            .map(|mut insight| {
                (insight["id"].as_str().unwrap().to_owned(), insight["resurface_progress"].take())
            })
            .collect()
    }

    /// Merges the pairs that are to be merged on a day, as far as both are still archived.
    async fn merge(&self, day: i64) -> usize {
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

    fn day_of(&self, event: &Value) -> i64 {
        let at = Timestamp::parse(event["at"].as_str().unwrap()).unwrap();
        (at.micros() - self.begin.micros()).div_euclid(DAY)
    }

    /// The day on which something happened first to the insight of a topic.
    async fn first(&self, topic: &Topic, kind: &str) -> Option<i64> {
        let events = self.t.items(&format!("/insights/{}/events", topic.insight)).await;
        events.iter().rev().find(|event| event["kind"] == kind).map(|event| self.day_of(event))
    }
}

/// The insights that are watched and stay as they are, by how often they come.
const BANDS: [(&str, f64, f64); 4] = [
    ("fewer than 0.1 a day", 0.0, 0.1),
    ("0.1 to 1 a day", 0.1, 1.0),
    ("3 or 8 a day", 1.0, 100.0),
    ("all of these", 0.0, 100.0),
];

/// When insights came back that are archived until they escalate.
#[derive(Default)]
struct Returns {
    /// Nothing happened to them: their rates, too.
    quiet: Vec<(f64, Option<i64>)>,
    merged: Vec<Option<i64>>,
    /// From when on they grew, and how much.
    grown: Vec<(i64, f64, Option<i64>)>,
}

impl Year {
    async fn returns(&self, days: i64) -> Returns {
        let (mut returns, mut seen) = (Returns::default(), HashSet::new());
        for topic in self.topics.iter().filter(|topic| topic.fate == Fate::UntilEscalating) {
            let on = self.first(topic, "resurfaced").await;
            let insight = self.t.get_ok(&format!("/insights/{}", topic.insight)).await;
            if !seen.insert(insight["id"].to_string()) {
                continue;
            }
            match topic.grows {
                _ if topic.merges.is_some() => returns.merged.push(on),
                Some((from, times)) if from < days => returns.grown.push((from, times, on)),
                _ => returns.quiet.push((topic.rate, on)),
            }
        }
        returns
    }

    /// Whether all that waits for conversations was back on the very day.
    async fn check_counts(&self) -> String {
        let (mut counted, mut regressed) = (0, 0);
        for topic in &self.topics {
            if let Fate::UntilCount(target) = topic.fate {
                let mut left = target;
                let day = topic.days.iter().find(|(_, count)| {
                    left = left.saturating_sub(**count);
                    left == 0
                });
                let day = day.map(|(day, _)| *day);
                assert_eq!(self.first(topic, "resurfaced").await, day, "{} {target}", topic.text);
                counted += 1;
            }
            if topic.fate == Fate::Resolved {
                let day = topic.days.keys().next().copied();
                assert_eq!(self.first(topic, "regressed").await, day, "{}", topic.text);
                regressed += 1;
            }
        }
        format!("{counted} until a count and {regressed} resolved: each was back on its day\n")
    }

    /// Whether every number is as many as are listed.
    async fn check_numbers(&self) -> String {
        let insights = self.insights().await;
        let mut sum = 0;
        for insight in &insights {
            let listed = self.sessions(insight).await.len();
            assert_eq!(insight["occurrence_count"], listed, "{insight:#}");
            sum += listed;
        }
        format!(
            "{} conversations, {} insights with {sum}, every number as listed\n",
            self.said,
            insights.len()
        )
    }

    async fn shadow(&self) -> String {
        let shadow = self.t.get_ok("/insights/shadow").await.as_array().unwrap().len();
        let forever = self.topics.iter().filter(|topic| topic.fate == Fate::Forever).count();
        format!("{shadow} of {forever} archived forever would have returned\n")
    }
}

/// The chance of so many or more of `all` that each have a chance of `p` (binomial).
fn chance_of(count: usize, all: usize, p: f64) -> f64 {
    let mut term = (all as f64 * (1.0 - p).ln()).exp();
    let mut fewer = 0.0;
    for i in 0..count {
        fewer += term;
        term *= (all - i) as f64 / (i + 1) as f64 * p / (1.0 - p);
    }
    1.0 - fewer
}

/// How many came back by each checkpoint, and which rows are beyond the bound and chance.
fn quiet_table(returns: &Returns, days: i64) -> (String, Vec<String>) {
    let (mut text, mut beyond) = (String::new(), Vec::new());
    let mut row = |name: &str, returns: &[Option<i64>]| {
        write!(text, "| {name} | {} |", returns.len()).unwrap();
        for day in CHECKPOINTS.into_iter().filter(|day| *day < days) {
            let back = returns.iter().flatten().filter(|on| **on <= day).count();
            write!(text, " {:.1} % |", 100.0 * back as f64 / returns.len().max(1) as f64).unwrap();
            if chance_of(back, returns.len(), day as f64 / A) < 0.001 {
                beyond.push(format!("{name}: {back} of {} by day {day}", returns.len()));
            }
        }
        text.push('\n');
    };
    for (name, from, to) in BANDS {
        let band = returns.quiet.iter().filter(|(rate, _)| (from..to).contains(rate));
        row(name, &band.map(|(_, on)| *on).collect::<Vec<_>>());
    }
    row("merged in pairs", &returns.merged);
    for (rate, on) in returns.quiet.iter().filter_map(|(rate, on)| Some((rate, (*on)?))) {
        writeln!(text, "{rate:.2} a day came back on day {on}").unwrap();
    }
    (text, beyond)
}

/// How many of what grew came back, and how soon.
fn grown_table(returns: &Returns) -> String {
    let mut text = String::new();
    for growth in GROWTHS {
        let grown: Vec<_> = returns.grown.iter().filter(|(_, times, _)| *times == growth).collect();
        let early = grown.iter().filter(|(from, _, on)| on.is_some_and(|on| on < *from)).count();
        let mut delays: Vec<i64> = grown
            .iter()
            .filter_map(|(from, _, on)| Some((*on)? - from))
            .filter(|delay| *delay >= 0)
            .collect();
        delays.sort_unstable();
        let median = delays.get(delays.len() / 2);
        let (all, back) = (grown.len(), delays.len());
        writeln!(text, "| × {growth} | {all} | {early} | {back} | {median:?} |").unwrap();
    }
    text
}

/// The returns of what stayed as it was beside what is promised, and below it the conversations of each day.
fn picture(year: &Year, returns: &[Option<i64>], days: i64) -> String {
    let x = |day: i64| 56.0 + 770.0 * day as f64 / days as f64;
    let y = |share: f64| 262.0 - 200.0 * share / 0.2;
    let mut by_day: Vec<u64> = vec![0; days as usize];
    for (day, count) in year.topics.iter().flat_map(|topic| &topic.days) {
        by_day[*day as usize] += count;
    }
    let mut sorted = by_day.clone();
    sorted.sort_unstable();
    // the outage is higher than the picture
    let top = sorted[sorted.len() * 99 / 100] as f64 * 1.25;
    let mut bars = String::new();
    for (day, count) in (0_i64..).zip(&by_day) {
        let height = 130.0 * (*count as f64 / top).min(1.0);
        write!(bars, "M{:.1} 430v-{height:.1}", x(day) + 1.0).unwrap();
    }
    let mut line = format!("M{:.1} {:.1}", x(0), y(0.0));
    for day in 1..days {
        let back = returns.iter().flatten().filter(|on| **on <= day).count();
        write!(line, "H{:.1}V{:.1}", x(day), y(back as f64 / returns.len() as f64)).unwrap();
    }
    let (mut grid, mut scale) = (String::new(), String::new());
    for percent in [0, 5, 10, 15, 20] {
        let y = y(f64::from(percent) / 100.0);
        write!(grid, "M56 {y:.1}H826").unwrap();
        write!(scale, "\n    <text x=\"50\" y=\"{:.1}\">{percent} %</text>", y + 4.0).unwrap();
    }
    let mut marks = String::new();
    for (day, what) in [(OUTAGE, "outage"), (HISTORY, "old history comes")]
        .into_iter()
        .chain(MERGES.map(|day| (day, "merges")))
        .filter(|(day, _)| *day < days)
    {
        let x = x(day);
        // the merges stand close before it
        let anchor = if day == HISTORY { "start" } else { "middle" };
        write!(marks, "\n    <path d=\"M{x:.1} 288V430\" stroke=\"#8a4422\" stroke-dasharray=\"2 3\"/>")
            .unwrap();
        write!(marks, "<text x=\"{x:.1}\" y=\"283\" text-anchor=\"{anchor}\">{what}</text>").unwrap();
    }
    let (end, bound) = (x(days), y(days as f64 / A));
    let (count, start) = (returns.len(), x(0));
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 470" width="860" height="470" font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="12.5" fill="#222b36" role="img" aria-labelledby="t d">
  <title id="t">NonEmptyVec of the insights that stay as they are come back within a year, fewer than promised</title>
  <desc id="d">Above, the share of {count} insights that came back though nothing grew, as a line of steps over {days} days, below a dashed line of what is promised. Below, the conversations of each day: slow weekends, a season, an outage.</desc>
  <rect x="1" y="1" width="858" height="468" rx="14" fill="#fbfaf6" stroke="#c9c6bb"/>
  <text x="28" y="34" font-weight="600" font-size="15">A year of {count} archived insights to which nothing happens</text>
  <path d="{grid}" stroke="#c9c6bb"/>
  <g fill="#4c5663" font-size="12" text-anchor="end">{scale}
  </g>
  <path d="M{start:.1} 262L{end:.1} {bound:.1}" stroke="#8a4422" stroke-dasharray="6 4" fill="none"/>
  <text x="600" y="112" text-anchor="end" fill="#8a4422">at most, by the promise: days / 1825</text>
  <path d="{line}" stroke="#2f7f70" stroke-width="2" fill="none"/>
  <text x="820" y="252" text-anchor="end" fill="#2f7f70">came back</text>
  <path d="{bars}" stroke="#9fd3c7" stroke-width="1.6"/>
  <g fill="#8a4422" font-size="12">{marks}
  </g>
  <text x="56" y="452" fill="#4c5663">conversations of each day, from June to June</text>
</svg>
"##
    )
}

/// What is archived stays quiet as long as nothing grows, and comes back when something does, whatever disturbs it.
#[tokio::test]
#[ignore = "a year takes half an hour in an optimized build"]
async fn a_year() {
    let number = |name: &str, usual: i64| std::env::var(name).map_or(usual, |value| value.parse().unwrap());
    let days = number("YEAR_DAYS", 365);
    let started = Instant::now();
    let mut year = Year::new(usize::try_from(number("YEAR_INSIGHTS", 2_000)).unwrap()).await;
    // three of each, so that every topic is an insight; long before what is usual is learned
    let mut records = Vec::new();
    for topic in 0..year.topics.len() {
        records.extend((0..3).map(|_| year.record(topic, -BEFORE - 30)).collect::<Vec<_>>());
    }
    for day in -BEFORE..0 {
        records.extend(year.heard(day));
    }
    year.t.app.clock.advance(year.begin.micros() - year.t.app.clock.now().micros() - 3_600_000_000);
    year.import(records).await;
    year.t.run_jobs().await;
    let groups = year.insights().await.len();
    year.part().await;
    year.until(0, 60).await;
    assert_eq!(year.insights().await.len(), year.topics.len());
    println!("{:?}: {groups} groups parted into {} insights", started.elapsed(), year.topics.len());
    year.decide().await;
    let (mut pairs, mut history, mut surges) = (0, (0, 0), Vec::new());
    for day in 0..days {
        if MERGES.contains(&day) {
            pairs += year.merge(day).await;
        }
        if day == HISTORY {
            history = year.import_history().await;
        }
        let records = year.heard(day);
        year.until(day, 75_000).await;
        year.import(records).await;
        if day % 7 != 0 {
            // grouping anew once a week is enough: new conversations are linked as they come
            year.t.execute(refrain::db::sql("delete from jobs where kind = 'consolidate'")).await;
        }
        year.t.run_jobs().await;
        year.until(day + 1, 60).await;
        if day == OUTAGE + 1 {
            surges = year.t.get_ok("/overview").await["surges"].as_array().unwrap().clone();
        }
        if day % 10 == 9 {
            println!("{:?}: day {day}, {} conversations", started.elapsed(), year.said);
        }
    }
    let returns = year.returns(days).await;
    let (quiet, beyond) = quiet_table(&returns, days);
    print!("{quiet}{}", grown_table(&returns));
    println!(
        "{pairs} pairs merged; (old conversations, insights they changed): {history:?}; surges: {surges:?}"
    );
    print!("{}{}{}", year.shadow().await, year.check_counts().await, year.check_numbers().await);
    println!("{:?} in all", started.elapsed());
    if let Ok(file) = std::env::var("YEAR_PICTURE") {
        let quiet: Vec<_> = returns.quiet.iter().map(|(_, on)| *on).collect();
        std::fs::write(file, picture(&year, &quiet, days)).unwrap();
    }
    assert!(beyond.is_empty(), "more than promised: {beyond:?}");
    assert!(days < OUTAGE || !surges.is_empty(), "the outage was no surge");
    assert_eq!(history.1, 0, "old history changed what is watched");
}
