//! What a gateway's configuration is like, and what Discord says of its apps.
//!
//! A token is sent to Discord and shown nowhere.

use std::{env, path::Path, time::Duration};

use baton_gateway::{
    app::ShardsWanted,
    config::{AppConfig, Config},
    rest::{DISCORD_API, GatewayBot, Rest, RestError},
};
use baton_model::{AppName, limits::DRAIN_MARGIN};

use super::Check;
use crate::output::units;

/// Discord sends these only to apps that were allowed to have them.
const PRIVILEGED: [&str; 3] = ["GUILD_MEMBERS", "GUILD_PRESENCES", "MESSAGE_CONTENT"];

pub(super) async fn checks(file: &Path, kill_timeout: Option<Duration>) -> Vec<Check> {
    let config = match Config::load(Some(file), env::vars()) {
        Ok(config) => config,
        Err(mistakes) => return mistakes.0.iter().map(|it| mistake(&it.to_string())).collect(),
    };
    let mut checks =
        vec![Check::ok("configuration", format!("{} has no mistakes", file.display()))];
    checks.extend(kill_timeout.map(|timeout| patience(config.drain_limit, timeout)));
    for (name, app) in &config.apps {
        let rest = Rest::new(app.api_url.as_deref().unwrap_or(DISCORD_API));
        let mut told = None;
        for source in &app.tokens {
            let answer = match source.read() {
                Ok(token) => Ok(rest.gateway_bot(token.reveal()).await),
                Err(error) => Err(error.to_string()),
            };
            checks.push(token(name, &source.to_string(), &answer));
            told = told.or_else(|| answer.ok()?.ok());
        }
        if let Some(told) = &told {
            checks.extend([shards(name, app, told), identifies(name, app, told)]);
        }
        checks.extend(intents(name, app));
    }
    checks
}

fn mistake(text: &str) -> Check {
    Check::failure("configuration", text.trim(), "docs/configuration.md has every option")
}

fn patience(drain_limit: Duration, kill_timeout: Duration) -> Check {
    let (limit, timeout) = (units::time(drain_limit), units::time(kill_timeout));
    let found = format!("drain.limit is {limit}, and it is killed after {timeout}");
    match drain_limit + DRAIN_MARGIN < kill_timeout {
        true => Check::ok("drain", found),
        false => {
            let remedy = format!(
                "a drain needs its limit and {} more: raise the one or lower the other",
                units::time(DRAIN_MARGIN)
            );
            Check::failure("drain", found, &remedy)
        }
    }
}

/// A source and what came of it: no token, or what Discord says to it.
fn token(
    app: &AppName,
    source: &str,
    answer: &Result<Result<GatewayBot, RestError>, String>,
) -> Check {
    match answer {
        Ok(Ok(_)) => Check::ok("token", format!("{app}: discord accepts that of {source}")),
        Ok(Err(error @ (RestError::Unauthorized | RestError::Token))) => {
            let found = format!("{app}: {source}: {error}");
            Check::failure("token", found, "put a valid one into its source")
        }
        Ok(Err(error @ (RestError::RateLimited(_) | RestError::Unavailable(_)))) => {
            Check::warning("token", format!("{app}: {source}: {error}"), "ask again later")
        }
        Err(error) => {
            Check::failure("token", format!("{app}: {error}"), "put a token there, or name another")
        }
    }
}

fn shards(app: &AppName, config: &AppConfig, told: &GatewayBot) -> Check {
    let recommended = told.shards.0.get();
    let found = format!("{app}: {} configured, discord recommends {recommended}", config.shards);
    match config.shards {
        ShardsWanted::Fixed(count) if count.get() < recommended => Check::warning(
            "shards",
            found,
            "plan for more: discord refuses shards that are too large",
        ),
        ShardsWanted::Fixed(_) | ShardsWanted::Auto => Check::ok("shards", found),
    }
}

fn identifies(app: &AppName, config: &AppConfig, told: &GatewayBot) -> Check {
    let shards = match config.shards {
        ShardsWanted::Auto => told.shards.0.get(),
        ShardsWanted::Fixed(count) => count.get(),
    };
    let (left, total) = (told.limit.remaining, told.limit.total);
    let found = format!("{app}: {left} of {total} left today, for {shards} shards");
    match left < shards {
        false => Check::ok("identifies", found),
        true => Check::warning("identifies", found, "start nothing cold before they are renewed"),
    }
}

/// REST does not tell whether they were granted, so this is a thing to know and no complaint.
fn intents(app: &AppName, config: &AppConfig) -> Option<Check> {
    let wanted = config.intents.iter_names().map(|(name, _)| name);
    let wanted: Vec<_> = wanted.filter(|name| PRIVILEGED.contains(name)).collect();
    if wanted.is_empty() {
        return None;
    }
    let wanted = wanted.join(", ").to_ascii_lowercase();
    Some(Check::ok(
        "intents",
        format!("{app}: {wanted} must be switched on in the developer portal; not told here"),
    ))
}

#[cfg(test)]
mod tests {
    use super::{super::Outcome, *};

    #[test]
    fn a_drain_needs_its_limit_and_a_margin_before_it_is_killed() {
        let limit = Duration::from_secs(60);
        let patience = |kill| patience(limit, kill).outcome;
        assert_eq!(patience(limit + DRAIN_MARGIN), Outcome::Failure);
        assert_eq!(patience(limit + DRAIN_MARGIN + Duration::from_millis(1)), Outcome::Ok);
    }
}
