//! What the simulated Discord has to tell: which events, how many, how long, how fast.
//!
//! Everything follows from a seed. The bytes of a dispatch are a function of where it stands
//! (shard, session, seq), so a stream can be checked byte for byte although nobody kept the bytes.

pub(crate) mod body;
pub(crate) mod content;
pub(crate) mod guilds;
mod members;
mod mix;
mod pace;

pub use content::{Content, Origin, Source};
pub(crate) use members::CHOSEN_MAX;
pub use members::{MemberRequest, Whom};
pub use mix::Mix;
pub use pace::{Burst, EVENTS_A_TURN_MAX, Pace};
