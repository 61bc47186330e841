//! The test that a value of a facet is more frequent in a slice than elsewhere, over contacts as in deep research. It
//! looks at a sample of the sessions.

use super::facet_values::{Counted, own_word};
use crate::custom_data;
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::ids::{ContactId, OrgId, SessionId};
use crate::insights::index::{Index, Slice, counting};
use crate::insights::list::facet::Facet;
use crate::insights::research::compare::{CONTACTS_MIN, LIFT_MIN};
use crate::insights::research::scattered;
use crate::insights::research::segments::{ALPHA, Case, Draw, Test, holm};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// The sessions of the slice, and of all others, in a sample, or up to twice as many: every n-th by ticket number.
const SAMPLE: i64 = 2_500;

/// A session of the sample.
#[derive(Clone, Copy)]
struct Session {
    id: SessionId,
    /// Its place in the index.
    at: u32,
    contact_id: Option<ContactId>,
    inside: bool,
}

impl Session {
    fn speaker(&self) -> Uuid {
        self.contact_id.map_or_else(|| self.id.into(), Into::into)
    }
}

/// Says of each value that was counted whether it is clearly more frequent in the slice. What is of insights is not
/// tested.
pub(super) async fn sure(
    tx: &mut Tx,
    org_id: OrgId,
    index: &Arc<Index>,
    by: &[Facet],
    counted: &Counted,
    slices: [&Arc<Slice>; 2],
) -> Result<Vec<Vec<bool>>> {
    let (of_all, slices, totals) = (Arc::clone(index), slices.map(Arc::clone), [counted.here, counted.all]);
    let drawing = counting(move || {
        let sessions = sample(&of_all, totals, &slices);
        let sizes = sizes(&of_all, &sessions);
        (sessions, sizes)
    });
    let (sessions, sizes) = drawing.await?;
    let mut kinds: Vec<Vec<Vec<usize>>> = Vec::new();
    for (facet, counts) in by.iter().zip(&counted.facets) {
        let of_each = values(tx, org_id, index, facet, &sessions).await?;
        let of_value = |value: &Option<String>| {
            let has = |at: &usize| of_each.get(*at).is_some_and(|has| has.is_some() && has == value);
            (0..sessions.len()).filter(has).collect()
        };
        kinds.push(counts.values.iter().map(|count| of_value(&count.value)).collect());
    }
    let mut sure = counting(move || test(&sessions, &sizes, &kinds)).await?;
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
        order: scattered(session.id),
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

/// Takes a sample of the slice, and one of the others.
fn sample(index: &Index, totals: [i64; 2], [here, all]: &[Arc<Slice>; 2]) -> Vec<Session> {
    let [every_here, every_of_all] = totals.map(|sessions| (sessions / SAMPLE).max(1));
    let session = |at: u32, inside: bool| {
        let row = index.row(at);
        let contact_id = row.contact().and_then(|contact| index.contact(contact));
        Session { id: row.id, at, contact_id, inside }
    };
    let is_drawn = |at: &u32, every: i64| index.row(*at).ticket_number % every == 0;
    let inside = here.places().filter(|at| is_drawn(at, every_here));
    let others = all.places().filter(|at| is_drawn(at, every_of_all) && !here.has(*at));
    inside.map(|at| session(at, true)).chain(others.map(|at| session(at, false))).collect()
}

/// Counts the sessions that each contact of the sample has in all.
fn sizes(index: &Index, sessions: &[Session]) -> HashMap<Uuid, usize> {
    let mut of_contacts = vec![0; index.people()];
    for contact in index.rows().filter_map(|(_, row)| row.contact()) {
        of_contacts[contact] += 1;
    }
    let size = |id: ContactId| Some((id.into(), of_contacts[index.contact_number(id)?]));
    sessions.iter().filter_map(|session| size(session.contact_id?)).collect()
}

/// Returns the value of a facet of each session of the sample, if it has one.
async fn values(
    tx: &mut Tx,
    org_id: OrgId,
    index: &Index,
    facet: &Facet,
    sessions: &[Session],
) -> Result<Vec<Option<String>>> {
    if let Some(word) = own_word(facet) {
        let own = |session: &Session| index.word(word(index.row(session.at))).map(str::to_owned);
        return Ok(sessions.iter().map(own).collect());
    }
    let Some((data, key)) = facet.data() else { return Ok(Vec::new()) };
    let owner = |session: &Session| match data {
        custom_data::SESSIONS => Some(session.id.into()),
        _ => session.contact_id.map(Uuid::from),
    };
    let owners: HashSet<Uuid> = sessions.iter().filter_map(owner).collect();
    let mut query = sql(&format!(
        "select {0}, value from {1} where org_id = $1 and key = $2 and {0} in ",
        data.owner, data.table
    ));
    query = query.bind(org_id).bind(key);
    query.push_list(owners);
    let values: Vec<(Uuid, String)> = tx.fetch_all(query).await?;
    let values: HashMap<Uuid, String> = values.into_iter().collect();
    Ok(sessions.iter().map(|session| values.get(&owner(session)?).cloned()).collect())
}
