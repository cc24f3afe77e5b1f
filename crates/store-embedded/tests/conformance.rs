//! The conformance suite on the embedded store: in memory, and on disk under each durability.

use std::{process::ExitCode, time::Duration};

use baton_store::conformance::{Case, Scope, cases};
use baton_store_embedded::{Durability, EmbeddedStore, Options};
use libtest_mimic::{Arguments, Failed, Trial};
use tempfile::TempDir;
use tokio::runtime::{Handle, Runtime};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Cases wait for the disk, not for a core.
    arguments.test_threads = Some(arguments.test_threads.unwrap_or(8));
    let runtime = Runtime::new().expect("a runtime");
    let folder = TempDir::new().expect("a folder");
    let on_disk = |name: &str, durability| {
        let options = Options { durability, ..Options::default() };
        EmbeddedStore::open(folder.path().join(name), options).expect("the store opens")
    };
    let stores = [
        ("memory", EmbeddedStore::in_memory(Options::default())),
        ("always", on_disk("always", Durability::Always)),
        ("every", on_disk("every", Durability::Every(EVERY))),
        ("never", on_disk("never", Durability::Never)),
    ];
    let trials = stores.iter().flat_map(|(group, store)| {
        let cases = cases().into_iter();
        cases.map(|case| trial(runtime.handle(), group, store, &case))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

const EVERY: Duration = Duration::from_millis(20);

/// A case on one store, under the store's name. Its names are its own, for the store is new.
fn trial(
    runtime: &Handle,
    group: &str,
    store: &EmbeddedStore,
    case: &Case<EmbeddedStore>,
) -> Trial {
    let (runtime, store, run) = (runtime.clone(), store.clone(), case.run);
    Trial::test(format!("{group}::{}", case.name), move || {
        let running = runtime.spawn(run(store, Scope::new(0)));
        runtime.block_on(running).map_err(|panic| Failed::from(format!("{panic}")))
    })
}
