//! The rules of the plan, checked against brute force where that is possible.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the verdict")]

mod deploy;
mod examples;
mod fewest_moves;
mod rules;
mod snapshot;
