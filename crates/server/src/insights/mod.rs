//! Insights: what customers keep saying, counted over the sessions that show it.

mod audit;
mod curation;
mod erasure;
pub mod filter;
mod follow;
mod grouping;
mod history;
mod insight;
mod lifecycle;
mod list;
mod occurrences;
mod reading;
mod research;
mod routes;
mod statements;
mod trends;
mod wording;

pub use audit::{
    Pair, STRATA, Sample, Share, Stratum, draw_pairs, is_grouping_current, share, share_in_first,
    statement_texts,
};
pub use erasure::{Counted, Lost, count, counting, erase_sessions, mask_sessions, redact_messages};
pub use filter::{InsightFilter, InsightSort, TeamFilter};
pub use follow::{follow, forget};
pub use grouping::job::Consolidate;
pub use grouping::{ThemeOutput, themes};
pub use history::{WebhookEvent, webhook_event};
pub use insight::{Counts, InsightStatus, counts};
pub use lifecycle::review::ReviewInsights;
pub use list::{InsightFilterInput, ListInsightsInput, ListInsightsOutput, count_matching, list};
pub use occurrences::Centroids;
pub use reading::{RereadSessions, progress, request_rereading};
pub use research::ResearchInsight;
pub use routes::routes;
pub use statements::{GroupedStatement, compared_vectors, grouped_statements};
pub use trends::weeks::{TREND_WEEKS, trends};
pub use wording::{RewordInsights, request_wordings};
