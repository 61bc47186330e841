//! The test that a value of a facet is more frequent in a slice than elsewhere, over contacts as in deep research. It
//! looks at a sample of the sessions.

use super::facet_values::{Counted, Own};
use crate::custom_data;
use crate::db::{Sql, Tx, sql};
use crate::error::Result;
use crate::ids::{ContactId, OrgId, SessionId};
use crate::insights::list::conditions::{Source, push_slice, session_id};
use crate::insights::list::facet::Facet;
use crate::insights::list::population::Population;
use crate::insights::research::compare::{CONTACTS_MIN, LIFT_MIN};
use crate::insights::research::scattered;
use crate::insights::research::segments::{ALPHA, Case, Draw, Test, holm};
use anyhow::Context;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// The sessions of the slice, and of all others, in a sample, or up to twice as many: every n-th by ticket number.
const SAMPLE: i64 = 2_500;

#[derive(Clone, sqlx::FromRow)]
struct Session {
    session_id: SessionId,
    contact_id: Option<ContactId>,
    #[sqlx(flatten)]
    own: Own,
    #[sqlx(skip)]
    inside: bool,
}

impl Session {
    fn speaker(&self) -> Uuid {
        self.contact_id.map_or_else(|| self.session_id.into(), Into::into)
    }
}

/// Says of each value that was counted whether it is clearly more frequent in the slice. What is of insights is not
/// tested.
pub(super) async fn sure(
    tx: &mut Tx,
    org_id: OrgId,
    by: &[Facet],
    counted: &Counted,
    populations: [&Population; 2],
) -> Result<Vec<Vec<bool>>> {
    let sessions = sample(tx, org_id, counted, populations).await?;
    let sizes = sizes(tx, org_id, &sessions).await?;
    let mut kinds: Vec<Vec<Vec<usize>>> = Vec::new();
    for (facet, counts) in by.iter().zip(&counted.facets) {
        let of_each = values(tx, org_id, facet, &sessions).await?;
        let of_value = |value: &Option<String>| {
            let has = |at: &usize| of_each.get(*at).is_some_and(|has| has.is_some() && has == value);
            (0..sessions.len()).filter(has).collect()
        };
        kinds.push(counts.values.iter().map(|count| of_value(&count.value)).collect());
    }
    let testing = tokio::task::spawn_blocking(move || test(&sessions, &sizes, &kinds));
    let mut sure = testing.await.context("testing facets")?;
    for (counts, sure) in counted.facets.iter().zip(&mut sure) {
        for (count, sure) in counts.values.iter().zip(sure) {
            *sure &= is_large(count.here, count.all, counted);
        }
    }
    Ok(sure)
}

/// Returns true if a value's share in the slice is large beside its share elsewhere.
fn is_large(here: i64, all: i64, counted: &Counted) -> bool {
    let elsewhere = (all - here) as f64 / (counted.all - counted.here).max(1) as f64;
    here as f64 / counted.here.max(1) as f64 >= LIFT_MIN * elsewhere
}

fn test(sessions: &[Session], sizes: &HashMap<Uuid, usize>, kinds: &[Vec<Vec<usize>>]) -> Vec<Vec<bool>> {
    let case = |session: &Session| Case {
        speaker: session.speaker(),
        order: scattered(session.session_id),
        inside: session.inside,
        cell: 0,
    };
    let cases: Vec<Case> = sessions.iter().map(case).collect();
    let draw = Draw::of_sample(&cases, |speaker, seen| sizes.get(&speaker).copied().unwrap_or(seen));
    let mut sure: Vec<Vec<bool>> = kinds.iter().map(|values| vec![false; values.len()]).collect();
    let mut tests: Vec<((usize, usize), Test)> = Vec::new();
    for (facet, values) in kinds.iter().enumerate() {
        for (value, of_kind) in values.iter().enumerate() {
            tests.extend(draw.test(of_kind).map(|test| ((facet, value), test)));
        }
    }
    let chances: Vec<f64> = tests.iter().map(|(_, test)| test.upper).collect();
    for (((facet, value), test), chance) in tests.iter().zip(holm(&chances, tests.len())) {
        sure[*facet][*value] = chance <= ALPHA && test.inside >= CONTACTS_MIN;
    }
    sure
}

/// Reads a sample of the slice, and one of the others.
async fn sample(
    tx: &mut Tx,
    org_id: OrgId,
    counted: &Counted,
    [here, all]: [&Population; 2],
) -> Result<Vec<Session>> {
    let mut query =
        sql("select h.session_id, h.contact_id, h.channel, h.language, h.sentiment, h.status from ");
    here.push_sample(&mut query, org_id, counted.here / SAMPLE);
    let mut inside: Vec<Session> = tx.fetch_all(query).await?;
    for session in &mut inside {
        session.inside = true;
    }
    let mut query = sql("
        select o.id as session_id, o.contact_id, o.channel, o.language, o.sentiment, o.status ");
    push_slice(&mut query, org_id, Source::Sessions, all.sessions());
    query.push(" and o.ticket_number % ").push_bind((counted.all / SAMPLE).max(1)).push(" = 0");
    let mut others: Vec<Session> = tx.fetch_all(query).await?;
    let mut query = Sql::default();
    here.push_ids(&mut query, org_id);
    query.push(" and ").push(session_id(here.source(), here.sessions())).push(" in ");
    query.push_list(others.iter().map(|session| session.session_id));
    let also_here: Vec<(SessionId,)> = tx.fetch_all(query).await?;
    let also_here: HashSet<SessionId> = also_here.into_iter().map(|(id,)| id).collect();
    others.retain(|session| !also_here.contains(&session.session_id));
    inside.append(&mut others);
    Ok(inside)
}

/// Counts the sessions that each contact of the sample has in all.
async fn sizes(tx: &mut Tx, org_id: OrgId, sessions: &[Session]) -> Result<HashMap<Uuid, usize>> {
    let contacts: HashSet<ContactId> = sessions.iter().filter_map(|session| session.contact_id).collect();
    let mut query = sql("select contact_id, count(*) from sessions where org_id = $1 and contact_id in ");
    query = query.bind(org_id);
    query.push_list(contacts).push(" group by contact_id");
    let sizes: Vec<(Uuid, i64)> = tx.fetch_all(query).await?;
    Ok(sizes.into_iter().map(|(id, count)| (id, usize::try_from(count).unwrap_or(0))).collect())
}

/// Returns the value of a facet of each session of the sample, if it has one.
async fn values(
    tx: &mut Tx,
    org_id: OrgId,
    facet: &Facet,
    sessions: &[Session],
) -> Result<Vec<Option<String>>> {
    if facet.is_own() {
        let own = |session: &Session| session.own.value(facet).map(str::to_owned);
        return Ok(sessions.iter().map(own).collect());
    }
    let Some((index, key)) = facet.data() else { return Ok(Vec::new()) };
    let owner = |session: &Session| match index {
        custom_data::SESSIONS => Some(session.session_id.into()),
        _ => session.contact_id.map(Uuid::from),
    };
    let owners: HashSet<Uuid> = sessions.iter().filter_map(owner).collect();
    let mut query = sql(&format!(
        "select {0}, value from {1} where org_id = $1 and key = $2 and {0} in ",
        index.owner, index.table
    ));
    query = query.bind(org_id).bind(key);
    query.push_list(owners);
    let values: Vec<(Uuid, String)> = tx.fetch_all(query).await?;
    let values: HashMap<Uuid, String> = values.into_iter().collect();
    Ok(sessions.iter().map(|session| values.get(&owner(session)?).cloned()).collect())
}
