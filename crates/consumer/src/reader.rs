//! The task that reads a lane: when it is asked to, on a connection of its own.
//!
//! A read that is given up while the server carries it out takes entries that nobody ever sees. So
//! this task is not raced against anything, and its answers are waited for longer than they can
//! take.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use baton_model::StreamId;
use redis::Value;
use tokio::sync::mpsc;

use crate::{
    answer::{id, list},
    arrivals::{entries_of_stream, taken},
    machine::Arrival,
    route::Servers,
    scripts,
    seat::{Begin, Seat, Setback},
    settings::{ANSWER_TIMEOUT, READ_BLOCK, TROUBLE_PAUSE_FIRST, TROUBLE_PAUSE_MAX},
    wire::Wire,
};

/// What was read, or why nothing was.
pub(crate) type ReadAnswer = Result<Vec<Arrival>, Setback>;

/// The task's other end.
pub(crate) struct Reader {
    asks: mpsc::Sender<usize>,
    pub(crate) answers: mpsc::Receiver<ReadAnswer>,
    /// The number of its connection at the server, to wake it; 0 if there is none.
    pub(crate) connection: Arc<AtomicU64>,
}

impl Reader {
    /// Starts it. It ends when its other end is dropped and the read that is under way has ended.
    pub(crate) fn start(servers: Arc<Servers>, seat: Arc<Seat>) -> Self {
        let (asks, asked) = mpsc::channel(1);
        let (told, answers) = mpsc::channel(1);
        let connection = Arc::new(AtomicU64::new(0));
        let wire = Wire::new(servers, seat.events_key(), READ_BLOCK + ANSWER_TIMEOUT);
        let pause = TROUBLE_PAUSE_FIRST;
        let after = StreamId::START;
        let task = Task { seat, wire, connection: connection.clone(), pause, after };
        tokio::spawn(task.run(asked, told));
        Self { asks, answers, connection }
    }

    /// Asks for so many entries. It has answered what it was asked before.
    pub(crate) fn ask(&self, count: usize) {
        let is_free = self.asks.try_send(count).is_ok();
        assert!(is_free, "one read is asked for at a time");
    }
}

struct Task {
    seat: Arc<Seat>,
    wire: Wire,
    connection: Arc<AtomicU64>,
    pause: Duration,
    /// Up to where an exclusive lane was read.
    after: StreamId,
}

impl Task {
    async fn run(mut self, mut asked: mpsc::Receiver<usize>, told: mpsc::Sender<ReadAnswer>) {
        while let Some(count) = asked.recv().await {
            let answer = self.answer(count).await;
            if told.send(answer).await.is_err() {
                return;
            }
        }
    }

    async fn answer(&mut self, count: usize) -> ReadAnswer {
        match self.read(count).await {
            Err(Setback::NoGroup) => {
                tracing::warn!(lane = %self.seat.lane, "consumer group is gone; made anew");
                self.after = StreamId::START;
                self.seat.ensure_group(&mut self.wire, Begin::Oldest).await?;
                Ok(Vec::new())
            }
            Err(Setback::Store(error)) => {
                tracing::warn!(lane = %self.seat.lane, %error, "lane cannot be read");
                tokio::time::sleep(self.pause).await;
                self.pause = (self.pause * 2).min(TROUBLE_PAUSE_MAX);
                Err(Setback::Store(error))
            }
            read => {
                self.pause = TROUBLE_PAUSE_FIRST;
                read
            }
        }
    }

    async fn read(&mut self, count: usize) -> ReadAnswer {
        if !self.wire.is_connected() {
            self.note_connection().await?;
        }
        match self.seat.epoch {
            None => self.read_blocked(count).await,
            Some(_) => self.take(count).await,
        }
    }

    /// A user may lack the right to know it; then a stop takes as long as a read.
    async fn note_connection(&mut self) -> Result<(), Setback> {
        self.connection.store(0, Ordering::Relaxed);
        let mut ask = redis::cmd("CLIENT");
        ask.arg("ID");
        match self.wire.send(&ask).await {
            Ok(Value::Int(number)) => {
                let number = u64::try_from(number).unwrap_or_default();
                self.connection.store(number, Ordering::Relaxed);
                Ok(())
            }
            Ok(_) | Err(baton_store::StoreError::Refused { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn read_blocked(&mut self, count: usize) -> ReadAnswer {
        let mut read = self.seat.read();
        let block = READ_BLOCK.as_millis().to_string();
        read.arg("COUNT").arg(count).arg("BLOCK").arg(block).arg("STREAMS");
        read.arg(self.seat.events_key()).arg(">");
        Ok(self.wire.read(&read, entries_of_stream).await??)
    }

    /// What blocks takes nothing, and what takes is fenced.
    async fn take(&mut self, count: usize) -> ReadAnswer {
        let mut take = self.seat.call(&scripts::TAKE);
        take.arg(count);
        let arrivals = self.wire.run_and_read(&take, taken).await??;
        match arrivals.last() {
            Some(last) => self.after = last.id,
            None => self.await_entries().await?,
        }
        Ok(arrivals)
    }

    /// Waits for an entry behind the last one that was taken, by anybody.
    async fn await_entries(&mut self) -> Result<(), Setback> {
        if self.after == StreamId::START {
            self.after = self.last_delivered().await?;
        }
        let mut read = redis::cmd("XREAD");
        let block = READ_BLOCK.as_millis().to_string();
        read.arg("COUNT").arg(1).arg("BLOCK").arg(block).arg("STREAMS");
        read.arg(self.seat.events_key()).arg(self.after.to_string());
        self.wire.send(&read).await?;
        Ok(())
    }

    async fn last_delivered(&mut self) -> Result<StreamId, Setback> {
        let mut ask = redis::cmd("XINFO");
        ask.arg("GROUPS").arg(self.seat.events_key());
        for group in list(self.wire.send(&ask).await?)? {
            let flat = list(group)?;
            let value = |name: &[u8]| {
                let at = flat.iter().position(|it| *it == Value::BulkString(name.to_vec()))?;
                flat.get(at + 1)
            };
            if value(b"name") == Some(&Value::BulkString(self.seat.group.clone().into_bytes())) {
                return Ok(value(b"last-delivered-id").map(id).transpose()?.unwrap_or_default());
            }
        }
        Err(Setback::NoGroup)
    }
}
