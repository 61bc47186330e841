//! Average linkage: joins the two nearest clusters, by mean distance, again and again, up to a height.

use super::matrix::Matrix;

/// The joins of points up to a height, lowest first.
pub(super) struct Tree {
    points: usize,
    joins: Vec<Join>,
}

/// A join of the cluster of one point with that of another.
#[derive(Clone, Copy)]
struct Join {
    /// The mean distance at which they join.
    height: f32,
    first: usize,
    second: usize,
}

impl Tree {
    /// Returns the cluster of each point if those nearer than the cut join, numbered by first point.
    pub(super) fn clusters(&self, cut: f32) -> Vec<u32> {
        let mut joined_to: Vec<usize> = (0..self.points).collect();
        for join in self.joins.iter().take_while(|join| join.height <= cut) {
            let (one, two) = (root(&mut joined_to, join.first), root(&mut joined_to, join.second));
            joined_to[one.max(two)] = one.min(two);
        }
        let mut clusters: Vec<u32> = Vec::with_capacity(self.points);
        let mut next = 0;
        for point in 0..self.points {
            // a cluster is named by its first point, so what it joined has its number already
            match root(&mut joined_to, point) {
                first if first == point => {
                    clusters.push(next);
                    next += 1;
                }
                first => clusters.push(clusters[first]),
            }
        }
        clusters
    }

    /// Returns the heights, ascending, at which two clusters join that both have so many points or more.
    pub(super) fn large_joins(&self, least: f32) -> Vec<f32> {
        let mut joined_to: Vec<usize> = (0..self.points).collect();
        let mut sizes = vec![1.0_f32; self.points];
        let mut heights = Vec::new();
        for join in &self.joins {
            let (one, two) = (root(&mut joined_to, join.first), root(&mut joined_to, join.second));
            if sizes[one].min(sizes[two]) >= least {
                heights.push(join.height);
            }
            joined_to[one.max(two)] = one.min(two);
            sizes[one.min(two)] = sizes[one] + sizes[two];
        }
        heights
    }
}

/// Finds the first point of a point's cluster, and shortens the way to it.
fn root(joined_to: &mut [usize], mut point: usize) -> usize {
    while joined_to[point] != point {
        joined_to[point] = joined_to[joined_to[point]];
        point = joined_to[point];
    }
    point
}

/// Cuts points into clusters, given the square matrix of their distances, which it uses up. Returns each
/// point's cluster, numbered by first point.
pub(super) fn average(distances: Matrix, cut: f32) -> Vec<u32> {
    tree(distances, cut).clusters(cut)
}

/// Joins points up to a height, given the square matrix of their distances, which it uses up. Costs n²
/// steps (nearest-neighbor chain).
pub(super) fn tree(distances: Matrix, highest: f32) -> Tree {
    let points = distances.rows();
    let mut linkage = Linkage {
        distances,
        sizes: vec![1.0; points],
        open: (0..points).collect(),
        is_joined: vec![false; points],
        joins: Vec::new(),
    };
    let mut chain: Vec<usize> = Vec::new();
    loop {
        let last = match chain.last() {
            Some(&last) => last,
            None => match linkage.open.first() {
                Some(&first) => first,
                None => break,
            },
        };
        if chain.is_empty() {
            chain.push(last);
        }
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        match linkage.nearest(last, before, highest) {
            // further from everything than that: done, and no later join can come nearer
            None => {
                linkage.close(last);
                chain.pop();
            }
            // each the other's nearest
            Some(nearest) if Some(nearest) == before => {
                chain.truncate(chain.len() - 2);
                linkage.join(last.min(nearest), last.max(nearest));
                // rounding can leave a joined cluster further down the chain
                chain.retain(|&cluster| !linkage.is_joined[cluster]);
            }
            Some(nearest) => chain.push(nearest),
        }
    }
    // the chain joins now here, now there
    let mut joins = linkage.joins;
    joins.sort_by(|a, b| {
        a.height.total_cmp(&b.height).then(a.first.cmp(&b.first)).then(a.second.cmp(&b.second))
    });
    Tree { points, joins }
}

struct Linkage {
    distances: Matrix,
    sizes: Vec<f32>,
    /// Clusters that may still join, ascending, each by its first point.
    open: Vec<usize>,
    is_joined: Vec<bool>,
    joins: Vec<Join>,
}

impl Linkage {
    /// Finds the nearest open cluster up to a height; of equals the one before in the chain, else the first.
    fn nearest(&self, cluster: usize, before: Option<usize>, highest: f32) -> Option<usize> {
        let row = self.distances.row(cluster);
        let mut nearest = before;
        let mut least = before.map_or(f32::INFINITY, |before| row[before]);
        for &other in &self.open {
            if row[other] < least && other != cluster {
                nearest = Some(other);
                least = row[other];
            }
        }
        nearest.filter(|_| least <= highest)
    }

    fn close(&mut self, cluster: usize) {
        if let Ok(at) = self.open.binary_search(&cluster) {
            self.open.remove(at);
        }
    }

    /// Joins `second` into `first`: distances become means over all pairs of points.
    fn join(&mut self, first: usize, second: usize) {
        let height = self.distances.row(first)[second];
        self.joins.push(Join { height, first, second });
        self.close(second);
        self.is_joined[second] = true;
        let (one, two) = (self.sizes[first], self.sizes[second]);
        let (share_one, share_two) = (one / (one + two), two / (one + two));
        for index in 0..self.open.len() {
            let other = self.open[index];
            let mean =
                share_one * self.distances.row(first)[other] + share_two * self.distances.row(second)[other];
            self.distances.row_mut(first)[other] = mean;
            self.distances.row_mut(other)[first] = mean;
        }
        self.sizes[first] = one + two;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_points_join_and_far_ones_stay_apart() {
        let points: [f32; 6] = [0.0, 0.1, 5.0, 0.2, 5.1, 9.0];
        let mut distances = Matrix::zeros(6, 6);
        for (row, a) in points.iter().enumerate() {
            for (column, b) in points.iter().enumerate() {
                distances.row_mut(row)[column] = (a - b).abs();
            }
        }
        for (cut, clusters) in
            [(0.5, [0, 0, 1, 0, 1, 2]), (5.0, [0, 0, 1, 0, 1, 1]), (0.0, [0, 1, 2, 3, 4, 5])]
        {
            assert_eq!(average(distances.clone(), cut), clusters);
            // a tree that goes on beyond the cut is cut alike
            assert_eq!(tree(distances.clone(), 9.0).clusters(cut), clusters);
        }
    }

    #[test]
    fn nothing_to_link() {
        assert!(average(Matrix::default(), 1.0).is_empty());
    }
}
