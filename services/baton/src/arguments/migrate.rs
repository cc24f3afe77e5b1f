//! `migrate-store`.

use std::path::PathBuf;

use clap::Args;

/// What to move. Where to is the store that all commands are at: `--store valkey://…`.
#[derive(Debug, Args)]
pub struct MigrateArguments {
    /// The folder of the `baton up`, or of the one of its bots that is meant.
    #[arg(value_name = "DIR", default_value = "./baton-data")]
    pub from: PathBuf,
    /// Only say what would be done.
    #[arg(long)]
    pub dry_run: bool,
    /// Do it without a question.
    #[arg(long)]
    pub yes: bool,
}
