//! Claims of a report: a sentence, the sessions that it cites, and the conditions that these must meet, so that each
//! claim can be checked against the database.

use crate::db::{self, Sql, Tx, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId, TeamId};
use crate::sessions::{AiClosureType, Channel, Sentiment, SessionStatus};
use crate::time::{DAY, Timestamp};
use refrain_nlp::redact;

pub(super) const NAME_CHARS_MAX: usize = 120;
/// The most sessions that a claim cites.
const CITED: i64 = 3;

/// The days within which another session of a contact counts as before or after.
pub(super) const NEAR_DAYS: i64 = 7;

/// The sessions that a report considers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) org_id: OrgId,
    pub(super) insight_id: InsightId,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// The steps of two systematic samples, of the insight's sessions and of the others: every n-th by ticket number.
    pub(super) steps: [i64; 2],
}

/// The sessions that a set is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The sessions of the insight within the frame.
    Insight,
    /// The sessions within the frame that state something, but not this insight.
    Others,
    /// All sessions of another insight.
    Of(InsightId),
}

/// A condition on a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Channel(Channel),
    Language(String),
    Team(TeamId),
    SessionData(String, String),
    ContactData(String, String),
    /// The session shows this other insight too.
    Insight(InsightId),
    Closed,
    Status(SessionStatus),
    Sentiment(Sentiment),
    HandedOff,
    /// The session lasted longer than this from its beginning to its last message, in microseconds.
    LongerThan(i64),
    ContactKnown,
    ContactUnknown,
    /// The contact had another session in the days before.
    WroteBefore,
    /// The contact had another session in the days after.
    CameBack,
    /// The statement that proves the insight has this text.
    Says(String),
}

/// A set of sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) scope: Scope,
    pub(super) conditions: Vec<Condition>,
    /// A period that replaces that of the frame, with every session instead of a sample.
    pub(super) span: Option<(Timestamp, Timestamp)>,
}

/// The unit in which a set is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Sessions,
    /// Different contacts; a session without a known one counts by itself.
    Contacts,
}

/// A number that a claim rests on.
#[derive(Clone, Debug)]
pub(super) struct Count {
    pub(super) set: Set,
    pub(super) unit: Unit,
    pub(super) value: i64,
}

/// A sentence of a report.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// The sentence in Markdown, without its citations.
    pub(super) text: String,
    /// True if the sentence quotes a customer.
    pub(super) is_quote: bool,
    /// The set that the cited sessions belong to.
    pub(super) set: Set,
    /// The ticket numbers of the cited sessions, in order.
    pub(super) cited: Vec<i64>,
    /// The numbers that the claim rests on; each stands in the text.
    pub(super) counts: Vec<Count>,
}

impl Set {
    pub(super) fn of(scope: Scope, conditions: &[&[Condition]]) -> Self {
        Self { scope, conditions: conditions.concat(), span: None }
    }

    pub(super) fn in_span(scope: Scope, from: Timestamp, to: Timestamp) -> Self {
        Self { scope, conditions: Vec::new(), span: Some((from, to)) }
    }

    /// Adds `from sessions s … where …` for the sessions of the set.
    pub(super) fn push(&self, frame: &Frame, query: &mut Sql) {
        let (org_id, insight_id) = (frame.org_id, frame.insight_id);
        let created_at = match self.scope {
            Scope::Insight | Scope::Of(_) => {
                let id = if let Scope::Of(id) = self.scope { id } else { insight_id };
                query.push(
                    " from occurrences p join sessions s on s.org_id = p.org_id and s.id = p.session_id",
                );
                query.push(" where p.org_id = ").push_bind(org_id).push(" and p.insight_id = ").push_bind(id);
                "p.session_created_at"
            }
            Scope::Others => {
                query.push(" from sessions s where s.org_id = ").push_bind(org_id);
                "s.created_at"
            }
        };
        if !matches!(self.scope, Scope::Of(_)) {
            let (from, to) = self.span.unwrap_or((frame.from, frame.to));
            query.push(&format!(" and {created_at} >= ")).push_bind(from);
            query.push(&format!(" and {created_at} <= ")).push_bind(to);
            let step = frame.steps[usize::from(self.scope == Scope::Others)];
            if self.span.is_none() && step > 1 {
                query.push(" and s.ticket_number % ").push_bind(step).push(" = 0");
            }
        }
        if self.scope == Scope::Others {
            query.push(" and not exists (select 1 from occurrences p where p.org_id = s.org_id and p.session_id = s.id");
            query.push(" and p.insight_id = ").push_bind(insight_id).push(")");
            query.push(
                " and exists (select 1 from statements t where t.org_id = s.org_id and t.session_id = s.id)",
            );
        }
        for condition in &self.conditions {
            query.push(" and ");
            condition.push(frame, query);
        }
    }
}

impl Condition {
    /// Adds the condition on a session `s`.
    pub(super) fn push(&self, frame: &Frame, query: &mut Sql) {
        let week = NEAR_DAYS * DAY;
        match self {
            Self::Channel(channel) => query.push("s.channel = ").push_bind(*channel),
            Self::Language(language) => query.push("s.language = ").push_bind(language),
            Self::Team(id) => query.push("s.team_id = ").push_bind(*id),
            Self::SessionData(key, value) => query
                .push("exists (select 1 from session_values v where v.org_id = s.org_id and v.session_id = s.id and v.key = ")
                .push_bind(key)
                .push(" and v.value = ")
                .push_bind(value)
                .push(")"),
            Self::ContactData(key, value) => query
                .push("exists (select 1 from contact_values v where v.org_id = s.org_id and v.contact_id = s.contact_id and v.key = ")
                .push_bind(key)
                .push(" and v.value = ")
                .push_bind(value)
                .push(")"),
            Self::Insight(id) => query
                .push("exists (select 1 from occurrences q where q.org_id = s.org_id and q.session_id = s.id and q.insight_id = ")
                .push_bind(*id)
                .push(")"),
            Self::Closed => query.push("s.status <> ").push_bind(SessionStatus::Open),
            Self::Status(status) => query.push("s.status = ").push_bind(*status),
            Self::Sentiment(sentiment) => query.push("s.sentiment = ").push_bind(*sentiment),
            Self::HandedOff => query
                .push("(s.ai_closure_type = ")
                .push_bind(AiClosureType::HandedOff)
                .push(" or exists (select 1 from handoffs h where h.org_id = s.org_id and h.session_id = s.id))"),
            Self::LongerThan(micros) => query.push("s.last_message_at - s.created_at > ").push_bind(*micros),
            Self::ContactKnown => query.push("s.contact_id is not null"),
            Self::ContactUnknown => query.push("s.contact_id is null"),
            // `+ 0` keeps SQLite from scanning all sessions of those days by an index on the time
            Self::WroteBefore => query
                .push("exists (select 1 from sessions b where b.org_id = s.org_id and b.contact_id = s.contact_id")
                .push(" and b.created_at + 0 < s.created_at and b.created_at + 0 >= s.created_at - ")
                .push_bind(week)
                .push(")"),
            Self::CameBack => query
                .push("exists (select 1 from sessions b where b.org_id = s.org_id and b.contact_id = s.contact_id")
                .push(" and b.created_at + 0 > s.created_at and b.created_at + 0 <= s.created_at + ")
                .push_bind(week)
                .push(")"),
            Self::Says(text) => query
                .push("exists (select 1 from occurrences q join statements t on t.org_id = q.org_id and t.id = q.statement_id where q.org_id = s.org_id and q.session_id = s.id and q.insight_id = ")
                .push_bind(frame.insight_id)
                .push(" and t.text = ")
                .push_bind(text)
                .push(")"),
        };
    }
}

/// Counts a set.
pub(super) async fn count(tx: &mut Tx, frame: &Frame, set: &Set, unit: Unit) -> Result<i64> {
    let mut query = sql(match unit {
        Unit::Sessions => "select count(*)",
        Unit::Contacts => "select count(distinct coalesce(s.contact_id, s.id))",
    });
    set.push(frame, &mut query);
    tx.fetch_one::<(i64,)>(query).await.map(|(count,)| count)
}

/// Returns the ticket numbers of the newest sessions of a set, in ascending order.
pub(super) async fn newest(tx: &mut Tx, frame: &Frame, set: &Set, limit: i64) -> Result<Vec<i64>> {
    let mut query = sql("select s.ticket_number");
    set.push(frame, &mut query);
    query.push(" order by s.created_at desc, s.ticket_number desc limit ").push_bind(limit);
    let rows: Vec<(i64,)> = tx.fetch_all(query).await?;
    let mut numbers: Vec<i64> = rows.into_iter().map(|(number,)| number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Checks every claim against the database: its citations must belong to its set, and its counts must be right and
/// stand in the text. Returns for each claim, in order, true if it holds.
pub(super) async fn check(tx: &mut Tx, frame: &Frame, claims: &[&Claim]) -> Result<Vec<bool>> {
    let mut known: Vec<(Set, Unit, i64)> = Vec::new();
    let mut hold = Vec::new();
    for claim in claims {
        let mut holds = cites(tx, frame, claim).await?;
        for claimed in &claim.counts {
            let found = known.iter().find(|(set, unit, _)| (set, *unit) == (&claimed.set, claimed.unit));
            let value = match found {
                Some((.., value)) => *value,
                None => {
                    let value = count(tx, frame, &claimed.set, claimed.unit).await?;
                    known.push((claimed.set.clone(), claimed.unit, value));
                    value
                }
            };
            holds &= value == claimed.value && numbers(&claim.text).any(|number| number == value.to_string());
        }
        hold.push(holds);
    }
    Ok(hold)
}

/// Returns true if a claim cites sessions, all of them from its set.
async fn cites(tx: &mut Tx, frame: &Frame, claim: &Claim) -> Result<bool> {
    let mut query = sql("select count(distinct s.ticket_number)");
    claim.set.push(frame, &mut query);
    query.push(" and s.ticket_number in ").push_list(claim.cited.iter().copied());
    let (count,): (i64,) = tx.fetch_one(query).await?;
    Ok(count > 0 && count == db::count(claim.cited.len()))
}

/// Returns the numbers in a text, with their decimals and separators.
pub(super) fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_numeric() && c != '.' && c != ',')
        .map(|number| number.trim_matches(['.', ',']))
        .filter(|number| !number.is_empty())
}

/// A part of a report.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) claims: Vec<Claim>,
    /// Sentences that need no session as evidence.
    pub(super) notes: Vec<String>,
}

impl Section {
    pub(super) fn new(title: &'static str) -> Self {
        Self { title, claims: Vec::new(), notes: Vec::new() }
    }
}

/// A builder of claims, which looks up their sessions and counts.
pub(super) struct Maker<'a> {
    pub(super) tx: &'a mut Tx,
    pub(super) frame: Frame,
}

impl Maker<'_> {
    /// Makes a claim about a set that cites its newest sessions.
    pub(super) async fn claim(&mut self, text: String, set: Set, counts: Vec<Count>) -> Result<Claim> {
        let cited = newest(self.tx, &self.frame, &set, CITED).await?;
        Ok(Claim { text, is_quote: false, set, cited, counts })
    }

    pub(super) async fn counted(&mut self, set: &Set, unit: Unit) -> Result<Count> {
        let value = count(self.tx, &self.frame, set, unit).await?;
        Ok(Count { set: set.clone(), unit, value })
    }
}

/// Makes a text of others safe for a report: shortened, masked, on one line, and with the marks of Markdown and
/// citations escaped.
pub(super) fn shown(text: &str, chars_max: usize) -> String {
    let masked = redact::mask(text, &redact::find(text, &[]));
    let mut line: String = masked.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > chars_max {
        line = line.chars().take(chars_max).chain(['…']).collect();
    }
    let mut shown = String::with_capacity(line.len());
    for c in line.chars().filter(|c| !c.is_control()) {
        if "\\`*_[]<>#|~&!:@".contains(c) {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown.replace("www.", "www\\.")
}

pub(super) fn plural(count: i64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn numbers_are_read_with_their_point() {
        let read = |text: &'static str| numbers(text).collect::<Vec<_>>();
        assert_eq!(read("60 of 100 sessions (6.5 %), and 3."), ["60", "100", "6.5", "3"]);
        assert_eq!(read("no number, none."), [""; 0]);
    }
}
