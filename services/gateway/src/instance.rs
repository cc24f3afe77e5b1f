//! An instance, put together.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use baton_fleet::{Company, Myself};
use baton_model::{
    AppSource, Capacity, InstanceId, InstanceRecord, Line, Phase, StoreMillis, Tier, Version,
    Weight, Zone, limits::STORE_ANSWER_TIMEOUT,
};
use baton_shard::Notice;
use baton_store::{Store, StoreError, What};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::JoinSet,
    time::timeout,
};

use crate::{
    app::{AppSettings, Keeper},
    circuit::Event,
    clock::Clock,
    config::StoredAppsConfig,
    conflicts,
    control::{Control, Ear, Outlook, Stores},
    instruments::{
        Instruments,
        fleet_watch::{self, FleetSeen},
    },
    journal::{self, Pen},
    memory::{self, Bounds, Look, Reading},
    observer::{Identity, Observer},
    pulse::Pulse,
    reporting::report,
    roster::Roster,
    stored_apps::{Follower, Means},
    supervisor::{Dispute, Ending, Remark},
    tuning::Tuning,
};

/// How long an instance that ends waits for what it said last to be written down.
const LAST_WORDS: Duration = Duration::from_secs(3);

const _: () = assert!(LAST_WORDS.as_millis() > STORE_ANSWER_TIMEOUT.as_millis());

/// What an instance is to be.
#[derive(Debug, Clone)]
pub struct InstanceSettings {
    /// By what name operators know it.
    pub name: Line,
    /// Its line of defence.
    pub tier: Tier,
    /// Its failure domain.
    pub zone: Zone,
    /// Its share.
    pub weight: Weight,
    /// Its limit.
    pub capacity: Capacity,
    /// What it runs.
    pub version: Version,
    /// When it leaves for want of memory.
    pub bounds: Bounds,
    /// What all its shards may hold together that is not known to be in the store.
    pub ring_bytes_max: usize,
    /// What it runs for.
    pub apps: Vec<AppSettings>,
    /// What it lets apps in the store be; none if it runs none of them.
    pub stored_apps: Option<StoredAppsConfig>,
    /// Who may come to the same store.
    pub company: Company,
    /// With what it tells how it fares.
    pub instruments: Instruments,
}

impl InstanceSettings {
    /// What the others are told of an instance that joins.
    fn record(&self, joined_at: StoreMillis) -> InstanceRecord {
        InstanceRecord {
            phase: Phase::Joining,
            tier: self.tier,
            zone: self.zone.clone(),
            weight: self.weight,
            capacity: self.capacity,
            version: self.version,
            joined_at,
            stalled: BTreeSet::new(),
        }
    }
}

/// An instance that is ready to run.
pub struct Instance<S> {
    /// Who it is.
    pub id: InstanceId,
    /// How to tell it something.
    pub ear: Ear,
    /// How to see what it does.
    pub outlook: Outlook,
    /// Sees all of it, for people and probes.
    pub observer: Observer,
    /// How it learns what memory it uses; may be replaced before it runs.
    pub reading: Reading,
    /// How to change it while it runs.
    pub tuning: Arc<Tuning>,
    clock: Clock,
    memory: watch::Sender<Option<Look>>,
    fleet: watch::Sender<Option<FleetSeen>>,
    control: Control<S>,
    /// For what is written down at the side.
    store: S,
    name: Line,
    remarks: mpsc::UnboundedReceiver<Remark>,
    keepers: Vec<Keeper<S>>,
    follower: Option<Follower<S>>,
    roster: Roster,
    runtime: Handle,
}

impl<S: Store> Instance<S> {
    /// Puts an instance together. Its shards will run on `runtime`; itself where it is [`run`].
    ///
    /// # Errors
    /// If the store does not say what time it is.
    ///
    /// [`run`]: Self::run
    pub async fn prepare(
        id: InstanceId,
        settings: InstanceSettings,
        stores: Stores<S>,
        (clock, runtime): (Clock, Handle),
    ) -> Result<Self, StoreError> {
        let joined_at = stores.control.poll().await?.now;
        let record = settings.record(joined_at);
        let InstanceSettings { name, bounds, apps, instruments, company, .. } = settings;
        let seed = u64::try_from(id.bits() & u128::from(u64::MAX)).unwrap_or_default();
        let identity = Identity { id, record: record.clone(), started_at: clock.now() };
        let myself = Myself { id, record, seed, company };
        let (remark, remarks) = mpsc::unbounded_channel();
        let at = (clock, runtime.clone());
        let (mut control, ear, outlook) = Control::new(myself, stores.clone(), at, remark);
        control.limit_rings(settings.ring_bytes_max);
        let instruments = control.count_with(instruments);
        let roster = Roster::default();
        let tuning = Tuning { memory: watch::Sender::new(bounds), roster: roster.clone() };
        let own: Vec<_> = apps.iter().map(|app| app.name.clone()).collect();
        let (store, at) = (stores.data.clone(), runtime.clone());
        let means = Means {
            store,
            clock,
            runtime: at,
            ear: ear.clone(),
            roster: roster.clone(),
            instruments: instruments.clone(),
        };
        let keep = |app| means.keeper(app, AppSource::File);
        let keepers = apps.into_iter().map(keep).collect();
        let follower = settings.stored_apps.map(|allowed| Follower::new(allowed, own, means));
        let (memory, look) = watch::channel(None);
        let (fleet, fleet_seen) = watch::channel(None);
        let pulse = Pulse::new(clock.now());
        let observer = Observer {
            identity: Arc::new(identity),
            clock,
            outlook: outlook.clone(),
            roster: roster.clone(),
            pulse,
            memory: look,
            ring_bytes_max: settings.ring_bytes_max,
            fleet: fleet_seen,
            instruments,
        };
        Ok(Self {
            id,
            ear,
            outlook,
            observer,
            reading: Arc::new(memory::read_system),
            tuning: Arc::new(tuning),
            clock,
            memory,
            fleet,
            control,
            store: stores.data,
            name,
            remarks,
            keepers,
            follower,
            roster,
            runtime,
        })
    }

    /// Runs until everything has been given away, or somebody else is this instance.
    pub async fn run(self) -> Ending {
        let mut tasks = JoinSet::new();
        for keeper in self.keepers {
            tasks.spawn_on(keeper.run(), &self.runtime);
        }
        if let Some(follower) = self.follower {
            tasks.spawn_on(follower.run(), &self.runtime);
        }
        let reporting = report(self.store.clone(), self.observer.clone(), self.name);
        tasks.spawn_on(reporting, &self.runtime);
        tasks.spawn_on(self.observer.pulse.clone().tick(self.clock), &self.runtime);
        let bounds = self.tuning.memory.subscribe();
        tasks.spawn(memory::guard(bounds, self.reading, self.ear, self.memory));
        let instruments = self.observer.instruments.clone();
        tasks.spawn(instruments.clone().keep_up());
        tasks.spawn(fleet_watch::watch(self.store.clone(), self.observer.clone(), self.fleet));
        let (tell, disputes) = mpsc::unbounded_channel();
        let (pen, notes) = journal::queue(self.id);
        let scribe = Scribe { disputes: tell, pen, instruments };
        tasks.spawn(pass_on(self.remarks, self.roster, scribe));
        let mut recording = JoinSet::new();
        recording.spawn(conflicts::record(self.store.clone(), disputes));
        recording.spawn(notes.note_down(self.store));
        let ending = self.control.run().await;
        // What was said last may still be on its way; with the control, nothing more is said.
        let all = async { while recording.join_next().await.is_some() {} };
        if timeout(LAST_WORDS, all).await.is_err() {
            tracing::warn!("the last conflicts and happenings may not be written down");
        }
        ending
    }
}

/// Has written down, and counted, what is told.
struct Scribe {
    disputes: mpsc::UnboundedSender<Dispute>,
    pen: Pen,
    instruments: Instruments,
}

impl Scribe {
    fn note_conflict(&self, dispute: Dispute) {
        self.instruments.count_conflict(dispute.kind);
        // Whoever writes them down ends later than this.
        drop(self.disputes.send(dispute));
    }

    fn note(&self, what: What) {
        self.instruments.count(&what);
        self.pen.note(what);
    }
}

/// Tells the keepers what concerns them, and operators the rest.
async fn pass_on(mut remarks: mpsc::UnboundedReceiver<Remark>, roster: Roster, scribe: Scribe) {
    while let Some(remark) = remarks.recv().await {
        match remark {
            Remark::Rejected { app, code } => roster.tell(&app, Event::Rejected(code)),
            Remark::Conflict(dispute) => scribe.note_conflict(dispute),
            Remark::Happened(what) => scribe.note(what),
            Remark::Shard(shard, notice) => {
                if notice == Notice::Live {
                    roster.tell(&shard.app, Event::Live);
                }
                tracing::info!(%shard, ?notice, "shard");
            }
            Remark::Retired { app } => {
                roster.remove(&app);
                tracing::info!(%app, "the app runs here no more");
            }
            Remark::NoPlace { left_over, pins_unmet } => {
                tracing::warn!(?left_over, ?pins_unmet, "no instance has room for these shards");
            }
            Remark::DrainGivenUp => {
                tracing::warn!("the drain took longer than it may; what is left stays here");
            }
            Remark::ReadToken { app } => roster.tell(&app, Event::TokenChanged),
            Remark::Unread { app, lane, entries } => {
                let remedy = "make its consumers faster, or let the app keep more";
                tracing::warn!(%app, %lane, entries, remedy, "entries were trimmed unread");
            }
            Remark::BudgetExhausted { app, reset_after } => {
                let seconds = reset_after.as_secs();
                tracing::error!(%app, seconds, "the day's identifies are used up to the reserve");
            }
        }
    }
}
