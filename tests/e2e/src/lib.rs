//! Instances against the simulated Discord, judged by its ledger.
//!
//! [`virtual_time`] runs several instances, the simulated Discord and the embedded store in one
//! runtime with a clock that jumps: real twilight, real sockets, days in seconds. [`processes`]
//! runs real processes over a real Valkey, in real time.

pub mod asking;
pub mod collector;
pub mod judgement;
pub mod trio;
pub mod virtual_time;

mod process;
pub mod processes;

pub mod brokers;
pub mod browser;
pub mod consumers;
pub mod listening;
pub mod operator;

pub mod scenario;
pub mod trial;
pub mod witness;
