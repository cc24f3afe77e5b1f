//! What the Sentinels think: could they fail over, and whom do they take for the primary?
//!
//! Each has a connection of its own here, because every one of them has to be asked: a Sentinel
//! that is cut off together with the old primary is as sure of itself as ever, for a while.

use baton_model::limits::SAFETY_TIMEOUT;
use baton_valkey_link::{Server, Topology, client_of};
use redis::{
    AsyncConnectionConfig, Client, Pipeline, RedisError, RedisResult, aio::MultiplexedConnection,
};
use tokio::{sync::Mutex, task::JoinSet};

use crate::ValkeyConfig;

/// The Sentinels of a store url.
pub(crate) struct Sentinels {
    service: String,
    each: Vec<std::sync::Arc<Sentinel>>,
}

struct Sentinel {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
}

/// What a Sentinel says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// It could fail over, and this is the primary to it.
    Quorum { primary: Server },
    /// It could not, or was not reached.
    None { reason: String },
}

impl Sentinels {
    /// The Sentinels, if the store has any. They are connected to when they are asked.
    pub(crate) fn of(config: &ValkeyConfig) -> RedisResult<Option<Self>> {
        let Topology::Sentinel { sentinels, service, login } = &config.url.topology else {
            return Ok(None);
        };
        let each = sentinels.iter().map(|server| {
            let client = client_of(server, login, config.place())?;
            Ok(std::sync::Arc::new(Sentinel { client, connection: Mutex::new(None) }))
        });
        Ok(Some(Self { service: service.clone(), each: each.collect::<RedisResult<_>>()? }))
    }

    /// What is wrong, if anything is; `connected` are the servers that requests go to.
    pub(crate) async fn trouble(&self, connected: &[Server]) -> Option<String> {
        let mut asking = JoinSet::new();
        for sentinel in &self.each {
            let (sentinel, service) = (sentinel.clone(), self.service.clone());
            asking.spawn(async move { sentinel.word(&service).await });
        }
        judge(&asking.join_all().await, connected)
    }
}

fn judge(words: &[Word], connected: &[Server]) -> Option<String> {
    let needed = words.len() / 2 + 1;
    let (mut sure, mut last_reason) = (0, "");
    for word in words {
        match word {
            Word::Quorum { primary } if connected.contains(primary) => sure += 1,
            Word::Quorum { .. } => last_reason = "another primary was named",
            Word::None { reason } => last_reason = reason,
        }
    }
    (sure < needed).then(|| {
        format!(
            "{sure} of {} Sentinels have a quorum and name the primary in use, {needed} are \
             needed ({last_reason}); see that they run and can be reached",
            words.len()
        )
    })
}

impl Sentinel {
    async fn word(&self, service: &str) -> Word {
        let asking = self.ask(service);
        match tokio::time::timeout(SAFETY_TIMEOUT / 2, asking).await {
            Ok(Ok((host, port))) => Word::Quorum { primary: Server { host, port } },
            Ok(Err(error)) => {
                if error.code().is_none() {
                    *self.connection.lock().await = None;
                }
                Word::None { reason: one_line(&error) }
            }
            Err(_) => {
                *self.connection.lock().await = None;
                Word::None { reason: "a Sentinel did not answer".to_owned() }
            }
        }
    }

    async fn ask(&self, service: &str) -> RedisResult<(String, u16)> {
        let mut connection = self.connection().await?;
        let mut pipeline = Pipeline::with_capacity(2);
        pipeline.cmd("SENTINEL").arg("CKQUORUM").arg(service).ignore();
        pipeline.cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(service);
        let (primary,): ((String, u16),) = pipeline.query_async(&mut connection).await?;
        Ok(primary)
    }

    async fn connection(&self) -> RedisResult<MultiplexedConnection> {
        let mut connection = self.connection.lock().await;
        if let Some(connection) = &*connection {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(SAFETY_TIMEOUT))
            .set_response_timeout(Some(SAFETY_TIMEOUT));
        let made = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(connection.insert(made).clone())
    }
}

fn one_line(error: &RedisError) -> String {
    error.to_string().replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(port: u16) -> Server {
        Server { host: "a".to_owned(), port }
    }

    fn quorum(port: u16) -> Word {
        Word::Quorum { primary: server(port) }
    }

    fn none() -> Word {
        Word::None { reason: "NOQUORUM".to_owned() }
    }

    #[test]
    fn most_sentinels_must_be_sure_of_the_primary_in_use() {
        let judge = |words: &[Word]| judge(words, &[server(1)]);
        assert_eq!(judge(&[quorum(1)]), None);
        assert_eq!(judge(&[quorum(1), none(), quorum(1)]), None);
        for words in [
            &[quorum(1), none(), none()] as &[Word],
            &[quorum(1), quorum(2), quorum(2)],
            &[quorum(1), none()],
            &[none()],
        ] {
            let reason = judge(words).unwrap();
            assert!(reason.contains(" are needed (") && !reason.contains('\n'), "{reason}");
        }
    }
}
