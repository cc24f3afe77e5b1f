//! Runs lanes that are leased: begins with each when it is granted, ends it when it is another's.

use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc, time::Duration};

use baton_model::Lane;
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
    time::sleep,
};

use crate::{
    RunError,
    consumer::{Parts, lane_end},
    registry::{Duty, Registry, Sureness},
    seat::Seat,
    task::{LaneEnd, Order},
};

/// How long giving lanes back may take, once they are not read any more.
const LEAVING_MAX: Duration = Duration::from_secs(2);

/// How long what is being handled may take once its lane is another's who keeps up.
const YIELD_LIMIT: Duration = Duration::from_millis(500);

/// What is done with one lane for as long as it is ours.
pub(crate) type Life = Pin<Box<dyn Future<Output = LaneEnd> + Send>>;

/// Begins with a lane: at this seat, until ordered to end, while it is known to be ours.
pub(crate) type Start<'a> =
    &'a (dyn Fn(Arc<Seat>, watch::Receiver<Order>, watch::Receiver<Sureness>) -> Life + Sync);

/// Lanes that are held at present.
pub(crate) struct Lanes<'a> {
    parts: &'a Parts,
    start: Start<'a>,
    registry: Registry,
    orders: HashMap<Lane, (Lease, watch::Sender<Order>)>,
    tasks: JoinSet<(Lease, LaneEnd)>,
    /// When lanes that are being ended are to be left as they are.
    limits: JoinSet<Lease>,
}

/// A lane may come back before the time is over in which it was to be let go of, so what is said of
/// an earlier lease must not be heard under a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lease {
    lane: Lane,
    epoch: u64,
}

impl<'a> Lanes<'a> {
    pub(crate) fn new(parts: &'a Parts, start: Start<'a>, registry: Registry) -> Self {
        let (tasks, limits) = (JoinSet::new(), JoinSet::new());
        Self { parts, start, registry, orders: HashMap::new(), tasks, limits }
    }

    /// Reads whatever lanes are ours, until it is told to stop.
    pub(crate) async fn run(
        mut self,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), RunError> {
        let mut is_stopping = false;
        let mut patience = std::pin::pin!(sleep(Duration::MAX));
        loop {
            tokio::select! {
                duty = self.registry.duties.recv() => match duty {
                    Some(Duty::Begin(lane, epoch)) => self.begin(lane, epoch),
                    Some(Duty::End(lane)) => {
                        self.end(lane, Order::Stop, self.parts.stop_limit);
                    }
                    Some(Duty::Yield(lane)) => self.end(lane, Order::Yield, YIELD_LIMIT),
                    Some(Duty::Left) => return Ok(()),
                    None => return Err(RunError::Panicked("roster".to_owned())),
                },
                Some(ended) = self.tasks.join_next() => {
                    let panicked = |panic: JoinError| RunError::Panicked(panic.to_string());
                    let (lease, end) = ended.map_err(panicked)?;
                    self.ended(lease);
                    lane_end(end)?;
                }
                Some(Ok(lease)) = self.limits.join_next() => self.give_up(lease),
                () = &mut stop, if !is_stopping => {
                    is_stopping = true;
                    patience.set(sleep(self.parts.stop_limit + LEAVING_MAX));
                    self.registry.leave();
                }
                // The store is away: others find out by our silence.
                () = &mut patience => return Ok(()),
            }
        }
    }

    fn begin(&mut self, lane: Lane, epoch: u64) {
        let (orders, ordered) = watch::channel(Order::Run);
        let lease = Lease { lane, epoch };
        self.orders.insert(lane, (lease, orders));
        let seat = Arc::new(self.parts.seat(lane, Some(epoch)));
        tracing::info!(%lane, epoch, "reads a lane");
        let running = (self.start)(seat, ordered, self.registry.sure.clone());
        self.tasks.spawn(async move { (lease, running.await) });
    }

    fn end(&mut self, lane: Lane, order: Order, limit: Duration) {
        let Some((lease, orders)) = self.orders.get(&lane) else {
            return;
        };
        tracing::info!(%lane, "lets go of a lane");
        orders.send_replace(order);
        let lease = *lease;
        self.limits.spawn(async move {
            sleep(limit).await;
            lease
        });
    }

    fn ended(&mut self, lease: Lease) {
        self.registry.ended(lease.lane, lease.epoch);
        if self.orders.get(&lease.lane).is_some_and(|(running, _)| *running == lease) {
            self.orders.remove(&lease.lane);
        }
    }

    fn give_up(&self, lease: Lease) {
        let running = self.orders.get(&lease.lane).filter(|(running, _)| *running == lease);
        if let Some((_, orders)) = running {
            orders.send_replace(Order::GiveUp);
        }
    }
}
