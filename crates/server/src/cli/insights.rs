//! `refrain insights`: the list of the API in the terminal, with its filters.

use super::table::Table;
use super::{Exit, OrgArg, UsageError, find_org, open, print_line};
use crate::app::App;
use crate::config::Config;
use crate::error::Error;
use crate::http::parse_json;
use crate::ids::OrgId;
use crate::insights::{self, InsightFilter, ListInsightsInput, ListInsightsOutput, TREND_WEEKS, ThemeOutput};
use serde_json::{Map, Value as Json, json};

/// The filters, which themes do not take.
const FILTERS: [&str; 18] = [
    "category",
    "status",
    "sentiment",
    "sort_by",
    "sort_order",
    "min_sessions",
    "search",
    "team",
    "number",
    "session_language",
    "ticket_sentiment",
    "channel",
    "from",
    "to",
    "session_status",
    "contact",
    "ticket_data",
    "contact_data",
];

#[derive(Debug, clap::Args)]
pub(super) struct InsightsArgs {
    #[command(flatten)]
    org: OrgArg,
    /// Only of this category
    #[arg(long, value_name = "NAME")]
    category: Option<String>,
    /// all, unresolved, resolved or archived
    #[arg(long)]
    status: Option<String>,
    /// Only insights that sound angry, happy or neutral
    #[arg(long)]
    sentiment: Option<String>,
    /// occurrence_count, last_seen_at, first_seen_at or created_at
    #[arg(long, value_name = "WHAT")]
    sort_by: Option<String>,
    /// asc or desc
    #[arg(long, value_name = "ORDER")]
    sort_order: Option<String>,
    /// Only with at least so many sessions
    #[arg(long, value_name = "N")]
    min_sessions: Option<i64>,
    /// Only with this in the content
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only of the team with this id, or of none
    #[arg(long, value_name = "ID")]
    team: Option<String>,
    /// Only this one
    #[arg(long, value_name = "N")]
    number: Option<i64>,
    /// Count only sessions in this language
    #[arg(long, value_name = "CODE")]
    session_language: Option<String>,
    /// Count only sessions whose contact was angry, happy or neutral
    #[arg(long, value_name = "SENTIMENT")]
    ticket_sentiment: Option<String>,
    /// Count only sessions of this channel
    #[arg(long)]
    channel: Option<String>,
    /// Count only sessions from this day or time on
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Count only sessions up to this day or time
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Count only sessions that are open, closed_resolved or closed_unresolved
    #[arg(long, value_name = "STATUS")]
    session_status: Option<String>,
    /// Count only sessions of the contact with this id
    #[arg(long, value_name = "ID")]
    contact: Option<String>,
    /// Count only sessions with this custom data; pairs with commas between must all hold, of several
    /// flags one
    #[arg(long, value_name = "KEY=VALUE[,…]")]
    ticket_data: Vec<String>,
    /// The same for the custom data of contacts
    #[arg(long, value_name = "KEY=VALUE[,…]")]
    contact_data: Vec<String>,
    /// All unresolved insights under the broader subjects they are about
    #[arg(long, conflicts_with_all = FILTERS)]
    themes: bool,
    /// Page of 20, from 1
    #[arg(long, value_name = "N", default_value_t = 1)]
    page: i64,
    /// Print what the API answers
    #[arg(long)]
    json: bool,
}

impl InsightsArgs {
    /// Makes the body that `POST /insights` would have been sent.
    fn body(&self) -> anyhow::Result<Json> {
        let mut body = json!({
            "category": self.category,
            "status": self.status,
            "sentiment": self.sentiment,
            "sortBy": self.sort_by,
            "sortOrder": self.sort_order,
            "minSessions": self.min_sessions,
            "search": self.search,
            "teamId": self.team,
            "insightNumber": self.number,
            "sessionLanguage": self.session_language,
            "ticketSentiment": self.ticket_sentiment,
            "channel": self.channel,
            "sessionFromDate": self.from,
            "sessionToDate": self.to,
            "sessionStatus": self.session_status,
            "sessionContactId": self.contact,
            "page": self.page,
        });
        body["ticketCustomData"] = pairs("--ticket-data", &self.ticket_data)?;
        body["contactCustomData"] = pairs("--contact-data", &self.contact_data)?;
        Ok(body)
    }
}

fn pairs(flag: &str, alternatives: &[String]) -> anyhow::Result<Json> {
    let mut objects = Vec::new();
    for alternative in alternatives {
        let mut object = Map::new();
        for pair in alternative.split(',') {
            let (key, value) =
                pair.split_once('=').ok_or_else(|| UsageError(format!("{flag}: expected KEY=VALUE")))?;
            object.insert(key.trim().to_owned(), value.trim().into());
        }
        objects.push(Json::Object(object));
    }
    Ok(if objects.is_empty() { Json::Null } else { Json::Array(objects) })
}

pub(super) async fn insights(config: Config, args: InsightsArgs) -> anyhow::Result<Exit> {
    let input: ListInsightsInput = parse_json(args.body()?).map_err(|error| match error {
        Error::Invalid(message) => anyhow::Error::new(UsageError(message)),
        error => error.into(),
    })?;
    let app = open(config).await?;
    let org_id = find_org(&app, &args.org).await?;
    let filter = input.into_filter(&app, org_id).await?;
    if args.themes {
        let themes = insights::themes(&app.db, org_id).await?;
        print_line(&if args.json { serde_json::to_string(&themes)? } else { tree(themes) })?;
    } else if args.json {
        let output = insights::list(&app, org_id, &filter).await?;
        print_line(&serde_json::to_string(&output)?)?;
    } else {
        print_line(&table(&app, org_id, &filter).await?)?;
    }
    app.db.close().await;
    Ok(Exit::Success)
}

/// Makes a table of a page of insights: number, content, sessions, their share of all, sentiment, trend.
pub(super) async fn table(app: &App, org_id: OrgId, filter: &InsightFilter) -> anyhow::Result<String> {
    let output = insights::list(app, org_id, filter).await?;
    let all = insights::counts(&app.db, org_id).await?.sessions;
    let ids: Vec<_> = output.data.iter().map(|insight| insight.id).collect();
    let trends = insights::trends(app, org_id, &filter.sessions, ids).await?;
    let mut table = Table::new(&["No.", "Insight", "Sessions", "Share", "Sentiment", "12 weeks", "4 weeks"]);
    table.align_right(&[0, 2, 3, 6]);
    for (insight, trend) in output.data.iter().zip(trends) {
        table.row(vec![
            insight.insight_number.to_string(),
            insight.content.clone(),
            insight.occurrence_count.to_string(),
            format!("{:.1} %", 100.0 * insight.occurrence_count as f64 / (all as f64).max(1.0)),
            insight.sentiment.to_string(),
            sparkline(&trend),
            change(&trend),
        ]);
    }
    let ListInsightsOutput { page, total, total_pages, .. } = output;
    Ok(format!("{table}\n{total} insights in {all} sessions, page {page} of {}", total_pages.max(1)))
}

/// Makes a table of the themes, each with its insights below it.
fn tree(themes: Vec<ThemeOutput>) -> String {
    let mut table = Table::new(&["No.", "Theme and insights", "Sessions"]);
    table.align_right(&[0, 2]);
    for theme in themes {
        table.row(vec![String::new(), theme.name, theme.session_count.to_string()]);
        for insight in theme.insights {
            let count = insight.occurrence_count.to_string();
            table.row(vec![insight.insight_number.to_string(), format!("  {}", insight.content), count]);
        }
    }
    table.to_string()
}

fn sparkline(counts: &[i64; TREND_WEEKS]) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let level = |count: &i64| LEVELS[usize::try_from((count * 7 + most / 2) / most).unwrap_or(0).min(7)];
    counts.iter().map(level).collect()
}

/// Compares the last four weeks with the four before.
fn change(counts: &[i64; TREND_WEEKS]) -> String {
    let recent: i64 = counts[TREND_WEEKS - 4..].iter().sum();
    let before: i64 = counts[TREND_WEEKS - 8..TREND_WEEKS - 4].iter().sum();
    match (before, recent) {
        (0, 0) => "–".into(),
        (0, _) => "new".into(),
        (before, recent) => format!("{:+.0} %", 100.0 * (recent - before) as f64 / before as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_is_drawn_and_compared() {
        let counts = [0, 0, 1, 2, 4, 4, 4, 4, 8, 8, 4, 4];
        assert_eq!(sparkline(&counts), "▁▁▂▃▅▅▅▅██▅▅");
        assert_eq!(change(&counts), "+50 %");
        assert_eq!(change(&[0; 12]), "–");
        assert_eq!(change(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), "new");
        assert_eq!(change(&[0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0]), "-75 %");
    }
}
