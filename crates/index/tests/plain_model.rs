//! The index against a look at every session: random sessions, random edits, random questions.

use proptest::prelude::*;
use refrain_index::{
    Batch, Condition, Facet, Filter, Index, Insight, InsightCondition, InsightFilter, Life, Owner, People,
    Seen, Session, Slice, Sort, Time, Word,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

fn int(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap_or(0)
    }

    fn is_one_of(&mut self, all: usize) -> bool {
        self.below(all) == 0
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

const CHANNELS: [&str; 4] = ["web", "email", "phone", "sms"];
const LANGUAGES: [&str; 5] = ["en", "de", "fr", "ja", "xx"];
const SENTIMENTS: [&str; 3] = ["angry", "neutral", "happy"];
const STATUSES: [&str; 2] = ["open", "closed"];
const FACET_WORDS: [&[&str]; 4] = [&CHANNELS, &LANGUAGES, &SENTIMENTS, &STATUSES];
const NAMES: [&str; 3] = ["plan", "region", "order"];

type Term = (String, String);

#[derive(Clone, Debug)]
struct PlainSession {
    began: i64,
    last_message: i64,
    ticket: i64,
    contact: Option<Uuid>,
    facets: [Option<&'static str>; 4],
    team: Option<&'static str>,
    assignee: Option<String>,
    is_handed_off: bool,
    terms: BTreeSet<Term>,
    insights: BTreeSet<Uuid>,
}

#[derive(Clone, Debug)]
struct PlainInsight {
    number: i64,
    created: i64,
    life: Life,
    sentiment: &'static str,
    category: Option<Uuid>,
    team: Option<Uuid>,
    content: String,
}

/// What the index holds, plainly.
#[derive(Clone, Debug, Default)]
struct Plain {
    sessions: BTreeMap<Uuid, PlainSession>,
    contacts: HashMap<Uuid, BTreeSet<Term>>,
    insights: BTreeMap<Uuid, PlainInsight>,
}

fn id(kind: u128, number: usize) -> Uuid {
    Uuid::from_u128((kind << 64) + number as u128)
}

fn terms(random: &mut Random) -> BTreeSet<Term> {
    let count = random.below(4);
    let term = |_| {
        let name = *random.one(&NAMES);
        let values = if name == "order" { 5_000 } else { 4 };
        (name.to_owned(), format!("{name} {}", random.below(values)))
    };
    (0..count).map(term).collect()
}

fn session(random: &mut Random) -> PlainSession {
    // most of them one after the other, some long ago, many at the same moment
    let began = match random.below(10) {
        0 => 0,
        1 => 1_000,
        _ => int(random.below(100_000)),
    };
    let facets = FACET_WORDS.map(|words| (!random.is_one_of(6)).then(|| *random.one(words)));
    // the first insights show in most sessions
    let insights = (0..random.below(4)).map(|_| {
        let most = if random.is_one_of(2) { 3 } else { 40 };
        id(3, random.below(most))
    });
    PlainSession {
        insights: insights.collect::<Vec<_>>().into_iter().collect(),
        began,
        last_message: began + int(random.below(50_000)),
        ticket: int(random.below(10_000)),
        contact: (!random.is_one_of(5)).then(|| id(2, random.below(300))),
        facets,
        team: random.is_one_of(3).then(|| *random.one(&["t1", "t2"])),
        assignee: random.is_one_of(3).then(|| format!("a{}", random.below(300))),
        is_handed_off: random.is_one_of(3),
        terms: terms(random),
    }
}

fn insight(random: &mut Random, number: usize) -> PlainInsight {
    PlainInsight {
        number: int(number),
        created: int(random.below(5)),
        life: *random.one(&[Life::Unresolved, Life::Resolved, Life::Archived]),
        sentiment: SENTIMENTS[random.below(3)],
        category: random.is_one_of(2).then(|| id(4, random.below(3))),
        team: random.is_one_of(2).then(|| id(5, random.below(3))),
        content: format!("{} of {}", random.one(&["loss", "return"]), random.one(&["parcels", "返金"])),
    }
}

impl Plain {
    fn put(&mut self, index: &mut Index, sessions: Vec<(Uuid, PlainSession)>) {
        let mut batch = Batch::default();
        for (id, session) in &sessions {
            let given = Session {
                id: *id,
                began: session.began,
                last_message: session.last_message,
                ticket: session.ticket,
                contact: session.contact,
                facets: session.facets,
                team: session.team,
                assignee: session.assignee.as_deref(),
                is_handed_off: session.is_handed_off,
            };
            batch.add(index, &given);
        }
        for (id, session) in sessions {
            session.terms.iter().for_each(|(name, value)| batch.term(index, id, name, value));
            session.insights.iter().for_each(|insight| batch.show(index, id, *insight));
            self.sessions.insert(id, session);
        }
        index.apply(batch);
    }

    /// Changes something, here and in the index.
    fn edit(&mut self, index: &mut Index, random: &mut Random) {
        let known: Vec<Uuid> = self.sessions.keys().copied().collect();
        match random.below(6) {
            0 | 1 => {
                let mut sessions = BTreeMap::new();
                for _ in 0..random.below(60) {
                    let of = if random.is_one_of(2) || known.is_empty() {
                        id(1, random.below(100_000))
                    } else {
                        *random.one(&known)
                    };
                    // half of those that are known change a little
                    let changed = match self.sessions.get(&of).filter(|_| random.is_one_of(2)) {
                        Some(old) => PlainSession { facets: session(random).facets, ..old.clone() },
                        None => session(random),
                    };
                    sessions.insert(of, changed);
                }
                self.put(index, sessions.into_iter().collect());
            }
            2 => {
                for _ in 0..random.below(30) {
                    let gone = if known.is_empty() { id(1, 0) } else { *random.one(&known) };
                    self.sessions.remove(&gone);
                    index.remove(gone);
                }
            }
            3 => {
                let (of, terms) = (id(2, random.below(300)), terms(random));
                index.put_contact(of, terms.iter().map(|(name, value)| (name.as_str(), value.as_str())));
                self.contacts.insert(of, terms);
            }
            4 => self.edit_insight(index, random),
            _ if random.is_one_of(4) => {
                for session in self.sessions.values_mut() {
                    session.insights = (0..random.below(3)).map(|_| id(3, random.below(50))).collect();
                }
                let shown = self
                    .sessions
                    .iter()
                    .flat_map(|(id, of)| of.insights.iter().map(|insight| (*id, *insight)));
                index.show_all(shown.collect::<Vec<_>>());
            }
            _ => {}
        }
    }

    fn edit_insight(&mut self, index: &mut Index, random: &mut Random) {
        let number = random.below(45);
        let of = id(3, number);
        if random.is_one_of(4) {
            self.insights.remove(&of);
            index.remove_insight(of);
            return;
        }
        let insight = insight(random, number);
        index.put_insight(&Insight {
            id: of,
            number: insight.number,
            created: insight.created,
            known_since: insight.created,
            life: insight.life,
            sentiment: insight.sentiment,
            category: insight.category,
            team: insight.team,
            content: &insight.content,
        });
        self.insights.insert(of, insight);
    }

    fn holds(&self, session: &PlainSession, condition: &Condition) -> bool {
        let is_one =
            |values: &[Option<String>], value: Option<&str>| values.iter().any(|of| of.as_deref() == value);
        match condition {
            Condition::Facet(facet, values) => is_one(values, session.facets[*facet as usize]),
            Condition::Team(values) => is_one(values, session.team),
            Condition::Assignee(values) => is_one(values, session.assignee.as_deref()),
            Condition::Contact(ids) => ids.contains(&session.contact),
            Condition::Began(range) => range.contains(&session.began),
            Condition::Terms(owner, alternatives) => {
                let none = BTreeSet::new();
                let terms = match owner {
                    Owner::Session => &session.terms,
                    Owner::Contact => session.contact.and_then(|id| self.contacts.get(&id)).unwrap_or(&none),
                };
                alternatives.iter().any(|all| all.iter().all(|term| terms.contains(term)))
            }
            Condition::HandedOff(is) => session.is_handed_off == *is,
            Condition::Ticket(number) => session.ticket == *number,
        }
    }

    fn slice(&self, filter: &Filter) -> BTreeMap<Uuid, &PlainSession> {
        let meets = |session: &PlainSession| {
            filter.is.iter().all(|condition| self.holds(session, condition))
                && !filter.not.iter().any(|condition| self.holds(session, condition))
        };
        self.sessions.iter().filter(|(_, of)| meets(of)).map(|(id, of)| (*id, of)).collect()
    }

    fn list(
        &self,
        sessions: &Filter,
        filter: &InsightFilter,
        sort: Sort,
        is_descending: bool,
    ) -> Vec<(Uuid, [i64; 3])> {
        let slice = self.slice(sessions);
        let meets = |id: &Uuid, insight: &PlainInsight| {
            let holds = |condition: &InsightCondition| match condition {
                InsightCondition::Life(lives) => lives.contains(&insight.life),
                InsightCondition::Category(ids) => ids.contains(&insight.category),
                InsightCondition::Team(ids) => ids.contains(&insight.team),
                InsightCondition::Sentiment(words) => words.iter().any(|word| word == insight.sentiment),
                InsightCondition::Number(numbers) => numbers.contains(&insight.number),
                InsightCondition::Content(parts) => parts.iter().any(|part| insight.content.contains(part)),
            };
            if !filter.is.iter().all(holds) || filter.not.iter().any(holds) {
                return None;
            }
            let began: Vec<i64> =
                slice.values().filter(|of| of.insights.contains(id)).map(|of| of.began).collect();
            let count = began.len();
            let allowed = filter.sessions_min.is_none_or(|least| count >= least)
                && filter.sessions_below.is_none_or(|end| count < end);
            let (first, last) = (began.iter().min()?, began.iter().max()?);
            allowed.then_some([int(count), *first, *last])
        };
        let found = self
            .insights
            .iter()
            .filter_map(|(id, insight)| Some((*id, meets(id, insight)?, insight.created)));
        let mut found: Vec<(Uuid, [i64; 3], i64)> = found.collect();
        let key = |(_, [sessions, first, last], created): &(Uuid, [i64; 3], i64)| match sort {
            Sort::Sessions => *sessions,
            Sort::First => *first,
            Sort::Last => *last,
            Sort::Created => *created,
        };
        found.sort_by(|a, b| {
            let order = key(a).cmp(&key(b));
            let order = if is_descending { order.reverse() } else { order };
            order.then(b.2.cmp(&a.2)).then(a.0.cmp(&b.0))
        });
        found.into_iter().map(|(id, seen, _)| (id, seen)).collect()
    }
}

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
fn ask(index: &Index, plain: &Plain, random: &mut Random) {
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
    let name = *random.one(&NAMES);
    let value = |session: &&PlainSession| session.terms.iter().filter(|term| term.0 == name).count() < 2;
    // of several values of one name, any may be the one
    if expected.values().all(value) {
        let values = expected
            .values()
            .map(|session| session.terms.iter().find(|term| term.0 == name).map(|term| term.1.as_str()));
        by_word(index, &slice, index.value(Owner::Session, name), values);
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

/// Puts so many sessions in, edits, and asks after each edit; what was copied before an edit still answers as before.
fn check(seed: u64, sessions: usize, cubes_min: usize, edits: usize) {
    let mut random = Random(seed.max(1));
    let (mut index, mut plain) = (Index::keeping_from(cubes_min), Plain::default());
    for number in 0..40 {
        if !random.is_one_of(8) {
            plain.edit_insight(&mut index, &mut random);
        }
        let (of, terms) = (id(2, number), terms(&mut random));
        index.put_contact(of, terms.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        plain.contacts.insert(of, terms);
    }
    let first: BTreeMap<Uuid, PlainSession> =
        (0..sessions).map(|_| (id(1, random.below(100_000)), session(&mut random))).collect();
    plain.put(&mut index, first.into_iter().collect());
    for _ in 0..edits {
        let before = (index.clone(), plain.clone());
        plain.edit(&mut index, &mut random);
        for _ in 0..4 {
            ask(&index, &plain, &mut random);
        }
        ask(&before.0, &before.1, &mut random);
        assert_eq!(index.len(), plain.sessions.len());
        let began = || plain.sessions.values().map(|session| session.began);
        assert_eq!(index.times(), began().min().zip(began().max()));
        assert_eq!(
            index.occurrences(),
            plain.sessions.values().map(|session| session.insights.len()).sum::<usize>()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn answers_are_those_of_a_look_at_every_session(seed: u64, sessions in 0_usize..400, keeps: bool) {
        check(seed, sessions, if keeps { 0 } else { usize::MAX }, 12);
    }
}

#[test]
fn answers_over_several_blocks_are_those_of_a_look_at_every_session() {
    for (seed, cubes_min) in [(7, 0), (8, usize::MAX), (9, 9_000)] {
        check(seed, 40_000, cubes_min, 8);
    }
}
