//! The judge of a fleet that was deployed: what its streams hold, compared with what the simulated
//! Discord has sent.
//!
//! It knows nothing of how the fleet was deployed, and asks no instance: it reads the ledger and
//! the streams, and nothing else. `scripts/deploy-test` calls it after all that it does to a fleet.

pub mod books;

pub mod streams;
