//! Streams for `@discordjs/brokers`: whether an app has them, and under which names.

use std::collections::BTreeMap;

use baton_model::AppName;

use super::{
    AppConfig,
    kind::Kind,
    mistake::Fault,
    reader::{Reader, Section, Setting},
    setting::{text, word, wrong},
    value::Value,
};
use crate::brokers::{BrokersSettings, CopyMode};

/// The longest beginning of a stream's name.
const PREFIX_BYTES_MAX: usize = 64;

/// Reads the options of one app; none inside if it has no such streams.
pub(super) fn read(section: &mut Section<'_, '_>) -> Option<Option<BrokersSettings>> {
    let mode = section.required::<BrokersMode>("brokers.mode");
    let prefix = section.required::<Prefix>("brokers.prefix");
    let group_idle_max = section.required("brokers.group_idle_max");
    let (prefix, group_idle_max) = (prefix?.0, group_idle_max?);
    Some(mode?.0.map(|mode| BrokersSettings { mode, prefix, group_idle_max }))
}

/// How copies are written, if they are.
struct BrokersMode(Option<CopyMode>);

impl Setting for BrokersMode {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        let words =
            [("off", None), ("also", Some(CopyMode::Also)), ("instead", Some(CopyMode::Instead))];
        word(value, &words).map(Self)
    }
}

/// What the names of streams begin with.
struct Prefix(String);

impl Setting for Prefix {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        let text = text(value)?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '-');
        let is_ours = text.starts_with("baton:");
        let fits = text.len() <= PREFIX_BYTES_MAX && text.chars().all(is_plain) && !is_ours;
        if fits { Ok(Self(text.to_owned())) } else { Err(wrong()) }
    }
}

/// Notes which apps cannot have streams for `@discordjs/brokers`, or cannot have these.
pub(super) fn judge(
    reader: &mut Reader<'_>,
    apps: &[(AppName, Option<AppConfig>)],
    no_brokers: Option<&'static str>,
) {
    let mut prefixes = BTreeMap::new();
    for (name, app) in apps {
        let Some(settings) = app.as_ref().and_then(|app| app.brokers.as_ref()) else {
            continue;
        };
        if let Some(because) = no_brokers {
            reader.app(name).does_not_go("brokers.mode", because);
        }
        if let Some(other) = prefixes.insert(&settings.prefix, name) {
            let because = format!("is that of apps.{other} as well; give each a prefix of its own");
            reader.app(name).does_not_go("brokers.prefix", &because);
        }
    }
}
