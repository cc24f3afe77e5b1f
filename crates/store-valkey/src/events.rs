//! Events on Valkey.

use std::time::Duration;

use baton_model::{
    AppName, Lane, RowSession, Seq, SessionNumber, SessionStart,
    limits::{ENTRIES_TRIMMED_MAX, RING_KEEP},
};
use baton_store::{
    Append, AppendError, BeginError, Entry, Events, Fenced, FoundEntry, Hold, NewSession,
    StoreError, StreamId, Trim, Trimmable, Trimmed, key::Key,
};
use baton_valkey_link::MISSING_FUNCTION;
use bytes::Bytes;
use redis::{Cmd, Pipeline};

use crate::{
    Valkey, arg,
    leases::{events_key, existing},
    library::function,
    reply::{Reply, nth},
};

impl Events for Valkey {
    async fn append(&self, append: &Append) -> Result<Seq, AppendError> {
        let mut answers = self.append_all(std::slice::from_ref(append)).await;
        answers.pop().unwrap_or_else(|| Err(StoreError::unknown("no answer").into()))
    }

    async fn append_all(&self, appends: &[Append]) -> Vec<Result<Seq, AppendError>> {
        self.send_appends(appends.iter().map(append_command), appended).await
    }

    async fn begin_session(
        &self,
        hold: &Hold,
        session: &NewSession,
    ) -> Result<SessionNumber, BeginError> {
        let key = Key::Row(&hold.address).to_string();
        let keys = [key.clone(), events_key(hold.address.app(), hold.address.lane)];
        let (number, seq) = session
            .previous
            .map_or_else(Default::default, |held| (arg(held.number), arg(held.last_seq)));
        let args = [
            arg(hold.owner),
            arg(hold.epoch),
            arg(session.id.as_str()),
            session.resume_url.as_ref().map_or_else(Bytes::new, arg),
            arg(start_text(session.start)),
            arg(session.at.0),
            arg(hold.address.shard.number),
            number,
            seq,
        ];
        let reply = self.control().call(function::BEGIN_SESSION, keys, args).await?;
        match reply.outcome()? {
            ("ok", rest) => Ok(SessionNumber(nth(rest, 0)?.number()?)),
            ("fenced", rest) => Err(Fenced { row: existing(&key, rest)? }.into()),
            ("forgotten", _) => Err(BeginError::Forgotten),
            ("previous", rest) => Err(BeginError::OtherPrevious(held_session(rest)?)),
            _ => Err(reply.unexpected("an answer to a new session").into()),
        }
    }

    async fn entries(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, FoundEntry)>, StoreError> {
        let key = events_key(app, lane);
        let reply = self.read_stream(&key, after, count).await?;
        reply.list()?.iter().map(|element| read_entry(&key, element)).collect()
    }

    async fn trim(&self, app: &AppName, lane: Lane, trim: &Trim) -> Result<Trimmed, StoreError> {
        let (key, args) = (events_key(app, lane), trim_args(trim));
        let reply = self.control().call(function::TRIM, [key], args).await?;
        match reply.outcome()? {
            ("ok", rest) => read_trimmed(rest),
            _ => Err(reply.unexpected("ok")),
        }
    }

    async fn trimmable(
        &self,
        app: &AppName,
        lane: Lane,
        trim: &Trim,
    ) -> Result<Trimmable, StoreError> {
        let (key, args) = (events_key(app, lane), trim_args(trim));
        let reply = self.control().call(function::TRIMMABLE, [key], args).await?;
        match reply.outcome()? {
            ("ok", rest) => {
                Ok(Trimmable { removed: nth(rest, 0)?.number()?, unread: nth(rest, 1)?.number()? })
            }
            _ => Err(reply.unexpected("ok")),
        }
    }
}

impl Valkey {
    /// Sends appends together, and reads what became of each.
    pub(crate) async fn send_appends<T>(
        &self,
        commands: impl ExactSizeIterator<Item = Cmd>,
        read: impl Fn(Result<Reply, StoreError>) -> Result<T, AppendError>,
    ) -> Vec<Result<T, AppendError>> {
        let count = commands.len();
        if count == 0 {
            return Vec::new();
        }
        let mut pipeline = Pipeline::with_capacity(count);
        for command in commands {
            pipeline.add_command(command);
        }
        match self.data().send(&mut pipeline).await {
            Ok(answers) => {
                self.ensure_library_after(&answers).await;
                answers.into_iter().map(read).collect()
            }
            Err(error) => (0..count).map(|_| Err(error.clone().into())).collect(),
        }
    }

    /// Loads the library where an append has found it missing: its server was wiped, or is new.
    pub(crate) async fn ensure_library_after(&self, answers: &[Result<Reply, StoreError>]) {
        if answers.iter().any(is_library_missing)
            && let Err(error) = self.control().ensure_library().await
        {
            tracing::warn!(%error, "function library could not be loaded");
        }
    }

    /// `XRANGE` behind an id.
    pub(crate) async fn read_stream(
        &self,
        key: &str,
        after: StreamId,
        count: usize,
    ) -> Result<Reply, StoreError> {
        let mut command = redis::cmd("XRANGE");
        command.arg(key).arg(format!("({after}")).arg("+").arg("COUNT").arg(count);
        self.data().send_one(command).await
    }
}

pub(crate) fn trim_args(trim: &Trim) -> [Bytes; 6] {
    [
        millis(trim.min_age()),
        millis(RING_KEEP),
        millis(trim.live_within),
        arg(trim.entries_max),
        arg(trim.bytes_max),
        arg(ENTRIES_TRIMMED_MAX),
    ]
}

pub(crate) fn millis(duration: Duration) -> Bytes {
    arg(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

pub(crate) fn read_trimmed(rest: &[Reply]) -> Result<Trimmed, StoreError> {
    Ok(Trimmed {
        removed: nth(rest, 0)?.number()?,
        unread: nth(rest, 1)?.number()?,
        length: nth(rest, 2)?.number()?,
        bytes: nth(rest, 3)?.number()?,
        oldest: nth(rest, 4)?.optional_id()?,
    })
}

fn is_library_missing(answer: &Result<Reply, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable { reason }) if reason == MISSING_FUNCTION)
}

fn append_command(append: &Append) -> Cmd {
    let address = &append.hold.address;
    let mut command = redis::cmd("FCALL");
    command
        .arg(function::APPEND)
        .arg(2)
        .arg(Key::Row(address).to_string())
        .arg(events_key(address.app(), address.lane))
        .arg(append.hold.owner.to_string())
        .arg(append.hold.epoch.0)
        .arg(append.session.0)
        .arg(append.prev.0)
        .arg(append.last.0)
        .arg(address.shard.number.0);
    for entry in &append.entries {
        for field in entry.own_fields() {
            command.arg(field.as_ref());
        }
    }
    command
}

pub(crate) fn appended(answer: Result<Reply, StoreError>) -> Result<Seq, AppendError> {
    let reply = answer?;
    match reply.outcome()? {
        ("ok", rest) => Ok(Seq(nth(rest, 0)?.number()?)),
        ("fenced", _) => Err(AppendError::Fenced),
        ("forgotten", _) => Err(AppendError::Forgotten),
        ("gap", rest) => Err(AppendError::Gap(Seq(nth(rest, 0)?.number()?))),
        ("session", rest) => Err(AppendError::OtherSession(held_session(rest)?)),
        _ => Err(reply.unexpected("an answer to an append").into()),
    }
}

fn held_session(rest: &[Reply]) -> Result<Option<RowSession>, StoreError> {
    if nth(rest, 0)?.text()?.is_empty() {
        return Ok(None);
    }
    let number = SessionNumber(nth(rest, 0)?.number()?);
    Ok(Some(RowSession { number, last_seq: Seq(nth(rest, 1)?.number()?) }))
}

const fn start_text(start: SessionStart) -> &'static str {
    match start {
        SessionStart::First => "first",
        SessionStart::Invalidated => "invalidated",
        SessionStart::Restarted => "restarted",
    }
}

fn read_entry(key: &str, element: &Reply) -> Result<(StreamId, FoundEntry), StoreError> {
    let (id, fields) = stream_element(key, element)?;
    let fields = fields.iter().map(|(name, value)| (name.as_ref(), value.clone()));
    Ok((id, Entry::decode(fields)))
}

/// An element of a stream: its id and its fields.
pub(crate) fn stream_element(
    key: &str,
    element: &Reply,
) -> Result<(StreamId, Vec<(Bytes, Bytes)>), StoreError> {
    let parts = element.list()?;
    let id = nth(parts, 0)?.text()?;
    let id = id.parse().map_err(|error| StoreError::corrupt(key, format!("{error}"), "an id"))?;
    let flat = nth(parts, 1)?.list()?;
    let fields = flat.chunks(2).map(|pair| Ok((nth(pair, 0)?.bytes()?, nth(pair, 1)?.bytes()?)));
    Ok((id, fields.collect::<Result<_, StoreError>>()?))
}
