//! The conditions of an [`InsightFilter`](crate::insights::filter::InsightFilter) as those of an index.

use crate::categories::folded_name;
use crate::custom_data::{self, CustomData, Scalar};
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::ids::{CategoryId, OrgId};
use crate::insights::filter::{
    InsightConditions, InsightValues, SessionConditions, SessionValues, TeamFilter,
};
use crate::insights::insight::InsightStatus;
use crate::sessions::Sentiment;
use crate::time::Timestamp;
use refrain_index::{Condition, Facet, Filter, InsightCondition, InsightFilter, Life, Owner};
use refrain_nlp::case_fold::fold;
use uuid::Uuid;

/// The name under which the tags of a session are among its terms. No text has this character.
pub(crate) const TAG: &str = "\0";

/// Returns conditions on sessions.
pub(crate) fn of_sessions(conditions: &SessionConditions) -> Filter {
    Filter { is: of_values(&conditions.is), not: of_values(&conditions.not) }
}

fn of_values(values: &SessionValues) -> Vec<Condition> {
    let language = values.language.iter().map(|word| word.map(|word| word.0.code()));
    let contacts = values.contact_id.iter().map(|id| id.map(Uuid::from)).collect();
    let conditions = [
        facet(Facet::Language, language),
        facet(Facet::Sentiment, values.sentiment.iter().map(|word| word.map(Sentiment::as_str))),
        facet(Facet::Channel, values.channel.iter().map(|word| Some(word.as_str()))),
        facet(Facet::Status, values.status.iter().map(|word| Some(word.as_str()))),
        (!values.contact_id.is_empty()).then_some(Condition::Contact(contacts)),
        began(values.from, values.to),
        data(Owner::Session, &values.session_data),
        data(Owner::Contact, &values.contact_data),
    ];
    conditions.into_iter().flatten().collect()
}

/// Asks for one of these values, of which none is the absence of one; of no values for nothing.
pub(crate) fn facet<'a>(facet: Facet, values: impl Iterator<Item = Option<&'a str>>) -> Option<Condition> {
    let values: Vec<Option<String>> = values.map(|value| value.map(str::to_owned)).collect();
    (!values.is_empty()).then_some(Condition::Facet(facet, values))
}

/// Asks for the time at which a session began, from the first to the last moment.
pub(crate) fn began(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<Condition> {
    let or = |time: Option<Timestamp>, none| time.map_or(none, Timestamp::micros);
    (from.is_some() || to.is_some()).then(|| Condition::Began(or(from, i64::MIN)..=or(to, i64::MAX)))
}

/// Asks for one of these alternatives, all pairs of it; of no alternatives for nothing.
pub(crate) fn data(owner: Owner, alternatives: &[CustomData]) -> Option<Condition> {
    let pair = |(key, value): (&String, &Scalar)| (key.clone(), custom_data::index_text(&value.as_text()));
    let alternative = |data: &CustomData| data.0.iter().map(pair).collect();
    let asks = !alternatives.is_empty();
    asks.then(|| Condition::Terms(owner, alternatives.iter().map(alternative).collect()))
}

/// Asks for one of these tags; of no tags for nothing.
pub(crate) fn tags<'a>(tags: impl Iterator<Item = &'a str>) -> Option<Condition> {
    let tags: Vec<_> = tags.map(|tag| vec![(TAG.to_owned(), tag.to_owned())]).collect();
    (!tags.is_empty()).then_some(Condition::Terms(Owner::Session, tags))
}

/// Returns the place of an insight in its life.
pub(crate) const fn status_of(life: Life) -> InsightStatus {
    match life {
        Life::Unresolved => InsightStatus::Unresolved,
        Life::Resolved => InsightStatus::Resolved,
        Life::Archived => InsightStatus::Archived,
    }
}

/// Returns conditions on insights. Reads the categories that they name.
pub(crate) async fn of_insights(
    tx: &mut Tx,
    org_id: OrgId,
    conditions: &InsightConditions,
) -> Result<InsightFilter> {
    let count = |count: i64| usize::try_from(count).unwrap_or(0);
    Ok(InsightFilter {
        is: of_insight_values(tx, org_id, &conditions.is).await?,
        not: of_insight_values(tx, org_id, &conditions.not).await?,
        sessions_min: conditions.is.sessions_min.map(count),
        sessions_below: conditions.not.sessions_min.map(count),
    })
}

async fn of_insight_values(
    tx: &mut Tx,
    org_id: OrgId,
    values: &InsightValues,
) -> Result<Vec<InsightCondition>> {
    let lives = |status: &InsightStatus| match status {
        InsightStatus::All => &[Life::Unresolved, Life::Resolved, Life::Archived][..],
        InsightStatus::Unresolved => &[Life::Unresolved],
        InsightStatus::Resolved => &[Life::Resolved],
        InsightStatus::Archived => &[Life::Archived],
    };
    let team = |team: &TeamFilter| match team {
        TeamFilter::None => None,
        TeamFilter::Team(id) => Some(Uuid::from(*id)),
    };
    let mut conditions = Vec::new();
    let mut ask = |is_asked: bool, condition: InsightCondition| {
        if is_asked {
            conditions.push(condition);
        }
    };
    let life = values.status.iter().flat_map(lives).copied().collect();
    ask(!values.status.is_empty(), InsightCondition::Life(life));
    if !values.category.is_empty() {
        ask(true, InsightCondition::Category(categories(tx, org_id, &values.category).await?));
    }
    let sentiments = values.sentiment.iter().map(ToString::to_string).collect();
    ask(!values.sentiment.is_empty(), InsightCondition::Sentiment(sentiments));
    let parts = values.search.iter().map(|text| fold(text)).collect();
    ask(!values.search.is_empty(), InsightCondition::Content(parts));
    ask(!values.team.is_empty(), InsightCondition::Team(values.team.iter().map(team).collect()));
    ask(!values.number.is_empty(), InsightCondition::Number(values.number.clone()));
    Ok(conditions)
}

/// Returns the ids of the categories of these names, in any case. None is the absence of one.
async fn categories(tx: &mut Tx, org_id: OrgId, names: &[Option<String>]) -> Result<Vec<Option<Uuid>>> {
    let folded = names.iter().flatten().map(|name| folded_name(name));
    let mut query = sql("select id from categories where org_id = $1 and name_folded in ").bind(org_id);
    query.push_list(folded);
    let found: Vec<(CategoryId,)> = tx.fetch_all(query).await?;
    let none = names.contains(&None).then_some(None);
    Ok(found.into_iter().map(|(id,)| Some(id.into())).chain(none).collect())
}
