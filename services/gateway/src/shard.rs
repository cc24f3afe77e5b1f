//! A shard's task: the thin shell around [`ShardMachine`](baton_shard::ShardMachine), its websocket
//! and its calls to the store.
//!
//! It owns one machine and at most one socket. Whatever happens, a frame, an answer, an errand of
//! the supervisor's, the passing of time, becomes an input; whatever the machine wants is carried
//! out in order. It decides nothing. What it adds is patience: the socket is polled as long as it
//! has something, but never so long that an errand or a deadline waits for it.
//!
//! [`ShardMachine`]: baton_shard::ShardMachine

mod calls;
mod connecting;
mod face;
mod sure;
mod task;

pub(crate) use self::calls::append_answer;
pub use self::{
    face::{Face, Glance},
    sure::ConfirmedUntil,
    task::{Mail, Place, ShardTask, Surroundings, ToShard},
};
