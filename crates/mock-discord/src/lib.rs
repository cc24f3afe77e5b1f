//! A Discord that judges: the simulated gateway for tests, demos and benchmarks.
//!
//! [`Discord`] decides everything that Discord decides: who may connect, what a session is told
//! and told again, which close code which mistake earns. It refuses to act: it has no socket, no
//! clock and no randomness but a seed. Its server hands in what happened, each time with the
//! moment it happened, and carries out what comes out, in order:
//!
//! ```
//! # use baton_mock_discord::{Discord, Host, Input, ConnectionId, Settings};
//! # use baton_model::Moment;
//! let (mut discord, now) = (Discord::new(Settings::default(), 7, Moment::ZERO), Moment::ZERO);
//! let (connection, query) = (ConnectionId(1), "v=10&encoding=json".to_owned());
//! discord.handle(Input::Opened { connection, host: Host::Gateway, query }, now);
//! while let Some(output) = discord.poll_output() { /* carry it out */ }
//! let wake = discord.poll_timeout(); // … and hand in `Input::Wake` when it is due
//! ```
//!
//! It is a judge, with three books. [`verdict`] names every rule that a client broke. [`ledger`]
//! holds what every session was sent, and [`commands`] what it was asked by its client.
//! [`audit`](mod@audit) compares a stream with the ledger. A judge must not share the defendant's
//! code: nothing here is used by the gateway, and nothing of the gateway is used here but the
//! nouns.
//!
//! The one idea to take along: *nothing is stored that can be computed*. The bytes of a dispatch
//! follow from a seed and from where it stands, so a replay buffer of thousands of frames is a
//! list of numbers, and a stream can be checked byte for byte by anybody.
//!
//! # What the [`server`] promises
//!
//! - It has no opinion. It numbers connections and requests, and never uses a number twice. It
//!   answers an upgrade unless [`Output::Refuse`] is what comes out of it.
//! - It compresses as the query asked, one stream per connection, and sends each frame at once
//!   (without Nagle's delay, which clients would measure as Discord's).
//! - After [`Output::Close`] it reads until the client's close frame, or clients would wait for
//!   theirs to be answered; what it reads then it keeps to itself.
//! - It hands the admin API's requests in as they are, method, path and body.

mod discord;
mod slice;

pub mod fault;
pub mod load;

pub mod audit;
pub mod commands;
pub mod ledger;
pub mod verdict;

mod dice;

pub mod server;

pub use audit::audit;
pub use commands::Commands;
pub use discord::{
    Compressions, ConnectionId, Discord, Host, Input, Output, RequestId, ResumedElsewhere, SeqStep,
    Settings,
};
pub use fault::Fault;
pub use ledger::Ledger;
pub use slice::{SessionOrdinal, Slice};
