//! The commands, one file each.

mod app_changes;
mod apps;
mod backup;
mod check;
mod config;
mod conflicts;
mod dead;
mod doctor;
mod documents;
mod drain;
mod drain_story;
mod gc;
mod handlers;
mod history;
mod identify;
mod instances;
mod intents;
mod lag;
mod lanes;
mod leases;
mod migrate;
mod moving;
mod rebalance;
mod restore;
mod send;
mod shards;
mod status;
mod tail;
mod top;
mod trim;
mod wait;
mod watching;

pub(crate) use self::{
    config::config,
    doctor::doctor,
    documents::{completions, exit_codes, man},
};

use crate::{
    Exit, Failure,
    arguments::{AtStore, CommandCommand, ConflictCommand, IdentifyCommand, StreamCommand},
    program::Desk,
};

/// The commands that need the store.
pub(crate) async fn at_the_store(desk: &Desk, command: AtStore) -> Result<Exit, Failure> {
    match command {
        AtStore::Status => status::status(desk).await,
        AtStore::Top => top::top(desk).await,
        AtStore::Instance(command) => instances::instance(desk, command).await,
        AtStore::App(command) => apps::app(desk, command).await,
        AtStore::Drain(arguments) => drain::drain(desk, arguments).await,
        AtStore::Undrain(arguments) => drain::undrain(desk, arguments).await,
        AtStore::Wait(arguments) => wait::wait(desk, arguments).await,
        AtStore::Shard(command) => shards::shard(desk, command).await,
        AtStore::Lease(command) => leases::lease(desk, command).await,
        AtStore::History { instance, last } => history::of_fleet(desk, instance, last).await,
        AtStore::Stream(StreamCommand::Lag(which)) => lag::lag(desk, which).await,
        AtStore::Stream(StreamCommand::Groups(which)) => lag::groups(desk, which).await,
        AtStore::Stream(StreamCommand::Tail(arguments)) => tail::tail(desk, arguments).await,
        AtStore::Stream(StreamCommand::Gc(arguments)) => gc::gc(desk, arguments).await,
        AtStore::Stream(StreamCommand::Trim(arguments)) => trim::trim(desk, arguments).await,
        AtStore::Command(CommandCommand::Send(arguments)) => send::send(desk, arguments).await,
        AtStore::Dead(command) => dead::dead(desk, command).await,
        AtStore::Handler(command) => handlers::handler(desk, command).await,
        AtStore::Rebalance { apply } => rebalance::rebalance(desk, apply).await,
        AtStore::Intent(command) => intents::intent(desk, command).await,
        AtStore::Identify(IdentifyCommand::Budget) => identify::budget(desk).await,
        AtStore::Conflict(ConflictCommand::Ls { last }) => conflicts::list(desk, last).await,
        AtStore::Backup { file } => backup::backup(desk, &file).await,
        AtStore::Restore { file } => restore::restore(desk, &file).await,
        AtStore::MigrateStore(arguments) => migrate::migrate(desk, &arguments).await,
        AtStore::Check(command) => check::check(desk, command).await,
    }
}
