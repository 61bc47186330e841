//! The first of many values.

/// The first of the values that are added, so many at most. Takes `O(1)` for each on average, and at most four times as many places.
#[derive(Debug)]
pub(crate) struct First<T> {
    all: Vec<T>,
    most: usize,
    last: Option<T>,
}

impl<T: Copy + Ord> First<T> {
    pub(crate) const fn of(most: usize) -> Self {
        Self { all: Vec::new(), most, last: None }
    }

    /// Returns a value behind which nothing is among the first, once so many were added.
    pub(crate) const fn last(&self) -> Option<&T> {
        self.last.as_ref()
    }

    pub(crate) fn add(&mut self, value: T) {
        if self.most == 0 || self.last.is_some_and(|last| value > last) {
            return;
        }
        self.all.push(value);
        if self.all.len() >= self.most.saturating_mul(4) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let (_, last, _) = self.all.select_nth_unstable(self.most - 1);
        self.last = Some(*last);
        self.all.truncate(self.most);
    }

    /// Lists them in order.
    pub(crate) fn sorted(mut self) -> Vec<T> {
        self.all.sort_unstable();
        self.all.truncate(self.most);
        self.all
    }
}
