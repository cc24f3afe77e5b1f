//! `app`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::wait::length;

/// What to do with apps.
#[derive(Debug, Subcommand)]
pub enum AppCommand {
    /// List the apps that the fleet runs.
    Ls,
    /// Have every instance read an app's token again, and wait until Discord accepts it.
    RotateToken(RotateTokenArguments),
}

/// Whose token to read again.
#[derive(Debug, Args)]
pub struct RotateTokenArguments {
    /// The app.
    pub app: String,
    /// Why, for others to read.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,
    /// Do not wait.
    #[arg(long)]
    pub detach: bool,
    /// Stop waiting after this time.
    #[arg(long, value_name = "TIME", value_parser = length, conflicts_with = "detach")]
    pub timeout: Option<Duration>,
}
