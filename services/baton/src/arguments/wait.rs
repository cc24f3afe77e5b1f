//! `wait`.

use std::{str::FromStr, time::Duration};

use clap::Args;

/// What to wait for, and how long.
#[derive(Debug, Args)]
pub struct WaitArguments {
    /// drained=INSTANCE, up=INSTANCE, instances=N, all-owned, all-live or balanced.
    #[arg(long = "for", value_name = "GOAL")]
    pub goal: Goal,
    /// Stop waiting after this time.
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub timeout: Option<Duration>,
}

/// What to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// An instance holds nothing, or is gone.
    Drained(String),
    /// An instance may be given shards.
    Up(String),
    /// So many instances may be given shards.
    Instances(usize),
    /// Somebody holds every shard.
    AllOwned,
    /// Every shard gets events.
    AllLive,
    /// The planner would move nothing.
    Balanced,
}

impl FromStr for Goal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let goal = match text.split_once('=') {
            Some(("drained", of)) if !of.is_empty() => Some(Self::Drained(of.to_owned())),
            Some(("up", of)) if !of.is_empty() => Some(Self::Up(of.to_owned())),
            Some(("instances", count)) => count.parse().ok().map(Self::Instances),
            Some(_) => None,
            None => match text {
                "all-owned" => Some(Self::AllOwned),
                "all-live" => Some(Self::AllLive),
                "balanced" => Some(Self::Balanced),
                _ => None,
            },
        };
        goal.ok_or_else(|| {
            "expected drained=INSTANCE, up=INSTANCE, instances=N, all-owned, all-live or balanced"
                .to_owned()
        })
    }
}

/// A length of time as in a gateway's configuration.
pub(super) fn length(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a whole number with ms, s, m, h or d behind it, as in 90s".to_owned();
    baton_model::length::read(text).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_writes_no_length_of_time_is_told_what_one_is() {
        assert_eq!(length("90s"), Ok(Duration::from_secs(90)));
        assert!(length("90").unwrap_err().contains("as in 90s"));
    }

    #[test]
    fn a_goal_that_is_none_is_told_what_there_is() {
        assert_eq!("drained=a".parse(), Ok(Goal::Drained("a".to_owned())));
        assert_eq!("instances=3".parse(), Ok(Goal::Instances(3)));
        for bad in ["", "drained", "drained=", "instances=x", "all"] {
            let error = bad.parse::<Goal>().unwrap_err();
            assert!(error.contains("all-owned"), "{error}");
        }
    }
}
