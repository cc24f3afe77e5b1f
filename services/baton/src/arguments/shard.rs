//! `shard`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::wait::length;

/// What to do with shards. A shard is called 7, mybot/7 or mybot/0.7.
#[derive(Debug, Subcommand)]
pub enum ShardCommand {
    /// List the shards.
    Ls {
        /// Only those of this instance.
        #[arg(long, value_name = "INSTANCE")]
        owner: Option<String>,
        /// Only those in this state.
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// Only those of this app.
        #[arg(long, value_name = "APP")]
        app: Option<String>,
    },
    /// Show one.
    Show {
        /// Which.
        shard: String,
    },
    /// Show what befell one: who took it, how it came to its events, who let it go.
    History {
        /// Which.
        shard: String,
        /// At most so many, the last ones.
        #[arg(long, default_value_t = 50, value_name = "N")]
        last: usize,
    },
    /// Move one to another instance, by RESUME.
    Move(PinArguments),
    /// Let a pinned one go where the planner wants it.
    Unpin {
        /// Which.
        shard: String,
    },
    /// Have one connect anew, by RESUME.
    Restart {
        /// Which.
        shard: String,
        /// Begin a new session instead: what Discord has not sent yet is lost, and marked so.
        #[arg(long)]
        identify: bool,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
    },
}

/// Where a shard is to be.
#[derive(Debug, Args)]
pub struct PinArguments {
    /// Which.
    pub shard: String,
    /// The instance.
    #[arg(long, value_name = "INSTANCE")]
    pub to: String,
    /// Keep it there, whatever the planner wants, until `shard unpin`.
    #[arg(long)]
    pub pin: bool,
    /// Do not wait until it is there.
    #[arg(long)]
    pub detach: bool,
    /// Stop waiting after this time; the move goes on.
    #[arg(long, value_name = "TIME", value_parser = length, conflicts_with = "detach")]
    pub timeout: Option<Duration>,
    /// Why, for others to read.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,
}
