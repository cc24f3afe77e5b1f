//! `stream`.

use std::time::Duration;

use baton_model::StreamId;
use clap::{Args, Subcommand};

use super::wait::length;

/// What to see of the streams.
#[derive(Debug, Subcommand)]
pub enum StreamCommand {
    /// Show how far behind each consumer group is.
    Lag(Which),
    /// Show the consumer groups, and with `-o wide` who reads with them.
    Groups(Which),
    /// Show entries as they are written, until Ctrl-C. JSON has them whole, one a line.
    Tail(TailArguments),
}

/// Which of the consumer groups.
#[derive(Debug, Args)]
pub struct Which {
    /// Only those of this app.
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    /// Only those of this lane.
    #[arg(long, value_name = "N")]
    pub lane: Option<u16>,
    /// Only the one of this name.
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,
}

/// Which entries.
#[derive(Debug, Args)]
pub struct TailArguments {
    /// Only those of this app.
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    /// Only those of this lane.
    #[arg(long, value_name = "N")]
    pub lane: Option<u16>,
    /// Only those of this shard.
    #[arg(long, value_name = "SHARD", conflicts_with_all = ["app", "lane"])]
    pub shard: Option<String>,
    /// Only those of this name, as in MESSAGE_CREATE; may be said more than once.
    #[arg(long = "event", value_name = "NAME")]
    pub events: Vec<String>,
    /// Begin behind this entry, and not with what comes.
    #[arg(long, value_name = "ID")]
    pub from: Option<StreamId>,
    /// Begin with what was written within this time.
    #[arg(long, value_name = "TIME", value_parser = length, conflicts_with = "from")]
    pub since: Option<Duration>,
    /// Show the frames alone, one a line.
    #[arg(long)]
    pub raw: bool,
    /// End after so many.
    #[arg(long, value_name = "N")]
    pub count: Option<usize>,
}
