//! The machine at work: alone in stories, and with others in a seeded world.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the verdict")]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "shells of tests carry out what the test is about and leave the rest"
)]

mod simulation;
mod store;
mod stories;
mod world;
