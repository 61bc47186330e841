//! `refrain demo`: the bundled sample of real conversations, from nothing to a served list.

use super::import::wait;
use super::{Exit, insights::table, print_error, print_line, serve};
use crate::app::App;
use crate::config::Config;
use crate::event::Actor;
use crate::ids::{InsightId, OrgId};
use crate::imports::{BATCH, Import, Record, read_text};
use crate::keys::{self, Scopes};
use crate::members::{self, Invitation, Role};
use crate::time::{DAY, Timestamp};
use crate::{insights, jobs, orgs};
use anyhow::{Context, bail};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use std::io::Read;

const KEY_NAME: &str = "demo";
/// The admin whom the demo signs in.
const MEMBER: &str = "demo@example.com";
/// The number of days that the sample is spread over; the last is yesterday.
const DAYS: i64 = 90;

/// The sets of the sample. See `sample/README.md` for what they are and whose.
const SAMPLE: &[(&str, &[u8])] = &[
    ("star", include_bytes!("../../sample/star.jsonl.gz")),
    ("insurance", include_bytes!("../../sample/insurance.jsonl.gz")),
    ("banking", include_bytes!("../../sample/banking.jsonl.gz")),
];

#[derive(Debug, clap::Args)]
pub(super) struct DemoArgs {
    /// End when the list is printed, instead of serving it
    #[arg(long)]
    no_serve: bool,
}

pub(super) async fn demo(config: Config, args: DemoArgs) -> anyhow::Result<Exit> {
    let (app, listener) = serve::bind(config).await?;
    let org_id = app.find_or_create_org(orgs::DEFAULT_NAME).await?;
    let workers = tokio::spawn(jobs::work(app.clone(), app.config.jobs.workers));
    print_error("Loading the sample of real conversations, if it is not there yet");
    load(&app, org_id).await?;
    wait(&app, org_id).await?;
    print_line(&table(&app, org_id, &insights::InsightFilter::default()).await?)?;
    if args.no_serve {
        app.drain();
        workers.await.context("ending the workers")?;
        app.db.close().await;
        return Ok(Exit::Success);
    }
    let token = fresh_key(&app, org_id).await?;
    let link = sign_in_link(&app, org_id, &listener.url()?).await?;
    let top = insights::list(&app.db, org_id, &insights::InsightFilter::default()).await?.data;
    let top = top.first().context("the sample has no insight")?.id;
    print_line(&hints(&listener.url()?, &link, &token, top))?;
    serve::run(app, listener, workers).await?;
    Ok(Exit::Success)
}

/// Imports the sample; what is there already stays as it is. A folder with other conversations is left
/// alone.
async fn load(app: &App, org_id: OrgId) -> anyhow::Result<()> {
    let today = orgs::created_at(&app.db, org_id).await?.start_of_day();
    let mut sets = Vec::new();
    for (set, compressed) in SAMPLE {
        let mut records = Vec::new();
        let mut text = Vec::new();
        GzDecoder::new(*compressed).read_to_end(&mut text).with_context(|| format!("unpacking {set}"))?;
        read_text(set, &text, |batch| {
            records.extend(batch.records);
            true
        })?;
        date(&mut records, today);
        sets.push((Import::begin(app, org_id, &format!("sample/{set}")).await?, records));
    }
    let there = insights::counts(&app.db, org_id).await?.sessions;
    if there > 0 && !is_sample(&sets).await? {
        bail!(
            "{} holds other conversations; name another folder with --data",
            app.config.database.data.display()
        );
    }
    for (import, records) in &mut sets {
        import.write_all(records.drain(..)).await?;
    }
    for (import, _) in sets {
        import.finish().await?;
    }
    Ok(())
}

async fn is_sample(sets: &[(Import, Vec<Record>)]) -> anyhow::Result<bool> {
    for (import, records) in sets {
        let first: Vec<&Record> = records.iter().take(BATCH).collect();
        if import.knows_any(&first).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Moves a set into the 90 days before `today`. A set with times keeps its order and its rhythm, stretched
/// or pressed to fit. One without is spread evenly, each conversation where the hash of its id puts it.
fn date(records: &mut [Record], today: Timestamp) {
    let times = records.iter().filter_map(|record| record.created_at.map(Timestamp::micros));
    let span = times.clone().min().zip(times.max());
    let start = today.plus(-DAYS * DAY);
    for record in records {
        let share = match (record.created_at, span) {
            (Some(time), Some((first, last))) => (time.micros() - first) as f64 / (last - first + 1) as f64,
            _ => {
                let digest = Sha256::digest(record.id.as_bytes());
                f64::from(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
                    / f64::from(u32::MAX)
            }
        };
        #[expect(clippy::cast_possible_truncation, reason = "a share of the days, which is below 1")]
        let micros = (share * (DAYS * DAY - 1) as f64) as i64;
        record.created_at = Some(start.plus(micros - micros.rem_euclid(1_000)));
    }
}

/// Makes a key for this run and revokes that of the last run, since nobody can show its token again.
async fn fresh_key(app: &App, org_id: OrgId) -> anyhow::Result<String> {
    let mut tx = app.begin(org_id).await?;
    keys::revoke_named(&mut tx, KEY_NAME).await?;
    tx.commit().await?;
    let (_, token) = keys::create(app, org_id, KEY_NAME, &Scopes::All, None, None).await?;
    Ok(token)
}

/// Makes a link that signs in as an admin, in place of that of the last run.
async fn sign_in_link(app: &App, org_id: OrgId, url: &str) -> anyhow::Result<String> {
    let email = MEMBER.parse().map_err(anyhow::Error::msg)?;
    let invitation = Invitation { email, name: None, role: Role::Admin, days: 1 };
    let mut tx = app.begin(org_id).await?;
    let (_, token) = members::invite(&mut tx, &invitation, Actor::default()).await?;
    tx.commit().await?;
    Ok(members::link_url(url, &token))
}

fn hints(url: &str, link: &str, token: &str, top: InsightId) -> String {
    format!(
        r#"
Sign in   {link}
Base URL  {url}
API key   {token}

export KEY={token}
# the most frequent insights
curl -s {url}/insights -H "authorization: Bearer $KEY" -H 'content-type: application/json' -d '{{}}'
# what those say who are angry, latest first
curl -s {url}/insights -H "authorization: Bearer $KEY" -H 'content-type: application/json' -d '{{"ticketSentiment": "angry", "sortBy": "last_seen_at"}}'
# the first insight, and the conversations behind its number
curl -s {url}/insights/{top} -H "authorization: Bearer $KEY"
curl -s {url}/insights/{top}/sessions -H "authorization: Bearer $KEY"
# the newest conversations
curl -s {url}/chat/sessions -H "authorization: Bearer $KEY"

Serving; Ctrl-C ends it."#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_fall_into_the_ninety_days_in_their_order() {
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
        date(&mut dated, today);
        let days: Vec<String> =
            dated.iter().map(|r| r.created_at.map(|t| t.to_string()[..10].to_owned()).unwrap()).collect();
        assert_eq!(days, ["2026-08-23", "2026-10-06", "2026-11-20"]);
        let mut undated: Vec<Record> = (0..500).map(|i| record(&i.to_string(), None)).collect();
        date(&mut undated, today);
        let old = undated.iter().filter(|r| r.created_at < Some(today.plus(-45 * DAY))).count();
        assert!((200..300).contains(&old), "{old}");
        assert!(undated.iter().all(|r| r.created_at < Some(today)));
    }
}
