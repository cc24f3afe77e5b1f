//! Where a lane is read: on a server, or in a process that answers as one.

use std::{future::Future, sync::mpsc};

use baton_model::{
    Generation, InstanceId, Lane, Seq, SessionNumber, ShardKey, ShardNumber, StreamId,
};
use baton_store::{
    Append, Entry, Events, FoundConsumerReport, GroupAddress, Hold, Lanes, Redelivery, Reports,
    ShardAddress, StoreError, conformance::live,
};
use baton_store_embedded::{EmbeddedStore, Options, Resp, RespOptions};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::{Program, Server};
use tokio::runtime::Runtime;

use crate::support::{Speaker, events, url, write_at};

/// Each of these rules, on both.
macro_rules! on_both {
    ($($rule:ident,)+) => {
        mod on_valkey {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                super::$rule(super::Stand::valkey()).await;
            })+
        }

        mod on_embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                super::$rule(super::Stand::embedded()).await;
            })+
        }
    };
}
pub(crate) use on_both;

/// A store with one lane.
pub(crate) enum Stand {
    /// A server of its own.
    Valkey(Server),
    /// A store in this process.
    Embedded(Box<Embedded>),
}

/// A store whose one shard is in the hands of an instance that writes what it is told.
pub(crate) struct Embedded {
    store: EmbeddedStore,
    resp: Resp,
    hold: Hold,
    session: SessionNumber,
    /// Apart from the tests' own, which they block.
    runtime: Option<Runtime>,
}

impl Stand {
    pub(crate) fn valkey() -> Self {
        Self::Valkey(Server::start(Program::Valkey, &[]))
    }

    pub(crate) fn embedded() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let store = EmbeddedStore::in_memory(Options::default());
        let app = "bot".parse().expect("a name");
        let shard = ShardKey { app, generation: Generation(0), number: ShardNumber(0) };
        let shard = ShardAddress { shard, lane: Lane(0) };
        let address = "127.0.0.1:0".parse().expect("an address");
        let options = RespOptions { address, password: None };
        let of_store = store.clone();
        let (resp, (hold, session)) = on(&runtime, async move {
            let resp = Resp::listen(&of_store, options).await.expect("it listens");
            (resp, live(&of_store, &shard, InstanceId::new(1)).await)
        });
        let runtime = Some(runtime);
        let stand = Self::Embedded(Box::new(Embedded { store, resp, hold, session, runtime }));
        // What a session begins with is not what the rules are about.
        stand.make_group("$");
        stand
    }

    /// Has the group there before its first consumer.
    pub(crate) fn ensure_group(&self) {
        match self {
            Self::Valkey(_) => self.make_group("0"),
            Self::Embedded(_) => {}
        }
    }

    fn make_group(&self, from: &str) {
        let create = ["XGROUP", "CREATE", &events(0), "group", from];
        self.command::<String>(&create).expect("a group");
    }

    /// Writes dispatches to the lane.
    pub(crate) fn write(&self, entries: &[Entry]) {
        match self {
            Self::Valkey(server) => write_at(server, 0, entries),
            Self::Embedded(embedded) => embedded.write(entries),
        }
    }

    /// Gives back to a group what it has given up on first.
    pub(crate) async fn redeliver_first(
        &self,
        group: GroupAddress<'_>,
    ) -> Result<Redelivery, StoreError> {
        match self {
            Self::Valkey(server) => redeliver_first(&opened(server).await?, group).await,
            Self::Embedded(embedded) => redeliver_first(&embedded.store, group).await,
        }
    }

    /// What operators are told of handlers.
    pub(crate) async fn consumer_reports(&self) -> Vec<(String, FoundConsumerReport)> {
        let app = "bot".parse().expect("a name");
        let reports = match self {
            Self::Valkey(server) => {
                opened(server).await.expect("it opens").consumer_reports(&app).await
            }
            Self::Embedded(embedded) => embedded.store.consumer_reports(&app).await,
        };
        reports.expect("read")
    }
}

/// As operators open it.
async fn opened(server: &Server) -> Result<Valkey, StoreError> {
    let url = url(server).parse().expect("a url");
    Valkey::open(ValkeyConfig::new(url, "main".parse().expect("a name"))).await
}

async fn redeliver_first(
    store: &impl Lanes,
    group: GroupAddress<'_>,
) -> Result<Redelivery, StoreError> {
    let letters = store.dead_letters(group, StreamId::START, 1).await?;
    store.redeliver(group, letters[0].id).await
}

impl Speaker for Stand {
    fn port(&self) -> u16 {
        match self {
            Self::Valkey(server) => server.port(),
            Self::Embedded(embedded) => embedded.resp.address().port(),
        }
    }
}

impl Embedded {
    fn write(&self, entries: &[Entry]) {
        let bodies: Vec<_> = entries.iter().map(|entry| entry.body.clone()).collect();
        let last = bodies.last().expect("an entry").seq();
        let (hold, session) = (self.hold.clone(), self.session);
        let append = Append { hold, session, prev: Seq(0), entries: bodies, last };
        let store = self.store.clone();
        let runtime = self.runtime.as_ref().expect("it is there until the drop");
        let appended = on(runtime, async move { store.append(&append).await });
        assert_eq!(appended, Ok(last));
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs something on another runtime to its end.
fn on<T: Send + 'static>(runtime: &Runtime, work: impl Future<Output = T> + Send + 'static) -> T {
    let (sender, ended) = mpsc::channel();
    runtime.spawn(async move { sender.send(work.await) });
    ended.recv().expect("it ends")
}
