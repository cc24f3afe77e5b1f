//! The machine itself: what it holds, and how inputs find their way in.
//!
//! Each part below takes in one kind of input from start to end. What they share is small: a
//! [connection](connection::Connection) knows which session it speaks for, a
//! [session](session::Session) knows who holds it and what it may be asked to repeat, and both
//! are told of their end in one place, [`leaving`].

mod input;
mod output;
mod settings;

// What clients do, in the order in which they do it.
mod opening;

mod hearing;

mod identify;
mod resume;

mod commanding;

mod telling;

mod leaving;

// What operators and tests do.
mod acting;
mod admin;
mod ledger_pages;
mod rest;

// What is held.
mod agenda;
mod budget;
mod connection;
mod faults;
mod outbox;
mod session;
mod storm;
mod whole_guilds;

// What is said.
mod bot;
mod client_frame;
mod member_request;
mod server_frame;

use std::collections::BTreeMap;

use baton_model::Moment;

use self::{
    agenda::{Agenda, Reminder},
    budget::App,
    connection::Connection,
    faults::Faults,
    outbox::Outbox,
    session::{Holder, Session},
    storm::Storms,
    whole_guilds::WholeGuilds,
};
pub use self::{
    input::{ConnectionId, Host, Input, RequestId},
    output::Output,
    settings::{Compressions, ResumedElsewhere, SeqStep, Settings},
};
use crate::{
    Commands, Ledger, SessionOrdinal, Slice,
    dice::Dice,
    ledger::Scribe,
    load::{Pace, Source},
    verdict::{Culprit, Rule, Verdicts},
};

/// A simulated Discord. How to drive it stands at the [top](crate).
pub struct Discord {
    settings: Settings,
    source: Source,
    /// Whom faults hit, and which one is drawn.
    dice: Dice,
    now: Moment,

    apps: Vec<App>,
    connections: BTreeMap<ConnectionId, Connection>,
    sessions: BTreeMap<SessionOrdinal, Session>,
    sessions_by_id: BTreeMap<String, SessionOrdinal>,
    last_session: SessionOrdinal,

    pace: Option<Pace>,
    /// Counts changes of the pace: turns of an earlier one are not taken.
    pace_number: u64,
    faults: Faults,
    storms: Storms,
    whole_guilds: WholeGuilds,

    verdicts: Verdicts,
    scribe: Scribe,
    commands: Commands,

    agenda: Agenda,
    outbox: Outbox,
}

impl Discord {
    /// A Discord to which nobody is connected. One seed makes one history.
    #[must_use]
    pub fn new(settings: Settings, seed: u64, now: Moment) -> Self {
        let Settings { guilds, guild_create_bytes, guild_members, ledger_max, .. } = settings;
        Self {
            source: Source { seed, guilds, guild_create_bytes, guild_members },
            dice: Dice::new(seed),
            now,
            apps: settings.tokens.iter().map(|token| App::new(token)).collect(),
            settings,
            connections: BTreeMap::new(),
            sessions: BTreeMap::new(),
            sessions_by_id: BTreeMap::new(),
            last_session: SessionOrdinal(0),
            pace: None,
            pace_number: 0,
            faults: Faults::default(),
            storms: Storms::default(),
            whole_guilds: WholeGuilds::default(),
            verdicts: Verdicts::default(),
            scribe: Scribe::new(ledger_max),
            commands: Commands::default(),
            agenda: Agenda::default(),
            outbox: Outbox::default(),
        }
    }

    /// Takes in what happened at `now`, which never runs backwards.
    ///
    /// # Panics
    ///
    /// If time runs backwards or a connection's number comes twice: the server is then not the
    /// one that it promised to be, and its history would prove nothing.
    pub fn handle(&mut self, input: Input, now: Moment) {
        assert!(now >= self.now, "time runs backwards, from {} to {now}", self.now);
        self.now = now;
        self.look_at_the_agenda();
        match input {
            Input::Opened { connection, host, query } => self.on_opened(connection, host, &query),
            Input::Text { connection, text } => self.on_text(connection, &text),
            Input::Binary { connection } => self.on_binary(connection),
            Input::Closed { connection, code } => self.on_closed(connection, code),
            Input::Rest { request, method, path, authorization } => {
                let answer = self.on_rest(&method, &path, authorization.as_deref());
                self.answer(request, answer);
            }
            Input::Admin { request, method, path, body } => {
                let answer = self.on_admin(&method, &path, &body);
                self.answer(request, answer);
            }
            Input::Emit { slice, content } => self.on_emit(slice, &content),
            Input::Load(pace) => self.on_load(pace),
            Input::Fault(fault) => self.on_fault(&fault),
            Input::ClearFaults => self.on_clear_faults(),
            Input::Wake => {}
        }
    }

    /// What is to be done next, if anything is.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outbox.poll(self.now)
    }

    /// When to hand in [`Input::Wake`], if nothing comes before it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Moment> {
        [self.outbox.next_due(), self.agenda.next_due()].into_iter().flatten().min()
    }

    /// Which rules were broken.
    #[must_use]
    pub const fn verdicts(&self) -> &Verdicts {
        &self.verdicts
    }

    /// What every session was sent.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        self.scribe.ledger()
    }

    /// What every session was asked by its client.
    #[must_use]
    pub const fn commands(&self) -> &Commands {
        &self.commands
    }

    /// What the bytes of generated dispatches follow from.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// How many connections are open, by the compression that their urls ask for; empty for none.
    #[must_use]
    pub fn connections_by_compression(&self) -> BTreeMap<String, usize> {
        let mut connections = BTreeMap::new();
        for open in self.connections.values() {
            *connections.entry(open.compression.clone()).or_default() += 1;
        }
        connections
    }

    /// The connections that are open.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.connections.keys().copied()
    }

    /// The tokens that are valid now, one of each app.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.apps.iter().map(|app| app.token.as_str())
    }

    /// How many sessions a client holds at this moment.
    #[must_use]
    pub fn live_sessions(&self) -> usize {
        let is_held = |session: &&Session| matches!(session.holder, Holder::Connection(_));
        self.sessions.values().filter(is_held).count()
    }

    fn look_at_the_agenda(&mut self) {
        while let Some((at, reminder)) = self.agenda.take_due(self.now) {
            match reminder {
                Reminder::Heartbeat(connection) => self.look_for_a_heartbeat(connection),
                Reminder::Expiry(session) => self.look_at_the_age_of(session),
                Reminder::Turn { session, turn, pace } if pace == self.pace_number => {
                    self.take_turn(session, turn, at);
                }
                Reminder::Turn { .. } => {}
            }
        }
    }

    fn send(&mut self, output: Output) {
        self.outbox.push(output, self.now);
    }

    fn verdict(&mut self, rule: Rule, connection: ConnectionId) {
        let slice = self.slice_of(connection);
        let who = Culprit { connection: Some(connection), slice };
        self.verdicts.pass(rule, who, self.now);
    }

    fn slice_of(&self, connection: ConnectionId) -> Option<Slice> {
        let session = self.connections.get(&connection)?.session()?;
        Some(self.sessions.get(&session)?.slice)
    }
}
