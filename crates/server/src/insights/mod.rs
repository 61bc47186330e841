//! Insights: what customers keep saying, counted over the sessions that show it.

mod audit;
mod curation;
mod figures;
mod grouping;
mod history;
mod lifecycle;
mod list;
mod occurrences;
mod reading;
mod research;
mod routes;
mod statements;
mod store;
mod trends;
mod wording;

pub use audit::{
    Pair, STRATA, Sample, Share, Stratum, draw_pairs, is_grouping_current, share, share_in_first,
    statement_texts,
};
pub use figures::{
    Counts, GroupedStatement, TREND_WEEKS, compared_vectors, counts, grouped_statements, progress, trends,
};
pub use grouping::categories::assign_categories;
pub use grouping::job::consolidate;
pub use grouping::themes::{ThemeOutput, list as themes};
pub use history::webhook_event::{ToldEvent, told};
pub use lifecycle::review::{request_review, review_again, review_insights};
pub use list::query::{InsightSort, InsightStatus, ListInsightsInput, ListInsightsOutput, TeamFilter, list};
pub use occurrences::centroids::Centroids;
pub use reading::job::read_sessions;
pub use research::research_insight;
pub use routes::routes;
pub use wording::job::{request_wordings, reword_insights};
