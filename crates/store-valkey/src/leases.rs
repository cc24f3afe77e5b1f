//! Leases on Valkey.

use baton_model::{
    AppName, Expected, InstanceId, Lane, LeaseRow, OfferId, SessionNumber, SessionRow,
    limits::ROWS_AT_ONCE_MAX,
};
use baton_store::{
    AcceptError, BreakError, ClaimError, Fenced, Grant, Hold, HoldError, Leases, ShardAddress,
    StoreError, key::Key, stored,
};
use bytes::Bytes;
use fred::interfaces::HashesInterface;

use crate::{
    Valkey, arg,
    library::function,
    reply::{Reply, fred_error, nth},
};

impl Leases for Valkey {
    async fn rows(&self, shards: &[ShardAddress]) -> Result<Vec<Option<LeaseRow>>, StoreError> {
        let mut rows = Vec::with_capacity(shards.len());
        for some in shards.chunks(ROWS_AT_ONCE_MAX) {
            self.read_rows(some, &mut rows).await?;
        }
        Ok(rows)
    }

    async fn claim(
        &self,
        shard: &ShardAddress,
        expected: Expected,
        me: InstanceId,
    ) -> Result<Grant, ClaimError> {
        self.claim_row(Key::Row(shard).to_string(), expected, me).await
    }

    async fn offer(&self, hold: &Hold, to: InstanceId, offer: OfferId) -> Result<(), HoldError> {
        self.as_holder(function::OFFER, hold, [arg(to), arg(offer)]).await.map(drop)
    }

    async fn accept(
        &self,
        hold: &Hold,
        offer: OfferId,
        me: InstanceId,
    ) -> Result<Grant, AcceptError> {
        let key = Key::Row(&hold.address).to_string();
        let args = [arg(me), arg(hold.owner), arg(hold.epoch), arg(offer)];
        let reply = self.control().call(function::ACCEPT, [key.clone()], args).await?;
        match reply.outcome()? {
            ("ok", rest) => Ok(granted(&key, rest)?),
            ("gone", rest) => Err(AcceptError::Gone(row(&key, rest)?)),
            _ => Err(reply.unexpected("ok or gone").into()),
        }
    }

    async fn retract(&self, hold: &Hold, offer: OfferId) -> Result<(), HoldError> {
        self.as_holder(function::RETRACT, hold, [arg(offer)]).await.map(drop)
    }

    async fn release(&self, hold: &Hold) -> Result<(), HoldError> {
        self.as_holder(function::RELEASE, hold, []).await.map(drop)
    }

    async fn break_lease(
        &self,
        shard: &ShardAddress,
        expected: Expected,
    ) -> Result<(), BreakError> {
        let key = Key::Row(shard).to_string();
        let args = [arg(expected.epoch), expected.holder.map_or_else(Bytes::new, arg)];
        let reply = self.control().call(function::BREAK_LEASE, [key.clone()], args).await?;
        match reply.outcome()? {
            ("ok", _) => Ok(()),
            ("changed", rest) => Err(BreakError::Changed(row(&key, rest)?)),
            _ => Err(reply.unexpected("ok or changed").into()),
        }
    }

    async fn reassert(
        &self,
        hold: &Hold,
        session: Option<&SessionRow>,
    ) -> Result<LeaseRow, HoldError> {
        let shard = arg(hold.address.shard.number);
        let args = match session {
            None => [const { Bytes::new() }; 4],
            Some(session) => [
                arg(session.number),
                arg(session.id.as_str()),
                session.resume_url.as_ref().map_or_else(Bytes::new, arg),
                arg(session.last_seq),
            ],
        };
        let rest =
            self.as_holder(function::REASSERT, hold, args.into_iter().chain([shard])).await?;
        let key = Key::Row(&hold.address).to_string();
        Ok(existing(&key, &rest)?)
    }

    async fn forget_resume_url(
        &self,
        hold: &Hold,
        session: SessionNumber,
    ) -> Result<(), HoldError> {
        self.as_holder(function::FORGET_RESUME_URL, hold, [arg(session)]).await.map(drop)
    }
}

impl Valkey {
    /// Calls a function that only the holder may call; its answer behind `ok`.
    pub(crate) async fn as_holder(
        &self,
        function: &'static str,
        hold: &Hold,
        more: impl IntoIterator<Item = Bytes>,
    ) -> Result<Vec<Reply>, HoldError> {
        let key = Key::Row(&hold.address).to_string();
        let keys = [key.clone(), events_key(hold.address.app(), hold.address.lane)];
        let args = [arg(hold.owner), arg(hold.epoch)].into_iter().chain(more);
        let reply = self.control().call(function, keys, args).await?;
        match reply.outcome()? {
            ("ok", rest) => Ok(rest.to_vec()),
            ("fenced", rest) => Err(Fenced { row: existing(&key, rest)? }.into()),
            ("forgotten", _) => Err(HoldError::Forgotten),
            ("overtaken", _) => Err(HoldError::Overtaken),
            _ => Err(reply.unexpected("ok or fenced").into()),
        }
    }

    pub(crate) async fn claim_row(
        &self,
        key: String,
        expected: Expected,
        me: InstanceId,
    ) -> Result<Grant, ClaimError> {
        let holder = expected.holder.map_or_else(Bytes::new, arg);
        let args = [arg(me), arg(expected.epoch), holder];
        let reply = self.control().call(function::CLAIM, [key.clone()], args).await?;
        match reply.outcome()? {
            ("ok", rest) => Ok(granted(&key, rest)?),
            ("lost", rest) => Err(ClaimError::Lost(row(&key, rest)?)),
            _ => Err(reply.unexpected("ok or lost").into()),
        }
    }

    async fn read_rows(
        &self,
        shards: &[ShardAddress],
        rows: &mut Vec<Option<LeaseRow>>,
    ) -> Result<(), StoreError> {
        let pipeline = self.control().client().pipeline();
        let keys: Vec<String> = shards.iter().map(|shard| Key::Row(shard).to_string()).collect();
        for key in &keys {
            let queued: Result<(), _> = pipeline.hgetall(key.as_str()).await;
            queued.map_err(|error| fred_error(&error))?;
        }
        let answers: Vec<fred::types::Value> =
            pipeline.all().await.map_err(|error| fred_error(&error))?;
        for (key, answer) in keys.iter().zip(answers) {
            let reply = Reply::from(answer);
            rows.push(stored::row::decode(key, reply.pairs()?)?);
        }
        Ok(())
    }
}

pub(crate) fn events_key(app: &AppName, lane: Lane) -> String {
    Key::Events(app, lane).to_string()
}

/// The row that stands first behind an outcome.
fn row(key: &str, rest: &[Reply]) -> Result<Option<LeaseRow>, StoreError> {
    stored::row::decode(key, nth(rest, 0)?.pairs()?)
}

/// The row behind an outcome that there is none without.
pub(crate) fn existing(key: &str, rest: &[Reply]) -> Result<LeaseRow, StoreError> {
    row(key, rest)?.ok_or_else(|| StoreError::corrupt(key, "no row", "a row"))
}

fn granted(key: &str, rest: &[Reply]) -> Result<Grant, StoreError> {
    let row = existing(key, rest)?;
    Ok(Grant { epoch: row.epoch, session: row.session })
}
