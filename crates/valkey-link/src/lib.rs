//! Where a Valkey is, and how to reach it: standalone, Sentinel, Cluster, TLS.
//!
//! The store and the consumers' SDK connect to the same servers with the same urls, and have
//! nothing else in common: what both need of a connection stands here. It sends no commands but to
//! log in, keeps no connection and repeats nothing. It is over redis, whose types show: whoever
//! uses this crate hides them.

mod connector;
mod failure;
mod plain;
mod reply;
mod url;

pub use connector::{Connector, Link, Place, client_of, ensure_crypto_provider, settings};
pub use failure::{MISSING_FUNCTION, not_connected, redis_error, server_error};
pub use plain::Plain;
pub use reply::{NoReply, Part, Parts, ReplyReader};
pub use url::{Login, Server, StoreUrl, StoreUrlError, Topology};
