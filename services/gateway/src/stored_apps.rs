//! Apps that operators put into the store: started, changed and ended while the instance runs.
//!
//! It looks, and follows what it sees. What it cannot follow it leaves as it is, and says so; the
//! other apps are none of that one's business. That an app is missing is no order: a store that was
//! wiped knows none, and is told again of those that run.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use baton_model::{AppName, AppSource, StoredApp, limits::STORE_ANSWER_TIMEOUT};
use baton_store::{FoundApp, Store};
use tokio::{
    runtime::Handle,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{
    app::{AppSettings, Keeper},
    clock::Clock,
    config::{AppConfig, StoredAppsConfig},
    control::Ear,
    instruments::Instruments,
    roster::Roster,
    supervisor::Input,
};

/// How often the store is looked at.
const LOOK_PERIOD: Duration = Duration::from_secs(2);

/// What is needed to run an app.
pub(crate) struct Means<S> {
    pub(crate) store: S,
    pub(crate) clock: Clock,
    pub(crate) runtime: Handle,
    pub(crate) ear: Ear,
    pub(crate) roster: Roster,
    pub(crate) instruments: Instruments,
}

impl<S: Store> Means<S> {
    /// A keeper of an app, which stands on the roster from then on.
    pub(crate) fn keeper(&self, app: AppSettings, source: AppSource) -> Keeper<S> {
        let name = app.name.clone();
        let at = (self.clock, self.instruments.of(&name));
        let (keeper, reins) = Keeper::new(app, self.store.clone(), at, self.ear.clone());
        self.roster.put(name, source, reins);
        keeper
    }
}

/// Follows the apps in the store.
pub(crate) struct Follower<S> {
    allowed: StoredAppsConfig,
    /// Apps of the instance's own configuration, which wins.
    own: BTreeSet<AppName>,
    means: Means<S>,
    running: BTreeMap<AppName, Running>,
    /// What was said already of apps that cannot be followed.
    told: BTreeMap<AppName, String>,
}

/// An app of the store that runs here.
struct Running {
    /// As the store had it when it was last followed.
    stored: StoredApp,
    config: AppConfig,
    keeper: Kept,
}

/// A keeper that ends with whoever follows the store.
struct Kept(JoinHandle<()>);

impl Drop for Kept {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<S: Store> Follower<S> {
    pub(crate) fn new(
        allowed: StoredAppsConfig,
        own: impl IntoIterator<Item = AppName>,
        means: Means<S>,
    ) -> Self {
        let own = own.into_iter().collect();
        Self { allowed, own, means, running: BTreeMap::new(), told: BTreeMap::new() }
    }

    /// Follows for as long as it is polled. A store that does not answer says nothing.
    pub(crate) async fn run(mut self) {
        let mut ticks = interval(LOOK_PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let look = self.means.store.stored_apps();
            if let Ok(Ok(found)) = timeout(STORE_ANSWER_TIMEOUT, look).await {
                self.follow_all(found).await;
            }
        }
    }

    async fn follow_all(&mut self, found: Vec<(AppName, FoundApp)>) {
        let mut unusable = BTreeMap::new();
        for (name, found) in &found {
            if self.own.contains(name) {
                self.leave_to_configuration(name, found);
            } else if let Err(because) = self.follow(name, found).await {
                unusable.insert(name.clone(), because);
            }
        }
        let present: BTreeSet<_> = found.iter().map(|(name, _)| name).collect();
        let forgotten = self.running.iter().filter(|(name, _)| !present.contains(name));
        for (name, running) in forgotten {
            self.write_back(name, &running.stored).await;
        }
        self.complain(unusable);
    }

    /// An operator who put an app into the store may wonder why nothing comes of it: said once.
    fn leave_to_configuration(&mut self, name: &AppName, found: &FoundApp) {
        let is_gone = matches!(found.app, Ok(StoredApp::Removed {}));
        if !is_gone && self.told.insert(name.clone(), String::new()).is_none() {
            let remedy = "take it out of the one or the other";
            tracing::warn!(app = %name, remedy, "it is configured here as well, and that holds");
        }
    }

    async fn follow(&mut self, name: &AppName, found: &FoundApp) -> Result<(), String> {
        let stored = found.app.as_ref().map_err(ToString::to_string)?;
        let options = match stored {
            StoredApp::Removed {} => {
                self.end(name).await;
                return Ok(());
            }
            StoredApp::Wanted { options } => options,
        };
        let running = self.running.get_mut(name);
        if running.as_ref().is_some_and(|running| running.stored == *stored) {
            return Ok(());
        }
        let environment = std::env::vars().collect();
        let config = self.allowed.app(name, options, &environment);
        let config = config.map_err(|mistakes| mistakes.to_string().replace('\n', "; "))?;
        match running {
            // One of this name may not have ended yet.
            None if self.means.roster.has(name) => {}
            None => self.start(name, config, stored.clone()),
            Some(running) => {
                if !running.config.differs_in_tuning_only(&config) {
                    return Err(
                        "what was changed cannot change while it runs; remove the app and \
                                add it again"
                            .to_owned(),
                    );
                }
                self.means.roster.tune(name, config.tuning());
                (running.config, running.stored) = (config, stored.clone());
                tracing::info!(app = %name, "the store has it otherwise; changed");
            }
        }
        Ok(())
    }

    fn start(&mut self, name: &AppName, config: AppConfig, stored: StoredApp) {
        let keeper = self.means.keeper(config.settings(name.clone()), AppSource::Store);
        let keeper = Kept(self.means.runtime.spawn(keeper.run()));
        tracing::info!(app = %name, "an operator has put it into the store; starting");
        self.running.insert(name.clone(), Running { stored, config, keeper });
    }

    /// Its keeper ends first: what it says last must not come behind the end of the app.
    async fn end(&mut self, name: &AppName) {
        let Some(mut running) = self.running.remove(name) else {
            return;
        };
        tracing::info!(app = %name, "an operator has removed it; ending");
        running.keeper.0.abort();
        // That it was cancelled is what was wanted.
        drop((&mut running.keeper.0).await);
        self.means.ear.input(Input::Retire(name.clone()));
    }

    async fn write_back(&self, name: &AppName, stored: &StoredApp) {
        let put = self.means.store.put_app(name, 0, stored);
        // Whatever else came of it shows in the next look.
        if let Ok(Ok(_)) = timeout(STORE_ANSWER_TIMEOUT, put).await {
            tracing::warn!(app = %name, "the store has forgotten it; written back");
        }
    }

    fn complain(&mut self, unusable: BTreeMap<AppName, String>) {
        for (app, because) in &unusable {
            if self.told.get(app) != Some(because) {
                tracing::error!(%app, because, "what the store has of it cannot be followed");
            }
        }
        self.told.retain(|app, _| self.own.contains(app));
        self.told.extend(unusable.clone());
        self.means.roster.set_unusable(unusable);
    }
}
