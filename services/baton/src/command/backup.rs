//! `backup`: what a fleet cannot do without, in one file.
//!
//! Taken while nobody holds a shard it moves the fleet. Taken while it runs it is a copy for
//! disaster, and says so.

use std::{char::REPLACEMENT_CHARACTER, collections::BTreeMap, path::Path};

use baton_model::{AppName, Lane, NewIntent, StoredApp};
use baton_store::{GroupView, LaneView};

use super::lanes::{chosen, views};
use crate::{
    Exit, Failure,
    backup::{AppPart, Backup, GroupPart, LanePart, ShardPart, file},
    fleet::{Instance, Look},
    output::units::counted,
    program::Desk,
};

pub(super) async fn backup(desk: &Desk, to: &Path) -> Result<Exit, Failure> {
    let (look, backup) = taken(desk).await?;
    let failed = |error| Failure::Other(format!("{}: cannot be written: {error}", to.display()));
    file::write(to, &backup.encode()).map_err(failed)?;
    let runs = look.instances.values().any(Instance::is_there);
    unreadable(&look).iter().for_each(|warning| desk.terminal.say(warning));
    left_behind(&backup, runs).iter().for_each(|warning| desk.terminal.say(warning));
    desk.terminal.say(told(&backup));
    Ok(Exit::Done)
}

/// What a fleet cannot do without, as it is at this moment.
pub(super) async fn taken(desk: &Desk) -> Result<(Look, Backup), Failure> {
    let look = Look::take(&desk.store).await?;
    let fleet = desk.store.fleet().clone();
    if look.apps.is_empty() {
        return Err(Failure::NotFound(format!(
            "fleet {fleet} has no apps at this store: there is nothing to back up; see --store and \
             --fleet"
        )));
    }
    let lanes = views(desk, chosen(&look, None, None)?, None).await?;
    let backup = Backup {
        fleet,
        taken_at: look.now,
        apps: look.apps.keys().map(|app| app_part(&look, app, &lanes)).collect(),
        stored_apps: wanted(&look),
        intents: look.intents.iter().cloned().map(NewIntent::from).collect(),
    };
    Ok((look, backup))
}

/// The apps that operators have put into the store, and that are to run.
fn wanted(look: &Look) -> BTreeMap<AppName, StoredApp> {
    let readable = look.stored.iter().filter_map(|(app, it)| Some((app, it.app.as_ref().ok()?)));
    let wanted = readable.filter(|(_, it)| matches!(it, StoredApp::Wanted { .. }));
    wanted.map(|(app, it)| (app.clone(), it.clone())).collect()
}

fn unreadable(look: &Look) -> Vec<String> {
    let unreadable = look.stored.iter().filter(|(_, found)| found.app.is_err());
    let told =
        |(app, _)| format!("app {app} stands in the store unreadably: it is not in the file");
    unreadable.map(told).collect()
}

fn app_part(look: &Look, app: &AppName, lanes: &[(AppName, Lane, LaneView)]) -> AppPart {
    let shards = look.shards.iter().filter(|(shard, _)| shard.app == *app);
    let shards = shards.filter_map(|(shard, row)| {
        let row = row.as_ref()?;
        let (epoch, holder, session) = (row.epoch, row.holding.owner(), row.session.clone());
        Some(ShardPart { shard: shard.number, epoch, holder, session })
    });
    let lanes = lanes.iter().filter(|(of, ..)| of == app);
    let lanes = lanes.map(|(_, lane, view)| LanePart {
        lane: *lane,
        last: view.last,
        groups: view.groups.iter().map(GroupPart::of).collect(),
    });
    AppPart {
        app: app.clone(),
        shape: look.apps[app],
        shards: shards.collect(),
        lanes: lanes.collect(),
    }
}

impl GroupPart {
    fn of(view: &GroupView) -> Self {
        Self {
            name: view.name.clone(),
            unread: view.lag,
            unacknowledged: view.pending,
            dead_letters: view.dead_letters,
        }
    }
}

/// What a restore of it would not bring back.
fn left_behind(backup: &Backup, runs: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    let held = counted(backup.held(), "shard is", "shards are");
    if backup.held() > 0 && runs {
        warnings.push(format!(
            "{held} held: this is a copy for disaster, and ages with every event; to move the \
             fleet, end its instances first"
        ));
    } else if backup.held() > 0 {
        warnings.push(format!(
            "{held} held by instances that are not there: make sure that their processes have ended"
        ));
    }
    warnings.extend(backup.groups().filter_map(|(app, lane, group)| group.leaves(app, lane)));
    let unnamed = backup.groups().filter(|(_, _, it)| it.name.contains(REPLACEMENT_CHARACTER));
    warnings.extend(unnamed.map(|(app, lane, it)| {
        let name = &it.name;
        format!("group {name} of lane {lane} of {app} has a name that is no text: make it by hand")
    }));
    warnings
}

impl GroupPart {
    /// What the group leaves in the old store, if it does.
    pub(super) fn leaves(&self, app: &AppName, lane: Lane) -> Option<String> {
        let Self { name, unread, unacknowledged, dead_letters } = self;
        if (*unread, *unacknowledged, *dead_letters) == (Some(0), 0, 0) {
            return None;
        }
        let unread = unread.map_or_else(|| "nobody knows how many".to_owned(), |it| it.to_string());
        Some(format!(
            "group {name} leaves in lane {lane} of {app}: {unread} unread, {unacknowledged} \
             unacknowledged, {dead_letters} given up; they stay in the old store"
        ))
    }
}

/// What is in it.
pub(super) fn told(backup: &Backup) -> String {
    let sessions = backup.shards().filter(|(_, shard)| shard.session.is_some()).count();
    format!(
        "fleet {}: {}, {}, {}, {}, {}",
        backup.fleet,
        counted(backup.apps.len(), "app", "apps"),
        counted(backup.shards().count(), "shard", "shards"),
        counted(sessions, "session", "sessions"),
        counted(backup.groups().count(), "consumer group", "consumer groups"),
        counted(backup.intents.len(), "intent", "intents"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::tests::backup;

    #[test]
    fn what_stays_behind_is_told_with_its_number() {
        let mut backup = backup();
        backup.apps[0].shards[1].holder = None;
        assert_eq!(left_behind(&backup, true), Vec::<String>::new());
        let group = &mut backup.apps[0].lanes[0].groups[0];
        for (unread, unacknowledged, dead_letters, told) in [
            (Some(7), 0, 0, "7 unread, 0 unacknowledged, 0 given up"),
            (Some(0), 3, 0, "0 unread, 3 unacknowledged, 0 given up"),
            (Some(0), 0, 2, "0 unread, 0 unacknowledged, 2 given up"),
            (None, 0, 0, "nobody knows how many unread"),
        ] {
            let of = GroupPart { name: group.name.clone(), unread, unacknowledged, dead_letters };
            let warning = of.leaves(&"bot".parse().unwrap(), Lane(0)).unwrap();
            assert!(warning.starts_with("group workers leaves in lane 0 of bot: "), "{warning}");
            assert!(warning.contains(told), "{warning}");
        }
    }

    #[test]
    fn a_group_whose_name_is_no_text_is_told_of() {
        let mut backup = backup();
        backup.apps[0].lanes[0].groups[0].name = "work\u{FFFD}".to_owned();
        assert!(left_behind(&backup, false)[1].contains("has a name that is no text"));
    }

    #[test]
    fn a_copy_of_a_fleet_that_runs_says_what_it_is() {
        let told = left_behind(&backup(), true).join("\n");
        assert!(told.starts_with("1 shard is held: this is a copy for disaster"), "{told}");
        let told = left_behind(&backup(), false).join("\n");
        assert!(told.starts_with("1 shard is held by instances that are not there"), "{told}");
    }

    #[test]
    fn what_is_in_it_is_counted() {
        let told = told(&backup());
        assert_eq!(told, "fleet main: 1 app, 2 shards, 1 session, 1 consumer group, 1 intent");
    }
}
