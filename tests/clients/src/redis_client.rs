//! Redis clients that others wrote, each as a program that consumes a lane.
//!
//! The environment says where to go: `BATON_STORE` is the url, `BATON_PROTOCOL` which version of
//! the protocol to speak, `BATON_APP` whose first lane to read, `BATON_COUNT` how many entries
//! there will be. A program makes the group `workers` of that lane, says `ready`, and then reads
//! all entries as the consumer `one`, of the first half gives one up and acknowledges the others,
//! takes the rest over as the consumer `two`, reads the app's shape, sends a command and waits for
//! its result. It says each step in a line of its own.
//!
//! Where the libraries are is said by `BATON_TEST_IOREDIS` and `BATON_TEST_REDIS_PY`; those of the
//! [`Example`]s by `BATON_TEST_EXAMPLES_NODE` and `BATON_TEST_EXAMPLES_PYTHON`.

use std::{fs, os::unix::fs::symlink, path::Path, process::Stdio};

use tokio::process::Command;

use crate::library::{installed, script};

/// A library that others wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedisLibrary {
    /// ioredis, for Node.
    Ioredis,
    /// redis-py, for Python.
    RedisPy,
}

impl RedisLibrary {
    /// The program, as it is started.
    ///
    /// # Panics
    /// If the library is not installed.
    #[must_use]
    pub fn command(self, url: &str, protocol: u8, app: &str, count: usize) -> Command {
        let mut command = match self {
            Self::Ioredis => {
                let modules = installed("BATON_TEST_IOREDIS");
                script("node", "ioredis/consumer.js", "NODE_PATH", &modules)
            }
            Self::RedisPy => {
                let modules = installed("BATON_TEST_REDIS_PY");
                script("python3", "redis-py/consumer.py", "PYTHONPATH", &modules)
            }
        };
        command
            .env("BATON_STORE", url)
            .env("BATON_PROTOCOL", protocol.to_string())
            .env("BATON_APP", app)
            .env("BATON_COUNT", count.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

/// A consumer of `examples`, as it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Example {
    /// `node/consumer.mjs`, over node-redis.
    Node,
    /// `python/consumer.py`, over redis-py.
    Python,
}

impl Example {
    /// The program, as it is started; it runs until it is killed, and says what it has handled.
    /// `folder` is an empty one, for what it needs beside it.
    ///
    /// # Panics
    /// If its libraries are not installed.
    #[must_use]
    pub fn command(self, folder: &Path, url: &str, app: &str) -> Command {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        let mut command = match self {
            Self::Node => {
                let modules = installed("BATON_TEST_EXAMPLES_NODE");
                // Modules are looked for beside the program, wherever a link to it leads.
                for name in ["baton.mjs", "consumer.mjs"] {
                    let copied = fs::copy(examples.join("node").join(name), folder.join(name));
                    copied.expect("a copy of the example");
                }
                symlink(modules, folder.join("node_modules")).expect("a link");
                let mut command = Command::new("node");
                command.arg(folder.join("consumer.mjs"));
                command
            }
            Self::Python => {
                let mut command = Command::new("python3");
                command
                    .arg(examples.join("python/consumer.py"))
                    .env("PYTHONPATH", installed("BATON_TEST_EXAMPLES_PYTHON"));
                command
            }
        };
        command
            .env("BATON_STORE", url)
            .env("BATON_FLEET", "main")
            .env("BATON_APP", app)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}
