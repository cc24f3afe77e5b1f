//! Which libraries there are, and how each is run.

use std::{
    env,
    path::{Path, PathBuf},
};

use tokio::process::Command;

/// A library that others wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    /// twilight-gateway, for Rust. Its compression is chosen when it is built.
    Twilight,
    /// discord.js, for Node.
    DiscordJs,
    /// discord.py, for Python.
    DiscordPy,
}

/// What a client asks Discord to compress its frames with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Nothing.
    None,
    /// One stream of zlib a connection.
    Zlib,
    /// One stream of zstd a connection.
    Zstd,
}

impl Library {
    pub(crate) fn command(self, compression: Compression) -> Command {
        match self {
            Self::Twilight => {
                let program = match compression {
                    Compression::None => "twilight-plain",
                    Compression::Zlib => "twilight-zlib",
                    Compression::Zstd => "twilight-zstd",
                };
                Command::new(installed("BATON_TEST_TWILIGHT").join(program))
            }
            Self::DiscordJs => {
                let modules = installed("BATON_TEST_DISCORD_JS");
                script("node", "discord-js/client.js", "NODE_PATH", &modules)
            }
            Self::DiscordPy => {
                let modules = installed("BATON_TEST_DISCORD_PY");
                script("python3", "discord-py/client.py", "PYTHONPATH", &modules)
            }
        }
    }
}

impl Compression {
    /// As the url of a websocket names it; empty for none.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Zlib => "zlib-stream",
            Self::Zstd => "zstd-stream",
        }
    }
}

pub(crate) fn installed(variable: &str) -> PathBuf {
    let place = env::var_os(variable).map(PathBuf::from);
    place.unwrap_or_else(|| {
        panic!("{variable} is not set; run scripts/test, or eval \"$(scripts/clients)\" first")
    })
}

pub(crate) fn script(interpreter: &str, path: &str, variable: &str, modules: &Path) -> Command {
    let mut command = Command::new(interpreter);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).env(variable, modules);
    command
}
