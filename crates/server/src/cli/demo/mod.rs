//! `refrain demo`: the bundled sample of real conversations, with a made-up life, from nothing to a served list.

mod life;
mod moves;

use super::import::wait;
use super::{Exit, insights::table, print_error, print_line, serve};
use crate::app::App;
use crate::config::Config;
use crate::event::Actor;
use crate::ids::{InsightId, OrgId};
use crate::imports::{BATCH, Record};
use crate::keys::{self, Scopes};
use crate::members::{self, Invitation, Role};
use crate::sample::{self, Script, Set};
use crate::{insights, jobs, orgs};
use anyhow::{Context, bail};

const KEY_NAME: &str = "demo";
/// The admin whom the demo signs in.
const MEMBER: &str = "demo@example.com";

#[derive(Debug, clap::Args)]
pub(super) struct DemoArgs {
    /// End when the list is printed, instead of serving it
    #[arg(long)]
    no_serve: bool,
}

pub(super) async fn demo(config: Config, args: DemoArgs) -> anyhow::Result<Exit> {
    let (app, listener) = serve::bind(config).await?;
    print_error("Loading the sample of real conversations, if it is not there yet");
    let org_id = load(&app).await?;
    let workers = tokio::spawn(jobs::work(app.clone(), app.config.jobs.workers));
    wait(&app, org_id).await?;
    print_line(&table(&app, org_id, &insights::InsightFilter::default()).await?)?;
    print_line(&moves::told(&app, org_id).await?)?;
    if args.no_serve {
        app.drain();
        workers.await.context("ending the workers")?;
        app.db.close().await;
        return Ok(Exit::Success);
    }
    let token = fresh_key(&app, org_id).await?;
    let link = sign_in_link(&app, org_id, &listener.url()?).await?;
    let top = insights::list(&app, org_id, &insights::InsightFilter::default()).await?.data;
    let top = top.first().context("the sample has no insight")?.id;
    print_line(&hints(&listener.url()?, &link, &token, top))?;
    serve::run(app, listener, workers).await?;
    Ok(Exit::Success)
}

/// Imports the sample and gives it its life; what is there already stays as it is. A folder with other conversations is
/// left alone, and an organization that was there before has no life: it cannot be put back.
async fn load(app: &App) -> anyhow::Result<OrgId> {
    let (org_id, lived_on) = life::begin(app).await?;
    let today = match lived_on {
        Some(day) => day,
        None => orgs::created_at(&app.db, org_id).await?.start_of_day(),
    };
    let script = Script::read()?;
    let sets = sample::read(&script, today)?;
    let there = insights::counts(&app.db, org_id).await?.sessions;
    let past = life::as_of(app, orgs::clock(&app.db, org_id).await?);
    if there > 0 && !is_sample(&past, org_id, &sets).await? {
        bail!(
            "{} holds other conversations; name another folder with --data",
            app.config.database.data.display()
        );
    }
    if lived_on.is_some() {
        print_error("Living through its last four weeks, if that was not done yet");
        life::live(app, org_id, &script, &sets, today).await?;
    }
    let mut imports = Vec::new();
    for set in sets {
        let mut import = set.import(app, org_id).await?;
        import.write_all(set.records).await?;
        imports.push(import);
    }
    // once all of it is there
    for import in imports {
        import.finish().await?;
    }
    Ok(org_id)
}

async fn is_sample(app: &App, org_id: OrgId, sets: &[Set]) -> anyhow::Result<bool> {
    for set in sets {
        let first: Vec<&Record> = set.records.iter().take(BATCH).collect();
        if set.import(app, org_id).await?.knows_any(&first).await? {
            return Ok(true);
        }
    }
    Ok(false)
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
