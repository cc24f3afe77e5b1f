//! Reads of clients that wait until there is something to read.

use baton_store::StoreError;
use tokio::sync::oneshot;

use super::{Live, Receipt};
use crate::{
    resp::Reply,
    waiting::{Attempt, Served, WaiterId},
};

/// What came of a read.
pub(crate) enum ReadOrWait {
    /// There was something.
    Read(Reply, Option<Receipt>),
    /// There was nothing; the client waits. What it has seen has to be durable all the same.
    Wait(WaiterId, oneshot::Receiver<Served>, Option<Receipt>),
}

impl Live {
    /// Tries to read; has the client wait if there is nothing.
    pub(crate) fn read_or_wait(
        &self,
        client: u64,
        mut attempt: Box<dyn Attempt>,
    ) -> Result<ReadOrWait, StoreError> {
        let mut guard = self.lock()?;
        let (first, receipt) = self.decide_in(&mut guard, |mut at| attempt.attempt(&mut at))?;
        if let Some(reply) = first {
            return Ok(ReadOrWait::Read(reply, receipt));
        }
        let (id, served) = guard.waiting.add(client, attempt);
        Ok(ReadOrWait::Wait(id, served, receipt))
    }

    /// Ends a wait. If it was served before, its reply is there.
    pub(crate) fn stop_waiting(&self, id: WaiterId) {
        if let Ok(mut inner) = self.lock() {
            inner.waiting.remove(id);
        }
    }

    /// Ends a client's wait with this reply, and says whether it waited.
    pub(crate) fn unblock(&self, client: u64, reply: Reply) -> bool {
        self.lock().is_ok_and(|mut inner| inner.waiting.unblock(client, reply))
    }
}
