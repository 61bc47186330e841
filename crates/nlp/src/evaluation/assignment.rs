//! The assignment problem: pairs rows with columns, each once, so that their values add up to the most.

/// Returns for each row its column, or none where there are more rows than columns. Takes n²m steps for n rows and m
/// columns, n the fewer (shortest augmenting paths, Jonker and Volgenant 1987).
pub(super) fn maximize(values: &[Vec<f64>]) -> Vec<Option<usize>> {
    let (rows, columns) = (values.len(), values.first().map_or(0, Vec::len));
    if rows <= columns {
        return matched(rows, columns, |row, column| -values[row][column]).into_iter().map(Some).collect();
    }
    let mut column_of = vec![None; rows];
    for (column, row) in matched(columns, rows, |column, row| -values[row][column]).into_iter().enumerate() {
        column_of[row] = Some(column);
    }
    column_of
}

/// Returns the column of each row at the least cost, with no more rows than columns.
fn matched(rows: usize, columns: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    // potentials of rows and columns; column 0 stands for none, and rows count from 1
    let mut row_potential = vec![0.0; rows + 1];
    let mut column_potential = vec![0.0; columns + 1];
    let mut row_of = vec![0; columns + 1];
    for row in 1..=rows {
        row_of[0] = row;
        let mut least = vec![f64::INFINITY; columns + 1];
        let mut previous = vec![0; columns + 1];
        let mut visited = vec![false; columns + 1];
        let mut column = 0;
        while row_of[column] != 0 {
            visited[column] = true;
            let from = row_of[column];
            let (mut step, mut next) = (f64::INFINITY, 0);
            for other in (1..=columns).filter(|other| !visited[*other]) {
                let reduced = cost(from - 1, other - 1) - row_potential[from] - column_potential[other];
                if reduced < least[other] {
                    (least[other], previous[other]) = (reduced, column);
                }
                if least[other] < step {
                    (step, next) = (least[other], other);
                }
            }
            for other in 0..=columns {
                if visited[other] {
                    row_potential[row_of[other]] += step;
                    column_potential[other] -= step;
                } else {
                    least[other] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            row_of[column] = row_of[previous[column]];
            column = previous[column];
        }
    }
    let mut column_of = vec![0; rows];
    for column in 1..=columns {
        if row_of[column] != 0 {
            column_of[row_of[column] - 1] = column - 1;
        }
    }
    column_of
}

#[cfg(test)]
mod tests {
    use super::maximize;

    /// The best total by trying every way.
    fn best(values: &[Vec<f64>], row: usize, taken: &mut Vec<bool>) -> f64 {
        if row == values.len() {
            return 0.0;
        }
        let mut most = best(values, row + 1, taken);
        for column in 0..taken.len() {
            if !taken[column] {
                taken[column] = true;
                most = most.max(values[row][column] + best(values, row + 1, taken));
                taken[column] = false;
            }
        }
        most
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "sums of small whole numbers are exact")]
    fn no_other_pairing_has_more() {
        let mut state = 1_u64;
        for (rows, columns) in [(1, 1), (3, 3), (2, 5), (5, 2), (6, 6), (4, 6), (6, 5)].repeat(20) {
            let mut values = vec![vec![0.0; columns]; rows];
            for value in values.iter_mut().flatten() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *value = (state >> 60) as f64;
            }
            let column_of = maximize(&values);
            let pairs: Vec<usize> = column_of.iter().flatten().copied().collect();
            let mut distinct = pairs.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!((pairs.len(), distinct.len()), (rows.min(columns), rows.min(columns)));
            let total: f64 =
                column_of.iter().enumerate().filter_map(|(row, column)| Some(values[row][(*column)?])).sum();
            assert_eq!(total, best(&values, 0, &mut vec![false; columns]), "{values:?}");
        }
    }

    #[test]
    fn nothing_to_pair() {
        assert!(maximize(&[]).is_empty());
    }
}
