//! Between the fleet's decisions and the shards' tasks: who is meant, and what came of it.
//!
//! [`Fleet`] speaks of leases, a [`ShardMachine`](baton_shard::ShardMachine) of its own one. The
//! [`Supervisor`] owns the first and knows for each of the second what was last asked of it, so
//! that "a claim was granted" and "an offer was accepted" become two different things again. Like
//! both it is pure: no socket, clock, task or store. The gateway drives it, and so does the
//! simulation.
//!
//! The one idea: *a row that names this instance is never ignored*. Whoever it belongs to, a task
//! is started for it, and the shard's machine decides what it means.

mod hosted;
mod input;
mod output;

mod carrying;
mod disputes;
mod happenings;
mod moving;
mod orders;
mod reports;
mod restarting;
mod retiring;
mod rows;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use baton_fleet::{Fleet, History, Myself};
use baton_model::{AppName, AppShape, InstanceId, Intent, IntentId, Line, Moment, Phase, ShardKey};
use baton_store::{ShardAddress, What};

use self::{
    disputes::{Accidents, Gathered},
    happenings::Leaving,
    hosted::{Arrival, Hosted, Past},
    retiring::Retiring,
};

pub use self::{
    disputes::Dispute,
    input::{App, Connection, Input, Report},
    output::{Ask, Ending, Errand, Output, Remark},
};

/// One instance's supervisor. How to drive it: [`handle`](Self::handle) what happened, carry out
/// [`poll_output`](Self::poll_output), come back at [`poll_timeout`](Self::poll_timeout).
#[derive(Debug)]
pub struct Supervisor {
    me: InstanceId,
    fleet: Fleet,
    apps: BTreeMap<AppName, App>,
    hosted: BTreeMap<ShardKey, Hosted>,
    past: BTreeMap<ShardKey, Past>,
    arrivals: BTreeMap<ShardKey, Arrival>,
    losses: Accidents,
    contested: Accidents,
    rolled_back: Gathered,
    foreign: Gathered,
    /// What operators want, as the last poll showed it.
    intents: Vec<Intent>,
    /// What of that has been done here.
    obeyed: BTreeSet<IntentId>,
    /// Apps that Discord rejects.
    halted: BTreeSet<AppName>,
    /// Apps that are to run no more.
    retiring: Retiring,
    is_confirmed: bool,
    /// What a drain ends in: the reason for which it began.
    ending: Ending,
    /// Whether everything is to be given away because the process ends.
    is_ending: bool,
    /// The operator's wish that this instance be empty, and why.
    order: Option<(IntentId, Line)>,
    /// The drain that is under way.
    leaving: Option<Leaving>,
    /// When the sweep whose answer is awaited was asked for.
    swept_at: Moment,
    outputs: VecDeque<Output>,
}

impl Supervisor {
    /// A supervisor of no app, as yet.
    #[must_use]
    pub fn new(myself: Myself, now: Moment) -> Self {
        Self {
            me: myself.id,
            fleet: Fleet::new(myself, now),
            apps: BTreeMap::new(),
            hosted: BTreeMap::new(),
            past: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            losses: Accidents::default(),
            contested: Accidents::default(),
            rolled_back: Gathered::default(),
            foreign: Gathered::default(),
            intents: Vec::new(),
            obeyed: BTreeSet::new(),
            halted: BTreeSet::new(),
            retiring: Retiring::new(),
            is_confirmed: false,
            ending: Ending::Drained,
            is_ending: false,
            order: None,
            leaving: None,
            swept_at: now,
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened at `now`.
    pub fn handle(&mut self, input: Input, now: Moment) {
        match input {
            Input::Wake => self.tell_fleet(baton_fleet::Input::Wake, now),
            Input::Fleet(input) => {
                self.is_ending |= matches!(*input, baton_fleet::Input::Drain { .. });
                self.tell_fleet(*input, now);
            }
            Input::Hint(hint) => self.on_hint(hint, now),
            Input::App(name, app) => self.on_app(name, app, now),
            Input::Retire(app) => self.on_retire(app, now),
            Input::Intents(intents, at) => self.on_intents(intents, at, now),
            Input::Swept(request, sweep) => self.on_swept(request, sweep, now),
            Input::Row(shard, row) => self.on_row(&shard, row, now),
            Input::Report(shard, report) => self.on_report(shard, report, now),
            Input::ShortOfMemory { limit } => self.on_short_of_memory(limit, now),
            Input::Restarted(shard) => self.on_restarted(&shard),
            Input::Halt(app) => self.on_halt(app),
            Input::Probe(app) => self.on_probe(&app),
            Input::Resume(app) => self.on_resume(&app),
            Input::TokenRead { app, changed } => self.note(What::TokenRead { app, changed }),
        }
        self.carry_on_retiring(now);
        self.look_for_offers(now);
        self.tell_of_drain(now);
        self.tell_of_gathered(now);
    }

    /// The next thing to carry out.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come back with [`Input::Wake`]; none when all is over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Moment> {
        let looks = self.arrivals.values().map(|arrival| arrival.next_look);
        let tells = [self.rolled_back.due(), self.foreign.due(), self.retiring_due()];
        let tells = tells.into_iter().flatten();
        let fleet = self.fleet.poll_timeout().map(|(at, _)| at);
        fleet.into_iter().chain(looks).chain(tells).min()
    }

    /// The addresses of all shards that should run, in the order of shards.
    pub fn addresses(&self) -> impl Iterator<Item = ShardAddress> {
        self.apps.iter().flat_map(|(name, app)| {
            let AppShape { generation, shards, lanes } = app.shape;
            shards.shards().map(move |number| {
                let shard = ShardKey { app: name.clone(), generation, number };
                ShardAddress::new(shard, lanes)
            })
        })
    }

    /// Until when the leases held here are confirmed; see [`Fleet::confirmed_until`].
    #[must_use]
    pub fn confirmed_until(&self) -> Option<Moment> {
        self.fleet.confirmed_until()
    }

    /// Where this instance is in its life.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.fleet.phase()
    }

    /// Whether this instance plans.
    #[must_use]
    pub fn is_planner(&self) -> bool {
        self.fleet.is_planner()
    }

    fn on_app(&mut self, name: AppName, app: App, now: Moment) {
        let buckets = app.buckets;
        let before = self.apps.insert(name.clone(), app);
        self.tell_fleet(baton_fleet::Input::MaxConcurrency { app: name, buckets }, now);
        if self.fleet.phase() == Phase::Joining {
            // With no app known there is nothing to be ready for.
            self.tell_fleet(baton_fleet::Input::Ready, now);
        } else if before.is_none_or(|before| before.shape != app.shape) {
            self.tell_fleet(baton_fleet::Input::ShardsChanged, now);
        }
    }

    fn on_short_of_memory(&mut self, limit: Duration, now: Moment) {
        match self.fleet.phase() {
            Phase::Joining | Phase::Up => self.ending = Ending::Memory,
            Phase::Draining | Phase::Down => {} // It leaves already, for another reason.
        }
        self.is_ending = true;
        self.tell_fleet(baton_fleet::Input::Drain { limit }, now);
    }

    // -----------------------------------------------------------------------------------------
    // Apps that Discord rejects
    // -----------------------------------------------------------------------------------------

    fn on_halt(&mut self, app: AppName) {
        self.errand_to_app(&app, &baton_shard::Input::Halt);
        self.halted.insert(app);
    }

    /// Lets one shard find out whether Discord accepts the app again.
    fn on_probe(&mut self, app: &AppName) {
        let scout =
            self.hosted.iter().find(|(shard, hosted)| shard.app == *app && hosted.held.is_some());
        if let Some(scout) = scout.map(|(shard, _)| shard.clone()) {
            self.errand(&scout, baton_shard::Input::Restart);
        }
    }

    fn on_resume(&mut self, app: &AppName) {
        if self.halted.remove(app) {
            self.errand_to_app(app, &baton_shard::Input::Restart);
        }
    }

    // -----------------------------------------------------------------------------------------
    // Tasks
    // -----------------------------------------------------------------------------------------

    /// Tells a shard's task; a new one learns first what all others know.
    fn errand(&mut self, shard: &ShardKey, input: baton_shard::Input) {
        if !self.hosted.contains_key(shard) {
            self.introduce(shard);
        }
        self.push_errand(shard, input);
    }

    fn introduce(&mut self, shard: &ShardKey) {
        self.hosted.insert(shard.clone(), Hosted::default());
        if self.is_confirmed {
            self.push_errand(shard, baton_shard::Input::LeaseConfirmed);
        }
        if self.halted.contains(&shard.app) {
            self.push_errand(shard, baton_shard::Input::Halt);
        }
    }

    fn push_errand(&mut self, shard: &ShardKey, input: baton_shard::Input) {
        self.send_on(shard, Errand::Input(input));
    }

    fn send_on(&mut self, shard: &ShardKey, errand: Errand) {
        self.hosted.entry(shard.clone()).or_default().errands += 1;
        self.push(Output::Errand(shard.clone(), errand));
    }

    fn errand_to_all(&mut self, input: &baton_shard::Input) {
        for shard in self.hosted.keys().cloned().collect::<Vec<_>>() {
            self.push_errand(&shard, input.clone());
        }
    }

    fn errand_to_app(&mut self, app: &AppName, input: &baton_shard::Input) {
        let of_app = self.hosted.keys().filter(|shard| shard.app == *app);
        for shard in of_app.cloned().collect::<Vec<_>>() {
            self.push_errand(&shard, input.clone());
        }
    }

    fn history(&self, shard: &ShardKey) -> History {
        match self.hosted.get(shard) {
            Some(hosted) if hosted.was_live => History::WasLive,
            Some(_) | None => History::New,
        }
    }

    fn push(&mut self, output: Output) {
        self.outputs.push_back(output);
    }
}
