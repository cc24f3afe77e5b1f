//! Hints: told and heard within the process.

use baton_model::limits::HINTS_WAITING_MAX;
use baton_store::Hearing;
use bytes::Bytes;
use tokio::sync::broadcast::{Receiver, Sender, channel, error::RecvError};

/// Everybody who hears.
#[derive(Debug)]
pub(crate) struct Audience(Sender<Bytes>);

impl Default for Audience {
    fn default() -> Self {
        Self(channel(HINTS_WAITING_MAX).0)
    }
}

impl Audience {
    pub(crate) fn tell(&self, hint: Bytes) {
        // An error says that nobody hears, which is no trouble of the teller's.
        drop(self.0.send(hint));
    }

    pub(crate) fn hear(&self) -> HintHearing {
        HintHearing(self.0.subscribe())
    }
}

/// Hears hints until it is dropped, or the store is.
#[derive(Debug)]
pub struct HintHearing(Receiver<Bytes>);

impl Hearing for HintHearing {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            match self.0.recv().await {
                Ok(hint) => return Some(hint),
                Err(RecvError::Lagged(_)) => {} // The oldest were dropped; the next one is there.
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: usize) -> Bytes {
        Bytes::from(number.to_string())
    }

    #[tokio::test]
    async fn of_too_many_that_wait_the_oldest_are_dropped() {
        let audience = Audience::default();
        audience.tell(number(0));
        let mut hearing = audience.hear();
        for told in 1..=HINTS_WAITING_MAX + 3 {
            audience.tell(number(told));
        }
        for kept in 4..=HINTS_WAITING_MAX + 3 {
            assert_eq!(hearing.next().await, Some(number(kept)));
        }
        drop(audience);
        assert_eq!(hearing.next().await, None);
    }
}
