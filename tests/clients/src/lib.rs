//! Discord clients that no one here wrote, each in a process of its own.
//!
//! The simulated Discord is a judge of our own making, and might share our errors. Libraries that
//! run thousands of bots know the real one. A [`Client`] is such a library in a small program that
//! says what it receives; it refuses to judge. Tests steer the simulated Discord and compare what
//! the client says with the ledger.
//!
//! The one idea to take along is the language between a test and a program, the same for all of
//! them. The environment says where to go: `MOCK_GATEWAY` and `MOCK_API` are urls, `MOCK_TOKEN` and
//! `MOCK_COMPRESSION` (empty, `zlib-stream` or `zstd-stream`) what to use there. On its standard
//! output a program writes a line `frame {…}` for every frame, and `ready` when its library says
//! so. When its standard input ends, it says goodbye to Discord and exits.
//!
//! Where the libraries are is said by `BATON_TEST_TWILIGHT`, `BATON_TEST_DISCORD_JS` and
//! `BATON_TEST_DISCORD_PY`; `scripts/clients` builds and installs them.
//!
//! Beside them stand Redis clients, which consume from the embedded store: see [`RedisLibrary`].

mod client;
mod library;

mod redis_client;

pub use client::Client;
pub use library::{Compression, Library};
pub use redis_client::{Example, RedisLibrary};
