//! The tables of the file: one file each, with its key, its value and both directions.
//!
//! | table | key | written |
//! |---|---|---|
//! | [`meta`] | name | at every opening |
//! | [`data_set`] | – | once |
//! | [`apps`] | app | once |
//! | [`rows`] | app, lane, generation, shard | with every append, claim, offer … of the shard |
//! | [`streams`] (two) | app, lane, stream id | with every entry or command; removed when trimmed |
//! | [`consumer_streams`] (two) | stream (and its id) | with every record; when records go |
//! | [`groups`] (three) | stream, group (and consumer, or id) | when read, acknowledged, claimed … |
//! | [`fleet_streams`] (two) | stream id | with every conflict or happening; removed when trimmed |
//! | [`members`] | instance id | with every beat; removed when forgotten |
//! | [`planner`] | – | when claimed |
//! | [`targets`] | app, generation, shard | when set; removed when cleared |
//! | [`stored_apps`] | app | with every change by an operator |
//! | [`intents`] | subject | with every intent; removed when done or taken back |
//! | [`identify`] | app (and bucket) | with every permit, and when Discord is asked |
//!
//! The names, types and forms are persisted: a change of any of them is a new [`meta::FORMAT`].

mod apps;
mod consumer_streams;
mod data_set;
mod fleet_streams;
mod groups;
mod identify;
mod intents;
mod members;
pub(super) mod meta;
mod planner;
mod rows;
mod stored_apps;
mod streams;
mod targets;

use redb::{ReadTransaction, WriteTransaction};

use self::{
    fleet_streams::{CONFLICTS, JOURNAL},
    streams::EVENTS,
};
use super::DiskError;
use crate::state::{Change, StoreState};

/// Writes what each change says, in order.
pub(super) fn put<'a>(
    transaction: &WriteTransaction,
    changes: impl IntoIterator<Item = &'a Change>,
) -> Result<(), DiskError> {
    for change in changes {
        match change {
            Change::DataSet(id) => data_set::put(transaction, *id)?,
            Change::App(app, shape) => apps::put(transaction, app, *shape)?,
            Change::Row(address, row) => rows::put(transaction, address, row)?,
            Change::Entry(lane, id, entry) => {
                streams::put_entry(transaction, lane, *id, entry)?;
            }
            Change::EntriesTrimmed(lane, upto) => streams::trim(transaction, EVENTS, lane, *upto)?,
            Change::Stream(name, change) => consumer_streams::put(transaction, name, change)?,
            Change::Group(name, change) => groups::put(transaction, name, change)?,
            Change::Conflict(id, conflict) => {
                fleet_streams::put(transaction, CONFLICTS, *id, &conflict.encode())?;
            }
            Change::ConflictsTrimmed(upto) => fleet_streams::trim(transaction, CONFLICTS, *upto)?,
            Change::Happening(id, happening) => {
                fleet_streams::put(transaction, JOURNAL, *id, &happening.encode())?;
            }
            Change::JournalTrimmed(upto) => fleet_streams::trim(transaction, JOURNAL, *upto)?,
            Change::Member(id, member) => members::put(transaction, *id, member)?,
            Change::MemberForgotten(id) => members::remove(transaction, *id)?,
            Change::Planner(row) => planner::put(transaction, row)?,
            Change::Target(shard, target) => targets::put(transaction, shard, *target)?,
            Change::TargetCleared(shard) => targets::clear(transaction, shard)?,
            Change::StoredApp(name, revision, app) => {
                stored_apps::put(transaction, name, (*revision, app))?;
            }
            Change::Intent(intent) => intents::put(transaction, intent)?,
            Change::IntentGone(subject) => intents::remove(transaction, subject)?,
            Change::IdentifyBucket(app, bucket, next_at) => {
                identify::put_bucket(transaction, app, *bucket, *next_at)?;
            }
            Change::IdentifyDay(app, day) => identify::put_day(transaction, app, *day)?,
        }
    }
    Ok(())
}

/// Makes every table, so that all of them can be read.
fn ensure_all(transaction: &WriteTransaction) -> Result<(), DiskError> {
    data_set::ensure(transaction)?;
    apps::ensure(transaction)?;
    rows::ensure(transaction)?;
    streams::ensure(transaction)?;
    consumer_streams::ensure(transaction)?;
    groups::ensure(transaction)?;
    fleet_streams::ensure(transaction)?;
    members::ensure(transaction)?;
    planner::ensure(transaction)?;
    targets::ensure(transaction)?;
    stored_apps::ensure(transaction)?;
    intents::ensure(transaction)?;
    identify::ensure(transaction)
}

/// Applies what every table holds.
pub(super) fn read_all(
    transaction: &ReadTransaction,
    state: &mut StoreState,
) -> Result<(), DiskError> {
    data_set::read(transaction, state)?;
    apps::read(transaction, state)?;
    rows::read(transaction, state)?;
    streams::read(transaction, state)?;
    consumer_streams::read(transaction, state)?;
    groups::read(transaction, state)?;
    fleet_streams::read(transaction, state)?;
    members::read(transaction, state)?;
    planner::read(transaction, state)?;
    targets::read(transaction, state)?;
    stored_apps::read(transaction, state)?;
    intents::read(transaction, state)?;
    identify::read(transaction, state)
}

/// A name or an address as it stands in the file.
fn parse<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T, DiskError> {
    let parsed = text.parse();
    parsed.map_err(|_| DiskError::Damaged(format!("{what} {text:?}")))
}
