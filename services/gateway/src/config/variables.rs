//! Environment variables, laid over the file.
//!
//! `BATON_STORE__URL` is `store.url`, `BATON_APPS__MYBOT__SHARDS` is `apps.mybot.shards`. An empty
//! variable counts as not set: that is what is left of one that a deployment tool found no value
//! for.

use std::collections::{BTreeMap, BTreeSet};

use baton_model::AppName;

use super::{
    catalogue::APP,
    file::File,
    mistake::Mistake,
    nearest::nearest,
    origin::{Key, Origin, app_in_variable, in_variable},
};

const PREFIX: &str = "BATON_";
const APPS_PREFIX: &str = "BATON_APPS__";

/// Variables that are for the program, not for its configuration.
const NOT_OPTIONS: [&str; 1] = ["BATON_CONFIG"];

/// Lays variables over a file.
pub(super) fn lay_over(file: &mut File, environment: &BTreeMap<String, String>) {
    let sources = sources(file, environment);
    let apps_of_file = file.apps.clone();
    for (name, text) in environment {
        let is_option = name.starts_with(PREFIX)
            && !text.is_empty()
            && !sources.contains(name.as_str())
            && !NOT_OPTIONS.contains(&name.as_str());
        if !is_option {
            continue;
        }
        let origin = Origin::Variable(name.clone());
        match find(name, &apps_of_file) {
            Ok(key) => {
                file.apps.extend(key.app().filter(|app| !file.apps.contains(app)).cloned());
                let value = key.entry().kind.read_variable(text);
                file.found.insert(key, (value, origin));
            }
            Err(NotFound::Unknown(nearest)) => {
                file.mistakes.push(Mistake::unknown(origin, name, nearest));
            }
            Err(NotFound::Ambiguous(apps)) => {
                let what = format!("{name} can mean {apps}; set it in the file");
                file.mistakes.push(Mistake::together(Some(origin), what));
            }
        }
    }
}

/// The variables that some option names as the place of a secret: those are no options.
fn sources(file: &File, environment: &BTreeMap<String, String>) -> BTreeSet<String> {
    let in_file = file.found.values().flat_map(|(value, _)| value.texts());
    let of_ours = environment.iter().filter(|(name, _)| name.starts_with(PREFIX));
    let quotes = |c: char| matches!(c, ',' | '"' | '\'' | '[' | ']' | ' ');
    let in_variables = of_ours.flat_map(|(_, text)| text.split(quotes));
    in_file
        .chain(in_variables)
        .filter_map(|text| text.strip_prefix("env:"))
        .map(str::to_owned)
        .collect()
}

enum NotFound {
    /// There is no such option, but perhaps this one was meant.
    Unknown(Option<String>),
    /// The variable's name fits several apps.
    Ambiguous(String),
}

fn find(variable: &str, apps: &[AppName]) -> Result<Key, NotFound> {
    match variable.strip_prefix(APPS_PREFIX) {
        Some(rest) => find_of_app(rest, apps),
        None => {
            let mut keys = Key::all(None);
            keys.find(|key| key.variable() == variable).ok_or_else(|| {
                let known: Vec<_> = Key::all(None).map(|key| key.variable()).collect();
                let meant = nearest(variable, known.iter().map(String::as_str));
                NotFound::Unknown(meant.map(str::to_owned))
            })
        }
    }
}

fn find_of_app(rest: &str, apps: &[AppName]) -> Result<Key, NotFound> {
    let ends = |name: &str| rest.strip_suffix(&format!("__{}", in_variable(name)));
    let found = APP.iter().find_map(|entry| Some((ends(entry.name)?, entry.name)));
    let Some((app, option)) = found else {
        let (app, option) = rest.split_once("__").unwrap_or((rest, ""));
        let known: Vec<_> = APP.iter().map(|entry| in_variable(entry.name)).collect();
        let meant = nearest(option, known.iter().map(String::as_str));
        return Err(NotFound::Unknown(meant.map(|name| format!("{APPS_PREFIX}{app}__{name}"))));
    };
    let app = find_app(app, apps)?;
    Key::find(Some(&app), option).ok_or(NotFound::Unknown(None))
}

/// The app of this name, in the file's spelling if it stands there.
fn find_app(name: &str, apps: &[AppName]) -> Result<AppName, NotFound> {
    let fitting: Vec<_> = apps.iter().filter(|app| app_in_variable(app.as_str()) == name).collect();
    match fitting[..] {
        [] => name.to_ascii_lowercase().parse().map_err(|_| NotFound::Unknown(None)),
        [app] => Ok(app.clone()),
        [..] => {
            let names: Vec<_> = fitting.iter().map(|app| format!("apps.{app}")).collect();
            Err(NotFound::Ambiguous(names.join(" and ")))
        }
    }
}
