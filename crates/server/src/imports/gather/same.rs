//! Ids that stand for one conversation.

use super::REMEMBERED_MAX;
use anyhow::bail;
use std::collections::HashMap;

/// Which ids are one conversation.
#[derive(Default)]
pub(super) struct Same(HashMap<u64, u64>);

impl Same {
    /// Returns a number that ids of one conversation share.
    pub(super) fn root(&self, id: u64) -> u64 {
        let mut at = id;
        while let Some(parent) = self.0.get(&at) {
            at = *parent;
        }
        at
    }

    /// Tells whether two numbers stand for one conversation.
    pub(super) fn are_one(&self, one: u64, other: u64) -> bool {
        one == other || !self.0.is_empty() && self.root(one) == self.root(other)
    }

    pub(super) fn join(&mut self, one: u64, other: u64) -> anyhow::Result<()> {
        let (one, other) = (self.root(one), self.root(other));
        if one != other {
            // towards the smaller: chains stay short, since numbers are random
            self.0.insert(one.max(other), one.min(other));
        }
        if self.0.len() > REMEMBERED_MAX {
            bail!("more than {REMEMBERED_MAX} answers");
        }
        Ok(())
    }
}
