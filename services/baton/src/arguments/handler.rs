//! `handler`.

use clap::{Args, Subcommand};

/// What to see of the handlers of consumers.
#[derive(Debug, Subcommand)]
pub enum HandlerCommand {
    /// List them, and how each fares at each consumer, as consumers tell it every few seconds.
    Ls(OfHandlers),
}

/// Which of the handlers.
#[derive(Debug, Args)]
pub struct OfHandlers {
    /// Only those of this app.
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    /// Only those of this consumer group.
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,
}
