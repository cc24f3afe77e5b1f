//! Results of commands do not stay for ever.

mod support;

use baton_model::{Lane, UnixMicros, limits::RESULTS_KEPT};
use baton_store::{
    CommandOutcome, CommandResult, Commands, StoreError, StreamId, conformance::Scope,
};
use baton_test_servers::{Program, Server};
use support::{open_at, seed};

fn result() -> CommandResult {
    CommandResult {
        reply_to: "worker".to_owned(),
        command: StreamId { millis: 1, number: 0 },
        outcome: CommandOutcome::Sent,
        at: UnixMicros(0),
    }
}

#[tokio::test]
async fn results_have_a_time_to_live_and_each_makes_it_longer() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let key = format!("baton:{{{}.0}}:results:worker", scope.app());
    let all = i64::try_from(RESULTS_KEPT.as_millis()).expect("a few minutes");
    for _ in 0..2 {
        store.answer_command(scope.app(), Lane(0), &result()).await.expect("told");
        let left: i64 = server.command(&["PTTL", &key]).expect("a time to live");
        assert!(left > all / 2 && left <= all, "{left}");
        server.command::<i64>(&["PEXPIRE", &key, "10000"]).expect("set");
    }
}

#[tokio::test]
async fn a_server_that_lost_the_library_is_given_it_again_for_a_result() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    server.command::<()>(&["FUNCTION", "FLUSH"]).expect("flushed");
    let refused = store.answer_command(scope.app(), Lane(0), &result()).await;
    let refused = refused.expect_err("it was not told");
    assert!(matches!(refused, baton_store::AnswerError::Store(StoreError::Unavailable { .. })));
    store.answer_command(scope.app(), Lane(0), &result()).await.expect("told");
}
