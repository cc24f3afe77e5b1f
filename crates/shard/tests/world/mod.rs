//! A shard's machine between a simple Discord and a simple store, and what must always hold.

mod checks;
mod discord;
mod recovery;
mod store;

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use baton_model::{EventName, Expected, Holding, InstanceId, Moment, OfferId};
use baton_shard::{
    Answer, CloseCode, Config, Failure, Input, Output, Request, ShardMachine, SocketEvent,
};

use discord::{Discord, LEFT_OUT};
use store::Store;

const ME: InstanceId = InstanceId::new(0xA);
const OTHER: InstanceId = InstanceId::new(0xB);
/// Something that the world does.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Emit { filtered: bool, step: u64 },
    Deliver { events: usize },
    Say(SocketEvent),
    Close { code: u16 },
    Unreachable,
    Mute,
    Grant,
    Answer(Outcome),
    ApplyLate,
    LoseTail { operations: usize },
    Wipe,
    NoticeChange,
    Steal,
    TakeOffer,
    OfferBack,
    Show,
    Warm,
    Claim,
    Tell(Input),
    Pass { millis: u64 },
    Wake,
}

/// How the store treats a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Answered,
    Unavailable,
    AppliedAndUnknown,
    LostAndUnknown,
    LateAndUnknown,
}

pub(crate) struct World {
    shard: ShardMachine,
    now: Moment,
    discord: Discord,
    store: Store,
    /// What the store was, after each thing it did.
    past: Vec<Store>,
    requests: VecDeque<Request>,
    /// Requests that were given up and may still arrive.
    late: Vec<Request>,
    wants_permit: bool,
    is_confirmed: bool,
    is_halted: bool,
    budget: usize,
    may_end_session: bool,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let config = Config { me: ME, left_out: BTreeSet::from([EventName::new(LEFT_OUT)]), seed };
        Self {
            shard: ShardMachine::new(config, Moment::ZERO),
            now: Moment::ZERO,
            discord: Discord::default(),
            store: Store::new(),
            past: Vec::new(),
            requests: VecDeque::new(),
            late: Vec::new(),
            wants_permit: false,
            is_confirmed: false,
            is_halted: false,
            budget: usize::MAX,
            may_end_session: false,
        }
    }

    pub(crate) fn act(&mut self, deed: Deed) {
        match deed {
            Deed::Emit { filtered, step } => {
                let name = if filtered { LEFT_OUT } else { "MESSAGE_CREATE" };
                self.discord.emit(name, step);
            }
            Deed::Deliver { events } => (0..events).for_each(|_| self.deliver()),
            Deed::Say(event) => self.discord.say(event),
            Deed::Close { code } => self.discord.close(code),
            Deed::Unreachable => self.discord.is_down = true,
            Deed::Mute => self.discord.is_mute = true,
            Deed::Grant => self.grant(),
            Deed::Answer(outcome) => self.answer(outcome),
            Deed::ApplyLate => self.apply_late(),
            Deed::LoseTail { operations } => self.lose_tail(operations),
            Deed::Wipe => self.store.wipe(),
            Deed::NoticeChange => self.tell(Input::StoreChanged),
            Deed::Steal => self.store.give_to(OTHER),
            Deed::TakeOffer => self.take_offer(),
            Deed::OfferBack => self.offer_back(),
            Deed::Show => self.tell(Input::Row(self.store.row.clone())),
            Deed::Warm => {
                if let Some(session) = self.store.row.session.clone() {
                    self.tell(Input::Warm(session));
                }
            }
            Deed::Claim => self.claim(),
            Deed::Tell(input) => self.tell(input),
            Deed::Pass { millis } => self.pass(Duration::from_millis(millis)),
            Deed::Wake => self.wake(),
        }
    }

    fn deliver(&mut self) {
        if let Some((socket, event)) = self.discord.next() {
            self.tell(Input::Socket { socket, event });
        }
    }

    fn grant(&mut self) {
        if std::mem::take(&mut self.wants_permit)
            && let Some(socket) = self.discord.socket.as_ref().map(|socket| socket.id)
        {
            let event = SocketEvent::PermitGranted;
            self.tell(Input::Socket { socket, event });
        }
    }

    fn answer(&mut self, outcome: Outcome) {
        let Some(request) = self.requests.pop_front() else {
            return;
        };
        let failure = match outcome {
            Outcome::Answered => {
                let answer = self.apply(&request);
                let is_best_effort = request.asked().is_none();
                assert!(answer.is_some() || is_best_effort, "{request:?} came too late");
                if let Some(answer) = answer {
                    self.tell(Input::Store(answer));
                }
                return;
            }
            Outcome::Unavailable => Failure::Unavailable,
            Outcome::AppliedAndUnknown => {
                self.apply(&request);
                Failure::Unknown
            }
            Outcome::LostAndUnknown => Failure::Unknown,
            Outcome::LateAndUnknown => {
                self.late.push(request.clone());
                Failure::Unknown
            }
        };
        if let Some(asked) = request.asked() {
            self.tell(Input::Store(Answer::Failed { asked, failure }));
        }
    }

    fn apply(&mut self, request: &Request) -> Option<Answer> {
        self.past.push(self.store.clone());
        let answer = self.store.apply(ME, request);
        self.check_stream();
        answer
    }

    fn apply_late(&mut self) {
        if !self.late.is_empty() {
            let request = self.late.remove(0);
            self.apply(&request);
        }
    }

    /// A failover to a replica that had not got the last operations.
    fn lose_tail(&mut self, operations: usize) {
        let Some(keep) = self.past.len().checked_sub(operations) else {
            return;
        };
        if let Some(older) = self.past.drain(keep..).next() {
            self.store.fall_back_to(older);
        }
    }

    fn take_offer(&mut self) {
        if let Holding::Offered { to, .. } = self.store.row.holding
            && to == OTHER
        {
            self.store.give_to(OTHER);
        }
    }

    fn offer_back(&mut self) {
        if self.store.row.holding == (Holding::Owned { owner: OTHER }) {
            self.store.row.holding = Holding::Offered { owner: OTHER, to: ME, offer: OfferId(1) };
        }
    }

    fn claim(&mut self) {
        let expected = Expected::unchanged(Some(&self.store.row));
        if expected.holder != Some(ME) {
            self.tell(Input::Claim { expected });
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.shard.poll_timeout().is_some_and(|(at, _)| at <= end) {
            self.wake();
        }
        self.now = end;
    }

    fn wake(&mut self) {
        if let Some((at, reason)) = self.shard.poll_timeout() {
            self.now = self.now.max(at);
            self.tell(Input::Wake);
            let again = self.shard.poll_timeout();
            let is_served = again.is_none_or(|(at, _)| at > self.now);
            assert!(is_served, "woken for {reason} at {}, and again: {again:?}", self.now);
        }
    }

    fn tell(&mut self, input: Input) {
        match &input {
            Input::LeaseConfirmed => self.is_confirmed = true,
            Input::LeaseUnconfirmed => self.is_confirmed = false,
            Input::Halt => self.is_halted = true,
            Input::Restart => self.is_halted = false,
            // What is there already and not in the stream yet cannot be dropped.
            Input::RingBudget { bytes } => self.budget = (*bytes).max(self.shard.ring_bytes()),
            Input::Wake
            | Input::Claim { .. }
            | Input::Row(_)
            | Input::Warm(_)
            | Input::HandOver { .. }
            | Input::Release
            | Input::StoreChanged
            | Input::Reconnect
            | Input::NewSession
            | Input::Shed
            | Input::Socket { .. }
            | Input::Store(_) => {}
        }
        self.may_end_session = matches!(input, Input::NewSession);
        self.shard.handle(input, self.now);
        while let Some(output) = self.shard.poll_output() {
            self.carry_out(output);
        }
        self.check_shard();
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Open { socket, resume } => self.discord.open(socket, resume),
            Output::Proceed { socket } => {
                self.expect_socket(socket);
                self.discord.proceed();
            }
            Output::Close { socket, code } => {
                self.expect_socket(socket);
                assert!(code == CloseCode::Resumable || self.may_end_session, "ended a session");
                self.discord.on_close(code);
            }
            Output::Drop { socket } => {
                self.expect_socket(socket);
                self.discord.socket = None;
            }
            Output::RequestPermit { .. } => self.wants_permit = true,
            Output::WithdrawPermit { .. } => self.wants_permit = false,
            Output::Identify { socket } => {
                self.expect_socket(socket);
                assert!(self.is_confirmed && !self.is_halted, "identified without leave");
                self.discord.identify();
            }
            Output::Store(request) => self.requests.push_back(request),
            Output::Notice(_) => {}
        }
    }

    fn expect_socket(&self, socket: baton_shard::SocketId) {
        let there = self.discord.socket.as_ref().map(|socket| socket.id);
        assert_eq!(there, Some(socket));
    }
}
