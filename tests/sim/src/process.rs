//! One instance: the real supervisor and the real shards' machines, under a shell as thin as the
//! gateway's own.
//!
//! It is as pure as what it hosts. A [`Letter`] comes in with the true time, from which its own
//! clock follows; [`Effect`]s come out. It may be dropped at any time: that is a crash.

mod asking;
mod keeper;
mod lanes;
mod socket;
mod sure;
mod task;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    num::NonZeroU16,
};

use baton_fleet::{Hint, Myself, StoreSafety};
use baton_gateway::supervisor::{App, Ending, Errand, Input, Output, Report, Supervisor};
use baton_model::{AppName, EventName, InstanceId, Moment, ShardKey};
use baton_shard::{Answer, Request, SocketId, State};
use baton_store::{SessionStartLimit, ShardAddress};

pub(crate) use self::socket::{Heard, Said};
use self::{
    asking::{Asked, Purpose},
    keeper::Keeper,
    lanes::Lanes,
    task::{Hour, ShardTask, Wish},
};
use crate::{
    local_clock::LocalClock,
    store::{Answered, Ask, Trouble},
};

/// Turns that a process takes over one letter. One that takes more wakes itself again and again.
const TURNS_MAX: u32 = 100_000;

/// Names a request of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AskId(pub(crate) u64);

/// What comes to a process.
#[derive(Debug, Clone)]
pub(crate) enum Letter {
    /// The time it asked for has come.
    Wake,
    Answer(AskId, Result<Box<Answered>, Trouble>),
    Hint(Hint),
    Socket(ShardKey, SocketId, Heard),
    /// Its presence in the store is held, or is not.
    Presence(Held),
    /// What the store says of itself.
    Safety(StoreSafety),
    /// What each ring may hold.
    RingLevel(usize),
    /// What Discord's REST says of the day's limit, if it answers.
    Limit(Option<SessionStartLimit>),
    /// It is to give everything away.
    Drain,
    /// One of its shards' tasks, by this number modulo how many there are, is stuck.
    Restart {
        pick: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// And what the store says of itself.
    Yes(StoreSafety),
    No,
}

/// What a process does.
#[derive(Debug)]
pub(crate) enum Effect {
    Ask(AskId, Ask),
    Tell(Hint),
    Say(ShardKey, SocketId, Said),
    /// Asks Discord's REST for the day's limit.
    AskLimit,
    End(Ending),
}

/// Which app it runs.
#[derive(Debug, Clone)]
pub(crate) struct AppShape {
    pub(crate) name: AppName,
    pub(crate) app: App,
    /// Events that do not go into the stream.
    pub(crate) left_out: BTreeSet<EventName>,
}

pub(crate) struct Process {
    pub(crate) me: InstanceId,
    pub(crate) clock: LocalClock,
    pub(crate) supervisor: Supervisor,
    shape: AppShape,
    tasks: BTreeMap<ShardKey, ShardTask>,
    lives: u64,
    ring_level: Option<usize>,
    shed: BTreeSet<ShardKey>,
    lanes: Lanes,
    asked: BTreeMap<AskId, Asked>,
    last_ask: AskId,
    keeper: Keeper,
    /// What tasks and supervisor say to each other, in its order.
    inner: VecDeque<Inner>,
    effects: Vec<Effect>,
}

enum Inner {
    ToSupervisor(Input),
    Errand(ShardKey, Errand),
    Answer(ShardKey, u64, Answer),
}

impl Process {
    pub(crate) fn new(myself: Myself, clock: LocalClock, shape: AppShape, truth: Moment) -> Self {
        let now = clock.local(truth);
        Self {
            me: myself.id,
            clock,
            supervisor: Supervisor::new(myself, now),
            shape,
            tasks: BTreeMap::new(),
            lives: 0,
            ring_level: None,
            shed: BTreeSet::new(),
            lanes: Lanes::default(),
            asked: BTreeMap::new(),
            last_ask: AskId(0),
            keeper: Keeper::starting(now),
            inner: VecDeque::new(),
            effects: Vec::new(),
        }
    }

    /// Takes in what happened, and returns what is to be done.
    pub(crate) fn handle(&mut self, letter: Letter, truth: Moment) -> Vec<Effect> {
        let now = self.clock.local(truth);
        match letter {
            Letter::Wake => {}
            Letter::Answer(id, answered) => self.on_answer(id, answered, now),
            Letter::Hint(hint) => self.tell(Input::Hint(hint)),
            Letter::Socket(shard, socket, heard) => {
                let hour = self.hour(now);
                if let Some(task) = self.tasks.get_mut(&shard) {
                    task.hear(socket, heard, hour);
                }
            }
            Letter::Presence(Held::Yes(safety)) => {
                self.tell_fleet(baton_fleet::Input::Connected);
                self.tell_fleet(baton_fleet::Input::StoreSafety(safety));
            }
            Letter::Safety(safety) => {
                self.tell_fleet(baton_fleet::Input::StoreSafety(safety));
            }
            Letter::RingLevel(bytes) => self.set_ring_level(bytes, now),
            Letter::Presence(Held::No) => self.tell_fleet(baton_fleet::Input::Disconnected),
            Letter::Limit(limit) => self.on_limit(limit, now),
            Letter::Drain => {
                let limit = baton_model::limits::DRAIN_LIMIT;
                self.tell_fleet(baton_fleet::Input::Drain { limit });
            }
            Letter::Restart { pick } => self.restart(pick),
        }
        self.settle(now);
        std::mem::take(&mut self.effects)
    }

    /// The true time at which to come back.
    pub(crate) fn due(&self, truth: Moment) -> Option<Moment> {
        let now = self.clock.local(truth);
        let hour = self.hour(now);
        let tasks = self.tasks.values().filter_map(|task| task.due(hour));
        let answers = self.asked.values().map(|asked| asked.deadline);
        let own = [self.supervisor.poll_timeout(), Some(self.keeper.due())];
        let due = own.into_iter().flatten().chain(tasks).chain(answers).min()?;
        Some(self.clock.truth(due).max(truth))
    }

    /// In which state each of its shards is.
    pub(crate) fn states(&self) -> impl Iterator<Item = (&ShardKey, State)> {
        self.tasks.iter().map(|(shard, task)| (shard, task.state()))
    }

    /// Shards that were closed to save memory since this was last asked.
    pub(crate) fn newly_shed(&mut self) -> Vec<ShardKey> {
        let is_shed = |(_, state): &(&ShardKey, State)| *state == State::Shed;
        let shed: BTreeSet<_> =
            self.states().filter(is_shed).map(|(shard, _)| shard.clone()).collect();
        let before = std::mem::replace(&mut self.shed, shed);
        self.shed.difference(&before).cloned().collect()
    }

    /// Until when it is sure of its leases, by its own clock.
    pub(crate) fn is_sure(&self, truth: Moment) -> bool {
        let until = self.supervisor.confirmed_until();
        until.is_some_and(|until| self.clock.local(truth) < until)
    }

    fn hour(&self, now: Moment) -> Hour {
        Hour { now, sure_until: self.supervisor.confirmed_until() }
    }

    fn settle(&mut self, now: Moment) {
        self.give_up_waiting(now);
        for turn in 0.. {
            assert!(turn < TURNS_MAX, "{} does not come to rest at {now}", self.me);
            self.collect_wishes();
            self.collect_outputs();
            if let Some(inner) = self.inner.pop_front() {
                self.pass_on(inner, now);
            } else if !self.wake_one(now) {
                break;
            }
        }
        self.keep(now);
    }

    fn pass_on(&mut self, inner: Inner, now: Moment) {
        match inner {
            Inner::ToSupervisor(input) => self.supervisor.handle(input, now),
            Inner::Errand(shard, errand) => self.run_errand(shard, errand, now),
            Inner::Answer(shard, life, answer) => {
                let hour = self.hour(now);
                if let Some(task) = self.tasks.get_mut(&shard).filter(|task| task.life == life) {
                    task.read_answer(answer, hour);
                }
            }
        }
    }

    fn run_errand(&mut self, shard: ShardKey, errand: Errand, now: Moment) {
        let hour = self.hour(now);
        let (me, lanes) = (self.me, self.shape.app.shape.lanes);
        let (lives, level) = (&mut self.lives, self.ring_level);
        let left_out = &self.shape.left_out;
        let task = self.tasks.entry(shard).or_insert_with_key(|shard| {
            *lives += 1;
            let address = ShardAddress::new(shard.clone(), lanes);
            let mut task = ShardTask::new((address, *lives), me, left_out.clone(), now);
            if let Some(bytes) = level {
                task.set_ring_level(bytes, hour);
            }
            task
        });
        task.run_errand(errand, hour);
    }

    fn set_ring_level(&mut self, bytes: usize, now: Moment) {
        self.ring_level = Some(bytes);
        let hour = self.hour(now);
        for task in self.tasks.values_mut() {
            task.set_ring_level(bytes, hour);
        }
    }

    /// Wakes whoever is due, and says whether anybody was.
    fn wake_one(&mut self, now: Moment) -> bool {
        if self.supervisor.poll_timeout().is_some_and(|due| due <= now) {
            self.supervisor.handle(Input::Wake, now);
            return true;
        }
        let hour = self.hour(now);
        let due = self.tasks.values_mut().find(|task| task.due(hour).is_some_and(|at| at <= now));
        due.map(|task| task.catch_up(hour)).is_some()
    }

    fn collect_outputs(&mut self) {
        while let Some(output) = self.supervisor.poll_output() {
            match output {
                Output::Ask(ask) => self.ask_for_supervisor(ask),
                Output::Tell(hint) => self.effects.push(Effect::Tell(hint)),
                Output::Errand(shard, errand) => self.inner.push_back(Inner::Errand(shard, errand)),
                Output::Dismiss(shard) => self.dismiss(&shard),
                Output::Remark(_) => {}
                Output::End(ending) => self.effects.push(Effect::End(ending)),
            }
        }
    }

    fn dismiss(&mut self, shard: &ShardKey) {
        let task = self.tasks.remove(shard);
        if let Some(socket) = task.as_ref().and_then(ShardTask::open_socket) {
            self.effects.push(Effect::Say(shard.clone(), socket, Said::Drop));
        }
    }

    /// Ends a task, and has another take its place.
    fn restart(&mut self, pick: u64) {
        let count = u64::try_from(self.tasks.len()).unwrap_or(0).max(1);
        let index = usize::try_from(pick % count).unwrap_or(0);
        if let Some(shard) = self.tasks.keys().nth(index).cloned() {
            self.dismiss(&shard);
            self.tell(Input::Restarted(shard));
        }
    }

    fn collect_wishes(&mut self) {
        let with_wishes = self.tasks.iter_mut().filter(|(_, task)| !task.wishes.is_empty());
        let wishes: Vec<_> = with_wishes
            .map(|(shard, task)| (shard.clone(), std::mem::take(&mut task.wishes)))
            .collect();
        for (shard, wishes) in wishes {
            for wish in wishes {
                self.grant(&shard, wish);
            }
        }
    }

    fn grant(&mut self, shard: &ShardKey, wish: Wish) {
        match wish {
            Wish::Report(report) => self.tell(Input::Report(shard.clone(), report)),
            Wish::Ask(request) => self.ask_for_shard(shard, request),
            Wish::Say(socket, said) => self.effects.push(Effect::Say(shard.clone(), socket, said)),
        }
    }

    fn ask_for_shard(&mut self, shard: &ShardKey, request: Request) {
        let Some(task) = self.tasks.get(shard) else {
            return;
        };
        let (address, offerer, life) = (task.address.clone(), task.offerer, task.life);
        if let Request::Append(append) = request {
            self.lanes.bring(lanes::page(address, self.me, append, life));
            return self.write();
        }
        let offered_to = if let Request::Offer { to, .. } = &request { Some(*to) } else { None };
        let asked = request.asked();
        let purpose = Purpose::Lease { shard: shard.clone(), life, asked, offered_to };
        self.ask(Ask::Lease { address, offerer, request: Box::new(request) }, purpose);
    }

    fn tell(&mut self, input: Input) {
        self.inner.push_back(Inner::ToSupervisor(input));
    }

    fn tell_fleet(&mut self, input: baton_fleet::Input) {
        self.tell(Input::Fleet(Box::new(input)));
    }

    fn report(&mut self, shard: ShardKey, report: Report) {
        self.tell(Input::Report(shard, report));
    }
}

impl AppShape {
    pub(crate) fn addresses(&self) -> Vec<ShardAddress> {
        let keys = self.app.shape.shards.shards().map(|number| ShardKey {
            app: self.name.clone(),
            generation: self.app.shape.generation,
            number,
        });
        keys.map(|shard| ShardAddress::new(shard, self.app.shape.lanes)).collect()
    }

    pub(crate) const fn buckets(&self) -> NonZeroU16 {
        self.app.buckets
    }
}
