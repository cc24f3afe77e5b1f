//! What a reload would change, and when.

use std::{collections::BTreeSet, fmt};

use baton_model::AppName;

use super::{Config, catalogue::Effect, origin::Key, reader::Effective};

/// What differs between two configurations, in words for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The option or the app.
    pub name: String,
    /// How it differs.
    pub difference: Difference,
    /// When that takes effect.
    pub effect: Effect,
}

/// How an option or an app differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It has another value. Secrets are not shown.
    Value {
        /// The one that was.
        old: String,
        /// The one that is to be.
        new: String,
    },
    /// The app is new.
    Added,
    /// The app is gone.
    Removed,
}

impl Config {
    /// Takes over what takes effect at once. The rest stays as it is, and differs as before.
    pub fn take_over(&mut self, new: &Self) {
        self.log_level = new.log_level;
        self.drain_limit = new.drain_limit;
        self.drain_at_memory_percent = new.drain_at_memory_percent;
        for (name, app) in &mut self.apps {
            if let Some(new) = new.apps.get(name) {
                app.presence.clone_from(&new.presence);
                app.commands.clone_from(&new.commands);
                app.keep = new.keep;
                app.brokers.clone_from(&new.brokers);
            }
        }
        for (key, effective) in &mut self.effective {
            if let (Effect::AtOnce, Some(new)) = (key.entry().effect, new.effective.get(key)) {
                effective.clone_from(new);
            }
        }
    }
}

/// Everything that differs, in the order of the catalogue.
#[must_use]
pub fn diff(old: &Config, new: &Config) -> Vec<Change> {
    let mut changes: Vec<_> = Key::all(None).filter_map(|key| changed(&key, old, new)).collect();
    let apps: BTreeSet<&AppName> = old.apps.keys().chain(new.apps.keys()).collect();
    for app in apps {
        let difference = match (old.apps.contains_key(app), new.apps.contains_key(app)) {
            (true, true) => {
                changes.extend(Key::all(Some(app)).filter_map(|key| changed(&key, old, new)));
                continue;
            }
            (false, _) => Difference::Added,
            (true, false) => Difference::Removed,
        };
        changes.push(Change { name: format!("apps.{app}"), difference, effect: Effect::Restart });
    }
    changes
}

fn changed(key: &Key, old: &Config, new: &Config) -> Option<Change> {
    let (old, new) = (old.effective.get(key)?, new.effective.get(key)?);
    if old.exact == new.exact {
        return None;
    }
    let shown = |effective: &Effective| effective.shown.clone().unwrap_or("unset".to_owned());
    let difference = Difference::Value { old: shown(old), new: shown(new) };
    Some(Change { name: key.to_string(), difference, effect: key.entry().effect })
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, difference, effect } = self;
        match difference {
            Difference::Value { old, new } if old == new => {
                write!(f, "{name}: its secret part has changed; {effect}")
            }
            Difference::Value { old, new } => write!(f, "{name}: {old} becomes {new}; {effect}"),
            Difference::Added => write!(f, "{name} is new; {effect}"),
            Difference::Removed => write!(f, "{name} is gone; {effect}"),
        }
    }
}
