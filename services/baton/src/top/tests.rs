//! The screen at several sizes, as text, and what keys mean.
//!
//! `BLESS=1` writes down what is drawn. Believe none of it: look at it.

mod fleet;
mod keys;

use std::{env, fs, path::PathBuf, time::Duration};

use baton_model::InstanceId;
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::Buffer,
    style::{Color, Modifier},
};

use super::{Key, Paint, Screen, draw};
use crate::fleet::Sight;

/// A screen that has seen a fleet.
fn screen(paint: Paint, sight: &Sight) -> Screen {
    let mut screen = blank(paint);
    screen.see(sight);
    screen
}

fn blank(paint: Paint) -> Screen {
    let fleet = "main".parse().unwrap();
    Screen::new(&fleet, "valkey://127.0.0.1:6379".to_owned(), paint)
}

fn drawn(screen: &Screen, (width, height): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(screen, frame)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let rows = buffer.content.chunks(width).map(|row| {
        let row: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
        row.trim_end().to_owned() + "\n"
    });
    rows.collect()
}

#[track_caller]
fn assert_looks(name: &str, screen: &Screen, size: (u16, u16)) {
    let drawn = text(&drawn(screen, size));
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/screens");
    let path = folder.join(format!("{name}.txt"));
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &drawn).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(drawn == expected, "{}\nis:\n{drawn}\nexpected:\n{expected}", path.display());
}

#[test]
fn a_fleet_is_seen_on_terminals_of_every_size() {
    let screen = screen(Paint::Letters, &fleet::in_trouble());
    assert_looks("fleet-40x12", &screen, (40, 12));
    assert_looks("fleet-80x24", &screen, (80, 24));
    assert_looks("fleet-200x50", &screen, (200, 50));
}

#[test]
fn a_terminal_too_small_for_anything_is_no_reason_to_panic() {
    let mut screen = screen(Paint::Colours, &fleet::in_trouble());
    screen.ask(fleet::A, "drain a: 1 shard".to_owned());
    for size in [(1, 1), (2, 2), (3, 5), (200, 1), (1, 50)] {
        drawn(&screen, size);
    }
}

#[test]
fn of_what_does_not_fit_the_first_page_is_shown() {
    let screen = screen(Paint::Letters, &fleet::of(30, 1_000));
    assert_looks("large-80x24", &screen, (80, 24));
}

#[test]
fn shards_that_do_not_fit_are_pages_further_and_the_pages_go_round() {
    let mut screen = screen(Paint::Letters, &fleet::of(30, 1_000));
    let mut firsts = Vec::new();
    for _ in 0..6 {
        let drawn = text(&drawn(&screen, (80, 24)));
        let (_, page) = drawn.split_once("  page ").unwrap();
        firsts.push((page.chars().next().unwrap(), drawn.contains("  980 ")));
        screen.press(Key::PageDown);
    }
    let last = ('6', true);
    let others = ['1', '2', '3', '4', '5'].map(|page| (page, false));
    assert_eq!(firsts, [&others[..], &[last]].concat());
    assert!(text(&drawn(&screen, (80, 24))).contains("page 1 of 6"), "it begins anew");
    screen.press(Key::PageUp);
    assert!(text(&drawn(&screen, (80, 24))).contains("page 6 of 6"));
}

#[test]
fn whoever_is_selected_is_in_sight() {
    let mut screen = screen(Paint::Letters, &fleet::of(30, 4));
    for _ in 0..29 {
        screen.press(Key::Down);
    }
    assert_eq!(screen.selected, Some(InstanceId::new(29)));
    let drawn = text(&drawn(&screen, (80, 24)));
    assert!(drawn.contains("gw-29") && !drawn.contains("gw-00"), "{drawn}");
}

#[test]
fn a_store_that_is_away_leaves_what_was_seen_last() {
    let mut screen = screen(Paint::Letters, &fleet::of(2, 4));
    screen.lose("no answer from the store".to_owned(), Duration::from_secs(12));
    assert_looks("away-80x24", &screen, (80, 24));
    screen.see(&fleet::of(2, 4));
    assert!(!text(&drawn(&screen, (80, 24))).contains("AWAY"));
}

#[test]
fn a_store_that_is_not_safe_shows_with_its_reason() {
    let mut sight = fleet::of(2, 4);
    let reason = "a takes no writes".to_owned();
    sight.look.safety = baton_store::Safety::Unsafe { reason };
    let drawn = text(&drawn(&screen(Paint::Letters, &sight), (80, 24)));
    assert!(drawn.contains("NOT SAFE: a takes no writes"), "{drawn}");
}

#[test]
fn before_the_first_look_it_says_so() {
    assert_looks("blank-40x12", &blank(Paint::Letters), (40, 12));
}

#[test]
fn help_and_questions_stand_over_everything() {
    let mut screen = screen(Paint::Letters, &fleet::of(2, 4));
    screen.press(Key::Letter('?'));
    assert_looks("help-80x24", &screen, (80, 24));
    screen.press(Key::Escape);
    screen.ask(fleet::A, "drain gw-00: 2 shards -> gw-01: 2; about 1.4 s".to_owned());
    assert_looks("question-80x24", &screen, (80, 24));
}

#[test]
fn colours_tell_owners_apart_and_are_left_out_where_they_are_not_wanted() {
    let sight = fleet::of(2, 4);
    let colours = |paint| {
        let buffer = drawn(&screen(paint, &sight), (80, 24));
        buffer.content.iter().map(|cell| cell.fg).collect::<std::collections::HashSet<_>>()
    };
    let found = colours(Paint::Colours);
    assert!(found.contains(&Color::Green) && found.contains(&Color::Cyan), "{found:?}");
    assert_eq!(colours(Paint::Letters), [Color::Reset].into());
}

#[test]
fn the_shards_of_whoever_is_selected_are_reversed() {
    let buffer = drawn(&screen(Paint::Letters, &fleet::of(2, 4)), (80, 24));
    let row = &buffer.content[5 * 80..6 * 80];
    let reversed = row.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED));
    assert_eq!(reversed.map(ratatui::buffer::Cell::symbol).collect::<String>(), "A A ");
}
