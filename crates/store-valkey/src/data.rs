//! The data path: events and commands. Over redis, whose explicit pipelines cost a third of the
//! CPU.
//!
//! One multiplexed connection, made anew whenever anything about it is in doubt: it broke, it did
//! not answer in time, or the server behind it is no longer the primary. Making it anew asks the
//! Sentinels or the Cluster where to go. Nothing is repeated here; the caller does that, because
//! only it knows in which order.
//!
//! Whoever asks first has it made, but it always lives where the store was opened: one that another
//! runtime looks after costs two switches of threads for each append.

use std::sync::Arc;

use baton_model::limits::{APPEND_TIMEOUT, STORE_CONNECT_PAUSE, STORE_CONNECT_TIMEOUT};
use baton_store::{StoreError, Unhappy};
use baton_valkey_link::{Connector, Link, not_connected, redis_error};
use redis::{Cmd, Pipeline, RedisResult};
use tokio::{runtime::Handle, sync::Mutex, time::Instant};

use crate::{ValkeyConfig, reply::Reply};

struct State {
    connector: Connector,
    link: Option<(u64, Link)>,
    /// How many there have been.
    links: u64,
    last_failure: Option<(Instant, StoreError)>,
}

/// The connection of the data path.
pub(crate) struct Data {
    state: Arc<Mutex<State>>,
    /// Where connections live.
    home: Handle,
}

impl Data {
    /// Prepares the connection; it is made with the first request, to live in this runtime.
    pub(crate) fn new(config: &ValkeyConfig) -> Result<Self, StoreError> {
        let connector = Connector::new(config.place()).map_err(|error| redis_error(&error))?;
        let state = State { connector, link: None, links: 0, last_failure: None };
        Ok(Self { state: Arc::new(Mutex::new(state)), home: Handle::current() })
    }

    /// Sends commands in one go; each has its own answer. All keys must lie in one slot.
    pub(crate) async fn send(
        &self,
        pipeline: &mut Pipeline,
    ) -> Result<Vec<Result<Reply, StoreError>>, StoreError> {
        let (number, mut link) = self.link().await?;
        pipeline.ignore_errors();
        let answers: RedisResult<Vec<RedisResult<redis::Value>>> = match &mut link {
            Link::Single(connection) => pipeline.query_async(connection).await,
            Link::Cluster(connection) => pipeline.query_async(connection).await,
        };
        let answers = match answers {
            Ok(answers) => answers,
            Err(error) => {
                self.discard(number).await;
                return Err(redis_error(&error));
            }
        };
        let replies: Vec<_> = answers
            .into_iter()
            .map(|answer| match answer {
                Ok(value) => Reply::try_from(value),
                Err(error) => Err(redis_error(&error)),
            })
            .collect();
        let is_doubtful = |reply: &Result<_, StoreError>| match reply {
            Ok(_) => false,
            Err(error) => error.is_retryable(),
        };
        if replies.iter().any(is_doubtful) {
            self.discard(number).await;
        }
        Ok(replies)
    }

    /// Sends one command.
    pub(crate) async fn send_one(&self, command: Cmd) -> Result<Reply, StoreError> {
        let mut pipeline = Pipeline::with_capacity(1);
        pipeline.add_command(command);
        let answer = self.send(&mut pipeline).await?.pop();
        answer.unwrap_or_else(|| Err(StoreError::unknown("no answer")))
    }

    async fn link(&self) -> Result<(u64, Link), StoreError> {
        if let Some(link) = &self.state.lock().await.link {
            return Ok(link.clone());
        }
        let state = self.state.clone();
        let made = self.home.spawn(async move { state.lock().await.connected().await }).await;
        made.unwrap_or_else(|_| Err(StoreError::unavailable("its runtime has ended")))
    }

    /// Gives a connection up, unless somebody has made a new one meanwhile.
    async fn discard(&self, number: u64) {
        let mut state = self.state.lock().await;
        if state.link.as_ref().is_some_and(|(current, _)| *current == number) {
            state.link = None;
        }
    }
}

impl State {
    /// The connection that there is, or else a new one.
    async fn connected(&mut self) -> Result<(u64, Link), StoreError> {
        if let Some(link) = &self.link {
            return Ok(link.clone());
        }
        if let Some((at, error)) = &self.last_failure
            && at.elapsed() < STORE_CONNECT_PAUSE
        {
            return Err(error.clone());
        }
        let connecting = self.connector.connect(APPEND_TIMEOUT);
        let attempt = match tokio::time::timeout(STORE_CONNECT_TIMEOUT, connecting).await {
            Ok(connected) => connected.map_err(|error| not_connected(&error)),
            Err(_) => Err(StoreError::unavailable("no connection in time")),
        };
        match attempt {
            Ok(link) => {
                self.links += 1;
                self.last_failure = None;
                Ok(self.link.insert((self.links, link)).clone())
            }
            Err(error) => {
                self.last_failure = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }
}
