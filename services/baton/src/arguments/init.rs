//! `init`.

use std::path::PathBuf;

use baton_model::AppName;
use clap::{Args, value_parser};

/// What to write, and where. The store is a Valkey of its own, unless --store names one.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The folder; made if it is not there.
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// What the bot is called: in streams, metrics and commands.
    #[arg(long, value_name = "NAME", default_value = "mybot")]
    pub name: AppName,
    /// What the bot hears of, as in a gateway's `intents`.
    #[arg(long, value_name = "NAMES", default_value = "guilds,guild_messages")]
    pub intents: String,
    /// Into how many shards the bot is cut; auto is what Discord recommends.
    #[arg(long, value_name = "N", default_value = "auto")]
    pub shards: String,
    /// How many gateways the compose file starts.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = value_parser!(u8).range(1..))]
    pub gateways: u8,
    /// Write over what is there.
    #[arg(long)]
    pub force: bool,
}
