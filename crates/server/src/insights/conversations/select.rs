//! Conversations by conditions on themselves, and their order.

use crate::custom_data::CustomData;
use crate::http::Cursor;
use crate::insights::index::{Index, Slice, began, filter};
use crate::sessions::{Filters, Ranked, Values};
use crate::time::{Calendar, Timestamp};
use crate::wire::{Maybe, SortOrder, string_enum};
use refrain_index::{Condition, Facet, Filter, Owner, Time};
use std::cmp::Ordering;
use uuid::Uuid;

string_enum! {
    /// The order of sessions that are asked for.
    QuerySort {
        /// How many of its messages have the words; the newest first on a tie.
        Relevance = "relevance",
        /// The latest message.
        LastMessageAt = "last_message_at",
        /// The time the session began.
        CreatedAt = "created_at",
    }
}

/// Reads the conditions on a session itself.
pub(super) fn conditions(filters: &Filters, calendar: &Calendar) -> Filter {
    fn all<T>(values: &Maybe<Values<T>>) -> impl Iterator<Item = &T> {
        values.0.iter().flat_map(|values| &values.0)
    }
    let some = |ids: Vec<String>| (!ids.is_empty()).then(|| ids.into_iter().map(Some).collect());
    let teams = some(all(&filters.team_ids).map(ToString::to_string).collect());
    let assignees = some(all(&filters.assignee_ids).map(|id| id.0.clone()).collect());
    let contacts: Vec<Option<Uuid>> = all(&filters.contact_ids).map(|id| Some(Uuid::from(*id))).collect();
    let data = filters.custom_data.0.as_slice().iter().filter(|data| !data.0.is_empty()).cloned();
    let (from, to) = (filters.date_from.0, filters.date_to.0);
    let conditions = [
        filter::began(from.map(|day| day.start(calendar)), to.map(|day| day.end(calendar))),
        filter::facet(Facet::Channel, all(&filters.channels).map(|value| Some(value.as_str()))),
        filter::facet(Facet::Status, all(&filters.statuses).map(|value| Some(value.as_str()))),
        filter::facet(Facet::Sentiment, all(&filters.sentiments).map(|value| Some(value.as_str()))),
        filter::facet(Facet::Language, all(&filters.languages).map(|code| Some(code.0.as_str()))),
        assignees.map(Condition::Assignee),
        teams.map(Condition::Team),
        (!contacts.is_empty()).then_some(Condition::Contact(contacts)),
        filter::tags(all(&filters.tags).map(|tag| tag.0.as_str())),
        filter::data(Owner::Session, &data.collect::<Vec<CustomData>>()),
    ];
    Filter::all_of(conditions.into_iter().flatten())
}

/// The order of sessions, and a page in it.
pub(super) struct Order {
    pub(super) sort: QuerySort,
    pub(super) direction: SortOrder,
    /// Where the page begins.
    pub(super) cursor: Option<Cursor>,
}

impl Order {
    pub(super) fn compare(&self, a: &Ranked, b: &Ranked) -> Ordering {
        let newest = |of: &Ranked| (of.last_message_at, of.id);
        let order = match self.sort {
            QuerySort::Relevance => a.score.total_cmp(&b.score).then_with(|| newest(a).cmp(&newest(b))),
            QuerySort::LastMessageAt => newest(a).cmp(&newest(b)),
            QuerySort::CreatedAt => (a.created_at, a.id).cmp(&(b.created_at, b.id)),
        };
        if self.direction == SortOrder::Desc { order.reverse() } else { order }
    }

    /// Returns the cursor of a page that ends with a session, in an order by time.
    pub(super) fn cursor(&self, last: &Ranked) -> Cursor {
        let at = if self.sort == QuerySort::CreatedAt { last.created_at } else { last.last_message_at };
        Cursor::new(at, last.id.as_bytes())
    }

    /// Finds the first sessions of a slice, so many, in an order by time and behind the page before.
    pub(super) fn first(&self, index: &Index, slice: &Slice, count: usize) -> Vec<Ranked> {
        let time = if self.sort == QuerySort::CreatedAt { Time::Began } else { Time::LastMessage };
        let after = self.cursor.map(|after| (after.position, after.id));
        let ranked = |at: u32| {
            let last_message_at = Timestamp::from_micros(index.last_message(at));
            Ranked { id: index.id(at).into(), created_at: began(index, at), last_message_at, score: 0.0 }
        };
        let places = index.in_time(slice, time, self.direction == SortOrder::Desc, after, count);
        places.into_iter().map(ranked).collect()
    }
}
