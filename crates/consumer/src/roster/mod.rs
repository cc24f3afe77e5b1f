//! Who of a group reads which lane, as a pure machine.
//!
//! Every consumer beats in a hash that all of them read. From that each computes the same shares,
//! lets go of what is another's, and claims what is its own once nobody has it. There is no
//! planner: two that see differently for a moment disagree about a lane, and its row decides.
//!
//! The one idea to take along: that somebody is dead is concluded from a beat that does not move,
//! by one's own clock, and only while one is looking. A store that does not answer is no evidence.

mod calm;
mod disuse;
mod evidence;
mod input;
mod machine;
mod pace;
mod record;
mod shares;
#[cfg(test)]
mod world;

pub(crate) use input::{Errand, Input, Output, Poll};
pub(crate) use machine::Roster;
pub(crate) use pace::{Limits, Pace};
pub(crate) use record::{Record, Row};
