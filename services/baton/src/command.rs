//! The commands, one file each.

mod check;
mod config;
mod conflicts;
mod doctor;
mod documents;
mod drain;
mod identify;
mod instances;
mod intents;
mod moving;
mod rebalance;
mod shards;
mod status;
mod top;
mod wait;
mod watching;

pub(crate) use self::{
    config::config,
    doctor::doctor,
    documents::{completions, exit_codes, man},
};

use crate::{
    Exit, Failure,
    arguments::{AtStore, ConflictCommand, IdentifyCommand},
    program::Desk,
};

/// The commands that need the store.
pub(crate) async fn at_the_store(desk: &Desk, command: AtStore) -> Result<Exit, Failure> {
    match command {
        AtStore::Status => status::status(desk).await,
        AtStore::Top => top::top(desk).await,
        AtStore::Instance(command) => instances::instance(desk, command).await,
        AtStore::Drain(arguments) => drain::drain(desk, arguments).await,
        AtStore::Undrain(arguments) => drain::undrain(desk, arguments).await,
        AtStore::Wait(arguments) => wait::wait(desk, arguments).await,
        AtStore::Shard(command) => shards::shard(desk, command).await,
        AtStore::Rebalance { apply } => rebalance::rebalance(desk, apply).await,
        AtStore::Intent(command) => intents::intent(desk, command).await,
        AtStore::Identify(IdentifyCommand::Budget) => identify::budget(desk).await,
        AtStore::Conflict(ConflictCommand::Ls { last }) => conflicts::list(desk, last).await,
        AtStore::Check(command) => check::check(desk, command).await,
    }
}
