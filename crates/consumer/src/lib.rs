//! Consumes Discord's events from Baton's streams: in order, at least once, by as many processes as
//! it takes.

mod answer;
mod arrivals;
mod builder;
mod burden;
mod clerk;
mod clock;
mod commander;
mod consumer;
mod delivery;
mod exclusive;
mod handlers;
mod handling;
mod health;
#[cfg(feature = "http")]
pub mod http;
mod leased;
mod machine;
mod reader;
mod registry;
mod reporting;
mod roster;
mod route;
mod scripts;
mod seat;
mod settings;
mod shape;
mod shared_wire;
mod task;
mod traces;
mod wire;

/// What the page for its users shows is compiled too.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/consumers.md")]
pub struct Page;

pub use baton_model::{
    GuildId, Lane, LaneCount, Marker, Seq, SessionNumber, ShardNumber, StreamId, TraceParent,
    UnixMicros,
};
pub use baton_store::{StoreError, Unhappy};
#[cfg(feature = "otlp")]
pub use baton_telemetry::{StartError as TracerError, Tracer};
pub use builder::ConsumerBuilder;
pub use commander::{
    AskError, Command, Commander, CommanderBuilder, MemberLimits, Members, MembersError, SendError,
    Target,
};
pub use consumer::{BuildError, Consumer, RunError};
pub use delivery::{Delivery, EntryKey, ParseError};
pub use handlers::{HandlerError, Handlers, MARKERS};
pub use health::{BUCKETS, HandlerHealth, Health};
pub use leased::{LaneEntry, LaneError, LeasedLane};
pub use seat::Begin;
pub use traces::current_trace;
