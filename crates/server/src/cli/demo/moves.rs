//! What moves in the sample, as `GET /overview` has it.

use crate::app::App;
use crate::cli::table::Table;
use crate::ids::OrgId;
use crate::insights::{self, Conditions, InsightFilter, InsightStatus, InsightValues};

/// The most insights of a kind that are listed.
const LISTED_MAX: usize = 5;

/// Makes a table of the insights that escalate, came back, regressed, are new or archived.
pub(super) async fn told(app: &App, org_id: OrgId) -> anyhow::Result<String> {
    let overview = insights::overview(app, org_id).await?;
    let mut table = Table::new(&["What moves", "No.", "Insight", "Since", ""]);
    table.align_right(&[1]);
    let date = |time: &str| time.get(..10).unwrap_or_default().to_owned();
    let is_new = |number: i64| overview.new.iter().any(|new| new.insight_number == number);
    for riser in overview.risers.iter().filter(|riser| !is_new(riser.insight_number)).take(LISTED_MAX) {
        let since = riser.since.0.clone().unwrap_or_default();
        let seen = format!("{} contacts in two weeks, {:.0} usual", riser.seen, riser.usual);
        table.row(vec![
            "escalates".into(),
            riser.insight_number.to_string(),
            riser.content.clone(),
            since,
            seen,
        ]);
    }
    for (kind, happened) in
        [("came back", &overview.back), ("regressed", &overview.regressed), ("new", &overview.new)]
    {
        for insight in happened.iter().take(LISTED_MAX) {
            table.row(vec![
                kind.into(),
                insight.insight_number.to_string(),
                insight.content.clone(),
                date(&insight.at.to_string()),
                format!("{} sessions", insight.occurrence_count),
            ]);
        }
    }
    let is = InsightValues { status: vec![InsightStatus::Archived], ..InsightValues::default() };
    let filter =
        InsightFilter { insights: Conditions { is, ..Conditions::default() }, ..InsightFilter::default() };
    for insight in insights::list(app, org_id, &filter).await?.data.iter().take(LISTED_MAX) {
        let since = insight.archived_at.0.map(|at| date(&at.to_string())).unwrap_or_default();
        table.row(vec![
            "archived".into(),
            insight.insight_number.to_string(),
            insight.content.clone(),
            since,
            format!("{} sessions", insight.occurrence_count),
        ]);
    }
    for silent in &overview.silent_sources {
        let since = date(&silent.last_session_at.to_string());
        table.row(vec![
            "silent".into(),
            String::new(),
            format!("channel {}", silent.channel),
            since,
            String::new(),
        ]);
    }
    Ok(format!(
        "\n{table}\n\nWhat the customers say is real. When and where they say it, who they are and what was decided in the last four\n\
        weeks is made up, by the rule in crates/server/sample/README.md; every number of it opens its list."
    ))
}
