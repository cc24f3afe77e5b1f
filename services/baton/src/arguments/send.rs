//! `command`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::wait::length;

/// What to do with commands.
#[derive(Debug, Subcommand)]
pub enum CommandCommand {
    /// Have a shard send something to Discord.
    Send(SendArguments),
}

/// What to send.
#[derive(Debug, Args)]
pub struct SendArguments {
    /// The shard: 7, mybot/7 or mybot/0.7.
    pub shard: String,
    /// What it is.
    #[arg(long, value_enum)]
    pub op: SendOp,
    /// Its data as JSON, or @FILE that holds it; with `--op raw` the whole frame.
    #[arg(long, value_name = "JSON")]
    pub json: String,
    /// It is too late after this time.
    #[arg(long, value_name = "TIME", value_parser = length, default_value = "30s")]
    pub ttl: Duration,
    /// Wait for what becomes of it.
    #[arg(long)]
    pub wait: bool,
    /// Stop waiting after this time; if nothing is said, 5 seconds after it is too late.
    #[arg(long, value_name = "TIME", value_parser = length, requires = "wait")]
    pub timeout: Option<Duration>,
}

/// What may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SendOp {
    /// How the bot is shown (op 3).
    Presence,
    /// Join, move or leave a voice channel (op 4).
    Voice,
    /// Ask for a guild's members (op 8).
    Members,
    /// Ask for guilds' sounds (op 31).
    Soundboard,
    /// A whole frame.
    Raw,
}
