//! The insights of a slice before they are on a page: measured, compared, and said to move or not.

use super::measures::{self, Comparison, LookedAt, Measures, Movement, Periods};
use super::movement::{Happened, Moves};
use crate::db::Tx;
use crate::error::Result;
use crate::escalation::Daily;
use crate::ids::{OrgId, ThemeId};
use crate::insights::filter::InsightFilter;
use crate::insights::index::{Index, Slice};
use crate::insights::lifecycle::daily_counts;
use crate::settings::Settings;
use crate::time::Timestamp;
use std::sync::Arc;

/// An insight before it is on a page.
pub(super) struct Candidate {
    pub(super) measures: Measures,
    pub(super) change: Movement,
    pub(super) moves: Vec<Moves>,
    /// Set where the order of the rows depends on it, as what follows.
    pub(super) looked_at: LookedAt,
    pub(super) returned_at: Option<Timestamp>,
    pub(super) theme_id: Option<ThemeId>,
}

/// Measures the insights that the filter asks for, but for their status, and says how they move. Returns them with the
/// slice.
pub(super) async fn candidates(
    settings: &Settings,
    tx: &mut Tx,
    index: &Arc<Index>,
    org_id: OrgId,
    filter: &InsightFilter,
    periods: &Periods,
) -> Result<(Vec<Candidate>, Arc<Slice>)> {
    let mut of_any_status = filter.clone();
    of_any_status.insights.is.status.clear();
    of_any_status.insights.not.status.clear();
    let (measured, slice, volume) = measures::measure(tx, org_id, index, &of_any_status, periods).await?;
    let norms = daily_counts::kept_norms(tx, org_id, &Daily::default(), 0).await?;
    let happened = Happened::load(tx, org_id, &settings.calendar, periods).await?;
    let comparison = Comparison::new(*periods, &norms, settings.escalation_basis, volume, measured.len());
    let candidate = |measures: Measures| {
        let change = comparison.of(&measures);
        let moves = happened.moves(&measures, &change, periods);
        Candidate {
            measures,
            change,
            moves,
            looked_at: LookedAt::default(),
            returned_at: None,
            theme_id: None,
        }
    };
    Ok((measured.into_iter().map(candidate).collect(), slice))
}
