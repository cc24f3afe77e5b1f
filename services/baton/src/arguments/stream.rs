//! `stream`.

use std::time::Duration;

use baton_model::StreamId;
use clap::{ArgGroup, Args, Subcommand};

use super::{Place, wait::length};

/// What to see of the streams, and what to clean up.
#[derive(Debug, Subcommand)]
pub enum StreamCommand {
    /// Show how far behind each consumer group is.
    Lag(Which),
    /// Show the consumer groups, and with `-o wide` who reads with them.
    Groups(Which),
    /// Show entries as they are written, until Ctrl-C. JSON has them whole, one a line.
    Tail(TailArguments),
    /// List the consumer groups that nobody uses, or remove them. What they gave up on stays.
    Gc(GcArguments),
    /// Remove the oldest entries of a lane, as its trimming does by itself, but by other limits.
    Trim(TrimArguments),
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

/// Which groups are in nobody's use.
#[derive(Debug, Args)]
pub struct GcArguments {
    /// Only those of this app.
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    /// Only those of this lane.
    #[arg(long, value_name = "N")]
    pub lane: Option<u16>,
    /// The one of this name.
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,
    /// Nobody uses a group none of whose consumers was heard of within this time.
    #[arg(long, value_name = "TIME", value_parser = length, default_value = "7d")]
    pub idle: Duration,
    /// Remove them.
    #[arg(long)]
    pub apply: bool,
    /// Remove the named group although it is in use, or has not acknowledged what it was given.
    #[arg(long, requires = "group")]
    pub force: bool,
}

/// What of a lane is to be kept. A limit that is not said removes nothing.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("limit").required(true).multiple(true)
    .args(["min_age", "entries_max", "bytes_max"]))]
pub struct TrimArguments {
    /// Which lane.
    #[command(flatten)]
    pub place: Place,
    /// Remove what is older than this and acknowledged by every living group.
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub min_age: Option<Duration>,
    /// Keep at most so many entries.
    #[arg(long, value_name = "N")]
    pub entries_max: Option<u64>,
    /// Keep at most so many bytes, as the store counts them.
    #[arg(long, value_name = "N")]
    pub bytes_max: Option<u64>,
    /// A group lives if one of its consumers was heard of within this time.
    #[arg(long, value_name = "TIME", value_parser = length, default_value = "12h")]
    pub live_within: Duration,
    /// Show what would go first, and remove nothing.
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Remove what living groups have not read, too.
    #[arg(long)]
    pub force: bool,
}
