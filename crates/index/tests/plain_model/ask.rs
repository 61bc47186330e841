//! Random questions, asked of the index and of the plain model.

use crate::model::{FACET_WORDS, NAMES, Plain, PlainSession, Random, SENTIMENTS, id, int, terms};
use refrain_index::{
    Condition, Facet, Filter, Index, InsightCondition, InsightFilter, Life, Owner, People, Seen, Slice, Sort,
    Time, Word,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

fn condition(random: &mut Random) -> Condition {
    let few = |random: &mut Random, words: &[&str]| -> Vec<Option<String>> {
        (0..=random.below(2))
            .map(|_| (!random.is_one_of(6)).then(|| (*random.one(words)).to_owned()))
            .collect()
    };
    match random.below(12) {
        0..=4 => {
            let facet = *random.one(&Facet::ALL);
            Condition::Facet(facet, few(random, FACET_WORDS[facet as usize]))
        }
        5 => Condition::Team(few(random, &["t1", "t2", "nobody"])),
        6 => Condition::Assignee(few(random, &["a1", "a2", "a3"])),
        7 => Condition::Contact(
            few(random, &["c"]).iter().map(|of| of.as_ref().map(|_| id(2, random.below(300)))).collect(),
        ),
        8 => {
            let from = int(random.below(100_000));
            Condition::Began(from..=from + int(random.below(90_000)))
        }
        9 | 10 => {
            let owner = *random.one(&[Owner::Session, Owner::Contact]);
            Condition::Terms(
                owner,
                (0..=random.below(2)).map(|_| terms(random).into_iter().collect()).collect(),
            )
        }
        _ if random.is_one_of(2) => Condition::HandedOff(random.is_one_of(2)),
        _ => Condition::Ticket(int(random.below(10_000))),
    }
}

fn filter(random: &mut Random) -> Filter {
    let (is, not) = (random.below(4), random.below(3).saturating_sub(1));
    Filter {
        is: (0..is).map(|_| condition(random)).collect(),
        not: (0..not).map(|_| condition(random)).collect(),
    }
}

fn insight_filter(random: &mut Random) -> InsightFilter {
    let condition = |random: &mut Random| match random.below(6) {
        0 => InsightCondition::Life(vec![*random.one(&[Life::Unresolved, Life::Resolved, Life::Archived])]),
        1 => InsightCondition::Category(vec![random.is_one_of(2).then(|| id(4, random.below(4)))]),
        2 => InsightCondition::Team(vec![random.is_one_of(2).then(|| id(5, random.below(4)))]),
        3 => InsightCondition::Sentiment(vec![(*random.one(&SENTIMENTS)).to_owned()]),
        4 => InsightCondition::Number(vec![int(random.below(45))]),
        _ => InsightCondition::Content(vec![(*random.one(&["loss", "返金", "f p"])).to_owned()]),
    };
    let (is, not) = (random.below(3).saturating_sub(1), random.below(4).saturating_sub(2));
    InsightFilter {
        is: (0..is).map(|_| condition(random)).collect(),
        not: (0..not).map(|_| condition(random)).collect(),
        sessions_min: random.is_one_of(4).then(|| random.below(20)),
        sessions_below: random.is_one_of(6).then(|| random.below(60)),
    }
}

/// Asks the index something, and the plain model the same.
pub(crate) fn ask(index: &Index, plain: &Plain, random: &mut Random) {
    let filter = filter(random);
    let expected = plain.slice(&filter);
    let slice = index.slice(&filter);
    let found: BTreeSet<Uuid> = slice.places().map(|at| index.id(at)).collect();
    assert_eq!(found, expected.keys().copied().collect(), "{filter:?}");
    assert_eq!(slice.len(), expected.len());
    let insights = insight_filter(random);
    let sort = *random.one(&[Sort::Sessions, Sort::First, Sort::Last, Sort::Created]);
    let is_descending = random.is_one_of(2);
    let (skip, take) = (random.below(12), 1 + random.below(12));
    let page = index.list(&filter, &insights, (sort, is_descending), (skip, take));
    let listed = plain.list(&filter, &insights, sort, is_descending);
    assert_eq!(page.total, listed.len(), "{filter:?} {insights:?}");
    let found: Vec<(Uuid, [i64; 3])> = page
        .insights
        .iter()
        .map(|of| (of.id, [int(of.seen.sessions), of.seen.first, of.seen.last]))
        .collect();
    assert_eq!(
        found,
        listed.iter().skip(skip).take(take).copied().collect::<Vec<_>>(),
        "{filter:?} {insights:?} {sort:?}"
    );
    let of = id(3, random.below(10));
    let shown = expected.values().filter(|session| session.insights.contains(&of)).count();
    let seen = index.seen(of, &slice);
    let began = || expected.values().filter(|of_slice| of_slice.insights.contains(&of)).map(|of| of.began);
    let plain_seen =
        began().min().zip(began().max()).map(|(first, last)| Seen { sessions: shown, first, last });
    assert_eq!(seen, plain_seen);
    assert_eq!(slice.showing(index, &[of]).len(), shown);
    assert_eq!(index.counts_of(&slice), index.counts(&filter), "{filter:?}");
    measure(index, plain, &slice, &expected);
    in_time(index, &slice, &expected, random);
    let facet = *random.one(&Facet::ALL);
    by_word(
        index,
        &slice,
        Word::Facet(facet),
        expected.values().map(|session| session.facets[facet as usize]),
    );
    assert_eq!(index.slice_with_counts(&filter).1, index.counts(&filter));
    names(index, plain);
    let name = *random.one(&NAMES);
    let none = BTreeSet::new();
    let of_contact = |session: &PlainSession| session.contact.and_then(|id| plain.contacts.get(&id));
    let owner = *random.one(&[Owner::Session, Owner::Contact]);
    let values = expected.values().map(|session| {
        let terms =
            if owner == Owner::Session { &session.terms } else { of_contact(session).unwrap_or(&none) };
        terms.iter().filter(|term| term.0 == name).map(|term| term.1.as_str()).collect()
    });
    let values: Vec<Vec<&str>> = values.collect();
    // of several values of one name, any may be the one
    if values.iter().all(|of_session| of_session.len() < 2) {
        let values = values.iter().map(|of_session| of_session.first().copied());
        by_word(index, &slice, index.value(owner, name), values);
    }
    by_word(index, &slice, Word::Team, expected.values().map(|session| session.team));
}

/// Counts who has each name of terms, and its values.
fn names(index: &Index, plain: &Plain) {
    let of_sessions: Vec<_> = plain.sessions.values().map(|session| &session.terms).collect();
    for (owner, all) in [(Owner::Session, of_sessions), (Owner::Contact, plain.contacts.values().collect())] {
        let mut values: HashMap<&str, Vec<&str>> = HashMap::new();
        for (name, value) in all.into_iter().flatten() {
            values.entry(name).or_default().push(value);
        }
        let counted = values
            .into_iter()
            .map(|(name, values)| (name, (values.len(), values.iter().collect::<BTreeSet<_>>().len())));
        let named = index.names(owner).into_iter().map(|(name, owners, values)| (name, (owners, values)));
        assert_eq!(named.collect::<HashMap<_, _>>(), counted.collect());
    }
}

/// Lists the first sessions by a time.
fn in_time(index: &Index, slice: &Slice, sessions: &BTreeMap<Uuid, &PlainSession>, random: &mut Random) {
    let time = *random.one(&[Time::Began, Time::LastMessage]);
    let of = |session: &PlainSession| if time == Time::Began { session.began } else { session.last_message };
    let mut plain: Vec<(i64, Uuid)> = sessions.iter().map(|(id, session)| (of(session), *id)).collect();
    plain.sort_unstable();
    let after = (random.is_one_of(2) && !plain.is_empty()).then(|| *random.one(&plain));
    let is_descending = random.is_one_of(2);
    if is_descending {
        plain.reverse();
    }
    let begin = after.and_then(|after| plain.iter().position(|of| *of == after)).map_or(0, |at| at + 1);
    let count = 1 + random.below(30);
    let places = index.in_time(slice, time, is_descending, after, count);
    let ids: Vec<Uuid> = places.into_iter().map(|at| index.id(at)).collect();
    assert_eq!(ids, plain[begin..].iter().take(count).map(|(_, id)| *id).collect::<Vec<_>>());
}

/// Counts people, and sessions by the team of their insights.
fn measure(index: &Index, plain: &Plain, slice: &Slice, sessions: &BTreeMap<Uuid, &PlainSession>) {
    let people = |shown: &dyn Fn(&PlainSession) -> bool| {
        let shown = sessions.iter().filter(|(_, session)| shown(session));
        shown.map(|(id, session)| session.contact.unwrap_or(*id)).collect::<BTreeSet<Uuid>>().len()
    };
    let counted = index.people_of(slice, &index.counts_of(slice), &mut People::of(index));
    for (insight, counted) in index.insight_ids().zip(counted) {
        assert_eq!(counted as usize, people(&|session| session.insights.contains(&insight)));
        let shown = index.shown_in(insight, slice);
        let ids: BTreeSet<Uuid> = shown.iter().map(|at| index.id(*at)).collect();
        let of = sessions.iter().filter(|(_, session)| session.insights.contains(&insight));
        assert_eq!(ids, of.map(|(id, _)| *id).collect());
        assert_eq!(People::of(index).count(index, insight, slice), counted);
    }
    let teams = [Some(id(5, 0)), Some(id(5, 1)), Some(id(5, 2)), None];
    let team =
        |insight: Uuid| plain.insights.get(&insight).map(|of| teams.iter().position(|team| *team == of.team));
    let values: Vec<Option<u32>> =
        index.insight_ids().map(|id| team(id).flatten().and_then(|at| u32::try_from(at).ok())).collect();
    let by_team = index.by_insights(slice, &values, teams.len());
    for (team, counted) in teams.iter().zip(by_team) {
        let has = |id: &Uuid| plain.insights.get(id).is_some_and(|of| of.team == *team);
        let with = sessions.values().filter(|session| session.insights.iter().any(has));
        assert_eq!(counted as usize, with.count());
    }
}

fn by_word<'a>(index: &Index, slice: &Slice, word: Word, values: impl Iterator<Item = Option<&'a str>>) {
    let mut expected: HashMap<Option<&str>, usize> = HashMap::new();
    values.for_each(|value| *expected.entry(value).or_default() += 1);
    let found = index.by_word(word, slice).into_iter();
    assert_eq!(found.map(|(number, count)| (index.word(number), count)).collect::<HashMap<_, _>>(), expected);
}
