//! `check`: for scripts and health probes; the answer is the exit code.

use baton_fleet::{drain_objections, plan::Balance};
use baton_store::Safety;

use super::handlers;
use crate::{
    Exit, Failure,
    arguments::CheckCommand,
    fleet::{Find, Look, Situation, problems},
    program::Desk,
};

pub(super) async fn check(desk: &Desk, command: CheckCommand) -> Result<Exit, Failure> {
    let complaints = match command {
        CheckCommand::Handlers(which) => handlers::seen(desk, &which).await?.failing(),
        CheckCommand::Live => {
            let free = Look::take(&desk.store).await?.free();
            if free == 0 { Vec::new() } else { vec![format!("{free} shards have no owner")] }
        }
        CheckCommand::Ready => problems(&Look::take(&desk.store).await?),
        CheckCommand::QuorumSafe { instance } => {
            quorum(&Look::take(&desk.store).await?, &instance)?
        }
    };
    for complaint in &complaints {
        desk.terminal.say(complaint);
    }
    Ok(if complaints.is_empty() { Exit::Done } else { Exit::Degraded })
}

/// Why an instance had better not end now.
fn quorum(look: &Look, instance: &str) -> Result<Vec<String>, Failure> {
    let id = look.find_instance(instance)?;
    let mut complaints = Vec::new();
    if let Safety::Unsafe { reason } = &look.safety {
        complaints.push(format!("the store is not safe: {reason}"));
    }
    // One that leaves already, or is empty, takes nothing away from the others.
    if look.held_by(id).next().is_some() {
        let situation = Situation::of(look);
        let objections = drain_objections(id, &situation.borrowed(Balance::Waits)).into_iter();
        let of_weight =
            objections.filter(|it| !matches!(it, baton_fleet::DrainObjection::AlreadyLeaving(_)));
        complaints.extend(of_weight.map(|it| it.to_string()));
    }
    Ok(complaints)
}
