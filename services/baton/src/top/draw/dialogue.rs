//! The line at the foot, and what is drawn over everything: help, and a question.

use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    style::{Modifier, Style},
    text::Line,
    widgets::{Block, Clear, Paragraph, Wrap},
};

use crate::top::screen::{Mode, Screen};

/// The widest that something drawn over everything gets.
const WIDTH_MAX: u16 = 64;

const HELP: &str = "\
up, down, j, k   select an instance
PageUp, PageDown see other shards
s                sort by name, shards, lag, memory
/                filter by name; Escape shows all
d                drain the selected one: shows the plan, asks
u                take its drain back
q, Ctrl-C        quit; whatever was ordered goes on
?                this

* is the planner. A shard is its owner's letter and a sign:
nothing live, ~ resuming, > on offer, .. free.";

pub(super) fn foot(screen: &Screen) -> Line<'_> {
    let reversed = Style::new().add_modifier(Modifier::REVERSED);
    if let Some(notice) = &screen.notice {
        return Line::styled(notice.as_str(), reversed);
    }
    match &screen.mode {
        Mode::Filtering => Line::styled(format!("/{}_", screen.filter), reversed),
        Mode::Asking { .. } => Line::styled("y: do it   any other key: leave it", reversed),
        Mode::Looking | Mode::Help => {
            let mut text = format!("? help q quit s: {} d drain u undrain", screen.sort.as_str());
            if !screen.filter.is_empty() {
                text += &format!("  /{}", screen.filter);
            }
            Line::raw(text)
        }
    }
}

pub(super) fn draw_over(screen: &Screen, frame: &mut Frame<'_>, area: Rect) {
    let (title, text) = match &screen.mode {
        Mode::Looking | Mode::Filtering => return,
        Mode::Help => ("keys", HELP.to_owned()),
        Mode::Asking { plan, .. } => ("drain?", format!("{}\n\nDo it? [y/n]", plan.trim_end())),
    };
    let width = area.width.min(WIDTH_MAX);
    let block = Block::bordered().title(title);
    let paragraph = Paragraph::new(text.as_str()).wrap(Wrap { trim: false });
    let height = lines_of(&text, width.saturating_sub(2)).saturating_add(2).min(area.height);
    let inside = area.centered(Constraint::Length(width), Constraint::Length(height));
    frame.render_widget(Clear, inside);
    frame.render_widget(paragraph.block(block), inside);
}

/// How many lines a text takes, or a few more: words are not broken.
fn lines_of(text: &str, width: u16) -> u16 {
    let width = usize::from(width.max(1));
    let lines = text.lines().map(|line| match line.chars().count() {
        0 => 1,
        length if length <= width => 1,
        length => length.div_ceil(width) + 1,
    });
    u16::try_from(lines.sum::<usize>()).unwrap_or(u16::MAX)
}
