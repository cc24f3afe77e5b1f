//! A seeded world of instances, and the laws that hold in it.
//!
//! The instances are made of the real machines: the gateway's supervisor with its `Fleet`, and the
//! shards' machines. Around them is a store whose every operation is the embedded store's own, and
//! the Discord that judges. Between them is a network, and over all of it a virtual clock and a
//! schedule of faults: processes crash, stand still, start anew and drain; connections break,
//! answers get lost; the store freezes, falls back, forgets; Discord asks everybody to go.
//!
//! It refuses to look at the real clock, or at anything else that differs from run to run: one
//! seed, one history, byte for byte. After every step the [laws](Violation) are checked, and at the
//! end, when all faults are over for some time, that everything is well.
//!
//! The one idea to take along: *the truth is known here*. Instances act on what they see; whether
//! they were right is judged by what really was.

mod seeded;

mod agenda;
mod local_clock;
mod trace;

mod world;

mod extras;
mod faults;
mod orders;

mod process;

mod discord;
mod store;

mod laws;

mod run;

pub use self::{
    laws::Violation,
    run::{Record, run},
    world::Ending,
};
