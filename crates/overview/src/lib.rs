//! What one look at a fleet's store shows, brought together and put into words: for `baton`, and
//! for the live page.
//!
//! It only reads. It decides nothing, and judges nobody dead: that takes evidence, which one look
//! is not.

mod handlers;
mod look;
mod standing;

mod problems;
mod sight;
mod words;

pub mod units;

#[cfg(feature = "examples")]
pub mod examples;

pub use self::{
    handlers::{HandlerSight, HandlerStanding, Handlers},
    look::{Instance, Look},
    problems::problems,
    sight::{Cell, Sight},
    standing::Standing,
    words::{doer, told, wanted},
};
