//! The machine itself: what it holds, how inputs find their way in, and what is looked at after
//! each of them.
//!
//! An input is first *taken in*: it changes the state it is about, and nothing else. Then the
//! machine [settles](ShardMachine::settle): everything that has become possible is done, whatever
//! made it possible. So "the flush is complete, offer the lease" is written once, and not beside
//! each of the answers that may complete a flush.

// The lease: getting it, keeping it, giving it away.
mod claim;
mod contested;
mod handover;
mod warm;

// The connection.
mod connect;
mod identify;

mod close;

// The stream.
mod stream;

mod heal;
mod shed;

// Time, and the view from outside.
mod timers;
mod view;

use std::collections::{BTreeSet, VecDeque};

use baton_model::{
    Epoch, EventName, InstanceId, Moment, ResumeUrl,
    limits::{RING_BYTES_MAX, RING_NEARLY_FULL_PERCENT},
};

use crate::{
    Answer, Asked, Input, Notice, Output, Request, SocketEvent, SocketId, State, backoff::Backoff,
    call::Call, jitter::Jitter, lease::Lease, link::Link, session::Sessions,
};

/// What a shard is built with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// This instance.
    pub me: InstanceId,
    /// The names of events that do not go into the stream. Their numbers still count.
    pub left_out: BTreeSet<EventName>,
    /// Fixes what jitter is drawn. Shards of one instance must differ in it.
    pub seed: u64,
}

/// One shard's life at one instance. How to drive it stands at the [top](crate).
pub struct ShardMachine {
    config: Config,
    jitter: Jitter,

    lease: Lease,
    /// No lease up to this epoch is ours any more, whatever an old sighting of the row may say.
    over_up_to: Epoch,
    link: Link,
    sessions: Sessions,

    /// Whether the instance is sure of its leases.
    is_confirmed: bool,
    /// Whether Discord has rejected the app.
    is_halted: bool,
    ring_budget: usize,
    backoff: Backoff,
    /// Discord asks for a pause after it declared a session invalid.
    connect_not_before: Moment,
    last_socket: SocketId,
    /// A resume url that did not lead to a greeting, and that the row may still name.
    dead_url: Option<ResumeUrl>,

    /// The state as it was last seen from outside, and since when.
    shown: (State, Moment),
    outputs: VecDeque<Output>,
}

impl ShardMachine {
    /// A shard that this instance has no lease for, as yet. Until
    /// [`Input::LeaseConfirmed`] it takes none.
    #[must_use]
    pub fn new(config: Config, now: Moment) -> Self {
        Self {
            jitter: Jitter::new(config.seed),
            config,
            lease: Lease::None,
            over_up_to: Epoch::default(),
            link: Link::Unwanted,
            sessions: Sessions::none(),
            is_confirmed: false,
            is_halted: false,
            ring_budget: RING_BYTES_MAX / 100 * RING_NEARLY_FULL_PERCENT,
            backoff: Backoff::default(),
            connect_not_before: Moment::ZERO,
            last_socket: SocketId(0),
            dead_url: None,
            shown: (State::Idle, now),
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened at `now`, which never runs backwards.
    ///
    /// # Panics
    ///
    /// If an append is acknowledged that was never made: that is no doing of Discord's or the
    /// store's, and to go on would be to lose dispatches.
    pub fn handle(&mut self, input: Input, now: Moment) {
        match input {
            Input::Wake => self.on_wake(now),
            Input::Claim { expected } => self.on_claim(expected),
            Input::Row(row) => self.on_row(row, now),
            Input::Warm(session) => self.on_warm(session, now),
            Input::HandOver { to } => self.on_hand_over(to, now),
            Input::Release => self.on_release(now),
            Input::LeaseConfirmed => self.is_confirmed = true,
            Input::LeaseUnconfirmed => self.on_unconfirmed(now),
            Input::StoreChanged => self.on_store_changed(now),
            Input::Halt => self.is_halted = true,
            Input::Restart => self.on_restart(now),
            Input::Reconnect => self.on_reconnect(now),
            Input::NewSession => self.on_new_session(now),
            Input::Shed => self.on_shed(now),
            Input::RingBudget { bytes } => self.ring_budget = bytes,
            Input::Socket { socket, event } => self.on_socket(socket, event, now),
            Input::Store(answer) => self.on_answer(answer, now),
        }
        self.settle(now);
    }

    /// The next thing to carry out.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// What this shard's dispatches cost in memory.
    #[must_use]
    pub fn ring_bytes(&self) -> usize {
        self.sessions.ring_bytes()
    }

    fn on_socket(&mut self, socket: SocketId, event: SocketEvent, now: Moment) {
        if self.link.socket() != Some(socket) {
            return; // It died before this was said.
        }
        match event {
            SocketEvent::ConnectFailed => self.on_connect_failed(now),
            SocketEvent::Hello => self.on_hello(now),
            SocketEvent::PermitWanted => self.on_permit_wanted(now),
            SocketEvent::PermitGranted => self.on_permit_granted(now),
            SocketEvent::Ready { id, resume_url, dispatch } => {
                self.on_ready(id, resume_url, now);
                self.on_dispatch(dispatch, now);
            }
            SocketEvent::Dispatch(dispatch) => self.on_dispatch(dispatch, now),
            SocketEvent::Frame => self.on_frame(now),
            SocketEvent::ReconnectAsked => self.on_reconnect_asked(now),
            SocketEvent::InvalidSession { resumable } => self.on_invalid_session(resumable, now),
            SocketEvent::Closed { code } => self.on_closed(code, now),
        }
    }

    fn on_answer(&mut self, answer: Answer, now: Moment) {
        match answer {
            Answer::Claimed { expected, epoch, session } => {
                self.on_claimed(expected, epoch, session, now);
            }
            Answer::ClaimLost { expected, row } => self.on_claim_lost(expected, row, now),
            Answer::Accepted { under, offer, epoch, session } => {
                self.on_accepted((under, offer), epoch, session, now);
            }
            Answer::OfferGone { under, offer, row } => self.on_offer_gone((under, offer), row, now),
            Answer::Failed { asked, failure } => self.on_failed(asked, failure, now),
            Answer::Started { epoch, .. }
            | Answer::Appended { epoch, .. }
            | Answer::Gap { epoch, .. }
            | Answer::OtherSession { epoch, .. }
            | Answer::OtherPrevious { epoch, .. }
            | Answer::Offered { epoch, .. }
            | Answer::Retracted { epoch, .. }
            | Answer::Released { epoch }
            | Answer::Reasserted { epoch, .. } => {
                if self.lease.is_held_under(epoch) {
                    self.on_holders_answer(answer, now);
                }
            }
        }
    }

    /// An answer to something that was asked under the epoch that still holds.
    fn on_holders_answer(&mut self, answer: Answer, now: Moment) {
        match answer {
            Answer::Started { id, number, .. } => self.sessions.on_started(&id, number),
            Answer::Appended { session, last, .. } => self.on_appended(session, last, now),
            Answer::Gap { session, row, .. } => self.on_gap(session, row, now),
            Answer::OtherSession { session, row, .. } => self.on_other_session(session, row, now),
            Answer::OtherPrevious { id, row, .. } => self.on_other_previous(&id, row, now),
            Answer::Offered { offer, .. } => self.on_offered(offer, now),
            Answer::Retracted { offer, .. } => self.on_retracted(offer, now),
            Answer::Released { .. } => self.on_released(),
            Answer::Reasserted { session, .. } => self.on_reasserted(session, now),
            Answer::Claimed { .. }
            | Answer::ClaimLost { .. }
            | Answer::Accepted { .. }
            | Answer::OfferGone { .. }
            | Answer::Failed { .. } => unreachable!("not an answer under a lease that is held"),
        }
    }

    /// Does what has become possible. Each step asks for itself whether it may; the order only
    /// lets one make the next possible at once.
    fn settle(&mut self, now: Moment) {
        self.keep_within_budget(now);
        self.ask_again(now);
        self.begin_session(now);
        self.append(now);
        self.leave_when_flushed(now);
        self.reconnect_when_drained(now);
        self.connect_when_due(now);
        self.ask_for_permit();
        self.note_state(now);
    }

    /// Remembers since when the state is what it is.
    fn note_state(&mut self, now: Moment) {
        let state = self.state();
        if state != self.shown.0 {
            self.shown = (state, now);
        }
    }

    fn ask(&mut self, request: Request) {
        self.outputs.push_back(Output::Store(request));
    }

    /// Asks, and will ask again until there is an answer.
    fn call(&mut self, request: Request) -> Call {
        self.ask(request.clone());
        Call::sent(request)
    }

    fn tell(&mut self, notice: Notice) {
        self.outputs.push_back(Output::Notice(notice));
    }

    /// Whether what failed is what the lease is waiting for.
    fn is_asked(&self, asked: Asked) -> bool {
        self.lease.call().and_then(Call::asked) == Some(asked)
    }
}
