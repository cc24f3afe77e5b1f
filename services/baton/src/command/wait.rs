//! `wait`: until the fleet is as wished.

use std::time::Duration;

use baton_model::{ShardState, limits::JOIN_DEBOUNCE};

use super::watching::{Judgement, Progress, Watched, watch};
use crate::{
    Exit, Failure,
    arguments::{Goal, WaitArguments},
    fleet::{Find, Instance, Look, Standing, is_balanced},
    output::units,
    program::Desk,
};

pub(super) async fn wait(desk: &Desk, arguments: WaitArguments) -> Result<Exit, Failure> {
    let WaitArguments { goal, timeout } = arguments;
    until(desk, timeout, |look| distance(look, &goal)).await
}

/// Waits until nothing is left to do.
pub(super) async fn until(
    desk: &Desk,
    timeout: Option<Duration>,
    mut distance: impl FnMut(&Look) -> Result<Progress, Failure>,
) -> Result<Exit, Failure> {
    let watched = watch(desk, timeout, |look| {
        let progress = distance(look)?;
        Ok(match progress.done >= progress.all {
            true => Judgement::Enough(()),
            false => Judgement::NotYet(progress),
        })
    });
    match watched.await? {
        Watched::Reached(()) => Ok(Exit::Done),
        Watched::TimedOut(timeout) => {
            Err(Failure::TimedOut(format!("not so after {}", units::time(timeout))))
        }
        Watched::Stopped => Ok(Exit::Interrupted),
    }
}

/// Whether an instance may be given shards: the others wait for a while with who has just come.
fn is_up(look: &Look, instance: &Instance) -> bool {
    let joined_at = instance.member.record.joined_at;
    let here_for = Duration::from_millis(look.now.0.saturating_sub(joined_at.0));
    instance.standing() == Standing::Up && here_for >= JOIN_DEBOUNCE * 2
}

/// How far the fleet is from a goal.
fn distance(look: &Look, goal: &Goal) -> Result<Progress, Failure> {
    let all_shards = look.shards.len();
    let so_far = |what: &str, done, all| Progress { what: what.to_owned(), done, all };
    Ok(match goal {
        Goal::Drained(name) => match look.find_instance(name) {
            Ok(id) => {
                let left = look.held_by(id).count();
                so_far("draining", usize::from(left == 0), 1)
            }
            // Whoever is gone holds nothing.
            Err(Failure::NotFound(_)) => so_far("draining", 1, 1),
            Err(failure) => return Err(failure),
        },
        Goal::Up(name) => {
            let found = match look.find_instance(name) {
                Ok(id) => is_up(look, &look.instances[&id]),
                Err(Failure::NotFound(_)) => false,
                Err(failure) => return Err(failure),
            };
            so_far("waiting", usize::from(found), 1)
        }
        Goal::Instances(count) => {
            let up = look.instances.values().filter(|instance| is_up(look, instance));
            so_far("instances up", up.count(), *count)
        }
        Goal::AllOwned => {
            let owned = look.shards.keys().filter(|shard| look.owner(shard).is_some()).count();
            so_far("shards owned", owned, all_shards.max(1))
        }
        Goal::AllLive => {
            let is_live = |shard: &&_| look.state(shard) == Some(ShardState::Live);
            so_far("shards live", look.shards.keys().filter(is_live).count(), all_shards.max(1))
        }
        Goal::Balanced => so_far("balancing", usize::from(is_balanced(look)), 1),
    })
}
