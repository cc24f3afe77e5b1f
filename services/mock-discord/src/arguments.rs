//! The command line, as it was written: every value is text until it is judged.
//!
//! Clap refuses what it does not know and stops at the first mistake. So it only finds the words
//! here, and [`Configuration`](crate::configuration::Configuration) judges all of them at once.

use clap::{Parser, Subcommand, builder::FalseyValueParser};

/// A simulated Discord: gateway, REST and an admin API, to test bots against.
///
/// Every option can be given in the environment as well: --shards-max as MOCK_DISCORD_SHARDS_MAX.
#[derive(Debug, Parser)]
#[command(name = "baton-mock-discord", version, allow_negative_numbers = true)]
pub(crate) struct Arguments {
    /// What to do; simulates if nothing is said
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    #[arg(env = "MOCK_DISCORD_LISTEN", hide_env = true, help_heading = "Where it listens")]
    pub(crate) listen: String,

    /// The port for websockets of new sessions; 0 is any free one, as for the others
    #[arg(long, value_name = "PORT", default_value = "4000")]
    #[arg(env = "MOCK_DISCORD_GATEWAY_PORT", hide_env = true, help_heading = "Where it listens")]
    pub(crate) gateway_port: String,

    /// The port for websockets of resumed sessions
    #[arg(long, value_name = "PORT", default_value = "4001")]
    #[arg(env = "MOCK_DISCORD_RESUME_PORT", hide_env = true, help_heading = "Where it listens")]
    pub(crate) resume_port: String,

    /// The port for what Discord's REST API answers
    #[arg(long, value_name = "PORT", default_value = "4002")]
    #[arg(env = "MOCK_DISCORD_REST_PORT", hide_env = true, help_heading = "Where it listens")]
    pub(crate) rest_port: String,

    /// The port for faults, load and the books
    #[arg(long, value_name = "PORT", default_value = "4003")]
    #[arg(env = "MOCK_DISCORD_ADMIN_PORT", hide_env = true, help_heading = "Where it listens")]
    pub(crate) admin_port: String,

    /// The name by which clients reach it, where that is not the address it listens on
    #[arg(long, value_name = "HOST")]
    #[arg(env = "MOCK_DISCORD_PUBLIC_HOST", hide_env = true, help_heading = "Where it listens")]
    pub(crate) public_host: Option<String>,

    /// Says where it listens in JSON, on one line
    #[arg(long, value_parser = FalseyValueParser::new())]
    #[arg(env = "MOCK_DISCORD_JSON", hide_env = true, help_heading = "Where it listens")]
    pub(crate) json: bool,

    /// The shard count that it recommends, and the largest that it takes
    #[arg(long, value_name = "COUNT", default_value = "1")]
    #[arg(env = "MOCK_DISCORD_SHARDS_MAX", hide_env = true, help_heading = "What it is like")]
    pub(crate) shards_max: String,

    /// Guilds of each shard, at the recommended count
    #[arg(long, value_name = "COUNT", default_value = "2")]
    #[arg(env = "MOCK_DISCORD_GUILDS", hide_env = true, help_heading = "What it is like")]
    pub(crate) guilds: String,

    /// How long a GUILD_CREATE is
    #[arg(long, value_name = "BYTES", default_value = "30000")]
    #[arg(env = "MOCK_DISCORD_GUILD_BYTES", hide_env = true, help_heading = "What it is like")]
    pub(crate) guild_bytes: String,

    /// An app's token; several are several apps (in the environment separated by commas)
    #[arg(long, value_name = "TOKEN", default_value = "token", value_delimiter = ',')]
    #[arg(env = "MOCK_DISCORD_TOKEN", hide_env = true, help_heading = "What it is like")]
    pub(crate) token: Vec<String>,

    /// The compression that clients may ask for: any, none, zlib or zstd
    #[arg(long, value_name = "NAME", default_value = "any")]
    #[arg(env = "MOCK_DISCORD_COMPRESSION", hide_env = true, help_heading = "What it is like")]
    pub(crate) compression: String,

    /// Buckets of IDENTIFYs; each takes one in five seconds
    #[arg(long, value_name = "COUNT", default_value = "1")]
    #[arg(env = "MOCK_DISCORD_MAX_CONCURRENCY", hide_env = true, help_heading = "What it is like")]
    pub(crate) max_concurrency: String,

    /// IDENTIFYs a day, before the token is reset
    #[arg(long, value_name = "COUNT", default_value = "1000")]
    #[arg(env = "MOCK_DISCORD_IDENTIFY_LIMIT", hide_env = true, help_heading = "What it is like")]
    pub(crate) identify_limit: String,

    /// What HELLO asks for
    #[arg(long, value_name = "TIME", default_value = "41250ms")]
    #[arg(env = "MOCK_DISCORD_HEARTBEAT_INTERVAL", hide_env = true)]
    #[arg(help_heading = "What it is like")]
    pub(crate) heartbeat_interval: String,

    /// Dispatches that the ledger remembers; beyond that it forgets the oldest
    #[arg(long, value_name = "COUNT", default_value = "2000000")]
    #[arg(env = "MOCK_DISCORD_LEDGER_MAX", hide_env = true, help_heading = "What it is like")]
    pub(crate) ledger_max: String,

    /// What every payload and every drawn fault follows from
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    #[arg(
        env = "MOCK_DISCORD_SEED",
        hide_env = true,
        help_heading = "What happens from the start"
    )]
    pub(crate) seed: String,

    /// Dispatches a second for each shard
    #[arg(long, value_name = "NUMBER", default_value = "0")]
    #[arg(
        env = "MOCK_DISCORD_RATE",
        hide_env = true,
        help_heading = "What happens from the start"
    )]
    pub(crate) rate: String,

    /// Bursts besides: so many dispatches at once every so often, such as 500/60s
    #[arg(long, value_name = "COUNT/TIME")]
    #[arg(env = "MOCK_DISCORD_BURST", hide_env = true)]
    #[arg(help_heading = "What happens from the start")]
    pub(crate) burst: Option<String>,

    /// Which events come: messages, presences or member_updates
    #[arg(long, value_name = "NAME", default_value = "messages")]
    #[arg(env = "MOCK_DISCORD_MIX", hide_env = true, help_heading = "What happens from the start")]
    pub(crate) mix: String,

    /// How much longer everything that it sends takes
    #[arg(long, value_name = "TIME", default_value = "0ms")]
    #[arg(env = "MOCK_DISCORD_LATENCY", hide_env = true)]
    #[arg(help_heading = "What happens from the start")]
    pub(crate) latency: String,

    /// How many of a hundred IDENTIFYs and RESUMEs are answered with op 9
    #[arg(long, value_name = "PERCENT", default_value = "0")]
    #[arg(env = "MOCK_DISCORD_INVALID_SESSIONS", hide_env = true)]
    #[arg(help_heading = "What happens from the start")]
    pub(crate) invalid_sessions: String,
}

/// What to do instead of simulating.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Command {
    /// Asks the one with these options, on this machine, whether it is there; ends with 0 or 1
    Healthcheck,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_option_has_a_variable_of_its_name() {
        let command = Arguments::command();
        command.clone().debug_assert();
        for option in command.get_arguments() {
            let name = option.get_long().expect("a long option").replace('-', "_").to_uppercase();
            let variable = option.get_env().map(|variable| variable.to_str().unwrap());
            assert_eq!(variable, Some(format!("MOCK_DISCORD_{name}").as_str()));
        }
    }
}
