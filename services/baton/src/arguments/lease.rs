//! `lease`.

use clap::{Args, Subcommand};

/// What to do with leases.
#[derive(Debug, Subcommand)]
pub enum LeaseCommand {
    /// Take a shard's lease away from whoever holds it, dead or alive. Who claims it next resumes.
    Break(BreakArguments),
}

/// Whose lease to take away.
#[derive(Debug, Args)]
pub struct BreakArguments {
    /// The shard.
    pub shard: String,
    /// The shard once more: nothing is done without.
    #[arg(long, value_name = "SHARD")]
    pub confirm: Option<String>,
    /// Why, for others to read.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,
}
