//! A leased lane, for whoever needs more of it than one entry after the other: an archive puts
//! thousands into one object before it acknowledges any.
//!
//! It hands out entries in the stream's order, what was pending first. Nothing is done twice, tried
//! again or given up on here: that is up to the work, which acknowledges what it has done. Whatever
//! it asks of the store happens there under the lease's number, and is refused once there is a
//! later one.

use std::{future::Future, sync::Arc};

use baton_model::{Lane, StreamId};
use baton_store::StoreError;
use bytes::Bytes;
use thiserror::Error;
use tokio::sync::watch;

use crate::{
    Begin, Consumer, RunError,
    arrivals::{claimed, taken},
    exclusive::{Lanes, Life},
    machine::Arrival,
    route::Servers,
    scripts,
    seat::{Seat, Setback, outcome},
    settings::{ACKS_MAX, ANSWER_TIMEOUT},
    task::{LaneEnd, Order},
    wire::Wire,
};

/// Where nothing is handled nobody dies of an entry, so that none is taken over alone.
const NEVER_SUSPECT: u32 = u32::MAX;

/// Dead letters of a lane that are kept, roughly.
const LETTERS_MAX: usize = 10_000;

/// An entry, before anything of it is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneEntry {
    /// Its place in the stream.
    pub id: StreamId,
    /// Names and values, in their order; none if it was trimmed meanwhile.
    pub fields: Vec<(Bytes, Bytes)>,
}

/// Why a lane did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LaneError {
    /// The lane is somebody else's.
    #[error("lane has been leased to another consumer")]
    Fenced,
    /// The store did not do it, or it is unknown whether it did.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A lane that is leased to this consumer: nobody else of the group reads it.
pub struct LeasedLane {
    seat: Arc<Seat>,
    wire: Wire,
    orders: watch::Receiver<Order>,
    begin: Begin,
    /// Behind which id pending entries are still to be looked for; none while there are none.
    pending_after: Option<StreamId>,
    /// The last entry that was handed out.
    last: StreamId,
}

impl Consumer {
    /// Leases lanes as [`crate::ConsumerBuilder::exclusive`] does, and has `work` done with each
    /// for as long as it is held. `work` begins anew with what is pending when it returns and the
    /// lane is still to be read here. Once `stop` is done it is told to end, and is dropped if it
    /// takes longer than the limit of a stop.
    ///
    /// # Errors
    /// As of [`Consumer::run`], and whatever error of the store `work` returns.
    pub async fn run_lanes<W, F>(
        self,
        work: W,
        stop: impl Future<Output = ()>,
    ) -> Result<(), RunError>
    where
        W: Fn(LeasedLane) -> F + Sync,
        F: Future<Output = Result<(), LaneError>> + Send + 'static,
    {
        let parts = &self.parts;
        let mut stop = std::pin::pin!(stop);
        let lanes = tokio::select! {
            lanes = parts.lane_count() => lanes?,
            () = &mut stop => return Ok(()),
        };
        let rank = parts.exclusive.unwrap_or_default();
        // What is held on purpose until there is enough of it is no burden.
        let registry = parts.registry(lanes, rank, Arc::default())?;
        let start = |seat: Arc<Seat>, orders, _sure| -> Life {
            let given_up = watch::Receiver::clone(&orders);
            let lane = LeasedLane::new(parts.servers.clone(), seat, orders, parts.begin);
            Box::pin(until_given_up(given_up, work(lane)))
        };
        Lanes::new(parts, &start, registry).run(stop).await
    }
}

async fn until_given_up(
    mut orders: watch::Receiver<Order>,
    work: impl Future<Output = Result<(), LaneError>>,
) -> LaneEnd {
    tokio::select! {
        ended = work => match ended {
            Ok(()) => LaneEnd::Stopped,
            Err(LaneError::Fenced) => LaneEnd::Fenced,
            Err(LaneError::Store(error)) => LaneEnd::Refused(error),
        },
        // Whoever gives orders is gone only together with this.
        _ = orders.wait_for(|order| *order == Order::GiveUp) => LaneEnd::Stopped,
    }
}

impl LeasedLane {
    fn new(
        servers: Arc<Servers>,
        seat: Arc<Seat>,
        orders: watch::Receiver<Order>,
        begin: Begin,
    ) -> Self {
        let wire = Wire::new(servers, seat.events_key(), ANSWER_TIMEOUT);
        let (pending_after, last) = (Some(StreamId::START), StreamId::START);
        Self { seat, wire, orders, begin, pending_after, last }
    }

    /// Which lane.
    #[must_use]
    pub fn lane(&self) -> Lane {
        self.seat.lane
    }

    /// Returns when the work is to finish what it holds and end.
    pub async fn ending(&mut self) {
        // An error means that nobody is left to give orders, which is one.
        drop(self.orders.wait_for(|order| *order != Order::Run).await);
    }

    /// Begins anew: what is handed out next is the first that is pending.
    pub fn rewind(&mut self) {
        (self.pending_after, self.last) = (Some(StreamId::START), StreamId::START);
    }

    /// The next entries, in the stream's order; none if there are none at present. They are pending
    /// until they are acknowledged. After an error, what was on its way then comes next.
    ///
    /// # Errors
    /// If the lane is another's, or the store does not answer.
    pub async fn next(&mut self, most: usize) -> Result<Vec<LaneEntry>, LaneError> {
        match self.read(most).await {
            Ok(arrivals) => {
                if let Some(last) = arrivals.last() {
                    self.last = last.id;
                }
                let entry = |Arrival { id, fields, .. }| LaneEntry { id, fields };
                Ok(arrivals.into_iter().map(entry).collect())
            }
            Err(Setback::NoGroup) => {
                // Nothing is pending where there was no group.
                (self.pending_after, self.last) = (None, StreamId::START);
                let made = self.seat.ensure_group(&mut self.wire, self.begin).await;
                made.map_err(lane_error)?;
                self.begin = Begin::Oldest;
                Ok(Vec::new())
            }
            Err(setback) => {
                self.pending_after.get_or_insert(self.last);
                Err(lane_error(setback))
            }
        }
    }

    /// Acknowledges entries. Repeating it changes nothing.
    ///
    /// # Errors
    /// If the lane is another's, or the store does not answer.
    pub async fn acknowledge(&mut self, ids: &[StreamId]) -> Result<(), LaneError> {
        for some in ids.chunks(ACKS_MAX) {
            let mut ack = self.seat.call(&scripts::ACK);
            for id in some {
                ack.arg(id.to_string());
            }
            match self.wire.run(&ack).await.map_err(Setback::from).and_then(outcome) {
                // With its group, an entry stopped being pending.
                Ok(_) | Err(Setback::NoGroup) => {}
                Err(setback) => return Err(lane_error(setback)),
            }
        }
        Ok(())
    }

    /// Gives up on an entry: writes its dead letter and acknowledges it, in one.
    ///
    /// # Errors
    /// If the lane is another's, or the store does not answer.
    pub async fn bury(&mut self, entry: &LaneEntry, error: &str) -> Result<(), LaneError> {
        let mut bury = self.seat.call(&scripts::BURY);
        bury.arg(entry.id.to_string()).arg(LETTERS_MAX);
        bury.arg("error").arg(error).arg("attempts").arg(0);
        bury.arg("id").arg(entry.id.to_string()).arg("consumer").arg(&self.seat.me);
        for (name, value) in &entry.fields {
            bury.arg(name.as_ref()).arg(value.as_ref());
        }
        self.wire.run(&bury).await.map_err(Setback::from).and_then(outcome).map_err(lane_error)?;
        Ok(())
    }

    /// Leaves the group in this lane, unless as its last consumer or with something pending.
    ///
    /// # Errors
    /// If the lane is another's, or the store does not answer.
    pub async fn leave(&mut self) -> Result<(), LaneError> {
        self.seat.leave(&mut self.wire).await.map_err(lane_error)
    }

    async fn read(&mut self, most: usize) -> Result<Vec<Arrival>, Setback> {
        while let Some(after) = self.pending_after {
            let (taken, upto) = self.take_over(after, most).await?;
            self.pending_after = upto;
            if !taken.is_empty() {
                return Ok(taken);
            }
        }
        let mut take = self.seat.call(&scripts::TAKE);
        take.arg(most);
        self.wire.run_and_read(&take, taken).await?
    }

    /// What is pending, whoever had it, and up to where there may be more.
    async fn take_over(
        &mut self,
        after: StreamId,
        most: usize,
    ) -> Result<(Vec<Arrival>, Option<StreamId>), Setback> {
        let mut claim = self.seat.call(&scripts::CLAIM);
        claim.arg("all").arg(0).arg(after.to_string()).arg(most).arg(NEVER_SUSPECT);
        self.wire.run_and_read(&claim, claimed).await?
    }
}

fn lane_error(setback: Setback) -> LaneError {
    match setback {
        Setback::Fenced => LaneError::Fenced,
        Setback::NoGroup => LaneError::Store(StoreError::unavailable("consumer group is gone")),
        Setback::Store(error) => LaneError::Store(error),
    }
}
