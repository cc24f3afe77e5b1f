//! What the tests of this crate share.

#![expect(dead_code, reason = "each test binary uses its own part")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use baton_model::{Seq, SessionNumber};
use baton_store::{
    Append, AppendError, Events, Hold, StoreError, Unhappy,
    conformance::{Case, Scope, append},
};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::Server;
use libtest_mimic::{Failed, Trial};
use tokio::runtime::Handle;

/// How long trouble may last. Only trouble without end is wrong.
const PATIENCE: Duration = Duration::from_secs(90);

/// A store at this url.
pub(crate) async fn open(url: &str) -> Valkey {
    try_open(url).await.expect("the store opens")
}

/// A store on this server.
pub(crate) async fn open_at(server: &Server) -> Valkey {
    open(&format!("valkey://127.0.0.1:{}", server.port())).await
}

/// A store at this url, if it can be opened.
pub(crate) async fn try_open(url: &str) -> Result<Valkey, StoreError> {
    let url = url.parse().expect("a store url");
    let fleet = "main".parse().expect("a fleet's name");
    Valkey::open(ValkeyConfig::new(url, fleet)).await
}

/// Tells the names of one test process from those of another.
pub(crate) fn seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock past 1970");
    since.as_secs() << 20 | u64::from(std::process::id())
}

/// A case on one store, under the store's name.
pub(crate) fn trial(runtime: &Handle, group: &str, store: &Valkey, case: &Case<Valkey>) -> Trial {
    let (runtime, store, run) = (runtime.clone(), store.clone(), case.run);
    Trial::test(format!("{group}::{}", case.name), move || {
        let running = runtime.spawn(run(store, Scope::new(seed())));
        runtime.block_on(running).map_err(|panic| Failed::from(format!("{panic}")))
    })
}

/// A writer as an instance has one: it keeps everything, repeats what it got no answer to, and
/// sends again what the store has lost.
pub(crate) struct Writer {
    store: Valkey,
    hold: Hold,
    session: SessionNumber,
    done: u64,
    /// Outcomes that were unknown.
    pub(crate) unknown: u64,
    /// Errors of any kind that could be repeated.
    pub(crate) troubles: u64,
}

impl Writer {
    pub(crate) fn new(store: Valkey, hold: Hold, session: SessionNumber) -> Self {
        Self { store, hold, session, done: 0, unknown: 0, troubles: 0 }
    }

    /// Writes until the stream holds everything up to `last`.
    pub(crate) async fn write_to(&mut self, last: u64) {
        let mut deadline = Instant::now() + PATIENCE;
        while self.done < last {
            let ends = [32, 64, 96, 128].map(|ahead| (self.done + ahead).min(last));
            let starts = [self.done, ends[0], ends[1], ends[2]];
            let appends: Vec<_> = starts
                .into_iter()
                .zip(ends)
                .map(|(prev, last)| append(&self.hold, self.session, prev, last))
                .collect();
            let before = self.done;
            for answer in self.store.append_all(&appends).await {
                self.take(answer);
            }
            if self.done > before {
                deadline = Instant::now() + PATIENCE;
            }
            assert!(Instant::now() < deadline, "no progress since {}", self.done);
        }
    }

    fn take(&mut self, answer: Result<Seq, AppendError>) {
        match answer {
            Ok(Seq(seq)) => self.done = self.done.max(seq),
            Err(AppendError::Gap(Seq(seq))) => self.done = seq,
            Err(error) => {
                assert!(error.is_retryable(), "{error}");
                self.unknown += u64::from(error.outcome_unknown());
                self.troubles += 1;
            }
        }
    }

    /// Repeats an append until its outcome is known.
    pub(crate) async fn settle(store: &Valkey, append: &Append) -> Result<Seq, AppendError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match store.append(append).await {
                Err(error) if error.is_retryable() => {
                    assert!(Instant::now() < deadline, "{error}");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                answer => return answer,
            }
        }
    }
}
