//! The bot's token is revoked; and it is shown nowhere.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use baton_e2e::{
    processes::{Fleet, discord, valkey},
    scenario::{
        Scenario,
        table::{Table, text},
    },
};
use baton_mock_discord::{Fault, Settings, verdict::Rule};
use tokio::time::{Instant, sleep};

use crate::{EVERY, SHARDS, fleet, seconds};

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_revoked_and_replaced() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let scenario = Scenario::begin("token revoked for 25 s, then replaced", &fleet).await;
    let scenario = scenario.excused_from([Rule::WrongToken, Rule::RestUnauthorized]);
    fleet.fault(Fault::ResetToken {}).await;
    // What was on its way when the circuits opened.
    seconds(5).await;
    let rejected = tries(&fleet.verdicts().await);
    seconds(20).await;
    let later = tries(&fleet.verdicts().await) - rejected;
    assert_eq!(later, 0, "nobody tries what is known to fail");
    assert_eq!(fleet.identifies().await, SHARDS as usize, "no new session");
    let token = fleet.discord.look(|discord| discord.tokens().next().map(str::to_owned)).await;
    fs::write(fleet.token_file(), token.expect("a token")).expect("written");
    let replaced = Instant::now();
    while fleet.identifies().await < 2 * SHARDS as usize {
        assert!(replaced.elapsed() < Duration::from_secs(60), "{}", fleet.logs());
        sleep(Duration::from_millis(50)).await;
    }
    let healed = text(replaced.elapsed());
    let outcome = scenario.end().await;
    assert_eq!((outcome.moves.len(), outcome.identifies), (0, SHARDS as usize), "one each");
    println!("healed {healed} after the new token was there; {:?}", outcome.verdicts);
    Table::never("token revoked: IDENTIFYs and RESUMEs once the circuits are open", later);
}

fn tries(verdicts: &BTreeMap<Rule, u64>) -> usize {
    let tries = verdicts.get(&Rule::WrongToken).copied().unwrap_or_default();
    usize::try_from(tries).expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_shown_nowhere() {
    const TOKEN: &str = "MTk4NjIyNDgzNDcx.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs";
    let valkey = valkey();
    let settings = Settings { tokens: vec![TOKEN.to_owned()], ..discord() };
    let mut fleet = Fleet::over(&valkey, settings, SHARDS).await;
    fleet.start("a");
    fleet.until_all_live().await;
    let status = fleet.gateway("a").asked("/status").await;
    let metrics = fleet.gateway("a").asked("/metrics").await;
    fleet.fault(Fault::ResetToken {}).await;
    seconds(5).await;
    let rejected = fleet.gateway("a").asked("/status").await;
    assert!(rejected.contains("4004"), "{rejected}");
    // All that Valkey holds stands in its append-only file.
    let stored = everything_in(valkey.folder());
    let log = fleet.gateway("a").log();
    assert!(stored.windows(6).any(|bytes| bytes == b"baton:"), "the store was looked at");
    for (place, text) in
        [("log", log), ("status", status), ("metrics", metrics), ("status, rejected", rejected)]
    {
        assert!(!text.is_empty() && !text.contains(TOKEN), "{place} shows the token");
    }
    assert!(!stored.windows(TOKEN.len()).any(|bytes| bytes == TOKEN.as_bytes()), "in the store");
}

fn everything_in(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            bytes.extend(everything_in(&path));
        } else {
            bytes.extend(fs::read(&path).expect("a file"));
        }
    }
    bytes
}
