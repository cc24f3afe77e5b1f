//! Instances against the simulated Discord, judged by its ledger.
//!
//! [`virtual_time`] runs several instances, the simulated Discord and the embedded store in one
//! runtime with a clock that jumps: real twilight, real sockets, days in seconds.

pub mod asking;
pub mod judgement;
pub mod virtual_time;
