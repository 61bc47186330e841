//! What the index holds, plainly, and random changes of it.

use refrain_index::{
    Batch, Condition, Filter, Index, Insight, InsightCondition, InsightFilter, Life, Owner, Session, Sort,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

pub(crate) fn int(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Numbers that look random.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap_or(0)
    }

    pub(crate) fn is_one_of(&mut self, all: usize) -> bool {
        self.below(all) == 0
    }

    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

pub(crate) const CHANNELS: [&str; 4] = ["web", "email", "phone", "sms"];
pub(crate) const LANGUAGES: [&str; 5] = ["en", "de", "fr", "ja", "xx"];
pub(crate) const SENTIMENTS: [&str; 3] = ["angry", "neutral", "happy"];
pub(crate) const STATUSES: [&str; 2] = ["open", "closed"];
pub(crate) const FACET_WORDS: [&[&str]; 4] = [&CHANNELS, &LANGUAGES, &SENTIMENTS, &STATUSES];
pub(crate) const NAMES: [&str; 3] = ["plan", "region", "order"];

pub(crate) type Term = (String, String);

#[derive(Clone, Debug)]
pub(crate) struct PlainSession {
    pub(crate) began: i64,
    pub(crate) last_message: i64,
    pub(crate) ticket: i64,
    pub(crate) contact: Option<Uuid>,
    pub(crate) facets: [Option<&'static str>; 4],
    pub(crate) team: Option<&'static str>,
    pub(crate) assignee: Option<String>,
    pub(crate) is_handed_off: bool,
    pub(crate) terms: BTreeSet<Term>,
    pub(crate) insights: BTreeSet<Uuid>,
}

#[derive(Clone, Debug)]
pub(crate) struct PlainInsight {
    pub(crate) number: i64,
    pub(crate) created: i64,
    pub(crate) life: Life,
    pub(crate) sentiment: &'static str,
    pub(crate) category: Option<Uuid>,
    pub(crate) team: Option<Uuid>,
    pub(crate) content: String,
}

/// What the index holds, plainly.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plain {
    pub(crate) sessions: BTreeMap<Uuid, PlainSession>,
    pub(crate) contacts: HashMap<Uuid, BTreeSet<Term>>,
    pub(crate) insights: BTreeMap<Uuid, PlainInsight>,
}

pub(crate) fn id(kind: u128, number: usize) -> Uuid {
    Uuid::from_u128((kind << 64) + number as u128)
}

pub(crate) fn terms(random: &mut Random) -> BTreeSet<Term> {
    let count = random.below(4);
    let term = |_| {
        let name = *random.one(&NAMES);
        let values = if name == "order" { 5_000 } else { 4 };
        (name.to_owned(), format!("{name} {}", random.below(values)))
    };
    (0..count).map(term).collect()
}

pub(crate) fn session(random: &mut Random) -> PlainSession {
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

pub(crate) fn insight(random: &mut Random, number: usize) -> PlainInsight {
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
    pub(crate) fn put(&mut self, index: &mut Index, sessions: Vec<(Uuid, PlainSession)>) {
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
    pub(crate) fn edit(&mut self, index: &mut Index, random: &mut Random) {
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

    pub(crate) fn edit_insight(&mut self, index: &mut Index, random: &mut Random) {
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

    pub(crate) fn holds(&self, session: &PlainSession, condition: &Condition) -> bool {
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

    pub(crate) fn slice(&self, filter: &Filter) -> BTreeMap<Uuid, &PlainSession> {
        let meets = |session: &PlainSession| {
            filter.is.iter().all(|condition| self.holds(session, condition))
                && !filter.not.iter().any(|condition| self.holds(session, condition))
        };
        self.sessions.iter().filter(|(_, of)| meets(of)).map(|(id, of)| (*id, of)).collect()
    }

    pub(crate) fn list(
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
