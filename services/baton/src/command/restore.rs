//! `restore`: a fleet goes on over a store that has not known it.
//!
//! Nothing is overwritten, ever: first everything is looked at, then lanes are written, then
//! intents and what operators want apps to be, and the shapes of apps last. So a restore that was
//! cut off is finished by doing it again.

use std::path::Path;

use baton_model::{AppName, NewIntent, StoreMillis, Wish};
use baton_store::{
    ForOperators, FoundApp, IntendError, PutAppError, RestoreError, RestoredLane, What,
};

use super::{backup::told, intents::note};
use crate::{
    Exit, Failure,
    backup::{Backup, file},
    fleet::Look,
    output::units,
    program::Desk,
};

pub(super) async fn restore(desk: &Desk, from: &Path) -> Result<Exit, Failure> {
    let failed = |because: String| Failure::Other(format!("{}: {because}", from.display()));
    let text = file::read(from).map_err(|error| failed(format!("cannot be read: {error}")))?;
    let backup = Backup::decode(&text).map_err(|error| failed(error.to_string()))?;
    ensure_meant(desk, &backup)?;
    let look = Look::take(&desk.store).await?;
    ensure_fits(desk, &look, &backup).await?;
    cautions(&backup, look.now).iter().for_each(|caution| desk.terminal.say(caution));
    put_all(desk, &backup).await?;
    desk.terminal.say(format_args!("restored {}", told(&backup)));
    Ok(Exit::Done)
}

/// Looks whether everything may be put there, before anything is.
pub(super) async fn ensure_fits(desk: &Desk, look: &Look, backup: &Backup) -> Result<(), Failure> {
    ensure_unused(desk, look, &backup.lanes()).await?;
    ensure_wanted_alike(look, backup)
}

/// Puts everything there, and notes it down.
pub(super) async fn put_all(desk: &Desk, backup: &Backup) -> Result<(), Failure> {
    put(&desk.store, backup, &backup.lanes()).await?;
    let shards = u32::try_from(backup.shards().count()).unwrap_or(u32::MAX);
    note(desk, What::Restored { taken_at: backup.taken_at, shards }).await;
    Ok(())
}

/// Puts everything there. The apps come last: a store that shows them has all the rest.
async fn put<S: ForOperators>(
    store: &S,
    backup: &Backup,
    lanes: &[RestoredLane],
) -> Result<(), Failure> {
    for lane in lanes {
        store.restore_lane(lane).await.map_err(refused)?;
    }
    for intent in backup.intents.iter().filter(|intent| !names_an_instance(intent)) {
        store.intend(intent).await.map_err(|error| match error {
            IntendError::TooMany(_) => Failure::Conflict(error.to_string()),
            IntendError::Store(error) => Failure::Store(error),
        })?;
    }
    for (name, app) in &backup.stored_apps {
        store.put_app(name, 0, app).await.map_err(|error| match error {
            PutAppError::Changed(_) => wanted_otherwise(name),
            PutAppError::TooMany(_) | PutAppError::TooLarge(_) => {
                Failure::Conflict(error.to_string())
            }
            PutAppError::Store(error) => Failure::Store(error),
        })?;
    }
    let apps: Vec<_> = backup.apps.iter().map(|it| (it.app.clone(), it.shape)).collect();
    store.restore_apps(&apps).await.map_err(refused)
}

/// Whoever puts one fleet's sessions under the name of another must have said so.
fn ensure_meant(desk: &Desk, backup: &Backup) -> Result<(), Failure> {
    let (of, here) = (&backup.fleet, desk.store.fleet());
    if of == here || desk.globals.fleet.is_some() {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "the backup is of fleet {of}, and this is {here}; say --fleet {of}, or --fleet {here} if \
         it is to go by that name from now on"
    )))
}

/// Looks at everything before anything is written.
async fn ensure_unused(desk: &Desk, look: &Look, lanes: &[RestoredLane]) -> Result<(), Failure> {
    let fleet = desk.store.fleet();
    if !look.apps.is_empty() {
        let apps: Vec<_> = look.apps.keys().map(ToString::to_string).collect();
        return Err(Failure::Refused(format!(
            "fleet {fleet} has apps at this store already: {}; nothing has been written",
            apps.join(", ")
        )));
    }
    if let Some(instance) = look.instances.values().find(|instance| instance.is_there()) {
        return Err(Failure::Refused(format!(
            "instance {} runs on this store and would begin new sessions; end it first",
            instance.name()
        )));
    }
    for lane in lanes {
        let found = as_found(desk, lane).await?;
        found.map_err(refused)?;
    }
    Ok(())
}

/// An app that a restore which was cut off has put there is as the file has it.
fn ensure_wanted_alike(look: &Look, backup: &Backup) -> Result<(), Failure> {
    let is_other = |(name, found): &(&AppName, &FoundApp)| {
        found.app.as_ref().ok() != backup.stored_apps.get(*name)
    };
    match look.stored.iter().find(is_other) {
        Some((name, _)) => Err(wanted_otherwise(name)),
        None => Ok(()),
    }
}

fn wanted_otherwise(app: &AppName) -> Failure {
    Failure::Refused(format!(
        "app {app} stands in the store otherwise, and nothing is overwritten; restore into a store \
         that this fleet has not run on"
    ))
}

/// What [`Transfer::restore_lane`] would answer.
async fn as_found(desk: &Desk, lane: &RestoredLane) -> Result<Result<(), RestoreError>, Failure> {
    if desk.store.lane(&lane.app, lane.lane).await?.length > 0 {
        let (app, lane) = (lane.app.clone(), lane.lane);
        return Ok(Err(RestoreError::EntriesThere { app, lane }));
    }
    let (addresses, wanted): (Vec<_>, Vec<_>) = lane.addressed().unzip();
    let found = desk.store.rows(&addresses).await?;
    let mut pairs = found.into_iter().zip(wanted).zip(addresses);
    let other = pairs.find(|((found, wanted), _)| found.as_ref().is_some_and(|it| it != wanted));
    Ok(other.map_or(Ok(()), |(_, address)| Err(RestoreError::RowThere(address.shard))))
}

fn refused(error: RestoreError) -> Failure {
    match error {
        RestoreError::Store(error) => Failure::Store(error),
        RestoreError::RowThere(_) | RestoreError::EntriesThere { .. } | RestoreError::AppsThere => {
            Failure::Refused(format!(
                "{error}, and nothing is overwritten; restore into a store that this fleet has not \
                 run on"
            ))
        }
    }
}

/// What an operator should know of what comes back.
pub(super) fn cautions(backup: &Backup, now: StoreMillis) -> Vec<String> {
    let mut cautions = Vec::new();
    if backup.held() > 0 {
        cautions.push(format!(
            "{} held when this was taken: what came since then comes once more, with the keys that \
             it had, and sessions begin anew where Discord has them no more",
            units::counted(backup.held(), "shard was", "shards were")
        ));
    }
    let newest = backup.newest_entry().map_or(0, |id| id.millis);
    if newest > now.0 {
        let behind = units::time(std::time::Duration::from_millis(newest - now.0));
        cautions.push(format!(
            "this store's clock is {behind} behind the newest entry of the old one: who reads by \
             ids of its own instead of in a group begins at 0"
        ));
    }
    let lost = backup.intents.iter().filter(|intent| names_an_instance(intent));
    cautions.extend(lost.map(|intent| {
        let subject = intent.subject();
        format!("{subject} is not restored: no instance comes back under its id")
    }));
    cautions.extend(backup.groups().filter_map(|(app, lane, group)| group.leaves(app, lane)));
    cautions
}

/// An instance has another id whenever it starts.
fn names_an_instance(intent: &NewIntent) -> bool {
    match intent.wish {
        Wish::Drain { .. } | Wish::Pin { .. } => true,
        Wish::Restart { .. } | Wish::ReadToken { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use baton_model::InstanceId;
    use baton_store::{Faults, Faulty};
    use baton_store_embedded::{EmbeddedStore, Options};

    use super::*;
    use crate::backup::tests::backup;

    /// Requests and answers that are lost, as often as not.
    const BAD: Faults = Faults { lost_request_percent: 25, lost_reply_percent: 25, ..Faults::NONE };

    /// One in eighteen comes through all five steps: a thousand that do not are no bad luck.
    const ATTEMPTS_MAX: usize = 1_000;

    async fn has_everything(store: &EmbeddedStore, lanes: &[RestoredLane]) -> bool {
        let (addresses, rows): (Vec<_>, Vec<_>) =
            lanes.iter().flat_map(RestoredLane::addressed).unzip();
        let found = store.rows(&addresses).await.unwrap();
        let intents = store.poll().await.unwrap().intents.len();
        found == rows.into_iter().map(Some).collect::<Vec<_>>() && intents == 1
    }

    #[tokio::test]
    async fn a_restore_that_is_cut_off_shows_no_apps_and_the_next_one_finishes_it() {
        let mut cut_off = 0;
        for seed in 0..64 {
            let (backup, store) = (backup(), EmbeddedStore::in_memory(Options::default()));
            let (lanes, faulty) = (backup.lanes(), Faulty::new(store.clone(), BAD, seed));
            for attempt in 0..=ATTEMPTS_MAX {
                assert!(attempt < ATTEMPTS_MAX, "it never ends");
                let done = put(&faulty, &backup, &lanes).await.is_ok();
                let apps = store.apps().await.unwrap().len();
                assert!(apps == 0 || has_everything(&store, &lanes).await, "seed {seed}");
                if done {
                    assert_eq!(apps, 1);
                    break;
                }
                cut_off += 1;
            }
        }
        assert!(cut_off > 64, "{cut_off}");
    }

    #[test]
    fn a_backup_of_a_fleet_at_rest_calls_for_no_caution() {
        let mut backup = backup();
        backup.apps[0].shards[1].holder = None;
        let newest = backup.newest_entry().unwrap().millis;
        assert_eq!(cautions(&backup, StoreMillis(newest)), Vec::<String>::new());
        let told = cautions(&backup, StoreMillis(newest - 90_000)).join("\n");
        assert!(told.starts_with("this store's clock is 1 min 30 s behind"), "{told}");
    }

    #[test]
    fn a_copy_of_a_fleet_that_ran_and_intents_about_its_instances_do() {
        let mut backup = backup();
        let instance = InstanceId::new(7);
        backup.intents[0].wish = Wish::Drain { instance, limit: None };
        backup.apps[0].lanes[0].groups[0].unread = Some(9);
        let told = cautions(&backup, StoreMillis(u64::MAX));
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].starts_with("1 shard was held when this was taken"), "{told:?}");
        assert!(told[1].starts_with(&format!("drain/{instance} is not restored")), "{told:?}");
        assert!(told[2].contains("9 unread"), "{told:?}");
    }
}
