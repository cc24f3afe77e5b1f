//! The scripts that run in the store, one file each. A consumer may load nothing there that lasts,
//! so they are scripts and no functions: a server that does not know one is sent it.

use std::sync::LazyLock;

use redis::{Cmd, Script, ToRedisArgs};

const HOLD: &str = include_str!("scripts/hold.lua");

/// A script.
pub(crate) struct Prepared {
    code: String,
    /// What servers call it that know it.
    hash: String,
}

/// A script behind what all of them share.
type Lazy = LazyLock<Prepared>;

fn prepare(body: &str) -> Prepared {
    stand_alone(&format!("{HOLD}\n{body}"))
}

fn stand_alone(code: &str) -> Prepared {
    Prepared { code: code.to_owned(), hash: Script::new(code).get_hash().to_owned() }
}

impl Prepared {
    /// A call about these keys.
    pub(crate) fn call(&self, keys: &[String]) -> Call<'_> {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&self.hash).arg(keys.len()).arg(keys);
        Call { code: &self.code, command }
    }
}

/// What a script is to do.
pub(crate) struct Call<'a> {
    code: &'a str,
    command: Cmd,
}

impl Call<'_> {
    /// Adds an argument behind the others.
    pub(crate) fn arg(&mut self, argument: impl ToRedisArgs) -> &mut Self {
        self.command.arg(argument);
        self
    }

    /// For a server that knows the script.
    pub(crate) const fn command(&self) -> &Cmd {
        &self.command
    }

    /// For one that does not.
    pub(crate) fn load(&self) -> Cmd {
        let mut load = redis::cmd("SCRIPT");
        load.arg("LOAD").arg(self.code);
        load
    }
}

pub(crate) static ACK: Lazy = LazyLock::new(|| prepare(include_str!("scripts/ack.lua")));
pub(crate) static BURY: Lazy = LazyLock::new(|| prepare(include_str!("scripts/bury.lua")));
pub(crate) static KEEP: Lazy = LazyLock::new(|| prepare(include_str!("scripts/keep.lua")));
pub(crate) static CLAIM: Lazy = LazyLock::new(|| prepare(include_str!("scripts/claim.lua")));
pub(crate) static SWEEP: Lazy = LazyLock::new(|| prepare(include_str!("scripts/sweep.lua")));
pub(crate) static LEAVE: Lazy = LazyLock::new(|| prepare(include_str!("scripts/leave.lua")));
pub(crate) static TAKE: Lazy = LazyLock::new(|| prepare(include_str!("scripts/take.lua")));

/// These stand alone: they are about leases, and not under one.
pub(crate) static BEAT: Lazy = LazyLock::new(|| stand_alone(include_str!("scripts/beat.lua")));
pub(crate) static LEASE: Lazy = LazyLock::new(|| stand_alone(include_str!("scripts/lease.lua")));
