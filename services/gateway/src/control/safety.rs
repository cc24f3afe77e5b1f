//! Asks the store whether it is safe, and tells the fleet, which takes no lease from it otherwise.

use std::time::Duration;

use baton_fleet::StoreSafety;
use baton_model::limits::STORE_ANSWER_TIMEOUT;
use baton_store::{Safety, Store};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, timeout},
};

use super::Ear;

/// How often it is asked.
const PERIOD: Duration = Duration::from_secs(1);

/// Asks until what is returned is dropped.
pub(super) fn keep_asking<S: Store>(
    store: &S,
    ear: &Ear,
    said: &watch::Sender<Option<Safety>>,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(ask_again_and_again(store.clone(), ear.clone(), said.clone()));
    tasks
}

async fn ask_again_and_again<S: Store>(store: S, ear: Ear, said: watch::Sender<Option<Safety>>) {
    let mut looks = tokio::time::interval(PERIOD);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let safety = ask(&store).await;
        ear.fleet(baton_fleet::Input::StoreSafety(match &safety {
            Safety::Safe => StoreSafety::Safe,
            Safety::Unsafe { .. } => StoreSafety::Unsafe,
        }));
        said.send_if_modified(|before| note_change(before, safety));
    }
}

/// No answer is no better than a bad one.
async fn ask<S: Store>(store: &S) -> Safety {
    let answer = timeout(STORE_ANSWER_TIMEOUT, store.safety()).await;
    let reason = match answer {
        Ok(Ok(safety)) => return safety,
        Ok(Err(error)) => error.to_string(),
        Err(_) => {
            let seconds = STORE_ANSWER_TIMEOUT.as_secs();
            format!("it did not answer for {seconds} s; see that it is up and reached")
        }
    };
    Safety::Unsafe { reason }
}

fn note_change(before: &mut Option<Safety>, now: Safety) -> bool {
    if before.as_ref() == Some(&now) {
        return false;
    }
    match &now {
        Safety::Safe => tracing::info!("the store is safe; leases are taken from it"),
        Safety::Unsafe { reason } => {
            tracing::warn!(reason, "the store is not safe; no lease is taken from it");
        }
    }
    *before = Some(now);
    true
}
