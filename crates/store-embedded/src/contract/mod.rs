//! The promises of [`baton_store`], kept: each operation is one decision of the state.

mod apps;
mod brokers;
mod commands;
mod conflicts;
mod events;
mod hints;
mod identify;
mod intents;
mod journal;
mod lanes;
mod leases;
mod membership;
mod planning;
mod reports;
mod stored_apps;
mod transfer;
