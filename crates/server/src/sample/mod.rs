//! The bundled sample: real conversations, with the dates, channels, contacts and teams that the script gives them.

mod routes;
mod script;

use crate::app::App;
use crate::error::Result;
use crate::ids::OrgId;
use crate::imports::{Import, Record, RecordContact, read_text};
use crate::sessions::{AiClosureType, HandoffInput};
use crate::time::{DAY, Timestamp};
use crate::wire::{Maybe, SingleLine, Text};
use anyhow::Context;
use flate2::read::GzDecoder;
pub use routes::routes;
pub(crate) use script::Script;
use script::pick;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io::Read;

/// The number of days that the sample is spread over; the last is yesterday.
const DAYS: i64 = 90;

/// The sets of the sample. See `sample/README.md` for what they are and whose.
const SETS: &[(&str, &[u8])] = &[
    ("star", include_bytes!("../../sample/star.jsonl.gz")),
    ("insurance", include_bytes!("../../sample/insurance.jsonl.gz")),
    ("banking", include_bytes!("../../sample/banking.jsonl.gz")),
];
/// The set that is made up, plain.
const LANGUAGES: (&str, &str) = ("languages", include_str!("../../sample/languages.jsonl"));

/// The summary of a handoff.
const HANDOFF: &str = "Asked for a person after the first answer.";

/// A set of the sample.
pub(crate) struct Set {
    name: &'static str,
    /// True if the script says when its conversations came.
    pub(crate) is_told: bool,
    /// Its conversations, in the order of their times.
    pub(crate) records: Vec<Record>,
}

impl Set {
    /// Begins to import the set.
    pub(crate) async fn import(&self, app: &App, org_id: OrgId) -> Result<Import> {
        Import::begin(app, org_id, &format!("sample/{}", self.name)).await
    }
}

/// Reads the sample, as of the first moment of `today`.
pub(crate) fn read(script: &Script, today: Timestamp) -> anyhow::Result<Vec<Set>> {
    let mut sets = Vec::new();
    for (name, compressed) in SETS {
        let mut text = Vec::new();
        GzDecoder::new(*compressed).read_to_end(&mut text).with_context(|| format!("unpacking {name}"))?;
        sets.push(set(script, name, &text, today)?);
    }
    let (name, text) = LANGUAGES;
    sets.push(set(script, name, text.as_bytes(), today)?);
    Ok(sets)
}

fn set(script: &Script, name: &'static str, text: &[u8], today: Timestamp) -> anyhow::Result<Set> {
    let mut records = Vec::new();
    read_text(name, text, |batch| {
        records.extend(batch.records);
        true
    })?;
    let is_told = records.iter().all(|record| record.created_at.is_none());
    date(script, &mut records, today);
    for record in &mut records {
        dress(script, name, record, today)?;
    }
    records.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(Set { name, is_told, records })
}

/// Moves a set into the 90 days before `today`. A set with times keeps its order and its rhythm, stretched
/// or pressed to fit. One without is spread as its stories say, or else evenly, each conversation where the hash of its id
/// puts it.
fn date(script: &Script, records: &mut [Record], today: Timestamp) {
    let times = records.iter().filter_map(|record| record.created_at.map(Timestamp::micros));
    let span = times.clone().min().zip(times.max());
    for record in records {
        let days_ago = match (record.created_at, span) {
            (Some(time), Some((first, last))) => {
                let share = (time.micros() - first) as f64 / (last - first + 1) as f64;
                DAYS as f64 * (1.0 - share)
            }
            _ => {
                let share = share_of("", &record.id);
                let story = script.story_of(record).and_then(|at| script.stories.get(at));
                story.map_or(DAYS as f64 * (1.0 - share), |story| story.days_ago(share))
            }
        };
        #[expect(clippy::cast_possible_truncation, reason = "some days, in microseconds")]
        let micros = (days_ago * DAY as f64) as i64;
        let time = today.plus(-micros.max(1));
        record.created_at = Some(time.plus(-time.micros().rem_euclid(1_000)));
    }
}

/// Gives a conversation the channel, contact, team, status and handoff that follow from the hash of its id.
fn dress(script: &Script, set: &str, record: &mut Record, today: Timestamp) -> anyhow::Result<()> {
    let id = record.id.clone();
    let created_at = record.created_at.unwrap_or(today);
    let is_since = |days: i64| created_at >= today.plus(-days * DAY);
    if record.channel.as_deref() == Some("chat") {
        let channel = pick(&script.channels, share_of("channel", &id));
        let is_silent = is_since(script.silent.days) && channel == Some(&script.silent.channel);
        record.channel = if is_silent { Some(script.silent.instead.clone()) } else { channel.cloned() };
    }
    let statuses = if is_since(script.recent_days) { &script.recent_statuses } else { &script.statuses };
    record.status = pick(statuses, share_of("status", &id)).copied();
    record.team = script.teams.get(set).cloned().map(SingleLine);
    let is_handed_off = share_of("handoff", &id) * 100.0 < f64::from(script.handed_off_percent);
    record.ai_closure_type =
        Some(if is_handed_off { AiClosureType::HandedOff } else { AiClosureType::Resolved });
    let handoff = HandoffInput { summary: Text(HANDOFF.to_owned()), sentiment: Maybe(None) };
    record.handoff = is_handed_off.then_some(handoff);
    record.contact = Some(contact(script, record.language.as_deref().unwrap_or("en"), &id)?);
    Ok(())
}

/// Returns the contact of a conversation: one of those who speak its language.
fn contact(script: &Script, language: &str, id: &str) -> anyhow::Result<RecordContact> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number of contacts")]
    let number = (share_of("contact", id) * f64::from(script.contacts)) as u32;
    let name = format!("{language}{number}");
    let of = |names: &[String], what: &str| {
        let even: Vec<(String, u32)> = names.iter().map(|name| (name.clone(), 1)).collect();
        pick(&even, share_of(what, &name)).cloned().unwrap_or_default()
    };
    let (first, last) = (of(&script.first_names, "first name"), of(&script.last_names, "last name"));
    let country = script.countries.get(language).and_then(|some| pick(some, share_of("country", &name)));
    let made_up = json!({
        "name": format!("{first} {last}"),
        "email": format!("{first}.{last}.{name}@example.com"),
        "custom_data": {"plan": pick(&script.plans, share_of("plan", &name)), "country": country},
    });
    serde_json::from_value(made_up).context("making up a contact")
}

/// Returns where the hash of an id puts it between 0 and 1: the first 32 bits of the SHA-256 of `what`, a blank and the id;
/// without `what`, of the id alone.
fn share_of(what: &str, id: &str) -> f64 {
    let text = if what.is_empty() { id.to_owned() } else { format!("{what} {id}") };
    let digest = Sha256::digest(text.as_bytes());
    f64::from(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_fall_into_the_ninety_days_in_their_order() {
        let script = Script::read().unwrap();
        let record = |id: &str, time: Option<&str>| {
            let json = serde_json::json!({"id": id, "turns": [], "created_at": time});
            Record::parse(&json.to_string()).unwrap()
        };
        let today = Timestamp::parse("2026-11-21").unwrap();
        let mut dated = [
            record("a", Some("2020-01-01T00:00:00Z")),
            record("b", Some("2020-01-01T12:00:00Z")),
            record("c", Some("2020-01-02T00:00:00Z")),
        ];
        date(&script, &mut dated, today);
        let days: Vec<String> =
            dated.iter().map(|r| r.created_at.map(|t| t.to_string()[..10].to_owned()).unwrap()).collect();
        assert_eq!(days, ["2026-08-23", "2026-10-06", "2026-11-20"]);
        let mut undated: Vec<Record> = (0..500).map(|i| record(&i.to_string(), None)).collect();
        date(&script, &mut undated, today);
        let old = undated.iter().filter(|r| r.created_at < Some(today.plus(-45 * DAY))).count();
        assert!((200..300).contains(&old), "{old}");
        assert!(undated.iter().all(|r| r.created_at < Some(today)));
    }

    #[test]
    fn every_conversation_is_dressed_and_the_same_at_every_run() {
        let script = Script::read().unwrap();
        let today = Timestamp::parse("2026-11-21").unwrap();
        let sets = read(&script, today).unwrap();
        let all: Vec<&Record> = sets.iter().flat_map(|set| &set.records).collect();
        assert_eq!(all.len(), 5_599);
        let again = read(&script, today).unwrap();
        assert!(all.iter().zip(again.iter().flat_map(|set| &set.records)).all(|(a, b)| a.hash() == b.hash()));
        assert!(all.iter().all(|record| record.contact.is_some() && record.team.is_some()));
        let sms = all.iter().filter(|record| record.channel.as_deref() == Some("sms"));
        let last = sms.filter_map(|record| record.created_at).max().unwrap();
        assert!(last < today.plus(-9 * DAY) && last > today.plus(-11 * DAY), "{last}");
        for (i, story) in script.stories.iter().enumerate() {
            let told = all.iter().filter(|record| script.story_of(record) == Some(i));
            assert!(told.count() > 15, "{story:?}");
        }
    }
}
