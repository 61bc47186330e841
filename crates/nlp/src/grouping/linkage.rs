//! Average linkage: joins the two nearest clusters, by mean distance, until all are further apart than the cut.

use super::matrix::Matrix;

/// Cuts points into clusters, given the square matrix of their distances, which it uses up. Returns each
/// point's cluster, numbered by first point. Costs n² steps (nearest-neighbor chain).
pub(super) fn average(distances: Matrix, cut: f32) -> Vec<u32> {
    let count = distances.rows();
    let mut linkage = Linkage {
        distances,
        sizes: vec![1.0; count],
        open: (0..count).collect(),
        joined_to: (0..count).collect(),
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
        match linkage.nearest(last, before, cut) {
            // further from everything than the cut: done, and no later join can come nearer
            None => {
                linkage.close(last);
                chain.pop();
            }
            // each the other's nearest
            Some(nearest) if Some(nearest) == before => {
                chain.truncate(chain.len() - 2);
                linkage.join(last.min(nearest), last.max(nearest));
                // rounding can leave a joined cluster further down the chain
                chain.retain(|&cluster| linkage.joined_to[cluster] == cluster);
            }
            Some(nearest) => chain.push(nearest),
        }
    }
    linkage.clusters()
}

struct Linkage {
    distances: Matrix,
    sizes: Vec<f32>,
    /// Clusters that may still join, ascending, each by its first point.
    open: Vec<usize>,
    joined_to: Vec<usize>,
}

impl Linkage {
    /// Finds the nearest open cluster within the cut; of equals the one before in the chain, else the first.
    fn nearest(&self, cluster: usize, before: Option<usize>, cut: f32) -> Option<usize> {
        let row = self.distances.row(cluster);
        let mut nearest = before;
        let mut least = before.map_or(f32::INFINITY, |before| row[before]);
        for &other in &self.open {
            if row[other] < least && other != cluster {
                nearest = Some(other);
                least = row[other];
            }
        }
        nearest.filter(|_| least <= cut)
    }

    fn close(&mut self, cluster: usize) {
        if let Ok(at) = self.open.binary_search(&cluster) {
            self.open.remove(at);
        }
    }

    /// Joins `second` into `first`: distances become means over all pairs of points.
    fn join(&mut self, first: usize, second: usize) {
        self.close(second);
        self.joined_to[second] = first;
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

    fn clusters(&self) -> Vec<u32> {
        let mut clusters: Vec<u32> = Vec::with_capacity(self.joined_to.len());
        let mut next = 0;
        for (point, &joined) in self.joined_to.iter().enumerate() {
            // a cluster is named by its first point, so what it joined has its number already
            if joined == point {
                clusters.push(next);
                next += 1;
            } else {
                clusters.push(clusters[joined]);
            }
        }
        clusters
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
        assert_eq!(average(distances.clone(), 0.5), [0, 0, 1, 0, 1, 2]);
        assert_eq!(average(distances.clone(), 5.0), [0, 0, 1, 0, 1, 1]);
        assert_eq!(average(distances, 0.0), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn nothing_to_link() {
        assert!(average(Matrix::default(), 1.0).is_empty());
    }
}
