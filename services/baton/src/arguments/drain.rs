//! `drain` and `undrain`.

use std::time::Duration;

use clap::{ArgGroup, Args};

use super::wait::length;

/// Whom to drain, and how.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true).args(["instances", "all_but", "version"]))]
pub struct DrainArguments {
    /// Names of instances, or the beginnings of their ids.
    #[arg(value_name = "INSTANCE")]
    pub instances: Vec<String>,
    /// All but these.
    #[arg(long, value_name = "INSTANCE", num_args = 1..)]
    pub all_but: Vec<String>,
    /// All that run this version.
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// Wait until they are empty. This is what happens if nothing else is said.
    #[arg(long, conflicts_with = "detach")]
    pub wait: bool,
    /// Do not wait.
    #[arg(long)]
    pub detach: bool,
    /// Stop waiting after this time; the drain goes on.
    #[arg(long, value_name = "TIME", value_parser = length, conflicts_with = "detach")]
    pub timeout: Option<Duration>,
    /// Stop draining after this time: what is left stays, and the instance is as any other again.
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub deadline: Option<Duration>,
    /// Show what would be done, and do nothing.
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Why, for others to read.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,
    /// Do it although nobody would be left, or not enough room.
    #[arg(long)]
    pub force: bool,
}

/// Whose drain to take back.
#[derive(Debug, Args)]
pub struct UndrainArguments {
    /// Names of instances, or the beginnings of their ids.
    #[arg(value_name = "INSTANCE", required = true)]
    pub instances: Vec<String>,
}
