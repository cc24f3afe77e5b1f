//! The world: everything there is, and what happens to it next.
//!
//! One seed decides all of it: how many instances, how fast their clocks run, how long every
//! message takes, and what goes wrong. Whoever runs a seed twice sees the same history, byte for
//! byte.

mod at_discord;
mod at_store;
mod breaking;
mod ending;
mod living;
mod operating;
mod shape;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use baton_fleet::StoreSafety;
use baton_mock_discord::{ConnectionId, Discord, Input, Settings};
use baton_model::{InstanceId, Moment};

pub(crate) use self::at_store::Sent;
pub use self::ending::Ending;
use self::shape::Shape;
use crate::{
    agenda::Agenda,
    discord::{Arrival, Connections},
    extras::Extras,
    faults::{self, Fault},
    laws::{Laws, Violation},
    orders::{self, Order},
    process::{Letter, Process},
    seeded::Seeded,
    store::Store,
    trace::Trace,
};

/// How long after the last fault events go on, besides the time that it takes to notice a dead
/// connection.
const LOAD_AFTER: Duration = Duration::from_secs(20);

/// How long after the last fault everything must have come to rest. Shards are moved for balance
/// when the fleet has been calm for a minute, and each once a minute.
const REST_AFTER: Duration = Duration::from_secs(150);

/// A process, by its number in the order of starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pid(pub(crate) u32);

/// Something that will happen.
#[derive(Debug)]
pub(crate) enum Event {
    Start,
    /// A process's timer. One that was set anew since is none.
    Wake(Pid),
    Letter(Pid, Letter),
    /// An answer of the store on its way.
    Answer(Pid, Letter),
    AtStore(Sent),
    AtDiscord(ConnectionId, Arrival),
    LimitAsked(Pid),
    DiscordWakes,
    Presence(Pid),
    SafetyAsked(Pid),
    /// The kernel of a dead process has closed its connections.
    Absent(InstanceId),
    Continue(Pid),
    Fault(Fault),
    Order(Order),
    /// The second half of a fault that has begun.
    FaultAt(Pid, Fault),
    Quiet,
    LoadEnds,
    End,
}

/// A process and the machine it runs on.
pub(crate) struct Host {
    pub(crate) process: Process,
    wake_at: Option<Moment>,
    stopped_until: Option<Moment>,
    /// What came while it stood still.
    deferred: VecDeque<Letter>,
    to_store: Link,
    cut_from_discord_until: Moment,
    latency: Duration,
    pub(crate) is_draining: bool,
    has_stood_still: bool,
    /// Until when anything kept it from showing that it lives.
    pub(crate) hindered_until: Moment,
}

/// The way to the store.
#[derive(Debug, Default)]
struct Link {
    cut_until: Moment,
    slow: (Moment, Duration),
    lossy: (Moment, u64),
}

/// Everything there is.
pub(crate) struct World {
    pub(crate) now: Moment,
    pub(crate) shape: Shape,
    agenda: Agenda<Event>,
    seeded: Seeded,
    pub(crate) trace: Trace,
    pub(crate) store: Store,
    /// Until when it might lose what it grants.
    unsafe_until: Moment,
    pub(crate) discord: Discord,
    discord_wakes_at: Option<Moment>,
    connections: Connections,
    pub(crate) hosts: BTreeMap<Pid, Host>,
    last_pid: u32,
    last_intent: u64,
    /// What the processes are called in the trace.
    names: Vec<(InstanceId, Pid)>,
    pub(crate) laws: Laws,
    /// Whether every session can be resumed after all that goes wrong here.
    is_gentle: bool,
    pub(crate) events: u64,
}

impl World {
    pub(crate) fn new(seed: u64, trace: Trace) -> Self {
        let mut seeded = Seeded::new(seed, 1);
        let mut shape = Shape::drawn(&mut seeded);
        let extras = Extras::of(seed, shape.shards());
        shape.app.left_out.clone_from(&extras.left_out);
        let settings = Settings {
            guilds: shape.shards() * shape.guilds_per_shard,
            guild_create_bytes: 200,
            shards: shape.app.app.shape.shards,
            heartbeat_interval: shape.heartbeat,
            max_concurrency: u32::from(shape.app.buckets().get()),
            ..Settings::default()
        };
        let identifies_a_day = extras.identifies_a_day.unwrap_or(settings.identifies_a_day);
        let settings = Settings { identifies_a_day, ..settings };
        let mut world = Self {
            now: Moment::ZERO,
            agenda: Agenda::default(),
            seeded: Seeded::new(seed, 2),
            trace,
            store: Store::new(),
            unsafe_until: Moment::ZERO,
            discord: Discord::new(settings, seed, Moment::ZERO),
            discord_wakes_at: None,
            connections: Connections::default(),
            hosts: BTreeMap::new(),
            last_pid: 0,
            last_intent: 0,
            names: Vec::new(),
            laws: Laws::new(&shape.app),
            is_gentle: true,
            events: 0,
            shape,
        };
        let orders = orders::orders(seed, world.shape.shards());
        world.plan(&mut Seeded::new(seed, 3), extras.faults, orders);
        world
    }

    /// Notes everything that is known beforehand.
    fn plan(
        &mut self,
        seeded: &mut Seeded,
        besides: Vec<(Moment, Fault)>,
        orders: Vec<(Moment, Order)>,
    ) {
        for _ in 0..self.shape.instances {
            let at = Moment::ZERO + seeded.millis(0, 3_000);
            self.agenda.note(at, Event::Start);
        }
        let mut faults = faults::schedule(seeded, self.shape.shards());
        faults.extend(besides);
        let ends = faults.iter().map(|(at, fault)| *at + fault.lasts());
        let quiet_at = ends.chain(orders.iter().map(|(at, _)| *at)).max();
        let quiet_at = quiet_at.unwrap_or(Moment::from_millis(15_000));
        self.is_gentle = faults.iter().all(|(_, fault)| fault.is_gentle());
        for (at, fault) in faults {
            self.agenda.note(at, Event::Fault(fault));
        }
        for (at, order) in orders {
            self.agenda.note(at, Event::Order(order));
        }
        self.agenda.note(quiet_at, Event::Quiet);
        let noticed_after = self.shape.heartbeat * 2;
        self.agenda.note(quiet_at + noticed_after + LOAD_AFTER, Event::LoadEnds);
        self.agenda.note(quiet_at + REST_AFTER, Event::End);
        self.trace.note(Moment::ZERO, format_args!("{}", self.shape));
        let pace = self.shape.pace;
        self.tell_discord(Input::Load(Some(pace)));
    }

    /// What the store says of itself.
    fn safety(&self) -> StoreSafety {
        match self.unsafe_until > self.now {
            true => StoreSafety::Unsafe,
            false => StoreSafety::Safe,
        }
    }

    /// The history, with the processes' names where their ids stood.
    pub(crate) fn take_lines(&mut self) -> Vec<String> {
        let named = |line: String| {
            let names = self.names.iter();
            names.fold(line, |line, (id, pid)| line.replace(&id.to_string(), &pid.to_string()))
        };
        self.trace.take_lines().into_iter().map(named).collect()
    }

    /// Runs to the end, or to the first law that is broken.
    pub(crate) fn run(&mut self) -> Result<(), Violation> {
        while let Some((at, event)) = self.agenda.next() {
            self.now = at;
            self.events += 1;
            if matches!(event, Event::End) {
                return self.judge();
            }
            self.happen(event);
            if let Some(violation) = self.laws.take_violation() {
                return Err(violation);
            }
        }
        unreachable!("the end is on the agenda")
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Start => self.start(),
            Event::Wake(pid) => {
                let now = self.now;
                if let Some(host) = self.hosts.get_mut(&pid)
                    && host.wake_at == Some(now)
                {
                    host.wake_at = None;
                    self.deliver(pid, Letter::Wake);
                }
            }
            Event::Letter(pid, letter) => self.deliver(pid, letter),
            Event::Answer(pid, letter) => {
                if self.hosts.get(&pid).is_some_and(|host| host.to_store.cut_until <= self.now) {
                    self.deliver(pid, letter);
                }
            }
            Event::AtStore(sent) => self.at_store(sent),
            Event::AtDiscord(connection, arrival) => self.at_discord(connection, arrival),
            Event::LimitAsked(pid) => self.on_limit_asked(pid),
            Event::DiscordWakes => {
                if self.discord_wakes_at == Some(self.now) {
                    self.discord_wakes_at = None;
                    self.tell_discord(Input::Wake);
                }
            }
            Event::Presence(pid) => self.hold_presence(pid),
            Event::SafetyAsked(pid) => self.deliver(pid, Letter::Safety(self.safety())),
            Event::Absent(id) => {
                self.store.present.remove(&id);
            }
            Event::Continue(pid) => self.go_on(pid),
            Event::Fault(fault) => self.break_something(fault),
            Event::Order(order) => self.order(order),
            Event::FaultAt(pid, fault) => self.break_one(pid, &fault),
            Event::Quiet => self.mend_everything(),
            Event::LoadEnds => self.tell_discord(Input::Load(None)),
            Event::End => unreachable!("the run is over"),
        }
    }
}
