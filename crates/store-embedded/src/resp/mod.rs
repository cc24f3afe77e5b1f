//! The store's RESP face: any Redis client consumes from it over loopback.
//!
//! It speaks as much of the protocol as the consumer contract needs, in the very words of Valkey:
//! streams and groups, the commands that clients send when they connect, and nothing that belongs
//! to Baton itself, which is refused as a server with access lists would refuse it. It decides
//! nothing about streams: a command is read into one operation of the state, under the same lock
//! as the operations of the instances in this process, and its answer leaves when the disk has
//! what it shows.
//!
//! The one idea: commands of one connection are carried out as they come, and only their answers
//! wait. A client that sends a hundred at once waits for one transaction of the disk.

mod server;

mod connection;

mod requests;
mod session;

mod table;

mod arguments;
mod commands;
mod keys;
mod refusal;
mod reply;

mod channels;

pub use server::{ListenError, Resp, RespOptions};

pub(crate) use channels::Channels;
pub(crate) use reply::Reply;
