//! One shard's life at one instance, as a pure state machine.
//!
//! [`ShardMachine`] decides everything about a shard that one instance can decide: when to claim
//! and to let go, when to connect and with which session, what to append and what to send again,
//! how long to wait for whom. It refuses to act: it has no socket, store, clock or randomness.
//! Its shell owns the websocket and the connection to the store; it hands in what happened, each
//! time with the moment it happened, and carries out what comes out, in order:
//!
//! ```
//! # use baton_model::{InstanceId, Moment};
//! # use baton_shard::{Config, Input, ShardMachine};
//! # let config = Config { me: InstanceId::new(1), left_out: Default::default(), seed: 7 };
//! # let (mut shard, now) = (ShardMachine::new(config, Moment::ZERO), Moment::ZERO);
//! shard.handle(Input::LeaseConfirmed, now);
//! while let Some(output) = shard.poll_output() { /* carry it out */ }
//! let wake = shard.poll_timeout(); // … and hand in `Input::Wake` when it is due
//! ```
//!
//! The one idea to take along: *the stream is the only memory that counts*. The machine keeps two
//! watermarks, what it received and what the stream holds, and a RESUME starts from the second.
//! Whatever was received and not yet appended may therefore be dropped at any moment without
//! loss, as long as what comes after it on the same socket is dropped too. Every way out of
//! trouble (a fenced lease, a full ring, a hand-over, a store that lost its tail) is this one move.
//!
//! # What counts as a gap
//!
//! Discord promises that after RESUME it sends again what came after the given seq, in order, and
//! then RESUMED. It does not promise that its numbers step by one. So numbers that skip are no gap,
//! and a replay is complete when RESUMED is there. A gap is what *we* know to be missing: the store
//! says that the stream ends earlier than it did, and neither the ring nor a RESUME can fill in.
//! Then a [`Marker`](baton_model::Marker) stands before whatever comes next.
//!
//! # What the shell promises
//!
//! - A [socket](SocketId) is one websocket client, built by [`Output::Open`] and polled until
//!   HELLO; then it is held un-polled until [`Output::Proceed`], with which RESUME or IDENTIFY
//!   goes out. From then on it is polled without a pause, since heartbeats flow only then.
//! - After [`SocketEvent::Closed`] and [`SocketEvent::ConnectFailed`] the client is dropped; the
//!   next one is built anew, from the session that [`Output::Open`] names and never from the
//!   client's own idea of it, which runs ahead of the stream.
//! - Every request to the store is answered once, to the machine that made it: at last, after its
//!   time-out, with [`Failure::Unknown`].

mod input;
mod output;
mod status;

mod machine;

mod lease;
mod link;
mod session;

mod writer;

mod ring;

mod backoff;
mod call;
mod jitter;

pub use input::{Answer, Asked, Failure, Input, SocketEvent, SocketId};
pub use machine::{Config, ShardMachine};
pub use output::{Append, CloseCode, Entry, Notice, Output, Refusal, Request, ResumeFrom};
pub use status::{Actor, State, Status, WakeReason};
