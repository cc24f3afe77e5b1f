//! The streams that a replay writes to.

use std::time::Duration;

use baton_consumer::LaneEntry;
use baton_model::{AppName, FleetName, Lane, StreamId};
use baton_store::{StoreError, Unhappy, key::Key};
use baton_valkey_link::{Connector, Link, Place, StoreUrl, not_connected, redis_error};
use redis::{Cmd, FromRedisValue, Pipeline, RedisResult};
use thiserror::Error;

/// How long an answer is waited for: that of a server which writes some hundred entries.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// How often something is tried, with a pause between.
const ATTEMPTS_MAX: u32 = 10;

const PAUSE: Duration = Duration::from_millis(500);

/// The streams that a replay writes to, one at a time.
pub struct Target {
    url: StoreUrl,
    ca_pem: Option<Vec<u8>>,
    fleet: FleetName,
    link: Option<Link>,
    stream: String,
    /// The last id that the stream has given.
    last: StreamId,
}

/// Why a stream cannot be written.
#[derive(Debug, Error)]
pub enum TargetError {
    /// The store does not do it.
    #[error("stream {stream}: {source}")]
    Store {
        /// Which.
        stream: String,
        /// Why not.
        source: StoreError,
    },
    /// Gateways write there.
    #[error(
        "{app} is an app of fleet {fleet}, and its lanes are the gateways'; choose another name"
    )]
    App {
        /// Which.
        app: AppName,
        /// Whose.
        fleet: FleetName,
    },
    /// Something else was written there.
    #[error(
        "stream {stream} begins with entry {found}, and this replay with {wanted}; choose another \
         name, or remove the stream"
    )]
    Foreign {
        /// Which.
        stream: String,
        /// With what it begins.
        found: StreamId,
        /// With what it should.
        wanted: StreamId,
    },
    /// The store has answered something else.
    #[error("stream {0} gives no ids as they are known; is it one?")]
    NoStream(String),
}

impl Target {
    /// Streams at these servers. Nothing is connected to yet.
    #[must_use]
    pub fn new(url: StoreUrl, ca_pem: Option<Vec<u8>>, fleet: FleetName) -> Self {
        let (stream, last) = (String::new(), StreamId::START);
        Self { url, ca_pem, fleet, link: None, stream, last }
    }

    /// Makes sure that no gateway writes to an app's lanes.
    pub(super) async fn ensure_no_app(&mut self, app: &AppName) -> Result<(), TargetError> {
        self.stream = Key::Apps(&self.fleet).to_string();
        let mut ask = redis::cmd("HEXISTS");
        ask.arg(&self.stream).arg(app.as_str());
        let is_app: bool = self.ask(&ask).await?;
        let (app, fleet) = (app.clone(), self.fleet.clone());
        if is_app { Err(TargetError::App { app, fleet }) } else { Ok(()) }
    }

    /// Turns to a lane, whose stream is empty or begins with this id.
    pub(super) async fn open(
        &mut self,
        app: &AppName,
        lane: Lane,
        wanted: StreamId,
    ) -> Result<(), TargetError> {
        self.stream = Key::Events(app, lane).to_string();
        self.last = self.last_id().await?;
        let mut first = redis::cmd("XRANGE");
        first.arg(&self.stream).arg("-").arg("+").arg("COUNT").arg(1);
        let first: Vec<(String, redis::Value)> = self.ask(&first).await?;
        let Some((found, _)) = first.into_iter().next() else {
            return Ok(());
        };
        let found = found.parse().map_err(|_| TargetError::NoStream(self.stream.clone()))?;
        let stream = self.stream.clone();
        if found == wanted { Ok(()) } else { Err(TargetError::Foreign { stream, found, wanted }) }
    }

    /// Whether an entry was written before.
    pub(super) fn has(&self, id: StreamId) -> bool {
        id <= self.last
    }

    /// Writes entries, whose ids grow. What turns out to be there is left out.
    pub(super) async fn write(&mut self, entries: &[LaneEntry]) -> Result<(), TargetError> {
        let mut attempt = 1;
        while let Err(error) = self.write_once(entries).await {
            if !error.is_retryable() || attempt == ATTEMPTS_MAX {
                return Err(self.failed(error));
            }
            attempt += 1;
            tokio::time::sleep(PAUSE).await;
            self.last = self.last_id().await?;
        }
        Ok(())
    }

    async fn write_once(&mut self, entries: &[LaneEntry]) -> Result<(), StoreError> {
        let missing: Vec<_> = entries.iter().filter(|entry| !self.has(entry.id)).collect();
        let Some(last) = missing.last() else {
            return Ok(());
        };
        let mut adds = Pipeline::new();
        for entry in &missing {
            let add = adds.cmd("XADD").arg(&self.stream).arg(entry.id.to_string()).ignore();
            for (name, value) in &entry.fields {
                add.arg(name.as_ref()).arg(value.as_ref());
            }
        }
        let written: RedisResult<()> = match self.linked().await? {
            Link::Single(connection) => adds.query_async(connection).await,
            Link::Cluster(connection) => adds.query_async(connection).await,
        };
        self.checked(written)?;
        self.last = last.id;
        Ok(())
    }

    async fn last_id(&mut self) -> Result<StreamId, TargetError> {
        let mut exists = redis::cmd("EXISTS");
        exists.arg(&self.stream);
        if !self.ask::<bool>(&exists).await? {
            return Ok(StreamId::START);
        }
        let mut info = redis::cmd("XINFO");
        info.arg("STREAM").arg(&self.stream);
        let info: std::collections::BTreeMap<String, redis::Value> = self.ask(&info).await?;
        let last = info.get("last-generated-id").cloned().map(redis::from_redis_value::<String>);
        let last = last.and_then(Result::ok).and_then(|id| id.parse().ok());
        last.ok_or_else(|| TargetError::NoStream(self.stream.clone()))
    }

    async fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, TargetError> {
        let mut attempt = 1;
        loop {
            match self.ask_once(command).await {
                Ok(answer) => return Ok(answer),
                Err(error) if !error.is_retryable() || attempt == ATTEMPTS_MAX => {
                    return Err(self.failed(error));
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
            attempt += 1;
        }
    }

    async fn ask_once<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, StoreError> {
        let answer = match self.linked().await? {
            Link::Single(connection) => command.query_async(connection).await,
            Link::Cluster(connection) => command.query_async(connection).await,
        };
        self.checked(answer)
    }

    fn checked<T>(&mut self, answer: RedisResult<T>) -> Result<T, StoreError> {
        answer.map_err(|error| {
            self.link = None;
            redis_error(&error)
        })
    }

    async fn linked(&mut self) -> Result<&mut Link, StoreError> {
        if self.link.is_none() {
            let place = Place { url: &self.url, ca_pem: self.ca_pem.as_deref() };
            let connector = Connector::new(place).map_err(|error| not_connected(&error));
            let link = connector?.connect(ANSWER_TIMEOUT).await;
            self.link = Some(link.map_err(|error| not_connected(&error))?);
        }
        self.link.as_mut().ok_or_else(|| StoreError::unavailable("no connection"))
    }

    fn failed(&self, source: StoreError) -> TargetError {
        TargetError::Store { stream: self.stream.clone(), source }
    }
}
