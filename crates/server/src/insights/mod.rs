//! Insights: what customers keep saying, counted over the sessions that show it.

mod archive;
mod audit;
mod bonds;
mod category;
mod cause;
mod consolidate;
mod days;
mod decide;
mod decide_routes;
mod events;
mod figures;
mod finer;
mod grouped;
mod link;
mod list;
mod matching;
mod overview;
mod proof;
mod reading;
mod reply;
mod research;
mod routes;
mod sessions;
mod state;
mod state_routes;
mod store;
mod themes;
mod told;
mod trend;
mod undo;
mod vector;
mod watch;
mod wording;
mod wording_check;

pub use audit::{
    Pair, STRATA, Sample, Share, Stratum, draw_pairs, is_grouping_current, share, share_in_first,
    statement_texts,
};
pub use consolidate::Consolidate;
pub use figures::{
    Counts, GroupedStatement, TREND_WEEKS, compared_vectors, counts, grouped_statements, progress, trends,
};
pub use link::Centroids;
pub use list::{InsightSort, InsightStatus, ListInsightsInput, ListInsightsOutput, TeamFilter, list};
pub use research::ResearchInsight;
pub use routes::routes;
pub use themes::{ThemeOutput, list as themes};
pub use told::{ToldEvent, told};
pub use watch::{ReviewInsights, request_review, review_again};
pub use wording::{RewordInsights, request_wordings};
