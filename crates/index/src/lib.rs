//! The sessions of an organization and the insights that show in them, in memory: which sessions meet conditions, how many of
//! them show each insight and when, a page of the insights that most of them show. Nothing here knows SQL, HTTP or the
//! product's words: whoever has the sessions puts them in, and every answer is as exact as a look at each of them.
//!
//! # How it is made
//!
//! Sessions lie in blocks of 4,096 by the time at which they began, each block by facets, so that those that are alike follow
//! one another. Every value of a facet has a bit for each session of a block; a term of custom data and an insight have
//! the set of their sessions; a session has the list of its insights. A slice is found block by block, by `and`s of 512
//! bytes, and counted by its sessions' lists. From [`CUBES_MIN`] sessions on, what is asked most is not counted but
//! kept: by one value or two of facets, and by stretches of time.
//!
//! A copy of an index shares all that it holds with the original, and a change copies the few kilobytes that it touches: so
//! whoever reads has an index as of one moment, and nobody waits for anybody.
//!
//! # What it costs
//!
//! | call | cost, of `n` sessions in `b = n / 4096` blocks, `m` of them in the slice, `i` insights |
//! | --- | --- |
//! | [`Index::list`] by one facet or two | `O(i)` |
//! | by time alone | `O(i log b)` and the sessions of two stretches |
//! | otherwise | `O(b)` for each condition, and `O(m)` |
//! | [`Index::in_time`] | `O(b log b)`, and the sessions of a block or two |
//! | [`Index::slice`] | `O(b)` for each condition; by teams, assignees and tickets `O(n)` |
//! | [`Index::apply`] | `O(4096)` for each block that is touched |
//! | a copy | `O(b + i)` pointers |
//!
//! `docs/performance.md` has figures.

mod batch;
mod block;
mod condition;
mod count;
mod cubes;
mod first;
mod index;
mod insights;
mod list;
mod mask;
mod measure;
mod numbers;
mod order;
mod places;
mod slice;

pub use batch::{Batch, Session};
pub use condition::{Condition, Filter};
pub use index::{CUBES_MIN, Index, Owner, Word};
pub use insights::{About, Insight, InsightCondition, InsightFilter, Life};
pub use list::{Counted, Page, Sort};
pub use measure::People;
pub use order::Time;
pub use slice::{Seen, Slice};

/// The number of no contact and no word.
const NONE: u32 = u32::MAX;
/// The number of facets.
const FACETS: usize = 4;

/// What every session has one of few values of, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Facet {
    /// The channel.
    Channel,
    /// The language.
    Language,
    /// The sentiment of the contact.
    Sentiment,
    /// Open or closed.
    Status,
}

impl Facet {
    /// All of them.
    pub const ALL: [Self; FACETS] = [Self::Channel, Self::Language, Self::Sentiment, Self::Status];
}
