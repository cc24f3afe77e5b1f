//! A websocket is an open file, and systems grant few of them unless they are asked for more.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Asks for as many open files as the process may have.
pub(super) fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if setrlimit(Resource::Nofile, limit).is_err() {
        tracing::warn!("the system grants few open files; raise ulimit -n for more shards");
    }
}
