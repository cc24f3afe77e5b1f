//! The supervisor's shell: one loop, on a runtime of its own.
//!
//! It asks the store what the [`Supervisor`] wants to know, hands it every answer, and passes its
//! errands to the shards' tasks, which live on another runtime. Nothing here may block, and nothing
//! here waits for a shard: this loop is what keeps the leases of a whole instance.

mod asking;
mod presence;
mod safety;

mod ring_level;
mod watchdog;

use std::collections::BTreeMap;

use baton_fleet::Myself;
use baton_model::{AppName, AppShape, ShardKey, limits::RING_BYTES_MAX};
use baton_store::{Safety, Store};
use tokio::sync::{mpsc, watch};

use self::{asking::Clerk, ring_level::RingLevel, watchdog::Watchdog};
use crate::{
    clock::Clock,
    hosting::{AppHost, Board, Hosting, Voices},
    instruments::Instruments,
    lane_face::LaneBoard,
    supervisor::{App, Ask, Ending, Input, Output, Remark, Report, Supervisor},
};

/// What comes to the supervisor's shell from outside.
#[derive(Debug)]
pub enum ToControl {
    /// For the supervisor, as it is.
    Input(Input),
    /// An app is to run.
    Admit {
        /// Which.
        name: AppName,
        /// In what shape.
        app: App,
        /// What its shards need.
        host: AppHost,
    },
}

/// How to reach a supervisor's shell.
#[derive(Debug, Clone)]
pub struct Ear(mpsc::UnboundedSender<ToControl>);

impl Ear {
    /// Says something. Nothing happens if the instance has ended.
    pub fn tell(&self, what: ToControl) {
        drop(self.0.send(what));
    }

    /// Tells the supervisor something.
    pub fn input(&self, input: Input) {
        self.tell(ToControl::Input(input));
    }

    /// Tells the fleet something.
    pub fn fleet(&self, input: baton_fleet::Input) {
        self.input(Input::Fleet(Box::new(input)));
    }
}

/// What others may see of the supervisor.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// The shards' tasks.
    pub board: Board,
    /// The lanes.
    pub lanes: LaneBoard,
    /// The supervisor itself.
    pub view: watch::Receiver<View>,
    /// What the store last said of itself; none if it was not asked yet.
    pub store: watch::Receiver<Option<Safety>>,
    /// Into what the apps are cut that have been admitted.
    pub shapes: watch::Receiver<BTreeMap<AppName, AppShape>>,
}

/// One look at the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Where the instance is in its life.
    pub phase: baton_model::Phase,
    /// Until when its leases are confirmed.
    pub confirmed_until: Option<baton_model::Moment>,
    /// Whether it plans.
    pub is_planner: bool,
}

/// The shell.
pub struct Control<S> {
    supervisor: Supervisor,
    hosting: Hosting<S>,
    clerk: Clerk<S>,
    watchdog: Watchdog,
    rings: RingLevel,
    clock: Clock,
    inbox: mpsc::UnboundedReceiver<ToControl>,
    reports: mpsc::UnboundedReceiver<(ShardKey, Report)>,
    remarks: mpsc::UnboundedSender<Remark>,
    view: watch::Sender<View>,
    store: watch::Sender<Option<Safety>>,
    shapes: watch::Sender<BTreeMap<AppName, AppShape>>,
}

/// The two runtimes' handles on one store: what the control path asks must not queue behind events.
#[derive(Debug, Clone)]
pub struct Stores<S> {
    /// For beats, polls and permits.
    pub control: S,
    /// For leases of shards, and for events.
    pub data: S,
}

impl<S: Store> Control<S> {
    /// Prepares the shell of an instance. Its shards' tasks will run on `runtime`.
    pub fn new(
        myself: Myself,
        stores: Stores<S>,
        (clock, runtime): (Clock, tokio::runtime::Handle),
        remarks: mpsc::UnboundedSender<Remark>,
    ) -> (Self, Ear, Outlook) {
        let me = myself.id;
        let (ear, inbox) = mpsc::unbounded_channel();
        let (report, reports) = mpsc::unbounded_channel();
        let supervisor = Supervisor::new(myself, clock.now());
        let voices = Voices { reports: report, remarks: remarks.clone() };
        let hosting = Hosting::new(me, stores.data, (clock, runtime), voices);
        let ear = Ear(ear);
        let time = (clock, hosting.store_clock().clone());
        let clerk = Clerk::new(me, stores.control, ear.clone(), time);
        let (view, seen) = watch::channel(look(&supervisor));
        let (store, said) = watch::channel(None);
        let (board, lanes) = (hosting.board(), hosting.lanes());
        let (shapes, cut) = watch::channel(BTreeMap::new());
        let outlook = Outlook { board, lanes, view: seen, store: said, shapes: cut };
        let control = Self {
            supervisor,
            hosting,
            clerk,
            watchdog: Watchdog::default(),
            rings: RingLevel::new(RING_BYTES_MAX),
            clock,
            inbox,
            reports,
            remarks,
            view,
            store,
            shapes,
        };
        (control, ear, outlook)
    }

    /// Lets all rings together hold so much.
    pub const fn limit_rings(&mut self, bytes_max: usize) {
        self.rings = RingLevel::new(bytes_max);
    }

    /// Counts with these, which know from here on what the store's clock says.
    #[must_use]
    pub fn count_with(&mut self, mut instruments: Instruments) -> Instruments {
        instruments.store_clock = self.hosting.store_clock().clone();
        self.clerk.count_with(instruments.clone());
        self.hosting.count_with(instruments.clone());
        instruments
    }

    /// Runs until the instance is to end.
    pub async fn run(mut self) -> Ending {
        let mut watch = every(watchdog::PERIOD);
        let mut measure = every(ring_level::PERIOD);
        let _connected = presence::connect(self.clerk.store(), self.clerk.me(), self.clerk.ear());
        let _asking = safety::keep_asking(self.clerk.store(), self.clerk.ear(), &self.store);
        loop {
            if let Some(ending) = self.carry_out() {
                return ending;
            }
            let due = self.supervisor.poll_timeout();
            tokio::select! {
                biased;
                Some(what) = self.inbox.recv() => self.take(what),
                Some((shard, report)) = self.reports.recv() => {
                    self.handle(Input::Report(shard, report));
                }
                _ = watch.tick() => self.watch(),
                _ = measure.tick() => self.measure_rings(),
                () = self.clock.sleep_until(due) => self.handle(Input::Wake),
            }
        }
    }

    fn take(&mut self, what: ToControl) {
        match what {
            ToControl::Input(input) => self.handle(input),
            ToControl::Admit { name, app, host } => {
                self.shapes.send_modify(|shapes| {
                    shapes.insert(name.clone(), host.shape);
                });
                self.hosting.admit(name.clone(), host);
                self.handle(Input::App(name, app));
                self.clerk.set_addresses(self.supervisor.addresses().collect());
            }
        }
    }

    fn retire(&mut self, app: &AppName) {
        self.hosting.retire(app);
        self.shapes.send_modify(|shapes| {
            shapes.remove(app);
        });
        self.clerk.set_addresses(self.supervisor.addresses().collect());
    }

    fn handle(&mut self, input: Input) {
        let now = self.clock.now();
        self.supervisor.handle(input, now);
        if self.supervisor.poll_timeout().is_some_and(|due| due <= now) {
            self.supervisor.handle(Input::Wake, now);
        }
    }

    fn carry_out(&mut self) -> Option<Ending> {
        self.hosting.confirmed_until().publish(self.supervisor.confirmed_until());
        while let Some(output) = self.supervisor.poll_output() {
            match output {
                Output::Ask(ask) => self.clerk.ask(ask),
                Output::Tell(hint) => self.clerk.tell(&hint),
                Output::Errand(shard, errand) => self.hosting.send(&shard, errand),
                Output::Dismiss(shard) => self.hosting.dismiss(&shard),
                Output::Remark(remark) => {
                    if let Remark::Retired { app } = &remark {
                        self.retire(app);
                    }
                    // Nobody may be interested.
                    drop(self.remarks.send(remark));
                }
                Output::End(ending) => return Some(ending),
            }
        }
        self.view.send_if_modified(|view| {
            let new = look(&self.supervisor);
            std::mem::replace(view, new) != new
        });
        None
    }

    /// Looks after the tasks: who has stopped is started afresh, and whom that does not help is
    /// left to others.
    fn watch(&mut self) {
        let now = self.clock.now();
        let report = self.watchdog.look(self.hosting.faces(), now);
        for shard in report.to_restart {
            tracing::error!(%shard, "a shard's task makes no progress; starting it afresh");
            self.hosting.restart(&shard);
            self.handle(Input::Restarted(shard));
        }
        if let Some(stalled) = report.stalled {
            self.handle(Input::Fleet(Box::new(baton_fleet::Input::Stalled(stalled))));
        }
        self.hosting.pulse();
    }

    fn measure_rings(&mut self) {
        let sizes = self.hosting.faces().map(|(_, face)| face.ring_bytes()).collect();
        if let Some(level) = self.rings.look(sizes) {
            tracing::debug!(level, "the level of the rings");
            self.hosting.set_ring_level(level);
        }
    }
}

fn every(period: std::time::Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval
}

fn look(supervisor: &Supervisor) -> View {
    View {
        phase: supervisor.phase(),
        confirmed_until: supervisor.confirmed_until(),
        is_planner: supervisor.is_planner(),
    }
}

impl Ask {
    /// What it is called in logs.
    const fn name(&self) -> &'static str {
        match self {
            Self::Beat(..) => "beat",
            Self::Poll(_) => "poll",
            Self::Sweep(_) => "sweep",
            Self::Row(_) => "row",
            Self::NameDataSet => "name the data set",
            Self::Forget(..) => "forget an instance",
            Self::ClaimPlanner(_) => "claim the planner's lease",
            Self::ReleasePlanner(_) => "release the planner's lease",
            Self::WriteTargets { .. } => "write targets",
            Self::Withdraw(..) => "withdraw an intent",
            Self::TakePermit { .. } => "take a permit",
        }
    }
}
