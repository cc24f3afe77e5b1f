//! What an app is to be.

use std::collections::BTreeSet;

use baton_model::{AppName, EventName, LaneCount};
use baton_store::{Op, Trim};
use twilight_gateway::Intents;

use super::{
    brokers, discord,
    kind::Kind,
    mistake::Fault,
    nearest::nearest,
    presence::Presence,
    reader::{Section, Setting},
    setting::{Count, PlainUrl, Whole, each, in_item, list, text, word, wrong},
    value::{Value, key},
};
use crate::{
    app::{AppSettings, ShardsWanted},
    brokers::BrokersSettings,
    token::TokenSource,
    tuning::AppTuning,
};

/// A section `[apps.<name>]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppConfig {
    /// Where its token is, first choice first.
    pub tokens: Vec<TokenSource>,
    /// What it wants to hear of.
    pub intents: Intents,
    /// Into how many shards it is cut.
    pub shards: ShardsWanted,
    /// To how many lanes it writes.
    pub lanes: LaneCount,
    /// Which events go into the stream.
    pub events: Events,
    /// How it is shown.
    pub presence: Presence,
    /// Above how many members Discord leaves the offline ones out of a guild.
    pub large_threshold: u8,
    /// What consumers may have its shards send.
    pub commands: BTreeSet<Op>,
    /// How much of its lanes is kept.
    pub keep: Trim,
    /// How copies of its events are written for `@discordjs/brokers`; none if they are not.
    pub brokers: Option<BrokersSettings>,
    /// Where to connect; none for Discord.
    pub gateway_url: Option<String>,
    /// Where the REST API is; none for Discord's.
    pub api_url: Option<String>,
}

/// Which events go into the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Events {
    /// These, and what Baton does not know by name.
    Forward(BTreeSet<EventName>),
    /// All but these.
    LeaveOut(BTreeSet<EventName>),
}

impl AppConfig {
    /// Reads the section.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Option<Self> {
        let tokens: Option<Vec<_>> = section.required("token");
        if let Some(tokens) = &tokens {
            section.ensure_source("token", tokens);
        }
        let intents = section.required("intents");
        let shards = section.required("shards");
        let lanes = section.required("lanes");
        let events = Events::of(section);
        let presence = Presence::of(section);
        let large_threshold = section.required::<Whole>("large_threshold");
        let commands = section.required("commands");
        let keep = keep(section);
        let brokers = brokers::read(section);
        let gateway_url = section.optional::<PlainUrl>("gateway_url");
        let api_url = section.optional::<PlainUrl>("api_url");
        Some(Self {
            tokens: tokens?,
            intents: intents?,
            shards: shards?,
            lanes: lanes?,
            events: events?,
            presence: presence?,
            large_threshold: large_threshold?.0,
            commands: commands?,
            keep: keep?,
            brokers: brokers?,
            gateway_url: gateway_url?.map(|url| url.0),
            api_url: api_url?.map(|url| url.0),
        })
    }

    /// What its keeper is told.
    #[must_use]
    pub fn settings(&self, name: AppName) -> AppSettings {
        AppSettings {
            name,
            tokens: self.tokens.clone(),
            intents: self.intents,
            shards: self.shards,
            lanes: self.lanes,
            left_out: self.events.left_out(),
            tuning: self.tuning(),
            large_threshold: self.large_threshold,
            gateway_url: self.gateway_url.clone(),
            api_url: self.api_url.clone(),
        }
    }

    /// Whether another configuration of the same app could take this one's place while it runs.
    #[must_use]
    pub fn differs_in_tuning_only(&self, other: &Self) -> bool {
        let Self { presence, commands, keep, brokers, .. } = other.clone();
        Self { presence, commands, keep, brokers, ..self.clone() } == *other
    }

    /// What of that may change while it runs.
    #[must_use]
    pub fn tuning(&self) -> AppTuning {
        AppTuning {
            keep: self.keep,
            commands: self.commands.clone(),
            brokers: self.brokers.clone(),
            presence: self.presence.payload(),
        }
    }
}

fn keep(section: &mut Section<'_, '_>) -> Option<Trim> {
    let min_age = section.required("trim.min_age");
    let entries_max = section.required::<Count>("trim.entries_max");
    let bytes_max = section.required::<Count>("trim.bytes_max");
    let live_within = section.required("trim.live_within");
    Some(Trim {
        min_age: min_age?,
        entries_max: entries_max?.0,
        bytes_max: bytes_max?.0,
        live_within: live_within?,
    })
}

impl Events {
    fn of(section: &mut Section<'_, '_>) -> Option<Self> {
        let forward = section.optional("events.forward");
        let leave_out = section.optional("events.leave_out");
        match (forward?, leave_out?) {
            (Some(_), Some(_)) => {
                let because = "is set, and events.leave_out as well; set one of them";
                section.does_not_go("events.forward", because);
                None
            }
            (Some(forward), None) => Some(Self::Forward(forward)),
            (None, leave_out) => Some(Self::LeaveOut(leave_out.unwrap_or_default())),
        }
    }

    /// The events that do not go into the stream.
    #[must_use]
    pub fn left_out(&self) -> BTreeSet<EventName> {
        match self {
            Self::LeaveOut(events) => events.clone(),
            Self::Forward(events) => {
                let known = discord::EVENTS.iter().map(|name| EventName::new(name));
                known.filter(|event| !events.contains(event)).collect()
            }
        }
    }
}

impl Setting for BTreeSet<EventName> {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        each(list(value)?, |at, item| {
            let name = text(item).map_err(|_| in_item(at, item, "an event's name"))?;
            event(name).map_err(|fault| vec![fault])
        })
    }
}

/// Discord invents events, so any name will do that is not nearly one that is known.
fn event(name: &str) -> Result<EventName, Fault> {
    let is_known = discord::EVENTS.contains(&name);
    let upper = name.to_ascii_uppercase();
    let meant = nearest(&upper, discord::EVENTS).map(str::to_owned);
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_shaped = !name.is_empty() && name.chars().all(is_name);
    if is_known || (is_shaped && meant.is_none()) {
        return Ok(EventName::new(name));
    }
    let expected = "an event's name, as in MESSAGE_CREATE";
    Err(Fault { nearest: meant, ..Fault::in_part(key(name), expected) })
}

impl Setting for BTreeSet<Op> {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        let ops = Op::ALL.map(|op| (op.name(), op));
        each(list(value)?, |at, item| {
            word(item, &ops).map_err(|mut faults| {
                faults.iter_mut().for_each(|fault| fault.about = Some(shown(at, item)));
                faults
            })
        })
    }
}

impl Setting for Intents {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        if let Value::Integer(bits) = value {
            return u64::try_from(*bits).map(Self::from_bits_retain).map_err(|_| wrong());
        }
        let intents: Vec<Self> = each(list(value)?, |at, item| {
            let name = text(item).map_err(|_| in_item(at, item, "an intent's name"))?;
            intent(name).map_err(|fault| vec![fault])
        })?;
        Ok(intents.into_iter().collect())
    }
}

fn intent(name: &str) -> Result<Intents, Fault> {
    let found = discord::intents().find(|(known, _)| *known == name);
    found.map(|(_, intent)| intent).ok_or_else(|| {
        let known: Vec<_> = discord::intents().map(|(known, _)| known).collect();
        let lower = name.to_ascii_lowercase();
        let meant = nearest(&lower, known.iter().map(String::as_str)).map(str::to_owned);
        Fault { nearest: meant, ..Fault::in_part(key(name), "an intent, as in \"guilds\"") }
    })
}

fn shown(at: usize, item: &Value) -> String {
    text(item).map_or_else(|_| format!("item {}", at + 1), key)
}
