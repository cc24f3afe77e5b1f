//! The store inside the process.
//!
//! One binary without any dependency is a whole fleet of one: [`EmbeddedStore`] keeps every
//! promise of [`baton_store`] for the instances of one process, on local disk, so that a restart
//! still resumes. It does not reach over the network, and two processes cannot share one.
//!
//! The one idea: [`state::StoreState`] decides everything, in memory and at once; what it has
//! changed follows to the disk, and an answer leaves when the disk has what it shows.
//!
//! ```text
//! operation ─► StoreState ─► changes ─► queue ─► writer thread: one transaction for all ─► disk
//!                  └─► answer ─────── waits for its changes to be durable ─────────┘
//! ```

pub mod state;

mod key;
mod open_error;
mod options;
mod store;

mod contract;

mod hints;
mod live;
mod presence;
mod waiting;

mod resp;

mod operators;

mod stall;
mod writer;

mod disk;

#[cfg(test)]
mod disk_trouble_test;

pub use hints::HintHearing;
pub use open_error::OpenError;
pub use operators::{AttachError, Attached, OperatorOptions, OperatorSocket};
pub use options::{Clock, Durability, Options, SystemClock};
pub use presence::PresenceHold;
pub use resp::{ListenError, Resp, RespOptions};
pub use store::EmbeddedStore;
