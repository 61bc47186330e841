//! Scores a grouping against gold labels: the measures of DSTC11 Track 2 (Gung et al. 2023, arXiv:2304.12982) on
//! the first label of each item, and the error of the counts that a user sees, on all labels.

mod assignment;

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The number of largest gold labels that are looked at by themselves.
const TOP: usize = 10;

/// A message or conversation, its true labels, and the groups it was put into. It has a gold label.
#[derive(Clone, Debug)]
pub struct Item {
    /// Gold labels, the main one first.
    pub gold: Vec<String>,
    /// Numbers of groups, the main one first; none if it was left out.
    pub predicted: Vec<u32>,
}

/// The agreement of groups with gold labels. Shares are in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// The number of items that are scored.
    pub items: usize,
    /// The items that are in a group.
    pub coverage: f64,
    /// The number of groups.
    pub groups: usize,
    /// The number of gold labels.
    pub gold_groups: usize,
    /// The items that are right when each label is matched with one group, and each group with one label, as well as can be.
    pub accuracy: f64,
    /// The items that are right when each group stands for its most frequent label.
    pub precision: f64,
    /// The items that are right when each label stands for its most frequent group.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// The mutual information over the mean of both entropies.
    pub nmi: f64,
    /// The Rand index, adjusted for chance.
    pub ari: f64,
    /// The error of the counts of labels, of all that is counted; a label without a group is off by all.
    pub count_error: f64,
    /// The share of the ten largest labels with a group of their own at a pairwise F1 of at least a half.
    pub top_found: f64,
}

/// Scores items. Without any, everything is 0.
pub fn score(items: &[Item]) -> Scores {
    let items: Vec<&Item> = items.iter().filter(|item| !item.gold.is_empty()).collect();
    if items.is_empty() {
        return Scores::default();
    }
    let mut scores = Scores { items: items.len(), ..Scores::default() };
    score_division(&items, &mut scores);
    score_counts(&items, &mut scores);
    scores
}

/// The number of items of each group and label, and a mark of the items without a group.
struct Table {
    /// The counts by group, then by label; the row of items without a group, if there are any, is the last.
    counts: Vec<Vec<f64>>,
    left_out: bool,
}

impl Table {
    fn of(items: &[&Item]) -> Self {
        let mut rows: HashMap<Option<u32>, usize> = HashMap::new();
        let mut columns: HashMap<&str, usize> = HashMap::new();
        let groups: BTreeSet<u32> = items.iter().filter_map(|item| item.predicted.first().copied()).collect();
        rows.extend(groups.into_iter().enumerate().map(|(row, group)| (Some(group), row)));
        let left_out = items.iter().any(|item| item.predicted.is_empty());
        if left_out {
            rows.insert(None, rows.len());
        }
        for item in items {
            let next = columns.len();
            columns.entry(&item.gold[0]).or_insert(next);
        }
        let mut counts = vec![vec![0.0; columns.len()]; rows.len()];
        for item in items {
            counts[rows[&item.predicted.first().copied()]][columns[item.gold[0].as_str()]] += 1.0;
        }
        Self { counts, left_out }
    }

    fn row_sums(&self) -> Vec<f64> {
        self.counts.iter().map(|row| row.iter().sum()).collect()
    }

    fn column_sums(&self) -> Vec<f64> {
        let columns = self.counts.first().map_or(0, Vec::len);
        (0..columns).map(|column| self.counts.iter().map(|row| row[column]).sum()).collect()
    }
}

/// Scores the division. An item left out counts as one more group to NMI and ARI, and as wrong to the others.
fn score_division(items: &[&Item], scores: &mut Scores) {
    let table = Table::of(items);
    let total = items.len() as f64;
    let matched = if table.left_out { &table.counts[..table.counts.len() - 1] } else { &table.counts };
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    let percent = |count: f64| 100.0 * count / total;
    scores.gold_groups = table.column_sums().len();
    scores.groups = matched.len();
    scores.coverage = percent(items.iter().filter(|item| !item.predicted.is_empty()).count() as f64);
    scores.precision = percent(matched.iter().map(|row| largest(&mut row.iter().copied())).sum());
    let columns = 0..scores.gold_groups;
    scores.recall = percent(columns.map(|column| largest(&mut matched.iter().map(|row| row[column]))).sum());
    scores.f1 = harmonic(scores.precision, scores.recall);
    scores.accuracy = percent(pairs(matched).map(|(row, column)| matched[row][column]).sum());
    scores.nmi = 100.0 * nmi(&table, total);
    scores.ari = 100.0 * ari(&table, total);
}

fn pairs(counts: &[Vec<f64>]) -> impl Iterator<Item = (usize, usize)> {
    let matches = assignment::maximize(counts);
    matches.into_iter().enumerate().filter_map(|(row, column)| Some((row, column?)))
}

fn harmonic(a: f64, b: f64) -> f64 {
    if a + b > 0.0 { 2.0 * a * b / (a + b) } else { 0.0 }
}

fn nmi(table: &Table, total: f64) -> f64 {
    let entropy = |counts: &mut dyn Iterator<Item = f64>| -> f64 {
        counts.filter(|count| *count > 0.0).map(|count| -(count / total) * (count / total).ln()).sum()
    };
    let rows = entropy(&mut table.row_sums().into_iter());
    let columns = entropy(&mut table.column_sums().into_iter());
    let both = entropy(&mut table.counts.iter().flatten().copied());
    if rows + columns == 0.0 { 1.0 } else { 2.0 * (rows + columns - both).max(0.0) / (rows + columns) }
}

#[expect(clippy::float_cmp, reason = "only what is equal to the bit would be divided by zero")]
fn ari(table: &Table, total: f64) -> f64 {
    let choose_two = |counts: &mut dyn Iterator<Item = f64>| -> f64 {
        counts.map(|count| count * (count - 1.0) / 2.0).sum()
    };
    let both = choose_two(&mut table.counts.iter().flatten().copied());
    let rows = choose_two(&mut table.row_sums().into_iter());
    let columns = choose_two(&mut table.column_sums().into_iter());
    let all = total * (total - 1.0) / 2.0;
    let chance = if all > 0.0 { rows * columns / all } else { 0.0 };
    let most = f64::midpoint(rows, columns);
    if most == chance { 1.0 } else { (both - chance) / (most - chance) }
}

fn score_counts(items: &[&Item], scores: &mut Scores) {
    let mut gold: BTreeMap<&str, f64> = BTreeMap::new();
    let mut predicted: BTreeMap<u32, f64> = BTreeMap::new();
    let mut meetings: HashMap<(u32, &str), f64> = HashMap::new();
    for item in items {
        let labels: BTreeSet<&str> = item.gold.iter().map(String::as_str).collect();
        let groups: BTreeSet<u32> = item.predicted.iter().copied().collect();
        for label in &labels {
            *gold.entry(label).or_default() += 1.0;
        }
        for group in groups {
            *predicted.entry(group).or_default() += 1.0;
            for label in &labels {
                *meetings.entry((group, label)).or_default() += 1.0;
            }
        }
    }
    let met = |group: u32, label: &str| meetings.get(&(group, label)).copied().unwrap_or_default();
    let groups: Vec<u32> = predicted.keys().copied().collect();
    let labels: Vec<&str> = gold.keys().copied().collect();
    let counts: Vec<Vec<f64>> =
        groups.iter().map(|group| labels.iter().map(|label| met(*group, label)).collect()).collect();
    let group_of: HashMap<&str, u32> = pairs(&counts)
        .filter(|(row, column)| counts[*row][*column] > 0.0)
        .map(|(row, column)| (labels[column], groups[row]))
        .collect();
    let off = |label: &str| {
        let counted = group_of.get(label).map_or(0.0, |group| predicted[group]);
        (counted - gold[label]).abs()
    };
    let found = |label: &str| {
        group_of
            .get(label)
            .is_some_and(|group| 2.0 * met(*group, label) >= 0.5 * (predicted[group] + gold[label]))
    };
    scores.count_error =
        100.0 * labels.iter().map(|label| off(label)).sum::<f64>() / gold.values().sum::<f64>();
    let mut largest = labels.clone();
    largest.sort_by(|a, b| gold[b].total_cmp(&gold[a]));
    largest.truncate(TOP);
    let count = largest.iter().filter(|label| found(label)).count();
    scores.top_found = 100.0 * count as f64 / largest.len() as f64;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(pairs: &[(&str, &[u32])]) -> Vec<Item> {
        let item = |(gold, predicted): &(&str, &[u32])| Item {
            gold: gold.split(' ').map(str::to_owned).collect(),
            predicted: predicted.to_vec(),
        };
        pairs.iter().map(item).collect()
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "shares of everything and nothing are exact")]
    fn a_perfect_grouping_has_full_scores_whatever_the_numbers() {
        let scores = score(&items(&[("a", &[7]), ("a", &[7]), ("b", &[3]), ("c", &[1]), ("c", &[1])]));
        let Scores { accuracy, f1, nmi, ari, count_error, top_found, coverage, .. } = scores;
        assert_eq!([accuracy, f1, coverage, top_found, count_error], [100.0, 100.0, 100.0, 100.0, 0.0]);
        assert!((nmi - 100.0).abs() < 1e-9 && (ari - 100.0).abs() < 1e-9, "{scores:?}");
        assert_eq!((scores.groups, scores.gold_groups), (3, 3));
    }

    /// Figures of another implementation, on top of scipy's assignment.
    #[test]
    fn a_mixed_grouping_scores_as_computed_elsewhere() {
        let scores = score(&items(&[
            ("a", &[1]),
            ("a", &[1]),
            ("a", &[2]),
            ("b", &[2]),
            ("b", &[2, 1]),
            ("b c", &[3]),
            ("c", &[]),
            ("c", &[3]),
        ]));
        let close = |a: f64, b: f64| assert!((a - b).abs() < 0.005, "{a} {b} {scores:?}");
        close(scores.accuracy, 62.5);
        close(scores.precision, 62.5);
        close(scores.recall, 62.5);
        close(scores.coverage, 87.5);
        close(scores.nmi, 55.7797);
        close(scores.ari, 15.7895);
        close(scores.count_error, 11.1111);
    }

    #[test]
    fn nothing_scores_nothing() {
        assert_eq!(score(&[]), Scores::default());
    }
}
