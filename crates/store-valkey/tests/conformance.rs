//! The conformance suite on real servers: standalone Valkey and Redis, a Cluster, and a Sentinel
//! trio before and after its primary was killed.

mod support;

use std::process::ExitCode;

use baton_model::Lane;
use baton_store::{Events, StreamId, Unhappy, conformance::cases};
use baton_store_valkey::Valkey;
use baton_test_servers::{Cluster, Program, SentinelTrio, Server};
use libtest_mimic::Arguments;
use support::{open, trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Cases wait for the store, not for a core.
    arguments.test_threads = Some(arguments.test_threads.unwrap_or(8));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let valkey = Server::start(Program::Valkey, &[]);
    let redis = Server::start(Program::Redis, &[]);
    let cluster = Cluster::start(Program::Valkey);
    let mut sentinel = SentinelTrio::start(Program::Valkey);

    let at = |port| format!("valkey://127.0.0.1:{port}");
    let stores = [
        ("valkey", at(valkey.port())),
        ("redis", at(redis.port())),
        ("cluster", cluster.url()),
        ("sentinel", sentinel.url()),
    ];
    let stores = stores.map(|(group, url)| (group, runtime.block_on(open(&url))));
    let handle = runtime.handle();
    let trials = stores.iter().flat_map(|(group, store)| {
        cases().into_iter().map(move |case| trial(handle, group, store, &case))
    });
    let before = libtest_mimic::run(&arguments, trials.collect());

    // The handles that were opened before have to find the new primary.
    let (_, store) = &stores[3];
    if !arguments.list {
        sentinel.fail_over();
        runtime.block_on(settled(store));
    }
    let trials = cases().into_iter().map(|case| trial(handle, "failed_over", store, &case));
    let after = libtest_mimic::run(&arguments, trials.collect());
    if before.has_failed() || after.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What was under way when the primary died gets no answer; callers repeat it, cases do not.
async fn settled(store: &Valkey) {
    let app = "settling".parse().expect("an app's name");
    while let Err(error) = store.entries(&app, Lane(0), StreamId::START, 1).await {
        assert!(error.is_retryable(), "{error}");
    }
}
