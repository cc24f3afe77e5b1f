//! The grid of shards, app by app: whose each is, and what it is about.
//!
//! A shard is two letters wide, its owner's and a sign. The sign and not the colour tells what it
//! is about, for there are terminals and eyes without colours.

use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};

use super::owner_style;
use crate::{
    fleet::Cell,
    output::units,
    top::{
        picture::{App, Picture},
        screen::Screen,
    },
};

/// A shard, and the gap to the next one.
const CELL_WIDTH: usize = 3;

/// What stands left of a row: the number of its first shard.
const LABEL_WIDTH: usize = 6;

pub(super) fn draw(screen: &Screen, picture: &Picture, frame: &mut Frame<'_>, area: Rect) {
    let a_row = usize::from(area.width).saturating_sub(LABEL_WIDTH) / CELL_WIDTH;
    // Numbers are found faster in rows of ten, twenty, thirty.
    let a_row = if a_row >= 10 { a_row / 10 * 10 } else { a_row.max(1) };
    let mut lines = Vec::new();
    for app in &picture.apps {
        lines.push(heading(app));
        for (at, cells) in app.cells.chunks(a_row).enumerate() {
            let label = format!("{:>width$} ", at * a_row, width = LABEL_WIDTH - 1);
            let cells = cells.iter().flat_map(|cell| shown(screen, *cell));
            lines.push(Line::from_iter([Span::raw(label)].into_iter().chain(cells)));
        }
    }
    let room = usize::from(area.height).saturating_sub(1);
    let mut lines = if lines.len() > room { page(screen, &lines, room) } else { lines };
    lines.push(Line::raw("X live X~ resuming X> on offer .. free"));
    frame.render_widget(Paragraph::new(lines), area);
}

/// Of more lines than there is room for the page that was asked for, and which it is.
fn page<'a>(screen: &Screen, lines: &[Line<'a>], room: usize) -> Vec<Line<'a>> {
    let a_page = room.saturating_sub(1).max(1);
    let pages = lines.len().div_ceil(a_page);
    let at = screen.page.rem_euclid(isize::try_from(pages).unwrap_or(isize::MAX)).unsigned_abs();
    let mut shown: Vec<_> = lines.iter().skip(at * a_page).take(a_page).cloned().collect();
    shown.resize(a_page, Line::default());
    shown.push(Line::raw(format!("  page {} of {pages}; PageUp, PageDown", at + 1)));
    shown
}

fn heading(app: &App) -> Line<'static> {
    let shards = units::counted(app.cells.len(), "shard", "shards");
    let budget = match app.limit {
        Some(limit) => format!(
            "{} of {} identifies left, renewed in {}",
            limit.remaining,
            limit.total,
            units::time(limit.reset_after)
        ),
        None => "identify budget not known yet".to_owned(),
    };
    let waiting = match app.waiting {
        0 => String::new(),
        waiting => format!("; {waiting} wait"),
    };
    Line::from(vec![
        Span::styled(app.name.to_uppercase(), Modifier::BOLD),
        Span::raw(format!(" {shards}; {budget}{waiting}")),
    ])
}

fn shown(screen: &Screen, cell: Cell) -> [Span<'static>; 2] {
    let sign = match cell {
        Cell::Free => return [Span::raw(".."), Span::raw(" ")],
        Cell::Live(_) => ' ',
        Cell::Resuming(_) => '~',
        Cell::OnOffer(_) => '>',
    };
    let mark = cell.owner().and_then(|owner| screen.mark(owner));
    // An owner that is not on the list has no letter.
    let letter = mark.map_or('?', |mark| mark.letter());
    let mut style: Style = owner_style(screen.paint, mark);
    if cell.owner() == screen.selected {
        style = style.add_modifier(Modifier::REVERSED);
    }
    [Span::styled(format!("{letter}{sign}"), style), Span::raw(" ")]
}
