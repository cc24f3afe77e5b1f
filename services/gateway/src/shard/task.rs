//! The task itself.

mod commands;
mod counting;
mod telling;

use std::sync::Arc;

use baton_model::{Epoch, Holding, InstanceId, Moment, ShardKey};
use baton_shard::{Answer, Config, Input, Output, Request, ShardMachine, SocketEvent, State};
use baton_store::{Append, Copies, ShardAddress, Store};
use futures_util::FutureExt;
use tokio::sync::{mpsc, watch};

pub use self::commands::Mail;
use self::commands::{Commanding, Departure};
use super::{
    calls::{self, Asker},
    connecting::Connections,
    face::Face,
    sure::{ConfirmedUntil, Sureness},
};
use crate::{
    brokers::copying::copies_of,
    clock::Clock,
    instruments::{AppMeters, passage::Passage},
    reader::LaneReader,
    socket::{Dialer, Heard, Socket},
    supervisor::{Errand, Report},
    tuning::AppTuning,
    writer::{LaneWriter, Page},
};

/// What is taken from the socket before errands and deadlines get their turn.
const FRAMES_A_TURN_MAX: usize = 64;

/// What comes to a shard's task.
#[derive(Debug)]
pub enum ToShard {
    /// The supervisor wants something.
    Errand(Errand),
    /// The store has answered.
    Answer(Answer),
    /// The ring may hold so much.
    RingLevel(usize),
    /// About its commands under this lease.
    Mail(Epoch, Mail),
    /// Show that you live.
    Pulse,
}

/// Which shard, and where it lives in the store.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its row and its lane.
    pub address: ShardAddress,
    /// This instance.
    pub me: InstanceId,
    /// Distinguishes the jitter of this shard.
    pub seed: u64,
}

/// What every shard's task is given.
#[derive(Clone)]
pub struct Surroundings<S> {
    /// The store.
    pub store: S,
    /// The one clock.
    pub clock: Clock,
    /// Until when leases are confirmed.
    pub confirmed_until: ConfirmedUntil,
    /// How to connect; replaced when the token changes.
    pub dialer: watch::Receiver<Arc<Dialer>>,
    /// Who writes to its lane.
    pub writer: LaneWriter,
    /// Who reads its lane's commands.
    pub reader: LaneReader,
    /// The supervisor's ear.
    pub reports: mpsc::UnboundedSender<(ShardKey, Report)>,
    /// Events that do not go into the stream.
    pub left_out: std::collections::BTreeSet<baton_model::EventName>,
    /// What of the app may change.
    pub tuning: watch::Receiver<AppTuning>,
    /// What is counted of the app.
    pub meters: Arc<AppMeters>,
}

/// A shard's task.
pub struct ShardTask<S> {
    asker: Asker,
    machine: ShardMachine,
    socket: Option<Socket>,
    sureness: Sureness,
    surroundings: Surroundings<S>,
    face: Arc<Face>,
    inbox: mpsc::UnboundedReceiver<ToShard>,
    /// The own address, for answers.
    letterbox: mpsc::WeakUnboundedSender<ToShard>,
    errands: u64,
    shown: Option<(State, Moment)>,
    has_said_at_rest: bool,
    epoch: Option<Epoch>,
    commanding: Commanding,
    departure: Option<Departure>,
    connections: Connections,
    passage: Passage,
    /// Since when it has wanted to IDENTIFY.
    waits_since: Option<Moment>,
}

enum Event {
    Letter(Option<ToShard>),
    Socket(Heard),
    Time,
}

impl<S: Store> ShardTask<S> {
    /// A task that has nothing to do yet, and how to reach it. It ends when it is at rest and
    /// nobody can reach it any more.
    #[must_use]
    pub fn new(
        place: Place,
        surroundings: Surroundings<S>,
        face: Arc<Face>,
    ) -> (Self, mpsc::UnboundedSender<ToShard>) {
        let (sender, inbox) = mpsc::unbounded_channel();
        let now = surroundings.clock.now();
        let left_out = surroundings.left_out.clone();
        let commanding = Commanding::new(surroundings.tuning.clone());
        let config = Config { me: place.me, left_out, seed: place.seed };
        let task = Self {
            asker: Asker {
                address: place.address,
                me: place.me,
                offerer: None,
                commands_done: None,
            },
            machine: ShardMachine::new(config, now),
            socket: None,
            sureness: Sureness::new(surroundings.confirmed_until.clone()),
            surroundings,
            face,
            inbox,
            letterbox: sender.downgrade(),
            errands: 0,
            shown: None,
            has_said_at_rest: false,
            epoch: None,
            commanding,
            departure: None,
            connections: Connections::default(),
            passage: Passage::default(),
            waits_since: None,
        };
        (task, sender)
    }

    /// Runs until it is dismissed.
    pub async fn run(mut self) {
        loop {
            match self.next_event().await {
                Event::Letter(Some(letter)) => self.read(letter),
                Event::Letter(None) => return,
                Event::Socket(heard) => self.hear(heard),
                Event::Time => {}
            }
            self.catch_up();
            self.look_after_commands();
            self.show();
        }
    }

    async fn next_event(&mut self) -> Event {
        let now = self.surroundings.clock.now();
        let wake = self.machine.poll_timeout().map(|(at, _)| at);
        let look = self.sureness.look_at(now);
        let commands = self.commanding.poll_timeout();
        let departure = self.departure.as_ref().map(|it| it.at);
        let due = [wake, look, commands, departure].into_iter().flatten().min();
        if due.is_some_and(|due| due <= now) {
            return Event::Time;
        }
        let clock = self.surroundings.clock;
        tokio::select! {
            biased;
            letter = self.inbox.recv() => Event::Letter(letter),
            heard = next_of(&mut self.socket) => Event::Socket(heard),
            () = clock.sleep_until(due) => Event::Time,
        }
    }

    fn read(&mut self, letter: ToShard) {
        match letter {
            ToShard::Errand(errand) => {
                self.errands += 1;
                self.has_said_at_rest = false;
                self.run_errand(errand);
            }
            ToShard::Answer(answer) => self.read_answer(answer),
            ToShard::RingLevel(bytes) => self.handle(Input::RingBudget { bytes }),
            ToShard::Mail(epoch, mail) => self.on_mail(epoch, mail),
            ToShard::Pulse => {}
        }
    }

    fn run_errand(&mut self, errand: Errand) {
        self.depart();
        match errand {
            Errand::Input(input @ (Input::HandOver { .. } | Input::Release)) => {
                self.depart_with(input);
            }
            Errand::Input(input) if self.sureness.takes(&input) => {}
            Errand::Input(input) => {
                if let Input::Row(row) = &input
                    && let Holding::Offered { owner, .. } = row.holding
                {
                    self.asker.offerer = Some(owner);
                }
                self.handle(input);
            }
            Errand::Permit { socket, use_before } => {
                if self.surroundings.clock.now() < use_before {
                    let event = SocketEvent::PermitGranted;
                    self.handle(Input::Socket { socket, event });
                } else {
                    // Too late to be used: it is asked for once more.
                    self.report(Report::PermitWanted(socket));
                }
            }
        }
    }

    fn read_answer(&mut self, answer: Answer) {
        if matches!(answer, Answer::Appended { .. }) {
            self.face.appended();
        }
        self.handle(Input::Store(answer));
    }

    /// Takes what comes from the socket, and what else lies there already.
    fn hear(&mut self, heard: Heard) {
        self.on_heard(heard);
        for _ in 1..FRAMES_A_TURN_MAX {
            let Some(heard) = next_of(&mut self.socket).now_or_never() else {
                return;
            };
            self.on_heard(heard);
        }
    }

    fn on_heard(&mut self, heard: Heard) {
        match heard {
            Heard::Event(event) => self.on_socket(event),
            Heard::Written => self.on_command_written(),
        }
    }

    fn on_socket(&mut self, event: SocketEvent) {
        let Some(socket) = &self.socket else {
            return;
        };
        let id = socket.id();
        self.connections.hear(&event);
        self.count_event(&event);
        match &event {
            SocketEvent::Dispatch(dispatch) => {
                self.face.count_dispatch();
                self.commanding.on_dispatch(dispatch, self.surroundings.clock.now());
            }
            SocketEvent::Ready { .. } => self.face.count_dispatch(),
            SocketEvent::Closed { .. } | SocketEvent::ConnectFailed => self.socket = None,
            SocketEvent::Hello
            | SocketEvent::PermitWanted
            | SocketEvent::PermitGranted
            | SocketEvent::Frame
            | SocketEvent::ReconnectAsked
            | SocketEvent::InvalidSession { .. } => {}
        }
        self.handle(Input::Socket { socket: id, event });
    }

    /// Time has passed meanwhile.
    fn catch_up(&mut self) {
        let now = self.surroundings.clock.now();
        if self.departure.as_ref().is_some_and(|it| it.at <= now) {
            self.depart();
        }
        if let Some(news) = self.sureness.news(now) {
            self.handle(news);
        }
        if self.machine.poll_timeout().is_some_and(|(at, _)| at <= now) {
            self.handle(Input::Wake);
        }
    }

    fn handle(&mut self, input: Input) {
        self.machine.handle(input, self.surroundings.clock.now());
        while let Some(output) = self.machine.poll_output() {
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Open { socket, resume } => {
                let dialer = self.surroundings.dialer.borrow().clone();
                let number = self.asker.address.shard.number;
                self.connections.open(resume.as_ref());
                self.surroundings.meters.connections.increment(1);
                self.socket = Some(dialer.dial(number, socket, resume.as_ref()));
            }
            Output::Proceed { socket } => self.with_socket(socket, Socket::proceed),
            Output::Close { socket, code } => self.with_socket(socket, |it| it.close(code)),
            Output::Drop { socket } => {
                self.socket.take_if(|it| it.id() == socket);
            }
            Output::Identify { socket } => {
                self.count_wait(true);
                self.with_socket(socket, |it| it.identify());
            }
            Output::RequestPermit { socket } => {
                self.count_wait(false);
                self.report(Report::PermitWanted(socket));
            }
            Output::WithdrawPermit { .. } => {
                self.waits_since = None;
                self.report(Report::PermitWithdrawn);
            }
            Output::Store(request) => {
                self.follow_request(&request);
                self.ask(request);
            }
            Output::Notice(notice) => {
                self.note(notice);
                self.report(Report::Notice(notice));
            }
        }
    }

    fn with_socket(&mut self, id: baton_shard::SocketId, act: impl FnOnce(&mut Socket)) {
        if let Some(socket) = self.socket.as_mut().filter(|socket| socket.id() == id) {
            act(socket);
        }
    }

    fn ask(&mut self, request: Request) {
        let Some(answer_to) = self.letterbox.upgrade() else {
            return; // Nobody waits for what becomes of this shard.
        };
        if let Request::Append(append) = request {
            self.face.appending(self.surroundings.clock.now());
            let append = calls::store_append(&self.asker, append);
            let copies = self.copies_of(&append);
            self.surroundings.writer.write(Page { append, copies, answer_to });
            return;
        }
        let mut asker = self.asker.clone();
        asker.commands_done = self.commanding.unsaved();
        let store = self.surroundings.store.clone();
        let reports = self.surroundings.reports.clone();
        tokio::spawn(async move {
            let shard = asker.address.shard.clone();
            let heir = calls::heir_of(&request);
            let Some(answer) = calls::carry_out(store, asker, request).await else {
                return;
            };
            if let (Answer::Offered { .. }, Some(to)) = (&answer, heir) {
                // The supervisor may have ended.
                drop(reports.send((shard, Report::Offered { to })));
            }
            // The task may have ended.
            drop(answer_to.send(ToShard::Answer(answer)));
        });
    }
}

impl<S> ShardTask<S> {
    /// What `@discordjs/brokers` is to have of an append, where the app wants that.
    fn copies_of(&self, append: &Append) -> Option<Copies> {
        let (settings, entries_max) = {
            let tuning = self.surroundings.tuning.borrow();
            (tuning.brokers.clone()?, tuning.keep.entries_max)
        };
        let shard = append.hold.address.shard.number;
        let (copies, unfit) = copies_of(&append.entries, shard, &settings, entries_max);
        self.surroundings.reader.face().count_missing_copies(unfit);
        Some(copies)
    }
}

/// What comes next from the socket; never anything where there is none.
async fn next_of(socket: &mut Option<Socket>) -> Heard {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}
