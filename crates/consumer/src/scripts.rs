//! The scripts that run in the store, one file each. A consumer may load nothing there that lasts,
//! so they are scripts and no functions: a server that does not know one is sent it.

use std::sync::LazyLock;

use redis::Script;

const HOLD: &str = include_str!("scripts/hold.lua");

/// A script behind what all of them share.
pub(crate) type Prepared = LazyLock<Script>;

fn prepare(body: &str) -> Script {
    Script::new(&format!("{HOLD}\n{body}"))
}

pub(crate) static ACK: Prepared = LazyLock::new(|| prepare(include_str!("scripts/ack.lua")));
pub(crate) static BURY: Prepared = LazyLock::new(|| prepare(include_str!("scripts/bury.lua")));
pub(crate) static KEEP: Prepared = LazyLock::new(|| prepare(include_str!("scripts/keep.lua")));
pub(crate) static CLAIM: Prepared = LazyLock::new(|| prepare(include_str!("scripts/claim.lua")));
pub(crate) static SWEEP: Prepared = LazyLock::new(|| prepare(include_str!("scripts/sweep.lua")));
pub(crate) static LEAVE: Prepared = LazyLock::new(|| prepare(include_str!("scripts/leave.lua")));
pub(crate) static TAKE: Prepared = LazyLock::new(|| prepare(include_str!("scripts/take.lua")));

/// These stand alone: they are about leases, and not under one.
pub(crate) static BEAT: Prepared = LazyLock::new(|| Script::new(include_str!("scripts/beat.lua")));
pub(crate) static LEASE: Prepared =
    LazyLock::new(|| Script::new(include_str!("scripts/lease.lua")));
