//! Carries errands out: what the machine asks of the store, in the store's words.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use baton_model::{StreamId, whole_millis};
use baton_store::StoreError;
use redis::Value;

use crate::{
    answer::{id, list},
    arrivals::claimed,
    machine::{Burial, Claim, Done, Errand, Whose},
    route::Servers,
    scripts,
    seat::{Begin, Seat, Setback, outcome},
    settings::{ANSWER_TIMEOUT, GONE_AFTER, SUSPECT_DELIVERIES},
    wire::Wire,
};

/// Dead letters of a group that are kept in one lane, roughly. Beyond it the oldest go: a group
/// that gives up on everything must not fill the store.
const LETTERS_MAX: usize = 10_000;

/// Who goes on errands, one at a time, over a connection on which nothing blocks.
pub(crate) struct Clerk {
    seat: Arc<Seat>,
    wire: Wire,
    /// The number of the connection over which is read; 0 if there is none.
    reading: Arc<AtomicU64>,
}

impl Clerk {
    pub(crate) fn new(servers: Arc<Servers>, seat: Arc<Seat>, reading: Arc<AtomicU64>) -> Self {
        let wire = Wire::new(servers, seat.events_key(), ANSWER_TIMEOUT);
        Self { seat, wire, reading }
    }

    /// Makes the group, unless it is there.
    pub(crate) async fn ensure_group(&mut self, begin: Begin) -> Result<(), Setback> {
        self.seat.ensure_group(&mut self.wire, begin).await
    }

    /// Carries one out.
    pub(crate) async fn run(&mut self, errand: &Errand) -> Result<Done, Setback> {
        let done = match errand {
            Errand::Ack(ids) => self.acknowledge(ids).await,
            Errand::Bury(burial) => self.bury(burial).await,
            Errand::Keep(ids) => self.keep(ids, 0).await.map(Done::Lost),
            Errand::Release(ids) => self.release(ids).await,
            Errand::Claim(claim) => self.claim(claim).await,
            Errand::Sweep => self.sweep().await,
            Errand::Wake => self.wake().await,
        };
        match done {
            Err(Setback::NoGroup) => self.without_group(errand).await,
            done => done,
        }
    }

    /// Whoever lacks the right to it waits until the read ends by itself.
    async fn wake(&mut self) -> Result<Done, Setback> {
        let mut unblock = redis::cmd("CLIENT");
        unblock.arg("UNBLOCK").arg(self.reading.load(Ordering::Relaxed));
        match self.wire.send(&unblock).await {
            Ok(_) | Err(StoreError::Refused { .. }) => Ok(Done::Written),
            Err(error) => Err(error.into()),
        }
    }

    /// Where there is no group nothing is pending, and nothing can be taken from us.
    async fn without_group(&mut self, errand: &Errand) -> Result<Done, Setback> {
        self.ensure_group(Begin::Oldest).await?;
        Ok(match errand {
            Errand::Ack(_)
            | Errand::Bury(_)
            | Errand::Release(_)
            | Errand::Sweep
            | Errand::Wake => Done::Written,
            Errand::Keep(_) => Done::Lost(Vec::new()),
            Errand::Claim(_) => Done::Claimed(Vec::new(), None),
        })
    }

    async fn acknowledge(&mut self, ids: &[StreamId]) -> Result<Done, Setback> {
        if self.seat.epoch.is_some() {
            let mut ack = self.seat.call(&scripts::ACK);
            for id in ids {
                ack.arg(id.to_string());
            }
            outcome(self.wire.run(&ack).await?)?;
            return Ok(Done::Written);
        }
        let mut ack = redis::cmd("XACK");
        ack.arg(self.seat.events_key()).arg(&self.seat.group);
        for id in ids {
            ack.arg(id.to_string());
        }
        self.wire.send(&ack).await?;
        Ok(Done::Written)
    }

    async fn bury(&mut self, burial: &Burial) -> Result<Done, Setback> {
        let mut bury = self.seat.call(&scripts::BURY);
        bury.arg(burial.id.to_string()).arg(LETTERS_MAX);
        bury.arg("error").arg(&burial.error).arg("attempts").arg(burial.attempts);
        bury.arg("id").arg(burial.id.to_string()).arg("consumer").arg(&self.seat.me);
        for (name, value) in &burial.fields {
            bury.arg(name.as_ref()).arg(value.as_ref());
        }
        outcome(self.wire.run(&bury).await?)?;
        Ok(Done::Written)
    }

    async fn keep(&mut self, ids: &[StreamId], idle_ms: u64) -> Result<Vec<StreamId>, Setback> {
        let mut keep = self.seat.call(&scripts::KEEP);
        keep.arg(idle_ms);
        for id in ids {
            keep.arg(id.to_string());
        }
        let answer = outcome(self.wire.run(&keep).await?)?;
        let lost = list(answer.into_iter().next().unwrap_or(Value::Nil))?;
        Ok(lost.iter().map(id).collect::<Result<_, _>>()?)
    }

    /// Whoever looks next finds them as if nothing had been heard of them for long.
    async fn release(&mut self, ids: &[StreamId]) -> Result<Done, Setback> {
        for some in ids.chunks(crate::settings::KEEP_MAX) {
            self.keep(some, whole_millis(GONE_AFTER)).await?;
        }
        self.seat.leave(&mut self.wire).await?;
        Ok(Done::Written)
    }

    async fn claim(&mut self, claim: &Claim) -> Result<Done, Setback> {
        let mut call = self.seat.call(&scripts::CLAIM);
        call.arg(match claim.whose {
            Whose::Own => "own",
            Whose::All => "all",
        });
        call.arg(whole_millis(claim.idle)).arg(claim.after.to_string()).arg(claim.count);
        call.arg(SUSPECT_DELIVERIES);
        let (taken, upto) = self.wire.run_and_read(&call, claimed).await??;
        Ok(Done::Claimed(taken, upto))
    }

    async fn sweep(&mut self) -> Result<Done, Setback> {
        let mut sweep = self.seat.call(&scripts::SWEEP);
        sweep.arg(whole_millis(GONE_AFTER));
        outcome(self.wire.run(&sweep).await?)?;
        Ok(Done::Written)
    }
}
