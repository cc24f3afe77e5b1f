//! The table of instances. On a narrow terminal its last columns are left out.

use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    style::{Modifier, Style},
    text::Text,
    widgets::{Row, Table},
};

use super::{alarm, owner_style};
use crate::{
    fleet::Standing,
    output::units,
    top::{
        picture::{Line, Ring},
        screen::Screen,
    },
};

/// A column: its heading, its width, and what stands in it.
struct Column {
    heading: &'static str,
    width: u16,
    cell: fn(&Line) -> String,
    align: Align,
}

enum Align {
    Left,
    Right,
}

/// Between two columns.
const GAP: u16 = 1;

const COLUMNS: [Column; 7] = [
    Column::text("INSTANCE", 16, |line| line.name.clone()),
    Column::text("STANDING", 8, |line| line.standing.to_string()),
    Column::number("SHARDS", 6, |line| line.shards.to_string()),
    Column::text("HEALTH", 9, |line| line.health.unwrap_or("?").to_owned()),
    Column::number("LAG", 9, |line| {
        line.lag_ms.map_or_else(|| "?".to_owned(), |lag| format!("{lag} ms"))
    }),
    Column::number("MEMORY", 9, |line| line.memory.map_or_else(|| "?".to_owned(), units::bytes)),
    Column::number("RING", 10, |line| line.ring.map_or_else(|| "?".to_owned(), filled)),
];

/// The lines that the whole table takes.
pub(super) fn height(screen: &Screen) -> u16 {
    u16::try_from(screen.listed().len() + 1).unwrap_or(u16::MAX)
}

pub(super) fn draw(screen: &Screen, frame: &mut Frame<'_>, area: Rect) {
    let columns = fitting(area.width);
    let listed = screen.listed();
    let selected = listed.iter().position(|line| Some(line.id) == screen.selected).unwrap_or(0);
    let room = usize::from(area.height.saturating_sub(1));
    // The selected one is always in sight.
    let skipped = (selected + 1).saturating_sub(room);
    let rows = listed.iter().skip(skipped).take(room).map(|line| row(screen, line, columns));
    let headings = columns.iter().map(|column| column.aligned(column.heading.to_owned()));
    let header = Row::new([Text::raw("")].into_iter().chain(headings));
    let widths: Vec<_> = [1].into_iter().chain(columns.iter().map(|column| column.width)).collect();
    let table = Table::new(rows, widths.into_iter().map(Constraint::Length))
        .column_spacing(GAP)
        .header(header.style(Modifier::BOLD));
    frame.render_widget(table, area);
}

fn row<'a>(screen: &Screen, line: &Line, columns: &[Column]) -> Row<'a> {
    let mark = screen.mark(line.id);
    let letter = mark.map_or('?', |mark| mark.letter()).to_string();
    let is_planner = screen.picture.as_ref().and_then(|it| it.planner) == Some(line.id);
    let cells = columns.iter().map(|column| {
        let mut text = (column.cell)(line);
        if column.heading == "STANDING" && is_planner {
            text += "*";
        }
        column.aligned(text)
    });
    let letter = Text::styled(letter, owner_style(screen.paint, mark));
    let is_ill =
        line.standing == Standing::Missing || line.health.is_some_and(|it| it != "healthy");
    let mut style = if is_ill { alarm(screen.paint) } else { Style::new() };
    if Some(line.id) == screen.selected {
        style = style.add_modifier(Modifier::REVERSED);
    }
    Row::new([letter].into_iter().chain(cells)).style(style)
}

/// As many columns as there is room for, in their order; the letter's comes first.
fn fitting(width: u16) -> &'static [Column] {
    let mut used = 1;
    let fits = |column: &&Column| {
        used += GAP + column.width;
        used <= width
    };
    &COLUMNS[..COLUMNS.iter().take_while(fits).count()]
}

fn filled(ring: Ring) -> String {
    let percent = (ring.bytes * 100).checked_div(ring.bytes_max).unwrap_or(0);
    format!("{percent} %")
}

impl Column {
    const fn text(heading: &'static str, width: u16, cell: fn(&Line) -> String) -> Self {
        Self { heading, width, cell, align: Align::Left }
    }

    const fn number(heading: &'static str, width: u16, cell: fn(&Line) -> String) -> Self {
        Self { heading, width, cell, align: Align::Right }
    }

    fn aligned<'a>(&self, text: String) -> Text<'a> {
        match self.align {
            Align::Left => Text::raw(text),
            Align::Right => Text::raw(text).right_aligned(),
        }
    }
}
