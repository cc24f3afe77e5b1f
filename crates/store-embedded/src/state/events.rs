//! Events: what stands in the lanes' streams.

use baton_model::{AppName, Lane, RowSession, Seq, SessionNumber, SessionRow, StoreMillis};
use baton_store::{Append, AppendError, Entry, EntryBody, Hold, StreamId};

use super::{Change, LaneAddress, StoreState, leases::Refusal, stream::next_id};

impl From<Refusal> for AppendError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fenced(_) => Self::Fenced,
            Refusal::Forgotten => Self::Forgotten,
        }
    }
}

impl StoreState {
    /// See [`Events::append`](baton_store::Events::append).
    ///
    /// # Errors
    /// In this order: [`AppendError::Fenced`] or [`AppendError::Forgotten`],
    /// [`AppendError::OtherSession`], [`AppendError::Gap`]. A writer that is all three must learn
    /// first that it has to stop.
    pub fn append(&mut self, now: StoreMillis, append: &Append) -> Result<Seq, AppendError> {
        let hold = &append.hold;
        let row = self.row_owned(hold)?;
        let session = match &row.lease.session {
            Some(session) if session.number == append.session => session.clone(),
            other => return Err(AppendError::OtherSession(other.as_ref().map(RowSession::from))),
        };
        let complete_to = session.last_seq;
        if complete_to < append.prev {
            return Err(AppendError::Gap(complete_to));
        }
        let missing = append.entries.iter().filter(|body| body.seq() > complete_to);
        for body in missing {
            self.write_entry(now, hold, session.number, body.clone());
        }
        if append.last <= complete_to {
            return Ok(complete_to);
        }
        self.put_session(hold, row, SessionRow { last_seq: append.last, ..session });
        Ok(append.last)
    }

    /// See [`Events::entries`](baton_store::Events::entries).
    #[must_use]
    pub fn entries(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> Vec<(StreamId, Entry)> {
        let app = app.clone();
        let stream = self.events.get(&LaneAddress { app, lane });
        stream.map_or_else(Vec::new, |stream| stream.behind(after, count))
    }

    pub(super) fn write_entry(
        &mut self,
        now: StoreMillis,
        hold: &Hold,
        session: SessionNumber,
        body: EntryBody,
    ) {
        let lane = LaneAddress { app: hold.address.app().clone(), lane: hold.address.lane };
        let entry = Entry { shard: hold.address.shard.number, session, epoch: hold.epoch, body };
        let last = self.events.get(&lane).map(|stream| stream.last_given());
        let id = next_id(last, now);
        self.change(Change::Entry(lane.clone(), id, entry));
        self.retain_entries(now, &lane);
    }
}
