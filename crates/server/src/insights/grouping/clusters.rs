//! Statements brought together to what is to be an insight: groups that enough contacts are behind, each
//! with its sentence, its sentiment and its sessions.

use super::constraints::Bonds;
use super::vectors::Vectors;
use crate::ids::{SessionId, StatementId};
use crate::insights::statements::Statement;
use crate::insights::statements::contextual::ContextualVectors;
use crate::sessions::Sentiment;
use refrain_nlp::grouping::{self, Options};
use refrain_nlp::{sentiment, title};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

/// Members in the usual language from which on one of these says what the group says.
const TITLE_MEMBERS_MIN: usize = 3;

/// Statements that say the same, as an insight.
pub(crate) struct Group {
    /// Where it lies, at unit length.
    pub(crate) centroid: Vec<f32>,
    /// Similarity to the centroid from which a further statement belongs to it.
    pub(crate) reach: f32,
    /// What it says.
    pub(crate) content: String,
    /// How those who say it feel, mostly.
    pub(crate) sentiment: Sentiment,
    /// Each session in which it shows, with the statement that proves it best and how near that is.
    pub(crate) proofs: BTreeMap<SessionId, (StatementId, f32)>,
    members: Vec<usize>,
}

/// A subject that several groups are about, or one.
pub(crate) struct Theme {
    /// Its most telling words.
    pub(crate) name: String,
    /// Positions of its groups.
    pub(crate) groups: Vec<usize>,
}

/// All statements grouped.
pub(crate) struct Grouped {
    /// Most sessions first.
    pub(crate) groups: Vec<Group>,
    /// The themes above them.
    pub(crate) themes: Vec<Theme>,
    /// Equal for equal groupings of equal texts, whatever their ids and their order.
    pub(crate) hash: String,
    /// The contextual embeddings that were made for it, of these statements.
    pub(crate) contextual: Vec<(StatementId, Vec<u8>)>,
}

/// Groups statements of whatever languages, and says what each group says in the language `usual` if enough of it is
/// in that. A group that fewer than `contacts_min` contacts are behind is not shown to anyone, and left out. The order
/// of the statements makes no difference.
pub(crate) fn group(
    statements: &[Statement],
    bonds: &Bonds,
    contacts_min: usize,
    usual: &str,
    options: &Options,
) -> Grouped {
    let vectors = Vectors::of(statements);
    let contextual = ContextualVectors::of(statements);
    let everything: Vec<usize> = (0..statements.len()).collect();
    let compared_by = |positions: &[usize]| contextual.get(positions, options.threads);
    let grouping = grouping::group(&vectors.weighted(statements, &everything), Some(&compared_by), options);
    let mut members_of = vec![Vec::new(); grouping.groups.len()];
    for (i, group) in grouping.group_of.iter().enumerate() {
        if let Some(group) = group {
            members_of[*group as usize].push(i);
        }
    }
    let mut groups = Vec::new();
    for bound in bonds.apply(members_of, statements, &vectors) {
        let found = bound.found_in.iter().map(|at| &grouping.groups[*at]);
        let reach = found.clone().map(|group| group.reach).fold(f32::INFINITY, f32::min);
        let centroid = if bound.is_decided {
            vectors.centroid(&bound.members)
        } else {
            found.flat_map(|group| &group.centroid).copied().collect()
        };
        let enough = contacts(statements, &bound.members) >= contacts_min;
        if enough && (bound.is_decided || !vectors.is_talk(statements, &bound.members, &centroid)) {
            groups.push(shape(statements, &vectors, centroid, reach, bound.members));
        }
    }
    let first_text = |group: &Group| {
        group.members.iter().map(|i| statements[*i].text.as_str()).min().unwrap_or("").to_owned()
    };
    groups.sort_by_cached_key(|group| (Reverse(group.proofs.len()), first_text(group)));
    let candidates = groups.iter().map(|group| {
        let members = in_one_language(statements, &group.members, usual);
        vectors.weighted(statements, &members)
    });
    let candidates: Vec<_> = candidates.collect();
    let contents = title::choose(&candidates);
    for (group, content) in groups.iter_mut().zip(contents) {
        group.content = content;
    }
    let themes = themes(&groups, &candidates);
    let hash = format!("{:032x}", grouping.hash);
    Grouped { groups, themes, hash, contextual: contextual.into_made() }
}

/// Brings groups under themes, and names these by what the groups say in the language of their titles.
fn themes(groups: &[Group], said: &[Vec<grouping::Statement<'_>>]) -> Vec<Theme> {
    let centroids: Vec<&[f32]> = groups.iter().map(|group| group.centroid.as_slice()).collect();
    let mut themes: Vec<Theme> = Vec::new();
    for (group, theme) in grouping::themes(&centroids).into_iter().enumerate() {
        match themes.get_mut(theme as usize) {
            Some(theme) => theme.groups.push(group),
            None => themes.push(Theme { name: String::new(), groups: vec![group] }),
        }
    }
    let said: Vec<Vec<_>> = themes
        .iter()
        .map(|theme| theme.groups.iter().flat_map(|group| &said[*group]).copied().collect())
        .collect();
    for (theme, name) in themes.iter_mut().zip(title::name(&said)) {
        theme.name = name;
    }
    themes
}

fn shape(
    statements: &[Statement],
    vectors: &Vectors,
    centroid: Vec<f32>,
    reach: f32,
    members: Vec<usize>,
) -> Group {
    let mut proofs: BTreeMap<SessionId, (StatementId, f32)> = BTreeMap::new();
    for i in &members {
        let statement = &statements[*i];
        let score = vectors.similarity(*i, &centroid);
        let best = proofs.entry(statement.session_id).or_insert((statement.id, score));
        #[expect(clippy::float_cmp, reason = "only what is the same to the bit is a tie")]
        if score > best.1 || (score == best.1 && statement.id < best.0) {
            *best = (statement.id, score);
        }
    }
    let sentiments = members.iter().map(|i| statements[*i].sentiment.into());
    Group {
        centroid,
        reach,
        content: String::new(),
        sentiment: sentiment::majority(sentiments).into(),
        proofs,
        members,
    }
}

/// The members in the usual language if they are enough to choose a title from, else those in the most frequent one.
fn in_one_language(statements: &[Statement], members: &[usize], usual: &str) -> Vec<usize> {
    let mut by_language: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for i in members {
        by_language.entry(&statements[*i].language).or_default().push(*i);
    }
    match by_language.remove(usual) {
        Some(members) if members.len() >= TITLE_MEMBERS_MIN || by_language.is_empty() => members,
        rare => {
            let most = by_language.into_values().rev().max_by_key(Vec::len);
            most.into_iter().chain(rare).max_by_key(Vec::len).unwrap_or_default()
        }
    }
}

/// How many contacts are behind statements. A session without a contact counts for one.
fn contacts(statements: &[Statement], members: &[usize]) -> usize {
    let contact = |i: &usize| {
        (statements[*i].contact_id, statements[*i].contact_id.is_none().then_some(statements[*i].session_id))
    };
    members.iter().map(contact).collect::<HashSet<_>>().len()
}
