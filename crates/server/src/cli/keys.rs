//! `refrain keys`.

use super::table::Table;
use super::{Exit, OrgArg, UsageError, find_org, open, print_error, print_line};
use crate::access::keys_forgotten_elsewhere;
use crate::config::Config;
use crate::event::Actor;
use crate::ids::KeyId;
use crate::keys::{self, Scopes};
use crate::members::Member;
use crate::time::{DAY, Timestamp};
use crate::wire::Email;
use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::json;

const KEYS_LISTED_MAX: i64 = 1_000;

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a key and print its token, which nothing shows again
    Create(CreateArgs),
    /// List keys
    List(ListArgs),
    /// Revoke a key
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// Name of the key
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Scopes of the key, as resource:read and resource:write with commas between; all, or nothing, for everything
    #[arg(long, value_name = "SCOPES")]
    scopes: Option<String>,
    /// Days for which the key is good; if not given, until it is revoked
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3_650))]
    days: Option<u32>,
    /// E-mail address of the member who acts through it
    #[arg(long, value_name = "E-MAIL")]
    member: Option<String>,
    /// Name of that member, shown beside what it decides
    #[arg(long, value_name = "NAME", requires = "member")]
    member_name: Option<String>,
    /// Address of a picture of that member
    #[arg(long, value_name = "URL", requires = "member")]
    member_avatar: Option<String>,
    #[command(flatten)]
    org: OrgArg,
    /// Print {"id", "token"}
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    org: OrgArg,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    /// Id of the key
    id: String,
    #[command(flatten)]
    org: OrgArg,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn keys(config: Config, command: KeysCommand) -> anyhow::Result<Exit> {
    match command {
        KeysCommand::Create(args) => create(config, args).await?,
        KeysCommand::List(args) => list(config, args).await?,
        KeysCommand::Revoke(args) => revoke(config, args).await?,
    }
    Ok(Exit::Success)
}

async fn create(config: Config, args: CreateArgs) -> anyhow::Result<()> {
    let scopes = args.scopes.as_deref().map_or(Ok(Scopes::All), str::parse);
    let scopes = scopes.map_err(|error| UsageError(format!("--scopes: {error}")))?;
    let member = args.member.as_deref().map(str::parse::<Email>).transpose();
    let member = member.map_err(|error| UsageError(format!("--member: {error}")))?;
    let member = member.map(|email| Member { email, name: args.member_name, avatar_url: args.member_avatar });
    if args.name.trim().is_empty() {
        bail!(UsageError("--name: expected text that is not blank".into()));
    }
    let app = open(config).await?;
    let org_id = app.find_or_create_org(&args.org.org).await?;
    let expires_at = args.days.map(|days| app.clock.now().plus(i64::from(days) * DAY));
    let (id, token) = keys::create(&app, org_id, &args.name, &scopes, member.as_ref(), expires_at).await?;
    app.db.close().await;
    if args.json {
        return print_line(&json!({"id": id, "token": token}).to_string());
    }
    print_error("This token is shown once. Whoever has it can do what the key allows.");
    if args.scopes.is_none() {
        print_error("The key allows everything: --scopes limits it, and --scopes all says so on purpose.");
    }
    print_line(&token)
}

async fn list(config: Config, args: ListArgs) -> anyhow::Result<()> {
    let app = open(config).await?;
    let org_id = find_org(&app, &args.org).await?;
    let keys = keys::list(&app.db, org_id, None, KEYS_LISTED_MAX).await?;
    app.db.close().await;
    if args.json {
        return print_line(&serde_json::to_string(&keys)?);
    }
    let mut table =
        Table::new(&["ID", "Name", "Scopes", "Member", "Created", "Last used", "Expires", "Revoked"]);
    let cell = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
    for key in keys {
        table.row(vec![
            key.id.to_string(),
            key.name,
            key.scopes,
            key.member.unwrap_or_default(),
            key.created_at.to_string(),
            cell(key.last_used_at),
            cell(key.expires_at),
            cell(key.revoked_at),
        ]);
    }
    print_line(&table.to_string())
}

async fn revoke(config: Config, args: RevokeArgs) -> anyhow::Result<()> {
    let id: KeyId = args.id.parse().map_err(|error| UsageError(format!("{error}, the id of a key")))?;
    let app = open(config).await?;
    let org_id = find_org(&app, &args.org).await?;
    let revoked = keys::revoke(&app, org_id, id, Actor::default()).await?;
    app.db.close().await;
    if !revoked {
        bail!("there is no such key, or it is revoked already");
    }
    keys_forgotten_elsewhere().await;
    print_line(&if args.json { json!({"revoked": id}).to_string() } else { format!("revoked {id}") })
}
