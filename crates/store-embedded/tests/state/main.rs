//! The rules of the state, one file a subject.

mod apps;
mod commands;
mod events;
mod groups;
mod identify;
mod intents;
mod leases;
mod membership;
mod planning;
mod redelivering;
mod results;
mod scene;
mod sessions;
mod transfer;
mod trimming;
