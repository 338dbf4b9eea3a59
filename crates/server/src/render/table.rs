//! Tables of the width of the terminal.

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

use super::text::{BOLD, paint};

/// Columns where nobody says how wide the terminal is; a file or a pipe gets lines as long as they are.
const WIDTH_OF_PIPES: u16 = u16::MAX;

/// A table of rows with a head.
#[derive(Debug)]
pub struct Rows {
    table: Table,
}

impl Rows {
    /// A table with these columns. A name that begins with `=` keeps its column whole where others wrap (an id is
    /// copied, a time compared); one that begins with `>` is a number's: whole, and aligned to the right.
    pub fn new(columns: &[&str]) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width());
        table.set_header(
            columns.iter().map(|name| Cell::new(paint(BOLD, name.trim_start_matches(['>', '='])))),
        );
        for (index, name) in columns.iter().enumerate() {
            if let Some(column) = table.column_mut(index) {
                column.set_padding((0, 2));
                if name.starts_with('>') {
                    column.set_cell_alignment(CellAlignment::Right);
                }
                if name.starts_with(['>', '=']) {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                }
            }
        }
        Self { table }
    }

    /// Adds a row, already printable.
    pub fn add(&mut self, cells: impl IntoIterator<Item = String>) {
        self.table.add_row(cells);
    }

    /// The table as lines.
    pub fn render(&self) -> String {
        let mut text = self.table.trim_fmt();
        text.push('\n');
        text
    }
}

/// The columns of the terminal.
pub fn width() -> u16 {
    terminal_size::terminal_size().map_or(WIDTH_OF_PIPES, |(width, _)| width.0)
}
