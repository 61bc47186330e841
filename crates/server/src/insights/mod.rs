//! Insights: what customers keep saying, counted over the sessions that show it.

mod audit;
mod conversations;
mod curation;
mod erasure;
pub mod filter;
mod follow;
mod grouping;
mod history;
mod index;
mod insight;
mod lifecycle;
mod list;
mod occurrences;
mod reading;
mod research;
mod routes;
mod slices;
mod statements;
mod trends;
mod wording;

pub use audit::{
    Answer, Judged, Judgment, Pair, Percent, Stratum, StratumCounts, Wrong, draw_pairs, statement_texts,
};
pub(crate) use curation::ArchiveInput;
pub use erasure::{Counted, Lost, count, counting, erase_sessions, mask_sessions, redact_messages};
pub use filter::{Conditions, InsightFilter, InsightSort, InsightValues, TeamFilter};
pub use follow::{follow, forget};
pub use grouping::job::Consolidate;
pub use grouping::{ThemeOutput, themes};
pub use history::{WebhookEvent, webhook_event};
pub use index::{Indexes, check_index, keep_indexes};
pub use insight::{Counts, InsightStatus, counts};
pub(crate) use lifecycle::decide::{Decision, decide};
pub use lifecycle::review::ReviewInsights;
pub use list::{InsightFilterInput, ListInsightsInput, ListInsightsOutput, count_matching, list};
pub use occurrences::Centroids;
pub(crate) use occurrences::most_shown;
pub use reading::{RereadSessions, progress, request_rereading};
pub use research::ResearchInsight;
pub use routes::routes;
pub use statements::{GroupedStatement, compared_vectors, grouped_statements};
pub(crate) use trends::overview::load as overview;
pub use trends::weeks::{TREND_WEEKS, trends};
pub use wording::{RewordInsights, request_wordings};
