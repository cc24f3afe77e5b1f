//! `app`.

use std::{str::FromStr, time::Duration};

use clap::{Args, Subcommand};

use super::wait::length;

/// What to do with apps.
#[derive(Debug, Subcommand)]
pub enum AppCommand {
    /// List the apps that the fleet runs.
    Ls,
    /// Have every instance read an app's token again, and wait until Discord accepts it.
    RotateToken(RotateTokenArguments),
    /// Put an app into the store: instances that offer its token run it, without a restart.
    Add(AppOptionsArguments),
    /// Change an app in the store. An option that is left empty is as if it had not been set.
    Set(AppOptionsArguments),
    /// Have an app in the store run no more: its sessions end.
    Remove {
        /// The app.
        app: String,
        /// Its name once more.
        #[arg(long, value_name = "APP")]
        confirm: Option<String>,
    },
}

/// An app and its options.
#[derive(Debug, Args)]
pub struct AppOptionsArguments {
    /// The app.
    pub app: String,
    /// Options as in a gateway's configuration, such as token=env:MYBOT or
    /// intents=guilds,guild_messages.
    #[arg(value_name = "OPTION=VALUE", required = true)]
    pub options: Vec<AppOption>,
}

/// An option of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppOption {
    /// Its name.
    pub name: String,
    /// What it is to be, as a variable of a gateway's configuration has it.
    pub value: String,
}

impl FromStr for AppOption {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            Some(_) | None => Err("expected an option and its value, as in presence.status=dnd"),
        }
    }
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
