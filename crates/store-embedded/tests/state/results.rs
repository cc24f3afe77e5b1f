//! Results of commands are kept for a while, and then they are not.

use baton_model::{StoreMillis, UnixMicros, limits::RESULTS_KEPT};
use baton_store::{CommandOutcome, CommandResult, StreamId};
use baton_store_embedded::state::KeptResults;

use crate::scene::*;

fn result(reply_to: &str) -> CommandResult {
    CommandResult {
        reply_to: reply_to.to_owned(),
        command: StreamId { millis: NOON.0, number: 0 },
        outcome: CommandOutcome::Sent,
        at: UnixMicros(0),
    }
}

fn count(kept: &KeptResults, now: StoreMillis, name: &str) -> usize {
    kept.behind(now, (&app(), LANE, name), StreamId::START).len()
}

#[test]
fn results_go_some_time_after_the_last_one_for_the_same_name() {
    let mut kept = KeptResults::default();
    let minute = 60_000;
    kept.add(NOON, &app(), LANE, &result("anna")).unwrap();
    kept.add(NOON, &app(), LANE, &result("bert")).unwrap();
    kept.add(later(minute), &app(), LANE, &result("anna")).unwrap();
    let end = NOON.after(RESULTS_KEPT);
    assert_eq!(count(&kept, StoreMillis(end.0 - 1), "bert"), 1);
    assert_eq!(count(&kept, end, "bert"), 0);
    assert_eq!(count(&kept, end, "anna"), 2, "the later one keeps both");
    assert_eq!(count(&kept, later(minute).after(RESULTS_KEPT), "anna"), 0);

    kept.add(end, &app(), LANE, &result("carl")).unwrap();
    assert_eq!(kept.names(), 2, "what nobody can read any more takes up no memory");
}
