//! An app's keeper: its token, its shape, its standing with Discord.
//!
//! It finds out how the app is to run, tells the supervisor, and goes on looking: a token file may
//! change, the day's limit of IDENTIFYs may be forgotten by the store, Discord may reject the app.
//! Nothing on the way of a reconnect waits for it.

mod keeper;
mod tokens;

use std::{collections::BTreeSet, fmt, num::NonZeroU32};

use baton_model::{AppName, EventName, LaneCount};
use twilight_gateway::Intents;

pub use self::keeper::{Condition, Keeper, Reins};
use crate::{token::TokenSource, tuning::AppTuning};

/// An app, as an operator wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSettings {
    /// What it is called here.
    pub name: AppName,
    /// Where its token is, first choice first.
    pub tokens: Vec<TokenSource>,
    /// What it wants to hear of.
    pub intents: Intents,
    /// Into how many shards it is cut.
    pub shards: ShardsWanted,
    /// To how many lanes it writes.
    pub lanes: LaneCount,
    /// Events that do not go into the stream.
    pub left_out: BTreeSet<EventName>,
    /// What of it may change while it runs.
    pub tuning: AppTuning,
    /// Above how many members Discord leaves the offline ones out of a guild; 50 to 250.
    pub large_threshold: u8,
    /// Where to connect; none for Discord.
    pub gateway_url: Option<String>,
    /// Where the REST API is; none for Discord's.
    pub api_url: Option<String>,
}

/// Into how many shards an app is to be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardsWanted {
    /// As Discord recommends when the app first runs.
    Auto,
    /// Just so many.
    Fixed(NonZeroU32),
}

impl fmt::Display for ShardsWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Fixed(count) => count.fmt(f),
        }
    }
}
