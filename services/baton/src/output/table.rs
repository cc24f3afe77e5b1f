//! Tables for people.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::{Align, Column, Row};

pub(super) fn written<R: Row>(rows: &[R], is_shown: impl Fn(&Column) -> bool) -> String {
    let shown: Vec<_> = R::COLUMNS.iter().map(is_shown).collect();
    let of_shown = |cells: Vec<String>| {
        let cells = cells.into_iter().zip(&shown).filter(|(_, shown)| **shown);
        cells.map(|(cell, _)| cell).collect::<Vec<_>>()
    };
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let names = R::COLUMNS.iter().map(|column| column.name.to_uppercase()).collect();
    table.set_header(of_shown(names));
    for row in rows {
        table.add_row(of_shown(row.cells()));
    }
    let columns = R::COLUMNS.iter().zip(&shown).filter(|(_, shown)| **shown);
    for (at, (column, _)) in columns.enumerate() {
        if let Some(in_table) = table.column_mut(at) {
            in_table.set_padding((0, 2));
            in_table.set_cell_alignment(match column.align {
                Align::Left => CellAlignment::Left,
                Align::Right => CellAlignment::Right,
            });
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}
