//! One connection: reads requests, carries them out in their order, and writes the answers.
//!
//! Requests that have come are carried out at once, one after the other. Their answers are
//! gathered and leave together when the disk has all that they show. A client that does not read
//! is not read from either; it is given up when it takes nothing for a minute.

use std::{
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use baton_model::limits::{
    RESP_OUTPUT_BYTES_KEPT, RESP_OUTPUT_FLUSHED, RESP_REQUESTS_AT_ONCE, RESP_WRITE_PATIENCE,
};
use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};

use super::{
    commands::read::Read,
    reply::Reply,
    requests::Requests,
    session::{House, Session, Step},
};
use crate::{
    live::{ReadOrWait, Receipt},
    waiting::{Served, WaiterId},
};

/// Serves a client until it leaves, or is given up.
pub(crate) async fn serve(socket: TcpStream, id: u64, house: Arc<House>) {
    let (session, pushes) = Session::new(id, &house);
    let output = Output { bytes: BytesMut::new(), receipt: None };
    let mut connection =
        Connection { socket, requests: Requests::default(), session, pushes, output, house };
    // However it ended, the client knows as much as anybody can tell it.
    drop(connection.run().await);
    connection.session.leave(&connection.house);
}

struct Connection {
    socket: TcpStream,
    requests: Requests,
    session: Session,
    pushes: mpsc::Receiver<Reply>,
    output: Output,
    house: Arc<House>,
}

/// What has not been written yet.
struct Output {
    bytes: BytesMut,
    /// What must be durable before that.
    receipt: Option<Receipt>,
}

/// The connection is over.
enum Over {
    /// The client has left, or was told to.
    Left,
    /// The socket does not work, or the client does not read.
    Broken,
    /// Nobody knows what became of a request; to say nothing is to say that.
    Unknown,
}

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Self {
        Self::Broken
    }
}

impl Connection {
    async fn run(&mut self) -> Result<(), Over> {
        // It ends when the client leaves: each round takes a request, or waits for one.
        loop {
            self.handle_what_has_come().await?;
            self.flush().await?;
            tokio::select! {
                read = self.socket.read_buf(self.requests.buffer()) => {
                    if read? == 0 {
                        return Err(Over::Left);
                    }
                }
                Some(push) = self.pushes.recv() => self.push(&push)?,
            }
        }
    }

    async fn handle_what_has_come(&mut self) -> Result<(), Over> {
        let mut handled = 0;
        loop {
            let request = match self.requests.next(self.session.asker()) {
                Ok(Some(request)) => request,
                Ok(None) => return Ok(()),
                Err(error) => return self.leave(&Reply::Error(format!("ERR {error}"))).await,
            };
            self.handle(request).await?;
            handled += 1;
            if handled % RESP_REQUESTS_AT_ONCE == 0 {
                // Others have a turn, however much this client has sent.
                tokio::task::yield_now().await;
            }
            if self.output.bytes.len() >= RESP_OUTPUT_FLUSHED {
                self.flush().await?;
            }
        }
    }

    async fn handle(&mut self, request: Vec<Bytes>) -> Result<(), Over> {
        match self.session.handle(&self.house, request).map_err(|_| Over::Unknown)? {
            Step::Answer(reply, receipt) => self.answer(&reply, receipt),
            Step::Answers(replies) => replies.iter().for_each(|reply| self.answer(reply, None)),
            Step::Read(read) => self.read(read).await?,
            Step::Leave(reply) => self.leave(&reply).await?,
        }
        Ok(())
    }

    fn answer(&mut self, reply: &Reply, receipt: Option<Receipt>) {
        self.output.receipt = Receipt::both(self.output.receipt, receipt);
        reply.write(self.session.protocol, &mut self.output.bytes);
    }

    fn push(&mut self, push: &Reply) -> Result<(), Over> {
        if self.session.hearer.is_behind.load(Ordering::Relaxed) {
            return Err(Over::Broken);
        }
        self.answer(push, None);
        Ok(())
    }

    async fn leave(&mut self, reply: &Reply) -> Result<(), Over> {
        self.answer(reply, None);
        self.flush().await?;
        // A client that is still sending would otherwise lose the reply with the connection.
        drop(self.socket.shutdown().await);
        Err(Over::Left)
    }

    async fn read(&mut self, mut read: Read) -> Result<(), Over> {
        use crate::waiting::Attempt;
        let Some(patience) = read.block else {
            let decided =
                self.house.live.decide(|mut at| read.attempt(&mut at).unwrap_or(Reply::NullList));
            let answered = super::session::answer_when_up(decided).map_err(|_| Over::Unknown)?;
            if let Step::Answer(reply, receipt) = answered {
                self.answer(&reply, receipt);
            }
            return Ok(());
        };
        match self.house.live.read_or_wait(self.session.id, Box::new(read)) {
            Ok(ReadOrWait::Read(reply, receipt)) => {
                self.answer(&reply, receipt);
                Ok(())
            }
            Ok(ReadOrWait::Wait(id, served, receipt)) => {
                self.output.receipt = Receipt::both(self.output.receipt, receipt);
                let wait = Wait { house: self.house.clone(), id, served };
                self.wait(wait, patience).await
            }
            Err(error) => {
                let down = super::session::answer_when_up(Err(error)).map_err(|_| Over::Unknown)?;
                if let Step::Answer(reply, _) = down {
                    self.answer(&reply, None);
                }
                Ok(())
            }
        }
    }

    /// Waits for something to read. What the client sends meanwhile is carried out afterwards.
    async fn wait(&mut self, mut wait: Wait, patience: Duration) -> Result<(), Over> {
        self.flush().await?;
        let deadline = (!patience.is_zero()).then(|| Instant::now() + patience);
        let mut is_full = false;
        loop {
            tokio::select! {
                served = &mut wait.served => {
                    let (reply, receipt) = served.map_err(|_| Over::Unknown)?;
                    self.answer(&reply, receipt);
                    return Ok(());
                }
                () = until(deadline) => return self.give_up(wait),
                read = self.socket.read_buf(self.requests.buffer()), if !is_full => {
                    if read? == 0 {
                        return Err(Over::Left);
                    }
                    is_full = self.requests.buffer().len() >= RESP_OUTPUT_FLUSHED;
                }
                Some(push) = self.pushes.recv() => {
                    self.push(&push)?;
                    self.flush().await?;
                }
            }
        }
    }

    /// Nothing came in time, unless it came at this very moment.
    fn give_up(&mut self, mut wait: Wait) -> Result<(), Over> {
        self.house.live.stop_waiting(wait.id);
        match wait.served.try_recv() {
            Ok((reply, receipt)) => self.answer(&reply, receipt),
            Err(_) => self.answer(&Reply::NullList, None),
        }
        Ok(())
    }

    /// Writes what was answered, once the disk has what it shows.
    async fn flush(&mut self) -> Result<(), Over> {
        if let Some(receipt) = self.output.receipt.take() {
            let durable = self.house.live.until_durable(&receipt).await;
            durable.map_err(|_| Over::Unknown)?;
        }
        while !self.output.bytes.is_empty() {
            let writing = self.socket.write_buf(&mut self.output.bytes);
            let written = timeout(RESP_WRITE_PATIENCE, writing).await;
            if written.map_err(|_| Over::Broken)?? == 0 {
                return Err(Over::Broken);
            }
        }
        if self.output.bytes.capacity() > RESP_OUTPUT_BYTES_KEPT {
            self.output.bytes = BytesMut::new();
        }
        Ok(())
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// A client's place among those who wait; it loses it when this is dropped.
struct Wait {
    house: Arc<House>,
    id: WaiterId,
    served: oneshot::Receiver<Served>,
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.house.live.stop_waiting(self.id);
    }
}
