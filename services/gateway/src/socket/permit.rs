//! The queue that twilight asks before it sends IDENTIFY: one wish at a time, granted from outside.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use twilight_gateway::queue::Queue;

/// Where a client's wish to IDENTIFY lies until it is granted.
#[derive(Debug, Clone, Default)]
pub(super) struct PermitDesk {
    wish: Arc<Mutex<Option<Wish>>>,
}

#[derive(Debug)]
struct Wish {
    grant: oneshot::Sender<()>,
    is_new: bool,
}

impl PermitDesk {
    /// Whether a wish has come since this was last asked.
    pub(super) fn has_new_wish(&self) -> bool {
        let mut wish = self.wish.lock().unwrap_or_else(PoisonError::into_inner);
        wish.as_mut().is_some_and(|wish| std::mem::take(&mut wish.is_new))
    }

    /// Grants it. A client whose connection has broken does not wait any more; then nothing goes
    /// out, and its close comes.
    pub(super) fn grant(&self) {
        let wish = self.wish.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(wish) = wish
            && wish.grant.send(()).is_err()
        {
            tracing::debug!("an identify permit came too late for its connection");
        }
    }
}

impl Queue for PermitDesk {
    fn enqueue(&self, _shard: u32) -> oneshot::Receiver<()> {
        let (grant, granted) = oneshot::channel();
        let wish = Wish { grant, is_new: true };
        *self.wish.lock().unwrap_or_else(PoisonError::into_inner) = Some(wish);
        granted
    }
}
