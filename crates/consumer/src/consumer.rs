//! A consumer: what a program builds and runs.

use std::{future::Future, sync::Arc, time::Duration};

use baton_model::{AppName, FleetName, Lane, LaneCount, NameError};
use baton_store::StoreError;
use baton_valkey_link::StoreUrlError;
use thiserror::Error;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::{
    Begin, Commander, Handlers, Health,
    burden::Burden,
    exclusive::{Lanes, Life},
    handling::Workshop,
    registry::{Membership, Registry},
    reporting::Reporting,
    roster::Limits,
    route::Servers,
    seat::Seat,
    settings::Settings,
    shape::shape_of,
    task::{self, Ground, LaneEnd, Order},
    traces::Traces,
};

/// Reads an app's events as a member of a group, and has them handled.
#[derive(Debug)]
pub struct Consumer {
    pub(crate) parts: Parts,
}

/// How a consumer takes part in the leases of a group.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rank {
    pub(crate) tier: u8,
    /// What keeping up means, in a group with tiers.
    pub(crate) pace: Option<Limits>,
}

#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) servers: Arc<Servers>,
    pub(crate) fleet: FleetName,
    pub(crate) app: Arc<AppName>,
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) lanes: Option<LaneCount>,
    pub(crate) settings: Settings,
    pub(crate) begin: Begin,
    /// How they are leased, if lanes are.
    pub(crate) exclusive: Option<Rank>,
    pub(crate) handlers_max: usize,
    pub(crate) deadline: Duration,
    pub(crate) stop_limit: Duration,
    /// Whether operators are told how handlers fare.
    pub(crate) is_reported: bool,
    pub(crate) health: Health,
    pub(crate) traces: Traces,
}

/// Why a consumer was not built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BuildError {
    /// The store's url is none.
    #[error(transparent)]
    Url(#[from] StoreUrlError),
    /// A name cannot be one.
    #[error("{what} cannot be used: {source}")]
    Name {
        /// Of what.
        what: &'static str,
        /// Why not.
        #[source]
        source: NameError,
    },
    /// A group or a consumer needs a name.
    #[error("{0} has no name; expected some text")]
    NoName(&'static str),
    /// A setting leaves nothing to do.
    #[error("{0} is zero; expected at least 1")]
    Zero(&'static str),
    /// No random name could be drawn.
    #[error("no random number for a name; set one")]
    NoRandom,
}

/// Why a consumer ended although nobody stopped it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RunError {
    /// The store will not have it, until somebody changes something.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no thread to beat on.
    #[error("no thread for beats: {0}")]
    NoThread(String),
    /// A lane's task has ended in a way that is our mistake.
    #[error("task of a lane has panicked: {0}")]
    Panicked(String),
}

impl Consumer {
    pub(crate) const fn new(parts: Parts) -> Self {
        Self { parts }
    }

    /// The name by which the store and operators know it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.parts.name
    }

    /// Who sends commands to the shards of the same app.
    ///
    /// # Errors
    /// If no random name can be drawn.
    pub fn commander(&self) -> Result<Commander, BuildError> {
        let Parts { servers, fleet, app, traces, .. } = &self.parts;
        Commander::new(servers.clone(), fleet, (app.clone(), traces.clone()))
    }

    /// How it fares, from now until it has ended.
    #[must_use]
    pub fn health(&self) -> Health {
        self.parts.health.clone()
    }

    /// Runs for as long as the store will have it.
    ///
    /// # Errors
    /// If the store refuses it: wrong password, missing rights. While it is only away, it is waited
    /// for.
    pub async fn run(self, handlers: impl Into<Handlers>) -> Result<(), RunError> {
        self.run_until(handlers, std::future::pending()).await
    }

    /// Runs until `stop` is done, and then stops: it reads nothing more, finishes what it holds
    /// within the limit, acknowledges that, leaves the rest to others, and leaves the group. To
    /// drop this future is like a crash: nothing is lost, but others find out later.
    ///
    /// # Errors
    /// As of [`Consumer::run`].
    pub async fn run_until(
        self,
        handlers: impl Into<Handlers>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), RunError> {
        let (handlers, health) = (handlers.into(), self.health());
        health.runs(&handlers);
        // Whoever drops this future ends it too.
        let ended = Ended(&health);
        let stop = async {
            stop.await;
            health.stops();
        };
        let result = self.read_and_report(handlers, stop).await;
        drop(ended);
        result
    }

    async fn read_and_report(
        &self,
        handlers: Handlers,
        stop: impl Future<Output = ()>,
    ) -> Result<(), RunError> {
        if !self.parts.is_reported {
            return self.read(handlers, stop).await;
        }
        let Parts { servers, app, group, name, .. } = &self.parts;
        let mut reporting = Reporting::new(servers.clone(), app, (group, name), self.health());
        let result = tokio::select! {
            ended = self.read(handlers, stop) => ended,
            never = reporting.run() => match never {},
        };
        reporting.take_back().await;
        result
    }

    async fn read(
        &self,
        handlers: Handlers,
        stop: impl Future<Output = ()>,
    ) -> Result<(), RunError> {
        let mut stop = std::pin::pin!(stop);
        let lanes = tokio::select! {
            lanes = self.parts.lane_count() => lanes?,
            () = &mut stop => return Ok(()),
        };
        self.parts.health.knows_lanes();
        let ground = Arc::new(self.parts.ground(handlers));
        if let Some(rank) = self.parts.exclusive {
            let registry = self.parts.registry(lanes, rank, ground.burden.clone())?;
            let start = |seat, ordered, sure| -> Life {
                Box::pin(task::run(ground.clone(), seat, ordered, Some(sure)))
            };
            return Lanes::new(&self.parts, &start, registry).run(stop).await;
        }
        let (orders, ordered) = watch::channel(Order::Run);
        let mut tasks = JoinSet::new();
        for lane in lanes.lanes() {
            let seat = Arc::new(self.parts.seat(lane, None));
            tasks.spawn(task::run(ground.clone(), seat, ordered.clone(), None));
        }
        let stopping = async {
            stop.await;
            orders.send_replace(Order::Stop);
            tokio::time::sleep(self.parts.stop_limit).await;
            orders.send_replace(Order::GiveUp);
            std::future::pending().await
        };
        tokio::select! {
            ended = all_ended(&mut tasks) => ended,
            never = stopping => never,
        }
    }
}

impl Parts {
    pub(crate) fn ground(&self, handlers: Handlers) -> Ground {
        let settings = Settings { wanted: handlers.wanted(), ..self.settings.clone() };
        let health = self.health.clone();
        let places = Semaphore::new(self.handlers_max);
        let (group, traces) = (self.group.clone(), self.traces.clone());
        let deadline = self.deadline;
        let workshop = Workshop { handlers, places, deadline, health, group, traces };
        Ground {
            servers: self.servers.clone(),
            settings: Arc::new(settings),
            workshop: Arc::new(workshop),
            begin: self.begin,
            burden: Arc::default(),
        }
    }

    /// How many lanes the app has; asks until it is known.
    pub(crate) async fn lane_count(&self) -> Result<LaneCount, StoreError> {
        match self.lanes {
            Some(lanes) => Ok(lanes),
            None => Ok(shape_of(&self.servers, &self.fleet, &self.app).await?.lanes),
        }
    }

    pub(crate) fn registry(
        &self,
        lanes: LaneCount,
        rank: Rank,
        burden: Arc<Burden>,
    ) -> Result<Registry, RunError> {
        let membership = Membership {
            servers: self.servers.clone(),
            app: self.app.clone(),
            group: self.group.clone(),
            me: self.name.clone(),
            tier: rank.tier,
            pace: rank.pace,
            burden,
            lanes: lanes.0.get(),
        };
        Registry::start(membership).map_err(|error| RunError::NoThread(error.to_string()))
    }

    pub(crate) fn seat(&self, lane: Lane, epoch: Option<u64>) -> Seat {
        let (app, group, me) = (self.app.clone(), self.group.clone(), self.name.clone());
        Seat { app, lane, group, me, epoch }
    }
}

/// Notes that the consumer has ended, however that came about.
struct Ended<'a>(&'a Health);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.ended();
    }
}

/// What a lane's end means for the others.
pub(crate) fn lane_end(end: LaneEnd) -> Result<(), RunError> {
    match end {
        LaneEnd::Stopped | LaneEnd::Fenced => Ok(()),
        LaneEnd::Refused(error) => Err(error.into()),
    }
}

/// Waits for all lanes; the first that has an error ends the others with it.
async fn all_ended(tasks: &mut JoinSet<LaneEnd>) -> Result<(), RunError> {
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(end) => lane_end(end)?,
            Err(panic) => return Err(RunError::Panicked(panic.to_string())),
        }
    }
    Ok(())
}
