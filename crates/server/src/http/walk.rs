//! Walks through the lists of sessions and contacts, newest update first. A row that changes under way jumps behind the
//! reader; so a walk remembers at which change it began, and ends with what changed since, as it is now.

use super::paging::{Cursor, PAGE_SIZE, count_fitting, opaque, read_opaque};
use crate::db::{self, Db, Record, Sql, sql};
use crate::error::{Error, Result};
use crate::ids::OrgId;
use crate::orgs::Subject;
use crate::time::{Calendar, Timestamp};
use crate::wire::{Date, Maybe, Nullable};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;
use uuid::Uuid;

/// The most entries of the change log that are read for a page.
const CHANGES_READ_MAX: usize = 500;

/// The parameters of lists that are ordered by their newest update.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Window {
    /// The `next` of the page before. After the rows that are there, the pages list what changed since the first.
    #[serde(default)]
    cursor: Maybe<Place>,
    /// Created at this time or later.
    #[serde(default)]
    created_after: Maybe<Date>,
    /// Created at this time or before.
    #[serde(default)]
    created_before: Maybe<Date>,
    /// Updated at this time or later.
    #[serde(default)]
    updated_after: Maybe<Date>,
    /// Updated at this time or before.
    #[serde(default)]
    updated_before: Maybe<Date>,
}

impl Window {
    /// Returns true if it begins or ends with a day, which a calendar has to tell the moments of.
    pub fn has_days(&self) -> bool {
        let bounds = [&self.created_after, &self.created_before, &self.updated_after, &self.updated_before];
        bounds.into_iter().any(|bound| matches!(bound.0, Some(Date::Day(_))))
    }
}

/// A place in a walk. Opaque on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// After the row of this update and id.
    Row {
        /// The change log's newest entry when the walk began.
        began: i64,
        updated_at: i64,
        id: Uuid,
    },
    /// After every row that was there. What changed up to this entry of the change log is listed too.
    Change(i64),
}

/// A list to walk through.
#[derive(Debug)]
pub struct Walk<'a, Select, Position, Size> {
    /// The database.
    pub db: &'a Db,
    /// The organization whose rows are listed.
    pub org_id: OrgId,
    /// The rows that are asked for.
    pub window: &'a Window,
    /// The calendar of the organization's days.
    pub calendar: &'a Calendar,
    /// The name of the rows in the change log.
    pub subject: Subject,
    /// Makes the query for all rows, to which conditions are added.
    pub select: Select,
    /// Returns the time of a row's newest update, and its id.
    pub position: Position,
    /// Returns about how many bytes a row is shown in.
    pub size: Size,
}

impl<Select: Fn() -> Sql, Position, Size> Walk<'_, Select, Position, Size> {
    /// Reads a page of the list, and the cursor of the next one.
    pub async fn page<T: Record>(&self) -> Result<(Vec<T>, Nullable<String>)>
    where
        Position: Fn(&T) -> (Timestamp, Uuid),
        Size: Fn(&T) -> usize,
    {
        let (began, behind) = match self.window.cursor.0 {
            Some(Place::Change(seq)) => return self.changed_since(seq, Vec::new()).await,
            Some(Place::Row { began, updated_at, id }) => (began, Some((updated_at, id))),
            None => (self.newest_change().await?, None),
        };
        let mut query = self.query();
        if let Some((updated_at, id)) = behind {
            query.push(" and (updated_at, id) < (").push_bind(updated_at).push(", ").push_bind(id).push(")");
        }
        query.push(" order by updated_at desc, id desc limit ").push_bind(db::count(PAGE_SIZE) + 1);
        let mut rows: Vec<T> = self.db.fetch_all(query).await?;
        let count = count_fitting(&rows, &self.size);
        if rows.len() <= count {
            return self.changed_since(began, rows).await;
        }
        rows.truncate(count);
        let next = rows.last().map(|last| {
            let (updated_at, id) = (self.position)(last);
            Place::Row { began, updated_at: updated_at.micros(), id }.to_string()
        });
        Ok((rows, next.into()))
    }

    /// Makes the query for the rows within the window.
    fn query(&self) -> Sql {
        let mut query = (self.select)();
        let (window, calendar) = (self.window, self.calendar);
        let start = |date: &Maybe<Date>| date.0.map(|date| date.start(calendar));
        let end = |date: &Maybe<Date>| date.0.map(|date| date.end(calendar));
        let bounds = [
            (" and created_at >= ", start(&window.created_after)),
            (" and created_at <= ", end(&window.created_before)),
            (" and updated_at >= ", start(&window.updated_after)),
            (" and updated_at <= ", end(&window.updated_before)),
        ];
        for (condition, bound) in bounds {
            if let Some(bound) = bound {
                query.push(condition).push_bind(bound);
            }
        }
        query
    }

    async fn newest_change(&self) -> Result<i64> {
        let query = sql("select change_seq from orgs where id = $1").bind(self.org_id);
        self.db.fetch_one::<(i64,)>(query).await.map(|(seq,)| seq)
    }

    /// Adds to the last `rows` that were there those that changed after an entry of the change log, the latest change
    /// last, as far as there is room on the page.
    async fn changed_since<T: Record>(&self, seq: i64, mut rows: Vec<T>) -> Result<(Vec<T>, Nullable<String>)>
    where
        Position: Fn(&T) -> (Timestamp, Uuid),
        Size: Fn(&T) -> usize,
    {
        let query = sql("
            select seq, subject_id from changes where org_id = $1 and seq > $2 and kind = $3 order by seq limit $4
        ");
        let query = query.bind(self.org_id).bind(seq).bind(self.subject).bind(db::count(CHANGES_READ_MAX));
        let changes: Vec<(i64, Uuid)> = self.db.fetch_all(query).await?;
        let Some(&(end, _)) = changes.last() else { return Ok((rows, None.into())) };
        self.require_log_since(seq).await?;
        let latest: HashMap<Uuid, i64> = changes.iter().map(|(seq, id)| (*id, *seq)).collect();
        let mut latest: Vec<(i64, Uuid)> = latest.into_iter().map(|(id, seq)| (seq, id)).collect();
        latest.sort_unstable();
        let is_cut = latest.len() > PAGE_SIZE - rows.len();
        latest.truncate(PAGE_SIZE - rows.len());
        let reached = if is_cut { latest.last().map_or(seq, |(seq, _)| *seq) } else { end };
        if !latest.is_empty() {
            let is_listed = |row: &T| latest.iter().any(|(_, id)| *id == (self.position)(row).1);
            rows.retain(|row| !is_listed(row));
            let mut query = self.query();
            query
                .push(" and id in ")
                .push_list(latest.iter().map(|(_, id)| *id))
                .push(" order by updated_at, id");
            rows.extend(self.db.fetch_all(query).await?);
        }
        // what is too much for this page is where the next one begins
        let left = rows.split_off(count_fitting(&rows, &self.size).min(rows.len()));
        let seq_of =
            |row: &T| latest.iter().find(|(_, id)| *id == (self.position)(row).1).map(|(seq, _)| *seq);
        if let Some(first_left) = left.iter().filter_map(seq_of).min() {
            return Ok((rows, Some(Place::Change(first_left - 1).to_string()).into()));
        }
        let is_last = !is_cut && changes.len() < CHANGES_READ_MAX;
        Ok((rows, (!is_last).then(|| Place::Change(reached).to_string()).into()))
    }

    /// Fails if entries of the change log after this one are deleted already.
    async fn require_log_since(&self, seq: i64) -> Result<()> {
        let query = sql("select min(seq) from changes where org_id = $1").bind(self.org_id);
        match self.db.fetch_one(query).await? {
            (Some::<i64>(oldest),) if oldest > seq + 1 => {
                Err(Error::Invalid("cursor: too much has changed since the first page; begin again".into()))
            }
            _ => Ok(()),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = match self {
            Self::Row { began, updated_at, id } => {
                [&began.to_be_bytes()[..], &updated_at.to_be_bytes(), id.as_bytes()].concat()
            }
            Self::Change(seq) => seq.to_be_bytes().to_vec(),
        };
        f.write_str(&opaque(&bytes))
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_opaque(deserializer, |bytes| {
            let number = |at| bytes.get(at..).and_then(<[u8]>::first_chunk).copied().map(i64::from_be_bytes);
            Some(match bytes.len() {
                8 => Self::Change(number(0)?),
                32 => Self::Row {
                    began: number(0)?,
                    updated_at: number(8)?,
                    id: Uuid::from_slice(bytes.get(16..)?).ok()?,
                },
                _ => return None,
            })
        })
    }
}

impl JsonSchema for Place {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cursor::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Cursor::json_schema(generator)
    }
}
