//! `shard move`: one shard to another instance.

use baton_model::Wish;

use super::{intents::intend, shards::pin_until, wait::until, watching::Progress};
use crate::{
    Exit, Failure,
    arguments::PinArguments,
    fleet::{Find, Look, Standing},
    program::Desk,
};

pub(super) async fn shard(
    desk: &Desk,
    look: &Look,
    arguments: PinArguments,
) -> Result<Exit, Failure> {
    let shard = look.find_shard(&arguments.shard)?;
    let to = look.find_instance(&arguments.to)?;
    let name = look.called(to);
    let instance = &look.instances[&to];
    if instance.standing() != Standing::Up {
        let standing = instance.standing();
        return Err(Failure::Refused(format!("{name} is {standing}; it takes no shards")));
    }
    if look.owner(&shard) == Some(to) && !arguments.pin {
        return Err(Failure::Conflict(format!("{name} holds {shard} already")));
    }
    let capacity = usize::try_from(instance.member.record.capacity.0).unwrap_or(usize::MAX);
    if look.owner(&shard) != Some(to) && look.held_by(to).count() >= capacity {
        return Err(Failure::Refused(format!("{name} holds as many shards as it takes")));
    }
    let wish = Wish::Pin { shard: shard.clone(), to, until: pin_until(arguments.pin) };
    intend(desk, wish, &arguments.reason).await?;
    if arguments.detach {
        return Ok(Exit::Done);
    }
    until(desk, arguments.timeout, |look| {
        let done = usize::from(look.owner(&shard) == Some(to));
        Ok(Progress { what: format!("moving {shard} to {name}"), done, all: 1 })
    })
    .await
}
