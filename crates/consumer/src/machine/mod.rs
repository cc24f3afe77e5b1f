//! One lane's deliveries, as a pure machine.
//!
//! It is told what has come, how handlers ended and what the store answered, and says what to read,
//! whom to handle next, what to acknowledge, what to try again, what to give up on and what to take
//! over from others. It has no clock, no connection and no task: inputs carry their time, and a
//! shell carries its outputs out.
//!
//! The one idea to take along: a delivery is *held* from the moment it has come until it is handled
//! or buried, and nobody else has it while it is held, because the machine says so of it in time.

mod errands;
#[cfg(test)]
pub(crate) mod examples;
mod held;
mod input;
mod intake;
mod lane;
#[cfg(test)]
mod rules;
mod seen;
mod turns;
#[cfg(test)]
mod world;

pub(crate) use input::{Arrival, Burial, Claim, Done, Ending, Errand, Input, Output, Whose};
pub(crate) use lane::{LaneMachine, Sharing};
