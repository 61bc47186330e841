//! The test that a value of a facet is more frequent in a slice than elsewhere, over contacts as in deep research. It
//! looks at a sample of the sessions.

use super::facet_values::{Count, Counted, Counts};
use crate::error::Result;
use crate::ids::{ContactId, SessionId};
use crate::insights::index::{Index, Slice, Word, counting};
use crate::insights::list::facet::Facet;
use crate::insights::research::compare::{CONTACTS_MIN, LIFT_MIN};
use crate::insights::research::scattered;
use crate::insights::research::segments::{ALPHA, Case, Draw, Test, holm};
use std::collections::HashMap;
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
    index: &Arc<Index>,
    by: &[Facet],
    counted: &Counted,
    slices: [&Arc<Slice>; 2],
) -> Result<Vec<Vec<bool>>> {
    let numbers = |(facet, counts): (&Facet, &Counts)| {
        let number = |count: &Count| count.value.as_ref().and_then(|value| index.word_number(value));
        (facet.word(index), counts.values.iter().map(number).collect())
    };
    let of_facets: Vec<(Option<Word>, Vec<Option<u32>>)> =
        by.iter().zip(&counted.facets).map(numbers).collect();
    let (of_all, slices, totals) = (Arc::clone(index), slices.map(Arc::clone), [counted.here, counted.all]);
    let testing = counting(move || {
        let sessions = sample(&of_all, totals, &slices);
        let of_facet = |(word, values): &(Option<Word>, Vec<Option<u32>>)| {
            let numbers: Vec<u32> = sessions
                .iter()
                .map(|session| word.map_or(0, |word| of_all.word_of(session.at, word)))
                .collect();
            // the absence of a word is not tested
            let has = |at: &usize, value: &Option<u32>| numbers[*at] > 0 && Some(numbers[*at]) == *value;
            let of_value = |value| (0..sessions.len()).filter(|at| has(at, value)).collect();
            values.iter().map(of_value).collect()
        };
        let kinds: Vec<Vec<Vec<usize>>> = of_facets.iter().map(of_facet).collect();
        test(&sessions, &sizes(&of_all, &sessions), &kinds)
    });
    let mut sure = testing.await?;
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
        let contact = index.contact_of(at).and_then(|number| index.contact(number));
        Session { id: index.id(at).into(), at, contact_id: contact.map(ContactId::from), inside }
    };
    let is_drawn = |at: &u32, every: i64| index.ticket(*at) % every == 0;
    let inside = here.places().filter(|at| is_drawn(at, every_here));
    let others = all.places().filter(|at| is_drawn(at, every_of_all) && !here.has(*at));
    inside.map(|at| session(at, true)).chain(others.map(|at| session(at, false))).collect()
}

/// Counts the sessions that each contact of the sample has in all.
fn sizes(index: &Index, sessions: &[Session]) -> HashMap<Uuid, usize> {
    let size = |id: ContactId| Some((id.into(), index.sessions_of_contact(index.contact_number(id)?)));
    sessions.iter().filter_map(|session| size(session.contact_id?)).collect()
}
