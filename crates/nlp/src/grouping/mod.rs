//! Groups statements that say the same, without being told how many groups there are.
//!
//! The distinct texts enter once each, in the order of their text. Each vector is moved toward its nearest
//! neighbors, which evens out wording, and clusters join by average distance up to a cut. Clusters too small to
//! matter dissolve; a text outside the groups enters the nearest one if it is as near as members are. Of many
//! texts a sample is grouped, the rest finds its group by nearness, and what is far from every group is sampled
//! again. The sample alone may be compared by finer vectors, which cost too much for every text.
//!
//! The same statements give the same groups in any order and with any number of threads.

pub mod baselines;
mod linkage;
mod matrix;

use matrix::{Matrix, Packed, dot, for_each_product, normalize};

/// Something said: its text, its vector of length 1, and by how many it was said.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// What was said, redacted.
    pub text: &'a str,
    /// From [`crate::embed::encode`] or another encoder, of length 1; zeros where there is none.
    pub vector: &'a [f32],
    /// How many contacts or sessions say just this.
    pub weight: u32,
}

/// Settings of a grouping. The default is what the product uses everywhere.
#[derive(Clone, Debug)]
pub struct Options {
    /// Mean distance up to which clusters join, between 0 (nothing) and about 1 (everything).
    pub cut: f32,
    /// The least weight of a group, as a share of the root of the weight of all.
    pub least: f64,
    /// Distinct texts that are compared each with each; of more, a sample is.
    pub sample_max: usize,
    /// Samples taken, at most.
    pub rounds_max: usize,
    /// Threads to use. The result does not depend on it.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { cut: 0.53, least: 0.25, sample_max: 8192, rounds_max: 4, threads }
    }
}

/// Statements that say the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Mean of the vectors of the distinct texts, brought to length 1.
    pub centroid: Vec<f32>,
    /// Similarity to the centroid from which a further statement belongs to the group.
    pub reach: f32,
    /// Sum of the weights of its statements.
    pub weight: u64,
}

/// A division of statements into groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouping {
    /// The group of each statement, in the order given; `None` for what nobody else says.
    pub group_of: Vec<Option<u32>>,
    /// The groups, heaviest first.
    pub groups: Vec<Group>,
    /// Hash over every distinct text and its group: equal for equal divisions.
    pub hash: u128,
}

/// Gives the statements at these positions finer vectors than they come with, of length 1, in the same order.
pub type Finer<'a> = dyn Fn(&[usize]) -> Vec<Vec<f32>> + 'a;

/// Returns the nearest group and the similarity to it, if the vector is within its reach.
pub fn nearest(groups: &[Group], vector: &[f32]) -> Option<(usize, f32)> {
    let similarities = groups.iter().map(|group| dot(&group.centroid, vector)).enumerate();
    let (index, similarity) = similarities.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    (similarity >= groups[index].reach).then_some((index, similarity))
}

/// Mean distance between groups up to which they are under one theme.
const THEME_CUT: f32 = 0.7;

/// Brings groups, given by their centroids, under themes: a few broad subjects above them. Returns the theme of each
/// group, numbered by first group. Takes about n² steps.
pub fn themes(centroids: &[&[f32]]) -> Vec<u32> {
    if centroids.is_empty() {
        return Vec::new();
    }
    let mean = mean(centroids.iter().copied());
    let vectors = centered(Matrix::of(centroids.iter().copied()), &mean);
    linkage::average(distances(&vectors, 1), THEME_CUT)
}

/// Groups statements. Takes about n² steps up to `sample_max` distinct texts, and grows linearly beyond. `finer`
/// is asked for the vectors of a sample at a time.
pub fn group(statements: &[Statement<'_>], finer: Option<&Finer<'_>>, options: &Options) -> Grouping {
    let texts = Texts::of(statements);
    let mean_of_all = mean(texts.vectors.iter().copied());
    let mut drafts: Vec<Draft> = Vec::new();
    let mut group_of: Vec<Option<u32>> = vec![None; texts.count()];
    for _ in 0..options.rounds_max {
        let open: Vec<usize> = (0..texts.count()).filter(|&row| group_of[row].is_none()).collect();
        let sample = texts.sample(&open, options.sample_max);
        let share = sample.len() as f64 / open.len() as f64;
        let found = match finer {
            Some(finer) => {
                let positions: Vec<usize> = sample.iter().map(|&row| texts.first[row]).collect();
                let vectors = finer(&positions);
                let vectors = vectors.iter().map(Vec::as_slice);
                divide(&texts, &sample, share, &Matrix::of(vectors.clone()), &mean(vectors), options)
            }
            None => divide(&texts, &sample, share, &texts.matrix(&sample), &mean_of_all, options),
        };
        if found.is_empty() {
            break;
        }
        let first = drafts.len() as u32;
        drafts.extend(found.iter().map(|rows| Draft::around(&texts.matrix(rows), &mean_of_all)));
        for (group, rows) in (first..).zip(found) {
            for row in rows {
                group_of[row] = Some(group);
            }
        }
        if sample.len() == open.len() {
            break;
        }
        let loose: Vec<usize> = open.into_iter().filter(|&row| group_of[row].is_none()).collect();
        for rows in loose.chunks(ASSIGNED_AT_ONCE) {
            let nearest = assign(&texts.matrix(rows), &drafts[first as usize..], options.threads);
            for (&row, group) in rows.iter().zip(nearest) {
                group_of[row] = group.map(|group| first + group);
            }
        }
    }
    finish(&texts, &drafts, group_of)
}

/// What vectors have in common, and so says nothing about any: the mean, held back while they are few.
fn mean<'a>(vectors: impl Iterator<Item = &'a [f32]>) -> Vec<f32> {
    let mut sums: Vec<f64> = Vec::new();
    let mut count = 0.0;
    for vector in vectors {
        sums.resize(vector.len(), 0.0);
        for (sum, &value) in sums.iter_mut().zip(vector) {
            *sum += f64::from(value);
        }
        count += 1.0;
    }
    sums.iter().map(|sum| (sum / (count + MEAN_HOLD)) as f32).collect()
}

/// The distinct texts of the statements, sorted: one row each.
struct Texts<'a> {
    vectors: Vec<&'a [f32]>,
    folded: Vec<String>,
    weights: Vec<u64>,
    /// One statement of each row.
    first: Vec<usize>,
    /// The row of each statement.
    row_of: Vec<usize>,
}

impl<'a> Texts<'a> {
    fn of(statements: &[Statement<'a>]) -> Self {
        let mut folded: Vec<String> = statements.iter().map(|statement| fold(statement.text)).collect();
        let mut order: Vec<usize> = (0..statements.len()).collect();
        order.sort_unstable_by(|&a, &b| {
            let bits = |index: usize| statements[index].vector.iter().map(|value| value.to_bits());
            folded[a].cmp(&folded[b]).then_with(|| bits(a).cmp(bits(b)))
        });
        let mut texts = Self {
            vectors: Vec::new(),
            folded: Vec::new(),
            weights: Vec::new(),
            first: Vec::new(),
            row_of: vec![0; statements.len()],
        };
        for index in order {
            if texts.folded.last() != Some(&folded[index]) {
                texts.vectors.push(statements[index].vector);
                texts.folded.push(std::mem::take(&mut folded[index]));
                texts.weights.push(0);
                texts.first.push(index);
            }
            let row = texts.folded.len() - 1;
            texts.weights[row] += u64::from(statements[index].weight);
            texts.row_of[index] = row;
        }
        texts
    }

    fn count(&self) -> usize {
        self.folded.len()
    }

    fn matrix(&self, rows: &[usize]) -> Matrix {
        Matrix::of(rows.iter().map(|&row| self.vectors[row]))
    }

    fn weight(&self, rows: &[usize]) -> u64 {
        rows.iter().map(|&row| self.weights[row]).sum()
    }

    /// Picks rows by a hash of their text, heavy ones first, so that the choice depends on nothing else.
    fn sample(&self, rows: &[usize], count_max: usize) -> Vec<usize> {
        if rows.len() <= count_max {
            return rows.to_vec();
        }
        let mut ranked: Vec<(f64, usize)> = rows
            .iter()
            .map(|&row| (hash(self.folded[row].bytes()) as f64 / self.weights[row].max(1) as f64, row))
            .collect();
        ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut sample: Vec<usize> = ranked[..count_max].iter().map(|&(_, row)| row).collect();
        sample.sort_unstable();
        sample
    }
}

/// Lowercased, with single blanks: what makes two texts the same.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

/// FNV-1a of 128 bits.
fn hash(bytes: impl Iterator<Item = u8>) -> u128 {
    const START: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0100_0000_0000_0000_0000_013b;
    bytes.fold(START, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

/// Texts as strong as this many stand for "everything in general" when the mean is taken.
const MEAN_HOLD: f64 = 30.0;

/// Share of a vector that stays its own when it moves toward its neighbors.
const OWN_SHARE: f32 = 0.3;

/// How often it moves.
const MOVES: usize = 2;

/// Neighbors it moves toward: a third of the root of the number of texts, between these.
const NEIGHBORS: (usize, usize) = (2, 10);

/// A group has at least this weight, and at least `Options::least` of the root of the weight of all: in a sample, of
/// the sample's share of that.
const WEIGHT_MIN: f64 = 3.0;

/// How much nearer to its group than any text a member is at least, as a share of what members are on average.
const MEMBER_SHARE: f32 = 0.4;

/// A group's place.
struct Draft {
    centroid: Vec<f32>,
    reach: f32,
}

/// Divides a sample, a share of the rows that have no group yet, into the rows of each group, by its vectors
/// and the mean of these or of more.
fn divide(
    texts: &Texts<'_>,
    sample: &[usize],
    share: f64,
    vectors: &Matrix,
    mean: &[f32],
    options: &Options,
) -> Vec<Vec<usize>> {
    let clusters = cluster(centered(vectors.clone(), mean), options);
    let mut members: Vec<Vec<usize>> =
        vec![Vec::new(); clusters.iter().max().map_or(0, |&last| last as usize + 1)];
    for (at, &cluster) in clusters.iter().enumerate() {
        members[cluster as usize].push(at);
    }
    let total = texts.weights.iter().sum::<u64>() as f64;
    let weight_min = (share * total.sqrt()).max((texts.weight(sample) as f64).sqrt()) * options.least;
    let mut drafts = Vec::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut is_loose = vec![true; sample.len()];
    for members in members {
        let Some((draft, near)) = Draft::and_nearness(&vectors.pick(&members), mean) else { continue };
        // without those that are too far off
        let members: Vec<usize> = members
            .into_iter()
            .zip(near)
            .filter(|(_, near)| *near >= draft.reach)
            .map(|(at, _)| at)
            .collect();
        let rows: Vec<usize> = members.iter().map(|&at| sample[at]).collect();
        if texts.weight(&rows) as f64 >= weight_min.max(WEIGHT_MIN) {
            members.iter().for_each(|&at| is_loose[at] = false);
            drafts.push(draft);
            groups.push(rows);
        }
    }
    let loose: Vec<usize> = (0..sample.len()).filter(|&at| is_loose[at]).collect();
    let nearest = assign(&vectors.pick(&loose), &drafts, options.threads);
    for (at, group) in loose.into_iter().zip(nearest) {
        if let Some(group) = group {
            groups[group as usize].push(sample[at]);
        }
    }
    groups
}

/// Takes the mean out of every vector; one of zeros points nowhere, and stays.
fn centered(mut vectors: Matrix, mean: &[f32]) -> Matrix {
    for row in 0..vectors.rows() {
        let vector = vectors.row_mut(row);
        if vector.iter().all(|&value| value == 0.0) {
            continue;
        }
        for (value, mean) in vector.iter_mut().zip(mean) {
            *value -= mean;
        }
        normalize(vector);
    }
    vectors
}

fn cluster(mut vectors: Matrix, options: &Options) -> Vec<u32> {
    let count = vectors.rows();
    if count < 2 {
        return vec![0; count];
    }
    let neighbors = ((count as f64).sqrt() / 3.0).round() as usize;
    let neighbors = neighbors.clamp(NEIGHBORS.0, NEIGHBORS.1).min(count - 1);
    for _ in 0..MOVES {
        vectors = moved(&vectors, neighbors, options.threads, |nearness| nearness.max(0.0));
    }
    linkage::average(distances(&vectors, options.threads), options.cut)
}

/// Cosine distance of each row to each.
fn distances(vectors: &Matrix, threads: usize) -> Matrix {
    let count = vectors.rows();
    let mut distances = Matrix::zeros(count, count);
    for_each_product(vectors, &Packed::new(vectors), &mut distances, threads, |_, products, out| {
        for (out, product) in out.iter_mut().zip(products) {
            *out = 1.0 - *product;
        }
    });
    distances
}

/// Moves every row toward the mean of its nearest others, each counting for what `count` makes of its nearness.
fn moved(vectors: &Matrix, neighbors: usize, threads: usize, count: fn(f32) -> f32) -> Matrix {
    let mut out = Matrix::zeros(vectors.rows(), vectors.columns);
    for_each_product(vectors, &Packed::new(vectors), &mut out, threads, |row, products, out| {
        products[row] = f32::NEG_INFINITY;
        for near in largest(products, neighbors) {
            let count = count(products[near]);
            for (out, value) in out.iter_mut().zip(vectors.row(near)) {
                *out += count * value;
            }
        }
        let share = (1.0 - OWN_SHARE) / neighbors as f32;
        for (out, value) in out.iter_mut().zip(vectors.row(row)) {
            *out = OWN_SHARE * value + share * *out;
        }
        normalize(out);
    });
    out
}

/// Positions of the largest values, largest first; of equals the first.
fn largest(values: &[f32], count: usize) -> Vec<usize> {
    let mut largest: Vec<(f32, usize)> = Vec::with_capacity(count + 1);
    for (index, &value) in values.iter().enumerate() {
        if largest.len() == count && value <= largest[count - 1].0 {
            continue;
        }
        let at = largest.partition_point(|&(other, _)| other >= value);
        largest.insert(at, (value, index));
        largest.truncate(count);
    }
    largest.into_iter().map(|(_, index)| index).collect()
}

impl Draft {
    /// The place of a group of just these members.
    fn around(members: &Matrix, mean: &[f32]) -> Self {
        Self::and_nearness(members, mean).map_or_else(|| Self::alone(members, mean), |(draft, _)| draft)
    }

    /// A place that only what is very near belongs to.
    fn alone(members: &Matrix, mean: &[f32]) -> Self {
        let centroid = members.centroid();
        let common = dot(&centroid, mean);
        Self { centroid, reach: common + MEMBER_SHARE * (1.0 - common) }
    }

    /// The place of a cluster, and how near each member is to the mean of the others. `None` if the members have no
    /// more in common than any texts.
    fn and_nearness(members: &Matrix, mean: &[f32]) -> Option<(Self, Vec<f32>)> {
        if members.rows() == 1 {
            return Some((Self::alone(members, mean), vec![1.0]));
        }
        let (sum, centroid) = (members.sum(), members.centroid());
        let common = dot(&centroid, mean);
        let length = dot(&sum, &sum);
        let nearness = |row: usize| {
            let product = dot(members.row(row), &sum);
            (product - 1.0) / (length - 2.0 * product + 1.0).max(f32::EPSILON).sqrt()
        };
        let near: Vec<f32> = (0..members.rows()).map(nearness).collect();
        let above = near.iter().sum::<f32>() / near.len() as f32 - common;
        (above > 0.0).then_some((Self { centroid, reach: common + MEMBER_SHARE * above }, near))
    }
}

/// Rows that are compared with all centroids at a time.
const ASSIGNED_AT_ONCE: usize = 4096;

/// The nearest group of each row, if the row is within its reach.
fn assign(vectors: &Matrix, groups: &[Draft], threads: usize) -> Vec<Option<u32>> {
    if groups.is_empty() {
        return vec![None; vectors.rows()];
    }
    let centroids = Packed::new(&Matrix::of(groups.iter().map(|group| group.centroid.as_slice())));
    // The nearest group of each row, and its similarity.
    let mut near = Matrix::zeros(vectors.rows(), 2);
    for_each_product(vectors, &centroids, &mut near, threads, |_, products, out| {
        if let [group] = largest(products, 1)[..] {
            out.copy_from_slice(&[group as f32, products[group]]);
        }
    });
    let within = |near: &[f32]| {
        let group = groups.get(near[0] as usize)?;
        (near[1] >= group.reach).then_some(near[0] as u32)
    };
    near.values.chunks_exact(2).map(within).collect()
}

/// Weighs the groups, orders them, and says for each statement where it went.
fn finish(texts: &Texts<'_>, drafts: &[Draft], group_of: Vec<Option<u32>>) -> Grouping {
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); drafts.len()];
    for (row, group) in group_of.iter().enumerate() {
        if let Some(group) = group {
            rows[*group as usize].push(row);
        }
    }
    let weight = |group: usize| texts.weight(&rows[group]);
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|&group| (std::cmp::Reverse(weight(group)), rows[group].first().copied()));
    let mut rank = vec![0; drafts.len()];
    for (place, &group) in order.iter().enumerate() {
        rank[group] = place as u32;
    }
    let groups = order
        .iter()
        .map(|&group| Group {
            centroid: texts.matrix(&rows[group]).centroid(),
            reach: drafts[group].reach,
            weight: weight(group),
        })
        .collect();
    let ranked = |row: usize| group_of[row].map(|group| rank[group as usize]);
    let bytes = texts.folded.iter().enumerate().flat_map(|(row, text)| {
        let group = ranked(row).map_or(u32::MAX, |group| group);
        text.bytes().chain([0xff]).chain(group.to_le_bytes())
    });
    let hash = hash(bytes);
    Grouping { group_of: texts.row_of.iter().map(|&row| ranked(row)).collect(), groups, hash }
}
