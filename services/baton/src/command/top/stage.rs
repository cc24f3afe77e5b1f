//! The terminal as a screen, its keys, and the signals that end it.

use std::{io, thread};

use ratatui::{
    DefaultTerminal, Frame,
    crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

use crate::top::Key;

/// Keys that wait while something is being done.
const KEYS_WAITING_MAX: usize = 64;

/// The terminal, until this is dropped. A panic gives it back as well, before it is reported.
pub(super) struct Stage {
    terminal: DefaultTerminal,
}

impl Stage {
    pub(super) fn open() -> io::Result<Self> {
        // Half of it may have been done when it fails.
        let terminal = ratatui::try_init().inspect_err(|_| ratatui::restore())?;
        Ok(Self { terminal })
    }

    pub(super) fn show(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(draw).map(drop)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// What is pressed; nothing where the terminal has got another size. It ends with the terminal.
///
/// A terminal can only be read by waiting for it, so a thread does, which ends with the process.
pub(super) fn keys() -> mpsc::Receiver<Option<Key>> {
    let (pressed, keys) = mpsc::channel(KEYS_WAITING_MAX);
    thread::spawn(move || {
        while let Ok(event) = event::read() {
            let is_heard = match event {
                Event::Key(key) if key.kind == KeyEventKind::Press => match meant(key) {
                    Some(key) => pressed.blocking_send(Some(key)).is_ok(),
                    None => true,
                },
                Event::Resize(..) => pressed.blocking_send(None).is_ok(),
                Event::Key(_)
                | Event::Mouse(_)
                | Event::Paste(_)
                | Event::FocusGained
                | Event::FocusLost => true,
            };
            if !is_heard {
                return;
            }
        }
    });
    keys
}

fn meant(event: KeyEvent) -> Option<Key> {
    const NAMED: [(KeyCode, Key); 7] = [
        (KeyCode::Up, Key::Up),
        (KeyCode::Down, Key::Down),
        (KeyCode::Enter, Key::Enter),
        (KeyCode::Esc, Key::Escape),
        (KeyCode::Backspace, Key::Backspace),
        (KeyCode::PageUp, Key::PageUp),
        (KeyCode::PageDown, Key::PageDown),
    ];
    let is_control = event.modifiers.contains(KeyModifiers::CONTROL);
    if let KeyCode::Char(letter) = event.code {
        return match (is_control, letter) {
            (true, 'c') => Some(Key::Interrupt),
            (true, _) => None,
            (false, letter) => Some(Key::Letter(letter)),
        };
    }
    NAMED.into_iter().find(|(code, _)| *code == event.code).map(|(_, key)| key)
}

/// The signals that end a program at a terminal.
pub(super) struct Ends([Signal; 3]);

impl Ends {
    pub(super) fn hear() -> io::Result<Self> {
        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    pub(super) async fn come(&mut self) {
        let Self([interrupt, terminate, hangup]) = self;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
