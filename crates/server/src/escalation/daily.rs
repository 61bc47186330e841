//! The sessions of an organization by day.

/// The number of sessions of the whole organization on each day.
#[derive(Clone, Debug, Default)]
pub struct Daily {
    /// The first day with sessions, or the first that is counted.
    pub first_day: i64,
    /// The number of sessions on each day from the first, without a gap. Days after the last have none.
    pub sessions: Vec<u32>,
}

impl Daily {
    /// Returns the number of sessions on a day.
    pub fn on(&self, day: i64) -> u32 {
        let at = usize::try_from(day - self.first_day).ok();
        at.and_then(|at| self.sessions.get(at)).copied().unwrap_or(0)
    }
}
