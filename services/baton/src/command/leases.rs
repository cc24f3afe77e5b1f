//! `lease`: taking one away, where instances do not do so themselves.
//!
//! It is never needed for a dead instance, for that the others find out. It is for a holder that
//! shows that it lives and does not do its work, where not even `shard restart` helps.

use std::time::Duration;

use baton_model::{Expected, LeaseRow, Line as Text, ShardKey};
use baton_store::{BreakError, ForOperators, What};

use super::intents::note;
use crate::{
    Exit, Failure,
    arguments::{BreakArguments, LeaseCommand},
    fleet::{Find, Look},
    output::units,
    program::Desk,
};

pub(super) async fn lease(desk: &Desk, command: LeaseCommand) -> Result<Exit, Failure> {
    match command {
        LeaseCommand::Break(arguments) => break_one(desk, arguments).await,
    }
}

async fn break_one(desk: &Desk, arguments: BreakArguments) -> Result<Exit, Failure> {
    let BreakArguments { shard: called, confirm, reason } = arguments;
    let reason: Text =
        reason.parse().map_err(|error| Failure::Usage(format!("--reason: {error}")))?;
    let look = Look::take(&desk.store).await?;
    let shard = look.find_shard(&called)?;
    let address = look.address(&shard).ok_or_else(|| look.no_such_app(shard.app.as_str()))?;
    let held = look.shards[&shard].as_ref().and_then(|row| Some((row, row.holding.owner()?)));
    let Some((row, from)) = held else {
        return Err(Failure::Conflict(format!("nobody holds {shard}; there is no lease to break")));
    };
    desk.terminal.say(outlook(&look, &shard, row));
    if !confirm.is_some_and(|confirm| confirm == called || confirm == shard.to_string()) {
        let refusal = format!("nothing has been done; say --confirm={called} if that is meant");
        return Err(Failure::Unconfirmed(refusal));
    }
    let broken = desk.store.break_lease(&address, Expected::unchanged(Some(row))).await;
    broken.map_err(|error| failure(&look, &shard, error))?;
    note(desk, What::LeaseBroken { shard: shard.clone(), epoch: row.epoch, from, reason }).await;
    desk.terminal.say(format_args!("{shard} is free"));
    Ok(Exit::Done)
}

/// Who holds the lease, and what happens when it is broken.
fn outlook(look: &Look, shard: &ShardKey, row: &LeaseRow) -> String {
    let owner = row.holding.owner();
    let holder = owner.map_or_else(String::new, |id| look.called(id));
    let standing = match owner.and_then(|id| look.instances.get(&id)) {
        Some(instance) => instance.standing().as_str(),
        None => "no member any more",
    };
    // Epochs are the store's milliseconds, unless two grants came within one.
    let since = units::time(Duration::from_millis(look.now.0.saturating_sub(row.epoch.0)));
    let then = match &row.session {
        Some(session) => format!("whoever claims it resumes its session from {}", session.last_seq),
        None => "it has no session: whoever claims it identifies".to_owned(),
    };
    format!(
        "{shard} is held by {holder} ({standing}) since {since}, under epoch {}\n\
         broken, its lease is free: {holder} may write nothing more, and drops the connection with \
         its next event; {then}",
        row.epoch
    )
}

fn failure(look: &Look, shard: &ShardKey, error: BreakError) -> Failure {
    match error {
        BreakError::Changed(row) => {
            let owner = row.and_then(|row| row.holding.owner()).map(|id| look.called(id));
            let owner = owner.unwrap_or_else(|| "nobody".to_owned());
            Failure::Conflict(format!("{shard} has changed hands meanwhile: {owner} holds it"))
        }
        BreakError::Store(error) => Failure::Store(error),
    }
}

#[cfg(test)]
mod tests {
    use baton_model::{Holding, InstanceId, Seq, SessionId, SessionNumber, SessionRow};
    use baton_store::StoreError;

    use super::*;
    use crate::fleet::examples;

    #[test]
    fn an_operator_is_told_who_holds_the_lease_and_what_becomes_of_the_session() {
        let look = examples::of(2, 4);
        let mut row = examples::row(Holding::Owned { owner: InstanceId::new(1) }).unwrap();
        let told = |row: &LeaseRow| outlook(&look, &examples::shard(3), row);
        assert!(told(&row).starts_with("bot/0.3 is held by gw-01 (up) since 59 s, under epoch 1"));
        assert!(told(&row).ends_with("no session: whoever claims it identifies"));
        row.session = Some(SessionRow {
            number: SessionNumber(1),
            id: SessionId::new("s1"),
            resume_url: None,
            last_seq: Seq(77),
        });
        assert!(told(&row).ends_with("whoever claims it resumes its session from 77"));
        row.holding = Holding::Owned { owner: InstanceId::new(9) };
        assert!(told(&row).contains("(no member any more)"));
    }

    #[test]
    fn a_row_that_changed_meanwhile_is_a_conflict_that_names_its_holder() {
        let look = examples::of(2, 4);
        let row = examples::row(Holding::Owned { owner: InstanceId::new(0) });
        let failed = |error| failure(&look, &examples::shard(3), error);
        let conflict = failed(BreakError::Changed(row));
        assert_eq!(conflict.exit(), Exit::Conflict);
        assert!(conflict.to_string().ends_with("gw-00 holds it"), "{conflict}");
        let gone = failed(BreakError::Changed(None));
        assert!(gone.to_string().ends_with("nobody holds it"), "{gone}");
        let away = failed(BreakError::Store(StoreError::unavailable("away")));
        assert_eq!(away.exit(), Exit::Failed);
    }
}
