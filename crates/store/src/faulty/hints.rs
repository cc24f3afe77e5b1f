//! Hints over a bad connection: those that get lost on their way to a listener are lost without a
//! word.

use bytes::Bytes;

use super::{Fate, Faulty};
use crate::{Hearing, Hints, StoreError};

/// Hears over a bad connection.
#[derive(Debug)]
pub struct FaultyHearing<H> {
    hearing: H,
    connection: Faulty<()>,
}

impl<S: Hints + Sync> Hints for Faulty<S> {
    type Hearing = FaultyHearing<S::Hearing>;

    async fn tell(&self, hint: Bytes) -> Result<(), StoreError> {
        self.through(self.store.tell(hint)).await
    }

    async fn hear(&self) -> Result<Self::Hearing, StoreError> {
        let hearing = self.through(self.store.hear()).await?;
        let (faults, dice) = (self.faults.clone(), self.dice.clone());
        let connection = Faulty { store: (), faults, dice };
        Ok(FaultyHearing { hearing, connection })
    }
}

impl<H: Hearing> Hearing for FaultyHearing<H> {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let hint = self.hearing.next().await?;
            match self.connection.fate() {
                Fate::Served => return Some(hint),
                Fate::RequestLost | Fate::ReplyLost | Fate::Unavailable => {}
            }
        }
    }
}
