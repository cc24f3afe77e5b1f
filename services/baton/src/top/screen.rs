//! What is selected, sorted, filtered and asked; and what a key means.

use std::{cmp::Reverse, time::Duration};

use baton_model::{FleetName, InstanceId};

use super::{
    marks::{Mark, Marks},
    picture::{Line, Picture},
};
use crate::fleet::Sight;

/// A key that means something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Up,
    Down,
    Enter,
    Escape,
    Backspace,
    PageUp,
    PageDown,
    /// Ctrl-C, which is no signal while the terminal hands over every key.
    Interrupt,
    Letter(char),
}

/// What somebody at the keyboard wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    Quit,
    /// To be shown what a drain would do; [`Screen::ask`] or [`Screen::say`] answers.
    DrainPlan(InstanceId),
    /// The drain, its plan having been shown.
    Drain(InstanceId),
    Undrain(InstanceId),
}

/// How owners are told apart: letters are always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Colours,
    Letters,
}

/// By what instances are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Name,
    Shards,
    Lag,
    Memory,
}

/// What the next key is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    Looking,
    Filtering,
    /// A question stands, and is about this instance.
    Asking {
        about: InstanceId,
        plan: String,
    },
    Help,
}

/// How the store has answered lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Contact {
    Fresh,
    /// What is shown is so old.
    Away {
        since: Duration,
        because: String,
    },
}

/// The screen.
#[derive(Debug)]
pub(crate) struct Screen {
    pub(super) fleet: String,
    pub(super) store: String,
    pub(super) paint: Paint,
    pub(super) picture: Option<Picture>,
    pub(super) contact: Contact,
    pub(super) selected: Option<InstanceId>,
    pub(super) sort: Sort,
    pub(super) filter: String,
    pub(super) mode: Mode,
    pub(super) notice: Option<String>,
    /// How many pages of shards behind the first one were asked for, or ahead of it if negative.
    /// Behind the last page stands the first.
    pub(super) page: isize,
    marks: Marks,
}

impl Screen {
    /// A screen before the first look.
    pub(crate) fn new(fleet: &FleetName, store: String, paint: Paint) -> Self {
        Self {
            fleet: fleet.to_string(),
            store,
            paint,
            picture: None,
            contact: Contact::Fresh,
            selected: None,
            sort: Sort::Name,
            filter: String::new(),
            mode: Mode::Looking,
            notice: None,
            page: 0,
            marks: Marks::default(),
        }
    }

    /// Shows what the store has shown.
    pub(crate) fn see(&mut self, sight: &Sight) {
        let picture = Picture::of(sight);
        let present: Vec<_> = picture.instances.iter().map(|line| line.id).collect();
        self.marks.renew(&present);
        self.picture = Some(picture);
        self.contact = Contact::Fresh;
        // A question about somebody who is gone has no answer.
        if let Mode::Asking { about, .. } = &self.mode
            && !present.contains(about)
        {
            self.mode = Mode::Looking;
            self.notice = Some("the instance is gone; nothing has been done".to_owned());
        }
        self.select_somebody();
    }

    /// Shows that the store does not answer. What was seen last stays.
    pub(crate) fn lose(&mut self, because: String, since: Duration) {
        self.contact = Contact::Away { since, because };
    }

    /// Says something, until the next key.
    pub(crate) fn say(&mut self, notice: String) {
        self.notice = Some(notice);
    }

    /// Asks whether a drain is to begin, now that its plan is known.
    pub(crate) fn ask(&mut self, about: InstanceId, plan: String) {
        self.mode = Mode::Asking { about, plan };
    }

    /// Takes a key, and says what is wanted by it.
    pub(crate) fn press(&mut self, key: Key) -> Option<Wanted> {
        self.notice = None;
        if key == Key::Interrupt {
            return Some(Wanted::Quit);
        }
        match &self.mode {
            Mode::Looking => self.on_command(key),
            Mode::Filtering => {
                self.on_filter(key);
                None
            }
            Mode::Asking { about, .. } => {
                let about = *about;
                self.mode = Mode::Looking;
                if key == Key::Letter('y') {
                    return Some(Wanted::Drain(about));
                }
                self.notice = Some("nothing has been done".to_owned());
                None
            }
            Mode::Help => {
                self.mode = Mode::Looking;
                None
            }
        }
    }

    /// The instances as they are listed.
    pub(super) fn listed(&self) -> Vec<&Line> {
        let all = self.picture.iter().flat_map(|picture| &picture.instances);
        let filter = self.filter.to_lowercase();
        let mut lines: Vec<_> =
            all.filter(|line| line.name.to_lowercase().contains(&filter)).collect();
        lines.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        // The sort is stable: equals stay ordered by name.
        match self.sort {
            Sort::Name => {}
            Sort::Shards => lines.sort_by_key(|line| Reverse(line.shards)),
            Sort::Lag => lines.sort_by_key(|line| Reverse(line.lag_ms)),
            Sort::Memory => lines.sort_by_key(|line| Reverse(line.memory)),
        }
        lines
    }

    pub(super) fn mark(&self, id: InstanceId) -> Option<Mark> {
        self.marks.of(id)
    }

    fn on_command(&mut self, key: Key) -> Option<Wanted> {
        match key {
            Key::Up | Key::Letter('k') => self.step(usize::checked_sub),
            Key::Down | Key::Letter('j') => self.step(usize::checked_add),
            Key::PageUp => self.page = self.page.wrapping_sub(1),
            Key::PageDown => self.page = self.page.wrapping_add(1),
            Key::Letter('s') => self.sort = self.sort.next(),
            Key::Letter('/') => self.mode = Mode::Filtering,
            Key::Letter('?' | 'h') => self.mode = Mode::Help,
            Key::Letter('q') => return Some(Wanted::Quit),
            Key::Letter('d') => return self.selected.map(Wanted::DrainPlan),
            Key::Letter('u') => return self.selected.map(Wanted::Undrain),
            Key::Escape => {
                self.filter.clear();
                self.select_somebody();
            }
            Key::Enter | Key::Backspace | Key::Interrupt | Key::Letter(_) => {}
        }
        None
    }

    fn on_filter(&mut self, key: Key) {
        match key {
            Key::Letter(letter) => self.filter.push(letter),
            Key::Backspace => drop(self.filter.pop()),
            Key::Escape => {
                self.filter.clear();
                self.mode = Mode::Looking;
            }
            Key::Enter | Key::Up | Key::Down | Key::PageUp | Key::PageDown | Key::Interrupt => {
                self.mode = Mode::Looking;
            }
        }
        self.select_somebody();
    }

    /// Selects a neighbour; at an end there is none, and the selection stays.
    fn step(&mut self, neighbour: impl Fn(usize, usize) -> Option<usize>) {
        let listed = self.listed();
        let at = listed.iter().position(|line| Some(line.id) == self.selected);
        let next = at.and_then(|at| neighbour(at, 1)).and_then(|next| listed.get(next));
        if let Some(next) = next.map(|line| line.id) {
            self.selected = Some(next);
        }
    }

    /// What is drained is what is seen to be selected, so nobody who is not listed is.
    fn select_somebody(&mut self) {
        let listed = self.listed();
        let is_listed = listed.iter().any(|line| Some(line.id) == self.selected);
        let first = listed.first().map(|line| line.id);
        if !is_listed {
            self.selected = first;
        }
    }
}

impl Sort {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Shards => "shards",
            Self::Lag => "lag",
            Self::Memory => "memory",
        }
    }

    const fn next(self) -> Self {
        match self {
            Self::Name => Self::Shards,
            Self::Shards => Self::Lag,
            Self::Lag => Self::Memory,
            Self::Memory => Self::Name,
        }
    }
}
