//! Consumers of a group: those that were not heard of for long, and those that leave.

use std::time::Duration;

use baton_model::StoreMillis;
use bytes::Bytes;

use super::{Seat, ok};
use crate::{
    live::Scene,
    resp::{
        arguments::{Arguments, at_least_zero},
        commands::Answer,
        refusal::Refusal,
    },
    state::Consumer,
};

/// Removes consumers that were not heard of for long and have nothing pending. Whoever asks stays,
/// so a group never loses its last.
///
/// `how-long`
pub(super) fn sweep(at: &mut Scene<'_>, seat: Seat<'_>, mut arguments: Arguments<'_>) -> Answer {
    let (group, long) = (seat.reader()?.group, patience(&mut arguments)?);
    let gone: Vec<_> = others(at, &seat)?
        .filter(|(_, consumer)| consumer.pending.is_empty() && silence(consumer, at.now) > long)
        .map(|(name, _)| name.clone())
        .collect();
    for name in gone {
        at.state.forget_consumer(&group, &name);
    }
    ok([])
}

/// Removes whoever asks, if it has nothing pending and is not the last that was heard of.
///
/// `within`
pub(super) fn leave(at: &mut Scene<'_>, seat: Seat<'_>, mut arguments: Arguments<'_>) -> Answer {
    let (reader, within) = (seat.reader()?, patience(&mut arguments)?);
    let is_last = !others(at, &seat)?.any(|(_, consumer)| silence(consumer, at.now) <= within);
    let consumer = seat.found(at, &reader.group)?.consumers.get(&reader.consumer);
    if !is_last && consumer.is_some_and(|consumer| consumer.pending.is_empty()) {
        at.state.forget_consumer(&reader.group, &reader.consumer);
    }
    ok([])
}

fn patience(arguments: &mut Arguments<'_>) -> Result<Duration, Refusal> {
    Ok(Duration::from_millis(at_least_zero(arguments.integer()?)))
}

/// The consumers of the group besides this one.
fn others<'s>(
    at: &'s Scene<'_>,
    seat: &Seat<'s>,
) -> Result<impl Iterator<Item = (&'s Bytes, &'s Consumer)>, Refusal> {
    let (group, me) = (seat.found(at, &seat.reader()?.group)?, seat.me);
    Ok(group.consumers.iter().filter(move |(name, _)| *name != me))
}

fn silence(consumer: &Consumer, now: StoreMillis) -> Duration {
    consumer.heard.seen.until(now)
}
