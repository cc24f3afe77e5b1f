//! Who is alive, who should run what, who may identify: pure decisions.
//!
//! [`Fleet`] is one instance's view of all instances. It takes in what the store answered and what
//! the own shards report, each with the time, and gives out what is to be done; it touches no
//! socket, reads no clock and draws no random numbers. Its shell is the instance's supervisor.
//!
//! The one idea you need: *nothing is concluded from silence*. An instance is dead only on
//! evidence, a lease is replaced only by a claim that names the one it expects, and
//! whoever is not sure of its own leases does nothing to anybody's. A wrong conclusion costs a
//! needless RESUME and never an event, for the store fences every write.
//!
//! [`plan`] is a function of its own: the planner calls it, and so may an operator's tool.

mod confirmation;

mod asking;
mod evidence;
mod membership;
mod presence;
mod stalled;
mod store_change;

pub mod plan;

mod orphans;
mod planner;
mod rows;

mod handover;
mod moves;

mod drain;
mod identify;

mod fleet;
mod input;
mod output;

mod seed;

pub use self::{
    asking::RequestId,
    drain::{DrainObjection, drain_objections},
    fleet::{Fleet, Myself},
    handover::Targets,
    identify::{Bucket, History, PermitAnswer, bucket_of, identifies_spendable},
    input::{Departure, DrainOrder, Hint, Input, Orders, Poll, StoreSafety, Sweep},
    membership::Company,
    output::{Output, WakeReason},
    planner::PlannerRow,
};
