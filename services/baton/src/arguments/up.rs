//! `up`.

use std::{net::SocketAddr, path::PathBuf};

use baton_model::limits::UP_INSTANCES_MAX;
use clap::{Args, builder::RangedI64ValueParser, value_parser};

/// What to run in this process.
#[derive(Debug, Args)]
pub struct UpArguments {
    /// The bot's token is in this file; else in DISCORD_TOKEN. Without one it is a demo: a bot of
    /// a Discord that is simulated in this process.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Where Redis clients read the events; port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:6479")]
    pub listen: SocketAddr,
    /// Where the live page is served; port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:6480")]
    pub page: SocketAddr,
    /// How many instances run in this process; 2 in the demo, else 1.
    #[arg(long, value_name = "N", value_parser = instances())]
    pub instances: Option<u8>,
    /// What the bot hears of, as in a gateway's `intents`.
    #[arg(long, value_name = "NAMES", default_value = "guilds,guild_messages")]
    pub intents: String,
    /// Where Discord's REST API is, if it is not Discord's.
    #[arg(long, value_name = "URL")]
    pub api: Option<String>,
    /// Where to connect, if it is not where Discord says.
    #[arg(long, value_name = "URL")]
    pub gateway: Option<String>,
}

fn instances() -> RangedI64ValueParser<u8> {
    value_parser!(u8).range(1..=i64::from(UP_INSTANCES_MAX))
}
