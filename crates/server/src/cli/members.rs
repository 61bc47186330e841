//! `refrain members`.

use super::table::Table;
use super::{Exit, OrgArg, UsageError, find_org, open, print_error, print_line};
use crate::access::keys_forgotten_elsewhere;
use crate::config::Config;
use crate::event::Actor;
use crate::members::{self, Invitation, Role};
use crate::time::Timestamp;
use crate::wire::Email;
use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::json;

/// The most members in a list.
const LISTED_MAX: i64 = 10_000;

#[derive(Debug, Subcommand)]
pub(super) enum MembersCommand {
    /// Print a link that signs a member in once: a new one, or one who forgot the password
    Invite(InviteArgs),
    /// List the people who may sign in
    List(ListArgs),
    /// Remove a member: its sign-ins end, and the keys through which it acts
    Remove(RemoveArgs),
}

#[derive(Debug, Args)]
pub(super) struct InviteArgs {
    /// E-mail address of the member
    email: String,
    /// What the member may do: viewer (read, masked), agent (decide and see what is masked) or admin; needed for a
    /// new member
    #[arg(long, value_name = "ROLE")]
    role: Option<Role>,
    /// Name of the member, shown beside what it decides
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Days for which the link signs in
    #[arg(long, value_name = "DAYS", default_value = "7", value_parser = clap::value_parser!(i64).range(1..=30))]
    days: i64,
    #[command(flatten)]
    org: OrgArg,
    /// Print {"id", "link"}
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
pub(super) struct RemoveArgs {
    /// E-mail address of the member
    email: String,
    #[command(flatten)]
    org: OrgArg,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn members(config: Config, command: MembersCommand) -> anyhow::Result<Exit> {
    match command {
        MembersCommand::Invite(args) => invite(config, args).await?,
        MembersCommand::List(args) => list(config, args).await?,
        MembersCommand::Remove(args) => remove(config, args).await?,
    }
    Ok(Exit::Success)
}

fn parse(email: &str) -> Result<Email, UsageError> {
    email.parse().map_err(|error| UsageError(format!("{error}, the address of a member")))
}

async fn invite(config: Config, args: InviteArgs) -> anyhow::Result<()> {
    let email = parse(&args.email)?;
    let app = open(config).await?;
    let org_id = app.find_or_create_org(&args.org.org).await?;
    let mut tx = app.begin(org_id).await?;
    let known = members::find_by_email(&mut tx, org_id, &email).await?;
    let role = args.role.or(known.map(|member| member.role));
    let role = role.ok_or_else(|| UsageError("--role: is required for a new member".into()))?;
    let invitation = Invitation { email, name: args.name, role, days: args.days };
    let (id, token) = members::invite(&mut tx, &invitation, Actor::default()).await?;
    tx.commit().await?;
    let link = members::link_url(&app.config.server.public_url(), &token);
    app.db.close().await;
    if args.json {
        return print_line(&json!({"id": id, "link": link}).to_string());
    }
    print_error("This link is shown once, and signs in once. Whoever has it can do what the member may do.");
    print_line(&link)
}

async fn list(config: Config, args: ListArgs) -> anyhow::Result<()> {
    let app = open(config).await?;
    let org_id = find_org(&app, &args.org).await?;
    let members = members::list(&app.db, org_id, None, LISTED_MAX).await?;
    app.db.close().await;
    if args.json {
        return print_line(&serde_json::to_string(&members)?);
    }
    let mut table = Table::new(&["E-mail", "Name", "Role", "Password", "Link until", "Since", "Last seen"]);
    let cell = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
    for member in members {
        table.row(vec![
            member.email.as_str().to_owned(),
            member.name.unwrap_or_default(),
            member.role.to_string(),
            if member.has_password { "set" } else { "none" }.to_owned(),
            cell(member.link_ends_at),
            member.created_at.to_string(),
            cell(member.last_seen_at),
        ]);
    }
    print_line(&table.to_string())
}

async fn remove(config: Config, args: RemoveArgs) -> anyhow::Result<()> {
    let email = parse(&args.email)?;
    let app = open(config).await?;
    let org_id = find_org(&app, &args.org).await?;
    let mut tx = app.begin(org_id).await?;
    let member = members::find_by_email(&mut tx, org_id, &email).await?.context("there is no such member")?;
    members::remove(&mut tx, &member, Actor::default()).await?;
    tx.commit().await?;
    app.db.close().await;
    keys_forgotten_elsewhere().await;
    print_line(&if args.json {
        json!({"removed": member.id}).to_string()
    } else {
        format!("removed {}", args.email)
    })
}
