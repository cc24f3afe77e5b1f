//! Runs lanes that are leased: begins with each when it is granted, ends it when it is another's.

use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc, time::Duration};

use baton_model::Lane;
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{
    RunError,
    consumer::{Parts, lane_end},
    registry::{Duty, Registry, Sureness},
    seat::Seat,
    task::{LaneEnd, Order},
};

/// How long giving lanes back may take, once they are not read any more.
const LEAVING_MAX: Duration = Duration::from_secs(2);

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
    orders: HashMap<Lane, watch::Sender<Order>>,
    tasks: JoinSet<(Lane, LaneEnd)>,
    /// When lanes that are being ended are to be left as they are.
    limits: JoinSet<Lane>,
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
                    Some(Duty::End(lane)) => self.end(lane),
                    Some(Duty::Left) => return Ok(()),
                    None => return Err(RunError::Panicked("roster".to_owned())),
                },
                Some(ended) = self.tasks.join_next() => {
                    let (lane, end) = ended.map_err(|panic| RunError::Panicked(panic.to_string()))?;
                    self.orders.remove(&lane);
                    self.registry.ended(lane);
                    lane_end(end)?;
                }
                Some(Ok(lane)) = self.limits.join_next() => self.order(lane, Order::GiveUp),
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
        self.orders.insert(lane, orders);
        let seat = Arc::new(self.parts.seat(lane, Some(epoch)));
        tracing::info!(%lane, epoch, "reads a lane");
        let running = (self.start)(seat, ordered, self.registry.sure.clone());
        self.tasks.spawn(async move { (lane, running.await) });
    }

    fn end(&mut self, lane: Lane) {
        tracing::info!(%lane, "lets go of a lane");
        self.order(lane, Order::Stop);
        let limit: Duration = self.parts.stop_limit;
        self.limits.spawn(async move {
            sleep(limit).await;
            lane
        });
    }

    fn order(&self, lane: Lane, order: Order) {
        if let Some(orders) = self.orders.get(&lane) {
            orders.send_replace(order);
        }
    }
}
