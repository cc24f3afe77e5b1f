//! `instance`.

use clap::Subcommand;

/// What to do with instances.
#[derive(Debug, Subcommand)]
pub enum InstanceCommand {
    /// List the instances.
    Ls,
    /// Show one.
    Show {
        /// Its name, or the beginning of its id.
        instance: String,
    },
    /// Strike a dead instance off the list. Its shards and sessions stay for the others.
    Forget {
        /// Its name, or the beginning of its id.
        instance: String,
    },
}
