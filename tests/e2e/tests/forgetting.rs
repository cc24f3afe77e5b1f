//! What the store has forgotten of an app, a real process tells it again.

use std::time::Duration;

use baton_e2e::processes::{Fleet, app, discord};
use baton_store::{Apps, IdentifyBudget};
use baton_test_servers::{Program, Server};
use tokio::time::{sleep, timeout};

/// How long anything may take. Only what never happens is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

async fn knows(fleet: &Fleet) -> bool {
    let shape = fleet.store.app_shape(&app()).await.expect("a store");
    let limit = fleet.store.identify_limit(&app()).await.expect("a store");
    shape.is_some() && limit.is_some()
}

#[tokio::test]
async fn what_the_store_has_forgotten_of_an_app_it_is_told_again() {
    let server = Server::start(Program::Valkey, &[]);
    let url = format!("valkey://127.0.0.1:{}", server.port());
    let mut fleet = Fleet::new(discord(), 4, url).await;
    fleet.start("a");
    fleet.until_all_live().await;
    for key in ["baton:{e2e}:apps", "baton:{app}:identify:day"] {
        assert_eq!(server.command::<u64>(&["DEL", key]).expect("an answer"), 1, "{key}");
        assert!(!knows(&fleet).await, "{key} is gone");
        let told = async {
            while !knows(&fleet).await {
                sleep(Duration::from_millis(50)).await;
            }
        };
        assert!(timeout(PATIENCE, told).await.is_ok(), "{key}\n{}", fleet.logs());
    }
    assert_eq!(fleet.store.app_shape(&app()).await.expect("a store"), Some(fleet.shape()));
}
