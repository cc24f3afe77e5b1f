//! The job files in `nomad/`: what they say, what they refuse, and fleets that run as they say.
//!
//! No Nomad runs here: it is under a licence that keeps it out of these tests. What stands in for
//! it is said where it does. `BATON_TEST_JOBCHECK` reads job files; `scripts/deploy/parts-nomad`
//! builds it.

mod allocation;
mod gateway;
mod job;
mod limits;
mod reduced;
mod refusals;
mod rules;
mod runbooks;
mod valkey;
