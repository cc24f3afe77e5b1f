//! `migrate-store`: the fleet of a `baton up` goes on over a Valkey, with its sessions.
//!
//! It is a backup and a restore without a file in between, and with what is easily done wrong done
//! right: the process has ended before anything is copied, nobody can start it again meanwhile, for
//! its folder is locked, or afterwards, for the folder says where the fleet has moved *before* the
//! Valkey shows anything. So the fleet never has two homes, and a move that was cut off is finished
//! by the same command.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use baton_store_embedded::{Attached, EmbeddedStore, OpenError, Options};
use tokio::time::{Instant, sleep};

use super::{
    backup::{taken, told as counted},
    restore::{cautions, ensure_fits, put_all},
};
use crate::{
    Exit, Failure,
    arguments::MigrateArguments,
    at::{AtStore, attach},
    backup::Backup,
    fleet::Look,
    program::Desk,
    told,
    up::is_demo,
};

/// A process that ends lets go of its sessions, which takes a moment, and longer if its disk does.
const ENDING_MAX: Duration = Duration::from_secs(60);

/// The pause between two looks whether it has.
const PAUSE: Duration = Duration::from_millis(100);

/// Where the fleet is.
enum Source {
    /// In a process that runs.
    Running(Attached),
    /// On the disk only, opened.
    Stopped(AtStore),
}

pub(super) async fn migrate(desk: &Desk, arguments: &MigrateArguments) -> Result<Exit, Failure> {
    let AtStore::Valkey(_) = &desk.store else {
        return Err(Failure::Usage(
            "say which Valkey the fleet is to move to: --store valkey://HOST:PORT".to_owned(),
        ));
    };
    let source = Source::find(desk, &arguments.from).await?;
    source.ensure_is_no_demo()?;
    let (_, backup) = taken(&desk.at(source.store())).await?;
    let look = Look::take(&desk.store).await?;
    if was_begun(desk, &source)? && has_moved(&look, &backup) {
        desk.terminal.say("it has moved there already");
        return Ok(Exit::Done);
    }
    ensure_fits(desk, &look, &backup).await?;
    announce(desk, &source, &backup);
    if arguments.dry_run {
        return Ok(Exit::Done);
    }
    if !arguments.yes {
        desk.confirm("Move it now?", "--yes")?;
    }
    let opened = match source {
        Source::Running(attached) => ended(desk, &attached).await?,
        Source::Stopped(opened) => opened,
    };
    carry_over(desk, opened).await
}

/// Copies everything, once nobody runs there any more.
async fn carry_over(desk: &Desk, opened: AtStore) -> Result<Exit, Failure> {
    let AtStore::Opened { store, folder, .. } = &opened else {
        unreachable!("it was opened");
    };
    let (_, backup) = taken(&desk.at(opened.clone())).await?;
    let now = Look::take(&desk.store).await?.now;
    // Whoever held a shard does not: nobody else can have the store open.
    let of_held = usize::from(backup.held() > 0);
    cautions(&backup, now).iter().skip(of_held).for_each(|caution| desk.terminal.say(caution));
    let failed = |error: OpenError| Failure::Other(told(&error));
    store.set_moved_to(folder, &desk.store.url()).map_err(failed)?;
    put_all(desk, &backup).await?;
    desk.terminal.say(format_args!("moved {}", counted(&backup)));
    desk.terminal.say(how_to_go_on(&desk.store, &backup));
    Ok(Exit::Done)
}

impl Source {
    /// The process that runs on this folder, or the one store that is in it.
    async fn find(desk: &Desk, folder: &Path) -> Result<Self, Failure> {
        match attach(folder).await {
            Ok(attached) => return Ok(Self::Running(attached)),
            Err(Failure::NobodyThere(_)) => {}
            Err(failure) => return Err(failure),
        }
        let folder = stopped(folder)?;
        let opened = open(desk, &folder).map_err(|error| Failure::Other(told(&error)))?;
        Ok(Self::Stopped(opened))
    }

    /// A bot of a simulated Discord is nobody's elsewhere: that Discord ends with its process.
    fn ensure_is_no_demo(&self) -> Result<(), Failure> {
        let folder = match self {
            Self::Running(attached) => Some(attached.folder()),
            Self::Stopped(AtStore::Opened { folder, .. }) => Some(folder.as_path()),
            Self::Stopped(AtStore::Process(_) | AtStore::Valkey(_)) => None,
        };
        match folder.filter(|folder| is_demo(folder)) {
            Some(folder) => Err(Failure::Refused(format!(
                "{} is a demo's: its bot is known to no Discord but the simulated one in that \
                 `baton up`; name the folder of a bot with a token",
                folder.display()
            ))),
            None => Ok(()),
        }
    }

    fn store(&self) -> AtStore {
        match self {
            Self::Running(attached) => AtStore::Process(attached.clone()),
            Self::Stopped(opened) => opened.clone(),
        }
    }
}

/// The folder of the one store that is in this one, or that this one has.
fn stopped(folder: &Path) -> Result<PathBuf, Failure> {
    if EmbeddedStore::is_in(folder) {
        return Ok(folder.to_owned());
    }
    let inner = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut stores: Vec<_> =
        inner.map(|it| it.path()).filter(|it| EmbeddedStore::is_in(it)).collect();
    stores.sort();
    // Whoever has tried the demo before has it beside the bot.
    if stores.len() > 1 {
        stores.retain(|it| !is_demo(it));
    }
    match &stores[..] {
        [store] => Ok(store.clone()),
        [] => Err(Failure::NotFound(format!(
            "there is no store in {}; name the folder of a `baton up`",
            folder.display()
        ))),
        several => {
            let names: Vec<_> = several.iter().map(|it| it.display().to_string()).collect();
            Err(Failure::Usage(format!("say which one is meant: {}", names.join(" or "))))
        }
    }
}

/// Opens the store, which locks its folder for as long as this program has it.
fn open(desk: &Desk, folder: &Path) -> Result<AtStore, OpenError> {
    let store = EmbeddedStore::open_to_move(folder, Options::default())?;
    let (folder, fleet) = (folder.to_owned(), desk.store.fleet().clone());
    Ok(AtStore::Opened { store, folder, fleet })
}

/// Has the process end, and opens its store as soon as it has.
async fn ended(desk: &Desk, attached: &Attached) -> Result<AtStore, Failure> {
    desk.terminal.say("the process ends; sessions are kept");
    attached.end().await?;
    let until = Instant::now() + ENDING_MAX;
    loop {
        match open(desk, attached.folder()) {
            Err(OpenError::InUse { .. }) if Instant::now() < until => sleep(PAUSE).await,
            opened => return opened.map_err(|error| Failure::Other(told(&error))),
        }
    }
}

/// Whether a move to this Valkey was begun. One to another is not mixed up with it.
fn was_begun(desk: &Desk, source: &Source) -> Result<bool, Failure> {
    let Source::Stopped(AtStore::Opened { folder, .. }) = source else {
        return Ok(false);
    };
    let moved = EmbeddedStore::moved_to(folder).map_err(|error| Failure::Other(told(&error)))?;
    let here = desk.store.url();
    match moved {
        Some(other) if other != here => Err(Failure::Refused(format!(
            "{} has moved, or was on its way, to {other}; finish that with --store {other}",
            folder.display()
        ))),
        Some(_) => Ok(true),
        None => Ok(false),
    }
}

/// The apps are written last: where they are, everything is.
fn has_moved(look: &Look, backup: &Backup) -> bool {
    backup.apps.iter().all(|it| look.apps.get(&it.app) == Some(&it.shape))
}

fn announce(desk: &Desk, source: &Source, backup: &Backup) {
    let (from, to) = (source.store().url(), desk.store.url());
    desk.terminal.say(format_args!("{}: from {from} to {to}", counted(backup)));
    match source {
        Source::Running(_) => desk.terminal.say(
            "the process there is ended; its sessions are kept, and wait about a minute for the \
             instances that you start then",
        ),
        Source::Stopped(_) => desk.terminal.say("nobody runs there"),
    }
    let left = backup.groups().filter_map(|(app, lane, group)| group.leaves(app, lane));
    left.for_each(|line| desk.terminal.say(line));
    desk.terminal.say("afterwards `baton up` does not start there any more");
}

/// The instances that take over, as they are started.
fn how_to_go_on(store: &AtStore, backup: &Backup) -> String {
    let (url, fleet) = (store.url(), store.fleet());
    let mut lines = format!(
        "start its instances now, with the intents that `baton up` had, and the store's login if \
         it has one:\n  BATON_STORE__URL={url} BATON_FLEET={fleet} \\\n"
    );
    for part in &backup.apps {
        let app = part.app.as_str().to_uppercase();
        let lanes = part.shape.lanes.0;
        lines += &format!(
            "  BATON_APPS__{app}__TOKEN='[\"env:DISCORD_TOKEN\"]' \
             BATON_APPS__{app}__INTENTS=guilds,guild_messages BATON_APPS__{app}__LANES={lanes} \\\n"
        );
    }
    lines + "  baton-gateway"
}
