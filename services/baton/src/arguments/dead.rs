//! `dead`.

use baton_model::StreamId;
use clap::{Args, Subcommand};

use super::Which;

/// What to do with dead letters: deliveries that a consumer group has given up on.
#[derive(Debug, Subcommand)]
pub enum DeadCommand {
    /// List them, oldest first. Those of a group that is gone are found by its name.
    Ls {
        /// Of whom.
        #[command(flatten)]
        which: Which,
        /// At most so many of each group.
        #[arg(long, default_value_t = 100, value_name = "N")]
        first: usize,
    },
    /// Show one with all its fields.
    Show {
        /// The group's name.
        group: String,
        /// The dead letter's place, as listed.
        id: StreamId,
        /// Where the group reads.
        #[command(flatten)]
        place: Place,
    },
    /// Give some back to their group, which tries them again. Nobody else gets them.
    Replay(Letters),
    /// Drop some: nobody will see them again.
    Drop {
        /// Which.
        #[command(flatten)]
        letters: Letters,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
    },
}

/// Some of what a group has given up on.
#[derive(Debug, Args)]
pub struct Letters {
    /// The group's name.
    pub group: String,
    /// Their places, as listed.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub ids: Vec<StreamId>,
    /// All there are at this time.
    #[arg(long)]
    pub all: bool,
    /// Where the group reads.
    #[command(flatten)]
    pub place: Place,
}

/// One of the lanes; need not be said where there is only one.
#[derive(Debug, Args)]
pub struct Place {
    /// The app.
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    /// The lane.
    #[arg(long, value_name = "N")]
    pub lane: Option<u16>,
}
