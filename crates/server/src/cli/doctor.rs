//! `refrain doctor`: checks that everything stored agrees with itself.

use super::table::Table;
use super::{Exit, open, print_line};
use crate::config::Config;
use crate::db::{Db, sql};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The invariants, each with a query that counts its violations. A check is over all organizations: a repair is
/// an operator's, not a tenant's.
const CHECKS: &[(&str, &str)] = &[
    (
        "every count equals the number of sessions listed",
        "select count(*) from insights i where i.occurrence_count <> (
            select count(*) from occurrences o where o.org_id = i.org_id and o.insight_id = i.id)",
    ),
    (
        "first and last seen are those of the sessions listed",
        "select count(*) from insights i join (
            select org_id, insight_id, min(session_created_at) as first, max(session_created_at) as last
            from occurrences group by org_id, insight_id
        ) o on o.org_id = i.org_id and o.insight_id = i.id
        where i.first_seen_at <> o.first or i.last_seen_at <> o.last",
    ),
    (
        "who says what an insight counts, and when, equals the sessions",
        "select count(*) from occurrences o join sessions s on s.org_id = o.org_id and s.id = o.session_id
        where o.session_created_at <> s.created_at
            or (o.contact_id is null) <> (s.contact_id is null) or o.contact_id <> s.contact_id",
    ),
    (
        "what proves an insight is of the session it is counted for",
        "select count(*) from occurrences o join statements t on t.org_id = o.org_id and t.id = o.statement_id
        where t.session_id <> o.session_id",
    ),
    (
        "what is archived has a record, and nothing else has one",
        "select (
            select count(*) from insights i where i.archived_at is not null and not exists (
                select 1 from archives a where a.org_id = i.org_id and a.insight_id = i.id)
        ) + (
            select count(*) from archives a join insights i on i.org_id = a.org_id and i.id = a.insight_id
            where i.archived_at is null or i.retired_at is not null or i.archive_policy <> a.policy)",
    ),
    (
        "every insight has had as many events as it says",
        "select count(*) from insights i where i.revision <> (
            select count(*) from insight_events e where e.org_id = i.org_id and e.insight_id = i.id)",
    ),
    (
        "no insight that ended is still linked",
        "select count(*) from occurrences o join insights i on i.org_id = o.org_id and i.id = o.insight_id
        where i.retired_at is not null",
    ),
    (
        "what a language model worded is what it said",
        "select count(*) from wordings w join insights i on i.org_id = w.org_id and i.id = w.insight_id
        where w.shown and not i.content_by_hand and (w.content is null or i.content <> w.content)",
    ),
    (
        "ticket numbers have no gaps but those of deleted sessions",
        "select count(*) from orgs o where o.next_ticket_number - 1 <> (
            select count(*) from sessions s where s.org_id = o.id) + (
            select coalesce(sum(e.sessions_deleted), 0) from erasures e where e.org_id = o.id)",
    ),
    (
        "insight numbers have no gaps",
        "select count(*) from orgs o where o.next_insight_number - 1 <> (
            select count(*) from insights i where i.org_id = o.id)",
    ),
    (
        "histories have no gaps",
        "select count(*) from sessions s where s.next_seq - 1 <> (
            select count(*) from messages m where m.org_id = s.org_id and m.session_id = s.id)",
    ),
    (
        "every session is read, or a job is there to read it",
        "select count(*) from sessions s where s.read_revision < s.revision and s.next_seq > 1 and not exists (
            select 1 from jobs j where j.org_id = s.org_id and j.kind = 'read_sessions')",
    ),
    (
        "what waits for a webhook is what it counts",
        "select count(*) from webhooks w where w.waiting <> (
            select count(*) from deliveries d
            where d.org_id = w.org_id and d.webhook_id = w.id and d.state = 'waiting')",
    ),
    (
        "of what waits for a webhook, the first of each subject is due",
        "select count(*) from deliveries d where d.state = 'waiting' and (d.due_at is null) <> exists (
            select 1 from deliveries e where e.org_id = d.org_id and e.webhook_id = d.webhook_id
            and e.subject_id = d.subject_id and e.state = 'waiting' and e.seq < d.seq)",
    ),
    (
        "no delivery to a webhook was given up",
        "select count(*) from deliveries d join webhooks w on w.org_id = d.org_id and w.id = d.webhook_id
        where d.state = 'dead' and w.disabled_at is null",
    ),
    (
        "no webhook was disabled for failing",
        "select count(*) from webhooks where disabled_at is not null and disabled_reason <> 'by request'",
    ),
    (
        "every deep research that runs has a job",
        "select count(*) from researches r where r.state in ('queued', 'running') and not exists (
            select 1 from jobs j where j.org_id = r.org_id and j.kind = 'research_insight')",
    ),
    (
        "nothing is left of what was redacted",
        "select (
            select count(*) from messages m where m.redacted_at is not null
                and (m.text <> '[redacted]' or m.attachments is not null or m.context is not null)
        ) + (
            select count(*) from messages m join statements t on t.org_id = m.org_id and t.message_id = m.id
            where m.redacted_at is not null and (t.text <> '[redacted]' or t.embedding is not null)
        )",
    ),
    (
        "every erasure that is under way has a job",
        "select count(*) from erasures e where e.finished_at is null and not exists (
            select 1 from jobs j where j.org_id = e.org_id and j.kind = 'erase_sessions')",
    ),
    ("no job failed", "select count(*) from jobs where failed_at is not null"),
];

pub(super) async fn doctor(config: Config, args: DoctorArgs) -> anyhow::Result<Exit> {
    let app = open(config).await?;
    let (orgs,): (i64,) = app.db.fetch_one(sql("select count(*) from orgs")).await?;
    let mut found = Vec::new();
    for (what, query) in CHECKS {
        let (violations,): (i64,) = app.db.fetch_one(sql(query)).await?;
        found.push((*what, violations));
    }
    let failures = failures(&app.db).await?;
    let database = app.db.name();
    app.db.close().await;
    let healthy = found.iter().all(|(_, violations)| *violations == 0);
    if args.json {
        let checks: Vec<_> =
            found.iter().map(|(what, violations)| json!({"check": what, "violations": violations})).collect();
        let failed_jobs: Vec<_> = failures
            .iter()
            .map(|(id, kind, error)| json!({"id": id, "kind": kind, "error": error}))
            .collect();
        print_line(
            &json!({
                "database": database,
                "organizations": orgs,
                "healthy": healthy,
                "checks": checks,
                "failed_jobs": failed_jobs,
            })
            .to_string(),
        )?;
    } else {
        print_line(&format!("{database}, organizations: {orgs}"))?;
        let mut table = Table::new(&["", "Check", "Violations"]);
        table.align_right(&[2]);
        for (what, violations) in found {
            let mark = if violations == 0 { "ok" } else { "WRONG" };
            table.row(vec![mark.into(), what.into(), violations.to_string()]);
        }
        print_line(&table.to_string())?;
        for (id, kind, error) in failures {
            print_line(&format!("job {id} ({kind}) failed: {error}"))?;
        }
    }
    Ok(if healthy { Exit::Success } else { Exit::Findings })
}

/// Lists the last jobs that failed, with their errors.
async fn failures(db: &Db) -> anyhow::Result<Vec<(crate::ids::JobId, String, String)>> {
    let query = sql("
        select id, kind, coalesce(last_error, '') from jobs
        where failed_at is not null order by failed_at desc limit 20
    ");
    Ok(db.fetch_all(query).await?)
}
