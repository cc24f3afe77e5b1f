//! The screen in a frame.
//!
//! What matters most keeps its place on a small terminal: the head, the instances, the shards, and
//! what the keys do. What is on the move and what happened last need room.

mod apps;
mod dialogue;
mod instances;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{
    marks::Mark,
    picture::Picture,
    screen::{Contact, Paint, Screen},
};
use crate::{fleet::Cell, output::units};

/// Below so many lines nothing but instances and shards is shown.
const LINES_FOR_NEWS: u16 = 20;

/// Colours that all terminals have, and that are read on black as on white.
const OWNERS: [Color; 10] = [
    Color::Green,
    Color::Cyan,
    Color::Yellow,
    Color::Magenta,
    Color::Blue,
    Color::LightGreen,
    Color::LightCyan,
    Color::LightYellow,
    Color::LightMagenta,
    Color::LightBlue,
];

/// Draws the screen.
pub(crate) fn draw(screen: &Screen, frame: &mut Frame<'_>) {
    let parts = [Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)];
    let [head, body, foot] = frame.area().layout(&Layout::vertical(parts));
    frame.render_widget(title(screen), head);
    match &screen.picture {
        Some(picture) => draw_body(screen, picture, frame, body),
        None => frame.render_widget(Paragraph::new("looking ..."), body),
    }
    frame.render_widget(dialogue::foot(screen), foot);
    dialogue::draw_over(screen, frame, body);
}

fn draw_body(screen: &Screen, picture: &Picture, frame: &mut Frame<'_>, area: Rect) {
    let has_news = area.height >= LINES_FOR_NEWS;
    let news = if has_news { news(picture, area.height / 4) } else { Vec::new() };
    let table = instances::height(screen).min((area.height / 2).max(2));
    let parts = [
        Constraint::Length(table),
        Constraint::Fill(1),
        Constraint::Length(u16::try_from(news.len()).unwrap_or(u16::MAX)),
    ];
    let [table, grid, below] = area.layout(&Layout::vertical(parts));
    instances::draw(screen, frame, table);
    apps::draw(screen, picture, frame, grid);
    frame.render_widget(Paragraph::new(news), below);
}

fn title(screen: &Screen) -> Line<'_> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut spans = vec![Span::styled(format!("{}  ", screen.fleet), bold)];
    if let Contact::Away { since, because } = &screen.contact {
        let away = format!("STORE AWAY for {}: {because}", units::time(*since));
        spans.push(Span::styled(away, alarm(screen.paint)));
        return Line::from(spans);
    }
    let Some(picture) = &screen.picture else {
        return Line::from(spans);
    };
    let (mut owned, mut live, mut all) = (0, 0, 0);
    for cell in picture.cells() {
        all += 1;
        owned += usize::from(cell.owner().is_some());
        live += usize::from(matches!(cell, Cell::Live(_)));
    }
    spans.push(Span::raw(format!("{owned}/{all} owned, {live} live  ")));
    match &picture.unsafe_because {
        Some(reason) => {
            spans.push(Span::styled(format!("NOT SAFE: {reason}"), alarm(screen.paint)));
        }
        None => spans.push(Span::raw("store safe")),
    }
    spans.push(Span::raw(format!("  {}", screen.store)));
    Line::from(spans)
}

/// What is wrong, on the move, and what happened last; at most so many lines each.
fn news(picture: &Picture, lines_max: u16) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let sections = [
        ("PROBLEMS", &picture.problems),
        ("ON THE MOVE", &picture.moves),
        ("LATEST", &picture.happenings),
    ];
    for (name, items) in sections {
        if items.is_empty() {
            continue;
        }
        let room = usize::from(lines_max.saturating_sub(1)).max(1);
        let mut heading = name.to_owned();
        if items.len() > room && name != "LATEST" {
            heading += &format!(" ({} of {})", room, items.len());
        }
        lines.push(Line::styled(heading, Modifier::BOLD));
        lines.extend(items.iter().take(room).map(|item| Line::raw(format!(" {item}"))));
    }
    lines
}

fn owner_style(paint: Paint, mark: Option<Mark>) -> Style {
    match (paint, mark) {
        (Paint::Colours, Some(Mark(at))) => Style::new().fg(OWNERS[at % OWNERS.len()]),
        (Paint::Colours, None) | (Paint::Letters, _) => Style::new(),
    }
}

fn alarm(paint: Paint) -> Style {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    match paint {
        Paint::Colours => bold.fg(Color::Red),
        Paint::Letters => bold,
    }
}
