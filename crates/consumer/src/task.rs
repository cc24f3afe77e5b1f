//! The task of one lane: tells the machine what happens, and carries out what it wants.

use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc};

use baton_model::{Lane, Moment, StreamId};
use baton_store::{StoreError, Unhappy};
use tokio::{
    sync::{mpsc, watch},
    task::AbortHandle,
};

use crate::{
    Delivery,
    burden::{Burden, LaneBurden},
    clerk::Clerk,
    clock::{now, sleep_until},
    handling::{Endings, Hold, Workshop},
    machine::{Done, Ending, Errand, Input, LaneMachine, Output, Sharing},
    reader::{ReadAnswer, Reader},
    registry::Sureness,
    route::Servers,
    seat::{Begin, Seat, Setback},
    settings::{Settings, TROUBLE_PAUSE_FIRST, TROUBLE_PAUSE_MAX},
};

/// Endings that are taken in one go.
const ENDINGS_MAX: usize = 256;

/// What a lane's task is told from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Run,
    /// Finish what is held.
    Stop,
    /// Finish what is being handled.
    Yield,
    /// Leave what is held.
    GiveUp,
}

/// What all lanes of a consumer have in common.
pub(crate) struct Ground {
    pub(crate) servers: Arc<Servers>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) workshop: Arc<Workshop>,
    pub(crate) begin: Begin,
    pub(crate) burden: Arc<Burden>,
}

/// How a lane's task has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LaneEnd {
    /// As it was told to.
    Stopped,
    /// The lane is somebody else's.
    Fenced,
    /// The store will not have us.
    Refused(StoreError),
}

type Errands = Pin<Box<dyn Future<Output = (Clerk, Errand, Result<Done, Setback>)> + Send>>;

struct Task {
    seat: Arc<Seat>,
    workshop: Arc<Workshop>,
    machine: LaneMachine,
    reader: Reader,
    /// At home, or out on an errand.
    clerk: Option<Clerk>,
    errand: Option<Errands>,
    running: HashMap<StreamId, AbortHandle>,
    endings: Endings,
    burden: LaneBurden,
    hold: Hold,
    end: Option<LaneEnd>,
}

/// Reads a lane and has it handled, until it is told to stop.
pub(crate) async fn run(
    ground: Arc<Ground>,
    seat: Arc<Seat>,
    mut orders: watch::Receiver<Order>,
    sure: Option<watch::Receiver<Sureness>>,
) -> LaneEnd {
    let reader = Reader::start(ground.servers.clone(), seat.clone());
    let mut clerk = Clerk::new(ground.servers.clone(), seat.clone(), reader.connection.clone());
    if let Err(end) = prepare(&mut clerk, (&ground, seat.lane), &mut orders).await {
        return end;
    }
    let (sharing, hold) = match seat.epoch {
        None => (Sharing::Shared, Hold::until(Moment::from_nanos(u64::MAX))),
        Some(_) => (Sharing::Exclusive, Hold::until(now())),
    };
    let (endings, ended) = mpsc::unbounded_channel();
    let task = Task {
        machine: LaneMachine::new(ground.settings.clone(), sharing, now()),
        reader,
        workshop: ground.workshop.clone(),
        clerk: Some(clerk),
        errand: None,
        running: HashMap::new(),
        burden: ground.burden.add(),
        hold,
        end: None,
        seat,
        endings,
    };
    task.run(ended, orders, sure).await
}

/// Makes the group, however long the store is away.
async fn prepare(
    clerk: &mut Clerk,
    (ground, lane): (&Ground, Lane),
    orders: &mut watch::Receiver<Order>,
) -> Result<(), LaneEnd> {
    let mut pause = TROUBLE_PAUSE_FIRST;
    loop {
        match clerk.ensure_group(ground.begin).await {
            Ok(()) | Err(Setback::NoGroup) => return Ok(()),
            Err(Setback::Fenced) => return Err(LaneEnd::Fenced),
            Err(Setback::Store(error)) if !error.is_retryable() => {
                return Err(LaneEnd::Refused(error));
            }
            Err(Setback::Store(error)) => {
                tracing::warn!(%error, "store cannot be reached");
                ground.workshop.health.troubled(lane, &error.to_string());
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(TROUBLE_PAUSE_MAX),
            () = stopped(orders) => return Err(LaneEnd::Stopped),
        }
    }
}

/// Returns when there is another order than to run; also when nobody can give one any more.
async fn stopped(orders: &mut watch::Receiver<Order>) {
    // An error means that nobody is left to give orders, which is one.
    drop(orders.wait_for(|order| *order != Order::Run).await);
}

impl Task {
    async fn run(
        mut self,
        mut ended: mpsc::UnboundedReceiver<(StreamId, Ending)>,
        mut orders: watch::Receiver<Order>,
        mut sure: Option<watch::Receiver<Sureness>>,
    ) -> LaneEnd {
        if let Some(sure) = &mut sure {
            sure.mark_changed();
        }
        let mut endings = Vec::with_capacity(ENDINGS_MAX);
        loop {
            self.carry_out();
            self.burden.set(self.machine.in_hand_since());
            if let Some(end) = self.end.take() {
                return end;
            }
            let timeout = self.machine.poll_timeout();
            tokio::select! {
                _ = ended.recv_many(&mut endings, ENDINGS_MAX) => self.on_endings(&mut endings),
                Some(answer) = self.reader.answers.recv() => self.on_read(answer),
                (clerk, errand, done) = returned(&mut self.errand) => {
                    self.errand = None;
                    self.clerk = Some(clerk);
                    self.on_errand(errand, done);
                }
                changed = orders.changed() => {
                    let order = changed.map_or(Order::GiveUp, |()| *orders.borrow_and_update());
                    self.on_order(order);
                }
                until = surer(&mut sure, self.seat.lane) => {
                    self.hold.prolong(until);
                    self.machine.handle(Input::Sure(until), now());
                }
                () = sleep_until(timeout) => self.machine.handle(Input::Time, now()),
            }
        }
    }

    fn carry_out(&mut self) {
        let now = now();
        while let Some(output) = self.machine.poll_output(now) {
            match output {
                Output::Read(count) => self.reader.ask(count),
                Output::Handle { id, attempt, entry } => {
                    let (app, lane) = (self.seat.app.clone(), self.seat.lane);
                    let delivery = Delivery { app, lane, id, attempt, entry };
                    let handle = self.workshop.start(delivery, &self.hold, &self.endings);
                    self.running.insert(id, handle);
                }
                Output::Run(errand) => self.send(errand),
                Output::GaveUp(burial) => {
                    let (id, error) = (burial.id, &burial.error);
                    tracing::warn!(lane = %self.seat.lane, %id, error, "gave up on a delivery");
                    self.workshop.health.gave_up(self.seat.lane);
                }
                Output::Over => self.end = Some(self.end.take().unwrap_or(LaneEnd::Stopped)),
            }
        }
    }

    fn send(&mut self, errand: Errand) {
        let clerk = self.clerk.take();
        let mut clerk = clerk.unwrap_or_else(|| unreachable!("one errand at a time"));
        self.errand = Some(Box::pin(async move {
            let done = clerk.run(&errand).await;
            (clerk, errand, done)
        }));
    }

    fn on_endings(&mut self, endings: &mut Vec<(StreamId, Ending)>) {
        let now = now();
        for (id, ending) in endings.drain(..) {
            self.running.remove(&id);
            if let Ending::Failed(error) = &ending {
                tracing::warn!(lane = %self.seat.lane, %id, error, "handler failed");
            }
            self.machine.handle(Input::Ended(id, ending), now);
        }
    }

    fn on_read(&mut self, answer: ReadAnswer) {
        let (health, lane) = (&self.workshop.health, self.seat.lane);
        let input = match answer {
            Ok(arrivals) => {
                health.read(lane, arrivals.len());
                Input::Read(arrivals)
            }
            Err(Setback::Fenced) => return self.fenced(),
            Err(Setback::Store(error)) if !error.is_retryable() => return self.refused(error),
            Err(Setback::Store(error)) => {
                health.troubled(lane, &error.to_string());
                Input::ReadFailed
            }
            Err(Setback::NoGroup) => Input::ReadFailed,
        };
        self.machine.handle(input, now());
    }

    fn on_errand(&mut self, errand: Errand, done: Result<Done, Setback>) {
        let input = match done {
            Ok(done) => Input::Done(errand, done),
            Err(Setback::Fenced) => return self.fenced(),
            Err(Setback::Store(error)) if !error.is_retryable() => return self.refused(error),
            Err(Setback::NoGroup) => Input::Failed(errand),
            Err(Setback::Store(error)) => {
                tracing::warn!(lane = %self.seat.lane, %error, "store did not answer");
                self.workshop.health.troubled(self.seat.lane, &error.to_string());
                Input::Failed(errand)
            }
        };
        self.machine.handle(input, now());
    }

    fn fenced(&mut self) {
        self.end = Some(LaneEnd::Fenced);
        self.machine.handle(Input::Fenced, now());
    }

    fn refused(&mut self, error: StoreError) {
        self.end = Some(LaneEnd::Refused(error));
        self.machine.handle(Input::Fenced, now());
    }

    fn on_order(&mut self, order: Order) {
        let input = match order {
            Order::Run => return,
            Order::Stop => Input::Stop,
            Order::Yield => Input::Yield,
            Order::GiveUp => {
                self.running.values().for_each(AbortHandle::abort);
                Input::GiveUp
            }
        };
        self.machine.handle(input, now());
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.running.values().for_each(AbortHandle::abort);
        self.workshop.health.let_go(self.seat.lane);
    }
}

/// When it is known that the lane is ours for longer.
async fn surer(sure: &mut Option<watch::Receiver<Sureness>>, lane: Lane) -> Moment {
    if let Some(sure) = sure {
        while sure.changed().await.is_ok() {
            if let Some(until) = sure.borrow_and_update().get(&lane) {
                return *until;
            }
        }
    }
    std::future::pending().await
}

async fn returned(errand: &mut Option<Errands>) -> (Clerk, Errand, Result<Done, Setback>) {
    match errand {
        Some(errand) => errand.await,
        None => std::future::pending().await,
    }
}
