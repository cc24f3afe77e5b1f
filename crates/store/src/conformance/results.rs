//! What the senders of commands are told.

use std::time::Duration;

use baton_model::{Lane, UnixMicros, limits::RESULTS_KEPT_MAX};

use super::scope::Scope;
use crate::{AnswerError, CommandOutcome, CommandResult, Commands, Store, StreamId};

fn result(reply_to: &str, number: u64, outcome: CommandOutcome) -> CommandResult {
    let command = StreamId { millis: 1_795_000_000_000, number };
    CommandResult { reply_to: reply_to.to_owned(), command, outcome, at: UnixMicros(number) }
}

async fn results<S: Commands>(s: &S, scope: &Scope, name: &str) -> Vec<(StreamId, CommandResult)> {
    let all = s.results(scope.app(), Lane(0), name, StreamId::START).await;
    all.expect("read")
}

pub(super) async fn a_result_is_read_as_it_was_written<S: Store>(s: S, scope: Scope) {
    let outcomes = [
        CommandOutcome::Sent,
        CommandOutcome::Expired,
        CommandOutcome::Invalid { why: "no such opcode".to_owned() },
        CommandOutcome::Dropped { why: "the shard was closed".to_owned() },
        CommandOutcome::RateLimited { retry_after: Duration::from_millis(1_500) },
    ];
    let written: Vec<_> =
        (0..).zip(outcomes).map(|(n, outcome)| result("worker {1}", n, outcome)).collect();
    for result in &written {
        s.answer_command(scope.app(), Lane(0), result).await.expect("told");
    }
    let found = results(&s, &scope, "worker {1}").await;
    assert!(found.is_sorted_by_key(|(id, _)| *id));
    let first = found[0].0;
    let found: Vec<_> = found.into_iter().map(|(_, result)| result).collect();
    assert_eq!(found, written);
    let behind = s.results(scope.app(), Lane(0), "worker {1}", first).await.expect("read");
    assert_eq!(behind.into_iter().map(|(_, result)| result).collect::<Vec<_>>(), written[1..]);
    assert_eq!(results(&s, &scope, "worker {2}").await, []);
    let elsewhere = s.results(scope.app(), Lane(1), "worker {1}", StreamId::START).await;
    assert_eq!(elsewhere, Ok(vec![]));
}

pub(super) async fn only_the_last_results_are_kept<S: Store>(s: S, scope: Scope) {
    let more = 3;
    let count = RESULTS_KEPT_MAX as u64 + more;
    for number in 0..count {
        let result = result("worker", number, CommandOutcome::Sent);
        s.answer_command(scope.app(), Lane(0), &result).await.expect("told");
    }
    let found = results(&s, &scope, "worker").await;
    let numbers = found.iter().map(|(_, result)| result.command.number);
    assert!(numbers.eq(more..count), "{} are kept", found.len());
}

pub(super) async fn nobody_is_told_who_waits_under_no_name<S: Store>(s: S, scope: Scope) {
    let unnamed = result("", 0, CommandOutcome::Sent);
    assert_eq!(s.answer_command(scope.app(), Lane(0), &unnamed).await, Ok(()));
    assert_eq!(results(&s, &scope, "").await, []);
    let long = result(&"x".repeat(129), 0, CommandOutcome::Sent);
    let refused = s.answer_command(scope.app(), Lane(0), &long).await;
    assert_eq!(refused, Err(AnswerError::ReplyToTooLong(129)));
}
