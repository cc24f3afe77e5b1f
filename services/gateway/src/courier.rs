//! The courier: carries one shard's commands to Discord, in their order, and remembers how far it
//! has got.
//!
//! Pure. It refuses to know streams, sockets and tasks: it is told what was read, whether a
//! connection is live, what was written, what the store has kept, and it says what to send, what to
//! tell a command's sender, and which place to keep.
//!
//! The one idea you need: *one command is unsettled at a time.* The next is handed over only when
//! the place behind the one before it stands in the store. So whoever takes the shard over, after
//! whatever crash, sends at most that one again; and as each op that may be sent says how things
//! shall be, or asks, the second time does no harm. A courier lives as long as a lease: with the
//! next lease comes another, which begins at the place that the store holds.
//!
//! Beside the commands goes what the house itself wants sent: how the bot is shown, when that is
//! configured anew. It keeps the same pace, goes before the commands, and has no place in the
//! stream.
//!
//! How much may be sent is counted here and not left to twilight, which would take any number of
//! frames and let them wait where they can neither expire nor be taken back. Its own count, which
//! includes IDENTIFY and RESUME, is larger, and so never what a command waits for.

mod input;
mod output;

mod pace;

mod refusals;
mod showing;

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use baton_model::{
    Moment, StreamId,
    limits::{COMMAND_ATTEMPTS_MAX, COMMAND_UNDER_WAY, STORE_RETRY_FIRST, STORE_RETRY_MAX},
};
use baton_shard::SocketId;
use baton_store::{CommandOutcome, Op, Sendable};
use bytes::Bytes;

use self::{pace::Pace, refusals::Refusals};

pub use self::{
    input::{Input, Parcel},
    output::Output,
    refusals::RateLimited,
};

/// One shard's courier under one lease.
#[derive(Debug)]
pub struct Courier {
    waiting: VecDeque<Waiting>,
    /// Up to here everything of this shard's has been read.
    read: StreamId,
    /// Up to here everything has been dealt with.
    done: StreamId,
    /// Up to here the store knows.
    saved: StreamId,
    saving: Saving,
    /// The command that was written last.
    sent: StreamId,
    written_at: Option<Moment>,
    link: Option<SocketId>,
    in_hand: Option<InHand>,
    /// How the bot is to be shown, where Discord has not been told.
    to_show: Option<String>,
    allowed: BTreeSet<Op>,
    pace: Pace,
    refusals: Refusals,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
struct Waiting {
    id: StreamId,
    expires: Option<Moment>,
    reply_to: String,
    checked: Result<Sendable, String>,
    attempts: u32,
}

/// What has been handed over, and is not known to be written.
#[derive(Debug)]
struct InHand {
    socket: SocketId,
    what: Handed,
}

#[derive(Debug)]
enum Handed {
    /// The first one in the queue.
    Command,
    /// How the bot is shown.
    Presence(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Saving {
    /// Nothing is on its way.
    Idle,
    /// A place is on its way to the store, and comes again after this pause if it did not get
    /// there.
    UnderWay { pause: Duration },
    /// It did not get there.
    Again { at: Moment, pause: Duration },
}

/// What is to become of the first one in the queue.
enum Fate {
    Send,
    Wait,
    End(CommandOutcome),
}

impl Courier {
    /// A courier that begins behind this place, and sends these.
    #[must_use]
    pub fn new(done: StreamId, allowed: BTreeSet<Op>) -> Self {
        Self {
            waiting: VecDeque::new(),
            read: done,
            done,
            saved: done,
            saving: Saving::Idle,
            sent: done,
            written_at: None,
            link: None,
            in_hand: None,
            to_show: None,
            allowed,
            pace: Pace::default(),
            refusals: Refusals::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes something in.
    pub fn handle(&mut self, input: Input, now: Moment) {
        match input {
            Input::Wake => {}
            Input::Read(parcel) => self.on_read(parcel),
            Input::Passed(upto) => self.read = self.read.max(upto),
            Input::Link(link) => self.on_link(link),
            Input::Written(socket) => self.on_written(socket, now),
            Input::TakenBack(socket) => self.on_taken_back(socket),
            Input::Saved(place) => {
                self.saved = self.saved.max(place);
                self.saving = Saving::Idle;
            }
            Input::NotSaved => self.on_not_saved(now),
            Input::RateLimited(refused) => self.on_rate_limited(&refused, now),
            Input::Allow(ops) => self.allowed = ops,
            Input::Show(frame) => self.to_show = Some(frame),
        }
        self.advance(now);
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to be woken.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Moment> {
        let again = match self.saving {
            Saving::Again { at, .. } => Some(at),
            Saving::Idle | Saving::UnderWay { .. } => None,
        };
        let head = self.waiting.front().filter(|_| self.in_hand.is_none());
        let expires = head.and_then(|head| head.expires);
        let turn = head.filter(|_| self.may_send()).and_then(|head| {
            let checked = head.checked.as_ref().ok()?;
            self.pace.next(checked.op)
        });
        let showing = self.showing_turn().flatten();
        [again, expires, turn, showing].into_iter().flatten().min()
    }

    /// How many commands wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The place that the store does not hold yet: to be kept before the lease goes to somebody
    /// else.
    #[must_use]
    pub fn unsaved(&self) -> Option<StreamId> {
        (self.done > self.saved).then_some(self.done)
    }

    /// Until when what was written last may still be on its way; none if that is over.
    #[must_use]
    pub fn under_way_until(&self, now: Moment) -> Option<Moment> {
        let until = self.written_at? + COMMAND_UNDER_WAY;
        (until > now).then_some(until)
    }

    fn on_read(&mut self, parcel: Parcel) {
        let Parcel { id, expires, reply_to, frame, trace: _ } = parcel;
        if id <= self.read {
            return; // It was read before.
        }
        self.read = id;
        let check = |frame: Bytes| Sendable::check(&frame).map_err(|error| error.to_string());
        let checked = frame.and_then(check);
        self.waiting.push_back(Waiting { id, expires, reply_to, checked, attempts: 0 });
    }

    /// What was handed over on a connection that is no more may have been written.
    fn on_link(&mut self, link: Option<SocketId>) {
        if link.is_some() && self.link != link {
            self.pace.begin_connection();
        }
        self.link = link;
        let Some(in_hand) = self.in_hand.take_if(|it| Some(it.socket) != link) else {
            return;
        };
        match in_hand.what {
            Handed::Command => self.on_broken(),
            Handed::Presence(frame) => self.show_again(frame),
        }
    }

    fn on_broken(&mut self) {
        let Some(head) = self.waiting.front_mut() else {
            unreachable!("what is in hand stands in the queue");
        };
        head.attempts += 1;
        if head.attempts == COMMAND_ATTEMPTS_MAX {
            let why = "the connection broke each time it was about to be written".to_owned();
            self.end(CommandOutcome::Dropped { why });
        }
    }

    fn on_taken_back(&mut self, socket: SocketId) {
        self.link.take_if(|there| *there == socket);
        match self.in_hand.take_if(|it| it.socket == socket).map(|it| it.what) {
            Some(Handed::Presence(frame)) => self.show_again(frame),
            Some(Handed::Command) | None => {}
        }
    }

    fn on_written(&mut self, socket: SocketId, now: Moment) {
        let Some(in_hand) = self.in_hand.take_if(|it| it.socket == socket) else {
            return; // It was given up meanwhile, and comes again.
        };
        self.written_at = Some(now);
        match in_hand.what {
            Handed::Command => self.on_command_written(now),
            Handed::Presence(_) => {}
        }
    }

    fn on_command_written(&mut self, now: Moment) {
        if let Some(head) = self.waiting.front()
            && let Ok(checked) = &head.checked
        {
            self.sent = head.id;
            self.refusals.remember(head.id, checked, &head.reply_to, now);
        }
        self.end(CommandOutcome::Sent);
    }

    fn on_not_saved(&mut self, now: Moment) {
        if let Saving::UnderWay { pause } = self.saving {
            let next = (pause * 2).min(STORE_RETRY_MAX);
            self.saving = Saving::Again { at: now + pause, pause: next };
        }
    }

    fn on_rate_limited(&mut self, refused: &RateLimited, now: Moment) {
        if let Some((command, reply_to)) = self.refusals.refuse(refused, now) {
            let outcome = CommandOutcome::RateLimited { retry_after: refused.retry_after };
            self.outputs.push_back(Output::Answer { command, reply_to, outcome });
        }
    }

    fn advance(&mut self, now: Moment) {
        self.show(now);
        // It ends because every round takes one out of the queue, or is the last.
        loop {
            match self.fate(now) {
                Fate::End(outcome) => self.end(outcome),
                Fate::Send => {
                    self.send(now);
                    break;
                }
                Fate::Wait => break,
            }
        }
        if self.waiting.is_empty() {
            self.done = self.read;
        }
        self.save(now);
    }

    fn fate(&self, now: Moment) -> Fate {
        let Some(head) = self.waiting.front().filter(|_| self.in_hand.is_none()) else {
            return Fate::Wait;
        };
        let checked = match &head.checked {
            Ok(checked) => checked,
            Err(why) => return Fate::End(CommandOutcome::Invalid { why: why.clone() }),
        };
        if !self.allowed.contains(&checked.op) {
            let op = checked.op.name();
            let why = format!("{op} is not allowed; add it to the app's commands");
            return Fate::End(CommandOutcome::Dropped { why });
        }
        if head.expires.is_some_and(|expires| expires <= now) {
            return Fate::End(CommandOutcome::Expired);
        }
        if let Some(retry_after) = self.refusals.pause(checked, now) {
            return Fate::End(CommandOutcome::RateLimited { retry_after });
        }
        match self.pace.next(checked.op) {
            Some(turn) if turn > now => Fate::Wait,
            Some(_) | None if self.may_send() => Fate::Send,
            Some(_) | None => Fate::Wait,
        }
    }

    /// Whether there is where to send, and the store knows of all that was sent.
    fn may_send(&self) -> bool {
        self.link.is_some() && self.saved >= self.sent
    }

    fn send(&mut self, now: Moment) {
        let (Some(socket), Some(head)) = (self.link, self.waiting.front()) else {
            unreachable!("a command is sent where there is one, and a connection");
        };
        let Ok(checked) = &head.checked else {
            unreachable!("{} is sent, although {:?}", head.id, head.checked);
        };
        self.pace.count(checked.op, now);
        self.in_hand = Some(InHand { socket, what: Handed::Command });
        self.outputs.push_back(Output::Send { socket, frame: checked.frame.clone() });
    }

    /// Is done with the first one in the queue.
    fn end(&mut self, outcome: CommandOutcome) {
        let Some(Waiting { id, reply_to, .. }) = self.waiting.pop_front() else {
            unreachable!("{outcome:?} became of no command");
        };
        self.done = id;
        self.outputs.push_back(Output::Answer { command: id, reply_to, outcome });
    }

    fn save(&mut self, now: Moment) {
        let Some(place) = self.unsaved() else {
            return;
        };
        let pause = match self.saving {
            Saving::UnderWay { .. } => return,
            Saving::Again { at, .. } if now < at => return,
            Saving::Again { pause, .. } => pause,
            Saving::Idle => STORE_RETRY_FIRST,
        };
        self.saving = Saving::UnderWay { pause };
        self.outputs.push_back(Output::Save(place));
    }
}
