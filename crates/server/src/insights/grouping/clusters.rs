//! Clusters of statements that are to be insights: groups that enough contacts are behind, each with its sentence,
//! its sentiment and its sessions.

use super::constraints::Bonds;
use super::vectors::Vectors;
use crate::ids::{SessionId, StatementId};
use crate::insights::statements::Statement;
use crate::insights::statements::contextual::ContextualVectors;
use crate::jobs::Progress;
use crate::sessions::Sentiment;
use refrain_nlp::grouping::{self, Options};
use refrain_nlp::{sentiment, title};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The number of contacts in the usual language from which the title is chosen from what they say.
const TITLE_CONTACTS_MIN: usize = 3;

/// A group of statements that say the same: an insight to be.
pub(super) struct Group {
    /// The centroid, at unit length.
    pub(super) centroid: Vec<f32>,
    /// The similarity to the centroid from which a further statement belongs to the group.
    pub(super) reach: f32,
    /// The sentence that stands for the group.
    pub(crate) content: String,
    /// The sentiment of the majority of its statements.
    pub(crate) sentiment: Sentiment,
    /// Each session of the group, with the statement nearest to the centroid and that similarity.
    pub(super) proofs: BTreeMap<SessionId, (StatementId, f32)>,
    members: Vec<usize>,
}

impl Group {
    /// Returns true if enough contacts of the group say each word of a sentence that stands for it, or nobody does.
    pub(super) fn bears_out(&self, statements: &[Statement], sentence: &str, contacts_min: usize) -> bool {
        let mut numbers: HashMap<_, u32> = HashMap::new();
        let said = self.members.iter().map(|i| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            let speaker = *numbers.entry(statements[*i].speaker()).or_insert(next);
            (speaker, statements[*i].text.as_str())
        });
        let said: Vec<(u32, &str)> = said.collect();
        title::Support::of(said, contacts_min).and(&self.content).bears_out(sentence)
    }
}

/// A subject that several groups are about, or one.
pub(super) struct Theme {
    /// The phrase that most of its contacts say.
    pub(crate) name: String,
    /// The positions of its groups.
    pub(super) groups: Vec<usize>,
}

/// The result of grouping all statements.
pub(super) struct Grouped {
    /// The groups, most sessions first.
    pub(super) groups: Vec<Group>,
    /// The themes above them.
    pub(super) themes: Vec<Theme>,
    /// A hash that is equal for equal groupings of equal texts, whatever their ids and their order.
    pub(super) hash: String,
    /// The contextual embeddings that were computed for this grouping, with their statements.
    pub(crate) contextual: Vec<(StatementId, Vec<u8>)>,
}

/// Groups statements of any languages; [`entitle`] gives the groups their titles. A group with fewer than `contacts_min`
/// contacts is left out, since it must not be shown to anyone. The order of the statements makes no difference. `progress` is told how
/// many of those that are compared are at hand.
pub(super) fn group(
    statements: &[Statement],
    vectors: &Vectors,
    bonds: &Bonds,
    contacts_min: usize,
    options: &Options,
    progress: &Progress,
) -> Grouped {
    let contextual = ContextualVectors::of(statements);
    let everything: Vec<usize> = (0..statements.len()).collect();
    let compared_by = |positions: &[usize]| contextual.get(positions, options.threads, progress);
    let grouping = grouping::group(&vectors.weighted(statements, &everything), Some(&compared_by), options);
    let mut members_of = vec![Vec::new(); grouping.groups.len()];
    for (i, group) in grouping.group_of.iter().enumerate() {
        if let Some(group) = group {
            members_of[*group as usize].push(i);
        }
    }
    let mut groups = Vec::new();
    for bound in bonds.apply(members_of, statements, vectors) {
        let found = bound.found_in.iter().map(|at| &grouping.groups[*at]);
        let reach = found.clone().map(|group| group.reach).fold(f32::INFINITY, f32::min);
        let centroid = if bound.is_decided {
            vectors.centroid(&bound.members)
        } else {
            found.flat_map(|group| &group.centroid).copied().collect()
        };
        let enough = contacts(statements, &bound.members) >= contacts_min;
        if enough && (bound.is_decided || !vectors.is_talk(statements, &bound.members, &centroid)) {
            groups.push(shape(statements, vectors, centroid, reach, bound.members));
        }
    }
    let first_text = |group: &Group| {
        group.members.iter().map(|i| statements[*i].text.as_str()).min().unwrap_or("").to_owned()
    };
    groups.sort_by_cached_key(|group| (Reverse(group.proofs.len()), first_text(group)));
    let hash = format!("{:032x}", grouping.hash);
    Grouped { groups, themes: Vec::new(), hash, contextual: contextual.into_made() }
}

/// Gives groups their titles and brings them under themes. A title is in the language `usual` if enough of the group's
/// statements are. `before` has the sentence that each group had: it stays as long as no other is clearly better.
pub(super) fn entitle(
    grouped: &mut Grouped,
    statements: &[Statement],
    vectors: &Vectors,
    before: &[Option<&str>],
    contacts_min: usize,
    usual: &str,
    threads: usize,
) {
    let candidates = grouped.groups.iter().map(|group| {
        let members = in_one_language(statements, &group.members, usual, contacts_min);
        vectors.weighted(statements, &members)
    });
    let candidates: Vec<_> = candidates.collect();
    let contents = title::choose_again(&candidates, before, contacts_min, threads);
    for (group, content) in grouped.groups.iter_mut().zip(contents) {
        group.content = content;
    }
    grouped.themes = themes(&grouped.groups, &candidates, contacts_min, threads);
}

/// Brings groups under themes, and names each theme from the statements in the language of its groups' titles.
fn themes(
    groups: &[Group],
    said: &[Vec<grouping::Statement<'_>>],
    contacts_min: usize,
    threads: usize,
) -> Vec<Theme> {
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
    for (theme, name) in themes.iter_mut().zip(title::name(&said, contacts_min, threads)) {
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

/// Returns the members in the usual language if enough contacts speak it to choose a title from what they say, else
/// those in the most frequent language.
fn in_one_language(
    statements: &[Statement],
    members: &[usize],
    usual: &str,
    contacts_min: usize,
) -> Vec<usize> {
    let mut by_language: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for i in members {
        by_language.entry(&statements[*i].language).or_default().push(*i);
    }
    let enough = contacts_min.max(TITLE_CONTACTS_MIN);
    match by_language.remove(usual) {
        Some(members) if contacts(statements, &members) >= enough || by_language.is_empty() => members,
        rare => {
            let most = by_language.into_values().rev().max_by_key(Vec::len);
            most.into_iter().chain(rare).max_by_key(Vec::len).unwrap_or_default()
        }
    }
}

/// Counts the contacts behind statements.
fn contacts(statements: &[Statement], members: &[usize]) -> usize {
    members.iter().map(|i| statements[*i].speaker()).collect::<HashSet<_>>().len()
}
