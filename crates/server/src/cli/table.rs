//! Tables on the terminal.

use crate::wire::escaped;
use comfy_table::{CellAlignment, ContentArrangement, presets};

/// A table with a line under its header.
pub(super) struct Table(comfy_table::Table);

impl Table {
    pub(super) fn new(header: &[&str]) -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(header.iter().copied());
        Self(table)
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        // a text of several lines is one line of a table
        self.0.add_row(cells.into_iter().map(|cell| escaped(&cell.replace(['\n', '\t'], " ")).into_owned()));
    }

    /// Sets columns of numbers to the right.
    pub(super) fn align_right(&mut self, columns: &[usize]) {
        for column in columns {
            if let Some(column) = self.0.column_mut(*column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines: Vec<String> = self.0.lines().map(|line| line.trim_end().to_owned()).collect();
        f.write_str(&lines.join("\n"))
    }
}
