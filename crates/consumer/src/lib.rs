//! Consumes Discord's events from Baton's streams: in order, at least once, by as many processes as
//! it takes.

mod answer;
mod builder;
mod clerk;
mod clock;
mod consumer;
mod delivery;
mod exclusive;
mod handlers;
mod handling;
mod health;
mod leased;
mod machine;
mod reader;
mod registry;
mod roster;
mod scripts;
mod seat;
mod settings;
mod shape;
mod task;
mod wire;

pub use builder::ConsumerBuilder;
pub use consumer::{BuildError, Consumer, RunError};
pub use delivery::{Delivery, EntryKey, ParseError};
pub use handlers::{HandlerError, Handlers, MARKERS};
pub use health::{HandlerHealth, Health};
pub use leased::{LaneEntry, LaneError, LeasedLane};
pub use seat::Begin;
