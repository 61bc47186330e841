//! The sessions of an organization by day.

/// Sessions of the whole organization, a number for each day.
#[derive(Clone, Debug, Default)]
pub struct Daily {
    /// The first day; there were none before.
    pub first_day: i64,
    /// From then on, without a gap; none after.
    pub sessions: Vec<u32>,
}

impl Daily {
    /// The sessions of a day.
    pub fn on(&self, day: i64) -> u32 {
        let at = usize::try_from(day - self.first_day).ok();
        at.and_then(|at| self.sessions.get(at)).copied().unwrap_or(0)
    }
}
