//! One shard at one process: its machine, its socket, and what stands between them.

use std::collections::BTreeSet;

use baton_gateway::supervisor::{Errand, Report};
use baton_model::{EventName, Holding, InstanceId, Moment};
use baton_shard::{
    Answer, Config, Input, Output, Request, ShardMachine, SocketEvent, SocketId, State,
};
use baton_store::ShardAddress;

use super::{
    socket::{Heard, Said, Socket, Yield},
    sure::Sureness,
};
use crate::seeded::Seeded;

/// What a shard wants of its process.
#[derive(Debug)]
pub(super) enum Wish {
    Report(Report),
    Ask(Request),
    Say(SocketId, Said),
}

pub(super) struct ShardTask {
    pub(super) address: ShardAddress,
    /// Distinguishes it from one of the same shard that was dismissed.
    pub(super) life: u64,
    pub(super) machine: ShardMachine,
    /// Whose offer is being accepted.
    pub(super) offerer: Option<InstanceId>,
    socket: Option<Socket>,
    sureness: Sureness,
    seeded: Seeded,
    errands: u64,
    has_said_at_rest: bool,
    pub(super) wishes: Vec<Wish>,
}

/// When something happens: by the own clock, and how long the leases are confirmed at that time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hour {
    pub(super) now: Moment,
    pub(super) sure_until: Option<Moment>,
}

impl ShardTask {
    pub(super) fn new(
        (address, life): (ShardAddress, u64),
        me: InstanceId,
        left_out: BTreeSet<EventName>,
        now: Moment,
    ) -> Self {
        let low = u64::try_from(me.bits() & u128::from(u64::MAX)).unwrap_or_default();
        let seed = low ^ u64::from(address.shard.number.0).wrapping_mul(0x1_0001) ^ life;
        let config = Config { me, left_out, seed };
        Self {
            address,
            life,
            machine: ShardMachine::new(config, now),
            offerer: None,
            socket: None,
            sureness: Sureness::default(),
            seeded: Seeded::new(seed, 5),
            errands: 0,
            has_said_at_rest: false,
            wishes: Vec::new(),
        }
    }

    pub(super) fn set_ring_level(&mut self, bytes: usize, hour: Hour) {
        self.handle(Input::RingBudget { bytes }, hour);
    }

    pub(super) fn state(&self) -> State {
        self.machine.status().state
    }

    pub(super) fn due(&self, hour: Hour) -> Option<Moment> {
        let machine = self.machine.poll_timeout().map(|(at, _)| at);
        let look = self.sureness.look_at(hour.sure_until, hour.now);
        let socket = self.socket.as_ref().and_then(Socket::due);
        [machine, look, socket].into_iter().flatten().min()
    }

    pub(super) fn run_errand(&mut self, errand: Errand, hour: Hour) {
        self.errands += 1;
        self.has_said_at_rest = false;
        match errand {
            Errand::Input(input) if self.sureness.takes(&input) => {}
            Errand::Input(input) => {
                if let Input::Row(row) = &input
                    && let Holding::Offered { owner, .. } = row.holding
                {
                    self.offerer = Some(owner);
                }
                self.handle(input, hour);
            }
            Errand::Permit { socket, use_before } if hour.now < use_before => {
                let event = SocketEvent::PermitGranted;
                self.handle(Input::Socket { socket, event }, hour);
            }
            // Too late to be used: it is asked for once more.
            Errand::Permit { socket, use_before: _ } => {
                self.wishes.push(Wish::Report(Report::PermitWanted(socket)));
            }
        }
        self.catch_up(hour);
    }

    pub(super) fn read_answer(&mut self, answer: Answer, hour: Hour) {
        self.handle(Input::Store(answer), hour);
        self.catch_up(hour);
    }

    pub(super) fn hear(&mut self, id: SocketId, heard: Heard, hour: Hour) {
        self.with_socket(id, hour, |socket, out| socket.hear(heard, hour.now, out));
        self.catch_up(hour);
    }

    /// Time has passed.
    pub(super) fn catch_up(&mut self, hour: Hour) {
        if let Some(socket) = &self.socket {
            let id = socket.id();
            self.with_socket(id, hour, |socket, out| socket.wake(hour.now, out));
        }
        if let Some(news) = self.sureness.news(hour.sure_until, hour.now) {
            self.handle(news, hour);
        }
        if self.machine.poll_timeout().is_some_and(|(at, _)| at <= hour.now) {
            self.handle(Input::Wake, hour);
        }
        if !self.has_said_at_rest && self.is_at_rest() {
            self.has_said_at_rest = true;
            self.wishes.push(Wish::Report(Report::AtRest { errands: self.errands }));
        }
    }

    /// The connection that ends with this task, if there is one.
    pub(super) fn open_socket(&self) -> Option<SocketId> {
        self.socket.as_ref().filter(|socket| !socket.is_over()).map(Socket::id)
    }

    fn handle(&mut self, input: Input, hour: Hour) {
        self.machine.handle(input, hour.now);
        while let Some(output) = self.machine.poll_output() {
            self.carry_out(output, hour);
        }
    }

    fn carry_out(&mut self, output: Output, hour: Hour) {
        match output {
            Output::Open { socket, resume } => {
                let first_beat = u32::try_from(self.seeded.between(0, 999)).unwrap_or_default();
                self.wishes.push(Wish::Say(socket, Said::Dial(Box::new(resume.clone()))));
                self.socket = Some(Socket::dial(socket, resume, first_beat));
            }
            Output::Proceed { socket } => {
                self.with_socket(socket, hour, |it, out| it.proceed(hour.now, out));
            }
            Output::Close { socket, code } => {
                self.with_socket(socket, hour, |it, out| it.close(code, out));
            }
            Output::Drop { socket } => {
                if self.socket.take_if(|it| it.id() == socket).is_some_and(|it| !it.is_over()) {
                    self.wishes.push(Wish::Say(socket, Said::Drop));
                }
            }
            Output::Identify { socket } => {
                self.with_socket(socket, hour, |it, out| it.identify(out));
            }
            Output::RequestPermit { socket } => {
                self.wishes.push(Wish::Report(Report::PermitWanted(socket)));
            }
            Output::WithdrawPermit { .. } => {
                self.wishes.push(Wish::Report(Report::PermitWithdrawn));
            }
            Output::Store(request) => self.wishes.push(Wish::Ask(request)),
            Output::Notice(notice) => self.wishes.push(Wish::Report(Report::Notice(notice))),
        }
    }

    fn with_socket(&mut self, id: SocketId, hour: Hour, act: impl FnOnce(&mut Socket, &mut Yield)) {
        let Some(socket) = self.socket.as_mut().filter(|socket| socket.id() == id) else {
            return;
        };
        let mut out = Yield::default();
        act(socket, &mut out);
        self.wishes.extend(out.said.into_iter().map(|said| Wish::Say(id, said)));
        for event in out.events {
            if matches!(event, SocketEvent::Closed { .. } | SocketEvent::ConnectFailed) {
                self.socket.take_if(|socket| socket.id() == id);
            }
            self.handle(Input::Socket { socket: id, event }, hour);
        }
    }

    fn is_at_rest(&self) -> bool {
        let has_ended =
            matches!(self.state(), State::Idle | State::Fenced | State::Moved | State::Released);
        has_ended && self.socket.is_none() && self.errands > 0
    }
}
