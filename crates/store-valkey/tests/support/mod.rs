//! What the tests of this crate share.

use std::time::{SystemTime, UNIX_EPOCH};

use baton_store::conformance::{Case, Scope};
use baton_store_valkey::{Valkey, ValkeyConfig};
use libtest_mimic::{Failed, Trial};
use tokio::runtime::Handle;

/// A store at this url.
pub(crate) async fn open(url: &str) -> Valkey {
    let url = url.parse().expect("a store url");
    let fleet = "main".parse().expect("a fleet's name");
    Valkey::open(ValkeyConfig::new(url, fleet))
        .await
        .expect("the store opens")
}

/// Tells the names of one test process from those of another.
pub(crate) fn seed() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock past 1970");
    since.as_secs() << 20 | u64::from(std::process::id())
}

/// A case on one store, under the store's name.
pub(crate) fn trial(runtime: &Handle, group: &str, store: &Valkey, case: &Case<Valkey>) -> Trial {
    let (runtime, store, run) = (runtime.clone(), store.clone(), case.run);
    Trial::test(format!("{group}::{}", case.name), move || {
        let running = runtime.spawn(run(store, Scope::new(seed())));
        runtime
            .block_on(running)
            .map_err(|panic| Failed::from(format!("{panic}")))
    })
}
