//! The command line.

mod app;
mod dead;
mod doctor;
mod drain;
mod handler;
mod init;
mod instance;
mod lease;
mod migrate;
mod send;
mod shard;
mod stream;
mod up;
mod wait;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub use self::{
    app::{AppCommand, AppOption, AppOptionsArguments, RotateTokenArguments},
    dead::{DeadCommand, Letters, Place},
    doctor::DoctorArguments,
    drain::{DrainArguments, UndrainArguments},
    handler::{HandlerCommand, OfHandlers},
    init::InitArguments,
    instance::InstanceCommand,
    lease::{BreakArguments, LeaseCommand},
    migrate::MigrateArguments,
    send::{CommandCommand, SendArguments, SendOp},
    shard::{PinArguments, ShardCommand},
    stream::{GcArguments, StreamCommand, TailArguments, TrimArguments, Which},
    up::UpArguments,
    wait::{Goal, WaitArguments},
};
use crate::output::Format;

/// See a fleet of Baton instances, steer it, drain it.
#[derive(Debug, Parser)]
#[command(name = "baton", version, about, after_help = AFTER_HELP, max_term_width = 100)]
pub struct Arguments {
    /// What all commands take.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 failed, 2 usage, 3 degraded, 5 not found, 6 conflict, 7 refused as unsafe,
75 waiting took too long, 130 interrupted. `baton exit-codes` explains them.";

/// What all commands take.
#[derive(Debug, Clone, Args)]
pub struct Globals {
    /// The context to use, of those in ~/.config/baton/config.toml.
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "store")]
    pub context: Option<String>,
    /// The store, as in a gateway's `store.url`.
    #[arg(long, global = true, value_name = "URL")]
    pub store: Option<String>,
    /// The folder of a `baton up`: the one it is to use; for all other commands one on which it
    /// runs. ./baton-data if nothing else is named.
    #[arg(long, global = true, value_name = "DIR", conflicts_with_all = ["store", "context"])]
    pub data: Option<PathBuf>,
    /// The fleet; `main` if nobody says.
    #[arg(long, global = true, value_name = "NAME")]
    pub fleet: Option<String>,
    /// How to write what was found.
    #[arg(short, long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Format,
    /// Say nothing but data and errors.
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Something at the store.
    #[command(flatten)]
    AtStore(AtStore),
    /// Write a configuration and a compose file for a bot.
    Init(InitArguments),
    /// Run everything in this process: a bot, or a demo where there is no token.
    Up(UpArguments),
    /// Find out what could go wrong before it does; ends with 3 if something does already.
    Doctor(DoctorArguments),
    /// Contexts of this program, and the configuration of gateways.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Explain the exit codes.
    ExitCodes,
    /// Write completions for a shell to stdout.
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Write the manual page to stdout.
    Man,
}

/// What to do at the store.
#[derive(Debug, Subcommand)]
pub enum AtStore {
    /// Show the fleet on one screen; ends with 3 if something is not as it should be.
    Status,
    /// Show the fleet on a screen that stays, and steer it there.
    Top,
    /// See instances, forget dead ones.
    #[command(subcommand)]
    Instance(InstanceCommand),
    /// Have instances give all their shards away, without downtime.
    Drain(DrainArguments),
    /// Take a drain back.
    Undrain(UndrainArguments),
    /// Wait until the fleet is as wished.
    Wait(WaitArguments),
    /// See shards, move and restart them.
    #[command(subcommand)]
    Shard(ShardCommand),
    /// Take a lease away, in an emergency.
    #[command(subcommand)]
    Lease(LeaseCommand),
    /// Show what instances and operators did, oldest first.
    History {
        /// Only what this instance had a part in.
        #[arg(long, value_name = "INSTANCE")]
        instance: Option<String>,
        /// At most so many, the last ones.
        #[arg(long, default_value_t = 50, value_name = "N")]
        last: usize,
    },
    /// See who reads the streams and what is written to them, and clean up.
    #[command(subcommand)]
    Stream(StreamCommand),
    /// See what consumer groups have given up on, have it tried again, or drop it.
    #[command(subcommand)]
    Dead(DeadCommand),
    /// See how the handlers of consumers fare.
    #[command(subcommand)]
    Handler(HandlerCommand),
    /// Send something to Discord by a shard.
    #[command(subcommand)]
    Command(CommandCommand),
    /// See apps, have their tokens read again, put apps into the store.
    #[command(subcommand)]
    App(AppCommand),
    /// Show what the planner would move, or have it moved now.
    Rebalance {
        /// Have it moved.
        #[arg(long)]
        apply: bool,
    },
    /// See what operators want, take it back.
    #[command(subcommand)]
    Intent(IntentCommand),
    /// See the budget of IDENTIFYs.
    #[command(subcommand)]
    Identify(IdentifyCommand),
    /// See conflicts: who believed to be the one, and how it ended.
    #[command(subcommand)]
    Conflict(ConflictCommand),
    /// Write leases, sessions, apps, intents and consumer groups to a file. Whoever can read it can
    /// take over the sessions.
    Backup {
        /// The file; - is stdout.
        file: PathBuf,
    },
    /// Put a backup into a store that this fleet has not run on.
    Restore {
        /// The file; - is stdin.
        file: PathBuf,
    },
    /// Move the fleet of a `baton up`, running or not, to a Valkey that has not known it. Sessions
    /// come along.
    MigrateStore(MigrateArguments),
    /// Check something, for scripts: ends with 0 if it passes and with 3 if not.
    #[command(subcommand)]
    Check(CheckCommand),
}

/// What to do with intents.
#[derive(Debug, Subcommand)]
pub enum IntentCommand {
    /// List what operators want and is not done yet.
    Ls,
    /// Take one back.
    Withdraw {
        /// What it is about, as listed.
        subject: String,
    },
}

/// What to see of IDENTIFYs.
#[derive(Debug, Subcommand)]
pub enum IdentifyCommand {
    /// Show what is left of the day, the reserve, and how long a cold start takes.
    Budget,
}

/// What to see of conflicts.
#[derive(Debug, Subcommand)]
pub enum ConflictCommand {
    /// List the last ones, oldest first.
    Ls {
        /// At most so many.
        #[arg(long, default_value_t = 50, value_name = "N")]
        last: usize,
    },
}

/// What to check.
#[derive(Debug, Subcommand)]
pub enum CheckCommand {
    /// Does the store answer, and does somebody hold every shard?
    Live,
    /// Is the fleet as it should be: as `status`, without a word?
    Ready,
    /// Is the last run of every handler good? Whoever tells nothing is not asked.
    Handlers(OfHandlers),
    /// May this instance be ended now: is the store safe, and have the others room for its shards?
    QuorumSafe {
        /// Its name, or the beginning of its id.
        instance: String,
    },
}

/// What to do with contexts and configurations.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// List the contexts.
    GetContexts,
    /// Make a context the one that is meant if nobody says.
    UseContext {
        /// Its name.
        name: String,
    },
    /// Make a context, or change one. Uses --store and --fleet.
    SetContext(SetContextArguments),
    /// Remove a context.
    DeleteContext {
        /// Its name.
        name: String,
    },
    /// Check a gateway's configuration: all mistakes together.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Show a gateway's configuration as it is understood, and where each value comes from.
    Show {
        /// The file.
        file: PathBuf,
    },
}

/// A context as it is to be.
#[derive(Debug, Args)]
pub struct SetContextArguments {
    /// Its name.
    pub name: String,
    /// The ACL user.
    #[arg(long)]
    pub user: Option<String>,
    /// Where the password is: env:NAME or file:PATH.
    #[arg(long, value_name = "PLACE")]
    pub password: Option<String>,
    /// Certificates to trust with TLS.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<String>,
}
