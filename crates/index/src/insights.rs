//! The insights: the sessions in which each shows, and what a list of them asks for.

use crate::NONE;
use crate::index::move_in_sets;
use crate::numbers::{Chunks, Numbers};
use crate::places::Places;
use memchr::memmem;
use std::sync::Arc;
use uuid::Uuid;

/// An insight, as whoever puts it in has it.
#[derive(Clone, Debug)]
pub struct Insight<'a> {
    /// Its id.
    pub id: Uuid,
    /// Its number.
    pub number: i64,
    /// When it became one, in microseconds since 1970.
    pub created: i64,
    /// When the first session began in which it showed, in microseconds since 1970.
    pub known_since: i64,
    /// Its place in its life.
    pub life: Life,
    /// Its sentiment.
    pub sentiment: &'a str,
    /// Its category.
    pub category: Option<Uuid>,
    /// Its team.
    pub team: Option<Uuid>,
    /// Its sentence, in the form of letters that is searched.
    pub content: &'a str,
}

/// The place of an insight in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Neither of the others.
    Unresolved,
    /// Resolved.
    Resolved,
    /// Archived.
    Archived,
}

/// Insights by their numbers, from 0 on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Insights {
    pub(crate) ids: Numbers<Uuid>,
    pub(crate) sessions: Chunks<Places>,
    /// False of one that is no insight any more, or was not put in yet.
    pub(crate) there: Vec<bool>,
    rows: Chunks<Row>,
    contents: Chunks<Content>,
    /// Categories and teams.
    labels: Numbers<Uuid>,
    /// Sentiments.
    sentiments: Vec<String>,
}

/// What is known of an insight, but for its sentence and sentiment.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Its id.
    pub id: Uuid,
    /// Its number.
    pub number: i64,
    /// When it became one, in microseconds since 1970.
    pub created: i64,
    /// When the first session began in which it showed, in microseconds since 1970.
    pub known_since: i64,
    /// Its place in its life.
    pub life: Life,
    /// Its category.
    pub category: Option<Uuid>,
    /// Its team.
    pub team: Option<Uuid>,
}

/// What a list of insights asks for.
#[derive(Clone, Copy, Debug)]
struct Row {
    life: Life,
    sentiment: u8,
    category: u32,
    team: u32,
    number: i64,
    created: i64,
    known_since: i64,
}

/// A sentence, and a sign of the pairs of bytes in it.
#[derive(Clone, Debug)]
struct Content {
    pairs: Pairs,
    text: Arc<str>,
}

impl Content {
    fn new(text: &str) -> Self {
        Self { pairs: Pairs::of(text), text: text.into() }
    }
}

/// A bit for each pair of bytes of a text, of which many share one: a text has a part only if it has all bits of the part.
#[derive(Clone, Copy, Debug, Default)]
struct Pairs([u64; 4]);

impl Pairs {
    fn of(text: &str) -> Self {
        let mut pairs = Self::default();
        for pair in text.as_bytes().array_windows() {
            // Fibonacci hashing: the upper bits of a product by 2^16 over the golden ratio
            let bit = u16::from_le_bytes(*pair).wrapping_mul(40_503) >> 8;
            pairs.0[usize::from(bit / 64)] |= 1 << (bit % 64);
        }
        pairs
    }

    fn has_all(&self, of: &Self) -> bool {
        self.0.iter().zip(&of.0).all(|(word, of)| word & of == *of)
    }
}

impl Insights {
    pub(crate) fn number(&mut self, id: Uuid) -> u32 {
        let number = self.ids.number(id);
        if number as usize == self.rows.len() {
            self.sessions.push(Places::default());
            self.contents.push(Content::new(""));
            self.there.push(false);
            self.rows.push(Row {
                life: Life::Unresolved,
                sentiment: 0,
                category: NONE,
                team: NONE,
                number: 0,
                created: 0,
                known_since: 0,
            });
        }
        number
    }

    pub(crate) fn put(&mut self, insight: &Insight<'_>) {
        let at = self.number(insight.id);
        let sentiment = self.sentiments.iter().position(|of| of == insight.sentiment).unwrap_or_else(|| {
            self.sentiments.push(insight.sentiment.to_owned());
            self.sentiments.len() - 1
        });
        let mut label = |id: Option<Uuid>| id.map_or(NONE, |id| self.labels.number(id));
        let row = Row {
            life: insight.life,
            sentiment: u8::try_from(sentiment).unwrap_or(u8::MAX),
            category: label(insight.category),
            team: label(insight.team),
            number: insight.number,
            created: insight.created,
            known_since: insight.known_since,
        };
        self.there[at as usize] = true;
        if let (Some(old), Some(content)) = (self.rows.get_mut(at), self.contents.get_mut(at)) {
            *old = row;
            if *content.text != *insight.content {
                *content = Content::new(insight.content);
            }
        }
    }

    pub(crate) fn remove(&mut self, id: Uuid) {
        if let Some(number) = self.ids.find(id) {
            self.there[number as usize] = false;
        }
    }

    /// Notes that these insights show in a session, and no longer those.
    pub(crate) fn change(&mut self, session: u32, old: &[u32], new: &[u32], blocks: usize) {
        move_in_sets(&mut self.sessions, session, old, new, blocks);
    }

    pub(crate) fn forget_sessions(&mut self) {
        let mut none = Chunks::default();
        (0..self.sessions.len()).for_each(|_| none.push(Places::default()));
        self.sessions = none;
    }

    pub(crate) fn about_of(&self, number: u32) -> Option<About> {
        let row = self.rows.get(number)?;
        let label = |label: u32| self.labels.all.get(label).copied();
        Some(About {
            id: *self.ids.all.get(number)?,
            number: row.number,
            created: row.created,
            known_since: row.known_since,
            life: row.life,
            category: label(row.category),
            team: label(row.team),
        })
    }

    /// Returns when an insight became one.
    pub(crate) fn created(&self, number: usize) -> i64 {
        let number = u32::try_from(number).ok();
        number.and_then(|number| self.rows.get(number)).map_or(0, |row| row.created)
    }

    /// Prepares to tell which insights meet conditions.
    pub(crate) fn checks<'a>(&'a self, filter: &'a InsightFilter) -> Checks<'a> {
        let checks = |conditions: &'a [InsightCondition]| {
            conditions.iter().map(|condition| self.check(condition)).collect()
        };
        Checks { insights: self, is: checks(&filter.is), not: checks(&filter.not) }
    }

    fn check<'a>(&self, condition: &'a InsightCondition) -> Check<'a> {
        // a label that no insight has had is nobody's
        let labels = |ids: &[Option<Uuid>]| {
            let label = |id: &Option<Uuid>| id.map_or(Some(NONE), |id| self.labels.find(id));
            ids.iter().filter_map(label).collect()
        };
        match condition {
            InsightCondition::Life(lives) => Check::Life(lives),
            InsightCondition::Category(ids) => Check::Category(labels(ids)),
            InsightCondition::Team(ids) => Check::Team(labels(ids)),
            InsightCondition::Sentiment(words) => {
                let code = |word: &String| self.sentiments.iter().position(|of| of == word);
                Check::Sentiment(words.iter().filter_map(code).collect())
            }
            InsightCondition::Number(numbers) => Check::Number(numbers),
            InsightCondition::Content(parts) => {
                let part = |part: &'a String| (Pairs::of(part), memmem::Finder::new(part.as_bytes()));
                Check::Content(parts.iter().map(part).collect())
            }
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.ids.bytes()
            + self.sessions.bytes()
            + self.sessions.iter().map(Places::bytes).sum::<usize>()
            + self.rows.bytes()
            + self.contents.bytes()
            + self.contents.iter().map(|content| 16 + content.text.len()).sum::<usize>()
            + self.labels.bytes()
    }
}

/// Conditions on insights: all of `is` hold, and none of `not`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InsightFilter {
    /// What holds.
    pub is: Vec<InsightCondition>,
    /// What does not.
    pub not: Vec<InsightCondition>,
    /// The least number of sessions; one always.
    pub sessions_min: Option<usize>,
    /// The number of sessions of which it has less.
    pub sessions_below: Option<usize>,
}

impl InsightFilter {
    /// Tells if an insight that shows in so many sessions is asked for.
    pub(crate) fn allows(&self, sessions: u32) -> bool {
        let sessions = sessions as usize;
        sessions > 0
            && self.sessions_min.is_none_or(|least| sessions >= least)
            && self.sessions_below.is_none_or(|end| sessions < end)
    }
}

/// A condition on insights: it has one of these. Of none nothing has one. None among them is the absence of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InsightCondition {
    /// Places in its life.
    Life(Vec<Life>),
    /// Categories.
    Category(Vec<Option<Uuid>>),
    /// Teams.
    Team(Vec<Option<Uuid>>),
    /// Sentiments.
    Sentiment(Vec<String>),
    /// Numbers of insights.
    Number(Vec<i64>),
    /// Parts of its sentence.
    Content(Vec<String>),
}

/// Conditions in numbers of the index.
pub(crate) struct Checks<'a> {
    insights: &'a Insights,
    is: Vec<Check<'a>>,
    not: Vec<Check<'a>>,
}

impl Checks<'_> {
    /// Tells if an insight is there and meets them.
    pub(crate) fn hold(&self, number: u32) -> bool {
        let holds = |check: &Check<'_>| check.holds(self.insights, number);
        self.insights.there[number as usize] && self.is.iter().all(holds) && !self.not.iter().any(holds)
    }

    /// Tells if there is no condition.
    pub(crate) const fn are_none(&self) -> bool {
        self.is.is_empty() && self.not.is_empty()
    }
}

/// A condition in numbers of the index.
enum Check<'a> {
    Life(&'a [Life]),
    Category(Vec<u32>),
    Team(Vec<u32>),
    Sentiment(Vec<usize>),
    Number(&'a [i64]),
    Content(Vec<(Pairs, memmem::Finder<'a>)>),
}

impl Check<'_> {
    fn holds(&self, insights: &Insights, number: u32) -> bool {
        let Some(row) = insights.rows.get(number) else { return false };
        match self {
            Self::Life(lives) => lives.contains(&row.life),
            Self::Category(labels) => labels.contains(&row.category),
            Self::Team(labels) => labels.contains(&row.team),
            Self::Sentiment(codes) => codes.contains(&usize::from(row.sentiment)),
            Self::Number(numbers) => numbers.contains(&row.number),
            Self::Content(parts) => {
                let Some(content) = insights.contents.get(number) else { return false };
                let has = |(pairs, part): &(Pairs, memmem::Finder<'_>)| {
                    content.pairs.has_all(pairs) && part.find(content.text.as_bytes()).is_some()
                };
                parts.iter().any(has)
            }
        }
    }
}
