//! Hints. They never wait for the disk, for nothing of them is kept.

use baton_store::{Hints, StoreError, ensure_hint_fits};
use bytes::Bytes;

use crate::{EmbeddedStore, HintHearing};

impl Hints for EmbeddedStore {
    type Hearing = HintHearing;

    async fn tell(&self, hint: Bytes) -> Result<(), StoreError> {
        ensure_hint_fits(&hint)?;
        self.live.hints.tell(hint);
        Ok(())
    }

    async fn hear(&self) -> Result<HintHearing, StoreError> {
        Ok(self.live.hints.hear())
    }
}
